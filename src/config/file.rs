//! The mirror of one config file: what is written there, each value with its place, nothing filled
//! in. Pure.

use std::time::Duration;

use toml::de::DeTable;
use url::Url;

use super::problem::At;
use super::read::{
    Found, Reading, Table, Value, Wrong, count, duration, kind, line, list, proxy_address, size, switch,
    web_address,
};
use super::values::{
    Headers, SecretValue, Written, choice, file_name, header_value, headers, hide_secrets, hide_suspects,
    language, listen, networks, output_name, secret, template, user, written,
};
use crate::publish::output::{ContentMode, Stories};
use crate::publish::template::Template;
use crate::serve::ListenAddress;
use ipnet::IpNet;

/// A whole file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) watch: Option<Found<bool>>,
    pub(super) listen: Option<Found<ListenAddress>>,
    pub(super) public_url: Option<Found<Url>>,
    pub(super) cache: Option<Found<Duration>>,
    pub(super) path: Option<Found<String>>,
    pub(super) keep: Option<Found<Duration>>,
    pub(super) concurrency: Option<Found<usize>>,
    pub(super) per_host: Option<Found<usize>>,
    pub(super) contact: Option<Found<String>>,
    pub(super) allow: Option<Found<Vec<IpNet>>>,
    pub(super) manner: Manner,
    pub(super) hub: Option<Found<Url>>,
    pub(super) clean_links: Option<Found<bool>>,
    pub(super) sources: Vec<Source>,
    pub(super) topics: Vec<Topic>,
    pub(super) outputs: Vec<Output>,
}

/// The keys that `[poll]` and each `[[source]]` share.
#[derive(Debug, Default)]
pub(super) struct Manner {
    pub(super) every: Option<Found<Duration>>,
    pub(super) at_most: Option<Found<Duration>>,
    pub(super) timeout: Option<Found<Duration>>,
    pub(super) max_body: Option<Found<u64>>,
    pub(super) adaptive: Option<Found<bool>>,
    pub(super) first_poll: Option<Found<usize>>,
    pub(super) user_agent: Option<Found<String>>,
    pub(super) proxy: Option<Found<Url>>,
    pub(super) headers: Option<Found<Headers>>,
}

/// One `[[source]]`.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) at: At,
    /// Whether `url` is written at all, right or wrong.
    pub(super) has_url: bool,
    pub(super) url: Option<Found<Url>>,
    pub(super) name: Option<Found<String>>,
    pub(super) title: Option<Found<String>>,
    pub(super) lang: Option<Found<String>>,
    pub(super) stories: Option<Found<bool>>,
    pub(super) allow_private: Option<Found<bool>>,
    pub(super) user: Option<Found<String>>,
    pub(super) password: Option<Found<SecretValue>>,
    pub(super) bearer: Option<Found<SecretValue>>,
    pub(super) cookie: Option<Found<SecretValue>>,
    pub(super) manner: Manner,
}

/// One line of `[topics]`.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Found<String>,
    pub(super) query: Found<Written>,
}

/// One `[[output]]`.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) at: At,
    /// Whether `name` is written at all, right or wrong.
    pub(super) has_name: bool,
    pub(super) name: Option<Found<String>>,
    pub(super) title: Option<Found<String>>,
    pub(super) entry_title: Option<Found<Template>>,
    pub(super) filter: Option<Found<Written>>,
    pub(super) sources: Option<Found<Vec<Found<String>>>>,
    pub(super) limit: Option<Found<usize>>,
    pub(super) stories: Option<Found<Stories>>,
    pub(super) prefer: Option<Found<Vec<Found<String>>>>,
    pub(super) also_in: Option<Found<bool>>,
    pub(super) per_source: Option<Found<usize>>,
    pub(super) max_age: Option<Found<Duration>>,
    pub(super) content: Option<Found<ContentMode>>,
    pub(super) write_to: Option<Found<String>>,
}

/// Reads a whole file. Errors of TOML itself leave the rest of that file unread, because what a
/// broken line was meant to be is anybody's guess.
///
/// # Errors
/// Nothing comes back if it is no TOML; everything that is wrong is in `reading`.
pub(super) fn read(reading: &mut Reading<'_>) -> Option<File> {
    let (tree, errors) = DeTable::parse_recoverable(reading.text);
    hide_secrets(reading, tree.get_ref());
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        reading.error(span, "the file is not TOML here", error.message());
    }
    if !errors.is_empty() {
        hide_suspects(reading);
        return None;
    }
    let mut file = File::default();
    let mut root = Table::new("the top of the file", tree.get_ref());
    file.watch = root.take(reading, "watch", switch);
    for key in ["serve", "store", "poll", "publish", "topics"] {
        root.take(reading, key, |reading, value| section(reading, &mut file, key, value));
    }
    let sources = root.take(reading, "source", |reading, value| tables(reading, value, "[[source]]", source));
    file.sources = sources.map(|found| found.value).unwrap_or_default();
    let outputs = root.take(reading, "output", |reading, value| tables(reading, value, "[[output]]", output));
    file.outputs = outputs.map(|found| found.value).unwrap_or_default();
    root.finish(reading);
    Some(file)
}

fn section<'t>(
    reading: &mut Reading<'_>,
    file: &mut File,
    key: &str,
    value: &'t Value<'t>,
) -> Result<(), Wrong> {
    let Some(table) = value.get_ref().as_table() else {
        return Err(Wrong::new(
            format!("wanted a table, found {}", kind(value)),
            format!("write [{key}], with one square bracket on each side"),
        ));
    };
    match key {
        "serve" => serve(reading, file, table),
        "store" => store(reading, file, table),
        "poll" => poll(reading, file, table),
        "publish" => publish(reading, file, table),
        _ => file.topics = topics(reading, table),
    }
    Ok(())
}

fn serve(reading: &mut Reading<'_>, file: &mut File, table: &DeTable<'_>) {
    let mut table = Table::new("[serve]", table);
    file.listen = table.take(reading, "listen", listen);
    file.public_url = table.take(reading, "public_url", web_address);
    file.cache = table.take(reading, "max_age", duration);
    table.finish(reading);
}

fn store(reading: &mut Reading<'_>, file: &mut File, table: &DeTable<'_>) {
    let mut table = Table::new("[store]", table);
    file.path = table.take(reading, "path", line);
    file.keep = table.take(reading, "keep", duration);
    table.finish(reading);
}

fn poll(reading: &mut Reading<'_>, file: &mut File, table: &DeTable<'_>) {
    let mut table = Table::new("[poll]", table);
    file.manner = manner(reading, &mut table);
    file.concurrency = table.take(reading, "concurrency", count(1..=10_000));
    file.per_host = table.take(reading, "per_host", count(1..=100));
    file.contact = table.take(reading, "contact", line);
    file.allow = table.take(reading, "allow", networks);
    table.finish(reading);
}

fn publish(reading: &mut Reading<'_>, file: &mut File, table: &DeTable<'_>) {
    let mut table = Table::new("[publish]", table);
    file.hub = table.take(reading, "hub", web_address);
    file.clean_links = table.take(reading, "clean_links", switch);
    table.finish(reading);
}

fn manner(reading: &mut Reading<'_>, table: &mut Table<'_>) -> Manner {
    Manner {
        every: table.take(reading, "every", duration),
        at_most: table.take(reading, "at_most", duration),
        timeout: table.take(reading, "timeout", duration),
        max_body: table.take(reading, "max_body", size),
        adaptive: table.take(reading, "adaptive", switch),
        first_poll: table.take(reading, "first_poll", count(0..=1_000_000)),
        user_agent: table.take(reading, "user_agent", header_value),
        proxy: table.take(reading, "proxy", proxy_address),
        headers: table.take(reading, "headers", headers),
    }
}

fn source<'t>(reading: &mut Reading<'_>, value: &'t Value<'t>, table: &'t DeTable<'t>) -> Source {
    let mut table = Table::new("[[source]]", table);
    let source = Source {
        at: reading.at(value.span()),
        has_url: table.raw("url").is_some(),
        url: table.take(reading, "url", web_address),
        name: table.take(reading, "name", file_name),
        title: table.take(reading, "title", line),
        lang: table.take(reading, "lang", language),
        stories: table.take(reading, "stories", switch),
        allow_private: table.take(reading, "allow_private", switch),
        user: table.take(reading, "user", user),
        password: table.take(reading, "password", secret),
        bearer: table.take(reading, "bearer", secret),
        cookie: table.take(reading, "cookie", secret),
        manner: manner(reading, &mut table),
    };
    table.finish(reading);
    source
}

fn output<'t>(reading: &mut Reading<'_>, value: &'t Value<'t>, table: &'t DeTable<'t>) -> Output {
    let mut table = Table::new("[[output]]", table);
    let output = Output {
        at: reading.at(value.span()),
        has_name: table.raw("name").is_some(),
        name: table.take(reading, "name", output_name),
        title: table.take(reading, "title", line),
        entry_title: table.take(reading, "entry_title", template),
        filter: table.take(reading, "filter", written),
        sources: table.take(reading, "sources", |reading, value| list(reading, value, line)),
        limit: table.take(reading, "limit", count(1..=10_000)),
        stories: table.take(reading, "stories", |_, value| {
            choice(value, &[("merge", Stories::Merge), ("all", Stories::All)])
        }),
        prefer: table.take(reading, "prefer", |reading, value| list(reading, value, line)),
        also_in: table.take(reading, "also_in", switch),
        per_source: table.take(reading, "per_source", count(1..=10_000)),
        max_age: table.take(reading, "max_age", duration),
        content: table.take(reading, "content", |_, value| {
            let words =
                [("full", ContentMode::Full), ("summary", ContentMode::Summary), ("none", ContentMode::None)];
            choice(value, &words)
        }),
        write_to: table.take(reading, "write_to", line),
    };
    table.finish(reading);
    output
}

fn topics(reading: &mut Reading<'_>, table: &DeTable<'_>) -> Vec<Topic> {
    let mut topics = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            let title = format!("topic name `{name}` cannot be used in a query");
            reading.error(key.span(), title, "wanted letters, digits, - and _");
            continue;
        }
        match written(reading, value) {
            Ok(query) => topics.push(Topic {
                name: Found { value: name, at: reading.at(key.span()) },
                query: Found { value: query, at: reading.at(value.span()) },
            }),
            Err(wrong) => reading.error(value.span(), format!("topic `{name}` cannot be read"), wrong.label),
        }
    }
    topics
}

fn tables<'t, T>(
    reading: &mut Reading<'_>,
    value: &'t Value<'t>,
    name: &str,
    read: impl Fn(&mut Reading<'_>, &'t Value<'t>, &'t DeTable<'t>) -> T,
) -> Result<Vec<T>, Wrong> {
    let Some(members) = value.get_ref().as_array() else {
        let label = format!("wanted a list of tables, found {}", kind(value));
        return Err(Wrong::new(label, format!("write {name}, with two square brackets on each side")));
    };
    let mut found = Vec::new();
    for member in members.iter() {
        match member.get_ref().as_table() {
            Some(table) => found.push(read(reading, member, table)),
            None => reading.error(member.span(), format!("wanted a table {name}"), kind(member)),
        }
    }
    Ok(found)
}
