//! A config that was emptied or cut off while it was saved changes nothing.

use rusqlite::Connection;

use crate::faults::{RSS, feed, shows};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const OUTPUTS: &str =
    "[[output]]\nname = \"all\"\nlimit = 3\n[[output]]\nname = \"few\"\nfilter = \"entry\"\nlimit = 100\n";

/// The config without its outputs; `site` and `more` are the sources.
fn head(origin: &Origin, sources: &[&str]) -> String {
    let sources: String = sources
        .iter()
        .map(|name| {
            let url = origin.url(&format!("/{name}"));
            format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
        })
        .collect();
    format!(
        "# My feeds.\n[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org/news\"\n
         [store]\nkeep = \"3650d\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\nper_host = 3\n{sources}"
    )
}

fn start() -> (Origin, Home, Daemon, String) {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..4));
    let whole = head(&origin, &["site"]) + OUTPUTS;
    let home = Home::new(&whole);
    let daemon = home.start();
    eventually("the entries", || shows(&daemon, 3));
    eventually("the other output", || daemon.get("/feeds/few.atom").body.contains("Entry-3.").then_some(()));
    (origin, home, daemon, whole)
}

/// The documents of both outputs with their validators.
fn documents(daemon: &Daemon) -> Vec<(u16, Option<String>, String)> {
    let paths = ["/feeds/all.atom", "/feeds/few.json", "/feeds/few"];
    let answers = paths.map(|path| daemon.get(path));
    answers.map(|answer| (answer.status, answer.header("etag").map(str::to_owned), answer.body)).into()
}

/// The front page and `status` give this reason.
fn assert_reported(home: &Home, daemon: &Daemon, reason: &str) {
    eventually(&format!("an alert on the page: {reason}"), || {
        let page = daemon.get("/").body;
        assert!(!page.contains(&home.path().display().to_string()), "{page}");
        (page.contains("role=\"alert\"") && page.contains(reason)).then_some(())
    });
    eventually(&format!("a message of `status`: {reason}"), || {
        let (_, json, _) = home.run(&["--config", "config.toml", "status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        status["problem"].as_str().is_some_and(|problem| problem.contains(reason)).then_some(())
    });
}

fn no_alert(daemon: &Daemon) -> Option<()> {
    (!daemon.get("/").body.contains("role=\"alert\"")).then_some(())
}

#[test]
fn no_kind_of_emptied_or_cut_file_changes_anything() {
    let (origin, home, daemon, whole) = start();
    let before = documents(&daemon);
    let path = home.path().join("config.toml");
    let remove = || std::fs::remove_file(&path).expect("a file");
    let zeros = |from: usize| {
        let mut bytes = whole.clone().into_bytes();
        bytes[from..].fill(0);
        std::fs::write(&path, bytes).expect("a file");
    };
    let without = |what: &str| whole.split(what).next().expect("the beginning").to_owned();
    let no_sources = whole
        .lines()
        .filter(|line| !line.contains("site") && !line.contains("allow_") && *line != "[[source]]");
    // The reasons alternate, so that each is a new one.
    let damages: [(&str, &dyn Fn(), &str); 15] = [
        ("empty", &|| home.configure(""), "no outputs"),
        ("without the last output", &|| home.configure(&without("[[output]]\nname = \"few\"")), "cut off"),
        ("blank", &|| home.configure("\n \n\n"), "no outputs"),
        ("with a shorter number", &|| home.configure(whole.trim_end_matches("0\n")), "cut off"),
        ("comments", &|| home.configure("# Nothing.\n"), "no outputs"),
        ("zeros", &|| zeros(0), "zero bytes"),
        ("without outputs", &|| home.configure(&without("[[output]]")), "no outputs"),
        ("zeros at the end", &|| zeros(whole.len() - 20), "zero bytes"),
        (
            "without sources",
            &|| home.configure(&(no_sources.clone().collect::<Vec<_>>().join("\n") + "\n")),
            "no sources",
        ),
        ("without the end of a string", &|| home.configure(&without("ry\"\nlimit")), "invalid TOML"),
        (
            "edited and cut",
            &|| home.configure(&whole.replace("My feeds", "Our feeds").replace("00\n", "0")),
            "cut off",
        ),
        ("missing", &remove, "cannot read"),
        ("only its settings", &|| home.configure(&without("[[source]]")), "no outputs"),
        (
            "a folder",
            &|| {
                remove();
                std::fs::create_dir(&path).expect("a folder");
            },
            "cannot read",
        ),
        (
            "without a filter",
            &|| {
                std::fs::remove_dir(&path).expect("a folder");
                home.configure(&without("filter"));
            },
            "cut off",
        ),
    ];
    for (name, damage, reason) in damages {
        damage();
        assert_reported(&home, &daemon, reason);
        assert_eq!(documents(&daemon), before, "{name}");
    }
    // The config before stays active: its source is polled.
    origin.set("/site", 200, RSS, feed(1..5));
    eventually("a new entry", || shows(&daemon, 4));
    home.configure(&whole);
    eventually("no alert", || no_alert(&daemon));
    assert_eq!(home.run(&["status"]).0, Some(0));
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    assert_eq!(log.matches("config reloaded").count(), 1, "{log}");
    assert!(log.contains("looks cut off") && log.contains("the config has no outputs"), "{log}");
}

#[test]
fn a_file_of_config_d_that_is_emptied_or_missing_changes_nothing() {
    let (origin, home, daemon, whole) = start();
    origin.set("/more", 200, RSS, feed(7..8));
    let folder = home.path().join("config.d");
    let file = folder.join("more.toml");
    let more =
        head(&origin, &["more"]).split_off(head(&origin, &[]).len()) + "[[output]]\nname = \"third\"\n";
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(&file, &more).expect("a file");
    eventually("the third output", || {
        daemon.get("/feeds/third.atom").body.contains("Entry-7.").then_some(())
    });
    let is_unchanged = |name: &str| {
        assert_eq!(daemon.get("/feeds/third.atom").status, 200, "{name}");
        assert!(shows(&daemon, 7).is_some(), "{name}");
    };
    std::fs::write(&file, "").expect("a file");
    assert_reported(&home, &daemon, "more.toml looks cut off");
    is_unchanged("empty");
    std::fs::write(&file, more.replace('7', "8").replace("third\"\n", "third\nlim")).expect("a file");
    assert_reported(&home, &daemon, "invalid TOML");
    std::fs::remove_dir_all(&folder).expect("a folder");
    assert_reported(&home, &daemon, "more.toml looks cut off");
    is_unchanged("missing");
    home.configure("");
    assert_reported(&home, &daemon, "no outputs");
    is_unchanged("all empty");
    // What is meant so is applied on a signal.
    home.configure(&whole);
    assert_reported(&home, &daemon, "more.toml looks cut off");
    daemon.signal("HUP");
    eventually("404", || (daemon.get("/feeds/third.atom").status == 404).then_some(()));
    eventually("no alert", || no_alert(&daemon));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_cut_file_that_stays_is_applied_in_the_end_and_an_empty_one_only_if_it_says_so() {
    let (_origin, home, daemon, whole) = start();
    let (all, _) = whole.split_once("[[output]]\nname = \"few\"").expect("two outputs");
    home.configure(all);
    assert_reported(&home, &daemon, "looks cut off");
    eventually("404 after half a minute", || (daemon.get("/feeds/few.atom").status == 404).then_some(()));
    eventually("no alert", || no_alert(&daemon));
    let (head, _) = whole.split_once("[[output]]").expect("an output");
    home.configure(head);
    assert_reported(&home, &daemon, "no outputs");
    daemon.signal("HUP");
    // Problems are reported again, one for each attempt.
    eventually("the refusal of the signal's reload", || {
        daemon.get("/metrics").body.contains("siftwire_reloads_total{config=\"refused\"} 2\n").then_some(())
    });
    assert_eq!(daemon.get("/feeds/all.atom").status, 200);
    home.configure(&format!("  # empty on purpose, until Monday\n{head}"));
    eventually("404", || (daemon.get("/feeds/all.atom").status == 404).then_some(()));
    eventually("no alert", || no_alert(&daemon));
    home.configure(&whole);
    eventually("200", || (daemon.get("/feeds/few.atom").status == 200).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_start_with_an_emptied_config_serves_what_was_published() {
    let (origin, home, daemon, whole) = start();
    let page = daemon.get("/feeds/all/archive/1.atom").body;
    let before = documents(&daemon);
    assert_eq!(daemon.stop().0, Some(0));
    let count = || {
        let store = Connection::open(home.store()).expect("the store opens");
        store.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0)).expect("a table")
    };
    let store = Connection::open(home.store()).expect("the store opens");
    // Old enough for the default of `keep`, but not for that of the whole config.
    store.execute("UPDATE entry SET first_seen = first_seen - 1000 * 86400000", []).expect("it is changed");
    store.execute("UPDATE in_feed SET entries = '[]'", []).expect("it is changed");
    drop(store);
    let (head, _) = whole.split_once("[[output]]").expect("an output");
    let (settings, _) = head.split_once("[store]").expect("settings");
    let no_source = format!("{settings}{OUTPUTS}");
    for (emptied, reason) in
        [("", "no outputs"), (settings, "no outputs"), (&no_source, "no sources"), (head, "no outputs")]
    {
        home.configure(emptied);
        let (code, _, words) = home.run(&["poll"]);
        assert_eq!(code, Some(2));
        assert!(words.contains(reason) && words.contains("# empty on purpose"), "{words}");
        let daemon = home.start();
        assert_reported(&home, &daemon, reason);
        assert_eq!(documents(&daemon), before, "{reason}");
        assert_eq!(daemon.get("/news/feeds/all.rss").status, 200, "the path of public_url");
        assert_eq!(daemon.get("/feeds/all/archive/1.atom").body, page, "a full page");
        for list in ["/", "/outputs.opml"] {
            let body = daemon.get(list).body;
            assert!(body.contains("/feeds/all") && body.contains("/feeds/few"), "{list}: {body}");
        }
        let (code, log) = daemon.stop();
        assert_eq!(code, Some(0));
        assert!(log.contains(&format!("the config has {reason}")), "{log}");
    }
    assert_eq!(count(), 3, "entries were deleted");
    // With the sources there, they are polled; with all of it there, everything goes on.
    let daemon = home.start();
    origin.set("/site", 200, RSS, feed(1..5));
    eventually("a new entry", || (count() == 4).then_some(()));
    assert_eq!(documents(&daemon), before);
    home.configure(&whole);
    eventually("the new entry", || shows(&daemon, 4));
    eventually("no alert", || no_alert(&daemon));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn allow_empty_applies_an_empty_config_and_one_that_never_had_more_is_no_problem() {
    let (_origin, home, daemon, whole) = start();
    assert_eq!(daemon.stop().0, Some(0));
    let (settings, _) = whole.split_once("[store]").expect("settings");
    home.configure(settings);
    let daemon = home.start_command(&["run", "--allow-empty"], &[]);
    assert_eq!((daemon.get("/feeds/all.atom").status, no_alert(&daemon)), (404, Some(())));
    home.configure(&whole);
    eventually("200", || (daemon.get("/feeds/all.atom").status == 200).then_some(()));
    home.configure(settings);
    eventually("404", || (daemon.get("/feeds/all.atom").status == 404).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));

    let home = Home::new("[serve]\nlisten = \"127.0.0.1:0\"\n");
    let daemon = home.start();
    assert_eq!(no_alert(&daemon), Some(()));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn the_check_refuses_an_emptied_config_as_the_daemon_does() {
    let (_origin, home, daemon, whole) = start();
    assert_eq!(home.run(&["check"]).0, Some(0));
    for (text, code, said) in [
        ("# My feeds.\n".to_owned(), Some(2), "the config has no outputs, but there were some before"),
        (OUTPUTS.to_owned(), Some(2), "the config has no sources, but there were some before"),
        ("# empty on purpose\n".to_owned(), Some(0), "no outputs"),
        (whole, Some(0), ""),
    ] {
        std::fs::write(home.path().join("checked.toml"), &text).expect("a config");
        let (ended, _, words) = home.run(&["check", "--config", "checked.toml"]);
        assert!(ended == code && words.contains(said), "{text}: {ended:?} {words}");
    }
    assert_eq!(daemon.stop().0, Some(0));
    std::fs::remove_file(home.store()).expect("the store");
    std::fs::write(home.path().join("checked.toml"), "").expect("a config");
    assert_eq!(home.run(&["check", "--config", "checked.toml"]).0, Some(0), "nothing was there before");
    assert!(!home.store().exists());
}
