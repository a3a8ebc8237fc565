//! The XML namespaces and elements of feed formats, and what they mean. Pure.

use super::tokenizer::attributes;

/// What an element means. Numbers are ranks among elements of the same meaning; 0 wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeedElement {
    /// The feed, or a container around its entries.
    Feed,
    Entry,
    Title(u8),
    Link,
    Summary(u8),
    Content(u8),
    Id,
    Published(u8),
    Updated(u8),
    Author(AuthorRole),
    /// Parts of a person: this and the next two.
    Name,
    Email,
    Uri,
    Category,
    Comments,
    Enclosure,
    Source,
    Language,
    Ttl,
    SkipHours,
    Hour,
    SkipDays,
    Day,
    UpdatePeriod,
    UpdateFrequency,
    MediaGroup,
    MediaContent,
    Thumbnail,
    MediaPlayer,
    ItunesImage,
    Duration,
    /// A known element that is skipped: its children must not be taken for the feed's or the entry's own.
    Ignored,
}

/// How an author element counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthorRole {
    /// The format's own element, or Dublin Core's.
    Primary,
    /// An extension module's element, used if there is no primary author.
    Fallback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    /// All versions of RSS, Atom, and CDF: their element names do not contradict each other.
    Core,
    Content,
    DublinCore,
    DublinCoreTerms,
    Prism,
    Media,
    Itunes,
    Yandex,
    Xhtml,
    Syndication,
}

/// Namespace URIs in lower case without a trailing slash.
const NAMESPACE_URIS: [(&str, Namespace); 24] = [
    ("http://www.w3.org/2005/atom", Namespace::Core),
    ("https://www.w3.org/2005/atom", Namespace::Core),
    ("http://purl.org/atom/ns#", Namespace::Core),
    ("http://purl.org/rss/1.0", Namespace::Core),
    ("http://purl.org/net/rss1.1#", Namespace::Core),
    ("http://my.netscape.com/rdf/simple/0.9", Namespace::Core),
    ("http://my.netscape.com/publish/formats/rss-0.91.dtd", Namespace::Core),
    ("http://channel.netscape.com/rdf/simple/0.9", Namespace::Core),
    ("http://backend.userland.com/rss2", Namespace::Core),
    ("http://backend.userland.com/rss", Namespace::Core),
    ("http://blogs.law.harvard.edu/tech/rss", Namespace::Core),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", Namespace::Core),
    ("http://purl.org/rss/1.0/modules/content", Namespace::Content),
    ("http://purl.org/dc/elements/1.1", Namespace::DublinCore),
    ("http://purl.org/dc/elements/1.0", Namespace::DublinCore),
    ("http://purl.org/dc/terms", Namespace::DublinCoreTerms),
    ("http://search.yahoo.com/mrss", Namespace::Media),
    ("http://video.search.yahoo.com/mrss", Namespace::Media),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", Namespace::Itunes),
    ("http://example.com/dtds/podcast-1.0.dtd", Namespace::Itunes),
    ("http://news.yandex.ru", Namespace::Yandex),
    ("http://www.w3.org/1999/xhtml", Namespace::Xhtml),
    ("http://purl.org/rss/1.0/modules/syndication", Namespace::Syndication),
    ("http://purl.org/rss/modules/syndication", Namespace::Syndication),
];

/// Prefixes that are understood without a declaration.
const USUAL_PREFIXES: [(&str, Namespace); 17] = [
    ("rss", Namespace::Core),
    ("rss10", Namespace::Core),
    ("atom", Namespace::Core),
    ("atom10", Namespace::Core),
    ("a10", Namespace::Core),
    ("rdf", Namespace::Core),
    ("content", Namespace::Content),
    ("dc", Namespace::DublinCore),
    ("dcterms", Namespace::DublinCoreTerms),
    ("prism", Namespace::Prism),
    ("media", Namespace::Media),
    ("itunes", Namespace::Itunes),
    ("yandex", Namespace::Yandex),
    ("xhtml", Namespace::Xhtml),
    ("sy", Namespace::Syndication),
    ("cdf", Namespace::Core),
    ("n", Namespace::Core),
];

/// Prefixes that a document may declare. Further declarations are ignored.
const MAX_PREFIXES: usize = 100;

/// The prefixes that a document declares.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    declared: Vec<(&'a str, Option<Namespace>)>,
}

impl<'a> Namespaces<'a> {
    /// Records the prefixes that a start tag declares. The first declaration of a prefix counts, for the whole document.
    /// A usual prefix that is declared with an unknown URI keeps its usual meaning.
    pub(super) fn declare(&mut self, attribute_text: &'a str) {
        if !attribute_text.contains("xmlns") {
            return;
        }
        for (name, uri) in attributes(attribute_text) {
            let Some(prefix) = name.strip_prefix("xmlns:") else { continue };
            if self.declared.len() < MAX_PREFIXES && !self.declared.iter().any(|(known, _)| *known == prefix)
            {
                self.declared.push((prefix, namespace(&uri)));
            }
        }
    }

    /// The meaning of an element; `None` if it is unknown.
    pub(super) fn element(&self, name: &str, attribute_text: &str) -> Option<FeedElement> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = if prefix.is_empty() {
            default_namespace(attribute_text)?
        } else {
            let declared = self.declared.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix));
            declared.and_then(|(_, namespace)| *namespace).or_else(|| usual_namespace(prefix))?
        };
        let mut lower = [0_u8; 24];
        let lower = lower.get_mut(..local.len())?;
        lower.copy_from_slice(local.as_bytes());
        lower.make_ascii_lowercase();
        element_in(namespace, std::str::from_utf8(lower).ok()?)
    }
}

fn usual_namespace(prefix: &str) -> Option<Namespace> {
    USUAL_PREFIXES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(prefix))
        .map(|(_, namespace)| *namespace)
}

/// The namespace of an element without a prefix. Only its own `xmlns` counts: what the root declares as the default
/// namespace is often wrong.
fn default_namespace(attribute_text: &str) -> Option<Namespace> {
    if !attribute_text.contains("xmlns") {
        return Some(Namespace::Core);
    }
    match attributes(attribute_text).find(|(name, _)| *name == "xmlns") {
        Some((_, uri)) if !uri.trim().is_empty() => namespace(&uri),
        _ => Some(Namespace::Core),
    }
}

fn namespace(uri: &str) -> Option<Namespace> {
    let uri = uri.trim().trim_end_matches('/').to_ascii_lowercase();
    // Each version has its own, for several modules.
    if uri.contains("prismstandard.org/namespaces/") {
        return Some(Namespace::Prism);
    }
    NAMESPACE_URIS.iter().find(|(known, _)| *known == uri).map(|(_, namespace)| *namespace)
}

fn element_in(namespace: Namespace, local: &str) -> Option<FeedElement> {
    use FeedElement::*;
    Some(match namespace {
        Namespace::Core => return core_element(local),
        Namespace::Content => match local {
            "encoded" => Content(0),
            _ => return None,
        },
        Namespace::DublinCore | Namespace::DublinCoreTerms => match local {
            "title" => Title(1),
            "creator" | "author" => Author(AuthorRole::Primary),
            "date" => Published(2),
            "issued" => Published(1),
            "available" | "created" => Published(3),
            "dateaccepted" | "datesubmitted" | "datecopyrighted" => Published(4),
            "modified" => Updated(1),
            "subject" => Category,
            "description" | "abstract" => Summary(1),
            "language" => Language,
            _ => return None,
        },
        Namespace::Prism => match local {
            "publicationdate" => Published(2),
            "coverdate" | "creationdate" => Published(4),
            "modificationdate" => Updated(2),
            _ => return None,
        },
        Namespace::Media => match local {
            "group" => MediaGroup,
            "content" => MediaContent,
            "thumbnail" => Thumbnail,
            "player" => MediaPlayer,
            "title" => Title(3),
            "description" => Summary(4),
            "credit" => Author(AuthorRole::Fallback),
            _ => return None,
        },
        Namespace::Itunes => match local {
            "author" => Author(AuthorRole::Fallback),
            "duration" => Duration,
            "title" => Title(2),
            "summary" => Summary(2),
            "subtitle" => Summary(3),
            "image" => ItunesImage,
            "owner" => Ignored,
            _ => return None,
        },
        Namespace::Yandex => match local {
            "full-text" => Content(2),
            _ => return None,
        },
        Namespace::Xhtml => match local {
            "body" | "div" => Content(1),
            _ => return None,
        },
        Namespace::Syndication => match local {
            "updateperiod" => UpdatePeriod,
            "updatefrequency" => UpdateFrequency,
            _ => return None,
        },
    })
}

fn core_element(local: &str) -> Option<FeedElement> {
    use FeedElement::*;
    Some(match local {
        "item" | "entry" => Entry,
        "rss" | "channel" | "rdf" | "feed" | "items" => Feed,
        "title" => Title(0),
        "link" => Link,
        "description" | "summary" | "abstract" => Summary(0),
        "content" | "body" | "fullitem" | "full-text" => Content(1),
        "guid" | "id" => Id,
        "pubdate" | "published" => Published(0),
        "issued" | "created" => Published(1),
        "date" => Published(2),
        "updated" | "modified" | "lastmod" => Updated(0),
        "author" => Author(AuthorRole::Primary),
        "contributor" | "image" | "textinput" | "cloud" => Ignored,
        "name" => Name,
        "email" => Email,
        "uri" | "url" | "homepage" => Uri,
        "category" => Category,
        "comments" => Comments,
        "enclosure" => Enclosure,
        "source" => Source,
        "language" => Language,
        "ttl" => Ttl,
        "skiphours" => SkipHours,
        "hour" => Hour,
        "skipdays" => SkipDays,
        "day" => Day,
        _ => return None,
    })
}
