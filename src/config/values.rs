//! Converts and validates single values of the config. Pure.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde_json::{Value, json};
use toml::de::DeValue;
use url::Url;

use super::diagnostic::{Diagnostic, Fixed};
use super::literal::QueryLiteral;
use super::opml::is_in_tag;
use super::shape::{Choice, Shape};
use super::toml_reader::{FileReader, Located, TableReader, TomlValue, ValueError};
use crate::article::Selector;
use crate::publish::format::Format;
use crate::publish::template::Template;
use crate::serve::ListenAddress;
use crate::source::is_secret_name;
use crate::store::Server;
use crate::text::closest_name;

/// Upper bound of durations; a longer one is a mistake and would overflow dates.
const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * 86_400);

/// File systems allow 255 bytes; the rest is for extensions.
const MAX_NAME_BYTES: usize = 100;

/// The hint for an invalid entry title template.
pub(super) const TEMPLATE_HINT: &str = "example: \"{source}: {title}\"; {author} and {site} are allowed too";

/// Headers that frame a message or belong to conditional and compressed requests: Siftwire sets them itself.
const RESERVED_HEADERS: [&str; 11] = [
    "accept-encoding", "connection", "content-length", "expect", "host", "if-modified-since",
    "if-none-match", "range", "te", "transfer-encoding", "upgrade",
];

/// Names and values, in file order.
pub(super) type RawHeaders = Vec<(String, Located<SecretSource>)>;

/// Where the config says a secret is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SecretSource {
    /// In the config itself.
    Inline(String),
    /// In a file; relative paths start at the config's directory.
    File(PathBuf),
    /// In a systemd credential of this name.
    Credential(String),
}

impl Shape for SecretSource {
    fn shape() -> Value {
        let one = |key: &str| {
            json!({ "type": "object", "properties": { key: String::shape() }, "required": [key],
                    "additionalProperties": false })
        };
        json!({ "oneOf": [String::shape(), one("file"), one("credential")] })
    }
}

impl Shape for Server {
    fn shape() -> Value {
        json!({ "type": "string", "pattern": "^postgres(ql)?://" })
    }
}

impl Shape for RawHeaders {
    fn shape() -> Value {
        json!({ "type": "object", "additionalProperties": SecretSource::shape() })
    }
}

/// A string without control characters that is not blank.
pub(super) fn single_line(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let text = string(value)?;
    if text.chars().any(char::is_control) {
        return Err("contains a control character".into());
    }
    if text.trim().is_empty() {
        return Err("must not be empty".into());
    }
    Ok(text.to_owned())
}

/// A tag of a source, in lower case.
pub(super) fn tag(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let text = string(value)?;
    if text.is_empty() || !text.chars().all(is_in_tag) {
        return Err(ValueError::with_hint(
            "not a tag",
            "a tag has letters, digits, - and _ alone; outputs write a # before it: sources = [\"#caucasus\"]",
        ));
    }
    Ok(text.to_lowercase())
}

/// The same of a text that is published or sent to every site.
pub(super) fn public_text(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let text = single_line(reader, value)?;
    let has_user = |word: &str| {
        let user = word.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        user.is_some_and(|(user, _)| user.contains(':') || !user.contains('/'))
    };
    if text.split_whitespace().any(has_user) {
        Err("contains a URL with a user or password".into())
    } else {
        Ok(text)
    }
}

fn string<'t>(value: &'t TomlValue<'_>) -> Result<&'t str, ValueError> {
    value.get_ref().as_str().ok_or_else(|| ValueError::expected("a string", value))
}

pub(super) fn query(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<QueryLiteral, ValueError> {
    let literal = reader.text.get(value.span()).unwrap_or_default().to_owned();
    Ok(QueryLiteral { text: string(value)?.to_owned(), literal })
}

pub(super) fn boolean(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<bool, ValueError> {
    value.get_ref().as_bool().ok_or_else(|| ValueError::expected("true or false", value))
}

/// An integer within bounds.
pub(super) fn integer(
    bounds: RangeInclusive<usize>,
) -> impl FnOnce(&mut FileReader<'_>, &TomlValue<'_>) -> Result<usize, ValueError> {
    move |_, value| {
        let Some(number) = value.get_ref().as_integer() else {
            return Err(ValueError::expected("an integer", value));
        };
        match usize::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if bounds.contains(&number) => Ok(number),
            _ => Err(format!("expected an integer from {} to {}", bounds.start(), bounds.end()).into()),
        }
    }
}

/// A positive duration such as `15m`.
pub(super) fn duration(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<Duration, ValueError> {
    let Some(text) = value.get_ref().as_str() else {
        return Err(match value.get_ref() {
            DeValue::Integer(number) => ValueError::with_hint(
                "a duration needs a unit",
                format!("write \"{0}m\" for minutes or \"{0}s\" for seconds", number.as_str()),
            ),
            _ => ValueError::expected("a duration such as \"15m\"", value),
        });
    };
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be greater than zero".into()),
        Ok(duration) if duration > MAX_DURATION => Err("is longer than 100 years".into()),
        Ok(duration) => Ok(duration),
        Err(_) => Err(ValueError::with_hint(
            "not a duration",
            "write a number and a unit, such as \"90s\", \"15m\", \"2h\" or \"7d\"",
        )),
    }
}

/// A positive size in bytes such as `10MB` or `512KiB`.
pub(super) fn byte_size(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<u64, ValueError> {
    let Some(text) = value.get_ref().as_str() else {
        return Err(ValueError::expected("a size such as \"10MB\"", value));
    };
    match text.parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        Ok(_) => Err("must be greater than zero".into()),
        Err(_) => Err(ValueError::with_hint(
            "not a size",
            "write a number and a unit, such as \"10MB\" or \"512KiB\"",
        )),
    }
}

/// An absolute http or https URL.
pub(super) fn web_url(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<Url, ValueError> {
    absolute_url(value, &["http", "https"], "write it with its scheme, as in https://example.org/feed")
}

/// The address of a PostgreSQL database.
pub(super) fn database_url(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<Server, ValueError> {
    let text = string(value)?;
    text.parse().map_err(|reason| {
        ValueError::with_hint(
            reason,
            "write it as postgres://USER@HOST/DATABASE, with ?sslmode=require if it must be encrypted",
        )
    })
}

/// The URL of an HTTP or SOCKS proxy, or `none`.
pub(super) fn proxy_url(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<Option<Url>, ValueError> {
    if value.get_ref().as_str().is_some_and(|text| text.eq_ignore_ascii_case("none")) {
        return Ok(None);
    }
    let schemes = ["http", "https", "socks5", "socks5h"];
    absolute_url(value, &schemes, "write it with its scheme, as in http://proxy.example.org:3128").map(Some)
}

/// The hint for a URL whose password may contain the character that ends it.
const ESCAPES_HINT: &str = "in user name, password and path, write %2F for a slash, %3F for ?, %23 for #, %3A for a colon and %40 for @";

fn absolute_url(
    value: &TomlValue<'_>,
    schemes: &[&'static str],
    hint: &'static str,
) -> Result<Url, ValueError> {
    let Some(text) = value.get_ref().as_str() else { return Err(ValueError::expected("a URL", value)) };
    // What is before the colon of `proxy.example.org:3128` would count as a scheme.
    if !text.contains("://") {
        return Err(ValueError::with_hint("not an absolute URL", hint));
    }
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(url::ParseError::InvalidPort) => {
            return Err(ValueError::with_hint("not a URL: what follows the colon is no port", ESCAPES_HINT));
        }
        Err(error) => return Err(format!("not a URL: {error}").into()),
    };
    // What looks like host, port and path may be the start of a password with an unescaped `/`, `?` or `#`.
    let host_has_dot = url.host_str().is_some_and(|host| host.contains(['.', ':']));
    if (url.port().is_some() || !host_has_dot) && url[url::Position::BeforePath..].contains('@') {
        return Err(ValueError::with_hint("an `@` after the host", ESCAPES_HINT));
    }
    if !schemes.contains(&url.scheme()) {
        let label = format!("unsupported scheme `{}:`, expected {}", url.scheme(), schemes.join(" or "));
        return Err(label.into());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the URL has no host".into());
    }
    Ok(url)
}

/// An array whose members are converted by `convert`; invalid members are reported and left out.
pub(super) fn array<'t, T>(
    reader: &mut FileReader<'_>,
    value: &'t TomlValue<'t>,
    convert: impl Fn(&mut FileReader<'_>, &'t TomlValue<'t>) -> Result<T, ValueError>,
) -> Result<Vec<Located<T>>, ValueError> {
    let Some(members) = value.get_ref().as_array() else {
        return Err(ValueError::expected("an array", value));
    };
    let mut converted = Vec::new();
    for member in members.iter() {
        match convert(reader, member) {
            Ok(value) => converted.push(Located { value, span: reader.span(member.span()) }),
            Err(error) => {
                let span = reader.span(member.span());
                reader.diagnostics.push(error.diagnostic(span, "invalid value in an array"));
            }
        }
    }
    Ok(converted)
}

/// One of some keywords.
pub(super) fn choice<T: Choice>(_: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<T, ValueError> {
    let choices = T::WORDS;
    let keywords: Vec<&'static str> = choices.iter().map(|(keyword, _)| *keyword).collect();
    let Some(text) = value.get_ref().as_str() else {
        return Err(Fixed::list("expected one of ", &keywords).into());
    };
    if let Some((_, chosen)) = choices.iter().find(|(keyword, _)| *keyword == text) {
        return Ok(*chosen);
    }
    let closest = closest_name(text, keywords.iter().copied());
    Err(match keywords.iter().find(|keyword| Some(**keyword) == closest) {
        Some(keyword) => ["did you mean \"", keyword, "\"?"].into(),
        None => Fixed::list("expected one of ", &keywords).into(),
    })
}

/// A CSS selector.
pub(super) fn css_selector(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let css = single_line(reader, value)?;
    css.parse::<Selector>().map_err(|_| {
        ValueError::with_hint(
            "not a CSS selector",
            "some are \"article .text\", \"#story > p\" and \".related, .ad\"",
        )
    })?;
    Ok(css)
}

/// A name that is safe in a URL and as a file name on any supported system.
pub(super) fn file_name(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let name = single_line(reader, value)?;
    let error = if name.starts_with('.') {
        "must not begin with a dot"
    } else if name.contains(['/', '\\', ':', '?', '#', '%']) {
        "must not contain / \\ : ? # or %"
    } else if name.contains(is_invisible) {
        "must not contain invisible characters"
    } else if name.trim() != name {
        "must not begin or end with a space"
    } else if name.len() > MAX_NAME_BYTES {
        "is longer than 100 bytes"
    } else {
        return Ok(name);
    };
    Err(error.into())
}

/// Zero-width characters, direction marks, line separators.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) fn output_name(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let name = file_name(reader, value)?;
    if name.starts_with('_') {
        return Err("names that begin with _ are reserved".into());
    }
    let lower = name.to_ascii_lowercase();
    if let Some(format) = Format::feeds().find(|format| lower.ends_with(format.extension())) {
        // The page of an output `a.atom` would have the URL of the feed of `a`.
        return Err(["must not end in ", format.extension(), ": that is added to the URLs of feeds"].into());
    }
    Ok(name)
}

pub(super) fn template(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<Template, ValueError> {
    let text = public_text(reader, value)?;
    Template::parse(&text).map_err(|error| ValueError::with_hint(error.to_string(), TEMPLATE_HINT))
}

pub(super) fn author_template(
    reader: &mut FileReader<'_>,
    value: &TomlValue<'_>,
) -> Result<Template, ValueError> {
    let text = public_text(reader, value)?;
    let hint = "example: \"{author} ({source})\"";
    Template::parse_author(&text).map_err(|error| ValueError::with_hint(error.to_string(), hint))
}

/// A language tag, by the shape of its subtags (BCP 47).
pub(super) fn language(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let tag = single_line(reader, value)?;
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    let is_language = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag =
        |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_language && subtags.all(is_subtag) {
        Ok(tag)
    } else {
        Err(ValueError::with_hint("not a language tag", "write \"en\", \"ru\" or \"pt-BR\""))
    }
}

/// A user name for Basic authentication (RFC 7617: without a colon).
pub(super) fn user(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let user = single_line(reader, value)?;
    if user.contains(':') { Err("must not contain a colon".into()) } else { Ok(user) }
}

pub(super) fn listen(
    reader: &mut FileReader<'_>,
    value: &TomlValue<'_>,
) -> Result<ListenAddress, ValueError> {
    listen_address(&single_line(reader, value)?)
}

/// The address in a text.
pub(super) fn listen_address(text: &str) -> Result<ListenAddress, ValueError> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = PathBuf::from(path);
        return if path.is_absolute() {
            Ok(ListenAddress::Unix(path))
        } else {
            Err("the path of a socket must be absolute: unix:/run/siftwire/http.sock".into())
        };
    }
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map(ListenAddress::Tcp).map_err(|_| {
        let port = text.trim_start_matches(':').parse::<u16>().unwrap_or(8080);
        let hint = format!(
            "\"127.0.0.1:{port}\" for this machine only, \"0.0.0.0:{port}\" for all interfaces, or \"unix:/path\""
        );
        ValueError::with_hint("expected an IP address and a port", hint)
    })
}

pub(super) fn networks(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<Vec<IpNet>, ValueError> {
    let networks = array(reader, value, |reader, value| {
        let text = single_line(reader, value)?;
        network(&text).ok_or_else(|| "expected a network such as \"192.168.1.0/24\"".into())
    })?;
    Ok(networks.into_iter().map(|network| network.value).collect())
}

/// A network in CIDR notation, or a single address.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The value of a header that is no secret.
pub(super) fn header_value(reader: &mut FileReader<'_>, value: &TomlValue<'_>) -> Result<String, ValueError> {
    let text = public_text(reader, value)?;
    if text.is_ascii() { Ok(text) } else { Err("a header value must be ASCII".into()) }
}

pub(super) fn headers<'t>(
    reader: &mut FileReader<'_>,
    value: &'t TomlValue<'t>,
) -> Result<RawHeaders, ValueError> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(ValueError::expected("a table such as { Accept-Language = \"hy\" }", value));
    };
    let mut headers = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        // RFC 9110, section 5.6.2.
        let is_token_byte = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            let diagnostic = Diagnostic::error(reader.span(key.span()), "invalid header name");
            reader.diagnostics.push(diagnostic.title(format!("`{name}` is not a valid header name")));
        } else if RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            let diagnostic = Diagnostic::error(reader.span(key.span()), "a header that Siftwire sets itself");
            let title = format!("header `{name}` is set by Siftwire");
            reader.diagnostics.push(diagnostic.title(title).label("cannot be changed"));
        } else {
            let has_secret = reader.has_secret;
            let secret = secret(reader, value);
            // Headers such as Accept-Language are no secrets.
            reader.has_secret = has_secret || (reader.has_secret && is_secret_header(name));
            match secret {
                Ok(secret) => {
                    let span = reader.span(value.span());
                    headers.push((name.to_owned(), Located { value: secret, span }));
                }
                Err(error) => reader.error(value.span(), "invalid value of a header", error.label),
            }
        }
    }
    headers.sort_by_key(|(_, secret)| secret.span.start);
    Ok(headers)
}

fn is_secret_header(name: &str) -> bool {
    is_secret_name(name)
        || ["authorization", "cookie"].iter().any(|word| name.to_ascii_lowercase().contains(word))
}

pub(super) fn secret<'t>(
    reader: &mut FileReader<'_>,
    value: &'t TomlValue<'t>,
) -> Result<SecretSource, ValueError> {
    const EXPECTED: &str = "a string, { file = \"...\" } or { credential = \"...\" }";
    if value.get_ref().is_str() {
        reader.has_secret = true;
        return single_line(reader, value).map(SecretSource::Inline);
    }
    let Some(table) = value.get_ref().as_table() else { return Err(ValueError::expected(EXPECTED, value)) };
    let mut table = TableReader::new("a secret", table);
    let file = table.read(reader, "file", single_line);
    let credential = table.read(reader, "credential", file_name);
    let has_either = table.has("file") || table.has("credential");
    table.finish(reader);
    match (file, credential) {
        (Some(file), None) => Ok(SecretSource::File(PathBuf::from(file.value))),
        (None, Some(credential)) => Ok(SecretSource::Credential(credential.value)),
        (Some(_), Some(_)) => Err("`file` and `credential` exclude each other".into()),
        // The member was reported as invalid already, so the load fails whatever is returned here.
        (None, None) if has_either => Ok(SecretSource::Inline(String::new())),
        (None, None) => Err(["expected ", EXPECTED].into()),
    }
}
