//! The language of a text: by its script and, where several languages share it, by trigrams (whatlang). Pure.

use std::sync::LazyLock;

use whatlang::{Detector, Lang, Script, detect_script};

use super::{TextFor, file_part, html_to_text_start, is_common_letter};
use crate::entry::{Article, Entry};

const FILE: &str = include_str!("language.txt");

/// Maximum bytes of an entry's text from which its language is detected.
const ENTRY_BYTES: usize = 2_000;
/// Maximum characters from which the script is detected.
const SCRIPT_CHARS: usize = 200;

/// The languages that can be detected, and their tags. With fewer languages, detection from a few words is more reliable.
static LANGUAGES: LazyLock<Vec<(Lang, &str)>> = LazyLock::new(|| {
    let rows = file_part(FILE, "languages").lines().filter_map(|line| line.split_once(' '));
    rows.filter_map(|(code, tag)| Some((Lang::from_code(code)?, tag))).collect()
});

/// Languages in Cyrillic that feeds declare but that cannot be detected.
const OTHER_CYRILLIC: [&str; 10] = ["kk", "ky", "tg", "mn", "tt", "ba", "ce", "os", "ab", "av"];

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::with_allowlist(LANGUAGES.iter().map(|(lang, _)| *lang).collect()));

/// A detected language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectedLanguage {
    /// The primary subtag of BCP 47, lower case.
    pub tag: &'static str,
    /// Whether the text is long enough and different enough from the other languages.
    pub is_reliable: bool,
}

/// The language of most of a plain text; `None` if it has no letters of a script that is known.
#[must_use]
pub fn detect(plain: &str) -> Option<DetectedLanguage> {
    let found = DETECTOR.detect(plain)?;
    let (_, tag) = LANGUAGES.iter().find(|(lang, _)| *lang == found.lang())?;
    Some(DetectedLanguage { tag, is_reliable: found.is_reliable() })
}

/// The language of most of an entry's title and text.
#[must_use]
pub fn detect_in_entry(entry: &Entry) -> Option<DetectedLanguage> {
    detect(&start_of_entry(entry, ENTRY_BYTES))
}

/// An entry's title and text, up to this many bytes.
#[must_use]
pub fn start_of_entry(entry: &Entry, bytes: usize) -> String {
    let mut text = entry.title.clone().unwrap_or_default();
    for html in [&entry.summary, &entry.content].into_iter().flatten() {
        if text.len() < bytes {
            text.push(' ');
            text.push_str(&html_to_text_start(html, TextFor::Search, bytes));
        }
    }
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// The language of an article, lower case: what its page declares, unless that is English, which many declare whatever they
/// are in, and the text is reliably in another one.
#[must_use]
pub fn of_article(article: &Article) -> Option<String> {
    let plain = start_of_article(article, ENTRY_BYTES);
    let detected = detect(&plain).filter(|found| found.is_reliable).map(|found| found.tag.to_owned());
    let declared = article.language.as_deref().map(|tag| tag.trim().replace('_', "-").to_ascii_lowercase());
    let is_written = |tag: &String| {
        let script = script_at_start(&plain);
        primary_subtag(tag).is_some_and(|tag| script.is_none_or(|script| may_be_written_in(tag, script)))
    };
    match declared.filter(is_written) {
        Some(tag) if primary_subtag(&tag) != Some(*b"en") => Some(tag),
        english => {
            detected.filter(|tag| tag != "en").or(english).or_else(|| Some(detect(&plain)?.tag.to_owned()))
        }
    }
}

/// The text of an article, up to this many bytes.
#[must_use]
pub fn start_of_article(article: &Article, bytes: usize) -> String {
    let mut text = html_to_text_start(&article.html, TextFor::Search, bytes).into_owned();
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// Whether the language of a tag is written in Cyrillic.
#[must_use]
pub fn is_cyrillic(tag: &str) -> bool {
    primary_subtag(tag).is_some_and(|tag| may_be_written_in(tag, Script::Cyrillic))
}

/// Whether the language of a tag is written in Latin letters.
#[must_use]
pub fn is_latin(tag: &str) -> bool {
    primary_subtag(tag).is_some_and(|tag| may_be_written_in(tag, Script::Latin) && !is_other_cyrillic(tag))
}

/// The primary subtag of the language that a feed declares, unless the letters of the text are of another script;
/// then the language that is reliably detected.
#[must_use]
pub fn declared_or_detected(declared: Option<&str>, plain: &str) -> Option<[u8; 2]> {
    let declared = declared.and_then(primary_subtag);
    let Some(script) = script_at_start(plain) else { return declared };
    declared.filter(|tag| may_be_written_in(*tag, script)).or_else(|| {
        if script == Script::Latin && detect_by_words(plain) == Some("en") {
            return Some(*b"en");
        }
        let detected = detect(plain).filter(|detected| detected.is_reliable)?;
        detected.tag.as_bytes().try_into().ok()
    })
}

/// The script of most of the first letters.
fn script_at_start(plain: &str) -> Option<Script> {
    let end = plain.char_indices().nth(SCRIPT_CHARS).map_or(plain.len(), |(at, _)| at);
    let start = &plain[..end];
    // Fast path: no script can have more letters.
    let ascii_letters = start.bytes().filter(u8::is_ascii_alphabetic).count();
    if ascii_letters * 2 > start.len() { Some(Script::Latin) } else { detect_script(start) }
}

/// Fast path: detection by trigrams costs several times as much as everything else that stories and filters need of an
/// entry. Two frequent words of one language, and none of another's, are enough.
#[must_use]
pub fn detect_by_words(plain: &str) -> Option<&'static str> {
    let mut found = [0_u32; WORDS.len()];
    let numbers = frequent_words(plain).filter(|number| *number < WORDS.len());
    numbers.take(TELLING_WORDS).for_each(|number| found[number] += 1);
    let most = (0..WORDS.len()).max_by_key(|number| found[*number])?;
    let (tag, _) = WORDS[most];
    (found[most] >= 2 && found.iter().sum::<u32>() == found[most] && !tag.is_empty()).then_some(tag)
}

/// Whether nothing in a Latin text tells that it is in another language than English.
#[must_use]
pub fn may_be_english(plain: &str) -> bool {
    plain.chars().all(|c| c.is_ascii() || !is_letter(c))
        && frequent_words(plain).all(|number| WORDS.get(number).is_some_and(|(tag, _)| *tag == "en"))
}

/// The numbers of the lists in which the words of a text are.
fn frequent_words(plain: &str) -> impl Iterator<Item = usize> {
    let keys = plain.split(|c: char| !is_letter(c)).filter_map(word_key);
    keys.filter_map(|key| {
        let place = KEYS.binary_search_by_key(&key, |(known, _)| *known).ok()?;
        Some(KEYS[place].1)
    })
}

/// The same as [`char::is_alphabetic`], but without its slow table search for common letters.
#[must_use]
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_common_letter(c) || c.is_alphabetic() }
}

/// So many frequent words tell the language.
const TELLING_WORDS: usize = 6;

/// A word of two to seven bytes, in small letters, as a number.
fn word_key(word: &str) -> Option<u64> {
    let mut key = [0; 8];
    key.get_mut(..word.len())
        .filter(|letters| (2..=7).contains(&letters.len()))?
        .copy_from_slice(word.as_bytes());
    key.make_ascii_lowercase();
    Some(u64::from_le_bytes(key))
}

/// The keys of [`WORDS`] and of [`FOREIGN_WORDS`], sorted, each with the number of its list.
static KEYS: LazyLock<Vec<(u64, usize)>> = LazyLock::new(|| {
    let keys = |(number, words): (usize, &'static str)| {
        words.split_whitespace().filter_map(move |word| Some((word_key(word)?, number)))
    };
    let lists = WORDS.iter().map(|(_, words)| *words).chain([FOREIGN_WORDS]);
    let mut keys: Vec<_> = lists.enumerate().flat_map(keys).collect();
    keys.sort_unstable();
    keys
});

/// Frequent words of languages; the last ones are of others, that are told by trigrams.
const WORDS: [(&str, &str); 4] = [
    ("en", file_part(FILE, "words of en")),
    ("de", file_part(FILE, "words of de")),
    ("fr", file_part(FILE, "words of fr")),
    ("", file_part(FILE, "words of others")),
];

/// Short words of other languages than English that are no English words or acronyms.
const FOREIGN_WORDS: &str = file_part(FILE, "short foreign words");

fn primary_subtag(declared: &str) -> Option<[u8; 2]> {
    let letters: [u8; 2] = declared.split(['-', '_']).next()?.as_bytes().get(..2)?.try_into().ok()?;
    letters.iter().all(u8::is_ascii_alphabetic).then(|| letters.map(|letter| letter.to_ascii_lowercase()))
}

fn is_other_cyrillic(tag: [u8; 2]) -> bool {
    OTHER_CYRILLIC.iter().any(|other| other.as_bytes() == tag)
}

fn may_be_written_in(tag: [u8; 2], script: Script) -> bool {
    let known = LANGUAGES.iter().find(|(_, known)| known.as_bytes() == tag).map(|(lang, _)| lang);
    match (script, known) {
        // Serbian has two scripts.
        (Script::Latin, Some(Lang::Srp)) => true,
        // Most languages use Latin, and most of those are not detected.
        (Script::Latin, None) => true,
        (Script::Cyrillic, None) => is_other_cyrillic(tag),
        (_, Some(Lang::Jpn)) => matches!(script, Script::Mandarin | Script::Hiragana | Script::Katakana),
        (_, Some(lang)) => script.langs().contains(lang),
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_sentences_are_enough() {
        let texts = [
            (
                "en",
                "The parliament voted on the new budget after a long debate that lasted through the night.",
            ),
            ("ru", "Парламент принял новый бюджет после долгих споров, которые продолжались всю ночь."),
            ("uk", "Парламент ухвалив новий бюджет після довгих суперечок, які тривали всю ніч."),
            ("hy", "Խորհրդարանն ընդունեց նոր բյուջեն երկար քննարկումներից հետո։"),
            ("fr", "Le parlement a adopté le nouveau budget après un long débat qui a duré toute la nuit."),
            (
                "de",
                "Das Parlament hat nach einer langen Debatte in der Nacht den neuen Haushalt beschlossen.",
            ),
            ("ka", "პარლამენტმა ახალი ბიუჯეტი მიიღო."),
        ];
        for (tag, text) in texts {
            let entry = Entry { title: Some(text.to_owned()), ..Entry::default() };
            let expected = DetectedLanguage { tag, is_reliable: true };
            assert_eq!(detect_in_entry(&entry), Some(expected), "{text}");
        }
        assert_eq!(detect("2026: 42"), None);
        assert_eq!(LANGUAGES.len(), file_part(FILE, "languages").lines().count());
        assert_eq!(detect("Border").filter(|detected| detected.is_reliable), None);
    }

    #[test]
    fn letters_count_more_than_what_a_feed_declares() {
        let tag = |declared: Option<&str>, text: &str| {
            let tag = declared_or_detected(declared, text);
            String::from_utf8(tag.unwrap_or_default().to_vec()).unwrap()
        };
        assert_eq!(tag(Some("en"), "Նախագահը մեկնել է"), "hy");
        assert_eq!(tag(Some("hy"), "The president has left for the talks in the capital"), "en");
        assert_eq!(tag(Some("en-GB"), "Le Monde"), "en");
        assert_eq!(tag(None, "千葉 市川 マンション爆発"), "ja");
        assert_eq!(
            tag(None, "Парламент принял новый бюджет после долгих споров, которые продолжались всю ночь."),
            "ru"
        );
        assert_eq!(tag(Some("uk"), "Президент поїхав"), "uk");
        assert_eq!(tag(Some("sr"), "Predsednik je otputovao"), "sr");
        assert_eq!(tag(None, "Paris"), "\0\0");
        assert_eq!(tag(Some("de"), "2026: 42"), "de");
    }
}
