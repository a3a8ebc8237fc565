//! Tests of the whole pipeline, from bytes to entries.

mod limits;
mod problems;
mod second_reader;

use jiff::Timestamp;
use url::Url;

use super::*;
use crate::entry::{Entry, KeyRule, text_hash};
use crate::text::{TextFor, html_to_text};

fn read_text(body: &[u8], content_type: Option<&str>) -> Result<Feed, NotAFeed> {
    let url = Url::parse("https://example.org/feeds/all.xml").expect("an address");
    let now = "2026-11-01T00:00:00Z".parse().expect("a time");
    read(body, &Hints { content_type, url: Some(&url), now })
}

const RSS: &str = r#"<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
  <title>News &amp;amp; Views</title><link>https://example.org/</link><ttl>45</ttl><language>EN-gb</language>
  <item><title>One &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt; step</title><link>/one</link><guid isPermaLink="false"> n1 </guid>
    <pubDate>Tue, 07 May 2024 10:30:00 +0200</pubDate><description>&lt;p&gt;Text&lt;/p&gt;</description>
    <dc:creator>Ann</dc:creator><category>A</category><category>A</category>
    <enclosure url="/a.mp3" length="12" type="audio/mpeg"/></item>
  <item><title>Two</title><pubDate>Tue, 07 May 2099 10:30:00 +0200</pubDate></item>
  </channel></rss>"#;

#[test]
fn every_field_of_an_rss_feed_is_read() {
    let feed = read_text(RSS.as_bytes(), None).expect("a feed");
    assert_eq!((feed.format, feed.encoding), ("rss 2.0", "UTF-8"));
    assert_eq!(feed.title.as_deref(), Some("News & Views"));
    assert_eq!(feed.language.as_deref(), Some("en-gb"));
    assert_eq!(feed.update_hints.ttl, Some(std::time::Duration::from_secs(45 * 60)));
    let one = &feed.entries[0];
    assert_eq!(one.title.as_deref(), Some("One bold step"));
    assert_eq!(one.link.as_deref(), Some("https://example.org/one"));
    assert_eq!(one.id.as_deref(), Some("n1"));
    assert_eq!(one.published, Some("2024-05-07T08:30:00Z".parse().expect("a time")));
    assert_eq!(one.summary.as_deref(), Some("<p>Text</p>"));
    assert_eq!(one.authors[0].name, "Ann");
    assert_eq!(one.categories, ["A"]);
    assert_eq!(one.enclosures[0].url, "https://example.org/a.mp3");
    assert_eq!(one.enclosures[0].length, Some(12));
    assert_eq!(feed.entries[1].published, None, "a date years ahead is ignored");
}

#[test]
fn an_address_that_is_escaped_twice_is_also_a_key_as_it_is_written() {
    let links = |site: &str, links: [&str; 2]| -> Vec<String> {
        let links = links.map(|link| format!("<link href='{link}'/>")).concat();
        let document = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><link href='{site}'/><entry><title>A</title>{links}</entry></feed>"
        );
        let entry = read_text(document.as_bytes(), None).expect("a feed").entries.remove(0);
        let keys = entry.keys.into_iter().filter(|key| key.rule == KeyRule::Link);
        keys.map(|key| key.value).collect()
    };
    let (site, other) = ("https://example.org/", "https://example.org/o?a=1&amp;amp;b=2");
    let both = ["example.org/p?a=1&b=2", "example.org/p?a=1&amp;b=2"];
    assert_eq!(links(site, ["/p?a=1&amp;amp;b=2", other]), both);
    assert_eq!(links(site, ["/p?a=1&amp;b=2", other]), both[..1]);
    assert!(links("/p?a=1&amp;amp;b=2", ["/p?a=1&amp;amp;b=2", other]).is_empty());
}

#[test]
fn reading_twice_gives_the_same_keys() {
    let keys = |feed: Feed| feed.entries.into_iter().map(|entry| entry.keys).collect::<Vec<_>>();
    let first = keys(read_text(RSS.as_bytes(), None).expect("a feed"));
    assert!(first.iter().all(|keys| !keys.is_empty()));
    assert_eq!(first, keys(read_text(RSS.as_bytes(), None).expect("a feed")));
}

#[test]
fn the_encoding_is_detected() {
    let russian = RSS
        .replace("Two", "Россия и Армения")
        .replace("<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"windows-1251\"?>");
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&russian);
    for content_type in
        [None, Some("application/rss+xml; charset=windows-1251"), Some("text/xml; charset=ISO-8859-1")]
    {
        let feed = read_text(&bytes, content_type).expect("a feed");
        assert_eq!(feed.entries[1].title.as_deref(), Some("Россия и Армения"), "{content_type:?}");
    }
    let feed = read_text(russian.as_bytes(), None).expect("a feed");
    assert_eq!(feed.entries[1].title.as_deref(), Some("Россия и Армения"), "UTF-8 declared as windows-1251");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(russian.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let feed = read_text(&utf16, None).expect("a feed");
    assert_eq!(feed.entries[1].title.as_deref(), Some("Россия и Армения"), "UTF-16");
}

#[test]
fn almost_valid_utf8_is_utf8() {
    let says = |encoding: &str| {
        RSS.replace("<?xml version=\"1.0\"?>", &format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>"))
    };
    // With one byte too many, or one missing.
    let read = |feed: &str, title: &str, content_type| {
        let feed = feed.replace("Two", &format!("{title}|"));
        let at = feed.find('|').expect("it is there");
        [[&feed.as_bytes()[..at], &[0xb0], &feed.as_bytes()[at + 1..]].concat(), {
            [&feed.as_bytes()[..at - 1], &feed.as_bytes()[at + 1..]].concat()
        }]
        .map(|bytes| {
            let feed = read_text(&bytes, content_type).expect("a feed");
            assert_eq!(feed.problems.len(), usize::from(feed.encoding == "UTF-8"), "{:?}", feed.problems);
            feed.entries[1].title.clone().expect("a title")
        })
    };
    for (encoding, content_type) in [
        ("UTF-8", None),
        ("UTF-8", Some("text/xml; charset=gbk")),
        ("windows-1251", None),
        ("windows-1251", Some("text/xml; charset=utf-8")),
        ("ISO-8859-1", Some("text/xml; charset=windows-1251")),
    ] {
        for title in ["Рух дозволили вранці", "上海港今年吞吐量创新高", "Ջերմաստիճանը", "“no end”, “plan B”…"]
        {
            let [more, less] = read(&says(encoding), title, content_type);
            assert_eq!(more, format!("{title}\u{fffd}"), "{encoding}, {content_type:?}");
            let start: String = title.chars().take(title.chars().count() - 1).collect();
            assert_eq!(less.trim_end_matches('\u{fffd}'), start, "{encoding}, {content_type:?}");
        }
    }
    // Not one letter is UTF-8: the declaration is false, and that is said.
    let russian = says("UTF-8").replace("Two", "Трамвай сошёл с рельсов");
    let feed = read_text(&encoding_rs::WINDOWS_1251.encode(&russian).0, None).expect("a feed");
    assert_eq!(feed.entries[1].title.as_deref(), Some("Трамвай сошёл с рельсов"));
    assert_eq!(feed.problems, ["the document says UTF-8, but is read as windows-1251"]);
}

#[test]
fn surrogates_encoded_one_by_one_are_joined() {
    let feed = RSS.replace("Two", "Jaén | y Cádiz");
    let at = feed.find('|').expect("it is there");
    let emoji = b"\xed\xa0\xbd\xed\xb8\x80";
    let bytes = [&feed.as_bytes()[..at], emoji, &feed.as_bytes()[at + 1..]].concat();
    let feed = read_text(&bytes, None).expect("a feed");
    assert_eq!(feed.entries[1].title.as_deref(), Some("Jaén 😀 y Cádiz"));
    assert_eq!((feed.encoding, feed.problems.len()), ("UTF-8", 0));
}

#[test]
fn the_error_says_what_the_document_is_instead() {
    let error = |body: &[u8]| read_text(body, None).expect_err("not a feed").to_string();
    assert_eq!(error(b" \n"), "empty body");
    assert!(error(b"<!DOCTYPE html><html><p>x").starts_with("an HTML page: `siftwire add URL`"));
    assert_eq!(error(b"\x1f\x8b\x08\0"), "gzip data: the server must say so in Content-Encoding");
    assert_eq!(error(b"%PDF-1.7"), "a PDF document");
    assert!(error(b"hello").starts_with("not a feed"), "{}", error(b"hello"));
}

#[test]
fn what_breaks_a_line_separates_words_of_titles_and_names() {
    for title in [
        "Rain&lt;br&gt;Yerevan",
        "&lt;p&gt;Rain&lt;/p&gt;&lt;p&gt;Yerevan&lt;/p&gt;",
        "<![CDATA[<div>Rain</div><div>Yerevan</div>]]>",
        "Rain&lt;img src='x'&gt;Yerevan",
    ] {
        let item = read_item(&format!(
            "<title>{title}</title><category>{title}</category><author>{title}</author><description>x</description>"
        ));
        assert_eq!(item.title.as_deref(), Some("Rain Yerevan"), "{title}");
        assert_eq!(item.categories, ["Rain Yerevan"], "{title}");
        assert_eq!(item.authors[0].name, "Rain Yerevan", "{title}");
    }
    assert_eq!(read_item("<title>Rain<br/>Yerevan</title>").title.as_deref(), Some("Rain Yerevan"));
    let item = read_item("<title>&lt;b&gt;H&lt;/b&gt;&lt;sub&gt;2&lt;/sub&gt;O</title>");
    assert_eq!(item.title.as_deref(), Some("H2O"));
}

#[test]
fn custom_elements_alone_are_markup() {
    let shown = |html: &str| {
        let item = read_item(&format!("<description>{}</description>", htmlize::escape_text(html)));
        let base = "https://example.org/".parse().expect("an address");
        crate::html::sanitize_with_base(item.summary.expect("a text"), None, &base).0
    };
    let video = shown("<lite-youtube videoid=\"x1\"></lite-youtube>");
    assert!(video.contains("https://www.youtube.com/embed/x1"), "{video}");
    let image = shown("<amp-img src=\"https://example.org/a.jpg\" width=\"9\" height=\"9\"></amp-img>");
    assert!(image.starts_with("<img src=\"https://example.org/a.jpg\""), "{image}");
    assert_eq!(shown("<o:p></o:p>Text"), "Text");
}

#[test]
fn a_title_of_a_picture_is_no_title_of_a_text() {
    let media =
        "<media:content url='https://example.org/a.jpg'><media:title>Cat</media:title></media:content>";
    let title = |inside: &str| read_item(inside).title;
    assert_eq!(title(&format!("{media}<description>Everyday is cat day.</description>")), None);
    assert_eq!(title(&format!("<content:encoded>Everyday.</content:encoded>{media}")), None);
    assert_eq!(title(media).as_deref(), Some("Cat"));
    assert_eq!(
        title(&format!("{media}<media:description>A cat</media:description>")).as_deref(),
        Some("Cat")
    );
    assert_eq!(
        title(&format!("<title>Day</title>{media}<description>x</description>")).as_deref(),
        Some("Day")
    );
}

#[test]
fn the_media_type_follows_from_the_name_or_the_medium() {
    for (attributes, expected) in [
        ("url='https://example.org/a.jpg' medium='image'", Some("image/jpeg")),
        ("url='https://example.org/a.PNG?w=9'", Some("image/png")),
        ("url='https://example.org/a.webp' type='application/octet-stream'", Some("image/webp")),
        ("url='https://example.org/a' type='image'", Some("image/jpeg")),
        ("url='https://example.org/a' medium='video'", Some("video/mp4")),
        ("url='https://example.org/a.jpg' type='image/webp'", Some("image/webp")),
        ("url='https://example.org/a.xyz' type='application/octet-stream'", Some("application/octet-stream")),
        ("url='https://example.org/a'", None),
    ] {
        let item = read_item(&format!("<title>x</title><media:content {attributes} height='9' width='9'/>"));
        assert_eq!(item.media[0].media_type.as_deref(), expected, "{attributes}");
        let item = read_item(&format!("<title>x</title><enclosure {attributes}/>"));
        if !attributes.contains("medium='video'") {
            assert_eq!(item.enclosures[0].media_type.as_deref(), expected, "{attributes}");
        }
    }
}

#[test]
fn escaped_brackets_of_a_title_stay_as_they_are() {
    let atom = |title: &str| {
        let feed =
            format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>{title}</entry></feed>");
        read_text(feed.as_bytes(), None).expect("a feed").entries.remove(0).title.unwrap_or_default()
    };
    assert_eq!(atom("<title type='html'>Vec&amp;lt;T&amp;gt; in Rust</title>"), "Vec<T> in Rust");
    assert_eq!(atom("<title type='html'>The &amp;lt;b&amp;gt; element</title>"), "The <b> element");
    let xhtml = "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>The &lt;b&gt;<br/>element</div></title>";
    assert_eq!(atom(xhtml), "The <b> element");
    let item = read_item("<title><![CDATA[How should &lt;selectedoption&gt; work?]]></title>");
    assert_eq!(item.title.as_deref(), Some("How should <selectedoption> work?"));
}

/// The first of two entries, with these child elements.
fn read_item(inside: &str) -> Entry {
    let feed = format!(
        "<rss version=\"2.0\"><channel><title>F</title><item>{inside}</item><item><title>After</title></item></channel></rss>"
    );
    let feed = read_text(feed.as_bytes(), None).expect("a feed");
    assert_eq!(feed.entries.last().and_then(|entry| entry.title.as_deref()), Some("After"), "{inside}");
    feed.entries.into_iter().next().expect("an entry")
}

#[test]
fn a_broken_item_is_repaired_and_the_next_is_read() {
    assert_eq!(
        read_item("<title>War & peace &nbsp; &copy; &unknown;</title>").title.as_deref(),
        Some("War & peace \u{a9} &unknown;")
    );
    assert_eq!(
        read_item("<title>No end<link>https://example.org/x</link>")
            .title
            .as_deref()
            .map(|t| t.starts_with("No end")),
        Some(true)
    );
    assert_eq!(
        read_item("<description><p>Not <b>escaped</p></description>").summary.as_deref(),
        Some("<p>Not <b>escaped</p>")
    );
    assert_eq!(read_item("<title>a</wrong></title>").title.as_deref(), Some("a"));
    assert_eq!(read_item("<title>a\u{8}b&#0;c</title>").title.as_deref(), Some("ab\u{fffd}c"));
    assert_eq!(
        read_item("<title>a</title><pubDate>7 Мая 2024 10:30 MSK</pubDate>").published.map(|t| t.as_second()),
        Some(1_715_067_000)
    );
    assert_eq!(read_item("<title>a</title><author>«staleness@example.ru» Пресса</author>").authors.len(), 1);
    assert_eq!(
        read_item("<title>a</title><media:title></media:title><x:odd y=z>t</x:odd>").title.as_deref(),
        Some("a")
    );
    assert_eq!(
        read_item("<title>a</title><itunes:duration>12345678901234567890</itunes:duration>").duration,
        None
    );
}

#[test]
fn malformed_feeds_are_read() {
    let entries = |text: &str| read_text(text.as_bytes(), None).map(|feed| feed.entries.len());
    let item = "<item><title>One</title><link>https://example.org/1</link></item>";
    for text in [
        format!("<rss><channel>{item}</channel></rss>"),
        format!("<rss version=\"0.93\"><channel>{item}</channel></rss>"),
        format!("<rss version='2.0' xmlns='http://backend.userland.com/rss2'><channel>{item}</channel></rss>"),
        format!("<br />\n<b>Warning</b>: mysql in <b>x.php</b>\n<?xml version='1.0'?><rss version='2.0'><channel>{item}</channel></rss>"),
        format!("<rss version='2.0'><channel>{item}</channel></rss><script>junk</script>"),
        format!("<rss version='2.0'><channel><b></i>{item}</rss>"),
        "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><entry><title mode=\"escaped\">One</title><link rel=\"alternate\" href=\"https://example.org/1\"/><issued>2004-01-01T00:00:00Z</issued></entry></feed>".to_owned(),
        format!("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel><title>c</title></channel>{item}</rdf:RDF>"),
    ] {
        assert_eq!(entries(&text), Ok(1), "{text}");
    }
}

#[test]
fn a_document_without_its_end_is_complete() {
    let partial = |text: &str| read_text(text.as_bytes(), None).expect("a feed").partial;
    let item = "<item><title>One</title></item>";
    assert!(!partial(&format!("<rss version=\"2.0\"><channel>{item}")));
    assert!(!partial(&format!("<rss version=\"2.0\"><channel>{item}</channel>\n")));
    assert!(partial(&format!("<rss version=\"2.0\"><channel>{item}<ite")), "within a tag");
    assert!(
        partial(&format!("<rss version=\"2.0\"><channel>{item}<item><title>Two</title>")),
        "within an entry"
    );
    assert!(!partial(&format!("<rss version=\"2.0\"><channel>{}</channel></rss>", item.repeat(6000))));
    let json = r#"{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "One"}"#;
    assert!(!partial(json), "only the brackets are missing");
    assert!(partial(&format!("{json}, {{\"id\": \"2\"")));
}

#[test]
fn the_last_entry_of_a_truncated_document_is_skipped() {
    for cut in
        ["<item><title>Two</title><descr", "<item><title>Tw", "<item><title>Two</title><link>https://e"]
    {
        let text = format!("<rss version=\"2.0\"><channel><item><title>One</title></item>{cut}");
        let feed = read_text(text.as_bytes(), None).expect("a feed");
        assert_eq!((feed.entries.len(), feed.problems.len()), (1, 1), "{cut}");
    }
    let unclosed = read_text(b"<rss version=\"2.0\"><channel><item><title>One</title></channel></rss>", None);
    assert_eq!(unclosed.expect("a feed").entries.len(), 1);
}

#[test]
fn text_after_a_json_feed_is_ignored() {
    let json = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"J\",
        \"items\": [{\"id\": \"1\", \"url\": \"https://example.org/1\", \"content_text\": \"x\"}]}";
    for tail in ["", " <!-- made in 3 ms -->", "}"] {
        let feed = read_text(format!("{json}{tail}").as_bytes(), None).expect(tail);
        assert_eq!((feed.format, feed.entries.len()), ("json feed", 1));
    }
}

#[test]
fn duplicate_keys_and_invalid_escapes_in_json_are_read() {
    let json = r#"{"title": "a", "title": "J", "items": [
        {"id": "0", "id": "1", "title": "Half \ud83d a face, it\'s	so", "title": "Half \ud83d a face, it\'s	so",
         "authors": [{"name": "A", "name": "Ann"}], "attachments": [{"url": "https://example.org/0", "url": "https://example.org/a.mp3"}]},
        {"id": "2", "title": "Two"}], "items": [{"id": "3", "title": "\udc00"}]}"#;
    let feed = read_text(json.as_bytes(), None).expect("a feed");
    assert_eq!((feed.entries.len(), feed.title.as_deref(), feed.problems.len()), (3, Some("J"), 1));
    let one = &feed.entries[0];
    assert_eq!((one.id.as_deref(), one.title.as_deref()), (Some("1"), Some("Half \u{fffd} a face, it's so")));
    assert_eq!((one.authors[0].name.as_str(), one.authors.len()), ("Ann", 1));
    assert_eq!(one.enclosures[0].url, "https://example.org/a.mp3");
}

#[test]
fn broken_json_is_repaired() {
    let read = |text: &str| read_text(text.as_bytes(), None).expect("a feed");
    let feed = read(
        r#"{"items": [{"id": "1", "title": "One"}, {"id": 'x', "title": "X", "a": NaN,}, {"id": 2, "title": "2"}, ]} tail"#,
    );
    let ids: Vec<_> = feed.entries.iter().filter_map(|entry| entry.id.as_deref()).collect();
    assert_eq!((ids, feed.partial), (vec!["1", "x", "2"], false));
    let place = "invalid JSON at line 1 column 48: entry 2";
    assert_eq!(feed.problems, [format!("the JSON is broken and was repaired: {place}")]);
    let cut = read(
        r#"{"items": [{"id": 01, "title": "1"}, {"id": "2", "title": "2"}, {"id": "3", "title": "cut o"#,
    );
    assert_eq!((cut.entries.len(), cut.partial, cut.problems.len()), (2, true, 1), "{:?}", cut.problems);
    let error = read_text(br#"{"items": ["#, None).expect_err("no entry").to_string();
    assert!(error.starts_with("not a feed: JSON"), "{error}");
}

#[test]
fn a_base_that_is_the_document_itself_loses_its_query() {
    let text = "<feed xml:base='https://example.org/feeds/news.xml?auth=SECRET'><title>T</title>\
                <entry><title>One</title><link href='#z'/><content type='html'>&lt;a href='#top'&gt;x&lt;/a&gt;</content></entry></feed>";
    let url = "https://example.org/feeds/news.xml".parse().expect("a URL");
    let hints = Hints { content_type: None, url: Some(&url), now: jiff::Timestamp::UNIX_EPOCH };
    let feed = read(text.as_bytes(), &hints).expect("a feed");
    assert!(!format!("{feed:?}").contains("SECRET"), "{feed:?}");
    assert_eq!(feed.entries[0].link.as_deref(), Some("https://example.org/feeds/news.xml#z"));
}

#[test]
fn an_entry_is_identified_by_its_texts_as_they_are_written() {
    let body = |summary: &str| text_hash(&["", summary, ""]);
    for (item, written) in [
        ("<description>a\nb</description>", "a\nb"),
        ("<description>a&lt;int&gt; &amp;amp; b</description>", "a<int> &amp; b"),
        ("<description>&lt;p&gt;a&lt;br&gt;</description>", "<p>a<br>"),
        ("<description>\n a &amp; b </description>", "\n a & b "),
        ("<description><p>a<br/><i/>b</p></description>", "<p>a<br/><i/>b</p>"),
        ("<media:description type=\"plain\">a &amp; b\nc</media:description>", "a & b\nc"),
    ] {
        let keys = read_item(item).keys;
        let keys: Vec<_> = keys.iter().map(|key| (key.rule, key.value.as_str())).collect();
        assert_eq!(keys, [(KeyRule::Body, body(written).as_str())], "{item}");
    }
    let titled = read_item("<title>a</title><description>b\nc</description>");
    assert_eq!(titled.keys[1].value, text_hash(&["a", "b\nc", ""]));
    assert_eq!(read_item("<title>a</title><guid>1</guid>").keys.len(), 2, "it has a key of its publisher");
}

proptest::proptest! {
    // Failing cases are printed, not written into the repository.
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

    #[test]
    fn malformed_markup_never_panics(text in "(<|>|/|rss|item|title|media:group|!\\[CDATA\\[|\\]\\]>|&|;|=|\"|'|x|я| |--|\\?){0,60}") {
        let _ = read_text(format!("<rss version=\"2.0\"><channel>{text}").as_bytes(), None);
    }

    #[test]
    fn text_keeps_its_words_and_becomes_no_markup(text in "(<|>|/|&|;|#|b|p|br|int|T|amp|lt|60|\"|=|!--|--|\\[CDATA\\[| |\n){0,30}") {
        let escaped = htmlize::escape_text(&text);
        let entry = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>{escaped}</title><summary>{escaped}</summary>\
             <content type='xhtml'><pre><![CDATA[{text}]]></pre></content></entry></feed>"
        );
        let entry = read_text(entry.as_bytes(), None).expect("a feed").entries.remove(0);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = |html: Option<String>| words(&html_to_text(&html.unwrap_or_default(), TextFor::Reader));
        proptest::prop_assert_eq!(entry.title.unwrap_or_default(), words(&text));
        proptest::prop_assert_eq!(shown(entry.summary), words(&text));
        proptest::prop_assert_eq!(shown(entry.content), words(&text));
    }

    #[test]
    fn markup_of_xhtml_and_its_declarations_end_with_their_entry(
        markup in "(<p>|</p>|<p/>|<x:p xmlns:x='y'>|</x:p>|<p xmlns='z'>|<br/>|<div xml:base='a/'>|</div>|<a href='b'/>|<b |<|>|'|\"|&amp;|t){0,30}",
    ) {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><content type='xhtml'>{markup}</content></entry>\
             <entry><id>2</id><title>After</title><link href='c'/></entry></feed>"
        );
        let feed = read_text(feed.as_bytes(), None).expect("a feed");
        let last = feed.entries.last().expect("an entry");
        let expected = (Some("After"), Some("https://example.org/feeds/c"));
        proptest::prop_assert_eq!((last.title.as_deref(), last.link.as_deref()), expected);
    }

    #[test]
    fn random_bytes_never_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = read_text(&body, None);
    }
}

#[test]
fn what_stands_beside_media_is_said_of_them() {
    let entry = read_item(
        "<title>One</title><media:content url='https://a.example/1.jpg'/><media:content url='https://a.example/2.mp4'>\
         <media:description>A film</media:description><media:credit>Bo</media:credit></media:content>\
         <media:description>A cat</media:description><media:credit>Ann</media:credit>",
    );
    let said = |index: usize| (entry.media[index].description.as_deref(), entry.media[index].credits.clone());
    assert_eq!(said(0), (Some("A cat"), vec!["Ann".to_owned()]));
    assert_eq!(said(1), (Some("A film"), vec!["Bo".to_owned()]));
    assert!(entry.authors.is_empty());
}

#[test]
fn what_another_siftwire_says_in_json_is_read() {
    let json = r#"{"items": [{"id": "1", "title": "One",
        "attachments": [{"url": "https://a.example/1.mp3", "mime_type": "mp3", "duration_in_seconds": 61.5}],
        "_siftwire": {"source": {"title": "The Gazette", "url": "https://gazette.example/feed"}}},
        {"id": "2", "title": "Two", "_siftwire": {"source": "x"}}]}"#;
    let feed = read_text(json.as_bytes(), None).expect("a feed");
    let origin = feed.entries[0].origin.as_ref().expect("it has a source");
    assert_eq!(origin.title.as_deref(), Some("The Gazette"));
    assert_eq!(origin.url.as_deref(), Some("https://gazette.example/feed"));
    let entry = &feed.entries[0];
    assert_eq!((entry.duration, entry.enclosures[0].media_type.as_deref()), (Some(61), Some("audio/mpeg")));
    assert!(feed.entries[1].origin.is_none());
}
