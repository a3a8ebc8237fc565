//! The script of the page on which filters are tried. Pure.

use sha2::{Digest, Sha256};
use url::Url;

use super::document::SEARCH_PATH;
use super::html::LOCAL_TIMES;
use crate::entry::hex;

const SCRIPT: &str = include_str!("try_page.js");

/// Its path, which changes with it, and its text.
pub(super) fn script() -> (String, String) {
    let script = format!("function writeTimes() {{\n{LOCAL_TIMES}}}\n{SCRIPT}");
    let hash = hex(&Sha256::digest(&script));
    (format!("{SEARCH_PATH}-{}.js", &hash[..16]), script)
}

/// Its address without scheme and host, so that it is right for every name by which readers come.
pub(super) fn address(public_url: &Url) -> String {
    format!("{}{}", public_url.path().trim_end_matches('/'), script().0)
}
