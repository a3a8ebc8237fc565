//! The parts of a title: label, dateline and publisher. Pure.

use crate::text::file_part;

const FILE: &str = include_str!("headline.txt");

/// Where a title's own words are, and what stands around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TitleParts {
    /// The byte after label and dateline.
    pub(super) start: usize,
    /// The byte at which the last part after a bar or dash starts, if it can be a publisher; else the end.
    pub(super) end: usize,
    /// The label says that this is no news report: an opinion, an interview, a film.
    pub(super) has_kind_label: bool,
    /// The last part is a publisher for sure.
    pub(super) has_publisher: bool,
}

/// The parts of a title. `names` are names of its publisher, such as its host.
pub(super) fn title_parts(title: &str, names: &[&str]) -> TitleParts {
    let (label, has_kind_label) = label_end(title);
    let start = label + dateline_end(&title[label..]);
    let end = start + last_part(&title[start..]);
    let has_publisher = end < title.len() && is_publisher(&title[end..], names);
    TitleParts { start, end, has_kind_label, has_publisher }
}

/// Whether a title is that of a page that is updated all day: its text is no evidence.
pub(super) fn is_live(title: &str) -> bool {
    let lower = title.to_lowercase();
    if !has_live_marker(&lower) {
        return false;
    }
    // "Where to live" is not live: the label must be a part of its own, or in capitals.
    let is_live_label = |part: &str| {
        has_line(LIVE_LABELS, &part.to_lowercase())
            || part.split_whitespace().next() == Some("LIVE")
            || part.split_whitespace().next_back() == Some("LIVE")
    };
    LIVE_PHRASES.lines().any(|phrase| lower.contains(phrase))
        || title
            .split([':', '|', '\u{2014}', '\u{2013}'])
            .flat_map(|part| part.split(" - "))
            .any(|part| is_live_label(part.trim()))
}

/// Whether one of [`LIVE_MARKERS`] is in a text. Each live label and phrase contains one.
fn has_live_marker(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    // The first bytes of the ASCII markers and the second bytes of the others, which are rarer than the first.
    let is_candidate = |at: &usize| matches!(bytes[*at], b'l' | b'd' | b'v' | b'h' | 0xbe | 0x82 | 0xb8);
    let is_marker = |at: usize| {
        let from = if bytes[at].is_ascii() { at } else { at.saturating_sub(1) };
        LIVE_MARKERS.iter().any(|marker| bytes[from..].starts_with(marker.as_bytes()))
    };
    (0..bytes.len()).filter(is_candidate).any(is_marker)
}

/// The byte after a title's label, 0 if it has none, and whether it says that this is no report.
fn label_end(title: &str) -> (usize, bool) {
    let trimmed = title.trim_start();
    let lead = title.len() - trimmed.len();
    let close = match trimmed.chars().next() {
        Some('(') => ')',
        Some('[') => ']',
        _ => '\0',
    };
    let found = if close == '\0' {
        let ends_label = |c: char| {
            matches!(c, ':' | '|' | '\u{2014}' | '\u{2013}' | '\u{2024}' | '.' | '\u{589}' | '!' | '\u{55d}')
        };
        let mark = trimmed.char_indices().find(|(_, c)| ends_label(*c));
        let marked = mark.and_then(|(at, c)| Some((at + c.len_utf8(), label_kind(&trimmed[..at])?)));
        // Reuters numbers its updates: `UPDATE 2-Title`.
        marked.or_else(|| {
            let (label, _) = trimmed.split_once('-')?;
            Some((label.len() + 1, label_kind(label)?))
        })
    } else {
        let end = trimmed.find(close);
        end.and_then(|end| Some((end + close.len_utf8(), label_kind(&trimmed[1..end])?)))
    };
    found.map_or((0, false), |(end, is_kind)| (lead + end, is_kind))
}

/// Whether a label says that the entry is no report; `None` if it is no label.
fn label_kind(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.len() > LONGEST_LABEL {
        return None;
    }
    let text = text.to_lowercase();
    let text = text.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
    let is_kind = has_line(KIND_LABELS, text);
    (is_kind || has_line(LABELS, text)).then_some(is_kind)
}

fn has_line(lines: &str, text: &str) -> bool {
    lines.lines().any(|line| line == text)
}

/// The byte after an agency's dateline, such as `LONDON, 4 May (Agency) - ` or `КИЕВ, 4 мая — Агентство. `; else 0.
fn dateline_end(text: &str) -> usize {
    let place = text.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    if place.chars().count() < 3 || place.contains(char::is_lowercase) {
        return 0;
    }
    let start = text.char_indices().nth(80).map_or(text, |(at, _)| &text[..at]);
    let dash = [" - ", " \u{2014} ", " \u{2013} "]
        .iter()
        .filter_map(|dash| Some((start.find(dash)?, dash.len())))
        .min();
    let has_date_or_agency = |place: &str| {
        place.contains('(') || (place.contains(',') && place.contains(|c: char| c.is_numeric()))
    };
    let dash = dash.filter(|(at, _)| has_date_or_agency(&text[..*at]));
    let Some((at, length)) = dash else { return 0 };
    let after = at + length;
    // The agency, if it comes last.
    let agency = text[after..].split_once(". ").map(|(agency, _)| agency).filter(|agency| {
        agency.split_whitespace().count() <= 3
            && agency.split_whitespace().all(|word| word.chars().next().is_some_and(char::is_uppercase))
    });
    after + agency.map_or(0, |agency| agency.len() + 2)
}

/// The byte at which a short last part after a bar or dash starts, if enough comes before it; else the end. It can be a
/// publisher, a section, or what the title is about.
fn last_part(title: &str) -> usize {
    let marks = [" | ", " - ", " \u{2014} ", " \u{2013} ", "\u{a0}- ", "\u{a0}\u{2014} ", " :: ", " \u{b7} "];
    let bytes = title.as_bytes();
    let is_mark = |at: &usize| marks.iter().any(|mark| bytes[*at..].starts_with(mark.as_bytes()));
    // The first byte of a space or a no-break space.
    let at = (0..bytes.len()).rev().filter(|at| matches!(bytes[*at], b' ' | 0xc2)).find(is_mark);
    let Some(at) = at else { return title.len() };
    let last = &title[at..];
    let words = last.split_whitespace().count() - 1;
    let is_short =
        (1..=5).contains(&words) && last.chars().count() <= 44 && !last.contains(|c: char| c.is_numeric());
    let is_enough_before = title[..at].split_whitespace().count() >= 3 || title[..at].chars().count() >= 24;
    if is_short && is_enough_before { at } else { title.len() }
}

/// Whether the last part of a title is a publisher: it says so, or it is the publisher's own name.
fn is_publisher(last_part: &str, names: &[&str]) -> bool {
    let lower = last_part.to_lowercase();
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let own = letters(&lower);
    PUBLISHERS.split_whitespace().any(|known| match known.strip_prefix('=') {
        Some(whole) => lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == whole),
        None => lower.contains(known),
    }) || (own.chars().count() >= 3
        && names.iter().any(|name| {
            let name = letters(&name.to_lowercase());
            name == own || (own.chars().count() >= 5 && name.contains(&own))
        }))
}

/// One of these is part of each label and phrase below.
const LIVE_MARKERS: &[&str] =
    &["live", "direct", "vivo", "happened", "latest", "онлайн", "трансляция", "ուղիղ"];

const LIVE_LABELS: &str = file_part(FILE, "live labels");

const LIVE_PHRASES: &str = file_part(FILE, "live phrases");

/// The bytes of the longest label, with a number after it.
const LONGEST_LABEL: usize = 48;

/// Labels of news reports.
const LABELS: &str = file_part(FILE, "labels of news");

/// Labels of what is no news report.
const KIND_LABELS: &str = file_part(FILE, "labels of what is no news");

/// Parts of publishers' names, in lower case; after `=`, a whole word.
const PUBLISHERS: &str = file_part(FILE, "publishers");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_live_label_and_phrase_has_a_marker() {
        for label in LIVE_LABELS.lines().chain(LIVE_PHRASES.lines()) {
            assert!(has_live_marker(label), "{label}");
        }
    }

    #[test]
    fn label_dateline_and_publisher_are_found() {
        let bare = |title: &'static str| {
            let parts = title_parts(title, &["harbour-mail.example"]);
            assert!(parts.has_publisher || parts.end == title.len(), "{title}");
            title[parts.start..parts.end].trim()
        };
        for title in [
            "BREAKING: Ships leave the harbour",
            "(Updated) Ships leave the harbour",
            "UPDATE 2-Ships leave the harbour",
            "Ships leave the harbour | Reuters",
            "Ships leave the harbour - The Example Times",
            "Ships leave the harbour - Harbour-Mail",
            "Срочно: Ships leave the harbour — Вести",
            "ODESA, May 4 (Agency) - Ships leave the harbour",
            "ОДЕССА, 4 мая — Интерфакс. Ships leave the harbour",
        ] {
            assert_eq!(bare(title), "Ships leave the harbour", "{title}");
        }
        for title in [
            "Ships: leave the harbour", "LIVE: Ships leave", "Ships - 2", "Ships leave the harbour - part 2",
            "NATO - Ships leave",
        ] {
            assert_eq!(bare(title), title);
        }
        let of_a_place = title_parts("Ships leave the harbour - Bavaria", &["harbour-mail.example"]);
        assert!(!of_a_place.has_publisher && of_a_place.end < 33);
    }

    #[test]
    fn a_label_of_a_kind_is_no_label_of_news() {
        for label in ["Opinion", "Kommentar", "Tribune ", "Колонка", "Інтерв'ю", "Կարծիք"]
        {
            assert!(title_parts(&format!("{label}: Ships leave the harbour"), &[]).has_kind_label, "{label}");
        }
        for label in ["Breaking", "Eilmeldung", "Urgent", "Срочно", "Терміново", "Հրատապ"]
        {
            assert!(
                !title_parts(&format!("{label}: Ships leave the harbour"), &[]).has_kind_label,
                "{label}"
            );
        }
    }

    #[test]
    fn a_live_page_has_a_live_label() {
        for title in
            ["LIVE: War", "War LIVE: the day", "War live updates", "Election - live", "Онлайн: выборы"]
        {
            assert!(is_live(title), "{title}");
        }
        for title in ["People live here", "Live longer", "Where to live | Reuters", "Deliver: a plan"] {
            assert!(!is_live(title), "{title}");
        }
    }
}
