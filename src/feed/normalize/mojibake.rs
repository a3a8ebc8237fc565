//! Repairs mojibake: UTF-8 that was decoded as a single-byte encoding and encoded again. Pure.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};

use crate::feed::problem::{Problem, note};
use crate::feed::raw::{RawEntry, RawFeed};

/// A text with one such round trip undone.
struct Repaired {
    text: String,
    /// The encoding that it was decoded as.
    wrong: &'static Encoding,
    /// How much speaks for it.
    evidence: usize,
}

/// With so many traces, an entry is in doubt.
const ENOUGH_TRACES: usize = 2;

/// With so many, it is told.
const MANY_TRACES: usize = 4;

/// Bytes for each question mark of a text that may have lost most of its letters, with white space.
const MAX_BYTES_FOR_EACH: usize = 32;

const ASCII_BLOCK: usize = 64;

/// Bytes that are searched at once for the beginning of a trace.
const LEAD_BLOCK: usize = 64;

/// The fewest question marks that stand for lost letters.
const MIN_LOST: usize = 6;

/// What was found in a feed.
pub(super) fn repair(feed: &mut RawFeed<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = undo(feed)
        .map(|numbers| Problem::of(numbers, "text that was encoded twice was repaired"))
        .into_iter()
        .collect();
    let mut damaged: Vec<usize> = Vec::new();
    for (number, entry) in (1..).zip(&mut feed.entries) {
        let mut found = 0;
        for_each_text(entry, |text| found += if is_lost(text) { MANY_TRACES } else { traces(text) });
        entry.uncertain |= found >= ENOUGH_TRACES;
        // One letter may be meant so.
        damaged.extend((found >= MANY_TRACES).then_some(number));
    }
    if !damaged.is_empty() {
        problems.push(Problem::of(damaged, "texts lost characters before they were sent"));
    }
    problems
}

/// How much speaks for it that a text still has characters that were encoded twice: it cannot be repaired since some of its
/// bytes were lost, or since only a part of it was.
fn traces(text: &str) -> usize {
    let (mut traces, mut run) = (0, 0);
    let (mut at, mut run_end) = (0, 0);
    while let Some(step) = next_lead(&text.as_bytes()[at..]) {
        let start = at + step;
        let mut chars = text[start..].chars();
        let lead = chars.next().unwrap_or_default();
        let rest = chars.as_str();
        at = start + lead.len_utf8();
        match lead {
            // `â€` begins a quote or a dash.
            'â' if rest.starts_with('€') => traces += 2,
            '\u{c2}'..='\u{f4}' => traces += western_trace(lead, rest),
            // Names such as `Рівне` begin so: of Cyrillic letters several must follow each other.
            'В'..='Я' if begins_cyrillic(rest) => {
                run = if start == run_end { run + 1 } else { 1 };
                if run > 2 {
                    return MANY_TRACES;
                }
                at += chars.next().map_or(0, char::len_utf8);
                run_end = at;
            }
            _ => {}
        }
    }
    traces
}

/// The first character with which a trace may begin. Whole blocks are tested at once: nearly every letter of correct text
/// in Cyrillic has one of these first bytes.
fn next_lead(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<{ LEAD_BLOCK + 3 }>() {
        let is_lead = |i: &usize| may_begin_trace([block[*i], block[i + 1], block[i + 2], block[i + 3]]);
        if (0..LEAD_BLOCK).fold(false, |found, i| found | is_lead(&i)) {
            return (0..LEAD_BLOCK).find(is_lead).map(|found| at + found);
        }
        at += LEAD_BLOCK;
    }
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    (at..bytes.len()).find(|at| may_begin_trace([byte(*at), byte(at + 1), byte(at + 2), byte(at + 3)]))
}

/// Whether these bytes are a western letter or a capital from `В` to `Я`, and then a character that is no letter from `А` to
/// `я`, nor ASCII. Without branches, so that the compiler tests many at once.
fn may_begin_trace([first, second, third, fourth]: [u8; 4]) -> bool {
    let is_western = first == 0xc3;
    let is_capital = (first == 0xd0) & (0x92..=0xaf).contains(&second);
    let is_russian = ((third == 0xd0) & (fourth >= 0x90)) | ((third == 0xd1) & (fourth < 0x90));
    (is_western | is_capital) & (third >= 0x80) & !is_russian
}

/// How much speaks for it that windows-1252 made these characters of one letter.
fn western_trace(lead: char, rest: &str) -> usize {
    // Fast path: a letter of a language that has it.
    if rest.as_bytes().first().is_none_or(u8::is_ascii) {
        return 0;
    }
    let length = match lead as u32 {
        ..=0xdf => 1,
        0xe0..=0xef => 2,
        _ => 3,
    };
    let mut bytes = vec![lead as u32 as u8];
    // Correct text has these behind a letter.
    let is_punctuation = |c: &char| c.is_ascii() || "\u{a0}»“”’‘‹›…–—".contains(*c);
    let marks = rest.chars().take(length).filter(|c| !is_punctuation(c));
    bytes.extend(
        marks.map_while(|c| encoded_byte(c, WINDOWS_1252).filter(|byte| matches!(byte, 0x80..=0xbf))),
    );
    match str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
        Some(c) if bytes.len() > length && c.is_alphabetic() => {
            if lead == 'Ã' {
                2
            } else {
                1
            }
        }
        _ => 0,
    }
}

/// Whether the next character is one that windows-1251 makes of the second byte of a letter.
fn begins_cyrillic(rest: &str) -> bool {
    let next = rest.chars().next().filter(|c| !c.is_ascii() && !matches!(c, 'А'..='я'));
    next.and_then(|c| encoded_byte(c, WINDOWS_1251)).is_some_and(|byte| matches!(byte, 0x80..=0xbf))
}

/// Whether most of a text is question marks, or several of its words have them within: an encoding without its letters was
/// between.
fn is_lost(text: &str) -> bool {
    let lost = memchr::memchr_iter(b'?', text.as_bytes()).count();
    if lost < MIN_LOST {
        return false;
    }
    let is_within = |word: &str| {
        let is_address = word.contains(['/', '=', '<', '"', '&', '.']);
        !is_address && word.split('?').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let (mut words, mut end) = (0, 0);
    for at in memchr::memchr_iter(b'?', text.as_bytes()) {
        if at >= end {
            let before = text[end..at].rsplit(char::is_whitespace).next().unwrap_or_default();
            let after = text[at..].split(char::is_whitespace).next().unwrap_or_default();
            end = at + after.len();
            words += usize::from(is_within(&text[at - before.len()..end]));
        }
    }
    // Counting is only worth it where it may be so.
    let may_be_most = lost * MAX_BYTES_FOR_EACH > text.len();
    words > 2 || (may_be_most && lost * 2 > text.chars().filter(|c| !c.is_whitespace()).count())
}

/// Undoes one such round trip in the texts of a feed.
///
/// Evidence: the bytes of a whole text in the wrong encoding are valid UTF-8 with at least two multi-byte characters, or
/// with a dash, a quote or another sign of General Punctuation (`â€™`). Correct text practically never is. Any other single
/// character is enough beside such a text; elsewhere the entry is in doubt: in an earlier document it may have been repaired.
///
/// If there were any, the entries that have them.
fn undo(feed: &mut RawFeed<'_>) -> Option<Vec<usize>> {
    let mut seen: Vec<&'static Encoding> = Vec::new();
    for_each_feed_text(feed, |text| {
        repair_text(text, &mut seen);
    });
    let (mut repaired, mut uncertain): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for (number, entry) in (1..).zip(&mut feed.entries) {
        for_each_text(entry, |text| match repair_text(text, &mut seen) {
            Repair::None => {}
            Repair::Done => note(&mut repaired, number),
            Repair::Uncertain => note(&mut uncertain, number),
        });
    }
    for_each_feed_text(feed, |text| {
        repair_text(text, &mut seen);
    });
    for number in uncertain {
        let entry = &mut feed.entries[number - 1];
        let mut is_uncertain = false;
        for_each_text(entry, |text| match repair_text(text, &mut seen) {
            Repair::None => {}
            Repair::Done => repaired.push(number),
            Repair::Uncertain => is_uncertain = true,
        });
        entry.uncertain |= is_uncertain;
    }
    repaired.sort_unstable();
    repaired.dedup();
    (!seen.is_empty()).then_some(repaired)
}

/// What became of a text.
enum Repair {
    /// It has none.
    None,
    Done,
    /// It lacks evidence, of its own or of other texts.
    Uncertain,
}

fn repair_text(text: &mut Cow<'_, str>, seen: &mut Vec<&'static Encoding>) -> Repair {
    let Some(repaired) = repaired(text) else { return Repair::None };
    if repaired.evidence > 1 && !seen.contains(&repaired.wrong) {
        seen.push(repaired.wrong);
    }
    if !seen.contains(&repaired.wrong) {
        return Repair::Uncertain;
    }
    *text = Cow::Owned(repaired.text);
    Repair::Done
}

fn for_each_feed_text<'a>(feed: &mut RawFeed<'a>, mut repair: impl FnMut(&mut Cow<'a, str>)) {
    feed.title.iter_mut().for_each(|title| repair(&mut title.text));
    feed.authors.iter_mut().filter_map(|author| author.name.as_mut()).for_each(|name| repair(&mut name.text));
}

fn for_each_text<'a>(entry: &mut RawEntry<'a>, mut repair: impl FnMut(&mut Cow<'a, str>)) {
    let texts = [&mut entry.title, &mut entry.summary, &mut entry.content];
    texts.into_iter().filter_map(|text| text.value_mut()).for_each(|text| repair(&mut text.text));
    entry.categories.iter_mut().for_each(|category| repair(&mut category.name.text));
    entry.media_texts.iter_mut().for_each(|about| repair(&mut about.text.text));
    let authors = entry.authors.iter_mut().chain(&mut entry.fallback_authors);
    authors.filter_map(|author| author.name.as_mut()).for_each(|name| repair(&mut name.text));
}

fn repaired(text: &str) -> Option<Repaired> {
    let start = ascii_start(text.as_bytes());
    if start == text.len() {
        return None;
    }
    [WINDOWS_1252, WINDOWS_1251].into_iter().find_map(|wrong| {
        let text = [&text[..start], &reencoded(&text[start..], wrong)?].concat();
        let weight = |c| if matches!(c, '\u{2000}'..='\u{203f}') { 2 } else { 1 };
        let evidence = text.chars().filter(|c| !c.is_ascii()).map(weight).sum();
        Some(Repaired { text, wrong, evidence })
    })
}

/// The number of bytes before the first one beyond ASCII. Whole blocks are tested at once.
fn ascii_start(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks(ASCII_BLOCK).take_while(|block| block.is_ascii()).count();
    let tested = bytes.len().min(blocks * ASCII_BLOCK);
    tested + bytes[tested..].iter().take_while(|byte| byte.is_ascii()).count()
}

/// The text encoded in `wrong` and decoded as UTF-8. Stops at the first byte that cannot be UTF-8.
fn reencoded(text: &str, wrong: &'static Encoding) -> Option<String> {
    let mut bytes = Vec::new();
    let mut pending = 0_usize;
    for c in text.chars() {
        let byte = encoded_byte(c, wrong)?;
        if pending == 1 && !(0x80..=0xbf).contains(&byte) && lacks_quote(&bytes) {
            bytes.push(QUOTE_END);
            pending = 0;
        }
        match (pending, byte) {
            (0, 0x00..=0x7f) => {}
            (0, 0xc2..=0xdf) => pending = 1,
            (0, 0xe0..=0xef) => pending = 2,
            (0, 0xf0..=0xf4) => pending = 3,
            (1.., 0x80..=0xbf) => pending -= 1,
            _ => return None,
        }
        bytes.push(byte);
    }
    if pending == 1 && lacks_quote(&bytes) {
        bytes.push(QUOTE_END);
        pending = 0;
    }
    String::from_utf8(bytes).ok().filter(|_| pending == 0)
}

/// The last byte of a closing quote. Windows-1252 does not have it, and some decoders drop it.
const QUOTE_END: u8 = 0x9d;

fn lacks_quote(bytes: &[u8]) -> bool {
    bytes.ends_with(&[0xe2, 0x80])
}

/// The byte of a character in a single-byte encoding. Bytes that windows-1252 leaves undefined are often kept as C1
/// control characters.
fn encoded_byte(c: char, encoding: &'static Encoding) -> Option<u8> {
    if c.is_ascii()
        || matches!(c, '\u{80}'..='\u{9f}')
        || (encoding == WINDOWS_1252 && matches!(c, '\u{a0}'..='\u{ff}'))
    {
        return Some(c as u32 as u8);
    }
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = encoding.encode(c.encode_utf8(&mut buffer));
    match (unmappable, bytes.as_ref()) {
        (false, [byte]) => Some(*byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::feed::raw::RawText;

    fn without_mojibake(text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        repair_text(&mut text, &mut Vec::new());
        text.into_owned()
    }

    #[test]
    fn doubly_encoded_text_is_repaired_and_other_text_unchanged() {
        for original in ["Россия и Армения", "Café — naïve “quotes”", "Հայաստան", "日本語"]
        {
            for wrong in [WINDOWS_1252, WINDOWS_1251] {
                let (garbled, _) = wrong.decode_without_bom_handling(original.as_bytes());
                if !garbled.contains('\u{fffd}') {
                    assert_eq!(without_mojibake(&garbled), original);
                }
            }
            assert_eq!(without_mojibake(original), original);
        }
        for correct in ["Ärger über Öl", "№ 5 «Да»", "Ã", "naïve Ã© once", "РС и ЂЋ", "", "Ã© once"]
        {
            assert_eq!(without_mojibake(correct), correct);
        }
        for (garbled, original) in
            [("Itâ€™s", "It’s"), ("And thenâ€¦", "And then…"), ("Киев вЂ“ 2", "Киев вЂ“ 2")]
        {
            assert_eq!(without_mojibake(garbled), original);
        }
        assert_eq!(without_mojibake("8 вЂ“ 9"), "8 – 9");
        assert_eq!(without_mojibake("â€œplan Bâ€ fails, â€œtwiceâ€"), "“plan B” fails, “twice”");
    }

    /// `?` for the bytes that an encoding does not have.
    fn garbled(text: &str, wrong: &'static Encoding, lost: &str) -> String {
        let byte = |byte: u8| match wrong.decode_without_bom_handling_and_without_replacement(&[byte]) {
            Some(text) if !text.contains(|c| matches!(c, '\u{80}'..='\u{9f}')) => text.into_owned(),
            _ => lost.to_owned(),
        };
        text.bytes().map(byte).collect()
    }

    #[test]
    fn text_that_cannot_be_repaired_is_in_doubt() {
        let russian = "Ереван и Москва: СМИ сообщают о переговорах";
        let armenian = "Հայաստանի վարչապետը հանդիպեց նախագահին";
        let mut damaged: Vec<String> = Vec::new();
        for lost in ["?", "\u{fffd}", ""] {
            damaged.extend(
                [russian, armenian, "日本語の文章です"].map(|text| garbled(text, WINDOWS_1252, lost)),
            );
            damaged.push(garbled(russian, WINDOWS_1251, lost));
        }
        damaged.push(garbled(russian, WINDOWS_1252, "?").replace('\u{a0}', " "));
        damaged.push("DÃ©jÃ vu".to_owned());
        damaged.push(format!("{russian} {}", garbled(russian, WINDOWS_1252, "?")));
        damaged.push(format!("{armenian} {}", garbled("Ереван", WINDOWS_1251, "?")));
        damaged.push("Itâ€?s a trap".to_owned());
        damaged.push(russian.replace(|c: char| c.is_alphabetic(), "?"));
        damaged.push("D?j? vu ? l??t?: ?esk?, ? c?t?".to_owned());
        for text in damaged {
            assert!(traces(&text) >= ENOUGH_TRACES || is_lost(&text), "{text}");
        }
        for correct in [
            russian,
            armenian,
            "« Déjà » à l’été… café « noir »",
            "Spaß“ und Fuß“, Öl…",
            "AMANHÃ”, ALEMÃ”",
            "Рівне, Січень і Рік",
            "РІК І СІЧ",
            "Σήμερα: «Όχι»",
            "10 Å³",
            "Really???",
            "日本語",
            "ÇA VA ?",
        ] {
            assert!(traces(correct) < ENOUGH_TRACES && !is_lost(correct), "{correct}");
        }
    }

    #[test]
    fn a_single_character_is_repaired_beside_others_and_in_doubt_alone() {
        let text = |text: &'static str| RawText { text: text.into(), ..RawText::default() };
        let entry = |title| RawEntry { title: Some(text(title)).into(), ..RawEntry::default() };
        let repaired = |titles: &[&'static str]| {
            let entries = titles.iter().map(|title| entry(title)).collect();
            let mut feed = RawFeed { entries, ..RawFeed::default() };
            repair(&mut feed);
            let titles = feed.entries.into_iter();
            titles
                .map(|entry| (entry.title.into_value().expect("a title").text, entry.uncertain))
                .collect::<Vec<_>>()
        };
        let accident = "La informaciÃ³n llegÃ³";
        assert_eq!(
            repaired(&["ordenÃ³ cerrar", accident, "São Paulo", "ascii"]),
            [
                ("ordenó cerrar".into(), false),
                ("La información llegó".into(), false),
                ("São Paulo".into(), false),
                ("ascii".into(), false)
            ]
        );
        assert_eq!(
            repaired(&["ordenÃ³ cerrar", "São"]),
            [("ordenÃ³ cerrar".into(), true), ("São".into(), false)]
        );
    }

    proptest! {
        #[test]
        fn traces_are_sought_where_they_may_begin(text in "[ÃâÀÿБВЯAаяѓѐ°€a ]{0,9}|[а-яВa. ]{50,90}[ÃВ][°€а]?[а-я]{0,90}") {
            let may_begin = |(at, c): &(usize, char)| {
                let next = text[at + c.len_utf8()..].chars().next();
                matches!(c, 'À'..='ÿ' | 'В'..='Я') && next.is_some_and(|c| !c.is_ascii() && !matches!(c, 'А'..='я'))
            };
            prop_assert_eq!(next_lead(text.as_bytes()), text.char_indices().find(may_begin).map(|(at, _)| at));
        }
    }
}
