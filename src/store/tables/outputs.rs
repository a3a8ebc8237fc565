//! SQL of the outputs: their rows, renderings, and which of them changed. I/O: the database.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::super::config_edit::ConfigStanding;
use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::{ConfiguredOutput, NotifyHub, OutputId, Rendering, StoredOutput};
use super::super::sql::{Result, SqlValues, params};
use super::super::values::{lossy_text, millis, nearest_time};
use super::config_edits::makes_outputs;
use super::pings::add_ping;
use super::published_ids::{note_choice, unused_key};

impl Store {
    /// Makes the configured outputs the active ones; others stay, with the time when they left. An output that was
    /// renamed continues the one of its former name. Returns the outputs in the given order.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn sync_outputs(
        &self,
        outputs: Vec<ConfiguredOutput>,
        now: Timestamp,
    ) -> Result<Vec<StoredOutput>, Error> {
        self.command(move |c| sync_outputs(c, &outputs, ConfigStanding::InForce, now)).await
    }

    /// All outputs, including removed ones, by name.
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
        let output = output.map(|output| output.0);
        self.query(move |c| select_renderings(c, "?1 IS NULL OR output = ?1", [output])).await
    }

    /// The documents of removed outputs that were also written to files.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn renderings_with_former_files(&self) -> Result<Vec<Rendering>, Error> {
        const CONDITION: &str =
            "file IS NOT NULL AND output IN (SELECT id FROM output WHERE removed IS NOT NULL)";
        self.query(|c| select_renderings(c, CONDITION, ())).await
    }

    /// Replaces the stored documents of one output, and registers a ping to the hub. Returns whether it has: not if another
    /// config came into force.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn save_renderings(&self, renderings: Vec<Rendering>, hub: NotifyHub) -> Result<bool, Error> {
        let known = self.known_in_force();
        self.command(move |c| {
            let makes_outputs = makes_outputs(c, known.as_ref())?;
            if makes_outputs {
                save_renderings(c, &renderings, hub)?;
            }
            Ok(makes_outputs)
        })
        .await
    }

    /// Which documents are stored: output, format, hash of the bytes, and when they changed.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn stored_documents(&self) -> Result<Vec<(OutputId, String, String, Timestamp)>, Error> {
        self.query(|c| {
            c.prepare_cached("SELECT output, format, digest, changed FROM rendering ORDER BY output, format")?
                .query_map((), |row| {
                    let text = |column| lossy_text(row, column).map(Option::unwrap_or_default);
                    Ok((OutputId(row.get(0)?), text(1)?, text(2)?, nearest_time(row.get(3)?)))
                })?
                .collect()
        })
        .await
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
    c: &Database<'_>,
    outputs: &[ConfiguredOutput],
    standing: ConfigStanding,
    now: Timestamp,
) -> Result<Vec<StoredOutput>> {
    for output in outputs {
        continue_former(c, output)?;
    }
    let before = all_outputs(c)?;
    let configured: HashSet<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    let is_left = |stored: &&StoredOutput| !configured.contains(stored.name.as_str());
    // What a later edit has added stays as it is published.
    for left in before.iter().filter(is_left).filter(|_| standing == ConfigStanding::InForce) {
        c.prepare_cached("UPDATE output SET removed = ?2 WHERE id = ?1 AND removed IS NULL")?
            .execute(params![left.id.0, millis(now)])?;
    }
    // What a later edit has hidden stays hidden, also under its first name.
    let is_hidden = |stored: &StoredOutput, name: &String| {
        stored.private
            && (stored.name == *name || stored.key == *name)
            && standing == ConfigStanding::Restored
    };
    for output in outputs {
        let private = output.private || before.iter().any(|stored| is_hidden(stored, &output.name));
        if !c.prepare_cached("SELECT 1 FROM output WHERE name = ?1")?.exists([&output.name])? {
            c.prepare_cached(
                "INSERT INTO output (name, key, since, definition, watermark) VALUES (?1, ?2, ?3, '', 0)",
            )?
            .execute(params![
                output.name,
                unused_key(c, &output.name, &output.was)?,
                millis(now)
            ])?;
        }
        c.prepare_cached("UPDATE output SET removed = NULL WHERE name = ?1 AND removed IS NOT NULL")?
            .execute([&output.name])?;
        c.prepare_cached(
            "UPDATE output SET one_per_story = ?2, private = ?3
             WHERE name = ?1 AND (one_per_story <> ?2 OR private <> ?3)",
        )?
        .execute(params![output.name, output.one_per_story.is_some(), private])?;
    }
    let stored: HashMap<_, _> =
        all_outputs(c)?.into_iter().map(|output| (output.name.clone(), output)).collect();
    for output in outputs {
        stored.get(&output.name).map(|stored| note_choice(c, stored.id, output.ids)).transpose()?;
    }
    Ok(outputs.iter().filter_map(|output| stored.get(&output.name).cloned()).collect())
}

/// Gives a renamed output the row of its former name, with members, archive and watermark.
///
/// If there is a row of the new name already, the two exchange names, provided that nobody relies on it: it is not
/// published, or it was created when the former name left the config, because the config was saved before `was` was
/// added to it, and no archive page of it was stored.
fn continue_former(c: &Database<'_>, output: &ConfiguredOutput) -> Result<()> {
    if output.was.is_empty() {
        return Ok(());
    }
    let stored = all_outputs(c)?;
    let named = |name: &String| stored.iter().find(|stored| stored.name == *name);
    let Some(former) = output.was.iter().find_map(named) else { return Ok(()) };
    let rename = |id: OutputId, name: &str| {
        c.prepare_cached("UPDATE output SET name = ?2 WHERE id = ?1")?.execute(params![id.0, name])
    };
    if let Some(own) = named(&output.name) {
        let is_young = former.removed.is_some_and(|removed| own.since >= removed);
        let has_stored_pages =
            || c.prepare_cached("SELECT 1 FROM stored_page WHERE output = ?1 LIMIT 1")?.exists([own.id.0]);
        if own.removed.is_none() && (!is_young || has_stored_pages()?) {
            return Ok(());
        }
        // Names are unique at each step.
        rename(own.id, "")?;
        rename(former.id, &output.name)?;
        return rename(own.id, &former.name).map(drop);
    }
    rename(former.id, &output.name).map(drop)
}

fn all_outputs(c: &Database<'_>) -> Result<Vec<StoredOutput>> {
    c.prepare_cached(
        "SELECT id, name, since, definition, watermark, removed, key, private FROM output ORDER BY name",
    )?
    .query_map((), |row| {
        Ok(StoredOutput {
            id: OutputId(row.get(0)?),
            name: lossy_text(row, 1)?.unwrap_or_default(),
            since: nearest_time(row.get(2)?),
            definition: lossy_text(row, 3)?.unwrap_or_default(),
            watermark: row.get(4)?,
            removed: row.get::<Option<i64>>(5)?.map(nearest_time),
            key: lossy_text(row, 6)?.unwrap_or_default(),
            private: row.get(7)?,
        })
    })?
    .collect()
}

fn select_renderings(c: &Database<'_>, condition: &str, params: impl SqlValues) -> Result<Vec<Rendering>> {
    c.prepare_cached(&format!(
        "SELECT output, format, digest, changed, presentation_hash, entry_count, body, file, revision FROM rendering
         WHERE {condition}",
    ))?
    .query_map(params, |row| {
        Ok(Rendering {
            output: OutputId(row.get(0)?),
            format: lossy_text(row, 1)?.unwrap_or_default(),
            digest: lossy_text(row, 2)?.unwrap_or_default(),
            changed: nearest_time(row.get(3)?),
            presentation_hash: lossy_text(row, 4)?.unwrap_or_default(),
            entries: row.get::<i64>(5)? as usize,
            body: row.get(6)?,
            file: lossy_text(row, 7)?,
            revision: row.get(8)?,
        })
    })?
    .collect()
}

fn save_renderings(c: &Database<'_>, renderings: &[Rendering], hub: NotifyHub) -> Result<()> {
    let mut upsert = c.prepare_cached(
        // Of several daemons, one that is behind does not replace what a faster one has stored; and of the same bytes, those
        // that came first say when.
        "INSERT INTO rendering (output, format, digest, changed, presentation_hash, entry_count, body, file, revision)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (output, format) DO UPDATE SET
             changed = CASE WHEN rendering.digest = excluded.digest THEN rendering.changed ELSE excluded.changed END,
             digest = excluded.digest, presentation_hash = excluded.presentation_hash,
             entry_count = excluded.entry_count, body = excluded.body, file = excluded.file,
             revision = excluded.revision
         WHERE rendering.revision <= excluded.revision",
    )?;
    for r in renderings {
        upsert.execute(params![
            r.output.0,
            r.format,
            r.digest,
            millis(r.changed),
            r.presentation_hash,
            r.entries as i64,
            r.body,
            r.file,
            r.revision
        ])?;
    }
    match (hub, renderings.iter().max_by_key(|r| r.changed)) {
        (NotifyHub::Yes, Some(latest)) => add_ping(c, latest.output, latest.changed),
        _ => Ok(()),
    }
}

pub(super) fn changed_since(c: &Database<'_>, revision: i64) -> Result<(Vec<OutputId>, i64)> {
    let outputs = c
        .prepare_cached(
            // CROSS JOIN fixes the order: from the changed entries on. The other order reads all members.
            "SELECT DISTINCT member.output FROM entry AS changed
             CROSS JOIN entry AS same_story ON same_story.story = changed.story
             CROSS JOIN member ON member.entry = same_story.number
             WHERE changed.revision > ?1",
        )?
        .query_map([revision], |row| Ok(OutputId(row.get(0)?)))?
        .collect::<Result<_>>()?;
    let lowest = c.query_row("SELECT coalesce(min(number), 0) FROM entry", (), |row| row.get(0))?;
    Ok((outputs, lowest))
}
