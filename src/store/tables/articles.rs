//! SQL of the articles at the links of entries: which are wanted, claims, results. I/O: the database.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::articles::{
    ARTICLES_PER_POLL, ArticleClaim, ArticleClaimResult, ArticleCountsBySource, ArticleOutcome,
    ArticleResult, ReadArticle, WantedArticle,
};
use super::super::claimer::Claimer;
use super::super::database::{Database, SqlRow};
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::model::{Claimant, SourceId};
use super::super::sql::{OptionalExtension, Result, SqlError, params};
use super::super::values::{from_json, lossy_text, millis, nearest_time, to_json};
use super::article_rows::READ;
use super::daemons::take_host;
use super::entries::{Counters, find_entry};
use super::hosts::host_budget;
use crate::entry::MAX_ARTICLE_WAIT;
use crate::story::address::clean_link;

/// An article is requested so often: once, and once later.
const MAX_TRIES: i64 = 2;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Compression level of articles: little is gained beyond.
const ZSTD_LEVEL: i32 = 6;

impl Store {
    /// The articles to be requested, the newest of each source first: as many as it may have now. Some are not due yet; they
    /// keep none back that is.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn wanted_articles(&self, now: Timestamp) -> Result<Vec<WantedArticle>, Error> {
        self.query(move |c| wanted_articles(c, now)).await
    }

    /// Claims an article at a host. The claim ends with its result, or when it is claimed again, which is possible from
    /// `now + lease` on.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn claim_article(
        &self,
        entry: i64,
        (claimant, lease): (Claimant, Duration),
        host: String,
        now: Timestamp,
    ) -> Result<ArticleClaimResult, Error> {
        let claimer = self.claimer(claimant, Arc::default());
        self.command_with(Durability::Relaxed, move |c| claim(c, entry, (&claimer, lease), &host, now)).await
    }

    /// Writes the result of a claim. If it decides the entry, outputs evaluate it again. Returns whether the claim was the
    /// last one: else nothing is written.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn commit_article(&self, result: ArticleResult) -> Result<bool, Error> {
        self.command_with(Durability::Relaxed, move |c| commit(c, &result)).await
    }

    /// Decides entries whose articles have not come within a day, or whose requests all ended with their process.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn give_up_articles(&self, now: Timestamp) -> Result<(), Error> {
        let late = move |c: &Database<'_>| -> Result<Vec<i64>> {
            c.prepare_cached(
                "SELECT entry FROM article WHERE state = 0
                   AND (given_up <= ?1 OR tries >= ?2 AND coalesce(claimed_until, 0) <= ?1)",
            )?
            .query_map([millis(now), MAX_TRIES], |row| row.get(0))?
            .collect()
        };
        if self.query(move |c| late(c)).await?.is_empty() {
            return Ok(());
        }
        self.command(move |c| {
            let mut known = c.prepare_cached("SELECT coalesce(reason, ?2) FROM article WHERE entry = ?1")?;
            for entry in late(c)? {
                let reason: String =
                    known.query_row(params![entry, "not read within a day"], |row| row.get(0))?;
                decide_without(c, entry, &reason, now)?;
            }
            Ok(())
        })
        .await
    }

    /// What became of the articles of each active source that reads some.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn article_counts(&self, now: Timestamp) -> Result<ArticleCountsBySource, Error> {
        self.query(move |c| article_counts(c, now)).await
    }
}

fn day_before(now: Timestamp) -> i64 {
    millis(now).saturating_sub(DAY.as_millis() as i64)
}

/// Wants the articles of these entries, unless they were wanted before.
pub(super) fn want_articles(c: &Database<'_>, entries: &[i64]) -> Result<()> {
    let mut insert = c.prepare_cached(
        "INSERT INTO article (entry, source, next_try, given_up)
         SELECT number, source, 0, first_seen + ?2 FROM entry WHERE number = ?1
         ON CONFLICT DO NOTHING",
    )?;
    let wait = MAX_ARTICLE_WAIT.as_millis() as i64;
    entries.iter().try_for_each(|entry| insert.execute([*entry, wait]).map(drop))
}

/// Wants an article once more, since its entry was edited: unless that was its second try already.
pub(super) fn read_article_again(c: &Database<'_>, entry: i64) -> Result<()> {
    c.prepare_cached("UPDATE article SET next_try = 0 WHERE entry = ?1 AND state = 1 AND tries < ?2")?
        .execute([entry, MAX_TRIES])
        .map(drop)
}

/// Has outputs evaluate the entries of a source again that its new `full_text` may concern: those whose articles may
/// still come, and those that have one.
pub(super) fn full_text_changed(c: &Database<'_>, source: i64) -> Result<()> {
    let numbers: Vec<i64> = c
        .prepare_cached(
            "SELECT number FROM entry WHERE source = ?1
               AND (first_seen > (SELECT max(first_seen) FROM entry) - ?2
                    OR number IN (SELECT entry FROM article WHERE source = ?1 AND state = 1))",
        )?
        .query_map([source, MAX_ARTICLE_WAIT.as_millis() as i64], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut counters = Counters::read(c)?;
    numbers.iter().try_for_each(|number| super::entries::touch(c, *number, &mut counters))?;
    counters.write(c)
}

/// How many articles of a source may be requested now.
fn allowance(c: &Database<'_>, source: i64, now: Timestamp) -> Result<i64> {
    c.prepare_cached(
        "SELECT (SELECT count(*) FROM article
                 WHERE article.source = ?1 AND requested >= coalesce(source.last_poll, 0)),
                article_limit - (SELECT CAST(coalesce(sum(tries), 0) AS BIGINT) FROM article
                                 WHERE article.source = ?1 AND requested > ?2)
         FROM source WHERE id = ?1 AND active = 1 AND full_text > 0",
    )?
    .query_row([source, day_before(now)], |row| {
        let (since_poll, left_today): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(left_today.min(ARTICLES_PER_POLL as i64 - since_poll).max(0))
    })
    .optional()
    .map(Option::unwrap_or_default)
}

fn wanted_articles(c: &Database<'_>, now: Timestamp) -> Result<Vec<WantedArticle>> {
    let sources: Vec<(i64, String)> = c
        .prepare_cached("SELECT id, name FROM source WHERE active = 1 AND full_text > 0")?
        .query_map((), |row| Ok((row.get(0)?, lossy_text(row, 1)?.unwrap_or_default())))?
        .collect::<Result<_>>()?;
    let mut find = c.prepare_cached(
        "SELECT article.entry, entry.link, article.next_try FROM article JOIN entry ON entry.number = article.entry
         WHERE article.source = ?1 AND article.next_try IS NOT NULL AND article.tries < ?2
           AND (article.claimed_until IS NULL OR article.claimed_until <= ?3)
         ORDER BY article.next_try > ?3, article.entry DESC LIMIT ?4",
    )?;
    let mut wanted = Vec::new();
    for (id, source) in sources {
        let rows = find.query_map([id, MAX_TRIES, millis(now), allowance(c, id, now)?], |row| {
            Ok(WantedArticle {
                entry: row.get(0)?,
                source: source.clone(),
                link: lossy_text(row, 1)?.unwrap_or_default(),
                due: nearest_time(row.get(2)?),
            })
        })?;
        rows.into_iter().try_for_each(|row| row.map(|row| wanted.push(row)))?;
    }
    Ok(wanted)
}

fn claim(
    c: &Database<'_>,
    entry: i64,
    (claimer, lease): (&Claimer, Duration),
    host: &str,
    now: Timestamp,
) -> Result<ArticleClaimResult> {
    let budget = host_budget(c, host)?;
    if let Some(until) = budget.as_ref().and_then(|budget| budget.held_at(now)) {
        return Ok(ArticleClaimResult::HostHeld(until));
    }
    if let Some(wait) = take_host(c, claimer, host, budget.as_ref().map(|budget| budget.gap))? {
        return Ok(ArticleClaimResult::HostHeld(nearest_time(millis(now).saturating_add(wait))));
    }
    let source: Option<i64> = c
        .prepare_cached("SELECT source FROM article WHERE entry = ?1")?
        .query_row([entry], |row| row.get(0))
        .optional()?;
    let Some(source) = source else { return Ok(ArticleClaimResult::NotDue) };
    if allowance(c, source, now)? == 0 {
        return Ok(ArticleClaimResult::NotDue);
    }
    let until = millis(now).saturating_add(lease.as_millis() as i64);
    let claimed: Option<(i64, Option<String>)> = c
        .prepare_cached(
            "UPDATE article SET tries = tries + 1, requested = ?2, claimed_by = ?3, claimed_until = ?4
             WHERE entry = ?1 AND next_try <= ?2 AND tries < ?5 AND (claimed_until IS NULL OR claimed_until <= ?2)
             RETURNING tries, CASE state WHEN 1 THEN validators END",
        )?
        .query_row(params![entry, millis(now), claimer.name(), until, MAX_TRIES], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((number, validators)) = claimed else { return Ok(ArticleClaimResult::NotDue) };
    let Some(entry) = find_entry(c, entry)? else { return Ok(ArticleClaimResult::NotDue) };
    Ok(ArticleClaimResult::Claimed(Box::new(ArticleClaim {
        entry,
        number,
        validators: validators.and_then(|validators| from_json(&validators).ok()),
        has_budget: budget.is_some(),
    })))
}

fn commit(c: &Database<'_>, result: &ArticleResult) -> Result<bool> {
    let ArticleResult { entry, claim, outcome, now } = result;
    let (entry, now) = (*entry, *now);
    let claimed: Option<(i64, i64)> = c
        .prepare_cached(
            "SELECT state, source FROM article WHERE entry = ?1 AND tries = ?2 AND claimed_until IS NOT NULL",
        )?
        .query_row([entry, *claim], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((state, source)) = claimed else { return Ok(false) };
    c.prepare_cached("UPDATE article SET claimed_until = NULL, next_try = NULL WHERE entry = ?1")?
        .execute([entry])?;
    match outcome {
        ArticleOutcome::Postponed { reason, until } => {
            c.prepare_cached(
                "UPDATE article SET tries = tries - 1, requested = NULL, next_try = ?2, reason = ?3 WHERE entry = ?1",
            )?
            .execute(params![entry, millis(*until), reason])?;
        }
        ArticleOutcome::Failed { reason, retry } if *claim < MAX_TRIES => {
            c.prepare_cached("UPDATE article SET next_try = ?2, reason = ?3 WHERE entry = ?1")?
                .execute(params![entry, millis(*retry), reason])?;
        }
        // What was read before stays.
        _ if state == READ && !matches!(outcome, ArticleOutcome::Read(_)) => {}
        ArticleOutcome::NotModified => decide_without(c, entry, "an answer to another request (304)", now)?,
        ArticleOutcome::Failed { reason, .. } | ArticleOutcome::Refused(reason) => {
            decide_without(c, entry, reason, now)?;
        }
        ArticleOutcome::Forbidden(reason) => {
            c.prepare_cached("UPDATE article SET requested = NULL WHERE entry = ?1")?.execute([entry])?;
            decide_without(c, entry, reason, now)?;
        }
        ArticleOutcome::Read(article) => {
            match entry_with_same_text(c, (entry, source), &article.text_hash)? {
                Some(other) => {
                    let reason = |other: i64| {
                        format!("the same text as the page of entry {other}, under another title")
                    };
                    decide_without(c, entry, &reason(other), now)?;
                    decide_without(c, other, &reason(entry), now)?;
                }
                None => decide_with(c, entry, article, now)?,
            }
        }
    }
    Ok(true)
}

/// Another entry of the source whose article has the same words, though it is another page with another title: what every
/// page of the site says, such as that cookies must be accepted.
fn entry_with_same_text(c: &Database<'_>, (entry, source): (i64, i64), hash: &[u8]) -> Result<Option<i64>> {
    let title_and_page = |row: &SqlRow<'_>, first: usize| -> Result<(Option<String>, Option<String>)> {
        let title = lossy_text(row, first)?.map(|title| title.trim().to_lowercase());
        Ok((title, lossy_text(row, first + 1)?.map(|link| clean_link(&link))))
    };
    let own = c
        .prepare_cached("SELECT title, link FROM entry WHERE number = ?1")?
        .query_row([entry], |row| title_and_page(row, 0))?;
    let mut others = c.prepare_cached(
        "SELECT entry.number, entry.title, entry.link FROM article JOIN entry ON entry.number = article.entry
         WHERE article.source = ?1 AND article.text_hash = ?2 AND article.entry <> ?3",
    )?;
    let mut rows = others.query(params![source, hash, entry])?;
    while let Some(row) = &rows.next()? {
        let (title, page) = title_and_page(row, 1)?;
        if title != own.0 && page != own.1 {
            return row.get(0).map(Some);
        }
    }
    Ok(None)
}

fn decide_with(c: &Database<'_>, entry: i64, article: &ReadArticle, now: Timestamp) -> Result<()> {
    let html = zstd::bulk::compress(article.html.as_bytes(), ZSTD_LEVEL)
        .map_err(|error| SqlError::NotWritable(error.to_string()))?;
    let validators = article.validators.as_ref().map(to_json).transpose()?;
    c.prepare_cached(
        "UPDATE article SET state = 1, decided = ?2, validators = ?3, text_hash = ?4, reason = NULL, language = ?5,
                            title = ?6, authors = ?7, html = ?8
         WHERE entry = ?1",
    )?
    .execute(params![
        entry,
        millis(now),
        validators,
        article.text_hash,
        article.language,
        article.title,
        to_json(&article.authors)?,
        html,
    ])?;
    if let Some(published) = article.published.filter(|published| *published <= now) {
        // The date of a member never changes.
        c.prepare_cached(
            "UPDATE entry SET date = ?2 WHERE number = ?1 AND published IS NULL AND updated IS NULL
               AND NOT EXISTS (SELECT 1 FROM membership WHERE membership.entry = ?1)",
        )?
        .execute([entry, millis(published)])?;
    }
    revise(c, entry, now)
}

/// The feed alone decides an entry. The hash of a text that was taken for its article stays: it is found again.
fn decide_without(c: &Database<'_>, entry: i64, reason: &str, now: Timestamp) -> Result<()> {
    c.prepare_cached(
        "UPDATE article SET state = 2, decided = ?2, reason = ?3, next_try = NULL, claimed_until = NULL, html = NULL,
                            title = NULL, authors = NULL
         WHERE entry = ?1",
    )?
    .execute(params![entry, millis(now), reason])?;
    revise(c, entry, now)
}

/// Has outputs evaluate an entry again, which then enters at this time, as after an edit; one that came with its source's
/// first poll by its date, as it would have at once. Readers see no update.
fn revise(c: &Database<'_>, entry: i64, now: Timestamp) -> Result<()> {
    let mut counters = Counters::read(c)?;
    c.prepare_cached(
        "UPDATE entry SET revision = ?2,
                          revised = CASE WHEN first_poll = 1 AND revised = first_seen THEN revised ELSE ?3 END
         WHERE number = ?1",
    )?
    .execute([entry, counters.next_revision(), millis(now)])?;
    counters.write(c)
}

fn article_counts(c: &Database<'_>, now: Timestamp) -> Result<ArticleCountsBySource> {
    let mut counts = ArticleCountsBySource::default();
    let mut sources = c.prepare_cached(
        "SELECT id, article_limit,
                (SELECT CAST(coalesce(sum(tries), 0) AS BIGINT) FROM article
                 WHERE article.source = source.id AND requested > ?1)
         FROM source WHERE active = 1 AND full_text > 0",
    )?;
    let mut rows = sources.query([day_before(now)])?;
    while let Some(row) = &rows.next()? {
        let count = counts.entry(SourceId(row.get(0)?)).or_default();
        (count.limit, count.requested) = (row.get::<i64>(1)? as u64, row.get::<i64>(2)? as u64);
    }
    let mut expected =
        c.prepare_cached("SELECT source, count(*) FROM article WHERE state = 0 GROUP BY source")?;
    let mut rows = expected.query(())?;
    while let Some(row) = &rows.next()? {
        if let Some(count) = counts.get_mut(&SourceId(row.get(0)?)) {
            count.expected = row.get::<i64>(1)? as u64;
        }
    }
    let mut decided = c.prepare_cached(
        "SELECT source, state, decided, reason FROM article WHERE decided > ?1 ORDER BY decided",
    )?;
    let mut rows = decided.query([day_before(now)])?;
    while let Some(row) = &rows.next()? {
        let Some(count) = counts.get_mut(&SourceId(row.get(0)?)) else { continue };
        if row.get::<i64>(1)? == READ {
            count.read += 1;
        } else {
            count.missing += 1;
            count.last_reason = Some((nearest_time(row.get(2)?), lossy_text(row, 3)?.unwrap_or_default()));
        }
    }
    Ok(counts)
}
