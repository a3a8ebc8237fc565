//! What to do about a file that is not valid TOML: the usual slips, by what stands at the place of the error. Pure.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, FileSpan, Fixed};

/// Quotes that word processors and web pages write.
const CURLY_QUOTES: [char; 9] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚'];

/// The diagnostic of an error of the parser. `tree` is what could be read of the file.
pub(super) fn diagnostic(file: usize, text: &str, error: &toml::de::Error, tree: &DeTable<'_>) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let place = |span: Range<usize>| FileSpan::new(file, span);
    let diagnostic = Diagnostic::error(place(span.clone()), "invalid TOML").label(Fixed::from_parser(error));
    if error.message() == "duplicate key" {
        let diagnostic = diagnostic
            .hint("a key, and a table such as [serve], stands once: put what belongs there together");
        let key = text.get(span.clone()).unwrap_or_default();
        let first = earlier_key(tree, key, span.start).or_else(|| earlier_table(&text[..span.start], key));
        return match first {
            Some(first) => diagnostic.related(place(first), "first time"),
            None => diagnostic,
        };
    }
    diagnostic.hint_if(hint(text, error.message(), span))
}

/// The last place before `end` where a key is set. Between two keys of one table there is no other table's of the same
/// name: that would be a table of its own, in which the second is none too many.
fn earlier_key(table: &DeTable<'_>, key: &str, end: usize) -> Option<Range<usize>> {
    let own = table.iter().filter(|(name, _)| name.get_ref() == key && name.span().end <= end);
    let below = table.iter().filter_map(|(_, value)| earlier_in_value(value.get_ref(), key, end));
    own.map(|(name, _)| name.span()).chain(below).max_by_key(|span| span.start)
}

fn earlier_in_value(value: &DeValue<'_>, key: &str, end: usize) -> Option<Range<usize>> {
    match value {
        DeValue::Table(table) => earlier_key(table, key, end),
        DeValue::Array(values) => {
            let found = values.iter().filter_map(|value| earlier_in_value(value.get_ref(), key, end));
            found.max_by_key(|span| span.start)
        }
        _ => None,
    }
}

/// A line `[key]`, whose key the parser keeps no place of.
fn earlier_table(before: &str, key: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in before.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::trim) == Some(key) {
            let offset = start + line.find(key)?;
            return Some(offset..offset + key.len());
        }
        start += line.len();
    }
    None
}

/// What to write instead, without a word of the file.
fn hint(text: &str, message: &str, span: Range<usize>) -> Option<&'static str> {
    let start = text.floor_char_boundary(span.start);
    let from = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let line = text[from..].lines().next().unwrap_or_default();
    let here = &text[start..text.floor_char_boundary(span.end).max(start)];
    let rest = text[start..].lines().next().unwrap_or_default();
    let is_in_value = line.get(..start - from).is_some_and(|before| before.contains('='));
    if line.contains(CURLY_QUOTES) && (here.starts_with(CURLY_QUOTES) || message.contains("string")) {
        return Some("these are curly quotes: write straight ones, \"like this\"");
    }
    if ["//", "--", "/*"].iter().any(|comment| rest.trim_start().starts_with(comment) || here == *comment) {
        return Some("a comment begins with #");
    }
    if !is_in_value && line.contains(':') && !line.contains('=') {
        return Some("write a key and its value with an equals sign: key = \"value\"");
    }
    if matches!(here.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off" | "true" | "false") {
        return Some("write true or false, in small letters and without quotes");
    }
    if message.contains("escape") {
        return Some("in single quotes a backslash stands for itself: '\\d+'");
    }
    if message.starts_with("invalid basic string") || message.starts_with("invalid literal string") {
        return Some("the closing quote is missing, or the text has a line end in it");
    }
    if message.contains("expected newline") {
        return Some(if rest.starts_with([',', ';']) {
            "remove it: nothing follows a value"
        } else {
            "quotes within a text need single quotes around it: filter = '\"north korea\" OR dprk'"
        });
    }
    let is_bare = |c: char| c.is_alphanumeric() || matches!(c, '@' | '*' | '/' | '.' | '-' | '(');
    (is_in_value && (message.contains("quoted") || rest.starts_with(is_bare)))
        .then_some("write text in straight quotes: key = \"value\"")
}
