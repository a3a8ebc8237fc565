//! SQL of the web pages of outputs: where they lead, and what is searched. I/O: the database.

use std::collections::HashSet;

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::OutputId;
use super::super::sql::{Result, params};

/// The archive pages beside one, of those that have entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeighbourPages {
    /// The next older page.
    pub older: Option<u32>,
    /// The next newer page.
    pub newer: Option<u32>,
}

impl Store {
    /// The pages beside a page.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn neighbour_pages(&self, output: OutputId, page: u32) -> Result<NeighbourPages, Error> {
        self.query(move |c| neighbour_pages(c, output, page)).await
    }

    /// The newest archive page with an entry that is not among these.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn newest_page_with_others(
        &self,
        output: OutputId,
        entries: Vec<i64>,
    ) -> Result<Option<u32>, Error> {
        self.query(move |c| newest_page_with_others(c, output, &entries)).await
    }

    /// The last `n` members to enter an output, the last first, without those of sources that have left the config.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn last_members(&self, output: OutputId, n: usize) -> Result<Vec<i64>, Error> {
        self.query(move |c| {
            c.prepare_cached(
                "SELECT newest.entry FROM (
                     SELECT membership.entry, membership.source, membership.entered FROM membership
                     WHERE membership.output = ?1
                       AND membership.generation = (SELECT generation FROM output WHERE id = ?1)
                     ORDER BY membership.entered DESC, membership.entry DESC LIMIT ?2) AS newest
                 JOIN source ON source.id = newest.source WHERE source.active = 1
                 ORDER BY newest.entered DESC, newest.entry DESC",
            )?
            .query_map(params![output.0, i64::try_from(n).unwrap_or(i64::MAX)], |row| row.get(0))?
            .collect()
        })
        .await
    }
}

fn neighbour_pages(c: &Database<'_>, output: OutputId, page: u32) -> Result<NeighbourPages> {
    let neighbour = |sql: &str| c.prepare_cached(sql)?.query_row(params![output.0, page], |row| row.get(0));
    Ok(NeighbourPages {
        older: neighbour("SELECT max(page) FROM archive_entry WHERE output = ?1 AND page < ?2")?,
        newer: neighbour("SELECT min(page) FROM archive_entry WHERE output = ?1 AND page > ?2")?,
    })
}

/// Reads at most one row more than there are entries.
fn newest_page_with_others(c: &Database<'_>, output: OutputId, entries: &[i64]) -> Result<Option<u32>> {
    let entries: HashSet<i64> = entries.iter().copied().collect();
    let mut statement = c.prepare_cached(
        "SELECT page, entry FROM archive_entry WHERE output = ?1 ORDER BY page DESC, entry DESC LIMIT ?2",
    )?;
    let mut rows = statement.query([output.0, entries.len() as i64 + 1])?;
    while let Some(row) = &rows.next()? {
        if !entries.contains(&row.get::<i64>(1)?) {
            return row.get(0).map(Some);
        }
    }
    Ok(None)
}
