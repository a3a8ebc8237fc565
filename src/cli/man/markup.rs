//! Texts as roff. Pure.

use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::cli::reference;

/// A section with a paragraph for each term.
pub fn table(roff: &mut Roff, heading: &str, rows: &'static str) {
    roff.control("SH", [heading]);
    for (term, text) in reference::rows(rows) {
        definition(roff, &[term], text);
    }
}

/// A text under its terms, each on a line of its own.
pub fn definition(roff: &mut Roff, terms: &[&str], text: &str) {
    for (number, term) in terms.iter().enumerate() {
        roff.control(if number == 0 { "TP" } else { "TQ" }, []);
        roff.text([bold(*term)]);
    }
    roff.text(inlines(text));
}

/// A paragraph; what stands between backticks is bold.
pub fn paragraph(roff: &mut Roff, text: &str) {
    roff.control("PP", []);
    roff.text(inlines(text));
}

/// Paragraphs with an empty line between them; indented lines stay as they are.
pub fn paragraphs(roff: &mut Roff, text: &str) {
    for block in text.split("\n\n").map(str::trim_end) {
        if block.starts_with("    ") {
            preformatted(roff, block.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)));
        } else {
            paragraph(roff, &block.replace('\n', " "));
        }
    }
}

/// Lines that stay as they are.
pub fn preformatted<'a>(roff: &mut Roff, lines: impl IntoIterator<Item = &'a str>) {
    roff.control("PP", []);
    roff.control("RS", ["4"]);
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("RE", []);
}

fn inlines(text: &str) -> Vec<Inline> {
    let part = |(number, text): (usize, &str)| if number % 2 == 0 { roman(text) } else { bold(text) };
    text.split('`').enumerate().map(part).collect()
}
