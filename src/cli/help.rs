//! `siftwire help [COMMAND...]`: the help of a command, or the filter language.

use std::process::ExitCode;

use super::{WrongUsage, terminal, unknown_command};
use crate::filter;

/// What commands print with `--json`.
const JSON_SHAPES: &str = include_str!("../../docs/json.md");

/// `siftwire help`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A command, `filter` for the filter language, or `json` for the shapes of JSON
    #[arg(value_name = "COMMAND")]
    commands: Vec<String>,
}

/// Prints help.
///
/// # Errors
/// There is no such command.
pub fn run(arguments: Arguments, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    let manual = match &arguments.commands[..] {
        [topic] if topic == "filter" => Some(filter::MANUAL),
        [topic] if topic == "json" => Some(JSON_SHAPES),
        _ => None,
    };
    if let Some(manual) = manual {
        terminal::print(manual.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    command.build();
    let mut found = command.clone();
    for name in &arguments.commands {
        found = match found.find_subcommand(name) {
            Some(found) => found.clone(),
            None => return Err(WrongUsage(unknown_command::message_for(name, &command)).into()),
        };
    }
    terminal::print(found.render_long_help().to_string().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
