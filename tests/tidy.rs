//! The rules of the house: who may know whom, which door a thing belongs to, how a file looks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the rules are about files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import what. The first pattern that fits a file counts; `*` ends a pattern that means
/// everything below. Every name on the right is a room, or a part of one, and everything in it.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("lib.rs", &[]),
    ("main.rs", &["cli"]),
    ("entry*", &["entry"]),
    ("source*", &["source"]),
    ("metrics*", &["metrics"]),
    ("text*", &["entry", "text"]),
    ("html*", &["entry", "html"]),
    ("filter*", &["entry", "text", "filter"]),
    ("story*", &["entry", "text", "story"]),
    ("store*", &["entry", "source", "story", "store"]),
    ("feed*", &["entry", "source", "text", "html", "story", "feed"]),
    ("fetch*", &["source", "fetch"]),
    ("schedule*", &["entry", "source", "fetch", "schedule"]),
    ("ingest/mod.rs", &["entry", "source", "html", "story", "feed", "fetch", "schedule", "ingest", "store"]),
    ("ingest/*", &["entry", "source", "text", "story", "ingest"]),
    ("publish/mod.rs", &["entry", "source", "filter", "store", "publish"]),
    // What is read from the store, and only there: members for documents, pages of the past.
    ("publish/render.rs", &["entry", "filter", "store", "publish"]),
    ("publish/archive.rs", &["entry", "store", "publish"]),
    ("publish/health.rs", &["entry", "source", "publish"]),
    ("publish/staleness.rs", &["store", "publish"]),
    ("publish/stories.rs", &["entry", "store", "publish"]),
    ("publish/*", &["entry", "text", "filter", "story", "publish"]),
    ("serve*", &["publish", "store", "metrics", "serve"]),
    ("config*", CONFIG),
    ("daemon*", EVERYTHING_BUT_CLI),
    (
        "cli*",
        &[
            "cli", "config", "daemon", "entry", "feed", "fetch", "filter", "html", "ingest", "metrics",
            "publish", "schedule", "serve", "source", "store", "story", "text",
        ],
    ),
];

/// Of the rooms that it configures, config takes the options types.
const CONFIG: &[&str] = &["source", "filter", "store", "fetch", "publish", "serve", "config"];

const EVERYTHING_BUT_CLI: &[&str] = &[
    "config", "daemon", "entry", "feed", "fetch", "filter", "html", "ingest", "metrics", "publish",
    "schedule", "serve", "source", "store", "story", "text",
];

/// What only some files may say: the words, the files, the reason.
const DOORS: &[(&[&str], &[&str], &str)] = &[
    (&["reqwest::"], &["fetch*"], "only fetch talks to the network outward"),
    (&["rusqlite::"], &["store/*"], "only store knows SQL"),
    (&["feed_rs::"], &[], "feed-rs is what tests and benches measure with"),
    (&["axum::"], &["serve/*"], "only serve knows axum"),
    (&["toml::", "toml_edit::"], &["config/*"], "only config knows TOML"),
    (
        &["Timestamp::now", "Zoned::now", "Instant::now", "SystemTime::now"],
        &["daemon/*", "cli/*"],
        "only daemon and cli read the clock: everyone else is handed `now`",
    ),
    (
        &["tokio::spawn", "thread::spawn", "spawn_blocking", ".spawn("],
        &["daemon/*", "cli/*", "serve/connections.rs"],
        "only daemon and cli spawn, and serve a task for each connection: everything spawned is joined there",
    ),
    (&["println!", "print!"], &["cli/*", "main.rs"], "only cli writes to standard output and standard error"),
];

#[test]
fn nobody_imports_what_stands_above() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(pattern, _)| fits(pattern, &file)) else {
            wrong.push(format!("src/{file} is in no room of the table in tests/tidy.rs"));
            continue;
        };
        for room in imports(&code) {
            if !allowed.contains(&room.as_str()) {
                let target = room_file(&room);
                let may = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
                wrong.push(format!("src/{file} imports {target}: it may know {may}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_thing_is_known_behind_its_door_alone() {
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        for (words, doors, reason) in DOORS {
            if doors.iter().any(|door| fits(door, &file)) {
                continue;
            }
            for (number, line) in code.lines().enumerate() {
                if let Some(word) = words.iter().find(|word| says(line, word)) {
                    wrong.push(format!("src/{file}:{} says `{word}`: {reason}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_file_says_what_it_is_and_is_short() {
    let mut wrong = Vec::new();
    for (file, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!("src/{file} does not begin with a //! sentence"));
        }
        let lines = before_tests(&text).lines().count();
        if lines > 500 && !is_tests(&file) {
            wrong.push(format!("src/{file} has {lines} lines before its tests: at most 500"));
        }
        let stem = Path::new(&file).file_stem().unwrap().to_string_lossy().into_owned();
        if ["util", "utils", "helper", "helpers", "common", "misc"].contains(&stem.as_str())
            || file.split('/').any(|part| ["util", "utils", "helpers", "common"].contains(&part))
        {
            wrong.push(format!("src/{file} has a name that says nothing"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_spelling() {
    let code = "use crate::{store::{self, Options}, entry::Entry};\nfn f() { crate::serve::x(); }\n\
                pub use crate :: filter::Query;\nuse crate::config as c;\n// crate::daemon is not meant\n\
                let s = \"crate::cli\";";
    let found: Vec<String> = imports(&stripped(code)).into_iter().collect();
    assert_eq!(found, ["config", "entry", "filter", "serve", "store"]);
}

/// Each file of src, by its path below src, without what is only for tests, without comments and
/// strings.
fn sources() -> BTreeMap<String, String> {
    files()
        .into_iter()
        .filter(|(file, _)| !is_tests(file))
        .map(|(file, path)| (file, stripped(before_tests(&fs::read_to_string(path).unwrap()))))
        .collect()
}

fn files() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, path);
            }
        }
    }
    found
}

fn is_tests(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests").map_or(text, |at| &text[..at])
}

fn fits(pattern: &str, file: &str) -> bool {
    match pattern.strip_suffix("/*") {
        Some(folder) => file == format!("{folder}.rs") || file.starts_with(&format!("{folder}/")),
        None => match pattern.strip_suffix('*') {
            Some(stem) => file == format!("{stem}.rs") || file.starts_with(&format!("{stem}/")),
            None => file == pattern,
        },
    }
}

fn room_file(room: &str) -> String {
    let folder = format!("src/{room}/mod.rs");
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).exists() {
        folder
    } else {
        format!("src/{room}.rs")
    }
}

/// Whether a line says a word that does not merely end another.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        word.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The rooms that some code names, by `crate::room` or in `crate::{room, other::Part}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    let bare: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    for start in ["crate::", "siftwire::"] {
        for (at, _) in bare.match_indices(start) {
            let rest = &bare[at + start.len()..];
            if let Some(list) = rest.strip_prefix('{') {
                let mut depth = 0;
                let mut word = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => rooms.extend(room(&std::mem::take(&mut word))),
                        _ if depth == 0 => word.push(c),
                        _ => {}
                    }
                }
                rooms.extend(room(&word));
            } else {
                rooms.extend(room(rest));
            }
        }
    }
    rooms
}

/// The first word of a path, if it is one of the rooms.
fn room(path: &str) -> Option<String> {
    const ROOMS: [&str; 17] = [
        "cli", "config", "daemon", "entry", "feed", "fetch", "filter", "html", "ingest", "metrics",
        "publish", "schedule", "serve", "source", "store", "story", "text",
    ];
    ROOMS
        .into_iter()
        .filter(|room| {
            path.strip_prefix(room).is_some_and(|rest| {
                // White space is gone: `config as c` has become `configasc`.
                !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') || rest.starts_with("as")
            })
        })
        .map(str::to_owned)
        .next()
}

/// The code without comments and without what stands in string literals; lines keep their numbers.
fn stripped(code: &str) -> String {
    let mut plain = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        plain.extend(rest[..length].chars().filter(|c| *c == '\n'));
        rest = &rest[length..];
    }
    plain
}

/// The length of the string or character literal that some code begins with.
fn literal(code: &str) -> Option<usize> {
    if code.starts_with("r\"") || code.starts_with("r#") {
        let hashes = code[1..].bytes().take_while(|b| *b == b'#').count();
        let open = 1 + hashes;
        if !code[open..].starts_with('"') {
            return None;
        }
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(code[open + 1..].find(&close).map_or(code.len(), |at| open + 1 + at + close.len()));
    }
    if code.starts_with("'\"'") || code.starts_with("'\\\"'") || code.starts_with("'\\''") {
        return Some(if code.as_bytes()[1] == b'\\' { 4 } else { 3 });
    }
    if !code.starts_with('"') {
        return None;
    }
    let mut escaped = false;
    for (at, byte) in code.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    Some(code.len())
}
