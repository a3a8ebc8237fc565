//! Sanitizes the HTML of entries: no scripts, forms or tracking pixels, no frames but video players, absolute
//! addresses. Pure.

mod base;
mod embedded;
mod embeds;
mod fast;
mod limits;
mod tags;

use std::borrow::Cow;
use std::sync::OnceLock;

use ammonia::{Builder, UrlRelative};
use url::{ParseError, Url};

pub(crate) use base::bounded_base;
pub(crate) use embeds::video_page;

use crate::entry::Entry;
use crate::text::{TextFor, html_to_text};

/// The URL schemes that are kept.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Sanitizes the entries of one document.
pub struct Sanitizer {
    base: Option<Url>,
    /// Built for the first text that needs it; most documents have none.
    ammonia: OnceLock<Builder<'static>>,
}

impl Sanitizer {
    /// Relative addresses are resolved against `base`; they are dropped if it is too long.
    pub fn new(base: &Url) -> Sanitizer {
        Sanitizer { base: bounded_base(base.clone()), ammonia: OnceLock::new() }
    }

    /// Sanitizes summary and content. A text that is empty afterwards becomes `None`.
    pub fn sanitize_entry(&self, entry: &mut Entry) {
        for html in [&mut entry.summary, &mut entry.content] {
            *html = html.take().map(|html| self.sanitize(html)).filter(|html| !html.trim().is_empty());
        }
    }

    fn sanitize(&self, html: String) -> String {
        match fast::sanitize(&html, self.base.as_ref()) {
            Some(Cow::Borrowed(_)) => html,
            Some(Cow::Owned(sanitized)) => sanitized,
            // Plain text, escaped as ammonia does it.
            None if !limits::is_within_limits(&html) => {
                htmlize::escape_text(html_to_text(&html, TextFor::Reader)).into_owned()
            }
            None => self.sanitize_with_ammonia(&html),
        }
    }

    /// The results of the fast path, where it applies, and of ammonia. For the fuzzer: they must be equal.
    #[doc(hidden)]
    pub fn fast_and_ammonia(&self, html: &str) -> Option<(String, String)> {
        let fast = fast::sanitize(html, self.base.as_ref())?.into_owned();
        limits::is_within_limits(html).then(|| (fast, self.sanitize_with_ammonia(html)))
    }

    fn sanitize_with_ammonia(&self, html: &str) -> String {
        let ammonia = self.ammonia.get_or_init(|| ammonia_rules(self.base.clone()));
        embedded::remove_unwanted(&ammonia.clean(html).to_string()).into_owned()
    }
}

/// What is kept. `fast` has the same rules.
fn ammonia_rules(base: Option<Url>) -> Builder<'static> {
    let mut rules = Builder::default();
    let cite_base = base.clone();
    rules
        // Ammonia does not take it for an address.
        .attribute_filter(move |_, name, value| match name {
            "cite" => clean_address(value, cite_base.as_ref()),
            _ => Some(value.into()),
        })
        .url_relative(base.map_or(UrlRelative::Deny, UrlRelative::RewriteWithBase))
        .url_schemes(SCHEMES.into())
        .add_tags(["audio", "video", "source", "picture", "iframe"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "controls", "poster", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("iframe", ["src", "width", "height", "title", "allowfullscreen"])
        // Needed to detect hidden images; removed afterwards.
        .add_tag_attributes("img", ["style"])
        .link_rel(None);
    rules
}

/// An address as ammonia cleans those that it knows: absolute, and with a scheme that is kept.
fn clean_address<'a>(address: &'a str, base: Option<&Url>) -> Option<Cow<'a, str>> {
    match Url::parse(address) {
        Ok(url) => SCHEMES.contains(&url.scheme()).then_some(address.into()),
        Err(ParseError::RelativeUrlWithoutBase) => Some(String::from(base?.join(address).ok()?).into()),
        Err(_) => None,
    }
}

/// Sanitizes one fragment; relative addresses are resolved against `base`.
pub(crate) fn sanitize(html: String, base: &Url) -> String {
    Sanitizer::new(base).sanitize(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        Sanitizer::new(&Url::parse("https://example.org/news/").expect("a URL")).sanitize(html.to_owned())
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
            ("<style>p{}</style><object data=x><embed src=y>b</object>", "b"),
            ("<svg onload=x()><a xlink:href=javascript:x()>c</a></svg>f", "f"),
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
                |address: &str| format!("<{tag} {attribute}=\"{address}\" lang=\"en\" title=\"t\">{end}");
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
        let others =
            "<a ping=/x>t</a><body background=/x><td background=/x><img srcset=/x longdesc=/x src=/y>";
        assert_eq!(clean(others), "<a>t</a><img src=\"https://example.org/y\">");
    }

    #[test]
    fn only_video_frames_are_kept() {
        let player = "https://www.youtube.com/embed/x?a=1&amp;b=2";
        assert_eq!(
            clean(&format!("<iframe src=\"{player}\" onload=x()><script>x()</script></iframe>t")),
            format!("<iframe src=\"{player}\"></iframe>t")
        );
        assert_eq!(
            clean("<iframe src=//player.vimeo.com/video/1 width=9></iframe>"),
            "<iframe src=\"https://player.vimeo.com/video/1\" width=\"9\"></iframe>"
        );
        for other in [
            "https://evil.example/embed/x",
            "https://www.youtube.com.evil.example/embed/",
            "https://www.youtube.com@evil.example/embed/",
            "https://www.youtube.com/redirect?q=x",
            "javascript:x()",
            "data:text/html,x",
            "",
        ] {
            assert_eq!(clean(&format!("a<iframe src=\"{other}\">b</iframe>c")), "ac", "{other}");
        }
        assert_eq!(clean("a<iframe srcdoc=x>b"), "a");
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
