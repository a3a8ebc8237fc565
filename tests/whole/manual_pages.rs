//! The manual pages: one for each command, whole, and without warnings of the formatter.

use std::process::Command;

use crate::program::Home;

/// Names of all commands, from their help, with those below.
fn commands(home: &Home, above: &[&str]) -> Vec<String> {
    let (_, help, _) = home.run(&[above, &["--help"]].concat());
    let section = help.split_once("Commands:\n").map(|(_, section)| section);
    let lines = section.into_iter().flat_map(|section| section.lines().take_while(|line| !line.is_empty()));
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    let names: Vec<String> = names.filter(|name| above.is_empty() || name != "help").collect();
    let below = |name: &String| commands(home, &[above, &[name]].concat());
    let below =
        names.iter().flat_map(|name| below(name).into_iter().map(move |below| format!("{name}-{below}")));
    let below: Vec<String> = if above.len() < 2 { below.collect() } else { Vec::new() };
    [names, below].concat()
}

#[test]
fn every_command_has_a_page_and_the_main_page_is_whole() {
    let home = Home::new("");
    let (code, _, words) = home.run(&["man", "--to", "pages"]);
    assert_eq!(code, Some(0), "{words}");
    let mut expected: Vec<String> =
        commands(&home, &[]).iter().map(|name| format!("siftwire-{name}.1")).collect();
    assert!(expected.len() > 15 && expected.contains(&"siftwire-opml-import.1".to_owned()), "{expected:?}");
    expected.extend(["siftwire-config.5", "siftwire-filter.7", "siftwire.1"].map(str::to_owned));
    expected.sort();
    let files = std::fs::read_dir(home.path().join("pages")).expect("pages");
    let mut files: Vec<String> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8")).collect();
    files.sort();
    assert_eq!(files, expected);

    let (_, page, _) = home.run(&["man"]);
    for heading in [
        "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "FILES", "ENVIRONMENT", "SIGNALS",
        "EXAMPLES",
    ] {
        assert!(page.contains(&format!(".SH {heading}\n")), "{heading}");
    }
    assert!(page.contains(".SH \"EXIT STATUS\"\n"));
    assert!(home.run(&["man", "opml", "import"]).1.starts_with(".TH siftwire-opml-import 1 "));
    let (code, _, words) = home.run(&["man", "nonsense"]);
    assert_eq!(code, Some(2));
    assert!(words.contains("no page `nonsense`") && words.contains("config, filter"), "{words}");
}

#[test]
fn the_config_page_has_every_option_and_the_filter_page_every_example() {
    let home = Home::new("");
    home.run(&["init", "shipped"]);
    let shipped = std::fs::read_to_string(home.path().join("shipped")).expect("the config");
    let (_, page, _) = home.run(&["man", "config"]);
    // Of a page, what the formatter shows, in one line.
    let plain = |text: &str| {
        text.replace("\\fB", "")
            .replace("\\fR", "")
            .replace("\\-", "-")
            .replace("\\*(Aq", "'")
            .replace("\\\\", "\\")
    };
    let page = plain(&page);
    let options =
        shipped.lines().filter_map(|line| line.strip_prefix('#')).filter_map(|line| line.split_once(" = "));
    let options: Vec<&str> = options.map(|(key, _)| key.trim()).filter(|key| !key.contains(' ')).collect();
    assert!(options.len() > 40, "{options:?}");
    for option in options {
        assert!(
            page.contains(&format!("\n{option} = ")) || page.contains(&format!(", {option}")),
            "{option}: {page}"
        );
    }
    for heading in ["[serve]", "[store]", "[poll]", "[publish]", "SOURCES", "TOPICS", "OUTPUTS"] {
        assert!(page.contains(&format!(".SH {heading}\n")), "{heading}");
    }
    let (_, manual, _) = home.run(&["help", "filter"]);
    let (_, page, _) = home.run(&["man", "filter"]);
    let page = plain(&page);
    for line in manual.lines().filter(|line| line.starts_with("    ")) {
        assert!(page.contains(line.trim()), "{line}");
    }
}

#[test]
#[cfg_attr(not(man), ignore = "there is no man")]
fn the_formatter_has_no_complaint() {
    let home = Home::new("");
    home.run(&["man", "--to", "pages"]);
    for file in std::fs::read_dir(home.path().join("pages")).expect("pages") {
        let file = file.expect("a file").path();
        let mut man = Command::new(env!("SIFTWIRE_MAN"));
        man.args(["--warnings", "-E", "UTF-8", "-l"])
            .arg(&file)
            .env("LC_ALL", "C.UTF-8")
            .env("MANWIDTH", "80");
        let done = man.output().expect("man runs");
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(
            done.status.success() && done.stderr.is_empty(),
            "{file:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert!(text.contains("NAME") && text.contains("SEE ALSO"), "{file:?}: {text}");
    }
}
