//! Tests of what a feed may cost: depth, numbers, lengths, time.

use super::*;

#[test]
fn depth_and_number_of_elements_are_limited() {
    for inside in ["<media:group>", "<media:content>", "<itunes:category>", "<a>", "<title>", "<item>"] {
        let text = format!("<rss version=\"2.0\"><channel><item>{}", inside.repeat(20_000));
        let entries = read_text(text.as_bytes(), None).map(|feed| feed.entries.len());
        let why = "the feed has entries, but none could be read: the document is truncated in the first one";
        assert!(entries == Err(NotAFeed(why.to_owned())) || inside == "<item>", "{inside}: {entries:?}");
    }
    let many = format!(
        "<rss version=\"2.0\"><channel>{}</channel></rss>",
        "<item><title>a</title></item>".repeat(6000)
    );
    let feed = read_text(many.as_bytes(), None).expect("a feed");
    assert_eq!((feed.entries.len(), feed.problems.len()), (5000, 1));
}

#[test]
fn what_every_entry_repeats_is_short() {
    let long = "a".repeat(5000);
    let entries =
        "<entry><link href='b'/><title>One</title></entry><entry xml:base='c/'><link href='b'/></entry>";
    let text = format!(
        "<feed xml:base='https://example.org/{long}/'><title>{long}</title><author><name>{long}</name></author>\
         <author><name>Ann</name></author><link href='https://example.org/{long}/'/>{entries}</feed>"
    );
    let feed = read_text(text.as_bytes(), None).expect("a feed");
    assert_eq!((feed.title.map(|title| title.len()), feed.link), (Some(1000), None));
    let links: Vec<_> = feed.entries.iter().map(|entry| entry.link.as_deref().unwrap_or_default()).collect();
    assert_eq!(links, ["https://example.org/feeds/b", "https://example.org/feeds/c/b"]);
    assert!(feed.entries.iter().all(|entry| entry.authors.len() == 1 && entry.authors[0].name == "Ann"));
}

#[test]
fn hostile_declarations_and_markup_take_linear_time() {
    // Quadratic time would be minutes.
    for unit in [
        "<p xmlns='x'>", "<p xml:base='x/'>", "<a:p xmlns:a='x'>", "<p></q>", "<![CDATA[<p>", "<p/>",
        "&#55357;", "<author>", "<author><name>", "<item xmlns:m='x'>", "<title><p xml:base='x'>",
    ] {
        for (start, end) in [("<item><description>", "</description></item>"), ("<item>", "")] {
            let text =
                format!("<rss version=\"2.0\"><channel>{start}{}{end}</channel></rss>", unit.repeat(100_000));
            let _ = read_text(text.as_bytes(), None);
        }
    }
}

/// An entry of each format with this title, author, category, source, address and id.
fn with_lines(line: &str, address: &str, id: &str) -> [Feed; 3] {
    let rss = format!(
        "<rss><channel><title>{line}</title><item><title>{line}</title><author>{line}</author><category>{line}</category>\
         <source url='{address}'>{line}</source><link>{address}</link><comments>{address}</comments>\
         <enclosure url='{address}' type='{line}'/><media:content url='/a' title='{line}'/>\
         <media:thumbnail url='{address}'/><guid isPermaLink='false'>{id}</guid></item></channel></rss>"
    );
    let atom = format!(
        "<feed><title>{line}</title><entry><id>{id}</id><title>{line}</title><author><name>{line}</name><uri>{address}</uri>\
         </author><category term='{line}'/><link href='{address}'/><link rel='enclosure' href='{address}'/>\
         <source><title>{line}</title><link href='{address}'/></source></entry></feed>"
    );
    let json = format!(
        "{{\"title\":\"{line}\",\"items\":[{{\"id\":\"{id}\",\"title\":\"{line}\",\"url\":\"{address}\",\"tags\":[\"{line}\"],\
         \"authors\":[{{\"name\":\"{line}\",\"url\":\"{address}\"}}],\"image\":\"{address}\",\
         \"attachments\":[{{\"url\":\"{address}\",\"title\":\"{line}\"}}]}}]}}"
    );
    [rss, atom, json].map(|document| read_text(document.as_bytes(), None).expect("a feed"))
}

/// All titles and names of a feed, and all addresses of its entry but those that every document of the test has.
fn lines_and_addresses(feed: &Feed) -> (Vec<&String>, Vec<&String>) {
    let entry = &feed.entries[0];
    let (names, uris): (Vec<_>, Vec<_>) =
        entry.authors.iter().map(|author| (Some(&author.name), author.uri.as_ref())).unzip();
    let origin = entry.origin.as_ref();
    let lines = [entry.title.as_ref(), origin.and_then(|origin| origin.title.as_ref())].into_iter();
    let lines = lines.chain(names).chain(entry.categories.iter().map(Some));
    let lines =
        lines.chain(entry.enclosures.iter().flat_map(|file| [file.title.as_ref(), file.media_type.as_ref()]));
    let addresses =
        [entry.link.as_ref(), entry.comments.as_ref(), origin.and_then(|origin| origin.url.as_ref())];
    let files =
        entry.enclosures.iter().map(|file| &file.url).chain(entry.picture.iter().map(|image| &image.url));
    let addresses =
        addresses.into_iter().chain(uris).chain(files.filter(|url| !url.ends_with("/a")).map(Some));
    (lines.flatten().collect(), addresses.flatten().collect())
}

#[test]
fn lines_are_cut_and_long_addresses_left_out_and_both_are_told() {
    let (line, address) = ("l".repeat(4000), format!("https://example.net/{}", "a".repeat(7980)));
    for feed in with_lines(&line, &address, "1") {
        let (lines, addresses) = lines_and_addresses(&feed);
        assert!(lines.len() >= 3 && lines.iter().all(|known| **known == line), "{feed:?}");
        assert!(addresses.len() >= 3 && addresses.iter().all(|known| **known == address), "{feed:?}");
        assert_eq!(feed.problems, [""; 0]);
    }
    for feed in with_lines(&format!("{line}l"), &format!("{address}a"), "1") {
        let (lines, addresses) = lines_and_addresses(&feed);
        assert!(lines.len() >= 3 && lines.iter().all(|known| **known == line), "{feed:?}");
        assert_eq!(addresses, [""; 0], "{feed:?}");
        assert_eq!(feed.entries[0].id.as_deref(), Some("1"));
        let place = format!("entry 1 `{}…`", "l".repeat(50));
        assert_eq!(
            feed.problems,
            [
                format!("lines of more than 4000 characters were cut: {place}"),
                format!("addresses of more than 8000 characters were left out: {place}")
            ]
        );
    }
}

#[test]
fn long_ids_that_differ_stay_different() {
    let id = |end: &str| "i".repeat(8000) + end;
    let (longest, [one, other]) =
        (with_lines("T", "", &id("")), [id("1"), id("2")].map(|id| with_lines("T", "", &id)));
    for (longest, (one, other)) in longest.iter().zip(one.iter().zip(&other)) {
        let ids = [longest, one, other].map(|feed| feed.entries[0].id.clone().unwrap_or_default());
        assert_eq!(ids[0], id(""));
        assert!(
            ids[1] != ids[2] && ids[1..].iter().all(|id| id.starts_with("sha256:") && id.len() < 50),
            "{ids:?}"
        );
        assert!(one.problems.is_empty() && one.entries[0].keys != other.entries[0].keys);
    }
    let address = |end: &str| {
        format!("<item><guid>https://example.net/{}{end}</guid><title>A</title></item>", "a".repeat(8000))
    };
    let feed =
        read_text(format!("<rss>{}{}</rss>", address("1"), address("2")).as_bytes(), None).expect("a feed");
    assert_ne!(feed.entries[0].keys, feed.entries[1].keys);
    assert_eq!((&feed.entries[0].link, feed.problems.len()), (&None, 1), "{:?}", feed.problems);
}

#[test]
fn a_line_is_not_longer_after_its_markup_is_gone() {
    let title = format!("&lt;b&gt;{}", "&lt;a".repeat(9000));
    let entry = read_item(&format!("<title>{title}</title>"));
    assert!(entry.title.is_some_and(|title| title.chars().count() <= 4000));
}
