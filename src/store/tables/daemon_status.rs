//! SQL of what the daemon tells other processes. I/O: the database.

use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::DaemonStatus;
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::lossy_text;

impl Store {
    /// Sets a status, or removes it with `None`.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn set_daemon_status(&self, status: DaemonStatus, text: Option<String>) -> Result<(), Error> {
        self.command(move |c| {
            match text {
                Some(text) => c
                    .prepare_cached(
                        "INSERT INTO daemon_status (name, text) VALUES (?1, ?2)
                         ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                    )?
                    .execute(params![name(status), text]),
                None => {
                    c.prepare_cached("DELETE FROM daemon_status WHERE name = ?1")?.execute([name(status)])
                }
            }
            .map(drop)
        })
        .await
    }

    /// The text of a status, if it is set.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn daemon_status(&self, status: DaemonStatus) -> Result<Option<String>, Error> {
        self.query(move |c| {
            c.prepare_cached("SELECT text FROM daemon_status WHERE name = ?1")?
                .query_row([name(status)], |row| lossy_text(row, 0))
                .optional()
                .map(Option::flatten)
        })
        .await
    }
}

fn name(status: DaemonStatus) -> &'static str {
    match status {
        DaemonStatus::ConfigError => "config_error",
        DaemonStatus::Heartbeat => "heartbeat",
        DaemonStatus::Listen => "listen",
        DaemonStatus::PublicUrl => "public_url",
        DaemonStatus::NetworkDown => "network_down",
        DaemonStatus::LeftOut => "left_out",
    }
}
