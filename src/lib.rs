//! Siftwire polls feeds, keeps their entries, and republishes merged, keyword-filtered feeds.
//!
//! The modules, bottom to top; a module imports only modules that stand before it (`tests/tidy` holds
//! the table, `ARCHITECTURE.md` the reasons):
//!
//! - [`entry`], [`source`]: what one entry and one source are. Pure.
//! - [`metrics`]: counters and gauges, passed in. Knows nobody.
//! - [`story`]: is this the same text as one that we have? Pure.
//! - [`filter`]: the query language. Pure.
//! - [`store`]: the memory; the only place that knows SQL.
//! - [`ingest`]: the way in, one poll from claim to commit.
//! - [`publish`]: the way out, one output from new revisions to bytes.
//! - [`serve`]: HTTP in; the only place that knows axum.
//! - [`config`]: what the user asked for, checked whole.
//! - [`daemon`]: time, tasks and signals.
//! - [`cli`]: one file for each word that the user types.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod entry;
pub mod feed;
pub mod fetch;
pub mod filter;
pub mod html;
pub mod ingest;
pub mod metrics;
pub mod publish;
pub mod schedule;
pub mod serve;
pub mod source;
pub mod store;
pub mod story;
pub mod text;
