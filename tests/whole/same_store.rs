//! The service and an administrator's commands use one store, whatever the shell knows of the service.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::origin::Origin;
use crate::program::Home;

/// Commands that only read the store; `all` is an output.
const READING: [&[&str]; 9] = [
    &["status"],
    &["preview", "word"],
    &["explain", "Entry"],
    &["backup", "copy.db"],
    &["doctor"],
    &["stories"],
    &["stories", "split", "1"],
    &["show", "all"],
    &["check", "--diff"],
];

fn feed(origin: &Origin) {
    let item = "<item><title>Entry</title><guid isPermaLink=\"false\">1</guid><description>word</description></item>";
    let feed = format!("<rss version=\"2.0\"><channel><title>T</title>{item}</channel></rss>");
    origin.set("/a", 200, "application/rss+xml", feed);
}

fn config(origin: &Origin, more: &str) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n[[source]]\nurl = \"{}\"\nname = \"a\"\nallow_private = true\n{more}\n",
        origin.url("/a")
    )
}

#[test]
fn reading_commands_create_no_store_and_name_the_one_they_miss() {
    let origin = Origin::start();
    let home = Home::new(&config(&origin, ""));
    for arguments in READING {
        let (code, out, words) = home.run(arguments);
        let expected = if out.contains("SOURCE") { 0 } else { 1 };
        assert_eq!(code, Some(expected), "{arguments:?}: {words}");
        let missing = format!("there is no store {} yet", home.store().display());
        assert_eq!(words.matches(&missing).count(), 1, "{arguments:?}: {words}");
    }
    let files = std::fs::read_dir(home.path()).expect("a folder").count();
    assert_eq!(files, 1, "only config.toml");
}

#[test]
fn each_command_says_once_which_store_it_used() {
    let origin = Origin::start();
    feed(&origin);
    let home = Home::new(&config(&origin, ""));
    let line = format!("store: {}\n", home.store().display());
    for arguments in [&["poll"][..]].into_iter().chain(READING) {
        let (_, out, words) = home.run(arguments);
        assert_eq!(words.matches(&line).count(), 1, "{arguments:?}: {words}");
        assert!(!out.contains(&line), "{arguments:?}: {out}");
    }
}

#[test]
fn a_store_that_the_user_may_not_see_is_not_taken_for_a_missing_one() {
    let origin = Origin::start();
    let mut home =
        Home::new(&config(&origin, "").replace("[[output]]", "[store]\npath = \"its/own.db\"\n[[output]]"));
    if !home.is_nobodys() {
        return;
    }
    let folder = home.path().join("its");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    for arguments in READING {
        let (code, _, words) = home.run(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {words}");
        assert!(
            words.contains("cannot read the store") && words.contains("its/own.db"),
            "{arguments:?}: {words}"
        );
    }
}

#[test]
fn the_service_says_when_a_shell_would_look_for_another_store() {
    let origin = Origin::start();
    let home = Home::new(&config(&origin, ""));
    let state = tempfile::tempdir().expect("a folder");
    let daemon = home.start_with(&[("STATE_DIRECTORY", state.path())]);
    let (_, log) = daemon.stop();
    let store = state.path().join("siftwire.db");
    assert!(
        log.contains(&format!("The store is {}, but commands in a shell look for", store.display())),
        "{log}"
    );
    assert!(!home.store().exists());
    // As it says:
    home.configure(&config(&origin, &format!("[store]\npath = \"{}\"", store.display())));
    let (_, log) = home.start_with(&[("STATE_DIRECTORY", state.path())]).stop();
    assert!(!log.contains("in a shell"), "{log}");
    let (code, _, words) = home.run(&["preview", "word"]);
    assert_eq!(code, Some(0), "{words}");
}

#[test]
fn a_secret_that_only_the_service_sees_is_no_mistake_in_a_shell() {
    let origin = Origin::start();
    feed(&origin);
    let credential = "bearer = { credential = \"token\" }";
    let home = Home::new(&config(&origin, credential));
    let (code, out, words) = home.run(&["check"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(out.contains("is valid: 1 source, 1 output"), "{out}");
    assert!(
        words.contains("warning: a secret cannot be seen from here") && words.contains("config.toml:9"),
        "{words}"
    );
    // It is not asked without its secret either.
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!(code, Some(3), "{words}");
    assert!(words.contains("a: skipped: a secret of it can be seen by the service alone"), "{words}");
    assert_eq!(origin.responses("/a"), (0, 0));
    for arguments in READING {
        let (code, _, words) = home.run(arguments);
        assert!(code != Some(2), "{arguments:?}: {words}");
    }
    // The service must see it.
    let (code, _, words) = home.run(&["run"]);
    assert_eq!(code, Some(2));
    assert!(
        words.contains("error: cannot read a secret") && words.contains("CREDENTIALS_DIRECTORY"),
        "{words}"
    );
    std::fs::write(home.path().join("token"), "abc\n").expect("a credential");
    let daemon = home.start_with(&[("CREDENTIALS_DIRECTORY", home.path())]);
    let (code, _, words) = home.run(&["check"]);
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(daemon.stop().0, Some(0));
    // A credential that systemd does not pass is a mistake, and so is a file that is not there.
    let (code, _, words) = home.run_with(&["check"], &[("CREDENTIALS_DIRECTORY", Path::new("/nowhere"))]);
    assert_eq!(code, Some(2), "{words}");
    home.configure(&config(&origin, "bearer = { file = \"missing\" }"));
    assert_eq!(home.run(&["check"]).0, Some(2));
}

#[test]
fn a_secret_file_of_another_user_is_no_mistake_of_the_config() {
    let origin = Origin::start();
    let mut home = Home::new(&config(&origin, "bearer = { file = \"token\" }"));
    let file = home.path().join("token");
    std::fs::write(&file, "abc").expect("a secret");
    if !home.is_nobodys() {
        return;
    }
    std::os::unix::fs::chown(&file, Some(0), Some(0)).expect("we are root");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("we are root");
    let (code, _, words) = home.run(&["check"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("the file may not be read"), "{words}");
    assert_eq!(home.run(&["run"]).0, Some(2));
}

#[test]
fn what_was_polled_without_a_config_is_the_store_of_the_config_that_init_writes() {
    let origin = Origin::start();
    feed(&origin);
    let home = Home::new("");
    let earlier = home.path().join(".local/state/siftwire/siftwire.db");
    home.configure(&config(&origin, &format!("[store]\npath = \"{}\"", earlier.display())));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    std::fs::remove_file(home.path().join("config.toml")).expect("it was there");
    let (_, _, words) = home.run(&["status"]);
    assert!(words.contains(&format!("store: {}\n", earlier.display())), "{words}");
    let (code, _, words) = home.run(&["init"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains(&format!("used without a config: {}", earlier.display())), "{words}");
    let (code, out, words) = home.run(&["preview", "word"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains(&format!("store: {}\n", earlier.display())), "{words}");
    assert!(out.contains("1  of 1 entries match"), "{out}");
    // A config whose folder has a store of its own keeps that.
    std::fs::create_dir(home.path().join("other")).expect("a folder");
    std::fs::copy(&earlier, home.path().join("other/siftwire.db")).expect("a copy");
    let (_, _, words) = home.run(&["init", "other"]);
    assert!(
        words.contains(&format!("Its store is {}.", home.path().join("other/siftwire.db").display())),
        "{words}"
    );
}

#[test]
fn an_edited_config_is_compared_with_the_running_store_wherever_it_lies() {
    let origin = Origin::start();
    feed(&origin);
    let secret = "bearer = { file = \"token\" }";
    let home = Home::new(&config(&origin, secret));
    std::fs::write(home.path().join("token"), "abc").expect("a secret");
    std::fs::create_dir(home.path().join("config.d")).expect("a folder");
    std::fs::write(home.path().join("config.d/more.toml"), "[[output]]\nname = \"more\"\n").expect("a file");
    let daemon = home.start();
    crate::program::eventually("the entry is published", || {
        daemon.get("/feeds/more.atom").body.contains("Entry").then_some(())
    });
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = elsewhere.path().join("edited.toml");
    let edited = config(&origin, secret).replace("name = \"all\"", "name = \"all\"\nfilter = \"nothing\"");
    std::fs::write(&other, &edited).expect("a file");
    let path = other.display().to_string();
    let (code, out, words) = home.run(&["check", "--diff", &path]);
    assert_eq!(code, Some(0), "{words}");
    assert!(out.contains("all: 0 would enter, 1 would leave") && out.contains("more: no change"), "{out}");
    assert!(words.contains(&format!("store: {}\n", home.store().display())), "{words}");
    // With a config.d of its own it is a whole config.
    std::fs::create_dir(elsewhere.path().join("config.d")).expect("a folder");
    std::fs::write(elsewhere.path().join("config.d/its.toml"), "[[output]]\nname = \"its\"\n")
        .expect("a file");
    let (_, out, _) = home.run(&["check", "--diff", &path]);
    assert!(out.contains("more: no longer published") && out.contains("its: new, with 1 entry"), "{out}");
    // Its mistakes are shown in it.
    std::fs::write(&other, edited.replace("filter", "fliter")).expect("a file");
    let (code, _, words) = home.run(&["check", "--diff", &path]);
    assert_eq!(code, Some(2));
    assert!(words.contains(&path) && words.contains("did you mean `filter`?"), "{words}");
    let files = std::fs::read_dir(elsewhere.path()).expect("a folder").count();
    assert_eq!(files, 2, "nothing is written there");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_home_that_is_closed_to_this_user_hides_no_config() {
    let mut home = Home::new("");
    let closed = tempfile::tempdir().expect("a folder");
    let set_mode = |mode| {
        std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(mode)).expect("a mode")
    };
    if !home.is_nobodys() {
        return;
    }
    std::fs::remove_file(home.path().join("config.toml")).expect("a config");
    set_mode(0o000);
    let (code, _, words) = home.run_with(&["check"], &[("HOME", closed.path())]);
    set_mode(0o700);
    assert!(code == Some(0) && !words.contains("Permission denied"), "{words}");
}
