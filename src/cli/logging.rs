//! The log: lines on a terminal, records with fields in the journal. Control characters in fields, which may come
//! from feeds, are escaped. Writes to standard error or journald's socket.

#![allow(clippy::disallowed_methods, reason = "compares the file of standard error with $JOURNAL_STREAM")]

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal};
use std::os::unix::fs::MetadataExt;

use indicatif::ProgressBar;
use tracing::field::{Field, Value, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal;

/// Fields of several lines written by Siftwire itself: rendered diagnostics of a config.
const MULTI_LINE_FIELDS: [&str; 2] = ["problems", "warnings"];

/// Which messages are logged: as `--log` says, else `SIFTWIRE_LOG`, else `RUST_LOG`.
///
/// # Errors
/// The name of what is no level, with the reason.
pub fn filter(option: Option<&str>) -> Result<EnvFilter, String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (place, levels) = match (option, variable("SIFTWIRE_LOG"), variable("RUST_LOG")) {
        (Some(levels), ..) => ("--log", levels.to_owned()),
        (None, Some(levels), _) => ("SIFTWIRE_LOG", levels),
        (None, None, Some(levels)) => ("RUST_LOG", levels),
        (None, None, None) => return Ok(EnvFilter::new(LevelFilter::INFO.to_string())),
    };
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    // A word that is no level would be taken for the name of a module, and log nothing else.
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    match levels.split(',').find(|part| !part.contains('=') && !part.contains("::") && !is_level(part.trim()))
    {
        Some(word) => Err(format!("{place}: `{word}` is no level: write error, warn, info, debug or trace")),
        None => builder.parse(&levels).map_err(|error| format!("{place}: `{levels}`: {error}")),
    }
}

/// Starts logging. Under systemd events become journal records with a field for each
/// field of the event; otherwise they become lines on standard error.
pub fn start(filter: EnvFilter, bar: &ProgressBar) {
    let registry = tracing_subscriber::registry().with(filter);
    if let Some(journald) = journald_layer() {
        registry.with(Escaped(journald)).init();
        return;
    }
    let bar = bar.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || AboveBar(bar.clone()))
        .with_ansi(terminal::wants_colours(std::io::stderr().is_terminal()))
        .with_target(false)
        .fmt_fields(debug_fn(|writer, field, value| write_field(writer, field, value)));
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        registry.with(lines.without_time()).init();
    } else {
        registry.with(lines).init();
    }
}

/// Standard error, while a bar is its last line.
struct AboveBar(ProgressBar);

impl io::Write for AboveBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The journal, if standard error is connected to it: `$JOURNAL_STREAM` has its device and inode.
fn journald_layer() -> Option<tracing_journald::Layer> {
    let stream = std::env::var("JOURNAL_STREAM").ok()?;
    let metadata = std::fs::metadata("/proc/self/fd/2").ok()?;
    if stream != format!("{}:{}", metadata.dev(), metadata.ino()) {
        return None;
    }
    let priorities =
        PriorityMappings { info: Priority::Informational, debug: Priority::Debug, ..PriorityMappings::new() };
    let layer = tracing_journald::layer().ok()?;
    Some(
        layer
            .with_field_prefix(None)
            .with_syslog_identifier("siftwire".to_owned())
            .with_priority_mappings(priorities),
    )
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let text = escape(field, value);
    match field.name() {
        "message" => writer.write_str(&text),
        name if MULTI_LINE_FIELDS.contains(&name) => write!(writer, "\n{text}"),
        name => write!(writer, " {name}={text}"),
    }
}

fn escape(field: &Field, value: &dyn fmt::Debug) -> String {
    let text = format!("{value:?}");
    if MULTI_LINE_FIELDS.contains(&field.name()) {
        terminal::escape_lines(&text)
    } else {
        terminal::escape_line(&text)
    }
}

/// Passes spans and events on with control characters in their values escaped. The fields of an event are appended
/// to its message too, because most views of the journal show only that.
struct Escaped<L>(L);

impl<S, L> Layer<S> for Escaped<L>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        let mut fields = EscapedFields::default();
        attributes.record(&mut fields);
        let values = fields.values(metadata);
        let values = metadata.fields().value_set_all(&values);
        self.0.on_new_span(&Attributes::new(metadata, &values), id, context);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(metadata) = context.metadata(id) else { return };
        let mut fields = EscapedFields::default();
        record.record(&mut fields);
        let values = fields.values(metadata);
        let values = metadata.fields().value_set_all(&values);
        self.0.on_record(id, &Record::new(&values), context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut fields = EscapedFields::default();
        event.record(&mut fields);
        fields.append_to_message();
        let values = fields.values(metadata);
        let values = metadata.fields().value_set_all(&values);
        self.0.on_event(&Event::new(metadata, &values), context);
    }
}

/// The escaped values of an event's or a span's fields, by position and name.
#[derive(Default)]
struct EscapedFields(BTreeMap<usize, (&'static str, String)>);

impl EscapedFields {
    fn append_to_message(&mut self) {
        let mut suffix = String::new();
        for (name, text) in self.0.values().filter(|(name, _)| *name != "message") {
            // Writing to a string cannot fail.
            let _ = if MULTI_LINE_FIELDS.contains(name) {
                write!(suffix, ":\n{text}")
            } else {
                write!(suffix, " {name}={text}")
            };
        }
        if let Some((_, message)) = self.0.values_mut().find(|(name, _)| *name == "message") {
            message.push_str(&suffix);
        }
    }

    /// A value for each field of the callsite. `value_set_all`, which takes them, is hidden from tracing's
    /// documentation, as its macros are the usual callers; nothing else makes a set of values known at run time.
    fn values<'a>(&'a self, metadata: &Metadata<'_>) -> Vec<Option<&'a (dyn Value + 'a)>> {
        (0..metadata.fields().len())
            .map(|index| self.0.get(&index).map(|(_, text)| text as &dyn Value))
            .collect()
    }
}

impl Visit for EscapedFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.index(), (field.name(), escape(field, value)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Level;

    use super::*;

    /// Stands for the journal: keeps what it receives as text.
    #[derive(Clone, Default)]
    struct Received(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Received {
        fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
            attributes.record(&mut self.clone());
        }

        fn on_record(&self, _: &Id, record: &Record<'_>, _: Context<'_, S>) {
            record.record(&mut self.clone());
        }

        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            assert_eq!(*event.metadata().level(), Level::WARN);
            event.record(&mut self.clone());
        }
    }

    impl Visit for Received {
        fn record_str(&mut self, field: &Field, value: &str) {
            self.0.lock().expect("no panic").push(format!("{}={value}", field.name()));
        }

        fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
            panic!("{} is not a string", field.name());
        }
    }

    #[test]
    fn the_journal_gets_escaped_fields_and_a_message_that_repeats_them() {
        let received = Received::default();
        let subscriber = tracing_subscriber::registry().with(Escaped(received.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::warn_span!("poll", source = "a\u{7}", status = tracing::field::Empty);
            span.record("status", "b\u{1b}");
            tracing::warn!(count = 2, outcome = "x\u{1b}[2J\ny", problems = "1\n2\r", "poll failed");
        });
        let received = received.0.lock().expect("no panic");
        assert_eq!(
            *received,
            [
                "source=a\\u{7}",
                "status=b\\u{1b}",
                "message=poll failed count=2 outcome=x\\u{1b}[2J\\ny:\n1\n2\\r",
                "count=2",
                "outcome=x\\u{1b}[2J\\ny",
                "problems=1\n2\\r",
            ]
        );
    }
}
