//! The syntax: what is read, what is wrong and where, and that printing is the way back. Tests.

use proptest::prelude::*;

use super::super::{QueryContext, QueryProblem};
use super::{Node, parse};

fn query_context() -> QueryContext {
    let topics = [
        ("caucasus", "armenia OR georgia"),
        ("a", "@b"),
        ("b", "x @a"),
        ("self", "@self"),
        ("bad", "("),
        ("d0", "a b c d e f g h"),
        ("d1", "@d0 @d0 @d0 @d0 @d0 @d0 @d0 @d0"),
        ("d2", "@d1 @d1 @d1 @d1 @d1 @d1 @d1 @d1"),
        ("d3", "@d2 @d2 @d2 @d2 @d2 @d2 @d2 @d2"),
        ("d4", "@d3 @d3 @d3 @d3 @d3 @d3 @d3 @d3"),
    ];
    let topics = topics.map(|(name, text)| (name.to_owned(), text.to_owned()));
    QueryContext { topics: topics.into(), languages: Vec::new().into() }
}

fn read(text: &str) -> Result<Node, Vec<QueryProblem>> {
    parse(text, &query_context()).map(|parsed| parsed.node)
}

#[track_caller]
fn printed(text: &str) -> String {
    read(text).unwrap_or_else(|p| panic!("{text}: {p:?}")).to_string()
}

#[test]
fn and_binds_tighter_than_or() {
    assert_eq!(printed("a b OR c -d"), "(a AND b) OR (c AND NOT d)");
    assert_eq!(printed("(a | b) AND NOT (c d)"), "(a OR b) AND NOT (c AND d)");
    assert_eq!(printed("NOT -a !b"), "a AND NOT b");
    assert_eq!(printed("-(-a) -(!(-b)) -title:(-c)"), "a AND NOT b AND NOT title:(NOT c)");
    assert_eq!(printed("-(-(a OR -(-b)))"), "a OR b");
    assert_eq!(printed("and or not"), "and AND or AND not");
    assert_eq!(printed("pro-war -war"), "pro-war AND NOT war");
    assert_eq!(printed("-a"), "NOT a");
}

#[test]
fn every_form_of_a_term_is_read() {
    let same = [
        "armenia",
        "=armenia",
        "\"armenia\"",
        "\"russian troop\"~",
        "\"putin pashinyan\"~5",
        "armen*",
        "@caucasus",
        "/\\bg(7|20)\\b/",
        "/a \\/ \"b/c",
        "title:armenia",
        "text:=armenia",
        "author:\"Anna Petrova\"",
        "category:armen*",
        "link:/20\\d\\d/",
        "site:example.am",
        "source:civilnet",
        "lang:pt-br",
        "age:<7d",
        "age:>1h30m",
        "title:(yerevan OR gyumri)",
        "title:(@caucasus)",
        "lang:(en OR ru)",
        "12:30",
    ];
    for text in same {
        assert_eq!(printed(text), text);
    }
    assert_eq!(printed("feed:civilnet"), "source:civilnet");
    assert_eq!(printed("title:@caucasus"), "title:(@caucasus)");
}

#[track_caller]
fn wrong(text: &str) -> Vec<(String, String)> {
    let problems = read(text).expect_err(text);
    problems.into_iter().map(|p| (text.get(p.span).unwrap_or("").to_owned(), p.label)).collect()
}

#[test]
fn each_mistake_is_shown_where_it_stands() {
    let one = |at: &str, label: &str| vec![(at.to_owned(), label.to_owned())];
    assert_eq!(wrong("a (b"), one("(", "nothing closes this bracket"));
    assert_eq!(wrong("a) b"), one(")", "nothing opens this bracket"));
    assert_eq!(wrong("a OR"), one("R", "a word is missing here"));
    assert_eq!(wrong("AND b"), one("AND", "a word is missing before this"));
    assert_eq!(wrong("titel:x"), one("titel", "there is no field `titel`"));
    assert_eq!(wrong("title: x"), one("title:", "a word is missing after `title:`"));
    assert_eq!(wrong("\"x"), one("\"x", "this quotation mark is never closed"));
    assert_eq!(wrong("/x"), one("/x", "this regular expression is never closed"));
    assert_eq!(wrong("/x\\/"), one("/x\\/", "this regular expression is never closed"));
    assert_eq!(wrong("/x/i"), one("i", "there is no `i`"));
    assert_eq!(wrong("/(x/"), one("(x", "this regular expression is wrong: unclosed group"));
    assert_eq!(wrong("\"a b\"~x"), one("~x", "this is no distance"));
    assert_eq!(wrong("\"a b\"~0"), one("~0", "this is no distance"));
    assert_eq!(wrong("a*b"), one("a*b", "`*` cannot stand within a word"));
    assert_eq!(wrong("="), one("=", "a word is missing after `=`"));
    assert_eq!(wrong("site:a/b"), one("a/b", "this is no site"));
    assert_eq!(wrong("lang:english"), one("english", "this is no language"));
    assert_eq!(wrong("age:7d"), one("7d", "this is no age"));
    assert_eq!(wrong("*"), one("*", "there is no letter or digit to look for"));
    assert_eq!(wrong(""), one("", "a word is missing here"));
    assert_eq!(
        wrong("(titel:x AND (y"),
        [
            ("titel".to_owned(), "there is no field `titel`".to_owned()),
            one("(", "nothing closes this bracket").remove(0)
        ]
    );
    assert_eq!(wrong("titel:x AND (linc:y OR /(/ | @caucasis)").len(), 4);
}

#[test]
fn a_topic_that_needs_itself_shows_the_circle() {
    let one = |at: &str, label: &str| vec![(at.to_owned(), label.to_owned())];
    assert_eq!(wrong("@caucasis"), one("@caucasis", "there is no topic `caucasis`"));
    assert_eq!(wrong("@bad"), one("@bad", "in topic `bad`: a word is missing here"));
    assert_eq!(wrong("@self"), one("@self", "in topic `self`: this topic needs itself: @self -> @self"));
    assert_eq!(wrong("@a"), one("@a", "in topic `a`: in topic `b`: this topic needs itself: @a -> @b -> @a"));
}

#[test]
fn depth_length_and_size_have_bounds() {
    assert_eq!(wrong(&"(".repeat(5000)).len(), 1);
    assert_eq!(wrong(&"a ".repeat(20_000)).len(), 1);
    assert_eq!(wrong("/((((a{1000}){1000}){1000}){1000})/").len(), 1);
    assert!(read(&"/ab?c/ ".repeat(50)).is_ok());
    assert_eq!(wrong(&"/ab?c/ ".repeat(60)).len(), 1);
    assert!(read("@d2").is_ok());
    assert_eq!(wrong("@d4").len(), 1);
    assert!(read(&format!("{}a{}", "(".repeat(64), ")".repeat(64))).is_ok());
    assert!(read(&format!("{}a", "NOT ".repeat(4_000))).is_ok());
}

#[test]
fn what_may_not_be_meant_is_a_warning() {
    let warnings = |text: &str| -> Vec<String> {
        let parsed = parse(text, &query_context()).unwrap_or_else(|p| panic!("{text}: {p:?}"));
        parsed.warnings.into_iter().map(|p| text[p.span].to_owned()).collect()
    };
    assert_eq!(warnings("armenia and russia or not x"), ["and", "or", "not"]);
    assert_eq!(warnings("\u{201c}russian troops\u{201d}"), ["\u{201c}russian"]);
    assert!(warnings("armenia AND \"and\" OR title:or").is_empty());
}

/// Pieces from which queries that mostly parse are put together.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        "=?[abж熊]{1,3}\\*?",
        "(title|text|author|category|link|source|feed):[ab\"(@]{1,3}",
        "\"[ab ]{1,5}\"(~[0-9]{0,2})?",
        "/[ab()|*\\\\/]{1,5}/c?",
        "(site:ab\\.c|lang:(en|pt-BR)|age:[<>][0-9][dhm])",
        "(@caucasus|@none|lang:\\(en OR ru\\))",
        Just("AND".to_owned()),
        Just("OR".to_owned()),
        Just("NOT".to_owned()),
        "[()|!-]",
    ]
}

proptest! {
    // A failing case is printed; nothing is written in the checkout.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_parses_back_to_the_same(pieces in prop::collection::vec((piece(), " ?"), 0..12)) {
        let text: String = pieces.into_iter().map(|(piece, space)| piece + &space).collect();
        if let Ok(node) = read(&text) {
            let again = read(&node.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&node), "{}", node);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        if let Err(problems) = read(&text) {
            for problem in problems {
                prop_assert!(problem.span.end <= text.len().max(1) && text.get(problem.span).is_some() || text.is_empty());
            }
        }
    }
}
