//! The config: the shipped file, the defaults, and the messages for mistakes.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::disallowed_methods, reason = "writes configs to temporary directories")]

#[path = "config/secrets.rs"]
mod secrets;

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use siftwire::config::{self, Config, ConfigLocation, Diagnostics, Environment, SHIPPED};
use siftwire::publish::icon::Icon;
use siftwire::publish::output::{ContentMode, Stories};
use siftwire::serve::ListenAddress;
use siftwire::source::{ArticleSettings, Authorization, FullText, Secret};
use tempfile::TempDir;

/// A directory with a config.toml that only its owner can read.
fn config_directory(text: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("config.toml");
    fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
    directory
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn load_in(directory: &Path) -> Result<Config, Diagnostics> {
    let environment = Environment { current_directory: directory.to_path_buf(), ..Environment::default() };
    config::load(&config::locate(None, &environment), &environment)
}

fn load(text: &str) -> Result<Config, Diagnostics> {
    load_in(config_directory(text).path())
}

/// The messages for the config in a directory, without the path of the directory.
fn messages_in(directory: &Path) -> String {
    let text = match load_in(directory) {
        Ok(config) => config.warnings.map_or_else(|| "none".to_owned(), |warnings| warnings.to_string()),
        Err(errors) => errors.to_string(),
    };
    text.replace(&format!("{}/", directory.display()), "")
}

fn messages(text: &str) -> String {
    messages_in(config_directory(text).path())
}

#[test]
fn a_typo_in_each_table_is_shown_with_line_caret_and_suggestion() {
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
    insta::assert_snapshot!(messages(text));
}

#[test]
fn all_invalid_values_are_shown_at_once() {
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
    let messages = messages(text);
    assert!(!messages.contains("hunter"), "a secret is visible:\n{messages}");
    insta::assert_snapshot!(messages);
}

#[test]
fn a_former_name_leads_to_one_output_only() {
    let text = r#"
[[output]]
name = "a"
was = ["a", "b", "x", "_y", "z.atom", "p/q"]
[[output]]
name = "b"
was = ["x", "z", "z"]
[[output]]
name = "c"
was = "d"
"#;
    insta::assert_snapshot!(messages(text));
    assert_eq!(messages("[[output]]\nname = \"a\"\nwas = [\"A\", \"b\"]\n"), "none");
}

#[test]
fn a_toml_syntax_error_is_shown_in_its_line() {
    insta::assert_snapshot!(messages("[serve]\nlisten = \"127.0.0.1:8080\n[store\npath = 'x'\npath = 'y'\n"));
}

#[test]
fn a_secret_is_masked_even_in_a_line_with_a_syntax_error() {
    for line in
        ["password = \"hunter2", "headers = { Authorization = \"hunter2\"", "url = \"https://a:hunter2@b.c/"]
    {
        let messages = messages(&format!("[[source]]\n{line}\n"));
        assert!(messages.contains("invalid TOML") && !messages.contains("hunter"), "{messages}");
    }
}

/// `tests/whole/secrets.rs` has the same for what the program shows.
#[test]
fn no_message_shows_a_secret_whatever_is_wrong() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let cases = number("SIFTWIRE_SECRETS_CASES", 4000);
    let mut random = fastrand::Rng::with_seed(number("SIFTWIRE_SECRETS_SEED", 1));
    let directory = config_directory("");
    fs::create_dir(directory.path().join("config.d")).unwrap();
    let (mut invalid, mut shown_lines) = (0, 0_usize);
    for number in 0..cases {
        let case = secrets::case(&mut |below| random.usize(..below));
        for (name, text) in &case.files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let (all, summary) = match load_in(directory.path()) {
            Ok(config) => (config.warnings, String::new()),
            Err(errors) => (Some(errors.clone()), errors.summary()),
        };
        let messages = all.as_ref().map(ToString::to_string).unwrap_or_default();
        invalid += u64::from(!summary.is_empty());
        shown_lines += messages.lines().filter(|line| line.contains(" = \"")).count();
        for secret in &case.secrets {
            let shown = format!("{messages}\n{summary}\n{all:?}");
            assert!(!shown.contains(secret), "case {number}: {secret} in\n{messages}\n{summary}\n{case:#?}");
        }
        assert!(!summary.contains(directory.path().to_str().unwrap()), "{summary}");
        for (name, _) in &case.files[1..] {
            fs::remove_file(directory.path().join(name)).unwrap();
        }
    }
    // The cases are broken in many ways, and what is harmless is shown all the same.
    assert!(invalid > cases / 2 && invalid < cases, "{invalid} invalid");
    assert!(shown_lines as u64 > cases / 2, "{shown_lines} lines");
}

#[test]
fn the_shipped_file_shows_the_real_defaults() {
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
    assert_eq!(without_paths(plain), without_paths(full));
}

/// `#key = value` is a key with its default; `# ` begins a comment.
fn is_option(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// The config without the path of its directory.
fn without_paths(config: Config) -> String {
    let mut config = config;
    let name = config.store.location.file().and_then(Path::file_name).map(PathBuf::from).unwrap();
    config.store.location = siftwire::store::StoreLocation::File(name);
    config.files = Vec::new();
    format!("{config:#?}")
}

#[test]
fn a_comment_says_that_a_config_is_empty_on_purpose() {
    for (text, expected) in [
        ("# empty on purpose\n", true),
        ("[serve]\n  #empty on purpose: moved to another machine", true),
        ("# empty\n# on purpose\n", false),
        ("[store]\npath = \"empty on purpose\"\n", false),
        (SHIPPED, false),
    ] {
        assert_eq!(load(text).unwrap().is_empty_on_purpose(), expected, "{text}");
    }
    let shown = format!("{:?}", load("# a secret\n").unwrap());
    assert!(shown.contains("config.toml") && !shown.contains("a secret"), "{shown}");
}

#[test]
fn every_key_is_in_the_shipped_file() {
    // An unknown key that resembles none makes `check` list the known ones.
    let text = "qqqqqqqqqqqqqqqq = 1\n[serve]\nqqqqqqqqqqqqqqqq = 1\n[store]\nqqqqqqqqqqqqqqqq = 1\n[poll]\n\
                qqqqqqqqqqqqqqqq = 1\n[publish]\nqqqqqqqqqqqqqqqq = 1\n[[source]]\nqqqqqqqqqqqqqqqq = 1\n\
                [[output]]\nqqqqqqqqqqqqqqqq = 1\n";
    let errors = load(text).unwrap_err().to_string();
    let known: Vec<&str> =
        errors.lines().filter_map(|line| line.split_once("known keys: ")).map(|(_, keys)| keys).collect();
    assert_eq!(known.len(), 7, "{errors}");
    for key in known.iter().flat_map(|list| list.split(", ")) {
        assert!(SHIPPED.contains(key), "config.toml does not mention `{key}`");
    }
}

#[test]
fn an_empty_file_has_all_defaults() {
    let config = load("").unwrap();
    assert_eq!(config.listen, ListenAddress::Tcp((Ipv4Addr::LOCALHOST, 8080).into()));
    assert_eq!(config.site.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!((config.concurrency, config.per_host), (32, 1));
    assert_eq!(config.store.keep, Duration::from_secs(365 * 86_400));
    assert!(config.watch && config.sources.is_empty() && config.outputs.is_empty());
}

#[test]
fn the_built_in_config_is_used_if_there_is_no_file() {
    let state = PathBuf::from("/somewhere/state");
    let environment = Environment { state_home: Some(state.clone()), ..Environment::default() };
    let config = config::load(&ConfigLocation::BuiltIn, &environment).unwrap();
    assert_eq!(config.store.location.file().unwrap(), state.join("siftwire/siftwire.db"));
    assert_eq!((config.sources.len(), config.outputs.len()), (9, 3));
}

#[test]
fn the_store_is_in_the_state_directory_of_systemd() {
    let directory = config_directory("");
    let environment = Environment::from_variables(directory.path().to_path_buf(), |name| {
        (name == "STATE_DIRECTORY").then(|| "/var/lib/siftwire:/var/lib/other".into())
    });
    let config = config::load(&config::locate(None, &environment), &environment).unwrap();
    assert_eq!(config.store.location.file().unwrap(), Path::new("/var/lib/siftwire/siftwire.db"));
}

#[test]
fn a_shell_finds_the_store_of_the_service() {
    let system = ConfigLocation::Default("/etc/siftwire/config.toml".into());
    let store = config::store_path(&system, &Environment::default());
    assert_eq!(store, Path::new("/var/lib/siftwire/siftwire.db"));
    let own = ConfigLocation::Explicit("/etc/other/config.toml".into());
    assert_eq!(config::store_path(&own, &Environment::default()), Path::new("/etc/other/siftwire.db"));
}

#[test]
fn the_option_precedes_the_environment_variable_and_that_the_default_paths() {
    let directory = config_directory("");
    let mut environment =
        Environment { current_directory: directory.path().to_path_buf(), ..Environment::default() };
    assert_eq!(
        config::locate(None, &environment),
        ConfigLocation::Default(directory.path().join("config.toml"))
    );
    environment.config = Some("/b.toml".into());
    assert_eq!(config::locate(None, &environment), ConfigLocation::Explicit("/b.toml".into()));
    assert_eq!(
        config::locate(Some(Path::new("/a.toml")), &environment),
        ConfigLocation::Explicit("/a.toml".into())
    );
    assert!(
        config::load(&ConfigLocation::Explicit(directory.path().join("none.toml")), &environment).is_err()
    );
}

#[test]
fn files_in_config_d_are_read_in_name_order() {
    let directory =
        config_directory("[poll]\nevery = \"1h\"\n[[source]]\nurl = \"https://a.example.org/\"\n");
    let more = directory.path().join("config.d");
    fs::create_dir(&more).unwrap();
    fs::write(more.join("20.toml"), "[poll]\nevery = \"3h\"\n").unwrap();
    fs::write(more.join("10.toml"), "[poll]\nevery = \"2h\"\n[[source]]\nurl = \"https://b.example.org/\"\n")
        .unwrap();
    fs::write(more.join("notes.txt"), "not read").unwrap();
    let config = load_in(directory.path()).unwrap();
    let names: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a.example.org", "b.example.org"]);
    assert!(config.sources.iter().all(|source| source.interval.every == Duration::from_secs(3 * 3600)));
    assert_eq!(config.files.len(), 3);
    fs::write(more.join("30.toml"), "[[source]]\nurl = \"https://a.example.org/\"\n").unwrap();
    insta::assert_snapshot!(messages_in(directory.path()));
}

#[test]
fn secrets_come_from_urls_files_and_credentials_and_are_masked() {
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
    let directory = config_directory(text);
    fs::write(directory.path().join("token"), "from a file\n").unwrap();
    fs::write(directory.path().join("three"), "from systemd").unwrap();
    let environment = Environment {
        current_directory: directory.path().to_path_buf(),
        credentials_directory: Some(directory.path().to_path_buf()),
        ..Environment::default()
    };
    let config = config::load(&config::locate(None, &environment), &environment).unwrap();
    let secret = |text: &str| Secret(text.to_owned());
    let basic = |password| Some(Authorization::Basic { user: "me".to_owned(), password: secret(password) });
    assert_eq!(config.sources[0].url.whole().as_str(), "https://one.example.org/feed");
    assert_eq!(config.sources[0].access.authorization, basic("s:cret"));
    assert_eq!(config.sources[1].access.authorization, Some(Authorization::Bearer(secret("from a file"))));
    assert_eq!(config.sources[2].access.authorization, basic("from systemd"));
    let headers: Vec<&str> = config.sources[2].access.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(headers, ["X-B", "X-A", "Cookie"]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("from") && !shown.contains("s:cret") && !shown.contains("a=b"));
}

#[test]
fn a_url_that_seems_to_have_a_secret_gets_a_warning_until_its_owner_decides() {
    let with = |url: &str, more: &str| messages(&format!("[[source]]\nurl = \"{url}\"\n{more}"));
    let shown = with("https://example.org/feed?page=1&auth=hunter2", "");
    for words in
        ["warning: the URL of a source seems to have a secret in its query", "`auth`", "publish_url = true"]
    {
        assert!(shown.contains(words), "{shown}");
    }
    assert!(shown.contains("https://example.org/feed?****") && !shown.contains("hunter2"), "{shown}");
    for publish in ["true", "false"] {
        let decided = with("https://example.org/feed?auth=hunter2", &format!("publish_url = {publish}\n"));
        assert_eq!(decided, "none");
    }
    assert_eq!(with("https://example.org/feed?page=1", ""), "none");
    let credentials = with("https://me:hunter2@example.org/feed", "");
    assert!(
        credentials.contains("has credentials") && credentials.contains("password = { file"),
        "{credentials}"
    );
    assert!(!credentials.contains("hunter2"), "{credentials}");
}

#[test]
fn messages_quote_no_query_of_a_url() {
    for text in [
        "[[source]]\nurl = \"https://a.example/?x=it's-hunter2\"\nevry = 1\n",
        "[[source]]\nurl = \"a.example/?x=hunter2\"\n",
        "[[source]]\nurl = 'ftp://a.example/?x=hunter2'\n",
        "[[source]]\nurl = \"https://a.example/?x=hunter2\" x\n",
        "[[source]]\nulr = \"https://a.example/?x=hunter2\"\n",
        "[publish]\nhub = \"ftp://a.example/?x=hunter2\"\n",
        "[serve]\npublic_url = \"https://a.example/?x=hunter2\"\n",
    ] {
        let shown = messages(text);
        assert!(shown.starts_with("error") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn files_that_others_can_write_or_whose_secrets_they_can_read_get_a_warning() {
    let source = "[[source]]\nurl = \"https://a.example/\"\n";
    let warnings = |text: &str, file: &str, mode: u32| {
        let directory = config_directory(text);
        let config_d = directory.path().join("config.d");
        fs::create_dir(&config_d).unwrap();
        for name in ["token", "config.d/more.toml"] {
            fs::write(directory.path().join(name), "").unwrap();
            set_mode(&directory.path().join(name), 0o600);
        }
        set_mode(&directory.path().join(file), mode);
        messages_in(directory.path())
    };
    let secret = |value: &str| format!("{source}bearer = {value}\n");
    let file = secret("{ file = \"token\" }");
    for (text, name, mode, expected) in [
        (source, "config.toml", 0o644, "none"),
        (&file, "config.toml", 0o644, "none"),
        (&file, "token", 0o640, "none"),
        (&file, "token", 0o644, "warning: others can read the secret in this file"),
        (&file, "token", 0o602, "warning: others can write this file"),
        (source, "config.toml", 0o606, "warning: others can write config.toml"),
        (source, "config.d/more.toml", 0o602, "warning: others can write config.d/more.toml"),
        (source, "config.d", 0o777, "warning: others can write config.d"),
        (&secret("\"x\""), "config.toml", 0o666, "warning: others can write config.toml"),
        (&secret("\"x\""), "config.toml", 0o640, "none"),
        (&secret("\"x\""), "config.toml", 0o644, "warning: others can read the secret in config.toml"),
        (&format!("{source}headers = {{ Accept-Language = \"hy\" }}"), "config.toml", 0o644, "none"),
        (
            &format!("{source}headers = {{ X-Api-Key = \"x\" }}"),
            "config.toml",
            0o644,
            "warning: others can read the secret in config.toml",
        ),
        (
            &format!("{source}proxy = \"http://me:x@b.example/\""),
            "config.toml",
            0o644,
            "warning: others can read the secret in config.toml",
        ),
    ] {
        let shown = warnings(text, name, mode);
        assert_eq!(shown.lines().next(), Some(expected), "{shown}");
        let both = mode == 0o666;
        assert_eq!(shown.matches("others can").count(), usize::from(expected != "none") + usize::from(both));
    }
}

#[test]
fn a_private_address_must_be_allowed() {
    let source = "[[source]]\nurl = \"http://127.0.0.1:9/feed\"\n";
    assert!(load(source).is_err());
    assert!(load(&format!("{source}allow_private = true\n")).is_ok());
    assert!(load(&format!("[poll]\nallow = [\"127.0.0.0/8\"]\n{source}")).is_ok());
}

#[test]
fn an_output_has_the_configured_values() {
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
description = "What it is"
icon = "one.png"
write_to = "feeds"
"#;
    let directory = config_directory(text);
    fs::write(directory.path().join("one.png"), include_bytes!("../src/publish/icons/icon.png")).unwrap();
    let output = load_in(directory.path()).unwrap().outputs.remove(0);
    assert_eq!((output.title.as_str(), output.limit, output.per_source), ("one", 7, Some(2)));
    assert_eq!(output.sources, Some(vec!["example.org".to_owned()]));
    assert_eq!((output.stories, output.content), (Stories::All, ContentMode::Summary));
    assert_eq!(output.write_to, Some(directory.path().join("feeds")));
    assert_eq!(output.description.as_deref(), Some("What it is"));
    assert!(matches!(output.icon, Some(Icon::File(_))));
}

#[test]
fn an_icon_is_a_picture_or_a_url() {
    let directory = config_directory("");
    fs::create_dir(directory.path().join("folder.png")).unwrap();
    fs::write(directory.path().join("page.png"), "<svg/>").unwrap();
    fs::write(directory.path().join("large.png"), vec![b'x'; 1_000_001]).unwrap();
    for (icon, label) in [
        ("none.png", "there is no such file"),
        ("folder.png", "not a regular file"),
        ("large.png", "at most 1 MB"),
        ("page.png", "the file is not PNG, JPEG or GIF"),
        ("file:///etc/icon.png", "not an http or https URL"),
        ("https://", "not an http or https URL"),
        ("https://me:secret@icons.example/a.png", "contains a URL with a user"),
    ] {
        let text = format!("[[output]]\nname = \"a\"\nicon = \"{icon}\"\n");
        fs::write(directory.path().join("config.toml"), text).unwrap();
        let messages = messages_in(directory.path());
        assert!(messages.contains("config.toml:3:8") && messages.contains(label), "{icon}: {messages}");
        assert!(!messages.contains("secret"), "{messages}");
    }
    let config = load("[[output]]\nname = \"a\"\nicon = \"https://icons.example/a.png\"\n").unwrap();
    let url = "https://icons.example/a.png".parse().unwrap();
    assert_eq!(config.outputs[0].icon, Some(Icon::Url(url)));
}

/// Runs the binary in a directory with an empty environment: exit code, standard output, standard error.
fn siftwire(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_siftwire"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_source_may_be_polled_once_a_second_but_not_more_often() {
    let with =
        |every: &str| messages(&format!("[[source]]\nurl = \"https://example.org/\"\nevery = \"{every}\"\n"));
    assert!(with("1s").starts_with("warning: polling more often than every five minutes"), "{}", with("1s"));
    assert_eq!(with("5m"), "none");
    assert!(with("999ms").starts_with("error: polling more often than once a second"), "{}", with("999ms"));
}

#[test]
fn check_prints_a_summary_or_exits_with_2() {
    let directory = config_directory("[[source]]\nurl = \"https://example.org/\"\nevery = \"1m\"\n");
    let (code, out, err) = siftwire(directory.path(), &["check"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.ends_with("config.toml is valid: 1 source, 0 outputs\n"), "{out}");
    assert!(err.contains("warning: polling more often than every five minutes"), "{err}");
    fs::write(directory.path().join("bad.toml"), "wacht = true\n").unwrap();
    let (code, out, err) = siftwire(directory.path(), &["check", "--config", "bad.toml"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("bad.toml:1:1") && err.contains("did you mean `watch`?"), "{err}");
}

#[test]
fn init_writes_the_shipped_file_and_never_overwrites_one() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("config.toml");
    assert_eq!(siftwire(directory.path(), &["init"]).0, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), SHIPPED);
    fs::write(&path, "watch = true\n").unwrap();
    let (code, _, err) = siftwire(directory.path(), &["init"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("already exists"), "{err}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "watch = true\n");
}

#[test]
fn a_query_error_is_shown_at_its_place_in_the_file() {
    let text = "[topics]\nwest = \"a OR (b\"\n[[output]]\nname = \"x\"\nfilter = \"titel:war AND \\\"a\"\n[[output]]\nname = \"y\"\nfilter = '@wets'\n";
    insta::assert_snapshot!(messages(text));
}

#[test]
fn both_title_keys_accept_a_template_for_entry_titles() {
    let titled =
        |keys: &str| load(&format!("[[output]]\nname = \"a\"\n{keys}\n")).map(|c| c.outputs[0].clone());
    let own = titled("title = \"News\"\nentry_title = \"{source}: {title}\"").unwrap();
    assert_eq!(own.title, "News");
    let short = titled("title = \"{source}: {title}\"").unwrap();
    assert_eq!((short.title.as_str(), short.entry_title), ("a", own.entry_title));
    assert_eq!(titled("title = \"The {braces}\"").unwrap().entry_title, None);
    let wrong = messages("[[output]]\nname = \"a\"\nentry_title = \"{sauce}: {title}\"");
    assert!(
        wrong.contains("{sauce} is not one of {title}, {source}") && wrong.contains("config.toml:3"),
        "{wrong}"
    );
    let wrong = messages("[[output]]\nname = \"a\"\ntitle = \"{sauce}: {title}\"");
    assert!(wrong.contains("a valid template") && wrong.contains("{sauce} is not one of"), "{wrong}");
}

#[test]
fn a_lower_case_operator_gets_a_warning() {
    let text = "[[source]]\nurl = \"https://example.org/feed\"\n[[output]]\nname = \"a\"\nfilter = \"armenia and russia\"\n";
    let config = load(text).unwrap();
    let warnings = config.warnings.unwrap().to_string();
    assert!(warnings.contains("`and` is searched for as a word"), "{warnings}");
    assert!(warnings.contains("write AND if you mean the operator"), "{warnings}");
    assert!(
        warnings.contains("5 | filter = \"armenia and russia\"\n  |                   ^^^"),
        "{warnings}"
    );
}

#[test]
fn a_name_that_is_unsafe_in_a_url_or_file_name_is_rejected() {
    let named = |name: &str| load(&format!("[[output]]\nname = \"{name}\"\n"));
    for name in ["a", "a b", "\u{540}\u{561}\u{575}", "a.b", "a'b&c", "atom", "a.html"] {
        assert!(named(name).is_ok(), "{name}");
    }
    for name in [
        "", ".", "..", ".a", "a/b", "a\\\\b", "a:b", "a?b", "a#b", "a%20b", " a", "a ", "a\\u0007", "a\\nb",
        "a\\u0085", "a\\u202eb", "a\\u200bb", "a\\u2028", "\\ufeffa", "_a", "a.atom", "a.RSS", "a.json",
    ] {
        assert!(named(name).is_err(), "{name}");
    }
    assert!(named(&"\u{561}".repeat(51)).is_err(), "too long for a file name with an extension");
}

#[test]
fn none_overrides_the_proxy_of_poll() {
    let config = load(
        "[poll]\nproxy = \"socks5h://127.0.0.1:9050\"\n[[source]]\nurl = \"https://a.example/\"\n
         [[source]]\nurl = \"https://b.example/\"\nproxy = \"none\"\n[[output]]\nname = \"all\"\n",
    )
    .unwrap();
    let proxies: Vec<_> = config
        .sources
        .iter()
        .map(|source| source.access.proxy.as_ref().map(|proxy| proxy.0.scheme()))
        .collect();
    assert_eq!(proxies, [Some("socks5h"), None]);
}

#[test]
fn an_output_selects_sources_by_tag() {
    let config = |sources: &str, tags: &str| {
        format!(
            "[[source]]\nname = \"a\"\nurl = \"https://a.example/\"\ntags = [\"Caucasus\"]\n[[source]]\nname = \"b\"\n\
             url = \"https://b.example/\"\n[[source]]\nname = \"c\"\nurl = \"https://c.example/\"\ntags = [{tags}]\n\
             [[output]]\nname = \"all\"\nsources = [{sources}]\n"
        )
    };
    let selected =
        |sources: &str| load(&config(sources, "\"x_1\", \"caucasus\"")).unwrap().outputs[0].sources.clone();
    assert_eq!(selected("\"#caucasus\""), Some(vec!["a".to_owned(), "c".to_owned()]));
    assert_eq!(selected("\"#CAUCASUS\", \"b\", \"a\""), Some(["a", "b", "c"].map(str::to_owned).to_vec()));
    let said = messages(&config("\"#caucasos\"", ""));
    assert!(
        said.contains("there is no source with the tag `#caucasos`")
            && said.contains("did you mean \"#caucasus\"?"),
        "{said}"
    );
    for tag in ["", "#x", "two words", "a,b"] {
        let said = messages(&config("\"a\"", &format!("\"{tag}\"")));
        assert!(said.contains("not a tag"), "{said}");
    }
}

#[test]
fn articles_are_configured_for_each_source_or_all() {
    let source = |keys: &str| format!("[[source]]\nurl = \"https://example{}.org/\"\n{keys}\n", keys.len());
    let text = [
        "[poll]\nfull_text = \"match\"\narticle_limit = 50\n".to_owned(),
        source(""),
        source("full_text = \"publish\"\narticle = \"article .body\"\narticle_without = \".related, .ad\""),
        source("full_text = \"no\"\narticle_limit = 1"),
        "[[output]]\nname = \"all\"\n".to_owned(),
    ];
    let config = load(&text.concat()).unwrap();
    let of = |n: usize| config.sources[n].articles.clone();
    let [inherited, own, off] = [of(0), of(1), of(2)];
    assert_eq!((inherited.full_text, inherited.limit, inherited.selector), (FullText::Match, 50, None));
    assert_eq!((own.full_text, own.limit), (FullText::Publish, 50));
    assert_eq!(own.selector.as_deref(), Some("article .body"));
    assert_eq!(own.without.as_deref(), Some(".related, .ad"));
    assert_eq!((off.full_text, off.limit), (FullText::No, 1));
    let default = load("[[source]]\nurl = \"https://example.org/\"\n[[output]]\nname = \"all\"").unwrap();
    assert_eq!(default.sources[0].articles, ArticleSettings { limit: 200, ..ArticleSettings::default() });
    assert_eq!(messages(&text.concat()), "none");

    for (keys, words) in [
        ("full_text = \"publsh\"", ["full_text", "did you mean \"publish\"?"]),
        ("full_text = true", ["full_text = true", "expected one of"]),
        ("full_text = \"match\"\narticle = \"p >\"", ["not a CSS selector", "article .text"]),
        ("full_text = \"match\"\narticle_without = \"\"", ["article_without", "must not be empty"]),
        ("full_text = \"match\"\narticle_limit = 0", ["article_limit = 0", "from 1 to 10000"]),
        ("article = \".body\"", ["a selector without `full_text`", "set full_text = \"match\""]),
    ] {
        let said = messages(&(source(keys) + "[[output]]\nname = \"all\"\n"));
        assert!(words.iter().all(|word| said.contains(word)), "{keys}: {said}");
    }
}

#[test]
fn a_gap_that_is_too_long_for_the_sources_of_its_host_is_a_warning() {
    let source = |n: usize| format!("[[source]]\nurl = \"https://www{n}.reddit.com/r/{n}.rss\"\n");
    let config = |gap: &str| {
        let sources: String = (0..6).map(source).collect();
        let output = "[[output]]\nname = \"all\"\n";
        format!("[poll]\nevery = \"30m\"\n[host.\"reddit.com\"]\ngap = \"{gap}\"\n{sources}{output}")
    };
    assert_eq!(messages(&config("5m")), "none");
    let said = messages(&config("10m"));
    for words in [
        "the sources of reddit.com want more than its `gap` allows",
        "gap = \"10m\"",
        "its 6 sources want a request every 5m",
        "with this gap each is read every 1h",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn slips_in_the_settings_of_hosts_and_proxies_are_named_with_their_remedy() {
    let source = "[[source]]\nurl = \"https://www.reddit.com/r/a.rss\"\n[[output]]\nname = \"all\"\n";
    for (config, words) in [
        ("[host.reddit.com]\ngap = \"65s\"\n", ["the name of a host needs quotes", "[host.\"example.org\"]"]),
        ("[host.old.reddit.com]\n", ["the name of a host needs quotes", "[host.\"example.org\"]"]),
        ("[host]\ngap = \"65s\"\n", ["expected a table, found a string", "with quotes"]),
        (
            "[host.\"Reddit.com.\"]\ngap = \"65s\"\n[host.\"www.reddit.com\"]\ngap = \"5s\"\n",
            ["there are two tables for a host", "remove one"],
        ),
        (
            "[host.\"redit.com\"]\ngap = \"65s\"\n",
            ["the settings of redit.com are not used", "no source has an address there"],
        ),
        (
            "[poll]\nproxy = \"proxy.example.org:3128\"\n",
            ["not an absolute URL", "http://proxy.example.org:3128"],
        ),
        ("[poll]\nproxy = \"localhost\"\n", ["not an absolute URL", "write it with its scheme"]),
        ("[serve]\npublic_url = \"example.org:8080\"\n", ["not an absolute URL", "https://example.org/feed"]),
    ] {
        let said = messages(&format!("{config}{source}"));
        for words in words {
            assert!(said.contains(words), "{config}: {said}");
        }
    }
    assert_eq!(messages(&format!("{source}[poll]\nproxy = \"None\"\n")), "none");
    let said =
        messages(&format!("{source}tags = 1\n[[source]]\nurl = \"https://b.example/\"\ntags = [\"a,b\"]\n"));
    assert!(said.contains("a tag has letters, digits, - and _ alone"), "{said}");
}
