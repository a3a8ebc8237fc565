//! More sources than a page, the metrics or a terminal can show.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const COUNT: usize = 1050;
const FAILING: usize = 60;

fn config(origin: &Origin, serve: &str) -> String {
    let mut config = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example/sub\"\n{serve}\n[poll]\n\
         per_host = 100\nallow = [\"127.0.0.0/8\"]\n[[output]]\nname = \"all\"\n"
    );
    for number in 0..COUNT {
        let url = origin.url(&path(number));
        writeln!(config, "[[source]]\nname = \"source-{number:04}\"\nurl = \"{url}\"").expect("a string");
    }
    config
}

fn path(number: usize) -> String {
    format!("/{number}?token=hidden{number}")
}

fn started(origin: &Origin) -> (Home, Daemon) {
    let feed = "<rss version=\"2.0\"><channel><title>Вести SECRET</title><item><title>One</title></item></channel></rss>";
    for number in 0..COUNT {
        let path = path(number);
        match number < FAILING {
            true => origin.set(&path, 500, "text/plain", "broken"),
            false => {
                origin.set(&path, 200, "application/rss+xml", feed.replace("SECRET", &number.to_string()))
            }
        }
    }
    let home = Home::new(&config(origin, ""));
    let daemon = home.start();
    eventually("all are polled", || {
        let status: serde_json::Value = serde_json::from_str(&home.run(&["status", "--json"]).1).ok()?;
        let sources = status["sources"].as_array()?;
        (sources.len() == COUNT && sources.iter().all(|source| !source["last_poll"].is_null())).then_some(())
    });
    (home, daemon)
}

/// The names of the sources on a page, in order.
fn names(page: &str) -> Vec<String> {
    page.split(">source-").skip(1).map(|rest| rest[..4].to_owned()).collect()
}

#[test]
fn many_sources_are_summed_up_paged_and_found() {
    let origin = Origin::start();
    let (home, daemon) = started(&origin);

    let front = eventually("the front page tells of those that fail", || {
        let front = daemon.get("/").body;
        front.contains(&format!("{COUNT} sources, {FAILING} failing")).then_some(front)
    });
    assert!(front.len() < 100_000, "{}", front.len());
    assert!(front.contains("href=\"/sub/sources\"") && front.contains("and 10 more that fail"), "{front}");

    let mut listed = Vec::new();
    for number in 1..=COUNT.div_ceil(100) {
        let page = daemon.get(&format!("/sources?page={number}"));
        assert_eq!((page.status, page.header("cache-control")), (200, Some("private, no-cache")));
        assert!(page.body.len() < 100_000 && !page.body.contains("hidden"), "{}", page.body.len());
        assert_eq!(page.body.contains("rel=\"next\""), number < COUNT.div_ceil(100));
        listed.extend(names(&page.body));
    }
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), COUNT);
    assert_eq!(listed.len(), COUNT, "each once");
    assert!(listed[..FAILING].iter().all(|name| name.as_str() < "0060"), "those that fail come first");

    let found = |query: &str| names(&daemon.get(&format!("/sources?q={query}")).body);
    assert_eq!(found("SOURCE-0777"), ["0777"]);
    let by_title = "%D0%B2%D0%95%D0%A1%D0%A2%D0%B8%20777";
    assert_eq!(found(by_title), ["0777"], "titles are found in any case");
    assert_eq!(found("127.0.0.1").len(), 100, "hosts are found");
    assert!(found("hidden777").is_empty() && found("token").is_empty(), "addresses are not searched");
    let markup = daemon.get("/sources?q=%3Cb%3E%22").body;
    assert!(markup.contains("&lt;b&gt;&quot;") && !markup.contains("<b>"), "{markup}");
    assert_eq!(daemon.get("/sources?page=99999999999999999999999").status, 400);
    for page in ["0", "18446744073709551615", "500"] {
        assert_eq!(daemon.get(&format!("/sources?page={page}")).status, 200, "{page}");
    }
    assert_eq!(daemon.get("/sources?q=%FF&page=1").status, 200);

    let metrics = daemon.get("/metrics").body;
    assert!(!metrics.contains("{source=") && metrics.contains("health=\"failing\"} 60\n"), "{metrics}");

    home.configure(&config(&origin, "source_metrics = true"));
    daemon.signal("HUP");
    eventually("each source has metrics", || {
        daemon.get("/metrics").body.contains("{source=\"source-0777\"}").then_some(())
    });

    let shown = |arguments: &[&str]| {
        let (code, out, err) = home.run(arguments);
        let status: serde_json::Value =
            serde_json::from_str(&out).unwrap_or_else(|_| panic!("{code:?} {err}"));
        status["sources"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(shown(&["status", "--json", "--failing"]), FAILING);
    assert_eq!(shown(&["status", "--json", "--source", "E-0777", "--source", "e-0001"]), 2);
    assert_eq!(shown(&["status", "--json", "--limit", "100", "--page", "11"]), 50);
    assert_eq!(shown(&["status", "--json", "--limit", "100", "--page", "12"]), 0);
    let (_, opml, _) = home.run(&["opml", "export"]);
    assert_eq!(opml.matches("<outline").count(), COUNT);
    assert_eq!(opml.matches("Вести ").count(), 2 * (COUNT - FAILING), "with the feeds' titles");
}
