//! `siftwire show OUTPUT`: the document, to standard output.

use std::process::ExitCode;

use anyhow::bail;

use super::configured::{self, Source};
use crate::daemon::{self, StoreThreads};
use crate::publish::format::Format;
use crate::publish::render;

/// `siftwire show`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The output's name in the config
    output: String,
    /// The form of the document
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Form {
    #[default]
    Atom,
    Rss,
    Json,
    Html,
}

/// Prints an output as the store has it now.
///
/// # Errors
/// There is no such output, or the store cannot be used.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<ExitCode> {
    let (_, config) = match configured::load(source)? {
        Ok(loaded) => loaded,
        Err(code) => return Ok(code),
    };
    let format = match arguments.format {
        Form::Atom => Format::Atom,
        Form::Rss => Format::Rss,
        Form::Json => Format::Json,
        Form::Html => Format::Html,
    };
    let document = super::runtime()?.block_on(async {
        let memory = StoreThreads::open(&config.store)?;
        // What can only be read is shown as it was last.
        let outputs = if memory.store.write_error().is_some() {
            daemon::recall(&memory.store, &config, config.site.clone()).await?.0
        } else {
            let (outputs, _) = daemon::sync_config(&memory.store, &config, config.site.clone()).await?;
            daemon::publish_once(&memory.store, &outputs).await?;
            outputs
        };
        let document =
            render::render_document(&memory.store, &outputs, &arguments.output, format, daemon::now())
                .await?;
        memory.close();
        anyhow::Ok(document)
    })?;
    let Some(document) = document else { bail!("there is no output `{}` in the config", arguments.output) };
    super::print(&document)?;
    Ok(ExitCode::SUCCESS)
}
