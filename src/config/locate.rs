//! Finds the config's files and the directories that relative paths in it refer to. Looks at the file system.

#![allow(clippy::disallowed_methods, reason = "looks for the config's files")]

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where the config comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigLocation {
    /// A file named by `--config` or `$SIFTWIRE_CONFIG`; it must exist.
    Explicit(PathBuf),
    /// A file found at one of the default paths.
    Default(PathBuf),
    /// No file was found: the shipped config is used.
    BuiltIn,
}

impl ConfigLocation {
    /// The main file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            ConfigLocation::Explicit(path) | ConfigLocation::Default(path) => Some(path),
            ConfigLocation::BuiltIn => None,
        }
    }
}

impl fmt::Display for ConfigLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "{}", path.display()),
            None => f.write_str("the built-in config"),
        }
    }
}

/// The environment variables that the config depends on. The caller reads them, so that tests can inject others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The working directory.
    pub current_directory: PathBuf,
    /// `$SIFTWIRE_CONFIG`.
    pub config: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    pub config_home: Option<PathBuf>,
    /// `$XDG_STATE_HOME`, else `~/.local/state`.
    pub state_home: Option<PathBuf>,
    /// The first path of `$STATE_DIRECTORY`, which systemd sets.
    pub state_directory: Option<PathBuf>,
    /// `$CREDENTIALS_DIRECTORY`, which systemd sets.
    pub credentials_directory: Option<PathBuf>,
    /// `$PGPASSFILE`, else `~/.pgpass`: where the password of a database may be.
    pub password_file: Option<PathBuf>,
    /// `$SIFTWIRE_LISTEN` or `--listen`, in place of `listen` in the config.
    pub listen: Option<String>,
    /// Not a variable, but whether this process can do without secrets that it cannot see.
    pub unseen_secrets: UnseenSecrets,
}

/// What a secret means that only the service can see: a credential of systemd, or a file of another user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnseenSecrets {
    /// A mistake: this process polls the source.
    #[default]
    Refuse,
    /// A warning: its source is not polled by this process.
    Warn,
}

impl Environment {
    /// Reads the variables through `variable`; an empty one counts as unset.
    pub fn from_variables(current_directory: PathBuf, variable: impl Fn(&str) -> Option<OsString>) -> Self {
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
            password_file: home("PGPASSFILE", ".pgpass"),
            listen: variable("SIFTWIRE_LISTEN")
                .filter(|value| !value.is_empty())
                .map(|value| value.to_string_lossy().into_owned()),
            unseen_secrets: UnseenSecrets::default(),
        }
    }
}

/// The config's location: `explicit`, else `$SIFTWIRE_CONFIG`, else `config.toml` in the working directory, the
/// user's or the system's config directory, else the built-in config.
pub fn locate(explicit: Option<&Path>, environment: &Environment) -> ConfigLocation {
    let here = &environment.current_directory;
    if let Some(path) = explicit.or(environment.config.as_deref()) {
        return ConfigLocation::Explicit(here.join(path));
    }
    let user = environment.config_home.as_ref().map(|directory| directory.join("siftwire/config.toml"));
    // $HOME may still name another user's home, as in a container or after a change of user.
    let is_closed = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    let user = user.filter(|path| !path.try_exists().is_err_and(is_closed));
    let defaults = [Some(here.join("config.toml")), user, Some(PathBuf::from("/etc/siftwire/config.toml"))];
    // An unreadable file counts as found: skipping it silently would be confusing.
    let exists = |path: &PathBuf| !matches!(path.try_exists(), Ok(false));
    defaults.into_iter().flatten().find(exists).map_or(ConfigLocation::BuiltIn, ConfigLocation::Default)
}

/// The system's config directory, and its service's state directory.
const SYSTEM_DIRECTORIES: (&str, &str) = ("/etc/siftwire", "/var/lib/siftwire");

/// What the config is read in: where relative paths start, and what the environment sets.
pub(super) struct Surroundings {
    /// For secret files and `write_to`.
    pub(super) config: PathBuf,
    /// For the store.
    pub(super) state: PathBuf,
    /// For systemd credentials.
    pub(super) credentials: Option<PathBuf>,
    pub(super) unseen_secrets: UnseenSecrets,
    pub(super) password_file: Option<PathBuf>,
    /// What the environment has in place of `listen`.
    pub(super) listen: Option<String>,
}

pub(super) fn directories(location: &ConfigLocation, environment: &Environment) -> Surroundings {
    let here = &environment.current_directory;
    let main = location.path().map(|path| here.join(path));
    let config = main.as_deref().and_then(Path::parent).unwrap_or(here).to_path_buf();
    let state = match (&environment.state_directory, location, &environment.state_home) {
        (Some(directory), _, _) => directory.clone(),
        (None, ConfigLocation::BuiltIn, Some(home)) => home.join("siftwire"),
        // In a shell the service's variable is not set.
        _ if config == Path::new(SYSTEM_DIRECTORIES.0) => PathBuf::from(SYSTEM_DIRECTORIES.1),
        _ => config.clone(),
    };
    Surroundings {
        config,
        state,
        credentials: environment.credentials_directory.clone(),
        unseen_secrets: environment.unseen_secrets,
        password_file: environment.password_file.clone(),
        listen: environment.listen.clone(),
    }
}

/// The folder beside the main file that further files are read from.
pub(super) const DROP_IN_DIRECTORY: &str = "config.d";

pub(super) fn drop_in_directory(main: &Path) -> PathBuf {
    main.parent().unwrap_or(Path::new("")).join(DROP_IN_DIRECTORY)
}

/// The `*.toml` files of a directory except hidden ones, sorted by name; none if the directory is missing.
pub(super) fn drop_in_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
