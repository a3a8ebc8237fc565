//! Reads tables of a TOML tree key by key and collects what is wrong instead of stopping. Pure.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::problem::{At, Problem, nearest};

/// Longer times are mistakes, and would overflow dates.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) at: At,
}

/// One file that is being read: its text, and what was found wrong so far.
pub(super) struct Reading<'t> {
    pub(super) file: usize,
    pub(super) text: &'t str,
    pub(super) problems: Vec<Problem>,
    /// Stretches that must not be shown.
    pub(super) secrets: Vec<Range<usize>>,
}

impl Reading<'_> {
    pub(super) fn at(&self, span: Range<usize>) -> At {
        At::new(self.file, span)
    }

    pub(super) fn error(&mut self, span: Range<usize>, title: impl Into<String>, label: impl Into<String>) {
        let at = self.at(span);
        self.problems.push(Problem::error(at, title).label(label));
    }
}

/// A value of the tree.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// One table: every key that is asked for is known, and those that were never asked for are
/// reported by [`Table::finish`].
pub(super) struct Table<'t> {
    name: &'static str,
    table: &'t DeTable<'t>,
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// `name` is what problems call it: `[poll]`.
    pub(super) fn new(name: &'static str, table: &'t DeTable<'t>) -> Self {
        Self { name, table, known: Vec::new() }
    }

    /// The value of a key as `read` understands it; nothing if it is missing or wrong.
    pub(super) fn take<T>(
        &mut self,
        reading: &mut Reading<'_>,
        key: &'static str,
        read: impl FnOnce(&mut Reading<'_>, &'t Value<'t>) -> Result<T, Wrong>,
    ) -> Option<Found<T>> {
        self.known.push(key);
        let value = self.raw(key)?;
        let at = reading.at(value.span());
        match read(reading, value) {
            Ok(value) => Some(Found { value, at }),
            Err(wrong) => {
                let title = format!("{} `{key}` cannot be read", self.name);
                reading
                    .problems
                    .push(Problem { hint: wrong.hint, ..Problem::error(at, title).label(wrong.label) });
                None
            }
        }
    }

    /// Where a key's value stands, if it is there at all, right or wrong.
    pub(super) fn raw(&self, key: &str) -> Option<&'t Value<'t>> {
        self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self, reading: &mut Reading<'_>) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let label = match nearest(name, self.known.iter().copied()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            reading.error(key.span(), format!("unknown key `{name}` in {}", self.name), label);
        }
    }
}

/// Why a value cannot be read: words for the caret, and advice.
pub(super) struct Wrong {
    pub(super) label: String,
    pub(super) hint: Option<String>,
}

impl From<String> for Wrong {
    fn from(label: String) -> Self {
        Self { label, hint: None }
    }
}

impl Wrong {
    pub(super) fn new(label: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { label: label.into(), hint: Some(hint.into()) }
    }
}

pub(super) fn wanted<T>(what: &str, value: &Value<'_>) -> Result<T, Wrong> {
    Err(format!("wanted {what}, found {}", kind(value)).into())
}

pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Any string without control characters.
pub(super) fn line(_: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    let Some(text) = value.get_ref().as_str() else { return wanted("a string", value) };
    if text.chars().any(char::is_control) {
        return Err("contains a control character".to_owned().into());
    }
    if text.trim().is_empty() {
        return Err("is empty".to_owned().into());
    }
    Ok(text.to_owned())
}

/// Any string at all.
pub(super) fn text(_: &mut Reading<'_>, value: &Value<'_>) -> Result<String, Wrong> {
    value.get_ref().as_str().map_or_else(|| wanted("a string", value), |text| Ok(text.to_owned()))
}

pub(super) fn switch(_: &mut Reading<'_>, value: &Value<'_>) -> Result<bool, Wrong> {
    value.get_ref().as_bool().map_or_else(|| wanted("true or false", value), Ok)
}

/// A whole number within bounds.
pub(super) fn count(
    bounds: std::ops::RangeInclusive<usize>,
) -> impl FnOnce(&mut Reading<'_>, &Value<'_>) -> Result<usize, Wrong> {
    move |_, value| {
        let Some(number) = value.get_ref().as_integer() else { return wanted("a whole number", value) };
        match usize::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if bounds.contains(&number) => Ok(number),
            _ => Err(format!("wanted a whole number from {} to {}", bounds.start(), bounds.end()).into()),
        }
    }
}

/// `15m`, `2h`, `7d`: more than nothing.
pub(super) fn duration(_: &mut Reading<'_>, value: &Value<'_>) -> Result<Duration, Wrong> {
    let Some(text) = value.get_ref().as_str() else {
        return match value.get_ref() {
            DeValue::Integer(number) => Err(Wrong::new(
                "a time needs its unit",
                format!("write \"{0}m\" for minutes, \"{0}s\" for seconds", number.as_str()),
            )),
            _ => wanted("a time such as \"15m\"", value),
        };
    };
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be more than nothing".to_owned().into()),
        Ok(long) if long > LONGEST => Err("is longer than a hundred years".to_owned().into()),
        Ok(duration) => Ok(duration),
        Err(_) => Err(Wrong::new(
            "not a time",
            "write a number and its unit, such as \"90s\", \"15m\", \"2h\", \"7d\"",
        )),
    }
}

/// `10MB`, `512KiB`: more than nothing.
pub(super) fn size(_: &mut Reading<'_>, value: &Value<'_>) -> Result<u64, Wrong> {
    let Some(text) = value.get_ref().as_str() else { return wanted("a size such as \"10MB\"", value) };
    match text.parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        Ok(_) => Err("must be more than nothing".to_owned().into()),
        Err(_) => {
            Err(Wrong::new("not a size", "write a number and its unit, such as \"10MB\" or \"512KiB\""))
        }
    }
}

/// An absolute http or https address with a host.
pub(super) fn web_address(_: &mut Reading<'_>, value: &Value<'_>) -> Result<Url, Wrong> {
    address(value, &["http", "https"])
}

/// What a proxy may be.
pub(super) fn proxy_address(_: &mut Reading<'_>, value: &Value<'_>) -> Result<Url, Wrong> {
    address(value, &["http", "https", "socks5", "socks5h"])
}

fn address(value: &Value<'_>, schemes: &[&str]) -> Result<Url, Wrong> {
    let Some(text) = value.get_ref().as_str() else { return wanted("an address", value) };
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return Err(Wrong::new(
                "not a whole address",
                format!("write it with its scheme: https://{text}"),
            ));
        }
        Err(error) => return Err(format!("not an address: {error}").into()),
    };
    if !schemes.contains(&url.scheme()) {
        return Err(format!("`{}:` is not polled: wanted {}", url.scheme(), schemes.join(" or ")).into());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned().into());
    }
    Ok(url)
}

/// A list, each of whose members `read` understands.
pub(super) fn list<'t, T>(
    reading: &mut Reading<'_>,
    value: &'t Value<'t>,
    read: impl Fn(&mut Reading<'_>, &'t Value<'t>) -> Result<T, Wrong>,
) -> Result<Vec<Found<T>>, Wrong> {
    let Some(members) = value.get_ref().as_array() else { return wanted("a list", value) };
    let mut found = Vec::new();
    for member in members.iter() {
        match read(reading, member) {
            Ok(value) => found.push(Found { value, at: reading.at(member.span()) }),
            Err(wrong) => reading.error(member.span(), "a member of the list cannot be read", wrong.label),
        }
    }
    Ok(found)
}

/// Where a byte of a string's value stands in the literal that it was written as, quotes included:
/// a query's problem points into the value, the caret into the file.
pub(super) fn offset_in_literal(literal: &str, wanted: usize) -> usize {
    let triple = literal.starts_with("\"\"\"") || literal.starts_with("'''");
    let mut raw = if triple { 3 } else { 1 };
    if triple {
        let rest = &literal[raw.min(literal.len())..];
        raw += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let escapes = literal.starts_with('"');
    let mut value = 0;
    while value < wanted {
        let Some(rest) = literal.get(raw..) else { break };
        let Some(first) = rest.chars().next() else { break };
        let (written, meant) =
            if escapes && first == '\\' { escape(rest) } else { (first.len_utf8(), first.len_utf8()) };
        raw += written;
        value += meant;
    }
    raw.min(literal.len())
}

/// Bytes that an escape takes in the file, and in the value.
fn escape(text: &str) -> (usize, usize) {
    let digits = match text.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        Some(b' ' | b'\t' | b'\r' | b'\n') => return (text.len() - text[1..].trim_start().len(), 0),
        _ => return (2, 1),
    };
    let meant = text
        .get(2..2 + digits)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .and_then(char::from_u32)
        .map_or(1, char::len_utf8);
    (2 + digits, meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_value_is_found_in_its_literal_however_it_is_written() {
        for literal in [
            r#""ab @x""#,
            r#""a\u0062 @x""#,
            r#""\"b @x""#,
            r#""\U0001F600 @x""#,
            "'ab @x'",
            "\"\"\"\nab @x\"\"\"",
            "'''\r\nab @x'''",
            "\"\"\"ab \\\n   @x\"\"\"",
            "\"\u{e9}\u{451} @x\"",
        ] {
            let document = format!("k = {literal}");
            let tree = DeTable::parse(&document).unwrap();
            let value = tree.get_ref().get("k").and_then(|value| value.get_ref().as_str()).unwrap();
            let place = offset_in_literal(literal, value.find('@').unwrap());
            assert!(
                literal[place..].trim_start_matches(['\\', '\n', ' ']).starts_with("@x"),
                "{literal} {place}"
            );
        }
    }

    #[test]
    fn the_end_of_a_value_is_inside_its_literal() {
        assert_eq!(offset_in_literal("\"ab\"", 2), 3);
        assert_eq!(offset_in_literal("\"ab\"", 99), 4);
        assert_eq!(offset_in_literal("", 1), 0);
    }
}
