//! HTTP in: request, call, response. Door: the only place that knows axum.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `127.0.0.1:8080`; port 0 takes a free one.
    Tcp(SocketAddr),
    /// `unix:/run/siftwire.sock`.
    Unix(PathBuf),
}
