//! sealed.zip: a county's whole package with full ids, behind a password (AES-256, WinZip AE-2; 7-Zip and WinRAR open it,
//! the Windows file explorer does not).
//!
//! Salts are drawn anew each time, as they must be, so two runs over the same input give other bytes here and only here.
//! The manifest of the open folder therefore vouches for what is inside: it names the digest of the manifest in the archive,
//! which names every file. What is inside is made of the same functions as the open folder, unmasked.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipArchive, ZipWriter};

use super::folder::Folder;
use super::manifest::MANIFEST;
use crate::kernel::{Error, ErrorKind, Message, Result};

/// Name of the sealed archive in a county's folder.
pub const SEALED: &str = "sealed.zip";
/// Where its content stands, inside the staged folder, until it is sealed.
pub(super) const OPEN: &str = "sealing";

/// The password of sealed packages. Never printed, logged or written.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// `None` for less than eight characters: a password that a notebook finds in a minute seals nothing.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\r', '\n']);
        (text.chars().count() >= 8).then(|| Self(text.to_owned()))
    }

    /// Reads the first line of a file.
    ///
    /// # Errors
    /// The file cannot be read; kind `Config` if the password is too short.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
        let line = text.lines().next().unwrap_or_default();
        Self::new(line).ok_or_else(|| Error::config(Message::new("package.password_short")).at(path))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Moves everything in `open` (its manifest last) into the sealed archive of `folder`.
pub(super) fn seal(folder: &mut Folder, open: Folder, password: &Password) -> Result<()> {
    let inside = open.path().to_owned();
    let files = open.into_files();
    let path = folder.path().join(SEALED);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, _, _) in &files {
        let bytes = std::fs::read(inside.join(name)).map_err(|error| Error::io(&inside.join(name), &error))?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .with_aes_encryption(AesMode::Aes256, &password.0);
        archive.start_file(name.as_str(), options).map_err(|error| failed(&path, &error))?;
        archive.write_all(&bytes).map_err(|error| Error::io(&path, &error))?;
    }
    let bytes = archive.finish().map_err(|error| failed(&path, &error))?.into_inner();
    std::fs::remove_dir_all(&inside).map_err(|error| Error::io(&inside, &error))?;
    let manifest = files.iter().find(|file| file.0 == MANIFEST).expect("what is sealed has a manifest");
    folder.put_listed(SEALED, &bytes, manifest.1, manifest.2)?;
    Ok(())
}

/// The files of a sealed archive by name, or `None` if the password is not its own or the archive is damaged: AE-2
/// authenticates each file, so the two look alike.
pub(super) fn open(path: &Path, password: &Password) -> Result<Option<BTreeMap<String, Vec<u8>>>> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, &error))?;
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Ok(None) };
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let Ok(mut file) = archive.by_index_decrypt(index, password.0.as_bytes()) else { return Ok(None) };
        let mut content = Vec::new();
        if !file.encrypted() || file.read_to_end(&mut content).is_err() {
            return Ok(None);
        }
        let Ok(name) = file.name() else { return Ok(None) };
        files.insert(name.into_owned(), content);
    }
    Ok(Some(files))
}

fn failed(path: &Path, error: &zip::result::ZipError) -> Error {
    Error::new(ErrorKind::Io, Message::new("package.seal_failed").with("reason", error)).at(path)
}
