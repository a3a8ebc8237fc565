//! Articles as rows: what they add to their entries. I/O: the database.

use super::super::database::{Database, SqlRow};
use super::super::sql::{OptionalExtension, Result, SqlError};
use super::super::values::{from_json, lossy_text, time};
use crate::entry::{Article, ArticleState, Author, StoredEntry};
use crate::source::FullText;

/// Values of `article.state`; 2 is the other one.
const EXPECTED: i64 = 0;
pub(super) const READ: i64 = 1;

pub(super) fn full_text(column: i64) -> FullText {
    match column {
        1 => FullText::Match,
        2 => FullText::Publish,
        _ => FullText::No,
    }
}

/// Adds what is known of an entry's article, of a source that reads some. Where the feed has no title or author, the
/// article's are the entry's.
pub(super) fn add_article(c: &Database<'_>, stored: &mut StoredEntry, full_text: FullText) -> Result<()> {
    let has_page = |link: &String| link.starts_with("http://") || link.starts_with("https://");
    if full_text == FullText::No || !stored.entry.link.as_ref().is_some_and(has_page) {
        return Ok(());
    }
    let row = c
        .prepare_cached(
            "SELECT state, reason, requested, language, title, authors, html FROM article WHERE entry = ?1",
        )?
        .query_row([stored.number], |row| c.readable("article", stored.number, parse_article(row, full_text)))
        .optional()?;
    match row {
        None => stored.article = ArticleState::Expected,
        // The feed alone decides.
        Some(None) => {}
        Some(Some(ArticleRow { state, title, authors })) => {
            stored.article = state;
            stored.entry.title = stored.entry.title.take().or(title);
            if stored.entry.authors.is_empty() {
                stored.entry.authors = authors;
            }
        }
    }
    Ok(())
}

/// What an article says of its entry.
pub(in crate::store) struct ArticleRow {
    state: ArticleState,
    title: Option<String>,
    authors: Vec<Author>,
}

/// An article from its row: state, reason, requested, language, title, authors, html.
pub(in crate::store) fn parse_article(row: &SqlRow<'_>, full_text: FullText) -> Result<ArticleRow> {
    let state = match row.get(0)? {
        EXPECTED => ArticleState::Expected,
        READ => {
            let html = zstd::stream::decode_all(row.blob(6)?);
            let html = html.map_err(SqlError::damaged)?;
            ArticleState::Read(Box::new(Article {
                html: String::from_utf8(html).map_err(SqlError::damaged)?,
                language: row.get(3)?,
                fetched: time(row.get(2)?)?,
                is_published: full_text == FullText::Publish,
            }))
        }
        _ => ArticleState::Missing(lossy_text(row, 1)?.unwrap_or_default()),
    };
    let authors: Option<String> = row.get(5)?;
    Ok(ArticleRow {
        state,
        title: row.get(4)?,
        authors: authors.map_or_else(|| Ok(Vec::new()), |authors| from_json(&authors))?,
    })
}
