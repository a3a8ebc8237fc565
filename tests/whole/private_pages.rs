//! What the private pages show.

use jiff::{SignedDuration, Timestamp};

use crate::origin::Origin;
use crate::program::{Home, eventually};

/// A title that is markup, and its form in a page.
const HOSTILE: (&str, &str) = (
    "</title><script>alert(1)</script>\"'&",
    "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&amp;",
);

/// Entries of the last days, the newest first.
fn feed(title: &str, entries: usize) -> String {
    let items: String = (0..entries)
        .map(|ago| {
            let date = Timestamp::now() - SignedDuration::from_hours(24 * i64::try_from(ago).expect("few"));
            let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
            format!("<item><title>Entry {ago}</title><guid>{ago}</guid><pubDate>{date}</pubDate></item>")
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>{title}</title>{items}</channel></rss>")
}

/// A source whose title in the config is markup.
fn source(name: &str, url: &str) -> String {
    let title = HOSTILE.0.replace('"', "\\\"");
    format!(
        "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\nevery = \"1s\"\nat_most = \"1s\"\n\
         title = \"{title}\"\n"
    )
}

#[test]
fn the_page_of_a_source_shows_its_days_its_next_poll_its_failures_and_what_its_documents_have() {
    let origin = Origin::start();
    origin.set("/feed?key=SECRET", 200, "application/rss+xml", feed("Old", 3));
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example/sub\"\n{}{}[[output]]\nname = \"all\"\n",
        source("a.b-ц", &origin.url("/feed?key=SECRET")),
        source("other", &origin.url("/none")),
    ));
    let daemon = home.start();
    let path = "/sub/sources/a.b-%D1%86";
    let page = |what: &str, parts: &[&str]| {
        eventually(what, || {
            let page = daemon.get(path);
            (page.status == 200 && parts.iter().all(|part| page.body.contains(part))).then_some(page)
        })
    };
    let first = page(
        "it is polled",
        &["3 entries in 30 days, at most 1 on a day", "3 of the last 3 entries", "100 %"],
    );
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let body = &first.body;
    for part in [
        &format!("<h1 dir=\"auto\">{}</h1>", HOSTILE.1),
        "href=\"/sub/sources\"",
        "href=\"/sub/feeds/all\"",
        "1day, the median",
        "None in 30 days.",
        "The last one has no problem.",
        "has not been asked yet",
        "<svg class=\"chart\" role=\"img\"",
        "<th scope=\"col\">not modified</th>",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(!body.contains("<script>alert") && !body.contains("SECRET"), "{body}");
    // The same document again, then another one, then none.
    page("it has not changed", &[" not modified, 0 failed"]);
    origin.set(
        "/feed?key=SECRET",
        200,
        "application/rss+xml",
        feed("New", 4).replace("Entry 0", "Entry </b> 0"),
    );
    page(
        "another document",
        &["4 entries in 30 days", "Problems of the last one", "feed-rs, another reader, "],
    );
    origin.set("/feed?key=SECRET", 500, "text/plain", "");
    page("it fails", &["failing since", "1 failed", "<p>status 500"]);
    assert_eq!(daemon.get("/sources/none").status, 404);
    assert_eq!(daemon.get("/sources/a/b").status, 404);
    assert_eq!(daemon.get("/sources/%00%ff").status, 404);

    // Another request is one that asks for it.
    let head = format!("Host: {}\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: close\r\n\r\n", daemon.address());
    assert_eq!(daemon.send(&format!("GET {path} HTTP/1.1\r\n{head}")).status, 401);
}

#[test]
fn the_sources_are_listed_by_what_is_wrong_with_them() {
    let origin = Origin::start();
    origin.set("/a", 200, "application/rss+xml", feed("Well", 1));
    origin.set("/b", 200, "application/rss+xml", feed("Broken", 1).replace("Entry 0", "Entry </b> 0"));
    origin.set("/c", 404, "text/plain", "");
    let sources = [("a-well", "/a"), ("b-broken", "/b"), ("c-failing", "/c")];
    let sources: String = sources.map(|(name, path)| source(name, &origin.url(path))).concat();
    let home =
        Home::new(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n{sources}[[output]]\nname = \"all\"\n"));
    let daemon = home.start();
    eventually("they are in order", || {
        let page = daemon.get("/sources").body;
        let at = |name: &str| page.find(&format!("href=\"/sources/{name}\"")).expect("it is listed");
        let is_polled = page.contains("its last document has a problem") && page.contains("failing since");
        (is_polled && at("c-failing") < at("b-broken") && at("b-broken") < at("a-well")).then(|| {
            assert!(page.contains(HOSTILE.1) && !page.contains("<script>alert"), "{page}");
        })
    });
    let found = daemon.get("/sources?q=broken").body;
    assert!(found.contains("/sources/b-broken") && !found.contains("/sources/a-well"), "{found}");
}

const TEXT: &str = "Four nurses who were being treated for the disease have been discharged from a hospital in the east \
     of the country, the ministry of health said on Monday, and two more are expected to leave it soon.";

/// A feed with one entry about the nurses.
fn nurses(paper: &str, minute: u32) -> String {
    let date =
        (Timestamp::now() - SignedDuration::from_mins(minute.into())).strftime("%a, %d %b %Y %H:%M:%S GMT");
    format!(
        "<rss version=\"2.0\"><channel><title>{paper}</title><language>en</language><item><title>Four nurses discharged from \
         hospital</title><link>https://{paper}.example/nurses</link><guid isPermaLink=\"false\">{paper}</guid>\
         <description>{TEXT} &lt;img src=x onerror=alert(1)&gt;</description><pubDate>{date}</pubDate></item></channel></rss>"
    )
}

#[test]
fn an_entry_has_a_page_with_the_reasons_of_explain_and_its_story_and_the_stories_are_listed() {
    let origin = Origin::start();
    origin.set("/times", 200, "application/rss+xml", nurses("times", 9));
    origin.set("/herald", 200, "application/rss+xml", nurses("herald", 5));
    let filters = [
        ("all", ""),
        ("ill", "filter = 'disease AND (nurse OR zebra)'"),
        ("none", "filter = 'zebra <b>'"),
        ("not", "filter = 'hospital AND NOT monday'"),
        ("other", "sources = ['herald']"),
        ("closed", "private = true"),
        ("few", "limit = 1\nstories = 'all'"),
        ("small", "filter = 'title:nurses'\nstories = 'all'\nper_source = 1"),
    ];
    let outputs: String =
        filters.map(|(name, more)| format!("[[output]]\nname = \"{name}\"\n{more}\n")).concat();
    let sources = ["times", "herald"].map(|name| source(name, &origin.url(&format!("/{name}")))).concat();
    let config = |public_url: &str| {
        format!("[serve]\nlisten = \"127.0.0.1:0\"\n{public_url}[poll]\nper_host = 2\n{sources}{outputs}")
    };
    let home = Home::new(&config(""));
    let daemon = home.start();
    let merged = eventually("they are one story", || {
        let stories = daemon.get("/stories");
        stories.body.contains("siftwire stories split ").then_some(stories)
    });
    assert_eq!((merged.status, merged.header("cache-control")), (200, Some("private, no-cache")));
    let number = |after: &str| {
        let rest = merged.body.split(after).nth(1).expect("it is there");
        rest.split(|c: char| !c.is_ascii_digit()).next().expect("a number").to_owned()
    };
    let (joined, first) = (number("siftwire stories split "), number("same story as <a href=\"/entry/"));
    assert_ne!(joined, first);
    assert!(merged.body.contains(HOSTILE.1) && !merged.body.contains("<script>alert"), "{}", merged.body);

    eventually("the outputs are evaluated", || {
        daemon.get("/feeds/few.atom").body.contains("<entry>").then_some(())
    });
    for number in [&joined, &first] {
        let page = daemon.get(&format!("/entry/{number}")).body;
        let plain =
            page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let explained: serde_json::Value =
            serde_json::from_str(&home.run(&["explain", number, "--json"]).1).expect("JSON");
        let outputs = explained["outputs"].as_array().expect("a list");
        assert_eq!(outputs.len(), filters.len());
        for output in outputs {
            let name = output["output"].as_str().expect("a name");
            let part = plain.split(&format!("/feeds/{name}\">")).nth(1).expect("it is on the page");
            let part = part.split("<h3>").next().expect("a part").split("<h2>").next().expect("a part");
            let answer = match (output["shown"] == true, output["member"] == true) {
                (true, _) => "yes",
                (false, true) => "in the archive only",
                (false, false) => "no",
            };
            assert!(part.contains(&format!(">{answer}</span>")), "{name}: {part}");
            for reason in output["why"].as_array().expect("a list") {
                let text = |key: &str| reason[key].as_str().expect("text").to_owned();
                let line = format!("{} in {}: {}", text("term"), text("field"), text("found"));
                assert!(part.contains(&line), "{name}: {line} in {part}");
            }
            for failed in output["failed"].as_array().expect("a list") {
                let line = format!(
                    "<code>{}</code>: <bdi>{}</bdi>",
                    failed["part"].as_str().expect("text"),
                    failed["because"].as_str().expect("text")
                );
                assert!(part.contains(&line), "{name}: {line} in {part}");
            }
            for rule in output["cut"].as_array().expect("a list") {
                assert!(part.contains(rule.as_str().expect("text")), "{name}: {rule} in {part}");
            }
        }
        assert!(
            page.contains(HOSTILE.1) && !page.contains("<script>alert") && !page.contains("<img"),
            "{page}"
        );
        assert!(
            page.contains(&format!("siftwire stories split {number}")) && page.contains("First seen"),
            "{page}"
        );
    }
    for none in
        ["/entry/999999", "/entry/0", "/entry/-1", "/entry/9223372036854775807", "/entry/x", "/entry/1/2"]
    {
        assert_eq!(daemon.get(none).status, 404, "{none}");
    }
    // Where the reader may see it, each entry of an output says why it is there.
    let link = |output: &str| daemon.get(&format!("/feeds/{output}")).body.contains("why is this here?");
    assert!(link("all") && link("closed") && !link("_health"));
    home.configure(&config("public_url = \"https://feeds.example/\"\n"));
    eventually("the pages are of another address", || (!link("all")).then_some(()));
    eventually("those of private outputs too", || {
        daemon.get("/feeds/closed").body.contains("href=\"https://feeds.example/entry/").then_some(())
    });
}
