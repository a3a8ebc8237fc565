//! Short hashes of texts, and hexadecimal. Pure.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The first 128 bits of a SHA-256 over texts. Each is preceded by its length, so that `ab`, `c` differs from `a`, `bc`.
pub(crate) fn hash_128(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

/// [`hash_128`] of texts in hexadecimal: the value of a key that is a hash.
pub(crate) fn text_hash(parts: &[&str]) -> String {
    hex(&hash_128(&parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
        assert_ne!(hash_128(&[b"ab", b"c"]), hash_128(&[b"a", b"bc"]));
    }
}
