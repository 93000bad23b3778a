//! Lists without separators, as banks and old systems write them: a record is a line, and a cell so many bytes of it.
//!
//! The layout says which cells there are (`cells = [["姓名", 20], …]`), since nothing in the file does. Widths are bytes of the file's
//! encoding, as such systems count them. Blanks at the end of a line may be missing; a line that is longer than its cells is not
//! believed, for whatever made it longer moved what stands behind. A line that breaks off at the end of the file is cut off.

use memchr::memchr;

use super::chunks::Body;
use super::delimited;
use super::delivered::Delivered;
use super::encoding::Encoding;
use super::headings::{self, Candidate, Mapping};
use super::layout::{EncodingChoice, Source};
use super::records::Form;
use super::rows::RowReader;
use super::split::{Cell, Fault, RECORD_LIMIT, Record, without_return};
use super::{Connector, Job, Known, Picked, ReadFile};
use crate::kernel::Result;

/// How a run's record calls the format, behind the encoding.
const CALLED: &str = "fixed";

/// Where the cells of a line lie.
#[derive(Debug)]
pub(super) struct Ruler {
    headings: Vec<String>,
    cells: Vec<Cell>,
    pub(super) encoding: Encoding,
}

impl Ruler {
    /// That of a layout, for a file in this encoding.
    pub(super) fn new(source: &Source, encoding: Encoding) -> Self {
        let mut end = 0;
        let cell = |(_, width): &(String, u32)| {
            end += width;
            (end - width, end)
        };
        let listed = source.fixed_cells();
        Self {
            headings: listed.iter().map(|(name, _)| name.clone()).collect(),
            cells: listed.iter().map(cell).collect(),
            encoding,
        }
    }

    /// The cells of a line of so many bytes. What stands behind them is one cell too many; a line that may have been cut off has only
    /// the first one and those that it holds to their ends.
    fn cells_of(&self, length: u32, may_be_cut: bool) -> impl Iterator<Item = Cell> {
        let end = self.cells.last().map_or(0, |(_, end)| *end);
        let reached = self.cells.iter().take_while(move |(from, to)| !may_be_cut || *from == 0 || *to <= length);
        let behind = (length > end).then_some((end, length));
        reached.map(move |(from, to)| (*from.min(&length), *to.min(&length))).chain(behind)
    }
}

/// Walks over the lines of some bytes.
pub(super) struct RuledLines<'a> {
    ruler: &'a Ruler,
    bytes: &'a [u8],
    base: usize,
    at: usize,
    lines: u32,
    cells: Vec<Cell>,
}

impl<'a> RuledLines<'a> {
    /// `at`: in the bytes, which lie at `base` of the file; a line begins there.
    pub(super) fn new(ruler: &'a Ruler, bytes: &'a [u8], base: usize, at: usize) -> Self {
        Self { ruler, bytes, base, at, lines: 0, cells: Vec::with_capacity(ruler.cells.len() + 1) }
    }

    /// Goes to another line's start; lines count from there.
    pub(super) fn go_to(&mut self, at: usize) {
        (self.at, self.lines) = (at, 0);
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn lines(&self) -> u32 {
        self.lines
    }

    /// The next line that starts before `until`; blank ones are passed over.
    pub(super) fn next(&mut self, until: usize) -> Option<Record<'_>> {
        let bytes = self.bytes;
        while self.at < until.min(bytes.len()) {
            let (start, line) = (self.at, self.lines);
            let line_end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |found| start + found);
            (self.at, self.lines) = ((line_end + 1).min(bytes.len()), line + 1);
            // Zeros are no blank line: a copy that did not finish ends in them.
            if bytes[start..line_end].iter().all(|byte| *byte <= b' ' && *byte != 0) {
                continue;
            }
            let raw = &bytes[start..without_return(bytes, start, line_end)];
            let last = line_end == bytes.len();
            let fault = (raw.len() > RECORD_LIMIT).then_some(Fault::TooLong);
            self.cells.clear();
            if fault.is_none() {
                self.cells.extend(self.ruler.cells_of(raw.len() as u32, last));
            }
            let cells = &self.cells;
            return Some(Record { raw, text: raw, cells, line, offset: (self.base + start) as u64, fault, last });
        }
        None
    }
}

/// Lines of fixed width. `chunk` as for delimited text.
pub(super) struct Fixed {
    pub(super) chunk: usize,
}

impl Connector for Fixed {
    fn read(&self, file: &Delivered, index: u16, job: &Job<'_>) -> Result<ReadFile> {
        let encoding = match job.source.connector.encoding {
            EncodingChoice::Auto => file.encoding()?,
            EncodingChoice::Utf8 => Encoding::Utf8,
            EncodingChoice::Gb18030 => Encoding::Gb18030,
        };
        let (ruler, start) = (Ruler::new(job.source, encoding), start(file, job.source)?);
        let body = body(&ruler, file, index, job)?;
        job.progress.advance(job.code, start as u64, 0);
        let line = job.source.connector.heading_row.unwrap_or(0) + 1;
        let (batch, digest) = body.parse(start, line, self.chunk)?;
        let format = format!("{}, {CALLED}", encoding.label());
        Ok(ReadFile { batch, headings: body.rows.into_headings(), digest, format, encoding, sheet: None })
    }

    fn pick(&self, file: &Delivered, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked> {
        let ruler = Ruler::new(job.source, if known.summary.gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 });
        body(&ruler, file, index, job)?.pick_all(&known.places)
    }
}

fn body<'a>(ruler: &'a Ruler, file: &'a Delivered, index: u16, job: &'a Job<'a>) -> Result<Body<'a>> {
    let rows = RowReader::new(job, mapping(ruler, job)?, ruler.encoding, index, 0);
    Ok(Body { file, form: Form::Ruled(ruler), rows, job })
}

/// Which cell holds which field.
///
/// # Errors
/// Kind `Input`: the layout maps a heading that is none of its cells.
pub(super) fn mapping(ruler: &Ruler, job: &Job<'_>) -> Result<Mapping> {
    let headings = Candidate { cells: ruler.headings.clone(), damaged: false };
    let found = headings::find(job.source, job.kind, std::slice::from_ref(&headings)).map_err(|miss| miss.error)?;
    Ok(found.1)
}

/// Where the first record begins: behind the byte order mark and the lines that the layout says stand above.
///
/// # Errors
/// The disk; kind `Input` if it is a file of another format.
pub(super) fn start(file: &Delivered, source: &Source) -> Result<usize> {
    const ABOVE: usize = 1 << 20;
    let head = file.piece_of(0, ABOVE)?;
    delimited::refuse_other_formats(&head)?;
    let lines = 0..source.connector.heading_row.unwrap_or(0);
    let behind = |from: usize| memchr(b'\n', &head[from..]).map_or(head.len(), |found| from + found + 1);
    Ok(lines.fold(delimited::mark(&head), |from, _| behind(from)))
}
