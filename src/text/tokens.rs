//! Plain text to folded words; the same for entries, queries and stories. Pure.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::apostrophes::{elided_length, length_without_suffix};

/// The folded words of a text, in one buffer, separated by single spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    folded: String,
    tokens: Vec<TokenSpan>,
}

/// The position of one word, in bytes: in the folded buffer and in the original text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TokenSpan {
    folded: Range<u32>,
    original: Range<u32>,
}

impl Tokens {
    /// The number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// All words separated by single spaces, with one before the first and one after the last, so that one
    /// can search for whole words. Empty if there is no word.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The folded word at an index; empty past the end.
    #[must_use]
    pub fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &self.folded[usize_range(&token.folded)])
    }

    /// The bytes of the original text that the word at an index comes from; empty past the end.
    #[must_use]
    pub fn span(&self, index: usize) -> Range<usize> {
        self.tokens.get(index).map_or(0..0, |token| usize_range(&token.original))
    }

    /// How many words start before a byte of the original text.
    #[must_use]
    pub fn count_before(&self, byte: usize) -> usize {
        self.tokens.partition_point(|token| (token.original.start as usize) < byte)
    }

    /// The bytes of [`Tokens::folded`] of each word.
    pub fn folded_ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.tokens.iter().map(|token| usize_range(&token.folded))
    }

    /// The folded words in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| &self.folded[usize_range(&token.folded)])
    }
}

fn usize_range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Splits a plain text into folded words. At most 4 GB of it are read.
///
/// A word is letters and digits with apostrophes inside. Possessives, elided articles and Turkish case suffixes are
/// removed: Armenia's, l'Arménie and İstanbul'da become their nouns. In scripts without spaces each character is a
/// word, so that a phrase matches as a substring.
#[must_use]
pub fn tokens(plain: &str) -> Tokens {
    tokens_up_to(plain, usize::MAX)
}

/// The first `max` words of [`tokens`].
#[must_use]
pub fn tokens_up_to(plain: &str, max: usize) -> Tokens {
    let mut tokenizer = WordTokenizer { out: Tokens::default(), start: None, apostrophes: Vec::new() };
    // English has about one word in six bytes; other languages have fewer.
    let expected = (plain.len() / 6).min(max);
    tokenizer.out.tokens.reserve(expected);
    tokenizer.out.folded.reserve(plain.len().min(expected.saturating_mul(12)) + 2);
    let bytes = plain.as_bytes();
    let mut at = 0;
    while at < bytes.len() && at < u32::MAX as usize - 4 && tokenizer.out.tokens.len() < max {
        if tokenizer.start.is_none() {
            at += separators(&bytes[at..]);
            let end = tokenizer.common_words(plain, at, max);
            if end > at {
                at = end;
                continue;
            }
        }
        let run = CommonRun::at_start_of(&bytes[at..]);
        let end = at + run.length;
        if run.length > 0 {
            tokenizer.start_word(at);
            tokenizer.push_run(&run, &plain[at..end]);
            at = end;
        } else {
            // `at` always moves by whole characters.
            let Some(c) = plain[at..].chars().next() else { break };
            tokenizer.push_char(c, at);
            at += c.len_utf8();
        }
    }
    tokenizer.end_word(at);
    if !tokenizer.out.tokens.is_empty() {
        tokenizer.out.folded.push(' ');
    }
    tokenizer.out
}

/// Whether a word of common letters is the only one of its own [`tokens`]; of others this is not told.
#[must_use]
pub fn is_folded_word(word: &str) -> bool {
    let run = CommonRun::at_start_of(word.as_bytes());
    !word.is_empty() && run.length == word.len() && run.first.is_none() && !run.has_ascii_upper
}

/// Classes of bytes for the fast path; 0 is any other character. Bits, because a branch for each class is slower.
static BYTE_CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'0'..=b'9' => LOWER_OR_DIGIT,
            b'A'..=b'Z' => UPPER,
            b'\'' | b'`' => APOSTROPHE,
            0..0x80 => SEPARATOR,
            0xd0 | 0xd1 | 0xd5 | 0xd6 => LETTER_START,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// ASCII lower case, or a digit.
const LOWER_OR_DIGIT: u8 = 1;
/// ASCII upper case.
const UPPER: u8 = 2;
/// The first byte of most Russian, Ukrainian and Armenian letters.
const LETTER_START: u8 = 4;
/// An ASCII apostrophe, which can stand inside a word.
const APOSTROPHE: u8 = 8;
/// Any other ASCII character: it separates words.
const SEPARATOR: u8 = 16;

/// The class of the byte at an index; `None` past the end.
fn byte_class(bytes: &[u8], index: usize) -> Option<u8> {
    bytes.get(index).map(|byte| BYTE_CLASSES[usize::from(*byte)])
}

/// How many bytes at the start are no part of a word, if none has begun.
fn separators(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(class) = byte_class(bytes, at) {
        if class & (SEPARATOR | APOSTROPHE) != 0 {
            at += 1;
        } else if class == 0 && wide_separator(&bytes[at..]) > 0 {
            at += wide_separator(&bytes[at..]);
        } else {
            break;
        }
    }
    at
}

/// UTF-8 length of a common non-ASCII separator (dash, quote, no-break space), or 0.
fn wide_separator(bytes: &[u8]) -> usize {
    match bytes {
        [0xc2, 0xa0 | 0xab | 0xbb, ..] => 2,
        [0xe2, 0x80, 0x90..=0x97 | 0x9a | 0x9c..=0xa7, ..] => 3,
        _ => 0,
    }
}

/// Fast path: ASCII letters and digits and most Russian, Ukrainian and Armenian letters, of which only the first may be
/// upper case. They are folded without tables.
#[derive(Default)]
struct CommonRun {
    /// In bytes; 0 if the text starts with another character.
    length: usize,
    /// The Russian or Armenian upper case letter at its start, folded.
    first: Option<char>,
    has_ascii_upper: bool,
}

impl CommonRun {
    fn at_start_of(bytes: &[u8]) -> CommonRun {
        let first = match bytes {
            [0xd0, upper @ 0x90..=0xaf, ..] => char::from_u32(0x3a0 + u32::from(*upper)),
            // Not Վ, which can be half of a ligature.
            [0xd4, upper @ 0xb1..=0xbf, ..] => char::from_u32(0x4b0 + u32::from(*upper)),
            [0xd5, upper @ (0x80..=0x8d | 0x8f..=0x96), ..] => char::from_u32(0x4f0 + u32::from(*upper)),
            _ => None,
        };
        let mut seen = 0;
        let mut at = first.map_or(0, char::len_utf8);
        while let Some(class) = byte_class(bytes, at) {
            if class & (LOWER_OR_DIGIT | UPPER) != 0 {
                seen |= class;
                at += 1;
            } else if class == LETTER_START && is_common_lower(bytes[at], bytes.get(at + 1)) {
                at += 2;
            } else {
                break;
            }
        }
        CommonRun { length: at, first, has_ascii_upper: seen & UPPER != 0 }
    }

    /// Whether the word ends with the run.
    fn ends_word(&self, bytes: &[u8]) -> bool {
        match byte_class(bytes, self.length) {
            None | Some(SEPARATOR) => true,
            Some(0) => wide_separator(&bytes[self.length..]) > 0,
            Some(_) => false,
        }
    }
}

/// Whether two bytes are a letter from а to я, one of є, і and ї, or one from ա to ֆ but վ, which can be half of a
/// ligature.
fn is_common_lower(first: u8, second: Option<&u8>) -> bool {
    /// For each first byte by its lowest bits, a bit for each second one.
    const LETTERS: [u64; 8] = [0xffff << 48, 0x00d0_ffff, 0, 0, 0, 0xbfff_fffe << 32, 0x7f, 0];
    second.is_some_and(|second| LETTERS[usize::from(first & 7)] >> (second & 63) & 1 != 0)
}

/// Folds a whole text without splitting it: case, accents, look-alikes, invisible characters. Separators stay.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if is_invisible(c) => {}
            _ if is_apostrophe(c) => out.push('\''),
            _ => fold_char(c, &mut out),
        }
    }
    out
}

/// The words so far, and the word that is being read.
struct WordTokenizer {
    out: Tokens,
    /// Where the word starts, in the buffer and in the text.
    start: Option<(usize, usize)>,
    /// The start and end of each of its apostrophes in the text.
    apostrophes: Vec<(usize, usize)>,
}

impl WordTokenizer {
    /// Adds the words at a position that are each a whole common run, with one space between them; of Russian and Armenian
    /// ones, only the first may begin in upper case. So they are copied at once. Returns where they end.
    fn common_words(&mut self, plain: &str, at: usize, max: usize) -> usize {
        let bytes = plain.as_bytes();
        let mut words = CommonRun::default();
        // Behind the space before them.
        let folded = self.out.folded.len() + 1;
        let (mut start, mut end) = (at, at);
        while self.out.tokens.len() < max {
            let run = CommonRun::at_start_of(&bytes[start..]);
            if run.length == 0 || (run.first.is_some() && start > at) || !run.ends_word(&bytes[start..]) {
                break;
            }
            end = start + run.length;
            self.push_token(folded + start - at..folded + end - at, start..end);
            words.first = words.first.or(run.first);
            words.has_ascii_upper |= run.has_ascii_upper;
            if bytes.get(end) != Some(&b' ') {
                break;
            }
            start = end + 1;
        }
        if end > at {
            self.out.folded.push(' ');
            self.push_run(&words, &plain[at..end]);
        }
        end
    }

    #[inline]
    fn push_run(&mut self, run: &CommonRun, original: &str) {
        let before = self.out.folded.len();
        if let Some(first) = run.first {
            self.out.folded.push(first);
        }
        self.out.folded.push_str(&original[run.first.map_or(0, char::len_utf8)..]);
        if run.has_ascii_upper {
            self.out.folded[before..].make_ascii_lowercase();
        }
    }

    fn push_char(&mut self, c: char, at: usize) {
        if c.is_ascii() && c != '\'' && c != '`' {
            self.end_word(at);
        } else if is_common_letter(c) {
            self.start_word(at);
            fold_char(c, &mut self.out.folded);
        } else if is_invisible(c) {
        } else if is_apostrophe(c) {
            self.push_apostrophe(at, c.len_utf8());
        } else if is_spaceless(c) {
            self.end_word(at);
            let mut letters = String::new();
            fold_char(c, &mut letters);
            for letter in letters.chars() {
                self.start_word(at);
                self.out.folded.push(letter);
                self.end_word(at + c.len_utf8());
            }
        } else if is_alphanumeric(c) {
            self.start_word(at);
            let before = self.out.folded.len();
            fold_char(c, &mut self.out.folded);
            self.end_at_symbol(before, at, c);
        } else if is_combining_mark(c) {
            // A mark on the letter before it; fold_char keeps the few that make another letter.
            if self.start.is_some() {
                fold_char(c, &mut self.out.folded);
            }
        } else {
            self.end_word(at);
        }
    }

    /// A compatibility character such as ½ does not fold to letters alone: it separates words.
    fn end_at_symbol(&mut self, before: usize, at: usize, c: char) {
        let added = &self.out.folded[before..];
        if added.contains(|c: char| !is_alphanumeric(c)) {
            self.out.folded.truncate(before);
            self.end_word(at + c.len_utf8());
        }
    }

    fn start_word(&mut self, at: usize) {
        if self.start.is_none() {
            self.out.folded.push(' ');
            self.start = Some((self.out.folded.len(), at));
        }
    }

    fn push_apostrophe(&mut self, at: usize, length: usize) {
        if self.out.folded.ends_with('\'') {
            // Two in a row are a quotation mark.
            self.end_word(at);
        } else if self.start.is_some_and(|(start, _)| start < self.out.folded.len()) {
            self.out.folded.push('\'');
            self.apostrophes.push((at, at + length));
        }
    }

    /// Ends the word, if there is one, and removes elided articles and suffixes.
    fn end_word(&mut self, at: usize) {
        let Some((start, mut from)) = self.start.take() else { return };
        let mut to = at;
        if !self.apostrophes.is_empty() {
            let word = &self.out.folded[start..];
            let whole = word.trim_end_matches('\'');
            let cut = elided_length(whole);
            let kept = cut + length_without_suffix(&whole[cut..]);
            // The apostrophes of the folded word are in the same order as those of the text.
            let original = |before: usize| self.apostrophes.get(word[..before].matches('\'').count());
            if cut > 0 {
                from = original(cut - 1).map_or(from, |&(_, end)| end);
            }
            if kept < word.len() {
                to = original(kept).map_or(at, |&(begin, _)| begin);
            }
            self.out.folded.truncate(start + kept);
            self.out.folded.drain(start..start + cut);
            self.apostrophes.clear();
        }
        if self.out.folded.len() == start {
            // Only marks: remove the space again.
            self.out.folded.truncate(start - 1);
        } else {
            self.push_token(start..self.out.folded.len(), from..to.max(from));
        }
    }

    /// Adds a word by its places in the buffer and in the text.
    fn push_token(&mut self, folded: Range<usize>, original: Range<usize>) {
        let place = |place: Range<usize>| to_u32(place.start)..to_u32(place.end);
        self.out.tokens.push(TokenSpan { folded: place(folded), original: place(original) });
    }
}

/// `tokens` reads at most 4 GB.
fn to_u32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Appends the folded form of a character: NFKD, lower case, without marks, ligatures and look-alikes spelled out.
fn fold_char(c: char, out: &mut String) {
    match c {
        'a'..='z' | '0'..='9' | 'а'..='я' | 'ա'..='ֆ' => push_letter(c, out),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        'А'..='Я' => out.extend(char::from_u32(u32::from(c) + 0x20)),
        'Ա'..='Ֆ' => char::from_u32(u32::from(c) + 0x30).into_iter().for_each(|c| push_letter(c, out)),
        // Trade mark signs would decompose to letters.
        '\u{2122}' | '\u{2120}' => {}
        _ => decompose_compatible(c, |c| c.to_lowercase().for_each(|c| push_decomposed(c, out))),
    }
}

/// Appends a decomposed character: a letter, or a mark on the letter before it.
fn push_decomposed(c: char, out: &mut String) {
    let letter = match c {
        // й, ў and ї are letters of their own, not accented ones.
        '\u{306}' if out.ends_with('и') => Some(('и', 'й')),
        '\u{306}' if out.ends_with('у') => Some(('у', 'ў')),
        '\u{308}' if out.ends_with('і') => Some(('і', 'ї')),
        // From ŉ, whose apostrophe comes before the letter.
        '\u{2bc}' => return,
        _ if is_combining_mark(c) => return,
        _ => None,
    };
    match letter {
        Some((bare, own)) => {
            out.truncate(out.len() - bare.len_utf8());
            out.push(own);
        }
        None => push_letter(c, out),
    }
}

/// Appends a letter; spells out those that NFKD does not decompose.
fn push_letter(c: char, out: &mut String) {
    match c {
        'ß' => out.push_str("ss"),
        'ı' => out.push('i'),
        'ł' => out.push('l'),
        'ø' => out.push('o'),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'ς' => out.push('σ'),
        'և' => out.push_str("եւ"),
        // In upper case the reformed spelling writes the ligature և as ԵՎ.
        'վ' if out.ends_with('ե') => out.push('ւ'),
        _ => out.push(c),
    }
}

/// The same as [`char::is_alphanumeric`], but without its slow table search for common letters: that took a fifth of a
/// cold poll.
fn is_alphanumeric(c: char) -> bool {
    is_common_letter(c) || c.is_alphanumeric()
}

/// Whether a character is one of some common letters, which fold to letters alone.
pub(super) fn is_common_letter(c: char) -> bool {
    matches!(c, 'à'..='ö' | 'А'..='я' | 'Ա'..='Ֆ' | 'ա'..='ֆ')
}

fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2032}'
            | '\u{2bb}'
            | '\u{2bc}'
            | '\u{55a}'
            | '\u{ff07}'
    )
}

/// Soft hyphens, zero-width and direction marks, Armenian emphasis marks: removed, no separators.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{55b}' | '\u{55c}' | '\u{55e}')
}

/// Whether a character belongs to a script without spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
#[must_use]
pub fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3021}'..='\u{303a}' | '\u{3190}'..='\u{319f}' | '\u{3280}'..='\u{33ff}' | '\u{2e80}'..='\u{2fdf}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{2ffff}')
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).words().map(str::to_owned).collect()
    }

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(words(a), words(b), "{a} and {b}");
    }

    #[test]
    fn spellings_of_a_word_fold_to_the_same() {
        same("ARMÉNIE", "armenie");
        same("Ёлка", "елка");
        same("Straße", "STRASSE");
        same("STRAẞE", "strasse");
        same("և", "եւ");
        same("ԵՐԵՎԱՆ", "Երևան");
        same("Երևան", "Երեւան");
        same("O\u{2019}Neill", "o'neill");
        same("Oʻzbekiston", "O'zbekiston");
        same("Ar\u{ad}me\u{200b}nia", "armenia");
        same("ﬁnal", "final");
        same("Ｇ７", "g7");
        same("Erdoğan", "erdogan");
        same("İstanbul", "istanbul");
        same("Diyarbakır", "diyarbakir");
        same("Łódź", "lodz");
        same("Møller Æsop œuvre", "moller aesop oeuvre");
        same("Հայաստան՛ը", "հայաստանը");
        same("Ինչո՞ւ", "ինչու");
        same("Κόσμος", "κοσμοσ");
        same("\u{202b}الشرق\u{202c}", "الشرق");
    }

    #[test]
    fn the_fast_check_for_letters_agrees_with_unicode() {
        assert_eq!(('\0'..char::MAX).find(|c| is_alphanumeric(*c) != c.is_alphanumeric()), None);
    }

    #[test]
    fn letters_that_only_look_accented_are_kept() {
        assert_ne!(words("май"), words("маи"));
        assert_ne!(words("їжа"), words("іжа"));
        assert_ne!(words("ўсе"), words("усе"));
        assert_eq!(words("МАЙ"), ["май"]);
        assert_eq!(words("УКРАЇ\u{301}НА"), ["україна"]);
        same("маи\u{306}", "май");
        same("і\u{308}жа", "їжа");
    }

    #[test]
    fn text_is_split_at_word_boundaries() {
        assert_eq!(words("Nagorno-Karabakh's war/peace #1"), ["nagorno", "karabakh", "war", "peace", "1"]);
        assert_eq!(words("l'Arménie d\u{2019}aujourd\u{2019}hui"), ["armenie", "aujourd'hui"]);
        assert_eq!(words("qu'Erevan, dell'Armenia"), ["erevan", "armenia"]);
        assert_eq!(words("'quoted' dogs' О'Нил п'ять"), ["quoted", "dogs", "о'нил", "п'ять"]);
        assert_eq!(words("İstanbul'da Bakı'dan don't ma'am"), ["istanbul", "baki", "don't", "ma'am"]);
        assert_eq!(words("东京 tower"), ["东", "京", "tower"]);
        assert_eq!(words("U.S.-Iran"), ["u", "s", "iran"]);
        assert_eq!(words("snake_case a…b 1½ ½ Siri™"), ["snake", "case", "a", "b", "1", "siri"]);
        assert_eq!(words("— ' — \u{301}"), Vec::<String>::new());
    }

    #[test]
    fn spans_are_positions_in_the_original_text() {
        let text = "L\u{2019}Arménie, Moscow\u{2019}s 东京!";
        let found = tokens(text);
        let spans: Vec<&str> = (0..found.len()).map(|index| &text[found.span(index)]).collect();
        assert_eq!(spans, ["Arménie", "Moscow", "东", "京"]);
        assert_eq!(found.folded(), " armenie moscow 东 京 ");
        assert_eq!(found.folded_ranges().nth(1), Some(9..15));
        assert_eq!((found.word(9), found.span(9)), ("", 0..0));
    }

    #[test]
    fn a_limit_gives_the_first_words() {
        let text = "L\u{2019}Arménie, Moscow\u{2019}s 东京!";
        assert_eq!(tokens_up_to(text, 2).folded(), " armenie moscow ");
        assert_eq!(tokens_up_to(text, 99), tokens(text));
        assert_eq!((tokens(text).count_before(5), tokens(text).count_before(99)), (1, 4));
    }

    #[test]
    fn spans_exclude_elided_articles_and_suffixes() {
        for (text, word) in [
            ("j\u{2019}l'a\u{e9}", "a\u{e9}"),
            ("j\u{2019}l'Arm\u{e9}nie's", "Arm\u{e9}nie"),
            ("l'd'Istanbul\u{2019}da", "Istanbul"),
            ("j'l'abc'xyz", "abc'xyz"),
            ("l'Arm\u{e9}nie's's'", "Arm\u{e9}nie"),
        ] {
            assert_eq!(&text[tokens(text).span(0)], word, "{text}");
            same(text, word);
        }
    }

    #[test]
    fn the_separators_of_the_fast_path_separate_words() {
        let separators =
            ('\u{80}'..char::MAX).filter(|c| wide_separator(c.encode_utf8(&mut [0; 4]).as_bytes()) > 0);
        for c in separators {
            assert_eq!(words(&format!("a{c}b")), ["a", "b"], "{c}");
            assert_eq!(wide_separator(c.encode_utf8(&mut [0; 4]).as_bytes()), c.len_utf8());
        }
        assert_eq!(words("«слово» – “word”…"), ["слово", "word"]);
    }

    proptest! {
        // A failing case is printed and not saved to a file.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn folding_is_idempotent(text in "\\PC{0,40}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }

        #[test]
        fn the_fast_path_gives_the_same_words(text in "([A-Za-z0-9А-яЁёЄ-Їє-їԱ-Ֆա-և]{0,6}[ ,.'’«»—\\n]{0,2}){0,8}") {
            // Invisible characters force the slow path.
            let slow: String = text.chars().flat_map(|c| [c, '\u{200b}']).collect();
            prop_assert_eq!(words(&text), words(&slow));
        }

        #[test]
        fn composed_and_decomposed_text_fold_to_the_same(text in "[a-zà-ÿĀ-ňŊ-žА-яЁёЇїЎўЙй' -]{0,30}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(words(&text), words(&decomposed));
            prop_assert_eq!(words(&text), words(&text.to_uppercase()));
        }

        #[test]
        fn every_span_contains_its_word(text in "\\PC{0,40}|([a-zé]{0,5}(['’][a-zé]{1,3}){0,2}[ .-]){0,4}") {
            let found = tokens(&text);
            for index in 0..found.len() {
                let again = tokens(&text[found.span(index)]);
                prop_assert!((0..again.len()).any(|at| again.word(at) == found.word(index)));
                prop_assert!(!found.word(index).contains(' '));
            }
        }
    }
}
