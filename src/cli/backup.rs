//! `siftwire backup FILE`: a copy of the store, also while the daemon runs.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_option::ConfigOption;
use super::terminal;
use crate::store;

/// `siftwire backup`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to; there must be no file yet
    file: PathBuf,
}

/// Copies the store as it stands at one moment, and checks the copy before it gets its name. The config
/// may have mistakes, as long as it says where the store is.
///
/// # Errors
/// There is a file already, or the copy cannot be made or is not sound.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let (options, _) = config.store()?;
    let bytes = store::backup(&options, &arguments.file)?;
    terminal::message(&format!(
        "{}: {} of {}, checked",
        arguments.file.display(),
        bytesize::ByteSize(bytes),
        options.path.display()
    ));
    Ok(ExitCode::SUCCESS)
}
