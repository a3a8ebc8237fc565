//! Sanitizes well-nested HTML, as most entries have it, without building a tree. Pure.
//!
//! One pass follows the tokenizer and tree construction of HTML (13.2). It produces the same bytes as `rewrite` and then
//! ammonia, or gives up where that is not guaranteed. HTML that is already clean is not copied.

mod cow_buffer;
mod elements;
mod escapes;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2, memchr3, memmem};
use url::{ParseError, Url};

use super::addresses::{Addresses, ID_PREFIX, SCHEMES, is_plain_web_address};
use super::tags::attribute_value;
use super::visible::{hides, is_visible};
use super::{data_image, embeds, lazy, srcset};
use cow_buffer::CowBuffer;
use elements::{ElementClass, OpenStack};
use escapes::TextContext;

/// Maximum number of kept attributes of one tag. No element here can have more.
const MAX_ATTRIBUTES: usize = 12;

/// Maximum number of relative links in one fragment: each becomes as long as the base.
const MAX_RELATIVE_LINKS: usize = 10_000;

/// Produces the same bytes as the usual path, or returns `None` when that is not guaranteed.
pub(super) fn sanitize<'a>(html: &'a str, addresses: &Addresses) -> Option<Cow<'a, str>> {
    let bytes = html.as_bytes();
    let has_rare_bytes = memchr3(0, b'\r', escapes::NO_BREAK_SPACE[0], bytes).is_some();
    let mut pass = SanitizePass {
        html,
        bytes,
        addresses,
        has_rare_bytes,
        relative_links: 0,
        data_bytes: 0,
        has_other_picture: false,
        output: CowBuffer::new(html),
        open: OpenStack::default(),
    };
    let mut at = 0;
    while let Some(length) = memchr(b'<', &bytes[at..]) {
        pass.text(at, at + length)?;
        at = pass.markup(at + length)?;
    }
    pass.text(at, html.len())?;
    let sanitized = pass.output.into_text();
    // The parser drops a byte order mark at the beginning.
    (pass.open.is_empty() && !sanitized.starts_with('\u{feff}')).then_some(sanitized)
}

struct SanitizePass<'a, 'b> {
    html: &'a str,
    bytes: &'a [u8],
    addresses: &'b Addresses,
    /// The text has NUL, CR or no-break space, which are not copied as they are.
    has_rare_bytes: bool,
    relative_links: usize,
    /// The length of all pictures in addresses so far.
    data_bytes: usize,
    /// The tag has the address of a picture besides that in `src`.
    has_other_picture: bool,
    output: CowBuffer<'a>,
    open: OpenStack<'a>,
}

/// What is done with an attribute.
#[derive(PartialEq, Eq)]
enum AttributeAction {
    Keep,
    /// Write [`ID_PREFIX`] before its value.
    Prefix,
    /// Replace its value with this one, which is escaped already.
    Replace(String),
    Remove,
}

impl SanitizePass<'_, '_> {
    fn text(&mut self, from: usize, to: usize) -> Option<()> {
        let text = &self.bytes[from..to];
        if !self.open.allows_text() && !text.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if self.has_rare_bytes || memchr2(b'&', b'>', text).is_some() {
            escapes::normalize(&mut self.output, self.html, from..to, TextContext::Text)?;
        }
        Some(())
    }

    /// Handles the tag or comment that begins here; returns the position after it.
    fn markup(&mut self, start: usize) -> Option<usize> {
        match self.bytes.get(start + 1)? {
            // Some feeds write end tags for images; HTML ignores them.
            b'/' if self.html[start..].starts_with("</img>") && self.open.allows_text() => {
                self.output.replace(start..start + 6, "");
                Some(start + 6)
            }
            b'/' => {
                let (name, class) = self.open.close()?;
                let after_name = start + 2 + name.len();
                let ends =
                    self.html[start + 2..].starts_with(name) && self.bytes.get(after_name) == Some(&b'>');
                if class == ElementClass::Font {
                    self.output.replace(start..after_name + 1, "");
                }
                ends.then_some(after_name + 1)
            }
            b'!' => self.comment(start),
            _ => self.start_tag(start),
        }
    }

    /// Removes a comment. The unusual forms that HTML also accepts are not handled here.
    fn comment(&mut self, start: usize) -> Option<usize> {
        let inside = self.bytes[start..].strip_prefix(b"<!--")?;
        let length = memmem::find(inside, b"--")?;
        if inside.starts_with(b">") || inside.starts_with(b"->") || inside.get(length + 2) != Some(&b'>') {
            return None;
        }
        let end = start + 4 + length + 3;
        self.output.replace(start..end, "");
        Some(end)
    }

    fn start_tag(&mut self, start: usize) -> Option<usize> {
        let name = run(self.html, start + 1, |b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let class = elements::class(name)?;
        if !self.open.allows(class) {
            return None;
        }
        let mark = self.output.length_at(start);
        let end = self.attributes(name, class, start + 1 + name.len())?;
        match class {
            ElementClass::Void | ElementClass::HorizontalRule => {}
            ElementClass::Image => self.image(mark, start, end)?,
            ElementClass::Preformatted => {
                self.open.push(name, class)?;
                return self.preformatted(end);
            }
            ElementClass::Font => {
                self.open.push(name, class)?;
                self.output.rewrite(mark, start..end, "");
            }
            _ => self.open.push(name, class)?,
        }
        Some(end)
    }

    /// Drops the line break at the beginning of a `pre` element; returns the position after it. Gives up where another
    /// line break could become the first character once something else is removed.
    fn preformatted(&mut self, from: usize) -> Option<usize> {
        let length = usize::from(self.html[from..].starts_with('\n'));
        let text = &self.html[from + length..];
        if ["\n", "\r", "&#", "&N", "<!", "<font", "<img", "</img"]
            .iter()
            .any(|start| text.starts_with(start))
        {
            return None;
        }
        self.output.replace(from..from + length, "");
        Some(from + length)
    }

    /// Writes the allowed attributes as ` name="value"`; returns the position after the tag's `>`.
    fn attributes(&mut self, element: &str, class: ElementClass, mut at: usize) -> Option<usize> {
        let mut kept = [""; MAX_ATTRIBUTES];
        let mut count = 0;
        self.has_other_picture = false;
        loop {
            let gap = at;
            at += run(self.html, at, |b| b.is_ascii_whitespace()).len();
            match self.bytes.get(at)? {
                b'>' => {
                    self.output.replace(gap..at, "");
                    return Some(at + 1);
                }
                b'/' if class.is_void() && self.bytes.get(at + 1) == Some(&b'>') => {
                    self.output.replace(gap..at + 1, "");
                    return Some(at + 2);
                }
                b'a'..=b'z' if at > gap => {}
                _ => return None,
            }
            let start = at;
            let name = run(self.html, at, |b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b':')
            });
            at += name.len();
            let is_allowed = elements::allows_attribute(element, name);
            if name == "hidden" || (name == "name" && element == "a") {
                return None;
            }
            if self.bytes.get(at) != Some(&b'=') {
                // No value. If this was no attribute name, the next iteration gives up.
                if is_allowed {
                    return None;
                }
                self.output.replace(gap..at, "");
                continue;
            }
            let quote = *self.bytes.get(at + 1).filter(|b| matches!(b, b'"' | b'\''))?;
            let from = at + 2;
            let to = from + memchr(quote, &self.bytes[from..])?;
            let value = &self.html[from..to];
            self.has_other_picture |= class == ElementClass::Image
                && match name {
                    "src" | "alt" | "title" => false,
                    "srcset" => true,
                    _ => lazy::picture_address(&htmlize::unescape_attribute(value)).is_some(),
                };
            let action = match name {
                _ if is_allowed => self.attribute_action(name, value)?,
                "style" if hides(&htmlize::unescape_attribute(value)) => return None,
                _ if lazy::late_address(name, value).is_some() || embeds::may_be_card(name, value) => {
                    return None;
                }
                _ => AttributeAction::Remove,
            };
            if count == MAX_ATTRIBUTES || kept[..count].contains(&name) {
                return None;
            }
            if action == AttributeAction::Remove {
                self.output.replace(gap..to + 1, "");
            } else {
                if &self.html[gap..start] != " " {
                    self.output.replace(gap..start, " ");
                }
                self.write_value(action, quote, from..to)?;
            }
            // A removed attribute counts, too: the first of two with the same name is the valid one.
            if is_allowed {
                kept[count] = name;
                count += 1;
            }
            at = to + 1;
        }
    }

    /// Removes addresses with other schemes and resolves relative ones. Gives up where the result is not certain.
    fn attribute_action(&mut self, name: &str, value: &str) -> Option<AttributeAction> {
        match name {
            "id" if value.starts_with(ID_PREFIX) => return Some(AttributeAction::Keep),
            "id" => return Some(AttributeAction::Prefix),
            "dir" => return matches!(value, "ltr" | "rtl" | "auto").then_some(AttributeAction::Keep),
            "cite" | "href" | "src" if !is_plain_web_address(value) => {}
            "srcset" => {}
            _ => return Some(AttributeAction::Keep),
        }
        if memchr2(0, b'\r', value.as_bytes()).is_some() {
            return None;
        }
        let address = htmlize::unescape_attribute(value);
        if name == "srcset" {
            let cleaned =
                srcset::cleaned(&address, self.addresses).map(|cleaned| cleaned.replace('&', "&amp;"));
            return Some(match cleaned {
                Some(same) if same == value => AttributeAction::Keep,
                Some(cleaned) => AttributeAction::Replace(cleaned),
                None => AttributeAction::Remove,
            });
        }
        if name == "src" && data_image::is_data_image(&address) {
            self.data_bytes += address.len();
            let is_kept = self.data_bytes <= data_image::MAX_TEXT_BYTES && data_image::is_kept(&address);
            return is_kept.then_some(AttributeAction::Keep);
        }
        // Only a link can lead to a place in the text.
        if name != "href" && (address.trim_ascii().is_empty() || address.trim_ascii().starts_with('#')) {
            return None;
        }
        match Url::parse(&address) {
            Ok(url) if SCHEMES.contains(&url.scheme()) => Some(AttributeAction::Keep),
            Err(ParseError::RelativeUrlWithoutBase) => {
                self.relative_links += 1;
                if self.relative_links > MAX_RELATIVE_LINKS {
                    return None;
                }
                let joined = self.addresses.join(&address);
                Some(joined.map_or(AttributeAction::Remove, |joined| {
                    // A place in the text may be written as it is.
                    if joined == value {
                        AttributeAction::Keep
                    } else {
                        AttributeAction::Replace(joined.replace('&', "&amp;"))
                    }
                }))
            }
            _ => Some(AttributeAction::Remove),
        }
    }

    /// Writes the value in `range` with double quotes.
    fn write_value(&mut self, action: AttributeAction, quote: u8, range: Range<usize>) -> Option<()> {
        let Range { start: from, end: to } = range;
        let double_quoted = quote == b'"';
        if !double_quoted {
            self.output.replace(from - 1..from, "\"");
        }
        if action == AttributeAction::Prefix {
            self.output.replace(from..from, ID_PREFIX);
        }
        if let AttributeAction::Replace(value) = action {
            self.output.replace(from..to, &value);
        } else if self.has_rare_bytes
            || !double_quoted
            || memchr3(b'&', b'<', b'>', &self.bytes[from..to]).is_some()
        {
            escapes::normalize(&mut self.output, self.html, from..to, TextContext::AttributeValue)?;
        }
        if !double_quoted {
            self.output.replace(to..to + 1, "\"");
        }
        Some(())
    }

    /// Removes a tracking pixel after its tag was written, or the style of another picture. Gives up if the picture may
    /// be elsewhere.
    fn image(&mut self, mark: usize, start: usize, end: usize) -> Option<()> {
        let has_other_picture = self.has_other_picture;
        let written = self.output.written_since(mark, start, end);
        let value = |name: &str| attribute_value(written, name).map(htmlize::unescape_attribute);
        let src = value("src")?;
        if has_other_picture && data_image::is_data_image(&src) {
            return None;
        }
        let replacement = match attribute_value(written, "style") {
            _ if value("style").is_some_and(|style| hides(&style)) || !is_visible(&src, value) => {
                String::new()
            }
            Some(style) => written.replace(&format!(" style=\"{style}\""), ""),
            None => return Some(()),
        };
        self.output.rewrite(mark, start..end, &replacement);
        Some(())
    }
}

/// The longest run of matching bytes from a position.
fn run(html: &str, from: usize, is: impl Fn(u8) -> bool) -> &str {
    let rest = &html[from..];
    let length = rest.bytes().position(|b| !is(b)).unwrap_or(rest.len());
    &rest[..length]
}
