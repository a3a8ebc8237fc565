//! Recognises a config that was emptied or cut off while it was written. Pure.

use std::path::Path;

use super::settings::Config;

/// The comment line, without `#`, of a config that has no sources or no outputs on purpose.
const EMPTY_ON_PURPOSE: &str = "empty on purpose";

impl Config {
    /// Whether a comment line says that the config is empty on purpose.
    #[must_use]
    pub fn is_empty_on_purpose(&self) -> bool {
        let says_so = |line: &str| {
            let comment = line.trim_start().strip_prefix('#').map(str::trim_start);
            comment.is_some_and(|comment| comment.starts_with(EMPTY_ON_PURPOSE))
        };
        self.files.iter().any(|file| file.text.lines().any(says_so))
    }

    /// The first file that looks cut off, compared with the config before: it is only the beginning of what it was, or
    /// it is missing, or its last line has lost its end.
    #[must_use]
    pub fn cut_file<'a>(&self, before: &'a Config) -> Option<&'a Path> {
        let text =
            |path: &Path| self.files.iter().find(|file| file.path == path).map_or("", |file| &file.text);
        before.files.iter().find(|old| is_cut(&old.text, text(&old.path))).map(|old| old.path.as_path())
    }
}

fn is_cut(old: &str, new: &str) -> bool {
    new != old && (old.starts_with(new) || (old.ends_with('\n') && !new.ends_with('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_ends_too_early_is_cut() {
        let old = "[[output]]\nname = \"a\"\nlimit = 100\n";
        for (new, expected) in [
            (old, false),
            ("", true),
            ("[[output]]\nname = \"a\"\nlimit = 10", true),
            ("[[output]]\nname = \"a\"\n", true),
            ("[[output]]\nname = \"a\"\nlimit = 100", true),
            ("# edited too\n[[output]]\nname = \"a\"\nlimit = 10", true),
            ("[[output]]\nname = \"b\"\nlimit = 100\n", false),
            ("[[output]]\nname = \"a\"\nlimit = 10\n", false),
            ("[[output]]\nname = \"a\"\nlimit = 100\n# more\n", false),
            ("[[output]]\nlimit = 100\n", false),
        ] {
            assert_eq!(is_cut(old, new), expected, "{new:?}");
        }
        assert!(!is_cut("", "[serve]"));
        assert!(!is_cut("watch = true", "watch = false"), "it had no line end before");
    }
}
