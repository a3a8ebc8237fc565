//! Decides whether two entries tell the same story, that is, whether they are the same text. Pure.
//!
//! [`rules`] decides, in a fixed order. It compares what [`DedupFeatures`] holds: the normalized address, the article
//! number, and a [`signature`] of title and text. [`index`] proposes candidates and decides nothing.

pub mod address;
pub mod index;
pub mod rules;
pub mod signature;
mod similarity;
mod wordlists;
mod words;

use crate::entry::Entry;
use crate::entry::change::DedupFeatures;
use signature::Signature;

/// What is compared of an entry. `source_language` is used if the entry declares none.
#[must_use]
pub fn compute_features(entry: &Entry, source_language: Option<&str>) -> DedupFeatures {
    let address = entry.link.as_deref().and_then(address::PageAddress::parse);
    let hash = |key: String| hash(&key).cast_signed();
    DedupFeatures {
        address: address.as_ref().and_then(address::PageAddress::key).map(hash),
        article: address.as_ref().and_then(address::PageAddress::article).map(hash),
        signature: Signature::new(entry, source_language).encode(),
    }
}

/// FNV-1a with the finalizer of SplitMix64, so that all bits are equally good. It must never change: the store
/// keeps the hashes.
const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = FNV_BASIS;
    let mut at = 0;
    while at < bytes.len() {
        hash = fnv_step(hash, bytes[at]);
        at += 1;
    }
    mix(hash)
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

const fn fnv_step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
