//! Splits the text of a query into parentheses, operators and terms. Pure.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct QueryToken {
    pub(super) kind: TokenKind,
    /// Byte range of the text.
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A field's name with its colon, followed by a parenthesis, a topic or nothing.
    Field,
    /// `@name`, `=@name`
    Topic,
    /// A term with its field, quotation marks, slashes and operators such as `=` and `*`.
    Term,
}

/// The tokens of a text. Never fails: the parser reports terms that are malformed.
pub(super) fn lex(text: &str) -> Vec<QueryToken> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = next_token(&text[at..], c);
        tokens.push(QueryToken { kind, span: at..at + length });
        at += length;
    }
    tokens
}

/// The kind of the first token, and its length in bytes.
fn next_token(rest: &str, first: char) -> (TokenKind, usize) {
    match first {
        '(' => return (TokenKind::Open, 1),
        ')' => return (TokenKind::Close, 1),
        '|' => return (TokenKind::Or, 1),
        '-' | '!' => return (TokenKind::Not, 1),
        '@' => return (TokenKind::Topic, bare_len(rest)),
        '=' if rest[1..].starts_with('@') => return (TokenKind::Topic, 1 + bare_len(&rest[1..])),
        _ => {}
    }
    let field = field_prefix_len(rest);
    let value = &rest[field..];
    let length = field
        + match value.chars().next() {
            Some('"') => phrase_len(value),
            Some('/') => regex_len(value),
            Some('@') | None if field > 0 => return (TokenKind::Field, field),
            Some('=') if field > 0 && value[1..].starts_with('@') => return (TokenKind::Field, field),
            Some(c) if field > 0 && (c == '(' || c == ')' || c == '|' || c.is_whitespace()) => {
                return (TokenKind::Field, field);
            }
            _ => bare_len(value),
        };
    let kind = match &rest[..length] {
        "AND" => TokenKind::And,
        "OR" => TokenKind::Or,
        "NOT" => TokenKind::Not,
        _ => TokenKind::Term,
    };
    (kind, length)
}

/// Bytes of a field's name and its colon; 0 if there is none. A name starts with a letter, so that
/// `12:30` is a word.
fn field_prefix_len(rest: &str) -> usize {
    let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let starts_with_letter = rest.chars().next().is_some_and(char::is_alphabetic);
    if starts_with_letter && rest[name..].starts_with(':') { name + 1 } else { 0 }
}

/// Up to white space, a parenthesis, a bar or a quotation mark.
fn bare_len(rest: &str) -> usize {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    rest[first..]
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"'))
        .map_or(rest.len(), |at| first + at)
}

/// A phrase: `"..."`, `"..."~`, `"..."~5`.
fn phrase_len(rest: &str) -> usize {
    let Some(close) = rest[1..].find('"') else { return rest.len() };
    let end = close + 2;
    let Some(distance) = rest[end..].strip_prefix('~') else { return end };
    // What is no number is reported, not left out.
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"');
    end + 1 + distance.find(ends).unwrap_or(distance.len())
}

/// A regular expression and its flags: `/.../`, `/.../c`. `\/` is a literal slash.
fn regex_len(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '/' if !escaped => return at + 1 + alphanumeric_len(&rest[at + 1..]),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}

fn alphanumeric_len(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
}
