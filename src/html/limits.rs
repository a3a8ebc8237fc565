//! Finds fragments that would take too much time or memory in an HTML parser. Pure.
//!
//! HTML reopens formatting elements (the list of active formatting elements), so a small text of misnested tags can
//! become a tree, and then a text, of any size. Very deep trees are slow to walk.

use memchr::{memchr, memchr2_iter, memmem};

/// Maximum depth of nesting. Real pages have a few dozen.
const MAX_DEPTH: usize = 500;

/// Maximum number of reopened elements. Broken articles have a few hundred.
const MAX_REOPENED: usize = 100_000;

/// Maximum number of tags in a fragment with a table. Misplaced elements are moved before the table, each after a search for it.
const MAX_TAGS_WITH_TABLE: usize = 30_000;

/// Maximum number of tags in any other fragment.
const MAX_TAGS: usize = 300_000;

/// Maximum of the sum over all tags of the square of the number of attributes: each attribute is compared with all others.
const MAX_ATTRIBUTE_PAIRS: usize = 10_000_000;

/// Maximum number of bytes in which the serializer looks for angle brackets: at each `&`, and at each character of which the
/// first byte is that of a no-break space, it searches the rest of the text node again. So many bytes take a hundredth of
/// a second; in long fragments so many for each byte take as long as everything else.
const MAX_SEARCHED_BYTES: usize = 300_000_000;
const MAX_SEARCHED_BYTES_PER_BYTE: usize = 2_000;

/// The first byte of a no-break space, and of all other characters below U+00C0.
const NO_BREAK_SPACE: u8 = 0xc2;

/// Elements whose end tag may be omitted: the next one of their kind or the parent's end closes them.
const OPTIONAL_END: [&str; 12] =
    ["p", "li", "td", "tr", "th", "dt", "dd", "option", "tbody", "thead", "tfoot", "colgroup"];

const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "keygen",
];

/// Those of the two lists above that also end an `svg` or `math` element around them.
const ENDS_FOREIGN: [&str; 9] = ["p", "li", "dt", "dd", "br", "embed", "hr", "img", "meta"];

/// Elements that are reopened after a misnested end tag.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Start tags that may leave no element where they stand, so that the texts around them become one.
const LEAVES_NO_ELEMENT: [&str; 15] = [
    "html", "head", "body", "frame", "frameset", "caption", "col", "colgroup", "thead", "tbody", "tfoot",
    "tr", "td", "th", "form",
];

/// Whether the parsed fragment stays near the size of its text, and is serialized as fast. May refuse harmless fragments,
/// but none that real pages have.
pub(super) fn is_within_limits(html: &str) -> bool {
    let searches = searches(html);
    searches.is_some_and(|bytes| bytes <= MAX_SEARCHED_BYTES.max(MAX_SEARCHED_BYTES_PER_BYTE * html.len()))
}

/// Whether it may be parsed, though perhaps not be serialized as a whole.
pub(crate) fn may_be_parsed(html: &str) -> bool {
    searches(html).is_some()
}

/// How many bytes the serializer will search; `None` if the tree may become too large or too deep.
fn searches(html: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut searches = Searches::default();
    let mut tree = OpenElements::default();
    let mut quoted = QuotedRanges::new(bytes);
    let (mut at, mut tags, mut has_table, mut attribute_pairs, mut scanned) =
        (0, 0_usize, false, 0_usize, 0_usize);
    while let Some(step) = memchr(b'<', &bytes[at..]) {
        let start = at + step;
        at = start + 1;
        let rest = &html[at..];
        let (end, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            quoted.add_comment(start);
            continue;
        }
        let (name, after_name) = rest.split_at(name_length(rest.as_bytes()));
        let (count, inside) = count_attributes(after_name.as_bytes());
        // Tags within quotes count too: the parser may not see quotes there.
        tags += 1;
        has_table |= name.eq_ignore_ascii_case("table");
        attribute_pairs += count * count;
        scanned += inside;
        if tags > if has_table { MAX_TAGS_WITH_TABLE } else { MAX_TAGS }
            || attribute_pairs > MAX_ATTRIBUTE_PAIRS
            || scanned > 4 * html.len()
        {
            return None;
        }
        if !end {
            searches.start_tag(name, &bytes[..start]);
            tree.open(name, after_name.as_bytes()[..inside].ends_with(b"/"));
        } else if !quoted.contains(start) {
            // An end tag within quotes may be plain text, so it closes nothing.
            tree.close(name);
        }
        quoted.extend_to(bytes.len() - after_name.len() + inside);
        if tree.names.len() > MAX_DEPTH || tree.reopened > MAX_REOPENED {
            return None;
        }
    }
    searches.end_text(bytes);
    Some(searches.bytes)
}

/// How many bytes the serializer will search; see [`MAX_SEARCHED_BYTES`].
#[derive(Default)]
struct Searches {
    bytes: usize,
    /// Where the text node may have begun that is read.
    text_start: usize,
    /// In tables and selection lists, texts with tags between them may become one.
    are_texts_joined: bool,
}

impl Searches {
    /// A start tag ends a text, `before` being all that precedes it.
    fn start_tag(&mut self, name: &str, before: &[u8]) {
        self.are_texts_joined |= is_one_of(name, &["table", "select"]);
        if !self.are_texts_joined && !is_one_of(name, &LEAVES_NO_ELEMENT) {
            self.end_text(before);
        }
    }

    fn end_text(&mut self, before: &[u8]) {
        let text = &before[self.text_start..];
        self.bytes += memchr2_iter(b'&', NO_BREAK_SPACE, text).count() * text.len();
        self.text_start = before.len();
    }
}

/// The length of a tag's name (HTML 13.2.5.8).
fn name_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>')).unwrap_or(bytes.len())
}

/// Ranges in which a tag may be plain text: comments, and attribute values of other tags. May be longer than the real range,
/// never shorter.
struct QuotedRanges<'a> {
    bytes: &'a [u8],
    /// The end of the current range.
    end: usize,
    /// The next end of each kind of comment, as far as it was searched for: no part of the text is searched twice.
    comment: usize,
    section: usize,
    bracket: usize,
}

impl<'a> QuotedRanges<'a> {
    fn new(bytes: &'a [u8]) -> QuotedRanges<'a> {
        QuotedRanges { bytes, end: 0, comment: 0, section: 0, bracket: 0 }
    }

    fn contains(&self, at: usize) -> bool {
        at < self.end
    }

    fn extend_to(&mut self, end: usize) {
        self.end = self.end.max(end);
    }

    /// Adds the comment that begins here, or what HTML treats as one (13.2.5.41).
    fn add_comment(&mut self, start: usize) {
        let rest = &self.bytes[start..];
        let next = |found: &mut usize, end: &[u8]| {
            if *found <= start {
                *found = memmem::find(rest, end).map_or(usize::MAX, |at| start + at);
            }
            *found
        };
        let end = match rest.get(1) {
            Some(b'!') if rest.starts_with(b"<!--") => next(&mut self.comment, b"-->"),
            Some(b'!') if rest.starts_with(b"<![") => next(&mut self.section, b"]]>"),
            Some(b'!' | b'?' | b'/') => next(&mut self.bracket, b">"),
            _ => return,
        };
        self.extend_to(end);
    }
}

/// A lower bound of the open elements.
#[derive(Default)]
struct OpenElements<'a> {
    names: Vec<&'a str>,
    formatting: usize,
    reopened: usize,
    /// There was an `svg` or `math` element, in which table cells and inputs are ordinary elements.
    foreign: bool,
}

impl<'a> OpenElements<'a> {
    fn open(&mut self, name: &'a str, self_closing: bool) {
        self.foreign |= is_one_of(name, &["svg", "math"]);
        let ends = !self.foreign || is_one_of(name, &ENDS_FOREIGN);
        if (ends || self_closing) && is_one_of(name, &VOID) {
            return;
        }
        let again = self.names.last().is_some_and(|last| last.eq_ignore_ascii_case(name));
        if ends && again && is_one_of(name, &OPTIONAL_END) {
            self.names.pop();
        }
        if is_one_of(name, &FORMATTING) {
            self.formatting += 1;
        } else {
            self.reopened += self.formatting;
        }
        self.names.push(name);
    }

    /// Closes the innermost element if it has this name, and the elements with an omitted end tag within it. A
    /// misplaced end tag closes nothing.
    fn close(&mut self, name: &str) {
        let mut depth = self.names.len();
        while depth > 0 && {
            let innermost = self.names[depth - 1];
            is_one_of(innermost, &OPTIONAL_END) && !innermost.eq_ignore_ascii_case(name)
        } {
            depth -= 1;
        }
        if depth > 0 && self.names[depth - 1].eq_ignore_ascii_case(name) {
            self.names.truncate(depth - 1);
            self.formatting -= usize::from(is_one_of(name, &FORMATTING));
        }
    }
}

/// The number of attributes after a tag's name, by HTML's tokenizer states (13.2.5.32 and later), and the bytes up to
/// its `>`.
fn count_attributes(bytes: &[u8]) -> (usize, usize) {
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
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}
