//! Secrets in the addresses of sources: nothing that others see has them.

use std::path::Path;

use crate::generated_secrets;
use crate::origin::Origin;
use crate::program::{Daemon, Home, eventually};

/// An RSS feed whose site is at `link`, with one entry that refers to the document itself.
fn rss(link: &str, guid: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Feed {guid}</title><link>{link}</link><item><title>Entry {guid}</title>
         <guid isPermaLink=\"false\">{guid}</guid><link>#top</link><description>See &lt;a href=\"#note\"&gt;the note\
         &lt;/a&gt; and &lt;a href=\"?page=2\"&gt;more&lt;/a&gt;</description></item></channel></rss>"
    )
}

fn atom(id: &str, title: &str) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>{id}</id><title>{title}</title><entry><id>urn:x:{title}</id>
         <title>Entry {title}</title><content>Text</content></entry></feed>"
    )
}

fn source(name: &str, url: &str, more: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\nevery = \"1s\"\n{more}\n")
}

/// Everything that the daemon serves, with the path of each.
fn served(daemon: &Daemon) -> String {
    let paths = [
        "/", "/feeds/all", "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json",
        "/feeds/all/archive/1.atom", "/feeds/_health.atom", "/feeds/_health.rss", "/feeds/_health.json",
        "/outputs.opml", "/metrics", "/readyz",
    ];
    paths.map(|path| format!("{path}\n{}\n{}\n", daemon.get(path).head, daemon.get(path).body)).concat()
}

fn lines_with_secrets(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains("SECRET")).collect()
}

/// The text of the elements between two marks.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

#[test]
fn nothing_that_an_entry_says_of_its_sources_address_is_published_beyond_what_may_be() {
    let origin = Origin::start();
    let (query, path) = (origin.url("/own?auth=SECRET1"), origin.url("/SECRET2/own"));
    let document = |name: &str, own: &str| {
        format!(
            "<rss version='2.0' xmlns:wfw='http://wellformedweb.org/CommentAPI/' xmlns:atom='http://www.w3.org/2005/Atom' \
             xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:podcast='https://podcastindex.org/namespace/1.0'><channel>\
             <title>{own}</title><item><title>{name}</title><guid>{own}#1</guid><link>#x</link>\
             <source url='{own}'>Own</source><wfw:commentRss>{own}</wfw:commentRss><comments>{own}</comments>\
             <dc:creator>{own}</dc:creator><dc:rights>See {own}</dc:rights><category domain='{own}'>{own}</category>\
             <atom:link rel='via' href='{own}'/><podcast:transcript url='{own}' type='text/vtt'/>\
             <podcast:chapters url='{own}'/><podcast:person href='{own}' img='{own}'>{own}</podcast:person>\
             <enclosure url='{own}' type='audio/mpeg' length='1'/>\
             <description>&lt;a href='{own}'&gt;{own}&lt;/a&gt;</description></item></channel></rss>"
        )
    };
    origin.set("/own?auth=SECRET1", 200, "application/rss+xml", document("first", &query));
    origin.set("/SECRET2/own", 200, "application/rss+xml", document("second", &path));
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[publish]\nids = \"shared\"\n{}{}[[output]]\nname = \"all\"\n",
        source("one", &query, ""),
        source("two", &path, "publish_url = false"),
    ));
    let daemon = home.start();
    eventually("both are published", || {
        let atom = daemon.get("/feeds/all.atom").body;
        (atom.contains("first") && atom.contains("second")).then_some(())
    });
    let served = served(&daemon);
    assert_eq!(lines_with_secrets(&served), [""; 0]);
    let shown = origin.url("/own");
    assert!(served.contains(&format!("<wfw:commentRss>{shown}</wfw:commentRss>")), "{served}");
    assert!(served.contains(&format!("<wfw:commentRss>{}</wfw:commentRss>", origin.url("/"))), "{served}");
}

#[test]
fn nothing_that_others_see_has_a_query_or_a_password() {
    let origin = Origin::start();
    let set = |path: &str, body: String| origin.set(path, 200, "application/xml", body);
    set("/feed?auth=SECRET1", rss(&origin.url("/?auth=SECRET1"), "one"));
    set("/feed?auth=SECRET2", rss("https://me:SECRET3@site.example/", "two"));
    set("/atom?key=SECRET4", atom("tag:site.example,2020:feed", "three"));
    set("/atom?key=SECRET5", atom("tag:site.example,2020:feed?key=SECRET5", "four"));
    set("/private/SECRET6/feed?x=SECRET7", rss("/", "five"));
    set("/with-password", rss("https://site.example/forum?f=3", "six"));
    set("/open?list=VISIBLE", atom("urn:feed:y", "seven"));
    set("/new?sig=SECRET8", rss("https://site.example/", "eight"));
    // The same id is used twice, which is logged.
    let again = |title: &str| {
        format!(
            "<entry><id>http://me:SECRET10@site.example/?a=SECRET11</id><title>{title}</title>
             <link href=\"https://site.example/{title}\"/></entry>"
        )
    };
    let twice =
        atom("urn:uuid:1", "nine").replace("</feed>", &(again("A") + &again("B") + &again("A") + "</feed>"));
    set("/once?sid=SECRET9", twice);
    let to = format!("text/plain\r\nLocation: {}", origin.url("/new?sig=SECRET8"));
    origin.set("/old?token=SECRET12", 301, &to, "");
    origin.set("/down?token=SECRET13", 500, "text/plain", "");
    origin.set("/no-feed?token=SECRET14", 200, "text/html", "<html>SECRETLESS");
    origin.set("/gone?token=SECRET15", 410, "text/plain", "");
    let password = origin.url("/with-password").replace("//", "//me:SECRET16@");
    let config = [
        "[serve]\nlisten = \"127.0.0.1:0\"\n".to_owned(),
        source("one", &origin.url("/feed?auth=SECRET1"), ""),
        source("two", &origin.url("/feed?auth=SECRET2"), ""),
        source("three", &origin.url("/atom?key=SECRET4"), ""),
        source("four", &origin.url("/atom?key=SECRET5"), ""),
        source("five", &origin.url("/private/SECRET6/feed?x=SECRET7"), "publish_url = false"),
        source("six", &password, ""),
        source("seven", &origin.url("/open?list=VISIBLE"), "publish_url = true"),
        source("eight", &origin.url("/old?token=SECRET12"), ""),
        source("nine", &origin.url("/once?sid=SECRET9"), ""),
        source("down", &origin.url("/down?token=SECRET13"), ""),
        source("no-feed", &origin.url("/no-feed?token=SECRET14"), ""),
        source("gone", &origin.url("/gone?token=SECRET15"), ""),
        source("refused", "http://127.0.0.1:1/?token=SECRET17", ""),
        source("no-host", "http://siftwire.invalid/?token=SECRET18", ""),
        "[[output]]\nname = \"all\"\nlimit = 5\n".to_owned(),
    ]
    .concat();
    let home = Home::new(&config);
    let daemon = home.start_with(&[("RUST_LOG", Path::new("trace"))]);
    eventually("all sources are polled", || {
        let status = home.run(&["status", "--json"]).1;
        let status: serde_json::Value = serde_json::from_str(&status).ok()?;
        status["sources"].as_array()?.iter().all(|source| !source["last_poll"].is_null()).then_some(())
    });
    let atom = eventually("every entry is published", || {
        let atom = daemon.get("/feeds/all.atom").body + &daemon.get("/feeds/all/archive/1.atom").body;
        let titles = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        titles.iter().all(|title| atom.contains(&format!("Entry {title}"))).then_some(atom)
    });
    eventually("the page has every source", || {
        let page = daemon.get("/").body;
        (page.contains("watching it until") && page.contains("gone since")).then_some(())
    });

    // A mistake beside a URL, which the message quotes.
    home.configure(&format!("{config}{}", source("twice", &origin.url("/feed?auth=SECRET1"), "")));
    let problem = eventually("the mistake is reported", || {
        let page = daemon.get("/").body;
        page.contains("The config is invalid").then_some(())?;
        Some(home.run(&["status"]).2)
    });
    assert!(problem.contains("two sources have the same URL") && !problem.contains("SECRET"), "{problem}");
    home.configure(&format!("{config}url = \"{}\" = 1", origin.url("/feed?auth=SECRET1")));
    eventually("another mistake is reported", || daemon.get("/").body.contains("invalid TOML").then_some(()));
    let served = served(&daemon);
    assert_eq!(lines_with_secrets(&served), [""; 0]);
    assert!(served.contains("VISIBLE") && !daemon.get("/").body.contains("VISIBLE"), "{served}");

    // What is published, and that equal addresses stay apart.
    let ids = |name: &str| between(&atom, &format!("<title>Feed {name}"), "</source>");
    assert!(ids("one")[0].contains(&format!("href=\"{}\"", origin.url("/feed"))), "{atom}");
    assert!(ids("one")[0].contains(&format!("rel=\"alternate\" href=\"{}\"", origin.url("/"))), "{atom}");
    assert!(ids("six")[0].contains("rel=\"alternate\" href=\"https://site.example/forum?f=3\""), "{atom}");
    let id = |title: &str| {
        let source =
            between(&atom, "<source>", "</source>").into_iter().find(|source| source.contains(title));
        between(source.expect("the source is named"), "<id>", "</id>")[0].to_owned()
    };
    assert_eq!(id(">three<"), "tag:site.example,2020:feed");
    assert_eq!(id(">seven<"), "urn:feed:y");
    let opaque = [id(">Feed one<"), id(">Feed two<"), id(">four<"), id(">Feed five<")];
    assert!(opaque.iter().all(|id| id.starts_with("urn:uuid:")), "{opaque:?}");
    assert!(opaque.iter().all(|one| opaque.iter().filter(|other| one == *other).count() == 1), "{opaque:?}");
    assert_eq!(id(">Feed six<"), origin.url("/with-password"));

    let (_, log) = daemon.stop();
    assert_eq!(lines_with_secrets(&log), [""; 0]);
    for name in [
        "watching it until", "these keys identify several entries", "poll failed", "the config is invalid",
        "entry ignored",
    ] {
        assert!(log.contains(name), "{name}");
    }
    // The owner sees everything.
    home.configure(&config);
    let (code, status, _) = home.run(&["status", "--json"]);
    assert!(code == Some(0) && status.contains("auth=SECRET1") && status.contains("sig=SECRET8"), "{status}");
}

/// Configs that have a secret in any shape and are broken in any way: neither a command nor the daemon shows it.
#[test]
fn nothing_shows_a_secret_of_a_broken_config() {
    // On loopback and without a public URL the page of an empty config names its file.
    const GOOD: &str = "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds.example\"\n[[output]]\nname = \"all\"\n";
    let home = Home::new(GOOD);
    std::fs::create_dir(home.path().join("config.d")).expect("a folder");
    let daemon = home.start_with(&[("RUST_LOG", Path::new("debug"))]);
    let mut random = fastrand::Rng::with_seed(2);
    let mut secrets = Vec::new();
    let commands: [&[&str]; 9] = [
        &["check"],
        &["status"],
        &["status", "--json"],
        &["explain", "x"],
        &["doctor"],
        &["show", "all"],
        &["add", "http://127.0.0.1:1/", "--dry-run"],
        &["opml", "export"],
        &["check", "--diff", "--json"],
    ];
    let mut refused = 0;
    while refused < 4 {
        let case = generated_secrets::case(&mut |below| random.usize(..below));
        for (name, text) in &case.files {
            std::fs::write(home.path().join(name), text).expect("a config");
        }
        let (code, _, _) = home.run(&["check"]);
        if code == Some(2) {
            refused += 1;
            for command in commands {
                let (_, out, err) = home.run(command);
                let shown = case.secrets.iter().find(|secret| out.contains(*secret) || err.contains(*secret));
                assert_eq!(shown, None, "{command:?}\n{out}\n{err}\n{case:#?}");
            }
            let has_alert = || daemon.get("/").body.contains("The config is invalid");
            eventually("the refusal is on the page", || has_alert().then_some(()));
            secrets.extend(case.secrets.clone());
            let served = served(&daemon);
            assert_eq!(secrets.iter().find(|secret| served.contains(*secret)), None, "{served}");
            assert!(!served.contains(&home.path().display().to_string()), "{served}");
        }
        for (name, _) in &case.files[1..] {
            std::fs::remove_file(home.path().join(name)).expect("it is there");
        }
        home.configure(GOOD);
        eventually("the config is applied", || {
            (!daemon.get("/").body.contains("The config is invalid")).then_some(())
        });
    }
    let (_, log) = daemon.stop();
    assert!(log.contains("the config is invalid"), "{log}");
    assert_eq!(secrets.iter().find(|secret| log.contains(*secret)), None, "{log}");
}

/// What `add` and `opml import` are told may have a password too.
#[test]
fn messages_about_given_urls_have_no_password() {
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:0\"\n");
    let list = "<opml><body><outline text='a' xmlUrl='ftp://me:SECRET1@a.example/'/><outline text='http://me:SECRET2@x/' \
                xmlUrl='https://me:SECRET3@b.example/?x=SECRET4'/><outline xmlUrl='http://me:SECRET5@127.0.0.1/'/></body></opml>";
    std::fs::write(home.path().join("list.opml"), list).expect("a list");
    for arguments in [
        &["opml", "import", "list.opml", "--dry-run"][..],
        &["add", "ftp://me:SECRET6@a.example/"],
        &["add", "https://me:SECRET/7@a.example/"],
        &["add", "me:SECRET8@127.0.0.1:1/?x=SECRET9"],
    ] {
        let (_, out, err) = home.run(arguments);
        assert!(!out.contains("SECRET") && !err.contains("SECRET"), "{arguments:?}: {out}{err}");
        assert!(!err.is_empty());
    }
}

/// Without its config a command says which store it reads.
#[test]
fn status_names_the_store_that_it_reads_without_a_config() {
    let home = Home::new("[store]\npath = \"elsewhere/x.db\"\n");
    std::fs::remove_file(home.path().join("config.toml")).expect("it is there");
    let (_, _, err) = home.run(&["status"]);
    let built_in = home.path().join(".local/state/siftwire/siftwire.db");
    assert!(
        err.contains("No config.toml found") && err.contains(&format!("no store {} yet", built_in.display())),
        "{err}"
    );
    let (code, _, err) = home.run(&["status", "--config", "config.toml"]);
    let beside = home.path().join("siftwire.db");
    assert!(
        err.contains("cannot read") && err.contains(&format!("no store {} yet", beside.display())),
        "{err}"
    );
    assert_eq!(code, Some(2));
}
