//! The command line: one file for each command. Writes to standard output and error.

pub mod add;
pub mod backup;
pub mod check;
mod completions;
mod config_option;
pub mod doctor;
pub mod explain;
mod fetch_once;
mod help;
pub mod init;
pub mod inspect;
mod inspect_article;
mod logging;
mod man;
pub mod match_cases;
pub mod opml;
mod poll;
pub mod preview;
mod query_argument;
mod reference;
pub mod run;
mod runtime;
mod schema;
pub mod show;
pub mod status;
pub mod store;
pub mod stories;
mod terminal;
mod token;
mod unknown_command;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::daemon;

/// Merged, keyword-filtered feeds from the news sites you follow.
///
/// Siftwire polls the feeds listed in config.toml, stores their entries, and publishes the matching ones as Atom,
/// RSS and JSON feeds for any feed reader. Run without a command, it starts the daemon.
#[derive(Debug, Parser)]
#[command(
    version = version(),
    about,
    disable_help_subcommand = true,
    after_help = "To begin: `siftwire init`, edit config.toml, `siftwire run`.",
    after_long_help = after_long_help()
)]
struct Arguments {
    #[command(flatten)]
    config: config_option::ConfigOption,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the daemon: poll, store, publish and serve
    Run(run::Arguments),
    /// Check the config and show all mistakes
    Check(check::Arguments),
    /// Poll sources once, now
    Poll(poll::Arguments),
    /// Show the state of each source and output
    Status(status::Arguments),
    /// Print the document of an output
    Show(show::Arguments),
    /// List entries that were merged into stories; split and join stories
    Stories(stories::Arguments),
    /// Show which stored entries a filter would match
    Preview(preview::Arguments),
    /// Explain why an entry is, or is not, in each output
    Explain(explain::Arguments),
    /// Test filters: run queries on entries from a file
    Match(match_cases::Arguments),
    /// Write a commented config.toml
    Init(init::Arguments),
    /// Show what Siftwire reads from a feed, or from the page of an article
    Inspect(inspect::Arguments),
    /// Find the feed of a web page, show it, and add it to the config
    Add(add::Arguments),
    /// Import sources from an OPML file, or export them
    Opml(opml::Arguments),
    /// Copy the store, also while the daemon runs
    Backup(backup::Arguments),
    /// Check the store, and recover data from a damaged one
    Doctor(doctor::Arguments),
    /// Copy the store into a PostgreSQL database, or back into a file
    Store(store::Arguments),
    /// Print the help of a command, or with `help filter` the filter language
    Help(help::Arguments),
    /// Print the JSON schema of config.toml, for editors
    Schema,
    /// Make a token, which opens the private pages and outputs
    Token(token::Arguments),
    /// Print a shell completion script
    Completions(completions::Arguments),
    /// Print a manual page, or write all of them
    Man(man::Arguments),
}

/// The config or a query is invalid. The mistakes are printed already; the exit code is 2.
#[derive(Debug, thiserror::Error)]
#[error("the config or a query is invalid")]
pub struct InvalidInput;

/// The command line names something that there is not, or says what cannot be meant. The exit code is 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

/// Runs the command on the command line. Exit codes: 0 success, 1 failure, 2 wrong usage or invalid config, 3 sources that
/// `poll` skipped.
pub fn main() -> ExitCode {
    match completions::answer(Arguments::command) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => error.exit(),
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unknown_command::exit(&error, &Arguments::command()),
    };
    let config = arguments.config;
    let result = match arguments.command.unwrap_or(Command::Run(run::Arguments::default())) {
        Command::Run(arguments) => run::run(arguments, &config),
        Command::Check(arguments) => check::run(arguments, &config),
        Command::Poll(arguments) => poll::run(arguments, &config),
        Command::Status(arguments) => status::run(arguments, &config),
        Command::Show(arguments) => show::run(arguments, &config),
        Command::Stories(arguments) => stories::run(arguments, &config),
        Command::Preview(arguments) => preview::run(arguments, &config),
        Command::Explain(arguments) => explain::run(arguments, &config),
        Command::Match(arguments) => match_cases::run(arguments, &config),
        Command::Init(arguments) => init::run(arguments, &config),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Add(arguments) => add::run(arguments, &config),
        Command::Opml(arguments) => opml::run(arguments, &config),
        Command::Backup(arguments) => backup::run(arguments, &config),
        Command::Doctor(arguments) => doctor::run(arguments, &config),
        Command::Store(arguments) => store::run(arguments, &config),
        Command::Help(arguments) => help::run(arguments, Arguments::command()),
        Command::Schema => schema::run(),
        Command::Token(arguments) => token::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments, Arguments::command()),
    };
    result.unwrap_or_else(|error| {
        if error.is::<InvalidInput>() {
            return ExitCode::from(2);
        }
        // A closed pipe, as with `siftwire ... | head`, is not worth a message.
        let is_broken_pipe = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
        if !is_broken_pipe {
            terminal::message(&format!("siftwire: {error:#}"));
        }
        let is_emptied = matches!(error.downcast_ref::<daemon::Error>(), Some(daemon::Error::EmptyConfig(_)));
        if is_emptied || error.is::<WrongUsage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// What is the same for all commands, from the tables of the manual.
fn after_long_help() -> String {
    let table = |title: &str, table: &'static str| {
        let rows: String =
            reference::rows(table).map(|(term, sentence)| format!("  {term}: {sentence}\n")).collect();
        format!("{title}:\n{rows}\n")
    };
    let tables = [
        table("Exit codes", reference::EXIT_CODES),
        table("Environment", reference::ENVIRONMENT),
        table("Addresses for other programs", reference::ADDRESSES),
    ];
    format!(
        "To begin: `siftwire init`, edit config.toml, `siftwire run`.\n\n{}`siftwire help json` has the shapes of what \
         --json prints, `siftwire man` the whole manual.",
        tables.concat()
    )
}

/// The version, with commit and SQLite version.
fn version() -> String {
    format!(
        "{} (commit {}, SQLite {})",
        env!("CARGO_PKG_VERSION"),
        env!("SIFTWIRE_COMMIT"),
        crate::store::sqlite_version()
    )
}
