//! The formats in which an output is published. Pure.

/// A document format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0, by the RSS Advisory Board's profile.
    Rss,
    /// JSON Feed 1.1.
    Json,
    /// A web page.
    Html,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Atom, Self::Rss, Self::Json, Self::Html];

    /// Whether readers subscribe to it. Feeds have archive pages, and the hub is notified of them.
    pub fn is_feed(self) -> bool {
        match self {
            Self::Atom | Self::Rss | Self::Json => true,
            Self::Html => false,
        }
    }

    /// The feed formats.
    pub fn feeds() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|format| format.is_feed())
    }

    /// The name that people know it by; in lower case the extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON",
            Self::Html => "HTML",
        }
    }

    /// The extension in an output's address, with its dot; empty for the page.
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
