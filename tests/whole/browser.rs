//! Chromium, driven by its debugging protocol over two pipes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a page may take for something.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with one page, closed when dropped.
pub struct Browser {
    process: Child,
    commands: File,
    messages: BufReader<File>,
    number: u64,
    session: String,
    /// How many pages were loaded.
    loads: u64,
    /// What else the browser has told, with the parameters.
    events: Vec<(String, Value)>,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub fn start() -> Browser {
        let profile = tempfile::tempdir().expect("a folder");
        let pipe = |name: &str| {
            let path = profile.path().join(name);
            let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
            assert!(made.success(), "{path:?}");
            path
        };
        let (commands, messages) = (pipe("commands"), pipe("messages"));
        let process = Command::new("sh")
            .args(["-c", "exec timeout 900 \"$0\" \"$@\" 3<commands 4>messages"])
            .arg(env!("SIFTWIRE_CHROMIUM"))
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"])
            .args(["--disable-background-networking", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
            .current_dir(profile.path())
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell runs");
        let commands = OpenOptions::new().write(true).open(commands).expect("the shell reads");
        let messages = BufReader::new(File::open(messages).expect("the shell writes"));
        let mut browser = Browser {
            process,
            commands,
            messages,
            number: 0,
            session: String::new(),
            loads: 0,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Network", "Log", "Runtime"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).expect("the browser reads");
        loop {
            let message = self.message(method);
            if message["id"] == self.number {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// The next message of the browser; events are kept.
    fn message(&mut self, waiting_for: &str) -> Value {
        let mut message = Vec::new();
        let length = self.messages.read_until(0, &mut message).expect("the browser writes");
        assert!(length > 0, "the browser ended at {waiting_for}");
        let message: Value = serde_json::from_slice(&message[..length - 1]).expect("JSON");
        if let Some(event) = message["method"].as_str() {
            self.loads += u64::from(event == "Page.loadEventFired");
            self.events.push((event.to_owned(), message["params"].clone()));
        }
        message
    }

    /// What the browser has told since the last time.
    pub fn take_events(&mut self) -> Vec<(String, Value)> {
        // What it has told comes before the answer.
        self.value("0");
        std::mem::take(&mut self.events)
    }

    /// Does what leads to another page, and waits until that is loaded.
    pub fn load(&mut self, act: impl FnOnce(&mut Browser)) {
        let before = self.loads;
        act(self);
        while self.loads == before {
            self.message("loading");
        }
    }

    pub fn set_width(&mut self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Whether pages may run scripts; the browser itself always may.
    pub fn allow_scripts(&mut self, allowed: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !allowed }));
    }

    /// What the user prefers, such as `prefers-color-scheme`.
    pub fn prefer(&mut self, feature: &str, value: &str) {
        let feature = json!({ "name": feature, "value": value });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        self.load(|browser| drop(browser.call("Page.navigate", json!({ "url": url }))));
    }

    /// The value of an expression in the page. A promise is waited for.
    pub fn value(&mut self, expression: &str) -> Value {
        let wanted = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let result = self.call("Runtime.evaluate", wanted);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true. The page may be replaced meanwhile.
    #[track_caller]
    pub fn wait_for(&mut self, expression: &str) {
        let deadline = Instant::now() + TIMEOUT;
        let wanted = json!({ "expression": expression, "returnByValue": true });
        while self.call("Runtime.evaluate", wanted.clone())["result"]["value"] != true {
            assert!(Instant::now() < deadline, "timed out: {expression}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a text as a keyboard does.
    pub fn enter(&mut self, text: &str) {
        for letter in text.chars() {
            self.call("Input.insertText", json!({ "text": letter.to_string() }));
        }
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Backspace" => (8, ""),
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            other => panic!("no code of the key {other}"),
        };
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", event);
        let event = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code });
        self.call("Input.dispatchKeyEvent", event);
    }

    /// Clicks the middle of the first line of an element, after scrolling there.
    pub fn click(&mut self, element: &str) {
        let place = self.value(&format!(
            "(e => {{ e.scrollIntoView({{ block: 'center' }}); const r = e.getClientRects()[0]; \
             return [r.x + r.width / 2, r.y + r.height / 2]; }})({element})"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// What axe (https://github.com/dequelabs/axe-core) finds wrong with the page, by these options.
    #[cfg(axe)]
    pub fn violations(&mut self, options: &str) -> String {
        if self.value("typeof axe") != "object" {
            let axe = std::fs::read_to_string(env!("SIFTWIRE_AXE")).expect("axe");
            self.value(&format!("{axe}; undefined"));
        }
        self.text(&format!(
            "axe.run({options}).then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)])))"
        ))
    }

    /// Writes a picture of the page.
    pub fn photograph(&mut self, file: &Path) {
        use base64::Engine as _;
        let size =
            self.value("[document.documentElement.clientWidth, document.documentElement.scrollHeight]");
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.call("Page.captureScreenshot", wanted);
        let data = picture["data"].as_str().expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
        std::fs::write(file, bytes).expect("a file");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Killing the shell's child would leave the browser.
        let close = json!({ "id": 0, "method": "Browser.close" });
        let _ = self.commands.write_all(format!("{close}\0").as_bytes());
        let _ = self.process.wait();
    }
}
