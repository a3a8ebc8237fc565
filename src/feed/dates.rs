//! Parses dates in every format that feeds use. Pure.

mod names;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

const MAX_DATE_BYTES: usize = 100;

/// Parses a date. Without a zone it is UTC, without a time it is midnight.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > MAX_DATE_BYTES {
        return None;
    }
    text.parse().ok().or_else(|| unix_time(text)).or_else(|| {
        let mut parts = DateParts::default();
        date_words(text).iter().for_each(|word| parts.add_word(word));
        parts.into_timestamp()
    })
}

/// Seconds or milliseconds since 1970.
fn unix_time(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok().filter(|_| text.starts_with('1'))?;
    match text.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// The words of a date in lower case, split at spaces, commas, brackets, the `T` between date and time, and between a
/// time and its zone.
fn date_words(text: &str) -> Vec<String> {
    let lower = cjk_with_hyphens(text.to_lowercase());
    let chars: Vec<char> = lower.chars().collect();
    let is_digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let mut words = vec![String::new()];
    for (i, c) in chars.iter().enumerate() {
        let word = words.last();
        let after_time = word.is_some_and(|word| word.contains(':'));
        let after_zone = word.is_some_and(|word| names::zone_minutes(word).is_some());
        let is_time_marker = *c == 't' && i > 0 && is_digit(i - 1) && is_digit(i + 1);
        let is_separator = matches!(c, ',' | '(' | ')' | '[' | ']' | '日' | '일');
        if c.is_whitespace() || is_separator || is_time_marker {
            words.push(String::new());
        } else if (after_time && (matches!(c, '+' | '-') || c.is_alphabetic()) && is_digit(i.wrapping_sub(1)))
            || (after_zone && matches!(c, '+' | '-'))
        {
            words.push(c.to_string());
        } else if let Some(word) = words.last_mut() {
            word.push(*c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Chinese, Japanese and Korean dates mark year and month with a character behind the number: replaces it by a hyphen.
fn cjk_with_hyphens(text: String) -> String {
    const MARKERS: [&str; 6] = ["년 ", "월 ", "년", "월", "年", "月"];
    if text.is_ascii() {
        return text;
    }
    MARKERS.iter().fold(text, |text, marker| text.replace(marker, "-"))
}

#[derive(Default)]
struct DateParts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    /// Hour, minute, second.
    time: Option<(i8, i8, i8)>,
    is_pm: Option<bool>,
    /// Minutes east of UTC.
    offset: Option<i32>,
    /// `05/07`: month and day in an order that is still unknown.
    month_day: Option<(i8, i8)>,
}

impl DateParts {
    fn add_word(&mut self, word: &str) {
        if word.contains(':') && !word.starts_with(['+', '-']) {
            self.time = self.time.or_else(|| parse_time(word));
        } else if let Some(minutes) = parse_offset(word).filter(|_| self.time.is_some()) {
            // `GMT+3` is three hours east, so an offset of 0 may be replaced.
            self.offset = self.offset.filter(|known| *known != 0).or(Some(minutes));
        } else if let Some(is_pm) = names::is_pm(word) {
            self.is_pm = Some(is_pm);
        } else if let Some(minutes) = names::zone_minutes(word) {
            self.offset = self.offset.or(Some(minutes));
        } else if word.starts_with(|c: char| c.is_ascii_digit()) {
            self.add_date(word);
        } else {
            // The last match wins: a weekday may begin like a month, and comes first.
            self.month = names::month(word).or(self.month);
        }
    }

    /// `2024-05-07`, `2024/05/07`, `20240507`, `07.05.2024`, `07-May-2024`, `05/07/2024`, `2024-05`, or a number alone.
    fn add_date(&mut self, word: &str) {
        let pieces: Vec<&str> = word.split(['-', '/', '.']).filter(|piece| !piece.is_empty()).collect();
        match pieces[..] {
            [year, month, day] if year.len() == 4 => {
                (self.year, self.month, self.day) = (year.parse().ok(), month.parse().ok(), day.parse().ok());
            }
            [year, month] if year.len() == 4 => {
                (self.year, self.month) = (year.parse().ok(), month.parse().ok())
            }
            [day, month, year] if word.contains('.') || month.starts_with(char::is_alphabetic) => {
                self.day = day.parse().ok();
                self.year = full_year(year);
                self.month = month.parse().ok().or_else(|| names::month(month));
            }
            [first, second, year] if word.contains('/') => {
                self.year = full_year(year);
                self.month_day = first.parse().ok().zip(second.parse().ok());
            }
            [number] => self.add_number(number),
            _ => {}
        }
    }

    fn add_number(&mut self, number: &str) {
        let digits = number.trim_end_matches(|c: char| c.is_alphabetic());
        let part = |range| digits.get(range).unwrap_or_default();
        match digits.len() {
            8 | 14 => {
                (self.year, self.month, self.day) =
                    (part(0..4).parse().ok(), part(4..6).parse().ok(), part(6..8).parse().ok());
                if digits.len() == 14 {
                    self.add_number(part(8..14));
                }
            }
            6 if self.day.is_some() => {
                self.time = parse_time(&format!("{}:{}:{}", part(0..2), part(2..4), part(4..6)));
            }
            4 => self.year = self.year.or_else(|| digits.parse().ok()),
            _ if self.day.is_none() => self.day = digits.parse().ok(),
            _ => self.year = self.year.or_else(|| full_year(digits)),
        }
    }

    /// Decides the order of `05/07/2024`. A number over 12 is the day; a time with am or pm means American order;
    /// otherwise the order is unknown and the date is not used.
    fn resolve_month_day(&mut self) {
        if let Some((first, second)) = self.month_day {
            let is_american = second > 12 || first == second || (first <= 12 && self.is_pm.is_some());
            (self.month, self.day) = match (is_american, first > 12) {
                (true, _) => (Some(first), Some(second)),
                (false, true) => (Some(second), Some(first)),
                (false, false) => (None, None),
            };
        }
    }

    fn into_timestamp(mut self) -> Option<Timestamp> {
        self.resolve_month_day();
        let year = self.year?;
        let month = match self.month {
            Some(month) => month,
            // A year alone is a date (W3CDTF).
            None if self.day.is_none() && self.time.is_none() && self.month_day.is_none() => 1,
            None => return None,
        };
        let date = Date::new(year, month, self.day.unwrap_or(1)).ok()?;
        let (hour, minute, second) = self.time.unwrap_or_default();
        // 24:00 is the end of the day (ISO 8601).
        let (date, hour) = if (hour, minute) == (24, 0) { (date.tomorrow().ok()?, 0) } else { (date, hour) };
        let hour = match self.is_pm {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        let civil = DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?);
        let offset = Offset::from_seconds(self.offset.unwrap_or(0) * 60).ok()?;
        offset.to_timestamp(civil).ok()
    }
}

/// Two digits below 70 are 20xx, others 19xx. (RFC 2822 section 4.3 draws the line at 50.)
fn full_year(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    Some(match (text.len(), year) {
        (2, 70..) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    })
}

fn parse_time(word: &str) -> Option<(i8, i8, i8)> {
    let mut pieces =
        word.split(':').map(|piece| piece.split('.').next().unwrap_or_default().parse::<i8>().ok());
    let (hour, minute) = (pieces.next()??, pieces.next()??);
    // A leap second counts as second 59.
    Some((hour, minute, pieces.next().flatten().unwrap_or(0).min(59)))
}

/// `+0300`, `+03:00` or `+3` in minutes east of UTC.
fn parse_offset(word: &str) -> Option<i32> {
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
    fn every_date_format_is_parsed() {
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
            "2024-05-07T10:30:00 +0300",
            "2024-05-07T10:30:00+03",
            "2024-05-07T07:30Z",
            "2024-05-07T07:30:00[UTC]",
            "2024-05-07 07:30:00.0",
            "2024-5-7 7:30",
            "2024.05.07 07:30",
            "20240507T073000Z",
            "20240507073000",
            "1715067000",
            "1715067000000",
            "07.05.24 07:30",
            "05/07/2024 7:30:00 AM",
            "5/7/2024 7:30 am",
            "Tue,07 May 2024 10:30:00 +0300",
            "Tue 07 May 2024 10:30:00 +0300",
            "Tues, 07 May 2024 10:30:00 +0300",
            "Tue, 07 May 2024 07:30:00 +0000 (UTC)",
            "Tue, 07 May 2024 10:30:00 GMT+3",
            "Tue, 07 May 2024 10:30:00 UTC+0300",
            "Tue, 07 May 2024 10:30:00 GMT+03:00",
            "Tue, 07 May 2024 11:30:00 AMT",
            "Tue, 07 May 2024 13:00:00 IST",
            "Tue, 07 May 2024 17:30:00 AEST",
            "Tue, 07 May 2024 03:30 AST",
            "Tue, 07 May 2024 01:30:00 CST",
            "Tue, 07-May-24 07:30:00 GMT",
            "Tuesday, May 07, 2024 03:30 AM EDT",
            "May 07 2024 07:30:00",
            "May 7th, 2024 7:30 a.m.",
            "7 May 2024 at 07:30",
            "07:30 07 May 2024",
            "7 мая 2024 г. в 10:30 MSK",
            "вторник, 7 мая 2024 07:30",
            "07 травня 2024 07:30",
            "7. Mai 2024 07:30",
            "Di, 07 Mai 2024 09:30:00 +0200",
            "mardi 7 mai 2024 07:30",
            "mar, 07 may 2024 09:30:00 +0200",
            "mar 7 mag 2024 09:30:00 CEST",
            "7 maja 2024 07:30",
            "\u{3a4}\u{3c1}\u{3b9}, 07 \u{39c}\u{3b1}\u{3ca} 2024 10:30:00 EEST",
            "kedd, 07 m\u{e1}j. 2024 07:30",
            "2024\u{b144} 05\u{c6d4} 07\u{c77c}  07:30:00",
            "2024-05-07 \u{c624}\u{c804} 07:30:00",
            "2024\u{5e74}5\u{6708}7\u{65e5} 07:30",
        ] {
            let seconds = parse(text).map(|time| time.as_second());
            assert_eq!(seconds, Some(1_715_067_000), "{text}");
        }
        assert_eq!(parse("2024-05-07").map(|time| time.to_string()).as_deref(), Some("2024-05-07T00:00:00Z"));
        for (text, day) in [
            ("2024", "2024-01-01"),
            ("2024-05", "2024-05-01"),
            ("7 May 2024", "2024-05-07"),
            ("13/05/2024", "2024-05-13"),
            ("05/13/2024", "2024-05-13"),
            ("2024-05-06T24:00:00Z", "2024-05-07"),
            ("07 Sept 2023", "2023-09-07"),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()), Some(format!("{day}T00:00:00Z")), "{text}");
        }
        for text in [
            "", "07/05/2024 10:30", "7 2024", "10:30 2024", "12345", "yesterday", "99:99", "2024-13-45", "0",
            "+", "-:", "32 May 2024 10:00", "::::",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        // Failing cases are printed, not written into the repository.
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]

        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}|[0-9:+ .T-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
