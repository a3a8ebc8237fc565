//! Russian: declension by endings, fleeting vowels by classes, tables of what no ending tells. Pure.

use super::{Forms, cut, ends_with_any, holds, last, line, slavic_verbs};

/// Words whose forms no rule gives: the lemma, then every other form.
const IRREGULAR: &str = include_str!("russian.txt");

/// Foreign words with one form; those in -и, -у, -ю and -э need no naming.
const FIXED: &str = "метро кино пальто бюро депо авто радио евро динамо ретро торнадо казино кафе шоссе резюме досье \
    кофе фото видео аудио танго домино табло эмбарго либретто конго того марокко монако мексико токио осло торонто \
    чикаго орландо глазго трио соло сопрано пиано реле желе пюре купе портмоне тире кредо фиаско какао манго нато \
    юнеско магадо монтевидео лесото бордо сиэтло это кто что как так где";

/// Masculine words in -ок and -ек that keep their vowel.
const KEEPING: &str = "урок порок срок игрок пророк восток поток исток приток отток кровоток водосток владивосток \
    белосток чеснок зарок оброк подвох человек артек";

/// Nouns in -ой: all others are adjectives.
const NOUNS_IN_OI: &str = "бой строй слой рой покой герой устой застой запой разбой вой крой настрой отстой перебой \
    забой прибой отбой убой ковбой плейбой ханой зной гной перекрой простой левкой удой подстрой сбой конвой лой цой ной";

/// Nouns that are met in the plural only: a singular of theirs would be another word.
const PLURAL_ONLY: &str = "выборы часы весы очки ворота джинсы брюки деньги каникулы переговоры сутки ножницы финансы \
    кадры мемуары дебаты будни похороны роды шахматы джунгли дрова чернила перила духи обои нидерланды филиппины \
    мальдивы сейшелы багамы эмираты соломоны коморы афины карпаты альпы анды балканы черкассы сумы";

const GENITIVE_IN_OV: &str = "выборы часы весы очки финансы переговоры роды мемуары дебаты кадры";

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
    if slavic_verbs::is_infinitive(word) {
        slavic_verbs::forms(word, out);
        return;
    }
    let stem = cut(word, 1);
    match last(word) {
        'а' => in_a(stem, plural, out),
        'я' => in_ya(stem, plural, out),
        'о' => in_o(stem, plural, out),
        'е' => in_e(word, stem, plural, out),
        'ь' => soft(stem, plural, out),
        'й' => in_y(word, stem, plural, out),
        'ы' | 'и' if plural => plural_noun(word, stem, out),
        'ы' | 'и' | 'у' | 'ю' | 'э' => {}
        _ => masculine(word, plural, out),
    }
}

/// Whether и stands where others have ы.
fn wants_i(stem: &str) -> bool {
    stem.ends_with(['г', 'к', 'х', 'ж', 'ч', 'ш', 'щ'])
}

fn hushes(stem: &str) -> bool {
    stem.ends_with(['ж', 'ч', 'ш', 'щ', 'ц'])
}

fn i_or_y(stem: &str) -> &'static str {
    if wants_i(stem) { "и" } else { "ы" }
}

/// Masculine nouns that end in a consonant.
fn masculine(word: &str, plural: bool, out: &mut Forms) {
    let i = i_or_y(word);
    hard_masculine(word, plural, out);
    // Surnames are declined as adjectives in part: Путиным, Лавровых.
    if ends_with_any(word, "ов ев ин ын") {
        out.add(word, "ым");
        if plural {
            out.add(word, "ой ою ых ыми");
        }
    }
    if let Some(stem) = word.strip_suffix("ин").filter(|stem| plural && ends_with_any(stem, "ан ян ар"))
    {
        // гражданин, граждане; татарин, татары.
        out.add(stem, "е - ы ам ами ах");
    }
    if let Some(stem) = word.strip_suffix("онок").or_else(|| word.strip_suffix("енок")).filter(|_| plural)
    {
        out.add(stem, "ята ят ятам ятами ятах ата ат атам атами атах");
    }
    if let Some(fled) = fled(word) {
        hard_masculine(&fled, plural, out);
    }
    if plural && i == "и" {
        out.add(word, "ей");
    }
}

fn hard_masculine(stem: &str, plural: bool, out: &mut Forms) {
    out.add(stem, if hushes(stem) { "а у е ем ом" } else { "а у е ом" });
    if plural {
        out.add(stem, &format!("{} ам ами ах ов", i_or_y(stem)));
        if hushes(stem) {
            out.add(stem, "ев ей");
        }
    }
}

/// The stem before endings of a masculine word whose last vowel flees: рынок, рынка.
fn fled(word: &str) -> Option<String> {
    if holds(KEEPING, word) || word.chars().filter(|c| "аеиоуыэюя".contains(*c)).count() < 2 {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ец") {
        return Some(match last(stem) {
            'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' => format!("{stem}йц"),
            'л' => format!("{stem}ьц"),
            _ => format!("{stem}ц"),
        });
    }
    if let Some(stem) = word.strip_suffix("ок") {
        return Some(format!("{stem}к"));
    }
    let stem = word.strip_suffix("ек")?;
    Some(match last(stem) {
        'л' | 'р' | 'н' => format!("{stem}ьк"),
        'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' => format!("{stem}йк"),
        _ => format!("{stem}к"),
    })
}

fn in_a(stem: &str, plural: bool, out: &mut Forms) {
    let i = i_or_y(stem);
    out.add(stem, &format!("{i} е у ой ою"));
    if hushes(stem) {
        out.add(stem, "ей ею");
    }
    if plural {
        out.add(stem, "ам ами ах");
        bare_plural(stem, out);
        if hushes(stem) {
            out.add(stem, "ей");
        }
    }
}

/// The genitive plural without ending, with the vowel that may stand in for it.
fn bare_plural(stem: &str, out: &mut Forms) {
    let consonant = |c: char| c.is_alphabetic() && !"аеиоуыэюя".contains(c);
    let end = last(stem);
    let before = last(cut(stem, 1));
    if !consonant(end) {
        return;
    }
    out.one(stem);
    if !consonant(before) || before == end {
        return;
    }
    let root = cut(stem, 1);
    let opened = match before {
        'ь' | 'й' => format!("{}е{end}", cut(stem, 2)),
        _ if end == 'к' && !"жчшщц".contains(before) => format!("{root}о{end}"),
        'г' | 'к' | 'х' => format!("{root}о{end}"),
        _ if "клнрмцб".contains(end) => format!("{root}е{end}"),
        _ => return,
    };
    out.one(opened);
}

fn in_ya(stem: &str, plural: bool, out: &mut Forms) {
    if let Some(adjective) = stem.strip_suffix('а') {
        // Of -ая: Лавровская, столовая.
        adjective_forms(adjective, out);
        return;
    }
    if let Some(adjective) = stem.strip_suffix('я') {
        soft_adjective(adjective, out);
        return;
    }
    let dative = if stem.ends_with('и') { "и" } else { "е" };
    out.add(stem, &format!("и ю ей ею {dative}"));
    if !plural {
        return;
    }
    out.add(stem, "ям ями ях");
    if stem.ends_with(['а', 'е', 'и', 'о', 'у', 'ю', 'я', 'э']) {
        out.add(stem, "й");
    } else if let Some(root) = stem.strip_suffix('ь') {
        out.add(root, "ей ий");
    } else {
        out.add(stem, "ь ей");
        if let Some(root) = stem.strip_suffix('н') {
            out.add(root, "ен ень");
        }
        if let Some(root) = stem.strip_suffix('л') {
            out.add(root, "ель");
        }
    }
}

fn in_o(stem: &str, plural: bool, out: &mut Forms) {
    out.add(stem, "а у ом е");
    if plural {
        out.add(stem, "ам ами ах");
        if stem.ends_with('к') {
            out.add(stem, "и ов");
        }
        bare_plural(stem, out);
    }
}

fn in_e(word: &str, stem: &str, plural: bool, out: &mut Forms) {
    if stem.ends_with(['о', 'ы']) || (stem.ends_with('и') && wants_i(cut(stem, 1))) {
        adjective_forms(cut(stem, 1), out);
    } else if stem.ends_with(['и', 'ь']) {
        out.add(stem, "я ю ем");
        if stem.ends_with('и') {
            out.add(stem, "и");
        }
        if plural {
            out.add(stem, "й ям ями ях ев");
            out.add(cut(stem, 1), "ий");
        }
    } else if stem.ends_with('е') {
        soft_adjective(cut(stem, 1), out);
    } else if hushes(stem) {
        out.add(stem, "а у ем");
        if plural {
            out.add(stem, "ам ами ах");
            bare_plural(stem, out);
        }
    } else if ends_with_any(word, "ле ре") {
        out.add(stem, "я ю ем");
        if plural {
            out.add(stem, "ей ям ями ях");
        }
    } else if plural && ends_with_any(word, "ане яне") {
        // граждане, россияне: of their singular in -ин.
        out.add(stem, "ин ина ину ином ине - ам ами ах");
    }
}

/// Nouns in -ь; the endings of both genders.
fn soft(stem: &str, plural: bool, out: &mut Forms) {
    out.add(stem, "и ью");
    if !hushes(stem) {
        out.add(stem, "я ю ем е");
    }
    if plural {
        out.add(stem, if hushes(stem) { "ей ам ами ах" } else { "ей ям ями ях" });
    }
    let fled = [("ень", "н"), ("овь", "в"), ("ожь", "ж")].into_iter().find_map(|(ending, kept)| {
        let root = stem.strip_suffix(ending.trim_end_matches('ь'))?;
        (root.chars().count() > 1).then(|| format!("{root}{kept}"))
    });
    if let Some(fled) = fled {
        out.add(&fled, "я ю ем е и");
        if plural {
            out.add(&fled, "ей ям ями ях");
        }
    }
}

fn in_y(word: &str, stem: &str, plural: bool, out: &mut Forms) {
    let noun = match last(stem) {
        'ы' => false,
        'о' => holds(NOUNS_IN_OI, word),
        'и' => {
            let before = last(cut(stem, 1));
            !"гкхжчшщ".contains(before) && before != 'н' || holds("евгений гений алюминий арсений", word)
        }
        _ => true,
    };
    if !noun || (stem.ends_with("ни") && !holds("гений евгений алюминий арсений", word))
    {
        let root = cut(stem, 1);
        if stem.ends_with("ни") {
            soft_adjective(root, out);
        } else {
            adjective_forms(root, out);
        }
        if !noun {
            return;
        }
    }
    out.add(stem, "я ю ем е");
    if stem.ends_with('и') {
        out.add(stem, "и");
    }
    if plural {
        out.add(stem, "и ев ям ями ях");
    }
    if let Some(root) = stem.strip_suffix('е') {
        // воробей, воробья.
        out.add(root, "ья ью ьем ье");
        if plural {
            out.add(root, "ьи ьев ьям ьями ьях");
        }
    }
}

/// Adjectives, also of surnames and of what became a noun.
fn adjective_forms(stem: &str, out: &mut Forms) {
    if stem.is_empty() {
        return;
    }
    if hushes(stem) && !stem.ends_with('ц') {
        out.add(stem, "ий ой его ому ему им ем ом ая ей ой ую ею ою ее ое ие их ими");
    } else if wants_i(stem) {
        out.add(stem, "ий ой ого ому им ом ая ую ою ое ие их ими");
    } else {
        out.add(stem, "ый ой ого ому ым ом ая ую ою ое ые ых ыми");
    }
    if let Some(root) = stem.strip_suffix('н') {
        let root = match last(root) {
            'ь' | 'й' => format!("{}е", cut(root, 1)),
            'н' => String::new(),
            _ => format!("{root}е"),
        };
        if !root.is_empty() && !root.ends_with("ее") {
            out.one(format!("{root}н"));
        }
        out.add(stem, "а о ы ее ей");
    }
}

fn soft_adjective(stem: &str, out: &mut Forms) {
    out.add(stem, "ий его ему им ем яя ей юю ею ее ие их ими");
}

/// A noun in the plural, as a user may write it: санкции, выборы.
fn plural_noun(word: &str, stem: &str, out: &mut Forms) {
    if stem.ends_with('и') {
        out.add(stem, "я ю ей ею й ям ями ях");
        return;
    }
    let only = holds(PLURAL_ONLY, word);
    let hard = word.ends_with('ы') || wants_i(stem);
    if hard {
        out.add(stem, "ам ами ах ов");
        // выборов and часов: their выбор and час are other words.
        if !holds(GENITIVE_IN_OV, word) {
            bare_plural(stem, out);
        }
        if hushes(stem) {
            out.add(stem, "ей ев");
        }
        if !only {
            out.add(stem, "- а у ом е ой ою");
        }
    } else {
        out.add(stem, "ям ями ях ей");
        if !only {
            out.add(stem, "ь я ю ем е ью");
        }
    }
}
