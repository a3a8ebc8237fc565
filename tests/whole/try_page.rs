//! The page on which filters are tried, and the feeds of searches.

use std::collections::{BTreeMap, HashSet};
use std::thread;

use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::origin::Origin;
use crate::program::{Daemon, Home, Response, eventually};

/// A source: its name, its keys, and the titles and texts of its entries.
pub type SourceNews<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

type News<'a> = [SourceNews<'a>];

pub const GAZETTE: SourceNews<'static> = (
    "gazette",
    "tags = [\"news\", \"caucasus\"]\nlang = \"en\"",
    &[
        ("Armenia opens a new train line", "The <b>train</b> from Yerevan to Tbilisi takes eight hours."),
        ("Peace talks at the border", "Officials of Armenia and Azerbaijan met for an hour."),
        ("Georgia's parliament votes", "The bill on the railway was adopted."),
        ("A quiet week in Moscow", "Russian theatres begin the season."),
    ],
);

pub const VESTNIK: SourceNews<'static> = (
    "vestnik",
    "tags = [\"news\"]\nlang = \"ru\"",
    &[
        ("Армения и Россия обсудили железную дорогу", "Переговоры прошли в Ереване."),
        ("Метель закрыла перевал", "Дорога в Грузию открыта."),
    ],
);

const NEWS: &News<'static> = &[
    GAZETTE,
    VESTNIK,
    (
        "lake",
        "lang = \"en\"",
        &[("The trout are back", "Biologists say the war on poachers is won."), ("C++ and AT&T", "a < b")],
    ),
];

pub(crate) fn feed(origin: &Origin, name: &str, entries: &[(&str, &str)]) {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let items = entries.iter().enumerate().map(|(number, (title, text))| {
        let date = Timestamp::now() - (24 * (5 + number as i64) + 6).hours();
        format!(
            "<entry><id>tag:{name}.example,2026:{number}</id><title>{}</title><link href=\"{}\"/>\
             <updated>{date:.0}</updated><published>{date:.0}</published><summary type=\"html\">{}</summary></entry>",
            escaped(title),
            origin.url(&format!("/{name}/{number}")),
            escaped(text)
        )
    });
    let items: String = items.collect();
    let feed = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:{name}.example,2026:</id><title>The {name}</title>\
         <updated>2026-11-01T00:00:00Z</updated>{items}</feed>"
    );
    origin.set(&format!("/{name}"), 200, "application/atom+xml; charset=utf-8", feed);
}

/// A daemon that has read some news, with these outputs.
fn reading(news: &News<'_>, outputs: &str) -> (Origin, Home, Daemon) {
    let origin = Origin::start();
    let mut config = String::from("[serve]\nlisten = \"127.0.0.1:0\"\n");
    for (name, keys, entries) in news {
        feed(&origin, name, entries);
        let url = origin.url(&format!("/{name}"));
        config += &format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n{keys}\n");
    }
    let home = Home::new(&(config + outputs));
    let daemon = home.start();
    let count = news.iter().map(|(_, _, entries)| entries.len()).sum::<usize>();
    eventually("all entries", || {
        (entries_of(&daemon.get("/try?q=").body, "entries_in").len() == count.min(25)).then_some(())
    });
    (origin, home, daemon)
}

fn search(daemon: &Daemon, query: &str, rest: &str) -> Response {
    let query: String = byte_serialize(query.as_bytes()).collect();
    daemon.get(&format!("/try?q={query}{rest}"))
}

/// The text of some HTML.
fn plain(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text += part.split_once('>').map_or(part, |(_, after)| after);
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The entries of the last two lists of a page, the ones in or the ones out: title, and why.
fn entries_of(page: &str, which: &str) -> Vec<(String, Vec<String>)> {
    let Some((_, lists)) = page.split_once("<h2>The newest entries</h2>") else { return Vec::new() };
    let mut lists = lists.split("<section>").skip(1);
    let list = if which == "entries_in" { lists.next() } else { lists.nth(1) };
    let entries = list.unwrap_or_default().split("<div class=\"entry\"").skip(1);
    let entry = |html: &str| {
        let title = html.split_once("<h4").and_then(|(_, rest)| rest.split_once("</h4>")).expect("a title").0;
        let why = html.split_once("<ul class=\"why\"").and_then(|(_, rest)| rest.split_once("</ul>"));
        let items = why.expect("reasons").0.split("<li").skip(1);
        (plain(&format!("<h4{title}")), items.map(|item| plain(&format!("<li{item}"))).collect())
    };
    entries.map(entry).collect()
}

#[test]
fn a_filter_shows_what_it_takes_and_leaves_out_and_why() {
    let outputs = "[[output]]\nname = \"armenia\"\nfilter = \"armenia\"\nsources = [\"#news\"]\n";
    let (_origin, home, daemon) = reading(NEWS, outputs);
    let page = search(&daemon, "@armenia -azerbaijan", "");
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.body.contains(" style=") && !page.body.contains("onclick"), "only what the policy allows");
    let titles =
        |which| entries_of(&page.body, which).into_iter().map(|(title, _)| title).collect::<Vec<_>>();
    assert_eq!(
        titles("entries_in"),
        ["Armenia opens a new train line", "Армения и Россия обсудили железную дорогу"]
    );
    assert_eq!(titles("entries_out").len(), 6);
    assert!(page.body.contains("<mark>Armenia</mark> opens"), "{}", page.body);
    let out = entries_of(&page.body, "entries_out");
    let talks = out.iter().find(|(title, _)| title.starts_with("Peace")).expect("it is out");
    assert_eq!(talks.1, ["azerbaijan: `azerbaijan` found in text: Azerbaijan"]);
    let text = plain(&page.body);
    assert!(text.contains("2 of 8 entries match."), "{text}");
    assert!(text.contains("2 in 30 days"), "{text}");
    assert!(text.contains("The gazette 1 of 4") && text.contains("The vestnik 1 of 2"), "{text}");
    assert!(text.contains("armenia's") || text.contains("armenians"), "the words of the term: {text}");
    assert!(text.contains("[[output]]\nname = \"my-filter\"\nfilter = \"@armenia -azerbaijan\"\n"), "{text}");

    // The difference against an output.
    let page = search(&daemon, "armenia -azerbaijan OR trout", "&output=armenia&sources=").body;
    let text = plain(&page);
    assert!(
        text.contains("Compared with armenia") && text.contains("1 more") && text.contains("1 fewer"),
        "{text}"
    );
    // An output to start from.
    let page = daemon.get("/try?output=armenia").body;
    assert!(
        page.contains("name=\"q\" value=\"armenia\"") && page.contains("value=\"#news\" checked"),
        "{page}"
    );
    assert!(plain(&page).contains("2 of 6 entries match."), "{page}");
    // What is chosen is searched.
    let text = plain(&search(&daemon, "the", "&sources=lake&sources=%23caucasus").body);
    assert!(text.contains("of 6 entries"), "{text}");

    // The block is a valid config.
    let page = search(&daemon, "\"peace talks\" OR 'x' /a\\.b/", "&sources=%23news,lake&stories=all").body;
    let block =
        page.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>")).expect("a block").0;
    let config = std::fs::read_to_string(home.path().join("config.toml")).expect("the config");
    home.configure(&format!("{config}{}", plain(block)));
    let (code, out, words) = home.run(&["check"]);
    assert_eq!(code, Some(0), "{out}{words}");
}

#[test]
fn a_mistake_is_underlined_with_a_hint_and_unknown_names_are_told() {
    let (_origin, _home, daemon) = reading(NEWS, "[[output]]\nname = \"all\"\n");
    let page = search(&daemon, "亚美 AND )", "");
    assert_eq!(page.status, 200);
    let pre = page.body.split_once("<pre").and_then(|(_, rest)| rest.split_once("</pre>")).expect("a line").0;
    let text = plain(&format!("<pre{pre}"));
    assert!(
        text.lines()
            .last()
            .is_some_and(|carets| carets.trim_end() == "     ^^^" || carets.trim_end() == "         ^"),
        "{text}"
    );
    assert!(page.body.contains("role=\"status\">The filter has a mistake."), "{}", page.body);
    assert!(!page.body.contains("application/atom+xml"), "no feed of what cannot be searched");
    for (query, found) in [("armenia and russia", "write AND"), ("armenia && x", "no operator")] {
        let page = search(&daemon, query, "").body;
        assert!(page.contains(found), "{query}: {page}");
    }
    let page = search(&daemon, "armenia", "&sources=gazete,%23nws&output=al").body;
    for note in [
        "source “gazete”: did you mean gazette?",
        "tag “#nws”: did you mean #news?",
        "output “al”: did you mean all?",
    ] {
        assert!(page.contains(note), "{note}: {page}");
    }
    let long = "a ".repeat(3000);
    let page = search(&daemon, &long, "");
    assert!(page.body.contains("cut off after 4000 characters"), "{}", page.status);
}

/// A hundred valid queries of every kind.
fn queries() -> Vec<String> {
    const TERMS: [&str; 20] = [
        "armenia", "=russia", "\"peace talks\"", "\"train line\"~", "armen*", "@georgia", "title:border",
        "text:railway", "lang:ru", "age:<7d", "age:>8d", "site:lake.example", "source:gazette", "tag:news",
        "/tr(ai|ou)./", "C++", "AT&T", "\"border azerbaijan\"~20", "дорога", "category:none",
    ];
    let mut queries: Vec<String> = TERMS.map(str::to_owned).to_vec();
    for (number, one) in TERMS.iter().enumerate() {
        let other = TERMS[(number * 7 + 3) % TERMS.len()];
        let third = TERMS[(number * 3 + 11) % TERMS.len()];
        queries.push(format!("{one} {other}"));
        queries.push(format!("{one} OR {other} {third}"));
        queries.push(format!("{one} -{other}"));
        queries.push(format!("-({one} {other}) (the OR {third})"));
    }
    queries
}

#[test]
fn the_reasons_are_those_of_explain() {
    let queries = queries();
    assert_eq!(queries.len(), 100);
    let outputs = queries
        .iter()
        .enumerate()
        .map(|(number, query)| format!("[[output]]\nname = \"q{number}\"\nfilter = '{query}'\n"));
    let (_origin, home, daemon) = reading(NEWS, &outputs.collect::<String>());
    let mut explained: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (title, _) in NEWS.iter().flat_map(|(_, _, entries)| *entries) {
        let (code, json, words) = home.run(&["explain", "--json", title]);
        assert_eq!(code, Some(0), "{words}");
        let explanation: Value = serde_json::from_str(&json).expect("JSON");
        for output in explanation["outputs"].as_array().expect("outputs") {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let why = output["why"].as_array().expect("reasons").iter().map(|reason| {
                let evidence =
                    reason["evidence"].as_str().map_or_else(String::new, |evidence| format!(" ({evidence})"));
                format!(
                    "{} in {}: {}{evidence}",
                    text(&reason["term"]),
                    text(&reason["field"]),
                    text(&reason["found"])
                )
            });
            let failed = output["failed"].as_array().expect("terms").iter();
            let failed =
                failed.map(|failed| format!("{}: {}", text(&failed["part"]), text(&failed["because"])));
            let all: Vec<String> = why.chain(failed).collect();
            explained.insert((text(&output["output"]), (*title).to_owned()), all);
        }
    }
    for (number, query) in queries.iter().enumerate() {
        let page = search(&daemon, query, "").body;
        let shown: Vec<_> =
            ["entries_in", "entries_out"].iter().flat_map(|which| entries_of(&page, which)).collect();
        assert_eq!(shown.len(), 8, "{query}: {page}");
        for (title, mut why) in shown {
            let mut expected = explained[&(format!("q{number}"), title.clone())].clone();
            if expected.len() > 6 {
                let more = format!("and {} more", expected.len() - 6);
                expected.truncate(6);
                expected.push(more);
            }
            if expected.is_empty() {
                expected.push("nothing excludes it".to_owned());
            }
            // White space of a term is as the query writes it.
            why.iter_mut().for_each(|line| *line = line.trim().to_owned());
            assert_eq!(why, expected, "{query}: {title}");
        }
    }
}

#[test]
fn the_feed_of_a_search_has_validators_and_stays_the_same() {
    let (origin, home, daemon) = reading(NEWS, "[[output]]\nname = \"all\"\n");
    for (extension, kind) in
        [("atom", "application/atom+xml"), ("rss", "application/rss+xml"), ("json", "application/feed+json")]
    {
        let path = format!("/try.{extension}?q=%40armenia&sources=%23news");
        let feed = daemon.get(&path);
        assert_eq!(feed.status, 200, "{}", feed.body);
        assert!(feed.header("content-type").is_some_and(|found| found.starts_with(kind)), "{}", feed.head);
        assert_eq!(feed.header("cache-control"), Some("private, no-cache"));
        assert!(feed.body.contains("Армения") && !feed.body.contains("trout"), "{}", feed.body);
        // Its own address, as XML and JSON write it.
        let body = feed.body.replace("&#x26;", "&");
        assert!(body.contains(&format!("/try.{extension}?q=%40armenia&sources=%23news")), "{body}");
        let tag = feed.header("etag").expect("a tag");
        let date = feed.header("last-modified").expect("a date");
        for condition in [format!("If-None-Match: {tag}\r\n"), format!("If-Modified-Since: {date}\r\n")] {
            assert_eq!(daemon.request("GET", &path, &condition).status, 304, "{condition}");
        }
    }
    let ids = |daemon: &Daemon, path: &str| -> HashSet<String> {
        let body = daemon.get(path).body;
        body.split("<id>")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("</id>")?.0.to_owned()))
            .filter(|id| id.starts_with("urn:"))
            .collect()
    };
    let (path, before) = ("/try.atom?q=%40armenia", daemon.get("/try.atom?q=%40armenia"));
    let ids_before = ids(&daemon, path);
    assert_eq!(ids_before.len(), 4, "of the feed and of three entries");
    assert!(ids_before.is_disjoint(&ids(&daemon, "/feeds/all.atom")), "readers show one id once");
    assert!(ids_before.is_disjoint(&ids(&daemon, "/try.atom?q=%40armenia&stories=all")));
    let body_before = before.body.replace(daemon.address(), "");
    drop(daemon);
    let daemon = home.start();
    assert_eq!(ids(&daemon, path), ids_before);
    let again = daemon.get(path);
    assert_eq!(again.body.replace(daemon.address(), ""), body_before);
    assert_eq!(again.header("last-modified"), before.header("last-modified"));
    // A new entry comes in.
    feed(&origin, "lake", &[("Armenia wins", "At last.")]);
    assert_eq!(home.run(&["poll", "lake"]).0, Some(0));
    eventually("the new entry", || daemon.get(path).body.contains("Armenia wins").then_some(()));
    let changed = daemon.get(path);
    assert_ne!(changed.header("etag"), before.head.lines().find_map(|line| line.strip_prefix("etag: ")));
    assert!(ids(&daemon, path).is_superset(&ids_before));
    // What cannot be searched is told in plain text.
    for (path, words) in [
        ("/try.atom?q=(", "^"),
        ("/try.rss?q=a&sources=nobody", "There is no source"),
        ("/try.json?output=none", "There is no output"),
    ] {
        let wrong = daemon.get(path);
        assert_eq!(wrong.status, 400, "{path}");
        assert!(wrong.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
        assert!(wrong.body.contains(words), "{}", wrong.body);
    }
    // A browser gets the page.
    let accept = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";
    assert!(daemon.request("GET", path, accept).body.starts_with("<!DOCTYPE html>"));
    let page = daemon.get("/try?q=armenia").body;
    assert!(page.contains("rel=\"alternate\" type=\"application/atom+xml\""), "{page}");
}

#[test]
fn hostile_texts_stay_texts_wherever_they_stand() {
    const EVIL: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> x";
    let news: &News<'_> = &[(
        "evil",
        "title = '''<b onclick=\"x()\">'''\ntags = [\"news\"]",
        &[(EVIL, EVIL), ("A \u{202e}turned title", "&lt;svg onload=alert(1)&gt; x")],
    )];
    let (_origin, _home, daemon) =
        reading(news, "[[output]]\nname = \"all\"\ntitle = '''</option><script>alert(1)</script>'''\n");
    let attacks = [
        "x",
        "\"<script>alert(1)</script>\"",
        "\"</textarea><img src=x onerror=alert(1)>\"",
        "\" onfocus=alert(1) autofocus x=\"",
        "/<script>/",
        "'><script>alert(1)</script>",
        "title:\"</title><script>alert(1)</script>\"",
        "(<script>",
        "\u{202e}\u{2066})",
        "\u{0}\u{1} x",
        "]]><script>",
    ];
    for attack in attacks {
        for rest in [
            "",
            "&sources=%3Cscript%3Ealert(1)%3C/script%3E",
            "&output=%22%3E%3Cscript%3E",
            "&output=all&stories=%3Cscript%3E",
        ] {
            let page = search(&daemon, attack, rest);
            assert_eq!(page.status, 200);
            let body = page.body.to_lowercase();
            let scripts = body.matches("<script").count();
            assert_eq!(scripts, 1, "only ours: {attack} {rest}: {body}");
            for tag in ["<img", "<svg onload", "<b ", "<textarea", "onfocus=alert(1) autofocus x=\""] {
                assert!(!body.contains(tag), "{tag} of {attack}: {body}");
            }
        }
        for extension in ["atom", "rss"] {
            let query: String = byte_serialize(attack.as_bytes()).collect();
            let feed = daemon.get(&format!("/try.{extension}?q={query}"));
            let is_text = feed.status == 400 && feed.head.contains("text/plain");
            assert!(is_text || !feed.body.contains("<script"), "{attack}: {}", feed.body);
        }
    }
}

#[test]
fn many_clients_that_type_at_once_all_get_answers_and_feeds_go_on() {
    let (_origin, _home, daemon) = reading(NEWS, "[[output]]\nname = \"all\"\n");
    thread::scope(|scope| {
        for client in 0..50 {
            let daemon = &daemon;
            scope.spawn(move || {
                for length in 1..=7 {
                    let page = search(daemon, &"armenia"[..length], &format!("&client={client}"));
                    assert_eq!(page.status, 200, "{}", page.body);
                    assert!(page.body.contains("role=\"status\""));
                }
                assert_eq!(daemon.get("/feeds/all.atom").status, 200);
            });
        }
    });
    assert_eq!(daemon.get("/readyz").status, 200);
}
