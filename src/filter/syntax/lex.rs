//! Cuts the text of a query into brackets, operators and pieces. Pure.

use std::ops::Range;

/// One token and its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A field's name and its colon, with a bracket, a topic or nothing behind them.
    Field,
    /// `@name`
    Topic,
    /// A term with its quotation marks, slashes and signs, and its field's name before it.
    Piece,
}

/// The tokens of a text. Nothing is wrong here: what cannot be read becomes a piece.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (what, length) = token(&text[at..], c);
        tokens.push(Token { what, span: at..at + length });
        at += length;
    }
    tokens
}

fn token(rest: &str, first: char) -> (What, usize) {
    match first {
        '(' => return (What::Open, 1),
        ')' => return (What::Close, 1),
        '|' => return (What::Or, 1),
        '-' | '!' => return (What::Not, 1),
        '@' => return (What::Topic, bare(rest)),
        _ => {}
    }
    let field = field(rest);
    let value = &rest[field..];
    let length = field
        + match value.chars().next() {
            Some('"') => quoted(value),
            Some('/') => pattern(value),
            Some('@') | None if field > 0 => return (What::Field, field),
            Some(c) if field > 0 && (c == '(' || c == ')' || c == '|' || c.is_whitespace()) => {
                return (What::Field, field);
            }
            _ => bare(value),
        };
    let what = match &rest[..length] {
        "AND" => What::And,
        "OR" => What::Or,
        "NOT" => What::Not,
        _ => What::Piece,
    };
    (what, length)
}

/// Bytes of a field's name with its colon at the start; 0 where there is none. A name begins with a
/// letter, so that a time of day is a word.
fn field(rest: &str) -> usize {
    let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let begins_well = rest.chars().next().is_some_and(char::is_alphabetic);
    if begins_well && rest[name..].starts_with(':') { name + 1 } else { 0 }
}

/// Up to white space, a bracket, a bar or a quotation mark.
fn bare(rest: &str) -> usize {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    rest[first..]
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"'))
        .map_or(rest.len(), |at| first + at)
}

/// A phrase and its sign: `"..."`, `"..."~`, `"..."~5`.
fn quoted(rest: &str) -> usize {
    let Some(close) = rest[1..].find('"') else { return rest.len() };
    let end = close + 2;
    let Some(sign) = rest[end..].strip_prefix('~') else { return end };
    let number = sign.find(|c: char| !c.is_alphanumeric()).unwrap_or(sign.len());
    end + 1 + number
}

/// A regular expression and its letters: `/.../`, `/.../c`. `\/` is a slash in it.
fn pattern(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '/' if !escaped => {
                let letters = &rest[at + 1..];
                let end = letters.find(|c: char| !c.is_alphanumeric()).unwrap_or(letters.len());
                return at + 1 + end;
            }
            _ => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}
