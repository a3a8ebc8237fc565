//! Names of months, time zones and halves of the day in dates. Pure.

/// Prefixes of month names, in lower case, of the languages that feeds use in dates. Where Polish and Croatian
/// contradict each other, Polish is listed.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "янв", "січ", "sty", "oca", "ιαν", "հունվ", "იან"],
    &["feb", "fév", "fev", "féb", "фев", "лют", "lut", "şub", "φεβ", "փետ", "თებ"],
    &["mar", "mär", "már", "мар", "бер", "μαρ", "μάρ", "մար", "მარ"],
    &["apr", "avr", "abr", "ápr", "апр", "кві", "kwi", "nis", "απρ", "ապր", "აპრ"],
    &["may", "mai", "mag", "maj", "máj", "май", "мая", "мае", "тра", "μαϊ", "μαι", "μάι", "մայ", "მაი"],
    &["jun", "juin", "giu", "jún", "июн", "чер", "cze", "haz", "ιουν", "ιούν", "հունիս", "ივნ"],
    &["jul", "juil", "lug", "júl", "июл", "лип", "lip", "tem", "ιουλ", "ιούλ", "հուլ", "ივლ"],
    &["aug", "ago", "aoû", "aou", "авг", "сер", "sie", "ağu", "αυγ", "αύγ", "օգո", "აგვ"],
    &["sep", "set", "szept", "сен", "вер", "wrz", "eyl", "σεπ", "սեպ", "სექ"],
    &["oct", "okt", "ott", "out", "окт", "жов", "paź", "eki", "οκτ", "հոկ", "ოქტ"],
    &["nov", "ноя", "лис", "lis", "kas", "νοε", "νοέ", "նոյ", "ნოე"],
    &["dec", "dez", "dic", "déc", "дек", "гру", "gru", "ara", "δεκ", "դեկ", "დეკ"],
];

/// Time zone abbreviations, in minutes east of UTC. An ambiguous one has the meaning that is more common in feeds: `ist`
/// is India's, `cst` North America's.
const ZONES: [(&str, i32); 68] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("bst", 60),
    ("west", 60),
    ("cet", 60),
    ("met", 60),
    ("wat", 60),
    ("cest", 120),
    ("mest", 120),
    ("eet", 120),
    ("cat", 120),
    ("sast", 120),
    ("eest", 180),
    ("msk", 180),
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

/// The month, from 1, of a word in lower case.
pub(super) fn month(word: &str) -> Option<i8> {
    let matches = |prefixes: &&[&str]| prefixes.iter().any(|prefix| word.starts_with(prefix));
    (1..).zip(&MONTHS).find(|(_, prefixes)| matches(prefixes)).map(|(number, _)| number)
}

/// Minutes east of UTC.
pub(super) fn zone_minutes(word: &str) -> Option<i32> {
    ZONES.iter().find(|(name, _)| *name == word).map(|(_, minutes)| *minutes)
}

/// Whether a word means am (false) or pm (true).
pub(super) fn is_pm(word: &str) -> Option<bool> {
    match word {
        "am" | "a.m." | "오전" | "上午" | "午前" => Some(false),
        "pm" | "p.m." | "오후" | "下午" | "午後" => Some(true),
        _ => None,
    }
}
