//! `siftwire show OUTPUT`: prints an output's document.

use std::process::ExitCode;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::config_option::ConfigOption;
use super::runtime::runtime;
use super::terminal;
use crate::daemon::{self, EmptyConfig, StoreThreads};
use crate::publish::format::Format;
use crate::publish::render;

/// `siftwire show`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name of the output
    output: String,
    /// The format of the document
    #[arg(long, default_value = "atom", value_parser = format_parser())]
    format: Format,
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(|format| format.name().to_ascii_lowercase());
    PossibleValuesParser::new(names).map(|name| {
        let named = |format: &Format| format.name().eq_ignore_ascii_case(&name);
        Format::ALL.into_iter().find(named).expect("the parser accepts only these names")
    })
}

/// Evaluates new entries and prints the output.
///
/// # Errors
/// There is no such output, or the store cannot be used.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = match config.load()? {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let document = runtime()?.block_on(async {
        let threads = StoreThreads::open(&config.store)?;
        // A read-only store is shown as it is.
        let outputs = if threads.store.write_error().is_some() {
            daemon::recall(&threads.store, &config, config.site.clone()).await?.0
        } else {
            let site = config.site.clone();
            let (outputs, _) =
                daemon::sync_config(&threads.store, &config, site, EmptyConfig::Refuse).await?;
            daemon::publish_once(&threads.store, &outputs).await?;
            outputs
        };
        let document = render::render_document(
            &threads.store,
            &outputs,
            &arguments.output,
            arguments.format,
            daemon::now(),
        )
        .await?;
        threads.close();
        anyhow::Ok(document)
    })?;
    let Some(document) = document else { bail!("there is no output `{}` in the config", arguments.output) };
    terminal::print(&document)?;
    Ok(ExitCode::SUCCESS)
}
