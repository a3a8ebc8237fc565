//! The article of a web page: its text, title, author and date, without what stands around it. Pure.

mod decode;
mod no_article;
mod readability;
mod selectors;

use jiff::Timestamp;
use url::Url;

pub use no_article::NoArticle;
pub use selectors::{Selector, Selectors};

use crate::html;
use crate::text::{TextFor, html_to_text};

/// Larger pages are cut there before they are read.
const MAX_BYTES: usize = 2 << 20;

/// A page as it was fetched.
#[derive(Clone, Copy, Debug)]
pub struct WebPage<'a> {
    /// The body, without content coding.
    pub bytes: &'a [u8],
    /// The Content-Type header.
    pub content_type: Option<&'a str>,
    /// Where it was found; its relative addresses are relative to that.
    pub url: &'a Url,
}

/// What a page says, apart from navigation, advertising and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// The headline, without the name of the site.
    pub title: Option<String>,
    /// The names of the authors, separated by commas.
    pub author: Option<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// The primary subtag of its language.
    pub language: Option<String>,
    /// The text as HTML that is safe to publish; all addresses are absolute.
    pub html: String,
    /// The text alone, a paragraph a line.
    pub text: String,
    /// How it was found.
    pub by: By,
}

/// How the article of a page was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The selector of the source.
    Selector,
    /// The rules of Readability.
    Readability,
}

impl By {
    /// The name that `siftwire inspect` prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            By::Selector => "selector",
            By::Readability => "readability",
        }
    }
}

/// Finds the article of a page. `feed_text` is what the feed has of it.
///
/// # Errors
/// The page has no article, or none that has more than the feed.
pub fn find(
    page: &WebPage<'_>,
    selectors: &Selectors,
    feed_text: Option<&str>,
) -> Result<Article, NoArticle> {
    let text = decode::decode(page)?;
    let found = readability::find(&text, selectors).ok_or(NoArticle::NotFound)?;
    let html = html::sanitize_with_base(found.html, Some(page.url.as_str()), page.url);
    let text = html_to_text(&html, TextFor::Reader).trim().to_owned();
    if text.is_empty() {
        return Err(NoArticle::NotFound);
    }
    if feed_text.is_some_and(|feed| text.len() < feed.trim().len()) {
        return Err(NoArticle::ShorterThanFeed);
    }
    Ok(Article {
        title: found.title,
        author: None,
        published: None,
        language: None,
        html,
        text,
        by: By::Readability,
    })
}
