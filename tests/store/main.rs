//! The store: its contract, which runs on each database, and what is special about each.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]
#![allow(clippy::disallowed_methods, reason = "the test runs the store's threads")]
#![allow(clippy::duplicate_mod, reason = "the contract runs on each database")]

use std::time::Duration;

use siftwire::store::{Options, Store, StoreLocation, open};

/// Opens a store and runs its threads.
fn start(location: StoreLocation) -> Store {
    let (store, workers) = open(&Options { location, keep: Duration::from_secs(86_400) }).unwrap();
    for mut worker in workers.0 {
        std::thread::spawn(move || (worker.run)());
    }
    store
}

mod sqlite;

#[cfg(postgres)]
#[path = "../postgres/mod.rs"]
mod server;

#[cfg(postgres)]
mod postgres;

#[cfg(not(postgres))]
#[test]
#[ignore = "there is no PostgreSQL here"]
fn the_contract_on_postgresql() {}
