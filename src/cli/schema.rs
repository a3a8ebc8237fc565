//! `siftwire schema`: prints the JSON schema of config.toml.

use std::process::ExitCode;

use super::terminal;
use crate::config;

/// Prints the schema.
///
/// # Errors
/// Standard output is closed.
pub fn run() -> anyhow::Result<ExitCode> {
    terminal::print(format!("{:#}\n", config::schema()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
