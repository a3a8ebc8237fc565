//! In which language an entry is: what it says, else its script and its small words. Pure.

/// A language as two letters, or a script where it says no more; 0 is unknown.
pub(super) type Language = u16;

const fn tag(letters: [u8; 2]) -> Language {
    u16::from_be_bytes(letters)
}

/// Characters of a headline and of a text that are looked at.
const TITLE: usize = 120;
const TEXT: usize = 300;

/// The language of an entry. What the letters show counts more than what a feed says of itself.
pub(super) fn of(declared: Option<&str>, title: &str, text: &str) -> Language {
    let script = script(title.chars().take(TITLE).chain([' ']).chain(text.chars()));
    let guess = |languages| guess(&sample(title, text), languages);
    let declared = declared.and_then(primary);
    match script {
        Script::Of(language) => language,
        // A feed in two languages names one; where the letters fit, its word is taken.
        Script::Latin => declared.filter(|tag| !is_of_another_script(*tag)).unwrap_or_else(|| guess(LATIN)),
        Script::Cyrillic => {
            let known = declared.filter(|tag| CYRILLIC_TAGS.contains(&tag.to_be_bytes()));
            known.unwrap_or_else(|| guess(CYRILLIC))
        }
        Script::Unknown => declared.unwrap_or_default(),
    }
}

/// Whether two entries may be in one language: each unknown one may be in any.
pub(super) fn may_be_one(a: Language, b: Language) -> bool {
    a == b || a == 0 || b == 0
}

enum Script {
    Of(Language),
    Latin,
    Cyrillic,
    Unknown,
}

/// The beginnings of both.
fn sample(title: &str, text: &str) -> String {
    let first = |text: &str, most| text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    [&title[..first(title, TITLE)], " ", &text[..first(text, TEXT)]].concat()
}

/// The script of most letters of the beginning.
fn script(text: impl Iterator<Item = char>) -> Script {
    let (mut latin, mut cyrillic, mut han, mut kana) = (0, 0, 0, 0);
    let mut others = [
        (tag(*b"hy"), 0),
        (tag(*b"ka"), 0),
        (tag(*b"el"), 0),
        (tag(*b"he"), 0),
        (tag(*b"AR"), 0),
        (tag(*b"DE"), 0),
        (tag(*b"th"), 0),
        (tag(*b"ko"), 0),
    ];
    text.take(200).for_each(|c| {
        let other = match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => {
                latin += 1;
                return;
            }
            // What parts words.
            '\0'..='\u{bf}' => return,
            '\u{400}'..='\u{52f}' => {
                cyrillic += 1;
                return;
            }
            '\u{3040}'..='\u{30ff}' => {
                kana += 1;
                return;
            }
            '\u{3400}'..='\u{9fff}' => {
                han += 1;
                return;
            }
            '\u{530}'..='\u{58f}' => 0,
            '\u{10a0}'..='\u{10ff}' | '\u{1c90}'..='\u{1cbf}' => 1,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => 2,
            '\u{590}'..='\u{5ff}' => 3,
            '\u{600}'..='\u{6ff}' => 4,
            '\u{900}'..='\u{97f}' => 5,
            '\u{e00}'..='\u{e7f}' => 6,
            '\u{ac00}'..='\u{d7af}' => 7,
            _ => return,
        };
        others[other].1 += 1;
    });
    let (language, most) = others.into_iter().max_by_key(|(_, count)| *count).unwrap_or_default();
    // One Chinese character says as much as a few letters.
    let eastern = (han + kana) * 3;
    let all = [latin, cyrillic, eastern, most].into_iter().max().unwrap_or_default();
    if all == 0 {
        Script::Unknown
    } else if all == eastern {
        Script::Of(if kana > 0 { tag(*b"ja") } else { tag(*b"zh") })
    } else if all == most {
        Script::Of(language)
    } else if all == cyrillic {
        Script::Cyrillic
    } else {
        Script::Latin
    }
}

fn primary(declared: &str) -> Option<Language> {
    let letters: [u8; 2] = declared.split(['-', '_']).next()?.as_bytes().get(..2)?.try_into().ok()?;
    letters
        .iter()
        .all(u8::is_ascii_alphabetic)
        .then(|| tag(letters.map(|letter| letter.to_ascii_lowercase())))
}

fn is_of_another_script(language: Language) -> bool {
    ["hy", "ka", "el", "he", "ar", "fa", "hi", "th", "ko", "ja", "zh", "ru", "uk", "bg", "mk", "be"]
        .iter()
        .any(|other| other.as_bytes() == language.to_be_bytes())
}

const CYRILLIC_TAGS: &[[u8; 2]] = &[
    *b"ru", *b"uk", *b"be", *b"bg", *b"mk", *b"sr", *b"kk", *b"ky", *b"tg", *b"mn", *b"tt", *b"ba", *b"ce",
    *b"os", *b"ab", *b"av",
];

/// Small words that no text of some length does without.
const LATIN: &[([u8; 2], &[&str])] = &[
    (*b"en", &["the", "of", "and", "to", "in", "is", "for", "with", "on", "as", "at", "from", "by", "after"]),
    (*b"fr", &["le", "la", "les", "des", "du", "et", "est", "une", "dans", "pour", "sur", "au", "avec"]),
    (*b"es", &["el", "la", "los", "las", "del", "y", "una", "por", "con", "para", "en", "al", "se"]),
    (*b"de", &["der", "die", "das", "und", "ist", "nicht", "mit", "von", "den", "im", "ein", "eine", "zu"]),
    (*b"it", &["il", "di", "che", "della", "per", "una", "sono", "con", "nel", "gli", "del", "alla"]),
    (*b"pt", &["o", "os", "da", "do", "em", "uma", "para", "com", "no", "na", "que", "ao"]),
    (*b"tr", &["ve", "bir", "bu", "ile", "da", "de", "olarak", "daha", "sonra"]),
    (*b"pl", &["w", "na", "z", "i", "nie", "do", "jest", "po", "przez"]),
    (*b"nl", &["de", "het", "een", "van", "en", "niet", "op", "voor", "met", "zijn"]),
];

const CYRILLIC: &[([u8; 2], &[&str])] = &[
    (*b"ru", &["в", "и", "на", "не", "с", "что", "по", "о", "за", "из", "для", "это", "от", "после"]),
    (*b"uk", &["у", "та", "що", "в", "на", "і", "з", "не", "про", "за", "від", "до", "після", "й"]),
    (*b"bg", &["на", "и", "за", "от", "се", "да", "в", "с", "ще", "са", "е"]),
];

/// Characters of the longest small word.
const LONGEST: usize = 6;

/// The language most of whose small words are there, if it leads clearly.
fn guess(text: &str, languages: &[([u8; 2], &[&str])]) -> Language {
    let mut counts = [0; LATIN.len()];
    let counts = &mut counts[..languages.len()];
    let mut lower = String::new();
    for word in text.split(|c: char| !is_alphabetic(c)).filter(|word| !word.is_empty()).take(60) {
        // Small letters are no fewer.
        if word.chars().nth(LONGEST).is_some() {
            continue;
        }
        lower.clear();
        lower.extend(word.chars().flat_map(char::to_lowercase));
        for (count, (_, words)) in counts.iter_mut().zip(languages) {
            let begins = |small: &&&str| small.as_bytes().first() == lower.as_bytes().first();
            *count += i32::from(words.iter().filter(begins).any(|small| *small == lower));
        }
    }
    let best = counts.iter().copied().max().unwrap_or_default();
    let lead = counts.iter().filter(|count| **count * 4 > best * 3).count();
    match counts.iter().position(|count| *count == best) {
        Some(at) if best >= 3 && lead == 1 => tag(languages[at].0),
        _ => 0,
    }
}

/// As the standard library says, which would search its table for the usual letters beyond ASCII.
fn is_alphabetic(c: char) -> bool {
    matches!(c, '\u{410}'..='\u{44f}') || c.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_small_word_is_longer_than_the_longest() {
        let words = LATIN.iter().chain(CYRILLIC).flat_map(|(_, words)| *words);
        assert_eq!(words.map(|word| word.chars().count()).max(), Some(LONGEST));
        assert!(CYRILLIC.len() <= LATIN.len());
    }

    #[test]
    fn the_letters_count_more_than_the_feed() {
        let of = |declared: Option<&str>, text: &str| of(declared, text, "");
        assert_eq!(of(Some("en"), "Նախագահը մեկնել է"), tag(*b"hy"));
        assert_eq!(of(Some("hy"), "The president has left for the talks in the capital"), tag(*b"en"));
        assert_eq!(of(Some("en-GB"), "Le Monde"), tag(*b"en"));
        assert_eq!(of(None, "千葉 市川 マンション爆発"), tag(*b"ja"));
        assert_eq!(of(None, "Президент уехал на переговоры в столицу, и это не новость"), tag(*b"ru"));
        assert_eq!(of(Some("uk"), "Президент поїхав"), tag(*b"uk"));
        assert_eq!(of(None, "Paris"), 0);
        assert!(may_be_one(0, tag(*b"en")) && !may_be_one(tag(*b"ru"), tag(*b"en")));
    }
}
