//! Sources added to a config file, its comments and layout kept. Door: writes that file.

#![allow(clippy::disallowed_methods, reason = "this is where the config's file is written")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};
use url::Url;

use super::{Config, address, secret};

/// A source to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The feed's address.
    pub url: Url,
    /// What the user calls it; `None`: what it calls itself.
    pub title: Option<String>,
    /// A line to stand above it, without the #, unless it stands above the one before.
    pub comment: Option<String>,
    /// Whether its host may be private.
    pub allow_private: bool,
}

/// Why a source was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The config, or an addition before it, has its address.
    #[error("there already")]
    Twice,
    /// Its host is not of the public web.
    #[error("a private address: add it by hand, with `allow_private = true`")]
    Private,
}

/// A source to be added, and its name.
pub type Named = (String, Addition);
/// A source that is not added, and why.
pub type Refused = (Addition, Refusal);

/// Which of some additions can be made to a config, and under which names; the others with the reason.
#[must_use]
pub fn choose(config: &Config, additions: Vec<Addition>) -> (Vec<Named>, Vec<Refused>) {
    let mut urls: BTreeSet<String> = config.sources.iter().map(|source| source.url.to_string()).collect();
    let mut names: BTreeSet<String> =
        config.sources.iter().map(|source| source.name.to_lowercase()).collect();
    let (mut chosen, mut refused) = (Vec::new(), Vec::new());
    for addition in additions {
        let (bare, _) = secret::split(addition.url.clone());
        if !addition.allow_private && address::private(&addition.url, &config.fetch.allow).is_some() {
            refused.push((addition, Refusal::Private));
        } else if urls.insert(bare.into()) {
            chosen.push((name(&addition, &mut names), addition));
        } else {
            refused.push((addition, Refusal::Twice));
        }
    }
    (chosen, refused)
}

/// A name that no source has: the host, else the host and the start of the title, else with a number.
fn name(addition: &Addition, taken: &mut BTreeSet<String>) -> String {
    let host = addition.url.host_str().unwrap_or("source").trim_start_matches("www.").to_lowercase();
    let host = host.trim_matches(['[', ']', '.']).replace(':', "-");
    let host: String = host.chars().take(60).collect();
    let title = addition.title.as_deref().map(slug).filter(|slug| !slug.is_empty());
    let candidates = std::iter::once(host.clone())
        .chain(title.map(|title| format!("{host}-{title}")))
        .chain((2..).map(|number| format!("{host}-{number}")));
    // The numbers do not end.
    candidates.into_iter().find(|name| taken.insert(name.clone())).unwrap_or(host)
}

fn slug(title: &str) -> String {
    let plain: String =
        title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let slug = plain.split_whitespace().collect::<Vec<_>>().join("-");
    slug.chars().take(30).collect::<String>().trim_end_matches('-').to_owned()
}

/// The text of a config file with more sources, each after those that are there.
///
/// # Errors
/// Words: the text is no TOML, or its sources are written in a form that cannot be added to.
pub fn add(text: &str, sources: &[Named]) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    // A comment at the very end belongs to what stands before it, not to what comes behind now.
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    let before = document.to_string();
    push(&mut document, sources, "")?;
    if document.to_string().starts_with(&before) {
        document = before.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
        push(&mut document, sources, &trailing)?;
    } else {
        document.set_trailing(trailing);
    }
    Ok(document.to_string())
}

/// Puts the sources behind those that are there; `first` stands above them.
fn push(document: &mut DocumentMut, sources: &[Named], mut first: &str) -> Result<(), String> {
    let item = document.entry("source").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = item.as_array_of_tables_mut() else {
        return Err("its sources are not written as [[source]]".to_owned());
    };
    let mut above = None;
    for (name, addition) in sources {
        let mut table = Table::new();
        let comment = addition
            .comment
            .as_ref()
            .filter(|line| above != Some(*line))
            .map(|line| format!("# {line}\n"))
            .unwrap_or_default();
        table.decor_mut().set_prefix(format!("{first}\n{comment}"));
        first = "";
        above = addition.comment.as_ref();
        table.insert("name", value(name.as_str()));
        table.insert("url", value(addition.url.as_str()));
        if let Some(title) = &addition.title {
            table.insert("title", value(title.as_str()));
        }
        if addition.allow_private {
            table.insert("allow_private", value(true));
        }
        tables.push(table);
    }
    Ok(())
}

/// Puts a text in the place of a file, whole or not at all, with the file's own permissions.
///
/// # Errors
/// What the system says.
pub fn save(path: &Path, text: &str) -> io::Result<()> {
    // A link is followed: the file that it names is the config.
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".siftwire-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(fs::metadata(&path)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addition(url: &str, title: Option<&str>) -> Addition {
        Addition {
            url: url.parse().expect("an address"),
            title: title.map(str::to_owned),
            comment: None,
            allow_private: false,
        }
    }

    #[test]
    fn comments_and_layout_stay_as_they_are() {
        let text = "# Mine.\n[serve]   # odd   spacing\nlisten='127.0.0.1:1'\n\n[[source]]\nurl = \"https://a.example/\" # the first\n\n# Outputs from here.\n[[output]]\nname = \"all\"\n";
        let mut new = addition("https://b.example/feed", Some("B \"quoted\""));
        new.comment = Some("News / Local".into());
        let edited = add(text, &[("b".into(), new)]).expect("it can be added to");
        let inserted = "\n# News / Local\n[[source]]\nname = \"b\"\nurl = \"https://b.example/feed\"\ntitle = 'B \"quoted\"'\n";
        assert_eq!(edited.replace(inserted, ""), text);
        assert!(edited.contains(inserted), "{edited}");
        assert!(edited.find(inserted) < edited.find("# Outputs from here."), "{edited}");
    }

    #[test]
    fn a_file_without_sources_gets_its_first_and_an_odd_one_is_refused() {
        let new = [("b".to_owned(), addition("https://b.example/", None))];
        assert!(
            add("[serve]\n# x\n", &new)
                .is_ok_and(|text| text.starts_with("[serve]\n# x\n") && text.contains("[[source]]"))
        );
        assert!(add("", &new).is_ok_and(|text| text.contains("[[source]]")));
        assert!(add("source = [{ url = \"https://a.example/\" }]", &new).is_err());
        assert!(add("not toml", &new).is_err());
    }

    #[test]
    fn names_are_free_and_say_something() {
        let mut taken = BTreeSet::from(["a.example".to_owned()]);
        let named =
            |title: Option<&str>, taken: &mut _| name(&addition("https://www.a.example/x", title), taken);
        assert_eq!(named(Some("World News!"), &mut taken), "a.example-world-news");
        assert_eq!(named(Some("World News!"), &mut taken), "a.example-2");
        assert_eq!(named(None, &mut taken), "a.example-3");
    }
}
