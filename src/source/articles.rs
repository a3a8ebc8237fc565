//! What becomes of the articles at the links of a source's entries, as configured. Pure.

/// What a source's articles are read for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FullText {
    /// They are not read.
    #[default]
    No,
    /// Queries look at them.
    Match,
    /// Outputs show them, too.
    Publish,
}

/// How a source's articles are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleSettings {
    /// Whether they are.
    pub full_text: FullText,
    /// CSS selector of the article in its page.
    pub selector: Option<String>,
    /// CSS selector of what is no part of it.
    pub without: Option<String>,
    /// The most that are requested within 24 hours.
    pub limit: usize,
}
