//! SQL of the changes that the WebSub hub has not been told of. I/O: the database.

use jiff::Timestamp;

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::model::{OutputId, Ping};
use super::super::sql::{Result, params};
use super::super::values::{millis, nearest_time, time};

impl Store {
    /// The pings that are due, and when the next one is.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn due_pings(&self, now: Timestamp) -> Result<(Vec<Ping>, Option<Timestamp>), Error> {
        self.query(move |c| due_pings(c, now)).await
    }

    /// Takes a ping that is due `now`, so that no other daemon sends it before `until`. Returns whether none has taken it.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn claim_ping(&self, ping: Ping, now: Timestamp, until: Timestamp) -> Result<bool, Error> {
        if self.daemon_id().is_none() {
            return Ok(true);
        }
        self.command_with(Durability::Relaxed, move |c| {
            c.prepare_cached("UPDATE ping SET due = ?3 WHERE output = ?1 AND changed = ?2 AND due <= ?4")?
                .execute(params![ping.output.0, millis(ping.changed), millis(until), millis(now)])
                .map(|changed| changed == 1)
        })
        .await
    }

    /// Removes a ping, unless the output has changed again since.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn ping_delivered(&self, ping: Ping) -> Result<(), Error> {
        self.command(move |c| {
            c.prepare_cached("DELETE FROM ping WHERE output = ?1 AND changed = ?2")?
                .execute(params![ping.output.0, millis(ping.changed)])
                .map(drop)
        })
        .await
    }

    /// Counts a failed attempt and sets the time of the next one.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn retry_ping(&self, ping: Ping, due: Timestamp) -> Result<(), Error> {
        self.command(move |c| {
            c.prepare_cached(
                "UPDATE ping SET due = ?2, attempts = attempts + 1 WHERE output = ?1 AND changed = ?3",
            )?
            .execute(params![ping.output.0, millis(due), millis(ping.changed)])
            .map(drop)
        })
        .await
    }
}

/// Registers a change of an output. A ping that waits already keeps its due time.
pub(super) fn add_ping(c: &Database<'_>, output: OutputId, changed: Timestamp) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO ping (output, changed, due, attempts) VALUES (?1, ?2, ?2, 0)
         ON CONFLICT (output) DO UPDATE SET changed = excluded.changed",
    )?
    .execute(params![output.0, millis(changed)])
    .map(drop)
}

fn due_pings(c: &Database<'_>, now: Timestamp) -> Result<(Vec<Ping>, Option<Timestamp>)> {
    let pings = c
        .prepare_cached("SELECT output, changed, attempts FROM ping WHERE due <= ?1 ORDER BY due")?
        .query_map([millis(now)], |row| {
            let (output, changed) = (row.get(0)?, time(row.get(1)?));
            let Some(changed) = c.readable("ping", output, changed)? else { return Ok(None) };
            Ok(Some(Ping { output: OutputId(output), changed, attempts: row.get(2)? }))
        })?
        .filter_map(Result::transpose)
        .collect::<Result<Vec<_>>>()?;
    let next: Option<i64> = c
        .prepare_cached("SELECT min(due) FROM ping WHERE due > ?1")?
        .query_row([millis(now)], |row| row.get(0))?;
    Ok((pings, next.map(nearest_time)))
}
