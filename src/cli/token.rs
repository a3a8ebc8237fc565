//! `siftwire token`: makes a token for the private pages and outputs.

#![allow(clippy::disallowed_methods, reason = "writes the token's file")]

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::rand::{GetRandomFlags, getrandom};

use super::terminal;

/// 256 bits: nobody guesses that, however fast.
const TOKEN_BYTES: usize = 32;

/// `siftwire token`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write it into this new file, which only its owner can read, instead of to standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Makes a token and says where to put it.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut bytes = [0; TOKEN_BYTES];
    let filled =
        getrandom(&mut bytes[..], GetRandomFlags::empty()).context("the system has no random numbers")?;
    if filled != TOKEN_BYTES {
        bail!("the system has no random numbers");
    }
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let Some(file) = &arguments.output else {
        terminal::print(format!("{token}\n").as_bytes())?;
        terminal::message(
            "Put it into a file that only the user can read who runs siftwire, and name that in the config:\n\n  \
             [serve]\n  token = { file = \"siftwire.token\" }\n\n`siftwire token --output siftwire.token` writes such a file.",
        );
        return Ok(ExitCode::SUCCESS);
    };
    write(file, &token)?;
    let shown = absolute(file).unwrap_or_else(|_| file.clone());
    let shown = shown.display();
    terminal::message(&format!(
        "Wrote {shown}. Name it in the config:\n\n  [serve]\n  token = {{ file = \"{shown}\" }}\n\nThe user who runs \
         siftwire must be able to read it. A running daemon takes it once the config is saved."
    ));
    Ok(ExitCode::SUCCESS)
}

/// The file is never readable for others, not even while it is written.
fn write(path: &Path, token: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{shown} already exists and was not changed: name another file, or move this one away")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {shown}")),
    };
    writeln!(file, "{token}").with_context(|| format!("cannot write {shown}"))
}
