//! The daemons that share a store, and which of them asks which host. Pure.

use std::sync::Arc;

use crate::entry::checksum;
use crate::store::LivingDaemon;

/// Who asks which host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peers {
    /// The id of this daemon. `None`: it is the only one.
    own: Option<Arc<str>>,
    living: Vec<String>,
}

impl Peers {
    /// Whether this daemon asks a host. All daemons that see the same ones agree, and one that comes or goes changes as
    /// little as can be (rendezvous hashing).
    pub(super) fn owns(&self, host: &str) -> bool {
        let Some(own) = &self.own else { return true };
        let weight = |daemon: &str| checksum(format!("{daemon} {host}").as_bytes());
        let owner = self.living.iter().max_by_key(|daemon| weight(daemon));
        owner.is_some_and(|owner| **owner == **own)
    }

    /// This daemon among those that live.
    pub(super) fn new(own: Option<Arc<str>>, living: &[LivingDaemon]) -> Peers {
        Peers { own, living: living.iter().map(|daemon| daemon.id.clone()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(own: usize, living: &[usize]) -> Peers {
        let id = |n: &usize| format!("daemon {n}");
        Peers { own: Some(id(&own).into()), living: living.iter().map(id).collect() }
    }

    #[test]
    fn each_host_has_one_owner_and_the_shares_are_even() {
        let hosts: Vec<String> = (0..3000).map(|n| format!("h{n}.example")).collect();
        let all = [0, 1, 2];
        let owned = all.map(|own| hosts.iter().filter(|host| peers(own, &all).owns(host)).count());
        assert_eq!(owned.iter().sum::<usize>(), hosts.len());
        assert!(owned.iter().all(|share| (900..1100).contains(share)), "{owned:?}");
    }

    #[test]
    fn only_the_hosts_of_one_that_leaves_change_their_owner() {
        for host in (0..500).map(|n| format!("h{n}.example")) {
            for own in [0, 1] {
                let (before, after) = (peers(own, &[0, 1, 2]).owns(&host), peers(own, &[0, 1]).owns(&host));
                assert!(after || !before, "{host}");
            }
        }
    }

    #[test]
    fn the_only_daemon_asks_every_host_and_one_that_is_silent_none() {
        assert!(Peers::default().owns("a.example"));
        assert!(!peers(0, &[1]).owns("a.example"));
    }
}
