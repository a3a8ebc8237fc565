//! The article as Readability's rules find it (dom_smoothie), behind guards. Pure.

use std::panic::{self, AssertUnwindSafe};

use dom_query::Document;
use dom_smoothie::Readability;

use super::Selectors;

pub(super) struct ArticleMarkup {
    pub(super) title: Option<String>,
    /// Not cleaned.
    pub(super) html: String,
}

pub(super) fn find(html: &str, selectors: &Selectors) -> Option<ArticleMarkup> {
    let found = panic::catch_unwind(AssertUnwindSafe(|| {
        let document = Document::from(html);
        if let Some(without) = &selectors.without {
            document.select(without.as_str()).remove();
        }
        if let Some(article) = &selectors.article {
            let html =
                document.select(article.as_str()).iter().map(|element| element.html().to_string()).collect();
            return Some(ArticleMarkup { title: None, html });
        }
        let article = Readability::with_document(document, None, None).ok()?.parse().ok()?;
        Some(ArticleMarkup {
            title: Some(article.title).filter(|title| !title.is_empty()),
            html: article.content.to_string(),
        })
    }));
    found.ok().flatten()
}
