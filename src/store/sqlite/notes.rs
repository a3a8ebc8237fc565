//! Notes that the daemon leaves for `status`, and what waits. Part of the store's door.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::super::Note;
use super::{Error, Store, WAITING};

impl Store {
    /// How many commands and how many questions wait for the threads.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (WAITING - self.commands.capacity(), WAITING - self.questions.capacity())
    }

    /// Leaves a note, or takes it away.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn note(&self, note: Note, text: Option<String>) -> Result<(), Error> {
        self.command(move |c| keep(c, note, text.as_deref())).await
    }

    /// A note that was left.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn noted(&self, note: Note) -> Result<Option<String>, Error> {
        self.ask(move |c| kept(c, note)).await
    }
}

fn keep(c: &Connection, note: Note, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) => c
            .prepare_cached(
                "INSERT INTO note (name, text) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET text = excluded.text",
            )?
            .execute(params![name(note), text]),
        None => c.prepare_cached("DELETE FROM note WHERE name = ?1")?.execute([name(note)]),
    }
    .map(drop)
}

fn kept(c: &Connection, note: Note) -> Result<Option<String>> {
    c.prepare_cached("SELECT text FROM note WHERE name = ?1")?
        .query_row([name(note)], |row| row.get(0))
        .optional()
}

fn name(note: Note) -> &'static str {
    match note {
        Note::Config => "config",
        Note::Alive => "alive",
    }
}
