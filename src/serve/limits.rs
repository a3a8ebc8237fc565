//! The limits of connections. Pure.

use std::time::Duration;

/// Limits for each connection, and for all of them together.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections. Above them, new ones take the place of idle ones, or are refused.
    pub connections: usize,
    /// Open connections of one client.
    pub per_client: usize,
    /// While all places are taken: how long each connection may stay in any case.
    pub grace: Duration,
    /// Time for a request head to arrive, and between two requests. Up to a quarter more may pass.
    pub head: Duration,
    /// Time in which the client must accept at least one byte of a response.
    pub stall: Duration,
    /// Time in which a connection may send requests. The response in progress then is its last.
    pub lifetime: Duration,
    /// Time for that last response, however slowly the client reads.
    pub last_response: Duration,
    /// Time for responses in progress when the server stops.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            per_client: 128,
            grace: Duration::from_millis(250),
            head: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            lifetime: Duration::from_secs(120),
            last_response: Duration::from_secs(600),
            drain: Duration::from_secs(5),
        }
    }
}
