//! The first hour: what the terminal and the page say before and while the first polls run, and what they bring.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::origin::Origin;
use crate::program::{Home, eventually};

const RSS: &str = "application/rss+xml";

fn feed(prefix: &str, entries: usize) -> String {
    let items: String = (0..entries)
        .map(|n| {
            format!("<item><title>{prefix} {n}</title><guid isPermaLink=\"false\">{prefix}{n}</guid></item>")
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

fn source(name: &str, url: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
}

const SERVE: &str = "[serve]\nlisten = \"127.0.0.1:0\"\n";

/// A site that answers once it is told to.
fn held_site() -> (String, std::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/feed", listener.local_addr().expect("an address"));
    let (release, released) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        released.recv().expect("the test goes on");
        let body = feed("Held", 3);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {RSS}\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).expect("it is read");
    });
    (url, release)
}

#[test]
fn the_page_says_that_nothing_was_polled_and_reloads_until_all_is() {
    let (url, release) = held_site();
    let home = Home::new(&format!(
        "{SERVE}{}[[output]]\nname = \"all\"\ntitle = \"All of it\"\n",
        source("a", &url)
    ));
    let daemon = home.start();
    let page = daemon.get("/");
    for part in [
        "Nothing has been polled yet",
        "0 of 1 source polled. This page reloads by itself",
        "1 source has not answered yet",
        &format!("<code>{}</code>", home.path().join("config.toml").display()),
        &format!("Siftwire {}", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!((page.header("refresh"), page.header("cache-control")), (Some("3"), Some("no-cache")));
    assert!(!page.body.contains("http-equiv=\"refresh\""));
    release.send(()).expect("the site waits");
    let page = eventually("the page of what has come", || {
        let page = daemon.get("/");
        (page.body.contains("3 entries") && page.header("refresh").is_none()).then_some(page)
    });
    assert!(
        page.body.contains("1 source is working") && !page.body.contains("class=\"start\""),
        "{}",
        page.body
    );
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    let came = log
        .lines()
        .find(|line| line.starts_with("1 source, 3 entries, 3 in All of it: open http://127.0.0.1:"));
    assert!(came.is_some(), "{log}");
    // A later start has nothing of that to tell.
    let daemon = home.start();
    assert!(!daemon.get("/").body.contains("class=\"start\""));
    assert!(!daemon.stop().1.contains("3 in All of it"));
}

#[test]
fn the_terminal_has_a_line_for_each_tenth_and_says_what_came_and_what_failed() {
    let origin = Origin::start();
    let sources: String = (0..20)
        .map(|n| {
            origin.set(
                &format!("/{n}"),
                if n == 0 { 500 } else { 200 },
                RSS,
                feed(&format!("Armenia {n}"), 2),
            );
            source(&format!("s{n}"), &origin.url(&format!("/{n}")))
        })
        .collect();
    let outputs = "[[output]]\nname = \"armenia\"\ntitle = \"Armenia\"\nfilter = \"armenia\"\n[[output]]\nname = \"none\"\nfilter = \"nothing\"\n";
    let home = Home::new(&format!("{SERVE}[poll]\nper_host = 20\n{sources}{outputs}"));
    let daemon = home.start();
    eventually("all are polled", || daemon.get("/").body.contains("19 sources are working").then_some(()));
    let (_, log) = daemon.stop();
    let end = "20 sources (1 failed: `siftwire status` says why), 38 entries, 38 in Armenia, 0 in none: open http://";
    assert!(log.contains(end), "{log}");
    assert!(log.lines().filter(|line| line.starts_with("polled ")).count() <= 10, "{log}");
}

#[test]
fn a_config_without_sources_or_outputs_says_what_to_write() {
    let home = Home::new(SERVE);
    let daemon = home.start();
    let page = daemon.get("/").body;
    for part in ["[[source]]\nurl = ", "siftwire add https://", "[[output]]\nname = ", "config.toml</code>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Feeds</h2>") && !page.contains("Sources</h2>"), "{page}");
    assert_eq!(daemon.get("/").header("refresh"), None, "there is nothing to wait for");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn others_see_the_configs_name_alone() {
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org\"\n");
    let daemon = home.start();
    let page = daemon.get("/").body;
    assert!(
        page.contains("<code>config.toml</code>") && !page.contains(&home.path().display().to_string()),
        "{page}"
    );
}

#[test]
fn healthy_sources_are_said_to_be_well_and_times_have_the_readers_zone() {
    let origin = Origin::start();
    origin.set("/a", 200, RSS, feed("A", 1));
    let outputs = "[[output]]\nname = \"all\"\n";
    let home = Home::new(&format!("{SERVE}{}{outputs}", source("a", &origin.url("/a"))));
    let daemon = home.start();
    let page = eventually("a poll", || {
        Some(daemon.get("/").body).filter(|page| page.contains("1 source is working"))
    });
    assert!(daemon.get("/feeds/_health").body.contains("All is well: no source has"));
    assert!(
        page.contains("<time datetime=\"20") && page.contains("(usual pace)") && page.contains("<script>"),
        "{page}"
    );
    // The texts of others stand on pages without a script.
    let output = eventually("the entry on its page", || {
        Some(daemon.get("/feeds/all").body).filter(|page| page.contains("<time datetime=\"20"))
    });
    assert!(!output.contains("<script>"), "{output}");
    let policy = daemon.get("/").header("content-security-policy").expect("a policy").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"), "{policy}");
}

#[test]
fn first_polls_fill_a_new_output_and_spare_the_subscribers_of_an_older_one() {
    let origin = Origin::start();
    for name in ["first", "none", "added"] {
        origin.set(&format!("/{name}"), 200, RSS, feed(name, 50));
    }
    let shown = |home: &Home, output: &str, title: &str| {
        let (code, feed, words) = home.run(&["show", output, "--format", "json"]);
        assert_eq!(code, Some(0), "{words}");
        feed.matches(&format!("\"title\":\"{title} ")).count()
            + feed.matches(&format!("\"title\": \"{title} ")).count()
    };
    let outputs = "[[output]]\nname = \"all\"\n[[output]]\nname = \"short\"\nlimit = 30\n";
    let none = source("none", &origin.url("/none")) + "first_poll = 0\n";
    let first = format!("{SERVE}{}{none}{outputs}", source("first", &origin.url("/first")));
    let home = Home::new(&first);
    assert_eq!(home.run(&["poll"]).0, Some(0));
    assert_eq!((shown(&home, "all", "first"), shown(&home, "short", "first")), (50, 30));
    assert_eq!(shown(&home, "all", "none"), 0, "with 0 nothing of a first poll enters");
    home.age_outputs();
    let new = "[[output]]\nname = \"new\"\n";
    home.configure(&format!("{first}{}{new}", source("added", &origin.url("/added"))));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    assert_eq!((shown(&home, "all", "added"), shown(&home, "all", "first")), (20, 50));
    assert_eq!(shown(&home, "new", "added"), 50, "an output that is added later is new too");
    let (_, text, _) = home.run(&["explain", "added 49", "all"]);
    let (_, other, _) = home.run(&["explain", "added 0", "all"]);
    assert!(
        [text, other]
            .iter()
            .any(|text| text.contains("first_poll = 20: only the newest 20 matches of an added")),
        "one of them was left out"
    );
}
