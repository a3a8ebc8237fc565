//! Text of any XML feed, however broken, to a well-formed one in canonical form: RSS 2.0 or Atom 1.0,
//! known prefixes, one text in each text element. One pass, always on, so that identity does not
//! change on the day a feed breaks. Pure.

mod names;
mod tokens;

use htmlize::{escape_attribute, escape_text};

use names::{Flavour, Kind, Namespaces};
use tokens::{Token, Tokens};

use super::dates;

/// Open elements; what is deeper is passed over.
const DEEPEST: usize = 100;

/// Media elements of one entry; more are passed over.
const MOST_MEDIA: usize = 200;

/// Entries of one document; more are passed over, and that is said.
const MOST_ENTRIES: usize = 5000;

/// A repaired document.
pub(super) struct Repaired {
    /// Well-formed.
    pub(super) text: String,
    /// The document was cut off: more may have followed.
    pub(super) partial: bool,
    /// What was cut, in words.
    pub(super) problems: Vec<String>,
}

/// Repairs an XML feed; `None` where no element begins a feed.
pub(super) fn repair(text: &str) -> Option<Repaired> {
    let mut tokens = Tokens::new(text);
    let (flavour, namespaces) = root(&mut tokens)?;
    let mut writer = Writer {
        out: String::with_capacity(text.len() + text.len() / 8),
        flavour,
        namespaces,
        open: Vec::new(),
        entries: 0,
        media: 0,
        entry_start: 0,
        ended: false,
        problems: Vec::new(),
    };
    writer.out.push_str(flavour.head());
    writer.document(&mut tokens);
    let partial = writer.drop_cut_entry();
    writer.close_to(0);
    writer.out.push_str(flavour.tail());
    Some(Repaired { text: writer.out, partial, problems: writer.problems })
}

/// Everything before the root is passed over: warnings of a server, blank lines, a doctype.
fn root(tokens: &mut Tokens<'_>) -> Option<(Flavour, Namespaces)> {
    while let Some(token) = tokens.next() {
        if let Token::Start { name, attributes, .. } = token
            && let Some(flavour) = Flavour::of_root(name)
        {
            let mut namespaces = Namespaces::new(flavour);
            namespaces.declare(&attributes);
            return Some((flavour, namespaces));
        }
    }
    None
}

struct Writer {
    out: String,
    flavour: Flavour,
    namespaces: Namespaces,
    /// The names as they are written, and as they were read.
    open: Vec<(String, String)>,
    entries: usize,
    media: usize,
    /// Where the last entry begins in `out`.
    entry_start: usize,
    /// The feed's own end was there.
    ended: bool,
    problems: Vec<String>,
}

impl Writer {
    fn document(&mut self, tokens: &mut Tokens<'_>) {
        while let Some(token) = tokens.next() {
            match token {
                Token::Start { name, attributes, empty } => {
                    if !self.start(name, &attributes, empty, tokens) {
                        return;
                    }
                }
                Token::End { name } => {
                    self.ended |= Flavour::of_root(name).is_some();
                    if let Some(at) = self.open.iter().rposition(|(_, read)| read.eq_ignore_ascii_case(name))
                    {
                        self.close_to(at);
                    }
                }
                // Text between elements says nothing in a feed.
                Token::Text(_) | Token::Literal(_) => {}
            }
        }
    }

    /// Writes an element, if it is one that is known; answers whether more entries may come.
    fn start(
        &mut self,
        name: &str,
        attributes: &[(&str, String)],
        empty: bool,
        tokens: &mut Tokens<'_>,
    ) -> bool {
        self.namespaces.declare(attributes);
        let Some((known, kind)) = self.namespaces.resolve(name, self.flavour) else {
            if !empty && !self.namespaces.is_wrapper(name) {
                tokens.skip_element(name);
            }
            return true;
        };
        if kind == Kind::Entry {
            self.close_entry();
            self.entries += 1;
            self.media = 0;
            self.entry_start = self.out.len();
            if self.entries > MOST_ENTRIES {
                self.problems.push(format!("only the first {MOST_ENTRIES} entries were read"));
                return false;
            }
        }
        let media = known.starts_with("media:") || known.starts_with("itunes:");
        self.media += usize::from(media);
        let twice = matches!(kind, Kind::Group) && self.open.iter().any(|(written, _)| *written == known);
        if self.open.len() >= DEEPEST || (media && self.media > MOST_MEDIA) || twice {
            // The children of an element within itself are its own.
            if !empty && !twice {
                tokens.skip_element(name);
            }
            return true;
        }
        match kind {
            Kind::Text | Kind::Date => {
                let (text, markup) =
                    if empty { Default::default() } else { tokens.flatten(name, self.flavour) };
                self.text_element(&known, kind, attributes, &text, markup);
            }
            Kind::Empty => {
                if let Some(page) = page_of(&known, attributes) {
                    self.out.push_str(&format!("<link>{}</link>", escape_text(clean(page))));
                }
                self.tag(&known, attributes, " /");
                if !empty {
                    tokens.skip_element(name);
                }
            }
            Kind::Entry | Kind::Group => {
                self.tag(&known, attributes, if empty { " /" } else { "" });
                if !empty {
                    self.open.push((known, name.to_owned()));
                    self.about(kind, attributes);
                }
            }
        }
        true
    }

    /// RSS 1.0 names an entry by an attribute of it.
    fn about(&mut self, kind: Kind, attributes: &[(&str, String)]) {
        let about = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("rdf:about"));
        if let (Flavour::Rdf, Kind::Entry, Some((_, about))) = (self.flavour, kind, about) {
            self.out.push_str(&format!("<guid isPermaLink=\"false\">{}</guid>", escape_text(clean(about))));
        }
    }

    fn text_element(
        &mut self,
        known: &str,
        kind: Kind,
        attributes: &[(&str, String)],
        text: &str,
        markup: bool,
    ) {
        let mut text = clean(text);
        if known == "link"
            && text.trim().is_empty()
            && let Some((_, href)) = attributes.iter().find(|(name, _)| *name == "href")
        {
            text = clean(href);
        }
        if kind == Kind::Date {
            let Some(date) = dates::parse(&text) else { return };
            text = date.to_string();
        }
        if text.trim().is_empty() && known.contains(':') {
            return;
        }
        let number = |text: &str| text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
        if known == "itunes:duration" && !number(text.trim()) {
            return;
        }
        if names::is_person(known) {
            text = apart_from_addresses(&text);
        }
        let kept: Vec<(&str, String)> = attributes
            .iter()
            .filter(|(name, _)| !matches!(*name, "type" | "mode" | "src"))
            .cloned()
            .collect();
        self.open_tag(known, &kept);
        if names::has_type(known, self.flavour) {
            let html = markup
                || attributes.iter().any(|(name, value)| *name == "type" && value.contains("html"))
                || attributes.iter().any(|(name, value)| *name == "mode" && value == "escaped");
            self.out.push_str(if html { " type=\"html\"" } else { " type=\"text\"" });
        }
        self.out.push('>');
        self.out.push_str(&escape_text(text.as_str()));
        self.out.push_str(&format!("</{known}>"));
    }

    fn tag(&mut self, known: &str, attributes: &[(&str, String)], end: &str) {
        self.open_tag(known, attributes);
        self.out.push_str(end);
        self.out.push('>');
    }

    fn open_tag(&mut self, known: &str, attributes: &[(&str, String)]) {
        self.out.push('<');
        self.out.push_str(known);
        let mut written: Vec<&str> = Vec::new();
        for (name, value) in attributes {
            let odd_type = *name == "type" && !value.contains('/');
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
            let base = matches!(*name, "xml:base" | "xml:lang");
            let bad_base = *name == "xml:base" && url::Url::parse(value).is_err();
            if (!plain && !base)
                || odd_type
                || bad_base
                || written.contains(name)
                || name.starts_with("xmlns")
            {
                continue;
            }
            written.push(name);
            self.out.push_str(&format!(
                " {}=\"{}\"",
                names::attribute(name),
                escape_attribute(clean(value).trim())
            ));
        }
    }

    fn close_entry(&mut self) {
        if let Some(at) = self.open_entry() {
            self.close_to(at);
        }
    }

    fn open_entry(&self) -> Option<usize> {
        self.open.iter().position(|(written, _)| matches!(written.as_str(), "item" | "entry"))
    }

    /// A document that ends amid an entry was cut off, and what the entry lacks would come as an edit.
    /// Answers whether there was one.
    fn drop_cut_entry(&mut self) -> bool {
        let cut = self.open_entry().filter(|_| !self.ended);
        if let Some(at) = cut {
            self.open.truncate(at);
            self.out.truncate(self.entry_start);
            self.problems.push("the document is cut off: its last entry was left out".to_owned());
        }
        cut.is_some()
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some((written, _)) = self.open.pop() {
                self.out.push_str(&format!("</{written}>"));
            }
        }
    }
}

/// The page that an Atom link within RSS means, if it means one: feed-rs looks for RSS's own link there.
fn page_of<'a>(known: &str, attributes: &'a [(&str, String)]) -> Option<&'a str> {
    let value =
        |wanted: &str| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    let alternate = matches!(value("rel"), None | Some("alternate"));
    value("href").filter(|_| known == "atom:link" && alternate)
}

/// Without the characters that XML cannot carry (XML 1.0 section 2.2).
fn clean(text: &str) -> String {
    let bad = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.replace(bad, "")
}

/// feed-rs cuts a person's text around an e-mail address by bytes: other scripts must stand apart from it.
fn apart_from_addresses(text: &str) -> String {
    let mut apart = Vec::new();
    for word in text.split_whitespace() {
        if word.contains('@') {
            apart.extend(word.split(|c: char| !c.is_ascii()).filter(|piece| !piece.is_empty()));
        } else {
            apart.push(word);
        }
    }
    apart.join(" ")
}
