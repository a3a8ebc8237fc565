//! The feed validator's verdict on everything that is published of the feeds of the world, where both are at hand.
#![allow(clippy::print_stderr, reason = "what is skipped is said")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const OUTPUTS: &str = "
[[output]]
name = \"all\"
stories = \"all\"
limit = 200
[[output]]
name = \"merged\"
title = \"Stories & <more>\"
entry_title = \"{source}: {title}\"
limit = 500
[[output]]
name = \"short\"
content = \"summary\"
limit = 500
[[output]]
name = \"titles\"
content = \"none\"
limit = 500
";

/// Every feed is a source; asked through a proxy, so that addresses are those of the open net.
fn config(origin: &Origin, feeds: &Path) -> String {
    let index = std::fs::read_to_string(feeds.join("index.tsv")).expect("the list of feeds");
    let mut config = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[store]\nkeep = \"36500d\"\n[poll]\nper_host = 100\nfirst_poll = 100000\nproxy = \"{}\"\n{OUTPUTS}",
        origin.url("/")
    );
    for (number, line) in index.lines().skip(1).enumerate() {
        let mut fields = line.split('\t');
        let file = fields.next().unwrap_or_default();
        let content_type = fields.next().filter(|kind| !kind.is_empty()).unwrap_or("text/xml");
        let url = format!("http://site{number}.example/feed");
        origin.set(&url, 200, content_type, std::fs::read(feeds.join(file)).expect(file));
        write!(config, "[[source]]\nname = \"site{number}\"\nurl = \"{url}\"\n").expect("a string grows");
    }
    config
}

/// The address of a feed and of every page of its past.
fn walk(daemon: &Daemon, output: &str, extension: &str) -> Vec<String> {
    let base = format!("http://{}", daemon.address());
    let mut addresses = vec![format!("{base}/feeds/{output}.{extension}")];
    while let Some(address) = addresses.last() {
        let body = daemon.get(address.strip_prefix(&base).expect("one of ours")).body;
        let mark = if extension == "json" { "\"next_url\": \"" } else { "rel=\"prev-archive\" href=\"" };
        let Some((_, rest)) = body.split_once(mark) else { break };
        addresses.push(rest.split('"').next().unwrap_or_default().to_owned());
        assert!(addresses.len() < 100, "{addresses:?}");
    }
    addresses
}

#[test]
fn the_validator_finds_nothing_in_what_is_published_of_the_feeds_of_the_world() {
    let shared = std::env::var("SIFTWIRE_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let (tool, feeds) = (Path::new(&shared).join("tools/validate-feed"), Path::new(&shared).join("feeds"));
    if !tool.exists() || !feeds.exists() || std::env::var_os("FEEDVALIDATOR_DIR").is_none() {
        eprintln!("skipped: no feed validator or no feeds (FEEDVALIDATOR_DIR and SIFTWIRE_SHARED name them)");
        return;
    }
    let origin = Origin::start();
    let home = Home::new(&config(&origin, &feeds));
    // A few are no feeds at all, so that it ends with 1.
    let (code, _, words) = home.run(&["poll"]);
    assert_eq!(code, Some(1), "{words}");
    let daemon = home.start();
    let entries = eventually("the entries", || {
        let pages = walk(&daemon, "all", "atom").len();
        (pages > 10).then_some(pages)
    });
    let mut addresses: Vec<String> = Vec::new();
    for extension in ["atom", "rss", "json"] {
        let all = walk(&daemon, "all", extension);
        assert_eq!(all.len(), entries, "{extension}: every format has as many pages");
        addresses.extend(all);
        for output in ["merged", "short", "titles", "_health"] {
            addresses.push(format!("http://{}/feeds/{output}.{extension}", daemon.address()));
        }
    }
    addresses.push(format!("http://{}/outputs.opml", daemon.address()));
    let verdict = Command::new(&tool).args(["--level", "AA", "--strict"]).args(&addresses).output();
    let verdict = verdict.expect("the validator runs");
    let found = String::from_utf8_lossy(&verdict.stdout);
    let wrong: Vec<&str> = found.lines().filter(|line| !line.ends_with(": 0 errors, 0 warnings")).collect();
    let said = String::from_utf8_lossy(&verdict.stderr);
    assert_eq!((wrong, found.lines().count()), (Vec::new(), addresses.len()), "{said}");
    assert_eq!(daemon.stop().0, Some(0));
}
