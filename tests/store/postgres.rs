//! The store in a PostgreSQL database.

use std::time::Duration;

use jiff::Timestamp;
use siftwire::source::{ArticleSettings, UrlParts};
use siftwire::store::{
    ClaimResult, Claimant, ConfiguredSource, DaemonDescription, DaemonStatus, SourceId, Store, StoreLocation,
};

use super::server::proxy::{Cut, Proxy};
use super::{server, start};

#[path = "contract.rs"]
mod contract;

/// A database for one store.
struct Home(server::Database);

impl Home {
    fn new() -> Home {
        Home(server::Database::new())
    }

    fn location(&self) -> StoreLocation {
        StoreLocation::Server(std::sync::Arc::new(self.0.url.parse().unwrap()))
    }

    /// A store of a daemon that is there.
    fn start(&self) -> Store {
        let store = start(self.location());
        let say_alive = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(store.say_alive(DaemonDescription::default())).unwrap();
        };
        std::thread::scope(|scope| scope.spawn(say_alive).join().unwrap());
        store
    }

    /// The tables do not enforce their references.
    fn problems(&self) -> Vec<String> {
        self.0.dangling_references()
    }
}

#[tokio::test]
async fn the_gap_of_a_host_counts_from_when_a_daemon_hands_it_over() {
    let home = Home::new();
    let (first, second) = (home.start(), home.start());
    let id = first.sync_sources(vec![source("a")]).await.unwrap()[0].id;
    let now = Timestamp::now();
    let claim = async |store: &Store| claim_one(store, id, now).await;
    assert!(matches!(claim(&first).await, ClaimResult::Claimed(_)), "it is free");
    assert!(matches!(claim(&second).await, ClaimResult::HostHeld(..)), "another daemon has it");

    // Its poll could not be committed.
    for hand_over in ["release", "leave"] {
        // Its answer took a minute.
        home.0.execute("UPDATE siftwire.host_lease SET since = since - 60000");
        match hand_over {
            "release" => first.release_hosts(vec!["a.example".into()]).await.unwrap(),
            _ => first.leave().await.unwrap(),
        }
        let turn = claim(&second).await;
        assert!(matches!(turn, ClaimResult::HostHeld(_, until) if until > now), "{hand_over}: {turn:?}");
        home.0.execute("UPDATE siftwire.host_lease SET since = since - 60000");
        let turn = claim(if hand_over == "release" { &first } else { &second }).await;
        assert!(matches!(turn, ClaimResult::Claimed(_)), "{hand_over}: after the gap, {turn:?}");
    }
}

async fn claim_one(store: &Store, id: SourceId, now: Timestamp) -> ClaimResult {
    let mut turns = store.claim(vec![id], Claimant::Daemon, now, Duration::from_secs(60)).await.unwrap();
    turns.pop().unwrap()
}

#[tokio::test]
async fn what_a_daemon_says_of_itself_is_no_other_daemons_and_goes_with_it() {
    let home = Home::new();
    let (one, other) = (home.start(), home.start());
    let text = |text: &str| Some(text.to_owned());
    for status in [DaemonStatus::NetworkDown, DaemonStatus::ConfigError, DaemonStatus::LeftOut] {
        one.set_daemon_status(status, text("of one")).await.unwrap();
        assert_eq!(other.daemon_status(status).await.unwrap(), None, "{status:?}");
        other.set_daemon_status(status, text("of the other")).await.unwrap();
        other.set_daemon_status(status, None).await.unwrap();
        assert_eq!(one.daemon_status(status).await.unwrap(), text("of one"), "{status:?}");
        let own = one.daemon_id().unwrap().to_string();
        let all = other.daemon_statuses(status).await.unwrap();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [(own, "of one".to_owned())], "{status:?}");
    }
    one.set_daemon_status(DaemonStatus::PublicUrl, text("of all")).await.unwrap();
    one.leave().await.unwrap();
    assert!(other.daemon_statuses(DaemonStatus::NetworkDown).await.unwrap().is_empty());
    assert_eq!(other.daemon_status(DaemonStatus::PublicUrl).await.unwrap(), text("of all"));
}

fn source(name: &str) -> ConfiguredSource {
    ConfiguredSource {
        is_named: true,
        name: name.into(),
        url: format!("http://{name}.example/").parse().unwrap(),
        publish_url: UrlParts::Path,
        host: format!("{name}.example"),
        title: None,
        language: None,
        articles: ArticleSettings::default(),
    }
}

/// Counts how often a source is inserted, also in transactions that came to nothing; runs this at the first.
fn at_the_first_insert(home: &Home, kind: &str, run: &str) {
    home.0.execute(&format!(
        "DROP TRIGGER IF EXISTS first_insert ON siftwire.source; DROP SEQUENCE IF EXISTS siftwire.inserts;
         CREATE SEQUENCE siftwire.inserts;
         CREATE OR REPLACE FUNCTION first_insert() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN IF nextval('siftwire.inserts') = 1 THEN {run}; END IF; RETURN NULL; END $$;
         CREATE {kind} first_insert AFTER INSERT ON siftwire.source {} FOR EACH ROW EXECUTE FUNCTION first_insert()",
        if kind == "TRIGGER" { "" } else { "DEFERRABLE INITIALLY DEFERRED" },
    ));
}

fn number(home: &Home, query: &str) -> i64 {
    std::thread::scope(|scope| {
        scope.spawn(|| home.0.client().query_one(query, &[]).unwrap().get(0)).join().unwrap()
    })
}

const INSERTS: &str = "SELECT last_value FROM siftwire.inserts";
const SOURCES: &str = "SELECT count(*) FROM siftwire.source";

#[tokio::test]
async fn a_transaction_that_the_server_ends_is_run_again() {
    let home = Home::new();
    let store = home.start();
    let ends = [
        "RAISE EXCEPTION 'a conflict' USING ERRCODE = '40001'",
        "RAISE EXCEPTION 'a deadlock' USING ERRCODE = '40P01'",
        "PERFORM pg_terminate_backend(pg_backend_pid())",
    ];
    let mut sources = Vec::new();
    for (index, end) in ends.iter().enumerate() {
        for (kind, suffix) in [("TRIGGER", "inside"), ("CONSTRAINT TRIGGER", "commit")] {
            at_the_first_insert(&home, kind, end);
            sources.push(source(&format!("s{index}-{suffix}")));
            store.sync_sources(sources.clone()).await.unwrap_or_else(|error| panic!("{kind} {end}: {error}"));
            assert_eq!(number(&home, INSERTS), 2, "{kind} {end}");
            assert_eq!(number(&home, SOURCES), sources.len() as i64, "{kind} {end}");
        }
    }
    // One that always fails is not tried for ever, and says why.
    home.0.execute("ALTER SEQUENCE siftwire.inserts INCREMENT 2 MAXVALUE 2 RESTART 1 CYCLE");
    sources.push(source("last"));
    let refused = store.sync_sources(sources.clone()).await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    home.0.execute("DROP TRIGGER first_insert ON siftwire.source");
    store.sync_sources(sources).await.unwrap();
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_and_not_repeated() {
    let home = Home::new();
    let proxy = Proxy::start(&home.0);
    let store = start(StoreLocation::Server(std::sync::Arc::new(proxy.url.parse().unwrap())));
    let mut sources = Vec::new();
    for (cut, inserts) in
        [(Cut::After("COMMIT\0"), 1), (Cut::Before("COMMIT\0"), 2), (Cut::Before("SAVEPOINT"), 1)]
    {
        at_the_first_insert(&home, "TRIGGER", "NULL");
        proxy.cut(cut);
        sources.push(source(&format!("s{}", sources.len())));
        let synced = store.sync_sources(sources.clone()).await.unwrap();
        assert_eq!(
            synced.len(),
            sources.len(),
            "the result is the one of the transaction that was committed"
        );
        assert_eq!(number(&home, INSERTS), inserts);
        assert_eq!(number(&home, SOURCES), sources.len() as i64);
        assert_eq!(proxy.cuts(), sources.len() as u32);
    }
    drop(store);
    // What tells of commits goes with who made them.
    for _ in 0..200 {
        if number(&home, "SELECT count(*) FROM siftwire.last_commit") == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the row of a process that has ended stays");
}
