//! SQL of what the daemon tells other processes. I/O: the database.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::database::SqlRow;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::DaemonStatus;
use super::super::sql::params;
use super::super::values::lossy_text;

impl Store {
    /// Sets a status, or removes it with `None`.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn set_daemon_status(&self, status: DaemonStatus, text: Option<String>) -> Result<(), Error> {
        let daemon = self.owner(status);
        self.command(move |c| {
            match &text {
                Some(text) => c
                    .prepare_cached(
                        "INSERT INTO daemon_status (daemon, name, text) VALUES (?1, ?2, ?3)
                         ON CONFLICT (daemon, name) DO UPDATE SET text = excluded.text",
                    )?
                    .execute(params![&*daemon, name(status), text]),
                None => c
                    .prepare_cached("DELETE FROM daemon_status WHERE daemon = ?1 AND name = ?2")?
                    .execute([&*daemon, name(status)]),
            }
            .map(drop)
        })
        .await
    }

    /// The text of a status of this daemon, or of the store, if it is set.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn daemon_status(&self, status: DaemonStatus) -> Result<Option<String>, Error> {
        Ok(self.daemon_statuses(status).await?.remove(&*self.owner(status)))
    }

    /// The texts of a status, by the id of the daemon; that of the only daemon, and of the store, under an empty one.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn daemon_statuses(&self, status: DaemonStatus) -> Result<HashMap<String, String>, Error> {
        self.query(move |c| {
            let text = |row: &SqlRow<'_>, column| lossy_text(row, column).map(Option::unwrap_or_default);
            c.prepare_cached("SELECT daemon, text FROM daemon_status WHERE name = ?1")?
                .query_map([name(status)], |row| Ok((text(row, 0)?, text(row, 1)?)))?
                .collect()
        })
        .await
    }

    /// Whose status it is.
    fn owner(&self, status: DaemonStatus) -> Arc<str> {
        match status {
            DaemonStatus::PublicUrl => Arc::default(),
            _ => self.daemon_id().unwrap_or_default(),
        }
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
