//! SQL of the hosts that have refused requests. I/O: the database.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{from_json, lossy_text, to_json};
use crate::source::host_budget::{HostBudget, HostDemand, HostResponse};

impl Store {
    /// Notes a response of a host to a request made at `now` for a source that is wanted this often. Returns the budget of the host, if it has one.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn note_response(
        &self,
        host: String,
        response: HostResponse,
        every: Duration,
        now: Timestamp,
    ) -> Result<Option<HostBudget>, Error> {
        self.command_with(Durability::Relaxed, move |c| {
            let known = host_budget(c, &host)?;
            let demand = HostDemand { sources: active_sources(c, &host)?, every };
            let next = HostBudget::after(known.as_ref(), &response, demand, now);
            if let Some(budget) = next.as_ref().filter(|budget| known.as_ref() != Some(budget)) {
                c.prepare_cached(
                    "INSERT INTO host (name, budget) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET budget = excluded.budget",
                )?
                .execute(params![host, to_json(budget)?])?;
            }
            Ok(next)
        })
        .await
    }

    /// The budgets of all hosts that have one.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn host_budgets(&self) -> Result<BTreeMap<String, HostBudget>, Error> {
        self.query(|c| {
            c.prepare_cached("SELECT name, budget FROM host")?
                .query_map((), |row| {
                    Ok((lossy_text(row, 0)?.unwrap_or_default(), read_budget(lossy_text(row, 1)?)))
                })?
                .collect()
        })
        .await
    }
}

fn active_sources(c: &Database<'_>, host: &str) -> Result<u32> {
    c.prepare_cached("SELECT count(*) FROM source WHERE host = ?1 AND active = 1")?
        .query_row([host], |row| row.get(0))
}

pub(super) fn host_budget(c: &Database<'_>, host: &str) -> Result<Option<HostBudget>> {
    c.prepare_cached("SELECT budget FROM host WHERE name = ?1")?
        .query_row([host], |row| lossy_text(row, 0).map(read_budget))
        .optional()
}

/// A damaged row costs no more than a request too early.
pub(super) fn read_budget(json: Option<String>) -> HostBudget {
    json.and_then(|json| from_json(&json).ok()).unwrap_or_default()
}
