//! Lists without separators, as banks and old systems write them: a record is a line, and a cell so many bytes of it.
//!
//! The layout says which cells there are (`cells = [["姓名", 20], …]`), since nothing in the file does. Widths are bytes of the file's
//! encoding, as such systems count them. A line that is longer than its cells is not believed, for whatever made it longer moved what
//! stands behind; nor is a shorter one, unless none of the file's first lines ends in a blank. A line that breaks off at the end
//! of the file is cut off.

use memchr::memchr;

use super::chunks::Body;
use super::delimited;
use super::delivered::Delivered;
use super::encoding::Encoding;
use super::headings::{self, Candidate, Mapping};
use super::records::{Form, Walk};
use super::rows::RowReader;
use super::sample::scaled;
use super::split::{Cell, Fault, RECORD_LIMIT, Record, without_return};
use super::{Connector, Job, Known, Picked, ReadFile};
use crate::kernel::{Error, Message, Result};
use crate::standardise::ids::{self, IdReading};

/// How a run's record calls the format, behind the encoding.
const CALLED: &str = "fixed";

/// Lines at the beginning of a file that are held against the widths.
const LOOK_AT: usize = 200;

/// Fewer lines than this tell nothing.
const ENOUGH: usize = 20;

/// So many bytes at the beginning are looked at.
const HEAD: usize = 1 << 20;

/// Where the cells of a line lie, and what a file's first lines say of that.
#[derive(Debug)]
pub(super) struct Ruler {
    headings: Vec<String>,
    cells: Vec<Cell>,
    encoding: Encoding,
    /// Where the first record begins: behind the lines that the layout says stand above.
    start: usize,
    /// Some of the first lines end in blanks, so that nobody took any off: a shorter line has lost something.
    is_filled: bool,
}

impl Ruler {
    /// That of a layout, for a file in this encoding that begins with `head`. Widths that plainly are not the file's are told here: what they cut would be read
    /// as something else.
    ///
    /// # Errors
    /// Kind `Input`: another format, lines of one length that is not that of the cells, a record among the lines above.
    fn new(job: &Job<'_>, encoding: Encoding, head: &[u8]) -> Result<(Self, Mapping)> {
        delimited::refuse_other_formats(head)?;
        let listed = job.source.fixed_cells();
        let mut end = 0;
        let cell = |(_, width): &(String, u32)| {
            end += width;
            (end - width, end)
        };
        let headings = listed.iter().map(|(name, _)| name.clone()).collect();
        let cells = listed.iter().map(cell).collect();
        let mut ruler = Self { headings, cells, encoding, start: delimited::mark(head), is_filled: false };
        let mapping = ruler.mapping(job)?;
        let id = mapping.cells[job.kind.persons[0].id];
        for line in 1..=job.source.connector.heading_row.unwrap_or(0) {
            let behind = memchr(b'\n', &head[ruler.start..]).map_or(head.len(), |found| ruler.start + found + 1);
            if id.is_some_and(|id| matches!(ruler.id_in(&head[ruler.start..behind], id), IdReading::Whole { .. })) {
                let message = Message::new("ingest.refused_above").with("line", line);
                return Err(Error::input(message).hint(Message::new("ingest.refused_above_hint")));
            }
            ruler.start = behind;
            if behind == head.len() {
                break;
            }
        }
        let lines: Vec<&[u8]> = lines_of(&head[ruler.start..]).take(LOOK_AT).collect();
        if lines.len() >= ENOUGH {
            ruler.check_widths(&lines, id)?;
            ruler.is_filled = lines.iter().any(|line| line.ends_with(b" "));
        }
        Ok((ruler, mapping))
    }

    /// Bytes of a line.
    fn width(&self) -> usize {
        self.cells.last().map_or(0, |(_, end)| *end as usize)
    }

    /// What the id cell of a line says.
    fn id_in(&self, line: &[u8], id: usize) -> IdReading {
        let (start, end) = self.cells[id];
        let cell = &line[line.len().min(start as usize)..line.len().min(end as usize)];
        ids::read(&self.encoding.text(cell).0)
    }

    fn check_widths(&self, lines: &[&[u8]], id: Option<usize>) -> Result<()> {
        let (length, width) = (lines[0].len(), self.width());
        let refused = |message| Err(Error::input(message).hint(Message::new("ingest.refused_widths_hint")));
        if length != width && lines.iter().all(|line| line.len() == length) {
            return refused(Message::new("ingest.refused_widths").with("length", length).with("width", width));
        }
        let Some(id) = id else { return Ok(()) };
        let read: Vec<IdReading> = lines.iter().map(|line| self.id_in(line, id)).collect();
        let filled = read.iter().filter(|id| !matches!(id, IdReading::Missing)).count();
        let good = read.iter().filter(|id| matches!(id, IdReading::Whole { .. } | IdReading::Masked { .. })).count();
        match filled >= ENOUGH && good * 10 < filled {
            true => refused(Message::new("ingest.refused_no_ids").with("filled", filled).with("good", good)),
            false => Ok(()),
        }
    }

    /// Which cell holds which field.
    fn mapping(&self, job: &Job<'_>) -> Result<Mapping> {
        let headings = Candidate { cells: self.headings.clone(), damaged: false };
        let found = headings::find(job.source, job.kind, std::slice::from_ref(&headings));
        found.map(|(_, mapping)| mapping).map_err(|miss| miss.error)
    }

    /// The cells of a line of so many bytes. What stands behind them is one cell too many; a line that may have been cut off, or lost
    /// something, has only the first one and those that it holds to their ends.
    fn cells_of(&self, length: u32, may_be_cut: bool) -> impl Iterator<Item = Cell> {
        let (end, may_be_cut) = (self.width() as u32, may_be_cut || self.is_filled);
        let reached = self.cells.iter().take_while(move |(from, to)| !may_be_cut || *from == 0 || *to <= length);
        let behind = (length > end).then_some((end, length));
        reached.map(move |(from, to)| (*from.min(&length), *to.min(&length))).chain(behind)
    }
}

/// Walks over the lines of some bytes.
pub(super) struct RuledLines<'a> {
    ruler: &'a Ruler,
    pub(super) walk: Walk<'a>,
    cells: Vec<Cell>,
}

impl<'a> RuledLines<'a> {
    pub(super) fn new(ruler: &'a Ruler, walk: Walk<'a>) -> Self {
        Self { ruler, walk, cells: Vec::with_capacity(ruler.cells.len() + 1) }
    }

    /// The next line that starts before `until`; blank ones are passed over.
    pub(super) fn next(&mut self, until: usize) -> Option<Record<'_>> {
        let Walk { bytes, base, .. } = self.walk;
        while self.walk.at < until.min(bytes.len()) {
            let (start, line) = (self.walk.at, self.walk.lines);
            let line_end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |found| start + found);
            (self.walk.at, self.walk.lines) = ((line_end + 1).min(bytes.len()), line + 1);
            // Zeros are no blank line: a copy that did not finish ends in them.
            if bytes[start..line_end].iter().all(|byte| *byte <= b' ' && *byte != 0) {
                continue;
            }
            let raw = &bytes[start..without_return(bytes, start, line_end)];
            let last = line_end == bytes.len();
            let fault = match raw {
                _ if raw.len() > RECORD_LIMIT => Some(Fault::TooLong),
                // Zeros fill up a copy that did not finish.
                [.., 0] if last => Some(Fault::Truncated),
                _ => None,
            };
            self.cells.clear();
            if fault.is_none() {
                self.cells.extend(self.ruler.cells_of(raw.len() as u32, last));
            }
            let cells = &self.cells;
            return Some(Record { raw, text: raw, cells, line, offset: (base + start) as u64, fault, last });
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
        let head = file.piece_of(0, HEAD)?;
        let encoding = Encoding::settle(job.source.connector.encoding, &head, || file.encoding())?;
        let (ruler, mapping) = Ruler::new(job, encoding, &head)?;
        let body = body(&ruler, mapping, file, index, job);
        job.progress.advance(job.code, ruler.start as u64, 0);
        let line = job.source.connector.heading_row.unwrap_or(0) + 1;
        let (batch, digest) = body.parse(ruler.start, line, self.chunk)?;
        let format = format!("{}, {CALLED}", encoding.label());
        Ok(ReadFile { batch, headings: body.rows.into_headings(), digest, format, encoding, sheet: None })
    }

    fn pick(&self, file: &Delivered, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked> {
        let (ruler, mapping) = Ruler::new(job, known.encoding(), &file.piece_of(0, HEAD)?)?;
        body(&ruler, mapping, file, index, job).pick_all(&known.places)
    }
}

fn body<'a>(ruler: &'a Ruler, mapping: Mapping, file: &'a Delivered, index: u16, job: &'a Job<'a>) -> Body<'a> {
    let rows = RowReader::of_ruled(job, mapping, ruler.encoding, index);
    Body { file, form: Form::Ruled(ruler), rows, job }
}

/// Whole lines that are not blank.
fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = &bytes[..memchr::memrchr(b'\n', bytes).unwrap_or(0)];
    let lines = whole.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.trim_ascii().is_empty())
}

/// Records of a file, estimated from its first lines, after a look at whether its widths may be the layout's.
///
/// # Errors
/// As reading it.
pub(super) fn estimate(file: &Delivered, job: &Job<'_>) -> Result<u64> {
    let head = file.piece_of(0, HEAD)?;
    let encoding = Encoding::settle(job.source.connector.encoding, &head, || file.encoding())?;
    let (ruler, _) = Ruler::new(job, encoding, &head)?;
    let (first, body) = (&head[ruler.start..], (file.len() - ruler.start) as u64);
    Ok(if first.is_empty() { 0 } else { scaled(lines_of(first).count().max(1) as u64, body, first.len() as u64) })
}
