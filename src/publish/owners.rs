//! Whose words an entry is shown with. Any source can list any address: of the entries of a story at one address, the
//! words of the one count whose source has been read from the address's own site. Reads the store.

use std::collections::HashMap;

use super::output::{Output, Stories};
use crate::entry::StoredEntry;
use crate::store::{Duplicate, Error, Store};
use crate::story::address::are_same_page;

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
            };
            entry.changed = entry.changed.max(owner.changed).max(owner.first_seen);
            entry.source = owner.source;
            entry.entry = owner.entry;
        }
    }
    Ok(())
}

/// The position of the owner of an entry's address, if that is another entry of its story.
fn owner(entry: &StoredEntry, duplicates: &[Duplicate], output: &Output) -> Option<usize> {
    let link = entry.entry.link.as_deref().filter(|_| !entry.entry.owns_link)?;
    duplicates.iter().position(|other| {
        let is_same_page = || other.link.as_deref().is_some_and(|other| are_same_page(other, link));
        other.owns_link && output.draws_on(&other.source) && is_same_page()
    })
}
