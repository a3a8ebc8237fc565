//! Adds sources to a config file and keeps its comments and layout. Writes that file.

#![allow(clippy::disallowed_methods, reason = "writes the config file")]

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};
use url::Url;

use super::load::SHIPPED;
use super::settings::Config;
use crate::fetch::private_host;
use crate::publish::output::{OutputAccess, Stories};

/// The longest host in a generated name, in characters.
const HOST_CHARS: usize = 60;

/// The longest title in a generated name, in characters.
const SLUG_CHARS: usize = 30;

/// A source to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSource {
    /// The feed's URL.
    pub url: Url,
    /// The title in the config; `None` means the feed's own.
    pub title: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether its host may have a private address.
    pub allow_private: bool,
}

/// Why a source is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// The config, or an earlier new source, has this URL.
    #[error("already in the config")]
    Duplicate,
    /// The host is private.
    #[error("a private address: `siftwire add --allow-private URL` adds it")]
    Private,
}

/// A source to add, with its name.
pub type NamedSource = (String, NewSource);
/// A source that is not added, with the reason.
pub type RejectedSource = (NewSource, RejectReason);

/// Splits new sources into those that can be added, with generated names, and the rest.
#[must_use]
pub fn name_sources(config: &Config, new: Vec<NewSource>) -> (Vec<NamedSource>, Vec<RejectedSource>) {
    // Of each feed that is new, its place in `named`.
    let mut feeds: BTreeMap<String, Option<usize>> =
        config.sources.iter().map(|source| (variants_key(source.url.whole()), None)).collect();
    let mut names: BTreeSet<String> =
        config.sources.iter().map(|source| source.name.to_lowercase()).collect();
    let (mut named, mut rejected) = (Vec::<NamedSource>::new(), Vec::new());
    for source in new {
        if !source.allow_private && private_host(&source.url, &config.fetch.allow).is_some() {
            rejected.push((source, RejectReason::Private));
            continue;
        }
        match feeds.entry(variants_key(&source.url)) {
            Entry::Vacant(entry) => {
                entry.insert(Some(named.len()));
                named.push((unique_name(&source, &mut names), source));
            }
            Entry::Occupied(entry) => {
                // A feed in several folders is listed in each.
                if let Some((_, first)) = entry.get().and_then(|index| named.get_mut(index)) {
                    first.tags.extend(
                        source
                            .tags
                            .iter()
                            .filter(|tag| !first.tags.contains(tag))
                            .cloned()
                            .collect::<Vec<_>>(),
                    );
                    if (first.url.scheme(), source.url.scheme()) == ("http", "https") {
                        first.url = source.url.clone();
                    }
                }
                rejected.push((source, RejectReason::Duplicate));
            }
        }
    }
    (named, rejected)
}

/// The same for the addresses by which one feed is known: with http or https, with www. or without, with a last slash or
/// without.
fn variants_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{host}{port}{}?{}", url.path().trim_end_matches('/'), url.query().unwrap_or_default())
}

/// A name that is not in `used`: the host, else host and title, else host and a number.
fn unique_name(source: &NewSource, used: &mut BTreeSet<String>) -> String {
    let host = source.url.host_str().unwrap_or("source").trim_start_matches("www.").to_lowercase();
    let host = host.trim_matches(['[', ']', '.']).replace(':', "-");
    let host: String = host.chars().take(HOST_CHARS).collect();
    let slug = source.title.as_deref().map(slug).filter(|slug| !slug.is_empty());
    let mut candidates = std::iter::once(host.clone())
        .chain(slug.map(|slug| format!("{host}-{slug}")))
        .chain((2..).map(|number| format!("{host}-{number}")));
    candidates.find(|name| used.insert(name.clone())).expect("the numbers never end, so a candidate is free")
}

fn slug(title: &str) -> String {
    let plain: String =
        title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let slug = plain.split_whitespace().collect::<Vec<_>>().join("-");
    slug.chars().take(SLUG_CHARS).collect::<String>().trim_end_matches('-').to_owned()
}

/// The text of a config file with sources appended after the existing ones.
///
/// # Errors
/// A message, if the text is not TOML or its sources are not written as `[[source]]`.
pub fn append_sources(text: &str, sources: &[NamedSource]) -> Result<String, String> {
    let mut document = parse(text)?;
    // A comment at the end of the file belongs to what precedes it, so it must stay above the new sources.
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    let before = document.to_string();
    push_tables(&mut document, sources, "")?;
    if document.to_string().starts_with(&before) {
        document = parse(&before)?;
        push_tables(&mut document, sources, &trailing)?;
    } else {
        document.set_trailing(trailing);
    }
    Ok(document.to_string())
}

/// The shipped config with the store's path in it; `None` if the path is not UTF-8.
#[must_use]
pub fn shipped_with_store(path: &Path) -> Option<String> {
    let line = format!("path = {}", toml_edit::Value::from(path.to_str()?));
    Some(SHIPPED.replacen("#path = \"siftwire.db\"", &line, 1))
}

/// The `[[output]]` table of a filter. One that takes the place of a private output is private.
#[must_use]
pub fn output_table(
    (name, access): (&str, OutputAccess),
    filter: &str,
    sources: &[String],
    stories: Stories,
) -> String {
    let mut table = Table::new();
    table.insert("name", value(name));
    if access == OutputAccess::Private {
        table.insert("private", value(true));
    }
    if !filter.is_empty() {
        table.insert("filter", value(filter));
    }
    if !sources.is_empty() {
        table.insert("sources", value(sources.iter().collect::<toml_edit::Array>()));
    }
    if stories == Stories::All {
        table.insert("stories", value("all"));
    }
    let mut document = DocumentMut::new();
    document.insert("output", Item::ArrayOfTables(std::iter::once(table).collect()));
    document.to_string()
}

fn parse(text: &str) -> Result<DocumentMut, String> {
    // Only the message: the whole error quotes the file.
    text.parse().map_err(|error: toml_edit::TomlError| error.message().to_owned())
}

/// Appends the sources to `[[source]]`; `prefix` is the text above the first.
fn push_tables(document: &mut DocumentMut, sources: &[NamedSource], mut prefix: &str) -> Result<(), String> {
    let item = document.entry("source").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = item.as_array_of_tables_mut() else {
        return Err("its sources are not written as [[source]]".to_owned());
    };
    for (name, source) in sources {
        let mut table = Table::new();
        table.decor_mut().set_prefix(format!("{prefix}\n"));
        prefix = "";
        table.insert("name", value(name.as_str()));
        table.insert("url", value(source.url.as_str()));
        if let Some(title) = &source.title {
            table.insert("title", value(title.as_str()));
        }
        if !source.tags.is_empty() {
            table.insert("tags", value(source.tags.iter().collect::<toml_edit::Array>()));
        }
        if source.allow_private {
            table.insert("allow_private", value(true));
        }
        tables.push(table);
    }
    Ok(())
}

/// Replaces a file atomically and keeps its owner, group and permissions.
///
/// # Errors
/// The file cannot be written, or would get another owner.
pub fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    // Follow a symbolic link: replacing the link itself would leave its target unchanged.
    let path = fs::canonicalize(path)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".siftwire-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    let (old, new) = (fs::metadata(&path)?, file.as_file().metadata()?);
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        std::os::unix::fs::fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
    }
    // After the owner: a change of that takes some permissions away.
    file.as_file().set_permissions(old.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::super::locate::{Environment, locate};
    use super::*;

    fn new_source(url: &str, title: Option<&str>) -> NewSource {
        NewSource {
            url: url.parse().expect("a valid URL"),
            title: title.map(str::to_owned),
            tags: Vec::new(),
            allow_private: false,
        }
    }

    #[test]
    fn appending_keeps_comments_and_layout() {
        let text = "# Mine.\n[serve]   # odd   spacing\nlisten='127.0.0.1:1'\n\n[[source]]\nurl = \"https://a.example/\" # the first\n\n# Outputs from here.\n[[output]]\nname = \"all\"\n";
        let mut new = new_source("https://b.example/feed", Some("B \"quoted\""));
        new.tags = vec!["news".into(), "local".into()];
        let edited = append_sources(text, &[("b".into(), new)]).expect("an editable config");
        let inserted = "\n[[source]]\nname = \"b\"\nurl = \"https://b.example/feed\"\ntitle = 'B \"quoted\"'\ntags = [\"news\", \"local\"]\n";
        assert_eq!(edited.replace(inserted, ""), text);
        assert!(edited.contains(inserted), "{edited}");
        assert!(edited.find(inserted) < edited.find("# Outputs from here."), "{edited}");
    }

    #[test]
    fn a_file_without_sources_gets_its_first_and_an_inline_array_is_rejected() {
        let new = [("b".to_owned(), new_source("https://b.example/", None))];
        assert!(
            append_sources("[serve]\n# x\n", &new)
                .is_ok_and(|text| text.starts_with("[serve]\n# x\n") && text.contains("[[source]]"))
        );
        assert!(append_sources("", &new).is_ok_and(|text| text.contains("[[source]]")));
        assert!(append_sources("source = [{ url = \"https://a.example/\" }]", &new).is_err());
        assert!(append_sources("not toml", &new).is_err());
    }

    #[test]
    fn an_output_table_is_what_the_config_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        let names = ["a", "it's \"b\"", "c, d \u{5d0}"].map(str::to_owned);
        let source = |(number, name): (usize, &String)| {
            let name = toml_edit::Value::from(name);
            format!("[[source]]\nname = {name}\nurl = \"https://{number}.example/\"\n")
        };
        let sources: String = names.iter().enumerate().map(source).collect();
        for filter in [
            "armenia", "", "\"it's\" OR 'x'", "/a\\.b\"'''/", "\"\"\"", "a\nb\t\u{1}",
            "\u{202e}\u{5d0} OR \u{4e9a}",
        ] {
            for (chosen, stories) in [(&names[..], Stories::All), (&[], Stories::Merge)] {
                let table = output_table(("my-filter", OutputAccess::Public), filter, chosen, stories);
                fs::write(&path, format!("{sources}{table}")).expect("a file");
                let environment =
                    Environment { current_directory: folder.path().to_owned(), ..Environment::default() };
                let config = crate::config::load(&locate(Some(&path), &environment), &environment);
                let is_valid = crate::filter::parse(filter, &crate::filter::QueryContext::default()).is_ok();
                match config {
                    Ok(config) => {
                        let output = &config.outputs[0];
                        let read = output.filter.as_ref().map_or("", |filter| filter.text());
                        assert_eq!((&*output.name, read, output.stories), ("my-filter", filter, stories));
                        let mut wanted = chosen.to_vec();
                        wanted.sort();
                        assert_eq!(output.sources.clone().unwrap_or_default(), wanted);
                    }
                    // TOML that cannot be read would be another mistake.
                    Err(error) => {
                        let is_expected = !filter.is_empty() && !is_valid && parse(&table).is_ok();
                        assert!(is_expected, "{table}\n{error:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn generated_names_are_unique() {
        let mut used = BTreeSet::from(["a.example".to_owned()]);
        let mut generate =
            |title: Option<&str>| unique_name(&new_source("https://www.a.example/x", title), &mut used);
        assert_eq!(generate(Some("World News!")), "a.example-world-news");
        assert_eq!(generate(Some("World News!")), "a.example-2");
        assert_eq!(generate(None), "a.example-3");
    }
}
