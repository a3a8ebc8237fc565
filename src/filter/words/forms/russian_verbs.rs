//! Regular Russian verbs: present, past and the most common participles. Pure.

use super::endings::{FormList, drop_last, ends_with_any, list_contains};

/// Nouns that end like infinitives.
const NOUNS: &str = "печать мать кровать рать стать знать память пять десять девять двадцать тридцать нить плеть сеть \
    треть смерть путь суть ртуть муть грудь медь рукоять тать пядь прыть сыть благодать стадь клеть повесть";

/// Whether a word is an infinitive.
pub(super) fn is_infinitive(word: &str) -> bool {
    let plain = word.strip_suffix("ся").unwrap_or(word);
    ends_with_any(plain, "ать ять ить еть уть оть ыть")
        && !list_contains(NOUNS, plain)
        && plain.chars().count() > 4
}

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    let (plain, reflexive) = word.strip_suffix("ся").map_or((word, false), |plain| (plain, true));
    let mut found = FormList(Vec::new());
    let stem = &plain[..plain.len() - "ть".len()];
    found.push_endings(
        stem,
        "ть л ла ло ли в вши вший вшего вшему вшим вшем вшая вшей вшую вшее вшие вших вшими",
    );
    let root = drop_last(stem, 1);
    if let Some(root) = plain.strip_suffix("овать").or_else(|| plain.strip_suffix("евать")) {
        found.push_endings(
            root,
            "ую уешь ует уем уете уют уй уйте уя ующий ующего ующих ующим ующие ующая ующей ующую",
        );
    } else if let Some(root) = plain.strip_suffix("ить") {
        found.push_endings(root, "ю у ишь ит им ите ят ат и ите я а ящий ящего ящих ящим ящие ящая");
        for (end, changed) in [
            ("ст", "щ"),
            ("б", "бл"),
            ("в", "вл"),
            ("п", "пл"),
            ("м", "мл"),
            ("ф", "фл"),
            ("т", "ч"),
            ("т", "щ"),
            ("д", "ж"),
            ("з", "ж"),
            ("с", "ш"),
        ] {
            if let Some(before) = root.strip_suffix(end) {
                found.push_endings(
                    &format!("{before}{changed}"),
                    "у ю ен ена ено ены енный енного енному енным енном енная енной енную енные енных енными",
                );
            }
        }
        found.push_endings(
            root,
            "ен ена ено ены енный енного енному енным енном енная енной енную енные енных енными",
        );
    } else if let Some(root) = plain.strip_suffix("нуть") {
        found.push_endings(root, "ну нешь нет нем нете нут ни ните нут нутый нутого нутым нутая нутые нутых");
    } else if ends_with_any(plain, "ать ять еть") {
        found.push_endings(
            stem,
            "ю ешь ет ем ете ют й йте я ющий ющего ющему ющим ющая ющей ющую ющие ющих ющими",
        );
        found.push_endings(stem, "н на но ны нный нного нному нным нном нная нной нную нные нных нными");
        found.push_endings(root, "ит ят ишь им ите");
    }
    for form in found.0 {
        if reflexive {
            let ending =
                if form.ends_with(['а', 'о', 'и', 'у', 'ю', 'е', 'я']) { "сь" } else { "ся" };
            out.push(format!("{form}{ending}"));
        } else {
            out.push(form);
        }
    }
}
