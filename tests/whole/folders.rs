//! Folders of `write_to`: what stands in the way there, and the files of outputs that left the config.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::faults::{RSS, feed, shows};
use crate::origin::Origin;
use crate::program::{Home, eventually};

const EXTENSIONS: [&str; 4] = ["atom", "rss", "json", "html"];

fn config(origin: &Origin, outputs: &[&str]) -> String {
    let outputs: String = outputs.iter().map(|output| format!("[[output]]\n{output}\n")).collect();
    format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\n[[source]]\nname = \"site\"\nurl = \"{}\"\n
         allow_private = true\n{outputs}",
        origin.url("/site")
    )
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn files_of(outputs: &[&str]) -> Vec<String> {
    let all = outputs.iter().flat_map(|output| EXTENSIONS.map(|extension| format!("{output}.{extension}")));
    let mut files: Vec<String> = all.flat_map(|file| [format!("{file}.gz"), file]).collect();
    files.sort();
    files
}

fn origin_and_home(outputs: &[&str]) -> (Origin, Home) {
    let origin = Origin::start();
    origin.set("/site", 200, RSS, feed(1..2));
    let home = Home::new(&config(&origin, outputs));
    for folder in ["www", "other"] {
        std::fs::create_dir(home.path().join(folder)).expect("a folder");
    }
    (origin, home)
}

#[test]
fn what_is_in_the_way_costs_only_its_own_file() {
    let (origin, home) =
        origin_and_home(&["name = \"all\"\nwrite_to = \"www\"", "name = \"other\"\nwrite_to = \"www\""]);
    let www = home.path().join("www");
    let at = |name: &str| www.join(name);
    assert!(Command::new("mkfifo").arg(at("all.atom")).status().is_ok_and(|done| done.success()));
    symlink("/dev/zero", at("all.rss.gz")).expect("a link");
    symlink(home.path().join("config.toml"), at("all.json")).expect("a link");
    std::fs::create_dir(at("all.html")).expect("a folder");
    std::fs::File::create(at("other.atom")).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    let config_before = std::fs::read(home.path().join("config.toml")).expect("the config");

    let daemon = home.start();
    eventually("an entry", || shows(&daemon, 1));
    eventually("the files", || (names(&www) == files_of(&["all", "other"])).then_some(()));
    let written = || std::fs::read_to_string(at("other.atom")).is_ok_and(|text| text.contains("Entry-1."));
    eventually("the entry in a file", || written().then_some(()));
    // Those that are free are kept up to date.
    origin.set("/site", 200, RSS, feed(1..3));
    let written = || std::fs::read_to_string(at("all.rss")).is_ok_and(|text| text.contains("Entry-2."));
    eventually("the next entry", || written().then_some(()));
    assert!(daemon.peak() < 200_000_000, "{}", daemon.peak());

    std::fs::remove_file(at("all.atom")).expect("the pipe is still there");
    daemon.signal("HUP");
    let written = || std::fs::read_to_string(at("all.atom")).is_ok_and(|text| text.contains("Entry-2."));
    eventually("the file after a reload", || written().then_some(()));
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    for (name, what) in [
        ("all.atom", "a named pipe"),
        ("all.rss.gz", "a symbolic link"),
        ("all.json", "a symbolic link"),
        ("all.html", "a directory"),
    ] {
        let line = format!("{}: {what} is in the way", at(name).display());
        assert!(
            log.lines().any(|logged| logged.contains("ERROR") && logged.contains(&line)),
            "{line}: {log}"
        );
    }
    assert_eq!(log.matches("all.html: a directory").count(), 2, "once, and again after the reload: {log}");
    assert!(!log.contains("other.atom"), "{log}");
    assert_eq!(std::fs::read(home.path().join("config.toml")).expect("the config"), config_before);
}

#[test]
fn files_of_outputs_that_left_are_removed_and_no_others() {
    let to = |name: &str, folder: &str| format!("name = \"{name}\"\nwrite_to = \"{folder}\"");
    let (origin, home) = origin_and_home(&[&to("left", "www"), &to("old", "www"), &to("moving", "www")]);
    let (www, other) = (home.path().join("www"), home.path().join("other"));
    let daemon = home.start();
    let all_written = || names(&www) == files_of(&["left", "moving", "old"]);
    let has_entry = |extension: &str| shows_in(&www.join(format!("left.{extension}")), "Entry-1.");
    eventually("an entry", || EXTENSIONS.iter().all(|extension| has_entry(extension)).then_some(()));
    eventually("the files", || all_written().then_some(()));
    // While it runs, it would write its file again.
    assert_eq!(daemon.stop().0, Some(0));
    std::fs::write(www.join("mine.atom"), "mine").expect("a file");
    std::fs::write(www.join("left.rss"), "changed by somebody").expect("a file");

    // One is removed, one renamed, one gets another folder.
    let renamed = format!("{}\nwas = [\"old\"]", to("new", "www"));
    home.configure(&config(&origin, &[&renamed, &to("moving", "other")]));
    let daemon = home.start();
    let mut expected = files_of(&["new"]);
    expected.extend(["left.rss".to_owned(), "mine.atom".to_owned()]);
    expected.sort();
    eventually("the changed files", || (names(&www) == expected).then_some(()));
    eventually("the new folder", || (names(&other) == files_of(&["moving"])).then_some(()));
    let (_, log) = daemon.stop();
    let told = log.lines().filter(|line| line.contains("no longer what Siftwire wrote"));
    assert_eq!(told.map(|line| line.contains("left.rss:")).collect::<Vec<_>>(), [true], "{log}");
    std::fs::remove_file(www.join("left.rss")).expect("a file");

    // While it runs, one takes the name and folder of another that leaves, and a third loses its folder.
    home.configure(&config(&origin, &[&to("new", "www"), &to("moving", "other"), &to("third", "www")]));
    let daemon = home.start();
    eventually("the third", || names(&www).contains(&"third.rss".to_owned()).then_some(()));
    let renamed = format!("{}\nwas = [\"new\"]\ntitle = \"As before\"", to("moving", "other"));
    home.configure(&config(&origin, &[&renamed, "name = \"third\""]));
    eventually("no other file", || (names(&www) == ["mine.atom"]).then_some(()));
    eventually("the taken name", || shows_in(&other.join("moving.atom"), "As before").then_some(()));
    assert_eq!(names(&other), files_of(&["moving"]));
    let (_, log) = daemon.stop();
    assert!(!log.contains("no longer what Siftwire wrote"), "{log}");
    assert_eq!(std::fs::read(www.join("mine.atom")).expect("a file"), b"mine");
}

#[test]
fn files_stay_while_an_emptied_config_is_refused() {
    let (origin, home) = origin_and_home(&["name = \"all\"\nwrite_to = \"www\""]);
    let www = home.path().join("www");
    let daemon = home.start();
    eventually("an entry", || shows_in(&www.join("all.html"), "Entry-1.").then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    home.configure("[serve]\nlisten = \"127.0.0.1:0\"\n");
    let daemon = home.start();
    eventually("the refusal", || daemon.get("/").body.contains("not applied").then_some(()));
    assert_eq!(names(&www), files_of(&["all"]));
    assert_eq!(daemon.stop().0, Some(0));
    std::fs::remove_file(www.join("all.rss")).expect("a file");
    home.configure(&config(&origin, &["name = \"all\"\nwrite_to = \"www\""]));
    let daemon = home.start();
    eventually("the file", || (names(&www) == files_of(&["all"])).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
}

fn shows_in(file: &Path, text: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|content| content.contains(text))
}
