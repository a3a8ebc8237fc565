//! Runs the program with little memory and CPU time on documents that crash, hang or bloat feed readers.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::disallowed_methods, reason = "starts the program and writes its input files")]

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use shapes::{Shape, item, shapes};

#[path = "hostile/shapes.rs"]
mod shapes;

/// Limit of address space, including the program and its threads.
const MAX_MEMORY_KB: usize = 1_500_000;

/// Limit of CPU time for a debug build.
const MAX_CPU_SECONDS: usize = 20;

/// Starts the program with limits set by the shell. The kernel kills a program that exceeds them, so it has no exit code.
fn start_limited(folder: &Path, arguments: &[&str], cpu_seconds: usize) -> Child {
    let limited = format!("ulimit -v {MAX_MEMORY_KB} && ulimit -t {cpu_seconds} && exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_siftwire")])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the program: its exit code, and its output with the errors last.
fn finish(name: &str, mut program: Child) -> (Option<i32>, String) {
    let mut output = String::new();
    program.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    let mut errors = String::new();
    program.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let code = program.wait().unwrap().code();
    assert!(code.is_some(), "{name}: killed by a limit or aborted: {errors}");
    (code, output + &errors)
}

/// Runs `siftwire inspect` on a document.
fn inspect(name: &str, document: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("document"), document).unwrap();
    finish(name, start_limited(folder.path(), &["inspect", "--json", "document"], MAX_CPU_SECONDS))
}

fn nested(open: &str, close: &str, times: usize) -> String {
    item(&format!("{}{}", open.repeat(times), close.repeat(times)))
}

/// Name, document, and the number of entries that must be read, if that is fixed.
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
        add("nested unknown elements", nested("<x:y>", "</x:y>", times), Some(1));
        add("nested sources and authors", nested("<source><author><name>", "", times), None);
        add("unclosed elements", item(&"<a>".repeat(times)), Some(1));
        add("unclosed texts", item(&"<description>x".repeat(times)), Some(1));
        add("nested entries", format!("<rss>{}", "<item><title>x".repeat(times)), None);
        add("nested channels", format!("{}{}", "<channel>".repeat(times), item("")), Some(1));
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
        "an email address next to another script",
        item("<author>\u{ab}press@example.ru\u{bb}</author>"),
        Some(1),
    );
    add("many attributes", item(&format!("<enclosure {}/>", "a='1' ".repeat(500_000))), Some(1));
    add("unclosed quotes", item(&"<link href=\"".repeat(200_000)), None);
    add("unclosed CDATA sections", item(&"<title><![CDATA[".repeat(200_000)), None);
    add("unclosed comments", item(&"<!--".repeat(1_000_000)), Some(1));
    add("unclosed doctypes", format!("{}{}", "<!DOCTYPE x [".repeat(300_000), item("")), None);
    add(
        "many prefixes",
        {
            let mut prefixes = String::new();
            (0..100_000)
                .for_each(|i| write!(prefixes, "<a xmlns:p{i}='http://www.w3.org/2005/Atom'/>").unwrap());
            item(&prefixes)
        },
        Some(1),
    );
    add(
        "nested xml:base values",
        {
            let mut entries = String::new();
            (0..100_000).for_each(|i| {
                write!(entries, "<entry xml:base='{i}/'><link xml:base='x/' href='a'/></entry>").unwrap()
            });
            format!("<feed xml:base='https://example.org/{}'>{entries}</feed>", "a/".repeat(1000))
        },
        None,
    );
    add("many ampersands", item(&format!("<description>{}</description>", "&".repeat(5_000_000))), Some(1));
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
    add("nested JSON lists", format!("{{\"items\":{}", "[".repeat(1_000_000)), None);
    add("nested JSON objects", "{\"items\":[".to_owned() + &"{\"a\":".repeat(500_000), None);
    add("JSON numbers", format!("{{\"items\":[{}1]}}", "1,".repeat(2_000_000)), Some(0));
    add("control characters in the error", format!("<{}>", "\u{1b}x".repeat(500_000)), None);
    all.push((
        "UTF-16BE declared as utf-16",
        {
            let text = format!("<?xml version='1.0' encoding='utf-16'?>{}", item(""));
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        },
        Some(1),
    ));
    all.push((
        "windows-1251 declared past byte 64",
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
    all.push(("only zero bytes", vec![0; 5_000_000], None));
    all.push(("only bytes that are not text", vec![0xff; 5_000_000], None));
    all
}

/// Just below the default limit of a poll.
const LARGE_BYTES: usize = 8_000_000;

/// CPU time to poll a document of [`LARGE_BYTES`]. In a debug build the slowest shape takes a fifth of it; a quadratic one
/// would take at least ten times as much. CPU time does not depend on other programs.
const MAX_POLL_CPU_SECONDS: usize = 12;

/// Polls a document as the daemon does: read, sanitize, compare, store.
fn poll(shape: &Shape) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[[source]]\nname = \"one\"\nurl = \"http://{address}/\"\nallow_private = true\n[[output]]\nname = \"all\"\n"
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let document = shape.document(LARGE_BYTES);
    let (code, output) = std::thread::scope(|scope| {
        scope.spawn(|| answer(&listener, &document));
        let program = start_limited(folder.path(), &["poll"], MAX_POLL_CPU_SECONDS);
        let finished = std::panic::catch_unwind(|| finish(shape.name, program));
        // Ends a server that still waits for a request.
        drop(TcpStream::connect(address));
        finished.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    assert!(matches!(code, Some(0 | 1)) && !output.contains("fault of Siftwire"), "{}: {output}", shape.name);
    assert!(!output.contains("cannot connect"), "{}: {output}", shape.name);
}

/// Answers one request with a document.
fn answer(listener: &TcpListener, document: &[u8]) {
    let (mut client, _) = listener.accept().unwrap();
    let head = BufReader::new(&client).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    if head.count() > 0 {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", document.len());
        // The program may have been killed.
        let _ = client.write_all(head.as_bytes()).and_then(|()| client.write_all(document));
    }
}

#[test]
fn every_shape_is_polled_in_linear_time() {
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
fn no_document_exceeds_the_limits() {
    for (name, document, entries) in documents() {
        let (code, output) = inspect(name, &document);
        assert!(matches!(code, Some(0 | 1)), "{name}: exit {code:?}");
        let answer: serde_json::Value =
            serde_json::from_str(&output).unwrap_or_else(|error| panic!("{name}: {error}"));
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.chars().count() <= 200 && !error.contains('\u{1b}'), "{name}: {error}");
        if let Some(entries) = entries {
            assert_eq!(answer["entries"].as_array().unwrap().len(), entries, "{name}: {error}");
        }
        // An ampersand of a text has five bytes in HTML.
        assert!(output.len() <= 5 * document.len() + 2_000_000, "{name}: {} bytes of output", output.len());
    }
}

#[test]
fn a_document_is_read_after_an_unreadable_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, document) in [("bad", "<rss><channel><item><title>cut of".to_owned()), ("good", item(""))] {
        std::fs::write(folder.path().join(name), document).unwrap();
    }
    let (code, output) =
        finish("both", start_limited(folder.path(), &["inspect", "--json", "bad", "good"], MAX_CPU_SECONDS));
    let read: Vec<bool> = output
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?["ok"].as_bool())
        .collect();
    assert_eq!((code, read), (Some(1), vec![false, true]), "{output}");
}

#[test]
fn skipped_parts_are_reported() {
    let problems = |text: &str| {
        let (_, output) = inspect("cut", text.as_bytes());
        let answer: serde_json::Value = serde_json::from_str(&output).unwrap();
        (answer["entries"].as_array().unwrap().len(), answer["problems"].to_string())
    };
    let many = format!("<rss><channel>{}</channel></rss>", "<item><title>a</title></item>".repeat(6000));
    let (entries, output) = problems(&many);
    assert_eq!(entries, 5000);
    assert!(output.contains("only the first 5000 entries"), "{output}");
    let (_, output) = problems(&item(&"<media:content url='/a'/>".repeat(300)));
    assert!(output.contains("only the first 200"), "{output}");
}

#[test]
fn the_error_says_what_the_document_is_instead() {
    for (document, expected) in [
        ("", "empty body"),
        (" \n\t", "empty body"),
        (
            "<!DOCTYPE html><html><body><p>Hello</p></body></html>",
            "an HTML page: `siftwire add URL` finds the feed of a page, whose address belongs in `url`",
        ),
        ("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "not a feed: <svg>"),
        ("hello", "not a feed: plain text"),
        ("{\"a\": 1}", "not a feed: JSON without `items`"),
        (
            "<rss><channel><item><title>cut of",
            "the feed has entries, but none could be read: the document is truncated in the first one",
        ),
    ] {
        let (code, output) = inspect(expected, document.as_bytes());
        let answer: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert_eq!((code, answer["error"].as_str()), (Some(1), Some(expected)));
    }
}

#[test]
fn a_document_of_maximum_size_is_read() {
    let entry = "<item><title>A title of usual length, with words</title><link>https://example.org/1</link>\
        <description>&lt;p&gt;Text &amp;amp; more text&lt;/p&gt;</description><guid>x</guid></item>";
    let feed = format!("<rss><channel>{}</channel></rss>", entry.repeat(10_000_000 / entry.len()));
    assert_eq!(inspect("large", feed.as_bytes()).0, Some(0));
}
