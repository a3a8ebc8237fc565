//! What JSON-LD says of an article. Pure.

use serde_json::Value;

/// Types that are articles; theirs is the headline of the page.
const TYPES: [&str; 16] = [
    "Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "AnalysisNewsArticle",
    "OpinionNewsArticle", "BackgroundNewsArticle", "ReviewNewsArticle", "AskPublicNewsArticle",
    "LiveBlogPosting", "TechArticle", "ScholarlyArticle", "Report", "SocialMediaPosting",
    "AdvertiserContentArticle", "SatiricalArticle",
];

/// Values within each other are read to this depth.
const MAX_DEPTH: usize = 8;

/// A longer text is no headline.
const MAX_HEADLINE_BYTES: usize = 2000;

/// So many articles are read: a page lists few others.
const MAX_ARTICLES: usize = 200;

/// What is known of the article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct JsonLd {
    pub(super) headline: Option<String>,
    /// The addresses of its page.
    pub(super) urls: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<String>,
    pub(super) body: Option<String>,
    pub(super) language: Option<String>,
    /// It says that one has to pay.
    pub(super) is_paid: bool,
}

/// Reads the articles of the scripts. What is no JSON is passed over.
pub(super) fn read(scripts: &[&str]) -> Vec<JsonLd> {
    let mut articles = Vec::new();
    for script in scripts {
        if let Some(value) = parse(script) {
            collect(&value, 0, &mut articles);
        }
    }
    articles
}

/// Line breaks within strings, which JSON forbids, are frequent.
fn parse(script: &str) -> Option<Value> {
    let script =
        script.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>").trim().trim_end_matches(';');
    serde_json::from_str(script)
        .or_else(|_| serde_json::from_str(&script.replace(|c: char| c.is_control(), " ")))
        .ok()
}

fn collect(value: &Value, depth: usize, articles: &mut Vec<JsonLd>) {
    match value {
        _ if depth > MAX_DEPTH || articles.len() >= MAX_ARTICLES => {}
        Value::Array(values) => values.iter().for_each(|value| collect(value, depth + 1, articles)),
        Value::Object(fields) => {
            if names(fields.get("@type")).iter().any(|name| {
                TYPES.contains(&name.trim_start_matches("schema:").rsplit('/').next().unwrap_or_default())
            }) {
                articles.push(article(value));
            }
            for key in ["@graph", "mainEntity", "mainEntityOfPage", "hasPart"] {
                if let Some(value) = fields.get(key) {
                    collect(value, depth + 1, articles);
                }
            }
        }
        _ => {}
    }
}

fn article(value: &Value) -> JsonLd {
    let text =
        |key: &str| names(value.get(key)).into_iter().find(|text| !text.trim().is_empty()).map(str::to_owned);
    let free = value.get("isAccessibleForFree");
    JsonLd {
        headline: text("headline").or_else(|| text("name")).filter(|text| text.len() <= MAX_HEADLINE_BYTES),
        urls: ["url", "mainEntityOfPage"]
            .into_iter()
            .filter_map(|key| value.get(key))
            .filter_map(|value| value.as_str().or_else(|| value.get("@id")?.as_str()))
            .filter(|url| !url.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        description: text("description"),
        authors: names(value.get("author")).into_iter().map(str::to_owned).collect(),
        published: text("datePublished").or_else(|| text("dateCreated")),
        body: text("articleBody"),
        language: text("inLanguage"),
        is_paid: free.is_some_and(|free| {
            *free == Value::Bool(false)
                || free.as_str().is_some_and(|free| free.to_ascii_lowercase().ends_with("false"))
        }),
    }
}

/// The texts of a value, or the names of what it describes.
fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => {
            values.iter().flat_map(|value| names(Some(value)).into_iter().take(1)).collect()
        }
        Some(Value::Object(fields)) => {
            fields.get("name").or(fields.get("@value")).and_then(Value::as_str).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_is_found_wherever_it_stands() {
        let article = r#"{"@type": ["NewsArticle"], "headline": "H", "author": [{"name": "A"}, "B"], "articleBody": "Text
            of it", "isAccessibleForFree": "False", "datePublished": "2026-11-30", "inLanguage": {"name": "en"}}"#;
        for script in [
            article.to_owned(),
            format!("[{{\"@type\": \"Organization\", \"name\": \"O\"}}, {article}]"),
            format!("{{\"@graph\": [{{\"@type\": \"WebPage\"}}, {article}]}};"),
            format!("{{\"@type\": \"WebPage\", \"mainEntity\": {article}}}"),
        ] {
            let found = read(&["no JSON", &script]).remove(0);
            assert_eq!(found.headline.as_deref(), Some("H"), "{script}");
            assert_eq!(found.authors, ["A", "B"]);
            assert!(found.is_paid && found.body.is_some_and(|body| body.starts_with("Text")));
            assert_eq!(
                (found.published.as_deref(), found.language.as_deref()),
                (Some("2026-11-30"), Some("en"))
            );
        }
        assert_eq!(read(&["{\"@type\": \"Organization\", \"name\": \"O\"}"]), []);
        assert_eq!(read(&[&"[".repeat(100_000)]), [], "a bomb");
    }
}
