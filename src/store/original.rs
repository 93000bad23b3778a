//! A record as the department delivered it, read back from the inbox by its offset.
//!
//! Nothing is parsed here: the text is for a person to compare. It is shown only if the file is still the one the run
//! read (same size, same SHA-256). A record of a table is shown without what fills it up. Spreadsheets have no text of a row; their sheet and row number are in the ground.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::run_record::FileRecord;
use super::whole_file::digest_of_file;
use crate::kernel::dbf;

/// Bytes read for one record; a longer one is cut.
const RECORD_BYTES: u64 = 64 << 10;

/// How the format of a DBF table begins; its encoding follows.
const TABLE: &str = "DBF, ";

/// How that of a list without separators ends.
const FIXED: &str = ", fixed";

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

    /// The record that begins at an offset.
    pub(super) fn record(&mut self, file: &FileRecord, offset: u64) -> Original {
        self.read(file, Place::Offset(offset))
    }

    /// The record that begins in a physical line, the heading being 1.
    pub(super) fn record_in_line(&mut self, file: &FileRecord, line: u32) -> Original {
        self.read(file, Place::Line(line))
    }

    fn read(&mut self, file: &FileRecord, place: Place) -> Original {
        let path = self.root.join(&file.path);
        let checked = self.unchanged.entry(file.path.clone()).or_insert_with(|| check(&path, file));
        if let Err(state) = checked {
            return state.clone();
        }
        let table = file.format.strip_prefix(TABLE);
        let Some(encoding) = encoding_of(table.unwrap_or(&file.format)) else { return Original::Sheet };
        let read = match table {
            Some(_) => record_of_table(&path, place, encoding),
            None => record_of_text(&path, place, &file.format).map(|bytes| {
                let (text, _) = encoding.decode_without_bom_handling(&bytes);
                text.trim_start_matches('\u{feff}').to_owned()
            }),
        };
        read.map_or(Original::Unreadable, Original::Text)
    }
}

/// Where a record begins.
#[derive(Clone, Copy)]
enum Place {
    Offset(u64),
    /// Physical, the heading being 1.
    Line(u32),
}

fn record_of_text(path: &Path, place: Place, format: &str) -> std::io::Result<Vec<u8>> {
    let (is_one_line, delimiter) = (format.ends_with(FIXED), delimiter_of(format));
    let offset = match place {
        Place::Offset(offset) => offset,
        Place::Line(line) => start_of_line(path, line)?,
    };
    let mut bytes = read_at(path, offset, RECORD_BYTES)?;
    bytes.truncate(match is_one_line {
        true => memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |newline| line_end(&bytes, newline)),
        false => record_end(&bytes, delimiter),
    });
    Ok(bytes)
}

/// Of a DBF table, whose heading says where records begin and how long they are.
fn record_of_table(path: &Path, place: Place, encoding: &'static encoding_rs::Encoding) -> std::io::Result<String> {
    const LONGEST: u64 = 1 << 16;
    let no_table = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let head = read_at(path, 0, LONGEST)?;
    let (start, length) = dbf::places(&head).ok_or_else(no_table)?;
    let fields = head.get(..start).and_then(dbf::fields).ok_or_else(no_table)?;
    let offset = match place {
        Place::Offset(offset) => offset,
        Place::Line(line) => start as u64 + u64::from(line.saturating_sub(2)) * length as u64,
    };
    let record = read_at(path, offset, length as u64)?;
    Ok(dbf::shown(&record, &fields, |bytes| encoding.decode_without_bom_handling(bytes).0.into_owned()))
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

/// Where a line begins; the end of the file if it has fewer.
fn start_of_line(path: &Path, line: u32) -> std::io::Result<u64> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    (1..line).try_fold(0, |start, _| Ok(start + file.skip_until(b'\n')? as u64))
}

/// The delimiter that a format ends with.
fn delimiter_of(format: &str) -> Option<u8> {
    match format.split_once(", ")?.1 {
        "TAB" => Some(b'\t'),
        other => other.bytes().next(),
    }
}

fn read_at(path: &Path, offset: u64, most: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Length of the first record without its line end. A line end between quotes belongs to the record; where the quotes
/// never close, the record ends at its first line end.
fn record_end(bytes: &[u8], delimiter: Option<u8>) -> usize {
    let mut quoted = false;
    let mut first = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if quoted => quoted = false,
            // A quote opens only where a field begins, or closes and opens again as "".
            b'"' if at == 0 || bytes[at - 1] == b'"' || delimiter == Some(bytes[at - 1]) => quoted = true,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Digest;

    fn delivered(root: &Path, bytes: &[u8], format: &str) -> FileRecord {
        std::fs::write(root.join("a.csv"), bytes).unwrap();
        FileRecord {
            path: "a.csv".into(),
            digest: Digest::of(bytes).to_string(),
            bytes: bytes.len() as u64,
            format: format.into(),
            rows: 1,
        }
    }

    #[test]
    fn a_gb18030_record_by_its_offset() {
        let folder = tempfile::tempdir().unwrap();
        // 号牌 \n 鲁A \r\n 京B, in GBK: C2B3 41, BEA9 42.
        let file = delivered(folder.path(), b"\xba\xc5\xc5\xc6\n\xc2\xb3A|1\r\n\xbe\xa9B|2", "GB18030, |");
        let mut inbox = Inbox::new(folder.path());
        assert_eq!(inbox.record(&file, 5), Original::Text("鲁A|1".into()));
        assert_eq!(inbox.record(&file, 12), Original::Text("京B|2".into()));
    }

    #[test]
    fn a_record_of_a_table_by_its_offset_and_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        // Two records of 8 bytes behind a heading of 97: its length stands in bytes 8 and 9, theirs in 10 and 11.
        let field = |name: u8, length: u8| {
            let mut entry = [0; dbf::ENTRY];
            (entry[0], entry[11], entry[16]) = (name, b'C', length);
            entry
        };
        let mut table = vec![0; dbf::ENTRY];
        (table[8], table[10]) = (97, 8);
        table.extend([field(b'A', 3), field(b'B', 4)].concat());
        table.extend(b"\x0D \xc2\xb3A   1 \xbe\xa9B   2\x1a");
        let file = delivered(folder.path(), &table, "DBF, GB18030");
        let mut inbox = Inbox::new(folder.path());
        assert_eq!(inbox.record(&file, 97), Original::Text("鲁A|1".into()));
        assert_eq!(inbox.record_in_line(&file, 3), Original::Text("京B|2".into()));
    }

    #[test]
    fn a_line_without_separators_ends_where_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = delivered(folder.path(), b"\"A  1\r\n\"B  2\n", "UTF-8, fixed");
        let mut inbox = Inbox::new(folder.path());
        assert_eq!(inbox.record(&file, 0), Original::Text("\"A  1".into()));
        assert_eq!(inbox.record_in_line(&file, 2), Original::Text("\"B  2".into()));
    }

    #[test]
    fn line_ends_between_quotes_belong_to_the_record() {
        assert_eq!(record_end(b"a,\"b\nc\",d\ne", Some(b',')), 9);
        assert_eq!(record_end(b"a,\"b \"\"x\"\"\nc\"\ne", Some(b',')), 13);
        assert_eq!(record_end(b"a 5\" pipe,b\nc", Some(b',')), 11, "a quote inside a field opens nothing");
        assert_eq!(record_end(b"a;\"b,c\nd,\"e", Some(b',')), 6, "nor one behind another file's delimiter");
        assert_eq!(record_end(b"a\t\"b\nc\"\nd", delimiter_of("UTF-8, TAB")), 7);
        assert_eq!(record_end(b"a,\"never closed\nb\nc", Some(b',')), 15);
    }

    #[test]
    fn gone_changed_and_sheets_are_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = delivered(folder.path(), b"abc\n", "xlsx");
        assert_eq!(Inbox::new(folder.path()).record(&file, 0), Original::Sheet);
        std::fs::write(folder.path().join("a.csv"), b"abd\n").unwrap();
        assert_eq!(Inbox::new(folder.path()).record(&file, 0), Original::Changed);
        file.path = "none.csv".into();
        assert_eq!(Inbox::new(folder.path()).record(&file, 0), Original::Missing);
    }
}
