//! The daemons that share a store, and which of them asks which host. Pure.

use std::sync::Arc;

use crate::entry::checksum;
use crate::store::{LivingDaemon, UnpolledHosts};

/// Who asks which host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peers {
    /// The id of this daemon. `None`: it is the only one.
    own: Option<Arc<str>>,
    living: Vec<SharingDaemon>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SharingDaemon {
    id: String,
    unpolled: UnpolledHosts,
}

impl Peers {
    /// Whether this daemon asks a host. All daemons that see the same ones agree, and one that comes or goes changes as
    /// little as can be (rendezvous hashing). One that leaves the host to others has it only if all do so: then it polls
    /// those of its sources on which its config agrees.
    pub(super) fn owns(&self, host: &str) -> bool {
        let Some(own) = &self.own else { return true };
        let rank = |peer: &&SharingDaemon| {
            (!peer.unpolled.has(host), checksum(format!("{} {host}", peer.id).as_bytes()))
        };
        self.living.iter().max_by_key(rank).is_some_and(|owner| *owner.id == **own)
    }

    /// This daemon among those that live.
    pub(super) fn new(own: Option<Arc<str>>, living: &[LivingDaemon]) -> Peers {
        let peer = |daemon: &LivingDaemon| SharingDaemon {
            id: daemon.id.clone(),
            unpolled: daemon.description.unpolled.clone(),
        };
        Peers { own, living: living.iter().map(peer).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(own: usize, living: &[usize]) -> Peers {
        let peer =
            |n: &usize| SharingDaemon { id: format!("daemon {n}"), unpolled: UnpolledHosts::default() };
        Peers { own: Some(peer(&own).id.into()), living: living.iter().map(peer).collect() }
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
    fn a_host_that_a_daemon_leaves_to_others_is_asked_by_one_of_them() {
        let all = [0, 1, 2];
        let with = |own: usize, unpolled: &[(usize, &UnpolledHosts)]| {
            let mut peers = peers(own, &all);
            for (n, hosts) in unpolled {
                peers.living[*n].unpolled = UnpolledHosts::clone(hosts);
            }
            peers
        };
        for host in (0..200).map(|n| format!("h{n}.example")) {
            let these = UnpolledHosts::These([host.clone()].into());
            let owners = |unpolled: &[(usize, &UnpolledHosts)]| {
                all.into_iter().filter(|own| with(*own, unpolled).owns(&host)).collect::<Vec<_>>()
            };
            let usual = owners(&[]);
            let left = owners(&[(0, &these), (1, &UnpolledHosts::All)]);
            assert_eq!(left, [2], "{host}");
            let (by_all, of_another) =
                ([(0, &these), (1, &these), (2, &these)], UnpolledHosts::These(["x".into()].into()));
            assert_eq!(owners(&by_all), usual, "{host}: nobody else does");
            assert_eq!(owners(&[(0, &of_another)]), usual, "{host}");
        }
    }

    #[test]
    fn the_only_daemon_asks_every_host_and_one_that_is_silent_none() {
        assert!(Peers::default().owns("a.example"));
        assert!(!peers(0, &[1]).owns("a.example"));
    }
}
