//! What other programs rely on: exit codes, JSON, the environment.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::origin::Origin;
use crate::program::Home;

const SHAPES: &str = include_str!("../../docs/json.md");

/// The path of each key, such as `sources[].name`. What `of_names` has is an object whose keys are names.
fn keys(value: &Value, path: &str, of_names: &[&str]) -> BTreeSet<String> {
    match value {
        Value::Object(fields) if !of_names.contains(&path) => fields
            .iter()
            .flat_map(|(key, value)| {
                let path = format!("{path}.{key}");
                let mut found = keys(value, &path, of_names);
                found.insert(path);
                found
            })
            .collect(),
        Value::Array(items) => {
            items.iter().flat_map(|item| keys(item, &format!("{path}[]"), of_names)).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// The example below a heading of the docs.
fn documented(heading: &str) -> Value {
    let (_, rest) = SHAPES.split_once(&format!("## `siftwire {heading}")).expect("a heading");
    let (_, rest) = rest.split_once("```json\n").expect("an example");
    serde_json::from_str(rest.split_once("```").expect("its end").0).expect("JSON")
}

#[test]
fn json_has_the_documented_keys_and_no_other() {
    let origin = Origin::start();
    let text = "The government said on Monday that the bridge over the river opens for all cars next week.";
    for name in ["a", "b"] {
        let item = format!(
            "<item><title>Armenia opens a bridge</title><guid>{name}</guid><link>https://x.example/bridge-123456</link><description>{text}</description></item>"
        );
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>T</title><link>https://x.example/</link>{item}</channel></rss>"
        );
        origin.set(&format!("/{name}"), 200, "application/rss+xml", feed);
    }
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{}\"\nallow_private = true\n",
            origin.url(&format!("/{name}"))
        )
    };
    let home = Home::new(&format!(
        "{}{}[[output]]\nname = \"armenia\"\nfilter = \"@armenia\"\n",
        source("a"),
        source("b")
    ));
    for name in ["a", "b"] {
        assert_eq!(home.run(&["poll", name]).0, Some(0));
    }
    let edited = std::fs::read_to_string(home.path().join("config.toml"))
        .expect("a config")
        .replace("@armenia", "cat");
    std::fs::write(home.path().join("edited.toml"), edited + "[[output]]\nname = \"all\"\n").expect("a file");
    std::fs::write(
        home.path().join("cases.jsonl"),
        r#"{"id": 1, "q": "cat", "entry": {"title": "A cat"}, "expect": true}"#,
    )
    .expect("a file");
    let paragraph = "<p>Polling stations in the capital and in all ten provinces are open until eight in the evening.</p>";
    std::fs::write(
        home.path().join("page.html"),
        format!("<title>T</title><article>{}</article>", paragraph.repeat(9)),
    )
    .expect("a file");
    for (heading, arguments) in [
        ("inspect --article", &["inspect", "--article", "--json", "page.html"][..]),
        ("status", &["status", "--json"][..]),
        ("preview", &["preview", "armenia", "--json"]),
        ("explain", &["explain", "Armenia", "--json"]),
        ("stories", &["stories", "--json"]),
        ("check --diff", &["check", "--diff", "edited.toml", "--json"]),
        ("match", &["match", "cases.jsonl"]),
    ] {
        let (_, out, words) = home.run(arguments);
        let printed: Value =
            serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}{words}"));
        let of_names = [".sources"];
        assert_eq!(
            keys(&printed, "", &of_names),
            keys(&documented(heading), "", &of_names),
            "{arguments:?}: {out}"
        );
        if let Some(version) = printed.get("version") {
            assert_eq!(version, 1);
        }
    }
    assert_eq!(home.run(&["help", "json"]).1, SHAPES);
}

#[test]
fn a_poll_of_which_any_source_failed_exits_with_1_and_its_help_says_so() {
    let origin = Origin::start();
    origin.set(
        "/a",
        200,
        "application/rss+xml",
        "<rss version=\"2.0\"><channel><title>T</title></channel></rss>",
    );
    let source = |name: &str, url: &str| {
        format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
    };
    let output = "[[output]]\nname = \"all\"\n";
    let good = source("good", &origin.url("/a"));
    let missing = source("missing", &origin.url("/none"));
    // Nothing listens there: as if the machine were offline.
    let offline: String =
        (1..5).map(|port| source(&format!("off{port}"), &format!("http://127.0.0.1:{port}/"))).collect();
    let unknown = source("unknown", "http://name.invalid/");
    for (sources, code) in [
        (good.clone(), 0),
        (format!("{good}{missing}"), 1),
        (offline.clone(), 1),
        (unknown, 1),
        (format!("{good}{offline}"), 1),
    ] {
        let home = Home::new(&format!("{sources}{output}"));
        let (found, _, words) = home.run(&["poll"]);
        assert_eq!(found, Some(code), "{sources}: {words}");
    }
    let home = Home::new(output);
    assert!(
        home.run(&["poll", "--help"]).1.contains("1, any source failed, for whatever reason, also offline")
    );
    let help = home.run(&["--help"]).1;
    for part in [
        "Exit codes:", "SIFTWIRE_LISTEN", "SIFTWIRE_LOG", "RUST_LOG", "/healthz", "/readyz", "/metrics",
        "contrib/", "siftwire help json",
    ] {
        assert!(help.contains(part), "{part}: {help}");
        let (_, manual, _) = home.run(&["man"]);
        assert!(
            part.starts_with("Exit")
                || part.starts_with("siftwire")
                || manual.replace('\\', "").contains(part),
            "{part}"
        );
    }
}

#[test]
fn the_address_of_the_command_line_precedes_that_of_the_environment_and_the_config() {
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:1\"\n[[output]]\nname = \"all\"\n");
    let free = Path::new("127.0.0.1:0");
    let daemon = home.start_with(&[("SIFTWIRE_LISTEN", free)]);
    assert_eq!(daemon.get("/healthz").status, 200);
    assert!(daemon.get("/").body.contains(&format!("http://{}/feeds/all.atom", daemon.address())));
    // It stays when the config is reloaded.
    home.configure(
        "[serve]\nlisten = \"127.0.0.1:2\"\n[[output]]\nname = \"all\"\n[[output]]\nname = \"more\"\n",
    );
    crate::program::eventually("the new output", || {
        (daemon.get("/feeds/more.atom").status == 200).then_some(())
    });
    assert!(!daemon.get("/").body.contains("role=\"alert\""));
    assert_eq!(daemon.stop().0, Some(0));
    let daemon = home
        .start_command(&["run", "--listen", "127.0.0.1:0"], &[("SIFTWIRE_LISTEN", Path::new("127.0.0.1:3"))]);
    assert_eq!(daemon.stop().0, Some(0));
    for (arguments, variables) in
        [(&["run", "--listen", "8080"][..], &[][..]), (&["run"], &[("SIFTWIRE_LISTEN", Path::new("8080"))])]
    {
        let (code, _, words) = home.run_with(arguments, variables);
        assert_eq!(code, Some(2), "{words}");
        assert!(
            words.contains("invalid address `8080` in --listen or SIFTWIRE_LISTEN")
                && words.contains("0.0.0.0:8080"),
            "{words}"
        );
    }
}

#[test]
fn what_is_logged_is_an_option_else_a_variable() {
    let home = Home::new("[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n");
    let stopping = |arguments: &[&str], variables: &[(&str, &str)]| {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, Path::new(value))).collect();
        home.start_command(arguments, &variables).stop().1.contains("stopping")
    };
    assert!(stopping(&[], &[]));
    assert!(!stopping(&["run", "--log", "error"], &[]));
    assert!(!stopping(&[], &[("SIFTWIRE_LOG", "error")]));
    assert!(!stopping(&[], &[("RUST_LOG", "error")]));
    assert!(stopping(&[], &[("RUST_LOG", "error"), ("SIFTWIRE_LOG", "info")]));
    assert!(stopping(&["run", "--log", "info"], &[("SIFTWIRE_LOG", "error")]));
    assert!(!stopping(&["run", "--log", "info,siftwire=warn"], &[]));
    for (arguments, variables) in [
        (&["run", "--log", "verbose"][..], &[][..]),
        (&["run"], &[("SIFTWIRE_LOG", Path::new("verbose"))]),
        (&["run"], &[("RUST_LOG", Path::new("siftwire=loud"))]),
    ] {
        let (code, _, words) = home.run_with(arguments, variables);
        assert_eq!(code, Some(2), "{words}");
        assert!(
            words.contains("verbose` is no level") || words.contains("RUST_LOG: `siftwire=loud`"),
            "{words}"
        );
    }
}

#[test]
fn a_name_that_there_is_not_is_wrong_usage() {
    let home = Home::new("[[source]]\nurl = \"http://paper.example/\"\n[[output]]\nname = \"news\"\n");
    rusqlite::Connection::open(home.store()).expect("a store");
    for (arguments, said) in [
        (&["help", "nothing"][..], "there is no command `nothing`"),
        (&["man", "nothing"], "there is no page `nothing`; there are: "),
        (&["poll", "papers"], "there is no source `papers` in the config"),
        (&["show", "new"], "there is no output `new` (did you mean `news`?)"),
        (&["explain", "entry", "new"], "there is no output `new` in the config (did you mean `news`?)"),
        (&["explain", ""], "ENTRY is empty"),
        (&["add", "gopher://paper.example"], "not an http or https URL"),
        (&["add", "http://["], "is not a URL"),
        (&["init", "-"], "`init` writes a file"),
        (&["init", "--config", "a.toml"], "`init` writes the file that is named after it"),
    ] {
        let (code, _, words) = home.run(arguments);
        assert!(code == Some(2) && words.contains(said), "{arguments:?}: {code:?} {words}");
    }
    let (_, _, words) = home.run(&["--listen", "127.0.0.1:0"]);
    assert!(words.contains("`--listen` belongs to `run`"), "{words}");
    let (code, _, words) = home.run(&["show", "news"]);
    assert!(code == Some(1) && words.contains("was not published yet"), "{words}");
}

#[test]
fn links_that_other_machines_cannot_open_are_told() {
    let home = Home::new("");
    let daemon = home.start_command(&["run", "--listen", "0.0.0.0:0"], &[]);
    let (_, log) = daemon.stop();
    assert!(log.contains("write the address that readers use as `public_url` in [serve]"), "{log}");
    assert!(log.contains("open http://localhost:"), "{log}");
    for config in ["[serve]\npublic_url = \"https://feeds.example.org/\"\n", ""] {
        home.configure(config);
        let listen = if config.is_empty() { "127.0.0.1:0" } else { "0.0.0.0:0" };
        let (_, log) = home.start_command(&["run", "--listen", listen], &[]).stop();
        assert!(!log.contains("public_url"), "{log}");
    }
}
