//! What a PostgreSQL server refuses, and what the program says: the reason, what to do, and never a password.
#![cfg(postgres)]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use crate::program::{Home, eventually_within};
use crate::server::{Database, Server};

/// The folder of `tls/make.sh`.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/whole/tls");

fn home(url: &str, more: &str) -> Home {
    Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[[output]]\nname = \"all\"\n[store]\nurl = \"{url}\"\n{more}\n"
    ))
}

/// A command and the daemon say the same of a database that cannot be used.
#[track_caller]
fn is_refused(url: &str, more: &str, words: &str) {
    let home = home(url, more);
    for command in ["status", "run"] {
        let (code, _, said) = home.run(&[command]);
        assert_eq!(code, Some(1), "{command} {url}: {said}");
        assert!(said.contains(words), "{command} {url}: {said}");
        assert!(!said.contains("hidden") && !said.contains("db error"), "{command} {url}: {said}");
    }
}

#[test]
fn a_database_that_cannot_be_used_is_told_with_what_to_do() {
    let database = Database::new();
    let as_user = |user: &str| database.url.replace("siftwire@", &format!("{user}@"));
    let set_up = "CREATE ROLE poor LOGIN; CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on";
    database.client().batch_execute(set_up).unwrap();
    is_refused(
        &as_user("nobody:hidden"),
        "",
        "role \"nobody\" does not exist: the server lets this user not in",
    );
    is_refused(
        &format!("{}_not", database.url),
        "",
        "does not exist: an administrator of the server creates it",
    );
    is_refused(&as_user("poor:hidden"), "", "the right to create it: GRANT CREATE ON DATABASE");
    is_refused(&as_user("reader:hidden"), "", "is a standby, or read-only: name the primary");
    is_refused(
        "postgres://siftwire:hidden@127.0.0.1:1/news",
        "",
        "does PostgreSQL run there, and listen on this address?",
    );
    // With tables, as on a standby, it serves what is there.
    assert_eq!(home(&database.url, "").run(&["status"]).0, Some(0));
    let grant =
        "GRANT USAGE ON SCHEMA siftwire TO reader; GRANT ALL ON ALL TABLES IN SCHEMA siftwire TO reader";
    database.client().batch_execute(grant).unwrap();
    let daemon = home(&as_user("reader"), "").start();
    assert_eq!(daemon.get("/readyz").status, 503);
    assert_eq!(daemon.get("/").status, 200);
    let (_, log) = daemon.stop();
    assert!(log.contains("standby, or read-only: name the primary"), "{log}");
}

/// A server that wants TLS and passwords: `hidden` is that of `siftwire`, who owns the database `news`.
struct TlsServer {
    _server: Server,
    port: u16,
}

impl TlsServer {
    fn start() -> TlsServer {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let server = Server::start(&[&port.to_string(), CERTIFICATES]);
        let url = format!("postgres://siftwire@{}:{port}/postgres", server.host);
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.batch_execute("ALTER ROLE siftwire PASSWORD 'hidden'").unwrap();
        client.batch_execute("CREATE DATABASE news").unwrap();
        TlsServer { _server: server, port }
    }
}

#[test]
fn a_login_over_tls_checks_what_the_mode_says() {
    let server = TlsServer::start();
    let at = |host: &str, login: &str, parameters: &str| {
        format!("postgres://{login}@{host}:{}/news{parameters}", server.port)
    };
    let url = |parameters: &str| at("127.0.0.1", "siftwire:hidden", parameters);
    let root = format!("root_certificate = \"{CERTIFICATES}/root.pem\"");
    for (url, more) in [
        (url(""), String::new()),
        (url("?sslmode=require"), String::new()),
        (url("?sslmode=verify-full"), root.clone()),
        (url(&format!("?sslmode=verify-full&sslrootcert={CERTIFICATES}/root.pem")), String::new()),
        (at("127.0.0.1", "siftwire", ""), "password = \"hidden\"".to_owned()),
    ] {
        let (code, _, said) = home(&url, &more).run(&["status"]);
        assert_eq!(code, Some(0), "{url}: {said}");
    }
    is_refused(&url("?sslmode=disable"), "", "no encryption: the server lets this user not in from here");
    is_refused(
        &url("?sslmode=verify-full"),
        "",
        "signed by nobody that is trusted: name its authority as `root_certificate`",
    );
    let other = format!("root_certificate = \"{CERTIFICATES}/signed-by-itself.pem\"");
    is_refused(&url(""), &other, "signed by nobody that is trusted");
    is_refused(
        &at("localhost", "siftwire:hidden", ""),
        &root,
        "is for another name: name the server as its certificate does",
    );
    is_refused(&url(""), "root_certificate = \"none.pem\"", "none.pem: No such file");
    is_refused(&at("127.0.0.1", "siftwire:hidden2", ""), "", "the user or the password is wrong");
    is_refused(&at("127.0.0.1", "siftwire", ""), "", "the server wants a password, and there is none");
}

/// A command in a shell does not see the credential of the service.
#[test]
fn a_password_file_serves_where_the_credential_is_not_seen() {
    let server = TlsServer::start();
    let home = home(
        &format!("postgres://siftwire@127.0.0.1:{}/news", server.port),
        "password = { credential = \"database-password\" }",
    );
    let file = home.path().join("pgpass");
    std::fs::write(&file, "*:*:*:*:hidden\n").unwrap();
    let status = |mode| {
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        home.run_with(&["status"], &[("PGPASSFILE", &file)])
    };
    let (_, _, said) = status(0o644);
    let words = format!("does not count, since others can read it: chmod 600 {}", file.display());
    assert!(said.contains(&words), "{said}");
    let (code, _, said) = status(0o600);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn sizes_and_tools_are_those_of_the_database() {
    let database = Database::new();
    let home = home(&format!("{}?sslmode=prefer", database.url), "");
    let (code, out, _) = home.run(&["status"]);
    assert!(code == Some(0) && out.contains(" MiB\n") && !out.contains("write-ahead"), "{out}");
    let (code, _, said) = home.run(&["backup", "copy.dump"]);
    let (_, command) = said.split_once("its own tools: ").expect("a command");
    assert_eq!(code, Some(1));
    let folder = std::path::Path::new(env!("SIFTWIRE_POSTGRES")).canonicalize().unwrap();
    let tools = folder.parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let run = |command: &str| {
        let mut shell = std::process::Command::new("sh");
        let done = shell.args(["-c", command]).current_dir(home.path()).env("PATH", &path).output().unwrap();
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    };
    run(command);
    let restored = Database::new();
    run(&format!("pg_restore --no-owner --dbname='{}' copy.dump", restored.url));
    let (code, _, said) = home.run(&["doctor"]);
    let (_, command) = said.split_once("as an administrator of it: ").expect("a command");
    assert_eq!(code, Some(1));
    // The administrator of this server has another name.
    run(&command.replace("//postgres@", "//siftwire@"));
    home.configure(&format!("[store]\nurl = \"{}\"\n[[output]]\nname = \"all\"\n", restored.url));
    assert_eq!(home.run(&["status"]).0, Some(0));
}

/// A server that gives a login and says that it is this version.
fn old_server(version: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let parameter = |name: &str, value: &str| {
        let text = format!("{name}\0{value}\0");
        [b"S", &(text.len() as u32 + 4).to_be_bytes()[..], text.as_bytes()].concat()
    };
    let welcome = [
        b"R\0\0\0\x08\0\0\0\0".to_vec(),
        parameter("server_version", version),
        parameter("server_encoding", "UTF8"),
        b"Z\0\0\0\x05I".to_vec(),
    ]
    .concat();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            // It asks for TLS first.
            let _ = client.read(&mut buffer).and_then(|_| client.write_all(b"N"));
            let _ = client.read(&mut buffer).and_then(|_| client.write_all(&welcome));
            let _ = client.read(&mut buffer);
        }
    });
    port
}

#[test]
fn a_server_that_cannot_keep_the_store_is_refused_with_what_is_needed() {
    let database = Database::new();
    let port = old_server("14.9 (Debian 14.9-1)");
    is_refused(
        &format!("postgres://siftwire@127.0.0.1:{port}/news"),
        "",
        "it is PostgreSQL 14.9 (Debian 14.9-1); Siftwire needs 15 or later",
    );
    let latin = format!("{}_latin", database.url);
    let name = latin.rsplit('/').next().unwrap();
    database.execute(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0"));
    is_refused(&latin, "", "the encoding of the database is LATIN1, which cannot keep every text");
    database.execute("CREATE ROLE one LOGIN CONNECTION LIMIT 0");
    is_refused(&database.url.replace("siftwire@", "one@"), "", "raise max_connections there");
    let (code, _, said) =
        home(&format!("{}?target_session_attrs=standby", database.url), "").run(&["status"]);
    assert!(code == Some(2) && said.contains("target_session_attrs is read-write or any"), "{said}");
    // A role's own settings do not count.
    let name = database.url.rsplit('/').next().unwrap();
    database.execute(&format!("ALTER DATABASE {name} SET search_path = ''"));
    assert_eq!(home(&database.url, "").run(&["status"]).0, Some(0));
}

#[test]
fn of_several_servers_the_first_that_can_be_written_is_used() {
    let (standby, database) = (Server::start(&[]), Database::new());
    let (before, name) = database.url.rsplit_once('/').unwrap();
    let primary = before.split_once('@').unwrap().1;
    let url = format!("postgres://siftwire@{}/postgres", standby.host);
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    client.batch_execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).unwrap();
    let several = |hosts: &str, more: &str| format!("postgres://siftwire:hidden@{hosts}/{name}{more}");
    let all = format!("127.0.0.1:1,{},{primary}", standby.host);
    for more in ["", "?target_session_attrs=read-write"] {
        let (code, out, said) = home(&several(&all, more), "").run(&["status"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(out.contains(&all) && !out.contains("hidden"), "{out}");
    }
    let useless = format!("127.0.0.1:1,{}", standby.host);
    is_refused(&several(&useless, "?target_session_attrs=read-write"), "", "it is a standby, or read-only");
    is_refused(
        &several(&useless, "?target_session_attrs=read-write"),
        "",
        "127.0.0.1: the connection is refused",
    );
}

#[test]
fn a_daemon_goes_on_when_its_database_can_be_written_again() {
    let database = Database::new();
    let name = database.url.rsplit('/').next().unwrap().to_owned();
    let daemon = home(&database.url, "").start();
    let set = |what: &str| {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'siftwire' AND datname = current_database()";
        database.execute(&format!("BEGIN READ WRITE; ALTER DATABASE {name} {what}; COMMIT"));
        database.execute(cut);
    };
    let is_ready = |status: u16| {
        eventually_within(Duration::from_secs(60), "readiness", || {
            (daemon.get("/readyz").status == status).then_some(())
        });
    };
    set("SET default_transaction_read_only = on");
    is_ready(503);
    set("RESET default_transaction_read_only");
    is_ready(200);
    // As a disk does that is full.
    database.execute(
        "CREATE FUNCTION siftwire.no_room() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON siftwire.daemon_status
             FOR EACH ROW EXECUTE FUNCTION siftwire.no_room()",
    );
    is_ready(503);
    assert_eq!(daemon.get("/").status, 200);
    database.execute("DROP TRIGGER no_room ON siftwire.daemon_status");
    is_ready(200);
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("make room on the disk of the server"), "{log}");
    assert!(!log.contains("names its file"), "{log}");
}

#[test]
fn who_names_a_root_certificate_sends_no_password_without_encryption() {
    let root = format!("root_certificate = \"{CERTIFICATES}/root.pem\"");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://siftwire:hidden@{}/news", listener.local_addr().unwrap());
    // It says that it knows no encryption.
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = [0; 8];
        connection.read_exact(&mut request).unwrap();
        connection.write_all(b"N").unwrap();
        let mut more = Vec::new();
        let _ = connection.read_to_end(&mut more);
        more
    });
    assert_eq!(home(&url, &root).run(&["status"]).0, Some(1));
    assert_eq!(server.join().unwrap(), b"", "nothing was sent after the refusal");

    for mode in ["prefer", "disable"] {
        let (code, _, said) = home(&format!("{url}?sslmode={mode}"), &root).run(&["check"]);
        assert!(code == Some(2) && said.contains("would not be checked"), "{mode}: {said}");
    }
}

#[test]
fn a_new_password_counts_once_the_config_is_read_again() {
    let server = TlsServer::start();
    let home = home(
        &format!("postgres://siftwire@127.0.0.1:{}/news", server.port),
        "password = { file = \"password\" }\n[poll]\nevery = \"1h\"",
    );
    let write = |password: &str| {
        let path = home.path().join("password");
        std::fs::write(&path, password).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    write("hidden");
    let daemon = home.start();
    let url = format!("postgres://siftwire@{}:{}/postgres", server._server.host, server.port);
    let mut administrator = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    administrator.batch_execute("ALTER ROLE siftwire PASSWORD 'another'").unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'news'";
    administrator.batch_execute(cut).unwrap();
    let ready = |status: u16| (daemon.get("/readyz").status == status).then_some(());
    eventually_within(Duration::from_secs(60), "it cannot log in", || ready(503));
    write("another");
    daemon.signal("HUP");
    eventually_within(Duration::from_secs(60), "it logs in", || ready(200));
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_schema_that_an_administrator_has_made_is_used() {
    let database = Database::new();
    let set_up = "CREATE ROLE owner LOGIN; CREATE SCHEMA siftwire AUTHORIZATION owner;
                  ALTER ROLE owner SET default_transaction_isolation = serializable";
    database.client().batch_execute(set_up).unwrap();
    let home = home(&database.url.replace("siftwire@", "owner@"), "");
    assert_eq!(home.run(&["status"]).0, Some(0));
    let daemon = home.start();
    assert_eq!(daemon.get("/readyz").status, 200);
    assert_eq!(daemon.stop().0, Some(0));
}
