//! Who may see the private pages and outputs.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::origin::Origin;
use crate::program::{Daemon, Home, Response, eventually, exchange};

const TOKEN: &str = "SECRETcorrect-horse-battery";
const FEED: &str =
    "<rss version=\"2.0\"><channel><title>Site</title><item><title>One</title></item></channel></rss>";
/// Not from this machine alone.
const FORWARDED: &str = "X-Forwarded-For: 192.0.2.1\r\n";

fn home(listen: &str, more: &str) -> Home {
    let home = Home::new(&config(listen, more));
    std::fs::write(home.path().join("token"), format!("{TOKEN}\n")).expect("a token");
    home
}

fn config(listen: &str, more: &str) -> String {
    format!(
        "[serve]\nlisten = \"{listen}\"\n{more}[[output]]\nname = \"open\"\n[[output]]\nname = \"closed\"\nprivate = true\n"
    )
}

const WITH_TOKEN: &str = "token = { file = \"token\" }\n";

/// Something of each kind that is private.
const PRIVATE: [&str; 9] = [
    "/sources", "/sources?q=a", "/feeds/closed", "/feeds/closed.atom", "/feeds/closed.rss",
    "/feeds/closed.json", "/feeds/closed/archive/1.atom", "/feeds/%63losed%2Eatom", "/feeds/closed/",
];
const PUBLIC: [&str; 7] =
    ["/", "/feeds/open", "/feeds/open.atom", "/feeds/_health.atom", "/outputs.opml", "/metrics", "/healthz"];

fn from_elsewhere(daemon: &Daemon, path: &str, headers: &str) -> Response {
    daemon.request("GET", path, &format!("{FORWARDED}{headers}"))
}

fn form(daemon: &Daemon, path: &str, body: &str, headers: &str) -> Response {
    let host = daemon.address();
    daemon.send(&format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n{FORWARDED}{headers}\r\n{body}",
        body.len()
    ))
}

/// The cookie of a response, as it is sent back.
fn cookie(response: &Response) -> String {
    let cookie = response.header("set-cookie").expect("a cookie");
    format!("Cookie: {}\r\n", cookie.split(';').next().expect("a value"))
}

fn assert_sealed(response: &Response, path: &str) {
    let cache = response.header("cache-control").expect("a header");
    assert!(cache.starts_with("private, no-"), "{path}: {cache}");
    assert_eq!(response.header("referrer-policy"), Some("no-referrer"), "{path}");
    assert_eq!(response.header("access-control-allow-origin"), None, "{path}");
    assert_eq!(response.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
}

#[test]
fn on_loopback_and_on_a_unix_socket_no_token_is_needed() {
    let daemon = home("127.0.0.1:0", "").start();
    for path in ["/sources", "/feeds/closed", "/feeds/closed.atom"] {
        let response = daemon.get(path);
        assert_eq!(response.status, 200, "{path}");
        assert_sealed(&response, path);
    }
    let home = home("127.0.0.1:0", "");
    home.configure(&config(&format!("unix:{}/http.sock", home.path().display()), ""));
    let _daemon = home.start();
    let get = |host: &str| {
        let stream = UnixStream::connect(home.path().join("http.sock")).expect("the daemon listens");
        exchange(stream, &format!("GET /sources HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
            .status
    };
    assert_eq!((get("localhost"), get("feeds.example")), (200, 421));
}

#[test]
fn at_any_other_address_requests_from_this_machine_need_the_token_too() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let daemon = home(listen, WITH_TOKEN).start();
        for path in PRIVATE {
            let host = "Host: localhost\r\nConnection: close\r\n";
            assert_eq!(
                daemon.send(&format!("GET {path} HTTP/1.1\r\n{host}\r\n")).status,
                401,
                "{listen} {path}"
            );
        }
        for path in PUBLIC {
            assert_eq!(daemon.get(path).status, 200, "{listen} {path}");
        }
    }
}

#[test]
fn behind_a_proxy_on_loopback_the_token_is_needed() {
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    for header in ["X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "X-Real-IP: 127.0.0.1", "Via: 1.1 x"]
    {
        for path in PRIVATE {
            assert_eq!(daemon.request("GET", path, &format!("{header}\r\n")).status, 401, "{header} {path}");
        }
        for path in PUBLIC {
            assert_eq!(daemon.request("GET", path, &format!("{header}\r\n")).status, 200, "{header} {path}");
        }
    }
    // What nginx sends if it is told nothing.
    let nginx = "GET /sources HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n";
    assert_eq!(daemon.send(nginx).status, 401);
    assert_eq!(daemon.send("GET /sources HTTP/1.0\r\nHost: localhost\r\n\r\n").status, 200, "a text browser");
}

#[test]
fn without_a_token_only_a_name_of_this_machine_is_answered() {
    let daemon = home("127.0.0.1:0", "").start();
    let get = |host: &str, path: &str| {
        daemon.send(&format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"))
    };
    for host in
        ["localhost", "localhost:1", "a.localhost", "127.0.0.1", "127.3.2.1:8080", "[::1]", "[::1]:80"]
    {
        assert_eq!(get(&format!("Host: {host}\r\n"), "/sources").status, 200, "{host}");
    }
    for host in
        ["rebound.example", "127.0.0.1.rebound.example", "localhost.example", "192.168.0.1", "siftwire"]
    {
        for path in PRIVATE {
            let response = get(&format!("Host: {host}\r\n"), path);
            assert_eq!(response.status, 421, "{host} {path}");
            assert!(response.body.contains("http://localhost") && response.body.contains("siftwire token"));
            assert!(!response.body.contains("closed"), "{}", response.body);
        }
        for path in PUBLIC {
            assert_eq!(get(&format!("Host: {host}\r\n"), path).status, 200, "{host} {path}");
        }
    }
    assert_eq!(daemon.send("GET /sources HTTP/1.0\r\n\r\n").status, 421, "no host");
    let absolute =
        "GET http://rebound.example/sources HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(daemon.send(absolute).status, 421);
    assert_eq!(daemon.send(&absolute.replace("/sources", "/%73ources")).status, 421);
    // With a token, the form opens it under any name.
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    let asked = "GET /sources HTTP/1.1\r\nHost: feeds.example\r\nConnection: close\r\n";
    assert_eq!(daemon.send(&format!("{asked}\r\n")).status, 401);
    assert_eq!(daemon.send(&format!("{asked}Authorization: Bearer {TOKEN}\r\n\r\n")).status, 200);
}

#[test]
fn without_the_token_the_answer_is_401_with_the_sign_in_form() {
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    for path in PRIVATE {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE"] {
            let response = daemon.request(method, path, FORWARDED);
            assert_eq!(response.status, 401, "{method} {path}");
            assert_sealed(&response, path);
            assert_eq!(response.header("cache-control"), Some("private, no-store"));
            assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
            assert_eq!(response.header("www-authenticate"), Some("Bearer realm=\"Siftwire\""));
            let policy = response.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            let is_form = response.body.contains("<form method=\"post\">");
            assert_eq!(is_form, method != "HEAD", "{method} {path}: {}", response.body);
        }
    }
    // Nobody can sign in where there is no token: the page says what to do.
    let daemon = home("127.0.0.1:0", "").start();
    let response = from_elsewhere(&daemon, "/sources", "");
    assert_eq!(response.status, 401);
    assert!(
        response.body.contains("siftwire token") && !response.body.contains("<form"),
        "{}",
        response.body
    );
}

#[test]
fn the_token_is_a_header_a_cookie_or_a_part_of_the_address() {
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    let signed_in = form(&daemon, "/sources", &format!("token={TOKEN}"), "");
    for path in PRIVATE {
        let and = if path.contains('?') { '&' } else { '?' };
        let expected = match path {
            "/feeds/closed/" => 301,
            "/feeds/closed/archive/1.atom" => 404,
            _ => 200,
        };
        for response in [
            from_elsewhere(&daemon, path, &format!("Authorization: Bearer {TOKEN}\r\n")),
            from_elsewhere(&daemon, path, &cookie(&signed_in)),
            from_elsewhere(&daemon, &format!("{path}{and}token={TOKEN}"), ""),
        ] {
            assert_eq!(response.status, expected, "{path}");
            assert_sealed(&response, path);
            // The links of a feed to itself have it, if its address has.
            let body = response.body.replace(&format!("?token={TOKEN}\""), "\"");
            assert!(!body.contains(TOKEN), "{path}");
        }
    }
    // A reader that follows a redirect takes its token along.
    let moved = from_elsewhere(&daemon, &format!("/feeds/closed/?token={TOKEN}"), "");
    assert_eq!(moved.header("location"), Some(format!("/feeds/closed?token={TOKEN}").as_str()));
}

#[test]
fn the_form_leads_back_to_its_page_and_nowhere_else() {
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    let body = format!("token={TOKEN}");
    for (path, location) in [
        ("/sources", "./sources"),
        ("/sources?q=a%20b&token=old&page=2", "./sources?q=a%20b&page=2"),
        ("/feeds/closed.atom", "./closed.atom"),
        ("/%73ources?q=a", "./sources?q=a"),
    ] {
        let response = form(&daemon, path, &body, "");
        assert_eq!((response.status, response.header("location")), (303, Some(location)), "{path}");
        assert_sealed(&response, path);
        let cookie = response.header("set-cookie").expect("a cookie");
        assert!(cookie.ends_with("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"), "{cookie}");
        assert!(!cookie.contains(TOKEN), "{cookie}");
    }
    for path in [
        "//evil.example/sources", "/sources//evil.example", "/\\evil.example", "/sources/..//evil.example",
        "/%2Fevil.example",
    ] {
        let response = form(&daemon, path, &body, "");
        assert_ne!(response.status, 303, "{path}");
        assert_eq!(response.header("set-cookie"), None, "{path}");
    }
    let response = form(&daemon, "/sources", "token=wrong&to=https://evil.example/", "");
    assert_eq!(response.status, 401);
    assert!(response.body.contains("That is not the token") && !response.body.contains("evil"));
    // No page of another site signs a browser in, and a body has a bound.
    assert_eq!(form(&daemon, "/sources", &body, "Sec-Fetch-Site: cross-site\r\n").status, 401);
    assert_eq!(form(&daemon, "/sources", &format!("a={}&{body}", "x".repeat(5000)), "").status, 401);
    assert_eq!(form(&daemon, "/", &body, "").status, 405);
}

#[test]
fn a_token_may_be_copied_with_a_line_end_and_an_old_cookie_is_nobodys_mistake() {
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    for body in [format!("token={TOKEN}+"), format!("token={TOKEN}%0D%0A"), format!("token=%20{TOKEN}")] {
        assert_eq!(form(&daemon, "/sources", &body, "").status, 303, "{body}");
    }
    assert_eq!(from_elsewhere(&daemon, &format!("/sources?token={TOKEN}%20"), "").status, 200);
    let old = from_elsewhere(&daemon, "/sources", "Cookie: siftwire=old\r\n");
    assert!(old.status == 401 && !old.body.contains("That is not the token"), "{}", old.body);
    let wrong = from_elsewhere(&daemon, "/sources?token=wrong", "");
    assert!(wrong.status == 401 && wrong.body.contains("That is not the token"), "{}", wrong.body);
    // A page of another site that frames one of ours could take the time that it needs.
    let framed = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n";
    assert_eq!(daemon.request("GET", "/try?q=a", framed).status, 401);
}

#[test]
fn by_an_encrypted_public_url_the_cookie_is_sent_encrypted_and_below_its_path_only() {
    let more = format!("public_url = \"https://feeds.example/sub/\"\n{WITH_TOKEN}");
    let daemon = home("127.0.0.1:0", &more).start();
    for path in ["/sub/sources", "/sources"] {
        let response = form(&daemon, path, &format!("token={TOKEN}"), "");
        let cookie = response.header("set-cookie").expect("a cookie");
        assert!(cookie.ends_with("; Path=/sub; Max-Age=7776000; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        assert_eq!(response.header("location"), Some("./sources"));
        let with_query = from_elsewhere(&daemon, &format!("{path}?q=zzz&token={TOKEN}"), "");
        assert!(with_query.body.contains("value=\"zzz\""), "{}", with_query.body);
    }
}

#[test]
fn a_hundred_wrong_tokens_are_slowed_down_and_the_right_one_is_not() {
    let daemon = home("127.0.0.1:0", WITH_TOKEN).start();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..10 {
            let daemon = &daemon;
            scope.spawn(move || {
                for number in 0..10 {
                    let wrong = format!("SECRETwrong{thread}{number}");
                    let response = match number % 3 {
                        0 => from_elsewhere(daemon, &format!("/sources?token={wrong}"), ""),
                        1 => {
                            from_elsewhere(daemon, "/sources", &format!("Authorization: Bearer {wrong}\r\n"))
                        }
                        _ => from_elsewhere(daemon, "/sources", &format!("Cookie: siftwire={wrong}\r\n")),
                    };
                    assert_eq!(response.status, 401);
                    assert!(!response.body.contains("SECRET") && !response.head.contains("SECRET"));
                }
            });
        }
    });
    assert!(begin.elapsed() > Duration::from_secs(2), "{:?}", begin.elapsed());
    let begin = Instant::now();
    assert_eq!(
        from_elsewhere(&daemon, "/sources", &format!("Authorization: Bearer {TOKEN}\r\n")).status,
        200
    );
    assert!(begin.elapsed() < Duration::from_millis(450), "{:?}", begin.elapsed());
    assert_eq!(daemon.get("/sources").status, 200, "this machine needs none");
}

#[test]
fn tokens_are_in_no_log_and_in_nothing_that_is_served() {
    let origin = Origin::start();
    origin.set("/feed", 200, "application/rss+xml", FEED);
    let home = home("127.0.0.1:0", WITH_TOKEN);
    let source = format!("[[source]]\nurl = \"{}\"\nallow_private = true\n", origin.url("/feed"));
    home.configure(&(config("127.0.0.1:0", WITH_TOKEN) + &source));
    let daemon = home.start_with(&[("RUST_LOG", Path::new("trace"))]);
    let signed_in = form(&daemon, "/sources", &format!("token={TOKEN}"), "");
    form(&daemon, "/feeds/closed", "token=SECRETtypo", "");
    let cookie = cookie(&signed_in);
    let value = cookie.split(['=', '\r']).nth(1).expect("a value").to_owned();
    for path in PRIVATE.iter().chain(&PUBLIC) {
        let and = if path.contains('?') { '&' } else { '?' };
        let requests = [
            from_elsewhere(&daemon, path, &cookie),
            from_elsewhere(&daemon, path, &format!("Authorization: Bearer {TOKEN}\r\n")),
            from_elsewhere(&daemon, path, "Authorization: Bearer SECRETwrong\r\n"),
            from_elsewhere(&daemon, &format!("{path}{and}token={TOKEN}x"), ""),
            from_elsewhere(&daemon, &format!("{path}{and}token=%ff{TOKEN}"), ""),
        ];
        for response in requests {
            assert!(!response.body.contains("SECRET") && !response.body.contains(&value), "{path}");
            assert!(
                !response.head.contains("SECRET") && !response.head.contains(&value),
                "{}",
                response.head
            );
        }
    }
    // A config that is refused quotes its lines.
    home.configure(&(config("127.0.0.1:0", &format!("token = \"{TOKEN}\"\nmax_age = 7\n")) + &source));
    eventually("it is refused", || daemon.get("/").body.contains("The config is invalid").then_some(()));
    assert!(!daemon.get("/").body.contains("SECRET"));
    let (_, out, words) = home.run(&["check"]);
    assert!(!out.contains("SECRET") && !words.contains("SECRET"), "{out}{words}");
    let (_, log) = daemon.stop();
    assert!(log.contains("a wrong token"), "{log}");
    let shown: Vec<&str> =
        log.lines().filter(|line| line.contains("SECRET") || line.contains(&value)).collect();
    assert_eq!(shown, [""; 0]);
}

#[test]
fn a_private_output_is_on_no_public_list() {
    let home = home("127.0.0.1:0", WITH_TOKEN);
    let served = |daemon: &Daemon| PUBLIC.map(|path| daemon.get(path).body).concat();
    let daemon = home.start();
    assert!(served(&daemon).contains("open") && !served(&daemon).contains("closed"), "{}", served(&daemon));
    drop(daemon);
    // A config that was emptied is not applied, and what it said of the outputs stays.
    home.configure(&format!("[serve]\nlisten = \"127.0.0.1:0\"\n{WITH_TOKEN}"));
    let daemon = home.start();
    assert!(!served(&daemon).contains("closed"), "{}", served(&daemon));
    assert_eq!(from_elsewhere(&daemon, "/feeds/open.atom", "").status, 200);
    assert_eq!(from_elsewhere(&daemon, "/feeds/closed.atom", "").status, 401);
}

#[test]
fn token_and_privacy_are_reloaded_with_the_config() {
    let home = home("127.0.0.1:0", WITH_TOKEN);
    let daemon = home.start();
    let status = |path: &str, token: &str| {
        from_elsewhere(&daemon, path, &format!("Authorization: Bearer {token}\r\n")).status
    };
    let signed_in = form(&daemon, "/sources", &format!("token={TOKEN}"), "");
    assert_eq!((status("/sources", TOKEN), status("/feeds/open.atom", "x")), (200, 200));
    std::fs::write(home.path().join("token"), "another-horse-battery").expect("a token");
    let renamed = config("127.0.0.1:0", WITH_TOKEN)
        .replace("\"open\"", "\"open\"\nprivate = true")
        .replace("\"closed\"", "\"shut\"\nwas = [\"closed\"]");
    home.configure(&renamed);
    eventually("the new token counts", || (status("/sources", "another-horse-battery") == 200).then_some(()));
    assert_eq!(status("/sources", TOKEN), 401);
    assert_eq!(from_elsewhere(&daemon, "/sources", &cookie(&signed_in)).status, 401, "its cookie");
    for path in ["/feeds/open", "/feeds/open.rss", "/feeds/closed.atom", "/feeds/shut.json"] {
        assert_eq!(from_elsewhere(&daemon, path, "").status, 401, "{path}");
    }
    eventually("the former name leads on", || {
        (status("/feeds/closed.atom", "another-horse-battery") == 301).then_some(())
    });
    home.configure(&renamed.replace("private = true", "private = false"));
    eventually("all may read it again", || (status("/feeds/shut.atom", "x") == 200).then_some(()));
    assert_eq!(status("/feeds/open.atom", "x"), 200);
    assert!(daemon.get("/").body.contains("shut"));
}

#[test]
fn a_made_token_is_the_owners_alone_and_opens_the_pages() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = home("127.0.0.1:0", WITH_TOKEN);
    let (code, printed, words) = home.run(&["token"]);
    assert_eq!(code, Some(0));
    assert!(words.contains("[serve]") && !words.contains(printed.trim()), "{words}");
    assert_ne!(home.run(&["token"]).1, printed);
    assert_eq!(home.run(&["token", "--output", "token"]).0, Some(1), "it is there already");
    let (code, printed, words) = home.run(&["token", "--output", "made"]);
    assert_eq!((code, printed.as_str()), (Some(0), ""));
    let file = home.path().join("made");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(&file).expect("text");
    assert!(token.trim().len() == 43 && !words.contains(token.trim()), "{words}");
    home.configure(&config("127.0.0.1:0", "token = { file = \"made\" }\n"));
    let (code, _, words) = home.run(&["check"]);
    assert_eq!((code, words.contains("warning")), (Some(0), false), "{words}");
    let daemon = home.start();
    let header = format!("Authorization: Bearer {}\r\n", token.trim());
    assert_eq!(from_elsewhere(&daemon, "/sources", &header).status, 200);
}

#[test]
fn a_bad_token_and_an_output_that_nobody_can_read_are_told_with_the_remedy() {
    let home = home("127.0.0.1:0", "token = \"short\"\n");
    let check = |config: String| {
        home.configure(&config);
        let (code, _, words) = home.run(&["check"]);
        (code, words)
    };
    for (token, problem) in [
        ("\"short\"", "could be guessed"),
        ("\"with a space in the middle\"", "no spaces"),
        ("\"\u{416}\u{416}\u{416}\u{416}\u{416}\u{416}\u{416}\u{416}\u{416}\u{416}\"", "visible ASCII"),
        ("{ file = \"missing\" }", "no such file"),
        ("7", "expected a string"),
    ] {
        let (code, words) = check(config("127.0.0.1:0", &format!("token = {token}\n")));
        assert_eq!((code, words.contains(problem)), (Some(2), true), "{words}");
    }
    let (code, words) = check(config("0.0.0.0:8080", ""));
    assert_eq!(code, Some(0));
    assert!(words.contains("nobody can read the private output `closed`"), "{words}");
    assert!(words.contains("siftwire token --output"), "{words}");
    for quiet in [config("127.0.0.1:8080", ""), config("unix:a.sock", ""), config("0.0.0.0:1", WITH_TOKEN)] {
        assert!(!check(quiet).1.contains("nobody can read"));
    }
    std::fs::set_permissions(home.path().join("token"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .expect("it is ours");
    assert!(check(config("127.0.0.1:0", WITH_TOKEN)).1.contains("chmod o-r"));
}
