//! Hosts with IPv6 alone or with dead addresses, NAT64, and DNS that fails, each in a network namespace of its own.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::outage::Host;
use crate::program::{Home, eventually};

/// Set in the namespace.
const INSIDE: &str = "SIFTWIRE_TEST_NAMESPACE";

/// The exit code of a machine that has no namespaces for us.
const IMPOSSIBLE: i32 = 77;

/// Every address of the namespace, beside 127.0.0.1 and ::1.
const ADDRESSES: &str =
    "10.1.0.9/32 10.1.0.10/32 10.1.0.11/32 fd00::9/128 fd00::10/128 fd00::11/128 64:ff9b::808:808/128";

const SET_UP: &str = "
    ip link set lo up && for a in $ADDRESSES; do ip address add $a dev lo || exit 77; done &&
    echo 'nameserver 127.0.0.1' > resolv.conf && echo 'options timeout:1 attempts:1' >> resolv.conf &&
    echo 'hosts: files dns' > nsswitch.conf && mount --bind resolv.conf /etc/resolv.conf &&
    mount --bind nsswitch.conf /etc/nsswitch.conf || exit 77
    exec \"$0\" --exact \"$1\" --nocapture";

/// Runs the test of this name again where it has any address and port 53. Returns whether this is there.
#[allow(clippy::print_stdout, reason = "says that a test is skipped")]
fn is_in_namespace(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let done = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount", "sh", "-c", SET_UP])
        .arg(std::env::current_exe().expect("a path"))
        .arg(test)
        .current_dir(&folder)
        .env("ADDRESSES", ADDRESSES)
        .env(INSIDE, "1")
        .output();
    match done {
        Ok(done) if String::from_utf8_lossy(&done.stdout).contains("1 passed") => {}
        // `unshare` itself ends with 1 where it may not.
        Ok(done) if done.status.code() != Some(IMPOSSIBLE) && !done.stdout.is_empty() => {
            panic!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
        }
        _ => println!("skipped: this machine makes no network namespaces"),
    }
    false
}

/// The names, and the addresses of each in the order of the answer.
type Zone = &'static [(&'static str, &'static [&'static str])];

/// Answers for names until the test ends; with a failure while `fails`.
fn dns_server(zone: Zone, fails: Arc<AtomicBool>) {
    let socket = UdpSocket::bind("127.0.0.1:53").expect("port 53 of the namespace");
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            let answer = dns_answer(zone, &query[..length], fails.load(Ordering::SeqCst));
            socket.send_to(&answer, client).expect("loopback");
        }
    });
}

fn dns_answer(zone: Zone, query: &[u8], fails: bool) -> Vec<u8> {
    let (mut name, mut at) = (Vec::new(), 12);
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        name.push(std::str::from_utf8(&query[at + 1..end]).expect("ASCII"));
        at = end;
    }
    let (name, is_v6) = (name.join("."), query[at + 2] == 28);
    let known = zone.iter().find(|(known, _)| *known == name && !fails);
    let addresses = known.map_or(&[][..], |(_, addresses)| addresses).iter();
    let addresses = addresses.map(|address| address.parse().expect("an address"));
    let addresses: Vec<IpAddr> = addresses.filter(|address: &IpAddr| address.is_ipv6() == is_v6).collect();
    // RFC 1035, section 4.1: recursion is available; 2 is a failure, 3 an unknown name.
    let code = if fails { 2 } else { 3 * u8::from(known.is_none()) };
    let mut answer = [&query[..2], &[0x81, 0x80 | code, 0, 1, 0, addresses.len() as u8, 0, 0, 0, 0]].concat();
    answer.extend_from_slice(&query[12..at + 5]);
    for address in addresses {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        answer.extend_from_slice(&[0xc0, 12, 0, query[at + 2], 0, 1, 0, 0, 0, 0, 0, bytes.len() as u8]);
        answer.extend(bytes);
    }
    answer
}

/// An address where a connection is neither made nor refused: its queue is full.
fn black_hole(address: &str) -> (TcpListener, Vec<TcpStream>) {
    let address = SocketAddr::new(address.parse().expect("an address"), 80);
    let listener = TcpListener::bind(address).expect("the namespace's own");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        waiting.push(stream);
    }
    (listener, waiting)
}

fn source(name: &str, more: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\nurl = \"http://{name}.example/feed\"\ntimeout = \"9s\"\n{more}\n")
}

#[test]
fn a_host_is_reached_at_the_address_that_lives() {
    if !is_in_namespace("networks::a_host_is_reached_at_the_address_that_lives") {
        return;
    }
    dns_server(
        &[
            ("six.example", &["fd00::10"]),
            ("dead-four.example", &["10.1.0.9", "fd00::10"]),
            ("dead-six.example", &["fd00::9", "10.1.0.10"]),
            ("refused-four.example", &["10.1.0.11", "fd00::10"]),
            ("refused-six.example", &["fd00::11", "10.1.0.10"]),
            ("unrouted-six.example", &["2a00::1", "10.1.0.10"]),
            ("unrouted-four.example", &["9.9.9.9", "fd00::10"]),
            ("two-fours.example", &["10.1.0.9", "10.1.0.10"]),
            ("two-sixes.example", &["fd00::9", "fd00::10"]),
            ("translated.example", &["64:ff9b::808:808"]),
            ("within.example", &["64:ff9b::a01:a"]),
            ("nowhere.example", &["10.1.0.11", "fd00::11"]),
        ],
        Arc::default(),
    );
    let _hosts = ["10.1.0.10", "fd00::10", "64:ff9b::808:808"]
        .map(|ip| Host::start_at(SocketAddr::new(ip.parse().expect("an address"), 80)));
    let _dead = ["10.1.0.9", "fd00::9"].map(black_hole);
    let reached = [
        "six", "dead-four", "dead-six", "refused-four", "refused-six", "unrouted-six", "unrouted-four",
        "two-fours", "two-sixes",
    ];
    let sources = reached.into_iter().chain(["nowhere"]).map(|name| source(name, "allow_private = true"));
    let public = ["translated", "within", "unknown"].map(|name| source(name, ""));
    let sources: String = sources.chain(public).collect();
    let home = Home::new(&format!("{sources}[[output]]\nname = \"all\"\n"));
    home.run(&["poll"]);
    let status: serde_json::Value = serde_json::from_str(&home.run(&["status", "--json"]).1).expect("JSON");
    let outcome = |name: &str| {
        let sources = status["sources"].as_array().expect("sources");
        let found = sources.iter().find(|source| source["name"] == name).expect("the source");
        found["outcome"].as_str().expect("text").to_owned()
    };
    let words = [
        ("nowhere", "Connection refused"),
        ("within", "refused address: within.example is 64:ff9b::a01:a"),
        ("unknown", "name not found"),
    ];
    let read = reached.into_iter().chain(["translated"]).map(|name| (name, "2 new"));
    for (name, expected) in read.chain(words) {
        assert!(outcome(name).contains(expected), "{name}: {}", outcome(name));
    }
}

#[test]
fn dns_that_fails_is_no_failure_of_the_sources() {
    if !is_in_namespace("networks::dns_that_fails_is_no_failure_of_the_sources") {
        return;
    }
    let fails = Arc::new(AtomicBool::new(true));
    dns_server(&[("a.example", &["10.1.0.10"]), ("b.example", &["fd00::10"])], Arc::clone(&fails));
    let hosts = ["10.1.0.10", "fd00::10"]
        .map(|ip| Host::start_at(SocketAddr::new(ip.parse().expect("an address"), 80)));
    let requests = || hosts.iter().map(Host::requests).min().expect("two");
    let sources = ["a", "b"].map(|name| source(name, "allow_private = true")).concat();
    let head = "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\n";
    let home = Home::new(&format!("{head}{sources}[[output]]\nname = \"all\"\n"));
    let daemon = home.start();
    let problem = "No host can be reached since";
    let down = || daemon.get("/").body.contains(problem);
    eventually("the outage at the first start", || down().then_some(()));
    for _ in 0..2 {
        let before = requests();
        fails.store(false, Ordering::SeqCst);
        eventually("each source", || (requests() > before && !down()).then_some(()));
        fails.store(true, Ordering::SeqCst);
        eventually("the outage", || down().then_some(()));
        let status: serde_json::Value =
            serde_json::from_str(&home.run(&["status", "--json"]).1).expect("JSON");
        let failures = status["sources"].as_array().expect("sources").iter().map(|s| &s["failures"]);
        assert!(failures.clone().all(|failures| *failures == 0), "{failures:?}");
    }
    assert_eq!(daemon.stop().0, Some(0));
}
