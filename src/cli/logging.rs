//! The log: lines on a terminal, records with fields in the journal. Door: standard error, the journal's
//! socket. Whatever feeds put into a field, no control character gets through.

#![allow(clippy::disallowed_methods, reason = "what standard error is, is asked of its file")]

use std::fmt::{self, Write as _};
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal;

/// Where journald listens (systemd.io/JOURNAL_NATIVE_PROTOCOL).
const SOCKET: &str = "/run/systemd/journal/socket";

/// Longer values are cut: a datagram must fit into the socket's buffer.
const LONGEST: usize = 16 * 1024;

/// Fields whose words are several lines of our own making: a config's problems with their carets.
const OF_LINES: [&str; 2] = ["problems", "warnings"];

/// Begins to log. `RUST_LOG` chooses what. Under systemd events become journal records: level, message,
/// and each field under its own name; elsewhere lines on standard error.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let registry = tracing_subscriber::registry().with(filter);
    if let Some(socket) = journal_socket() {
        registry.with(Journal { socket, path: SOCKET.into() }).init();
        return;
    }
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .fmt_fields(debug_fn(|writer, field, value| field_in_line(writer, field, value)));
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        registry.with(lines.without_time()).init();
    } else {
        registry.with(lines).init();
    }
}

fn field_in_line(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let text = shown(field, value);
    match field.name() {
        "message" => writer.write_str(&text),
        name if OF_LINES.contains(&name) => write!(writer, "\n{text}"),
        name => write!(writer, " {name}={text}"),
    }
}

fn shown(field: &Field, value: &dyn fmt::Debug) -> String {
    let text = format!("{value:?}");
    if OF_LINES.contains(&field.name()) {
        terminal::escape_lines(&text)
    } else {
        terminal::escape_line(&text)
    }
}

/// The journal's socket, if standard error goes to the journal: `$JOURNAL_STREAM` names its device and inode.
fn journal_socket() -> Option<UnixDatagram> {
    let named = std::env::var("JOURNAL_STREAM").ok()?;
    let about = std::fs::metadata("/proc/self/fd/2").ok()?;
    if named != format!("{}:{}", about.dev(), about.ino()) {
        return None;
    }
    UnixDatagram::unbound().ok()?.connect(SOCKET).ok()?;
    UnixDatagram::unbound().ok()
}

/// Events as records of the journal.
struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut record = Record(Vec::with_capacity(256));
        record.put("PRIORITY", priority(*event.metadata().level()));
        record.put("SYSLOG_IDENTIFIER", "siftwire");
        record.put("TARGET", event.metadata().target());
        let mut message = String::new();
        event.record(&mut Fields { record: &mut record, message: &mut message });
        record.put("MESSAGE", &message);
        // The address is looked up each time, so that a journal that was started anew is found. One that
        // takes nothing loses the record, as it would lose a line.
        let _ = self.socket.send_to(&record.0, &self.path);
    }
}

fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

struct Fields<'a> {
    record: &'a mut Record,
    message: &'a mut String,
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = shown(field, value);
        match field.name() {
            "message" => self.message.insert_str(0, &text),
            name => {
                // The message stands alone in most views, so it tells the fields too.
                let gap = if OF_LINES.contains(&name) { '\n' } else { ' ' };
                if gap == '\n' {
                    let _ = write!(self.message, ":\n{text}");
                } else {
                    let _ = write!(self.message, "{gap}{name}={text}");
                }
                self.record.put(&name.to_uppercase(), &text);
            }
        }
    }
}

/// Fields of the native protocol: a name, a length, a value.
struct Record(Vec<u8>);

impl Record {
    fn put(&mut self, name: &str, value: &str) {
        let mut end = value.len().min(LONGEST);
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        let value = &value[..end];
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'\n');
        self.0.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_how_long_each_value_is() {
        let mut record = Record(Vec::new());
        record.put("MESSAGE", "a\nb");
        assert_eq!(record.0, b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n");
    }

    #[test]
    fn an_event_becomes_one_record_with_its_level_and_fields_and_nothing_raw() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let journal = UnixDatagram::bind(&path).expect("a socket");
        let socket = UnixDatagram::unbound().expect("a socket");
        let subscriber = tracing_subscriber::registry().with(Journal { socket, path });
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(source = "a", outcome = "x\u{1b}[2J\ny", "poll failed");
        });
        let mut heard = [0; 512];
        let n = journal.recv(&mut heard).expect("it is heard");
        let text = String::from_utf8_lossy(&heard[..n]);
        assert!(text.starts_with("PRIORITY\n\u{1}\0\0\0\0\0\0\x004\n"), "{text}");
        assert!(text.contains("\nSOURCE\n\u{1}\0\0\0\0\0\0\0a\n"), "{text}");
        assert!(text.contains("poll failed source=a outcome=x\\u{1b}[2J\\ny\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
