//! Which blocks of a page are its article. Pure.

use std::collections::{HashMap, HashSet};

use unicode_normalization::char::is_combining_mark;

use super::compare::{begin_alike, letters};
use super::page_tree::{NodeIndex, PageTree, TextBlock};
use super::words::{Purpose, purpose};

/// A part with more of all that the page says is no boilerplate, whatever its classes are.
const MAX_BOILERPLATE: f32 = 0.35;

/// An element that is part of an article as well has so much text.
pub(super) const MIN_SIBLING: f32 = 100.0;

/// So much text has to be left where a long part is dropped by its name.
pub(super) const MIN_LEFT: f32 = 300.0;

/// Elements that hold one paragraph.
pub(super) const PARAGRAPH_ELEMENTS: [&str; 11] =
    ["p", "li", "dd", "dt", "blockquote", "h1", "h2", "h3", "h4", "td", "pre"];

/// What is known of the article beforehand.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadMetadata {
    /// The titles that the page has in its head.
    pub(super) titles: Vec<String>,
    pub(super) descriptions: Vec<String>,
}

pub(super) struct Finder<'a> {
    pub(super) page: &'a PageTree<'a>,
    /// What each element is for, by place.
    pub(super) purposes: Vec<Purpose>,
    /// How much each block counts as part of an article.
    pub(super) weights: Vec<f32>,
    /// Whether each block is part of it.
    pub(super) kept: Vec<bool>,
    /// What was dropped with its pictures, by place.
    dropped: Vec<bool>,
    /// The element of the article.
    pub(super) root: NodeIndex,
}

/// Sums over the kept blocks of an element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) weight: f32,
    pub(super) size: usize,
    pub(super) linked: usize,
    links: usize,
    blocks: usize,
}

impl<'a> Finder<'a> {
    /// All of a page.
    pub(super) fn all(page: &'a PageTree<'a>) -> Finder<'a> {
        Finder {
            page,
            purposes: Vec::new(),
            weights: Vec::new(),
            kept: vec![true; page.blocks.len()],
            dropped: vec![false; page.nodes.len()],
            root: 0,
        }
    }

    pub(super) fn find(page: &'a PageTree<'a>, expected: &HeadMetadata) -> Finder<'a> {
        let purposes = (0..page.nodes.len())
            .map(|place| match page.element(place) {
                Some(element) if page.nodes[place].is_block => purpose(element),
                _ => Purpose::Unknown,
            })
            .collect();
        let weights = page.blocks.iter().map(|block| weight(page, block)).collect();
        let mut finder = Finder { purposes, weights, ..Finder::all(page) };
        finder.drop_boilerplate();
        finder.drop_cards(expected);
        finder.choose_root(expected);
        finder.drop_outside();
        finder.drop_parts();
        finder.drop_repeated();
        finder.trim_start();
        finder.trim_end();
        finder.drop_headings(expected);
        finder.add_lead(expected);
        finder
    }

    /// How much the article says.
    pub(super) fn size(&self) -> usize {
        self.page.blocks.iter().zip(&self.kept).filter(|(_, kept)| **kept).map(|(block, _)| block.size).sum()
    }

    /// Whether an element was dropped as a part that is none of the article.
    pub(super) fn is_dropped_part(&self, place: NodeIndex) -> bool {
        self.dropped[place]
    }

    pub(super) fn sums(&self, place: NodeIndex) -> Sums {
        let mut sums = Sums::default();
        for at in self.page.blocks_in(place).filter(|at| self.kept[*at]) {
            let block = &self.page.blocks[at];
            sums.weight += self.weights[at];
            sums.size += block.size;
            sums.linked += block.linked;
            sums.links += block.links;
            sums.blocks += 1;
        }
        sums
    }

    pub(super) fn drop_in(&mut self, place: NodeIndex) {
        // The pictures whose captions are dropped stay.
        if self.purposes[place] != Purpose::Caption {
            self.dropped[place..self.page.nodes[place].end].fill(true);
        }
        for at in self.page.blocks_in(place) {
            self.kept[at] = false;
        }
    }

    /// Drops what stands around articles by its names, unless it has too much of the text. Where no article
    /// would be left, the names are those of a layout, and tell nothing.
    fn drop_boilerplate(&mut self) {
        let total = self.sums(0).weight;
        self.drop_named(Purpose::Outside, total);
        let (kept, dropped) = (self.kept.clone(), self.dropped.clone());
        self.drop_named(Purpose::Boilerplate, total);
        if self.sums(0).weight < MIN_LEFT {
            (self.kept, self.dropped) = (kept, dropped);
            let around = self.purposes.iter_mut().filter(|purpose| **purpose == Purpose::Boilerplate);
            around.for_each(|purpose| *purpose = Purpose::Unknown);
        }
    }

    fn drop_named(&mut self, purpose: Purpose, total: f32) {
        let mut place = 1;
        while place < self.page.nodes.len() {
            if self.purposes[place] == purpose && self.is_frame(place, total) {
                self.drop_in(place);
                place = self.page.nodes[place].end;
            } else {
                place += 1;
            }
        }
    }

    fn is_frame(&self, place: NodeIndex, total: f32) -> bool {
        let weight = self.sums(place).weight;
        let is_outside = self.purposes[place] == Purpose::Outside;
        weight <= MAX_BOILERPLATE * total
            || is_outside && total - weight > MIN_LEFT && !self.has_article(place)
    }

    /// Whether a headline or the marked text of an article is within.
    fn has_article(&self, place: NodeIndex) -> bool {
        (place..self.page.nodes[place].end)
            .any(|place| self.page.name(place) == "h1" || self.purposes[place] == Purpose::Body)
    }

    pub(super) fn children(&self, place: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        let end = self.page.nodes[place].end;
        std::iter::successors(Some(place + 1).filter(|child| *child < end), move |child| {
            Some(self.page.nodes[*child].end).filter(|child| *child < end)
        })
    }

    fn drop_outside(&mut self) {
        let inside = self.page.blocks_in(self.root);
        for at in 0..self.kept.len() {
            self.kept[at] &= inside.contains(&at);
        }
    }

    /// Drops parts of the article's element that are none of the article.
    fn drop_parts(&mut self) {
        let all = self.sums(self.root);
        let mut place = self.root + 1;
        while place < self.page.nodes[self.root].end {
            if self.page.nodes[place].is_block && self.is_dropped(place, all) {
                self.drop_in(place);
                place = self.page.nodes[place].end;
            } else {
                place += 1;
            }
        }
    }

    fn is_dropped(&self, place: NodeIndex, all: Sums) -> bool {
        let sums = self.sums(place);
        if sums.blocks == 0 || sums.weight > 0.5 * all.weight {
            return false;
        }
        let density = sums.linked as f32 / sums.size.max(1) as f32;
        if sums.blocks == 1 && (self.is_heading_of_text(place) || self.is_linked_paragraph(place)) {
            return false;
        }
        match self.purposes[place] {
            Purpose::Boilerplate | Purpose::Outside => sums.weight < MAX_BOILERPLATE * all.weight,
            Purpose::Caption => sums.weight < 0.2 * all.weight,
            Purpose::Aside => {
                density > 0.25 || sums.weight == 0.0 || sums.weight < 0.05 * all.weight && sums.blocks > 1
            }
            Purpose::Unknown | Purpose::Body | Purpose::Lead => {
                // A sentence may have many links, and a table too.
                let is_dense = match self.page.name(place) {
                    "p" | "table" | "tbody" | "tr" | "td" => density > 0.8,
                    _ => density > 0.5,
                };
                density > 0.8 || is_dense && sums.links > 1
            }
        }
    }

    /// Whether an element has nothing but the heading of a paragraph that follows.
    fn is_heading_of_text(&self, place: NodeIndex) -> bool {
        let blocks = self.page.blocks_in(place);
        let level = self.page.blocks[blocks.clone()].last().and_then(|block| self.heading_level(block));
        let is_text = |next: &TextBlock| {
            self.page.ancestors(next.parent).take(2).any(|around| around == self.page.nodes[place].parent)
        };
        level.is_some()
            && self.page.blocks.get(blocks.end).is_some_and(is_text)
            && self.kept[blocks.end]
            && self.weights[blocks.end] > 0.0
    }

    /// Whether an element is a paragraph that is a link, a whole sentence beside other paragraphs: links to other articles
    /// are headlines.
    fn is_linked_paragraph(&self, place: NodeIndex) -> bool {
        const MIN_SIZE: usize = 80;
        const MAX_BETWEEN: usize = 8;
        let at = self.page.blocks_in(place).start;
        let block = &self.page.blocks[at];
        let mut near = at.saturating_sub(MAX_BETWEEN)..(at + MAX_BETWEEN).min(self.kept.len());
        self.page.name(place) == "p"
            && block.size >= MIN_SIZE
            && block.linked + 2 >= block.size
            && ends_sentence(&block.text)
            && near.any(|at| {
                let beside = self.page.blocks[at].parent;
                self.page.name(beside) == "p"
                    && self.page.nodes[beside].parent == self.page.nodes[place].parent
                    && self.kept[at]
                    && self.weights[at] > 0.0
            })
    }

    pub(super) fn heading_level(&self, block: &TextBlock) -> Option<u8> {
        let level = self.page.name(block.parent).strip_prefix('h')?.parse().ok()?;
        (1..=6).contains(&level).then_some(level)
    }

    /// Drops what the page shows twice, for wide and for narrow windows, and labels of every paragraph.
    fn drop_repeated(&mut self) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (block, _) in self.page.blocks.iter().zip(&self.kept).filter(|(_, kept)| **kept) {
            *counts.entry(&block.text).or_default() += 1;
        }
        let (mut seen, mut last) = (HashSet::new(), "");
        for (at, block) in
            self.page.blocks.iter().enumerate().filter(|(at, _)| self.kept[*at]).collect::<Vec<_>>()
        {
            let is_label = block.size < 25
                && counts[&*block.text] > 2
                && !PARAGRAPH_ELEMENTS.contains(&self.page.name(block.parent));
            let is_copy = block.text == last || block.size >= 80 && !seen.insert(&*block.text);
            self.kept[at] = !is_label && !is_copy;
            last = &block.text;
        }
    }

    /// Drops dates, names and the like before the first paragraph.
    fn trim_start(&mut self) {
        for at in self.page.blocks_in(self.root) {
            let is_text = self.weights[at] > 0.0 || self.is_linked_paragraph(self.page.blocks[at].parent);
            if self.kept[at] && is_text {
                break;
            }
            self.kept[at] = false;
        }
    }

    /// Drops what follows the last paragraph.
    fn trim_end(&mut self) {
        for at in self.page.blocks_in(self.root).rev() {
            let block = &self.page.blocks[at];
            let is_cell = matches!(self.page.name(block.parent), "td" | "th" | "pre");
            let is_text =
                is_cell || self.weights[at] > 0.0 || is_sentence(&block.text) || self.is_last_word(at);
            if self.kept[at] && is_text && block.linked * 2 < block.size {
                break;
            }
            self.kept[at] = false;
        }
    }

    /// Whether a block is a paragraph of one word, of the same make as the one before it, which is text.
    fn is_last_word(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).filter(|before| self.kept[*before]) else { return false };
        let (place, other) = (self.page.blocks[at].parent, self.page.blocks[before].parent);
        let class = |place| self.page.element(place).and_then(|element| element.value("class"));
        self.weights[before] > 0.0
            && self.page.blocks[at].links == 0
            && is_word(&self.page.blocks[at].text)
            && self.page.name(place) == "p"
            && self.page.name(other) == "p"
            && class(place) == class(other)
            && self.page.nodes[place].parent == self.page.nodes[other].parent
    }

    /// Drops headings of which nothing is left, and the headline.
    fn drop_headings(&mut self, expected: &HeadMetadata) {
        let is_title = |text: &str| expected.titles.iter().any(|title| letters(title) == letters(text));
        // The level of the next heading; 0 at the end, 9 for a text.
        let mut followed = 0;
        for at in self.page.blocks_in(self.root).rev() {
            let block = &self.page.blocks[at];
            if !self.kept[at] {
                // What stood below a heading that is dropped with it.
                continue;
            }
            if let Some(level) = self.heading_level(block).filter(|_| self.weights[at] == 0.0) {
                self.kept[at] = followed > level && !is_title(&block.text);
                if self.kept[at] {
                    followed = level;
                }
            } else {
                followed = 9;
            }
        }
    }

    /// Adds the lead, where it stands before the article's element.
    fn add_lead(&mut self, expected: &HeadMetadata) {
        let start = self.page.blocks_in(self.root).start;
        let Some(first) = (0..self.kept.len()).find(|at| self.kept[*at]) else { return };
        for at in start.saturating_sub(25)..first {
            let block = &self.page.blocks[at];
            let is_expected =
                expected.descriptions.iter().any(|description| begin_alike(description, &block.text));
            let is_lead =
                self.page.elements_around(block).take(3).any(|place| self.purposes[place] == Purpose::Lead)
                    && self.weights[at] > 0.0;
            if (is_expected || is_lead)
                && self.heading_level(block).is_none()
                && block.size > 40
                && block.linked == 0
            {
                let repeated = (first..self.kept.len())
                    .any(|other| self.kept[other] && self.page.blocks[other].text.contains(&block.text));
                self.kept[at] = !repeated;
            }
        }
    }
}

/// How much a block counts as a paragraph.
fn weight(page: &PageTree<'_>, block: &TextBlock) -> f32 {
    let plain = block.size - block.linked.min(block.size);
    let is_address = block.text.contains("://") && !block.text.contains(' ');
    if plain < 35 || is_address || block.linked * 2 > block.size {
        return 0.0;
    }
    let by_element = match page.name(block.parent) {
        "p" => 1.2,
        "h1" => return 0.0,
        // Sites with large type set paragraphs as headings.
        "h2" | "h3" | "h4" | "h5" | "h6" if !is_long_heading(block) => return 0.0,
        "li" | "td" | "dd" => 0.6,
        _ => 0.9,
    };
    let by_sentence = if is_sentence(&block.text) { 1.0 } else { 0.3 };
    plain as f32 * by_element * by_sentence
}

fn is_long_heading(block: &TextBlock) -> bool {
    block.size >= 120 || block.size >= 60 && block.text.ends_with(['.', '。'])
}

fn is_word(text: &str) -> bool {
    text.contains(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '\'' | '’'))
}

fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', '”', '“', '’', '»', '«', ')', '」', '』']);
    text.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '؟', '։', '။', '۔'])
}

/// Whether a text has a mark that ends or divides sentences, and not numbers or addresses.
fn is_sentence(text: &str) -> bool {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '…' | '。' | '！' | '？' | '।' | '؟' | '։' | '။' | '၊' | '۔' | '،' | '，' | '、' =>
            {
                return true;
            }
            '.' | '!' | '?' | ','
                if rest.peek().is_none_or(|next| !next.is_alphanumeric() && *next != '/') =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}
