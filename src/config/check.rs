//! From what is written to what is meant: defaults filled in, names resolved, clashes found. Pure but
//! for the secrets that are named by file.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::access::access;
use super::file::{File, Manner, Output, Source, Topic};
use super::problem::{At, Problem};
use super::read::Found;
use super::values::{Headers, SecretValue, TEMPLATE, Written, known_sources};
use super::{Config, address, secret};
use crate::fetch;
use crate::filter::{self, QueryContext};
use crate::publish::output::{self, ContentMode, Links, OtherSources, Site, Stories};
use crate::publish::template::{self, Template};
use crate::serve::ListenAddress;
use crate::source::{self, Access, Authorization, PollInterval, Secret};
use crate::store;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// The shortest `every`.
const LEAST: Duration = Duration::from_secs(1);

/// Where things that a config names without a full path are.
pub(super) struct Folders<'a> {
    /// Of the config file: secrets and `write_to`.
    pub(super) config: &'a Path,
    /// Of the store.
    pub(super) state: &'a Path,
    /// Of systemd's credentials.
    pub(super) credentials: Option<&'a Path>,
}

/// Puts later files over earlier ones: single keys replace, lists grow.
pub(super) fn merge(files: Vec<File>) -> File {
    let mut whole = File::default();
    for file in files {
        whole.watch = file.watch.or(whole.watch);
        whole.listen = file.listen.or(whole.listen);
        whole.public_url = file.public_url.or(whole.public_url);
        whole.cache = file.cache.or(whole.cache);
        whole.path = file.path.or(whole.path);
        whole.keep = file.keep.or(whole.keep);
        whole.concurrency = file.concurrency.or(whole.concurrency);
        whole.per_host = file.per_host.or(whole.per_host);
        whole.contact = file.contact.or(whole.contact);
        whole.allow = file.allow.or(whole.allow);
        whole.hub = file.hub.or(whole.hub);
        whole.clean_links = file.clean_links.or(whole.clean_links);
        whole.manner = over(file.manner, &whole.manner);
        whole.sources.extend(file.sources);
        whole.topics.extend(file.topics);
        whole.outputs.extend(file.outputs);
    }
    whole
}

fn over(upper: Manner, lower: &Manner) -> Manner {
    Manner {
        every: upper.every.or_else(|| lower.every.clone()),
        at_most: upper.at_most.or_else(|| lower.at_most.clone()),
        timeout: upper.timeout.or_else(|| lower.timeout.clone()),
        max_body: upper.max_body.or_else(|| lower.max_body.clone()),
        adaptive: upper.adaptive.or_else(|| lower.adaptive.clone()),
        first_poll: upper.first_poll.or_else(|| lower.first_poll.clone()),
        user_agent: upper.user_agent.or_else(|| lower.user_agent.clone()),
        proxy: upper.proxy.or_else(|| lower.proxy.clone()),
        headers: upper.headers.or_else(|| lower.headers.clone()),
    }
}

/// The checked form; what is wrong is added to `problems`, and then the form is worth nothing.
pub(super) fn config(file: File, folders: &Folders<'_>, problems: &mut Vec<Problem>) -> Config {
    let listen = value(file.listen).unwrap_or(ListenAddress::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080))));
    let public_url = match file.public_url {
        Some(found) => public_url(found, problems),
        None => own_address(&listen),
    };
    let allow = value(file.allow).unwrap_or_default();
    pace(&file.manner, None, problems);
    let defaults = Manner { ..file.manner };
    let names = source_names(&file.sources, problems);
    same_urls(&file.sources, problems);
    // What of the headers cannot be read is said where they are sent.
    let of_poll = Asked { name: "", allow: &allow, defaults: &defaults, folders };
    let usual = access(&defaults, of_poll.headers(defaults.headers.clone(), &mut Vec::new()));
    let mut sources: Vec<Arc<source::Source>> = file
        .sources
        .into_iter()
        .zip(&names)
        .map(|(source, name)| (source, Asked { name, allow: &allow, defaults: &defaults, folders }))
        .filter_map(|(source, asked)| asked.source(source, problems).map(Arc::new))
        .collect();
    // It stands where the file's tables stood, which are many times as large.
    sources.shrink_to_fit();
    let query_context = query_context(file.topics, &sources, problems);
    let outputs = outputs(file.outputs, &names, &query_context, folders, problems);
    let links = if value(file.clean_links).unwrap_or(false) { Links::Cleaned } else { Links::Original };
    Config {
        listen,
        site: Site { public_url, hub: value(file.hub), links },
        cache: value(file.cache).unwrap_or(5 * MINUTE),
        store: store::Options {
            path: folders.state.join(value(file.path).unwrap_or_else(|| "siftwire.db".to_owned())),
            keep: value(file.keep).unwrap_or(365 * DAY),
        },
        fetch: fetch::Options { contact: value(file.contact), allow },
        concurrency: value(file.concurrency).unwrap_or(32),
        per_host: value(file.per_host).unwrap_or(1),
        access: usual,
        sources,
        outputs,
        query_context,
        watch: value(file.watch).unwrap_or(true),
        files: Vec::new(),
        warnings: None,
    }
}

fn value<T>(found: Option<Found<T>>) -> Option<T> {
    found.map(|found| found.value)
}

fn public_url(found: Found<Url>, problems: &mut Vec<Problem>) -> Url {
    let mut url = found.value;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        problems.push(
            Problem::error(found.at, "[serve] `public_url` is more than a place")
                .label("wanted scheme, host and perhaps a path"),
        );
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

/// How this machine reaches itself, for who has not said what the feeds call themselves.
pub fn own_address(listen: &ListenAddress) -> Url {
    let text = match listen {
        ListenAddress::Tcp(address) if address.ip().is_unspecified() => {
            format!("http://localhost:{}", address.port())
        }
        ListenAddress::Tcp(address) => format!("http://{address}"),
        ListenAddress::Unix(_) => "http://localhost".to_owned(),
    };
    Url::parse(&text).expect("a scheme and a socket address are a url")
}

/// Checks the pace of `[poll]`, or of a source that sets any of it.
fn pace(manner: &Manner, defaults: Option<&Manner>, problems: &mut Vec<Problem>) -> PollInterval {
    let every = manner.every.as_ref().or(defaults.and_then(|d| d.every.as_ref()));
    let at_most = manner.at_most.as_ref().or(defaults.and_then(|d| d.at_most.as_ref()));
    let adaptive = manner.adaptive.as_ref().or(defaults.and_then(|d| d.adaptive.as_ref()));
    let pace = PollInterval {
        every: every.map_or(30 * MINUTE, |found| found.value),
        at_most: at_most.map_or(DAY, |found| found.value),
        adaptive: adaptive.is_none_or(|found| found.value),
    };
    // A source that sets neither has nothing of its own to be told.
    let own = manner.every.as_ref().or(manner.at_most.as_ref());
    if let Some(own) = own
        && pace.every > pace.at_most
    {
        let label = format!("every {}, at most {}", words(pace.every), words(pace.at_most));
        let mut problem = Problem::error(own.at.clone(), "`every` is longer than `at_most`").label(label);
        let other = if manner.every.is_some() { at_most } else { every };
        problem = match other {
            Some(other) => problem.against(other.at.clone(), "the other one"),
            None => problem.hint("the other one has its default: every = \"30m\", at_most = \"1d\""),
        };
        problems.push(problem);
    }
    if let Some(every) = &manner.every
        && every.value < LEAST
    {
        problems.push(
            Problem::error(every.at.clone(), "polling more often than every second").label("at least \"1s\""),
        );
    } else if let Some(every) = &manner.every
        && every.value < 5 * MINUTE
    {
        problems.push(
            Problem::warning(every.at.clone(), "polling more often than every five minutes")
                .label("publishers block fetchers that come so often"),
        );
    }
    pace
}

fn words(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// One name for each source: its own, else one made from its host that no other has.
fn source_names(sources: &[Source], problems: &mut Vec<Problem>) -> Vec<String> {
    let mut taken: BTreeMap<String, At> = BTreeMap::new();
    for name in sources.iter().filter_map(|source| source.name.as_ref()) {
        // Without regard to case, because names become file names.
        match taken.get(&name.value.to_lowercase()) {
            Some(first) => problems.push(twice("source", name, first)),
            None => {
                taken.insert(name.value.to_lowercase(), name.at.clone());
            }
        }
    }
    let mut used: BTreeSet<String> = taken.into_keys().collect();
    sources
        .iter()
        .map(|source| match &source.name {
            Some(name) => name.value.clone(),
            None => made_name(source, &mut used, problems),
        })
        .collect()
}

fn made_name(source: &Source, used: &mut BTreeSet<String>, problems: &mut Vec<Problem>) -> String {
    let host = source.url.as_ref().and_then(|url| url.value.host_str()).unwrap_or("source");
    let base = host.trim_start_matches("www.").trim_matches(['[', ']', '.']).replace(':', "-");
    let mut base: String = base.chars().take(90).collect();
    if base.is_empty() {
        base = "source".to_owned();
    }
    let mut name = base.clone();
    let mut number = 1;
    while !used.insert(name.to_lowercase()) {
        number += 1;
        name = format!("{base}-{number}");
    }
    if number > 1
        && let Some(url) = &source.url
    {
        problems.push(
            Problem::warning(
                url.at.clone(),
                format!("this source is called `{name}`, after its place in the file"),
            )
            .label("another source has the name of this host")
            .hint("give it a `name`, so that it keeps its history when the order changes"),
        );
    }
    name
}

fn twice(what: &str, name: &Found<String>, first: &At) -> Problem {
    Problem::error(name.at.clone(), format!("two {what}s are called `{}`", name.value))
        .label("called so here too")
        .against(first.clone(), "first called so here")
}

/// The same address twice would be asked twice.
fn same_urls(sources: &[Source], problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<String, &At> = BTreeMap::new();
    for url in sources.iter().filter_map(|source| source.url.as_ref()) {
        let (bare, _) = secret::split(url.value.clone());
        match seen.get(bare.as_str()) {
            Some(first) => problems.push(
                Problem::error(url.at.clone(), "two sources have the same url")
                    .label("the same here")
                    .against((*first).clone(), "first here"),
            ),
            None => {
                seen.insert(bare.into(), &url.at);
            }
        }
    }
}

/// One source and what stands around it.
struct Asked<'a> {
    name: &'a str,
    allow: &'a [ipnet::IpNet],
    defaults: &'a Manner,
    folders: &'a Folders<'a>,
}

impl Asked<'_> {
    fn source(&self, source: Source, problems: &mut Vec<Problem>) -> Option<source::Source> {
        if !source.has_url {
            problems
                .push(Problem::error(source.at.clone(), "a source without a `url`").label("each needs one"));
        }
        let pace = pace(&source.manner, Some(self.defaults), problems);
        let found = source.url.clone()?;
        let allow_private = source.allow_private.as_ref().is_some_and(|found| found.value);
        if !allow_private && let Some(words) = address::private(&found.value, self.allow) {
            problems.push(
                Problem::error(found.at.clone(), "the url of a source names a private address").label(words).hint(
                    "if that is meant, add `allow_private = true` to the source, or its range to `allow` in [poll]",
                ),
            );
        }
        let (url, in_url) = secret::split(found.value);
        let authorization = self.authorization(&source, in_url, &found.at, problems);
        let manner = over(source.manner, self.defaults);
        let mut headers = self.headers(manner.headers.clone(), problems);
        if let Some(cookie) = source.cookie {
            headers.push(("Cookie".to_owned(), self.secret(&cookie, problems)));
        }
        Some(source::Source {
            name: self.name.to_owned(),
            url,
            title: value(source.title),
            interval: pace,
            access: Access { authorization, allow_private, ..access(&manner, headers) },
            language: value(source.lang),
            first_poll: value(manner.first_poll).unwrap_or(20),
            stories: value(source.stories).unwrap_or(true),
        })
    }

    fn headers(&self, headers: Option<Found<Headers>>, problems: &mut Vec<Problem>) -> Vec<(String, Secret)> {
        let given = value(headers).unwrap_or_default();
        given.into_iter().map(|(name, given)| (name, self.secret(&given, problems))).collect()
    }

    fn secret(&self, given: &Found<SecretValue>, problems: &mut Vec<Problem>) -> Secret {
        secret::read(&given.value, self.folders).unwrap_or_else(|words| {
            problems.push(Problem::error(given.at.clone(), "a secret cannot be read").label(words));
            Secret(String::new())
        })
    }

    /// At most one of: credentials in the url, `user` and `password`, `bearer`.
    fn authorization(
        &self,
        source: &Source,
        in_url: Option<Authorization>,
        url: &At,
        problems: &mut Vec<Problem>,
    ) -> Option<Authorization> {
        let basic = source.user.as_ref().map(|user| {
            let password = source.password.as_ref().map(|given| self.secret(given, problems));
            let password = password.unwrap_or_else(|| Secret(String::new()));
            (Authorization::Basic { user: user.value.clone(), password }, user.at.clone())
        });
        if let (None, Some(password)) = (&basic, &source.password) {
            problems
                .push(Problem::error(password.at.clone(), "a `password` without a `user`").label("whose?"));
        }
        let bearer = source
            .bearer
            .as_ref()
            .map(|given| (Authorization::Bearer(self.secret(given, problems)), given.at.clone()));
        let given: Vec<_> =
            in_url.map(|given| (given, url.clone())).into_iter().chain(basic).chain(bearer).collect();
        if let [(_, first), (_, second), ..] = given.as_slice() {
            problems.push(
                Problem::error(second.clone(), "a source is authorized in two ways")
                    .label("and here")
                    .against(first.clone(), "here"),
            );
        }
        given.into_iter().next().map(|(given, _)| given)
    }
}

/// The topics by name, each of them checked, used or not.
fn query_context(
    topics: Vec<Topic>,
    sources: &[Arc<source::Source>],
    problems: &mut Vec<Problem>,
) -> QueryContext {
    let languages: BTreeSet<String> = sources.iter().filter_map(|source| source.language.clone()).collect();
    let query_context = QueryContext {
        topics: topics.iter().map(|t| (t.name.value.clone(), t.query.value.text.clone())).collect(),
        languages: languages.into_iter().collect::<Vec<_>>().into(),
    };
    let mut first: BTreeMap<&str, &At> = BTreeMap::new();
    for topic in &topics {
        if let Some(before) = first.insert(&topic.name.value, &topic.name.at) {
            problems.push(twice("topic", &topic.name, before));
        }
        query(&topic.query, &format!("topic `{}`", topic.name.value), &query_context, problems);
    }
    query_context
}

fn query(
    found: &Found<Written>,
    whose: &str,
    query_context: &QueryContext,
    problems: &mut Vec<Problem>,
) -> Option<filter::Query> {
    match filter::parse(&found.value.text, query_context) {
        Ok(query) => {
            for warning in query.warnings() {
                let title = format!("the query of {whose} may not say what you mean");
                let problem = Problem::warning(found.part(warning.span.clone()), title);
                problems
                    .push(Problem { hint: warning.hint.clone(), ..problem.label(warning.label.as_str()) });
            }
            Some(query)
        }
        Err(found_wrong) => {
            for wrong in found_wrong.into_iter().filter(|wrong| !wrong.warning) {
                let title = format!("the query of {whose} cannot be used");
                let problem = Problem::error(found.part(wrong.span), title).label(wrong.label);
                problems.push(Problem { hint: wrong.hint, ..problem });
            }
            None
        }
    }
}

fn outputs(
    outputs: Vec<Output>,
    names: &[String],
    query_context: &QueryContext,
    folders: &Folders<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<output::Output> {
    let mut taken: BTreeMap<String, At> = BTreeMap::new();
    let mut checked = Vec::new();
    for output in outputs {
        if let Some(name) = &output.name
            && let Some(first) = taken.insert(name.value.to_lowercase(), name.at.clone())
        {
            problems.push(twice("output", name, &first));
        }
        checked.extend(self::output(output, names, query_context, folders, problems));
    }
    checked
}

fn output(
    output: Output,
    names: &[String],
    query_context: &QueryContext,
    folders: &Folders<'_>,
    problems: &mut Vec<Problem>,
) -> Option<output::Output> {
    if !output.has_name {
        problems
            .push(Problem::error(output.at.clone(), "an output without a `name`").label("each needs one"));
    }
    let shown = output.name.as_ref().map_or("an output", |name| name.value.as_str());
    let filter = output
        .filter
        .as_ref()
        .map(|found| query(found, &format!("output `{shown}`"), query_context, problems));
    let sources = output.sources.map(|found| {
        if found.value.is_empty() {
            let problem = Problem::warning(found.at.clone(), "an output without sources stays empty");
            problems.push(problem.hint("leave `sources` out to draw on all"));
        }
        let wanted: BTreeSet<String> = known_sources(found, names, problems).into_iter().collect();
        wanted.into_iter().collect()
    });
    let prefer = output.prefer.map(|found| known_sources(found, names, problems)).unwrap_or_default();
    let (title, entry_title) = titles(output.title, output.entry_title, problems);
    let name = output.name?.value;
    Some(output::Output {
        title: title.unwrap_or_else(|| name.clone()),
        entry_title,
        name,
        filter: filter.flatten(),
        sources,
        limit: value(output.limit).unwrap_or(100),
        stories: value(output.stories).unwrap_or(Stories::Merge),
        prefer,
        also_in: if value(output.also_in).unwrap_or(true) {
            OtherSources::Listed
        } else {
            OtherSources::Omitted
        },
        per_source: value(output.per_source),
        max_age: value(output.max_age),
        content: value(output.content).unwrap_or(ContentMode::Full),
        write_to: value(output.write_to).map(|path| folders.config.join(PathBuf::from(path))),
    })
}

/// A `title` with `{title}` in it says how entries are titled, not what the output is called.
fn titles(
    title: Option<Found<String>>,
    entry_title: Option<Found<Template>>,
    problems: &mut Vec<Problem>,
) -> (Option<String>, Option<Template>) {
    match (title, entry_title) {
        (Some(title), None) if template::is_template(&title.value) => match Template::parse(&title.value) {
            Ok(template) => (None, Some(template)),
            Err(wrong) => {
                let problem =
                    Problem::error(title.at, "the `title` of an output cannot be used as a template");
                problems.push(problem.label(wrong.to_string()).hint(TEMPLATE));
                (None, None)
            }
        },
        (title, entry_title) => (value(title), value(entry_title)),
    }
}
