//! The store in a PostgreSQL database.

use std::time::Duration;

use jiff::Timestamp;
use siftwire::source::{ArticleSettings, UrlParts};
use siftwire::store::{
    ClaimResult, Claimant, ConfiguredSource, DaemonDescription, DaemonStatus, SourceId, Store, StoreLocation,
};

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
    let source = ConfiguredSource {
        is_named: true,
        name: "a".into(),
        url: "http://a.example/".parse().unwrap(),
        publish_url: UrlParts::Path,
        host: "a.example".into(),
        title: None,
        language: None,
        articles: ArticleSettings::default(),
    };
    let id = first.sync_sources(vec![source]).await.unwrap()[0].id;
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
