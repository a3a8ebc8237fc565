//! Siftwire behind nginx below a path, as in the manual: with the path stripped or passed on, and with nginx's gzip.
#![allow(clippy::print_stderr, reason = "reports a skipped test")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::origin::Origin;
use crate::program::{Home, eventually};

/// The public address.
const PUBLIC_URL: &str = "https://example.org";

/// A running nginx on a Unix socket; killed when dropped.
struct Nginx {
    child: Child,
    socket: PathBuf,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: String,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Nginx {
    /// Starts nginx with this location block; `None`, with a message, if it is not installed.
    fn start(folder: &Path, location: &str) -> Option<Nginx> {
        let at = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {pid};\nerror_log stderr error;\nevents {{}}\nhttp {{\naccess_log off;\n
             client_body_temp_path {body};\nproxy_temp_path {temp};\nfastcgi_temp_path {temp};\nuwsgi_temp_path {temp};\n
             scgi_temp_path {temp};\nserver {{\nlisten unix:{socket};\n{location}\n}}\n}}\n",
            pid = at("nginx.pid"),
            body = at("nginx-body"),
            temp = at("nginx-temp"),
            socket = at("nginx.sock"),
        );
        std::fs::write(folder.join("nginx.conf"), config).expect("a config");
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-p", &at(""), "-c", &at("nginx.conf")]);
        let Ok(child) = command.stdin(Stdio::null()).spawn() else {
            eprintln!("skipped: nginx is not installed");
            return None;
        };
        let nginx = Nginx { child, socket: folder.join("nginx.sock") };
        eventually("nginx", || UnixStream::connect(&nginx.socket).ok());
        Some(nginx)
    }

    fn request(&self, method: &str, path: &str, headers: &str) -> Answer {
        let mut stream = UnixStream::connect(&self.socket).expect("it listens");
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        Answer { status: head[9..12].to_owned(), head, body: bytes[end + 4..].to_vec() }
    }

    fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "")
    }

    /// Follows every public address in pages and feeds. Returns their paths; all must answer 200.
    fn crawl(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::from(["/news/".to_owned()]);
        let mut waiting = vec!["/news/".to_owned()];
        while let Some(path) = waiting.pop() {
            let answer = self.get(&path);
            assert_eq!(answer.status, "200", "{path}");
            for rest in answer.text().split(PUBLIC_URL).skip(1) {
                let path = rest.split(['"', '<', ' ', '&', '\'', '\n']).next().unwrap_or_default().to_owned();
                assert!(path.starts_with("/news/"), "{path} is not below the public path");
                if seen.insert(path.clone()) {
                    waiting.push(path);
                }
            }
            assert!(seen.len() < 100, "{seen:?}");
        }
        seen
    }
}

fn origin_and_home() -> (Origin, Home) {
    let items: String = (1..=7)
        .map(|n| {
            format!(
                "<item><title>Entry {n}</title><guid>https://site.example/{n}</guid><link>https://site.example/{n}</link>
                 <pubDate>Sun, 01 Nov 2026 10:{n:02}:00 GMT</pubDate><description>Text of {n}.</description></item>"
            )
        })
        .collect();
    let origin = Origin::start();
    let rss = format!("<rss version=\"2.0\"><channel><title>Site</title>{items}</channel></rss>");
    origin.set("/site", 200, "application/rss+xml", rss);
    let home = Home::new(&format!(
        "[serve]\nlisten = \"127.0.0.1:0\"\npublic_url = \"{PUBLIC_URL}/news/\"\n[[source]]\nname = \"site\"\nurl = \"{}\"\n
         allow_private = true\n[[output]]\nname = \"all\"\nlimit = 3\n",
        origin.url("/site")
    ));
    (origin, home)
}

/// The same for each kind of proxy.
fn serves_below_the_path(nginx: &Nginx) {
    let paths = nginx.crawl();
    for path in [
        "/news/feeds/all", "/news/feeds/all.rss", "/news/feeds/all.json", "/news/feeds/all/archive/1.atom",
        "/news/feeds/all/archive/1.json", "/news/feeds/_health", "/news/outputs.opml",
    ] {
        assert!(paths.contains(path), "{path} is linked nowhere: {paths:?}");
    }
    let path = "/news/feeds/all.atom";
    let full = nginx.get(path);
    assert!(
        full.text().contains(&format!("<link rel=\"self\" href=\"{PUBLIC_URL}{path}\"")),
        "{}",
        full.text()
    );
    for coding in ["", "Accept-Encoding: gzip\r\n", "Accept-Encoding: br, gzip\r\n"] {
        let full = nginx.request("GET", path, coding);
        let tag = full.header("etag").expect("a tag");
        let since = full.header("last-modified").expect("a time");
        for condition in [format!("If-None-Match: {tag}"), format!("If-Modified-Since: {since}")] {
            let again = nginx.request("GET", path, &format!("{coding}{condition}\r\n"));
            assert_eq!((again.status.as_str(), again.body.len()), ("304", 0), "{coding}{condition}");
            assert_eq!(again.header("etag"), full.header("etag"), "{coding}{condition}");
        }
        assert_eq!(nginx.request("HEAD", path, coding).header("etag"), full.header("etag"));
    }
    let page = nginx.get("/news/feeds/all/archive/1.rss");
    assert_eq!(page.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(nginx.get("/news").status, "301", "nginx redirects to the trailing slash");
    assert_eq!(nginx.get("/news/feeds/none.atom").status, "404");
    assert_eq!(nginx.get("/news/healthz").status, "200");
    let refused = nginx.request("POST", path, "Content-Length: 0\r\n");
    assert_eq!((refused.status.as_str(), refused.header("allow")), ("405", Some("GET, HEAD, OPTIONS")));
}

#[test]
fn nginx_may_strip_the_path_or_pass_it_on() {
    let (_origin, home) = origin_and_home();
    let daemon = home.start();
    let address = daemon.address();
    eventually("the entries", || daemon.get("/feeds/all.atom").body.contains("Entry 7<").then_some(()));
    for location in [
        format!("location /news/ {{ proxy_pass http://{address}/; }}"),
        format!("location /news/ {{ proxy_pass http://{address}; }}"),
        format!(
            "location /news/ {{ proxy_pass http://{address}; proxy_http_version 1.1; proxy_set_header Host $host; }}"
        ),
    ] {
        let Some(nginx) = Nginx::start(home.path(), &location) else { return };
        serves_below_the_path(&nginx);
        drop(nginx);
        std::fs::remove_file(home.path().join("nginx.sock")).expect("it was there");
    }
    // Only that path, as a whole segment.
    for path in [
        "/newsfeeds/all.atom", "/other/feeds/all.atom", "/news/news/feeds/all.atom",
        "/news/../feeds/all.atom",
    ] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    assert_eq!(daemon.get("/news").status, 200);
    assert_eq!(daemon.stop().0, Some(0));
}

/// A proxy that compresses makes the ETag weak, and clients send it back so.
#[test]
fn a_weak_etag_of_a_compressing_proxy_matches() {
    let (_origin, home) = origin_and_home();
    let daemon = home.start();
    eventually("the entries", || daemon.get("/feeds/all.atom").body.contains("Entry 7<").then_some(()));
    let location = format!(
        "gzip on; gzip_proxied any; gzip_http_version 1.0; gzip_types application/atom+xml;
         location /news/ {{ proxy_pass http://{}/; proxy_set_header Accept-Encoding \"\"; }}",
        daemon.address()
    );
    let Some(nginx) = Nginx::start(home.path(), &location) else { return };
    let gzip = "Accept-Encoding: gzip\r\n";
    let full = nginx.request("GET", "/news/feeds/all.atom", gzip);
    assert_eq!(full.header("content-encoding"), Some("gzip"));
    let tag = full.header("etag").expect("a tag");
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = nginx.request("GET", "/news/feeds/all.atom", &format!("{gzip}If-None-Match: {tag}\r\n"));
    assert_eq!((again.status.as_str(), again.body.len()), ("304", 0));
}
