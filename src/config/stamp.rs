//! Whether the config's files are still the same. Door: their metadata.

#![allow(clippy::disallowed_methods, reason = "this is where the config's files are looked at")]

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Place, more};

/// By what a change of the config's files is known, without reading them. An editor that replaces a
/// file changes its number, one that writes into it its times or size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, Option<Look>)>);

/// Device, inode, size, and the times of the last change of content and of anything.
type Look = (u64, u64, u64, (i64, i64), (i64, i64));

/// The files as they are now; a missing one counts as such.
pub fn stamp(place: &Place) -> Stamp {
    let Some(path) = place.path() else { return Stamp(Vec::new()) };
    let folder = path.parent().unwrap_or(Path::new("")).join("config.d");
    let paths = std::iter::once(path.to_path_buf()).chain(more(&folder).unwrap_or_default());
    Stamp(paths.map(|path| (look(&path), path)).map(|(look, path)| (path, look)).collect())
}

fn look(path: &Path) -> Option<Look> {
    let about = std::fs::metadata(path).ok()?;
    Some((
        about.dev(),
        about.ino(),
        about.size(),
        (about.mtime(), about.mtime_nsec()),
        (about.ctime(), about.ctime_nsec()),
    ))
}
