//! A text that is copied only where it is changed. Pure.

use std::borrow::Cow;
use std::ops::Range;

pub(super) struct CowBuffer<'a> {
    text: &'a str,
    /// What has become of the text up to `copied`.
    kept: String,
    copied: usize,
}

impl<'a> CowBuffer<'a> {
    pub(super) fn new(text: &'a str) -> CowBuffer<'a> {
        CowBuffer { text, kept: String::new(), copied: 0 }
    }

    /// Changes come in the order of the text; a change of nothing into nothing is none.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) {
        if range.is_empty() && with.is_empty() {
            return;
        }
        if self.copied == 0 {
            self.kept.reserve(self.text.len());
        }
        self.kept.push_str(&self.text[self.copied..range.start]);
        self.kept.push_str(with);
        self.copied = range.end;
    }

    /// How long it is up to a place behind all changes.
    pub(super) fn length_at(&self, place: usize) -> usize {
        self.kept.len() + place - self.copied
    }

    /// What has become of a part at whose start it had this length.
    pub(super) fn since(&mut self, length: usize, start: usize, end: usize) -> &str {
        if self.copied <= start {
            return &self.text[start..end];
        }
        self.kept.push_str(&self.text[self.copied..end]);
        self.copied = end;
        &self.kept[length..]
    }

    /// Changes such a part as a whole, whatever was changed in it.
    pub(super) fn rewrite(&mut self, length: usize, part: Range<usize>, with: &str) {
        if self.copied > part.start {
            self.kept.truncate(length);
            self.copied = part.start;
        }
        self.replace(part, with);
    }

    pub(super) fn finished(mut self) -> Cow<'a, str> {
        if self.copied == 0 {
            return Cow::Borrowed(self.text);
        }
        self.kept.push_str(&self.text[self.copied..]);
        Cow::Owned(self.kept)
    }
}
