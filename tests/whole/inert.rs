//! Generated attacks in every field of every format: text of a source is markup in no published document, and in a real
//! browser no script runs and nothing is requested but pictures and media.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually_within};

pub(crate) mod payloads;

const FORMATS: [&str; 3] = ["rss", "atom", "json"];

/// Sources in each format, with one payload in all fields of each entry, and an output for each.
fn publish(payloads: &[String]) -> (Origin, Home, Daemon) {
    let origin = Origin::start();
    origin.set("/source.rss", 200, "application/rss+xml", rss(payloads));
    origin.set("/source.atom", 200, "application/atom+xml", atom(payloads));
    origin.set("/source.json", 200, "application/feed+json", json_feed(payloads));
    let mut config =
        String::from("[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nmax_body = \"50MB\"\nfirst_poll = 5000\n");
    for format in FORMATS {
        let url = origin.url(&format!("/source.{format}"));
        config += &format!(
            "[[source]]\nname = \"{format}\"\nurl = \"{url}\"\nallow_private = true\n\
             [[output]]\nname = \"from-{format}\"\nsources = [\"{format}\"]\nstories = \"all\"\nlimit = {}\nwrite_to = \"www\"\n",
            payloads.len()
        );
    }
    let home = Home::new(&config);
    std::fs::create_dir(home.path().join("www")).expect("a folder");
    let daemon = home.start();
    for format in FORMATS {
        eventually_within(Duration::from_secs(300), "all entries", || {
            let page = daemon.get(&format!("/feeds/from-{format}")).body;
            (page.matches("role=\"article\"").count() == payloads.len()).then_some(())
        });
    }
    (origin, home, daemon)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(crate) fn rss(payloads: &[String]) -> String {
    let items = payloads.iter().enumerate().map(|(number, payload)| {
        let text = escape(payload);
        // Some entries are enough for these: all would make a document of 40 MB.
        let rare = if number % 5 == 0 { rare_fields(&text, number) } else { String::new() };
        format!(
            "<item><guid>{number}</guid><link>https://site.example/{number}</link><title>{text}</title>\
             <dc:creator>{text}</dc:creator><category>{text}</category><media:title>{text}</media:title>\
             <source url=\"https://x.example/\">{text}</source><comments>https://site.example/?{text}</comments>\
             {rare}\
             <description>{text}</description><content:encoded>{text} {number}</content:encoded></item>"
        )
    });
    format!(
        "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
         xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\" xmlns:podcast=\"https://podcastindex.org/namespace/1.0\" \
         xmlns:wfw=\"http://wellformedweb.org/CommentAPI/\" xmlns:georss=\"http://www.georss.org/georss\" \
         xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:thr=\"http://purl.org/syndication/thread/1.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>{}</title>{}</channel></rss>",
        escape(&payloads[0]),
        items.collect::<String>()
    )
}

/// Elements that few entries have.
fn rare_fields(text: &str, number: usize) -> String {
    format!(
        "<media:content url=\"https://site.example/{text}.mp4\" medium=\"video\" type=\"{text}\"><media:title>{text}</media:title>\
             <media:description type=\"html\">{text}</media:description><media:credit>{text}</media:credit></media:content>\
             <itunes:title>{text} {number}</itunes:title><itunes:summary>{text}{number}</itunes:summary><itunes:image href=\"{text}\"/>\
             <itunes:season>{text}</itunes:season><podcast:person role=\"{text}\" href=\"{text}\">{text}</podcast:person>\
             <podcast:transcript url=\"https://site.example/{text}\" type=\"{text}\" language=\"{text}\"/>\
             <category domain=\"{text}\">{text}</category><dc:rights>{text}</dc:rights><wfw:commentRss>{text}</wfw:commentRss>\
             <georss:point>1 2</georss:point><georss:featureName>{text}</georss:featureName>\
             <atom:link rel=\"via\" href=\"https://site.example/?{text}\" title=\"{text}\"/><thr:in-reply-to ref=\"x:{text}\"/>"
    )
}

pub(crate) fn atom(payloads: &[String]) -> String {
    let entries = payloads.iter().enumerate().map(|(number, payload)| {
        let text = escape(payload);
        let kind = ["", " type=\"text\"", " type=\"html\""][number % 3];
        format!(
            "<entry><id>urn:example:{number}</id><link href=\"https://site.example/{number}\"/><title{kind}>{text}</title>\
             <author><name>{text}</name></author><category term=\"{text}\" label=\"{text} {number}\" scheme=\"x:{text}\"/>\
             <rights{kind}>{text}</rights><summary{kind}>{text}</summary>\
             <content type=\"html\">{text} {number}</content><source><title>{text}</title></source></entry>"
        )
    });
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{}</title>{}</feed>",
        escape(&payloads[0]),
        entries.collect::<String>()
    )
}

pub(crate) fn json_feed(payloads: &[String]) -> String {
    let item = |(number, payload): (usize, &String)| {
        json!({
            "id": number.to_string(), "url": format!("https://site.example/{number}"), "title": payload,
            "content_html": format!("{payload} {number}"), "summary": payload, "tags": [payload],
            "authors": [{ "name": payload, "url": payload, "avatar": payload }], "external_url": payload,
            "attachments": [{ "url": "https://site.example/a.mp3", "mime_type": payload, "title": payload }],
        })
    };
    let items: Vec<Value> = payloads.iter().enumerate().map(item).collect();
    json!({ "version": "https://jsonfeed.org/version/1.1", "title": payloads[0], "items": items }).to_string()
}

/// Whether HTML would read a tag or a comment.
fn has_tag(text: &str) -> bool {
    text.split('<')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)))
}

/// The texts of the elements with these names; the writer puts each on a line.
fn texts<'a>(xml: &'a str, names: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    xml.lines().filter_map(|line| {
        let (tag, rest) = line.trim().strip_prefix('<')?.split_once('>')?;
        let name = tag.split(' ').next()?;
        names
            .contains(&name)
            .then(|| htmlize::unescape(rest.split('<').next().unwrap_or_default()).into_owned())
    })
}

/// A text as it is shown: without characters that cannot be published, on one line.
fn shown(text: &str) -> String {
    let text = text.replace(['\u{feff}', '\u{fdd0}', '\u{1}'], "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn text_of_a_source_is_markup_in_no_document() {
    let payloads = payloads::all("attacker.example");
    let (_origin, _home, daemon) = publish(&payloads);
    for from in FORMATS {
        let rss = daemon.get(&format!("/feeds/from-{from}.rss")).body;
        let names = ["title", "dc:creator", "category", "source", "description"];
        // A description of an entry is HTML, that of the channel is its title.
        let channel = rss.find("<item>").expect("an entry");
        let lines: Vec<_> = texts(&rss, &names[..4]).chain(texts(&rss[..channel], &names)).collect();
        assert!(lines.len() > 3 * payloads.len());
        assert!(daemon.get("/metrics").body.contains("siftwire_entries_left_out 0\n"));
        let atom = daemon.get(&format!("/feeds/from-{from}.atom")).body;
        let json: Value =
            serde_json::from_str(&daemon.get(&format!("/feeds/from-{from}.json")).body).expect("JSON");
        let items = json["items"].as_array().expect("items");
        let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of_json = items.iter().flat_map(|item| {
            let tags = item["tags"].as_array().into_iter().flatten().map(string);
            let authors =
                item["authors"].as_array().into_iter().flatten().map(|author| string(&author["name"]));
            tags.chain(authors).chain([string(&item["summary"])]).collect::<Vec<_>>()
        });
        for line in lines.into_iter().chain(texts(&atom, &["name"])).chain(of_json) {
            assert!(!has_tag(&line), "from {from}: {line}");
        }
        // What a source says is text arrives as it is.
        for item in items {
            let link = item["url"].as_str().expect("an address");
            let number: usize = link.rsplit('/').next().and_then(|last| last.parse().ok()).expect("a number");
            let is_text = from == "json" || (from == "atom" && number % 3 < 2);
            assert!(!is_text || string(&item["title"]) == shown(&payloads[number]), "from {from}: {item}");
        }
    }
}

/// What Chromium makes of a page, after two seconds of its own clock in which the page does nothing.
fn rendered(url: &str, profile: &Path) -> String {
    let done = Command::new("timeout")
        .args([
            "300",
            env!("SIFTWIRE_CHROMIUM"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args([
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--virtual-time-budget=2000", "--dump-dom", url])
        .env("HOME", profile)
        .stderr(Stdio::null())
        .output()
        .expect("it runs");
    assert!(done.status.success(), "{url}: {}", done.status);
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// What the careless reader reports on documents of the origin. An attack that works may leave no report.
fn report(origin: &Origin, documents: &[String], profile: &Path) -> Value {
    let page = rendered(&format!("{}#{}", origin.url("/reader.html"), documents.join(",")), profile);
    assert_eq!(attacks(origin), [""; 0]);
    let (_, rest) = page.split_once("<pre id=\"report\">").expect("a report");
    let report = htmlize::unescape(rest.split("</pre>").next().unwrap_or_default());
    serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {report}"))
}

/// The requests that only an attack makes.
pub(crate) fn attacks(origin: &Origin) -> Vec<String> {
    let is_allowed = |path: &String| ["/picture/", "/media/"].iter().any(|start| path.starts_with(start));
    let mut attacks = origin.requests_without_document();
    attacks.retain(|path| !is_allowed(path));
    attacks
}

#[test]
#[cfg_attr(not(chromium), ignore = "needs Chromium: install it, or set CHROMIUM to its path")]
fn in_a_browser_no_script_runs_and_only_pictures_and_media_are_requested() {
    let origin_of_attacks = Origin::start();
    let host = origin_of_attacks.url("").replace("http://", "");
    // Every third, which meets each markup, place and escaping: the other test has them all.
    let all: Vec<String> = payloads::all(&host).into_iter().step_by(3).collect();
    // The one picture that a page has.
    origin_of_attacks.set("/icon.png", 200, "image/png", "");
    origin_of_attacks.set("/reader.html", 200, "text/html", include_str!("inert/reader.html"));

    // The reader and the payloads are what they should be: from the source itself they run.
    origin_of_attacks.set("/plain.rss", 200, "application/xml", rss(&payloads::plain(&host)));
    let profile = tempfile::tempdir().expect("a folder");
    rendered(&format!("{}#/plain.rss", origin_of_attacks.url("/reader.html")), profile.path());
    let attacks_that_work = attacks(&origin_of_attacks);
    assert!(attacks_that_work.iter().any(|path| path.starts_with("/executed/")), "{attacks_that_work:?}");
    assert!(attacks_that_work.iter().any(|path| path.starts_with("/request/")), "{attacks_that_work:?}");

    let (_sources, home, daemon) = publish(&all);
    let mut documents = Vec::new();
    for from in FORMATS {
        for format in FORMATS {
            let path = format!("/from-{from}.{format}");
            let document = daemon.get(&format!("/feeds{path}")).body;
            origin_of_attacks.set(&path, 200, "application/octet-stream", document);
            documents.push(path);
        }
    }
    origin_of_attacks.forget_requests();
    let published = report(&origin_of_attacks, &documents, profile.path());
    assert_eq!(published["live"], json!([]));
    assert!(published["shown"].as_u64() > Some(30 * all.len() as u64), "{}", published["shown"]);

    for from in FORMATS {
        let file = home.path().join(format!("www/from-{from}.html"));
        // Escaping alone must do, without the policy.
        let page = std::fs::read_to_string(&file).expect("a page");
        let (before, after) =
            page.split_once("<meta http-equiv=\"Content-Security-Policy\"").expect("a policy");
        let unprotected = format!("{before}<meta name=\"x\"{after}");
        origin_of_attacks.set("/page.html", 200, "text/html", unprotected);
        for url in [
            format!("http://{}/feeds/from-{from}", daemon.address()),
            format!("file://{}", file.display()),
            origin_of_attacks.url("/page.html"),
        ] {
            let page = rendered(&url, profile.path());
            assert_eq!(page.matches("role=\"article\"").count(), all.len(), "{url}");
            for unwanted in ["<script", "<img", "<iframe", "<svg", "<style", "<b>", "<input"] {
                let body = page.split("<main").nth(1).unwrap_or_default();
                assert!(!body.contains(unwanted), "{url}: {unwanted}");
            }
            assert_eq!(attacks(&origin_of_attacks), [""; 0], "{url}");
        }
    }
}
