//! SQL of the robots.txt files. I/O: the database.

use jiff::Timestamp;

use super::super::articles::StoredRobots;
use super::super::database::SqlRow;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{lossy_text, millis, nearest_time};

impl Store {
    /// The robots.txt of an origin, if it is known and current.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn robots(&self, origin: String, now: Timestamp) -> Result<Option<StoredRobots>, Error> {
        self.query(move |c| {
            let read = c
                .prepare_cached(
                    "SELECT expires, file, failure FROM robots WHERE origin = ?1 AND expires > ?2",
                )?
                .query_row(params![origin, millis(now)], read_robots)
                .optional()?;
            Ok(read.flatten())
        })
        .await
    }

    /// Keeps the robots.txt of an origin until it expires, and none that has.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn set_robots(
        &self,
        origin: String,
        robots: StoredRobots,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (file, failure) = match robots {
            StoredRobots::File(file) => (zstd::bulk::compress(&file, 0).ok(), None),
            StoredRobots::None => (None, None),
            StoredRobots::Unknown(failure, _) => (None, Some(failure)),
        };
        self.command_with(Durability::Relaxed, move |c| {
            c.prepare_cached("DELETE FROM robots WHERE expires <= ?1")?.execute([millis(now)])?;
            c.prepare_cached(
                "INSERT INTO robots (origin, expires, file, failure) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (origin) DO UPDATE SET expires = excluded.expires, file = excluded.file,
                     failure = excluded.failure",
            )?
            .execute(params![origin, millis(expires), file, failure])
            .map(drop)
        })
        .await
    }
}

/// `None` if the file is damaged: then it is requested again.
fn read_robots(row: &SqlRow<'_>) -> Result<Option<StoredRobots>> {
    if let Some(failure) = lossy_text(row, 2)? {
        return Ok(Some(StoredRobots::Unknown(failure, nearest_time(row.get(0)?))));
    }
    let file: Option<Vec<u8>> = row.get(1)?;
    Ok(match file {
        Some(file) => zstd::stream::decode_all(file.as_slice()).ok().map(StoredRobots::File),
        None => Some(StoredRobots::None),
    })
}
