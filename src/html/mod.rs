//! HTML made safe for readers: no scripts, no forms, no frames but films, no tracking pixels, addresses
//! absolute. Pure.

mod base;
mod fast;
mod limits;
mod tags;
mod trackers;

use std::borrow::Cow;
use std::sync::OnceLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

pub(crate) use base::bounded_base;

use crate::entry::Entry;

/// The kinds of addresses that may stay.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Cleans the texts of one document's entries.
pub struct Sanitizer {
    base: Option<Url>,
    /// Made for the first text that needs them: few do.
    rules: OnceLock<Builder<'static>>,
}

impl Sanitizer {
    /// Relative addresses are resolved against `base`; where it is too long to be repeated, they go.
    pub fn new(base: &Url) -> Sanitizer {
        Sanitizer { base: bounded_base(base.clone()), rules: OnceLock::new() }
    }

    /// Makes summary and content safe; what is empty afterwards is none.
    pub fn sanitize_entry(&self, entry: &mut Entry) {
        for html in [&mut entry.summary, &mut entry.content] {
            *html = html.take().map(|html| self.clean(html)).filter(|html| !html.trim().is_empty());
        }
    }

    fn clean(&self, html: String) -> String {
        match fast::cleaned(&html, self.base.as_ref()) {
            Some(Cow::Borrowed(_)) => html,
            Some(Cow::Owned(cleaned)) => cleaned,
            // Without a tag nothing could do harm, but the tree's own form of references is kept.
            None if !limits::is_bearable(&html) => htmlize::escape_text(tags::without(&html)).into_owned(),
            None => self.cleaned_by_tree(&html),
        }
    }

    fn cleaned_by_tree(&self, html: &str) -> String {
        let rules = self.rules.get_or_init(|| rules(self.base.clone()));
        trackers::without(&rules.clean(html).to_string()).into_owned()
    }
}

/// What may stay. The straight way keeps to the same.
fn rules(base: Option<Url>) -> Builder<'static> {
    let mut rules = Builder::default();
    rules
        .url_relative(base.map_or(UrlRelative::Deny, UrlRelative::RewriteWithBase))
        .url_schemes(SCHEMES.into())
        .add_tags(["audio", "video", "source", "picture", "iframe"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "controls", "poster", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("iframe", ["src", "width", "height", "title", "allowfullscreen"])
        // Only so that a hidden picture is known for one: it goes afterwards.
        .add_tag_attributes("img", ["style"])
        .link_rel(None);
    rules
}

/// A fragment whose relative addresses are made absolute.
pub(crate) fn sanitize(html: String, base: &Url) -> String {
    Sanitizer::new(base).clean(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        Sanitizer::new(&Url::parse("https://example.org/news/").expect("an address")).clean(html.to_owned())
    }

    #[test]
    fn what_could_do_harm_goes_and_the_text_stays() {
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
    fn frames_of_films_stay_and_no_others() {
        let film = "https://www.youtube.com/embed/x?a=1&amp;b=2";
        assert_eq!(
            clean(&format!("<iframe src=\"{film}\" onload=x()><script>x()</script></iframe>t")),
            format!("<iframe src=\"{film}\"></iframe>t")
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
    fn pictures_that_only_count_go_and_others_stay() {
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
    fn markup_that_would_grow_beyond_all_bounds_becomes_text() {
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
            "&".repeat(200_000),
            // Ends that are none leave open what they seem to close.
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
        assert!(clean(&long).contains("<b>two</b>"), "a long article is no attack");
        let drawn =
            format!("<svg viewBox='0 0 1 1'><path d='M0'/></svg>{}", "<p>a<br><img src=x></p>".repeat(3000));
        assert!(clean(&drawn).contains("<br>"), "a picture in it makes it none");
    }
}
