//! Which connections are served when there are too many. Pure.
//!
//! Connections that wait for a request give way first: that ends slow request heads and unused keep-alives, of which
//! anybody can open thousands. Peers on loopback and on unix sockets have no bound of their own, since they stand for many
//! (a web server in front), and always get a place: health checks come from there.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::limits::ConnectionLimits;
use super::timeouts::Activity;

/// What is counted as one client: an IPv4 address or an IPv6 network of 64 bits, which is what one subscriber has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// This machine.
    Local,
    Remote(IpAddr),
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Client::Local => f.write_str("this machine"),
            Client::Remote(ip) => ip.fmt(f),
        }
    }
}

impl Client {
    /// `peer` is `None` on a unix socket.
    pub(super) fn of(peer: Option<IpAddr>) -> Client {
        match peer.map(|peer| peer.to_canonical()) {
            None => Client::Local,
            Some(ip) if ip.is_loopback() => Client::Local,
            Some(IpAddr::V4(ip)) => Client::Remote(ip.into()),
            Some(IpAddr::V6(ip)) => {
                Client::Remote(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into())
            }
        }
    }

    /// The address of another machine.
    pub(super) fn address(self) -> Option<IpAddr> {
        match self {
            Client::Local => None,
            Client::Remote(address) => Some(address),
        }
    }
}

/// A connection that is served, with a handle to end it.
pub(super) struct Connection<H> {
    pub(super) client: Client,
    pub(super) activity: Activity,
    /// It was there when all places were taken, and [`ConnectionLimits::grace`] has passed since.
    pub(super) past_grace: bool,
    pub(super) handle: H,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Accepted,
    /// Accepted in place of the connection with this index.
    InsteadOf(usize),
    /// To be decided again after the end of a connection, or after [`ConnectionLimits::grace`]: in a burst, most
    /// connections end at once.
    Later,
    Refused,
}

/// Decides on a new connection; `open` has the oldest first.
pub(super) fn admit<H>(open: &[Connection<H>], client: Client, limits: &ConnectionLimits) -> Admission {
    let oldest = |is_meant: &dyn Fn(&Connection<H>) -> bool| open.iter().position(is_meant);
    let is_own = |connection: &Connection<H>| connection.client == client;
    if client != Client::Local
        && open.iter().filter(|connection| is_own(connection)).count() >= limits.per_client
    {
        let own_idle = oldest(&|connection| is_own(connection) && !connection.activity.is_responding());
        return own_idle.map_or(Admission::Refused, Admission::InsteadOf);
    }
    if open.len() < limits.connections {
        return Admission::Accepted;
    }
    let past_grace = |is_meant: &dyn Fn(&Connection<H>) -> bool| {
        oldest(&|connection| connection.past_grace && is_meant(connection))
    };
    let mut giving_way = past_grace(&|connection| !connection.activity.is_responding());
    if client == Client::Local {
        giving_way = giving_way
            .or_else(|| past_grace(&|connection| connection.client != Client::Local))
            .or_else(|| past_grace(&|_| true));
    }
    match giving_way {
        Some(index) => Admission::InsteadOf(index),
        None if open.iter().all(|connection| connection.past_grace) => Admission::Refused,
        None => Admission::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: fn() -> ConnectionLimits =
        || ConnectionLimits { connections: 4, per_client: 2, ..ConnectionLimits::default() };

    fn remote(ip: &str) -> Client {
        Client::of(Some(ip.parse().expect("an address")))
    }

    #[derive(Clone, Copy)]
    enum State {
        Idle,
        Responding,
    }

    fn connections(all: &[(&str, State)], past_grace: bool) -> Vec<Connection<()>> {
        let connection = |(ip, state): &(&str, State)| {
            let activity = Activity::new();
            if let State::Responding = state {
                activity.request_received();
            }
            Connection { client: remote(ip), activity, past_grace, handle: () }
        };
        all.iter().map(connection).collect()
    }

    #[test]
    fn a_client_is_an_address_or_an_ipv6_network() {
        assert_eq!(remote("198.51.100.7"), remote("::ffff:198.51.100.7"));
        assert_ne!(remote("198.51.100.7"), remote("198.51.100.8"));
        assert_eq!(remote("2001:db8:1:2::1"), remote("2001:db8:1:2:ffff::9"));
        assert_ne!(remote("2001:db8:1:2::1"), remote("2001:db8:1:3::1"));
        for local in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(remote(local), Client::Local, "{local}");
        }
        assert_eq!(Client::of(None), Client::Local);
    }

    #[test]
    fn one_client_has_a_bound_of_its_own() {
        let admit = |open: &[_], ip| admit(&connections(open, false), remote(ip), &LIMITS());
        use State::{Idle, Responding};
        let (one, other) = ("192.0.2.1", "192.0.2.2");
        assert_eq!(admit(&[(one, Responding)], one), Admission::Accepted);
        assert_eq!(admit(&[(one, Responding), (one, Responding)], one), Admission::Refused);
        assert_eq!(admit(&[(one, Responding), (one, Responding)], other), Admission::Accepted);
        assert_eq!(admit(&[(other, Idle), (one, Responding), (one, Idle)], one), Admission::InsteadOf(2));
        let many = [("127.0.0.1", Idle); 3];
        assert_eq!(admit(&many, "127.0.0.1"), Admission::Accepted, "it stands for many");
    }

    #[test]
    fn when_all_places_are_taken_the_idle_give_way_and_local_peers_get_one() {
        use State::{Idle, Responding};
        let (a, b, c, local) = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "::1");
        for (open, past_grace, newcomer, admission) in [
            ([(a, Responding), (a, Idle), (b, Idle), (b, Idle)], true, c, Admission::InsteadOf(1)),
            ([(a, Idle), (a, Idle), (b, Idle), (b, Idle)], false, c, Admission::Later),
            ([(a, Idle), (a, Idle), (b, Idle), (b, Idle)], false, local, Admission::Later),
            (
                [(a, Responding), (a, Responding), (b, Responding), (b, Responding)],
                true,
                c,
                Admission::Refused,
            ),
            (
                [(local, Responding), (local, Responding), (b, Responding), (b, Responding)],
                true,
                local,
                Admission::InsteadOf(2),
            ),
            (
                [(local, Responding), (local, Responding), (local, Responding), (local, Responding)],
                true,
                local,
                Admission::InsteadOf(0),
            ),
            (
                [(local, Responding), (local, Idle), (local, Responding), (local, Idle)],
                true,
                local,
                Admission::InsteadOf(1),
            ),
        ] {
            let open = connections(&open, past_grace);
            assert_eq!(admit(&open, remote(newcomer), &LIMITS()), admission, "{newcomer}");
        }
    }
}
