//! The life of the server: accept, serve each client within limits, drain. Door.
#![allow(clippy::disallowed_methods, reason = "a task for each connection, joined in `run`")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time;

use super::direct::Routes;
use super::listen::{Listener, Stream};
use super::timeouts::{Patient, Signs};

/// What one client, and all of them, may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Clients at a time; more wait in the system's queue.
    pub connections: usize,
    /// For the head of a request to arrive, and between two requests; up to a quarter more may pass.
    pub head: Duration,
    /// For a byte of an answer to be taken.
    pub stall: Duration,
    /// For asking on one connection; the answer that is being sent then is the last.
    pub connection: Duration,
    /// For that last answer, however slowly it is taken.
    pub last_answer: Duration,
    /// For answers that are being sent when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            connection: Duration::from_secs(120),
            last_answer: Duration::from_secs(600),
            drain: Duration::from_secs(5),
        }
    }
}

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// The pause after a failed accept: the system is out of files, and trying at once would only spin.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Serves until `shutdown`; then accepts no more, lets answers in flight finish, and returns.
///
/// Each connection is a task: hyper drives a connection by being polled, and a slow client must not
/// hold up the others. The tasks live in a `JoinSet` of this function, so that none outlives it.
pub async fn run(listener: Listener, routes: Routes, limits: Limits, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(());
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut clients = JoinSet::new();
    let mut is_short = false;
    loop {
        let next = async {
            // The semaphore is never closed, so that a permit always comes.
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = clients.join_next() => {}
            (permit, accepted) = next => match accepted {
                Ok(stream) => {
                    is_short = false;
                    let client = serve(stream, routes.clone(), limits, stopped.clone());
                    clients.spawn(async move {
                        client.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    if !std::mem::replace(&mut is_short, true) {
                        tracing::warn!(%error, "could not accept a connection");
                    }
                    time::sleep(ACCEPT_BACKOFF).await;
                }
            },
        }
    }
    drop(listener);
    drop(stop);
    let all = async { while clients.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off when the set is dropped.
    let _ = time::timeout(limits.drain, all).await;
}

/// One client, until it leaves, is idle or slow beyond its limits, or the server stops.
async fn serve(stream: Stream, routes: Routes, limits: Limits, mut stopped: watch::Receiver<()>) {
    let signs = Signs::new();
    let stream = TokioIo::new(Patient::new(stream, limits.stall, signs.clone()));
    let answer = |request| {
        signs.asked();
        routes.call(request)
    };
    // Of fields it takes a hundred. To name a number, even that one, makes it fill two lists for each request.
    let connection =
        http1::Builder::new().max_buf_size(HEAD_BYTES).serve_connection(stream, service_fn(answer));
    let mut connection = pin!(connection);
    tokio::select! {
        // A client that breaks off or talks nonsense is its own affair: hyper has answered 400 or 431.
        _ = connection.as_mut() => return,
        () = signs.cease(limits.head) => return,
        // The sender is dropped, never used: any answer means that the server stops.
        _ = stopped.changed() => {}
        () = time::sleep(limits.connection) => {}
    }
    // When the server stops, `run` ends this wait after `drain`.
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        () = signs.cease(limits.head) => {}
        () = time::sleep(limits.last_answer) => {}
    }
}
