//! The store in a PostgreSQL database.

use siftwire::store::{DaemonDescription, Store, StoreLocation};

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

    /// A store of a daemon that is there.
    fn start(&self) -> Store {
        let store = start(self.location());
        let description =
            DaemonDescription { name: String::new(), address: String::new(), config: String::new() };
        let say_alive = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(store.say_alive(description)).unwrap();
        };
        std::thread::scope(|scope| scope.spawn(say_alive).join().unwrap());
        store
    }

    /// The tables do not enforce their references.
    fn problems(&self) -> Vec<String> {
        self.0.dangling_references()
    }
}
