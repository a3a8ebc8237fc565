//! A proxy on loopback that answers for any host as the test says, and remembers each request.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// A request that the proxy got.
#[derive(Clone, Debug)]
pub struct WebRequest {
    pub url: String,
    pub at: Instant,
    /// In lower case.
    pub head: String,
}

/// The head of a response without its status line, and its body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

#[derive(Default)]
struct WebState {
    answers: HashMap<String, Answer>,
    requests: Vec<WebRequest>,
}

pub struct Web {
    proxy: String,
    state: Arc<Mutex<WebState>>,
}

impl Web {
    pub fn start() -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        let state: Arc<Mutex<WebState>> = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // An error means that the client was killed, which tests do.
                std::thread::spawn(move || drop(serve(client, &state)));
            }
        });
        Web { proxy, state }
    }

    /// The config of a daemon that requests everything here, once a second.
    pub fn config(&self, rest: &str) -> String {
        let proxy = &self.proxy;
        format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\nadaptive = false\n\
             proxy = \"{proxy}\"\n{rest}"
        )
    }

    pub fn set(&self, url: &str, status: u16, head: &str, body: impl Into<String>) {
        let answer = Answer { status, head: head.to_owned(), body: body.into() };
        self.locked().answers.insert(url.to_owned(), answer);
    }

    pub fn html(&self, url: &str, body: impl Into<String>) {
        self.set(url, 200, "Content-Type: text/html; charset=utf-8\r\n", body);
    }

    /// A feed with an entry for each title and address.
    pub fn feed(&self, url: &str, entries: &[(&str, &str)]) {
        let items: String = entries
            .iter()
            .map(|(title, link)| {
                format!("<item><title>{title}</title><link>{link}</link><guid>{link}</guid></item>")
            })
            .collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>Paper</title>{items}</channel></rss>");
        self.set(url, 200, "Content-Type: application/rss+xml\r\n", feed);
    }

    pub fn requests(&self) -> Vec<WebRequest> {
        self.locked().requests.clone()
    }

    /// The requests for addresses with this in them.
    pub fn requests_for(&self, part: &str) -> Vec<String> {
        let requests = self.requests().into_iter().map(|request| request.url);
        requests.filter(|url| url.contains(part)).collect()
    }

    pub fn forget_requests(&self) {
        self.locked().requests.clear();
    }

    fn locked(&self) -> MutexGuard<'_, WebState> {
        self.state.lock().expect("no panic under the lock")
    }
}

fn serve(client: TcpStream, state: &Mutex<WebState>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut client = client;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let url = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut head = String::new();
        while reader.read_line(&mut head)? > 2 {}
        let answer = {
            let mut state = state.lock().expect("no panic under the lock");
            let request = WebRequest { url: url.clone(), at: Instant::now(), head: head.to_lowercase() };
            state.requests.push(request);
            state.answers.get(&url).cloned()
        };
        let Answer { status, head, body } =
            answer.unwrap_or(Answer { status: 404, head: String::new(), body: String::new() });
        let head = format!("HTTP/1.1 {status} Whatever\r\n{head}Content-Length: {}\r\n\r\n", body.len());
        client.write_all(head.as_bytes())?;
        client.write_all(body.as_bytes())?;
    }
}

/// A page with an article whose last paragraph is `words`.
pub fn page(title: &str, words: &str) -> String {
    let paragraph = |n: usize| {
        format!(
            "<p>Paragraph {n} of {title}: the ministers met in the afternoon, and a spokesman said that the talks about \
             trade, roads and water would go on next week, when all of the delegations will have returned.</p>"
        )
    };
    let paragraphs: String = (1..6).map(paragraph).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><nav><a href=\"/\">Home</a></nav>\
         <article><h1>{title}</h1>{paragraphs}<p>{words} That was said late \
         in the evening, when the delegations had left the hall and the press was let in.</p></article><footer>Contact</footer></body></html>"
    )
}
