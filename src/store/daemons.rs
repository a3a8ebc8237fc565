//! The daemons that share a store. Pure.

use std::time::Duration;

/// What a daemon says of itself to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonDescription {
    /// Machine and process, for people.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Hash of what has to be the same in the configs of all daemons.
    pub config: String,
}

/// A daemon that shares the store and lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivingDaemon {
    /// Its id, which is new at each start.
    pub id: String,
    /// What it says of itself.
    pub description: DaemonDescription,
    /// How long ago it said so.
    pub silent: Duration,
}
