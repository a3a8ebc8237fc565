//! Tests of queries on entries whose article is read, expected or missing.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Matcher, QueryContext, QueryResult, Subject, parse};
use crate::entry::{Article, ArticleState, Author, Entry};

fn read(html: &str) -> ArticleState {
    let fetched = Timestamp::UNIX_EPOCH;
    ArticleState::Read(Box::new(Article {
        html: html.to_owned(),
        language: None,
        fetched,
        is_published: false,
    }))
}

fn entry(title: &str, summary: &str) -> Entry {
    Entry { title: Some(title.to_owned()), summary: Some(summary.to_owned()), ..Entry::default() }
}

fn matcher(query: &str) -> Matcher {
    let parsed = parse(query, &QueryContext::default());
    Matcher::new([&parsed.unwrap_or_else(|problems| panic!("{query}: {problems:?}"))])
}

fn explain(query: &str, entry: &Entry, article: &ArticleState) -> QueryResult {
    explain_by(&matcher(query), entry, article)
}

fn explain_by(matcher: &Matcher, entry: &Entry, article: &ArticleState) -> QueryResult {
    let now = Timestamp::UNIX_EPOCH;
    let subject = Subject { entry, article, source: "", source_title: "", language: None, date: now, now };
    let explanation = matcher.explain(0, &subject);
    let hits = matcher.hits(&subject, |_| true);
    assert_eq!(hits.undecided.is_empty(), explanation.is_decided);
    assert_eq!(!hits.hits.is_empty(), explanation.is_decided && explanation.result.is_ok());
    explanation
}

#[test]
fn the_article_counts_as_text_of_its_entry() {
    let entry = entry("Yerevan votes", "The count goes on");
    let article = read("<p>Troops of <b>Russia</b> left. On the way</p>");
    for (query, field) in [
        ("russia", Some("article")),
        ("text:troops", Some("article")),
        ("article:russia", Some("article")),
        ("yerevan russia -paris", Some("title")),
        ("@russia", Some("article")),
        ("/tr[o]{2}ps/", Some("article")),
        ("feed:russia", None),
        ("title:russia", None),
        ("article:yerevan", None),
        ("article:count", None),
        ("feed:yerevan", Some("title")),
        ("feed:count", Some("text")),
        ("feed:(yerevan count)", Some("title")),
        ("count -russia", None),
        ("count -feed:russia", Some("text")),
        // No phrase goes on from one text to the other.
        ("\"on troops\"", None),
        ("\"count troops\"~9", None),
        ("\"on the way\"", Some("article")),
    ] {
        let found = explain(query, &entry, &article).result.ok();
        let found_field = found.as_ref().map(|reasons| reasons[0].field.as_str());
        assert_eq!(found_field, field, "{query}");
    }
    let reasons = explain("troops", &entry, &article).result.unwrap();
    assert_eq!(reasons[0].place(), "the article's text, fetched 1970-01-01T00:00:00Z");
    let failed = explain("-troops", &entry, &article).result.unwrap_err();
    assert_eq!(failed[0].label, "`troops` found in the article's text: Troops");
}

#[test]
fn an_expected_article_leaves_open_what_it_could_change() {
    let entry = Entry {
        authors: vec![Author { name: "Anna".to_owned(), ..Author::default() }],
        link: Some("https://example.org/a".to_owned()),
        ..entry("Jordan talks to Georgia", "Troops move")
    };
    for (query, decided) in [
        ("troops", Some(true)),
        ("feed:troops", Some(true)),
        ("-troops", Some(false)),
        ("war", None),
        ("text:war", None),
        ("article:troops", None),
        ("-war", None),
        ("troops -war", None),
        ("/war/", None),
        ("\"troops war\"~5", None),
        ("title:war", Some(false)),
        ("feed:war", Some(false)),
        ("-feed:war", Some(true)),
        ("author:boris", Some(false)),
        ("author:anna", Some(true)),
        ("site:example.com", Some(false)),
        ("age:<1d", Some(true)),
        ("war site:example.com", Some(false)),
        ("war OR troops", Some(true)),
        ("lang:hy", None),
        // The article may tell what the name means; of a feed, only the feed.
        ("title:@turkey", Some(false)),
        ("title:@georgia", Some(true)),
        ("@armenia", None),
        ("feed:@armenia", Some(false)),
    ] {
        let explanation = explain(query, &entry, &ArticleState::Expected);
        let result = explanation.is_decided.then_some(explanation.result.is_ok());
        assert_eq!(result, decided, "{query}");
        for without in [ArticleState::default(), ArticleState::Missing("HTTP 404".to_owned())] {
            let decided = explain(query, &entry, &without);
            assert!(decided.is_decided, "{query}");
            assert_eq!(decided.result, explanation.result, "{query}");
        }
    }
}

#[test]
fn an_article_gives_title_and_authors_to_an_entry_without() {
    let is_decided = |query: &str, entry: &Entry| explain(query, entry, &ArticleState::Expected).is_decided;
    let titled = entry("Troops move", "");
    assert!(!is_decided("author:anna", &titled) && is_decided("title:anna", &titled));
    let untitled = Entry { title: None, summary: Some("Troops move".to_owned()), ..titled };
    assert!(!is_decided("title:anna", &untitled) && !is_decided("feed:anna", &untitled));
    assert!(is_decided("site:example.org", &untitled));
}

#[test]
fn an_article_tells_what_an_ambiguous_name_means() {
    let entry = entry("Jordan wins again", "");
    let decided = |query: &str, article: &ArticleState| {
        let explanation = explain(query, &entry, article);
        explanation.is_decided.then_some(explanation.result.is_ok())
    };
    let of_country = read("The king in Amman said that Syria and Jordan agree.");
    for query in ["@jordan", "title:@jordan"] {
        assert_eq!(decided(query, &ArticleState::Expected), None, "{query}");
        assert_eq!(decided(query, &of_country), Some(true), "{query}");
        assert_eq!(decided(query, &read("Michael Jordan scored twice.")), Some(false), "{query}");
    }
    assert_eq!(decided("feed:@jordan", &of_country), Some(false));
    assert_eq!(decided("feed:@jordan", &ArticleState::Expected), Some(false));
}

#[test]
fn an_article_tells_the_language_where_the_feed_declares_none() {
    let german = "Das Parlament hat nach einer langen Debatte in der Nacht den neuen Haushalt beschlossen.";
    let declared = |language: &str| match read(german) {
        ArticleState::Read(article) => {
            ArticleState::Read(Box::new(Article { language: Some(language.to_owned()), ..*article }))
        }
        other => other,
    };
    let entry = entry("Berlin", "");
    for article in [read(german), declared("de-AT"), declared("en"), declared("ru")] {
        assert!(explain("lang:de", &entry, &article).result.is_ok(), "{article:?}");
    }
    assert!(explain("lang:sq", &entry, &declared("sq")).result.is_ok());
    let entry = Entry { language: Some("en".to_owned()), ..entry };
    assert!(explain("lang:en", &entry, &declared("de")).result.is_ok());
    assert!(explain("lang:en", &entry, &ArticleState::Expected).is_decided);
}

/// Words with conditions, ambiguous names, and what tells what those mean.
const WORDS: &[&str] = &[
    "Jordan", "jordan", "Michael", "Amman", "Syria,", "king", "Georgia", "Atlanta", "Tbilisi", "Armenia",
    "Turkey", "turkey", "Chad", "Lebanon", "Island", "island", "Mali", "мали", "Чад", "war", "troops", "US",
    "us", "the", "und", "der", "mit", "and", "in", "from", "Paris", "Jackson", "C++", "G7", "Idaho.",
    "Moscow,", "este", "por", "Кремль",
];

const TERMS: &[&str] = &[
    "@jordan", "@georgia", "@turkey", "@chad", "@mali", "@armenia", "@russia", "=@georgia", "war", "=troops",
    "US", "us", "island", "este", "\"king jordan\"", "\"war troops\"~3", "\"troops armenia\"~", "/isl/",
    "/US/c", "*land", "*Land", "tro*", "boris", "C++", "mali", "мали", "turkey", "moscow",
];

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(select(WORDS), 0..7).prop_map(|words| words.join(" "))
}

fn authors() -> impl Strategy<Value = Vec<Author>> {
    let name = select(&["Michael Jordan", "Chad", "Boris"][..]);
    let author = name.prop_map(|name| Author { name: name.to_owned(), ..Author::default() });
    prop::collection::vec(author, 0..2)
}

/// An article, and the title and authors that it gives to an entry without.
fn article() -> impl Strategy<Value = (Article, Option<String>, Vec<Author>)> {
    let language = select(&[None, Some("en"), Some("de"), Some("uk")][..]);
    let article = (words(), language).prop_map(|(html, language)| Article {
        html,
        language: language.map(str::to_owned),
        fetched: Timestamp::UNIX_EPOCH,
        is_published: true,
    });
    (article, prop::option::of(words()), authors())
}

fn query() -> impl Strategy<Value = String> {
    const FIELDS: &[&str] = &["", "", "title:", "text:", "feed:", "article:", "author:", "source:"];
    let term = (select(FIELDS), select(TERMS)).prop_map(|(field, term)| format!("{field}{term}"));
    let other = select(&["lang:en", "lang:de", "lang:ru", "age:<1d", "site:example.org"][..]);
    let leaf = prop_oneof![6 => term, 1 => other.prop_map(str::to_owned)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("-({one})")),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|all| format!("({})", all.join(" "))),
            prop::collection::vec(inner, 1..4).prop_map(|any| format!("({})", any.join(" OR "))),
        ]
    })
}

proptest! {
    // Failing cases are printed, not written to files.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_article_changes_what_is_decided_without_it(
        query in query(),
        (title, summary, authors) in (prop::option::weighted(0.8, words()), words(), authors()),
        declared in select(&[None, Some("en"), Some("de"), Some("ru")][..]),
        articles in prop::collection::vec(article(), 1..5),
    ) {
        let language = declared.map(str::to_owned);
        let entry = Entry { title, summary: Some(summary), authors, language, ..Entry::default() };
        let matcher = matcher(&query);
        let expected = explain_by(&matcher, &entry, &ArticleState::Expected);
        let without = explain_by(&matcher, &entry, &ArticleState::Missing(String::new()));
        prop_assert!(without.is_decided);
        prop_assert_eq!(&without.result, &expected.result);
        for (article, title, authors) in articles.into_iter().filter(|_| expected.is_decided) {
            let authors = if entry.authors.is_empty() { authors } else { entry.authors.clone() };
            let entry = Entry { title: entry.title.clone().or(title), authors, ..entry.clone() };
            let article = ArticleState::Read(Box::new(article));
            let with = explain_by(&matcher, &entry, &article);
            prop_assert!(with.is_decided);
            prop_assert_eq!(with.result.is_ok(), expected.result.is_ok(), "{:?}", article);
        }
    }
}
