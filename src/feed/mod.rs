//! Reads one feed document, from bytes to entries: decode, parse, normalize. Pure.

mod dates;
pub mod decode;
mod differences;
mod limits;
mod markup;
mod model;
mod normalize;
mod parse;
mod problem;
mod raw;
mod references;
mod second_reader;
#[cfg(test)]
mod tests;
mod xml_base;

use memchr::memmem;

pub use differences::{FieldDifference, SecondOpinion, differences};
pub use model::{Feed, Hints};
pub use normalize::keys;

use crate::html::bounded_base;
use crate::text::log_excerpt;
use problem::Problem;
use raw::{Fault, RawFeed};

/// Characters in which an HTML document shows that it is one.
const MAX_HTML_START: usize = 500;

/// Why a document is not a feed, as a message of at most 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAFeed(String);

/// Reads a document. The result depends only on the arguments. What our reader refuses, or reads no entry of though
/// there seem to be some, is given to the second reader.
///
/// # Errors
/// The document is not a feed, or none of its entries can be read.
pub fn read(body: &[u8], hints: &Hints<'_>) -> Result<Feed, NotAFeed> {
    if let Some(kind) = binary_kind(body) {
        return Err(NotAFeed(kind.to_owned()));
    }
    let decoded = decode::decode(body, hints.content_type);
    let text = &*decoded.text;
    if text.trim().is_empty() {
        return Err(NotAFeed("empty body".to_owned()));
    }
    let ours = read_text(&decoded, hints);
    let needs_help = match &ours {
        Ok(feed) => feed.entries.is_empty() && mentions_entries(text),
        Err(_) => !is_html(text),
    };
    if !needs_help {
        return ours;
    }
    match second_reader::parse(text).map(|raw| normalize::normalize(raw, &decoded, hints)) {
        Ok(mut feed) if !feed.entries.is_empty() => {
            let reason =
                ours.err().map_or_else(|| "found no entry".to_owned(), |error| format!("said: {error}"));
            feed.problems.push(log_excerpt(&format!("the second reader was needed, ours {reason}")));
            Ok(Feed { is_rescued: true, ..feed })
        }
        _ => ours,
    }
}

/// Reads a document with the second reader alone, to compare.
///
/// # Errors
/// The second reader cannot read it.
pub fn second_opinion(body: &[u8], hints: &Hints<'_>) -> Result<Feed, NotAFeed> {
    let decoded = decode::decode(body, hints.content_type);
    let raw = second_reader::parse(&decoded.text).map_err(|reason| NotAFeed(log_excerpt(&reason)))?;
    Ok(normalize::normalize(raw, &decoded, hints))
}

fn read_text(decoded: &decode::DecodedText<'_>, hints: &Hints<'_>) -> Result<Feed, NotAFeed> {
    let text = &*parse::expand_entities(&decoded.text);
    let document = hints.url.cloned().and_then(bounded_base);
    let parsed = parse::parse(text, document.as_ref());
    let repaired = parse::repair(text, &parsed);
    let raw = match &repaired {
        Some(json) => parse_repaired(json, &parsed),
        None => parsed,
    };
    let mut raw = raw.map_err(|reason| not_a_feed(text, &reason))?;
    if raw.entries.is_empty() && (raw.partial || !raw.problems.is_empty()) && mentions_entries(text) {
        let why = if raw.partial { ": the document is truncated in the first one" } else { "" };
        return Err(NotAFeed(format!("the feed has entries, but none could be read{why}")));
    }
    if let Some(Fault { at, entry, what }) = raw.fault.take() {
        let line = 1 + decoded.lines_before + memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count();
        let what = format!("the XML is broken and was repaired: line {line}: {what}");
        raw.problems.insert(0, Problem::of(entry.into_iter().collect(), what));
    }
    if raw.entries.is_empty() && is_html(text) {
        return Err(NotAFeed(HTML_PAGE.to_owned()));
    }
    limits::bound_lines(&mut raw);
    Ok(normalize::normalize(raw, decoded, hints))
}

/// Parses the repaired text of a document that is read so without repair.
fn parse_repaired<'a>(json: &'a str, broken: &Result<RawFeed<'_>, String>) -> Result<RawFeed<'a>, String> {
    let mut feed = parse::parse(json, None)?;
    if !feed.partial {
        let reason = match broken {
            Ok(feed) => feed.problems.last().map(|problem| problem.message(&[])).unwrap_or_default(),
            Err(reason) => reason.trim_start_matches("JSON: ").to_owned(),
        };
        feed.problems.push(format!("the JSON is broken and was repaired: {reason}").into());
    }
    Ok(feed)
}

/// A date in any format that feeds use.
#[must_use]
pub fn parse_date(text: &str) -> Option<jiff::Timestamp> {
    dates::parse(text)
}

/// The text of a document that is not a feed, such as an HTML page or an OPML list.
#[must_use]
pub fn decode_text(body: &[u8]) -> String {
    decode::decode(body, None).text.into_owned()
}

const HTML_PAGE: &str =
    "an HTML page: `siftwire add URL` finds the feed of a page, whose address belongs in `url`";

fn not_a_feed(text: &str, reason: &str) -> NotAFeed {
    NotAFeed(if is_html(text) { HTML_PAGE.to_owned() } else { log_excerpt(&format!("not a feed: {reason}")) })
}

/// What a document is that is no text, by its first bytes.
fn binary_kind(body: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 10] = [
        (b"\x1f\x8b", "gzip data: the server must say so in Content-Encoding"),
        (b"\x28\xb5\x2f\xfd", "zstd data: the server must say so in Content-Encoding"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ\0", "an xz file"),
        (b"PK\x03\x04", "a zip file"),
        (b"%PDF-", "a PDF document"),
        (b"\x89PNG", "an image"),
        (b"\xff\xd8\xff", "an image"),
        (b"GIF8", "an image"),
        (b"ID3", "an audio file"),
    ];
    KINDS.iter().find(|(start, _)| body.starts_with(start)).map(|(_, kind)| *kind)
}

fn is_html(text: &str) -> bool {
    let text = text.trim_start();
    let mut rest = text.chars();
    rest.nth(MAX_HTML_START - 1);
    let start = &text.as_bytes()[..text.len() - rest.as_str().len()];
    let has = |at: usize, tag: &[u8]| {
        start.get(at..at + tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag))
    };
    has(0, b"<!doctype html") || memchr::memchr_iter(b'<', start).any(|at| has(at, b"<html"))
}

fn mentions_entries(text: &str) -> bool {
    ["<item", "<entry", "\"items\""]
        .iter()
        .any(|marker| memmem::find(text.as_bytes(), marker.as_bytes()).is_some())
}
