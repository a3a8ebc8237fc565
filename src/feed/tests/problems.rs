//! Tests of what is told of a document.

use super::*;

#[test]
fn what_was_repaired_or_left_out_is_named() {
    let problems = |feed: &str| read_text(feed.as_bytes(), None).expect("a feed").problems;
    let rss = |elements: &str| problems(&RSS.replacen("<item>", &format!("{elements}<item>"), 1));
    let unknown = |names: &str| [format!("unknown elements beside the entries were skipped: {names}")];
    // What the versions of RSS and Atom have, and what belongs to others, is nothing to tell.
    let known = "<generator>G</generator><webMaster/><copyright>C</copyright><docs/><rating/><cloud/><textInput/>\
                 <x:post xmlns:x='urn:x'/><post xmlns='urn:x'/><atom:rights>R</atom:rights><feedburner:info/>";
    assert_eq!(rss(known), [""; 0]);
    assert_eq!(rss("<post><title>One</title></post><post/><rss:posts/>"), unknown("post, rss:posts"));
    assert_eq!(rss(&format!("<{}/>", "a".repeat(999))).concat().chars().count(), 200);
    assert_eq!(rss("<a/><b/><c/><d/><e/><f/>"), unknown("a, b, c, d, e"));
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><subtitle/><rights/><entri/><entry><title>A</title><post/></entry></feed>";
    assert_eq!(problems(atom), unknown("entri"));
    let rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel>\
               <items><rdf:Seq><rdf:li/></rdf:Seq></items></channel><item><title>A</title></item><items/><post/></rdf:RDF>";
    assert_eq!(problems(rdf), unknown("post"));
    assert_eq!(
        rss("<item/><item><guid>7</guid></item>"),
        ["entries with nothing to show were left out: entries 1 and 2"]
    );
    let repaired = RSS.replace("Two", "Itâ€™s two");
    assert_eq!(problems(&repaired), ["text that was encoded twice was repaired: entry 2 `It’s two`"]);
    assert_eq!(problems(&RSS.replace("Two", "ordenÃ³")), [""; 0]);
    for lost in ["Ð•Ñ€ÐµÐ²Ð°Ð½ Ð¸ ÐœÐ¾Ñ?ÐºÐ²Ð°", "????? ? ??????"] {
        let feed = read_text(RSS.replace("Two", lost).as_bytes(), None).expect("a feed");
        assert_eq!(feed.problems, [format!("texts lost characters before they were sent: entry 2 `{lost}`")]);
        assert_eq!(feed.entries.iter().map(|entry| entry.is_uncertain).collect::<Vec<_>>(), [false, true]);
    }
    // An empty feed stays one.
    assert_eq!(problems("<rss><channel><itemz/><title>T</title></channel></rss>"), unknown("itemz"));
}

#[test]
fn broken_xml_is_told_with_its_place() {
    let items = |items: &str| {
        let text =
            format!("<?xml version='1.0'?>\n\n<rss version='2.0'><channel>\n{items}\n</channel></rss>");
        read_text(text.as_bytes(), None).expect("a feed")
    };
    let one = "<item><title>One</title></item>\n";
    for (broken, number, place) in [
        (
            "<item><title>A</title>\n<item><title>B</title></item>",
            3,
            "6: `<item>` begins before the one before it has ended: entry 2 `A`",
        ),
        ("<item><title>A</title>", 2, "6: `<item>` has no end tag: entry 2 `A`"),
        (
            "<item><title>A</title><item><title>B</title></item></item>",
            3,
            "5: `<item>` begins before the one before it has ended: entry 2 `A`",
        ),
        (
            "<item><title>A</title><description>x\n</item>",
            2,
            "5: `<description>` has no end tag: entry 2 `A`",
        ),
        (
            "<item><title>A</title><description>x <b>y</description></item>",
            2,
            "5: `<b>` within `<description>` has no end tag: entry 2 `A`",
        ),
        (
            "<item><title>A</title><description><b><i>x</b></i></description></item>",
            2,
            "5: `</b>` ends no open element: entry 2 `A`",
        ),
        ("<item><title>A</title><unknown>x</item>", 2, "5: `<unknown>` has no end tag: entry 2 `A`"),
        (
            "<item><title>A</title><description><![CDATA[x</description></item>",
            2,
            "5: a CDATA section has no end: entry 2 `A`",
        ),
        ("<item><title>A</title><!-- x</item>", 2, "5: a comment has no end: entry 2 `A`"),
        ("<item><title>A</title><link </item>", 2, "5: a tag has no end: entry 2 `A`"),
        ("<item><title>A</title></b></item>", 2, "5: `</b>` ends no open element: entry 2 `A`"),
        (
            "</channel></rss><rss><channel><item><title>A</title></item>",
            2,
            "5: something stands behind the feed",
        ),
    ] {
        let feed = items(&format!("{one}{broken}"));
        assert_eq!(feed.problems, [format!("the XML is broken and was repaired: line {place}")], "{broken}");
        assert_eq!(feed.entries.len(), number, "{broken}");
    }
    for sound in [
        "<item><title>A</title><description>a <b>b</b> <br/> c</description></item>",
        "<item><media:group><media:content><media:group/></media:content><media:group></media:group></media:group></item>",
        "<item><title>A</title><unknown><unknown><b/></unknown></unknown><!-- --><![CDATA[ ]]></item>",
        "</channel></rss><!-- made in 3 ms -->\n<?x?><rss><channel>",
    ] {
        let problems = items(&format!("{one}{sound}")).problems;
        let told = problems.iter().filter(|problem| problem.contains("broken")).count();
        assert_eq!(told, usize::from(sound.starts_with("</channel>")), "{sound}: {problems:?}");
    }
    let problems = |text: &str| read_text(text.as_bytes(), None).expect("a feed").problems;
    assert_eq!(
        problems(&format!("<rss><channel>{one}")),
        ["the XML is broken and was repaired: line 2: the end of the document is missing"]
    );
    assert_eq!(
        problems(&format!("Warning: x\n<rss><channel>{one}</channel></rss>")),
        ["the XML is broken and was repaired: line 1: something stands before the feed"]
    );
    assert_eq!(
        problems(&format!("<rss><channel>{one}<item><title>B</title><description>x")),
        ["the document is truncated: its last entry was skipped: entry 2"]
    );
}

#[test]
fn an_unknown_encoding_is_told() {
    let read = |label: &str, body: &[u8], content_type| {
        let start = format!("<?xml version='1.0' encoding='{label}'?><rss><channel><item><title>");
        let body = [start.as_bytes(), body, b"</title></item></channel></rss>"].concat();
        let feed = read_text(&body, content_type).expect("a feed");
        (feed.encoding, feed.problems)
    };
    let told = |label: &str, used: &str| {
        vec![format!("the encoding `{label}` is unknown: the document is read as {used}")]
    };
    assert_eq!(
        read("armscii-8", b"\xba\xf1\xa8\xf3\xdd", None),
        ("windows-1252", told("armscii-8", "windows-1252"))
    );
    assert_eq!(read("x-foo", "Երևան".as_bytes(), None), ("UTF-8", told("x-foo", "UTF-8")));
    assert_eq!(read("utf-8", b"A", Some("text/xml; charset=x-foo")), ("UTF-8", told("x-foo", "UTF-8")));
    for known in ["utf-8", "UTF8", "koi8-r", "us-ascii", ""] {
        assert_eq!(read(known, b"A", Some("text/xml; charset=ISO-8859-1")).1, [""; 0], "{known}");
    }
}

#[test]
fn dates_that_cannot_be_read_are_told() {
    let feed = RSS.replace("</title><link>/one", "</title><pubDate>soon</pubDate><link>/one");
    let feed = feed.replacen("<pubDate>Tue, 07 May 2024 10:30:00 +0200</pubDate>", "", 1);
    let feed = read_text(feed.as_bytes(), None).expect("a feed");
    assert_eq!(feed.problems, ["dates cannot be read, such as `soon`: entry 1 `One bold step`"]);
}
