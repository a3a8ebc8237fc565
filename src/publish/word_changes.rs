//! Which words of a text an edit has removed and added. Pure.

/// The most pairs of words that are compared: a few milliseconds.
const MAX_PAIRS: usize = 4_000_000;

/// Words that are shown on each side of a change.
const CONTEXT_WORDS: usize = 6;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextPart {
    /// Words that have stayed.
    Same(String),
    /// Words that are gone.
    Deleted(String),
    /// Words that are new.
    Inserted(String),
    /// Words that have stayed, and are not shown.
    Skipped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WordChange {
    Same,
    Deleted,
    Inserted,
}

/// The changes between two texts, with a few words around each. Texts with too many different words count as replaced.
pub(super) fn between(before: &str, after: &str) -> Vec<TextPart> {
    let before: Vec<&str> = before.split_whitespace().collect();
    let after: Vec<&str> = after.split_whitespace().collect();
    let pairs = before.iter().zip(&after);
    let start = pairs.take_while(|(before, after)| before == after).count();
    let pairs = before[start..].iter().rev().zip(after[start..].iter().rev());
    let end = pairs.take_while(|(before, after)| before == after).count();
    let mut words: Vec<(WordChange, &str)> =
        before[..start].iter().map(|word| (WordChange::Same, *word)).collect();
    words.extend(changed_words(&before[start..before.len() - end], &after[start..after.len() - end]));
    words.extend(before[before.len() - end..].iter().map(|word| (WordChange::Same, *word)));
    parts(&words)
}

/// The longest common subsequence of words stays.
fn changed_words<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<(WordChange, &'a str)> {
    let width = after.len() + 1;
    let mut lengths: Vec<u32> = Vec::new();
    if before.len().saturating_mul(after.len()) <= MAX_PAIRS {
        // The length for what is left of both from each pair of places on.
        lengths = vec![0; (before.len() + 1) * width];
        for (i, j) in (0..before.len()).rev().flat_map(|i| (0..after.len()).rev().map(move |j| (i, j))) {
            let at = i * width + j;
            lengths[at] = match before[i] == after[j] {
                true => lengths[at + width + 1] + 1,
                false => lengths[at + width].max(lengths[at + 1]),
            };
        }
    }
    let length = |i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or_default();
    let (mut i, mut j, mut words) = (0, 0, Vec::with_capacity(before.len() + after.len()));
    while i < before.len() || j < after.len() {
        if !lengths.is_empty() && i < before.len() && j < after.len() && before[i] == after[j] {
            words.push((WordChange::Same, before[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < before.len() && (j == after.len() || length(i + 1, j) >= length(i, j + 1)) {
            words.push((WordChange::Deleted, before[i]));
            i += 1;
        } else {
            words.push((WordChange::Inserted, after[j]));
            j += 1;
        }
    }
    words
}

fn parts(words: &[(WordChange, &str)]) -> Vec<TextPart> {
    let runs: Vec<_> = words.chunk_by(|one, next| one.0 == next.0).collect();
    let mut parts = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let joined = |run: &[(WordChange, &str)]| run.iter().map(|word| word.1).collect::<Vec<_>>().join(" ");
        match run[0].0 {
            WordChange::Deleted => parts.push(TextPart::Deleted(joined(run))),
            WordChange::Inserted => parts.push(TextPart::Inserted(joined(run))),
            WordChange::Same => {
                let head = if place == 0 { 0 } else { CONTEXT_WORDS.min(run.len()) };
                let tail =
                    if place + 1 == runs.len() { run.len() } else { run.len().saturating_sub(CONTEXT_WORDS) };
                if head >= tail {
                    parts.push(TextPart::Same(joined(run)));
                    continue;
                }
                parts.extend((head > 0).then(|| TextPart::Same(joined(&run[..head]))));
                parts.push(TextPart::Skipped);
                parts.extend((tail < run.len()).then(|| TextPart::Same(joined(&run[tail..]))));
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let show = |part| match part {
            TextPart::Same(words) => words,
            TextPart::Deleted(words) => format!("[-{words}]"),
            TextPart::Inserted(words) => format!("[+{words}]"),
            TextPart::Skipped => "\u{2026}".to_owned(),
        };
        between(before, after).into_iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn removed_and_added_words_are_found_with_some_around_them() {
        for (before, after, expected) in [
            ("one two three", "one 2 three", "one [-two] [+2] three"),
            ("one", "one two", "one [+two]"),
            ("one two", "two", "[-one] two"),
            ("", "a b", "[+a b]"),
            ("a b", "", "[-a b]"),
            ("a b c d", "b x d", "[-a] b [-c] [+x] d"),
            ("", "", ""),
            (
                "1 2 3 4 5 6 7 8 x 1 2 3 4 5 6 7 8 9 10 11 12 13 y 1 2 3 4 5 6 7",
                "1 2 3 4 5 6 7 8 z 1 2 3 4 5 6 7 8 9 10 11 12 13 w 1 2 3 4 5 6 7",
                "\u{2026} 3 4 5 6 7 8 [-x] [+z] 1 2 3 4 5 6 \u{2026} 8 9 10 11 12 13 [-y] [+w] 1 2 3 4 5 6 \u{2026}",
            ),
        ] {
            assert_eq!(shown(before, after), expected, "{before} / {after}");
        }
        // Both texts can be read from the parts, if nothing is skipped.
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..200 {
            let text = |random: &mut fastrand::Rng| {
                (0..random.usize(0..6))
                    .map(|_| random.char('a'..='c').to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            let (before, after) = (text(&mut random), text(&mut random));
            if before == after {
                continue;
            }
            let parts = between(&before, &after);
            let join = |is_wanted: fn(&TextPart) -> Option<&String>| {
                parts.iter().filter_map(is_wanted).cloned().collect::<Vec<_>>().join(" ")
            };
            let old = join(|part| match part {
                TextPart::Same(words) | TextPart::Deleted(words) => Some(words),
                _ => None,
            });
            let new = join(|part| match part {
                TextPart::Same(words) | TextPart::Inserted(words) => Some(words),
                _ => None,
            });
            assert_eq!((old, new), (before, after));
        }
    }

    #[test]
    fn texts_that_differ_too_much_count_as_replaced() {
        let text = |word: &str| (0..3000).map(|n| format!("{word}{n} same")).collect::<Vec<_>>().join(" ");
        let parts = between(&text("a"), &text("b"));
        assert!(matches!(&parts[..2], [TextPart::Deleted(_), TextPart::Inserted(_)]), "{}", parts.len());
    }
}
