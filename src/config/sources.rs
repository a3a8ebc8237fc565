//! Checks `[poll]` and `[[source]]`: names, intervals, URLs, credentials. Reads secret files through `secret`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::diagnostic::{Diagnostic, FileSpan, Text};
use super::locate::Surroundings;
use super::raw::{RawPoll, RawSource};
use super::secret::{self, UNSEEN_SECRET};
use super::toml_reader::Located;
use super::values::{RawHeaders, SecretSource};
use crate::fetch::{check_ca, private_host};
use crate::source::{
    Access, ArticleSettings, Authorization, FeedUrl, FullText, PollInterval, Proxy, Secret, Source, UrlParts,
};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// How many entries of a source's first poll enter an output.
pub(super) const DEFAULT_FIRST_POLL: usize = 20;

/// How many articles of a source are requested a day.
const DEFAULT_ARTICLE_LIMIT: usize = 200;

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The shortest allowed `every`.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// A shorter `every` gets a warning.
const POLITE_INTERVAL: Duration = Duration::from_secs(300);

/// The longest base of a generated source name, in characters.
const GENERATED_NAME_CHARS: usize = 90;

/// What the sources inherit from `[poll]`.
pub(super) struct SourceDefaults<'a> {
    pub(super) poll: &'a RawPoll,
    /// Private networks that sources may be in.
    pub(super) allow: &'a [IpNet],
    pub(super) directories: &'a Surroundings,
}

impl SourceDefaults<'_> {
    /// Checks `[poll]` itself. The result is for requests that belong to no source.
    pub(super) fn check(&self, diagnostics: &mut Vec<Diagnostic>) -> Access {
        check_interval(self.poll, self.poll, diagnostics);
        // Unreadable headers are reported for each source that sends them.
        let headers = self.headers(self.poll.headers.clone(), &mut Vec::new());
        access(self.poll, headers)
    }

    fn headers(
        &self,
        headers: Option<Located<RawHeaders>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<(String, Secret)> {
        let headers = headers.map(|headers| headers.value).unwrap_or_default();
        headers.into_iter().map(|(name, secret)| (name, self.secret(&secret, diagnostics))).collect()
    }

    fn secret(&self, source: &Located<SecretSource>, diagnostics: &mut Vec<Diagnostic>) -> Secret {
        secret::read_or_report(source, self.directories, diagnostics).unwrap_or(Secret(String::new()))
    }

    fn certificates(&self, file: &Located<String>, diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<str>> {
        let text = secret::read_certificates(&self.directories.config.join(&file.value));
        let text = text.and_then(|text| check_ca(&text).map(|()| text.into()));
        let error = |label| {
            Diagnostic::error(file.span.clone(), "cannot use the file of `ca`")
                .label(label)
                .hint("it is a PEM file; relative paths start at the folder of config.toml")
        };
        text.map_err(|label| diagnostics.push(error(label))).ok()
    }

    fn source(&self, raw: RawSource, name: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Source> {
        if !raw.has_url {
            diagnostics.push(
                Diagnostic::error(raw.span.clone(), "a source without a `url`").label("`url` is required"),
            );
        }
        let earlier = diagnostics.len();
        let interval = check_interval(&raw.poll, self.poll, diagnostics);
        let Located { value: url, span } = raw.url.clone()?;
        let allow_private = raw.allow_private.as_ref().is_some_and(|allow| allow.value);
        if !allow_private && let Some(label) = private_host(&url, self.allow) {
            diagnostics.push(
                Diagnostic::error(span.clone(), "the URL of a source has a private address").label(label).hint(
                    "to allow it, add `allow_private = true` to the source, or its network to `allow` in [poll]",
                ),
            );
        }
        let (url, in_url) = secret::split_credentials(url);
        let url = FeedUrl::from(url);
        warn_of_secrets(&raw, &url, in_url.as_ref(), diagnostics);
        let in_url = in_url.map(|credentials| (credentials, span));
        let authorization = self.authorization(&raw, in_url, diagnostics);
        let ca = raw.ca.and_then(|file| self.certificates(&file, diagnostics));
        let poll = raw.poll.or(self.poll);
        let articles = check_articles((raw.article, raw.article_without), &poll, diagnostics);
        let mut headers = self.headers(poll.headers.clone(), diagnostics);
        if let Some(cookie) = raw.cookie {
            headers.push(("Cookie".to_owned(), self.secret(&cookie, diagnostics)));
        }
        let lacks_secret = diagnostics[earlier..].iter().any(|one| one.kind.as_str() == UNSEEN_SECRET);
        Some(Source {
            name: name.to_owned(),
            is_named: raw.name.is_some(),
            url,
            publish_url: match raw.publish_url.map(|publish| publish.value) {
                Some(true) => UrlParts::Whole,
                None => UrlParts::Path,
                Some(false) => UrlParts::Host,
            },
            title: raw.title.map(|title| title.value),
            tags: raw
                .tags
                .map_or_else(Vec::new, |tags| tags.value.into_iter().map(|tag| tag.value).collect()),
            interval,
            access: Access { authorization, allow_private, ca, lacks_secret, ..access(&poll, headers) },
            language: raw.lang.map(|lang| lang.value),
            first_poll: poll.first_poll.map_or(DEFAULT_FIRST_POLL, |count| count.value),
            stories: raw.stories.is_none_or(|stories| stories.value),
            articles,
        })
    }

    /// At most one of: credentials in the URL, `user` with `password`, `bearer`.
    fn authorization(
        &self,
        raw: &RawSource,
        in_url: Option<(Authorization, FileSpan)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Authorization> {
        let basic = raw.user.as_ref().map(|user| {
            let password = raw.password.as_ref().map(|password| self.secret(password, diagnostics));
            let password = password.unwrap_or_else(|| Secret(String::new()));
            (Authorization::Basic { user: user.value.clone(), password }, user.span.clone())
        });
        if let (None, Some(password)) = (&basic, &raw.password) {
            diagnostics.push(
                Diagnostic::error(password.span.clone(), "`password` without `user`")
                    .label("`user` is missing"),
            );
        }
        let bearer = raw
            .bearer
            .as_ref()
            .map(|bearer| (Authorization::Bearer(self.secret(bearer, diagnostics)), bearer.span.clone()));
        let all: Vec<_> = in_url.into_iter().chain(basic).chain(bearer).collect();
        if let [(_, first), (_, second), ..] = all.as_slice() {
            diagnostics.push(
                Diagnostic::error(second.clone(), "a source has two kinds of credentials")
                    .label("second credentials")
                    .related(first.clone(), "first credentials"),
            );
        }
        all.into_iter().next().map(|(authorization, _)| authorization)
    }
}

/// Warns of a secret in the URL. `publish_url` says that the owner knows what is in it.
fn warn_of_secrets(
    raw: &RawSource,
    url: &FeedUrl,
    credentials: Option<&Authorization>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(span) = raw.url.as_ref().map(|url| &url.span) else { return };
    if credentials.is_some() {
        diagnostics.push(
            Diagnostic::warning(span.clone(), "the URL of a source has credentials")
                .label("they are readable for everybody who may read this file")
                .hint("remove them, and write `user = \"...\"` and `password = { file = \"...\" }`, or `{ credential = \"...\" }`"),
        );
    }
    if let (Some(_), None) = (url.secret_parameter(), &raw.publish_url) {
        diagnostics.push(
            Diagnostic::warning(span.clone(), "the URL of a source seems to have a secret in its query")
                .label(url.secret_word().map_or(Text::from("a parameter"), |word| ["the parameter `", word, "`"].into()))
                .hint(
                    "Siftwire publishes the URL without its query. If it is no secret, set `publish_url = true`. If it \
                     is one, and the site takes it in a header, write `bearer = { credential = \"...\" }` instead",
                ),
        );
    }
}

/// The checked sources; `names` has the name of each.
pub(super) fn check_sources(
    raw: Vec<RawSource>,
    names: &[String],
    defaults: &SourceDefaults<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Arc<Source>> {
    let mut sources: Vec<Arc<Source>> = raw
        .into_iter()
        .zip(names)
        .filter_map(|(raw, name)| defaults.source(raw, name, diagnostics).map(Arc::new))
        .collect();
    // `collect` reuses the allocation of `raw`, whose items are many times larger.
    sources.shrink_to_fit();
    sources
}

/// How articles are read. Selectors of articles that are not read may be meant otherwise.
fn check_articles(
    (selector, without): (Option<Located<String>>, Option<Located<String>>),
    poll: &RawPoll,
    diagnostics: &mut Vec<Diagnostic>,
) -> ArticleSettings {
    let full_text = poll.full_text.as_ref().map_or(FullText::No, |full_text| full_text.value);
    if let (FullText::No, Some(selector)) = (full_text, selector.as_ref().or(without.as_ref())) {
        diagnostics.push(
            Diagnostic::warning(selector.span.clone(), "a selector without `full_text`")
                .label("no article of this source is read")
                .hint("set full_text = \"match\" to judge entries by their articles, or \"publish\" to show them too"),
        );
    }
    ArticleSettings {
        full_text,
        selector: selector.map(|selector| selector.value),
        without: without.map(|selector| selector.value),
        limit: poll.article_limit.as_ref().map_or(DEFAULT_ARTICLE_LIMIT, |limit| limit.value),
    }
}

/// Request settings, without what belongs to one source.
fn access(poll: &RawPoll, headers: Vec<(String, Secret)>) -> Access {
    let default = Access::default();
    Access {
        timeout: poll.timeout.as_ref().map_or(default.timeout, |timeout| timeout.value),
        max_body: poll.max_body.as_ref().map_or(default.max_body, |size| size.value),
        user_agent: poll.user_agent.as_ref().map(|user_agent| user_agent.value.clone()),
        headers,
        proxy: poll.proxy.as_ref().and_then(|url| url.value.clone()).map(Proxy),
        ..default
    }
}

/// Checks the intervals of `[poll]`, which are the defaults, or of a source.
fn check_interval(poll: &RawPoll, defaults: &RawPoll, diagnostics: &mut Vec<Diagnostic>) -> PollInterval {
    let RawPoll { every, at_most, adaptive, ignore_hints, .. } = poll.clone().or(defaults);
    let default = PollInterval::default();
    let interval = PollInterval {
        every: every.as_ref().map_or(default.every, |every| every.value),
        at_most: at_most.as_ref().map_or(default.at_most, |at_most| at_most.value),
        adaptive: adaptive.map_or(default.adaptive, |adaptive| adaptive.value),
        ignore_hints: ignore_hints.map_or(default.ignore_hints, |ignore| ignore.value),
    };
    // A source that sets neither only inherits the mistake of [poll].
    if let Some(own) = poll.every.as_ref().or(poll.at_most.as_ref())
        && interval.every > interval.at_most
    {
        let [shown_every, shown_at_most] = [interval.every, interval.at_most].map(humantime::format_duration);
        let diagnostic = Diagnostic::error(own.span.clone(), "`every` is longer than `at_most`")
            .label(format!("`every` is {shown_every}, `at_most` is {shown_at_most}"));
        let other = if poll.every.is_some() { at_most } else { every };
        diagnostics.push(match other {
            Some(other) => diagnostic.related(other.span, "the other value"),
            None => diagnostic.hint("the defaults are every = \"30m\" and at_most = \"1d\""),
        });
    }
    if let Some(every) = &poll.every {
        if every.value < MIN_INTERVAL {
            diagnostics.push(
                Diagnostic::error(every.span.clone(), "polling more often than once a second")
                    .label("the minimum is \"1s\""),
            );
        } else if every.value < POLITE_INTERVAL {
            diagnostics.push(
                Diagnostic::warning(every.span.clone(), "polling more often than every five minutes")
                    .label("publishers may block clients that poll this often"),
            );
        }
    }
    interval
}

/// The name of each source: its own, else a unique one generated from its host.
pub(super) fn source_names(sources: &[RawSource], diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    // Compared without case, because names become file names.
    let mut first_spans: BTreeMap<String, FileSpan> = BTreeMap::new();
    for name in sources.iter().filter_map(|source| source.name.as_ref()) {
        match first_spans.get(&name.value.to_lowercase()) {
            Some(first) => diagnostics.push(duplicate_name("source", name, first)),
            None => {
                first_spans.insert(name.value.to_lowercase(), name.span.clone());
            }
        }
    }
    let mut used: BTreeSet<String> = first_spans.into_keys().collect();
    sources
        .iter()
        .map(|source| match &source.name {
            Some(name) => name.value.clone(),
            None => generated_name(source, &mut used, diagnostics),
        })
        .collect()
}

fn generated_name(
    source: &RawSource,
    used: &mut BTreeSet<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> String {
    let host = source.url.as_ref().and_then(|url| url.value.host_str()).unwrap_or("source");
    let base = host.trim_start_matches("www.").trim_matches(['[', ']', '.']).replace(':', "-");
    let mut base: String = base.chars().take(GENERATED_NAME_CHARS).collect();
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
        diagnostics.push(
            Diagnostic::warning(url.span.clone(), "the name of a source depends on the order of sources")
                .title(format!("the name of this source, `{name}`, depends on the order of sources"))
                .label("another source already has the name of this host")
                .hint("set `name`, so that the source keeps its history when the order changes"),
        );
    }
    name
}

/// The error for a second source, topic or output of the same name.
pub(super) fn duplicate_name(kind: &'static str, name: &Located<String>, first: &FileSpan) -> Diagnostic {
    Diagnostic::error(name.span.clone(), ["two ", kind, "s have the same name"])
        .title(format!("two {kind}s are named `{}`", name.value))
        .label("second use of the name")
        .related(first.clone(), "first use of the name")
}

/// Rejects sources with the same URL: it would be polled twice.
pub(super) fn check_unique_urls(sources: &[RawSource], diagnostics: &mut Vec<Diagnostic>) {
    let mut first_spans: BTreeMap<String, &FileSpan> = BTreeMap::new();
    for url in sources.iter().filter_map(|source| source.url.as_ref()) {
        let (without_credentials, _) = secret::split_credentials(url.value.clone());
        match first_spans.get(without_credentials.as_str()) {
            Some(first) => diagnostics.push(
                Diagnostic::error(url.span.clone(), "two sources have the same URL")
                    .label("second use of the URL")
                    .related((*first).clone(), "first use of the URL"),
            ),
            None => {
                first_spans.insert(without_credentials.into(), &url.span);
            }
        }
    }
}
