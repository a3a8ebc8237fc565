//! Names with signs that are part of them: C++, .NET, AT&T, 24/7. Pure.

use crate::text::{Tokens, tokens};

/// The signs of a name such as `.NET`, `AT&T` or `C#`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs {
    pub(super) before: String,
    /// Between each word and the next; `None` for what only separates words.
    pub(super) between: Vec<Option<String>>,
    pub(super) after: String,
}

impl Signs {
    /// The signs of a text that has words, if it has any.
    pub(super) fn of(text: &str) -> Option<Signs> {
        let tokens = tokens(text);
        let last = tokens.len().checked_sub(1)?;
        let before = &text[..tokens.span(0).start];
        let after = &text[tokens.span(last).end..];
        let kept = |part: &str, known: &[char]| {
            if !part.is_empty() && part.chars().all(|c| known.contains(&c)) {
                part.to_owned()
            } else {
                String::new()
            }
        };
        let between = (0..last).map(|place| {
            let part = &text[tokens.span(place).end..tokens.span(place + 1).start];
            Some(kept(part, &['+', '#', '&', '/', '.', '@'])).filter(|part| !part.is_empty())
        });
        let signs = Signs {
            before: kept(before, &['.', '#', '@']),
            between: between.collect(),
            after: kept(after, &['+', '#']),
        };
        let has_any =
            !signs.before.is_empty() || !signs.after.is_empty() || signs.between.iter().any(Option::is_some);
        has_any.then_some(signs)
    }

    /// Those of a letter that is a word: none, or it is another name, such as C#.
    pub(super) fn none_of_letter(text: &str) -> Option<Signs> {
        (text.len() == 1 && text.starts_with(|c: char| c.is_ascii_alphabetic())).then(Signs::default)
    }
}

/// Whether the words from `first` on have these signs around and between them.
pub(super) fn has_signs(plain: &str, tokens: &Tokens, first: usize, signs: &Signs) -> bool {
    let last = first + signs.between.len();
    let before = plain.get(..tokens.span(first).start).unwrap_or_default();
    let after = plain.get(tokens.span(last).end..).unwrap_or_default();
    let is_between = |(at, wanted): (usize, &Option<String>)| {
        let between = plain.get(tokens.span(first + at).end..tokens.span(first + at + 1).start);
        // AT & T is AT&T.
        wanted.as_deref().is_none_or(|wanted| {
            between == Some(wanted) || wanted == "&" && between.map(str::trim) == Some(wanted)
        })
    };
    if *signs == Signs::default() && (before.ends_with('&') || after.starts_with(['+', '#', '&'])) {
        return false;
    }
    before.ends_with(&signs.before)
        && after.starts_with(&signs.after)
        && signs.between.iter().enumerate().all(is_between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_name_are_around_and_between_its_words() {
        let is_found = |name: &str, text: &str| {
            let signs = Signs::of(name).unwrap_or_else(|| panic!("{name} has no signs"));
            let first = tokens(name).word(0).to_owned();
            let found = tokens(text);
            let last = found.len() - signs.between.len();
            (0..last).any(|at| found.word(at) == first && has_signs(text, &found, at, &signs))
        };
        for (name, text) in [
            ("C++", "The C++ committee"),
            ("C#", "C# 14"),
            (".NET", "Why .NET"),
            ("AT&T", "AT&T\u{2019}s plan"),
            ("node.js", "Node.js is out"),
            ("24/7", "open 24/7"),
            ("#metoo", "#MeToo"),
            ("@handle", "says @handle"),
        ] {
            assert!(is_found(name, text), "{name}");
            let other = text.replace(['+', '#', '.', '&', '/', '@'], " ");
            assert!(!is_found(name, &other), "{name} in {other}");
        }
        for plain in ["armenia", "us-iran", "O'Brien", "COVID-19", "$5", "50%", "St. Petersburg", "Yes."] {
            assert_eq!(Signs::of(plain), None, "{plain}");
        }
    }
}
