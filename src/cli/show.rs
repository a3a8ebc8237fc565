//! `siftwire show OUTPUT`: prints an output's document.

use std::process::ExitCode;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::config_option::ConfigOption;
use super::runtime::with_existing_store;
use super::{WrongUsage, terminal};
use crate::daemon;
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

/// Prints the output as it was last published; writes nothing.
///
/// # Errors
/// There is no such output, or the store cannot be read.
pub fn run(arguments: Arguments, config: &ConfigOption) -> anyhow::Result<ExitCode> {
    let config = config.load()?;
    let document = with_existing_store(&config.store, async |store| {
        let (outputs, _) = daemon::recall(store, &config, config.site.clone()).await?;
        let Arguments { output, format } = &arguments;
        Ok(render::render_document(store, &outputs, output, *format, daemon::now()).await?)
    })?;
    let Some(document) = document else {
        let known = config.outputs.iter().map(|output| output.name.as_str());
        let Arguments { output, .. } = &arguments;
        if known.clone().any(|known| known == output) {
            bail!("the output `{output}` was not published yet: the daemon publishes it");
        }
        let hint = terminal::did_you_mean(output, known);
        bail!(WrongUsage(format!("there is no output `{output}`{hint}")))
    };
    terminal::print(&document)?;
    Ok(ExitCode::SUCCESS)
}
