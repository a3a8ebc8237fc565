//! What README.md and docs/ show works: the commands run in their order, and every part of a config is valid.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::origin::Origin;
use crate::program::{Home, eventually};

const README: &str = include_str!("../../README.md");

/// The commands of README.md that run in a folder of one's own, in their order, and a part of what they print.
/// `tests/systemd` runs those that install.
const COMMANDS: [(&str, &str); 11] = [
    ("siftwire token --output siftwire.token", "siftwire.token. Name it in the config"),
    ("siftwire init", "siftwire check --config "),
    ("siftwire check", "is valid: 9 sources, 3 outputs"),
    ("siftwire", "siftwire is running: open http://"),
    ("siftwire preview '@armenia -football'", "of 9 entries match"),
    ("siftwire check --diff", "armenia"),
    ("siftwire check --diff /tmp/edited.toml", "armenia"),
    ("siftwire explain 'part of a title'", "armenia"),
    ("siftwire explain --words '@armenia'", "armenians"),
    ("siftwire match cases.jsonl", "1 of 1 cases passed"),
    ("siftwire man config | man -l -", "config.toml"),
];

/// The blocks of a language in a Markdown text.
pub fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let parts = text.split(&format!("```{language}\n")).skip(1).collect::<Vec<_>>();
    parts.into_iter().map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

fn shell(home: &Home, line: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_siftwire")).parent().expect("a folder");
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(home.path()).env_clear().env("HOME", home.path());
    command.env("PATH", format!("{}:/usr/bin:/bin", program.display())).stdin(Stdio::null());
    let done = command.output().expect("a shell runs");
    let words = [done.stdout, done.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    assert!(done.status.success(), "{line}: {words}");
    words
}

/// The shipped config with sources that are here, on a free port.
fn with_local_sources(config: &str, origin: &Origin) -> String {
    let line = |line: &str| match line.strip_prefix("url = \"https://") {
        Some(rest) => {
            let path = format!("/{}", rest.trim_end_matches('"'));
            let entry = format!("<item><title>part of a title: Armenia {}</title></item>", rest.len());
            let feed = format!("<rss version=\"2.0\"><channel><title>Site</title>{entry}</channel></rss>");
            origin.set(&path, 200, "application/rss+xml", feed);
            format!("url = \"{}\"\nallow_private = true\nstories = false\n", origin.url(&path))
        }
        None => format!("{}\n", line.replace("#listen = \"127.0.0.1:8080\"", "listen = \"127.0.0.1:0\"")),
    };
    config.lines().map(line).collect()
}

#[test]
fn the_commands_of_the_readme_run_in_their_order() {
    let blocks = blocks(README, "sh");
    assert_eq!(blocks[..2], ["cargo run --release\n", "cargo test\n"]);
    let lines = blocks
        .iter()
        .flat_map(|block| block.lines())
        .map(|line| line.split(" # ").next().unwrap_or(line).trim());
    let shown: Vec<&str> = lines.filter(|line| line.starts_with("siftwire")).collect();
    let expected: Vec<&str> =
        COMMANDS.iter().map(|(command, _)| *command).filter(|line| !line.contains('|')).collect();
    assert_eq!(shown, expected, "this test says what each prints");

    let origin = Origin::start();
    let home = Home::new("");
    std::fs::remove_file(home.path().join("config.toml")).expect("no config yet");
    let case = "{\"q\": \"@armenia\", \"entry\": {\"title\": \"A night in Yerevan\"}, \"expect\": true}";
    std::fs::write(home.path().join("cases.jsonl"), case).expect("a file");
    let edited = home.path().join("edited.toml").display().to_string();
    let mut daemon = None;
    for (command, expected) in COMMANDS {
        if command == "siftwire" {
            let running = home.start();
            eventually("all entries", || {
                let document = running.get("/feeds/everything.atom").body;
                (document.matches("</entry>").count() == 9).then_some(())
            });
            daemon = Some(running);
            continue;
        }
        if cfg!(not(man)) && command.contains("| man") {
            continue;
        }
        let printed = shell(&home, &command.replace("/tmp/edited.toml", &edited));
        assert!(printed.contains(expected), "{command}: {printed}");
        if command == "siftwire init" {
            let config = std::fs::read_to_string(home.path().join("config.toml")).expect("a config");
            let config = with_local_sources(&config, &origin);
            home.configure(&config);
            std::fs::write(&edited, config.replace("@armenia", "@georgia")).expect("a config");
        }
    }
    assert!(daemon.is_some());
}

#[test]
#[cfg_attr(not(all(newsboat, curl)), ignore = "there is no newsboat or no curl")]
fn newsboat_imports_all_outputs_as_the_page_says() {
    let page = include_str!("../../docs/subscribe.md");
    let home = Home::new(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"armenia\"\n[[output]]\nname = \"other\"\n",
    );
    let daemon = home.start();
    let commands = blocks(page, "sh").concat().replace("127.0.0.1:8080", daemon.address());
    shell(&home, &format!("mkdir .newsboat; set -e\n{commands}"));
    let urls =
        std::fs::read_to_string(home.path().join(".newsboat/urls")).expect("what newsboat has written");
    for name in ["armenia", "other"] {
        assert!(urls.contains(&format!("/feeds/{name}.atom")), "{urls}");
    }
}

#[test]
fn every_config_in_the_docs_is_valid() {
    let mut checked = 0;
    for folder in [".", "docs"] {
        for file in std::fs::read_dir(folder).expect("a folder") {
            let path = file.expect("a file").path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            for block in blocks(&std::fs::read_to_string(&path).expect("a text"), "toml") {
                let home = Home::new(block);
                let (code, _, words) = home.run(&["check"]);
                assert_eq!(code, Some(0), "{path:?}: {block}{words}");
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn every_command_that_the_readme_names_is_one() {
    let (_, help, _) = Home::new("").run(&["--help"]);
    let named = README.split("`siftwire ").skip(1).filter_map(|rest| rest.split([' ', '`']).next());
    let named: Vec<&str> = named.filter(|name| !name.starts_with('-')).collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(help.contains(&format!("\n  {name} ")), "{name}");
    }
}
