//! What pages say that stand in place of an article, in many languages. Pure.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::file_part;

const FILE: &str = include_str!("phrases.txt");

/// Whether a text has one of the phrases.
pub(super) fn has(text: &str, phrases: &LazyLock<Regex>) -> bool {
    phrases.is_match(&text.to_lowercase().replace('\u{2019}', "'"))
}

#[allow(clippy::expect_used, reason = "literals, escaped")]
fn any_of(phrases: &str) -> Regex {
    let escaped: Vec<String> = phrases.lines().map(regex::escape).collect();
    Regex::new(&escaped.join("|")).expect("a pattern of literals")
}

/// What is stored on the reader's machine, and the law about it. Recipes have cookies, too.
pub(super) static COOKIES: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "cookies") }));

/// What pages say that ask for consent to cookies and to the use of data.
pub(super) static CONSENT: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "consent") }));

/// Phrases of pages that ask for a name and a password.
pub(super) static SIGN_IN: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "sign in") }));

/// Phrases of offers to read on after paying.
pub(super) static SUBSCRIBE: LazyLock<Regex> =
    LazyLock::new(|| any_of(const { file_part(FILE, "subscribe") }));

/// Phrases of pages that have nothing without scripts.
pub(super) static SCRIPTS: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "scripts") }));

/// Phrases of pages that try whether a browser asks.
pub(super) static BOT: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "bot") }));

/// Phrases of notices that other pages have in place of an article: a page that moved, another browser, maintenance, another
/// country, an age, advertising.
pub(super) static NOTICE: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "notice") }));

/// Phrases of pages that say that there is no such page.
pub(super) static MISSING: LazyLock<Regex> = LazyLock::new(|| any_of(const { file_part(FILE, "missing") }));
