//! `siftwire run`: the daemon.

use std::process::ExitCode;

use anyhow::Context;
use tokio::sync::oneshot;

use super::config_option::ConfigOption;
use super::runtime::runtime;
use super::{logging, terminal};
use crate::daemon::{self, EmptyConfig, Signals};
use crate::serve::ListenAddress;

/// `siftwire run`
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Apply a config without sources or without outputs, also where there were some before
    #[arg(long)]
    allow_empty: bool,
}

/// Runs until SIGTERM or SIGINT; a second signal ends the process at once.
///
/// # Errors
/// The daemon cannot start.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let mut loaded = config.load_for_daemon()?;
    if arguments.allow_empty {
        loaded.empty = EmptyConfig::Apply;
    }
    logging::start();
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let mut signals = Signals::listen().context("cannot install signal handlers")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let daemon = daemon::run(loaded, async { drop(stopped.await) }, announce);
        let second_signal = async {
            signals.next().await;
            // The send fails only if the daemon has ended already.
            let _ = stop.send(());
            signals.next().await;
        };
        tokio::select! {
            ended = daemon => ended.map(|()| ExitCode::SUCCESS).context("cannot run"),
            () = second_signal => Ok(ExitCode::FAILURE),
        }
    });
    runtime.shutdown_background();
    result
}

fn announce(listen: &ListenAddress) {
    match listen {
        ListenAddress::Tcp(address) => {
            terminal::message(&format!("siftwire is running: open http://{address}/ (stop with Ctrl-C)"));
        }
        ListenAddress::Unix(path) => terminal::message(&format!("siftwire is running on {}", path.display())),
    }
}
