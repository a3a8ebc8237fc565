//! What machines are told of a running daemon; the dashboard and the alerts ask for nothing else.

use crate::origin::Origin;
use crate::program::{Home, eventually};

#[test]
fn polls_sources_outputs_and_the_store_are_measured() {
    let origin = Origin::start();
    let feed =
        "<rss version=\"2.0\"><channel><title>T</title><item><title>One</title></item></channel></rss>";
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
    let page = eventually("both polls and the output on the page", || {
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
        "siftwire_build_info{version=\"",
        "siftwire_source_next_poll_timestamp_seconds{source=\"b\"}",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    assert!(!page.contains("last_success_timestamp_seconds{source=\"b\"}"), "{page}");
    assert_eq!(daemon.get("/readyz").status, 200);
    for file in ["contrib/grafana.json", "contrib/siftwire.rules.yml"] {
        let text = std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).expect(file);
        for name in
            text.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|w| w.starts_with("siftwire_"))
        {
            assert!(
                page.contains(&format!("{name} ")) || page.contains(&format!("{name}{{")),
                "{file} asks for {name}"
            );
        }
    }
}
