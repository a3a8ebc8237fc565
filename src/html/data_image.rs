//! Pictures whose bytes are in their address (RFC 2397). Pure.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// Maximum bytes of one such address.
const MAX_PICTURE_BYTES: usize = 100_000;

/// Maximum bytes of all such addresses of one text.
pub(super) const MAX_TEXT_BYTES: usize = 300_000;

/// A bitmap of at most so many pixels in each direction is a placeholder.
const MAX_PLACEHOLDER_PIXELS: u32 = 2;

/// Whether an address is a picture that is kept: of a usual type and size, and no placeholder.
pub(super) fn is_kept(address: &str) -> bool {
    let Some((kind, data)) = parts(address).filter(|_| address.len() <= MAX_PICTURE_BYTES) else {
        return false;
    };
    let is_base64 = kind.ends_with(";base64");
    let kind = kind.split(';').next().unwrap_or_default();
    match kind {
        "png" | "gif" if is_base64 => {
            pixels(kind, data).is_some_and(|pixels| pixels > MAX_PLACEHOLDER_PIXELS)
        }
        "jpeg" | "jpg" | "webp" | "avif" => is_base64 && data.bytes().all(|b| !b"\"<>\\ ".contains(&b)),
        "svg+xml" => is_drawing(data, is_base64),
        _ => false,
    }
}

/// Whether an address has a picture in it, kept or not.
pub(super) fn is_data_image(address: &str) -> bool {
    parts(address).is_some()
}

/// The type after `data:image/` with its parameters, and the data.
fn parts(address: &str) -> Option<(&str, &str)> {
    address.strip_prefix("data:image/")?.split_once(',')
}

/// The larger of width and height.
fn pixels(kind: &str, data: &str) -> Option<u32> {
    let header = STANDARD.decode(data.get(..32)?).ok()?;
    let big_endian = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    let little_endian =
        |at: usize| Some(u32::from(u16::from_le_bytes(header.get(at..at + 2)?.try_into().ok()?)));
    match kind {
        "png" if header.starts_with(b"\x89PNG") => Some(big_endian(16)?.max(big_endian(20)?)),
        "gif" if header.starts_with(b"GIF8") => Some(little_endian(6)?.max(little_endian(8)?)),
        _ => None,
    }
}

/// Whether an SVG shows something. No script runs in a picture; one that has any is not kept all the same.
fn is_drawing(data: &str, is_base64: bool) -> bool {
    let bytes: Cow<'_, [u8]> = if is_base64 {
        let Ok(bytes) = STANDARD.decode(data) else { return false };
        bytes.into()
    } else {
        percent_decode_str(data).into()
    };
    let Ok(svg) = std::str::from_utf8(&bytes) else { return false };
    let svg = svg.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| svg.contains(part));
    has(&["<path", "<circle", "<ellipse", "<line ", "<poly", "<text"])
        && !has(&["script", "foreignobject", "<!", "<image", "href", "url("])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_from_placeholders_and_other_data() {
        let png = |width: u32, height: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            bytes.extend(width.to_be_bytes().into_iter().chain(height.to_be_bytes()).chain([8, 2, 0, 0, 0]));
            format!("data:image/png;base64,{}", STANDARD.encode(bytes))
        };
        let gif = |width: u8| {
            let bytes = [b"GIF89a", &[width, 0, 1, 0, 0x80, 0, 0][..], &[0; 20]].concat();
            format!("data:image/gif;base64,{}", STANDARD.encode(bytes))
        };
        for (address, kept) in [
            (png(12, 12), true),
            (png(1, 300), true),
            (png(1, 1), false),
            (png(2, 1), false),
            (gif(16), true),
            (gif(1), false),
            ("data:image/jpeg;base64,/9j/4AAQ".to_owned(), true),
            ("data:image/webp;base64,UklGRg==".to_owned(), true),
            ("data:image/svg+xml,%3Csvg%3E%3Cpath d='M0'/%3E%3C/svg%3E".to_owned(), true),
            (format!("data:image/svg+xml;base64,{}", STANDARD.encode("<svg><text>a</text></svg>")), true),
            ("data:image/svg+xml,%3Csvg%3E%3C/svg%3E".to_owned(), false),
            ("data:image/svg+xml;charset=utf8,<svg><circle r='1'/></svg>".to_owned(), true),
            ("data:image/svg+xml,%3Csvg%3E%3Crect/%3E%3C/svg%3E".to_owned(), false),
            ("data:image/svg+xml,<svg><path/><script>x()</script></svg>".to_owned(), false),
            ("data:image/png;base64,!".to_owned(), false),
            ("data:image/png,x".to_owned(), false),
            ("data:image/x-icon;base64,AAAA".to_owned(), false),
            ("data:text/html;base64,AAAA".to_owned(), false),
            (format!("data:image/jpeg;base64,{}", "A".repeat(100_000)), false),
        ] {
            assert_eq!(is_kept(&address), kept, "{address:.80}");
        }
    }
}
