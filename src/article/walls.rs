//! Pages that stand in place of an article: consent, sign-in, subscription, scripts, checks for bots, errors. Pure.

use std::sync::LazyLock;

use regex::Regex;

use super::NoArticle;
use super::compare::words;
use super::page_tree::PageTree;
use super::phrases::{BOT, CONSENT, COOKIES, MISSING, NOTICE, SCRIPTS, SIGN_IN, SUBSCRIBE, has};

/// What is known of a page when it is judged.
pub(super) struct PageEvidence<'a> {
    pub(super) page: &'a PageTree<'a>,
    /// The blocks of the article that was found, with their sizes.
    pub(super) article: &'a [(String, usize)],
    /// The number of the first block after it, if it is on the page.
    pub(super) end: Option<usize>,
    /// The feed has text, too.
    pub(super) has_feed_text: bool,
    /// The page's own title.
    pub(super) title: Option<&'a str>,
    /// JSON-LD says that one has to pay.
    pub(super) is_paid: bool,
    /// The page says when its article was published.
    pub(super) is_dated: bool,
    /// The page leads to another address by itself.
    pub(super) is_refresh: bool,
    /// The page has text for browsers without scripts, or scripts.
    pub(super) has_scripts: bool,
}

/// An article of this size is one, whatever stands around it.
const SAFE_SIZE: usize = 2500;

/// A text of this size may be the beginning of an article that one has to pay for. Where the feed has a text, the beginning of
/// the article adds little.
const STUB_SIZE: usize = 1200;

/// The same, where nothing else is known of the article.
const OFFER_SIZE: usize = 700;

/// Even where nothing else is known of an article, a text of this size is too little of it.
const SHORT_STUB_SIZE: usize = 280;

/// An offer to read on stands among so many blocks behind the beginning of an article.
const OFFER_BLOCKS: usize = 8;

/// A page of this size without an article has nothing but a notice.
const NOTICE_SIZE: usize = 400;

/// So much of a page that asks for consent speaks of cookies or of the law about them.
const MIN_COOKIES: f32 = 0.15;

/// Less text than that is no article.
const MIN_SIZE: usize = 140;

/// Why the text that was found is no article; `None` if it may be one.
pub(super) fn refusal(evidence: &PageEvidence<'_>) -> Option<NoArticle> {
    let page = evidence.page;
    let size: usize = evidence.article.iter().map(|(_, size)| size).sum();
    let share = |phrases: &[&LazyLock<Regex>]| {
        let is_said = |text: &str| phrases.iter().any(|phrases| has(text, phrases));
        let with = evidence.article.iter().filter(|(text, _)| is_said(text)).map(|(_, size)| size);
        with.sum::<usize>() as f32 / size.max(1) as f32
    };
    // Articles have such words too, but not in most of their paragraphs; that people agree is said in many.
    let asks_consent =
        share(&[&COOKIES, &CONSENT]) > 0.6 && share(&[&CONSENT]) > 0.0 && share(&[&COOKIES]) > MIN_COOKIES;
    if asks_consent && (size < SAFE_SIZE || evidence.has_no_headline()) {
        return Some(NoArticle::Consent);
    }
    if size >= SAFE_SIZE {
        return None;
    }
    let headings = evidence.headings();
    let is_empty = size < MIN_SIZE;
    // What is only a link says nothing of the page.
    let says = |phrases: &LazyLock<Regex>| {
        is_empty && page.blocks.iter().any(|block| block.linked < block.size && has(&block.text, phrases))
    };
    // What stands in place of an article has no date, and headlines may have these words.
    let may_be_notice = !evidence.is_dated;
    if may_be_notice && headings.iter().any(|heading| has(heading, &BOT)) && size < STUB_SIZE
        || says(&BOT)
        || share(&[&BOT]) > 0.5
    {
        return Some(NoArticle::BotCheck);
    }
    if is_empty && evidence.is_refresh {
        return Some(NoArticle::Refresh);
    }
    if may_be_notice && headings.iter().any(|heading| is_of_missing_page(heading)) && size < STUB_SIZE {
        return Some(NoArticle::Missing);
    }
    if may_be_notice && size < NOTICE_SIZE && share(&[&NOTICE]) > 0.4 || says(&NOTICE) {
        return Some(NoArticle::Notice);
    }
    if share(&[&SCRIPTS]) > 0.3 || says(&SCRIPTS) {
        return Some(NoArticle::NeedsScripts);
    }
    let (stub, paid_stub) =
        if evidence.has_feed_text { (STUB_SIZE, STUB_SIZE) } else { (OFFER_SIZE, SHORT_STUB_SIZE) };
    if size < paid_stub && evidence.is_paid || size < stub && evidence.offers_to_pay() {
        return Some(NoArticle::Subscribers);
    }
    if size < NOTICE_SIZE && share(&[&SIGN_IN]) > 0.5 || says(&SIGN_IN) {
        return Some(NoArticle::SignIn);
    }
    if says(&CONSENT) && says(&COOKIES) {
        return Some(NoArticle::Consent);
    }
    let visible: usize = page.blocks.iter().map(|block| block.size).sum();
    if is_empty && evidence.has_scripts && visible < NOTICE_SIZE {
        return Some(NoArticle::NeedsScripts);
    }
    is_empty.then_some(NoArticle::NotFound)
}

/// Whether a heading says that there is no such page: by a phrase, or by the number of this error beside little else.
fn is_of_missing_page(heading: &str) -> bool {
    let words = words(heading);
    heading.chars().count() < 80 && has(heading, &MISSING)
        || words.len() <= 4 && words.iter().any(|word| word == "404")
}

impl PageEvidence<'_> {
    /// Whether the page offers to read on after paying: in a short text of its own, behind the beginning.
    fn offers_to_pay(&self) -> bool {
        let start = self.end.unwrap_or_default();
        let count = if self.end.is_some() { OFFER_BLOCKS } else { usize::MAX };
        let mut behind = self.page.blocks.iter().skip(start).take(count);
        behind.any(|block| block.size < 300 && has(&block.text, &SUBSCRIBE))
            || self.article.iter().any(|(text, size)| *size < 300 && has(text, &SUBSCRIBE))
    }

    fn headings(&self) -> Vec<&str> {
        let page = self.page;
        let main = page
            .blocks
            .iter()
            .filter(|block| page.name(block.parent) == "h1")
            .map(|block| block.text.as_str());
        main.chain(self.title).collect()
    }

    fn has_no_headline(&self) -> bool {
        !self.page.blocks.iter().any(|block| self.page.name(block.parent) == "h1")
    }
}
