//! The rules by which two entries are one story, in order, and the guards against false matches. Pure.

use std::fmt;

use super::address::PageAddress;
use super::signature::Signature;
use super::similarity::{self, Difference, DifferencePosition, ShingleBitmap};
use super::wordlists::WordClass;
use super::words::HashedWord;
use crate::entry::Entry;
use crate::entry::change::DedupFeatures;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// How long an address means the same page at other sources.
pub const ADDRESS_DAYS: i64 = 90;
/// How long titles and texts are compared.
pub const TEXT_DAYS: i64 = 7;
const ARTICLE_AGE: i64 = 14 * DAY;

/// A text with fewer words is not compared.
const MIN_TEXT_WORDS: usize = 6;
/// Words of a text that can decide under another title.
const DECISIVE_WORDS: usize = 15;
/// Words of a text that can decide though the titles have little in common.
const LONG_TEXT_WORDS: usize = 30;
/// Similarity of texts that can decide under another title.
const DECISIVE_SIMILARITY: f64 = 0.7;

/// What the rules compare of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedEntry {
    /// Its source's row id.
    pub source: i64,
    /// Publication date in milliseconds.
    pub date: i64,
    /// Hash of the normalized address.
    pub address: Option<i64>,
    /// Hash of the article number and the path around it.
    pub article: Option<i64>,
    /// Title and text.
    pub signature: Signature,
}

impl ComparedEntry {
    /// What is compared of an entry. `date` is in milliseconds.
    #[must_use]
    pub fn new(source: i64, date: i64, entry: &Entry) -> ComparedEntry {
        let page = entry.link.as_deref().and_then(PageAddress::parse);
        let hash = |key: String| super::hash(&key).cast_signed();
        ComparedEntry {
            source,
            date,
            address: page.as_ref().and_then(PageAddress::key).map(hash),
            article: page.as_ref().and_then(PageAddress::article).map(hash),
            signature: Signature::new(entry),
        }
    }

    /// What the store keeps of an entry, with short hashes, which only propose; `None` if it was written by another version.
    #[must_use]
    pub fn stored(source: i64, date: i64, features: &DedupFeatures) -> Option<ComparedEntry> {
        let (address, article) = (features.address, features.article);
        let signature = Signature::from_short(&features.signature)?;
        Some(ComparedEntry { source, date, address, article, signature })
    }

    /// The same with the whole hashes of its words: what decides.
    #[must_use]
    pub fn with_hashes(mut self, hashes: &[u8]) -> ComparedEntry {
        self.signature.restore_hashes(hashes);
        self
    }
}

/// Why two entries are one story; earlier rules win. Similarities are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum MergeReason {
    /// The same normalized address.
    Address,
    /// The same article number in the same path, and texts that agree.
    Article,
    /// The same title, and texts of this similarity.
    TitleAndText(f64),
    /// The same title within a short time.
    Title,
    /// The same title except for a label before it or a publisher after it; the similarity of the texts if both have
    /// one.
    LabelledTitle(Option<f64>),
    /// Similarity of the texts, and of the titles.
    Text(f64, f64),
}

impl fmt::Display for MergeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |similarity: f64| (similarity * 100.0).round();
        match *self {
            MergeReason::Address => f.write_str("same address"),
            MergeReason::Article => f.write_str("same article number"),
            MergeReason::TitleAndText(text) => write!(f, "same headline, text {} % similar", percent(text)),
            MergeReason::Title => f.write_str("same headline"),
            MergeReason::LabelledTitle(None) => f.write_str("same headline except label or publisher"),
            MergeReason::LabelledTitle(Some(text)) => {
                write!(f, "same headline except label or publisher, text {} % similar", percent(text))
            }
            MergeReason::Text(text, titles) => {
                write!(f, "text {} % similar, headlines {} %", percent(text), percent(titles))
            }
        }
    }
}

impl MergeReason {
    /// Position of its rule in the order.
    fn rank(&self) -> u8 {
        match self {
            MergeReason::Address => 0,
            MergeReason::Article => 1,
            MergeReason::TitleAndText(_) => 2,
            MergeReason::Title => 3,
            MergeReason::LabelledTitle(_) => 4,
            MergeReason::Text(..) => 5,
        }
    }

    /// Whether texts that are nearly the same show that both entries are in one language.
    #[must_use]
    pub fn shows_language(&self) -> bool {
        match *self {
            MergeReason::TitleAndText(text)
            | MergeReason::LabelledTitle(Some(text))
            | MergeReason::Text(text, _) => text >= 0.9,
            MergeReason::Address
            | MergeReason::Article
            | MergeReason::Title
            | MergeReason::LabelledTitle(None) => false,
        }
    }

    fn uses_text(&self) -> bool {
        !matches!(self, MergeReason::Title | MergeReason::LabelledTitle(None))
    }
}

/// A story that a new entry may join.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Row id of the story's first entry.
    pub entry: i64,
    /// Why.
    pub reason: MergeReason,
    /// What may count for it.
    pub evidence: Evidence,
}

/// What may count when two entries are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    text: TextEvidence,
    address: AddressEvidence,
}

/// Whether the texts of two entries say anything about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextEvidence {
    Counts,
    /// One of them is boilerplate, which its source uses under many titles.
    Ignored,
}

/// Whether a common address is enough to make two entries one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AddressEvidence {
    Enough,
    /// Several entries have it, such as those about a page that changes: title and text must agree too.
    Shared,
}

impl Evidence {
    /// The same, but a common address is not enough.
    #[must_use]
    pub fn with_shared_address(self) -> Evidence {
        Evidence { address: AddressEvidence::Shared, ..self }
    }
}

/// The stories that a new entry may join, best first: those of the first rule, and among them the oldest.
/// `first_entries` are the first entries of other stories with their row ids, oldest first.
#[must_use]
pub fn proposals(new: &ComparedEntry, first_entries: &[(i64, ComparedEntry)]) -> Vec<Proposal> {
    let bitmap = ShingleBitmap::new(&new.signature.text);
    let has_boilerplate =
        |entry: &ComparedEntry| first_entries.iter().any(|(_, other)| is_boilerplate(entry, other));
    let mut new_has_boilerplate = None;
    let at_address = first_entries.iter().filter(|(_, old)| old.address == new.address).count();
    let address = if at_address > 1 { AddressEvidence::Shared } else { AddressEvidence::Enough };
    let mut proposals = Vec::new();
    for (entry, old) in first_entries {
        let mut evidence = Evidence { text: TextEvidence::Counts, address };
        let mut reason = same_story(new, &bitmap, old, evidence);
        if reason.is_some_and(|reason| reason.uses_text())
            && (*new_has_boilerplate.get_or_insert_with(|| has_boilerplate(new)) || has_boilerplate(old))
        {
            evidence.text = TextEvidence::Ignored;
            reason = same_story(new, &bitmap, old, evidence);
        }
        proposals.extend(reason.map(|reason| Proposal { entry: *entry, reason, evidence }));
    }
    proposals.sort_by_key(|proposal| proposal.reason.rank());
    proposals
}

/// Whether two entries are one story, and why.
#[must_use]
pub fn decide(new: &ComparedEntry, old: &ComparedEntry, evidence: Evidence) -> Option<MergeReason> {
    same_story(new, &ShingleBitmap::new(&new.signature.text), old, evidence)
}

/// The first rule by which two entries are one story. `bitmap` is that of the new entry's text.
fn same_story(
    new: &ComparedEntry,
    bitmap: &ShingleBitmap,
    old: &ComparedEntry,
    evidence: Evidence,
) -> Option<MergeReason> {
    let (a, b) = (&new.signature, &old.signature);
    let age_difference = (new.date - old.date).abs();
    let is_one_source = new.source == old.source;
    // A source that has two entries at one address says that they are two.
    if new.address.is_some()
        && new.address == old.address
        && age_difference <= ADDRESS_DAYS * DAY
        && !is_one_source
        && (evidence.address == AddressEvidence::Enough || contents_agree(a, b, evidence))
    {
        return Some(MergeReason::Address);
    }
    // Documents of one court docket or episodes of one podcast can share an article number.
    if new.article.is_some()
        && new.article == old.article
        && age_difference <= ARTICLE_AGE
        && contents_agree(a, b, evidence)
    {
        return Some(MergeReason::Article);
    }
    if a.is_live || b.is_live || age_difference > TEXT_DAYS * DAY {
        return None;
    }
    let length = a.text.len().min(b.text.len());
    let title_match = match_titles(a, b);
    // Nearly all candidates end here.
    if title_match == TitleMatch::Other
        && (length < DECISIVE_WORDS || bitmap.max_similarity(&b.text, length) < DECISIVE_SIMILARITY)
    {
        return None;
    }
    let is_compared = length >= MIN_TEXT_WORDS && evidence.text == TextEvidence::Counts;
    let text = if is_compared { similarity::text_similarity(&a.text, &b.text) } else { 0.0 };
    // A source that repeats a title the next day publishes a column. Two sources with one title took it from an agency.
    let is_column = is_one_source && length >= MIN_TEXT_WORDS && text < 0.3;
    let is_soon = age_difference <= if is_one_source { DAY } else { 2 * DAY };
    let reason = match title_match {
        TitleMatch::Same if text >= 0.5 => MergeReason::TitleAndText(text),
        TitleMatch::Same if is_soon && a.title.len() >= 5 && !is_column => MergeReason::Title,
        TitleMatch::Labelled if text >= 0.5 => MergeReason::LabelledTitle(Some(text)),
        TitleMatch::Labelled if is_soon && a.bare_title().len() >= 5 && !is_column => {
            MergeReason::LabelledTitle(None)
        }
        _ if length < DECISIVE_WORDS || text < DECISIVE_SIMILARITY => return None,
        _ => {
            let titles = similarity::title_similarity(a.bare_title(), b.bare_title());
            let titles_agree =
                if length < LONG_TEXT_WORDS { titles >= 0.3 } else { titles >= 0.15 || text >= 0.9 };
            if !titles_agree || titles_contradict(a, b) {
                return None;
            }
            MergeReason::Text(text, titles)
        }
    };
    (text == 0.0 || !texts_contradict(&a.text, &b.text)).then_some(reason)
}

/// Whether title and text are those of one article, perhaps edited.
fn contents_agree(a: &Signature, b: &Signature, evidence: Evidence) -> bool {
    let titles = similarity::title_similarity(a.bare_title(), b.bare_title());
    let has_both_titles = !a.title.is_empty() && !b.title.is_empty();
    let length = a.text.len().min(b.text.len());
    let agree = if length >= MIN_TEXT_WORDS && evidence.text == TextEvidence::Counts {
        similarity::text_similarity(&a.text, &b.text) >= 0.5
            && (!has_both_titles || titles >= 0.15)
            && !texts_contradict(&a.text, &b.text)
    } else {
        titles >= 0.3
    };
    agree && !titles_contradict(a, b)
}

/// Whether two entries show that their source uses one text under different titles and addresses.
fn is_boilerplate(a: &ComparedEntry, b: &ComparedEntry) -> bool {
    let (x, y) = (&a.signature, &b.signature);
    a.source == b.source
        && a.address != b.address
        && x.text.len().min(y.text.len()) >= MIN_TEXT_WORDS
        && similarity::title_similarity(x.bare_title(), y.bare_title()) < 0.15
        && similarity::text_similarity(&x.text, &y.text) >= 0.9
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TitleMatch {
    Same,
    /// The same except for a label or a publisher.
    Labelled,
    Other,
}

fn match_titles(a: &Signature, b: &Signature) -> TitleMatch {
    let same = |x: &[HashedWord], y: &[HashedWord]| !x.is_empty() && similarity::are_same(x, y);
    if same(&a.title, &b.title) {
        TitleMatch::Same
    } else if same(a.title_without_label(), b.title_without_label())
        || same(a.bare_title(), b.title_without_label())
        || same(a.title_without_label(), b.bare_title())
    {
        // If both titles end in a suffix, they may be parts of a series.
        TitleMatch::Labelled
    } else {
        TitleMatch::Other
    }
}

/// Whether titles contradict each other: other numbers or days or, in nearly the same title, another part number, a
/// name or an opposite in place of another, or a negation.
fn titles_contradict(a: &Signature, b: &Signature) -> bool {
    let found = similarity::differences(&a.title, &b.title);
    let only_a: Vec<HashedWord> = found.iter().flat_map(|difference| difference.a.iter().copied()).collect();
    let only_b: Vec<HashedWord> = found.iter().flat_map(|difference| difference.b.iter().copied()).collect();
    if both_have_other(&only_a, &only_b, WordClass::Number)
        || both_have_other(&only_a, &only_b, WordClass::Calendar)
    {
        return true;
    }
    let (x, y) = (a.bare_title(), b.bare_title());
    let titles = similarity::title_similarity(x, y);
    if titles >= 0.7 && differ(&only_a, &only_b, WordClass::Number) {
        return true;
    }
    titles >= 0.5
        && similarity::differences(x, y)
            .iter()
            .any(|difference| reverses_meaning(difference) || swaps_names(difference, 3))
}

/// Whether a short difference adds a negation or replaces a word by its opposite.
fn reverses_meaning(difference: &Difference<'_>) -> bool {
    difference.a.len() <= 2
        && difference.b.len() <= 2
        && [WordClass::Negation, WordClass::Opposite]
            .iter()
            .any(|class| differ(difference.a, difference.b, *class))
}

/// Sorted hashes of the words of a class.
fn hashes_of_class(words: &[HashedWord], class: WordClass) -> Vec<u64> {
    let mut found: Vec<u64> =
        words.iter().filter(|word| word.class() == class).map(|word| word.hash()).collect();
    found.sort_unstable();
    found
}

/// Whether the words of a class differ.
fn differ(a: &[HashedWord], b: &[HashedWord], class: WordClass) -> bool {
    hashes_of_class(a, class) != hashes_of_class(b, class)
}

/// Whether each side has words of a class, and they differ.
fn both_have_other(a: &[HashedWord], b: &[HashedWord], class: WordClass) -> bool {
    let (a, b) = (hashes_of_class(a, class), hashes_of_class(b, class));
    !a.is_empty() && !b.is_empty() && a != b
}

/// Whether a difference of at most `max` words replaces a name by another.
fn swaps_names(difference: &Difference<'_>, max: usize) -> bool {
    let fits = |side: &[HashedWord]| (1..=max).contains(&side.len());
    fits(difference.a) && fits(difference.b) && both_have_other(difference.a, difference.b, WordClass::Name)
}

/// Whether nearly equal texts contradict each other inside what they have in common.
fn texts_contradict(a: &[HashedWord], b: &[HashedWord]) -> bool {
    let length = a.len().min(b.len());
    similarity::differences(&a[..length], &b[..length])
        .iter()
        .filter(|found| found.a.len() <= 3 && found.b.len() <= 3)
        .any(|found| {
            let is_inside = found.position == DifferencePosition::Inside;
            [WordClass::Number, WordClass::Calendar]
                .iter()
                .any(|class| both_have_other(found.a, found.b, *class))
                || (is_inside && differ(found.a, found.b, WordClass::Negation))
                || (found.a.len() == found.b.len() && differ(found.a, found.b, WordClass::Opposite))
                || (is_inside && swaps_names(found, 2))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Four nurses who were being treated for the disease have been discharged from a hospital in \
        the east of the country, the ministry said, and China Airlines will fly them home to Lagos soon.";

    fn compared(source: i64, hours: i64, title: &str, text: &str) -> ComparedEntry {
        let entry = Entry { title: Some(title.into()), summary: Some(text.into()), ..Entry::default() };
        ComparedEntry::new(source, hours * HOUR, &entry)
    }

    fn best(new: &ComparedEntry, first_entries: &[(i64, ComparedEntry)]) -> Option<(i64, MergeReason)> {
        proposals(new, first_entries).first().map(|proposal| (proposal.entry, proposal.reason))
    }

    fn reason(a: &ComparedEntry, b: &ComparedEntry) -> Option<String> {
        assert_eq!(best(a, &[(1, b.clone())]).is_some(), best(b, &[(1, a.clone())]).is_some());
        best(a, &[(1, b.clone())]).map(|(_, reason)| reason.to_string())
    }

    #[track_caller]
    fn merges(title: (&str, &str), text: (&str, &str)) {
        assert!(reason(&compared(1, 0, title.0, text.0), &compared(2, 1, title.1, text.1)).is_some());
    }

    #[track_caller]
    fn stays_apart(title: (&str, &str), text: (&str, &str)) {
        let (a, b) = (compared(1, 0, title.0, text.0), compared(2, 1, title.1, text.1));
        assert_eq!(reason(&a, &b), None, "{title:?} {text:?}");
    }

    #[test]
    fn a_copy_merges_under_another_title_and_with_another_start_or_end() {
        let title = "Nurses leave hospital in the east";
        merges((title, "Recovered nurses leave hospital"), (TEXT, TEXT));
        merges((title, "BREAKING: Nurses leave hospital in the east | Reuters"), (TEXT, ""));
        merges((title, title), (TEXT, ""));
        merges((title, title), (TEXT, &format!("LAGOS, 3 May - Agency. {TEXT}")));
        let reason =
            reason(&compared(1, 0, title, TEXT), &compared(2, 1, "Recovered nurses leave hospital", TEXT));
        assert_eq!(reason.as_deref(), Some("text 100 % similar, headlines 60 %"));
    }

    #[test]
    fn similar_entries_that_contradict_each_other_stay_apart() {
        let title = "Nurses leave hospital in the east";
        for other in [
            "Nurses leave hospital in the east (part 2)",
            "Nurses do not leave hospital in the east",
            "Nurses leave hospital in the west",
            "LIVE: Nurses leave hospital in the east",
        ] {
            stays_apart((title, other), (TEXT, TEXT));
        }
        stays_apart(("China Stands Ready to Help", "India Stands Ready to Help"), (TEXT, TEXT));
        stays_apart(("News of Monday morning", "News of Monday evening"), (TEXT, TEXT));
        stays_apart((title, "Recovered nurses leave hospital"), (TEXT, &TEXT.replace("Four", "Nine")));
        stays_apart((title, "Recovered nurses leave hospital"), (TEXT, &TEXT.replace("China", "India")));
        stays_apart((title, "Quite another headline"), ("Watch the film here.", "Watch the film here."));
    }

    #[test]
    fn entries_of_another_week_stay_apart() {
        let title = "Nurses leave hospital in the east";
        let at = |hours| compared(2, hours, title, "");
        assert!(reason(&compared(1, 0, title, TEXT), &at(47)).is_some());
        assert_eq!(reason(&compared(1, 0, title, TEXT), &at(49)), None);
        assert_eq!(reason(&compared(2, 0, title, TEXT), &at(25)), None, "one day within a source");
        assert!(reason(&compared(1, 0, title, TEXT), &compared(2, 160, title, TEXT)).is_some());
        assert_eq!(reason(&compared(1, 0, title, TEXT), &compared(2, 170, title, TEXT)), None);
    }

    #[test]
    fn an_address_wins_and_expires() {
        let key = |source, days: i64| ComparedEntry {
            address: Some(7),
            ..compared(source, days * 24, &format!("Headline {days}"), "")
        };
        let a = key(1, 0);
        assert_eq!(reason(&a, &key(2, 89)).as_deref(), Some("same address"));
        assert_eq!(reason(&a, &key(2, 91)), None);
        let old = [(3, compared(2, 0, "Headline 0", TEXT)), (5, key(2, 0))];
        assert_eq!(
            best(&a, &old),
            Some((5, MergeReason::Address)),
            "the rule counts before the order of the list"
        );
    }

    #[test]
    fn an_address_that_several_entries_have_needs_a_title_or_text_that_agrees() {
        let (one, two) = ("Harvest of apricots begins", "Parliament meets again today");
        let titles_alone = |source, hours, title: &str| ComparedEntry {
            address: Some(7),
            ..compared(source, hours, title, "")
        };
        assert_eq!(
            reason(&titles_alone(1, 0, one), &titles_alone(1, 1, two)),
            None,
            "one source says that they are two"
        );
        assert!(
            reason(&titles_alone(1, 0, one), &titles_alone(2, 1, two)).is_some(),
            "two sources, two headlines"
        );
        let old = [(1, titles_alone(1, 0, one)), (2, titles_alone(1, 5, two))];
        assert_eq!(
            best(&titles_alone(2, 6, "Parliament meets again"), &old).map(|(entry, _)| entry),
            Some(2)
        );
        assert_eq!(best(&titles_alone(2, 9, "Storm closes the harbour"), &old), None);
    }

    #[test]
    fn an_article_number_counts_where_the_contents_agree() {
        let at = |days: i64, title: &str, text: &str| ComparedEntry {
            article: Some(8),
            address: Some(title.len() as i64),
            ..compared(1, days * 24, title, text)
        };
        let (title, edited) =
            ("Nurses leave hospital in the east", "Recovered nurses have left their hospital");
        let same = Some("same article number".to_owned());
        assert_eq!(reason(&at(0, title, TEXT), &at(13, edited, &TEXT.replace("home", "back"))), same);
        assert_eq!(reason(&at(0, title, ""), &at(13, "Nurses leave hospital at last", "")), same);
        assert_eq!(reason(&at(0, title, TEXT), &at(15, edited, &TEXT.replace("home", "back"))), None);
        // A docket, a forum, a podcast.
        assert_eq!(reason(&at(0, title, ""), &at(1, "Parliament meets again", "")), None);
        assert_eq!(
            reason(&at(0, "Episode 12: the harvest", TEXT), &at(7, "Episode 13: the harvest", TEXT)),
            None
        );
        assert_eq!(reason(&at(0, "Of bees", TEXT), &at(7, "About the sea", TEXT)), None);
    }

    #[test]
    fn boilerplate_is_no_evidence() {
        let boilerplate =
            |hours, title: &str, n| ComparedEntry { address: Some(n), ..compared(1, hours, title, TEXT) };
        let (a, b) = (boilerplate(0, "Harvest begins early", 1), boilerplate(1, "Parliament meets again", 2));
        let copy = compared(2, 2, "Parliament meets early", TEXT);
        assert!(best(&copy, &[(2, b.clone())]).is_some());
        assert_eq!(best(&copy, &[(1, a), (2, b)]), None);
    }
}
