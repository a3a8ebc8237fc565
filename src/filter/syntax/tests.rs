//! Tests of parsing, of error positions, and that printed queries parse back.

use proptest::prelude::*;

use super::{Node, QueryContext, QueryProblem, parse};

fn context() -> QueryContext {
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
    let tags = [("caucasus".to_owned(), ["civilnet".to_owned()].into())];
    QueryContext {
        topics: topics.into(),
        tags: tags.into(),
        sources: ["civilnet".to_owned()].into(),
        ..QueryContext::default()
    }
}

fn parse_node(text: &str) -> Result<Node, Vec<QueryProblem>> {
    parse(text, &context()).map(|(node, _)| node)
}

#[track_caller]
fn print(text: &str) -> String {
    parse_node(text).unwrap_or_else(|p| panic!("{text}: {p:?}")).to_string()
}

#[test]
fn and_binds_tighter_than_or() {
    assert_eq!(print("a b OR c -d"), "(a AND b) OR (c AND NOT d)");
    assert_eq!(print("(a | b) AND NOT (c d)"), "(a OR b) AND NOT (c AND d)");
    assert_eq!(print("NOT -a !b"), "a AND NOT b");
    assert_eq!(print("-(-a) -(!(-b)) -title:(-c)"), "a AND NOT b AND NOT title:(NOT c)");
    assert_eq!(print("-(-(a OR -(-b)))"), "a OR b");
    assert_eq!(print("and or not"), "and AND or AND not");
    assert_eq!(print("pro-war -war"), "pro-war AND NOT war");
    assert_eq!(print("-a"), "NOT a");
}

#[test]
fn every_kind_of_term_prints_as_it_is_written() {
    let terms = [
        "armenia", "=armenia", "\"armenia\"", "\"russian troop\"~", "\"putin pashinyan\"~5", "armen*",
        "@caucasus", "/\\bg(7|20)\\b/", "/a \\/ \"b/c", "title:armenia", "text:=armenia",
        "author:\"Anna Petrova\"", "category:armen*", "link:/20\\d\\d/", "site:example.am",
        "source:civilnet", "feed:war", "article:war", "lang:pt-br", "age:<7d", "age:>1h30m",
        "title:(yerevan OR gyumri)", "title:(@caucasus)", "lang:(en OR ru)", "tag:caucasus", "12:30",
    ];
    for text in terms {
        assert_eq!(print(text), text);
    }
    assert_eq!(print("tag:(\"CAUCASUS\" | #Caucasus)"), "tag:(caucasus OR caucasus)");
    assert_eq!(print("title:@caucasus"), "title:(@caucasus)");
}

#[track_caller]
fn problems(text: &str) -> Vec<(String, String)> {
    let found = parse_node(text).expect_err(text);
    found.into_iter().map(|p| (text.get(p.span).unwrap_or("").to_owned(), p.label)).collect()
}

#[test]
fn each_mistake_is_reported_at_its_position() {
    let one = |at: &str, label: &str| vec![(at.to_owned(), label.to_owned())];
    assert_eq!(problems("a (b"), one("(", "this parenthesis is never closed"));
    assert_eq!(problems("a) b"), one(")", "this parenthesis is never opened"));
    assert_eq!(problems("a OR"), one("R", "a word is missing here"));
    assert_eq!(problems("AND b"), one("AND", "a word is missing before this operator"));
    assert_eq!(problems("titel:x"), one("titel", "unknown field `titel`"));
    assert_eq!(problems("title: x"), one("title:", "a word is missing after `title:`"));
    assert_eq!(problems("\"x"), one("\"x", "this quotation mark is never closed"));
    assert_eq!(problems("/x"), one("/x", "this regular expression is never closed"));
    assert_eq!(problems("/x\\/"), one("/x\\/", "this regular expression is never closed"));
    assert_eq!(problems("/x/i"), one("i", "unknown flag `i`"));
    assert_eq!(problems("/(x/"), one("(x", "invalid regular expression: unclosed group"));
    assert_eq!(problems("\"a b\"~x"), one("~x", "invalid distance"));
    assert_eq!(problems("\"a b\"~0"), one("~0", "invalid distance"));
    assert_eq!(problems("a*b"), one("a*b", "`*` is allowed only at the start or the end of a word"));
    assert_eq!(problems("="), one("=", "a word is missing after `=`"));
    assert_eq!(problems("site:a/b"), one("a/b", "not a host name"));
    assert_eq!(problems("lang:english"), one("english", "not a language tag"));
    assert_eq!(problems("age:7d"), one("7d", "invalid age"));
    assert_eq!(problems("tag:caucasos"), one("caucasos", "no source has the tag `caucasos`"));
    assert_eq!(problems("tag:@caucasus"), one("tag:", "a topic cannot be searched for in `tag:`"));
    assert_eq!(problems("*"), one("*", "there is no letter or digit to search for"));
    assert_eq!(problems(""), one("", "a word is missing here"));
    assert_eq!(
        problems("(titel:x AND (y"),
        [
            ("titel".to_owned(), "unknown field `titel`".to_owned()),
            one("(", "this parenthesis is never closed").remove(0)
        ]
    );
    assert_eq!(problems("titel:x AND (linc:y OR /(/ | @caucasis)").len(), 4);
}

#[test]
fn a_topic_that_refers_to_itself_shows_the_cycle() {
    let one = |at: &str, label: &str| vec![(at.to_owned(), label.to_owned())];
    assert_eq!(problems("@caucasis"), one("@caucasis", "unknown topic `caucasis`"));
    assert_eq!(problems("@bad"), one("@bad", "in topic `bad`: a word is missing here"));
    assert_eq!(
        problems("@self"),
        one("@self", "in topic `self`: this topic refers to itself: @self -> @self")
    );
    assert_eq!(
        problems("@a"),
        one("@a", "in topic `a`: in topic `b`: this topic refers to itself: @a -> @b -> @a")
    );
}

#[test]
fn depth_length_and_size_are_limited() {
    assert_eq!(problems(&"(".repeat(5000)).len(), 1);
    assert_eq!(problems(&"a ".repeat(20_000)).len(), 1);
    assert_eq!(problems("/((((a{1000}){1000}){1000}){1000})/").len(), 1);
    assert!(parse_node(&"/ab?c/ ".repeat(50)).is_ok());
    assert_eq!(problems(&"/ab?c/ ".repeat(60)).len(), 1);
    assert!(parse_node("@d2").is_ok());
    assert_eq!(problems("@d4").len(), 1);
    assert!(parse_node(&format!("{}a{}", "(".repeat(64), ")".repeat(64))).is_ok());
    assert!(parse_node(&format!("{}a", "NOT ".repeat(4_000))).is_ok());
}

#[test]
fn valid_parts_that_are_probably_mistakes_are_warnings() {
    let warnings = |text: &str| -> Vec<String> {
        let (_, warnings) = parse(text, &context()).unwrap_or_else(|p| panic!("{text}: {p:?}"));
        warnings.into_iter().map(|p| text[p.span].to_owned()).collect()
    };
    assert_eq!(warnings("armenia and russia or not x"), ["and", "or", "not"]);
    assert_eq!(warnings("\u{201c}russian troops\u{201d}"), ["\u{201c}russian"]);
    assert!(
        warnings("armenia AND \"and\" OR title:or feed:(a source:civilnet) civilnet feed:civil").is_empty()
    );
}

/// Fragments that usually parse when joined to a query.
fn fragment() -> impl Strategy<Value = String> {
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
    // Failing cases are printed, not written to files.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printed_queries_parse_back_to_the_same_tree(fragments in prop::collection::vec((fragment(), " ?"), 0..12)) {
        let text: String = fragments.into_iter().map(|(fragment, space)| fragment + &space).collect();
        if let Ok(node) = parse_node(&text) {
            let again = parse_node(&node.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&node), "{}", node);
        }
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        if let Err(problems) = parse_node(&text) {
            for problem in problems {
                prop_assert!(problem.span.end <= text.len().max(1) && text.get(problem.span).is_some() || text.is_empty());
            }
        }
    }
}

#[test]
fn signs_that_are_no_operators_are_errors_that_name_what_may_be_meant() {
    for (text, wanted) in [
        ("armenia - russia", "`armenia russia` for both, or `armenia -russia`"),
        ("armenia \u{2013} russia", "`armenia russia` for both, or `armenia -russia`"),
        ("- russia", "`-russia`"),
        ("intitle:x", "`title:`"),
        ("Date:x", "`age:`"),
        ("armenia, russia", "`armenia AND russia` for both, or `armenia OR russia`"),
        ("armenia,russia", "`armenia AND russia` for both, or `armenia OR russia`"),
        ("armenia; russia", "`armenia AND russia` for both, or `armenia OR russia`"),
        ("armenia && russia", "`armenia AND russia` for both, or `armenia OR russia`"),
        ("a\u{8}b", "'single quotation marks'"),
    ] {
        let problems = parse(text, &QueryContext::default()).expect_err(text);
        let hint = problems[0].hint.clone().unwrap_or_default();
        assert!(hint.contains(wanted), "{text}: {hint}");
    }
    for text in ["armenia -russia", "1,000", "\"a, b\"", "C++", "AT&T", "/a,b/", "link:a,b", "-(a)", "a\tb"] {
        assert!(parse(text, &QueryContext::default()).is_ok(), "{text}");
    }
}

#[test]
fn a_sign_or_a_word_that_means_nothing_where_it_stands_is_told() {
    let problem = |text: &str| {
        let (Ok((_, problems)) | Err(problems)) = parse(text, &context());
        let problem = problems.into_iter().next().unwrap_or_else(|| panic!("{text}: nothing is told"));
        (problem.warning, format!("{}; {}", problem.label, problem.hint.unwrap_or_default()))
    };
    for (text, told) in [
        ("title:-armenia", "write `-title:armenia` for what does not have it"),
        ("title:!armenia", "write `-title:armenia`"),
        ("=-armenia", "write `-=armenia`"),
        ("source:-x", "write `-source:x`"),
        ("armenia \u{2013}russia", "`armenia -russia` for the first without the second"),
        ("armenia \u{2212}russia", "`armenia -russia`"),
        ("title:NOT armenia", "`title:(a NOT b)`"),
        ("\"a b\"~-1", "use a number from 1 to"),
        ("\"a b\"~x,", "use a number from 1 to"),
        ("a || b", "write OR, or one `|`"),
        ("a -- b", "write `a b` for both, or `a -b`"),
        ("@caucasus,@a", "`,` is no operator"),
        ("@ armenia", "the name of a topic is missing"),
    ] {
        let (is_warning, message) = problem(text);
        assert!(!is_warning && message.contains(told), "{text}: {message}");
    }
    for (text, told) in [
        ("putin NEAR pashinyan", "\"putin pashinyan\"~5"),
        ("putin W/5 pashinyan", "\"putin pashinyan\"~5"),
        ("\u{43c}\u{438}\u{440} \u{418}\u{41b}\u{418} \u{43c}\u{438}\u{440}", "write OR"),
        ("a ODER b", "write OR"),
        ("feed:civilnet", "write source:civilnet"),
        ("-feed:(a OR CivilNet)", "write source:civilnet"),
    ] {
        let (is_warning, message) = problem(text);
        assert!(is_warning && message.contains(told), "{text}: {message}");
    }
    let (_, message) = problem("/(a/");
    assert!(!message.contains("TOML"), "{message}");
}
