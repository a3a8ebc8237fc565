//! Words that the rules know: numerals, calendar, negations, opposites, labels of titles. Pure tables.

/// What a word means to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordClass {
    Plain,
    /// Starts with an upper case letter, or is of a script without spaces.
    Name,
    /// Has digits, or is a numeral or a Roman number.
    Number,
    /// A month, a day of the week or a time of day.
    Calendar,
    Negation,
    /// One of two words with opposite meanings.
    Opposite,
}

/// The class of a folded word without digits, by the lists below.
pub(super) fn class(word: &str) -> WordClass {
    if !may_contain(super::hash(word)) {
        return WordClass::Plain;
    }
    let is_in = |list: &[&str]| list.binary_search(&word).is_ok();
    if is_in(NUMERALS) {
        WordClass::Number
    } else if is_in(CALENDAR) {
        WordClass::Calendar
    } else if is_in(NEGATIONS) {
        WordClass::Negation
    } else if is_in(OPPOSITES) {
        WordClass::Opposite
    } else {
        WordClass::Plain
    }
}

/// Whether a folded word with this hash can be in one of the lists. Nearly all other words are ruled out without a
/// search.
pub(super) fn may_contain(hash: u64) -> bool {
    let (at, bit) = bitmap_position(hash);
    LISTED_WORDS[at] & bit != 0
}

/// A bitmap of the hashes of all listed words; about one bit in a hundred is set.
static LISTED_WORDS: [u64; 1024] = {
    let lists = [NUMERALS, CALENDAR, NEGATIONS, OPPOSITES];
    let mut bitmap = [0; 1024];
    let mut list = 0;
    while list < lists.len() {
        let mut word = 0;
        while word < lists[list].len() {
            let (at, bit) = bitmap_position(super::hash(lists[list][word]));
            bitmap[at] |= bit;
            word += 1;
        }
        list += 1;
    }
    let mut word = 0;
    while word < MAGNITUDES.len() {
        let (at, bit) = bitmap_position(super::hash(MAGNITUDES[word].0));
        bitmap[at] |= bit;
        word += 1;
    }
    bitmap
};

const fn bitmap_position(hash: u64) -> (usize, u64) {
    ((hash >> 54) as usize, 1 << (hash >> 48 & 63))
}

/// The English word for a million, a billion or a thousand; `is_unit` if the word follows a number without a space.
pub(super) fn magnitude(word: &str, is_unit: bool) -> Option<&'static str> {
    match word {
        "m" | "mn" if is_unit => return Some("million"),
        "b" if is_unit => return Some("billion"),
        "k" if is_unit => return Some("thousand"),
        _ => {}
    }
    if !may_contain(super::hash(word)) {
        return None;
    }
    MAGNITUDES.iter().find(|(spelling, _)| *spelling == word).map(|(_, english)| *english)
}

const MAGNITUDES: &[(&str, &str)] = &[
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

/// Whether a title is that of a page that is updated all day: its text is no evidence.
pub(super) fn is_live(title: &str) -> bool {
    let lower = title.to_lowercase();
    if !has_live_marker(&lower) {
        return false;
    }
    // "Where to live" is not live: the label must be a part of its own, or in capitals.
    let is_live_label = |part: &str| {
        LIVE_LABELS.contains(&part.to_lowercase().as_str())
            || part.split_whitespace().next() == Some("LIVE")
            || part.split_whitespace().next_back() == Some("LIVE")
    };
    LIVE_PHRASES.iter().any(|phrase| lower.contains(phrase))
        || title
            .split([':', '|', '\u{2014}', '\u{2013}'])
            .flat_map(|part| part.split(" - "))
            .any(|part| is_live_label(part.trim()))
}

/// Whether one of [`LIVE_MARKERS`] is in a text. Each live label and phrase contains one.
fn has_live_marker(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    // The first bytes of the ASCII markers and the second bytes of the others, which are rarer than the first.
    let is_candidate = |at: &usize| matches!(bytes[*at], b'l' | b'd' | b'v' | b'h' | 0xbe | 0x82 | 0xb8);
    let is_marker = |at: usize| {
        let from = if bytes[at].is_ascii() { at } else { at.saturating_sub(1) };
        LIVE_MARKERS.iter().any(|marker| bytes[from..].starts_with(marker.as_bytes()))
    };
    (0..bytes.len()).filter(is_candidate).any(is_marker)
}

/// The byte range of a title without the label before it and the publisher after it.
pub(super) fn bare_title(title: &str) -> (usize, usize) {
    let start = label_end(title);
    let end = publisher_start(&title[start..]) + start;
    (start, end)
}

/// The byte after a title's label; 0 if it has none.
fn label_end(title: &str) -> usize {
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
    let ends_label =
        |c: char| matches!(c, ':' | '|' | '\u{2014}' | '\u{2013}' | '\u{2024}' | '.' | '\u{589}' | '!');
    match trimmed.char_indices().find(|(_, c)| ends_label(*c)) {
        Some((at, c)) if is_label(&trimmed[..at]) => lead + at + c.len_utf8(),
        // Reuters numbers its updates: `UPDATE 2-Title`.
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

/// The byte at which a short last part after a bar or dash starts, if enough comes before it; else the end. Whether it
/// is a publisher is not known: the rules accept a match only with a title that has no such part.
fn publisher_start(title: &str) -> usize {
    let marks = [" | ", " - ", " \u{2014} ", " \u{2013} ", "\u{a0}- ", "\u{a0}\u{2014} ", " :: ", " \u{b7} "];
    let bytes = title.as_bytes();
    let is_mark = |at: &usize| marks.iter().any(|mark| bytes[*at..].starts_with(mark.as_bytes()));
    // The first byte of a space or a no-break space.
    let at = (0..bytes.len()).rev().filter(|at| matches!(bytes[*at], b' ' | 0xc2)).find(is_mark);
    let Some(at) = at else { return title.len() };
    let last = &title[at..];
    let words = last.split_whitespace().count() - 1;
    let is_short =
        (1..=5).contains(&words) && last.chars().count() <= 44 && !last.contains(|c: char| c.is_numeric());
    let is_enough_before = title[..at].split_whitespace().count() >= 3 || title[..at].chars().count() >= 24;
    if is_short && is_enough_before { at } else { title.len() }
}

/// One of these is part of each label and phrase below.
const LIVE_MARKERS: &[&str] =
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

// The lists below are sorted. Their words are folded, without apostrophes.

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
    "восемь", "восьми", "вторая", "второе", "второй", "два", "двадцать", "две", "двести", "двое", "двух",
    "девяти", "девять", "десяти", "десять", "миллиард", "миллиарда", "миллиардов", "миллион", "миллиона",
    "миллионов", "первая", "первое", "первый", "пятая", "пяти", "пятый", "пять", "пятьдесят", "семи", "семь",
    "сорок", "сто", "третий", "третье", "третья", "трех", "три", "тридцать", "трое", "тысяч", "тысяча",
    "тысячи", "четвертая", "четвертый", "четыре", "четырех", "шести", "шесть", "առաջին", "երեսուն", "երեք",
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
    "июль", "июля", "июне", "июнь", "июня", "мае", "май", "март", "марта", "марте", "мая", "ночь", "ночью",
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
const OPPOSITES: &[&str] = &[
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
    use crate::text::tokens;

    #[test]
    fn lists_are_sorted_and_folded() {
        for list in [NUMERALS, CALENDAR, NEGATIONS, OPPOSITES] {
            assert!(list.is_sorted_by(|a, b| a < b), "{:?}", list.windows(2).find(|pair| pair[0] >= pair[1]));
            for word in list {
                assert_eq!(tokens(word).folded(), format!(" {word} "));
            }
        }
    }

    #[test]
    fn each_live_label_and_phrase_has_a_marker() {
        for label in LIVE_LABELS.iter().chain(LIVE_PHRASES) {
            assert!(has_live_marker(label), "{label}");
        }
    }

    #[test]
    fn label_and_publisher_are_removed() {
        let bare = |title: &'static str| {
            let (start, end) = bare_title(title);
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
    fn a_live_page_has_a_live_label() {
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
