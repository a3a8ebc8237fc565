//! What the user asked for, checked: the only form that the program sees. Door: reads the files of
//! the config, and nothing else.

#![allow(clippy::disallowed_methods, reason = "this is where the config's files are read")]

mod access;
mod address;
mod check;
pub mod edit;
mod file;
pub mod opml;
mod problem;
mod read;
mod secret;
mod stamp;
mod values;

use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::filter::QueryContext;
use crate::publish::output::{Output, Site};
use crate::serve::ListenAddress;
use crate::source::{Access, Source};
use crate::{fetch, store};

pub use check::own_address;
pub use problem::{At, Paint, Problem, Problems, Severity, Shown};
pub use stamp::{Stamp, stamp};

/// The shipped config.toml: every key with its default, and a few sources and outputs to begin with.
pub const SHIPPED: &str = include_str!("../../config.toml");

/// What the built-in copy is called where a file's path is shown.
const BUILT_IN: &str = "(built-in config.toml)";

/// The whole config, checked, with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where readers come.
    pub listen: ListenAddress,
    /// What all outputs have in common.
    pub site: Site,
    /// How long readers may keep a document without asking.
    pub cache: Duration,
    /// The memory.
    pub store: store::Options,
    /// What all visits have in common.
    pub fetch: fetch::Options,
    /// Polls in flight.
    pub concurrency: usize,
    /// Of them, to one host.
    pub per_host: usize,
    /// How a site is visited of which no source says more.
    pub access: Access,
    /// In the order of the files; names and urls are unique.
    pub sources: Vec<Arc<Source>>,
    /// In the order of the files; names are unique.
    pub outputs: Vec<Output>,
    /// What the outputs' queries were parsed with.
    pub query_context: QueryContext,
    /// Whether saving a file of the config loads it again.
    pub watch: bool,
    /// The files that were read, in order; none for the built-in copy.
    pub files: Vec<PathBuf>,
    /// What is legal but may not be meant.
    pub warnings: Option<Problems>,
}

/// Where the config comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The user named this file: it must be there.
    Named(PathBuf),
    /// This one was found in a usual place.
    Found(PathBuf),
    /// There was none: the shipped one serves.
    BuiltIn,
}

impl Place {
    /// The main file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Place::Named(path) | Place::Found(path) => Some(path),
            Place::BuiltIn => None,
        }
    }
}

/// What the config needs to know of where the program runs. Nothing in this room reads the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Where the program was started.
    pub current_directory: PathBuf,
    /// `$SIFTWIRE_CONFIG`.
    pub config: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    pub config_home: Option<PathBuf>,
    /// `$XDG_STATE_HOME`, else `~/.local/state`.
    pub state_home: Option<PathBuf>,
    /// `$STATE_DIRECTORY`, the first of them.
    pub state_directory: Option<PathBuf>,
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials_directory: Option<PathBuf>,
}

impl Surroundings {
    /// Takes what counts from the environment, one variable at a time; an empty one is not set.
    pub fn gather(current_directory: PathBuf, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = |name, below: &str| path(name).or_else(|| Some(path("HOME")?.join(below)));
        let first = |list: PathBuf| std::env::split_paths(&list).next();
        Self {
            current_directory,
            config: path("SIFTWIRE_CONFIG"),
            config_home: home("XDG_CONFIG_HOME", ".config"),
            state_home: home("XDG_STATE_HOME", ".local/state"),
            state_directory: path("STATE_DIRECTORY").and_then(first),
            credentials_directory: path("CREDENTIALS_DIRECTORY"),
        }
    }
}

/// The place of the config: the named one, `$SIFTWIRE_CONFIG`, `config.toml` here, in the user's and in
/// the system's folder, else the built-in copy.
pub fn find(named: Option<&Path>, surroundings: &Surroundings) -> Place {
    let here = &surroundings.current_directory;
    if let Some(path) = named.or(surroundings.config.as_deref()) {
        return Place::Named(here.join(path));
    }
    let user = surroundings.config_home.as_ref().map(|folder| folder.join("siftwire/config.toml"));
    let usual = [Some(here.join("config.toml")), user, Some(PathBuf::from("/etc/siftwire/config.toml"))];
    // A file that is there but may not be read is found too: passing over it would be a riddle.
    let there = |path: &PathBuf| !matches!(path.try_exists(), Ok(false));
    usual.into_iter().flatten().find(there).map_or(Place::BuiltIn, Place::Found)
}

/// Reads the config and `config.d/*.toml` beside it, in name order, and checks all of it.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(place: &Place, surroundings: &Surroundings) -> Result<Config, Problems> {
    let mut problems = Vec::new();
    let texts = texts(place, &mut problems);
    load_texts(texts, problems, place, surroundings)
}

/// Checks the config as if its main file said this; nothing is written.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_as_if(main: &str, place: &Place, surroundings: &Surroundings) -> Result<Config, Problems> {
    let mut problems = Vec::new();
    let mut texts = texts(place, &mut problems);
    if let Some((_, text)) = texts.first_mut() {
        main.clone_into(text);
    }
    load_texts(texts, problems, place, surroundings)
}

fn load_texts(
    texts: Vec<(PathBuf, String)>,
    mut problems: Vec<Problem>,
    place: &Place,
    surroundings: &Surroundings,
) -> Result<Config, Problems> {
    let mut files = Vec::new();
    let mut shown = Vec::new();
    let mut whole = problems.is_empty();
    for (number, (path, text)) in texts.into_iter().enumerate() {
        let mut reading =
            read::Reading { file: number, text: &text, problems: Vec::new(), secrets: Vec::new() };
        let file = file::read(&mut reading);
        whole &= file.is_some();
        files.extend(file);
        problems.append(&mut reading.problems);
        let secrets = reading.secrets;
        shown.push(Shown { path, text: masked(&text, &secrets) });
    }
    let paths = match place {
        Place::BuiltIn => Vec::new(),
        _ => shown.iter().map(|file| file.path.clone()).collect(),
    };
    let shown: Arc<[Shown]> = shown.into();
    if !whole {
        // Names may stand in the part that could not be read: looking for them would only mislead.
        return Err(Problems::new(shown, problems));
    }
    let (config_folder, state_folder) = folders(place, surroundings);
    let folders = check::Folders {
        config: &config_folder,
        state: &state_folder,
        credentials: surroundings.credentials_directory.as_deref(),
    };
    let config = check::config(check::merge(files), &folders, &mut problems);
    if problems.iter().any(|problem| problem.weight == Severity::Error) {
        return Err(Problems::new(shown, problems));
    }
    let warnings = (!problems.is_empty()).then(|| Problems::new(shown, problems));
    Ok(Config { files: paths, warnings, ..config })
}

/// The store that a config names, as far as its files can be read: so that `status` can tell how the
/// daemon does also while the config is being edited.
pub fn store_of(place: &Place, surroundings: &Surroundings) -> store::Options {
    let mut problems = Vec::new();
    let files = texts(place, &mut problems)
        .iter()
        .filter_map(|(_, text)| {
            file::read(&mut read::Reading { file: 0, text, problems: Vec::new(), secrets: Vec::new() })
        })
        .collect();
    let (config, state) = folders(place, surroundings);
    let folders = check::Folders { config: &config, state: &state, credentials: None };
    check::config(check::merge(files), &folders, &mut problems).store
}

/// The main file's folder, and the store's.
fn folders(place: &Place, surroundings: &Surroundings) -> (PathBuf, PathBuf) {
    let here = surroundings.current_directory.clone();
    let config = match place {
        Place::BuiltIn => here.clone(),
        Place::Named(path) | Place::Found(path) => {
            here.join(path).parent().map_or_else(|| here.clone(), Path::to_path_buf)
        }
    };
    let state = match (&surroundings.state_directory, place, &surroundings.state_home) {
        (Some(folder), _, _) => folder.clone(),
        (None, Place::BuiltIn, Some(home)) => home.join("siftwire"),
        _ => config.clone(),
    };
    (config, state)
}

/// The main file and those of config.d. Files that cannot be read are problems of no line.
fn texts(place: &Place, problems: &mut Vec<Problem>) -> Vec<(PathBuf, String)> {
    let Some(path) = place.path() else { return vec![(PathBuf::from(BUILT_IN), SHIPPED.to_owned())] };
    let mut paths = vec![path.to_path_buf()];
    let folder = path.parent().unwrap_or(Path::new("")).join("config.d");
    match more(&folder) {
        Ok(found) => paths.extend(found),
        Err(error) => problems.push(Problem::nowhere(format!("cannot read {}: {error}", folder.display()))),
    }
    let mut texts = Vec::new();
    for path in paths {
        match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => texts.push((path, text)),
            Ok(Err(_)) => problems.push(Problem::nowhere(format!("{} is not UTF-8", path.display()))),
            Err(error) => problems.push(Problem::nowhere(format!("cannot read {}: {error}", path.display()))),
        }
    }
    texts
}

fn more(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The same text, every byte in its place, with secrets and the credentials of urls as stars.
fn masked(text: &str, secrets: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut hide = |span: Range<usize>| {
        for byte in bytes.get_mut(span).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                *byte = b'*';
            }
        }
    };
    secrets.iter().cloned().for_each(&mut hide);
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        let end = rest.find(|c: char| "/?#\"'".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
        if let Some(sign) = rest[..end].rfind('@') {
            hide(start..start + sign);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
