//! French: plurals, feminines, regular verbs. Words have no accents, because they are folded. Pure.

use super::endings::{FormList, ends_with_any, list_contains, table_line};

/// A line has all forms of one word, the lemma first.
const IRREGULAR: &str = "\
oeil yeux
ciel cieux ciels
travail travaux
bail baux
vitrail vitraux
corail coraux
email emaux emails
beau bel belle beaux belles
nouveau nouvel nouvelle nouveaux nouvelles
vieux vieil vieille vieilles
fou fol folle fous folles
blanc blanche blancs blanches
franc franche francs franches
sec seche secs seches
long longue longs longues
public publique publics publiques
grec grecque grecs grecques grece greces
turc turque turcs turques turce turces
doux douce douces
faux fausse fausses
roux rousse rousses
frais fraiche fraiches
favori favorite favoris favorites
gros grosse grosses
bas basse basses
gentil gentille gentils gentilles
monsieur messieurs
madame mesdames
etre est sont etait etaient ete etant sera seront serait fut
avoir ont avait avaient eu ayant aura auront aurait
aller va vont allait allaient alle allee alles ira iront irait
faire fait faits faite faites font faisait faisant fera feront fit
pouvoir peut peuvent pouvait pu pouvant pourra pourront pourrait
vouloir veut veulent voulait voulu voulant voudra voudrait
prendre prend prennent prenait pris prise prises prenant prendra prit
mettre met mettent mettait mis mise mises mettant mettra mit
dire dit disent disait dite dites disant dira
venir vient viennent venait venu venue venus venues viendra vint
tenir tient tiennent tenait tenu tenue tenus tenues tiendra tint
voir voit voient voyait vu vue vus vues verra vit
savoir sait savent savait su sue sachant saura
";

/// Nouns that are another word with -e: le port, la porte.
const WITHOUT_FEMININE: &str = "port point part mort cour cours fil pal pont plan fin bal mat gar cap car cas chat col \
    cor dos fort for front gout gel lot mal mar mur nom pas pat pays pin poil prim rang ras rat rein riv sel ser sol \
    son sort tap tard test tir ton tour train vas vent vol voil avis bord camp conseil corp droit fait fond bris but \
    comp jour marin mode bas jean pari sud nord est ouest mer pres roi loi foi";

pub(super) fn add_forms(word: &str, out: &mut FormList) {
    if let Some(known) = table_line(IRREGULAR, word) {
        known.split(' ').for_each(|form| out.push(form));
        return;
    }
    if word.len() < 3 {
        return;
    }
    out.push_endings(word, "s");
    if ends_with_any(word, "eau eu au ou") {
        out.push_endings(word, "x");
    }
    if let Some(stem) = word.strip_suffix("al") {
        out.push_endings(stem, "aux ale ales");
    }
    if let Some(stem) = word.strip_suffix('s').filter(|stem| stem.len() > 3) {
        out.push(stem);
    }
    add_feminine(word, out);
    if let Some(stem) = word.strip_suffix("er").filter(|stem| stem.len() > 2) {
        add_er_verb(stem, out);
    } else if let Some(stem) = word.strip_suffix("ir").filter(|stem| stem.len() > 2) {
        out.push_endings(
            stem,
            "i is it issons issez issent issait issaient issant ie ies ira iront irait iraient irent isse issent",
        );
    } else if let Some(stem) = word.strip_suffix("re").filter(|stem| stem.ends_with('d')) {
        out.push_endings(stem, "- s ent ait aient u ue us ues ant ra ront rait it irent e ons ez");
    }
}

/// Feminines of adjectives and of people: in -ienne, -euse, -ive and others, or with -e.
fn add_feminine(word: &str, out: &mut FormList) {
    let pairs = [
        ("eux", "euse euses"),
        ("if", "ive ives"),
        ("teur", "trice trices teuse teuses"),
        ("eur", "euse euses"),
        ("er", "ere eres"),
        ("f", "ve ves"),
        ("c", "que ques che ches"),
    ];
    if let Some((stem, endings)) =
        pairs.iter().find_map(|(ending, new)| Some((word.strip_suffix(ending)?, new)))
    {
        out.push_endings(stem, endings);
    }
    if ends_with_any(word, "en on el il et ot as os") {
        let doubled = word.chars().next_back().map(String::from).unwrap_or_default();
        out.push_endings(word, &format!("{doubled}e {doubled}es"));
    }
    let plain = !word.ends_with(['e', 'a', 'o', 'y']) && !list_contains(WITHOUT_FEMININE, word);
    if plain {
        out.push_endings(word, "e es");
    }
}

/// Verbs in -er. After g, an e keeps the sound before a and o.
fn add_er_verb(stem: &str, out: &mut FormList) {
    out.push_endings(stem, "e es ent ons ez ait aient ais ant a erent era eront erait eraient ee ees");
    if stem.ends_with('g') {
        out.push_endings(stem, "eons eait eaient eant ea");
    }
}
