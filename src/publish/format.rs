//! The forms in which a document is published. Pure.

/// One of the forms of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0, with the profile of the RSS Advisory Board.
    Rss,
    /// JSON Feed 1.1.
    Json,
    /// A page for people.
    Html,
}

impl Format {
    /// Each format once.
    pub const ALL: [Self; 4] = [Self::Atom, Self::Rss, Self::Json, Self::Html];

    /// What stands behind the output's name in its address, with the dot; nothing for the page.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => ".atom",
            Self::Rss => ".rss",
            Self::Json => ".json",
            Self::Html => "",
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// The media type without parameters, for links.
    pub fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }

    /// The path under which an output is served, such as `/feeds/armenia.atom`.
    pub fn path(self, output: &str) -> String {
        format!("/feeds/{output}{}", self.extension())
    }
}
