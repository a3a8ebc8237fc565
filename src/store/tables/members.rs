//! SQL of the members of outputs: which entries each has, and which of them a document shows. I/O: the database.

use std::collections::{HashMap, HashSet};

use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::model::{
    Advance, AdvanceResult, Generation, Member, MemberPosition, MemberQuery, MemberUpdate, OutputId, SourceId,
};
use super::super::sql::{OptionalExtension, Result, params};
use super::super::values::{lossy_text, millis, nearest_time};
use super::archive::add_to_archive;
use super::articles::want_articles;
use super::config_edits::makes_outputs;
use super::entries::read_entries;
use super::published_ids::PublishedIds;
use crate::entry::StoredEntry;

/// How many members are looked at for each one that is shown, before those of each source are looked up instead.
const SCAN_FACTOR: usize = 4;

impl Store {
    /// The number of members that came with the first poll of each of these sources, by source name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn first_poll_counts(
        &self,
        output: OutputId,
        sources: Vec<String>,
    ) -> Result<HashMap<String, usize>, Error> {
        self.query(move |c| {
            sources.iter().map(|name| Ok((name.clone(), first_poll_count(c, output, name)?))).collect()
        })
        .await
    }

    /// Begins a generation of members of each of these outputs.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn begin_generations(&self, outputs: Vec<OutputId>) -> Result<Vec<Generation>, Error> {
        self.command(move |c| {
            let mut begin = c.prepare_cached(
                "UPDATE output SET last_generation = last_generation + 1 WHERE id = ?1 RETURNING last_generation",
            )?;
            outputs.iter().map(|output| begin.query_row([output.0], |row| row.get(0).map(Generation))).collect()
        })
        .await
    }

    /// Deletes up to `n` members of generations that another one has replaced. Returns the number of deleted rows.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn delete_replaced_members(&self, n: usize) -> Result<usize, Error> {
        // Nobody reads them: a power cut may bring them back.
        self.command_with(Durability::Relaxed, move |c| delete_replaced_members(c, n)).await
    }

    /// Writes new members and watermarks of outputs, in one transaction. An output that another process has advanced
    /// since the evaluation began stays as it is, and all do if another config came into force.
    ///
    /// # Errors
    /// The store cannot write; then no output has advanced.
    pub async fn advance(&self, advances: Vec<Advance>) -> Result<AdvanceResult, Error> {
        let known = self.known_in_force();
        self.command(move |c| {
            if !makes_outputs(c, known.as_ref())? {
                return Ok(AdvanceResult::Outdated);
            }
            let mut result = AdvanceResult::Written;
            for advance in &advances {
                if advance_output(c, advance)? == AdvanceResult::Outdated {
                    result = AdvanceResult::Outdated;
                }
            }
            Ok(result)
        })
        .await
    }

    /// The entries that a document shows, the last one to enter first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn members(&self, output: OutputId, wanted: MemberQuery) -> Result<Vec<StoredEntry>, Error> {
        self.query(move |c| members(c, output, wanted)).await
    }

    /// The number of members of configured sources, of each output that has any. Reads the whole index of members: for display only.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_counts(&self) -> Result<HashMap<OutputId, u64>, Error> {
        self.query(|c| {
            c.prepare_cached(
                "SELECT output, count(*) FROM member
                 WHERE source IN (SELECT id FROM source WHERE active = 1) GROUP BY output",
            )?
            .query_map((), |row| Ok((OutputId(row.get(0)?), row.get::<i64>(1)? as u64)))?
            .collect()
        })
        .await
    }

    /// The numbers of all members of an output.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_numbers(&self, output: OutputId) -> Result<HashSet<i64>, Error> {
        self.query(move |c| {
            c.prepare_cached("SELECT entry FROM member WHERE output = ?1")?
                .query_map([output.0], |row| row.get(0))?
                .collect()
        })
        .await
    }

    /// The position of an entry in an output, if it is a member.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn member_position(
        &self,
        output: OutputId,
        entry: i64,
        wanted: MemberQuery,
    ) -> Result<Option<MemberPosition>, Error> {
        self.query(move |c| member_position(c, output, entry, wanted)).await
    }
}

fn advance_output(c: &Database<'_>, advance: &Advance) -> Result<AdvanceResult> {
    let Advance { output: OutputId(output), from, to, .. } = advance;
    let current: Option<i64> = c
        .prepare_cached("SELECT generation FROM output WHERE id = ?1 AND definition = ?2 AND watermark = ?3")?
        .query_row(params![output, from.definition, from.watermark], |row| row.get(0))
        .optional()?;
    let Some(current) = current else { return Ok(AdvanceResult::Outdated) };
    let generation = match advance.update {
        MemberUpdate::Append => current,
        MemberUpdate::Stage(generation) | MemberUpdate::Replace(generation) => generation.0,
    };
    let members = insert_members(c, advance, generation)?;
    want_articles(c, &advance.wanted_articles)?;
    match advance.update {
        MemberUpdate::Append => add_to_archive(c, advance, members.iter().map(|member| Ok(member.entry)))?,
        MemberUpdate::Stage(_) => return Ok(AdvanceResult::Written),
        MemberUpdate::Replace(_) => {
            let mut oldest_first = c.prepare_cached(
                "SELECT entry FROM membership WHERE output = ?1 AND generation = ?2 ORDER BY entered, entry",
            )?;
            add_to_archive(c, advance, oldest_first.query_map([*output, generation], |row| row.get(0))?)?;
        }
    }
    c.prepare_cached("UPDATE output SET definition = ?2, watermark = ?3, generation = ?4 WHERE id = ?1")?
        .execute(params![output, to.definition, to.watermark, generation])?;
    Ok(AdvanceResult::Written)
}

/// Writes the members of an advance. Returns them in the order of entering.
fn insert_members<'a>(c: &Database<'_>, advance: &'a Advance, generation: i64) -> Result<Vec<&'a Member>> {
    let output = advance.output.0;
    // No INSERT ... SELECT: that is a savepoint of its own, which costs as much as the pages that the command has
    // changed so far.
    let mut insert = c.prepare_cached(
        "INSERT INTO membership (entry, output, generation, source, entered, reasons)
         VALUES (?1, ?2, ?3, ?4,
                 coalesce((SELECT entered FROM member WHERE member.entry = ?1 AND member.output = ?2), ?5), ?6)
         ON CONFLICT (entry, output, generation) DO UPDATE SET reasons = excluded.reasons",
    )?;
    // An entry may have been pruned since it was read. Only below the highest pruned number is it looked up, which
    // reads a page for each.
    let pruned: i64 = c.prepare_cached("SELECT pruned FROM counter")?.query_row((), |row| row.get(0))?;
    let mut is_kept = c.prepare_cached("SELECT 1 FROM entry WHERE number = ?1")?;
    let mut members: Vec<&Member> = Vec::with_capacity(advance.members.len());
    for member in &advance.members {
        let Member { entry, source, entered, reasons } = member;
        if *entry > pruned || is_kept.exists([entry])? {
            insert.execute(params![entry, output, generation, source.0, millis(*entered), reasons])?;
            members.push(member);
        }
    }
    let mut delete =
        c.prepare_cached("DELETE FROM membership WHERE entry = ?1 AND output = ?2 AND generation = ?3")?;
    advance.displaced.iter().try_for_each(|entry| delete.execute([*entry, output, generation]).map(drop))?;
    members.sort_unstable_by_key(|member| (member.entered, member.entry));
    members.dedup_by_key(|member| member.entry);
    Ok(members)
}

fn delete_replaced_members(c: &Database<'_>, n: usize) -> Result<usize> {
    let rows: Vec<[i64; 3]> = c
        .prepare_cached(
            "SELECT membership.entry, membership.output, membership.generation FROM output
             CROSS JOIN membership ON membership.output = output.id AND membership.generation < output.generation
             LIMIT ?1",
        )?
        .query_map([n as i64], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?
        .collect::<Result<_>>()?;
    let mut delete =
        c.prepare_cached("DELETE FROM membership WHERE entry = ?1 AND output = ?2 AND generation = ?3")?;
    rows.iter().try_for_each(|row| delete.execute(*row).map(drop))?;
    Ok(rows.len())
}

/// Reads the entries of the source's first poll only: they have its lowest numbers.
fn first_poll_count(c: &Database<'_>, output: OutputId, name: &str) -> Result<usize> {
    let sources: Vec<i64> = c
        .prepare_cached("SELECT id FROM source WHERE name = ?1")?
        .query_map([name], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut statement = c.prepare_cached(
        "SELECT first_poll, EXISTS (SELECT 1 FROM member WHERE member.entry = entry.number AND member.output = ?1)
         FROM entry WHERE source = ?2 ORDER BY number",
    )?;
    let mut count = 0;
    for source in sources {
        let mut rows = statement.query([output.0, source])?;
        while let Some(row) = &rows.next()?
            && row.get(0)?
        {
            count += usize::from(row.get::<bool>(1)?);
        }
    }
    Ok(count)
}

/// A member as a document orders it for its limits: the time of entry, then the number.
pub(super) type Place = (i64, i64);

fn members(c: &Database<'_>, output: OutputId, wanted: MemberQuery) -> Result<Vec<StoredEntry>> {
    let places = shown_places(c, output, wanted)?;
    let numbers: Vec<i64> = places.into_iter().map(|(_, entry)| entry).collect();
    let ids = PublishedIds::read(c, output)?;
    Ok(read_entries(c, &numbers)?.into_iter().map(|entry| ids.apply(entry)).collect())
}

/// The members that a document shows, the last to enter first.
pub(super) fn shown_places(c: &Database<'_>, output: OutputId, wanted: MemberQuery) -> Result<Vec<Place>> {
    match last_members(c, output, wanted)? {
        Some(places) => Ok(places),
        None => last_members_by_source(c, output, wanted),
    }
}

/// The members that a document shows, looked up from the last one on. `None` if too many must be passed over: most
/// are of a source that has `per_source` already or has left the config, or they are too old.
fn last_members(c: &Database<'_>, output: OutputId, wanted: MemberQuery) -> Result<Option<Vec<Place>>> {
    let mut statement = c.prepare_cached(
        // No entry enters before its date, so what entered before ?2 is too old as well. CROSS JOIN fixes the order.
        "SELECT membership.entered, membership.entry, membership.source, entry.date >= ?2 AND source.active = 1
         FROM membership CROSS JOIN entry ON entry.number = membership.entry
         CROSS JOIN source ON source.id = membership.source
         WHERE membership.output = ?1 AND membership.entered >= ?2
           AND membership.generation = (SELECT generation FROM output WHERE id = ?1)
         ORDER BY membership.entered DESC, membership.entry DESC LIMIT ?3",
    )?;
    let scanned = wanted.limit.saturating_mul(SCAN_FACTOR);
    let mut rows = statement.query(params![output.0, earliest(wanted), row_limit(scanned)])?;
    let mut count_by_source: HashMap<i64, usize> = HashMap::new();
    let (mut places, mut passed) = (Vec::new(), 0);
    while places.len() < wanted.limit
        && let Some(row) = rows.next()?
    {
        passed += 1;
        let count = count_by_source.entry(row.get(2)?).or_default();
        if row.get(3)? && wanted.per_source.is_none_or(|limit| *count < limit) {
            *count += 1;
            places.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok((places.len() == wanted.limit || passed < scanned).then_some(places))
}

/// The same from the last members of each source: the cost does not depend on how many members there are.
fn last_members_by_source(c: &Database<'_>, output: OutputId, wanted: MemberQuery) -> Result<Vec<Place>> {
    let sources: Vec<SourceId> = c
        .prepare_cached("SELECT id FROM source WHERE active = 1")?
        .query_map((), |row| row.get(0).map(SourceId))?
        .collect::<Result<_>>()?;
    let mut statement = c.prepare_cached(
        "SELECT membership.entered, membership.entry
         FROM membership CROSS JOIN entry ON entry.number = membership.entry
         WHERE membership.output = ?1 AND membership.source = ?2 AND membership.entered >= ?3 AND entry.date >= ?4
           AND membership.generation = (SELECT generation FROM output WHERE id = ?1)
         ORDER BY membership.entered DESC, membership.entry DESC LIMIT ?5",
    )?;
    let of_source = row_limit(wanted.per_source.unwrap_or(wanted.limit).min(wanted.limit));
    let (not_before, mut floor) = (earliest(wanted), earliest(wanted));
    let mut places: Vec<Place> = Vec::new();
    for source in sources {
        let rows = statement.query_map(params![output.0, source.0, floor, not_before, of_source], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.into_iter().try_for_each(|place| place.map(|place| places.push(place)))?;
        if places.len() >= wanted.limit.saturating_mul(2) {
            keep_last(&mut places, wanted.limit);
            floor = places.last().map_or(floor, |(entered, _)| *entered);
        }
    }
    keep_last(&mut places, wanted.limit);
    Ok(places)
}

fn keep_last(places: &mut Vec<Place>, limit: usize) {
    places.sort_unstable_by_key(|place| std::cmp::Reverse(*place));
    places.truncate(limit);
}

fn earliest(wanted: MemberQuery) -> i64 {
    wanted.not_before.map_or(i64::MIN, millis)
}

fn row_limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn member_position(
    c: &Database<'_>,
    output: OutputId,
    entry: i64,
    wanted: MemberQuery,
) -> Result<Option<MemberPosition>> {
    let member = c
        .prepare_cached("SELECT entered, reasons, source FROM member WHERE entry = ?1 AND output = ?2")?
        .query_row([entry, output.0], |row| {
            Ok((row.get::<i64>(0)?, lossy_text(row, 1)?.unwrap_or_default(), row.get::<i64>(2)?))
        })
        .optional()?;
    let Some((entered, reasons, source)) = member else { return Ok(None) };
    let later_by_source: Vec<(i64, i64)> = c
        .prepare_cached(
            "SELECT membership.source, count(*)
             FROM membership CROSS JOIN entry ON entry.number = membership.entry
             CROSS JOIN source ON source.id = membership.source
             WHERE membership.output = ?1 AND (membership.entered, membership.entry) > (?2, ?3)
               AND entry.date >= ?4 AND source.active = 1
               AND membership.generation = (SELECT generation FROM output WHERE id = ?1)
             GROUP BY membership.source",
        )?
        .query_map([output.0, entered, entry, earliest(wanted)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let count = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let (own, others): (Vec<_>, Vec<_>) = later_by_source.into_iter().partition(|(id, _)| *id == source);
    Ok(Some(MemberPosition {
        entered: nearest_time(entered),
        reasons,
        later: own.first().map_or(0, |(_, n)| count(*n)),
        later_of_others: others.into_iter().map(|(_, n)| count(n)).collect(),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jiff::Timestamp;
    use rusqlite::Connection;

    use super::super::super::model::{Progress, StoryId};
    use super::super::archive::archive_size;
    use super::super::outputs::changed_since;
    use super::super::stories::story_members;
    use super::*;
    use crate::store::unreadable::UnreadableRows;

    const OUTPUT: OutputId = OutputId(1);

    /// A source that has left the config.
    const REMOVED: i64 = 3;

    /// An entry of an output: its number, source, date and time of entry.
    type Row = (i64, i64, i64, i64);

    struct TestStore {
        connection: Connection,
        unreadable: UnreadableRows,
    }

    impl TestStore {
        fn database(&self) -> Database<'_> {
            Database::sqlite(&self.connection, &self.unreadable)
        }
    }

    /// A store with one output of these members.
    fn store(rows: &[Row]) -> TestStore {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(crate::store::schema::SCHEMA).unwrap();
        c.execute(
            "INSERT INTO output (id, name, key, since, definition, watermark) VALUES (1, 'o', 'o', 0, 'd', 0)",
            [],
        )
        .unwrap();
        for (entry, source, date, entered) in rows {
            c.execute(
                "INSERT OR IGNORE INTO source (id, name, url, publish_url, host, active, state)
                 VALUES (?1, 's' || ?1, 'https://a.example/' || ?1, 0, 'a.example', 1, '{}')",
                [source],
            )
            .unwrap();
            c.execute("UPDATE source SET active = 0 WHERE id = ?1", [REMOVED]).unwrap();
            c.execute(
                "INSERT INTO entry (number, source, revision, story, uid, date, changed, first_seen, revised,
                                    first_poll, edits, fingerprint, content_hash, owns_link, extra_json)
                 VALUES (?1, ?2, ?1, ?1, ?1, ?3, ?3, ?3, ?3, 0, 0, x'', x'', 0, '{}')",
                [entry, source, date],
            )
            .unwrap();
            c.execute("INSERT INTO membership VALUES (?1, 1, 0, ?2, ?3, '[]')", [entry, source, entered])
                .unwrap();
        }
        TestStore { connection: c, unreadable: UnreadableRows::default() }
    }

    fn read_members(c: &Database<'_>, wanted: MemberQuery) -> Vec<StoredEntry> {
        members(c, OUTPUT, wanted).unwrap()
    }

    /// The rule, written plainly.
    fn shown(rows: &[Row], wanted: MemberQuery) -> Vec<i64> {
        let is_shown = |row: &&Row| row.2 >= earliest(wanted) && row.1 != REMOVED;
        let mut rows: Vec<_> = rows.iter().filter(is_shown).collect();
        rows.sort_by_key(|(entry, _, _, entered)| std::cmp::Reverse((*entered, *entry)));
        let mut counts: HashMap<i64, usize> = HashMap::new();
        rows.retain(|(_, source, ..)| {
            let count = counts.entry(*source).or_default();
            *count += 1;
            wanted.per_source.is_none_or(|limit| *count <= limit)
        });
        rows.iter().take(wanted.limit).map(|(entry, ..)| *entry).collect()
    }

    #[test]
    fn a_document_shows_the_last_to_enter_and_positions_agree() {
        let mut random = fastrand::Rng::with_seed(9);
        for round in 0..60 {
            let rows: Vec<Row> = (1..=random.i64(1..80))
                .map(|entry| {
                    // Most are of one source, which `per_source` then keeps short.
                    let source = if random.u8(..) < 200 { 1 } else { random.i64(1..5) };
                    let date = random.i64(0..30);
                    (entry, source, date, date + random.i64(0..2) * random.i64(0..30))
                })
                .collect();
            let store = store(&rows);
            let c = &store.database();
            let wanted = MemberQuery {
                limit: random.usize(0..12),
                per_source: random.bool().then(|| random.usize(1..5)),
                not_before: random.bool().then(|| Timestamp::from_millisecond(random.i64(0..30)).unwrap()),
            };
            let expected = shown(&rows, wanted);
            let numbers = |places: Vec<Place>| places.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>();
            let read: Vec<i64> = read_members(c, wanted).into_iter().map(|kept| kept.number).collect();
            assert_eq!(read, expected, "round {round}");
            let by_source = numbers(last_members_by_source(c, OUTPUT, wanted).unwrap());
            assert_eq!(by_source, expected, "round {round}");
            let per_source = wanted.per_source.unwrap_or(usize::MAX);
            for (entry, source, date, _) in &rows {
                let position = member_position(c, OUTPUT, *entry, wanted).unwrap().unwrap();
                let later: usize = position
                    .later_of_others
                    .iter()
                    .chain([&position.later])
                    .map(|n| n.min(&per_source))
                    .sum();
                let is_shown = position.later < per_source
                    && later < wanted.limit
                    && *date >= earliest(wanted)
                    && *source != REMOVED;
                assert_eq!(is_shown, expected.contains(entry), "round {round}, entry {entry}");
            }
        }
    }

    #[test]
    fn a_source_that_has_its_share_does_not_make_all_its_members_be_passed_over() {
        let rows: Vec<Row> = (1..=500).map(|n| (n, if n < 9 { 2 } else { 1 }, n, n)).collect();
        let wanted = MemberQuery { limit: 10, per_source: Some(3), not_before: None };
        let store = store(&rows);
        let c = &store.database();
        assert_eq!(last_members(c, OUTPUT, wanted).unwrap(), None);
        assert_eq!(read_members(c, wanted).len(), 6);
    }

    /// Everything that a pass asks of the store for an output that got one entry.
    fn pass(c: &Database<'_>, entry: i64) {
        changed_since(c, entry - 1).unwrap();
        story_members(c, OUTPUT, None, &[StoryId(entry)]).unwrap();
        assert_eq!(first_poll_count(c, OUTPUT, "s1").unwrap(), 20);
        let member =
            Member { entry, source: SourceId(1), entered: Timestamp::UNIX_EPOCH, reasons: "[]".into() };
        advance_output(c, &advance(vec![member], MemberUpdate::Append)).unwrap();
        archive_size(c, OUTPUT, 100).unwrap();
        let all = MemberQuery { limit: 100, per_source: None, not_before: None };
        // Too many of one source, and too old ones.
        for wanted in [
            all,
            MemberQuery { per_source: Some(20), ..all },
            MemberQuery { not_before: Some(Timestamp::MAX), ..all },
        ] {
            read_members(c, wanted);
        }
        c.execute("UPDATE source SET active = 0 WHERE id = 1", ()).unwrap();
        assert!(read_members(c, all).len() < 100, "most are of a removed source");
        c.execute("UPDATE source SET active = 1 WHERE id = 1", ()).unwrap();
    }

    fn advance(members: Vec<Member>, update: MemberUpdate) -> Advance {
        let progress = Progress { definition: "d".into(), watermark: 0 };
        let (from, to, displaced, page_size) = (progress.clone(), progress, Vec::new(), 100);
        let wanted_articles = Vec::new();
        Advance { output: OUTPUT, from, to, members, displaced, wanted_articles, update, page_size }
    }

    #[test]
    fn a_pass_costs_the_same_however_many_members_an_output_has() {
        let [small, large] = [1_000, 20_000].map(|count| {
            let source = |n| if n <= 10 { 2 } else { 1 };
            let rows: Vec<Row> = (1..=count).map(|n| (n, source(n), n, n)).collect();
            let mut store = store(&rows);
            let c = &store.database();
            c.execute("UPDATE entry SET first_poll = 1 WHERE source = 1 AND number <= 30", ()).unwrap();
            let archived = rows.iter().map(|(entry, ..)| Member {
                entry: *entry,
                source: SourceId(1),
                entered: Timestamp::UNIX_EPOCH,
                reasons: "[]".into(),
            });
            advance_output(c, &advance(archived.collect(), MemberUpdate::Append)).unwrap();
            c.execute("DELETE FROM membership WHERE entry = ?1", [count]).unwrap();
            // Statistics, as the writer leaves them when it ends, must not lead to other plans.
            store.connection.execute_batch("ANALYZE").unwrap();
            let steps = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&steps);
            let count_steps = move || {
                counter.fetch_add(1, Ordering::Relaxed);
                false
            };
            store.connection.progress_handler(1, Some(count_steps)).unwrap();
            pass(&store.database(), count);
            steps.load(Ordering::Relaxed)
        });
        assert!(large * 100 <= small * 120, "{small} steps with 1,000 members, {large} with 20,000");
    }
}
