//! Detects changes of the config's files without reading them. Reads their metadata.

#![allow(clippy::disallowed_methods, reason = "reads the metadata of the config's files")]

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::locate::{ConfigLocation, drop_in_directory, drop_in_files};

/// Metadata of the config's files. An editor that replaces a file changes the inode; one that writes in place
/// changes the times or the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(Vec<(PathBuf, Option<FileMetadata>)>);

/// Device, inode, size, mtime, ctime.
type FileMetadata = (u64, u64, u64, (i64, i64), (i64, i64));

impl Fingerprint {
    /// When a file was written last, in milliseconds since 1970.
    #[must_use]
    pub fn written(&self) -> Option<i64> {
        let times = self.0.iter().filter_map(|(_, metadata)| metadata.map(|(_, _, _, written, _)| written));
        times.max().map(|(seconds, nanos)| seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000))
    }
}

/// The fingerprint of the files as they are now; a missing file has no metadata.
pub fn fingerprint(location: &ConfigLocation) -> Fingerprint {
    let Some(main) = location.path() else { return Fingerprint(Vec::new()) };
    let drop_ins = drop_in_files(&drop_in_directory(main)).unwrap_or_default();
    let paths = std::iter::once(main.to_path_buf()).chain(drop_ins);
    Fingerprint(paths.map(|path| (path.clone(), file_metadata(&path))).collect())
}

fn file_metadata(path: &Path) -> Option<FileMetadata> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        (metadata.mtime(), metadata.mtime_nsec()),
        (metadata.ctime(), metadata.ctime_nsec()),
    ))
}
