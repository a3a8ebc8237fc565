//! Builds the checked config from the raw one: fills in defaults and validates. Reads the secret files that the
//! config names; otherwise pure.

use std::net::SocketAddr;

use url::Url;

use super::diagnostic::Diagnostic;
use super::hosts::check_hosts;
use super::locate::Surroundings;
use super::outputs::{check_outputs, check_swallowed_keys, check_topics};
use super::raw::RawConfig;
use super::settings::Config;
use super::sources::{
    DAY, DEFAULT_FIRST_POLL, MINUTE, SourceDefaults, check_sources, check_unique_urls, source_names,
};
use super::store_location;
use super::token;
use super::toml_reader::Located;
use super::values::listen_address;
use crate::publish::FirstPollLimits;
use crate::publish::output::{Links, Site};
use crate::serve::ListenAddress;
use crate::{fetch, store};

/// The checked config. Mistakes are added to `diagnostics`; after an error the result must not be used, except
/// for `store`.
pub(super) fn check(raw: RawConfig, directories: &Surroundings, diagnostics: &mut Vec<Diagnostic>) -> Config {
    let listen = given_address(directories, diagnostics)
        .or_else(|| value(raw.serve.listen))
        .unwrap_or(ListenAddress::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080))));
    let public_url = match raw.serve.public_url {
        Some(url) => check_public_url(url, diagnostics),
        None => default_public_url(&listen),
    };
    let allow = value(raw.requests.allow).unwrap_or_default();
    let defaults = SourceDefaults { poll: &raw.poll, allow: &allow, directories };
    let access = defaults.check(diagnostics);
    let names = source_names(&raw.sources, diagnostics);
    check_unique_urls(&raw.sources, diagnostics);
    let sources = check_sources(raw.sources, &names, &defaults, diagnostics);
    let first_poll_limits = FirstPollLimits {
        by_source: sources.iter().map(|source| (source.name.clone(), source.first_poll)).collect(),
        others: raw.poll.first_poll.as_ref().map_or(DEFAULT_FIRST_POLL, |count| count.value),
    };
    let hosts = check_hosts(raw.hosts, &sources, diagnostics);
    check_swallowed_keys(&raw.topics, &raw.outputs, diagnostics);
    let query_context = check_topics(raw.topics, &sources, diagnostics);
    let token = token::check(raw.serve.token.as_ref(), directories, diagnostics);
    token::warn_of_unreadable_outputs(&raw.outputs, &listen, raw.serve.token.as_ref(), diagnostics);
    let outputs = check_outputs(raw.outputs, (&names, &sources), &query_context, directories, diagnostics);
    let keep = value(raw.store.keep.clone()).unwrap_or(365 * DAY);
    let location = store_location::check(raw.store, directories, diagnostics);
    let links =
        if value(raw.publish.clean_links).unwrap_or(false) { Links::Cleaned } else { Links::Original };
    Config {
        listen,
        site: Site { public_url, hub: value(raw.publish.hub), links, author: value(raw.publish.author) },
        max_age: value(raw.serve.max_age).unwrap_or(5 * MINUTE),
        source_metrics: value(raw.serve.source_metrics).unwrap_or(false),
        token,
        store: store::Options { location, keep },
        fetch: fetch::Options { contact: value(raw.requests.contact), allow },
        concurrency: value(raw.requests.concurrency).unwrap_or(32),
        per_host: value(raw.requests.per_host).unwrap_or(1),
        hosts,
        access,
        sources,
        first_poll_limits,
        outputs,
        ids: value(raw.publish.ids).unwrap_or(store::EntryIds::PerOutput),
        query_context,
        watch: value(raw.watch).unwrap_or(true),
        files: Vec::new(),
        warnings: None,
    }
}

/// The address that the environment or the command line gives.
fn given_address(surroundings: &Surroundings, diagnostics: &mut Vec<Diagnostic>) -> Option<ListenAddress> {
    let text = surroundings.listen.as_deref()?;
    let address = listen_address(text).map_err(|error| {
        let title = format!("invalid address `{text}` in --listen or SIFTWIRE_LISTEN");
        let diagnostic = Diagnostic::error_of_environment("invalid address in --listen or SIFTWIRE_LISTEN");
        diagnostics.push(diagnostic.title(title).hint(error.hint.unwrap_or(error.label)));
    });
    address.ok()
}

fn value<T>(located: Option<Located<T>>) -> Option<T> {
    located.map(|located| located.value)
}

fn check_public_url(located: Located<Url>, diagnostics: &mut Vec<Diagnostic>) -> Url {
    let mut url = located.value;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        diagnostics.push(
            Diagnostic::error(located.span, "`public_url` in [serve] has more than scheme, host and path")
                .label("remove user, query and fragment"),
        );
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url
}

/// The public URL if the config has none: the listen address as this machine reaches it.
pub fn default_public_url(listen: &ListenAddress) -> Url {
    let text = match listen {
        ListenAddress::Tcp(address) if address.ip().is_unspecified() => {
            format!("http://localhost:{}", address.port())
        }
        ListenAddress::Tcp(address) => format!("http://{address}"),
        ListenAddress::Unix(_) => "http://localhost".to_owned(),
    };
    Url::parse(&text).expect("http:// and a socket address are a valid URL")
}
