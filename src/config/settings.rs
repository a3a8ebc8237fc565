//! The checked config, the only form that the rest of the program sees. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::diagnostic::Diagnostics;
use crate::filter::QueryContext;
use crate::publish::FirstPollLimits;
use crate::publish::output::{Output, Site};
use crate::serve::{AccessToken, ListenAddress};
use crate::source::host_budget::HostSettings;
use crate::source::{Access, Source};
use crate::{fetch, store};

/// A file of the config as it was read.
#[derive(Clone)]
pub struct ConfigFile {
    /// Its path.
    pub path: PathBuf,
    /// Its text, with the secrets in it.
    pub text: Arc<str>,
}

/// Without the text, because of its secrets.
impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// The whole config, checked, with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address or socket that the server listens on.
    pub listen: ListenAddress,
    /// Settings shared by all outputs.
    pub site: Site,
    /// `max-age` of published documents.
    pub max_age: Duration,
    /// Whether each source has metrics of its own, however many there are.
    pub source_metrics: bool,
    /// Opens the private pages and outputs to those who are not on this machine.
    pub token: Option<AccessToken>,
    /// Path and retention of the store.
    pub store: store::Options,
    /// Settings shared by all requests.
    pub fetch: fetch::Options,
    /// The most polls at the same time.
    pub concurrency: usize,
    /// The most polls at the same time at one host.
    pub per_host: usize,
    /// What is configured for single hosts, by host.
    pub hosts: BTreeMap<String, HostSettings>,
    /// Request settings from `[poll]`, for addresses that are not a source.
    pub access: Access,
    /// In file order; names and URLs are unique.
    pub sources: Vec<Arc<Source>>,
    /// How many entries of a source's first poll may enter an output.
    pub first_poll_limits: FirstPollLimits,
    /// In file order; names are unique.
    pub outputs: Vec<Output>,
    /// Which ids outputs give to entries.
    pub ids: store::EntryIds,
    /// The topics and languages that the outputs' queries were parsed with.
    pub query_context: QueryContext,
    /// Whether a saved file is reloaded automatically.
    pub watch: bool,
    /// The files that were read, in order; empty for the built-in config.
    pub files: Vec<ConfigFile>,
    /// Valid settings that may not do what was meant.
    pub warnings: Option<Diagnostics>,
}
