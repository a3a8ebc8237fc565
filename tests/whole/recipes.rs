//! docs/recipes.md: each filter matches the titles that the page says it does, and the bot prints what is new.

use std::process::Command;

use serde_json::json;

use crate::origin::Origin;
use crate::program::{Home, eventually};
use crate::readme::blocks;

const RECIPES: &str = include_str!("../../docs/recipes.md");

fn recipes() -> Vec<&'static str> {
    RECIPES.split("\n## ").skip(1).collect()
}

#[test]
fn every_recipe_matches_what_it_says() {
    let recipes = recipes();
    assert_eq!(recipes.len(), 10);
    let mut cases_run = 0;
    for recipe in recipes {
        let config = blocks(recipe, "toml").concat();
        let output = config.split("[[output]]\nname = \"").nth(1).and_then(|rest| rest.split('"').next());
        let output = output.expect("an output");
        let lines: Vec<&str> = blocks(recipe, "text").iter().flat_map(|block| block.lines()).collect();
        if lines.is_empty() {
            assert!(!config.contains("filter"), "{recipe}");
            continue;
        }
        let case = |line: &&str| {
            let (sign, text) = line.split_once(' ').expect("a sign and a text");
            assert!(sign == "+" || sign == "-", "{line}");
            let (field, text) =
                text.strip_prefix('[').and_then(|rest| rest.split_once("] ")).unwrap_or(("title", text));
            let case =
                json!({ "id": text, "output": output, "entry": { field: text }, "expect": sign == "+" });
            format!("{case}\n")
        };
        let home = Home::new(&config);
        std::fs::write(home.path().join("cases"), lines.iter().map(case).collect::<String>())
            .expect("a file");
        let (code, _, words) = home.run(&["match", "cases"]);
        assert_eq!(code, Some(0), "{recipe}: {words}");
        cases_run += lines.len();
    }
    assert!(cases_run > 25, "{cases_run}");
}

#[test]
#[cfg_attr(not(python3), ignore = "there is no python3")]
fn the_bot_prints_each_entry_once() {
    let bot = recipes().last().copied().expect("a recipe");
    let origin = Origin::start();
    let feed = |titles: &[&str]| {
        let item = |title: &&str| {
            format!("<item><title>{title}</title><link>https://site.example/{}</link></item>", title.len())
        };
        format!(
            "<rss version=\"2.0\"><channel><title>T</title>{}</channel></rss>",
            titles.iter().map(item).collect::<String>()
        )
    };
    origin.set("/feed/", 200, "application/rss+xml", feed(&["An earthquake", "A quiet day"]));
    let config = blocks(bot, "toml").concat().replace("https://oc-media.org/feed/", &origin.url("/feed/"));
    let config = config.replace("[[output]]", "allow_private = true\n[[output]]");
    let home = Home::new(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n{config}"));
    let daemon = home.start();
    let script = blocks(bot, "python").concat().replace("127.0.0.1:8080", daemon.address());
    let run = || {
        let mut python = Command::new(env!("SIFTWIRE_PYTHON3"));
        let done = python.args(["-c", &script]).current_dir(home.path()).output().expect("python runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    };
    let published = |word: &str| daemon.get("/feeds/alerts.json").body.contains(word).then_some(());
    eventually("the first alert", || published("An earthquake"));
    assert_eq!(run(), "An earthquake https://site.example/13\n");
    assert_eq!(run(), "");
    origin.set(
        "/feed/",
        200,
        "application/rss+xml",
        feed(&["Evacuation of the valley", "An earthquake", "A quiet day"]),
    );
    assert_eq!(home.run(&["poll"]).0, Some(0));
    eventually("the second alert", || published("Evacuation"));
    assert_eq!(run(), "Evacuation of the valley https://site.example/24\n");
}
