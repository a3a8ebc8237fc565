//! The lock that lets only one daemon use a store. I/O: the lock file.
#![allow(clippy::disallowed_methods, reason = "the store owns its files")]

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::error::Error;
use super::files::{create_private_file, create_private_folder, lock_file, not_writable};

/// The right to be the only daemon on a store. It ends with the process.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    files: Mutex<LockedFiles>,
}

#[derive(Debug)]
struct LockedFiles {
    /// The lock file, opened for writing.
    writable: Option<File>,
    /// On a read-only disk: the lock file as it is, or the database itself. It stays open to the end, since closing
    /// a handle on the database would end SQLite's own locks.
    read_only: Option<File>,
}

/// Locks a store. Where no lock file can be created, because the disk is read-only, the lock is good for reading;
/// `Lock::upgrade` completes it before the first write.
///
/// # Errors
/// Another daemon has the lock, or there is neither a lock file nor a database.
pub fn lock(path: &Path) -> Result<Lock, Error> {
    let path = path.to_owned();
    create_private_folder(&path)?;
    let files = match create_private_file(&lock_file(&path)) {
        Ok(file) => LockedFiles { writable: Some(try_lock(file, &path)?), read_only: None },
        Err(error) => match File::open(lock_file(&path)).or_else(|_| File::open(&path)) {
            Ok(file) => LockedFiles { writable: None, read_only: Some(try_lock(file, &path)?) },
            Err(_) => {
                return Err(Error::not_writable(format!(
                    "cannot open {}: {error}",
                    lock_file(&path).display()
                )));
            }
        },
    };
    Ok(Lock { path, files: Mutex::new(files) })
}

/// Whether a daemon uses a store.
#[must_use]
pub fn has_daemon(path: &Path) -> bool {
    let file = File::open(lock_file(path));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

impl Lock {
    /// Makes the lock good for writing.
    pub(super) fn upgrade(&self) -> Result<(), Error> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.writable.is_some() {
            return Ok(());
        }
        let failed = |e| not_writable(&self.path, &e);
        let file = create_private_file(&lock_file(&self.path)).map_err(failed)?;
        // Both may be the same file.
        files.read_only.as_ref().map_or(Ok(()), File::unlock).map_err(failed)?;
        match try_lock(file, &self.path) {
            Ok(file) => files.writable = Some(file),
            Err(error) => {
                // Another daemon has the lock and may write; this one still reads.
                files.read_only.iter().for_each(|file| drop(file.try_lock()));
                return Err(error);
            }
        }
        Ok(())
    }
}

fn try_lock(file: File, path: &Path) -> Result<File, Error> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::new(format!(
            "another siftwire is running on {}: stop it first, or give this one another `path` in [store]",
            path.display()
        ))),
        Err(std::fs::TryLockError::Error(e)) => {
            Err(Error::new(format!("cannot lock {}: {e}", path.display())))
        }
    }
}
