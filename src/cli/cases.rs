//! `siftwire match CASES.jsonl`: tests for filters, a query and an entry in each line. Door: reads the file.
#![allow(clippy::disallowed_methods, reason = "the user names the file on the command line")]

use std::collections::HashMap;
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
use crate::filter::{self, Dictionary, Matcher, Problem, Subject};

/// `siftwire match`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line is an object: {\"id\", \"q\", \"entry\": {\"title\", \"summary\", \"content\", \"author\", \"categories\",
\"link\", \"lang\", \"feed\", \"published\"}, \"expect\"}. Only `q` is needed. For each line one is printed:
{\"id\", \"matched\", \"why\"}, with \"expect\" and \"passed\" where something was expected; \"error\" instead of
\"matched\" where a line or its query cannot be read. `@name` may be a topic of the config, if there is one.")]
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
    let dictionary = match configured::dictionary(source)? {
        Ok(dictionary) => dictionary,
        Err(code) => return Ok(code),
    };
    let mut queries = Queries { dictionary, compiled: HashMap::new() };
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

/// Queries that were seen before, each with the language of its entry: each is compiled once.
struct Queries {
    dictionary: Dictionary,
    compiled: HashMap<(String, Option<String>), Result<Matcher, Vec<Problem>>>,
}

impl Queries {
    /// The query, with the word forms of the config's languages and of the entry's.
    fn get(&mut self, text: String, language: Option<String>) -> &Result<Matcher, Vec<Problem>> {
        let dictionary = &self.dictionary;
        self.compiled.entry((text, language)).or_insert_with_key(|(text, language)| {
            let languages = dictionary.languages.iter().chain(language).cloned().collect();
            let dictionary = Dictionary { topics: dictionary.topics.clone(), languages };
            filter::parse(text, &dictionary).map(|query| Matcher::new([&query]))
        })
    }
}

fn answer(line: &str, number: usize, queries: &mut Queries) -> (Value, bool) {
    let case: Case = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => return (json!({ "line": number, "error": error.to_string() }), false),
    };
    let matcher = queries.get(case.q, case.entry.lang.clone());
    let matcher = match matcher {
        Ok(matcher) => matcher,
        Err(problems) => return (json!({ "id": case.id, "error": in_words(problems) }), false),
    };
    let feed = case.entry.feed.clone().unwrap_or_default();
    let date = case.entry.published;
    let entry = entry(case.entry);
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

fn in_words(problems: &[Problem]) -> String {
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
