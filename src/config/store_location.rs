//! Checks where the store is: `[store] path` or `url`. Reads the password through `secret`, else from a password file.
#![allow(clippy::disallowed_methods, reason = "reads the password file that PostgreSQL's own programs read")]

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::locate::{Environment, Surroundings};
use super::raw::RawStore;
use super::secret;
use super::toml_reader::Located;
use crate::source::Secret;
use crate::store::{Server, StoreLocation};

/// The store's file if the config names none.
pub(super) const DEFAULT_STORE: &str = "siftwire.db";

/// The file, or the database.
pub(super) fn check(
    raw: RawStore,
    directories: &Surroundings,
    diagnostics: &mut Vec<Diagnostic>,
) -> StoreLocation {
    let RawStore { path, url, password, root_certificate: root, .. } = raw;
    if let (Some(path), Some(_)) = (&path, &url) {
        diagnostics.push(
            Diagnostic::error(path.span.clone(), "[store] has both `path` and `url`")
                .label("the store is one file or one database")
                .hint("remove one of them; `siftwire store copy` moves what is kept"),
        );
    }
    let Some(Located { value: mut server, .. }) = url else {
        for span in [password.map(|key| key.span), root.map(|key| key.span)].into_iter().flatten() {
            diagnostics.push(
                Diagnostic::error(span, "this key of [store] is for a database")
                    .label("there is no `url`")
                    .hint("remove it, or write `url`"),
            );
        }
        let file = path.map_or_else(|| DEFAULT_STORE.to_owned(), |path| path.value);
        return StoreLocation::File(directories.state.join(file));
    };
    if let Some(source) = password
        && let Some(Secret(password)) = secret::read_or_report(&source, directories, diagnostics)
    {
        server.set_password(Some(password));
    }
    // Also for a command in a shell, which does not see the service's credential.
    add_stored_password(&mut server, directories.password_file.as_deref());
    if let Some(root) = root {
        server.set_root_certificate(&directories.config.join(root.value));
        if server.may_ignore_root_certificate() {
            diagnostics.push(
                Diagnostic::error(root.span, "this root certificate would not be checked")
                    .label("`sslmode` in `url` allows a connection without encryption")
                    .hint(
                        "write `sslmode=verify-full`, or none, which is the same beside a root certificate",
                    ),
            );
        }
    }
    StoreLocation::Server(Arc::new(server))
}

/// The store that a command line names: a file by its path, or a database by its URL.
///
/// # Errors
/// The URL is none of a database. It is not quoted, since it may have a password.
pub fn store_location(text: &str, environment: &Environment) -> Result<StoreLocation, String> {
    if !text.contains("://") && !text.starts_with("postgres:") && !text.starts_with("postgresql:") {
        return Ok(StoreLocation::File(environment.current_directory.join(text)));
    }
    let mut server: Server = text.parse().map_err(|reason| {
        format!("a database is named by a URL such as postgres://siftwire@db.example.org/siftwire: {reason}")
    })?;
    add_stored_password(&mut server, environment.password_file.as_deref());
    Ok(StoreLocation::Server(Arc::new(server)))
}

/// Where there is no other password. A password file that others can read does not count, as with PostgreSQL's own programs.
fn add_stored_password(server: &mut Server, file: Option<&Path>) {
    let Some(file) = file.filter(|_| server.password().is_none()) else { return };
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.mode() & 0o077 == 0 => server.set_password(stored_password(file, server)),
        Ok(_) => server.set_ignored_password_file(file),
        Err(_) => {}
    }
}

/// The password of a database in a password file (<https://www.postgresql.org/docs/15/libpq-pgpass.html>).
fn stored_password(file: &Path, server: &Server) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [host, port, database, user, password] = &fields[..] else { return None };
        server.is_meant_by([host, port, database, user]).then(|| password.clone())
    })
}

/// The fields of a line: parted by colons; a backslash takes a colon or a backslash literally.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = fields.last_mut().expect("there is always one");
        match character {
            '\\' => last.extend(characters.next()),
            ':' => fields.push(String::new()),
            other => last.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_file_has_the_password_of_the_first_line_that_fits() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pgpass");
        let text = "# a comment\nother:5432:news:siftwire:no\ndb.example:*:news:siftwire:a\\:b\\\\c\n/run/db:*:*:*:socket\n*:*:*:*:any\n";
        std::fs::write(&file, text).expect("it is written");
        let password = |mode: u32, url: &str| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
            let mut server = url.parse().expect("a server");
            add_stored_password(&mut server, Some(&file));
            server.password()
        };
        let ours = "postgres://siftwire@db.example:5433/news";
        assert_eq!(password(0o600, ours).as_deref(), Some("a:b\\c"));
        assert_eq!(password(0o600, "postgres://other@db.example/news").as_deref(), Some("any"));
        assert_eq!(password(0o600, "postgres://siftwire@%2Frun%2Fdb/news").as_deref(), Some("socket"));
        assert_eq!(password(0o644, ours), None, "others can read it");
    }
}
