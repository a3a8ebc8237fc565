//! The language of an entry that does not say: script and trigrams, by whatlang. Pure.

use whatlang::{Detector, Lang};

use super::plain_text;
use crate::entry::Entry;

/// The most bytes of text that are looked at.
const ENOUGH: usize = 2_000;

/// The languages that are told apart, and their tags. Fewer of them are told apart more surely on the
/// few words of a headline.
const KNOWN: [(Lang, &str); 37] = [
    (Lang::Eng, "en"),
    (Lang::Rus, "ru"),
    (Lang::Ukr, "uk"),
    (Lang::Hye, "hy"),
    (Lang::Fra, "fr"),
    (Lang::Deu, "de"),
    (Lang::Spa, "es"),
    (Lang::Ita, "it"),
    (Lang::Por, "pt"),
    (Lang::Nld, "nl"),
    (Lang::Pol, "pl"),
    (Lang::Ces, "cs"),
    (Lang::Ron, "ro"),
    (Lang::Hun, "hu"),
    (Lang::Swe, "sv"),
    (Lang::Fin, "fi"),
    (Lang::Tur, "tr"),
    (Lang::Aze, "az"),
    (Lang::Bel, "be"),
    (Lang::Bul, "bg"),
    (Lang::Srp, "sr"),
    (Lang::Mkd, "mk"),
    (Lang::Kat, "ka"),
    (Lang::Ell, "el"),
    (Lang::Heb, "he"),
    (Lang::Ara, "ar"),
    (Lang::Pes, "fa"),
    (Lang::Urd, "ur"),
    (Lang::Hin, "hi"),
    (Lang::Ben, "bn"),
    (Lang::Tam, "ta"),
    (Lang::Tha, "th"),
    (Lang::Cmn, "zh"),
    (Lang::Jpn, "ja"),
    (Lang::Kor, "ko"),
    (Lang::Vie, "vi"),
    (Lang::Ind, "id"),
];

/// The tag of the language in which most of an entry's text is; `None` where it has no letters.
pub fn of(entry: &Entry) -> Option<&'static str> {
    told(entry).map(|(tag, _)| tag)
}

/// The same where there is text enough to be sure.
pub fn surely(entry: &Entry) -> Option<&'static str> {
    told(entry).filter(|(_, sure)| *sure).map(|(tag, _)| tag)
}

/// The tag, and whether it is sure.
fn told(entry: &Entry) -> Option<(&'static str, bool)> {
    let mut text = entry.title.clone().unwrap_or_default();
    for html in [&entry.summary, &entry.content].into_iter().flatten() {
        if text.len() < ENOUGH {
            text.push(' ');
            text.push_str(&plain_text(html));
        }
    }
    let end = (0..=ENOUGH.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let known = KNOWN.iter().map(|(lang, _)| *lang).collect();
    let found = Detector::with_allowlist(known).detect(&text[..end])?;
    let (_, tag) = KNOWN.iter().find(|(known, _)| *known == found.lang())?;
    Some((tag, found.is_reliable()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_few_sentences_is_told() {
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
            assert_eq!((of(&entry), surely(&entry)), (Some(tag), Some(tag)), "{text}");
        }
        assert_eq!(of(&Entry { title: Some("2026: 42".into()), ..Entry::default() }), None);
        assert_eq!(surely(&Entry { title: Some("Border".into()), ..Entry::default() }), None);
    }
}
