//! Searches the newest members of an output, for its web page. Everybody may do so: what is searched is what the output
//! shows, and it is bounded in number and time. Reads the store.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::output_page::{self, PageSearch};
use super::outputs::{CompiledOutput, Outputs};
use super::search::IsOver;
use super::{owners, select, try_page};
use crate::entry::{ArticleState, Entry, StoredEntry};
use crate::filter::{self, Matcher, QueryContext, Subject};
use crate::store::{Error, Store};

/// The most members that are searched, the last to enter.
const MAX_SEARCHED: usize = 2000;

/// The most entries that are shown.
const MAX_FOUND: usize = 100;

/// How many members are read at a time.
const BATCH: usize = 100;

/// What is searched for, and in which output.
#[derive(Clone, Debug)]
pub struct OutputSearch<'a> {
    /// The output's name.
    pub output: &'a str,
    /// The query.
    pub text: &'a str,
    /// The languages of the config.
    pub languages: &'a Arc<[String]>,
}

/// What was found in the members that were searched: entries with the words that matched.
struct FoundMembers {
    entries: Vec<StoredEntry>,
    words: HashMap<i64, Vec<String>>,
    searched: usize,
    is_whole: bool,
}

/// The page with the entries that a query finds; `None` if there is no such output.
///
/// # Errors
/// The store cannot be read.
pub async fn page(
    store: &Store,
    outputs: &Outputs,
    search: &OutputSearch<'_>,
    is_over: IsOver<'_>,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(compiled) = outputs.by_any_name(search.output) else { return Ok(None) };
    // Others may not learn what the user's topics and tags are.
    let context = QueryContext { languages: Arc::clone(search.languages), ..QueryContext::default() };
    let matcher = tokio::task::block_in_place(|| {
        filter::parse(search.text, &context).map(|query| Matcher::new([&query]))
    });
    let (found, problem) = match &matcher {
        Ok(matcher) => (Some(find(store, outputs, (compiled, matcher), is_over, now).await?), None),
        Err(problems) => (None, Some(try_page::problems_as_text(search.text, problems))),
    };
    let FoundMembers { entries, mut words, searched, is_whole } = found.unwrap_or_else(|| FoundMembers {
        entries: Vec::new(),
        words: HashMap::new(),
        searched: 0,
        is_whole: true,
    });
    let mut document = owners::document(store, outputs, &compiled.output, entries).await?;
    for entry in &mut document.entries {
        entry.highlights = words.remove(&entry.kept.number).unwrap_or_default();
    }
    let shown = PageSearch { text: search.text, problem, searched, is_whole };
    Ok(Some(tokio::task::block_in_place(|| output_page::write_search(&document, &shown))))
}

/// Evaluates the query on the members from the last to enter on.
async fn find(
    store: &Store,
    outputs: &Outputs,
    (compiled, matcher): (&CompiledOutput, &Matcher),
    is_over: IsOver<'_>,
    now: Timestamp,
) -> Result<FoundMembers, Error> {
    let members = store.last_members(compiled.id, MAX_SEARCHED + 1).await?;
    let mut found = FoundMembers {
        entries: Vec::new(),
        words: HashMap::new(),
        searched: 0,
        is_whole: members.len() <= MAX_SEARCHED,
    };
    for numbers in members[..members.len().min(MAX_SEARCHED)].chunks(BATCH) {
        if is_over() || found.entries.len() >= MAX_FOUND {
            found.is_whole = false;
            break;
        }
        found.searched += numbers.len();
        let entries = store.entries(numbers.to_vec()).await?;
        tokio::task::block_in_place(|| {
            for kept in entries {
                if let Some(words) = matched_words(matcher, compiled, outputs, &kept, now) {
                    found.words.insert(kept.number, words);
                    found.entries.push(kept);
                }
            }
        });
    }
    found.entries.truncate(MAX_FOUND);
    Ok(found)
}

/// The words of an entry that match, if it does: of what the output shows of it, no more.
fn matched_words(
    matcher: &Matcher,
    compiled: &CompiledOutput,
    outputs: &Outputs,
    kept: &StoredEntry,
    now: Timestamp,
) -> Option<Vec<String>> {
    let shown = select::output_entry(&compiled.output, &outputs.site, Arc::new(kept.clone()));
    let kept = &shown.kept;
    let entry = Entry {
        title: Some(shown.title),
        summary: shown.summary,
        content: shown.content,
        ..kept.entry.clone()
    };
    let subject =
        Subject { entry: &entry, article: &ArticleState::NotExpected, ..Subject::from_stored(kept, now) };
    let hit = matcher.hits(&subject, |_| true).hits.pop()?;
    Some(hit.reasons.into_iter().map(|reason| reason.found).collect())
}
