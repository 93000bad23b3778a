//! A folder being filled: every file written is digested and listed, and the manifest closes it.

use std::fs::OpenOptions;
use std::io::Write as _;
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
        let parts = parts.concat();
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(&parts)).map_err(|error| Error::io(&self.path, &error))?;
        self.digest.update(&parts);
        self.bytes += parts.len() as u64;
        Ok(())
    }
}
