//! `siftwire match CASES.jsonl`: tests for filters, a query and an entry in each line. Door: reads the file.
#![allow(clippy::disallowed_methods, reason = "the user names the file on the command line")]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::configured::{self, Source};
use crate::daemon;
use crate::entry::{Author, Entry};
use crate::filter::{self, Matcher, QueryContext, QueryProblem, Subject};

/// `siftwire match`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line is an object: {\"id\", \"q\", \"entry\": {\"title\", \"summary\", \"content\", \"author\", \"categories\",
\"link\", \"lang\", \"feed\", \"published\"}, \"expect\"}. Only `q` is needed. For each line one is printed:
{\"id\", \"matched\", \"why\"}, with \"expect\" and \"passed\" where something was expected; \"error\" instead of
\"matched\" where a line or its query cannot be read. `@name` may be a topic of the config, if there is one.
Latin words get English forms, those of the config's languages, and those of `lang`; without a config and
without `lang`, those of the language that the entry is plainly written in.")]
pub struct Arguments {
    /// The file of cases, a JSON object in each line; `-` reads standard input
    cases: String,
}

/// One line.
#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: Value,
    q: String,
    #[serde(default)]
    entry: Given,
    #[serde(default)]
    expect: Option<Expected>,
}

/// `true`, `false`, 1 or 0.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Expected {
    Word(bool),
    Number(u8),
}

/// An entry as a case gives it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    title: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    #[serde(alias = "authors")]
    author: Texts,
    #[serde(alias = "category")]
    categories: Texts,
    link: Option<String>,
    #[serde(alias = "language")]
    lang: Option<String>,
    #[serde(alias = "source")]
    feed: Option<String>,
    #[serde(alias = "date")]
    published: Option<Timestamp>,
}

/// A text, or a list of them, or nothing.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

impl Texts {
    fn into_vec(self) -> Vec<String> {
        match self {
            Texts::One(text) => vec![text],
            Texts::Many(texts) => texts,
            Texts::None => Vec::new(),
        }
    }
}

/// Answers every case; exit code 1 if an expectation fails or a line cannot be read.
///
/// # Errors
/// The file cannot be read.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let query_context = match configured::query_context(source)? {
        Ok(query_context) => query_context,
        Err(code) => return Ok(code),
    };
    let mut queries = Queries {
        languages: query_context.as_ref().map(|query_context| query_context.languages.to_vec()),
        topics: query_context.unwrap_or_default().topics,
        compiled: HashMap::new(),
    };
    let input: Box<dyn BufRead> = if arguments.cases == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file =
            File::open(&arguments.cases).with_context(|| format!("cannot read {}", arguments.cases))?;
        Box::new(BufReader::new(file))
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut failed, mut number) = (0_usize, 0_usize);
    for line in input.lines() {
        let line = line.with_context(|| format!("cannot read {}", arguments.cases))?;
        if line.trim().is_empty() {
            continue;
        }
        number += 1;
        let (answer, passed) = answer(&line, number, &mut queries);
        failed += usize::from(!passed);
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    super::say(&format!("{failed} of {number} cases failed"));
    Ok(ExitCode::FAILURE)
}

/// Queries that were seen before, each with the languages that decide about its words: each is compiled once.
struct Queries {
    topics: BTreeMap<String, String>,
    /// Those of the config, if there is one.
    languages: Option<Vec<String>>,
    compiled: HashMap<(String, Vec<String>), Result<Matcher, Vec<QueryProblem>>>,
}

impl Queries {
    /// The query, with word forms as a config would give them that has a source in the entry's language.
    fn get(&mut self, text: String, entry: &Entry) -> &Result<Matcher, Vec<QueryProblem>> {
        let languages = self.languages_for(entry);
        let topics = &self.topics;
        self.compiled.entry((text, languages)).or_insert_with_key(|(text, languages)| {
            let query_context =
                QueryContext { topics: topics.clone(), languages: languages.as_slice().into() };
            filter::parse(text, &query_context).map(|query| Matcher::new([&query]))
        })
    }

    /// The config's languages and the one that the entry names. Without a config the entry's alone: the one
    /// that it names, else the one that its words are surely in, else all, so that no form is missed.
    fn languages_for(&self, entry: &Entry) -> Vec<String> {
        let named = entry.language.clone().filter(|tag| !tag.trim().is_empty());
        match (&self.languages, named) {
            (Some(known), named) => known.iter().cloned().chain(named).collect(),
            (None, Some(named)) => vec![named],
            (None, None) => match crate::text::language::surely(entry) {
                Some(tag) => vec![tag.to_owned()],
                None => configured::every_latin_language(),
            },
        }
    }
}

fn answer(line: &str, number: usize, queries: &mut Queries) -> (Value, bool) {
    let case: Case = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => return (json!({ "line": number, "error": error.to_string() }), false),
    };
    let feed = case.entry.feed.clone().unwrap_or_default();
    let date = case.entry.published;
    let entry = entry(case.entry);
    let matcher = match queries.get(case.q, &entry) {
        Ok(matcher) => matcher,
        Err(problems) => return (json!({ "id": case.id, "error": in_words(problems) }), false),
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
    let mut answer = json!({ "id": case.id, "matched": matched, "why": why });
    let expected = case.expect.map(|expected| match expected {
        Expected::Word(expected) => expected,
        Expected::Number(number) => number != 0,
    });
    let passed = expected.is_none_or(|expected| expected == matched);
    if let Some(expected) = expected {
        answer["expect"] = json!(expected);
        answer["passed"] = json!(passed);
    }
    (answer, passed)
}

fn in_words(problems: &[QueryProblem]) -> String {
    let wrong = problems.iter().filter(|problem| !problem.warning);
    let words = wrong.map(|problem| match &problem.hint {
        Some(hint) => format!("{} ({hint})", problem.label),
        None => problem.label.clone(),
    });
    words.collect::<Vec<_>>().join("; ")
}

fn entry(given: Given) -> Entry {
    let author = |name| Author { name, ..Author::default() };
    Entry {
        title: given.title,
        summary: given.summary,
        content: given.content,
        authors: given.author.into_vec().into_iter().map(author).collect(),
        categories: given.categories.into_vec(),
        link: given.link,
        language: given.lang,
        published: given.published,
        ..Entry::default()
    }
}
