//! The fast path produces the same bytes as the usual one.
#![allow(clippy::disallowed_methods, reason = "collected feeds are files")]

mod fragments;

use std::path::Path;

use proptest::collection;
use proptest::prelude::*;

use super::*;
use crate::feed::{Hints, read};
use crate::html::{Hidden, ammonia_rules, rewritten};
use fragments::{fragment, tag, text};

const ELEMENTS: &str = "\
    a abbr acronym article aside b bdi bdo blockquote br center cite code data dd del details dfn div dl \
    dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li mark nav ol p pre \
    q s samp small span strike strong sub summary sup table tbody td th thead time tr tt ul var wbr";

fn url() -> Url {
    Url::parse("https://example.org/news/?a=b&c").expect("a URL")
}

/// Those of an entry without a page.
fn base() -> Addresses {
    Addresses { base: Some(url()), page: None }
}

/// Those of an entry with a page.
fn page() -> Addresses {
    Addresses { base: Some(url()), page: Some(url()) }
}

/// Checks that the fast path agrees with the usual one and leaves its own output unchanged. Returns whether it applies.
fn agrees(html: &str, addresses: &Addresses) -> bool {
    let Some(fast) = sanitize(html, addresses) else { return false };
    assert_eq!(Some(&*fast), rewritten(html, addresses, Hidden::Removed).as_deref(), "{html:?}");
    assert!(matches!(sanitize(&fast, addresses), Some(Cow::Borrowed(_))), "{html:?}");
    true
}

#[test]
fn ordinary_html_takes_the_fast_path_and_clean_html_is_not_copied() {
    for clean in [
        "",
        "Only text, \"quoted\", Русский текст.",
        "<p>One</p>\n<p>Two &amp; three</p>\n",
        "<figure><img src=\"https://e.org/a.jpg\" alt=\"\"></figure><p><a href=\"https://e.org/\">w</a></p>",
        "<ul>\n<li>a <b><i>b</i></b><ol><li>c</li></ol></li></ul><dl><dt>a</dt><dd><p>b</p></dd></dl>",
        "<table><thead><tr><th>a</th></tr></thead> <tbody>\n<tr><td><p>b</p></td></tr></tbody></table>",
        "<a href=\"http://e.org?a=1&amp;b=&quot;2&quot;\" title=\"&lt;&nbsp;\">a</a><hr><pre>a\n</pre>",
    ] {
        assert!(agrees(clean, &base()), "{clean}");
        assert!(matches!(sanitize(clean, &Addresses::default()), Some(Cow::Borrowed(_))), "{clean}");
    }
    for (html, clean) in [
        ("a<br/>b<br />c<hr >", "a<br>b<br>c<hr>"),
        ("<p class='x' title='\"'  lang=\"en\" data-x async>a</p>", "<p title=\"&quot;\" lang=\"en\">a</p>"),
        ("&#8217;&#x27;&quot;&rsquo;&nbsp;\u{a0}&#160;> & &", "’'\"’&nbsp;&nbsp;&nbsp;&gt; &amp; &amp;"),
        (
            "<a href='https://e.org/?a&b=1&c=2'>AT&T</a>",
            "<a href=\"https://e.org/?a&amp;b=1&amp;c=2\">AT&amp;T</a>",
        ),
        ("<a href=\"//e.org:443/a b\">a</a>", "<a href=\"https://e.org/a%20b\">a</a>"),
        (
            "<h2 id='x' dir=\"rtl\" style=\"color:red\">a</h2><a href='#x'>b</a><a href='#'>c</a>",
            "<h2 id=\"siftwire-x\" dir=\"rtl\">a</h2><a href=\"#siftwire-x\">b</a><a>c</a>",
        ),
        (
            "<a href=\"#siftwire-x\" id=\"siftwire-x\">a</a>",
            "<a href=\"#siftwire-x\" id=\"siftwire-x\">a</a>",
        ),
        (
            "<a href=\"/?a&amp;b\" title=\"c\">d</a>",
            "<a href=\"https://example.org/?a&amp;b\" title=\"c\">d</a>",
        ),
        ("<a href=\"java&#115;cript:x()\" title=\"a\">b</a>", "<a title=\"a\">b</a>"),
        ("<a href=\"https://1.2.3.400/\">a</a><a href=\"https://xn--a/\">b</a>", "<a>a</a><a>b</a>"),
        (
            "<a href=\"data:,a\">a</a><a href=\"https://\">b</a><a href=\"https://a b/\">c</a>",
            "<a>a</a><a>b</a><a>c</a>",
        ),
        ("<pre>\na</pre><pre>&lt;</pre>", "<pre>a</pre><pre>&lt;</pre>"),
        (
            "<a href=\"https://e.org/?a&b_c=1&d\"><img src=\"https://e.org/p\"></img></a>",
            "<a href=\"https://e.org/?a&amp;b_c=1&amp;d\"><img src=\"https://e.org/p\"></a>",
        ),
        ("<img class=\"x\" src='https://e.org/p' style=\"color: red\"/>a", "<img src=\"https://e.org/p\">a"),
        ("a<img src=\"https://e.org/p\" width='1' height=\"1\">b", "ab"),
        ("<!-- more -->a\r\nb<!---->", "a\nb"),
        ("<font color='red' id=\"x\"><p>a <font>b</font></p></font>c", "<p>a b</p>c"),
        (
            "<img src='data:image/jpeg;base64,/9j/4AAQ' alt=\"a\" class=\"b\">",
            "<img src=\"data:image/jpeg;base64,/9j/4AAQ\" alt=\"a\">",
        ),
    ] {
        assert_eq!(sanitize(html, &base()).as_deref(), Some(clean), "{html}");
        assert!(agrees(html, &base()), "{html}");
    }
}

#[test]
fn ambiguous_html_is_left_to_the_usual_path() {
    for ambiguous in [
        "<p>a<p>b</p></p>",
        "<a href=\"https://e.org/\">a<b><a>b</a></b></a>",
        "<b><i>a</b></i>",
        "<p><div>a</div></p>",
        "<p>a",
        "a</p>",
        "<li>a</li>",
        "<ul><b><li>a</li></b></ul>",
        "<ul><li>a<li>b</li></li></ul>",
        "<h1><h2>a</h2></h1>",
        "<table><tr><td>a</td></tr></table>",
        "<table>a<tbody></tbody></table>",
        "<tr>a</tr>",
        "<td>a</td>",
        "<pre>\n\na</pre>",
        "<pre><img>\na</pre>",
        "<pre></img>\na</pre>",
        "<pre><font>\na</font></pre>",
        "<pre>\n<!---->\na</pre>",
        "<pre>&NewLine;a</pre>",
        "<pre>&#10;a</pre>",
        "<pre><!----> \na</pre>",
        "a\0b",
        "a\rb",
        "a\r",
        "<P>a</P>",
        "<p>a</p >",
        "<p/>a",
        "<br></br>",
        "<script>a</script>",
        "<svg></svg>",
        "<title>a</title>",
        "<textarea>\na</textarea>",
        "<iframe></iframe>",
        "&ampa",
        "&amp",
        "&copy2",
        "&#x;",
        "&#;",
        "&#8217",
        "&#0;",
        "&#13;",
        "&#x80;",
        "&#xd800;",
        "&#x110000;",
        "&#99999999999;",
        "&nosuch;",
        "&notit;",
        "< a",
        "a<",
        "a<p",
        "<!doctype html>a",
        "<!-->a-->",
        "<!--->a-->",
        "<!--a--!>b",
        "<!--a",
        "<![CDATA[a]]>",
        "<?a?>",
        "</ a>",
        "<p hidden>a</p>",
        "<p hidden='hidden'>a</p>",
        "<p style='DISPLAY : none'>a</p>",
        "<p style='display&#58;none'>a</p>",
        "<p dir=\"RTL\">a</p>",
        "<a name=\"b\">a</a>",
        "<img alt=\"a\">",
        "<img src=\"\">",
        "<img src=\" &#32;\">",
        "<img src=\"data:,a\">",
        "<img src=\"data:image/png;base64,AAAA\">",
        "<img src=\"data:image/jpeg;base64,/9j/4AAQ\" srcset=\"/a 1x, /b 2x\">",
        "<img id=\"a.jpg\" src=\"data:image/jpeg;base64,/9j/4AAQ\">",
        "<img src=\"data:image/jpeg;base64,/9j/4AAQ\" data-orig-file=\"/a&#46;jpg\">",
        "<img src=\"/a.gif\" data-src=\"/b.jpg\">",
        "<div data-lazy-src=\"https://www.youtube.com/embed/a\"></div>",
        "<p title=a>b</p>",
        "<p title>b</p>",
        "<p title = \"a\">b</p>",
        "<p title=\"a\"lang=\"b\">c</p>",
        "<p title=\"a\" title=\"b\">c</p>",
        "<p TITLE=\"a\">b</p>",
        "<p a\"b=\"c\">d</p>",
        "<p =\"a\">b</p>",
        "<p / title=\"a\">b</p>",
        "<a href=\"\r\n/a\">b</a>",
        "<img src=\"\0/a\">",
        "\u{feff}a",
        "<!--a-->\u{feff}b",
        "&#xfeff;a",
    ] {
        assert_eq!(sanitize(ambiguous, &base()), None, "{ambiguous:?}");
    }
    let deep = |depth| format!("{}{}", "<b>".repeat(depth), "</b>".repeat(depth));
    let linked = |links| "<a href=\"a\"></a>".repeat(links);
    assert!(agrees(&linked(MAX_RELATIVE_LINKS), &base()));
    assert_eq!(sanitize(&linked(MAX_RELATIVE_LINKS + 1), &base()), None);
    let picture = format!("<img src=\"data:image/jpeg;base64,{}\">", "A".repeat(90_000));
    assert!(agrees(&picture.repeat(3), &base()));
    assert_eq!(sanitize(&picture.repeat(4), &base()), None);
    assert!(agrees(&deep(32), &base()));
    assert_eq!(sanitize(&deep(33), &base()), None);
}

#[test]
fn without_a_base_relative_addresses_go() {
    let html = "<a href=\"/a\" lang=\"en\">b</a><a href=\"#c\">c</a><a href=\"https://e.org/\">d</a>";
    let done = "<a lang=\"en\">b</a><a href=\"#siftwire-c\">c</a><a href=\"https://e.org/\">d</a>";
    assert_eq!(sanitize(html, &Addresses::default()).as_deref(), Some(done));
    assert!(agrees(html, &Addresses::default()));
}

#[test]
fn elements_and_attributes_are_those_ammonia_keeps() {
    let rules = ammonia_rules();
    let (tags, kept) = (rules.clone_tags(), rules.clone_tag_attributes());
    let attributes =
        kept.values().flatten().copied().chain(["lang", "title", "class", "dir", "id", "rel", "style"]);
    for attribute in attributes {
        for element in ELEMENTS.split(' ') {
            assert!(elements::class(element).is_some(), "{element}");
            assert_eq!(tags.contains(element), element != "font", "{element}");
            let keeps = kept.get(element).is_some_and(|kept| kept.contains(attribute));
            let everywhere = rules.clone_generic_attributes().contains(attribute);
            // It is looked at, and not kept.
            let keeps = keeps || (element, attribute) == ("img", "style");
            assert_eq!(
                elements::allows_attribute(element, attribute),
                keeps || everywhere,
                "{element} {attribute}"
            );
        }
    }
}

#[test]
fn character_references_are_decoded_as_usual() {
    for number in 0..0x3000 {
        agrees(&format!("a&#{number};b<p title='&#x{number:x};'>c</p>"), &base());
    }
    for first in b'A'..=b'z' {
        for name in [
            "", "acute", "uml", "grave", "circ", "arr", "dash", "ell", "quo", "aquo", "dquo", "squo", "cy",
            "tilde", "vlt",
        ] {
            for sign in ["", ";", "=", "x", " "] {
                let reference = format!("&{}{name}{sign}", char::from(first));
                agrees(&format!("a{reference}b{reference}"), &base());
                agrees(&format!("<p title=\"{reference}\">{reference}</p>"), &base());
            }
        }
    }
}

#[test]
fn every_pair_of_nested_elements_agrees() {
    for outer in ELEMENTS.split(' ') {
        for inner in ELEMENTS.split(' ') {
            for html in [
                format!("<{outer}>a<{inner}>b</{inner}>c</{outer}>d"),
                format!("<{outer}><{inner}></{inner}></{outer}>d"),
                format!("<{outer}>a<{inner}>c</{outer}>d"),
                format!("<{outer}><b> <{inner}>b</{inner}></b></{outer}>"),
                format!(
                    "<table><tbody><tr><td><{outer}><{inner}>b</{inner}></{outer}></td></tr></tbody></table>"
                ),
                format!("<p><{outer}><{inner}>b</{inner}></{outer}></p>"),
            ] {
                agrees(&html, &base());
            }
        }
    }
}

#[test]
fn collected_feeds_agree() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let feeds = std::env::var_os("SIFTWIRE_SHARED").map_or(beside, Into::into).join("feeds");
    let Ok(index) = std::fs::read_to_string(feeds.join("index.tsv")) else {
        eprintln!("skipped: no collected feeds (set SIFTWIRE_SHARED to their folder)");
        return;
    };
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let (mut texts, mut fast, mut unchanged) = (0, 0, 0);
    for line in index.lines().skip(1) {
        let mut fields = line.split('\t');
        let Ok(bytes) = std::fs::read(feeds.join(fields.next().unwrap_or_default())) else { continue };
        let hints =
            Hints { content_type: fields.next().filter(|kind| !kind.is_empty()), url: Some(&url()), now };
        let Ok(feed) = read(&bytes, &hints) else { continue };
        for entry in feed.entries {
            let addresses = Addresses::of_entry(entry.link.as_deref(), feed.base.as_ref());
            for html in [entry.summary, entry.content].into_iter().flatten() {
                texts += 1;
                fast += usize::from(agrees(&html, &addresses));
                unchanged += usize::from(matches!(sanitize(&html, &addresses), Some(Cow::Borrowed(_))));
            }
        }
    }
    println!("of {texts} texts {fast} take the fast path, {unchanged} of them without a copy");
    assert!(fast * 10 > texts * 7, "{fast} of {texts}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_html_agrees(html in fragment(1)) {
        agrees(&html, &base());
        agrees(&html, &page());
        agrees(&html, &Addresses::default());
    }

    #[test]
    fn generated_malformed_html_agrees(html in fragment(25)) {
        agrees(&html, &base());
        agrees(&html, &page());
    }

    #[test]
    fn generated_tag_soup_agrees(
        parts in collection::vec(prop_oneof![text(50), tag(50).prop_map(|(_, tag)| tag), "\\PC{0,3}"], 0..6),
    ) {
        agrees(&parts.concat(), &base());
    }

    #[test]
    fn plain_web_addresses_are_valid_urls(host in "[a-z0-9.-]{1,9}|(xn--)?[a-z0-9-]{1,80}([.][a-z0-9]{1,4}){0,3}", rest in "([/?#]\\PC{0,9})?") {
        let address = format!("https://{host}{rest}");
        prop_assert!(!is_plain_web_address(&address) || Url::parse(&address).is_ok(), "{address}");
        agrees(&format!("<a href='{}'>a</a>", address.replace('\'', "")), &base());
    }
}
