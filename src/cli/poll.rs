//! `siftwire poll [SOURCE...]`: polls sources once, now.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use jiff::Timestamp;

use super::config_option::ConfigOption;
use super::runtime::with_store;
use super::{WrongUsage, terminal};
use crate::daemon::{self, ArticleTotals, EmptyConfig, PollerConfig, Unpolled};
use crate::fetch::Fetcher;
use crate::source::{Outcome, Source};
use crate::store;

/// `siftwire poll`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0, all were polled; 1, any source failed, for whatever reason, also offline; 2, a mistake in the config or the
command line; 3, none failed, but one was skipped: another siftwire was polling it, its host takes no requests now, or a
secret of it can be seen by the service alone.")]
pub struct Arguments {
    /// Names of sources in the config [default: all]
    sources: Vec<String>,
}

#[derive(Default)]
struct Totals {
    read: usize,
    not_modified: usize,
    failed: usize,
    /// Another process was polling them, or their host takes no requests.
    skipped: usize,
    new_entries: usize,
    edited_entries: usize,
    is_interrupted: bool,
    articles: ArticleTotals,
}

/// The exit code if no poll failed, but a source was skipped.
const SKIPPED: u8 = 3;

/// Polls each source once, due or not, and evaluates the new entries. Exit code 1 if a poll failed, else 3 if a source was
/// skipped.
///
/// # Errors
/// A source is unknown, or the store cannot be used.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config.load()?;
    for name in &arguments.sources {
        if !config.sources.iter().any(|source| source.name == *name) {
            let known = config.sources.iter().map(|source| source.name.as_str());
            let hint = terminal::did_you_mean(name, known);
            bail!(WrongUsage(format!("there is no source `{name}` in the config{hint}")));
        }
    }
    terminal::message(&format!("store: {}", config.store.location));
    let started = daemon::now();
    // A daemon's config decides what the store has; this one may be another.
    let is_locked = store::has_daemon(&config.store);
    let totals = with_store(&config.store, async |store| {
        let has_daemon = is_locked || !store.sharing().await?.daemons.is_empty();
        let site = config.site.clone();
        let (outputs, sources) = match has_daemon {
            true => daemon::recall(store, &config, site).await?,
            false => daemon::sync_config(store, &config, site, EmptyConfig::Refuse).await?,
        };
        let mut plans = store.next_polls().await?;
        let wanted: Vec<&str> = match &arguments.sources[..] {
            [] => config.sources.iter().map(|source| source.name.as_str()).collect(),
            names => names.iter().map(String::as_str).collect(),
        };
        let mut totals = Totals::default();
        let planned: HashSet<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
        for name in wanted.iter().filter(|name| !planned.contains(**name)) {
            totals.skipped += 1;
            terminal::message(&format!(
                "{name}: skipped: the daemon that runs does not have it in its config"
            ));
        }
        let lack_secret = lacking_secrets(&config.sources);
        for name in wanted.iter().filter(|name| lack_secret.contains(**name)) {
            totals.skipped += 1;
            terminal::message(&format!("{name}: skipped: a secret of it can be seen by the service alone"));
        }
        let wanted: HashSet<&str> = wanted.into_iter().collect();
        plans.retain(|plan| wanted.contains(plan.name.as_str()) && !lack_secret.contains(plan.name.as_str()));
        let bar = terminal::progress_bar();
        bar.set_length(plans.len() as u64);
        let fetcher = Fetcher::new(&config.fetch);
        let poller_config = PollerConfig::new(fetcher, sources, &config);
        let mut requests = daemon::OneTimeRequests::new(store, &poller_config).await?;
        let unpolled = requests
            .poll_all(plans, |finished| {
                bar.suspend(|| totals.add(finished));
                bar.inc(1);
            })
            .await?;
        bar.finish_and_clear();
        totals.add_unpolled(&unpolled);
        totals.is_interrupted = unpolled.is_interrupted;
        if !has_daemon {
            daemon::publish_once(store, &outputs).await?;
        }
        // A daemon reads them itself.
        if !has_daemon && !totals.is_interrupted {
            totals.articles = requests.read_articles(&wanted).await?;
            totals.is_interrupted = totals.articles.is_interrupted;
            if totals.articles.ended > 0 {
                daemon::publish_once(store, &outputs).await?;
            }
        }
        Ok(totals)
    })?;
    totals.print(started);
    if totals.is_interrupted {
        bail!("interrupted before all sources were polled");
    }
    Ok(match (totals.failed, totals.skipped) {
        (0, 0) => ExitCode::SUCCESS,
        (0, _) => ExitCode::from(SKIPPED),
        _ => ExitCode::FAILURE,
    })
}

/// The names of the sources of which a secret cannot be seen here.
fn lacking_secrets(sources: &[Arc<Source>]) -> HashSet<&str> {
    let lacking = sources.iter().filter(|source| source.access.lacks_secret);
    lacking.map(|source| source.name.as_str()).collect()
}

impl Totals {
    fn print(&self, started: Timestamp) {
        let Totals { read, not_modified, failed, skipped, new_entries, edited_entries, .. } = self;
        let skipped_words = if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        let articles = match self.articles.ended {
            0 => String::new(),
            ended => format!(", {} of {ended} articles read", self.articles.read),
        };
        terminal::message(&format!(
            "{} in {:.1} s: {read} read, {not_modified} not modified, {failed} failed{skipped_words}; {new_entries} new entries, {edited_entries} edited{articles}",
            terminal::counted(read + not_modified + failed, "source", "sources"),
            daemon::now().duration_since(started).as_secs_f64()
        ));
    }

    /// Counts a poll and prints it: on a terminal always, otherwise only a failure.
    fn add(&mut self, finished: &daemon::FinishedPoll) {
        let failed_before = self.failed;
        let outcome = match &finished.report {
            Ok(report) => {
                match &report.outcome {
                    Outcome::Read { new, edited, .. } => {
                        self.read += 1;
                        self.new_entries += new;
                        self.edited_entries += edited;
                    }
                    Outcome::NotModified => self.not_modified += 1,
                    Outcome::Failed(_) => self.failed += 1,
                }
                report.state.outcome.clone()
            }
            Err(error) => {
                self.failed += 1;
                error.to_string()
            }
        };
        if self.failed > failed_before || std::io::stderr().is_terminal() {
            terminal::message(&format!("{}: {outcome}", finished.name));
        }
    }

    fn add_unpolled(&mut self, unpolled: &Unpolled) {
        for name in &unpolled.claimed_elsewhere {
            self.skipped += 1;
            terminal::message(&format!("{name}: skipped: another siftwire is polling it"));
        }
        for (name, until) in &unpolled.held {
            self.skipped += 1;
            terminal::message(&format!("{name}: skipped: its host takes no requests until {until:.0}"));
        }
        for name in &unpolled.panicked {
            self.failed += 1;
            terminal::message(&format!("{name}: an internal error; the log has the details"));
        }
    }
}
