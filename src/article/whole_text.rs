//! Compares the article that was found with the one that JSON-LD has, where that is whole. Pure.

use super::compare::{is_same_title, letters};
use super::finder::Finder;
use super::metadata::Metadata;
use super::title;

/// Shorter blocks say little by being in a text or not: names, dates.
const MIN_BLOCK: usize = 40;

/// So much of each text has to be in the other.
const MIN_SHARE: f32 = 0.8;

/// Shorter texts are teasers.
const MIN_TEXT: usize = 500;

/// Each block is searched for in the text of JSON-LD: not if that are more bytes than real articles make.
const MAX_SEARCHED_BYTES: usize = 100_000_000;

/// A page has so many headlines of its own at most.
const MAX_HEADLINES: usize = 8;

/// What JSON-LD is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonLdText {
    /// It is a teaser, or another text.
    None,
    /// The article is on the page: what JSON-LD has not was dropped, and what it has was added.
    Same,
    /// The page has only the beginning, or nothing.
    Longer,
}

pub(super) fn compare(body: &str, metadata: &Metadata, found: &mut Finder<'_>) -> JsonLdText {
    let whole = letters(body);
    if whole.len() * found.page.blocks.len() > MAX_SEARCHED_BYTES {
        return JsonLdText::None;
    }
    let own: Vec<String> = found.page.blocks.iter().map(|block| letters(&block.text)).collect();
    let is_in = |at: usize| whole.contains(&own[at]);
    let (mut kept, mut shared) = (0, 0);
    for at in (0..own.len()).filter(|at| found.kept[*at]) {
        kept += own[at].len();
        shared += if is_in(at) { own[at].len() } else { 0 };
    }
    if shared as f32 >= MIN_SHARE * kept as f32
        && whole.len() as f32 >= MIN_SHARE * kept as f32
        && kept > 0
        && shared * 2 > whole.len()
    {
        for at in (0..own.len()).filter(|at| found.page.blocks[*at].size >= MIN_BLOCK) {
            let is_wrong =
                found.kept[at] && !is_in(at) && found.heading_level(&found.page.blocks[at]).is_none();
            found.kept[at] &= !is_wrong;
        }
        return JsonLdText::Same;
    }
    let is_own =
        || metadata.is_json_ld_own || kept > 0 && shared * 2 >= kept || has_headline(found, metadata);
    if whole.chars().count() >= MIN_TEXT && whole.len() > 2 * kept && is_own() {
        JsonLdText::Longer
    } else {
        JsonLdText::None
    }
}

/// Whether the page has the headline of JSON-LD as its own.
fn has_headline(found: &Finder<'_>, metadata: &Metadata) -> bool {
    let page = found.page;
    metadata.json_ld.headline.as_ref().is_some_and(|headline| {
        (0..page.nodes.len())
            .filter(|place| page.name(*place) == "h1")
            .take(MAX_HEADLINES)
            .any(|place| is_same_title(headline, &title::text(page, place)))
    })
}

/// The paragraphs of a text of JSON-LD.
pub(super) fn paragraphs(body: &str) -> Vec<String> {
    let lines = body.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}
