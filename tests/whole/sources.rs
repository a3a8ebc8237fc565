//! The commands for sources of the config: `add`, `opml import`, `opml export`.

use crate::origin::Origin;
use crate::program::Home;

const FEED: &str = "<rss version=\"2.0\"><channel><title>The Gazette</title><link>https://gazette.example/</link>
    <item><title>Old news</title><guid>1</guid><pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate></item>
    <item><title>New news</title><guid>2</guid><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>";

const CONFIG: &str = "# Mine.\n[[source]]\nname = 'first'   # the first\nurl = \"https://first.example/feed\"\n\n# Outputs from here.\n[[output]]\nname = \"all\"\n";

fn text(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("config.toml")).expect("a config")
}

#[test]
fn add_finds_shows_and_adds_the_feed_of_a_page() {
    let origin = Origin::start();
    origin.set(
        "/",
        200,
        "text/html",
        "<html><head><link rel=alternate type=application/rss+xml href='/deep/news.rss'></head>",
    );
    origin.set("/deep/news.rss", 200, "application/rss+xml", FEED);
    origin.set("/bare", 200, "text/html", "<html><p>No link here.");
    origin.set("/feed.xml", 200, "text/xml", FEED);
    let home = Home::new(CONFIG);
    let (code, out, said) = home.run(&["add", &origin.url("/"), "--allow-private"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        out.starts_with("The Gazette\n") && out.contains("2026-11-02  New news\n  2026-11-01  Old news"),
        "{out}"
    );
    let edited = text(&home);
    assert!(
        edited.contains(&format!("url = \"{}\"\nallow_private = true\n", origin.url("/deep/news.rss"))),
        "{edited}"
    );
    assert!(edited.starts_with("# Mine.\n[[source]]\nname = 'first'   # the first\n"), "{edited}");
    assert!(edited.ends_with("\n# Outputs from here.\n[[output]]\nname = \"all\"\n"), "{edited}");
    assert_eq!(home.run(&["check"]).0, Some(0));

    // Again, nothing changes. Common paths are tried. Without --allow-private a private host is refused.
    let (code, _, said) = home.run(&["add", &origin.url("/deep/news.rss"), "--allow-private"]);
    assert_eq!((code, said.contains("already in the config")), (Some(0), true), "{said}");
    assert_eq!(text(&home), edited);
    let (code, _, said) = home.run(&["add", &origin.url("/bare"), "--allow-private", "--title", "Bare"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(text(&home).contains(&format!("url = \"{}\"\ntitle = \"Bare\"", origin.url("/feed.xml"))));
    let (code, _, said) = home.run(&["add", &origin.url("/feed.xml")]);
    assert_eq!((code, said.contains("refused address")), (Some(1), true), "{said}");
    assert_eq!(home.run(&["add", "ftp://x.example/"]).0, Some(2));
}

#[test]
fn an_address_without_a_scheme_is_read_without_https_where_there_is_none() {
    let origin = Origin::start();
    origin.set("/feed", 200, "text/xml", FEED);
    let home = Home::new(CONFIG);
    let bare = origin.url("/feed").replace("http://", "");
    for typed in [bare.clone(), format!("feed://{bare}")] {
        let (code, out, said) = home.run(&["add", &typed, "--allow-private", "--dry-run"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(out.contains(&format!("  http://{bare}\n")), "{out}");
    }
    let (code, _, said) = home.run(&["add", "config.toml"]);
    assert_eq!((code, said.contains("is a file: `siftwire opml import`")), (Some(1), true), "{said}");
}

/// The page's author decides what it links to, so only the host that was named may be private.
#[test]
fn add_requests_no_private_host_that_only_the_page_names() {
    let origin = Origin::start();
    let elsewhere = origin.url("/inside").replace("127.0.0.1", "localhost");
    let page = format!("<link rel=alternate type=application/rss+xml href='{elsewhere}'>");
    origin.set("/", 200, "text/html", page);
    origin.set("/inside", 200, "application/rss+xml", FEED);
    for (config, arguments) in [
        (CONFIG.to_owned(), &["--allow-private"][..]),
        (format!("[poll]\nallow = [\"127.0.0.0/8\", \"::1\"]\n{CONFIG}"), &[]),
    ] {
        let home = Home::new(&config);
        let (code, _, said) = home.run(&[&["add", &origin.url("/")], arguments].concat());
        assert_eq!((code, said.contains("no feed found")), (Some(1), true), "{said}");
        assert_eq!(text(&home), config);
    }
    assert_eq!(origin.responses("/inside"), (0, 0));
}

#[test]
fn opml_of_another_reader_is_imported_and_exported() {
    let home = Home::new(CONFIG);
    let list = r#"<opml version="1.0"><body><outline text="News"><outline text="Caucasus">
        <outline type="rss" title="OC &amp; Media" xmlUrl="https://oc.example/feed"/>
        <outline type="rss" text="First again" xmlUrl="https://first.example/feed"/>
        <outline type="rss" text="Inside" xmlUrl="http://192.168.1.2/feed"/></outline>
        <outline type="rss" text="Odd" xmlUrl="gopher://odd.example/"/></outline>
        <outline type="rss" text="OC again" xmlUrl="https://oc.example/feed"/></body></opml>"#;
    std::fs::write(home.path().join("list.opml"), list).expect("a list");
    let (code, _, said) = home.run(&["opml", "import", "list.opml", "--dry-run"]);
    assert_eq!((code, text(&home).as_str()), (Some(0), CONFIG), "{said}");
    let (code, _, said) = home.run(&["opml", "import", "list.opml"]);
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "First again: skipped: already in the config",
        "OC again: skipped: already in the config",
        "Inside: skipped: a private address",
        "Odd: skipped: gopher",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(said.contains("Added 1 source to "), "{said}");
    let edited = text(&home);
    assert!(edited.contains("\n[[source]]\nname = \"oc.example\"\nurl = \"https://oc.example/feed\"\ntitle = \"OC & Media\"\ntags = [\"news\", \"caucasus\"]\n"), "{edited}");
    assert!(
        edited.contains("# the first") && edited.contains("# Outputs from here.\n[[output]]"),
        "{edited}"
    );
    let (code, out, _) = home.run(&["opml", "export"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains(
            "title=\"OC &#x26; Media\" xmlUrl=\"https://oc.example/feed\" category=\"news,caucasus\""
        ),
        "{out}"
    );
    std::fs::write(home.path().join("out.opml"), &out).expect("a list");
    let (code, _, said) = home.run(&["opml", "import", "out.opml"]);
    assert_eq!((code, text(&home)), (Some(0), edited), "{said}");
    std::fs::write(home.path().join("no.opml"), "hello").expect("a file");
    assert_eq!(home.run(&["opml", "import", "no.opml"]).0, Some(1));
}

#[test]
fn the_urls_of_newsboat_are_imported_and_variants_are_one_source() {
    let home = Home::new(CONFIG);
    let urls = "http://a.example/feed news \"~Paper A\"\nhttps://www.a.example/feed/ \"Central Asia\"\nhttps://b.example/?x\n
        http://www.first.example/feed\n\"query:unread:x\"\n";
    std::fs::write(home.path().join("urls"), urls).expect("a file");
    let (code, _, said) = home.run(&["opml", "import", "urls"]);
    assert_eq!((code, said.contains("Added 2 sources")), (Some(0), true), "{said}");
    let edited = text(&home);
    assert!(
        edited.contains(
            "url = \"https://www.a.example/feed/\"\ntitle = \"Paper A\"\ntags = [\"news\", \"central-asia\"]\n"
        ),
        "{edited}"
    );
    let (_, exported, _) = home.run(&["opml", "export"]);
    let again = Home::new("[[output]]\nname = \"all\"\n");
    std::fs::write(again.path().join("list"), exported).expect("a file");
    assert_eq!(again.run(&["opml", "import", "list"]).0, Some(0));
    assert!(text(&again).contains("tags = [\"news\", \"central-asia\"]"), "{}", text(&again));
}

#[test]
fn add_uses_the_proxy_of_the_config() {
    let origin = Origin::start();
    origin.set(
        "http://gazette.example/",
        200,
        "text/html",
        "<link rel=alternate type=application/rss+xml href=/rss>",
    );
    origin.set("http://gazette.example/rss", 200, "application/rss+xml", FEED);
    let home = Home::new(&format!("[poll]\nproxy = \"{}\"\n{CONFIG}", origin.url("/")));
    let (code, out, said) = home.run(&["add", "http://gazette.example"]);
    assert_eq!((code, out.starts_with("The Gazette\n")), (Some(0), true), "{said}");
    assert!(text(&home).contains("url = \"http://gazette.example/rss\""), "{}", text(&home));
}

/// A SOCKS proxy (RFC 1928) that sends everything to the origin. Returns its port, and sends the names that it is asked for.
fn socks_proxy(origin: &Origin) -> (u16, std::sync::mpsc::Receiver<String>) {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (port, target) = (listener.local_addr().expect("an address").port(), origin.url(""));
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut greeting = [0; 3];
        client.read_exact(&mut greeting).and_then(|()| client.write_all(&[5, 0])).expect("a greeting");
        // Version, command, reserved, type 3: a name with its length, then the port.
        let mut head = [0; 5];
        client.read_exact(&mut head).expect("a request");
        let mut name = vec![0; usize::from(head[4]) + 2];
        client.read_exact(&mut name).expect("a name");
        name.truncate(name.len() - 2);
        sender.send(String::from_utf8(name).expect("ASCII")).expect("the test waits");
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).expect("an answer");
        let address = target.strip_prefix("http://").expect("an address");
        let mut server = TcpStream::connect(address).expect("the origin");
        let (mut from, mut to) =
            (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let _ = std::io::copy(&mut server, &mut client);
    });
    (port, asked)
}

#[test]
fn a_socks_proxy_looks_up_the_names() {
    let origin = Origin::start();
    origin.set("/feed", 200, "application/rss+xml", FEED);
    let (port, asked) = socks_proxy(&origin);
    let home = Home::new(&format!(
        "[poll]\nproxy = \"socks5h://127.0.0.1:{port}\"\n[[source]]\nurl = \"http://far.example/feed\"\n[[output]]\nname = \"all\"\n"
    ));
    let (code, _, said) = home.run(&["poll"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(asked.recv().expect("a request"), "far.example");
}
