//! Where a PostgreSQL server is, how to log in there, and connections to it. I/O: the connections.

mod connection;
mod dialect;
pub(super) mod session;
mod tls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use self::connection::{BoundedConnection, Way};
pub(super) use self::dialect::schema_text;
use self::session::Session;
use self::tls::TlsMode;
use super::server_error::NO_PASSWORD;

/// How long one address of a host may take for TCP.
const TCP_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a server may leave what was sent to it without an answer of its network.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(15);

/// Settings of each connection. A daemon that is stopped in the middle of a transaction, or reads no answers, loses it, and
/// the lock that keeps others from writing; what a client no longer waits for is ended. Memory: lists of entries that are
/// still in their feeds are compared in it.
const OPTIONS: &str = "-c search_path=siftwire -c idle_in_transaction_session_timeout=10s -c lock_timeout=25s \
                       -c statement_timeout=120s -c client_connection_check_interval=5s -c tcp_user_timeout=15s \
                       -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 \
                       -c work_mem=64MB -c client_min_messages=warning";

/// A PostgreSQL database. Its password is never shown.
#[derive(Clone)]
pub struct Server {
    /// One for each host that may have it, in the order in which they are asked.
    hosts: Vec<Config>,
    /// Whether a host that is read-only is of no use.
    writable_only: bool,
    /// `None`: not chosen.
    tls: Option<TlsMode>,
    root_certificate: Option<PathBuf>,
    /// That of all clones: a reload may bring another one.
    password: Arc<Mutex<Option<String>>>,
    /// A password file that was not read, since others can read it.
    ignored_password_file: Option<PathBuf>,
    shown: String,
}

impl FromStr for Server {
    type Err = &'static str;

    /// Reads `postgres://user@host:port/database?sslmode=...&sslrootcert=...`, with the parameters of tokio-postgres. There
    /// may be several hosts, with commas between.
    fn from_str(text: &str) -> Result<Server, &'static str> {
        let (before, names, after) = around_hosts(text);
        let mut server: Option<Server> = None;
        for name in names.split(',') {
            let host = Server::with_one_host(&format!("{before}{name}{after}"))?;
            match &mut server {
                None => server = Some(host),
                Some(server) => server.hosts.extend(host.hosts),
            }
        }
        let mut server = server.ok_or("it names no host")?;
        if names.contains(',') {
            let (before, _, after) = around_hosts(&server.shown);
            server.shown = format!("{before}{names}{after}");
        }
        Ok(server)
    }
}

/// What stands before the hosts of a URL, the hosts, and what is behind them.
fn around_hosts(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    (&url[..start], &url[start..end], &url[end..])
}

impl Server {
    fn with_one_host(text: &str) -> Result<Server, &'static str> {
        let mut url = Url::parse(text).map_err(|_| "not a URL")?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("it must begin with postgres://");
        }
        let (mut tls, mut root_certificate, mut writable_only) = (None, None, false);
        let mut others = Vec::new();
        for (name, value) in url.query_pairs().into_owned() {
            match (name.as_str(), value.as_str()) {
                ("sslmode", _) => tls = Some(value.parse()?),
                ("sslrootcert", _) => root_certificate = Some(PathBuf::from(value)),
                ("target_session_attrs", "read-write" | "primary") => writable_only = true,
                ("target_session_attrs", "any") => {}
                ("target_session_attrs", _) => return Err("target_session_attrs is read-write or any"),
                _ => others.push((name, value)),
            }
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        let mut config: Config =
            url.as_str().parse().map_err(|_| "not the address of a PostgreSQL database")?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host");
        }
        config
            .application_name("siftwire")
            .connect_timeout(TCP_TIMEOUT)
            .tcp_user_timeout(NETWORK_TIMEOUT)
            .keepalives_idle(NETWORK_TIMEOUT)
            .keepalives_interval(NETWORK_TIMEOUT / 3)
            .keepalives_retries(3)
            .options(OPTIONS);
        // Without a password, and with those parameters alone that tell which database it is, for people.
        let _ = url.set_password(None);
        let is_place = |name: &str| matches!(name, "host" | "hostaddr" | "port" | "user" | "dbname");
        let places: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| is_place(name)).collect();
        url.set_query(None);
        if !places.is_empty() {
            url.query_pairs_mut().extend_pairs(places);
        }
        let password = config.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
        Ok(Server {
            hosts: vec![config],
            writable_only,
            tls,
            root_certificate,
            password: Arc::new(Mutex::new(password)),
            ignored_password_file: None,
            shown: url.to_string(),
        })
    }

    /// Sets the password; one in the address is replaced.
    pub fn set_password(&self, password: Option<String>) {
        *self.password.lock().unwrap_or_else(PoisonError::into_inner) = password;
    }

    /// The password, if there is one.
    #[must_use]
    pub fn password(&self) -> Option<String> {
        self.password.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What to name if the server wants a password.
    pub fn set_ignored_password_file(&mut self, path: &Path) {
        self.ignored_password_file = Some(path.to_owned());
    }

    /// Trusts only certificates that this one has signed.
    pub fn set_root_certificate(&mut self, path: &Path) {
        self.root_certificate = Some(path.to_owned());
    }

    /// Whether there is a root certificate that may not count: then whoever answers without encryption gets the password.
    #[must_use]
    pub fn may_ignore_root_certificate(&self) -> bool {
        self.root_certificate.is_some() && matches!(self.tls(), TlsMode::Disable | TlsMode::Prefer)
    }

    /// How connections are encrypted. Who names a root certificate wants it to be checked.
    fn tls(&self) -> TlsMode {
        let default = if self.root_certificate.is_some() { TlsMode::VerifyFull } else { TlsMode::Prefer };
        self.tls.unwrap_or(default)
    }

    /// Whether a line of a password file is for this database: host, port, database and user, or `*` for any.
    #[must_use]
    pub fn is_meant_by(&self, line: [&str; 4]) -> bool {
        self.hosts.iter().any(|config| is_meant(config, line))
    }

    /// The address for PostgreSQL's own programs, for a shell: with TLS as here, without the password. Another user where
    /// only an administrator may do what is to be done.
    pub(super) fn for_tools(&self, user: Option<&str>) -> String {
        let Ok(mut url) = Url::parse(&self.shown) else { return self.shown.clone() };
        if let Some(user) = user {
            let _ = url.set_username(user);
        }
        if self.tls() != TlsMode::Prefer {
            url.query_pairs_mut().append_pair("sslmode", self.tls().name());
        }
        if let Some(root) = &self.root_certificate {
            url.query_pairs_mut().append_pair("sslrootcert", &root.to_string_lossy());
        }
        format!("'{url}'")
    }

    /// Connects to the first host that can be written, else to the first that can be read.
    pub(super) fn connect(&self) -> Result<Session, ConnectError> {
        let settings =
            tls::client_config(self.tls(), self.root_certificate.as_deref()).map_err(ConnectError)?;
        let (mut readable, mut failures) = (None, Vec::new());
        for config in &self.hosts {
            let mut config = config.clone();
            config.ssl_mode(match self.tls() {
                TlsMode::Disable => SslMode::Disable,
                TlsMode::Prefer => SslMode::Prefer,
                TlsMode::Require | TlsMode::VerifyFull => SslMode::Require,
            });
            if let Some(password) = self.password() {
                config.password(password);
            }
            let label = self.label(&config);
            let way = Way { config, tls: MakeRustlsConnect::new(settings.clone()) };
            match BoundedConnection::open(way) {
                Ok(connection) if connection.is_writable() => return Ok(Session::new(connection)),
                Ok(connection) if !self.writable_only => drop(readable.get_or_insert(connection)),
                Ok(_) => failures.push(format!("{label}it is a standby, or read-only")),
                Err(failure) => failures.push(format!("{label}{}", self.with_ignored_file(&failure))),
            }
        }
        readable.map(Session::new).ok_or_else(|| ConnectError(failures.join("; ")))
    }

    fn with_ignored_file(&self, failure: &impl fmt::Display) -> String {
        let failure = failure.to_string();
        match &self.ignored_password_file {
            Some(file) if failure.contains(NO_PASSWORD) => {
                let file = file.display();
                format!("{NO_PASSWORD}: {file} does not count, since others can read it: chmod 600 {file}")
            }
            _ => failure,
        }
    }

    /// What to write before what is said of a host: its name, if there are several.
    fn label(&self, config: &Config) -> String {
        match (config.get_hosts().first(), &self.hosts[..]) {
            (None, _) | (_, [_]) => String::new(),
            (Some(Host::Tcp(name)), _) => format!("{name}: "),
            (Some(Host::Unix(path)), _) => format!("{}: ", path.display()),
        }
    }
}

/// Whether a line of a password file is for this host and database.
fn is_meant(config: &Config, [host, port, database, user]: [&str; 4]) -> bool {
    let ports = config.get_ports();
    let port_of = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432).to_string();
    let is = |pattern: &str, value: &str| pattern == "*" || pattern == value;
    let own_user = config.get_user().unwrap_or_default();
    let is_host = |(index, own): (usize, &Host)| {
        let is_named = match own {
            Host::Tcp(name) => is(host, name),
            Host::Unix(folder) => is(host, "localhost") || Path::new(host) == folder,
        };
        is_named && is(port, &port_of(index))
    };
    is(user, own_user)
        && is(database, config.get_dbname().unwrap_or(own_user))
        && config.get_hosts().iter().enumerate().any(is_host)
}

/// There is no connection, for these reasons.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConnectError(String);

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}

impl PartialEq for Server {
    fn eq(&self, other: &Server) -> bool {
        self.shown == other.shown
    }
}
