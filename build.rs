//! Says which commit is built, where that is known: `SIFTWIRE_COMMIT` for a package's build, else git.
#![allow(clippy::print_stdout, reason = "cargo reads the standard output of a build script")]

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=SIFTWIRE_COMMIT");
    // A log that git writes at each commit and checkout; without one, only a clean build asks again.
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

fn git(words: &[&str]) -> Option<String> {
    let done = Command::new("git").args(words).output().ok().filter(|done| done.status.success())?;
    Some(String::from_utf8(done.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
}
