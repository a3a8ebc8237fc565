//! Accepts connections, serves each within limits, and drains them at shutdown. Does I/O.
#![allow(clippy::disallowed_methods, reason = "spawns a task for each connection, joined in `run`")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time;

use super::admission::{self, Admission, Client, Connection};
use super::limits::ConnectionLimits;
use super::listen::{ClientStream, Listener, Peer};
use super::routes::Routes;
use super::timeouts::{Activity, WriteTimeout};

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
    let mut tasks = JoinSet::new();
    // Those of `tasks` that are to go on, the oldest first.
    let mut open: Vec<Connection<AbortHandle>> = Vec::new();
    let mut waiting: Option<(ClientStream, Peer)> = None;
    let mut accept_failed = false;
    loop {
        if let Some((stream, peer)) = waiting.take() {
            let client = Client::of(peer.ip);
            open.retain(|connection| !connection.handle.is_finished());
            let admission = admission::admit(&open, client, &limits);
            if let Admission::InsteadOf(index) = admission {
                open.remove(index).handle.abort();
            }
            match admission {
                Admission::Accepted | Admission::InsteadOf(_) => {
                    let activity = Activity::new();
                    let routes = routes.for_peer(peer);
                    let served = serve(stream, routes, limits, activity.clone(), stopped.clone());
                    let handle = tasks.spawn(served);
                    open.push(Connection { client, activity, past_grace: false, handle });
                }
                Admission::Later => waiting = Some((stream, peer)),
                Admission::Refused => tracing::debug!(%client, "too many connections: one is closed"),
            }
        }
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = tasks.join_next() => match ended {
                Err(error) if error.is_panic() => tracing::error!(%error, "a connection failed"),
                _ => {}
            },
            () = time::sleep(limits.grace), if waiting.is_some() => {
                open.iter_mut().for_each(|connection| connection.past_grace = true);
            }
            // The loop shows that it runs, also without clients.
            () = time::sleep(MAX_IDLE) => {}
            // One that gave way may still be about to end.
            accepted = listener.accept(), if waiting.is_none() && tasks.len() <= limits.connections => match accepted {
                Ok((stream, peer)) => {
                    accept_failed = false;
                    waiting = Some((stream, peer));
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
    let all_done = async { while tasks.join_next().await.is_some() {} };
    // Dropping the set aborts connections that did not finish in time.
    let _ = time::timeout(limits.drain, all_done).await;
}

/// One connection, until the client closes it, a limit ends it, or the server stops.
async fn serve(
    stream: ClientStream,
    routes: Routes,
    limits: ConnectionLimits,
    activity: Activity,
    mut stopped: watch::Receiver<()>,
) {
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
