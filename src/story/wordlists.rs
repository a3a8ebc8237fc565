//! Words that the rules know, by language: numerals, calendar and directions, negations, opposites, words without meaning
//! of their own. Pure tables.

use std::sync::LazyLock;

/// What a word means to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordClass {
    Plain,
    /// Starts with an upper case letter inside a sentence, or is of a script without spaces.
    Name,
    /// Has digits, or is a numeral or a Roman number.
    Number,
    /// One of a few that exclude each other: a month, a day of the week, a time of day, a direction.
    Exclusive,
    Negation,
    /// Says one of two opposites; see [`opposite_hash`].
    Opposite,
    /// Starts with an upper case letter at the start of a sentence: perhaps a name.
    Initial,
    /// An article, preposition or the like, which makes no difference by itself.
    Function,
}

/// A listed word: its class, and the word that stands for all its forms and synonyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) class: WordClass,
    pub(super) meaning: ListedAs,
}

/// What replaces a listed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListedAs {
    /// The word itself.
    Itself,
    /// Any form or synonym counts as this word.
    Word(&'static str),
    /// The side of a pair of opposites.
    Opposite(u64),
}

/// The hash of all words on one side of a pair of opposites. The two sides differ in the lowest bit, in short hashes too.
fn opposite_hash(pair: usize, side: u64) -> u64 {
    super::mix(pair as u64 + 1) & !1 | side
}

/// A folded word without digits, if it is listed.
pub(super) fn find(word: &str) -> Option<Listed> {
    let start = word_start(word);
    let found = places(start).map(|at| &LISTS.starts[at]).find(|found| found.is_at(start))?;
    LISTS.entries[usize::from(found.first)..usize::from(found.end)]
        .iter()
        .rev()
        .find(|entry| if entry.is_stem { word.starts_with(entry.word) } else { word == entry.word })
        .map(|entry| entry.listed)
}

struct ListEntry {
    word: &'static str,
    /// Any word that starts with it is meant.
    is_stem: bool,
    listed: Listed,
}

struct Lists {
    /// Sorted by word.
    entries: Vec<ListEntry>,
    /// A hash table of the starts of the words.
    starts: Vec<ListedStart>,
}

/// The entries that have a start; none if the place of the table is free.
#[derive(Clone, Copy, Default)]
struct ListedStart {
    start: u32,
    first: u16,
    end: u16,
}

impl ListedStart {
    /// Whether a search for a start ends here.
    fn is_at(&self, start: u32) -> bool {
        self.start == start || self.first == self.end
    }
}

/// The places of the hash table; more than twice as many as there are starts.
const PLACES: usize = 4096;

/// The places where a start may be, in order.
fn places(start: u32) -> impl Iterator<Item = usize> {
    let hash = start.wrapping_mul(0x9e37_79b1) >> 16;
    (hash as usize..).map(|at| at % PLACES)
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut entries = Vec::new();
    let mut add = |words: &'static str, class, meaning: Option<ListedAs>| {
        for word in words.split_whitespace() {
            let (word, is_stem) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
            let meaning = meaning.unwrap_or(ListedAs::Itself);
            entries.push(ListEntry { word, is_stem, listed: Listed { class, meaning } });
        }
    };
    for (list, class) in [(NUMERALS, WordClass::Number), (EXCLUSIVES, WordClass::Exclusive)] {
        for (meaning, words) in list.lines().filter_map(|line| line.trim().split_once(": ")) {
            add(words, class, Some(ListedAs::Word(meaning)));
        }
    }
    for (pair, (one, other)) in OPPOSITES.lines().filter_map(|line| line.trim().split_once(" | ")).enumerate()
    {
        add(one, WordClass::Opposite, Some(ListedAs::Opposite(opposite_hash(pair / LANGUAGES, 0))));
        add(other, WordClass::Opposite, Some(ListedAs::Opposite(opposite_hash(pair / LANGUAGES, 1))));
    }
    add(NEGATIONS, WordClass::Negation, None);
    add(FUNCTION_WORDS, WordClass::Function, None);
    entries.sort_by(|a, b| (a.word, a.is_stem).cmp(&(b.word, b.is_stem)));
    let mut starts = vec![ListedStart::default(); PLACES];
    for (number, entry) in (0..).zip(&entries) {
        let start = word_start(entry.word);
        if let Some(at) = places(start).find(|at| starts[*at].is_at(start)) {
            let first = if starts[at].end == 0 { number } else { starts[at].first };
            starts[at] = ListedStart { start, first, end: number + 1 };
        }
    }
    Lists { entries, starts }
});

/// The start of a word that decides where it is searched: two Cyrillic or Armenian letters, or three others. A listed
/// stem is at least as long.
fn word_start(word: &str) -> u32 {
    let mut start = [0; 4];
    match word.as_bytes() {
        [a, b, c, ..] if a.is_ascii() => start[..3].copy_from_slice(&[*a, *b, *c]),
        [a, b, c, d, ..] => start = [*a, *b, *c, *d],
        short => start[..short.len()].copy_from_slice(short),
    }
    u32::from_be_bytes(start)
}

/// The English word for a million, a billion or a thousand as a unit that follows a number without a space.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    match word {
        "m" | "mn" => Some("million"),
        "b" => Some("billion"),
        "k" => Some("thousand"),
        _ => None,
    }
}

// The words below are folded, without apostrophes. `*` ends a stem: it stands for all words that start with it.

/// Numerals and ordinals: their value, then their forms.
const NUMERALS: &str = "
    1: one first erste ersten erster erstes erstmals eins premier premiere premieres один одна одно одного одной одну первый первая первое первого первой первую первом первых перший перша перше першого першої першу першому մեկ մեկը առաջին առաջինը
    2: two second deux deuxieme deuxiemes zwei zweite zweiten zweiter zweites dos segunda segundo два две двух двое двоих двум двумя второй вторая второе второго вторую втором дві двох двоє другий друга друге другого другої другу երկու երկուսը երկրորդ երկրորդը
    3: three third trois troisieme drei dritte dritten dritter drittes tres три трех трое троих трем третий третья третье третьего третьей третью трьох троє третій третя третє третього третьої третю երեք երեքը երրորդ երրորդը
    4: four fourth quatre quatrieme vier vierte vierten vierter viertes cuatro четыре четырех четверо четверых четырем четвертый четвертая четвертое четвертого четвертой четвертую чотири чотирьох четверта четверте четвертої четверту չորս չորսը չորրորդ
    5: five fifth cinq cinquieme funf funfte funften funfter funftes cinco пять пяти пятеро пятерых пятый пятая пятое пятого пятой пятую пята пяте пятої пяту հինգ հինգը հինգերորդ
    6: six sixth sixieme sechs sechste sechsten sechster sechstes seis шесть шести шестеро шестерых шестой шестая шестое шестого шестую шість шестеро шостий шоста шосте шостого шостої шосту վեց վեցը վեցերորդ
    7: seven seventh sept septieme sieben siebte siebten siebter siebtes siete семь семи семеро седьмой седьмая седьмое седьмого седьмую сім семеро сьомий сьома сьоме сьомого сьомої сьому յոթ յոթը յոթերորդ
    8: eight eighth huit huitieme acht achte achten achter achtes ocho восемь восьми восьмеро восьмой восьмая восьмое восьмого восьмую вісім восьмий восьма восьме восьмої восьму ութ ութը ութերորդ
    9: nine ninth neuf neuvieme neun neunte neunten neunter neuntes nueve девять девяти девятеро девятый девятая девятое девятого девятую девятий девята девяте девятої девяту ինը ինն իններորդ
    10: ten tenth dix dixieme zehn zehnte zehnten diez десять десяти десятеро десятый десятая десятого десятий десята десятої տասը տաս տասներորդ
    11: eleven eleventh onze elf elfte одиннадцать одиннадцати одинадцять одинадцяти տասնմեկ
    12: twelve twelfth douze zwolf zwolfte двенадцать двенадцати дванадцять дванадцяти տասներկու
    13: thirteen thirteenth treize dreizehn тринадцать тринадцати тринадцять тринадцяти տասներեք
    14: fourteen quatorze vierzehn четырнадцать четырнадцати чотирнадцять чотирнадцяти տասնչորս
    15: fifteen quinze funfzehn пятнадцать пятнадцати пятнадцять пятнадцяти տասնհինգ
    16: sixteen seize sechzehn шестнадцать шестнадцати шістнадцять шістнадцяти տասնվեց
    17: seventeen dixsept siebzehn семнадцать семнадцати сімнадцять сімнадцяти տասնյոթ
    18: eighteen achtzehn восемнадцать восемнадцати вісімнадцять вісімнадцяти տասնութ
    19: nineteen neunzehn девятнадцать девятнадцати девятнадцять девятнадцяти տասնինը
    20: twenty twentieth vingt zwanzig двадцать двадцати двадцатый двадцять двадцяти քսան
    30: thirty trente dreissig тридцать тридцати тридцять тридцяти երեսուն
    40: forty quarante vierzig сорок сорока քառասուն
    50: fifty cinquante funfzig пятьдесят пятидесяти пятдесят пятдесяти հիսուն
    60: sixty soixante sechzig шестьдесят шестидесяти шістдесят шістдесяти վաթսուն
    70: seventy siebzig семьдесят семидесяти сімдесят сімдесяти յոթանասուն
    80: eighty achtzig восемьдесят восьмидесяти вісімдесят вісімдесяти ութսուն
    90: ninety neunzig девяносто девяноста девяносто իննսուն
    100: hundred cent cents hundert сто ста сотня сотни հարյուր հարյուրավոր
    200: zweihundert двести двухсот двісті двохсот երկուհարյուր
    300: dreihundert триста трехсот трьохсот երեքհարյուր
    thousand: thousand thousands tausend tausende mille milliers тыс тысяча тысячи тысяч тысячу тис тисяча тисячі тисяч тисячу հազար հազարավոր
    million: million millions mln mio millionen миллион миллиона миллионов млн мільйон мільйона мільйонів մլն միլիոն
    billion: billion billions bn mlrd milliard milliards milliarde milliarden миллиард миллиарда миллиардов млрд мільярд мільярда мільярдів մլրդ միլիարդ
    trillion: trillion trillions трлн триллион трлн трильйон
    dozen: dozen dozens dutzend dutzende douzaine douzaines десяток десятки десятков десятків տասնյակ
    half: half halfte halb moitie demi половина половины половину половини կես կեսը
    double: double doppelt вдвое вдвічі կրկնակի
    triple: triple dreifach втрое втричі եռակի
    ii: ii
    iii: iii
    iv: iv
    vi: vi
    vii: vii
    viii: viii
    ix: ix
    xi: xi
    xii: xii
    xiii: xiii
    xiv: xiv
    xvi: xvi";

/// Months, days of the week, times of day and directions: one of a kind excludes the others.
const EXCLUSIVES: &str = "
    january: january jan januar janvier enero январь января январе січень січня січні հունվար*
    february: february feb februar fevrier febrero февраль февраля феврале лютий лютого փետրվար*
    march: march mar marz mars marzo март марта марте березень березня березні մարտի մարտին
    april: april apr avril abril апрель апреля апреле квітень квітня квітні ապրիլ*
    may: may mai mayo май мая мае травень травня травні մայիս*
    june: june jun juni juin junio июнь июня июне червень червня червні հունիս*
    july: july jul juli juillet julio июль июля июле липень липня липні հուլիս*
    august: august aug aout agosto август августа августе серпень серпня серпні օգոստոս*
    september: september sep septembre septiembre сентябрь сентября сентябре вересень вересня вересні սեպտեմբեր*
    october: october oct oktober octobre octubre октябрь октября октябре жовтень жовтня жовтні հոկտեմբեր*
    november: november nov novembre noviembre ноябрь ноября ноябре листопад листопада листопаді նոյեմբեր*
    december: december dec dezember decembre diciembre декабрь декабря декабре грудень грудня грудні դեկտեմբեր*
    monday: monday mon montag montags lundi lunes понедельник понедельника понедельникам понеділок понеділка երկուշաբթի*
    tuesday: tuesday tue tues dienstag dienstags mardi martes вторник вторника вівторок вівторка երեքշաբթի*
    wednesday: wednesday wed mittwoch mittwochs mercredi miercoles среда среду среды середа середу середи չորեքշաբթի*
    thursday: thursday thu thur thurs donnerstag donnerstags jeudi jueves четверг четверга четвер четверга հինգշաբթի*
    friday: friday fri freitag freitags vendredi viernes пятница пятницу пятницы пятниця пятницю пятниці ուրբաթ*
    saturday: saturday sat samstag samstags sonnabend samedi sabado суббота субботу субботы субота суботу суботи շաբաթ
    sunday: sunday sun sonntag sonntags dimanche domingo воскресенье воскресенья неділя неділю неділі կիրակի*
    morning: morning vormittag matin утро утром утренний утренняя утренние ранок вранці зранку ранковий առավոտ*
    noon: noon midday mittag midi полдень опівдні կեսօր*
    afternoon: afternoon nachmittag дневной дневная днем
    evening: evening abend abends soir soiree вечер вечером вечерний вечерняя вечір ввечері увечері երեկոյան երեկո
    night: night overnight nacht nuit ночь ночью ночной ночная ніч вночі уночі գիշեր*
    yesterday: yesterday gestern вчера вчора երեկ
    today: today heute aujourdhui сегодня сьогодні այսօր*
    tomorrow: tomorrow demain завтра վաղը վաղվա
    spring: spring fruhling fruhjahr printemps весна весной весны весни навесні գարուն գարնանը
    summer: summer sommer ete лето летом лета літо влітку ամառ ամռանը
    autumn: autumn herbst automne осень осенью осени осінь восени աշուն աշնանը
    winter: winter hiver зима зимой зимы зими взимку ձմեռ ձմռանը
    north: north northern norden nordlich* nord север* північ* північн* հյուսիս*
    south: south southern suden sudlich* sud юг юга юге южн* південн* південь півдні հարավ*
    east: east eastern osten ostlich* восток* восточн* схід сході сходу східн* արեւելյան արեւելք*
    west: west western westen westlich* ouest запад* захід* заході західн* արեւմտյան արեւմուտք*";

const NEGATIONS: &str = "
    arent cannot cant couldnt didnt doesnt dont hadnt hasnt havent isnt neither never no nobody none nor not shouldnt wasnt
    werent without wont wouldnt aucun aucune jamais ne ni pas sans kein keine keinen keiner keinem keines nicht nichts nie niemals
    niemand ohne ningun nunca sin без не нельзя нет ни никогда никто ничего немає ніколи ніхто нічого ні неможна
    առանց մի ոչ ոչինչ երբեք չեմ չեն չենք չես չեք չէ չէին չէր չի չկա չկան
    չընդուն* չհաստատ* չթույլ* չհաղթ* չմասնակց* չստորագր* չմեկն* չհամաձայն* չհրաժար* չհայտն* չաջակց* չմերժ* չհերք* չունի
    չունեն չարեց չգնաց չեկավ չբաց* չփակ* չվաճառ* չգտ* չպատասխան* չպաշտպան* չդադար* չսկս*";

const LANGUAGES: usize = 6;

/// Pairs of opposites, one side before the bar; of each pair six lines, for English, German, French, Russian, Ukrainian
/// and Armenian. A side has synonyms: that one is replaced by another is no contradiction.
const OPPOSITES: &str = include_str!("opposites.txt");

/// Frequent words without meaning of their own, and acronyms that any report of an accident has.
const FUNCTION_WORDS: &str = "
    a an the of to in on at by with from as is are was were be been has have had will would can could its his her their our
    my your this that these those and or but if than then so into over about it he she they we you i who which what how why when
    where says said say amid
    der die das den dem des ein eine einen einem einer eines und oder aber im auf aus bei mit von vom zum zur uber unter
    durch um als wie ist sind war waren wird werden wurde wurden hat haben hatte sich er sie es wir ihr sein seine dass auch noch
    le la les un une du de et ou mais au aux dans sur par en est sont ont son sa ses leur leurs ce cet cette ces qui
    que quoi se il elle ils elles y d l s n c j m t qu
    в во на с со к ко по из от у о об и а но или что как это его ее их он она они мы вы я для при под над про также уже
    был была было были будет будут
    з із зі від та і й але або що як це його її їх він вона вони ми ви під також вже був була було були буде
    եւ ու կամ բայց որ որը ինչ ինչպես է են էր էին նա նրա նրանք մենք դուք ես իր իրենց այս այդ այն նաեւ համար մասին ըստ հետ մեջ վրա
    дтп чп мчс мвд гибдд дпс ск дснс сбу աին";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    #[test]
    fn listed_words_are_folded_and_found() {
        for entry in &LISTS.entries {
            assert_eq!(tokens(entry.word).folded(), format!(" {} ", entry.word));
            assert!(entry.word.len() >= 3 || !entry.is_stem, "{}", entry.word);
            assert!(find(entry.word).is_some(), "{}", entry.word);
        }
    }

    #[test]
    fn no_word_is_listed_with_two_meanings() {
        for pair in LISTS.entries.windows(2) {
            let [a, b] = pair else { continue };
            assert!(
                a.word != b.word || a.listed == b.listed,
                "{} is {:?} and {:?}",
                a.word,
                a.listed,
                b.listed
            );
        }
    }

    #[test]
    fn opposites_differ_in_the_lowest_bit() {
        let side = |word| match find(word).map(|listed| listed.meaning) {
            Some(ListedAs::Opposite(hash)) => hash,
            other => panic!("{word}: {other:?}"),
        };
        for (one, synonym, other) in [
            ("approves", "adopted", "rejects"),
            ("zugestimmt", "gebilligt", "abgelehnt"),
            ("adopte", "approuve", "rejette"),
            ("одобрила", "утвердили", "отклонил"),
            ("ухвалила", "схвалено", "відхилив"),
            ("ընդունեց", "հաստատել", "մերժեց"),
        ] {
            assert_eq!(side(one), side(synonym));
            assert_eq!(side(one) ^ side(other), 1, "{one} {other}");
        }
        assert_ne!(side("approves") ^ side("closed"), 1);
    }
}
