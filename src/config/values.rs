//! What single values of the config mean: names, languages, addresses to listen at, headers, secrets. Pure.

use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::problem::{At, Problem, nearest};
use super::read::{Found, Reading, Table, Value, Wrong, line, list, offset_in_literal, text, wanted};
use crate::publish::template::Template;
use crate::serve::ListenAddress;
use ipnet::IpNet;

/// Names and values, in the order of the file.
pub(super) type Headers = Vec<(String, Found<SecretValue>)>;

/// A secret as it is given: the value itself, or where it is to be found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SecretValue {
    Here(String),
    File(PathBuf),
    Credential(String),
}

/// A string with the literal that it was written as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) literal: String,
}

impl Found<Written> {
    /// Where a stretch of the value stands in the file.
    pub(super) fn part(&self, span: Range<usize>) -> At {
        let offset = |at| self.at.start + offset_in_literal(&self.value.literal, at);
        At::new(self.at.file, offset(span.start)..offset(span.end))
    }
}

pub(super) fn choice<T: Copy>(value: &Value<'_>, words: &[(&str, T)]) -> Result<T, Wrong> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let Some(text) = value.get_ref().as_str() else {
        return wanted(&format!("one of {}", known.join(", ")), value);
    };
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*meaning);
    }
    Err(match super::problem::nearest(text, known.iter().copied()) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("wanted one of {}", known.join(", ")),
    }
    .into())
}

pub(super) fn written(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<Written, Wrong> {
    let text = text(reading, value)?;
    let literal = reading.text.get(value.span()).unwrap_or_default().to_owned();
    Ok(Written { text, literal })
}

/// A name that is safe as a file name and in an address, on any system that we run on.
pub(super) fn file_name(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    let name = line(reading, value)?;
    let wrong = if name.starts_with('.') {
        "must not begin with a dot"
    } else if name.contains(['/', '\\', ':', '?', '#', '%']) {
        "must not contain / \\ : ? # or %"
    } else if name.contains(is_unseen) {
        "must not contain characters that cannot be seen"
    } else if name.trim() != name {
        "must not begin or end with a space"
    } else if name.len() > 100 {
        "is longer than 100 bytes"
    } else {
        return Ok(name);
    };
    Err(wrong.to_owned().into())
}

pub(super) fn output_name(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    let name = file_name(reading, value)?;
    if name.starts_with('_') {
        return Err("names that begin with _ are Siftwire's own".to_owned().into());
    }
    let lower = name.to_ascii_lowercase();
    if [".atom", ".rss", ".json"].iter().any(|format| lower.ends_with(format)) {
        // The page of `a.atom` would stand where the feed of `a` does.
        return Err("must not end like the address of a feed: .atom, .rss and .json come by themselves"
            .to_owned()
            .into());
    }
    Ok(name)
}

/// Zero-width characters, marks of direction, separators of lines.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) fn template(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<Template, Wrong> {
    let text = line(reading, value)?;
    Template::parse(&text).map_err(|wrong| Wrong::new(wrong.to_string(), TEMPLATE))
}

/// What a template looks like.
pub(super) const TEMPLATE: &str =
    "write such as \"{source}: {title}\"; {author} and {site} may stand in it too";

pub(super) fn language(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    let tag = line(reading, value)?;
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let rest =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if letters && rest {
        Ok(tag)
    } else {
        Err(Wrong::new("not a language tag", "write \"en\", \"ru\", \"pt-BR\""))
    }
}

pub(super) fn user(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    let user = line(reading, value)?;
    if user.contains(':') { Err("must not contain a colon".to_owned().into()) } else { Ok(user) }
}

pub(super) fn listen(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<ListenAddress, Wrong> {
    let text = line(reading, value)?;
    if let Some(path) = text.strip_prefix("unix:") {
        let path = PathBuf::from(path);
        return if path.is_absolute() {
            Ok(ListenAddress::Unix(path))
        } else {
            Err("a socket's path must be absolute: unix:/run/siftwire/http.sock".to_owned().into())
        };
    }
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.clone(),
    };
    numeric.parse().map(ListenAddress::Tcp).map_err(|_| {
        let port = text.trim_start_matches(':').parse::<u16>().unwrap_or(8080);
        let hint = format!(
            "\"127.0.0.1:{port}\" for this machine alone, \"0.0.0.0:{port}\" for all, or \"unix:/path\""
        );
        Wrong::new("wanted an address and a port", hint)
    })
}

pub(super) fn networks(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<Vec<IpNet>, Wrong> {
    let found = list(reading, value, |reading, value| {
        let text = line(reading, value)?;
        network(&text).ok_or_else(|| "wanted a range such as \"192.168.1.0/24\"".to_owned().into())
    })?;
    Ok(found.into_iter().map(|found| found.value).collect())
}

/// A range in CIDR notation, or a single address.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

pub(super) fn header_value(reading: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    let text = line(reading, value)?;
    if text.is_ascii() { Ok(text) } else { Err("a header takes ASCII alone".to_owned().into()) }
}

/// Headers that are part of how a message is framed or of how Siftwire asks only for what changed.
const OWN_HEADERS: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
];

pub(super) fn headers<'t>(reading: &mut Reading<'_>, value: &'t Value<'t>) -> Result<Headers, Wrong> {
    let Some(table) = value.get_ref().as_table() else {
        return wanted("a table such as { Accept-Language = \"hy\" }", value);
    };
    let mut found = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(token) {
            reading.error(key.span(), format!("`{name}` is not the name of a header"), "");
        } else if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            reading.error(key.span(), format!("header `{name}` is Siftwire's own"), "cannot be set");
        } else {
            match secret(reading, value) {
                Ok(given) => {
                    found.push((name.to_owned(), Found { value: given, at: reading.at(value.span()) }))
                }
                Err(wrong) => {
                    reading.error(value.span(), format!("header `{name}` cannot be read"), wrong.label)
                }
            }
        }
    }
    found.sort_by_key(|(_, given)| given.at.start);
    Ok(found)
}

pub(super) fn secret<'t>(reading: &mut Reading<'_>, value: &'t Value<'t>) -> Result<SecretValue, Wrong> {
    const WANTED: &str = "a string, { file = \"...\" } or { credential = \"...\" }";
    if value.get_ref().as_str().is_some() {
        return line(reading, value).map(SecretValue::Here);
    }
    let Some(table) = value.get_ref().as_table() else { return wanted(WANTED, value) };
    let mut table = Table::new("a secret", table);
    let file = table.take(reading, "file", line);
    let credential = table.take(reading, "credential", file_name);
    let written = table.raw("file").is_some() || table.raw("credential").is_some();
    table.finish(reading);
    match (file, credential) {
        (Some(file), None) => Ok(SecretValue::File(PathBuf::from(file.value))),
        (None, Some(credential)) => Ok(SecretValue::Credential(credential.value)),
        (Some(_), Some(_)) => Err("names both a file and a credential".to_owned().into()),
        // The member itself is wrong and has been reported: any value serves until the load fails.
        (None, None) if written => Ok(SecretValue::Here(String::new())),
        (None, None) => Err(format!("wanted {WANTED}").into()),
    }
}

/// Notes the stretches that must not be shown in a problem's line: problems go to logs and pages.
pub(super) fn hide_secrets(reading: &mut Reading<'_>, table: &DeTable<'_>) {
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        match value.get_ref() {
            DeValue::String(_) if ["password", "bearer", "cookie"].contains(&key) => {
                reading.secrets.push(value.span());
            }
            DeValue::Table(headers) if key == "headers" => {
                let strings = headers.iter().filter(|(_, value)| value.get_ref().is_str());
                reading.secrets.extend(strings.map(|(_, value)| value.span()));
            }
            DeValue::Table(table) => hide_secrets(reading, table),
            DeValue::Array(members) => {
                for member in members.iter().filter_map(|member| member.get_ref().as_table()) {
                    hide_secrets(reading, member);
                }
            }
            _ => {}
        }
    }
}

/// In a file that is no TOML nobody knows where a secret ends: each line that may hold one is hidden
/// behind its first `=`.
pub(super) fn hide_suspects(reading: &mut Reading<'_>) {
    let mut start = 0;
    for line in reading.text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let suspect =
            ["password", "bearer", "cookie", "headers", "authorization"].iter().any(|w| lower.contains(w));
        if let (true, Some(sign)) = (suspect, line.find('=')) {
            reading.secrets.push(start + sign + 1..start + line.len());
        }
        start += line.len();
    }
}

/// A list of names, each of which must be a source's.
pub(super) fn known_sources(
    found: Found<Vec<Found<String>>>,
    names: &[String],
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    for wanted in found.value.iter().filter(|wanted| !names.contains(&wanted.value)) {
        let near = nearest(&wanted.value, names.iter().map(String::as_str));
        problems.push(
            Problem::error(wanted.at.clone(), format!("no source is called `{}`", wanted.value))
                .label(near.map_or("unknown".to_owned(), |name| format!("did you mean \"{name}\"?"))),
        );
    }
    found.value.into_iter().map(|found| found.value).collect()
}
