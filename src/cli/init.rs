//! `siftwire init`: writes the shipped config.toml, and never over another.

#![allow(clippy::disallowed_methods, reason = "writing this file is the word's whole job")]

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::config;

/// Write a commented config.toml to begin with.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to; a folder stands for config.toml in it.
    #[arg(default_value = "config.toml")]
    path: PathBuf,
}

/// Exit code 0; what to do next is told on standard error.
///
/// # Errors
/// There is a file already, or it cannot be written.
#[expect(clippy::print_stderr, reason = "words to the user go to standard error")]
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut path = arguments.path;
    if path.is_dir() {
        path.push("config.toml");
    }
    let shown = path.display();
    let mut file = match File::create_new(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{shown} is there already, and stays as it is")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {shown}")),
    };
    file.write_all(config::SHIPPED.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    eprintln!("Wrote {shown}. Put your sources and outputs there, then:");
    eprintln!("  siftwire check --config {shown}");
    eprintln!("  siftwire run --config {shown}");
    Ok(ExitCode::SUCCESS)
}
