//! SQL of a poll's commit: entries, stories, validators and the next poll time together. I/O: the database.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use super::super::database::Database;
use super::super::dedup_index::DedupIndex;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::model::{InFeed, Poll, SourceId};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::to_json;
use super::articles::read_article_again;
use super::entries::{
    Counters, Edit, NewRow, PollKind, add_former_title, add_keys, edit_entry, insert_entry, last_in_feed,
    still_kept,
};
use super::former_versions::keep_former_version;
use super::owners::note_address;
use super::poll_days::count_poll;
use super::source_state::{ClaimAfter, write_state};
use super::sources::add_health_events;
use super::stories::assign_stories;
use super::story_rows::InsertedEntry;
use crate::entry::change::Change;

impl Store {
    /// Writes the result of a poll and ends its claim. Returns the number of new entries that joined a story.
    ///
    /// # Errors
    /// The claim of the poll has ended ([`Error::is_lost_claim`]), or the store cannot write; then nothing of the poll is
    /// stored.
    pub async fn commit(&self, poll: Poll) -> Result<usize, Error> {
        let durability = if poll.changes.is_empty() { Durability::Relaxed } else { Durability::Full };
        let index = self.dedup_index();
        // The last owner frees the texts of the poll: here. On the writer's thread that kept other commands waiting.
        let poll = Arc::new(poll);
        let written = Arc::clone(&poll);
        let committed = self.command_with(durability, move |c| {
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            commit(c, &written, &mut index)
        });
        committed.await?.ok_or_else(Error::lost_claim)
    }

    /// Writes the results of several polls, in order, all or none.
    ///
    /// # Errors
    /// The store cannot write; then nothing of them is stored.
    pub async fn commit_all(&self, polls: Vec<Poll>) -> Result<(), Error> {
        let index = self.dedup_index();
        self.command(move |c| {
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            polls.iter().try_for_each(|poll| commit(c, poll, &mut index).map(drop))
        })
        .await
    }
}

/// Returns `None`, and writes nothing, if the poll's claim has ended.
fn commit(c: &Database<'_>, poll: &Poll, index: &mut DedupIndex) -> Result<Option<usize>> {
    let source = poll.source;
    let polled: Option<bool> = c
        .prepare_cached(
            "SELECT polled FROM source
             WHERE id = ?1 AND (?2 IS NULL OR claims = ?2 AND claimed_until IS NOT NULL)",
        )?
        .query_row(params![source.0, poll.claim], |row| row.get(0))
        .optional()?;
    let Some(polled) = polled else { return Ok(None) };
    let kind = if polled { PollKind::Later } else { PollKind::First };
    let mut inserted = Vec::new();
    let mut counters = Counters::read(c)?;
    // Numbers ascend with the dates: of entries that came together, the newest counts as the last. Revisions descend:
    // the newest entries of a first poll are evaluated first.
    let takes_revision = |change: &&Change| !matches!(change, Change::Rekeyed { .. });
    let mut revision = counters.next_revisions(poll.changes.iter().filter(takes_revision).count());
    for change in poll.changes.iter().rev() {
        match change {
            Change::New(new) => {
                let row = NewRow { source, new, poll: kind, revision };
                let number = insert_entry(c, &row, &mut counters)?;
                inserted.push(InsertedEntry { number, source: source.0, new });
                revision -= 1;
            }
            Change::Edited { number, entry, fingerprint, content_hash, changed, edited, former_title } => {
                let revised = poll.state.last_poll;
                let (number, changed) = (*number, *changed);
                let edit = Edit { number, revision, revised, entry, fingerprint, content_hash, changed };
                if let Some(edited) = edited {
                    keep_former_version(c, number, *edited, entry)?;
                }
                edit_entry(c, &edit)?;
                if changed.is_some() {
                    read_article_again(c, number)?;
                }
                note_address(c, index, (number, source.0, revised), entry)?;
                revision -= 1;
                if let Some(former) = former_title {
                    add_former_title(c, number, former)?;
                }
                add_keys(c, source, still_kept(c, number)?, &entry.keys)?;
            }
            Change::Rekeyed { number, keys } => add_keys(c, source, still_kept(c, *number)?, keys)?,
        }
    }
    counters.write(c)?;
    if let Some(in_feed) = &poll.in_feed {
        update_in_feed(c, source, in_feed, inserted.iter().map(|inserted| inserted.number))?;
    }
    add_health_events(c, source, &poll.health)?;
    count_poll(c, poll)?;
    write_state(c, source.0, &poll.state, ClaimAfter::Ended)?;
    // After the state, which has the language of the source.
    assign_stories(c, index, inserted).map(Some)
}

/// Writes which entries a document contains, if that has changed.
fn update_in_feed(
    c: &Database<'_>,
    source: SourceId,
    in_feed: &InFeed,
    new: impl Iterator<Item = i64>,
) -> Result<()> {
    let (InFeed::Complete(numbers) | InFeed::Partial(numbers)) = in_feed;
    let mut numbers: BTreeSet<i64> = numbers.iter().copied().chain(new).collect();
    if matches!(in_feed, InFeed::Partial(_)) {
        numbers.extend(last_in_feed(c, source)?);
    }
    c.prepare_cached(
        "INSERT INTO in_feed (source, entries) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET entries = excluded.entries WHERE in_feed.entries <> excluded.entries",
    )?
    .execute(params![source.0, to_json(&numbers)?])
    .map(drop)
}
