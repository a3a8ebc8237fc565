//! Reads the icon files that the config names.

#![allow(clippy::disallowed_methods, reason = "reads the icon files that the config names")]

use std::path::Path;

use url::Url;

use super::diagnostic::Diagnostic;
use super::locate::Surroundings;
use super::toml_reader::Located;
use crate::publish::icon::{Icon, IconFile};

/// Each reader gets it whole.
const MAX_ICON_BYTES: u64 = 1_000_000;

/// The icon of an output. A mistake is added to `diagnostics`.
pub(super) fn check(
    icon: Located<String>,
    directories: &Surroundings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Icon> {
    let read = if icon.value.contains("://") {
        web_address(&icon.value).map(Icon::Url)
    } else {
        read(&directories.config.join(&icon.value)).map(Icon::File)
    };
    let report = |label| {
        let diagnostic = Diagnostic::error(icon.span, "the `icon` of an output cannot be used").label(label);
        diagnostics.push(diagnostic.hint("a PNG, JPEG or GIF file, or the https URL of one"));
    };
    read.map_err(report).ok()
}

fn web_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.filter(Url::has_host).ok_or("not an http or https URL")
}

fn read(path: &Path) -> Result<IconFile, &'static str> {
    let metadata = std::fs::metadata(path).map_err(|_| "there is no such file, or it may not be read")?;
    if !metadata.is_file() || metadata.len() > MAX_ICON_BYTES {
        return Err("not a regular file of at most 1 MB");
    }
    let bytes = std::fs::read(path).map_err(|_| "the file cannot be read")?;
    IconFile::new(bytes).ok_or("the file is not PNG, JPEG or GIF")
}
