//! Every field of every format, filled with a text of any size, and the tokens that open something.

/// A place in a document for a text.
pub struct Field {
    /// Format and field.
    pub name: &'static str,
    /// The document, with the place marked by [`PLACE`].
    document: &'static str,
    writing: Writing,
}

/// Where the text goes.
const PLACE: &str = "@@";

/// How a text is written into a document.
#[derive(Clone, Copy)]
enum Writing {
    /// With the characters escaped that the format wants so.
    Xml,
    Json,
    /// As it is: what the parser makes of it.
    Raw,
}

impl Field {
    /// The document with this text in the field.
    pub fn document(&self, text: &str) -> Vec<u8> {
        let text = match self.writing {
            Writing::Xml => {
                text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
            }
            Writing::Json => {
                let quoted = serde_json::to_string(text).expect("a text");
                quoted[1..quoted.len() - 1].to_owned()
            }
            Writing::Raw => text.to_owned(),
        };
        let outer = match self.document.as_bytes()[0] {
            b'{' => "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"F\",@@",
            b'~' => {
                "<rss version='2.0'><channel><title>F</title><link>https://example.org/</link>@@</channel></rss>"
            }
            b'^' => "<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><id>urn:f:1</id>@@</feed>",
            _ => PLACE,
        };
        let inner = self.document.trim_start_matches(['{', '~', '^']);
        outer.replace(PLACE, inner).replace(PLACE, &text).into_bytes()
    }
}

/// All of them. `{` begins a JSON Feed, `~` the channel of an RSS feed, `^` an Atom feed.
pub fn fields() -> impl Iterator<Item = Field> {
    let of = |writing| move |(name, document)| Field { name, document, writing };
    let escaped = XML.into_iter().map(of(Writing::Xml)).chain(JSON.into_iter().map(of(Writing::Json)));
    escaped.chain(RAW.into_iter().map(of(Writing::Raw)))
}

const XML: [(&str, &str); 48] = [
    ("rss: title", "~<item><guid>1</guid><title>@@</title></item>"),
    ("rss: link", "~<item><title>T</title><link>@@</link></item>"),
    ("rss: link after a host", "~<item><title>T</title><link>https://example.org/@@</link></item>"),
    ("rss: host of a link", "~<item><title>T</title><link>http://@@.example/</link></item>"),
    ("rss: query of a link", "~<item><title>T</title><link>https://example.org/?@@</link></item>"),
    ("rss: guid", "~<item><title>T</title><guid>@@</guid></item>"),
    ("rss: guid with an address", "~<item><title>T</title><guid>https://example.org/@@</guid></item>"),
    ("rss: description", "~<item><guid>1</guid><description>@@</description></item>"),
    ("rss: description in SVG", "~<item><guid>1</guid><description>&lt;svg>@@</description></item>"),
    (
        "rss: description in an attribute",
        "~<item><guid>1</guid><description>&lt;p title=\"@@</description></item>",
    ),
    (
        "rss: address in a description",
        "~<item><guid>1</guid><description>&lt;a href='@@'>x&lt;/a></description></item>",
    ),
    ("rss: content", "~<item><guid>1</guid><content:encoded>@@</content:encoded></item>"),
    ("rss: author", "~<item><title>T</title><author>@@</author></item>"),
    ("rss: creator", "~<item><title>T</title><dc:creator>@@</dc:creator></item>"),
    ("rss: category", "~<item><title>T</title><category>@@</category></item>"),
    ("rss: pubDate", "~<item><title>T</title><pubDate>@@</pubDate></item>"),
    ("rss: comments", "~<item><title>T</title><comments>https://example.org/@@</comments></item>"),
    ("rss: enclosure", "~<item><title>T</title><enclosure url=\"https://example.org/@@\"/></item>"),
    ("rss: type of an enclosure", "~<item><title>T</title><enclosure url=\"/a\" type=\"@@\"/></item>"),
    ("rss: length of an enclosure", "~<item><title>T</title><enclosure url=\"/a\" length=\"@@\"/></item>"),
    (
        "rss: title of a media content",
        "~<item><title>T</title><media:content url=\"/a\" title=\"@@\"/></item>",
    ),
    ("rss: thumbnail", "~<item><title>T</title><media:thumbnail url=\"https://example.org/@@\"/></item>"),
    ("rss: duration", "~<item><title>T</title><itunes:duration>@@</itunes:duration></item>"),
    ("rss: source", "~<item><title>T</title><source url='https://example.net/'>@@</source></item>"),
    (
        "rss: address of a source",
        "~<item><title>T</title><source url=\"https://example.net/@@\">S</source></item>",
    ),
    ("rss: language of an item", "~<item><title>T</title><dc:language>@@</dc:language></item>"),
    ("rss: title of the channel", "~<title>@@</title><item><title>T</title></item>"),
    ("rss: language of the channel", "~<language>@@</language><item><title>T</title></item>"),
    (
        "rss: link of the channel",
        "<rss><channel><link>https://example.org/@@</link><item><title>T</title></item></channel></rss>",
    ),
    ("rss: hints", "~<ttl>@@</ttl><skipHours><hour>@@</hour></skipHours><item><title>T</title></item>"),
    ("rdf: about", "<rdf:RDF><item rdf:about=\"@@\"><title>T</title></item></rdf:RDF>"),
    ("atom: title", "^<entry><id>1</id><title>@@</title></entry>"),
    ("atom: title in HTML", "^<entry><id>1</id><title type='html'>@@</title></entry>"),
    ("atom: summary", "^<entry><id>1</id><summary>@@</summary></entry>"),
    ("atom: content", "^<entry><id>1</id><content type='html'>@@</content></entry>"),
    (
        "atom: content with its own base",
        "^<entry><id>1</id><content type='html' xml:base='https://example.net/'>@@</content></entry>",
    ),
    ("atom: content in base64", "^<entry><id>1</id><content mode='base64'>@@</content></entry>"),
    ("atom: content of XHTML", "^<entry><id>1</id><content type='xhtml'><x:div>@@</x:div></content></entry>"),
    ("atom: name", "^<entry><id>1</id><title>T</title><author><name>@@</name></author></entry>"),
    (
        "atom: email",
        "^<entry><id>1</id><title>T</title><author><name>N</name><email>@@</email></author></entry>",
    ),
    (
        "atom: uri",
        "^<entry><id>1</id><title>T</title><author><name>N</name><uri>https://a.example/@@</uri></author></entry>",
    ),
    ("atom: category", "^<entry><id>1</id><title>T</title><category term=\"@@\"/></entry>"),
    ("atom: link", "^<entry><id>1</id><title>T</title><link href=\"@@\"/></entry>"),
    (
        "atom: link of an enclosure",
        "^<entry><id>1</id><title>T</title><link rel='enclosure' href=\"/a\" title=\"@@\"/></entry>",
    ),
    (
        "atom: source",
        "^<entry><id>1</id><title>T</title><source><title>@@</title><id>@@</id></source></entry>",
    ),
    (
        "atom: xml:base",
        "^<entry xml:base=\"https://example.org/@@\"><id>1</id><title>T</title><link href='a'/></entry>",
    ),
    ("atom: xml:lang", "^<entry xml:lang=\"@@\"><id>1</id><title>T</title></entry>"),
    ("atom: updated", "^<entry><id>1</id><title>T</title><updated>@@</updated></entry>"),
];

const JSON: [(&str, &str); 18] = [
    ("json: title", "{\"items\":[{\"id\":\"1\",\"title\":\"@@\"}]}"),
    ("json: url", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"url\":\"@@\"}]}"),
    (
        "json: external_url",
        "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"external_url\":\"https://a.example/@@\"}]}",
    ),
    ("json: id", "{\"items\":[{\"id\":\"@@\",\"title\":\"T\"}]}"),
    ("json: content_html", "{\"items\":[{\"id\":\"1\",\"content_html\":\"@@\"}]}"),
    ("json: content_text", "{\"items\":[{\"id\":\"1\",\"content_text\":\"@@\"}]}"),
    ("json: summary", "{\"items\":[{\"id\":\"1\",\"summary\":\"@@\"}]}"),
    ("json: image", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"image\":\"https://a.example/@@\"}]}"),
    ("json: date_published", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"date_published\":\"@@\"}]}"),
    ("json: author", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"authors\":[{\"name\":\"@@\"}]}]}"),
    (
        "json: url of an author",
        "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"authors\":[{\"url\":\"https://a.example/@@\"}]}]}",
    ),
    ("json: tag", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"tags\":[\"@@\"]}]}"),
    ("json: language", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"language\":\"@@\"}]}"),
    (
        "json: attachment",
        "{\"items\":[{\"id\":\"1\",\"attachments\":[{\"url\":\"/a\",\"title\":\"@@\",\"mime_type\":\"@@\"}]}]}",
    ),
    ("json: title of the feed", "{\"title\":\"@@\",\"items\":[{\"id\":\"1\"}]}"),
    ("json: home_page_url", "{\"home_page_url\":\"https://example.org/@@\",\"items\":[{\"id\":\"1\"}]}"),
    ("json: name of the feed's author", "{\"authors\":[{\"name\":\"@@\"}],\"items\":[{\"id\":\"1\"}]}"),
    ("json: unknown field", "{\"items\":[{\"id\":\"1\",\"title\":\"T\",\"_a\":{\"b\":[\"@@\"]}}]}"),
];

const RAW: [(&str, &str); 17] = [
    ("rss: in an item", "~<item><title>T</title>@@</item>"),
    ("rss: in a channel", "~@@<item><title>T</title></item>"),
    ("rss: title as it is", "~<item><guid>1</guid><title>@@</title></item>"),
    ("rss: description as it is", "~<item><guid>1</guid><description>@@</description></item>"),
    ("rss: CDATA section", "~<item><guid>1</guid><description><![CDATA[@@]]></description></item>"),
    ("rss: attribute as it is", "~<item><title>T</title><enclosure url=\"@@\"/></item>"),
    ("rss: tag as it is", "~<item><title>T</title><link @@/></item>"),
    ("rss: unclosed", "<rss><channel><item><title>T</title><description>@@"),
    ("rss: before the feed", "@@<rss><channel><item><title>T</title></item></channel></rss>"),
    ("atom: XHTML as it is", "^<entry><id>1</id><content type='xhtml'><div>@@</div></content></entry>"),
    ("atom: author as it is", "^<entry><id>1</id><title>T</title><author>@@</author></entry>"),
    ("atom: source as it is", "^<entry><id>1</id><title>T</title><source>@@</source></entry>"),
    ("json: string as it is", "{\"items\":[{\"id\":\"1\",\"title\":\"@@\"}]}"),
    ("json: between items", "{\"items\":[{\"id\":\"1\"},@@{\"id\":\"2\"}]}"),
    ("json: value as it is", "{\"items\":[{\"id\":\"1\",\"title\":@@}]}"),
    ("json: broken, with a text", "{\"items\":[{\"id\":\"1\",\"a\":undefined,\"content_html\":\"@@\"}]}"),
    ("the document", "@@"),
];

/// What opens, joins or folds something somewhere: repeated, each must cost linear time.
pub const TOKENS: &[&str] = &[
    // Markup.
    "<",
    "</",
    "<!",
    "<!--",
    "<!-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "<a",
    "<a ",
    "<a>",
    "<b>",
    "</b>",
    "<<b>",
    "<a \">\"",
    "<a '>'",
    "</a \">\"",
    "<a href=\"",
    "<a href='x'>",
    "<a b=c ",
    "<svg>",
    "<math><mi>",
    "<table>",
    "<table><tr><td>",
    "<p>",
    "<div>",
    "<b><p>",
    "<script>",
    "<style>a",
    "<textarea>",
    "<template>",
    "<select><option>",
    "<iframe>",
    "<iframe src='https://www.youtube.com/embed/a'>",
    "<img src=a>",
    "<img style='width:1px'",
    "<pre>\n",
    "<x:div>",
    ">",
    "/>",
    "=",
    "=\"",
    "='",
    "xml:base=\"a\" ",
    "xmlns:a=\"b\" ",
    // Character references.
    "&",
    "&#",
    "&#x",
    "&#1",
    "&a",
    "&amp;",
    "&amp;lt;",
    "&lt;",
    "&lt;b&gt;",
    "&amp",
    "&not",
    "&#0;",
    ";",
    // Brackets, quotes, JSON.
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "`",
    "\\",
    "\\u",
    "\\\"",
    "\\ud83d",
    ",",
    ":",
    "{\"a\":",
    "[[",
    "{\"id\":\"1\"},",
    "\"a\",",
    "\" ",
    "\",",
    "/*",
    "//",
    "*/",
    "nul",
    "a:",
    "1e",
    // Addresses and people.
    "http://",
    "http://a.b/",
    "://",
    "www.",
    "a@",
    "@",
    "@b.c ",
    "a@b.c ",
    "mailto:",
    "../",
    "/",
    "//",
    "?",
    "#",
    "%",
    "%2",
    "%41",
    "&a=b",
    "amp/",
    "/amp",
    ".amp",
    "a.",
    "xn--",
    "1-",
    "123456-",
    "url=http://a/",
    // Words.
    "war ",
    "the war ",
    "war peace ",
    "a b c ",
    "a",
    "A",
    "a ",
    "1",
    "1 ",
    "1,",
    "1.",
    "1:",
    "A.",
    "a-",
    "-",
    " - ",
    " | ",
    ".",
    "!",
    "a'",
    "l'",
    "'s",
    "'s'",
    "\u{2019}",
    "5m",
    "not ",
    "LIVE ",
    "live: ",
    "\u{bd}",
    // Spaces and invisible characters.
    " ",
    "\n",
    "\t",
    "\r\n",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{feff}",
    "\u{0}",
    "\u{1}",
    "\u{85}",
    "\u{7f}",
    "\u{fffd}",
    // Marks and scripts.
    "\u{301}",
    "a\u{301}",
    "\u{315}\u{300}",
    "\u{306}",
    "\u{438}\u{306}",
    "\u{93f}",
    "\u{e9}",
    "\u{c3}\u{a9}",
    "\u{d0}\u{b0}",
    "\u{430}",
    "\u{436}\u{430}-",
    "\u{561}",
    "\u{565}\u{582}",
    "\u{587}",
    "\u{4e2d}",
    "\u{4e2d} ",
    "\u{3042}",
    "\u{30d1}\u{309a}",
    "\u{ac00}",
    "\u{1100}\u{1161}",
    "\u{e01}",
    "\u{1f600}",
    "\u{1f1e6}",
    "\u{1f468}\u{200d}",
    "\u{fdfa}",
    "\u{130}",
    "\u{df}",
    "\u{5d0}",
    "\u{627}",
];
