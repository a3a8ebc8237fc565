//! Who claims: the only daemon on a file, one of several on a database, or a command. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::model::Claimant;

/// Who makes claims, and on what terms.
#[derive(Clone, Debug)]
pub(super) struct Claimer {
    pub(super) claimant: Claimant,
    /// The id of the daemon, if there may be several.
    pub(super) daemon: Option<Arc<str>>,
    /// The time between two requests to a host, where it is longer than usual.
    pub(super) gaps: Arc<BTreeMap<String, Duration>>,
}

/// The usual time between two requests to a host, when another daemon takes it over.
const USUAL_GAP: Duration = Duration::from_secs(1);

impl Claimer {
    /// The spelling in the tables.
    pub(super) fn name(&self) -> &str {
        match (self.claimant, &self.daemon) {
            (Claimant::Command, _) => "command",
            (Claimant::Daemon, Some(id)) => id,
            (Claimant::Daemon, None) => "daemon",
        }
    }

    /// Whose earlier claims a new one replaces: a daemon's own, which it no longer knows of. Their polls could not be
    /// committed, or a crash of the database has undone that. Several commands may run, which have one name.
    pub(super) fn replaceable(&self) -> Option<&str> {
        (self.claimant == Claimant::Daemon).then(|| self.name())
    }

    /// The id of a daemon that needs a host for itself before it claims.
    pub(super) fn sharing_daemon(&self) -> Option<&str> {
        self.daemon.as_deref().filter(|_| self.claimant == Claimant::Daemon)
    }

    /// How long the host is left alone after the last request of another daemon.
    pub(super) fn gap(&self, host: &str, learnt: Option<Duration>) -> Duration {
        self.gaps.get(host).copied().or(learnt).unwrap_or(USUAL_GAP).max(USUAL_GAP)
    }
}
