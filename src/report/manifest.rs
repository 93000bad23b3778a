//! manifest.json: every file of a folder with its SHA-256, and the check that nothing was lost, changed or slipped in.
//!
//! A folder inside that has a manifest of its own is listed by that manifest's digest and checked by it, so that a
//! county's package stands alone and the top manifest still vouches for everything below. No clock: the date is the
//! one the run speaks for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunView;
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
}

/// The manifest's bytes; `files` may come in any order and are sorted by path.
pub(super) fn to_bytes(view: &RunView, division: Division, files: &[(String, Digest, u64)]) -> Vec<u8> {
    let mut files: Vec<Entry> = files
        .iter()
        .map(|(path, digest, bytes)| Entry { path: path.clone(), sha256: digest.to_string(), bytes: *bytes })
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
        };
        Message::new(key).with("file", &self.path).say(lang)
    }
}

/// Checks a package, or a run's whole outbox with all packages in it. Faults are sorted by path; none means it is as
/// it was written.
///
/// # Errors
/// No manifest, one that is not ours, or a file that cannot be read.
pub fn verify(dir: &Path) -> Result<Vec<Fault>> {
    let manifest = read(dir)?;
    let mut present = BTreeMap::new();
    let mut packages = Vec::new();
    walk(dir, "", &mut present, &mut packages)?;
    let mut faults = Vec::new();
    for entry in &manifest.files {
        let kind = match present.remove(&entry.path) {
            None => FaultKind::Missing,
            Some(path) => {
                let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
                if bytes.len() as u64 == entry.bytes && Digest::of(&bytes).to_string() == entry.sha256 {
                    continue;
                }
                FaultKind::Changed
            }
        };
        faults.push(Fault { path: entry.path.clone(), kind });
    }
    faults.extend(present.into_keys().map(|path| Fault { path, kind: FaultKind::Extra }));
    for folder in packages {
        let inside = verify(&dir.join(&folder))?;
        faults.extend(inside.into_iter().map(|fault| Fault { path: format!("{folder}/{}", fault.path), ..fault }));
    }
    faults.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(faults)
}

fn read(dir: &Path) -> Result<Manifest> {
    let path = dir.join(MANIFEST);
    let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| {
        Error::input(Message::new("report.manifest_unreadable")).at(&path).line(error.line() as u64)
    })?;
    if manifest.form != FORM {
        return Err(Error::input(Message::new("report.manifest_unreadable")).at(&path));
    }
    Ok(manifest)
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
        assert_eq!(verify(dir.path()).unwrap(), []);
        std::fs::remove_file(dir.path().join("a.csv")).unwrap();
        std::fs::write(dir.path().join("b.csv"), b"x").unwrap();
        std::fs::write(dir.path().join("d.csv"), b"4").unwrap();
        let found: Vec<_> =
            verify(dir.path()).unwrap().into_iter().map(|fault| (fault.path.clone(), fault.kind)).collect();
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
        assert_eq!(verify(dir.path()).unwrap_err().kind(), crate::kernel::ErrorKind::Io);
        std::fs::write(dir.path().join(MANIFEST), b"{}").unwrap();
        assert_eq!(verify(dir.path()).unwrap_err().kind(), crate::kernel::ErrorKind::Input);
    }
}
