//! Loads the config: reads its files, parses and checks them. Reads files.

#![allow(clippy::disallowed_methods, reason = "reads the config's files")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::check;
use super::diagnostic::{Diagnostic, Diagnostics, MaskedFile, Severity};
use super::locate::{ConfigLocation, Environment, directories, drop_in_directory, drop_in_files};
use super::merge::merge;
use super::permissions;
use super::raw;
use super::settings::{Config, ConfigFile};
use super::store_location;
use super::toml_reader::FileReader;
use crate::store;
use crate::text::closest_name;

/// The shipped config.toml: every key with its default, and example sources and outputs.
pub const SHIPPED: &str = include_str!("../../config.toml");

/// Shown as the path of the built-in config.
const BUILT_IN_PATH: &str = "(built-in config.toml)";

/// Reads the main file and then `config.d/*.toml` beside it in name order, and checks them together.
///
/// # Errors
/// All mistakes at once.
pub fn load(location: &ConfigLocation, environment: &Environment) -> Result<Config, Diagnostics> {
    let (texts, diagnostics) = read_files(location);
    load_texts(texts, diagnostics, location, environment)
}

/// Checks the config as if its main file contained `main`; writes nothing.
///
/// # Errors
/// All mistakes at once.
pub fn load_with_main_text(
    main: &str,
    location: &ConfigLocation,
    environment: &Environment,
) -> Result<Config, Diagnostics> {
    let (mut texts, diagnostics) = read_files(location);
    if let Some((_, text)) = texts.first_mut() {
        main.clone_into(text);
    }
    load_texts(texts, diagnostics, location, environment)
}

/// Checks another file in the place of the main one, wherever it lies: relative paths mean what they mean in the main
/// one. The `config.d` beside it is read, else the main one's.
///
/// # Errors
/// All mistakes at once.
pub fn load_other(
    other: &Path,
    location: &ConfigLocation,
    environment: &Environment,
) -> Result<Config, Diagnostics> {
    let other = ConfigLocation::Explicit(environment.current_directory.join(other));
    let (mut texts, mut diagnostics) = read_files(&other);
    if let ([_], Some(_)) = (&texts[..], location.path()) {
        let (of_main, more) = read_files(location);
        texts.extend(of_main.into_iter().skip(1));
        diagnostics.extend(more);
    }
    load_texts(texts, diagnostics, location, environment)
}

/// The store's options, as far as the files can be read: `status` and `backup` must work while the config has
/// mistakes. `None` if these leave open which store it is.
pub fn store_options(location: &ConfigLocation, environment: &Environment) -> Option<store::Options> {
    let (texts, mut diagnostics) = read_files(location);
    let files = texts.iter().filter_map(|(_, text)| raw::read(&mut FileReader::new(0, text))).collect();
    let merged = merge(files);
    let is_known = match (&merged.store.path, &merged.store.url) {
        (Some(_), Some(_)) => false,
        (None, None) => !texts.iter().any(|(_, text)| may_name_store(text)),
        _ => true,
    };
    let directories = directories(location, environment);
    is_known.then(|| check::check(merged, &directories, &mut diagnostics).store)
}

/// Whether a file may say where the store is, however misspelt: a line of `[store]` that is not `keep`, or of a table whose
/// name is much like it.
fn may_name_store(text: &str) -> bool {
    let mut table = "";
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).any(|line| {
        let is_header = line.starts_with('[');
        let name = line.trim_start_matches('[').split([']', '=']).next().unwrap_or_default().trim();
        if is_header {
            table = name;
        }
        let (of, key) = match name.split_once('.') {
            Some(dotted) if !is_header => dotted,
            _ => (table, name),
        };
        let is_like = closest_name(of, ["store"]).is_some();
        is_like && (of != "store" || !is_header && key != "keep")
    })
}

/// Where the store of a config without `path` is.
#[must_use]
pub fn store_path(location: &ConfigLocation, environment: &Environment) -> PathBuf {
    directories(location, environment).state.join(store_location::DEFAULT_STORE)
}

fn load_texts(
    texts: Vec<(PathBuf, String)>,
    mut diagnostics: Vec<Diagnostic>,
    location: &ConfigLocation,
    environment: &Environment,
) -> Result<Config, Diagnostics> {
    let mut files = Vec::new();
    let mut read = Vec::new();
    let mut masked = Vec::new();
    let mut secrets = Vec::new();
    let mut all_read = diagnostics.is_empty();
    for (number, (path, text)) in texts.into_iter().enumerate() {
        let mut reader = FileReader::new(number, &text);
        let file = raw::read(&mut reader);
        all_read &= file.is_some();
        files.extend(file);
        diagnostics.append(&mut reader.diagnostics);
        secrets.push(reader.has_secret);
        masked.push(MaskedFile::new(path.clone(), &text, reader.masked));
        read.push(ConfigFile { path, text: text.into() });
    }
    match location.path() {
        Some(main) => {
            let paths = read.iter().map(|file: &ConfigFile| file.path.clone());
            diagnostics.extend(permissions::check(main, paths.zip(secrets)));
        }
        None => read.clear(),
    }
    let masked: Arc<[MaskedFile]> = masked.into();
    if !all_read {
        // The unread part may define names that the rest refers to, so checking would report false errors.
        return Err(Diagnostics::new(masked, diagnostics));
    }
    let config = check::check(merge(files), &directories(location, environment), &mut diagnostics);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Diagnostics::new(masked, diagnostics));
    }
    let warnings = (!diagnostics.is_empty()).then(|| Diagnostics::new(masked, diagnostics));
    Ok(Config { files: read, warnings, ..config })
}

/// Paths and texts of the main file and of those in `config.d`, and an error for each that cannot be read.
fn read_files(location: &ConfigLocation) -> (Vec<(PathBuf, String)>, Vec<Diagnostic>) {
    let Some(main) = location.path() else {
        return (vec![(PathBuf::from(BUILT_IN_PATH), SHIPPED.to_owned())], Vec::new());
    };
    let mut diagnostics = Vec::new();
    let mut paths = vec![main.to_path_buf()];
    let directory = drop_in_directory(main);
    match drop_in_files(&directory) {
        Ok(files) => paths.extend(files),
        Err(error) => diagnostics.push(unreadable(&directory, &error)),
    }
    let mut texts = Vec::new();
    for path in paths {
        match std::fs::read(&path)
            .map_err(|error| Box::new(unreadable(&path, &error)))
            .and_then(|bytes| text(&path, bytes))
        {
            Ok(text) => texts.push((path, text)),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (texts, diagnostics)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let shown = path.display();
    let diagnostic = Diagnostic::error_of_file(path, "cannot read this file")
        .title(format!("cannot read {shown}: {error}"));
    match error.kind() {
        ErrorKind::IsADirectory => diagnostic
            .title(format!("cannot read {shown}: it is a folder"))
            .hint(format!("name a file, such as {}", path.join("config.toml").display())),
        ErrorKind::NotFound => diagnostic
            .title(format!("cannot read {shown}: there is no such file"))
            .hint(format!("`siftwire init {shown}` writes one")),
        ErrorKind::PermissionDenied => {
            diagnostic.hint("make it readable for the user that runs siftwire, or run siftwire as its owner")
        }
        _ => diagnostic,
    }
}

/// The text of a file, which must be UTF-8.
fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    let shown = path.display();
    let error = |kind: &'static str, hint: String| {
        let diagnostic = Diagnostic::error_of_file(path, kind).title(format!("{shown} is {kind}"));
        Err(Box::new(diagnostic.hint(hint)))
    };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || is_utf_16(&bytes) {
        return error("UTF-16, not UTF-8", save_as_utf_8("UTF-16", path));
    }
    match String::from_utf8(bytes) {
        // What a power failure or a full disk leaves of a file.
        Ok(text) if text.contains('\0') => {
            error("not written completely: it contains zero bytes", "save it again, or restore it".to_owned())
        }
        Ok(text) => Ok(text),
        Err(invalid) => {
            let (bytes, at) = (invalid.as_bytes(), invalid.utf8_error().valid_up_to());
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            let encoding = detector.guess(None, Utf8Detection::Deny).name();
            let hint = format!("the first other byte is in line {line}; {}", save_as_utf_8(encoding, path));
            error("not UTF-8", hint)
        }
    }
}

/// Of ASCII in UTF-16, every second byte is zero.
fn is_utf_16(bytes: &[u8]) -> bool {
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    bytes.len() >= 4 && even.max(odd) >= bytes.len() * 2 / 5 && even.min(odd) <= bytes.len() / 10
}

fn save_as_utf_8(encoding: &str, path: &Path) -> String {
    let shown = path.display();
    format!("save it as UTF-8 in your editor, or: iconv -f {encoding} -t UTF-8 {shown} > new.toml")
}
