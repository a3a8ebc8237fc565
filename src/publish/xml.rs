//! Writes XML that is well-formed for any text. Pure.

use jiff::Timestamp;

use super::text::without_forbidden_chars;

/// An XML document being written.
pub(super) struct XmlWriter {
    out: String,
    open: Vec<&'static str>,
}

/// An attribute's name and raw value.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl XmlWriter {
    /// Begins a document with its declaration.
    pub(super) fn new() -> Self {
        Self { out: String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"), open: Vec::new() }
    }

    /// Takes what has been written since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out).into_bytes()
    }

    /// Opens an element for child elements.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start_tag(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// Closes the element opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.end_tag(name);
        }
    }

    /// Writes an element with text.
    pub(super) fn text_element(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.start_tag(name, attributes);
        self.out.push('>');
        escape(text, EscapeContext::Element, &mut self.out);
        self.end_tag(name);
    }

    /// Writes an empty element.
    pub(super) fn empty_element(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start_tag(name, attributes);
        self.out.push_str("/>\n");
    }

    /// Closes all elements and returns the bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.into_bytes()
    }

    fn start_tag(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, EscapeContext::Attribute, &mut self.out);
            self.out.push('"');
        }
    }

    fn end_tag(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// RFC 3339, with the fraction of a second if it is not zero.
pub(super) fn rfc3339(time: Timestamp) -> String {
    in_range(time).to_string()
}

/// Drops the fraction of a second.
pub(super) fn truncate_to_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// RFC 822 and RFC 9110: `Thu, 01 Jan 1970 00:00:00 GMT`.
pub(super) fn rfc822(time: Timestamp) -> String {
    in_range(time).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Neither notation has years before 1; such a time becomes the Unix epoch.
fn in_range(time: Timestamp) -> Timestamp {
    const YEAR_ONE: i64 = -62_135_596_800;
    if time.as_second() < YEAR_ONE { Timestamp::UNIX_EPOCH } else { time }
}

/// Where a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EscapeContext {
    Element,
    Attribute,
}

/// Appends text, escaped.
///
/// `<` and `&` are written as hexadecimal references, as the RSS profile recommends for titles: readers that take plain
/// text for HTML then find no markup in it. `>` is escaped because `]]>` may not appear in text.
fn escape(text: &str, context: EscapeContext, out: &mut String) {
    for character in without_forbidden_chars(text).chars() {
        match character {
            '&' => out.push_str("&#x26;"),
            '<' => out.push_str("&#x3C;"),
            '>' => out.push_str("&#x3E;"),
            '"' if context == EscapeContext::Attribute => out.push_str("&#x22;"),
            '\r' => out.push_str("&#xD;"),
            character => out.push(character),
        }
    }
}
