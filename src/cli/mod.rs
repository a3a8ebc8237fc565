//! One file for each word that the user types. Door: standard output and error.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Merged, keyword-filtered feeds from the news sites you follow.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    word: Option<Word>,
}

#[derive(Debug, Subcommand)]
enum Word {}

/// Parses the command line, runs the word, and turns its error into one line and an exit code:
/// 0 done, 1 failed, 2 wrong usage or config.
pub fn main() -> ExitCode {
    let _arguments = Arguments::parse();
    ExitCode::SUCCESS
}
