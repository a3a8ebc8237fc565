//! Hashes of texts, and hexadecimal. Pure.

use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

/// XXH3 with 128 bits: enough to notice a change. The store keeps it. Unlike SHA-256 it stops nobody who looks for two
/// texts with one checksum, so it identifies nothing.
pub(crate) fn checksum(bytes: &[u8]) -> Vec<u8> {
    XxHash3_128::oneshot(bytes).to_be_bytes().to_vec()
}

/// The first 128 bits of a SHA-256 over texts, in hexadecimal: the value of a key that is a hash. Each text is preceded by
/// its length, so that `ab`, `c` differs from `a`, `bc`.
pub(crate) fn text_hash(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hex(&hash.finalize()[..16])
}

/// An id made from texts: a version 8 UUID (RFC 9562: a custom layout) of their hash.
pub(crate) fn derived_id(texts: &[&str]) -> String {
    let hash = u128::from_str_radix(&text_hash(texts), 16).unwrap_or_default();
    uuid_urn(hash.to_be_bytes())
}

/// The URN of a version 8 UUID with these bits.
pub(crate) fn uuid_urn(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(2 * bytes.len());
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
        text.push(DIGITS[usize::from(digit)]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_lower_case_digits() {
        assert_eq!(hex(&[0, 0x0a, 0xff]), "000aff");
    }

    #[test]
    fn the_boundaries_of_texts_count() {
        assert_ne!(text_hash(&["ab", "c"]), text_hash(&["a", "bc"]));
    }
}
