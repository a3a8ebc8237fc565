//! What is special about a file: which one is refused, and who may read it.

use std::time::Duration;

use siftwire::store::{Options, StoreLocation, open};

use super::Home;

/// A database with these marks and one table, in this journal mode.
fn database(path: &std::path::Path, application_id: i32, version: i32, journal: &str) {
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.execute_batch(&format!(
        "PRAGMA journal_mode = {journal}; CREATE TABLE t (x); PRAGMA application_id = {application_id};
         PRAGMA user_version = {version}"
    ))
    .unwrap();
}

#[tokio::test]
async fn a_store_of_another_schema_is_refused_untouched() {
    const OURS: i32 = 0x5369_6674;
    for (application_id, version, reason) in [
        (0, 1, "older Siftwire (schema 1, this one uses "),
        (0, 10, "older Siftwire (schema 10,"),
        (OURS, 99, "older Siftwire (schema 99,"),
        (OURS, 900, "newer Siftwire (schema 900,"),
        (0, 0, "a database of another program"),
        (OURS, 0, "a database of another program"),
        (7, 100, "a database of another program"),
    ] {
        for journal in ["delete", "wal"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("store.db");
            let options = Options { location: StoreLocation::File(path.clone()), keep: Duration::ZERO };
            database(&path, application_id, version, journal);
            let before = std::fs::read(&path).unwrap();
            let refusal = open(&options).err().unwrap().to_string();
            let file = path.display().to_string();
            assert!(refusal.contains(reason), "{refusal}");
            assert!(refusal.contains(&format!("mv {file} {file}.old")), "{refusal}");
            let salvaged = siftwire::store::salvage(&options, &folder.path().join("new.db"));
            assert!(salvaged.unwrap_err().to_string().contains(reason));
            assert_eq!(std::fs::read(&path).unwrap(), before, "{reason}");
            let files: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
            assert!(files.iter().all(|file| file == "store.db" || file == "store.db.lock"), "{files:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_database_gets_its_tables() {
    let home = Home::new();
    std::fs::create_dir(home.0.path().join("deep")).unwrap();
    // State after a kill between creating the file and creating the tables.
    let raw = rusqlite::Connection::open(home.location().file().unwrap()).unwrap();
    raw.execute_batch("PRAGMA journal_mode = wal").unwrap();
    drop(raw);
    home.start().release_daemon_claims().await.unwrap();
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let store = home.start();
    store.release_daemon_claims().await.unwrap();
    for file in ["deep", "deep/store.db", "deep/store.db-wal"] {
        let mode = std::fs::metadata(home.0.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
}
