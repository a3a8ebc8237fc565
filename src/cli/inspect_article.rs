//! `siftwire inspect --article FILE|URL...`: shows the articles of web pages.

use serde_json::{Value, json};
use url::Url;

use super::terminal;
use crate::article::{self, Article, NoArticle, Selectors, WebPage};

/// The base of a file whose address is not given.
const UNKNOWN_ADDRESS: &str = "http://unknown.invalid/";

/// A feed or page to inspect, or why it cannot be read.
pub(super) struct InspectedDocument {
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    /// Its address, or the base of its links.
    pub(super) url: Option<Url>,
    pub(super) body: Result<Vec<u8>, String>,
}

impl InspectedDocument {
    /// The article as text or JSON, and whether there is one.
    pub(super) fn describe_article(&self, as_json: bool, selectors: &Selectors) -> (bool, String) {
        let found = match &self.body {
            Ok(bytes) => self.article(bytes, selectors).map_err(|reason| reason.to_string()),
            Err(error) => Err(error.clone()),
        };
        let text = if as_json {
            format!("{}\n", self.as_json(&found))
        } else {
            terminal::escape_lines(&self.as_text(&found))
        };
        (found.is_ok(), text)
    }

    fn article(&self, bytes: &[u8], selectors: &Selectors) -> Result<Article, NoArticle> {
        let unknown = Url::parse(UNKNOWN_ADDRESS);
        let Some(url) = self.url.as_ref().or(unknown.as_ref().ok()) else { return Err(NoArticle::NotFound) };
        article::find(&WebPage { bytes, content_type: self.content_type.as_deref(), url }, selectors, None)
    }

    fn as_json(&self, found: &Result<Article, String>) -> Value {
        let article = found.as_ref().ok();
        json!({
            "path": self.name, "url": self.url, "ok": article.is_some(), "error": found.as_ref().err(),
            "title": article.and_then(|article| article.title.as_ref()),
            "author": article.and_then(|article| article.author.as_ref()),
            "published": article.and_then(|article| article.published),
            "language": article.and_then(|article| article.language.as_ref()),
            "text": article.map(|article| &article.text), "html": article.map(|article| &article.html),
            "by": article.map(|article| article.by.name()),
        })
    }

    fn as_text(&self, found: &Result<Article, String>) -> String {
        let article = match found {
            Ok(article) => article,
            Err(error) => return format!("{}: {error}\n\n", self.name),
        };
        let mut text = format!("{}\n", self.name);
        let mut line = |label: &str, value: Option<&str>| {
            if let Some(value) = value {
                text.push_str(&format!("  {label:<9} {value}\n"));
            }
        };
        line("title", article.title.as_deref());
        line("author", article.author.as_deref());
        line("date", article.published.map(|date| date.to_string()).as_deref());
        line("language", article.language.as_deref());
        line("found by", Some(article.by.name()));
        text.push_str(&format!("\n{}\n\n", article.text));
        text
    }
}
