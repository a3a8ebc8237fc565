//! How a site is visited by what `[poll]` or a source says. Pure.

use std::time::Duration;

use super::file::Manner;
use crate::source::{Access, Proxy, Secret};

/// What is visited so; whose it is, and whether it may be private, is for the caller to say.
pub(super) fn access(manner: &Manner, headers: Vec<(String, Secret)>) -> Access {
    Access {
        timeout: manner.timeout.as_ref().map_or(Duration::from_secs(30), |found| found.value),
        max_body: manner.max_body.as_ref().map_or(10_000_000, |found| found.value),
        user_agent: manner.user_agent.as_ref().map(|found| found.value.clone()),
        headers,
        authorization: None,
        proxy: manner.proxy.as_ref().map(|found| Proxy(found.value.clone())),
        allow_private: false,
    }
}
