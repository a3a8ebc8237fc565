//! Whatever is wrong in a config, no message shows a secret of it.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use siftwire::config::{self, Environment};

#[path = "../../tests/config/secrets.rs"]
mod secrets;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.iter().copied().chain(std::iter::repeat(0));
    let mut byte = move || usize::from(bytes.next().unwrap_or_default());
    let case = secrets::case(&mut |below| (byte() << 8 | byte()) % below);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("config.d")).unwrap();
    for (name, text) in &case.files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let environment = Environment { current_directory: folder.path().to_owned(), ..Environment::default() };
    let location = config::locate(None, &environment);
    let shown = match config::load(&location, &environment) {
        Ok(config) => format!("{:?}", config.warnings.map(|warnings| warnings.to_string())),
        Err(errors) => format!("{errors}\n{}\n{errors:?}", errors.summary()),
    };
    for secret in &case.secrets {
        assert!(!shown.contains(secret), "{secret} in\n{shown}\n{case:#?}");
    }
});
