//! What must hold of stories whatever comes in, and what a second process changes while the first one runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a test is its own daemon: it runs the store's threads")]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use siftwire::entry::change::{Change, NewEntry};
use siftwire::entry::{Entry, Key, KeyRule};
use siftwire::ingest::replay::{self, ReplayEntry};
use siftwire::source::SourceState;
use siftwire::store::{ConfiguredSource, InFeed, Options, Poll, SourceId, Store, open};
use siftwire::story;
use siftwire::story::rules::{Facts, decide};
use siftwire::story::signature::Signature;

const SOURCES: usize = 3;

const STORIES: [([&str; 3], &str); 3] = [
    (
        [
            "Nurses leave hospital in the east",
            "Four nurses leave hospital",
            "Nurses leave hospital in the west",
        ],
        "Four nurses who were being treated for the disease have been discharged from a hospital in the east of the \
         country, the ministry of health said on Monday, and two more are expected to leave it soon.",
    ),
    (
        [
            "Harvest of apricots begins early",
            "Apricots ripen early",
            "BREAKING: Harvest of apricots begins early",
        ],
        "Farmers of the valley have begun to pick their apricots nine days earlier than usual after a warm spring, and \
         hope to sell most of them abroad before the rain of June comes to the villages along the river.",
    ),
    (
        [
            "Railway opens its bridge again",
            "Bridge of the railway is open",
            "Railway does not open its bridge again",
        ],
        "Trains cross the bridge over the gorge again since this morning, the railway company said, after engineers \
         had looked at each of its piers and found no damage from the earthquake that shook the region last week.",
    ),
];

/// One made entry: which story, headline and change to the text, when, and at which address.
#[derive(Clone, Debug)]
struct Made {
    id: usize,
    source: usize,
    story: usize,
    title: usize,
    rewording: usize,
    hours: i64,
    address: usize,
}

impl Made {
    fn entry(&self) -> Entry {
        let (titles, text) = STORIES[self.story];
        let text = match self.rewording {
            0 => text.to_owned(),
            1 => format!("YEREVAN, 2 November - Agency. {text}"),
            2 => text.split(' ').take(22).collect::<Vec<_>>().join(" "),
            3 => text.replace("Four", "Seven").replace("nine", "two"),
            _ => format!(
                "{text} Nobody had expected it, and the newspapers of the capital wrote of little else."
            ),
        };
        // A few share an address.
        let page =
            if self.address < 3 { format!("shared-{}", self.address) } else { format!("own-{}", self.id) };
        Entry {
            keys: vec![Key { rule: KeyRule::Id, value: self.id.to_string() }],
            id: Some(self.id.to_string()),
            title: Some(titles[self.title].to_owned()),
            link: Some(format!("https://paper.example/{page}?utm_source={}", self.id)),
            summary: Some(text),
            published: Some(at(self.hours)),
            language: Some("en".into()),
            ..Entry::default()
        }
    }

    fn change(&self) -> Change {
        let entry = self.entry();
        Change::New(Box::new(NewEntry {
            uids: vec![format!("urn:x:{}", self.id)],
            date: at(self.hours),
            first_seen: at(100),
            fingerprint: vec![1],
            content_hash: vec![1],
            dedup_features: Some(story::dedup_features(&entry, None)),
            entry,
        }))
    }
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_hours(hours)
}

prop_compose! {
    fn made()(all in prop::collection::vec(
        (0..SOURCES, 0..STORIES.len(), 0..3_usize, 0..5_usize, 0..60_i64, 0..12_usize), 2..12)
    ) -> Vec<Made> {
        let made = |(id, (source, story, title, rewording, hours, address))| {
            Made { id, source, story, title, rewording, hours, address }
        };
        all.into_iter().enumerate().map(made).collect()
    }
}

struct Home {
    folder: tempfile::TempDir,
    store: Store,
    sources: Vec<SourceId>,
}

fn opened(folder: &tempfile::TempDir) -> Store {
    let options =
        Options { path: folder.path().join("s.db"), keep: Duration::from_secs(u64::from(u32::MAX)) };
    let (store, workers) = open(&options).unwrap();
    for work in workers.0 {
        std::thread::spawn(work);
    }
    store
}

impl Home {
    async fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(&folder);
        let source = |n: usize| ConfiguredSource {
            name: format!("s{n}"),
            url: format!("u:{n}"),
            host: format!("h{n}"),
            title: None,
            language: None,
        };
        let known = store.sync_sources((0..SOURCES).map(source).collect()).await.unwrap();
        Home { folder, store, sources: known.iter().map(|known| known.id).collect() }
    }

    async fn poll(&self, source: usize, changes: Vec<Change>) {
        let state = SourceState { last_success: Some(at(100)), ..SourceState::default() };
        let poll = Poll {
            source: self.sources[source],
            state,
            changes,
            health: vec![],
            in_feed: Some(InFeed::Complete(vec![])),
        };
        self.store.commit(poll).await.unwrap();
    }

    async fn replay(&self, made: &[Made]) {
        let replayed = made.iter().map(|made| ReplayEntry {
            source: self.sources[made.source],
            entry: made.entry(),
            now: at(made.hours),
        });
        replay::replay(&self.store, replayed.collect()).await.unwrap();
    }

    /// Each merge: the ids of the entry and of the story's first one, and the reason.
    async fn merges(&self) -> BTreeSet<(String, String, String)> {
        let merges = self.store.merges(1000).await.unwrap();
        merges.into_iter().map(|merge| (merge.entry.uid, merge.first.unwrap().uid, merge.reason)).collect()
    }

    async fn entries(&self) -> u64 {
        self.store.entry_counts().await.unwrap().values().sum()
    }
}

fn run(test: impl Future<Output = TestCaseResult>) -> TestCaseResult {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
}

fn facts(entry: &Entry, source: i64, date: Timestamp) -> Facts {
    let dedup_features = story::dedup_features(entry, None);
    Facts {
        source,
        date: date.as_millisecond(),
        address: dedup_features.address,
        article: dedup_features.article,
        signature: Signature::decode(&dedup_features.signature).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_within_a_poll_is_nothing_to_what_is_merged(
        (before, polled, shuffled) in (made(), made()).prop_flat_map(|(before, polled)| {
            (Just(before), Just(polled.clone()), Just(polled).prop_shuffle())
        })
    ) {
        run(async {
            let (one, other) = (Home::new().await, Home::new().await);
            for (home, polled) in [(&one, &polled), (&other, &shuffled)] {
                let older = before.iter().map(|made| Made { id: made.id + 100, ..made.clone() }.change()).collect();
                home.poll(0, older).await;
                home.poll(1, polled.iter().map(Made::change).collect()).await;
            }
            prop_assert_eq!(one.merges().await, other.merges().await);
            Ok(())
        })?;
    }

    #[test]
    fn what_comes_again_in_any_order_adds_nothing(
        (first, again) in made().prop_flat_map(|made| (Just(made.clone()), Just(made).prop_shuffle()))
    ) {
        run(async {
            let home = Home::new().await;
            home.replay(&first).await;
            let (entries, merges) = (home.entries().await, home.merges().await);
            home.replay(&again).await;
            prop_assert_eq!(home.entries().await, entries);
            prop_assert_eq!(home.merges().await, merges);
            Ok(())
        })?;
    }

    #[test]
    fn an_entry_joins_only_what_it_is_like_itself(made in made()) {
        run(async {
            let home = Home::new().await;
            for made in &made {
                home.poll(made.source, vec![made.change()]).await;
            }
            for merge in home.store.merges(1000).await.unwrap() {
                let first = merge.first.unwrap();
                let standing = home.store.story_of_entry(first.number.to_string()).await.unwrap().unwrap();
                prop_assert_eq!(standing.first, Some(first.number), "the first is in no other story");
                let made = |id: Option<&String>| made[id.unwrap().parse::<usize>().unwrap()].clone();
                let (new, old) = (made(merge.entry.entry.id.as_ref()), made(first.entry.id.as_ref()));
                let fact = |made: &Made| facts(&made.entry(), made.source as i64, at(made.hours));
                let alone = decide(&fact(&new), &[(1, fact(&old))]);
                prop_assert!(alone.is_some(), "{:?} alone does not join {:?}", new, old);
            }
            Ok(())
        })?;
    }
}

fn copy(id: usize, source: usize) -> Made {
    Made { id, source, story: 0, title: 0, rewording: 0, hours: id as i64, address: 9 }
}

#[test]
fn what_another_process_parts_is_compared_with_at_once() {
    run(async {
        let home = Home::new().await;
        home.poll(0, vec![copy(0, 0).change()]).await;
        home.poll(1, vec![copy(1, 1).change()]).await;
        let merges = home.store.merges(9).await.unwrap();
        let [first, second] = [merges[0].first.as_ref().unwrap().number, merges[0].entry.number];

        let beside = opened(&home.folder);
        assert!(beside.split_story(first).await.unwrap());
        assert!(home.merges().await.is_empty());
        // Without its former first, which its source lists no more, only the parted one is left to be like.
        home.poll(0, vec![]).await;
        assert_eq!(home.store.prune(at(101), 1).await.unwrap(), 1);
        home.poll(2, vec![copy(2, 2).change()]).await;
        let merges = home.store.merges(9).await.unwrap();
        assert_eq!(merges[0].first.as_ref().map(|first| first.number), Some(second));

        // And what it joins goes on as one story.
        let other = Made { story: 1, ..copy(3, 0) };
        home.poll(0, vec![other.change()]).await;
        let other = home.store.story_of_entry("urn:x:3".into()).await.unwrap().unwrap().entry;
        assert!(beside.join_stories(other, second, at(101)).await.unwrap());
        home.poll(1, vec![copy(4, 1).change()]).await;
        let standing = home.store.story_of_entry("urn:x:4".into()).await.unwrap().unwrap();
        assert_eq!((standing.first, standing.duplicates.len()), (Some(second), 3));
        Ok(())
    })
    .unwrap();
}
