//! The markup of a page without scripts, styles, drawings, frames and comments, which are most of it, and its JSON-LD. Pure.

use memchr::{memchr, memmem};

/// What is parsed of a page.
pub(super) struct PageMarkup<'a> {
    pub(super) html: String,
    /// The contents of its `application/ld+json` scripts.
    pub(super) json_ld: Vec<&'a str>,
    pub(super) has_scripts: bool,
}

/// Elements that go with all that is within.
const DROPPED: [&str; 4] = ["script", "style", "svg", "iframe"];

/// Reads each byte a bounded number of times.
pub(super) fn without_scripts(page: &str) -> PageMarkup<'_> {
    let mut markup =
        PageMarkup { html: String::with_capacity(page.len() / 2), json_ld: Vec::new(), has_scripts: false };
    let (mut rest, mut quotes_count) = (page, true);
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        markup.html.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            // `<!-->` is a whole one.
            let end = memmem::find(comment.as_bytes(), b"-->").map_or(comment.len(), |end| end + 3);
            rest = comment.strip_prefix('>').unwrap_or(&comment[end..]);
            continue;
        }
        let end = tag_end(rest, &mut quotes_count);
        let (tag, after) = rest.split_at(end);
        let dropped = DROPPED.iter().find(|name| is_start_of(tag, name) && !tag.ends_with("/>"));
        rest = match dropped {
            None => {
                markup.html.push_str(tag);
                after
            }
            Some(name) => {
                let (content, after) = split_at_end_tag(after, name);
                markup.has_scripts |= *name == "script";
                if *name == "script" && tag.to_ascii_lowercase().contains("ld+json") {
                    markup.json_ld.push(content);
                }
                after
            }
        };
    }
    markup.html.push_str(rest);
    markup
}

/// Whether a tag is the start tag of this name.
fn is_start_of(tag: &str, name: &str) -> bool {
    tag.as_bytes().get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && tag
            .as_bytes()
            .get(name.len() + 1)
            .is_none_or(|next| next.is_ascii_whitespace() || b"/>".contains(next))
}

/// The length of the tag at the start. A `>` within quotes is part of it, unless the quotes have no end: then they count
/// no more, or each tag would be searched to the end of the page.
fn tag_end(tag: &str, quotes_count: &mut bool) -> usize {
    let bytes = tag.as_bytes();
    if !bytes.get(1).is_some_and(|next| next.is_ascii_alphabetic() || b"/!?".contains(next)) {
        return 1;
    }
    let mut quote = None;
    let (mut at, is_start) = (1, bytes[1].is_ascii_alphabetic());
    while *quotes_count && is_start && at < bytes.len() {
        let byte = bytes[at];
        match quote {
            None if byte == b'>' => return at + 1,
            // A quote begins a value only.
            None if (byte == b'"' || byte == b'\'') && bytes[..at].trim_ascii_end().ends_with(b"=") => {
                quote = Some(byte)
            }
            Some(open) if byte == open => quote = None,
            _ => {}
        }
        at += 1;
    }
    *quotes_count &= !is_start || at < bytes.len();
    memchr(b'>', bytes).map_or(bytes.len(), |end| end + 1)
}

/// What stands before the end tag of a script or style, and what after.
fn split_at_end_tag<'a>(html: &'a str, name: &str) -> (&'a str, &'a str) {
    let bytes = html.as_bytes();
    let end = memmem::find_iter(bytes, b"</").find(|at| {
        bytes
            .get(at + 2..at + 2 + name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    });
    let Some(end) = end else { return (html, "") };
    let (content, after) = html.split_at(end);
    (content, memchr(b'>', after.as_bytes()).map_or("", |close| &after[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_comments_go_and_json_ld_is_kept_apart() {
        let page = "<p title='a > b'>x<!-- <p> -->y<SCRIPT>if (a</b) '<p>'</Script ><style>p{}</style>z<!--></p>\
                    <script type=\"application/ld+json\">{\"a\": 1}</script>1 < 2 <scripted>";
        let markup = without_scripts(page);
        assert_eq!(markup.html, "<p title='a > b'>xyz</p>1 < 2 <scripted>");
        assert_eq!(markup.json_ld, ["{\"a\": 1}"]);
        // Advertising has whole pages in an attribute.
        let frame = format!("x<iframe srcdoc=\"{}\"></iframe>y", "<div><p class='a'>".repeat(2000));
        assert_eq!(without_scripts(&frame).html, "xy");
        assert_eq!(without_scripts("a<p title=\"b>c<script>d").html, "a<p title=\"b>c");
        assert_eq!(without_scripts("<p it's>a</p><p it's>b").html, "<p it's>a</p><p it's>b");
    }

    #[test]
    fn hostile_markup_costs_time_linear_in_its_length() {
        for unit in [
            "<script>", "<a b=\"", "<a b='>", "<!--", "<!-->", "<", "</", "<script></", "<style>", "<a =\"",
            "  \"",
        ] {
            without_scripts(&unit.repeat(300_000));
        }
    }
}
