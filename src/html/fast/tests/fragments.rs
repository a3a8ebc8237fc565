//! Generates HTML fragments as entries have them, with a share of malformed parts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Select, select};

use super::ELEMENTS;

const SIGNS: &str = "\
    a|b c| |\n|Ж|«é»|\"|'|=|&amp;|&lt;|&nbsp;|\u{a0}|&quot;|&#8217;|&#x27;|&rsquo;|>|& |\t|\r\n|/|\
    ]]>|--|&ouml;|&apos;|&#10;|&#xA0;|&is_a=1|&a=b|<!-- x -->|<!---->";

const MALFORMED_SIGNS: &str = "\
    \u{2003}|\u{feff}|\u{85}|\u{1}|\u{b}|\u{c}|\0|\r|&|&amp|&nbsp|&notit;|&not|&not_a|&nosuch;|&#39|\
    &#0;|&#13;|&#128;|&#xfeff;|&#xd800;|&#|&#x|&copy=1|&;|<|<!-->|<!--x|<!x>|<?x?>|</|</>|</img>|\
    </br>|<p";

const NAMES: &str = "\
    p|p|b|i|em|span|font|strong|code|a|a|a|br|br|img|img|img|div|blockquote|figure|h2|pre|ul|hr";

const MALFORMED_NAMES: &str =
    "section|script|iframe|svg|object|ruby|rt|P|nobr|big|title|u|h7|image|form|button|select";

const ATTRIBUTES: &str = "\
    href|href|src|src|title|class|style|alt|width|height|rel|target|lang|id|dir|data-x";

const MALFORMED_ATTRIBUTES: &str = "cite|align|start|dir|xlink:href|on_x|TITLE|ping|srcset|hidden|name|data-src|data-srcset|xmlns|a.b|é|colspan|size";

const VALUES: &str = "\
    https://e.org/a.jpg|http://e.org|https://e.org/?a=1&amp;b=2|https://e.org/?a=1&b=2&copy=3|\
    //e.org/x|/x y|#a||1|300|en|color:red|a b|«é»|\u{a0}|&#8217;|x.html?a&b|mailto:a@e.org|\
    data:image/jpeg;base64,/9j/4AAQ|data:image/jpeg;base64,/9j/4AAQ";

const MALFORMED_VALUES: &str = "\
    https://e.org/?a&lt|?q| https://e.org |\thttps://e.org|https://e.org:80/|https://E.org/Ж|tel:+1|\
    javascript:x()|https://xn--e1afmkfd.org/|https://xn--a.org/|https://1.2.3.4/|https://1.2.3.400/|\
    https://[::1]/|https://a..b/|https://-a/|https://|https:///x|https:x|http://a@e.org/|\
    https://e.org\\x|http://pixel.wp.com/b.gif|feed:x|0|1px|display:none|max-height:0;overflow:hidden|visibility:hidden|siftwire-a|#siftwire-a|# b|ltr|width:1px;height:1px|\
    Display: None|\"|'|&quot;&amp;|a > b < c|&nbsp;\u{a0}|\r\n|\r|\0|a\nb|rtl|&#8217;&#39;|\u{2028}|\
    &ouml|a&b|a&|https://e.org/&#x2f;|https://e.org/\u{a0}|/&#0;|/&not|/&#128;&#13;|\
    java&#10;script:x()|java&Tab;script:x()|&sol;x&quest;&amp;|//[|///|data:,a|data:image/png;base64,AAAA|b.jpg|\\\\e.org|mailto://[";

fn one_of(list: &'static str) -> Select<&'static str> {
    select(list.split('|').collect::<Vec<_>>())
}

/// Percentage of malformed parts.
fn mixed(
    usual: &'static str,
    malformed: &'static str,
    malformed_percent: u32,
) -> impl Strategy<Value = &'static str> {
    prop_oneof![100 - malformed_percent => one_of(usual), malformed_percent => one_of(malformed)]
}

pub(super) fn text(malformed_percent: u32) -> impl Strategy<Value = String> {
    vec(mixed(SIGNS, MALFORMED_SIGNS, malformed_percent), 0..4).prop_map(|signs| signs.concat())
}

fn attribute(malformed_percent: u32) -> impl Strategy<Value = String> {
    let quotes = prop_oneof![
        100 - malformed_percent => select(vec![("=\"", "\""), ("=\"", "\""), ("='", "'")]),
        malformed_percent => select(vec![("=", ""), (" = \"", "\""), ("=\" ", "\""), ("", ""), ("=\"", ""), ("=\"", "\"x")]),
    ];
    let gaps = mixed(" ", "  |\n|\t|/||\r\n|\u{c}|\u{a0}| / ", malformed_percent);
    let names = mixed(ATTRIBUTES, MALFORMED_ATTRIBUTES, malformed_percent);
    (gaps, names, quotes, mixed(VALUES, MALFORMED_VALUES, malformed_percent))
        .prop_map(|(gap, name, (open, close), value)| format!("{gap}{name}{open}{value}{close}"))
}

/// A name and a start tag with it.
pub(super) fn tag(malformed_percent: u32) -> impl Strategy<Value = (&'static str, String)> {
    let elements = select(ELEMENTS.split(' ').collect::<Vec<_>>());
    let names = prop_oneof![100 => one_of(NAMES), 10 + malformed_percent => elements, malformed_percent => one_of(MALFORMED_NAMES)];
    let ends = mixed("", "/| /| |\n|/ | x", malformed_percent);
    (names, vec(attribute(malformed_percent), 0..3), ends).prop_map(|(name, attributes, end)| {
        let usual = if name == "img" && attributes.len() < 2 { " src=\"https://e.org/i.png\"" } else { "" };
        let slash = if ["br", "img", "hr"].contains(&name) && attributes.is_empty() { " /" } else { "" };
        (name, format!("<{name}{usual}{}{slash}{end}>", attributes.concat()))
    })
}

pub(super) fn fragment(malformed_percent: u32) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        200 => text(malformed_percent),
        malformed_percent => tag(malformed_percent).prop_map(|(_, tag)| tag),
        malformed_percent => tag(malformed_percent).prop_map(|(name, _)| format!("</{name}>")),
    ];
    leaf.prop_recursive(6, 30, 5, move |inner| {
        let several = vec(inner, 0..5);
        prop_oneof![
            8 => (tag(malformed_percent), several.clone()).prop_map(|((name, tag), inner)| {
                let end = if ["br", "img", "hr", "wbr"].contains(&name) { "" } else { &format!("</{name}>") };
                format!("{tag}{}{end}", inner.concat())
            }),
            4 => several.clone().prop_map(|inner| inner.concat()),
            1 => several.clone().prop_map(|cells| {
                format!("<table>\n<tbody><tr><td>{}</td></tr></tbody></table>", cells.join("</td><td>"))
            }),
            1 => several.prop_map(|items| format!("<ul><li>{}</li></ul>", items.join("</li>\n<li>"))),
        ]
    })
}
