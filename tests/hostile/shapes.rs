//! Hostile and ordinary documents of any size.

use std::fmt::Write;

/// A kind of document that can be made of any size.
pub struct Shape {
    /// What it consists of.
    pub name: &'static str,
    content: Content,
}

#[derive(Clone, Copy)]
enum Content {
    /// One RSS item with this repeated in it.
    Item(&'static str),
    /// An RSS channel with this repeated in it.
    Channel(&'static str),
    /// One RSS item whose description is this, repeated and escaped.
    Description(&'static str),
    /// One RSS item whose description is the first once, then the second and the third repeated, escaped.
    DescriptionParts(&'static str, &'static str, &'static str),
    /// Only this, repeated.
    Repeated(&'static str),
    /// A JSON Feed with this repeated in its items.
    JsonItems(&'static str),
    /// The document of a size in bytes.
    Made(fn(usize) -> Vec<u8>),
}

impl Shape {
    /// A document of about `size` bytes.
    pub fn document(&self, size: usize) -> Vec<u8> {
        let repeated = |unit: &str, size: usize| unit.repeat(size / unit.len());
        let text = match self.content {
            Content::Item(unit) => item(&repeated(unit, size)),
            Content::Channel(unit) => channel(&repeated(unit, size)),
            Content::Description(unit) => {
                item(&format!("<description>{}</description>", repeated(&escaped(unit), size)))
            }
            Content::DescriptionParts(start, first, second) => {
                let halves = [first, second].map(|unit| repeated(&escaped(unit), size / 2));
                item(&format!("<description>{}{}</description>", escaped(start), halves.concat()))
            }
            Content::Repeated(unit) => repeated(unit, size),
            Content::JsonItems(unit) => format!("{{\"items\":[{}null]}}", repeated(unit, size)),
            Content::Made(make) => return make(size),
        };
        text.into_bytes()
    }
}

/// An RSS feed with one item.
pub fn item(inside: &str) -> String {
    channel(&format!("<item><title>One</title>{inside}</item>"))
}

fn channel(inside: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>F</title>{inside}</channel></rss>")
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const ORDINARY: &str = "<item><title>A title of usual length, with words</title><link>https://example.org/1</link>\
    <description>&lt;p&gt;Text &amp;amp; &lt;a href=\"/more\"&gt;more text&lt;/a&gt;&lt;/p&gt;</description>\
    <pubDate>Tue, 07 May 2024 10:30:00 +0200</pubDate><category>A</category></item>";

/// All shapes.
pub fn shapes() -> Vec<Shape> {
    use Content::*;
    let all = [
        ("ordinary items", Channel(ORDINARY)),
        ("ordinary entries", Made(entries)),
        (
            "one long text",
            Description("<p>Words &amp; words of a <b>long</b> text, with <a href='/x'>links</a>.</p>\n"),
        ),
        // Nested or unclosed elements.
        ("unclosed media groups", Item("<media:group>")),
        ("unclosed media contents", Item("<media:content url='/a'>")),
        ("unclosed unknown elements", Item("<x:y>")),
        ("unclosed elements", Item("<a>")),
        ("end tags without start tags", Item("</a>")),
        ("unclosed texts", Item("<description>x")),
        ("unclosed titles", Item("<title>")),
        ("unclosed persons", Item("<author><name>")),
        ("unclosed sources", Item("<source><title>")),
        ("nested items", Repeated("<rss><item><title>x")),
        ("nested channels", Repeated("<channel>")),
        (
            "unescaped markup",
            Made(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    "<div>".repeat(size / 11),
                    "</div>".repeat(size / 11)
                ))
                .into_bytes()
            }),
        ),
        (
            "nested texts",
            Made(|size| {
                item(&format!("{}{}", "<description>".repeat(size / 27), "</description>".repeat(size / 27)))
                    .into_bytes()
            }),
        ),
        // Tags.
        ("angle brackets", Item("<")),
        ("starts of end tags", Item("</")),
        ("tags without `>`", Item("<a ")),
        (
            "attributes",
            Made(|size| item(&format!("<enclosure {}/>", "a='1' ".repeat(size / 6))).into_bytes()),
        ),
        ("equals signs", Made(|size| item(&format!("<link {}/>", "=".repeat(size))).into_bytes())),
        ("spaces in a tag", Made(|size| item(&format!("<link{}/>", " ".repeat(size))).into_bytes())),
        ("unclosed quotes", Item("<link href=\"")),
        ("quotes around `>`", Item("<link href=\">")),
        ("apostrophes around `>`", Item("<a b='>' c=\"")),
        ("a long name", Made(|size| item(&format!("<{}>", "a".repeat(size))).into_bytes())),
        // Comments, doctypes, processing instructions and CDATA sections.
        ("comments", Item("<!-- a -->")),
        ("unclosed comments", Item("<!--")),
        ("doctypes", Repeated("<!DOCTYPE x [ <!ENTITY a 'b'> ]>")),
        ("unclosed doctypes", Repeated("<!DOCTYPE x [")),
        ("doctypes with unclosed brackets", Repeated("<!DOCTYPE x [>")),
        ("processing instructions", Item("<?a?>")),
        ("unclosed processing instructions", Item("<?a")),
        (
            "CDATA sections",
            Made(|size| {
                item(&format!("<description>{}</description>", "<![CDATA[a]]>".repeat(size / 13)))
                    .into_bytes()
            }),
        ),
        ("unclosed CDATA sections", Item("<title><![CDATA[")),
        (
            "unclosed CDATA sections except the last",
            Made(|size| item(&format!("{}]]>", "<title><![CDATA[".repeat(size / 16))).into_bytes()),
        ),
        ("ends of CDATA sections", Item("]]>")),
        // Texts.
        ("white space", Item(" ")),
        ("white space before elements", Item("\n   <a/>")),
        ("ampersands", Made(|size| item(&format!("<title>{}</title>", "&".repeat(size))).into_bytes())),
        (
            "references",
            Made(|size| item(&format!("<title>{}</title>", "&amp;".repeat(size / 5))).into_bytes()),
        ),
        (
            "doubly escaped references",
            Made(|size| {
                item(&format!("<title>{}</title>", "&amp;lt;b&amp;gt;".repeat(size / 16))).into_bytes()
            }),
        ),
        (
            "references without semicolon",
            Made(|size| item(&format!("<title>{}</title>", "&#12345".repeat(size / 7))).into_bytes()),
        ),
        (
            "one long reference",
            Made(|size| item(&format!("<title>&#{};</title>", "1".repeat(size))).into_bytes()),
        ),
        (
            "names of references without semicolon",
            Made(|size| item(&format!("<title>{}</title>", "&aacut".repeat(size / 6))).into_bytes()),
        ),
        (
            "a title of unclosed tags",
            Made(|size| item(&format!("<title>{}</title>", "&lt;a".repeat(size / 5))).into_bytes()),
        ),
        (
            "doubly encoded text",
            Made(|size| {
                item(&format!("<title>{}</title>", "\u{d0}\u{a0}\u{d1}\u{81}".repeat(size / 8))).into_bytes()
            }),
        ),
        (
            "almost doubly encoded text",
            Made(|size| {
                item(&format!("<title>{}\u{d0}</title>", "\u{d0}\u{a0}\u{d1}\u{81}".repeat(size / 8)))
                    .into_bytes()
            }),
        ),
        (
            "a date of digits",
            Made(|size| item(&format!("<pubDate>{}</pubDate>", "1".repeat(size))).into_bytes()),
        ),
        (
            "a duration of digits",
            Made(|size| {
                item(&format!("<itunes:duration>{}</itunes:duration>", "1:".repeat(size / 2))).into_bytes()
            }),
        ),
        (
            "an author of addresses",
            Made(|size| item(&format!("<author>{}</author>", "a@b.c ".repeat(size / 6))).into_bytes()),
        ),
        (
            "an author of @ signs",
            Made(|size| item(&format!("<author>{}</author>", "@".repeat(size))).into_bytes()),
        ),
        // Many parts of one kind.
        ("categories", Item("<category>a</category>")),
        ("enclosures", Item("<enclosure url='a'/>")),
        (
            "enclosures of each item",
            Made(|size| many(size, &format!("<item>{}</item>", "<enclosure url='a'/>".repeat(200)))),
        ),
        (
            "authors of each item",
            Made(|size| {
                many(size, &format!("<item><title>a</title>{}</item>", "<author>a b</author>".repeat(200)))
            }),
        ),
        ("items with one key", Channel("<item><guid>a</guid><title>b</title></item>")),
        (
            "items with one key and different titles",
            Made(|size| numbered(size, "<item><guid>a</guid><title>", "</title></item>")),
        ),
        ("prefixes", Made(|size| numbered(size, "<a xmlns:p", "='http://www.w3.org/2005/Atom'/>"))),
        (
            "languages and update hints",
            Channel("<language>en</language><ttl>5</ttl><skipHours><hour>1</hour></skipHours>"),
        ),
        // A long value that many entries share.
        ("a long xml:base for many entries", Made(long_base)),
        ("a long xml:base for many xml:base values", Made(long_base_of_bases)),
        (
            "a long address of the site",
            Made(|size| {
                shared(size, "<link>https://example.org/", "/</link>", "<item><link>b</link></item>")
            }),
        ),
        (
            "a long query of the site",
            Made(|size| {
                shared(size, "<link>https://example.org/?", "</link>", "<item><link>#b</link></item>")
            }),
        ),
        (
            "a long author of all entries",
            Made(|size| atom(size, "<author><name>", "</name></author>", "<entry><id>1</id></entry>")),
        ),
        (
            "a long title of the feed",
            Made(|size| shared(size, "<title>", "</title>", "<item><link>b</link></item>")),
        ),
        (
            "a long address of links",
            Made(|size| {
                shared(
                    size,
                    "<link>https://example.org/",
                    "/</link>",
                    "<item><title>a</title><description>&lt;a href=b&gt;c&lt;/a&gt;&lt;a href=b&gt;c&lt;/a&gt;&lt;a href=b&gt;c&lt;/a&gt;</description></item>",
                )
            }),
        ),
        // HTML for the sanitizer.
        ("divs", Description("<div>")),
        ("divs with end tags in comments", Description("<div><!--</div>-->")),
        ("divs with end tags in quotes", Description("<div a='</div>'>")),
        ("divs with end tags in quotes of end tags", Description("<div></p a='</div>'>")),
        ("divs with end tags in processing instructions", Description("<div><?</div>")),
        ("divs with end tags in raw text", Description("<div><textarea></textarea-></div></textarea>")),
        ("divs with longer end tags", Description("<div></div-a>")),
        ("table cells in SVG", DescriptionParts("<svg>", "<td>", "</y>")),
        ("input fields in SVG", DescriptionParts("<svg>", "<input>", "</y>")),
        ("options in MathML", DescriptionParts("<math><mi>", "<option>", "</y>")),
        ("CDATA sections in SVG", DescriptionParts("<svg>", "<g><![CDATA[> </g>]]>", "</y>")),
        ("paragraphs in bold", Description("<b><p>")),
        ("bold within paragraphs", Description("<p><b></p>")),
        ("misnested bold", Description("<b><i></b></i>")),
        ("nested links", Description("<a href='x'><div>")),
        ("tables", Description("<table><tr><td>")),
        ("tables with text", Description("<table>a<b>")),
        (
            "one table of rows",
            Made(|size| {
                item(&format!(
                    "<description>{}</description>",
                    escaped(&format!("<table>{}</table>", "<tr><td>a".repeat(size / 17)))
                ))
                .into_bytes()
            }),
        ),
        ("lists", Description("<ul><li>")),
        ("list items", Description("<li>a")),
        ("definitions", Description("<dl><dt>a<dd>b")),
        ("select fields", Description("<select><option>")),
        ("templates", Description("<template><div>")),
        ("fonts", Description("<font color=a>")),
        ("buttons", Description("<button><p>")),
        ("headings", Description("<h1><h2>")),
        ("forms", Description("<form><div></form>")),
        ("iframes", Description("<iframe>")),
        ("scripts", Description("<script>a</script>")),
        ("unclosed HTML comments", Description("<!-- a")),
        ("HTML references", Description("&amp;")),
        (
            "attributes of one tag",
            Made(|size| {
                item(&format!(
                    "<description>{}</description>",
                    escaped(&format!("<a {}>", "b=c ".repeat(size / 4)))
                ))
                .into_bytes()
            }),
        ),
        ("attributes of many tags", Description("<a b c d e f g h i j k l m n o p>")),
        ("images", Description("<img src='a'>")),
        ("late images", Description("<img data-src='a.png'><!-- --><noscript><img src='/b'></noscript>")),
        ("many sizes", DescriptionParts("<img data-x='", "a.png 1w,", "' srcset='b")),
        ("sources without end", Description("<picture><source srcset=a.png>")),
        ("objects", Description("<object data=/a><param name=src value=/b><embed src=/c>")),
        ("texts that meet", Description("a&amp;\u{ff}<svg></svg><script></script><b hidden></b>")),
        ("formulas", Description("<math><mfrac><mi>a</mi><mrow><mi>b</mi><mi>c</mi></mrow></mfrac></math>")),
        ("nested formulas", DescriptionParts("", "<math><msup><mtext>", "</mtext><mi>a</mi></msup></math>")),
        ("hidden beside formulas", Description("<i aria-hidden=true> <!-- --> </i> ")),
        ("hidden only", DescriptionParts("<div hidden>", "a <b>b</b>", "<p>c")),
        ("unclosed quotes in HTML", Description("<a href=\"")),
        ("no-break spaces in one element", DescriptionParts("<div>", "\u{a0}", "&")),
        ("tags whose ends are all in quotes", Description("<a \">\"")),
        (
            "a title of tags whose ends are all in quotes",
            Made(|size| {
                item(&format!("<title>{}</title>", escaped(&"<a \">\"".repeat(size / 12)))).into_bytes()
            }),
        ),
        ("end tags of paragraphs", Description("</p>")),
        ("end tags of line breaks", Description("</br>")),
        ("end tags that match nothing", DescriptionParts("", "<div>", "</span>")),
        (
            "end tags at depth 490",
            Made(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    escaped(&"<span>".repeat(490)),
                    escaped(&"</x><hr>".repeat(size / 20))
                ))
                .into_bytes()
            }),
        ),
        (
            "start tags at depth 490",
            Made(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    escaped(&"<span>".repeat(490)),
                    escaped(&"<p>".repeat(size / 9))
                ))
                .into_bytes()
            }),
        ),
        (
            "misnested bold at depth 480",
            Made(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    escaped(&"<i><p>".repeat(240)),
                    escaped(&"<b></i>".repeat(size / 19))
                ))
                .into_bytes()
            }),
        ),
        ("null characters", Description("&#0;")),
        // JSON.
        (
            "ordinary JSON",
            JsonItems(
                "{\"id\":\"1\",\"url\":\"https://example.org/1\",\"title\":\"One\",\"content_html\":\"<p>Text</p>\",\"tags\":[\"a\"]},",
            ),
        ),
        ("JSON numbers", JsonItems("1,")),
        ("empty JSON objects", JsonItems("{},")),
        ("unclosed JSON lists", JsonItems("[")),
        ("unclosed JSON objects", JsonItems("{\"a\":")),
        ("repeated lists of items", Repeated("{\"items\":[5],\"items\":[{}],")),
        ("JSON items with surplus commas", JsonItems("{\"id\":\"1\",},,")),
        ("JSON items with invalid literals", JsonItems("{\"id\":NaN,\"a\":undefined},")),
        ("JSON items with missing values", JsonItems("{\"id\":\"1\",\"a\":},")),
        ("unclosed JSON items", JsonItems("{\"id\":\"1\",")),
        ("unclosed JSON strings", JsonItems("{\"id\":\"1,")),
        ("comments in JSON", JsonItems("/* a */ {\"id\":1}, // b\n")),
        ("unclosed comments in JSON", JsonItems("/* ")),
        ("JSON quotes", JsonItems("\"")),
        ("JSON braces", JsonItems("}")),
        ("JSON brackets", JsonItems("]")),
        ("JSON colons", JsonItems(":")),
        (
            "lone surrogates in JSON",
            Made(|size| {
                format!("{{\"items\":[{{\"id\":\"{}\"}}]}}", "\\ud83d".repeat(size / 6)).into_bytes()
            }),
        ),
        (
            "backslashes in JSON",
            Made(|size| format!("{{\"items\":[{{\"id\":\"{}\"}}]}}", "\\".repeat(size)).into_bytes()),
        ),
        (
            "tags of a JSON item",
            Made(|size| {
                format!("{{\"items\":[{{\"tags\":[{}\"a\"]}}]}}", "\"a\",".repeat(size / 4)).into_bytes()
            }),
        ),
        (
            "a long author of a JSON Feed",
            Made(|size| {
                format!(
                    "{{\"author\":{{\"name\":\"{}\"}},\"items\":[{}{{}}]}}",
                    "a".repeat(size / 2),
                    "{\"title\":\"a\"},".repeat(size / 28)
                )
                .into_bytes()
            }),
        ),
        (
            "a long JSON number",
            Made(|size| format!("{{\"items\":[{{\"id\":1{}}}]}}", "0".repeat(size)).into_bytes()),
        ),
        // Encodings.
        (
            "undeclared windows-1251",
            Made(|size| {
                encoding_rs::WINDOWS_1251.encode(&item(&"Россия и Армения ".repeat(size / 17))).0.into_owned()
            }),
        ),
        ("bytes that are not text", Made(|size| vec![0xff; size])),
        (
            "stray bytes in UTF-8",
            Made(|size| {
                item(&format!("<title>{}</title>", "Россия ".repeat(size / 13)))
                    .into_bytes()
                    .into_iter()
                    .chain([0xff])
                    .collect()
            }),
        ),
        ("zero bytes", Made(|size| vec![0; size])),
        (
            "UTF-16",
            Made(|size| item(&"а ".repeat(size / 4)).encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ),
    ];
    all.into_iter().map(|(name, content)| Shape { name, content }).collect()
}

fn entries(size: usize) -> Vec<u8> {
    const ENTRY: &str = "<entry><id>tag:example.org,2024:1</id><title type='html'>A &amp;amp; b</title><link href='/1'/>\
        <updated>2024-05-07T10:30:00Z</updated><author><name>Ann</name></author><content type='xhtml'>\
        <div xmlns='http://www.w3.org/1999/xhtml'><p>Text of <b>some</b> length</p></div></content></entry>";
    format!("<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>", ENTRY.repeat(size / ENTRY.len()))
        .into_bytes()
}

fn many(size: usize, one: &str) -> Vec<u8> {
    channel(&one.repeat(size / one.len())).into_bytes()
}

fn numbered(size: usize, before: &str, after: &str) -> Vec<u8> {
    let mut inside = String::new();
    let count = size / (before.len() + after.len() + 5);
    (0..count).for_each(|number| write!(inside, "{before}{number}{after}").expect("memory"));
    channel(&inside).into_bytes()
}

/// One value of half the size before many small elements.
fn shared(size: usize, before: &str, after: &str, each: &str) -> Vec<u8> {
    channel(&format!("{before}{}{after}{}", "a".repeat(size / 2), each.repeat(size / 2 / each.len())))
        .into_bytes()
}

fn atom(size: usize, before: &str, after: &str, each: &str) -> Vec<u8> {
    let long = "a".repeat(size / 2);
    format!("<feed>{before}{long}{after}{}</feed>", each.repeat(size / 2 / each.len())).into_bytes()
}

fn long_base(size: usize) -> Vec<u8> {
    let each = "<entry><link href='b'/></entry>".repeat(size / 2 / 31);
    format!("<feed xml:base='https://example.org/{}/'>{each}</feed>", "a".repeat(size / 2)).into_bytes()
}

fn long_base_of_bases(size: usize) -> Vec<u8> {
    let each = "<entry xml:base='b/'><title xml:base='c/'>d</title></entry>".repeat(size / 2 / 59);
    format!("<feed xml:base='https://example.org/{}/'>{each}</feed>", "a".repeat(size / 2)).into_bytes()
}
