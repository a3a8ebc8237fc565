//! The program without its daemon: the real store, polls over HTTP, publishing and archives, driven by the test's time.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use siftwire::config::{self, ConfigLocation, Environment};
use siftwire::daemon::{self, EmptyConfig, Sources, StoreThreads};
use siftwire::fetch::Fetcher;
use siftwire::ingest::{self, ParseLimiter, PollContext};
use siftwire::publish::archive::Archives;
use siftwire::publish::document_cache::{CachedDocument, Coding, DocumentCache, Representation};
use siftwire::publish::format::Format;
use siftwire::publish::{self, Outputs, render, restore};
use siftwire::source::Outcome;
use siftwire::store::{Claim, ClaimResult, Claimant, Options, SourceId, Store};

use crate::documents::article_of;

/// A folder with a config and a store, and what runs there.
pub struct Program {
    folder: tempfile::TempDir,
    config: Option<config::Config>,
    /// Counts the copies of the store.
    copy: u32,
    process: Option<Process>,
}

/// What ends with the process.
struct Process {
    threads: StoreThreads,
    fetcher: Fetcher,
    sources: Sources,
    ids: HashMap<String, SourceId>,
    outputs: Arc<Outputs>,
    cache: DocumentCache,
    archives: Archives,
}

impl Program {
    pub async fn start(config: &str) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program { folder, config: None, copy: 0, process: None };
        program.load(config);
        program.open().await;
        program
    }

    fn store_path(&self) -> PathBuf {
        self.folder.path().join(format!("store-{}.db", self.copy))
    }

    fn load(&mut self, text: &str) {
        let file = self.folder.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        self.config = Some(config::load(&ConfigLocation::Explicit(file), &Environment::default()).unwrap());
    }

    async fn open(&mut self) {
        let config = self.config.as_ref().unwrap();
        let options = Options {
            location: siftwire::store::StoreLocation::File(self.store_path()),
            ..config.store.clone()
        };
        let threads = StoreThreads::open(&options).unwrap();
        let store = threads.store.clone();
        store.release_daemon_claims().await.unwrap();
        let (outputs, sources) = sync(&store, config).await;
        let cache = DocumentCache::default();
        restore::restore_documents(&store, &outputs, &cache, Timestamp::UNIX_EPOCH).await.unwrap();
        let archives = Archives::new(store.clone(), Arc::clone(&outputs));
        let (ids, fetcher) = (ids(&store).await, Fetcher::new(&config.fetch));
        self.process = Some(Process { threads, fetcher, sources, ids, outputs, cache, archives });
    }

    pub async fn configure(&mut self, config: &str) {
        self.load(config);
        let (config, process) = (self.config.as_ref().unwrap(), self.process.as_mut().unwrap());
        let store = &process.threads.store;
        let (outputs, sources) = sync(store, config).await;
        (process.outputs, process.sources, process.ids) = (outputs, sources, ids(store).await);
        process.archives.set_outputs(Arc::clone(&process.outputs));
        restore::restore_documents(store, &process.outputs, &process.cache, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
    }

    pub async fn restart(&mut self) {
        self.close();
        self.open().await;
    }

    /// Goes on with the files as they are now: nothing is closed, and nothing that runs can write any more.
    pub async fn kill(&mut self) {
        let old = self.store_path();
        self.copy += 1;
        for end in ["", "-wal"] {
            let file = |path: &PathBuf| format!("{}{end}", path.display());
            std::fs::copy(file(&old), file(&self.store_path())).unwrap();
        }
        self.close();
        std::fs::remove_file(old).unwrap();
        self.open().await;
    }

    fn close(&mut self) {
        let Process { threads, archives, .. } = self.process.take().unwrap();
        drop(archives);
        threads.close();
    }

    fn store(&self) -> &Store {
        &self.process().threads.store
    }

    fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    pub async fn claim(&self, source: &str, claimant: Claimant, now: Timestamp) -> Claim {
        let (id, lease) = (self.process().ids[source], Duration::from_secs(60));
        match self.store().claim(vec![id], claimant, now, lease).await.unwrap().pop() {
            Some(ClaimResult::Claimed(claim)) => *claim,
            other => panic!("{source}: {other:?}"),
        }
    }

    pub async fn poll(&self, source: &str, now: Timestamp) -> Outcome {
        // The simulation does not wait until a source is due.
        let claim = self.claim(source, Claimant::Command, now).await;
        let Process { fetcher, sources, threads, .. } = self.process();
        let parse_limiter = &ParseLimiter::default();
        let context = PollContext { store: &threads.store, fetcher, parse_limiter, is_probe: false };
        ingest::poll(context, &sources[source], claim, now).await.unwrap().outcome
    }

    /// The articles that became entries at this time.
    pub async fn entries_first_seen(&self, now: Timestamp) -> BTreeSet<usize> {
        let entries = self.store().entries_after(0, usize::MAX >> 1).await.unwrap();
        let new = entries.iter().map(|candidate| &candidate.entry).filter(|entry| entry.first_seen == now);
        new.filter_map(|entry| article_of(entry.entry.categories.iter().map(String::as_str))).collect()
    }

    pub async fn evaluate(&self, now: Timestamp) {
        publish::update_members(self.store(), &self.process().outputs, now).await.unwrap();
    }

    pub async fn render(&self, now: Timestamp) {
        let Process { outputs, cache, .. } = self.process();
        render::render_missing(self.store(), outputs, cache, &AtomicUsize::new(0), now).await.unwrap();
        render::render_stale(self.store(), outputs, cache, None, now).await.unwrap();
    }

    pub fn document(&self, output: &str, format: Format) -> String {
        match self.process().cache.get(&format.path(output)) {
            Some(CachedDocument::Available(document)) => text(&document),
            other => panic!("{output}: {other:?}"),
        }
    }

    pub async fn archive_page(&self, output: &str, page: u32, now: Timestamp) -> String {
        let page = self.process().archives.page(output, page, Format::Atom, now).await.unwrap();
        text(&page.unwrap().representation)
    }

    /// What `siftwire explain` says of an entry and an output.
    pub fn explain(&self, entry: &str, output: &str) -> Value {
        let file = self.folder.path().join("config.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        if !text.starts_with("[store]") {
            let store = format!("[store]\npath = \"{}\"\n", self.store_path().display());
            std::fs::write(&file, store + &text).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_siftwire"));
        let done =
            command.args(["explain", "--json", entry, output]).current_dir(self.folder.path()).output();
        let done = done.unwrap();
        serde_json::from_slice(&done.stdout)
            .unwrap_or_else(|_| panic!("explain {entry}: {}", String::from_utf8_lossy(&done.stderr)))
    }
}

fn text(document: &Representation) -> String {
    String::from_utf8(document.body(Coding::Identity).unwrap().to_vec()).unwrap()
}

async fn sync(store: &Store, config: &config::Config) -> (Arc<Outputs>, Sources) {
    let synced = daemon::sync_config(store, config, config.site.clone(), EmptyConfig::Refuse).await;
    let (outputs, sources) = synced.unwrap();
    (Arc::new(outputs), sources)
}

async fn ids(store: &Store) -> HashMap<String, SourceId> {
    store.sources().await.unwrap().into_iter().map(|source| (source.name, source.id)).collect()
}
