//! `siftwire check`: is the config fine?

use std::process::ExitCode;

use super::configured::{self, Source};

/// Check the config and say everything that is wrong with it.
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Exit code 0 if the config can be used, 2 with every problem on standard error if not.
///
/// # Errors
/// None of the config's: only where the current folder is gone.
#[expect(clippy::print_stdout, reason = "the verdict is what the user asked for")]
pub fn run(_arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (place, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let sources = counted(config.sources.len(), "source");
    let outputs = counted(config.outputs.len(), "output");
    println!("{} is fine: {sources}, {outputs}", configured::called(&place));
    Ok(ExitCode::SUCCESS)
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
