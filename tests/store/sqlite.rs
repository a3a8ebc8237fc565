//! The store in a file.

use std::time::Duration;

use siftwire::store::{Options, Store, StoreLocation};

use super::start;

#[path = "contract.rs"]
mod contract;
#[path = "files.rs"]
mod files;

/// A folder for one store.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn location(&self) -> StoreLocation {
        StoreLocation::File(self.0.path().join("deep/store.db"))
    }

    fn start(&self) -> Store {
        start(self.location())
    }

    /// What `siftwire doctor` finds.
    fn problems(&self) -> Vec<String> {
        let options = Options { location: self.location(), keep: Duration::ZERO };
        siftwire::store::check_integrity(&options).unwrap()
    }
}
