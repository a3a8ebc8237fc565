//! Inputs that kill, hang or bloat other readers, made here and given to the built program, which has
//! little memory and little time for each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the program is started, and its input is files")]

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use shapes::{Shape, item, shapes};

#[path = "hostile/shapes.rs"]
mod shapes;

/// Kilobytes of address space: the program itself and its threads take a part of it.
const MEMORY: usize = 1_500_000;

/// Seconds of one processor: a debug build, on a machine that does other things.
const SECONDS: usize = 20;

/// The program with these words in this folder, under limits that the shell sets: the kernel ends what goes beyond
/// them, and that is no exit code.
fn limited(folder: &Path, words: &[&str], seconds: usize) -> Child {
    let limited = format!("ulimit -v {MEMORY} && ulimit -t {seconds} && exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_siftwire")])
        .args(words)
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for it: its exit code, what it printed.
fn ended(name: &str, mut program: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    program.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let mut errors = String::new();
    program.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let code = program.wait().unwrap().code();
    assert!(code.is_some(), "{name}: killed by a limit, or it aborted: {errors}");
    (code, said + &errors)
}

/// What the program says of a document.
fn inspect(name: &str, document: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("document"), document).unwrap();
    ended(name, limited(folder.path(), &["inspect", "--json", "document"], SECONDS))
}

fn nested(open: &str, close: &str, times: usize) -> String {
    item(&format!("{}{}", open.repeat(times), close.repeat(times)))
}

/// Each with the number of entries that must be read all the same, if any must.
fn documents() -> Vec<(&'static str, Vec<u8>, Option<usize>)> {
    let mut all: Vec<(&'static str, Vec<u8>, Option<usize>)> = Vec::new();
    let mut add = |name, text: String, entries| all.push((name, text.into_bytes(), entries));
    for times in [1_000, 100_000] {
        add("nested media:group", nested("<media:group>", "</media:group>", times), Some(1));
        add("nested media:content", nested("<media:content url='/a'>", "</media:content>", times), Some(1));
        add(
            "nested itunes:category",
            nested("<itunes:category text='a'>", "</itunes:category>", times),
            Some(1),
        );
        add("nested elements that nobody knows", nested("<x:y>", "</x:y>", times), Some(1));
        add("nested sources and authors", nested("<source><author><name>", "", times), None);
        add("elements that never end", item(&"<a>".repeat(times)), Some(1));
        add("texts that never end", item(&"<description>x".repeat(times)), Some(1));
        add("entries within each other", format!("<rss>{}", "<item><title>x".repeat(times)), None);
        add("channels within each other", format!("{}{}", "<channel>".repeat(times), item("")), Some(1));
        add(
            "nested html",
            item(&format!("<description>{}</description>", "&lt;div&gt;".repeat(times))),
            Some(1),
        );
    }
    add(
        "4,000 credits and 4,000 groups",
        {
            let (credits, groups) =
                ("<media:credit>Ann</media:credit>".repeat(4000), "<media:group/>".repeat(4000));
            item(&format!("<media:group>{credits}</media:group>{groups}"))
        },
        Some(1),
    );
    add("half a million enclosures", item(&"<enclosure url='a'/>".repeat(500_000)), Some(1));
    add("a duration of 20 digits", item("<itunes:duration>12345678901234567890</itunes:duration>"), Some(1));
    add(
        "an author with an address in another script",
        item("<author>\u{ab}press@example.ru\u{bb}</author>"),
        Some(1),
    );
    add("attributes without end", item(&format!("<enclosure {}/>", "a='1' ".repeat(500_000))), Some(1));
    add("a quote that never ends", item(&"<link href=\"".repeat(200_000)), None);
    add("a CDATA section that never ends", item(&"<title><![CDATA[".repeat(200_000)), None);
    add("comments that never end", item(&"<!--".repeat(1_000_000)), Some(1));
    add("doctypes that never end", format!("{}{}", "<!DOCTYPE x [".repeat(300_000), item("")), None);
    add(
        "prefixes without number",
        {
            let mut prefixes = String::new();
            (0..100_000)
                .for_each(|i| write!(prefixes, "<a xmlns:p{i}='http://www.w3.org/2005/Atom'/>").unwrap());
            item(&prefixes)
        },
        Some(1),
    );
    add(
        "bases within bases",
        {
            let mut entries = String::new();
            (0..100_000).for_each(|i| {
                write!(entries, "<entry xml:base='{i}/'><link xml:base='x/' href='a'/></entry>").unwrap()
            });
            format!("<feed xml:base='https://example.org/{}'>{entries}</feed>", "a/".repeat(1000))
        },
        None,
    );
    add(
        "references without number",
        item(&format!("<description>{}</description>", "&".repeat(5_000_000))),
        Some(1),
    );
    add("angle brackets", item(&"<".repeat(5_000_000)), None);
    add(
        "a billion laughs",
        format!(
            "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>{}",
            item("<description>&c;&c;&c;</description>")
        ),
        Some(1),
    );
    add(
        "4,000 authors and 4,000 items in JSON",
        {
            let (authors, items) =
                (vec!["{\"name\":\"Ann\"}"; 4000].join(","), vec!["{\"id\":\"1\"}"; 4000].join(","));
            format!("{{\"authors\":[{authors}],\"items\":[{items}]}}")
        },
        Some(4000),
    );
    add("JSON within JSON", format!("{{\"items\":{}", "[".repeat(1_000_000)), None);
    add("objects within JSON", "{\"items\":[".to_owned() + &"{\"a\":".repeat(500_000), None);
    add("numbers within JSON", format!("{{\"items\":[{}1]}}", "1,".repeat(2_000_000)), Some(0));
    add("an error that quotes the sender", format!("<{}>", "\u{1b}x".repeat(500_000)), None);
    all.push((
        "UTF-16BE that is declared utf-16",
        {
            let text = format!("<?xml version='1.0' encoding='utf-16'?>{}", item(""));
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        },
        Some(1),
    ));
    all.push((
        "windows-1251 that is declared past byte 64",
        {
            let text = format!(
                "<?xml version='1.0' {} encoding='windows-1251'?>{}",
                " ".repeat(100),
                item("<author>\u{42f}</author>")
            );
            encoding_rs::WINDOWS_1251.encode(&text).0.into_owned()
        },
        Some(1),
    ));
    all.push(("nothing but zero bytes", vec![0; 5_000_000], None));
    all.push(("nothing but bytes that are no text", vec![0xff; 5_000_000], None));
    all
}

/// Bytes of a document whose time is limited: nearly the most that a poll takes.
const LARGE: usize = 8_000_000;

/// Seconds of one processor for such a document, from the answer to the store. In a debug build the slowest shape takes
/// a fifth of it; what looks at all that follows, for each of its parts, takes ten times as much and more, however
/// fast it looks. So other programs on the machine, which the kernel does not count here, cannot decide.
const SECONDS_OF_A_LARGE: usize = 12;

/// Polls a document as the daemon would: read, made safe, compared, stored.
fn poll(shape: &Shape) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[[source]]\nname = \"one\"\nurl = \"http://{address}/\"\nallow_private = true\n[[output]]\nname = \"all\"\n"
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let document = shape.of_size(LARGE);
    let (code, said) = std::thread::scope(|scope| {
        scope.spawn(|| answer(&listener, &document));
        let program = limited(folder.path(), &["poll"], SECONDS_OF_A_LARGE);
        let ended = std::panic::catch_unwind(|| ended(shape.name, program));
        // Whoever still waits for a request gets none.
        drop(TcpStream::connect(address));
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    assert!(matches!(code, Some(0 | 1)) && !said.contains("fault of Siftwire"), "{}: {said}", shape.name);
    assert!(!said.contains("cannot connect"), "{}: {said}", shape.name);
}

/// Answers one request with a document.
fn answer(listener: &TcpListener, document: &[u8]) {
    let (mut client, _) = listener.accept().unwrap();
    let head = BufReader::new(&client).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    if head.count() > 0 {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", document.len());
        // The program may have been ended meanwhile.
        let _ = client.write_all(head.as_bytes()).and_then(|()| client.write_all(document));
    }
}

#[test]
fn the_time_that_a_document_takes_grows_as_its_size() {
    let shapes = shapes();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(shape) = shapes.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    poll(shape);
                }
            });
        }
    });
}

#[test]
fn no_document_kills_hangs_or_bloats_the_program() {
    for (name, document, entries) in documents() {
        let (code, said) = inspect(name, &document);
        assert!(matches!(code, Some(0 | 1)), "{name}: exit {code:?}");
        let answer: serde_json::Value =
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{name}: {error}"));
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.chars().count() <= 200 && !error.contains('\u{1b}'), "{name}: {error}");
        if let Some(entries) = entries {
            assert_eq!(answer["entries"].as_array().unwrap().len(), entries, "{name}: {error}");
        }
        assert!(said.len() <= 4 * document.len() + 2_000_000, "{name}: {} bytes said", said.len());
    }
}

#[test]
fn a_document_is_read_after_one_that_could_not_be() {
    let folder = tempfile::tempdir().unwrap();
    for (name, document) in [("bad", "<rss><channel><item><title>cut of".to_owned()), ("good", item(""))] {
        std::fs::write(folder.path().join(name), document).unwrap();
    }
    let (code, said) = ended("both", limited(folder.path(), &["inspect", "--json", "bad", "good"], SECONDS));
    let read: Vec<bool> = said
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?["ok"].as_bool())
        .collect();
    assert_eq!((code, read), (Some(1), vec![false, true]), "{said}");
}

#[test]
fn what_is_cut_is_said() {
    let problems = |text: &str| {
        let (_, said) = inspect("cut", text.as_bytes());
        let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
        (answer["entries"].as_array().unwrap().len(), answer["problems"].to_string())
    };
    let many = format!("<rss><channel>{}</channel></rss>", "<item><title>a</title></item>".repeat(6000));
    let (entries, said) = problems(&many);
    assert_eq!(entries, 5000);
    assert!(said.contains("only the first 5000 entries"), "{said}");
    let (_, said) = problems(&item(&"<media:content url='/a'/>".repeat(300)));
    assert!(said.contains("only the first 200"), "{said}");
}

#[test]
fn what_is_no_feed_says_what_it_is() {
    for (document, words) in [
        ("", "empty body"),
        (" \n\t", "empty body"),
        ("<!DOCTYPE html><html><body><p>Hello</p></body></html>", "an HTML page"),
        ("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "not a feed: <svg>"),
        ("hello", "not a feed: plain text"),
        ("{\"a\": 1}", "not a feed: JSON without `items`"),
        ("<rss><channel><item><title>cut of", "the feed has entries, but none could be read"),
    ] {
        let (code, said) = inspect(words, document.as_bytes());
        let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, answer["error"].as_str()), (Some(1), Some(words)));
    }
}

#[test]
fn a_document_of_the_largest_size_is_read_within_the_limits() {
    let entry = "<item><title>A title of usual length, with words</title><link>https://example.org/1</link>\
        <description>&lt;p&gt;Text &amp;amp; more text&lt;/p&gt;</description><guid>x</guid></item>";
    let feed = format!("<rss><channel>{}</channel></rss>", entry.repeat(10_000_000 / entry.len()));
    assert_eq!(inspect("large", feed.as_bytes()).0, Some(0));
}
