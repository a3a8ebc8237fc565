//! SQL of the claims of sources: who may poll one, until when. I/O: the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::claimer::Claimer;
use super::super::database::{Database, SqlRow};
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::model::{Claim, ClaimResult, Claimant, SourceId};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{lossy_text, millis, nearest_time};
use super::config_edits::is_still_in_force;
use super::daemons::{RETRY_HOST_MILLIS, take_host};
use super::hosts::read_budget;
use super::source_state::source_state;
use super::sources::due_time;

impl Store {
    /// Claims sources in one transaction. A claim ends with the commit of its poll, or when the source is claimed again,
    /// which is possible from `now + lease` on. Returns a result for each source, in the given order.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn claim(
        &self,
        sources: Vec<SourceId>,
        claimant: Claimant,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<ClaimResult>, Error> {
        self.claim_at_hosts(sources, claimant, (now, lease), Arc::default()).await
    }

    /// [`Store::claim`], with the time between two requests to a host, where it is longer than usual: so long a host is
    /// left alone that another daemon has asked before.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn claim_at_hosts(
        &self,
        sources: Vec<SourceId>,
        claimant: Claimant,
        (now, lease): (Timestamp, Duration),
        gaps: Arc<BTreeMap<String, Duration>>,
    ) -> Result<Vec<ClaimResult>, Error> {
        let (claimer, known) = (self.claimer(claimant, gaps), self.known_in_force());
        self.command_with(Durability::Relaxed, move |c| {
            if !is_still_in_force(c, known.as_ref())? {
                let retry = nearest_time(millis(now).saturating_add(RETRY_HOST_MILLIS));
                return Ok(sources.iter().map(|id| ClaimResult::HostHeld(*id, retry)).collect());
            }
            claim(c, &sources, &claimer, now, lease)
        })
        .await
    }

    /// Ends a claim, by its number, without a poll.
    ///
    /// # Errors
    /// The store cannot write; then it runs out.
    pub async fn release_claim(&self, source: SourceId, number: i64) -> Result<(), Error> {
        self.command(move |c| {
            c.prepare_cached("UPDATE source SET claimed_until = NULL WHERE id = ?1 AND claims = ?2")?
                .execute([source.0, number])
                .map(drop)
        })
        .await
    }

    /// Ends the claims of an earlier daemon, when one starts: with the lock it is the only one, so the earlier one has
    /// ended. The claims of commands, which may still run, stay.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn release_daemon_claims(&self) -> Result<(), Error> {
        let claimer = self.claimer(Claimant::Daemon, Arc::default());
        self.command(move |c| {
            ["source", "article"].iter().try_for_each(|table| {
                let release = format!("UPDATE {table} SET claimed_until = NULL WHERE claimed_by = ?1");
                c.execute(&release, [claimer.name()]).map(drop)
            })
        })
        .await
    }
}

fn claim(
    c: &Database<'_>,
    ids: &[SourceId],
    claimer: &Claimer,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<ClaimResult>> {
    let until = millis(now).saturating_add(lease.as_millis() as i64);
    let due_by = match claimer.claimant {
        Claimant::Daemon => millis(now),
        Claimant::Command => i64::MAX,
    };
    let mut update = c.prepare_cached(
        "UPDATE source SET claims = claims + 1, claimed_by = ?5, claimed_until = ?2
         WHERE id = ?3 AND active = 1 AND (claimed_until IS NULL OR claimed_until <= ?1 OR claimed_by = ?6)
           AND (next_poll IS NULL OR next_poll <= ?4)
         RETURNING id, name, host, state, claims",
    )?;
    let mut due = c.prepare_cached(
        "SELECT coalesce(next_poll, 0), coalesce(claimed_until, 0) FROM source WHERE id = ?1 AND active = 1",
    )?;
    let mut hosts = c.prepare_cached(
        "SELECT source.host, host.name IS NOT NULL, host.budget
         FROM source LEFT JOIN host ON host.name = source.host WHERE source.id = ?1",
    )?;
    let mut claim_one = |id: SourceId| {
        let host = hosts.query_row([id.0], |row| {
            let budget = row.get::<bool>(1)?.then(|| lossy_text(row, 2).map(read_budget)).transpose()?;
            Ok((lossy_text(row, 0)?.unwrap_or_default(), budget))
        });
        let Some((host, budget)) = host.optional()? else { return Ok(ClaimResult::Gone(id)) };
        if let Some(until) = budget.as_ref().and_then(|budget| budget.held_at(now)) {
            return Ok(ClaimResult::HostHeld(id, until));
        }
        if let Some(wait) = take_host(c, claimer, &host, budget.as_ref().map(|budget| budget.gap))? {
            return Ok(ClaimResult::HostHeld(id, nearest_time(millis(now).saturating_add(wait))));
        }
        let claimed = update
            .query_row(
                params![millis(now), until, id.0, due_by, claimer.name(), claimer.replaceable()],
                |row| read_claim(row, c),
            )
            .optional()?;
        if let Some(claim) = claimed {
            return Ok(ClaimResult::Claimed(Box::new(Claim { has_budget: budget.is_some(), ..claim })));
        }
        let due = due.query_row([id.0], |row| due_time(row, 0)).optional()?;
        Ok(due.map_or(ClaimResult::Gone(id), |due| ClaimResult::NotDue(id, due)))
    };
    ids.iter().map(|id| claim_one(*id)).collect()
}

fn read_claim(row: &SqlRow<'_>, c: &Database<'_>) -> Result<Claim> {
    let id = row.get(0)?;
    Ok(Claim {
        source: SourceId(id),
        name: lossy_text(row, 1)?.unwrap_or_default(),
        host: lossy_text(row, 2)?.unwrap_or_default(),
        state: source_state(row, 3, id, c)?,
        has_budget: false,
        number: row.get(4)?,
    })
}
