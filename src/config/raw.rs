//! The raw form of one config file: what it says, each value with its place, no defaults. Pure.

use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;
use toml::de::DeTable;
use url::Url;

use super::diagnostic::{Diagnostic, FileSpan, Fixed};
use super::hosts::{RawHosts, read_hosts};
use super::literal::QueryLiteral;
use super::mask::mask;
use super::shape::Shape;
use super::toml_mistakes;
use super::toml_reader::{
    FileReader, Located, TableKey, TableReader, TomlValue, UnknownKey, ValueError, type_name,
};
use super::values::{
    RawHeaders, SecretSource, array, author_template, boolean, byte_size, choice, css_selector, database_url,
    duration, file_name, header_value, headers, integer, language, listen, networks, output_name, proxy_url,
    public_text, query, secret, single_line, tag, template, user, web_url,
};
use crate::publish::output::{ContentMode, Stories};
use crate::publish::template::Template;
use crate::serve::ListenAddress;
use crate::source::{FeedUrl, FullText};
use crate::store::{EntryIds, Server};
use crate::text::closest_name;

/// A config file, or several merged.
#[derive(Debug, Default)]
pub(super) struct RawConfig {
    pub(super) watch: Option<Located<bool>>,
    pub(super) listen: Option<Located<ListenAddress>>,
    pub(super) public_url: Option<Located<Url>>,
    pub(super) max_age: Option<Located<Duration>>,
    pub(super) source_metrics: Option<Located<bool>>,
    pub(super) token: Option<Located<SecretSource>>,
    pub(super) path: Option<Located<String>>,
    pub(super) database: Option<Located<Server>>,
    pub(super) database_password: Option<Located<SecretSource>>,
    pub(super) root_certificate: Option<Located<String>>,
    pub(super) keep: Option<Located<Duration>>,
    pub(super) concurrency: Option<Located<usize>>,
    pub(super) per_host: Option<Located<usize>>,
    pub(super) contact: Option<Located<String>>,
    pub(super) allow: Option<Located<Vec<IpNet>>>,
    pub(super) poll: RawPoll,
    pub(super) hub: Option<Located<Url>>,
    pub(super) clean_links: Option<Located<bool>>,
    pub(super) author: Option<Located<Template>>,
    pub(super) ids: Option<Located<EntryIds>>,
    pub(super) sources: Vec<RawSource>,
    pub(super) hosts: RawHosts,
    pub(super) topics: Vec<RawTopic>,
    pub(super) outputs: Vec<RawOutput>,
}

/// The keys that both `[poll]` and `[[source]]` have.
#[derive(Debug, Default)]
pub(super) struct RawPoll {
    pub(super) every: Option<Located<Duration>>,
    pub(super) at_most: Option<Located<Duration>>,
    pub(super) timeout: Option<Located<Duration>>,
    pub(super) max_body: Option<Located<u64>>,
    pub(super) adaptive: Option<Located<bool>>,
    pub(super) ignore_hints: Option<Located<bool>>,
    pub(super) first_poll: Option<Located<usize>>,
    pub(super) full_text: Option<Located<FullText>>,
    pub(super) article_limit: Option<Located<usize>>,
    pub(super) user_agent: Option<Located<String>>,
    /// `none` overrides the proxy of `[poll]`.
    pub(super) proxy: Option<Located<Option<Url>>>,
    pub(super) headers: Option<Located<RawHeaders>>,
}

/// One `[[source]]`.
#[derive(Debug)]
pub(super) struct RawSource {
    pub(super) span: FileSpan,
    /// Whether `url` is present, valid or not.
    pub(super) has_url: bool,
    pub(super) url: Option<Located<Url>>,
    pub(super) name: Option<Located<String>>,
    pub(super) title: Option<Located<String>>,
    pub(super) lang: Option<Located<String>>,
    pub(super) tags: Option<Located<Vec<Located<String>>>>,
    pub(super) publish_url: Option<Located<bool>>,
    pub(super) stories: Option<Located<bool>>,
    pub(super) article: Option<Located<String>>,
    pub(super) article_without: Option<Located<String>>,
    pub(super) allow_private: Option<Located<bool>>,
    pub(super) ca: Option<Located<String>>,
    pub(super) user: Option<Located<String>>,
    pub(super) password: Option<Located<SecretSource>>,
    pub(super) bearer: Option<Located<SecretSource>>,
    pub(super) cookie: Option<Located<SecretSource>>,
    pub(super) poll: RawPoll,
}

/// One key of `[topics]`.
#[derive(Debug)]
pub(super) struct RawTopic {
    pub(super) name: Located<String>,
    pub(super) query: Located<QueryLiteral>,
}

/// One `[[output]]`.
#[derive(Debug)]
pub(super) struct RawOutput {
    pub(super) span: FileSpan,
    /// Whether `name` is present, valid or not.
    pub(super) has_name: bool,
    pub(super) name: Option<Located<String>>,
    pub(super) was: Option<Located<Vec<Located<String>>>>,
    pub(super) private: Option<Located<bool>>,
    pub(super) title: Option<Located<String>>,
    pub(super) description: Option<Located<String>>,
    pub(super) icon: Option<Located<String>>,
    pub(super) entry_title: Option<Located<Template>>,
    pub(super) filter: Option<Located<QueryLiteral>>,
    pub(super) sources: Option<Located<Vec<Located<String>>>>,
    pub(super) limit: Option<Located<usize>>,
    pub(super) stories: Option<Located<Stories>>,
    pub(super) prefer: Option<Located<Vec<Located<String>>>>,
    pub(super) also_in: Option<Located<bool>>,
    pub(super) byline: Option<Located<bool>>,
    pub(super) per_source: Option<Located<usize>>,
    pub(super) max_age: Option<Located<Duration>>,
    pub(super) content: Option<Located<ContentMode>>,
    pub(super) write_to: Option<Located<String>>,
}

impl Shape for RawSource {
    fn shape() -> Value {
        Value::Null
    }
}

impl Shape for RawOutput {
    fn shape() -> Value {
        Value::Null
    }
}

/// A file with each table once.
const EVERY_TABLE: &str =
    "[serve]\n[store]\n[poll]\n[publish]\n[host.\"a.example\"]\n[topics]\n[[source]]\n[[output]]\n";

/// Reads a file. Mistakes are added to `reader`; `None` if the file is not valid TOML, because the meaning of the
/// lines after a syntax error is unknown.
pub(super) fn read(reader: &mut FileReader<'_>) -> Option<RawConfig> {
    let (tree, errors) = DeTable::parse_recoverable(reader.text);
    reader.masked = mask(reader.text, errors.is_empty().then_some(tree.get_ref()));
    for error in &errors {
        let diagnostic = toml_mistakes::diagnostic(reader.file, reader.text, error, tree.get_ref());
        reader.diagnostics.push(diagnostic);
    }
    if !errors.is_empty() {
        return None;
    }
    let mut config = RawConfig::default();
    let mut root = TableReader::new("the top level", tree.get_ref());
    config.watch = root.read(reader, "watch", boolean);
    for key in ["serve", "store", "poll", "publish", "host", "topics"] {
        root.read(reader, key, |reader, value| read_section(reader, &mut config, key, value));
    }
    let sources =
        root.read(reader, "source", |reader, value| read_tables(reader, value, "[[source]]", read_source));
    config.sources = sources.map(|sources| sources.value).unwrap_or_default();
    let outputs =
        root.read(reader, "output", |reader, value| read_tables(reader, value, "[[output]]", read_output));
    config.outputs = outputs.map(|outputs| outputs.value).unwrap_or_default();
    root.finish(reader);
    report_unknown_keys(reader);
    Some(config)
}

/// Every key of every table.
pub(super) fn known_keys() -> Vec<TableKey> {
    let mut reader = FileReader::new(0, EVERY_TABLE);
    reader.keys = Some(Vec::new());
    read(&mut reader);
    reader.keys.unwrap_or_default()
}

/// What is said of a key that stands in the wrong table.
pub(super) fn belongs_in(key: &str) -> Option<Fixed> {
    let is_of_table = |known: &TableKey| known.key == key && known.table.starts_with('[');
    let mut tables: Vec<_> = known_keys().into_iter().filter(is_of_table).map(|known| known.table).collect();
    tables.dedup();
    (!tables.is_empty()).then(|| Fixed::list("it belongs in ", &tables))
}

fn report_unknown_keys(reader: &mut FileReader<'_>) {
    for UnknownKey { table, known_keys, name, span } in std::mem::take(&mut reader.unknown_keys) {
        let closest = closest_name(&name, known_keys.iter().copied());
        let closest = known_keys.iter().find(|known| Some(**known) == closest);
        let label = match (belongs_in(&name), closest) {
            (Some(tables), _) => tables,
            (None, Some(known)) => ["did you mean `", known, "`?"].into(),
            (None, None) => Fixed::list("known keys: ", &known_keys),
        };
        let title = format!("unknown key `{name}` in {table}");
        let diagnostic = Diagnostic::error(span, ["unknown key in ", table]).title(title).label(label);
        reader.diagnostics.push(diagnostic);
    }
}

fn read_section<'t>(
    reader: &mut FileReader<'_>,
    config: &mut RawConfig,
    key: &'static str,
    value: &'t TomlValue<'t>,
) -> Result<(), ValueError> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(ValueError::with_hint(
            ["expected a table, found ", type_name(value)],
            ["write [", key, "], with single square brackets"],
        ));
    };
    match key {
        "serve" => read_serve(reader, config, table),
        "store" => read_store(reader, config, table),
        "poll" => read_poll(reader, config, table),
        "publish" => read_publish(reader, config, table),
        "host" => config.hosts = read_hosts(reader, table),
        _ => config.topics = read_topics(reader, table),
    }
    Ok(())
}

fn read_serve(reader: &mut FileReader<'_>, config: &mut RawConfig, table: &DeTable<'_>) {
    let mut table = TableReader::new("[serve]", table);
    config.listen = table.read(reader, "listen", listen);
    config.public_url = table.read(reader, "public_url", web_url);
    config.max_age = table.read(reader, "max_age", duration);
    config.source_metrics = table.read(reader, "source_metrics", boolean);
    config.token = table.read(reader, "token", secret);
    table.finish(reader);
}

fn read_store(reader: &mut FileReader<'_>, config: &mut RawConfig, table: &DeTable<'_>) {
    let mut table = TableReader::new("[store]", table);
    config.path = table.read(reader, "path", single_line);
    config.database = table.read(reader, "url", database_url);
    reader.has_secret |= config.database.as_ref().is_some_and(|database| database.value.has_password());
    config.database_password = table.read(reader, "password", secret);
    config.root_certificate = table.read(reader, "root_certificate", single_line);
    config.keep = table.read(reader, "keep", duration);
    table.finish(reader);
}

fn read_poll(reader: &mut FileReader<'_>, config: &mut RawConfig, table: &DeTable<'_>) {
    let mut table = TableReader::new("[poll]", table);
    config.poll = read_shared_poll_keys(reader, &mut table);
    config.concurrency = table.read(reader, "concurrency", integer(1..=10_000));
    config.per_host = table.read(reader, "per_host", integer(1..=100));
    config.contact = table.read(reader, "contact", public_text);
    config.allow = table.read(reader, "allow", networks);
    table.finish(reader);
}

fn read_publish(reader: &mut FileReader<'_>, config: &mut RawConfig, table: &DeTable<'_>) {
    let mut table = TableReader::new("[publish]", table);
    config.hub = table.read(reader, "hub", web_url);
    config.clean_links = table.read(reader, "clean_links", boolean);
    config.ids = table.read(reader, "ids", choice);
    config.author = table.read(reader, "author", author_template);
    table.finish(reader);
}

fn read_shared_poll_keys(reader: &mut FileReader<'_>, table: &mut TableReader<'_>) -> RawPoll {
    let keys = RawPoll {
        every: table.read(reader, "every", duration),
        at_most: table.read(reader, "at_most", duration),
        timeout: table.read(reader, "timeout", duration),
        max_body: table.read(reader, "max_body", byte_size),
        adaptive: table.read(reader, "adaptive", boolean),
        ignore_hints: table.read(reader, "ignore_hints", boolean),
        first_poll: table.read(reader, "first_poll", integer(0..=1_000_000)),
        full_text: table.read(reader, "full_text", choice),
        article_limit: table.read(reader, "article_limit", integer(1..=10_000)),
        user_agent: table.read(reader, "user_agent", header_value),
        proxy: table.read(reader, "proxy", proxy_url),
        headers: table.read(reader, "headers", headers),
    };
    reader.has_secret |= keys.proxy.as_ref().and_then(|proxy| proxy.value.as_ref()).is_some_and(has_user);
    keys
}

fn read_source<'t>(
    reader: &mut FileReader<'_>,
    value: &'t TomlValue<'t>,
    table: &'t DeTable<'t>,
) -> RawSource {
    let mut table = TableReader::new("[[source]]", table);
    let source = RawSource {
        span: reader.span(value.span()),
        has_url: table.has("url"),
        url: table.read(reader, "url", web_url),
        name: table.read(reader, "name", file_name),
        title: table.read(reader, "title", public_text),
        lang: table.read(reader, "lang", language),
        tags: table.read(reader, "tags", |reader, value| array(reader, value, tag)),
        publish_url: table.read(reader, "publish_url", boolean),
        stories: table.read(reader, "stories", boolean),
        article: table.read(reader, "article", css_selector),
        article_without: table.read(reader, "article_without", css_selector),
        allow_private: table.read(reader, "allow_private", boolean),
        ca: table.read(reader, "ca", single_line),
        user: table.read(reader, "user", user),
        password: table.read(reader, "password", secret),
        bearer: table.read(reader, "bearer", secret),
        cookie: table.read(reader, "cookie", secret),
        poll: read_shared_poll_keys(reader, &mut table),
    };
    table.finish(reader);
    let url = source.url.as_ref().map(|url| FeedUrl::from(url.value.clone()));
    reader.has_secret |= url.as_ref().is_some_and(|url| has_user(url.whole()))
        || (source.publish_url.is_none() && url.is_some_and(|url| url.secret_parameter().is_some()));
    source
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn read_output<'t>(
    reader: &mut FileReader<'_>,
    value: &'t TomlValue<'t>,
    table: &'t DeTable<'t>,
) -> RawOutput {
    let mut table = TableReader::new("[[output]]", table);
    let output = RawOutput {
        span: reader.span(value.span()),
        has_name: table.has("name"),
        name: table.read(reader, "name", output_name),
        was: table.read(reader, "was", |reader, value| array(reader, value, output_name)),
        private: table.read(reader, "private", boolean),
        title: table.read(reader, "title", public_text),
        description: table.read(reader, "description", public_text),
        icon: table.read(reader, "icon", public_text),
        entry_title: table.read(reader, "entry_title", template),
        filter: table.read(reader, "filter", query),
        sources: table.read(reader, "sources", |reader, value| array(reader, value, single_line)),
        limit: table.read(reader, "limit", integer(1..=10_000)),
        stories: table.read(reader, "stories", choice),
        prefer: table.read(reader, "prefer", |reader, value| array(reader, value, single_line)),
        also_in: table.read(reader, "also_in", boolean),
        byline: table.read(reader, "byline", boolean),
        per_source: table.read(reader, "per_source", integer(1..=10_000)),
        max_age: table.read(reader, "max_age", duration),
        content: table.read(reader, "content", choice),
        write_to: table.read(reader, "write_to", single_line),
    };
    table.finish(reader);
    output
}

fn read_topics(reader: &mut FileReader<'_>, table: &DeTable<'_>) -> Vec<RawTopic> {
    let mut topics = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            let diagnostic = Diagnostic::error(reader.span(key.span()), "invalid topic name")
                .title(format!("invalid topic name `{name}`"))
                .label("only letters, digits, - and _ are allowed");
            reader.diagnostics.push(diagnostic);
            continue;
        }
        match query(reader, value) {
            Ok(query) => topics.push(RawTopic {
                name: Located { value: name, span: reader.span(key.span()) },
                query: Located { value: query, span: reader.span(value.span()) },
            }),
            Err(error) => {
                let diagnostic = Diagnostic::error(reader.span(value.span()), "invalid value of a topic");
                let diagnostic = diagnostic.label(error.label);
                reader.diagnostics.push(match belongs_in(&name) {
                    Some(tables) => diagnostic.hint(tables),
                    None => diagnostic,
                });
            }
        }
    }
    topics
}

/// An array of tables.
fn read_tables<'t, T>(
    reader: &mut FileReader<'_>,
    value: &'t TomlValue<'t>,
    name: &'static str,
    read: impl Fn(&mut FileReader<'_>, &'t TomlValue<'t>, &'t DeTable<'t>) -> T,
) -> Result<Vec<T>, ValueError> {
    let Some(members) = value.get_ref().as_array() else {
        return Err(ValueError::with_hint(
            ["expected an array of tables, found ", type_name(value)],
            ["write ", name, ", with double square brackets"],
        ));
    };
    let mut tables = Vec::new();
    for member in members.iter() {
        match member.get_ref().as_table() {
            Some(table) => tables.push(read(reader, member, table)),
            None => reader.error(member.span(), ["expected a table ", name], type_name(member)),
        }
    }
    Ok(tables)
}
