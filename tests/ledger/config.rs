//! The config of the simulated program.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::origin::has_low_first_poll;

/// How many matches of its first poll enter an output, for the sources with a low limit.
pub const LOW_FIRST_POLL: usize = 3;
/// The same for the others: all.
pub const HIGH_FIRST_POLL: usize = 500;

pub struct Config {
    /// Source and name.
    pub sources: BTreeMap<usize, String>,
    /// Sources under another address than at first.
    pub moved: BTreeSet<usize>,
    pub outputs: Vec<OutputConfig>,
    pub has_shared_ids: bool,
    address: String,
}

pub struct OutputConfig {
    /// Its first name.
    pub key: &'static str,
    pub name: String,
    pub was: Vec<String>,
    pub filter: Filter,
    /// `None`: all.
    pub sources: Option<BTreeSet<usize>>,
    pub limit: usize,
    pub is_merged: bool,
    pub per_source: Option<usize>,
    pub max_age_hours: Option<i64>,
}

/// Matches texts with one of some words, and without another one. No words: everything.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub any: &'static [&'static str],
    pub not: Option<&'static str>,
}

impl Filter {
    pub fn matches(self, title: &str, text: &str) -> bool {
        let has = |word: &&str| title.contains(word) || text.contains(word);
        (self.any.is_empty() || self.any.iter().any(has)) && !self.not.iter().any(has)
    }
}

impl Config {
    pub fn new(sources: usize, address: &str) -> Config {
        let output = |key: &'static str, any: &'static [&'static str]| OutputConfig {
            key,
            name: key.to_owned(),
            was: Vec::new(),
            filter: Filter { any, not: None },
            sources: None,
            limit: 12,
            is_merged: false,
            per_source: None,
            max_age_hours: None,
        };
        let some = (0..sources).step_by(5).collect();
        let outputs = vec![
            output("zeppelin", &["zeppelin"]),
            OutputConfig {
                filter: Filter { any: &["walrus"], not: Some("gondola") },
                ..output("walrus", &[])
            },
            OutputConfig { is_merged: true, ..output("gondola", &["gondola", "xylophone"]) },
            OutputConfig { limit: 32, ..output("all", &[]) },
            OutputConfig { limit: 24, is_merged: true, ..output("merged", &[]) },
            OutputConfig { sources: Some(some), ..output("some", &[]) },
            OutputConfig { max_age_hours: Some(30), ..output("recent", &["xylophone"]) },
            OutputConfig { per_source: Some(1), ..output("few", &["gondola", "walrus"]) },
        ];
        let sources = (0..sources).map(|source| (source, format!("s{source}"))).collect();
        Config {
            sources,
            moved: BTreeSet::new(),
            outputs,
            has_shared_ids: false,
            address: address.to_owned(),
        }
    }

    /// The text of the file, but for the store.
    pub fn text(&self) -> String {
        let mut text = format!("[poll]\nfirst_poll = {HIGH_FIRST_POLL}\n");
        let ids = if self.has_shared_ids { "shared" } else { "per-output" };
        writeln!(text, "[publish]\nids = \"{ids}\"").unwrap();
        for (source, name) in &self.sources {
            let path = if self.moved.contains(source) { "moved" } else { "feed" };
            let url = format!("http://{}/{source}/{path}", self.address);
            writeln!(text, "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true").unwrap();
            if has_low_first_poll(*source) {
                writeln!(text, "first_poll = {LOW_FIRST_POLL}").unwrap();
            }
        }
        for output in &self.outputs {
            let OutputConfig { name, was, filter: Filter { any, not }, limit, .. } = output;
            let stories = if output.is_merged { "merge" } else { "all" };
            writeln!(text, "[[output]]\nname = \"{name}\"\nwas = {was:?}\nlimit = {limit}").unwrap();
            writeln!(text, "stories = \"{stories}\"").unwrap();
            if !any.is_empty() {
                let not = not.map(|word| format!(" -{word}")).unwrap_or_default();
                writeln!(text, "filter = \"({}){not}\"", any.join(" OR ")).unwrap();
            }
            if let Some(sources) = &output.sources {
                let names: Vec<_> = sources.iter().filter_map(|source| self.sources.get(source)).collect();
                writeln!(text, "sources = {names:?}").unwrap();
            }
            output.per_source.iter().for_each(|most| writeln!(text, "per_source = {most}").unwrap());
            output.max_age_hours.iter().for_each(|hours| writeln!(text, "max_age = \"{hours}h\"").unwrap());
        }
        text
    }

    /// Whether an output draws on a source. One with its own list does not on a source that left the config.
    pub fn draws_on(&self, output: &OutputConfig, source: usize) -> bool {
        let is_listed =
            |sources: &BTreeSet<usize>| sources.contains(&source) && self.sources.contains_key(&source);
        output.sources.as_ref().is_none_or(is_listed)
    }

    /// What decides the members of an output. With another definition all entries are evaluated again.
    pub fn definition(&self, output: &OutputConfig) -> String {
        let sources: Vec<_> =
            self.sources.iter().filter(|(source, _)| self.draws_on(output, **source)).collect();
        let limits: BTreeSet<bool> = sources.iter().map(|(source, _)| has_low_first_poll(**source)).collect();
        let names = output.sources.as_ref().map(|_| &sources);
        format!("{:?} {names:?} {limits:?}", output.filter)
    }
}
