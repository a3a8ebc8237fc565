//! One entry per story: which matching entry an output shows, and which other sources have the story. Pure.

use std::collections::{HashMap, HashSet};

use super::document::{AlsoIn, Document};
use super::output::{ContentMode, OtherSources, Output, Stories};
use super::text::{one_line, percent_encode};
use crate::store::{Duplicate, Member, MemberUpdate, StoryId};

/// Start of the line of other sources in an entry's text. The HTML page, which lists them elsewhere, cuts it off.
pub(super) const ALSO_IN_START: &str = "<p class=\"also-in\">";

/// The most other sources that are named. A document keeps one more, to tell that there are others. An agency report
/// appears in hundreds of sources, and a document that named them all would change with each.
pub(super) const MAX_NAMED_SOURCES: usize = 12;

/// An entry that matches an output's query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputMatch {
    pub(super) member: Member,
    /// Its source's name.
    pub(super) source: String,
    /// Whether the config has its source. Documents show no entries of another one.
    pub(super) is_configured: bool,
    /// Its story.
    pub(super) story: StoryId,
    /// Whether it is the first entry of its story.
    pub(super) is_first: bool,
    /// Whether it came with the first poll of its source.
    pub(super) from_first_poll: bool,
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

/// Keeps one entry per story, in the given order. `published` has, by story, the entry that the output already shows,
/// which stays. If that entry is not among the matches, nothing is added, unless the definition changed
/// ([`MemberUpdate::Replace`]): then it no longer matches.
pub(super) fn one_per_story(
    matches: Vec<OutputMatch>,
    output: &Output,
    published: &HashMap<StoryId, i64>,
    update: MemberUpdate,
) -> Vec<OutputMatch> {
    if output.stories == Stories::All {
        return matches;
    }
    let preference =
        |source: &str| output.prefer.iter().position(|name| name == source).unwrap_or(output.prefer.len());
    let rank = |matched: &OutputMatch| {
        let entry = matched.member.entry;
        let is_published = published.get(&matched.story) == Some(&entry);
        (!is_published, !matched.is_configured, preference(&matched.source), !matched.is_first, entry)
    };
    let mut best = HashMap::new();
    for matched in &matches {
        let lowest = best.entry(matched.story).or_insert_with(|| rank(matched));
        *lowest = rank(matched).min(*lowest);
    }
    let is_shown = |matched: &OutputMatch| {
        let rank = rank(matched);
        let shows_another =
            update == MemberUpdate::Append && rank.0 && published.contains_key(&matched.story);
        !shows_another && best.get(&matched.story) == Some(&rank)
    };
    matches.into_iter().filter(is_shown).collect()
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
            let text = if entry.content.is_some() { &mut entry.content } else { &mut entry.summary };
            text.get_or_insert_default().push_str(&line);
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
        Output {
            name: "o".into(),
            was: Vec::new(),
            title: "O".into(),
            entry_title: None,
            filter: None,
            sources: None,
            limit: 9,
            stories,
            prefer: prefer.iter().map(|name| (*name).to_owned()).collect(),
            also_in: OtherSources::Listed,
            per_source: None,
            max_age: None,
            content: ContentMode::Full,
            write_to: None,
        }
    }

    fn matched(entry: i64, story: i64, source: &str) -> OutputMatch {
        let (source_id, entered) = (crate::store::SourceId(1), jiff::Timestamp::UNIX_EPOCH);
        let member = Member { entry, source: source_id, entered, reasons: String::new() };
        let (story, is_first) = (StoryId(story), entry == story);
        let is_configured = source != "removed";
        OutputMatch { member, source: source.into(), is_configured, story, is_first, from_first_poll: false }
    }

    fn selected(
        matches: Vec<OutputMatch>,
        output: &Output,
        published: &[(i64, i64)],
        update: MemberUpdate,
    ) -> Vec<i64> {
        let published = published.iter().map(|(story, entry)| (StoryId(*story), *entry)).collect();
        one_per_story(matches, output, &published, update)
            .into_iter()
            .map(|matched| matched.member.entry)
            .collect()
    }

    #[test]
    fn a_story_shows_the_preferred_source_or_its_first_entry() {
        let three = || vec![matched(1, 1, "a"), matched(2, 1, "b"), matched(3, 3, "a"), matched(4, 1, "c")];
        assert_eq!(selected(three(), &output(Stories::Merge, &[]), &[], MemberUpdate::Append), [1, 3]);
        assert_eq!(
            selected(three(), &output(Stories::Merge, &["c", "b"]), &[], MemberUpdate::Append),
            [3, 4]
        );
        assert_eq!(selected(three(), &output(Stories::All, &["c"]), &[], MemberUpdate::Append), [1, 2, 3, 4]);
        let removed = vec![matched(1, 1, "removed"), matched(2, 1, "b")];
        assert_eq!(
            selected(removed.clone(), &output(Stories::Merge, &["removed"]), &[], MemberUpdate::Replace),
            [2]
        );
        assert_eq!(selected(removed, &output(Stories::Merge, &[]), &[(1, 1)], MemberUpdate::Replace), [1]);
        let without_first = vec![matched(4, 1, "c"), matched(2, 1, "b")];
        assert_eq!(selected(without_first, &output(Stories::Merge, &[]), &[], MemberUpdate::Append), [2]);
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
        assert_eq!(selected(later.clone(), &prefer, &[(1, 1)], MemberUpdate::Append), [0; 0]);
        let edited = vec![matched(1, 1, "a"), matched(2, 1, "b")];
        assert_eq!(selected(edited.clone(), &prefer, &[(1, 1)], MemberUpdate::Append), [1]);
        assert_eq!(selected(edited, &prefer, &[(1, 1)], MemberUpdate::Replace), [1]);
        assert_eq!(
            selected(later, &prefer, &[(1, 1)], MemberUpdate::Replace),
            [2],
            "the first entry no longer matches"
        );
    }
}
