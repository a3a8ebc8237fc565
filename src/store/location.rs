//! Where a store is. Looks whether a file is there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::server::Server;

/// Where a store is.
#[derive(Clone, Debug, PartialEq)]
pub enum StoreLocation {
    /// An SQLite file, by its absolute path.
    File(PathBuf),
    /// A PostgreSQL database.
    Server(Arc<Server>),
}

impl StoreLocation {
    /// Whether there is a file; a database is created by its administrator.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn try_exists(&self) -> std::io::Result<bool> {
        self.file().map_or(Ok(true), Path::try_exists)
    }

    /// Whether both are the same file, also by another path, or the same database.
    #[must_use]
    pub fn is_same(&self, other: &StoreLocation) -> bool {
        let real = |location: &StoreLocation| location.file().and_then(|path| path.canonicalize().ok());
        self == other || real(self).is_some_and(|path| real(other) == Some(path))
    }

    /// The path of the file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            StoreLocation::File(path) => Some(path),
            StoreLocation::Server(_) => None,
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreLocation::File(path) => path.display().fmt(f),
            StoreLocation::Server(server) => server.fmt(f),
        }
    }
}
