//! The `--config` option, and the config as the commands load it. Reads the environment, writes to standard error.
#![allow(clippy::disallowed_methods, reason = "reads the config's main file to add sources to it")]

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use super::{InvalidInput, terminal};
use crate::config::{self, Config, ConfigLocation, Diagnostics, Environment, Styling, UnseenSecrets, edit};
use crate::daemon::{EmptyConfig, LoadedConfig};
use crate::filter::QueryContext;
use crate::serve::ListenAddress;
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
        let (location, environment) = self.locate()?;
        say_if_built_in(&location);
        Ok(printed(config::load(&location, &environment))?)
    }

    /// The config with all its secrets, and what is needed to load it again. `listen` replaces its key.
    ///
    /// # Errors
    /// The config is invalid, or the current directory cannot be read.
    pub fn load_for_daemon(&self, listen: Option<String>) -> anyhow::Result<LoadedConfig> {
        let (location, mut environment) = self.locate()?;
        environment.listen = listen.or(environment.listen);
        environment.unseen_secrets = UnseenSecrets::Refuse;
        say_if_built_in(&location);
        // Taken before the files are read, so that an edit in between is noticed.
        let fingerprint = config::fingerprint(&location);
        let config = printed(config::load(&location, &environment))?;
        say_if_hidden(&config.store, &location, &environment);
        say_if_local(&config);
        Ok(LoadedConfig { location, environment, fingerprint, config, empty: EmptyConfig::Refuse })
    }

    /// Another file as it would be in the place of this config.
    ///
    /// # Errors
    /// It is invalid, or the current directory cannot be read.
    pub fn load_other(&self, file: &Path) -> anyhow::Result<Config> {
        let (location, environment) = self.locate()?;
        Ok(printed(config::load_other(file, &location, &environment))?)
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
        Ok(Some(printed(config::load(&location, &environment))?))
    }

    /// The store's options, also of an invalid config, and its mistakes, which are printed.
    ///
    /// # Errors
    /// The current directory cannot be read, or the mistakes leave open which store it is.
    pub fn store(&self) -> anyhow::Result<(store::Options, Option<Diagnostics>)> {
        let (location, environment) = self.locate()?;
        say_if_built_in(&location);
        match config::load(&location, &environment) {
            Ok(config) => Ok((config.store, None)),
            Err(errors) => {
                print_diagnostics(&errors);
                match config::store_options(&location, &environment) {
                    Some(options) => Ok((options, Some(errors))),
                    None => {
                        terminal::message("Until then it is open which store is meant.");
                        bail!(InvalidInput)
                    }
                }
            }
        }
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
        let mut environment = Environment::from_variables(here, |name| std::env::var_os(name));
        environment.unseen_secrets = UnseenSecrets::Warn;
        let location = config::locate(self.config.as_deref(), &environment);
        Ok((location, environment))
    }
}

fn say_if_built_in(location: &ConfigLocation) {
    if *location == ConfigLocation::BuiltIn {
        terminal::message(NO_CONFIG);
    }
}

/// The commands of a shell must find the store of a service.
fn say_if_hidden(store: &store::Options, location: &ConfigLocation, environment: &Environment) {
    let shell = Environment { state_directory: None, ..environment.clone() };
    let elsewhere = config::store_options(location, &shell).map(|options| options.location);
    if let Some(elsewhere) = elsewhere.filter(|elsewhere| *elsewhere != store.location)
        && environment.state_directory.is_some()
    {
        terminal::message(&format!(
            "The store is {}, but commands in a shell look for {}: write the first as `path` in [store].",
            store.location, elsewhere
        ));
    }
}

/// Readers on other machines cannot open what is named after this one.
fn say_if_local(config: &Config) {
    let is_named = matches!(&config.listen, ListenAddress::Tcp(address) if !address.ip().is_unspecified());
    let default = config::default_public_url(&config.listen);
    if !is_named && config.site.public_url == default {
        terminal::message(&format!(
            "Pages and feeds name themselves {default}, which other machines cannot open: write the address that readers \
             use as `public_url` in [serve]."
        ));
    }
}

/// The config; its warnings or mistakes are printed.
fn printed(loaded: Result<Config, Diagnostics>) -> Result<Config, InvalidInput> {
    match loaded {
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
