//! A folder being filled: every file written is digested and listed, and the manifest closes it.

use std::fs::OpenOptions;
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use super::RunView;
use super::manifest::{self, MANIFEST};
use super::signature::{SIGNATURE, Signer};
use crate::kernel::{Digest, Digesting, Division, Error, Result};

/// A file of a folder: its name in there (with `/` between parts), digest and bytes.
pub type Filed = (String, Digest, u64);

pub(super) struct Folder {
    path: PathBuf,
    /// As they lie.
    files: Vec<Filed>,
    /// What the manifest says.
    listed: Vec<Filed>,
}

impl Folder {
    pub fn create(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|error| Error::io(path, &error))?;
        Ok(Self { path: path.to_owned(), files: Vec::new(), listed: Vec::new() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file; `name` may lie in a folder below, with `/` between.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let filed = self.write(name, bytes)?;
        self.listed.push(filed.clone());
        self.files.push(filed);
        Ok(())
    }

    /// Writes one file that the manifest lists by another digest and length than its own.
    pub fn put_listed(&mut self, name: &str, bytes: &[u8], digest: Digest, length: u64) -> Result<()> {
        let filed = self.write(name, bytes)?;
        self.files.push(filed);
        self.list(name.to_owned(), digest, length);
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<Filed> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Error::io(parent, &error))?;
        }
        std::fs::write(&path, bytes).map_err(|error| Error::io(&path, &error))?;
        Ok((name.to_owned(), Digest::of(bytes), bytes.len() as u64))
    }

    /// A file that comes in parts; [`Folder::end`] takes it in.
    pub fn begin(&self, name: &str) -> Growing {
        Growing { name: name.to_owned(), path: self.path.join(name), digest: Digesting::default(), bytes: 0 }
    }

    /// A file that is whole.
    pub fn end(&mut self, file: Growing) {
        let filed = (file.name, file.digest.finish(), file.bytes);
        self.listed.push(filed.clone());
        self.files.push(filed);
    }

    /// Names a file in the manifest that somebody else wrote.
    pub fn list(&mut self, name: String, digest: Digest, bytes: u64) {
        self.listed.push((name, digest, bytes));
    }

    /// Writes the manifest over everything put and listed so far, and its signature if there is a key.
    pub fn seal(&mut self, view: &RunView, division: Division, signer: Option<&Signer>) -> Result<()> {
        let bytes = manifest::to_bytes(view, division, &self.listed);
        self.put(MANIFEST, &bytes)?;
        match signer {
            Some(signer) => self.put(SIGNATURE, &signer.sign(&bytes)),
            None => Ok(()),
        }
    }

    /// All files that were put, by name, the manifest among them.
    pub fn into_files(mut self) -> Vec<Filed> {
        self.files.sort();
        self.files
    }
}

/// A file of a folder that is written part by part. It is open only while it grows: a province has more counties than a
/// process may have files open.
pub(super) struct Growing {
    name: String,
    path: PathBuf,
    digest: Digesting,
    bytes: u64,
}

impl Growing {
    /// Adds parts at its end, in one step: the system clears the rest of a page after every write.
    pub fn append(&mut self, parts: &[&[u8]]) -> Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        file.and_then(|mut file| write_all(&mut file, parts)).map_err(|error| Error::io(&self.path, &error))?;
        for part in parts {
            self.digest.update(part);
            self.bytes += part.len() as u64;
        }
        Ok(())
    }
}

/// All parts, one behind the other, without putting them together first.
fn write_all(out: &mut impl Write, parts: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| IoSlice::new(part)).collect();
    let mut rest = &mut slices[..];
    while !rest.is_empty() {
        match out.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system that takes three bytes at a time, and is interrupted in between.
    #[derive(Default)]
    struct Slow {
        taken: Vec<u8>,
        calls: usize,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls.is_multiple_of(2) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = bytes.len().min(3);
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn parts_arrive_whole_however_little_is_taken_at_a_time() {
        let mut slow = Slow::default();
        write_all(&mut slow, &[b"one", b"", b"twenty", b"three hundred"]).unwrap();
        assert_eq!(slow.taken, b"onetwentythree hundred");
        write_all(&mut slow, &[]).unwrap();
        let full = write_all(&mut &mut [0u8; 4][..], &[b"one", b"two"]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::WriteZero);
    }
}
