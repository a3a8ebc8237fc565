//! Regular Russian verbs: present, past, participles of the commonest kinds. Pure.

use super::{Forms, ends_with_any, holds};

/// Nouns that end as infinitives do.
const NOUNS: &str = "печать мать кровать рать стать знать память пять десять девять двадцать тридцать нить плеть сеть \
    треть смерть путь суть ртуть муть грудь медь рукоять тать пядь прыть сыть благодать стадь клеть повесть";

/// Whether a word is an infinitive.
pub(super) fn is_infinitive(word: &str) -> bool {
    let plain = word.strip_suffix("ся").unwrap_or(word);
    ends_with_any(plain, "ать ять ить еть уть оть ыть") && !holds(NOUNS, plain) && plain.chars().count() > 4
}

pub(super) fn forms(word: &str, out: &mut Forms) {
    let (plain, reflexive) = word.strip_suffix("ся").map_or((word, false), |plain| (plain, true));
    let mut found = Forms(Vec::new());
    let stem = &plain[..plain.len() - "ть".len()];
    found.add(stem, "ть л ла ло ли в вши вший вшего вшему вшим вшем вшая вшей вшую вшее вшие вших вшими");
    let root = super::cut(stem, 1);
    if let Some(root) = plain.strip_suffix("овать").or_else(|| plain.strip_suffix("евать")) {
        found.add(
            root,
            "ую уешь ует уем уете уют уй уйте уя ующий ующего ующих ующим ующие ующая ующей ующую",
        );
    } else if let Some(root) = plain.strip_suffix("ить") {
        found.add(root, "ю у ишь ит им ите ят ат и ите я а ящий ящего ящих ящим ящие ящая");
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
                found.add(
                    &format!("{before}{changed}"),
                    "у ю ен ена ено ены енный енного енному енным енном енная енной енную енные енных енными",
                );
            }
        }
        found
            .add(root, "ен ена ено ены енный енного енному енным енном енная енной енную енные енных енными");
    } else if let Some(root) = plain.strip_suffix("нуть") {
        found.add(root, "ну нешь нет нем нете нут ни ните нут нутый нутого нутым нутая нутые нутых");
    } else if ends_with_any(plain, "ать ять еть") {
        found.add(stem, "ю ешь ет ем ете ют й йте я ющий ющего ющему ющим ющая ющей ющую ющие ющих ющими");
        found.add(stem, "н на но ны нный нного нному нным нном нная нной нную нные нных нными");
        found.add(root, "ит ят ишь им ите");
    }
    for form in found.0 {
        if reflexive {
            let ending =
                if form.ends_with(['а', 'о', 'и', 'у', 'ю', 'е', 'я']) { "сь" } else { "ся" };
            out.one(format!("{form}{ending}"));
        } else {
            out.one(form);
        }
    }
}
