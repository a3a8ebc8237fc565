//! One HTTP visit. Door: the only place that knows reqwest.

use std::net::IpAddr;

/// What every visit has in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Goes into the User-Agent.
    pub contact: Option<String>,
    /// Private ranges that sources may use.
    pub allow: Vec<Network>,
}

/// A range of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any address of the range.
    pub address: IpAddr,
    /// Leading bits that count.
    pub prefix: u8,
}
