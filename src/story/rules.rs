//! The rules by which two entries are one story, in order, and the guards against false matches. Pure.

use std::fmt;

use super::address::{NumberPlace, PageAddress};
pub use super::contradictions::Apart;
use super::contradictions::Pair;
use super::signature::{Flags, Signature};
use super::similarity::{self, ShingleBitmap};
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
/// The bit of the hash of an article number that says that the number is in the last part of the path: it is that of
/// the page, not of a show or a thread that the page belongs to.
const OWN_NUMBER: i64 = 1;

/// A text with fewer words is not compared.
const MIN_TEXT_WORDS: usize = 6;
/// Words of a text that can decide under another title.
const DECISIVE_WORDS: usize = 15;
/// Words of a text that can decide though the titles have little in common.
const LONG_TEXT_WORDS: usize = 30;
/// Words of a copied text that can decide whatever the titles of two sources are.
const COPIED_TEXT_WORDS: usize = 15;
/// Words of a title that two papers do not choose alike by chance.
const LONG_TITLE_WORDS: usize = 12;
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
            article: page.as_ref().and_then(PageAddress::article).map(|(key, place)| {
                let own = i64::from(place == NumberPlace::LastPart);
                (hash(key) & !OWN_NUMBER) | own
            }),
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    text: TextEvidence,
    address: AddressEvidence,
}

/// Whether the texts of two entries say anything about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TextEvidence {
    #[default]
    Counts,
    /// One of them is boilerplate, which its source uses under many titles.
    Ignored,
}

/// Whether a common address is enough to make two entries one story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AddressEvidence {
    #[default]
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
        let mut reason = same_story(new, &bitmap, old, evidence).ok();
        if reason.is_some_and(|reason| reason.uses_text())
            && (*new_has_boilerplate.get_or_insert_with(|| has_boilerplate(new)) || has_boilerplate(old))
        {
            evidence.text = TextEvidence::Ignored;
            reason = same_story(new, &bitmap, old, evidence).ok();
        }
        proposals.extend(reason.map(|reason| Proposal { entry: *entry, reason, evidence }));
    }
    proposals.sort_by_key(|proposal| proposal.reason.rank());
    proposals
}

/// Whether two entries are one story, and why; or why they are none, if they are much alike.
///
/// # Errors
/// They are no story.
pub fn decide(
    new: &ComparedEntry,
    old: &ComparedEntry,
    evidence: Evidence,
) -> Result<MergeReason, Option<Apart>> {
    same_story(new, &ShingleBitmap::new(&new.signature.text), old, evidence)
}

/// The first rule by which two entries are one story. `bitmap` is that of the new entry's text.
fn same_story(
    new: &ComparedEntry,
    bitmap: &ShingleBitmap,
    old: &ComparedEntry,
    evidence: Evidence,
) -> Result<MergeReason, Option<Apart>> {
    let (a, b) = (&new.signature, &old.signature);
    let age = (new.date - old.date).abs();
    let is_one_source = new.source == old.source;
    // A source that has two entries at one address says that they are two.
    if new.address.is_some()
        && new.address == old.address
        && age <= ADDRESS_DAYS * DAY
        && !is_one_source
        && (evidence.address == AddressEvidence::Enough || contents_agree(new, old, evidence))
    {
        return Ok(MergeReason::Address);
    }
    // Documents of one court docket or episodes of one podcast can share an article number.
    if let Some(article) = new.article.filter(|article| Some(*article) == old.article)
        && age <= ARTICLE_AGE
        && ((article & OWN_NUMBER != 0 && is_one_source && is_one_moment(new.date, old.date))
            || contents_agree(new, old, evidence))
    {
        return Ok(MergeReason::Article);
    }
    if age > TEXT_DAYS * DAY {
        return Err(None);
    }
    let length = a.text.len().min(b.text.len());
    let is_copy = length >= DECISIVE_WORDS && bitmap.max_similarity(&b.text, length) >= DECISIVE_SIMILARITY;
    // Nearly all candidates end here.
    if !is_copy && !may_have_one_title(a, b) {
        return Err(None);
    }
    let pair = pair(new, old, evidence);
    match match_titles(&pair) {
        TitleMatch::Other => by_text(&pair),
        title => by_title(&pair, title, (new.date, old.date)),
    }
}

fn pair<'a>(new: &'a ComparedEntry, old: &'a ComparedEntry, evidence: Evidence) -> Pair<'a> {
    let (a, b) = (&new.signature, &old.signature);
    let is_compared =
        a.text.len().min(b.text.len()) >= MIN_TEXT_WORDS && evidence.text == TextEvidence::Counts;
    let text = is_compared.then(|| similarity::text_similarity(&a.text, &b.text));
    let is_one_source = new.source == old.source;
    Pair { a, b, is_one_source, is_one_moment: is_one_source && is_one_moment(new.date, old.date), text }
}

/// Whether a source gave two entries one date, to the second. One on the half-hour can be a date without a time.
fn is_one_moment(a: i64, b: i64) -> bool {
    a == b && a % (HOUR / 2) != 0 && a % 1_000 == 0
}

/// Whether entries with one title are a story.
fn by_title(pair: &Pair<'_>, title: TitleMatch, dates: (i64, i64)) -> Result<MergeReason, Option<Apart>> {
    let (a, b) = (pair.a, pair.b);
    if a.flags.has(Flags::LIVE) || b.flags.has(Flags::LIVE) {
        return Err(Some(Apart::Live));
    }
    if pair.is_one_source && is_column(pair, dates) {
        return Err(Some(Apart::Column));
    }
    match title {
        TitleMatch::OfAnotherKind if pair.text.is_none_or(|text| text < 0.5) => {
            return Err(Some(Apart::Label));
        }
        TitleMatch::WithLastPart if pair.text.is_none_or(|text| text < DECISIVE_SIMILARITY) => {
            return Err(Some(Apart::LastPart));
        }
        _ => {}
    }
    if let Some(apart) = pair.titles_contradict().or_else(|| pair.texts_contradict()) {
        return Err(Some(apart));
    }
    if !pair.is_one_source && pair.text.is_some() && pair.has_other_word() {
        return Err(Some(Apart::Words));
    }
    let text = pair.text.filter(|text| *text >= 0.5);
    let is_soon = (dates.0 - dates.1).abs() <= if pair.is_one_source { DAY } else { 2 * DAY };
    if text.is_none() && !is_soon {
        return Err(None);
    }
    let is_repeated_soon = pair.is_one_source && (dates.0 - dates.1).abs() <= 6 * HOUR;
    if text.is_none() && !is_repeated_soon && !is_telling(pair) {
        return Err(Some(Apart::CommonHeadline));
    }
    Ok(match (title, text) {
        (TitleMatch::Same, Some(text)) => MergeReason::TitleAndText(text),
        (TitleMatch::Same, None) => MergeReason::Title,
        (_, text) => MergeReason::LabelledTitle(text),
    })
}

/// Whether a source uses a title again: on another day, or over another text. Only a long text that comes again, at another
/// time of day, is a story that comes again.
fn is_column(pair: &Pair<'_>, (a, b): (i64, i64)) -> bool {
    let age = (a - b).abs();
    let is_another_day = age >= 16 * HOUR || (age > 3 * HOUR && a.div_euclid(DAY) != b.div_euclid(DAY));
    if !is_another_day {
        return pair.text.is_some_and(|text| text < 0.5);
    }
    let after_days = age % DAY;
    let is_one_time_of_day = age > 12 * HOUR && after_days.min(DAY - after_days) <= 3 * HOUR / 2;
    is_one_time_of_day || pair.text_length() < LONG_TEXT_WORDS || pair.text.is_none_or(|text| text < 0.95)
}

/// Whether two papers with one title but without one text write of one event: the title names it, or the texts name the
/// same. Nouns in capitals name nothing.
fn is_telling(pair: &Pair<'_>) -> bool {
    let (title, _) = pair.cores();
    let has_capitals = pair.a.flags.has(Flags::GERMAN) || is_title_case(title);
    let is_name = |word: &&HashedWord| word.class() == WordClass::Name;
    let names = if has_capitals { 0 } else { title.iter().filter(is_name).count() };
    let is_long = title.len() >= LONG_TITLE_WORDS || names >= 3;
    if pair.text.is_none() && !pair.is_one_source {
        return is_long || title.len() >= 8 || (title.len() >= 5 && names > 0);
    }
    let is_shared = |word: &&HashedWord| {
        matches!(word.class(), WordClass::Name | WordClass::Number)
            && pair.b.text.iter().any(|other| other.hash() == word.hash())
    };
    let mut shared: Vec<u64> = pair.a.text.iter().filter(is_shared).map(|word| word.hash()).collect();
    shared.sort_unstable();
    shared.dedup();
    is_long || (shared.len() >= 2 && !pair.a.flags.has(Flags::GERMAN))
}

/// Whether all words of a title are in capitals, so that they tell no names.
fn is_title_case(title: &[HashedWord]) -> bool {
    let count = |class| title.iter().filter(|word| word.class() == class).count();
    count(WordClass::Plain) == 0 && count(WordClass::Name) >= 3
}

/// Whether entries under different titles are a story by their texts.
fn by_text(pair: &Pair<'_>) -> Result<MergeReason, Option<Apart>> {
    let length = pair.text_length();
    let text = pair.text.unwrap_or_default();
    if length < DECISIVE_WORDS || text < DECISIVE_SIMILARITY {
        return Err(None);
    }
    if pair.a.flags.has(Flags::LIVE) || pair.b.flags.has(Flags::LIVE) {
        return Err(Some(Apart::Live));
    }
    let (x, y) = pair.cores();
    let titles = similarity::title_similarity(x, y);
    let is_copied = || {
        length >= COPIED_TEXT_WORDS
            && (text >= 0.95 || (text >= 0.8 && pair.differs_at_edges_only()))
            && pair.a.text.iter().filter(|word| word.class() == WordClass::Name).count() >= 2
    };
    let titles_agree = match length {
        LONG_TEXT_WORDS.. => titles >= 0.15 || text >= 0.9,
        _ => titles >= 0.3,
    } || (!pair.is_one_source && is_copied());
    if !titles_agree {
        return Err(Some(Apart::Headlines));
    }
    if let Some(apart) = pair.titles_contradict().or_else(|| pair.texts_contradict()) {
        return Err(Some(apart));
    }
    if pair.is_reworded() {
        return Err(Some(Apart::Words));
    }
    Ok(MergeReason::Text(text, titles))
}

/// Whether title and text are those of one article, perhaps edited.
fn contents_agree(new: &ComparedEntry, old: &ComparedEntry, evidence: Evidence) -> bool {
    let pair = pair(new, old, evidence);
    let (x, y) = pair.cores();
    let titles = similarity::title_similarity(x, y);
    let has_both_titles = !x.is_empty() && !y.is_empty();
    let agree = match pair.text {
        Some(text) => {
            text >= 0.5 && (!has_both_titles || titles >= 0.15) && pair.texts_contradict().is_none()
        }
        None => titles >= 0.3,
    };
    agree && pair.titles_contradict().is_none()
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
    /// The same except for a label of news or a publisher.
    Labelled,
    /// The same except for a label such as "Opinion".
    OfAnotherKind,
    /// The same except for a last part, which can be a publisher.
    WithLastPart,
    Other,
}

/// Whether two titles are one in the widest sense, at little cost.
fn may_have_one_title(a: &Signature, b: &Signature) -> bool {
    let has_start = |x: &[HashedWord], y: &[HashedWord]| {
        !y.is_empty() && x.len() >= y.len() && similarity::are_same(&x[..y.len()], y)
    };
    has_start(a.title_without_label(), b.bare_title()) || has_start(b.title_without_label(), a.bare_title())
}

fn match_titles(pair: &Pair<'_>) -> TitleMatch {
    let (a, b) = (pair.a, pair.b);
    let (x, y) = pair.cores();
    if a.title.is_empty() || x.is_empty() || !similarity::are_same(x, y) {
        return TitleMatch::Other;
    }
    if similarity::are_same(&a.title, &b.title) {
        return TitleMatch::Same;
    }
    let differ_in = |flag: u8| a.flags.has(flag) != b.flags.has(flag);
    let is_unsure = |signature: &Signature, other: &Signature, core: &[HashedWord]| {
        core.len() < signature.title_without_label().len() && !signature.has_publisher(other)
    };
    if differ_in(Flags::KIND_LABEL) {
        TitleMatch::OfAnotherKind
    } else if is_unsure(a, b, x) || is_unsure(b, a, y) {
        TitleMatch::WithLastPart
    } else {
        TitleMatch::Labelled
    }
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
        let title = "Nurses leave hospital in Kisumu";
        merges((title, "Recovered nurses leave hospital"), (TEXT, TEXT));
        merges((title, "BREAKING: Nurses leave hospital in Kisumu | Reuters"), (TEXT, ""));
        merges((title, title), (TEXT, ""));
        merges((title, title), (TEXT, &format!("LAGOS, 3 May - Agency. {TEXT}")));
        let reason =
            reason(&compared(1, 0, title, TEXT), &compared(2, 1, "Recovered nurses leave hospital", TEXT));
        assert_eq!(reason.as_deref(), Some("text 100 % similar, headlines 67 %"));
    }

    #[test]
    fn headlines_over_a_copied_text_may_each_tell_a_number_of_it_and_move_a_name() {
        let text = TEXT.replace("soon", "in two days");
        merges(("Four nurses recover", "Flight home for patients in two days"), (&text, &text));
        stays_apart(("Four nurses recover", "Flight home for patients in nine days"), (&text, &text));
        let hy = "Երևանում չորեքշաբթի օրը բացվեց մետրոյի նոր կայարան, որի շինարարությունը տևել է երեք տարի և արժեցել 20 \
            միլիարդ դրամ, հայտնում է քաղաքապետարանի մամուլի ծառայությունը։";
        merges(("Երևանում բացվեց նոր մետրոյի կայարան", "Մետրոյի նոր կայարան Երևանում"), (hy, hy));
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
    fn a_last_part_that_is_the_name_of_the_other_site_is_a_publisher() {
        let at = |source, link: &str, title: &str| {
            let entry = Entry { title: Some(title.into()), link: Some(link.into()), ..Entry::default() };
            ComparedEntry::new(source, HOUR, &entry)
        };
        let title = "Nokia sells its last factory in Oulu";
        let aggregated = at(1, "https://news.example.com/articles/1", &format!("{title} - The Verge"));
        let own = at(2, "https://www.theverge.com/nokia", title);
        assert_eq!(reason(&aggregated, &own).as_deref(), Some("same headline except label or publisher"));
        assert_eq!(reason(&aggregated, &at(2, "https://www.wired.co.uk/nokia", title)), None);
        let (guardian, other) = ("https://www.theguardian.co.uk/a", "https://verge.example/a");
        assert_eq!(reason(&at(1, other, &format!("{title} - Helsinki")), &at(2, guardian, title)), None);
    }

    #[test]
    fn entries_of_another_week_stay_apart() {
        let title = "Nurses leave hospital in Kisumu";
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
        let copy = compared(2, 2, "Parliament meets again early", TEXT);
        assert!(best(&copy, &[(2, b.clone())]).is_some());
        assert_eq!(best(&copy, &[(1, a), (2, b)]), None);
    }
}
