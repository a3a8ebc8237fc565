//! The rows in the leaves of a damaged database's tables, whether or not a page still leads there. Door: the file,
//! page by page (<https://www.sqlite.org/fileformat2.html>, sections 1.5, 1.6 and 2.1).
#![allow(clippy::disallowed_methods, reason = "the store's files are the store's own")]

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::types::Value;

/// A row: its number and its columns.
pub(super) type Row = (i64, Vec<Value>);

/// Longer rows are damage.
const LONGEST: usize = 64 << 20;

/// The pages of a database.
pub(super) struct Pages {
    file: File,
    size: usize,
    usable: usize,
    /// How many there are.
    pub(super) count: u32,
    /// Those that held something once.
    free: HashSet<u32>,
}

impl Pages {
    /// Nothing where the file does not even begin as one.
    pub(super) fn open(path: &Path) -> Option<Pages> {
        let file = File::open(path).ok()?;
        let mut head = [0; 100];
        file.read_exact_at(&mut head, 0).ok()?;
        let size = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65536,
            size => usize::from(size),
        };
        if !head.starts_with(b"SQLite format 3\0") || size < 512 {
            return None;
        }
        let usable = size - usize::from(head[20]);
        let count = u32::try_from(file.metadata().ok()?.len() / size as u64).ok()?;
        let mut pages = Pages { file, size, usable, count, free: HashSet::new() };
        let mut next = number(&head, 32)?;
        while next != 0 && pages.free.insert(next) {
            let Some(trunk) = pages.read(next) else { break };
            let leaves = number(&trunk, 4)? as usize;
            pages.free.extend((0..leaves.min(size / 4)).filter_map(|n| number(&trunk, 8 + 4 * n)));
            next = number(&trunk, 0)?;
        }
        Some(pages)
    }

    fn read(&self, page: u32) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.size];
        let at = u64::from(page.checked_sub(1)?) * self.size as u64;
        self.file.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    }

    /// The rows of a page, if it is the leaf of a table; those that are damaged are left out.
    pub(super) fn rows(&self, page: u32) -> Vec<Row> {
        let head = if page == 1 { 100 } else { 0 };
        let Some(bytes) = self.read(page).filter(|_| !self.free.contains(&page)) else { return Vec::new() };
        if bytes.get(head) != Some(&0x0d) {
            return Vec::new();
        }
        let cells = short(&bytes, head + 3).unwrap_or(0);
        (0..cells).filter_map(|cell| self.row(&bytes, short(&bytes, head + 8 + 2 * cell)?)).collect()
    }

    fn row(&self, page: &[u8], mut at: usize) -> Option<Row> {
        let length = usize::try_from(varint(page, &mut at)?).ok().filter(|length| *length <= LONGEST)?;
        let number = varint(page, &mut at)?;
        Some((number, columns(&self.payload(page, at, length)?)?))
    }

    /// What of it stands on the page, and then from one overflow page to the next.
    fn payload(&self, page: &[u8], at: usize, length: usize) -> Option<Vec<u8>> {
        let most = self.usable.checked_sub(35)?;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = match length {
            _ if length <= most => length,
            _ => Some(least + (length - least) % (self.usable - 4))
                .filter(|here| *here <= most)
                .unwrap_or(least),
        };
        let mut payload = page.get(at..at + here)?.to_vec();
        let mut next = if here < length { number(page, at + here)? } else { 0 };
        while payload.len() < length {
            let more = self.read(next)?;
            let part = (length - payload.len()).min(self.usable - 4);
            payload.extend_from_slice(more.get(4..4 + part)?);
            next = number(&more, 0)?;
        }
        Some(payload)
    }
}

fn columns(record: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let head = usize::try_from(varint(record, &mut at)?).ok()?;
    let mut body = record.get(head..)?;
    let mut columns = Vec::new();
    while at < head {
        let kind = varint(record, &mut at)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((kind - 12) / 2).ok()?,
            _ => return None,
        };
        let (own, rest) = body.split_at_checked(length)?;
        body = rest;
        columns.push(match kind {
            0 => Value::Null,
            7 => Value::Real(f64::from_be_bytes(own.try_into().ok()?)),
            8 | 9 => Value::Integer(kind - 8),
            1..=6 => {
                let sign = if own.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
                Value::Integer(own.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
            }
            _ if kind % 2 == 0 => Value::Blob(own.to_vec()),
            _ => Value::Text(String::from_utf8(own.to_vec()).ok()?),
        });
    }
    body.is_empty().then_some(columns)
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Seven bits of each byte, all eight of a ninth.
fn varint(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut value: u64 = 0;
    for place in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if place == 8 {
            value = value << 8 | u64::from(byte);
        } else {
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    Some(value.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_kind_and_length_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db");
        let store = rusqlite::Connection::open(&path).expect("it opens");
        let long = "long ".repeat(5000);
        store.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, a, b, c)").expect("a table");
        let rows: Vec<Row> = [0, 1, -1, 127, -129, 70_000, -9_000_000, 3_000_000_000, i64::MIN, i64::MAX]
            .into_iter()
            .map(|number| {
                let other =
                    vec![Value::Null, Value::Integer(number), Value::Real(0.5), Value::Text(long.clone())];
                (number, other)
            })
            .collect();
        for (number, columns) in &rows {
            store
                .execute(
                    "INSERT INTO t VALUES (?1, ?2, ?3, ?4)",
                    rusqlite::params![number, columns[1], columns[2], columns[3]],
                )
                .expect("a row");
        }
        drop(store);
        let pages = Pages::open(&path).expect("it is one");
        let mut found: Vec<Row> = (2..=pages.count).flat_map(|page| pages.rows(page)).collect();
        let mut rows = rows;
        found.sort_by_key(|(number, _)| *number);
        rows.sort_by_key(|(number, _)| *number);
        assert_eq!(found, rows);
    }

    #[test]
    fn no_damage_is_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db");
        let store = rusqlite::Connection::open(&path).expect("it opens");
        store
            .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(9000)), ('x'), (1.5)")
            .expect("rows");
        drop(store);
        let sound = std::fs::read(&path).expect("it is read");
        for at in (0..sound.len()).step_by(11) {
            let mut damaged = sound.clone();
            damaged[at] = !damaged[at];
            std::fs::write(&path, &damaged).expect("it is ours");
            if let Some(pages) = Pages::open(&path) {
                (1..=pages.count.min(100)).for_each(|page| drop(pages.rows(page)));
            }
        }
    }
}
