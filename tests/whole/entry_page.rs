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
