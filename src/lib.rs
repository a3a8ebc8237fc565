//! Siftwire polls feeds, keeps their entries, and republishes merged, keyword-filtered feeds.
//!
//! The modules, from below; a module imports only modules before it (`tests/tidy` checks this, `ARCHITECTURE.md` has
//! the reasons):
//!
//! - [`entry`], [`source`], [`metrics`]: the shared data. Pure.
//! - [`text`]: plain text, words, language. Pure.
//! - [`html`]: makes HTML safe to publish. Pure.
//! - [`filter`]: the query language. Pure.
//! - [`story`]: whether two entries tell the same story. Pure.
//! - [`store`]: what is kept; the only module that knows SQL.
//! - [`feed`]: bytes to entries. Pure.
//! - [`fetch`]: one HTTP request; the only module that talks to the network.
//! - [`schedule`]: when a source is polled next. Pure.
//! - [`ingest`]: one poll, from claim to commit.
//! - [`publish`]: one output, from new revisions to bytes.
//! - [`serve`]: the HTTP server; the only module that knows axum.
//! - [`config`]: the checked configuration; the only module that knows TOML.
//! - [`daemon`]: time, tasks and signals.
//! - [`cli`]: one file for each command.

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
