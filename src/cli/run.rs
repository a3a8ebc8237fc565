//! `siftwire run`: the daemon.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, anyhow};
use indicatif::ProgressBar;

use super::InvalidInput;
use super::config_option::ConfigOption;
use super::runtime::runtime;
use super::terminal::{counted, progress_bar};
use super::{logging, terminal};
use crate::config;
use crate::daemon::{self, EmptyConfig, FirstPollsReport, ReportFirstPolls};
use crate::serve::ListenAddress;

/// The most outputs of which the end of a first start tells.
const MAX_NAMED_OUTPUTS: usize = 3;

/// `siftwire run`
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Apply a config without sources or without outputs, also where there were some before
    #[arg(long)]
    allow_empty: bool,
    /// Listen on this address instead of `listen` in the config, such as 0.0.0.0:8080 in a container [default:
    /// $SIFTWIRE_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// What to log: error, warn, info, debug or trace, also for a module, as in info,siftwire::fetch=debug [default:
    /// $SIFTWIRE_LOG, else $RUST_LOG, else info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// The daemon cannot start.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let log = logging::filter(arguments.log.as_deref()).map_err(|error| {
        terminal::message(&format!("siftwire: {error}"));
        InvalidInput
    })?;
    let mut loaded = config.load_for_daemon(arguments.listen)?;
    if arguments.allow_empty {
        loaded.empty = EmptyConfig::Apply;
    }
    let bar = progress_bar();
    logging::start(log, &bar);
    let place = loaded.location.to_string();
    let key = if loaded.config.store.location.file().is_some() { "path" } else { "url" };
    let stop = daemon::stop_signal().context("cannot install signal handlers")?;
    let runtime = runtime()?;
    let address = Arc::new(OnceLock::new());
    let report = report_first_polls(bar, Arc::clone(&address));
    let on_ready = |listen: &ListenAddress| {
        terminal::message(&format!("siftwire is running{} (stop with Ctrl-C)", reached_at(listen)));
        // Set once.
        let _ = address.set(reached_at(listen));
    };
    let stop = async { drop(stop.await) };
    let result = runtime.block_on(daemon::run(loaded, stop, on_ready, report));
    runtime.shutdown_background();
    result
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| anyhow!("cannot run: {error}{}", remedy(&error, key, &place)))
}

/// Tells how the first polls go: in a bar on a terminal, in a line for each tenth of the sources elsewhere, and in the end
/// what has come.
fn report_first_polls(bar: ProgressBar, address: Arc<OnceLock<String>>) -> ReportFirstPolls {
    let mut reported = 0;
    Box::new(move |report| {
        let FirstPollsReport { sources, polled, .. } = *report;
        bar.set_length(sources as u64);
        bar.set_position(polled as u64);
        if polled == sources {
            bar.finish_and_clear();
            let address = address.get().map_or("", String::as_str);
            terminal::message(&format!("{}{address}", what_came(report)));
        } else if bar.is_hidden() && polled >= reported + sources.div_ceil(10) {
            reported = polled;
            terminal::message(&format!("polled {polled} of {}", counted(sources, "source", "sources")));
        }
    })
}

/// "9 sources, 143 entries, 12 in Armenia".
fn what_came(report: &FirstPollsReport) -> String {
    let failed = match report.failed {
        0 => String::new(),
        count => format!(" ({count} failed: `siftwire status` says why)"),
    };
    let sources = counted(report.sources, "source", "sources");
    let entries = counted(usize::try_from(report.entries).unwrap_or(usize::MAX), "entry", "entries");
    let outputs = report.outputs.iter().take(MAX_NAMED_OUTPUTS);
    let outputs: String = outputs.map(|(title, count)| format!(", {count} in {title}")).collect();
    format!("{sources}{failed}, {entries}{outputs}")
}

fn reached_at(listen: &ListenAddress) -> String {
    match listen {
        ListenAddress::Tcp(_) => format!(": open {}", config::default_public_url(listen)),
        ListenAddress::Unix(path) => format!(" on {}", path.display()),
    }
}

/// Which key of the config to look at.
fn remedy(error: &daemon::Error, store_key: &str, place: &str) -> String {
    match error {
        daemon::Error::Listen(_, error) if error.kind() == ErrorKind::AddrInUse => format!(
            ": another program, or another siftwire, uses it. Stop that, or write another `listen` in [serve] of {place}"
        ),
        daemon::Error::Listen(..) => format!(". The address is `listen` in [serve] of {place}"),
        daemon::Error::Store(error) if error.is_transient() => {
            format!(". Its place is `{store_key}` in [store] of {place}")
        }
        _ => String::new(),
    }
}
