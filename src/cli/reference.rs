//! What the manual says that no type of the command line says: exit codes, environment, files, signals, examples.
//! Pure tables; `tests/tidy` checks that every variable the code reads is here.

/// A line of a table: the term, and its sentence.
pub type Row = (&'static str, &'static str);

/// Exit codes.
pub const EXIT_CODES: &[Row] = &[
    ("0", "Done."),
    (
        "1",
        "Something failed: a file, the store, the network, a case of `match`; of `siftwire poll` any source, for whatever reason.",
    ),
    (
        "2",
        "Wrong usage, such as a name that there is not, or a mistake in the config or in a query, or a config that was emptied. \
         Nothing was changed.",
    ),
    (
        "3",
        "`siftwire poll` skipped a source that another siftwire was polling, or whose host takes no requests now.",
    ),
];

/// Variables that are read.
pub const ENVIRONMENT: &[Row] = &[
    ("SIFTWIRE_CONFIG", "The config file, as with `--config`."),
    ("SIFTWIRE_LISTEN", "The address to listen on, as with `--listen`, instead of `listen` in the config."),
    (
        "SIFTWIRE_LOG",
        "Which messages the daemon logs, as with `--log`: `error`, `warn`, `info` (the default), `debug` or `trace`, also \
         for one module, as in `info,siftwire::fetch=debug`.",
    ),
    ("RUST_LOG", "The same, if neither of them is set."),
    ("NO_COLOR", "If set and not empty, nothing is coloured."),
    ("HOME", "Where `~` is in the paths below."),
    ("XDG_CONFIG_HOME", "The directory of the user's config files [default: `~/.config`]."),
    (
        "XDG_STATE_HOME",
        "The directory in which the built-in config has its store, in `siftwire/` [default: `~/.local/state`].",
    ),
    (
        "STATE_DIRECTORY",
        "Where a relative path of the store starts; set by systemd [default: beside the config; /var/lib/siftwire for one in /etc/siftwire].",
    ),
    ("PGPASSFILE", "A file with passwords of PostgreSQL databases [default: `~/.pgpass`]."),
    ("CREDENTIALS_DIRECTORY", "Where `{ credential = \"name\" }` in the config is read; set by systemd."),
    ("SSL_CERT_FILE", "Certificates (PEM) that are trusted instead of the system's."),
    ("SSL_CERT_DIR", "A directory of such certificates."),
    ("NOTIFY_SOCKET", "Where the daemon reports its state; set by systemd, as are the next three."),
    ("WATCHDOG_USEC", "How often the daemon has to report that it is not stuck."),
    ("LISTEN_FDS", "Sockets that are open already. They replace `listen`."),
    ("JOURNAL_STREAM", "If standard error is the journal, messages are written there with their fields."),
    ("SIFTWIRE_COMPLETE", "Set by the completion scripts: print what the shell completes."),
];

/// Files that are read and written.
pub const FILES: &[Row] = &[
    ("./config.toml", "The config, if neither `--config` nor `SIFTWIRE_CONFIG` names another."),
    ("~/.config/siftwire/config.toml", "The config, if the one above is missing."),
    ("/etc/siftwire/config.toml", "The config, if both are missing: the one of the service."),
    ("config.d/*.toml", "Beside the config: further parts of it, read in the order of their names."),
    (
        "siftwire.db",
        "The store, an SQLite database with its `-wal` and `-shm` files. Beside the config, if `path` in `[store]` says \
         nothing else.",
    ),
    ("siftwire.token", "The token, if `token` in `[serve]` names it. Only its owner may read it."),
    ("siftwire.db.lock", "Held by the processes that use the store. It may stay when none runs."),
    ("/var/lib/siftwire/siftwire.db", "The store of the service."),
    (
        "~/.local/state/siftwire/siftwire.db",
        "The store of the built-in config, which is used if there is no config.",
    ),
];

/// What the server answers to other programs.
pub const ADDRESSES: &[Row] = &[
    ("/healthz", "200 while the process answers."),
    ("/readyz", "200 while it serves, polls and can store, else 503 with the reason."),
    ("/metrics", "Numbers for Prometheus; alerts and a dashboard are in `contrib/`."),
    ("/outputs.opml", "All feeds, to subscribe to them at once."),
];

/// Signals that the daemon handles.
pub const SIGNALS: &[Row] = &[
    ("SIGHUP", "Read the config again at once. A config with a mistake changes nothing."),
    (
        "SIGTERM, SIGINT",
        "Stop: running polls get four seconds, responses are finished, the store is closed. A second one ends the \
         process at once.",
    ),
];

/// Commands to begin with, each with its purpose.
pub const EXAMPLES: &[Row] = &[
    ("siftwire init", "Write a commented config.toml to begin with:"),
    ("siftwire add https://oc-media.org/", "Add the feed of a site:"),
    ("siftwire check", "See all mistakes of the config:"),
    ("siftwire", "Start the daemon. It prints the address of its page:"),
    ("siftwire preview '@armenia -football'", "See what a filter would match among the stored entries:"),
    ("siftwire explain 'part of a title'", "See why an entry is, or is not, in each output:"),
    ("siftwire status", "See how each source does:"),
    ("siftwire token --output siftwire.token", "Make a token, which opens the private pages from elsewhere:"),
    ("siftwire backup copy.db", "Copy the store while the daemon runs:"),
];
