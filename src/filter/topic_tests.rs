//! Tests of built-in topics on titles: in which language, written how, and with what evidence a name counts.

use jiff::Timestamp;

use super::{Matcher, QueryContext, Subject, parse};
use crate::entry::{ArticleState, Entry};

fn subject(entry: &Entry) -> Subject<'_> {
    let now = Timestamp::UNIX_EPOCH;
    Subject {
        entry,
        article: &ArticleState::NotExpected,
        source: "",
        source_title: "",
        language: None,
        date: now,
        now,
    }
}

/// The evidence of a match: `Some("")` where none is needed, `None` where the query does not match.
#[track_caller]
fn evidence(query: &str, title: &str, language: &str) -> Option<String> {
    let declared = Some(language.to_owned()).filter(|tag| !tag.is_empty());
    let entry = Entry { title: Some(title.to_owned()), language: declared, ..Entry::default() };
    let query = parse(query, &QueryContext::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let hit = Matcher::new([&query]).hits(&subject(&entry), |_| true).hits.pop()?;
    Some(hit.reasons[0].evidence.clone().unwrap_or_default())
}

#[track_caller]
fn finds(query: &str, title: &str, language: &str) {
    assert!(evidence(query, title, language).is_some(), "{query} should match {title}");
}

#[track_caller]
fn misses(query: &str, title: &str, language: &str) {
    assert_eq!(evidence(query, title, language), None, "{query} should not match {title}");
}

#[test]
fn a_row_counts_in_its_own_language() {
    finds("@iceland", "Island meldet einen Ausbruch", "de");
    misses("@iceland", "Greek island evacuated", "en");
    misses("@iceland", "Island Life", "en");
    misses("@estonia", "Este o zi frumoasă", "ro");
    finds("@estonia", "El primer ministro de Estonia dimite", "es");
    misses("@denmark", "Nowe dane o inflacji", "pl");
    misses("@mali", "Учні мали змогу", "uk");
    misses("@denmark", "На даний момент", "");
    finds("@iraq", "ирак", "");
    finds("@oman", "Oman mediates", "en");
    misses("@oman", "A bad omen", "en");
}

#[test]
fn acronyms_are_in_capitals() {
    for (topic, title, language) in [
        ("@united-states", "US and Iran talk", "en"),
        ("@european-union", "EU-Gipfel beginnt", "de"),
        ("@united-states", "Die US-Regierung verhandelt", "de"),
        ("@armenia", "ՀՀ և ՌԴ նախարարները", "hy"),
        ("@russia", "Երևանում ՌԴ-ի դեսպանը", "hy"),
        ("@china", "PRC", ""),
    ] {
        finds(topic, title, language);
        misses(topic, &title.to_lowercase(), language);
    }
    misses("@european-union", "Ես կարծում եմ", "hy");
}

#[test]
fn first_halves_of_compounds_count_before_a_hyphen() {
    for (query, title, language) in [
        ("@armenia AND @russia", "Армяно-российский форум", "ru"),
        ("@russia AND @ukraine", "Російсько-українська війна", "uk"),
        ("@armenia AND @turkey", "La frontière arméno-turque", "fr"),
        ("@china AND @russia", "Sino-Russian gas", "en"),
        ("@india AND @pakistan", "Հնդկա-պակիստանական սահման", "hy"),
        ("@austria AND @hungary", "Австро-венгерский саммит", "ru"),
    ] {
        finds(query, title, language);
        misses(query, &title.replace('-', " "), language);
    }
}

#[test]
fn parts_of_longer_names_do_not_count() {
    misses("@united-states", "Latin American leaders meet", "en");
    finds("@united-states", "Latin American and US leaders meet", "en");
    misses("@sudan", "South Sudan talks", "en");
    misses("@guinea", "Papua New Guinea landslide", "en");
    misses("@united-kingdom", "British Columbia fires", "en");
    misses("@ireland", "Northern Ireland votes", "en");
    finds("@united-kingdom", "Northern Ireland votes", "en");
    misses("@mexico", "New Mexico votes", "en");
    finds("@korea", "South Korean president", "en");
}

#[test]
fn an_ambiguous_name_needs_evidence() {
    for (query, title, expected) in [
        ("@jordan", "Jordan's king visits", "Jordan's king"),
        ("@jordan", "Flooding in Jordan and Syria", "with Syria"),
        ("@jordan", "Jordanian officials", ""),
        ("@jordan", "Jordan", "alone"),
        ("@georgia", "Georgia's ruling party wins", "Georgia's ruling"),
        ("@georgia", "Georgia votes in Tbilisi", ""),
        ("@georgia", "Fonts for Russia, Georgia and Armenia", "with Russia"),
        ("@chad", "The president of Chad resigns", "president of Chad"),
        ("@turkey", "A job in Turkey for you", "in Turkey"),
        ("@turkey", "Turkey bans crypto payments again", ""),
        ("@mali", "Mali junta leader arrested today", "Mali junta"),
        ("@mali", "Mali Tuareg rebels kill dozens", "with Tuareg"),
        ("@togo", "Президент Того прибыл в город", "Президент Того"),
    ] {
        let found = evidence(query, title, if query == "@togo" { "ru" } else { "en" });
        assert_eq!(found.as_deref(), Some(expected), "{query}: {title}");
    }
    for (query, title) in [
        ("@jordan", "Michael Jordan sells his house"),
        ("@jordan", "Jordan Thompson beats Russian rival in Spain"),
        ("@jordan", "Jordan scores thirty points again"),
        ("@chad", "He was shot, said Lt. Chad Morris"),
        ("@georgia", "Storms hit Georgia and Alabama"),
        ("@georgia", "Georgia Tech opens a laboratory"),
        ("@georgia", "Storms hit Georgia and New Mexico"),
        ("@mali", "They met Mali Tuscany in the shop"),
        ("@turkey", "Roast Turkey sandwich recipe"),
        ("@turkey", "He eats turkey every day"),
        ("@guinea", "My guinea pig is ill today"),
        ("@niger", "Niger State floods kill dozens"),
    ] {
        misses(query, title, "en");
    }
    misses("@togo", "Того, кто ждёт, не ждут", "ru");
    finds("\"jordan\"", "Michael Jordan sells his house", "en");
    finds("jordan", "Michael Jordan sells his house", "en");
}

#[test]
fn evidence_may_stand_in_a_field_that_the_query_does_not_search() {
    let entry = Entry {
        title: Some("Georgia protests continue for days".to_owned()),
        summary: Some("Police in Tbilisi used water cannon".to_owned()),
        ..Entry::default()
    };
    let query = parse("title:@georgia", &QueryContext::default()).expect("a query");
    let hits = Matcher::new([&query]).hits(&subject(&entry), |_| true).hits;
    assert_eq!(hits[0].reasons[0].evidence.as_deref(), Some("with Tbilisi"));
}

#[test]
fn places_count_for_their_country_and_not_for_its_names_alone() {
    for (topic, title, language) in [
        ("@russia", "The Kremlin denies", "en"),
        ("@armenia", "Ереванский суд постановил", "ru"),
        ("@armenia", "Երևանում ցույց է", "hy"),
        ("@united-kingdom", "Лондонский суд", "ru"),
        ("@france", "L’Élysée dément", "fr"),
        ("@germany", "Bundestag stimmt ab", "de"),
        ("@ukraine", "На Банковій заперечують", "uk"),
    ] {
        finds(topic, title, language);
        misses(&format!("={topic}"), title, language);
    }
    finds("=@armenia", "Visit Armenia", "en");
    misses("=@armenia", "Armenian wine", "en");
    misses("@switzerland", "Add basel to the sauce", "en");
}
