//! `siftwire completions SHELL`: prints a shell completion script.

use std::process::ExitCode;

use super::terminal;

/// `siftwire completions`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints the script.
///
/// # Errors
/// Standard output is closed.
pub fn run(arguments: &Arguments, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "siftwire", &mut script);
    terminal::print(&script)?;
    Ok(ExitCode::SUCCESS)
}
