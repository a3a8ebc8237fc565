//! Generates news feeds from a seed: the same seed gives the same bytes. Pure.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::words::{ENGLISH, Phrases, RUSSIAN};

/// 2026-11-01T00:00:00Z: the first entries are older, those of later changes newer.
const NOW: i64 = 1_793_491_200;

/// Percentage of entries that are agency reports and occur in several feeds.
const SYNDICATED_PERCENT: u64 = 20;

/// Size of the generated feeds.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Number of feeds.
    pub feeds: usize,
    /// Entries in each.
    pub entries: usize,
    /// Approximate bytes of an entry's text.
    pub text: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// One feed document.
pub struct Document {
    pub bytes: Vec<u8>,
    pub content_type: &'static str,
}

/// One entry, independent of the format.
struct Item {
    id: String,
    link: String,
    title: String,
    paragraphs: Vec<String>,
    second: i64,
}

/// A feed after a number of changes; each change adds an entry at the top.
pub fn document(workload: &Workload, feed: usize, changes: usize) -> Document {
    let phrases = if feed.is_multiple_of(2) { &ENGLISH } else { &RUSSIAN };
    let items: Vec<Item> =
        (0..workload.entries).map(|index| item(workload, phrases, feed, changes, index)).collect();
    match feed % 10 {
        0..6 => rss(phrases, feed, &items),
        6..9 => {
            Document { bytes: atom(phrases, feed, &items).into_bytes(), content_type: "application/atom+xml" }
        }
        _ => Document { bytes: json(phrases, feed, &items), content_type: "application/feed+json" },
    }
}

fn item(workload: &Workload, phrases: &Phrases, feed: usize, changes: usize, index: usize) -> Item {
    // Counted from the oldest, so that a new entry leaves the others unchanged.
    let number = workload.entries + changes - index;
    let mut own = Rng::with_seed(mix(workload.seed, feed as u64, number as u64));
    let is_syndicated = own.u64(0..100) < SYNDICATED_PERCENT;
    let text_seed = if is_syndicated {
        // Agency reports of one language: a fiftieth of all entries.
        let reports = (workload.feeds * workload.entries / 50).max(1) as u64;
        mix(workload.seed, 1 << 40, own.u64(0..reports) * 2 + feed as u64 % 2)
    } else {
        own.u64(..)
    };
    let mut text = Rng::with_seed(text_seed);
    let title = headline(&mut text, phrases);
    let mut paragraphs = Vec::new();
    let mut length = 0;
    while length < workload.text {
        let sentences = (0..text.usize(2..6)).map(|_| sentence(&mut text, phrases)).collect::<Vec<_>>();
        length += sentences.iter().map(String::len).sum::<usize>();
        paragraphs.push(sentences.join(" "));
    }
    Item {
        id: format!("{feed}-{number}"),
        link: format!("https://site{feed}.example/{}/{number}-{}", 2000 + number % 26, text.u32(..)),
        title,
        paragraphs,
        // Depends only on its number, so that it keeps its date when another entry is added.
        second: NOW + 3600 * (number as i64 - workload.entries as i64) - own.i64(0..1800),
    }
}

/// Mixes three numbers into a seed (the finaliser of SplitMix64).
fn mix(a: u64, b: u64, c: u64) -> u64 {
    let mut z = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ c.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(0..from.len())]
}

fn headline(rng: &mut Rng, phrases: &Phrases) -> String {
    format!(
        "{} {} {} {}",
        pick(rng, phrases.subjects),
        pick(rng, phrases.verbs),
        pick(rng, phrases.objects),
        pick(rng, phrases.places)
    )
}

fn sentence(rng: &mut Rng, phrases: &Phrases) -> String {
    let core = headline(rng, phrases);
    match rng.u8(0..3) {
        0 => format!("{core}, {}.", pick(rng, phrases.tails)),
        1 => format!("{} {core} {}.", pick(rng, phrases.openings), rng.u32(2..900)),
        _ => format!("{} {core}, {}.", pick(rng, phrases.openings), pick(rng, phrases.tails)),
    }
}

/// The text as HTML: paragraphs, a link and an image.
fn html(item: &Item) -> String {
    let mut html = String::new();
    for (index, paragraph) in item.paragraphs.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<p>{paragraph}</p>");
        if index == 0 {
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

/// Every third Russian feed is in windows-1251.
fn rss(phrases: &Phrases, feed: usize, items: &[Item]) -> Document {
    let is_windows_1251 = feed % 6 == 3;
    let encoding = if is_windows_1251 { "windows-1251" } else { "utf-8" };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>{} {feed}</title><link>https://site{feed}.example/</link><description></description>\
         <language>{}</language>\n",
        phrases.paper, phrases.language
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
            phrases.author,
            phrases.category,
            escaped(item.paragraphs.first().map_or("", String::as_str)),
            html(item)
        );
    }
    xml.push_str("</channel></rss>\n");
    let bytes = if is_windows_1251 {
        encoding_rs::WINDOWS_1251.encode(&xml).0.into_owned()
    } else {
        xml.into_bytes()
    };
    Document { bytes, content_type: "application/rss+xml" }
}

fn atom(phrases: &Phrases, feed: usize, items: &[Item]) -> String {
    let at = |second| jiff::Timestamp::from_second(second).unwrap_or_default();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\
         <title>{} {feed}</title><id>tag:site{feed}.example,2026:feed</id>\
         <link href=\"https://site{feed}.example/\"/><updated>{}</updated>\n",
        phrases.language,
        phrases.paper,
        at(items.first().map_or(NOW, |item| item.second))
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
            phrases.author,
            escaped(&html(item))
        );
    }
    xml.push_str("</feed>\n");
    xml
}

fn json(phrases: &Phrases, feed: usize, items: &[Item]) -> Vec<u8> {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            serde_json::json!({
                "id": item.id, "url": item.link, "title": item.title, "content_html": html(item),
                "date_published": jiff::Timestamp::from_second(item.second).unwrap_or_default().to_string(),
                "authors": [{ "name": phrases.author }], "tags": [phrases.category],
            })
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": format!("{} {feed}", phrases.paper),
        "home_page_url": format!("https://site{feed}.example/"), "language": phrases.language, "items": items,
    }))
    .expect("text under text keys always serialises")
}
