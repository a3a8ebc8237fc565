//! siftwire-config(5): the shipped config.toml, in which every option stands with its explanation. Pure.

use std::iter::Peekable;
use std::str::Lines;

use clap_mangen::roff::{Roff, roman};

use super::markup;
use crate::config;

/// What precedes an option: its explanation, and the options that it explains.
#[derive(Default)]
struct Paragraph<'a> {
    text: Vec<&'a str>,
    options: Vec<&'a str>,
}

/// The page without its title.
pub fn roff() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]);
    roff.text([roman("siftwire-config - config.toml, the config of siftwire(1)")]);
    roff.control("SH", ["DESCRIPTION"]);
    add_file(&mut roff, config::SHIPPED);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("siftwire(1), siftwire-check(1), siftwire-filter(7)")]);
    roff
}

/// Options become definitions. Of the tables of one name only the first is shown.
fn add_file<'a>(roff: &mut Roff, file: &'a str) {
    let mut paragraph = Paragraph::default();
    let mut shown: Vec<&'a str> = Vec::new();
    let mut lines = file.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            paragraph.flush(roff);
            roff.control("SH", [heading.to_uppercase().as_str()]);
        } else if line.starts_with("#   ") {
            paragraph.flush(roff);
            add_list(roff, line, &mut lines);
        } else if let Some(text) = line.strip_prefix("# ") {
            if !paragraph.options.is_empty() {
                paragraph.flush(roff);
            }
            paragraph.text.push(text);
        } else if let Some(option) = line.strip_prefix('#').filter(|option| !option.is_empty()) {
            paragraph.options.push(option);
        } else {
            paragraph.flush(roff);
            if line.starts_with('[') && lines.peek().is_some_and(|next| next.starts_with('#')) {
                roff.control("SH", [line]);
            } else if line.starts_with('[') {
                let rest = std::iter::from_fn(|| lines.next_if(|next| !next.is_empty()));
                let table: Vec<&str> = std::iter::once(line).chain(rest).collect();
                if !shown.contains(&line) {
                    shown.push(line);
                    markup::preformatted(roff, table);
                }
            }
        }
    }
}

impl Paragraph<'_> {
    fn flush(&mut self, roff: &mut Roff) {
        let text = self.text.join(" ");
        if !self.options.is_empty() {
            markup::definition(roff, &self.options, &text);
        } else if !text.is_empty() {
            markup::paragraph(roff, &text);
        }
        *self = Paragraph::default();
    }
}

/// Indented lines: `key = value   what it does`, which may go on in lines that are indented further.
fn add_list(roff: &mut Roff, first: &str, lines: &mut Peekable<Lines<'_>>) {
    let mut entries = vec![first[1..].trim().to_owned()];
    while let Some(line) = lines.next_if(|next| next.starts_with("#   ")) {
        match entries.last_mut() {
            Some(entry) if line.starts_with("#     ") => {
                entry.push_str(if entry.contains("  ") { " " } else { "  " });
                entry.push_str(line[1..].trim().trim_start_matches("# "));
            }
            _ => entries.push(line[1..].trim().to_owned()),
        }
    }
    if !entries.iter().any(|entry| entry.contains("  ")) {
        return markup::preformatted(roff, entries.iter().map(String::as_str));
    }
    for entry in &entries {
        let (option, text) = entry.split_once("  ").unwrap_or((entry, ""));
        markup::definition(roff, &[option], text.trim().trim_start_matches("# "));
    }
}
