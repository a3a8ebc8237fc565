//! Articles in the store: which are wanted, who may request them, and what their results change.

use siftwire::entry::{ArticleState, StoredEntry};
use siftwire::source::{ArticleSettings, FullText};
use siftwire::store::{
    ArticleClaim, ArticleClaimResult, ArticleOutcome, ArticleResult, ReadArticle, WantedArticle,
};

use super::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

struct Articles {
    home: Home,
    store: Store,
    source: SourceId,
    /// By the order of their dates.
    entries: Vec<i64>,
}

fn settings(full_text: FullText, limit: usize) -> ArticleSettings {
    ArticleSettings { full_text, limit, ..ArticleSettings::default() }
}

fn configured(articles: ArticleSettings) -> Vec<ConfiguredSource> {
    sources(&[("a", "u:a", "x")])
        .into_iter()
        .map(|source| ConfiguredSource { articles: articles.clone(), ..source })
        .collect()
}

/// A store with `count` entries of one source, one first seen a second after the other, whose articles are all wanted.
async fn wanted_by(count: usize, articles: ArticleSettings) -> Articles {
    let home = Home::new();
    let store = home.start();
    let source = store.sync_sources(configured(articles)).await.unwrap()[0].id;
    let entry = |n: usize| match new(&n.to_string(), &format!("Title {n}"), at(n as i64)) {
        Change::New(mut new) => {
            new.entry.link = Some(format!("https://x.example/{n}"));
            Change::New(new)
        }
        other => other,
    };
    store.commit(done(source, at(60), (0..count).rev().map(entry).collect())).await.unwrap();
    let outputs = vec![ConfiguredOutput {
        name: "all".into(),
        was: vec![],
        one_per_story: None,
        ids: EntryIds::Shared,
        private: false,
    }];
    let output = store.sync_outputs(outputs, at(0)).await.unwrap()[0].id;
    let entries: Vec<i64> = (1..=count as i64).collect();
    let advance = Advance {
        output,
        from: progress("", 0),
        to: progress("d", count as i64),
        members: Vec::new(),
        displaced: Vec::new(),
        wanted_articles: entries.clone(),
        update: MemberUpdate::Append,
        page_size: 9,
    };
    assert_eq!(store.advance(vec![advance]).await.unwrap(), AdvanceResult::Written);
    Articles { home, store, source, entries }
}

impl Articles {
    async fn wanted(&self, now: i64) -> Vec<i64> {
        let wanted = self.store.wanted_articles(at(now)).await.unwrap();
        wanted.into_iter().map(|WantedArticle { entry, .. }| entry).collect()
    }

    async fn claim(&self, entry: i64, now: i64) -> Option<ArticleClaim> {
        let by = (Claimant::Daemon, LEASE);
        match self.store.claim_article(entry, by, "x.example".into(), at(now)).await.unwrap() {
            ArticleClaimResult::Claimed(claim) => Some(*claim),
            ArticleClaimResult::NotDue | ArticleClaimResult::HostHeld(_) => None,
        }
    }

    async fn end(&self, entry: i64, outcome: ArticleOutcome, now: i64) -> bool {
        let claim = self.claim(entry, now).await.expect("it may be requested").number;
        self.store.commit_article(ArticleResult { entry, claim, outcome, now: at(now) }).await.unwrap()
    }

    async fn entry(&self, number: i64) -> StoredEntry {
        self.store.entry(number).await.unwrap().expect("it is kept")
    }

    async fn missing(&self, number: i64) -> Option<String> {
        match self.entry(number).await.article {
            ArticleState::Missing(reason) => Some(reason),
            _ => None,
        }
    }
}

fn read(text: &str) -> ArticleOutcome {
    ArticleOutcome::Read(Box::new(ReadArticle {
        html: format!("<p>{text}</p>"),
        text_hash: text.into(),
        title: Some("Of the page".into()),
        ..ReadArticle::default()
    }))
}

fn failed(retry: i64) -> ArticleOutcome {
    ArticleOutcome::Failed { reason: "timed out".into(), retry: at(retry) }
}

#[tokio::test]
async fn an_article_that_has_come_is_of_its_entry_which_outputs_evaluate_again() {
    let articles = wanted_by(2, settings(FullText::Match, 200)).await;
    let [first, second] = articles.entries[..] else { panic!() };
    assert_eq!(articles.entry(first).await.article, ArticleState::Expected);
    assert_eq!(articles.wanted(9).await, [second, first], "the newest first");
    let latest = articles.store.latest_revision().await.unwrap();
    assert!(articles.end(first, read("body"), 30).await);
    let changed = articles.store.entries_after(latest, 9).await.unwrap();
    assert_eq!(changed.len(), 1);
    let entry = &changed[0].entry;
    let article = entry.article.article().expect("it was read");
    assert_eq!((article.html.as_str(), article.fetched), ("<p>body</p>", at(30)));
    assert!(!article.is_published);
    assert_eq!(entry.entry.title.as_deref(), Some("Title 0"), "the feed has one");
    assert_eq!((entry.changed, changed[0].revised), (at(0), at(0)), "of a first poll: by its date");
    assert_eq!(articles.wanted(40).await, [second]);

    // Where it is published, and where articles are not read any more.
    for (full_text, expected) in [(FullText::Publish, Some(true)), (FullText::No, None)] {
        let before = articles.store.latest_revision().await.unwrap();
        articles.store.sync_sources(configured(settings(full_text, 200))).await.unwrap();
        let is_published = articles.entry(first).await.article.article().map(|article| article.is_published);
        assert_eq!(is_published, expected);
        assert_eq!(articles.store.entries_after(before, 9).await.unwrap().len(), 2, "{full_text:?}");
    }
    assert_eq!(articles.entry(second).await.article, ArticleState::NotExpected);
    assert!(articles.wanted(40).await.is_empty());
}

#[tokio::test]
async fn one_request_runs_at_a_time_and_its_late_result_counts_no_more() {
    let articles = wanted_by(1, settings(FullText::Match, 200)).await;
    let entry = articles.entries[0];
    let first = articles.claim(entry, 0).await.unwrap();
    assert_eq!(articles.claim(entry, 59).await, None);
    assert!(articles.wanted(59).await.is_empty());
    let second = articles.claim(entry, 60).await.expect("the lease has ended");
    let result = |claim: &ArticleClaim| ArticleResult {
        entry,
        claim: claim.number,
        outcome: read("body"),
        now: at(61),
    };
    assert!(!articles.store.commit_article(result(&first)).await.unwrap());
    assert!(articles.store.commit_article(result(&second)).await.unwrap());
    assert!(!articles.store.commit_article(result(&second)).await.unwrap(), "nothing twice");
    assert_eq!(articles.claim(entry, 7 * HOUR).await, None);
    // The claims of a daemon that was killed end when the next one starts; that was a try all the same.
    let articles = wanted_by(1, settings(FullText::Match, 200)).await;
    articles.claim(entry, 0).await.unwrap();
    articles.store.release_daemon_claims().await.unwrap();
    assert_eq!(articles.wanted(1).await, [entry]);
    articles.claim(entry, 1).await.unwrap();
    articles.store.release_daemon_claims().await.unwrap();
    assert!(articles.wanted(2).await.is_empty());
}

#[tokio::test]
async fn a_page_that_fails_is_tried_once_more_and_one_without_article_is_not() {
    let articles = wanted_by(4, settings(FullText::Match, 200)).await;
    let [failing, refused, forbidden, postponed] = articles.entries[..] else { panic!() };
    assert!(articles.end(failing, failed(HOUR), 10).await);
    assert_eq!(articles.entry(failing).await.article, ArticleState::Expected);
    assert_eq!(articles.claim(failing, HOUR - 1).await, None);
    assert!(articles.end(failing, failed(2 * HOUR), HOUR).await);
    assert_eq!(articles.missing(failing).await.as_deref(), Some("timed out"));

    assert!(articles.end(refused, ArticleOutcome::Refused("a wall".into()), 10).await);
    assert_eq!(articles.missing(refused).await.as_deref(), Some("a wall"));
    assert!(articles.end(forbidden, ArticleOutcome::Forbidden("robots.txt".into()), 10).await);
    for n in 1..5 {
        let outcome = ArticleOutcome::Postponed { reason: "held".into(), until: at(n * 100) };
        assert!(articles.end(postponed, outcome, n * 100).await, "it counts as no try");
    }
    assert_eq!(articles.wanted(HOUR).await, [postponed]);
    let counts = articles.store.article_counts(at(HOUR)).await.unwrap()[&articles.source].clone();
    assert_eq!((counts.read, counts.missing, counts.expected, counts.requested), (0, 3, 1, 3));
    assert_eq!(counts.last_reason, Some((at(HOUR), "timed out".into())));
}

#[tokio::test]
async fn a_source_has_twenty_requests_a_poll_and_its_limit_a_day() {
    let articles = wanted_by(60, settings(FullText::Match, 30)).await;
    let poll = async |now: i64| {
        let mut requested = 0;
        while let [entry, ..] = articles.wanted(now).await[..] {
            articles.end(entry, read(&entry.to_string()), now).await;
            requested += 1;
        }
        let mut poll = done(articles.source, at(now), Vec::new());
        poll.state.last_poll = Some(at(now + 1));
        articles.store.commit(poll).await.unwrap();
        requested
    };
    assert_eq!(poll(10).await, 20);
    assert_eq!(poll(2000).await, 10, "thirty within a day");
    assert_eq!(articles.claim(1, 2001).await, None, "whatever was planned");
    let counts = articles.store.article_counts(at(2001)).await.unwrap()[&articles.source].clone();
    assert!(counts.is_at_limit() && counts.read == 30);
    assert_eq!(poll(DAY + 11).await, 20, "those of the first poll were a day ago");
}

#[tokio::test]
async fn a_text_under_several_titles_is_no_article() {
    let articles = wanted_by(3, settings(FullText::Match, 200)).await;
    let [first, second, third] = articles.entries[..] else { panic!() };
    let wall = || read("We value your privacy");
    articles.end(first, wall(), 10).await;
    assert!(articles.entry(first).await.article.article().is_some());
    articles.end(second, wall(), 10).await;
    for entry in [first, second] {
        let reason = articles.missing(entry).await.expect("it is a wall");
        assert!(reason.contains("the same text as the page of entry"), "{reason}");
    }
    articles.end(third, wall(), 10).await;
    assert!(articles.missing(third).await.is_some(), "the text stays known");
}

#[tokio::test]
async fn after_a_day_without_article_the_feed_alone_decides() {
    let articles = wanted_by(2, settings(FullText::Match, 200)).await;
    let [first, second] = articles.entries[..] else { panic!() };
    let claim = articles.claim(first, 5).await.unwrap();
    let before = articles.store.latest_revision().await.unwrap();
    articles.store.give_up_articles(at(DAY - 1)).await.unwrap();
    assert_eq!(articles.store.latest_revision().await.unwrap(), before);
    articles.store.give_up_articles(at(DAY)).await.unwrap();
    assert_eq!(articles.missing(first).await.as_deref(), Some("not read within a day"));
    assert_eq!(articles.entry(second).await.article, ArticleState::Expected, "it was seen a second later");
    let result = ArticleResult { entry: first, claim: claim.number, outcome: read("body"), now: at(DAY + 1) };
    assert!(!articles.store.commit_article(result).await.unwrap());
    assert_eq!(articles.store.entries_after(before, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn articles_go_with_their_entries_and_are_saved_from_a_damaged_file() {
    let articles = wanted_by(2, settings(FullText::Match, 200)).await;
    let [first, second] = articles.entries[..] else { panic!() };
    articles.end(first, read("body"), 10).await;
    articles.end(second, read("other"), 10).await;
    if let Some(path) = articles.home.location().file() {
        let copy = path.with_file_name("copy.db");
        rusqlite::Connection::open(path)
            .unwrap()
            .execute("UPDATE article SET html = x'00' WHERE entry = ?1", [first])
            .unwrap();
        assert_eq!(
            articles.entry(first).await.article,
            ArticleState::NotExpected,
            "a damaged row costs itself"
        );
        let options = siftwire::store::Options { location: articles.home.location(), keep: Duration::ZERO };
        siftwire::store::salvage(&options, &copy).unwrap();
        let connection = rusqlite::Connection::open(&copy).unwrap();
        let mut rows = connection.prepare("SELECT entry FROM article ORDER BY entry").unwrap();
        let kept: Vec<i64> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(kept, [second]);
    }
    articles
        .store
        .commit(Poll {
            in_feed: Some(InFeed::Complete(Vec::new())),
            ..done(articles.source, at(9), Vec::new())
        })
        .await
        .unwrap();
    assert_eq!(articles.store.prune(at(99), 9).await.unwrap(), 2);
    assert_eq!(articles.home.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_read_stays_when_an_edited_entry_has_no_article_any_more() {
    let articles = wanted_by(1, settings(FullText::Publish, 200)).await;
    let entry = articles.entries[0];
    let edit = |title: &str| Change::Edited {
        number: entry,
        entry: Box::new(Entry {
            title: Some(title.into()),
            link: Some("https://x.example/0".into()),
            ..Entry::default()
        }),
        fingerprint: vec![2],
        content_hash: vec![2],
        changed: Some(at(50)),
        edited: None,
        former_title: None,
    };
    articles.store.commit(done(articles.source, at(60), vec![edit("Expected")])).await.unwrap();
    articles.end(entry, read("body"), 60).await;
    assert!(articles.wanted(61).await.is_empty());
    articles.store.commit(done(articles.source, at(70), vec![edit("Edited")])).await.unwrap();
    assert_eq!(articles.wanted(71).await, [entry]);
    let html = async || articles.entry(entry).await.article.article().map(|article| article.html.clone());
    assert_eq!(html().await.as_deref(), Some("<p>body</p>"), "until the new one has come");
    articles.end(entry, ArticleOutcome::Refused("a wall".into()), 72).await;
    assert_eq!(html().await.as_deref(), Some("<p>body</p>"));
    articles.store.commit(done(articles.source, at(80), vec![edit("Again")])).await.unwrap();
    assert!(articles.wanted(81).await.is_empty(), "two requests are enough");
}
