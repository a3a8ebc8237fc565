//! What the docs show is run.

use crate::program::Home;

const TESTING_FILTERS: &str = include_str!("../../docs/testing-filters.md");

/// The first block of a language.
fn block<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("a block");
    rest.split_once("```").expect("its end").0
}

#[test]
fn the_tests_for_filters_pass_as_they_are_shown() {
    let home = Home::new(block(TESTING_FILTERS, "toml"));
    std::fs::write(home.path().join("cases.jsonl"), block(TESTING_FILTERS, "jsonl")).expect("a file");
    let shell = block(TESTING_FILTERS, "sh").lines();
    let workflow =
        block(TESTING_FILTERS, "yaml").lines().filter_map(|line| line.trim().strip_prefix("- run: "));
    let commands: Vec<&str> =
        shell.chain(workflow).filter_map(|line| line.strip_prefix("siftwire ")).collect();
    assert_eq!(commands.len(), 4);
    let mut said = String::new();
    for command in commands {
        let (code, _, words) = home.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(code, Some(0), "{command}: {words}");
        said += &words;
    }
    assert!(said.contains("3 of 3 cases passed"), "{said}");
}
