//! The XML namespaces and elements of feed formats, and what they mean. Pure.

use super::tokenizer::{StartTag, attributes};
use crate::feed::raw::{MEDIA_DESCRIPTION_RANK, MEDIA_TITLE_RANK};

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
    /// The feed's picture: an address, or in RSS an element that has it.
    Icon,
    Image,
    Duration,
    Podcast(PodcastElement),
    Detail(DetailElement),
    /// A known element that is skipped: its children must not be taken for the feed's or the entry's own.
    Ignored,
}

/// An element that few entries have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DetailElement {
    CommentCount,
    CommentsFeed,
    InReplyTo,
    Rights,
    PlaceName,
    Latitude,
    Longitude,
    /// A point, a line or a polygon.
    Shape,
    Box,
}

/// An element of a podcast or an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PodcastElement {
    Author,
    Owner,
    Category,
    Kind,
    Guid,
    Explicit,
    Season,
    Number,
    EpisodeKind,
    Transcript,
    Chapters,
    Person,
}

/// How an author element counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthorRole {
    /// The format's own element, or Dublin Core's.
    Primary,
    /// An extension module's element, used if there is no primary author.
    Fallback,
}

/// A vocabulary of element names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Atom,
    /// All versions of RSS, and CDF.
    Rss,
    Content,
    DublinCore,
    Prism,
    Media,
    Itunes,
    PodcastIndex,
    Slash,
    CommentApi,
    Thread,
    GeoRss,
    Geo,
    Yandex,
    Xhtml,
    /// SVG and MathML.
    Graphics,
    Syndication,
}

/// The namespaces, each with the prefixes that are understood without a declaration, and with its URIs in lower case,
/// without scheme and trailing slash.
const NAMESPACES: [(Namespace, &str, &str); 17] = [
    (Namespace::Atom, "atom atom10 a10", "www.w3.org/2005/atom purl.org/atom/ns#"),
    (
        Namespace::Rss,
        "rss rss10 rdf cdf n",
        "purl.org/rss/1.0 purl.org/net/rss1.1# my.netscape.com/rdf/simple/0.9 \
         my.netscape.com/publish/formats/rss-0.91.dtd channel.netscape.com/rdf/simple/0.9 \
         backend.userland.com/rss2 backend.userland.com/rss blogs.law.harvard.edu/tech/rss \
         www.w3.org/1999/02/22-rdf-syntax-ns#",
    ),
    (Namespace::Content, "content", "purl.org/rss/1.0/modules/content"),
    (
        Namespace::DublinCore,
        "dc dcterms",
        "purl.org/dc/elements/1.1 purl.org/dc/elements/1.0 purl.org/dc/terms",
    ),
    (Namespace::Media, "media", "search.yahoo.com/mrss video.search.yahoo.com/mrss"),
    (
        Namespace::Itunes,
        "googleplay itunes",
        "www.itunes.com/dtds/podcast-1.0.dtd www.google.com/schemas/play-podcasts/1.0 example.com/dtds/podcast-1.0.dtd",
    ),
    (
        Namespace::PodcastIndex,
        "podcast",
        "podcastindex.org/namespace/1.0 github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
    ),
    (Namespace::Slash, "slash", "purl.org/rss/1.0/modules/slash"),
    (Namespace::CommentApi, "wfw", "wellformedweb.org/commentapi"),
    (Namespace::Thread, "thr", "purl.org/syndication/thread/1.0"),
    (Namespace::GeoRss, "georss", "www.georss.org/georss"),
    (Namespace::Geo, "geo", "www.w3.org/2003/01/geo/wgs84_pos#"),
    (Namespace::Yandex, "yandex", "news.yandex.ru"),
    (Namespace::Xhtml, "xhtml", "www.w3.org/1999/xhtml"),
    (Namespace::Graphics, "", "www.w3.org/2000/svg www.w3.org/1998/math/mathml"),
    (Namespace::Syndication, "sy", "purl.org/rss/1.0/modules/syndication purl.org/rss/modules/syndication"),
    (Namespace::Prism, "prism", ""),
];

/// Elements of RSS, Atom and CDF beside the entries that say nothing we need.
const UNREAD_ELEMENTS: [&str; 19] = [
    "copyright", "docs", "expirationdate", "generator", "info", "keywords", "lastbuilddate", "login",
    "managingeditor", "rating", "rights", "schedule", "self", "seq", "subtitle", "summary", "tagline",
    "usage", "webmaster",
];

/// The rank of `itunes:summary`.
pub(super) const ITUNES_SUMMARY: u8 = 2;

/// Declarations that may be in force at one place. Further ones are ignored.
const MAX_DECLARED: usize = 100;

/// The namespace declarations in force at a place of the document (Namespaces in XML 1.0 section 6).
pub(super) struct Namespaces<'a> {
    /// What an element without a prefix is where no default namespace is declared.
    format: Namespace,
    /// The prefix, empty for the default namespace. The innermost declaration is last.
    declared: Vec<(&'a str, Option<Namespace>)>,
}

impl<'a> Namespaces<'a> {
    pub(super) fn new(format: Namespace) -> Namespaces<'a> {
        Namespaces { format, declared: Vec::new() }
    }

    /// Puts the declarations of a start tag in force.
    pub(super) fn declare(&mut self, tag: StartTag<'a>) {
        if !tag.attributes.contains("xmlns") {
            return;
        }
        for (name, uri) in attributes(tag.attributes) {
            let declaration = match name.strip_prefix("xmlns:") {
                Some(prefix) => (prefix, prefix_namespace(prefix, &uri, tag.name)),
                None if name == "xmlns" => ("", self.default_namespace(&uri, tag.name)),
                None => continue,
            };
            if self.declared.len() < MAX_DECLARED {
                self.declared.push(declaration);
            }
        }
    }

    /// How many declarations are in force.
    pub(super) fn len(&self) -> usize {
        self.declared.len()
    }

    /// Ends all declarations but the outermost ones.
    pub(super) fn truncate(&mut self, len: usize) {
        self.declared.truncate(len);
    }

    /// The meaning of an element whose own declarations are in force; `None` if it is unknown.
    pub(super) fn element(&self, name: &str) -> Option<(FeedElement, Namespace)> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = self.of_prefix(prefix)?;
        let mut lower = [0_u8; 24];
        let lower = lower.get_mut(..local.len())?;
        lower.copy_from_slice(local.as_bytes());
        lower.make_ascii_lowercase();
        Some((element_in(namespace, std::str::from_utf8(lower).ok()?)?, namespace))
    }

    /// Whether an element beside the entries should be one of the feed's format, but no version of it has it.
    pub(super) fn is_foreign(&self, name: &str) -> bool {
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        let is_format = matches!(self.of_prefix(prefix), Some(Namespace::Atom | Namespace::Rss));
        is_format && !UNREAD_ELEMENTS.iter().any(|unread| local_name(name).eq_ignore_ascii_case(unread))
    }

    /// What a prefix stands for, or elements without one.
    pub(super) fn of_prefix(&self, prefix: &str) -> Option<Namespace> {
        let declared = self.declared.iter().rfind(|(known, _)| known.eq_ignore_ascii_case(prefix));
        match declared {
            Some((_, namespace)) => *namespace,
            None if prefix.is_empty() => Some(self.format),
            None => usual_namespace(prefix),
        }
    }

    /// A default namespace to which the feed or entry that declares it does not belong is a mistake of generators.
    fn default_namespace(&self, uri: &str, element: &str) -> Option<Namespace> {
        let declared = if uri.trim().is_empty() { Some(self.format) } else { namespace(uri) };
        match container_namespace(element) {
            Some(own) if declared != Some(own) => Some(self.format),
            _ => declared,
        }
    }
}

/// The vocabulary to which an element that holds entries or is one belongs, whatever its prefix.
fn container_namespace(element: &str) -> Option<Namespace> {
    let local = local_name(element);
    let is_one_of = |names: &[&str]| names.iter().any(|name| local.eq_ignore_ascii_case(name));
    if is_one_of(&["feed", "entry"]) {
        Some(Namespace::Atom)
    } else {
        is_one_of(&["rss", "rdf", "channel", "items", "item"]).then_some(Namespace::Rss)
    }
}

/// What a declared prefix stands for. A usual one keeps its meaning where its URI is misspelt: it has a host that the
/// namespace is known to have, or the whole feed declares it.
fn prefix_namespace(prefix: &str, uri: &str, element: &str) -> Option<Namespace> {
    let is_misspelt = |usual: &Namespace| {
        let is_of_feed = container_namespace(element).is_some() && !is_entry(element);
        let uris = NAMESPACES
            .iter()
            .filter(|(known, ..)| known == usual)
            .flat_map(|(.., uris)| uris.split_whitespace());
        is_of_feed || uris.map(host).any(|known| known == host(&bare(uri)))
    };
    namespace(uri).or_else(|| usual_namespace(prefix).filter(is_misspelt))
}

fn is_entry(element: &str) -> bool {
    ["item", "entry"].iter().any(|name| local_name(element).eq_ignore_ascii_case(name))
}

pub(super) fn local_name(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn usual_namespace(prefix: &str) -> Option<Namespace> {
    let is_prefix = |known: &str| known.eq_ignore_ascii_case(prefix);
    NAMESPACES
        .iter()
        .find(|(_, known, _)| known.split_whitespace().any(is_prefix))
        .map(|(namespace, ..)| *namespace)
}

fn namespace(uri: &str) -> Option<Namespace> {
    let uri = bare(uri);
    // Each version has its own, for several modules.
    if uri.contains("prismstandard.org/namespaces/") {
        return Some(Namespace::Prism);
    }
    NAMESPACES
        .iter()
        .find(|(.., known)| known.split_whitespace().any(|known| known == uri))
        .map(|(namespace, ..)| *namespace)
}

/// A URI in the form of [`NAMESPACE_URIS`].
fn bare(uri: &str) -> String {
    let uri = uri.trim().trim_end_matches('/').to_ascii_lowercase();
    uri.split_once("://").map_or(uri.as_str(), |(_, rest)| rest).to_owned()
}

fn host(uri: &str) -> &str {
    uri.split('/').next().unwrap_or(uri)
}

fn element_in(namespace: Namespace, local: &str) -> Option<FeedElement> {
    use FeedElement::*;
    Some(match (namespace, local) {
        (Namespace::Atom | Namespace::Rss, _) => return core_element(local),
        (Namespace::Content, "encoded") => Content(0),
        (Namespace::DublinCore, "title") => Title(1),
        (Namespace::DublinCore, "creator" | "author") => Author(AuthorRole::Primary),
        (Namespace::DublinCore, "date") => Published(2),
        (Namespace::DublinCore, "issued") => Published(1),
        (Namespace::DublinCore, "available" | "created") => Published(3),
        (Namespace::DublinCore, "dateaccepted" | "datesubmitted" | "datecopyrighted") => Published(4),
        (Namespace::DublinCore, "modified") => Updated(1),
        (Namespace::DublinCore, "subject") => Category,
        (Namespace::DublinCore, "description" | "abstract") => Summary(1),
        (Namespace::DublinCore, "language") => Language,
        (Namespace::DublinCore, "rights") => Detail(DetailElement::Rights),
        (Namespace::Prism, "publicationdate") => Published(2),
        (Namespace::Prism, "coverdate" | "creationdate") => Published(4),
        (Namespace::Prism, "modificationdate") => Updated(2),
        (Namespace::Media, "group") => MediaGroup,
        (Namespace::Media, "content") => MediaContent,
        (Namespace::Media, "thumbnail") => Thumbnail,
        (Namespace::Media, "player") => MediaPlayer,
        (Namespace::Media, "title") => Title(MEDIA_TITLE_RANK),
        (Namespace::Media, "description") => Summary(MEDIA_DESCRIPTION_RANK),
        (Namespace::Media, "credit") => Author(AuthorRole::Fallback),
        (Namespace::Itunes, "author") => Author(AuthorRole::Fallback),
        (Namespace::Itunes, "duration") => Duration,
        (Namespace::Itunes, "title") => Title(2),
        // Google's module has the latter.
        (Namespace::Itunes, "summary" | "description") => Summary(ITUNES_SUMMARY),
        (Namespace::Itunes, "subtitle") => Summary(3),
        (Namespace::Itunes, "image") => ItunesImage,
        (Namespace::Itunes, "name") => Name,
        (Namespace::Itunes, "owner") => Podcast(PodcastElement::Owner),
        (Namespace::Itunes, "category") => Podcast(PodcastElement::Category),
        (Namespace::Itunes, "type") => Podcast(PodcastElement::Kind),
        (Namespace::Itunes, "explicit") => Podcast(PodcastElement::Explicit),
        (Namespace::Itunes, "season") => Podcast(PodcastElement::Season),
        (Namespace::Itunes, "episode") => Podcast(PodcastElement::Number),
        (Namespace::Itunes, "episodetype") => Podcast(PodcastElement::EpisodeKind),
        (Namespace::Yandex, "full-text") => Content(2),
        (Namespace::Xhtml, "body" | "div") => Content(1),
        (Namespace::Syndication, "updateperiod") => UpdatePeriod,
        (Namespace::Syndication, "updatefrequency") => UpdateFrequency,
        (Namespace::PodcastIndex, "guid") => Podcast(PodcastElement::Guid),
        (Namespace::PodcastIndex, "transcript") => Podcast(PodcastElement::Transcript),
        (Namespace::PodcastIndex, "chapters") => Podcast(PodcastElement::Chapters),
        (Namespace::PodcastIndex, "person") => Podcast(PodcastElement::Person),
        (Namespace::PodcastIndex, "season") => Podcast(PodcastElement::Season),
        (Namespace::PodcastIndex, "episode") => Podcast(PodcastElement::Number),
        (Namespace::Slash, "comments") => Detail(DetailElement::CommentCount),
        (Namespace::CommentApi, "commentrss") => Detail(DetailElement::CommentsFeed),
        (Namespace::Thread, "total") => Detail(DetailElement::CommentCount),
        (Namespace::Thread, "in-reply-to") => Detail(DetailElement::InReplyTo),
        (Namespace::GeoRss, "point" | "line" | "polygon" | "where") => Detail(DetailElement::Shape),
        (Namespace::GeoRss, "box") => Detail(DetailElement::Box),
        (Namespace::GeoRss, "featurename") => Detail(DetailElement::PlaceName),
        (Namespace::Geo, "lat") => Detail(DetailElement::Latitude),
        (Namespace::Geo, "long") => Detail(DetailElement::Longitude),
        // It holds only those two, latitude first.
        (Namespace::Geo, "point") => Detail(DetailElement::Shape),
        _ => return None,
    })
}

/// The element names of Atom, RSS and CDF do not contradict each other, and feeds mix them.
fn core_element(local: &str) -> Option<FeedElement> {
    use FeedElement::*;
    Some(match local {
        "item" | "entry" => Entry,
        "rss" | "channel" | "rdf" | "feed" | "items" => Feed,
        "title" => Title(0),
        "link" => Link,
        "description" | "summary" | "abstract" => Summary(0),
        // Some forget its prefix.
        "encoded" => Content(0),
        "content" | "body" | "fullitem" | "full-text" => Content(1),
        "guid" | "id" => Id,
        "pubdate" | "published" => Published(0),
        "issued" | "created" => Published(1),
        "date" => Published(2),
        "updated" | "modified" | "lastmod" => Updated(0),
        "author" => Author(AuthorRole::Primary),
        "contributor" | "textinput" | "cloud" => Ignored,
        "icon" | "logo" => Icon,
        "image" => Image,
        "name" => Name,
        "email" => Email,
        "uri" | "url" | "homepage" => Uri,
        "category" => Category,
        "comments" => Comments,
        "rights" => Detail(DetailElement::Rights),
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
