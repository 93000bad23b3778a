//! CSV and other delimited text: finds encoding, delimiter and heading of a file, then reads it in chunks.

use super::chunks::Body;
use super::delivered::Delivered;
use super::encoding::Encoding;
use super::headings::{self, Candidate, LOOK_AT, Mapping};
use super::records::Form;
use super::rows::RowReader;
use super::split::{Dialect, Splitter};
use super::{Connector, Job, Known, Picked, ReadFile, dbf, xlsx};
use crate::kernel::{Error, Message, Result};

/// Delimited text. `chunk` is the nominal size of a chunk in bytes; it does not change what is read.
pub(super) struct Delimited {
    pub(super) chunk: usize,
}

/// The heading stands in so many bytes at a file's beginning, or else in the second number of them.
const HEADS: [usize; 2] = [1 << 18, 1 << 24];

impl Connector for Delimited {
    fn read(&self, file: &Delivered, index: u16, job: &Job<'_>) -> Result<ReadFile> {
        let heading = heading_of(file, |head| open(head, job, || file.encoding()))?;
        let (start, line, dialect) = (heading.body, heading.line, heading.dialect);
        let body = heading.into_body(file, index, job);
        job.progress.advance(job.code, start as u64, 0);
        let (batch, digest) = body.parse(start, line, self.chunk)?;
        let Dialect { encoding, delimiter, .. } = dialect;
        let format = format!("{}, {}", encoding.label(), shown(delimiter));
        Ok(ReadFile { batch, headings: body.rows.into_headings(), digest, format, encoding, sheet: None })
    }

    fn pick(&self, file: &Delivered, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked> {
        let heading = heading_of(file, |head| find_heading(head, known.encoding(), job))?;
        heading.into_body(file, index, job).pick_all(&known.places)
    }
}

/// What `find` finds in a file's first bytes.
fn heading_of(file: &Delivered, find: impl Fn(&[u8]) -> Result<Heading>) -> Result<Heading> {
    let [near, far] = HEADS;
    match find(&file.piece(0, near)?) {
        Err(_) if file.len() > near => find(&file.piece(0, far)?),
        found => found,
    }
}

/// Bytes of a byte order mark.
pub(super) fn mark(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

/// The heading of a file, from its first bytes; in the encoding that `detect` finds unless the layout states one.
pub(super) fn open(head: &[u8], job: &Job<'_>, detect: impl FnOnce() -> Result<Encoding>) -> Result<Heading> {
    refuse_other_formats(head)?;
    let encoding = Encoding::settle(job.source.connector.encoding, head, detect)?;
    find_heading(head, encoding, job)
}

/// A delimiter as people read it.
pub(super) fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "TAB".to_owned() } else { char::from(delimiter).to_string() }
}

/// Files that are no delimited text in an encoding this program reads, told by their first bytes.
pub(super) fn refuse_other_formats(bytes: &[u8]) -> Result<()> {
    let refuse = |key, hint| Err(Error::input(Message::new(key)).hint(Message::new(hint)));
    match bytes {
        _ if is_utf16(bytes) => refuse("ingest.refused_utf16", "ingest.refused_utf16_hint"),
        _ if dbf::is_table(bytes) => refuse("ingest.refused_table", "ingest.refused_table_hint"),
        _ if bytes.starts_with(xlsx::MARK) || bytes.starts_with(b"\xD0\xCF\x11\xE0") => {
            refuse("ingest.refused_spreadsheet", "ingest.refused_spreadsheet_hint")
        }
        _ => Ok(()),
    }
}

/// By its mark or, without one, by the zeros that digits and commas have there in every other place.
fn is_utf16(bytes: &[u8]) -> bool {
    let first = &bytes[..bytes.len().min(1_024)];
    let zeros = |from: usize| first.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (most, fewest) = (zeros(0).max(zeros(1)), zeros(0).min(zeros(1)));
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) || (most * 20 > first.len() && fewest * 20 <= most)
}

/// Where the heading was found, and what it says.
pub(super) struct Heading {
    pub(super) mapping: Mapping,
    pub(super) dialect: Dialect,
    /// Where the first record behind the heading starts, and the line it starts on (from 1).
    pub(super) body: usize,
    line: u32,
}

impl Heading {
    /// The rows behind it, and how they are split and read.
    fn into_body<'a>(self, file: &'a Delivered, index: u16, job: &'a Job<'a>) -> Body<'a> {
        let dialect = Dialect { width: self.mapping.width, ..self.dialect };
        let rows = RowReader::new(job, self.mapping, dialect.encoding, index, 0);
        Body { file, form: Form::Text(dialect), rows, job }
    }
}

/// Tries the delimiters; the first that yields every mapped heading is taken, else the nearest one explains the refusal.
fn find_heading(bytes: &[u8], encoding: Encoding, job: &Job<'_>) -> Result<Heading> {
    let start = mark(bytes);
    let mut nearest: Option<headings::NoHeading> = None;
    for delimiter in job.source.connector.delimiter.candidates() {
        let dialect = Dialect { delimiter: *delimiter, quote: job.source.quote(), encoding, width: 0 };
        let rows = first_rows(bytes, start, dialect, job.source.connector.heading_row);
        let candidates: Vec<Candidate> = rows.iter().map(|row| row.cells.clone()).collect();
        match headings::find(job.source, job.kind, &candidates) {
            Ok((index, mapping)) => {
                return Ok(Heading { mapping, dialect, body: rows[index].end, line: rows[index].next_line });
            }
            Err(miss) if nearest.as_ref().is_none_or(|best| miss.closeness > best.closeness) => nearest = Some(miss),
            Err(_) => {}
        }
    }
    Err(nearest.expect("there is at least one delimiter to try").error)
}

/// One of the first rows of a file.
pub(super) struct FirstRow {
    pub(super) cells: Candidate,
    /// Where the next row begins, and the line it begins on (from 1).
    pub(super) end: usize,
    pub(super) next_line: u32,
}

/// The first rows of a file, or the one row that the layout names as the heading.
pub(super) fn first_rows(bytes: &[u8], start: usize, dialect: Dialect, named: Option<u32>) -> Vec<FirstRow> {
    let mut splitter = Splitter::new(bytes, start, dialect);
    let mut rows = Vec::new();
    while let Some(record) = splitter.next(bytes.len()) {
        let line = record.line + 1;
        let mut cells = Candidate::default();
        for index in 0..record.cells.len() {
            let (text, damaged) = dialect.encoding.text(record.cell(index));
            cells.cells.push(text.into_owned());
            cells.damaged |= damaged;
        }
        let (end, next_line) = (splitter.at(), splitter.lines() + 1);
        if named.is_none_or(|named| named == line) {
            rows.push(FirstRow { cells, end, next_line });
        }
        if named.map_or(rows.len() >= LOOK_AT, |named| line >= named) {
            break;
        }
    }
    rows
}
