//! Secrets: out of urls, out of files, out of systemd's credentials. Door: reads the files that the
//! config names.

#![allow(clippy::disallowed_methods, reason = "a secret's file is part of the config")]

use std::path::PathBuf;

use url::Url;

use super::check::Folders;
use super::values::SecretValue;
use crate::source::{Authorization, Secret};

/// A longer one is some other file.
const LONGEST: u64 = 64 * 1024;

/// The url as it is asked, and the credentials that were in it. A fragment is never sent, so it goes
/// too.
pub(super) fn split(mut url: Url) -> (Url, Option<Authorization>) {
    let user = decoded(url.username());
    let password = url.password().map(decoded);
    url.set_fragment(None);
    // Only urls without a host refuse this, and those were refused before.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if user.is_empty() && password.is_none() {
        return (url, None);
    }
    (url, Some(Authorization::Basic { user, password: Secret(password.unwrap_or_default()) }))
}

/// Percent-decoding; bytes that are no UTF-8 become U+FFFD.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(byte) if bytes[at] == b'%' => {
                plain.push(byte);
                at += 3;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The secret itself, without the line end that editors add to a file.
///
/// # Errors
/// Words for the caret.
pub(super) fn read(given: &SecretValue, folders: &Folders<'_>) -> Result<Secret, String> {
    let path: PathBuf = match given {
        SecretValue::Here(text) => return usable(text),
        SecretValue::File(path) => folders.config.join(path),
        SecretValue::Credential(name) => match folders.credentials {
            Some(folder) => folder.join(name),
            None => return Err("$CREDENTIALS_DIRECTORY is not set: not started by systemd?".to_owned()),
        },
    };
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let about = std::fs::metadata(&path).map_err(said)?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(format!("{}: not a small file", path.display()));
    }
    let text = std::fs::read_to_string(&path).map_err(said)?;
    usable(text.trim_end_matches(['\r', '\n']))
}

/// All secrets travel in request headers.
fn usable(text: &str) -> Result<Secret, String> {
    if text.chars().any(char::is_control) {
        return Err("contains a control character".to_owned());
    }
    Ok(Secret(text.to_owned()))
}
