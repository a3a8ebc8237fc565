//! Which parts of a text of unstated kind are HTML. Pure.
//!
//! RSS does not say whether a text is HTML. A tag of an HTML element is markup, whatever else looks like one is text: the
//! `<T>` of `Vec<T>`, the `<b and c>` of `a<b and c>d`, and the `<i>` of a text about HTML, which nothing closes.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr_iter, memmem};

use super::references::has_reference;
use crate::text::is_inline;

/// HTML's elements, also the obsolete ones, in alphabetical order.
#[rustfmt::skip]
const ELEMENTS: [&str; 139] = [
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "basefont", "bdi",
    "bdo", "bgsound", "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code",
    "col", "colgroup", "command", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt",
    "em", "embed", "fieldset", "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1", "h2", "h3",
    "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe", "image", "img", "input", "ins", "kbd",
    "keygen", "label", "legend", "li", "link", "listing", "main", "map", "mark", "marquee", "math", "menu", "menuitem",
    "meta", "meter", "nav", "nobr", "noembed", "noframes", "noscript", "object", "ol", "optgroup", "option", "output", "p",
    "param", "picture", "plaintext", "pre", "progress", "q", "rp", "rt", "ruby", "s", "samp", "script", "search", "section",
    "select", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg", "table",
    "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u", "ul", "var",
    "video", "wbr", "xmp",
];

/// The most frequent ones.
const COMMON: [&str; 8] = ["p", "a", "br", "img", "div", "span", "strong", "li"];

/// In place of an index in [`ELEMENTS`]: `lite-youtube`, `o:p`, and others of scripts and programs.
const CUSTOM: usize = ELEMENTS.len();

/// Elements that need no end tag.
const NO_END: [&str; 17] = [
    "area", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "p", "source", "td", "th", "tr",
    "track", "wbr",
];

/// Attributes that need no value. Others may lack it only behind an attribute that has one.
#[rustfmt::skip]
const VALUELESS: [&str; 27] = [
    "allowfullscreen", "alt", "async", "autofocus", "autoplay", "checked", "compact", "controls", "declare", "default", "defer",
    "disabled", "download", "hidden", "inert", "ismap", "itemscope", "loop", "multiple", "muted", "noshade", "novalidate",
    "nowrap", "open", "playsinline", "required", "reversed",
];

/// Bytes read of all tags, as a multiple of the text's length. Quotes may hold what looks like tags.
const MAX_READ: usize = 4;

/// Whether a text of unstated kind is HTML.
pub(super) fn is_markup(text: &str) -> bool {
    has_tags(text) || has_reference(text)
}

/// Whether a text has tags of HTML elements. A tag without attributes at its start is one even if nothing closes it: the
/// text may be cut off.
pub(super) fn has_tags(text: &str) -> bool {
    let indent = text.len() - text.trim_start().len();
    let mut opened = [false; ELEMENTS.len() + 1];
    HtmlTags::new(text).any(|tag| match tag.kind {
        TagKind::Comment => true,
        TagKind::Start => {
            opened[tag.element] = true;
            // Prose may begin with a placeholder such as `<user-name>`.
            let is_first = tag.start == indent && tag.element != CUSTOM;
            tag.has_attributes || tag.needs_no_end() || is_first || tag.is_closed
        }
        TagKind::End => opened[tag.element],
    })
}

/// The parts of a text between the tags of HTML elements, each with whether the tag before it separates words.
pub(super) fn between_tags(text: &str) -> Vec<(bool, &str)> {
    if memchr(b'<', text.as_bytes()).is_none() {
        return vec![(false, text)];
    }
    let tags: Vec<HtmlTag> = HtmlTags::new(text).filter(|tag| tag.is_whole).collect();
    let mut first_start = [usize::MAX; ELEMENTS.len() + 1];
    let mut last_end = [0; ELEMENTS.len() + 1];
    for tag in &tags {
        match tag.kind {
            TagKind::Start => first_start[tag.element] = first_start[tag.element].min(tag.start),
            TagKind::End => last_end[tag.element] = tag.start,
            TagKind::Comment => {}
        }
    }
    let is_markup = |tag: &HtmlTag| match tag.kind {
        TagKind::Comment => true,
        TagKind::Start => tag.has_attributes || tag.needs_no_end() || last_end[tag.element] > tag.start,
        TagKind::End => first_start[tag.element] < tag.start,
    };
    let mut parts = Vec::new();
    let (mut at, mut separates) = (0, false);
    for tag in tags.iter().filter(|tag| is_markup(tag)) {
        parts.push((separates, &text[at..tag.start]));
        at = tag.end;
        separates = tag.kind != TagKind::Comment && tag.name().is_some_and(|name| !is_inline(name));
    }
    parts.push((separates, &text[at..]));
    parts
}

/// HTML whose words in angle brackets are escaped, such as the `<String>` of `Option<String>`: they are no elements of HTML, have
/// no attributes and nothing closes them.
pub(super) fn with_escaped_words(html: &str) -> Cow<'_, str> {
    if !memchr_iter(b'<', html.as_bytes()).any(|at| may_be_word(html, at)) {
        return Cow::Borrowed(html);
    }
    let last_ends = last_end_tags(html);
    let is_closed = |name: &str, at: usize| {
        last_ends.get(&name.to_ascii_lowercase()).is_some_and(|last_end| *last_end > at)
    };
    let mut words: Vec<usize> = Vec::new();
    let mut tags = HtmlTags::new(html);
    loop {
        let from = tags.at;
        let tag = tags.next();
        let to = tag.as_ref().map_or(html.len(), |tag| tag.start);
        let starts = memchr_iter(b'<', &html.as_bytes()[from..to]).map(|at| from + at);
        words.extend(starts.filter(|at| may_be_word(html, *at) && is_word(html, *at, is_closed)));
        let Some(tag) = tag else { break };
        let is_custom = tag.element == CUSTOM && tag.kind == TagKind::Start;
        if is_custom && !tag.has_attributes && !tag.is_closed && !is_closed(tag_name(&html[to + 1..]), to) {
            words.push(to);
        }
        if let Some(name @ ("script" | "style")) = tag.name()
            && tag.kind == TagKind::Start
        {
            // What follows is no markup up to their end. One within quotes of the tag itself ends nothing.
            let Some(end) = last_ends.get(name).filter(|end| **end >= tag.end) else { break };
            tags.at =
                memmem::find(&html.as_bytes()[tag.end..*end], b"</").map_or(*end, |step| tag.end + step);
        }
    }
    let mut escaped = String::with_capacity(html.len() + 3 * words.len());
    let mut copied = 0;
    for at in words {
        escaped.extend([&html[copied..at], "&lt;"]);
        copied = at + 1;
    }
    escaped.push_str(&html[copied..]);
    Cow::Owned(escaped)
}

/// Whether what begins here is perhaps no tag: its name is not HTML's, or it follows a word and has blanks in it.
fn may_be_word(html: &str, at: usize) -> bool {
    let rest = &html[at + 1..];
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let name = &rest[..rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len())];
    let is_tag = match rest.as_bytes().get(name.len()) {
        Some(b'>' | b'/') => true,
        // `a<b and c>`
        Some(b) if b.is_ascii_whitespace() => !html[..at].ends_with(char::is_alphanumeric),
        _ => false,
    };
    !is_tag || !(COMMON.contains(&name) || element_index(name).is_some())
}

/// Whether what begins here, and is no tag of HTML or of a custom element, is text.
fn is_word(html: &str, at: usize, is_closed: impl Fn(&str, usize) -> bool) -> bool {
    let rest = &html[at + 1..];
    let name = tag_name(rest);
    let inside = &rest[name.len()..];
    let inside = &inside[..inside.find(['<', '>']).unwrap_or(inside.len())];
    if element_index(name).is_some() || is_custom(name) {
        return !inside.contains('=');
    }
    let attributes = Attributes::read(&rest[name.len()..]);
    let has_attributes = attributes.is_valid && attributes.has_any;
    !has_attributes && !inside.ends_with('/') && !is_closed(name, at)
}

/// Where the last end tag of each name begins.
fn last_end_tags(html: &str) -> HashMap<String, usize> {
    let starts = memchr_iter(b'<', html.as_bytes()).filter(|at| html[at + 1..].starts_with('/'));
    starts.map(|at| (tag_name(&html[at + 2..]).to_ascii_lowercase(), at)).collect()
}

/// The name at the start of what follows `<` or `</`.
fn tag_name(text: &str) -> &str {
    &text[..text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-:_.".contains(b)).count()]
}

/// Whether what stands between `<` and `>` names no element of HTML and has no attribute with a value.
pub(super) fn is_unknown_tag(inside: &str) -> bool {
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
    !name.is_empty() && element_index(name).is_none() && memchr(b'=', inside.as_bytes()).is_none()
}

/// What a text may have as tags of HTML elements, in order.
struct HtmlTags<'a> {
    text: &'a str,
    at: usize,
    read: usize,
}

struct HtmlTag {
    kind: TagKind,
    /// The index in [`ELEMENTS`], or [`CUSTOM`].
    element: usize,
    has_attributes: bool,
    /// It is custom and ends itself.
    is_closed: bool,
    /// It ends before the text does.
    is_whole: bool,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TagKind {
    Start,
    End,
    Comment,
}

impl HtmlTag {
    fn needs_no_end(&self) -> bool {
        self.name().is_some_and(|name| NO_END.contains(&name))
    }

    /// The name of an element of HTML.
    fn name(&self) -> Option<&'static str> {
        ELEMENTS.get(self.element).copied()
    }
}

impl<'a> HtmlTags<'a> {
    fn new(text: &'a str) -> HtmlTags<'a> {
        HtmlTags { text, at: 0, read: 0 }
    }

    fn read_tag(&mut self, start: usize) -> Option<HtmlTag> {
        let rest = &self.text[start + 1..];
        let tag = |kind, element, length| HtmlTag {
            kind,
            element,
            has_attributes: false,
            is_closed: false,
            is_whole: true,
            start,
            end: start + 1 + length,
        };
        if rest.starts_with("!--") {
            let end = memmem::find(rest.as_bytes(), b"-->");
            self.read += end.unwrap_or(rest.len());
            return Some(tag(TagKind::Comment, 0, end? + 3));
        }
        let (kind, name) = match rest.strip_prefix('/') {
            Some(name) => (TagKind::End, name),
            None => (TagKind::Start, rest),
        };
        let name = tag_name(name);
        let element = element_index(name).or_else(|| is_custom(name).then_some(CUSTOM))?;
        let before = usize::from(kind == TagKind::End) + name.len();
        let attributes = Attributes::read(&rest[before..]);
        self.read += attributes.length;
        let end_tag_is_bare = kind == TagKind::Start || !attributes.has_any;
        (attributes.is_valid && end_tag_is_bare).then(|| HtmlTag {
            has_attributes: attributes.has_any,
            is_closed: element == CUSTOM && rest[..before + attributes.length].ends_with("/>"),
            is_whole: attributes.is_whole,
            ..tag(kind, element, before + attributes.length)
        })
    }
}

impl Iterator for HtmlTags<'_> {
    type Item = HtmlTag;

    fn next(&mut self) -> Option<HtmlTag> {
        while self.read <= MAX_READ * self.text.len() {
            let start = self.at + memchr(b'<', &self.text.as_bytes()[self.at..])?;
            self.at = start + 1;
            if let Some(tag) = self.read_tag(start) {
                self.at = tag.end;
                return Some(tag);
            }
        }
        None
    }
}

/// Whether a name is that of an element which is not HTML's own: it has a hyphen or a prefix.
fn is_custom(name: &str) -> bool {
    let parts = name.split_once(['-', ':']);
    let is_part = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
    parts.is_some_and(|(first, second)| is_part(first) && is_part(second))
}

fn element_index(name: &str) -> Option<usize> {
    let mut lower = [0_u8; 10];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    ELEMENTS.binary_search_by(|element| element.as_bytes().cmp(lower)).ok()
}

/// What follows the name of a tag, up to its end.
struct Attributes {
    /// HTML has such attributes.
    is_valid: bool,
    has_any: bool,
    is_whole: bool,
    length: usize,
}

impl Attributes {
    fn read(text: &str) -> Attributes {
        let bytes = text.as_bytes();
        let mut found = Attributes { is_valid: true, has_any: false, is_whole: true, length: 0 };
        let mut has_value = false;
        loop {
            let at = &mut found.length;
            let blank = skip(bytes, at, |b| b.is_ascii_whitespace() || b == b'/');
            match bytes.get(*at) {
                Some(b'>') => {
                    *at += 1;
                    return found;
                }
                // Without an attribute it may as well be text.
                None => return Attributes { is_valid: found.has_any, is_whole: false, ..found },
                Some(_) if blank == 0 && !found.has_any => return Attributes { is_valid: false, ..found },
                Some(_) => {}
            }
            let start = *at;
            if skip(bytes, at, |b| b.is_ascii_alphanumeric() || b"-_:.@".contains(&b)) == 0 {
                return Attributes { is_valid: false, ..found };
            }
            let name = &text[start..*at];
            let mut value = *at;
            skip(bytes, &mut value, |b| b.is_ascii_whitespace());
            if bytes.get(value) != Some(&b'=') {
                let is_known = VALUELESS.iter().any(|known| known.eq_ignore_ascii_case(name));
                if !is_known && !has_value && !name.starts_with("data-") {
                    return Attributes { is_valid: false, ..found };
                }
                found.has_any = true;
                continue;
            }
            *at = value + 1;
            has_value = true;
            skip(bytes, at, |b| b.is_ascii_whitespace());
            found.has_any = true;
            match bytes.get(*at) {
                Some(quote @ (b'"' | b'\'')) => {
                    *at += 1;
                    let end = memchr(*quote, &bytes[*at..]);
                    *at = end.map_or(bytes.len(), |end| *at + end + 1);
                }
                _ => {
                    skip(bytes, at, |b| !b.is_ascii_whitespace() && !b"><".contains(&b));
                }
            }
        }
    }
}

/// Moves behind the bytes of one kind and gives their number.
fn skip(bytes: &[u8], at: &mut usize, is_kind: impl Fn(u8) -> bool) -> usize {
    let count = bytes[*at..].iter().take_while(|b| is_kind(**b)).count();
    *at += count;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_can_be_searched() {
        assert!(ELEMENTS.is_sorted());
        assert_eq!(element_index("BlockQuote").map(|index| ELEMENTS[index]), Some("blockquote"));
        assert_eq!(element_index("blockquotes"), None);
    }

    #[test]
    fn only_what_html_has_is_a_tag() {
        for html in [
            "<p>a",
            "a<br>b",
            "a<BR/>b",
            "a<br />",
            "<b>a</b>",
            "a <b >b</b > c",
            "<div>cut off",
            " <em>cut off",
            "see <a href=\"x\">y",
            "see <a href='x",
            "see <a href=x",
            "<img src=x alt>",
            "<video controls>",
            "a<!-- c -->",
            "<td nowrap><i>",
            "<img src=\"a>b\">",
            "<lite-youtube videoid=\"x\"></lite-youtube>",
            "<amp-img src=\"/a.jpg\" width=\"1\"></amp-img>",
            "<o:p></o:p>Text",
            "<o:p/>Text",
            "see <fb:like href=\"x\">",
            "<my-player>x</my-player>",
            "a <p class=\"x\" data-y>",
            "<h1>A</h1>",
            "<a href=x hre",
        ] {
            assert!(has_tags(html), "{html}");
        }
        for text in [
            "a < b", "std::map<int, T>", "If a<b and c>d then stop", "Option<Box<Node>>", "0<p<q", "i<n>m",
            "Why <b> is bold", "the <dialog> element", "and </li> is optional", "</b>a<b>", "a <!-- b",
            "I <3 p>q", "<string>a</string>", "<a, b>", "Vec<p", "x <b y z", "<u8>", "a<i\u{e9}>",
            "a <b c>d</b e>", "<pre", "git clone <repo-url>", "<user-name> wrote",
            "<https://example.org/a-b>", "<mailto:ann@example.org>", "<urn:isbn:1>", "Map<a-b>",
        ] {
            assert!(!has_tags(text), "{text}");
            assert_eq!(between_tags(text), [(false, text)]);
        }
        assert!(is_markup("Caf&eacute;") && is_markup("&#8217;") && is_markup("a &amp; b"));
        assert!(!is_markup("AT&T; R&D &unknown; &copy") && !is_markup("?a=1&b=2"));
    }

    #[test]
    fn text_among_tags_stays() {
        for (html, text) in [
            ("<b>Is</b> 5 < 6 <y & z", "Is 5 < 6 <y & z"),
            ("Result<T, E> without <em>tears</em>", "Result<T, E> without tears"),
            ("<i>The <b> tag</i><br>explained<!-- x -->", "The <b> tag explained"),
            ("<p>One</p>a<s>b</s>c<li>Two", " One abc Two"),
            ("a<img src=x>b</i><a href=\"cut", "a b</i><a href=\"cut"),
        ] {
            let parts = between_tags(html).into_iter();
            let joined: String =
                parts.map(|(separates, part)| [if separates { " " } else { "" }, part].concat()).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn words_in_angle_brackets_stay_beside_elements() {
        for (html, escaped) in [
            (
                "Rust: Option<String> and <code>Vec<u8></code>",
                "Rust: Option&lt;String> and <code>Vec&lt;u8></code>",
            ),
            ("x<y, \"Vec<T>\" & R&D <b>z</b>", "x&lt;y, \"Vec&lt;T>\" & R&D <b>z</b>"),
            (
                "<p>Map<K, V>, std::vector<std::string></p>",
                "<p>Map&lt;K, V>, std::vector&lt;std::string></p>",
            ),
            ("<p>git clone <repo-url> <dir></p>", "<p>git clone &lt;repo-url> <dir></p>"),
            ("<p>a<b and c>d</p>", "<p>a&lt;b and c>d</p>"),
            (
                "<p>Mail <ann@example.org>, see <https://example.org/?a=b></p>",
                "<p>Mail &lt;ann@example.org>, see &lt;https://example.org/?a=b></p>",
            ),
            ("<p>a <T extends B = C></p> i<n", "<p>a &lt;T extends B = C></p> i&lt;n"),
            ("<script>if (a<c) {}</script><p>Vec<T></p>", "<script>if (a<c) {}</script><p>Vec&lt;T></p>"),
            ("<style>a<c</style><p>Vec<T>", "<style>a<c</style><p>Vec&lt;T>"),
            ("<p>Vec<T></p><script a=\"</script>", "<p>Vec&lt;T></p><script a=\"</script>"),
            ("<p>Vec<T></p><style a='</style>'>b<T>", "<p>Vec&lt;T></p><style a='</style>'>b<T>"),
        ] {
            assert_eq!(with_escaped_words(html), escaped);
        }
        for html in [
            "<p>a <foo>b</foo> <foo/> <foo a=\"b\"> <x:y>c</x:y> <x-y a=b> </foo> <o:p></o:p></p>",
            "<a href=\"x\" \"y>z</a> b<a href=x\"y\">z</a> <td foo>",
            "<svg viewBox=\"0\"><path d=\"x\"/><g><circle r=\"1\"></circle></g></svg><math><mi>x</mi><none/></math>",
            "<!-- <T> --><img alt=\"Vec<T>\"><script>a<T>b",
            "<p>1 < 2 <3 </T> <?php <!x>",
        ] {
            assert_eq!(with_escaped_words(html), html);
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        // Quadratic time would be minutes.
        for unit in [
            "<", "<b ", "<b a", "<b a=", "<b a=\"", "<b a='\" ", "<b a=\"<b a=''", "<!--", "<b>", "</b>",
            "<b a=b ", "<b a=\"<b a='' c=\" ", "<b\"", "<T a", "<T>", "<x-y>", "<script>", "<script></a>",
            "</T", "<T a='",
        ] {
            let text = unit.repeat(200_000);
            let _ = (has_tags(&text), between_tags(&text), with_escaped_words(&text));
        }
    }
}
