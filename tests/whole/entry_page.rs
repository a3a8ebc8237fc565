//! The page of an entry: what was removed from it, and its versions.

use crate::origin::Origin;
use crate::program::{Daemon, Home, Response, eventually};

fn config(origin: &Origin) -> String {
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"s\"\nurl = \"{}\"\nallow_private = true\n\
         every = \"1s\"\nat_most = \"1s\"\n[[output]]\nname = \"all\"\n",
        origin.url("/feed")
    )
}

/// A feed of one entry; `text` is HTML.
fn feed(title: &str, text: &str, more: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<rss version=\"2.0\"><channel><title>Feed</title><item><guid>1</guid><title>{}</title>\
         <description>{}</description>{more}</item></channel></rss>",
        escape(title),
        escape(text)
    )
}

fn page_with(daemon: &Daemon, part: &str) -> Response {
    eventually(&format!("the page has {part}"), || {
        let page = daemon.get("/entry/1");
        (page.status == 200 && page.body.contains(part)).then_some(page)
    })
}

#[test]
fn what_was_removed_from_the_texts_is_told() {
    let origin = Origin::start();
    let text = "<p onclick='x()' style='color:red'>Text</p><script>a()</script><script>b()</script>\
                <img src='https://pixel.wp.com/b.gif'><form><input></form>";
    origin.set("/feed", 200, "application/rss+xml", feed("One", text, ""));
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    let removed = "removed from its texts: 2 scripts, 1 event handler, 1 tracking picture, 2 form controls, 1 style of an element";
    page_with(&daemon, &format!("<p>Before it was kept, {removed}.</p>"));
    assert!(home.run(&["explain", "1"]).1.contains(&format!("\n  {removed}\n")));
    let json = home.run(&["explain", "1", "--json"]).1;
    assert!(json.contains("\"tracking_picture\": 1"), "{json}");
    // The next version has nothing of that.
    origin.set("/feed", 200, "application/rss+xml", feed("One", "<p>Another text</p>", ""));
    let page = page_with(&daemon, "Another text");
    assert!(!page.body.contains("Before it was kept"), "{}", page.body);
    assert!(!daemon.get("/feeds/all.atom").body.contains("removed"));
}

#[test]
fn the_last_edits_are_shown_with_removed_and_added_words() {
    let origin = Origin::start();
    let set = |title: &str, text: &str, more: &str| {
        origin.set("/feed", 200, "application/rss+xml", feed(title, text, more));
    };
    let link = |path: &str| format!("<link>https://x.example/{path}</link><guid>1</guid>");
    set("Ten <dead>", "<p>The first text says ten.</p>", &link("a"));
    let home = Home::new(&config(&origin));
    let daemon = home.start();
    let first = page_with(&daemon, "The first text");
    assert!(first.body.contains("First seen") && !first.body.contains("Edited "), "{}", first.body);
    set("Twelve <dead>", "<p>The first text says <b>twelve</b>.</p>", &link("a"));
    let page = page_with(&daemon, ": title, summary</h3>").body;
    for part in [
        "<p lang=\"\" dir=\"auto\"><del>Ten</del> <ins>Twelve</ins> &lt;dead&gt; </p>",
        "The first text says <del>ten.</del> <ins>twelve.</ins> ",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    // Only the last five are kept, and the markup alone is not shown as words.
    set("Twelve <dead>", "<p>The first text says <i>twelve</i>.</p>", &link("a"));
    page_with(&daemon, "Only its markup has changed.");
    set("Twelve <dead>", "", &link("b\"><script>alert(1)</script>"));
    let page = page_with(&daemon, "<del>The first text says twelve.</del>").body;
    assert!(
        page.contains("<del dir=\"ltr\">https://x.example/a</del>") && !page.contains("<script>alert"),
        "{page}"
    );
    for text in ["Text 0", "Text 1", &format!("Text 2 {}", incompressible(400_000)), "Text 3"] {
        set("Twelve <dead>", text, &link("b"));
        page_with(&daemon, &format!("<p lang=\"\" dir=\"auto\">{}", &text[..6]));
    }
    let json = home.run(&["explain", "1", "--json"]).1;
    assert_eq!(json.matches("\"at\": ").count(), 5, "{json}");
    let words = home.run(&["explain", "1"]).1;
    assert_eq!(words.matches("\n  edited 20").count(), 5, "{words}");
    let page = page_with(&daemon, "too long to be kept").body;
    assert!(!page.contains("<del>Ten</del>"), "{page}");
    let size = std::fs::metadata(home.store()).expect("a store").len();
    assert!(size < 5_000_000, "{size}");
}

/// HTML with so many different words.
fn incompressible(bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(1);
    (0..bytes / 10).map(|_| format!("{:09x} ", random.u64(..) >> 28)).collect()
}
