//! Stands between a client and the server, and stops or cuts what goes through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Database;

/// What is cut.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every test cuts")]
pub enum Cut {
    /// The connection, before the server gets this.
    Before(&'static str),
    /// The connection, when the server has answered to this, and the client does not know it.
    After(&'static str),
    /// Nothing: all is held from here on.
    HoldBefore(&'static str),
}

#[derive(Default)]
struct State {
    /// Nothing goes through, in either direction, and nobody is told.
    held: AtomicBool,
    cut: Mutex<Option<Cut>>,
    cuts: AtomicU32,
}

/// A way to a server by TCP. It ends with this process.
pub struct Proxy {
    /// The address of the database by it.
    pub url: String,
    state: Arc<State>,
}

#[allow(dead_code, reason = "not every test uses all of it")]
impl Proxy {
    pub fn start(database: &Database) -> Proxy {
        let (folder, name) =
            database.url.split_once('@').and_then(|(_, rest)| rest.split_once('/')).expect("a URL");
        let socket = format!("{}/.s.PGSQL.5432", folder.replace("%2F", "/"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(&socket) else { continue };
                pass(&client, &server, &shared);
            }
        });
        Proxy { url: format!("postgres://siftwire@127.0.0.1:{port}/{name}"), state }
    }

    /// Lets nothing through, or again everything that came meanwhile.
    pub fn hold(&self, held: bool) {
        self.state.held.store(held, Ordering::SeqCst);
    }

    /// Cuts the next connection that does this.
    pub fn cut(&self, cut: Cut) {
        *self.state.cut.lock().expect("no panic") = Some(cut);
    }

    /// How many were cut.
    pub fn cuts(&self) -> u32 {
        self.state.cuts.load(Ordering::SeqCst)
    }
}

fn pass(client: &TcpStream, server: &UnixStream, state: &Arc<State>) {
    let copies = || (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    let is_cut = Arc::new(AtomicBool::new(false));
    let ((mut from, mut to), shared, cut) = (copies(), Arc::clone(state), Arc::clone(&is_cut));
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Some(bytes) = next(&mut from, &mut buffer, &shared) {
            let wanted = *shared.cut.lock().expect("no panic");
            let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            match wanted {
                Some(Cut::Before(text)) if has(text) => {
                    take_cut(&shared);
                    break;
                }
                Some(Cut::HoldBefore(text)) if has(text) => {
                    shared.held.store(true, Ordering::SeqCst);
                    take_cut(&shared);
                    while shared.held.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
                Some(Cut::After(text)) if has(text) => {
                    take_cut(&shared);
                    cut.store(true, Ordering::SeqCst);
                }
                _ => {}
            }
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
    let ((mut to, mut from), shared) = (copies(), Arc::clone(state));
    std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Some(bytes) = next(&mut from, &mut buffer, &shared) {
            if is_cut.load(Ordering::SeqCst) || to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

fn take_cut(state: &State) {
    *state.cut.lock().expect("no panic") = None;
    state.cuts.fetch_add(1, Ordering::SeqCst);
}

/// What comes next, when it is let through.
fn next<'b>(from: &mut impl Read, buffer: &'b mut [u8], state: &State) -> Option<&'b [u8]> {
    let length = from.read(buffer).ok().filter(|length| *length > 0)?;
    while state.held.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(&buffer[..length])
}
