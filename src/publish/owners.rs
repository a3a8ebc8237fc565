//! Whose words an entry is shown with. Any source can list any address: of the entries of a story at one address, the
//! words of the one count whose source has been read from the address's own site. Reads the store.

use std::collections::HashMap;
use std::sync::Arc;

use super::document::Document;
use super::output::{Output, Stories};
use super::outputs::Outputs;
use super::{select, stories};
use crate::entry::StoredEntry;
use crate::store::{Duplicate, Error, Store};
use crate::story::address::{are_on_one_host, are_same_page};

/// A document with these entries, in the words of their owners and with the other sources of their stories.
pub(super) async fn document(
    store: &Store,
    outputs: &Outputs,
    output: &Output,
    mut entries: Vec<StoredEntry>,
) -> Result<Document, Error> {
    let mut duplicates = store.duplicates(entries.iter().map(|entry| entry.number).collect()).await?;
    let is_configured = |duplicate: &Duplicate| outputs.has_source(&duplicate.source);
    duplicates.values_mut().for_each(|of_entry| of_entry.retain(is_configured));
    use_owners_words(store, output, &mut entries, &mut duplicates).await?;
    let mut document = select::document(output, &outputs.site, entries.into_iter().map(Arc::new).collect());
    stories::add_other_sources(&mut document, output, &duplicates);
    Ok(document)
}

/// Gives entries the words of their owners. Their numbers, ids and dates stay, and they change places with their owners
/// in `duplicates`.
pub(super) async fn use_owners_words(
    store: &Store,
    output: &Output,
    entries: &mut [StoredEntry],
    duplicates: &mut HashMap<i64, Vec<Duplicate>>,
) -> Result<(), Error> {
    if output.stories == Stories::All {
        return Ok(());
    }
    for entry in entries {
        let Some(duplicates) = duplicates.get_mut(&entry.number) else { continue };
        let Some(at) = owner(entry, duplicates, output) else { continue };
        if let Some(owner) = store.entry(duplicates[at].entry).await? {
            duplicates[at] = Duplicate {
                entry: entry.number,
                source: entry.source.name.clone(),
                title: entry.source.title.clone(),
                link: entry.entry.link.clone(),
                owns_link: false,
                is_at_address: true,
            };
            entry.changed = entry.changed.max(owner.changed).max(owner.first_seen);
            entry.source = owner.source;
            entry.entry = owner.entry;
            entry.article = owner.article;
        }
    }
    Ok(())
}

/// The position of the owner of an entry's address, if that is another entry of its story. An entry that came into the
/// story by its address stays in the owner's words, whatever address it names later.
fn owner(entry: &StoredEntry, duplicates: &[Duplicate], output: &Output) -> Option<usize> {
    let link = entry.entry.link.as_deref();
    duplicates.iter().position(|other| {
        let compared =
            |same: fn(&str, &str) -> bool| other.link.as_deref().zip(link).is_some_and(|(a, b)| same(a, b));
        let is_own = entry.entry.owns_link && compared(are_on_one_host);
        let is_at_address = other.is_at_address || (!entry.entry.owns_link && compared(are_same_page));
        other.owns_link && !is_own && is_at_address && output.draws_on(&other.source)
    })
}
