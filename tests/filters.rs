//! `siftwire match`: queries tested on entries from a file.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::disallowed_methods, reason = "cases are written to temporary folders")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Returns the exit code, the lines of standard output as JSON, and standard error.
fn run_cases(folder: &TempDir, cases: &str) -> (i32, Vec<Value>, String) {
    fs::write(folder.path().join("cases.jsonl"), cases).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_siftwire"))
        .args(["match", "cases.jsonl"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let results = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), results, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn each_case_returns_its_result_with_reasons() {
    let folder = TempDir::new().unwrap();
    let cases = r#"{"id": 1, "q": "title:border", "entry": {"title": "Border opens"}, "expect": true}
{"id": "two", "q": "border", "entry": {"title": "Boarding"}, "expect": 0}

{"id": 3, "q": "author:anna category:\"world news\" source:example site:example.org -lang:ru", "entry": {"author": "Anna B", "category": ["World News"], "feed": "Example", "link": "https://example.org/1", "lang": "en"}}
"#;
    let (code, results, stderr) = run_cases(&folder, cases);
    assert_eq!((code, stderr.as_str()), (0, "2 of 3 cases passed; 1 without `expect` tested nothing\n"));
    assert_eq!(results.len(), 3);
    assert_eq!(results[0]["id"], 1);
    assert_eq!(results[0]["matched"], true);
    assert_eq!(results[0]["why"][0]["term"], "title:border");
    assert_eq!(results[0]["why"][0]["found"], "Border");
    assert_eq!(results[1]["matched"], false);
    assert_eq!(results[1]["why"][0]["failed"], "`border` was not found");
    assert_eq!(results[2]["matched"], true);
    assert_eq!(results[2]["why"].as_array().unwrap().len(), 4);
}

#[test]
fn a_failed_expectation_or_an_invalid_case_fails_the_run() {
    let folder = TempDir::new().unwrap();
    let good = "{\"q\": \"a\", \"entry\": {\"title\": \"a\"}, \"expect\": true}\n";
    assert_eq!(run_cases(&folder, good).0, 0);
    let (code, results, stderr) = run_cases(&folder, &good.replace("true", "false"));
    assert_eq!((code, &results[0]["passed"]), (1, &Value::Bool(false)));
    assert!(stderr.contains("1 of 1 cases failed"), "{stderr}");
    let (code, results, _) = run_cases(&folder, &format!("{{\"q\": \"titel:a (\"}}\nnonsense\n{good}"));
    assert_eq!((code, results.len()), (1, 3));
    let error = results[0]["error"].as_str().unwrap();
    assert!(error.contains("did you mean `title:`?") && error.contains("a word is missing here"), "{error}");
    assert!(results[1]["error"].is_string());
    assert_eq!(results[2]["matched"], true);
}

#[test]
fn topics_of_the_config_can_be_used() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("config.toml"), "[topics]\nmine = \"border OR bridge\"\n").unwrap();
    let case = "{\"q\": \"@mine\", \"entry\": {\"summary\": \"<p>A bridge</p>\"}, \"expect\": true}";
    assert_eq!(run_cases(&folder, case).0, 0);
}

#[test]
fn latin_words_are_inflected_in_the_entry_and_config_languages() {
    let folder = TempDir::new().unwrap();
    let case = |lang: &str, title: &str, expect: bool| {
        format!("{{\"q\": \"cheval\", \"entry\": {{\"title\": \"{title}\"{lang}}}, \"expect\": {expect}}}\n")
    };
    let lang = |tag: &str| format!(", \"lang\": \"{tag}\"");
    let long = "The owners of the farm said that the chevaux were seen near the river on Monday morning";
    let cases = [
        case(&lang("fr"), "Les chevaux", true),
        case(&lang("fr-CA"), "Les chevaux", true),
        case(&lang("en"), "The chevaux", false),
        case(&lang("ru"), "The chevaux", false),
        case("", "Chevaux", true),
        case("", long, false),
    ];
    let (code, results, stderr) = run_cases(&folder, &cases.concat());
    assert_eq!((code, stderr.as_str()), (0, "6 of 6 cases passed\n"), "{results:#?}");
    let with_config = |tag: &str, expect: bool| {
        let config = format!("[[source]]\nurl = \"https://example.org/\"\nlang = \"{tag}\"\n");
        fs::write(folder.path().join("config.toml"), config).unwrap();
        run_cases(&folder, &case("", "Chevaux", expect)).0
    };
    assert_eq!((with_config("fr", true), with_config("de", false)), (0, 0), "the languages of the config");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs the labelled queries: set SIFTWIRE_SHARED to their folder")]
fn the_labelled_queries_match_as_expected() {
    let shared = Path::new(env!("SIFTWIRE_SHARED_FOLDER"));
    let cases = fs::read_to_string(shared.join("eval/matching/queries-dev.jsonl")).unwrap();
    // When they were labelled, `feed:` was another name of it.
    let cases = cases.replace("\"q\": \"feed:civilnet\"", "\"q\": \"source:civilnet\"");
    let (code, results, stderr) = run_cases(&TempDir::new().unwrap(), &cases);
    let failed: Vec<&Value> = results.iter().filter(|result| result["passed"] != true).collect();
    assert!(code == 0 && failed.is_empty(), "{stderr}{failed:#?}");
}

#[test]
fn unknown_keys_and_an_empty_file_are_errors_and_failures_are_told() {
    let folder = TempDir::new().unwrap();
    let cases = r#"{"q": "a", "note": "n", "category": "c", "entry": {"title": "a", "language": "en", "source": "s"}}
{"q": "a", "entry": {"titel": "a"}}
{"q": "a", "expected": true}
{"q": "war", "entry": {"title": "Wars end"}, "expect": false}
{"q": "war", "entry": {"title": "Peace"}, "expect": true}
{"q": "war", "output": "news"}
"#;
    let (code, results, stderr) = run_cases(&folder, cases);
    assert_eq!((code, results.len()), (1, 6));
    assert_eq!(results[0]["matched"], true);
    for (line, told) in [
        (2, "unknown field `titel`"),
        (3, "unknown field `expected`"),
        (4, "`war` should not match, but found Wars (war)"),
        (5, "`war` should match, but `war` was not found"),
        (6, "either `q` or `output`"),
    ] {
        let message = stderr.lines().find(|message| message.contains(&format!("line {line}: ")));
        assert!(message.is_some_and(|message| message.contains(told)), "{line}: {stderr}");
    }
    let (code, _, stderr) = run_cases(&folder, "\n\n");
    assert_ne!(code, 0);
    assert!(stderr.contains("cases.jsonl has no cases"), "{stderr}");
}

#[test]
fn a_case_may_test_the_filter_of_an_output() {
    let folder = TempDir::new().unwrap();
    let config = "[[source]]\nurl = \"https://example.org/feed\"\n[[output]]\nname = \"caucasus\"\nfilter = \"@armenia\"\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let cases = r#"{"output": "caucasus", "entry": {"title": "Armenia votes"}, "expect": true}
{"output": "caucasus", "entry": {"title": "Paris votes"}, "expect": false}
{"output": "caucasu", "entry": {"title": "Paris votes"}}
"#;
    let (code, results, stderr) = run_cases(&folder, cases);
    assert_eq!(
        (code, &results[0]["passed"], &results[1]["passed"]),
        (1, &Value::Bool(true), &Value::Bool(true))
    );
    assert!(
        stderr.contains("line 3: the config has no output `caucasu` (did you mean `caucasus`?)"),
        "{stderr}"
    );
}

#[test]
fn a_mistake_in_a_case_is_told_in_plain_words() {
    for (line, told) in [
        ("{\"q\": \"a\", \"expect\": \"yes\"}", "`expect` is true or false"),
        ("{\"q\": \"a\", \"entry\": \"title\"}", "an object with the fields of an entry"),
        ("{\"q\": \"a\", \"entry\": {\"author\": 5}}", "a string or an array of strings"),
        ("5", "a case, an object with `q` or `output`"),
        ("{\"q\": \"a\", \"entry\": {\"lang\": \"english\"}}", "`english` is no language tag"),
    ] {
        let (code, _, stderr) = run_cases(&TempDir::new().unwrap(), line);
        assert!(
            code == 1 && stderr.contains(told) && stderr.matches("line").count() == 1,
            "{line}: {stderr}"
        );
    }
    let with_mark = "\u{feff}{\"q\": \"war\", \"entry\": {\"title\": \"War\"}, \"expect\": true}";
    assert_eq!(run_cases(&TempDir::new().unwrap(), with_mark).0, 0);
}
