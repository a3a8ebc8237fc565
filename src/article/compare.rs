//! Compares texts by their letters alone. Pure.

use std::collections::HashSet;

/// Two headlines of an article have at least so much in common.
pub(super) const MIN_SHARED: f32 = 0.5;

/// The letters and digits, in lower case.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether two texts begin with the same words, so many that it is no chance.
pub(super) fn begin_alike(a: &str, b: &str) -> bool {
    const LETTERS: usize = 60;
    const MIN_LETTERS: usize = 30;
    let (a, b) = (letters(a), letters(b));
    let length = a.chars().count().min(b.chars().count()).min(LETTERS);
    length >= MIN_LETTERS && a.chars().take(length).eq(b.chars().take(length))
}

/// Whether two titles are of the same article: one has the other, or most of its words.
pub(super) fn is_same_title(a: &str, b: &str) -> bool {
    let (a_letters, b_letters) = (letters(a), letters(b));
    !a_letters.is_empty() && b_letters.contains(&a_letters)
        || !b_letters.is_empty() && a_letters.contains(&b_letters)
        || shared(&words(a), &words(b)) >= MIN_SHARED
}

/// The share of the words that two headlines have in common.
pub(super) fn shared(a: &[String], b: &[String]) -> f32 {
    let set: HashSet<&String> = a.iter().collect();
    let both = b.iter().filter(|word| set.contains(word)).count();
    2.0 * both as f32 / (a.len() + b.len()).max(1) as f32
}
