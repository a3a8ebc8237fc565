//! A text buffer that copies only when something changes. Pure.

use std::borrow::Cow;
use std::ops::Range;

pub(super) struct CowBuffer<'a> {
    text: &'a str,
    /// The changed form of the text up to `copied`.
    changed: String,
    copied: usize,
}

impl<'a> CowBuffer<'a> {
    pub(super) fn new(text: &'a str) -> CowBuffer<'a> {
        CowBuffer { text, changed: String::new(), copied: 0 }
    }

    /// Replaces a range. Ranges must come in the order of the text.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) {
        if range.is_empty() && with.is_empty() {
            return;
        }
        if self.copied == 0 {
            self.changed.reserve(self.text.len());
        }
        self.changed.push_str(&self.text[self.copied..range.start]);
        self.changed.push_str(with);
        self.copied = range.end;
    }

    /// The output's length up to a position after all changes.
    pub(super) fn length_at(&self, position: usize) -> usize {
        self.changed.len() + position - self.copied
    }

    /// The output for `start..end`, where `length` was the output's length at `start`.
    pub(super) fn written_since(&mut self, length: usize, start: usize, end: usize) -> &str {
        if self.copied <= start {
            return &self.text[start..end];
        }
        self.changed.push_str(&self.text[self.copied..end]);
        self.copied = end;
        &self.changed[length..]
    }

    /// Replaces a part that may have been changed already; `length` was the output's length at its start.
    pub(super) fn rewrite(&mut self, length: usize, part: Range<usize>, with: &str) {
        if self.copied > part.start {
            self.changed.truncate(length);
            self.copied = part.start;
        }
        self.replace(part, with);
    }

    pub(super) fn into_text(mut self) -> Cow<'a, str> {
        if self.copied == 0 {
            return Cow::Borrowed(self.text);
        }
        self.changed.push_str(&self.text[self.copied..]);
        Cow::Owned(self.changed)
    }
}
