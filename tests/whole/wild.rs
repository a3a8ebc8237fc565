//! Sources with defects found in real feeds: shared guids, truncated documents, hostile markup.

use std::collections::BTreeSet;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml; charset=UTF-8";

const EXTENSIONS: [&str; 3] = ["atom", "rss", "json"];

fn config(origin: &Origin) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n
         [[source]]\nname = \"wild\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url("/wild")
    )
}

/// A feed in which every entry has the same guid and no link.
fn feed_with_one_guid(titles: &[&str]) -> String {
    let items: String = titles
        .iter()
        .map(|title| {
            format!(
                "<item><title>{title}</title><guid isPermaLink=\"false\">tag:wild.example,2026:alert</guid><description>Of {title}.</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Wild</title>{items}</channel></rss>")
}

/// Id and title of each published entry.
fn listed(daemon: &Daemon, extension: &str) -> Vec<(String, String)> {
    let body = daemon.get(&format!("/feeds/all.{extension}")).body;
    let feed = feed_rs::parser::parse(body.as_bytes()).expect(extension);
    feed.entries.into_iter().map(|e| (e.id, e.title.map(|t| t.content).unwrap_or_default())).collect()
}

/// Waits for `count` entries and checks that each id and title occurs once, in every format.
fn distinct_entries(daemon: &Daemon, count: usize) -> BTreeSet<(String, String)> {
    let all = eventually("the entries", || Some(listed(daemon, "atom")).filter(|all| all.len() == count));
    let ids: BTreeSet<_> = all.iter().map(|(id, _)| id).collect();
    let titles: BTreeSet<_> = all.iter().map(|(_, title)| title).collect();
    assert_eq!((ids.len(), titles.len()), (count, count), "{all:?}");
    for extension in EXTENSIONS {
        assert_eq!(listed(daemon, extension), all, "{extension}");
    }
    all.into_iter().collect()
}

#[test]
fn a_source_with_one_guid_publishes_each_entry_once() {
    const WARNING: &str = "identify several entries";
    let origin = Origin::start();
    let poll_twice = |titles: &[&str]| {
        origin.set("/wild", 200, RSS, feed_with_one_guid(titles));
        // The second request is made after the first poll was committed.
        eventually("a second request", || {
            let (full, unchanged) = origin.responses("/wild");
            (full + unchanged >= 2).then_some(())
        });
    };
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    // A single entry does not reveal the shared guid; it must not appear again once it is known.
    poll_twice(&["One"]);
    let first = distinct_entries(&daemon, 1);
    poll_twice(&["Three", "Two", "One"]);
    let second = distinct_entries(&daemon, 3);
    assert!(second.is_superset(&first), "a published entry was published again: {second:?}");
    poll_twice(&["Four", "Three", "Two"]);
    let third = distinct_entries(&daemon, 4);
    assert!(third.is_superset(&second), "{third:?}");
    let (code, log) = daemon.stop();
    assert_eq!((code, log.matches(WARNING).count()), (Some(0), 1), "{log}");

    let daemon = home.start();
    poll_twice(&["Five", "Four", "Three"]);
    let fourth = distinct_entries(&daemon, 5);
    assert!(fourth.is_superset(&third), "{fourth:?}");
    let (code, log) = daemon.stop();
    assert_eq!((code, log.matches(WARNING).count()), (Some(0), 0), "the guid is known already: {log}");
}

#[test]
fn a_guid_shared_by_several_sources_is_the_id_of_one_entry_only() {
    const GUIDS: [&str; 3] = ["https://shared.example/1", "1", "tag:shared.example,2026:1"];
    let origin = Origin::start();
    let mut text =
        "[serve]\nlisten = \"127.0.0.1:0\"\n[publish]\nids = \"shared\"\n[poll]\nper_host = 9\nevery = \"1s\"\nat_most = \"1s\"\n"
            .to_owned();
    for source in ["a", "b", "c"] {
        let items: String = GUIDS
            .iter()
            .map(|guid| format!("<item><title>{source} of {guid}</title><guid>{guid}</guid><description>{source}</description></item>"))
            .collect();
        let rss = format!("<rss version=\"2.0\"><channel><title>{source}</title>{items}</channel></rss>");
        origin.set(&format!("/{source}"), 200, RSS, rss);
        let url = origin.url(&format!("/{source}"));
        text += &format!("[[source]]\nname = \"{source}\"\nurl = \"{url}\"\nallow_private = true\n");
    }
    let home = Home::new(&(text + "[[output]]\nname = \"all\"\nstories = \"all\"\n"));
    let daemon = home.start();
    let before = distinct_entries(&daemon, 9);
    for guid in [GUIDS[0], GUIDS[2]] {
        assert_eq!(before.iter().filter(|(id, _)| id == guid).count(), 1, "{guid}: {before:?}");
    }
    for (id, _) in &before {
        assert!(id.contains(':') && url::Url::parse(id).is_ok(), "{id} is not an absolute URI");
    }
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    // The order of the polls does not matter.
    eventually("further polls", || {
        ["/a", "/b", "/c"].iter().all(|path| origin.responses(path).1 >= 2).then_some(())
    });
    assert_eq!(distinct_entries(&daemon, 9), before);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_truncated_document_removes_nothing_and_sends_no_validators() {
    let origin = Origin::start();
    let whole = feed_with_one_guid(&[]).replace(
        "</channel>",
        "<item><guid>1</guid><title>One</title></item><item><guid>2</guid><title>Two</title></item></channel>",
    );
    let home = Home::new(&(config(&origin) + "stories = \"all\"\n"));
    // Truncated within the second item: later it would look like an edit.
    origin.set("/wild", 200, RSS, &whole.as_bytes()[..whole.find("Two").expect("it is there") + 1]);
    let daemon = home.start();
    distinct_entries(&daemon, 1);
    eventually("further full requests", || (origin.responses("/wild").0 >= 3).then_some(()));
    assert_eq!(origin.responses("/wild").1, 0, "a truncated document's validator was sent");
    let first = distinct_entries(&daemon, 1);
    origin.set("/wild", 200, RSS, whole);
    assert!(distinct_entries(&daemon, 2).is_superset(&first));
    eventually("the complete document has a validator", || (origin.responses("/wild").1 >= 1).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
}

/// Markup that harms readers that do not sanitize it. Each has the text `kept`, which must survive.
const HOSTILE: [&str; 16] = [
    "<script>alert('harm')</script>kept",
    "<scr<script>ipt>alert('harm')</scr</script>ipt>kept",
    "<img src='/a.png' onerror='harm()' onload=harm()>kept",
    "<a href='javascript:harm()'>kept</a>",
    "<a href=' java&#x0A;script&colon;harm()'>kept</a>",
    "<a href='data:text/html;base64,aGFybQ=='>kept</a>",
    "<object data='harm.swf'></object><embed src='harm.swf'>kept",
    "<form action='/harm'><input name='harm' value='harm'><button>kept</button></form>",
    "<iframe src='https://harm.example/'></iframe><iframe srcdoc='&lt;script&gt;harm()&lt;/script&gt;'></iframe>kept",
    "<img src='https://count.example/harm.gif' width='1' height='1'>kept",
    "<svg onload='harm()'><script>harm()</script></svg><math href='javascript:harm()'></math>kept",
    "<style>@import 'https://harm.example/'</style><link rel='stylesheet' href='harm.css'>kept",
    "<meta http-equiv='refresh' content='0;url=https://harm.example/'><base href='https://harm.example/'>kept",
    "<p style='background:url(javascript:harm())' onmouseover='harm()'>kept</p>",
    "<!--[if IE]><script>harm()</script><![endif]-->kept<noscript><img src=x onerror=harm()></noscript>",
    "\u{1}\u{8}\u{b}\u{1b}[31m\u{fffe}\u{ffff}kept &#0;&#8;&#x1b;&#xfffe; ]]&gt; ]]> \u{202e}",
];

fn hostile_feed() -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let items: String = HOSTILE
        .iter()
        .enumerate()
        .map(|(n, harm)| {
            let (escaped, cdata) = (escape(harm), harm.replace("]]>", ""));
            // As escaped text, as child elements, and in CDATA.
            let summary = if n % 2 == 0 { &escaped } else { &cdata };
            format!(
                "<item><title>Number {n}: {escaped}</title><link>https://wild.example/{n}</link><guid>https://wild.example/{n}</guid>
                 <category>{escaped}</category><author>{escaped}</author>
                 <enclosure url='javascript:harm()' type='text/html' length='1'/><comments>data:text/html,harm</comments>
                 <description>{summary}</description><content:encoded><![CDATA[<p>{cdata}</p>]]></content:encoded></item>"
            )
        })
        .collect();
    format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Wild</title>
         <link>https://wild.example/</link>{items}</channel></rss>"
    )
}

/// Every tag with its attributes, in lower case.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(tag, _)| tag.to_lowercase())
        .collect()
}

#[test]
fn hostile_markup_is_sanitized_in_every_format() {
    let origin = Origin::start();
    origin.set("/wild", 200, RSS, hostile_feed());
    // What remains is so similar that it would be one story.
    let home = Home::new(&(config(&origin) + "stories = \"all\"\n"));
    let daemon = home.start();
    eventually("a second request", || (origin.responses("/wild").1 >= 1).then_some(()));
    eventually("all entries", || Some(listed(&daemon, "atom").len()).filter(|n| *n == HOSTILE.len()));
    let mut kept = 0;
    for extension in EXTENSIONS {
        let answer = daemon.get(&format!("/feeds/all.{extension}"));
        assert!(
            !answer
                .body
                .contains(|c: char| (c.is_control() && !"\n\t".contains(c))
                    || ('\u{fffe}'..='\u{ffff}').contains(&c)),
            "{extension} has a character that is not allowed in XML"
        );
        let feed = feed_rs::parser::parse(answer.body.as_bytes()).expect(extension);
        assert_eq!(feed.entries.len(), HOSTILE.len(), "{extension}");
        for entry in &feed.entries {
            let links = entry.links.iter().map(|link| link.href.as_str());
            let files = entry.media.iter().flat_map(|media| &media.content).filter_map(|c| c.url.as_ref());
            for address in links.chain(files.map(|url| url.as_str())) {
                assert!(address.starts_with("http"), "{extension}: {address}");
            }
            let content = entry.content.as_ref().and_then(|content| content.body.as_deref());
            // The summary of a JSON feed is plain text.
            let summary = entry.summary.as_ref().filter(|_| extension != "json");
            let summary = summary.map(|summary| summary.content.as_str());
            for html in content.into_iter().chain(summary) {
                kept += html.matches("kept").count();
                assert_harmless(extension, html);
            }
        }
    }
    assert!(kept >= EXTENSIONS.len() * HOSTILE.len(), "text was removed with the markup: {kept}");
    let page = daemon.get("/feeds/all");
    assert!(page.header("content-security-policy").is_some(), "{}", page.head);
    assert_harmless("page", page.body.split_once("<main").map_or("", |(_, main)| main));
    assert_eq!(daemon.stop().0, Some(0));
}

#[track_caller]
fn assert_harmless(what: &str, html: &str) {
    for tag in tags(html) {
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        let bad = [
            "script", "form", "input", "button", "iframe", "object", "embed", "style", "link", "meta",
            "base", "svg", "math",
        ];
        assert!(!bad.contains(&name), "{what}: <{tag}> in {html}");
        for evil in [" on", "javascript:", "data:", "srcdoc", "harm.gif", "style="] {
            assert!(!tag.contains(evil), "{what}: <{tag}> in {html}");
        }
    }
}

#[test]
fn bidirectional_controls_of_a_feed_do_not_reach_the_terminal() {
    let origin = Origin::start();
    let rss = feed_with_one_guid(&["Rain \u{202e}niar in the capital"]);
    origin.set("/wild", 200, RSS, rss.clone());
    let home = Home::new(&config(&origin));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    std::fs::write(home.path().join("wild.rss"), rss).expect("a document");
    for arguments in [&["explain", "1"][..], &["preview", "rain"], &["inspect", "wild.rss"]] {
        let (code, stdout, _) = home.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}");
        assert!(stdout.contains("Rain") || stdout.contains("\u{ab}Rain\u{bb}"), "{arguments:?}: {stdout}");
        assert!(!stdout.contains('\u{202e}'), "{arguments:?}: {stdout}");
    }
}
