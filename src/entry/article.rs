//! The article at an entry's link, as far as it is known. Pure.

use jiff::{SignedDuration, Timestamp};

use super::StoredEntry;

/// How long an entry waits for its article; then its feed alone decides.
pub const MAX_ARTICLE_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// What is known of the article at the link of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ArticleState {
    /// None is expected: the source's `full_text` is "no", or the entry has no page.
    #[default]
    NotExpected,
    /// It has not come yet.
    Expected,
    /// It was read.
    Read(Box<Article>),
    /// It does not come; the reason, for people.
    Missing(String),
}

impl ArticleState {
    /// The article, if it was read.
    #[must_use]
    pub fn article(&self) -> Option<&Article> {
        match self {
            ArticleState::Read(article) => Some(article),
            _ => None,
        }
    }
}

impl StoredEntry {
    /// Expects no article any more if the entry has waited long enough.
    pub fn give_up_article(&mut self, now: Timestamp) {
        if self.article == ArticleState::Expected && now.duration_since(self.first_seen) >= MAX_ARTICLE_WAIT {
            self.article = ArticleState::default();
        }
    }

    /// The article, if outputs show it.
    #[must_use]
    pub fn published_article(&self) -> Option<&Article> {
        self.article.article().filter(|article| article.is_published)
    }
}

/// The article of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Its text, as a safe HTML fragment with absolute addresses.
    pub html: String,
    /// BCP 47 tag of the language that the page declares.
    pub language: Option<String>,
    /// When the page was requested.
    pub fetched: Timestamp,
    /// Whether outputs show it; else it only decides which entries they take.
    pub is_published: bool,
}
