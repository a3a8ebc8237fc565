//! Is this the same text as one that we have? Pure: facts go in, a decision with its reason comes out.
//!
//! The rules of the decision stand in [`judge`], in their order. A pair of entries is compared by what
//! their [`DedupFeatures`] holds: the cleaned address, the article's number, and a compact [`signature`] of
//! headline and text. [`index`] proposes candidates and never decides.

pub mod address;
pub mod index;
mod language;
pub mod rules;
pub mod signature;
mod similarity;
mod wordlists;
mod words;

use crate::entry::Entry;
use crate::entry::change::DedupFeatures;
use signature::Signature;

/// What is compared of an entry. `language` is its source's, for entries that name none.
#[must_use]
pub fn dedup_features(entry: &Entry, language: Option<&str>) -> DedupFeatures {
    let page = entry.link.as_deref().and_then(address::Page::of);
    let hash = |key: String| hash(&key).cast_signed();
    DedupFeatures {
        address: page.as_ref().and_then(address::Page::key).map(hash),
        article: page.as_ref().and_then(address::Page::article).map(hash),
        signature: Signature::of(entry, language).encode(),
    }
}

/// FNV-1a, finished so that any of its bits will do (Steele's and Lea's mixer); the same for ever, since
/// the store keeps it.
const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = BASIS;
    let mut at = 0;
    while at < bytes.len() {
        hash = step(hash, bytes[at]);
        at += 1;
    }
    mix(hash)
}

/// What a hash begins with.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
