//! SQL of what the WebSub hub has not heard of. Part of the store's door.

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::super::{OutputId, Ping};
use super::{Error, Store, millis, time};

impl Store {
    /// The outputs whose change the hub is to be told of by now, and when the next is due.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn pings(&self, now: Timestamp) -> Result<(Vec<Ping>, Option<Timestamp>), Error> {
        self.ask(move |c| due(c, now)).await
    }

    /// The hub has heard of this change; of a later one it has not.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn pinged(&self, ping: Ping) -> Result<(), Error> {
        self.command(move |c| {
            c.prepare_cached("DELETE FROM ping WHERE output = ?1 AND changed = ?2")?
                .execute(params![ping.output.0, millis(ping.changed)])
                .map(drop)
        })
        .await
    }

    /// The hub did not hear: it is told again then.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn ping_again(&self, ping: Ping, due: Timestamp) -> Result<(), Error> {
        self.command(move |c| {
            c.prepare_cached(
                "UPDATE ping SET due = ?2, tries = tries + 1 WHERE output = ?1 AND changed = ?3",
            )?
            .execute(params![ping.output.0, millis(due), millis(ping.changed)])
            .map(drop)
        })
        .await
    }
}

pub(super) fn note(c: &Connection, output: OutputId, changed: Timestamp) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO ping (output, changed, due, tries) VALUES (?1, ?2, ?2, 0)
         ON CONFLICT DO UPDATE SET changed = excluded.changed",
    )?
    .execute(params![output.0, millis(changed)])
    .map(drop)
}

fn due(c: &Connection, now: Timestamp) -> Result<(Vec<Ping>, Option<Timestamp>)> {
    let pings = c
        .prepare_cached("SELECT output, changed, tries FROM ping WHERE due <= ?1 ORDER BY due")?
        .query_map([millis(now)], |row| {
            Ok(Ping { output: OutputId(row.get(0)?), changed: time(row.get(1)?)?, tries: row.get(2)? })
        })?
        .collect::<Result<Vec<_>>>()?;
    let next: Option<i64> = c
        .prepare_cached("SELECT min(due) FROM ping WHERE due > ?1")?
        .query_row([millis(now)], |row| row.get(0))?;
    Ok((pings, next.map(time).transpose()?))
}
