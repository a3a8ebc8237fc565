//! `siftwire init`: writes the shipped config.toml. Never overwrites a file.

#![allow(clippy::disallowed_methods, reason = "writes the new config file")]

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::terminal;
use crate::config;

/// `siftwire init`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to write; in a directory it is named config.toml.
    #[arg(default_value = "config.toml")]
    path: PathBuf,
}

/// Writes the file and prints what to do next.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut path = arguments.path;
    if path.is_dir() {
        path.push("config.toml");
    }
    let shown = path.display();
    let mut file = match File::create_new(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{shown} already exists and was not changed")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {shown}")),
    };
    file.write_all(config::SHIPPED.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    terminal::message(&format!(
        "Wrote {shown}. Add your sources and outputs to it, then:\n  \
         siftwire check --config {shown}\n  siftwire run --config {shown}"
    ));
    Ok(ExitCode::SUCCESS)
}
