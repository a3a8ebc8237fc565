//! Two daemons on one PostgreSQL database: whose configs differ, and of which one is killed.

use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::faults::{RSS, feed};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};
use crate::server::Database;

/// Not from this machine alone.
const FORWARDED: &str = "X-Forwarded-For: 192.0.2.1\r\n";
const TOKEN: &str = "correct-horse-battery-staple";

struct World {
    origin: Origin,
    database: Database,
}

impl World {
    fn new() -> World {
        let world = World { origin: Origin::start(), database: Database::new() };
        world.publish("/same", 1);
        world.publish("/edited", 1);
        world
    }

    fn publish(&self, path: &str, count: usize) {
        // Other texts at each path, which would be one story.
        self.origin.set(path, 200, RSS, feed(0..count).replace("Entry", path));
    }

    /// Two sources at two hosts. `password` is that of one of them.
    fn config(&self, title: &str, outputs: &str, password: &str) -> String {
        let same = self.origin.url("/same");
        let edited = self.origin.url("/edited").replace("127.0.0.1", "localhost");
        format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example\"\ntoken = \"{TOKEN}\"\n\
             [store]\nurl = \"{}\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n\
             [[source]]\nname = \"same\"\nurl = \"{same}\"\nallow_private = true\nuser = \"me\"\npassword = \"{password}\"\n\
             [[source]]\nname = \"edited\"\nurl = \"{edited}\"\nallow_private = true\ntitle = \"{title}\"\n{outputs}",
            self.database.url
        )
    }

    fn old(&self) -> String {
        self.config("Old", "[[output]]\nname = \"all\"\n[[output]]\nname = \"hidden\"\n", "one")
    }

    fn new_edit(&self) -> String {
        let outputs = "[[output]]\nname = \"all\"\n[[output]]\nname = \"hidden\"\nprivate = true\n\
                       [[output]]\nname = \"added\"\nfilter = \"same\"\n";
        self.config("New", outputs, "one")
    }
}

fn entries(daemon: &Daemon, output: &str) -> usize {
    let feed = daemon.get(&format!("/feeds/{output}.json"));
    if feed.status != 200 {
        return 0;
    }
    let feed: serde_json::Value = serde_json::from_str(&feed.body).expect("JSON");
    feed["items"].as_array().expect("items").len()
}

fn is_in_force(daemon: &Daemon) -> bool {
    let metrics = daemon.get("/metrics").body;
    let value = metrics.lines().find_map(|line| line.strip_prefix("siftwire_config_in_force "));
    value.expect("a gauge") == "1"
}

#[track_caller]
fn eventually_in_force(daemon: &Daemon, expected: bool) {
    eventually("which config is in force", || (is_in_force(daemon) == expected).then_some(()));
}

fn daemons(home: &Home) -> Vec<serde_json::Value> {
    let (code, status, _) = home.run(&["status", "--json"]);
    assert_eq!(code, Some(0));
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    status["daemons"].as_array().expect("daemons").clone()
}

/// What `status` says of a daemon.
fn of<'a>(daemons: &'a [serde_json::Value], daemon: &Daemon) -> &'a serde_json::Value {
    daemons.iter().find(|one| one["address"] == daemon.address()).expect("it is listed")
}

fn from_elsewhere(daemon: &Daemon, path: &str) -> u16 {
    daemon.request("GET", path, FORWARDED).status
}

#[test]
fn the_latest_edit_is_what_outputs_are_made_by_and_the_others_serve_them() {
    let world = World::new();
    let (a, b) = (Home::new(&world.old()), Home::new(&world.old()));
    let (first, second) = (a.start(), b.start());
    for daemon in [&first, &second] {
        eventually("the entries", || (entries(daemon, "all") == 2).then_some(()));
        assert_eq!(from_elsewhere(daemon, "/feeds/hidden.json"), 200);
    }
    a.configure(&world.new_edit());
    eventually("the other serves what is new", || (entries(&second, "added") == 1).then_some(()));
    assert!(is_in_force(&first) && !is_in_force(&second));
    for daemon in [&first, &second] {
        assert_eq!(from_elsewhere(daemon, "/feeds/hidden.json"), 401, "it is private by the edit of one");
        assert_eq!(from_elsewhere(daemon, &format!("/feeds/hidden.json?token={TOKEN}")), 200);
    }
    world.publish("/edited", 2);
    world.publish("/same", 2);
    eventually("both sources are polled", || (entries(&second, "all") == 4).then_some(()));
    eventually("the same documents", || {
        let is_same = |path: &str| {
            let [one, other] = [&first, &second].map(|daemon| daemon.get(path));
            ["etag", "last-modified"].iter().all(|name| one.header(name) == other.header(name))
                && one.body == other.body
        };
        let paths = ["/feeds/all.atom", "/feeds/added.rss", "/feeds/hidden.json", "/feeds/all.html"];
        paths.into_iter().all(is_same).then_some(())
    });
    // It is told everywhere.
    let ready = second.get("/readyz");
    assert_eq!((ready.status, &*ready.body), (200, "ok: the config of another daemon is in force\n"));
    assert_eq!(first.get("/readyz").body, "ok\n");
    assert!(second.get("/").body.contains("differs from the one in force"));
    assert!(!first.get("/").body.contains("differs from the one in force"));
    let listed = daemons(&b);
    assert_eq!(of(&listed, &first)["config_in_force"], true, "{listed:?}");
    assert_eq!(of(&listed, &second)["config_in_force"], false, "{listed:?}");
    let (_, text, _) = a.run(&["status"]);
    assert_eq!(text.matches("its config differs from the one in force").count(), 1, "{text}");

    // With its old file it stays so after a restart, and polls nothing by it.
    let (_, log) = second.stop();
    assert!(log.contains("WARN The config of this daemon differs from the one in force"), "{log}");
    let second = b.start();
    assert!(!is_in_force(&second) && is_in_force(&first));
    assert_eq!(from_elsewhere(&second, "/feeds/hidden.json"), 401);
    assert_eq!(entries(&second, "added"), 2);
    // Once it has the file of the others it takes part.
    b.configure(&world.new_edit());
    eventually_in_force(&second, true);
    assert!(is_in_force(&first));
    eventually("its hosts are shared again", || {
        let listed = daemons(&b);
        let sources: u64 = listed.iter().map(|daemon| daemon["sources"].as_u64().expect("a number")).sum();
        (sources == 2 && listed.iter().all(|daemon| daemon["config_in_force"] == true)).then_some(())
    });
    // What is put back is the latest edit, though its file is old.
    b.configure(&world.old());
    let file = File::options().write(true).open(b.path().join("config.toml")).expect("a config");
    file.set_modified(SystemTime::now() - Duration::from_secs(86_400)).expect("a time");
    eventually_in_force(&first, false);
    eventually("it is public again", || (from_elsewhere(&first, "/feeds/hidden.json") == 200).then_some(()));
    eventually("it is removed", || (first.get("/feeds/added.json").status == 404).then_some(()));
    assert_eq!((first.stop().0, second.stop().0), (Some(0), Some(0)));
}

#[test]
fn a_config_that_no_daemon_has_any_more_gives_way_but_hides_what_it_hid() {
    let world = World::new();
    let (a, b) = (Home::new(&world.old()), Home::new(&world.old()));
    let (first, second) = (a.start(), b.start());
    eventually("the entries", || (entries(&second, "all") == 2).then_some(()));
    a.configure(&world.new_edit());
    eventually("the other serves what is new", || (entries(&second, "added") == 1).then_some(()));
    first.kill();
    world.publish("/same", 2);
    world.publish("/edited", 2);
    // It polls the source on which both agree, and no other one; nobody makes outputs.
    eventually("what both agree on is polled", || (world.origin.responses("/same").0 > 0).then_some(()));
    eventually("status says so", || {
        b.run(&["status"]).1.contains("no daemon has had the config in force for").then_some(())
    });
    assert!(!is_in_force(&second));
    assert_eq!((world.origin.responses("/edited"), entries(&second, "all")), ((0, 0), 2));

    let six_minutes_later = "UPDATE siftwire.config_edit SET held = held - 360000 WHERE in_force = 1";
    world.database.client().batch_execute(six_minutes_later).expect("a table");
    eventually_in_force(&second, true);
    eventually("all sources are polled", || (entries(&second, "all") == 4).then_some(()));
    assert_eq!(from_elsewhere(&second, "/feeds/hidden.json"), 401, "what a later edit has hidden");
    eventually("it is made", || (entries(&second, "hidden") == 4).then_some(()));
    assert_eq!(entries(&second, "added"), 1, "it is served as it was");
    assert!(second.get("/").body.contains("A later edit than this config was in force"));
    // Also after a restart.
    second.stop();
    let second = b.start();
    assert_eq!(from_elsewhere(&second, "/feeds/hidden.json"), 401);

    let first = a.start();
    eventually_in_force(&second, false);
    eventually("the later edit makes outputs again", || (entries(&second, "added") == 2).then_some(()));
    assert!(is_in_force(&first));
    // Its owner means the older one.
    first.stop();
    File::options()
        .write(true)
        .open(b.path().join("config.toml"))
        .expect("a config")
        .set_modified(SystemTime::now())
        .expect("a time");
    eventually_in_force(&second, true);
    eventually("it decides alone", || (from_elsewhere(&second, "/feeds/hidden.json") == 200).then_some(()));
}

#[test]
fn what_each_daemon_has_for_itself_does_not_differ() {
    let world = World::new();
    let (a, b) = (Home::new(&world.old()), Home::new("x"));
    // Comments, the order of keys and tables, the address, a secret, and which file it is in.
    let config = world.config("Old", "", "another");
    let (before, sources) = config.split_once("[[source]]").expect("sources");
    let (same, edited) = sources.split_once("[[source]]").expect("two");
    let moved = "listen = \"127.0.0.1:0\"\n";
    let before =
        before.replace(moved, "").replace("[serve]\n", &format!("# x\n[serve]\n# listen\n   {moved}"));
    std::fs::create_dir(b.path().join("config.d")).expect("a folder");
    std::fs::write(b.path().join("config.d/1.toml"), format!("[[source]]{same}")).expect("a file");
    b.configure(&format!(
        "[[source]]{edited}\n[[output]]\n\n  name = 'all'\n[[output]]\nname = \"hidden\" # no\n{before}"
    ));
    let (first, second) = (a.start(), b.start());
    assert!(is_in_force(&first) && is_in_force(&second));
    let (_, log) = second.stop();
    assert!(!log.contains("another config"), "{log}");
    // All the rest does.
    std::fs::remove_dir_all(b.path().join("config.d")).expect("a folder");
    b.configure(&world.old().replace("[poll]", "keep = \"3d\"\n[poll]"));
    let second = b.start();
    eventually_in_force(&first, false);
    assert!(is_in_force(&second));
    let (_, log) = first.stop();
    assert!(log.contains("another daemon on this store has another config"), "{log}");
    // Nothing of a secret is in the database, nor what is made of it alone.
    let row = "SELECT string_agg(digest, ' ') || (SELECT string_agg(settings, ' ') FROM siftwire.source) FROM siftwire.config_edit";
    let digests: String = world.database.client().query_one(row, &[]).expect("rows").get(0);
    assert!(!digests.contains("another") && digests.len() > 64, "{digests}");
}

#[test]
fn the_problem_of_one_daemon_is_not_that_of_another() {
    let world = World::new();
    let (a, b) = (Home::new(&world.old()), Home::new(&world.old()));
    let (first, second) = (a.start(), b.start());
    eventually("the entries", || (entries(&second, "all") == 2).then_some(()));
    a.configure("[[output]\n");
    let problem = eventually("it is told", || {
        let listed = daemons(&b);
        assert!(of(&listed, &second)["problem"].is_null(), "{listed:?}");
        of(&listed, &first)["problem"].as_str().map(str::to_owned)
    });
    assert!(problem.contains("The config is invalid; the old one stays active"), "{problem}");
    // What the other does says nothing of it.
    b.configure(&format!("# edited\n{}", world.old()));
    eventually("it is read", || {
        second.get("/metrics").body.contains("siftwire_reloads_total{config=\"applied\"} 1").then_some(())
    });
    let (_, _, said) = b.run(&["status"]);
    let whose = of(&daemons(&b), &first)["name"].as_str().expect("a name").to_owned();
    assert!(
        said.contains(&format!("the running siftwire reports: daemon {whose}: The config is invalid")),
        "{said}"
    );
    assert!(is_in_force(&first) && is_in_force(&second));
    // It goes with the daemon.
    first.stop();
    assert_eq!(daemons(&b).len(), 1);
    assert!(!b.run(&["status"]).2.contains("invalid"));
}

#[test]
fn a_daemon_that_was_killed_counts_no_more_once_it_is_started_again() {
    let world = World::new();
    let (a, b) = (Home::new(&world.old()), Home::new(&world.old()));
    let (first, second) = (a.start(), b.start());
    eventually("the entries", || (entries(&second, "all") == 2).then_some(()));
    // On another machine there is one of the same name and address, and the same process numbers.
    let twin = "INSERT INTO siftwire.daemon (id, name, process, address, config, sources, unpolled, started, seen)
                SELECT 'twin', name, regexp_replace(process, ' .', ' z'), address, config, 0, unpolled, started, seen + 60000
                FROM siftwire.daemon WHERE address = $1";
    let made = world.database.client().execute(twin, &[&first.address()]).expect("a table");
    assert_eq!(made, 1);
    first.kill();
    let first = a.start();
    let mut addresses: Vec<_> = daemons(&b).into_iter().map(|daemon| daemon["address"].clone()).collect();
    assert_eq!(addresses.len(), 3, "{addresses:?}");
    addresses.retain(|address| *address != first.address() && *address != second.address());
    assert_eq!(addresses.len(), 1, "the one of the other machine stays: {addresses:?}");
    world.database.client().execute("DELETE FROM siftwire.daemon WHERE id = 'twin'", &[]).expect("a table");
    world.publish("/same", 2);
    world.publish("/edited", 2);
    eventually("the sources are shared again", || (entries(&second, "all") == 4).then_some(()));
}
