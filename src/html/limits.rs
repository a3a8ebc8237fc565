//! How much a fragment would grow in an HTML tree. Pure.
//!
//! HTML opens again what was open (the list of active formatting elements), so that a small text of
//! misnested tags becomes a tree, and then a text, of any size; and a tree of great depth is slow to walk.

use memchr::{memchr, memchr_iter, memmem};

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

/// Of those that end by themselves, the ones that do so within a picture or a formula too: they end it.
const ENDING_ANYWHERE: [&str; 9] = ["p", "li", "dt", "dd", "br", "embed", "hr", "img", "meta"];

/// Elements that are opened again.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Whether a tree of this stays near the size of its text: errs towards no, but for what pages hold.
pub(super) fn is_bearable(html: &str) -> bool {
    let bytes = html.as_bytes();
    if memchr_iter(b'&', bytes).count().saturating_mul(bytes.len()) > MOST_COPIED {
        return false;
    }
    let mut tree = Tree::default();
    let mut veil = Veil::new(bytes);
    let (mut at, mut number, mut table, mut attributes, mut looked_at) =
        (0, 0_usize, false, 0_usize, 0_usize);
    while let Some(step) = memchr(b'<', &bytes[at..]) {
        let start = at + step;
        at = start + 1;
        let rest = &html[at..];
        let (end, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            veil.draw_over_comment(start);
            continue;
        }
        let (name, behind) = rest.split_at(name_length(rest.as_bytes()));
        let (count, inside) = attributes_of(behind.as_bytes());
        // A tag within a tag's quotes is looked at too: it may be one after all.
        number += 1;
        table |= name.eq_ignore_ascii_case("table");
        attributes += count * count;
        looked_at += inside;
        if number > if table { MOST_WITH_TABLE } else { MOST }
            || attributes > MOST_ATTRIBUTES
            || looked_at > 4 * html.len()
        {
            return false;
        }
        if !end {
            tree.open(name, behind.as_bytes()[..inside].ends_with(b"/"));
        } else if !veil.covers(start) {
            // Where it may be no end at all, what it would close stays open.
            tree.close(name);
        }
        veil.draw_to(bytes.len() - behind.len() + inside);
        if tree.open.len() > DEEPEST || tree.reopened > MOST_REOPENED {
            return false;
        }
    }
    true
}

/// Up to what HTML takes for the end of a tag's name (13.2.5.8).
fn name_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>')).unwrap_or(bytes.len())
}

/// Parts in which a tag may be none: comments, and the quotes of other tags. They reach rather too far than too short.
struct Veil<'a> {
    bytes: &'a [u8],
    to: usize,
    /// Where these come next, as far as they were looked for: each is looked for once on every stretch.
    comment: usize,
    section: usize,
    bracket: usize,
}

impl<'a> Veil<'a> {
    fn new(bytes: &'a [u8]) -> Veil<'a> {
        Veil { bytes, to: 0, comment: 0, section: 0, bracket: 0 }
    }

    fn covers(&self, at: usize) -> bool {
        at < self.to
    }

    fn draw_to(&mut self, to: usize) {
        self.to = self.to.max(to);
    }

    /// Something begins here that is no tag: a comment, or what HTML makes one (13.2.5.41), or text.
    fn draw_over_comment(&mut self, start: usize) {
        let rest = &self.bytes[start..];
        let next = |known: &mut usize, what: &[u8]| {
            if *known <= start {
                *known = memmem::find(rest, what).map_or(usize::MAX, |at| start + at);
            }
            *known
        };
        let to = match rest.get(1) {
            Some(b'!') if rest.starts_with(b"<!--") => next(&mut self.comment, b"-->"),
            Some(b'!') if rest.starts_with(b"<![") => next(&mut self.section, b"]]>"),
            Some(b'!' | b'?' | b'/') => next(&mut self.bracket, b">"),
            _ => return,
        };
        self.draw_to(to);
    }
}

/// What is open in the tree, at least.
#[derive(Default)]
struct Tree<'a> {
    open: Vec<&'a str>,
    formatting: usize,
    reopened: usize,
    /// A picture or a formula was there, in which cells and fields are elements like others.
    foreign: bool,
}

impl<'a> Tree<'a> {
    fn open(&mut self, name: &'a str, empty: bool) {
        self.foreign |= is_one_of(name, &["svg", "math"]);
        let ends = !self.foreign || is_one_of(name, &ENDING_ANYWHERE);
        if (ends || empty) && is_one_of(name, &VOID) {
            return;
        }
        let again = self.open.last().is_some_and(|last| last.eq_ignore_ascii_case(name));
        if ends && again && is_one_of(name, &SELF_ENDING) {
            self.open.pop();
        }
        if is_one_of(name, &FORMATTING) {
            self.formatting += 1;
        } else {
            self.reopened += self.formatting;
        }
        self.open.push(name);
    }

    /// Closes the innermost element if it has this name, with what ends by itself within it; an end that
    /// does not fit closes nothing here.
    fn close(&mut self, name: &str) {
        let mut depth = self.open.len();
        while depth > 0 && {
            let innermost = self.open[depth - 1];
            is_one_of(innermost, &SELF_ENDING) && !innermost.eq_ignore_ascii_case(name)
        } {
            depth -= 1;
        }
        if depth > 0 && self.open[depth - 1].eq_ignore_ascii_case(name) {
            self.open.truncate(depth - 1);
            self.formatting -= usize::from(is_one_of(name, &FORMATTING));
        }
    }
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

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}
