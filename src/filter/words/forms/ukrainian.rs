//! Ukrainian: declension by endings, і with о and е, к with ц, г with з, х with с. Pure.

use super::{Forms, cut, ends_with_any, holds, last, line};

/// Words whose forms no rule gives.
const IRREGULAR: &str = include_str!("ukrainian.txt");

const FIXED: &str = "метро кіно бюро депо авто радіо євро торнадо казино кафе шосе резюме досьє фото відео аудіо \
    ембарго конго того марокко монако мехіко токіо осло торонто чикаго лесото нато юнеско";

const VOWELS: &str = "аеєиіїоуюя";

pub(super) fn forms(word: &str, out: &mut Forms) {
    decline(word, true, out);
}

pub(super) fn singular(word: &str, out: &mut Forms) {
    decline(word, false, out);
}

fn decline(word: &str, plural: bool, out: &mut Forms) {
    if let Some(known) = line(IRREGULAR, word) {
        known.split(' ').for_each(|form| out.one(form));
        return;
    }
    if holds(FIXED, word) || word.chars().count() < 3 {
        return;
    }
    let stem = cut(word, 1);
    match last(word) {
        'а' => in_a(stem, plural, out),
        'я' => in_ya(stem, plural, out),
        'о' => in_o(stem, plural, out),
        'е' if stem.ends_with(['ц', 'р', 'л']) => {
            out.add(stem, "я ю ем і");
            if plural {
                out.add(stem, "ів ь ям ями ях ей");
            }
        }
        'е' if stem.ends_with(['щ', 'ж', 'ч', 'ш']) => {
            out.add(stem, "а у ем і");
            if plural {
                out.add(stem, "- ам ами ах");
            }
        }
        'е' if stem.chars().count() > 3 => adjective(stem, out),
        'ь' => soft(stem, plural, out),
        'й' if stem.ends_with(['и', 'і', 'ї']) => adjective(cut(stem, 1), out),
        'й' => {
            out.add(stem, "я ю єм ї єві ю єю");
            if plural {
                out.add(stem, "ї їв ям ями ях");
            }
        }
        'и' | 'і' | 'ї' if plural => plural_noun(stem, out),
        'и' | 'і' | 'ї' | 'у' | 'ю' | 'е' | 'є' => {}
        _ => masculine(word, plural, out),
    }
}

fn masculine(word: &str, plural: bool, out: &mut Forms) {
    hard_masculine(word, plural, out);
    if let Some(stem) = opened(word) {
        hard_masculine(&stem, plural, out);
    }
    if let Some(stem) =
        word.strip_suffix("ок").or_else(|| word.strip_suffix("ек")).filter(|stem| stem.chars().count() > 2)
    {
        hard_masculine(&format!("{stem}к"), plural, out);
    }
    if let Some(stem) = word.strip_suffix("нин").filter(|_| plural) {
        out.add(stem, "ни н нам нами нах");
    }
    if ends_with_any(word, "ов ев єв ин ін їн ів") {
        out.add(word, "им");
        if plural {
            out.add(word, "их ими ою");
        }
    }
}

fn hard_masculine(stem: &str, plural: bool, out: &mut Forms) {
    out.add(stem, "а у ові ом ем еві і е");
    if stem.ends_with(['р', 'ж', 'ч', 'ш']) {
        out.add(stem, "я ю");
    }
    softened(stem, "і е", out);
    if plural {
        out.add(stem, "и і ів ам ами ах ей");
    }
}

/// The stem with its last consonant changed before і: рука, руці; and before е: друг, друже.
fn softened(stem: &str, endings: &str, out: &mut Forms) {
    let root = cut(stem, 1);
    let (soft, hushed) = match last(stem) {
        'г' => ("з", "ж"),
        'к' => ("ц", "ч"),
        'х' => ("с", "ш"),
        _ => return,
    };
    if endings.contains('і') {
        out.one(format!("{root}{soft}і"));
    }
    if endings.contains('е') {
        out.one(format!("{root}{hushed}е"));
    }
}

/// What a closed syllable with і becomes when it opens: Київ, Києва; Львів, Львова; рік, року.
fn opened(word: &str) -> Option<String> {
    let end = last(word);
    let root = cut(word, 1);
    if VOWELS.contains(end) {
        return None;
    }
    if let Some(head) = root.strip_suffix('ї') {
        return Some(format!("{head}є{end}"));
    }
    let head = root.strip_suffix('і')?;
    // Only suffixes and short words: міністр and журналіст keep theirs.
    let suffix = end == 'в' || head.chars().filter(|c| VOWELS.contains(*c)).count() == 0;
    suffix.then(|| format!("{head}о{end}"))
}

fn in_a(stem: &str, plural: bool, out: &mut Forms) {
    out.add(stem, "и і у ою о ей ею е");
    softened(stem, "і", out);
    if plural {
        out.add(stem, "ам ами ах");
        bare_plural(stem, out);
    }
}

/// The genitive plural without ending: церков, шкіл, жінок.
fn bare_plural(stem: &str, out: &mut Forms) {
    let (root, end) = (cut(stem, 1), last(stem));
    if VOWELS.contains(end) {
        return;
    }
    out.one(stem);
    let before = last(root);
    if VOWELS.contains(before) {
        if let Some(head) = root.strip_suffix(['о', 'е']) {
            out.one(format!("{head}і{end}"));
        }
    } else if before == 'ь' || before == 'й' {
        out.one(format!("{}о{end}", cut(root, 1)));
        out.one(format!("{}е{end}", cut(root, 1)));
    } else if "квгх".contains(end) {
        out.one(format!("{root}о{end}"));
    } else if "нлрмц".contains(end) {
        out.one(format!("{root}е{end}"));
    }
}

fn in_ya(stem: &str, plural: bool, out: &mut Forms) {
    if stem.ends_with(['і', 'ї', 'а', 'о', 'е', 'у', '\'']) {
        out.add(stem, "ї ю єю є");
        if plural {
            out.add(stem, "й їв ям ями ях");
        }
        return;
    }
    out.add(stem, "і ю ею е ям ями ях ям ьою єю");
    let doubled = last(stem) == last(cut(stem, 1));
    if doubled {
        // питання, статтю: neuter and feminine alike.
        out.add(stem, "ям ів");
        out.add(cut(stem, 1), "ь ей");
    }
    if plural {
        out.add(stem, "ь ей");
        if let Some(root) = stem.strip_suffix('н') {
            out.add(root, "ень");
        }
        if let Some(root) = stem.strip_suffix('л') {
            out.add(root, "ель");
        }
    }
}

fn in_o(stem: &str, plural: bool, out: &mut Forms) {
    // Also of surnames: Порошенко, Порошенка.
    out.add(stem, "а у ом і ові");
    softened(stem, "і", out);
    if plural {
        out.add(stem, "ам ами ах и ів");
        bare_plural(stem, out);
    }
}

fn soft(stem: &str, plural: bool, out: &mut Forms) {
    let mut stems = vec![stem.to_owned()];
    for (ending, fled) in
        [("аєц", "айц"), ("єц", "йц"), ("лец", "льц"), ("ец", "ц"), ("ен", "н"), ("ін", "он"), ("іл", "ол")]
    {
        if let Some(root) = stem.strip_suffix(ending).filter(|root| root.chars().count() > 1) {
            stems.push(format!("{root}{fled}"));
            break;
        }
    }
    if let Some(root) = stem.strip_suffix("іст") {
        // область, but новість, новості.
        out.add(root, "ості істю остей остям остями остях остя остю остем");
    }
    for stem in stems {
        out.add(&stem, "я ю ем еві і ю");
        if let Some(end) = stem.chars().next_back().filter(|end| "снлдтрцчш".contains(*end)) {
            out.add(&stem, &format!("{end}ю"));
        }
        if plural {
            out.add(&stem, "ів ей ям ями ях");
        }
        if let Some(root) = stem.strip_suffix('ц') {
            out.add(root, "че");
        }
    }
}

fn adjective(stem: &str, out: &mut Forms) {
    out.add(stem, "ий ого ому им ім а ої ій у ою е і их ими");
    if ends_with_any(stem, "н ї є") {
        out.add(stem, "ій ього ьому я ьої ю ьою є іх іми");
    }
}

/// A noun in the plural, as a user may write it.
fn plural_noun(stem: &str, out: &mut Forms) {
    if stem.ends_with('і') {
        out.add(stem, "я ю єю й ям ями ях");
    } else {
        out.add(stem, "ів ам ами ах ям ями ях ей");
        bare_plural(stem, out);
    }
}
