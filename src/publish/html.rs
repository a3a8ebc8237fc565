//! Pages for people: an output to read, and the front page. No script, no request elsewhere. Pure.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use url::Url;

use super::document::{Document, OutputEntry};
use super::format::Format;
use super::highlight::marked;
use super::stories::{MARK, NAMED};
use super::text::{excerpt, one_line, uri};

const STYLE: &str = include_str!("style.css");
/// A sieve. In the page itself, so that no browser asks for /favicon.ico.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
    %3Crect width='16' height='16' rx='4' fill='%230a4f96'/%3E%3Cpath d='M3 5h10M5 8.2h6M7 11.4h2' \
    stroke='%23fff' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E";
/// Of more sources than these, those that are well are folded up.
const OPEN: usize = 30;
/// Characters of an entry's text that the page shows.
const EXCERPT: usize = 320;

/// What stands at `/`: handed in as plain words.
#[derive(Clone, Debug)]
pub struct FrontPage {
    /// Where the published feeds stand.
    pub public_url: Url,
    /// In the order of the config.
    pub outputs: Vec<OutputRow>,
    /// In the order of the config.
    pub sources: Vec<SourceRow>,
    /// What is wrong with Siftwire itself, such as a config that could not be loaded.
    pub problem: Option<String>,
}

/// One output on the front page.
#[derive(Clone, Debug)]
pub struct OutputRow {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// How many entries its document has.
    pub entries: usize,
    /// When its document last changed.
    pub changed: Option<Timestamp>,
}

/// One source on the front page.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Its site.
    pub link: Option<String>,
    /// Whether readers are missing something.
    pub health: SourceHealth,
    /// The last outcome in words.
    pub outcome: String,
    /// Since when it is in this health.
    pub since: Option<Timestamp>,
    /// When it is polled next.
    pub next_poll: Option<Timestamp>,
    /// Why then.
    pub why: String,
}

/// Whether a source answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHealth {
    /// Not polled yet.
    New,
    /// It answers.
    Healthy,
    /// Its last polls failed.
    Failing,
    /// It says that it will not come back.
    Gone,
}

/// Writes a document as a page.
pub fn write(document: &Document) -> Vec<u8> {
    let title = one_line(&document.title);
    let body = html! {
        a .skip href="#entries" { "Skip to the entries" }
        header {
            nav aria-label="Site" { a .back href=(home(&document.public_url)) { "All feeds" } }
            h1 dir="auto" { (title) }
            (subscribe(&title, |format| document.address(format)))
        }
        main #entries {
            @if document.entries.is_empty() {
                p .soft { "Nothing has matched yet. Entries appear here as soon as a source brings one." }
            }
            @for shown in &document.entries { (entry(shown)) }
        }
    };
    let alternates = html! {
        @for format in [Format::Atom, Format::Rss, Format::Json] {
            link rel="alternate" type=(format.media_type()) title=(title) href=(document.address(format));
        }
        link rel="canonical" href=(document.address(Format::Html));
    };
    page(&title, "reading", &alternates, &body)
}

/// Writes the front page.
pub fn front(front: &FrontPage) -> Vec<u8> {
    let base = front.public_url.as_str().trim_end_matches('/');
    let (bad, well): (Vec<&SourceRow>, Vec<&SourceRow>) = front
        .sources
        .iter()
        .partition(|source| matches!(source.health, SourceHealth::Failing | SourceHealth::Gone));
    let body = html! {
        header { h1 { "Siftwire" } }
        main {
            @if let Some(problem) = &front.problem {
                section .problem role="alert" {
                    h2 { "Siftwire needs you" }
                    pre tabindex="0" { (problem) }
                }
            }
            h2 { "Feeds" }
            p { "Copy an address into your feed reader, or "
                a href=(format!("{base}/outputs.opml")) { "take all of them as OPML" } "." }
            ul .cards { @for output in &front.outputs { (output_card(base, output)) } }
            h2 { "Sources" }
            p .soft { "Whatever goes wrong with one is told in "
                a href=(format!("{base}{}", Format::Html.path(super::health::NAME))) { "a feed of its own" } "." }
            @if !bad.is_empty() { ul .sources { @for source in &bad { (source_line(source)) } } }
            @if !well.is_empty() {
                details open[front.sources.len() <= OPEN] {
                    summary { (well.len()) @if well.len() == 1 { " source is well" } @else { " sources are well" } }
                    ul .sources { @for source in &well { (source_line(source)) } }
                }
            }
        }
    };
    page("Siftwire", "front", &html! {}, &body)
}

/// The value of `Content-Security-Policy` for these pages: nothing but their own style and icon.
pub fn content_security_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        style_hash(STYLE)
    )
}

/// The words of the pages are English; what sources say has its own language and direction.
fn page(title: &str, class: &str, head: &Markup, body: &Markup) -> Vec<u8> {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href=(ICON);
                (head)
                style { (PreEscaped(STYLE)) }
            }
            body class=(class) { (body) }
        }
    };
    markup.into_string().into_bytes()
}

/// A field and not a text, because whoever comes to a field by keyboard has all of it selected.
fn subscribe(title: &str, address: impl Fn(Format) -> String) -> Markup {
    html! {
        label .address {
            "Address for a feed reader"
            input type="text" readonly value=(address(Format::Atom)) spellcheck="false"
                aria-label=(format!("Address for a feed reader: {title}"));
        }
        ul .pills {
            @for (format, name) in [(Format::Atom, "Atom"), (Format::Rss, "RSS"), (Format::Json, "JSON")] {
                li { a href=(address(format)) aria-label=(format!("{name}: {title}")) { (name) } }
            }
        }
    }
}

fn entry(shown: &OutputEntry) -> Markup {
    let text = shown.summary.as_deref().or(shown.content.as_deref());
    let text = text.map(|html| html.split(MARK).next().unwrap_or_default());
    let text =
        text.map(|html| excerpt(html, EXCERPT)).filter(|text| !text.is_empty() && *text != shown.title);
    let title = marked(&one_line(&shown.title), &shown.highlights);
    html! {
        // An empty tag says that the language is not known, and not that it is English.
        article .entry lang=(shown.language().unwrap_or_default()) dir="auto" {
            h2 {
                @if let Some(link) = shown.link() { a href=(uri(link)) rel="noreferrer" { (title) } }
                @else { (title) }
            }
            p .soft { bdi { (one_line(&shown.kept.source.title)) } " \u{b7} " (time(shown.kept.date)) }
            @if let Some(text) = text { p { (marked(&text, &shown.highlights)) } }
            @if !shown.also_in.is_empty() {
                p .soft lang="en" { "Also in: "
                    @for (index, also) in shown.also_in.iter().take(NAMED).enumerate() {
                        @if index > 0 { ", " }
                        a href=(uri(&also.link)) rel="noreferrer" { bdi lang="" { (one_line(&also.title)) } }
                    }
                    @if shown.also_in.len() > NAMED { " and others" }
                }
            }
        }
    }
}

fn output_card(base: &str, output: &OutputRow) -> Markup {
    let address = |format: Format| uri(&format!("{base}{}", format.path(&output.name)));
    let entries = if output.entries == 1 { "entry" } else { "entries" };
    html! {
        li {
            h3 { a href=(address(Format::Html)) dir="auto" { (one_line(&output.title)) } }
            p .soft {
                (output.entries) " " (entries)
                @if let Some(changed) = output.changed { ", changed " (time(changed)) }
            }
            (subscribe(&output.title, address))
        }
    }
}

fn source_line(source: &SourceRow) -> Markup {
    let title = one_line(&source.title);
    html! {
        li {
            p {
                @if let Some(link) = &source.link { a href=(uri(link)) rel="noreferrer" { bdi { (title) } } }
                @else { bdi { (title) } }
                @if title != source.name { " " small { (source.name) } }
            }
            p { (state(source)) }
            p .soft {
                @if let Some(next) = source.next_poll { "next " (time(next)) @if !source.why.is_empty() { " (" (source.why) ")" } }
                @else if source.health == SourceHealth::Gone { "asked no more" }
            }
        }
    }
}

fn state(source: &SourceRow) -> Markup {
    let (class, word) = match source.health {
        SourceHealth::New => ("soft", "not asked yet"),
        SourceHealth::Healthy => ("good", "answered"),
        SourceHealth::Failing => ("bad", "fails since"),
        SourceHealth::Gone => ("bad", "gone since"),
    };
    html! {
        span class=(class) { (word) }
        @if let Some(since) = source.since { " " (time(since)) }
        @if !source.outcome.is_empty() { " " small { (one_line(&source.outcome)) } }
    }
}

fn time(time: Timestamp) -> Markup {
    let machine = super::xml::rfc3339(super::xml::whole(time));
    html! { time datetime=(machine) lang="en" dir="ltr" { (time.strftime("%-d %b %Y, %H:%M").to_string()) " UTC" } }
}

fn home(public_url: &Url) -> String {
    format!("{}/", public_url.as_str().trim_end_matches('/'))
}

/// The hash of a text in the form that a policy names it by (CSP level 3, section 2.3.1): base64.
fn style_hash(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::from("sha256-");
    for chunk in Sha256::digest(text.as_bytes()).chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_hash_that_browsers_compute() {
        assert_eq!(style_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(style_hash("abc"), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn the_front_page_tells_the_health_of_each_source() {
        let line = |name: &str, health, outcome: &str| SourceRow {
            name: name.into(),
            title: format!("{name} <b>"),
            link: None,
            health,
            outcome: outcome.into(),
            since: Timestamp::from_second(86_400).ok(),
            next_poll: Timestamp::from_second(90_000).ok(),
            why: "back-off 3".into(),
        };
        let page = FrontPage {
            public_url: Url::parse("https://feeds.example.org/sub").expect("an address"),
            outputs: vec![OutputRow { name: "a".into(), title: "A & B".into(), entries: 1, changed: None }],
            sources: vec![
                line("down", SourceHealth::Failing, "status 500"),
                line("up", SourceHealth::Healthy, ""),
            ],
            problem: Some("config.toml line 3".into()),
        };
        let html = String::from_utf8(front(&page)).expect("text");
        for part in [
            "A &amp; B</a>",
            "1 entry<",
            r#"value="https://feeds.example.org/sub/feeds/a.atom""#,
            "down &lt;b&gt;",
            r#"<span class="bad">fails since</span> <time datetime="1970-01-02T00:00:00Z""#,
            "<small>status 500</small>",
            "(back-off 3)",
            ">config.toml line 3</pre>",
            "1 source is well",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
