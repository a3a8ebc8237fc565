//! Reads Rust source text: files, code without comments and strings, imports, functions, names. No parser: enough for
//! rustfmt's output, which is all that the rules look at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each file of src by its path below src, without its unit tests, comments and strings. Files that hold only tests are
/// left out.
pub fn production_code() -> BTreeMap<String, String> {
    files()
        .into_iter()
        .filter(|(file, _)| !is_test_file(file))
        .map(|(file, path)| (file, stripped(before_tests(&fs::read_to_string(path).unwrap()))))
        .collect()
}

/// Every Rust file of src: its path below src, and its path on the disk.
pub fn files() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name, path);
            }
        }
    }
    found
}

pub fn is_test_file(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

pub fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests").map_or(text, |at| &text[..at])
}

/// Whether a line contains a path that is not merely the end of a longer name.
pub fn mentions(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        path.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The module that a file is, as path segments: `store/sqlite/open.rs` is `[store, sqlite, open]`.
pub fn module_path(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" | "main" => Vec::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

/// The paths of our own items that code names, from the crate's root: `use` trees expanded, `super` and `self`
/// resolved. `module` is the module that the code stands in.
pub fn own_paths(code: &str, module: &[String]) -> BTreeSet<Vec<String>> {
    let spaceless: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let spaceless = spaceless.replace(" ::", "::").replace(":: ", "::").replace("{ ", "{").replace(" }", "}");
    let mut paths = BTreeSet::new();
    for start in ["crate::", "siftwire::", "super::", "self::"] {
        for (at, _) in spaceless.match_indices(start) {
            let before = spaceless[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            for mut path in expanded(&spaceless[at..]) {
                let mut absolute = match path.first().map(String::as_str) {
                    Some("crate" | "siftwire") => Vec::new(),
                    _ => module.to_vec(),
                };
                while let Some("crate" | "siftwire" | "self" | "super") = path.first().map(String::as_str) {
                    if path.remove(0) == "super" {
                        absolute.pop();
                    }
                }
                absolute.extend(path);
                paths.insert(absolute);
            }
        }
    }
    paths
}

/// The paths of the `use` tree or plain path that some code begins with.
fn expanded(code: &str) -> Vec<Vec<String>> {
    let end = code.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(code.len());
    let stem: Vec<String> =
        code[..end].split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Some(list) = code[..end].ends_with("::").then(|| code[end..].strip_prefix('{')).flatten() else {
        return vec![stem];
    };
    let mut paths = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let branches = expanded(list[start..at].trim());
                paths.extend(branches.into_iter().map(|branch| [stem.clone(), branch].concat()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    paths
}

/// A function: its line, name, parameters without `self`, and how many lines it has.
pub struct Function {
    pub line: usize,
    pub name: String,
    pub parameters: usize,
    pub lines: usize,
}

/// The functions of some stripped code that have a body.
pub fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '(') {
            continue;
        }
        let signature = &code[at + 3..];
        let name: String = signature.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = signature[name.len()..].find('(').map(|open| open + name.len()) else { continue };
        let Some(close) = closing(&signature[open..], '(', ')').map(|close| open + close) else { continue };
        let Some(body) = signature[close..].find(['{', ';']).map(|body| body + close) else { continue };
        if name.is_empty() || signature[body..].starts_with(';') {
            continue;
        }
        let Some(end) = closing(&signature[body..], '{', '}').map(|end| end + body) else { continue };
        let line = code[..at].matches('\n').count() + 1;
        let lines = signature[..end].matches('\n').count() + 1;
        found.push(Function { line, name, parameters: parameters(&signature[open + 1..close]), lines });
    }
    found
}

/// Where the bracket that some code begins with is closed.
fn closing(code: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

fn parameters(list: &str) -> usize {
    let mut depth = 0;
    let mut count = 0;
    let mut current = String::new();
    for c in list.chars().chain([',']) {
        match c {
            '(' | '<' | '[' | '{' => depth += 1,
            ')' | '>' | ']' | '}' => depth -= 1,
            ',' if depth <= 0 => {
                let name = std::mem::take(&mut current);
                let name = name.trim();
                let is_self = name.split(':').next().is_some_and(|name| name.ends_with("self"));
                count += usize::from(!name.is_empty() && !is_self);
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    count
}

/// The types that code defines: structs, enums, traits and aliases.
pub fn types(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let line = line.trim_start();
        let line = match line.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => rest.split_once(')').map_or(rest, |(_, rest)| rest),
            Some(rest) => rest,
            None => line,
        };
        let mut words = line.split_whitespace();
        if let Some("struct" | "enum" | "trait" | "union") = words.next() {
            let name: String =
                words.next().unwrap_or_default().chars().take_while(|c| c.is_alphanumeric()).collect();
            found.push((number + 1, name));
        }
    }
    found
}

/// The identifiers of code, each with the words that it is made of, in lower case.
pub fn identifier_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for identifier in line.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        let mut word = String::new();
        let mut previous_is_lower = false;
        for c in identifier.chars() {
            if c == '_' || (c.is_uppercase() && previous_is_lower) {
                words.push(std::mem::take(&mut word).to_lowercase());
            }
            previous_is_lower = c.is_lowercase();
            if c != '_' {
                word.push(c);
            }
        }
        words.push(word.to_lowercase());
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The code without comments and without the contents of string and character literals; lines keep their numbers.
pub fn stripped(code: &str) -> String {
    let mut plain = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        plain.extend(rest[..length].chars().filter(|c| *c == '\n'));
        rest = &rest[length..];
    }
    plain
}

/// The length of the string or character literal that some code begins with.
fn literal(code: &str) -> Option<usize> {
    if code.starts_with("r\"") || code.starts_with("r#") {
        let hashes = code[1..].bytes().take_while(|b| *b == b'#').count();
        let open = 1 + hashes;
        if !code[open..].starts_with('"') {
            return None;
        }
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(code[open + 1..].find(&close).map_or(code.len(), |at| open + 1 + at + close.len()));
    }
    if let Some(rest) = code.strip_prefix('\'') {
        let first = rest.chars().next()?;
        if first == '\\' {
            return rest[2..].find('\'').map(|end| end + 4);
        }
        // A lifetime has no quote behind its first character.
        return rest[first.len_utf8()..].starts_with('\'').then_some(first.len_utf8() + 2);
    }
    if !code.starts_with('"') {
        return None;
    }
    let mut escaped = false;
    for (at, byte) in code.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    Some(code.len())
}
