//! Text to folded words, the same for entries and for queries. Pure.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The words of a text, folded: lower case, no accents, no invisible characters. In scripts that
/// write no spaces each character is a word, so that a row of words matches as a substring.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in folded(text) {
        if is_spaceless(c) {
            finish(&mut words, &mut word);
            words.push(c.to_string());
        } else if c.is_alphanumeric() || (c == '\'' && !word.is_empty()) {
            word.push(c);
        } else {
            finish(&mut words, &mut word);
        }
    }
    finish(&mut words, &mut word);
    words
}

/// Cuts possessives and elided articles: Armenia's and l'Arménie are their nouns.
fn finish(words: &mut Vec<String>, word: &mut String) {
    let mut rest = word.trim_end_matches('\'');
    rest = rest.strip_suffix("'s").unwrap_or(rest);
    if let Some((before, after)) = rest.split_once('\'')
        && matches!(before, "l" | "d" | "qu" | "j" | "n" | "s" | "c" | "m" | "t")
        && after.chars().count() > 1
    {
        rest = after;
    }
    if !rest.is_empty() {
        words.push(rest.to_owned());
    }
    word.clear();
}

/// Compatibility forms, case, accents and look-alikes made one; what nobody sees removed.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut base = '\0';
    text.chars()
        .filter(|c| !is_invisible(*c))
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(move |c| {
            if is_mark(*c) {
                // These are letters of their own, not accented ones: й, ў, ї.
                return matches!((base, c), ('и' | 'у', '\u{306}') | ('і', '\u{308}'));
            }
            base = *c;
            true
        })
        .nfc()
        .flat_map(|c| spelled_out(c).chars().collect::<Vec<_>>())
}

/// Letters that no normalisation form takes apart.
fn spelled_out(c: char) -> Cow<'static, str> {
    Cow::Borrowed(match c {
        'ß' => "ss",
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'æ' => "ae",
        'œ' => "oe",
        'և' => "եւ",
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}' | '\u{55a}' | '`' | '\u{b4}' => "'",
        other => return Cow::Owned(other.to_string()),
    })
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Soft hyphens, zero-width and direction marks, Armenian emphasis marks: removed, not split on.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        | '\u{55b}' | '\u{55c}' | '\u{55e}')
}

/// Han, kana, Thai, Lao, Khmer, Burmese.
fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}')
        && c.is_alphanumeric()
}

/// Elements within a word; all others stand between words.
const INLINE: [&str; 16] = [
    "a", "abbr", "b", "bdi", "bdo", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup",
    "u",
];

/// The text of an HTML fragment as a reader sees it: no tags, comments, scripts or addresses,
/// character references resolved.
#[must_use]
pub fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = skip_markup(&rest[at..], &mut text);
    }
    text.push_str(rest);
    without_addresses(&htmlize::unescape(text))
}

/// What follows the markup that `html` begins with; a lone `<` is text.
fn skip_markup<'a>(html: &'a str, text: &mut String) -> &'a str {
    if let Some(comment) = html.strip_prefix("<!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    let name: String = html[1..]
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    if name.is_empty() && !html.starts_with("<!") && !html.starts_with("<?") {
        text.push('<');
        return &html[1..];
    }
    let Some(end) = tag_end(html) else {
        text.push(' ');
        return "";
    };
    let rest = &html[end..];
    if !INLINE.contains(&name.as_str()) {
        text.push(' ');
    }
    if (name == "script" || name == "style") && !html.starts_with("</") {
        let lower = rest.to_ascii_lowercase();
        return lower.find(&format!("</{name}")).map_or("", |at| &rest[at..]);
    }
    rest
}

/// Where a tag ends: the first `>` outside quotes.
fn tag_end(html: &str) -> Option<usize> {
    let mut quote = None;
    for (at, b) in html.bytes().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(open), b) if open == b => quote = None,
            _ => {}
        }
    }
    // A quote that never closes: take the first end there is.
    html.find('>').map(|at| at + 1)
}

/// An address is not text: its words are not the writer's.
fn without_addresses(text: &str) -> String {
    if !text.contains("://") && !text.contains("www.") {
        return text.to_owned();
    }
    text.split_inclusive(char::is_whitespace)
        .map(|piece| {
            let start = piece.find("://").map(|at| {
                piece[..at]
                    .rfind(|c: char| !c.is_ascii_alphanumeric())
                    .map_or(0, |before| before + piece[before..].chars().next().map_or(1, char::len_utf8))
            });
            match start.or_else(|| piece.find("www.")) {
                Some(start) => format!("{} ", &piece[..start]),
                None => piece.to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(words(a), words(b), "{a} and {b}");
    }

    #[test]
    fn spellings_of_one_word_fold_alike() {
        same("ARMÉNIE", "armenie");
        same("Ёлка", "елка");
        same("Straße", "STRASSE");
        same("և", "եւ");
        same("O\u{2019}Neill", "o'neill");
        same("Ar\u{ad}me\u{200b}nia", "armenia");
        same("ﬁnal", "final");
        same("Հայաստան՛ը", "հայաստանը");
    }

    #[test]
    fn letters_that_only_look_accented_stay() {
        assert_ne!(words("май"), words("маи"));
        assert_ne!(words("їжа"), words("іжа"));
        assert_eq!(words("МАЙ"), ["май"]);
    }

    #[test]
    fn words_end_where_a_reader_sees_them_end() {
        assert_eq!(words("Nagorno-Karabakh's war/peace #1"), ["nagorno", "karabakh", "war", "peace", "1"]);
        assert_eq!(words("l'Arménie d\u{2019}aujourd\u{2019}hui"), ["armenie", "aujourd'hui"]);
        assert_eq!(words("'quoted' dogs'"), ["quoted", "dogs"]);
        assert_eq!(words("东京 tower"), ["东", "京", "tower"]);
    }

    #[test]
    fn markup_and_addresses_are_not_text() {
        assert_eq!(words(&plain_text("<p>w<b>a</b>r</p><p>ends</p>")), ["war", "ends"]);
        assert_eq!(words(&plain_text("<a href=\"/war\" title='a > b'>x</a>")), ["x"]);
        assert_eq!(
            words(&plain_text("a<!-- war -->b <script>war</script> <style>p{}</style>c")),
            ["ab", "c"]
        );
        assert_eq!(
            words(&plain_text("see (https://war.example/x) 3 < 4 &amp; caf&eacute;")),
            ["see", "3", "4", "cafe"]
        );
        assert_eq!(words(&plain_text("<p title=\"never closed>text")), ["text"]);
    }
}
