//! Config reloads: applied whole or not at all, without effect on other outputs and sources.

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const RSS: &str = "application/rss+xml";

fn feed(title: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>{title}</title><item><title>{title} one</title></item></channel></rss>"
    )
}

fn origin(paths: &[&str]) -> Origin {
    let origin = Origin::start();
    for path in paths {
        origin.set(path, 200, RSS, feed(path));
    }
    origin
}

fn config(origin: &Origin, head: &str, sources: &[&str], outputs: &[(&str, &str)]) -> String {
    let sources = sources.iter().map(|name| {
        format!(
            "[[source]]\nurl = \"{}\"\nallow_private = true\nname = \"{name}\"\n",
            origin.url(&format!("/{name}"))
        )
    });
    let outputs =
        outputs.iter().map(|(name, filter)| format!("[[output]]\nname = \"{name}\"\nfilter = '{filter}'\n"));
    let parts: String = sources.chain(outputs).collect();
    format!("{head}\n[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1h\"\nper_host = 3\n{parts}")
}

fn document(daemon: &Daemon, path: &str) -> (Option<String>, Option<String>, String) {
    let answer = daemon.get(path);
    (answer.header("etag").map(str::to_owned), answer.header("last-modified").map(str::to_owned), answer.body)
}

#[test]
fn an_edit_is_applied_without_a_signal_and_polls_no_source_early() {
    let origin = origin(&["/a", "/b", "/c"]);
    let home = Home::new(&config(&origin, "", &["a", "b"], &[("all", "a OR b OR c"), ("other", "a OR b")]));
    let daemon = home.start();
    eventually("two entries", || daemon.get("/feeds/all.atom").body.contains("/b one").then_some(()));
    eventually("the other output", || {
        (daemon.get("/feeds/other.atom").body.matches("<entry>").count() == 2).then_some(())
    });
    let (all, other) = (document(&daemon, "/feeds/all.atom"), document(&daemon, "/feeds/other.atom"));

    // One source is added and one output removed.
    home.configure(&config(&origin, "", &["a", "b", "c"], &[("all", "a OR b OR c")]));
    eventually("the new source", || daemon.get("/feeds/all.atom").body.contains("/c one").then_some(()));
    eventually("404", || (daemon.get("/feeds/other.atom").status == 404).then_some(()));
    assert!(!daemon.get("/").body.contains("/feeds/other"));
    for path in ["/a", "/b"] {
        assert_eq!(origin.responses(path), (1, 0), "{path} was polled early");
    }

    // With the first config again, bytes and validators are the same, and the entries of the removed source are gone.
    home.configure(&config(&origin, "", &["a", "b"], &[("all", "a OR b OR c"), ("other", "a OR b")]));
    eventually("the output is back", || (daemon.get("/feeds/other.atom").status == 200).then_some(()));
    assert_eq!(document(&daemon, "/feeds/other.atom"), other);
    eventually("the feed without the removed source", || {
        (!daemon.get("/feeds/all.atom").body.contains("/c one")).then_some(())
    });
    let titles = |body: &str| body.matches("<title>/").count();
    assert_eq!(titles(&document(&daemon, "/feeds/all.atom").2), titles(&all.2));
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn an_invalid_config_is_reported_and_the_old_one_stays_active() {
    let origin = origin(&["/a"]);
    let good = config(&origin, "", &["a"], &[("all", "a")]);
    let home = Home::new(&good);
    let daemon = home.start();
    eventually("an entry", || daemon.get("/feeds/all.atom").body.contains("/a one").then_some(()));
    let before = document(&daemon, "/feeds/all.atom");

    home.configure(&config(&origin, "", &["a"], &[("all", "(a"), ("more", "a")]));
    let page = eventually("the problem on the front page", || {
        Some(daemon.get("/").body).filter(|page| page.contains("role=\"alert\""))
    });
    assert!(page.contains("config.toml, line 13: the query of an output is invalid"), "{page}");
    assert!(!page.contains("filter =") && !page.contains(&home.path().display().to_string()), "{page}");
    assert_eq!(daemon.get("/feeds/more.atom").status, 404);
    assert_eq!(document(&daemon, "/feeds/all.atom"), before);
    let (code, table, stderr) = home.run(&["status"]);
    assert_eq!(code, Some(2));
    assert!(table.contains("SOURCE") && stderr.contains("filter = '(a'") && stderr.contains('^'), "{stderr}");
    let status: serde_json::Value = serde_json::from_str(&home.run(&["status", "--json"]).1).expect("JSON");
    assert!(status["problem"].as_str().is_some_and(|problem| problem.contains('^')), "{status}");

    home.configure(&good);
    eventually("no problem on the front page", || {
        (!daemon.get("/").body.contains("role=\"alert\"")).then_some(())
    });
    assert_eq!(home.run(&["status"]).0, Some(0));
    let (_, log) = daemon.stop();
    assert!(log.contains("filter = '(a'") && log.contains("the old one stays active"), "{log}");
}

#[test]
fn keys_that_need_a_restart_are_reported_and_the_rest_is_applied() {
    let origin = origin(&["/a"]);
    let home = Home::new(&config(&origin, "", &["a"], &[("all", "a")]));
    let daemon = home.start();
    eventually("an entry", || daemon.get("/feeds/all.atom").body.contains("/a one").then_some(()));
    let before = document(&daemon, "/feeds/all.atom");
    let edited = config(&origin, "", &["a"], &[("all", "a"), ("more", "a")])
        .replace("127.0.0.1:0", "127.0.0.1:1")
        + "[store]\npath = \"other.db\"\n";
    home.configure(&edited);
    eventually("the new output", || daemon.get("/feeds/more.atom").body.contains("/a one").then_some(()));
    let page = eventually("the message on the front page", || {
        Some(daemon.get("/").body).filter(|page| page.contains("role=\"alert\""))
    });
    assert!(page.contains("[serve] listen, [store] path: changed, but only a restart"), "{page}");
    assert_eq!(document(&daemon, "/feeds/all.atom"), before);
    assert!(!home.path().join("other.db").exists());
}

#[test]
fn twenty_sighups_in_two_seconds_cause_one_reload() {
    let origin = origin(&["/a", "/b"]);
    let home = Home::new(&config(&origin, "watch = false", &["a"], &[("all", "a")]));
    let daemon = home.start();
    home.configure(&config(&origin, "watch = false", &["a", "b"], &[("all", "a OR b")]));
    for _ in 0..20 {
        daemon.signal("HUP");
        std::thread::sleep(std::time::Duration::from_millis(90));
    }
    eventually("the new source", || daemon.get("/feeds/all.atom").body.contains("/b one").then_some(()));
    assert_eq!(origin.responses("/a"), (1, 0));
    let (_, log) = daemon.stop();
    assert_eq!(log.matches("config reloaded").count(), 1, "{log}");
}

#[test]
fn config_d_files_and_replaced_files_are_noticed() {
    let origin = origin(&["/a", "/b", "/c"]);
    let home = Home::new(&config(&origin, "", &["a"], &[("all", "a OR b OR c")]));
    let daemon = home.start();
    let folder = home.path().join("config.d");
    std::fs::create_dir(&folder).expect("a folder");
    let source = |name: &str| {
        format!(
            "[[source]]\nurl = \"{}\"\nallow_private = true\nname = \"{name}\"\n",
            origin.url(&format!("/{name}"))
        )
    };
    std::fs::write(folder.join("more.toml"), source("b")).expect("a file");
    eventually("the source of the new file", || {
        daemon.get("/feeds/all.atom").body.contains("/b one").then_some(())
    });
    let beside = home.path().join(".config.toml.swp");
    std::fs::write(&beside, config(&origin, "", &["a", "c"], &[("all", "a OR b OR c")])).expect("a file");
    std::fs::rename(&beside, home.path().join("config.toml")).expect("the file is replaced");
    eventually("the third source", || daemon.get("/feeds/all.atom").body.contains("/c one").then_some(()));
    assert_eq!(origin.responses("/b"), (1, 0));
}

#[test]
fn without_watch_only_sighup_reloads() {
    let origin = origin(&["/a", "/b"]);
    let home = Home::new(&config(&origin, "watch = false", &["a"], &[("all", "a OR b")]));
    let daemon = home.start();
    home.configure(&config(&origin, "watch = false", &["a", "b"], &[("all", "a OR b")]));
    // Longer than a watched edit needs.
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(origin.responses("/b"), (0, 0));
    daemon.signal("HUP");
    eventually("the new source", || (origin.responses("/b").0 == 1).then_some(()));
}
