//! A second copy by Litestream, with the shipped config: what is restored has all that was published.

use std::process::{Child, Command, Stdio};

use crate::origin::Origin;
use crate::program::{Home, eventually};

struct Litestream(Child);

impl Drop for Litestream {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn feed(entries: &[&str]) -> String {
    let item = |title: &&str| format!("<item><guid>{title}</guid><title>{title}</title></item>");
    let items: String = entries.iter().map(item).collect();
    format!("<rss version=\"2.0\"><channel><title>Site</title>{items}</channel></rss>")
}

fn litestream(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("SIFTWIRE_LITESTREAM"));
    command
        .args(arguments)
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null());
    command
}

#[test]
#[cfg_attr(not(litestream), ignore = "there is no litestream")]
fn a_store_restored_from_litestream_has_all_that_was_published() {
    let origin = Origin::start();
    origin.set("/feed", 200, "application/rss+xml", feed(&["First news"]));
    let config = format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"site\"\nallow_private = true\nurl = \"{}\"\n[[output]]\nname = \"all\"\n",
        origin.url("/feed")
    );
    let home = Home::new(&config);
    // The shipped config, with a folder in place of the other machine.
    let shipped = std::fs::read_to_string("contrib/litestream.yml").expect("the config");
    let store = home.store().display().to_string();
    let replica = home.path().join("replica").display().to_string();
    let shipped = shipped.replace("/var/lib/siftwire/siftwire.db", &store);
    let shipped =
        shipped.replace("url: sftp://siftwire@backup.example.org/srv/siftwire", &format!("path: {replica}"));
    let lines = shipped.lines().filter(|line| !line.contains("key-path"));
    let shipped = lines.flat_map(|line| [line, "\n"]).collect::<String>();
    std::fs::write(home.path().join("litestream.yml"), shipped).expect("a config");

    let daemon = home.start();
    eventually("the first entry", || daemon.get("/feeds/all.atom").body.contains("First news").then_some(()));
    let replicate = || {
        let mut command = litestream(&home, &["replicate", "-config", "litestream.yml"]);
        Litestream(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("litestream runs"))
    };
    let running = replicate();
    origin.set("/feed", 200, "application/rss+xml", feed(&["Second news", "First news"]));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    eventually("the second entry", || {
        daemon.get("/feeds/all.atom").body.contains("Second news").then_some(())
    });
    // It may be killed, and go on later with what came meanwhile.
    drop(running);
    origin.set("/feed", 200, "application/rss+xml", feed(&["Third news", "Second news", "First news"]));
    assert_eq!(home.run(&["poll"]).0, Some(0));
    eventually("the third entry", || daemon.get("/feeds/all.atom").body.contains("Third news").then_some(()));
    let published = daemon.get("/feeds/all.atom").body;
    let _running = replicate();

    let restored = Home::new(&config);
    eventually("a restored store with all entries", || {
        drop(std::fs::remove_file(restored.store()));
        let target = restored.store().display().to_string();
        let arguments = ["restore", "-config", "litestream.yml", "-o", &target, &store];
        let done = litestream(&home, &arguments).output().expect("litestream runs");
        let (_, shown, _) = restored.run(&["show", "all"]);
        (done.status.success() && shown.contains("Third news")).then_some(())
    });
    let (code, words, _) = restored.run(&["doctor"]);
    assert_eq!(code, Some(0), "{words}");
    // The address is another one; entries, ids and dates are the same.
    let entries = |document: &str| document.split_once("<entry>").map(|(_, entries)| entries.to_owned());
    let document = restored.start().get("/feeds/all.atom").body;
    assert_eq!(entries(&document), entries(&published));
}
