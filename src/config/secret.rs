//! Reads secrets from URLs, files and systemd credentials, and the files of `ca`. Reads the files that the config names.

#![allow(clippy::disallowed_methods, reason = "reads the secrets and certificates that the config names")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use super::locate::Surroundings;
use super::permissions::OthersAccess;
use super::values::SecretSource;
use crate::source::{Authorization, Secret};

/// A larger file is not a secret but a wrong path.
const MAX_SECRET_FILE_BYTES: u64 = 64 * 1024;

/// Four times all authorities that browsers trust.
const MAX_CERTIFICATE_FILE_BYTES: u64 = 1024 * 1024;

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

/// Why there is no secret: the label for a diagnostic. It does not name the file: a secret may have been written in the
/// place of its name.
pub(super) enum NoSecret {
    /// The service may see it, this process does not.
    Unseen(&'static str),
    /// It is missing or no secret.
    Invalid(&'static str),
}

impl From<&'static str> for NoSecret {
    fn from(label: &'static str) -> NoSecret {
        NoSecret::Invalid(label)
    }
}

impl From<std::io::Error> for NoSecret {
    fn from(error: std::io::Error) -> NoSecret {
        match error.kind() {
            ErrorKind::PermissionDenied => NoSecret::Unseen(reason(error)),
            _ => NoSecret::Invalid(reason(error)),
        }
    }
}

/// The secret, without the line end that editors add to a file, and what others may do with that file.
///
/// # Errors
/// It is not visible, or invalid.
pub(super) fn read(
    source: &SecretSource,
    directories: &Surroundings,
) -> Result<(Secret, Vec<OthersAccess>), NoSecret> {
    let path: PathBuf = match source {
        SecretSource::Inline(text) => return Ok((checked(text)?, Vec::new())),
        SecretSource::File(path) => directories.config.join(path),
        SecretSource::Credential(name) => match &directories.credentials {
            Some(directory) => directory.join(name),
            None => {
                return Err(NoSecret::Unseen("$CREDENTIALS_DIRECTORY is not set: not started by systemd?"));
            }
        },
    };
    let metadata = std::fs::metadata(&path)?;
    if !metadata.is_file() || metadata.len() > MAX_SECRET_FILE_BYTES {
        return Err("not a regular file of at most 64 KiB".into());
    }
    let text = std::fs::read_to_string(&path)?;
    let secret = checked(text.trim_end_matches(['\r', '\n']))?;
    // Who can write its folder can replace it.
    let folder = path.parent().and_then(|folder| std::fs::metadata(folder).ok());
    let of_folder = folder.map(|folder| OthersAccess::of(&folder, false)).unwrap_or_default();
    let mut access = OthersAccess::of(&metadata, true);
    access.extend(
        of_folder
            .into_iter()
            .filter(|access_to_folder| !access.contains(access_to_folder))
            .collect::<Vec<_>>(),
    );
    Ok((secret, access))
}

/// The text of a file with certificates.
///
/// # Errors
/// The label for a diagnostic.
pub(super) fn read_certificates(path: &Path) -> Result<String, &'static str> {
    let metadata = std::fs::metadata(path).map_err(reason)?;
    if !metadata.is_file() || metadata.len() > MAX_CERTIFICATE_FILE_BYTES {
        return Err("not a regular file of at most 1 MiB");
    }
    std::fs::read_to_string(path).map_err(reason)
}

fn reason(error: std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::PermissionDenied => "the file may not be read",
        ErrorKind::InvalidData => "the file is not UTF-8",
        _ => "the file cannot be read",
    }
}

/// All secrets are sent in request headers, which must not contain control characters.
fn checked(text: &str) -> Result<Secret, &'static str> {
    if text.chars().any(char::is_control) {
        return Err("contains a control character");
    }
    Ok(Secret(text.to_owned()))
}
