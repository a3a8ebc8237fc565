//! What this daemon's config is among those of all daemons on the store. Pure.

use crate::store::{ConfigStanding, UnpolledHosts};

/// How this daemon takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The digest of its config; empty if that is refused, and with a file.
    pub(super) digest: String,
    /// The digest of the config in force that it has applied or follows.
    pub(super) in_force: String,
    pub(super) config: ConfigStanding,
    /// What it leaves to the others.
    pub(super) unpolled: UnpolledHosts,
}

impl Standing {
    /// That of the only config.
    pub(super) fn of(digest: String, config: ConfigStanding) -> Standing {
        Standing { in_force: digest.clone(), digest, config, unpolled: UnpolledHosts::default() }
    }

    /// What the operator has to know. Nothing of the config is in it.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match self.config {
            ConfigStanding::InForce => None,
            ConfigStanding::Restored => Some(
                "A later edit than this config was in force, and no daemon that runs has it. Outputs that only that edit had are \
                 served as they were, and what it made private stays so. Copy the later config to this machine; or, if this one \
                 is meant, `touch` its file.",
            ),
            ConfigStanding::Differs => Some(
                "The config of this daemon differs from the one in force, which is a later edit: it serves what the daemons with \
                 that one make, and polls only the sources on which both agree. Copy the config in force to this machine; or, if \
                 this one is meant, `touch` its file.",
            ),
        }
    }
}
