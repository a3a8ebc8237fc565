//! Writes the front page, and what all web pages have in common. They load nothing. Their only script writes times in the
//! reader's zone; the pages of outputs, whose texts are others', have none. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use url::Url;

use super::document::SEARCH_PATH;
use super::first_start::{self, About, FirstPolls, Start};
use super::format::Format;
use super::health;
use super::icon;
use super::text::{one_line, percent_encode, site_address};
use super::xml::{rfc3339, truncate_to_second};

const STYLE: &str = include_str!("style.css");
/// What only the page for trying filters needs.
const TRY_STYLE: &str = include_str!("try_page.css");
/// Writes times in the reader's zone.
pub(super) const LOCAL_TIMES: &str = include_str!("local_times.js");
/// With more sources than this, the list of working ones is folded.
const MAX_UNFOLDED_SOURCES: usize = 30;
/// With more sources than this, the front page lists only those that fail.
const MAX_SOURCES: usize = 100;
/// The most failing sources on the front page, where it does not list all.
const MAX_FAILING_SOURCES: usize = 50;
/// With more outputs than this, the front page shows their names alone.
const MAX_OUTPUT_CARDS: usize = 30;
/// The most hosts of which the front page tells.
const MAX_NOTICES: usize = 20;
/// The class of the pages of outputs.
pub const READING: &str = "reading";
/// The class of pages that say how Siftwire is doing: with a script in them.
pub const FRONT: &str = "front";
/// The class of the page for trying filters: with a script that is a file, and requests the page again.
pub const TRY: &str = "try";
/// The path of the page of the sources.
pub const SOURCES_PATH: &str = "/sources";
/// The path under which entries have their pages.
pub const ENTRY_PATH: &str = "/entry";
/// The longest text to search for, in characters.
pub const MAX_SEARCH_CHARS: usize = 100;
/// The content of the front page, at `/`.
#[derive(Clone, Debug)]
pub struct FrontPageContent {
    /// The base address of the published feeds.
    pub public_url: Url,
    /// In the order of the config.
    pub outputs: Vec<OutputRow>,
    /// In the order of the config.
    pub sources: Vec<SourceRow>,
    /// Which hosts refuse requests or allow too few, in words.
    pub host_notices: Vec<String>,
    /// An error of Siftwire itself, such as an invalid config.
    pub problem: Option<String>,
    /// What runs.
    pub about: About,
    /// How far the first polls are, also of sources that are not shown.
    pub first_polls: FirstPolls,
    /// Whether the first polls run.
    pub start: Start,
}

/// One output on the front page.
#[derive(Clone, Debug)]
pub struct OutputRow {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The number of entries in its feed.
    pub entries: usize,
    /// When its feed last changed.
    pub changed: Option<Timestamp>,
}

/// One source on the front page.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its site's address, without secrets.
    pub link: Option<String>,
    /// The address of its feed's picture.
    pub icon: Option<String>,
    /// Its feed's own id.
    pub feed_id: Option<String>,
    /// Whether it works.
    pub health: SourceHealth,
    /// A description of the last outcome.
    pub outcome: String,
    /// When its current health began.
    pub since: Option<Timestamp>,
    /// When it is polled next, if ever.
    pub next_poll: Option<Timestamp>,
    /// The reason for that time.
    pub why: String,
}

/// Whether a source works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHealth {
    /// Not polled yet.
    New,
    /// Its last poll succeeded.
    Healthy,
    /// Its last polls failed.
    Failing,
    /// It answered 410 Gone.
    Gone,
}

impl SourceHealth {
    /// All of them.
    pub const ALL: [SourceHealth; 4] =
        [SourceHealth::New, SourceHealth::Healthy, SourceHealth::Failing, SourceHealth::Gone];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            SourceHealth::New => "new",
            SourceHealth::Healthy => "healthy",
            SourceHealth::Failing => "failing",
            SourceHealth::Gone => "gone",
        }
    }
}

/// Writes the front page.
pub fn front_page(front: &FrontPageContent) -> Vec<u8> {
    let base = front.public_url.as_str().trim_end_matches('/');
    let of = |wanted: &[SourceHealth]| -> Vec<&SourceRow> {
        front.sources.iter().filter(|source| wanted.contains(&source.health)).collect()
    };
    let broken = of(&[SourceHealth::Failing, SourceHealth::Gone]);
    let (waiting, working) = (of(&[SourceHealth::New]), of(&[SourceHealth::Healthy]));
    let body = html! {
        header { h1 { "Siftwire" } }
        main {
            @if let Some(problem) = &front.problem {
                section .problem role="alert" {
                    h2 { "Siftwire has a problem" }
                    pre tabindex="0" { (problem) }
                }
            }
            (first_start::notice(&front.about, front.first_polls, front.outputs.len(), front.start))
            @if !front.outputs.is_empty() {
                h2 { "Feeds" }
                p { "Copy an address into your feed reader, or "
                    a href=(format!("{base}/outputs.opml")) { "import all of them as OPML" } ". "
                    "What would another filter take? " a href=(format!("{base}{SEARCH_PATH}")) { "Try one" } "." }
                @if front.outputs.len() <= MAX_OUTPUT_CARDS {
                    ul .cards { @for output in &front.outputs { (output_card(base, output)) } }
                } @else {
                    ul .sources { @for output in &front.outputs { (output_line(base, output)) } }
                }
            }
            @if !front.sources.is_empty() {
                h2 { "Sources" }
                p .soft { "Problems with sources are also published as "
                    a href=(format!("{base}{}", Format::Html.path(health::NAME))) { "a feed" } ". "
                    a href=(site_address(&front.public_url, SOURCES_PATH)) { "More about each source" }
                    " is for the operator: on this machine, or with the token." }
                @if !front.host_notices.is_empty() {
                    ul .notices {
                        @for notice in front.host_notices.iter().take(MAX_NOTICES) { li { (notice) "." } }
                        @if front.host_notices.len() > MAX_NOTICES {
                            li { "The same with " (front.host_notices.len() - MAX_NOTICES) " more hosts." }
                        }
                    }
                }
                @if front.sources.len() <= MAX_SOURCES { (all_sources(&broken, &waiting, &working)) }
                @else { (failing_sources(&front.public_url, &broken, (waiting.len(), front.sources.len()))) }
            }
        }
        (first_start::footer(&front.about))
    };
    let head = html! {
        (icon_link(&front.public_url, icon::PATH))
        @for output in &front.outputs {
            link rel="alternate" type=(Format::Atom.media_type()) title=(one_line(&output.title))
                href=(address_of(base, output, Format::Atom));
        }
    };
    page("Siftwire", FRONT, &head, &body)
}

fn all_sources(broken: &[&SourceRow], waiting: &[&SourceRow], working: &[&SourceRow]) -> Markup {
    let is_open = broken.len() + waiting.len() + working.len() <= MAX_UNFOLDED_SOURCES;
    html! {
        @if !broken.is_empty() { ul .sources { @for source in broken { (source_item(source)) } } }
        @for (sources, one, several) in
            [(working, "source is working", "sources are working"), (waiting, "source has not answered yet", "sources have not answered yet")]
        {
            @if !sources.is_empty() {
                details open[is_open] {
                    summary { (sources.len()) " " @if sources.len() == 1 { (one) } @else { (several) } }
                    ul .sources { @for source in sources { (source_item(source)) } }
                }
            }
        }
    }
}

fn failing_sources(public_url: &Url, broken: &[&SourceRow], (waiting, count): (usize, usize)) -> Markup {
    html! {
        p {
            (count) " sources, "
            @if waiting > 0 { (waiting) " of them without an answer yet, " }
            @if broken.is_empty() { "none failing. " } @else { (broken.len()) " failing. " }
            a href=(site_address(public_url, SOURCES_PATH)) { "All sources" }
        }
        (search_field(public_url, ""))
        ul .sources { @for source in broken.iter().take(MAX_FAILING_SOURCES) { (source_item(source)) } }
        @if broken.len() > MAX_FAILING_SOURCES {
            p .soft { "and " (broken.len() - MAX_FAILING_SOURCES) " more that fail" }
        }
    }
}

/// A field that finds sources.
pub(super) fn search_field(public_url: &Url, search: &str) -> Markup {
    html! {
        form role="search" action=(site_address(public_url, SOURCES_PATH)) {
            label .address {
                "Find sources by name, title or host"
                input type="search" name="q" value=(search) maxlength=(MAX_SEARCH_CHARS);
            }
        }
    }
}

/// The address of a source's page.
pub(super) fn source_address(public_url: &Url, name: &str) -> String {
    site_address(public_url, &format!("{SOURCES_PATH}/{name}"))
}

/// The value of `Content-Security-Policy` for the pages of a class: their own style and icon, and the script that they
/// have.
pub fn content_security_policy(class: &str) -> String {
    format!("{}; frame-ancestors 'none'", page_policy(class))
}

/// What a page can say of itself (CSP level 3, section 3.3), for where another web server or a file system serves it.
fn page_policy(class: &str) -> String {
    let script = match class {
        FRONT => format!("script-src '{}'; ", source_hash(LOCAL_TIMES)),
        TRY => "script-src 'self'; connect-src 'self'; ".to_owned(),
        _ => String::new(),
    };
    format!(
        "default-src 'none'; style-src '{}'; {script}img-src 'self'; base-uri 'none'; form-action 'self'",
        source_hash(&style(class))
    )
}

fn style(class: &str) -> String {
    let more = if class == TRY { TRY_STYLE } else { "" };
    format!("{STYLE}{more}")
}

/// Wraps a page. Its own text is English; text from sources has its own language and direction.
pub(super) fn page(title: &str, class: &str, head: &Markup, body: &Markup) -> Vec<u8> {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(page_policy(class));
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                (head)
                style { (PreEscaped(style(class))) }
            }
            body class=(class) {
                (body)
                @if class == FRONT { script { (PreEscaped(LOCAL_TIMES)) } }
            }
        }
    };
    markup.into_string().into_bytes()
}

/// The address is in an input field because focusing it with the keyboard selects all of it.
pub(super) fn feed_addresses(title: &str, address: impl Fn(Format) -> String) -> Markup {
    html! {
        label .address {
            "To subscribe, copy this address into a feed reader"
            input type="text" readonly value=(address(Format::Atom)) spellcheck="false"
                aria-label=(format!("Address for a feed reader: {title}"));
        }
        ul .pills {
            @for format in Format::feeds() {
                li { a href=(address(format)) aria-label=(format!("{}: {title}", format.name())) { (format.name()) } }
            }
        }
    }
}

fn output_card(base: &str, output: &OutputRow) -> Markup {
    let address = |format: Format| address_of(base, output, format);
    let entries = if output.entries == 1 { "entry" } else { "entries" };
    html! {
        li {
            h3 { a href=(address(Format::Html)) dir="auto" { (one_line(&output.title)) } }
            p .soft {
                (output.entries) " " (entries)
                @if let Some(changed) = output.changed { ", changed " (time(changed)) }
            }
            (feed_addresses(&output.title, address))
        }
    }
}

fn output_line(base: &str, output: &OutputRow) -> Markup {
    html! {
        li {
            p { a href=(address_of(base, output, Format::Html)) dir="auto" { (one_line(&output.title)) } }
            p .soft { (output.entries) @if output.entries == 1 { " entry" } @else { " entries" } }
        }
    }
}

fn address_of(base: &str, output: &OutputRow, format: Format) -> String {
    percent_encode(&format!("{base}{}", format.path(&output.name)))
}

fn source_item(source: &SourceRow) -> Markup {
    let title = one_line(&source.title);
    html! {
        li {
            p {
                @if let Some(link) = &source.link { a href=(percent_encode(link)) rel="noreferrer" { bdi { (title) } } }
                @else { bdi { (title) } }
                @if title != source.name { " " small { (source.name) } }
            }
            p { (condition(source)) }
            p .soft { (next_poll(source)) }
        }
    }
}

pub(super) fn next_poll(source: &SourceRow) -> Markup {
    html! {
        @if let Some(next) = source.next_poll { "next " (time(next)) @if !source.why.is_empty() { " (" (source.why) ")" } }
        @else if source.health == SourceHealth::Gone { "no longer polled" }
    }
}

pub(super) fn condition(source: &SourceRow) -> Markup {
    let (class, label) = match source.health {
        SourceHealth::New => ("soft", "no answer yet"),
        SourceHealth::Healthy => ("good", "last answer"),
        SourceHealth::Failing => ("bad", "failing since"),
        SourceHealth::Gone => ("bad", "gone since"),
    };
    html! {
        span class=(class) { (label) }
        @if let Some(since) = source.since { " " (time(since)) }
        @if !source.outcome.is_empty() { " " small { (one_line(&source.outcome)) } }
    }
}

pub(super) fn time(time: Timestamp) -> Markup {
    let machine = rfc3339(truncate_to_second(time));
    html! { time datetime=(machine) lang="en" dir="ltr" { (time.strftime("%-d %b %Y, %H:%M").to_string()) " UTC" } }
}

/// Not a `data:` address, which some readers cannot load.
pub(super) fn icon_link(public_url: &Url, path: &str) -> Markup {
    html! { link rel="icon" href=(site_address(public_url, path)); }
}

pub(super) fn home(public_url: &Url) -> String {
    format!("{}/", public_url.as_str().trim_end_matches('/'))
}

/// The hash source of a style or a script in a policy (CSP level 3, section 2.3.1).
fn source_hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_what_browsers_compute() {
        assert_eq!(source_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(source_hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn the_front_page_shows_the_health_of_each_source() {
        let row = |name: &str, health, outcome: &str| SourceRow {
            name: name.into(),
            title: format!("{name} <b>"),
            link: None,
            icon: None,
            feed_id: None,
            health,
            outcome: outcome.into(),
            since: Timestamp::from_second(86_400).ok(),
            next_poll: Timestamp::from_second(90_000).ok(),
            why: "after 3 failures".into(),
        };
        let page = FrontPageContent {
            public_url: Url::parse("https://feeds.example.org/sub").expect("an address"),
            outputs: vec![OutputRow { name: "a".into(), title: "A & B".into(), entries: 1, changed: None }],
            sources: vec![
                row("down", SourceHealth::Failing, "status 500"),
                row("up", SourceHealth::Healthy, ""),
            ],
            host_notices: vec!["site.example allows 60 requests an hour".into()],
            problem: Some("config.toml line 3".into()),
            about: About {
                version: "1.2.3",
                config: "config.toml".into(),
                config_name: "config.toml".into(),
            },
            first_polls: FirstPolls { sources: 2, polled: 2 },
            start: Start::Later,
        };
        let html = String::from_utf8(front_page(&page)).expect("text");
        for part in [
            "A &amp; B</a>",
            "<li>site.example allows 60 requests an hour.</li>",
            "1 entry<",
            r#"<link rel="alternate" type="application/atom+xml" title="A &amp; B" href="https://feeds.example.org/sub/feeds/a.atom">"#,
            r#"value="https://feeds.example.org/sub/feeds/a.atom""#,
            "down &lt;b&gt;",
            r#"<span class="bad">failing since</span> <time datetime="1970-01-02T00:00:00Z""#,
            "<small>status 500</small>",
            "(after 3 failures)",
            ">config.toml line 3</pre>",
            "1 source is working",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
