//! What is in HTML that is removed from it. The difference of what was in it before and after is what was removed: so
//! neither way of sanitizing has to count, and a text that stays as it is costs nothing. Pure.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::visible::{hides, is_visible};
use crate::entry::{Removed, RemovedKind};

/// How much there is of each kind, in the order of [`RemovedKind::NAMES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MarkupCounts([u32; RemovedKind::NAMES.len()]);

impl MarkupCounts {
    fn add(&mut self, kind: RemovedKind) {
        let count = &mut self.0[kind as usize];
        *count = count.saturating_add(1);
    }
}

/// What HTML lost between before and after.
pub(super) fn between(before: &str, after: &str) -> Removed {
    let (before, after) = (counted(before), counted(after));
    let mut removed = Removed::default();
    for (kind, _) in RemovedKind::NAMES {
        let count = before.0[kind as usize].saturating_sub(after.0[kind as usize]);
        if count > 0 {
            removed.0.insert(kind, count);
        }
    }
    removed
}

/// Counts by the tags as they are written; a parser may see some otherwise.
fn counted(html: &str) -> MarkupCounts {
    let (bytes, mut counts) = (html.as_bytes(), MarkupCounts::default());
    let mut at = 0;
    while let Some(length) = memchr(b'<', &bytes[at..]) {
        at += length + 1;
        let Some(rest) = bytes.get(at..) else { break };
        if rest.starts_with(b"!--") {
            counts.add(RemovedKind::Comment);
            at += memmem::find(rest, b"-->").map_or(rest.len(), |end| end + 3);
        } else if rest.first().is_some_and(u8::is_ascii_alphabetic) {
            let name = lower_case(tag_name(&html[at..]));
            at = count_tag(&mut counts, &name, html, at + name.len());
            if matches!(&*name, "script" | "style") {
                at += memmem::find(&bytes[at..], b"</")
                    .map_or(bytes.len() - at, |_| end_of_raw_text(&html[at..], &name));
            }
        }
    }
    counts
}

/// Where the end tag of a script or a style begins.
fn end_of_raw_text(html: &str, name: &str) -> usize {
    let ends = |at: &usize| {
        let rest = html.as_bytes().get(at + 2..at + 2 + name.len());
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(name.as_bytes()))
    };
    memmem::find_iter(html.as_bytes(), b"</").find(ends).unwrap_or(html.len())
}

/// The name at the start of a tag.
fn tag_name(tag: &str) -> &str {
    &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(tag.len())]
}

/// Counts an element and its attributes, which begin at `from`; returns the position after the tag.
fn count_tag(counts: &mut MarkupCounts, name: &str, html: &str, from: usize) -> usize {
    let kind = match name {
        "script" => Some(RemovedKind::Script),
        "iframe" | "amp-iframe" | "frame" | "embed" | "object" => Some(RemovedKind::Frame),
        "form" | "input" | "button" | "select" | "textarea" => Some(RemovedKind::FormControl),
        "style" | "link" => Some(RemovedKind::StyleSheet),
        "svg" => Some(RemovedKind::Drawing),
        _ => None,
    };
    kind.into_iter().for_each(|kind| counts.add(kind));
    let (attributes, end) = attributes(html, from);
    let value = |wanted: &str| {
        let found = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(htmlize::unescape_attribute(found.1))
    };
    if matches!(name, "img" | "amp-img") {
        let is_shown = is_visible(&value("src").unwrap_or_default(), value);
        counts.add(if is_shown { RemovedKind::Picture } else { RemovedKind::TrackingPicture });
    }
    let mut is_hidden = false;
    for (attribute, value) in attributes {
        let attribute = lower_case(attribute);
        match &*attribute {
            "style" => {
                counts.add(RemovedKind::Style);
                is_hidden |= hides(&htmlize::unescape_attribute(value));
            }
            "hidden" => is_hidden = true,
            "href" if matches!(name, "a" | "area") => counts.add(RemovedKind::Address),
            _ if attribute.starts_with("on") => counts.add(RemovedKind::EventHandler),
            _ => {}
        }
    }
    if is_hidden && !matches!(name, "img" | "amp-img") {
        counts.add(RemovedKind::HiddenElement);
    }
    end
}

/// The attributes of a tag, and the position after it.
fn attributes(html: &str, from: usize) -> (Vec<(&str, &str)>, usize) {
    let (bytes, mut at, mut found) = (html.as_bytes(), from, Vec::new());
    loop {
        at += run(&bytes[at..], |byte| byte.is_ascii_whitespace() || byte == b'/');
        match bytes.get(at) {
            None => return (found, at),
            Some(b'>') => return (found, at + 1),
            Some(_) => {}
        }
        let start = at;
        // An attribute may begin with `=`.
        at += 1 + run(&bytes[at + 1..], |byte| !byte.is_ascii_whitespace() && !b"/>=".contains(&byte));
        let name = html.get(start..at).unwrap_or_default();
        let equals = at + run(&bytes[at..], |byte| byte.is_ascii_whitespace());
        let mut value = "";
        if bytes.get(equals) == Some(&b'=') {
            let begin = equals + 1 + run(&bytes[equals + 1..], |byte| byte.is_ascii_whitespace());
            let (from, to, after) = match bytes.get(begin) {
                Some(quote @ (b'"' | b'\'')) => {
                    let to = memchr(*quote, &bytes[begin + 1..]).map_or(bytes.len(), |end| begin + 1 + end);
                    (begin + 1, to, (to + 1).min(bytes.len()))
                }
                _ => {
                    let end =
                        begin + run(&bytes[begin..], |byte| !byte.is_ascii_whitespace() && byte != b'>');
                    (begin, end, end)
                }
            };
            value = html.get(from..to).unwrap_or_default();
            at = after;
        }
        found.push((name, value));
    }
}

/// Most is written so already.
fn lower_case(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

fn run(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !holds(*byte)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::Sanitizer;
    use super::*;
    use crate::entry::Entry;

    fn removed(html: &str) -> Vec<(RemovedKind, u32)> {
        let mut entry = Entry { content: Some(html.to_owned()), ..Entry::default() };
        Sanitizer::new(&Url::parse("https://example.org/").unwrap()).sanitize_entry(&mut entry);
        entry.details.map_or_else(Vec::new, |details| details.removed.0.into_iter().collect())
    }

    #[test]
    fn what_is_removed_is_counted_by_kind() {
        use RemovedKind::*;
        for (html, expected) in [
            ("<p>Text <a href=\"https://a.example/\">a</a><img src=\"https://a.example/1.png\"></p>", vec![]),
            // Only the form of these changes.
            ("<p class=\"x\">a &nbsp; b<br/><a href='more'>c</a><font color=\"red\">d</font>", vec![]),
            ("<SCRIPT>if (a < b) { '<img onload=x>' }</sCript><script src=x></script>a", vec![(Script, 2)]),
            ("<p onclick=x() OnMouseOver = \"y('>')\" on='<b>'>a</p>", vec![(EventHandler, 3)]),
            (
                "a<img src=https://pixel.wp.com/b.gif><img src=/p width=1 height=1>",
                vec![(TrackingPicture, 2)],
            ),
            ("a<img alt=x>", vec![(Picture, 1)]),
            ("<object data=data:,x></object><iframe src=javascript:x()></iframe>a", vec![(Frame, 2)]),
            ("<form action=/x><input><button>a</button></form>", vec![(FormControl, 3)]),
            ("<style>p > a {}</style><link rel=stylesheet href=/x>a", vec![(StyleSheet, 2)]),
            ("<p style=\"color:red\">a<b style='x'>b</b></p>", vec![(Style, 2)]),
            ("<p style=\"display:none\">a</p><p hidden>b</p>c", vec![(Style, 1), (HiddenElement, 2)]),
            ("<svg><path d=x></svg>a", vec![(Drawing, 1)]),
            ("<a href=\"javascript:x()\">a</a><a href=\"file:///x\">b</a>", vec![(Address, 2)]),
            ("<!-- <script> -->a<!-- --><!-->", vec![(Comment, 3)]),
            // Broken at its end.
            ("a<script><p onclick=x>", vec![(Script, 1)]),
            ("a<!-- <script>", vec![(Comment, 1)]),
            ("a < b <\u{e9} onclick=x> <", vec![]),
        ] {
            assert_eq!(removed(html), expected, "{html}");
        }
    }

    #[test]
    fn hostile_markup_takes_linear_time_and_counts_do_not_overflow() {
        let mut full = Removed::default();
        full.0.insert(RemovedKind::Script, u32::MAX);
        full.add(&between("<script></script>", ""));
        assert_eq!(full.0[&RemovedKind::Script], u32::MAX);
        for part in
            ["<", "<a ", "<!--", "<script>", "</", "<style></", "<a b=\"", "<a =", "<a b='c' ", "<!-- -->"]
        {
            counted(&part.repeat(300_000));
        }
    }
}
