//! Documents as files, for another web server to serve. Door to the folder that an output names.
#![allow(clippy::disallowed_methods, reason = "this is the door to the folders of `write_to`")]

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::document_cache;
use super::format::Format;

/// Writes one document of an output, and beside it the same in gzip, each whole or not at all.
///
/// A file that holds these bytes already is left alone, so that a restart moves no time. The file's
/// time is that of the change: a web server makes `Last-Modified` of it. Blocks.
///
/// # Errors
/// What the system says; the folder must exist, for a missing one may be a disk that is not mounted.
pub fn write(
    folder: &Path,
    output: &str,
    format: Format,
    bytes: &[u8],
    changed_at: Timestamp,
) -> io::Result<()> {
    let extension = if format == Format::Html { ".html" } else { format.extension() };
    let name = format!("{output}{extension}");
    // The coded file goes first: a server that prefers it never pairs it with an older plain one.
    replace(folder, &format!("{name}.gz"), &document_cache::gzip(bytes)?, changed_at)?;
    replace(folder, &name, bytes, changed_at)
}

fn replace(folder: &Path, name: &str, bytes: &[u8], changed_at: Timestamp) -> io::Result<()> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|held| held == bytes) {
        return Ok(());
    }
    // The leading dot keeps a file in the making from being served.
    let mut file = tempfile::Builder::new()
        .prefix(".siftwire-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_modified(time(changed_at))?;
    file.as_file().sync_all()?;
    NamedTempFile::persist(file, &path)?;
    // The new name lasts only once the folder itself is on the disk.
    File::open(folder)?.sync_all()
}

fn time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time.as_second()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_same_bytes_stand_in_both_files_and_are_not_touched_again() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (first, second) = (Timestamp::UNIX_EPOCH, Timestamp::new(1_700_000_000, 0).unwrap_or_default());
        write(folder.path(), "calm", Format::Atom, b"<feed/>", first)?;
        write(folder.path(), "calm", Format::Atom, b"<feed/>", second)?;
        assert_eq!(fs::read(at("calm.atom"))?, b"<feed/>");
        assert_eq!(fs::metadata(at("calm.atom"))?.modified()?, time(first));
        write(folder.path(), "calm", Format::Atom, b"<feed>new</feed>", second)?;
        assert_eq!(fs::metadata(at("calm.atom"))?.modified()?, time(second));
        assert_eq!(fs::metadata(at("calm.atom"))?.permissions().mode() & 0o777, 0o644);
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(File::open(at("calm.atom.gz"))?).read_to_end(&mut plain)?;
        assert_eq!(plain, b"<feed>new</feed>");
        assert_eq!(fs::read_dir(folder.path())?.count(), 2, "nothing half-made is left");
        Ok(())
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_is_not_made() {
        let missing = Path::new("/nonexistent/siftwire");
        assert!(write(missing, "calm", Format::Rss, b"x", Timestamp::UNIX_EPOCH).is_err());
    }
}
