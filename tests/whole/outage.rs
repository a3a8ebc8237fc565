//! The network of this machine is down: no source has failed, and all are polled when it is back.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crate::faults::feed;
use crate::program::{Home, eventually};

/// A host that can be taken from the network.
pub struct Host {
    address: SocketAddr,
    is_open: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    fn start() -> Host {
        Host::start_at("127.0.0.1:0".parse().expect("an address"))
    }

    pub fn start_at(address: SocketAddr) -> Host {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut host = Host { address, is_open: Arc::default(), requests: Arc::default(), thread: None };
        host.listen(listener);
        host
    }

    fn listen(&mut self, listener: TcpListener) {
        self.is_open.store(true, Ordering::SeqCst);
        let (is_open, requests) = (Arc::clone(&self.is_open), Arc::clone(&self.requests));
        self.thread = Some(std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !is_open.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
                requests.fetch_add(1, Ordering::SeqCst);
                let body = feed(1..3);
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/rss+xml";
                let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            }
        }));
    }

    fn down(&mut self) {
        self.is_open.store(false, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(self.address);
        self.thread.take().expect("it listens").join().expect("no panic");
    }

    fn up(&mut self) {
        self.listen(TcpListener::bind(self.address).expect("the port is free"));
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn home_with_four_sources(host: &Host) -> Home {
    let sources: String = (0..4)
        .map(|n| {
            format!(
                "[[source]]\nname = \"s{n}\"\nurl = \"http://{}/{n}\"\nallow_private = true\n",
                host.address
            )
        })
        .collect();
    Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\n{sources}[[output]]\nname = \"all\"\n"
    ))
}

#[test]
fn an_outage_of_this_machine_is_no_failure_of_the_sources() {
    let mut host = Host::start();
    let home = home_with_four_sources(&host);
    let daemon = home.start();
    eventually("each source", || (host.requests() >= 4).then_some(()));
    host.down();
    let problem = "No host can be reached since";
    eventually("the outage on the page", || daemon.get("/").body.contains(problem).then_some(()));
    assert!(daemon.get("/metrics").body.contains("siftwire_network_down 1"));
    let (_, status, errors) = home.run(&["status", "--json"]);
    assert!(errors.contains("no host can be reached since"), "{errors}");
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let failures: Vec<_> =
        status["sources"].as_array().expect("sources").iter().map(|s| &s["failures"]).collect();
    assert!(failures.iter().all(|failures| **failures == 0), "{failures:?}");
    // The next process knows it.
    daemon.kill();
    let daemon = home.start();
    eventually("the outage after a restart", || daemon.get("/").body.contains(problem).then_some(()));
    let before = host.requests();
    host.up();
    eventually("each source again", || (host.requests() >= before + 4).then_some(()));
    eventually("the end of the outage", || (!daemon.get("/").body.contains(problem)).then_some(()));
    assert!(daemon.get("/metrics").body.contains("siftwire_network_down 0"));
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));
    assert_eq!(log.matches(problem).count(), 1, "{log}");
    host.down();
}

#[test]
fn the_first_start_without_network_waits_for_it() {
    let mut host = Host::start();
    host.down();
    let home = home_with_four_sources(&host);
    let daemon = home.start();
    eventually("the outage", || daemon.get("/").body.contains("No host can be reached").then_some(()));
    let page = daemon.get("/").body;
    assert!(page.contains("4 sources have not answered yet") && !page.contains("working"), "{page}");
    host.up();
    eventually("each source", || (host.requests() >= 4).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
    host.down();
}

#[test]
fn hosts_in_the_local_network_neither_wait_for_the_network_nor_tell_of_it() {
    let (mut host, mut proxy) = (Host::start(), Host::start());
    proxy.down();
    let proxy = proxy.address;
    let local: String = (0..4)
        .map(|n| format!("[[source]]\nurl = \"http://{}/{n}\"\nallow_private = true\n", host.address))
        .collect();
    let distant: String = ["a", "b", "c"]
        .map(|name| format!("[[source]]\nurl = \"http://{name}.example/\"\nproxy = \"http://{proxy}\"\n"))
        .concat();
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n{local}{distant}[[output]]\nname = \"all\"\n"
    ));
    let daemon = home.start();
    let problem = "No host can be reached since";
    eventually("the outage", || daemon.get("/").body.contains(problem).then_some(()));
    let before = host.requests();
    eventually("polls of local sources", || (host.requests() >= before + 12).then_some(()));
    assert!(daemon.get("/").body.contains(problem), "local answers are no network");
    assert_eq!(daemon.stop().0, Some(0));
    host.down();
}
