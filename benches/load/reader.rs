//! Feed readers: keep-alive connections that request one path again and again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One response.
pub struct Response {
    pub status: u16,
    pub etag: String,
    pub length: usize,
}

/// A keep-alive connection.
pub struct Reader {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Reader {
    pub fn connect(address: &str) -> std::io::Result<Reader> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Reader { stream: BufReader::with_capacity(1 << 17, stream), body: Vec::new() })
    }

    /// Waits no longer than this for what comes.
    #[allow(dead_code, reason = "the bench of searches needs it")]
    pub fn set_timeout(&self, timeout: Duration) -> std::io::Result<()> {
        self.stream.get_ref().set_read_timeout(Some(timeout))
    }

    /// The body of the last response.
    #[allow(dead_code, reason = "the bench of searches needs it")]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Sends one request, with further header lines, each with its line break.
    pub fn get(&mut self, path: &str, headers: &str) -> std::io::Result<Response> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut response = Response { status: 0, etag: String::new(), length: 0 };
        let mut line = String::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let trimmed = line.trim_end();
            if trimmed.is_empty() {
                break;
            }
            if let Some(status) = trimmed.strip_prefix("HTTP/1.1 ") {
                response.status = status.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default();
            } else if let Some((name, value)) = trimmed.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => response.length = value.parse().unwrap_or_default(),
                    "etag" => response.etag = value.to_owned(),
                    _ => {}
                }
            }
        }
        if response.status != 304 {
            self.body.resize(response.length, 0);
            self.stream.read_exact(&mut self.body)?;
        }
        Ok(response)
    }
}

/// Sends requests over several connections for a time; returns the number of responses.
pub fn request_repeatedly(
    address: &str,
    path: &str,
    headers: &str,
    connections: usize,
    time: Duration,
) -> usize {
    let until = Instant::now() + time;
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(move || {
                    let Ok(mut reader) = Reader::connect(address) else { return 0 };
                    let mut responses = 0;
                    while Instant::now() < until && reader.get(path, headers).is_ok() {
                        responses += 1;
                    }
                    responses
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or(0)).sum()
    })
}
