//! Icons: Siftwire's own, and those of outputs. Pure.

use std::fmt;

use url::Url;

/// The path of Siftwire's icon.
pub const PATH: &str = "/icon.png";

/// What is served for every output and page: path, media type and bytes. Some readers and all browsers ask for
/// `/favicon.ico`, whatever a page or a feed names.
pub(super) const OWN: [(&str, &str, &[u8]); 2] = [
    (PATH, "image/png", include_bytes!("icons/icon.png")),
    ("/favicon.ico", "image/x-icon", include_bytes!("icons/favicon.ico")),
];

/// The icon of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Icon {
    /// It is elsewhere.
    Url(Url),
    /// It is served with the output.
    File(IconFile),
}

/// A picture in a format that every reader shows.
#[derive(Clone, PartialEq, Eq)]
pub struct IconFile {
    kind: &'static ImageKind,
    pub(super) bytes: Vec<u8>,
}

#[derive(PartialEq, Eq)]
struct ImageKind {
    extension: &'static str,
    media_type: &'static str,
    start: &'static [u8],
}

/// RSS allows no others.
const KINDS: [ImageKind; 3] = [
    ImageKind { extension: "png", media_type: "image/png", start: b"\x89PNG\r\n\x1a\n" },
    ImageKind { extension: "jpg", media_type: "image/jpeg", start: b"\xff\xd8\xff" },
    ImageKind { extension: "gif", media_type: "image/gif", start: b"GIF8" },
];

impl IconFile {
    /// A picture with these bytes; `None` unless they are PNG, JPEG or GIF.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<IconFile> {
        let kind = KINDS.iter().find(|kind| bytes.starts_with(kind.start))?;
        Some(IconFile { kind, bytes })
    }

    /// The path under which it is served.
    pub(super) fn path(&self, output: &str) -> String {
        format!("/feeds/{output}/icon.{}", self.kind.extension)
    }

    pub(super) fn media_type(&self) -> &'static str {
        self.kind.media_type
    }
}

/// Whether a path is that of an output's icon.
pub(super) fn is_of_output(path: &str) -> bool {
    let file = path.strip_prefix("/feeds/").and_then(|rest| rest.split_once("/icon."));
    file.is_some_and(|(_, extension)| KINDS.iter().any(|kind| kind.extension == extension))
}

/// Without the bytes.
impl fmt::Debug for IconFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.extension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        for (bytes, path) in [
            (OWN[0].2, Some("/feeds/a b/icon.png")),
            (b"\xff\xd8\xff\xe0", Some("/feeds/a b/icon.jpg")),
            (b"GIF89a", Some("/feeds/a b/icon.gif")),
            (OWN[1].2, None),
            (b"<svg onload='x'>", None),
            (b"", None),
        ] {
            let icon = IconFile::new(bytes.to_vec()).map(|icon| icon.path("a b"));
            assert_eq!(icon.as_deref(), path);
            assert!(icon.is_none_or(|path| is_of_output(&path)));
        }
        assert!(!is_of_output("/feeds/icon.png") && !is_of_output("/feeds/a/archive/1.atom"));
    }
}
