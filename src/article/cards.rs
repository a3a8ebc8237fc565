//! Teasers of other articles that are marked as articles too. Pure.

use super::compare::letters;
use super::finder::{Finder, HeadMetadata, MIN_LEFT};
use super::page_tree::NodeIndex;

/// A teaser has so many paragraphs at most.
const MAX_PARAGRAPHS: usize = 2;

/// A teaser has so much text at most.
const MAX_SIZE: usize = 600;

impl Finder<'_> {
    /// Drops teasers of other articles, where an article is left.
    pub(super) fn drop_cards(&mut self, expected: &HeadMetadata) {
        let titles: Vec<String> = expected.titles.iter().map(|title| letters(title)).collect();
        let cards: Vec<NodeIndex> = (0..self.page.nodes.len())
            .filter(|place| self.page.name(*place) == "article" && self.is_card(*place, &titles))
            .collect();
        let within: f32 = cards.iter().map(|card| self.sums(*card).weight).sum();
        if self.sums(0).weight - within > MIN_LEFT {
            cards.into_iter().for_each(|card| self.drop_in(card));
        }
    }

    /// Whether an element has little but a headline, not that of the page, and a link to more.
    fn is_card(&self, place: NodeIndex, titles: &[String]) -> bool {
        let blocks = self.page.blocks_in(place);
        let size: usize = self.page.blocks[blocks.clone()].iter().map(|block| block.size).sum();
        let paragraphs = blocks.clone().filter(|at| self.weights[*at] > 0.0).count();
        if size > MAX_SIZE || paragraphs > MAX_PARAGRAPHS {
            return false;
        }
        let (mut has_headline, mut has_link) = (false, false);
        for block in &self.page.blocks[blocks] {
            let is_headline = self.heading_level(block).is_some();
            let text = letters(&block.text);
            if is_headline && titles.iter().any(|title| title.contains(&text)) {
                return false;
            }
            has_headline |= is_headline;
            has_link |= block.links > 0 && block.linked * 10 >= block.size * 9;
        }
        has_headline && has_link
    }
}
