//! The pictures of README.md, taken of made-up news. `SIFTWIRE_EXPECT=1` writes them anew.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::origin::Origin;
use crate::program::{Home, eventually};

const NEWS: [(&str, &str, &[&str]); 4] = [
    (
        "caucasus-daily",
        "Caucasus Daily",
        &[
            "Yerevan opens its second metro line after ten years of work",
            "Border talks between Armenia and Azerbaijan go into a third day",
            "Tbilisi signs a rail agreement with its neighbours",
        ],
    ),
    (
        "northern-post",
        "The Northern Post",
        &[
            "Russia and Armenia agree on a new price for gas",
            "Moscow's theatres begin the season with three premieres",
        ],
    ),
    (
        "vestnik",
        "Вестник",
        &[
            "Армения и Россия обсудили железную дорогу",
            "В Ереване прошёл фестиваль документального кино",
            "Метель закрыла перевал на севере",
        ],
    ),
    (
        "lake-review",
        "Lake Review",
        &[
            "The trout of Lake Sevan are back, say Armenian biologists",
            "What an Armenian village learnt from its solar roofs",
        ],
    ),
];

fn publish() -> (Origin, Home, crate::program::Daemon) {
    let origin = Origin::start();
    let mut config = String::from(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org/\"\ntoken = \"only-for-this-test\"\n",
    );
    for (name, title, titles) in NEWS {
        let more = match name {
            "vestnik" => "Наш корреспондент рассказывает, что это значит для региона.",
            _ => "Our correspondent was there, and tells what it means for the region.",
        };
        let item = |title: &&str| {
            format!(
                "<item><title>{title}</title><link>https://{name}.example/{}</link>\
                 <description>{title}. {more}</description></item>",
                title.len()
            )
        };
        let items: String = titles.iter().map(item).collect();
        let path = format!("/{name}");
        let feed = format!("<rss version=\"2.0\"><channel><title>{title}</title>{items}</channel></rss>");
        origin.set(&path, 200, "application/rss+xml; charset=utf-8", feed);
        let url = origin.url(&path);
        config += &format!(
            "[[source]]\nname = \"{name}\"\ntitle = \"{title}\"\nurl = \"{url}\"\nallow_private = true\n"
        );
    }
    for (name, title, filter) in
        [("armenia", "Armenia", "@armenia"), ("armenia-russia", "Armenia and Russia", "@armenia AND @russia")]
    {
        config += &format!("[[output]]\nname = \"{name}\"\ntitle = \"{title}\"\nfilter = \"{filter}\"\n");
    }
    let home = Home::new(&config);
    let daemon = home.start();
    eventually("all entries", || {
        let count = |name: &str| daemon.get(&format!("/feeds/{name}.atom")).body.matches("</entry>").count();
        (count("armenia") == 7 && count("armenia-russia") == 2).then_some(())
    });
    (origin, home, daemon)
}

/// Chromium without a window, which gives up after a while.
fn chromium(profile: &Path) -> Command {
    let mut chromium = Command::new("timeout");
    chromium
        .args([
            "120",
            env!("SIFTWIRE_CHROMIUM"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args(["--disable-background-networking", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .env("HOME", profile);
    chromium
}

fn photograph(url: &str, file: &Path, profile: &Path) {
    let done = chromium(profile)
        .args(["--window-size=1000,720", "--virtual-time-budget=2000"])
        .arg(format!("--screenshot={}", file.display()))
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it runs");
    assert!(done.success(), "{url}: {done}");
}

/// Width and height of a PNG file.
fn size(file: &Path) -> (u32, u32) {
    let bytes = std::fs::read(file).expect("a picture");
    assert!(bytes.starts_with(b"\x89PNG\r\n") && bytes.len() > 20_000, "{file:?} shows something");
    let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    (number(16), number(20))
}

#[test]
#[cfg_attr(not(chromium), ignore = "needs Chromium: install it, or set CHROMIUM to its path")]
fn the_pictures_of_the_readme_can_be_taken() {
    let readme = std::fs::read_to_string("README.md").expect("the README");
    let (_origin, _home, daemon) = publish();
    let folder = tempfile::tempdir().expect("a folder");
    let try_path = "/try?q=@armenia+-biologists";
    for (name, path) in [("front.png", "/"), ("feed.png", "/feeds/armenia"), ("try.png", try_path)] {
        let file = folder.path().join(name);
        photograph(&format!("http://{}{path}", daemon.address()), &file, folder.path());
        assert_eq!(size(&file), (1000, 720));
        let shown = format!("docs/{name}");
        if std::env::var_os("SIFTWIRE_EXPECT").is_some() {
            std::fs::copy(&file, &shown).expect("it is written");
        }
        assert!(readme.contains(&format!("]({shown})")), "README.md shows {shown}");
        assert_eq!(size(Path::new(&shown)), (1000, 720));
    }
}
