//! A host that allows only so many requests: it gets no more, and each of its sources is read in turn.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::faults::{RSS, feed};
use crate::origin::Origin;
use crate::program::{Home, eventually};

/// A host that answers one request in each window and refuses others until its end.
struct QuotaHost {
    address: String,
    /// Path, when, and whether it was answered.
    requests: Arc<Mutex<Vec<(String, Instant, bool)>>>,
}

const WINDOW: Duration = Duration::from_secs(2);

impl QuotaHost {
    fn start() -> QuotaHost {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests: Arc<Mutex<Vec<(String, Instant, bool)>>> = Arc::default();
        let shared = Arc::clone(&requests);
        std::thread::spawn(move || {
            let mut window = Instant::now() - WINDOW;
            // The first one is long enough for a restart.
            let mut seconds = 12;
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut lines =
                    BufReader::new(stream.try_clone().expect("a socket")).lines().map_while(Result::ok);
                let path = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned));
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let (now, is_answered) = (Instant::now(), window.elapsed() >= WINDOW);
                shared.lock().expect("no panic under the lock").push((
                    path.unwrap_or_default(),
                    now,
                    is_answered,
                ));
                let body = feed(1..3);
                let answer = if is_answered {
                    window = now;
                    format!(
                        "200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    )
                } else {
                    let asked = std::mem::replace(&mut seconds, 2);
                    format!("429 Too Many Requests\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n")
                };
                let _ = stream.write_all(
                    format!("HTTP/1.1 {}", answer.replacen("\r\n", "\r\nConnection: close\r\n", 1))
                        .as_bytes(),
                );
            }
        });
        QuotaHost { address, requests }
    }

    fn requests(&self) -> Vec<(String, Instant, bool)> {
        self.requests.lock().expect("no panic under the lock").clone()
    }
}

#[test]
fn a_host_that_refuses_is_left_alone_and_its_sources_take_turns() {
    let host = QuotaHost::start();
    let sources: String = (0..4)
        .map(|n| {
            format!("[[source]]\nname = \"s{n}\"\nurl = \"{}/{n}\"\nallow_private = true\n", host.address)
        })
        .collect();
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n{sources}[[output]]\nname = \"all\"\n"
    ));
    let daemon = home.start();
    eventually("a refusal", || host.requests().iter().any(|(.., is_answered)| !is_answered).then_some(()));
    daemon.kill();
    // The next process knows it too, and so does a command.
    let (code, _, errors) = home.run(&["poll", "s0"]);
    let held = host.requests();
    assert!(code == Some(3) && errors.contains("takes no requests until"), "{code:?} {errors}");
    let daemon = home.start();
    let is_read = |n: usize| {
        let path = format!("/{n}");
        host.requests().iter().filter(|(asked, _, is_answered)| *asked == path && *is_answered).count() >= 2
    };
    eventually("each source twice", || (0..4).all(is_read).then_some(()));
    let requests = host.requests();
    let (refused, resumed) = (held.last().expect("a request").1, requests[held.len()].1);
    assert!(resumed.duration_since(refused) >= Duration::from_secs(12), "the restart asked too early");
    let refusals = requests.iter().filter(|(.., is_answered)| !is_answered).count();
    assert!(refusals <= 4, "{refusals} of {} requests were refused", requests.len());
    let status = home.run(&["status"]).1;
    assert!(status.contains("its 4 sources are read every"), "{status}");
    assert!(daemon.get("/").body.contains("its 4 sources are read every"));
    eventually("the health feed", || {
        daemon.get("/feeds/_health.atom").body.contains("its 4 sources are read every").then_some(())
    });
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_gap_may_be_configured_for_a_host() {
    let config = |host: &str| {
        format!(
            "[host.\"{host}\"]\ngap = \"65s\"\nper_host = 1\n[[source]]\nname = \"a\"\nurl = \"https://a.example/feed\"\n[[output]]\nname = \"all\"\n"
        )
    };
    let home = Home::new(&config("reddit.com"));
    assert_eq!(home.run(&["check"]).0, Some(0));
    home.configure(&config("https://reddit.com/r"));
    let (code, _, errors) = home.run(&["check"]);
    assert!(code == Some(2) && errors.contains("without scheme and path"), "{errors}");
}

#[test]
fn hosts_that_answer_nothing_hold_up_no_other() {
    let hanging: Vec<TcpListener> =
        (1..=40).map(|n| TcpListener::bind(format!("127.0.1.{n}:0")).expect("a free port")).collect();
    let origin = Origin::start();
    origin.set("/well", 200, RSS, feed(1..3));
    origin.disable_validators("/well");
    let source = |url: &str| format!("[[source]]\nurl = \"{url}\"\nallow_private = true\n");
    let hosts =
        hanging.iter().map(|host| source(&format!("http://{}/", host.local_addr().expect("an address"))));
    let sources: String = hosts.chain([source(&origin.url("/well"))]).collect();
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\n[poll]\nevery = \"1s\"\nconcurrency = 8\nadaptive = false\n{sources}[[output]]\n\
         name = \"all\"\n"
    ));
    let daemon = home.start();
    eventually("ten polls", || (origin.responses("/well").0 >= 10).then_some(()));
    assert_eq!(daemon.stop().0, Some(0));
}
