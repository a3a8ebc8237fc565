//! `siftwire add` with pages of many shapes: which feed it finds, and how many requests that takes.

use crate::origin::Origin;
use crate::program::Home;

const FEED: &str =
    "<rss version=\"2.0\"><channel><title>Paper</title><item><title>News</title></item></channel></rss>";
const CONFIG: &str = "[[source]]\nurl = \"https://first.example/feed\"\n[[output]]\nname = \"all\"\n";
const RSS: &str = "rel=alternate type=application/rss+xml";

/// What was typed, the pages, the feeds that exist, and the one to be found.
struct Case {
    typed: &'static str,
    pages: Vec<(&'static str, String)>,
    feeds: &'static [&'static str],
    found: &'static str,
    /// Requests of what does not exist.
    missed: usize,
}

fn case(
    typed: &'static str,
    page: impl Into<String>,
    feeds: &'static [&'static str],
    found: &'static str,
) -> Case {
    Case { typed, pages: vec![(typed, page.into())], feeds, found, missed: 0 }
}

/// Hosts are of a proxy, so that known sites can be among them.
fn cases() -> Vec<Case> {
    let head = |links: &str| format!("<html lang=en><head>{links}</head><body><p>Today's news.");
    vec![
        // Links to declare a feed.
        case(
            "http://a.example/",
            head(&format!("<link {RSS} href=/news>")),
            &["http://a.example/news"],
            "http://a.example/news",
        ),
        case(
            "http://b.example/",
            head("<link rel=feed href=/n>"),
            &["http://b.example/n"],
            "http://b.example/n",
        ),
        case(
            "http://c.example/",
            head("<link rel=alternate href=/rss.xml>"),
            &["http://c.example/rss.xml"],
            "http://c.example/rss.xml",
        ),
        case(
            "http://d.example/",
            head("<link rel=alternate type=text/html href=/all.atom>"),
            &["http://d.example/all.atom"],
            "http://d.example/all.atom",
        ),
        // Links to click on.
        case(
            "http://f.example/",
            "<html><a href='/news/rss/'>Feed</a>",
            &["http://f.example/news/rss/"],
            "http://f.example/news/rss/",
        ),
        case(
            "http://g.example/",
            "<html><a href='/?format=feed&amp;type=rss'>Feed</a>",
            &["http://g.example/?format=feed&type=rss"],
            "http://g.example/?format=feed&type=rss",
        ),
        case(
            "http://h.example/",
            "<html><a href='feed:http://h.example/x1'>Feed</a>",
            &["http://h.example/x1"],
            "http://h.example/x1",
        ),
        case(
            "http://i.example/",
            "<html><a type='application/atom+xml' href='/x2'>Feed</a>",
            &["http://i.example/x2"],
            "http://i.example/x2",
        ),
        // Pages that list feeds.
        Case {
            pages: vec![
                (
                    "http://j.example/",
                    "<html><a href='/about'>About</a><a href='/our-feeds.html'>Our feeds</a>".into(),
                ),
                ("http://j.example/our-feeds.html", "<html><a href='/politics.rss'>Politics</a>".into()),
            ],
            ..case(
                "http://j.example/",
                "",
                &["http://j.example/politics.rss"],
                "http://j.example/politics.rss",
            )
        },
        Case {
            pages: vec![
                ("http://k.example/", "<html><a href='/rss'>RSS</a>".into()),
                ("http://k.example/rss", "<html><a href='/rss/top.xml'>Top</a>".into()),
            ],
            ..case("http://k.example/", "", &["http://k.example/rss/top.xml"], "http://k.example/rss/top.xml")
        },
        // A page that sends elsewhere.
        Case {
            pages: vec![
                ("http://l.example/", "<html><meta http-equiv=Refresh content=\"0; URL='/home'\">".into()),
                ("http://l.example/home", head(&format!("<link {RSS} href=/x3>"))),
            ],
            ..case("http://l.example/", "", &["http://l.example/x3"], "http://l.example/x3")
        },
        // Of several.
        case(
            "http://m.example/ru/",
            format!("<html lang=ru><link {RSS} href=/en/f><link {RSS} href=/ru/f>"),
            &["http://m.example/en/f", "http://m.example/ru/f"],
            "http://m.example/ru/f",
        ),
        case(
            "http://n.example/",
            format!("<html lang=hy><link {RSS} hreflang=ru href=/f1><link {RSS} hreflang=hy href=/f2>"),
            &["http://n.example/f1", "http://n.example/f2"],
            "http://n.example/f2",
        ),
        case(
            "http://o.example/sport/",
            head(&format!("<link {RSS} href=/feed><link {RSS} href=/sport/feed>")),
            &["http://o.example/feed", "http://o.example/sport/feed"],
            "http://o.example/sport/feed",
        ),
        case(
            "http://p.example/",
            head(&format!("<link {RSS} title='Comments' href=/c><link {RSS} href=/f>")),
            &["http://p.example/c", "http://p.example/f"],
            "http://p.example/f",
        ),
        // What is declared and is none is passed by.
        Case {
            missed: 1,
            ..case(
                "http://q.example/",
                head(&format!("<link {RSS} href=/gone><link {RSS} href=/f>")),
                &["http://q.example/f"],
                "http://q.example/f",
            )
        },
        // Sites of a kind.
        case(
            "http://www.youtube.com/channel/UC1",
            "",
            &["http://www.youtube.com/feeds/videos.xml?channel_id=UC1"],
            "http://www.youtube.com/feeds/videos.xml?channel_id=UC1",
        ),
        case(
            "http://www.youtube.com/playlist?list=PL1",
            "",
            &["http://www.youtube.com/feeds/videos.xml?playlist_id=PL1"],
            "http://www.youtube.com/feeds/videos.xml?playlist_id=PL1",
        ),
        case(
            "http://www.youtube.com/@handle",
            head("<link rel=canonical href='http://www.youtube.com/channel/UC2'>"),
            &["http://www.youtube.com/feeds/videos.xml?channel_id=UC2"],
            "http://www.youtube.com/feeds/videos.xml?channel_id=UC2",
        ),
        case(
            "http://www.reddit.com/r/armenia",
            "",
            &["http://www.reddit.com/r/armenia/.rss"],
            "http://www.reddit.com/r/armenia/.rss",
        ),
        case(
            "http://medium.com/@someone",
            "",
            &["http://medium.com/feed/@someone"],
            "http://medium.com/feed/@someone",
        ),
        case(
            "http://github.com/owner/name",
            "",
            &["http://github.com/owner/name/releases.atom"],
            "http://github.com/owner/name/releases.atom",
        ),
        case(
            "http://paper.substack.com/",
            "",
            &["http://paper.substack.com/feed"],
            "http://paper.substack.com/feed",
        ),
        case(
            "http://social.example/@someone",
            "<html><div id=mastodon>",
            &["http://social.example/@someone.rss"],
            "http://social.example/@someone.rss",
        ),
        case(
            "http://r.example/2026/",
            "<html><img src='/wp-content/x.png'>",
            &["http://r.example/feed/"],
            "http://r.example/feed/",
        ),
        case(
            "http://s.example/",
            "<html><script src='/bitrix/js/main.js'></script>",
            &["http://s.example/rss/"],
            "http://s.example/rss/",
        ),
        Case {
            missed: 3,
            ..case(
                "http://t.example/",
                "<html>Nothing.",
                &["http://t.example/rss.xml"],
                "http://t.example/rss.xml",
            )
        },
    ]
}

#[test]
fn the_feed_of_a_page_of_each_shape_is_found_with_few_requests() {
    for Case { typed, pages, feeds, found, missed } in cases() {
        let origin = Origin::start();
        for (url, page) in pages.into_iter().filter(|(_, page)| !page.is_empty()) {
            origin.set(url, 200, "text/html", page);
        }
        for feed in feeds {
            origin.set(feed, 200, "application/rss+xml", FEED);
        }
        let home = Home::new(&format!("[poll]\nproxy = \"{}\"\n{CONFIG}", origin.url("/")));
        let (code, _, said) = home.run(&["add", typed]);
        let edited = std::fs::read_to_string(home.path().join("config.toml")).expect("a config");
        assert_eq!(code, Some(0), "{typed}: {said}");
        assert!(edited.contains(&format!("url = \"{found}\"\n")), "{typed}: {edited}");
        assert_eq!(
            origin.requests_without_document().len(),
            missed,
            "{typed}: {:?}",
            origin.requests_without_document()
        );
    }
}

#[test]
fn others_are_listed() {
    let origin = Origin::start();
    let link = |name: &str| format!("<link {RSS} title='{name}' href=/{name}>");
    origin.set(
        "/",
        200,
        "text/html",
        format!("<html>{}{}{}", link("politics"), link("comments"), link("sport")),
    );
    origin.set("/politics", 200, "application/rss+xml", FEED);
    let home = Home::new(CONFIG);
    let (code, _, said) = home.run(&["add", &origin.url("/"), "--allow-private", "--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    let [sport, comments] = ["sport", "comments"]
        .map(|name| said.find(&format!("Other feed: {}", origin.url(&format!("/{name}")))));
    assert!(sport.is_some() && sport < comments, "{said}");
}
