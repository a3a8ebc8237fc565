//! `siftwire man`: the manual pages, made from the command line, the shipped config and the filter language.
#![allow(clippy::disallowed_methods, reason = "writes the pages to a directory")]

mod config_page;
mod filter_page;
mod markup;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::reference::{ADDRESSES, ENVIRONMENT, EXAMPLES, EXIT_CODES, FILES, SIGNALS, rows};
use super::{WrongUsage, terminal};

/// `siftwire man`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The page: a command, `config` for config.toml, or `filter` for the filter language [default: siftwire(1)]
    page: Vec<String>,
    /// Write all pages to this directory instead
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "page")]
    to: Option<PathBuf>,
}

/// A manual page.
struct ManualPage {
    /// Such as `siftwire-opml-import`.
    name: String,
    section: u8,
    roff: Vec<u8>,
}

/// Prints a page, or writes all.
///
/// # Errors
/// There is no such page, or it cannot be written.
pub fn run(arguments: &Arguments, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    command.build();
    let pages = pages(&command)?;
    if let Some(directory) = &arguments.to {
        write_pages(&pages, directory)?;
        return Ok(ExitCode::SUCCESS);
    }
    let words = ["siftwire"].into_iter().chain(arguments.page.iter().map(String::as_str));
    let name = words.collect::<Vec<_>>().join("-");
    let Some(page) = pages.iter().find(|page| page.name == name) else {
        let names: Vec<&str> = pages.iter().filter_map(|page| page.name.strip_prefix("siftwire-")).collect();
        let (page, names) = (arguments.page.join(" "), names.join(", "));
        bail!(WrongUsage(format!("there is no page `{page}`; there are: {names}")));
    };
    terminal::print(&page.roff)?;
    Ok(ExitCode::SUCCESS)
}

fn write_pages(pages: &[ManualPage], directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {shown}"))?;
    for page in pages {
        let file = directory.join(format!("{}.{}", page.name, page.section));
        std::fs::write(&file, &page.roff).with_context(|| format!("cannot write {}", file.display()))?;
    }
    terminal::message(&format!("Wrote {} to {shown}.", terminal::counted(pages.len(), "page", "pages")));
    Ok(())
}

fn pages(command: &clap::Command) -> std::io::Result<Vec<ManualPage>> {
    let mut pages = vec![main_page(command)?];
    add_commands(command, &mut pages)?;
    for (name, roff) in [("siftwire-config", config_page::roff()), ("siftwire-filter", filter_page::roff())] {
        let section = if name == "siftwire-config" { 5 } else { 7 };
        let mut page = title(name, section);
        roff.to_writer(&mut page)?;
        pages.push(ManualPage { name: name.to_owned(), section, roff: page });
    }
    Ok(pages)
}

/// The title line. Lines are not justified: that tears long addresses and options apart.
fn title(name: &str, section: u8) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH {name} {section} \"\" \"siftwire {version}\" \"Siftwire manual\"\n.ad l\n.nh\n").into_bytes()
}

/// A page of section 1, up to the options of its command.
fn start_of_page(name: &str, command: &clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = title(name, 1);
    let manual = Man::new(command.clone());
    manual.render_name_section(&mut page)?;
    manual.render_synopsis_section(&mut page)?;
    manual.render_description_section(&mut page)?;
    manual.render_options_section(&mut page)?;
    Ok(page)
}

fn main_page(command: &clap::Command) -> std::io::Result<ManualPage> {
    let mut page = start_of_page("siftwire", command)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    roff.text([roman("Each has a page of its own, such as siftwire-check(1), and --help.")]);
    for subcommand in visible(command) {
        markup::definition(&mut roff, &[&format!("siftwire {}", subcommand.get_name())], &about(subcommand));
    }
    for (heading, rows) in [
        ("FILES", FILES),
        ("ENVIRONMENT", ENVIRONMENT),
        ("EXIT STATUS", EXIT_CODES),
        ("SIGNALS", SIGNALS),
        ("HTTP", ADDRESSES),
    ] {
        markup::table(&mut roff, heading, rows);
    }
    examples(&mut roff, EXAMPLES);
    see_also(&mut roff, &["siftwire-config(5)", "siftwire-filter(7)", "systemctl(1)"]);
    roff.to_writer(&mut page)?;
    Ok(ManualPage { name: "siftwire".to_owned(), section: 1, roff: page })
}

/// The pages of all commands below this one.
fn add_commands(command: &clap::Command, pages: &mut Vec<ManualPage>) -> std::io::Result<()> {
    for subcommand in visible(command) {
        let name = subcommand.get_display_name().unwrap_or(subcommand.get_name()).to_owned();
        let mut page = start_of_page(&name, subcommand)?;
        let mut roff = Roff::new();
        if let Some(help) = subcommand.get_after_long_help().or(subcommand.get_after_help()) {
            roff.control("SH", ["NOTES"]);
            markup::paragraphs(&mut roff, &help.to_string());
        }
        if subcommand.has_subcommands() {
            roff.control("SH", ["COMMANDS"]);
            for below in visible(subcommand) {
                markup::definition(&mut roff, &[&format!("{name}-{}(1)", below.get_name())], &about(below));
            }
        }
        see_also(&mut roff, &["siftwire(1) for files, environment and exit status"]);
        roff.to_writer(&mut page)?;
        pages.push(ManualPage { name, section: 1, roff: page });
        add_commands(subcommand, pages)?;
    }
    Ok(())
}

/// The commands below this one that users see. clap adds a `help` below each that has some.
fn visible(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    let is_added_help =
        |below: &clap::Command| below.get_name() == "help" && command.get_name() != "siftwire";
    command.get_subcommands().filter(move |below| !below.is_hide_set() && !is_added_help(below))
}

fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn examples(roff: &mut Roff, table: &'static str) {
    roff.control("SH", ["EXAMPLES"]);
    for (command, purpose) in rows(table) {
        roff.control("PP", []);
        roff.text([roman(purpose)]);
        markup::preformatted(roff, [command]);
    }
}

fn see_also(roff: &mut Roff, pages: &[&str]) {
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(pages.join(", "))]);
}
