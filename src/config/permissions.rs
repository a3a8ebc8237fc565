//! Warns of files that others can write, or read although they hold a secret. Reads their metadata.

#![allow(clippy::disallowed_methods, reason = "reads the metadata of the config's files")]

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Severity};
use super::locate::drop_in_directory;

/// What others than its owner may do with a file and should not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OthersAccess {
    Write,
    Read,
}

impl OthersAccess {
    /// Whoever writes the file decides what is requested with which secrets, and where documents are written.
    pub(super) fn of(metadata: &Metadata, has_secret: bool) -> Vec<OthersAccess> {
        let mode = metadata.mode();
        // A group with the number of the owner is the owner's alone.
        let is_shared = metadata.gid() != metadata.uid();
        // Nobody replaces another user's file in a folder such as /tmp.
        let is_sticky = metadata.is_dir() && mode & 0o1000 != 0;
        let can_write = !is_sticky && (mode & 0o002 != 0 || (mode & 0o020 != 0 && is_shared));
        let can_read = mode & 0o004 != 0 && has_secret;
        let all = [(can_write, OthersAccess::Write), (can_read, OthersAccess::Read)];
        all.into_iter().filter_map(|(is_given, access)| is_given.then_some(access)).collect()
    }

    /// The warning, and what to do.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            OthersAccess::Write => ("others can write", "run `chmod go-w` on it"),
            OthersAccess::Read => ("others can read the secret in", "run `chmod o-r` on it"),
        }
    }
}

/// Warnings of the files of a config, each with whether it holds a secret, and of the folders that they are looked for in.
pub(super) fn check(main: &Path, files: impl Iterator<Item = (PathBuf, bool)>) -> Vec<Diagnostic> {
    let folders = [main.parent().map(Path::to_path_buf), Some(drop_in_directory(main))];
    let folders = folders.into_iter().flatten().map(|folder| (folder, false));
    files.chain(folders).flat_map(|(path, has_secret)| warnings(&path, has_secret)).collect()
}

fn warnings(path: &Path, has_secret: bool) -> Vec<Diagnostic> {
    // A path without a folder is in the current one.
    let file = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let access = std::fs::metadata(file).map(|metadata| OthersAccess::of(&metadata, has_secret));
    let warning = |(what, hint)| {
        let mut diagnostic = Diagnostic::error_of_file(path, [what, " a file or folder of the config"]);
        diagnostic.severity = Severity::Warning;
        diagnostic.title(format!("{what} {}", file.display())).hint(hint)
    };
    // A file that is not there was reported, or is no mistake.
    access.unwrap_or_default().into_iter().map(OthersAccess::words).map(warning).collect()
}
