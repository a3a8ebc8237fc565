//! Splits a date into numbers, words and signs, the same in all scripts. Pure.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// The digit zero of scripts with digits of their own; full-width digits are compatibility characters.
const ZEROS: [u32; 24] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1b50,
];

/// Characters behind a number that say what it counts in Chinese, Japanese and Korean, where no space follows.
const UNITS: &str = "年月日號号時时點点分秒년월일시분초";

/// Non-ASCII punctuation outside the block General Punctuation.
const PUNCTUATION: &str = "،؛٫٬。、·׳״־॰।«»°";

/// A character may decompose into as many as eighteen.
const MAX_CHARS: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Word,
    /// One punctuation character.
    Sign,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// White space precedes it, or it is the first.
    pub(super) spaced: bool,
}

impl Token<'_> {
    pub(super) fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }

    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// The text in lower case, with ASCII digits, and without accents, vowel points and invisible marks, which not every
/// site writes. The horn of Vietnamese letters stays: without it, Tuesday to Saturday begin like Thursday in English.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|b| b.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let is_mark = |c: &char| {
        matches!(c, '\u{300}'..='\u{31a}' | '\u{31c}'..='\u{36f}' | '\u{64b}'..='\u{655}' | '\u{ad}' | '\u{61c}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let lower = text.to_lowercase();
    let decomposed = lower.nfkd().take(MAX_CHARS);
    Cow::Owned(decomposed.filter(|c| !is_mark(c)).map(folded_char).nfc().collect())
}

fn folded_char(c: char) -> char {
    let digit = || ZEROS.iter().find_map(|zero| char::from_digit((c as u32).wrapping_sub(*zero), 10));
    match c {
        '\u{0}'..='\u{7f}' => c,
        'ı' => 'i',
        // Persian and Arabic keyboards write different letters.
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        _ => digit().unwrap_or(c),
    }
}

/// The tokens of a folded text, at most `limit`.
pub(super) fn tokens(text: &str, limit: usize) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let (mut rest, mut spaced) = (text, true);
    while let Some(first) = rest.chars().next().filter(|_| tokens.len() < limit) {
        let kind = kind(first);
        let is_unit = UNITS.contains(first) && tokens.last().is_some_and(|before| before.is_number());
        let end = match kind {
            _ if first.is_whitespace() || is_unit || kind == Kind::Sign => first.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || self::kind(c) != kind).unwrap_or(rest.len()),
        };
        let (text, after) = rest.split_at(end);
        if !first.is_whitespace() {
            tokens.push(Token { kind, text, spaced });
        }
        (rest, spaced) = (after, first.is_whitespace());
    }
    tokens
}

fn kind(c: char) -> Kind {
    match c {
        '0'..='9' => Kind::Number,
        '\u{0}'..='\u{7f}' if !c.is_ascii_alphabetic() => Kind::Sign,
        '\u{2010}'..='\u{206f}' => Kind::Sign,
        _ if PUNCTUATION.contains(c) => Kind::Sign,
        _ => Kind::Word,
    }
}
