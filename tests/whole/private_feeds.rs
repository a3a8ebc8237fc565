//! What readers of private outputs get, and what the others do not.

use crate::origin::Origin;
use crate::program::{Daemon, Home, Response, eventually};

const TOKEN: &str = "correct-horse/battery&staple";
/// The same as it stands in an address.
const ESCAPED: &str = "correct-horse%2Fbattery%26staple";
const PUBLIC_URL: &str = "https://feeds.example/news";
/// Not from this machine alone.
const FORWARDED: &str = "X-Forwarded-For: 192.0.2.1\r\n";

fn from_elsewhere(daemon: &Daemon, path: &str, headers: &str) -> Response {
    daemon.request("GET", path, &format!("{FORWARDED}{headers}"))
}

fn home(config: &str) -> Home {
    let serve = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\ntoken = {{ file = \"token\" }}\npublic_url = \"{PUBLIC_URL}\"\n"
    );
    let home = Home::new(&(serve + config));
    std::fs::write(home.path().join("token"), TOKEN).expect("a token");
    home
}

/// Entries whose links, texts and titles have our addresses, also as if they were links of the feed.
fn feed(count: usize) -> String {
    let own = format!("{PUBLIC_URL}/feeds/closed.atom");
    let items = (0..count).map(|n| {
        format!(
            "<item><guid>https://a.example/{n}</guid><title>Number {n} &lt;link rel=\"self\" href=\"{own}\"/&gt;</title>\
             <link>https://evil.example/?n={n}&amp;u={own}</link>\
             <description>&lt;p&gt;&lt;a href=\"{own}\"&gt;Its text number {n}&lt;/a&gt;\
             \n  \"feed_url\": \"{own}\"&lt;/p&gt;</description></item>"
        )
    });
    format!("<rss version=\"2.0\"><channel><title>Site</title>{}</channel></rss>", items.collect::<String>())
}

/// The addresses in a document of which readers make requests.
fn links(body: &str) -> Vec<String> {
    let starts: &[&str] = match body.starts_with('{') {
        true => &["\"feed_url\": \"", "\"next_url\": \""],
        false => &[
            "link rel=\"self\"", "link rel=\"current\"", "link rel=\"prev-archive\"",
            "link rel=\"next-archive\"",
        ],
    };
    let values = body.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("<atom:").or_else(|| line.strip_prefix('<')).unwrap_or(line);
        let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
        let rest = rest.strip_prefix(" href=\"").unwrap_or(rest);
        Some(rest.split('"').next()?.replace("&#x26;", "&"))
    });
    values.filter(|value| value.starts_with(PUBLIC_URL)).collect()
}

#[test]
fn a_reader_with_the_token_in_the_address_follows_the_links_of_a_private_feed() {
    let origin = Origin::start();
    origin.set("/feed", 200, "application/rss+xml", feed(5));
    let source = format!("[[source]]\nurl = \"{}\"\nallow_private = true\n", origin.url("/feed"));
    let outputs =
        "[[output]]\nname = \"open\"\nlimit = 2\n[[output]]\nname = \"closed\"\nprivate = true\nlimit = 2\n";
    let home = home(&(source + outputs));
    let daemon = home.start();
    eventually("the entries", || {
        daemon.get("/feeds/closed.atom").body.contains("prev-archive").then_some(())
    });
    for extension in [".atom", ".rss", ".json"] {
        let mut left = vec![format!("/feeds/closed{extension}?token={ESCAPED}")];
        let mut read: Vec<String> = Vec::new();
        while let Some(path) = left.pop().filter(|path| !read.contains(path)) {
            let response = from_elsewhere(&daemon, &path, "");
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(response.header("cache-control"), Some("private, no-cache"), "{path}");
            let links = links(&response.body);
            let parameter = format!("?token={ESCAPED}");
            assert!(
                !links.is_empty() && links.iter().all(|link| link.ends_with(&parameter)),
                "{path}: {links:?}"
            );
            // Nothing else is changed, and nothing of it is kept.
            assert_eq!(response.body.matches(ESCAPED).count(), links.len(), "{path}: {}", response.body);
            let plain = from_elsewhere(&daemon, path.split('?').next().expect("a path"), &bearer());
            assert_eq!(response.body.replace(&parameter, ""), plain.body, "{path}");
            assert_ne!(response.header("etag"), plain.header("etag"), "{path}");
            let tag = response.header("etag").expect("a tag");
            let again = from_elsewhere(&daemon, &path, &format!("If-None-Match: {tag}\r\n"));
            assert_eq!(again.status, 304, "{path}");
            let plain_tag = format!(
                "If-None-Match: {}
",
                plain.header("etag").expect("a tag")
            );
            assert_eq!(from_elsewhere(&daemon, &path, &plain_tag).status, 200, "{path}");
            read.push(path);
            left.extend(
                links.iter().filter_map(|link| Some(link.strip_prefix(PUBLIC_URL)?.to_owned())).rev(),
            );
            left.retain(|path| !read.contains(path));
        }
        assert!(read.len() >= 2, "{read:?}");
    }
}

fn bearer() -> String {
    format!("Authorization: Bearer {TOKEN}\r\n")
}

#[test]
fn the_links_of_other_feeds_and_for_other_readers_stay() {
    let outputs = "[[output]]\nname = \"open\"\n[[output]]\nname = \"closed\"\nprivate = true\n";
    let home = home(outputs);
    let daemon = home.start();
    let own = |path: &str, headers: &str| links(&from_elsewhere(&daemon, path, headers).body);
    let is_plain = |links: Vec<String>| !links.is_empty() && links.iter().all(|link| !link.contains("token"));
    for extension in [".atom", ".rss", ".json"] {
        let (open, closed) = (format!("/feeds/open{extension}"), format!("/feeds/closed{extension}"));
        assert!(is_plain(own(&format!("{open}?token={ESCAPED}"), "")));
        assert!(is_plain(own(&closed, &bearer())));
        assert!(is_plain(own(&format!("{closed}?token=wrong"), &bearer())));
        assert!(is_plain(links(&daemon.get(&format!("{closed}?token=wrong")).body)), "on this machine");
        let search = format!("/try{extension}?q=armenia");
        assert!(is_plain(own(&search, &bearer())));
        let found = own(&format!("{search}&token={ESCAPED}"), "");
        assert_eq!(found, [format!("{PUBLIC_URL}{search}&token={ESCAPED}")]);
    }
}
