//! Requests through a SOCKS5 server that really connects.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use siftwire::fetch::{Fetcher, Options};
use siftwire::source::{Failure, Proxy, SourceState};

use super::{ScriptedServer, answer, resolver, source, visit_with};

const USER: &str = "me";
const PASSWORD: &str = "p@ss:word";

/// The server: all destinations are `target`, as if it resolved their names.
struct Socks {
    address: SocketAddr,
    /// The destinations that clients named.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    fn start(target: SocketAddr, wants_login: bool, reply: u8) -> Socks {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                // An error means that the client left.
                let Ok(destination) = greet(&mut client, wants_login) else { continue };
                kept.lock().unwrap().push(destination);
                let _ = client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
                let Ok(server) = TcpStream::connect(target) else { continue };
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || io::copy(&mut from, &mut to));
                let (mut from, mut to) = (server, client);
                std::thread::spawn(move || io::copy(&mut from, &mut to));
            }
        });
        Socks { address, asked }
    }

    async fn fetch(&self, scheme: &str, login: &str) -> Result<(), Failure> {
        let mut source = source(&"http://feeds.example.org/feed".parse().unwrap());
        source.access.allow_private = false;
        let url = format!("{scheme}://{login}{}", self.address);
        source.access.proxy = Some(Proxy(url.parse().unwrap()));
        let fetcher = Fetcher::with_lookup(&Options::default(), resolver(&[&["93.184.216.34"]]).0);
        visit_with(&fetcher, &source, &SourceState::default()).await.response.map(drop)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// RFC 1928 and RFC 1929, up to the destination.
fn greet(client: &mut TcpStream, wants_login: bool) -> io::Result<String> {
    let [_version, methods] = bytes(client)?;
    text(client, methods)?;
    client.write_all(&[5, if wants_login { 2 } else { 0 }])?;
    if wants_login {
        let [_version, length] = bytes(client)?;
        let user = text(client, length)?;
        let [length] = bytes(client)?;
        let is_known = user == USER && text(client, length)? == PASSWORD;
        client.write_all(&[1, u8::from(!is_known)])?;
    }
    let [_version, _command, _reserved, kind] = bytes(client)?;
    let host = match kind {
        1 => IpAddr::from(bytes::<4>(client)?).to_string(),
        3 => {
            let [length] = bytes(client)?;
            text(client, length)?
        }
        _ => IpAddr::from(bytes::<16>(client)?).to_string(),
    };
    let port = u16::from_be_bytes(bytes(client)?);
    Ok(format!("{host}:{port}"))
}

fn bytes<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).map(|()| bytes)
}

fn text(client: &mut TcpStream, length: u8) -> io::Result<String> {
    let mut bytes = vec![0; length.into()];
    client.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn origin() -> SocketAddr {
    let origin = ScriptedServer::start(vec![answer("200 OK", b"<feed/>")]);
    SocketAddr::from(([127, 0, 0, 1], origin.url.port().unwrap()))
}

#[tokio::test]
async fn socks5_resolves_names_here_and_socks5h_there() {
    for (scheme, destination) in [("socks5", "93.184.216.34:80"), ("socks5h", "feeds.example.org:80")] {
        let socks = Socks::start(origin(), false, 0);
        assert_eq!(socks.fetch(scheme, "").await, Ok(()), "{scheme}");
        assert_eq!(socks.asked(), [destination]);
    }
}

#[tokio::test]
async fn a_socks_proxy_gets_user_and_password() {
    let socks = Socks::start(origin(), true, 0);
    assert_eq!(socks.fetch("socks5h", "me:p%40ss%3Aword@").await, Ok(()));
    let failure = socks.fetch("socks5h", "me:wrong@").await.unwrap_err().to_string();
    assert!(
        failure.contains("the SOCKS proxy: ") && failure.contains("credentials not accepted"),
        "{failure}"
    );
}

#[tokio::test]
async fn what_a_socks_proxy_refuses_is_told() {
    let socks = Socks::start(origin(), false, 4);
    let failure = socks.fetch("socks5h", "").await.unwrap_err().to_string();
    assert!(failure.contains("the SOCKS proxy: ") && failure.contains("host unreachable"), "{failure}");
    // Resolved here, the name is private.
    let mut private = source(&"http://nas.example.org/feed".parse().unwrap());
    private.access.allow_private = false;
    private.access.proxy = Some(Proxy(format!("socks5://{}", socks.address).parse().unwrap()));
    let fetcher = Fetcher::with_lookup(&Options::default(), resolver(&[&["192.168.1.9"]]).0);
    let failure = visit_with(&fetcher, &private, &SourceState::default()).await.response.unwrap_err();
    assert!(matches!(failure, Failure::RefusedAddress(_)), "{failure}");
    assert_eq!(socks.asked().len(), 1);
}
