//! Siftwire polls feeds, keeps their entries, and republishes merged, keyword-filtered feeds.
//!
//! `ARCHITECTURE.md` says what each module does and which may import which; `tests/tidy` checks it.

pub mod article;
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
