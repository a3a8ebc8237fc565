//! What the head of a page says of its article: title, description, author, date, language. Pure.

use html5ever::ns;
use jiff::Timestamp;
use url::Url;

use super::compare::is_same_title;
use super::finder::HeadMetadata;
use super::json_ld::{self, JsonLd};
use crate::feed::parse_date;
use crate::html::{Element, NodeData, NodeId, Tree};
use crate::text::language::declared_or_detected;

/// Longer values are no titles, names or descriptions.
const MAX_BYTES: usize = 2000;

/// Pages say it for several programs.
const MAX_DESCRIPTIONS: usize = 8;

#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    pub(super) json_ld: JsonLd,
    /// JSON-LD names this page or its headline, or none at all.
    pub(super) is_json_ld_own: bool,
    /// `og:title` and the like, without the names that other programs show.
    pub(super) shared_title: Option<String>,
    /// The `title` element.
    pub(super) page_title: Option<String>,
    pub(super) site: Option<String>,
    /// What the page and JSON-LD say it is about.
    pub(super) descriptions: Vec<String>,
    pub(super) author: Option<String>,
    pub(super) published: Option<String>,
    pub(super) language: Option<String>,
    /// What its relative addresses are relative to, relative to its own.
    pub(super) base: Option<String>,
    /// The address that it gives itself.
    canonical: Option<String>,
    /// It leads to another address by itself.
    pub(super) is_refresh: bool,
}

impl Metadata {
    pub(super) fn read(tree: &Tree, scripts: &[&str], url: &Url) -> Metadata {
        let mut metadata = Metadata::default();
        let mut open: Vec<NodeId> = vec![tree.root()];
        while let Some(id) = open.pop() {
            let Some(element) = tree.element(id) else { continue };
            match element.local_name() {
                "html" => metadata.language = element.value("lang").map(str::to_owned),
                "base" if metadata.base.is_none() => metadata.base = element.value("href").map(str::to_owned),
                "link" if element.value("rel") == Some("canonical") => {
                    metadata.canonical = element.value("href").map(str::to_owned);
                }
                // That is for browsers without scripts.
                "noscript" => continue,
                "meta" => {
                    metadata.is_refresh |= is_refresh(element);
                    let name =
                        ["property", "name", "itemprop"].into_iter().find_map(|name| element.value(name));
                    if let (Some(name), Some(content)) = (name, element.value("content")) {
                        metadata.meta(&name.to_ascii_lowercase(), content.trim());
                    }
                }
                "title" if element.name.ns == ns!(html) && metadata.page_title.is_none() => {
                    metadata.page_title = text_of(tree, id);
                }
                _ => {}
            }
            let from = open.len();
            open.extend(tree.child_elements(id));
            open[from..].reverse();
        }
        metadata.choose(json_ld::read(scripts), url);
        metadata
    }

    /// Chooses the page's own article of those that JSON-LD lists: if none is named so, that with the text, or the first.
    fn choose(&mut self, articles: Vec<JsonLd>, url: &Url) {
        let canonical = self.canonical.as_deref().and_then(|canonical| url.join(canonical.trim()).ok());
        let pages: Vec<&Url> = [Some(url), canonical.as_ref()].into_iter().flatten().collect();
        let own: Vec<bool> = articles.iter().map(|article| self.is_own(article, &pages)).collect();
        let best = (0..articles.len()).rev().max_by_key(|at| (own[*at], articles[*at].body.is_some()));
        let Some(best) = best else { return };
        self.is_json_ld_own = own[best];
        self.json_ld = articles.into_iter().nth(best).unwrap_or_default();
        self.descriptions.extend(self.json_ld.description.clone());
    }

    fn is_own(&self, article: &JsonLd, pages: &[&Url]) -> bool {
        let is_here = |other: &String| {
            let other = pages.first().and_then(|url| url.join(other.trim()).ok());
            other.is_some_and(|other| pages.iter().any(|page| is_same_page(page, &other)))
        };
        let is_titled = |headline: &String| {
            [&self.shared_title, &self.page_title]
                .into_iter()
                .flatten()
                .any(|title| is_same_title(title, headline))
        };
        article.headline.is_none() && article.urls.is_empty()
            || article.headline.as_ref().is_some_and(is_titled)
            || article.urls.iter().any(is_here)
    }

    /// What the finder is told.
    pub(super) fn expected(&self) -> HeadMetadata {
        let titles = [&self.json_ld.headline, &self.shared_title, &self.page_title];
        HeadMetadata {
            titles: titles.into_iter().flatten().cloned().collect(),
            descriptions: self.descriptions.clone(),
        }
    }

    pub(super) fn author(&self) -> Option<String> {
        let names = self
            .json_ld
            .authors
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty() && !name.contains("://"));
        let names = names.collect::<Vec<_>>().join(", ");
        Some(names)
            .filter(|names| !names.is_empty() && names.len() <= MAX_BYTES)
            .or_else(|| self.author.clone())
    }

    pub(super) fn published(&self) -> Option<Timestamp> {
        let dates = [&self.json_ld.published, &self.published];
        dates.into_iter().flatten().find_map(|date| parse_date(date))
    }

    /// What the page says, unless the text is in another script.
    pub(super) fn language(&self, text: &str) -> Option<String> {
        let declared = self.language.as_deref().or(self.json_ld.language.as_deref());
        let subtag = declared_or_detected(declared, text)?;
        std::str::from_utf8(&subtag).ok().map(str::to_owned)
    }

    fn meta(&mut self, name: &str, content: &str) {
        if content.is_empty() || content.len() > MAX_BYTES {
            return;
        }
        let place = match name {
            "og:title" => &mut self.shared_title,
            "twitter:title" | "dc.title" | "headline" => {
                self.shared_title.get_or_insert_with(|| content.to_owned());
                return;
            }
            "og:site_name" => &mut self.site,
            "author" | "article:author" | "dc.creator" | "parsely-author" | "byl" => &mut self.author,
            "article:published_time"
            | "og:published_time"
            | "datepublished"
            | "date"
            | "dc.date"
            | "dc.date.issued"
            | "publish-date"
            | "pubdate"
            | "parsely-pub-date"
            | "sailthru.date" => &mut self.published,
            "description" | "og:description" | "twitter:description" => {
                if self.descriptions.len() < MAX_DESCRIPTIONS {
                    self.descriptions.push(content.to_owned());
                }
                return;
            }
            _ => return,
        };
        // The address of a profile is no name.
        if place.is_none() && !(name.contains("author") && content.contains("://")) {
            *place = Some(content.to_owned());
        }
    }
}

/// Whether two addresses are the same but for scheme, `www.`, fragment, and a query that only one of them has.
fn is_same_page(a: &Url, b: &Url) -> bool {
    let host = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    let may_be_tracking = a.query().is_none() || b.query().is_none();
    host(a) == host(b)
        && (may_be_tracking || a.query() == b.query())
        && a.path().trim_end_matches('/') == b.path().trim_end_matches('/')
}

fn is_refresh(element: &Element) -> bool {
    element.value("http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"))
        && element.value("content").is_some_and(|content| content.to_ascii_lowercase().contains("url"))
}

fn text_of(tree: &Tree, id: NodeId) -> Option<String> {
    let texts = tree.children(id).filter_map(|child| match tree.data(child) {
        NodeData::Text(text) => Some(&**text),
        _ => None,
    });
    let words: Vec<String> =
        texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    Some(words.join(" ")).filter(|text| !text.is_empty() && text.len() <= MAX_BYTES)
}
