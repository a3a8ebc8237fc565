//! A store whose entries were read by other rules: what these change is no news of the publisher.

use rusqlite::Connection;

use crate::origin::Origin;
use crate::program::Home;

const RSS: &str = "application/rss+xml";

fn document(text: &str) -> String {
    let items: String = (1..4)
        .map(|n| {
            format!(
                "<item><title>Entry {n}</title><guid>{n}</guid><description>{text} {n}</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

/// Of each entry its text, and how often it was shown as updated.
fn entries(home: &Home) -> Vec<(String, u32)> {
    let store = Connection::open(home.store()).expect("a store");
    let mut rows = store.prepare("SELECT summary, edits FROM entry ORDER BY summary").expect("a table");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("they are read")
}

#[test]
fn entries_read_by_other_rules_are_neither_new_nor_updated() {
    let origin = Origin::start();
    let home = Home::new(&format!(
        "[[source]]\nname = \"a\"\nurl = \"{}\"\nallow_private = true\n",
        origin.url("/a")
    ));
    let poll = |text: &str| {
        origin.set("/a", 200, RSS, document(text));
        let (code, output, errors) = home.run(&["poll", "a"]);
        assert_eq!(code, Some(0), "{output}{errors}");
        entries(&home)
    };
    let all = |text: &str, edits| (1..4).map(|n| (format!("{text} {n}"), edits)).collect::<Vec<_>>();
    assert_eq!(poll("First"), all("First", 0));
    // As a store of an older release has it, which read these texts otherwise.
    Connection::open(home.store())
        .and_then(|store| store.execute("UPDATE source SET state = json_remove(state, '$.reading')", []))
        .expect("it is changed");
    assert_eq!(poll("Second"), all("Second", 0));
    assert_eq!(poll("Third"), all("Third", 1));
}
