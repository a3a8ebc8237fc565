//! One file for each word that the user types. Door: standard output and error.
#![allow(clippy::print_stderr, reason = "this is the door to the terminal")]

pub mod add;
pub mod backup;
pub mod check;
pub mod configured;
pub mod doctor;
pub mod explain;
pub mod init;
pub mod inspect;
mod logging;
pub mod manual;
pub mod match_cases;
pub mod opml;
mod packaged;
mod poll;
pub mod preview;
mod query;
pub mod run;
pub mod show;
pub mod status;
pub mod stories;
mod terminal;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};

use crate::store;

/// Merged, keyword-filtered feeds from the news sites you follow.
///
/// Siftwire polls the feeds that config.toml names, keeps their entries, and publishes the ones
/// that you want as Atom, RSS and JSON feeds for any feed reader. Without a word it runs.
#[derive(Debug, Parser)]
#[command(
    version = version(),
    about,
    disable_help_subcommand = true,
    after_help = "Begin with `siftwire init`, edit config.toml, then `siftwire run`."
)]
struct Arguments {
    #[command(flatten)]
    source: configured::Source,
    #[command(subcommand)]
    word: Option<Word>,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Run the daemon: poll, keep, publish, serve
    Run(run::Arguments),
    /// Check the config, and say what is wrong with it
    Check(check::Arguments),
    /// Poll sources once, now
    Poll(poll::Arguments),
    /// Tell how each source and output is doing
    Status(status::Arguments),
    /// Print an output's document
    Show(show::Arguments),
    /// Tell which entries were taken for one story; part and join them
    Stories(stories::Arguments),
    /// Show what a filter would match among the stored entries
    Preview(preview::Arguments),
    /// Tell why an entry is, or is not, in each output
    Explain(explain::Arguments),
    /// Run queries on given entries: tests for filters
    Match(match_cases::Arguments),
    /// Write out the commented config.toml
    Init(init::Arguments),
    /// Tell what Siftwire reads in feeds
    Inspect(inspect::Arguments),
    /// Find the feed behind an address, show what it holds, and add it to the config
    Add(add::Arguments),
    /// Take sources from another reader's list, or give it ours
    Opml(opml::Arguments),
    /// Copy the store, also while the daemon runs
    Backup(backup::Arguments),
    /// Check the store, and save what can be read of a damaged one
    Doctor(doctor::Arguments),
    /// Print the help of a word, or `help filter`: the filter language
    Help(manual::Arguments),
    /// Print a completion script for a shell
    Completions(packaged::Arguments),
    /// Print the manual page
    Man,
}

/// Parses the command line, runs the word, and turns its error into one line and an exit code:
/// 0 done, 1 failed, 2 wrong usage or config.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let source = arguments.source;
    let done = match arguments.word.unwrap_or(Word::Run(run::Arguments::default())) {
        Word::Run(word) => run::run(word, &source),
        Word::Check(word) => check::run(word, &source),
        Word::Poll(word) => poll::run(word, &source),
        Word::Status(word) => status::run(word, &source),
        Word::Show(word) => show::run(word, &source),
        Word::Stories(word) => stories::run(word, &source),
        Word::Preview(word) => preview::run(word, &source),
        Word::Explain(word) => explain::run(word, &source),
        Word::Match(word) => match_cases::run(word, &source),
        Word::Init(word) => init::run(word),
        Word::Inspect(word) => inspect::run(word),
        Word::Add(word) => add::run(word, &source),
        Word::Opml(word) => opml::run(word, &source),
        Word::Backup(word) => backup::run(word, &source),
        Word::Doctor(word) => doctor::run(word, &source),
        Word::Help(word) => manual::run(word, Arguments::command()),
        Word::Completions(word) => packaged::completions(&word),
        Word::Man => packaged::man(),
    };
    done.unwrap_or_else(|error| {
        // A reader that went away, as `head` does, wants to hear no more.
        let broken_pipe = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe);
        if !broken_pipe {
            say(&format!("siftwire: {error:#}"));
        }
        ExitCode::FAILURE
    })
}

/// The version, with what it takes to tell exactly which program this is.
fn version() -> String {
    format!(
        "{} (commit {}, SQLite {})",
        env!("CARGO_PKG_VERSION"),
        env!("SIFTWIRE_COMMIT"),
        store::sqlite_version()
    )
}

/// A line of words for the user, on standard error.
fn say(line: &str) {
    eprintln!("{}", terminal::lines(line));
}

/// Data, on standard output.
fn print(data: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(data)?;
    out.flush()
}

/// Whether colours are wanted on an output that is, or is not, a terminal.
fn is_coloured(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")
}
