//! Why a page has no article. Pure.

/// Why a page has no article; a sentence for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoArticle {
    /// It is no HTML.
    #[error("the page is no HTML")]
    NotHtml,
    /// It has no text that could be one.
    #[error("no article was found on the page")]
    NotFound,
    /// The feed has more.
    #[error("what was found on the page is shorter than the text of the feed")]
    ShorterThanFeed,
    /// It asks for consent to cookies.
    #[error("the page asks for consent to cookies and shows no article before")]
    Consent,
    /// It asks for a name and a password.
    #[error("the page asks its readers to sign in and shows no article before")]
    SignIn,
    /// It asks for a subscription.
    #[error("the page shows its article to subscribers only")]
    Subscribers,
    /// It has no text before scripts run.
    #[error("the page has no text unless scripts run")]
    NeedsScripts,
    /// It wants to know whether a browser asks.
    #[error("the page is a check whether a browser asks for it")]
    BotCheck,
    /// It says that there is no such page.
    #[error("the page says that the article does not exist (any more)")]
    Missing,
    /// It says why it shows none: to this browser, from here, now.
    #[error("the page has a notice in place of an article")]
    Notice,
    /// It has no text and leads elsewhere.
    #[error("the page has no text and leads to another address by a meta refresh, which is not followed")]
    Refresh,
    /// Its markup would take too long.
    #[error("the markup of the page is nested too deeply, or has too many tags")]
    TooComplex,
}
