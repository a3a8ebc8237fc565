//! What readers of private outputs get, and what the others do not.

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crate::origin::Origin;
use crate::program::{Daemon, Home, Response, eventually};

const TOKEN: &str = "correct-horse/battery&staple";
/// The same as it stands in an address.
const ESCAPED: &str = "correct-horse%2Fbattery%26staple";
const PUBLIC_URL: &str = "https://feeds.example/news";
/// Not from this machine alone.
const FORWARDED: &str = "X-Forwarded-For: 192.0.2.1\r\n";

fn from_elsewhere(daemon: &Daemon, path: &str, headers: &str) -> Response {
    daemon.request("GET", path, &format!("{FORWARDED}{headers}"))
}

fn home(config: &str) -> Home {
    let serve = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\ntoken = {{ file = \"token\" }}\npublic_url = \"{PUBLIC_URL}\"\n"
    );
    let home = Home::new(&(serve + config));
    std::fs::write(home.path().join("token"), TOKEN).expect("a token");
    home
}

/// Entries whose links, texts and titles have our addresses, also as if they were links of the feed.
fn feed(count: usize) -> String {
    let own = format!("{PUBLIC_URL}/feeds/closed.atom");
    let items = (0..count).map(|n| {
        format!(
            "<item><guid>https://a.example/{n}</guid><title>Number {n} &lt;link rel=\"self\" href=\"{own}\"/&gt;</title>\
             <link>https://evil.example/?n={n}&amp;u={own}</link>\
             <description>&lt;p&gt;&lt;a href=\"{own}\"&gt;Its text number {n}&lt;/a&gt;\
             \n  \"feed_url\": \"{own}\"&lt;/p&gt;</description></item>"
        )
    });
    format!("<rss version=\"2.0\"><channel><title>Site</title>{}</channel></rss>", items.collect::<String>())
}

/// The addresses in a document of which readers make requests.
fn links(body: &str) -> Vec<String> {
    let starts: &[&str] = match body.starts_with('{') {
        true => &["\"feed_url\": \"", "\"next_url\": \""],
        false => &[
            "link rel=\"self\"", "link rel=\"current\"", "link rel=\"prev-archive\"",
            "link rel=\"next-archive\"",
        ],
    };
    let values = body.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("<atom:").or_else(|| line.strip_prefix('<')).unwrap_or(line);
        let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
        let rest = rest.strip_prefix(" href=\"").unwrap_or(rest);
        Some(rest.split('"').next()?.replace("&#x26;", "&"))
    });
    values.filter(|value| value.starts_with(PUBLIC_URL)).collect()
}

#[test]
fn a_reader_with_the_token_in_the_address_follows_the_links_of_a_private_feed() {
    let origin = Origin::start();
    origin.set("/feed", 200, "application/rss+xml", feed(5));
    let source = format!("[[source]]\nurl = \"{}\"\nallow_private = true\n", origin.url("/feed"));
    let outputs =
        "[[output]]\nname = \"open\"\nlimit = 2\n[[output]]\nname = \"closed\"\nprivate = true\nlimit = 2\n";
    let home = home(&(source + outputs));
    let daemon = home.start();
    eventually("the entries", || {
        daemon.get("/feeds/closed.atom").body.contains("prev-archive").then_some(())
    });
    for extension in [".atom", ".rss", ".json"] {
        let mut left = vec![format!("/feeds/closed{extension}?token={ESCAPED}")];
        let mut read: Vec<String> = Vec::new();
        while let Some(path) = left.pop().filter(|path| !read.contains(path)) {
            let response = from_elsewhere(&daemon, &path, "");
            assert_eq!(response.status, 200, "{path}");
            assert_eq!(response.header("cache-control"), Some("private, no-cache"), "{path}");
            let links = links(&response.body);
            let parameter = format!("?token={ESCAPED}");
            assert!(
                !links.is_empty() && links.iter().all(|link| link.ends_with(&parameter)),
                "{path}: {links:?}"
            );
            // Nothing else is changed, and nothing of it is kept.
            assert_eq!(response.body.matches(ESCAPED).count(), links.len(), "{path}: {}", response.body);
            let plain = from_elsewhere(&daemon, path.split('?').next().expect("a path"), &bearer());
            assert_eq!(response.body.replace(&parameter, ""), plain.body, "{path}");
            assert_ne!(response.header("etag"), plain.header("etag"), "{path}");
            let tag = response.header("etag").expect("a tag");
            let again = from_elsewhere(&daemon, &path, &format!("If-None-Match: {tag}\r\n"));
            assert_eq!(again.status, 304, "{path}");
            let plain_tag = format!(
                "If-None-Match: {}
",
                plain.header("etag").expect("a tag")
            );
            assert_eq!(from_elsewhere(&daemon, &path, &plain_tag).status, 200, "{path}");
            read.push(path);
            left.extend(
                links.iter().filter_map(|link| Some(link.strip_prefix(PUBLIC_URL)?.to_owned())).rev(),
            );
            left.retain(|path| !read.contains(path));
        }
        assert!(read.len() >= 2, "{read:?}");
    }
}

fn bearer() -> String {
    format!("Authorization: Bearer {TOKEN}\r\n")
}

#[test]
fn the_links_of_other_feeds_and_for_other_readers_stay() {
    let outputs = "[[output]]\nname = \"open\"\n[[output]]\nname = \"closed\"\nprivate = true\n";
    let home = home(outputs);
    let daemon = home.start();
    let own = |path: &str, headers: &str| links(&from_elsewhere(&daemon, path, headers).body);
    let is_plain = |links: Vec<String>| !links.is_empty() && links.iter().all(|link| !link.contains("token"));
    for extension in [".atom", ".rss", ".json"] {
        let (open, closed) = (format!("/feeds/open{extension}"), format!("/feeds/closed{extension}"));
        assert!(is_plain(own(&format!("{open}?token={ESCAPED}"), "")));
        assert!(is_plain(own(&closed, &bearer())));
        assert!(is_plain(own(&format!("{closed}?token=wrong"), &bearer())));
        assert!(is_plain(links(&daemon.get(&format!("{closed}?token=wrong")).body)), "on this machine");
        let search = format!("/try{extension}?q=armenia");
        assert!(is_plain(own(&search, &bearer())));
        let found = own(&format!("{search}&token={ESCAPED}"), "");
        assert_eq!(found, [format!("{PUBLIC_URL}{search}&token={ESCAPED}")]);
    }
}

/// The addresses that tell of sources.
const TELLING: [&str; 6] =
    ["/", "/metrics", "/feeds/_health", "/feeds/_health.atom", "/feeds/_health.rss", "/feeds/_health.json"];

/// Two sources that are gone, which the health feed tells, with these outputs.
fn gone_sources(origin: &Origin, outputs: &str) -> String {
    let sources = ["whispered", "spoken"].map(|name| {
        origin.set(&format!("/{name}"), 410, "text/plain", "");
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{}\"\nallow_private = true\n",
            origin.url(&format!("/{name}"))
        )
    });
    sources.concat() + outputs
}

const ONE_OF_EACH: &str = "[[output]]\nname = \"open\"\nsources = [\"spoken\"]\n[[output]]\nname = \"closed\"\n\
                           private = true\nsources = [\"whispered\"]\n";

/// Waits until everything that tells of sources has both.
fn tells_of_both(daemon: &Daemon) {
    eventually("both sources", || {
        let has_both = |path: &&str| {
            let body = daemon.get(path).body;
            body.contains("whispered") && body.contains("spoken")
        };
        TELLING.iter().all(has_both).then_some(())
    });
}

#[test]
fn sources_of_private_outputs_alone_are_shown_to_those_who_may_see_them() {
    let origin = Origin::start();
    let home = home(&gone_sources(&origin, ONE_OF_EACH));
    let daemon = home.start();
    tells_of_both(&daemon);
    let browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    for path in TELLING {
        for headers in ["", browser] {
            let shown = from_elsewhere(&daemon, path, headers);
            assert!(
                !shown.body.contains("whispered") && shown.body.contains("spoken"),
                "{path}: {}",
                shown.body
            );
            assert!(shown.header("cache-control").expect("a header").ends_with("no-cache"), "{path}");
            for whole in [
                daemon.request("GET", path, headers),
                from_elsewhere(&daemon, path, &format!("{headers}{}", bearer())),
                from_elsewhere(&daemon, &format!("{path}?token={ESCAPED}"), headers),
            ] {
                assert_eq!(whole.status, 200, "{path}");
                assert!(
                    whole.body.contains("whispered") && whole.body.contains("spoken"),
                    "{path}: {}",
                    whole.body
                );
                assert_eq!(whole.header("cache-control"), Some("private, no-cache"), "{path}");
                assert_eq!(whole.header("access-control-allow-origin"), None, "{path}");
                if let Some(tag) = whole.header("etag") {
                    assert_ne!(Some(tag), shown.header("etag"), "{path}");
                    let condition = format!("{headers}If-None-Match: {tag}\r\n");
                    assert_eq!(from_elsewhere(&daemon, path, &condition).status, 200, "{path}");
                }
            }
            let wrong = from_elsewhere(&daemon, path, &format!("{headers}Authorization: Bearer wrong\r\n"));
            assert_eq!(wrong.status, 401, "{path}");
            assert!(!wrong.body.contains("whispered"), "{path}");
        }
    }
    // A host may have the name of a source.
    let list = from_elsewhere(&daemon, "/outputs.opml", "").body;
    assert!(!list.contains("whispered") && !list.contains("closed"), "{list}");
}

#[test]
fn nothing_is_hidden_without_a_private_output_nor_where_a_public_one_takes_all_sources() {
    let origin = Origin::start();
    let home = home(&gone_sources(&origin, &ONE_OF_EACH.replace("private = true\n", "")));
    let daemon = home.start();
    let same_for_all = |daemon: &Daemon| {
        tells_of_both(daemon);
        for path in TELLING.iter().filter(|path| **path != "/metrics") {
            let (here, elsewhere) =
                (daemon.get(path), from_elsewhere(daemon, path, "Authorization: Bearer wrong\r\n"));
            assert_eq!((here.status, &here.body), (200, &elsewhere.body), "{path}");
            for name in ["etag", "cache-control"] {
                assert_eq!(here.header(name), elsewhere.header(name), "{path} {name}");
            }
            assert!(!here.header("cache-control").expect("a header").contains("private"), "{path}");
        }
        assert_eq!(from_elsewhere(daemon, "/metrics", "Authorization: Bearer wrong\r\n").status, 200);
    };
    same_for_all(&daemon);
    drop(daemon);
    home.configure(&std::fs::read_to_string(home.path().join("config.toml")).expect("a config").replace(
        "sources = [\"whispered\"]",
        "private = true\nsources = [\"whispered\"]\n[[output]]\nname = \"every\"",
    ));
    same_for_all(&home.start());
}

#[test]
fn what_becomes_private_is_hidden_after_a_reload_and_while_the_config_is_refused() {
    let origin = Origin::start();
    let home = home(&gone_sources(&origin, &ONE_OF_EACH.replace("private = true\n", "private = false\n")));
    let daemon = home.start();
    tells_of_both(&daemon);
    let config = std::fs::read_to_string(home.path().join("config.toml")).expect("a config");
    home.configure(&config.replace("private = false", "private = true"));
    let tells = |daemon: &Daemon, name: &str| {
        TELLING
            .into_iter()
            .filter(|path| from_elsewhere(daemon, path, "").body.contains(name))
            .collect::<Vec<_>>()
    };
    eventually("it is hidden", || tells(&daemon, "whispered").is_empty().then_some(()));
    assert_eq!(tells(&daemon, "spoken"), TELLING);
    drop(daemon);
    // What a frozen output draws on is not known.
    let (serve, _) = config.split_once("[[source]]").expect("a source");
    home.configure(serve);
    let daemon = home.start();
    assert_eq!(tells(&daemon, "whispered"), [""; 0]);
    assert_eq!(tells(&daemon, "spoken"), [""; 0]);
    assert!(!from_elsewhere(&daemon, "/", "").body.contains("The config has no sources"));
    assert!(daemon.get("/").body.contains("whispered"));
}

#[test]
fn at_a_public_socket_that_systemd_passes_private_outputs_without_a_token_are_warned_of() {
    let output = "[[output]]\nname = \"closed\"\nprivate = true\n";
    let with_token = "[serve]\ntoken = { file = \"token\" }\n";
    for (address, config, is_warned) in [
        ("0.0.0.0:0", output.to_owned(), true),
        ("127.0.0.1:0", output.to_owned(), false),
        ("0.0.0.0:0", format!("{with_token}{output}"), false),
        ("0.0.0.0:0", "[[output]]\nname = \"open\"\n".to_owned(), false),
    ] {
        let home = Home::new(&config);
        std::fs::write(home.path().join("token"), TOKEN).expect("a token");
        let socket = std::net::TcpListener::bind(address).expect("a socket");
        // The variable names the process, which the shell becomes.
        let activate = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\"";
        let mut process = Command::new("/bin/sh")
            .args(["-c", activate, env!("CARGO_BIN_EXE_siftwire")])
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .stdin(OwnedFd::from(socket))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let lines =
            BufReader::new(process.stderr.take().expect("a pipe")).lines().map(|line| line.expect("text"));
        let log: Vec<String> = lines.take_while(|line| !line.contains("siftwire is running")).collect();
        process.kill().expect("it runs");
        process.wait().expect("it ends");
        let log = log.join("\n");
        assert_eq!(log.contains("nobody can read private outputs"), is_warned, "{address} {config}: {log}");
        assert_eq!(log.contains("closed"), is_warned, "{log}");
    }
}
