//! What each output must have, from what the sources have shown: kept beside the program, and knowing which article each
//! item is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::config::{Config, HIGH_FIRST_POLL, LOW_FIRST_POLL, OutputConfig};
use crate::documents::Version;
use crate::origin::{FirstRead, Origin, has_low_first_poll};

/// Entries with an older date than this before their poll enter by their date.
const MAX_LATE: SignedDuration = SignedDuration::from_hours(72);
/// Copies with dates further apart are stories of their own.
const MAX_STORY_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A first article that was read on an earlier day than this many days ago is not compared any more.
const MAX_STORY_DAYS: i64 = 7;

#[derive(Default)]
pub struct Ledger {
    pub outputs: HashMap<&'static str, OutputLedger>,
    /// The last change of each article, by revision.
    changes: BTreeMap<usize, Change>,
    revisions: HashMap<usize, usize>,
    last_revision: usize,
    /// Sources that have had a document.
    polled: BTreeSet<usize>,
    /// The articles of each story, the first one first.
    stories: HashMap<usize, Vec<usize>>,
    last_number: usize,
}

#[derive(Clone, Copy)]
struct Change {
    article: usize,
    at: Timestamp,
}

#[derive(Default)]
pub struct OutputLedger {
    definition: String,
    watermark: usize,
    /// When each article entered.
    pub members: HashMap<usize, Timestamp>,
    /// The members by the time at which they entered and their number.
    in_order: BTreeSet<(Timestamp, usize, usize)>,
    /// Members of the first polls of sources with a low limit.
    from_first_polls: HashMap<usize, usize>,
    /// All that have ever entered.
    pub all: BTreeSet<usize>,
}

impl Ledger {
    /// Notes what the program has read. Returns the articles that are new.
    pub fn read(
        &mut self,
        origin: &mut Origin,
        source: usize,
        mut items: Vec<(usize, Version)>,
        now: Timestamp,
    ) -> BTreeSet<usize> {
        let from_first_poll = self.polled.insert(source);
        let date_of = |version: &Version| version.date.map_or(now, |date| date.min(now));
        // The newest get the lowest revisions and the highest numbers.
        items.sort_by_key(|(_, version)| std::cmp::Reverse(date_of(version)));
        let mut new = Vec::new();
        for (article, version) in items {
            let state = &mut origin.articles[article];
            if state.reads.last() == Some(&version) {
                continue;
            }
            self.last_revision += 1;
            self.changes.insert(self.last_revision, Change { article, at: now });
            let before = self.revisions.insert(article, self.last_revision);
            before.map(|before| self.changes.remove(&before));
            if state.first.is_none() {
                new.push(article);
                let date = date_of(&version);
                state.first = Some(FirstRead { date, number: 0, from_first_poll, at: now });
            }
            state.reads.push(version);
            state.history.push(format!("read at {now}"));
        }
        for article in new.iter().rev() {
            self.last_number += 1;
            origin.articles[*article].first.as_mut().unwrap().number = self.last_number;
            self.assign_story(origin, *article);
        }
        new.into_iter().collect()
    }

    fn assign_story(&mut self, origin: &mut Origin, article: usize) {
        let date = |article: usize| origin.first(article).date;
        let day = |article: usize| origin.first(article).at.as_second().div_euclid(86_400);
        let is_apart = |first: usize| {
            date(article).duration_since(date(first)).abs() > MAX_STORY_AGE
                || day(article) - day(first) > MAX_STORY_DAYS
        };
        let first = self.stories.get(&origin.articles[article].story).map(|articles| articles[0]);
        if first.is_some_and(is_apart) {
            origin.articles[article].story = origin.number();
        }
        self.stories.entry(origin.articles[article].story).or_default().push(article);
    }

    /// The articles of an article's story, the first one first.
    pub fn story(&self, origin: &Origin, article: usize) -> &[usize] {
        &self.stories[&origin.articles[article].story]
    }

    /// What one pass of the publisher does.
    pub fn evaluate(&mut self, origin: &Origin, config: &Config) {
        for output in &config.outputs {
            let mut ledger = self.outputs.remove(output.key).unwrap_or_default();
            self.evaluate_output((origin, config), output, &mut ledger);
            self.outputs.insert(output.key, ledger);
        }
    }

    fn evaluate_output(
        &self,
        (origin, config): (&Origin, &Config),
        output: &OutputConfig,
        ledger: &mut OutputLedger,
    ) {
        let definition = config.definition(output);
        let is_redefined = ledger.definition != definition;
        let mut before = HashMap::new();
        ledger.from_first_polls.clear();
        for article in ledger.members.keys().filter(|article| origin.first(**article).from_first_poll) {
            *ledger.from_first_polls.entry(origin.articles[*article].source).or_default() += 1;
        }
        if is_redefined {
            before = std::mem::take(&mut ledger.members);
            let all = std::mem::take(&mut ledger.all);
            *ledger = OutputLedger { definition, all, ..OutputLedger::default() };
        }
        let mut matches: Vec<Change> =
            self.changes.range(ledger.watermark + 1..).map(|(_, change)| *change).collect();
        if is_redefined {
            // The whole store, the newest first.
            matches.sort_by_key(|change| std::cmp::Reverse(origin.first(change.article).number));
        }
        matches.retain(|change| {
            let read = origin.articles[change.article].reads.last().unwrap();
            config.draws_on(output, origin.articles[change.article].source)
                && output.filter.matches(&read.title, &read.text)
                && ledger.may_enter((origin, config), change.article)
        });
        if output.is_merged {
            self.keep_one_per_story((origin, config), ledger, &before, &mut matches);
        }
        for Change { article, at } in matches {
            let FirstRead { date, from_first_poll, number, at: first } = *origin.first(article);
            let is_from_first_poll = from_first_poll && at == first;
            let by_date = is_redefined || is_from_first_poll || at.duration_since(date) > MAX_LATE;
            let entered = before.get(&article).copied().unwrap_or(if by_date { date } else { at });
            ledger.all.insert(article);
            let entered = *ledger.members.entry(article).or_insert(entered);
            ledger.in_order.insert((entered, number, article));
        }
        ledger.watermark = self.last_revision;
    }

    /// A member stays, unless its source left the config and another one has the story. Else the first entry of the story
    /// enters if it matches, else the one that was stored first.
    fn keep_one_per_story(
        &self,
        (origin, config): (&Origin, &Config),
        ledger: &OutputLedger,
        before: &HashMap<usize, Timestamp>,
        matches: &mut Vec<Change>,
    ) {
        let rank = |article: usize| {
            let is_first = self.story(origin, article)[0] == article;
            let is_configured = config.sources.contains_key(&origin.articles[article].source);
            (!is_configured, !before.contains_key(&article), !is_first, origin.first(article).number)
        };
        matches.sort_by_key(|change| (origin.articles[change.article].story, rank(change.article)));
        matches.dedup_by_key(|change| origin.articles[change.article].story);
        let is_configured = |article: usize| config.sources.contains_key(&origin.articles[article].source);
        matches.retain(|change| {
            let story = self.story(origin, change.article).iter();
            let mut members = story.filter(|article| ledger.members.contains_key(*article)).peekable();
            members.peek().is_none()
                || is_configured(change.article) && members.all(|article| !is_configured(*article))
        });
    }

    /// What an edit of the sources does to merged outputs: articles of other sources stand in for those of a source that
    /// leaves, until it comes back.
    pub fn change_sources(
        &mut self,
        origin: &Origin,
        before: &BTreeSet<usize>,
        config: &Config,
        now: Timestamp,
    ) {
        let sources: BTreeSet<usize> = config.sources.keys().copied().collect();
        let source_of = |article: usize| origin.articles[article].source;
        let mut outputs = std::mem::take(&mut self.outputs);
        let mut stand_ins = Vec::new();
        for output in config.outputs.iter().filter(|output| output.is_merged) {
            let Some(ledger) = outputs.get_mut(output.key) else { continue };
            for back in sources.difference(before) {
                let own = ledger.members.keys().filter(|article| source_of(**article) == *back);
                let stories: Vec<usize> =
                    own.flat_map(|article| self.story(origin, *article)).copied().collect();
                for other in stories.into_iter().filter(|article| source_of(*article) != *back) {
                    if let Some(entered) = ledger.members.remove(&other) {
                        ledger.in_order.remove(&(entered, origin.first(other).number, other));
                    }
                }
            }
            let shown = ledger.shown(origin, config, output, now);
            let entered = shown.iter().map(|article| ledger.members[article]).min();
            let floor = entered.filter(|_| shown.len() == output.limit).unwrap_or(Timestamp::MIN);
            let left = |article: usize| before.difference(&sources).any(|left| source_of(article) == *left);
            let members =
                ledger.members.iter().filter(|(article, entered)| left(**article) && **entered >= floor);
            stand_ins.extend(members.flat_map(|(article, _)| self.story(origin, *article)).copied());
        }
        self.outputs = outputs;
        stand_ins.retain(|article| sources.contains(&source_of(*article)));
        stand_ins.sort_by_key(|article| origin.first(*article).number);
        stand_ins.dedup();
        for article in stand_ins {
            self.last_revision += 1;
            let revision = self.revisions.insert(article, self.last_revision);
            let change = revision.and_then(|revision| self.changes.remove(&revision));
            self.changes.insert(self.last_revision, change.unwrap());
        }
    }

    /// The articles that an output's documents show.
    pub fn shown(
        &self,
        origin: &Origin,
        config: &Config,
        output: &OutputConfig,
        now: Timestamp,
    ) -> BTreeSet<usize> {
        self.outputs[output.key].shown(origin, config, output, now)
    }
}

impl OutputLedger {
    /// The articles that an output's documents show: the last to enter, within the limits.
    fn shown(
        &self,
        origin: &Origin,
        config: &Config,
        output: &OutputConfig,
        now: Timestamp,
    ) -> BTreeSet<usize> {
        let oldest = output.max_age_hours.map(|hours| now - SignedDuration::from_hours(hours));
        let mut counts: HashMap<usize, usize> = HashMap::new();
        let may_be_shown = |article: &usize| {
            let source = origin.articles[*article].source;
            let is_old = oldest.is_some_and(|oldest| origin.first(*article).date < oldest);
            if is_old || !config.sources.contains_key(&source) {
                return false;
            }
            let count = counts.entry(source).or_default();
            *count += 1;
            output.per_source.is_none_or(|most| *count <= most)
        };
        let last = self.in_order.iter().rev().map(|(_, _, article)| *article);
        last.filter(may_be_shown).take(output.limit).collect()
    }

    /// Only the newest matches of the first poll of some sources enter.
    fn may_enter(&mut self, (origin, config): (&Origin, &Config), article: usize) -> bool {
        let source = origin.articles[article].source;
        if !has_low_first_poll(source) || !origin.first(article).from_first_poll {
            return true;
        }
        let count = self.from_first_polls.entry(source).or_default();
        *count += 1;
        // Of a source that left the config, the limit in `[poll]` counts.
        *count <= if config.sources.contains_key(&source) { LOW_FIRST_POLL } else { HIGH_FIRST_POLL }
    }
}
