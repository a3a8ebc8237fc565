//! Which of the titles of a page is the headline of its article. Pure.

use url::Url;

use super::compare::{MIN_SHARED, letters, shared, words};
use super::metadata::Metadata;
use super::page_tree::{NodeIndex, PageTree};

/// What sites put between a headline and their name.
const SEPARATORS: [&str; 9] = [" | ", " - ", " – ", " — ", " · ", " • ", " » ", " :: ", "|"];

/// The headline.
pub(super) fn find(page: &PageTree<'_>, metadata: &Metadata, url: &Url) -> Option<String> {
    let headlines: Vec<String> = (0..page.nodes.len())
        .filter(|place| page.name(*place) == "h1")
        .map(|place| text(page, place))
        .filter(|text| !text.is_empty())
        .collect();
    let stated = [&metadata.shared_title, &metadata.json_ld.headline, &metadata.page_title];
    let Some(named) = stated.into_iter().flatten().next() else { return headlines.into_iter().next() };
    let named_letters = letters(named);
    let page_title = metadata.page_title.as_deref().map(letters).unwrap_or_default();
    let is_alike = |headline: &&String| {
        let headline = letters(headline);
        !headline.is_empty()
            && (named_letters.contains(&headline)
                || headline.contains(&named_letters)
                || page_title.contains(&headline))
    };
    if let Some(headline) = headlines.iter().filter(is_alike).max_by_key(|headline| headline.len()) {
        return Some(headline.clone());
    }
    let named = without_site(named, metadata, url);
    let shares_words = |headline: &&String| shared(&words(headline), &words(&named)) >= MIN_SHARED;
    Some(headlines.iter().find(shares_words).cloned().unwrap_or(named))
}

pub(super) fn text(page: &PageTree<'_>, place: NodeIndex) -> String {
    let lines = page.blocks[page.blocks_in(place)].iter().map(|block| block.text.replace('\n', " "));
    lines.collect::<Vec<_>>().join(" ")
}

/// A title without the name of the site behind it.
fn without_site(title: &str, metadata: &Metadata, url: &Url) -> String {
    let site = metadata.site.as_deref().map(letters).unwrap_or_default();
    let host = url.host_str().map(letters).unwrap_or_default();
    for separator in SEPARATORS {
        let Some((headline, name)) = title.rsplit_once(separator) else { continue };
        let name = letters(name);
        let is_site = !name.is_empty()
            && (name == site || host.contains(&name) || !site.is_empty() && name.contains(&site));
        // Nobody writes a bar into a headline.
        if (is_site || separator.trim() == "|") && headline.chars().count() >= 10 {
            return headline.trim().to_owned();
        }
    }
    title.to_owned()
}
