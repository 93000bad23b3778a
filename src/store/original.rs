//! A record as the department delivered it, read back from the inbox by its offset.
//!
//! Nothing is parsed here: the text is for a person to compare. It is shown only if the file is still the one the run
//! read (same size, same SHA-256). Spreadsheets have no text of a row; their sheet and row number are in the ground.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::run_record::FileRecord;
use super::whole_file::digest_of_file;

/// Bytes read for one record; a longer one is cut.
const RECORD_BYTES: u64 = 64 << 10;

/// What the inbox still says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "state", content = "text", rename_all = "snake_case")]
pub enum Original {
    /// The record, decoded; damaged bytes as U+FFFD.
    Text(String),
    /// The file is no text file: open it at sheet and row.
    Sheet,
    /// The file is no longer in the inbox.
    Missing,
    /// A file of this name is there, with other content.
    Changed,
    /// It is there and cannot be read.
    Unreadable,
}

impl Original {
    /// Wording key of the sentence, `None` where the text speaks for itself.
    pub fn wording(&self) -> Option<&'static str> {
        match self {
            Self::Text(_) => None,
            Self::Sheet => Some("store.original_sheet"),
            Self::Missing => Some("store.original_missing"),
            Self::Changed => Some("store.original_changed"),
            Self::Unreadable => Some("store.original_unreadable"),
        }
    }
}

/// Reads originals; each file's digest is computed once.
pub(super) struct Inbox<'a> {
    root: &'a Path,
    unchanged: BTreeMap<String, std::result::Result<(), Original>>,
}

impl<'a> Inbox<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, unchanged: BTreeMap::new() }
    }

    pub(super) fn record(&mut self, file: &FileRecord, offset: u64) -> Original {
        let path = self.root.join(&file.path);
        let checked = self.unchanged.entry(file.path.clone()).or_insert_with(|| check(&path, file));
        if let Err(state) = checked {
            return state.clone();
        }
        let Some(encoding) = encoding_of(&file.format) else { return Original::Sheet };
        let Ok(bytes) = read_at(&path, offset) else { return Original::Unreadable };
        let (text, _) = encoding.decode_without_bom_handling(&bytes[..record_end(&bytes)]);
        Original::Text(text.trim_start_matches('\u{feff}').to_owned())
    }
}

fn check(path: &Path, file: &FileRecord) -> std::result::Result<(), Original> {
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Original::Missing),
        Err(_) => return Err(Original::Unreadable),
        Ok(metadata) => metadata.len(),
    };
    if bytes != file.bytes {
        return Err(Original::Changed);
    }
    let digest = digest_of_file(path).map_err(|_| Original::Unreadable)?;
    if digest.to_string() == file.digest { Ok(()) } else { Err(Original::Changed) }
}

/// The encoding that a format begins with (`GB18030, |`); `None` for a spreadsheet.
fn encoding_of(format: &str) -> Option<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_label(format.split(',').next()?.trim().as_bytes())
}

fn read_at(path: &Path, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(RECORD_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Length of the first record without its line end. A line end between quotes belongs to the record; where the quotes
/// never close, the record ends at its first line end.
fn record_end(bytes: &[u8]) -> usize {
    let mut quoted = false;
    let mut first = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if quoted => quoted = false,
            // A quote opens only where a field begins, or closes and opens again as "".
            b'"' if at == 0 || matches!(bytes[at - 1], b',' | b'\t' | b'|' | b';' | b'"') => quoted = true,
            b'\n' if !quoted => return line_end(bytes, at),
            b'\n' => first = first.or(Some(at)),
            _ => {}
        }
    }
    match first {
        Some(at) if quoted => line_end(bytes, at),
        _ => bytes.len(),
    }
}

fn line_end(bytes: &[u8], newline: usize) -> usize {
    if newline > 0 && bytes[newline - 1] == b'\r' { newline - 1 } else { newline }
}
