//! manifest.json: every file of a folder with its SHA-256, and the check that nothing was lost, changed or slipped in.
//!
//! A folder inside that has a manifest of its own is listed by that manifest's digest and checked by it, so that a
//! county's package stands alone and the top manifest still vouches for everything below. No clock: the date is the
//! one the run speaks for.
//!
//! Beside a manifest may stand its signature ([`super::signature`]). A sealed archive is listed by the digest of the manifest
//! inside it, because its own bytes differ from run to run ([`super::sealed`]); only who has the password can check it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunView;
use super::folder::Filed;
use super::sealed::{self, Password, SEALED};
use super::signature::{PublicKey, SIGNATURE, signer_of};
use crate::kernel::{Digest, Division, Error, Lang, Message, Result};

/// Name of the manifest in each folder.
pub const MANIFEST: &str = "manifest.json";
const FORM: &str = "hedui-package/1";

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    form: String,
    run: String,
    division: String,
    as_of: String,
    program: String,
    demo: bool,
    masked: bool,
    files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: String,
    sha256: String,
    bytes: u64,
    /// Digest and bytes are those of the manifest inside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
}

/// The manifest's bytes; `files` may come in any order and are sorted by path.
pub(super) fn to_bytes(view: &RunView, division: Division, files: &[Filed]) -> Vec<u8> {
    let mut files: Vec<Entry> = files
        .iter()
        .map(|(path, digest, bytes)| Entry {
            path: path.clone(),
            sha256: digest.to_string(),
            bytes: *bytes,
            sealed: path == SEALED,
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest = Manifest {
        form: FORM.to_owned(),
        run: view.run.to_owned(),
        division: division.to_string(),
        as_of: view.as_of.to_string(),
        program: format!("hedui {}", env!("CARGO_PKG_VERSION")),
        demo: view.demo,
        masked: view.masked,
        files,
    };
    let mut bytes = serde_json::to_vec_pretty(&manifest).expect("texts and numbers are always JSON");
    bytes.push(b'\n');
    bytes
}

/// What is wrong with one file of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Listed, not there.
    Missing,
    /// There, with other bytes than were listed.
    Changed,
    /// There, not listed.
    Extra,
    /// A signature that is not this manifest's.
    Forged,
    /// Signed with another key than was expected.
    OtherKey,
    /// Not signed, where a signature was expected.
    Unsigned,
    /// The password does not open the sealed archive, or the archive is damaged.
    Unopened,
}

/// A file of a package that is not as the manifest says; the path is relative to the folder that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub path: String,
    pub kind: FaultKind,
}

impl Fault {
    pub fn say(&self, lang: Lang) -> String {
        let key = match self.kind {
            FaultKind::Missing => "report.fault_missing",
            FaultKind::Changed => "report.fault_changed",
            FaultKind::Extra => "report.fault_extra",
            FaultKind::Forged => "package.fault_forged",
            FaultKind::OtherKey => "package.fault_other_key",
            FaultKind::Unsigned => "package.fault_unsigned",
            FaultKind::Unopened => "package.fault_unopened",
        };
        Message::new(key).with("file", &self.path).say(lang)
    }
}

/// What whoever verifies holds besides the package.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The centre's public key: then every manifest must bear its signature.
    pub key: Option<PublicKey>,
    /// Opens sealed archives.
    pub password: Option<Password>,
}

/// What was found. No faults means: as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Sorted by path.
    pub faults: Vec<Fault>,
    /// Whose valid signature the top manifest bears.
    pub signer: Option<PublicKey>,
    /// Sealed archives that were not looked into, for want of a password.
    pub unopened: u64,
}

/// Checks a package, or a run's whole outbox with all packages in it.
///
/// Where the top manifest is signed, those below must be signed with the same key.
///
/// # Errors
/// No manifest, one that is not ours, or a file that cannot be read.
pub fn verify(dir: &Path, expected: &Expected) -> Result<Verified> {
    let (bytes, manifest) = read(dir)?;
    let mut present = BTreeMap::new();
    let mut packages = Vec::new();
    walk(dir, "", &mut present, &mut packages)?;
    let mut found = Verified::default();
    found.check_signature(&bytes, present.remove(SIGNATURE), expected)?;
    for entry in &manifest.files {
        match present.remove(&entry.path) {
            None => found.fault(&entry.path, FaultKind::Missing),
            Some(path) if entry.sealed => found.check_sealed(entry, &path, expected)?,
            Some(path) => {
                let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
                if !entry.holds(&bytes) {
                    found.fault(&entry.path, FaultKind::Changed);
                }
            }
        }
    }
    present.keys().for_each(|path| found.fault(path, FaultKind::Extra));
    let below = Expected { key: expected.key.or(found.signer), password: expected.password.clone() };
    for folder in packages {
        let inside = verify(&dir.join(&folder), &below)?;
        found.unopened += inside.unopened;
        inside.faults.iter().for_each(|fault| found.fault(&format!("{folder}/{}", fault.path), fault.kind));
    }
    found.faults.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

impl Entry {
    fn holds(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.bytes && Digest::of(bytes).to_string() == self.sha256
    }
}

impl Verified {
    fn fault(&mut self, path: &str, kind: FaultKind) {
        self.faults.push(Fault { path: path.to_owned(), kind });
    }

    fn check_signature(&mut self, manifest: &[u8], file: Option<PathBuf>, expected: &Expected) -> Result<()> {
        let Some(path) = file else {
            if expected.key.is_some() {
                self.fault(SIGNATURE, FaultKind::Unsigned);
            }
            return Ok(());
        };
        let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
        match signer_of(manifest, &bytes) {
            None => self.fault(SIGNATURE, FaultKind::Forged),
            Some(signer) if expected.key.is_some_and(|key| key != signer) => self.fault(SIGNATURE, FaultKind::OtherKey),
            signer => self.signer = signer,
        }
        Ok(())
    }

    /// The archive opens, holds the manifest that the open folder names, and that manifest's files and no others.
    fn check_sealed(&mut self, entry: &Entry, path: &Path, expected: &Expected) -> Result<()> {
        let Some(password) = &expected.password else {
            self.unopened += 1;
            return Ok(());
        };
        let Some(mut inside) = sealed::open(path, password)? else {
            self.fault(&entry.path, FaultKind::Unopened);
            return Ok(());
        };
        inside.remove(SIGNATURE);
        let manifest = inside.remove(MANIFEST).filter(|bytes| entry.holds(bytes));
        let Some(manifest) = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok()) else {
            self.fault(&entry.path, FaultKind::Changed);
            return Ok(());
        };
        for listed in &manifest.files {
            match inside.remove(&listed.path) {
                None => self.fault(&format!("{}/{}", entry.path, listed.path), FaultKind::Missing),
                Some(bytes) if listed.holds(&bytes) => {}
                Some(_) => self.fault(&format!("{}/{}", entry.path, listed.path), FaultKind::Changed),
            }
        }
        inside.keys().for_each(|name| self.fault(&format!("{}/{name}", entry.path), FaultKind::Extra));
        Ok(())
    }
}

/// The manifest's bytes, which its signature covers, and what they say.
fn read(dir: &Path) -> Result<(Vec<u8>, Manifest)> {
    let path = dir.join(MANIFEST);
    let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| {
        Error::input(Message::new("report.manifest_unreadable")).at(&path).line(error.line() as u64)
    })?;
    if manifest.form != FORM {
        return Err(Error::input(Message::new("report.manifest_unreadable")).at(&path));
    }
    Ok((bytes, manifest))
}

/// Files below `dir` by their path with `/`, apart from the manifest itself; a folder with its own manifest counts as
/// that one file and is left for its own check.
fn walk(dir: &Path, prefix: &str, present: &mut BTreeMap<String, PathBuf>, packages: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(|error| Error::io(dir, &error))? {
        let path = entry.map_err(|error| Error::io(dir, &error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let shown = format!("{prefix}{name}");
        if path.is_dir() {
            let own = path.join(MANIFEST);
            if own.is_file() {
                present.insert(format!("{shown}/{MANIFEST}"), own);
                packages.push(shown);
            } else {
                walk(&path, &format!("{shown}/"), present, packages)?;
            }
        } else if shown != MANIFEST {
            present.insert(shown, path);
        }
    }
    packages.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let listed: Vec<_> =
            files.iter().map(|(name, bytes)| ((*name).to_owned(), Digest::of(bytes), bytes.len() as u64)).collect();
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let centre = fixture::Centre::new();
        let bytes = to_bytes(&centre.view(), Division::parse("370102").unwrap(), &listed);
        std::fs::write(dir.path().join(MANIFEST), bytes).unwrap();
        dir
    }

    #[test]
    fn lost_changed_and_slipped_in_files_are_found() {
        let dir = folder(&[("a.csv", b"1"), ("b.csv", b"2"), ("c.csv", b"3")]);
        assert_eq!(verify(dir.path(), &Expected::default()).unwrap(), Verified::default());
        std::fs::remove_file(dir.path().join("a.csv")).unwrap();
        std::fs::write(dir.path().join("b.csv"), b"x").unwrap();
        std::fs::write(dir.path().join("d.csv"), b"4").unwrap();
        let found = verify(dir.path(), &Expected::default()).unwrap().faults;
        let found: Vec<_> = found.into_iter().map(|fault| (fault.path, fault.kind)).collect();
        assert_eq!(
            found,
            [
                ("a.csv".to_owned(), FaultKind::Missing),
                ("b.csv".to_owned(), FaultKind::Changed),
                ("d.csv".to_owned(), FaultKind::Extra)
            ]
        );
    }

    #[test]
    fn a_manifest_that_is_not_ours_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(verify(dir.path(), &Expected::default()).unwrap_err().kind(), crate::kernel::ErrorKind::Io);
        std::fs::write(dir.path().join(MANIFEST), b"{}").unwrap();
        assert_eq!(verify(dir.path(), &Expected::default()).unwrap_err().kind(), crate::kernel::ErrorKind::Input);
    }
}
