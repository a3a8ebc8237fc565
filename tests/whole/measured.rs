//! `/metrics` of a running daemon has everything that the dashboard and the alerts use.

use crate::origin::Origin;
use crate::program::{Home, eventually};

#[test]
fn metrics_cover_polls_sources_outputs_and_the_store() {
    let origin = Origin::start();
    let feed = "<rss version=\"2.0\"><channel><title>T</title><post/><item><title>One</title></item></channel></rss>";
    origin.set("/a", 200, "application/rss+xml", feed);
    origin.set("/b", 500, "text/plain", "broken");
    let source = |name: &str| {
        let url = origin.url(&format!("/{name}"));
        format!("[[source]]\nurl = \"{url}\"\nname = \"{name}\"\nallow_private = true\n")
    };
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nper_host = 2\n{}{}[[output]]\nname = \"all\"\n",
        source("a"),
        source("b")
    ));
    let daemon = home.start();
    let page = eventually("both polls and the output in the metrics", || {
        let page = daemon.get("/metrics").body;
        let has = |line: &str| page.contains(line);
        (has("outcome=\"status\"} 1\n")
            && has("siftwire_output_bytes{output=\"all\"}")
            && has("siftwire_source_last_success_timestamp_seconds{source=\"a\"}"))
        .then_some(page)
    });
    for line in [
        "siftwire_polls_total{outcome=\"read\"} 1\n",
        "siftwire_entries_total{change=\"new\"} 1\n",
        "siftwire_sources 2\n",
        "siftwire_store_writable 1\n",
        "siftwire_rescued_documents_total 0\n",
        "siftwire_readback_disagreements_total 0\n",
        "siftwire_entries_left_out 0\n",
        "siftwire_build_info{version=\"",
        "siftwire_source_next_poll_timestamp_seconds{source=\"b\"}",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    assert!(!page.contains("last_success_timestamp_seconds{source=\"b\"}"), "{page}");
    assert_eq!(daemon.get("/readyz").status, 200);
    for file in ["contrib/grafana.json", "contrib/siftwire.rules.yml"] {
        let text = std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).expect(file);
        names(&text).for_each(|name| {
            assert!(!lines(&page, name).is_empty(), "{file} uses {name}, which is not in the metrics")
        });
    }
    assert_panels_and_alerts_use_existing_labels(&page);
}

#[test]
fn a_document_that_only_the_second_reader_can_read_is_counted() {
    let origin = Origin::start();
    let entry = "<entry xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:x:1</id><title>Alone</title>\
                 <updated>2026-01-01T00:00:00Z</updated></entry>";
    origin.set("/a", 200, "application/atom+xml", entry);
    let source = format!("[[source]]\nname = \"a\"\nurl = \"{}\"\nallow_private = true\n", origin.url("/a"));
    let home = Home::new(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n{source}[[output]]\nname = \"all\"\n"));
    let daemon = home.start();
    eventually("the entry", || daemon.get("/feeds/all.atom").body.contains("Alone").then_some(()));
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("siftwire_rescued_documents_total 1\n"), "{metrics}");
    let (_, log) = daemon.stop();
    assert!(log.contains("the second reader was needed, ours said: not a feed: <entry>"), "{log}");
    let problem = "a: the second reader was needed, ours said: not a feed: <entry> (for ";
    let status = || home.run(&["status"]).1;
    assert!(status().contains(problem), "{}", status());
    let feed = "<rss version=\"2.0\"><channel><title>T</title><post/><item><title>One</title></item></channel></rss>";
    origin.set("/a", 200, "application/rss+xml", feed);
    assert_eq!(home.run(&["poll", "a"]).0, Some(0));
    assert!(!status().contains("reader"), "{}", status());
    let problem = "a: unknown elements beside the entries were skipped: post (for ";
    assert!(status().contains(problem) && status().contains("problems in the document: 1"), "{}", status());
    let path = home.path().join("entry.xml");
    std::fs::write(&path, entry).expect("a file");
    let (_, text, _) = home.run(&["inspect", &path.to_string_lossy()]);
    assert!(text.contains("feed-rs   reads the same"), "{text}");
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|word| word.starts_with("siftwire_"))
}

fn lines<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
    page.lines().filter(of).collect()
}

fn assert_panels_and_alerts_use_existing_labels(page: &str) {
    let read = |file: &str| {
        std::fs::read_to_string(format!("{}/contrib/{file}", env!("CARGO_MANIFEST_DIR"))).expect(file)
    };
    let board: serde_json::Value = serde_json::from_str(&read("grafana.json")).expect("JSON");
    let targets =
        board["panels"].as_array().expect("panels").iter().flat_map(|panel| panel["targets"].as_array());
    let mut queries: Vec<(String, String)> = targets
        .flatten()
        .map(|target| {
            [&target["expr"], &target["legendFormat"]].map(|text| text.as_str().expect("a string").to_owned())
        })
        .map(|[expression, legend]| (expression, legend.replace("{{", "{{ $labels.")))
        .collect();
    assert!(queries.len() > 10, "{queries:?}");
    let rules = read("siftwire.rules.yml");
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() >= 3);
    queries.extend(alerts.iter().map(|alert| {
        let (expression, rest) = alert.split_once("for: ").expect("a `for` clause");
        (expression.to_owned(), rest.to_owned())
    }));
    for (expression, legend) in queries {
        let grouped = expression.split("by (").skip(1).chain(expression.split("on (").skip(1));
        let labels = grouped.map(|rest| rest.split(')').next().expect("a bracket"));
        let shown =
            legend.split("$labels.").skip(1).map(|rest| rest.split([' ', '}']).next().expect("a brace"));
        for label in labels.chain(shown) {
            for name in names(&expression) {
                let has = |line: &&str| line.contains(&format!("{label}=\""));
                assert!(
                    lines(page, name).iter().all(has),
                    "{expression} uses the label {label}, which {name} lacks"
                );
            }
        }
    }
}
