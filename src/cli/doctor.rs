//! `siftwire doctor`: is the store sound? What can be read of a damaged one goes into a new file.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_option::ConfigOption;
use super::terminal;
use crate::store;

/// `siftwire doctor`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Copy all that can be read into this new file, whether the store is damaged or not
    #[arg(long, value_name = "FILE")]
    salvage: Option<PathBuf>,
}

/// Exit code 0 if the store is sound, 1 if it is damaged. The store itself is never changed.
///
/// # Errors
/// There is no store, a daemon has it while it is to be salvaged, or the new file cannot be written.
#[expect(clippy::print_stdout, reason = "the findings are what the user asked for")]
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let (options, _) = config.store()?;
    let shown = options.path.display();
    let found = store::check_integrity(&options)?;
    for finding in &found {
        println!("{}", terminal::escape_line(finding));
    }
    if found.is_empty() {
        println!("{shown} is sound");
    }
    if let Some(file) = &arguments.salvage {
        let tables = store::salvage(&options, file)?;
        for table in &tables {
            println!(
                "{}: {} rows{}",
                table.name,
                table.rows,
                if table.is_complete { "" } else { ", some lost" }
            );
        }
        let new = file.display();
        terminal::message(&format!(
            "{new} holds what could be read. To use it: mv {shown} {shown}.damaged; rm -f {shown}-wal {shown}-shm; mv {new} {shown}"
        ));
    } else if !found.is_empty() {
        terminal::message(&store::recovery_advice(&options.path));
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
