//! The ledger test: simulated sources publish, edit, move and mix up articles over thousands of polls, while the program
//! is restarted, killed and reconfigured. The origin knows the truth. After each pass of the publisher the documents
//! show what they must, and in the end nothing that was read is missing anywhere.
//!
//! `SIFTWIRE_LEDGER_POLLS` sets the number of polls, `SIFTWIRE_LEDGER_SEED` the seed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the test has threads and files of its own")]

mod changes;
mod check;
mod config;
mod documents;
mod explain;
mod ledger;
mod origin;
mod program;
mod server;

use jiff::{SignedDuration, Timestamp};
use siftwire::source::Outcome;
use siftwire::store::Claimant;

use check::{Expected, Reader};
use config::{Config, Filter};
use ledger::Ledger;
use origin::Origin;
use program::Program;
use server::{Sent, Server};

const SOURCES: usize = 300;
const POLLS: u64 = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_read_is_lost() {
    let variable = |name: &str| std::env::var(name).ok().map(|value| value.parse().unwrap());
    let polls: u64 = variable("SIFTWIRE_LEDGER_POLLS").unwrap_or(POLLS);
    let seed = variable("SIFTWIRE_LEDGER_SEED").unwrap_or(1);
    let mut run = Run::new(seed).await;
    for poll in 0..=polls {
        let result = if poll < polls { run.step().await } else { run.end().await };
        if let Err(problem) = result {
            panic!("seed {seed}, poll {poll}, {}: {problem}", run.now);
        }
    }
}

/// The simulation.
struct Run {
    now: Timestamp,
    config: Config,
    origin: Origin,
    server: Server,
    program: Program,
    ledger: Ledger,
    reader: Reader,
    /// After how many of the next polls the publisher runs.
    passes: usize,
}

impl Run {
    async fn new(seed: u64) -> Run {
        // The outputs are of today: they are not new, as `first_poll` is not for those.
        let now: Timestamp = "2096-11-05T06:00:00Z".parse().unwrap();
        let server = Server::start();
        let config = Config::new(SOURCES, &server.address);
        let program = Program::start(&config.text()).await;
        let origin = Origin::new(seed, SOURCES, now);
        let (ledger, reader) = (Ledger::default(), Reader::default());
        Run { now, config, origin, server, program, ledger, reader, passes: 0 }
    }

    /// One poll, and sometimes something else.
    async fn step(&mut self) -> Result<(), String> {
        let random = &mut self.origin.random;
        self.now += SignedDuration::from_secs(random.i64(5..600));
        // A fifth of the sources gets half of the polls.
        let places = if random.bool() { SOURCES } else { SOURCES / 5 };
        let source = random.usize(0..places);
        let event = random.usize(0..1000);
        if let Some(name) = self.config.sources.get(&source).cloned() {
            if event == 0 {
                // Killed during the poll: its claim is all that is left.
                // The daemon gets sources that are due, by its own clock.
                let due = self.now + SignedDuration::from_hours(365 * 24);
                drop(self.program.claim(&name, Claimant::Daemon, due).await);
                self.program.kill().await;
            }
            self.poll(source, &name).await?;
        }
        match event {
            1..4 => self.program.restart().await,
            4..7 => self.kill().await?,
            7..9 => self.check_archive().await?,
            9..20 => self.reconfigure().await,
            // Some passes follow each other closely, with few changes.
            20..29 => self.passes += self.origin.random.usize(1..5),
            _ => {}
        }
        if self.passes > 0 {
            self.passes -= 1;
            self.publish().await?;
        }
        Ok(())
    }

    async fn poll(&mut self, source: usize, name: &str) -> Result<(), String> {
        let prepared = self.origin.poll(source, self.now);
        self.server.prepare(prepared.answer.clone());
        let outcome = self.program.poll(name, self.now).await;
        let sent = self.server.sent().ok_or("the program did not ask")?;
        let must_succeed = sent == Sent::NotModified || prepared.is_whole || !prepared.items.is_empty();
        let items = self.origin.sent(source, prepared, sent)?;
        let new = match outcome {
            Outcome::Failed(failure) if sent != Sent::Failure && must_succeed => {
                return Err(format!("{name}: {failure} though {sent:?} was sent"));
            }
            Outcome::Failed(_) => return Ok(()),
            Outcome::NotModified => 0,
            Outcome::Read { new, .. } => new,
        };
        let expected = self.ledger.read(&mut self.origin, source, items, self.now);
        if new == expected.len() {
            return Ok(());
        }
        let found = self.program.entries_first_seen(self.now).await;
        let line = |article: &usize| format!("\nit is article {}", self.origin.describe(*article));
        let missing: String = expected.difference(&found).map(line).collect();
        let extra: String = found.difference(&expected).map(line).collect();
        Err(format!("{new} new entries instead of {}: not new: {missing}\nnew: {extra}", expected.len()))
    }

    async fn evaluate(&mut self) {
        self.program.evaluate(self.now).await;
        self.ledger.evaluate(&self.origin, &self.config);
    }

    async fn publish(&mut self) -> Result<(), String> {
        self.evaluate().await;
        self.program.render(self.now).await;
        let Run { now, config, origin, program, ledger, reader, .. } = self;
        let expected = Expected { origin, config, ledger, now: *now };
        for output in &config.outputs {
            let in_output = |problem| format!("output {}: {problem}", output.name);
            reader.check(program, expected, output).map_err(in_output)?;
        }
        Ok(())
    }

    async fn kill(&mut self) -> Result<(), String> {
        match self.origin.random.usize(0..3) {
            0 => {}
            1 => self.evaluate().await,
            _ => self.publish().await?,
        }
        self.program.kill().await;
        Ok(())
    }

    async fn reconfigure(&mut self) {
        let Run { now, config, origin, ledger, .. } = self;
        let before = config.sources.keys().copied().collect();
        let random = &mut origin.random;
        let source = random.usize(0..SOURCES / 5);
        let name = format!("s{source}");
        let output = random.choice(&mut config.outputs).unwrap();
        config.has_shared_ids ^= random.usize(0..4) == 0;
        match random.usize(0..6) {
            0 => {
                let words: [&[&str]; 4] =
                    [&["walrus"], &["walrus", "zeppelin"], &["gondola"], &["xylophone"]];
                let (any, not) = (random.choice(words).unwrap(), random.bool().then_some("fedora"));
                // The first outputs have filters.
                config.outputs[random.usize(0..3)].filter = Filter { any, not };
            }
            1 => drop(config.sources.insert(source, format!("{name}-renamed"))),
            2 => drop(config.sources.insert(source, name)),
            3 => drop(config.sources.remove(&source)),
            4 => {
                let name = format!("{}-{}", output.key, output.was.len());
                output.was.push(std::mem::replace(&mut output.name, name));
            }
            // A source keeps its entries under a new address, or under a new name, but not under both at once.
            _ if config.sources.contains_key(&source) && !config.moved.remove(&source) => {
                config.moved.insert(source);
            }
            _ => {}
        }
        ledger.change_sources(origin, &before, config, *now);
        self.program.configure(&self.config.text()).await;
    }

    async fn check_archive(&mut self) -> Result<(), String> {
        self.publish().await?;
        let Run { now, config, origin, program, ledger, reader, .. } = self;
        let output = origin.random.choice(&config.outputs).unwrap();
        reader.check_archive(program, Expected { origin, config, ledger, now: *now }, output).await
    }

    async fn end(&mut self) -> Result<(), String> {
        self.publish().await?;
        let Run { now, config, origin, program, ledger, reader, .. } = self;
        let expected = Expected { origin, config, ledger, now: *now };
        for output in &config.outputs {
            let in_archive = |problem| format!("archive of {}: {problem}", output.name);
            reader.check_archive(program, expected, output).await.map_err(in_archive)?;
        }
        explain::check(program, expected)
    }
}
