//! One request for an article as a task: claim it, read the robots.txt of its site or its page, write the result. Does I/O.
//!
//! Each run makes one request at most, so that the queue keeps its gaps. Where more are needed, for the robots.txt or after
//! a redirect to another site, the article goes back into the queue with its claim.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::clock::{after, now};
use crate::article::{self, Article, Selectors, WebPage};
use crate::entry::{Author, Entry, checksum};
use crate::fetch::{
    self, FetchResponse, FetchedBody, Fetcher, PageRequest, PageResponse, ResponseInfo, RobotsRules,
};
use crate::ingest::{ParseLimiter, note_answer};
use crate::source::host_budget::HostBudget;
use crate::source::{Failure, Source, Validators};
use crate::store::{
    self, ArticleClaim, ArticleClaimResult, ArticleOutcome, ArticleResult, Claimant, ReadArticle, Store,
    StoredRobots,
};
use crate::story::address::clean_link;
use crate::text::{TextFor, html_to_text};

/// How long a claim lasts, with the waits in the queue.
const LEASE: Duration = Duration::from_secs(600);

/// When a page that could not be read is tried once more.
const RETRY: Duration = Duration::from_secs(3600);

/// How long a robots.txt counts, and the lack of one.
const ROBOTS_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// When a robots.txt that could not be read is requested again. Until then no page is.
const ROBOTS_RETRY: Duration = Duration::from_secs(3600);

/// How often another site may be named as that of the page.
const MAX_SITES: usize = 5;

/// Before the articles of its host that wait.
const AT_ONCE: Timestamp = Timestamp::UNIX_EPOCH;

/// How much longer finding an article takes than parsing a feed of the same size.
const FINDING_WORK: usize = 8;

/// What all requests for articles share.
#[derive(Clone)]
pub(super) struct ArticleContext {
    pub(super) store: Store,
    pub(super) fetcher: Fetcher,
    pub(super) claimant: Claimant,
    pub(super) parse_limiter: ParseLimiter,
    /// The origins whose robots.txt is requested now.
    pub(super) robots_in_flight: Arc<Mutex<HashSet<String>>>,
}

/// An article that is to be requested.
pub(super) struct PendingArticle {
    pub(super) entry: i64,
    pub(super) source: Arc<Source>,
    /// Where its page is, as far as is known.
    pub(super) url: Url,
    /// When it may be requested, according to the store.
    pub(super) due: Timestamp,
    /// The claim under which a request for it was made.
    pub(super) claim: Option<ArticleClaim>,
    /// How many sites named another one.
    pub(super) sites: usize,
}

impl PendingArticle {
    pub(super) fn new(entry: i64, source: &Arc<Source>, url: Url, due: Timestamp) -> PendingArticle {
        PendingArticle { entry, source: Arc::clone(source), url, due, claim: None, sites: 0 }
    }
}

/// How a run has ended.
pub(super) struct ArticleEnd {
    pub(super) next: NextStep,
    /// The host that answered and its budget, if it has one to keep.
    pub(super) budget: Option<(String, HostBudget)>,
    /// A host, and the time that its robots.txt wants between two pages.
    pub(super) crawl_delay: Option<(String, Duration)>,
}

/// What comes after a run.
pub(super) enum NextStep {
    /// Its claim has ended.
    Done(&'static str),
    /// It is not to be requested now.
    NotDue,
    /// Its host takes no requests until this time.
    HostHeld(Box<PendingArticle>, Timestamp),
    /// It is to be requested again from this time on.
    Again(Box<PendingArticle>, Timestamp),
}

/// The labels of [`NextStep::Done`].
pub(super) const ARTICLE_READ: &str = "read";

/// Runs once.
pub(super) async fn run(
    context: ArticleContext,
    pending: PendingArticle,
) -> Result<ArticleEnd, store::Error> {
    let mut run = Run { context, now: now(), budget: None, crawl_delay: None };
    let next = run.request(pending).await?;
    Ok(ArticleEnd { next, budget: run.budget, crawl_delay: run.crawl_delay })
}

struct Run {
    context: ArticleContext,
    now: Timestamp,
    budget: Option<(String, HostBudget)>,
    crawl_delay: Option<(String, Duration)>,
}

impl Run {
    async fn request(&mut self, mut pending: PendingArticle) -> Result<NextStep, store::Error> {
        let host = fetch::host_key(&pending.url);
        let claim = match pending.claim.take() {
            Some(claim) => claim,
            None => {
                let by = (self.context.claimant, LEASE);
                match self.context.store.claim_article(pending.entry, by, host.clone(), self.now).await? {
                    ArticleClaimResult::Claimed(claim) => *claim,
                    ArticleClaimResult::NotDue => return Ok(NextStep::NotDue),
                    ArticleClaimResult::HostHeld(until) => {
                        return Ok(NextStep::HostHeld(Box::new(pending), until));
                    }
                }
            }
        };
        let origin = pending.url.origin().ascii_serialization();
        let rules = match self.context.store.robots(origin.clone(), self.now).await? {
            Some(StoredRobots::File(file)) => RobotsRules::read(&file),
            Some(StoredRobots::None) => RobotsRules::read(b""),
            Some(StoredRobots::Unknown(reason, until)) => {
                let outcome = ArticleOutcome::Postponed { reason, until };
                return self.end(&pending, &claim, outcome).await;
            }
            None => return self.read_robots(pending, claim, origin).await,
        };
        self.crawl_delay = Some((host, rules.crawl_delay()));
        if !rules.allow(&pending.url) {
            let outcome = forbidden(&pending.url);
            return self.end(&pending, &claim, outcome).await;
        }
        let is_allowed = |page: &Url| rules.allow(page);
        let page =
            PageRequest { url: &pending.url, validators: claim.validators.as_ref(), is_allowed: &is_allowed };
        let (mut info, response) = self.context.fetcher.fetch_page(&pending.source, page, self.now).await;
        self.note(&pending, &claim, &mut info).await?;
        let outcome = match response {
            Ok(PageResponse::Elsewhere(_)) if pending.sites >= MAX_SITES => {
                ArticleOutcome::Refused("the page is nowhere: sites redirect to each other".to_owned())
            }
            Ok(PageResponse::Elsewhere(url)) => {
                let pending = PendingArticle { url, claim: Some(claim), sites: pending.sites + 1, ..pending };
                return Ok(NextStep::Again(Box::new(pending), AT_ONCE));
            }
            Ok(PageResponse::Forbidden) => forbidden(&pending.url),
            Ok(PageResponse::Here(FetchResponse::NotModified)) => ArticleOutcome::NotModified,
            Ok(PageResponse::Here(FetchResponse::Body(body))) => {
                self.read_page(&pending, &claim, body, info.validators).await
            }
            Err(failure) => failed(&failure, self.budget.as_ref(), self.now),
        };
        self.end(&pending, &claim, outcome).await
    }

    /// Requests the robots.txt of an origin and keeps it. Then the article may be requested.
    async fn read_robots(
        &mut self,
        pending: PendingArticle,
        claim: ArticleClaim,
        origin: String,
    ) -> Result<NextStep, store::Error> {
        let in_flight = Arc::clone(&self.context.robots_in_flight);
        let locked = || in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let again = |pending, claim, at| {
            Ok(NextStep::Again(Box::new(PendingArticle { claim: Some(claim), ..pending }), at))
        };
        if !locked().insert(origin.clone()) {
            return again(pending, claim, after(Duration::from_secs(1)));
        }
        let mut fetched = self.context.fetcher.fetch_robots(&pending.source, &pending.url, self.now).await;
        locked().remove(&origin);
        self.note(&pending, &claim, &mut fetched.info).await?;
        let robots = match fetched.response {
            Ok(FetchResponse::Body(body)) => StoredRobots::File(body.bytes),
            Ok(FetchResponse::NotModified) => StoredRobots::None,
            Err(failure @ (Failure::Throttled { .. } | Failure::RefusedAddress(_))) => {
                let outcome = failed(&failure, self.budget.as_ref(), self.now);
                return self.end(&pending, &claim, outcome).await;
            }
            Err(
                Failure::Gone
                | Failure::Status(200..=299 | 400..=499)
                | Failure::BotCheck(_)
                | Failure::Redirect(_),
            ) => StoredRobots::None,
            Err(failure) => {
                let reason = format!("{origin}/robots.txt cannot be read: {failure}");
                StoredRobots::Unknown(reason, after(ROBOTS_RETRY))
            }
        };
        let expires = match &robots {
            StoredRobots::Unknown(_, until) => *until,
            _ => self.now.checked_add(ROBOTS_LIFETIME).unwrap_or(Timestamp::MAX),
        };
        self.context.store.set_robots(origin, robots, expires, self.now).await?;
        again(pending, claim, AT_ONCE)
    }

    async fn note(
        &mut self,
        pending: &PendingArticle,
        claim: &ArticleClaim,
        info: &mut ResponseInfo,
    ) -> Result<(), store::Error> {
        let Some(answer) = info.answer.take() else { return Ok(()) };
        let host = fetch::host_key(&pending.url);
        let without_budget = (!claim.has_budget && pending.sites == 0).then_some(host.as_str());
        let every = pending.source.interval.every;
        self.budget = note_answer(&self.context.store, answer, without_budget, every, self.now).await?;
        Ok(())
    }

    async fn read_page(
        &self,
        pending: &PendingArticle,
        claim: &ArticleClaim,
        body: FetchedBody,
        validators: Option<Validators>,
    ) -> ArticleOutcome {
        let is_moved = claim.entry.entry.link.as_deref().is_none_or(|link| !is_start_page(link));
        if is_moved && is_start_page(body.url.whole().as_str()) {
            return ArticleOutcome::Refused("the page redirects to the start page of its site".to_owned());
        }
        let settings = &pending.source.articles;
        // They were checked with the config.
        let selectors = Selectors::parse(settings.selector.as_deref(), settings.without.as_deref());
        let selectors = selectors.unwrap_or_default();
        let feed_text = feed_text(&claim.entry.entry);
        let work_size = FINDING_WORK * body.bytes.len();
        let work = move || {
            let page = WebPage {
                bytes: &body.bytes,
                content_type: body.content_type.as_deref(),
                url: body.url.whole(),
            };
            article::find(&page, &selectors, feed_text.as_deref())
        };
        match self.context.parse_limiter.run(work_size, work).await {
            Ok(Ok(article)) => ArticleOutcome::Read(Box::new(read_article(article, validators))),
            Ok(Err(no_article)) => ArticleOutcome::Refused(no_article.to_string()),
            Err(failure) => ArticleOutcome::Refused(failure.to_string()),
        }
    }

    /// Ends the claim.
    async fn end(
        &self,
        pending: &PendingArticle,
        claim: &ArticleClaim,
        outcome: ArticleOutcome,
    ) -> Result<NextStep, store::Error> {
        let (label, reason) = match &outcome {
            ArticleOutcome::Read(_) => (ARTICLE_READ, ""),
            ArticleOutcome::NotModified => ("not_modified", ""),
            ArticleOutcome::Refused(reason) => ("refused", reason.as_str()),
            ArticleOutcome::Forbidden(reason) => ("forbidden", reason.as_str()),
            ArticleOutcome::Failed { reason, .. } => ("failed", reason.as_str()),
            ArticleOutcome::Postponed { reason, .. } => ("postponed", reason.as_str()),
        };
        tracing::info!(
            source = pending.source.name,
            entry = pending.entry,
            status = label,
            reason,
            "article"
        );
        let result = ArticleResult { entry: pending.entry, claim: claim.number, outcome, now: now() };
        self.context.store.commit_article(result).await?;
        Ok(NextStep::Done(label))
    }
}

/// Whether an address is that of a whole site, or of the site in a language: `/`, `/en/`, `/index.html`.
fn is_start_page(address: &str) -> bool {
    let Ok(url) = Url::parse(&clean_link(address)) else { return false };
    let mut parts = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty());
    let is_start = |part: &str| {
        part.len() == 2 && part.chars().all(|c| c.is_ascii_alphabetic())
            || part.split_once('.').is_some_and(|(name, _)| matches!(name, "index" | "default"))
    };
    url.query().is_none() && parts.all(is_start)
}

fn forbidden(page: &Url) -> ArticleOutcome {
    ArticleOutcome::Forbidden(format!("robots.txt of {} forbids it", page.host_str().unwrap_or_default()))
}

/// What a request without response says of an article.
fn failed(failure: &Failure, budget: Option<&(String, HostBudget)>, now: Timestamp) -> ArticleOutcome {
    let reason = match failure {
        Failure::BotCheck(by) => format!("a bot check of {by} in place of the page"),
        Failure::Gone => "status 410".to_owned(),
        failure => failure.to_string(),
    };
    match failure {
        Failure::Throttled { until, .. } => {
            let held = budget.and_then(|(_, budget)| budget.held_at(now));
            ArticleOutcome::Postponed { reason, until: held.or(*until).unwrap_or_else(|| after(RETRY)) }
        }
        Failure::Timeout
        | Failure::Dns(_)
        | Failure::Unreachable(_)
        | Failure::Connection(_)
        | Failure::Tls(_)
        | Failure::Status(500..) => ArticleOutcome::Failed { reason, retry: after(RETRY) },
        _ => ArticleOutcome::Refused(reason),
    }
}

/// The longest text that the feed has of an entry.
fn feed_text(entry: &Entry) -> Option<String> {
    let texts = [&entry.summary, &entry.content].into_iter().flatten();
    texts.map(|html| html_to_text(html, TextFor::Reader).into_owned()).max_by_key(String::len)
}

fn read_article(article: Article, validators: Option<Validators>) -> ReadArticle {
    let words: Vec<&str> = article.text.split_whitespace().collect();
    let author = |name: &str| Author { name: name.trim().to_owned(), ..Author::default() };
    let authors = article.author.iter().flat_map(|names| names.split(',')).map(author);
    ReadArticle {
        html: article.html,
        text_hash: checksum(words.join(" ").as_bytes()),
        language: article.language,
        title: article.title,
        authors: authors.filter(|author| !author.name.is_empty()).collect(),
        published: article.published,
        validators,
    }
}
