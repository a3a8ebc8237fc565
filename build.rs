//! Sets `SIFTWIRE_COMMIT` for the version: from the environment variable of that name, else from git. Finds out which
//! tests can run: `cfg(shared_data)` if the collections of real feeds are here, `cfg(feed_validator)` if that is too,
//! `cfg(chromium)` and so on if these programs are installed.
#![allow(clippy::print_stdout, reason = "cargo reads the standard output of a build script")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=SIFTWIRE_COMMIT");
    // Git appends to this log at each commit and checkout. Without it the script only runs again after a clean.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo:rerun-if-changed={log}");
    } else {
        println!("cargo:rerun-if-changed=build.rs");
    }
    let commit = std::env::var("SIFTWIRE_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = commit.or_else(|| git(&["rev-parse", "--short=12", "HEAD"]));
    println!("cargo:rustc-env=SIFTWIRE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    find_test_data();
    find_programs();
    find_axe();
}

/// Programs that some tests run. One that is installed later is found after a clean.
const PROGRAMS: [&str; 10] =
    ["chromium", "bash", "zsh", "fish", "man", "litestream", "newsboat", "python3", "curl", "postgres"];

/// Looks where programs are; for Chromium, first in `CHROMIUM`.
fn find_programs() {
    println!("cargo:rerun-if-env-changed=CHROMIUM");
    let folders = std::env::var_os("PATH").unwrap_or_default();
    for name in PROGRAMS {
        println!("cargo:rustc-check-cfg=cfg({name})");
        let installed = std::env::split_paths(&folders)
            // Debian has PostgreSQL's programs there.
            .chain(["/usr/lib/postgresql/15/bin".into()])
            .map(|folder| folder.join(name))
            .find(|file| file.exists());
        let named = std::env::var_os("CHROMIUM").filter(|path| name == "chromium" && !path.is_empty());
        let path = named.map(PathBuf::from).or(installed);
        let variable = format!("SIFTWIRE_{}", name.to_uppercase());
        println!("cargo:rustc-env={variable}={}", path.as_deref().unwrap_or(Path::new("")).display());
        if path.is_some() {
            println!("cargo:rustc-cfg={name}");
        }
    }
}

/// Looks in the folder `SIFTWIRE_SHARED` or, without it, beside the checkout. One that appears there later is found
/// after a clean, or with the variable.
fn find_test_data() {
    println!("cargo:rustc-check-cfg=cfg(shared_data, feed_validator)");
    println!("cargo:rerun-if-env-changed=SIFTWIRE_SHARED");
    println!("cargo:rerun-if-env-changed=FEEDVALIDATOR_DIR");
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("SIFTWIRE_SHARED").map_or(beside, PathBuf::from);
    println!("cargo:rustc-env=SIFTWIRE_SHARED_FOLDER={}", shared.display());
    if shared.join("feeds/index.tsv").exists() && shared.join("eval/matching").exists() {
        println!("cargo:rustc-cfg=shared_data");
        if shared.join("tools/validate-feed").exists() && std::env::var_os("FEEDVALIDATOR_DIR").is_some() {
            println!("cargo:rustc-cfg=feed_validator");
        }
    }
}

/// The script that looks at pages for what some users cannot use, in the file that `AXE` names.
fn find_axe() {
    println!("cargo:rustc-check-cfg=cfg(axe)");
    println!("cargo:rerun-if-env-changed=AXE");
    let path = std::env::var_os("AXE").map(PathBuf::from).filter(|path| path.is_file());
    println!("cargo:rustc-env=SIFTWIRE_AXE={}", path.as_deref().unwrap_or(Path::new("")).display());
    if path.is_some() {
        println!("cargo:rustc-cfg=axe");
    }
}

/// The output of a git command; `None` if it fails or prints nothing.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
}
