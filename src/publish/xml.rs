//! XML written so that it is well-formed whatever the text is. Pure.

use jiff::Timestamp;

use super::text::clean;

/// An XML document in the making: elements are closed in the order in which they must be.
pub(super) struct Xml {
    out: String,
    open: Vec<&'static str>,
}

/// An attribute's name and raw value.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Xml {
    /// A document with its declaration.
    pub(super) fn new() -> Self {
        Self { out: String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"), open: Vec::new() }
    }

    /// Opens an element that has elements in it.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.tag(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.end(name);
        }
    }

    /// An element with text alone.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.tag(name, attributes);
        self.out.push('>');
        escape(text, Within::Element, &mut self.out);
        self.end(name);
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.tag(name, attributes);
        self.out.push_str("/>\n");
    }

    /// The bytes, with everything closed.
    pub(super) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.into_bytes()
    }

    fn tag(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, Within::Quotes, &mut self.out);
            self.out.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

/// A time as RFC 3339 wants it: whole seconds, or with its fraction.
pub(super) fn rfc3339(time: Timestamp) -> String {
    in_range(time).to_string()
}

/// A time in whole seconds.
pub(super) fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// A time as RFC 822 and RFC 9110 want it: `Thu, 01 Jan 1970 00:00:00 GMT`.
pub(super) fn rfc822(time: Timestamp) -> String {
    in_range(time).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Years before 1 have no form in either notation.
fn in_range(time: Timestamp) -> Timestamp {
    const YEAR_ONE: i64 = -62_135_596_800;
    if time.as_second() < YEAR_ONE { Timestamp::UNIX_EPOCH } else { time }
}

/// Where a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Element,
    Quotes,
}

/// Writes text so that it can stand in an element or in a quoted attribute.
///
/// `<` and `&` are written in hexadecimal, because that is what the RSS profile asks of titles: readers
/// that wrongly take plain text for markup see no markup in it. `>` is escaped for the sake of `]]>`.
fn escape(text: &str, within: Within, out: &mut String) {
    for character in clean(text).chars() {
        match character {
            '&' => out.push_str("&#x26;"),
            '<' => out.push_str("&#x3C;"),
            '>' => out.push_str("&#x3E;"),
            '"' if within == Within::Quotes => out.push_str("&#x22;"),
            '\r' => out.push_str("&#xD;"),
            character => out.push(character),
        }
    }
}
