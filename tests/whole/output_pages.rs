//! The web page of an output: what it shows of its filter, its older pages, and the search in it.

use crate::origin::Origin;
use crate::program::{Daemon, Home, Response, eventually};

/// Entries in the order of a feed, the newest first: their numbers, and a text for each.
fn feed(numbers: impl DoubleEndedIterator<Item = usize>, text: impl Fn(usize) -> String) -> String {
    let item = |number: usize| {
        let date = format!("Sun, 01 Nov 2026 {:02}:{:02}:00 GMT", number / 60, number % 60);
        format!(
            "<item><title>Entry{number} of the feed</title><guid>{number}</guid><pubDate>{date}</pubDate>\
             <description>{}</description></item>",
            text(number)
        )
    };
    let items: String = numbers.rev().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
}

/// The titles of the entries on a page.
fn titles(page: &Response) -> Vec<usize> {
    let body = page.body.replace("<mark>", "").replace("</mark>", "");
    let numbers = body.split("<h2>Entry").skip(1);
    numbers.map(|rest| rest.split(' ').next().unwrap_or_default().parse().expect("a number")).collect()
}

fn page_with(daemon: &Daemon, path: &str, part: &str) -> Response {
    eventually(&format!("{path} has {part}"), || {
        let page = daemon.get(path);
        (page.status == 200 && page.body.contains(part)).then_some(page)
    })
}

#[test]
fn the_page_of_an_output_shows_its_filter_its_topics_and_its_sources_but_no_secret() {
    let home = Home::new(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example\"\n[topics]\n\
         inner = '''one OR \"<b>&amp;\"'''\nouter = '@inner -/\\bthree\\b/'\nunused = 'hidden'\n\
         [[source]]\nname = \"gazette\"\nurl = \"http://127.0.0.1:9/feed?key=SECRET\"\nallow_private = true\ntags = [\"Press\"]\n\
         [[output]]\nname = \"some\"\nsources = [\"gazette\", \"#press\"]\n\
         filter = '''(@outer OR @armenia) -link:https://user:SECRET@news.example/a?key=SECRET&b=SECRET -link:\"news.example/x?key=SECRET more\"'''\n\
         [[output]]\nname = \"all\"\n",
    );
    let daemon = home.start();
    let some = page_with(&daemon, "/feeds/some", "Which entries it takes").body;
    for part in [
        "(@outer OR @armenia) -link:https://",
        "@news.example/a?***",
        "-link:&quot;news.example/x?********** more&quot;</code>",
        "<dt><code>@inner</code></dt><dd><code lang=\"\" dir=\"auto\">one OR &quot;&lt;b&gt;&amp;amp;&quot;</code></dd>",
        "<dt><code>@outer</code></dt><dd><code lang=\"\" dir=\"auto\">@inner -/\\bthree\\b/</code></dd>",
        "<bdi>gazette</bdi>, <bdi>#press</bdi>",
        "<details class=\"criteria\" open>",
    ] {
        assert!(some.contains(part), "{part} in {some}");
    }
    for part in ["SECRET", "hidden", "@unused", "Try another filter"] {
        assert!(!some.contains(part), "{part} in {some}");
    }
    let all = daemon.get("/feeds/all").body;
    assert!(all.contains("none: every entry") && all.contains("<dt>Sources</dt><dd>all</dd>"), "{all}");
    assert!(!daemon.get("/feeds/_health").body.contains("Which entries it takes"));
    // Another filter is another page, also where it takes the same.
    home.configure(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"gazette\"\nurl = \"http://127.0.0.1:9/feed\"\nallow_private = true\n\
         [[output]]\nname = \"some\"\nfilter = 'one   two'\n[[output]]\nname = \"all\"\n",
    );
    let some = page_with(&daemon, "/feeds/some", ">one   two</code>").body;
    assert!(some.contains("href=\"http://127.0.0.1:"), "{some}");
    assert!(some.contains("/try?output=some\">Try another filter"), "{some}");
}

fn config(origin: &Origin, more: &str) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example/sub\"\n\
         [[source]]\nname = \"s\"\nurl = \"{}\"\nallow_private = true\nevery = \"1s\"\nat_most = \"1s\"\n\
         [[output]]\nname = \"some.thing\"\ntitle = \"<Some>\"\nlimit = 10\n{more}",
        origin.url("/feed")
    )
}

/// The address of the link with this relation between pages.
fn link(page: &Response, relation: &str) -> Option<String> {
    let (_, rest) = page.body.split_once(&format!("<a rel=\"{relation}\" href=\""))?;
    Some(rest.split('"').next().unwrap_or_default().to_owned())
}

#[test]
fn all_pages_of_an_output_can_be_leafed_through_both_ways_and_show_each_entry() {
    let origin = Origin::start();
    let set = |count| {
        let feed = feed(0..count, |number| format!("&lt;b&gt;text&lt;/b&gt; {number}"));
        origin.set("/feed", 200, "application/rss+xml", feed);
    };
    set(34);
    let home = Home::new(&config(&origin, "filter = \"feed\"\n"));
    let daemon = home.start();
    let current = page_with(&daemon, "/feeds/some.thing", "Entry33 of");
    assert_eq!(titles(&current), (24..34).rev().collect::<Vec<_>>());
    // The last archive page has the four newest entries, which are shown here.
    assert_eq!(link(&current, "next").as_deref(), Some("/sub/feeds/some.thing/archive/3"));
    assert_eq!(link(&current, "prev"), None);
    let mut pages = vec![current];
    while let Some(path) = link(&pages[pages.len() - 1], "next") {
        let page = daemon.get(&path);
        assert_eq!((page.status, page.header("cache-control")), (200, Some("public, max-age=300")), "{path}");
        assert!(page.header("access-control-allow-origin").is_none());
        assert!(page.body.contains("<title>&lt;Some&gt;: older entries, page "), "{}", page.body);
        assert!(page.body.contains(&format!("<link rel=\"canonical\" href=\"http://feeds.example{path}\">")));
        assert!(page.body.contains("Which entries it takes") && page.body.contains("<mark>feed</mark>"));
        assert!(page.body.contains("href=\"/sub/feeds/some.thing\">Newest entries</a>"));
        pages.push(page);
    }
    let shown: Vec<Vec<usize>> = pages.iter().skip(1).map(titles).collect();
    let expected = [20..30, 10..20, 0..10].map(|range| range.rev().collect::<Vec<_>>());
    assert_eq!(shown, expected);
    // And back to the newest entries.
    let mut path = link(&pages[3], "prev");
    for expected in ["archive/2", "archive/3", "archive/4", "thing"] {
        let found = path.expect("a newer page");
        assert!(found.ends_with(expected), "{found}");
        path = link(&daemon.get(&found), "prev");
    }
    assert_eq!(path, None);
    for path in ["archive/0", "archive/5", "archive/01", "archive/99999999999", "archive/1.html", "archive/"]
    {
        assert_eq!(daemon.get(&format!("/feeds/some.thing/{path}")).status, 404, "{path}");
    }
    // A page of an output that nobody may see without the token.
    let tag = pages[1].header("etag").expect("a tag").to_owned();
    let again = daemon.request("GET", "/feeds/some.thing/archive/3", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(again.status, 304);
    let foreign = "X-Forwarded-For: 192.0.2.9\r\n";
    assert_eq!(daemon.request("GET", "/feeds/some.thing/archive/3", foreign).status, 200);
    home.configure(&config(&origin, "filter = \"feed\"\nprivate = true\n"));
    eventually("it is private", || {
        let refused = daemon.request("GET", "/feeds/some.thing/archive/3", foreign);
        (refused.status == 401 && !refused.body.contains("Entry")).then_some(())
    });
    let own = page_with(&daemon, "/feeds/some.thing/archive/3", "why is this here?");
    assert_eq!(own.header("cache-control"), Some("private, no-cache"));
}

#[test]
fn a_search_finds_what_an_output_shows_and_nothing_else() {
    let origin = Origin::start();
    let feed = feed(0..34, |number| match number {
        3 => "Elections in Yerevan".to_owned(),
        4 => "short".to_owned(),
        30 => "&lt;b&gt;bold&lt;/b&gt; and &amp;lt;script&amp;gt; \"quoted\"".to_owned(),
        _ => "nothing".to_owned(),
    });
    // What the output does not show cannot be found.
    let content = "<content:encoded xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">secretword";
    let feed =
        feed.replace(">short<", &format!(">short</description>{content}</content:encoded><description><"));
    let feed = feed.replace("<description></description>", "");
    origin.set("/feed", 200, "application/rss+xml", feed);
    let more = "content = \"summary\"\n[topics]\nsecret = \"nothing\"\n\
                [[output]]\nname = \"closed\"\nprivate = true\n[[output]]\nname = \"none\"\nfilter = \"absentword\"\n";
    let home = Home::new(&config(&origin, more));
    let daemon = home.start();
    page_with(&daemon, "/feeds/some.thing", "Entry33 of");
    let foreign = "X-Forwarded-For: 192.0.2.9\r\n";
    let search = |query: &str| daemon.request("GET", &format!("/feeds/some.thing?q={query}"), foreign);
    // A built-in topic stands for its names, a word for its forms.
    for (query, numbers, counted) in [
        ("@armenia", vec![3], "1 entry of 34"),
        ("election", vec![3], "1 entry of 34"),
        ("bold", vec![30], "1 entry of 34"),
        ("title:entry30", vec![30], "1 entry of 34"),
        ("title:%22entry30%22+OR+yerevan", vec![30, 3], "2 entries of 34"),
        ("secretword", vec![], "0 entries of 34"),
        ("text:secretword", vec![], "0 entries of 34"),
        ("+%20nothing+-feed", vec![], "0 entries of 34"),
    ] {
        let page = search(query);
        assert_eq!((page.status, titles(&page)), (200, numbers), "{query}");
        assert!(page.body.contains(counted), "{query}: {}", page.body);
        assert_eq!(page.header("cache-control"), Some("public, max-age=300"));
        assert!(page.body.contains("<meta name=\"robots\" content=\"noindex, nofollow\">"));
        assert!(!page.body.contains("/try"), "{}", page.body);
    }
    assert!(search("@armenia").body.contains("<mark>Yerevan</mark>"));
    assert_eq!(titles(&search("feed")).len(), 34, "more than `limit`");
    // Topics, tags and sources of the config are nobody's business.
    for query in ["@secret", "tag:press", "(bold", "%22", "/%5b/", "a\u{202e}%00b"] {
        let page = search(query);
        assert_eq!((page.status, titles(&page)), (200, vec![]), "{query}");
        assert!(
            page.body.contains("This cannot be searched for.") && page.body.contains('^'),
            "{}",
            page.body
        );
    }
    let hostile = search("%22%3E%3Cscript%3Ealert(1)%3C/script%3E").body;
    assert!(!hostile.contains("<script"), "{hostile}");
    // A long query is cut off, an empty one is the page.
    assert!(search(&"x".repeat(5000)).body.contains(&format!("value=\"{}\"", "x".repeat(100))));
    for query in ["", "%20", "&page=2"] {
        assert!(search(query).body.contains("To subscribe"), "{query}");
    }
    // Those who may see more get more.
    let own = daemon.get("/feeds/closed?q=@armenia&q=b").body;
    assert!(own.contains("/sub/try?q=%40armenia\">Search all that is kept"), "{own}");
    assert_eq!(daemon.request("GET", "/feeds/closed?q=armenia", foreign).status, 401);
    assert_eq!(titles(&daemon.get("/feeds/closed?q=secretword")), [4]);
    assert!(daemon.get("/feeds/none?q=armenia").body.contains("0 entries of 0"));
    for path in ["/feeds/_health?q=x", "/feeds/some.thing.json?q=x", "/?q=x"] {
        let page = daemon.get(path);
        assert!(page.status == 200 && !page.body.contains("noindex"), "{path}");
    }
    assert_eq!(daemon.get("/feeds/nowhere?q=x").status, 404);
}
