//! Writes the page on which filters are tried: what one takes and what it leaves out, and why. Pure.

mod charts;
mod entries;

use maud::{Markup, html};
use url::Url;

use super::caret::{Underlined, underline};
use super::document::{SEARCH_PATH, search_address};
use super::format::Format;
use super::html::{TRY, feed_addresses, home, icon_link, page};
use super::icon;
use super::output::Stories;
use super::search_request::{MAX_QUERY_CHARS, Search};
use super::text::one_line;
use super::try_script;
use crate::filter::QueryProblem;
pub use charts::MatchCounts;
pub use entries::FoundEntry;

/// The most outputs to choose from, of which each also has a link to start from.
const MAX_LISTED_OUTPUTS: usize = 300;
const MAX_LINKED_OUTPUTS: usize = 12;
/// The most sources that are proposed as one types, and the most tags with a box.
const MAX_LISTED_SOURCES: usize = 300;
const MAX_LISTED_TAGS: usize = 40;
/// The most words that are listed of a term, and the most rows of terms.
const MAX_WORDS: usize = 200;
const MAX_TERMS: usize = 100;
/// The most problems of a query that are shown.
const MAX_PROBLEMS: usize = 20;

/// Everything that the page shows.
pub struct TryPage<'a> {
    /// The base address of the published feeds.
    pub public_url: &'a Url,
    /// What is searched for.
    pub search: &'a Search<'a>,
    /// What can be chosen.
    pub choices: Choices<'a>,
    /// What was found; `None` if the query is invalid.
    pub result: Option<SearchResult>,
}

/// What can be chosen.
pub struct Choices<'a> {
    /// Name and title of each output.
    pub outputs: Vec<(&'a str, &'a str)>,
    /// Names of sources.
    pub sources: Vec<&'a str>,
    /// Each tag, and how many sources have it.
    pub tags: Vec<(&'a str, usize)>,
}

impl Choices<'_> {
    /// How many sources are proposed.
    pub const MAX_SOURCES: usize = MAX_LISTED_SOURCES;
}

/// What a search has found.
pub struct SearchResult {
    /// How many entries of the chosen sources were searched.
    pub searched: usize,
    /// Whether these are all that are kept.
    pub is_whole: bool,
    /// Whether these are all that are ever searched; if not, a later search of the same has more.
    pub is_done: bool,
    /// How many of them match, and how many stories that is.
    pub matches: (usize, usize),
    /// The newest that match.
    pub entries_in: Vec<FoundEntry>,
    /// The newest that do not.
    pub entries_out: Vec<FoundEntry>,
    /// How many match by source and by day.
    pub counts: MatchCounts,
    /// What each term searches for.
    pub term_words: Vec<(String, Vec<String>)>,
    /// What an output would gain and lose.
    pub difference: Option<OutputDifference>,
    /// The table for config.toml.
    pub block: String,
}

/// What an output would gain and lose with another filter.
pub struct OutputDifference {
    /// Its name.
    pub output: String,
    /// How many entries come in, and the newest of them.
    pub gains: (usize, Vec<FoundEntry>),
    /// How many no longer match, and the newest of them.
    pub losses: (usize, Vec<FoundEntry>),
}

/// Writes it.
pub fn write(content: &TryPage<'_>) -> Vec<u8> {
    let TryPage { public_url, search, result, .. } = content;
    let address = |format| search_address(public_url, format, &search.parameters());
    let title = match search.text.as_str() {
        "" => "Try a filter".to_owned(),
        text => format!("{} \u{b7} Try a filter", one_line(text)),
    };
    let head = html! {
        (icon_link(public_url, icon::PATH))
        @if result.is_some() {
            @for format in Format::feeds() {
                link rel="alternate" type=(format.media_type()) title=(feed_title(search)) href=(address(format));
            }
        }
        script src=(try_script::address(public_url)) defer {}
    };
    let body = html! {
        header {
            nav aria-label="Site" { a .back href=(home(public_url)) { "All feeds" } }
            h1 { "Try a filter" }
        }
        main {
            (form(content))
            @let goes_on = result.as_ref().is_some_and(|result| !result.is_done);
            p #status .soft role="status" data-goes-on[goes_on] { (status(search, result.as_ref())) }
            div #results {
                @if !search.notes.is_empty() {
                    ul .notices { @for note in &search.notes { li dir="auto" { (note) } } }
                }
                @match (&search.query, result) {
                    (Err(problems), _) => (problem_list(&search.text, problems)),
                    (Ok(query), Some(result)) => {
                        (problem_list(&search.text, query.warnings()))
                        (found(content, result, &address))
                    },
                    _ => {}
                }
            }
        }
    };
    page(&title, TRY, &head, &body)
}

/// The mistakes of a query as plain text.
pub fn problems_as_text(text: &str, problems: &[QueryProblem]) -> String {
    let shown = problems.iter().filter(|problem| !problem.warning).take(MAX_PROBLEMS).map(|problem| {
        let Underlined { before, part, after, carets } = underline(text, &problem.span);
        let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("{hint}\n"));
        format!("{before}{part}{after}\n{carets} {}\n{hint}", problem.label)
    });
    format!("The query is invalid.\n\n{}", shown.collect::<Vec<_>>().join("\n"))
}

fn feed_title(search: &Search<'_>) -> String {
    let text = one_line(&search.text);
    if text.is_empty() { "Search: everything".to_owned() } else { format!("Search: {text}") }
}

/// Without scheme and host, so that it is right for every name by which readers come.
fn path(public_url: &Url) -> String {
    format!("{}{SEARCH_PATH}", public_url.path().trim_end_matches('/'))
}

fn form(content: &TryPage<'_>) -> Markup {
    let TryPage { public_url, search, choices, .. } = content;
    let output = search.output.map_or("", |output| output.name.as_str());
    let is_chosen =
        |tag: &str| search.written_sources.iter().any(|name| name.to_lowercase() == format!("#{tag}"));
    let has_box = |name: &str| {
        let tags = choices.tags.iter().take(MAX_LISTED_TAGS);
        name.strip_prefix('#').is_some_and(|name| tags.clone().any(|(tag, _)| *tag == name.to_lowercase()))
    };
    // A name with a comma could not be typed here; it stays in the address of the feed.
    let typed: Vec<&str> =
        search.written_sources.iter().map(String::as_str).filter(|name| !has_box(name)).collect();
    html! {
        form #search role="search" action=(path(public_url)) {
            label .address {
                "Filter: words, \"exact phrases\", AND, OR, -without, @topics, title:words"
                input #q type="search" name="q" value=(search.text) maxlength=(MAX_QUERY_CHARS) dir="auto"
                    autocomplete="off" autocapitalize="off" spellcheck="false";
            }
            div .fields {
                label .address {
                    "Sources (blank: all) "
                    input type="text" name="sources" value=(typed.join(", ")) list="source-names" dir="auto"
                        autocomplete="off" spellcheck="false";
                }
                datalist #source-names { @for name in choices.sources.iter().take(MAX_LISTED_SOURCES) { option value=(name); } }
                label .address {
                    " Compare with "
                    @if choices.outputs.len() <= MAX_LISTED_OUTPUTS {
                        select name="output" {
                            option value="" { "none" }
                            @for (name, title) in &choices.outputs {
                                option value=(name) selected[*name == output] { (one_line(title)) }
                            }
                        }
                    } @else {
                        input type="text" name="output" value=(output) autocomplete="off" spellcheck="false";
                    }
                }
                label .address {
                    " In the feed "
                    select name="stories" {
                        option value="merge" selected[search.stories == Stories::Merge] { "each story once" }
                        option value="all" selected[search.stories == Stories::All] { "every entry" }
                    }
                }
                button type="submit" { "Search" }
            }
            @if !choices.tags.is_empty() {
                fieldset {
                    legend { "Sources with the tag" }
                    ul .pills {
                        @for (tag, count) in choices.tags.iter().take(MAX_LISTED_TAGS) {
                            li { label {
                                input type="checkbox" name="sources" value=(format!("#{tag}")) checked[is_chosen(tag)];
                                " " bdi { (tag) } " " small { (count) }
                            } }
                        }
                    }
                }
            }
        }
        @if search.text.is_empty() && !choices.outputs.is_empty() {
            nav aria-label="Outputs" {
                p .soft { "Or start from the filter of an output:" }
                ul .pills {
                    @for (name, title) in choices.outputs.iter().take(MAX_LINKED_OUTPUTS) {
                        li { a href=(format!("{}?output={}", path(public_url), encoded(name))) dir="auto" { (one_line(title)) } }
                    }
                }
            }
        }
    }
}

fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// One sentence that screen readers announce.
fn status(search: &Search<'_>, result: Option<&SearchResult>) -> String {
    let Some(SearchResult { searched, is_whole, is_done, matches: (matches, stories), .. }) = result else {
        return match search.query {
            Err(_) => "The filter has a mistake.".to_owned(),
            Ok(_) => String::new(),
        };
    };
    if *searched == 0 && *is_done {
        return "Nothing is kept of these sources yet.".to_owned();
    }
    let verb = if *matches == 1 { "matches" } else { "match" };
    let of = if *is_whole { "" } else { "the newest " };
    let entries = if *searched == 1 { "entry" } else { "entries" };
    let of_stories = match *stories {
        1 => ", one story".to_owned(),
        stories if stories < *matches => format!(", {} stories", grouped(stories)),
        _ => String::new(),
    };
    let end = match (is_whole, is_done) {
        (true, _) => "",
        (false, true) => " Older ones were not searched.",
        (false, false) => " Older ones are being searched: search again for them.",
    };
    format!("{} of {of}{} {entries} {verb}{of_stories}.{end}", grouped(*matches), grouped(*searched))
}

/// A number with a comma after each three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn problem_list(text: &str, problems: &[QueryProblem]) -> Markup {
    html! {
        @for problem in problems.iter().take(MAX_PROBLEMS) {
            @let Underlined { before, part, after, carets } = underline(text, &problem.span);
            section class=(if problem.warning { "start" } else { "problem" }) {
                h2 { @if problem.warning { "The filter may not do what you mean" } @else { "The filter has a mistake" } }
                pre tabindex="0" dir="auto" {
                    span .part { (before) } mark .part { (part) } span .part { (after) } "\n"
                    // Where there is a style, it makes the spaces as wide as the text above them, in whatever font that is.
                    @let indent = carets.len() - carets.trim_start().len();
                    span .indent data-text=(before) { (&carets[..indent]) } (&carets[indent..])
                }
                p dir="auto" { (problem.label) }
                @if let Some(hint) = &problem.hint { p dir="auto" { (hint) } }
            }
        }
    }
}

fn found(content: &TryPage<'_>, result: &SearchResult, address: &impl Fn(Format) -> String) -> Markup {
    let SearchResult { matches: (matches, _), searched, counts, term_words, difference, block, .. } = result;
    html! {
        div .found {
            div .about {
        (charts::write(counts))
        div .folded {
            details #use {
                summary { "Use this filter" }
                p { "As an output, in config.toml:" }
                pre tabindex="0" { code { (block) } }
                (feed_addresses(&feed_title(content.search), address))
            }
            @if !term_words.is_empty() {
                details #words {
                    summary { "The words that it searches for" }
                    dl {
                        @for (term, words) in term_words.iter().take(MAX_TERMS) {
                            dt { bdi { (term) } }
                            dd dir="auto" {
                                (words.iter().take(MAX_WORDS).map(String::as_str).collect::<Vec<_>>().join(", "))
                                @if words.len() > MAX_WORDS { " and " (words.len() - MAX_WORDS) " more" }
                            }
                        }
                    }
                }
            }
        }
            }
            div {
        @if let Some(OutputDifference { output, gains, losses }) = difference {
            section {
                h2 { "Compared with " bdi { (output) } }
                div .columns {
                    (entries::list(content.public_url, &format!("{} more", grouped(gains.0)), gains, "Nothing comes in addition."))
                    (entries::list(content.public_url, &format!("{} fewer", grouped(losses.0)), losses, "Nothing is lost."))
                }
            }
        }
        section {
            h2 { "The newest entries" }
            div .columns {
                (entries::list(content.public_url, &format!("{} in", grouped(*matches)), &(*matches, &result.entries_in), "Nothing matches."))
                (entries::list(content.public_url, &format!("{} out", grouped(searched - matches)), &(searched - matches, &result.entries_out), "Nothing is left out."))
            }
        }
            }
        }
    }
}
