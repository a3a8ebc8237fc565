//! Tests: dates as the languages of CLDR write them are read back.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use proptest::prelude::*;

use super::names::DATA;
use super::{is_zero, parse};

/// The lists of each kind of a locale.
type Locale = HashMap<&'static str, Vec<Vec<&'static str>>>;

static LOCALES: LazyLock<Vec<(&str, Locale)>> = LazyLock::new(locales);

/// Locales that have patterns.
fn locales() -> Vec<(&'static str, Locale)> {
    let mut locales: Vec<(&str, Locale)> = Vec::new();
    for line in DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.split_once(' '), locales.last_mut()) {
            (Some((kind, list)), Some((_, locale))) => {
                locale.entry(kind).or_default().push(list.split('|').collect());
            }
            _ => locales.push((line, Locale::new())),
        }
    }
    locales
        .retain(|(_, locale)| ["month", "day", "date", "time"].iter().all(|kind| locale.contains_key(kind)));
    locales
}

/// Formats by a pattern of CLDR (UTS #35, part 4, Date Format Patterns).
fn format(pattern: &str, time: DateTime, locale: &Locale) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (literal, after) = quoted.split_once('\'').expect("a closed quote");
            text.push_str(if literal.is_empty() { "'" } else { literal });
            rest = after;
            continue;
        }
        let count =
            if letter.is_ascii_alphabetic() { rest.chars().take_while(|c| *c == letter).count() } else { 1 };
        text.push_str(&field(letter, count, time, locale));
        rest = &rest[count * letter.len_utf8()..];
    }
    text
}

fn field(letter: char, count: usize, time: DateTime, locale: &Locale) -> String {
    let name = |kind: &str, width: usize, index: i8| {
        let lists = &locale[kind];
        lists[width.min(lists.len() - 1)][index as usize].to_owned()
    };
    // The first list of names is the wide one.
    let width = usize::from(count < 4);
    let number = |number: i16| format!("{number:0count$}");
    match (letter, count) {
        ('y', 2) => number(time.year() % 100),
        ('y', _) => number(time.year()),
        ('M' | 'L', 3..) => name("month", width, time.month() - 1),
        ('M' | 'L', _) => number(time.month().into()),
        ('d', _) => number(time.day().into()),
        ('E' | 'c', _) => name("day", width, time.weekday().to_sunday_zero_offset()),
        ('H', _) => number(time.hour().into()),
        ('h', _) => number(((time.hour() + 11) % 12 + 1).into()),
        ('K', _) => number((time.hour() % 12).into()),
        ('m', _) => number(time.minute().into()),
        ('s', _) => number(time.second().into()),
        ('a' | 'B', _) => name(if time.hour() < 12 { "am" } else { "pm" }, 0, 0),
        ('G', _) => String::new(),
        _ => letter.to_string(),
    }
}

/// Whether the order of day and month in a pattern of numbers can only be known from the language.
fn is_ambiguous(pattern: &str) -> bool {
    let has_name = pattern.contains("MMM") || pattern.contains("LLL");
    !has_name && !pattern.contains('.') && !pattern.starts_with('y')
}

/// The digits of a script that has its own.
fn digits(text: &str, zero: char) -> String {
    let digit = |c: char| char::from_u32(zero as u32 + c.to_digit(10)?);
    text.chars().map(|c| digit(c).unwrap_or(c)).collect()
}

#[test]
fn locales_are_many() {
    assert!(LOCALES.len() > 100);
}

/// Every fifth day of two years: each weekday in each month.
fn days() -> impl Iterator<Item = Date> {
    jiff::civil::date(2023, 3, 2).series(5.days()).take(146)
}

#[test]
fn dates_with_a_weekday_are_never_another_day() {
    let mut wrong: Vec<String> = Vec::new();
    for (name, locale) in LOCALES.iter() {
        for (days_of_week, months) in
            locale["day"].iter().flat_map(|days| locale["month"].iter().map(move |months| (days, months)))
        {
            for day in days() {
                let weekday = days_of_week[day.weekday().to_sunday_zero_offset() as usize];
                let month = months[day.month() as usize - 1];
                for text in [
                    format!("{weekday}, {} {month} {} 10:05:00", day.day(), day.year()),
                    format!("{weekday} {month} {:02} {} 10:05:00 GMT+0000", day.day(), day.year()),
                    format!("{weekday} {month} {:2} 10:05:00 {}", day.day(), day.year()),
                ] {
                    let read = parse(&text).map(|time| time.to_string());
                    if read != Some(format!("{day}T10:05:00Z")) {
                        wrong.push(format!("{name}: {text}: {read:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

proptest! {
    // Failing cases are printed, not written into the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn dates_of_every_language_are_read_back(
        index in any::<prop::sample::Index>(),
        (year, month, day) in (1910..2049_i16, 1..=12_i8, 1..=28_i8),
        (hour, minute, second) in (0..24_i8, 0..60_i8, 0..60_i8),
        zero in prop::sample::select(vec!['0', '٠', '۰', '०', '০', '၀', '０']),
    ) {
        let (name, locale) = index.get(&LOCALES);
        let date = Date::new(year, month, day).expect("a date");
        for (date_pattern, time_pattern) in patterns(locale) {
            let time = date.at(hour, minute, if time_pattern.contains('s') { second } else { 0 }, 0);
            if Offset::UTC.to_timestamp(time).is_ok_and(is_zero) {
                continue;
            }
            let text = format!("{} {}", format(date_pattern, time, locale), format(time_pattern, time, locale));
            let text = digits(&text, zero);
            let read = parse(&text).map(|time| time.to_string());
            prop_assert_eq!(read, Some(format!("{time}Z")), "{}: {}", name, text);
        }
    }

    #[test]
    fn parsing_never_panics(text in "\\PC{0,40}|[0-9:+ .T-]{0,30}") {
        let _ = parse(&text);
    }
}

/// All pairs of a date and a time pattern.
fn patterns<'l>(locale: &'l Locale) -> impl Iterator<Item = (&'static str, &'static str)> + 'l {
    let dates = locale["date"].iter().map(|list| list[0]).filter(|pattern| !is_ambiguous(pattern));
    dates.flat_map(|date| locale["time"].iter().map(move |list| (date, list[0])))
}
