//! SQL of the notes that the daemon leaves for `status`. Part of the store's door.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::super::Note;

pub(super) fn note(c: &Connection, note: Note, text: Option<&str>) -> Result<()> {
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

pub(super) fn noted(c: &Connection, note: Note) -> Result<Option<String>> {
    c.prepare_cached("SELECT text FROM note WHERE name = ?1")?
        .query_row([name(note)], |row| row.get(0))
        .optional()
}

fn name(note: Note) -> &'static str {
    match note {
        Note::Config => "config",
    }
}
