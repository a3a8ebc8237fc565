//! A PostgreSQL server for the tests of one process, with a database for each test.

pub mod proxy;

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

/// A server. It ends with this process.
#[allow(dead_code, reason = "some tests only keep the script open")]
pub struct Server {
    /// The script that runs it.
    pub input: ChildStdin,
    pub output: BufReader<ChildStdout>,
    /// The folder of its socket, as a URL has it.
    pub host: String,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| Server::start(&[]));

impl Server {
    /// Starts a server of its own, with arguments for the script.
    #[allow(clippy::zombie_processes, reason = "the script ends after this process")]
    pub fn start(arguments: &[&str]) -> Server {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/server.sh");
        let mut script = Command::new("sh")
            .args([script, env!("SIFTWIRE_POSTGRES")])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut output = BufReader::new(script.stdout.take().expect("a pipe"));
        let mut folder = String::new();
        output.read_line(&mut folder).expect("a line");
        assert!(!folder.trim().is_empty(), "the server does not start");
        let host = folder.trim().replace('/', "%2F");
        Server { input: script.stdin.take().expect("a pipe"), output, host }
    }
}

/// The client blocks, which it may not do on a thread of an async test.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("no panic"))
}

/// An empty database.
pub struct Database {
    /// Its address.
    pub url: String,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// Creates a database of its own.
    pub fn new() -> Database {
        Database::on(&SERVER)
    }

    /// The same on this server.
    pub fn on(server: &Server) -> Database {
        on_a_thread(|| Database::create(server))
    }

    fn create(server: &Server) -> Database {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let url = |name: &str| format!("postgres://siftwire@{}/{name}", server.host);
        let mut client = Client::connect(&url("postgres"), NoTls).expect("the server answers");
        client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
        Database { url: url(&name) }
    }

    /// A connection to it. It blocks.
    pub fn client(&self) -> Client {
        Client::connect(&self.url, NoTls).expect("the server answers")
    }

    /// Runs statements.
    #[allow(dead_code, reason = "some tests read only")]
    pub fn execute(&self, statements: &str) {
        on_a_thread(|| self.client().batch_execute(statements).expect("they run"));
    }

    /// References of rows to rows that are not there.
    pub fn dangling_references(&self) -> Vec<String> {
        on_a_thread(|| self.find_dangling_references())
    }

    fn find_dangling_references(&self) -> Vec<String> {
        let mut client = self.client();
        let references = [
            ("entry", "source", "source", "id"),
            ("key", "entry", "entry", "number"),
            ("former_title", "entry", "entry", "number"),
            ("article", "entry", "entry", "number"),
            ("story_join", "entry", "entry", "number"),
            ("dedup_features", "entry", "entry", "number"),
            ("dedup_hashes", "entry", "entry", "number"),
            ("membership", "entry", "entry", "number"),
            ("archive_entry", "entry", "entry", "number"),
        ];
        let find = |(table, column, parent, key): (&str, &str, &str, &str)| {
            let query = format!(
                "SELECT count(*) FROM siftwire.{table} WHERE {column} IS NOT NULL
                   AND {column} NOT IN (SELECT {key} FROM siftwire.{parent})"
            );
            let count: i64 = client.query_one(&query, &[]).expect("it is read").get(0);
            (count > 0).then(|| format!("{count} rows of {table} refer to a missing row of {parent}"))
        };
        references.into_iter().filter_map(find).collect()
    }
}
