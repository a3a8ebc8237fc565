//! Which validators to send with the next poll: some servers answer 304 to theirs for ever. Pure.

use jiff::{SignedDuration, Timestamp};

use super::document::DocumentResult;
use super::health;
use crate::source::{Outcome, SourceState, Validators};

/// How far a true `Last-Modified` may be off: by a time zone, or by entries that are dated ahead.
const MAX_DATE_ERROR: SignedDuration = SignedDuration::from_hours(24);

/// A silent source is asked for its whole document this often.
const WHOLE_EVERY_SECS: i64 = 7 * 86_400;

/// Whether to ask without validators: when a source has become silent, and each week from then on.
pub(super) fn wants_whole(state: &SourceState, now: Timestamp) -> bool {
    let Some((newest, last)) = state.last_entry.zip(state.last_success) else { return false };
    let threshold = health::silence_threshold(state.publish_interval.unwrap_or_default()).as_secs();
    let silent_from = newest.as_second().saturating_add(i64::try_from(threshold).unwrap_or(i64::MAX));
    let weeks = |at: Timestamp| at.as_second().saturating_sub(silent_from).div_euclid(WHOLE_EVERY_SECS);
    weeks(now) >= 0 && weeks(now) > weeks(last)
}

/// The validators of a response, without those that its document contradicts. `state` is that before the poll; it gets
/// what is known to be false.
pub(super) fn to_keep(
    (mut found, modified): (Validators, Option<Timestamp>),
    state: &mut SourceState,
    document: &DocumentResult,
    now: Timestamp,
) -> Option<Validators> {
    let is_same = |one: &Option<Vec<u8>>, other: &Option<Vec<u8>>| one.is_some() && one == other;
    if let (Some(known), Outcome::Read { new: 1.., .. }) = (&state.validators, &document.outcome)
        && (is_same(&known.etag, &found.etag) || is_same(&known.last_modified, &found.last_modified))
    {
        state.false_validators = Some(known.clone());
    }
    if let Some(refuted) = &state.false_validators {
        found.etag = found.etag.filter(|etag| refuted.etag.as_ref() != Some(etag));
        found.last_modified = found.last_modified.filter(|time| refuted.last_modified.as_ref() != Some(time));
    }
    // An unchanged document has told before whether its date is true.
    let was_false = document.outcome == Outcome::NotModified
        && state.validators.as_ref().is_none_or(|known| known.last_modified.is_none());
    let is_false = modified.is_some_and(|modified| {
        let newest = document.publish_interval.newest;
        modified.duration_since(now) > MAX_DATE_ERROR
            || newest.is_some_and(|newest| newest.duration_since(modified) > MAX_DATE_ERROR)
    });
    if was_false || is_false {
        found.last_modified = None;
    }
    (found.etag.is_some() || found.last_modified.is_some()).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn validators(etag: Option<&str>, modified: Option<&str>) -> Validators {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        let url: url::Url = "https://a.example/feed".parse().expect("a URL");
        Validators { url: url.into(), etag: bytes(etag), last_modified: bytes(modified) }
    }

    fn read(new: usize, newest: Option<&str>) -> DocumentResult {
        let outcome = Outcome::Read { new, edited: 0, entries: 9, problems: 0, uncertain: 0 };
        let mut document = DocumentResult::without_entries(outcome);
        document.publish_interval.newest = newest.map(time);
        document
    }

    fn keep(found: Validators, state: &mut SourceState, document: &DocumentResult) -> Option<Validators> {
        let modified = crate::fetch::modified_at(&found);
        to_keep((found, modified), state, document, now())
    }

    fn now() -> Timestamp {
        time("2026-11-01T00:00:00Z")
    }

    #[test]
    fn a_last_modified_that_the_document_contradicts_is_not_kept() {
        let kept = |modified: &str, etag: Option<&str>, newest: Option<&str>| {
            let found = validators(etag, Some(modified));
            let kept = keep(found, &mut SourceState::default(), &read(1, newest));
            kept.map(|kept| (kept.etag.is_some(), kept.last_modified.is_some()))
        };
        let newest = Some("2026-10-31T12:00:00Z");
        assert_eq!(kept("Sat, 31 Oct 2026 12:00:00 GMT", None, newest), Some((false, true)));
        assert_eq!(kept("Fri, 30 Oct 2026 13:00:00 GMT", None, newest), Some((false, true)));
        assert_eq!(kept("Thu, 29 Oct 2026 12:00:00 GMT", None, newest), None);
        assert_eq!(kept("Tue, 01 Jan 1980 00:00:01 GMT", Some("x"), newest), Some((true, false)));
        assert_eq!(kept("Tue, 01 Jan 1980 00:00:01 GMT", None, None), Some((false, true)));
        assert_eq!(kept("Sun, 01 Nov 2026 04:00:00 GMT", None, newest), Some((false, true)));
        assert_eq!(kept("Sat, 16 Nov 2041 19:11:00 GMT", None, None), None);
        assert_eq!(kept("yesterday", None, newest), Some((false, true)));
        // The same document again has no dates to compare, and tells nothing new.
        let unchanged = DocumentResult::without_entries(Outcome::NotModified);
        let again = validators(Some("x"), Some("Tue, 01 Jan 1980 00:00:01 GMT"));
        let kept = |known: Option<Validators>| {
            let mut state = SourceState { validators: known, ..SourceState::default() };
            keep(again.clone(), &mut state, &unchanged)
        };
        assert_eq!(kept(None), Some(validators(Some("x"), None)));
        assert_eq!(kept(Some(validators(Some("x"), None))), Some(validators(Some("x"), None)));
        assert_eq!(kept(Some(again.clone())), Some(again.clone()));
    }

    #[test]
    fn validators_that_stay_while_entries_come_are_not_kept_any_more() {
        let mut state =
            SourceState { validators: Some(validators(Some("x"), None)), ..SourceState::default() };
        let mut poll = |etag: &str, new: usize| {
            let kept = keep(validators(Some(etag), None), &mut state, &read(new, None));
            state.validators.clone_from(&kept);
            kept.is_some()
        };
        assert!(poll("x", 0), "an edit may leave it");
        assert!(!poll("x", 1));
        assert!(!poll("x", 1));
        assert!(poll("y", 1));
        assert!(poll("z", 1));
    }

    #[test]
    fn a_silent_source_is_asked_for_all_of_it_once_a_week() {
        let day = |n: i64| Timestamp::from_second(1_800_000_000 + n * 86_400).expect("a time");
        let asked = |gap: Option<u64>, last: i64| {
            let state = |at| SourceState {
                publish_interval: gap.map(|days| Duration::from_secs(days * 86_400)),
                last_entry: Some(day(0)),
                last_success: Some(day(at)),
                ..SourceState::default()
            };
            (1..=last).filter(|at| wants_whole(&state(at - 1), day(*at))).collect::<Vec<_>>()
        };
        assert_eq!(asked(Some(1), 20), [5, 12, 19]);
        assert_eq!(asked(Some(30), 160), [150, 157]);
        assert_eq!(asked(None, 12), [4, 11], "without dates");
        assert!(!wants_whole(&SourceState::default(), day(9)), "never read");
    }
}
