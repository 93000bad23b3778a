//! A file filled piece by piece under another name, which gets its own when it is whole. Given up, it is removed; what a
//! killed program left, [`sweep`] removes.
//!
//! For what can be made anew: neither synced nor hashed. `whole_file` is for what cannot.

use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use foldhash::fast::FixedState;

use crate::kernel::{Error, Result};

const ENDING: &str = "part";

/// A file that is not whole yet. It is locked while it is filled, which tells it from one that nobody fills any more.
#[derive(Debug)]
pub(super) struct PartFile {
    out: BufWriter<File>,
    part: PathBuf,
}

impl PartFile {
    /// Beside `path`, under its name with the number of this process.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let name = path.file_name().expect("a file to fill has a name").to_string_lossy();
        let part = path.with_file_name(format!("{name}.{}.{ENDING}", std::process::id()));
        let fault = |error: io::Error| Error::io(&part, &error);
        if let Some(folder) = part.parent() {
            fs::create_dir_all(folder).map_err(fault)?;
        }
        let file = loop {
            let file = File::create(&part).map_err(fault)?;
            // Where files cannot be locked nothing is swept either. Swept between creation and lock: once more.
            if file.lock().is_err() || part.exists() {
                break file;
            }
        };
        Ok(Self { out: BufWriter::with_capacity(1 << 18, file), part })
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|error| Error::io(&self.part, &error))
    }

    /// Gives it its name, in the same folder. A power cut may leave it with holes: its reader has to notice.
    pub(super) fn finish(mut self, path: &Path) -> Result<()> {
        let named = self.out.flush().and_then(|()| fs::rename(&self.part, path));
        named.map_err(|error| Error::io(path, &error))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // Renamed by now, or given up: then it is in nobody's way but the disk's.
        let _ = fs::remove_file(&self.part);
    }
}

/// Of a piece of such a file: finds what a disk or a power cut did, not what somebody does on purpose.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
}

/// Removes the parts in a folder that nobody fills any more. One that cannot be removed costs disk and nothing else.
pub(super) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == ENDING)) {
        let locked = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if locked {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_part_is_swept_when_nobody_fills_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut filled = PartFile::create(&folder.path().join("new/a.keys")).unwrap();
        let folder = folder.path().join("new");
        filled.put(b"some").unwrap();
        fs::write(folder.join("b.77.part"), b"of a killed program").unwrap();
        fs::write(folder.join("c.keys"), b"whole").unwrap();
        sweep(&folder);
        assert_eq!(names(&folder), [&format!("a.keys.{}.part", std::process::id()), "c.keys"]);
        filled.finish(&folder.join("d.keys")).unwrap();
        assert_eq!(names(&folder), ["c.keys", "d.keys"]);
        drop(PartFile::create(&folder.join("e.keys")).unwrap());
        assert_eq!(names(&folder), ["c.keys", "d.keys"], "given up");
        assert_eq!(fs::read(folder.join("d.keys")).unwrap(), b"some");
    }
}
