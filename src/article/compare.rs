//! Compares texts by their letters alone. Pure.

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
