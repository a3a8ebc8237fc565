//! Properties of story decisions, and changes by a second process while the first one runs.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(clippy::disallowed_methods, reason = "a test runs the store's threads itself")]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use siftwire::entry::change::{Change, NewEntry};
use siftwire::entry::{Entry, Key, KeyRule};
use siftwire::ingest::replay::{self, ReplayEntry};
use siftwire::source::{SourceState, UrlParts};
use siftwire::store::{ConfiguredSource, InFeed, Options, Poll, PollResult, SourceId, Store, open};
use siftwire::story;
use siftwire::story::rules::{self, ComparedEntry, proposals};

const SOURCES: usize = 3;

/// Three titles and a text for each story.
const STORIES: [([&str; 3], &str); 3] = [
    (
        [
            "Nurses leave hospital in the east", "Four nurses leave hospital",
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
            "Railway opens its bridge again", "Bridge of the railway is open",
            "Railway does not open its bridge again",
        ],
        "Trains cross the bridge over the gorge again since this morning, the railway company said, after engineers \
         had looked at each of its piers and found no damage from the earthquake that shook the region last week.",
    ),
];

/// A generated entry.
#[derive(Clone, Debug)]
struct TestEntry {
    id: usize,
    source: usize,
    /// Index into `STORIES`.
    story: usize,
    title: usize,
    /// How the text is changed.
    rewording: usize,
    hours: i64,
    /// Entries share an address if this is the same and less than 3.
    address: usize,
}

impl TestEntry {
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
        new_entry(self.id, self.hours, self.entry())
    }
}

fn new_entry(id: usize, hours: i64, entry: Entry) -> Change {
    Change::New(Box::new(NewEntry {
        uids: vec![format!("urn:x:{id}")],
        date: at(hours),
        first_seen: at(100),
        fingerprint: vec![1],
        content_hash: vec![1],
        dedup_features: Some(story::compute_features(&entry)),
        entry,
    }))
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_hours(hours)
}

/// Each line of `stories/pairs.tsv` is a pair of a class that stands for its kind, in one of the six languages.
#[test]
fn pairs_of_each_kind_are_one_story_or_two() {
    let mut wrong = Vec::new();
    for line in include_str!("stories/pairs.tsv").lines().filter(|line| !line.starts_with('#')) {
        let [class, label, language, sources, hours, title, text, other_title, other_text] =
            line.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("nine columns: {line}")
        };
        let either = |other, one| if other == "=" { one } else { other };
        let entry = |source: i64, hours: i64, title: &str, text: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let entry = Entry { title: some(title), summary: some(text), ..Entry::default() };
            ComparedEntry::new(source, at(hours).as_millisecond(), &entry)
        };
        let one = entry(1, 0, title, text);
        let other = entry(
            sources.parse().unwrap(),
            hours.parse().unwrap(),
            either(other_title, title),
            either(other_text, text),
        );
        for (new, old) in [(&one, &other), (&other, &one)] {
            let found = proposals(new, &[(1, old.clone())]);
            if found.is_empty() != (label == "apart") {
                let why = rules::decide(new, old, rules::Evidence::default());
                wrong.push(format!("{class} {label} {language}: {title}: {why:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

prop_compose! {
    fn test_entries()(all in prop::collection::vec(
        (0..SOURCES, 0..STORIES.len(), 0..3_usize, 0..5_usize, 0..60_i64, 0..12_usize), 2..12)
    ) -> Vec<TestEntry> {
        let entry = |(id, (source, story, title, rewording, hours, address))| {
            TestEntry { id, source, story, title, rewording, hours, address }
        };
        all.into_iter().enumerate().map(entry).collect()
    }
}

struct StoreFixture {
    folder: tempfile::TempDir,
    store: Store,
    sources: Vec<SourceId>,
}

fn open_store(folder: &tempfile::TempDir) -> Store {
    let options = Options {
        location: siftwire::store::StoreLocation::File(folder.path().join("s.db")),
        keep: Duration::from_secs(u64::from(u32::MAX)),
    };
    let (store, workers) = open(&options).unwrap();
    for worker in workers.0 {
        std::thread::spawn(worker.run);
    }
    store
}

impl StoreFixture {
    async fn new() -> StoreFixture {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(&folder);
        let source = |n: usize| ConfiguredSource {
            is_named: true,
            articles: siftwire::source::ArticleSettings::default(),
            name: format!("s{n}"),
            url: format!("u:{n}").parse().unwrap(),
            publish_url: UrlParts::Path,
            host: format!("h{n}"),
            title: None,
            language: None,
        };
        let known = store.sync_sources((0..SOURCES).map(source).collect()).await.unwrap();
        StoreFixture { folder, store, sources: known.iter().map(|known| known.id).collect() }
    }

    async fn poll(&self, source: usize, changes: Vec<Change>) {
        let state = SourceState { last_success: Some(at(100)), ..SourceState::default() };
        let poll = Poll {
            claim: None,
            result: PollResult::Read,
            source: self.sources[source],
            state,
            changes,
            health: vec![],
            in_feed: Some(InFeed::Complete(vec![])),
        };
        self.store.commit(poll).await.unwrap();
    }

    async fn replay(&self, entries: &[TestEntry]) {
        let replayed = entries.iter().map(|entry| ReplayEntry {
            source: self.sources[entry.source],
            entry: entry.entry(),
            now: at(entry.hours),
        });
        replay::replay(&self.store, replayed.collect()).await.unwrap();
    }

    /// For each merge the uids of the entry and of the story's first entry, and the reason.
    async fn merges(&self) -> BTreeSet<(String, String, String)> {
        let merges = self.store.merges(1000).await.unwrap();
        merges.into_iter().map(|merge| (merge.entry.uid, merge.first.unwrap().uid, merge.reason)).collect()
    }

    async fn entry_count(&self) -> u64 {
        self.store.entry_counts().await.unwrap().values().sum()
    }
}

fn run(test: impl Future<Output = TestCaseResult>) -> TestCaseResult {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
}

fn compared(entry: &Entry, source: i64, date: Timestamp) -> ComparedEntry {
    ComparedEntry::new(source, date.as_millisecond(), entry)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merges_do_not_depend_on_the_order_within_a_poll(
        (before, polled, shuffled) in (test_entries(), test_entries()).prop_flat_map(|(before, polled)| {
            (Just(before), Just(polled.clone()), Just(polled).prop_shuffle())
        })
    ) {
        run(async {
            let (one, other) = (StoreFixture::new().await, StoreFixture::new().await);
            for (fixture, polled) in [(&one, &polled), (&other, &shuffled)] {
                let older =
                    before.iter().map(|entry| TestEntry { id: entry.id + 100, ..entry.clone() }.change()).collect();
                fixture.poll(0, older).await;
                fixture.poll(1, polled.iter().map(TestEntry::change).collect()).await;
            }
            prop_assert_eq!(one.merges().await, other.merges().await);
            Ok(())
        })?;
    }

    #[test]
    fn entries_that_are_repeated_in_any_order_change_nothing(
        (first, again) in test_entries().prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle()))
    ) {
        run(async {
            let fixture = StoreFixture::new().await;
            fixture.replay(&first).await;
            let (entries, merges) = (fixture.entry_count().await, fixture.merges().await);
            fixture.replay(&again).await;
            prop_assert_eq!(fixture.entry_count().await, entries);
            prop_assert_eq!(fixture.merges().await, merges);
            Ok(())
        })?;
    }

    #[test]
    fn an_entry_joins_only_a_story_whose_first_entry_matches(entries in test_entries()) {
        run(async {
            let fixture = StoreFixture::new().await;
            for entry in &entries {
                fixture.poll(entry.source, vec![entry.change()]).await;
            }
            for merge in fixture.store.merges(1000).await.unwrap() {
                let first = merge.first.unwrap();
                let story = fixture.store.story_of_entry(first.number.to_string()).await.unwrap().unwrap();
                prop_assert_eq!(story.first, Some(first.number), "the first entry is in no other story");
                let by_id = |id: Option<&String>| entries[id.unwrap().parse::<usize>().unwrap()].clone();
                let (new, old) = (by_id(merge.entry.entry.id.as_ref()), by_id(first.entry.id.as_ref()));
                let compared = |entry: &TestEntry| compared(&entry.entry(), entry.source as i64, at(entry.hours));
                let proposals = proposals(&compared(&new), &[(1, compared(&old))]);
                prop_assert!(!proposals.is_empty(), "{:?} does not match {:?}", new, old);
            }
            Ok(())
        })?;
    }
}

/// A copy of one entry, at the same address.
fn copy(id: usize, source: usize) -> TestEntry {
    TestEntry { id, source, story: 0, title: 0, rewording: 0, hours: id as i64, address: 9 }
}

#[test]
fn splits_and_joins_by_another_process_count_at_once() {
    run(async {
        let fixture = StoreFixture::new().await;
        fixture.poll(0, vec![copy(0, 0).change()]).await;
        fixture.poll(1, vec![copy(1, 1).change()]).await;
        let merges = fixture.store.merges(9).await.unwrap();
        let [first, second] = [merges[0].first.as_ref().unwrap().number, merges[0].entry.number];

        let other_process = open_store(&fixture.folder);
        assert!(other_process.split_story(first).await.unwrap());
        assert!(fixture.merges().await.is_empty());
        // The former first entry is no longer in its feed and is pruned, so only the split entry can match.
        fixture.poll(0, vec![]).await;
        assert_eq!(fixture.store.prune(at(101), 1).await.unwrap(), 1);
        fixture.poll(2, vec![copy(2, 2).change()]).await;
        let merges = fixture.store.merges(9).await.unwrap();
        assert_eq!(merges[0].first.as_ref().map(|first| first.number), Some(second));

        // Later entries go to the joined story.
        let other = TestEntry { story: 1, ..copy(3, 0) };
        fixture.poll(0, vec![other.change()]).await;
        let other = fixture.store.story_of_entry("urn:x:3".into()).await.unwrap().unwrap().entry;
        assert!(other_process.join_stories(other, second, at(101)).await.unwrap());
        fixture.poll(1, vec![copy(4, 1).change()]).await;
        let story = fixture.store.story_of_entry("urn:x:4".into()).await.unwrap().unwrap();
        assert_eq!((story.first, story.duplicates.len()), (Some(second), 3));
        Ok(())
    })
    .unwrap();
}

#[test]
fn titles_and_texts_that_differ_in_a_number_stay_apart() {
    run(async {
        let fixture = StoreFixture::new().await;
        let entry = |id: usize| {
            let title = Some(format!("Title big-{id}"));
            let summary =
                Some(format!("The text of entry big-{id} goes on with words that all the others have too."));
            new_entry(id, 0, Entry { title, summary, ..Entry::default() })
        };
        fixture.poll(0, (0..5000).map(entry).collect()).await;
        prop_assert_eq!(fixture.merges().await, BTreeSet::new());
        Ok(())
    })
    .unwrap();
}

/// Two feeds of one site about a page that changes, as those of the latest alert are.
#[test]
fn each_state_of_a_page_that_changes_is_a_story() {
    run(async {
        let fixture = StoreFixture::new().await;
        let alerts = ["Storm closes the harbour", "Flood reaches the old town", "Snow stops all trains"];
        let entry = |id: usize, hours: i64| Entry {
            title: Some(alerts[hours as usize].into()),
            link: Some("https://weather.example/alerts/now".into()),
            id: Some(id.to_string()),
            ..Entry::default()
        };
        for (id, (hours, source)) in [(0, 0), (0, 1), (1, 0), (2, 1), (2, 0), (1, 1)].into_iter().enumerate()
        {
            fixture.poll(source, vec![new_entry(id, hours, entry(id, hours))]).await;
        }
        let merges: Vec<(String, String)> =
            fixture.merges().await.into_iter().map(|(entry, first, _)| (entry, first)).collect();
        let pair = |entry: usize, first: usize| (format!("urn:x:{entry}"), format!("urn:x:{first}"));
        prop_assert_eq!(merges, [pair(1, 0), pair(4, 3), pair(5, 2)]);
        Ok(())
    })
    .unwrap();
}
