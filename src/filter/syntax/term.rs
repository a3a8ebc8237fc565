//! One piece of a query to one term: its field, its signs, its text. Pure.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::parse::Parser;
use super::{Age, Case, Field, Shape, Term};
use crate::text::tokens;

/// The most bytes that a regular expression may be compiled to.
const LARGEST: usize = 1 << 20;

/// The most groups and repetitions within each other in a regular expression.
const NESTED: u32 = 50;

/// The most words between which `"..."~N` may look.
const FURTHEST: usize = 1000;

/// Reads the piece at `span`. Where it is wrong, the parser is told.
pub(super) fn read(parser: &mut Parser<'_, '_>, span: Range<usize>) -> Option<Term> {
    let piece = parser.text[span.clone()].to_owned();
    let (field, value) = match split_field(&piece) {
        Some((name, value)) => (Some(parser.known_field(name, span.start)?), value),
        None => (None, piece.as_str()),
    };
    let at = span.end - value.len()..span.end;
    let (text, shape) = match field.or(parser.field) {
        Some(Field::Site) => site(parser, value, at)?,
        Some(Field::Language) => language(parser, value, at)?,
        Some(Field::Age) => age(parser, value, at)?,
        _ => words_or_pattern(parser, value, at)?,
    };
    Some(Term { field, text, shape })
}

/// The name before a colon. What the lexer took for a piece has one only where letters stand before it.
fn split_field(piece: &str) -> Option<(&str, &str)> {
    let (name, value) = piece.split_once(':')?;
    let is_name =
        name.starts_with(char::is_alphabetic) && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

fn words_or_pattern(parser: &mut Parser<'_, '_>, value: &str, at: Range<usize>) -> Option<(String, Shape)> {
    let (text, shape) = if value.starts_with('/') {
        return pattern(parser, value, at);
    } else if let Some(rest) = value.strip_prefix('"') {
        quoted(parser, rest, &at)?
    } else if let Some(word) = value.strip_prefix('=') {
        if word.is_empty() {
            parser.problem(at, "a word is missing after `=`", "quotation marks mean exact words already");
            return None;
        }
        (word, Shape::Own)
    } else if let Some(begin) = value.strip_suffix('*') {
        (begin, Shape::Prefix)
    } else {
        (value, Shape::Word)
    };
    if text.contains(['*', '"']) {
        parser.problem(at, "`*` cannot stand within a word", "a star may end a word: armen*");
        return None;
    }
    if tokens(text).is_empty() {
        parser.problem(at, "there is no letter or digit to look for", None);
        return None;
    }
    if matches!(shape, Shape::Prefix) && !text.ends_with(char::is_alphanumeric) {
        parser.problem(at, "`*` stands behind a letter or digit", "a star may end a word: armen*");
        return None;
    }
    Some((text.to_owned(), shape))
}

/// What follows an opening quotation mark: text, mark, sign.
fn quoted<'v>(parser: &mut Parser<'_, '_>, rest: &'v str, at: &Range<usize>) -> Option<(&'v str, Shape)> {
    let Some((text, sign)) = rest.split_once('"') else {
        parser.problem(at.clone(), "this quotation mark is never closed", "add `\"`");
        return None;
    };
    let Some(distance) = sign.strip_prefix('~') else { return Some((text, Shape::Exact)) };
    if distance.is_empty() {
        return Some((text, Shape::Row));
    }
    match distance.parse() {
        Ok(distance) if (1..=FURTHEST).contains(&distance) => Some((text, Shape::Near(distance))),
        _ => {
            let sign = at.end - sign.len()..at.end;
            let hint = format!("a number from 1 to {FURTHEST}: \"putin pashinyan\"~5");
            parser.problem(sign, "this is no distance", hint.as_str());
            None
        }
    }
}

fn pattern(parser: &mut Parser<'_, '_>, value: &str, at: Range<usize>) -> Option<(String, Shape)> {
    let Some((text, letters)) = value[1..].rsplit_once('/').filter(|(text, _)| !ends_escaped(text)) else {
        parser.problem(
            at,
            "this regular expression is never closed",
            "add `/`, or put the words in quotation marks",
        );
        return None;
    };
    let case = match letters {
        "" => Case::Any,
        "c" => Case::Exact,
        _ => {
            let hint = "`c` behind it means that case counts; nothing else may stand there";
            parser.problem(at.end - letters.len()..at.end, format!("there is no `{letters}`"), hint);
            return None;
        }
    };
    let from = at.start + 1;
    match compile(text, case) {
        Ok(_) if text.is_empty() => {
            parser.problem(at, "an empty expression is found in every text", None);
            None
        }
        Ok(regex) => Some((text.to_owned(), Shape::Pattern(case, regex))),
        Err(label) => {
            let hint = "backslashes are doubled in a TOML \"string\"; in 'single marks' they are not";
            parser.problem(from..from + text.len(), label, hint);
            None
        }
    }
}

/// Whether a backslash that is not itself escaped ends a text.
fn ends_escaped(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

fn compile(text: &str, case: Case) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .case_insensitive(case == Case::Any)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .nest_limit(NESTED)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "this regular expression is too large".to_owned(),
            // The last line says what is wrong; those before it draw a picture of where.
            other => {
                let words = other.to_string();
                let last = words.lines().next_back().unwrap_or_default();
                format!("this regular expression is wrong: {}", last.trim_start_matches("error: "))
            }
        })
}

/// `site:example.org`: a host, however much of an address stands around it.
fn site(parser: &mut Parser<'_, '_>, value: &str, at: Range<usize>) -> Option<(String, Shape)> {
    let value = value.trim_matches('"');
    let host = url::Url::parse(&format!("https://{value}"))
        .ok()
        .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
        .filter(|url| url.port().is_none() && url.username().is_empty())
        .and_then(|url| url.host_str().map(str::to_owned));
    match host {
        Some(host) if !value.is_empty() && !value.contains(['/', '*']) => {
            Some((value.to_owned(), Shape::Site(host)))
        }
        _ => {
            parser.problem(
                at,
                "this is no site",
                "site:example.org; for the rest of an address there is link:",
            );
            None
        }
    }
}

/// `lang:hy`: the tag of BCP 47, or the start of one.
fn language(parser: &mut Parser<'_, '_>, value: &str, at: Range<usize>) -> Option<(String, Shape)> {
    let value = value.trim_matches('"');
    let tag = value.replace('_', "-").to_ascii_lowercase();
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_language && parts.all(is_part) {
        return Some((value.to_owned(), Shape::Language(tag)));
    }
    parser.problem(at, "this is no language", "two or three letters: lang:en, lang:hy, lang:pt-br");
    None
}

/// `age:<7d`, `age:>2h`
fn age(parser: &mut Parser<'_, '_>, value: &str, at: Range<usize>) -> Option<(String, Shape)> {
    let side = match value.chars().next() {
        Some('<') => Some(Age::Younger),
        Some('>') => Some(Age::Older),
        _ => None,
    };
    let length = value.get(1..).and_then(|text| humantime::parse_duration(text).ok());
    let (Some(side), Some(length)) = (side, length) else {
        parser.problem(at, "this is no age", "age:<7d or age:>12h");
        return None;
    };
    Some((value.to_owned(), Shape::Age(side, length)))
}
