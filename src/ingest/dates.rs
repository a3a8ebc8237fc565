//! Dates in every form that feeds write them. Pure.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// Months by the first letters of their names, in English and Russian.
const MONTHS: [(&str, i8); 26] = [
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("may", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    ("янв", 1),
    ("фев", 2),
    ("мар", 3),
    ("апр", 4),
    ("май", 5),
    ("мая", 5),
    ("мае", 5),
    ("июн", 6),
    ("июл", 7),
    ("авг", 8),
    ("сен", 9),
    ("окт", 10),
    ("ноя", 11),
    ("дек", 12),
];

/// Zones by their abbreviations, in minutes east of Greenwich.
const ZONES: [(&str, i32); 26] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("bst", 60),
    ("west", 60),
    ("cet", 60),
    ("met", 60),
    ("cest", 120),
    ("mest", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("msd", 240),
    ("amt", 240),
    ("get", 240),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("jst", 540),
];

/// Reads a date; one without a zone is taken as UTC, one without a time as midnight.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 100 {
        return None;
    }
    let strict = text.parse().ok();
    strict.or_else(|| {
        let mut parts = Parts::default();
        words(text).iter().for_each(|word| parts.take(word));
        parts.timestamp()
    })
}

/// The text in pieces: spaces, commas and the `T` between date and time divide.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let chars: Vec<char> = lower.chars().collect();
    let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let mut words = vec![String::new()];
    for (i, c) in chars.iter().enumerate() {
        let after_time = words.last().is_some_and(|word| word.contains(':'));
        let between = *c == 't' && i > 0 && digit(i - 1) && digit(i + 1);
        if c.is_whitespace() || matches!(c, ',' | '(' | ')') || between {
            words.push(String::new());
        } else if after_time && (matches!(c, '+' | '-') || c.is_alphabetic()) && digit(i.wrapping_sub(1)) {
            words.push(c.to_string());
        } else if let Some(word) = words.last_mut() {
            word.push(*c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[derive(Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    time: Option<(i8, i8, i8)>,
    afternoon: Option<bool>,
    offset: Option<i32>,
}

impl Parts {
    fn take(&mut self, word: &str) {
        let zone = || ZONES.iter().find(|(name, _)| *name == word).map(|(_, minutes)| *minutes);
        if word.contains(':') && !word.starts_with(['+', '-']) {
            self.time = self.time.or_else(|| time(word));
        } else if let Some(minutes) = offset(word).filter(|_| self.time.is_some()) {
            self.offset = self.offset.or(Some(minutes));
        } else if matches!(word, "am" | "pm") {
            self.afternoon = Some(word == "pm");
        } else if let Some(minutes) = zone() {
            self.offset = self.offset.or(Some(minutes));
        } else if word.starts_with(|c: char| c.is_ascii_digit()) {
            self.numbers(word);
        } else if let Some((_, month)) = MONTHS.iter().find(|(name, _)| word.starts_with(name)) {
            self.month = self.month.or(Some(*month));
        }
    }

    /// `2024-05-07`, `2024/05/07`, `20240507`, `07.05.2024`, `07-May-2024`, or a number alone.
    fn numbers(&mut self, word: &str) {
        let pieces: Vec<&str> = word.split(['-', '/', '.']).filter(|piece| !piece.is_empty()).collect();
        match pieces[..] {
            [year, month, day] if year.len() == 4 => {
                (self.year, self.month, self.day) = (year.parse().ok(), month.parse().ok(), day.parse().ok());
            }
            [day, month, year] if word.contains('.') || month.starts_with(char::is_alphabetic) => {
                self.day = day.parse().ok();
                self.year = century(year);
                self.month = month.parse().ok().or_else(|| {
                    MONTHS.iter().find(|(name, _)| month.starts_with(name)).map(|(_, month)| *month)
                });
            }
            [number] if number.len() == 8 => {
                let part = |range| number.get(range).unwrap_or_default();
                (self.year, self.month, self.day) =
                    (part(0..4).parse().ok(), part(4..6).parse().ok(), part(6..8).parse().ok());
            }
            [number] if number.len() == 4 => self.year = self.year.or_else(|| number.parse().ok()),
            [number] => {
                let number = number.trim_end_matches(|c: char| c.is_alphabetic());
                match self.day {
                    None => self.day = number.parse().ok(),
                    Some(_) => self.year = self.year.or_else(|| century(number)),
                }
            }
            _ => {}
        }
    }

    fn timestamp(self) -> Option<Timestamp> {
        let date = Date::new(self.year?, self.month?, self.day.unwrap_or(1)).ok()?;
        let (hour, minute, second) = self.time.unwrap_or_default();
        let hour = match self.afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        let civil = DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?);
        let offset = Offset::from_seconds(self.offset.unwrap_or(0) * 60).ok()?;
        offset.to_timestamp(civil).ok()
    }
}

/// Two digits mean this century, or the last one from 70 on (RFC 2822 section 4.3 has 50).
fn century(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    Some(match (text.len(), year) {
        (2, 70..) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    })
}

fn time(word: &str) -> Option<(i8, i8, i8)> {
    let mut pieces =
        word.split(':').map(|piece| piece.split('.').next().unwrap_or_default().parse::<i8>().ok());
    let (hour, minute) = (pieces.next()??, pieces.next()??);
    // A leap second is the one before it.
    Some((hour, minute, pieces.next().flatten().unwrap_or(0).min(59)))
}

/// `+0300`, `+03:00`, `+3`, in minutes.
fn offset(word: &str) -> Option<i32> {
    let sign = match word.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = word[1..].replace(':', "");
    let number: i32 = digits.parse().ok().filter(|_| digits.len() <= 4)?;
    let minutes = if digits.len() <= 2 { number * 60 } else { number / 100 * 60 + number % 100 };
    (minutes <= 14 * 60).then_some(sign * minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_form_are_the_same_moment() {
        for text in [
            "2024-05-07T07:30:00Z",
            "2024-05-07T10:30:00+03:00",
            "2024-05-07T10:30:00+0300",
            "2024-05-07T10:30+03:00",
            "2024-05-07 07:30:00",
            "2024-05-07 10:30:00 +0300",
            "2024-05-07 07:30",
            "2024/05/07 07:30:00",
            "20240507T07:30:00Z",
            "Tue, 07 May 2024 10:30:00 +0300",
            "Mon, 07 May 2024 07:30:00 GMT",
            "Tue, 7 May 2024 07:30:00 UT",
            "07 May 2024 07:30:00",
            "7 May 24 07:30 GMT",
            "Tue, 07 May 2024 10:30:00 MSK",
            "Tue, 07 May 2024 09:30:00 CEST",
            "Tuesday, 07 May 2024 03:30:00 EDT",
            "May 7, 2024 7:30 AM",
            "07-May-2024 07:30:00",
            "07.05.2024 07:30",
            "Вт, 07 мая 2024 10:30:00 +0300",
            "7 Мая 2024 10:30 MSK",
            "Tue May  7 07:30:00 2024",
            "Tue, 07 May 2024 07:30:00",
            "2024-05-07T07:30:00.000Z",
            "2024-05-07T07:30:00.123456",
            "Tue, 07 May 2024 10:30:00 +03:00",
        ] {
            let read = parse(text).map(|time| time.as_second());
            assert_eq!(read, Some(1_715_067_000), "{text}");
        }
        assert_eq!(parse("2024-05-07").map(|time| time.to_string()).as_deref(), Some("2024-05-07T00:00:00Z"));
        for text in ["", "yesterday", "99:99", "2024-13-45", "0", "+", "-:", "32 May 2024 10:00", "::::"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        // A failing case is printed; nothing is written in the checkout.
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9:+ .T-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
