//! The contract of the store, whichever database it is in: claims, commits, watermarks, pruning.

#[path = "articles.rs"]
mod articles;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use siftwire::entry::change::{Change, KnownKey, NewEntry};
use siftwire::entry::{Entry, Key, KeyRule};
use siftwire::source::{HealthEvent, HealthKind, Moved, SourceState, UrlParts};
use siftwire::store::{
    Advance, AdvanceResult, Claim, ClaimResult, Claimant, ConfiguredOutput, ConfiguredSource, EntryIds,
    InFeed, Member, MemberQuery, MemberUpdate, Poll, PollResult, Progress, SourceId, Store,
};

use super::Home;

const LEASE: Duration = Duration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn sources(names: &[(&str, &str, &str)]) -> Vec<ConfiguredSource> {
    let source = |(name, url, host): &(&str, &str, &str)| ConfiguredSource {
        is_named: true,
        name: (*name).into(),
        url: url.parse().unwrap(),
        publish_url: UrlParts::Path,
        host: (*host).into(),
        title: None,
        language: None,
        articles: siftwire::source::ArticleSettings::default(),
    };
    names.iter().map(source).collect()
}

fn new(key: &str, title: &str, date: Timestamp) -> Change {
    Change::New(Box::new(NewEntry {
        uids: vec![format!("urn:x:{key}"), format!("urn:x:{key}:2")],
        date,
        first_seen: date,
        fingerprint: vec![1],
        content_hash: vec![1],
        entry: Entry { keys: vec![self::key(key)], title: Some(title.into()), ..Entry::default() },
        dedup_features: None,
    }))
}

fn key(value: &str) -> Key {
    Key { rule: KeyRule::Id, value: value.into() }
}

fn done(source: SourceId, next: Timestamp, changes: Vec<Change>) -> Poll {
    let state = SourceState {
        next_poll: Some(next),
        last_success: Some(at(0)),
        outcome: "read".into(),
        ..SourceState::default()
    };
    Poll { source, claim: None, result: PollResult::Read, state, changes, health: vec![], in_feed: None }
}

fn progress(definition: &str, watermark: i64) -> Progress {
    Progress { definition: definition.into(), watermark }
}

/// Claims all sources that are due.
async fn due(store: &Store, now: Timestamp) -> Vec<Claim> {
    let ids = store.next_polls().await.unwrap().into_iter().map(|plan| plan.source).collect();
    let turns = store.claim(ids, Claimant::Daemon, now, LEASE).await.unwrap();
    turns
        .into_iter()
        .filter_map(|turn| if let ClaimResult::Claimed(claim) = turn { Some(*claim) } else { None })
        .collect()
}

#[tokio::test]
async fn a_claim_excludes_other_pollers_until_it_ends_or_expires() {
    let home = Home::new();
    let store = home.start();
    let known = store
        .sync_sources(sources(&[("a", "u:a", "x"), ("b", "u:b", "x"), ("c", "u:c", "y")]))
        .await
        .unwrap();
    let [a, b, c] = [known[0].id, known[1].id, known[2].id];
    let claim =
        async |ids: &[SourceId], asked, now| store.claim(ids.to_vec(), asked, now, LEASE).await.unwrap();
    let turns = claim(&[a, b], Claimant::Daemon, at(0)).await;
    let [ClaimResult::Claimed(first), ClaimResult::Claimed(_)] = turns.as_slice() else {
        panic!("{turns:?}")
    };
    assert_eq!((first.source, first.name.as_str(), first.host.as_str()), (a, "a", "x"));
    assert_eq!(
        claim(&[a], Claimant::Command, at(59)).await,
        [ClaimResult::NotDue(a, at(60))],
        "claimed by another poller"
    );
    let dues = async || -> Vec<_> {
        store.next_polls().await.unwrap().into_iter().map(|plan| (plan.name, plan.due)).collect()
    };
    let never = Timestamp::UNIX_EPOCH;
    assert!(
        matches!(claim(&[c], Claimant::Command, at(0)).await[..], [ClaimResult::Claimed(_)]),
        "it is free"
    );
    let planned = [("a".into(), never), ("b".into(), never), ("c".into(), at(60))];
    assert_eq!(dues().await, planned, "the claims of the daemon itself do not keep it waiting");
    let again = claim(&[b], Claimant::Daemon, at(1)).await;
    assert!(matches!(again[..], [ClaimResult::Claimed(_)]), "it replaces its own: {again:?}");
    assert_eq!(
        claim(&[c], Claimant::Command, at(1)).await,
        [ClaimResult::NotDue(c, at(60))],
        "one of another command"
    );

    store.commit(done(a, at(1000), vec![])).await.unwrap();
    assert_eq!(claim(&[a], Claimant::Daemon, at(61)).await, [ClaimResult::NotDue(a, at(1000))], "not due");
    assert!(matches!(claim(&[a], Claimant::Command, at(61)).await[..], [ClaimResult::Claimed(_)]), "forced");
    assert!(matches!(claim(&[c], Claimant::Command, at(61)).await[..], [ClaimResult::Claimed(_)]), "expired");
    assert_eq!(dues().await, [("a".into(), at(1000)), ("b".into(), never), ("c".into(), at(121))]);
    store.sync_sources(sources(&[("a", "u:a", "x"), ("b", "u:b", "x")])).await.unwrap();
    assert_eq!(
        claim(&[c], Claimant::Command, at(999)).await,
        [ClaimResult::Gone(c)],
        "removed from the config"
    );
}

#[tokio::test]
async fn a_poll_is_stored_completely_or_not_at_all() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    store.commit(done(source, at(9), vec![new("1", "One", at(0)), new("2", "Two", at(0))])).await.unwrap();
    let known = store.known_entries(source, vec![key("1"), key("3")]).await.unwrap();
    let Some(KnownKey::Entry(one)) = known.get(&key("1")) else { panic!("{known:?}") };
    assert_eq!(known.len(), 1);

    let entry =
        Entry { keys: vec![key("1"), key("1b")], title: Some("One, edited".into()), ..Entry::default() };
    let edit = Change::Edited {
        number: one.number,
        entry: Box::new(entry),
        fingerprint: vec![2],
        content_hash: vec![2],
        changed: Some(at(5)),
        edited: None,
        former_title: None,
    };
    store.commit(done(source, at(9), vec![edit])).await.unwrap();
    let after = store.entries_after(2, 10).await.unwrap();
    assert_eq!(after.len(), 1, "an edit gets a new revision");
    let kept = &after[0].entry;
    assert_eq!((kept.number, kept.date, kept.first_seen, kept.changed), (one.number, at(0), at(0), at(5)));
    assert_eq!(kept.entry.title.as_deref(), Some("One, edited"));
    assert_eq!(kept.uid, "urn:x:1");
    assert!(
        store.known_entries(source, vec![key("1b")]).await.unwrap().contains_key(&key("1b")),
        "found by its new key"
    );

    // A change that cannot be written rolls back its whole poll, and no other.
    let invalid = Change::New(Box::new(NewEntry {
        uids: vec![],
        date: at(0),
        first_seen: at(0),
        fingerprint: vec![],
        content_hash: vec![],
        entry: Entry::default(),
        dedup_features: None,
    }));
    let (bad, good) = tokio::join!(
        store.commit(done(source, at(99), vec![new("4", "Four", at(0)), invalid])),
        store.commit(done(source, at(77), vec![new("5", "Five", at(0))])),
    );
    assert!(bad.is_err() && good.is_ok());
    let found = store.known_entries(source, vec![key("4"), key("5")]).await.unwrap();
    assert!(!found.contains_key(&key("4")) && found.contains_key(&key("5")));
    assert_eq!(store.sources().await.unwrap()[0].state.next_poll, Some(at(77)));
}

#[tokio::test]
async fn health_events_are_stored_with_the_poll_and_read_newest_first_up_to_a_limit() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    let event = |n: i64| HealthEvent {
        id: format!("urn:x:{n}"),
        kind: HealthKind::Failing,
        name: "a".into(),
        title: "A".into(),
        feed_id: "u:a".into(),
        url: "u:a".into(),
        at: at(n),
        since: None,
        detail: "status 500".into(),
    };
    for n in [1, 2] {
        store.commit(Poll { health: vec![event(n)], ..done(source, at(9), vec![]) }).await.unwrap();
    }
    let (both, one) = (store.health_events(9).await.unwrap(), store.health_events(1).await.unwrap());
    assert_eq!(both, [(2, event(2)), (1, event(1))]);
    assert_eq!(one, both[..1]);
    store.sync_sources(vec![]).await.unwrap();
    assert_eq!(store.health_events(9).await.unwrap(), [], "events leave with their source");
    store.sync_sources(sources(&[("renamed", "u:a", "x")])).await.unwrap();
    assert_eq!(store.health_events(9).await.unwrap(), both);
}

#[tokio::test]
async fn a_poll_that_lost_its_claim_writes_nothing() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    let claim = async |claimant, now| {
        let mut claims = store.claim(vec![source], claimant, now, LEASE).await.unwrap();
        match claims.pop().unwrap() {
            ClaimResult::Claimed(claim) => claim.number,
            other => panic!("{other:?}"),
        }
    };
    let event = HealthEvent {
        id: "urn:x:1".into(),
        kind: HealthKind::Gone,
        name: "a".into(),
        title: "A".into(),
        feed_id: "u:a".into(),
        url: "u:a".into(),
        at: at(0),
        since: None,
        detail: String::new(),
    };
    let poll = |number, key: &str| Poll {
        result: PollResult::Read,
        claim: Some(number),
        health: vec![event.clone()],
        in_feed: Some(InFeed::Complete(vec![])),
        ..done(source, at(1000), vec![new(key, key, at(0))])
    };
    // How a claim is lost after a time, and the claim that may be committed then.
    let first = claim(Claimant::Daemon, at(0)).await;
    let second = claim(Claimant::Command, at(60)).await;
    let before = (store.sources().await.unwrap(), store.latest_revision().await.unwrap());
    let lost = store.commit(poll(first, "late")).await.unwrap_err();
    assert!(lost.is_lost_claim(), "{lost}");
    assert_eq!((store.sources().await.unwrap(), store.latest_revision().await.unwrap()), before);
    assert!(store.known_entries(source, vec![key("late")]).await.unwrap().is_empty());
    assert!(store.health_events(9).await.unwrap().is_empty());
    // The lease of the second one has run out, but nobody has taken the source.
    store.commit(poll(second, "in time")).await.unwrap();
    assert!(store.commit(poll(second, "again")).await.unwrap_err().is_lost_claim(), "it was committed");

    let third = claim(Claimant::Daemon, at(2000)).await;
    store.release_claim(source, second).await.unwrap();
    let command = store.claim(vec![source], Claimant::Command, at(2001), LEASE).await.unwrap();
    assert!(matches!(command[..], [ClaimResult::NotDue(..)]), "an old claim does not end a new one");
    store.release_claim(source, third).await.unwrap();
    assert!(store.commit(poll(third, "released")).await.unwrap_err().is_lost_claim());

    let fourth = claim(Claimant::Daemon, at(3000)).await;
    store.sync_sources(sources(&[])).await.unwrap();
    store.sync_sources(sources(&[("a", "u:new", "x")])).await.unwrap();
    assert!(store.commit(poll(fourth, "moved")).await.unwrap_err().is_lost_claim());
    assert_eq!(due(&store, at(3001)).await.len(), 1, "the new address is polled at once");
    assert_eq!(store.entries_after(0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_made_from_the_host_gives_no_history_to_another_feed() {
    let home = Home::new();
    let store = home.start();
    let sync = async |url: &str| {
        let unnamed = sources(&[("a.example", url, "x")])
            .into_iter()
            .map(|s| ConfiguredSource { is_named: false, ..s });
        store.sync_sources(unnamed.collect()).await.unwrap()[0].id
    };
    let politics = sync("http://a.example/politics").await;
    assert_eq!(sync("https://www.a.example/politics/").await, politics, "only spelt otherwise");
    let sports = sync("https://www.a.example/sports").await;
    assert_ne!(sports, politics);
    assert_eq!(sync("https://www.a.example/politics/").await, politics, "it comes back as it was");
    // Its publisher has moved it there, and the user writes that into the config.
    let address = |url: &str| url.parse().unwrap();
    let (from, to) = (address("https://www.a.example/politics/"), address("https://b.example/p"));
    let moved = Some(Moved { from, to, since: at(0), confirmed: true });
    let poll = done(politics, at(9), vec![]);
    store.commit(Poll { state: SourceState { moved, ..poll.state.clone() }, ..poll }).await.unwrap();
    assert_eq!(sync("https://b.example/p").await, politics);
}

#[tokio::test]
async fn a_starting_daemon_ends_the_claims_of_daemons_alone() {
    let home = Home::new();
    let store = home.start();
    let known = store.sync_sources(sources(&[("a", "u:a", "x"), ("b", "u:b", "x")])).await.unwrap();
    let [a, b] = [known[0].id, known[1].id];
    store.claim(vec![a], Claimant::Daemon, at(0), LEASE).await.unwrap();
    store.claim(vec![b], Claimant::Command, at(0), LEASE).await.unwrap();
    store.release_daemon_claims().await.unwrap();
    let command = store.claim(vec![a, b], Claimant::Command, at(1), LEASE).await.unwrap();
    assert!(matches!(command[..], [ClaimResult::Claimed(_), ClaimResult::NotDue(..)]), "{command:?}");
    assert_eq!(due(&store, at(61)).await.len(), 2, "the command may have been killed");
}

#[tokio::test]
async fn a_published_id_is_unique_across_sources() {
    let home = Home::new();
    let store = home.start();
    let known = store.sync_sources(sources(&[("a", "u:a", "x"), ("b", "u:b", "y")])).await.unwrap();
    for source in &known {
        store.commit(done(source.id, at(9), vec![new("1", "One", at(0))])).await.unwrap();
    }
    let ids: Vec<String> =
        store.entries_after(0, 9).await.unwrap().into_iter().map(|c| c.entry.uid).collect();
    assert_eq!(ids, ["urn:x:1", "urn:x:1:2"]);
}

#[tokio::test]
async fn the_last_members_are_read_and_replaced_when_the_definition_changes() {
    let home = Home::new();
    let store = home.start();
    let known = store.sync_sources(sources(&[("a", "u:a", "x"), ("b", "u:b", "y")])).await.unwrap();
    let three = vec![new("1", "One", at(1)), new("2", "Two", at(3)), new("3", "Three", at(5))];
    store.commit(done(known[0].id, at(9), three)).await.unwrap();
    store.commit(done(known[1].id, at(9), vec![new("4", "Four", at(4))])).await.unwrap();
    let output = store
        .sync_outputs(
            vec![ConfiguredOutput {
                name: "o".into(),
                was: Vec::new(),
                one_per_story: None,
                private: false,
                ids: EntryIds::PerOutput,
            }],
            at(0),
        )
        .await
        .unwrap()[0]
        .clone();
    assert_eq!((output.watermark, output.definition.as_str()), (0, ""));
    let all = store.entries_after(0, 9).await.unwrap();
    assert!(all.iter().all(|candidate| candidate.first_poll));
    let advance = |from, numbers: &[usize], update| Advance {
        output: output.id,
        from,
        to: progress("d", 4),
        members: numbers
            .iter()
            .map(|n| Member {
                source: all[*n].source,
                entry: all[*n].entry.number,
                entered: all[*n].entry.date,
                reasons: "[]".into(),
            })
            .collect(),
        displaced: Vec::new(),
        wanted_articles: Vec::new(),
        update,
        page_size: 2,
    };
    store.advance(vec![advance(progress("", 0), &[0, 1], MemberUpdate::Append)]).await.unwrap();
    store.advance(vec![advance(progress("d", 4), &[2, 3, 3], MemberUpdate::Append)]).await.unwrap();
    let wanted = MemberQuery { limit: 9, per_source: None, not_before: None };
    let titles = async |wanted| -> Vec<String> {
        let members = store.members(output.id, wanted).await.unwrap();
        members.into_iter().filter_map(|member| member.entry.title).collect()
    };
    assert_eq!(titles(wanted).await, ["Three", "Four", "Two", "One"]);
    assert_eq!(titles(MemberQuery { limit: 2, ..wanted }).await, ["Three", "Four"]);
    assert_eq!(titles(MemberQuery { per_source: Some(1), ..wanted }).await, ["Three", "Four"]);
    assert_eq!(titles(MemberQuery { not_before: Some(at(4)), ..wanted }).await, ["Three", "Four"]);
    let counts = store.first_poll_counts(output.id, vec!["a".into()]).await.unwrap();
    assert_eq!(counts, HashMap::from([("a".into(), 3)]));

    // Two processes evaluate an edited definition: nobody sees their members before one of them is done.
    let begun = store.begin_generations(vec![output.id, output.id]).await.unwrap();
    let [first, second] = begun[..] else { panic!("{begun:?}") };
    let at_start = || progress("d", 4);
    store.advance(vec![advance(at_start(), &[2], MemberUpdate::Stage(first))]).await.unwrap();
    let late =
        Member { entered: at(99), ..advance(at_start(), &[1], MemberUpdate::Append).members.remove(0) };
    let staged = Advance { members: vec![late], ..advance(at_start(), &[], MemberUpdate::Stage(second)) };
    store.advance(vec![staged, advance(at_start(), &[0], MemberUpdate::Stage(second))]).await.unwrap();
    assert_eq!(titles(wanted).await, ["Three", "Four", "Two", "One"]);
    let last = Advance {
        to: progress("e", 4),
        displaced: vec![all[0].entry.number],
        ..advance(at_start(), &[], MemberUpdate::Replace(second))
    };
    store.advance(vec![last]).await.unwrap();
    assert_eq!(titles(wanted).await, ["Two"]);
    let position = store.member_position(output.id, all[1].entry.number, wanted).await.unwrap().unwrap();
    assert_eq!(position.entered, at(3), "a member keeps its time");
    let outdated = store.advance(vec![advance(at_start(), &[3], MemberUpdate::Replace(first))]).await;
    assert_eq!(outdated.unwrap(), AdvanceResult::Outdated);
    // Four members of the first definition, and one of the generation that came too late.
    assert_eq!(store.delete_replaced_members(4).await.unwrap(), 4);
    assert_eq!(store.delete_replaced_members(4).await.unwrap(), 1);
    assert_eq!(store.delete_replaced_members(4).await.unwrap(), 0);
    assert_eq!(titles(wanted).await, ["Two"]);
}

#[tokio::test]
async fn an_evaluation_that_began_before_another_one_ended_writes_nothing() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    let three = ["one", "two", "three"].map(|key| new(key, key, at(0)));
    store.commit(done(source, at(9), three.to_vec())).await.unwrap();
    let configured = |name: &str| ConfiguredOutput {
        name: name.into(),
        was: Vec::new(),
        one_per_story: None,
        private: false,
        ids: EntryIds::PerOutput,
    };
    let outputs = store.sync_outputs(vec![configured("o"), configured("p")], at(0)).await.unwrap();
    let [o, p] = [outputs[0].id, outputs[1].id];
    let advance = |output, from, to, entry, update| Advance {
        output,
        from,
        to,
        members: vec![Member { entry, source, entered: at(0), reasons: "[]".into() }],
        displaced: Vec::new(),
        wanted_articles: Vec::new(),
        update,
        page_size: 1,
    };
    let generation = store.begin_generations(vec![o]).await.unwrap()[0];
    let (append, replace) = (MemberUpdate::Append, MemberUpdate::Replace(generation));
    let first = advance(o, progress("", 0), progress("d", 2), 1, append);
    assert_eq!(store.advance(vec![first]).await.unwrap(), AdvanceResult::Written);
    for outdated in [
        advance(o, progress("", 0), progress("d", 3), 2, append),
        advance(o, progress("d", 1), progress("d", 3), 2, append),
        advance(o, progress("c", 2), progress("d", 3), 2, append),
        advance(o, progress("c", 2), progress("e", 3), 2, replace),
        advance(o, progress("", 0), progress("e", 3), 2, replace),
        advance(o, progress("", 0), progress("", 0), 2, MemberUpdate::Stage(generation)),
    ] {
        // The other output of the same transaction advances.
        let stored = store.outputs().await.unwrap().remove(1);
        let other = progress(&stored.definition, stored.watermark);
        let next = progress("p", stored.watermark + 1);
        let result = store.advance(vec![outdated, advance(p, other, next, 3, append)]).await.unwrap();
        assert_eq!(result, AdvanceResult::Outdated);
        let stored = store.outputs().await.unwrap().remove(0);
        assert_eq!((stored.definition.as_str(), stored.watermark), ("d", 2));
        assert_eq!(store.member_numbers(o).await.unwrap(), [1].into());
        let archived = |n| store.archive_size(o, n);
        assert!(archived(0).await.unwrap().has_more && !archived(1).await.unwrap().has_more);
    }
    assert_eq!(store.outputs().await.unwrap()[1].watermark, 6);
    assert_eq!(store.member_numbers(p).await.unwrap(), [3].into());
    let last = advance(o, progress("d", 2), progress("e", 3), 2, replace);
    assert_eq!(store.advance(vec![last]).await.unwrap(), AdvanceResult::Written);
    assert_eq!(store.member_numbers(o).await.unwrap(), [2].into());
}

#[tokio::test]
async fn a_renamed_output_continues_the_row_of_its_first_stored_former_name() {
    let home = Home::new();
    let store = home.start();
    // Each config at its time: names with their former names.
    let sync = async |outputs: &[(&str, &[&str])], seconds| -> Vec<(i64, i64)> {
        let configured = outputs.iter().map(|(name, was)| ConfiguredOutput {
            one_per_story: None,
            private: false,
            ids: EntryIds::PerOutput,
            name: (*name).into(),
            was: was.iter().map(|former| (*former).into()).collect(),
        });
        let stored = store.sync_outputs(configured.collect(), at(seconds)).await.unwrap();
        assert!(stored.iter().all(|output| output.removed.is_none()));
        stored.iter().map(|output| (output.id.0, output.since.duration_since(at(0)).as_secs())).collect()
    };
    let removed = async || -> Vec<(String, i64)> {
        let stored = store.outputs().await.unwrap();
        let removed = stored
            .into_iter()
            .filter_map(|output| Some((output.name, output.removed?.duration_since(at(0)).as_secs())));
        removed.collect()
    };
    assert_eq!(sync(&[("a", &[]), ("b", &[])], 0).await, [(1, 0), (2, 0)]);
    assert_eq!(sync(&[("c", &["x", "a", "b"]), ("b", &[])], 1).await, [(1, 0), (2, 0)]);
    assert_eq!(removed().await, []);
    // Former names that are gone for good, and one that the store never had.
    assert_eq!(sync(&[("c", &["a", "x"]), ("b", &["y"])], 2).await, [(1, 0), (2, 0)]);
    // An output that was published beside the former one stays what it is.
    assert_eq!(sync(&[("b", &["c"])], 3).await, [(2, 0)]);
    assert_eq!(removed().await, [("c".to_owned(), 3)]);
    assert_eq!(sync(&[("b", &["c"])], 4).await, [(2, 0)]);
    assert_eq!(removed().await, [("c".to_owned(), 3)], "the time when it left stays");
    // A new name that was saved before `was` was added, and back.
    assert_eq!(sync(&[("d", &[])], 5).await, [(3, 5)]);
    assert_eq!(sync(&[("d", &["b"])], 6).await, [(2, 0)]);
    assert_eq!(sync(&[("b", &["d"])], 7).await, [(2, 0)]);
    assert_eq!(sync(&[("c", &[]), ("b", &[])], 8).await, [(1, 0), (2, 0)], "a removed output comes back");
    assert_eq!(removed().await, [("d".to_owned(), 6)]);
}

#[tokio::test]
async fn the_keys_of_a_pruned_entry_stay() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    store
        .commit(done(source, at(9), vec![new("young", "Young", at(500)), new("old", "Old", at(0))]))
        .await
        .unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 0, "the source has had no document yet");
    store
        .commit(Poll { in_feed: Some(InFeed::Complete(vec![2])), ..done(source, at(9), vec![]) })
        .await
        .unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 1);
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 0);
    let known = store.known_entries(source, vec![key("old"), key("young")]).await.unwrap();
    assert_eq!(known[&key("old")], KnownKey::Pruned { before: at(100) });
    assert!(matches!(known[&key("young")], KnownKey::Entry(_)));
}

#[tokio::test]
async fn no_row_refers_to_a_pruned_entry_even_if_it_was_read_before() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    let output = store
        .sync_outputs(
            vec![ConfiguredOutput {
                name: "o".into(),
                was: Vec::new(),
                one_per_story: None,
                private: false,
                ids: EntryIds::PerOutput,
            }],
            at(0),
        )
        .await
        .unwrap()[0]
        .id;
    let three = ["one", "two", "three"].map(|key| new(key, key, at(0)));
    store
        .commit(Poll { in_feed: Some(InFeed::Complete(vec![])), ..done(source, at(9), three.to_vec()) })
        .await
        .unwrap();
    let advance = |from, numbers: &[i64]| Advance {
        output,
        from,
        to: progress("d", 3),
        members: numbers
            .iter()
            .map(|n| Member { entry: *n, source: SourceId(1), entered: at(0), reasons: "[]".into() })
            .collect(),
        displaced: Vec::new(),
        wanted_articles: Vec::new(),
        update: MemberUpdate::Append,
        page_size: 2,
    };
    store.advance(vec![advance(progress("", 0), &[1, 2, 3])]).await.unwrap();
    assert!(store.join_stories(1, 2, at(1)).await.unwrap());
    store
        .commit(Poll { in_feed: Some(InFeed::Complete(vec![3])), ..done(source, at(9), vec![]) })
        .await
        .unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 2);
    let problems = || home.problems();
    assert_eq!(problems(), Vec::<String>::new());

    // A reader that has seen the entries before now writes its results.
    store.advance(vec![advance(progress("d", 3), &[1, 2, 3])]).await.unwrap();
    let rekeyed = Change::Rekeyed { number: 1, keys: vec![key("one, too")] };
    let edited = Change::Edited {
        number: 2,
        entry: Box::new(Entry { keys: vec![key("two, too")], ..Entry::default() }),
        fingerprint: vec![2],
        content_hash: vec![2],
        changed: None,
        edited: None,
        former_title: None,
    };
    store.commit(done(source, at(9), vec![rekeyed, edited])).await.unwrap();
    assert_eq!(problems(), Vec::<String>::new());
    let wanted = MemberQuery { limit: 9, per_source: None, not_before: None };
    assert_eq!(store.members(output, wanted).await.unwrap().len(), 1);
    assert_eq!(store.member_counts().await.unwrap()[&output], 1);
    let known = store.known_entries(source, vec![key("one, too"), key("two, too")]).await.unwrap();
    assert!(
        known.len() == 2 && known.values().all(|known| matches!(known, KnownKey::Pruned { .. })),
        "{known:?}"
    );
}

#[tokio::test]
async fn entries_in_the_feed_are_not_pruned() {
    let home = Home::new();
    let store = home.start();
    let configured = sources(&[("a", "u:a", "x")]);
    let source = store.sync_sources(configured.clone()).await.unwrap()[0].id;
    let entries = || ["one", "two", "three", "four"].map(|key| new(key, key, at(0))).to_vec();
    let poll = |changes, in_feed| Poll { in_feed, ..done(source, at(9), changes) };
    // New entries count as in the feed.
    store.commit(poll(entries(), Some(InFeed::Complete(vec![])))).await.unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 0);
    store.commit(poll(vec![], Some(InFeed::Complete(vec![3, 1, 2])))).await.unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 1);
    // A partial document removes nothing from the list, nor does a poll without a document.
    store.commit(poll(vec![], Some(InFeed::Partial(vec![3])))).await.unwrap();
    store.commit(poll(vec![], None)).await.unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 0);
    store.commit(poll(vec![], Some(InFeed::Complete(vec![3])))).await.unwrap();
    assert_eq!(store.prune(at(100), 1).await.unwrap(), 1, "one at a time");
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 1);
    let known = store.known_entries(source, ["one", "two", "three", "four"].map(key).to_vec()).await.unwrap();
    assert_eq!(known.values().filter(|known| matches!(known, KnownKey::Entry(_))).count(), 1);
    assert_eq!(known.len(), 4, "the keys of pruned entries are missing");
    // A source that left the config has no feed.
    store.sync_sources(vec![]).await.unwrap();
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 1);
}

#[tokio::test]
async fn a_source_keeps_its_entries_under_a_new_name_or_a_new_address() {
    let home = Home::new();
    let store = home.start();
    let id = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    let mut poll = done(id, at(9), vec![new("1", "One", at(0))]);
    poll.state.distrusted.insert("id 1".into());
    store.commit(poll).await.unwrap();
    let renamed = store.sync_sources(sources(&[("b", "u:a", "x")])).await.unwrap();
    assert_eq!((renamed[0].id, renamed[0].state.next_poll), (id, Some(at(9))));
    assert_eq!(store.entry_counts().await.unwrap(), HashMap::from([(id, 1)]));
    let moved = store.sync_sources(sources(&[("b", "u:b", "x"), ("a", "u:c", "x")])).await.unwrap();
    assert_eq!((moved[0].id, moved[0].state.next_poll), (id, None), "the new address is polled at once");
    assert!(moved[0].state.distrusted.contains("id 1"), "its entries are known by the same keys as before");
    assert_ne!(moved[1].id, id);
    // One edit gives the name to another address and keeps the source under another name, in either order.
    let swapped = store.sync_sources(sources(&[("b", "u:d", "x"), ("old", "u:b", "x")])).await.unwrap();
    assert_eq!(swapped[1].id, id);
    assert_ne!(swapped[0].id, id);
    let swapped = store.sync_sources(sources(&[("old", "u:b", "x"), ("b", "u:d", "x")])).await.unwrap();
    assert_eq!(swapped[0].id, id);
    assert!(store.sync_sources(vec![]).await.unwrap().is_empty());
    assert!(due(&store, at(99)).await.is_empty(), "a removed source is not polled");
    let back = store.sync_sources(sources(&[("b", "u:b", "x")])).await.unwrap();
    assert_eq!((back[0].id, store.entry_counts().await.unwrap()), (id, HashMap::from([(id, 1)])));
}

#[tokio::test]
async fn numbers_and_story_ids_are_never_reused() {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(sources(&[("a", "u:a", "x")])).await.unwrap()[0].id;
    let newest = async || {
        let all = store.entries_after(0, 9).await.unwrap();
        all.last().map(|candidate| (candidate.entry.number, candidate.story)).unwrap()
    };
    let two = vec![new("1", "One", at(0)), new("2", "Two", at(0))];
    let none_listed = || Some(InFeed::Complete(vec![]));
    store.commit(done(source, at(9), two)).await.unwrap();
    let (last, story) = newest().await;
    store.commit(Poll { in_feed: none_listed(), ..done(source, at(9), vec![]) }).await.unwrap();
    assert_eq!(store.prune(at(100), 9).await.unwrap(), 2, "the newest entry is pruned as well");
    store.commit(done(source, at(9), vec![new("3", "Three", at(0))])).await.unwrap();
    let (number, next_story) = newest().await;
    assert!(number > last && next_story > story, "{number} {next_story:?}");

    // A split-off entry gets a new id, too; the others keep theirs.
    store.commit(done(source, at(9), vec![new("4", "Four", at(0))])).await.unwrap();
    assert!(store.join_stories(number, number + 1, at(1)).await.unwrap());
    let story_of = async |entry: i64| store.story_of_entry(entry.to_string()).await.unwrap().unwrap();
    assert_eq!(story_of(number + 1).await.story, next_story);
    assert_eq!(story_of(number + 1).await.first, Some(number));
    assert!(store.split_story(number).await.unwrap());
    assert!(story_of(number).await.story.0 > next_story.0 + 1, "ids of joined stories are not reused either");
    let left = story_of(number + 1).await;
    assert_eq!((left.story, left.first, left.reason), (next_story, Some(number + 1), None));
}

#[tokio::test]
async fn addresses_and_ids_may_be_of_any_length() {
    let home = Home::new();
    let store = home.start();
    // What does not repeat itself: a database may compress texts before it measures them.
    let mut seed = 1_u64;
    let mut long = |prefix: &str| -> String {
        let random = (0..10_000).map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + (seed >> 40) as u8 % 26)
        });
        prefix.chars().chain(random).collect()
    };
    let url = long("https://a.example/");
    let source = store.sync_sources(sources(&[("a", &url, "x")])).await.unwrap()[0].id;
    assert_eq!(store.sync_sources(sources(&[("b", &url, "x")])).await.unwrap()[0].id, source, "found again");
    let keys = [long(""), long("")];
    let change = |key: &str| {
        let Change::New(mut entry) = new("1", "One", at(0)) else { unreachable!() };
        entry.uids = vec![key.into(), format!("{key}:2")];
        entry.entry.keys = vec![self::key(key)];
        entry.entry.link = Some(format!("https://a.example/{key}"));
        Change::New(entry)
    };
    let poll = done(source, at(9), keys.iter().map(|key| change(key)).collect());
    let state = SourceState { id: Some(long("urn:")), ..poll.state.clone() };
    store.commit(Poll { state, ..poll }).await.unwrap();
    let known = store.known_entries(source, keys.iter().map(|value| key(value)).collect()).await.unwrap();
    assert_eq!(known.len(), 2, "each has its own key");
    assert_eq!(store.entries_after(0, 9).await.unwrap().len(), 2);
}
