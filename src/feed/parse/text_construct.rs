//! The texts of an XML feed and their kind: what the element says of itself, else what its vocabulary means. Pure.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::elements::{Namespace, Namespaces};
use super::tokenizer::{ElementText, StartTag, attribute};
use super::xml_to_html::xml_to_html;
use crate::feed::raw::{RawText, TextKind};
use crate::feed::xml_base::{BaseIndex, ResolvedBases};

/// Base64 without padding; surplus bits at its end are ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The fewest digits of a binary file: shorter words may be such digits by chance.
const MIN_BINARY: usize = 16;

/// Where a text stands in its document.
pub(super) struct TextScope<'p, 'a> {
    /// The vocabulary of its element.
    pub(super) vocabulary: Namespace,
    /// The declarations in force, with those of its element.
    pub(super) namespaces: &'p mut Namespaces<'a>,
    pub(super) bases: &'p ResolvedBases,
    pub(super) base: BaseIndex,
}

/// The text of an element. Its `type` and `mode` say what it is (RFC 4287 section 3.1, Atom 0.3, Media RSS).
pub(super) fn text_construct<'a>(
    tag: StartTag<'a>,
    content: ElementText<'a>,
    context: TextScope<'_, 'a>,
) -> RawText<'a> {
    let lower = |name| attribute(tag.attributes, name).map(|value| value.trim().to_ascii_lowercase());
    let (declared, mode) = (lower("type").unwrap_or_default(), lower("mode"));
    let raw = RawText {
        text: Cow::Borrowed(""),
        kind: declared_kind(&declared, mode.as_deref(), context.vocabulary, content.has_section),
        base: context.base,
        language: attribute(tag.attributes, "xml:lang"),
        markup: content.markup,
    };
    let is_base64 = mode.as_deref() == Some("base64")
        || (mode.is_none()
            && declared.contains('/')
            && !declared.starts_with("text/")
            && !declared.contains("xml"));
    if is_base64 && let Some(html) = decoded_html(&declared, &content.text) {
        return RawText { text: Cow::Owned(html), kind: TextKind::Html, ..raw };
    }
    let Some(markup) = content.markup else { return RawText { text: content.text, ..raw } };
    let is_xhtml = declared.contains("xhtml") || context.vocabulary == Namespace::Xhtml;
    let sections = if is_xhtml { TextKind::Text } else { raw.kind };
    let html = xml_to_html(markup, sections, context.namespaces, context.bases, context.base);
    RawText { text: Cow::Owned(html), kind: TextKind::Html, ..raw }
}

/// The kind of a text without child elements.
fn declared_kind(declared: &str, mode: Option<&str>, vocabulary: Namespace, has_section: bool) -> TextKind {
    match declared {
        "" if mode == Some("escaped") => TextKind::Unstated,
        "" => default_kind(vocabulary, has_section),
        "text" | "plain" | "text/plain" => TextKind::Text,
        "html" | "text/html" => TextKind::Html,
        _ if declared.starts_with("text/") && !declared.ends_with("ml") => TextKind::Text,
        // XHTML must have child elements, so this is a mistake for `html` or `text`.
        _ => TextKind::Unstated,
    }
}

fn default_kind(vocabulary: Namespace, has_section: bool) -> TextKind {
    match vocabulary {
        // RFC 4287 section 3.1.1; Media RSS: `type` is "plain" by default.
        Namespace::Atom | Namespace::Media => TextKind::Text,
        // Apple: HTML must be in a CDATA section.
        Namespace::Itunes if !has_section => TextKind::Text,
        Namespace::Content => TextKind::Html,
        _ => TextKind::Unstated,
    }
}

/// What base64 shows: text, a picture, or nothing if it is another file (RFC 4287 section 4.1.3.3). `None` if it is no
/// base64.
fn decoded_html(media_type: &str, base64: &str) -> Option<String> {
    let data: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let text = String::from_utf8(BASE64.decode(data.trim_end_matches('=')).ok()?);
    let is_whole = data.len() >= MIN_BINARY && data.len().is_multiple_of(4) && !base64.trim().contains(' ');
    match text {
        _ if is_whole && media_type.starts_with("image/") => {
            Some(format!("<img src=\"data:{};base64,{data}\">", htmlize::escape_attribute(media_type)))
        }
        Ok(text) => Some(text),
        Err(_) => (is_whole && media_type.contains('/')).then(String::new),
    }
}
