//! One file for each word that the user types. Door: standard output and error.

pub mod check;
pub mod configured;
pub mod init;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Merged, keyword-filtered feeds from the news sites you follow.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(flatten)]
    source: configured::Source,
    #[command(subcommand)]
    word: Option<Word>,
}

#[derive(Debug, Subcommand)]
enum Word {
    Check(check::Arguments),
    Init(init::Arguments),
}

/// Parses the command line, runs the word, and turns its error into one line and an exit code:
/// 0 done, 1 failed, 2 wrong usage or config.
#[expect(clippy::print_stderr, reason = "the one line that says why a word failed")]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let source = arguments.source;
    let done = match arguments.word {
        None => Ok(ExitCode::SUCCESS),
        Some(Word::Check(arguments)) => check::run(arguments, &source),
        Some(Word::Init(arguments)) => init::run(arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("siftwire: {error:#}");
        ExitCode::FAILURE
    })
}
