//! Where a PostgreSQL server is, how to log in there, and connections to it. I/O: the connections.

mod dialect;
pub(super) mod session;
mod tls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

pub(super) use self::dialect::schema_text;
use self::session::Session;
use self::tls::TlsMode;
use super::server_error;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server may leave what was sent to it without an answer of its network.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(15);

/// Settings of each connection. A daemon that is stopped in the middle of a transaction loses it, and the lock that keeps
/// others from writing. Memory: lists of entries that are still in their feeds are compared in it.
const OPTIONS: &str = "-c search_path=siftwire -c idle_in_transaction_session_timeout=10s -c lock_timeout=25s \
                       -c statement_timeout=120s -c work_mem=64MB -c client_min_messages=warning";

/// A PostgreSQL database. Its password is never shown.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: TlsMode,
    root_certificate: Option<PathBuf>,
    shown: String,
}

impl FromStr for Server {
    type Err = &'static str;

    /// Reads `postgres://user@host:port/database?sslmode=...&sslrootcert=...`, with the parameters of tokio-postgres.
    fn from_str(text: &str) -> Result<Server, &'static str> {
        let mut url = Url::parse(text).map_err(|_| "not a URL")?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("it must begin with postgres://");
        }
        let (mut tls, mut root_certificate) = (TlsMode::Prefer, None);
        let mut others = Vec::new();
        for (name, value) in url.query_pairs().into_owned() {
            match name.as_str() {
                "sslmode" => tls = value.parse()?,
                "sslrootcert" => root_certificate = Some(PathBuf::from(value)),
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
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(NETWORK_TIMEOUT)
            .keepalives_idle(NETWORK_TIMEOUT)
            .options(OPTIONS)
            .ssl_mode(match tls {
                TlsMode::Disable => SslMode::Disable,
                TlsMode::Prefer => SslMode::Prefer,
                TlsMode::Require | TlsMode::VerifyFull => SslMode::Require,
            });
        // Without password and parameters, for people.
        let _ = url.set_password(None);
        url.set_query(None);
        Ok(Server { config, tls, root_certificate, shown: url.to_string() })
    }
}

impl Server {
    /// Sets the password; one in the address is replaced.
    pub fn set_password(&mut self, password: &str) {
        self.config.password(password);
    }

    /// Whether there is a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// Trusts only certificates that this one has signed.
    pub fn set_root_certificate(&mut self, path: &Path) {
        self.root_certificate = Some(path.to_owned());
    }

    /// Whether a line of a password file is for this database: host, port, database and user, or `*` for any.
    #[must_use]
    pub fn is_meant_by(&self, [host, port, database, user]: [&str; 4]) -> bool {
        let ports = self.config.get_ports();
        let port_of = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432).to_string();
        let is = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let own_user = self.config.get_user().unwrap_or_default();
        let is_host = |(index, own): (usize, &Host)| {
            let name = match own {
                Host::Tcp(name) => name.as_str(),
                Host::Unix(_) => "localhost",
            };
            is(host, name) && is(port, &port_of(index))
        };
        is(user, own_user)
            && is(database, self.config.get_dbname().unwrap_or(own_user))
            && self.config.get_hosts().iter().enumerate().any(is_host)
    }

    /// The address for PostgreSQL's own programs, for a shell: with TLS as here, without the password. Another user where
    /// only an administrator may do what is to be done.
    pub(super) fn for_tools(&self, user: Option<&str>) -> String {
        let Ok(mut url) = Url::parse(&self.shown) else { return self.shown.clone() };
        if let Some(user) = user {
            let _ = url.set_username(user);
        }
        if self.tls != TlsMode::Prefer {
            url.query_pairs_mut().append_pair("sslmode", self.tls.name());
        }
        if let Some(root) = &self.root_certificate {
            url.query_pairs_mut().append_pair("sslrootcert", &root.to_string_lossy());
        }
        format!("'{url}'")
    }

    pub(super) fn connect(&self) -> Result<Session, ConnectError> {
        self.client().map(Session::new)
    }

    /// A connection without prepared statements.
    pub(super) fn client(&self) -> Result<Client, ConnectError> {
        let connected = match self.tls {
            TlsMode::Disable => self.config.connect(NoTls),
            _ => {
                let roots = self.root_certificate.as_deref();
                let settings = tls::client_config(self.tls, roots).map_err(ConnectError::Certificate)?;
                self.config.connect(MakeRustlsConnect::new(settings))
            }
        };
        Ok(connected?)
    }
}

/// There is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("{0}")]
    Certificate(String),
    #[error("{}", server_error::in_words(.0))]
    Refused(#[from] postgres::Error),
}

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
