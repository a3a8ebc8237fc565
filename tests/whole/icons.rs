//! Icons: Siftwire's own and those of outputs, in every document and at their addresses.

use crate::faults::RSS;
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00";

fn config(icon: &str) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example/news\"\n[[output]]\nname = \"a b\"\n{icon}\n"
    )
}

/// What the documents of the output name as its icon, each once, and the icon of its page.
fn named(daemon: &Daemon) -> (Vec<String>, String) {
    let get = |extension: &str| daemon.get(&format!("/feeds/a%20b{extension}")).body;
    let between = |body: &str, start: &str, end: &str| -> String {
        let (_, rest) = body.split_once(start).unwrap_or_else(|| panic!("{start} in {body}"));
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    let (atom, rss, json) = (get(".atom"), get(".rss"), get(".json"));
    let mut icons = vec![
        between(&atom, "<icon>", "</icon>"),
        between(&atom, "<logo>", "</logo>"),
        between(&between(&rss, "<image>", "</image>"), "<url>", "</url>"),
        between(&json, "\"icon\": \"", "\""),
        between(&json, "\"favicon\": \"", "\""),
    ];
    icons.dedup();
    (icons, between(&get(""), "<link rel=\"icon\" href=\"", "\""))
}

fn kind_and_length(daemon: &Daemon, path: &str) -> Option<(String, String)> {
    let response = daemon.request("HEAD", path, "");
    let header = |name| response.header(name).map(str::to_owned);
    (response.status == 200).then(|| header("content-type").zip(header("content-length")))?
}

#[test]
fn every_document_names_an_icon_that_is_served() {
    let home = Home::new(&config(""));
    std::fs::write(home.path().join("a.gif"), GIF).expect("a file");
    let daemon = home.start();
    let has = |path: &str| eventually(path, || kind_and_length(&daemon, path));
    assert_eq!(has("/favicon.ico"), ("image/x-icon".into(), "5430".into()));
    assert_eq!(has("/news/icon.png"), ("image/png".into(), "3120".into()));
    let own = "https://feeds.example/news/icon.png";
    assert_eq!(named(&daemon), (vec![own.into()], "/news/icon.png".into()));
    let link = "<link rel=\"icon\" href=\"/news/icon.png\">";
    eventually("the front page", || daemon.get("/").body.contains(link).then_some(()));
    let policy = daemon.get("/").header("content-security-policy").map(str::to_owned);
    assert!(policy.is_some_and(|policy| policy.contains("img-src 'self'")));

    home.configure(&config("icon = \"a.gif\""));
    assert_eq!(has("/feeds/a%20b/icon.gif"), ("image/gif".into(), GIF.len().to_string()));
    let file = "https://feeds.example/news/feeds/a%20b/icon.gif";
    let expected = (vec![file.to_owned()], "/news/feeds/a%20b/icon.gif".to_owned());
    eventually("the icon of the output", || (named(&daemon) == expected).then_some(()));

    // A page loads nothing from elsewhere.
    home.configure(&config("icon = \"https://icons.example/a?b=1&c=2\""));
    let expected = |icon: &str| icon.replace("&#x26;", "&") == "https://icons.example/a?b=1&c=2";
    eventually("the address of the icon", || {
        let (icons, page) = named(&daemon);
        (icons.iter().all(|icon| expected(icon)) && page == "/news/icon.png").then_some(())
    });
    assert_eq!(daemon.get("/feeds/a%20b/icon.gif").status, 404);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn the_source_of_an_entry_has_its_picture() {
    const PATH: &str = "/site?token=8f14e45fceea167a5a36dedd4bea2543";
    let origin = Origin::start();
    let feed = |image: &str| {
        format!(
            "<rss version=\"2.0\"><channel><title>Site</title>{image}<item><title>Entry</title></item></channel></rss>"
        )
    };
    let image = |url: &str| format!("<image><title>Site</title><url>{url}</url></image>");
    origin.set(PATH, 200, RSS, feed(&image("https://site.example/a.png")));
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n[[source]]\nurl = \"{}\"\n\
         allow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url(PATH)
    ));
    let daemon = home.start();
    let shown = |icon: &str| {
        let document = daemon.get("/feeds/all.atom").body;
        document.split_once("<source>")?.1.contains(icon).then_some(())
    };
    eventually("the picture", || shown("<icon>https://site.example/a.png</icon>"));
    origin.set(PATH, 200, RSS, feed(&image("https://site.example/b.png")));
    eventually("another picture", || shown("<icon>https://site.example/b.png</icon>"));
    // What has a secret of the source's address is not published.
    origin.set(PATH, 200, RSS, feed(&image("https://site.example/8f14e45fceea167a5a36dedd4bea2543.png")));
    eventually("no picture", || {
        (!daemon.get("/feeds/all.atom").body.contains("8f14") && shown("<icon>").is_none()).then_some(())
    });
}
