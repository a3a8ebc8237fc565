//! The article of a web page: its text, title, author and date, without what stands around it. Pure.

mod cards;
mod compare;
mod decode;
mod finder;
mod json_ld;
mod markup;
mod metadata;
mod no_article;
mod page_tree;
mod phrases;
mod root;
mod selectors;
#[cfg(test)]
mod tests;
mod title;
mod walls;
mod whole_text;
mod words;
mod write;

use jiff::Timestamp;
use url::Url;

pub use no_article::NoArticle;
pub use selectors::{Selector, Selectors};

use crate::html::{self, Tree};
use crate::text::{TextFor, html_to_text};
use compare::letters;
use finder::Finder;
use metadata::Metadata;
use page_tree::{HiddenParts, PageTree};
use walls::PageEvidence;
use whole_text::JsonLdText;

/// Larger pages are cut there before they are read.
const MAX_BYTES: usize = 2 << 20;

/// A longer text is no beginning of one that is hidden.
const MAX_BEGINNING: usize = 1500;

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
    /// The page has it in JSON-LD.
    JsonLd,
    /// The selector of the source.
    Selector,
    /// By what paragraphs have in common.
    Finder,
}

impl By {
    /// The name that `siftwire inspect` prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            By::JsonLd => "json-ld",
            By::Selector => "selector",
            By::Finder => "finder",
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
    let markup = markup::without_scripts(&text);
    if !html::may_be_parsed(&markup.html) {
        return Err(NoArticle::TooComplex);
    }
    let tree = Tree::of_document(&markup.html);
    let metadata = Metadata::read(&tree, &markup.json_ld, page.url);
    let visible = PageTree::new(&tree, HiddenParts::Left).ok_or(NoArticle::TooComplex)?;
    let selected = if selectors.is_empty() { None } else { selectors.apply(&markup.html) };
    let found = match &selected {
        Some(html) => by_selectors(html, selectors, &metadata)?,
        None => by_finder(&tree, &visible, &metadata)?,
    };
    let evidence = PageEvidence {
        page: &visible,
        article: &found.blocks,
        end: found.end,
        has_feed_text: feed_text.is_some_and(|text| !text.trim().is_empty()),
        title: metadata.page_title.as_deref(),
        is_paid: metadata.json_ld.is_paid,
        is_dated: metadata.published().is_some(),
        is_refresh: metadata.is_refresh,
        has_scripts: markup.has_scripts,
    };
    if let Some(refusal) = walls::refusal(&evidence) {
        return Err(refusal);
    }
    if feed_text
        .is_some_and(|feed| letters(&found.text).len() < letters(&html_to_text(feed, TextFor::Reader)).len())
    {
        return Err(NoArticle::ShorterThanFeed);
    }
    let base = metadata
        .base
        .as_deref()
        .and_then(|base| page.url.join(base.trim()).ok())
        .filter(|base| !base.cannot_be_a_base());
    Ok(Article {
        title: title::find(&visible, &metadata, page.url),
        author: metadata.author(),
        published: metadata.published(),
        language: metadata.language(&found.text),
        html: html::sanitize_with_base(
            found.html,
            Some(page.url.as_str()),
            base.as_ref().unwrap_or(page.url),
        )
        .0,
        text: found.text,
        by: found.by,
    })
}

/// An article, not cleaned yet.
struct FoundText {
    html: String,
    text: String,
    /// The paragraphs and other blocks, with their sizes.
    blocks: Vec<(String, usize)>,
    /// The number of the first block of the page after it, if it was found there.
    end: Option<usize>,
    by: By,
}

fn by_finder(tree: &Tree, visible: &PageTree<'_>, metadata: &Metadata) -> Result<FoundText, NoArticle> {
    let expected = metadata.expected();
    let found = Finder::find(visible, &expected);
    if found.size() < MAX_BEGINNING && visible.hidden_bytes > found.size() {
        // A script shows the article when it has come.
        let whole = PageTree::new(tree, HiddenParts::Taken).ok_or(NoArticle::TooComplex)?;
        let other = Finder::find(&whole, &expected);
        if other.size() > 2 * found.size() {
            return Ok(FoundText { end: None, ..with_json_ld(other, metadata) });
        }
    }
    Ok(with_json_ld(found, metadata))
}

fn with_json_ld(mut found: Finder<'_>, metadata: &Metadata) -> FoundText {
    let body =
        metadata.json_ld.body.as_deref().map(|body| html_to_text(body, TextFor::Reader)).unwrap_or_default();
    match whole_text::compare(&body, metadata, &mut found) {
        JsonLdText::None => found_text(&found, By::Finder),
        JsonLdText::Same => found_text(&found, By::JsonLd),
        JsonLdText::Longer => {
            let paragraphs = whole_text::paragraphs(&body);
            FoundText {
                html: paragraphs
                    .iter()
                    .map(|text| format!("<p>{}</p>", htmlize::escape_text(text)))
                    .collect(),
                text: paragraphs.join("\n"),
                blocks: paragraphs
                    .into_iter()
                    .map(|text| {
                        let size = text.len();
                        (text, size)
                    })
                    .collect(),
                end: None,
                by: By::JsonLd,
            }
        }
    }
}

fn found_text(found: &Finder<'_>, by: By) -> FoundText {
    let kept = found.page.blocks.iter().zip(&found.kept).filter(|(_, kept)| **kept);
    FoundText {
        html: write::html(found),
        text: write::text(found),
        blocks: kept.map(|(block, _)| (block.text.clone(), block.size)).collect(),
        end: found.kept.iter().rposition(|kept| *kept).map(|last| last + 1),
        by,
    }
}

/// The owner of the source is believed: all that is selected belongs to the article.
fn by_selectors(html: &str, selectors: &Selectors, metadata: &Metadata) -> Result<FoundText, NoArticle> {
    let tree = Tree::of_document(html);
    let page = PageTree::new(&tree, HiddenParts::Left).ok_or(NoArticle::TooComplex)?;
    if selectors.article.is_none() {
        return by_finder(&tree, &page, metadata);
    }
    Ok(FoundText { end: None, ..found_text(&Finder::all(&page), By::Selector) })
}
