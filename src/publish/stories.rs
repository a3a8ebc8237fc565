//! One entry per story: which matching entry an output shows, and which other sources have the story. Pure.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::document::{AlsoIn, Document};
use super::output::{ContentMode, OtherSources, Output, Stories};
use super::text::{one_line, percent_encode};
use crate::store::{Duplicate, SourceId, StoryId, StoryMember};

/// Start of the line of other sources in an entry's text. The HTML page, which lists them elsewhere, cuts it off.
pub(super) const ALSO_IN_START: &str = "<p class=\"also-in\">";

/// The most other sources that are named. A document keeps one more, to tell that there are others. An agency report
/// appears in hundreds of sources, and a document that named them all would change with each.
pub(super) const MAX_NAMED_SOURCES: usize = 12;

/// An entry that matches an output's query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputMatch {
    pub(super) entry: StoryMember,
    pub(super) source: SourceId,
    /// Its story.
    pub(super) story: StoryId,
    /// When it counts as having entered.
    pub(super) entered: Timestamp,
    /// JSON of the terms that matched.
    pub(super) reasons: String,
    /// Whether it came with the first poll of its source.
    pub(super) from_first_poll: bool,
}

/// The members of an output by story.
pub(super) type StoryMembers = HashMap<StoryId, StoryMember>;

/// The matches that enter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) members: Vec<OutputMatch>,
    /// Entries that were selected before, and leave their place to one of these.
    pub(super) displaced: Vec<i64>,
}

/// The stories for which [`one_per_story`] needs to know the published entry.
pub(super) fn story_ids(matches: &[OutputMatch], output: &Output) -> Vec<StoryId> {
    match output.stories {
        Stories::All => Vec::new(),
        Stories::Merge => {
            let stories: HashSet<StoryId> = matches.iter().map(|matched| matched.story).collect();
            stories.into_iter().collect()
        }
    }
}

/// Keeps one entry per story, in the given order. `published` has the entries that the output shows: they stay, and
/// where they are not among the matches, nothing is added to their stories, unless their source has left the config.
///
/// `staged` has what was selected before in an evaluation of the whole store, where an entry that is not among the
/// matches matches no longer. Any division of the matches into parts gives the same members in the end.
pub(super) fn one_per_story(
    matches: Vec<OutputMatch>,
    output: &Output,
    published: &StoryMembers,
    staged: Option<&StoryMembers>,
) -> Selection {
    if output.stories == Stories::All {
        return Selection { members: matches, displaced: Vec::new() };
    }
    let preference =
        |source: &str| output.prefer.iter().position(|name| name == source).unwrap_or(output.prefer.len());
    let rank = |story: &StoryId, member: &StoryMember| {
        let is_published = published.get(story).is_some_and(|published| published.entry == member.entry);
        (!member.is_active, !is_published, preference(&member.source), !member.is_first, member.entry)
    };
    let staged_ranks = staged.into_iter().flatten().map(|(story, member)| (*story, rank(story, member)));
    let mut best: HashMap<StoryId, _> = staged_ranks.collect();
    for OutputMatch { story, entry, .. } in &matches {
        let lowest = best.entry(*story).or_insert_with(|| rank(story, entry));
        *lowest = rank(story, entry).min(*lowest);
    }
    let is_best = |story: &StoryId, member: &StoryMember| best.get(story) == Some(&rank(story, member));
    let displaced = staged.into_iter().flatten().filter(|(story, member)| !is_best(story, member));
    let displaced = displaced.map(|(_, member)| member.entry).collect();
    let is_new_story = |matched: &OutputMatch| {
        let published = published.get(&matched.story);
        published.is_none_or(|published| {
            let is_stand_in = matched.entry.is_active && !published.is_active;
            staged.is_some() || is_stand_in || published.entry == matched.entry.entry
        })
    };
    let members = matches
        .into_iter()
        .filter(|matched| is_new_story(matched) && is_best(&matched.story, &matched.entry))
        .collect();
    Selection { members, displaced }
}

/// Adds the other sources of each entry's story: each source once, and only sources of the output.
pub(super) fn add_other_sources(
    document: &mut Document,
    output: &Output,
    duplicates: &HashMap<i64, Vec<Duplicate>>,
) {
    if output.also_in == OtherSources::Omitted || output.stories == Stories::All {
        return;
    }
    for entry in &mut document.entries {
        let Some(duplicates) = duplicates.get(&entry.kept.number) else { continue };
        let mut seen = HashSet::from([&entry.kept.source.name]);
        for duplicate in duplicates.iter().filter(|duplicate| output.draws_on(&duplicate.source)) {
            if entry.also_in.len() > MAX_NAMED_SOURCES {
                break;
            }
            if let Some(link) = &duplicate.link
                && seen.insert(&duplicate.source)
            {
                entry.also_in.push(AlsoIn { title: duplicate.title.clone(), link: link.clone() });
            }
        }
        let Some(line) = also_in_line(&entry.also_in) else { continue };
        // An output of titles and links only gets no text.
        if output.content != ContentMode::None {
            entry.append(&line);
        }
    }
}

/// "Also in: A, B" with links; "and others" if there are more than can be named.
fn also_in_line(also_in: &[AlsoIn]) -> Option<String> {
    let escaped = |text: &str| htmlize::escape_attribute(text).into_owned();
    let link = |also: &AlsoIn| {
        let (address, title) = (percent_encode(&also.link), one_line(&also.title));
        format!("<a href=\"{}\">{}</a>", escaped(&address), escaped(&title))
    };
    let links: Vec<String> = also_in.iter().take(MAX_NAMED_SOURCES).map(link).collect();
    let others = if also_in.len() > MAX_NAMED_SOURCES { " and others" } else { "" };
    (!links.is_empty()).then(|| format!("{ALSO_IN_START}Also in: {}{others}</p>", links.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stories: Stories, prefer: &[&str]) -> Output {
        let prefer = prefer.iter().map(|name| (*name).to_owned()).collect();
        Output { stories, prefer, ..Output::named("o") }
    }

    fn member(entry: i64, story: i64, source: &str) -> StoryMember {
        StoryMember { entry, source: source.into(), is_active: source != "removed", is_first: entry == story }
    }

    fn matched(entry: i64, story: i64, source: &str) -> OutputMatch {
        OutputMatch {
            entry: member(entry, story, source),
            source: SourceId(1),
            story: StoryId(story),
            entered: Timestamp::UNIX_EPOCH,
            reasons: String::new(),
            from_first_poll: false,
        }
    }

    /// Whether matches are added to an output or decided on anew, one after the other.
    #[derive(Clone, Copy, PartialEq)]
    enum Selecting {
        Added,
        Anew,
    }

    fn selected(
        matches: Vec<OutputMatch>,
        output: &Output,
        published: &[(i64, i64)],
        selecting: Selecting,
    ) -> Vec<i64> {
        let published =
            published.iter().map(|(story, entry)| (StoryId(*story), member(*entry, *story, "a"))).collect();
        let entries =
            |selection: Selection| selection.members.into_iter().map(|matched| matched.entry.entry).collect();
        if selecting == Selecting::Added {
            return entries(one_per_story(matches, output, &published, None));
        }
        let whole: Vec<i64> =
            entries(one_per_story(matches.clone(), output, &published, Some(&HashMap::new())));
        let mut staged = StoryMembers::new();
        let mut parts = Vec::new();
        for matched in matches {
            let Selection { members, displaced } =
                one_per_story(vec![matched], output, &published, Some(&staged));
            parts.retain(|entry| !displaced.contains(entry));
            parts.extend(members.iter().map(|matched| matched.entry.entry));
            staged.extend(members.into_iter().map(|matched| (matched.story, matched.entry)));
        }
        parts.sort_unstable();
        let mut sorted = whole.clone();
        sorted.sort_unstable();
        assert_eq!(parts, sorted, "in parts");
        whole
    }

    #[test]
    fn a_story_shows_the_preferred_source_or_its_first_entry() {
        let three = || vec![matched(1, 1, "a"), matched(2, 1, "b"), matched(3, 3, "a"), matched(4, 1, "c")];
        assert_eq!(selected(three(), &output(Stories::Merge, &[]), &[], Selecting::Added), [1, 3]);
        assert_eq!(selected(three(), &output(Stories::Merge, &["c", "b"]), &[], Selecting::Added), [3, 4]);
        assert_eq!(selected(three(), &output(Stories::All, &["c"]), &[], Selecting::Added), [1, 2, 3, 4]);
        let removed = vec![matched(1, 1, "removed"), matched(2, 1, "b")];
        assert_eq!(
            selected(removed.clone(), &output(Stories::Merge, &["removed"]), &[], Selecting::Anew),
            [2]
        );
        let merged = output(Stories::Merge, &[]);
        assert_eq!(selected(removed, &merged, &[(1, 1)], Selecting::Anew), [2], "also if it was published");
        let without_first = vec![matched(4, 1, "c"), matched(2, 1, "b")];
        assert_eq!(selected(without_first, &output(Stories::Merge, &[]), &[], Selecting::Added), [2]);
    }

    #[test]
    fn only_the_first_other_sources_are_named() {
        let sources = |count| -> Vec<AlsoIn> {
            (0..count).map(|n| AlsoIn { title: format!("P{n}"), link: "https://p.example/".into() }).collect()
        };
        let all = also_in_line(&sources(MAX_NAMED_SOURCES)).expect("a line");
        assert!(all.ends_with("P11</a></p>"), "{all}");
        let some = also_in_line(&sources(MAX_NAMED_SOURCES + 1)).expect("a line");
        assert_eq!(some, all.replace("</p>", " and others</p>"));
        assert_eq!(also_in_line(&[]), None);
    }

    #[test]
    fn a_published_entry_stays_even_if_another_source_is_preferred() {
        let later = vec![matched(2, 1, "b")];
        let prefer = output(Stories::Merge, &["b"]);
        assert_eq!(selected(later.clone(), &prefer, &[(1, 1)], Selecting::Added), [0; 0]);
        let edited = vec![matched(1, 1, "a"), matched(2, 1, "b")];
        assert_eq!(selected(edited.clone(), &prefer, &[(1, 1)], Selecting::Added), [1]);
        assert_eq!(selected(edited, &prefer, &[(1, 1)], Selecting::Anew), [1]);
        assert_eq!(
            selected(later, &prefer, &[(1, 1)], Selecting::Anew),
            [2],
            "the first entry no longer matches"
        );
    }
}
