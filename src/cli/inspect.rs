//! `siftwire inspect FILE|URL...`: what Siftwire reads in a feed.
#![allow(clippy::disallowed_methods, reason = "the files that the user names on the command line")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use url::Url;

use crate::daemon;
use crate::entry::Entry;
use crate::feed::{self, Feed, Hints};
use crate::fetch::{FetchResponse, Fetcher, Options};
use crate::source::{Access, PollInterval, Source, SourceState};

/// The most bytes that are read of an address.
const LARGEST: u64 = 50_000_000;

/// `siftwire inspect`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files or addresses
    #[arg(required_unless_present = "list")]
    documents: Vec<String>,
    /// Print one JSON object for each document
    #[arg(long)]
    json: bool,
    /// The Content-Type header to go by, for files
    #[arg(long, value_name = "CT")]
    content_type: Option<String>,
    /// The address against which relative ones are resolved, for files
    #[arg(long, value_name = "URL")]
    base: Option<Url>,
    /// A file of lines: path, content type, base address, between tabs; paths are relative to it
    #[arg(long, value_name = "TSV")]
    list: Option<std::path::PathBuf>,
}

struct Document {
    name: String,
    body: Result<Vec<u8>, String>,
    content_type: Option<String>,
    base: Option<Url>,
}

/// Reads each document and prints what it found; exit 1 if one could not be read.
///
/// # Errors
/// The list cannot be read.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut all_read = true;
    let mut show = |document: Document| {
        let hints = Hints {
            content_type: document.content_type.as_deref(),
            url: document.base.as_ref(),
            now: daemon::now(),
        };
        let feed =
            document.body.and_then(|body| feed::read(&body, &hints).map_err(|error| error.to_string()));
        all_read &= feed.is_ok();
        let text = if arguments.json {
            format!("{}\n", as_json(&document.name, &feed))
        } else {
            super::terminal::lines(&block(&document.name, &feed))
        };
        super::print(text.as_bytes())
    };
    for name in &arguments.documents {
        let document = if name.starts_with("http://") || name.starts_with("https://") {
            visit(name)?
        } else {
            Document {
                name: name.clone(),
                body: std::fs::read(name).map_err(|error| format!("cannot read: {error}")),
                content_type: arguments.content_type.clone(),
                base: arguments.base.clone(),
            }
        };
        show(document)?;
    }
    if let Some(list) = &arguments.list {
        let text =
            std::fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
        let folder = list.parent().unwrap_or(Path::new("."));
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("path\t")) {
            show(listed(line, folder))?;
        }
    }
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listed(line: &str, folder: &Path) -> Document {
    let mut fields = line.split('\t');
    let name = fields.next().unwrap_or_default().to_owned();
    let mut field = || fields.next().map(str::trim).filter(|field| !field.is_empty());
    Document {
        body: std::fs::read(folder.join(&name)).map_err(|error| format!("cannot read: {error}")),
        name,
        content_type: field().map(str::to_owned),
        base: field().and_then(|base| Url::parse(base).ok()),
    }
}

/// A visit as the daemon makes it, but that private addresses may be looked at: the user typed it.
fn visit(address: &str) -> anyhow::Result<Document> {
    let failed =
        |why: String| Document { name: address.to_owned(), body: Err(why), content_type: None, base: None };
    let url = match Url::parse(address) {
        Ok(url) => url,
        Err(error) => return Ok(failed(format!("not an address: {error}"))),
    };
    let access = Access {
        timeout: Duration::from_secs(30),
        max_body: LARGEST,
        user_agent: None,
        headers: Vec::new(),
        authorization: None,
        proxy: None,
        allow_private: true,
    };
    let interval = PollInterval { every: Duration::ZERO, at_most: Duration::ZERO, adaptive: false };
    let source = Source {
        name: address.to_owned(),
        url,
        title: None,
        interval,
        access,
        language: None,
        first_poll: 0,
        stories: false,
    };
    let fetcher = Fetcher::new(&Options::default());
    let visit = super::runtime()?.block_on(fetcher.visit(&source, &SourceState::default(), daemon::now()));
    Ok(match visit.result {
        Ok(FetchResponse::Body(body)) => Document {
            name: address.to_owned(),
            body: Ok(body.bytes),
            content_type: body.content_type,
            base: Some(body.url),
        },
        Ok(FetchResponse::NotModified) => failed("not modified, though nothing was known of it".to_owned()),
        Err(failure) => failed(failure.to_string()),
    })
}

fn as_json(path: &str, feed: &Result<Feed, String>) -> Value {
    match feed {
        Err(error) => json!({
            "path": path, "ok": false, "error": error, "format": null, "encoding": null, "title": null, "link": null,
            "problems": [], "entries": [],
        }),
        Ok(feed) => json!({
            "path": path, "ok": true, "error": null, "format": feed.format, "encoding": feed.encoding,
            "title": feed.title, "link": feed.link, "problems": feed.problems,
            "entries": feed.entries.iter().map(entry_json).collect::<Vec<_>>(),
        }),
    }
}

fn entry_json(entry: &Entry) -> Value {
    let enclosures =
        entry.enclosures.iter().map(|e| json!({ "url": e.url, "type": e.media_type, "length": e.length }));
    let authors: Vec<&str> = entry.authors.iter().map(|author| author.name.as_str()).collect();
    json!({
        "id": entry.id.clone().or_else(|| entry.keys.first().map(|key| key.value.clone())),
        "title": entry.title, "link": entry.link, "published": entry.published, "updated": entry.updated,
        "summary": entry.summary, "content": entry.content,
        "author": (!authors.is_empty()).then(|| authors.join(", ")),
        "categories": entry.categories, "enclosures": enclosures.collect::<Vec<_>>(),
    })
}

fn block(name: &str, feed: &Result<Feed, String>) -> String {
    let feed = match feed {
        Ok(feed) => feed,
        Err(error) => return format!("{name}: {error}\n\n"),
    };
    let mut text = format!("{name}\n  {}, {}, {} entries\n", feed.format, feed.encoding, feed.entries.len());
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            text.push_str(&format!("  {label:<9} {value}\n"));
        }
    };
    line("title", feed.title.as_deref());
    line("link", feed.link.as_deref());
    feed.problems.iter().for_each(|problem| line("problem", Some(problem)));
    for entry in &feed.entries {
        let date =
            entry.published.or(entry.updated).map_or_else(|| "undated".to_owned(), |date| date.to_string());
        line("-", Some(&format!("{date}  {}", entry.title.as_deref().unwrap_or("(no title)"))));
        line("", entry.link.as_deref());
    }
    text.push('\n');
    text
}
