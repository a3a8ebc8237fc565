//! The `--config` option, and the config as the commands load it. Reads the environment, writes to standard error.
#![allow(clippy::disallowed_methods, reason = "reads the config's main file to add sources to it")]

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};

use super::{InvalidInput, terminal};
use crate::config::{self, Config, ConfigLocation, Diagnostics, Environment, Styling, edit};
use crate::daemon::{EmptyConfig, LoadedConfig};
use crate::filter::QueryContext;
use crate::store;

/// Languages whose word forms a Latin word gets if neither a config nor the entry names a language.
pub const LATIN_LANGUAGES: [&str; 3] = ["de", "en", "fr"];

/// What is printed where there is no config file.
const NO_CONFIG: &str = "No config.toml found: using the built-in one. `siftwire init` writes it to a file.";

/// Which config to use.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigOption {
    /// The config file [default: $SIFTWIRE_CONFIG, else config.toml in the current directory,
    /// ~/.config/siftwire or /etc/siftwire].
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
}

impl ConfigOption {
    /// The config. Warnings and mistakes are printed.
    ///
    /// # Errors
    /// The config is invalid, or the current directory cannot be read.
    pub fn load(&self) -> anyhow::Result<Config> {
        Ok(self.load_for_daemon()?.config)
    }

    /// Like [`ConfigOption::load`], with what is needed to load it again.
    ///
    /// # Errors
    /// The config is invalid, or the current directory cannot be read.
    pub fn load_for_daemon(&self) -> anyhow::Result<LoadedConfig> {
        let (location, environment) = self.locate()?;
        if location == ConfigLocation::BuiltIn {
            terminal::message(NO_CONFIG);
        }
        // Taken before the files are read, so that an edit in between is noticed.
        let fingerprint = config::fingerprint(&location);
        let config = load_from(&location, &environment)?;
        Ok(LoadedConfig { location, environment, fingerprint, config, empty: EmptyConfig::Refuse })
    }

    /// The topics and languages for a query on the command line; `None` without a config file.
    ///
    /// # Errors
    /// The config is invalid, or the current directory cannot be read.
    pub fn query_context(&self) -> anyhow::Result<Option<QueryContext>> {
        Ok(self.load_file()?.map(|config| config.query_context))
    }

    /// The config of a file; `None` without one.
    ///
    /// # Errors
    /// The config is invalid, or the current directory cannot be read.
    pub fn load_file(&self) -> anyhow::Result<Option<Config>> {
        let (location, environment) = self.locate()?;
        if location == ConfigLocation::BuiltIn {
            return Ok(None);
        }
        Ok(Some(load_from(&location, &environment)?))
    }

    /// The store's options, also of an invalid config, and its mistakes, which are printed.
    ///
    /// # Errors
    /// The current directory cannot be read.
    pub fn store(&self) -> anyhow::Result<(store::Options, Option<Diagnostics>)> {
        let (location, environment) = self.locate()?;
        let (options, errors) = match config::load(&location, &environment) {
            Ok(config) => (config.store, None),
            Err(errors) => {
                print_diagnostics(&errors);
                (config::store_options(&location, &environment), Some(errors))
            }
        };
        if location == ConfigLocation::BuiltIn {
            terminal::message(NO_CONFIG);
        }
        // The config that names the store may be missing, or not readable up to there.
        if location == ConfigLocation::BuiltIn || errors.is_some() {
            terminal::message(&format!("The store is {}.", options.path.display()));
        }
        Ok((options, errors))
    }

    /// Adds sources to the config's main file and prints the result.
    ///
    /// # Errors
    /// There is no config file, it cannot be edited, or the config would be invalid: then it stays unchanged.
    pub fn add_sources(&self, sources: &[edit::NamedSource]) -> anyhow::Result<()> {
        let (location, environment) = self.locate()?;
        let Some(path) = location.path() else {
            bail!("there is no config.toml to add to: create one with `siftwire init`");
        };
        let shown = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
        let text =
            edit::append_sources(&text, sources).map_err(|error| anyhow!("cannot edit {shown}: {error}"))?;
        if let Err(errors) = config::load_with_main_text(&text, &location, &environment) {
            print_diagnostics(&errors);
            terminal::message(&format!("{shown} was not changed."));
            bail!(InvalidInput);
        }
        edit::replace_file(path, &text).with_context(|| format!("cannot write {shown}"))?;
        terminal::message(&format!(
            "Added {} to {shown}.",
            terminal::counted(sources.len(), "source", "sources")
        ));
        Ok(())
    }

    /// Where the config is.
    ///
    /// # Errors
    /// The current directory cannot be read.
    pub fn locate(&self) -> anyhow::Result<(ConfigLocation, Environment)> {
        let here = std::env::current_dir().context("cannot read the current directory")?;
        let environment = Environment::from_variables(here, |name| std::env::var_os(name));
        let location = config::locate(self.config.as_deref(), &environment);
        Ok((location, environment))
    }
}

fn load_from(location: &ConfigLocation, environment: &Environment) -> Result<Config, InvalidInput> {
    match config::load(location, environment) {
        Ok(config) => {
            if let Some(warnings) = &config.warnings {
                print_diagnostics(warnings);
            }
            Ok(config)
        }
        Err(errors) => {
            print_diagnostics(&errors);
            Err(InvalidInput)
        }
    }
}

fn print_diagnostics(diagnostics: &Diagnostics) {
    let styling =
        if terminal::wants_colours(std::io::stderr().is_terminal()) { Styling::Ansi } else { Styling::Plain };
    terminal::diagnostics(&diagnostics.render(styling));
}
