//! SQL of the configs of the daemons that share a database: which is in force, and what others have in common with it.
//! I/O: the database.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::super::config_edit::{ConfigEdit, ConfigStanding, KnownConfig, MAX_ABANDONED, judge};
use super::super::daemons::{ConfigInForce, MAX_SILENCE, UnpolledHosts};
use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::{KnownInForce, Store};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::lossy_text;

/// How many configs are remembered.
const MAX_CONFIGS: usize = 100;

/// How many hosts a daemon says one by one that it leaves to others.
const MAX_UNPOLLED: usize = 200;

/// On which sources a config and the one in force say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigAgreement {
    /// The digest of the one in force; empty if there is none.
    pub in_force: String,
    /// The names of these sources.
    pub sources: HashSet<String>,
    /// The hosts of the others.
    pub unpolled: UnpolledHosts,
}

impl Store {
    /// With which sources a config, given as the digest of each by name, agrees with the one in force. From now on this
    /// process may claim these.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn agreement(&self, own: HashMap<String, String>) -> Result<ConfigAgreement, Error> {
        let agreement = self.query(move |c| agreement(c, &own)).await?;
        let digest = agreement.in_force.clone();
        self.set_known_in_force(KnownInForce { digest, makes_outputs: false });
        Ok(agreement)
    }
}

/// Notes a config, and whether it is in force.
pub(super) fn note_edit(c: &Database<'_>, own: &str, edit: &ConfigEdit) -> Result<ConfigStanding> {
    let now: i64 = c.query_row("SELECT clock_millis()", (), |row| row.get(0))?;
    let others = living_configs(c, own, now)?;
    let known: Vec<KnownConfig> = c
        .prepare_cached("SELECT digest, edited, held, in_force FROM config_edit ORDER BY edited")?
        .query_map((), |row| {
            let digest = lossy_text(row, 0)?.unwrap_or_default();
            Ok(KnownConfig {
                is_living: others.contains(&digest),
                digest,
                edited: row.get(1)?,
                held: row.get(2)?,
                in_force: row.get(3)?,
            })
        })?
        .collect::<Result<_>>()?;
    let (edited, standing) = judge(edit, &known, others.is_empty(), now);
    if standing != ConfigStanding::Differs {
        c.prepare_cached("UPDATE config_edit SET in_force = 0 WHERE in_force = 1 AND digest <> ?1")?
            .execute([&edit.digest])?;
    }
    c.prepare_cached(
        "INSERT INTO config_edit (digest, edited, held, in_force) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (digest) DO UPDATE SET edited = excluded.edited, held = excluded.held, in_force = excluded.in_force",
    )?
    .execute(params![edit.digest, edited, now, standing != ConfigStanding::Differs])?;
    let forgotten = known.len().saturating_sub(MAX_CONFIGS);
    for config in
        known.iter().filter(|config| !config.in_force && config.digest != edit.digest).take(forgotten)
    {
        c.prepare_cached("DELETE FROM config_edit WHERE digest = ?1")?.execute([&config.digest])?;
    }
    Ok(standing)
}

/// The configs of the other daemons that live.
fn living_configs(c: &Database<'_>, own: &str, now: i64) -> Result<HashSet<String>> {
    c.prepare_cached("SELECT config FROM daemon WHERE id <> ?1 AND seen >= ?2")?
        .query_map(params![own, now - MAX_SILENCE.as_millis() as i64], |row| {
            lossy_text(row, 0).map(Option::unwrap_or_default)
        })?
        .collect()
}

/// Notes what the config in force says of each source.
pub(super) fn set_source_settings(c: &Database<'_>, sources: &HashMap<String, String>) -> Result<()> {
    let mut active = c.prepare_cached("SELECT id, name, settings FROM source WHERE active = 1")?;
    let mut set = c.prepare_cached("UPDATE source SET settings = ?2 WHERE id = ?1")?;
    let rows: Vec<(i64, String, String)> = active
        .query_map((), |row| {
            let text = |column| lossy_text(row, column).map(Option::unwrap_or_default);
            Ok((row.get(0)?, text(1)?, text(2)?))
        })?
        .collect::<Result<_>>()?;
    for (id, name, stored) in rows {
        if let Some(settings) = sources.get(&name).filter(|settings| **settings != stored) {
            set.execute(params![id, settings])?;
        }
    }
    Ok(())
}

fn agreement(c: &Database<'_>, own: &HashMap<String, String>) -> Result<ConfigAgreement> {
    let mut sources = HashSet::new();
    let mut unpolled = BTreeSet::new();
    let mut statement = c.prepare_cached("SELECT name, host, settings FROM source WHERE active = 1")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let text = |column| lossy_text(&row, column).map(Option::unwrap_or_default);
        let name = text(0)?;
        if own.get(&name).is_some_and(|settings| text(2).is_ok_and(|stored| stored == *settings)) {
            sources.insert(name);
        } else {
            unpolled.insert(text(1)?);
        }
    }
    let unpolled = match unpolled.len() {
        0..=MAX_UNPOLLED => UnpolledHosts::These(unpolled),
        _ => UnpolledHosts::All,
    };
    Ok(ConfigAgreement { in_force: digest_in_force(c)?, sources, unpolled })
}

/// The config in force, and whether one of those that run may take its place.
pub(super) fn config_in_force(c: &Database<'_>) -> Result<Option<ConfigInForce>> {
    c.prepare_cached(
        "SELECT digest, clock_millis() - held, edited < (SELECT max(edited) FROM config_edit) FROM config_edit
         WHERE in_force = 1",
    )?
    .query_row((), |row| {
        let unheld = Duration::from_millis(u64::try_from(row.get::<i64>(1)?).unwrap_or_default());
        Ok(ConfigInForce {
            digest: lossy_text(row, 0)?.unwrap_or_default(),
            unheld,
            is_abandoned: unheld > MAX_ABANDONED,
            is_restored: row.get(2)?,
        })
    })
    .optional()
}

/// Empty if there is none.
fn digest_in_force(c: &Database<'_>) -> Result<String> {
    let digest = c
        .prepare_cached("SELECT digest FROM config_edit WHERE in_force = 1")?
        .query_row((), |row| lossy_text(row, 0))
        .optional()?;
    Ok(digest.flatten().unwrap_or_default())
}

/// Whether this process may write what its config makes of the entries.
pub(super) fn makes_outputs(c: &Database<'_>, known: Option<&KnownInForce>) -> Result<bool> {
    Ok(known.is_none_or(|known| known.makes_outputs) && is_still_in_force(c, known)?)
}

/// Whether the config in force is the one that this process knows: else it has to read what is new first.
pub(super) fn is_still_in_force(c: &Database<'_>, known: Option<&KnownInForce>) -> Result<bool> {
    match known {
        Some(known) => Ok(digest_in_force(c)? == known.digest),
        None => Ok(true),
    }
}
