//! The rules by which two entries are one story, in their order, and the guards against what only looks so. Pure.

use std::fmt;

use super::language;
use super::signature::Signature;
use super::similarity::{self, Gap, Glance, Place};
use super::words::{Class, Word};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// How long an address found at another source is the same page.
pub const ADDRESS_DAYS: i64 = 90;
/// How long headlines and texts are compared.
pub const TEXT_DAYS: i64 = 7;
const ARTICLE: i64 = 14 * DAY;

/// Words that a text must have to count as one.
const THIN: usize = 6;
/// Words of a text that decide without a headline of their own.
const ENOUGH: usize = 15;
/// Words of a text that decide though the headlines have little in common.
const LONG: usize = 30;

/// How much alike texts are that decide without a headline of their own.
const ALIKE: f64 = 0.7;

/// An entry as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The number of its source.
    pub source: i64,
    /// Its published date, in milliseconds.
    pub date: i64,
    /// Of its cleaned address.
    pub address: Option<i64>,
    /// Of its host and article number.
    pub article: Option<i64>,
    /// Of its headline and text.
    pub signature: Signature,
}

/// Why two entries are one story. The order is that of the rules: the lower wins.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Reason {
    /// The same cleaned address.
    Address,
    /// The same article number at one host.
    Article,
    /// The same headline and a text so much alike.
    HeadlineAndText(f64),
    /// The same headline within a short time.
    Headline,
    /// The same headline but for a label before it or a publisher after it, and a text so much alike, where both have one.
    Labelled(Option<f64>),
    /// A text so much alike, and headlines so much.
    Text(f64, f64),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| (share * 100.0).round();
        match *self {
            Reason::Address => f.write_str("same address"),
            Reason::Article => f.write_str("same article number"),
            Reason::HeadlineAndText(text) => write!(f, "same headline, text {} % alike", percent(text)),
            Reason::Headline => f.write_str("same headline"),
            Reason::Labelled(None) => f.write_str("same headline but for its label or publisher"),
            Reason::Labelled(Some(text)) => {
                write!(f, "same headline but for its label or publisher, text {} % alike", percent(text))
            }
            Reason::Text(text, titles) => {
                write!(f, "text {} % alike, headlines {} %", percent(text), percent(titles))
            }
        }
    }
}

impl Reason {
    /// The place of its rule in the order.
    fn rule(&self) -> u8 {
        match self {
            Reason::Address => 0,
            Reason::Article => 1,
            Reason::HeadlineAndText(_) => 2,
            Reason::Headline => 3,
            Reason::Labelled(_) => 4,
            Reason::Text(..) => 5,
        }
    }
}

/// Which of some older entries, each the first of its story and told by its number, a new one tells the story of, and
/// why: the first rule counts, and of those that it fits the oldest.
#[must_use]
pub fn decide(new: &Facts, others: &[(i64, Facts)]) -> Option<(i64, Reason)> {
    let glance = Glance::of(&new.signature.text);
    let of_stock = |facts: &Facts| others.iter().any(|(_, other)| is_stock(facts, other));
    let mut new_is_stock = None;
    let mut best: Option<(i64, Reason)> = None;
    for (number, old) in others {
        let mut reason = same_story(new, &glance, old, Stock::No);
        if matches!(reason, Some(Reason::HeadlineAndText(_) | Reason::Labelled(Some(_)) | Reason::Text(..)))
            && (*new_is_stock.get_or_insert_with(|| of_stock(new)) || of_stock(old))
        {
            reason = same_story(new, &glance, old, Stock::Yes);
        }
        if let Some(reason) = reason
            && best.is_none_or(|(_, before)| reason.rule() < before.rule())
        {
            best = Some((*number, reason));
        }
    }
    best
}

/// The first rule by which a new entry tells the story of an older one. `glance` is of the new one's text; `stock` says
/// that the text of one of them is one that its source puts under many headlines.
fn same_story(new: &Facts, glance: &Glance, old: &Facts, stock: Stock) -> Option<Reason> {
    let (a, b) = (&new.signature, &old.signature);
    let apart = (new.date - old.date).abs();
    let one_source = new.source == old.source;
    if !language::may_be_one(a.language, b.language) {
        return None;
    }
    if new.address.is_some() && new.address == old.address && (one_source || apart <= ADDRESS_DAYS * DAY) {
        return Some(Reason::Address);
    }
    if new.article.is_some() && new.article == old.article && apart <= ARTICLE {
        return Some(Reason::Article);
    }
    if a.live || b.live || apart > TEXT_DAYS * DAY {
        return None;
    }
    let length = a.text.len().min(b.text.len());
    let headline = headline(a, b);
    // Nearly all that is proposed ends here.
    if matches!(headline, Headline::Other) && (length < ENOUGH || glance.at_most(&b.text, length) < ALIKE) {
        return None;
    }
    let text = if length >= THIN && stock == Stock::No { similarity::texts(&a.text, &b.text) } else { 0.0 };
    // A paper that uses a headline again the next day has a column; two papers that have the same one have it
    // from an agency, and write their own line below it.
    let column = one_source && length >= THIN && text < 0.3;
    let soon = apart <= if one_source { DAY } else { 2 * DAY };
    let reason = match headline {
        Headline::Same if text >= 0.5 => Reason::HeadlineAndText(text),
        Headline::Same if soon && a.title.len() >= 5 && !column => Reason::Headline,
        Headline::Labelled if text >= 0.5 => Reason::Labelled(Some(text)),
        Headline::Labelled if soon && a.bare_title().len() >= 5 && !column => Reason::Labelled(None),
        _ if length < ENOUGH || text < ALIKE => return None,
        _ => {
            let titles = similarity::titles(a.bare_title(), b.bare_title());
            let agreed = if length < LONG { titles >= 0.3 } else { titles >= 0.15 || text >= 0.9 };
            if !agreed || titles_differ(a, b) {
                return None;
            }
            Reason::Text(text, titles)
        }
    };
    (text == 0.0 || !texts_differ(&a.text, &b.text)).then_some(reason)
}

/// Whether two entries of one source show that their text is stock: it stands under headlines that have little
/// in common, at two addresses.
fn is_stock(a: &Facts, b: &Facts) -> bool {
    let (x, y) = (&a.signature, &b.signature);
    a.source == b.source
        && a.address != b.address
        && x.text.len().min(y.text.len()) >= THIN
        && similarity::titles(x.bare_title(), y.bare_title()) < 0.15
        && similarity::texts(&x.text, &y.text) >= 0.9
}

/// Whether a text is one that its source has put under several headlines and addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stock {
    /// It is: it says nothing of the entry.
    Yes,
    /// It is not, as far as is known.
    No,
}

enum Headline {
    Same,
    Labelled,
    Other,
}

fn headline(a: &Signature, b: &Signature) -> Headline {
    let same = |x: &[Word], y: &[Word]| !x.is_empty() && similarity::are_same(x, y);
    if same(&a.title, &b.title) {
        Headline::Same
    } else if same(a.unlabelled(), b.unlabelled())
        || same(a.bare_title(), b.unlabelled())
        || same(a.unlabelled(), b.bare_title())
    {
        // With a last part each they could be two parts of a series.
        Headline::Labelled
    } else {
        Headline::Other
    }
}

/// Headlines that differ in what matters: numbers and days, and, where they are nearly the same, a part's number,
/// a name or an opposite in the place of another, a negation more.
fn titles_differ(a: &Signature, b: &Signature) -> bool {
    let gaps = similarity::gaps(&a.title, &b.title);
    let (only_a, only_b) = (only(&gaps, |gap| gap.a), only(&gaps, |gap| gap.b));
    if has_other(&only_a, &only_b, Class::Number) || has_other(&only_a, &only_b, Class::Calendar) {
        return true;
    }
    let (x, y) = (a.bare_title(), b.bare_title());
    let alike = similarity::titles(x, y);
    if alike >= 0.7 && of(&only_a, Class::Number) != of(&only_b, Class::Number) {
        return true;
    }
    alike >= 0.5 && similarity::gaps(x, y).iter().any(|gap| turns(gap) || swaps(gap, 3))
}

/// Whether a short gap turns a sentence round.
fn turns(gap: &Gap<'_>) -> bool {
    let short = gap.a.len() <= 2 && gap.b.len() <= 2;
    short && [Class::Negation, Class::Polar].iter().any(|class| of(gap.a, *class) != of(gap.b, *class))
}

fn only<'a>(gaps: &[Gap<'a>], side: impl Fn(&Gap<'a>) -> &'a [Word]) -> Vec<Word> {
    gaps.iter().flat_map(|gap| side(gap).iter().copied()).collect()
}

fn of(words: &[Word], class: Class) -> Vec<u32> {
    let mut found: Vec<u32> =
        words.iter().filter(|word| word.class() == class).map(|word| word.hash()).collect();
    found.sort_unstable();
    found
}

/// Whether each side has words of a class that the other has not.
fn has_other(a: &[Word], b: &[Word], class: Class) -> bool {
    let (a, b) = (of(a, class), of(b, class));
    !a.is_empty() && !b.is_empty() && a != b
}

/// Whether a short gap has one name in the place of another.
fn swaps(gap: &Gap<'_>, most: usize) -> bool {
    let fits = |side: &[Word]| (1..=most).contains(&side.len());
    fits(gap.a) && fits(gap.b) && has_other(gap.a, gap.b, Class::Name)
}

/// Texts that are nearly the same and differ in what matters, in the middle of what they have in common.
fn texts_differ(a: &[Word], b: &[Word]) -> bool {
    let length = a.len().min(b.len());
    similarity::gaps(&a[..length], &b[..length])
        .iter()
        .filter(|gap| gap.a.len() <= 3 && gap.b.len() <= 3)
        .any(|gap| {
            let end = gap.place == Place::AtTheEdge;
            [Class::Number, Class::Calendar].iter().any(|class| has_other(gap.a, gap.b, *class))
                || (!end && of(gap.a, Class::Negation) != of(gap.b, Class::Negation))
                || (gap.a.len() == gap.b.len() && of(gap.a, Class::Polar) != of(gap.b, Class::Polar))
                || (!end && swaps(gap, 2))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    const TEXT: &str = "Four nurses who were being treated for the disease have been discharged from a hospital in \
        the east of the country, the ministry said, and China Airlines will fly them home to Lagos soon.";

    fn facts(source: i64, hours: i64, title: &str, text: &str) -> Facts {
        let entry = Entry { title: Some(title.into()), summary: Some(text.into()), ..Entry::default() };
        Facts {
            source,
            date: hours * HOUR,
            address: None,
            article: None,
            signature: Signature::of(&entry, Some("en")),
        }
    }

    fn reason(a: &Facts, b: &Facts) -> Option<String> {
        assert_eq!(decide(a, &[(1, b.clone())]).is_some(), decide(b, &[(1, a.clone())]).is_some());
        decide(a, &[(1, b.clone())]).map(|(_, reason)| reason.to_string())
    }

    #[track_caller]
    fn one(title: (&str, &str), text: (&str, &str)) {
        assert!(reason(&facts(1, 0, title.0, text.0), &facts(2, 1, title.1, text.1)).is_some());
    }

    #[track_caller]
    fn two(title: (&str, &str), text: (&str, &str)) {
        let (a, b) = (facts(1, 0, title.0, text.0), facts(2, 1, title.1, text.1));
        assert_eq!(reason(&a, &b), None, "{title:?} {text:?}");
    }

    #[test]
    fn a_copy_is_one_story_with_another_headline_beginning_or_end() {
        let title = "Nurses leave hospital in the east";
        one((title, "Recovered nurses leave hospital"), (TEXT, TEXT));
        one((title, "BREAKING: Nurses leave hospital in the east | Reuters"), (TEXT, ""));
        one((title, title), (TEXT, ""));
        one((title, title), (TEXT, &format!("LAGOS, 3 May - Agency. {TEXT}")));
        let alike = reason(&facts(1, 0, title, TEXT), &facts(2, 1, "Recovered nurses leave hospital", TEXT));
        assert_eq!(alike.as_deref(), Some("text 100 % alike, headlines 60 %"));
    }

    #[test]
    fn what_only_looks_so_stays_apart() {
        let title = "Nurses leave hospital in the east";
        for other in [
            "Nurses leave hospital in the east (part 2)",
            "Nurses do not leave hospital in the east",
            "Nurses leave hospital in the west",
            "LIVE: Nurses leave hospital in the east",
        ] {
            two((title, other), (TEXT, TEXT));
        }
        two(("China Stands Ready to Help", "India Stands Ready to Help"), (TEXT, TEXT));
        two(("News of Monday morning", "News of Monday evening"), (TEXT, TEXT));
        two((title, "Recovered nurses leave hospital"), (TEXT, &TEXT.replace("Four", "Nine")));
        two((title, "Recovered nurses leave hospital"), (TEXT, &TEXT.replace("China", "India")));
        two((title, "Quite another headline"), ("Watch the film here.", "Watch the film here."));
    }

    #[test]
    fn time_and_language_part_what_is_the_same() {
        let title = "Nurses leave hospital in the east";
        let at = |hours| facts(2, hours, title, "");
        assert!(reason(&facts(1, 0, title, TEXT), &at(47)).is_some());
        assert_eq!(reason(&facts(1, 0, title, TEXT), &at(49)), None);
        assert_eq!(reason(&facts(2, 0, title, TEXT), &at(25)), None, "within a source a day is the most");
        assert!(reason(&facts(1, 0, title, TEXT), &facts(2, 160, title, TEXT)).is_some());
        assert_eq!(reason(&facts(1, 0, title, TEXT), &facts(2, 170, title, TEXT)), None);
        let mut french = facts(2, 1, title, TEXT);
        french.signature.language = u16::from_be_bytes(*b"fr");
        assert_eq!(reason(&facts(1, 0, title, TEXT), &french), None);
    }

    #[test]
    fn the_exact_keys_come_first_and_have_their_days() {
        let key = |source, days: i64, address, article| Facts {
            address,
            article,
            ..facts(source, days * 24, &format!("Headline {days}"), "")
        };
        let a = key(1, 0, Some(7), Some(8));
        assert_eq!(reason(&a, &key(2, 89, Some(7), None)).as_deref(), Some("same address"));
        assert_eq!(reason(&a, &key(2, 91, Some(7), None)), None);
        assert!(reason(&a, &key(1, 900, Some(7), None)).is_some(), "in one source there is no limit");
        assert_eq!(reason(&a, &key(2, 13, None, Some(8))).as_deref(), Some("same article number"));
        assert_eq!(reason(&a, &key(2, 15, None, Some(8))), None);
        let old = [(3, facts(2, 0, "Headline 0", TEXT)), (5, key(2, 0, Some(7), None))];
        assert_eq!(decide(&a, &old), Some((5, Reason::Address)), "a rule before the place in the list");
    }

    #[test]
    fn what_a_source_puts_under_many_headlines_tells_nothing() {
        let stock = |hours, title: &str, n| Facts { address: Some(n), ..facts(1, hours, title, TEXT) };
        let (a, b) = (stock(0, "Harvest begins early", 1), stock(1, "Parliament meets again", 2));
        let copy = facts(2, 2, "Parliament meets early", TEXT);
        assert!(decide(&copy, &[(2, b.clone())]).is_some());
        assert_eq!(decide(&copy, &[(1, a), (2, b)]), None);
    }
}
