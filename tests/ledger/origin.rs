//! Simulated sources: what they publish, and which article each item is in truth.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::documents::{Format, Version};
use crate::server::{Answer, Sent};

/// The words that the outputs' filters search. All other words are made of random syllables.
pub const KEYWORDS: [&str; 4] = ["zeppelin", "walrus", "gondola", "xylophone"];

/// What a publisher says of its articles that could identify them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A guid and a link of its own for each article.
    Full,
    /// The link is the guid.
    Permalink,
    LinkOnly,
    GuidOnly,
    TitleOnly,
    /// One guid and the site's address for all articles.
    Alert,
    /// The guid is the place in the document.
    Positional,
    /// A guid for each article, and one page for all.
    OnePage,
    /// One guid and one page: what was there before is replaced.
    Replaced,
}

#[derive(Default)]
pub struct Article {
    pub source: usize,
    /// Articles with the same number are copies of one text.
    pub story: usize,
    /// As its source shows it now.
    pub version: Version,
    /// As it was read, the latest last.
    pub reads: Vec<Version>,
    pub first: Option<FirstRead>,
    /// Its copies in other sources.
    pub copies: Vec<usize>,
    /// It is a copy, or there is another reason not to copy it.
    pub is_uncopied: bool,
    /// Another article has the same guid, so that the guid identifies neither.
    pub has_shared_guid: bool,
    /// Another article has taken its place.
    pub is_replaced: bool,
    /// For people: what happened to it.
    pub history: Vec<String>,
}

/// How an article became an entry.
#[derive(Clone, Debug)]
pub struct FirstRead {
    /// The entry's date, which never changes.
    pub date: Timestamp,
    /// The entry's number.
    pub number: usize,
    pub from_first_poll: bool,
    pub at: Timestamp,
}

pub struct Source {
    pub identity: Identity,
    pub is_dated: bool,
    pub window: usize,
    /// The articles that it may list, the latest published first.
    pub listing: Vec<usize>,
    /// All that it has published.
    pub articles: Vec<usize>,
    /// The articles of the last document that was read, and of incomplete ones since.
    pub in_feed: Vec<usize>,
    /// A pending change is known only by a whole document, from which the earlier version is gone.
    pub needs_whole: bool,
    /// The tag of the last document that was read to its end.
    etag: Option<String>,
    last_poll: Timestamp,
}

/// An answer, and what the program can read of it.
pub struct Prepared {
    pub answer: Answer,
    /// In the order of the document; without the item that is cut off, and those behind it.
    pub items: Vec<(usize, Version)>,
    pub is_whole: bool,
}

pub struct Origin {
    pub random: Rng,
    pub sources: Vec<Source>,
    pub articles: Vec<Article>,
    last_number: usize,
}

/// Whether a source has a low `first_poll` in the config. Such a source publishes, and changes nothing.
pub fn has_low_first_poll(source: usize) -> bool {
    source % 11 == 7
}

pub fn site(source: usize) -> String {
    format!("https://www.s{source}.example/")
}

fn format_of(source: usize) -> Format {
    [Format::Rss, Format::Atom, Format::Rss, Format::Json][source % 4]
}

impl Origin {
    pub fn new(seed: u64, sources: usize, start: Timestamp) -> Origin {
        let mut random = Rng::with_seed(seed);
        let made = (0..sources).map(|_| Source::new(&mut random, start)).collect();
        let mut origin = Origin { random, sources: made, articles: Vec::new(), last_number: 0 };
        for source in 0..sources {
            for _ in 0..=origin.random.usize(0..=origin.sources[source].window) {
                let age = SignedDuration::from_secs(origin.random.i64(60..6 * 86_400));
                origin.publish(source, start - age);
            }
        }
        origin
    }

    /// What a source answers now, after some changes.
    pub fn poll(&mut self, source: usize, now: Timestamp) -> Prepared {
        let fault = self.random.usize(0..100);
        for _ in 0..self.random.usize(0..4) {
            let since = self.sources[source].last_poll;
            self.change(source, (since, now), fault >= 14);
        }
        self.sources[source].last_poll = now;
        if fault < 4 {
            // An error, an HTML page, or nothing.
            let status = self.random.choice([500, 503, 404, 502, 200, 200]).unwrap();
            let body =
                self.random.choice(["", "<!doctype html><html><body>Please wait</body></html>"]).unwrap();
            let answer =
                Answer { status, body: body.to_owned(), content_type: "text/html", ..Answer::default() };
            return Prepared { answer, items: Vec::new(), is_whole: false };
        }
        let is_cut = (8..14).contains(&fault) && !self.sources[source].needs_whole;
        let mut prepared = self.document(source, is_cut);
        prepared.answer.is_cut = fault < 8;
        prepared
    }

    /// The items of a source's document.
    fn items(&self, source: usize) -> Vec<(usize, Version)> {
        let Source { window, ref listing, identity, .. } = self.sources[source];
        let mut listed = listing.clone();
        if source % 5 == 1 {
            listed.sort_by_key(|article| std::cmp::Reverse(self.articles[*article].version.date));
        }
        listed.truncate(window);
        if source % 5 == 2 {
            listed.reverse();
        }
        let mut items: Vec<_> =
            listed.into_iter().map(|article| (article, self.articles[article].version.clone())).collect();
        if identity == Identity::Positional {
            (1..).zip(&mut items).for_each(|(position, (_, item))| item.guid = Some(position.to_string()));
        }
        items
    }

    pub fn listed(&self, source: usize) -> Vec<usize> {
        self.items(source).into_iter().map(|(article, _)| article).collect()
    }

    fn document(&mut self, source: usize, is_cut: bool) -> Prepared {
        let mut items = self.items(source);
        if source % 5 == 3 && self.sources[source].identity != Identity::Positional {
            self.random.shuffle(&mut items);
        }
        if !items.is_empty() && self.random.usize(0..30) == 0 {
            // A publisher lists an article twice.
            items.push(items[0].clone());
        }
        let format = format_of(source);
        let mut body = format.document(&site(source), &items, None);
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let etag = (!source.is_multiple_of(3)).then(|| format!("\"{:x}\"", hasher.finish()));
        let is_cut = is_cut && !items.is_empty();
        if is_cut {
            let at = self.random.usize(0..items.len());
            body = format.document(&site(source), &items, Some(at));
            items.truncate(at);
        } else if source.is_multiple_of(7) && format != Format::Json {
            // A publisher forgets the last end tag.
            body.truncate(body.rfind("</").unwrap());
        }
        let answer = Answer { status: 200, body, content_type: format.content_type(), etag, is_cut: false };
        Prepared { answer, items, is_whole: !is_cut }
    }

    /// Notes what was sent. Returns the items that the program has read.
    pub fn sent(
        &mut self,
        source: usize,
        prepared: Prepared,
        sent: Sent,
    ) -> Result<Vec<(usize, Version)>, String> {
        let Prepared { answer, items, is_whole } = prepared;
        let state = &mut self.sources[source];
        if sent == Sent::NotModified && answer.etag != state.etag {
            return Err(format!("the tag {:?} is of a document that was not read to its end", answer.etag));
        }
        if sent != Sent::Document {
            return Ok(Vec::new());
        }
        if is_whole {
            state.etag = answer.etag;
            state.needs_whole = false;
            state.in_feed.clear();
        }
        state.in_feed.extend(items.iter().map(|(article, _)| *article));
        Ok(items)
    }

    /// A number that is used once.
    pub fn number(&mut self) -> usize {
        self.last_number += 1;
        self.last_number
    }

    pub fn words(&mut self, count: usize) -> Vec<String> {
        let mut syllable = || {
            let consonant = self.random.choice("bdfgklmnprstvz".bytes().collect::<Vec<_>>()).unwrap();
            let vowel = self.random.choice(*b"aeiou").unwrap();
            [char::from(consonant), char::from(vowel)]
        };
        (0..count).map(|_| (0..3).flat_map(|_| syllable()).collect()).collect()
    }

    /// Words, and some keywords behind them.
    pub fn sentence(&mut self, count: usize) -> String {
        let mut words = self.words(count);
        words.extend(KEYWORDS.iter().filter(|_| self.random.usize(0..5) == 0).map(|word| (*word).to_owned()));
        words.join(" ")
    }

    pub fn link(&mut self, source: usize) -> String {
        format!("{}news/{}-{}", site(source), self.words(2).join("-"), 400_000 + self.number())
    }

    pub fn guid(&mut self, source: usize) -> String {
        let number = self.number();
        match source % 3 {
            0 => number.to_string(),
            1 => format!("urn:uuid:00000000-0000-4000-8000-{number:012}"),
            _ => format!("tag:s{source}.example,2026:{number}"),
        }
    }

    /// A new article at the top of the listing.
    pub fn publish(&mut self, source: usize, date: Timestamp) -> usize {
        let Source { identity, is_dated, .. } = self.sources[source];
        if let (Identity::Replaced, Some(article)) = (identity, self.sources[source].listing.first().copied())
        {
            return self.replace(article, date);
        }
        let link = match identity {
            Identity::GuidOnly | Identity::TitleOnly => None,
            Identity::Alert => Some(site(source)),
            Identity::OnePage | Identity::Replaced => Some(format!("{}latest", site(source))),
            _ => Some(self.link(source)),
        };
        let guid = match identity {
            Identity::Full | Identity::GuidOnly | Identity::OnePage => Some(self.guid(source)),
            Identity::Permalink => link.clone(),
            Identity::Alert | Identity::Replaced => Some("latest".to_owned()),
            Identity::LinkOnly | Identity::TitleOnly | Identity::Positional => None,
        };
        let (title, text) = (self.sentence(7), self.sentence(32));
        let version = Version { guid, link, title, text, date: is_dated.then_some(date) };
        let story = self.number();
        self.add(Article { source, story, version, ..Article::default() }, "published")
    }

    pub fn add(&mut self, article: Article, event: &str) -> usize {
        let (number, source) = (self.articles.len(), article.source);
        self.articles.push(article);
        self.note(number, event);
        self.sources[source].articles.push(number);
        self.sources[source].listing.insert(0, number);
        number
    }

    pub fn note(&mut self, article: usize, event: &str) {
        let Article { version: Version { guid, link, title, date, .. }, history, .. } =
            &mut self.articles[article];
        history.push(format!("{event}: guid {guid:?}, link {link:?}, title {title:?}, date {date:?}"));
    }

    /// How an article that was read became an entry.
    pub fn first(&self, article: usize) -> &FirstRead {
        self.articles[article].first.as_ref().unwrap()
    }

    /// For people: an article with all that happened to it.
    pub fn describe(&self, article: usize) -> String {
        let Article { source, first, history, .. } = &self.articles[article];
        let Source { identity, is_dated, window, .. } = self.sources[*source];
        let source = format!("source {source} ({:?}, {identity:?}, {window} items", format_of(*source));
        let dates = if is_dated { "" } else { ", undated" };
        format!("article {article} of {source}{dates})\n  {first:?}\n  {}", history.join("\n  "))
    }
}

impl Source {
    fn new(random: &mut Rng, start: Timestamp) -> Source {
        let identity = match random.usize(0..100) {
            0..38 => Identity::Full,
            38..48 => Identity::Permalink,
            48..60 => Identity::LinkOnly,
            60..70 => Identity::GuidOnly,
            70..76 => Identity::TitleOnly,
            76..83 => Identity::Alert,
            83..91 => Identity::Positional,
            91..97 => Identity::OnePage,
            _ => Identity::Replaced,
        };
        let must_be_dated = matches!(identity, Identity::TitleOnly | Identity::Alert | Identity::OnePage);
        Source {
            identity,
            is_dated: must_be_dated || random.usize(0..5) > 0,
            window: match random.usize(0..10) {
                _ if identity == Identity::Replaced => 1,
                0..7 => random.usize(1..8),
                7..9 => random.usize(8..20),
                _ => random.usize(20..=50),
            },
            listing: Vec::new(),
            articles: Vec::new(),
            in_feed: Vec::new(),
            needs_whole: false,
            etag: None,
            last_poll: start,
        }
    }
}
