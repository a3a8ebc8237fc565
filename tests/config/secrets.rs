//! Makes configs that have a secret in every shape and are broken in every way. Shared by tests and a fuzzer: each says
//! where the choices come from.

/// A config, and what nobody may see of it.
#[derive(Debug)]
pub struct Case {
    /// Names, below the config's folder, and texts; the main file first.
    pub files: Vec<(&'static str, String)>,
    pub secrets: Vec<String>,
}

/// Lines that stand around the one with the secret.
const VALID: &str = "[serve]\nlisten = \"127.0.0.1:0\"\n[store]\nkeep = \"30d\"\n[poll]\nevery = \"1h\"\n[topics]\n\
    west = \"france OR spain\"\n[[output]]\nname = \"all\"\nfilter = \"@west\"\n[[source]]\nname = \"paper\"\n\
    url = \"https://paper.example/feed\"\n";

/// The headers that a line can stand under.
const TABLES: [&str; 16] = [
    "", "[serve]", "[store]", "[poll]", "[publish]", "[topics]", "[[source]]", "[[output]]", "[source]",
    "[[Source]]", "[sources]", "[poll.headers]", "[source.headers]", "[source.password]", "[unknown]",
    "[[source]",
];

/// Keys whose values are secrets, because of their names or because nothing is known of them.
const SECRET_KEYS: [&str; 34] = [
    "password", "pasword", "Password", "PASSWORD", "\"password\"", "'password'", "\"p\\u0061ssword\"",
    "\"pass\\x77ord\"", "bearer", "Bearer", "bearer.value", "bearer.file", "cookie", "cookies", "Cookie",
    "user", "User", "token", "api_key", "secret", "auth", "headers", "Headers", "headers.Authorization",
    "headers.\"X-Key\"", "Headers.X-Key", "password.file", "password . credential", "poll.headers.X-Key",
    "url.password", "\"\"", "Authorization", "credential", "proxy_password",
];

/// Keys whose values may be shown, but no user information, and no query of a URL.
const TEXT_KEYS: [&str; 20] = [
    "url", "Url", "url.x", "public_url", "proxy", "hub", "name", "title", "contact", "user_agent", "filter",
    "entry_title", "path", "write_to", "listen", "every", "max_body", "lang", "west", "link",
];

/// Mistakes beside the one with the secret, whose messages quote lines.
const MISTAKES: [&str; 14] = [
    "", "every = 5", "every = \"x\"", "url = \"paper.example\"", "url = \"https://paper.example/feed\"",
    "name = \"paper\"", "name = \"all\"", "filter = \"a OR (b\"", "evry = \"5m\"",
    "headers = { Host = \"x\" }", "limit = true", "= 1", "publish_url = false", "sources = [\"papr\"]",
];

/// `below` gives a number below the one that it gets.
pub fn case(below: &mut dyn FnMut(usize) -> usize) -> Case {
    let mut choices = Choices(below);
    let (line, secrets) = if choices.0(2) == 0 { choices.secret_line() } else { choices.url_line() };
    let line = choices.broken(line);
    let table = choices.of(&TABLES);
    let [before, after] = [choices.of(&MISTAKES), choices.of(&MISTAKES)];
    let mut text = format!("{table}\n{before}\n{line}\n{after}\n");
    if choices.0(4) == 0 {
        // A comment is no place to hide.
        text = format!("# {}\n{text}", line.replace('\n', "\n# "));
    }
    if choices.0(8) == 0 {
        text = text.replace('\n', "\r\n");
    }
    let files = match choices.0(4) {
        0 => vec![("config.toml", text)],
        1 => vec![("config.toml", format!("{VALID}{text}"))],
        2 => vec![("config.toml", format!("{text}{VALID}")), ("config.d/more.toml", "evry = 1\n".to_owned())],
        _ => vec![("config.toml", VALID.to_owned()), ("config.d/more.toml", text)],
    };
    Case { files, secrets }
}

struct Choices<'a>(&'a mut dyn FnMut(usize) -> usize);

impl Choices<'_> {
    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[(self.0)(values.len())]
    }

    /// Eight characters, some of them digits, so that it is no word.
    fn secret(&mut self) -> String {
        let letters = b"bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ";
        (0..8).map(|at| if at % 3 == 1 { b'2' + self.0(8) as u8 } else { self.of(letters) } as char).collect()
    }

    fn secret_line(&mut self) -> (String, Vec<String>) {
        let key = self.of(&SECRET_KEYS);
        let secret = self.secret();
        let second = self.secret();
        let value = match self.0(24) {
            0 => format!("\"{secret}\""),
            1 => format!("'{secret}'"),
            2 => format!("\"\"\"{secret}\n{second}\"\"\""),
            3 => format!("'''\n{secret}\nname = \"{second}\"\n'''"),
            4 => format!("[\"{secret}\"]"),
            5 => format!("[[\"{secret}\"], \"{second}\"]"),
            6 => format!("[\n  \"{secret}\",\n  \"{second}\"\n]"),
            7 => format!("{{ value = \"{secret}\" }}"),
            8 => format!("{{ file = \"{secret}\" }}"),
            9 => format!("{{ credential = \"{secret}\" }}"),
            10 => format!("{{ {secret} = 1 }}"),
            11 => format!("{{\n  value = \"{secret}\",\n  name = \"{second}\"\n}}"),
            12 => format!("{{ Authorization = \"Bearer {secret}\", \"X-Key: {second}\" = \"\" }}"),
            13 => format!("{{ X = {{ file = \"{secret}\" }}, Y = [\"{second}\"] }}"),
            14 => secret.clone(),
            15 => format!("\"{secret} \\u00e9 \\\" {second}\""),
            16 => format!("\"{secret}\\n{second}\""),
            17 => format!("\"a=b, {secret} # {second}\""),
            18 => format!("'{secret}\" {second}'"),
            19 => format!("\"{secret}\" \"{second}\""),
            20 => format!("\"{secret}\\q{second}\""),
            21 => format!("{{ file = \"{secret}\", credential = \"{second}\" }}"),
            22 => format!("\"https://paper.example/{secret}\""),
            _ => format!("\n{secret} = \"{second}\""),
        };
        (format!("{key} = {value}"), vec![secret, second])
    }

    fn url_line(&mut self) -> (String, Vec<String>) {
        let key = self.of(&TEXT_KEYS);
        let [secret, second] = [self.secret(), self.secret()];
        let scheme = self.of(&["https", "http", "HTTPS", "ftp", "socks5", "https+x"]);
        let mark = self.of(&["/", "?", "#", "@", ":", "%2F", "&", "\\\"", "[", "//"]);
        let value = match self.0(10) {
            0 => format!("{scheme}://me:{secret}@paper.example/feed?x={second}"),
            1 => format!("{scheme}://{secret}:{second}@paper.example/"),
            2 => format!("{scheme}://me:{secret}{mark}{second}@paper.example/feed"),
            3 => format!("{scheme}://me:{mark}{secret}{mark}{mark}{second}@paper.example:80/"),
            4 => format!("{scheme}://paper.example/feed?token={secret}&x={second}"),
            5 => format!("{scheme}://paper.example/feed?{secret}#{second}"),
            6 => format!("me:{secret}@paper.example/{second}@x"),
            7 => format!("{scheme}:me:{secret}{second}@paper.example/"),
            8 => format!("{scheme}://[me:{secret}{mark}{second}@::1]/"),
            _ => {
                format!("see {scheme}://me:{secret}@paper.example/ or {scheme}://me:{second}@paper.example/")
            }
        };
        let secrets = vec![secret, second];
        let value = match self.0(4) {
            0 if !value.contains('\\') => format!("'{value}'"),
            1 => format!("\"\"\"{value}\"\"\""),
            2 => format!("[\"x\", \"{value}\"]"),
            _ => format!("\"{value}\""),
        };
        (format!("{key} = {value}"), secrets)
    }

    /// The line with a slip of the hand outside of the secret, or none.
    fn broken(&mut self, line: String) -> String {
        let places: Vec<usize> =
            line.char_indices().filter(|(_, c)| "\"'[]{}=,\n".contains(*c)).map(|(at, _)| at).collect();
        let place = self.of(&places);
        let (start, end) = line.split_at(place);
        match self.0(12) {
            // The mark is missing.
            0 | 1 => format!("{start}{}", &end[1..]),
            // There is one too many.
            2 => format!("{start}{}{end}", &end[..1]),
            3 => format!(
                "{start}{}{end}",
                self.of(&["\"", "'", "]", "}", ",", "=", "\\", "\"\"\"", "\u{7}", "#"])
            ),
            4 => format!(
                "{line}{}",
                self.of(&["\"", "'", "]", "}", ",", " x", "\"\"\"", "\n}", "\n]", "\n\"\"\""])
            ),
            5 => format!("{line}\n{line}"),
            6 => format!("  {}", line.replacen('\n', "\n\t", 1)),
            // The end is missing.
            7 => line.trim_end_matches(['"', '\'', ']', '}', ' ', '\n']).to_owned(),
            _ => line,
        }
    }
}
