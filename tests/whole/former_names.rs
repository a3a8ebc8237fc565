//! Outputs that leave the config or get another name: what their addresses answer, and what a renamed output keeps.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::faults::{RSS, feed};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

const EXTENSIONS: [&str; 4] = [".atom", ".rss", ".json", ""];

/// `outputs` are the lines of each `[[output]]`.
fn config(origin: &Origin, outputs: &[&str]) -> String {
    let outputs: String = outputs.iter().map(|lines| format!("[[output]]\nlimit = 3\n{lines}\n")).collect();
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org/news\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n
         [[source]]\nname = \"site\"\nurl = \"{}\"\nallow_private = true\n{outputs}# The end.\n",
        origin.url("/site")
    )
}

/// An origin with seven entries, and a daemon that has published them.
fn start(outputs: &[&str]) -> (Origin, Home, Daemon) {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..8));
    let home = Home::new(&config(&origin, outputs));
    let daemon = home.start();
    eventually("all entries", || (ids(&daemon, "/feeds/old").len() == 7).then_some(()));
    (origin, home, daemon)
}

/// Every address of an output, without and with the path of `public_url`.
fn addresses(name: &str) -> Vec<String> {
    let name = name.replace(' ', "%20");
    let feeds = EXTENSIONS.map(|extension| format!("/feeds/{name}{extension}"));
    let pages = EXTENSIONS[..3].iter().map(|extension| format!("/feeds/{name}/archive/1{extension}"));
    let plain: Vec<String> = feeds.into_iter().chain(pages).collect();
    plain.iter().cloned().chain(plain.iter().map(|path| format!("/news{path}"))).collect()
}

/// The statuses of every address, for GET and HEAD.
fn statuses(daemon: &Daemon, name: &str) -> BTreeSet<u16> {
    let requests = addresses(name).into_iter().flat_map(|path| [("GET", path.clone()), ("HEAD", path)]);
    requests.map(|(method, path)| daemon.request(method, &path, "").status).collect()
}

/// The ids of a feed and of all its archive pages, which no link leads out of.
fn ids(daemon: &Daemon, feed: &str) -> BTreeSet<String> {
    let mut next = Some(format!("{feed}.json"));
    let mut ids = BTreeSet::new();
    while let Some(path) = next {
        let answer = daemon.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let page: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        let items = page["items"].as_array().expect("items");
        ids.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        next = page["next_url"].as_str().map(|url| url.replace("https://feeds.example.org/news", ""));
        assert!(next.as_ref().is_none_or(|next| next.starts_with(feed)), "{next:?}");
    }
    ids
}

fn store(home: &Home) -> Connection {
    Connection::open(home.store()).expect("the store opens")
}

/// Id, `since` and whether the config names it, of each output.
fn rows(home: &Home) -> Vec<(String, i64, i64, bool)> {
    let store = store(home);
    let mut rows =
        store.prepare("SELECT name, id, since, removed IS NULL FROM output ORDER BY id").expect("a table");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    rows.expect("rows").collect::<Result<_, _>>().expect("they are read")
}

fn left_days_ago(home: &Home, days: f64) {
    let age = days * 86_400_000.0;
    let changed = store(home).execute(
        "UPDATE output SET removed = CAST(unixepoch('subsec') * 1000 - ?1 AS INTEGER) WHERE name = 'old'",
        [age],
    );
    assert_eq!(changed, Ok(1));
}

#[test]
fn a_removed_output_answers_404_for_a_week_and_410_from_then_on() {
    let (origin, home, daemon) = start(&["name = \"old\"", "name = \"other\""]);
    assert_eq!(statuses(&daemon, "old"), [200].into());
    assert_eq!(statuses(&daemon, "never"), [404].into());
    let document = |daemon: &Daemon| {
        let answer = daemon.get("/feeds/old.atom");
        (answer.header("etag").map(str::to_owned), answer.header("last-modified").map(str::to_owned))
    };
    let before = document(&daemon);

    home.configure(&config(&origin, &["name = \"other\""]));
    eventually("404", || (daemon.get("/feeds/old.atom").status == 404).then_some(()));
    assert_eq!(statuses(&daemon, "old"), [404].into());
    assert!(!daemon.get("/").body.contains("/feeds/old"));
    assert!(!daemon.get("/outputs.opml").body.contains("/feeds/old"));
    assert_eq!(statuses(&daemon, "other"), [200].into());

    // The same after a restart, until the week is over, which a running daemon notices.
    left_days_ago(&home, 6.9);
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    assert_eq!(statuses(&daemon, "old"), [404].into());
    left_days_ago(&home, 7.1);
    origin.set("/site", 200, RSS, feed(1..9));
    eventually("410", || (daemon.get("/feeds/old.atom").status == 410).then_some(()));
    eventually("the new entry", || (ids(&daemon, "/feeds/other").len() == 8).then_some(()));
    assert_eq!(statuses(&daemon, "old"), [410].into());
    assert_eq!(statuses(&daemon, "never"), [404].into());
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home.start();
    assert_eq!(statuses(&daemon, "old"), [410].into());

    // It comes back as it was, and its week begins anew when it leaves again.
    origin.set("/site", 200, RSS, feed(1..8));
    home.configure(&config(&origin, &["name = \"old\"", "name = \"other\""]));
    eventually("200", || (statuses(&daemon, "old") == [200].into()).then_some(()));
    eventually("the entry that came meanwhile", || {
        (ids(&daemon, "/feeds/old").len() == 8 && document(&daemon) != before).then_some(())
    });
    home.configure(&config(&origin, &["name = \"other\""]));
    eventually("404", || (daemon.get("/feeds/old.atom").status == 404).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
}

/// Each former address leads to the same document under the new name.
fn assert_leads_on(daemon: &Daemon, old: &str, new: &str) {
    for (from, to) in addresses(old).iter().zip(addresses(new)) {
        let answer = daemon.get(from);
        assert_eq!(answer.status, 301, "{from}");
        assert_eq!(daemon.request("HEAD", from, "").status, 301, "{from}");
        let to = if to.starts_with("/news") { to } else { format!("/news{to}") };
        assert_eq!(answer.header("location"), Some(to.as_str()), "{from}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(daemon.get(&to).status, 200, "{from}");
    }
    let no_page = addresses(old)[4].replace("/1.", "/0.");
    assert_eq!(daemon.get(&no_page).status, 404, "{no_page}");
}

#[test]
fn a_renamed_output_keeps_entries_and_archive_and_its_former_addresses_lead_to_it() {
    let (origin, home, daemon) = start(&["name = \"old\"", "name = \"other\""]);
    let all = ids(&daemon, "/feeds/old");
    let [page, other] =
        ["old", "other"].map(|name| daemon.get(&format!("/feeds/{name}/archive/1.atom")).body);
    let before = rows(&home);

    // One of the former names was never published here.
    home.configure(&config(
        &origin,
        &["name = \"new name\"\nwas = [\"older\", \"old\"]", "name = \"other\""],
    ));
    eventually("a redirect", || (daemon.get("/feeds/old.atom").status == 301).then_some(()));
    assert_leads_on(&daemon, "old", "new name");
    assert_leads_on(&daemon, "older", "new name");
    assert_eq!(ids(&daemon, "/feeds/new%20name"), all);
    let (name, id, since, _) = &before[0];
    assert_eq!(rows(&home)[0], ("new name".to_owned(), *id, *since, true), "{name}");
    assert_eq!(rows(&home)[1..], before[1..]);
    let renamed = daemon.get("/feeds/new%20name/archive/1.atom").body;
    assert_eq!(
        renamed,
        page.replace("/feeds/old", "/feeds/new%20name"),
        "a full page changes its address only"
    );
    assert_eq!(daemon.get("/feeds/other/archive/1.atom").body, other);
    for path in ["/", "/outputs.opml", "/feeds/new%20name", "/feeds/new%20name.atom"] {
        let body = daemon.get(path).body;
        assert!(body.contains("/feeds/new%20name") && !body.contains("/feeds/old"), "{path}: {body}");
    }
    assert_eq!(daemon.stop().0, Some(0));

    // Once more, before a start; then without the oldest names.
    home.configure(&config(
        &origin,
        &["name = \"newest\"\nwas = [\"new name\", \"old\"]\nfilter = \"entry\"", "name = \"other\""],
    ));
    let (code, diff, words) = home.run(&["check", "--diff"]);
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(
        diff,
        "newest: renamed from new name\nnewest: 0 would enter, 0 would leave\nother: no change\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&home.run(&["check", "--diff", "--json"]).1).expect("JSON");
    assert_eq!((&json[0]["renamed_from"], &json[0]["change"]), (&"new name".into(), &"edited".into()));
    assert_eq!(json.as_array().map(Vec::len), Some(2), "{json}");
    let (_, explained, _) = home.run(&["explain", "Entry-7.", "newest"]);
    assert!(explained.contains("newest"), "{explained}");
    let (_, shown, _) = home.run(&["show", "newest"]);
    assert_eq!(shown.matches("<entry>").count(), 3, "{shown}");
    let daemon = home.start();
    assert_leads_on(&daemon, "new name", "newest");
    assert_leads_on(&daemon, "old", "newest");
    assert_eq!(daemon.get("/feeds/older.atom").status, 404);
    assert_eq!(ids(&daemon, "/feeds/newest"), all);
    assert_eq!(rows(&home)[0].1, *id);
    home.configure(&config(&origin, &["name = \"newest\"\nfilter = \"entry\"", "name = \"other\""]));
    eventually("404", || (daemon.get("/feeds/old.atom").status == 404).then_some(()));
    assert_eq!(ids(&daemon, "/feeds/newest"), all);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn was_may_be_added_after_the_new_name_was_saved() {
    let (origin, home, daemon) = start(&["name = \"old\""]);
    let all = ids(&daemon, "/feeds/old");
    let before = rows(&home);
    home.configure(&config(&origin, &["name = \"new\""]));
    eventually("the new name", || (daemon.get("/feeds/new.atom").status == 200).then_some(()));
    eventually("404", || (daemon.get("/feeds/old.atom").status == 404).then_some(()));
    home.configure(&config(&origin, &["name = \"new\"\nwas = [\"old\"]"]));
    eventually("a redirect", || (daemon.get("/feeds/old.atom").status == 301).then_some(()));
    assert_leads_on(&daemon, "old", "new");
    assert_eq!(ids(&daemon, "/feeds/new"), all);
    let (_, id, since, _) = &before[0];
    assert_eq!(rows(&home)[0], ("new".to_owned(), *id, *since, true));
    assert_eq!(daemon.stop().0, Some(0));
    assert_eq!(home.run(&["doctor"]).0, Some(0));
}
