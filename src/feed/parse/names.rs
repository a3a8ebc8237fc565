//! Which elements a feed may have, in whichever of its vocabularies, and what they mean. Pure.

use super::tokens::attributes;

/// What an element means, and how much its word counts beside others of the same meaning (0 most).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The feed, or something around its entries.
    Feed,
    Entry,
    Title(u8),
    Link,
    Summary(u8),
    Content(u8),
    Id,
    Published(u8),
    Updated(u8),
    Author(FallbackAuthor),
    /// Parts of a person.
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
    /// Known, and with parts that must not be taken for the feed's or the entry's own.
    Ignored,
}

/// Who speaks of an author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FallbackAuthor {
    /// The feed's own element, or Dublin Core.
    Plain,
    /// A module that counts where the others are silent.
    Spare,
}

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// RSS of every number, Atom, and CDF: their names do not contradict each other.
    Own,
    Content,
    DublinCore,
    Terms,
    Media,
    Itunes,
    Yandex,
    Xhtml,
    Syndication,
}

/// Addresses of vocabularies, lower case and without a last slash.
const ADDRESSES: [(&str, Vocabulary); 24] = [
    ("http://www.w3.org/2005/atom", Vocabulary::Own),
    ("https://www.w3.org/2005/atom", Vocabulary::Own),
    ("http://purl.org/atom/ns#", Vocabulary::Own),
    ("http://purl.org/rss/1.0", Vocabulary::Own),
    ("http://purl.org/net/rss1.1#", Vocabulary::Own),
    ("http://my.netscape.com/rdf/simple/0.9", Vocabulary::Own),
    ("http://my.netscape.com/publish/formats/rss-0.91.dtd", Vocabulary::Own),
    ("http://channel.netscape.com/rdf/simple/0.9", Vocabulary::Own),
    ("http://backend.userland.com/rss2", Vocabulary::Own),
    ("http://backend.userland.com/rss", Vocabulary::Own),
    ("http://blogs.law.harvard.edu/tech/rss", Vocabulary::Own),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", Vocabulary::Own),
    ("http://purl.org/rss/1.0/modules/content", Vocabulary::Content),
    ("http://purl.org/dc/elements/1.1", Vocabulary::DublinCore),
    ("http://purl.org/dc/elements/1.0", Vocabulary::DublinCore),
    ("http://purl.org/dc/terms", Vocabulary::Terms),
    ("http://search.yahoo.com/mrss", Vocabulary::Media),
    ("http://video.search.yahoo.com/mrss", Vocabulary::Media),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", Vocabulary::Itunes),
    ("http://example.com/dtds/podcast-1.0.dtd", Vocabulary::Itunes),
    ("http://news.yandex.ru", Vocabulary::Yandex),
    ("http://www.w3.org/1999/xhtml", Vocabulary::Xhtml),
    ("http://purl.org/rss/1.0/modules/syndication", Vocabulary::Syndication),
    ("http://purl.org/rss/modules/syndication", Vocabulary::Syndication),
];

/// Prefixes that mean something also where nothing declares them.
const PREFIXES: [(&str, Vocabulary); 16] = [
    ("rss", Vocabulary::Own),
    ("rss10", Vocabulary::Own),
    ("atom", Vocabulary::Own),
    ("atom10", Vocabulary::Own),
    ("a10", Vocabulary::Own),
    ("rdf", Vocabulary::Own),
    ("content", Vocabulary::Content),
    ("dc", Vocabulary::DublinCore),
    ("dcterms", Vocabulary::Terms),
    ("media", Vocabulary::Media),
    ("itunes", Vocabulary::Itunes),
    ("yandex", Vocabulary::Yandex),
    ("xhtml", Vocabulary::Xhtml),
    ("sy", Vocabulary::Syndication),
    ("cdf", Vocabulary::Own),
    ("n", Vocabulary::Own),
];

/// Prefixes that a document may declare; more are not taken in.
const MOST_PREFIXES: usize = 100;

/// What the prefixes of a document mean.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    declared: Vec<(&'a str, Option<Vocabulary>)>,
}

impl<'a> Namespaces<'a> {
    /// Takes in what the root declares, or an element below it. A usual prefix that is declared as
    /// something unknown keeps its usual meaning; so does a document without prefixes, whatever it says.
    pub(super) fn declare(&mut self, inside: &'a str) {
        if !inside.contains("xmlns") {
            return;
        }
        for (name, address) in attributes(inside) {
            let Some(prefix) = name.strip_prefix("xmlns:") else { continue };
            let meaning = vocabulary(&address);
            if self.declared.len() < MOST_PREFIXES && !self.declared.iter().any(|(known, _)| *known == prefix)
            {
                self.declared.push((prefix, meaning));
            }
        }
    }

    /// What an element means; `None` for what no entry needs.
    pub(super) fn meaning(&self, name: &str, inside: &str) -> Option<Meaning> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let vocabulary = if prefix.is_empty() {
            own_default(inside)?
        } else {
            let declared = self.declared.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix));
            declared.and_then(|(_, meaning)| *meaning).or_else(|| usual(prefix))?
        };
        let mut lower = [0_u8; 24];
        let lower = lower.get_mut(..local.len())?;
        lower.copy_from_slice(local.as_bytes());
        lower.make_ascii_lowercase();
        element(vocabulary, std::str::from_utf8(lower).ok()?)
    }
}

fn usual(prefix: &str) -> Option<Vocabulary> {
    PREFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix)).map(|(_, meaning)| *meaning)
}

/// An element without a prefix is the feed's own, unless it says itself that it belongs elsewhere.
fn own_default(inside: &str) -> Option<Vocabulary> {
    if !inside.contains("xmlns") {
        return Some(Vocabulary::Own);
    }
    let declared = attributes(inside).find(|(name, _)| *name == "xmlns").map(|(_, address)| address);
    match declared {
        None => Some(Vocabulary::Own),
        Some(address) if address.trim().is_empty() => Some(Vocabulary::Own),
        Some(address) => vocabulary(&address),
    }
}

fn vocabulary(address: &str) -> Option<Vocabulary> {
    let address = address.trim().trim_end_matches('/').to_ascii_lowercase();
    ADDRESSES.iter().find(|(known, _)| *known == address).map(|(_, meaning)| *meaning)
}

fn element(vocabulary: Vocabulary, local: &str) -> Option<Meaning> {
    use Meaning::*;
    Some(match vocabulary {
        Vocabulary::Own => return own(local),
        Vocabulary::Content => match local {
            "encoded" => Content(0),
            _ => return None,
        },
        Vocabulary::DublinCore | Vocabulary::Terms => match local {
            "title" => Title(1),
            "creator" | "author" => Author(FallbackAuthor::Plain),
            "date" => Published(2),
            "issued" => Published(1),
            "created" => Published(3),
            "modified" => Updated(1),
            "subject" => Category,
            "description" | "abstract" => Summary(1),
            "language" => Language,
            _ => return None,
        },
        Vocabulary::Media => match local {
            "group" => MediaGroup,
            "content" => MediaContent,
            "thumbnail" => Thumbnail,
            "player" => MediaPlayer,
            "title" => Title(3),
            "description" => Summary(4),
            "credit" => Author(FallbackAuthor::Spare),
            _ => return None,
        },
        Vocabulary::Itunes => match local {
            "author" => Author(FallbackAuthor::Spare),
            "duration" => Duration,
            "title" => Title(2),
            "summary" => Summary(2),
            "subtitle" => Summary(3),
            "image" => ItunesImage,
            "owner" => Ignored,
            _ => return None,
        },
        Vocabulary::Yandex => match local {
            "full-text" => Content(2),
            _ => return None,
        },
        Vocabulary::Xhtml => match local {
            "body" | "div" => Content(1),
            _ => return None,
        },
        Vocabulary::Syndication => match local {
            "updateperiod" => UpdatePeriod,
            "updatefrequency" => UpdateFrequency,
            _ => return None,
        },
    })
}

fn own(local: &str) -> Option<Meaning> {
    use Meaning::*;
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
        "updated" | "modified" | "lastmod" => Updated(0),
        "author" => Author(FallbackAuthor::Plain),
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
