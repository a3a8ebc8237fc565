//! The socket on which readers come, of either kind. Door.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use listenfd::ListenFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Listen;

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A unix socket.
    Unix(UnixListener),
    /// All that systemd passed, where it passed more than one, and whose turn it is.
    Several(Vec<Listener>, AtomicUsize),
}

impl Listener {
    /// Binds. A unix socket that an ended process left behind is replaced; a live one is not.
    ///
    /// # Errors
    /// What the system says: the address is taken, not ours, or not allowed.
    pub async fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            Listen::Unix(path) => {
                let listener = bind_unix(path).await?;
                // The web server before it is somebody else. Who may come is for the folder to say.
                tokio::fs::set_permissions(path, Permissions::from_mode(0o666)).await?;
                Ok(Self::Unix(listener))
            }
        }
    }

    /// The sockets that systemd passes (sd_listen_fds(3)), of either kind, however they are named.
    ///
    /// # Errors
    /// What was passed is no listening socket.
    pub fn passed() -> io::Result<Option<Self>> {
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
        let first = listeners.pop();
        Ok(match first {
            Some(only) if listeners.is_empty() => Some(only),
            Some(last) => {
                listeners.push(last);
                Some(Self::Several(listeners, AtomicUsize::new(0)))
            }
            None => None,
        })
    }

    /// Where it listens, as far as that has a name.
    pub fn place(&self) -> Option<Listen> {
        match self {
            Self::Tcp(_) => self.address().map(Listen::Tcp),
            Self::Unix(listener) => {
                listener.local_addr().ok()?.as_pathname().map(|path| Listen::Unix(path.to_path_buf()))
            }
            Self::Several(all, _) => all.first()?.place(),
        }
    }

    /// The TCP address that was taken; `None` on a unix socket.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
            Self::Several(all, _) => all.iter().find_map(Self::address),
        }
    }

    /// The next client.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        std::future::poll_fn(|context| self.poll_accept(context)).await
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(context).map(|accepted| {
                let (stream, _) = accepted?;
                // Answers are written whole, so that waiting for more to send only delays them.
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }),
            Self::Unix(listener) => listener.poll_accept(context).map_ok(|(stream, _)| Stream::Unix(stream)),
            Self::Several(all, turn) => {
                // A busy one does not keep the others waiting.
                let first = turn.fetch_add(1, Ordering::Relaxed) % all.len();
                let (before, after) = all.split_at(first);
                let mut answers = after.iter().chain(before).map(|listener| listener.poll_accept(context));
                answers.find(Poll::is_ready).unwrap_or(Poll::Pending)
            }
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let refused = UnixStream::connect(path).await.map_err(|error| error.kind());
            // Nobody answers at a file of another kind either, and it is not ours to remove.
            let is_socket = tokio::fs::symlink_metadata(path).await?.file_type().is_socket();
            if !is_socket || !matches!(refused, Err(io::ErrorKind::ConnectionRefused)) {
                return Err(error);
            }
            tokio::fs::remove_file(path).await?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// One client.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
