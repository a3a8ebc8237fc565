//! The folders of `write_to`: which files outputs have there, and which of them no output has any more. Reads and writes
//! the store, and files through `files`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::files::{self, FileError};
use super::format::Format;
use super::output::Output;
use super::outputs::Outputs;
use crate::store::{Error, NotifyHub, Rendering, Store};

fn file_of(output: &Output, format: Format) -> Option<PathBuf> {
    output.write_to.as_ref().map(|folder| files::path(folder, &output.name, format))
}

/// Writes a document as a file if the output has a folder. Returns the file, and adds what failed to `problems`.
pub(super) fn write(
    output: &Output,
    format: Format,
    bytes: &[u8],
    changed: Timestamp,
    problems: &mut Vec<String>,
) -> Option<String> {
    let file = file_of(output, format)?;
    problems.extend(failures(files::write(&file, bytes, changed)));
    file.to_str().map(str::to_owned)
}

/// Removes the file of a stored document unless an output has it.
pub(super) fn remove_unused(outputs: &Outputs, stored: &Rendering) {
    let Some(file) = stored.file.as_deref().map(Path::new) else { return };
    let is_file_of = |output: &Output| {
        output.write_to.as_deref() == file.parent()
            && Format::ALL.iter().any(|format| file_of(output, *format).as_deref() == Some(file))
    };
    if outputs.outputs.iter().any(|compiled| is_file_of(&compiled.output)) {
        return;
    }
    // Damaged bytes are those of no file.
    let bytes = zstd::stream::decode_all(stored.body.as_slice()).unwrap_or_default();
    let problems = failures(files::remove(file, &bytes));
    if problems.is_empty() {
        tracing::info!(file = %file.display(), "removed a file that no output has any more");
    }
    for problem in problems {
        tracing::warn!("a file that no output has any more is not removed: {problem}");
    }
}

fn failures(results: [Result<(), FileError>; 2]) -> Vec<String> {
    results.into_iter().filter_map(|result| result.err()).map(|error| error.to_string()).collect()
}

/// Removes the files of outputs that have left the config. Each is tried once.
///
/// # Errors
/// The store cannot be read or written.
pub async fn remove_former_files(store: &Store, outputs: &Outputs) -> Result<(), Error> {
    let former = store.renderings_with_former_files().await?;
    if former.is_empty() || outputs.makes_none() {
        return Ok(());
    }
    tokio::task::block_in_place(|| former.iter().for_each(|stored| remove_unused(outputs, stored)));
    let forgotten = former.into_iter().map(|stored| Rendering { file: None, ..stored }).collect();
    store.save_renderings(forgotten, NotifyHub::No).await.map(drop)
}
