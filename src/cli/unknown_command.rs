//! What is said of a command that there is not: which one does what was probably meant. Writes to standard error.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::terminal;
use crate::text::closest_name;

/// What other programs call it, and what does it here.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["version", "ver"], "--version"),
    (&["test", "validate", "verify", "lint", "configtest", "check-config"], "check"),
    (&["serve", "server", "start", "daemon", "up", "web"], "run"),
    (&["fetch", "update", "refresh", "sync", "pull", "crawl"], "poll"),
    (&["list", "ls", "sources", "feeds", "outputs", "health", "info"], "status"),
    (&["search", "grep", "query", "find", "filter"], "preview 'QUERY'"),
    (&["why", "debug", "trace"], "explain ENTRY"),
    (&["import"], "opml import FILE"),
    (&["export"], "opml export"),
    (&["subscribe", "new-source", "discover"], "add URL"),
    (&["new", "create", "setup", "config", "configure"], "init"),
    (&["cat", "print", "get", "render"], "show OUTPUT"),
    (&["read", "parse", "view"], "inspect FILE"),
    (&["dump", "copy", "save", "snapshot"], "backup FILE"),
    (&["repair", "fsck", "recover", "restore", "vacuum"], "doctor"),
    (&["completion"], "completions SHELL"),
    (&["manual"], "man"),
];

/// Tells what is wrong with the command line; the exit code is clap's.
pub fn exit(error: &clap::Error, siftwire: &clap::Command) -> ExitCode {
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) => {
            terminal::message(&format!("siftwire: {}", message_for(name, siftwire)));
            ExitCode::from(2)
        }
        (ErrorKind::UnknownArgument, None) => {
            if let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
                && let Some(run) = siftwire.find_subcommand("run")
                && run.get_opts().any(|known| known.get_long() == option.strip_prefix("--"))
            {
                terminal::message(&format!(
                    "siftwire: `{option}` belongs to `run`: siftwire run {option} ..."
                ));
            }
            error.exit()
        }
        _ => error.exit(),
    }
}

/// What is said of an unknown command.
pub fn message_for(name: &str, siftwire: &clap::Command) -> String {
    let meant = match name {
        "reload" => "the daemon reloads a saved config by itself, or on SIGHUP".to_owned(),
        "restart" | "stop" => {
            "the daemon stops on Ctrl-C or SIGTERM; `systemctl` does it for a service".to_owned()
        }
        _ => match meant(name, siftwire) {
            Some(command) => format!("did you mean `siftwire {command}`?"),
            None => "`siftwire --help` lists the commands".to_owned(),
        },
    };
    format!("there is no command `{name}`: {meant}")
}

fn meant<'a>(name: &'a str, siftwire: &'a clap::Command) -> Option<&'a str> {
    let here = siftwire.get_subcommands().map(|command| (command.get_name(), command.get_name()));
    let elsewhere = ELSEWHERE.iter().flat_map(|(names, command)| names.iter().map(|name| (*name, *command)));
    let all: Vec<_> = here.chain(elsewhere).collect();
    let closest = closest_name(name, all.iter().map(|(name, _)| *name))?;
    all.iter().find(|(name, _)| *name == closest).map(|(_, command)| *command)
}
