//! Decides whether two entries tell the same story, that is, whether they are the same text. Pure.
//!
//! [`index`] finds candidates and decides nothing. [`rules`] compares what [`DedupFeatures`] holds of them, in a fixed order:
//! the normalized address, the article number with its path, and a [`signature`] of title and text.

pub mod address;
mod contradictions;
mod headline;
pub mod index;
pub mod rules;
pub mod signature;
mod similarity;
mod wordlists;
mod words;

use crate::entry::Entry;
use crate::entry::change::DedupFeatures;
use crate::text::{TextFor, html_to_text_start, language};
use address::PageAddress;
use rules::ComparedEntry;

/// Characters of title and text from which the language is detected.
const LANGUAGE_TITLE_CHARS: usize = 120;
const LANGUAGE_TEXT_CHARS: usize = 300;

/// What the store keeps of an entry to find the story of later ones.
#[must_use]
pub fn compute_features(entry: &Entry) -> DedupFeatures {
    let compared = ComparedEntry::new(0, 0, entry);
    DedupFeatures {
        address: compared.address,
        article: compared.article,
        signature: compared.signature.shorten(),
        hashes: compared.signature.hashes(),
    }
}

/// The hash of an entry's address, as in its features.
#[must_use]
pub fn address_of(entry: &Entry) -> Option<i64> {
    let key = PageAddress::parse(entry.link.as_deref()?)?.key()?;
    Some(hash(&key).cast_signed())
}

/// Whether two entries, each with the language of its source, can be in one language. Called only for entries that the
/// rules take for one story, since detection costs more than all of them.
#[must_use]
pub fn may_share_language(a: (&Entry, Option<&str>), b: (&Entry, Option<&str>)) -> bool {
    match (language_of(a), language_of(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

fn language_of((entry, source_language): (&Entry, Option<&str>)) -> Option<[u8; 2]> {
    let title = entry.title.as_deref().unwrap_or_default();
    let html = entry.summary.as_deref().or(entry.content.as_deref()).unwrap_or_default();
    let text = html_to_text_start(html, TextFor::Comparison, LANGUAGE_TEXT_CHARS * char::MAX_LEN_UTF8);
    let start = |text: &str, chars| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let (title_end, text_end) = (start(title, LANGUAGE_TITLE_CHARS), start(&text, LANGUAGE_TEXT_CHARS));
    let declared = entry.language.as_deref().or(source_language);
    language::declared_or_detected(declared, &[&title[..title_end], " ", &text[..text_end]].concat())
}

/// A hash of the bytes, eight at a time, with the finalizer of SplitMix64. It must never change: the store keeps the
/// hashes.
const fn hash(text: &str) -> u64 {
    let (chunks, rest) = text.as_bytes().as_chunks();
    let mut hash = text.len() as u64;
    let mut at = 0;
    while at < chunks.len() {
        hash = mix(hash ^ u64::from_le_bytes(chunks[at]));
        at += 1;
    }
    let mut last = 0;
    let mut at = 0;
    while at < rest.len() {
        last = last << 8 | rest[at] as u64;
        at += 1;
    }
    mix(hash ^ last)
}

/// The hash of each text.
const fn hash_each<const N: usize>(texts: [&str; N]) -> [u64; N] {
    let mut hashes = [0; N];
    let mut at = 0;
    while at < N {
        hashes[at] = hash(texts[at]);
        at += 1;
    }
    hashes
}

const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_may_share_a_language_unless_both_are_known_and_differ() {
        let entry = |title: &str| Entry { title: Some(title.into()), ..Entry::default() };
        let (english, french) = (
            entry("The parliament voted on the new budget after a long debate that lasted through the night"),
            entry("Le parlement a adopté le nouveau budget après un long débat qui a duré toute la nuit"),
        );
        assert!(!may_share_language((&english, None), (&french, None)));
        assert!(!may_share_language((&entry("Paris"), Some("en")), (&entry("Paris"), Some("fr"))));
        assert!(may_share_language((&english, Some("en-GB")), (&english, None)));
        assert!(may_share_language((&entry("Paris"), None), (&french, None)));
    }
}
