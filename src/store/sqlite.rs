//! SQLite: the threads and what they are asked. Door: the only place that knows SQL.
#![allow(clippy::disallowed_methods, reason = "the store's files are the store's own")]

mod archive;
mod backup;
mod entries;
mod leaves;
mod lookups;
mod notes;
mod open;
mod outputs;
mod pings;
mod sources;
mod stories;
mod threads;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    Advance, Candidate, ClaimResult, ConfiguredOutput, ConfiguredSource, Force, NotifyHub, Options, OutputId,
    Plan, RememberedOutput, RememberedSource, Rendering, SourceId, Wanted,
};
use crate::entry::change::KnownEntries;
use crate::entry::{Key, StoredEntry};
use crate::source::HealthEvent;

pub use backup::{Salvaged, backup, examine, salvage};
pub use open::{Lock, Sizes, advice, lock, sizes};
use threads::{WriteError, held};

/// How many commands may wait, and the most that share a transaction.
const WAITING: usize = 256;

/// A question or a command failed: which, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("store: {what}")]
pub struct Error {
    what: String,
    source: Option<Arc<rusqlite::Error>>,
    /// Nothing can be written there, for now.
    passing: bool,
}

impl Error {
    fn new(what: impl Into<String>) -> Error {
        Error { what: what.into(), source: None, passing: false }
    }

    fn of(what: impl Into<String>, source: rusqlite::Error) -> Error {
        Error { what: format!("{}: {source}", what.into()), source: Some(Arc::new(source)), passing: false }
    }

    /// The same, with what to do where the file itself is damaged.
    fn about(mut self, path: &std::path::Path) -> Error {
        let code = self.source.as_ref().and_then(|e| e.sqlite_error_code());
        if matches!(code, Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)) {
            self.what = format!("{} is damaged: {}. {}", path.display(), self.what, advice(path));
        }
        self
    }

    fn passing(self) -> Error {
        Error { passing: true, ..self }
    }

    /// Whether it says something of the place where the store is, which may change, and nothing of the store.
    fn may_pass(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, PermissionDenied, ReadOnly, SystemIoFailure};
        let code = self.source.as_ref().and_then(|e| e.sqlite_error_code());
        self.passing
            || matches!(code, Some(CannotOpen | DiskFull | PermissionDenied | ReadOnly | SystemIoFailure))
    }
}

/// The version of SQLite that is built in.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Without a connection the store cannot even be read.
type Job = Box<dyn FnOnce(Option<&mut Connection>) + Send>;
/// Runs inside the group's transaction, or is told why there is none.
type Act = Box<dyn FnOnce(Result<&Connection, Error>) -> Done + Send>;

struct Command {
    act: Act,
    weight: Durability,
}

/// What a power cut may do to what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// Undo it: claims, and polls that found nothing, are made again, and nobody has seen them.
    Relaxed,
    /// Nothing: it is on the disk before anybody is told.
    Full,
}

/// Told the group's error, if it has one.
type Settle = Box<dyn FnOnce(Option<&Error>) + Send>;

/// What a command leaves to be said once the group's fate is known.
struct Done {
    failed: Option<Error>,
    /// Tells the one who asked: the group's error, if it has one.
    settle: Settle,
}

/// A handle to ask and to command; cheap to clone. The threads end when the last handle is dropped.
#[derive(Clone)]
pub struct Store {
    path: Arc<std::path::Path>,
    questions: mpsc::Sender<Job>,
    commands: mpsc::Sender<Command>,
    /// Only the writer takes it, but for a look at its size.
    window: Arc<std::sync::Mutex<stories::DedupIndex>>,
    obstacle: WriteError,
}

/// The bodies of the store's threads: the caller runs each on a thread of its own and joins them.
pub struct Workers(pub Vec<Box<dyn FnOnce() + Send>>);

/// Opens the store, creating or migrating the file. One that cannot be written is opened to be read.
///
/// # Errors
/// The file cannot be read, is no database, is damaged, or was written by a newer Siftwire.
pub fn open(options: &Options) -> Result<(Store, Workers), Error> {
    start(&options.path, None)
}

/// The same for the only daemon, which lets go of the lock in the end. What cannot be written is written as soon
/// as it can be.
///
/// # Errors
/// As for [`open`].
pub fn open_locked(options: &Options, lock: Lock) -> Result<(Store, Workers), Error> {
    start(&options.path, Some(lock))
}

fn start(path: &std::path::Path, lock: Option<Lock>) -> Result<(Store, Workers), Error> {
    let writer = threads::open(path, lock)?;
    let (readers, obstacle) = (writer.readers(), writer.obstacle());
    let (questions, asked) = mpsc::channel::<Job>(WAITING);
    let (commands, commanded) = mpsc::channel::<Command>(WAITING);
    let mut workers: Vec<Box<dyn FnOnce() + Send>> =
        vec![Box::new(move || threads::write(writer, commanded))];
    let asked = Arc::new(std::sync::Mutex::new(asked));
    for reader in readers {
        let asked = Arc::clone(&asked);
        workers.push(Box::new(move || threads::read(&reader, &asked)));
    }
    Ok((
        Store { path: Arc::from(path), questions, commands, window: Arc::default(), obstacle },
        Workers(workers),
    ))
}

impl Store {
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let path = Arc::clone(&self.path);
        let job: Job = Box::new(move |connection| {
            // One transaction for a question, so that its parts agree with each other.
            let result = match connection {
                Some(connection) => connection
                    .transaction()
                    .and_then(|transaction| question(&transaction))
                    .map_err(|e| Error::of("cannot read", e).about(&path)),
                None => Err(Error::new(format!("cannot read {}", path.display()))),
            };
            // The one who asked may have stopped waiting.
            let _ = answer.send(result);
        });
        self.questions.send(job).await.map_err(|_| Error::new("closed"))?;
        answered.await.map_err(|_| Error::new("closed"))?
    }

    async fn command<T: Send + 'static>(
        &self,
        command: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.weighted(Durability::Full, command).await
    }

    async fn weighted<T: Send + 'static>(
        &self,
        weight: Durability,
        command: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let path = Arc::clone(&self.path);
        let act: Act = Box::new(move |connection| {
            let result = connection.and_then(|connection| {
                command(connection).map_err(|e| Error::of("cannot write", e).about(&path))
            });
            let failed = result.as_ref().err().cloned();
            let settle = Box::new(move |group: Option<&Error>| {
                // The one who asked may have stopped waiting.
                let _ = answer.send(group.map_or(result, |error| Err(error.clone())));
            });
            Done { failed, settle }
        });
        self.commands.send(Command { act, weight }).await.map_err(|_| Error::new("closed"))?;
        answered.await.map_err(|_| Error::new("closed"))?
    }

    /// Why the store could not be opened to be written, where it can only be read.
    #[must_use]
    pub fn obstacle(&self) -> Option<Error> {
        held(&self.obstacle).clone()
    }

    /// Makes the store's sources those of the config; the ones that left it stay, inactive. One
    /// whose address is known keeps its entries, also under a new name; one whose name is known
    /// keeps them under a new address, but loses its validators. Answers in the order asked.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn adopt_sources(
        &self,
        sources: Vec<ConfiguredSource>,
    ) -> Result<Vec<RememberedSource>, Error> {
        self.command(move |c| sources::adopt(c, &sources)).await
    }

    /// Gives up every claim: for a daemon that starts and knows that it is alone.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn release_claims(&self) -> Result<(), Error> {
        self.command(sources::release_claims).await
    }

    /// Makes the store's sources and outputs those of the config, both or neither: see
    /// [`Store::adopt_sources`] and [`Store::adopt_outputs`].
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn adopt(
        &self,
        sources: Vec<ConfiguredSource>,
        outputs: Vec<ConfiguredOutput>,
        now: Timestamp,
    ) -> Result<(Vec<RememberedSource>, Vec<RememberedOutput>), Error> {
        self.command(move |c| Ok((sources::adopt(c, &sources)?, outputs::adopt(c, &outputs, now)?))).await
    }

    /// Moves the next polls of sources, each from the time that was read to another; one that a poll has
    /// moved meanwhile stays.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn reschedule(
        &self,
        times: Vec<(SourceId, Option<Timestamp>, Timestamp)>,
    ) -> Result<(), Error> {
        self.command(move |c| sources::reschedule(c, &times)).await
    }

    /// Gives up these claims: nobody polls for them.
    ///
    /// # Errors
    /// The store cannot write; then they run out.
    pub async fn give_back(&self, claims: Vec<SourceId>) -> Result<(), Error> {
        self.command(move |c| sources::give_back(c, &claims)).await
    }

    /// Claims these sources, in one transaction: nobody else gets them before `now + lease`, unless a
    /// poll is committed. Answers for each, in the order asked.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn claim(
        &self,
        ids: Vec<SourceId>,
        asked: Force,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Vec<ClaimResult>, Error> {
        self.weighted(Durability::Relaxed, move |c| sources::claim(c, &ids, asked, now, lease)).await
    }

    /// When each active source is due: a short row for each, for the poller to keep in memory.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn plans(&self) -> Result<Vec<Plan>, Error> {
        self.ask(sources::plans).await
    }

    /// The active sources, by name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn sources(&self) -> Result<Vec<RememberedSource>, Error> {
        self.ask(sources::active).await
    }

    /// How many entries each source has, for those that have any.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entry_counts(&self) -> Result<HashMap<SourceId, u64>, Error> {
        self.ask(sources::counts).await
    }

    /// The latest `n` events of the sources' health with their numbers, newest first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn health(&self, n: usize) -> Result<Vec<(i64, HealthEvent)>, Error> {
        self.ask(move |c| sources::health(c, n)).await
    }

    /// What is known of a source's entries under these keys.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn known(&self, source: SourceId, keys: Vec<Key>) -> Result<KnownEntries, Error> {
        self.ask(move |c| entries::known(c, source, keys)).await
    }

    /// The same for several sources, in the order asked.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn known_all(&self, asked: Vec<(SourceId, Vec<Key>)>) -> Result<Vec<KnownEntries>, Error> {
        self.ask(move |c| asked.into_iter().map(|(source, keys)| entries::known(c, source, keys)).collect())
            .await
    }

    /// Forgets up to `n` entries first seen before a time that no source lists any more, oldest first;
    /// their keys stay, so that they do not come back. Answers how many went.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn prune(&self, before: Timestamp, n: usize) -> Result<usize, Error> {
        self.command(move |c| entries::prune(c, before, n)).await
    }

    /// The number of the latest change.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn revision(&self) -> Result<i64, Error> {
        self.ask(entries::revision).await
    }

    /// Up to `n` entries with a revision past `watermark`, in the order of revisions.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn entries_after(&self, watermark: i64, n: usize) -> Result<Vec<Candidate>, Error> {
        self.ask(move |c| entries::after(c, watermark, n)).await
    }

    /// Makes the store's outputs those of the config; the ones that left it stay, inactive. Answers
    /// in the order asked.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn adopt_outputs(
        &self,
        outputs: Vec<ConfiguredOutput>,
        now: Timestamp,
    ) -> Result<Vec<RememberedOutput>, Error> {
        self.command(move |c| outputs::adopt(c, &outputs, now)).await
    }

    /// All outputs, also those that left the config, by name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn outputs(&self) -> Result<Vec<RememberedOutput>, Error> {
        self.ask(outputs::all).await
    }

    /// How many entries of each source's first poll an output has, by source name.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn debuts(&self, output: OutputId) -> Result<HashMap<String, usize>, Error> {
        self.ask(move |c| outputs::debuts(c, output)).await
    }

    /// Writes down how far outputs have come, each with its members.
    ///
    /// # Errors
    /// The store cannot write; then no output has advanced.
    pub async fn advance(&self, advances: Vec<Advance>) -> Result<(), Error> {
        self.command(move |c| advances.iter().try_for_each(|advance| outputs::advance(c, advance))).await
    }

    /// Members of an output, newest first.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn members(&self, output: OutputId, wanted: Wanted) -> Result<Vec<StoredEntry>, Error> {
        self.ask(move |c| outputs::members(c, output, wanted)).await
    }

    /// The documents as they were last published, of one output or of all.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn renderings(&self, of: Option<OutputId>) -> Result<Vec<Rendering>, Error> {
        self.ask(move |c| outputs::renderings(c, of)).await
    }

    /// Remembers how documents of one output look now, and that the hub is to hear of it.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn remember_renderings(&self, renderings: Vec<Rendering>, hub: NotifyHub) -> Result<(), Error> {
        self.command(move |c| outputs::remember_renderings(c, &renderings, hub)).await
    }

    /// The outputs that have an entry which changed after a revision, and the lowest number of an
    /// entry that is kept.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn touched_since(&self, revision: i64) -> Result<(Vec<OutputId>, i64), Error> {
        self.ask(move |c| outputs::touched_since(c, revision)).await
    }
}

fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time that the store wrote. One that no calendar has can only come from a damaged file.
fn time(millis: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, millis))
}

fn to_json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}
