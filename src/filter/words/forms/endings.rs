//! Builds word forms from stems and endings, and looks words up in tables. Pure.

use std::collections::HashMap;

/// The forms of a word, in no order and with duplicates.
pub(super) struct FormList(pub(super) Vec<String>);

impl FormList {
    pub(super) fn push(&mut self, form: impl Into<String>) {
        self.0.push(form.into());
    }

    /// Adds the stem with each of the endings, separated by spaces; `-` stands for no ending.
    pub(super) fn push_endings(&mut self, stem: &str, endings: &str) {
        for ending in endings.split(' ') {
            self.0.push(if ending == "-" { stem.to_owned() } else { format!("{stem}{ending}") });
        }
    }
}

/// The rest of the table's line whose first word is `word`.
pub(super) fn table_line<'t>(table: &'t str, word: &str) -> Option<&'t str> {
    table.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
}

/// For the first word of each line the rest of the line.
pub(super) fn table(text: &'static str) -> HashMap<&'static str, &'static str> {
    text.lines().filter_map(|line| line.split_once(' ')).collect()
}

/// The lines of a table of two columns, in which `-` stands for nothing.
pub(super) fn pairs(table: &str) -> impl Iterator<Item = (&str, &str)> {
    let word = |column| if column == "-" { "" } else { column };
    table.lines().filter_map(|line| line.split_once(' ')).map(move |(a, b)| (word(a), word(b)))
}

/// Whether a list of words, separated by white space, contains the word.
pub(super) fn list_contains(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// `endings` are separated by spaces.
pub(super) fn ends_with_any(word: &str, endings: &str) -> bool {
    endings.split(' ').any(|ending| word.ends_with(ending))
}

/// The word without its last `count` characters.
pub(super) fn drop_last(word: &str, count: usize) -> &str {
    word.char_indices()
        .rev()
        .nth(count.saturating_sub(1))
        .map_or("", |(at, _)| if count == 0 { word } else { &word[..at] })
}

/// The last character; a space if there is none.
pub(super) fn last_char(word: &str) -> char {
    word.chars().next_back().unwrap_or(' ')
}
