//! `siftwire poll [SOURCE...]`: one round now.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use super::configured::{self, Source};
use crate::daemon::{self, PollerConfig, StoreThreads};
use crate::fetch::Fetcher;
use crate::source::Outcome;

/// `siftwire poll`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Names of sources as in the config; all where none is given
    sources: Vec<String>,
}

#[derive(Default)]
struct Tally {
    read: usize,
    unchanged: usize,
    failed: usize,
    new: usize,
    edited: usize,
}

/// Polls each source once, due or not, then evaluates what is new.
///
/// # Errors
/// A name is unknown, or the store cannot be used.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    for name in &arguments.sources {
        if !config.sources.iter().any(|known| known.name == *name) {
            bail!("there is no source `{name}` in the config");
        }
    }
    let started = daemon::now();
    let tally = super::runtime()?.block_on(async {
        let memory = StoreThreads::open(&config.store)?;
        let (outputs, sources) = daemon::sync_config(&memory.store, &config, config.site.clone()).await?;
        let wanted = |name: &String| arguments.sources.is_empty() || arguments.sources.contains(name);
        let mut plans = memory.store.next_polls().await?;
        plans.retain(|plan| wanted(&plan.name));
        let bar = bar(plans.len() as u64);
        let mut tally = Tally::default();
        let fetcher = Fetcher::new(&config.fetch);
        let poller_config = PollerConfig::new(fetcher, sources, config.concurrency, config.per_host);
        let others = daemon::poll_all(&memory.store, &poller_config, plans, |finished| {
            bar.suspend(|| tally.add(finished));
            bar.inc(1);
        })
        .await?;
        bar.finish_and_clear();
        if others > 0 {
            super::say(&format!("{others} sources are being polled by another siftwire"));
        }
        daemon::publish_once(&memory.store, &outputs).await?;
        memory.close();
        anyhow::Ok(tally)
    })?;
    let Tally { read, unchanged, failed, new, edited } = &tally;
    super::say(&format!(
        "{} sources in {:.1} s: {read} read, {unchanged} not modified, {failed} failed; {new} new entries, {edited} edited",
        read + unchanged + failed,
        daemon::now().duration_since(started).as_secs_f64()
    ));
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Tally {
    fn add(&mut self, finished: &daemon::FinishedPoll) {
        let before = self.failed;
        let words = match &finished.report {
            Ok(report) => {
                match &report.outcome {
                    Outcome::Read { new, edited, .. } => {
                        self.read += 1;
                        self.new += new;
                        self.edited += edited;
                    }
                    Outcome::NotModified => self.unchanged += 1,
                    Outcome::Failed(_) => self.failed += 1,
                }
                report.state.outcome.clone()
            }
            Err(error) => {
                self.failed += 1;
                error.to_string()
            }
        };
        // Where nobody watches, only what went wrong and the last line are worth reading.
        if self.failed > before || std::io::stderr().is_terminal() {
            super::say(&format!("{}: {words}", finished.name));
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
