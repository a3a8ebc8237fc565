//! The HTTP server: routes, handlers, connections and their limits. Does I/O; the only module that uses axum and hyper.

mod access;
mod address;
mod admission;
mod connections;
mod handlers;
mod limits;
pub mod listen;
mod negotiate;
mod private;
mod response;
mod routes;
mod search;
mod state;
mod timeouts;
mod wrong_tokens;

pub use access::AccessToken;
pub use connections::run;
pub use limits::ConnectionLimits;
pub use listen::{ListenAddress, Listener};
pub use routes::{Routes, routes};
pub use state::{
    ArchiveReader, ArchiveResult, HttpSettings, OutputPage, OutputPageAnswer, OutputPageReader, PrivatePage,
    PrivatePageReader, PrivatePageResult, Readiness, SearchAnswer, SearchClient, SearchReader, ServerState,
    SharedHttpSettings, StoreHealth, StoreReaders,
};
