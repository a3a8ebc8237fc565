//! The compact form of an entry that is compared and stored: hashed words of title and text. Pure.

use super::headline::{is_live, title_parts};
use super::wordlists::WordClass;
use super::words::{HashedWord, WordHasher, hashed_words};
use crate::entry::Entry;
use crate::text::{TextFor, html_to_text_start, tokens};

/// Maximum number of compared words of a title.
const TITLE_WORDS: usize = 40;
/// Maximum number of compared words of a text: its start is enough.
const TEXT_WORDS: usize = 64;
/// Bytes at the start of a text that contain its compared words.
const TEXT_BYTES: usize = 2_048;
/// Words of a text that the index uses.
const INDEXED_WORDS: usize = 32;
/// Shingles of a text by which the index finds it.
const INDEXED_SHINGLES: usize = 6;
/// The version of the encoding, and of the rules that make words.
const VERSION: u8 = 5;

/// What is compared of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pub(super) flags: Flags,
    /// All words of the title.
    pub(super) title: Vec<HashedWord>,
    /// The range of the title's words without its label and its last part after a dash.
    pub(super) bare_title: (u8, u8),
    /// The start of the text.
    pub(super) text: Vec<HashedWord>,
    /// Hash of the letters of the title's last part; 0 if it has none.
    last_part: u32,
    /// Hash of the letters of its site's name; 0 if it has no address.
    site: u32,
}

/// What a signature says of its entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    /// The page is updated all day, so its text is no evidence.
    pub(super) const LIVE: u8 = 1;
    /// The title's label says that this is no news report.
    pub(super) const KIND_LABEL: u8 = 2;
    /// The last part of the title is its publisher for sure.
    pub(super) const PUBLISHER: u8 = 4;
    /// It is in German: a noun in capitals is no name.
    pub(super) const GERMAN: u8 = 8;

    pub(super) fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    fn set(&mut self, flag: u8, is_set: bool) {
        self.0 |= if is_set { flag } else { 0 };
    }
}

impl Signature {
    pub(super) fn new(entry: &Entry) -> Signature {
        let title = entry.title.as_deref().unwrap_or_default();
        let html = entry.summary.as_deref().or(entry.content.as_deref()).unwrap_or_default();
        let plain = html_to_text_start(html, TextFor::Comparison, TEXT_BYTES);
        let mut text = hashed_words(&plain, TEXT_WORDS);
        text.truncate(length_without_wordpress_footer(&text));
        let tokens = tokens(title);
        let mut hasher = WordHasher::new(title, &tokens, TITLE_WORDS);
        let link = entry.link.as_deref().unwrap_or_default();
        let host = link.split('/').nth(2).unwrap_or_default();
        let origin = entry.origin.as_ref().and_then(|origin| origin.title.as_deref());
        let parts = title_parts(title, &[host, origin.unwrap_or_default()]);
        let (start, end) = (tokens.count_before(parts.start), tokens.count_before(parts.end));
        hasher.add(0..start);
        let from = hasher.words.len();
        hasher.add(start..end);
        let to = hasher.words.len();
        hasher.add(end..tokens.len());
        let title_words = hasher.words;
        let mut flags = Flags::default();
        flags.set(Flags::LIVE, is_live(title));
        flags.set(Flags::KIND_LABEL, parts.has_kind_label);
        let aggregated = repeats_title(&text, &title_words[from..], to - from);
        flags.set(Flags::PUBLISHER, parts.has_publisher || aggregated == Some(TextAfterTitle::LastPart));
        if aggregated.is_some() {
            text.clear();
        }
        flags.set(Flags::GERMAN, is_german(title_words.iter().chain(&text)));
        Signature {
            flags,
            // Both are at most `TITLE_WORDS`.
            bare_title: (from as u8, to as u8),
            title: title_words,
            text,
            last_part: hash_name(&title[parts.end..]),
            site: hash_name(site_name(host)),
        }
    }

    /// The title without its label and its last part.
    pub(super) fn bare_title(&self) -> &[HashedWord] {
        let (from, to) = self.bare_title;
        self.title.get(usize::from(from)..usize::from(to)).unwrap_or(&self.title)
    }

    /// Whether the last part of the title is a publisher for sure: it says so, or it is the name of the other's site.
    pub(super) fn has_publisher(&self, other: &Signature) -> bool {
        self.flags.has(Flags::PUBLISHER) || (self.last_part != 0 && self.last_part == other.site)
    }

    /// Whether the title has a last part after a dash, which can be a publisher.
    pub(super) fn has_last_part(&self) -> bool {
        usize::from(self.bare_title.1) < self.title.len()
    }

    /// Whether the last part of the title reads like a publisher: it has no words in small letters, and is not one word
    /// after a name, as in a road between two towns or a match of two teams.
    pub(super) fn may_have_publisher(&self) -> bool {
        let to = usize::from(self.bare_title.1);
        let last_part = self.title.get(to..).unwrap_or_default();
        let ends_in_name = self.bare_title().last().is_some_and(|word| word.class() == WordClass::Name);
        let has_small_letters = last_part.iter().any(|word| word.class() == WordClass::Plain);
        let is_second_name = ends_in_name && last_part.len() == 1;
        self.flags.has(Flags::PUBLISHER) || !(has_small_letters || is_second_name)
    }

    /// The title without its label.
    pub(super) fn title_without_label(&self) -> &[HashedWord] {
        self.title.get(usize::from(self.bare_title.0)..).unwrap_or(&self.title)
    }

    /// The keys by which the index finds the entry, each with its weight: the title with and without publisher, and
    /// shingles of the text. A title weighs as much as half of the shingles.
    pub(super) fn bands(&self) -> Vec<(u64, usize)> {
        let mut bands = Vec::with_capacity(INDEXED_SHINGLES + 2);
        for title in [self.title_without_label(), self.bare_title()] {
            // A title of one or two words is too common to be evidence.
            if title.len() >= 3 {
                bands.push((hash_sequence(title) ^ TITLE_WORDS as u64, INDEXED_SHINGLES / 2));
            }
        }
        bands.dedup();
        let start = &self.text[..self.text.len().min(INDEXED_WORDS)];
        bands.extend(lowest(start.windows(3).map(hash_sequence)).map(|hash| (hash, 1)));
        bands
    }

    /// The short form: version, flags, range of the bare title, number of the title's words, the names of publisher and
    /// site, then three bytes for each word. It is enough to find candidates, and rows with whole hashes would take up three times as many pages.
    #[must_use]
    pub fn shorten(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(13 + 3 * (self.title.len() + self.text.len()));
        let (from, to) = self.bare_title;
        bytes.extend([VERSION, self.flags.0, from, to, self.title.len() as u8]);
        bytes.extend([self.last_part, self.site].map(u32::to_le_bytes).as_flattened());
        bytes.extend(self.words().flat_map(|word| word.shorten()));
        bytes
    }

    /// The whole hashes of all words: eight bytes for each.
    #[must_use]
    pub fn hashes(&self) -> Vec<u8> {
        self.words().flat_map(|word| word.hash().to_le_bytes()).collect()
    }

    fn words(&self) -> impl Iterator<Item = &HashedWord> {
        self.title.iter().chain(&self.text)
    }

    /// Gives a short form its whole hashes.
    pub(super) fn restore_hashes(&mut self, hashes: &[u8]) {
        for (word, hash) in self.title.iter_mut().chain(&mut self.text).zip(hashes.as_chunks().0) {
            *word = word.with_whole_hash(*hash);
        }
    }

    /// Reads what [`Signature::shorten`] wrote; `None` for other bytes and other versions.
    #[must_use]
    pub fn from_short(bytes: &[u8]) -> Option<Signature> {
        let [VERSION, flags, from, to, title_length, rest @ ..] = bytes else { return None };
        let (last_part, rest) = rest.split_first_chunk()?;
        let (site, rest) = rest.split_first_chunk()?;
        let [last_part, site] = [last_part, site].map(|name| u32::from_le_bytes(*name));
        let mut title: Vec<HashedWord> = Vec::with_capacity(rest.len() / 3);
        title.extend(rest.as_chunks().0.iter().copied().map(HashedWord::from_short));
        let text = title.split_off(usize::from(*title_length).min(title.len()));
        Some(Signature { flags: Flags(*flags), bare_title: (*from, *to), title, text, last_part, site })
    }
}

/// The lowest hashes, sorted and distinct: two texts that share most shingles share most of their lowest ones.
fn lowest(hashes: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    let mut lowest = [u64::MAX; INDEXED_SHINGLES];
    let mut held = 0;
    for hash in hashes {
        // Most are higher than all that are held.
        if held == INDEXED_SHINGLES && hash >= lowest[INDEXED_SHINGLES - 1] {
            continue;
        }
        let at = lowest[..held].partition_point(|other| *other < hash);
        if at < held && lowest[at] == hash {
            continue;
        }
        held = (held + 1).min(INDEXED_SHINGLES);
        lowest[at..held].rotate_right(1);
        lowest[at] = hash;
    }
    lowest.into_iter().take(held)
}

/// Hash of the letters and digits of a name; 0 if it has none.
fn hash_name(name: &str) -> u32 {
    let letters: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { 0 } else { super::hash(&letters) as u32 | 1 }
}

/// The name of a site in its host: `theverge` of www.theverge.com, `bbc` of news.bbc.co.uk.
fn site_name(host: &str) -> &str {
    let mut labels =
        host.rsplit('.').skip(1).skip_while(|label| matches!(*label, "co" | "com" | "org" | "net"));
    labels.next().unwrap_or_default()
}

fn hash_sequence(words: &[HashedWord]) -> u64 {
    words.iter().fold(words.len() as u64, |hash, word| super::mix(hash.rotate_left(20) ^ word.hash()))
}

/// What a text that repeats its title has after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextAfterTitle {
    Nothing,
    /// The last part of the title, as in Google News, which is then its publisher.
    LastPart,
}

/// Whether a text is only the title again; `title` is its title without a label, `bare` the number of its words without the
/// last part.
fn repeats_title(text: &[HashedWord], title: &[HashedWord], bare: usize) -> Option<TextAfterTitle> {
    let same = |a: &[HashedWord], b: &[HashedWord]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.hash() == b.hash())
    };
    if bare < title.len() && same(text, title) {
        return Some(TextAfterTitle::LastPart);
    }
    let is_title = bare > 0 && (same(text, title) || same(text, &title[..bare]));
    is_title.then_some(TextAfterTitle::Nothing)
}

/// Whether words are those of a German text.
fn is_german<'w>(words: impl Iterator<Item = &'w HashedWord>) -> bool {
    const FREQUENT: [u64; 16] = super::hash_each([
        "der", "die", "das", "und", "bei", "von", "mit", "dem", "den", "im", "wird", "hat", "ein", "eine",
        "auf", "ist",
    ]);
    words.filter(|word| FREQUENT.contains(&word.hash())).nth(1).is_some()
}

/// Length of a text without the line that WordPress appends: "The post ... appeared first on ...".
fn length_without_wordpress_footer(text: &[HashedWord]) -> usize {
    // An ordinal counts as its number.
    const APPEARED: [u64; 3] = super::hash_each(["appeared", "1", "on"]);
    const POST: [u64; 2] = super::hash_each(["the", "post"]);
    let last = |phrase: &[u64]| {
        text.windows(phrase.len())
            .rposition(|window| window.iter().map(|w| w.hash()).eq(phrase.iter().copied()))
    };
    match (last(&APPEARED), last(&POST)) {
        (Some(appeared), Some(post)) if post < appeared => post,
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(title: &str, text: &str) -> Signature {
        let entry = Entry { title: Some(title.into()), summary: Some(text.into()), ..Entry::default() };
        Signature::new(&entry)
    }

    #[test]
    fn a_short_form_and_the_hashes_are_the_signature() {
        let long = "word and another ".repeat(60);
        for (title, text) in [
            ("", ""),
            ("BREAKING: Ships leave the harbour | Reuters", "One two three."),
            (long.as_str(), long.as_str()),
        ] {
            let signature = signature(title, text);
            let mut read = Signature::from_short(&signature.shorten()).unwrap();
            assert_eq!(read.shorten(), signature.shorten());
            read.restore_hashes(&signature.hashes());
            assert_eq!(read, signature);
        }
        for bytes in [&b""[..], b"\x04abcdefg", b"\x05ab", b"\x05\x00\x00\x00\x00abcdefg"] {
            assert_eq!(Signature::from_short(bytes), None);
        }
        let nonsense = b"\x05\x00\x09\x07\x63abcdefghxyz";
        assert!(Signature::from_short(nonsense).is_some(), "nonsense does not panic");
    }

    #[test]
    fn label_and_publisher_are_outside_the_bare_title() {
        let signature = signature("BREAKING: Ships leave the harbour | Reuters", "");
        assert_eq!((signature.title.len(), signature.bare_title), (6, (1, 5)));
    }

    #[test]
    fn the_footer_of_wordpress_is_not_compared() {
        let with =
            signature("T", "<p>Ships leave.</p><p>The post <a>Ships</a> appeared first on <a>Times</a>.</p>");
        assert_eq!(with.text, signature("T", "Ships leave").text);
    }

    #[test]
    fn a_copy_with_another_start_or_end_shares_a_band() {
        let text = "Four nurses who were being treated for the disease have been discharged from a hospital in the east of the country on Monday morning";
        let a = signature("A", text).bands();
        for copy in
            [format!("Reuters - {text}"), text[..80].to_owned(), format!("{text}. Read more on our site.")]
        {
            assert!(signature("B", &copy).bands().iter().any(|band| a.contains(band)), "{copy}");
        }
    }
}
