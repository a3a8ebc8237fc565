//! The words that podcasts may use for what they say of themselves: programs know no others. Pure.

use crate::text::file_part;

const FILE: &str = include_str!("podcast_terms.txt");

/// Apple's categories, each with its subcategories.
const CATEGORIES: &str = file_part(FILE, "categories");

/// The roles of `podcast:person` (taxonomy.json of the Podcasting 2.0 namespace). Some readers refuse a whole feed that has
/// another one.
pub(super) const ROLES: &str = file_part(FILE, "roles");

/// The groups of these roles, without `Misc.`, of which readers know different spellings.
pub(super) const GROUPS: &str = file_part(FILE, "groups");

/// The categories that are in Apple's list, as they are written there. A subcategory that is not leaves its category.
pub(super) fn categories_for_readers(
    categories: &[(String, Option<String>)],
) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    categories.iter().filter_map(|(category, within)| {
        let mut known = CATEGORIES.lines().filter_map(|line| line.split_once(':'));
        let (category, subcategories) = known.find(|(known, _)| known.eq_ignore_ascii_case(category))?;
        let is_same = |known: &&str| {
            !known.is_empty() && within.as_ref().is_some_and(|within| known.eq_ignore_ascii_case(within))
        };
        Some((category, subcategories.trim_start().split(", ").find(is_same)))
    })
}
