//! Parses one term: its field, its operators, its text. Pure.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::mistakes;
use super::problem::QueryProblem;
use super::tree::{AgeComparison, CaseSensitivity, Field, Term, TermKind};
use crate::text::closest_name;
use crate::text::tokens;

/// Limit of a compiled regular expression, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Limit of nested groups and repetitions in a regular expression.
const MAX_REGEX_NESTING: u32 = 50;

/// Limit of N in `"..."~N`.
const MAX_DISTANCE: usize = 1000;

/// The text of a term and what kind it is.
type Parsed = Result<(String, TermKind), QueryProblem>;

/// Parses the term at `span` of a query's text. `outer_field` applies if the term names no field.
pub(super) fn parse_term(
    text: &str,
    span: Range<usize>,
    outer_field: Option<Field>,
    tags: &BTreeMap<String, Arc<[String]>>,
) -> Result<Term, QueryProblem> {
    let written = &text[span.clone()];
    let (field, value) = match split_field(written) {
        Some((name, value)) => (Some(field_by_name(name, span.start)?), value),
        None => (None, written),
    };
    let span = span.end - value.len()..span.end;
    let value_of = value.strip_prefix('=').unwrap_or(value);
    let before = &written[..written.len() - value_of.len()];
    if !before.is_empty()
        && let Some(problem) = mistakes::misplaced_operator(before, value_of, &span)
    {
        return Err(problem);
    }
    let (text, kind) = match field.or(outer_field) {
        Some(Field::Site) => parse_site(value, span)?,
        Some(Field::Language) => parse_language(value, span)?,
        Some(Field::Age) => parse_age(value, span)?,
        Some(Field::Tag) => parse_tag(value, span, tags)?,
        _ => parse_words(value, span)?,
    };
    Ok(Term { field, text, kind })
}

/// What fields are called in other programs.
const FIELDS_ELSEWHERE: [(&str, &[&str]); 6] = [
    ("title", &["intitle", "headline", "subject"]),
    ("text", &["content", "description", "summary", "body", "intext"]),
    ("link", &["url", "inurl", "href"]),
    ("site", &["host", "domain"]),
    ("lang", &["language"]),
    ("age", &["date", "pubdate", "published", "since", "newer", "older"]),
];

/// The field called `name`, which is at byte `start` of the query's text.
pub(super) fn field_by_name(name: &str, start: usize) -> Result<Field, QueryProblem> {
    if let Some((_, field)) = Field::NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(*field);
    }
    let elsewhere = FIELDS_ELSEWHERE.iter().find(|(_, names)| names.contains(&name.to_lowercase().as_str()));
    let closest = || closest_name(name, Field::NAMES.iter().map(|(known, _)| *known));
    let hint = match elsewhere.map(|(known, _)| *known).or_else(closest) {
        Some(known) => format!("did you mean `{known}:`?"),
        None => "to search for text with a colon, put it in quotation marks".to_owned(),
    };
    Err(QueryProblem::error(start..start + name.len(), format!("unknown field `{name}`")).hint(hint))
}

/// The field's name and the rest, by the rule of the lexer: `a-b:c` has no field.
fn split_field(written: &str) -> Option<(&str, &str)> {
    let (name, value) = written.split_once(':')?;
    let is_name =
        name.starts_with(char::is_alphabetic) && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

fn parse_words(value: &str, span: Range<usize>) -> Parsed {
    let (text, kind) = if value.starts_with('/') {
        return parse_regex(value, span);
    } else if let Some(rest) = value.strip_prefix('"') {
        parse_phrase(rest, &span)?
    } else if let Some(word) = value.strip_prefix('=') {
        if word.is_empty() {
            return Err(QueryProblem::error(span, "a word is missing after `=`")
                .hint("write `=word`; words in quotation marks are exact without `=`"));
        }
        (word, TermKind::InflectedWord)
    } else if let Some(prefix) = value.strip_suffix('*') {
        (prefix, TermKind::Prefix)
    } else if let Some(suffix) = value.strip_prefix('*') {
        (suffix, TermKind::Suffix)
    } else {
        (value, TermKind::Word)
    };
    if text.contains(['*', '"']) {
        return Err(QueryProblem::error(span, "`*` is allowed only at the start or the end of a word")
            .hint("for example: armen*, or *wahl"));
    }
    if tokens(text).is_empty() {
        return Err(QueryProblem::error(span, "there is no letter or digit to search for"));
    }
    if matches!(kind, TermKind::Prefix) && !text.ends_with(char::is_alphanumeric) {
        return Err(
            QueryProblem::error(span, "`*` must follow a letter or digit").hint("for example: armen*")
        );
    }
    if matches!(kind, TermKind::Suffix) && tokens(text).len() > 1 {
        return Err(QueryProblem::error(span, "`*` must be followed by one word").hint("for example: *wahl"));
    }
    Ok((text.to_owned(), kind))
}

/// Parses what follows an opening quotation mark.
fn parse_phrase<'v>(rest: &'v str, span: &Range<usize>) -> Result<(&'v str, TermKind), QueryProblem> {
    let Some((text, suffix)) = rest.split_once('"') else {
        return Err(QueryProblem::error(span.clone(), "this quotation mark is never closed").hint("add `\"`"));
    };
    let Some(distance) = suffix.strip_prefix('~') else { return Ok((text, TermKind::Phrase)) };
    if distance.is_empty() {
        return Ok((text, TermKind::InflectedPhrase));
    }
    match distance.parse() {
        Ok(distance) if (1..=MAX_DISTANCE).contains(&distance) => Ok((text, TermKind::Near(distance))),
        _ => Err(QueryProblem::error(span.end - suffix.len()..span.end, "invalid distance")
            .hint(format!("use a number from 1 to {MAX_DISTANCE}: \"putin pashinyan\"~5"))),
    }
}

fn parse_regex(value: &str, span: Range<usize>) -> Parsed {
    let Some((text, flags)) = value[1..].rsplit_once('/').filter(|(text, _)| !ends_escaped(text)) else {
        return Err(QueryProblem::error(span, "this regular expression is never closed")
            .hint("add `/`, or put the words in quotation marks"));
    };
    let case = match flags {
        "" => CaseSensitivity::Insensitive,
        "c" => CaseSensitivity::Sensitive,
        _ => {
            let label = format!("unknown flag `{flags}`");
            return Err(QueryProblem::error(span.end - flags.len()..span.end, label)
                .hint("the only flag is `c`: case-sensitive"));
        }
    };
    let start = span.start + 1;
    match compile_regex(text, case) {
        Ok(_) if text.is_empty() => {
            Err(QueryProblem::error(span, "an empty regular expression matches every text"))
        }
        Ok(regex) => Ok((text.to_owned(), TermKind::Regex(case, regex))),
        Err(label) => {
            let problem = QueryProblem::error(start..start + text.len(), label);
            let hint = "in TOML, write each backslash twice inside \"...\", or once inside '...'";
            Err(if text.contains('\\') { problem.hint(hint) } else { problem })
        }
    }
}

/// Whether the text ends with a backslash that is not itself escaped.
fn ends_escaped(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

fn compile_regex(text: &str, case: CaseSensitivity) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .case_insensitive(case == CaseSensitivity::Insensitive)
        .size_limit(MAX_REGEX_BYTES)
        .dfa_size_limit(MAX_REGEX_BYTES)
        .nest_limit(MAX_REGEX_NESTING)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "this regular expression is too large".to_owned(),
            // Only the last line is the message; the lines before it draw the position.
            other => {
                let message = other.to_string();
                let last = message.lines().next_back().unwrap_or_default();
                format!("invalid regular expression: {}", last.trim_start_matches("error: "))
            }
        })
}

/// `site:example.org`. Only a bare host name is accepted.
fn parse_site(value: &str, span: Range<usize>) -> Parsed {
    let value = value.trim_matches('"');
    let host = url::Url::parse(&format!("https://{value}"))
        .ok()
        .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
        .filter(|url| url.port().is_none() && url.username().is_empty())
        .and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) if !value.is_empty() && !value.contains(['/', '*']) => {
            Ok((value.to_owned(), TermKind::Site(host)))
        }
        _ => Err(QueryProblem::error(span, "not a host name")
            .hint("write site:example.org; link: searches the rest of an address")),
    }
}

/// `lang:hy`: a BCP 47 tag or its first parts.
fn parse_language(value: &str, span: Range<usize>) -> Parsed {
    let value = value.trim_matches('"');
    let tag = value.replace('_', "-").to_ascii_lowercase();
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let is_subtag =
        |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_language && subtags.all(is_subtag) {
        return Ok((value.to_owned(), TermKind::Language(tag)));
    }
    Err(QueryProblem::error(span, "not a language tag")
        .hint("a tag starts with two or three letters: lang:en, lang:hy, lang:pt-br"))
}

/// `tag:caucasus`: a tag of the config's sources.
fn parse_tag(value: &str, span: Range<usize>, tags: &BTreeMap<String, Arc<[String]>>) -> Parsed {
    let tag = value.trim_matches('"').trim_start_matches('#').to_lowercase();
    if let Some(sources) = tags.get(&tag) {
        return Ok((tag, TermKind::Tag(Arc::clone(sources))));
    }
    let hint = match closest_name(&tag, tags.keys().map(String::as_str)) {
        Some(known) => format!("did you mean `tag:{known}`?"),
        None => format!("give it to sources of the config: tags = [\"{}\"]", tag.escape_default()),
    };
    Err(QueryProblem::error(span, format!("no source has the tag `{tag}`")).hint(hint))
}

/// `age:<7d`, `age:>2h`
fn parse_age(value: &str, span: Range<usize>) -> Parsed {
    let comparison = match value.chars().next() {
        Some('<') => Some(AgeComparison::Younger),
        Some('>') => Some(AgeComparison::Older),
        _ => None,
    };
    let limit = value.get(1..).and_then(|text| humantime::parse_duration(text).ok());
    match (comparison, limit) {
        (Some(comparison), Some(limit)) => Ok((value.to_owned(), TermKind::Age(comparison, limit))),
        _ => Err(QueryProblem::error(span, "invalid age").hint("write age:<7d or age:>12h")),
    }
}
