//! `siftwire opml import FILE` and `siftwire opml export`: sources from and to other readers.
#![allow(clippy::disallowed_methods, reason = "the file that the user names on the command line")]

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use url::Url;

use super::configured::{self, Source};
use crate::config::edit::{self, Addition};
use crate::config::opml;
use crate::daemon::StoreThreads;
use crate::feed;
use crate::publish::opml::{OpmlFeed, write_feeds};

/// No list of feeds is larger: a hundred thousand of them are a tenth of it.
const LARGEST: u64 = 100_000_000;

/// `siftwire opml`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Add the feeds of a list to config.toml, its comments and layout kept
    Import {
        /// The list; - reads standard input
        file: PathBuf,
        /// Only say what would be added
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the sources as a list
    Export,
}

/// Does one or the other.
///
/// # Errors
/// A file cannot be read or written, or is no list.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    match arguments.what {
        What::Import { file, dry_run } => import(&file, dry_run, source),
        What::Export => export(source),
    }
}

fn import(file: &Path, dry_run: bool, source: &Source) -> anyhow::Result<ExitCode> {
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let shown = file.display();
    let bytes = bytes(file)?;
    let found = opml::read(&feed::decode_text(&bytes)).map_err(|words| anyhow!("{shown}: {words}"))?;
    if let Some(words) = found.broken {
        super::say(&format!("{shown}: it breaks off ({words}); what comes before is taken"));
    }
    let mut additions = Vec::new();
    for outline in found.outlines {
        let called = outline.title.clone().unwrap_or_else(|| outline.url.clone());
        // `feed:` stands before addresses that a reader, not a browser, is to open.
        let written = outline.url.strip_prefix("feed://").map(|rest| format!("http://{rest}"));
        let written = written.unwrap_or_else(|| outline.url.trim_start_matches("feed:").to_owned());
        let url = Url::parse(&written)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = url else {
            super::say(&format!("{called}: left out: {written} is no http or https address"));
            continue;
        };
        let comment = Some(outline.folders.join(" / ")).filter(|path| !path.is_empty());
        additions.push(Addition { url, title: outline.title, comment, allow_private: false });
    }
    let (chosen, refused) = edit::choose(&config, additions);
    for (addition, why) in &refused {
        let called = addition.title.as_deref().unwrap_or(addition.url.as_str());
        super::say(&format!("{called}: left out: {why} ({})", addition.url));
    }
    for (name, addition) in &chosen {
        super::say(&format!("{name}: {}", addition.url));
    }
    if chosen.is_empty() {
        super::say("Nothing to add.");
        return Ok(ExitCode::SUCCESS);
    }
    if dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    configured::add_sources(source, &chosen)
}

/// The whole of a file, or of standard input.
fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = file.display();
    let cannot = || format!("cannot read {shown}");
    let from: Box<dyn std::io::Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).with_context(cannot)?)
    };
    let mut bytes = Vec::new();
    from.take(LARGEST).read_to_end(&mut bytes).with_context(cannot)?;
    anyhow::ensure!((bytes.len() as u64) < LARGEST, "{shown}: no list is as large as that");
    Ok(bytes)
}

fn export(source: &Source) -> anyhow::Result<ExitCode> {
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    // What feeds call themselves is known once they were polled; without a store there is nothing to ask.
    let known = if config.store.path.exists() {
        super::runtime()?.block_on(async {
            let memory = StoreThreads::open(&config.store)?;
            let known = memory.store.sources().await?;
            memory.close();
            anyhow::Ok(known)
        })?
    } else {
        Vec::new()
    };
    let known: HashMap<_, _> = known.into_iter().map(|source| (source.name, source.state)).collect();
    let lines = config.sources.iter().map(|source| {
        let state = known.get(&source.name);
        let own = state.and_then(|state| state.title.clone());
        OpmlFeed {
            title: source.title.clone().or(own).unwrap_or_else(|| source.name.clone()),
            feed: source.url.to_string(),
            page: state.and_then(|state| state.link.clone()),
        }
    });
    super::print(&write_feeds(lines))?;
    Ok(ExitCode::SUCCESS)
}
