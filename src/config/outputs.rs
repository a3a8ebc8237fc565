//! Checks `[topics]` and `[[output]]`: names, queries, references to sources. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, FileSpan, Severity};
use super::icon;
use super::literal::QueryLiteral;
use super::locate::Surroundings;
use super::mask::mask_query;
use super::raw::{RawOutput, RawTopic, belongs_in};
use super::sources::duplicate_name;
use super::toml_reader::Located;
use super::values::TEMPLATE_HINT;
use crate::filter::{self, Query, QueryContext};
use crate::publish::output::{Byline, ContentMode, Criteria, OtherSources, Output, OutputAccess, Stories};
use crate::publish::template::{self, Template};
use crate::source::Source;
use crate::text::closest_name;

/// A line below [topics] that was meant for the table above it. A topic that has the name of a key is used somewhere.
pub(super) fn check_swallowed_keys(
    topics: &[RawTopic],
    outputs: &[RawOutput],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let filters = outputs.iter().filter_map(|output| output.filter.as_ref());
    let queries: Vec<&str> = topics
        .iter()
        .map(|topic| &topic.query)
        .chain(filters)
        .map(|query| query.value.text.as_str())
        .collect();
    for RawTopic { name, .. } in topics {
        let used = format!("@{}", name.value);
        let Some(tables) =
            belongs_in(&name.value).filter(|_| !queries.iter().any(|query| query.contains(&used)))
        else {
            continue;
        };
        diagnostics.push(
            Diagnostic::error(name.span.clone(), "a key of another table stands in [topics]")
                .title(format!("the key `{}` stands in [topics]", name.value))
                .label(tables)
                .hint("a table goes on until the next line in square brackets. A topic of this name is used as @name"),
        );
    }
}

/// The query_context for queries. Every topic is checked, used or not.
pub(super) fn check_topics(
    topics: Vec<RawTopic>,
    sources: &[Arc<Source>],
    diagnostics: &mut Vec<Diagnostic>,
) -> QueryContext {
    let languages: BTreeSet<String> = sources.iter().filter_map(|source| source.language.clone()).collect();
    let query_context = QueryContext {
        topics: topics
            .iter()
            .map(|topic| (topic.name.value.clone(), topic.query.value.text.clone()))
            .collect(),
        languages: languages.into_iter().collect::<Vec<_>>().into(),
        tags: sources_by_tag(sources),
        sources: sources.iter().map(|source| source.name.clone()).collect(),
    };
    let mut first_spans: BTreeMap<&str, &FileSpan> = BTreeMap::new();
    for topic in &topics {
        if let Some(first) = first_spans.insert(&topic.name.value, &topic.name.span) {
            diagnostics.push(duplicate_name("topic", &topic.name, first));
        }
        check_query(&topic.query, ("topic", Some(&topic.name)), &query_context, diagnostics);
    }
    query_context
}

/// The sorted names of the sources of each tag.
fn sources_by_tag(sources: &[Arc<Source>]) -> BTreeMap<String, Arc<[String]>> {
    let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        for tag in &source.tags {
            tags.entry(tag.clone()).or_default().insert(source.name.clone());
        }
    }
    tags.into_iter().map(|(tag, names)| (tag, names.into_iter().collect())).collect()
}

fn check_query(
    query: &Located<QueryLiteral>,
    (owner, name): (&'static str, Option<&Located<String>>),
    query_context: &QueryContext,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Query> {
    let parsed = filter::parse(&query.value.text, query_context);
    let (problems, severity) = match &parsed {
        Ok(parsed) => (parsed.warnings(), Severity::Warning),
        Err(problems) => (problems.as_slice(), Severity::Error),
    };
    let is = match severity {
        Severity::Warning => " may not do what you mean",
        Severity::Error => " is invalid",
    };
    // Warnings beside errors are left out.
    for problem in problems.iter().filter(|problem| problem.warning == (severity == Severity::Warning)) {
        let kind = ["the query of ", if owner == "topic" { "a " } else { "an " }, owner, is];
        // The texts tell of the whole query.
        let mut diagnostic = Diagnostic::error(query.span_of(problem.span.clone()), kind)
            .quotes(query.span.clone())
            .label(problem.label.clone())
            .hint_if(problem.hint.clone());
        if let Some(name) = name {
            let title = format!("the query of {owner} `{}`{is}", name.value);
            diagnostic = diagnostic.title(title).quotes(name.span.clone());
        }
        diagnostic.severity = severity;
        diagnostics.push(diagnostic);
    }
    parsed.ok()
}

/// All names of sources, also of those with mistakes, and the sources.
type KnownSources<'a> = (&'a [String], &'a [Arc<Source>]);

/// The checked outputs.
pub(super) fn check_outputs(
    raw: Vec<RawOutput>,
    known: KnownSources<'_>,
    query_context: &QueryContext,
    directories: &Surroundings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Output> {
    check_former_names(&raw, diagnostics);
    let mut first_spans: BTreeMap<String, FileSpan> = BTreeMap::new();
    let mut outputs = Vec::new();
    for raw in raw {
        if let Some(name) = &raw.name
            && let Some(first) = first_spans.insert(name.value.to_lowercase(), name.span.clone())
        {
            diagnostics.push(duplicate_name("output", name, &first));
        }
        outputs.extend(check_output(raw, known, query_context, directories, diagnostics));
    }
    outputs
}

/// Rejects a former name that an output has, and one that is listed twice: its address can lead to one output only.
fn check_former_names(outputs: &[RawOutput], diagnostics: &mut Vec<Diagnostic>) {
    let names: BTreeMap<&str, &FileSpan> = outputs
        .iter()
        .filter_map(|output| output.name.as_ref())
        .map(|name| (name.value.as_str(), &name.span))
        .collect();
    let mut first_spans: BTreeMap<&str, &FileSpan> = BTreeMap::new();
    for former in outputs.iter().filter_map(|output| output.was.as_ref()).flat_map(|was| &was.value) {
        let name = former.value.as_str();
        if let Some(span) = names.get(name) {
            diagnostics.push(
                Diagnostic::error(former.span.clone(), "a former name is the name of an output")
                    .title(format!("the former name `{name}` is the name of an output"))
                    .label("remove it from `was`")
                    .related((*span).clone(), "the output of this name"),
            );
        } else if let Some(first) = first_spans.insert(name, &former.span) {
            diagnostics.push(
                Diagnostic::error(former.span.clone(), "a former name is listed twice")
                    .title(format!("the former name `{name}` is listed twice"))
                    .label("second use of the name")
                    .related(first.clone(), "first use of the name"),
            );
        }
    }
}

fn check_output(
    raw: RawOutput,
    known: KnownSources<'_>,
    query_context: &QueryContext,
    directories: &Surroundings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Output> {
    if !raw.has_name {
        diagnostics.push(
            Diagnostic::error(raw.span.clone(), "an output without a `name`").label("`name` is required"),
        );
    }
    let owner = ("output", raw.name.as_ref());
    let filter = raw.filter.as_ref().and_then(|query| check_query(query, owner, query_context, diagnostics));
    let criteria = criteria(filter.as_ref(), raw.sources.as_ref(), query_context);
    let sources = raw.sources.map(|sources| {
        if sources.value.is_empty() {
            let warning = Diagnostic::warning(sources.span.clone(), "an output without sources stays empty");
            diagnostics.push(warning.hint("remove `sources` to use all"));
        }
        let sources: BTreeSet<String> = check_source_names(sources, known, diagnostics).into_iter().collect();
        sources.into_iter().collect()
    });
    let prefer = raw.prefer.map(|sources| check_source_names(sources, known, diagnostics));
    let (title, entry_title) = check_titles(raw.title, raw.entry_title, diagnostics);
    let name = raw.name?.value;
    let was = raw.was.map_or_else(Vec::new, |was| was.value);
    Some(Output {
        was: was.into_iter().map(|former| former.value).collect(),
        access: match raw.private {
            Some(Located { value: true, .. }) => OutputAccess::Private,
            _ => OutputAccess::Public,
        },
        title: title.unwrap_or_else(|| name.clone()),
        description: raw.description.map(|text| text.value),
        icon: raw.icon.and_then(|icon| icon::check(icon, directories, diagnostics)),
        entry_title,
        name,
        filter,
        sources,
        criteria,
        limit: raw.limit.map_or(100, |limit| limit.value),
        stories: raw.stories.map_or(Stories::Merge, |stories| stories.value),
        prefer: prefer.unwrap_or_default(),
        also_in: match raw.also_in {
            Some(Located { value: false, .. }) => OtherSources::Omitted,
            _ => OtherSources::Listed,
        },
        byline: match raw.byline {
            Some(Located { value: true, .. }) => Byline::Added,
            _ => Byline::Omitted,
        },
        per_source: raw.per_source.map(|limit| limit.value),
        max_age: raw.max_age.map(|age| age.value),
        content: raw.content.map_or(ContentMode::Full, |mode| mode.value),
        write_to: raw.write_to.map(|path| directories.config.join(path.value)),
    })
}

/// What the page of an output shows of its filter and its sources.
fn criteria(
    filter: Option<&Query>,
    sources: Option<&Located<Vec<Located<String>>>>,
    query_context: &QueryContext,
) -> Criteria {
    let query_of = |name: &str| Some((name.to_owned(), mask_query(query_context.topics.get(name)?)));
    Criteria {
        filter: filter.map(|filter| mask_query(filter.text())).filter(|text| !text.is_empty()),
        topics: filter.iter().flat_map(|filter| filter.topics()).filter_map(query_of).collect(),
        sources: sources.map(|names| names.value.iter().map(|name| name.value.clone()).collect()),
    }
}

/// The names of sources, those of `#tag` in the order of the config. Reports names and tags that no source has.
fn check_source_names(
    sources: Located<Vec<Located<String>>>,
    (names, all): KnownSources<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let tags: Vec<String> = all.iter().flat_map(|source| &source.tags).map(|tag| format!("#{tag}")).collect();
    let mut found = Vec::new();
    for name in sources.value {
        let written = name.value.to_lowercase();
        if names.contains(&name.value) {
            found.push(name.value);
        } else if let Some(tag) = written.strip_prefix('#').filter(|_| tags.contains(&written)) {
            let tagged = all.iter().filter(|source| source.tags.iter().any(|of_source| of_source == tag));
            found.extend(tagged.map(|source| source.name.clone()));
        } else {
            let closest = closest_name(&name.value, names.iter().chain(&tags).map(String::as_str));
            let (which, with) = if written.starts_with('#') {
                ("with this tag", "with the tag ")
            } else {
                ("of this name", "")
            };
            diagnostics.push(
                Diagnostic::error(name.span.clone(), ["there is no source ", which])
                    .title(format!("there is no source {with}`{}`", name.value))
                    .label(closest.map_or("unknown".to_owned(), |name| format!("did you mean \"{name}\"?"))),
            );
        }
    }
    found
}

/// A `title` that contains `{title}` is a template for the titles of entries, not the title of the output.
fn check_titles(
    title: Option<Located<String>>,
    entry_title: Option<Located<Template>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<String>, Option<Template>) {
    match (title, entry_title) {
        (Some(title), None) if template::is_template(&title.value) => match Template::parse(&title.value) {
            Ok(template) => (None, Some(template)),
            Err(error) => {
                let diagnostic =
                    Diagnostic::error(title.span, "the `title` of an output is not a valid template");
                diagnostics.push(diagnostic.label(error.to_string()).hint(TEMPLATE_HINT));
                (None, None)
            }
        },
        (title, entry_title) => (title.map(|title| title.value), entry_title.map(|template| template.value)),
    }
}
