//! Writes XML markup as HTML. XML has empty elements of any name, CDATA sections, prefixes and bases; HTML has not. Pure.

use std::borrow::Cow;
use std::rc::Rc;

use url::Url;

use super::elements::{Namespace, Namespaces};
use super::tokenizer::{StartTag, Tokenizer, XmlToken, attribute, attributes};
use crate::feed::markup::is_markup;
use crate::feed::raw::TextKind;
use crate::feed::references::join_surrogates;
use crate::feed::xml_base::{BaseIndex, ResolvedBases};

/// Elements without end tag in HTML.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// Elements of text, of which HTML looks for the end tag only.
const TEXT_ONLY: [&str; 3] = ["script", "style", "title"];

/// Elements whose child elements would be text in HTML.
const RAW_TEXT: [&str; 5] = ["noembed", "noframes", "plaintext", "textarea", "xmp"];

/// Attributes that are addresses.
const ADDRESSES: [&str; 6] = ["cite", "data", "href", "longdesc", "poster", "src"];

/// The markup within an element as HTML. Where XML and HTML agree, it is copied, so broken markup stays as it is.
///
/// `sections` is the kind of CDATA sections that are not in an element of the markup: some feeds write HTML in a section
/// and XML behind it. Addresses are resolved where the markup has its own `xml:base`; `base` is the one outside.
pub(super) fn xml_to_html<'a>(
    markup: &'a str,
    sections: TextKind,
    namespaces: &mut Namespaces<'a>,
    bases: &ResolvedBases,
    base: BaseIndex,
) -> String {
    let outside = namespaces.len();
    let mut tokens = Tokenizer::new(markup);
    let mut writer = HtmlWriter {
        html: String::with_capacity(markup.len()),
        namespaces,
        bases,
        base,
        scopes: Vec::new(),
        depth: 0,
        first_prefix: None,
    };
    while let Some(token) = tokens.next() {
        match token {
            XmlToken::Start(tag) => writer.start(tag, &mut tokens),
            XmlToken::End { name } => writer.end(name),
            XmlToken::Text(text) => writer.html.push_str(&join_surrogates(text)),
            XmlToken::Cdata(text) => writer.section(text, sections),
        }
    }
    let html = writer.html;
    namespaces.truncate(outside);
    html
}

struct HtmlWriter<'p, 'a> {
    html: String,
    namespaces: &'p mut Namespaces<'a>,
    bases: &'p ResolvedBases,
    base: BaseIndex,
    /// The open elements with namespace declarations or a base.
    scopes: Vec<XmlScope<'a>>,
    /// Open elements, if the markup is well-formed.
    depth: usize,
    /// The prefix of the first element. Without a declaration, it means HTML.
    first_prefix: Option<&'a str>,
}

struct XmlScope<'a> {
    name: &'a str,
    /// Open elements of this name, itself included.
    open: usize,
    /// The namespace declarations outside.
    declared: usize,
    base: Option<Rc<Url>>,
}

impl<'a> HtmlWriter<'_, 'a> {
    fn start(&mut self, tag: StartTag<'a>, tokens: &mut Tokenizer<'a>) {
        let declared = self.namespaces.len();
        let mut base = self.scopes.last().and_then(|scope| scope.base.clone());
        let mut has_own_base = false;
        if tag.attributes.contains("xml") {
            self.namespaces.declare(tag);
            if let Some(value) = attribute(tag.attributes, "xml:base") {
                let outer = base.as_deref().or(self.bases.get_or_document(self.base));
                let own = self.bases.resolve(&value, outer);
                (base, has_own_base) = (own.map(Rc::new).or(base), true);
            }
        }
        let name = self.html_name(tag.name);
        if is_one_of(name, &TEXT_ONLY) && !self.is_graphics(tag.name) {
            let content = tokens.element_text(tag).text;
            if !content.trim().is_empty() {
                self.write_tag(name, tag, base.as_deref());
                self.html.push_str(&htmlize::escape_text(content));
                self.write_end(name);
            }
            return self.namespaces.truncate(declared);
        }
        if !is_one_of(name, &RAW_TEXT) {
            self.write_tag(name, tag, base.as_deref());
        }
        if is_one_of(name, &["iframe"]) {
            tokens.skip_element(tag);
            self.html.push_str("</iframe>");
            return self.namespaces.truncate(declared);
        }
        if tag.empty {
            self.namespaces.truncate(declared);
            return self.write_end(name);
        }
        self.depth += usize::from(!is_one_of(name, &VOID));
        if self.namespaces.len() > declared || has_own_base {
            self.scopes.push(XmlScope { name: tag.name, open: 1, declared, base });
        } else if let Some(scope) = self.scopes.last_mut().filter(|scope| scope.name == tag.name) {
            scope.open += 1;
        }
    }

    fn end(&mut self, written: &'a str) {
        let name = self.html_name(written);
        self.write_end(name);
        self.depth = self.depth.saturating_sub(1);
        if let Some(scope) = self.scopes.last_mut().filter(|scope| scope.name == written) {
            scope.open -= 1;
            if scope.open == 0 {
                self.namespaces.truncate(scope.declared);
                self.scopes.pop();
            }
        }
    }

    fn write_end(&mut self, name: &str) {
        if !is_one_of(name, &VOID) && !is_one_of(name, &RAW_TEXT) {
            self.html.extend(["</", name, ">"]);
        }
    }

    /// XML 1.0 section 2.7: characters, no markup.
    fn section(&mut self, text: &str, sections: TextKind) {
        let is_html = self.depth == 0
            && match sections {
                TextKind::Text => false,
                TextKind::Html => true,
                TextKind::Unstated => is_markup(text),
            };
        self.html.push_str(&if is_html { text.into() } else { htmlize::escape_text(text) });
    }

    fn write_tag(&mut self, name: &str, tag: StartTag<'_>, base: Option<&Url>) {
        self.html.extend(["<", name]);
        if base.is_none() && !tag.attributes.contains("xml:") {
            self.html.push_str(&join_surrogates(tag.attributes));
        } else {
            for (name, value) in attributes(tag.attributes) {
                let (name, value) = match (name, base) {
                    ("xml:base", _) => continue,
                    ("xml:lang", _) => ("lang", value),
                    ("srcset", Some(base)) => (name, resolved_candidates(&value, base).into()),
                    (_, Some(base)) if ADDRESSES.contains(&name) => (name, resolved(&value, base)),
                    _ => (name, value),
                };
                self.html.extend([" ", name, "=\"", &htmlize::escape_attribute(value), "\""]);
            }
        }
        // HTML ignores the slash of an element without end tag.
        self.html.push_str(if tag.empty && is_one_of(name, &VOID) { "/>" } else { ">" });
    }

    /// The name of an element in HTML: without a prefix that means HTML, SVG or MathML.
    fn html_name(&mut self, name: &'a str) -> &'a str {
        let Some((prefix, local)) = name.split_once(':') else {
            self.first_prefix.get_or_insert("");
            return name;
        };
        let is_first = *self.first_prefix.get_or_insert(prefix) == prefix;
        match self.namespaces.of_prefix(prefix) {
            Some(Namespace::Xhtml | Namespace::Graphics) => local,
            None if is_first => local,
            _ => name,
        }
    }

    /// Whether an element is of SVG or MathML, of which a `title` is no part of the page.
    fn is_graphics(&self, name: &str) -> bool {
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        self.namespaces.of_prefix(prefix) == Some(Namespace::Graphics)
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// An address against a base. One within the page stays.
fn resolved<'v>(address: &Cow<'v, str>, base: &Url) -> Cow<'v, str> {
    let joined = (!address.starts_with('#')).then(|| base.join(address.trim()).ok()).flatten();
    joined.map_or_else(|| address.clone(), |url| String::from(url).into())
}

/// The value of `srcset`: addresses, each followed by a width or density.
fn resolved_candidates(candidates: &str, base: &Url) -> String {
    let candidate = |text: &str| {
        let (address, size) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        format!("{} {size}", resolved(&address.into(), base)).trim_end().to_owned()
    };
    candidates.split(", ").map(candidate).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markup: &str) -> String {
        let bases = ResolvedBases::new(Url::parse("https://example.org/a/").ok());
        xml_to_html(markup, TextKind::Text, &mut Namespaces::new(Namespace::Atom), &bases, None)
    }

    #[test]
    fn what_html_writes_in_another_way_is_rewritten() {
        for (xml, expected) in [
            ("<p>a<br/>b<hr /><br></br></p>", "<p>a<br/>b<hr /><br></p>"),
            ("<i class='x'/>a<b/>", "<i class='x'></i>a<b></b>"),
            ("<p/><td/><a id=\"x\"/>t", "<p></p><td></td><a id=\"x\"></a>t"),
            ("<script src='x'/>a<style/>b<title/>c<textarea/>d<xmp/>e", "abcde"),
            (
                "<script>a<b/></script><title>&lt;t</title>b",
                "<script>a&lt;b/&gt;</script><title>&lt;t</title>b",
            ),
            (
                "<iframe src=\"x\"/>a<iframe><p>b</p></iframe>c",
                "<iframe src=\"x\"></iframe>a<iframe></iframe>c",
            ),
            ("<textarea>a<b>c</b></textarea><noembed><i>d</i></noembed>", "a<b>c</b><i>d</i>"),
            ("<pre><![CDATA[a<b> && \"c\"]]></pre>", "<pre>a&lt;b&gt; &amp;&amp; \"c\"</pre>"),
            ("a &lt; b &amp;amp; &#xD83D;&#xDE42;<!-- c --><?d e?>", "a &lt; b &amp;amp; \u{1f642}"),
            ("<p xml:lang='de' class='x'>a</p>", "<p lang=\"de\" class=\"x\">a</p>"),
        ] {
            assert_eq!(html(xml), expected, "{xml}");
        }
    }

    #[test]
    fn a_prefix_is_part_of_the_name_unless_it_means_html() {
        for (xml, expected) in [
            ("<xhtml:p>a</xhtml:p>", "<p>a</p>"),
            ("<h:p>a<h:br/><o:p/></h:p>", "<p>a<br/><o:p></o:p></p>"),
            ("<p>a<o:p>b</o:p></p>", "<p>a<o:p>b</o:p></p>"),
            (
                "<p>a<h:b xmlns:h='http://www.w3.org/1999/xhtml'>b</h:b><h:b>c</h:b></p>",
                "<p>a<b xmlns:h='http://www.w3.org/1999/xhtml'>b</b><h:b>c</h:b></p>",
            ),
            (
                "<svg xmlns='http://www.w3.org/2000/svg'><title>t</title><path/></svg><title/>",
                "<svg xmlns='http://www.w3.org/2000/svg'><title>t</title><path></path></svg>",
            ),
            (
                "<m:math xmlns:m='http://www.w3.org/1998/Math/MathML'><m:mi>x</m:mi></m:math>",
                "<math xmlns:m='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math>",
            ),
        ] {
            assert_eq!(html(xml), expected, "{xml}");
        }
    }

    #[test]
    fn a_base_counts_in_its_element() {
        for (xml, expected) in [
            (
                "<p xml:base='b/'><img src='c.png'/><a href='#d'>e</a></p><img src='f.png'/>",
                "<p><img src=\"https://example.org/a/b/c.png\"/><a href=\"#d\">e</a></p><img src='f.png'/>",
            ),
            (
                "<div xml:base='https://x.example/'><div xml:base='y/'><a href='z'/></div><a href='w'/></div>",
                "<div><div><a href=\"https://x.example/y/z\"></a></div><a href=\"https://x.example/w\"></a></div>",
            ),
            (
                "<div xml:base='/b/'><div><p/></div><img srcset='1.png 1x, 2.png 2x' xml:base='c/'/></div>",
                "<div><div><p></p></div><img srcset=\"https://example.org/b/c/1.png 1x, https://example.org/b/c/2.png 2x\"/></div>",
            ),
        ] {
            assert_eq!(html(xml), expected, "{xml}");
        }
    }

    #[test]
    fn broken_markup_stays_as_it_is() {
        for markup in ["<p>a<b>c</p>", "<p>a<p>b", "a</wrong>", "<p>a < b", "<img src=x><br>a"] {
            assert_eq!(html(markup), markup);
        }
    }

    #[test]
    fn a_section_beside_elements_is_what_the_text_is() {
        let html = |kind| {
            let markup = "<![CDATA[<b>a</b>]]><br/><p><![CDATA[<b>c</b>]]></p>";
            let bases = ResolvedBases::default();
            xml_to_html(markup, kind, &mut Namespaces::new(Namespace::Rss), &bases, None)
        };
        assert_eq!(html(TextKind::Unstated), "<b>a</b><br/><p>&lt;b&gt;c&lt;/b&gt;</p>");
        assert_eq!(html(TextKind::Text), "&lt;b&gt;a&lt;/b&gt;<br/><p>&lt;b&gt;c&lt;/b&gt;</p>");
    }
}
