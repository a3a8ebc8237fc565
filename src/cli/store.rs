//! `siftwire store copy FROM TO`: copies a store into a database, or back into a file. I/O: both stores, the terminal.

use std::process::ExitCode;

use anyhow::bail;

use super::config_option::ConfigOption;
use super::terminal::{self, counted, progress_bar};
use super::{InvalidInput, WrongUsage};
use crate::config;
use crate::store::{self, StoreLocation};

/// `siftwire store`
#[derive(Debug, clap::Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, clap::Subcommand)]
enum StoreCommand {
    /// Copy all of a store into a new one, such as a file into a PostgreSQL database, or back
    ///
    /// FROM and TO are the path of a file, a URL such as postgres://siftwire@db.example.org/siftwire, or `config` for the store of the
    /// config. The password of a URL is looked up in $PGPASSFILE, else ~/.pgpass. A copy that was interrupted is
    /// completed by the same command. In the end both stores are read again and compared.
    Copy {
        /// The store to copy; no daemon may use a file
        from: String,
        /// Where to: a new file, or a database without a store
        to: String,
    },
}

/// Copies, and prints how many rows each table has, and the checksum that both stores have of them.
///
/// # Errors
/// One of both is no such store, or fails.
#[expect(clippy::print_stdout, reason = "the tables are what the user asked for")]
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let StoreCommand::Copy { from, to } = arguments.command;
    let (from, to) = (location(&from, config)?, location(&to, config)?);
    if from.is_same(&to) {
        bail!(WrongUsage(format!("both are the same store: {from}")));
    }
    terminal::message(&format!("copying {from} to {to}"));
    if from.file().is_none() {
        terminal::message("What a daemon writes into the database from now on is not in the copy.");
    }
    let bar = progress_bar();
    let tables = store::copy(&from, &to, &mut |progress| {
        bar.set_length(progress.total.max(progress.done));
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let tables = tables?;
    for table in &tables {
        println!("{}: {}, checksum {:032x}", table.name, counted(table.rows, "row", "rows"), table.checksum);
    }
    let replaced: u64 = tables.iter().map(|table| table.replaced).sum();
    if replaced > 0 {
        terminal::message(&format!(
            "{} had a character that {to} cannot keep: it has U+FFFD in its place.",
            counted(replaced, "text", "texts")
        ));
    }
    let key = match to {
        StoreLocation::File(_) => "path",
        StoreLocation::Server(_) => "url",
    };
    terminal::message(&format!(
        "{to} is the same as {from}. To use it, write it as `{key}` in [store] of the config."
    ));
    Ok(ExitCode::SUCCESS)
}

fn location(text: &str, config: &ConfigOption) -> anyhow::Result<StoreLocation> {
    if text == "config" {
        return match config.store()? {
            (options, None) => Ok(options.location),
            (_, Some(_)) => bail!(InvalidInput),
        };
    }
    let (_, environment) = config.locate()?;
    Ok(config::store_location(text, &environment).map_err(WrongUsage)?)
}
