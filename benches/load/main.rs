//! Load test: generated feeds on a loopback origin; the built program polls and serves them, and its CPU time and
//! memory are measured. `cargo bench --bench load -- --help` lists the options, BENCHMARKS.md describes the method.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own"
)]

mod floor;
mod generate;
mod measure;
mod origin;
mod reader;
mod words;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use generate::Workload;
use measure::Cost;
use origin::Origin;
use reader::Reader;

/// Measures the built siftwire on generated feeds.
#[derive(Parser)]
struct Arguments {
    /// Number of feeds
    #[arg(long, default_value_t = 1000)]
    feeds: usize,
    /// Entries in each feed
    #[arg(long, default_value_t = 35)]
    entries: usize,
    /// Approximate bytes of text in each entry
    #[arg(long, default_value_t = 2400)]
    text: usize,
    /// Seed of the generated feeds
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs of each case; the table shows medians
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Number of outputs, each with its own filter
    #[arg(long, default_value_t = 10)]
    outputs: usize,
    /// Only these cases: floor, cold, unchanged, changed, idle, serve, start, refilter
    #[arg(long, value_delimiter = ',')]
    cases: Vec<String>,
    /// Measure this binary instead of the one just built
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Work in this folder and keep it
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Write the figures here as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only generate and serve the feeds, until killed; the folder has a config and the feed addresses
    #[arg(long)]
    hold: bool,
    /// Be the program of the floor: poll the feeds of the origin at this address
    #[arg(long, hide = true)]
    floor: Option<String>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// One measurement, a row of the table.
#[derive(serde::Serialize)]
struct Measurement {
    case: &'static str,
    #[serde(flatten)]
    cost: Cost,
    /// Other results of the case.
    note: String,
}

struct Bench {
    arguments: Arguments,
    binary: PathBuf,
    home: PathBuf,
    origin: Origin,
    origin_at: String,
    /// Number in `public_url`; a new one forces every document to be rendered again.
    site: usize,
    measurements: Vec<Measurement>,
}

/// The database of the floor, beside the one of siftwire.
const FLOOR_STORE: &str = "floor.db";

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let scratch = tempfile::tempdir()?;
    let folder = arguments.folder.clone().unwrap_or_else(|| scratch.path().to_owned());
    let (feeds, home) = (folder.join("feeds"), folder.join("home"));
    std::fs::create_dir_all(&feeds)?;
    std::fs::create_dir_all(&home)?;
    if let Some(origin) = &arguments.floor {
        return floor::poll(origin, arguments.feeds as u32, &home.join(FLOOR_STORE))
            .map_err(std::io::Error::other);
    }
    let workload = Workload {
        feeds: arguments.feeds,
        entries: arguments.entries,
        text: arguments.text,
        seed: arguments.seed,
    };
    let origin = Origin::new(workload, &feeds)?;
    eprintln!("{} feeds, {:.1} MB before compression", workload.feeds, origin.plain_bytes as f64 / 1e6);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let origin_at = runtime.block_on(origin.serve())?.to_string();
    let binary = arguments.binary.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_siftwire").into());
    let mut bench = Bench { arguments, binary, home, origin, origin_at, site: 0, measurements: Vec::new() };
    bench.configure("armenian")?;
    if bench.arguments.hold {
        return bench.hold();
    }
    for _ in 0..bench.arguments.runs {
        bench.round()?;
    }
    bench.report()
}

impl Bench {
    /// Serves the feeds for other programs; `urls` has their addresses, one a line.
    fn hold(&self) -> std::io::Result<()> {
        let urls: String =
            (0..self.arguments.feeds).map(|feed| format!("http://{}/{feed}\n", self.origin_at)).collect();
        std::fs::write(self.home.join("urls"), urls)?;
        eprintln!("serving at http://{}/, with {}", self.origin_at, self.home.display());
        loop {
            std::thread::park();
        }
    }

    /// Every case once, in an order in which each has what it needs.
    fn round(&mut self) -> std::io::Result<()> {
        if self.wants("floor") {
            remove_database(&self.home.join(FLOOR_STORE));
            self.floor("floor, cold")?;
            self.floor("floor, unchanged")?;
        }
        if self.wants("cold") || !self.store().exists() {
            remove_database(&self.store());
            self.poll("cold")?;
        }
        if self.wants("unchanged") {
            self.poll("unchanged")?;
        }
        if self.wants("changed") {
            self.origin.change_every(10)?;
            self.poll("changed")?;
        }
        if self.wants("start") {
            self.start_case()?;
        }
        if self.wants("idle") {
            self.idle()?;
        }
        if self.wants("serve") {
            self.serve()?;
        }
        if self.wants("refilter") {
            self.refilter()?;
        }
        Ok(())
    }

    fn wants(&self, case: &str) -> bool {
        self.arguments.cases.is_empty() || self.arguments.cases.iter().any(|wanted| wanted == case)
    }

    fn store(&self) -> PathBuf {
        self.home.join("siftwire.db")
    }

    /// Writes the config. `word` is the filter of the first output.
    fn configure(&self, word: &str) -> std::io::Result<()> {
        let mut config = format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://feeds-{}.example/\"\n[poll]\nevery = \"1d\"\n\
             at_most = \"1d\"\nadaptive = false\nconcurrency = 64\nper_host = 64\nallow = [\"127.0.0.0/8\"]\n\
             [store]\nkeep = \"9999d\"\n",
            self.site
        );
        let topics = [
            "moscow", "ереване", "granted OR approved", "ceasefire", "бюджет", "wheat", "войск",
            "border -iran",
        ];
        for output in 0..self.arguments.outputs {
            let filter = if output == 0 { word } else { topics[output % topics.len()] };
            config.push_str(&format!(
                "[[output]]\nname = \"output-{output}\"\nfilter = '{filter} OR number{output}'\nlimit = 35\n"
            ));
        }
        for feed in 0..self.arguments.feeds {
            config.push_str(&format!(
                "[[source]]\nname = \"s{feed}\"\nurl = \"http://{}/{feed}\"\n",
                self.origin_at
            ));
        }
        std::fs::write(self.home.join("config.toml"), config)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.home).args(arguments).stdin(Stdio::null()).env("RUST_LOG", "warn");
        command
    }

    fn poll(&mut self, case: &'static str) -> std::io::Result<()> {
        let log = std::fs::File::create(self.home.join("log"))?;
        let cost = measure::until_exit(self.command(&["poll"]).stdout(Stdio::null()).stderr(log).spawn()?)?;
        let log = std::fs::read_to_string(self.home.join("log"))?;
        let note = log.lines().last().unwrap_or_default().to_owned();
        self.measurements.push(Measurement { case, cost, note });
        Ok(())
    }

    /// The same feeds, polled by the program of the floor. It is this one, in a process of its own.
    fn floor(&mut self, case: &'static str) -> std::io::Result<()> {
        let folder = self.home.parent().unwrap_or(&self.home);
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--floor", &self.origin_at, "--feeds", &self.arguments.feeds.to_string()]);
        let cost = measure::until_exit(command.arg("--folder").arg(folder).spawn()?)?;
        self.measurements.push(Measurement { case, cost, note: String::new() });
        Ok(())
    }

    fn daemon(&self) -> std::io::Result<(Daemon, Duration)> {
        let started = Instant::now();
        let mut child = self
            .command(&["run"])
            .env("RUST_LOG", "info")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            if log.read_line(&mut line)? == 0 {
                return Err(std::io::Error::other("the daemon exited before it listened"));
            }
            if let Some((_, rest)) = line.split_once("http://") {
                break rest.split(['/', ' ', '\n']).next().unwrap_or_default().to_owned();
            }
        };
        // Read to the end, so that the daemon never blocks on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut log.take(u64::MAX), &mut std::io::sink()));
        Reader::connect(&address)?.get("/feeds/output-0.atom", "")?;
        Ok((Daemon { child, address, started }, started.elapsed()))
    }

    /// From the start of the process to the first response: once with every document to be rendered, because
    /// `public_url` has changed, and once with the documents of the last run.
    fn start_case(&mut self) -> std::io::Result<()> {
        self.site += 1;
        self.configure("armenian")?;
        for case in ["first start", "start"] {
            let (daemon, first) = self.daemon()?;
            let mut cost = measure::current(&daemon.child, daemon.started)?;
            cost.wall = first.as_secs_f64();
            self.measurements.push(Measurement { case, cost, note: "wall: to the first response".into() });
        }
        Ok(())
    }

    fn idle(&mut self) -> std::io::Result<()> {
        let (daemon, _) = self.daemon()?;
        std::thread::sleep(Duration::from_secs(5));
        let before = measure::current(&daemon.child, daemon.started)?;
        std::thread::sleep(Duration::from_secs(20));
        let after = measure::current(&daemon.child, daemon.started)?;
        let share = (after.cpu - before.cpu) / (after.wall - before.wall) * 100.0;
        let note =
            format!("{share:.2} % of a core, {:.0} MB resident", measure::resident_mb(daemon.child.id()));
        let cost =
            Cost { cpu: after.cpu - before.cpu, wall: after.wall - before.wall, peak_mb: after.peak_mb };
        self.measurements.push(Measurement { case: "idle", cost, note });
        Ok(())
    }

    /// One output over keep-alive connections: uncompressed, in gzip, and with a validator.
    fn serve(&mut self) -> std::io::Result<()> {
        let (daemon, _) = self.daemon()?;
        let path = "/feeds/output-0.atom";
        let whole = Reader::connect(&daemon.address)?.get(path, "")?;
        let gzip = Reader::connect(&daemon.address)?.get(path, "accept-encoding: gzip\r\n")?;
        let known = format!("if-none-match: {}\r\n", whole.etag);
        for (case, headers, length) in [
            ("serve", "", whole.length),
            ("serve gzip", "accept-encoding: gzip\r\n", gzip.length),
            ("serve 304", known.as_str(), 0),
        ] {
            let before = measure::current(&daemon.child, daemon.started)?;
            let responses =
                reader::request_repeatedly(&daemon.address, path, headers, 32, Duration::from_secs(4));
            let after = measure::current(&daemon.child, daemon.started)?;
            let cpu = after.cpu - before.cpu;
            let note = format!(
                "{:.0} responses per CPU second, {length} bytes each",
                responses as f64 / cpu.max(0.01)
            );
            let cost = Cost { cpu, wall: after.wall - before.wall, peak_mb: after.peak_mb };
            self.measurements.push(Measurement { case, cost, note });
        }
        Ok(())
    }

    /// An edited filter over the whole store, until its output has changed.
    fn refilter(&mut self) -> std::io::Result<()> {
        self.configure("georgian")?;
        let (daemon, _) = self.daemon()?;
        let mut reader = Reader::connect(&daemon.address)?;
        let before = reader.get("/feeds/output-0.atom", "")?.etag;
        let mut slowest = Duration::ZERO;
        while reader.get("/feeds/output-0.atom", "")?.etag == before
            && daemon.started.elapsed().as_secs() < 300
        {
            std::thread::sleep(Duration::from_millis(20));
            let requested = Instant::now();
            reader.get("/feeds/output-1.atom", "")?;
            slowest = slowest.max(requested.elapsed());
        }
        let cost = measure::current(&daemon.child, daemon.started)?;
        let note = format!("slowest response meanwhile {:.0} ms", slowest.as_secs_f64() * 1e3);
        self.measurements.push(Measurement { case: "refilter", cost, note });
        self.configure("armenian")
    }

    fn median(&self, case: &str) -> Option<&Measurement> {
        let mut runs: Vec<_> =
            self.measurements.iter().filter(|measurement| measurement.case == case).collect();
        runs.sort_by(|a, b| a.cost.cpu.total_cmp(&b.cost.cpu));
        runs.get(runs.len() / 2).copied()
    }

    /// Prints the table of medians and writes the JSON of every run.
    fn report(&self) -> std::io::Result<()> {
        println!("| case | CPU s | wall s | peak MB | |\n|---|---|---|---|---|");
        let mut cases: Vec<&str> = Vec::new();
        for measurement in &self.measurements {
            if !cases.contains(&measurement.case) {
                cases.push(measurement.case);
            }
        }
        for case in cases {
            let Some(Measurement { cost, note, .. }) = self.median(case) else { continue };
            let floor = self.median(&format!("floor, {case}")).map(|floor| cost.cpu / floor.cost.cpu);
            let floor = floor.map(|ratio| format!("{ratio:.2} times the floor. ")).unwrap_or_default();
            println!("| {case} | {:.2} | {:.2} | {:.0} | {floor}{note} |", cost.cpu, cost.wall, cost.peak_mb);
        }
        if let Some(path) = &self.arguments.json {
            write_json(path, &self.measurements)?;
        }
        Ok(())
    }
}

fn remove_database(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        // Not every file exists.
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
}

fn write_json(path: &Path, measurements: &[Measurement]) -> std::io::Result<()> {
    std::fs::write(path, serde_json::to_vec_pretty(measurements).map_err(std::io::Error::other)?)
}

/// A running daemon, killed when dropped.
struct Daemon {
    child: Child,
    address: String,
    started: Instant,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
