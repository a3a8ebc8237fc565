//! SQL of the sources: synchronizing with the config, claims, health events. I/O: the database.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::config_edit::{ConfigEdit, ConfigStanding, SyncedConfig};
use super::super::database::{Database, SqlRow};
use super::super::error::Error;
use super::super::handle::{KnownInForce, Store};
use super::super::model::{Claimant, ConfiguredOutput, ConfiguredSource, NextPoll, SourceId, StoredSource};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{feed_url, from_json, lossy_text, millis, nearest_time, to_json};
use super::articles::full_text_changed;
use super::config_edits::{note_edit, set_source_settings};
use super::outputs::sync_outputs;
use super::source_state::{ClaimAfter, change_states, reschedule, source_state, write_state};
use super::stand_ins::{remove_stand_ins, touch_stand_ins};
use crate::source::{HealthEvent, SourceState};

/// Health events that are kept.
const MAX_HEALTH_EVENTS: usize = 1000;

impl Store {
    /// Makes the configured sources the active ones; others stay, inactive. A source with a known address keeps its
    /// entries under a new name. A source with a known name keeps them under a new address, but loses its validators.
    /// Returns the sources in the given order.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn sync_sources(&self, sources: Vec<ConfiguredSource>) -> Result<Vec<StoredSource>, Error> {
        self.command(move |c| sync_sources(c, &sources)).await
    }

    /// [`Store::sync_sources`] and [`Store::sync_outputs`] in one transaction. Where an output shows one entry of each
    /// story, other sources' entries stand in for those of a source that leaves, until it comes back.
    ///
    /// `edit`: which config this is, if other daemons may have another one. If that is in force, nothing changes.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn sync_config(
        &self,
        (sources, outputs): (Vec<ConfiguredSource>, Vec<ConfiguredOutput>),
        edit: Option<ConfigEdit>,
        now: Timestamp,
    ) -> Result<SyncedConfig, Error> {
        let own = self.daemon_id().unwrap_or_default();
        let in_force =
            edit.as_ref().map(|edit| KnownInForce { digest: edit.digest.clone(), makes_outputs: true });
        let synced =
            self.command(move |c| sync_config(c, (&sources, &outputs), &own, edit.clone(), now)).await?;
        match in_force {
            Some(in_force) if synced.standing != ConfigStanding::Differs => self.set_known_in_force(in_force),
            _ => {}
        }
        Ok(synced)
    }

    /// Moves next polls: of each source from the time that the caller has read to another one. A next poll that has
    /// changed meanwhile stays.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn reschedule(
        &self,
        times: Vec<(SourceId, Option<Timestamp>, Timestamp)>,
    ) -> Result<(), Error> {
        self.command(move |c| times.iter().try_for_each(|(id, from, to)| reschedule(c, id.0, (*from, *to))))
            .await
    }

    /// Takes back the failures of sources that were only out of reach because the network of this machine was down. They
    /// are due now.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn reset_failures(&self, sources: Vec<SourceId>, now: Timestamp) -> Result<(), Error> {
        self.command(move |c| {
            sources.iter().try_for_each(|id| {
                change_states(c, "id = ?1", params![id.0], |state| {
                    let is_failing = state.failures > 0;
                    if is_failing {
                        (state.failures, state.failing_since, state.next_poll) = (0, None, Some(now));
                    }
                    is_failing
                })
            })
        })
        .await
    }

    /// Whether a poll of any source has ever succeeded.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn was_ever_polled(&self) -> Result<bool, Error> {
        self.query(|c| c.prepare_cached("SELECT 1 FROM source WHERE polled = 1")?.exists(())).await
    }

    /// When each active source is due, in the eyes of the daemon: short rows, which the poller keeps in memory.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn next_polls(&self) -> Result<Vec<NextPoll>, Error> {
        let daemon = self.claimer(Claimant::Daemon, Arc::default());
        self.query(move |c| next_polls(c, daemon.name())).await
    }

    /// The active sources, by name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn sources(&self) -> Result<Vec<StoredSource>, Error> {
        self.query(active_sources).await
    }

    /// One page of the active sources: those that fail first, then those with something else wrong, then those not polled
    /// yet, each by name; and how many there are. `search` is part of a
    /// name, title or host, in any case. Addresses are not searched: they may hold secrets.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn find_sources(
        &self,
        search: &str,
        rows: Range<usize>,
    ) -> Result<(usize, Vec<StoredSource>), Error> {
        let search = search.to_lowercase();
        self.query(move |c| find_sources(c, &search, rows.clone())).await
    }

    /// The active source of a name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn source(&self, name: String) -> Result<Option<StoredSource>, Error> {
        self.query(move |c| {
            c.prepare_cached("SELECT id, name, url, state, host FROM source WHERE name = ?1 AND active = 1")?
                .query_row([&name], |row| stored_source(c, row))
                .optional()
        })
        .await
    }

    /// The number of entries of each source that has any. Reads the whole index of entries: for display only.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entry_counts(&self) -> Result<HashMap<SourceId, u64>, Error> {
        self.query(|c| {
            c.prepare_cached("SELECT source, count(*) FROM entry GROUP BY source")?
                .query_map((), |row| Ok((SourceId(row.get(0)?), row.get::<i64>(1)? as u64)))?
                .collect()
        })
        .await
    }

    /// The latest `n` health events of active sources with their numbers, newest first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn health_events(&self, n: usize) -> Result<Vec<(i64, HealthEvent)>, Error> {
        self.query(move |c| {
            c.prepare_cached(
                "SELECT number, event FROM health
                 WHERE source IN (SELECT id FROM source WHERE active = 1) ORDER BY number DESC LIMIT ?1",
            )?
            .query_map([n as i64], |row| {
                let number = row.get(0)?;
                let event = row.text(1).and_then(from_json);
                Ok(c.readable("health", number, event)?.map(|event| (number, event)))
            })?
            .filter_map(Result::transpose)
            .collect()
        })
        .await
    }
}

fn sync_config(
    c: &Database<'_>,
    (sources, outputs): (&[ConfiguredSource], &[ConfiguredOutput]),
    own: &str,
    edit: Option<ConfigEdit>,
    now: Timestamp,
) -> Result<SyncedConfig> {
    let standing = edit.as_ref().map_or(Ok(ConfigStanding::InForce), |edit| note_edit(c, own, edit))?;
    if standing == ConfigStanding::Differs {
        return Ok(SyncedConfig { standing, sources: Vec::new(), outputs: Vec::new() });
    }
    let before = active_ids(c)?;
    let (sources, stored) = (sync_sources(c, sources)?, sync_outputs(c, outputs, standing, now)?);
    if let Some(edit) = edit {
        set_source_settings(c, &edit.sources)?;
    }
    let after: HashSet<SourceId> = sources.iter().map(|source| source.id).collect();
    for (output, stored) in outputs.iter().zip(&stored) {
        let Some(shown) = output.one_per_story else { continue };
        for back in after.difference(&before) {
            remove_stand_ins(c, stored.id, *back)?;
        }
        let left: Vec<SourceId> = before.difference(&after).copied().collect();
        touch_stand_ins(c, stored.id, &left, shown)?;
    }
    Ok(SyncedConfig { standing, sources, outputs: stored })
}

fn active_ids(c: &Database<'_>) -> Result<HashSet<SourceId>> {
    c.prepare_cached("SELECT id FROM source WHERE active = 1")?
        .query_map((), |row| row.get(0).map(SourceId))?
        .collect()
}

fn sync_sources(c: &Database<'_>, sources: &[ConfiguredSource]) -> Result<Vec<StoredSource>> {
    clear_gone(c)?;
    let known = known_sources(c, sources)?;
    let mut order = Vec::with_capacity(sources.len());
    for source in sources {
        let known = known.get(source.url.whole().as_str());
        let id = match known {
            Some(known) if known.is_same => known.id,
            Some(known) => update_source(c, known.id, source)?,
            None => match move_to_new_url(c, source)? {
                Some(id) => update_source(c, id, source)?,
                None => insert_source(c, source)?,
            },
        };
        order.push(SourceId(id));
    }
    let active: HashMap<_, _> = active_sources(c)?.into_iter().map(|source| (source.id, source)).collect();
    Ok(order.into_iter().filter_map(|id| active.get(&id).cloned()).collect())
}

/// The row of a configured source.
struct KnownSource {
    id: i64,
    /// Whether all settings are in it already.
    is_same: bool,
}

/// The rows of the configured sources, by address; they are active from now on, and no others. So a source that has
/// moved does not take the row of one whose address is known.
fn known_sources<'a>(
    c: &Database<'_>,
    sources: &'a [ConfiguredSource],
) -> Result<HashMap<&'a str, KnownSource>> {
    let configured: HashMap<&str, &ConfiguredSource> =
        sources.iter().map(|source| (source.url.whole().as_str(), source)).collect();
    let (mut known, mut came, mut left) = (HashMap::with_capacity(configured.len()), Vec::new(), Vec::new());
    let mut statement = c.prepare_cached(
        "SELECT id, active, url, name, host, title, language, publish_url, full_text, article_limit FROM source",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (id, is_active): (i64, bool) = (row.get(0)?, row.get(1)?);
        let url = lossy_text(&row, 2)?.unwrap_or_default();
        match configured.get_key_value(url.as_str()) {
            Some((url, source)) => {
                known.insert(*url, KnownSource { id, is_same: has_settings(&row, source)? });
                came.extend((!is_active).then_some(id));
            }
            None => left.extend(is_active.then_some(id)),
        }
    }
    for (is_active, ids) in [(false, left), (true, came)] {
        c.prepare_cached("UPDATE source SET active = ?1 WHERE id IN (SELECT value FROM json_each(?2))")?
            .execute(params![i64::from(is_active), to_json(&ids)?])?;
    }
    Ok(known)
}

/// Whether a row of [`known_sources`] has the settings of a source.
fn has_settings(row: &SqlRow<'_>, source: &ConfiguredSource) -> Result<bool> {
    let texts = [Some(&source.name), Some(&source.host), source.title.as_ref(), source.language.as_ref()];
    for (column, text) in (3..).zip(texts) {
        if lossy_text(row, column)?.as_ref() != text {
            return Ok(false);
        }
    }
    let numbers: [i64; 3] = [row.get(7)?, row.get(8)?, row.get(9)?];
    Ok(numbers == settings(source))
}

/// The settings that are numbers: `publish_url`, `full_text`, `article_limit`.
fn settings(source: &ConfiguredSource) -> [i64; 3] {
    [source.publish_url as i64, source.articles.full_text as i64, source.articles.limit as i64]
}

fn update_source(c: &Database<'_>, id: i64, source: &ConfiguredSource) -> Result<i64> {
    let before: i64 =
        c.prepare_cached("SELECT full_text FROM source WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
    let ConfiguredSource { name, host, title, language, .. } = source;
    let [publish_url, full_text, limit] = settings(source);
    c.prepare_cached(
        "UPDATE source SET name = ?2, host = ?3, title = ?4, language = ?5, publish_url = ?6, full_text = ?7,
                           article_limit = ?8, active = 1
         WHERE id = ?1",
    )?
    .execute(params![id, name, host, title, language, publish_url, full_text, limit])?;
    if full_text != before {
        full_text_changed(c, id)?;
    }
    Ok(id)
}

/// A source that answered 410 and then left the config is polled again when it comes back.
fn clear_gone(c: &Database<'_>) -> Result<()> {
    change_states(c, "active = 0", params![], |state| {
        let was_gone = std::mem::take(&mut state.gone);
        if was_gone {
            state.next_poll = None;
        }
        was_gone
    })
}

/// Gives the source of the same name its new address, unless a configured source has that row already. A name that is made
/// from the host may be that of another feed of the same site: then the old address must lead to the new one.
fn move_to_new_url(c: &Database<'_>, source: &ConfiguredSource) -> Result<Option<i64>> {
    let mut named = c.prepare_cached(
        "SELECT id, state, url FROM source WHERE name = ?1 AND active = 0 ORDER BY id DESC",
    )?;
    let mut rows = named.query([&source.name])?;
    let (id, old) = loop {
        let Some(row) = rows.next()? else { return Ok(None) };
        let id = row.get(0)?;
        let (state, url) = (source_state(&row, 1, id, c)?, feed_url(&row, 2)?);
        let has_moved = state.moved.as_ref().is_some_and(|moved| moved.to == source.url);
        if source.is_named || has_moved || url.is_spelling_of(&source.url) {
            break (id, state);
        }
    };
    // Validators, back-off and a 410 belong to the old address. Keys of its entries that identify none still do not.
    let state = SourceState {
        title: old.title,
        link: old.link,
        language: old.language,
        distrusted: old.distrusted,
        ..Default::default()
    };
    c.prepare_cached("UPDATE source SET url = ?2 WHERE id = ?1")?
        .execute(params![id, source.url.whole().as_str()])?;
    // A poll of the old address that runs now must not be committed.
    write_state(c, id, &state, ClaimAfter::Ended)?;
    Ok(Some(id))
}

fn insert_source(c: &Database<'_>, source: &ConfiguredSource) -> Result<i64> {
    let ConfiguredSource { name, host, title, language, .. } = source;
    let (url, state) = (source.url.whole().as_str(), to_json(&SourceState::default())?);
    let [publish_url, full_text, limit] = settings(source);
    c.prepare_cached(
        "INSERT INTO source (name, url, host, active, state, title, language, publish_url, full_text, article_limit)
         VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
    )?
    .query_row(params![name, url, host, state, title, language, publish_url, full_text, limit], |row| row.get(0))
}

fn active_sources(c: &Database<'_>) -> Result<Vec<StoredSource>> {
    c.prepare_cached("SELECT id, name, url, state, host FROM source WHERE active = 1 ORDER BY name")?
        .query_map((), |row| stored_source(c, row))?
        .collect()
}

fn stored_source(c: &Database<'_>, row: &SqlRow<'_>) -> Result<StoredSource> {
    let id = row.get(0)?;
    Ok(StoredSource {
        id: SourceId(id),
        name: lossy_text(row, 1)?.unwrap_or_default(),
        url: feed_url(row, 2)?,
        state: source_state(row, 3, id, c)?,
        host: lossy_text(row, 4)?.unwrap_or_default(),
    })
}

fn find_sources(c: &Database<'_>, search: &str, rows: Range<usize>) -> Result<(usize, Vec<StoredSource>)> {
    let mut ids: Vec<i64> = Vec::new();
    let mut statement = c.prepare_cached(
        "SELECT id, name, host, title, feed_title FROM source WHERE active = 1 ORDER BY health_rank, name",
    )?;
    let mut found = statement.query(())?;
    while let Some(row) = found.next()? {
        let is_found = |column| {
            lossy_text(&row, column).map(|text| text.is_some_and(|text| text.to_lowercase().contains(search)))
        };
        if is_found(1)? || is_found(2)? || is_found(3)? || is_found(4)? {
            ids.push(row.get(0)?);
        }
    }
    let shown = ids.get(rows.start.min(ids.len())..rows.end.min(ids.len())).unwrap_or_default();
    let mut one = c.prepare_cached("SELECT id, name, url, state, host FROM source WHERE id = ?1")?;
    let sources = shown.iter().map(|id| one.query_row([id], |row| stored_source(c, row)));
    Ok((ids.len(), sources.collect::<Result<_>>()?))
}

/// When a source can be claimed, from two columns: its next poll, and the end of its claim.
pub(super) fn due_time(row: &SqlRow<'_>, column: usize) -> Result<Timestamp> {
    Ok(nearest_time(row.get::<i64>(column)?.max(row.get(column + 1)?)))
}

fn next_polls(c: &Database<'_>, daemon: &str) -> Result<Vec<NextPoll>> {
    c.prepare_cached(
        "SELECT id, name, host, coalesce(next_poll, 0), CASE WHEN claimed_by <> ?1 THEN coalesce(claimed_until, 0) ELSE 0 END
         FROM source WHERE active = 1 ORDER BY id",
    )?
    .query_map([daemon], |row| {
        Ok(NextPoll {
            source: SourceId(row.get(0)?),
            name: lossy_text(row, 1)?.unwrap_or_default(),
            host: lossy_text(row, 2)?.unwrap_or_default(),
            due: due_time(row, 3)?,
        })
    })?
    .collect()
}

pub(super) fn add_health_events(c: &Database<'_>, source: SourceId, events: &[HealthEvent]) -> Result<()> {
    for event in events {
        c.prepare_cached("INSERT INTO health (source, at, event) VALUES (?1, ?2, ?3)")?.execute(params![
            source.0,
            millis(event.at),
            to_json(event)?
        ])?;
    }
    if !events.is_empty() {
        c.prepare_cached("DELETE FROM health WHERE number <= (SELECT max(number) FROM health) - ?1")?
            .execute([MAX_HEALTH_EVENTS as i64])?;
    }
    Ok(())
}
