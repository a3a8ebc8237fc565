//! `siftwire backup FILE`: copies the store, also while the daemon runs. I/O: the store, the terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use super::config_option::ConfigOption;
use super::runtime::require_store;
use super::terminal;
use crate::store;

/// `siftwire backup`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The new file; it must not exist
    file: PathBuf,
}

/// Copies the store as it is at one moment, and checks the copy. The rest of the config may have mistakes.
///
/// # Errors
/// The file exists, or the copy cannot be written or is damaged.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let (options, _) = config.store()?;
    require_store(&options)?;
    let bytes = store::backup(&options, &arguments.file)?;
    let (file, path) = (arguments.file.display(), &options.location);
    terminal::message(&format!("{file}: {} of {path}, checked", bytesize::ByteSize(bytes)));
    Ok(ExitCode::SUCCESS)
}
