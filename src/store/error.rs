//! The store's error and what a user can do about a damaged file. Pure.

use std::path::Path;
use std::sync::Arc;

use rusqlite::ErrorCode;

use super::location::StoreLocation;
use super::server::{ConnectError, Server};
use super::sql::SqlError;

/// A query or command failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("store: {message}")]
pub struct Error {
    message: String,
    /// Its words are in the message.
    cause: Option<Arc<SqlError>>,
    not_writable: bool,
    claim_lost: bool,
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), cause: None, not_writable: false, claim_lost: false }
    }

    /// The store's file or folder cannot be written at present.
    pub(super) fn not_writable(message: impl Into<String>) -> Error {
        Error { not_writable: true, ..Error::new(message) }
    }

    /// A poll was not committed because its claim had ended.
    pub(super) fn lost_claim() -> Error {
        Error { claim_lost: true, ..Error::new("the claim has ended: another process may poll this source") }
    }

    /// Whether a poll was not committed because its claim had ended. That is no fault of the store.
    #[must_use]
    pub fn is_lost_claim(&self) -> bool {
        self.claim_lost
    }

    /// There is no connection to the server.
    pub(super) fn unreachable(server: &Server, reason: &ConnectError) -> Error {
        Error::not_writable(format!("cannot connect to {server}: {reason}"))
    }

    pub(super) fn sql(context: impl Into<String>, cause: impl Into<SqlError>) -> Error {
        let cause = cause.into();
        let message = format!("{}: {cause}", context.into());
        Error { cause: Some(Arc::new(cause)), ..Error::new(message) }
    }

    /// Adds the file and [`recovery_advice`] if the file is damaged.
    pub(super) fn with_advice(mut self, path: &Path) -> Error {
        if matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) {
            self.message =
                format!("{} is damaged: {}. {}", path.display(), self.message, recovery_advice(path));
        }
        self
    }

    /// The same for a store that may be no file.
    pub(super) fn with_advice_at(self, location: &StoreLocation) -> Error {
        match location.file() {
            Some(path) => self.with_advice(path),
            None => self,
        }
    }

    /// Whether a later attempt may succeed: the cause lies in the disk, the permissions, the server or the way to it.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use ErrorCode::{CannotOpen, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure};
        self.not_writable
            || matches!(self.cause.as_deref(), Some(SqlError::Silent))
            || matches!(self.cause.as_deref(), Some(SqlError::Postgres(error)) if is_transient(error))
            || matches!(
                self.code(),
                Some(CannotOpen | DiskFull | PermissionDenied | ReadOnly | SystemIoFailure)
            )
    }

    /// Whether a server or the connection to it has ended the transaction, which may succeed when it is run again.
    pub(super) fn may_be_repeated(&self) -> bool {
        match self.cause.as_deref() {
            Some(SqlError::Silent) => true,
            Some(SqlError::Postgres(error)) => match error.code() {
                // The connection has ended.
                None => true,
                Some(state) => REPEATABLE.iter().any(|class| state.code().starts_with(class)),
            },
            _ => false,
        }
    }

    fn code(&self) -> Option<ErrorCode> {
        match self.cause.as_deref() {
            Some(SqlError::Sqlite(error)) => error.sqlite_error_code(),
            _ => None,
        }
    }
}

/// What to do about a damaged store, as two shell commands.
#[must_use]
pub fn recovery_advice(path: &Path) -> String {
    let file = path.display();
    format!(
        "To save what can be read: siftwire doctor --salvage {file}.new. To start anew: mv {file} {file}.damaged"
    )
}

/// A connection that has ended, a deadlock or conflict of transactions, a server that is shut down, and one that has become
/// a standby, by the start of their state.
const REPEATABLE: [&str; 4] = ["08", "40", "57P", "25006"];

/// Whether a server may do later what it has not done now: it is gone, starts, is full, refuses logins, or is a standby.
/// By classes of <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn is_transient(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code().map(tokio_postgres::error::SqlState::code) else {
        // The connection, not the server's answer.
        return true;
    };
    ["08", "28", "40", "53", "57", "58"].iter().any(|class| state.starts_with(class))
        || ["25006", "55P03"].contains(&state)
}
