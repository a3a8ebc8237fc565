//! Russian: declension by ending, fleeting vowels, tables of irregular words. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::dictionary::{Dictionary, DictionaryEntry, EntryKind};
use super::endings::{FormList, drop_last, ends_with_any, last_char, list_contains, table};
use super::russian_verbs;

/// Irregular words: the lemma, then all other forms.
const IRREGULAR_LINES: &str = include_str!("russian.txt");

static IRREGULAR: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| table(IRREGULAR_LINES));

/// Indeclinable words. Those in -и, -у, -ю and -э need not be listed.
const INVARIABLE: &str = "метро кино пальто бюро депо авто радио евро динамо ретро торнадо казино кафе шоссе резюме досье \
    кофе фото видео аудио танго домино табло эмбарго либретто конго того марокко монако мексико токио осло торонто \
    чикаго орландо глазго трио соло сопрано пиано реле желе пюре купе портмоне тире кредо фиаско какао манго нато \
    юнеско магадо монтевидео лесото бордо сиэтло это кто что как так где";

/// Masculine words in -ок and -ек without a fleeting vowel.
const WITHOUT_FLEETING_VOWEL: &str = "урок порок срок игрок пророк восток поток исток приток отток кровоток водосток владивосток \
    белосток чеснок зарок оброк подвох человек артек";

/// Nouns in -ой; other words in -ой are adjectives.
const NOUNS_IN_OI: &str = "бой строй слой рой покой герой устой застой запой разбой вой крой настрой отстой перебой \
    забой прибой отбой убой ковбой плейбой ханой зной гной перекрой простой левкой удой подстрой сбой конвой лой цой ной";

/// Nouns without a singular: its forms would be those of another word.
const PLURAL_ONLY: &str = "выборы часы весы очки ворота джинсы брюки деньги каникулы переговоры сутки ножницы финансы \
    кадры мемуары дебаты будни похороны роды шахматы джунгли дрова чернила перила духи обои нидерланды филиппины \
    мальдивы сейшелы багамы эмираты соломоны коморы афины карпаты альпы анды балканы черкассы сумы";

/// Plural-only nouns with a genitive in -ов; the form without ending is another word (выбор, час).
const GENITIVE_IN_OV: &str = "выборы часы весы очки финансы переговоры роды мемуары дебаты кадры";

/// The endings of surnames in -ов, of men, women and families.
pub(super) const SURNAME: &str = "- а у ым е ой ою ы ых ыми";

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    decline(word, true, out);
}

/// Adds to the forms of a word what the dictionary has as entries of their own: forms with another stem, participles,
/// degrees; and cases that it does not know.
pub(super) fn add_parts(entry: &DictionaryEntry, dictionary: &Dictionary, out: &mut FormList) {
    let lemma = entry.lemma();
    let known: HashSet<String> = entry.forms().collect();
    let mut parts = PartFinder { dictionary, known: &known, out };
    let is_verb = ends_with_any(&lemma, "ть ти чь ться тись чься")
        && lemma.chars().count() > 3
        && !known.contains(&format!("{}ью", drop_last(&lemma, 1)));
    let adjective_stem = ["ый", "ий", "ой"].iter().find_map(|ending| lemma.strip_suffix(ending));
    let adjective_stem = adjective_stem
        .filter(|stem| known.contains(&format!("{stem}ими")) || known.contains(&format!("{stem}ыми")));
    let mut made = FormList(Vec::new());
    if let Some(irregular) = IRREGULAR.get(lemma.as_str()) {
        irregular.split(' ').for_each(|form| parts.out.push(form));
    }
    if is_verb {
        russian_verbs::add_compounds_of_go(&lemma, parts.out);
        russian_verbs::add_possible_forms(&lemma, &mut made);
        parts.add(made, &[EntryKind::Single, EntryKind::PartOfVerb]);
    } else if let Some(stem) = adjective_stem {
        decline(&lemma, true, &mut made);
        add_possible_degrees(stem, &mut made);
        parts.add(made, &[EntryKind::Single]);
    } else if entry.kind != EntryKind::Single && IRREGULAR.get(lemma.as_str()).is_none() {
        decline(&lemma, true, &mut made);
        let is_new = |form: &&String| !known.contains(*form) && dictionary.entries(form).is_empty();
        if known.len() > 2 && known.len() < 15 {
            parts.out.0.extend(made.0.iter().filter(is_new).cloned());
        }
        parts.add(made, &[EntryKind::Single, EntryKind::Plural]);
    }
}

/// Looks up what may be a form of a word.
struct PartFinder<'p> {
    dictionary: &'p Dictionary,
    known: &'p HashSet<String>,
    out: &'p mut FormList,
}

impl PartFinder<'_> {
    /// Adds those that are a participle, a superlative or an entry of these kinds, with their forms.
    fn add(&mut self, mut made: FormList, kinds: &[EntryKind]) {
        made.0.sort_unstable();
        made.0.dedup();
        // A form that is known can be that of a plural; verbs have none, and most of what may be made.
        let has_plural = kinds.contains(&EntryKind::Plural);
        made.0.retain(|form| form.chars().nth(2).is_some() && (has_plural || !self.known.contains(form)));
        for form in made.0.iter().filter(|form| !OTHER_WORDS.contains(form.as_str())) {
            let is_part = |entry: &DictionaryEntry| {
                entry.is_lemma && (kinds.contains(&entry.kind) || russian_verbs::is_participle(form))
            };
            let entries = self.dictionary.entries(form);
            self.out.0.extend(entries.iter().filter(|entry| is_part(entry)).flat_map(DictionaryEntry::forms));
        }
    }
}

/// Words that look like forms of others.
static OTHER_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let irregular = IRREGULAR_LINES.split_whitespace();
    irregular
        .chain("для ради рада лишь если ведь хоть столь почти мимо нами вами ими нету".split(' '))
        .collect()
});

/// The adverb and degrees that an adjective may have: частый, чаще; близкий, ближайший.
fn add_possible_degrees(stem: &str, out: &mut FormList) {
    out.push_endings(stem, "о ее ей ейший");
    let roots = [Some(stem), stem.strip_suffix('к'), stem.strip_suffix("ок")];
    for root in roots.into_iter().flatten() {
        for (end, changed) in [
            ("ст", "щ"),
            ("к", "ч"),
            ("т", "ч"),
            ("д", "ж"),
            ("г", "ж"),
            ("з", "ж"),
            ("х", "ш"),
            ("с", "ш"),
            ("", ""),
        ] {
            if let Some(before) = root.strip_suffix(end) {
                out.push_endings(&format!("{before}{changed}"), "е айший");
                out.push(format!("по{before}{changed}е"));
            }
        }
    }
}

/// The forms, besides the word, of an irregular word and of one that is plural only: выбор is another word than выборы.
pub(super) fn irregular_forms(word: &str) -> Option<Vec<String>> {
    let mut out = FormList(Vec::new());
    if let Some(line) = IRREGULAR.get(word) {
        line.split(' ').for_each(|form| out.push(form));
    } else if list_contains(PLURAL_ONLY, word) {
        add_plural_noun(word, drop_last(word, 1), &mut out);
    }
    (!out.0.is_empty()).then_some(out.0)
}

pub(super) fn add_singular_forms(word: &str, out: &mut FormList) {
    decline(word, false, out);
}

fn decline(word: &str, plural: bool, out: &mut FormList) {
    if let Some(known) = IRREGULAR.get(word) {
        known.split(' ').for_each(|form| out.push(form));
        return;
    }
    if list_contains(INVARIABLE, word) || word.chars().count() < 3 {
        return;
    }
    if russian_verbs::is_infinitive(word) {
        russian_verbs::add_forms(word, out);
        return;
    }
    let stem = drop_last(word, 1);
    match last_char(word) {
        'а' => add_nouns_in_a(stem, plural, out),
        'я' => add_nouns_in_ya(stem, plural, out),
        'о' => add_nouns_in_o(stem, plural, out),
        'е' => add_nouns_in_e(word, stem, plural, out),
        'ь' => add_soft_nouns(stem, plural, out),
        'й' => add_nouns_in_y(word, stem, plural, out),
        'ы' | 'и' if plural => add_plural_noun(word, stem, out),
        'ы' | 'и' | 'у' | 'ю' | 'э' => {}
        _ => add_masculine(word, plural, out),
    }
}

/// Whether endings have и in place of ы.
fn takes_i(stem: &str) -> bool {
    stem.ends_with(['г', 'к', 'х', 'ж', 'ч', 'ш', 'щ'])
}

/// Whether the stem ends with a sibilant or ц.
fn ends_with_sibilant(stem: &str) -> bool {
    stem.ends_with(['ж', 'ч', 'ш', 'щ', 'ц'])
}

fn i_or_y(stem: &str) -> &'static str {
    if takes_i(stem) { "и" } else { "ы" }
}

/// Masculine nouns that end with a consonant.
fn add_masculine(word: &str, plural: bool, out: &mut FormList) {
    let i = i_or_y(word);
    add_hard_masculine(word, plural, out);
    // Surnames have some endings of adjectives: Путиным, Лавровых.
    if ends_with_any(word, "ов ев ин ын") {
        out.push_endings(word, "ым");
        if plural {
            out.push_endings(word, "ой ою ых ыми");
        }
    }
    if let Some(stem) = word.strip_suffix("ин").filter(|stem| plural && ends_with_any(stem, "ан ян ар"))
    {
        // гражданин, граждане; татарин, татары.
        out.push_endings(stem, "е - ы ам ами ах");
    }
    if let Some(stem) = word.strip_suffix("онок").or_else(|| word.strip_suffix("енок")).filter(|_| plural)
    {
        out.push_endings(stem, "ята ят ятам ятами ятах ата ат атам атами атах");
    }
    if let Some(stem) = without_fleeting_vowel(word) {
        add_hard_masculine(&stem, plural, out);
    }
    if plural && i == "и" {
        out.push_endings(word, "ей");
    }
}

fn add_hard_masculine(stem: &str, plural: bool, out: &mut FormList) {
    out.push_endings(stem, if ends_with_sibilant(stem) { "а у е ем ом" } else { "а у е ом" });
    if plural {
        out.push_endings(stem, &format!("{} ам ами ах ов", i_or_y(stem)));
        if ends_with_sibilant(stem) {
            out.push_endings(stem, "ев ей");
        }
    }
}

/// The stem of a masculine word with a fleeting vowel: рынок, рынка.
fn without_fleeting_vowel(word: &str) -> Option<String> {
    if list_contains(WITHOUT_FLEETING_VOWEL, word)
        || word.chars().filter(|c| "аеиоуыэюя".contains(*c)).count() < 2
    {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ец") {
        return Some(match last_char(stem) {
            'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' => format!("{stem}йц"),
            'л' => format!("{stem}ьц"),
            _ => format!("{stem}ц"),
        });
    }
    if let Some(stem) = word.strip_suffix("ок") {
        return Some(format!("{stem}к"));
    }
    let stem = word.strip_suffix("ек")?;
    Some(match last_char(stem) {
        'л' | 'р' | 'н' => format!("{stem}ьк"),
        'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я' => format!("{stem}йк"),
        _ => format!("{stem}к"),
    })
}

fn add_nouns_in_a(stem: &str, plural: bool, out: &mut FormList) {
    let i = i_or_y(stem);
    out.push_endings(stem, &format!("{i} е у ой ою"));
    if ends_with_sibilant(stem) {
        out.push_endings(stem, "ей ею");
    }
    if plural {
        out.push_endings(stem, "ам ами ах");
        add_genitive_plural(stem, out);
        if ends_with_sibilant(stem) {
            out.push_endings(stem, "ей");
        }
    }
}

/// Genitive plurals without ending, with and without an inserted vowel: карт, кукол.
fn add_genitive_plural(stem: &str, out: &mut FormList) {
    let consonant = |c: char| c.is_alphabetic() && !"аеиоуыэюя".contains(c);
    let end = last_char(stem);
    let before = last_char(drop_last(stem, 1));
    if !consonant(end) {
        return;
    }
    out.push(stem);
    if !consonant(before) || before == end {
        return;
    }
    let root = drop_last(stem, 1);
    let opened = match before {
        'ь' | 'й' => format!("{}е{end}", drop_last(stem, 2)),
        _ if end == 'к' && !"жчшщц".contains(before) => format!("{root}о{end}"),
        'г' | 'к' | 'х' => format!("{root}о{end}"),
        _ if "клнрмцб".contains(end) => format!("{root}е{end}"),
        _ => return,
    };
    out.push(opened);
}

fn add_nouns_in_ya(stem: &str, plural: bool, out: &mut FormList) {
    if let Some(adjective) = stem.strip_suffix('а') {
        // In -ая: Лавровская, столовая.
        add_adjective(adjective, out);
        return;
    }
    if let Some(adjective) = stem.strip_suffix('я') {
        add_soft_adjective(adjective, out);
        return;
    }
    let dative = if stem.ends_with('и') { "и" } else { "е" };
    out.push_endings(stem, &format!("и ю ей ею {dative}"));
    if !plural {
        return;
    }
    out.push_endings(stem, "ям ями ях");
    if stem.ends_with(['а', 'е', 'и', 'о', 'у', 'ю', 'я', 'э']) {
        out.push_endings(stem, "й");
    } else if let Some(root) = stem.strip_suffix('ь') {
        out.push_endings(root, "ей ий");
    } else {
        out.push_endings(stem, "ь ей");
        if let Some(root) = stem.strip_suffix('н') {
            out.push_endings(root, "ен ень");
        }
        if let Some(root) = stem.strip_suffix('л') {
            out.push_endings(root, "ель");
        }
    }
}

fn add_nouns_in_o(stem: &str, plural: bool, out: &mut FormList) {
    out.push_endings(stem, "а у ом е");
    if plural {
        out.push_endings(stem, "ам ами ах");
        if stem.ends_with('к') {
            out.push_endings(stem, "и ов");
        }
        add_genitive_plural(stem, out);
    }
}

fn add_nouns_in_e(word: &str, stem: &str, plural: bool, out: &mut FormList) {
    if stem.ends_with(['о', 'ы']) || (stem.ends_with('и') && takes_i(drop_last(stem, 1))) {
        add_adjective(drop_last(stem, 1), out);
    } else if stem.ends_with(['и', 'ь']) {
        out.push_endings(stem, "я ю ем");
        if stem.ends_with('и') {
            out.push_endings(stem, "и");
        }
        if plural {
            out.push_endings(stem, "й ям ями ях ев");
            out.push_endings(drop_last(stem, 1), "ий");
        }
    } else if stem.ends_with('е') {
        add_soft_adjective(drop_last(stem, 1), out);
    } else if ends_with_sibilant(stem) {
        out.push_endings(stem, "а у ем");
        if plural {
            out.push_endings(stem, "ам ами ах");
            add_genitive_plural(stem, out);
        }
    } else if ends_with_any(word, "ле ре") {
        out.push_endings(stem, "я ю ем");
        if plural {
            out.push_endings(stem, "ей ям ями ях");
        }
    } else if plural && ends_with_any(word, "ане яне") {
        // граждане, россияне: with the singular in -ин.
        out.push_endings(stem, "ин ина ину ином ине - ам ами ах");
    }
}

/// Nouns in -ь, with the endings of both genders.
fn add_soft_nouns(stem: &str, plural: bool, out: &mut FormList) {
    out.push_endings(stem, "и ью");
    if !ends_with_sibilant(stem) {
        out.push_endings(stem, "я ю ем е");
    }
    if plural {
        out.push_endings(stem, if ends_with_sibilant(stem) { "ей ам ами ах" } else { "ей ям ями ях" });
    }
    let fleeting = [("ень", "н"), ("овь", "в"), ("ожь", "ж")].into_iter().find_map(|(ending, kept)| {
        let root = stem.strip_suffix(ending.trim_end_matches('ь'))?;
        (root.chars().count() > 1).then(|| format!("{root}{kept}"))
    });
    if let Some(fleeting) = fleeting {
        out.push_endings(&fleeting, "я ю ем е и");
        if plural {
            out.push_endings(&fleeting, "ей ям ями ях");
        }
    }
}

fn add_nouns_in_y(word: &str, stem: &str, plural: bool, out: &mut FormList) {
    let noun = match last_char(stem) {
        'ы' => false,
        'о' => list_contains(NOUNS_IN_OI, word),
        'и' => {
            let before = last_char(drop_last(stem, 1));
            !"гкхжчшщ".contains(before) && before != 'н'
                || list_contains("евгений гений алюминий арсений", word)
        }
        _ => true,
    };
    if !noun || (stem.ends_with("ни") && !list_contains("гений евгений алюминий арсений", word))
    {
        let root = drop_last(stem, 1);
        if stem.ends_with("ни") {
            add_soft_adjective(root, out);
        } else {
            add_adjective(root, out);
        }
        if !noun {
            return;
        }
    }
    out.push_endings(stem, "я ю ем е");
    if stem.ends_with('и') {
        out.push_endings(stem, "и");
    }
    if plural {
        out.push_endings(stem, "и ев ям ями ях");
    }
    if let Some(root) = stem.strip_suffix('е') {
        // воробей, воробья.
        out.push_endings(root, "ья ью ьем ье");
        if plural {
            out.push_endings(root, "ьи ьев ьям ьями ьях");
        }
    }
}

/// Adjectives, including surnames and nouns that are declined like them.
fn add_adjective(stem: &str, out: &mut FormList) {
    if stem.is_empty() {
        return;
    }
    if ends_with_sibilant(stem) && !stem.ends_with('ц') {
        out.push_endings(stem, "ий ой его ому ему им ем ом ая ей ой ую ею ою ее ое ие их ими");
    } else if takes_i(stem) {
        out.push_endings(stem, "ий ой ого ому им ом ая ую ою ое ие их ими");
    } else {
        out.push_endings(stem, "ый ой ого ому ым ом ая ую ою ое ые ых ыми");
    }
    if let Some(root) = stem.strip_suffix('н') {
        let root = match last_char(root) {
            'ь' | 'й' => format!("{}е", drop_last(root, 1)),
            'н' => String::new(),
            _ => format!("{root}е"),
        };
        if !root.is_empty() && !root.ends_with("ее") {
            out.push(format!("{root}н"));
        }
        out.push_endings(stem, "а о ы ее ей");
    }
}

fn add_soft_adjective(stem: &str, out: &mut FormList) {
    out.push_endings(stem, "ий его ему им ем яя ей юю ею ее ие их ими");
}

/// A noun that is written in the plural: санкции, выборы.
fn add_plural_noun(word: &str, stem: &str, out: &mut FormList) {
    if stem.ends_with('и') {
        out.push_endings(stem, "я ю ей ею й ям ями ях");
        return;
    }
    let only = list_contains(PLURAL_ONLY, word);
    let hard = word.ends_with('ы') || takes_i(stem);
    if hard {
        out.push_endings(stem, "ам ами ах ов");
        if !list_contains(GENITIVE_IN_OV, word) {
            add_genitive_plural(stem, out);
        }
        if ends_with_sibilant(stem) {
            out.push_endings(stem, "ей ев");
        }
        if !only {
            out.push_endings(stem, "- а у ом е ой ою");
        }
    } else {
        out.push_endings(stem, "ям ями ях ей");
        if !only {
            out.push_endings(stem, "ь я ю ем е ью");
        }
    }
}
