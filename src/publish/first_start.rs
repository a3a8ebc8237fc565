//! What the front page says while there is nothing to read yet: that the first polls run, or what to write in config.toml.
//! Pure.

use maud::{Markup, html};

/// What runs here, and where its config is.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The version of the program.
    pub version: &'static str,
    /// The config's file, or that it is the built-in one.
    pub config: String,
    /// The same without its folder.
    pub config_name: String,
}

/// How far the first polls are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstPolls {
    /// All sources.
    pub sources: usize,
    /// Those that were polled.
    pub polled: usize,
}

impl FirstPolls {
    fn are_over(self) -> bool {
        self.polled >= self.sources
    }
}

/// Whether the first polls of a new store are still running in this process, so that a page of them reloads itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// They run.
    First,
    /// They are over, or were at an earlier start.
    #[default]
    Later,
}

/// Says what is going on, and what to do next. Empty once there is something to read.
pub(super) fn notice(about: &About, polls: FirstPolls, outputs: usize, start: Start) -> Markup {
    let FirstPolls { sources, polled } = polls;
    html! {
        @if sources == 0 || outputs == 0 {
            section .start {
                h2 { "Nothing to read yet" }
                @if sources == 0 {
                    p { "The config has no sources. Add one with "
                        code { "siftwire add https://example.org" } ", which finds the feed of a site, or write:" }
                    pre { "[[source]]\nurl = \"https://example.org/feed\"" }
                }
                @if outputs == 0 {
                    p { "The config has no outputs. An output is a feed of the entries that its filter matches:" }
                    pre { "[[output]]\nname = \"armenia\"\nfilter = \"@armenia\"" }
                }
                p { "The config is " code { (about.config) } ". It is applied as soon as it is saved." }
            }
        } @else if polled == 0 || (start == Start::First && !polls.are_over()) {
            section .start role="status" {
                h2 { @if polled == 0 { "Nothing has been polled yet" } @else { "The first polls are running" } }
                p { (polled) " of " (sources) @if sources == 1 { " source" } @else { " sources" }
                    " polled." @if start == Start::First { " This page reloads by itself until all are." } }
                p { "Then copy an address below into your feed reader. To change sources and filters, edit "
                    code { (about.config) } ": it is applied as soon as it is saved." }
            }
        }
    }
}

/// What runs, at the end of the page.
pub(super) fn footer(about: &About) -> Markup {
    html! { footer { p .soft { "Siftwire " (about.version) ", config: " (about.config_name) } } }
}
