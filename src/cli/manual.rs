//! `siftwire help [WORD...]`: the help of a word, or the whole filter language.

use std::process::ExitCode;

use anyhow::bail;

use crate::filter;

/// `siftwire help`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A word of siftwire, or `filter` for the language of filters
    words: Vec<String>,
}

/// Prints help.
///
/// # Errors
/// There is no such word.
pub fn run(arguments: Arguments, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    if arguments.words == ["filter"] {
        super::print(filter::MANUAL.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    command.build();
    let mut found = &mut command;
    for word in &arguments.words {
        found = match found.find_subcommand_mut(word) {
            Some(found) => found,
            None => bail!(
                "there is no word `{word}`; `siftwire help` names all, `siftwire help filter` the filter language"
            ),
        };
    }
    super::print(found.render_long_help().to_string().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
