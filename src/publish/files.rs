//! Writes documents as files, for another web server to serve, and removes them. Writes to the folders of `write_to`.
//!
//! Others may write to such a folder too. So no link is followed, nothing but a regular file is opened, and only a file
//! of the user that runs Siftwire is replaced or removed.
#![allow(clippy::disallowed_methods, reason = "only this file writes to the folders of `write_to`")]

use std::fs::{self, File, FileType, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::document_cache::gzip;
use super::format::Format;

/// The file of an output in a format.
pub fn path(folder: &Path, output: &str, format: Format) -> PathBuf {
    folder.join(format!("{output}.{}", format.name().to_ascii_lowercase()))
}

/// Writes a document and a gzip copy beside it, each atomically; one that fails does not affect the other. Blocks.
///
/// A file that already has these bytes is not touched, so a restart changes no file times. The modification time is
/// the time of the change, because web servers use it for `Last-Modified`.
///
/// # Errors
/// The file cannot be written, or something is in its place that is not ours to replace. The folder is not created: a
/// missing one may be an unmounted disk.
pub fn write(path: &Path, bytes: &[u8], changed_at: Timestamp) -> [Result<(), FileError>; 2] {
    // The compressed file first: a server that prefers it then never serves an older one than the plain file.
    for_each_copy(path, bytes, |path, bytes| replace(path, bytes, changed_at))
}

/// Removes a document and its gzip copy, each only if it is exactly what [`write()`] wrote. Blocks.
///
/// # Errors
/// A file cannot be removed, or is another than the one that was written.
pub fn remove(path: &Path, bytes: &[u8]) -> [Result<(), FileError>; 2] {
    for_each_copy(path, bytes, remove_unchanged)
}

/// A file that was not written or not removed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct FileError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error("{0} is in the way, and is left as it is; remove it, or name another folder in `write_to`")]
    InTheWay(&'static str),
    #[error("is no longer what Siftwire wrote there, and is left as it is; remove it if nobody needs it")]
    Changed,
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn for_each_copy(
    path: &Path,
    bytes: &[u8],
    act: impl Fn(&Path, &[u8]) -> Result<(), Reason>,
) -> [Result<(), FileError>; 2] {
    let compressed = gzip(bytes).map_err(Reason::from);
    let mut compressed_path = path.to_path_buf();
    compressed_path.as_mut_os_string().push(".gz");
    let done = compressed.and_then(|compressed| act(&compressed_path, &compressed));
    [(compressed_path, done), (path.to_path_buf(), act(path, bytes))]
        .map(|(path, done)| done.map_err(|reason| FileError { path, reason }))
}

fn replace(path: &Path, bytes: &[u8], changed_at: Timestamp) -> Result<(), Reason> {
    let existing = ExistingFile::at(path, bytes)?;
    if existing.is_some_and(|existing| existing.has_bytes && existing.owner == own_user()) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let opened_folder = open(folder, OFlags::DIRECTORY)?;
    // Web servers do not serve files with a leading dot, such as this temporary one. An existing one is never opened.
    let file = tempfile::Builder::new().prefix(".siftwire-").tempfile_in(folder);
    // The kind alone: the error has the random name, and would be logged each time as a new one.
    let mut file = file.map_err(|error| io::Error::from(error.kind()))?;
    if let Some(existing) = existing {
        // Some network file systems give all files to one user, so a file made just now tells whose ours are.
        if existing.owner != file.as_file().metadata()?.uid() {
            return Err(Reason::InTheWay("a file of another user"));
        }
        if existing.has_bytes {
            return Ok(());
        }
    }
    file.as_file_mut().write_all(bytes)?;
    // After its creation, because the umask of a service may be stricter.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().set_modified(system_time(changed_at))?;
    file.as_file().sync_all()?;
    NamedTempFile::persist(file, path).map_err(|error| error.error)?;
    // The rename is durable only after the folder is synced too.
    Ok(opened_folder.sync_all()?)
}

fn remove_unchanged(path: &Path, bytes: &[u8]) -> Result<(), Reason> {
    match ExistingFile::at(path, bytes) {
        Ok(None) => Ok(()),
        Ok(Some(existing)) if existing.has_bytes && existing.owner == own_user() => {
            Ok(fs::remove_file(path)?)
        }
        Ok(Some(_)) | Err(Reason::InTheWay(_)) => Err(Reason::Changed),
        Err(error) => Err(error),
    }
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A regular file in the place of a document.
#[derive(Clone, Copy)]
struct ExistingFile {
    owner: u32,
    /// Whether it has the bytes of the document.
    has_bytes: bool,
}

impl ExistingFile {
    /// `None` if there is nothing.
    fn at(path: &Path, bytes: &[u8]) -> Result<Option<ExistingFile>, Reason> {
        // Before it is opened, since opening some devices has effects.
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        if !metadata.is_file() {
            return Err(Reason::InTheWay(kind_of(metadata.file_type())));
        }
        // A file that cannot be read is replaced like one with other bytes.
        let has_bytes = metadata.len() == bytes.len() as u64 && has_bytes(path, bytes).unwrap_or_default();
        Ok(Some(ExistingFile { owner: metadata.uid(), has_bytes }))
    }
}

/// Compares without waiting, also if the file has become something else since it was looked at.
fn has_bytes(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let file = open(path, OFlags::NOFOLLOW | OFlags::NONBLOCK)?;
    if !file.metadata()?.is_file() {
        return Ok(false);
    }
    let mut found = Vec::new();
    file.take(bytes.len() as u64 + 1).read_to_end(&mut found)?;
    Ok(found == bytes)
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn kind_of(file_type: FileType) -> &'static str {
    if file_type.is_symlink() {
        "a symbolic link"
    } else if file_type.is_dir() {
        "a directory"
    } else if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time.as_second()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const TIME: Timestamp = Timestamp::UNIX_EPOCH;

    fn read(path: &Path) -> Vec<u8> {
        fs::read(path).expect("a file")
    }

    #[test]
    fn both_files_have_the_same_bytes_and_are_not_rewritten() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let later = Timestamp::new(1_700_000_000, 0).unwrap_or_default();
        let path = path(folder.path(), "calm", Format::Atom);
        let written = |bytes: &[u8], time| assert!(write(&path, bytes, time).iter().all(Result::is_ok));
        written(b"<feed/>", TIME);
        written(b"<feed/>", later);
        assert_eq!(read(&folder.path().join("calm.atom")), b"<feed/>");
        assert_eq!(fs::metadata(&path)?.modified()?, system_time(TIME));
        written(b"<feed>new</feed>", later);
        assert_eq!(fs::metadata(&path)?.modified()?, system_time(later));
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o644);
        let mut plain = Vec::new();
        let compressed = File::open(folder.path().join("calm.atom.gz"))?;
        flate2::read::GzDecoder::new(compressed).read_to_end(&mut plain)?;
        assert_eq!(plain, b"<feed>new</feed>");
        assert_eq!(fs::read_dir(folder.path())?.count(), 2, "no temporary file is left");
        assert!(remove(&path, b"<feed>new</feed>").iter().all(Result::is_ok));
        assert_eq!(fs::read_dir(folder.path())?.count(), 0);
        assert!(remove(&path, b"<feed>new</feed>").iter().all(Result::is_ok), "nothing is there");
        Ok(())
    }

    #[test]
    fn a_missing_folder_is_an_error_and_is_not_created() {
        let results = write(Path::new("/nonexistent/siftwire/calm.rss"), b"x", TIME);
        assert!(results.iter().all(Result::is_err));
        assert!(!Path::new("/nonexistent").exists());
    }

    /// Shell commands that put something at `$1`; `$2` is a file elsewhere.
    const IN_THE_WAY: [(&str, &str); 8] = [
        ("a named pipe", "mkfifo $1"),
        ("a directory", "mkdir $1"),
        ("a symbolic link", "ln -s $2 $1"),
        ("a symbolic link", "ln -s /dev/zero $1"),
        ("a symbolic link", "ln -s /nonexistent $1"),
        ("a symbolic link", "ln -s $1 $1"),
        // These two only with the rights to make them.
        ("a device", "mknod $1 c 1 5 2>&-"),
        ("a file of another user", "echo theirs > $1 && chown 65534 $1 2>&-"),
    ];

    #[test]
    fn what_is_not_ours_is_neither_opened_nor_replaced_nor_removed() -> io::Result<()> {
        let elsewhere = tempfile::tempdir()?;
        let victim = elsewhere.path().join("victim");
        fs::write(&victim, b"<feed/>")?;
        for (place, (what, script)) in
            ["calm.atom", "calm.atom.gz"].into_iter().flat_map(|place| IN_THE_WAY.map(|kind| (place, kind)))
        {
            let folder = tempfile::tempdir()?;
            let (path, place) = (folder.path().join("calm.atom"), folder.path().join(place));
            let mut command = Command::new("sh");
            if !command.args(["-c", script, ""]).args([&place, &victim]).status()?.success() {
                continue;
            }
            let before = fs::symlink_metadata(&place)?;
            let texts: Vec<String> = write(&path, b"<feed/>", TIME)
                .into_iter()
                .filter_map(|r| Some(r.err()?.to_string()))
                .collect();
            let expected = format!("{}: {what} is in the way", place.display());
            assert!(texts.len() == 1 && texts[0].starts_with(&expected), "{expected}: {texts:?}");
            let removed = remove(&path, b"<feed/>");
            assert_eq!(removed.iter().filter(|result| result.is_err()).count(), 1, "{removed:?}");
            let after = fs::symlink_metadata(&place)?;
            assert_eq!((before.ino(), before.mode()), (after.ino(), after.mode()), "{what}");
            assert_eq!(fs::read_dir(folder.path())?.count(), 1, "{what}: only the other file was written");
        }
        assert_eq!(read(&victim), b"<feed/>");
        Ok(())
    }

    #[test]
    fn our_own_file_is_replaced_whatever_it_has_become() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("calm.atom");
        let other = folder.path().join("other");
        let replaced = || {
            assert!(remove(&path, b"<feed/>").iter().any(Result::is_err), "it is not what was written");
            assert!(write(&path, b"<feed/>", TIME).iter().all(Result::is_ok));
            assert_eq!(read(&path), b"<feed/>");
        };
        // A terabyte is not read.
        File::create(&path)?.set_len(1 << 40)?;
        replaced();
        fs::write(&path, b"<full/>")?;
        fs::set_permissions(&path, Permissions::from_mode(0o000))?;
        replaced();
        // A hard link: the other name keeps its bytes.
        fs::write(&other, b"other")?;
        fs::remove_file(&path)?;
        fs::hard_link(&other, &path)?;
        replaced();
        assert_eq!(read(&other), b"other");
        Ok(())
    }
}
