//! The store in a PostgreSQL database.

use siftwire::store::{Store, StoreLocation};

use super::{server, start};

#[path = "contract.rs"]
mod contract;

/// A database for one store.
struct Home(server::Database);

impl Home {
    fn new() -> Home {
        Home(server::Database::new())
    }

    fn location(&self) -> StoreLocation {
        StoreLocation::Server(std::sync::Arc::new(self.0.url.parse().unwrap()))
    }

    fn start(&self) -> Store {
        start(self.location())
    }

    /// The tables do not enforce their references.
    fn problems(&self) -> Vec<String> {
        self.0.dangling_references()
    }
}
