//! The daemon on a PostgreSQL server: killed, cut off, without a login.

use std::io::{BufRead as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use crate::faults::{RSS, feed};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually, eventually_within};
use crate::server::proxy::{Cut, Proxy};
use crate::server::{Database, Server};

/// How soon silence is noticed: a statement is waited for, then a login.
const NOTICED: Duration = Duration::from_secs(60);

/// Ends the server as a crash does (`stop`), or starts it again (`start`); stops its processes (`pause`, `resume`).
fn order(server: &mut Server, what: &str) {
    writeln!(server.input, "{what}").expect("the script runs");
    let mut done = String::new();
    server.output.read_line(&mut done).expect("a line");
    assert_eq!(done.trim(), what);
}

fn config(origin: &Origin, store: &str) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example\"\n[store]\nurl = \"{store}\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n
         [[source]]\nname = \"site\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\n",
        origin.url("/site")
    )
}

/// Publishes the entries up to this number.
fn publish(origin: &Origin, last: usize) {
    origin.set("/site", 200, RSS, feed(0..last + 1));
}

/// The titles of the document.
fn titles(daemon: &Daemon) -> Vec<String> {
    let feed = daemon.get("/feeds/all.json");
    assert_eq!(feed.status, 200, "{}", feed.body);
    let feed: serde_json::Value = serde_json::from_str(&feed.body).expect("JSON");
    let items = feed["items"].as_array().expect("items").iter();
    let mut titles: Vec<String> =
        items.map(|item| item["title"].as_str().unwrap_or_default().to_owned()).collect();
    titles.sort();
    titles
}

/// Waits until the document has the entries up to this number, each once.
#[track_caller]
fn shows_all(daemon: &Daemon, last: usize) {
    let mut all: Vec<String> = (0..=last).map(|n| format!("Entry-{n}.")).collect();
    all.sort();
    eventually("all entries, each once", || (titles(daemon) == all).then_some(()));
}

#[test]
fn what_was_published_is_there_after_a_kill() {
    let (origin, database) = (Origin::start(), Database::new());
    let home = Home::new(&config(&origin, &database.url));
    publish(&origin, 2);
    let daemon = home.start();
    shows_all(&daemon, 2);
    publish(&origin, 3);
    shows_all(&daemon, 3);
    daemon.kill();

    let daemon = home.start();
    // The last document may not have been stored yet, but the one before was.
    assert!(titles(&daemon).len() >= 3, "{:?}", titles(&daemon));
    publish(&origin, 4);
    shows_all(&daemon, 4);
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(home.run(&["show", "all", "--format", "json"]).0, Some(0));
    assert_eq!(database.dangling_references(), Vec::<String>::new());
    assert!(!home.store().exists(), "there is no file");
}

#[test]
fn without_its_server_a_daemon_serves_from_memory_and_then_goes_on() {
    let (origin, mut server) = (Origin::start(), Server::start(&[]));
    let database = Database::on(&server);
    let home = Home::new(&config(&origin, &database.url));
    publish(&origin, 0);
    let daemon = home.start();
    shows_all(&daemon, 0);
    for last in 1..4 {
        order(&mut server, "stop");
        publish(&origin, last);
        eventually("it says so", || (daemon.get("/readyz").status == 503).then_some(()));
        shows_all(&daemon, last - 1);
        assert_eq!(daemon.get("/").status, 200);
        order(&mut server, "start");
        shows_all(&daemon, last);
        eventually("it is ready again", || (daemon.get("/readyz").status == 200).then_some(()));
    }
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("cannot connect to postgres://siftwire@"), "{log}");
    assert_eq!(database.dangling_references(), Vec::<String>::new());
}

#[test]
fn a_login_that_is_refused_for_a_while_costs_nothing() {
    let (origin, server) = (Origin::start(), Server::start(&[]));
    let database = Database::on(&server);
    let mut administrator = Client::connect(&database.url, NoTls).expect("the server answers");
    let name = database.url.rsplit('/').next().expect("a name");
    let made = format!("CREATE ROLE news LOGIN; GRANT ALL ON DATABASE {name} TO news");
    administrator.batch_execute(&made).expect("a role");
    let home = Home::new(&config(&origin, &database.url.replace("siftwire@", "news@")));
    publish(&origin, 0);
    let daemon = home.start();
    shows_all(&daemon, 0);

    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'news'";
    administrator.batch_execute(&format!("ALTER ROLE news NOLOGIN; {cut}")).expect("it is altered");
    publish(&origin, 1);
    eventually("it says so", || (daemon.get("/readyz").status == 503).then_some(()));
    shows_all(&daemon, 0);
    let (code, _, words) = home.run(&["status"]);
    assert!(code == Some(1) && words.contains("not permitted to log in"), "{code:?} {words}");

    administrator.batch_execute("ALTER ROLE news LOGIN").expect("it is altered");
    shows_all(&daemon, 1);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn each_of_several_daemons_keeps_its_own_files() {
    let (origin, database) = (Origin::start(), Database::new());
    let config = format!("{}write_to = \"out\"\n", config(&origin, &database.url));
    let homes = [Home::new(&config), Home::new(&config)];
    homes.iter().for_each(|home| std::fs::create_dir(home.path().join("out")).expect("a folder"));
    publish(&origin, 1);
    let daemons = homes.each_ref().map(Home::start);
    for last in [1, 3] {
        publish(&origin, last);
        daemons.iter().for_each(|daemon| shows_all(daemon, last));
        for home in &homes {
            let file = home.path().join("out/all.json");
            let entry = format!("Entry-{last}.");
            eventually("the file of each daemon has it", || {
                std::fs::read_to_string(&file).is_ok_and(|text| text.contains(&entry)).then_some(())
            });
        }
    }
    for daemon in daemons {
        let (code, log) = daemon.stop();
        assert_eq!(code, Some(0));
        assert!(!log.contains("removed a file"), "{log}");
    }
    assert!(homes.iter().all(|home| home.path().join("out/all.json").exists()));
}

/// A daemon, whose store goes silent and speaks again: it says so, serves, and goes on.
fn goes_silent(origin: &Origin, home: &Home, mut silence: impl FnMut(bool)) {
    publish(origin, 0);
    let daemon = home.start();
    shows_all(&daemon, 0);
    silence(true);
    publish(origin, 1);
    eventually_within(NOTICED, "it says so", || (daemon.get("/readyz").status == 503).then_some(()));
    shows_all(&daemon, 0);
    assert_eq!(daemon.get("/").status, 200);
    let begun = Instant::now();
    let (code, _, words) = home.run(&["status"]);
    assert!(code == Some(1) && words.contains("no answer within 10 s"), "{code:?} {words}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    silence(false);
    eventually_within(NOTICED, "it is ready again", || (daemon.get("/readyz").status == 200).then_some(()));
    shows_all(&daemon, 1);
    silence(true);
    let begun = Instant::now();
    let (_, log) = daemon.stop();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(log.contains("no answer within 10 s") || log.contains("the server does not answer"), "{log}");
    silence(false);
    publish(origin, 2);
    let daemon = home.start();
    shows_all(&daemon, 2);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_server_that_stands_still_costs_nothing() {
    let (origin, mut server) = (Origin::start(), Server::start(&[]));
    let database = Database::on(&server);
    let home = Home::new(&config(&origin, &database.url));
    goes_silent(&origin, &home, |silent| order(&mut server, if silent { "pause" } else { "resume" }));
    assert_eq!(database.dangling_references(), Vec::<String>::new());
}

#[test]
fn a_network_that_drops_everything_costs_nothing() {
    let (origin, database) = (Origin::start(), Database::new());
    let proxy = Proxy::start(&database);
    let home = Home::new(&config(&origin, &proxy.url));
    goes_silent(&origin, &home, |silent| proxy.hold(silent));
    assert_eq!(database.dangling_references(), Vec::<String>::new());
}

#[test]
fn commits_whose_answers_are_lost_are_neither_lost_nor_doubled() {
    let (origin, database) = (Origin::start(), Database::new());
    let proxy = Proxy::start(&database);
    let home = Home::new(&config(&origin, &proxy.url));
    publish(&origin, 0);
    let daemon = home.start();
    shows_all(&daemon, 0);
    for last in 1..9 {
        let cut = [Cut::After("last_commit"), Cut::Before("last_commit"), Cut::After("COMMIT\0")][last % 3];
        proxy.cut(cut);
        publish(&origin, last);
        eventually("a cut", || (proxy.cuts() as usize == last).then_some(()));
        shows_all(&daemon, last);
    }
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    assert!(!log.contains("poll not committed"), "{log}");
    let doubled = "SELECT count(*) FROM siftwire.entry GROUP BY title HAVING count(*) > 1";
    assert!(database.client().query(doubled, &[]).expect("it is read").is_empty());
    assert_eq!(database.dangling_references(), Vec::<String>::new());
}

#[test]
fn no_command_waits_for_a_server_that_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let origin = Origin::start();
    let url = format!("postgres://siftwire@127.0.0.1:{port}/news");
    let home = Home::new(&config(&origin, &url));
    let commands: [&[&str]; 7] = [
        &["run"],
        &["status"],
        &["poll"],
        &["show", "all"],
        &["explain", "a"],
        &["store", "copy", "config", "new.db"],
        &["store", "copy", "new.db", &url],
    ];
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for command in commands {
            let home = &home;
            scope.spawn(move || {
                let (code, _, words) = home.run(command);
                let is_missing = words.contains("there is no store");
                assert!(
                    code == Some(1) && (is_missing || words.contains("no answer within 10 s")),
                    "{command:?} {code:?} {words}"
                );
            });
        }
    });
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
}
