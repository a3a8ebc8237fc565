//! `siftwire show OUTPUT`: prints an output's document.

use std::process::ExitCode;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::config_option::ConfigOption;
use super::runtime::with_store;
use super::terminal;
use crate::daemon::{self, EmptyConfig};
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
    let config = config.load()?;
    let document = with_store(&config.store, async |store| {
        // A read-only store is shown as it is.
        let outputs = if store.write_error().is_some() {
            daemon::recall(store, &config, config.site.clone()).await?.0
        } else {
            let site = config.site.clone();
            let (outputs, _) = daemon::sync_config(store, &config, site, EmptyConfig::Refuse).await?;
            daemon::publish_once(store, &outputs).await?;
            outputs
        };
        let document =
            render::render_document(store, &outputs, &arguments.output, arguments.format, daemon::now())
                .await?;
        anyhow::Ok(document)
    })?;
    let Some(document) = document else { bail!("there is no output `{}` in the config", arguments.output) };
    terminal::print(&document)?;
    Ok(ExitCode::SUCCESS)
}
