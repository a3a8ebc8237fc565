//! Reads secrets from URLs, files and systemd credentials, and the files of `ca`. Reads the files that the config names.

#![allow(clippy::disallowed_methods, reason = "reads the secrets and certificates that the config names")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use super::diagnostic::Diagnostic;
use super::locate::{Surroundings, UnseenSecrets};
use super::permissions::OthersAccess;
use super::toml_reader::Located;
use super::values::SecretSource;
use crate::source::{Authorization, Secret};

/// A larger file is not a secret but a wrong path.
const MAX_SECRET_FILE_BYTES: u64 = 64 * 1024;

/// Four times all authorities that browsers trust.
const MAX_CERTIFICATE_FILE_BYTES: u64 = 1024 * 1024;

/// A problem: the service may see it, but not this process. A source that lacks one is not polled.
pub(super) const UNSEEN_SECRET: &str = "a secret cannot be seen from here";

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
enum NoSecret {
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

/// The secret of a key; `None` if it cannot be read. Reports that, and what others may do with its file.
pub(super) fn read_or_report(
    source: &Located<SecretSource>,
    directories: &Surroundings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Secret> {
    let span = || source.span.clone();
    let report = |no_secret| {
        let in_file = matches!(source.value, SecretSource::File(_));
        match no_secret {
            NoSecret::Unseen(label) if directories.unseen_secrets == UnseenSecrets::Warn => {
                let hint = if in_file {
                    "not checked: another user must be able to read it, the one that runs the service"
                } else {
                    "not checked: the service has it if its unit names it, with `LoadCredential=`"
                };
                Diagnostic::warning(span(), UNSEEN_SECRET).label(label).hint(hint)
            }
            NoSecret::Unseen(label) | NoSecret::Invalid(label) => {
                let hint = in_file.then_some("relative paths start at the folder of config.toml");
                Diagnostic::error(span(), "cannot read a secret").label(label).hint_if(hint)
            }
        }
    };
    let (secret, others) =
        read(&source.value, directories).map_err(|no_secret| diagnostics.push(report(no_secret))).ok()?;
    for (what, hint) in others.into_iter().map(OthersAccess::words) {
        diagnostics.push(Diagnostic::warning(span(), [what, " this file"]).hint(hint));
    }
    Some(secret)
}

/// The secret, without the line end that editors add to a file, and what others may do with that file.
///
/// # Errors
/// It is not visible, or invalid.
fn read(source: &SecretSource, directories: &Surroundings) -> Result<(Secret, Vec<OthersAccess>), NoSecret> {
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
