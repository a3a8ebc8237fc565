//! Raw entries to entries: every key, absolute addresses, dates, plain titles. Pure.

mod mojibake;
mod plain;

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::parse::raw::{Base, RawAuthor, RawEntry, RawFeed, RawLink, RawMedia, RawText, TextKind};
use super::xml_base::Bases;
use super::{Feed, Hints};
use crate::entry::{Author, Enclosure, Entry, Key, KeyRule, Origin, Thumbnail, key_hash};
use crate::html::{self, bounded_base};
use crate::story::address::Page;

/// Earlier dates are a clock's beginning, not an entry's.
const EARLIEST: i64 = 631_152_000; // 1990-01-01

/// Bytes of what each entry of a feed repeats: the feed's title, address and authors.
const LONGEST_NAME: usize = 1000;

pub(super) fn feed(raw: RawFeed<'_>, encoding: &'static str, hints: &Hints<'_>) -> Feed {
    let document = hints.url.cloned().and_then(bounded_base);
    let bases = Bases::new(&raw.bases, document.as_ref());
    let link =
        page(&raw.links, |base| bases.of(base).or(hints.url)).filter(|link| link.len() <= LONGEST_NAME);
    let site = link.as_deref().and_then(|link| Url::parse(link).ok()).and_then(bounded_base);
    // Atom's addresses are relative to the document (RFC 3986 section 5.1.3). RSS says nothing of it, and
    // publishers who write relative ones mean their site.
    let base = if raw.format.starts_with("atom") { document.or(site) } else { site.or(document) };
    let mut inherited = authors(raw.authors.into_iter());
    inherited.retain(is_short);
    let context = Context { bases: &bases, base: base.as_ref(), inherited: &inherited, now: hints.now };
    Feed {
        format: raw.format,
        encoding,
        title: raw.title.and_then(|title| plain::line(&title)).map(|title| cut(title, LONGEST_NAME)),
        link,
        language: raw.language.and_then(|tag| language(&tag)),
        pace: raw.pace,
        entries: raw.entries.into_iter().map(|raw| entry(raw, &context)).collect(),
        base,
        partial: raw.partial,
        problems: raw.problems,
    }
}

/// What all entries of a document share.
struct Context<'a> {
    bases: &'a Bases,
    base: Option<&'a Url>,
    /// Authors of the feed, who wrote what names none (RFC 4287 section 4.1.1).
    inherited: &'a [Author],
    now: Timestamp,
}

impl Context<'_> {
    fn base(&self, base: Base) -> Option<&Url> {
        self.bases.of(base).or(self.base)
    }
}

fn entry(raw: RawEntry<'_>, context: &Context<'_>) -> Entry {
    let id =
        raw.id.take().map(|id| plain::printable(id.trim().into()).into_owned()).filter(|id| !id.is_empty());
    // A guid is a permalink unless it says otherwise, and no feed without links says otherwise.
    let link = page(&raw.links, |base| context.base(base)).or_else(|| {
        let id = id.as_deref().filter(|id| raw.permalink || id.starts_with("http"))?;
        // A path within the site is an address too; any other word may be a mere number.
        absolute(id, context.base(raw.base).filter(|_| id.starts_with('/')))
    });
    let title = raw.title.take().and_then(|title| plain::line(&mojibake::undone(title)));
    let (published, updated) = (raw.published.take(), raw.updated.take());
    let raw_date = published.as_ref().or(updated.as_ref()).map(|date| date.text.trim().to_owned());
    let time = |date: Option<super::parse::raw::RawDate<'_>>| {
        date.and_then(|date| date.time).filter(|time| is_plausible(*time, context.now))
    };
    let authors = own_authors(raw.authors, raw.spare_authors, context.inherited);
    let enclosures = files(&raw.links, raw.media, context);
    let thumbnails = raw.thumbnails.into_iter().filter_map(|picture| thumbnail(picture, context));
    let mut entry = Entry {
        keys: Vec::new(),
        id,
        title,
        link,
        published: time(published),
        updated: time(updated),
        authors,
        categories: once_each(raw.categories.iter().filter_map(|category| plain::line(category))),
        summary: raw.summary.take().and_then(|text| fragment(text, context)),
        content: raw.content.take().and_then(|text| fragment(text, context)),
        enclosures,
        thumbnails: first_of_each(thumbnails),
        duration: raw.duration.and_then(|text| seconds(&text)),
        comments: raw.comments.and_then(|href| absolute(&href, context.base(raw.base))),
        language: raw.language.and_then(|tag| language(&tag)),
        origin: raw.origin.and_then(|raw| {
            let title = raw.title.and_then(|title| plain::line(&title));
            let url = raw.url.and_then(|url| absolute(&url, None));
            (title.is_some() || url.is_some()).then_some(Origin { title, url })
        }),
    };
    entry.keys = keys(&entry, raw.about.as_deref(), raw_date.as_deref());
    entry
}

/// Every key that the document gives, strongest first; `identity` decides which of them count. The text
/// is the last resort, and a key of its making.
pub fn keys(entry: &Entry, about: Option<&str>, raw_date: Option<&str>) -> Vec<Key> {
    let key = |rule, value: String| Key { rule, value };
    let mut keys: Vec<Key> = Vec::new();
    keys.extend(entry.id.clone().map(|id| key(KeyRule::Id, id)));
    let about = about.map(str::trim).filter(|about| !about.is_empty());
    keys.extend(about.map(|about| key(KeyRule::About, about.to_owned())));
    if let Some(link) = entry.link.as_deref() {
        let page = Page::of(link);
        let same = page.as_ref().and_then(Page::key);
        keys.push(key(KeyRule::Link, same.unwrap_or_else(|| of_site(link))));
        let article = page.as_ref().and_then(Page::article);
        keys.extend(article.map(|article| key(KeyRule::Article, article)));
    }
    let title = entry.title.as_deref();
    keys.extend(title.map(|title| key(KeyRule::Title, key_hash(&[title, raw_date.unwrap_or_default()]))));
    keys
}

/// The link of a site as a whole, without scheme, fragment and last slash.
fn of_site(link: &str) -> String {
    let link = link.split('#').next().unwrap_or(link);
    let link = link.split_once("://").map_or(link, |(_, rest)| rest);
    link.trim_end_matches('/').to_owned()
}

/// The page that links mean: the alternate one, HTML if there is a choice.
fn page<'b>(links: &[RawLink<'_>], base: impl Fn(Base) -> Option<&'b Url>) -> Option<String> {
    let alternate = |link: &&RawLink<'_>| {
        link.rel.as_deref().is_none_or(|rel| {
            let rel = rel.trim();
            rel.is_empty() || rel.eq_ignore_ascii_case("alternate") || rel.ends_with("/alternate")
        })
    };
    let html = |link: &&RawLink<'_>| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let address = |link: &RawLink<'_>| absolute(&link.href, base(link.base));
    let alternates = || links.iter().filter(alternate);
    alternates().filter(html).find_map(address).or_else(|| alternates().find_map(address))
}

/// An absolute address of the web; `None` for a blank one, and for any other kind.
fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    let url = match base {
        Some(base) => base.join(href),
        None => Url::parse(href),
    };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
}

/// A text as an HTML fragment; `None` for one that says nothing.
fn fragment(raw: RawText<'_>, context: &Context<'_>) -> Option<String> {
    let text = mojibake::undone(plain::printable(raw.text));
    if text.trim().is_empty() {
        return None;
    }
    let html = match raw.kind {
        TextKind::Plain if !plain::looks_like_html(&text) => htmlize::escape_text(text),
        _ if text.trim_start().starts_with("<![CDATA[") => plain::without_sections(&text).into_owned().into(),
        _ => text,
    };
    // The feed's own base is given to the sanitizer of what is stored; another is only known here.
    match context.bases.of(raw.base).filter(|own| Some(*own) != context.base) {
        Some(own) => Some(html::sanitize(html.into_owned(), own)),
        None => Some(html.into_owned()),
    }
}

/// Enclosures and contents, each address once.
fn files(links: &[RawLink<'_>], media: Vec<RawMedia<'_>>, context: &Context<'_>) -> Vec<Enclosure> {
    let mut files: Vec<Enclosure> = Vec::new();
    let attached = links
        .iter()
        .filter(|link| link.rel.as_deref().is_some_and(|rel| rel.trim().eq_ignore_ascii_case("enclosure")));
    let attached = attached.filter_map(|link| {
        Some(Enclosure {
            url: absolute(&link.href, context.base(link.base))?,
            media_type: media_type(link.media_type.as_deref()),
            length: number(link.length.as_deref()),
            title: link.title.as_deref().and_then(plain::line),
            ..Enclosure::default()
        })
    });
    let contents = media.iter().filter_map(|file| {
        Some(Enclosure {
            url: absolute(&file.url, context.base(file.base))?,
            media_type: media_type(file.media_type.as_deref()),
            length: number(file.length.as_deref()),
            title: file.title.as_deref().and_then(plain::line),
            medium: file.medium.as_deref().map(|medium| medium.trim().to_ascii_lowercase()).filter(
                |medium| ["image", "audio", "video", "document", "executable"].contains(&medium.as_str()),
            ),
            duration: file.duration.as_deref().and_then(seconds),
            width: number(file.width.as_deref()),
            height: number(file.height.as_deref()),
        })
    });
    let mut seen: HashSet<String> = HashSet::new();
    for file in attached.chain(contents) {
        if seen.insert(file.url.clone()) {
            files.push(file);
        } else if let Some(known) = files.iter_mut().find(|known| known.url == file.url) {
            merge(known, file);
        }
    }
    files
}

/// Two elements about one file: what the first does not say, the second may.
fn merge(known: &mut Enclosure, other: Enclosure) {
    known.media_type = known.media_type.take().or(other.media_type);
    known.length = known.length.or(other.length);
    known.title = known.title.take().or(other.title);
    known.medium = known.medium.take().or(other.medium);
    known.duration = known.duration.or(other.duration);
    known.width = known.width.or(other.width);
    known.height = known.height.or(other.height);
}

fn thumbnail(picture: RawMedia<'_>, context: &Context<'_>) -> Option<Thumbnail> {
    Some(Thumbnail {
        url: absolute(&picture.url, context.base(picture.base))?,
        width: number(picture.width.as_deref()),
        height: number(picture.height.as_deref()),
    })
}

fn first_of_each(pictures: impl Iterator<Item = Thumbnail>) -> Vec<Thumbnail> {
    let mut seen = HashSet::new();
    pictures.filter(|picture| seen.insert(picture.url.clone())).collect()
}

/// A media type's form (RFC 6838 section 4.2), lower case.
fn media_type(text: Option<&str>) -> Option<String> {
    let text = plain::line(text?)?.to_ascii_lowercase();
    (text.len() <= 200).then_some(text)
}

fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.trim().trim_end_matches("px").parse().ok()
}

/// A playing time: seconds, `mm:ss` or `hh:mm:ss`; what is over a month is a mistake.
fn seconds(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let text = text.trim().split('.').next().unwrap_or_default();
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for part in parts {
        let part: u32 = part.trim().parse().ok()?;
        total = total.checked_mul(60)?.checked_add(part)?;
    }
    (total > 0 && total <= 31 * 86_400).then_some(total)
}

/// The entry's own authors, else what modules say, else the feed's.
fn own_authors(own: Vec<RawAuthor<'_>>, spare: Vec<RawAuthor<'_>>, inherited: &[Author]) -> Vec<Author> {
    let own = authors(own.into_iter());
    if !own.is_empty() {
        return own;
    }
    let spare = authors(spare.into_iter());
    if spare.is_empty() { inherited.iter().take(5).cloned().collect() } else { spare }
}

/// Each name once: modules repeat what the plain elements say.
fn authors<'a>(raw: impl Iterator<Item = RawAuthor<'a>>) -> Vec<Author> {
    let mut seen = HashSet::new();
    raw.filter_map(author).filter(|author| seen.insert(author.name.clone())).collect()
}

fn is_short(author: &Author) -> bool {
    let Author { name, email, uri } = author;
    let rest = [email, uri].into_iter().flatten().map(String::len);
    name.len() + rest.sum::<usize>() <= LONGEST_NAME
}

fn cut(mut text: String, longest: usize) -> String {
    text.truncate(text.floor_char_boundary(longest));
    text
}

/// RSS writes a person as `address (name)`, others as `name <address>`, or the address alone.
fn author(raw: RawAuthor<'_>) -> Option<Author> {
    // An address between angle brackets is no tag.
    let open = |name: &str| if name.contains('@') { name.replace(['<', '>'], " ") } else { name.to_owned() };
    let text = raw.name.as_deref().map(|name| plain::text(&open(name))).filter(|name| !name.is_empty());
    let email = raw.email.as_deref().and_then(plain::line);
    let uri = raw.uri.as_deref().and_then(|uri| absolute(uri, None));
    let Some(text) = text else {
        let name = email.clone().or_else(|| uri.clone())?;
        return Some(Author { name, email, uri });
    };
    // A name alone in brackets stands where the address should.
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(&text);
    let (name, found) = apart(text);
    let email = email.or(found);
    let name = name.or_else(|| email.clone())?;
    Some(Author { name, email, uri })
}

/// The name and the address in a person's text.
fn apart(text: &str) -> (Option<String>, Option<String>) {
    let is_edge = |c: char| !c.is_ascii_alphanumeric();
    let address =
        text.split(|c: char| c.is_whitespace() || "<>()[],;\u{ab}\u{bb}\"".contains(c)).find_map(|word| {
            let word = word.strip_prefix("mailto:").unwrap_or(word).trim_matches(is_edge);
            let (user, host) = word.split_once('@')?;
            let whole = !user.is_empty() && host.contains('.') && word.is_ascii() && !host.contains('@');
            whole.then_some(word)
        });
    let Some(address) = address else { return (Some(text.to_owned()), None) };
    let rest = text.replace(address, " ").replace("mailto:", " ");
    let rest: Vec<&str> = rest
        .split(|c: char| c.is_whitespace() || "<>()[]\u{ab}\u{bb}\"".contains(c))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .collect();
    ((!rest.is_empty()).then(|| rest.join(" ")), Some(address.to_owned()))
}

fn once_each(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// A language tag's form (RFC 5646), lower case; anything else is no language.
fn language(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-").to_ascii_lowercase();
    let mut parts = tag.split('-');
    let primary = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
    let rest =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (primary && rest && tag.len() <= 35).then_some(tag)
}

fn is_plausible(time: Timestamp, now: Timestamp) -> bool {
    time.as_second() >= EARLIEST && time.duration_since(now) <= SignedDuration::from_hours(24)
}
