//! Words of strangers for a terminal or a log: nothing in them may command it. Pure.

/// The text with every control character, and every one that turns the direction of writing, in its
/// escaped form; line ends stay.
pub fn lines(text: &str) -> String {
    escaped(text, |c| c == '\n')
}

/// The same on one line.
pub fn line(text: &str) -> String {
    escaped(text, |_| false)
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if commands(c) && !stays(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// C0, DEL and C1 (a terminal's escapes begin there), line and paragraph separators, and the marks by which
/// text is shown in another order than it is written (CVE-2021-42574).
fn commands(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_shown_instead() {
        assert_eq!(line("a\u{1b}[31mb\r\nc\u{9b}2Jd\u{202e}e"), "a\\u{1b}[31mb\\r\\nc\\u{9b}2Jd\\u{202e}e");
        assert_eq!(lines("a\n\tb"), "a\n\\tb");
    }

    #[test]
    fn every_script_stays_as_it_is() {
        let text = "Հայաստան – Россия “naïve” 日本 👩‍💻 فارسی";
        assert_eq!(line(text), text);
    }
}
