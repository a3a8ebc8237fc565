//! Masks the text that diagnostics quote, so that logs and terminals show no secret. What is not known to be harmless is
//! masked: in a valid file all but the values of some keys, in an invalid one also what does not stand in a simple line.
//! Pure.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::source::is_secret_name;
use crate::text::closest_name;

/// The tables of a config.
const SECTIONS: [&str; 8] = ["serve", "store", "poll", "publish", "host", "topics", "source", "output"];

/// Keys whose values are shown, without user information and query.
const SHOWN_KEYS: [&str; 46] = [
    "author", "source_metrics", "ca", "tags", "ids", "watch", "listen", "public_url", "max_age", "path",
    "keep", "every", "at_most", "timeout", "max_body", "adaptive", "ignore_hints", "first_poll",
    "user_agent", "proxy", "concurrency", "per_host", "gap", "contact", "allow", "hub", "clean_links", "url",
    "name", "title", "lang", "publish_url", "stories", "allow_private", "was", "entry_title", "filter",
    "sources", "limit", "prefer", "content", "full_text", "article", "article_without", "article_limit",
    "root_certificate",
];

/// The same, of outputs alone.
const SHOWN_OUTPUT_KEYS: [&str; 7] =
    ["also_in", "byline", "description", "icon", "per_source", "private", "write_to"];

/// Keys whose values are URLs.
const URL_KEYS: [&str; 4] = ["url", "public_url", "proxy", "hub"];

/// Keys whose values are never shown.
const SECRET_KEYS: [&str; 9] =
    ["user", "password", "bearer", "cookie", "headers", "authorization", "file", "credential", "token"];

/// The longest unknown key that is shown, in bytes.
const MAX_SHOWN_KEY: usize = 32;

/// Where a table is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Section,
    Topics,
    /// Its keys are names of hosts.
    Hosts,
    Headers,
    /// Where nothing is known to be harmless.
    Unknown,
}

/// The text with everything masked that may be a secret; `tree` is `None` if it is not valid TOML. Lengths and line ends
/// stay, so that spans stay valid.
pub(super) fn mask(text: &str, tree: Option<&DeTable<'_>>) -> String {
    let mut mask = Mask { text, shown: vec![false; text.len()] };
    mask.show_structure(if tree.is_some() { "[]{}=.,#\"'" } else { "[]{}=,\"'" });
    match tree {
        Some(tree) => mask.table(tree, Place::Root),
        None => mask.lines(),
    }
    let masked =
        |(byte, shown): (u8, bool)| if shown || byte == b'\n' || byte == b'\r' { byte } else { b'*' };
    let bytes = text.bytes().zip(mask.shown).map(masked).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(text.len()))
}

/// The text with user information and queries of URLs masked.
#[must_use]
pub fn mask_urls(text: &str) -> String {
    let shown = shown_parts(text, UrlText::Anywhere);
    text.char_indices()
        .map(|(at, c)| if shown.iter().any(|part| part.contains(&at)) { c } else { '*' })
        .collect()
}

/// A query of the filter language with user information and queries of addresses masked, for its readers.
#[must_use]
pub(super) fn mask_query(text: &str) -> String {
    let masked = |word: &str| match word.split_once('?') {
        _ if word.contains("://") => mask_urls(word),
        Some((path, parameters)) if parameters.contains('=') => {
            format!("{path}?{}", parameters.replace(|c: char| !c.is_whitespace(), "*"))
        }
        _ => word.to_owned(),
    };
    text.trim().split_inclusive(char::is_whitespace).map(masked).collect()
}

struct Mask<'t> {
    text: &'t str,
    /// For each byte.
    shown: Vec<bool>,
}

impl Mask<'_> {
    fn set(&mut self, span: Range<usize>, shown: bool) {
        self.shown.get_mut(span).into_iter().flatten().for_each(|byte| *byte = shown);
    }

    /// Shows space, these characters, and known words that stand where a key can.
    fn show_structure(&mut self, structure: &str) {
        for (at, c) in self.text.char_indices().filter(|(_, c)| c.is_ascii()) {
            self.shown[at] = c.is_ascii_whitespace() || structure.contains(c);
        }
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            for word in words(line).filter(|word| is_known(&line[word.clone()])) {
                let before = line[..word.start].trim_end();
                let after = line[word.end..].trim_start();
                let is_key = before.is_empty() || before.ends_with(['[', '{', ',', '.']);
                if is_key
                    && (after.starts_with(['=', '.', ']']) || (after.is_empty() && before.ends_with('[')))
                {
                    self.set(start + word.start..start + word.end, true);
                }
            }
            start += line.len();
        }
    }

    fn table(&mut self, table: &DeTable<'_>, place: Place) {
        let has_secret_path =
            table.get("publish_url").is_some_and(|value| value.get_ref().as_bool() == Some(false));
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let shows_key = shows_key(self.text.get(key.span()).unwrap_or_default(), place);
            self.set(key.span(), shows_key);
            let below = match place {
                Place::Root if name == "topics" => Place::Topics,
                Place::Root if name == "host" => Place::Hosts,
                Place::Hosts => Place::Section,
                Place::Root if SECTIONS.contains(&name) => Place::Section,
                Place::Section if name == "headers" => Place::Headers,
                _ => Place::Unknown,
            };
            let is_url = URL_KEYS.contains(&name);
            let shown = match place {
                Place::Root => name == "watch",
                Place::Section => SHOWN_KEYS.contains(&name) || SHOWN_OUTPUT_KEYS.contains(&name),
                Place::Topics => shows_key && !is_secret_like(name),
                Place::Hosts | Place::Headers | Place::Unknown => false,
            };
            let kind = match (shown, is_url) {
                (false, _) => None,
                (true, false) => Some(UrlText::Anywhere),
                (true, true) if name == "url" && has_secret_path => Some(UrlText::SecretPath),
                (true, true) => Some(UrlText::Only),
            };
            self.value(value.get_ref(), value.span(), below, kind);
        }
    }

    /// `kind` is what a string may be; `None`: it is not shown.
    fn value(&mut self, value: &DeValue<'_>, span: Range<usize>, below: Place, kind: Option<UrlText>) {
        match value {
            DeValue::Table(table) => self.table(table, below),
            DeValue::Array(members) => {
                for member in members.iter() {
                    self.value(member.get_ref(), member.span(), below, kind);
                }
            }
            DeValue::String(_) => {
                let literal = self.text.get(span.clone()).unwrap_or_default();
                self.set(span.clone(), false);
                let quotes =
                    literal.bytes().zip(span.clone()).filter(|(byte, _)| matches!(byte, b'"' | b'\''));
                quotes.for_each(|(_, at)| self.shown[at] = true);
                for part in kind.map(|kind| shown_parts(literal, kind)).into_iter().flatten() {
                    self.set(span.start + part.start..span.start + part.end, true);
                }
            }
            DeValue::Integer(_) | DeValue::Float(_) => self.set(span, kind.is_some()),
            DeValue::Boolean(_) => self.set(span, true),
            DeValue::Datetime(_) => self.set(span, false),
        }
    }

    /// For text that is not valid TOML: where a string or an array with a slip ends is unknown. Shows lines that stand
    /// alone, up to the first that does not, and again from the next header of a known table.
    fn lines(&mut self) {
        let mut start = 0;
        let mut is_known_place = true;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim();
            if ["\"\"\"", "'''"].iter().any(|quotes| trimmed.contains(quotes)) {
                return;
            }
            if trimmed.starts_with('[') {
                let name = trimmed.trim_start_matches('[').split(']').next().unwrap_or_default();
                is_known_place = SECTIONS.contains(&name.trim());
            } else if is_known_place && !trimmed.is_empty() && !trimmed.starts_with('#') {
                is_known_place = self.line(line, start);
            }
            start += line.len();
        }
    }

    /// Shows what is harmless in a line; false if the lines after it may belong to it.
    fn line(&mut self, line: &str, start: usize) -> bool {
        let Some((key, value)) = line.split_once('=') else { return false };
        let name = key.trim();
        let value_start = line.len() - value.trim_start().len();
        let value = value.trim();
        let at = start + (key.len() - key.trim_start().len());
        if shows_key(name, Place::Unknown) {
            self.set(at..at + name.len(), true);
        }
        let Some(literal) = simple_value(value) else {
            let value = value.split('#').next().unwrap_or_default().trim();
            let is_closed = |open, close| value.starts_with(open) && value.ends_with(close);
            return is_closed('[', ']') || is_closed('{', '}');
        };
        if SHOWN_KEYS.contains(&name) || SHOWN_OUTPUT_KEYS.contains(&name) {
            // Whether the path of a URL is a secret is unknown here.
            let kind = if URL_KEYS.contains(&name) { UrlText::SecretPath } else { UrlText::Anywhere };
            for part in shown_parts(literal, kind) {
                self.set(start + value_start + part.start..start + value_start + part.end, true);
            }
        }
        true
    }
}

/// The whole of a string or of a bare value without escapes, if nothing but a comment comes after it. The string may lack
/// its end.
fn simple_value(value: &str) -> Option<&str> {
    let ends = |rest: &str| rest.trim().is_empty() || rest.trim_start().starts_with('#');
    if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = value[1..].find(quote).map_or(value.len(), |end| end + 2);
        return ends(&value[end..]).then(|| &value[..end]).filter(|literal| !literal.contains('\\'));
    }
    let end =
        value.find(|c: char| !(c.is_ascii_alphanumeric() || "._:+-".contains(c))).unwrap_or(value.len());
    (end > 0 && ends(&value[end..])).then(|| &value[..end])
}

/// What a string may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UrlText {
    /// Any text, in which a URL may occur.
    Anywhere,
    /// A URL.
    Only,
    /// A URL of which the path is not shown either.
    SecretPath,
}

/// The ranges of a string's literal that are shown: no user information, even if its password has the characters that end
/// one, and no query. Nothing if it has escapes, behind which anything may be.
fn shown_parts(literal: &str, kind: UrlText) -> Vec<Range<usize>> {
    let is_plain =
        !literal.replace("\\\"", "").replace("\\\\", "").contains('\\') || literal.starts_with('\'');
    if !is_plain {
        return Vec::new();
    }
    let is_url = kind != UrlText::Anywhere;
    let Some(start) = literal.find("://").map(|scheme| scheme + 3) else {
        return match is_url {
            true if literal.contains([':', '@']) => Vec::new(),
            true => std::iter::once(0..end_of_path(literal)).collect(),
            false => without_user_information(literal),
        };
    };
    let user_end = literal.rfind('@').filter(|at| *at >= start);
    let host = user_end.map_or(start, |at| at + 1);
    let host_end = literal[host..].find(['/', '?', '#']).map_or(literal.len(), |end| host + end);
    let mut parts = without_user_information(&literal[..start]);
    let authority = literal[host..host_end].trim_end_matches(['"', '\'']);
    let authority = if is_url { authority } else { authority.split_whitespace().next().unwrap_or_default() };
    if is_authority(authority) {
        let shown_from = user_end.unwrap_or(start);
        parts.push(
            shown_from..if kind == UrlText::SecretPath {
                host_end
            } else {
                host + end_of_path(&literal[host..])
            },
        );
    }
    parts
}

/// The end of what comes before a query or fragment, with the mark between them.
fn end_of_path(url: &str) -> usize {
    url.find(['?', '#']).map_or(url.len(), |mark| mark + 1)
}

/// A host with or without a port; empty, as in `file:///`. Anything else may be a password that lacks its `@`.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let is_address = host.starts_with('[')
        && host.ends_with(']')
        && host.bytes().all(|b| b.is_ascii_hexdigit() || b"[]:".contains(&b));
    port.bytes().all(|b| b.is_ascii_digit())
        && (is_address || host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c)))
}

/// All but the start of words such as `user:password@host`.
fn without_user_information(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut shown_from = 0;
    let mut start = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        if let Some(at) = word.rfind('@')
            && word[..at].contains(':')
        {
            parts.push(shown_from..start);
            shown_from = start + at;
        }
        start += word.len();
    }
    parts.push(shown_from..text.len());
    parts
}

/// Whether a key, as it is written, is harmless: a known one or nearly so, or letters without digits in a known table.
fn shows_key(written: &str, place: Place) -> bool {
    let name = written.trim_matches(['"', '\'']);
    let is_bare = written.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-'));
    match place {
        _ if is_known(name) => true,
        _ if written.len() > MAX_SHOWN_KEY => false,
        Place::Topics => {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        }
        Place::Hosts => {
            name.contains('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        }
        Place::Unknown => is_bare && written.len() > 3 && closest_name(written, known_words()).is_some(),
        Place::Root | Place::Section | Place::Headers => is_bare,
    }
}

/// Whether a name resembles that of a secret.
fn is_secret_like(name: &str) -> bool {
    is_secret_name(name) || closest_name(name, SECRET_KEYS).is_some()
}

fn known_words() -> impl Iterator<Item = &'static str> {
    SECTIONS.into_iter().chain(SHOWN_KEYS).chain(SHOWN_OUTPUT_KEYS).chain(SECRET_KEYS)
}

fn is_known(word: &str) -> bool {
    known_words().any(|known| known == word)
}

/// The runs of letters, digits, `_` and `-`.
fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).filter_map(move |word| {
        let start = at;
        at += word.len();
        at += line[at..].chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some(start..start + word.len())
    })
}
