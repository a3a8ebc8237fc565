//! The inflected forms of a folded word, by rules and by tables of what no rule tells. Pure.

mod armenian;
mod english;
mod french;
mod german;
mod russian;
mod slavic_verbs;
mod ukrainian;

/// A language whose words Siftwire can inflect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Language {
    English,
    Russian,
    Ukrainian,
    Armenian,
    French,
    German,
}

impl Language {
    /// From the code that begins a BCP 47 tag.
    pub(super) fn of(tag: &str) -> Option<Language> {
        let code = tag.split(['-', '_']).next().unwrap_or(tag);
        [
            ("en", Language::English),
            ("ru", Language::Russian),
            ("uk", Language::Ukrainian),
            ("hy", Language::Armenian),
            ("fr", Language::French),
            ("de", Language::German),
        ]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, language)| language)
    }
}

/// The word and all its forms; some are no real words, which costs nothing.
pub(super) fn forms(word: &str, language: Language) -> Vec<String> {
    let mut out = Forms(vec![word.to_owned()]);
    match language {
        Language::English => english::forms(word, &mut out),
        Language::Russian => russian::forms(word, &mut out),
        Language::Ukrainian => ukrainian::forms(word, &mut out),
        Language::Armenian => armenian::forms(word, &mut out),
        Language::French => french::forms(word, &mut out),
        Language::German => german::forms(word, &mut out),
    }
    out.0
}

/// Whether the tables of English hold the word, so that other languages have no say about it:
/// child is not the French for childe.
pub(super) fn is_known_english(word: &str) -> bool {
    english::is_known(word) && !german::is_known(word)
}

/// The forms of a name that has no plural: Куба is never in the company of куб, the cube.
pub(super) fn forms_of_singular(word: &str, language: Language) -> Vec<String> {
    let mut out = Forms(vec![word.to_owned()]);
    match language {
        Language::Russian => russian::singular(word, &mut out),
        Language::Ukrainian => ukrainian::singular(word, &mut out),
        _ => {}
    }
    out.0
}

/// Collects forms.
struct Forms(Vec<String>);

impl Forms {
    fn one(&mut self, form: impl Into<String>) {
        self.0.push(form.into());
    }

    /// The stem with each of the endings, which spaces part; `-` is none.
    fn add(&mut self, stem: &str, endings: &str) {
        for ending in endings.split(' ') {
            self.0.push(if ending == "-" { stem.to_owned() } else { format!("{stem}{ending}") });
        }
    }
}

/// The line of a table that begins with the word, without it.
fn line<'t>(table: &'t str, word: &str) -> Option<&'t str> {
    let mut rest = table;
    while let Some(at) = rest.find(word) {
        let begins = at == 0 || rest.as_bytes()[at - 1] == b'\n';
        let after = &rest[at + word.len()..];
        if begins && after.starts_with(' ') {
            return after[1..].lines().next();
        }
        rest = after;
    }
    None
}

/// Whether a list of words, parted by white space, holds the word.
fn holds(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn ends_with_any(word: &str, endings: &str) -> bool {
    endings.split(' ').any(|ending| word.ends_with(ending))
}

/// The word without its last `count` characters.
fn cut(word: &str, count: usize) -> &str {
    word.char_indices()
        .rev()
        .nth(count.saturating_sub(1))
        .map_or("", |(at, _)| if count == 0 { word } else { &word[..at] })
}

fn last(word: &str) -> char {
    word.chars().next_back().unwrap_or(' ')
}
