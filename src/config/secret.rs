//! Reads secrets from URLs, files and systemd credentials. Reads the files that the config names.

#![allow(clippy::disallowed_methods, reason = "reads the secret files that the config names")]

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use super::locate::Directories;
use super::values::SecretSource;
use crate::source::{Authorization, Secret};

/// A larger file is not a secret but a wrong path.
const MAX_SECRET_FILE_BYTES: u64 = 64 * 1024;

/// Separates the credentials from a URL. The fragment is dropped too, as it is never sent.
pub(super) fn split_credentials(mut url: Url) -> (Url, Option<Authorization>) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decode(url.username());
    let password = url.password().map(decode);
    url.set_fragment(None);
    // These fail only for URLs without a host, which were rejected before.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if user.is_empty() && password.is_none() {
        return (url, None);
    }
    (url, Some(Authorization::Basic { user, password: Secret(password.unwrap_or_default()) }))
}

/// The secret, without the line end that editors add to a file.
///
/// # Errors
/// The label for a diagnostic.
pub(super) fn read(source: &SecretSource, directories: &Directories) -> Result<Secret, String> {
    let path: PathBuf = match source {
        SecretSource::Inline(text) => return checked(text),
        SecretSource::File(path) => directories.config.join(path),
        SecretSource::Credential(name) => match &directories.credentials {
            Some(directory) => directory.join(name),
            None => return Err("$CREDENTIALS_DIRECTORY is not set: not started by systemd?".to_owned()),
        },
    };
    let with_path = |error: std::io::Error| format!("{}: {error}", path.display());
    let metadata = std::fs::metadata(&path).map_err(with_path)?;
    if !metadata.is_file() || metadata.len() > MAX_SECRET_FILE_BYTES {
        return Err(format!("{}: not a regular file of at most 64 KiB", path.display()));
    }
    let text = std::fs::read_to_string(&path).map_err(with_path)?;
    checked(text.trim_end_matches(['\r', '\n']))
}

/// All secrets are sent in request headers, which must not contain control characters.
fn checked(text: &str) -> Result<Secret, String> {
    if text.chars().any(char::is_control) {
        return Err("contains a control character".to_owned());
    }
    Ok(Secret(text.to_owned()))
}
