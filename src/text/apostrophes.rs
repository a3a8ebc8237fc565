//! What an apostrophe joins to a word: possessives, elided articles, Turkish case suffixes. Pure.

/// Case suffixes that Turkish writes after a proper name and an apostrophe.
const TURKISH_SUFFIXES: [&str; 34] = [
    "da", "de", "ta", "te", "dan", "den", "tan", "ten", "in", "un", "nin", "nun", "ya", "ye", "yi", "yu",
    "na", "ne", "ni", "nu", "la", "le", "yla", "yle", "daki", "deki", "taki", "teki", "nda", "nde", "ndan",
    "nden", "lar", "ler",
];

/// Length of a word without the possessive or Turkish case suffix after its apostrophe.
pub(super) fn length_without_suffix(word: &str) -> usize {
    let mut kept = word;
    while let Some(noun) = kept.strip_suffix("'s") {
        kept = noun.trim_end_matches('\'');
    }
    let Some((name, case)) = kept.split_once('\'') else { return kept.len() };
    let letters = name.chars().count();
    let turkish = match case {
        "a" | "e" | "i" | "u" => letters >= 4,
        _ => letters >= 3 && TURKISH_SUFFIXES.contains(&case),
    };
    if turkish { name.len() } else { kept.len() }
}

/// Articles and particles that lose their vowel before another word: French, Catalan, Italian.
const ELIDED_WORDS: [&str; 20] = [
    "l", "d", "qu", "j", "n", "s", "c", "m", "t", "lorsqu", "puisqu", "jusqu", "quoiqu", "dell", "all",
    "nell", "dall", "sull", "un", "quest",
];

/// Length of the elided articles and apostrophes at the start of a word.
pub(super) fn elided_length(word: &str) -> usize {
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('\'')
        && ELIDED_WORDS.contains(&before)
        && after.chars().nth(1).is_some()
    {
        rest = after;
    }
    word.len() - rest.len()
}
