//! Shell completion: `siftwire completions SHELL` prints a script, which runs the program with `SIFTWIRE_COMPLETE` to learn
//! what fits. So the names of sources and outputs are completed too, from the config. Reads files, writes standard output.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap_complete::env::Shells;
use clap_complete::{ArgValueCandidates, CompleteEnv, CompletionCandidate};

use super::config_option::ConfigOption;
use super::terminal;
use crate::config::{self, Config};

/// The variable that asks for completions instead of a run.
const VARIABLE: &str = "SIFTWIRE_COMPLETE";

/// `siftwire completions`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

/// Prints the script.
///
/// # Errors
/// Standard output is closed.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shell = arguments.shell.to_string();
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell) {
        completer.write_registration(VARIABLE, "siftwire", "siftwire", "siftwire", &mut script)?;
    }
    if shell == "zsh" {
        // zsh runs the file at the first completion, instead of the function that is defined in it.
        script.extend_from_slice(
            b"[[ $funcstack[1] != _siftwire ]] || _clap_dynamic_completer_siftwire \"$@\"\n",
        );
    }
    terminal::print(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Answers a completion script and returns true, if one runs the program.
///
/// # Errors
/// The shell is unknown, or standard output is closed.
pub fn answer(command: fn() -> clap::Command) -> Result<bool, clap::Error> {
    let directory = std::env::current_dir().ok();
    let complete = CompleteEnv::with_factory(|| with_names(command())).var(VARIABLE);
    complete.try_complete(std::env::args_os(), directory.as_deref())
}

/// The command, in which every argument for a source or an output is completed with their names.
fn with_names(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| match argument.get_id().as_str() {
        "source" | "sources" => argument.add(ArgValueCandidates::new(source_names)),
        "output" | "outputs" => argument.add(ArgValueCandidates::new(output_names)),
        _ => argument,
    });
    command.mut_subcommands(with_names)
}

fn source_names() -> Vec<CompletionCandidate> {
    let config = config();
    let sources = config.iter().flat_map(|config| &config.sources);
    sources.filter_map(|source| candidate(&source.name, source.title.as_deref())).collect()
}

fn output_names() -> Vec<CompletionCandidate> {
    let config = config();
    let outputs = config.iter().flat_map(|config| &config.outputs);
    outputs.filter_map(|output| candidate(&output.name, Some(&output.title))).collect()
}

/// `None` for a name that means something else to a shell unless it is quoted, which shells do not do for us.
fn candidate(name: &str, title: Option<&str>) -> Option<CompletionCandidate> {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '@'));
    is_plain.then(|| CompletionCandidate::new(name).help(title.map(|title| title.to_owned().into())))
}

/// The config of the command line that is completed. A broken one completes nothing: there is no place for messages.
fn config() -> Option<Config> {
    let option = ConfigOption { config: named_config(std::env::args_os()) };
    let (location, environment) = option.locate().ok()?;
    config::load(&location, &environment).ok()
}

fn named_config(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut words = arguments.skip_while(|word| word != "--").skip(1).peekable();
    while let Some(word) = words.next() {
        // bash makes three words of `--config=FILE`.
        if word == "--config" {
            words.next_if(|next| next == "=");
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(PathBuf::from(path));
        }
    }
    None
}
