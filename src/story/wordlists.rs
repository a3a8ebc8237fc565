//! Words that the rules know: numerals, calendar, negations, opposites, labels of headlines. Pure tables.

use super::words::Class;

/// What a folded word without digits is, by the tables below.
pub(super) fn class(word: &str) -> Class {
    if !may_know(super::hash(word)) {
        return Class::Plain;
    }
    let is = |table: &[&str]| table.binary_search(&word).is_ok();
    if is(NUMERALS) {
        Class::Number
    } else if is(CALENDAR) {
        Class::Calendar
    } else if is(NEGATIONS) {
        Class::Negation
    } else if is(POLAR) {
        Class::Polar
    } else {
        Class::Plain
    }
}

/// Whether a folded word with a hash can be in one of the tables: nearly all others, which are nearly all that there
/// are, need no search.
pub(super) fn may_know(hash: u64) -> bool {
    let (at, bit) = place(hash);
    KNOWN[at] & bit != 0
}

/// Where the words of the tables are marked: about one place in a hundred.
static KNOWN: [u64; 1024] = {
    let tables = [NUMERALS, CALENDAR, NEGATIONS, POLAR];
    let mut marks = [0; 1024];
    let mut table = 0;
    while table < tables.len() {
        let mut word = 0;
        while word < tables[table].len() {
            let (at, bit) = place(super::hash(tables[table][word]));
            marks[at] |= bit;
            word += 1;
        }
        table += 1;
    }
    let mut great = 0;
    while great < GREAT.len() {
        let (at, bit) = place(super::hash(GREAT[great].0));
        marks[at] |= bit;
        great += 1;
    }
    marks
};

const fn place(hash: u64) -> (usize, u64) {
    ((hash >> 54) as usize, 1 << (hash >> 48 & 63))
}

/// One word for the ways to write a great number.
pub(super) fn canonical(word: &str, after_digits: bool) -> Option<&'static str> {
    match word {
        "m" | "mn" if after_digits => return Some("million"),
        "b" if after_digits => return Some("billion"),
        "k" if after_digits => return Some("thousand"),
        _ => {}
    }
    if !may_know(super::hash(word)) {
        return None;
    }
    GREAT.iter().find(|(written, _)| *written == word).map(|(_, meant)| *meant)
}

const GREAT: &[(&str, &str)] = &[
    ("mln", "million"),
    ("mio", "million"),
    ("млн", "million"),
    ("миллион", "million"),
    ("миллиона", "million"),
    ("миллионов", "million"),
    ("մլն", "million"),
    ("bn", "billion"),
    ("mlrd", "billion"),
    ("млрд", "billion"),
    ("миллиард", "billion"),
    ("миллиарда", "billion"),
    ("миллиардов", "billion"),
    ("մլրդ", "billion"),
    ("тыс", "thousand"),
    ("тысяча", "thousand"),
    ("тысячи", "thousand"),
    ("тысяч", "thousand"),
];

/// Whether a headline is of a page that changes all day: its text is no evidence of anything.
pub(super) fn is_live(title: &str) -> bool {
    let lower = title.to_lowercase();
    if !has_live_word(&lower) {
        return false;
    }
    // "Where to live" is none: the label is a part of its own, or shouts.
    let is_label = |part: &str| {
        let shouts = |word: Option<&str>| word == Some("LIVE");
        LIVE_LABELS.contains(&part.to_lowercase().as_str())
            || shouts(part.split_whitespace().next())
            || shouts(part.split_whitespace().next_back())
    };
    LIVE_PHRASES.iter().any(|phrase| lower.contains(phrase))
        || title
            .split([':', '|', '\u{2014}', '\u{2013}'])
            .flat_map(|part| part.split(" - "))
            .any(|part| is_label(part.trim()))
}

/// Whether one of [`LIVE_WORDS`] stands in a text: each label and phrase of such pages has one.
fn has_live_word(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    // Few places of a text need a closer look.
    let may = |at: &usize| matches!(bytes[*at], b'l' | b'd' | b'v' | b'h' | 0xbe | 0x82 | 0xb8);
    let stands = |at: usize| {
        // Beyond ASCII the first byte of a letter says too little.
        let from = if bytes[at].is_ascii() { at } else { at.saturating_sub(1) };
        LIVE_WORDS.iter().any(|word| bytes[from..].starts_with(word.as_bytes()))
    };
    (0..bytes.len()).filter(may).any(stands)
}

/// A headline without the label before it and the publisher after it, as byte positions.
pub(super) fn bare(title: &str) -> (usize, usize) {
    let start = after_label(title);
    let end = before_publisher(&title[start..]) + start;
    (start, end)
}

fn after_label(title: &str) -> usize {
    let trimmed = title.trim_start();
    let lead = title.len() - trimmed.len();
    let close = match trimmed.chars().next() {
        Some('(') => ')',
        Some('[') => ']',
        _ => '\0',
    };
    if close != '\0' {
        let Some(end) = trimmed.find(close) else { return 0 };
        return if is_label(&trimmed[1..end]) { lead + end + close.len_utf8() } else { 0 };
    }
    let ends =
        |c: char| matches!(c, ':' | '|' | '\u{2014}' | '\u{2013}' | '\u{2024}' | '.' | '\u{589}' | '!');
    match trimmed.char_indices().find(|(_, c)| ends(*c)) {
        Some((at, c)) if is_label(&trimmed[..at]) => lead + at + c.len_utf8(),
        // Reuters numbers its updates: `UPDATE 2-Headline`.
        _ => match trimmed.split_once('-') {
            Some((label, _)) if is_label(label) => lead + label.len() + 1,
            _ => 0,
        },
    }
}

fn is_label(text: &str) -> bool {
    let text: String = text.trim().to_lowercase();
    let text = text.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
    LABELS.contains(&text)
}

/// A short last part behind a bar or a dash, where enough stands before it. Whether it is a publisher is for the
/// rules to say: a headline counts as the same only if the other has no such part.
fn before_publisher(title: &str) -> usize {
    let marks = [" | ", " - ", " \u{2014} ", " \u{2013} ", "\u{a0}- ", "\u{a0}\u{2014} ", " :: ", " \u{b7} "];
    let bytes = title.as_bytes();
    let begins = |at: &usize| marks.iter().any(|mark| bytes[*at..].starts_with(mark.as_bytes()));
    // Each begins with a space, with or without a break.
    let at = (0..bytes.len()).rev().filter(|at| matches!(bytes[*at], b' ' | 0xc2)).find(begins);
    let Some(at) = at else { return title.len() };
    let last = &title[at..];
    let words = last.split_whitespace().count() - 1;
    let fit =
        (1..=5).contains(&words) && last.chars().count() <= 44 && !last.contains(|c: char| c.is_numeric());
    let enough = title[..at].split_whitespace().count() >= 3 || title[..at].chars().count() >= 24;
    if fit && enough { at } else { title.len() }
}

/// What the labels and phrases below are known by, before a closer look.
const LIVE_WORDS: &[&str] =
    &["live", "direct", "vivo", "happened", "latest", "онлайн", "трансляция", "ուղիղ"];

const LIVE_LABELS: &[&str] = &[
    "live",
    "liveblog",
    "liveticker",
    "direct",
    "онлайн",
    "онлайн-трансляция",
    "текстовая трансляция",
    "ուղիղ",
];

const LIVE_PHRASES: &[&str] = &[
    "live update",
    "live blog",
    "liveblog",
    "live:",
    "liveticker",
    "en direct",
    "en vivo",
    "as it happened",
    "онлайн-трансляция",
    "прямая трансляция",
    "текстовая трансляция",
    "ուղիղ եթեր",
    "ուղիղ միացում",
    "latest updates",
];

#[rustfmt::skip]
const LABELS: &[&str] = &[
    "breaking", "breaking news", "updated", "update", "exclusive", "just in", "news alert", "alert", "flash",
    "urgent", "newsflash", "corrected", "correction", "developing", "opinion", "commentary", "comment", "explainer", "video", "watch", "photos", "видео", "фото", "мнение", "տեսանյութ", "լուսանկարներ", "ֆոտո", "կարծիք", "analysis", "eilmeldung",
    "alerte", "urgent info", "última hora", "urgente", "срочно", "срочная новость", "молния", "обновлено",
    "обновляется", "дополнено", "эксклюзив", "внимание", "важно", "հրատապ", "շտապ", "թարմացված", "բացառիկ",
    "速報", "独自", "更新",
];

// The tables below are sorted, as folded words.

#[rustfmt::skip]
const NUMERALS: &[&str] = &[
    "acht", "billion", "cinco", "cinq", "cuatro", "deux", "deuxieme", "diez", "dix", "dos", "double", "dozen",
    "drei", "eight", "eighteen", "eighth", "eighty", "eleven", "erste", "fifteen", "fifth", "fifty", "first",
    "five", "forty", "four", "fourteen", "fourth", "funf", "half", "huit", "hundred", "ii", "iii", "iv", "ix",
    "million", "neuf", "neun", "nine", "nineteen", "ninety", "ninth", "nueve", "ocho", "premier", "premiere",
    "primera", "primero", "quatre", "sechs", "second", "segunda", "segundo", "seis", "sept", "seven",
    "seventeen", "seventh", "seventy", "sieben", "siete", "six", "sixteen", "sixth", "sixty", "ten", "tenth",
    "third", "thirteen", "thirty", "thousand", "three", "tres", "trillion", "triple", "trois", "twelve",
    "twenty", "two", "vi", "vier", "vii", "viii", "xi", "xii", "xiii", "xiv", "xvi", "zehn", "zwei", "zweite",
    "восемь", "восьми", "вторая", "второе", "второи", "два", "двадцать", "две", "двести", "двое", "двух",
    "девяти", "девять", "десяти", "десять", "миллиард", "миллиарда", "миллиардов", "миллион", "миллиона",
    "миллионов", "первая", "первое", "первыи", "пятая", "пяти", "пятыи", "пять", "пятьдесят", "семи", "семь",
    "сорок", "сто", "третии", "третье", "третья", "трех", "три", "тридцать", "трое", "тысяч", "тысяча",
    "тысячи", "четвертая", "четвертыи", "четыре", "четырех", "шести", "шесть", "առաջին", "երեսուն", "երեք",
    "երկու", "երկրորդ", "երրորդ", "ինը", "հազար", "հարյուր", "հինգ", "հիսուն", "միլիարդ", "միլիոն", "յոթ",
    "ութ", "չորս", "չորրորդ", "վեց", "տասը", "քառասուն", "քսան",
];

#[rustfmt::skip]
const CALENDAR: &[&str] = &[
    "abril", "afternoon", "agosto", "aout", "apr", "april", "aug", "august", "autumn", "avril", "dec",
    "december", "decembre", "dezember", "diciembre", "dienstag", "dimanche", "domingo", "donnerstag", "enero",
    "evening", "feb", "febrero", "februar", "february", "fevrier", "freitag", "fri", "friday", "jan", "januar",
    "january", "janvier", "jeudi", "jueves", "juillet", "juin", "jul", "juli", "julio", "july", "jun", "june",
    "juni", "junio", "lundi", "lunes", "mai", "mar", "march", "mardi", "mars", "martes", "marz", "marzo", "may",
    "mayo", "mercredi", "midday", "miercoles", "mittwoch", "mon", "monday", "montag", "morning", "night",
    "noon", "nov", "november", "novembre", "noviembre", "oct", "october", "octobre", "octubre", "oktober",
    "overnight", "sabado", "samedi", "samstag", "sat", "saturday", "sep", "sept", "september", "septembre",
    "septiembre", "sonntag", "spring", "summer", "sun", "sunday", "thu", "thur", "thurs", "thursday", "today",
    "tomorrow", "tue", "tues", "tuesday", "vendredi", "viernes", "wed", "wednesday", "winter", "yesterday",
    "август", "августа", "августе", "апреле", "апрель", "апреля", "вечер", "вечером", "воскресенье",
    "воскресенья", "вторник", "вторника", "вчера", "декабре", "декабрь", "декабря", "днем", "завтра", "июле",
    "июль", "июля", "июне", "июнь", "июня", "мае", "маи", "март", "марта", "марте", "мая", "ночь", "ночью",
    "ноябре", "ноябрь", "ноября", "октябре", "октябрь", "октября", "понедельник", "понедельника", "пятница",
    "пятницу", "пятницы", "сегодня", "сентябре", "сентябрь", "сентября", "среда", "среду", "среды", "суббота",
    "субботу", "субботы", "утро", "утром", "феврале", "февраль", "февраля", "четверг", "четверга", "январе",
    "январь", "января", "այսօր", "ապրիլ", "ապրիլի", "դեկտեմբեր", "դեկտեմբերի", "երեկ", "երեքշաբթի",
    "երկուշաբթի", "կիրակի", "հինգշաբթի", "հոկտեմբեր", "հոկտեմբերի", "հուլիս", "հուլիսի", "հունիս", "հունիսի",
    "հունվար", "հունվարի", "մայիս", "մայիսի", "մարտ", "մարտի", "նոյեմբեր", "նոյեմբերի", "շաբաթ", "ուրբաթ",
    "չորեքշաբթի", "սեպտեմբեր", "սեպտեմբերի", "վաղը", "փետրվար", "փետրվարի", "օգոստոս", "օգոստոսի",
];

#[rustfmt::skip]
const NEGATIONS: &[&str] = &[
    "arent", "cannot", "cant", "couldnt", "didnt", "doesnt", "dont", "hadnt", "hasnt", "havent", "isnt",
    "jamais", "kein", "keine", "keinen", "ne", "neither", "never", "nicht", "nie", "ningun", "no", "nobody",
    "none", "nor", "not", "nunca", "ohne", "pas", "sans", "shouldnt", "sin", "wasnt", "werent", "without",
    "wont", "wouldnt", "без", "не", "нельзя", "нет", "ни", "никогда", "никто", "առանց", "մի", "ոչ", "չեմ",
    "չեն", "չենք", "չես", "չեք", "չէ", "չէին", "չէր", "չի",
];

#[rustfmt::skip]
const POLAR: &[&str] = &[
    "accept", "accepted", "accepts", "acquitted", "admit", "admits", "admitted", "after", "against", "alive",
    "allow", "allowed", "allows", "approval", "approve", "approved", "approves", "arrive", "arrived", "arrives",
    "ban", "banned", "bans", "before", "began", "begin", "begins", "begun", "best", "better", "boost",
    "boosted", "boosts", "bought", "boy", "buy", "buys", "cancel", "cancelled", "cancels", "close", "closed",
    "closes", "closing", "closure", "cold", "confirm", "confirmed", "confirms", "convicted", "cut", "cuts",
    "dead", "decrease", "decreased", "decreases", "decreasing", "defeat", "defeated", "defeating", "defeats",
    "delay", "delays", "denial", "denied", "denies", "deny", "down", "drop", "dropped", "drops", "east",
    "eastern", "end", "ended", "ends", "enter", "entered", "enters", "exit", "exited", "exits", "export",
    "exports", "extend", "extended", "extends", "fail", "failed", "fails", "failure", "fall", "fallen",
    "falling", "falls", "false", "fell", "for", "gain", "gained", "gains", "girl", "granted", "grants",
    "guilty", "high", "higher", "highest", "hot", "illegal", "import", "imports", "increase", "increased",
    "increases", "increasing", "innocent", "join", "joined", "joins", "jump", "jumped", "jumps", "launch",
    "launches", "least", "leave", "leaves", "left", "legal", "less", "lose", "loses", "loss", "losses", "lost",
    "low", "lower", "lowest", "man", "men", "more", "most", "north", "northern", "open", "opened", "opening",
    "opens", "oppose", "opposed", "opposes", "overturns", "pass", "passed", "passes", "plunge", "plunged",
    "plunges", "quit", "quits", "raise", "raised", "raises", "refuse", "refused", "refuses", "reject",
    "rejected", "rejects", "resume", "resumed", "resumes", "return", "returned", "returns", "right", "rise",
    "risen", "rises", "rising", "rose", "sank", "sell", "sells", "sink", "sinks", "slash", "slashes", "soar",
    "soared", "soars", "sold", "south", "southern", "start", "started", "starting", "starts", "stay", "stayed",
    "stays", "stop", "stopped", "stops", "success", "support", "supported", "supports", "surge", "surged",
    "surges", "suspend", "suspended", "suspends", "true", "up", "upholds", "west", "western", "win", "winning",
    "wins", "withdraw", "withdraws", "withdrew", "woman", "women", "won", "worse", "worst", "yes", "больше",
    "ввел", "ввела", "ввели", "выиграл", "выиграла", "выиграли", "вырос", "выросла", "выросли", "выросло",
    "выше", "до", "женщина", "женщину", "жив", "живым", "за", "завершил", "завершила", "закончил", "закончила",
    "закончили", "закрыл", "закрыла", "закрыли", "закрылся", "запретил", "запретила", "запретили", "лучше",
    "меньше", "мертв", "мертвым", "мужчина", "мужчину", "начал", "начала", "начали", "начался", "ниже",
    "одобрил", "одобрила", "одобрили", "опроверг", "опровергла", "опровергли", "отверг", "отвергла", "отвергли",
    "отказал", "отказала", "отказалась", "отказались", "отказался", "отклонил", "отклонила", "отклонили",
    "открыл", "открыла", "открыли", "открылся", "отменил", "отменила", "отменили", "падает", "падают",
    "падение", "победа", "победил", "победила", "победили", "повысилась", "повысили", "повысился", "повышение",
    "поддержал", "поддержала", "поддержали", "подтвердил", "подтвердила", "подтвердили", "поражение", "после",
    "принял", "приняла", "приняли", "проиграл", "проиграла", "проиграли", "против", "разрешил", "разрешила",
    "разрешили", "раскритиковал", "растет", "растут", "рост", "снижение", "снизилась", "снизили", "снизились",
    "снизилось", "снизился", "согласилась", "согласились", "согласился", "увеличил", "увеличила", "увеличили",
    "уменьшил", "уменьшила", "упал", "упала", "упали", "упало", "хуже", "աճել", "առաջ", "ավարտվեց", "ավելի",
    "բարձրացել", "բացվեց", "դեմ", "ընդունեց", "իջել", "կին", "հաղթել", "հաղթեց", "հաստատեց", "հետո", "հերքեց",
    "մերժեց", "նվազել", "շատ", "պակաս", "պարտվել", "պարտվեց", "սկսվեց", "տղամարդ", "փակվեց", "քիչ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_so_that_they_can_be_searched() {
        for table in [NUMERALS, CALENDAR, NEGATIONS, POLAR] {
            assert!(
                table.is_sorted_by(|a, b| a < b),
                "{:?}",
                table.windows(2).find(|pair| pair[0] >= pair[1])
            );
        }
    }

    #[test]
    fn live_pages_have_one_of_the_words_that_they_are_known_by() {
        for label in LIVE_LABELS.iter().chain(LIVE_PHRASES) {
            assert!(has_live_word(label), "{label}");
        }
    }

    #[test]
    fn a_label_and_a_publisher_are_cut_off() {
        let bare = |title: &'static str| {
            let (start, end) = bare(title);
            title[start..end].trim()
        };
        for title in [
            "BREAKING: Ships leave the harbour",
            "(Updated) Ships leave the harbour",
            "UPDATE 2-Ships leave the harbour",
            "Ships leave the harbour | Reuters",
            "Ships leave the harbour - The Example Times",
            "Срочно: Ships leave the harbour — Вести",
        ] {
            assert_eq!(bare(title), "Ships leave the harbour", "{title}");
        }
        for title in
            ["Ships: leave the harbour", "LIVE: Ships leave", "Ships - 2", "Ships leave the harbour - part 2"]
        {
            assert_eq!(bare(title), title);
        }
    }

    #[test]
    fn a_live_page_is_told_by_its_label() {
        for title in
            ["LIVE: War", "War LIVE: the day", "War live updates", "Election - live", "Онлайн: выборы"]
        {
            assert!(is_live(title), "{title}");
        }
        for title in ["People live here", "Live longer", "Where to live | Reuters", "Deliver: a plan"] {
            assert!(!is_live(title), "{title}");
        }
    }
}
