//! HTML as most entries have it: its tags nest as they stand, so that no tree is needed to make it safe. Pure.
//!
//! One pass reads it as the tokenizer and the tree of HTML (13.2) would, and writes what would be written of
//! the cleaned tree, or gives up at the first thing of which that is not certain. What is clean is not copied.

mod cow_buffer;
mod elements;
mod escapes;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};
use url::{ParseError, Url};

use super::SCHEMES;
use super::embedded::{is_visible_image, without_style};
use super::tags::Tag;
use cow_buffer::CowBuffer;
use elements::{Kind, Open};
use escapes::Place;

/// The attributes of one tag that are kept: more than any element here can have.
const MOST_KEPT: usize = 12;

/// The relative addresses of one fragment: each becomes as long as the base.
const MOST_JOINED: usize = 10_000;

/// The clean form of a fragment, as the tree would give it; none where a tree is needed to tell. Relative
/// addresses need the base.
pub(super) fn sanitize<'a>(html: &'a str, base: Option<&Url>) -> Option<Cow<'a, str>> {
    let bytes = html.as_bytes();
    let odd = memchr3(0, b'\r', escapes::NO_BREAK_SPACE[0], bytes).is_some();
    let mut walk =
        Walk { html, bytes, base, odd, joined: 0, draft: CowBuffer::new(html), open: Open::default() };
    let mut at = 0;
    while let Some(length) = memchr(b'<', &bytes[at..]) {
        walk.text(at, at + length)?;
        at = walk.markup(at + length)?;
    }
    walk.text(at, html.len())?;
    let cleaned = walk.draft.finished();
    // A byte order mark at the beginning is not taken for text.
    (walk.open.is_empty() && !cleaned.starts_with('\u{feff}')).then_some(cleaned)
}

struct Walk<'a, 'b> {
    html: &'a str,
    bytes: &'a [u8],
    base: Option<&'b Url>,
    /// Somewhere are bytes that are seldom, and not taken as they stand.
    odd: bool,
    joined: usize,
    draft: CowBuffer<'a>,
    open: Open<'a>,
}

/// What becomes of an attribute.
#[derive(PartialEq, Eq)]
enum AttributeAction {
    Kept,
    /// With this value, as it is written.
    Instead(String),
    Gone,
}

impl Walk<'_, '_> {
    fn text(&mut self, from: usize, to: usize) -> Option<()> {
        let text = &self.bytes[from..to];
        if !self.open.takes_text() && !text.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if self.odd || memchr2(b'&', b'>', text).is_some() {
            escapes::settle(&mut self.draft, self.html, from..to, Place::Text)?;
        }
        Some(())
    }

    /// Goes on behind the tag or comment that begins there.
    fn markup(&mut self, start: usize) -> Option<usize> {
        match self.bytes.get(start + 1)? {
            // Some feeds end their pictures, which HTML does not do.
            b'/' if self.html[start..].starts_with("</img>") && self.open.takes_text() => {
                self.draft.replace(start..start + 6, "");
                Some(start + 6)
            }
            b'/' => {
                let name = self.open.close()?;
                let behind = start + 2 + name.len();
                let ends = self.html[start + 2..].starts_with(name) && self.bytes.get(behind) == Some(&b'>');
                ends.then_some(behind + 1)
            }
            b'!' => self.comment(start),
            _ => self.start_tag(start),
        }
    }

    /// A comment goes; one of the odd forms that HTML knows is none here.
    fn comment(&mut self, start: usize) -> Option<usize> {
        let inside = self.bytes[start..].strip_prefix(b"<!--")?;
        let length = memmem::find(inside, b"--")?;
        if inside.starts_with(b">") || inside.starts_with(b"->") || inside.get(length + 2) != Some(&b'>') {
            return None;
        }
        let end = start + 4 + length + 3;
        self.draft.replace(start..end, "");
        Some(end)
    }

    fn start_tag(&mut self, start: usize) -> Option<usize> {
        let name = run(self.html, start + 1, |b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let kind = elements::kind(name)?;
        if !self.open.admits(kind) {
            return None;
        }
        let mark = self.draft.length_at(start);
        let end = self.attributes(name, kind, start + 1 + name.len())?;
        match kind {
            Kind::Void | Kind::Rule => {}
            Kind::Picture => self.picture(mark, start, end),
            Kind::Preformatted => {
                self.open.push(name, kind)?;
                return self.preformatted(end);
            }
            _ => self.open.push(name, kind)?,
        }
        Some(end)
    }

    /// Goes on where its text begins: a line break that comes first is none. What would come first only
    /// when something is gone is left to the tree.
    fn preformatted(&mut self, from: usize) -> Option<usize> {
        let length = usize::from(self.html[from..].starts_with('\n'));
        let text = &self.html[from + length..];
        if ["\n", "\r", "&#", "&N", "<!", "<img", "</img"].iter().any(|odd| text.starts_with(odd)) {
            return None;
        }
        self.draft.replace(from..from + length, "");
        Some(from + length)
    }

    /// Keeps those that the rules name, each as ` name="value"`; goes on behind the tag's `>`.
    fn attributes(&mut self, element: &str, kind: Kind, mut at: usize) -> Option<usize> {
        let mut kept = [""; MOST_KEPT];
        let mut count = 0;
        loop {
            let gap = at;
            at += run(self.html, at, |b| b.is_ascii_whitespace()).len();
            match self.bytes.get(at)? {
                b'>' => {
                    self.draft.replace(gap..at, "");
                    return Some(at + 1);
                }
                b'/' if kind.is_void() && self.bytes.get(at + 1) == Some(&b'>') => {
                    self.draft.replace(gap..at + 1, "");
                    return Some(at + 2);
                }
                b'a'..=b'z' if at > gap => {}
                _ => return None,
            }
            let start = at;
            let name = run(self.html, at, |b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b':')
            });
            at += name.len();
            let keeps = elements::keeps(element, name);
            if self.bytes.get(at) != Some(&b'=') {
                // Without a value; where it is neither, the next round gives up.
                if keeps {
                    return None;
                }
                self.draft.replace(gap..at, "");
                continue;
            }
            let quote = *self.bytes.get(at + 1).filter(|b| matches!(b, b'"' | b'\''))?;
            let from = at + 2;
            let to = from + memchr(quote, &self.bytes[from..])?;
            let fate = if keeps { self.fate(name, &self.html[from..to])? } else { AttributeAction::Gone };
            if count == MOST_KEPT || kept[..count].contains(&name) {
                return None;
            }
            if fate == AttributeAction::Gone {
                self.draft.replace(gap..to + 1, "");
            } else {
                if &self.html[gap..start] != " " {
                    self.draft.replace(gap..start, " ");
                }
                self.value(fate, quote, from, to)?;
            }
            // What is gone for its value counts too: of two, the first is meant.
            if keeps {
                kept[count] = name;
                count += 1;
            }
            at = to + 1;
        }
    }

    /// Addresses of other kinds go, relative ones are made absolute; none where that is not certain.
    fn fate(&mut self, name: &str, value: &str) -> Option<AttributeAction> {
        if !matches!(name, "href" | "src") || is_of_the_web(value) {
            return Some(AttributeAction::Kept);
        }
        if memchr2(0, b'\r', value.as_bytes()).is_some() {
            return None;
        }
        let address = htmlize::unescape_attribute(value);
        match (Url::parse(&address), self.base) {
            (Ok(url), _) if SCHEMES.contains(&url.scheme()) => Some(AttributeAction::Kept),
            (Err(ParseError::RelativeUrlWithoutBase), Some(base)) => {
                self.joined += 1;
                if self.joined > MOST_JOINED {
                    return None;
                }
                Some(AttributeAction::Instead(base.join(&address).ok()?.as_str().replace('&', "&amp;")))
            }
            _ => Some(AttributeAction::Gone),
        }
    }

    /// A value that is not gone, with its quotes.
    fn value(&mut self, fate: AttributeAction, quote: u8, from: usize, to: usize) -> Option<()> {
        let quoted = quote == b'"';
        if !quoted {
            self.draft.replace(from - 1..from, "\"");
        }
        if let AttributeAction::Instead(value) = fate {
            self.draft.replace(from..to, &value);
        } else if self.odd || !quoted || memchr3(b'&', b'<', b'>', &self.bytes[from..to]).is_some() {
            escapes::settle(&mut self.draft, self.html, from..to, Place::Value)?;
        }
        if !quoted {
            self.draft.replace(to..to + 1, "\"");
        }
        Some(())
    }

    /// A picture's tag is written; nobody wants some of them, nor their styles.
    fn picture(&mut self, mark: usize, start: usize, end: usize) {
        let whole = self.draft.since(mark, start, end);
        let tag = Tag::new(whole, "img");
        let instead = match tag.value("style") {
            _ if !is_visible_image(&tag) => String::new(),
            Some(_) => without_style(whole, &tag),
            None => return,
        };
        self.draft.rewrite(mark, start..end, &instead);
    }
}

/// The bytes of this kind from there on.
fn run(html: &str, from: usize, is: impl Fn(u8) -> bool) -> &str {
    let rest = &html[from..];
    let length = rest.bytes().position(|b| !is(b)).unwrap_or(rest.len());
    &rest[..length]
}

/// Whether an address is surely an absolute one of the web, by its scheme and the plain name of its host:
/// nothing behind these can make it wrong.
fn is_of_the_web(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")) else {
        return false;
    };
    let host = &rest[..rest.bytes().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len())];
    let is_plain = |label: &str| {
        !label.is_empty()
            && !label.starts_with("xn--")
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // A last part of digits would make it a number.
    host.split('.').all(is_plain)
        && host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_lowercase()))
}
