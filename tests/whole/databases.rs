//! What a PostgreSQL server refuses, and what the program says: the reason, what to do, and never a password.
#![cfg(postgres)]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use crate::program::Home;
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
