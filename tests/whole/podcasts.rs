//! Podcasts: an output of one alone is that podcast, one of several sources is not.

use crate::origin::Origin;
use crate::program::{Home, eventually};

const EPISODE: &str = "<item><guid>1</guid><title>One</title><itunes:duration>61</itunes:duration>\
    <enclosure url='https://pod.example/1.mp3' type='audio/mpeg' length='99'/></item>";

fn podcast() -> String {
    format!(
        "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' \
         xmlns:podcast='https://podcastindex.org/namespace/1.0'><channel><title>Pod</title>\
         <itunes:author>The Pod</itunes:author><itunes:category text='News'/>\
         <itunes:owner><itunes:name>Ann</itunes:name><itunes:email>ann@pod.example</itunes:email></itunes:owner>\
         <itunes:image href='https://pod.example/cover.png'/><itunes:explicit>no</itunes:explicit>\
         <podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>{EPISODE}</channel></rss>"
    )
}

const OF_PODCAST: [&str; 6] = [
    "<itunes:author>The Pod</itunes:author>",
    "<dc:publisher>Ann</dc:publisher>",
    "<itunes:category text=\"News\">",
    "<itunes:explicit>false</itunes:explicit>",
    "<itunes:image href=\"https://pod.example/cover.png\"/>",
    "<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>",
];

#[test]
fn an_output_of_one_podcast_is_that_podcast() {
    let origin = Origin::start();
    origin.set("/pod", 200, "application/rss+xml", podcast());
    origin.set("/secret?auth=hunter22", 200, "application/rss+xml", podcast());
    let source = |name: &str, path: &str| {
        let url = origin.url(path);
        format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
    };
    let config = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n{}{}\
         [[output]]\nname = \"one\"\nsources = [\"pod\"]\n[[output]]\nname = \"hidden\"\nsources = [\"secret\"]\n\
         [[output]]\nname = \"all\"\nstories = \"all\"\n",
        source("pod", "/pod"),
        source("secret", "/secret?auth=hunter22"),
    );
    let home = Home::new(&config);
    let daemon = home.start();
    let document = |path: &str| {
        eventually(path, || {
            let body = daemon.get(path).body;
            body.contains("<itunes:duration>61</itunes:duration>").then_some(body)
        })
    };
    for extension in ["rss", "atom"] {
        let of = |name: &str| {
            let body = document(&format!("/feeds/{name}.{extension}"));
            assert!(!body.contains("ann@pod.example") && !body.contains("hunter22"), "{body}");
            OF_PODCAST.map(|element| body.contains(element))
        };
        assert_eq!(of("one"), [true; 6]);
        // The id is made from the whole address, which is not published.
        assert_eq!(of("hidden"), [true, true, true, true, true, false]);
        assert_eq!(of("all"), [false; 6]);
    }
    let json = eventually("the JSON Feed", || {
        let body = daemon.get("/feeds/one.json").body;
        body.contains("\"duration_in_seconds\": 61").then_some(body)
    });
    assert!(
        json.contains("\"size_in_bytes\": 99") && json.contains("\"mime_type\": \"audio/mpeg\""),
        "{json}"
    );
}
