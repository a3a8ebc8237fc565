//! WebSub: which notifications a hub gets, and when.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::origin::Origin;
use crate::program::{Home, eventually};

/// A hub that records all notifications, and refuses as many as `refusals` says.
struct Hub {
    address: String,
    notifications: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Hub {
    fn start() -> Hub {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}/hub", listener.local_addr().expect("an address"));
        let (notifications, refusals): (Arc<Mutex<Vec<String>>>, Arc<Mutex<u32>>) = Default::default();
        let hub = Hub { address, notifications: Arc::clone(&notifications), refusals: Arc::clone(&refusals) };
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let mut reader = BufReader::new(client.try_clone().expect("a stream"));
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    if reader.read_line(&mut head).unwrap_or(0) == 0 {
                        break;
                    }
                }
                let length = head
                    .to_ascii_lowercase()
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split('\r').next()?.parse::<usize>().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                let _ = reader.read_exact(&mut body);
                let mut refusals = refusals.lock().expect("no panic under the lock");
                let status = if *refusals > 0 { "500 No" } else { "204 Yes" };
                *refusals = refusals.saturating_sub(1);
                notifications
                    .lock()
                    .expect("no panic under the lock")
                    .push(String::from_utf8(body).expect("UTF-8"));
                let _ = write!(client, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        hub
    }

    fn notifications(&self) -> Vec<String> {
        self.notifications.lock().expect("no panic under the lock").clone()
    }
}

fn feed(entries: u32) -> String {
    let items: String =
        (1..=entries).map(|n| format!("<item><title>Entry {n}</title><guid>{n}</guid></item>")).collect();
    format!("<rss version=\"2.0\"><channel><title>Site</title>{items}</channel></rss>")
}

#[test]
fn the_hub_is_notified_once_of_each_change_and_never_of_a_restart() {
    let (origin, hub) = (Origin::start(), Hub::start());
    origin.set("/site", 200, "text/xml", feed(1));
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://feeds.example.org/n\"\n[poll]\nevery = \"1s\"\nat_most = \"1s\"\n[publish]\nhub = \"{}\"\n
         [[source]]\nname = \"site\"\nurl = \"{}\"\nallow_private = true\n[[output]]\nname = \"all\"\n[[output]]\nname = \"none\"\nfilter = \"nothing\"\n[[output]]\nname = \"closed\"\nprivate = true\n",
        hub.address,
        origin.url("/site")
    ));
    let daemon = home.start();
    eventually("the hub was notified", || (hub.notifications().len() == 1).then_some(()));
    let own = "https%3A%2F%2Ffeeds.example.org%2Fn%2Ffeeds%2Fall";
    let expected = format!("hub.mode=publish&hub.url={own}.atom&hub.url={own}.rss&hub.url={own}.json");
    assert_eq!(
        hub.notifications(),
        std::slice::from_ref(&expected),
        "neither an empty nor a private output is announced"
    );
    let atom = daemon.get("/feeds/all.atom");
    assert!(atom.body.contains(&format!("<link rel=\"hub\" href=\"{}\"/>", hub.address)), "{}", atom.body);
    let link =
        format!("<{}>; rel=\"hub\", <https://feeds.example.org/n/feeds/all.atom>; rel=\"self\"", hub.address);
    assert_eq!(atom.header("link"), Some(link.as_str()));
    assert!(daemon.get("/feeds/all.json").body.contains("\"type\": \"WebSub\""));
    let closed = daemon.get("/feeds/closed.atom");
    assert_eq!((closed.status, closed.header("link")), (200, None));
    assert!(closed.body.contains("Entry 1") && !closed.body.contains(&hub.address), "{}", closed.body);

    // A failed notification is repeated; polls without new entries cause none.
    *hub.refusals.lock().expect("no panic under the lock") = 1;
    origin.set("/site", 200, "text/xml", feed(2));
    eventually("a second try", || (hub.notifications().len() == 3).then_some(()));
    eventually("more polls", || (origin.responses("/site").1 > 2).then_some(()));
    assert_eq!(hub.notifications(), [expected.clone(), expected.clone(), expected]);
    assert_eq!(daemon.stop().0, Some(0));
    let before = origin.responses("/site").1;
    let daemon = home.start();
    eventually("polls after the restart", || (origin.responses("/site").1 > before + 1).then_some(()));
    assert!(daemon.get("/feeds/all.atom").body.contains("Entry 2"));
    assert_eq!(hub.notifications().len(), 3, "a restart causes no notification");
}
