//! SQL of the outputs: their rows, renderings, and which of them changed. I/O: the database.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::super::model::{ConfiguredOutput, NotifyHub, OutputId, Rendering, StoredOutput};
use super::error::Error;
use super::handle::Store;
use super::pings::add_ping;
use super::values::{millis, time};

impl Store {
    /// Makes the configured outputs the active ones; others stay, inactive. Returns the outputs in the given order.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn sync_outputs(
        &self,
        outputs: Vec<ConfiguredOutput>,
        now: Timestamp,
    ) -> Result<Vec<StoredOutput>, Error> {
        self.command(move |c| sync_outputs(c, &outputs, now)).await
    }

    /// All outputs, including inactive ones, by name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn outputs(&self) -> Result<Vec<StoredOutput>, Error> {
        self.query(all_outputs).await
    }

    /// The documents as they were last published, of one output or of all.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn renderings(&self, output: Option<OutputId>) -> Result<Vec<Rendering>, Error> {
        self.query(move |c| renderings(c, output)).await
    }

    /// Replaces the stored documents of one output, and registers a ping to the hub.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn save_renderings(&self, renderings: Vec<Rendering>, hub: NotifyHub) -> Result<(), Error> {
        self.command(move |c| save_renderings(c, &renderings, hub)).await
    }

    /// The outputs that have an entry which changed after a revision or shares a story with such an entry, and the
    /// lowest entry number.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn changed_since(&self, revision: i64) -> Result<(Vec<OutputId>, i64), Error> {
        self.query(move |c| changed_since(c, revision)).await
    }
}

pub(super) fn sync_outputs(
    c: &Connection,
    outputs: &[ConfiguredOutput],
    now: Timestamp,
) -> Result<Vec<StoredOutput>> {
    c.execute("UPDATE output SET active = 0 WHERE active = 1", [])?;
    for output in outputs {
        c.prepare_cached(
            "INSERT INTO output (name, active, since, definition, watermark) VALUES (?1, 1, ?2, '', 0)
             ON CONFLICT (name) DO UPDATE SET active = 1",
        )?
        .execute(params![output.name, millis(now)])?;
    }
    let stored: HashMap<_, _> =
        all_outputs(c)?.into_iter().map(|output| (output.name.clone(), output)).collect();
    Ok(outputs.iter().filter_map(|output| stored.get(&output.name).cloned()).collect())
}

fn all_outputs(c: &Connection) -> Result<Vec<StoredOutput>> {
    c.prepare_cached("SELECT id, name, since, definition, watermark, active FROM output ORDER BY name")?
        .query_map([], |row| {
            Ok(StoredOutput {
                id: OutputId(row.get(0)?),
                name: row.get(1)?,
                since: time(row.get(2)?)?,
                definition: row.get(3)?,
                watermark: row.get(4)?,
                active: row.get(5)?,
            })
        })?
        .collect()
}

fn renderings(c: &Connection, output: Option<OutputId>) -> Result<Vec<Rendering>> {
    c.prepare_cached(
        "SELECT output, format, digest, changed, presentation_hash, entry_count, body FROM rendering
         WHERE ?1 IS NULL OR output = ?1",
    )?
    .query_map([output.map(|output| output.0)], |row| {
        Ok(Rendering {
            output: OutputId(row.get(0)?),
            format: row.get(1)?,
            digest: row.get(2)?,
            changed: time(row.get(3)?)?,
            presentation_hash: row.get(4)?,
            entries: row.get::<_, i64>(5)? as usize,
            body: row.get(6)?,
        })
    })?
    .collect()
}

fn save_renderings(c: &Connection, renderings: &[Rendering], hub: NotifyHub) -> Result<()> {
    let mut upsert = c.prepare_cached(
        "INSERT INTO rendering (output, format, digest, changed, presentation_hash, entry_count, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET digest = excluded.digest, changed = excluded.changed,
             presentation_hash = excluded.presentation_hash, entry_count = excluded.entry_count,
             body = excluded.body",
    )?;
    for r in renderings {
        upsert.execute(params![
            r.output.0,
            r.format,
            r.digest,
            millis(r.changed),
            r.presentation_hash,
            r.entries as i64,
            r.body
        ])?;
    }
    match (hub, renderings.iter().max_by_key(|r| r.changed)) {
        (NotifyHub::Yes, Some(latest)) => add_ping(c, latest.output, latest.changed),
        _ => Ok(()),
    }
}

fn changed_since(c: &Connection, revision: i64) -> Result<(Vec<OutputId>, i64)> {
    let outputs = c
        .prepare_cached(
            "SELECT DISTINCT membership.output FROM entry AS changed
             JOIN entry AS same_story ON same_story.story = changed.story
             JOIN membership ON membership.entry = same_story.number
             WHERE changed.revision > ?1",
        )?
        .query_map([revision], |row| Ok(OutputId(row.get(0)?)))?
        .collect::<Result<_>>()?;
    let lowest = c.query_row("SELECT coalesce(min(number), 0) FROM entry", [], |row| row.get(0))?;
    Ok((outputs, lowest))
}
