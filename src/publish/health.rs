//! The feed of the sources' health, for the operator. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use maud::html;

use super::document::{self, Document, OutputEntry};
use super::output::{Output, Site};
use crate::entry::{ArticleState, Entry, EntrySource, StoredEntry};
use crate::source::{HealthEvent, HealthKind};

/// Its name in addresses. No output can have it.
pub const NAME: &str = "_health";

/// The most events in the feed.
pub const MAX_EVENTS: usize = 100;

/// The feed of these events, newest first, each with its number in the store. `since` is the time of change of a feed
/// without events.
pub fn document(site: &Site, events: Vec<(i64, HealthEvent)>, since: Timestamp) -> Document {
    let output = Output { title: "Siftwire: the health of the sources".to_owned(), ..Output::named(NAME) };
    Document {
        id: document::feed_id(NAME, since),
        hub: None,
        criteria: None,
        since,
        entries: events.into_iter().map(|(number, event)| output_entry(number, event)).collect(),
        is_explained: false,
        ..Document::new(&output, site)
    }
}

fn output_entry(number: i64, event: HealthEvent) -> OutputEntry {
    let (title, lines) = title_and_lines(&event);
    let content = html! { @for line in lines { p { (line) } } }.into_string();
    let kept = StoredEntry {
        article: ArticleState::default(),
        number,
        uid: event.id.clone(),
        date: event.at,
        changed: event.at,
        first_seen: event.at,
        revision: number,
        source: Arc::new(EntrySource {
            id: event.feed_id,
            name: event.name,
            title: event.title,
            url: event.url,
            link: None,
            icon: None,
            language: None,
            podcast: None,
        }),
        entry: Entry { title: Some(title.clone()), language: Some("en".to_owned()), ..Entry::default() },
    };
    OutputEntry {
        kept: Arc::new(kept),
        title,
        summary: None,
        content: Some(content),
        also_in: Vec::new(),
        highlights: Vec::new(),
    }
}

/// The title, and the lines of the text.
fn title_and_lines(event: &HealthEvent) -> (String, Vec<String>) {
    let HealthEvent { title, name, url, detail, .. } = event;
    let since = event
        .since
        .map_or_else(|| "some time".to_owned(), |since| since.strftime("%-d %B %Y, %H:%M UTC").to_string());
    let source = format!("Source {name}, {url}");
    match event.kind {
        HealthKind::Failing => (
            format!("{title} has failed for a day"),
            vec![
                format!("Every poll since {since} has failed: {detail}."),
                "Siftwire keeps trying, at intervals of up to `at_most`.".into(),
                source,
            ],
        ),
        HealthKind::Moved => (
            format!("{title} has moved"),
            vec![
                format!(
                    "Since {since} the site redirects permanently to {detail}. Siftwire now polls the new address."
                ),
                format!("`siftwire status` shows the line for source {name} in config.toml."),
                source,
            ],
        ),
        HealthKind::Gone => (
            format!("{title} is gone"),
            vec![
                "The site answered 410 Gone. Siftwire no longer polls it.".into(),
                format!("`siftwire poll {name}` tries once more; a new url in config.toml starts again."),
                source,
            ],
        ),
        HealthKind::Silent => (
            format!("{title} has stopped publishing"),
            vec![format!("Its newest entry is from {since}; {detail}."), source],
        ),
        HealthKind::Missed => (
            format!("Entries of {title} may have been missed"),
            vec![
                format!("Since {since} more entries may have come than its feed holds: {detail}."),
                "Siftwire polls it more often for now.".into(),
                source,
            ],
        ),
        HealthKind::Limited => (
            format!("{title} allows fewer requests than its sources need"),
            vec![
                format!("{detail}."),
                "They take turns. A longer `every` for those that may wait leaves more to the others.".into(),
                source,
            ],
        ),
        HealthKind::Recovered => {
            (format!("{title} is back"), vec![format!("It had problems since {since}; {detail}."), source])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::{atom, json_feed, rss};

    #[test]
    fn each_event_has_the_same_id_in_every_format() {
        let at = |n| Timestamp::from_second(1_800_000_000 + n).expect("a time");
        let kinds = [
            HealthKind::Failing,
            HealthKind::Moved,
            HealthKind::Gone,
            HealthKind::Silent,
            HealthKind::Missed,
            HealthKind::Recovered,
        ];
        let event = |n, kind| HealthEvent {
            id: format!("urn:uuid:{n}"),
            kind,
            name: "paper".into(),
            title: "A <Paper>".into(),
            feed_id: "https://example.org/feed".into(),
            url: "https://example.org/feed".into(),
            at: at(n),
            since: Some(at(-90_000)),
            detail: "https://new.example/?a=1&b=2".into(),
        };
        let mut events: Vec<_> = (1..).zip(kinds).map(|(n, kind)| (n, event(n, kind))).collect();
        events.reverse();
        let public_url = url::Url::parse("https://feeds.example.org").expect("an address");
        let site = Site::at(public_url);
        let document = |events: Vec<_>| super::document(&site, events, at(0));
        let text = String::from_utf8(atom::write(&document(events.clone()))).expect("text");
        for part in [
            "/feeds/_health.atom", "has failed for a day", "has moved", "is gone", "has stopped publishing",
            "may have been missed", "is back",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let ids = |bytes: Vec<u8>| -> Vec<String> {
            let feed = feed_rs::parser::parse(bytes.as_slice()).expect("a feed");
            feed.entries.into_iter().map(|entry| entry.id).collect()
        };
        let all = ids(atom::write(&document(events.clone())));
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
        assert_eq!(all, ids(rss::write(&document(events.clone()))));
        assert_eq!(all, ids(json_feed::write(&document(events.clone()))));
        assert!(ids(atom::write(&document(Vec::new()))).is_empty());
    }
}
