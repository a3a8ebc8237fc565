//! Feeds as a newsroom meets them, made from a seed: the same seed gives the same bytes. Pure.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::words::{ENGLISH, RUSSIAN, Words};

/// 2026-11-01T00:00:00Z: entries are dated backwards from here, a round of changes forwards.
const TODAY: i64 = 1_793_491_200;

/// Of a hundred entries, so many are an agency's and stand in several feeds.
const SYNDICATED: u64 = 20;

/// What kind of farm.
#[derive(Clone, Copy, Debug)]
pub struct Farm {
    /// How many feeds.
    pub feeds: usize,
    /// Entries in each.
    pub entries: usize,
    /// Bytes of an entry's text, about.
    pub text: usize,
    /// Another seed is another farm.
    pub seed: u64,
}

/// One feed, ready to be sent.
pub struct Document {
    pub bytes: Vec<u8>,
    pub content_type: &'static str,
}

/// One entry before it is written in a format.
struct Item {
    id: String,
    link: String,
    title: String,
    paragraphs: Vec<String>,
    second: i64,
}

/// The feed with a number as it is after so many changes; each change puts a new entry on top.
pub fn document(farm: &Farm, feed: usize, changes: usize) -> Document {
    let words = if feed.is_multiple_of(2) { &ENGLISH } else { &RUSSIAN };
    let items: Vec<Item> = (0..farm.entries).map(|place| item(farm, words, feed, changes, place)).collect();
    match feed % 10 {
        0..6 => rss(words, feed, &items),
        6..9 => {
            Document { bytes: atom(words, feed, &items).into_bytes(), content_type: "application/atom+xml" }
        }
        _ => Document { bytes: json(words, feed, &items), content_type: "application/feed+json" },
    }
}

fn item(farm: &Farm, words: &Words, feed: usize, changes: usize, place: usize) -> Item {
    // Counted from the oldest, so that a new entry on top leaves the others as they were.
    let number = farm.entries + changes - place;
    let mut own = Rng::with_seed(mix(farm.seed, feed as u64, number as u64));
    let agency = own.u64(0..100) < SYNDICATED;
    let text_seed = if agency {
        // An agency's reports of one language, as many as a fiftieth of the farm holds.
        let reports = (farm.feeds * farm.entries / 50).max(1) as u64;
        mix(farm.seed, 1 << 40, own.u64(0..reports) * 2 + feed as u64 % 2)
    } else {
        own.u64(..)
    };
    let mut text = Rng::with_seed(text_seed);
    let title = headline(&mut text, words);
    let mut paragraphs = Vec::new();
    let mut length = 0;
    while length < farm.text {
        let sentences = (0..text.usize(2..6)).map(|_| sentence(&mut text, words)).collect::<Vec<_>>();
        length += sentences.iter().map(String::len).sum::<usize>();
        paragraphs.push(sentences.join(" "));
    }
    Item {
        id: format!("{feed}-{number}"),
        link: format!("https://site{feed}.example/{}/{number}-{}", 2000 + number % 26, text.u32(..)),
        title,
        paragraphs,
        // By its number alone: an entry keeps its date when another comes on top.
        second: TODAY + 3600 * (number as i64 - farm.entries as i64) - own.i64(0..1800),
    }
}

/// Spreads three numbers over a seed (the finaliser of SplitMix64).
fn mix(a: u64, b: u64, c: u64) -> u64 {
    let mut z = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ c.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(0..from.len())]
}

fn headline(rng: &mut Rng, words: &Words) -> String {
    format!(
        "{} {} {} {}",
        pick(rng, words.subjects),
        pick(rng, words.verbs),
        pick(rng, words.objects),
        pick(rng, words.places)
    )
}

fn sentence(rng: &mut Rng, words: &Words) -> String {
    let core = headline(rng, words);
    match rng.u8(0..3) {
        0 => format!("{core}, {}.", pick(rng, words.tails)),
        1 => format!("{} {core} {}.", pick(rng, words.openings), rng.u32(2..900)),
        _ => format!("{} {core}, {}.", pick(rng, words.openings), pick(rng, words.tails)),
    }
}

/// The text as a site's own HTML: paragraphs, a link and a picture.
fn html(item: &Item) -> String {
    let mut html = String::new();
    for (place, paragraph) in item.paragraphs.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<p>{paragraph}</p>");
        if place == 0 {
            let _ = writeln!(
                html,
                "<figure><img src=\"{0}.jpg\" alt=\"\"></figure><p><a href=\"{0}\">{1}</a></p>",
                item.link, item.title
            );
        }
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Of the Russian ones, every third is in windows-1251, as many still are.
fn rss(words: &Words, feed: usize, items: &[Item]) -> Document {
    let old = feed % 6 == 3;
    let encoding = if old { "windows-1251" } else { "utf-8" };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>{} {feed}</title><link>https://site{feed}.example/</link><description></description>\
         <language>{}</language>\n",
        words.paper, words.language
    );
    for item in items {
        let date = jiff::Timestamp::from_second(item.second).unwrap_or_default();
        let _ = writeln!(
            xml,
            "<item><title>{}</title><link>{}</link><guid isPermaLink=\"false\">{}</guid><pubDate>{}</pubDate>\
             <dc:creator>{}</dc:creator><category>{}</category><description>{}</description>\
             <content:encoded><![CDATA[{}]]></content:encoded></item>",
            escaped(&item.title),
            item.link,
            item.id,
            date.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            words.author,
            words.category,
            escaped(item.paragraphs.first().map_or("", String::as_str)),
            html(item)
        );
    }
    xml.push_str("</channel></rss>\n");
    let bytes = if old { encoding_rs::WINDOWS_1251.encode(&xml).0.into_owned() } else { xml.into_bytes() };
    Document { bytes, content_type: "application/rss+xml" }
}

fn atom(words: &Words, feed: usize, items: &[Item]) -> String {
    let at = |second| jiff::Timestamp::from_second(second).unwrap_or_default();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\
         <title>{} {feed}</title><id>tag:site{feed}.example,2026:feed</id>\
         <link href=\"https://site{feed}.example/\"/><updated>{}</updated>\n",
        words.language,
        words.paper,
        at(items.first().map_or(TODAY, |item| item.second))
    );
    for item in items {
        let _ = writeln!(
            xml,
            "<entry><title>{}</title><id>tag:site{feed}.example,2026:{}</id><link href=\"{}\"/>\
             <updated>{}</updated><author><name>{}</name></author><content type=\"html\">{}</content></entry>",
            escaped(&item.title),
            item.id,
            item.link,
            at(item.second),
            words.author,
            escaped(&html(item))
        );
    }
    xml.push_str("</feed>\n");
    xml
}

fn json(words: &Words, feed: usize, items: &[Item]) -> Vec<u8> {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            serde_json::json!({
                "id": item.id, "url": item.link, "title": item.title, "content_html": html(item),
                "date_published": jiff::Timestamp::from_second(item.second).unwrap_or_default().to_string(),
                "authors": [{ "name": words.author }], "tags": [words.category],
            })
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": format!("{} {feed}", words.paper),
        "home_page_url": format!("https://site{feed}.example/"), "language": words.language, "items": items,
    }))
    .expect("text under text keys always serialises")
}
