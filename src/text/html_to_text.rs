//! The text of an HTML fragment as a reader sees it. Pure.

use memchr::{memchr, memchr_iter, memmem};

/// Elements within a word; all others stand between words.
const INLINE: [&str; 16] = [
    "a", "abbr", "b", "bdi", "bdo", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup",
    "u",
];

/// No tags, attributes, comments, scripts, styles or addresses; character references resolved.
#[must_use]
pub fn plain_text(html: &str) -> String {
    let text = without_markup(html);
    let text = match memchr(b'&', text.as_bytes()) {
        Some(_) => htmlize::unescape(text.as_str()).into_owned(),
        None => text,
    };
    without_addresses(text)
}

fn without_markup(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        rest = skip_markup(&rest[at..], &mut text);
    }
    text.push_str(rest);
    text
}

/// What follows the markup that `html` begins with; a lone `<` is text.
fn skip_markup<'a>(html: &'a str, text: &mut String) -> &'a str {
    if let Some(comment) = html.strip_prefix("<!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    // Left by a publisher who wrapped twice: what is within is the text.
    if let Some(inside) = html.strip_prefix("<![CDATA[") {
        return inside;
    }
    let closing = html.starts_with("</");
    let name = &html[if closing { 2 } else { 1 }..];
    let length = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = &name[..length];
    if name.is_empty() && !html.starts_with("<!") && !html.starts_with("<?") {
        text.push('<');
        return &html[1..];
    }
    let Some(end) = tag_end(html) else {
        text.push(' ');
        return "";
    };
    let rest = &html[end..];
    if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
        text.push(' ');
    }
    let hidden = ["script", "style"].iter().any(|hidden| hidden.eq_ignore_ascii_case(name));
    if hidden && !closing { past_hidden(rest, name) } else { rest }
}

/// The text from the tag that closes a script or a style.
fn past_hidden<'a>(html: &'a str, name: &str) -> &'a str {
    memchr_iter(b'<', html.as_bytes())
        .find(|at| {
            let tag = &html.as_bytes()[at + 1..];
            tag.first() == Some(&b'/')
                && tag.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        })
        .map_or("", |at| &html[at..])
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
    memchr(b'>', html.as_bytes()).map(|at| at + 1)
}

/// An address is not text: its words are not the writer's.
fn without_addresses(text: String) -> String {
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
    kept
}

/// Where in a piece without spaces an address begins, if there is one; it ends with the piece.
fn address_start(piece: &str) -> Option<usize> {
    let after_other = |at: usize, own: fn(&char) -> bool| {
        at - piece[..at].chars().rev().take_while(own).map(char::len_utf8).sum::<usize>()
    };
    if let Some(at) = piece.find("://") {
        return Some(after_other(at, char::is_ascii_alphanumeric));
    }
    if let Some(at) = piece.find("www.") {
        return Some(at);
    }
    // Of mail; `@name` alone is how people are called, and text.
    let at = piece.find('@')?;
    let start = after_other(at, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'));
    let domain = &piece[at + 1..];
    let dotted = domain.starts_with(|c: char| c.is_ascii_alphanumeric())
        && domain.trim_end().trim_end_matches(|c: char| !c.is_alphanumeric()).contains('.');
    (start < at && dotted).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn words(html: &str) -> Vec<String> {
        tokens(&plain_text(html)).words().map(str::to_owned).collect()
    }

    #[test]
    fn markup_is_not_text() {
        assert_eq!(words("<p>w<b>a</b>r</p><p>ends</p>"), ["war", "ends"]);
        assert_eq!(words("<a href=\"/war\" title='a > b'>x</a>"), ["x"]);
        assert_eq!(words("a<!-- war -->b <script>war</SCRIPT > <STYLE>p{}</style>c"), ["ab", "c"]);
        assert_eq!(words("<script>if (a<b) war()"), Vec::<String>::new());
        assert_eq!(words("3 < 4 &amp; caf&eacute; &#1040;&#x431;"), ["3", "4", "cafe", "аб"]);
        assert_eq!(words("<p title=\"never closed>text"), ["text"]);
        assert_eq!(words("<![CDATA[<b>war</b>]]>"), ["war"]);
        assert_eq!(words("Arme&shy;nia&nbsp;now<br/>here"), ["armenia", "now", "here"]);
        assert_eq!(words("cut off <a href=\"/war"), ["cut", "off"]);
    }

    #[test]
    fn addresses_are_not_text() {
        assert_eq!(words("see (https://war.example/x) now"), ["see", "now"]);
        assert_eq!(words("at www.armenia.example, or"), ["at", "or"]);
        assert_eq!(words("write to staleness@war.example. Then"), ["write", "to", "then"]);
        assert_eq!(words("thanks @armenia!"), ["thanks", "armenia"]);
    }

    #[test]
    fn hostile_markup_costs_no_more_than_its_length() {
        for unit in ["<script>", "<a \"", "<a '>", "<!--", "<", "</", "<![CDATA[", "x@", "&"] {
            let _ = plain_text(&unit.repeat(200_000));
        }
    }
}
