//! Writes documents as files, for another web server to serve. Writes to the folders of `write_to`.
#![allow(clippy::disallowed_methods, reason = "only this file writes to the folders of `write_to`")]

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::document_cache::gzip;
use super::format::Format;

/// Writes one document of an output and a gzip copy, each atomically. Blocks.
///
/// A file that already has these bytes is not touched, so a restart changes no file times. The modification time is
/// the time of the change, because web servers use it for `Last-Modified`.
///
/// # Errors
/// An I/O error. The folder is not created: a missing one may be an unmounted disk.
pub fn write(
    folder: &Path,
    output: &str,
    format: Format,
    bytes: &[u8],
    changed_at: Timestamp,
) -> io::Result<()> {
    let name = format!("{output}.{}", format.name().to_ascii_lowercase());
    // The compressed file first: a server that prefers it then never serves an older one than the plain file.
    write_if_changed(folder, &format!("{name}.gz"), &gzip(bytes)?, changed_at)?;
    write_if_changed(folder, &name, bytes, changed_at)
}

fn write_if_changed(folder: &Path, name: &str, bytes: &[u8], changed_at: Timestamp) -> io::Result<()> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|existing| existing == bytes) {
        return Ok(());
    }
    // Web servers do not serve files with a leading dot, such as this temporary one.
    let mut file = tempfile::Builder::new()
        .prefix(".siftwire-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_modified(system_time(changed_at))?;
    file.as_file().sync_all()?;
    NamedTempFile::persist(file, &path)?;
    // The rename is durable only after the folder is synced too.
    File::open(folder)?.sync_all()
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time.as_second()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn both_files_have_the_same_bytes_and_are_not_rewritten() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (first, second) = (Timestamp::UNIX_EPOCH, Timestamp::new(1_700_000_000, 0).unwrap_or_default());
        write(folder.path(), "calm", Format::Atom, b"<feed/>", first)?;
        write(folder.path(), "calm", Format::Atom, b"<feed/>", second)?;
        assert_eq!(fs::read(at("calm.atom"))?, b"<feed/>");
        assert_eq!(fs::metadata(at("calm.atom"))?.modified()?, system_time(first));
        write(folder.path(), "calm", Format::Atom, b"<feed>new</feed>", second)?;
        assert_eq!(fs::metadata(at("calm.atom"))?.modified()?, system_time(second));
        assert_eq!(fs::metadata(at("calm.atom"))?.permissions().mode() & 0o777, 0o644);
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(File::open(at("calm.atom.gz"))?).read_to_end(&mut plain)?;
        assert_eq!(plain, b"<feed>new</feed>");
        assert_eq!(fs::read_dir(folder.path())?.count(), 2, "no temporary file is left");
        Ok(())
    }

    #[test]
    fn a_missing_folder_is_an_error_and_is_not_created() {
        let missing = Path::new("/nonexistent/siftwire");
        assert!(write(missing, "calm", Format::Rss, b"x", Timestamp::UNIX_EPOCH).is_err());
    }
}
