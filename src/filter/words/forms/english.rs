//! English: plurals, verbs, degrees. Possessives are cut where words are. Pure.

use super::{Forms, ends_with_any, holds, line};

/// Nouns: all forms of one on a line, the lemma first.
const NOUNS: &str = include_str!("english_nouns.txt");

/// Verbs: lemma, then the past forms.
const VERBS: &str = include_str!("english_verbs.txt");

/// Adjectives that have degrees in -er and -est.
const GRADED: &str = include_str!("english_adjectives.txt");

/// What has one form only, or a plural that means something else.
const FIXED: &str = "news politics economics physics mathematics athletics ethics statistics logistics electronics \
    mechanics dynamics genetics linguistics robotics olympics paralympics series species means headquarters sheep \
    deer salmon trout bison aircraft spacecraft hovercraft corps chassis arms customs goods works thanks clothes \
    congratulations premises the and of in to for with on at by from as is are was were be been has had have this \
    that these those not but or if then than so very also just only about into over under after before between \
    because while when where who whom whose which what why how all any some each every both few more most other \
    such no nor own same can could will would shall should may might must i you he she it we they him her them us \
    our your their his its my me mine";

/// Verbs of more than one syllable that double their last letter.
const DOUBLING: &str = "admit commit permit submit omit emit transmit refer prefer defer confer infer transfer occur \
    recur incur concur deter rebel compel expel propel repel dispel control patrol enrol equip regret forget begin \
    abet acquit allot outfit unwrap kidnap worship handicap program format combat debug upset reset input output";

pub(super) fn forms(word: &str, out: &mut Forms) {
    if !word.is_ascii() {
        out.add(word, "s");
        return;
    }
    if holds(FIXED, word) || word.len() < 3 || word.bytes().any(|b| b.is_ascii_digit()) {
        irregular(word, out);
        return;
    }
    let known = irregular(word, out);
    if !known.noun && !word.ends_with("ics") {
        out.one(plural(word));
        foreign_plural(word, out);
    }
    if !known.verb && !known.people {
        verb(word, out);
    } else if known.verb {
        out.one(present_participle(word));
        out.one(plural(word));
    }
    if holds(GRADED, word) {
        degrees(word, out);
    }
    if let Some(one) = singular(word) {
        out.one(one);
    }
}

/// Whether a word stands in the tables: it is English whatever else the config names.
pub(super) fn is_known(word: &str) -> bool {
    holds(FIXED, word) || line(VERBS, word).is_some() || holds(NOUNS, word)
}

#[derive(Default)]
struct Known {
    noun: bool,
    verb: bool,
    people: bool,
}

/// What the tables say.
fn irregular(word: &str, out: &mut Forms) -> Known {
    let mut known = Known::default();
    for group in NOUNS.lines() {
        if holds(group, word) {
            group.split(' ').for_each(|form| out.one(form));
            known.noun = true;
        }
    }
    if let Some(past) = line(VERBS, word) {
        past.split(' ').for_each(|form| out.one(form));
        known.verb = true;
    }
    for (one, many) in [("woman", "women"), ("man", "men"), ("child", "children"), ("foot", "feet")] {
        if let Some(stem) = word.strip_suffix(one).filter(|stem| stem.len() > 1) {
            out.add(stem, many);
            known.people = true;
        } else if let Some(stem) = word.strip_suffix(many).filter(|stem| stem.len() > 1 && many != "feet") {
            out.add(stem, one);
        }
    }
    known
}

fn plural(word: &str) -> String {
    let (stem, last) = word.split_at(word.len() - 1);
    if last == "y" && !stem.ends_with(['a', 'e', 'i', 'o', 'u']) {
        format!("{stem}ies")
    } else if ends_with_any(word, "s x z ch sh") {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

/// Plurals that come with the word from Latin and Greek, and those in -oes.
fn foreign_plural(word: &str, out: &mut Forms) {
    if let Some(stem) = word.strip_suffix("sis") {
        out.add(stem, "ses");
    }
    if word.ends_with('o') {
        out.add(word, "es");
    }
    if word.ends_with("eau") {
        out.add(word, "x");
    }
    if word.ends_with('y') {
        // Of names: the Kennedys.
        out.add(word, "s");
    }
}

fn verb(word: &str, out: &mut Forms) {
    if word.ends_with(['a', 'i', 'o', 'u'])
        && word.len() > 3
        && !holds("ski taxi veto echo embargo torpedo", word)
    {
        return;
    }
    // even is no verb whose form evening would be.
    if holds("even morn wed bed sir str king", word) {
        return;
    }
    past(word, out);
    out.one(present_participle(word));
}

fn past(word: &str, out: &mut Forms) {
    let (stem, last) = word.split_at(word.len() - 1);
    if last == "e" {
        out.add(word, "d");
    } else if last == "y" && !stem.ends_with(['a', 'e', 'i', 'o', 'u']) {
        out.add(stem, "ied");
    } else {
        if doubles(word) {
            out.add(word, &format!("{last}ed {last}ing"));
            if !ends_with_any(word, "l p s") {
                return;
            }
        }
        out.add(word, if word.ends_with('c') { "ked king ed" } else { "ed" });
    }
}

fn present_participle(word: &str) -> String {
    let (stem, last) = word.split_at(word.len() - 1);
    if let Some(stem) = word.strip_suffix("ie") {
        format!("{stem}ying")
    } else if last == "e" && !ends_with_any(word, "ee oe ye") {
        format!("{stem}ing")
    } else if doubles(word) && !ends_with_any(word, "l p s") {
        format!("{word}{last}ing")
    } else {
        format!("{word}ing")
    }
}

/// Whether the last letter is doubled before -ed: stop, not visit; travel both ways.
fn doubles(word: &str) -> bool {
    let bytes = word.as_bytes();
    let vowel = |b: u8| b"aeiou".contains(&b);
    let &[.., before, middle, end] = bytes else { return false };
    if vowel(end) || b"wxyh".contains(&end) || !vowel(middle) || (vowel(before) && !word.contains("qu")) {
        return false;
    }
    let syllables = bytes.windows(2).filter(|pair| vowel(pair[1]) && !vowel(pair[0])).count()
        + usize::from(bytes.first().is_some_and(|b| vowel(*b)));
    syllables == 1 || end == b'l' || holds(DOUBLING, word)
}

fn degrees(word: &str, out: &mut Forms) {
    let (stem, last) = word.split_at(word.len() - 1);
    match last {
        "e" => out.add(word, "r st"),
        "y" => out.add(stem, "ier iest"),
        _ if doubles(word) => out.add(word, &format!("{last}er {last}est")),
        _ => out.add(word, "er est"),
    }
}

/// Of a word that looks like a plural, what it would be the plural of.
fn singular(word: &str) -> Option<String> {
    let stem = word.strip_suffix('s')?;
    if word.len() < 5 || ends_with_any(word, "ss us is ics as os ous ys") {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return Some(format!("{stem}y"));
    }
    let sibilant = stem.strip_suffix('e').filter(|stem| ends_with_any(stem, "ss x ch sh zz"));
    Some(sibilant.unwrap_or(stem).to_owned())
}
