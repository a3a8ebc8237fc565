//! `siftwire explain ENTRY [OUTPUT]`: explains why an entry is, or is not, in each output.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::config_option::{ConfigOption, LATIN_LANGUAGES};
use super::runtime::with_existing_store;
use super::terminal::{self, escape_line};
use super::{WrongUsage, query_argument};
use crate::daemon;
use crate::entry::change::{FormerTitle, FormerVersion};
use crate::entry::{ArticleState, Key, KeyRule, Removed, StoredEntry};
use crate::filter::{Matcher, Query, QueryContext};
use crate::publish::explain::{
    self, Explanation, article_line, owner_line, reason_line, removed_line, story_line,
};
use crate::publish::output::Output;
use crate::store::{Candidate, EntryStory, KeptApart, Store};
use crate::story::address::PageAddress;

/// The most other entries listed if several have the title.
const MAX_LISTED_ENTRIES: usize = 5;

/// `siftwire explain`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The entry: its id, its link, or a part of its title
    #[arg(required_unless_present = "words")]
    entry: Option<String>,
    /// The name of an output [default: all]
    output: Option<String>,
    /// Instead of an entry: list the words that each term of a query matches
    #[arg(long, value_name = "QUERY", conflicts_with_all = ["entry", "output"])]
    words: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The explanation of an entry.
struct ExplainedEntry<'a> {
    entry: &'a StoredEntry,
    former_titles: Vec<FormerTitle>,
    former_versions: Vec<FormerVersion>,
    story: Option<EntryStory>,
    /// Earlier entries that it is much like.
    apart: Vec<KeptApart>,
    outputs: Vec<Explanation<'a>>,
}

/// Explains an entry, or the words of a query; changes nothing.
///
/// # Errors
/// There is no such entry or output, or the store cannot be used.
pub fn run(arguments: Arguments, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    if let Some(query) = &arguments.words {
        return print_words(query, arguments.json, config_option);
    }
    let config = config_option.load()?;
    if let Some(name) = &arguments.output
        && !config.outputs.iter().any(|output| output.name == *name)
    {
        let known = config.outputs.iter().map(|output| output.name.as_str());
        let hint = terminal::did_you_mean(name, known);
        bail!(WrongUsage(format!("there is no output `{name}` in the config{hint}")));
    }
    let wanted = arguments.entry.unwrap_or_default();
    if wanted.trim().is_empty() {
        bail!(WrongUsage("ENTRY is empty: give an entry's id, its link, or a part of its title".to_owned()));
    }
    let text = with_existing_store(&config.store, async |store| {
        let mut found = store.find_entries(wanted.clone(), MAX_LISTED_ENTRIES + 1).await?.into_iter();
        let Some(mut candidate) = found.next() else { bail!("{}", not_found(store, &wanted).await?) };
        candidate.entry.give_up_article(daemon::now());
        let others: Vec<Candidate> = found.collect();
        if !others.is_empty() {
            terminal::message(&other_entries(&others));
        }
        let only = arguments.output.as_ref();
        let outputs: Vec<&Output> =
            config.outputs.iter().filter(|output| only.is_none_or(|only| *only == output.name)).collect();
        let everything = Query::match_all();
        let matcher =
            Matcher::new(outputs.iter().map(|output| output.filter.as_ref().unwrap_or(&everything)));
        let first_poll_limits = &config.first_poll_limits;
        let explained = explain::Explained { outputs, matcher: &matcher, first_poll_limits };
        let story = store.story_of_entry(candidate.entry.number.to_string()).await?;
        let story = story.filter(|story| !story.duplicates.is_empty());
        let number = candidate.entry.number;
        let apart = store.kept_apart(vec![number]).await?.remove(&number).unwrap_or_default();
        let explained = ExplainedEntry {
            entry: &candidate.entry,
            former_titles: store.former_titles(number).await?,
            former_versions: store.former_versions(number).await?,
            story,
            apart,
            outputs: explain::explain(store, &explained, &candidate, daemon::now()).await?,
        };
        Ok(if arguments.json { as_json(&explained) } else { as_text(&explained) })
    })?;
    terminal::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Why the store may have no such entry.
async fn not_found(store: &Store, wanted: &str) -> anyhow::Result<String> {
    let address = PageAddress::parse(wanted).and_then(|address| address.key());
    let id = || wanted.to_owned();
    let keys = [(KeyRule::Id, Some(id())), (KeyRule::About, Some(id())), (KeyRule::Link, address)];
    let keys = keys.into_iter().filter_map(|(rule, value)| Some(Key { rule, value: value? })).collect();
    if store.has_pruned(keys).await? {
        return Ok(format!(
            "the store has no entry with the id or link `{wanted}` any more: it was older than `keep`. It is stored \
             again only with a later date"
        ));
    }
    let damaged = match store.unreadable_rows() {
        0 => "",
        _ => ". It may be damaged: `siftwire doctor` lists damaged entries, which no output has",
    };
    Ok(format!(
        "the store has no entry with this id, link or part of a title: `{wanted}`. `siftwire inspect URL` shows what is \
         read from the feed, `siftwire status` whether it is polled{damaged}"
    ))
}

fn print_words(query: &str, json: bool, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let without_config =
        || QueryContext { languages: LATIN_LANGUAGES.map(str::to_owned).into(), ..QueryContext::default() };
    let query_context = config_option.query_context()?.unwrap_or_else(without_config);
    let term_words = query_argument::parse(query, &query_context)?.term_words();
    let text = if json {
        let terms = term_words.iter().map(|(term, words)| json!({ "term": term, "words": words }));
        format!("{:#}\n", terms.collect::<serde_json::Value>())
    } else {
        let lines = term_words.iter().map(|(term, words)| format!("{term}\n  {}\n", words.join(", ")));
        lines.collect()
    };
    terminal::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn other_entries(others: &[Candidate]) -> String {
    let lines = others
        .iter()
        .take(MAX_LISTED_ENTRIES)
        .map(|other| format!("\n  {} {}", other.entry.number, title(&other.entry)));
    let more = if others.len() > MAX_LISTED_ENTRIES { "\n  and more" } else { "" };
    format!(
        "Several entries match; this is the newest. The others, with their numbers:{}{more}\n",
        lines.collect::<String>()
    )
}

fn title(kept: &StoredEntry) -> &str {
    kept.entry.title.as_deref().or(kept.entry.link.as_deref()).unwrap_or(&kept.uid)
}

fn as_json(explained: &ExplainedEntry<'_>) -> String {
    let kept = explained.entry;
    let article = match &kept.article {
        ArticleState::Expected => json!({ "state": "expected" }),
        ArticleState::Read(article) => {
            json!({ "state": "read", "fetched": article.fetched, "published": article.is_published })
        }
        ArticleState::Missing(reason) => json!({ "state": "missing", "reason": reason }),
        _ => serde_json::Value::Null,
    };
    let nothing = Removed::default();
    let removed = kept.entry.details.as_ref().map_or(&nothing, |details| &details.removed);
    let edits = explained
        .former_versions
        .iter()
        .map(|version| json!({ "at": version.replaced, "changed": version.changed }));
    let entry = json!({
        "number": kept.number, "id": kept.uid, "title": kept.entry.title, "link": kept.entry.link,
        "source": kept.source.name, "date": kept.date, "article": article, "former_titles": explained.former_titles,
        "removed": removed, "edits": edits.collect::<Vec<_>>(),
    });
    let story = explained.story.as_ref().map(|story| {
        let others: Vec<_> = story
            .duplicates
            .iter()
            .map(|other| json!({ "entry": other.entry, "source": other.source, "link": other.link }))
            .collect();
        json!({ "story": story.story.0, "reason": story.reason, "others": others })
    });
    let apart: Vec<_> =
        explained.apart.iter().map(|apart| json!({ "entry": apart.entry, "reason": apart.reason })).collect();
    let explained = json!({ "version": terminal::JSON_VERSION, "entry": entry, "story": story, "apart_from": apart, "outputs": explained.outputs });
    format!("{explained:#}\n")
}

fn as_text(explained: &ExplainedEntry<'_>) -> String {
    let kept = explained.entry;
    let link = kept.entry.link.as_deref().unwrap_or("no link");
    let about = format!("{}, {:.0}, {link}", kept.source.title, kept.date);
    let mut lines = vec![escape_line(title(kept)), format!("  {}", escape_line(&about))];
    lines.extend(article_line(&kept.article).map(|line| format!("  {}", escape_line(&line))));
    lines.extend(removed_line(&kept.entry).map(|line| format!("  {line}")));
    lines.extend(explained.former_titles.iter().map(|FormerTitle { title, replaced, reason }| {
        format!("  {}", escape_line(&format!("until {replaced:.0} its title was `{title}` ({reason})")))
    }));
    lines.extend(explained.former_versions.iter().map(|version| {
        let changed: Vec<_> = version.changed.iter().map(|field| field.name()).collect();
        format!("  edited {:.0}: {}", version.replaced, changed.join(", "))
    }));
    lines.extend(explained.story.iter().flat_map(|story| {
        let owner = owner_line(&kept.entry, story);
        [Some(story_line(story)), owner].into_iter().flatten().map(|line| format!("  {}", escape_line(&line)))
    }));
    lines.extend(explained.apart.iter().map(|KeptApart { entry, reason }| {
        format!("  {}", escape_line(&format!("no story with entry {entry}, which is much alike: {reason}")))
    }));
    lines.extend(explained.outputs.iter().flat_map(explanation_lines));
    lines.join("\n") + "\n"
}

fn explanation_lines(explanation: &Explanation<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), format!("{}: {}", explanation.output, explanation.answer())];
    let mut push = |line: &str| lines.push(format!("  {}", escape_line(line)));
    if let Some(line) = explanation.undecided_line() {
        push(&line);
    }
    explanation.why.iter().for_each(|reason| push(&reason_line(reason)));
    explanation.entered_by.iter().for_each(|reason| push(&format!("entered by {}", reason_line(reason))));
    if let Some(line) = explanation.has_changed_since() {
        push(line);
    }
    match explanation.filter {
        Some(filter) if !explanation.failed_terms.is_empty() => {
            // Not escaped: it may have colours, and quotes only the config.
            lines.push(query_argument::render_failed_parts(filter, &explanation.failed_terms));
        }
        Some(_) => {}
        None => push("no filter: every entry matches"),
    }
    lines.extend(explanation.cut.iter().map(|rule| format!("  {}", escape_line(rule))));
    lines
}
