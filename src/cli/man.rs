//! `siftwire man`: prints the manual page.

use std::process::ExitCode;

use super::terminal;

/// Prints siftwire(1) as roff, with a section for each command.
///
/// # Errors
/// Standard output is closed.
pub fn run(mut command: clap::Command) -> anyhow::Result<ExitCode> {
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let manual = clap_mangen::Man::new(subcommand.clone());
        let mut section = Vec::new();
        manual.render_synopsis_section(&mut section)?;
        manual.render_options_section(&mut section)?;
        // One level down: they are parts of the command's section.
        let text = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        let name = subcommand.get_name().to_uppercase();
        page.extend_from_slice(format!(".SH \"SIFTWIRE {name}\"\n{text}").as_bytes());
    }
    terminal::print(&page)?;
    Ok(ExitCode::SUCCESS)
}
