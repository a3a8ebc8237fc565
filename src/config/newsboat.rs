//! Reads newsboat's `urls` file: a feed on each line, with tags and a title. Pure.

use super::opml::Outline;

/// The feeds of a `urls` file, in its order; none if it is no such file.
#[must_use]
pub fn read(text: &str) -> Vec<Outline> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let outlines: Vec<Outline> = lines.filter_map(read_line).collect();
    if outlines.iter().any(|outline| outline.url.contains("://")) { outlines } else { Vec::new() }
}

/// As in `https://example.org/feed news "central asia" "~The Example"`; quoted words may contain spaces and `\"`. A `#` begins
/// a comment, but not within a word.
fn read_line(line: &str) -> Option<Outline> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(first) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        if first == '#' {
            break;
        }
        let mut word = String::new();
        if first == '"' {
            while let Some(c) = chars.next().filter(|c| *c != '"') {
                word.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
            }
        } else {
            word.push(first);
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
        }
        words.push(word);
    }
    let mut words = words.into_iter();
    // What is no address, such as `exec:` or `query:`, is told by its scheme.
    let mut outline = Outline { url: words.next().filter(|url| url.contains(':'))?, ..Outline::default() };
    for word in words {
        match word.strip_prefix('~') {
            Some(title) => outline.title = Some(title.to_owned()).filter(|title| !title.is_empty()),
            None => outline.add_tag(&word),
        }
    }
    Some(outline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tags_and_titles_are_read() {
        let found = read(
            "# my feeds\nhttps://a.example/feed news \"Central Asia\" \"~The \\\"A\\\"\" ! # mine\n\n  http://b.example/ ~B c#\n\"exec:~/bin/x y\" z\nword\n",
        );
        let seen: Vec<_> =
            found.iter().map(|o| (o.url.as_str(), o.title.as_deref(), o.tags.join(" "))).collect();
        assert_eq!(
            seen,
            [
                ("https://a.example/feed", Some("The \"A\""), "news central-asia".to_owned()),
                ("http://b.example/", Some("B"), "c".to_owned()),
                ("exec:~/bin/x y", None, "z".to_owned()),
            ]
        );
        for other in ["", "hello", "# https://a.example/", "\"", "\"\\", "a: b"] {
            assert_eq!(read(other), [], "{other}");
        }
    }
}
