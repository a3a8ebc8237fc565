//! Bounds the fields of a raw feed that are one line, before anything looks at them. Pure.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::problem::{Problem, note};
use super::raw::{
    RawAuthor, RawCategory, RawDate, RawDetails, RawEntry, RawEpisode, RawFeed, RawFile, RawLink, RawMedia,
    RawOrigin, RawPerson, RawPodcast, RawTranscript,
};
use crate::entry::text_hash;

/// Characters of a title, a name, a category and other lines. Longer ones are cut.
const MAX_LINE_CHARS: usize = 4000;

/// Characters of an address. A longer one is dropped: cut, it would be another address.
const MAX_ADDRESS_CHARS: usize = 8000;

/// Bytes before the end of a cut line in which a space is looked for.
const MAX_CUT_WORD_BYTES: usize = 200;

/// Bounds all lines and addresses of a feed, and adds a problem for each kind that was too long.
pub(super) fn bound_lines(feed: &mut RawFeed<'_>) {
    let mut bounds = Bounds::default();
    bounds.line(feed.title.as_mut().map(|title| &mut title.text));
    bounds.line(feed.language.as_mut());
    bounds.optional_address(&mut feed.icon);
    bounds.links(&mut feed.links);
    bounds.authors(&mut feed.authors);
    feed.podcast.iter_mut().for_each(|podcast| bounds.podcast(podcast));
    for (number, entry) in (1..).zip(&mut feed.entries) {
        bounds.number = number;
        bounds.entry(entry);
    }
    if bounds.long_lines.is_empty() && bounds.long_addresses.is_empty() {
        return;
    }
    for (numbers, what) in [
        (bounds.long_lines, format!("lines of more than {MAX_LINE_CHARS} characters were cut")),
        (
            bounds.long_addresses,
            format!("addresses of more than {MAX_ADDRESS_CHARS} characters were left out"),
        ),
    ] {
        if !numbers.is_empty() {
            feed.problems.push(Problem::of(numbers.into_iter().filter(|number| *number > 0).collect(), what));
        }
    }
}

/// What was found too long.
#[derive(Default)]
struct Bounds {
    /// The number of the entry; 0: of the feed.
    number: usize,
    /// In which entries.
    long_lines: Vec<usize>,
    long_addresses: Vec<usize>,
}

impl Bounds {
    fn entry(&mut self, entry: &mut RawEntry<'_>) {
        self.id(entry.id.value_mut());
        self.id(entry.about.as_mut());
        self.line(entry.title.value_mut().map(|title| &mut title.text));
        for RawDate { text, .. } in
            [&mut entry.published, &mut entry.updated].into_iter().flat_map(|d| d.value_mut())
        {
            self.line(Some(text));
        }
        self.links(&mut entry.links);
        self.links(entry.player.as_mut_slice());
        self.authors(&mut entry.authors);
        self.authors(&mut entry.fallback_authors);
        for RawCategory { name, term, scheme } in &mut entry.categories {
            self.line(Some(&mut name.text));
            [term, scheme].into_iter().for_each(|line| self.line(line.as_mut()));
        }
        entry.details.iter_mut().for_each(|details| self.details(details));
        let files = entry.enclosures.iter_mut().chain(&mut entry.media);
        files
            .chain(entry.images.iter_mut().map(|picture| &mut picture.file))
            .for_each(|file| self.media(file));
        entry.media_texts.iter_mut().for_each(|about| self.line(Some(&mut about.text.text)));
        self.line(entry.duration.as_mut());
        entry.episode.iter_mut().for_each(|episode| self.episode(episode));
        self.line(entry.language.as_mut());
        self.optional_address(&mut entry.comments);
        if let Some(RawOrigin { id, title, url, link, icon }) = &mut entry.origin {
            self.line(title.as_mut().map(|title| &mut title.text));
            [id, url, link, icon].into_iter().for_each(|address| self.optional_address(address));
        }
    }

    fn links(&mut self, links: &mut [RawLink<'_>]) {
        for RawLink { href, rel, media_type, length, title, count, .. } in links {
            self.address(href);
            [rel, media_type, length, title, count].into_iter().for_each(|line| self.line(line.as_mut()));
        }
    }

    fn authors(&mut self, authors: &mut [RawAuthor<'_>]) {
        for RawAuthor { name, email, uri, avatar } in authors {
            self.line(name.as_mut().map(|name| &mut name.text));
            self.line(email.as_mut());
            [uri, avatar].into_iter().for_each(|address| self.optional_address(address));
        }
    }

    fn media(&mut self, file: &mut RawMedia<'_>) {
        self.address(&mut file.url);
        let RawMedia { media_type, length, title, medium, duration, width, height, .. } = file;
        self.line(title.as_mut().map(|title| &mut title.text));
        let lines = [media_type, length, medium, duration, width, height];
        lines.into_iter().for_each(|line| self.line(line.as_mut()));
    }

    fn episode(&mut self, episode: &mut RawEpisode<'_>) {
        let RawEpisode { title, summary, image, season, number, kind, explicit, .. } = episode;
        [title, summary].into_iter().flatten().for_each(|text| self.line(Some(&mut text.text)));
        [season, number, kind, explicit].into_iter().for_each(|line| self.line(line.as_mut()));
        image.iter_mut().chain(&mut episode.chapters).for_each(|file| self.file(file));
        for RawTranscript { file, language, rel } in &mut episode.transcripts {
            self.file(file);
            [language, rel].into_iter().for_each(|line| self.line(line.as_mut()));
        }
        for RawPerson { name, role, group, image, link, .. } in &mut episode.persons {
            self.line(Some(&mut name.text));
            [role, group].into_iter().for_each(|line| self.line(line.as_mut()));
            [image, link].into_iter().for_each(|address| self.optional_address(address));
        }
    }

    fn podcast(&mut self, podcast: &mut RawPodcast<'_>) {
        let RawPodcast { author, owner, categories, explicit, image, kind, guid } = podcast;
        [author, owner, explicit, kind, guid].into_iter().for_each(|line| self.line(line.as_mut()));
        for (category, within) in categories {
            [Some(category), within.as_mut()].into_iter().for_each(|line| self.line(line));
        }
        image.iter_mut().for_each(|file| self.file(file));
    }

    fn details(&mut self, details: &mut RawDetails<'_>) {
        let RawDetails { comment_count, comments_feed, answered_id, answered_link, .. } = details;
        self.line(comment_count.as_mut());
        [comments_feed, answered_id, answered_link]
            .into_iter()
            .for_each(|address| self.optional_address(address));
        let RawDetails { rights, place_name, coordinates, corners, latitude, longitude, .. } = details;
        self.line(rights.value_mut().map(|rights| &mut rights.text));
        let lines = [place_name, coordinates, corners, latitude, longitude];
        lines.into_iter().for_each(|line| self.line(line.as_mut()));
    }

    fn file(&mut self, file: &mut RawFile<'_>) {
        self.address(&mut file.url);
        self.line(file.media_type.as_mut());
    }

    /// Cuts a line that is too long.
    fn line(&mut self, line: Option<&mut Cow<'_, str>>) {
        // Most lines end here.
        let Some(line) = line.filter(|line| line.len() > MAX_LINE_CHARS) else { return };
        let cut = cut_line(line);
        if cut.len() < line.trim().len() {
            note(&mut self.long_lines, self.number);
            *line = Cow::Owned(cut.to_owned());
        }
    }

    /// Empties an address that is too long; an empty one is none.
    fn address(&mut self, address: &mut Cow<'_, str>) {
        if is_long_address(address) {
            note(&mut self.long_addresses, self.number);
            *address = Cow::Borrowed("");
        }
    }

    fn optional_address(&mut self, address: &mut Option<Cow<'_, str>>) {
        if let Some(address) = address {
            self.address(address);
        }
    }

    /// Replaces an id that is too long by its hash: two different ones stay different. If it is an address, that is lost.
    fn id(&mut self, id: Option<&mut Cow<'_, str>>) {
        let Some(id) = id.filter(|id| is_long_address(id)) else { return };
        if id.trim().starts_with("http") {
            note(&mut self.long_addresses, self.number);
        }
        *id = Cow::Owned(format!("sha256:{}", text_hash(&[id.trim()])));
    }
}

fn is_long_address(address: &str) -> bool {
    address.len() > MAX_ADDRESS_CHARS && address.trim().chars().nth(MAX_ADDRESS_CHARS).is_some()
}

/// The start of a line, without spaces around it: up to the last space if one is near, and never between a letter and its
/// marks.
pub(super) fn cut_line(line: &str) -> &str {
    /// Letters have few marks; what has more is not cut well anywhere.
    const MAX_JOINED: usize = 32;
    const JOINER: char = '\u{200d}';
    let line = line.trim();
    let Some((mut end, _)) = line.char_indices().nth(MAX_LINE_CHARS) else { return line };
    if let Some(space) = line[..end].rfind(char::is_whitespace)
        && end - space <= MAX_CUT_WORD_BYTES
    {
        return line[..space].trim_end();
    }
    let is_joined = |c: char| is_combining_mark(c) || matches!(c, JOINER | '\u{1f3fb}'..='\u{1f3ff}');
    for _ in 0..MAX_JOINED {
        let Some(last) = line[..end].chars().next_back() else { break };
        if last != JOINER && !line[end..].starts_with(is_joined) {
            break;
        }
        end -= last.len_utf8();
    }
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_at_a_word_or_before_a_letter_with_its_marks() {
        let short = "\u{e9}".repeat(MAX_LINE_CHARS);
        assert_eq!(cut_line(&format!(" {short} ")), short);
        assert_eq!(cut_line(&"a".repeat(5000)).len(), MAX_LINE_CHARS);
        assert_eq!(cut_line(&"words ".repeat(1000)), "words ".repeat(666).trim_end());
        let marked = "e\u{301}\u{302}".repeat(2000);
        assert_eq!(cut_line(&marked).chars().count(), MAX_LINE_CHARS / 3 * 3);
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}".repeat(1000);
        assert_eq!(cut_line(&format!("ab{family}")).chars().count(), 2 + MAX_LINE_CHARS / 5 * 5 - 5);
        assert!(cut_line(&"\u{301}".repeat(9000)).chars().count() >= MAX_LINE_CHARS - 40);
    }
}
