//! The web page of an output: what it shows of its filter, its older pages, and the search in it.

use crate::program::{Daemon, Home, Response, eventually};

fn page_with(daemon: &Daemon, path: &str, part: &str) -> Response {
    eventually(&format!("{path} has {part}"), || {
        let page = daemon.get(path);
        (page.status == 200 && page.body.contains(part)).then_some(page)
    })
}

#[test]
fn the_page_of_an_output_shows_its_filter_its_topics_and_its_sources_but_no_secret() {
    let home = Home::new(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example\"\n[topics]\n\
         inner = '''one OR \"<b>&amp;\"'''\nouter = '@inner -/\\bthree\\b/'\nunused = 'hidden'\n\
         [[source]]\nname = \"gazette\"\nurl = \"http://127.0.0.1:9/feed?key=SECRET\"\nallow_private = true\ntags = [\"Press\"]\n\
         [[output]]\nname = \"some\"\nsources = [\"gazette\", \"#press\"]\n\
         filter = '''(@outer OR @armenia) -link:https://user:SECRET@news.example/a?key=SECRET&b=SECRET -link:\"news.example/x?key=SECRET more\"'''\n\
         [[output]]\nname = \"all\"\n",
    );
    let daemon = home.start();
    let some = page_with(&daemon, "/feeds/some", "Which entries it takes").body;
    for part in [
        "(@outer OR @armenia) -link:https://",
        "@news.example/a?***",
        "-link:&quot;news.example/x?********** more&quot;</code>",
        "<dt><code>@inner</code></dt><dd><code lang=\"\" dir=\"auto\">one OR &quot;&lt;b&gt;&amp;amp;&quot;</code></dd>",
        "<dt><code>@outer</code></dt><dd><code lang=\"\" dir=\"auto\">@inner -/\\bthree\\b/</code></dd>",
        "<bdi>gazette</bdi>, <bdi>#press</bdi>",
        "<details class=\"criteria\" open>",
    ] {
        assert!(some.contains(part), "{part} in {some}");
    }
    for part in ["SECRET", "hidden", "@unused", "Try another filter"] {
        assert!(!some.contains(part), "{part} in {some}");
    }
    let all = daemon.get("/feeds/all").body;
    assert!(all.contains("none: every entry") && all.contains("<dt>Sources</dt><dd>all</dd>"), "{all}");
    assert!(!daemon.get("/feeds/_health").body.contains("Which entries it takes"));
    // Another filter is another page, also where it takes the same.
    home.configure(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"gazette\"\nurl = \"http://127.0.0.1:9/feed\"\nallow_private = true\n\
         [[output]]\nname = \"some\"\nfilter = 'one   two'\n[[output]]\nname = \"all\"\n",
    );
    let some = page_with(&daemon, "/feeds/some", ">one   two</code>").body;
    assert!(some.contains("href=\"http://127.0.0.1:"), "{some}");
    assert!(some.contains("/try?output=some\">Try another filter"), "{some}");
}
