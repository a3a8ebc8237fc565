//! Which elements a feed may have, under which name and namespace, and what they hold. Pure.

use std::collections::HashMap;

/// What kind of feed a root begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// RSS of any number.
    Rss,
    /// RSS 0.90, 1.0 and 1.1, which are RDF; written as RSS 2.0.
    Rdf,
    /// Atom 1.0 and 0.3.
    Atom,
}

impl Flavour {
    pub(super) fn of_root(name: &str) -> Option<Flavour> {
        let local = name.rsplit(':').next().unwrap_or(name);
        match local.to_ascii_lowercase().as_str() {
            "rss" | "channel" => Some(Flavour::Rss),
            "rdf" => Some(Flavour::Rdf),
            "feed" => Some(Flavour::Atom),
            _ => None,
        }
    }

    /// The root, with every prefix that is written declared.
    pub(super) fn head(self) -> &'static str {
        match self {
            Flavour::Atom => concat!(
                "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" ",
                "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\" ",
                "xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">"
            ),
            Flavour::Rss | Flavour::Rdf => concat!(
                "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" ",
                "xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" ",
                "xmlns:media=\"http://search.yahoo.com/mrss/\" ",
                "xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel>"
            ),
        }
    }

    pub(super) fn tail(self) -> &'static str {
        match self {
            Flavour::Atom => "</feed>",
            Flavour::Rss | Flavour::Rdf => "</channel></rss>",
        }
    }
}

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An entry.
    Entry,
    /// Other elements.
    Group,
    /// Text.
    Text,
    /// A date.
    Date,
    /// Attributes alone.
    Empty,
}

const RSS: &[(&str, &str, Kind)] = &[
    ("item", "item", Kind::Entry),
    ("title", "title", Kind::Text),
    ("link", "link", Kind::Text),
    ("description", "description", Kind::Text),
    ("author", "author", Kind::Text),
    ("category", "category", Kind::Text),
    ("comments", "comments", Kind::Text),
    ("guid", "guid", Kind::Text),
    ("pubdate", "pubDate", Kind::Date),
    ("lastbuilddate", "lastBuildDate", Kind::Date),
    ("language", "language", Kind::Text),
    ("ttl", "ttl", Kind::Text),
    ("image", "image", Kind::Group),
    ("url", "url", Kind::Text),
    ("enclosure", "enclosure", Kind::Empty),
    ("body", "content:encoded", Kind::Text),
    ("fullitem", "content:encoded", Kind::Text),
];

const ATOM: &[(&str, &str, Kind)] = &[
    ("entry", "entry", Kind::Entry),
    ("id", "id", Kind::Text),
    ("title", "title", Kind::Text),
    ("subtitle", "subtitle", Kind::Text),
    ("tagline", "subtitle", Kind::Text),
    ("summary", "summary", Kind::Text),
    ("content", "content", Kind::Text),
    ("link", "link", Kind::Empty),
    ("category", "category", Kind::Empty),
    ("author", "author", Kind::Group),
    ("contributor", "contributor", Kind::Group),
    ("name", "name", Kind::Text),
    ("email", "email", Kind::Text),
    ("uri", "uri", Kind::Text),
    ("url", "uri", Kind::Text),
    ("published", "published", Kind::Date),
    ("issued", "published", Kind::Date),
    ("created", "published", Kind::Date),
    ("updated", "updated", Kind::Date),
    ("modified", "updated", Kind::Date),
];

const MODULES: &[(&str, &str, &str, Kind)] = &[
    ("content", "encoded", "content:encoded", Kind::Text),
    ("yandex", "full-text", "content:encoded", Kind::Text),
    ("dc", "creator", "dc:creator", Kind::Text),
    ("dc", "author", "dc:creator", Kind::Text),
    ("dc", "date", "dc:date", Kind::Date),
    ("dcterms", "issued", "dc:date", Kind::Date),
    ("dcterms", "created", "dc:date", Kind::Date),
    ("dcterms", "modified", "atom:updated", Kind::Date),
    ("xhtml", "body", "content:encoded", Kind::Text),
    ("dc", "subject", "category", Kind::Text),
    ("dc", "title", "title", Kind::Text),
    ("dc", "description", "description", Kind::Text),
    ("dc", "language", "dc:language", Kind::Text),
    ("media", "group", "media:group", Kind::Group),
    ("media", "content", "media:content", Kind::Group),
    ("media", "thumbnail", "media:thumbnail", Kind::Empty),
    ("media", "title", "media:title", Kind::Text),
    ("media", "description", "media:description", Kind::Text),
    ("itunes", "author", "dc:creator", Kind::Text),
    ("itunes", "duration", "itunes:duration", Kind::Text),
    ("itunes", "summary", "itunes:summary", Kind::Text),
    ("itunes", "subtitle", "itunes:subtitle", Kind::Text),
    ("itunes", "image", "itunes:image", Kind::Empty),
];

/// Addresses of namespaces, lower case and without a last slash, with the prefix that we use.
const ADDRESSES: [(&str, &str); 13] = [
    ("http://www.w3.org/2005/atom", "atom"),
    ("http://purl.org/atom/ns#", "atom"),
    ("http://purl.org/rss/1.0/modules/content", "content"),
    ("http://purl.org/dc/elements/1.1", "dc"),
    ("http://purl.org/dc/elements/1.0", "dc"),
    ("http://purl.org/dc/terms", "dcterms"),
    ("http://search.yahoo.com/mrss", "media"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("http://news.yandex.ru", "yandex"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
    ("http://purl.org/rss/1.0", ""),
    ("http://my.netscape.com/rdf/simple/0.9", ""),
    ("http://backend.userland.com/rss2", ""),
];

/// What the prefixes of a document mean.
pub(super) struct Namespaces {
    prefixes: HashMap<String, &'static str>,
}

impl Namespaces {
    pub(super) fn new(flavour: Flavour) -> Namespaces {
        let usual = ["atom", "content", "dc", "dcterms", "media", "itunes", "yandex", "xhtml"];
        let mut prefixes: HashMap<String, &'static str> =
            usual.map(|prefix| (prefix.to_owned(), prefix)).into();
        for own in ["", "rss", "rss10", "a10"] {
            prefixes.insert(own.to_owned(), if own == "a10" { "atom" } else { "" });
        }
        if flavour == Flavour::Atom {
            prefixes.insert(String::new(), "atom");
        }
        Namespaces { prefixes }
    }

    /// Takes in what an element declares. A prefix of our own choice that is declared as something
    /// unknown keeps its usual meaning; so does the default, which is the feed's whatever it says.
    pub(super) fn declare(&mut self, attributes: &[(&str, String)]) {
        for (name, address) in attributes {
            let Some(prefix) = name.strip_prefix("xmlns:") else { continue };
            let address = address.trim().trim_end_matches('/').to_ascii_lowercase();
            if let Some((_, meaning)) = ADDRESSES.iter().find(|(known, _)| *known == address)
                && self.prefixes.len() < 200
            {
                self.prefixes.insert(prefix.to_ascii_lowercase(), meaning);
            }
        }
    }

    /// The name under which an element is written, and what it holds; `None` for what no entry needs.
    pub(super) fn resolve(&self, name: &str, flavour: Flavour) -> Option<(String, Kind)> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let meaning = *self.prefixes.get(&prefix.to_ascii_lowercase())?;
        let local = local.to_ascii_lowercase();
        let find = |table: &[(&str, &str, Kind)]| {
            table
                .iter()
                .find(|(known, ..)| *known == local)
                .map(|(_, written, kind)| ((*written).to_owned(), *kind))
        };
        match (meaning, flavour) {
            ("", Flavour::Rss | Flavour::Rdf) => find(RSS),
            ("atom", Flavour::Atom) => find(ATOM),
            ("atom", _) => match local.as_str() {
                "link" => Some(("atom:link".to_owned(), Kind::Empty)),
                "updated" => Some(("atom:updated".to_owned(), Kind::Date)),
                "name" => Some(("dc:creator".to_owned(), Kind::Text)),
                "id" => Some(("guid".to_owned(), Kind::Text)),
                _ => None,
            },
            (meaning, _) => MODULES
                .iter()
                .find(|(module, known, ..)| *module == meaning && *known == local)
                .filter(|(_, _, written, _)| flavour != Flavour::Atom || written.contains(':'))
                .map(|(_, _, written, kind)| ((*written).to_owned(), *kind)),
        }
    }

    /// Elements that are not written but whose children are.
    pub(super) fn is_wrapper(&self, name: &str) -> bool {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let of_atom = self.prefixes.get(&prefix.to_ascii_lowercase()) == Some(&"atom");
        match local.to_ascii_lowercase().as_str() {
            "rss" | "channel" | "rdf" | "feed" | "items" => true,
            // In RSS the name within it is the author.
            "author" => of_atom,
            _ => false,
        }
    }
}

/// Whether an element names a person, perhaps with an e-mail address.
pub(super) fn is_person(known: &str) -> bool {
    matches!(known, "author" | "dc:creator" | "name")
}

/// Whether an element is a text construct of Atom (RFC 4287 section 3.1).
pub(super) fn has_type(known: &str, flavour: Flavour) -> bool {
    flavour == Flavour::Atom && matches!(known, "title" | "subtitle" | "summary" | "content")
}

/// An attribute's name as feed-rs knows it.
pub(super) fn attribute(name: &str) -> &str {
    if name.eq_ignore_ascii_case("isPermaLink") { "isPermaLink" } else { name }
}
