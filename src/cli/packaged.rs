//! `siftwire man` and `siftwire completions SHELL`: what packages install beside the binary.

use std::process::ExitCode;

use clap::CommandFactory;

/// `siftwire completions`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// For which shell
    shell: clap_complete::Shell,
}

/// Prints siftwire(1), every word with its options, as roff.
///
/// # Errors
/// Standard output is closed.
pub fn man() -> anyhow::Result<ExitCode> {
    let mut command = super::Arguments::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for word in command.get_subcommands().filter(|word| word.get_name() != "help") {
        let section = clap_mangen::Man::new(word.clone());
        let mut of_word = Vec::new();
        section.render_synopsis_section(&mut of_word)?;
        section.render_options_section(&mut of_word)?;
        let text = String::from_utf8_lossy(&of_word).replace(".SH ", ".SS ");
        page.extend_from_slice(
            format!(".SH \"SIFTWIRE {}\"\n{text}", word.get_name().to_uppercase()).as_bytes(),
        );
    }
    super::print(&page)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a completion script.
///
/// # Errors
/// Standard output is closed.
pub fn completions(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "siftwire", &mut script);
    super::print(&script)?;
    Ok(ExitCode::SUCCESS)
}
