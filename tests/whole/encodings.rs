//! Documents whose bytes are damaged, or whose encoding is unclear, do not spoil what is stored.

use serde_json::Value;

use crate::origin::Origin;
use crate::program::Home;

const RSS: &str = "application/rss+xml";

fn feed(declaration: &str, titles: &[&str]) -> String {
    let items: String = (1..)
        .zip(titles)
        .map(|(n, title)| {
            format!(
                "<item><title>{title}</title><guid>id-{n}</guid><link>https://site.example/{n}</link></item>"
            )
        })
        .collect();
    format!("{declaration}<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

#[test]
fn a_later_document_edits_no_stored_text_into_mojibake() {
    let utf8 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    let titles = ["Паром снова ходит", "El alcalde ordenó cerrar", "La información llegó"];
    let good = feed(utf8, &titles);
    let cut = {
        let bytes = good.as_bytes();
        let at = good.find(" ходит").expect("it is there") - 1;
        [&bytes[..at], &bytes[at + 1..]].concat()
    };
    let latin1 = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
    let cyrillic = feed(latin1, &["Паром снова ходит", "Another", "A third"]);
    let in_1251 = encoding_rs::WINDOWS_1251.encode(&cyrillic).0.into_owned();
    // Each is the document at the first poll, that at the second, and what then happened to the entries.
    let cases = [
        ("cut", good.clone().into_bytes(), cut, "0 edited, problems in the document: 1, 1 not edited"),
        ("mislabelled", good.into_bytes(), in_1251, "2 edited, 1 not edited"),
        (
            "twice",
            feed(utf8, &["x", "El alcalde ordenÃ³ cerrar", "La informaciÃ³n llegÃ³"]).into_bytes(),
            feed(utf8, &["x", "El alcalde ordenÃ³ cerrar", "Otra"]).into_bytes(),
            "1 edited, 1 not edited",
        ),
        (
            "corrected",
            feed(utf8, &["El alcalde ordenÃ³ cerrar"]).into_bytes(),
            feed(utf8, &["El alcalde ordenó cerrar"]).into_bytes(),
            "1 edited",
        ),
    ];
    let origin = Origin::start();
    let sources: String = cases
        .iter()
        .map(|(name, ..)| {
            let url = origin.url(&format!("/{name}"));
            format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nallow_private = true\n")
        })
        .collect();
    let home = Home::new(&format!("[poll]\nper_host = 20\n{sources}[[output]]\nname = \"all\"\n"));
    cases.iter().for_each(|(name, first, ..)| origin.set(&format!("/{name}"), 200, RSS, first.clone()));
    home.run(&["poll"]);
    cases.iter().for_each(|(name, _, second, _)| origin.set(&format!("/{name}"), 200, RSS, second.clone()));
    home.run(&["poll"]);
    let status: Value = serde_json::from_str(&home.run(&["status", "--json"]).1).expect("JSON");
    for (name, _, _, expected) in &cases {
        let source =
            status["sources"].as_array().expect("sources").iter().find(|source| source["name"] == *name);
        let outcome = source.expect("it is there")["outcome"].as_str().unwrap_or_default().to_owned();
        assert!(outcome.contains(expected), "{name}: {outcome}");
    }
    let shown = home.run(&["show", "all", "--format", "json"]).1;
    assert!(!shown.contains(['Ã', 'Ï']) && !shown.contains('\u{fffd}'), "{shown}");
    assert!(shown.contains("El alcalde ordenó cerrar") && shown.contains("Паром снова ходит"), "{shown}");
}
