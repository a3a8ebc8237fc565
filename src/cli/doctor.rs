//! `siftwire doctor`: checks the store, and salvages a damaged one. I/O: the store, the terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_option::ConfigOption;
use super::runtime::{require_store, with_store};
use super::terminal;
use crate::store::{self, DaemonStatus};

/// `siftwire doctor`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Copy all readable rows into this new file, whether the store is damaged or not
    #[arg(long, value_name = "FILE")]
    salvage: Option<PathBuf>,
}

/// Prints what is wrong with the store. Exit code 0 if it is sound, 1 if it is damaged. Never changes the store.
///
/// # Errors
/// There is no store; or, with `--salvage`, a daemon uses it or the new file cannot be written.
#[expect(clippy::print_stdout, reason = "the problems are what the user asked for")]
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let (options, _) = config.store()?;
    require_store(&options)?;
    let path = &options.location;
    let problems = store::check_integrity(&options)?;
    for problem in &problems {
        println!("{}", terminal::escape_line(problem));
    }
    if problems.is_empty() {
        println!("{path} is sound");
        let left_out =
            with_store(&options, async |store| Ok(store.daemon_status(DaemonStatus::LeftOut).await?))?;
        left_out
            .iter()
            .flat_map(|text| text.lines())
            .for_each(|line| println!("{}", terminal::escape_line(line)));
    }
    if let Some(file) = &arguments.salvage {
        for table in store::salvage(&options, file)? {
            let loss = if table.is_complete { "" } else { ", some lost" };
            println!("{}: {} rows{loss}", table.name, table.rows);
        }
        let new = file.display();
        terminal::message(&format!(
            "{new} has all readable rows. To use it: mv {path} {path}.damaged; rm -f {path}-wal {path}-shm; mv {new} {path}"
        ));
    } else if let (false, Some(path)) = (problems.is_empty(), options.location.file()) {
        terminal::message(&store::recovery_advice(path));
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
