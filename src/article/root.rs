//! The element of a page that has the article, and little else. Pure.

use super::compare::letters;
use super::finder::{Finder, HeadMetadata, MIN_SIBLING, PARAGRAPH_ELEMENTS, Sums};
use super::page_tree::NodeIndex;
use super::words::Purpose;

/// A part of an article that stands by itself has so much text.
const MIN_PART: f32 = 200.0;

/// The article with the headline has so much of the text of the page.
const MIN_OF_ALL: f32 = 0.3;

/// The element of the article has at least as much of what the element around it says.
const MIN_SHARE: f32 = 0.85;

/// Parts of the same make are together so much of what they are parts of.
const MAX_PARTS: f32 = 0.7;

/// How much a paragraph counts for the elements around it, the innermost first.
const SHARES: [f32; 6] = [1.0, 0.7, 0.5, 0.35, 0.25, 0.17];

/// Parts of the same make are looked for so far out.
const MAX_LEVELS: usize = 8;

/// A headline has so many lines at most.
const MAX_HEADLINE_BLOCKS: usize = 4;

impl Finder<'_> {
    /// The element that the paragraphs have in common: each counts less for each element between.
    pub(super) fn choose_root(&mut self, expected: &HeadMetadata) {
        // The sum and the number of the paragraphs that are directly within each element.
        let mut own = vec![(0.0_f32, 0_usize); self.page.nodes.len()];
        let mut scores = vec![0.0_f32; self.page.nodes.len()];
        for (at, block) in self.page.blocks.iter().enumerate() {
            if !self.kept[at] || self.weights[at] == 0.0 {
                continue;
            }
            let is_line = PARAGRAPH_ELEMENTS.contains(&self.page.name(block.parent));
            let around = self.page.elements_around(block).skip(usize::from(is_line));
            for (number, (place, share)) in around.zip(SHARES).enumerate() {
                scores[place] += share * self.weights[at];
                if number == 0 {
                    own[place] = (own[place].0 + self.weights[at], own[place].1 + 1);
                }
            }
        }
        let best_in = |places: std::ops::Range<NodeIndex>| {
            let best = places.max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a)));
            best.unwrap_or_default()
        };
        let mut best = best_in(0..scores.len());
        self.root = 0;
        if let Some(article) = self.article_of_headline(expected)
            && self.sums(article).weight >= MIN_OF_ALL * self.sums(0).weight
        {
            // Teasers of other articles may have more text than a short article.
            self.root = article;
            best = best_in(article..self.page.nodes[article].end);
        }
        self.descend();
        let all = self.sums(self.root).weight;
        if self.page.is_within(best, self.root) {
            best = self.with_parts(best, &own);
            let weight = self.sums(best).weight;
            if weight >= 0.6 * all {
                self.root = best;
            }
        }
        self.root = self.with_siblings(self.root);
    }

    /// The element that also has the other parts of an article that is cut into several, with pictures and advertising between:
    /// elements with paragraphs of their own.
    fn with_parts(&self, place: NodeIndex, own: &[(f32, usize)]) -> NodeIndex {
        let mut found = place;
        for other in self.root..self.page.nodes[self.root].end {
            let (weight, count) = own[other];
            let is_part = count >= 2 && weight >= MIN_PART && weight >= 0.1 * own[place].0;
            if is_part && !self.page.is_within(other, found) {
                let around = self.page.ancestors(found).find(|around| self.page.is_within(other, *around));
                found = around.unwrap_or(self.root);
            }
        }
        found
    }

    /// The element that also has parts of the same make beside this one or what is around it: shorter parts of the
    /// article, before and after.
    fn with_siblings(&self, place: NodeIndex) -> NodeIndex {
        let (mut found, mut at) = (place, place);
        for around in self.page.ancestors(self.page.nodes[place].parent).take(MAX_LEVELS) {
            if matches!(self.page.name(at), "article" | "main" | "body") {
                break;
            }
            let weight = self.sums(found).weight;
            let parts = self.children(around).filter(|part| *part != at && self.is_like(*part, at));
            let parts: Vec<Sums> = parts.map(|part| self.sums(part)).collect();
            let more: f32 = parts.iter().map(|part| part.weight).sum();
            if more <= MAX_PARTS * weight
                && parts.iter().any(|part| part.weight >= MIN_SIBLING && part.linked * 4 < part.size)
            {
                found = around;
            }
            at = around;
        }
        found
    }

    /// Whether two elements have the same name and the same first class.
    fn is_like(&self, a: NodeIndex, b: NodeIndex) -> bool {
        let class = |place| {
            let class =
                self.page.element(place).and_then(|element| element.value("class")).unwrap_or_default();
            class.split_ascii_whitespace().next()
        };
        self.page.name(a) == self.page.name(b)
            && class(a) == class(b)
            && !matches!(self.purposes[a], Purpose::Boilerplate | Purpose::Outside | Purpose::Aside)
            && !PARAGRAPH_ELEMENTS.contains(&self.page.name(a))
            && !self.page.name(a).is_empty()
    }

    /// What the page marks as the article with the headline.
    fn article_of_headline(&self, expected: &HeadMetadata) -> Option<NodeIndex> {
        self.page.ancestors(self.headline(expected)?).find(|place| self.page.name(*place) == "article")
    }

    fn descend(&mut self) {
        loop {
            let all = self.sums(self.root).weight;
            let next = self
                .children(self.root)
                .map(|child| (self.sums(child).weight, child))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match next {
                Some((weight, child)) if weight > 0.0 && weight >= MIN_SHARE * all => self.root = child,
                _ => break,
            }
        }
    }

    /// The headline, if the head of the page has it too.
    fn headline(&self, expected: &HeadMetadata) -> Option<NodeIndex> {
        const MIN_LETTERS: usize = 12;
        let titles: Vec<String> =
            expected.titles.iter().map(|title| letters(title)).filter(|title| !title.is_empty()).collect();
        let page = self.page;
        (0..page.nodes.len()).filter(|place| page.name(*place) == "h1").find(|place| {
            let blocks = page.blocks_in(*place).take(MAX_HEADLINE_BLOCKS);
            let text: String = blocks.map(|at| letters(&page.blocks[at].text)).collect();
            text.len() >= MIN_LETTERS
                && titles.iter().any(|title| title.contains(&text) || text.contains(title))
        })
    }
}
