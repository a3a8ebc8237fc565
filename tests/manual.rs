//! Tests every example of the filter manual.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use jiff::{SignedDuration, Timestamp};
use siftwire::entry::{Article, ArticleState, Author, Entry};
use siftwire::filter::{MANUAL, Matcher, QueryContext, Subject, parse};

/// A query and a text that it should match or not.
struct Example {
    query: String,
    matches: bool,
    text: String,
}

/// Lines indented by 4 are queries; lines indented by 8 are texts of the last query.
fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut query = String::new();
    for line in MANUAL.lines().filter(|line| line.starts_with("    ")) {
        match line.strip_prefix("        ") {
            Some(text) => {
                let matches = text.starts_with("+ ");
                assert!(matches || text.starts_with("- "), "{line}");
                examples.push(Example { query: query.clone(), matches, text: text[2..].to_owned() });
            }
            None => query = line.trim().to_owned(),
        }
    }
    examples
}

fn query_matches(query: &str, text: &str) -> bool {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000);
    let mut date = now;
    let mut source = "example";
    let mut entry = Entry::default();
    let mut article = ArticleState::NotExpected;
    let (field, text) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once("] ").unwrap(),
        None => ("title", text),
    };
    match field {
        "title" => entry.title = Some(text.to_owned()),
        "text" => entry.summary = Some(format!("<p>{text}</p>")),
        "article" => {
            let html = format!("<p>{text}</p>");
            let read = Article { html, language: None, fetched: now, is_published: false };
            article = ArticleState::Read(Box::new(read));
        }
        "author" => entry.authors = vec![Author { name: text.to_owned(), ..Author::default() }],
        "category" => entry.categories = vec![text.to_owned()],
        "link" => entry.link = Some(text.to_owned()),
        "source" => source = text,
        "lang" => entry.language = Some(text.to_owned()),
        "age" => date = now - text.parse::<SignedDuration>().unwrap_or_else(|_| days(text)),
        _ => panic!("unknown field {field}"),
    }
    let tags = [("caucasus".to_owned(), ["civilnet".to_owned()].into())].into();
    let context = QueryContext { tags, ..QueryContext::default() };
    let query = parse(query, &context).unwrap_or_else(|p| panic!("{query}: {p:?}"));
    let subject =
        Subject { entry: &entry, article: &article, source, source_title: "", language: None, date, now };
    !Matcher::new([&query]).hits(&subject, |_| true).hits.is_empty()
}

fn days(text: &str) -> SignedDuration {
    SignedDuration::from_hours(24 * text.strip_suffix('d').unwrap().parse::<i64>().unwrap())
}

#[test]
fn the_examples_of_the_manual_are_correct() {
    let examples = examples();
    assert!(examples.len() > 60, "only {} examples found", examples.len());
    let failed: Vec<String> = examples
        .iter()
        .filter(|example| query_matches(&example.query, &example.text) != example.matches)
        .map(|example| format!("{} on \"{}\" should be {}", example.query, example.text, example.matches))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn country_topics_match_news_in_six_languages_and_not_similar_words() {
    let news = [
        "Russia withdraws the last of its troops from Armenia",
        "The pullout of Russian soldiers from Armenian soil began at dawn",
        "Россия выводит последние войска из Армении",
        "Российские солдаты покидают армянскую границу",
        "Росія виводить свої війська з Вірменії",
        "Російські військові залишають вірменський кордон",
        "La Russie retire ses dernières troupes d’Arménie",
        "Les soldats russes quittent la frontière arménienne",
        "Russland zieht seine letzten Truppen aus Armenien ab",
        "Die russischen Soldaten verlassen die armenische Grenze",
        "Ռուսաստանը դուրս է բերում իր զորքերը Հայաստանից",
        "Ռուսական զորքերը հեռանում են հայկական սահմանից",
    ];
    let other = [
        "The army marches at dawn, and a band plays in the rushing rain",
        "Армия идёт маршем, рассвет над площадью",
        "Армія йде маршем через місто на світанку",
        "L’armée défile à l’aube sous une pluie fine",
        "Die Armee marschiert im Morgengrauen durch die Stadt",
        "Բանակը քայլում է լուսաբացին",
    ];
    for text in news {
        assert!(query_matches("@armenia AND @russia", text), "{text}");
    }
    for text in other {
        assert!(!query_matches("@armenia OR @russia", text), "{text}");
    }
}
