//! How much a fragment would grow in an HTML tree. Pure.
//!
//! HTML opens again what was open (the list of active formatting elements), so that a small text of
//! misnested tags becomes a tree, and then a text, of any size; and a tree of great depth is slow to walk.

use memchr::{memchr, memchr_iter};

/// Elements within each other. Pages have some dozens.
const DEEPEST: usize = 500;

/// Elements that are opened again. Broken articles have some hundreds.
const MOST_REOPENED: usize = 100_000;

/// Tags of a fragment with a table: what does not belong there is put before it, each after a search.
const MOST_WITH_TABLE: usize = 30_000;

/// Tags of any other fragment.
const MOST: usize = 300_000;

/// The sum of the squares of the attributes of each tag: each is compared with all others.
const MOST_ATTRIBUTES: usize = 10_000_000;

/// References times bytes: at each reference the parser copies what is left of the text.
const MOST_COPIED: usize = 10_000_000_000;

/// Elements that end by themselves where another of their kind, or their parent's end, comes.
const SELF_ENDING: [&str; 12] =
    ["p", "li", "td", "tr", "th", "dt", "dd", "option", "tbody", "thead", "tfoot", "colgroup"];

const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "keygen",
];

/// Elements that are opened again.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Whether a tree of this stays near the size of its text: errs towards no, but for what pages hold.
pub(super) fn is_bearable(html: &str) -> bool {
    let bytes = html.as_bytes();
    if memchr_iter(b'&', bytes).count().saturating_mul(bytes.len()) > MOST_COPIED {
        return false;
    }
    let mut open: Vec<&str> = Vec::new();
    let (mut formatting, mut reopened, mut at) = (0_usize, 0_usize, 0);
    let (mut number, mut table, mut attributes, mut looked_at) = (0_usize, false, 0_usize, 0_usize);
    while let Some(step) = memchr(b'<', &bytes[at..]) {
        at += step + 1;
        let rest = &html[at..];
        let (end, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let length = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..length];
        if name.is_empty() {
            continue;
        }
        number += 1;
        table |= name.eq_ignore_ascii_case("table");
        let (count, inside) = attributes_of(&rest.as_bytes()[length..]);
        attributes += count * count;
        // A tag within a tag's quotes is looked at too: it may be one after all.
        looked_at += inside;
        if number > if table { MOST_WITH_TABLE } else { MOST }
            || attributes > MOST_ATTRIBUTES
            || looked_at > 4 * html.len()
        {
            return false;
        }
        if is_one_of(name, &VOID) {
            continue;
        }
        if end {
            formatting -= close(&mut open, name);
            continue;
        }
        if is_one_of(name, &SELF_ENDING) && open.last().is_some_and(|last| last.eq_ignore_ascii_case(name)) {
            open.pop();
        }
        if is_one_of(name, &FORMATTING) {
            formatting += 1;
        } else {
            reopened += formatting;
        }
        open.push(name);
        if open.len() > DEEPEST || reopened > MOST_REOPENED {
            return false;
        }
    }
    true
}

/// How many attributes a tag has behind its name, by HTML's own states (13.2.5.32 and on), and its length.
fn attributes_of(bytes: &[u8]) -> (usize, usize) {
    #[derive(Clone, Copy)]
    enum State {
        Between,
        Name,
        AfterName,
        BeforeValue,
        Quoted(u8),
        Unquoted,
    }
    let (mut count, mut state) = (0, State::Between);
    for (at, b) in bytes.iter().copied().enumerate() {
        let white = b.is_ascii_whitespace();
        if b == b'>' && !matches!(state, State::Quoted(_)) {
            return (count, at);
        }
        state = match state {
            State::Between | State::AfterName if white || b == b'/' => state,
            State::AfterName if b == b'=' => State::BeforeValue,
            State::Between | State::AfterName => {
                count += 1;
                State::Name
            }
            State::Name if white => State::AfterName,
            State::Name if b == b'/' => State::Between,
            State::Name if b == b'=' => State::BeforeValue,
            State::BeforeValue if white => state,
            State::BeforeValue if matches!(b, b'"' | b'\'') => State::Quoted(b),
            State::BeforeValue => State::Unquoted,
            State::Quoted(quote) if b == quote => State::Between,
            State::Unquoted if white => State::Between,
            State::Name | State::Quoted(_) | State::Unquoted => state,
        };
    }
    (count, bytes.len())
}

/// Closes the innermost element if it has this name, with what ends by itself within it; an end that
/// does not fit closes nothing here. Answers how many formatting elements it closed.
fn close(open: &mut Vec<&str>, name: &str) -> usize {
    let mut depth = open.len();
    while depth > 0 && is_one_of(open[depth - 1], &SELF_ENDING) && !open[depth - 1].eq_ignore_ascii_case(name)
    {
        depth -= 1;
    }
    if depth == 0 || !open[depth - 1].eq_ignore_ascii_case(name) {
        return 0;
    }
    open.truncate(depth - 1);
    usize::from(is_one_of(name, &FORMATTING))
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}
