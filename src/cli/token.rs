//! `siftwire token`: makes a token for the private pages and outputs.

use std::path::{PathBuf, absolute};
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::rand::{GetRandomFlags, getrandom};

use super::init::write_new;
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
    // Never readable for others, not even while it is written.
    write_new(file, &format!("{token}\n"), 0o600)?;
    let shown = absolute(file).unwrap_or_else(|_| file.clone());
    let shown = shown.display();
    terminal::message(&format!(
        "Wrote {shown}. Name it in the config:\n\n  [serve]\n  token = {{ file = \"{shown}\" }}\n\nThe user who runs \
         siftwire must be able to read it. A running daemon takes it once the config is saved."
    ));
    Ok(ExitCode::SUCCESS)
}
