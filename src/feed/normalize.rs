//! Normalizes a raw feed: keys, absolute addresses, plausible dates, plain titles. Pure.

mod dates;
mod details;
mod media;
mod media_sizes;
mod mojibake;
mod plain;
mod podcast;

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use memchr::memchr2;
use url::Url;

use super::decode::DecodedText;
use super::model::{Feed, Hints};
use super::problem::Problem;
use super::raw::{RawAuthor, RawDate, RawEntry, RawFeed, RawLink, RawOrigin, RawText};
use super::xml_base::{BaseIndex, ResolvedBases};
use crate::entry::{Author, Entry, Key, KeyRule, Origin, Removed, text_hash};
use crate::html::{self, bounded_base};
use crate::source::{FeedUrl, UrlParts};
use crate::story::address::{PageAddress, are_same_page, names_entry};
use media::duration_seconds;

/// Maximum bytes of a feed value that each entry repeats: title, id, address, one of the authors.
const MAX_SHARED_BYTES: usize = 1000;

/// Maximum number of the feed's authors that an entry without authors gets.
const MAX_INHERITED_AUTHORS: usize = 5;

/// The schemes of an entry's link and files: what they name is opened or downloaded. Others may run something.
const OPENABLE_SCHEMES: [&str; 24] = [
    "http", "https", "at", "dat", "ed2k", "ftp", "ftps", "gemini", "gopher", "hyper", "ipfs", "ipns", "irc",
    "ircs", "magnet", "mms", "news", "nntp", "nostr", "rtmp", "rtsp", "sftp", "spartan", "xmpp",
];

/// What is `&` in an address that is escaped twice.
const ESCAPED: &str = "&amp;";

/// The longest tag that RFC 5646 section 4.4.1 expects.
const MAX_LANGUAGE_BYTES: usize = 35;

pub(super) fn normalize(mut raw: RawFeed<'_>, decoded: &DecodedText<'_>, hints: &Hints<'_>) -> Feed {
    let mut problems: Vec<Problem> = decoded.problem.iter().cloned().map(Problem::from).collect();
    problems.append(&mut raw.problems);
    problems.extend(mojibake::repair(&mut raw));
    problems.extend(dates::complete(&mut raw));
    if !raw.unknown.is_empty() {
        let unknown = raw.unknown.join(", ");
        problems.push(format!("unknown elements beside the entries were skipped: {unknown}").into());
    }
    let document = hints.url.cloned().and_then(bounded_base);
    let bases = raw.bases;
    let link = page_link(&raw.links, |base| bases.get(base).or(hints.url))
        .filter(|link| link.len() <= MAX_SHARED_BYTES);
    // Its query would be published with each link to a part of the page, and may be a secret.
    let site = link.as_deref().and_then(|link| link.parse::<FeedUrl>().ok());
    let site = site.and_then(|site| bounded_base(site.shown(UrlParts::Path)));
    // Atom's addresses are relative to the document (RFC 3986 section 5.1.3). RSS does not say; publishers of relative
    // addresses mean their site.
    let base = if raw.format.starts_with("atom") { document.or(site) } else { site.or(document) };
    let mut feed_authors = unique_authors(raw.authors);
    feed_authors.retain(is_short);
    let context = FeedContext {
        bases: &bases,
        base: base.as_ref(),
        site: link.as_deref(),
        authors: &feed_authors,
        now: hints.now,
        is_damaged: decoded.problem.is_some(),
    };
    let entries: Vec<Entry> = raw.entries.into_iter().map(|raw| normalize_entry(raw, &context)).collect();
    let empty: Vec<usize> =
        (1..).zip(&entries).filter(|(_, entry)| !entry.has_content()).map(|(number, _)| number).collect();
    if !empty.is_empty() {
        problems.push(Problem::of(empty, "entries with nothing to show were left out"));
    }
    let problems = problems.iter().map(|problem| problem.message(&entries)).collect();
    Feed {
        format: raw.format,
        encoding: decoded.encoding,
        certainty: decoded.certainty,
        title: raw.title.and_then(plain::line).map(truncated),
        id: raw.id.map(|id| id.trim().to_owned()).filter(|id| id.len() <= MAX_SHARED_BYTES),
        link: link.clone(),
        icon: raw
            .icon
            .and_then(|href| absolute_url(&href, base.as_ref()))
            .filter(|icon| icon.len() <= MAX_SHARED_BYTES),
        language: raw.language.and_then(|tag| language_tag(&tag)),
        podcast: raw.podcast.and_then(|raw| podcast::podcast(*raw, &context)),
        update_hints: raw.update_hints,
        entries,
        base,
        partial: raw.partial,
        is_rescued: false,
        problems,
    }
}

/// What all entries of a document share.
struct FeedContext<'a> {
    bases: &'a ResolvedBases,
    base: Option<&'a Url>,
    /// The address of the feed's site.
    site: Option<&'a str>,
    /// Atom: they apply to an entry without authors (RFC 4287 section 4.1.1).
    authors: &'a [Author],
    now: Timestamp,
    /// Some characters of the document were lost.
    is_damaged: bool,
}

impl FeedContext<'_> {
    fn base(&self, base: BaseIndex) -> Option<&Url> {
        self.bases.get(base).or(self.base)
    }

    fn plausible_time(&self, date: RawDate<'_>) -> Option<Timestamp> {
        date.time.filter(|time| time.duration_since(self.now) <= SignedDuration::from_hours(24))
    }
}

fn normalize_entry(mut raw: RawEntry<'_>, context: &FeedContext<'_>) -> Entry {
    let stated_files: Vec<Cow<'_, str>> = stated_files(&raw).cloned().collect();
    let has_title = !media::has_only_media_title(&raw);
    let files = media::take_files(&mut raw, context);
    let details = details::take_details(&mut raw, context);
    let id = raw.id.into_value().map(|id| plain::printable(id.trim().into()).into_owned());
    let id = id.filter(|id| !id.is_empty());
    // A guid is the link unless isPermaLink=false. If there is no other link, even then an HTTP guid is the link.
    let other_link =
        || alternates(&raw.links).find_map(|link| openable_url(&link.href, context.base(link.base)));
    let link = page_link(&raw.links, |base| context.base(base)).or_else(other_link).or_else(|| {
        let id = id.as_deref().filter(|id| raw.permalink || id.starts_with("http"))?;
        // A relative id is an address only if it is an absolute path: it may be a mere number.
        openable_url(id, context.base(raw.base).filter(|_| id.starts_with('/')))
    });
    let player = raw.player.as_ref();
    let link = link.or_else(|| player.and_then(|page| absolute_url(&page.href, context.base(page.base))));
    let title = raw.title.into_value().filter(|_| has_title).and_then(plain::line);
    let (published, updated) = (raw.published.into_value(), raw.updated.into_value());
    let raw_date = published.as_ref().or(updated.as_ref()).map(|date| date.text.trim().to_owned());
    let (summary, content) = (raw.summary.into_value(), raw.content.into_value());
    let texts = [content.as_ref(), summary.as_ref()];
    let language =
        raw.language.or_else(|| texts.into_iter().flatten().find_map(|text| text.language.clone()));
    let mut entry = Entry {
        keys: Vec::new(),
        id,
        title,
        link,
        published: published.and_then(|date| context.plausible_time(date)),
        updated: updated.and_then(|date| context.plausible_time(date)),
        authors: entry_authors(raw.authors, raw.fallback_authors, context.authors),
        categories: unique(raw.categories.into_iter().filter_map(|category| plain::line(category.name))),
        summary: None,
        content: None,
        duration: raw
            .duration
            .and_then(|text| duration_seconds(&text))
            .or_else(|| files.enclosures.first().and_then(|file| file.duration)),
        enclosures: files.enclosures,
        media: files.media,
        picture: files.picture,
        episode: None,
        details,
        comments: raw.comments.and_then(|href| absolute_url(&href, context.base(raw.base))),
        language: language.and_then(|tag| language_tag(&tag)),
        origin: raw.origin.and_then(origin),
        owns_link: false,
        is_uncertain: raw.uncertain,
    };
    entry.keys = keys(&entry, raw.about.as_deref(), raw_date.as_deref(), context.site);
    entry.keys.extend(key_as_escaped(&entry, raw.links.iter().chain(&raw.player), context));
    if entry.title.is_none() || entry.keys.iter().all(|key| key.rule == KeyRule::Title) {
        entry.keys.push(body_key(&entry, [summary.as_ref(), content.as_ref()], &stated_files));
    }
    entry.episode = raw.episode.and_then(|raw| {
        let texts = [&summary, &content].map(|text| text.as_ref().map(|text| &*text.text));
        podcast::episode(*raw, &[entry.title.as_deref(), texts[0], texts[1]], context)
    });
    let page = entry.link.clone();
    for (text, raw) in [(&mut entry.summary, summary), (&mut entry.content, content)] {
        let Some((html, removed)) = raw.and_then(|raw| html_fragment(raw, page.as_deref(), context)) else {
            continue;
        };
        *text = Some(html);
        if !removed.is_empty() {
            entry.details.get_or_insert_default().removed.add(&removed);
        }
    }
    let texts = [&entry.title, &entry.summary, &entry.content];
    entry.is_uncertain |= context.is_damaged
        && texts.into_iter().flatten().any(|text| text.contains(char::REPLACEMENT_CHARACTER));
    entry
}

/// The key of an entry by its texts, as the document has them: what is made of them may change, their key must not.
fn body_key(entry: &Entry, texts: [Option<&RawText<'_>>; 2], files: &[Cow<'_, str>]) -> Key {
    let title = entry.title.as_deref().unwrap_or_default();
    let texts = texts.map(|text| text.map(plain::as_stated).unwrap_or_default());
    let files = files.iter().map(|file| &**file);
    let all: Vec<&str> = [title, &texts[0], &texts[1]].into_iter().chain(files).collect();
    Key { rule: KeyRule::Body, value: text_hash(&all) }
}

/// The addresses of an entry's files, as the document has them.
fn stated_files<'b, 'a>(raw: &'b RawEntry<'a>) -> impl Iterator<Item = &'b Cow<'a, str>> {
    let linked = raw.links.iter().filter(|link| media::is_enclosure(link)).map(|link| &link.href);
    linked.chain(raw.enclosures.iter().chain(&raw.media).map(|file| &file.url))
}

/// The keys of an entry but that of its texts, strongest first; `ingest::identity` decides which of them count. `about` is the `rdf:about` of RSS 1.0, `raw_date` the date as written.
///
/// The site's own address is no key: some feeds (a page of the latest alert) use it as the link of every entry.
pub fn keys(entry: &Entry, about: Option<&str>, raw_date: Option<&str>, site: Option<&str>) -> Vec<Key> {
    let key = |rule, value: String| Key { rule, value };
    let mut keys: Vec<Key> = Vec::new();
    let site = site.map(site_key);
    let is_site = |address: &str| is_home_page(address) || site == Some(site_key(address));
    let id = entry.id.as_deref().map(|id| without_revision(id, entry.link.as_deref()));
    keys.extend(id.filter(|id| !is_site(id)).map(|id| key(KeyRule::Id, id.to_owned())));
    let about = about.map(str::trim).filter(|about| !about.is_empty());
    keys.extend(about.map(|about| key(KeyRule::About, about.to_owned())));
    if let Some(link) = entry.link.as_deref().filter(|link| !is_site(link)) {
        keys.push(key(KeyRule::Link, link_key(link)));
    }
    let title = entry.title.as_deref();
    keys.extend(title.map(|title| key(KeyRule::Title, text_hash(&[title, raw_date.unwrap_or_default()]))));
    keys
}

fn link_key(link: &str) -> String {
    let page = PageAddress::parse(link);
    page.as_ref().and_then(PageAddress::key).unwrap_or_else(|| site_key(link).to_owned())
}

/// The key of an entry's link as it is in the document, where it is escaped twice: older stores know the entry by it.
fn key_as_escaped<'b, 'a: 'b>(
    entry: &Entry,
    mut links: impl Iterator<Item = &'b RawLink<'a>>,
    context: &FeedContext<'_>,
) -> Option<Key> {
    let is_link = |link: &&RawLink<'_>| {
        link.href.contains(ESCAPED) && openable_url(&link.href, context.base(link.base)) == entry.link
    };
    // The site's own address is no key.
    let has_key = entry.keys.iter().any(|key| key.rule == KeyRule::Link);
    let stated = links.find(is_link).filter(|_| has_key)?;
    let link = joined(stated.href.trim(), context.base(stated.base))?;
    Some(Key { rule: KeyRule::Link, value: link_key(link.as_str()) })
}

/// An id without its fragment where it is the entry's own address besides: then the fragment numbers its revisions.
fn without_revision<'a>(id: &'a str, link: Option<&str>) -> &'a str {
    match (id.rsplit_once('#'), link) {
        (Some((page, revision)), Some(link))
            if revision.bytes().all(|byte| byte.is_ascii_digit()) && are_same_page(page, link) =>
        {
            page
        }
        _ => id,
    }
}

/// Whether an address is the root of a site.
fn is_home_page(address: &str) -> bool {
    // Fast path: most addresses end with the name of a page, which is no dot segment and not a part of the host.
    let is_named = |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    if rest.is_some_and(|rest| {
        is_named(rest)
            && memchr2(b'#', b'\\', rest.as_bytes()).is_none()
            && rest.rsplit_once('/').is_some_and(|(_, end)| is_named(end))
    }) {
        return false;
    }
    Url::parse(address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().unwrap_or_default().is_empty()
            && !url.fragment().is_some_and(names_entry)
    })
}

/// The key of a link that is a whole site: without scheme, trailing slash and a fragment that names no entry.
fn site_key(link: &str) -> &str {
    let link =
        link.split_once('#').filter(|(_, fragment)| !names_entry(fragment)).map_or(link, |(page, _)| page);
    let link = link.split_once("://").map_or(link, |(_, rest)| rest);
    link.trim_end_matches('/')
}

/// The address of the page that the feed or entry is about: the alternate link, preferably to HTML.
fn page_link<'b>(links: &[RawLink<'_>], base: impl Fn(BaseIndex) -> Option<&'b Url>) -> Option<String> {
    let is_html = |link: &&RawLink<'_>| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let address = |link: &RawLink<'_>| absolute_url(&link.href, base(link.base));
    alternates(links).filter(is_html).find_map(address).or_else(|| alternates(links).find_map(address))
}

fn alternates<'a, 'b>(links: &'b [RawLink<'a>]) -> impl Iterator<Item = &'b RawLink<'a>> {
    links.iter().filter(|link| {
        link.rel.as_deref().is_none_or(|rel| {
            let rel = rel.trim();
            rel.is_empty() || rel.eq_ignore_ascii_case("alternate") || rel.ends_with("/alternate")
        })
    })
}

/// An absolute HTTP address; `None` if the address is blank or has another scheme.
fn absolute_url(href: &str, base: Option<&Url>) -> Option<String> {
    resolved(href, base).filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
}

/// An absolute address with a scheme of [`OPENABLE_SCHEMES`].
fn openable_url(href: &str, base: Option<&Url>) -> Option<String> {
    resolved(href, base).filter(|url| OPENABLE_SCHEMES.contains(&url.scheme())).map(String::from)
}

fn resolved(href: &str, base: Option<&Url>) -> Option<Url> {
    let href = href.trim();
    // Some escape addresses twice, or within CDATA sections.
    if href.contains(ESCAPED) { joined(&href.replace(ESCAPED, "&"), base) } else { joined(href, base) }
}

fn joined(href: &str, base: Option<&Url>) -> Option<Url> {
    match base {
        _ if href.is_empty() => None,
        Some(base) => base.join(href).ok(),
        None => Url::parse(href).ok(),
    }
}

/// A text as an HTML fragment, not sanitized yet unless it has a base of its own: then with what was removed. `None` if it
/// is blank.
fn html_fragment(
    raw: RawText<'_>,
    link: Option<&str>,
    context: &FeedContext<'_>,
) -> Option<(String, Removed)> {
    let base = raw.base;
    let html = plain::html(raw)?;
    // The sanitizer resolves addresses against the entry's page, or else the feed's base; any other is only known here.
    match context.bases.get(base).filter(|own| link.is_some() || Some(*own) != context.base) {
        Some(own) => Some(html::sanitize_with_base(html, link, own)),
        None => Some((html, Removed::default())),
    }
}

fn origin(raw: RawOrigin<'_>) -> Option<Origin> {
    let title = raw.title.and_then(plain::line);
    let id = raw.id.map(|id| id.trim().to_owned()).filter(|id| Url::parse(id).is_ok());
    let address = |address: Option<Cow<'_, str>>| absolute_url(&address?, None);
    let (url, link, icon) = (address(raw.url), address(raw.link), address(raw.icon));
    (title.is_some() || url.is_some() || link.is_some()).then_some(Origin { id, title, url, link, icon })
}

/// The entry's own authors, or else those of extension modules, or else the feed's.
fn entry_authors(
    own: Vec<RawAuthor<'_>>,
    fallback: Vec<RawAuthor<'_>>,
    feed_authors: &[Author],
) -> Vec<Author> {
    let own = unique_authors(own);
    if !own.is_empty() {
        return own;
    }
    let fallback = unique_authors(fallback);
    if !fallback.is_empty() {
        return fallback;
    }
    feed_authors.iter().take(MAX_INHERITED_AUTHORS).cloned().collect()
}

/// Each name once: modules repeat what the core elements say.
fn unique_authors(raw: Vec<RawAuthor<'_>>) -> Vec<Author> {
    let mut seen = HashSet::new();
    raw.into_iter().filter_map(author).filter(|author| seen.insert(author.name.clone())).collect()
}

fn is_short(author: &Author) -> bool {
    let Author { name, email, uri, avatar } = author;
    let others = [email, uri, avatar].into_iter().flatten().map(String::len);
    name.len() + others.sum::<usize>() <= MAX_SHARED_BYTES
}

fn truncated(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_SHARED_BYTES));
    text
}

/// RSS gives a person as `address (name)`; others as `name <address>`, or the address alone.
fn author(raw: RawAuthor<'_>) -> Option<Author> {
    // An address in angle brackets is not a tag.
    let name = raw.name.map(|mut name| {
        if name.text.contains('@') {
            name.text = name.text.replace(['<', '>'], " ").into();
        }
        name
    });
    let text = name.and_then(plain::line);
    let email = raw.email.as_deref().and_then(plain::text_line);
    let uri = raw.uri.as_deref().and_then(|uri| absolute_url(uri, None));
    let avatar = raw.avatar.as_deref().and_then(|avatar| absolute_url(avatar, None));
    let Some(text) = text else {
        let name = email.clone().or_else(|| uri.clone())?;
        return Some(Author { name, email, uri, avatar });
    };
    // `(name)`: the address before it is missing.
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(&text);
    let (name, found) = split_person(text);
    let email = email.or(found);
    let name = name.or_else(|| email.clone())?;
    Some(Author { name, email, uri, avatar })
}

/// The name and the email address in a person's text.
fn split_person(text: &str) -> (Option<String>, Option<String>) {
    let is_separator = |c: char| c.is_whitespace() || "<>()[],;\u{ab}\u{bb}\"".contains(c);
    let address = text.split(is_separator).find_map(|word| {
        let word = word.strip_prefix("mailto:").unwrap_or(word);
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let (user, host) = word.split_once('@')?;
        let is_address = !user.is_empty() && host.contains('.') && word.is_ascii() && !host.contains('@');
        is_address.then_some(word)
    });
    let Some(address) = address else { return (Some(text.to_owned()), None) };
    let name = text.replace(address, " ").replace("mailto:", " ");
    let name: Vec<&str> = name
        .split(|c: char| is_separator(c) && !matches!(c, ',' | ';'))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .collect();
    ((!name.is_empty()).then(|| name.join(" ")), Some(address.to_owned()))
}

fn unique(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// A well-formed language tag (RFC 5646) in lower case.
fn language_tag(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let mut parts = tag.split('-');
    let is_primary_valid = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
    let are_others_valid =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (is_primary_valid && are_others_valid && tag.len() <= MAX_LANGUAGE_BYTES).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_of_a_site_is_a_home_page() {
        for root in [
            "http://e.org", "https://e.org/", "https://e.org/?", "http:///e.org", "http:////e.org",
            "http://\n/e.org", "https://e.org/a/..", "https://e.org/a/%2e%2e", "https://e.org/a\\..",
            "https://e.org/b/../.", "https://e.org#utm=a/b", "https://e.org/#top", "HTTP://E.org/.",
            "https://a@e.org//..",
        ] {
            assert!(is_home_page(root), "{root}");
        }
        for other in [
            "https://e.org/a", "https://e.org/../a", "https://e.org/a/../b", "https://e.org/a/",
            "https://e.org/?a/b", "https://e.org?/a", "https://e.org/#a", "https://e.org//", "ftp://e.org/",
            "tag:e.org,2026:a", "a", "",
        ] {
            assert!(!is_home_page(other), "{other}");
        }
    }
}
