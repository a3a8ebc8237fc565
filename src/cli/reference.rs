//! What the manual says that no type of the command line says: exit codes, environment, files, signals, examples.
//! `tests/tidy` checks that every variable the code reads is in its file. Pure.

use crate::text::file_part;

const FILE: &str = include_str!("reference.txt");

/// Exit codes.
pub const EXIT_CODES: &str = file_part(FILE, "exit codes");

/// Variables that are read.
pub const ENVIRONMENT: &str = file_part(FILE, "environment");

/// Files that are read and written.
pub const FILES: &str = file_part(FILE, "files");

/// What the server answers to other programs.
pub const ADDRESSES: &str = file_part(FILE, "addresses");

/// Signals that the daemon handles.
pub const SIGNALS: &str = file_part(FILE, "signals");

/// Commands to begin with, each with its purpose.
pub const EXAMPLES: &str = file_part(FILE, "examples");

/// The lines of one of these: the term, and its sentence.
pub fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter_map(|line| line.split_once(": "))
}
