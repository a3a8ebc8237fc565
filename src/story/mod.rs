//! Is this the same text as one that we have? Pure: facts go in, a decision with its reason comes out.
//!
//! The rules of the decision stand in [`judge`], in their order. A pair of entries is compared by what
//! their [`Likeness`] holds: the cleaned address, the article's number, and a compact [`signature`] of
//! headline and text. [`index`] proposes candidates and never decides.

pub mod address;
mod alike;
pub mod index;
pub mod judge;
mod labels;
mod language;
pub mod signature;
mod words;

use crate::entry::Entry;
use crate::entry::change::Likeness;
use signature::Signature;

/// What is compared of an entry. `language` is its source's, for entries that name none.
#[must_use]
pub fn likeness(entry: &Entry, language: Option<&str>) -> Likeness {
    let link = entry.link.as_deref();
    Likeness {
        address: link.and_then(address::key).map(|key| hash(&key)),
        article: link.and_then(address::article).map(|key| hash(&key)),
        signature: Signature::of(entry, language).encode(),
    }
}

/// FNV-1a, finished so that any of its bits will do (Steele's and Lea's mixer); the same for ever, since
/// the store keeps it.
fn hash(text: &str) -> i64 {
    mix(text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    .cast_signed()
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
