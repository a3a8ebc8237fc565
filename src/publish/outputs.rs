//! The outputs of one config, compiled for evaluation. Pure.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use url::Url;

use super::document;
use super::format::Format;
use super::output::{Output, OutputAccess, Site};
use super::readback::Findings;
use super::staleness::Staleness;
use crate::entry::hex;
use crate::filter::{Matcher, Query};
use crate::store::{OutputId, StoredOutput};

/// The outputs of one config, compiled, with the store's ids.
pub struct Outputs {
    pub(super) site: Site,
    pub(super) outputs: Vec<CompiledOutput>,
    /// Outputs that are served as they are stored, since the config does not say how to go on.
    pub(super) frozen: Vec<StoredOutput>,
    /// Whether another config says which outputs there are.
    makes_none: bool,
    /// The queries of all outputs, in the same order.
    pub(super) matcher: Matcher,
    pub(super) first_poll_limits: FirstPollLimits,
    pub(super) staleness: Staleness,
    pub(super) findings: Findings,
}

/// How many entries of a source's first poll may enter an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstPollLimits {
    /// By name, of the configured sources.
    pub by_source: BTreeMap<String, usize>,
    /// Of sources that have left the config.
    pub others: usize,
}

impl FirstPollLimits {
    pub(super) fn of(&self, source: &str) -> usize {
        self.by_source.get(source).copied().unwrap_or(self.others)
    }
}

/// An output with its id and the hash of its definition.
pub(super) struct CompiledOutput {
    pub(super) id: OutputId,
    pub(super) since: Timestamp,
    pub(super) feed_id: String,
    pub(super) definition: String,
    pub(super) output: Output,
}

impl CompiledOutput {
    pub(super) fn is_public(&self) -> bool {
        self.output.access == OutputAccess::Public
    }
}

/// What a WebSub hub is sent after an output changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubUpdate {
    /// The output's name.
    pub output: String,
    /// The hub.
    pub hub: Url,
    /// The addresses of the output's feeds.
    pub feeds: Vec<String>,
}

impl Outputs {
    /// The base address of the published feeds.
    pub fn public_url(&self) -> &Url {
        &self.site.public_url
    }

    /// Joins the configured outputs with those in the store; one that the store does not have is left out.
    #[must_use]
    pub fn new(
        site: Site,
        outputs: Vec<Output>,
        stored: &[StoredOutput],
        first_poll_limits: FirstPollLimits,
    ) -> Outputs {
        let joined: Vec<_> = outputs
            .into_iter()
            .filter_map(|mut output| {
                let stored = StoredOutput::find(stored, &output.name, &output.was)?;
                // So the latest edit has said, which may be another one.
                if stored.private {
                    output.access = OutputAccess::Private;
                }
                Some((stored, output))
            })
            .collect();
        let match_all = Query::match_all();
        let matcher =
            Matcher::new(joined.iter().map(|(_, output)| output.filter.as_ref().unwrap_or(&match_all)));
        let outputs = joined
            .into_iter()
            .enumerate()
            .map(|(number, (stored, output))| {
                let definition = definition(&output, &matcher.digest(number), &first_poll_limits.by_source);
                let feed_id = document::feed_id(&stored.key, stored.since);
                CompiledOutput { id: stored.id, since: stored.since, feed_id, definition, output }
            })
            .collect();
        Outputs {
            site,
            outputs,
            frozen: Vec::new(),
            makes_none: false,
            matcher,
            first_poll_limits,
            staleness: Staleness::default(),
            findings: Findings::default(),
        }
    }

    /// Name and title of each output.
    pub fn names_and_titles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outputs.iter().map(|one| (one.output.name.as_str(), one.output.title.as_str()))
    }

    /// The title of each output, and how many entries its feed has.
    #[must_use]
    pub fn shown_entries(&self) -> Vec<(String, usize)> {
        let entries = |id| self.staleness.published(id).map_or(0, |published| published.entries);
        self.outputs.iter().map(|one| (one.output.title.clone(), entries(one.id))).collect()
    }

    /// Only outputs that are served as they are stored.
    #[must_use]
    pub fn frozen(site: Site, stored: Vec<StoredOutput>) -> Outputs {
        let none = Outputs::new(site, Vec::new(), &[], FirstPollLimits::default());
        Outputs { makes_none: true, ..none.with_frozen(stored) }
    }

    /// These, and the other ones of the store as they are stored.
    #[must_use]
    pub fn with_frozen(mut self, stored: Vec<StoredOutput>) -> Outputs {
        let is_other = |stored: &StoredOutput| stored.removed.is_none() && self.by_id(stored.id).is_none();
        self.frozen = stored.into_iter().filter(is_other).collect();
        self
    }

    /// Whether another config says which outputs there are, and makes them.
    #[must_use]
    pub fn makes_none(&self) -> bool {
        self.makes_none
    }

    /// How many published documents feed-rs has read otherwise than our reader.
    #[must_use]
    pub fn disagreements(&self) -> u64 {
        self.findings.disagreements()
    }

    /// Which entries are left out of documents, since no reader could read them there, as messages.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        self.findings.left_out()
    }

    /// Whether the config has a source of this name.
    pub(super) fn has_source(&self, name: &str) -> bool {
        self.first_poll_limits.by_source.contains_key(name)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&CompiledOutput> {
        self.outputs.iter().find(|compiled| compiled.output.name == name)
    }

    /// The output that has, or had, a name.
    pub(super) fn by_any_name(&self, name: &str) -> Option<&CompiledOutput> {
        let has_had = |compiled: &&CompiledOutput| compiled.output.was.iter().any(|former| former == name);
        self.by_name(name).or_else(|| self.outputs.iter().find(has_had))
    }

    pub(super) fn by_id(&self, id: OutputId) -> Option<&CompiledOutput> {
        self.outputs.iter().find(|compiled| compiled.id == id)
    }

    /// Those that everybody can read.
    pub(super) fn public(&self) -> impl Iterator<Item = &CompiledOutput> {
        self.outputs.iter().filter(|compiled| compiled.is_public())
    }

    /// The names of private outputs, also the former ones.
    #[must_use]
    pub fn private_names(&self) -> HashSet<String> {
        let private = self.outputs.iter().filter(|compiled| !compiled.is_public());
        let names = private.flat_map(|one| one.output.was.iter().chain([&one.output.name]));
        let frozen = self.frozen.iter().filter(|frozen| frozen.private).map(|frozen| &frozen.name);
        names.chain(frozen).cloned().collect()
    }

    /// Whether there are sources that not everybody may see. An output that is frozen does not say from which it is.
    #[must_use]
    pub fn hides_sources(&self) -> bool {
        let has_private = self.outputs.iter().any(|compiled| !compiled.is_public())
            || self.frozen.iter().any(|frozen| frozen.private);
        has_private && self.public().all(|compiled| compiled.output.sources.is_some())
    }

    /// Whether everybody may see this source: not if some are hidden and no public output draws on it.
    #[must_use]
    pub fn shows_source(&self, name: &str) -> bool {
        !self.hides_sources() || self.public().any(|compiled| compiled.output.draws_on(name))
    }

    /// What to send to the hub of an output; `None` if the hub or the output is no longer configured, or has none.
    #[must_use]
    pub fn hub_update(&self, output: OutputId) -> Option<HubUpdate> {
        let output = &self.by_id(output)?.output;
        let address = |format| self.site.feed_address(&output.name, format);
        Some(HubUpdate {
            output: output.name.clone(),
            hub: self.site.hub_of(output)?.clone(),
            feeds: Format::feeds().map(address).collect(),
        })
    }
}

/// Hash of what decides an output's members. When it changes, evaluation starts again at revision 0.
fn definition(output: &Output, query: &[u8], first_poll_limits: &BTreeMap<String, usize>) -> String {
    let mut limits: Vec<_> = first_poll_limits
        .iter()
        .filter(|(name, _)| output.draws_on(name))
        .map(|(name, limit)| {
            output.sources.as_ref().map_or_else(|| limit.to_string(), |_| format!("{name} {limit}"))
        })
        .collect();
    limits.sort();
    limits.dedup();
    let text = format!("{} {:?} {limits:?} {:?}", hex(query), output.sources, output.stories);
    hex(&Sha256::digest(text))
}
