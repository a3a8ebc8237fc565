//! The feed validator on everything published from the collection of real feeds.

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

/// Every feed is a source. The origin serves as a proxy, so that addresses look like public ones.
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

/// The address of a feed and of each of its archive pages.
fn feed_and_archive(daemon: &Daemon, output: &str, extension: &str) -> Vec<String> {
    let base = format!("http://{}", daemon.address());
    let mut addresses = vec![format!("{base}/feeds/{output}.{extension}")];
    while let Some(address) = addresses.last() {
        let body = daemon.get(address.strip_prefix(&base).expect("an address of this daemon")).body;
        let start = if extension == "json" { "\"next_url\": \"" } else { "rel=\"prev-archive\" href=\"" };
        let Some((_, rest)) = body.split_once(start) else { break };
        addresses.push(rest.split('"').next().unwrap_or_default().to_owned());
        assert!(addresses.len() < 100, "{addresses:?}");
    }
    addresses
}

#[test]
#[cfg_attr(
    not(feed_validator),
    ignore = "needs the feed validator: set FEEDVALIDATOR_DIR and SIFTWIRE_SHARED"
)]
fn the_validator_reports_nothing_for_documents_of_real_feeds() {
    let shared = Path::new(env!("SIFTWIRE_SHARED_FOLDER"));
    let (tool, feeds) = (shared.join("tools/validate-feed"), shared.join("feeds"));
    let origin = Origin::start();
    let home = Home::new(&config(&origin, &feeds));
    // Some of the files are not feeds, so the exit code is 1.
    let (code, _, log) = home.run(&["poll"]);
    assert_eq!(code, Some(1), "{log}");
    let daemon = home.start();
    let pages = eventually("the archive pages", || {
        let pages = feed_and_archive(&daemon, "all", "atom").len();
        (pages > 10).then_some(pages)
    });
    let mut addresses: Vec<String> = Vec::new();
    for extension in ["atom", "rss", "json"] {
        let all = feed_and_archive(&daemon, "all", extension);
        assert_eq!(all.len(), pages, "{extension}: every format has the same number of pages");
        addresses.extend(all);
        for output in ["merged", "short", "titles", "_health"] {
            addresses.push(format!("http://{}/feeds/{output}.{extension}", daemon.address()));
        }
    }
    addresses.push(format!("http://{}/outputs.opml", daemon.address()));
    let report = Command::new(&tool).args(["--level", "AA", "--strict"]).args(&addresses).output();
    let report = report.expect("the validator runs");
    let lines = String::from_utf8_lossy(&report.stdout);
    // It takes each feed with an episode for a podcast: one with an owner's e-mail address and of known files only.
    let is_expected =
        |line: &str| ["MissingItunes", "UnsupportedItunesFormat"].iter().any(|kind| line.contains(kind));
    let (summaries, findings): (Vec<&str>, Vec<&str>) = lines
        .lines()
        .filter(|line| !is_expected(line))
        .partition(|line| line.contains(": 0 errors, ") && line.ends_with(" warnings"));
    let errors = String::from_utf8_lossy(&report.stderr);
    assert_eq!((findings, summaries.len()), (Vec::new(), addresses.len()), "{errors}");
    assert_eq!(daemon.stop().0, Some(0));
}
