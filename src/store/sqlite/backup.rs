//! Backup and integrity check of the database. I/O: the database file and the copy.
#![allow(clippy::disallowed_methods, reason = "the store owns its files")]

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::super::error::{Error, recovery_advice};
use super::connection::inspect;
use super::damaged_rows::damaged_rows;
use super::files::{create_private_file, refuse_existing, with_suffix};

/// Maximum number of problems that [`check_integrity`] reports of each kind.
const MAX_PROBLEMS: u32 = 20;

/// Copies the store, as it is at one moment, into a new file. The file gets its name once its integrity is checked.
/// Readers and the writer are not blocked. Returns the size in bytes. Blocks the caller.
///
/// # Errors
/// The new file exists or cannot be written, or the copy is damaged.
pub fn backup(path: &Path, to: &Path) -> Result<u64, Error> {
    let source = inspect(path)?;
    refuse_existing(to)?;
    let part = with_suffix(to, ".part");
    create_private_file(&part).map_err(|e| Error::new(format!("cannot write {}: {e}", part.display())))?;
    let copy = || {
        let mut copy = Connection::open(&part)?;
        Backup::new(&source, &mut copy)?.step(-1)?;
        // One file without a log beside it.
        copy.pragma_update(None, "journal_mode", "delete")?;
        copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))
    };
    let verdict = copy().map_err(|e| Error::sql(format!("cannot copy to {}", to.display()), e));
    let result = verdict.and_then(|verdict| match &*verdict {
        "ok" => {
            publish_copy(&part, to).map_err(|e| Error::new(format!("cannot write {}: {e}", to.display())))
        }
        _ => {
            let advice = recovery_advice(path);
            Err(Error::new(format!("the copy is damaged: {verdict}. {advice}")))
        }
    });
    if result.is_err() {
        // An incomplete copy is of no use. The first error is the one to report.
        let _ = std::fs::remove_file(&part);
    }
    result
}

fn publish_copy(part: &Path, to: &Path) -> std::io::Result<u64> {
    let file = std::fs::File::open(part)?;
    file.sync_all()?;
    // Unlike a rename, a hard link does not replace a file that was created meanwhile.
    std::fs::hard_link(part, to).or_else(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::rename(part, to),
    })?;
    let _ = std::fs::remove_file(part);
    file.metadata().map(|metadata| metadata.len())
}

/// The problems of the database, for people; none if it is sound. Changes nothing. Blocks the caller.
///
/// # Errors
/// There is no such file.
pub fn check_integrity(path: &Path) -> Result<Vec<String>, Error> {
    let connection = inspect(path)?;
    let list = |query: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(query)?.query_map([], |row| row.get(0))?.collect()
    };
    let mut problems = Vec::new();
    match list(&format!("PRAGMA integrity_check({MAX_PROBLEMS})")) {
        Ok(lines) => problems.extend(lines.into_iter().filter(|line| line != "ok")),
        Err(error) => problems.push(error.to_string()),
    }
    match list(&format!(
        "SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to a missing row of ' || parent
         FROM pragma_foreign_key_check LIMIT {MAX_PROBLEMS}"
    )) {
        Ok(lines) => problems.extend(lines),
        Err(error) if problems.is_empty() => problems.push(error.to_string()),
        Err(_) => {}
    }
    match damaged_rows(&connection) {
        Ok(rows) => problems.extend(
            rows.iter()
                .take(MAX_PROBLEMS as usize)
                .map(|row| format!("{} row {} is damaged and left out: {}", row.table, row.rowid, row.error)),
        ),
        Err(error) if problems.is_empty() => problems.push(error.to_string()),
        Err(_) => {}
    }
    Ok(problems)
}
