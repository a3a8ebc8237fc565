//! Tests of matching: queries as a user writes them, on one entry.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Hit, Matcher, Query, QueryContext, Subject, parse};
use crate::entry::{ArticleState, Author, Entry};

fn entry() -> Entry {
    Entry {
        title: Some("Russian troops leave Arménia".into()),
        link: Some("https://www.example.org:443/caucasus/42".into()),
        summary: Some("<p>An <b>award</b> for the border guards</p>".into()),
        content: Some("<a href='/war'>Yerevan</a> &amp; Moscow on 7 May, G7".into()),
        authors: vec![Author { name: "Anna Petrova".into(), ..Author::default() }],
        categories: vec!["World News".into()],
        language: Some("en-GB".into()),
        ..Entry::default()
    }
}

fn subject(entry: &Entry) -> Subject<'_> {
    Subject {
        entry,
        article: &ArticleState::NotExpected,
        source: "moscow-times",
        source_title: "The Moscow Times",
        language: None,
        date: Timestamp::UNIX_EPOCH,
        now: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(50),
    }
}

/// Whether a query matches an entry that has only a title.
#[track_caller]
fn assert_title(text: &str, title: &str, expected: bool) {
    let entry = Entry { title: Some(title.to_owned()), ..Entry::default() };
    let query = query(text);
    let is_found = !Matcher::new([&query]).hits(&subject(&entry), |_| true).hits.is_empty();
    assert_eq!(is_found, expected, "{text}: {title}");
}

#[track_caller]
fn query(text: &str) -> Query {
    let topics = [("caucasus", "armenia OR georgia"), ("peace", "treaty OR title:accord")];
    let topics = topics.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let tags = [("russia", "moscow-times"), ("caucasus", "civilnet")];
    let tags = tags.map(|(tag, source)| (tag.to_owned(), [source.to_owned()].into()));
    let context = QueryContext {
        topics: topics.into(),
        tags: tags.into(),
        sources: ["civilnet".to_owned()].into(),
        ..QueryContext::default()
    };
    parse(text, &context).unwrap_or_else(|p| panic!("{text}: {p:?}"))
}

#[track_caller]
fn match_entry(text: &str) -> Option<Hit> {
    let entry = entry();
    Matcher::new([&query(text)]).hits(&subject(&entry), |_| true).hits.pop()
}

#[test]
fn a_star_before_a_word_finds_compounds_that_end_with_its_forms() {
    for (text, title, expected) in [
        ("*wahl", "Präsidentschaftswahl in Polen", true),
        ("*wahl", "Nach den Bundestagswahlen", true),
        ("*Wahl", "Die Wahl", true),
        ("*wahl", "Wahllokale öffnen", false),
        ("*zölle", "Strafzölle gegen China", true),
        ("*ход", "Вечером пароходом", true),
        ("title:*wahl", "Landtagswahl", true),
        ("*Zelt", "Im Bierzelt", true),
        ("*Zelt", "Streit flammt vereinzelt auf", false),
    ] {
        assert_title(text, title, expected);
    }
}

#[test]
fn a_name_has_its_cases_in_entries_of_its_language_though_they_are_other_words() {
    for (title, expected) in [("Суд вызвал Маска", true), ("Суд отменил маску", false)]
    {
        let language = Some("ru".to_owned());
        let entry = Entry { title: Some(title.to_owned()), language, ..Entry::default() };
        let is_found = !Matcher::new([&query("Маск")]).hits(&subject(&entry), |_| true).hits.is_empty();
        assert_eq!(is_found, expected, "{title}");
    }
}

#[test]
fn acronyms_may_have_stops_and_names_with_and_spaces() {
    for (text, title, expected) in [
        ("FBI", "F.B.I. raids home", true),
        ("UN", "At the U.N., talks", true),
        ("AI", "Plan A. I think", false),
        ("F.B.I.", "FBI raids home", true),
        ("США", "С.Ш.А. против", true),
        ("@united-arab-emirates", "U.A.E. backs deal", true),
        ("@united-states", "Sénat US : accord", true),
        ("AT&T", "AT & T outage", true),
        ("AT&T", "At T, and", false),
        ("C", "The C compiler", true),
        ("C", "New in C# and C++", false),
        ("R", "R&D budgets", false),
        ("#armenia", "Vote in #Armenia", true),
        ("#armenia", "Vote in Armenia", false),
        ("3.1", "Version 3.1 is out", true),
        ("3.1", "Rooms 3, 1 and 2", false),
    ] {
        assert_title(text, title, expected);
    }
}

#[test]
fn each_kind_of_term_matches_as_documented() {
    let yes = [
        "armenia",
        "ARMENIA",
        "=armenia",
        "\"russian troops\"",
        "russ*",
        "border yerevan",
        "title:troops",
        "text:award",
        "author:petrova",
        "category:\"world news\"",
        "link:caucasus",
        "source:moscow-times",
        "source:times",
        "feed:armenia",
        "-feed:times",
        "tag:Russia -tag:caucasus",
        "tag:(russia OR caucasus)",
        "war OR award",
        "troops -war",
        "troops !war",
        "NOT war",
        "-war",
        "(paris | moscow) AND \"border gua\" OR troops",
        "\"border\" gu*",
        "title:(paris OR troops) -text:troops",
        "title:@caucasus",
        "title:(paris OR (text:award))",
        "\"troops armenia\"~2",
        "\"armenia troops\"~2",
        "\"russian troops\"~",
        "/\\bg(7|20)\\b/",
        "/G7/c",
        "title:/m.nia$/",
        "link:/\\/\\d+$/",
        "site:example.org",
        "site:org",
        "site:www.example.org",
        "lang:en",
        "lang:EN_gb",
        "lang:(ru OR en)",
        "age:<3d",
        "age:>2d",
        "age:(>3d OR <51h)",
        "an",
    ];
    let no = [
        "war", "\"troops russian\"", "armen", "title:award", "text:troops", "author:anna-maria",
        "moscow-times", "troops -award", "example", "\"arménia an\"", "\"arménia an\"~", "\"arménia an\"~5",
        "link:arm*", "text:@caucasus", "@peace", "\"troops armenia\"~1", "\"troops troops\"~5", "/g7/c",
        "title:/g7/", "site:ample.org", "site:example.org.am", "lang:e-n", "lang:ru", "age:<2d", "age:>3d",
        "anna", "tag:caucasus",
    ];
    for text in yes {
        assert!(match_entry(text).is_some(), "{text} should match");
    }
    for text in no.into_iter().filter(|text| *text != "lang:e-n") {
        assert!(match_entry(text).is_none(), "{text} should not match");
    }
}

#[test]
fn scripts_without_spaces_match_as_substrings() {
    let entry = Entry { title: Some("熊本地震 34人死亡".into()), ..Entry::default() };
    let matched = |text: &str| !Matcher::new([&query(text)]).hits(&subject(&entry), |_| true).hits.is_empty();
    assert!(matched("熊本") && matched("本地") && matched("地震*") && matched("\"34人\""));
    assert!(!matched("熊地") && !matched("本熊"));
}

#[test]
fn a_match_names_its_reasons() {
    let reasons = |text: &str| -> Vec<(String, String, String)> {
        let hit = match_entry(text).unwrap_or_else(|| panic!("{text} should match"));
        hit.reasons.into_iter().map(|r| (r.term, r.field, r.found)).collect()
    };
    let reason = |term: &str, field: &str, found: &str| (term.to_owned(), field.to_owned(), found.to_owned());
    assert_eq!(
        reasons("(paris OR russ*) title:armenia -war"),
        [reason("russ*", "title", "Russian"), reason("title:armenia", "title", "Arménia")]
    );
    assert_eq!(
        reasons("title:(@caucasus) \"border guards\" /g7/ lang:en age:>2d"),
        [
            reason("title:armenia", "title", "Arménia"),
            reason("\"border guards\"", "text", "border guards"),
            reason("lang:en", "lang", "en-gb"),
            reason("age:>2d", "age", "2 days"),
            reason("/g7/", "text", "G7"),
        ]
    );
    assert!(match_entry("NOT war").is_some_and(|hit| hit.reasons.is_empty()));
    assert!(match_entry("paris OR war").is_none());
}

#[test]
fn a_mismatch_names_the_failed_terms() {
    let entry = entry();
    let failed = |text: &str| -> Vec<(String, String)> {
        let matcher = Matcher::new([&query(text)]);
        let failed_terms = matcher.explain(0, &subject(&entry)).result.expect_err(text);
        failed_terms.into_iter().map(|r| (text[r.span].to_owned(), r.label)).collect()
    };
    let at = |at: &str, label: &str| (at.to_owned(), label.to_owned());
    assert_eq!(
        failed("troops (paris OR war) -moscow"),
        [
            at("paris", "`paris` was not found"),
            at("war", "`war` was not found"),
            at("moscow", "`moscow` found in text: Moscow"),
        ]
    );
    assert_eq!(
        failed("@peace site:example.am lang:ru age:<1d"),
        [
            at("@peace", "`treaty` was not found"),
            at("@peace", "`title:accord` was not found"),
            at("site:example.am", "the site is www.example.org"),
            at("lang:ru", "the language is en-gb"),
            at("age:<1d", "the entry is 2 days old"),
        ]
    );
}

#[test]
fn queries_match_together_as_they_do_alone() {
    let entry = entry();
    let texts = ["armenia", "-war", "war", "site:example.org award", "/x/", "", "armenia OR war", "-armenia"];
    let queries: Vec<Query> =
        texts.iter().map(|text| if text.is_empty() { Query::match_all() } else { query(text) }).collect();
    let hits = Matcher::new(&queries).hits(&subject(&entry), |_| true).hits;
    let numbers: Vec<usize> = hits.iter().map(|hit| hit.query).collect();
    assert_eq!(numbers, [0, 1, 3, 5, 6]);
    for hit in hits {
        let alone = Matcher::new([&queries[hit.query]]).hits(&subject(&entry), |_| true).hits;
        assert_eq!(alone[0].reasons, hit.reasons);
    }
    let some = Matcher::new(&queries).hits(&subject(&entry), |number| number == 1).hits;
    assert_eq!(some.len(), 1);
}

#[test]
fn the_digest_depends_on_the_meaning_only() {
    let digest = |text: &str| Matcher::new([&query(text)]).digest(0);
    assert_eq!(digest("armenia OR georgia"), digest("(armenia | georgia)"));
    assert_eq!(digest("@caucasus"), digest("armenia OR georgia"), "a topic equals its query");
    let others = [
        "armenia", "title:armenia", "armenia georgia", "NOT armenia", "armen*", "lang:hy", "\"a b\"~3",
        "\"a b\"~4",
    ];
    let mut digests: Vec<_> = others.iter().map(|text| digest(text)).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), others.len());
    let of_tag = |sources: &[&str]| {
        let sources = sources.iter().map(|name| (*name).to_owned()).collect();
        let context = QueryContext { tags: [("x".to_owned(), sources)].into(), ..QueryContext::default() };
        Matcher::new([&parse("tag:x", &context).unwrap()]).digest(0)
    };
    assert_ne!(of_tag(&["a"]), of_tag(&["a", "b"]), "a tag means its sources");
}

proptest! {
    // Failing cases are printed, not written to files.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn explain_agrees_with_hits(
        text in "(-?(title:|text:|)(a|b|c\\*|\"a b\"|\"a c\"~|\"a c\"~2|/b/|@caucasus|\\(a OR -b\\)) (OR )?){1,5}a",
        title in "[abc ]{0,8}",
        summary in "[abc ]{0,8}",
    ) {
        let query = query(&text);
        let entry = Entry { title: Some(title), summary: Some(summary), ..Entry::default() };
        // A second query puts more words into the automaton.
        let matcher = Matcher::new([&self::query("a OR b OR ab"), &query]);
        let hit = matcher.hits(&subject(&entry), |number| number == 1).hits.pop();
        match matcher.explain(1, &subject(&entry)).result {
            Ok(reasons) => prop_assert_eq!(hit.map(|hit| hit.reasons), Some(reasons)),
            Err(failed_terms) => {
                prop_assert_eq!(hit, None);
                prop_assert!(!failed_terms.is_empty());
                prop_assert!(failed_terms.iter().all(|term| text.get(term.span.clone()).is_some()));
            }
        }
    }
}
