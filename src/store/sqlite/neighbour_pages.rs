//! SQL of what web pages lead to: archive pages with other entries. I/O: the database.

use std::collections::HashSet;

use rusqlite::{Connection, Result, params};

use super::super::model::OutputId;
use super::error::Error;
use super::handle::Store;

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
}

fn neighbour_pages(c: &Connection, output: OutputId, page: u32) -> Result<NeighbourPages> {
    let neighbour = |sql: &str| c.prepare_cached(sql)?.query_row(params![output.0, page], |row| row.get(0));
    Ok(NeighbourPages {
        older: neighbour("SELECT max(page) FROM archive_entry WHERE output = ?1 AND page < ?2")?,
        newer: neighbour("SELECT min(page) FROM archive_entry WHERE output = ?1 AND page > ?2")?,
    })
}

/// Reads at most one row more than there are entries.
fn newest_page_with_others(c: &Connection, output: OutputId, entries: &[i64]) -> Result<Option<u32>> {
    let entries: HashSet<i64> = entries.iter().copied().collect();
    let mut statement = c.prepare_cached(
        "SELECT page, entry FROM archive_entry WHERE output = ?1 ORDER BY page DESC, entry DESC",
    )?;
    let mut rows = statement.query([output.0])?;
    while let Some(row) = rows.next()? {
        if !entries.contains(&row.get::<_, i64>(1)?) {
            return row.get(0).map(Some);
        }
    }
    Ok(None)
}
