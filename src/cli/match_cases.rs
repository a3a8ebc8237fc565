//! `siftwire match CASES.jsonl`: tests for filters, a query and an entry on each line. Reads the file.
#![allow(clippy::disallowed_methods, reason = "reads the file named on the command line")]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::config_option::{ConfigOption, LATIN_LANGUAGES};
use super::terminal;
use crate::daemon;
use crate::entry::{Author, Entry};
use crate::filter::{self, Matcher, QueryContext, QueryProblem, Subject};

/// `siftwire match`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line is an object: {\"id\", \"q\", \"entry\": {\"title\", \"summary\", \"content\", \"author\", \"categories\",
\"link\", \"lang\", \"feed\", \"published\"}, \"expect\"}. Only `q` is required. One line is printed for each:
{\"id\", \"matched\", \"why\"}, with \"expect\" and \"passed\" if the case has \"expect\". If the line or its query is
invalid, \"error\" replaces \"matched\". `@name` may be a topic of the config, if there is one.
Latin words get English forms, those of the config's languages and those of `lang`. Without a config and without
`lang`, they get the forms of the language that the entry is clearly written in.")]
pub struct Arguments {
    /// The file of cases, one JSON object per line; `-` reads standard input
    cases: String,
}

/// One line.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: Value,
    q: String,
    #[serde(default)]
    entry: CaseEntry,
    #[serde(default)]
    expect: Option<Expected>,
}

/// `true`, `false`, 1 or 0.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Expected {
    Boolean(bool),
    Number(u8),
}

#[derive(Default, Deserialize)]
#[serde(default)]
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
    #[serde(alias = "date")]
    published: Option<Timestamp>,
}

/// A string, an array of strings, or null.
#[derive(Default, Deserialize)]
#[serde(untagged)]
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
    let query_context = config_option.query_context()?;
    let mut queries = QueryCache {
        config_languages: query_context.as_ref().map(|query_context| query_context.languages.to_vec()),
        topics: query_context.unwrap_or_default().topics,
        matchers: HashMap::new(),
    };
    let cannot_read = || format!("cannot read {}", arguments.cases);
    let input: Box<dyn BufRead> = if arguments.cases == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(&arguments.cases).with_context(cannot_read)?))
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut failed, mut total) = (0_usize, 0_usize);
    for line in input.lines() {
        let line = line.with_context(cannot_read)?;
        if line.trim().is_empty() {
            continue;
        }
        total += 1;
        let (result, passed) = run_case(&line, total, &mut queries);
        failed += usize::from(!passed);
        writeln!(out, "{result}")?;
    }
    out.flush()?;
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    terminal::message(&format!("{failed} of {total} cases failed"));
    Ok(ExitCode::FAILURE)
}

/// Compiled queries. The key has the languages too, because they decide which word forms a query matches.
struct QueryCache {
    topics: BTreeMap<String, String>,
    /// `None` without a config.
    config_languages: Option<Vec<String>>,
    matchers: HashMap<(String, Vec<String>), Result<Matcher, Vec<QueryProblem>>>,
}

impl QueryCache {
    /// The query, compiled as with a config that has a source in the entry's language.
    fn matcher(&mut self, query: String, entry: &Entry) -> &Result<Matcher, Vec<QueryProblem>> {
        let languages = self.languages_for(entry);
        let topics = &self.topics;
        self.matchers.entry((query, languages)).or_insert_with_key(|(query, languages)| {
            let query_context =
                QueryContext { topics: topics.clone(), languages: languages.as_slice().into() };
            filter::parse(query, &query_context).map(|query| Matcher::new([&query]))
        })
    }

    /// With a config: its languages and the entry's. Without one: the entry's declared language, else the detected
    /// one if it is certain, else all, so that no word form is missed.
    fn languages_for(&self, entry: &Entry) -> Vec<String> {
        let declared = entry.language.clone().filter(|tag| !tag.trim().is_empty());
        match (&self.config_languages, declared) {
            (Some(languages), declared) => languages.iter().cloned().chain(declared).collect(),
            (None, Some(declared)) => vec![declared],
            (None, None) => match crate::text::language::detect_in_entry(entry) {
                Some(detected) if detected.is_reliable => vec![detected.tag.to_owned()],
                _ => LATIN_LANGUAGES.map(str::to_owned).to_vec(),
            },
        }
    }
}

/// The output line for a case, and whether the case passed.
fn run_case(line: &str, number: usize, queries: &mut QueryCache) -> (Value, bool) {
    let case: Case = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => return (json!({ "line": number, "error": error.to_string() }), false),
    };
    let feed = case.entry.feed.clone().unwrap_or_default();
    let date = case.entry.published;
    let entry = case.entry.into_entry();
    let matcher = match queries.matcher(case.q, &entry) {
        Ok(matcher) => matcher,
        Err(problems) => return (json!({ "id": case.id, "error": error_message(problems) }), false),
    };
    let now = daemon::now();
    let subject = Subject {
        entry: &entry,
        source: &feed,
        source_title: "",
        language: None,
        date: date.unwrap_or(now),
        now,
    };
    let (matched, why) = match matcher.explain(0, &subject) {
        Ok(reasons) => (true, json!(reasons)),
        Err(refusals) => (false, refusals.iter().map(|refusal| json!({ "failed": refusal.label })).collect()),
    };
    let mut result = json!({ "id": case.id, "matched": matched, "why": why });
    let expected = case.expect.map(|expected| match expected {
        Expected::Boolean(expected) => expected,
        Expected::Number(number) => number != 0,
    });
    let passed = expected.is_none_or(|expected| expected == matched);
    if let Some(expected) = expected {
        result["expect"] = json!(expected);
        result["passed"] = json!(passed);
    }
    (result, passed)
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
