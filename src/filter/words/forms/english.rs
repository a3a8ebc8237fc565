//! English: plurals, verbs, comparison. The tokenizer removes possessives. Pure.

use super::endings::{FormList, ends_with_any, list_contains, table_line};

/// Irregular nouns: a line has all forms of one noun, the lemma first.
const NOUNS: &str = include_str!("english_nouns.txt");

/// Irregular verbs: lemma, then the past forms.
const VERBS: &str = include_str!("english_verbs.txt");

/// Adjectives with a comparative in -er and a superlative in -est.
const GRADABLE: &str = include_str!("english_adjectives.txt");

/// Words with one form only, and words with a plural that means something else.
const INVARIABLE: &str = "news politics economics physics mathematics athletics ethics statistics logistics electronics \
    mechanics dynamics genetics linguistics robotics olympics paralympics series species means headquarters sheep \
    deer salmon trout bison aircraft spacecraft hovercraft corps chassis arms customs goods works thanks clothes \
    congratulations premises the and of in to for with on at by from as is are was were be been has had have this \
    that these those not but or if then than so very also just only about into over under after before between \
    because while when where who whom whose which what why how all any some each every both few more most other \
    such no nor own same can could will would shall should may might must i you he she it we they him her them us \
    our your their his its my me mine";

/// Verbs of several syllables that double their last letter.
const DOUBLING_VERBS: &str = "admit commit permit submit omit emit transmit refer prefer defer confer infer transfer occur \
    recur incur concur deter rebel compel expel propel repel dispel control patrol enrol equip regret forget begin \
    abet acquit allot outfit unwrap kidnap worship handicap program format combat debug upset reset input output";

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    if !word.is_ascii() {
        out.push_endings(word, "s");
        return;
    }
    if list_contains(INVARIABLE, word) || word.len() < 3 || word.bytes().any(|b| b.is_ascii_digit()) {
        add_irregular(word, out);
        return;
    }
    let irregular = add_irregular(word, out);
    if !irregular.noun && !word.ends_with("ics") {
        out.push(plural(word));
        add_other_plurals(word, out);
    }
    if !irregular.verb && !irregular.person {
        add_verb_forms(word, out);
    } else if irregular.verb {
        out.push(present_participle(word));
        out.push(plural(word));
    }
    if list_contains(GRADABLE, word) {
        add_comparison(word, out);
    }
    if let Some(one) = singular_of(word) {
        out.push(one);
    }
}

#[derive(Default)]
struct Irregular {
    noun: bool,
    verb: bool,
    person: bool,
}

/// Adds the irregular forms and says which of them replace the regular ones.
fn add_irregular(word: &str, out: &mut FormList) -> Irregular {
    let mut irregular = Irregular::default();
    for group in NOUNS.lines() {
        if list_contains(group, word) {
            group.split(' ').for_each(|form| out.push(form));
            irregular.noun = true;
        }
    }
    if let Some(past) = table_line(VERBS, word) {
        past.split(' ').for_each(|form| out.push(form));
        irregular.verb = true;
    }
    for (one, many) in [("woman", "women"), ("man", "men"), ("child", "children"), ("foot", "feet")] {
        if let Some(stem) = word.strip_suffix(one).filter(|stem| stem.len() > 1) {
            out.push_endings(stem, many);
            irregular.person = true;
        } else if let Some(stem) = word.strip_suffix(many).filter(|stem| stem.len() > 1 && many != "feet") {
            out.push_endings(stem, one);
        }
    }
    irregular
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

/// Plurals of Greek and French origin, in -oes, and of names.
fn add_other_plurals(word: &str, out: &mut FormList) {
    if let Some(stem) = word.strip_suffix("sis") {
        out.push_endings(stem, "ses");
    }
    if word.ends_with('o') {
        out.push_endings(word, "es");
    }
    if word.ends_with("eau") {
        out.push_endings(word, "x");
    }
    if word.ends_with('y') {
        // Names: the Kennedys.
        out.push_endings(word, "s");
    }
}

fn add_verb_forms(word: &str, out: &mut FormList) {
    if word.ends_with(['a', 'i', 'o', 'u'])
        && word.len() > 3
        && !list_contains("ski taxi veto echo embargo torpedo", word)
    {
        return;
    }
    // Not verbs: evening is no form of even, nor united of unit.
    if list_contains("even morn wed bed sir str king unit past breath cloth secret", word) {
        return;
    }
    add_past(word, out);
    out.push(present_participle(word));
}

fn add_past(word: &str, out: &mut FormList) {
    let (stem, last) = word.split_at(word.len() - 1);
    if last == "e" {
        out.push_endings(word, "d");
    } else if last == "y" && !stem.ends_with(['a', 'e', 'i', 'o', 'u']) {
        out.push_endings(stem, "ied");
    } else {
        if doubles(word) {
            out.push_endings(word, &format!("{last}ed {last}ing"));
            if !ends_with_any(word, "l p s") {
                return;
            }
        }
        out.push_endings(word, if word.ends_with('c') { "ked king ed" } else { "ed" });
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

/// Whether the last letter may be doubled before -ed: stopped, but visited; travelled and traveled.
fn doubles(word: &str) -> bool {
    let bytes = word.as_bytes();
    let vowel = |b: u8| b"aeiou".contains(&b);
    let &[.., before, middle, end] = bytes else { return false };
    if vowel(end) || b"wxyh".contains(&end) || !vowel(middle) || (vowel(before) && !word.contains("qu")) {
        return false;
    }
    let syllables = bytes.windows(2).filter(|pair| vowel(pair[1]) && !vowel(pair[0])).count()
        + usize::from(bytes.first().is_some_and(|b| vowel(*b)));
    syllables == 1 || end == b'l' || list_contains(DOUBLING_VERBS, word)
}

fn add_comparison(word: &str, out: &mut FormList) {
    let (stem, last) = word.split_at(word.len() - 1);
    match last {
        "e" => out.push_endings(word, "r st"),
        "y" => out.push_endings(stem, "ier iest"),
        _ if doubles(word) => out.push_endings(word, &format!("{last}er {last}est")),
        _ => out.push_endings(word, "er est"),
    }
}

/// The singular of a word that looks like a plural.
fn singular_of(word: &str) -> Option<String> {
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
