//! Hostile texts in everything that pages show: in a browser they stay texts on each page. No script runs, nothing is
//! requested from elsewhere, and the policy of the pages has nothing to forbid.

use std::fmt::Write as _;

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::browser::Browser;
use crate::inert::{atom, attacks, json_feed, payloads, rss};
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

/// What no page has but by an attack.
const FOREIGN: &str = "document.contentType === 'text/plain' ? [] : [...document.querySelectorAll('*')].filter(e => e.matches('img, iframe, object, embed, base, math, audio, \
    video, textarea, marquee, animate, meta[http-equiv=refresh], style ~ style, input[type=image], b, x, body *:is([style], [background])') \
    || [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*(javascript|data):/i.test(a.value) && ['href', 'src', 'action'].includes(a.name)))\
    .map(e => e.outerHTML.slice(0, 300))";

/// How many sources and outputs there are: as many as there are attacks. Their titles are texts.
const CONFIGURED: usize = 37;

/// A daemon that has the texts in entries, in titles of sources and outputs, and in filters.
fn publish(origin: &Origin, texts: &[String]) -> (Home, Daemon, String) {
    let mut config = String::from(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nper_host = 100\nfirst_poll = 1000\nallow = [\"127.0.0.0/8\"]\n",
    );
    origin.set("/feed-0", 200, "application/rss+xml", rss(texts));
    origin.set("/feed-1", 200, "application/atom+xml", atom(texts));
    origin.set("/feed-2", 200, "application/feed+json", json_feed(texts));
    for (number, text) in texts.iter().take(CONFIGURED).enumerate() {
        if number > 2 {
            // No feeds: the page of the source says why.
            let page = format!("<html><head><title>{text}</title></head>{text}</html>");
            origin.set(
                &format!("/feed-{number}"),
                200,
                &format!("text/html; {}", text.replace('\n', " ")),
                page,
            );
        }
        let url = origin.url(&format!("/feed-{number}"));
        let line = text.replace(|c: char| c.is_control(), " ");
        let (title, filter) = (json!(line), json!(format!("x OR \"{}\"", line.replace('"', " "))));
        writeln!(
            config,
            "[[source]]\nname = \"source-{number}\"\nurl = \"{url}\"\ntitle = {title}\ntags = [\"all\"]\n\
             [[output]]\nname = \"output-{number}\"\ntitle = {title}\ndescription = {title}\nfilter = {filter}\nstories = \"all\""
        )
        .expect("a string");
    }
    let home = Home::new(&config);
    let daemon = home.start();
    let all = format!("of {} entries match", 3 * texts.len());
    eventually("all entries", || daemon.get("/try?q=x&stories=all").body.contains(&all).then_some(()));
    eventually("all sources", || (!daemon.get("/sources").body.contains("no answer yet")).then_some(()));
    (home, daemon, config)
}

/// Asserts that nothing has come of the texts on the page.
#[track_caller]
fn assert_inert(browser: &mut Browser, origin: &Origin, what: &str) {
    for (event, parameters) in browser.take_events() {
        let is_ours = event != "Network.requestWillBeSent"
            || parameters["request"]["url"].as_str().is_some_and(|url| !url.starts_with(&origin.url("")));
        let is_bad = matches!(
            event.as_str(),
            "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Page.javascriptDialogOpening"
        ) || parameters["entry"]["source"] == "security";
        assert!(is_ours && !is_bad, "{what}: {event}: {parameters}");
    }
    assert_eq!(browser.value(FOREIGN), json!([]), "{what}");
    assert_eq!(attacks(origin), [""; 0], "{what}");
}

fn paths(texts: &[String]) -> Vec<String> {
    let mut paths: Vec<String> =
        ["/", "/sources", "/stories", "/feeds/_health", "/try"].map(str::to_owned).into();
    paths.extend((1..=3 * texts.len()).step_by(4).map(|number| format!("/entry/{number}")));
    for (number, text) in texts.iter().enumerate() {
        let text: String = byte_serialize(text.as_bytes()).collect();
        paths.push(format!("/try?q={text}&sources=%23all"));
        if number < CONFIGURED {
            paths.extend([
                format!("/feeds/output-{number}"),
                format!("/sources/source-{number}"),
                format!("/try?q=x&output=output-{number}"),
                format!("/try?q=x&sources={text}&output={text}&stories={text}"),
                format!("/sources?q={text}"),
            ]);
        }
    }
    paths
}

#[test]
fn hostile_texts_stay_texts_on_every_page_in_a_browser() {
    let origin = Origin::start();
    let host = origin.url("").replace("http://", "");
    let mut texts = payloads::plain(&host);
    texts.extend(payloads::all(&host).into_iter().step_by(211));
    let (home, daemon, config) = publish(&origin, &texts);
    let url = |path: &str| format!("http://{}{path}", daemon.address());
    let mut browser = Browser::start();
    // The texts are what they should be: as a page they do harm.
    origin.set("/as-page", 200, "text/html", texts.concat());
    browser.open(&origin.url("/as-page"));
    assert!(!attacks(&origin).is_empty());
    browser.open("about:blank");
    browser.take_events();
    origin.forget_requests();
    for path in paths(&texts) {
        browser.open(&url(&path));
        assert_inert(&mut browser, &origin, &path);
    }
    // Typed: the script shows what comes.
    browser.open(&url("/try"));
    for text in &texts {
        let value = json!(text.replace('\n', " "));
        browser.value(&format!(
            "{{ const q = document.getElementById('q'); q.value = {value}; q.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
        ));
        browser
            .wait_for("new URLSearchParams(location.search).get('q') === document.getElementById('q').value");
        assert_inert(&mut browser, &origin, text);
    }
    // To others there is the form to sign in; the page of a config that is broken quotes it.
    browser.call("Network.setExtraHTTPHeaders", json!({ "headers": { "X-Forwarded-For": "192.0.2.1" } }));
    for path in paths(&texts).iter().step_by(7) {
        browser.open(&url(path));
        assert_inert(&mut browser, &origin, path);
    }
    home.configure(&format!("{config}{} = <script>\n", json!(texts[1])));
    eventually("it is refused", || daemon.get("/").body.contains("The config is invalid").then_some(()));
    browser.open(&url("/"));
    assert_inert(&mut browser, &origin, "a broken config");
}
