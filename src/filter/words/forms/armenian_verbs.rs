//! Armenian verbs in -ել and -ալ, with their passive, negative and conditional. Pure.

use super::endings::{FormList, ends_with_any, list_contains, pairs};

/// Nouns and names that end like infinitives.
const NOUNS: &str = "տեղակալ կապիտալ ֆինալ կանալ սիգնալ սերիալ ժուռնալ իդեալ մետալ տերմինալ պորտալ օրիգինալ պոտենցիալ \
    արսենալ գեներալ լիբերալ ֆեդերալ ռադիկալ նորմալ իսրայել միքայել գաբրիել դանիել ռաֆայել սամվել մոդել պանել";

/// The end of a verb and what stands in its place in the past tense. Those of one end in the order of their lengths.
const PAST_STEMS: &str = include_str!("armenian_verbs.txt");

const PARTICIPLES: &str = "ել ած ածը ածի ածին ածից ածով ածներ ածները ածների ածն";
const PAST_IN_A: &str = "ա ար ավ անք աք ան";
const PAST_IN_E: &str = "եցի եցիր եց եցինք եցիք եցին";
const PAST_IN_I: &str = "ի իր ինք իք ին";
const AGENT: &str = "ող ողը ողի ողին ողից ողով ողն ողներ ողները ողների ողներին ողներից ողներով";

/// Adds the forms of a verb, and tells whether the word is certainly one.
pub(super) fn add_forms(word: &str, out: &mut FormList) -> bool {
    let Some(stem) = word.strip_suffix("ել").or_else(|| word.strip_suffix("ալ")) else { return false };
    if list_contains(NOUNS, word) {
        return false;
    }
    out.push_endings(word, "ը ն ու ուն ուց ով իս իք ուս ուդ");
    out.push_endings(stem, "ում");
    let mut finite = FormList(Vec::new());
    add_present(stem, if word.ends_with("ել") { "ե" } else { "ա" }, &mut finite);
    for past in past_stems(word, stem) {
        out.push_endings(&past, PARTICIPLES);
        out.push_endings(&past, AGENT);
        finite.push_endings(&past, PAST_IN_E);
        finite.push_endings(&past, "եք եցեք իր");
        if past != stem {
            finite.push_endings(&past, PAST_IN_A);
        }
        if past.ends_with("աց") && !word.ends_with("անալ") {
            finite.push(past.clone());
        }
        if past.ends_with(['ր', 'վ', 'ց']) {
            finite.push_endings(&past, PAST_IN_I);
        }
        if !word.ends_with("վել") {
            add_passive(
                past.strip_suffix("ցր").map_or(past.clone(), |start| format!("{start}ց")),
                &mut finite,
                out,
            );
        }
    }
    if word.ends_with("ել") {
        out.push_endings(stem, AGENT);
    }
    add_special(word, &mut finite);
    for form in finite.0 {
        out.push(format!("կ{form}"));
        out.push(format!("չ{form}"));
        out.push(form);
    }
    ends_with_any(word, "նալ նել վել ցնել") || stem.chars().count() < 2
}

/// The stems of the past tense; some verbs may have the regular one or another.
fn past_stems(word: &str, stem: &str) -> Vec<String> {
    let other = pairs(PAST_STEMS).find_map(|(end, past)| Some(format!("{}{past}", word.strip_suffix(end)?)));
    let is_causative = word.ends_with("ցնել") && !word.ends_with("անցնել");
    let regular = word.ends_with("ել") && !is_causative || word.ends_with("անել");
    let mut all: Vec<String> = other.into_iter().filter(|stem| stem.chars().count() > 1).collect();
    if word == "անել" || word.ends_with("կանել") {
        all.push(format!("{}ար", &word[..word.len() - "անել".len()]));
    }
    if regular {
        all.push(stem.to_owned());
    }
    all
}

fn add_present(stem: &str, vowel: &str, finite: &mut FormList) {
    finite.push_endings(&format!("{stem}{vowel}"), "մ ս նք ք ն");
    if vowel == "ե" {
        finite.push_endings(stem, "ի եի եիր եր եինք եիք եին");
    } else {
        finite.push_endings(stem, "ա այի այիր ար այինք այիք ային");
    }
}

fn add_passive(stem: String, finite: &mut FormList, out: &mut FormList) {
    let passive = stem + "վ";
    out.push_endings(&passive, "ում ել ելու ելուց ելով ելը ելիս ող ած ածը ածի ածին ածներ");
    finite.push_endings(&passive, "եց եցին եցի եցինք ի են եմ եք եր եին");
}

/// Verbs with more stems.
fn add_special(word: &str, finite: &mut FormList) {
    let specials = [
        ("ունենալ", "ունեմ ունես ունի ունենք ունեք ունեն ունեի ունեիր ուներ ունեինք ունեիք ունեին"),
        ("գիտենալ", "գիտեմ գիտես գիտի գիտե գիտենք գիտեք գիտեն գիտեի գիտեիր գիտեր գիտեինք գիտեին"),
        ("անել", "արա արեք"),
        ("արժել", "արժե արժեր"),
        ("տալ", "տուր տվեք տրվել տրվեց տրվում տրված տրվեցին տրվի տրվեն տրվելու"),
        ("գալ", "գալիս արի եկեք"),
        ("ասել", "ասա ասեք ասվում ասված ասվեց"),
        ("լինել", "եղավ եղել եղան"),
        ("տեսնել", "տես տեսեք"),
        ("դնել", "դիր դրեք դրվել դրվեց դրված դրվում դրվեցին"),
    ];
    for (end, forms) in specials {
        if let Some(start) = word.strip_suffix(end) {
            forms.split(' ').for_each(|form| finite.push(format!("{start}{form}")));
        }
    }
}
