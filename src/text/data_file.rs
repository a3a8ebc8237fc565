//! Word lists and tables in files beside the code. Pure.

use std::collections::HashSet;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

/// A list of words, separated by white space, that is often asked for one of them.
pub(crate) struct WordSet {
    list: &'static str,
    words: OnceLock<HashSet<&'static str, RandomState>>,
}

impl WordSet {
    pub(crate) const fn new(list: &'static str) -> WordSet {
        WordSet { list, words: OnceLock::new() }
    }

    pub(crate) fn contains(&self, word: &str) -> bool {
        self.words.get_or_init(|| self.list.split_whitespace().collect()).contains(word)
    }
}

/// The lines of a data file below `[name]`, up to the next line that starts with a bracket, without the empty ones before
/// it. For constants: a part that is missing is then an error of the compiler.
pub(crate) const fn part(file: &'static str, name: &str) -> &'static str {
    let bytes = file.as_bytes();
    let (mut start, mut at) = (None, 0);
    while at < bytes.len() {
        let mut end = at;
        while end < bytes.len() && bytes[end] != b'\n' {
            end += 1;
        }
        if bytes[at] == b'[' {
            if start.is_some() {
                break;
            }
            if is_name(bytes, (at + 1, end - 1), name.as_bytes()) {
                start = Some(end + 1);
            }
        }
        at = end + 1;
    }
    let Some(start) = start else { panic!("the data file has no such part") };
    file.split_at(at).0.split_at(start).1.trim_ascii_end()
}

const fn is_name(bytes: &[u8], (start, end): (usize, usize), name: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() && start + at < end && bytes[start + at] == name[at] {
        at += 1;
    }
    at == name.len() && start + at == end
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_part_ends_where_the_next_begins() {
        const FILE: &str = "# Two parts.\n[a]\none\ntwo\n\n[a b]\nthree\n";
        assert_eq!(part(FILE, "a"), "one\ntwo");
        assert_eq!(part(FILE, "a b"), "three");
        assert!(std::panic::catch_unwind(|| part(FILE, "b")).is_err());
    }
}
