//! The config as every word of the command line finds it. Door: the environment, standard error.
#![allow(clippy::disallowed_methods, reason = "the config's main file is read to be added to")]

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};

use crate::config::edit;
use crate::config::{self, Config, Paint, Place, Problems, Surroundings};
use crate::daemon::LoadedConfig;
use crate::filter::QueryContext;
use crate::store;

/// Which config is meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Source {
    /// The config file [default: $SIFTWIRE_CONFIG, else config.toml here, in ~/.config/siftwire or
    /// in /etc/siftwire].
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
}

/// The config and where it came from; warnings and problems have been told on standard error, and the
/// exit code of a config that cannot be used is 2.
///
/// # Errors
/// The current folder is gone.
pub fn load(source: &Source) -> anyhow::Result<Result<(Place, Config), ExitCode>> {
    Ok(given(source)?.map(|given| (given.place, given.config)))
}

/// The same with what it takes to read it again.
///
/// # Errors
/// The current folder is gone.
pub fn given(source: &Source) -> anyhow::Result<Result<LoadedConfig, ExitCode>> {
    let (place, surroundings) = find(source)?;
    if place == Place::BuiltIn {
        say("No config.toml found: using the built-in one, which `siftwire init` writes out.");
    }
    // Before the reading, so that an edit in between is seen.
    let stamp = config::stamp(&place);
    Ok(read(&place, &surroundings).map(|config| LoadedConfig { place, surroundings, stamp, config }))
}

fn find(source: &Source) -> anyhow::Result<(Place, Surroundings)> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let surroundings = Surroundings::gather(here, |name| std::env::var_os(name));
    let place = config::find(source.config.as_deref(), &surroundings);
    Ok((place, surroundings))
}

/// Loads the config and tells its warnings; of one that cannot be used the problems.
fn read(place: &Place, surroundings: &Surroundings) -> Result<Config, ExitCode> {
    match config::load(place, surroundings) {
        Ok(config) => {
            if let Some(warnings) = &config.warnings {
                tell(warnings);
            }
            Ok(config)
        }
        Err(problems) => {
            tell(&problems);
            Err(ExitCode::from(2))
        }
    }
}

/// What queries on the command line may refer to: the config's topics and languages. Where there is no
/// config nothing is said, and `None` comes back.
///
/// # Errors
/// The current folder is gone.
pub fn query_context(source: &Source) -> anyhow::Result<Result<Option<QueryContext>, ExitCode>> {
    let (place, surroundings) = find(source)?;
    if place == Place::BuiltIn {
        return Ok(Ok(None));
    }
    Ok(read(&place, &surroundings).map(|config| Some(config.query_context)))
}

/// The languages whose forms Latin words get where neither a config nor an entry names any: all that have some.
pub fn every_latin_language() -> Vec<String> {
    ["de", "en", "fr"].map(str::to_owned).to_vec()
}

/// The store, and what is wrong with the config if it cannot be used, which has been told on standard
/// error.
///
/// # Errors
/// The current folder is gone.
pub fn store(source: &Source) -> anyhow::Result<(store::Options, Option<Problems>)> {
    let (place, surroundings) = find(source)?;
    Ok(match config::load(&place, &surroundings) {
        Ok(config) => (config.store, None),
        Err(problems) => {
            tell(&problems);
            (config::store_of(&place, &surroundings), Some(problems))
        }
    })
}

/// Adds sources to the main file of the config, if the whole is right with them; says what was done.
///
/// # Errors
/// There is no file to add to, or it cannot be written.
pub fn add_sources(source: &Source, sources: &[edit::Named]) -> anyhow::Result<ExitCode> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let surroundings = Surroundings::gather(here, |name| std::env::var_os(name));
    let place = config::find(source.config.as_deref(), &surroundings);
    let (Place::Named(path) | Place::Found(path)) = &place else {
        bail!("there is no config.toml to add to: write one with `siftwire init`");
    };
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let text = edit::add(&text, sources).map_err(|words| anyhow!("cannot add to {shown}: {words}"))?;
    if let Err(problems) = config::load_as_if(&text, &place, &surroundings) {
        tell(&problems);
        say(&format!("{shown} stays as it was."));
        return Ok(ExitCode::from(2));
    }
    edit::save(path, &text).with_context(|| format!("cannot write {shown}"))?;
    let what = if sources.len() == 1 { "source" } else { "sources" };
    say(&format!("Added {} {what} to {shown}.", sources.len()));
    Ok(ExitCode::SUCCESS)
}

/// What a place is called in a sentence.
pub fn called(place: &Place) -> String {
    match place {
        Place::Named(path) | Place::Found(path) => path.display().to_string(),
        Place::BuiltIn => "the built-in config".to_owned(),
    }
}

#[expect(clippy::print_stderr, reason = "words to the user go to standard error")]
fn say(words: &str) {
    eprintln!("{words}");
}

fn tell(problems: &Problems) {
    let coloured = super::is_coloured(std::io::stderr().is_terminal());
    let paint = if coloured { Paint::Coloured } else { Paint::Plain };
    say(&problems.render(paint));
}
