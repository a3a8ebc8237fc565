//! The commands about filters: `explain`, `preview`, `check --diff`, `help filter`.

use serde_json::Value;

use crate::origin::Origin;
use crate::program::Home;

/// An RSS feed of items with these titles and texts, one day apart.
fn feed(name: &str, titles: &[(&str, &str)]) -> String {
    let items: String = titles
        .iter()
        .enumerate()
        .map(|(number, (title, text))| {
            format!(
                "<item><title>{title}</title><link>https://{name}.example/{number}</link><guid>n{number}</guid>
                 <description>{text}</description><pubDate>0{} Nov 2026 10:00:00 GMT</pubDate></item>",
                number + 1
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title>
         <link>https://news.example/</link><description>News</description>{items}</channel></rss>"
    )
}

fn config(origin: &Origin, outputs: &str) -> String {
    format!(
        "[[source]]\nname = \"news\"\nurl = \"{}\"\nallow_private = true\n
         [[source]]\nname = \"other\"\nurl = \"{}\"\nallow_private = true\nfirst_poll = 1\n{outputs}",
        origin.url("/news"),
        origin.url("/other")
    )
}

fn output(name: &str, rest: &str) -> String {
    format!("[[output]]\nname = \"{name}\"\n{rest}\n")
}

/// A home folder with two sources, both polled once.
fn home(outputs: &str) -> (Origin, Home) {
    let origin = Origin::start();
    let news = feed(
        "news",
        &[("Bridge opens", "In the north"), ("Border opens", "A bridge too"), ("Harvest ends", "Grapes")],
    );
    origin.set("/news", 200, "application/rss+xml", news);
    origin.set(
        "/other",
        200,
        "application/rss+xml",
        feed("other", &[("Old bridge falls", ""), ("New bridge stands", "")]),
    );
    let home = Home::new(&config(&origin, outputs));
    assert_eq!(home.run(&["poll", "news"]).0, Some(0));
    home.age_outputs();
    let (code, _, stderr) = home.run(&["poll"]);
    assert_eq!(code, Some(0), "{stderr}");
    (origin, home)
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    let (code, out, stderr) = home.run(arguments);
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&out).expect("JSON")
}

#[test]
fn explain_says_for_each_output_why_an_entry_is_in_it() {
    let outputs = [
        output("all", ""),
        output("bridges", "filter = 'bridge -border'"),
        output("latest", "filter = 'bridge'\nlimit = 1"),
        output("one-each", "filter = 'bridge'\nper_source = 1"),
        output("elsewhere", "sources = [\"other\"]"),
        output("young", "max_age = \"1s\""),
    ];
    let (_origin, home) = home(&outputs.concat());
    let (code, text, stderr) = home.run(&["explain", "Border opens"]);
    assert_eq!((code, stderr), (Some(0), format!("store: {}\n", home.store().display())));
    assert!(
        text.starts_with("Border opens\n  News, 2026-11-02T10:00:00Z, https://news.example/1\n"),
        "{text}"
    );
    assert!(text.contains("\nall: yes\n  no filter: every entry matches\n"), "{text}");
    assert!(text.contains("\nbridges: no\n"), "{text}");
    assert!(text.contains("bridge -border\n  |         ^^^^^^ `border` found in title: Border\n"), "{text}");
    assert!(text.contains("\nelsewhere: no\n"), "{text}");
    assert!(text.contains("  sources: news is not listed\n"), "{text}");
    assert!(text.contains("\nyoung: in the archive only\n"), "{text}");

    // An older entry by its link, as JSON: `limit` and `per_source` exclude it.
    let result = json(&home, &["explain", "https://news.example/0", "--json"]);
    let cut = |name: &str| {
        let outputs = result["outputs"].as_array().expect("a list");
        outputs.iter().find(|output| output["output"] == name).expect("an output")["cut"].clone()
    };
    assert_eq!(cut("bridges"), serde_json::json!([]));
    let by_date = "it counts by its date, since it came with the first poll of its source";
    assert_eq!(cut("latest"), serde_json::json!([format!("limit = 1: 2 entries entered later; {by_date}")]));
    assert_eq!(cut("one-each")[0], format!("per_source = 1: 1 entry of news entered later; {by_date}"));
    assert_eq!(result["outputs"][1]["why"][0]["found"], "Bridge");

    let result = json(&home, &["explain", "Old bridge", "bridges", "--json"]);
    let cut = result["outputs"][0]["cut"][0].as_str().expect("a rule");
    assert!(cut.starts_with("first_poll = 1: "), "{cut}");

    assert_eq!(home.run(&["explain", "Nothing like it"]).0, Some(1));
    for sign in ["%", "_"] {
        assert_eq!(home.run(&["explain", sign]).0, Some(1), "{sign} is a letter like others");
    }
    assert_eq!(home.run(&["explain", "Border opens", "nowhere"]).0, Some(2));
}

#[test]
fn explain_finds_an_edited_entry_by_its_former_title_and_says_why_it_is_the_same() {
    let (origin, home) = home(&output("all", ""));
    origin.set(
        "/news",
        200,
        "application/rss+xml",
        feed(
            "news",
            &[
                ("Bridge closes", "In the north"),
                ("Border opens", "A bridge too"),
                ("Harvest ends", "Grapes"),
            ],
        ),
    );
    assert_eq!(home.run(&["poll"]).0, Some(0));
    let (_, text, _) = home.run(&["explain", "bridge opens"]);
    assert!(text.starts_with("Bridge closes\n"), "{text}");
    assert!(text.contains(" its title was `Bridge opens` (same id and address)\n"), "{text}");
    let result = json(&home, &["explain", "Bridge closes", "--json"]);
    assert_eq!(result["entry"]["former_titles"][0]["title"], "Bridge opens");
    assert_eq!(
        json(&home, &["explain", "Border opens", "--json"])["entry"]["former_titles"],
        serde_json::json!([])
    );
}

#[test]
fn preview_lists_matches_and_explain_lists_words() {
    let (_origin, home) = home(&output("all", ""));
    let (code, text, stderr) = home.run(&["preview", "bridge -north"]);
    assert_eq!((code, stderr), (Some(0), format!("store: {}\n", home.store().display())));
    assert!(
        text.contains("2026-11-02  news  Border opens\n            A \u{ab}bridge\u{bb} too\n"),
        "{text}"
    );
    assert!(text.contains("other  New \u{ab}bridge\u{bb} stands\n"), "{text}");
    assert!(text.ends_with("      2  other\n      1  news\n      3  of 5 entries match\n"), "{text}");
    let result = json(&home, &["preview", "bridge", "--json", "--limit", "1"]);
    assert_eq!((&result["matched"], &result["of"]), (&4.into(), &5.into()));
    assert_eq!(result["entries"].as_array().expect("a list").len(), 1);
    let result = json(&home, &["preview", "bridge", "--json", "--since", "1s"]);
    assert_eq!(result["of"], 0);

    let (code, _, stderr) = home.run(&["preview", "titel:x OR (y"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("did you mean `title:`?"), "{stderr}");

    let result = json(&home, &["explain", "--words", "bridge OR armen*", "--json"]);
    let words = result[0]["words"].as_array().expect("a list");
    assert!(words.contains(&"bridges".into()), "{result}");
    assert_eq!(result[1], serde_json::json!({ "term": "armen*", "words": ["armen*"] }));
}

#[test]
fn check_diff_shows_changes_without_fetching_or_storing() {
    let outputs = [output("all", ""), output("edited", "filter = 'bridge'"), output("gone", "")];
    let (origin, home) = home(&outputs.concat());
    let requests = origin.responses("/news");
    let edited =
        [output("all", "limit = 7"), output("edited", "filter = 'border OR harvest'"), output("new", "")];
    home.configure(&config(&origin, &edited.concat()));
    let status = home.run(&["status", "--json"]).1;
    let (code, text, stderr) = home.run(&["check", "--diff"]);
    assert_eq!((code, stderr), (Some(0), format!("store: {}\n", home.store().display())));
    assert_eq!(
        text,
        "all: no change\n\
         edited: 1 would enter, 2 would leave\n  + 2026-11-03  news  Harvest ends\n  \
         - 2026-11-02  other  New bridge stands\n  - 2026-11-01  news  Bridge opens\n\
         new: new, with 5 entries\n  + 2026-11-02  other  New bridge stands\n  \
         + 2026-11-01  other  Old bridge falls\n  + 2026-11-03  news  Harvest ends\n  \
         + 2026-11-02  news  Border opens\n  + 2026-11-01  news  Bridge opens\n\
         gone: no longer published; it has 4 entries\n"
    );
    assert_eq!(json(&home, &["check", "--diff", "--json"])[1]["leave"], 2);
    assert_eq!(home.run(&["status", "--json"]).1, status);
    assert_eq!(origin.responses("/news"), requests);
}

#[test]
fn a_query_selects_sources_by_tag() {
    let (origin, home) = home(&output("all", ""));
    let tagged = |news: &str, other: &str| {
        let name = |name: &str| format!("name = \"{name}\"\n");
        let tags = |tags: &str| format!("tags = [{tags}]\n");
        config(&origin, &output("tagged", "filter = 'tag:North bridge'"))
            .replace(&name("news"), &(name("news") + &tags(news)))
            .replace(&name("other"), &(name("other") + &tags(other)))
    };
    home.configure(&tagged("\"North\"", ""));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    assert_eq!(json(&home, &["preview", "tag:north", "--json"])["matched"], 3);
    let explained = json(&home, &["explain", "Old bridge falls", "--json"]);
    assert!(explained.to_string().contains("the source is other"), "{explained}");
    let (code, _, stderr) = home.run(&["preview", "tag:nord"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("no source has the tag `nord`") && stderr.contains("did you mean `tag:north`?"),
        "{stderr}"
    );
    // The query is the same, but not what it means.
    home.configure(&tagged("\"x\"", "\"north\""));
    let (_, text, _) = home.run(&["check", "--diff"]);
    assert!(text.starts_with("tagged: 2 would enter, 2 would leave\n"), "{text}");
    assert_eq!(home.run(&["poll"]).0, Some(0));
    assert_eq!(home.run(&["check", "--diff"]).1, "tagged: no change\n");
    let case =
        "{\"q\": \"tag:north\", \"entry\": {\"title\": \"A\", \"source\": \"other\"}, \"expect\": true}";
    let cases = home.path().join("cases");
    std::fs::write(&cases, case).expect("a file");
    assert!(home.run(&["match", &cases.display().to_string()]).1.contains("\"passed\":true"));
}

#[test]
fn help_prints_the_filter_manual() {
    let home = Home::new("");
    let (code, text, _) = home.run(&["help", "filter"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("# The filter language\n"), "{text}");
    assert!(home.run(&["help", "match"]).1.contains("<CASES>"));
    assert_eq!(home.run(&["help", "nothing"]).0, Some(2));
}
