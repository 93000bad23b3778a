//! Files that appear whole or not at all: written under another name, synced, renamed.
//!
//! A rename within one folder is atomic on the file systems a centre uses; the folder is synced after it, so that the
//! new name survives a power cut. Windows cannot sync a folder and does not need to.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use crate::kernel::{Digest, Digesting, Error, Message, Result};

/// Bytes read or written at a time.
const AT_ONCE: usize = 1 << 18;

/// Writes `path` through `fill` and returns the digest of what was written. On any error the old file, if there was
/// one, is untouched and nothing else is left. Hidden name while it grows: `.<name>.part`.
///
/// # Errors
/// What `fill` reports; a failed write (disk full, no right) is reported as such even if `fill` reports it in other words.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Digest> {
    let part = part_of(path)?;
    let written = write_part(&part, path, fill);
    if written.is_err() {
        // The first fault is the one to report; a leftover is hidden, and overwritten next time.
        let _ = fs::remove_file(&part);
    }
    written
}

/// [`write_whole`] for bytes that are there already.
///
/// # Errors
/// The disk.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<Digest> {
    write_whole(path, |out| out.write_all(bytes).map_err(|error| Error::io(path, &error)))
}

/// What a file was filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub digest: Digest,
    pub bytes: u64,
}

/// Writes a file of a folder that nobody sees yet. It is neither synced nor renamed: whoever shows the folder syncs all of
/// it at once ([`sync_all`]), and an error gives up the folder.
pub(super) fn write_new(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Written> {
    fill_file(path, path, fill).map(|(_, written)| written)
}

fn write_part(part: &Path, path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Digest> {
    let (file, written) = fill_file(part, path, fill)?;
    file.sync_all().map_err(|error| Error::io(path, &error))?;
    fs::rename(part, path).map_err(|error| Error::io(path, &error))?;
    // The parent of a bare name is the empty path, which no system opens.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))?;
    Ok(written.digest)
}

/// Creates the file at `place`; faults are those of `path`, whose name people know.
fn fill_file(place: &Path, path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<(File, Written)> {
    let file = File::create(place).map_err(|error| Error::io(path, &error))?;
    let mut writer = Recorder::new(BufWriter::with_capacity(AT_ONCE, file));
    let filled = fill(&mut writer).and_then(|()| writer.flush().map_err(|error| Error::io(path, &error)));
    if let Some(fault) = writer.fault.take() {
        return Err(Error::io(path, &fault));
    }
    filled?;
    let Recorder { inner, digest, bytes, .. } = writer;
    let file = inner.into_inner().map_err(|error| Error::io(path, error.error()))?;
    Ok((file, Written { digest: digest.finish(), bytes }))
}

fn part_of(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().filter(|_| !path.is_dir());
    let name = name.ok_or_else(|| Error::config(Message::new("store.no_file_name")).at(path))?.to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.part")))
}

/// Whether a file may be written under this path, as far as its name tells: asked before what cannot be taken back.
///
/// # Errors
/// Kind `Config`: a folder, or no name at all.
pub fn check_file_name(path: &Path) -> Result<()> {
    part_of(path).map(drop)
}

/// Hashes and counts what passes and remembers the first failed write: writers above (Parquet, CSV) turn it into text and lose
/// that the disk is full.
pub(super) struct Recorder<W> {
    inner: W,
    digest: Digesting,
    bytes: u64,
    fault: Option<io::Error>,
}

impl<W: Write> Recorder<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, digest: Digesting::default(), bytes: 0, fault: None }
    }

    /// The first failed write, if any.
    pub(super) fn fault(&mut self) -> Option<io::Error> {
        self.fault.take()
    }

    fn remember<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &outcome
            && error.kind() != io::ErrorKind::Interrupted
            && self.fault.is_none()
        {
            // `io::Error` is not `Clone`; the code of the operating system says everything.
            self.fault = Some(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            });
        }
        outcome
    }
}

impl<W: Write> Write for Recorder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.inner.write(bytes);
        let count = self.remember(outcome)?;
        self.digest.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.inner.flush();
        self.remember(outcome)
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::io(folder, &error))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// All files below a folder, relative to it with `/` between parts, ascending; and all folders, itself first.
pub(super) fn tree(folder: &Path) -> Result<(Vec<String>, Vec<PathBuf>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    let mut next = 0;
    while next < folders.len() {
        let current = folders[next].clone();
        next += 1;
        for entry in fs::read_dir(&current).map_err(|error| Error::io(&current, &error))? {
            let path = entry.map_err(|error| Error::io(&current, &error))?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(folder).expect("an entry lies below the folder that was read");
            files.push(below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"));
        }
    }
    files.sort_unstable();
    Ok((files, folders))
}

/// Asks the system to write a growing file to the disk by and by, so that a sync later finds little to wait for, and to
/// forget what is on the disk already. Only a hint: what goes wrong is the sync's to tell.
pub(super) fn hand_over(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(file) = File::open(path) {
        // What is not needed in memory is written, which is what is wanted here.
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}

/// Waiting for the disk takes no core, and a file system settles what many wait for together.
const WAITING: usize = 64;

/// Makes the bytes of files, and the names in folders, durable, in no order. Gives every fault: the system tells each once, and
/// one that does no harm must not hide another.
pub(super) fn sync_all(files: &[PathBuf], folders: &[PathBuf]) -> Vec<Error> {
    let next = AtomicUsize::new(0);
    let sync_file = |path: &PathBuf| {
        // Windows syncs only handles that may write.
        let opened = File::options().read(true).write(cfg!(windows)).open(path);
        opened.and_then(|file| file.sync_all()).map_err(|error| Error::io(path, &error))
    };
    let sync = |place: usize| match files.get(place) {
        Some(file) => Some(sync_file(file)),
        None => folders.get(place - files.len()).map(|folder| sync_folder(folder)),
    };
    let work = || -> Vec<Error> {
        std::iter::from_fn(|| sync(next.fetch_add(1, Ordering::Relaxed))).filter_map(Result::err).collect()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WAITING.min(files.len() + folders.len())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("syncing does not panic")).collect()
    })
}

/// Length and time of change (nanoseconds since 1970) of a file: what tells one that was written to.
pub(super) type Looks = (u64, u128);

/// `None` if it is gone, or the system does not say.
pub(super) fn looks(path: &Path) -> Option<Looks> {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos()))
}

/// SHA-256 of a file's bytes.
pub(super) fn digest_of_file(path: &Path) -> Result<Digest> {
    let mut reader = Recorder::new(io::sink());
    let file = File::open(path).map_err(|error| Error::io(path, &error))?;
    io::copy(&mut BufReader::with_capacity(AT_ONCE, file), &mut reader).map_err(|error| Error::io(path, &error))?;
    Ok(reader.digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ErrorKind;

    #[test]
    fn an_error_leaves_the_old_file_and_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let digest = write_whole(&path, |out| out.write_all(b"abc").map_err(|error| Error::io(&path, &error))).unwrap();
        assert_eq!(digest, Digest::of(b"abc"));
        let failed = write_whole(&path, |out| {
            out.write_all(b"half").map_err(|error| Error::io(&path, &error))?;
            Err(Error::cancelled())
        });
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Cancelled);
        assert_eq!(fs::read(&path).unwrap(), b"abc");
        assert_eq!(tree(folder.path()).unwrap().0, ["a.json"]);
    }

    #[test]
    fn what_is_gone_hides_no_other_fault() {
        let folder = tempfile::tempdir().unwrap();
        let (here, gone) = (folder.path().join("a"), folder.path().join("gone"));
        fs::write(&here, "a").unwrap();
        let below_a_file = here.join("b");
        let faults = sync_all(&[gone.clone(), below_a_file.clone(), here], &[folder.path().to_owned()]);
        let mut told: Vec<_> = faults.iter().map(|fault| fault.file().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, [&below_a_file, &gone]);
        assert!(sync_all(&[], &[folder.path().to_owned()]).is_empty());
    }

    #[test]
    fn a_full_disk_is_called_a_full_disk() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = Recorder::new(Full);
        assert!(writer.write_all(b"x").is_err());
        let error = Error::io(Path::new("x"), &writer.fault().unwrap());
        assert_eq!(error.message().key, "error.disk_full");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn dev_full_through_a_writer_that_loses_the_reason() {
        let device = File::options().write(true).open("/dev/full").unwrap();
        let mut writer = Recorder::new(device);
        let _ = writer.write_all(b"x").map_err(|_| "some other words");
        assert_eq!(Error::io(Path::new("x"), &writer.fault().unwrap()).message().key, "error.disk_full");
    }

    #[test]
    fn a_missing_folder_is_reported_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/a.json");
        let error = write_whole(&path, |_| Ok(())).unwrap_err();
        assert_eq!((error.message().key, error.file()), ("error.not_found", Some(path.as_path())));
    }
}
