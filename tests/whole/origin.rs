//! A loopback web server with documents set by the test. It answers conditional requests and counts requests.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A status for requests that are read and never answered.
pub const HANGS: u16 = 0;

/// The server. It runs until the process ends.
pub struct Origin {
    address: String,
    pages: Arc<Mutex<HashMap<String, OriginDocument>>>,
    /// The paths of requests for which there was no document.
    missing: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Default)]
struct OriginDocument {
    status: u16,
    body: Vec<u8>,
    content_type: String,
    version: u32,
    without_validators: bool,
    full: u32,
    unchanged: u32,
    /// The last request for it.
    #[cfg_attr(not(chromium), allow(dead_code, reason = "what a browser sends is looked at"))]
    head: String,
}

impl Origin {
    pub fn start() -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let pages: Arc<Mutex<HashMap<String, OriginDocument>>> = Arc::default();
        let missing: Arc<Mutex<Vec<String>>> = Arc::default();
        let (shared, shared_missing) = (Arc::clone(&pages), Arc::clone(&missing));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (pages, missing) = (Arc::clone(&shared), Arc::clone(&shared_missing));
                // An error means that the client was killed, which tests do.
                std::thread::spawn(move || drop(answer(client, &pages, &missing)));
            }
        });
        Origin { address, pages, missing }
    }

    /// The paths that were requested since [`Origin::forget_requests`] and have no document.
    pub fn requests_without_document(&self) -> Vec<String> {
        self.missing.lock().expect("no panic under the lock").clone()
    }

    pub fn forget_requests(&self) {
        self.missing.lock().expect("no panic under the lock").clear();
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Sets the document at a path.
    pub fn set(&self, path: &str, status: u16, content_type: &str, body: impl Into<Vec<u8>>) {
        let mut pages = self.pages.lock().expect("no panic under the lock");
        let page = pages.entry(path.to_owned()).or_default();
        *page = OriginDocument {
            status,
            body: body.into(),
            content_type: content_type.to_owned(),
            version: page.version + 1,
            without_validators: page.without_validators,
            full: 0,
            unchanged: 0,
            head: String::new(),
        };
    }

    /// From now on the path sends no validators, and always a full response.
    pub fn disable_validators(&self, path: &str) {
        self.pages
            .lock()
            .expect("no panic under the lock")
            .entry(path.to_owned())
            .or_default()
            .without_validators = true;
    }

    /// The number of full responses and of 304s since the document was set.
    pub fn responses(&self, path: &str) -> (u32, u32) {
        let pages = self.pages.lock().expect("no panic under the lock");
        pages.get(path).map_or((0, 0), |page| (page.full, page.unchanged))
    }

    /// The head of the last request for a document, as it came.
    #[cfg(chromium)]
    pub fn last_head(&self, path: &str) -> String {
        let pages = self.pages.lock().expect("no panic under the lock");
        pages.get(path).map_or_else(String::new, |page| page.head.clone())
    }
}

fn answer(
    client: TcpStream,
    pages: &Mutex<HashMap<String, OriginDocument>>,
    missing: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut client = client;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut condition = None;
        let mut head = request;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            head.push_str(&header);
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("if-none-match")
            {
                condition = Some(value.trim().to_owned());
            }
        }
        match pages.lock().expect("no panic under the lock").get_mut(&path) {
            Some(page) => page.head = head,
            None => missing.lock().expect("no panic under the lock").push(path.clone()),
        }
        let response = respond(&path, condition.as_deref(), pages);
        if response.is_empty() {
            // Keep the connection open until the client closes it.
            return reader.read_line(&mut String::new()).map(drop);
        }
        client.write_all(&response)?;
    }
}

fn respond(path: &str, condition: Option<&str>, pages: &Mutex<HashMap<String, OriginDocument>>) -> Vec<u8> {
    let mut pages = pages.lock().expect("no panic under the lock");
    let Some(page) = pages.get_mut(path) else {
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
    };
    let etag = format!("\"{path} v{}\"", page.version);
    if page.status == 200 && !page.without_validators && condition == Some(&etag) {
        page.unchanged += 1;
        return format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n").into_bytes();
    }
    page.full += 1;
    if page.status == HANGS {
        return Vec::new();
    }
    let validator = if page.without_validators { String::new() } else { format!("ETag: {etag}\r\n") };
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
