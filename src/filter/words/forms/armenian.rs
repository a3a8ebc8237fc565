//! Eastern Armenian: cases, plurals, articles, and the classical spelling beside the reformed. Pure.

use super::{Forms, cut, ends_with_any, line};

/// Genitive stems that no rule gives, and plurals.
const STEMS: &str = include_str!("armenian.txt");

/// What may stand behind a case: the article, and the persons near and far.
const ARTICLES: &str = "- ը ն ս դ";

pub(super) fn forms(word: &str, out: &mut Forms) {
    nouns(word, out);
    verb(word, out);
    for (reformed, classical) in [("ություն", "ութիւն"), ("յան", "եան"), ("յունը", "իւնը")]
    {
        if let Some(stem) = word.strip_suffix(reformed) {
            nouns(&format!("{stem}{classical}"), out);
        } else if let Some(stem) = word.strip_suffix(classical) {
            nouns(&format!("{stem}{reformed}"), out);
        }
    }
}

fn nouns(word: &str, out: &mut Forms) {
    out.add(word, ARTICLES);
    cases(word, out);
    plurals(word, out);
    if let Some(stem) = reduced(word) {
        cases(&stem, out);
        plurals(&stem, out);
    }
    for (ending, genitive, instrumental) in [
        ("ություն", "ության", "ությամբ"),
        ("ութիւն", "ութեան", "ութեամբ"),
        ("ում", "ման", "մամբ"),
        ("ուն", "ան", "ամբ"),
    ] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| !stem.is_empty()) {
            out.add(&format!("{stem}{genitive}"), "- ը ն ս դ ից");
            out.add(&format!("{stem}{instrumental}"), "- ը ն ս դ");
            break;
        }
    }
    if let Some(stem) = word.strip_suffix('ի') {
        // եկեղեցի, եկեղեցու, եկեղեցուց; տարի, տարվա.
        out.add(stem, "ու ուն ուս ուդ ուց ուցս ուցդ ով ովս ովդ ում ումը ումն ումս ումդ վա վան");
    }
    if word.ends_with("եցի") || word.ends_with("ացի") {
        out.add(cut(word, 1), "ների");
    }
    if ends_with_any(word, "ա ո ու ե է օ") {
        for case in [
            "յի",
            "յին",
            "յից",
            "յով",
            "յում",
            "յիս",
            "յիդ",
            "յիցս",
            "յիցդ",
            "յովս",
            "յովդ",
            "յումս",
            "յումդ",
        ] {
            out.one(format!("{word}{case}"));
        }
    }
    if let Some(stem) = word.strip_suffix("ու") {
        // Բաքու, Բաքվի.
        cases(&format!("{stem}վ"), out);
    }
    if let Some(line) = line(STEMS, word) {
        for stem in line.split(' ') {
            // Of a plural and of a genitive alike; what is no word costs nothing.
            out.add(stem, "- ը ն ս դ ից ով ում ի ին իս իդ");
            if ends_with_any(stem, "ք եր ներ իկ") {
                cases(stem, out);
            }
        }
    }
}

/// All cases of the singular, or of a plural stem.
fn cases(stem: &str, out: &mut Forms) {
    for case in ["ի", "ին", "ից", "ով", "ում", "իս", "իդ"] {
        out.one(format!("{stem}{case}"));
    }
    for case in ["ից", "ով", "ում"] {
        out.add(&format!("{stem}{case}"), "ս դ ը ն");
    }
}

fn plurals(word: &str, out: &mut Forms) {
    for ending in ["եր", "ներ"] {
        let plural = format!("{word}{ending}");
        out.add(&plural, ARTICLES);
        cases(&plural, out);
    }
}

/// The stem before endings where the last ի or ու falls: բժիշկ, բժշկի.
fn reduced(word: &str) -> Option<String> {
    let vowels = "աեէըիոօ";
    let at = word.rfind(|c| vowels.contains(c) || c == 'ւ')?;
    let tail_start = at + word[at..].chars().next()?.len_utf8();
    let tail = &word[tail_start..];
    if tail.is_empty() {
        return None;
    }
    let head = if word[..tail_start].ends_with("ու") {
        &word[..at - 'ո'.len_utf8()]
    } else if word[..tail_start].ends_with('ի') {
        &word[..at]
    } else {
        return None;
    };
    if head.ends_with(|c| vowels.contains(c) || c == 'ւ') || head.is_empty() {
        return None;
    }
    // լույս, լուսի: the glide falls, the vowel stays.
    Some(format!("{head}{tail}"))
}

/// Verbs in -ել and -ալ: participles, aorist, subjunctive.
fn verb(word: &str, out: &mut Forms) {
    let Some(stem) = word.strip_suffix("ել").or_else(|| word.strip_suffix("ալ")) else { return };
    if stem.chars().count() < 2 {
        return;
    }
    out.add(
        stem,
        "ում ելու ելիս ած ող եց եցի եցիր եցինք եցիք եցին ի են ենք եք եմ ես իր եք ելով ելուց ելը եցան եցավ",
    );
    out.add(stem, "ալու ալիս աց ացող ացել ացած ացավ ացան ա ան");
    for prefix in ["կ", "չ"] {
        out.add(&format!("{prefix}{stem}"), "ի են ենք եմ ես եց եցին ա ան ում ել");
    }
}
