//! Checks `[serve] token`, and whether anybody can read private outputs. Reads the token's file through `secret`.

use super::diagnostic::Diagnostic;
use super::locate::Surroundings;
use super::raw::RawOutput;
use super::secret;
use super::toml_reader::Located;
use super::values::SecretSource;
use crate::serve::{AccessToken, ListenAddress};
use crate::source::Secret;

/// A shorter token could be guessed.
const MIN_TOKEN_CHARS: usize = 16;

/// What to do without a token.
const REMEDY: &str = "`siftwire token --output siftwire.token` makes one; then `token = { file = \"siftwire.token\" }` in [serve]";

/// The token; `None` if there is none, or none that can be used.
pub(super) fn check(
    token: Option<&Located<SecretSource>>,
    directories: &Surroundings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<AccessToken> {
    let located = token?;
    let Secret(secret) = secret::read_or_report(located, directories, diagnostics)?;
    // Readers put it into an address or a header.
    let problem = if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        "a token has only visible ASCII characters and no spaces"
    } else if secret.len() < MIN_TOKEN_CHARS {
        "it is shorter than 16 characters and could be guessed"
    } else {
        return Some(AccessToken::new(&secret));
    };
    let diagnostic = Diagnostic::error(located.span.clone(), "`token` in [serve] is not usable");
    diagnostics.push(diagnostic.label(problem).hint("`siftwire token` makes a new one"));
    None
}

/// Warns of private outputs that nobody can read over HTTP.
pub(super) fn warn_of_unreadable_outputs(
    outputs: &[RawOutput],
    listen: &ListenAddress,
    token: Option<&Located<SecretSource>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if token.is_some() || listen.is_local() {
        return;
    }
    let private = outputs.iter().filter_map(|output| Some((output, output.private.as_ref()?)));
    for (output, key) in private.filter(|(_, key)| key.value) {
        let name = output.name.as_ref().map_or("", |name| &name.value);
        diagnostics.push(
            Diagnostic::warning(key.span.clone(), "nobody can read a private output")
                .title(format!("nobody can read the private output `{name}`"))
                .label("there is no `token`, and `listen` is not an address of this machine alone")
                .hint(REMEDY),
        );
    }
}
