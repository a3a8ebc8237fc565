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

/// Tables of the config: each key with the type of its value, and how it is read. A key that is missing or wrong is `None`.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of_key:meta])* $key:ident: $type:ty = $read:expr,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub(super) struct $name {
            $($(#[$of_key])* pub(super) $key: Option<Located<$type>>,)*
        }

        impl $name {
            fn read(reader: &mut FileReader<'_>, table: &mut TableReader<'_>) -> Self {
                Self { $($key: table.read(reader, stringify!($key), $read),)* }
            }

            /// These keys, and of the others those that are missing here.
            pub(super) fn or(self, others: &Self) -> Self {
                Self { $($key: self.$key.or_else(|| others.$key.clone()),)* }
            }
        }
    )* };
}

tables! {
    RawServe {
        listen: ListenAddress = listen,
        public_url: Url = web_url,
        max_age: Duration = duration,
        source_metrics: bool = boolean,
        token: SecretSource = secret,
    }

    RawStore {
        path: String = single_line,
        url: Server = database_url,
        password: SecretSource = secret,
        root_certificate: String = single_line,
        keep: Duration = duration,
    }

    /// The keys that both `[poll]` and `[[source]]` have.
    RawPoll {
        every: Duration = duration,
        at_most: Duration = duration,
        timeout: Duration = duration,
        max_body: u64 = byte_size,
        adaptive: bool = boolean,
        ignore_hints: bool = boolean,
        first_poll: usize = integer(0..=1_000_000),
        full_text: FullText = choice,
        article_limit: usize = integer(1..=10_000),
        user_agent: String = header_value,
        /// `none` overrides the proxy of `[poll]`.
        proxy: Option<Url> = proxy_url,
        headers: RawHeaders = headers,
    }

    /// The keys of `[poll]` that are no defaults of sources.
    RawRequests {
        concurrency: usize = integer(1..=10_000),
        per_host: usize = integer(1..=100),
        contact: String = public_text,
        allow: Vec<IpNet> = networks,
    }

    RawPublish {
        hub: Url = web_url,
        clean_links: bool = boolean,
        ids: EntryIds = choice,
        author: Template = author_template,
    }
}

/// A config file, or several merged.
#[derive(Debug, Default)]
pub(super) struct RawConfig {
    pub(super) watch: Option<Located<bool>>,
    pub(super) serve: RawServe,
    pub(super) store: RawStore,
    pub(super) poll: RawPoll,
    pub(super) requests: RawRequests,
    pub(super) publish: RawPublish,
    pub(super) sources: Vec<RawSource>,
    pub(super) hosts: RawHosts,
    pub(super) topics: Vec<RawTopic>,
    pub(super) outputs: Vec<RawOutput>,
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
        "serve" => config.serve = read_keys(reader, ("[serve]", table), RawServe::read),
        "store" => config.store = read_keys(reader, ("[store]", table), read_store),
        "poll" => {
            let both = |reader: &mut FileReader<'_>, table: &mut TableReader<'t>| {
                (read_poll(reader, table), RawRequests::read(reader, table))
            };
            (config.poll, config.requests) = read_keys(reader, ("[poll]", table), both);
        }
        "publish" => config.publish = read_keys(reader, ("[publish]", table), RawPublish::read),
        "host" => config.hosts = read_hosts(reader, table),
        _ => config.topics = read_topics(reader, table),
    }
    Ok(())
}

/// Reads the keys of a table, and reports those that it does not have.
fn read_keys<'t, T>(
    reader: &mut FileReader<'_>,
    (name, table): (&'static str, &'t DeTable<'t>),
    read: impl FnOnce(&mut FileReader<'_>, &mut TableReader<'t>) -> T,
) -> T {
    let mut table = TableReader::new(name, table);
    let keys = read(reader, &mut table);
    table.finish(reader);
    keys
}

fn read_store(reader: &mut FileReader<'_>, table: &mut TableReader<'_>) -> RawStore {
    let keys = RawStore::read(reader, table);
    reader.has_secret |= keys.url.as_ref().is_some_and(|database| database.value.password().is_some());
    keys
}

fn read_poll(reader: &mut FileReader<'_>, table: &mut TableReader<'_>) -> RawPoll {
    let keys = RawPoll::read(reader, table);
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
        poll: read_poll(reader, &mut table),
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
                reader.diagnostics.push(diagnostic.label(error.label).hint_if(belongs_in(&name)));
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
