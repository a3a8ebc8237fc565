//! Listening sockets: TCP, unix, or passed by systemd. Does I/O.

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use listenfd::ListenFd;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// `127.0.0.1:8080`. Port 0 takes a free port.
    Tcp(SocketAddr),
    /// `unix:/run/siftwire.sock`.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Whether only programs on this machine reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

/// As in the config.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        match text.strip_prefix("unix:") {
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp),
        }
    }
}

/// A listening socket, or several.
#[derive(Debug)]
pub enum Listener {
    /// A TCP socket.
    Tcp(TcpListener),
    /// A unix socket.
    Unix(UnixListener),
    /// Several sockets passed by systemd, and the number of the next to try.
    Several(Vec<Listener>, AtomicUsize),
}

impl Listener {
    /// Binds an address. A stale unix socket is replaced; one that somebody listens on is not.
    ///
    /// # Errors
    /// The address is in use, not available, or not permitted.
    pub async fn bind(address: &ListenAddress) -> io::Result<Self> {
        match address {
            ListenAddress::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            ListenAddress::Unix(path) => {
                let listener = bind_unix(path).await?;
                // A web server in front runs as another user. The folder's mode restricts access.
                tokio::fs::set_permissions(path, Permissions::from_mode(0o666)).await?;
                Ok(Self::Unix(listener))
            }
        }
    }

    /// The sockets that systemd passes (sd_listen_fds(3)), TCP or unix, whatever their names. `None` if there is none.
    ///
    /// # Errors
    /// A passed file descriptor is not a listening socket.
    pub fn from_systemd() -> io::Result<Option<Self>> {
        let mut passed = ListenFd::from_env();
        let mut listeners = Vec::new();
        for number in 0..passed.len() {
            if let Ok(Some(listener)) = passed.take_tcp_listener(number) {
                listener.set_nonblocking(true)?;
                listeners.push(Self::Tcp(TcpListener::from_std(listener)?));
            } else if let Some(listener) = passed.take_unix_listener(number)? {
                listener.set_nonblocking(true)?;
                listeners.push(Self::Unix(UnixListener::from_std(listener)?));
            }
        }
        Ok(match listeners.len() {
            0 | 1 => listeners.pop(),
            _ => Some(Self::Several(listeners, AtomicUsize::new(0))),
        })
    }

    /// The address that it is bound to, if it has one: the port that was chosen for port 0.
    pub fn address(&self) -> Option<ListenAddress> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(ListenAddress::Tcp),
            Self::Unix(listener) => {
                let address = listener.local_addr().ok()?;
                address.as_pathname().map(|path| ListenAddress::Unix(path.to_path_buf()))
            }
            Self::Several(all, _) => all.first()?.address(),
        }
    }

    /// Whether one of its sockets is reached by programs on this machine only.
    pub fn has_local_socket(&self) -> bool {
        match self {
            Self::Tcp(_) => self.address().is_some_and(|address| address.is_local()),
            Self::Unix(_) => true,
            Self::Several(all, _) => all.iter().any(Listener::has_local_socket),
        }
    }

    /// Accepts the next connection.
    pub(super) async fn accept(&self) -> io::Result<(ClientStream, Peer)> {
        std::future::poll_fn(|context| self.poll_accept(context)).await
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(ClientStream, Peer)>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(context).map(|accepted| {
                let (stream, peer) = accepted?;
                // Responses are written in one piece, so Nagle's algorithm would only delay them.
                stream.set_nodelay(true)?;
                let ip = peer.ip().to_canonical();
                let reached = self.address();
                let is_local = ip.is_loopback() && reached.is_some_and(|address| address.is_local());
                Ok((Box::new(stream) as ClientStream, Peer { ip: Some(ip), is_local }))
            }),
            Self::Unix(listener) => {
                let peer = Peer { ip: None, is_local: true };
                listener.poll_accept(context).map_ok(|(stream, _)| (Box::new(stream) as ClientStream, peer))
            }
            Self::Several(all, next) => {
                // Round robin, so that a busy socket does not starve the others.
                let first = next.fetch_add(1, Ordering::Relaxed) % all.len();
                let (before, after) = all.split_at(first);
                let mut accepted = after.iter().chain(before).map(|listener| listener.poll_accept(context));
                accepted.find(Poll::is_ready).unwrap_or(Poll::Pending)
            }
        }
    }
}

/// Who has connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// `None` on a unix socket.
    pub(super) ip: Option<IpAddr>,
    /// Whether it is on this machine, and has come to a socket that only this machine reaches.
    pub(super) is_local: bool,
}

impl Peer {
    /// Of whom nothing is known, so that nothing is allowed.
    pub(super) const UNKNOWN: Peer = Peer { ip: None, is_local: false };
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let connected = UnixStream::connect(path).await.map_err(|error| error.kind());
            // Connecting to a regular file is refused too, and that file must not be removed.
            let is_socket = tokio::fs::symlink_metadata(path).await?.file_type().is_socket();
            if !is_socket || !matches!(connected, Err(io::ErrorKind::ConnectionRefused)) {
                return Err(error);
            }
            tokio::fs::remove_file(path).await?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// An accepted connection.
pub(super) type ClientStream = Box<dyn ByteStream>;

pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}
