//! Runs the built binary in a folder of its own, on a free port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long `eventually` waits.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A folder with a config.
pub struct Home {
    folder: tempfile::TempDir,
    /// The user that runs the program, if not the one of the test.
    user: Option<u32>,
}

impl Home {
    pub fn new(config: &str) -> Home {
        let home = Home { folder: tempfile::tempdir().expect("a folder"), user: None };
        home.configure(config);
        home
    }

    pub fn configure(&self, config: &str) {
        std::fs::write(self.path().join("config.toml"), config).expect("a config");
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn store(&self) -> PathBuf {
        self.path().join("siftwire.db")
    }

    /// As if the outputs had been configured two days ago: they are not new any more.
    pub fn age_outputs(&self) {
        let store = rusqlite::Connection::open(self.store()).expect("it opens");
        store.execute("UPDATE output SET since = since - 2 * 86400000", []).expect("a table");
    }

    /// Runs a command to its end: exit code, standard output, standard error.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        self.run_with(arguments, &[])
    }

    /// The same with environment variables.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> (Option<i32>, String, String) {
        let variables = variables.iter().copied();
        let done = self.command().args(arguments).envs(variables).output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (out, words) = (text(done.stdout), text(done.stderr));
        assert_eq!(debug_form(&words), None, "{arguments:?}: {words}");
        (done.status.code(), out, words)
    }

    /// Starts a command that runs on its own.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command();
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    }

    /// Starts the daemon and waits until it reports its address.
    pub fn start(&self) -> Daemon {
        self.start_with(&[])
    }

    /// The same with environment variables.
    pub fn start_with(&self, environment: &[(&str, &Path)]) -> Daemon {
        self.start_command(&[], environment)
    }

    /// The same with arguments.
    pub fn start_command(&self, arguments: &[&str], environment: &[(&str, &Path)]) -> Daemon {
        let mut command = self.command();
        command.args(arguments).envs(environment.iter().copied()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut log = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let mut output = String::new();
        let address = loop {
            let mut line = String::new();
            if log.read_line(&mut line).expect("UTF-8") == 0 {
                panic!("the daemon ended: {output}");
            }
            output.push_str(&line);
            assert_eq!(debug_form(&line), None, "{line}");
            if let Some((_, rest)) = line.split_once("siftwire is running: open http://") {
                break rest.split('/').next().expect("an address").to_owned();
            }
            // On a unix socket.
            if line.contains("siftwire is running on ") {
                break String::new();
            }
        };
        // Read to the end, so that the daemon never blocks on a full pipe.
        let log = std::thread::spawn(move || {
            drop(log.read_to_string(&mut output));
            output
        });
        Daemon { child, address, log: Some(log) }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_siftwire"));
        command.current_dir(self.path()).env_clear().env("HOME", self.path()).stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// From now on the program runs as an unprivileged user. False if that is not possible.
    pub fn is_nobodys(&mut self) -> bool {
        let nobody = 65534;
        let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(self.path()).status();
        self.user = Some(nobody);
        owned.is_ok_and(|done| done.success())
            && self.command().arg("--version").output().is_ok_and(|done| done.status.success())
    }
}

/// A part of a message that is in Rust's form for programmers (`{:?}`).
pub fn debug_form(words: &str) -> Option<&'static str> {
    const FORMS: [&str; 9] =
        ["Some(", "Ok(", "Err(", "Error(", "Error {", ": None,", "kind: ", "{ code:", "Utf8Error"];
    FORMS.into_iter().find(|form| words.contains(form))
}

/// A running daemon, killed when dropped.
pub struct Daemon {
    child: Child,
    address: String,
    log: Option<std::thread::JoinHandle<String>>,
}

/// A response of the daemon.
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }
}

/// Sends a request as it is, on a new connection.
pub fn exchange(mut stream: impl Read + Write, request: &str) -> Response {
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("a response");
    // An icon is no text.
    let response = String::from_utf8_lossy(&response);
    let (head, body) = response.split_once("\r\n\r\n").expect("a complete response");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Response { status, head: head.to_owned(), body: body.to_owned() }
}

impl Daemon {
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, "")
    }

    pub fn request(&self, method: &str, path: &str, headers: &str) -> Response {
        let host = &self.address;
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"))
    }

    /// Sends a request as it is.
    pub fn send(&self, request: &str) -> Response {
        exchange(TcpStream::connect(&self.address).expect("the daemon listens"), request)
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether it accepts connections.
    pub fn listens(&self) -> bool {
        TcpStream::connect(&self.address).is_ok()
    }

    /// Sends SIGTERM; returns the exit code and the log.
    pub fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let code = self.child.wait().expect("the process ends").code();
        (code, self.log.take().map(|log| log.join().expect("the request is sent")).unwrap_or_default())
    }

    /// Peak resident memory in bytes, since the start or [`Daemon::forget_peak`].
    pub fn peak(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux reports it");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("the process is ours");
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process ends");
    }

    pub fn signal(&self, name: &str) {
        // Every shell has `kill`; not every system has the program.
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.expect("a shell runs").success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Repeats a check until it returns something. The daemon does not signal that it is done.
#[track_caller]
pub fn eventually<T>(what: &str, check: impl FnMut() -> Option<T>) -> T {
    eventually_within(TIMEOUT, what, check)
}

/// The same, for what takes long.
pub fn eventually_within<T>(time: Duration, what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + time;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < deadline, "timed out: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
