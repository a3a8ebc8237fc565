//! What is wrong with a document, and in which entry. Pure.

use super::XmlParser;
use crate::feed::problem::{Problem, note};
use crate::feed::raw::Fault;

impl XmlParser<'_> {
    pub(super) fn note_something_behind(&mut self, at: usize) {
        self.tokens.note_fault(at, || "something stands behind the feed".to_owned());
    }

    pub(super) fn note_skipped_part(&mut self) {
        let number = self.entry.as_ref().map_or(0, |_| self.entry_number());
        note(&mut self.skipped_parts, number);
    }

    /// The number of the open entry.
    pub(super) fn entry_number(&self) -> usize {
        self.feed.entries.len() + 1
    }

    /// At the end: tells that the document is truncated, or else where it is first broken.
    pub(super) fn tell_fault(&mut self, is_truncated: bool) {
        let mut fault = self.tokens.fault().take();
        if is_truncated {
            // The last entry of a truncated document is dropped: its missing parts would later look like an edit.
            let lost = self.entry.take().map(|_| self.entry_number());
            self.open.clear();
            let what = "the document is truncated: its last entry was skipped";
            self.feed.problems.push(Problem::of(lost.into_iter().collect(), what));
            fault.take_if(|_| lost.is_some() && lost == self.faulty_entry);
        } else if !self.open.is_empty() && !self.skipped_entries {
            let what = "the end of the document is missing".to_owned();
            fault.get_or_insert(Fault { at: self.tokens.at(), entry: None, what });
        }
        self.feed.fault = fault.map(|fault| Fault { entry: self.faulty_entry, ..fault });
    }
}
