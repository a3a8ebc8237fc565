//! HTML to plain text. Pure.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2, memmem};

/// What the text is for; decides what happens to the cases on which readers of HTML differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFor {
    /// A title or a name, which is rarely HTML. What is not a whole tag is text, and no element hides its text.
    Title,
    /// For people to read. Comments, scripts and styles are removed; a tag that starts a new line leaves a space.
    Reader,
    /// Filters and language detection. As for readers, but without URLs and e-mail addresses: their words are not the
    /// author's.
    Search,
    /// Stories. As for readers, but a tag without end is text: if two summaries are cut off inside a link, its address
    /// shows whether they are copies.
    Comparison,
}

/// The text of an HTML fragment, with character references resolved. Takes time linear in its length for any input.
#[must_use]
pub fn html_to_text(html: &str, purpose: TextFor) -> Cow<'_, str> {
    html_to_text_start(html, purpose, usize::MAX)
}

/// The start of [`html_to_text`]: about `max_bytes` bytes, or all if there are fewer.
#[must_use]
pub fn html_to_text_start(html: &str, purpose: TextFor, max_bytes: usize) -> Cow<'_, str> {
    let text = if memchr2(b'<', b'&', html.as_bytes()).is_none() {
        Cow::Borrowed(&html[..html.floor_char_boundary(max_bytes)])
    } else {
        Cow::Owned(without_markup(html, purpose, max_bytes))
    };
    if purpose == TextFor::Search { without_addresses(text) } else { text }
}

fn without_markup(html: &str, purpose: TextFor, max_bytes: usize) -> String {
    let mut text = String::with_capacity(html.len().min(max_bytes));
    let mut rest = html;
    let mut quotes = Quotes::Count;
    while text.len() < max_bytes && !rest.is_empty() {
        let run = memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let shown = rest[..run].floor_char_boundary(max_bytes - text.len());
        text.push_str(&htmlize::unescape(&rest[..shown]));
        rest = if run < rest.len() { skip_markup(&rest[run..], purpose, &mut quotes, &mut text) } else { "" };
    }
    text
}

/// Whether a `>` within quotes is part of its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    Count,
    /// A tag had no end outside quotes. Later ones are not searched for it, or the time would not be linear.
    Ignored,
}

/// Skips the tag, comment or hidden element at the start of `html` and returns what follows. A `<` that starts no
/// markup is text.
fn skip_markup<'a>(html: &'a str, purpose: TextFor, quotes: &mut Quotes, text: &mut String) -> &'a str {
    let is_title = purpose == TextFor::Title;
    let keeps_cut_tag = matches!(purpose, TextFor::Title | TextFor::Comparison);
    if !is_title && let Some(comment) = html.strip_prefix("<!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    // Left by publishers who wrap their text twice; the content is the text.
    if let Some(content) = html.strip_prefix("<![CDATA[") {
        return content;
    }
    let second = html.as_bytes().get(1).copied().unwrap_or_default();
    if !second.is_ascii_alphabetic() && !matches!(second, b'/' | b'!' | b'?') {
        text.push('<');
        return &html[1..];
    }
    let is_end_tag = second == b'/';
    let name = &html[if is_end_tag { 2 } else { 1 }..];
    let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
    let Some(end) = tag_end(html, quotes) else {
        // No `>` follows, so nothing that follows is a whole tag.
        text.push_str(&if keeps_cut_tag { htmlize::unescape(html) } else { " ".into() });
        return "";
    };
    let rest = &html[end..];
    let is_hidden = ["script", "style"].iter().any(|hidden| hidden.eq_ignore_ascii_case(name));
    let joins = is_inline(name) || (is_title && is_hidden);
    if !joins {
        text.push(' ');
    }
    if is_title {
        return rest;
    }
    if is_hidden && !is_end_tag { skip_to_end_tag(rest, name) } else { rest }
}

/// Elements that can stand inside a word; all others separate words.
const INLINE_ELEMENTS: [&str; 38] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blink", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "nobr", "q", "rb", "rp", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// Whether an element of this name can stand inside a word.
#[must_use]
pub fn is_inline(name: &str) -> bool {
    INLINE_ELEMENTS.iter().any(|inline| inline.eq_ignore_ascii_case(name))
}

/// What follows up to and without the end tag of a script or style; nothing if it is not closed.
fn skip_to_end_tag<'a>(html: &'a str, name: &str) -> &'a str {
    memchr_iter(b'<', html.as_bytes())
        .find(|at| {
            let tag = &html.as_bytes()[at + 1..];
            tag.first() == Some(&b'/')
                && tag.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        })
        .map_or("", |at| &html[at..])
}

/// The position after a tag's end: the first `>` outside quotes, or any `>` if there is none.
fn tag_end(html: &str, quotes: &mut Quotes) -> Option<usize> {
    let mut quote = None;
    let bytes = if *quotes == Quotes::Count { html.as_bytes() } else { &[] };
    for (at, byte) in bytes.iter().copied().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    *quotes = Quotes::Ignored;
    memchr(b'>', html.as_bytes()).map(|at| at + 1)
}

fn without_addresses(text: Cow<'_, str>) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let may_hold = memchr(b'@', bytes).is_some()
        || memmem::find(bytes, b"://").is_some()
        || memmem::find(bytes, b"www.").is_some();
    if !may_hold {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        match address_start(piece) {
            Some(start) => {
                kept.push_str(&piece[..start]);
                kept.push(' ');
            }
            None => kept.push_str(piece),
        }
    }
    Cow::Owned(kept)
}

/// Where a URL or e-mail address begins in a piece without spaces; it extends to the piece's end.
fn address_start(piece: &str) -> Option<usize> {
    let start_of_run = |at: usize, belongs: fn(&char) -> bool| {
        at - piece[..at].chars().rev().take_while(belongs).map(char::len_utf8).sum::<usize>()
    };
    if let Some(at) = piece.find("://") {
        return Some(start_of_run(at, char::is_ascii_alphanumeric));
    }
    if let Some(at) = piece.find("www.") {
        return Some(at);
    }
    // E-mail. `@name` alone is an account, and text.
    let at = piece.find('@')?;
    let start = start_of_run(at, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
    let domain = &piece[at + 1..];
    let has_dot = domain.starts_with(|c: char| c.is_ascii_alphanumeric())
        && domain.trim_end().trim_end_matches(|c: char| !c.is_alphanumeric()).contains('.');
    (start < at && has_dot).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn words(html: &str) -> Vec<String> {
        tokens(&html_to_text(html, TextFor::Search)).words().map(str::to_owned).collect()
    }

    #[test]
    fn markup_is_not_text() {
        assert_eq!(words("<p>w<b>a</b>r</p><p>ends</p>"), ["war", "ends"]);
        assert_eq!(words("<a href=\"/war\" title='a > b'>x</a>"), ["x"]);
        assert_eq!(words("a<!-- war -->b <script>war</SCRIPT > <STYLE>p{}</style>c"), ["ab", "c"]);
        assert_eq!(words("<script>if (a<b) war()"), Vec::<String>::new());
        assert_eq!(words("3 < 4 &amp; caf&eacute; &#1040;&#x431;"), ["3", "4", "cafe", "аб"]);
        assert_eq!(words("I <3 you"), ["i", "3", "you"]);
        assert_eq!(words("<p title=\"never closed>text"), ["text"]);
        assert_eq!(words("<![CDATA[<b>war</b>]]>"), ["war"]);
        assert_eq!(words("Arme&shy;nia&nbsp;now<br/>here"), ["armenia", "now", "here"]);
        assert_eq!(words("Ar<wbr>menia <cite>The Times</cite>'"), ["armenia", "the", "times"]);
        assert_eq!(words("cut off <a href=\"/war"), ["cut", "off"]);
    }

    #[test]
    fn addresses_are_not_searched() {
        assert_eq!(words("see (https://war.example/x) now"), ["see", "now"]);
        assert_eq!(words("at www.armenia.example, or"), ["at", "or"]);
        assert_eq!(words("write to staleness@war.example. Then"), ["write", "to", "then"]);
        assert_eq!(words("thanks @armenia!"), ["thanks", "armenia"]);
        let text = "<p>see https://war.example/x</p>";
        assert_eq!(html_to_text(text, TextFor::Reader), " see https://war.example/x ");
    }

    #[test]
    fn only_whole_tags_go_from_a_title() {
        let title = |html| html_to_text(html, TextFor::Title).into_owned();
        assert_eq!(title("<b>Is</b> 5 < 6 <y &amp; z"), "Is 5 < 6 <y & z");
        assert_eq!(title("H<sub>2</sub>O, x<var>n</var>, <ins>new</ins>ly"), "H2O, xn, newly");
        assert_eq!(title("Rain<br>Yerevan<p>One</p><div>Two</div><li>Three"), "Rain Yerevan One  Two  Three");
        assert_eq!(title("The <script> tag<br>explained"), "The  tag explained");
    }

    #[test]
    fn a_cut_tag_is_compared_but_not_shown_or_searched() {
        let text = "<p>Ships leave</p><a href=\"/a-story";
        assert_eq!(html_to_text(text, TextFor::Comparison), " Ships leave <a href=\"/a-story");
        for purpose in [TextFor::Reader, TextFor::Search] {
            assert_eq!(html_to_text(text, purpose), " Ships leave  ");
        }
    }

    #[test]
    fn the_start_of_a_text_has_as_many_bytes_as_asked_for() {
        let start = |html, max| html_to_text_start(html, TextFor::Reader, max).into_owned();
        assert_eq!(start("één twee", 4), "éé");
        assert_eq!(start("<b>één</b> twee <i>drie</i>", 9), "één twe");
        assert_eq!(start("<b>één</b>", 99), "één");
    }

    #[test]
    fn hostile_markup_costs_time_linear_in_its_length() {
        // Quadratic time would be minutes.
        for unit in [
            "<script>", "<a \"", "<a '>", "<a \">\"", "<a '\">\"'", "</a '>'", "<!--", "<!-->", "<", "</",
            "<![CDATA[", "x@", "&",
        ] {
            for purpose in [TextFor::Title, TextFor::Reader, TextFor::Search, TextFor::Comparison] {
                let _ = html_to_text(&unit.repeat(200_000), purpose);
            }
        }
    }
}
