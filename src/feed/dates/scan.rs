//! Finds the parts of a date in its tokens, in whatever order they stand. Pure.

use super::names::{self, DayPeriod, MAX_NAME_WORDS, Meaning};
use super::parts::{DateName, DateParts};
use super::persian;
use super::tokens::{Token, tokens};
use super::zones::Zone;

/// The longest known form has about thirty.
const MAX_TOKENS: usize = 40;

/// Units that follow the hour, in Western languages too.
const HOUR_UNITS: [&str; 12] = ["h", "hs", "uhr", "u", "時", "时", "點", "点", "시", "ч", "hod", "godz"];

/// Years are counted from the one behind these names: of the Republic of China, and of emperors of Japan.
const ERAS: [(&str, i16); 5] =
    [("民國", 1911), ("民国", 1911), ("令和", 2018), ("平成", 1988), ("昭和", 1925)];

/// Names of months and weekdays.
const MAX_NAMES: usize = 4;

/// Words without a meaning that may still be the month.
const MAX_UNKNOWN: usize = 8;

const MAX_OFFSET_MINUTES: i32 = 14 * 60;

/// The parts of a folded date without comments.
pub(super) fn scan(text: &str) -> DateParts<'_> {
    let tokens = tokens(text, MAX_TOKENS);
    let mut scan = Scan { tokens: &tokens, ..Scan::default() };
    while scan.at < tokens.len() {
        let used = scan.read();
        scan.at += used;
    }
    let mut parts = scan.parts;
    let is_month = |name: &DateName| !name.meaning.months.is_empty() && name.meaning.weekdays.is_empty();
    if parts.month.is_none() && !parts.names.iter().any(is_month) {
        let similar = scan.unknown.iter().find_map(|word| names::similar_month(word));
        parts.names.extend(similar.map(|meaning| DateName { meaning, follows_number: true }));
    }
    parts
}

#[derive(Default)]
struct Scan<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    /// Index behind the time of day and what belongs to it.
    time_end: Option<usize>,
    /// Words without a meaning, each with those behind it.
    unknown: Vec<String>,
    parts: DateParts<'a>,
}

/// A word with the index behind it.
struct Word<'a> {
    token: Token<'a>,
    end: usize,
}

impl<'t, 'a> Scan<'t, 'a> {
    /// Reads what begins at `at`; gives the number of its tokens.
    fn read(&mut self) -> usize {
        let token = self.tokens[self.at];
        let is_after_time = self.time_end == Some(self.at);
        let used = match token.text {
            "+" | "-" if is_after_time || self.begins_offset() => self.offset(),
            _ if token.is_number() => self.number(),
            _ if token.is_word() => self.word(is_after_time),
            _ => 0,
        };
        // A comma does not part a time from its zone.
        if used == 0 && is_after_time && !token.is_number() && !token.is_word() {
            self.time_end = Some(self.at + 1);
        }
        used.max(1)
    }

    fn token(&self, offset: usize) -> Option<&'t Token<'a>> {
        self.tokens.get(self.at + offset)
    }

    /// The text of the token at `offset` if it is a number of at most `digits` digits.
    fn number_at(&self, offset: usize, digits: usize) -> Option<&'a str> {
        self.token(offset)
            .filter(|token| token.is_number() && token.text.len() <= digits)
            .map(|token| token.text)
    }

    fn is_glued(&self, offset: usize) -> bool {
        self.token(offset).is_some_and(|token| !token.spaced)
    }

    /// Whether one of these texts is at `offset`, without a space before it.
    fn has_glued(&self, offset: usize, texts: &[&str]) -> bool {
        self.is_glued(offset) && self.has(offset, texts)
    }

    fn has(&self, offset: usize, texts: &[&str]) -> bool {
        self.token(offset).is_some_and(|token| texts.contains(&token.text))
    }

    fn number(&mut self) -> usize {
        self.clock()
            .or_else(|| self.numeric_date())
            .or_else(|| self.hour())
            .unwrap_or_else(|| self.single_number())
    }

    fn set_time(&mut self, parts: [&str; 3], used: usize) -> Option<usize> {
        self.parts.set_time(parts[0], parts[1], parts[2]);
        self.time_end = Some(self.at + used);
        Some(used)
    }

    /// `10:30`, `10:30:05` or `10:30:05.123`.
    fn clock(&mut self) -> Option<usize> {
        let part = |offset| self.number_at(offset, 2).filter(|_| self.has_glued(offset - 1, &[":"]));
        let (hour, minute) = (self.number_at(0, 2)?, part(2)?);
        let second = part(4);
        let mut used = if second.is_some() { 5 } else { 3 };
        while self.has_glued(used, &[".", ",", ":"])
            && self.is_glued(used + 1)
            && self.number_at(used + 1, 99).is_some()
        {
            used += 2;
        }
        self.set_time([hour, minute, second.unwrap_or("0")], used)
    }

    /// `2024-05-07`, `07.05.2024`, `7. 5. 2024`, `05/07/2024`, `2024-05`, `2024-128` or, behind a date, `10.30`.
    fn numeric_date(&mut self) -> Option<usize> {
        let sign = self.token(1).filter(|sign| !sign.spaced && matches!(sign.text, "-" | "/" | "."))?.text;
        let part = |offset: usize| {
            let is_part = self.has_glued(offset - 1, &[sign]) && !self.has_glued(offset + 1, &[":"]);
            self.number_at(offset, 4).filter(|_| is_part && (sign == "." || self.is_glued(offset)))
        };
        let (first, second, third) = (self.number_at(0, 4)?, part(2)?, part(4));
        let is_glued = self.is_glued(2);
        let parts = &mut self.parts;
        let is_year = first.len() == 4;
        let is_time = sign == "." && parts.has_date() && parts.time.is_none() && !is_year;
        match third {
            Some(third) if is_time && parts.year.is_some() => {
                return self.set_time([first, second, third], 5);
            }
            Some(third) if is_year => {
                parts.set_year(first);
                (parts.month, parts.day) = (second.parse().ok(), third.parse().ok());
            }
            Some(third) if sign == "." => {
                parts.set_year(third);
                (parts.month, parts.day) = (second.parse().ok(), first.parse().ok());
            }
            // `24-05-07` may begin with the year.
            Some(third) if sign == "/" || third.len() == 4 => {
                parts.set_year(third);
                parts.month_day = first.parse().ok().zip(second.parse().ok());
            }
            Some(_) => {}
            None if !is_glued => return None,
            None if is_year && second.len() == 3 => {
                parts.set_year(first);
                parts.day_of_year = second.parse().ok();
            }
            None if is_year => {
                parts.set_year(first);
                parts.month = second.parse().ok();
            }
            None if is_time => return self.set_time([first, second, "0"], 3),
            None if sign == "." => return Some(3),
            None if second.len() > 2 => return None,
            None => parts.month_day = first.parse().ok().zip(second.parse().ok()),
        }
        Some(if third.is_some() { 5 } else { 3 })
    }

    /// `14h30`, `14 Uhr`, `3 PM`: an hour, perhaps minutes and seconds, each with its unit behind it.
    fn hour(&mut self) -> Option<usize> {
        let hour = self.number_at(0, 2).filter(|_| self.parts.time.is_none())?;
        if !self.has(1, &HOUR_UNITS) {
            let words = self.words(1);
            let (name, _) = period(&words)?;
            // `7 Am Faoilleach`: a month of January in Gaelic.
            if longest_name(&words, |meaning| !meaning.months.is_empty())
                .is_some_and(|(month, _)| month.len() > name.len())
            {
                return None;
            }
            let hour = Some(hour).filter(|hour| hour.parse().is_ok_and(|hour: u8| hour <= 12))?;
            return (self.parts.has_date() || is_english(name))
                .then(|| self.set_time([hour, "0", "0"], 1))?;
        }
        let dot = usize::from(self.has_glued(2, &["."]));
        let is_minute = self.is_glued(2 + dot) || self.parts.has_date();
        let Some(minute) = self.number_at(2 + dot, 2).filter(|_| is_minute) else {
            return self.set_time([hour, "0", "0"], 2);
        };
        let used = 3 + dot + usize::from(self.has(3 + dot, &["分", "분", "min", "мин", "m"]));
        match self.number_at(used, 2).filter(|_| self.has(used + 1, &["秒", "초", "s", "сек"])) {
            Some(second) => self.set_time([hour, minute, second], used + 2),
            None => self.set_time([hour, minute, "0"], used),
        }
    }

    fn single_number(&mut self) -> usize {
        let Some(digits) = self.number_at(0, 99) else { return 1 };
        // Mongolian months are counted: `5-р сар`.
        let is_counted = self.has_glued(1, &["-"]) && self.has_glued(2, &["р"]);
        let before = self.at.checked_sub(1).map(|before| self.tokens[before]);
        let follows_word = before.is_some_and(|before| names::meaning(before.text).is_some());
        let era = ERAS.iter().find(|(name, _)| before.is_some_and(|before| before.text.ends_with(name)));
        let parts = &mut self.parts;
        let part = |range| digits.get(range).unwrap_or_default();
        match (self.tokens.get(self.at + 1).map_or("", |unit| unit.text), digits.len()) {
            ("年", 1..=3) if let Some((_, start)) = era => {
                let year = digits.parse::<i16>().ok().map(|year| year + start);
                parts.year = parts.year.or(year);
            }
            ("年" | "년", _) => parts.set_year(digits),
            ("月" | "월", _) => parts.month = parts.month.or(digits.parse().ok()),
            ("日" | "일" | "号" | "號", _) => parts.set_day(digits),
            _ if is_counted => parts.month = parts.month.or(digits.parse().ok()),
            (_, 8 | 12 | 14) => {
                parts.set_year(part(0..4));
                (parts.month, parts.day) = (part(4..6).parse().ok(), part(6..8).parse().ok());
                if digits.len() > 8 {
                    self.set_time([part(8..10), part(10..12), part(12..14)], 1);
                }
            }
            (_, 7) => {
                parts.set_year(part(0..4));
                parts.day_of_year = part(4..7).parse().ok();
            }
            (_, 6) if parts.day.is_some() => {
                self.set_time([part(0..2), part(2..4), part(4..6)], 1);
            }
            // In `3 May 2024 – 5 June 2024` it is another year.
            (_, 4) if parts.year.is_some() && parts.has_date() && !follows_word => {
                self.set_time([part(0..2), part(2..4), "0"], 1);
            }
            (next, 4) => {
                parts.set_year(digits);
                parts.dotted_year |= next == ".";
            }
            (_, 1..=2) if parts.day.is_none() => parts.set_day(digits),
            (_, 1 | 2) => parts.short_year = parts.short_year.or(Some(digits)),
            (_, 3) => parts.set_year(digits),
            _ => {}
        }
        1
    }

    /// The words from `offset` on that may be one name.
    fn words(&self, offset: usize) -> Vec<Word<'a>> {
        let start = self.at + offset;
        let tokens = self.tokens.iter().enumerate().skip(start);
        let tokens = tokens.take_while(|(_, token)| !token.is_number() && !",،/+".contains(token.text));
        let words = tokens.filter(|(_, token)| token.is_word());
        words.map(|(index, token)| Word { token: *token, end: index + 1 }).take(MAX_NAME_WORDS).collect()
    }

    fn word(&mut self, is_after_time: bool) -> usize {
        if let Some(used) = self.marked_number() {
            return used;
        }
        let words = self.words(0);
        if let Some((name, period)) = period(&words)
            && (if is_after_time { self.follows_time(name) } else { self.precedes_time(name) })
        {
            self.parts.period = self.parts.period.or(Some(period));
            self.parts.is_english |= is_english(name);
            return self.end_of(name, is_after_time);
        }
        let first = self.tokens[self.at].text;
        // It may be a name in our calendar besides: the year says which.
        self.parts.persian_month = self.parts.persian_month.or_else(|| persian::month(first));
        let zone = Zone::named(first);
        if is_after_time && (zone.is_some() || HOUR_UNITS.contains(&first)) {
            self.parts.zone = self.parts.zone.take().or(zone);
            return self.end_of(&words[..1], true);
        }
        let is_wanted = |meaning: &Meaning| !meaning.months.is_empty() || !meaning.weekdays.is_empty();
        match longest_name(&words, is_wanted) {
            Some((name, meaning)) => {
                let follows_number = self.at > 0 && self.tokens[self.at - 1].is_number();
                if self.parts.names.len() < MAX_NAMES {
                    self.parts.names.push(DateName { meaning, follows_number });
                }
                self.end_of(name, false)
            }
            None => {
                self.parts.zone = self.parts.zone.take().or(zone.filter(|_| self.parts.has_date()));
                if !is_after_time && self.unknown.len() < MAX_UNKNOWN {
                    self.unknown.push(text_of(&words));
                }
                1
            }
        }
    }

    /// The number of tokens up to the end of a name.
    fn end_of(&mut self, name: &[Word<'_>], belongs_to_time: bool) -> usize {
        let end = name.last().map_or(self.at + 1, |word| word.end);
        if belongs_to_time {
            self.time_end = Some(end);
        }
        end - self.at
    }

    /// Whether a part of the day behind a time belongs to it. Beside a letter or a short word it may be another word.
    fn follows_time(&self, name: &[Word<'_>]) -> bool {
        let [Word { token, .. }, rest @ ..] = name else { return false };
        let is_letter = rest.is_empty() && token.text.len() == 1;
        if is_letter { !token.spaced } else { is_english(name) || self.parts.has_date() }
    }

    fn precedes_time(&self, name: &[Word<'_>]) -> bool {
        let next = name.last().map_or(1, |word| word.end - self.at);
        let next = next + usize::from(self.has_glued(next, &["."]));
        let is_time = self.has(next + 1, &[":", "."]) || self.has(next + 1, &HOUR_UNITS);
        let is_letter = name.len() == 1 && name[0].token.text.len() == 1;
        self.number_at(next, 2).is_some()
            && is_time
            && !is_letter
            && (self.parts.has_date() || is_english(name))
    }

    /// `T` before a time, `W` before a week, and the Vietnamese words before the number of a month or weekday.
    fn marked_number(&mut self) -> Option<usize> {
        let number = self.number_at(1, 6)?;
        let is_behind_number =
            !self.tokens[self.at].spaced && self.at > 0 && self.tokens[self.at - 1].is_number();
        match self.tokens[self.at].text {
            "t" if is_behind_number => {
                if self.is_glued(1) && !self.has_glued(2, &[":"]) {
                    let part = |range| number.get(range).unwrap_or_default();
                    return self.set_time([part(0..2), part(2..4), part(4..6)], 2);
                }
                Some(1)
            }
            _ if is_behind_number => None,
            "w" if self.is_glued(0) && self.is_glued(1) => {
                let day = self.number_at(3, 1).filter(|_| self.has_glued(2, &["-"]));
                self.parts.week = number.parse().ok().zip(day.unwrap_or("1").parse().ok());
                Some(if day.is_some() { 4 } else { 2 })
            }
            // In Estonian a `T` is Tuesday, and the day follows it.
            "t" | "thư" if self.is_glued(1) || self.tokens[self.at].text != "t" => Some(2),
            "th" if self.parts.day.is_none() && !self.is_glued(1) => Some(2),
            "th" | "thg" | "thang" => {
                self.parts.month = self.parts.month.or(number.parse().ok());
                Some(2)
            }
            _ => None,
        }
    }

    /// Whether a whole offset follows a word behind the time: UTC has a name of its own in some languages.
    fn begins_offset(&self) -> bool {
        let is_behind_word = self.at > 0 && self.tokens[self.at - 1].is_word();
        let is_hour = self.number_at(1, 4).is_some_and(|digits| match digits.len() {
            2 => self.has_glued(2, &[":"]),
            digits_len => digits_len == 4 && digits < "1500",
        });
        is_behind_word && is_hour && self.is_glued(1) && self.parts.time.is_some()
    }

    /// `+0300`, `+03:00` or `+3` behind a time or a zone.
    fn offset(&mut self) -> usize {
        let sign = if self.has(0, &["-"]) { -1 } else { 1 };
        let Some(digits) = self.number_at(1, 4).filter(|_| self.is_glued(1)) else { return 0 };
        let minutes = self.number_at(3, 2).filter(|_| self.has_glued(2, &[":"]));
        if minutes.is_none() && self.is_glued(3) && self.has_glued(2, &["-", "/", "."]) {
            return 0;
        }
        let number = |digits: &str| digits.parse::<i32>().unwrap_or(0);
        let offset = match (digits.len(), minutes) {
            (..=2, minutes) => number(digits) * 60 + minutes.map_or(0, number),
            _ => number(digits) / 100 * 60 + number(digits) % 100,
        };
        // `GMT+3` is three hours east, so an offset of 0 may be replaced.
        let is_known = self.parts.zone.as_ref().is_some_and(|zone| !matches!(zone, Zone::Offset(0)));
        if offset <= MAX_OFFSET_MINUTES && !is_known {
            self.parts.zone = Some(Zone::Offset(sign * offset));
        }
        let used = if minutes.is_some() { 4 } else { 2 };
        self.time_end = Some(self.at + used);
        used
    }
}

fn text_of(words: &[Word<'_>]) -> String {
    words.iter().map(|word| word.token.text).collect()
}

/// The longest name that the words begin with.
fn longest_name<'w, 'a>(
    words: &'w [Word<'a>],
    is_wanted: impl Fn(&Meaning) -> bool,
) -> Option<(&'w [Word<'a>], &'static Meaning)> {
    let [first, ..] = words else { return None };
    if !names::begins_name(first.token.text) {
        return None;
    }
    (1..=words.len()).rev().map(|count| &words[..count]).find_map(|name| {
        let spaces = name.iter().skip(1).filter(|word| word.token.spaced).count();
        let meaning = names::meaning(&text_of(name)).filter(|meaning| is_wanted(meaning))?;
        (spaces < meaning.words).then_some((name, meaning))
    })
}

fn period<'w, 'a>(words: &'w [Word<'a>]) -> Option<(&'w [Word<'a>], DayPeriod)> {
    let (name, meaning) = longest_name(words, |meaning| meaning.period.is_some())?;
    Some((name, meaning.period?))
}

/// `am`, `a.m.`, `pm` or `p.m.`. Spanish has a space within.
fn is_english(name: &[Word<'_>]) -> bool {
    let text = text_of(name);
    (text == "am" || text == "pm") && name.iter().skip(1).all(|word| !word.token.spaced)
}
