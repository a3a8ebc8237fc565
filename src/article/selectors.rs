//! What the owner of a source says of its pages: CSS selectors. Pure.

use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};
use std::str::FromStr;

use dom_query::{Document, Matcher};

/// Longer selectors are refused.
const MAX_BYTES: usize = 1000;

/// A CSS selector that is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(String);

impl Selector {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(css: &str) -> Result<Selector, String> {
        if css.trim().is_empty() {
            return Err("a CSS selector is missing".to_owned());
        }
        if css.len() > MAX_BYTES {
            return Err(format!("a CSS selector has at most {MAX_BYTES} bytes"));
        }
        match Matcher::new(css) {
            Ok(_) => Ok(Selector(css.to_owned())),
            Err(_) => Err(format!(
                "`{css}` is no CSS selector; some are `article .text`, `#story > p`, `[itemprop=articleBody]`"
            )),
        }
    }
}

/// Which parts of a source's pages are the article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    /// The elements that hold the article.
    pub article: Option<Selector>,
    /// The elements that do not belong to it.
    pub without: Option<Selector>,
}

impl Selectors {
    /// Those of the keys `article` and `article_without`.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn parse(article: Option<&str>, without: Option<&str>) -> Result<Selectors, String> {
        Ok(Selectors {
            article: article.map(str::parse).transpose()?,
            without: without.map(str::parse).transpose()?,
        })
    }
}

impl Selectors {
    /// Whether they say nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.article.is_none() && self.without.is_none()
    }

    /// The HTML of what they select, or of the rest of the page if they only exclude. `None` where nothing is selected. The
    /// page has to be within the limits of depth: dom_query calls itself for each level.
    pub(super) fn apply(&self, html: &str) -> Option<String> {
        let select = || {
            let document = Document::from(html);
            if let Some(without) = &self.without {
                document.select(without.as_str()).remove();
            }
            let Some(article) = &self.article else { return document.html().to_string() };
            let selected = document.select(article.as_str());
            // What is within another one is there already.
            let ids: HashSet<_> = selected.nodes().iter().map(|node| node.id).collect();
            let outermost = selected
                .nodes()
                .iter()
                .filter(|node| !node.ancestors(None).iter().any(|around| ids.contains(&around.id)));
            outermost.map(|node| node.html().to_string()).collect()
        };
        let html: String = panic::catch_unwind(AssertUnwindSafe(select)).ok()?;
        (!html.trim().is_empty()).then_some(html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_selector_is_refused_by_name() {
        for css in ["article .body", "#story > p, .x", "[itemprop=articleBody]", "div:not(.ad)"] {
            assert_eq!(css.parse::<Selector>().as_ref().map(Selector::as_str), Ok(css));
        }
        for css in ["", " ", "p >", ".", "a:nosuch", "//div"] {
            let error = css.parse::<Selector>().expect_err(css);
            assert!(error.contains(css.trim()) && error.contains("CSS selector"), "{error}");
        }
        assert!("a".repeat(2000).parse::<Selector>().is_err());
        assert!(Selectors::parse(Some("p"), Some("p >")).is_err_and(|error| error.contains("`p >`")));
    }
}
