//! Writes small charts of days as inline SVG, and the same numbers as a table. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

/// The days of a chart.
pub const DAYS: usize = 30;
/// The width of a day, and the height of the chart, in the units of the picture.
const DAY_WIDTH: usize = 10;
const HEIGHT: u64 = 60;
/// Seconds.
const DAY: i64 = 24 * 3600;

/// A row of numbers: its name, the class of its colour, and a number for each day.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) numbers: [u32; DAYS],
}

/// Bars for each day, the last at the right; those of several series stand on each other.
pub(super) fn bars(title: &str, all: &[Series]) -> Markup {
    let sum = |day: usize| -> u64 { all.iter().map(|series| u64::from(series.numbers[day])).sum() };
    let highest = (0..DAYS).map(sum).max().unwrap_or_default().max(1);
    let mut shapes = String::new();
    for day in 0..DAYS {
        let mut below = 0;
        for series in all {
            let number = u64::from(series.numbers[day]);
            // A day with one of many is seen too.
            let height = if number == 0 { 0 } else { (number * HEIGHT / highest).max(1) };
            if height > 0 {
                let (x, y) = (day * DAY_WIDTH + 1, HEIGHT.saturating_sub(below + height));
                // Writing to a string does not fail.
                let _ = write!(
                    shapes,
                    "<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{height}\"/>",
                    series.class,
                    DAY_WIDTH - 2
                );
            }
            below += height;
        }
    }
    html! {
        svg .chart role="img" aria-label=(title) viewBox=(format!("0 0 {} {HEIGHT}", DAYS * DAY_WIDTH)) preserveAspectRatio="none" {
            (PreEscaped(shapes))
        }
    }
}

/// The same numbers, the last day first; days without any are left out. `last` is in days since 1970.
pub(super) fn table(all: &[Series], last: i64) -> Markup {
    let days = (0..DAYS).rev().filter(|day| all.iter().any(|series| series.numbers[*day] > 0));
    html! {
        div .scroll tabindex="0" role="region" aria-label="The numbers of each day" {
            table {
                thead { tr { th scope="col" { "day" } @for series in all { th scope="col" { (series.name) } } } }
                tbody {
                    @for day in days {
                        tr {
                            th scope="row" { (date(last - (DAYS - 1 - day) as i64)) }
                            @for series in all { td { (series.numbers[day]) } }
                        }
                    }
                }
            }
        }
    }
}

fn date(day: i64) -> String {
    let time = Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or_default();
    time.strftime("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other_and_none_is_too_low_to_see() {
        let series = |class, at: &[(usize, u32)]| {
            let mut numbers = [0; DAYS];
            at.iter().for_each(|(day, number)| numbers[*day] = *number);
            Series { name: class, class, numbers }
        };
        let all = [series("a", &[(0, 600), (29, 1)]), series("b", &[(0, 300)])];
        let svg = bars("Entries & <days>", &all).into_string();
        assert!(svg.contains("aria-label=\"Entries &amp; &lt;days&gt;\""), "{svg}");
        for rect in [
            r#"<rect class="a" x="1" y="20" width="8" height="40"/>"#,
            r#"<rect class="b" x="1" y="0" width="8" height="20"/>"#,
            r#"<rect class="a" x="291" y="59" width="8" height="1"/>"#,
        ] {
            assert!(svg.contains(rect), "{rect} in {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 3);
        let table = table(&all, 29).into_string();
        assert!(table.contains("30 Jan 1970") && table.contains(">1 Jan 1970<"), "{table}");
        assert_eq!(table.matches("<tr>").count(), 3);
    }
}
