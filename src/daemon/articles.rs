//! Articles: which wait for their hosts, and the requests in flight. Does I/O; spawns and joins the requests.
#![allow(clippy::disallowed_methods, reason = "requests are spawned here")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::task::{self, JoinError, JoinSet};
use url::Url;

use super::article_request::{self, ArticleContext, ArticleEnd, NextStep, PendingArticle};
use super::channels::PollerConfig;
use super::clock::now;
use super::poll::host_limits;
use super::queue::PollQueue;
use crate::fetch;
use crate::ingest::ParseLimiter;
use crate::source::host_budget::{HostBudget, HostSettings};
use crate::store::{self, ArticleOutcome, ArticleResult, Claimant, Store, WantedArticle};

/// How often the wanted articles are read again, because another process may have changed them.
const REFRESH_INTERVAL: Duration = Duration::from_secs(60);

/// The articles of one poller.
pub(super) struct Articles {
    context: ArticleContext,
    tasks: JoinSet<Result<ArticleEnd, store::Error>>,
    /// The entries of the tasks.
    in_flight: HashMap<task::Id, i64>,
    /// Those that wait in the queue, by the numbers of their entries.
    waiting: HashMap<i64, PendingArticle>,
    /// When the wanted articles were last read; `None`: they must be read.
    last_read: Option<Instant>,
}

/// A request that has ended, with the number of its entry.
pub(super) type EndedArticle = (i64, Result<Result<ArticleEnd, store::Error>, JoinError>);

/// What an ended request changes.
pub(super) struct FinishedArticle {
    /// How it ended, as one of a fixed set of labels; `None`: it has not.
    pub(super) status: Option<&'static str>,
    /// The store could not be used.
    pub(super) error: Option<store::Error>,
}

impl Articles {
    pub(super) fn new(
        store: &Store,
        config: &PollerConfig,
        claimant: Claimant,
        parse_limiter: ParseLimiter,
    ) -> Articles {
        let context = ArticleContext {
            store: store.clone(),
            fetcher: config.fetcher.clone(),
            claimant,
            parse_limiter,
            robots_in_flight: Default::default(),
        };
        Articles {
            context,
            tasks: JoinSet::new(),
            in_flight: HashMap::new(),
            waiting: HashMap::new(),
            last_read: None,
        }
    }

    /// Applies another config.
    pub(super) fn set_config(&mut self, config: &PollerConfig) {
        self.context.fetcher = config.fetcher.clone();
        self.waiting.retain(|_, pending| pending.claim.is_some());
        self.last_read = None;
    }

    /// The store may want others.
    pub(super) fn must_read(&mut self) {
        self.last_read = None;
    }

    /// Reads which articles are wanted, if that may have changed, and queues those of sources and hosts that are meant.
    pub(super) async fn refresh(
        &mut self,
        queue: &mut PollQueue,
        config: &PollerConfig,
        is_meant: impl Fn(&str, &str) -> bool,
    ) -> Result<(), store::Error> {
        let is_current = self.last_read.is_some_and(|at| at.elapsed() < REFRESH_INTERVAL);
        if is_current || !config.reads_articles {
            return Ok(());
        }
        let mut wanted = HashSet::new();
        for WantedArticle { entry, source, link, due } in self.context.store.wanted_articles(now()).await? {
            let Some(source) = config.sources.get(&source) else { continue };
            if source.access.lacks_secret {
                continue;
            }
            let Some(url) = page_url(&link) else { continue };
            if !is_meant(&source.name, &fetch::host_key(&url)) {
                continue;
            }
            wanted.insert(entry);
            let is_in_flight = self.in_flight.values().any(|in_flight| *in_flight == entry);
            let is_planned = self.waiting.get(&entry).is_some_and(|pending| pending.due == due);
            if !is_in_flight && !is_planned {
                queue.plan_article(entry, &fetch::host_key(&url), due);
                self.waiting.insert(entry, PendingArticle::new(entry, source, url, due));
            }
        }
        let is_left = |entry: &i64| {
            !wanted.contains(entry) && self.waiting.get(entry).is_none_or(|pending| pending.claim.is_none())
        };
        let left: Vec<i64> = queue.waiting_articles().filter(is_left).collect();
        for entry in left {
            queue.remove_article(entry);
            self.waiting.remove(&entry);
        }
        self.last_read = Some(Instant::now());
        Ok(())
    }

    /// Requests up to `n` articles that may be requested now.
    pub(super) fn start(&mut self, queue: &mut PollQueue, n: usize) {
        for entry in queue.take_articles(now(), n) {
            let Some(pending) = self.waiting.remove(&entry) else {
                queue.done_article(entry, now());
                continue;
            };
            let task = self.tasks.spawn(Box::pin(article_request::run(self.context.clone(), pending)));
            self.in_flight.insert(task.id(), entry);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// The next request to end; `None` if none is in flight. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<EndedArticle> {
        let joined = self.tasks.join_next_with_id().await?;
        let (id, ended) = match joined {
            Ok((id, end)) => (id, Ok(end)),
            Err(error) => (error.id(), Err(error)),
        };
        self.in_flight.remove(&id).map(|entry| (entry, ended))
    }

    /// Handles the end of a request. `hold` says which budget counts of one that has changed.
    pub(super) fn finish(
        &mut self,
        (entry, ended): EndedArticle,
        queue: &mut PollQueue,
        hosts: &BTreeMap<String, HostSettings>,
        hold: impl Fn(HostBudget) -> HostBudget,
    ) -> FinishedArticle {
        queue.done_article(entry, now());
        let ArticleEnd { next, budget, crawl_delay } = match ended {
            Ok(Ok(end)) => end,
            Ok(Err(error)) => return FinishedArticle { status: None, error: Some(error) },
            Err(error) => {
                tracing::error!(%error, "a request for an article panicked");
                return FinishedArticle { status: None, error: None };
            }
        };
        if let Some((host, budget)) = budget {
            queue.limit(&host, host_limits(hosts.get(&host), Some(&hold(budget))));
        }
        if let Some((host, delay)) = crawl_delay {
            queue.set_article_gap(&host, SignedDuration::try_from(delay).unwrap_or_default());
        }
        let status = match next {
            NextStep::Done(status) => {
                // There may be another one to request in its place.
                self.last_read = None;
                Some(status)
            }
            NextStep::NotDue => None,
            // A command does not wait for hosts.
            NextStep::HostHeld(..) if self.context.claimant == Claimant::Command => None,
            NextStep::HostHeld(pending, until) | NextStep::Again(pending, until) => {
                queue.plan_article(entry, &fetch::host_key(&pending.url), until);
                self.waiting.insert(entry, *pending);
                None
            }
        };
        FinishedArticle { status, error: None }
    }

    /// Aborts what is in flight, and ends the claims of what waits: these articles were not requested.
    pub(super) async fn abort(&mut self) {
        self.tasks.shutdown().await;
        for (entry, pending) in self.waiting.drain() {
            let Some(claim) = pending.claim else { continue };
            let outcome =
                ArticleOutcome::Postponed { reason: "siftwire was stopped".to_owned(), until: now() };
            let result = ArticleResult { entry, claim: claim.number, outcome, now: now() };
            // Else it runs out.
            let _ = self.context.store.commit_article(result).await;
        }
    }
}

/// The page of an entry, without credentials that its address may have.
fn page_url(link: &str) -> Option<Url> {
    let mut url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Some(url)
}
