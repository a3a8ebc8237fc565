//! The daemons that share a store, and what they say of themselves. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

/// A daemon that has not been seen for so long has ended, or has stopped: then it loses its claims and hosts.
pub const MAX_SILENCE: Duration = Duration::from_secs(15);

/// What a daemon says of itself to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaemonDescription {
    /// Machine and process, for people.
    pub name: String,
    /// Which process it is, for a later one on the same machine; empty if that is not known.
    pub process: String,
    /// Where it listens.
    pub address: String,
    /// Digest of its config; empty if that is refused.
    pub config: String,
    /// How many sources it polls.
    pub sources: usize,
    /// What it leaves to the others.
    pub unpolled: UnpolledHosts,
}

/// Hosts that a daemon leaves to the others, since its config says other things of their sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnpolledHosts {
    /// These.
    These(BTreeSet<String>),
    /// All: they are too many to be told.
    All,
}

impl Default for UnpolledHosts {
    fn default() -> UnpolledHosts {
        UnpolledHosts::These(BTreeSet::new())
    }
}

impl UnpolledHosts {
    /// Whether this host is one of them.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        match self {
            UnpolledHosts::These(hosts) => hosts.contains(host),
            UnpolledHosts::All => true,
        }
    }
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

/// Who shares the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// The living daemons, by id.
    pub daemons: Vec<LivingDaemon>,
    /// The config in force.
    pub config: Option<ConfigInForce>,
}

impl Sharing {
    /// Whether outputs are made by the config of a daemon.
    #[must_use]
    pub fn is_in_force(&self, daemon: &DaemonDescription) -> bool {
        self.config.as_ref().is_some_and(|config| config.digest == daemon.config)
    }
}

/// The config by which outputs are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigInForce {
    /// Its digest.
    pub digest: String,
    /// How long ago a daemon was last seen with it.
    pub unheld: Duration,
    /// Whether that is so long that another one may take its place.
    pub is_abandoned: bool,
    /// Whether a later edit was in force before it.
    pub is_restored: bool,
}
