//! Broken XML in pieces: whatever stands there, something comes of it, and each byte is looked at
//! a bounded number of times. Pure.

use htmlize::{unescape, unescape_attribute};

use super::names::Flavour;

/// A piece of a document.
pub(super) enum Token<'a> {
    /// `<name a="b">` or `<name/>`.
    Start { name: &'a str, attributes: Vec<(&'a str, String)>, empty: bool },
    /// `</name>`
    End { name: &'a str },
    /// Text with character references in it.
    Text(&'a str),
    /// The inside of a CDATA section.
    Literal(&'a str),
}

/// The pieces, in order. Comments, instructions and doctypes are none.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Tokens<'a> {
        Tokens { text, at: 0 }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            if !begins_markup(rest) {
                let end = next_markup(rest);
                self.at += end;
                return Some(Token::Text(&rest[..end]));
            }
            if let Some(inside) = rest.strip_prefix("<![CDATA[") {
                let end = memchr::memmem::find(inside.as_bytes(), b"]]>");
                self.at += 9 + end.map_or(inside.len(), |end| end + 3);
                return Some(Token::Literal(&inside[..end.unwrap_or(inside.len())]));
            }
            if rest.starts_with("<!--") {
                self.at += after(rest, "-->");
            } else if rest.starts_with("<?") {
                self.at += after(rest, ">");
            } else if rest.starts_with("<!") {
                self.at += doctype_end(rest);
            } else {
                let (token, end) = tag(rest);
                self.at += end;
                return Some(token);
            }
        }
    }

    /// Passes over the rest of an element that was just begun, up to its own end; an end that an entry
    /// or the feed must have is not passed.
    pub(super) fn skip_element(&mut self, name: &str) {
        let mut depth = 1;
        loop {
            let before = self.at;
            match self.next() {
                Some(Token::Start { name: inner, empty: false, .. }) if inner.eq_ignore_ascii_case(name) => {
                    depth += 1
                }
                Some(Token::Start { name: inner, .. }) if is_boundary(inner) => {
                    self.at = before;
                    return;
                }
                Some(Token::End { name: inner }) if inner.eq_ignore_ascii_case(name) => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                Some(Token::End { name: inner }) if is_boundary(inner) => {
                    self.at = before;
                    return;
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// The inside of a text element that was just begun, as one text, and whether that is markup.
    pub(super) fn flatten(&mut self, name: &str, flavour: Flavour) -> (String, bool) {
        let start = self.at;
        let mut plain = String::new();
        let mut markup = false;
        let mut depth = 1;
        let mut end;
        loop {
            end = self.at;
            match self.next() {
                Some(Token::Text(text)) => plain.push_str(&unescape(text)),
                Some(Token::Literal(text)) => plain.push_str(text),
                Some(Token::Start { name: inner, .. }) if is_boundary(inner) => {
                    self.at = end;
                    break;
                }
                Some(Token::Start { name: inner, empty, .. }) => {
                    markup = true;
                    depth += usize::from(!empty && inner.eq_ignore_ascii_case(name));
                }
                Some(Token::End { name: inner }) if inner.eq_ignore_ascii_case(name) => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Some(Token::End { name: inner }) if is_boundary(inner) => {
                    self.at = end;
                    break;
                }
                Some(Token::End { .. }) => markup = true,
                None => break,
            }
        }
        let raw = &self.text[start..end.min(self.text.len())];
        // Markup that stands in the feed itself is the text, but for CDATA, which is no markup of HTML.
        let inside = raw.replace("<![CDATA[", "").replace("]]>", "");
        let html = markup
            && (flavour == Flavour::Atom
                || inside.contains("</")
                || inside.contains("/>")
                || inside.contains('<'));
        if html { (inside, true) } else { (plain, false) }
    }
}

/// What cannot stand within an entry's own elements: it begins or ends something greater.
fn is_boundary(name: &str) -> bool {
    ["item", "entry", "channel", "rss", "feed", "rdf:rdf"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn begins_markup(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes[0] == b'<'
        && match bytes.get(1) {
            Some(b'!' | b'?') => true,
            Some(b'/') => bytes.get(2).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_'),
            Some(b) => b.is_ascii_alphabetic() || *b == b'_',
            None => false,
        }
}

fn next_markup(text: &str) -> usize {
    let mut at = 1.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    while let Some(step) = memchr::memchr(b'<', &text.as_bytes()[at..]) {
        at += step;
        if begins_markup(&text[at..]) {
            return at;
        }
        at += 1;
    }
    text.len()
}

fn after(text: &str, end: &str) -> usize {
    memchr::memmem::find(text.as_bytes(), end.as_bytes()).map_or(text.len(), |at| at + end.len())
}

/// A doctype may have declarations of its own, between brackets.
fn doctype_end(text: &str) -> usize {
    let close = memchr::memchr(b'>', text.as_bytes());
    match (memchr::memchr(b'[', text.as_bytes()), close) {
        (Some(open), Some(close)) if open < close => after(text, "]>"),
        (_, Some(close)) => close + 1,
        (_, None) => text.len(),
    }
}

/// A tag and where it ends. One that never ends goes up to the next that begins.
fn tag(text: &str) -> (Token<'_>, usize) {
    let closing = text.starts_with("</");
    let start = if closing { 2 } else { 1 };
    let name_end = text[start..]
        .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '<' | '=' | '"' | '\''))
        .map_or(text.len(), |at| start + at);
    let name = &text[start..name_end];
    let end = tag_end(text, name_end);
    let inside = &text[name_end..end];
    let next = end + usize::from(text[end..].starts_with('>'));
    if closing {
        return (Token::End { name }, next);
    }
    let empty = inside.trim_end().ends_with('/');
    (Token::Start { name, attributes: attributes(inside), empty }, next)
}

/// The first `>` outside quotes; a `<` ends the tag too, and outside quotes at once.
fn tag_end(text: &str, from: usize) -> usize {
    let mut quote = None;
    let mut before = b' ';
    for (at, b) in text.bytes().enumerate().skip(from) {
        match (quote, b) {
            (None, b'>' | b'<') => return at,
            (None, b'"' | b'\'') if before == b'=' => quote = Some(b),
            (Some(open), b) if open == b => quote = None,
            // An attribute without its second quote: the tag ends where the next begins.
            (Some(_), b'<') => return text[from..].find(['>', '<']).map_or(at, |end| from + end),
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            before = b;
        }
    }
    text[from..].find(['>', '<']).map_or(text.len(), |end| from + end)
}

fn attributes(inside: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = inside;
    while found.len() < 100
        && let Some(equals) = rest.find('=')
    {
        let name = rest[..equals].split_whitespace().next_back().unwrap_or_default();
        let value = rest[equals + 1..].trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_once(char::is_whitespace).unwrap_or((value.trim_end_matches('/'), "")),
        };
        found.push((name, unescape_attribute(value).into_owned()));
        rest = after;
    }
    found
}
