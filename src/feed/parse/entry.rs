//! What the elements of an XML entry say of it. Pure.

use std::borrow::Cow;

use super::MOST_OF_A_KIND;
use super::names::Meaning;
use super::raw::{Base, Ranked, RawDate, RawEntry, RawMedia, RawText, TextKind};
use super::tokens::{Flat, attributes, first_element, unescape};
use super::xml::value;

/// An entry that begins, with what its tag says: RSS 1.0 names it there, CDF also links it.
pub(super) fn begin(inside: &str, base: Base) -> RawEntry<'_> {
    let mut entry = RawEntry { base, permalink: true, ..RawEntry::default() };
    for (name, value) in attributes(inside) {
        match name.to_ascii_lowercase().as_str() {
            "rdf:about" => entry.about = Some(value),
            "xml:lang" => entry.language = Some(value),
            "href" => entry.links.push(super::raw::RawLink { href: value, base, ..Default::default() }),
            "lastmod" => date(&mut entry.updated, 5, value),
            _ => {}
        }
    }
    entry
}

/// An element that holds text; answers whether there was room for it.
pub(super) fn leaf<'a>(
    entry: &mut RawEntry<'a>,
    meaning: Meaning,
    inside: &'a str,
    flat: Flat<'a>,
    base: Base,
) -> bool {
    let blank = flat.text.trim().is_empty();
    match meaning {
        Meaning::Category => return category(entry, inside, flat),
        Meaning::Content(_) if blank => {
            // Atom's content may stand elsewhere (RFC 4287 section 4.1.3.2).
            if let Some(src) = value(inside, "src") {
                let media_type = value(inside, "type");
                return push(
                    &mut entry.media,
                    RawMedia { url: src, media_type, base, ..RawMedia::default() },
                );
            }
        }
        _ if blank => {}
        Meaning::Title(rank) => entry.title.offer(rank, text(inside, flat, base).text),
        Meaning::Summary(rank) => entry.summary.offer(rank, text(inside, flat, base)),
        Meaning::Content(rank) => entry.content.offer(rank, text(inside, flat, base)),
        Meaning::Id => {
            entry.permalink = value(inside, "isPermaLink").is_none_or(|said| said != "false");
            entry.id.offer(0, flat.text);
        }
        Meaning::Published(rank) => date(&mut entry.published, rank, flat.text),
        Meaning::Updated(rank) => date(&mut entry.updated, rank, flat.text),
        Meaning::Comments => entry.comments = entry.comments.take().or(Some(flat.text)),
        Meaning::Language => entry.language = Some(flat.text),
        Meaning::Duration => entry.duration = entry.duration.take().or(Some(flat.text)),
        _ => {}
    }
    true
}

/// A date that cannot be read says less than any that can.
fn date<'a>(slot: &mut Ranked<RawDate<'a>>, rank: u8, text: Cow<'a, str>) {
    let date = RawDate::of(text);
    slot.offer(if date.time.is_none() { rank + 100 } else { rank }, date);
}

/// A text construct: what Atom says of its type decides how it is read.
fn text<'a>(inside: &'a str, flat: Flat<'a>, base: Base) -> RawText<'a> {
    let kind = value(inside, "type").map(|kind| kind.to_ascii_lowercase());
    let mode = value(inside, "mode").map(|mode| mode.to_ascii_lowercase());
    let kind = kind.as_deref().unwrap_or_default().trim();
    let coded = mode.as_deref() == Some("base64")
        || (mode.is_none() && kind.contains('/') && !kind.starts_with("text/") && !kind.contains("xml"));
    if coded && let Some(decoded) = base64(&flat.text) {
        return RawText { text: Cow::Owned(decoded), kind: TextKind::Html, base };
    }
    let plain = matches!(kind, "text" | "text/plain" | "plain") && mode.as_deref() != Some("escaped");
    if flat.markup {
        return RawText { text: without_prefixes(flat.text), kind: TextKind::Html, base };
    }
    RawText { text: flat.text, kind: if plain { TextKind::Plain } else { TextKind::Html }, base }
}

/// XHTML under a prefix, as HTML: the prefix of the first element, whatever it is called.
fn without_prefixes(text: Cow<'_, str>) -> Cow<'_, str> {
    let prefix =
        first_element(&text).and_then(|name| name.split_once(':')).map(|(prefix, _)| prefix.to_owned());
    let Some(prefix) = prefix else { return text };
    Cow::Owned(text.replace(&format!("<{prefix}:"), "<").replace(&format!("</{prefix}:"), "</"))
}

/// Text that was coded so that it goes through XML (Atom 0.3); `None` if it is none.
fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for b in text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=') {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, held) = ((bits << 6) | u32::from(six), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

/// RSS writes a category as text, which may have a picture or the like behind it, Atom as attributes.
fn category<'a>(entry: &mut RawEntry<'a>, inside: &'a str, flat: Flat<'a>) -> bool {
    let text = match flat.text.split_once('<') {
        Some((before, _)) if flat.markup && !before.trim().is_empty() => Cow::Owned(before.to_owned()),
        _ => flat.text,
    };
    let name = if text.trim().is_empty() {
        value(inside, "label").or_else(|| value(inside, "term"))
    } else {
        Some(text)
    };
    name.is_none_or(|name| push(&mut entry.categories, name))
}

/// An enclosure of RSS.
pub(super) fn enclosure<'a>(entry: &mut RawEntry<'a>, inside: &'a str, base: Base) -> bool {
    let file = described(inside, base);
    file.url.is_empty() || push(&mut entry.media, file)
}

/// A content of Media RSS; one without an address only has others in it.
pub(super) fn media<'a>(entry: &mut RawEntry<'a>, inside: &'a str, base: Base) -> bool {
    let file = described(inside, base);
    if file.url.is_empty() { has_room(&entry.media) } else { push(&mut entry.media, file) }
}

/// A thumbnail of Media RSS, or a picture of iTunes.
pub(super) fn thumbnail<'a>(entry: &mut RawEntry<'a>, inside: &'a str, base: Base) -> bool {
    let picture = described(inside, base);
    picture.url.is_empty() || push(&mut entry.thumbnails, picture)
}

fn described(inside: &str, base: Base) -> RawMedia<'_> {
    let mut file = RawMedia { base, ..RawMedia::default() };
    for (name, value) in attributes(inside) {
        match name {
            "url" | "href" | "src" => file.url = value,
            "type" => file.media_type = Some(value),
            "length" | "fileSize" => file.length = Some(value),
            "medium" => file.medium = Some(value),
            "duration" => file.duration = Some(value),
            "width" => file.width = Some(value),
            "height" => file.height = Some(value),
            "title" => file.title = Some(value),
            _ => {}
        }
    }
    file.url = match file.url {
        Cow::Borrowed(url) => Cow::Borrowed(url.trim()),
        Cow::Owned(url) => Cow::Owned(unescape(url.trim()).into_owned()),
    };
    file
}

fn has_room<T>(list: &[T]) -> bool {
    list.len() < MOST_OF_A_KIND
}

fn push<T>(list: &mut Vec<T>, value: T) -> bool {
    let room = has_room(list);
    if room {
        list.push(value);
    }
    room
}
