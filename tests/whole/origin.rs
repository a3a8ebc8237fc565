//! A loopback web site whose documents the test sets: it answers conditional requests as servers
//! do, and counts what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Instead of a status: the request is read and never answered.
pub const HANGS: u16 = 0;

/// The site. It serves until the process ends.
pub struct Origin {
    address: String,
    pages: Arc<Mutex<HashMap<String, Page>>>,
}

#[derive(Clone, Default)]
struct Page {
    status: u16,
    body: Vec<u8>,
    content_type: String,
    version: u32,
    mute: bool,
    full: u32,
    unchanged: u32,
}

impl Origin {
    pub fn start() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let pages: Arc<Mutex<HashMap<String, Page>>> = Arc::default();
        let shared = Arc::clone(&pages);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let pages = Arc::clone(&shared);
                // A client that goes away, as a killed one does, concerns nobody.
                std::thread::spawn(move || drop(answer(client, &pages)));
            }
        });
        Origin { address, pages }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// From now on this is what stands at a path.
    pub fn set(&self, path: &str, status: u16, content_type: &str, body: impl Into<Vec<u8>>) {
        let mut pages = self.pages.lock().expect("no panic under the lock");
        let page = pages.entry(path.to_owned()).or_default();
        *page = Page {
            status,
            body: body.into(),
            content_type: content_type.to_owned(),
            version: page.version + 1,
            mute: page.mute,
            full: 0,
            unchanged: 0,
        };
    }

    /// From now on a path answers in full each time, without validators.
    pub fn mute(&self, path: &str) {
        self.pages.lock().expect("no panic under the lock").entry(path.to_owned()).or_default().mute = true;
    }

    /// How often it answered in full, and how often with 304, since it was last set.
    pub fn asked(&self, path: &str) -> (u32, u32) {
        let pages = self.pages.lock().expect("no panic under the lock");
        pages.get(path).map_or((0, 0), |page| (page.full, page.unchanged))
    }
}

fn answer(client: TcpStream, pages: &Mutex<HashMap<String, Page>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut client = client;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut condition = None;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("if-none-match")
            {
                condition = Some(value.trim().to_owned());
            }
        }
        let response = respond(&path, condition.as_deref(), pages);
        if response.is_empty() {
            // The client waits for an answer that never comes, until it goes away.
            return reader.read_line(&mut String::new()).map(drop);
        }
        client.write_all(&response)?;
    }
}

fn respond(path: &str, condition: Option<&str>, pages: &Mutex<HashMap<String, Page>>) -> Vec<u8> {
    let mut pages = pages.lock().expect("no panic under the lock");
    let Some(page) = pages.get_mut(path) else {
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
    };
    let etag = format!("\"{path} v{}\"", page.version);
    if page.status == 200 && !page.mute && condition == Some(&etag) {
        page.unchanged += 1;
        return format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n").into_bytes();
    }
    page.full += 1;
    if page.status == HANGS {
        return Vec::new();
    }
    let validator = if page.mute { String::new() } else { format!("ETag: {etag}\r\n") };
    let mut response = format!(
        "HTTP/1.1 {} Whatever\r\n{validator}Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
        page.status,
        page.content_type,
        page.body.len()
    )
    .into_bytes();
    response.extend_from_slice(&page.body);
    response
}
