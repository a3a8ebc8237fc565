//! Rules that no compiler checks: which module may import which, what only some modules may use, the size of files
//! and functions, and the words that may not be names.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the rules are about files")]

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use source::{
    before_tests, files, functions, identifier_words, is_test_file, mentions, module_path, own_paths,
    production_code, stripped, types,
};

/// The modules, from below.
const MODULES: [&str; 18] = [
    "entry", "source", "metrics", "text", "html", "filter", "story", "store", "feed", "article", "fetch",
    "schedule", "ingest", "publish", "serve", "config", "daemon", "cli",
];

/// Which modules a file may import. The first pattern that fits a file counts; `*` at the end stands for everything
/// below.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("lib.rs", &[]),
    ("main.rs", &["cli"]),
    ("entry*", &["entry"]),
    ("source*", &["entry", "source"]),
    ("metrics*", &["metrics"]),
    ("text*", &["entry", "text"]),
    ("html*", &["entry", "text", "html"]),
    ("filter*", &["entry", "text", "filter"]),
    ("story*", &["entry", "text", "story"]),
    ("store*", &["entry", "source", "story", "store"]),
    ("feed*", &["entry", "source", "text", "html", "story", "feed"]),
    ("article*", &["text", "html", "feed", "article"]),
    ("fetch*", &["source", "fetch"]),
    ("schedule*", &["entry", "source", "fetch", "schedule"]),
    // One poll, whole: these talk to the store.
    ("ingest/document.rs", INGEST),
    ("ingest/mod.rs", INGEST),
    ("ingest/replay.rs", INGEST),
    ("ingest/*", &["entry", "source", "text", "ingest"]),
    ("publish/mod.rs", &["entry", "source", "filter", "store", "publish"]),
    // These read members and archive pages from the store.
    ("publish/outputs.rs", &["entry", "filter", "store", "publish"]),
    ("publish/folders.rs", &["store", "publish"]),
    ("publish/render.rs", &["entry", "filter", "store", "publish"]),
    ("publish/restore.rs", &["store", "publish"]),
    ("publish/archive.rs", &["entry", "store", "publish"]),
    ("publish/explain.rs", &["entry", "filter", "store", "story", "publish"]),
    ("publish/entry_page.rs", &["entry", "store", "publish"]),
    ("publish/stories_page.rs", &["entry", "store", "publish"]),
    ("publish/health.rs", &["entry", "source", "publish"]),
    ("publish/staleness.rs", &["store", "publish"]),
    ("publish/stories.rs", &["entry", "store", "publish"]),
    ("publish/readback.rs", &["entry", "text", "feed", "publish"]),
    ("publish/owners.rs", &["entry", "store", "story", "publish"]),
    ("publish/search.rs", &["entry", "filter", "store", "publish"]),
    ("publish/output_search.rs", &["entry", "filter", "store", "publish"]),
    ("publish/search_feed.rs", &["entry", "store", "publish"]),
    ("publish/*", &["entry", "text", "html", "filter", "story", "publish"]),
    ("serve*", &["publish", "store", "metrics", "serve"]),
    // Each module defines its own options; config builds them.
    ("config*", &["source", "text", "filter", "store", "article", "fetch", "publish", "serve", "config"]),
    (
        "daemon*",
        &[
            "entry", "source", "metrics", "text", "html", "filter", "story", "store", "feed", "article",
            "fetch", "schedule", "ingest", "publish", "serve", "config", "daemon",
        ],
    ),
    ("cli*", &MODULES),
];

const INGEST: &[&str] =
    &["entry", "source", "text", "html", "story", "feed", "fetch", "schedule", "ingest", "store"];

/// What only some files may use: the paths, the files, the reason.
const BOUNDARIES: &[(&[&str], &[&str], &str)] = &[
    (&["reqwest::"], &["fetch/*"], "only fetch makes HTTP requests"),
    (&["robotxt::"], &["fetch/robots.rs"], "only fetch reads robots.txt"),
    (&["rusqlite::", "postgres::"], &["store/*"], "only store knows SQL"),
    (&["feed_rs::"], &["feed/second_reader.rs"], "feed-rs is the second reader, behind its guards"),
    (&["dom_query::"], &["article/selectors.rs"], "dom_query is behind its guards there"),
    (&["axum::"], &["serve/*"], "only serve knows axum"),
    (&["toml::", "toml_edit::"], &["config/*"], "only config knows TOML"),
    (
        &["Timestamp::now", "Zoned::now", "Instant::now", "SystemTime::now"],
        &["daemon/*", "cli/*"],
        "only daemon and cli read the clock: the others take `now` as an argument",
    ),
    (
        &["tokio::spawn", "thread::spawn", "spawn_blocking", ".spawn("],
        &["daemon/*", "serve/connections.rs", "ingest/parse_limiter.rs", "store/postgres/mod.rs"],
        "only daemon spawns, serve a task for each connection, ingest a thread for each large document, and store one for \
         a first login",
    ),
    (&["println!", "print!"], &["cli/*", "main.rs"], "only cli writes to standard output and standard error"),
];

/// Words that may not be part of a name: pictures for things that have a standard term.
const PRIVATE_WORDS: &[&str] = &[
    "adopt", "adopted", "asked", "breath", "companion", "companions", "debut", "debuts", "desk", "door",
    "doubtful", "errand", "face", "farewell", "fate", "film", "films", "forgive", "forgiven", "glean",
    "gleaned", "habit", "heart", "herald", "house", "likeness", "look", "looks", "mend", "mended",
    "obstacle", "parted", "patience", "patient", "pictures", "pulse", "rehearse", "rehearsed", "room",
    "seat", "settle", "settled", "shelf", "thawed", "told", "trouble", "undone", "veil", "voice", "wording",
];

/// Names that several modules may give to a type of their own: families of one shape.
const FAMILIES: &[&str] = &["Arguments", "Error", "Options"];

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 80;
const MAX_PARAMETERS: usize = 5;

#[test]
fn modules_import_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (file, code) in production_code() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(pattern, _)| matches(pattern, &file)) else {
            wrong.push(format!("src/{file} is not in the table of tests/tidy"));
            continue;
        };
        for module in imported_modules(&code, &module_path(&file)) {
            if !allowed.contains(&module.as_str()) {
                wrong.push(format!("src/{file} imports {module}: it may import {}", allowed.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn siblings_do_not_import_each_other_in_a_circle() {
    let edges = sibling_imports(&production_code());
    let mut circles = BTreeSet::new();
    for start in edges.keys() {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&String> = edges[start].iter().collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(edges.get(next).into_iter().flatten());
            }
        }
        if reached.contains(start) {
            circles.insert(start.clone());
        }
    }
    assert!(circles.is_empty(), "these import each other in a circle: {circles:#?}");
}

#[test]
fn only_some_modules_use_the_network_sql_the_clock_and_tasks() {
    let mut wrong = Vec::new();
    for (file, code) in production_code() {
        for (paths, allowed, reason) in BOUNDARIES {
            if allowed.iter().any(|pattern| matches(pattern, &file)) {
                continue;
            }
            for (number, line) in code.lines().enumerate() {
                if let Some(path) = paths.iter().find(|path| mentions(line, path)) {
                    wrong.push(format!("src/{file}:{} uses `{path}`: {reason}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_begin_with_what_they_are() {
    let mut wrong = Vec::new();
    for (file, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("//! ") {
            wrong.push(format!("src/{file} does not begin with a //! sentence"));
        }
        let lines = before_tests(&text).lines().count();
        if lines > MAX_FILE_LINES && !is_test_file(&file) {
            wrong.push(format!("src/{file} has {lines} lines before its tests: at most {MAX_FILE_LINES}"));
        }
        let empty_names = ["util", "utils", "helper", "helpers", "common", "misc"];
        if Path::new(&file).with_extension("").iter().any(|part| empty_names.iter().any(|name| part == *name))
        {
            wrong.push(format!("src/{file} has a name that does not say what it holds"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Files whose `{:?}` goes into a digest, or is what tracing gives to its formatters, or is in a test.
const WITH_DEBUG_FORMS: &[&str] = &[
    "cli/logging.rs", "daemon/config_digest.rs", "feed/dates/languages.rs", "filter/compile.rs",
    "ingest/health.rs", "publish/outputs.rs", "publish/render.rs",
];

/// What Rust prints of a value for programmers is for no user, nor for a log.
#[test]
fn no_message_has_a_form_for_programmers() {
    let mut wrong = Vec::new();
    let is_looked_at =
        |file: &str| !is_test_file(file) && !file.ends_with("_tests.rs") && !WITH_DEBUG_FORMS.contains(&file);
    for (file, path) in files().into_iter().filter(|(file, _)| is_looked_at(file)) {
        let text = fs::read_to_string(path).unwrap();
        for (number, line) in before_tests(&text).lines().enumerate() {
            let is_field =
                line.contains("tracing::") && [" ?", "(?", "= ?"].iter().any(|form| line.contains(form));
            if line.contains(":?}") || line.contains(":#?}") || is_field {
                wrong.push(format!("src/{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_a_module_of_its_parent() {
    let all = files();
    let mut wrong = Vec::new();
    for file in
        all.keys().filter(|file| !["lib.rs", "main.rs"].contains(&file.as_str()) && !is_test_file(file))
    {
        let mut module = module_path(file);
        let name = module.pop().unwrap();
        let parent = module.join("/");
        let candidates = [format!("{parent}.rs"), format!("{parent}/mod.rs"), "lib.rs".to_owned()];
        let declares = |candidate: &String| {
            all.get(candidate).is_some_and(|path| {
                let text = fs::read_to_string(path).unwrap();
                text.lines().any(|line| line.trim_end().ends_with(&format!("mod {name};")))
            })
        };
        if !candidates.iter().any(declares) {
            wrong.push(format!("src/{file} is compiled nowhere: no `mod {name};` in its parent"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn functions_are_short_and_take_few_parameters() {
    let mut wrong = Vec::new();
    for (file, code) in production_code() {
        for function in functions(&code) {
            let place = format!("src/{file}:{} `{}`", function.line, function.name);
            if function.lines > MAX_FUNCTION_LINES {
                wrong.push(format!("{place} has {} lines: at most {MAX_FUNCTION_LINES}", function.lines));
            }
            if function.parameters > MAX_PARAMETERS {
                wrong.push(format!(
                    "{place} has {} parameters: at most {MAX_PARAMETERS}",
                    function.parameters
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn names_are_standard_terms() {
    let mut wrong = Vec::new();
    for (file, code) in production_code() {
        for part in module_path(&file).iter().flat_map(|part| identifier_words(part)) {
            if PRIVATE_WORDS.contains(&part.as_str()) {
                wrong.push(format!("src/{file}: `{part}` is no standard term"));
            }
        }
        for (number, line) in code.lines().enumerate() {
            for word in identifier_words(line) {
                if PRIVATE_WORDS.contains(&word.as_str()) {
                    wrong.push(format!("src/{file}:{}: `{word}` is no standard term", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_type_has_a_name_of_its_own() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, code) in production_code() {
        for (line, name) in types(&code) {
            places.entry(name).or_default().push(format!("src/{file}:{line}"));
        }
    }
    places.retain(|name, places| places.len() > 1 && !FAMILIES.contains(&name.as_str()));
    assert!(places.is_empty(), "types that share a name: {places:#?}");
}

#[test]
fn every_spelling_of_an_import_is_read() {
    let code = "use crate::{store::{self, Options}, entry::Entry};\nfn f() { crate::serve::x(); }\n\
                pub use crate :: filter::Query;\nuse crate::config as c;\n// crate::daemon is a comment\n\
                let s = \"crate::cli\"; use super::super::text::{language, tokens::Tokens};";
    let module = ["publish".to_owned(), "select".to_owned()];
    let found: Vec<String> = imported_modules(&stripped(code), &module).into_iter().collect();
    assert_eq!(found, ["config", "entry", "filter", "serve", "store", "text"]);
}

#[test]
fn functions_are_measured() {
    let code = "impl A {\n    pub async fn f(&self, a: Vec<(u8, u8)>, b: impl Fn(u8) -> u8) -> u8 {\n        '{'\n    }\n}\nfn g();";
    let found = functions(&stripped(code));
    let seen: Vec<_> = found.iter().map(|f| (f.line, f.name.as_str(), f.parameters, f.lines)).collect();
    assert_eq!(seen, [(2, "f", 2, 3)]);
}

fn matches(pattern: &str, file: &str) -> bool {
    match pattern.strip_suffix("/*") {
        Some(folder) => file == format!("{folder}.rs") || file.starts_with(&format!("{folder}/")),
        None => match pattern.strip_suffix('*') {
            Some(stem) => file == format!("{stem}.rs") || file.starts_with(&format!("{stem}/")),
            None => file == pattern,
        },
    }
}

fn imported_modules(code: &str, module: &[String]) -> BTreeSet<String> {
    let first = own_paths(code, module).into_iter().filter_map(|path| path.into_iter().next());
    first.filter(|name| MODULES.contains(&name.as_str())).collect()
}

/// For each module (`store/sqlite/open`) the modules beside it (`store/sqlite/threads`) that it names, itself or through
/// what their common parent imports from them.
fn sibling_imports(code: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let modules: BTreeSet<Vec<String>> = code.keys().map(|file| module_path(file)).collect();
    let paths: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> =
        code.iter().map(|(file, code)| (module_path(file), own_paths(code, &module_path(file)))).collect();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, named) in &paths {
        for path in named {
            let shared = module.iter().zip(path).take_while(|(own, other)| own == other).count();
            let (Some(own), Some(other)) = (module.get(..=shared), path.get(..=shared)) else { continue };
            if modules.contains(other) && own != other {
                edges.entry(own.join("/")).or_default().insert(other.join("/"));
            }
        }
    }
    edges
}

#[test]
fn every_variable_that_the_code_reads_is_in_the_manual() {
    let manual = fs::read_to_string("src/cli/reference.txt").unwrap();
    let mut read = BTreeSet::new();
    for (_, path) in files().iter().filter(|(file, _)| !is_test_file(file)) {
        let text = fs::read_to_string(path).unwrap();
        let code = before_tests(&text);
        // The last two are the closures that read the variables of the config's paths.
        for call in ["env::var_os(\"", "env::var(\"", " path(\"", " home(\""] {
            read.extend(
                code.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
            );
        }
    }
    assert!(read.contains("SIFTWIRE_CONFIG") && read.contains("NO_COLOR") && read.len() > 6, "{read:?}");
    let missing: Vec<&String> = read
        .iter()
        .filter(|name| !manual.lines().any(|line| line.starts_with(&format!("{name}: "))))
        .collect();
    assert!(missing.is_empty(), "src/cli/reference.txt does not name {missing:?}");
}
