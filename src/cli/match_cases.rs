//! `siftwire match CASES.jsonl`: tests for filters, a query and an entry on each line. Reads the file.
#![allow(clippy::disallowed_methods, reason = "reads the file named on the command line")]

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::{Value, json};

use super::config_option::{ConfigOption, LATIN_LANGUAGES};
use super::terminal;
use crate::daemon;
use crate::entry::{Article, ArticleState, Author, Entry};
use crate::filter::{self, MatchReason, Matcher, Query, QueryContext, QueryProblem, Subject};
use crate::publish::output::Output;
use crate::source::Source;
use crate::text::language::{DetectedLanguage, detect, detect_in_entry, start_of_article};

/// What tells the language of an article.
const ARTICLE_BYTES: usize = 2_000;

/// `siftwire match`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line is an object: {\"id\", \"q\", \"entry\": {\"title\", \"summary\", \"content\", \"author\", \"categories\",
\"link\", \"lang\", \"feed\", \"published\", \"article\"}, \"expect\"}. Only `q` is required, or instead \"output\": the name of
an output of the config, whose filter is tested. \"note\" and \"category\" are for you; other keys are errors. One line
is printed for each: {\"id\", \"matched\", \"why\"}, with \"expect\" and \"passed\" if the case has \"expect\". If the
line or its query is invalid, \"error\" replaces \"matched\". Each failure is also told on standard error, with its
line and query, and in the end how many cases passed, failed, or tested nothing as they have no \"expect\". The exit
code is 1 if one failed. If \"feed\" is a source of the config, the filter of an output sees its title and language, and
nothing matches that is not in its `sources`. `@name` may be a topic of the config, if there is one.
Latin words get English forms, those of the config's languages and those of `lang`. Without a config and without
`lang`, they get the forms of the language that the entry is clearly written in.")]
pub struct Arguments {
    /// The file of cases, one JSON object per line; `-` reads standard input
    cases: String,
}

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a case, an object with `q` or `output`")]
struct Case {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    q: Option<String>,
    /// The output whose filter is tested instead.
    #[serde(default)]
    output: Option<String>,
    /// For the user.
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
    #[serde(default, rename = "category")]
    _category: IgnoredAny,
    #[serde(default)]
    entry: CaseEntry,
    #[serde(default)]
    expect: Option<Expected>,
}

/// `true`, `false`, 1 or 0.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "Value")]
struct Expected(bool);

impl TryFrom<Value> for Expected {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match (value.as_bool(), value.as_u64()) {
            (Some(expected), _) => Ok(Expected(expected)),
            (_, Some(number @ (0 | 1))) => Ok(Expected(number == 1)),
            _ => Err("`expect` is true or false"),
        }
    }
}

/// A date as in RFC 3339.
fn published<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let invalid = |_| {
        let message = format!("`{text}` is no date: write it as \"2026-11-30T12:00:00Z\"");
        serde::de::Error::custom(message)
    };
    text.parse().map(Some).map_err(invalid)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object with the fields of an entry")]
struct CaseEntry {
    title: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    #[serde(alias = "authors")]
    author: Strings,
    #[serde(alias = "category")]
    categories: Strings,
    link: Option<String>,
    #[serde(alias = "language")]
    lang: Option<String>,
    #[serde(alias = "source")]
    feed: Option<String>,
    #[serde(alias = "date", deserialize_with = "published")]
    published: Option<Timestamp>,
    /// The text of the page at the link.
    article: Option<String>,
}

/// A string, an array of strings, or null.
#[derive(Default, Deserialize)]
#[serde(untagged, expecting = "authors and categories are a string or an array of strings")]
enum Strings {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

impl Strings {
    fn into_vec(self) -> Vec<String> {
        match self {
            Strings::One(string) => vec![string],
            Strings::Many(strings) => strings,
            Strings::None => Vec::new(),
        }
    }
}

/// Prints the result of each case. Exit code 1 if one failed.
///
/// # Errors
/// The file cannot be read, or standard output is closed.
pub fn run(arguments: Arguments, config_option: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config_option.load_file()?;
    let mut queries = QueryCache {
        query_context: config.as_ref().map(|config| config.query_context.clone()),
        sources: config.as_ref().map(|config| config.sources.clone()).unwrap_or_default(),
        outputs: config.map(|config| config.outputs).unwrap_or_default(),
        matchers: HashMap::new(),
    };
    let cannot_read = || format!("cannot read {}", arguments.cases);
    let input: Box<dyn BufRead> = if arguments.cases == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(&arguments.cases).with_context(cannot_read)?))
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut counts = Counts::default();
    for (number, line) in input.lines().enumerate() {
        let line = line.with_context(cannot_read)?;
        // Some editors begin a file with a byte order mark.
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if line.trim().is_empty() {
            continue;
        }
        let (result, verdict) = run_case(line, &mut queries);
        writeln!(out, "{result}")?;
        match verdict {
            CaseOutcome::AsExpected => counts.passed += 1,
            CaseOutcome::NothingExpected => counts.without_expectation += 1,
            CaseOutcome::Failed(failure) => {
                counts.failed += 1;
                terminal::message(&format!("{}, line {}: {failure}", arguments.cases, number + 1));
            }
        }
    }
    out.flush()?;
    let Counts { passed, failed, without_expectation } = counts;
    let total = passed + failed + without_expectation;
    if total == 0 {
        bail!("{} has no cases", arguments.cases);
    }
    let untested = match without_expectation {
        0 => String::new(),
        count => format!("; {count} without `expect` tested nothing"),
    };
    terminal::message(&match failed {
        0 => format!("{passed} of {total} cases passed{untested}"),
        failed => format!("{failed} of {total} cases failed{untested}"),
    });
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    without_expectation: usize,
}

/// What came of a case.
enum CaseOutcome {
    AsExpected,
    NothingExpected,
    Failed(String),
}

/// Compiled queries. The key has the languages too, because they decide which word forms a query matches.
struct QueryCache {
    /// `None` without a config.
    query_context: Option<QueryContext>,
    outputs: Vec<Output>,
    sources: Vec<Arc<Source>>,
    matchers: HashMap<(String, Vec<String>), Result<Matcher, Vec<QueryProblem>>>,
}

impl QueryCache {
    /// The query, compiled as with a config that has a source in the entry's language.
    fn matcher(
        &mut self,
        query: String,
        entry: &Entry,
        article: Option<&Article>,
    ) -> &Result<Matcher, Vec<QueryProblem>> {
        let languages = self.languages_for(entry, article);
        let of_config = &self.query_context;
        self.matchers.entry((query, languages)).or_insert_with_key(|(query, languages)| {
            let languages = languages.as_slice().into();
            let query_context = QueryContext { languages, ..of_config.clone().unwrap_or_default() };
            filter::parse(query, &query_context).map(|query| Matcher::new([&query]))
        })
    }

    /// The output of the config, and the matcher of its filter.
    fn output(&mut self, name: &str) -> Result<(&Output, &Result<Matcher, Vec<QueryProblem>>), String> {
        let Some(output) = self.outputs.iter().find(|output| output.name == name) else {
            let hint = terminal::did_you_mean(name, self.outputs.iter().map(|output| output.name.as_str()));
            return Err(format!("the config has no output `{name}`{hint}"));
        };
        let query = output.filter.clone().unwrap_or_else(Query::match_all);
        // No query is the same: it has a language of its own.
        let key = (name.to_owned(), vec!["output".to_owned()]);
        Ok((output, self.matchers.entry(key).or_insert_with(|| Ok(Matcher::new([&query])))))
    }

    /// With a config: its languages and the entry's. Without one: the entry's declared language, else the detected
    /// one if it is certain, else all, so that no word form is missed.
    fn languages_for(&self, entry: &Entry, article: Option<&Article>) -> Vec<String> {
        let declared = entry.language.clone().filter(|tag| !tag.trim().is_empty());
        match (&self.query_context, declared) {
            (Some(context), declared) => context.languages.iter().cloned().chain(declared).collect(),
            (None, Some(declared)) => vec![declared],
            (None, None) => {
                let reliable = |found: &DetectedLanguage| found.is_reliable;
                let of_article = || detect(&start_of_article(article?, ARTICLE_BYTES)).filter(reliable);
                match detect_in_entry(entry).filter(reliable).or_else(of_article) {
                    Some(detected) => vec![detected.tag.to_owned()],
                    None => LATIN_LANGUAGES.map(str::to_owned).to_vec(),
                }
            }
        }
    }
}

/// The output line for a case, and what came of it.
fn run_case(line: &str, queries: &mut QueryCache) -> (Value, CaseOutcome) {
    let error = |id: Value, error: String| (json!({ "id": id, "error": error }), CaseOutcome::Failed(error));
    let case: Case = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(invalid) => return error(Value::Null, what_is_invalid(&invalid)),
    };
    if let Some(tag) = case.entry.lang.as_deref().filter(|tag| !is_language_tag(tag)) {
        let message = format!("`{tag}` is no language tag: write \"en\", \"ru\" or \"pt-br\"");
        return error(case.id, message);
    }
    let feed = case.entry.feed.clone().unwrap_or_default();
    let date = case.entry.published;
    let article = case.entry.article.clone().map(of_case).unwrap_or_default();
    let entry = case.entry.into_entry();
    // As in the daemon, the filter of an output sees what the config says of the source.
    let source = queries.sources.iter().find(|source| case.output.is_some() && source.name == feed).cloned();
    let (shown, matcher) = match (case.q, case.output) {
        (Some(query), None) => (format!("`{query}`"), queries.matcher(query, &entry, article.article())),
        (None, Some(name)) => match queries.output(&name) {
            Ok((output, _)) if source.as_ref().is_some_and(|source| !output.draws_on(&source.name)) => {
                let why = vec![format!("`sources` of output `{name}` lacks `{feed}`")];
                return verdict(case.id, case.expect, &format!("output `{name}`"), Err(why));
            }
            Ok((_, matcher)) => (format!("the filter of output `{name}`"), matcher),
            Err(problem) => return error(case.id, problem),
        },
        _ => return error(case.id, "a case has either `q` or `output`".to_owned()),
    };
    let matcher = match matcher {
        Ok(matcher) => matcher,
        Err(problems) => {
            let problem = error_message(problems);
            let failure = format!("{shown}: {problem}");
            return (json!({ "id": case.id, "error": problem }), CaseOutcome::Failed(failure));
        }
    };
    let now = daemon::now();
    let subject = Subject {
        entry: &entry,
        article: &article,
        source: &feed,
        source_title: source.as_ref().and_then(|source| source.title.as_deref()).unwrap_or_default(),
        language: source.as_ref().and_then(|source| source.language.as_deref()),
        date: date.unwrap_or(now),
        now,
    };
    let found = matcher.explain(0, &subject).result;
    let unfetched = |reason| MatchReason { fetched: None, ..reason };
    let found = found.map(|reasons| reasons.into_iter().map(unfetched).collect());
    let found = found.map_err(|refusals| refusals.into_iter().map(|refusal| refusal.label).collect());
    verdict(case.id, case.expect, &shown, found)
}

/// The article of a case. It was never requested.
fn of_case(html: String) -> ArticleState {
    let fetched = Timestamp::UNIX_EPOCH;
    ArticleState::Read(Box::new(Article { html, language: None, fetched, is_published: false }))
}

/// `found` has the reasons of a match, or why there is none.
fn verdict(
    id: Value,
    expect: Option<Expected>,
    query: &str,
    found: Result<Vec<MatchReason>, Vec<String>>,
) -> (Value, CaseOutcome) {
    let matched = found.is_ok();
    let why = match &found {
        Ok(reasons) => json!(reasons),
        Err(refusals) => refusals.iter().map(|refusal| json!({ "failed": refusal })).collect(),
    };
    let mut result = json!({ "id": id, "matched": matched, "why": why });
    let Some(Expected(expected)) = expect else { return (result, CaseOutcome::NothingExpected) };
    result["expect"] = json!(expected);
    result["passed"] = json!(expected == matched);
    let verdict = match found {
        _ if expected == matched => CaseOutcome::AsExpected,
        Ok(reasons) => {
            let words: Vec<_> =
                reasons.iter().map(|reason| format!("{} ({})", reason.found, reason.term)).collect();
            CaseOutcome::Failed(format!("{query} should not match, but found {}", words.join(", ")))
        }
        Err(refusals) => CaseOutcome::Failed(format!("{query} should match, but {}", refusals.join(", "))),
    };
    (result, verdict)
}

/// Why a line is no case. Its number is said already: serde counts lines within it.
fn what_is_invalid(invalid: &serde_json::Error) -> String {
    let message = invalid.to_string().replace(" at line 1 column", " at column");
    match invalid.classify() {
        Category::Data => {
            let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
            match &names[..] {
                [name, known @ ..] if message.starts_with("unknown field") => {
                    let (_, place) = message.rsplit_once(" at ").unwrap_or_default();
                    let hint = terminal::did_you_mean(name, known.iter().copied());
                    format!("unknown field `{name}` at {place}{hint}; known fields: {}", known.join(", "))
                }
                _ => message,
            }
        }
        _ => format!(
            "no JSON object ({message}); a case is one line, such as {{\"q\": \"armenia\", \"entry\": {{\"title\": \"Yerevan\"}}, \"expect\": true}}"
        ),
    }
}

/// Whether a text has the form of a BCP 47 tag. One that is empty says nothing.
fn is_language_tag(tag: &str) -> bool {
    let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
    language.is_empty()
        || ((2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn error_message(problems: &[QueryProblem]) -> String {
    let errors = problems.iter().filter(|problem| !problem.warning);
    let messages = errors.map(|problem| match &problem.hint {
        Some(hint) => format!("{} ({hint})", problem.label),
        None => problem.label.clone(),
    });
    messages.collect::<Vec<_>>().join("; ")
}

impl CaseEntry {
    fn into_entry(self) -> Entry {
        let author = |name| Author { name, ..Author::default() };
        Entry {
            title: self.title,
            summary: self.summary,
            content: self.content,
            authors: self.author.into_vec().into_iter().map(author).collect(),
            categories: self.categories.into_vec(),
            link: self.link,
            language: self.lang,
            published: self.published,
            ..Entry::default()
        }
    }
}
