//! What keeps entries with like titles or texts apart: they differ in something that matters. Pure.

use std::fmt;

use super::signature::Signature;
use super::similarity::{self, Difference, DifferencePosition};
use super::wordlists::WordClass;
use super::words::HashedWord;

/// Words of one side of a difference that can be one name.
const MAX_NAME_WORDS: usize = 6;
/// Words of one side of a difference that say something else than those of the other.
const MAX_REPLACED_WORDS: usize = 4;
/// Words of a text that one source does not use for two headlines, but for one that it edits.
const EDITED_TEXT_WORDS: usize = 30;
/// Words of a title in which an opposite decides though little else is common.
const SHORT_TITLE_WORDS: usize = 6;
/// Words at the start of a text that say who did what to whom.
const SUBJECT_WORDS: usize = 4;
/// Words at the start of a text in which a name that moves has another role.
const LEAD_WORDS: usize = 16;
/// Words before the text of an agency's report, and words by which its start is recognised.
const DATELINE_WORDS: usize = 8;
const LIKE_WORDS: usize = 5;
/// A text of at most so many words says little else than what one of them says.
const SHORT_TEXT_WORDS: usize = 25;
/// Words between two names that can have changed their roles.
const MAX_ROLE_DISTANCE: usize = 5;

/// Why two entries with like titles or texts are no story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// They have other numbers, parts or versions.
    Numbers,
    /// They have other days, times of day or directions.
    Days,
    /// One has a name in place of another's, or one more.
    Names,
    /// Two names have changed places: who did it to whom.
    Roles,
    /// One says the opposite of the other.
    Opposites,
    /// One has a negation that the other lacks.
    Negation,
    /// Title and text both have other words in one place.
    Words,
    /// A source has one headline on several days.
    Column,
    /// Two sources have one headline, which says little, over other texts.
    CommonHeadline,
    /// One is labelled as an opinion, an interview or the like.
    Label,
    /// The last part of one title need not be a publisher.
    LastPart,
    /// One is a page that is updated all day.
    Live,
    /// The texts are alike, the headlines are not.
    Headlines,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Apart::Numbers => "other numbers",
            Apart::Days => "other days, times or directions",
            Apart::Names => "other names",
            Apart::Roles => "the names have changed places",
            Apart::Opposites => "one says the opposite of the other",
            Apart::Negation => "one has a negation",
            Apart::Words => "headline and text differ in the same way",
            Apart::Column => "a headline that its source uses again: a column",
            Apart::CommonHeadline => "a short headline over other texts",
            Apart::Label => "one is labelled as something else than news, and the texts do not agree",
            Apart::LastPart => "the last part of a headline need not be a publisher",
            Apart::Live => "a page that is updated all day",
            Apart::Headlines => "other headlines over much the same text",
        })
    }
}

/// Two entries that are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) a: &'a Signature,
    pub(super) b: &'a Signature,
    pub(super) is_one_source: bool,
    /// Whether their source gave them one date, to the second: one may be an edit of the other.
    pub(super) is_one_moment: bool,
    /// Similarity of their texts; `None` if one is too short or does not count.
    pub(super) text: Option<f64>,
}

impl<'a> Pair<'a> {
    /// Words of the shorter text.
    pub(super) fn text_length(&self) -> usize {
        self.a.text.len().min(self.b.text.len())
    }

    /// Whether the texts are copies, long enough to be sure.
    pub(super) fn has_copied_text(&self) -> bool {
        self.text_length() >= 15 && self.text.is_some_and(|text| text >= 0.9)
    }

    /// The titles without labels, and without their last parts where those are publishers: one that says so, or one that a
    /// copy from another source adds.
    pub(super) fn cores(&self) -> (&'a [HashedWord], &'a [HashedWord]) {
        let core = |signature: &'a Signature, other: &Signature| {
            let has_publisher = signature.has_publisher(other)
                || (!self.is_one_source
                    && signature.has_last_part()
                    && (!other.has_last_part()
                        || (self.has_copied_text() && signature.may_have_publisher())));
            if has_publisher { signature.bare_title() } else { signature.title_without_label() }
        };
        (core(self.a, self.b), core(self.b, self.a))
    }

    /// What the titles contradict each other in.
    pub(super) fn titles_contradict(&self) -> Option<Apart> {
        let (x, y) = self.cores();
        let found = similarity::differences(x, y);
        let only = |side: fn(&Difference<'a>) -> &'a [HashedWord]| -> Vec<HashedWord> {
            found.iter().flat_map(side).copied().collect()
        };
        let (only_a, only_b) = (only(|difference| difference.a), only(|difference| difference.b));
        let titles = similarity::title_similarity(x, y);
        // Of one report, each headline may tell another number: 12 dead, dozens missing.
        let are_of_one_report = || titles < 0.5 && self.has_numbers_in_text(&found);
        if both_have_other(&only_a, &only_b, WordClass::Number) && !are_of_one_report() {
            return Some(Apart::Numbers);
        }
        if both_have_other(&only_a, &only_b, WordClass::Exclusive) {
            return Some(Apart::Days);
        }
        if titles >= 0.7 && differ(&only_a, &only_b, WordClass::Number) && !self.has_numbers_in_text(&found) {
            return Some(Apart::Numbers);
        }
        let is_long = x.len().max(y.len()) > SHORT_TITLE_WORDS;
        let min_titles = if self.has_copied_text() && is_long { 0.5 } else { 0.3 };
        if titles >= min_titles && are_opposites(&only_a, &only_b) {
            return Some(Apart::Opposites);
        }
        if titles < 0.5 {
            // `A beats B` in a language where each name has another ending then.
            let is_template = titles >= 0.3 && found.iter().all(|found| replaces_alike(found, is_name));
            return is_template.then_some(Apart::Names);
        }
        let negates = |found: &Difference<'_>| {
            found.a.len() <= 2 && found.b.len() <= 2 && differ(found.a, found.b, WordClass::Negation)
        };
        if found.iter().any(negates) {
            return Some(Apart::Negation);
        }
        if names_change_places(x, y) {
            return Some(Apart::Roles);
        }
        self.names_contradict(&found, titles).then_some(Apart::Names)
    }

    /// Whether the numbers that one title alone has are in the text that both have.
    fn has_numbers_in_text(&self, found: &[Difference<'_>]) -> bool {
        let mut numbers = found
            .iter()
            .flat_map(|found| found.a.iter().chain(found.b))
            .filter(|word| word.class() == WordClass::Number);
        let has =
            |text: &[HashedWord], number: &HashedWord| text.iter().any(|word| word.hash() == number.hash());
        self.has_copied_text() && numbers.all(|number| has(&self.a.text, number) && has(&self.b.text, number))
    }

    /// Whether titles that are alike have other names. Where a copied text has quite another headline, a name can stand for
    /// another one, such as a capital for its country.
    fn names_contradict(&self, found: &[Difference<'_>], titles: f64) -> bool {
        // Over a copied text, a name that stands elsewhere in the other headline has only moved.
        let (x, y) = self.cores();
        let has =
            |title: &[HashedWord], name: &HashedWord| title.iter().any(|word| word.hash() == name.hash());
        let has_moved = |word: &HashedWord| self.has_copied_text() && has(x, word) && has(y, word);
        let has_meaning = |word: &HashedWord| {
            is_name(word) && !has_moved(word) || (!self.is_one_moment && word.class() == WordClass::Opposite)
        };
        let swaps = |difference: &Difference<'_>| replaces(difference, MAX_NAME_WORDS, has_meaning);
        let is_template = titles >= 0.7
            || self.is_one_source
            || found.iter().all(|found| replaces_alike(found, has_meaning));
        if found.iter().any(swaps) && (is_template || !self.has_copied_text()) {
            return true;
        }
        let may_be_edit =
            if self.is_one_source { self.is_one_moment } else { self.text.is_some_and(|text| text >= 0.7) };
        let adds_name = |words: &[HashedWord]| {
            words.len() <= 3 && words.iter().any(|word| word.class() == WordClass::Name)
        };
        match found {
            [one] if one.a.is_empty() || one.b.is_empty() => {
                !may_be_edit && (adds_name(one.a) || adds_name(one.b))
            }
            _ => false,
        }
    }

    /// What nearly equal texts contradict each other in, inside what they have in common.
    pub(super) fn texts_contradict(&self) -> Option<Apart> {
        self.text.filter(|text| *text >= 0.3)?;
        // `Armenia sent Azerbaijan`, `Azerbaijan sent Armenia`.
        let (x, y) = without_datelines(&self.a.text, &self.b.text);
        let change_places =
            |words: usize| names_change_places(&x[..x.len().min(words)], &y[..y.len().min(words)]);
        let found = self.text_differences();
        if change_places(SUBJECT_WORDS) || (has_moved_name(&found) && change_places(LEAD_WORDS)) {
            return Some(Apart::Roles);
        }
        let starts_otherwise = |found: &Difference<'_>| {
            found.a.as_ptr() == self.a.text.as_ptr()
                && found.a.len() == found.b.len()
                && !found.a.iter().chain(found.b).any(|word| AGENCIES.contains(&word.hash()))
        };
        found.iter().filter(|found| found.a.len() <= 3 && found.b.len() <= 3).find_map(|found| {
            let counts =
                found.position == DifferencePosition::Inside || self.is_one_source || starts_otherwise(found);
            if both_have_other(found.a, found.b, WordClass::Number) {
                Some(Apart::Numbers)
            } else if both_have_other(found.a, found.b, WordClass::Exclusive) {
                Some(Apart::Days)
            } else if counts && differ(found.a, found.b, WordClass::Negation) {
                Some(Apart::Negation)
            } else if are_opposites(found.a, found.b) {
                Some(Apart::Opposites)
            } else {
                (counts && replaces(found, 2, is_name)).then_some(Apart::Names)
            }
        })
    }

    /// Whether short texts say something else in one place, and nothing else in them differs.
    pub(super) fn has_other_word(&self) -> bool {
        let is_other = |words: &[HashedWord]| {
            let has_meaning =
                |word: &HashedWord| matches!(word.class(), WordClass::Plain | WordClass::Opposite);
            (1..=2).contains(&words.len()) && words.iter().any(has_meaning)
        };
        let has_one_length = self.a.text.len() == self.b.text.len();
        match self.text_differences()[..] {
            [Difference { a, b, position }] => {
                (position == DifferencePosition::Inside || has_one_length)
                    && self.text_length() <= SHORT_TEXT_WORDS
                    && is_other(a)
                    && is_other(b)
            }
            _ => false,
        }
    }

    /// Whether titles say something else in one place: both texts do so too, or nothing else in the titles differs, so that it is
    /// what they are about: `the court frees` and `the court jails`.
    pub(super) fn is_reworded(&self) -> bool {
        let (x, y) = self.cores();
        let rewords = |found: &Difference<'_>| {
            let has_meaning = |side: &[HashedWord]| {
                (1..=MAX_REPLACED_WORDS).contains(&side.len())
                    && side.iter().any(|word| word.class() != WordClass::Function)
            };
            has_meaning(found.a) && has_meaning(found.b)
        };
        let found = similarity::differences(x, y);
        let titles = similarity::title_similarity(x, y);
        if titles < 0.3 || !found.iter().any(rewords) {
            return false;
        }
        // A source edits the headline over a long text that stays.
        let may_be_edit = self.is_one_source && self.text_length() >= EDITED_TEXT_WORDS;
        let is_only_difference = found.len() == 1 && titles >= 0.4 && !may_be_edit && !self.is_one_moment;
        let are_texts_reworded = || {
            let mut texts = self.text_differences().into_iter();
            texts.any(|found| found.position == DifferencePosition::Inside && rewords(&found))
        };
        is_only_difference || ((titles >= 0.5 || found.len() == 1) && are_texts_reworded())
    }

    /// Whether the texts are the same but for what comes before and after, such as who forwards it.
    pub(super) fn differs_at_edges_only(&self) -> bool {
        self.text_differences().iter().all(|found| found.position == DifferencePosition::AtEdge)
    }

    fn text_differences(&self) -> Vec<Difference<'a>> {
        let length = self.text_length();
        similarity::differences(&self.a.text[..length], &self.b.text[..length])
    }
}

fn is_name(word: &HashedWord) -> bool {
    matches!(word.class(), WordClass::Name | WordClass::Initial)
}

/// Two texts without what one of them has before the start of the other.
fn without_datelines<'a>(x: &'a [HashedWord], y: &'a [HashedWord]) -> (&'a [HashedWord], &'a [HashedWord]) {
    let start = |of: &[HashedWord], other: &[HashedWord]| {
        let other = other.get(..LIKE_WORDS)?;
        let is_like = |from: &usize| {
            of.get(*from..from + LIKE_WORDS).is_some_and(|words| similarity::are_same(words, other))
        };
        (1..=DATELINE_WORDS).find(is_like)
    };
    (&x[start(x, y).unwrap_or(0)..], &y[start(y, x).unwrap_or(0)..])
}

/// Whether a name stands in one place of one text and in another place of the other.
fn has_moved_name(found: &[Difference<'_>]) -> bool {
    let mut names = found.iter().flat_map(|found| found.a).filter(|word| is_name(word));
    names.any(|name| found.iter().flat_map(|found| found.b).any(|word| word.hash() == name.hash()))
}

/// Agencies, in the datelines of copies.
const AGENCIES: [u64; 24] = super::hash_each([
    "reuters", "ap", "afp", "dpa", "epa", "efe", "ansa", "upi", "xinhua", "bloomberg", "tass", "interfax",
    "armenpress", "ukrinform", "тасс", "риа", "интерфакс", "рбк", "арменпресс", "уніан", "укрінформ",
    "інтерфакс", "արմենպրես", "արմենպրեսս",
]);

/// Sorted hashes of the words that fit.
fn hashes(words: &[HashedWord], fits: impl Fn(&HashedWord) -> bool) -> Vec<u64> {
    let mut found: Vec<u64> = words.iter().filter(|word| fits(word)).map(|word| word.hash()).collect();
    found.sort_unstable();
    found
}

fn hashes_of_class(words: &[HashedWord], class: WordClass) -> Vec<u64> {
    hashes(words, |word| word.class() == class)
}

/// Whether the words of a class differ.
fn differ(a: &[HashedWord], b: &[HashedWord], class: WordClass) -> bool {
    hashes_of_class(a, class) != hashes_of_class(b, class)
}

/// Whether each side has words of a class, and they differ.
fn both_have_other(a: &[HashedWord], b: &[HashedWord], class: WordClass) -> bool {
    are_other(&hashes_of_class(a, class), &hashes_of_class(b, class))
}

fn are_other(a: &[u64], b: &[u64]) -> bool {
    !a.is_empty() && !b.is_empty() && a != b
}

/// Whether a difference replaces a word that fits by another, in as many words.
fn replaces_alike(difference: &Difference<'_>, fits: impl Fn(&HashedWord) -> bool) -> bool {
    difference.a.len() == difference.b.len() && replaces(difference, 3, fits)
}

/// Whether a difference of at most `max` words replaces a word that fits by another.
fn replaces(difference: &Difference<'_>, max: usize, fits: impl Fn(&HashedWord) -> bool) -> bool {
    let is_short = |side: &[HashedWord]| (1..=max).contains(&side.len());
    is_short(difference.a)
        && is_short(difference.b)
        && are_other(&hashes(difference.a, &fits), &hashes(difference.b, &fits))
}

/// Whether one side has the opposite of a word of the other, which differs from it in the lowest bit.
fn are_opposites(a: &[HashedWord], b: &[HashedWord]) -> bool {
    let (a, b) = (hashes_of_class(a, WordClass::Opposite), hashes_of_class(b, WordClass::Opposite));
    a.iter().any(|hash| b.contains(&(hash ^ 1)))
}

/// Whether two names, each of several words perhaps, stand in places that they have changed: `A beats B`, `B beats A`; one
/// of them perhaps in another case. Not in titles that are only put another way: `A beaten by B`, `B and A`.
fn names_change_places(x: &[HashedWord], y: &[HashedWord]) -> bool {
    // German nouns have capitals too: `Iran liefert Russland Drohnen`.
    [true, false].into_iter().any(|joins| have_changed_places(&names(x, joins), &names(y, joins)))
}

fn have_changed_places(x: &[JoinedName], y: &[JoinedName]) -> bool {
    const fn word(folded: &str) -> u64 {
        HashedWord::new(folded, WordClass::Function).hash()
    }
    #[rustfmt::skip]
    const AND: [u64; 9] = [
        word("and"), word("und"), word("et"), word("и"), word("і"), word("й"), word("та"), word("և"), word("ու"),
    ];
    let has = |title: &[JoinedName], name: &JoinedName| title.iter().any(|word| word.hash == name.hash);
    // The name in place of another: the same, or a form of it, which the other title does not have.
    let is_form = |a: &JoinedName, b: &JoinedName| a.hash == b.hash || !(has(y, a) || has(x, b));
    x.iter().enumerate().filter(|(_, first)| first.is_name).any(|(at, first)| {
        x[at + 1..].iter().take(MAX_ROLE_DISTANCE).enumerate().any(|(between, second)| {
            let is_list = x[at + 1..][..between].iter().all(|word| AND.contains(&word.hash));
            second.is_name
                && !is_list
                && first.hash != second.hash
                && y.iter().zip(&y[(between + 1).min(y.len())..]).any(|(other, another)| {
                    other.is_name
                        && another.is_name
                        && (other.hash == second.hash || another.hash == first.hash)
                        && is_form(second, other)
                        && is_form(first, another)
                })
        })
    })
}

/// A word of a title, or several in a row that are a name.
struct JoinedName {
    hash: u64,
    is_name: bool,
}

/// The words of a title without articles. `joins`: several names in a row are one.
fn names(words: &[HashedWord], joins: bool) -> Vec<JoinedName> {
    const fn word(folded: &str) -> u64 {
        HashedWord::new(folded, WordClass::Function).hash()
    }
    #[rustfmt::skip]
    const ARTICLES: [u64; 14] = [
        word("the"), word("a"), word("an"), word("le"), word("la"), word("les"), word("l"), word("der"), word("die"), word("das"),
        word("den"), word("dem"), word("un"), word("une"),
    ];
    let mut joined: Vec<JoinedName> = Vec::with_capacity(words.len());
    for word in words.iter().filter(|word| !ARTICLES.contains(&word.hash())) {
        match joined.last_mut() {
            Some(last) if joins && last.is_name && is_name(word) => {
                last.hash = last.hash.wrapping_add(word.hash())
            }
            _ => joined.push(JoinedName { hash: word.hash(), is_name: is_name(word) }),
        }
    }
    joined
}
