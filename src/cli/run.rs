//! `siftwire run`: the daemon.

use std::io::ErrorKind;
use std::process::ExitCode;

use super::config_option::ConfigOption;
use super::runtime::runtime;
use super::{logging, terminal};
use crate::daemon::{self, EmptyConfig};
use crate::serve::ListenAddress;
use anyhow::{Context, anyhow};

/// `siftwire run`
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Apply a config without sources or without outputs, also where there were some before
    #[arg(long)]
    allow_empty: bool,
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// The daemon cannot start.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let mut loaded = config.load_for_daemon()?;
    if arguments.allow_empty {
        loaded.empty = EmptyConfig::Apply;
    }
    logging::start();
    let place = loaded.location.to_string();
    let stop = daemon::stop_signal().context("cannot install signal handlers")?;
    let runtime = runtime()?;
    let result = runtime.block_on(daemon::run(loaded, async { drop(stop.await) }, announce));
    runtime.shutdown_background();
    result
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| anyhow!("cannot run: {error}{}", remedy(&error, &place)))
}

/// Which key of the config to look at.
fn remedy(error: &daemon::Error, place: &str) -> String {
    match error {
        daemon::Error::Listen(_, error) if error.kind() == ErrorKind::AddrInUse => format!(
            ": another program, or another siftwire, uses it. Stop that, or write another `listen` in [serve] of {place}"
        ),
        daemon::Error::Listen(..) => format!(". The address is `listen` in [serve] of {place}"),
        daemon::Error::Store(error) if error.is_transient() => {
            format!(". Its place is `path` in [store] of {place}")
        }
        _ => String::new(),
    }
}

fn announce(listen: &ListenAddress) {
    match listen {
        ListenAddress::Tcp(address) => {
            terminal::message(&format!("siftwire is running: open http://{address}/ (stop with Ctrl-C)"));
        }
        ListenAddress::Unix(path) => terminal::message(&format!("siftwire is running on {}", path.display())),
    }
}
