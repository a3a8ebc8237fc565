//! The articles behind entries: which are requested, when, and what comes of them.

mod web;

use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use crate::program::{Daemon, Home, eventually};
use web::{Web, page};

const FEED: &str = "http://paper.example/feed";

/// A source named `paper`, with more keys, and outputs.
fn source(keys: &str, outputs: &str) -> String {
    format!("[[source]]\nname = \"paper\"\nurl = \"{FEED}\"\n{keys}\n{outputs}")
}

const ARMENIA: &str = "[[output]]\nname = \"armenia\"\nfilter = \"armenia NOT title:sport\"\n";

fn link(n: impl std::fmt::Display) -> String {
    format!("http://paper.example/{n}")
}

/// The entries of an output, newest first.
fn entries(home: &Home, output: &str) -> Vec<Value> {
    let (_, text, _) = home.run(&["show", output, "--format", "json"]);
    let feed: Value = serde_json::from_str(&text).expect("JSON");
    feed["items"].as_array().cloned().unwrap_or_default()
}

fn titles(home: &Home, output: &str) -> Vec<String> {
    let titles = entries(home, output);
    titles.iter().map(|entry| entry["title"].as_str().unwrap_or_default().to_owned()).collect()
}

/// State, tries and reason of each article, by the title of its entry.
fn articles(home: &Home) -> Vec<(String, i64, i64, Option<String>)> {
    let store = Connection::open(home.store()).expect("it opens");
    let mut rows = store
        .prepare(
            "SELECT title, state, tries, reason FROM
             (SELECT entry.title, article.state, article.tries, article.reason, entry.number
              FROM article JOIN entry ON entry.number = article.entry) ORDER BY number",
        )
        .expect("the tables are there");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    rows.expect("they are read").map(|row| row.expect("it is read")).collect()
}

fn decided(home: &Home, count: usize) -> Option<()> {
    (articles(home).iter().filter(|(_, state, ..)| *state > 0).count() == count).then_some(())
}

/// A first poll of a feed without entries is over: entries come by later ones.
fn started(home: &Home, web: &Web) -> Daemon {
    web.feed(FEED, &[]);
    let daemon = home.start();
    eventually("the first poll", || (web.requests_for("/feed").len() > 1).then_some(()));
    daemon
}

/// A page for each of the numbers; those of `armenian` name Armenia.
fn pages(web: &Web, numbers: std::ops::Range<usize>, armenian: impl Fn(usize) -> bool) {
    for n in numbers {
        let words = if armenian(n) { "The minister flew to Armenia." } else { "The minister stayed." };
        web.html(&link(n), page(&format!("Page {n}"), words));
    }
}

/// A feed of entries that only their articles can decide.
fn undecided_feed(web: &Web, numbers: std::ops::Range<usize>) {
    let entries: Vec<(String, String)> = numbers.map(|n| (format!("Travels {n}"), link(n))).collect();
    let entries: Vec<(&str, &str)> =
        entries.iter().map(|(title, link)| (title.as_str(), link.as_str())).collect();
    web.feed(FEED, &entries);
}

/// How often each page was requested, the most often requested last.
fn page_requests(web: &Web) -> Vec<usize> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for url in web
        .requests_for("paper.example/")
        .into_iter()
        .filter(|url| *url != FEED && *url != link("robots.txt"))
    {
        *counts.entry(url).or_default() += 1;
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable();
    counts
}

#[test]
fn only_entries_that_their_articles_may_decide_are_requested() {
    let web = Web::start();
    let home = Home::new(&web.config(&source("full_text = \"match\"", ARMENIA)));
    let daemon = started(&home, &web);
    pages(&web, 1..5, |n| n != 3);
    web.feed(
        FEED,
        &[
            ("Elections in Armenia", &link(1)),
            ("The minister travels", &link(2)),
            ("The minister stays", &link(3)),
            ("Sport: they won", &link(4)),
        ],
    );
    eventually("two articles", || decided(&home, 2));
    eventually("the entry enters", || (titles(&home, "armenia").len() == 2).then_some(()));
    let mut pages: Vec<String> =
        web.requests().into_iter().map(|request| request.url).filter(|url| *url != FEED).collect();
    pages.sort();
    assert_eq!(pages, [link(2), link(3), link("robots.txt")]);
    let store = Connection::open(home.store()).expect("it opens");
    let edits: i64 = store.query_row("SELECT sum(edits) FROM entry", [], |row| row.get(0)).expect("a sum");
    assert_eq!(edits, 0, "an article is no update");

    // An edited filter looks at what is stored.
    web.forget_requests();
    let other = ARMENIA.replace("armenia NOT", "(armenia OR minister) NOT");
    home.configure(&web.config(&source("full_text = \"match\"", &other)));
    eventually("the edited filter", || (titles(&home, "armenia").len() == 3).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    assert!(page_requests(&web).is_empty(), "{:?}", web.requests());
}

#[test]
fn a_command_requests_twenty_articles_a_poll_and_the_limit_a_day_with_the_gap_of_their_host() {
    let web = Web::start();
    let keys = "full_text = \"match\"\narticle_limit = 25\n";
    let home = Home::new(&web.config(&source(keys, ARMENIA)));
    web.feed(FEED, &[]);
    assert_eq!(home.run(&["poll"]).0, Some(0));
    web.forget_requests();
    pages(&web, 0..30, |n| n % 2 == 0);
    undecided_feed(&web, 0..30);
    for (requested, said) in [(20, "20 of 20 articles read"), (25, "5 of 5 articles read"), (25, "0 edited")]
    {
        let (code, _, words) = home.run(&["poll"]);
        assert_eq!(code, Some(0), "{words}");
        assert!(words.trim_end().ends_with(said), "{words}");
        assert_eq!(page_requests(&web), vec![1; requested]);
    }
    // The first entry of a feed is the newest.
    let first = web.requests_for("/robots.txt").len();
    assert_eq!(first, 1, "it is kept");
    let order: Vec<String> = web.requests().into_iter().map(|request| request.url).collect();
    assert_eq!(order[..4], [FEED.to_owned(), link("robots.txt"), link(0), link(1)]);
    // Each command begins with the feed.
    let requests = web.requests();
    let pairs = requests.windows(2).filter(|pair| pair[1].url != FEED);
    let gaps = pairs.map(|pair| pair[1].at - pair[0].at);
    assert!(gaps.clone().all(|gap| gap >= Duration::from_millis(190)), "{:?}", gaps.collect::<Vec<_>>());
    assert_eq!(titles(&home, "armenia").len(), 13);
    let (_, status, _) = home.run(&["status"]);
    let line =
        "paper: articles within a day: 25 read, 0 did not come, 5 expected; no more than 25 are requested";
    assert!(status.contains(line), "{status}");
}

#[test]
fn robots_txt_is_obeyed_and_told() {
    let web = Web::start();
    let home = Home::new(&web.config(&source("full_text = \"match\"", ARMENIA)));
    web.feed(FEED, &[]);
    home.run(&["poll"]);
    web.set(&link("robots.txt"), 200, "", "User-agent: *\nAllow: /\n\nUser-agent: siftwire\nDisallow: /2\n");
    pages(&web, 1..3, |_| true);
    web.html("http://down.example/3", page("Page 3", "The minister flew to Armenia."));
    web.set("http://down.example/robots.txt", 503, "", "");
    // At another site, whose robots.txt counts there.
    web.set(&link(4), 302, "Location: http://other.example/4\r\n", "");
    web.set(&link(5), 301, "Location: http://open.example/5\r\n", "");
    web.set("http://other.example/robots.txt", 200, "", "User-agent: *\nDisallow: /");
    web.html("http://other.example/4", page("Page 4", "The minister flew to Armenia."));
    web.html("http://open.example/5", page("Page 5", "The minister flew to Armenia."));
    // Of a large one the start counts; an answer without content has no rules.
    let large = format!("User-agent: *\nDisallow: /\n{}", "# rules\n".repeat(1 << 19));
    web.set("http://large.example/robots.txt", 200, "", large);
    web.set("http://empty.example/robots.txt", 204, "", "");
    web.html("http://empty.example/7", page("Page 7", "The minister flew to Armenia."));
    web.feed(
        FEED,
        &[
            ("One", &link(1)),
            ("Two", &link(2)),
            ("Three", "http://down.example/3"),
            ("Four", &link(4)),
            ("Five", &link(5)),
            ("Six", "http://large.example/6"),
            ("Seven", "http://empty.example/7"),
        ],
    );
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!(code, Some(0), "{words}");
    let found = articles(&home);
    let of = |title: &str| {
        let (_, state, tries, reason) = found.iter().find(|(of, ..)| of == title).expect("it is wanted");
        (*state, *tries, reason.as_deref().unwrap_or_default())
    };
    for read in ["One", "Five", "Seven"] {
        assert_eq!(of(read), (1, 1, ""), "{read}");
    }
    assert_eq!(of("Six"), (2, 1, "robots.txt of large.example forbids it"));
    assert_eq!(of("Two"), (2, 1, "robots.txt of paper.example forbids it"));
    assert_eq!(of("Four"), (2, 1, "robots.txt of other.example forbids it"));
    assert_eq!(of("Three"), (0, 0, "http://down.example/robots.txt cannot be read: status 503"));
    for never in [link(2), "http://down.example/3".into(), "http://other.example/4".into()] {
        assert!(web.requests_for(&never).is_empty(), "{never}");
    }
    let mut entered = titles(&home, "armenia");
    entered.sort();
    assert_eq!(entered, ["Five", "One", "Seven"]);
    let (_, status, _) = home.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let told = &status["sources"][0]["articles"];
    assert_eq!(
        (&told["read"], &told["missing"], &told["expected"]),
        (&3.into(), &3.into(), &1.into()),
        "{told}"
    );
    assert!(
        told["last_missing"]["reason"].as_str().is_some_and(|reason| reason.starts_with("robots.txt of")),
        "{told}"
    );
}

#[test]
fn articles_that_wait_for_another_try_keep_none_back() {
    let web = Web::start();
    let home = Home::new(&web.config(&source("full_text = \"match\"", ARMENIA)));
    web.feed(FEED, &[]);
    home.run(&["poll"]);
    let oldest = ("Oldest".to_owned(), link(0));
    web.html(&oldest.1, page("Oldest", "The minister flew to Armenia."));
    let down = |n: usize| (format!("Travels {n}"), format!("http://down{n}.example/{n}"));
    let entries: Vec<(String, String)> = (1..21).rev().map(down).chain([oldest]).collect();
    for (_, page) in &entries[..20] {
        web.set(page, 500, "", "");
    }
    let entries: Vec<(&str, &str)> =
        entries.iter().map(|(title, page)| (title.as_str(), page.as_str())).collect();
    web.feed(FEED, &entries);
    home.run(&["poll"]);
    assert!(web.requests_for(&link(0)).is_empty(), "twenty a poll");
    home.run(&["poll"]);
    assert_eq!((web.requests_for(&link(0)).len(), titles(&home, "armenia")), (1, vec!["Oldest".to_owned()]));
}

#[test]
fn pages_without_article_are_refused_and_the_feed_stands() {
    let web = Web::start();
    let outputs = "[[output]]\nname = \"armenia\"\nfilter = \"minister NOT lottery\"\n";
    let home = Home::new(&web.config(&source("full_text = \"match\"", outputs)));
    web.feed(FEED, &[]);
    home.run(&["poll"]);
    let wall = page("Before you go on", "We and our partners store cookies.");
    web.html(&link(1), wall.clone());
    web.html(&link(2), wall);
    web.html(&link(3), "<html><body><div id=app></div><script src=app.js></script></body></html>");
    web.set(&link(4), 404, "Content-Type: text/html\r\n", page("Not found", "There is no such page."));
    web.set(&link(5), 200, "Content-Type: application/pdf\r\n", "%PDF-1.7");
    web.html(&link(6), page("Six", "The lottery.") + &" ".repeat(3 << 20));
    web.html(&link(7), page("Seven", "The lottery."));
    web.set(&link(9), 302, "Location: /en/?utm_source=feed\r\n", "");
    web.html(&link("en/?utm_source=feed"), page("Start", "The lottery."));
    let entries: Vec<(String, String)> =
        [1, 2, 3, 4, 5, 6, 7, 9].map(|n| (format!("The minister {n}"), link(n))).to_vec();
    let mut entries: Vec<(&str, &str)> =
        entries.iter().map(|(title, link)| (title.as_str(), link.as_str())).collect();
    entries.push(("The minister 8", "http://127.0.0.1:9/8"));
    web.feed(FEED, &entries);
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!(code, Some(0), "{words}");
    let found = articles(&home);
    assert!(found.iter().all(|(_, state, ..)| *state > 0), "{found:?}");
    let read = found.iter().filter(|(_, state, ..)| *state == 1);
    assert_eq!(read.map(|(title, ..)| title.as_str()).collect::<Vec<_>>(), ["The minister 7"], "{found:?}");
    let mut entered = titles(&home, "armenia");
    entered.sort();
    let expected: Vec<String> = [1, 2, 3, 4, 5, 6, 8, 9].map(|n| format!("The minister {n}")).to_vec();
    assert_eq!(entered, expected, "{found:?}");
    assert_eq!(page_requests(&web), [1; 9], "none is tried again");
    let reasons: Vec<_> = found.iter().filter_map(|(.., reason)| reason.as_deref()).collect();
    for part in [
        "the same text as the page of entry", "status 404", "larger than", "refused address: 127.0.0.1",
        "start page",
    ] {
        assert!(reasons.iter().any(|reason| reason.contains(part)), "{part}: {reasons:?}");
    }
}

#[test]
fn a_host_that_refuses_is_left_alone_by_polls_and_articles() {
    let web = Web::start();
    let home = Home::new(&web.config(&source("full_text = \"match\"", ARMENIA)));
    let daemon = started(&home, &web);
    web.set(&link(1), 429, "Retry-After: 3\r\n", "");
    web.feed(FEED, &[("Travels", &link(1))]);
    let refused = eventually("a refusal", || {
        web.requests().into_iter().find(|request| request.url == link(1)).map(|request| request.at)
    });
    web.html(&link(1), page("Page 1", "The minister flew to Armenia."));
    eventually("the article", || decided(&home, 1));
    let later: Vec<_> = web.requests().into_iter().filter(|request| request.at > refused).collect();
    assert!(later[0].at - refused >= Duration::from_secs(3), "{later:?}");
    assert_eq!(articles(&home), [("Travels".to_owned(), 1, 1, None)], "a refusal is no try");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn credentials_go_to_the_origin_of_the_feed_alone() {
    let web = Web::start();
    let keys = "full_text = \"match\"\nbearer = \"secret-token\"\nheaders = { X-Reader = \"secret-reader\" }\n\
                user_agent = \"Example/1.0\"\n";
    let home = Home::new(&web.config(&source(keys, ARMENIA)));
    web.feed(FEED, &[]);
    home.run(&["poll"]);
    web.html(&link(1), page("Page 1", "The minister flew to Armenia."));
    web.html("http://other.example/2", page("Page 2", "The minister flew to Armenia."));
    web.html("http://paper.example:8080/3", page("Page 3", "The minister flew to Armenia."));
    web.feed(
        FEED,
        &[
            ("One", &link(1)),
            ("Two", "http://me:secret-word@other.example/2"),
            ("Three", "http://paper.example:8080/3"),
        ],
    );
    home.run(&["poll"]);
    assert_eq!(titles(&home, "armenia").len(), 3, "{:?}", articles(&home));
    for request in web.requests() {
        let is_own = request.url.starts_with("http://paper.example/");
        assert_eq!(request.head.contains("authorization: bearer secret-token"), is_own, "{request:?}");
        assert_eq!(request.head.contains("secret-reader"), is_own, "{request:?}");
        assert!(!request.head.contains("authorization: basic"), "{request:?}");
        assert!(request.head.contains("user-agent: example/1.0"), "{request:?}");
    }
}

#[test]
fn a_kill_loses_no_article_and_repeats_only_what_was_in_flight() {
    let web = Web::start();
    let home = Home::new(&web.config(&source("full_text = \"match\"", ARMENIA)));
    drop(started(&home, &web));
    pages(&web, 0..12, |_| true);
    undecided_feed(&web, 0..12);
    for count in [3, 6, 9] {
        let daemon = home.start();
        eventually("some articles", || (page_requests(&web).len() >= count).then_some(()));
        daemon.kill();
    }
    let daemon = home.start();
    eventually("all articles", || decided(&home, 12));
    eventually("all entries", || (titles(&home, "armenia").len() == 12).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    let requests = page_requests(&web);
    assert!(requests.len() == 12 && requests.iter().sum::<usize>() <= 15, "{requests:?}");
    assert!(articles(&home).iter().all(|(_, state, ..)| *state == 1));
    // A start after the end requests nothing.
    web.forget_requests();
    let daemon = home.start();
    eventually("some polls", || (web.requests().len() > 2).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    assert!(page_requests(&web).is_empty());
    assert_eq!(titles(&home, "armenia").len(), 12);
}

#[test]
fn an_entry_whose_article_does_not_come_is_decided_by_the_feed() {
    let web = Web::start();
    let outputs = "[[output]]\nname = \"armenia\"\nfilter = \"minister NOT lottery\"\n";
    let home = Home::new(&web.config(&source("full_text = \"match\"", outputs)));
    let daemon = started(&home, &web);
    web.set(&link(1), 503, "", "");
    web.feed(FEED, &[("The minister", &link(1))]);
    eventually("a failed try", || {
        articles(&home).iter().any(|(.., tries, reason)| *tries == 1 && reason.is_some()).then_some(())
    });
    assert_eq!(page_requests(&web), [1], "once more in an hour");
    assert!(titles(&home, "armenia").is_empty());
    // The hour, and the day.
    let store = Connection::open(home.store()).expect("it opens");
    store.busy_timeout(Duration::from_secs(9)).expect("it is set");
    store.execute("UPDATE article SET next_try = 0", []).expect("it is written");
    // New entries wake the publisher.
    web.feed(FEED, &[("The lottery", &link(8)), ("The minister", &link(1))]);
    eventually("the second try", || decided(&home, 1));
    eventually("the entry", || (titles(&home, "armenia").len() == 1).then_some(()));
    assert_eq!(page_requests(&web), [2]);
    web.feed(FEED, &[("Another minister", &link(2)), ("The minister", &link(1))]);
    web.set(&link(2), 503, "", "");
    eventually("a failed try", || (page_requests(&web) == [1, 2]).then_some(()));
    store.execute("UPDATE article SET given_up = 0 WHERE state = 0", []).expect("it is written");
    web.feed(FEED, &[("The lottery again", &link(9)), ("Another minister", &link(2))]);
    eventually("the other entry", || (titles(&home, "armenia").len() == 2).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(articles(&home)[1].3.as_deref(), Some("status 503"));
}

#[test]
fn articles_that_are_shown_are_those_of_entries_that_entered() {
    let web = Web::start();
    let output = |name: &str, query: &str, content: &str| {
        format!("[[output]]\nname = \"{name}\"\nfilter = \"{query}\"\ncontent = \"{content}\"\n")
    };
    let outputs = output("full", "title:armenia", "full") + &output("short", "title:georgia", "summary");
    let home = Home::new(&web.config(&source("", &outputs)));
    let daemon = started(&home, &web);
    pages(&web, 1..4, |_| true);
    web.feed(FEED, &[("Armenia", &link(1)), ("Georgia", &link(2)), ("Turkey", &link(3))]);
    eventually("the entry", || (titles(&home, "full").len() == 1).then_some(()));
    assert!(page_requests(&web).is_empty());
    // Entries of the last day are read once it is turned on.
    home.configure(&web.config(&source("full_text = \"publish\"", &outputs)));
    eventually("the article", || decided(&home, 1));
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(web.requests_for("paper.example/").into_iter().filter(|url| *url == link(1)).count(), 1);
    assert_eq!(page_requests(&web), [1]);
}

#[test]
fn an_edited_entry_has_its_article_read_once_more_with_its_validators() {
    let web = Web::start();
    let home = Home::new(&web.config(&source("full_text = \"match\"", ARMENIA)));
    web.feed(FEED, &[]);
    home.run(&["poll"]);
    let with_etag = |etag: &str, words: &str| {
        let head = format!("Content-Type: text/html\r\nETag: \"{etag}\"\r\n");
        web.set(&link(1), 200, &head, page("Page 1", words));
    };
    with_etag("a", "Georgia");
    web.feed(FEED, &[("Travels", &link(1))]);
    home.run(&["poll"]);
    assert_eq!(articles(&home), [("Travels".to_owned(), 1, 1, None)]);
    // Not modified: then another article, which is not requested any more.
    web.set(&link(1), 304, "", "");
    web.feed(FEED, &[("Travels on", &link(1))]);
    home.run(&["poll"]);
    assert_eq!(articles(&home), [("Travels on".to_owned(), 1, 2, None)]);
    let conditions: Vec<bool> = web
        .requests()
        .iter()
        .filter(|request| request.url == link(1))
        .map(|request| request.head.contains("if-none-match: \"a\""))
        .collect();
    assert_eq!(conditions, [false, true]);
    with_etag("b", "Armenia");
    web.feed(FEED, &[("Travels on and on", &link(1))]);
    home.run(&["poll"]);
    assert_eq!(page_requests(&web), [2]);
    assert!(titles(&home, "armenia").is_empty());
}
