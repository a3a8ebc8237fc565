//! Time zones by abbreviation or by the name of the IANA database. Pure: the database is part of the program.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use crate::text::file_part;

const FILE: &str = include_str!("zones.txt");

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// Minutes east of UTC.
    Offset(i32),
    /// A place with its daylight saving time.
    Place(TimeZone),
}

impl Zone {
    /// The zone of a word in lower case.
    pub(super) fn named(word: &str) -> Option<Zone> {
        let offset = ABBREVIATIONS.get(word).map(|minutes| Zone::Offset(*minutes));
        offset.or_else(|| Zone::place(PLACES.get(word)?))
    }

    /// The zone of a name such as `Europe/Berlin`, in any case.
    pub(super) fn place(name: &str) -> Option<Zone> {
        DATABASE.get(name).ok().map(Zone::Place)
    }

    pub(super) fn timestamp(&self, civil: DateTime) -> Option<Timestamp> {
        match self {
            Zone::Offset(minutes) => {
                let utc = Offset::UTC.to_timestamp(civil).ok()?;
                utc.checked_sub(SignedDuration::from_mins(i64::from(*minutes))).ok()
            }
            Zone::Place(zone) => zone.to_timestamp(civil).ok(),
        }
    }
}

/// The names of the lines of a part, each with what stands before the colon.
fn names(part: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = part.lines().filter_map(|line| line.split_once(": "));
    lines.flat_map(|(zone, names)| names.split(' ').map(move |name| (name, zone)))
}

/// Names that are used in summer and winter alike, as [`super::tokens::fold`] leaves them.
static PLACES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| names(file_part(FILE, "places")).collect());

/// Time zone abbreviations, in minutes east of UTC. An ambiguous one has the meaning that is more common in feeds: `ist`
/// is India's, `cst` North America's.
static ABBREVIATIONS: LazyLock<HashMap<&str, i32>> = LazyLock::new(|| {
    let rows = names(file_part(FILE, "minutes east of UTC"));
    rows.filter_map(|(name, minutes)| Some((name, minutes.parse().ok()?))).collect()
});

#[cfg(test)]
mod tests {
    use super::super::tokens::fold;
    use super::*;

    #[test]
    fn names_are_folded_and_known() {
        assert_eq!((PLACES.len(), ABBREVIATIONS.len()), (37, 76));
        for name in PLACES.keys().chain(ABBREVIATIONS.keys()) {
            assert_eq!(fold(name), *name);
        }
        assert!(PLACES.values().all(|place| Zone::place(place).is_some()));
    }
}
