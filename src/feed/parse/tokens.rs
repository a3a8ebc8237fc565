//! Broken XML in pieces: whatever stands there, something comes of it, and each byte is looked at
//! a bounded number of times. Pure.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// A piece of a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token<'a> {
    /// `<name a="b">` or `<name/>`; `inside` is what stands between name and end.
    Start { name: &'a str, inside: &'a str, empty: bool },
    /// `</name>`
    End { name: &'a str },
    /// Text with character references in it.
    Text(&'a str),
    /// The inside of a CDATA section.
    Literal(&'a str),
}

/// The inside of a text element.
#[derive(Debug, Default)]
pub(super) struct Flat<'a> {
    pub(super) text: Cow<'a, str>,
    /// Elements stood in it: the text is their markup, as it stood there.
    pub(super) markup: bool,
}

/// The pieces, in order. Comments, instructions and doctypes are none.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// The name of the feed's root, once it is known.
    root: &'a str,
    /// Bytes that were looked at in vain for the end of an element. It is looked for again only up to a
    /// multiple of the document's length, so that the whole stays linear.
    vain: usize,
    /// No section, comment or doctype with declarations that begins from here on has an end.
    no_cdata_end: bool,
    no_comment_end: bool,
    no_doctype_end: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Tokens<'a> {
        Tokens {
            text,
            at: 0,
            root: "",
            vain: 0,
            no_cdata_end: false,
            no_comment_end: false,
            no_doctype_end: false,
        }
    }

    /// Tells the name of the root, which no element of an entry passes over.
    pub(super) fn within(&mut self, root: &'a str) {
        self.root = root;
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            let bytes = rest.as_bytes();
            if bytes.is_empty() {
                return None;
            }
            if !begins_markup(bytes) {
                let end = next_markup(bytes);
                self.at += end;
                return Some(Token::Text(&rest[..end]));
            }
            match bytes[1] {
                b'!' if rest.starts_with("<![CDATA[") => match self.cdata_end(rest) {
                    Some(end) => {
                        self.at += end + 3;
                        return Some(Token::Literal(&rest[9..end]));
                    }
                    // What it would have protected is read as if it were not there.
                    None => self.at += 9,
                },
                b'!' if rest.starts_with("<!--") => self.at += self.comment_end(rest),
                b'!' => self.at += self.doctype_end(bytes),
                b'?' => self.at += memchr(b'>', bytes).map_or(bytes.len(), |end| end + 1),
                _ => {
                    let (token, end) = tag(rest);
                    self.at += end;
                    return Some(token);
                }
            }
        }
    }

    /// Whether an element begins here, white space apart, and its name.
    pub(super) fn peek_element(&self) -> Option<&'a str> {
        let rest = self.text[self.at..].trim_start();
        let begins = rest.starts_with('<') && rest.as_bytes().get(1).is_some_and(|b| is_name_start(*b));
        begins.then(|| name_of(&rest[1..]))
    }

    /// Passes over the rest of an element that was just begun, up to its own end. Where it has none
    /// before the end of the entry, only its tag is passed over.
    pub(super) fn skip_element(&mut self, name: &str) {
        let start = self.at;
        if self.find_end(name).is_none() {
            self.look_again_from(start);
        }
    }

    /// The inside of a text element that was just begun, as one text. Where it has no end before that of
    /// the entry, the text ends where the next tag begins.
    pub(super) fn flatten(&mut self, name: &str) -> Flat<'a> {
        if let Some(text) = self.simple(name) {
            return Flat { text, markup: false };
        }
        let start = self.at;
        match self.find_end(name) {
            Some((end, markup)) => flat(&self.text[start..end], markup),
            None => {
                let vain = self.at;
                self.look_again_from(start);
                if self.at != start {
                    return flat(&self.text[start..vain], true);
                }
                let mut end = start;
                while let Some(Token::Text(_) | Token::Literal(_)) = self.next() {
                    end = self.at;
                }
                self.at = end;
                flat(&self.text[start..end], false)
            }
        }
    }

    /// The usual case, without a look at each token: text alone, or one CDATA section alone.
    fn simple(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let rest = &self.text[self.at..];
        let open = memchr(b'<', rest.as_bytes())?;
        let after = &rest[open..];
        if is_end_of(after, name) {
            let (_, length) = tag(after);
            self.at += open + length;
            return Some(unescape(&rest[..open]));
        }
        if !after.starts_with("<![CDATA[") || !is_blank(&rest[..open]) {
            return None;
        }
        let end = self.cdata_end(after)?;
        let behind = after[end + 3..].trim_start();
        if !is_end_of(behind, name) {
            return None;
        }
        let (_, length) = tag(behind);
        self.at = self.text.len() - behind.len() + length;
        Some(Cow::Borrowed(&after[9..end]))
    }

    /// Goes behind the end of an element that was just begun: where its inside ended, and whether tags
    /// stood in it. `None`, before what ended it, where something greater begins or ends first.
    fn find_end(&mut self, name: &str) -> Option<(usize, bool)> {
        let (mut depth, mut markup) = (1_usize, false);
        loop {
            let before = self.at;
            match self.next()? {
                Token::Start { name: inner, .. } | Token::End { name: inner } if self.is_boundary(inner) => {
                    self.at = before;
                    return None;
                }
                Token::Start { name: inner, empty, .. } => {
                    markup = true;
                    depth += usize::from(!empty && inner.eq_ignore_ascii_case(name));
                }
                Token::End { name: inner } if inner.eq_ignore_ascii_case(name) => {
                    depth -= 1;
                    if depth == 0 {
                        return Some((before, markup));
                    }
                }
                Token::End { .. } => markup = true,
                Token::Text(_) | Token::Literal(_) => {}
            }
        }
    }

    /// What cannot stand within an entry's own elements: it begins or ends something greater.
    fn is_boundary(&self, name: &str) -> bool {
        (matches!(name.len(), 4 | 5 | 7)
            && ["item", "entry", "channel"].iter().any(|known| name.eq_ignore_ascii_case(known)))
            || name.eq_ignore_ascii_case(self.root)
    }

    /// Goes back, unless that has been done too often.
    fn look_again_from(&mut self, start: usize) {
        self.vain += self.at - start;
        if self.vain <= 4 * self.text.len() {
            self.at = start;
        }
    }

    /// Where `]]>` stands.
    fn cdata_end(&mut self, rest: &str) -> Option<usize> {
        if self.no_cdata_end {
            return None;
        }
        let end = memmem::find(rest.as_bytes(), b"]]>");
        self.no_cdata_end = end.is_none();
        end
    }

    fn comment_end(&mut self, rest: &str) -> usize {
        if self.no_comment_end {
            return 4;
        }
        let end = memmem::find(&rest.as_bytes()[4..], b"-->");
        self.no_comment_end = end.is_none();
        4 + end.map_or(0, |end| end + 3)
    }

    /// A doctype may have declarations of its own, between brackets.
    fn doctype_end(&mut self, bytes: &[u8]) -> usize {
        let Some(close) = memchr(b'>', bytes) else { return bytes.len() };
        if self.no_doctype_end || memchr(b'[', &bytes[..close]).is_none() {
            return close + 1;
        }
        let end = memmem::find(bytes, b"]>");
        self.no_doctype_end = end.is_none();
        end.map_or(close + 1, |end| end + 2)
    }
}

fn is_end_of(text: &str, name: &str) -> bool {
    text.as_bytes()
        .get(..2 + name.len())
        .is_some_and(|start| start.starts_with(b"</") && start[2..].eq_ignore_ascii_case(name.as_bytes()))
        && text.as_bytes().get(2 + name.len()).is_some_and(|b| *b == b'>' || b.is_ascii_whitespace())
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_whitespace())
}

fn flat(raw: &str, markup: bool) -> Flat<'_> {
    if markup {
        // Markup that stands in the feed itself is the text, but for CDATA, which is no markup of HTML.
        let text = if memmem::find(raw.as_bytes(), b"<![CDATA[").is_some() {
            Cow::Owned(raw.replace("<![CDATA[", "").replace("]]>", ""))
        } else {
            Cow::Borrowed(raw)
        };
        return Flat { text, markup: true };
    }
    let mut text = String::with_capacity(raw.len());
    let mut tokens = Tokens::new(raw);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(part) => text.push_str(&unescape(part)),
            Token::Literal(part) => text.push_str(part),
            _ => {}
        }
    }
    Flat { text: Cow::Owned(text), markup: false }
}

/// Resolves character references: all of HTML's, but only with their semicolon, so that the `&` of
/// addresses stays.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        let (reference, length) = reference(rest);
        match reference {
            Cow::Borrowed(reference) => plain.push_str(reference),
            Cow::Owned(reference) => plain.push_str(&reference),
        }
        rest = &rest[length..];
        let next = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        plain.push_str(&rest[..next]);
        rest = &rest[next..];
        if rest.is_empty() {
            return Cow::Owned(plain);
        }
    }
}

/// What the reference that a text begins with means, and its length; a bare `&` means itself.
fn reference(text: &str) -> (Cow<'_, str>, usize) {
    const USUAL: [(&str, &str); 6] =
        [("lt;", "<"), ("gt;", ">"), ("amp;", "&"), ("quot;", "\""), ("apos;", "'"), ("nbsp;", "\u{a0}")];
    let after = &text[1..];
    if let Some((name, meaning)) = USUAL.iter().find(|(name, _)| after.starts_with(name)) {
        return (Cow::Borrowed(meaning), 1 + name.len());
    }
    // The longest name of HTML has 31 letters.
    let start = &after.as_bytes()[..after.len().min(33)];
    let Some(end) = memchr(b';', start).filter(|end| {
        start[..*end].iter().enumerate().all(|(i, b)| b.is_ascii_alphanumeric() || (i == 0 && *b == b'#'))
    }) else {
        return (Cow::Borrowed("&"), 1);
    };
    (htmlize::unescape(&text[..end + 2]), end + 2)
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

fn begins_markup(bytes: &[u8]) -> bool {
    bytes[0] == b'<'
        && match bytes.get(1) {
            Some(b'!' | b'?') => true,
            Some(b'/') => bytes.get(2).is_some_and(|b| is_name_start(*b)),
            Some(b) => is_name_start(*b),
            None => false,
        }
}

fn next_markup(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(step) = bytes.get(at..).and_then(|rest| memchr(b'<', rest)) {
        at += step;
        if begins_markup(&bytes[at..]) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

fn name_of(text: &str) -> &str {
    let end = text.bytes().position(|b| b.is_ascii_whitespace() || b">/<=\"'".contains(&b));
    &text[..end.unwrap_or(text.len())]
}

/// A tag and where it ends. One that never ends goes up to the next that begins.
fn tag(text: &str) -> (Token<'_>, usize) {
    let closing = text.starts_with("</");
    let start = if closing { 2 } else { 1 };
    let name = name_of(&text[start..]);
    let name_end = start + name.len();
    let end = tag_end(text.as_bytes(), name_end);
    let next = end + usize::from(text.as_bytes().get(end) == Some(&b'>'));
    if closing {
        return (Token::End { name }, next);
    }
    let inside = text[name_end..end].trim_end();
    let empty = inside.ends_with('/');
    (Token::Start { name, inside: inside.strip_suffix('/').unwrap_or(inside), empty }, next)
}

/// The first `>` outside quotes; a `<` ends the tag too, and outside quotes at once.
fn tag_end(bytes: &[u8], from: usize) -> usize {
    let plain_end =
        || bytes[from..].iter().position(|b| matches!(b, b'>' | b'<')).map_or(bytes.len(), |end| from + end);
    let mut quote = None;
    let mut before = b' ';
    for (at, b) in bytes.iter().copied().enumerate().skip(from) {
        match (quote, b) {
            (None, b'>' | b'<') => return at,
            (None, b'"' | b'\'') if before == b'=' => quote = Some(b),
            (Some(open), b) if open == b => quote = None,
            // An attribute without its second quote: the tag ends where the next begins.
            (Some(_), b'<') => return plain_end(),
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            before = b;
        }
    }
    plain_end()
}

/// The attributes of a tag: name as it stands, value resolved. No more than a hundred.
pub(super) fn attributes(inside: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        let equals = memchr(b'=', rest.as_bytes())?;
        let name = rest[..equals].split_ascii_whitespace().next_back().unwrap_or_default();
        let value = rest[equals + 1..].trim_start();
        let (value, after) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                value[1..].split_once(char::from(*quote)).unwrap_or((&value[1..], ""))
            }
            _ => value.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((value, "")),
        };
        rest = after;
        Some((name, unescape(value)))
    })
    .take(100)
}

/// The name of the first element of a document.
pub(super) fn first_element(text: &str) -> Option<&str> {
    let mut tokens = Tokens::new(text);
    std::iter::from_fn(|| tokens.next()).find_map(|token| match token {
        Token::Start { name, .. } => Some(name),
        _ => None,
    })
}
