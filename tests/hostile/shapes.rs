//! Documents of hostile and of ordinary shapes, of about as many bytes as are asked for.

use std::fmt::Write;

/// A kind of document that can be made of any size.
pub struct Shape {
    /// What it consists of.
    pub name: &'static str,
    make: Make,
}

#[derive(Clone, Copy)]
enum Make {
    /// A feed around one item, which is full of this.
    Item(&'static str),
    /// A feed full of this.
    Feed(&'static str),
    /// A feed around one item, whose description is this, escaped.
    Html(&'static str),
    /// As the one before, but after the first, half of it is the second and half the third.
    Within(&'static str, &'static str, &'static str),
    /// Nothing but this.
    Bare(&'static str),
    /// A list of items in JSON.
    Json(&'static str),
    /// Whatever it says.
    Own(fn(usize) -> Vec<u8>),
}

impl Shape {
    /// The document.
    pub fn of_size(&self, size: usize) -> Vec<u8> {
        let filled = |unit: &str, size: usize| unit.repeat(size / unit.len());
        let text = match self.make {
            Make::Item(unit) => item(&filled(unit, size)),
            Make::Feed(unit) => channel(&filled(unit, size)),
            Make::Html(unit) => item(&format!("<description>{}</description>", filled(&escaped(unit), size))),
            Make::Within(begin, first, second) => {
                let halves = [first, second].map(|unit| filled(&escaped(unit), size / 2));
                item(&format!("<description>{}{}</description>", escaped(begin), halves.concat()))
            }
            Make::Bare(unit) => filled(unit, size),
            Make::Json(unit) => format!("{{\"items\":[{}null]}}", filled(unit, size)),
            Make::Own(make) => return make(size),
        };
        text.into_bytes()
    }
}

/// A feed of one item.
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

/// All of them.
pub fn shapes() -> Vec<Shape> {
    use Make::*;
    let all = [
        ("ordinary items", Feed(ORDINARY)),
        ("ordinary entries", Own(entries)),
        (
            "one long text",
            Html("<p>Words &amp; words of a <b>long</b> text, with <a href='/x'>links</a>.</p>\n"),
        ),
        // What is within each other, or never ends.
        ("groups that never end", Item("<media:group>")),
        ("contents that never end", Item("<media:content url='/a'>")),
        ("unknown elements that never end", Item("<x:y>")),
        ("elements that never end", Item("<a>")),
        ("ends without beginnings", Item("</a>")),
        ("texts that never end", Item("<description>x")),
        ("titles that never end", Item("<title>")),
        ("persons that never end", Item("<author><name>")),
        ("sources that never end", Item("<source><title>")),
        ("items within each other", Bare("<rss><item><title>x")),
        ("channels within each other", Bare("<channel>")),
        (
            "markup that is not escaped",
            Own(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    "<div>".repeat(size / 11),
                    "</div>".repeat(size / 11)
                ))
                .into_bytes()
            }),
        ),
        (
            "texts within texts",
            Own(|size| {
                item(&format!("{}{}", "<description>".repeat(size / 27), "</description>".repeat(size / 27)))
                    .into_bytes()
            }),
        ),
        // Tags.
        ("angle brackets", Item("<")),
        ("beginnings of ends", Item("</")),
        ("tags without ends", Item("<a ")),
        ("attributes", Own(|size| item(&format!("<enclosure {}/>", "a='1' ".repeat(size / 6))).into_bytes())),
        ("equals signs", Own(|size| item(&format!("<link {}/>", "=".repeat(size))).into_bytes())),
        ("blanks in a tag", Own(|size| item(&format!("<link{}/>", " ".repeat(size))).into_bytes())),
        ("quotes that never end", Item("<link href=\"")),
        ("quotes around ends of tags", Item("<link href=\">")),
        ("apostrophes around ends of tags", Item("<a b='>' c=\"")),
        ("a long name", Own(|size| item(&format!("<{}>", "a".repeat(size))).into_bytes())),
        // What is no element.
        ("comments", Item("<!-- a -->")),
        ("comments that never end", Item("<!--")),
        ("doctypes", Bare("<!DOCTYPE x [ <!ENTITY a 'b'> ]>")),
        ("doctypes that never end", Bare("<!DOCTYPE x [")),
        ("doctypes whose brackets never end", Bare("<!DOCTYPE x [>")),
        ("instructions", Item("<?a?>")),
        ("instructions that never end", Item("<?a")),
        (
            "sections",
            Own(|size| {
                item(&format!("<description>{}</description>", "<![CDATA[a]]>".repeat(size / 13)))
                    .into_bytes()
            }),
        ),
        ("sections that never end", Item("<title><![CDATA[")),
        (
            "sections of which the last ends",
            Own(|size| item(&format!("{}]]>", "<title><![CDATA[".repeat(size / 16))).into_bytes()),
        ),
        ("ends of sections", Item("]]>")),
        // Texts.
        ("white space", Item(" ")),
        ("white space before elements", Item("\n   <a/>")),
        ("ampersands", Own(|size| item(&format!("<title>{}</title>", "&".repeat(size))).into_bytes())),
        (
            "references",
            Own(|size| item(&format!("<title>{}</title>", "&amp;".repeat(size / 5))).into_bytes()),
        ),
        (
            "references twice",
            Own(|size| {
                item(&format!("<title>{}</title>", "&amp;lt;b&amp;gt;".repeat(size / 16))).into_bytes()
            }),
        ),
        (
            "references without ends",
            Own(|size| item(&format!("<title>{}</title>", "&#12345".repeat(size / 7))).into_bytes()),
        ),
        (
            "one long reference",
            Own(|size| item(&format!("<title>&#{};</title>", "1".repeat(size))).into_bytes()),
        ),
        (
            "names of references",
            Own(|size| item(&format!("<title>{}</title>", "&aacut".repeat(size / 6))).into_bytes()),
        ),
        (
            "a title of brackets",
            Own(|size| item(&format!("<title>{}</title>", "&lt;a".repeat(size / 5))).into_bytes()),
        ),
        (
            "text that was encoded twice",
            Own(|size| {
                item(&format!("<title>{}</title>", "\u{d0}\u{a0}\u{d1}\u{81}".repeat(size / 8))).into_bytes()
            }),
        ),
        (
            "text that was nearly encoded twice",
            Own(|size| {
                item(&format!("<title>{}\u{d0}</title>", "\u{d0}\u{a0}\u{d1}\u{81}".repeat(size / 8)))
                    .into_bytes()
            }),
        ),
        (
            "a date of digits",
            Own(|size| item(&format!("<pubDate>{}</pubDate>", "1".repeat(size))).into_bytes()),
        ),
        (
            "a duration of digits",
            Own(|size| {
                item(&format!("<itunes:duration>{}</itunes:duration>", "1:".repeat(size / 2))).into_bytes()
            }),
        ),
        (
            "an author of addresses",
            Own(|size| item(&format!("<author>{}</author>", "a@b.c ".repeat(size / 6))).into_bytes()),
        ),
        (
            "an author of signs",
            Own(|size| item(&format!("<author>{}</author>", "@".repeat(size))).into_bytes()),
        ),
        // Many of a kind.
        ("categories", Item("<category>a</category>")),
        ("enclosures", Item("<enclosure url='a'/>")),
        (
            "enclosures of each item",
            Own(|size| many(size, &format!("<item>{}</item>", "<enclosure url='a'/>".repeat(200)))),
        ),
        (
            "authors of each item",
            Own(|size| {
                many(size, &format!("<item><title>a</title>{}</item>", "<author>a b</author>".repeat(200)))
            }),
        ),
        ("items of one key", Feed("<item><guid>a</guid><title>b</title></item>")),
        (
            "items of one key and many titles",
            Own(|size| numbered(size, "<item><guid>a</guid><title>", "</title></item>")),
        ),
        ("prefixes", Own(|size| numbered(size, "<a xmlns:p", "='http://www.w3.org/2005/Atom'/>"))),
        (
            "languages and paces",
            Feed("<language>en</language><ttl>5</ttl><skipHours><hour>1</hour></skipHours>"),
        ),
        // One long thing that many share.
        ("a long base of many entries", Own(long_base)),
        ("a long base of many bases", Own(long_base_of_bases)),
        (
            "a long address of the site",
            Own(|size| shared(size, "<link>https://example.org/", "/</link>", "<item><link>b</link></item>")),
        ),
        (
            "a long query of the site",
            Own(|size| {
                shared(size, "<link>https://example.org/?", "</link>", "<item><link>#b</link></item>")
            }),
        ),
        (
            "a long author of all entries",
            Own(|size| atom(size, "<author><name>", "</name></author>", "<entry><id>1</id></entry>")),
        ),
        (
            "a long title of the feed",
            Own(|size| shared(size, "<title>", "</title>", "<item><link>b</link></item>")),
        ),
        (
            "a long address of links",
            Own(|size| {
                shared(
                    size,
                    "<link>https://example.org/",
                    "/</link>",
                    "<item><title>a</title><description>&lt;a href=b&gt;c&lt;/a&gt;&lt;a href=b&gt;c&lt;/a&gt;&lt;a href=b&gt;c&lt;/a&gt;</description></item>",
                )
            }),
        ),
        // HTML that is cleaned.
        ("divisions", Html("<div>")),
        ("divisions whose ends are in comments", Html("<div><!--</div>-->")),
        ("divisions whose ends are in quotes", Html("<div a='</div>'>")),
        ("divisions whose ends are in the ends' quotes", Html("<div></p a='</div>'>")),
        ("divisions whose ends are in instructions", Html("<div><?</div>")),
        ("divisions whose ends are in raw text", Html("<div><textarea></textarea-></div></textarea>")),
        ("divisions whose ends are longer", Html("<div></div-a>")),
        ("cells in a picture", Within("<svg>", "<td>", "</y>")),
        ("fields in a picture", Within("<svg>", "<input>", "</y>")),
        ("choices in a formula", Within("<math><mi>", "<option>", "</y>")),
        ("sections of a picture", Within("<svg>", "<g><![CDATA[> </g>]]>", "</y>")),
        ("paragraphs in bold", Html("<b><p>")),
        ("bold within paragraphs", Html("<p><b></p>")),
        ("misnested bold", Html("<b><i></b></i>")),
        ("links within links", Html("<a href='x'><div>")),
        ("tables", Html("<table><tr><td>")),
        ("tables with text", Html("<table>a<b>")),
        (
            "one table of rows",
            Own(|size| {
                item(&format!(
                    "<description>{}</description>",
                    escaped(&format!("<table>{}</table>", "<tr><td>a".repeat(size / 17)))
                ))
                .into_bytes()
            }),
        ),
        ("lists", Html("<ul><li>")),
        ("points of a list", Html("<li>a")),
        ("definitions", Html("<dl><dt>a<dd>b")),
        ("fields to choose from", Html("<select><option>")),
        ("templates", Html("<template><div>")),
        ("fonts", Html("<font color=a>")),
        ("buttons", Html("<button><p>")),
        ("headings", Html("<h1><h2>")),
        ("forms", Html("<form><div></form>")),
        ("frames", Html("<iframe>")),
        ("scripts", Html("<script>a</script>")),
        ("comments of HTML", Html("<!-- a")),
        ("references of HTML", Html("&amp;")),
        (
            "one attribute after the other",
            Own(|size| {
                item(&format!(
                    "<description>{}</description>",
                    escaped(&format!("<a {}>", "b=c ".repeat(size / 4)))
                ))
                .into_bytes()
            }),
        ),
        ("attributes of many tags", Html("<a b c d e f g h i j k l m n o p>")),
        ("pictures", Html("<img src='a'>")),
        ("unclosed quotes of HTML", Html("<a href=\"")),
        ("paragraphs that end before they begin", Html("</p>")),
        ("breaks that end", Html("</br>")),
        ("ends that fit nothing", Within("", "<div>", "</span>")),
        (
            "ends in some depth",
            Own(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    escaped(&"<span>".repeat(490)),
                    escaped(&"</x><hr>".repeat(size / 20))
                ))
                .into_bytes()
            }),
        ),
        (
            "beginnings in some depth",
            Own(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    escaped(&"<span>".repeat(490)),
                    escaped(&"<p>".repeat(size / 9))
                ))
                .into_bytes()
            }),
        ),
        (
            "bold ends in some depth",
            Own(|size| {
                item(&format!(
                    "<description>{}{}</description>",
                    escaped(&"<i><p>".repeat(240)),
                    escaped(&"<b></i>".repeat(size / 19))
                ))
                .into_bytes()
            }),
        ),
        ("nulls", Html("&#0;")),
        // JSON.
        (
            "ordinary JSON",
            Json(
                "{\"id\":\"1\",\"url\":\"https://example.org/1\",\"title\":\"One\",\"content_html\":\"<p>Text</p>\",\"tags\":[\"a\"]},",
            ),
        ),
        ("numbers", Json("1,")),
        ("empty objects", Json("{},")),
        ("lists that never end", Json("[")),
        ("objects that never end", Json("{\"a\":")),
        ("lists of items", Bare("{\"items\":[5],\"items\":[{}],")),
        ("items with commas too many", Json("{\"id\":\"1\",},,")),
        ("items with words that are none", Json("{\"id\":NaN,\"a\":undefined},")),
        ("items that break", Json("{\"id\":\"1\",\"a\":},")),
        ("items that are left open", Json("{\"id\":\"1\",")),
        ("strings that never end", Json("{\"id\":\"1,")),
        ("comments in JSON", Json("/* a */ {\"id\":1}, // b\n")),
        ("comments in JSON that never end", Json("/* ")),
        ("quotes", Json("\"")),
        ("braces", Json("}")),
        ("brackets", Json("]")),
        ("colons", Json(":")),
        (
            "halves of characters",
            Own(|size| format!("{{\"items\":[{{\"id\":\"{}\"}}]}}", "\\ud83d".repeat(size / 6)).into_bytes()),
        ),
        (
            "backslashes",
            Own(|size| format!("{{\"items\":[{{\"id\":\"{}\"}}]}}", "\\".repeat(size)).into_bytes()),
        ),
        (
            "tags of an item",
            Own(|size| {
                format!("{{\"items\":[{{\"tags\":[{}\"a\"]}}]}}", "\"a\",".repeat(size / 4)).into_bytes()
            }),
        ),
        (
            "a long author of all items",
            Own(|size| {
                format!(
                    "{{\"author\":{{\"name\":\"{}\"}},\"items\":[{}{{}}]}}",
                    "a".repeat(size / 2),
                    "{\"title\":\"a\"},".repeat(size / 28)
                )
                .into_bytes()
            }),
        ),
        (
            "zeros of a number",
            Own(|size| format!("{{\"items\":[{{\"id\":1{}}}]}}", "0".repeat(size)).into_bytes()),
        ),
        // Encodings.
        (
            "windows-1251 that nobody declares",
            Own(|size| {
                encoding_rs::WINDOWS_1251.encode(&item(&"Россия и Армения ".repeat(size / 17))).0.into_owned()
            }),
        ),
        ("bytes that are no text", Own(|size| vec![0xff; size])),
        (
            "stray bytes in UTF-8",
            Own(|size| {
                item(&format!("<title>{}</title>", "Россия ".repeat(size / 13)))
                    .into_bytes()
                    .into_iter()
                    .chain([0xff])
                    .collect()
            }),
        ),
        ("zero bytes", Own(|size| vec![0; size])),
        (
            "UTF-16",
            Own(|size| item(&"а ".repeat(size / 4)).encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ),
    ];
    all.into_iter().map(|(name, make)| Shape { name, make }).collect()
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

/// One thing of half the size before many others.
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
