//! The solar calendar of Iran and Afghanistan. Pure.

use std::ops::Range;

use calendrical_calculations::persian::{fast_persian_from_fixed, fixed_from_fast_persian};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

/// Years that are of this calendar where its month is named.
const YEARS: Range<i16> = 1300..1500;

/// Years that are of this calendar in numbers alone. Others may as well be of the lunar calendar.
const YEARS_IN_NUMBERS: Range<i16> = 1370..1411;

/// Names of the months, from the first, as [`super::tokens::fold`] leaves them: in Persian, Dari, Pashto and English.
const MONTHS: &str = include_str!("persian.txt");

/// The month of a folded name.
pub(super) fn month(name: &str) -> Option<i8> {
    let index = MONTHS.lines().position(|names| names.split(' ').any(|known| known == name))?;
    i8::try_from(index + 1).ok()
}

/// Whether years of this calendar are written so; then they are none of ours.
pub(super) fn is_year(year: i16) -> bool {
    YEARS.contains(&year)
}

/// The day in our calendar. `named` is the month by its name, `number` by its number.
pub(super) fn to_gregorian(year: i16, named: Option<i8>, number: Option<i8>, day: i8) -> Option<Date> {
    let month = named.or_else(|| number.filter(|_| YEARS_IN_NUMBERS.contains(&year)))?;
    let (year, month, day) = (i32::from(year), u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let fixed = fixed_from_fast_persian(year, month, day);
    let exists = fast_persian_from_fixed(fixed).is_ok_and(|date| date == (year, month, day));
    // The first day of year 1 is number 1.
    let days = fixed.to_i64_date() - 1;
    exists.then(|| date(1, 1, 1).checked_add(days.days()).ok())?
}

#[cfg(test)]
mod tests {
    use super::super::tokens::fold;
    use super::*;

    #[test]
    fn names_are_folded() {
        assert!(MONTHS.split_whitespace().all(|name| fold(name) == name));
    }

    #[test]
    fn days_follow_each_other() {
        let mut expected = date(1921, 3, 21);
        for year in YEARS {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(found) = to_gregorian(year, Some(month), None, day) {
                        assert_eq!(found, expected, "{year}-{month}-{day}");
                        expected = expected.tomorrow().expect("a day");
                    } else {
                        assert!(day == 31 && month > 6 || day == 30 && month == 12, "{year}-{month}-{day}");
                    }
                }
            }
        }
        assert_eq!(expected, date(2121, 3, 21));
    }
}
