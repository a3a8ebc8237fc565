//! Reads what the program publishes as a reader would, and compares it with the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use feed_rs::model::Entry;
use feed_rs::parser;
use jiff::Timestamp;
use serde_json::Value;
use siftwire::publish::format::Format;

use crate::config::{Config, OutputConfig};
use crate::documents::{Version, article_of};
use crate::ledger::Ledger;
use crate::origin::Origin;
use crate::program::Program;

/// What was published before.
#[derive(Default)]
pub struct Reader {
    /// Article and date of each id.
    ids: HashMap<String, (usize, i64)>,
    /// By output.
    ids_by_article: HashMap<(&'static str, usize), String>,
    /// Each output's document, and the articles in it with their titles.
    documents: HashMap<&'static str, (String, BTreeMap<usize, String>)>,
    /// The ids and titles of full archive pages.
    full_pages: HashMap<(&'static str, u32), Vec<(String, String)>>,
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    pub origin: &'a Origin,
    pub config: &'a Config,
    pub ledger: &'a Ledger,
    pub now: Timestamp,
}

impl Expected<'_> {
    pub fn shown(self, output: &OutputConfig) -> BTreeSet<usize> {
        self.ledger.shown(self.origin, self.config, output, self.now)
    }

    /// For people: an article and the others of its story, and when they entered an output.
    pub fn describe(self, output: &OutputConfig, article: usize) -> String {
        let line = |article: usize| {
            let entered = self.ledger.outputs[output.key].members.get(&article);
            format!("{}\n  entered: {entered:?}", self.origin.describe(article))
        };
        let others = self.ledger.story(self.origin, article).iter().filter(|other| **other != article);
        line(article) + &others.map(|other| format!("\nits story: {}", line(*other))).collect::<String>()
    }
}

impl Reader {
    /// Compares an output's live documents.
    pub fn check(
        &mut self,
        program: &Program,
        expected: Expected<'_>,
        output: &OutputConfig,
    ) -> Result<(), String> {
        let document = program.document(&output.name, Format::Atom);
        let describe = |article: &usize| expected.describe(output, *article);
        if self.documents.get(output.key).is_none_or(|(known, _)| *known != document) {
            let entries = self.read(expected.origin, output, &document, |reads| &reads[reads.len() - 1..])?;
            check_other_formats(program, output, &entries)?;
            if !entries.is_sorted_by_key(|(_, entry)| std::cmp::Reverse(entry.published)) {
                return Err("not in the order of their dates".into());
            }
            for (article, entry) in &entries {
                check_other_sources(expected, output, *article, entry)
                    .map_err(|problem| format!("{problem}: {}", describe(article)))?;
            }
            let titles = entries.iter().map(|(article, entry)| (*article, title(entry))).collect();
            self.documents.insert(output.key, (document, titles));
        }
        let (_, titles) = &self.documents[output.key];
        let (shown, found) = (expected.shown(output), titles.keys().copied().collect());
        if let Some(missing) = shown.difference(&found).next() {
            let explained = program.explain(&expected.origin.articles[*missing].reads[0].title, &output.name);
            return Err(format!("not shown: {}\n{explained:#}", describe(missing)));
        }
        if let Some(extra) = found.difference(&shown).next() {
            return Err(format!("shown: {}", describe(extra)));
        }
        // An edit that left the document as it was.
        let is_old = |(article, title): &(&usize, &String)| {
            expected.origin.articles[**article].reads.last().is_none_or(|read| read.title != **title)
        };
        match titles.iter().find(is_old) {
            Some((article, title)) => Err(format!("shown as `{title}`: {}", describe(article))),
            None => Ok(()),
        }
    }

    /// Follows an output's archives from the live document, as RFC 5005 says, and compares them.
    pub async fn check_archive(
        &mut self,
        program: &Program,
        expected: Expected<'_>,
        output: &OutputConfig,
    ) -> Result<(), String> {
        let members = &expected.ledger.outputs[output.key];
        let mut document = program.document(&output.name, Format::Atom);
        let mut archived: BTreeSet<usize> = BTreeSet::new();
        while let Some(page) = previous_page(&document) {
            document = program.archive_page(&output.name, page, expected.now).await;
            let entries = self.read(expected.origin, output, &document, |reads| reads)?;
            for (article, _) in &entries {
                if !archived.insert(*article) || !members.all.contains(article) {
                    return Err(format!(
                        "archived twice, or never in: {}",
                        expected.describe(output, *article)
                    ));
                }
            }
            if document.contains("rel=\"next-archive\"") {
                let entries: Vec<_> =
                    entries.iter().map(|(_, entry)| (entry.id.clone(), title(entry))).collect();
                let before = self.full_pages.entry((output.key, page)).or_insert_with(|| entries.clone());
                if *before != entries {
                    return Err(format!("the full page {page} had {before:?} and has {entries:?}"));
                }
            }
        }
        if archived.is_empty() {
            archived = expected.shown(output);
        }
        match members.members.keys().find(|article| !archived.contains(article)) {
            Some(missing) => Err(format!("not archived: {}", expected.describe(output, *missing))),
            None => Ok(()),
        }
    }

    /// The entries of a document by their articles. Each shows one of `versions`, under the id and date that it has always
    /// had.
    fn read(
        &mut self,
        origin: &Origin,
        output: &OutputConfig,
        document: &str,
        versions: fn(&[Version]) -> &[Version],
    ) -> Result<Vec<(usize, Entry)>, String> {
        let feed = parser::parse(document.as_bytes()).map_err(|error| error.to_string())?;
        let mut articles = BTreeSet::new();
        let mut entries = Vec::new();
        for entry in feed.entries {
            let categories = entry.categories.iter().map(|category| category.term.as_str());
            let article = article_of(categories).ok_or("an entry that is no article")?;
            let id = self.ids_by_article.entry((output.key, article)).or_insert_with(|| entry.id.clone());
            let date = entry.published.map_or(0, |date| date.timestamp());
            let known = *self.ids.entry(entry.id.clone()).or_insert((article, date));
            let link = entry.links.iter().find(|link| link.rel.as_deref() == Some("alternate"));
            let link = link.map(|link| link.href.as_str());
            let text = entry.content.iter().find_map(|content| content.body.clone());
            let text = text.or(entry.summary.as_ref().map(|text| text.content.clone())).unwrap_or_default();
            let is_shown = |read: &Version| {
                read.title == title(&entry)
                    && text.starts_with(&format!("<p>{}</p>", read.text))
                    && (read.link.is_none() || read.link.as_deref() == link)
            };
            if !articles.insert(article)
                || *id != entry.id
                || known != (article, date)
                || date != origin.first(article).date.as_second()
                || !versions(&origin.articles[article].reads).iter().any(is_shown)
            {
                return Err(format!(
                    "twice, or under another id, date, title, link or text than before: {entry:#?}\n\
                     the id {id} was of {known:?}\n{}",
                    origin.describe(article)
                ));
            }
            entries.push((article, entry));
        }
        Ok(entries)
    }
}

fn title(entry: &Entry) -> String {
    entry.title.as_ref().map(|title| title.content.clone()).unwrap_or_default()
}

/// The number of the page that a document's `prev-archive` link names.
fn previous_page(document: &str) -> Option<u32> {
    let link = document.split("<link ").find(|link| link.contains("rel=\"prev-archive\""))?;
    let address = link.split("href=\"").nth(1)?.split('"').next()?;
    address.rsplit('/').next()?.split('.').next()?.parse().ok()
}

/// RSS and JSON Feed show what the Atom document shows.
fn check_other_formats(
    program: &Program,
    output: &OutputConfig,
    entries: &[(usize, Entry)],
) -> Result<(), String> {
    let atom: Vec<&str> = entries.iter().map(|(_, entry)| entry.id.as_str()).collect();
    let rss = program.document(&output.name, Format::Rss);
    let rss = parser::parse(rss.as_bytes()).map_err(|error| error.to_string())?;
    let rss: Vec<&str> = rss.entries.iter().map(|entry| entry.id.as_str()).collect();
    let json: Value = serde_json::from_str(&program.document(&output.name, Format::Json))
        .map_err(|error| error.to_string())?;
    let json: Vec<&str> =
        json["items"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str()).collect();
    if atom == json && atom == rss {
        Ok(())
    } else {
        Err(format!("Atom {atom:?}, RSS {rss:?}, JSON {json:?}"))
    }
}

/// An entry that stands for a story names the other configured sources that have it.
fn check_other_sources(
    Expected { origin, config, ledger, .. }: Expected<'_>,
    output: &OutputConfig,
    article: usize,
    entry: &Entry,
) -> Result<(), String> {
    let related = entry.links.iter().filter(|link| link.rel.as_deref() == Some("related"));
    let named: BTreeSet<&str> = related.map(|link| link.href.as_str()).collect();
    let others = ledger.story(origin, article).iter().map(|other| &origin.articles[*other]).filter(|other| {
        let is_other = other.source != origin.articles[article].source;
        output.is_merged && is_other && config.sources.contains_key(&other.source)
    });
    let links: BTreeSet<&str> = others.filter_map(|other| other.reads.last()?.link.as_deref()).collect();
    if named == links { Ok(()) } else { Err(format!("names {named:?} instead of {links:?}")) }
}
