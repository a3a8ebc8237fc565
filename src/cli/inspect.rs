//! `siftwire inspect FILE|URL...`: shows what Siftwire reads from a feed, or with `--article` from a web page.
#![allow(clippy::disallowed_methods, reason = "reads the files named on the command line")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};
use url::Url;

use super::fetch_once::fetch_once;
use super::inspect_article::InspectedDocument;
use super::runtime::runtime;
use super::terminal;
use crate::article::{Selector, Selectors};
use crate::daemon;
use crate::entry::{Entry, KeyRule};
use crate::feed::{self, Feed, Hints, SecondOpinion};
use crate::fetch::{Fetcher, Options};
use crate::source::Access;
use crate::text::{TextFor, html_to_text_start};

/// The largest body read from a URL.
const MAX_BODY_BYTES: u64 = 50_000_000;

/// Of the text of an entry.
const MAX_TEXT_BYTES: usize = 200;

/// `siftwire inspect`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files or URLs
    #[arg(required_unless_present = "list")]
    documents: Vec<String>,
    /// Show the articles of web pages
    #[arg(long)]
    article: bool,
    /// With `--article`: the CSS selector of what is the article, as `article` in the config
    #[arg(long, value_name = "CSS", requires = "article")]
    selector: Option<Selector>,
    /// With `--article`: the CSS selector of what in it is not the article, as `article_without` in the config
    #[arg(long, value_name = "CSS", requires = "article")]
    without: Option<Selector>,
    /// Print one JSON object per document
    #[arg(long)]
    json: bool,
    /// For files: the Content-Type header to assume
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// For files: the URL that relative URLs are resolved against
    #[arg(long, value_name = "URL")]
    base: Option<Url>,
    /// Also inspect the files listed here, one per line: path, content type and base URL, separated by tabs; with
    /// `--article` path and URL. Paths are relative to the list
    #[arg(long, value_name = "TSV")]
    list: Option<PathBuf>,
}

fn opinion_json(opinion: &SecondOpinion) -> Value {
    match opinion {
        SecondOpinion::Unreadable(error) => json!({ "error": error, "differences": [] }),
        SecondOpinion::Read(differences) => json!({
            "error": null,
            "differences": differences
                .iter()
                .map(|d| json!({ "entry": d.entry, "field": d.field, "ours": d.first, "second": d.second }))
                .collect::<Vec<_>>(),
        }),
    }
}

/// Prints each document. Exit code 1 if one could not be read, or has no article.
///
/// # Errors
/// The list cannot be read.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut all_read = true;
    let selectors = Selectors { article: arguments.selector.clone(), without: arguments.without.clone() };
    let mut print = |document: InspectedDocument| {
        if arguments.article {
            let (has_article, text) = document.describe_article(arguments.json, &selectors);
            all_read &= has_article;
            return terminal::print(text.as_bytes());
        }
        let hints = Hints {
            content_type: document.content_type.as_deref(),
            url: document.url.as_ref(),
            now: daemon::now(),
        };
        let read = document.body.and_then(|body| {
            let feed = feed::read(&body, &hints).map_err(|error| error.to_string())?;
            let second = SecondOpinion::new(&feed, feed::second_opinion(&body, &hints));
            Ok((feed, second))
        });
        all_read &= read.is_ok();
        let text = if arguments.json {
            format!("{}\n", as_json(&document.name, &read))
        } else {
            terminal::escape_lines(&as_text(&document.name, &read))
        };
        terminal::print(text.as_bytes())
    };
    for name in &arguments.documents {
        print(if name.starts_with("http://") || name.starts_with("https://") {
            fetch(name)?
        } else {
            InspectedDocument {
                name: name.clone(),
                content_type: arguments.content_type.clone(),
                url: arguments.base.clone(),
                body: read_file(Path::new(name)),
            }
        })?;
    }
    if let Some(list) = &arguments.list {
        let text =
            std::fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
        let directory = list.parent().unwrap_or(Path::new("."));
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("path\t")) {
            print(listed_document(line, directory, arguments.article))?;
        }
    }
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read: {error}"))
}

fn listed_document(line: &str, directory: &Path, is_article: bool) -> InspectedDocument {
    let mut fields = line.split('\t');
    let name = fields.next().unwrap_or_default().to_owned();
    let mut field = || fields.next().map(str::trim).filter(|field| !field.is_empty());
    InspectedDocument {
        content_type: if is_article { None } else { field().map(str::to_owned) },
        url: field().and_then(|base| Url::parse(base).ok()),
        body: read_file(&directory.join(&name)),
        name,
    }
}

/// Fetches a URL as the daemon would, except that private addresses are allowed: the user typed it.
fn fetch(address: &str) -> anyhow::Result<InspectedDocument> {
    let access = Access { max_body: MAX_BODY_BYTES, allow_private: true, ..Access::default() };
    let fetched = match Url::parse(address) {
        Ok(url) => runtime()?
            .block_on(fetch_once(&Fetcher::new(&Options::default()), &url, access))
            .map_err(|error| error.to_string()),
        Err(error) => Err(format!("not a URL: {error}")),
    };
    let name = address.to_owned();
    Ok(match fetched {
        Ok((body, _)) => InspectedDocument {
            name,
            content_type: body.content_type,
            url: Some(body.url.whole().clone()),
            body: Ok(body.bytes),
        },
        Err(error) => InspectedDocument { name, content_type: None, url: None, body: Err(error) },
    })
}

fn as_json(path: &str, read: &Result<(Feed, SecondOpinion), String>) -> Value {
    match read {
        Err(error) => json!({
            "path": path, "ok": false, "error": error, "format": null, "encoding": null, "title": null, "link": null,
            "problems": [], "second_reader": null, "entries": [],
        }),
        Ok((feed, second)) => json!({
            "path": path, "ok": true, "error": null, "format": feed.format, "encoding": feed.encoding,
            "title": feed.title, "link": feed.link, "problems": feed.problems,
            "second_reader": opinion_json(second),
            "entries": feed.entries.iter().map(entry_as_json).collect::<Vec<_>>(),
        }),
    }
}

fn entry_as_json(entry: &Entry) -> Value {
    let enclosures =
        entry.enclosures.iter().map(|e| json!({ "url": e.url, "type": e.media_type, "length": e.length }));
    let key = entry.keys.first().filter(|key| key.rule != KeyRule::Body);
    json!({
        "id": entry.id.clone().or_else(|| key.map(|key| key.value.clone())),
        "title": entry.title, "link": entry.link, "published": entry.published, "updated": entry.updated,
        "summary": entry.summary, "content": entry.content,
        "author": author_names(entry),
        "categories": entry.categories, "enclosures": enclosures.collect::<Vec<_>>(),
    })
}

fn author_names(entry: &Entry) -> Option<String> {
    let names: Vec<&str> = entry.authors.iter().map(|author| author.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn as_text(name: &str, read: &Result<(Feed, SecondOpinion), String>) -> String {
    let (feed, second) = match read {
        Ok(read) => read,
        Err(error) => return format!("{name}: {error}\n\n"),
    };
    let left_out = feed.entries.iter().filter(|entry| !entry.has_content()).count();
    let mut count = terminal::counted(feed.entries.len(), "entry", "entries");
    if left_out > 0 {
        count.push_str(&format!(" ({left_out} left out)"));
    }
    let mut text = format!("{name}\n  {}, {}, {count}\n", feed.format, feed.encoding);
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            text.push_str(&format!("  {label:<9} {value}\n"));
        }
    };
    line("title", feed.title.as_deref());
    line("link", feed.link.as_deref());
    feed.problems.iter().for_each(|problem| line("problem", Some(problem)));
    line("feed-rs", Some(&second.to_string()));
    for entry in &feed.entries {
        let date =
            entry.published.or(entry.updated).map_or_else(|| "no date".to_owned(), |date| date.to_string());
        let title = entry.title.as_deref().unwrap_or("(no title)");
        let left_out = if entry.has_content() { "" } else { " (nothing to show: left out)" };
        line("-", Some(&format!("{date}  {title}{left_out}")));
        line("", entry.link.as_deref());
        line("", author_names(entry).as_deref());
        let html = entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default();
        let words = html_to_text_start(html, TextFor::Reader, MAX_TEXT_BYTES);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        line("", Some(words.as_str()).filter(|words| !words.is_empty()));
        for file in &entry.enclosures {
            line("", Some(&format!("{} {}", file.url, file.media_type.as_deref().unwrap_or_default())));
        }
    }
    text.push('\n');
    text
}
