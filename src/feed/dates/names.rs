//! Names of months, weekdays and halves of the day in the languages of `names.txt`. Pure.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::LazyLock;

use super::tokens::{Token, fold, tokens};

/// Names and patterns of dates of many languages; its first lines describe it.
pub(super) const DATA: &str = include_str!("names.txt");

/// The words of the longest name.
pub(super) const MAX_NAME_WORDS: usize = 4;

/// A misspelt or inflected month has at least this many letters in common with a known name.
const MIN_COMMON_LETTERS: usize = 3;

/// Names without spaces and punctuation, folded. Few feeds need them.
static NAMES: LazyLock<BTreeMap<String, Meaning>> = LazyLock::new(read_names);

/// The codes of the languages, in the order of the data.
static LANGUAGES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut codes: Vec<&str> = lines().filter_map(language_code).collect();
    codes.dedup();
    codes
});

/// A set of languages: a bit for each.
pub(super) type Languages = u128;

/// What a name means, in any of the languages. Languages contradict each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// From January, which is 1.
    pub(super) months: Vec<(i8, Languages)>,
    /// From Sunday, which is 0.
    pub(super) weekdays: Vec<(i8, Languages)>,
    pub(super) period: Option<DayPeriod>,
    /// The most words that it is written in: `sa medi` are two names, not the French Saturday.
    pub(super) words: usize,
}

/// A part of the day on a clock of twelve hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DayPeriod {
    Am,
    Pm,
    /// Around noon, and the afternoon.
    Noon,
    /// Before and after midnight.
    Night,
}

impl DayPeriod {
    /// The hour of 24 for one of 12; others, and hours of 24 already, stay.
    pub(super) fn hour(self, hour: i8) -> i8 {
        match (self, hour) {
            (DayPeriod::Am | DayPeriod::Night, 12) => 0,
            (DayPeriod::Pm, 0..=11) | (DayPeriod::Noon, 1..=9) | (DayPeriod::Night, 6..=11) => hour + 12,
            _ => hour,
        }
    }
}

/// The meaning of a name without spaces and signs.
pub(super) fn meaning(name: &str) -> Option<&'static Meaning> {
    let names = &*NAMES;
    // Hebrew writes its preposition at the month.
    names.get(name).or_else(|| names.get(name.strip_prefix('ב')?))
}

pub(super) static ENGLISH: LazyLock<Languages> = LazyLock::new(|| language("en"));

/// The set of one language, by its tag. Empty if it is not known.
pub(super) fn language(tag: &str) -> Languages {
    let code = tag.split(['-', '_']).next().unwrap_or_default();
    let index = LANGUAGES.iter().position(|known| known.eq_ignore_ascii_case(code));
    index.map_or(0, |index| 1 << index)
}

/// Whether some name begins with this word.
pub(super) fn begins_name(word: &str) -> bool {
    let begins = |start: &str| {
        let next = NAMES.range::<str, _>((Included(start), Unbounded)).next();
        next.is_some_and(|(name, _)| name.starts_with(start))
    };
    begins(word) || word.strip_prefix('ב').is_some_and(begins)
}

/// The months of a word that is no known name: it is misspelt, inflected, or shortened in another way. All names that
/// begin with as many of its letters as any name does must agree. Not for Indian scripts, where names of other calendars
/// are in use, and syllables count rather than letters.
pub(super) fn similar_month(word: &str) -> Option<&'static Meaning> {
    if word.contains(|c| matches!(c, '\u{900}'..='\u{109f}')) {
        return None;
    }
    let common = |name: &str| word.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    let is_month = |(_, meaning): &(&String, &Meaning)| !meaning.months.is_empty();
    let before = NAMES.range::<str, _>((Unbounded, Excluded(word))).rev().find(is_month);
    let after = NAMES.range::<str, _>((Included(word), Unbounded)).find(is_month);
    let longest = before.into_iter().chain(after).map(|(name, _)| common(name)).max()?;
    if longest < MIN_COMMON_LETTERS {
        return None;
    }
    let start: String = word.chars().take(longest).collect();
    let alike = NAMES.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
    let mut alike = alike.map(|(_, meaning)| meaning).filter(|meaning| !meaning.months.is_empty());
    let first = alike.next()?;
    let month = |meaning: &Meaning| <[_; 1]>::try_from(&*meaning.months).ok().map(|[(month, _)]| month);
    (month(first).is_some() && alike.all(|meaning| month(meaning) == month(first))).then_some(first)
}

fn lines() -> impl Iterator<Item = &'static str> {
    DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The code of the language that starts with a line. Its regions follow it.
fn language_code(line: &str) -> Option<&str> {
    line.split('-').next().filter(|_| !line.contains(' '))
}

fn read_names() -> BTreeMap<String, Meaning> {
    let mut names: BTreeMap<String, Meaning> = BTreeMap::new();
    let mut language = 0;
    for line in lines() {
        if let Some(code) = language_code(line) {
            language = self::language(code);
        }
        let Some((kind, list)) = line.split_once(' ') else { continue };
        let period = match kind {
            "month" | "day" => None,
            "am" => Some(DayPeriod::Am),
            "pm" => Some(DayPeriod::Pm),
            "noon" => Some(DayPeriod::Noon),
            "night" => Some(DayPeriod::Night),
            _ => continue,
        };
        for (index, name) in (0..).zip(list.split('|').map(fold)) {
            let tokens = tokens(&name, usize::MAX);
            let is_numbered = tokens.iter().any(Token::is_number);
            let compact: String =
                tokens.iter().filter(|token| token.is_word()).map(|token| token.text).collect();
            // Numbered months are read as numbers.
            if is_numbered || compact.is_empty() {
                continue;
            }
            let words = 1 + tokens.iter().filter(|token| token.is_word() && token.spaced).skip(1).count();
            let meaning = names.entry(compact).or_default();
            meaning.words = meaning.words.max(words);
            match kind {
                "month" => add(&mut meaning.months, index + 1, language),
                "day" => add(&mut meaning.weekdays, index, language),
                // Where languages contradict each other, halves of the day count first: they are on more clocks.
                _ => meaning.period = meaning.period.into_iter().chain(period).min(),
            }
        }
    }
    names
}

fn add(known: &mut Vec<(i8, Languages)>, number: i8, language: Languages) {
    match known.iter_mut().find(|(known, _)| *known == number) {
        Some((_, languages)) => *languages |= language,
        None => known.push((number, language)),
    }
}
