//! Output to the terminal. Control characters in untrusted text are escaped. Writes to standard output and error.

use std::io::{BufRead, IsTerminal as _, Write};

use indicatif::{ProgressBar, ProgressStyle};

pub use crate::publish::counted;
use crate::text::closest_name;

/// Prints a message for the user on standard error; control characters except line ends are escaped.
pub fn message(text: &str) {
    diagnostics(&escape_lines(text));
}

/// Prints rendered diagnostics on standard error, unchanged: escaping would break their colours. They quote only the
/// user's own config or command line.
pub fn diagnostics(rendered: &str) {
    // Nobody reads it any more, as with `siftwire ... 2>&1 | head`.
    let _ = writeln!(std::io::stderr(), "{rendered}");
}

/// Writes data to standard output, unchanged.
///
/// # Errors
/// Standard output is closed.
pub fn print(data: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(data)?;
    out.flush()
}

/// Whether to use colours on an output that is, or is not, a terminal (see no-color.org).
pub fn wants_colours(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A bar for work that takes long; hidden if standard error is no terminal.
pub fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}");
    // Without a length nothing is drawn yet.
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The version of the shapes that commands print with `--json`. Fields are added to a version; another one renames,
/// removes or changes them.
pub const JSON_VERSION: u32 = 1;

/// Asks which of the options is meant, if there is somebody to ask. An empty answer means the first.
#[expect(clippy::print_stderr, reason = "messages for the user go to standard error")]
pub fn choose(question: &str, options: &[String]) -> usize {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return 0;
    }
    for (number, option) in (1..).zip(options) {
        eprintln!("{number:3}  {}", escape_line(option));
    }
    eprint!("{question} [1] ");
    read_choice(std::io::stdin().lock(), options.len())
}

/// A number of 1 to `count`, less one; lines with anything else are left out.
fn read_choice(input: impl BufRead, count: usize) -> usize {
    let answers = input.lines().map_while(Result::ok).map(|line| match line.trim() {
        "" => Some(0),
        number => number.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < count),
    });
    answers.flatten().next().unwrap_or(0)
}

/// " (did you mean `name`?)" for the known name that is much like another; else nothing.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest_name(name, known).map_or_else(String::new, |known| format!(" (did you mean `{known}`?)"))
}

/// The text with control characters and direction marks escaped, except line ends.
pub fn escape_lines(text: &str) -> String {
    escape(text, |c| c == '\n')
}

/// The text with control characters and direction marks escaped, line ends too.
pub fn escape_line(text: &str) -> String {
    escape(text, |_| false)
}

fn escape(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) && !is_kept(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// C0, DEL and C1 (terminal escape sequences begin with one), line and paragraph separators, and marks that
/// reorder the displayed text (CVE-2021-42574).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_direction_marks_are_escaped() {
        let escaped = escape_line("a\u{1b}[31mb\r\nc\u{9b}2Jd\u{202e}e");
        assert_eq!(escaped, "a\\u{1b}[31mb\\r\\nc\\u{9b}2Jd\\u{202e}e");
        assert_eq!(escape_lines("a\n\tb"), "a\n\\tb");
    }

    #[test]
    fn a_choice_is_a_number_of_the_list_or_the_first() {
        for (typed, chosen) in [("2\n", 1), ("\n", 0), ("", 0), ("0\n9\nx\n 3 \n", 2), ("x", 0)] {
            assert_eq!(read_choice(typed.as_bytes(), 3), chosen, "{typed:?}");
        }
    }

    #[test]
    fn text_of_any_script_is_unchanged() {
        let text = "Հայաստան – Россия “naïve” 日本 👩‍💻 فارسی";
        assert_eq!(escape_line(text), text);
    }
}
