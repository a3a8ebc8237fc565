//! The parts of a date, from which its time follows. Pure.

use std::cmp::Reverse;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};

use super::names::{DayPeriod, ENGLISH, Languages, Meaning};
use super::persian;
use super::zones::Zone;

/// Years that are a Buddhist era's rather than ours, from 1905 on.
const BUDDHIST_YEARS: Range<i16> = 2448..2641;

/// Years before the era of the Buddhist calendar that Thailand uses.
const BUDDHIST_ERA: i16 = 543;

/// Whether a year is of our calendar.
pub(super) fn is_our_year(year: i16) -> bool {
    !persian::is_year(year) && !BUDDHIST_YEARS.contains(&year)
}

/// A word that names a month or a weekday in some language, perhaps both.
#[derive(Debug)]
pub(super) struct DateName {
    pub(super) meaning: &'static Meaning,
    pub(super) follows_number: bool,
}

#[derive(Debug, Default)]
pub(super) struct DateParts<'a> {
    pub(super) year: Option<i16>,
    /// A short number behind the day: the year, if no other follows.
    pub(super) short_year: Option<&'a str>,
    pub(super) month: Option<i8>,
    pub(super) day: Option<i8>,
    pub(super) day_of_year: Option<i16>,
    /// The week of ISO 8601 and its day from Monday, which is 1.
    pub(super) week: Option<(i8, i8)>,
    /// Hour, minute, second.
    pub(super) time: Option<(i8, i8, i8)>,
    pub(super) period: Option<DayPeriod>,
    /// The period is English: `am` or `pm`.
    pub(super) is_english: bool,
    pub(super) zone: Option<Zone>,
    /// `05/07`: month and day in an order that is still unknown.
    pub(super) month_day: Option<(i8, i8)>,
    /// Words that name a month or a weekday.
    pub(super) names: Vec<DateName>,
    /// The document's language.
    pub(super) language: Languages,
    /// Its other dates have the day before the month in numbers, or behind it.
    pub(super) is_day_first: Option<bool>,
    /// A dot follows the year.
    pub(super) dotted_year: bool,
    /// The month of the Persian calendar that a word names.
    pub(super) persian_month: Option<i8>,
    /// Thai words or digits: a short year may be a Buddhist one.
    pub(super) is_thai: bool,
}

impl DateParts<'_> {
    /// `14:30` or `14:30:05`, from its digits.
    pub(super) fn set_time(&mut self, hour: &str, minute: &str, second: &str) {
        let number = |text: &str| text.parse::<i8>().ok();
        let time = number(hour).zip(number(minute));
        // A leap second counts as second 59.
        let time = time.map(|(hour, minute)| (hour, minute, number(second).unwrap_or(0).min(59)));
        self.time = self.time.or(time);
    }

    /// `2024`, `24` or, from clocks that count from 1900, `124` (RFC 5322 section 4.3).
    pub(super) fn set_year(&mut self, digits: &str) {
        if self.year.is_none() {
            self.year = full_year(digits);
            // In `1 x, 14 January 2024` the first number belongs to the weekday.
            self.day = self.short_year.take().and_then(|day| day.parse().ok()).or(self.day);
        }
    }

    pub(super) fn set_day(&mut self, digits: &str) {
        self.day = self.day.or(digits.parse().ok());
    }

    /// Whether a day and something beside it are known: what follows is hardly part of the date.
    pub(super) fn has_date(&self) -> bool {
        let has_month = self.names_month() || self.month.or(self.persian_month).is_some();
        self.month_day.is_some() || self.day.is_some() && (has_month || self.year.is_some())
    }

    pub(super) fn names_month(&self) -> bool {
        self.names.iter().any(|name| !name.meaning.months.is_empty())
    }

    pub(super) fn into_timestamp(self) -> Option<Timestamp> {
        let date = self.date()?;
        let (hour, minute, second) = self.time.unwrap_or_default();
        // 24:00 is the end of the day (ISO 8601).
        let (date, hour) = if (hour, minute) == (24, 0) { (date.tomorrow().ok()?, 0) } else { (date, hour) };
        let hour = self.period.map_or(hour, |period| period.hour(hour));
        let civil = DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?);
        self.zone.unwrap_or(Zone::Offset(0)).timestamp(civil)
    }

    fn date(&self) -> Option<Date> {
        let year = self.year.or_else(|| self.short_year())?;
        if persian::is_year(year) {
            let number = self.month.filter(|_| !self.names_month());
            return persian::to_gregorian(year, self.persian_month, number, self.day.unwrap_or(1));
        }
        let year = if BUDDHIST_YEARS.contains(&year) { year - BUDDHIST_ERA } else { year };
        let date = |month, day| Date::new(year, month, day).ok();
        if let Some(day) = self.day_of_year {
            return date(1, 1)?.with().day_of_year(day).build().ok();
        }
        if let Some((week, day)) = self.week {
            let day = Weekday::from_monday_one_offset(day).ok()?;
            return ISOWeekDate::new(year, week, day).ok().map(ISOWeekDate::date);
        }
        if let Some(month) = self.month {
            return date(month, self.day.unwrap_or(1));
        }
        if let Some((first, second)) = self.month_day {
            let order = if self.is_day_first == Some(true) {
                [date(second, first), date(first, second)]
            } else {
                [date(first, second), date(second, first)]
            };
            let dates = self.likely(order.into_iter().flatten().collect());
            // A number over 12 is the day; otherwise the order is unknown, but for the American clock.
            let is_certain =
                self.is_day_first.is_some() || self.is_english || dates.iter().all(|date| *date == dates[0]);
            return dates.first().copied().filter(|_| is_certain);
        }
        if self.names_month() {
            return self.named_date(year);
        }
        // A year alone is a date (W3CDTF).
        date(1, 1).filter(|_| self.day.is_none() && self.time.is_none())
    }

    /// The year of two digits. In Thai it is a Buddhist one, unless it is one of ours just as well.
    fn short_year(&self) -> Option<i16> {
        let digits = self.short_year.filter(|year| year.len() == 2)?;
        let buddhist = digits.parse::<i16>().ok().map(|year| year + 2500);
        if self.is_thai { buddhist.filter(|year| *year >= 2550) } else { full_year(digits) }
    }

    /// Of several dates those that fall on the named weekday, if there are any.
    fn likely(&self, dates: Vec<Date>) -> Vec<Date> {
        let is_named = |date: &Date| {
            let weekday = date.weekday().to_sunday_zero_offset();
            self.names.iter().any(|name| name.meaning.weekdays.iter().any(|(named, _)| *named == weekday))
        };
        let named: Vec<Date> = dates.iter().copied().filter(is_named).collect();
        if named.is_empty() { dates } else { named }
    }

    /// The date of the word that most likely names the month: `mar` is March in one language and Tuesday in another.
    fn named_date(&self, year: i16) -> Option<Date> {
        let day = self.day.unwrap_or(1);
        let readings = self.names.iter().enumerate().flat_map(|(index, name)| {
            let dates = name.meaning.months.iter().filter_map(move |(month, languages)| {
                Some((index, name, *languages, Date::new(year, *month, day).ok()?))
            });
            dates.map(|(index, name, languages, date)| {
                let (agreement, languages) = self.agreement(index, date, languages);
                // Croatian names mean the month before the Polish or Czech one; of these languages, it alone has a
                // dot behind the year.
                let month = if self.dotted_year { -date.month() } else { date.month() };
                let place = (name.follows_number, Reverse(index));
                ((agreement, self.is_expected(languages), place, month), date)
            })
        });
        readings.max_by_key(|(likelihood, _)| *likelihood).map(|(_, date)| date)
    }

    /// How well the other words go with a month: what their weekdays say, and in which of its languages.
    fn agreement(&self, month: usize, date: Date, languages: Languages) -> (WeekdayFit, Languages) {
        let weekday = date.weekday().to_sunday_zero_offset();
        let others = self.names.iter().enumerate().filter(|(index, _)| *index != month);
        let weekdays = others.flat_map(|(_, name)| &name.meaning.weekdays);
        let agreements = weekdays.map(|(named, in_languages)| {
            let common = in_languages & languages;
            match (*named == weekday, common) {
                (true, 0) => (WeekdayFit::Weekday, languages),
                (true, _) => (WeekdayFit::Both, common),
                (false, 0) => (WeekdayFit::None, languages),
                (false, _) if self.is_expected(common) != LikelyLanguage::Not => {
                    (WeekdayFit::Language, common)
                }
                (false, _) => (WeekdayFit::OtherLanguage, common),
            }
        });
        let rank =
            |(agreement, languages): &(WeekdayFit, Languages)| (*agreement, self.is_expected(*languages));
        agreements.max_by_key(rank).unwrap_or((WeekdayFit::None, languages))
    }

    fn is_expected(&self, languages: Languages) -> LikelyLanguage {
        match languages {
            _ if languages & self.language != 0 => LikelyLanguage::Document,
            _ if languages & *ENGLISH != 0 => LikelyLanguage::English,
            _ => LikelyLanguage::Not,
        }
    }
}

/// How a month goes with the weekday beside it. A later one is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum WeekdayFit {
    None,
    /// The weekday is wrong, but of the same language.
    OtherLanguage,
    /// The date falls on the weekday, but no language has both names.
    Weekday,
    /// The weekday is wrong, but both are English, or in the document's language.
    Language,
    Both,
}

/// Which of its languages a date is expected to be in. A later one is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LikelyLanguage {
    Not,
    English,
    Document,
}

fn full_year(digits: &str) -> Option<i16> {
    let year = digits.parse().ok()?;
    Some(match (digits.len(), year) {
        (2, 50..) | (3, _) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    })
}
