//! Accepts connections, serves each within limits, and drains them at shutdown. Does I/O.
#![allow(clippy::disallowed_methods, reason = "spawns a task for each connection, joined in `run`")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time;

use super::listen::{ClientStream, Listener};
use super::routes::Routes;
use super::timeouts::{Activity, WriteTimeout};

/// Limits for each connection, and for all of them together.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections; more wait in the kernel's accept queue.
    pub connections: usize,
    /// Time for a request head to arrive, and between two requests. Up to a quarter more may pass.
    pub head: Duration,
    /// Time in which the client must accept at least one byte of a response.
    pub stall: Duration,
    /// Time in which a connection may send requests. The response in progress then is its last.
    pub lifetime: Duration,
    /// Time for that last response, however slowly the client reads.
    pub last_response: Duration,
    /// Time for responses in progress when the server stops.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            lifetime: Duration::from_secs(120),
            last_response: Duration::from_secs(600),
            drain: Duration::from_secs(5),
        }
    }
}

/// Size of a request head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The longest sleep of the accept loop.
const MAX_IDLE: Duration = Duration::from_secs(10);
/// The pause after a failed accept. The process is out of file descriptors; an immediate retry would spin.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is done; then stops accepting, lets responses in progress finish, and returns.
///
/// Each connection is a task in a `JoinSet` of this function, so that none outlives it.
pub async fn run(
    listener: Arc<Listener>,
    routes: Routes,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    // Never sent to: dropping the sender tells every connection to finish.
    let (stop, stopped) = watch::channel(());
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    let mut accept_failed = false;
    loop {
        let next = async {
            // The semaphore is never closed, so a permit always comes.
            let permit = Arc::clone(&slots).acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => if let Err(error) = ended {
                tracing::error!(%error, "a connection failed");
            },
            // The loop shows that it runs, also without clients.
            () = time::sleep(MAX_IDLE) => {}
            (permit, accepted) = next => match accepted {
                Ok(stream) => {
                    accept_failed = false;
                    let connection = serve(stream, routes.clone(), limits, stopped.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    // Logged once until an accept succeeds.
                    if !std::mem::replace(&mut accept_failed, true) {
                        tracing::warn!(%error, "cannot accept a connection");
                    }
                    time::sleep(ACCEPT_BACKOFF).await;
                }
            },
        }
    }
    drop(listener);
    drop(stop);
    let all_done = async { while connections.join_next().await.is_some() {} };
    // Dropping the set aborts connections that did not finish in time.
    let _ = time::timeout(limits.drain, all_done).await;
}

/// One connection, until the client closes it, a limit ends it, or the server stops.
async fn serve(
    stream: ClientStream,
    routes: Routes,
    limits: ConnectionLimits,
    mut stopped: watch::Receiver<()>,
) {
    let activity = Activity::new();
    let stream = TokioIo::new(WriteTimeout::new(stream, limits.stall, activity.clone()));
    let respond = |request| {
        activity.request_received();
        routes.respond(request)
    };
    // hyper's default limit is 100 headers. Setting it, even to 100, allocates two lists for each request.
    let connection =
        http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).serve_connection(stream, service_fn(respond));
    let mut connection = pin!(connection);
    tokio::select! {
        // Errors are the client's: hyper has answered 400 or 431, or the connection broke.
        _ = connection.as_mut() => return,
        () = activity.idle(limits.head) => return,
        _ = stopped.changed() => {}
        () = time::sleep(limits.lifetime) => {}
    }
    connection.as_mut().graceful_shutdown();
    // When the server stops, `run` ends this wait after `drain`.
    tokio::select! {
        _ = connection => {}
        () = activity.idle(limits.head) => {}
        () = time::sleep(limits.last_response) => {}
    }
}
