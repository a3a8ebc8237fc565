//! Who polls a source when two processes could: claims of the daemon and of `siftwire poll`.

use crate::origin::{HANGS, Origin};
use crate::program::{Home, eventually};

const FEED: &str = "<rss version=\"2.0\"><channel><title>T</title></channel></rss>";

fn home(origin: &Origin) -> Home {
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{}\"\nallow_private = true\n",
            origin.url(&format!("/{name}"))
        )
    };
    Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\nper_host = 2\n{}{}[[output]]\nname = \"all\"\n",
        source("hangs"),
        source("answers")
    ))
}

#[test]
fn a_start_gives_up_the_claims_of_a_killed_daemon_but_not_those_of_a_running_command() {
    let origin = Origin::start();
    origin.set("/hangs", HANGS, "text/plain", "");
    origin.set("/answers", 200, "application/rss+xml", FEED);
    let polls = |path: &str| {
        let (full, unchanged) = origin.responses(path);
        full + unchanged
    };
    let home = home(&origin);

    let mut command = home.spawn(&["poll", "hangs"]);
    eventually("the command polls", || (polls("/hangs") == 1).then_some(()));
    let daemon = home.start();
    eventually("the daemon polls what is free", || (polls("/answers") > 2).then_some(()));
    assert_eq!(polls("/hangs"), 1, "the command still polls it");
    daemon.kill();
    let daemon = home.start();
    eventually("the daemon polls again", || (polls("/answers") > 5).then_some(()));
    assert_eq!(polls("/hangs"), 1, "the command still polls it, also after a restart of the daemon");
    daemon.kill();
    command.kill().expect("it runs");
    command.wait().expect("it ends");

    // Nobody knows that the command was killed: its claim ends by itself.
    let store = rusqlite::Connection::open(home.store()).expect("it opens");
    store.execute("UPDATE source SET claimed_until = 1 WHERE name = 'hangs'", []).expect("it is written");
    drop(store);
    let daemon = home.start();
    eventually("the daemon polls it, too", || (polls("/hangs") == 2).then_some(()));
    daemon.kill();
    let daemon = home.start();
    eventually("what the killed daemon polled is polled at once", || (polls("/hangs") == 3).then_some(()));
    daemon.kill();
}

#[test]
fn a_command_says_what_it_skipped_and_exits_with_3() {
    let origin = Origin::start();
    origin.set("/hangs", HANGS, "text/plain", "");
    origin.set("/answers", 200, "application/rss+xml", FEED);
    let home = home(&origin);
    let mut command = home.spawn(&["poll", "hangs"]);
    eventually("the command polls", || (origin.responses("/hangs").0 == 1).then_some(()));
    let said = "hangs: skipped: another siftwire is polling it\n";
    for (arguments, total) in [(&["poll"][..], "1 source in"), (&["poll", "hangs"], "0 sources in")] {
        let (code, _, words) = home.run(arguments);
        assert_eq!(code, Some(3), "{words}");
        assert!(words.contains(said) && words.contains(total) && words.contains(", 1 skipped;"), "{words}");
    }
    // A failure is worse.
    origin.set("/answers", 404, "text/plain", "");
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!((code, words.contains(said)), (Some(1), true), "{words}");
    command.kill().expect("it runs");
    command.wait().expect("it ends");
}

/// A config that another one is tried beside.
#[test]
fn a_command_with_another_config_changes_nothing_for_a_running_daemon() {
    let origin = Origin::start();
    let item = |n: u32| {
        format!(
            "<rss version=\"2.0\"><channel><title>T</title><item><title>Entry {n}</title></item></channel></rss>"
        )
    };
    origin.set("/hangs", 200, "application/rss+xml", item(1));
    origin.set("/answers", 200, "application/rss+xml", item(1));
    let home = home(&origin);
    let other = home.path().join("other.toml");
    let store = home.store();
    std::fs::write(
        &other,
        format!(
            "[store]\npath = \"{}\"\n[[source]]\nname = \"answers\"\nurl = \"{}\"\nallow_private = true\n
             [[source]]\nname = \"third\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"another\"\n",
            store.display(),
            origin.url("/answers"),
            origin.url("/third")
        ),
    )
    .expect("a config");
    let daemon = home.start();
    eventually("both", || {
        (daemon.get("/feeds/all.json").body.matches("\"title\": \"Entry 1\"").count() == 2).then_some(())
    });
    for command in [&["poll"][..], &["show", "another"], &["explain", "Entry 1"], &["status"], &["stories"]] {
        let (code, _, words) = home.run(&[&["--config", &other.to_string_lossy()], command].concat());
        assert!(code.is_some_and(|code| code != 101), "{words}");
        if command[0] == "poll" {
            assert_eq!(code, Some(3), "{words}");
            assert!(words.contains("third: skipped: the daemon that runs does not have it"), "{words}");
        }
    }
    origin.set("/hangs", 200, "application/rss+xml", item(2));
    eventually("the next entry of the other source", || {
        daemon.get("/feeds/all.atom").body.contains("Entry 2").then_some(())
    });
    assert_eq!(daemon.get("/feeds/another.atom").status, 404);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn an_interrupted_command_gives_up_its_claims() {
    let origin = Origin::start();
    origin.set("/hangs", HANGS, "text/plain", "");
    let home = home(&origin);
    let mut command = home.spawn(&["poll", "hangs"]);
    eventually("the command polls", || (origin.responses("/hangs").0 == 1).then_some(()));
    let sent = std::process::Command::new("sh").args(["-c", &format!("kill -INT {}", command.id())]).status();
    assert!(sent.expect("a shell runs").success());
    assert_eq!(command.wait().expect("it ends").code(), Some(1));
    origin.set("/hangs", 200, "application/rss+xml", FEED);
    assert_eq!(home.run(&["poll", "hangs"]).0, Some(0));
}
