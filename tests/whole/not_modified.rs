//! Servers that answer 304 to the validators that they sent, whatever has come since.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::program::Home;

/// Starts a server whose feeds get one entry with each request, but which answers 304 to any condition.
fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let requests: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut lines =
                BufReader::new(stream.try_clone().expect("a socket")).lines().map_while(Result::ok);
            let path = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned));
            let path = path.unwrap_or_default();
            let head: Vec<String> =
                lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let count = {
                let mut requests = requests.lock().expect("no panic under the lock");
                let count = requests.entry(path.clone()).or_default();
                *count += 1;
                *count
            };
            let validator = match path.as_str() {
                "/future" => "Last-Modified: Sat, 16 Nov 2041 19:11:00 GMT",
                "/past" => "Last-Modified: Tue, 01 Jan 1980 00:00:01 GMT",
                _ => "ETag: \"x\"",
            };
            let answer = if head.iter().any(|line| line.starts_with("if-")) {
                format!("304 Not Modified\r\nConnection: close\r\n{validator}\r\n\r\n")
            } else {
                let items: String = (0..count)
                    .map(|n| {
                        format!("<item><title>Entry {n}</title><guid>g{n}</guid><pubDate>Sun, 01 Nov 2020 10:0{n}:00 GMT</pubDate></item>")
                    })
                    .collect();
                let body =
                    format!("<rss version=\"2.0\"><channel><title>Site</title>{items}</channel></rss>");
                format!(
                    "200 OK\r\nConnection: close\r\n{validator}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
        }
    });
    address
}

#[test]
fn a_server_that_answers_304_for_ever_is_read_all_the_same() {
    let origin = start();
    let source = |name: &str| {
        format!("[[source]]\nname = \"{name}\"\nurl = \"{origin}/{name}\"\nallow_private = true\n")
    };
    let home = Home::new(&format!(
        "{}{}{}[[output]]\nname = \"all\"\n",
        source("future"),
        source("past"),
        source("etag")
    ));
    let new_entries = |name: &str| {
        let (code, out, said) = home.run(&["poll", name]);
        assert_eq!(code, Some(0), "{out}{said}");
        format!("{out}{said}")
    };
    for name in ["future", "past"] {
        for _ in 0..2 {
            let said = new_entries(name);
            assert!(said.contains("1 new entry") || said.contains("1 new entries"), "{said}");
        }
    }
    // What an ETag hides is seen when the source has become silent: its first poll was a week ago.
    assert!(new_entries("etag").contains("1 read"));
    assert!(new_entries("etag").contains("1 not modified"));
    let store = rusqlite::Connection::open(home.store()).expect("it opens");
    let week_ago =
        "json_set(state, '$.last_success', '2020-11-01T10:00:00Z', '$.last_entry', '2020-11-01T10:00:00Z')";
    store.execute(&format!("UPDATE source SET state = {week_ago} WHERE name = 'etag'"), []).expect("a table");
    assert!(new_entries("etag").contains("1 read"));
    // The same ETag, and a new entry: it is not sent again.
    assert!(new_entries("etag").contains("1 read"));
}
