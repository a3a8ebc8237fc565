//! Completion in real shells: commands, options, and the names of sources and outputs in the config.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::Home;

const CONFIG: &str = "[[source]]\nname = \"civilnet\"\ntitle = \"Civilnet: news\"\nurl = \"https://civilnet.example/\"\n\
                      [[source]]\nname = \"x$(id)\"\nurl = \"https://x.example/\"\n[[source]]\nname = \"oc-media\"\nurl = \"https://oc.example/\"\n\
                      [[output]]\nname = \"armenia\"\n[[output]]\nname = \"armenia-russia\"\n[[output]]\nname = \"other\"\n";

/// What is typed, and what is offered; nothing else may be.
const TYPED: [(&str, &[&str]); 7] = [
    ("siftwire show arm", &["armenia", "armenia-russia"]),
    ("siftwire poll oc", &["oc-media"]),
    ("siftwire poll x", &[]),
    ("siftwire explain 'a title' ot", &["other"]),
    ("siftwire show --config elsewhere/config.toml far", &["faraway"]),
    ("siftwire show --config broken.toml arm", &[]),
    ("siftwire completi", &["completions"]),
];

fn home() -> Home {
    let home = Home::new(CONFIG);
    std::fs::create_dir(home.path().join("elsewhere")).expect("a folder");
    std::fs::write(home.path().join("elsewhere/config.toml"), "[[output]]\nname = \"faraway\"\n")
        .expect("a config");
    std::fs::write(home.path().join("broken.toml"), "[[output]\n").expect("a config");
    home
}

/// Installs the script where the shell finds it, and runs the shell.
fn run(home: &Home, shell: &str, installed: &str, script: &str) -> String {
    let name = Path::new(shell).file_name().and_then(|name| name.to_str()).expect("a shell");
    let (code, completions, words) = home.run(&["completions", name]);
    assert_eq!(code, Some(0), "{words}");
    let file = home.path().join(installed);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, completions).expect("a script");
    let program = PathBuf::from(env!("CARGO_BIN_EXE_siftwire"));
    let path = format!("{}:/usr/bin:/bin", program.parent().expect("a folder").display());
    let mut command = Command::new(shell);
    command
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", path)
        .env("TERM", "dumb");
    let done = command.args(["-c", script]).stdin(Stdio::null()).output().expect("the shell runs");
    assert!(done.stderr.is_empty(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

fn assert_offered(home: &Home, typed: &str, offered: &str, expected: &[&str]) {
    let names: Vec<&str> = offered.lines().map(|line| line.split('\t').next().unwrap_or("").trim()).collect();
    assert_eq!(names, expected, "{typed}");
    assert!(!home.store().exists(), "completing creates no store");
}

#[test]
#[cfg_attr(not(bash), ignore = "there is no bash")]
fn bash_completes_names() {
    let home = home();
    for (typed, expected) in TYPED {
        // What bash does when a tab is typed.
        let script = format!(
            "source completions; COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_TYPE=9\n\
             function compopt {{ :; }}\n\
             _clap_complete_siftwire siftwire \"${{COMP_WORDS[COMP_CWORD]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let offered = run(&home, env!("SIFTWIRE_BASH"), "completions", &script);
        assert_offered(&home, typed, offered.trim(), expected);
    }
}

#[test]
#[cfg_attr(not(fish), ignore = "there is no fish")]
fn fish_completes_names() {
    let home = home();
    for (typed, expected) in TYPED {
        let script = format!("complete -C \"{typed}\"");
        let offered = run(&home, env!("SIFTWIRE_FISH"), ".config/fish/completions/siftwire.fish", &script);
        assert_offered(&home, typed, &offered, expected);
    }
}

/// Types in a shell with a terminal of its own. `compadd` gets what is offered; `_describe` calls it twice.
/// Keys count as typed in its editor only once that has begun.
const ZSH: &str = r#"
mkfifo ready done
zmodload zsh/zpty
zpty shell $ZSH -f -i
zpty -w shell 'fpath=(./functions $fpath); autoload -Uz compinit; compinit -u -d ./dump'
zpty -w shell 'function compadd { builtin compadd -O fitting "$@"; print -l -- $fitting >>offered; builtin compadd "$@" }'
zpty -w shell 'function zle-line-init { zle -D zle-line-init; print >ready }; zle -N zle-line-init'
read -t 60 <>ready
zpty -n -w shell "$TYPED"$'\t\C-u'
zpty -w shell 'print >done'
read -t 60 <>done
zpty -d shell
[[ ! -e offered ]] || print -l -- ${(u)${(f)"$(<offered)"}}
rm -f ready done offered dump
"#;

#[test]
#[cfg_attr(not(zsh), ignore = "there is no zsh")]
fn zsh_completes_names_at_the_first_tab() {
    let home = home();
    for (typed, expected) in TYPED {
        let script = format!("ZSH='{}'; TYPED=\"{typed}\"\n{ZSH}", env!("SIFTWIRE_ZSH"));
        let offered = run(&home, env!("SIFTWIRE_ZSH"), "functions/_siftwire", &script);
        assert_offered(&home, typed, &offered, expected);
    }
}
