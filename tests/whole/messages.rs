//! The usual mistakes of people, and what the program says: file, place, what to do.

use std::fmt::Write as _;
use std::net::TcpListener;

use crate::origin::Origin;
use crate::program::Home;

const VALID: &str = "[[output]]\nname = \"all\"\n";

/// What a command says of a config, with the folder left out.
fn said(config: impl AsRef<[u8]>, arguments: &[&str]) -> String {
    said_in(&Home::new(""), config, arguments)
}

fn said_in(home: &Home, config: impl AsRef<[u8]>, arguments: &[&str]) -> String {
    std::fs::write(home.path().join("config.toml"), config).expect("a config");
    let (code, _, words) = home.run(arguments);
    let words = words.replace(&home.path().display().to_string(), "FOLDER");
    format!("$ siftwire {}\n{}[{}]\n\n", arguments.join(" "), words, code.unwrap_or(-1))
}

fn utf_16(text: &str, mark: &[u8]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

#[test]
fn a_file_that_is_no_config_is_named_with_what_to_do() {
    let mut all = String::new();
    let home = Home::new("");
    std::fs::create_dir(home.path().join("folder")).expect("a folder");
    all += &said_in(&home, VALID, &["check", "--config", "folder"]);
    all += &said_in(&home, VALID, &["check", "--config", "missing.toml"]);
    all += &said(utf_16(VALID, b"\xff\xfe"), &["check"]);
    all += &said(utf_16(VALID, b""), &["check"]);
    let cyrillic =
        [VALID.as_bytes(), b"title = \"\xc0\xf0\xec\xe5\xed\xe8\xff \xe8 \xd0\xee\xf1\xf1\xe8\xff\"\n"]
            .concat();
    all += &said(cyrillic, &["check"]);
    all += &said(format!("\u{feff}{VALID}"), &["check"]);
    all += &said("", &["check"]);
    all += &said([VALID.as_bytes(), &[0; 512]].concat(), &["check"]);
    insta::assert_snapshot!(all);
}

#[test]
fn a_slip_in_toml_gets_its_place_and_its_remedy() {
    let all: String = [
        "[[output]]\nname = “all”\n",
        "[[output]]\nname = \"all”\n",
        "[[output]]\nname = \"all\"\nsources = [‘a’]\n",
        "[[output]]\nname = all\n",
        "[[source]]\nurl = https://a.example/feed\n",
        "[poll]\nevery = 30m\n",
        "[serve]\nlisten = 127.0.0.1:8080\n",
        "watch = yes\n",
        "watch = True\n",
        "[[output]]\nname: \"all\"\n",
        "[[output]]\nname = \"all\" // mine\n",
        "[[output]]\nname = \"all\",\n",
        "[[output]]\nname = \"all\"\nfilter = \"a \"b\" c\"\n",
        "[[output]]\nname = \"all\"\nfilter = \"/\\d+/\"\n",
        "[[output]]\nname = \"all\nfilter = \"a\"\n",
        "[serve]\nlisten = \"127.0.0.1:1\"\nmax_age = \"5m\"\nlisten = \"127.0.0.1:2\"\n",
        "[serve]\nlisten = \"127.0.0.1:1\"\n\n[serve]\nmax_age = \"5m\"\n",
        "[[output]]\nname = \"a\"\n\n[[output]]\nname = \"b\"\nname = \"c\"\n",
        "[output]\nname = \"all\"\n",
        "[[serve]]\nlisten = \"127.0.0.1:1\"\n",
    ]
    .iter()
    .map(|config| said(config, &["check"]))
    .collect();
    insta::assert_snapshot!(all);
}

#[test]
fn a_key_below_the_wrong_table_is_told_where_it_belongs() {
    let all: String = [
        "[topics]\ncats = \"cat\"\nlisten = \"127.0.0.1:8081\"\n",
        "[topics]\nconcurrency = 5\n",
        "listen = \"127.0.0.1:8081\"\n",
        "[publish]\nevery = \"30m\"\n",
        "[[output]]\nname = \"all\"\npublic_url = \"https://a.example/\"\n",
        "[[source]]\nurl = \"https://a.example/\"\nfilter = \"cat\"\n",
        "[[output]]\nname = \"all\"\nfliter = \"cat\"\n",
    ]
    .iter()
    .map(|config| said(config, &["check"]))
    .collect();
    insta::assert_snapshot!(all);
    // A topic may have such a name: it is used.
    let used = said("[topics]\nhub = \"hub\"\n[[output]]\nname = \"all\"\nfilter = \"@hub\"\n", &["check"]);
    assert!(used.ends_with("[0]\n\n"), "{used}");
}

#[test]
fn an_address_or_a_store_that_cannot_be_had_names_its_key() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let listen = |listen: &str, store: &str| {
        format!("{VALID}[serve]\nlisten = \"{listen}\"\n[store]\npath = \"{store}\"\n")
    };
    let mut all = said(listen(&address, "a.db"), &["run"]).replace(&address, "ADDRESS");
    all += &said(listen("192.0.2.1:80", "a.db"), &["run"]);
    all += &said(listen("unix:/nowhere/http.sock", "a.db"), &["run"]);
    all += &said(listen("127.0.0.1:0", "/proc/none/a.db"), &["run"]);
    all += &said(listen("127.0.0.1:0", "/proc/none/a.db"), &["poll"]);
    // A log line has its time.
    let lines = all.lines().filter(|line| !line.contains("INFO"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_command_that_there_is_not_is_told_which_does_it() {
    let mut all = String::new();
    for name in [
        "version", "test", "validate", "serve", "start", "list", "update", "search", "import", "reload",
        "stop", "statsu", "explian", "qwertyuiop",
    ] {
        all += &said(VALID, &[name]);
    }
    all += &said(VALID, &["opml", "exprot"]);
    all += &said(VALID, &["help", "serve"]);
    insta::assert_snapshot!(all);
}

#[test]
fn a_command_that_is_used_wrongly_says_how_it_is_meant() {
    let origin = Origin::start();
    origin.set("/page", 200, "text/html", "<!DOCTYPE html><title>A page</title><p>Words.");
    let url = origin.url("/page");
    let host = url.trim_end_matches("/page").trim_start_matches("http://").to_owned();
    let source = format!("{VALID}[[source]]\nname = \"page\"\nurl = \"{url}\"\nallow_private = true\n");
    let home = Home::new("");
    let mut all = said_in(&home, &source, &["add", &url]);
    all += &said_in(&home, &source, &["add", "localhost"]);
    all += &said_in(&home, &source, &["add", "--allow-private", &url]);
    all += &said_in(&home, &source, &["preview", "cat"]);
    let polled = said_in(&home, &source, &["poll"]);
    let (untimed, timed) = polled.split_once(" in 0.").expect("a time");
    all += &format!("{untimed} in 0.{}", timed.trim_start_matches(|c: char| c.is_ascii_digit()));
    all += &said_in(&home, &source, &["preview", "cat"]);
    all += &said_in(&home, &source, &["preview", "cat AND"]);
    all += &said_in(&home, &source, &["poll", "pge"]);
    all += &said_in(&home, &source, &["show", "al"]);
    all += &said_in(&home, &source, &["explain", "cat", "al"]);
    all += &said_in(&home, &source, &["init", "--config", "new.toml"]);
    all += &said_in(&home, &source, &["init", "-"]);
    all += &said_in(&home, &source, &["init"]);
    insta::assert_snapshot!(all.replace(&host, "HOST"));
    assert!(!home.path().join("new.toml").exists() && !home.path().join("-").exists());
}

#[test]
fn a_case_that_is_written_wrongly_is_no_green_test() {
    let home = Home::new("");
    let cases = [
        r#"{"q": "cat", "entry": {"title": "A cat"}, "expct": true}"#,
        r#"{"ouput": "all", "entry": {"title": "A cat"}, "expect": true}"#,
        r#"{"output": "al", "entry": {"title": "A cat"}, "expect": true}"#,
        r#"{"q": "cat", "entry": {"titel": "A cat"}, "expect": true}"#,
        r#"{"q": "cat", "entry": {"title": "A cat"}, "expect": "yes"}"#,
        r#"{"q": "cat", "entry": {"title": "A cat"}, "expect": 2}"#,
        r#"{"q": "cat AND", "entry": {"title": "A cat"}, "expect": true}"#,
        r#"{"q": "titel:cat", "entry": {"title": "A cat"}, "expect": true}"#,
        r#"{"q": "cat", "entry": {"title": "A cat", "published": "yesterday"}, "expect": true}"#,
        r#"{"entry": {"title": "A cat"}, "expect": true}"#,
        r#"{"q": "cat", "entry": "A cat", "expect": true}"#,
        r#"{"q": "cat", "entry": {"title": "A dog"}, "expect": true}"#,
        r#"{"q": "cat", "entry": {"title": "A cat"}, "expect": false}"#,
        r#"{"q": "cat", "entry": {"title": "A cat"}}"#,
        r#"{"q": "cat", "entry": {"title": "A cat"}, "expect": true}"#,
        "cat",
    ];
    std::fs::write(home.path().join("cases.jsonl"), cases.join("\n")).expect("a file");
    insta::assert_snapshot!(said_in(&home, VALID, &["match", "cases.jsonl"]));
}

#[test]
fn cases_of_an_output_see_what_the_config_says_of_their_source() {
    let config = "[[source]]\nname = \"tass\"\nurl = \"https://a.example/\"\nlang = \"ru\"\n\
                  [[source]]\nname = \"bbc\"\nurl = \"https://b.example/\"\n\
                  [[output]]\nname = \"tass\"\nsources = [\"tass\"]\nfilter = \"lang:ru\"\n";
    let home = Home::new("");
    let cases = r#"{"output": "tass", "entry": {"title": "AFP", "feed": "tass"}, "expect": true}
{"output": "tass", "entry": {"title": "AFP", "feed": "bbc", "lang": "ru"}, "expect": false}
{"output": "tass", "entry": {"title": "AFP", "feed": "bbc"}}
"#;
    std::fs::write(home.path().join("cases.jsonl"), cases).expect("a file");
    let said = said_in(&home, config, &["match", "cases.jsonl"]);
    assert!(said.contains("2 of 3 cases passed; 1 without `expect` tested nothing\n[0]"), "{said}");
}

#[test]
fn nobody_has_to_read_to_the_end() {
    let home = Home::new(&"[[output]]\nnaem = \"a\"\n".repeat(2000));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_siftwire"));
    command.current_dir(home.path()).env_clear().arg("check").stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(2), "no panic");
}

/// The schema is what the program accepts: each key of each table, no other.
#[test]
fn the_schema_has_every_key_of_the_shipped_config() {
    let home = Home::new("");
    let (code, out, _) = home.run(&["schema"]);
    assert_eq!(code, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    insta::assert_snapshot!(outline(&schema));
}

fn outline(schema: &serde_json::Value) -> String {
    let mut text = String::new();
    for (name, value) in schema["properties"].as_object().expect("an object") {
        let below = [
            &value["properties"],
            &value["items"]["properties"],
            &value["additionalProperties"]["properties"],
        ];
        let keys = below.iter().filter_map(|keys| keys.as_object()).flatten();
        let _ = writeln!(
            text,
            "{name}: {}",
            if value["type"].is_null() { value.to_string() } else { value["type"].to_string() }
        );
        for (key, value) in keys {
            let _ = writeln!(text, "  {key}: {value}");
        }
    }
    text
}

/// What Rust prints of a value for programmers is for no user. [`Home::run`] looks for it in all that the tests run.
#[test]
fn forms_for_programmers_are_found() {
    for text in ["Os { code: 2, kind: NotFound }", "got Some(\"a\")", "a: None, b", "Error(\"x\", line: 1)"] {
        assert!(crate::program::debug_form(text).is_some(), "{text}");
    }
    assert_eq!(crate::program::debug_form("Some people. None of them (\"they\") { }"), None);
}
