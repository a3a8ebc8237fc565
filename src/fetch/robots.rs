//! What a robots.txt says to Siftwire (RFC 9309). Pure.

use std::time::Duration;

use robotxt::Robots;
use url::Url;

/// The name that robots.txt calls Siftwire by, in any case, whatever User-Agent it sends.
const PRODUCT_TOKEN: &str = "siftwire";

/// The longest `Crawl-delay` that is kept.
const MAX_CRAWL_DELAY: Duration = Duration::from_secs(60);

/// The robots.txt of an origin. Of a large one the first 500 KiB count.
#[derive(Debug)]
pub struct RobotsRules(Robots);

impl RobotsRules {
    /// Reads the file.
    #[must_use]
    pub fn read(file: &[u8]) -> RobotsRules {
        RobotsRules(Robots::parse(file, PRODUCT_TOKEN))
    }

    /// Whether a page of the origin may be requested.
    #[must_use]
    pub fn allow(&self, page: &Url) -> bool {
        self.0.is_url_allowed(page)
    }

    /// The time between two requests for pages; zero without one.
    #[must_use]
    pub fn crawl_delay(&self) -> Duration {
        self.0.crawl_delay().unwrap_or_default().min(MAX_CRAWL_DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_siftwire_counts_else_that_of_all() {
        let allow = |file: &str, path: &str| {
            RobotsRules::read(file.as_bytes())
                .allow(&format!("https://x.example{path}").parse().expect("a URL"))
        };
        for (file, path, expected) in [
            ("", "/a", true),
            ("User-agent: *\nDisallow: /", "/a", false),
            ("User-agent: *\nDisallow: /\nAllow: /news/", "/news/1?q=2#part", true),
            ("User-agent: *\nDisallow: /\n\nUser-agent: SiftWire\nDisallow: /pay", "/a", true),
            ("User-agent: *\nAllow: /\n\nUser-agent: Siftwire\nDisallow: /", "/a", false),
            ("User-agent: Siftwire-News\nUser-agent: GPTBot\nDisallow: /", "/a", true),
            ("User-agent: *\nDisallow: /*?print=", "/a?print=1", false),
            ("User-agent: *\nDisallow: /%D0%BD\n", "/\u{43d}ews", false),
            ("<!doctype html><p>User-agent: *</p> Disallow: /", "/a", true),
            ("\u{feff}User-agent: *\r\nDisallow: /a # not this\r\n", "/a/b", false),
        ] {
            assert_eq!(allow(file, path), expected, "{file:?} {path}");
        }
        let delay = |file: &str| RobotsRules::read(file.as_bytes()).crawl_delay().as_secs();
        assert_eq!(delay("User-agent: *\nCrawl-delay: 10"), 10);
        assert_eq!(delay("User-agent: *\nCrawl-delay: 86400"), 60);
        assert_eq!(delay("User-agent: *\nCrawl-delay: -1\nDisallow:"), 0);
    }
}
