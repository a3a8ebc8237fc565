//! `siftwire init`: writes the shipped config.toml. Never overwrites a file.

#![allow(clippy::disallowed_methods, reason = "writes the new config file")]

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::config_option::ConfigOption;
use super::{WrongUsage, terminal};
use crate::config::{self, ConfigLocation, Environment, edit};

/// `siftwire init`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to write; in a directory it is named config.toml.
    #[arg(default_value = "config.toml")]
    path: PathBuf,
}

/// Writes the file and prints where its store is and what to do next.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let mut path = arguments.path;
    if let Some(named) = &config.config {
        bail!(WrongUsage(format!(
            "`init` writes the file that is named after it: siftwire init {}",
            named.display()
        )));
    }
    if path.as_os_str() == "-" {
        bail!(WrongUsage("`init` writes a file, such as: siftwire init config.toml".to_owned()));
    }
    if path.is_dir() {
        path.push("config.toml");
    }
    let (_, environment) = config.locate()?;
    let path = environment.current_directory.join(path);
    let (text, store) = text_and_store(&path, &environment);
    let shown = path.display();
    write_new(&path, &text, 0o666)?;
    terminal::message(&format!(
        "Wrote {shown}.\n{store}\nAdd your sources and outputs to the config, then:\n  \
         siftwire check --config {shown}\n  siftwire run --config {shown}"
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that does not exist yet. It has this mode, less the umask, from the start.
pub(super) fn write_new(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let shown = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{shown} already exists and was not changed: name another file, or move this one away")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {shown}")),
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {shown}"))
}

/// The text of the file, and what to say of its store: what was polled without a config must not be lost from sight.
fn text_and_store(path: &Path, environment: &Environment) -> (String, String) {
    let shipped = config::SHIPPED.to_owned();
    let store = config::store_path(&ConfigLocation::Explicit(path.to_owned()), environment);
    let earlier = config::store_path(&ConfigLocation::BuiltIn, environment);
    let (new, old) = (store.display(), earlier.display());
    if store == earlier || store.exists() || !earlier.exists() {
        return (shipped, format!("Its store is {new}."));
    }
    // Another user's service would not get at the file where it is.
    let is_services = !store.parent().is_some_and(|folder| path.starts_with(folder));
    match edit::shipped_with_store(&earlier).filter(|_| !is_services) {
        Some(text) => {
            (text, format!("Its store is the one that was used without a config: {old} (`path` in [store])."))
        }
        None => (
            shipped,
            format!(
                "Its store is {new}. To take along what was polled without a config, before the first start:\n  \
                 mkdir -p {} && mv {old}* {}/",
                store.parent().unwrap_or(path).display(),
                store.parent().unwrap_or(path).display()
            ),
        ),
    }
}
