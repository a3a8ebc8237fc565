//! Feed readers at the door: plain connections that ask for one address again and again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One answer.
pub struct Answer {
    pub status: u16,
    pub etag: String,
    pub length: usize,
}

/// A connection that is kept.
pub struct Reader {
    stream: BufReader<TcpStream>,
    rest: Vec<u8>,
}

impl Reader {
    pub fn connect(address: &str) -> std::io::Result<Reader> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Reader { stream: BufReader::with_capacity(1 << 17, stream), rest: Vec::new() })
    }

    /// Asks once, with more header lines, each ended.
    pub fn ask(&mut self, path: &str, headers: &str) -> std::io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut answer = Answer { status: 0, etag: String::new(), length: 0 };
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
                answer.status = status.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default();
            } else if let Some((name, value)) = trimmed.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => answer.length = value.parse().unwrap_or_default(),
                    "etag" => answer.etag = value.to_owned(),
                    _ => {}
                }
            }
        }
        if answer.status != 304 {
            self.rest.resize(answer.length, 0);
            self.stream.read_exact(&mut self.rest)?;
        }
        Ok(answer)
    }
}

/// Asks over so many connections for so long; answers how many answers came.
pub fn storm(address: &str, path: &str, headers: &str, connections: usize, time: Duration) -> usize {
    let until = Instant::now() + time;
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(move || {
                    let Ok(mut reader) = Reader::connect(address) else { return 0 };
                    let mut answers = 0;
                    while Instant::now() < until && reader.ask(path, headers).is_ok() {
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or(0)).sum()
    })
}
