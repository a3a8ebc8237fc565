//! `siftwire help [COMMAND...]`: the help of a command, or the filter language.

use std::process::ExitCode;

use anyhow::bail;

use super::{terminal, unknown_command};
use crate::filter;

/// `siftwire help`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A command, or `filter` for the filter language
    #[arg(value_name = "COMMAND")]
    commands: Vec<String>,
}

/// Prints help.
///
/// # Errors
/// There is no such command.
pub fn run(arguments: Arguments, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    if arguments.commands == ["filter"] {
        terminal::print(filter::MANUAL.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    command.build();
    let mut found = command.clone();
    for name in &arguments.commands {
        found = match found.find_subcommand(name) {
            Some(found) => found.clone(),
            None => bail!("{}", unknown_command::message_for(name, &command)),
        };
    }
    terminal::print(found.render_long_help().to_string().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
