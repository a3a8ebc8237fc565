//! The config as a user meets it: the shipped file, and what is said of mistakes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "configs are written to folders of their own")]

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use siftwire::config::{self, Config, Place, Problems, SHIPPED, Surroundings};
use siftwire::publish::output::{ContentMode, Stories};
use siftwire::serve::ListenAddress;
use siftwire::source::{Authorization, Secret};
use tempfile::TempDir;

/// A folder with a config.toml.
fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("config.toml"), text).unwrap();
    folder
}

fn load_in(folder: &Path) -> Result<Config, Problems> {
    let surroundings = Surroundings { current_directory: folder.to_path_buf(), ..Surroundings::default() };
    config::load(&config::find(None, &surroundings), &surroundings)
}

fn load(text: &str) -> Result<Config, Problems> {
    load_in(folder(text).path())
}

/// What is said of a config in a folder, the folder's changing name taken out.
fn said_in(folder: &Path) -> String {
    let problems = match load_in(folder) {
        Ok(config) => config.warnings.map_or_else(|| "nothing".to_owned(), |warnings| warnings.to_string()),
        Err(problems) => problems.to_string(),
    };
    problems.replace(&format!("{}/", folder.display()), "")
}

fn said(text: &str) -> String {
    said_in(folder(text).path())
}

#[test]
fn a_typo_in_each_table_is_shown_with_line_caret_and_the_right_word() {
    let text = r#"wacht = false
[serve]
listn = "127.0.0.1:8080"
[store]
kep = "30d"
[poll]
evry = "30m"
[publish]
hubb = "https://hub.example.org/"
[[source]]
url = "https://example.org/feed"
nmae = "example"
[topics]
"not a word" = "armenia"
[[output]]
name = "armenia"
fliter = "armenia"
sources = ["example.og"]
stories = "marge"
[sotre]
"#;
    insta::assert_snapshot!(said(text));
}

#[test]
fn wrong_values_are_all_shown_at_once() {
    let text = r#"
[serve]
listen = ":8080"
public_url = "feeds.example.org"
[store]
keep = 365
[poll]
every = "2d"
at_most = "1d"
max_body = "ten"
concurrency = 0
allow = ["10.0.0.0/40"]
[[source]]
url = "file:///etc/passwd"
[[source]]
url = "http://me:hunter2@2130706433/feed"
name = "first"
every = "1m"
[[source]]
url = "https://example.org/feed"
name = "second"
bearer = "hunter3"
user = "me"
[[source]]
url = "https://example.org/feed"
name = "second"
password = { file = "missing" }
[[source]]
[[output]]
name = "_health"
[[output]]
name = "../etc"
[[output]]
name = "same"
[[output]]
name = "Same"
"#;
    let said = said(text);
    assert!(!said.contains("hunter"), "a secret is shown:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn what_is_no_toml_is_shown_in_its_line() {
    insta::assert_snapshot!(said("[serve]\nlisten = \"127.0.0.1:8080\n[store\npath = 'x'\npath = 'y'\n"));
}

#[test]
fn a_secret_is_not_shown_even_where_its_line_is_broken() {
    for line in
        ["password = \"hunter2", "headers = { Authorization = \"hunter2\"", "url = \"https://a:hunter2@b.c/"]
    {
        let said = said(&format!("[[source]]\n{line}\n"));
        assert!(said.contains("not TOML") && !said.contains("hunter"), "{said}");
    }
}

#[test]
fn the_shipped_file_with_every_option_written_out_means_the_same() {
    let options = SHIPPED.lines().filter(|line| is_option(line)).count();
    assert!(options >= 15, "only {options} options are shown with their defaults");
    let written: String = SHIPPED
        .lines()
        .map(|line| if is_option(line) { &line[1..] } else { line })
        .flat_map(|line| [line, "\n"])
        .collect();
    let plain = load(SHIPPED).unwrap();
    let full = load(&written).unwrap();
    assert!(plain.warnings.is_none() && full.warnings.is_none());
    assert_eq!(meaning(plain), meaning(full));
}

/// `#key = value` is an option with its default; `# ` begins prose.
fn is_option(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// All of a config but the folder in which it happened to stand.
fn meaning(config: Config) -> String {
    let mut config = config;
    config.store.path = config.store.path.file_name().map(PathBuf::from).unwrap();
    config.files = Vec::new();
    format!("{config:#?}")
}

#[test]
fn each_key_is_in_the_shipped_file() {
    // What `check` calls known, from its own words about a key that is like none.
    let text = "qqqqqqqqqqqqqqqq = 1\n[serve]\nqqqqqqqqqqqqqqqq = 1\n[store]\nqqqqqqqqqqqqqqqq = 1\n[poll]\n\
                qqqqqqqqqqqqqqqq = 1\n[publish]\nqqqqqqqqqqqqqqqq = 1\n[[source]]\nqqqqqqqqqqqqqqqq = 1\n\
                [[output]]\nqqqqqqqqqqqqqqqq = 1\n";
    let problems = load(text).unwrap_err();
    let known: Vec<&str> =
        problems.list().iter().filter_map(|problem| problem.label.strip_prefix("known here: ")).collect();
    assert_eq!(known.len(), 7);
    for key in known.iter().flat_map(|list| list.split(", ")) {
        assert!(SHIPPED.contains(key), "config.toml does not tell of `{key}`");
    }
}

#[test]
fn an_empty_file_is_all_defaults() {
    let config = load("").unwrap();
    assert_eq!(config.listen, ListenAddress::Tcp((Ipv4Addr::LOCALHOST, 8080).into()));
    assert_eq!(config.site.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!((config.concurrency, config.per_host), (32, 1));
    assert_eq!(config.store.keep, Duration::from_secs(365 * 86_400));
    assert!(config.watch && config.sources.is_empty() && config.outputs.is_empty());
}

#[test]
fn the_built_in_copy_serves_where_there_is_no_file() {
    let state = PathBuf::from("/somewhere/state");
    let surroundings = Surroundings { state_home: Some(state.clone()), ..Surroundings::default() };
    let config = config::load(&Place::BuiltIn, &surroundings).unwrap();
    assert_eq!(config.store.path, state.join("siftwire/siftwire.db"));
    assert_eq!((config.sources.len(), config.outputs.len()), (9, 3));
}

#[test]
fn the_state_directory_of_systemd_holds_the_store() {
    let folder = folder("");
    let surroundings = Surroundings::gather(folder.path().to_path_buf(), |name| {
        (name == "STATE_DIRECTORY").then(|| "/var/lib/siftwire:/var/lib/other".into())
    });
    let config = config::load(&config::find(None, &surroundings), &surroundings).unwrap();
    assert_eq!(config.store.path, Path::new("/var/lib/siftwire/siftwire.db"));
}

#[test]
fn the_named_file_goes_before_the_environment_and_that_before_the_usual_places() {
    let folder = folder("");
    let mut surroundings =
        Surroundings { current_directory: folder.path().to_path_buf(), ..Surroundings::default() };
    assert_eq!(config::find(None, &surroundings), Place::Found(folder.path().join("config.toml")));
    surroundings.config = Some("/b.toml".into());
    assert_eq!(config::find(None, &surroundings), Place::Named("/b.toml".into()));
    assert_eq!(config::find(Some(Path::new("/a.toml")), &surroundings), Place::Named("/a.toml".into()));
    assert!(config::load(&Place::Named(folder.path().join("none.toml")), &surroundings).is_err());
}

#[test]
fn files_beside_the_config_are_read_in_name_order() {
    let folder = folder("[poll]\nevery = \"1h\"\n[[source]]\nurl = \"https://a.example.org/\"\n");
    let more = folder.path().join("config.d");
    fs::create_dir(&more).unwrap();
    fs::write(more.join("20.toml"), "[poll]\nevery = \"3h\"\n").unwrap();
    fs::write(more.join("10.toml"), "[poll]\nevery = \"2h\"\n[[source]]\nurl = \"https://b.example.org/\"\n")
        .unwrap();
    fs::write(more.join("notes.txt"), "not read").unwrap();
    let config = load_in(folder.path()).unwrap();
    let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a.example.org", "b.example.org"]);
    assert!(config.sources.iter().all(|source| source.interval.every == Duration::from_secs(3 * 3600)));
    assert_eq!(config.files.len(), 3);
    fs::write(more.join("30.toml"), "[[source]]\nurl = \"https://a.example.org/\"\n").unwrap();
    insta::assert_snapshot!(said_in(folder.path()));
}

#[test]
fn secrets_come_from_urls_files_and_credentials_and_are_not_shown() {
    let text = r#"
[[source]]
url = "https://me:s%3Acret@one.example.org/feed#top"
[[source]]
url = "https://two.example.org/feed"
bearer = { file = "token" }
[[source]]
url = "https://three.example.org/feed"
user = "me"
password = { credential = "three" }
headers = { X-B = "2", X-A = "1" }
cookie = "a=b"
"#;
    let folder = folder(text);
    fs::write(folder.path().join("token"), "from a file\n").unwrap();
    fs::write(folder.path().join("three"), "from systemd").unwrap();
    let surroundings = Surroundings {
        current_directory: folder.path().to_path_buf(),
        credentials_directory: Some(folder.path().to_path_buf()),
        ..Surroundings::default()
    };
    let config = config::load(&config::find(None, &surroundings), &surroundings).unwrap();
    let secret = |text: &str| Secret(text.to_owned());
    let basic = |password| Some(Authorization::Basic { user: "me".to_owned(), password: secret(password) });
    assert_eq!(config.sources[0].url.as_str(), "https://one.example.org/feed");
    assert_eq!(config.sources[0].access.authorization, basic("s:cret"));
    assert_eq!(config.sources[1].access.authorization, Some(Authorization::Bearer(secret("from a file"))));
    assert_eq!(config.sources[2].access.authorization, basic("from systemd"));
    let headers: Vec<&str> = config.sources[2].access.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(headers, ["X-B", "X-A", "Cookie"]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("from") && !shown.contains("s:cret") && !shown.contains("a=b"));
}

#[test]
fn a_private_address_needs_leave() {
    let source = "[[source]]\nurl = \"http://127.0.0.1:9/feed\"\n";
    assert!(load(source).is_err());
    assert!(load(&format!("{source}allow_private = true\n")).is_ok());
    assert!(load(&format!("[poll]\nallow = [\"127.0.0.0/8\"]\n{source}")).is_ok());
}

#[test]
fn an_output_takes_what_it_says() {
    let text = r#"
[[source]]
url = "https://www.example.org/feed"
[[output]]
name = "one"
sources = ["example.org", "example.org"]
limit = 7
stories = "all"
per_source = 2
max_age = "30d"
content = "summary"
write_to = "feeds"
"#;
    let folder = folder(text);
    let output = load_in(folder.path()).unwrap().outputs.remove(0);
    assert_eq!((output.title.as_str(), output.limit, output.per_source), ("one", 7, Some(2)));
    assert_eq!(output.sources, Some(vec!["example.org".to_owned()]));
    assert_eq!((output.stories, output.content), (Stories::All, ContentMode::Summary));
    assert_eq!(output.write_to, Some(folder.path().join("feeds")));
}

/// The built binary in a folder, without the environment of whoever runs the test.
fn siftwire(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_siftwire"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_source_may_be_asked_each_second_and_not_more_often() {
    let with =
        |every: &str| said(&format!("[[source]]\nurl = \"https://example.org/\"\nevery = \"{every}\"\n"));
    assert!(with("1s").starts_with("warning: polling more often than every five minutes"), "{}", with("1s"));
    assert_eq!(with("5m"), "nothing");
    assert!(with("999ms").starts_with("error: polling more often than every second"), "{}", with("999ms"));
}

#[test]
fn check_says_fine_or_exits_with_2() {
    let folder = folder("[[source]]\nurl = \"https://example.org/\"\nevery = \"1m\"\n");
    let (code, out, err) = siftwire(folder.path(), &["check"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.ends_with("config.toml is fine: 1 source, 0 outputs\n"), "{out}");
    assert!(err.contains("warning: polling more often than every five minutes"), "{err}");
    fs::write(folder.path().join("bad.toml"), "wacht = true\n").unwrap();
    let (code, out, err) = siftwire(folder.path(), &["check", "--config", "bad.toml"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("bad.toml:1:1") && err.contains("did you mean `watch`?"), "{err}");
}

#[test]
fn init_writes_the_shipped_file_and_never_over_another() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config.toml");
    assert_eq!(siftwire(folder.path(), &["init"]).0, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), SHIPPED);
    fs::write(&path, "watch = true\n").unwrap();
    let (code, _, err) = siftwire(folder.path(), &["init"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("is there already"), "{err}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "watch = true\n");
}

#[test]
fn a_bad_query_is_shown_where_it_stands_in_the_file() {
    let text = "[topics]\nwest = \"a OR (b\"\n[[output]]\nname = \"x\"\nfilter = \"titel:war AND \\\"a\"\n[[output]]\nname = \"y\"\nfilter = '@wets'\n";
    insta::assert_snapshot!(said(text));
}

#[test]
fn entries_are_titled_by_a_template_under_either_key() {
    let titled =
        |keys: &str| load(&format!("[[output]]\nname = \"a\"\n{keys}\n")).map(|c| c.outputs[0].clone());
    let own = titled("title = \"News\"\nentry_title = \"{source}: {title}\"").unwrap();
    assert_eq!(own.title, "News");
    let short = titled("title = \"{source}: {title}\"").unwrap();
    assert_eq!((short.title.as_str(), short.entry_title), ("a", own.entry_title));
    assert_eq!(titled("title = \"The {braces}\"").unwrap().entry_title, None);
    let wrong = said("[[output]]\nname = \"a\"\nentry_title = \"{sauce}: {title}\"");
    assert!(
        wrong.contains("{sauce} is not one of {title}, {source}") && wrong.contains("config.toml:3"),
        "{wrong}"
    );
    let wrong = said("[[output]]\nname = \"a\"\ntitle = \"{sauce}: {title}\"");
    assert!(wrong.contains("as a template") && wrong.contains("{sauce} is not one of"), "{wrong}");
}

#[test]
fn an_operator_in_small_letters_is_hinted_at() {
    let text = "[[source]]\nurl = \"https://example.org/feed\"\n[[output]]\nname = \"a\"\nfilter = \"armenia and russia\"\n";
    let config = load(text).unwrap();
    let warnings = config.warnings.unwrap().to_string();
    assert!(warnings.contains("`and` is searched for as a word"), "{warnings}");
    assert!(warnings.contains("write AND in capitals if you mean the operator"), "{warnings}");
    assert!(
        warnings.contains("5 | filter = \"armenia and russia\"\n  |                   ^^^"),
        "{warnings}"
    );
}

#[test]
fn a_name_that_cannot_stand_in_an_address_and_in_a_file_name_is_refused() {
    let named = |name: &str| load(&format!("[[output]]\nname = \"{name}\"\n"));
    for name in ["a", "a b", "\u{540}\u{561}\u{575}", "a.b", "a'b&c", "atom", "a.html"] {
        assert!(named(name).is_ok(), "{name}");
    }
    for name in [
        "",
        ".",
        "..",
        ".a",
        "a/b",
        "a\\\\b",
        "a:b",
        "a?b",
        "a#b",
        "a%20b",
        " a",
        "a ",
        "a\\u0007",
        "a\\nb",
        "a\\u0085",
        "a\\u202eb",
        "a\\u200bb",
        "a\\u2028",
        "\\ufeffa",
        "_a",
        "a.atom",
        "a.RSS",
        "a.json",
    ] {
        assert!(named(name).is_err(), "{name}");
    }
    assert!(named(&"\u{561}".repeat(51)).is_err(), "longer than a file name may be once it has an ending");
}
