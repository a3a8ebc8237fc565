//! What a request of `/try` searches for, as its address says it: names are looked up, mistakes are told. Pure.

use std::collections::BTreeSet;

use url::form_urlencoded;

use super::Outputs;
use super::output::{Output, Stories};
use crate::filter::{self, Query, QueryContext, QueryProblem};
use crate::text::closest_name;

/// The longest query, in characters.
pub const MAX_QUERY_CHARS: usize = 4000;
/// The most names of sources and tags.
pub const MAX_SOURCES: usize = 200;
/// With more sources than this, none is suggested for a misspelt name: that would take too long.
const MAX_SUGGESTED_FROM: usize = 5000;

/// The parameters of a request, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// The query.
    pub query: String,
    /// Names of sources, tags as `#tag`; some may be lists with commas.
    pub sources: Vec<String>,
    /// The name of an output to start from, and to compare with.
    pub output: String,
    /// Whether each entry is wanted: `all`.
    pub stories: String,
}

/// What is to be searched for.
#[derive(Debug)]
pub struct Search<'a> {
    /// The text of the query.
    pub text: String,
    /// The query, or its mistakes.
    pub query: Result<Query, Vec<QueryProblem>>,
    /// The chosen sources and tags as they are written; empty: all sources.
    pub written_sources: Vec<String>,
    /// The names of the chosen sources, sorted; `None`: all.
    pub sources: Option<Vec<String>>,
    /// The output to compare with.
    pub output: Option<&'a Output>,
    /// One entry per story, or every entry.
    pub stories: Stories,
    /// What is wrong with the other parameters.
    pub notes: Vec<String>,
}

impl SearchRequest {
    /// Reads the query of an address; unknown parameters are left out.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> SearchRequest {
        let mut request = SearchRequest::default();
        for (name, value) in pairs {
            match name.as_str() {
                "q" => request.query = value,
                "sources" => request.sources.push(value),
                "output" => request.output = value,
                "stories" => request.stories = value,
                _ => {}
            }
        }
        request
    }

    /// Looks up the names. With neither a query nor sources, those of the output are taken.
    pub fn resolve<'a>(&self, outputs: &'a Outputs, context: &QueryContext) -> Search<'a> {
        let mut notes = Vec::new();
        let output = outputs.by_any_name(self.output.trim()).map(|compiled| &compiled.output);
        if output.is_none() && !self.output.trim().is_empty() {
            let names = outputs.outputs.iter().map(|compiled| compiled.output.name.as_str());
            notes.push(unknown("output", self.output.trim(), names));
        }
        let mut text = self.query.trim().to_owned();
        if let Some((end, _)) = text.char_indices().nth(MAX_QUERY_CHARS) {
            text.truncate(end);
            notes.push(format!("The query is cut off after {MAX_QUERY_CHARS} characters."));
        }
        let mut written_sources = self.written_sources(outputs);
        let mut stories = if self.stories == "all" { Stories::All } else { Stories::Merge };
        let starts = output.filter(|_| text.is_empty() && written_sources.is_empty());
        if let Some(output) = starts {
            text = output.filter.as_ref().map_or_else(String::new, |filter| filter.text().trim().to_owned());
            written_sources =
                output.sources.as_ref().map_or_else(Vec::new, |names| with_tags(names, context));
            stories = output.stories;
        }
        if written_sources.len() > MAX_SOURCES {
            written_sources.truncate(MAX_SOURCES);
            notes.push(format!("Only the first {MAX_SOURCES} sources and tags are searched."));
        }
        let sources = match starts {
            // Also where they are more than may be named.
            Some(output) => output.sources.clone(),
            None => source_names(&written_sources, outputs, context, &mut notes),
        };
        let query = match text.as_str() {
            "" => Ok(Query::match_all()),
            text => filter::parse(text, context),
        };
        Search { text, query, written_sources, sources, output, stories, notes }
    }

    /// The sources one by one. A name may have a comma.
    fn written_sources(&self, outputs: &Outputs) -> Vec<String> {
        let mut written: Vec<String> = Vec::new();
        for list in &self.sources {
            let names: Vec<&str> =
                if outputs.has_source(list) { vec![list] } else { list.split(',').map(str::trim).collect() };
            for name in names {
                if !name.is_empty() && !written.iter().any(|known| known == name) {
                    written.push(name.to_owned());
                }
            }
        }
        written
    }
}

impl Search<'_> {
    /// The query of an address that searches for the same, always spelt the same way.
    pub fn parameters(&self) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters.append_pair("q", &self.text);
        if self.written_sources.iter().any(|name| name.contains(',')) {
            parameters.extend_pairs(self.written_sources.iter().map(|name| ("sources", name)));
        } else if !self.written_sources.is_empty() {
            parameters.append_pair("sources", &self.written_sources.join(","));
        }
        if self.stories == Stories::All {
            parameters.append_pair("stories", "all");
        }
        parameters.finish()
    }
}

/// The sorted names of sources that are written, also of those with a tag; `None` if none is. Of names that nothing has there
/// is a note.
fn source_names(
    written: &[String],
    outputs: &Outputs,
    context: &QueryContext,
    notes: &mut Vec<String>,
) -> Option<Vec<String>> {
    if written.is_empty() {
        return None;
    }
    let mut names = BTreeSet::new();
    for name in written {
        let tag = name.strip_prefix('#').and_then(|tag| context.tags.get(&tag.to_lowercase()));
        if outputs.has_source(name) {
            names.insert(name.clone());
        } else if let Some(tagged) = tag {
            names.extend(tagged.iter().cloned());
        } else if name.starts_with('#') {
            notes.push(unknown("tag", name, context.tags.keys().map(String::as_str)));
        } else {
            let all = &outputs.first_poll_limits.by_source;
            let known = all.keys().map(String::as_str).take(if all.len() > MAX_SUGGESTED_FROM {
                0
            } else {
                usize::MAX
            });
            notes.push(unknown("source", name, known));
        }
    }
    Some(names.into_iter().collect())
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let name: String = name.chars().take(100).collect();
    match closest_name(name.trim_start_matches('#'), known) {
        Some(closest) if kind == "tag" => {
            format!("There is no source with the tag \u{201c}{name}\u{201d}: did you mean #{closest}?")
        }
        Some(closest) => format!("There is no {kind} \u{201c}{name}\u{201d}: did you mean {closest}?"),
        None if kind == "tag" => format!("There is no source with the tag \u{201c}{name}\u{201d}."),
        None => format!("There is no {kind} \u{201c}{name}\u{201d}."),
    }
}

/// Names of sources, with the tags of which all sources are among them in the place of these.
fn with_tags(names: &[String], context: &QueryContext) -> Vec<String> {
    let mut left: BTreeSet<&String> = names.iter().collect();
    let mut tags: Vec<_> = context.tags.iter().filter(|(_, tagged)| tagged.len() > 1).collect();
    tags.sort_by_key(|(name, tagged)| (std::cmp::Reverse(tagged.len()), *name));
    let mut written = Vec::new();
    for (tag, tagged) in tags {
        let is_within = tagged.iter().all(|name| names.binary_search(name).is_ok());
        if is_within && tagged.iter().any(|name| left.contains(name)) {
            left.retain(|name| tagged.binary_search(name).is_err());
            written.push(format!("#{tag}"));
        }
    }
    written.extend(left.into_iter().cloned());
    written
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use url::Url;

    use super::super::FirstPollLimits;
    use super::super::output::Site;
    use super::*;
    use crate::store::{OutputId, StoredOutput};

    fn context() -> QueryContext {
        let tags = [("news", vec!["a", "b"]), ("one", vec!["c"])];
        let tag = |(tag, names): (&str, Vec<&str>)| {
            (tag.to_owned(), names.into_iter().map(str::to_owned).collect())
        };
        QueryContext { tags: tags.into_iter().map(tag).collect(), ..QueryContext::default() }
    }

    fn outputs() -> Outputs {
        let output = Output {
            filter: Some(filter::parse("armenia", &context()).unwrap()),
            sources: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
            stories: Stories::All,
            ..Output::named("one")
        };
        let stored = StoredOutput {
            id: OutputId(1),
            name: "one".into(),
            key: "one".into(),
            since: Timestamp::UNIX_EPOCH,
            definition: String::new(),
            watermark: 0,
            removed: None,
            private: false,
        };
        let by_source: BTreeMap<String, usize> =
            ["a", "b", "c", "with, comma"].map(|name| (name.to_owned(), 20)).into();
        let site = Site::at(Url::parse("https://feeds.example/").unwrap());
        Outputs::new(site, vec![output], &[stored], FirstPollLimits { by_source, others: 20 })
    }

    fn request(address: &str) -> SearchRequest {
        SearchRequest::from_pairs(form_urlencoded::parse(address.as_bytes()).into_owned())
    }

    #[test]
    fn names_are_looked_up_and_unknown_ones_are_told() {
        let outputs = outputs();
        let search = request("q=x&sources=%23news,c&sources=c").resolve(&outputs, &context());
        assert_eq!(search.written_sources, ["#news", "c"]);
        assert_eq!(search.sources.as_deref(), Some(&["a", "b", "c"].map(str::to_owned)[..]));
        assert_eq!(search.parameters(), "q=x&sources=%23news%2Cc");
        let search = request("q=x&sources=with,+comma&sources=a").resolve(&outputs, &context());
        assert_eq!(search.parameters(), "q=x&sources=with%2C+comma&sources=a");
        let search = request("q=x&sources=%23nwes,abc&output=on").resolve(&outputs, &context());
        assert_eq!(search.sources.as_deref(), Some(&[][..]), "not all, which nobody has chosen");
        assert_eq!(
            search.notes,
            [
                "There is no output \u{201c}on\u{201d}: did you mean one?",
                "There is no source with the tag \u{201c}#nwes\u{201d}: did you mean #news?",
                "There is no source \u{201c}abc\u{201d}.",
            ]
        );
    }

    #[test]
    fn an_output_fills_what_is_blank() {
        let outputs = outputs();
        let search = request("output=one&q=+&sources=").resolve(&outputs, &context());
        assert_eq!((search.text.as_str(), search.stories), ("armenia", Stories::All));
        assert_eq!(search.written_sources, ["#news", "c"]);
        assert_eq!(search.parameters(), "q=armenia&sources=%23news%2Cc&stories=all");
        let search = request("output=one&q=georgia").resolve(&outputs, &context());
        assert_eq!((search.text.as_str(), search.sources), ("georgia", None));
        assert!(search.output.is_some());
    }

    #[test]
    fn what_is_too_long_is_cut_off_and_told() {
        let outputs = outputs();
        let long = SearchRequest {
            query: "\u{430}".repeat(MAX_QUERY_CHARS + 1),
            sources: vec![(0..=MAX_SOURCES).map(|n| n.to_string()).collect::<Vec<_>>().join(",")],
            ..SearchRequest::default()
        };
        let search = long.resolve(&outputs, &context());
        assert_eq!(search.text.chars().count(), MAX_QUERY_CHARS);
        assert!(search.notes[0].contains("cut off") && search.notes[1].contains("Only the first 200"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_parameters_of_a_search_give_the_same_search(
            query in "\\PC{0,20}",
            sources in prop::collection::vec(prop::sample::select(vec!["a", "c", "#news", "#one", "with, comma"]), 0..5),
        ) {
            let outputs = outputs();
            let sources = sources.into_iter().map(str::to_owned).collect();
            let request = SearchRequest { query, sources, ..SearchRequest::default() };
            let search = request.resolve(&outputs, &context());
            let again = super::tests::request(&search.parameters()).resolve(&outputs, &context());
            prop_assert_eq!(&again.text, &search.text);
            prop_assert_eq!(&again.sources, &search.sources);
            prop_assert_eq!(again.parameters(), search.parameters());
        }
    }
}
