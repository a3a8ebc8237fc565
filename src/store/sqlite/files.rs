//! The store's files: paths, modes and sizes. I/O: the file system.
#![allow(clippy::disallowed_methods, reason = "the store owns its files")]

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::super::error::Error;

/// The path with a suffix, for files beside the database.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(suffix);
    name.into()
}

pub(super) fn lock_file(path: &Path) -> PathBuf {
    with_suffix(path, ".lock")
}

/// Creates the folder of the store, mode 0700, if there is none.
pub(super) fn create_private_folder(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent().filter(|folder| !folder.exists()) else { return Ok(()) };
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    created.map_err(|e| Error::not_writable(format!("cannot create the folder of {}: {e}", path.display())))
}

/// Opens a file for writing, creates it with mode 0600. SQLite gives its side files the mode of the main file.
pub(super) fn create_private_file(path: &Path) -> std::io::Result<File> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

pub(super) fn refuse_existing(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Err(Error::new(format!("{} exists already, and is not overwritten", path.display())));
    }
    Ok(())
}

/// Finds out why a database that SQLite opens read-only cannot be written. SQLite does not report the reason.
pub(super) fn why_not_writable(path: &Path) -> Error {
    let probe = with_suffix(path, ".probe");
    let created = create_private_file(&probe).and_then(|_| std::fs::remove_file(&probe));
    match created.and_then(|()| create_private_file(&lock_file(path))) {
        Err(error) => not_writable(path, &error),
        Ok(_) => Error::not_writable(format!("{} is read-only", path.display())),
    }
}

pub(super) fn not_writable(path: &Path, error: &std::io::Error) -> Error {
    Error::not_writable(format!("{} cannot be written: {error}", path.display()))
}

/// Device and inode of a file, read without opening it.
pub(super) fn device_and_inode(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Sizes of the store's files in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSizes {
    /// The database.
    pub database: u64,
    /// The write-ahead log.
    pub log: u64,
}

/// The sizes of the store's files; 0 for a missing one.
#[must_use]
pub fn file_sizes(path: &Path) -> FileSizes {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    FileSizes { database: size(path), log: size(&with_suffix(path, "-wal")) }
}
