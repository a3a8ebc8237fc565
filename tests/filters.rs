//! Filters as a user tries them: the built binary, on entries of the user's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "cases are written to folders of their own")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Exit code, one object for each line of standard output, standard error.
fn run_cases(folder: &TempDir, cases: &str) -> (i32, Vec<Value>, String) {
    fs::write(folder.path().join("cases.jsonl"), cases).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_siftwire"))
        .args(["match", "cases.jsonl"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let lines = String::from_utf8(done.stdout).unwrap();
    let answers = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (done.status.code().unwrap(), answers, String::from_utf8(done.stderr).unwrap())
}

#[test]
fn cases_are_answered_with_their_reasons() {
    let folder = TempDir::new().unwrap();
    let cases = r#"{"id": 1, "q": "title:border", "entry": {"title": "Border opens"}, "expect": true}
{"id": "two", "q": "border", "entry": {"title": "Boarding"}, "expect": 0}

{"id": 3, "q": "author:anna category:\"world news\" feed:example site:example.org -lang:ru", "entry": {"author": "Anna B", "category": ["World News"], "feed": "Example", "link": "https://example.org/1", "lang": "en"}}
"#;
    let (code, answers, said) = run_cases(&folder, cases);
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["id"], 1);
    assert_eq!(answers[0]["matched"], true);
    assert_eq!(answers[0]["why"][0]["term"], "title:border");
    assert_eq!(answers[0]["why"][0]["found"], "Border");
    assert_eq!(answers[1]["matched"], false);
    assert_eq!(answers[1]["why"][0]["failed"], "`border` is not found");
    assert_eq!(answers[2]["matched"], true);
    assert_eq!(answers[2]["why"].as_array().unwrap().len(), 4);
}

#[test]
fn a_failed_expectation_or_an_unreadable_case_fails_the_run() {
    let folder = TempDir::new().unwrap();
    let good = "{\"q\": \"a\", \"entry\": {\"title\": \"a\"}, \"expect\": true}\n";
    assert_eq!(run_cases(&folder, good).0, 0);
    let (code, answers, said) = run_cases(&folder, &good.replace("true", "false"));
    assert_eq!((code, &answers[0]["passed"]), (1, &Value::Bool(false)));
    assert!(said.contains("1 of 1 cases failed"), "{said}");
    let (code, answers, _) = run_cases(&folder, &format!("{{\"q\": \"titel:a (\"}}\nnonsense\n{good}"));
    assert_eq!((code, answers.len()), (1, 3));
    let wrong = answers[0]["error"].as_str().unwrap();
    assert!(wrong.contains("did you mean `title:`?") && wrong.contains("a word is missing here"), "{wrong}");
    assert!(answers[1]["error"].is_string());
    assert_eq!(answers[2]["matched"], true);
}

#[test]
fn topics_of_the_config_can_be_tried() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("config.toml"), "[topics]\nmine = \"border OR bridge\"\n").unwrap();
    let case = "{\"q\": \"@mine\", \"entry\": {\"summary\": \"<p>A bridge</p>\"}, \"expect\": true}";
    assert_eq!(run_cases(&folder, case).0, 0);
}

#[test]
fn latin_words_get_the_forms_of_the_languages_that_are_named() {
    let folder = TempDir::new().unwrap();
    let case = |lang: &str, title: &str, expect: bool| {
        format!("{{\"q\": \"cheval\", \"entry\": {{\"title\": \"{title}\"{lang}}}, \"expect\": {expect}}}\n")
    };
    let lang = |tag: &str| format!(", \"lang\": \"{tag}\"");
    let long = "The owners of the farm said that the chevaux were seen near the river on Monday morning";
    let cases = [
        case(&lang("fr"), "Les chevaux", true),
        case(&lang("fr-CA"), "Les chevals", true),
        case(&lang("en"), "The chevaux", false),
        case(&lang("ru"), "The chevaux", false),
        case("", "Chevaux", true),
        case("", long, false),
    ];
    let (code, answers, said) = run_cases(&folder, &cases.concat());
    assert_eq!((code, said.as_str()), (0, ""), "{answers:#?}");
    let config = "[[source]]\nurl = \"https://example.org/\"\nlang = \"fr\"\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let (code, answers, _) = run_cases(&folder, &case(&lang("en"), "The chevaux", true));
    assert_eq!(code, 0, "the config's languages count too: {answers:#?}");
}

/// The labelled cases, where they are at hand.
#[test]
fn the_labelled_queries_are_answered_as_expected() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("SIFTWIRE_SHARED").map_or(beside, PathBuf::from);
    let Ok(cases) = fs::read_to_string(shared.join("eval/matching/queries-dev.jsonl")) else {
        eprintln!("skipped: no labelled queries (SIFTWIRE_SHARED names their folder)");
        return;
    };
    let (code, answers, said) = run_cases(&TempDir::new().unwrap(), &cases);
    let failed: Vec<&Value> = answers.iter().filter(|answer| answer["passed"] != true).collect();
    assert!(code == 0 && failed.is_empty(), "{said}{failed:#?}");
}
