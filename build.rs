//! Sets `SIFTWIRE_COMMIT` for the version: from the environment variable of that name, else from git.
#![allow(clippy::print_stdout, reason = "cargo reads the standard output of a build script")]

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=SIFTWIRE_COMMIT");
    // Git appends to this log at each commit and checkout. Without it the script only runs again after a clean.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && std::path::Path::new(&log).exists()
    {
        println!("cargo:rerun-if-changed={log}");
    } else {
        println!("cargo:rerun-if-changed=build.rs");
    }
    let commit = std::env::var("SIFTWIRE_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = commit.or_else(|| git(&["rev-parse", "--short=12", "HEAD"]));
    println!("cargo:rustc-env=SIFTWIRE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// The output of a git command; `None` if it fails or prints nothing.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
}
