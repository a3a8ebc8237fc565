//! Signs and words that are operators elsewhere, or stand where they would mean nothing: each is told, none is left out in
//! silence. Pure.

use std::ops::Range;

use super::problem::QueryProblem;
use super::tree::{Field, Term};

/// Dashes that are no minus.
const DASHES: [char; 3] = ['\u{2013}', '\u{2014}', '\u{2212}'];

/// The problem of a dash between spaces, which is read as NOT but may be meant as one.
pub(super) fn lone_dash(text: &str, span: Range<usize>) -> Option<QueryProblem> {
    let after = text[span.end..].chars().next();
    if &text[span.clone()] != "-" || after.is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let before = text[..span.start].trim_end_matches(['-', ' ']).split_whitespace().next_back();
    let after = text[span.end..].trim_start_matches(['-', ' ']).split_whitespace().next();
    Some(two_readings(span, "a dash between spaces", before.unwrap_or_default(), after.unwrap_or("b")))
}

/// The warning about the name of a source where the words of a feed are searched: `feed:civilnet`.
pub(super) fn source_in_feed(
    term: &Term,
    outer_field: Option<Field>,
    sources: &[String],
    span: &Range<usize>,
) -> Option<QueryProblem> {
    let is_in_feed = term.field.or(outer_field) == Some(Field::Feed);
    let source = sources.iter().find(|name| name.eq_ignore_ascii_case(&term.text)).filter(|_| is_in_feed)?;
    let label = format!("`feed:` searches the titles and texts of feeds; `{source}` is a source");
    let warning = QueryProblem::warning(span.clone(), label);
    Some(warning.hint(format!("for the entries of this source, write source:{source}")))
}

/// The problem of a sign that is no operator here: `armenia, russia`, `armenia && russia`, `armenia \u{2013}russia`.
pub(super) fn foreign_sign(text: &str, span: &Range<usize>) -> Option<QueryProblem> {
    let term = &text[span.clone()];
    let before = text[..span.start].split_whitespace().next_back().unwrap_or_default();
    let after = text[span.end..].split_whitespace().next().unwrap_or("b");
    let is_sign = |c: char| "&,;+".contains(c) || DASHES.contains(&c);
    if !term.is_empty() && term.chars().all(is_sign) {
        return Some(two_readings(span.clone(), &format!("`{term}` is no operator"), before, after));
    }
    if let Some(dash) = term.chars().next().filter(|c| DASHES.contains(c)) {
        let word = &term[dash.len_utf8()..];
        return Some(two_readings(span.clone(), &format!("`{dash}` is no minus"), before, word));
    }
    let (word, rest) = term.split_once([',', ';']).filter(|_| !term.contains(['"', '/']))?;
    // An address may have a comma.
    if term.contains(':') && !rest.is_empty() {
        return None;
    }
    let is_number =
        word.ends_with(|c: char| c.is_ascii_digit()) && rest.starts_with(|c: char| c.is_ascii_digit());
    let next = if rest.is_empty() { after } else { rest };
    let sign = &term[word.len()..=word.len()];
    (!is_number).then(|| two_readings(span.clone(), &format!("`{sign}` is no operator"), word, next))
}

/// The problem of a value after a field or after `=` that begins with a sign or is an operator: `title:-armenia`, `title:NOT`.
pub(super) fn misplaced_operator(before: &str, value: &str, span: &Range<usize>) -> Option<QueryProblem> {
    if matches!(value, "AND" | "OR" | "NOT") {
        let field = before.trim_end_matches('=');
        return Some(
            QueryProblem::error(span.clone(), format!("`{value}` stands directly after `{field}`")).hint(format!(
                "write `{field}(a {value} b)`, or `-{field}a` for what does not have it; the word itself is written in lower case"
            )),
        );
    }
    let sign = value.chars().next().filter(|c| matches!(c, '-' | '!') || DASHES.contains(c))?;
    let word = &value[sign.len_utf8()..];
    Some(QueryProblem::error(span.clone(), format!("`{sign}` stands after `{before}`")).hint(format!(
        "write `-{before}{word}` for what does not have it, or `{before}{word}` for what has it"
    )))
}

/// The warning about a word that looks like an operator, or about a mark that looks like a quotation mark.
pub(super) fn suspicious_word(text: &str, span: &Range<usize>) -> Option<QueryProblem> {
    let term = &text[span.clone()];
    if let Some(hint) = foreign_word(term) {
        let label = format!("`{term}` is searched for as a word");
        return Some(QueryProblem::warning(span.clone(), label).hint(hint));
    }
    let is_mark = |c| matches!(c, '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{2018}' | '\'');
    term.starts_with(is_mark).then(|| {
        QueryProblem::warning(span.clone(), "this mark does not start a phrase")
            .hint("write phrases in straight double quotation marks: \"...\"")
    })
}

/// What to write instead of a word that is an operator elsewhere.
fn foreign_word(term: &str) -> Option<String> {
    const NEAR: &str = "write \"putin pashinyan\"~5 for words that are near each other";
    let operator = match term {
        "and" | "or" | "not" => &term.to_uppercase(),
        "UND" | "ET" | "\u{418}" | "\u{422}\u{410}" | "\u{406}" => "AND",
        "ODER"
        | "OU"
        | "\u{418}\u{41b}\u{418}"
        | "\u{410}\u{411}\u{41e}"
        | "\u{53f}\u{531}\u{544}"
        | "XOR" => "OR",
        "NICHT" | "\u{41d}\u{415}" | "ANDNOT" => "NOT",
        _ => {
            let (name, distance) = term.split_once('/').unwrap_or((term, ""));
            let is_near =
                matches!(name, "NEAR" | "ADJ") && distance.bytes().all(|byte| byte.is_ascii_digit());
            let is_within = matches!(name, "W" | "N") && distance.parse::<u32>().is_ok();
            return (is_near || is_within).then(|| NEAR.to_owned());
        }
    };
    Some(format!("write {operator} if you mean the operator"))
}

/// An error at a sign between two words, with what may be meant.
fn two_readings(span: Range<usize>, label: &str, before: &str, after: &str) -> QueryProblem {
    let hint = if before.is_empty() {
        format!("write `-{after}` for what does not have it")
    } else if label.contains("dash") || label.contains(DASHES) {
        format!("write `{before} {after}` for both, or `{before} -{after}` for the first without the second")
    } else {
        format!("write `{before} AND {after}` for both, or `{before} OR {after}` for either")
    };
    QueryProblem::error(span, label.to_owned()).hint(hint)
}
