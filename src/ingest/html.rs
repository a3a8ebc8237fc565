//! HTML made safe for readers: no scripts, no forms, addresses absolute. Pure.

use ammonia::{Builder, UrlRelative};
use url::Url;

use crate::entry::Entry;

/// Cleans the texts of one document's entries.
pub(super) struct Cleaner {
    rules: Builder<'static>,
}

impl Cleaner {
    /// Relative addresses are resolved against `base`.
    pub(super) fn new(base: &Url) -> Cleaner {
        let mut rules = Builder::default();
        rules
            .url_relative(UrlRelative::RewriteWithBase(base.clone()))
            .url_schemes(["http", "https", "mailto", "tel"].into())
            .add_tags(["audio", "video", "source", "picture"])
            .add_tag_attributes("audio", ["src", "controls"])
            .add_tag_attributes("video", ["src", "controls", "poster", "width", "height"])
            .add_tag_attributes("source", ["src", "type"])
            .link_rel(None);
        Cleaner { rules }
    }

    /// Makes summary and content safe; what is empty afterwards is none.
    pub(super) fn make_safe(&self, entry: &mut Entry) {
        for html in [&mut entry.summary, &mut entry.content] {
            *html = html
                .take()
                .map(|html| self.rules.clean(&html).to_string())
                .filter(|html| !html.trim().is_empty());
        }
    }
}

/// A fragment whose relative addresses are made absolute.
pub(super) fn rebased(html: String, base: &Url) -> String {
    let cleaner = Cleaner::new(base);
    cleaner.rules.clean(&html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_do_harm_goes_and_the_text_stays() {
        let base = Url::parse("https://example.org/news/").expect("an address");
        let mut entry = Entry {
            summary: Some(
                "<script>x()</script><p onclick=y()>Text <a href='more'>more</a></p><iframe src=/z>".into(),
            ),
            content: Some("<img src=\"javascript:x()\"><form><input></form>".into()),
            ..Entry::default()
        };
        Cleaner::new(&base).make_safe(&mut entry);
        assert_eq!(
            entry.summary.as_deref(),
            Some("<p>Text <a href=\"https://example.org/news/more\">more</a></p>")
        );
        assert_eq!(entry.content.as_deref(), Some("<img>"));
    }
}
