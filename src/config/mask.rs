//! Finds secrets in a config file and masks them in the text that diagnostics quote. Pure.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Keys whose value is a URL.
const URL_KEYS: [&str; 4] = ["url", "public_url", "proxy", "hub"];

/// Ranges of the strings that are passwords, tokens, cookies or header values, and of the queries of URLs. Diagnostics
/// go to logs and pages, so these must not appear there.
pub(super) fn secret_spans(table: &DeTable<'_>, text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    for (key, value) in table {
        let key = key.get_ref().as_ref();
        match value.get_ref() {
            DeValue::String(_) if ["password", "bearer", "cookie"].contains(&key) => spans.push(value.span()),
            DeValue::String(_) if URL_KEYS.contains(&key) => {
                let span = value.span();
                let query = text.get(span.clone()).and_then(|url| url.find('?'));
                spans.extend(query.map(|query| span.start + query + 1..span.end));
            }
            DeValue::Table(headers) if key == "headers" => {
                let strings = headers.iter().filter(|(_, value)| value.get_ref().is_str());
                spans.extend(strings.map(|(_, value)| value.span()));
            }
            DeValue::Table(table) => spans.extend(secret_spans(table, text)),
            DeValue::Array(members) => {
                let tables = members.iter().filter_map(|member| member.get_ref().as_table());
                spans.extend(tables.flat_map(|table| secret_spans(table, text)));
            }
            _ => {}
        }
    }
    spans
}

/// For a file that is not valid TOML, where the end of a secret is unknown: everything after the first `=` of
/// each line that may contain one.
pub(super) fn possible_secret_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let words = ["password", "bearer", "cookie", "headers", "authorization"];
        if let (true, Some(sign)) = (words.iter().any(|word| lower.contains(word)), line.find('=')) {
            spans.push(start + sign + 1..start + line.len());
        }
        start += line.len();
    }
    spans
}

/// The text with `secrets` and the user info and query of URLs replaced by `*`. Lengths and line ends are kept, so that
/// spans stay valid.
pub(super) fn mask_secrets(text: &str, secrets: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut mask = |span: Range<usize>| {
        for byte in bytes.get_mut(span).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                *byte = b'*';
            }
        }
    };
    secrets.iter().cloned().for_each(&mut mask);
    for (scheme_end, separator) in text.match_indices("://") {
        let start = scheme_end + separator.len();
        let rest = &text[start..];
        let end = rest.find(|c: char| "/?#\"'".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
        if let Some(sign) = rest[..end].rfind('@') {
            mask(start..start + sign);
        }
        let url_end = rest.find(|c: char| "\"'".contains(c) || c.is_whitespace()).unwrap_or(rest.len());
        if let Some(query) = rest[..url_end].find('?') {
            mask(start + query + 1..start + url_end);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
