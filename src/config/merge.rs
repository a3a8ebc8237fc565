//! Merges the config's files into one. Pure.

use super::raw::{RawConfig, RawPoll};

/// Keys of a later file replace those of an earlier one; sources, topics and outputs are appended.
pub(super) fn merge(files: Vec<RawConfig>) -> RawConfig {
    let mut merged = RawConfig::default();
    for file in files {
        merged.watch = file.watch.or(merged.watch);
        merged.listen = file.listen.or(merged.listen);
        merged.public_url = file.public_url.or(merged.public_url);
        merged.max_age = file.max_age.or(merged.max_age);
        merged.source_metrics = file.source_metrics.or(merged.source_metrics);
        merged.token = file.token.or(merged.token);
        merged.path = file.path.or(merged.path);
        merged.database = file.database.or(merged.database);
        merged.database_password = file.database_password.or(merged.database_password);
        merged.root_certificate = file.root_certificate.or(merged.root_certificate);
        merged.keep = file.keep.or(merged.keep);
        merged.concurrency = file.concurrency.or(merged.concurrency);
        merged.per_host = file.per_host.or(merged.per_host);
        merged.contact = file.contact.or(merged.contact);
        merged.allow = file.allow.or(merged.allow);
        merged.hub = file.hub.or(merged.hub);
        merged.clean_links = file.clean_links.or(merged.clean_links);
        merged.ids = file.ids.or(merged.ids);
        merged.author = file.author.or(merged.author);
        merged.poll = with_defaults(file.poll, &merged.poll);
        merged.sources.extend(file.sources);
        merged.hosts.extend(file.hosts);
        merged.topics.extend(file.topics);
        merged.outputs.extend(file.outputs);
    }
    merged
}

/// `poll`, with the keys that it does not set taken from `defaults`.
pub(super) fn with_defaults(poll: RawPoll, defaults: &RawPoll) -> RawPoll {
    RawPoll {
        every: poll.every.or_else(|| defaults.every.clone()),
        at_most: poll.at_most.or_else(|| defaults.at_most.clone()),
        timeout: poll.timeout.or_else(|| defaults.timeout.clone()),
        max_body: poll.max_body.or_else(|| defaults.max_body.clone()),
        adaptive: poll.adaptive.or_else(|| defaults.adaptive.clone()),
        ignore_hints: poll.ignore_hints.or_else(|| defaults.ignore_hints.clone()),
        first_poll: poll.first_poll.or_else(|| defaults.first_poll.clone()),
        full_text: poll.full_text.or_else(|| defaults.full_text.clone()),
        article_limit: poll.article_limit.or_else(|| defaults.article_limit.clone()),
        user_agent: poll.user_agent.or_else(|| defaults.user_agent.clone()),
        proxy: poll.proxy.or_else(|| defaults.proxy.clone()),
        headers: poll.headers.or_else(|| defaults.headers.clone()),
    }
}
