//! CSV and other delimited text: finds encoding, delimiter and heading of a file, then reads it in chunks.

use rayon::prelude::*;

use super::batch::Batch;
use super::chunks::Body;
use super::encoding::Encoding;
use super::headings::{self, Candidate, LOOK_AT, Mapping};
use super::layout::EncodingChoice;
use super::mapped::Mapped;
use super::rows::RowReader;
use super::split::{Dialect, Splitter};
use super::{Connector, Job, Known, Picked, ReadFile};
use crate::kernel::{Error, Message, Result};
use crate::model::extract_keys::Place;

/// Delimited text. `chunk` is the nominal size of a chunk in bytes; it does not change what is read.
pub(super) struct Delimited {
    pub(super) chunk: usize,
}

impl Connector for Delimited {
    fn read(&self, mapped: &Mapped, index: u16, job: &Job<'_>) -> Result<ReadFile> {
        let (encoding, heading) = open(mapped, job)?;
        let (start, line) = (heading.body, heading.line);
        let body = heading.into_body(mapped, encoding, index, job);
        job.progress.advance(job.code, start as u64, 0);
        let (batch, digest) = body.parse(start, line, self.chunk)?;
        let format = format!("{}, {}", encoding.label(), shown(body.dialect.delimiter));
        Ok(ReadFile { batch, headings: body.rows.into_headings(), digest, format, encoding, sheet: None })
    }

    fn pick(&self, mapped: &Mapped, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked> {
        const AT_A_TIME: usize = 4_096;
        let encoding = if known.summary.gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 };
        let heading = find_heading(mapped, mark(mapped), encoding, job)?;
        let body = heading.into_body(mapped, encoding, index, job);
        // Needed rows lie all over the file: what was touched on the way to them is given back with them.
        let pick = |places: &[Place]| {
            job.cancel.check()?;
            let batch = body.pick(places);
            let [first, last] = [places[0], places[places.len() - 1]].map(|place| place.offset() as usize);
            mapped.give_back(first..last.min(mapped.len()).max(first));
            Ok(batch)
        };
        let batches: Vec<Batch> = known.places.par_chunks(AT_A_TIME).map(pick).collect::<Result<_>>()?;
        let mut all = Batch::new(job.kind);
        batches.into_iter().for_each(|batch| all.append(batch, 0));
        Ok(Picked { batch: all, headings: body.rows.into_headings() })
    }
}

/// Bytes of a byte order mark.
fn mark(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

/// Encoding and heading of a file, from its bytes or the first of them.
pub(super) fn open(bytes: &[u8], job: &Job<'_>) -> Result<(Encoding, Heading)> {
    refuse_other_formats(bytes)?;
    let (found, mark) = Encoding::detect(bytes);
    let encoding = match job.source.connector.encoding {
        EncodingChoice::Auto => found,
        EncodingChoice::Utf8 => Encoding::Utf8,
        EncodingChoice::Gb18030 => Encoding::Gb18030,
    };
    Ok((encoding, find_heading(bytes, mark, encoding, job)?))
}

/// A delimiter as people read it.
fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "TAB".to_owned() } else { char::from(delimiter).to_string() }
}

/// Files that are no delimited text in an encoding this program reads, told by their first bytes.
fn refuse_other_formats(bytes: &[u8]) -> Result<()> {
    let refuse = |key, hint| Err(Error::input(Message::new(key)).hint(Message::new(hint)));
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => refuse("ingest.refused_utf16", "ingest.refused_utf16_hint"),
        [b'P', b'K', 3, 4, ..] | [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            refuse("ingest.refused_spreadsheet", "ingest.refused_spreadsheet_hint")
        }
        _ => Ok(()),
    }
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
    fn into_body<'a>(self, mapped: &'a Mapped, encoding: Encoding, index: u16, job: &'a Job<'a>) -> Body<'a> {
        let dialect = Dialect { width: self.mapping.width, ..self.dialect };
        Body { mapped, dialect, rows: RowReader::new(job, self.mapping, encoding, index, 0), job }
    }
}

/// Tries the delimiters; the first that yields every mapped heading is taken, else the nearest one explains the refusal.
fn find_heading(bytes: &[u8], start: usize, encoding: Encoding, job: &Job<'_>) -> Result<Heading> {
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

struct FirstRow {
    cells: Candidate,
    end: usize,
    next_line: u32,
}

/// The first rows of a file, or the one row that the layout names as the heading.
fn first_rows(bytes: &[u8], start: usize, dialect: Dialect, named: Option<u32>) -> Vec<FirstRow> {
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
