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

/// Names without spaces and punctuation, folded.
static NAMES: LazyLock<BTreeMap<String, Meaning>> = LazyLock::new(read_names);

/// What a name means in any of the languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Bit 1 is January. Several where languages contradict each other.
    pub(super) months: u16,
    /// Bit 0 is Sunday.
    pub(super) weekdays: u16,
    pub(super) period: Option<DayPeriod>,
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
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    // Hebrew writes its preposition at the month.
    NAMES.get(name).or_else(|| NAMES.get(name.strip_prefix('ב')?)).copied()
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
pub(super) fn similar_month(word: &str) -> Option<u16> {
    if word.contains(|c| matches!(c, '\u{900}'..='\u{109f}')) {
        return None;
    }
    let common = |name: &str| word.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    let is_month = |(_, meaning): &(&String, &Meaning)| meaning.months != 0;
    let before = NAMES.range::<str, _>((Unbounded, Excluded(word))).rev().find(is_month);
    let after = NAMES.range::<str, _>((Included(word), Unbounded)).find(is_month);
    let longest = before.into_iter().chain(after).map(|(name, _)| common(name)).max()?;
    if longest < MIN_COMMON_LETTERS {
        return None;
    }
    let start: String = word.chars().take(longest).collect();
    let alike = NAMES.range(start.clone()..).take_while(|(name, _)| name.starts_with(&start));
    let months = alike.fold(0, |months, (_, meaning)| months | meaning.months);
    (months.count_ones() == 1).then_some(months)
}

fn read_names() -> BTreeMap<String, Meaning> {
    let mut names: BTreeMap<String, Meaning> = BTreeMap::new();
    for (kind, list) in DATA.lines().filter_map(|line| line.split_once(' ')) {
        let period = match kind {
            "month" | "day" => None,
            "am" => Some(DayPeriod::Am),
            "pm" => Some(DayPeriod::Pm),
            "noon" => Some(DayPeriod::Noon),
            "night" => Some(DayPeriod::Night),
            _ => continue,
        };
        for (index, name) in list.split('|').map(fold).enumerate() {
            let tokens = tokens(&name, usize::MAX);
            let is_numbered = tokens.iter().any(Token::is_number);
            let name: String =
                tokens.iter().filter(|token| token.is_word()).map(|token| token.text).collect();
            // Numbered months are read as numbers.
            if is_numbered || name.is_empty() {
                continue;
            }
            let meaning = names.entry(name).or_default();
            match kind {
                "month" => meaning.months |= 2 << index,
                "day" => meaning.weekdays |= 1 << index,
                // Where languages contradict each other, halves of the day count first: they are on more clocks.
                _ => meaning.period = meaning.period.into_iter().chain(period).min(),
            }
        }
    }
    names
}
