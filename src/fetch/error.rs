//! Errors of the HTTP client as failures of a source. Pure.

use std::error::Error as _;

use super::address::AddressRefused;
use super::certificates;
use crate::source::Failure;

/// Maximum characters of an error message.
const MESSAGE_CHARS: usize = 200;

/// Whether the connection was closed before the answer began.
pub(super) fn is_closed_unanswered(error: &reqwest::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    if error.is_connect() || error.is_timeout() {
        return false;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        let kind = inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let is_closed = kind.is_some_and(|kind| {
            matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        });
        if is_closed || inner.to_string().contains("connection closed before message completed") {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// The TLS error in a cause. What an `io::Error` wraps is not its source.
fn tls_error<'a>(mut cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    loop {
        match cause.downcast_ref::<std::io::Error>() {
            Some(wrapper) => cause = wrapper.get_ref()?,
            None => return cause.downcast_ref(),
        }
    }
}

/// Classifies an error by its chain of causes. The client has no types for most of them, so their text decides.
pub(super) fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return if error.is_connect() {
            Failure::Unreachable("nothing answers at the address".to_owned())
        } else {
            Failure::Timeout
        };
    }
    let mut causes = vec![];
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<AddressRefused>() {
            return Failure::RefusedAddress(refused.0.clone());
        }
        if let Some(error) = tls_error(inner) {
            return Failure::Tls(certificates::words(error));
        }
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let root: String = causes.last().map_or("broken", String::as_str).chars().take(MESSAGE_CHARS).collect();
    let mentions = |texts: &[&str]| causes.iter().any(|cause| texts.iter().any(|text| cause.contains(text)));
    if mentions(&["dns error", "lookup address"]) {
        Failure::Dns(root)
    } else if mentions(&["certificate", "TLS", "HandshakeFailure"]) {
        Failure::Tls(root)
    } else if mentions(&["socks proxy"]) {
        Failure::Unreachable(format!("the SOCKS proxy: {root}"))
    } else if mentions(&["tls handshake eof"]) {
        let words = "the host closes it before TLS begins, perhaps only to this network";
        Failure::Connection(words.to_owned())
    } else if let Some(part) =
        root.strip_suffix(" parsed").or(Some(root.as_str()).filter(|root| root.starts_with("Invalid chunk")))
    {
        Failure::Connection(format!("the server's answer is not HTTP as RFC 9112 has it: {part}"))
    } else if error.is_connect() {
        Failure::Unreachable(root)
    } else {
        Failure::Connection(root)
    }
}
