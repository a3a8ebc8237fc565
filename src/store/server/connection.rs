//! A connection to PostgreSQL. Whatever is done on it ends in time, also where the server or the network has gone silent.
//! I/O: the connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::server_error;
use super::super::sql::SqlError;

/// How long a host may take for TCP, TLS and login together.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long a statement may take before the server is asked whether it still works on it.
const ASK_AFTER: Duration = Duration::from_secs(10);

/// How often the server may say so: it ends a statement itself after `statement_timeout`, unless it has stopped in it.
const MAX_QUESTIONS: u32 = 14;

/// How long the end of a connection may take.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// The oldest version that is tested.
const MIN_VERSION: u32 = 15;

type Result<T, E = tokio_postgres::Error> = std::result::Result<T, E>;

/// Moves what is sent and received, and gives what the server says on its own.
type Pump = Box<dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<AsyncMessage>>> + Send>;

/// How a host is reached.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

/// A host has not given a connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    #[error("{}", server_error::in_words(.0))]
    Refused(#[from] tokio_postgres::Error),
    #[error("no answer within {} s: the server has stopped or is overloaded, or something on the way drops what is sent", CONNECT_LIMIT.as_secs())]
    Silent,
    #[error("it is PostgreSQL {0}; Siftwire needs {MIN_VERSION} or later")]
    TooOld(String),
    #[error(
        "the encoding of the database is {0}, which cannot keep every text: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE \
         template0"
    )]
    Encoding(String),
    #[error(
        "the settings of the connection do not arrive: a pooler such as PgBouncer drops them; name the server itself in the URL"
    )]
    Pooled,
    #[error("cannot wait for it: {0}")]
    Runtime(#[from] std::io::Error),
}

/// A connection, which one thread uses.
pub(super) struct BoundedConnection {
    /// Always there until the end.
    runtime: Option<Runtime>,
    open: Open,
    way: Arc<Way>,
    questions: u32,
    /// It went silent; nothing is done on it any more.
    is_lost: bool,
}

/// What a login gives.
struct Open {
    client: Client,
    pump: Pump,
    /// The number of the server's process.
    process: i32,
    is_writable: bool,
}

impl BoundedConnection {
    pub(super) fn open(way: Way) -> Result<BoundedConnection, ConnectFailure> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let way = Arc::new(way);
        match runtime.block_on(log_in(&way)) {
            Ok(open) => Ok(BoundedConnection {
                runtime: Some(runtime),
                open,
                way,
                questions: MAX_QUESTIONS,
                is_lost: false,
            }),
            Err(failure) => {
                // The name of the host may still be looked up.
                runtime.shutdown_background();
                Err(failure)
            }
        }
    }

    /// Whether the server was no standby, nor read-only, at the login.
    pub(super) fn is_writable(&self) -> bool {
        self.open.is_writable
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_lost || self.open.client.is_closed()
    }

    /// A statement may take as long as the server says that it works on it.
    pub(super) fn lift_time_limits(&mut self) {
        self.questions = u32::MAX;
    }

    /// Does something on the connection.
    ///
    /// # Errors
    /// The server refuses it, or has gone silent, after which the connection is closed.
    pub(super) fn run<T>(&mut self, work: impl AsyncFnOnce(&Client) -> Result<T>) -> Result<T, SqlError> {
        let BoundedConnection { runtime: Some(runtime), open, way, questions, is_lost: false } = self else {
            return Err(SqlError::Silent);
        };
        let Open { client, pump, process, .. } = open;
        let done = runtime.block_on(async {
            let mut work = pin!(driven(pump, work(client)));
            for _ in 0..=*questions {
                if let Ok(result) = timeout(ASK_AFTER, &mut work).await {
                    return Some(result);
                }
                if !still_works(way, *process).await {
                    break;
                }
            }
            // The answer may have come while the server was asked.
            timeout(CLOSE_LIMIT, &mut work).await.ok()
        });
        self.is_lost = done.is_none();
        done.map_or(Err(SqlError::Silent), |result| Ok(result?))
    }

    /// Waits until another connection notifies this one, or the time is over. Whether it has.
    ///
    /// # Errors
    /// The connection has ended.
    pub(super) fn wait_for_notification(&mut self, limit: Duration) -> Result<bool, SqlError> {
        let BoundedConnection { runtime: Some(runtime), open, is_lost: false, .. } = self else {
            return Err(SqlError::Silent);
        };
        let next = async {
            loop {
                match poll_fn(|context| (open.pump)(context)).await {
                    Some(Ok(AsyncMessage::Notification(_))) => return Ok(true),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                    None => return Err(SqlError::Silent),
                }
            }
        };
        runtime.block_on(async { timeout(limit, next).await.unwrap_or(Ok(false)) })
    }
}

impl Drop for BoundedConnection {
    /// Tells the server, so that it does not log a lost client.
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if !self.is_closed() {
            self.open.client.__private_api_close();
            let pump = &mut self.open.pump;
            let end = poll_fn(|context| {
                loop {
                    match pump(context) {
                        Poll::Ready(Some(Ok(_))) => {}
                        Poll::Ready(_) => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            });
            let _ = runtime.block_on(async { timeout(CLOSE_LIMIT, end).await });
        }
        runtime.shutdown_background();
    }
}

/// Work on a connection, which moves only with its pump.
async fn driven<T>(pump: &mut Pump, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let ended = loop {
            match pump(context) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => break Some(error),
                Poll::Ready(None) => break None,
                Poll::Pending => return work.as_mut().poll(context),
            }
        };
        // Without the connection what still waits for an answer fails.
        *pump = Box::new(|_| Poll::Ready(None));
        let result = work.as_mut().poll(context);
        ended
            .filter(|_| !matches!(result, Poll::Ready(Ok(_))))
            .map_or(result, |error| Poll::Ready(Err(error)))
    })
    .await
}

/// Logs in, and looks at what is there.
async fn log_in(way: &Way) -> Result<Open, ConnectFailure> {
    let logged_in = async {
        let (client, mut connection) = way.config.connect(way.tls.clone()).await?;
        let parameter = |name| connection.parameter(name).unwrap_or_default().to_owned();
        let (version, encoding) = (parameter("server_version"), parameter("server_encoding"));
        let major = version.split(|character: char| !character.is_ascii_digit()).next();
        if major.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major < MIN_VERSION) {
            return Err(ConnectFailure::TooOld(version));
        }
        if !encoding.is_empty() && encoding != "UTF8" {
            return Err(ConnectFailure::Encoding(encoding));
        }
        let mut pump: Pump = Box::new(move |context| connection.poll_message(context));
        let select = "SELECT pg_backend_pid(), current_setting('transaction_read_only'), current_setting('search_path')";
        let rows = driven(&mut pump, client.simple_query(select)).await?;
        let column = |index| {
            rows.iter().find_map(|row| match row {
                SimpleQueryMessage::Row(row) => row.get(index),
                _ => None,
            })
        };
        if column(2) != Some("siftwire") {
            return Err(ConnectFailure::Pooled);
        }
        let process = column(0).and_then(|process| process.parse().ok()).unwrap_or_default();
        let is_writable = column(1) == Some("off");
        Ok(Open { client, pump, process, is_writable })
    };
    timeout(CONNECT_LIMIT, logged_in).await.unwrap_or(Err(ConnectFailure::Silent))
}

/// Whether the server works on a statement of this process of it, asked on a new connection. It may have too many of them to
/// answer.
async fn still_works(way: &Way, process: i32) -> bool {
    let answer = async {
        let mut open = log_in(way).await?;
        let question = format!("SELECT FROM pg_stat_activity WHERE pid = {process} AND state = 'active'");
        let rows = driven(&mut open.pump, open.client.simple_query(&question)).await?;
        Ok(rows.iter().any(|row| matches!(row, SimpleQueryMessage::Row(_))))
    };
    match timeout(CONNECT_LIMIT, answer).await {
        Ok(Ok(works)) => works,
        Ok(Err(ConnectFailure::Refused(error))) => error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS),
        Ok(Err(_)) | Err(_) => false,
    }
}
