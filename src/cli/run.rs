//! `siftwire run`: the daemon.

use std::process::ExitCode;

use super::config_option::ConfigOption;
use super::runtime::runtime;
use super::{logging, terminal};
use crate::daemon::{self, EmptyConfig};
use crate::serve::ListenAddress;
use anyhow::Context;

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
    let stop = daemon::stop_signal().context("cannot install signal handlers")?;
    let runtime = runtime()?;
    let result =
        runtime.block_on(daemon::run(loaded, async { drop(stop.await) }, announce)).context("cannot run");
    runtime.shutdown_background();
    result.map(|()| ExitCode::SUCCESS)
}

fn announce(listen: &ListenAddress) {
    match listen {
        ListenAddress::Tcp(address) => {
            terminal::message(&format!("siftwire is running: open http://{address}/ (stop with Ctrl-C)"));
        }
        ListenAddress::Unix(path) => terminal::message(&format!("siftwire is running on {}", path.display())),
    }
}
