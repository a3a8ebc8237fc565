//! The HTTP server: routes, handlers, connections and their limits. Does I/O; the only module that uses axum and hyper.

mod address;
mod admission;
mod connections;
mod handlers;
mod limits;
pub mod listen;
mod negotiate;
mod response;
mod routes;
mod state;
mod timeouts;

pub use connections::run;
pub use limits::ConnectionLimits;
pub use listen::{ListenAddress, Listener};
pub use routes::{Routes, routes};
pub use state::{
    ArchiveReader, ArchiveResult, MaxAge, Readiness, ServerState, SourcesReader, SourcesResult, StoreHealth,
    StoreReaders,
};
