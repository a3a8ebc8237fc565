//! A loopback web server that gives one prepared answer, whatever the path, and says what it sent.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What the next request is answered with.
#[derive(Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub content_type: &'static str,
    /// A request with this tag is answered 304.
    pub etag: Option<String>,
    /// The connection is closed before the end of the body.
    pub is_cut: bool,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Document,
    NotModified,
    Failure,
}

pub struct Server {
    pub address: String,
    state: Arc<Mutex<(Answer, Option<Sent>)>>,
}

impl Server {
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::<Mutex<(Answer, Option<Sent>)>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
                state.1 = serve(&client, &state.0).ok();
            }
        });
        Server { address, state }
    }

    pub fn prepare(&self, answer: Answer) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (answer, None);
    }

    /// What the request since [`Server::prepare`] was answered with.
    pub fn sent(&self) -> Option<Sent> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

fn half(body: &str) -> &str {
    body.get(..body.floor_char_boundary(body.len() / 2)).unwrap_or_default()
}

/// Answers one request, and closes the connection.
fn serve(mut client: &TcpStream, answer: &Answer) -> std::io::Result<Sent> {
    let head: Vec<String> =
        BufReader::new(client).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let tag = head.iter().find_map(|line| line.strip_prefix("if-none-match: "));
    let Answer { status, body, content_type, etag, is_cut } = answer;
    let is_known = *status == 200 && tag.is_some() && tag == etag.as_deref();
    let (status, body) = if is_known { (&304, "") } else { (status, body.as_str()) };
    let header = etag.as_ref().map(|tag| format!("ETag: {tag}\r\n")).unwrap_or_default();
    let (length, body) = (body.len(), if *is_cut { half(body) } else { body });
    write!(
        client,
        "HTTP/1.1 {status} x\r\n{header}Content-Type: {content_type}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    Ok(match status {
        304 => Sent::NotModified,
        200 if !is_cut => Sent::Document,
        _ => Sent::Failure,
    })
}
