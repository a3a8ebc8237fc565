//! `siftwire run`, also without a word: the daemon.

use std::process::ExitCode;

use anyhow::Context;
use tokio::sync::oneshot;

use super::configured::{self, Source};
use crate::config::Place;
use crate::daemon::{self, Signals};
use crate::serve::ListenAddress;

/// `siftwire run`
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {}

/// Runs until SIGTERM or SIGINT; a second one does not wait for anything.
///
/// # Errors
/// The daemon cannot start.
pub fn run(_: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let given = match configured::given(source)? {
        Ok(given) => given,
        Err(code) => return Ok(code),
    };
    if given.place == Place::BuiltIn {
        super::say(
            "no config.toml was found: the built-in one serves; `siftwire init` writes it out for you to edit",
        );
    }
    super::logging::start();
    let runtime = super::runtime()?;
    let code = runtime.block_on(async {
        let mut signals = Signals::listen().context("cannot listen to signals")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let daemon = daemon::run(given, async { drop(stopped.await) }, announce);
        let insist = async {
            signals.next().await;
            // Where nobody waits for it the daemon has ended by itself.
            let _ = stop.send(());
            signals.next().await;
        };
        tokio::select! {
            ended = daemon => ended.map(|()| ExitCode::SUCCESS).context("cannot run"),
            () = insist => Ok(ExitCode::FAILURE),
        }
    });
    runtime.shutdown_background();
    code
}

fn announce(listen: &ListenAddress) {
    match listen {
        ListenAddress::Tcp(address) => {
            super::say(&format!("siftwire is running: look at http://{address}/ (stop with Ctrl-C)"));
        }
        ListenAddress::Unix(path) => super::say(&format!("siftwire is running on {}", path.display())),
    }
}
