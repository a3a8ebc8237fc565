//! The bytes of a page as text. Pure.

use std::borrow::Cow;

use super::{MAX_BYTES, NoArticle, WebPage};
use crate::feed::decode as feed_decode;

/// A page declares its encoding at its start.
const MAX_DECLARATION_BYTES: usize = 4096;

/// The text of a page; only its start, if it is very long.
pub(super) fn decode<'a>(page: &WebPage<'a>) -> Result<Cow<'a, str>, NoArticle> {
    let is_html = page.content_type.is_none_or(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.trim().is_empty() || kind.contains("html") || kind.contains("octet-stream")
    });
    let bytes = &page.bytes[..page.bytes.len().min(MAX_BYTES)];
    let declared;
    let content_type = match page.content_type.filter(|kind| is_decisive(kind)) {
        Some(kind) => Some(kind),
        None => {
            declared = declared_charset(bytes).map(|charset| format!("text/html; charset={charset}"));
            declared.as_deref().or(page.content_type)
        }
    };
    let text = feed_decode::decode(bytes, content_type).text;
    if is_html && text.contains('<') { Ok(text) } else { Err(NoArticle::NotHtml) }
}

/// Whether the header names an encoding. Servers add ISO-8859-1 to everything: the page knows better.
fn is_decisive(content_type: &str) -> bool {
    let kind = content_type.to_ascii_lowercase();
    kind.contains("charset=") && !kind.contains("8859-1") && !kind.contains("windows-1252")
}

/// The charset of a page's `meta`.
fn declared_charset(bytes: &[u8]) -> Option<String> {
    let start =
        String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_DECLARATION_BYTES)]).to_ascii_lowercase();
    start.split("<meta").skip(1).find_map(|tag| {
        let (_, value) = tag.split('>').next()?.split_once("charset")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let label: String =
            value.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c)).collect();
        (!label.is_empty()).then_some(label)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn decoded(bytes: &[u8], content_type: Option<&str>) -> Result<String, NoArticle> {
        let url = Url::parse("https://news.example/").expect("a URL");
        decode(&WebPage { bytes, content_type, url: &url }).map(Cow::into_owned)
    }

    #[test]
    fn a_page_is_decoded_by_what_is_known_of_it() {
        let russian = encoding_rs::WINDOWS_1251.encode("Россия и Армения").0;
        let page = |head: &str| [head.as_bytes(), &russian].concat();
        for (head, content_type) in [
            ("<meta charset=windows-1251>", Some("text/html")),
            ("<meta charset='CP1251' />", None),
            (
                "<META http-equiv=Content-Type content=\"text/html; charset=Windows-1251\">",
                Some("text/html; charset=ISO-8859-1"),
            ),
            ("<p>", Some("text/html; charset=windows-1251")),
            ("<meta charset=utf-8>", Some("text/html; charset=windows-1251")),
        ] {
            let text = decoded(&page(head), content_type).expect(head);
            assert!(text.contains("Россия и Армения"), "{head} {text}");
        }
        let utf8 = decoded("<meta charset=windows-1251><p>Россия".as_bytes(), Some("text/html"));
        assert!(utf8.expect("UTF-8").contains("Россия"), "the bytes are UTF-8, whatever is declared");
        let marked = decoded("\u{feff}<p>é".as_bytes(), Some("text/html; charset=windows-1251"));
        assert_eq!(marked.as_deref(), Ok("<p>é"));
    }

    #[test]
    fn other_documents_are_no_pages() {
        for (bytes, content_type) in [
            (&b"%PDF-1.7 <x>"[..], Some("application/pdf")),
            (b"{\"a\": 1}", Some("application/json")),
            (b"<rss></rss>", Some("application/rss+xml")),
            (b"just text", Some("text/html")),
            (b"", None),
        ] {
            assert_eq!(decoded(bytes, content_type), Err(NoArticle::NotHtml));
        }
    }
}
