//! Compares what `siftwire explain` says with the ledger: for each reason why an output does not show an entry, and for
//! entries that had another title.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::check::Expected;
use crate::config::OutputConfig;
use crate::origin::Identity;
use crate::program::Program;

/// Entries asked for each reason.
const PER_REASON: usize = 2;

pub fn check(program: &Program, expected: Expected<'_>) -> Result<(), String> {
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut is_wanted = |reason: &'static str| {
        let count = asked.entry(reason).or_default();
        *count += 1;
        *count <= PER_REASON
    };
    // The command has another clock, so that it sees another `max_age`.
    for output in expected.config.outputs.iter().filter(|output| output.max_age_hours.is_none()) {
        let shown = expected.shown(output);
        for (number, article) in expected.origin.articles.iter().enumerate() {
            // Other articles have no such address.
            let Some(link) = article.reads.last().and_then(|read| read.link.as_deref()) else { continue };
            let is_page = link.contains("/news/") && !shown.contains(&number);
            if is_page
                && let Some(reason) = reason(expected, output, number).filter(|reason| is_wanted(reason))
            {
                let explained = program.explain(link, &output.name);
                let is_member = expected.ledger.outputs[output.key].members.contains_key(&number);
                let answer = &explained["outputs"][0];
                if answer["shown"] != false || answer["member"] != is_member || !says(answer, reason) {
                    let article = expected.describe(output, number);
                    return Err(format!(
                        "explain {}: not `{reason}` but {explained:#}\n{article}",
                        output.name
                    ));
                }
            }
        }
    }
    // An edit is found by the title before it, with the row of the table.
    for (number, article) in expected.origin.articles.iter().enumerate() {
        let is_replaced = expected.origin.sources[article.source].identity == Identity::Replaced;
        if is_replaced
            && let Some([before, _]) = article.reads.last_chunk::<2>()
            && is_wanted("same id and address")
        {
            let explained = program.explain(&before.title, &expected.config.outputs[0].name);
            let former = explained["entry"]["former_titles"].as_array().into_iter().flatten();
            let is_named =
                |former: &Value| former["title"] == before.title && former["reason"] == "same id and address";
            if !former.into_iter().any(is_named) {
                return Err(format!("explain: {explained:#}\n{}", expected.origin.describe(number)));
            }
        }
    }
    Ok(())
}

/// Why an output does not show an article: part of what is said; empty if its filter does not match.
fn reason(expected: Expected<'_>, output: &OutputConfig, article: usize) -> Option<&'static str> {
    let Expected { origin, config, ledger, .. } = expected;
    let members = &ledger.outputs[output.key].members;
    let read = origin.articles[article].reads.last()?;
    let source = origin.articles[article].source;
    let is_story_shown = ledger.story(origin, article).iter().any(|other| members.contains_key(other));
    Some(match () {
        () if !config.sources.contains_key(&source) => "is not in the config",
        () if members.contains_key(&article) => "entered later",
        () if !config.draws_on(output, source) => "sources: ",
        () if !output.filter.matches(&read.title, &read.text) => "",
        () if output.is_merged && is_story_shown => "of the same story is",
        () => "first_poll = ",
    })
}

fn says(answer: &Value, reason: &str) -> bool {
    if reason.is_empty() {
        return answer["matches"] == false
            && answer["failed"].as_array().is_some_and(|parts| !parts.is_empty());
    }
    let cut = answer["cut"].as_array().into_iter().flatten();
    cut.filter_map(Value::as_str).any(|cut| cut.contains(reason))
}
