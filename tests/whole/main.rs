//! End-to-end tests of the built binary, over loopback.

#![allow(clippy::disallowed_methods, reason = "a test starts the processes and threads that it needs")]

mod access;
mod articles;
mod bombs;
#[cfg(chromium)]
mod browser;
mod bursts;
mod claims;
mod completions;
mod crash;
mod cut_config;
mod damaged_rows;
mod databases;
#[cfg(postgres)]
mod differing_configs;
mod documented;
mod encodings;
mod entry_page;
mod faults;
mod filters;
mod finding;
mod first_start;
mod folders;
mod former_names;
#[path = "../config/secrets.rs"]
mod generated_secrets;
mod history;
#[cfg(chromium)]
mod hostile_texts;
mod icons;
mod ids;
mod inert;
mod inspected_articles;
mod life;
mod machines;
mod manual_pages;
mod many_sources;
mod measured;
mod members;
mod messages;
mod networks;
mod not_modified;
mod origin;
mod outage;
mod output_pages;
mod podcasts;
#[cfg(postgres)]
mod postgres;
mod private_feeds;
mod private_pages;
mod program;
mod proxy;
mod push;
mod quotas;
mod read_only;
mod readers;
mod reading_rules;
mod readme;
mod recipes;
mod reload;
mod replication;
mod same_store;
mod screenshots;
mod secrets;
#[cfg(postgres)]
#[path = "../postgres/mod.rs"]
mod server;
mod signals;
mod sources;
mod store_copy;
mod store_files;
mod stories;
mod stuck;
#[cfg(chromium)]
mod tasks;
mod tls;
mod try_page;
mod validated;
mod wild;

#[cfg(not(postgres))]
#[test]
#[ignore = "there is no PostgreSQL here"]
fn the_daemon_on_postgresql() {}
