//! Sanitizes the HTML of entries: no scripts, forms or tracking pixels, frames only to be shown as links, absolute
//! addresses. What would be lost with them stays in another form. Pure.

mod addresses;
mod base;
mod data_image;
mod embeds;
mod fast;
mod lazy;
mod limits;
mod removed;
mod rewrite;
mod srcset;
mod tags;
mod tree;
mod visible;

use std::borrow::Cow;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use memchr::memmem;
use url::Url;

pub(crate) use base::bounded_base;
pub(crate) use embeds::{frame_kind, frame_page};
pub(crate) use limits::may_be_parsed;
pub(crate) use tree::{Element, NodeData, NodeId, Tree};
pub(crate) use visible::{hides, is_hidden_attribute};

use crate::entry::{Entry, Removed};
use crate::text::{TextFor, html_to_text};
use addresses::{Addresses, ID_PREFIX, SCHEMES, is_kept};
use rewrite::Hidden;

/// Sanitizes the entries of one document.
pub struct Sanitizer {
    /// The base of relative addresses in entries that have no page.
    site: Option<Url>,
}

impl Sanitizer {
    /// Relative addresses are resolved against the entry's page, or else against `site`; they are dropped if that is too
    /// long.
    pub fn new(site: &Url) -> Sanitizer {
        Sanitizer { site: bounded_base(site.clone()) }
    }

    /// Sanitizes summary and content, and notes what is removed. A text that is empty afterwards becomes `None`.
    pub fn sanitize_entry(&self, entry: &mut Entry) {
        let addresses = Addresses::of_entry(entry.link.as_deref(), self.site.as_ref());
        for text in [&mut entry.summary, &mut entry.content] {
            let Some(html) = text.take() else { continue };
            let (safe, removed) = sanitize(html, &addresses);
            *text = Some(safe).filter(|html| !html.trim().is_empty());
            if !removed.is_empty() {
                entry.details.get_or_insert_default().removed.add(&removed);
            }
        }
    }

    /// The results of the fast path, where it applies, and of the usual one. For the fuzzer: they must be equal.
    #[doc(hidden)]
    pub fn fast_and_usual(&self, html: &str) -> Option<(String, String)> {
        let addresses = Addresses::of_entry(None, self.site.as_ref());
        let fast = fast::sanitize(html, &addresses)?.into_owned();
        let usual = limits::is_within_limits(html).then(|| rewritten(html, &addresses, Hidden::Removed));
        usual.flatten().map(|usual| (fast, usual))
    }
}

/// Sanitizes one text of an entry with this link, whose relative addresses have their own base. Returns what was removed,
/// too.
pub(crate) fn sanitize_with_base(html: String, link: Option<&str>, base: &Url) -> (String, Removed) {
    let Addresses { page, .. } = Addresses::of_entry(link, None);
    sanitize(html, &Addresses { base: bounded_base(base.clone()), page })
}

fn sanitize(html: String, addresses: &Addresses) -> (String, Removed) {
    let safe = match fast::sanitize(&html, addresses) {
        Some(Cow::Borrowed(_)) => return (html, Removed::default()),
        Some(Cow::Owned(sanitized)) => sanitized,
        None if !limits::is_within_limits(&html) => plain_text(&html),
        // What is hidden is shown where an entry would become empty without it.
        None => [Hidden::Removed, Hidden::Kept]
            .into_iter()
            .filter_map(|hidden| rewritten(&html, addresses, hidden))
            .find(|shown| !is_blank(shown))
            .unwrap_or_else(|| plain_text(&html)),
    };
    let removed = removed::between(&html, &safe);
    (safe, removed)
}

/// Sanitizes with a tree: first so that little is lost, then by ammonia, which knows what is safe. `None` if that would
/// take too long, since texts that were apart are one.
fn rewritten(html: &str, addresses: &Addresses, hidden: Hidden) -> Option<String> {
    static RULES: LazyLock<Builder<'static>> = LazyLock::new(ammonia_rules);
    let html = rewrite::rewrite(html, addresses, hidden);
    limits::is_within_limits(&html).then(|| RULES.clean(&html).to_string())
}

/// The text alone, escaped as ammonia does it.
fn plain_text(html: &str) -> String {
    htmlize::escape_text(html_to_text(html, TextFor::Reader)).into_owned()
}

/// Whether HTML shows nothing.
fn is_blank(html: &str) -> bool {
    let has = |tag: &str| memmem::find(html.as_bytes(), tag.as_bytes()).is_some();
    !["<img", "<iframe", "<audio", "<video"].into_iter().any(has)
        && html_to_text(html, TextFor::Reader).trim().is_empty()
}

/// What is kept of rewritten HTML, in which all addresses are absolute or name a place in the text. `fast` has the same
/// rules.
fn ammonia_rules() -> Builder<'static> {
    let mut rules = Builder::default();
    rules
        .attribute_filter(|element, name, value| match (element, name) {
            // Ammonia does not take it for an address.
            (_, "cite") => is_kept(value).then_some(value.into()),
            ("img", "srcset") => srcset::is_clean(value).then_some(value.into()),
            ("img", "src") => (data_image::is_kept(value) || is_kept(value)).then_some(value.into()),
            (_, "href") if value.starts_with('#') => Some(value.into()),
            (_, "href" | "src" | "poster") => is_kept(value).then_some(value.into()),
            _ => Some(value.into()),
        })
        .url_relative(UrlRelative::PassThrough)
        .url_schemes(SCHEMES.into_iter().chain(["data"]).collect())
        .id_prefix(Some(ID_PREFIX))
        .add_generic_attributes(["dir", "id"])
        .add_tags(["audio", "video", "source", "iframe"])
        .add_tag_attributes("img", ["srcset"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "controls", "poster", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("iframe", ["src", "width", "height", "title", "allowfullscreen"])
        .link_rel(None);
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        let base = Url::parse("https://example.org/news/").ok();
        sanitize(html.to_owned(), &Addresses { base, page: None }).0
    }

    #[test]
    fn active_content_is_removed_and_text_is_kept() {
        for (html, safe) in [
            (
                "<script>x()</script><p onclick=y()>Text <a href='more'>more</a></p>",
                "<p>Text <a href=\"https://example.org/news/more\">more</a></p>",
            ),
            ("<img src=\"javascript:x()\"><form action=/x><input>Text</form>", "Text"),
            ("<a href=\"data:text/html,<script>x()</script>\">a</a>", "<a>a</a>"),
            ("<img src=data:text/html,x>a", "a"),
            ("<style>p{}</style><object data=data:,x><embed src=javascript:y()>b</object>", "b"),
            ("<svg onload=x()><a xlink:href=javascript:x()>c</a></svg>f", "cf"),
            ("<p style=\"position:fixed\">d</p>", "<p>d</p>"),
            (
                "<meta http-equiv=refresh content=0><base href=//evil.example/><a href=x>e</a>",
                "<a href=\"https://example.org/news/x\">e</a>",
            ),
        ] {
            assert_eq!(clean(html), safe, "{html}");
        }
    }

    #[test]
    fn every_address_is_cleaned() {
        // Those that are kept. A relative address becomes absolute; one with another scheme goes.
        for (tag, attribute, end) in [
            ("a", "href", "</a>"),
            ("blockquote", "cite", "</blockquote>"),
            ("del", "cite", "</del>"),
            ("ins", "cite", "</ins>"),
            ("q", "cite", "</q>"),
            ("audio", "src", "</audio>"),
            ("video", "src", "</video>"),
            ("video", "poster", "</video>"),
            ("source", "src", ""),
        ] {
            let html =
                |address: &str| format!("<{tag} {attribute}=\"{address}\" lang=\"en\" title=\"t\">{end}text");
            for (address, cleaned) in [
                ("https://other.example/&amp;", Some("https://other.example/&amp;")),
                ("mailto:a@b.example", Some("mailto:a@b.example")),
                ("x?a&b", Some("https://example.org/news/x?a&amp;b")),
                ("//other.example", Some("https://other.example/")),
                ("javascript:x()", None),
                (" java&#10;script:x()", None),
                ("data:text/html,x", None),
                ("file:///etc/passwd", None),
                ("https://[", None),
            ] {
                let safe = clean(&html(address));
                let kept =
                    safe.split_once(&format!(" {attribute}=\"")).and_then(|(_, rest)| rest.split('"').next());
                assert_eq!(kept, cleaned, "{safe}");
                assert!(safe.contains(" lang=\"en\"") && safe.contains(" title=\"t\""), "{safe}");
            }
        }
        // Those that are not.
        for attribute in [
            "action", "archive", "background", "cite", "classid", "code", "codebase", "data", "dynsrc",
            "formaction", "href", "icon", "longdesc", "lowsrc", "manifest", "ping", "poster", "profile",
            "src", "srcset", "usemap", "xlink:href", "xml:base", "imagesrcset", "itemid", "itemtype",
            "style",
        ] {
            let safe =
                clean(&format!("<p {attribute}=https://x.example/>t</p><table {attribute}=/x></table>"));
            assert_eq!(safe, "<p>t</p><table></table>", "{attribute}");
        }
        let others = "<a ping=/x>t</a><body background=/x><td background=/x><img longdesc=/x src=/y>";
        assert_eq!(clean(others), "<a>t</a><img src=\"https://example.org/y\">");
    }

    #[test]
    fn frames_without_an_address_of_the_web_are_removed() {
        let player = "https://www.youtube.com/embed/x?a=1&amp;b=2";
        assert_eq!(
            clean(&format!("<iframe src=\"{player}\" onload=x()><script>x()</script></iframe>t")),
            format!("<iframe src=\"{player}\"></iframe>t")
        );
        for other in ["javascript:x()", "data:text/html,x", "mailto:a@b.example", "about:blank", "https://["]
        {
            assert_eq!(clean(&format!("a<iframe src=\"{other}\">b</iframe>c")), "ac", "{other}");
        }
        assert_eq!(clean("a<iframe srcdoc='x<script>y()</script>'>b"), "ax");
    }

    #[test]
    fn tracking_pixels_are_removed_and_images_are_kept() {
        for pixel in [
            "<img src=\"https://x.example/p.gif\" width=1 height=\"1\">",
            "<img src=/p width=0 height=0>",
            "<img src=/p style='Display: none'>",
            "<img src=/p style='width:1px;height:1px'>",
            "<img src=\"http://feeds.feedburner.com/~r/news/~4/x\">",
            "<img src=https://pixel.wp.com/b.gif?v=noscript>",
            "<img alt=x>",
        ] {
            assert_eq!(clean(&format!("a{pixel}b")), "ab", "{pixel}");
        }
        assert_eq!(
            clean("<img src=/i.png width=10 style=\"color:red\" alt='a > b'>"),
            "<img src=\"https://example.org/i.png\" width=\"10\" alt=\"a &gt; b\">"
        );
        assert_eq!(clean("a &lt;img&gt; b"), "a &lt;img&gt; b");
    }

    #[test]
    fn markup_over_the_limits_becomes_text() {
        let open: String = (0..2000).map(|i| format!("<b id={i}>")).collect();
        let deep = "<div>".repeat(100_000);
        let attributes: String = (0..20_000).map(|i| format!(" a{i}")).collect();
        let quoted: String = (0..20_000).map(|i| format!("/b{i}")).collect();
        let fostered = format!("<table>{}", "<br>".repeat(100_000));
        let misnested: String = (0..2000).map(|i| format!("<b id={i}><table></b></table>")).collect();
        for hostile in [
            format!("{open}{}", "<p>x".repeat(20_000)),
            format!("{deep}x"),
            misnested,
            format!("<p{attributes}>x"),
            format!("<p a==\" {quoted}>x"),
            format!("<p =\" {quoted}>x"),
            fostered,
            "<p a=\"".repeat(20_000),
            format!("<p>{}", "&".repeat(200_000)),
            format!("<p>{}", "\u{a0}".repeat(200_000)),
            format!("<p>{}", "\u{ab}</x>".repeat(100_000)),
            format!("<table>{}", "\u{ad}<tr>".repeat(20_000)),
            // End tags in comments and quotes close nothing.
            "<div><!--</div>-->".repeat(2000),
            "<div a='</div>'>".repeat(2000),
            "<div></p a='</div>'>".repeat(2000),
            "<div><?</div>".repeat(2000),
            "<div></ </div>".repeat(2000),
            "<div></div-a>".repeat(2000),
            "<div><textarea></textarea-></div></textarea>".repeat(2000),
            format!("<svg>{}", "<g><![CDATA[> </g>]]>".repeat(2000)),
            format!("<svg>{}", "<td>".repeat(2000)),
            format!("<math>{}", "<input>".repeat(2000)),
        ] {
            let safe = clean(&hostile);
            assert!(!safe.contains('<') && safe.len() <= 5 * hostile.len(), "{}", safe.len());
        }
        let long = "<p>One <b>two</b> <a href=x>three</a><br></p><ul><li>four<li>five</ul>".repeat(3000);
        assert!(clean(&long).contains("<b>two</b>"), "a long article is within the limits");
        let spaced =
            format!("<div>{}", "<p>\u{ab}One&nbsp;two\u{bb} \u{2013} three &amp; four<br>five".repeat(9000));
        assert!(clean(&spaced).contains("<p>"), "a long article of no-break spaces is within the limits");
        let with_svg =
            format!("<svg viewBox='0 0 1 1'><path d='M0'/></svg>{}", "<p>a<br><img src=x></p>".repeat(3000));
        assert!(clean(&with_svg).contains("<br>"), "a long article with an image is within the limits");
    }
}
