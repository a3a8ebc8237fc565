//! One entry for each story: which of those that match an output shows, and where else the story stands. Pure.

use std::collections::{HashMap, HashSet};

use super::document::{AlsoIn, Document};
use super::output::{self, Output, Stories};
use super::text::{one_line, uri};
use crate::store::{Duplicate, Member, MemberUpdate};

/// What the line of other sources begins with, in the text of an entry; a page, which has a place of its own for
/// it, cuts it off.
pub(super) const MARK: &str = "<p class=\"also-in\">";

/// Of the other places of a story so many are named to people; whether there are more can be told by one more being
/// listed. An agency's report stands in hundreds, and a document that named each would grow and change with all of them.
pub(super) const NAMED: usize = 12;

/// An entry that an output's query has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) member: Member,
    /// Its source's name.
    pub(super) source: String,
    /// The number of the first entry of its story.
    pub(super) story: i64,
    /// Whether it came with the first poll of its source.
    pub(super) debut: bool,
}

/// The stories of which it must be known whether the output has them.
pub(super) fn asked(found: &[Found], output: &Output) -> Vec<i64> {
    match output.stories {
        Stories::All => Vec::new(),
        Stories::Merge => {
            let stories: HashSet<i64> = found.iter().map(|found| found.story).collect();
            stories.into_iter().collect()
        }
    }
}

/// Leaves one entry for each story, in the order of what was found. `published` has, by story, the entry that the
/// output shows: it stays the one. A story of which the output shows an entry that was not found is
/// there already, unless the output is defined anew and that entry does not match any more.
pub(super) fn merged(
    found: Vec<Found>,
    output: &Output,
    published: &HashMap<i64, i64>,
    update: MemberUpdate,
) -> Vec<Found> {
    if output.stories == Stories::All {
        return found;
    }
    let liked =
        |source: &str| output.prefer.iter().position(|name| name == source).unwrap_or(output.prefer.len());
    let rank = |found: &Found| {
        let shown = published.get(&found.story) == Some(&found.member.entry);
        (!shown, liked(&found.source), found.member.entry != found.story, found.member.entry)
    };
    let mut best = HashMap::new();
    for found in &found {
        let place = best.entry(found.story).or_insert_with(|| rank(found));
        *place = rank(found).min(*place);
    }
    let fits = |found: &Found| {
        let place = rank(found);
        let is_there = update == MemberUpdate::Append && place.0 && published.contains_key(&found.story);
        !is_there && best.get(&found.story) == Some(&place)
    };
    found.into_iter().filter(fits).collect()
}

/// Names the other sources of each entry's story: each source once, none but those that the output draws on.
pub(super) fn name_others(
    document: &mut Document,
    output: &Output,
    duplicates: &HashMap<i64, Vec<Duplicate>>,
) {
    if output.also_in == output::OtherSources::Omitted || output.stories == Stories::All {
        return;
    }
    let draws = |name: &String| output.sources.as_ref().is_none_or(|names| names.contains(name));
    for shown in &mut document.entries {
        let Some(duplicates) = duplicates.get(&shown.kept.number) else { continue };
        let mut seen = HashSet::from([&shown.kept.source.name]);
        for companion in duplicates.iter().filter(|companion| draws(&companion.source)) {
            if shown.also_in.len() > NAMED {
                break;
            }
            if let Some(link) = &companion.link
                && seen.insert(&companion.source)
            {
                shown.also_in.push(AlsoIn { title: companion.title.clone(), link: link.clone() });
            }
        }
        let Some(line) = line(&shown.also_in) else { continue };
        // A feed of titles and links alone stays one.
        if output.content != output::ContentMode::None {
            let text = if shown.content.is_some() { &mut shown.content } else { &mut shown.summary };
            text.get_or_insert_default().push_str(&line);
        }
    }
}

/// "Also in: A, B", with links; of many, "and others".
fn line(also_in: &[AlsoIn]) -> Option<String> {
    let escaped = |text: &str| htmlize::escape_attribute(text).into_owned();
    let links: Vec<String> = also_in
        .iter()
        .take(NAMED)
        .map(|also| {
            format!("<a href=\"{}\">{}</a>", escaped(&uri(&also.link)), escaped(&one_line(&also.title)))
        })
        .collect();
    let others = if also_in.len() > NAMED { " and others" } else { "" };
    (!links.is_empty()).then(|| format!("{MARK}Also in: {}{others}</p>", links.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::output::{ContentMode, Stories};

    fn output(stories: Stories, prefer: &[&str]) -> Output {
        Output {
            name: "o".into(),
            title: "O".into(),
            entry_title: None,
            filter: None,
            sources: None,
            limit: 9,
            stories,
            prefer: prefer.iter().map(|name| (*name).to_owned()).collect(),
            also_in: output::OtherSources::Listed,
            per_source: None,
            max_age: None,
            content: ContentMode::Full,
            write_to: None,
        }
    }

    fn found(entry: i64, story: i64, source: &str) -> Found {
        let member = Member { entry, date: jiff::Timestamp::UNIX_EPOCH, why: String::new() };
        Found { member, source: source.into(), story, debut: false }
    }

    fn shown(found: Vec<Found>, output: &Output, published: &[(i64, i64)], update: MemberUpdate) -> Vec<i64> {
        let published = published.iter().copied().collect();
        merged(found, output, &published, update).into_iter().map(|found| found.member.entry).collect()
    }

    #[test]
    fn a_story_is_shown_once_by_its_first_entry_or_the_preferred_source_s() {
        let three = || vec![found(1, 1, "a"), found(2, 1, "b"), found(3, 3, "a"), found(4, 1, "c")];
        assert_eq!(shown(three(), &output(Stories::Merge, &[]), &[], MemberUpdate::Append), [1, 3]);
        assert_eq!(shown(three(), &output(Stories::Merge, &["c", "b"]), &[], MemberUpdate::Append), [3, 4]);
        assert_eq!(shown(three(), &output(Stories::All, &["c"]), &[], MemberUpdate::Append), [1, 2, 3, 4]);
        let without_first = vec![found(4, 1, "c"), found(2, 1, "b")];
        assert_eq!(shown(without_first, &output(Stories::Merge, &[]), &[], MemberUpdate::Append), [2]);
    }

    #[test]
    fn of_many_places_some_are_named() {
        let places = |count| -> Vec<AlsoIn> {
            (0..count).map(|n| AlsoIn { title: format!("P{n}"), link: "https://p.example/".into() }).collect()
        };
        let all = line(&places(NAMED)).expect("places");
        assert!(all.ends_with("P11</a></p>"), "{all}");
        let some = line(&places(NAMED + 1)).expect("places");
        assert_eq!(some, all.replace("</p>", " and others</p>"));
        assert_eq!(line(&[]), None);
    }

    #[test]
    fn what_is_published_stays_whoever_is_preferred() {
        let later = vec![found(2, 1, "b")];
        let prefer = output(Stories::Merge, &["b"]);
        assert_eq!(shown(later.clone(), &prefer, &[(1, 1)], MemberUpdate::Append), [0; 0]);
        let edited = vec![found(1, 1, "a"), found(2, 1, "b")];
        assert_eq!(shown(edited.clone(), &prefer, &[(1, 1)], MemberUpdate::Append), [1]);
        assert_eq!(shown(edited, &prefer, &[(1, 1)], MemberUpdate::Replace), [1]);
        assert_eq!(
            shown(later, &prefer, &[(1, 1)], MemberUpdate::Replace),
            [2],
            "the first does not match any more"
        );
    }
}
