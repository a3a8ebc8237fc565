//! Merges the config's files into one. Pure.

use super::raw::RawConfig;

/// Keys of a later file replace those of an earlier one; sources, topics and outputs are appended.
pub(super) fn merge(files: Vec<RawConfig>) -> RawConfig {
    let mut merged = RawConfig::default();
    for file in files {
        merged.watch = file.watch.or(merged.watch);
        merged.serve = file.serve.or(&merged.serve);
        merged.store = file.store.or(&merged.store);
        merged.poll = file.poll.or(&merged.poll);
        merged.requests = file.requests.or(&merged.requests);
        merged.publish = file.publish.or(&merged.publish);
        merged.sources.extend(file.sources);
        merged.hosts.extend(file.hosts);
        merged.topics.extend(file.topics);
        merged.outputs.extend(file.outputs);
    }
    merged
}
