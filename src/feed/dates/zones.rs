//! Time zones by abbreviation or by the name of the IANA database. Pure: the database is part of the program.

use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

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
        if let Some((_, minutes)) = ABBREVIATIONS.iter().find(|(name, _)| *name == word) {
            return Some(Zone::Offset(*minutes));
        }
        PLACES.iter().find(|(names, _)| names.contains(&word)).and_then(|(_, place)| Zone::place(place))
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

/// Names that are used in summer and winter alike, as [`super::tokens::fold`] leaves them.
const PLACES: [(&[&str], &str); 12] = [
    (&["et", "eastern"], "America/New_York"),
    (&["ct", "central"], "America/Chicago"),
    (&["mt", "mountain"], "America/Denver"),
    (&["pt", "pacific"], "America/Los_Angeles"),
    (&["akt", "alaska"], "America/Anchorage"),
    (&["atlantic"], "America/Halifax"),
    (
        &["moscow", "московское", "московскому", "москва", "москвы", "moscou", "moskau", "موسکو"],
        "Europe/Moscow",
    ),
    (&["yerevan", "ереванскому", "ереван", "еревана", "երեւանի", "یریفان"], "Asia/Yerevan"),
    (&["киев", "киеву", "киевскому", "києвом", "киів", "kyiv", "kiev", "کییف"], "Europe/Kyiv"),
    (&["القاهرة"], "Africa/Cairo"),
    (&["مکة", "الریاض"], "Asia/Riyadh"),
    (&["بیروت"], "Asia/Beirut"),
];

/// Time zone abbreviations, in minutes east of UTC. An ambiguous one has the meaning that is more common in feeds: `ist`
/// is India's, `cst` North America's.
const ABBREVIATIONS: [(&str, i32); 76] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("greenwich", 0),
    ("غرینتش", 0),
    ("gmt", 0),
    ("wet", 0),
    ("bst", 60),
    ("west", 60),
    ("cet", 60),
    ("met", 60),
    ("wat", 60),
    ("cest", 120),
    ("mest", 120),
    ("mez", 60),
    ("sec", 60),
    ("selc", 120),
    ("eet", 120),
    ("mesz", 120),
    ("cat", 120),
    ("sast", 120),
    ("eest", 180),
    ("msk", 180),
    ("мск", 180),
    ("oez", 120),
    ("trt", 180),
    ("eat", 180),
    ("idt", 180),
    ("irst", 210),
    ("msd", 240),
    ("amt", 240),
    ("azt", 240),
    ("get", 240),
    ("samt", 240),
    ("gst", 240),
    ("pkt", 300),
    ("yekt", 300),
    ("uzt", 300),
    ("ist", 330),
    ("omst", 360),
    ("novt", 420),
    ("krat", 420),
    ("ict", 420),
    ("wib", 420),
    ("irkt", 480),
    ("hkt", 480),
    ("sgt", 480),
    ("awst", 480),
    ("jst", 540),
    ("kst", 540),
    ("yakt", 540),
    ("vlat", 600),
    ("aest", 600),
    ("aedt", 660),
    ("magt", 660),
    ("nzst", 720),
    ("pett", 720),
    ("nzdt", 780),
    ("brt", -180),
    ("art", -180),
    ("adt", -180),
    ("clst", -180),
    ("nst", -210),
    ("ast", -240),
    ("clt", -240),
    ("edt", -240),
    ("est", -300),
    ("cdt", -300),
    ("cst", -360),
    ("mdt", -360),
    ("mst", -420),
    ("pdt", -420),
    ("pst", -480),
    ("akdt", -480),
    ("akst", -540),
    ("hst", -600),
];

#[cfg(test)]
mod tests {
    use super::super::tokens::fold;
    use super::*;

    #[test]
    fn names_are_folded_and_known() {
        let places = PLACES.iter().flat_map(|(names, _)| *names);
        for name in places.chain(ABBREVIATIONS.iter().map(|(name, _)| name)) {
            assert_eq!(fold(name), *name);
        }
        assert!(PLACES.iter().all(|(_, place)| Zone::place(place).is_some()));
    }
}
