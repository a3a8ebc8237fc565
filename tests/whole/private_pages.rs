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
