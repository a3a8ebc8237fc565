//! A lenient XML tokenizer: any text gives tokens, in time linear in its length. Pure.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::doctype::Doctype;
use crate::feed::raw::Fault;
use crate::feed::references::unescape;

/// Attributes of one tag; further ones are ignored.
const MAX_ATTRIBUTES: usize = 100;

/// Bytes of a doctype's names and addresses. In longer ones quotes do not count.
const MAX_DOCTYPE_START: usize = 1000;

/// Bytes scanned for end tags that do not exist, as a multiple of the document's length. Beyond it the tokenizer no longer
/// goes back to the start of an unclosed element, so that the time stays linear.
const MAX_RESCANS: usize = 4;

#[derive(Clone, Copy, Debug)]
pub(super) enum XmlToken<'a> {
    Start(StartTag<'a>),
    /// `</name>`
    End {
        name: &'a str,
    },
    /// Text with character references in it.
    Text(&'a str),
    /// The content of a CDATA section.
    Cdata(&'a str),
}

/// `<name a="b">` or `<name/>`
#[derive(Clone, Copy, Debug)]
pub(super) struct StartTag<'a> {
    pub(super) name: &'a str,
    /// The unparsed text between the name and the end of the tag.
    pub(super) attributes: &'a str,
    /// The tag ends with `/>`: the element has no content and no end tag.
    pub(super) empty: bool,
}

/// The content of an element that holds text.
#[derive(Debug, Default)]
pub(super) struct ElementText<'a> {
    /// If the element has child elements, its markup without the markers of CDATA sections.
    pub(super) text: Cow<'a, str>,
    /// The markup of an element that has child elements, as it is.
    pub(super) markup: Option<&'a str>,
    /// Some of the text is in a CDATA section.
    pub(super) has_section: bool,
}

/// Yields the tokens of a document in order. Comments, processing instructions and doctypes are skipped.
pub(super) struct Tokenizer<'a> {
    text: &'a str,
    at: usize,
    /// The name of the feed's root element, once it is known.
    root: &'a str,
    rescanned_bytes: usize,
    /// No CDATA section, comment or doctype with declarations that begins from here on has an end, or is searched for it.
    no_cdata_end: bool,
    no_comment_end: bool,
    no_doctype_end: bool,
    /// The first fault, and the open elements between which it is looked for.
    fault: Option<Fault>,
    open: Vec<&'a str>,
}

impl<'a> Tokenizer<'a> {
    pub(super) fn new(text: &'a str) -> Tokenizer<'a> {
        Tokenizer {
            text,
            at: 0,
            root: "",
            rescanned_bytes: 0,
            no_cdata_end: false,
            no_comment_end: false,
            no_doctype_end: false,
            fault: None,
            open: Vec::new(),
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Keeps the first fault that is found.
    #[cold]
    pub(super) fn note_fault(&mut self, at: usize, what: impl FnOnce() -> String) {
        self.fault.get_or_insert_with(|| Fault { at, entry: None, what: what() });
    }

    pub(super) fn fault(&mut self) -> &mut Option<Fault> {
        &mut self.fault
    }

    /// Sets the name of the root element. No element of an entry extends beyond its end tag.
    pub(super) fn set_root(&mut self, root: &'a str) {
        self.root = root;
    }

    pub(super) fn next(&mut self) -> Option<XmlToken<'a>> {
        loop {
            let rest = &self.text[self.at..];
            let bytes = rest.as_bytes();
            if bytes.is_empty() {
                return None;
            }
            if !begins_markup(bytes) {
                let end = next_markup(bytes);
                self.at += end;
                return Some(XmlToken::Text(&rest[..end]));
            }
            match bytes[1] {
                b'!' if rest.starts_with("<![CDATA[") => match self.cdata_end(rest) {
                    Some(end) => {
                        self.at += end + 3;
                        return Some(XmlToken::Cdata(&rest[9..end]));
                    }
                    // An unclosed section is ignored: what follows is read as markup.
                    None => {
                        self.note_fault(self.at, || "a CDATA section has no end".to_owned());
                        self.at += 9;
                    }
                },
                b'!' if rest.starts_with("<!--") => self.at += self.comment_end(rest),
                b'!' => self.at += self.doctype_end(rest),
                b'?' => self.at += memchr(b'>', bytes).map_or(bytes.len(), |end| end + 1),
                _ => {
                    let (token, end) = read_tag(rest);
                    if bytes[end - 1] != b'>' {
                        self.note_fault(self.at, || "a tag has no end".to_owned());
                    }
                    self.at += end;
                    return Some(token);
                }
            }
        }
    }

    /// The name of the element that begins here, after optional white space.
    pub(super) fn peek_element(&self) -> Option<&'a str> {
        let rest = self.text[self.at..].trim_start();
        let begins = rest.starts_with('<') && rest.as_bytes().get(1).is_some_and(|b| is_name_start(*b));
        begins.then(|| tag_name(&rest[1..]))
    }

    /// Skips the rest of an element, after its start tag. If it has no end tag within the entry, nothing more is skipped.
    pub(super) fn skip_element(&mut self, tag: StartTag<'_>) {
        let start = self.at;
        if !tag.empty && self.find_end(tag.name).is_none() {
            self.note_missing_end(start, tag);
            self.rescan_from(start);
        }
    }

    /// The content of an element, after its start tag, as one text. If it has no end tag within the entry, the text ends
    /// at the next tag.
    pub(super) fn element_text(&mut self, tag: StartTag<'_>) -> ElementText<'a> {
        if tag.empty {
            return ElementText::default();
        }
        if let Some(simple) = self.simple_text(tag.name) {
            return simple;
        }
        let start = self.at;
        match self.find_end(tag.name) {
            Some((end, has_markup)) => element_text(&self.text[start..end], has_markup),
            None => {
                self.note_missing_end(start, tag);
                let scanned_to = self.at;
                self.rescan_from(start);
                if self.at != start {
                    return element_text(&self.text[start..scanned_to], true);
                }
                let mut end = start;
                while let Some(XmlToken::Text(_) | XmlToken::Cdata(_)) = self.next() {
                    end = self.at;
                }
                self.at = end;
                element_text(&self.text[start..end], false)
            }
        }
    }

    /// Fast path: the element holds only text, or only one CDATA section.
    fn simple_text(&mut self, name: &str) -> Option<ElementText<'a>> {
        let rest = &self.text[self.at..];
        let open = memchr(b'<', rest.as_bytes())?;
        let after = &rest[open..];
        if is_end_tag(after, name) {
            let (_, length) = read_tag(after);
            self.at += open + length;
            return Some(ElementText { text: unescape(&rest[..open]), ..ElementText::default() });
        }
        if !after.starts_with("<![CDATA[") || !is_blank(&rest[..open]) {
            return None;
        }
        let end = self.cdata_end(after)?;
        let behind = after[end + 3..].trim_start();
        if !is_end_tag(behind, name) {
            return None;
        }
        let (_, length) = read_tag(behind);
        self.at = self.text.len() - behind.len() + length;
        Some(ElementText { text: Cow::Borrowed(&after[9..end]), markup: None, has_section: true })
    }

    /// Moves behind the end tag of an element, after its start tag; returns where its content ends and whether it has
    /// tags. `None`, with the position before the boundary, if a boundary comes first.
    fn find_end(&mut self, name: &str) -> Option<(usize, bool)> {
        let (mut depth, mut has_markup) = (1_usize, false);
        let start = self.at;
        self.open.clear();
        loop {
            let before = self.at;
            match self.next()? {
                XmlToken::Start(StartTag { name: inner, .. }) | XmlToken::End { name: inner }
                    if self.is_boundary(inner) =>
                {
                    self.at = before;
                    return None;
                }
                XmlToken::Start(inner) => {
                    has_markup = true;
                    if !inner.empty && self.fault.is_none() {
                        self.open.push(inner.name);
                    }
                    depth += usize::from(!inner.empty && inner.name.eq_ignore_ascii_case(name));
                }
                XmlToken::End { name: inner } if inner.eq_ignore_ascii_case(name) => {
                    depth -= 1;
                    if depth == 0 {
                        if let Some(unclosed) = self.open.last().copied() {
                            self.note_fault(start, || {
                                format!("`<{unclosed}>` within `<{name}>` has no end tag")
                            });
                        }
                        return Some((before, has_markup));
                    }
                    self.close(inner, before);
                }
                XmlToken::End { name: inner } => {
                    has_markup = true;
                    self.close(inner, before);
                }
                XmlToken::Text(_) | XmlToken::Cdata(_) => {}
            }
        }
    }

    fn close(&mut self, name: &'a str, at: usize) {
        if self.fault.is_none() && self.open.pop() != Some(name) {
            self.note_fault(at, || format!("`</{name}>` ends no open element"));
        }
    }

    fn note_missing_end(&mut self, at: usize, tag: StartTag<'_>) {
        self.note_fault(at, || format!("`<{}>` has no end tag", tag.name));
    }

    /// Elements that cannot occur within the child elements of an entry.
    fn is_boundary(&self, name: &str) -> bool {
        (matches!(name.len(), 4 | 5 | 7)
            && ["item", "entry", "channel"].iter().any(|known| name.eq_ignore_ascii_case(known)))
            || name.eq_ignore_ascii_case(self.root)
    }

    /// Goes back to `start`, unless the limit is reached.
    fn rescan_from(&mut self, start: usize) {
        self.rescanned_bytes += self.at - start;
        if self.rescanned_bytes <= MAX_RESCANS * self.text.len() {
            self.at = start;
        }
    }

    /// The position of `]]>`.
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
        if end.is_none() {
            self.note_fault(self.at, || "a comment has no end".to_owned());
            self.no_comment_end = true;
        }
        4 + end.map_or(0, |end| end + 3)
    }

    /// A doctype may contain declarations in brackets.
    fn doctype_end(&mut self, text: &str) -> usize {
        let bytes = text.as_bytes();
        let mut quote = None;
        let close = bytes[..bytes.len().min(MAX_DOCTYPE_START)].iter().position(|b| match (quote, *b) {
            (None, b'>' | b'[') => true,
            (None, b'"' | b'\'') => {
                quote = Some(*b);
                false
            }
            (Some(open), b) => {
                quote = Some(open).filter(|open| *open != b);
                false
            }
            _ => false,
        });
        let close = close.or_else(|| memchr(b'>', bytes)).map_or(bytes.len(), |close| close + 1);
        if self.no_doctype_end || bytes[close - 1] != b'[' {
            return close;
        }
        if let Some(doctype) = Doctype::read(text) {
            return doctype.length;
        }
        let end = memmem::find(bytes, b"]>");
        self.no_doctype_end = true;
        end.map_or(close, |end| end + 2)
    }
}

/// Whether a text begins with the end tag of an element.
fn is_end_tag(text: &str, name: &str) -> bool {
    text.as_bytes()
        .get(..2 + name.len())
        .is_some_and(|start| start.starts_with(b"</") && start[2..].eq_ignore_ascii_case(name.as_bytes()))
        && text.as_bytes().get(2 + name.len()).is_some_and(|b| *b == b'>' || b.is_ascii_whitespace())
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_whitespace())
}

fn element_text(raw: &str, has_markup: bool) -> ElementText<'_> {
    let has_section = memmem::find(raw.as_bytes(), b"<![CDATA[").is_some();
    if has_markup {
        let text = if has_section {
            Cow::Owned(raw.replace("<![CDATA[", "").replace("]]>", ""))
        } else {
            Cow::Borrowed(raw)
        };
        return ElementText { text, markup: Some(raw), has_section };
    }
    let mut text = String::with_capacity(raw.len());
    let mut tokens = Tokenizer::new(raw);
    while let Some(token) = tokens.next() {
        match token {
            XmlToken::Text(part) => text.push_str(&unescape(part)),
            XmlToken::Cdata(part) => text.push_str(part),
            _ => {}
        }
    }
    ElementText { text: Cow::Owned(text), markup: None, has_section }
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

fn tag_name(text: &str) -> &str {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'<' | b'=' | b'"' | b'\'');
    &text[..text.as_bytes().iter().position(ends).unwrap_or(text.len())]
}

/// Reads the tag at the start of a text and gives its length. A tag without `>` ends at the next `<`.
fn read_tag(text: &str) -> (XmlToken<'_>, usize) {
    let closing = text.starts_with("</");
    let start = if closing { 2 } else { 1 };
    let name = tag_name(&text[start..]);
    let name_end = start + name.len();
    let end = tag_end(text.as_bytes(), name_end);
    let length = end + usize::from(text.as_bytes().get(end) == Some(&b'>'));
    if closing {
        return (XmlToken::End { name }, length);
    }
    let attributes = text[name_end..end].trim_end();
    let (attributes, empty) = match attributes.strip_suffix('/') {
        Some(attributes) => (attributes, true),
        None => (attributes, false),
    };
    (XmlToken::Start(StartTag { name, attributes, empty }), length)
}

/// The position of the first `>` or `<` outside quotes.
fn tag_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    let mut before = b' ';
    while let Some(b) = bytes.get(at).copied() {
        match b {
            b'>' | b'<' => return at,
            b'"' | b'\'' if before == b'=' => match memchr2(b, b'<', &bytes[at + 1..]) {
                Some(length) if bytes[at + 1 + length] == b => at += 1 + length,
                // An attribute without its closing quote.
                _ => break,
            },
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            before = b;
        }
        at += 1;
    }
    memchr2(b'>', b'<', &bytes[from..]).map_or(bytes.len(), |end| from + end)
}

/// The attributes of a tag: the name as written, the value unescaped.
pub(super) fn attributes(attribute_text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = attribute_text;
    std::iter::from_fn(move || {
        let equals = memchr(b'=', rest.as_bytes())?;
        let name = rest[..equals].trim_ascii_end();
        let name = &name[name.bytes().rposition(|b| b.is_ascii_whitespace()).map_or(0, |space| space + 1)..];
        let value = rest[equals + 1..].trim_start();
        let (value, after) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => match memchr(*quote, &value.as_bytes()[1..]) {
                Some(length) => (&value[1..=length], &value[length + 2..]),
                None => (&value[1..], ""),
            },
            _ => value.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((value, "")),
        };
        rest = after;
        Some((name, unescape(value)))
    })
    .take(MAX_ATTRIBUTES)
}

/// The value of an attribute, unless it is blank.
pub(super) fn attribute<'a>(attribute_text: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    if attribute_text.len() <= wanted.len() {
        return None;
    }
    attributes(attribute_text)
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value)
        .filter(|value| !value.trim().is_empty())
}

/// The name of the first element of a document.
pub(super) fn first_element(text: &str) -> Option<&str> {
    let mut tokens = Tokenizer::new(text);
    std::iter::from_fn(|| tokens.next()).find_map(|token| match token {
        XmlToken::Start(tag) => Some(tag.name),
        _ => None,
    })
}
