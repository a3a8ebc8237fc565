//! Which earlier entries are much like an entry and yet of another story, and why. For people: nothing is decided here.
//! I/O: the database.

use std::collections::{HashMap, HashSet};

use super::super::database::Database;
use super::super::dedup_index::read_facts;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::model::KeptApart;
use super::super::sql::{Result, params};
use super::stories::story_id;
use crate::story::index::CandidateIndex;
use crate::story::rules::{self, ComparedEntry, Evidence};

/// As long as titles and texts are compared.
const COMPARED_MILLIS: i64 = rules::TEXT_DAYS * 24 * 3_600_000;

impl Store {
    /// For each of these entries the earlier ones that it is much like and that are of another story, and why.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn kept_apart(&self, entries: Vec<i64>) -> Result<HashMap<i64, Vec<KeptApart>>, Error> {
        self.query(move |c| kept_apart(c, &entries.iter().copied().collect())).await
    }
}

fn kept_apart(c: &Database<'_>, wanted: &HashSet<i64>) -> Result<HashMap<i64, Vec<KeptApart>>> {
    let mut dates = Vec::with_capacity(wanted.len());
    let mut date = c.prepare_cached("SELECT date FROM dedup_features WHERE entry = ?1")?;
    for entry in wanted {
        dates.extend(date.query_map([entry], |row| row.get::<i64>(0))?.collect::<Result<Vec<_>>>()?);
    }
    let (Some(from), Some(to)) = (dates.iter().min(), dates.iter().max()) else { return Ok(HashMap::new()) };
    let mut statement = c.prepare_cached(
        "SELECT source, date, address, article, signature, entry FROM dedup_features
         WHERE date BETWEEN ?1 AND ?2 ORDER BY date, entry",
    )?;
    let mut rows = statement.query(params![from - COMPARED_MILLIS, to])?;
    let (mut index, mut earlier) = (CandidateIndex::default(), HashMap::new());
    let mut found = HashMap::new();
    while let Some(row) = &rows.next()? {
        let (Some(facts), entry) = (read_facts(row)?, row.get(5)?) else { continue };
        if wanted.contains(&entry) {
            let apart = apart_from(c, entry, &facts, &index, &earlier)?;
            found.extend((!apart.is_empty()).then_some((entry, apart)));
        }
        index.add_text(entry, facts.date, &facts.signature);
        earlier.insert(entry, facts);
    }
    Ok(found)
}

fn apart_from(
    c: &Database<'_>,
    entry: i64,
    facts: &ComparedEntry,
    index: &CandidateIndex,
    earlier: &HashMap<i64, ComparedEntry>,
) -> Result<Vec<KeptApart>> {
    let mut apart = Vec::new();
    for candidate in index.candidates(facts) {
        let Some(old) = earlier.get(&candidate) else { continue };
        if let Err(Some(reason)) = rules::decide(facts, old, Evidence::default())
            && story_id(c, entry)? != story_id(c, candidate)?
        {
            apart.push(KeptApart { entry: candidate, reason: reason.to_string() });
        }
    }
    Ok(apart)
}
