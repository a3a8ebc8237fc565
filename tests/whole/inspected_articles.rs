//! Articles of pages, as the commands show them.

use serde_json::Value;

use crate::origin::Origin;
use crate::program::Home;

fn page(words: &str) -> String {
    let paragraphs: String = (1..8)
        .map(|number| format!("<p>{number}. {words}, as the council of the town decided.</p>"))
        .collect();
    format!(
        "<title>Votes | News</title><nav><a href=/>Start</a></nav><article><h1>Votes</h1>{paragraphs}<a href=more>More</a></article>"
    )
}

#[test]
fn a_list_of_pages_is_inspected_and_one_without_an_article_is_told() {
    let home = Home::new("");
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).expect("a file");
    write("a.html", &page("The bridge is <a href='../river'>open</a>"));
    write("b.html", "<p>Please enable JavaScript.</p>");
    write("list.tsv", "a.html\thttps://news.example/x/a\nb.html\thttps://news.example/b\n");
    let (code, out, _) = home.run(&["inspect", "--article", "--json", "--list", "list.tsv"]);
    let pages: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((code, pages.len()), (Some(1), 2), "{out}");
    assert_eq!(pages[0]["ok"], true);
    assert_eq!((&pages[0]["title"], &pages[0]["url"]), (&"Votes".into(), &"https://news.example/x/a".into()));
    assert_eq!(pages[0]["text"].as_str().map(|text| text.lines().count()), Some(7), "{out}");
    assert!(
        pages[0]["html"].as_str().is_some_and(|html| html.contains("\"https://news.example/river\"")),
        "{out}"
    );
    assert_eq!((&pages[1]["ok"], &pages[1]["text"]), (&false.into(), &Value::Null));
    assert!(pages[1]["error"].as_str().is_some_and(|error| error.contains("scripts")), "{out}");
    let (code, out, _) = home.run(&["inspect", "--article", "a.html"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("title     Votes") && out.contains("\n1. The bridge is open, as"), "{out}");
}

#[test]
fn selectors_are_tried_before_they_are_in_the_config() {
    let home = Home::new("");
    std::fs::write(home.path().join("a.html"), page("The bridge is open")).expect("a file");
    let try_out = |arguments: &[&str]| home.run(&[&["inspect", "a.html"], arguments].concat());
    let (code, out, _) =
        try_out(&["--article", "--selector", "article", "--without", "h1, p:first-of-type, a"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("found by  selector") && out.contains("\n\n2. The bridge is open"), "{out}");
    assert!(!out.contains("1. The bridge") && !out.contains("\nMore"), "{out}");
    let (_, out, _) = try_out(&["--article", "--selector", ".none"]);
    assert!(out.contains("found by  finder") && out.contains("1. The bridge"), "{out}");
    let (code, _, error) = try_out(&["--article", "--without", "p >"]);
    assert!(code == Some(2) && error.contains("`p >` is no CSS selector"), "{error}");
    let (code, _, error) = try_out(&["--selector", "p"]);
    assert!(code == Some(2) && error.contains("--article"), "{error}");
}

#[test]
fn add_tries_the_pages_of_three_entries() {
    let origin = Origin::start();
    let item = |name: &str| {
        format!("<item><title>Entry {name}</title><link>{}</link></item>", origin.url(&format!("/{name}")))
    };
    let items: String = ["a", "b", "c", "d"].map(item).concat();
    let feed = format!(
        "<rss version=\"2.0\"><channel><title>T</title><link>{}</link>{items}</channel></rss>",
        origin.url("/")
    );
    origin.set("/feed", 200, "application/rss+xml", feed);
    origin.set("/a", 200, "text/html", page("The bridge is open"));
    origin.set("/b", 200, "text/html", "<h1>Page not found</h1>".to_owned());
    let home = Home::new("");
    let (code, out, words) =
        home.run(&["add", "--dry-run", "--full-text", "--allow-private", &origin.url("/feed")]);
    assert_eq!(code, Some(0), "{out}{words}");
    let (_, tried) = out.split_once("Full text\n").expect("what was tried");
    assert!(
        tried.contains("  Entry a\n    ") && tried.contains(" characters: 1. The bridge is open,"),
        "{tried}"
    );
    assert!(tried.contains("  Entry b\n    none: the page says that"), "{tried}");
    assert!(tried.contains("  Entry c\n    none: cannot read the page: "), "{tried}");
    assert!(!tried.contains("Entry d"), "{tried}");
}
