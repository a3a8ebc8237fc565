//! The document type declaration: where it ends, and the entities that it declares. Pure.
//!
//! Only what stands in the document is read (XML 1.0 section 4.4), and only within limits.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr3, memmem};

use crate::feed::references::unescape;

/// Entities of one document. Further ones are unknown.
const MAX_ENTITIES: usize = 1000;

/// Bytes of an entity with the entities in it. A longer one is unknown.
const MAX_ENTITY_BYTES: usize = 10_000;

/// Bytes that the entities of one document stand for. Further references to them stay as they are.
const MAX_EXPANDED_BYTES: usize = 1_000_000;

/// Entities within entities.
const MAX_DEPTH: usize = 10;

/// Bytes of a reference to an entity.
const MAX_REFERENCE_BYTES: usize = 100;

/// The declaration at the start of a text.
pub(super) struct Doctype<'a> {
    /// The declarations between its brackets.
    pub(super) subset: &'a str,
    pub(super) length: usize,
}

impl<'a> Doctype<'a> {
    /// Reads a declaration (XML 1.0 section 2.8); `None` if it is broken. Quotes and comments may hold its end.
    pub(super) fn read(text: &'a str) -> Option<Doctype<'a>> {
        let bytes = text.as_bytes();
        let mut subset = None;
        let mut at = 2;
        loop {
            match bytes.get(at)? {
                b'<' if subset.is_some() && bytes[at..].starts_with(b"<!--") => {
                    at += 4 + memmem::find(&bytes[at + 4..], b"-->")? + 2;
                }
                b'<' if subset.is_some() && bytes[at..].starts_with(b"<?") => {
                    at += memmem::find(&bytes[at..], b"?>")? + 1;
                }
                quote @ (b'"' | b'\'') => at += 1 + memchr(*quote, &bytes[at + 1..])?,
                b'[' if subset.is_none() => subset = Some(at + 1),
                b']' => {
                    let rest = text[at + 1..].trim_start();
                    if let Some(start) = subset.filter(|_| rest.starts_with('>')) {
                        let length = text.len() - rest.len() + 1;
                        return Some(Doctype { subset: &text[start..at], length });
                    }
                }
                b'>' if subset.is_none() => return Some(Doctype { subset: "", length: at + 1 }),
                _ => {}
            }
            at += 1;
        }
    }
}

/// A document with the entities that it declares replaced by what they stand for, but not in CDATA sections and comments.
pub(super) fn expand_entities(text: &str) -> Cow<'_, str> {
    let Some(start) = doctype_start(text) else { return Cow::Borrowed(text) };
    let Some(doctype) = Doctype::read(&text[start..]) else { return Cow::Borrowed(text) };
    let mut entities = Entities::declared(doctype.subset);
    if entities.values.is_empty() {
        return Cow::Borrowed(text);
    }
    let (before, after) = text.split_at(start + doctype.length);
    let mut expanded = String::with_capacity(text.len());
    expanded.push_str(before);
    entities.expand_document(after, &mut expanded);
    Cow::Owned(expanded)
}

/// The position of the declaration, if no element precedes it.
fn doctype_start(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_name = |at: &usize| bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
    let mut before_elements = memchr::memchr_iter(b'<', bytes).take_while(|at| !is_name(at));
    before_elements.find(|at| text[*at..].starts_with("<!DOCTYPE") || text[*at..].starts_with("<!doctype"))
}

/// The entities of a document: what they stand for, as far as it is known.
struct Entities<'a> {
    values: HashMap<&'a str, Value>,
}

enum Value {
    /// As declared, with numeric references resolved.
    Declared(String),
    /// With the entities in it.
    Expanded(String),
    /// Too long, too deep, or within itself.
    Unusable,
}

impl<'a> Entities<'a> {
    /// The general entities that a subset declares with their values. The first declaration counts.
    fn declared(subset: &'a str) -> Entities<'a> {
        let mut values = HashMap::new();
        let mut rest = subset;
        while let Some(start) = memchr(b'<', rest.as_bytes()) {
            rest = &rest[start..];
            if rest.starts_with("<!--") {
                rest = rest.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let declaration = rest.strip_prefix("<!ENTITY");
            rest = &rest[1..];
            let Some((name, value, after)) = declaration.and_then(entity) else { continue };
            rest = after;
            let is_predefined = ["lt", "gt", "amp", "quot", "apos"].contains(&name);
            if !is_predefined && values.len() < MAX_ENTITIES {
                values.entry(name).or_insert_with(|| Value::Declared(with_characters(value)));
            }
        }
        Entities { values }
    }

    fn expand_document(&mut self, text: &str, expanded: &mut String) {
        let limit = text.len() + MAX_EXPANDED_BYTES;
        let mut in_tag = false;
        let mut rest = text;
        while let Some(at) = memchr3(b'&', b'<', b'>', rest.as_bytes()) {
            expanded.push_str(&rest[..at]);
            rest = &rest[at..];
            let mut length = 1;
            match rest.as_bytes()[0] {
                b'&' => {
                    let name = reference_name(rest);
                    let value = name.and_then(|name| self.expanded(name, 0));
                    if let (Some(name), Some(value)) =
                        (name, value.filter(|v| expanded.len() + v.len() < limit))
                    {
                        // In an attribute a quote is a character.
                        let value = if in_tag { htmlize::escape_all_quotes(value) } else { value.into() };
                        expanded.push_str(&value);
                        rest = &rest[name.len() + 2..];
                        continue;
                    }
                }
                b'>' => in_tag = false,
                _ if rest.starts_with("<![CDATA[") => {
                    length = memmem::find(rest.as_bytes(), b"]]>").unwrap_or(rest.len())
                }
                _ if rest.starts_with("<!--") => {
                    length = memmem::find(rest.as_bytes(), b"-->").unwrap_or(rest.len())
                }
                _ => in_tag = rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_'),
            }
            expanded.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        expanded.push_str(rest);
    }

    /// What an entity stands for; `None` if it is unknown.
    fn expanded(&mut self, name: &str, depth: usize) -> Option<&str> {
        let value = self.values.get_mut(name)?;
        if let Value::Declared(declared) = value {
            let declared = std::mem::take(declared);
            // Until it is known, it is not part of itself.
            *value = Value::Unusable;
            let expanded = self.expand_value(&declared, depth).map_or(Value::Unusable, Value::Expanded);
            *self.values.get_mut(name)? = expanded;
        }
        match self.values.get(name)? {
            Value::Expanded(expanded) => Some(expanded),
            _ => None,
        }
    }

    fn expand_value(&mut self, declared: &str, depth: usize) -> Option<String> {
        let mut expanded = String::with_capacity(declared.len());
        let mut rest = declared;
        while let Some(at) = memchr(b'&', rest.as_bytes()) {
            expanded.push_str(&rest[..at]);
            rest = &rest[at..];
            let name = reference_name(rest).filter(|name| self.values.contains_key(name));
            let length = name.map_or(1, |name| name.len() + 2);
            match name {
                Some(_) if depth >= MAX_DEPTH => return None,
                Some(name) => expanded.push_str(self.expanded(name, depth + 1)?),
                None => expanded.push('&'),
            }
            if expanded.len() > MAX_ENTITY_BYTES {
                return None;
            }
            rest = &rest[length..];
        }
        expanded.push_str(rest);
        (expanded.len() <= MAX_ENTITY_BYTES).then_some(expanded)
    }
}

/// Name and value of a declaration, after `<!ENTITY`, and what follows them.
fn entity(declaration: &str) -> Option<(&str, &str, &str)> {
    let declaration = declaration.strip_prefix(|c: char| c.is_ascii_whitespace())?.trim_start();
    let (name, value) = declaration.split_once(|c: char| c.is_ascii_whitespace())?;
    let value = value.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, after) = value[1..].split_once(quote)?;
    Some((name, value, after))
}

/// A declared value with its numeric references resolved (XML 1.0 section 4.4.5).
fn with_characters(value: &str) -> String {
    let mut pieces = value.split("&#");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(';') {
            Some((number, rest)) => text.extend([&unescape(&format!("&#{number};")), rest]),
            None => text.extend(["&#", piece]),
        }
    }
    text
}

/// The name of the entity to which a text that begins with `&` refers.
fn reference_name(text: &str) -> Option<&str> {
    let end = memchr(b';', &text.as_bytes()[..text.len().min(MAX_REFERENCE_BYTES)])?;
    Some(&text[1..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(subset: &str, body: &str) -> String {
        let head = format!("<?xml version=\"1.0\"?><!DOCTYPE rss [{subset}] ><rss>");
        let text = format!("{head}{body}");
        expand_entities(&text).strip_prefix(&head).expect("the head stays").to_owned()
    }

    #[test]
    fn a_declaration_ends_behind_its_brackets() {
        for (text, subset) in [
            ("<!DOCTYPE rss>", Some("")),
            ("<!DOCTYPE rss PUBLIC \"-//a>b//EN\" 'c>d'>", Some("")),
            ("<!DOCTYPE rss [ a ]>", Some(" a ")),
            ("<!DOCTYPE rss SYSTEM \"x\" [a]\n >", Some("a")),
            (
                "<!DOCTYPE rss [<!-- it's ]> --><?x ]> '?><!ENTITY a \"]>\">]>",
                Some("<!-- it's ]> --><?x ]> '?><!ENTITY a \"]>\">"),
            ),
            ("<!DOCTYPE rss [<!ATTLIST a b (c) 'd'> ] c ]>", Some("<!ATTLIST a b (c) 'd'> ] c ")),
            ("<!DOCTYPE rss [ a >", None),
            ("<!DOCTYPE rss PUBLIC \"a>", None),
            ("<!DOCTYPE rss", None),
        ] {
            let found = Doctype::read(text);
            assert!(found.as_ref().is_none_or(|doctype| doctype.length == text.len()), "{text}");
            assert_eq!(found.map(|doctype| doctype.subset), subset, "{text}");
        }
    }

    #[test]
    fn entities_are_replaced_where_xml_has_references() {
        for (subset, body, expanded) in [
            ("<!ENTITY a 'x'>", "&a;&a; &b; & &a", "xx &b; & &a"),
            ("<!ENTITY a \"&b; y\"><!ENTITY b \"x\">", "&a;", "x y"),
            ("<!ENTITY a 'x'><!ENTITY a 'y'>", "&a;", "x"),
            ("<!-- <!ENTITY a 'x'> --><!ENTITY b 'y'>", "&a;&b;", "&a;y"),
            (
                "<!ENTITY % a 'x'><!ENTITY b SYSTEM \"file:///etc/passwd\"><!ENTITY c PUBLIC 'd' \"e\">",
                "&a;&b;&c;",
                "&a;&b;&c;",
            ),
            ("<!ENTITY a 'x'>", "<![CDATA[&a;]]><!-- &a; -->&a;", "<![CDATA[&a;]]><!-- &a; -->x"),
            ("<!ENTITY a '\"x\"'>", "<b c=\"&a;\">&a;</b>", "<b c=\"&quot;x&quot;\">\"x\"</b>"),
            ("<!ENTITY a '&#233;&#60;b/>&eacute;&#x&'>", "&a;", "\u{e9}<b/>&eacute;&#x&"),
            ("<!ENTITY lt '&#38;#60;'><!ENTITY \u{e9} 'x'>", "&lt;&\u{e9};", "&lt;x"),
            ("<!ENTITY a '&b;'><!ENTITY b '&a;'>", "&a;&b;", "&a;&b;"),
            ("<!ENTITY a><!ENTITY b 'x><!ENTITY", "&b;", "&b;"),
        ] {
            assert_eq!(expand(subset, body), expanded, "{subset}");
        }
        let late = "<rss><!DOCTYPE rss [<!ENTITY a 'x'>]>&a;";
        assert_eq!(expand_entities(late), late);
    }

    #[test]
    fn a_document_cannot_grow_without_bounds() {
        let chain: String =
            (0..50).map(|i| format!("<!ENTITY e{} \"{}\">", i + 1, format!("&e{i};").repeat(10))).collect();
        let body: String = (0..50).map(|i| format!("&e{i};")).collect();
        for leaf in ["<!ENTITY e0 'ha '>", "<!ENTITY e0 ''>"] {
            assert!(expand(&format!("{leaf}{chain}"), &body).len() < 50_000);
        }
        let long = format!("<!ENTITY a '{}'>", "x".repeat(MAX_ENTITY_BYTES));
        let expanded = expand(&long, &"&a;".repeat(10_000));
        assert!(expanded.len() < 2 * MAX_EXPANDED_BYTES && expanded.ends_with("&a;"));
        let many: String = (0..100_000).map(|i| format!("<!ENTITY a{i} '&a{};'>", i + 1)).collect();
        assert_eq!(expand(&many, "&a0;"), "&a0;");
    }
}
