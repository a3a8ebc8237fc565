//! How a word is written in an entry: with a capital, in capitals, before a hyphen. Pure.

use std::ops::Range;

use super::words::Written;

/// Whether the text at `span` is written so. `sure` is whether the text is certainly in the form's language.
pub(super) fn is_written(plain: &str, span: &Range<usize>, written: Written, sure: bool) -> bool {
    let word = plain.get(span.clone()).unwrap_or_default();
    match written {
        Written::Anyhow => true,
        Written::Name => sure || has_capital(word),
        Written::Capital => has_capital(word),
        Written::Capitals => is_in_capitals(word) && (word.len() > 2 || !is_shouted(plain)),
        Written::InProse => has_any_capital(plain),
        Written::Small => !has_capital(word) && has_any_capital(plain),
        Written::InnerCapital => word.contains("Innen"),
        Written::Stops => has_stops(&plain[span.start..]),
        Written::FirstHalf => is_before_hyphen(plain, span.end),
    }
}

/// Whether a word starts with a capital.
pub(super) fn has_capital(word: &str) -> bool {
    word.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase)
}

/// Whether a word starts with two capitals: an acronym may have an ending, as in AIs and МИДа.
pub(super) fn is_in_capitals(word: &str) -> bool {
    word.chars().take(2).filter(|c| c.is_uppercase()).count() == 2
}

/// Whether several words are all in capitals: then `US` may be us.
fn is_shouted(plain: &str) -> bool {
    !plain.chars().any(char::is_lowercase) && plain.split_whitespace().nth(1).is_some()
}

/// Whether a text starts with capitals that have stops after them and nothing between: U.A.E.
fn has_stops(text: &str) -> bool {
    let mut chars = text.chars();
    let mut next_is = |is: fn(char) -> bool| chars.next().is_some_and(is);
    next_is(char::is_uppercase) && next_is(|c| c == '.') && next_is(char::is_uppercase)
}

fn has_any_capital(plain: &str) -> bool {
    plain.chars().any(char::is_uppercase)
}

fn is_before_hyphen(plain: &str, end: usize) -> bool {
    let mut after = plain.get(end..).unwrap_or_default().chars();
    matches!(after.next(), Some('-' | '\u{2010}' | '\u{2011}' | '\u{2013}'))
        && after.next().is_some_and(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, word: &str, written: Written, expected: bool) {
        let start = text.find(word).unwrap();
        assert_eq!(is_written(text, &(start..start + word.len()), written, false), expected, "{text}");
    }

    #[test]
    fn capitals_tell_names_and_acronyms_from_words() {
        check("In Turkey", "Turkey", Written::Capital, true);
        check("TURKEY VOTES", "TURKEY", Written::Capital, true);
        check("A turkey", "turkey", Written::Name, false);
        check("US troops", "US", Written::Capitals, true);
        check("The AIs", "AIs", Written::Capitals, true);
        check("Ask Us", "Us", Written::Capitals, false);
        check("TELL US MORE", "US", Written::Capitals, false);
        check("NASA RETURNS", "NASA", Written::Capitals, true);
        check("Ереванский суд", "суд", Written::InProse, true);
        check("ереванский суд", "суд", Written::InProse, false);
        check("Антон Чехов", "Чехов", Written::Small, false);
        check("Сборная чехов", "чехов", Written::Small, true);
        check("антон чехов", "чехов", Written::Small, false);
        check("The F.B.I. raids", "F", Written::Stops, true);
        check("Plan A. I think", "A", Written::Stops, false);
        check("a.i.", "a", Written::Stops, false);
        check("Die ArbeiterInnen", "ArbeiterInnen", Written::InnerCapital, true);
        check("Армяно-российский", "Армяно", Written::FirstHalf, true);
        check("Индо - кино", "Индо", Written::FirstHalf, false);
        check("Евро-2024", "Евро", Written::FirstHalf, false);
    }
}
