//! Writes the documents of the simulated sources: RSS, Atom and JSON Feed.

use jiff::Timestamp;
use serde_json::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Rss,
    Atom,
    Json,
}

/// What a source says of an article at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    pub guid: Option<String>,
    pub link: Option<String>,
    pub title: String,
    pub text: String,
    pub date: Option<Timestamp>,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Rss => "application/rss+xml",
            Format::Atom => "application/atom+xml",
            Format::Json => "application/feed+json",
        }
    }

    /// A document with these items. With `cut`, it ends within the item at this index.
    pub fn document(self, site: &str, items: &[(usize, Version)], cut: Option<usize>) -> String {
        let (head, separator, tail) = match self {
            Format::Rss => {
                (format!("<rss version=\"2.0\"><channel><link>{site}</link>"), "", "</channel></rss>")
            }
            Format::Atom => {
                let namespace = "http://www.w3.org/2005/Atom";
                (format!("<feed xmlns=\"{namespace}\"><link href=\"{site}\"/>"), "", "</feed>")
            }
            Format::Json => (format!("{{\"home_page_url\":\"{site}\",\"items\":["), ",", "]}"),
        };
        let mut items: Vec<String> =
            items.iter().map(|(article, version)| self.item(*article, version)).collect();
        if let Some(at) = cut {
            items.truncate(at + 1);
            let half = items[at].len() / 2;
            items[at].truncate(half);
        }
        head + &items.join(separator) + if cut.is_some() { "" } else { tail }
    }

    /// The item has a category that names its article.
    fn item(self, article: usize, version: &Version) -> String {
        let Version { guid, link, title, text, date } = version;
        let element = |value: Option<&str>, template: &str| {
            value.map(|value| template.replace('$', value)).unwrap_or_default()
        };
        let (id, address) = (guid.as_deref(), link.as_deref());
        match self {
            Format::Rss => {
                let date = date.map(|date| date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
                let guid =
                    if guid == link { "<guid>$</guid>" } else { "<guid isPermaLink=\"false\">$</guid>" };
                let (guid, link) = (element(id, guid), element(address, "<link>$</link>"));
                let date = element(date.as_deref(), "<pubDate>$</pubDate>");
                format!(
                    "<item><title>{title}</title>{guid}{link}{date}<category>article-{article}</category>\
                     <description>&lt;p>{text}&lt;/p></description></item>"
                )
            }
            Format::Atom => {
                let date = date.map(|date| date.to_string());
                let (id, link) = (element(id, "<id>$</id>"), element(address, "<link href=\"$\"/>"));
                let date = element(date.as_deref(), "<published>$</published>");
                format!(
                    "<entry><title>{title}</title>{id}{link}{date}<category term=\"article-{article}\"/>\
                     <content type=\"html\">&lt;p>{text}&lt;/p></content></entry>"
                )
            }
            Format::Json => json!({
                "id": guid, "url": link, "title": title, "content_html": format!("<p>{text}</p>"),
                "date_published": date.map(|date| date.to_string()), "tags": [format!("article-{article}")],
            })
            .to_string(),
        }
    }
}

/// The article that a category names.
pub fn article_of<'a>(mut categories: impl Iterator<Item = &'a str>) -> Option<usize> {
    categories.find_map(|category| category.strip_prefix("article-")?.parse().ok())
}
