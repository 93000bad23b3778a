//! dBase and FoxPro tables (`.dbf`), as older systems of departments export them: a heading that lists the fields, then records that
//! all have one length, then at most a mark of the end.
//!
//! Records are cut where they lie and read like those of a text file: a cell is so many bytes of the table's encoding, padded with
//! blanks, and a character that its width cut in two damages that cell alone. Binary numbers and moments become text as a spreadsheet's
//! do. A record marked as deleted says nothing and is skipped; a value that is marked as null was not given. Texts that lie in a
//! file beside the table (memo, picture) are not read. What the heading says of the code page is not believed, since exporting programs
//! leave it at whatever they were built with.
//!
//! Units: bytes. A record's line is its number and one, the heading being line 1, as a spreadsheet program shows the table.

use memchr::memchr;

use super::chunks::Body;
use super::delivered::Delivered;
use super::encoding::Encoding;
use super::headings::{self, Candidate, Mapping};
use super::layout::{EncodingChoice, fold};
use super::records::{Form, Walk};
use super::rows::RowReader;
use super::split::{Cell, Fault, Record};
use super::{Connector, Job, Known, Picked, ReadFile};
use crate::kernel::dbf::{self, Holds, Listed};
use crate::kernel::{Error, Message, Result};

/// First bytes of tables that are read: dBase III to IV, FoxBase, FoxPro 2 and Visual FoxPro, with or without texts beside them.
const VERSIONS: [u8; 10] = [0x03, 0x30, 0x31, 0x32, 0x43, 0x83, 0x8B, 0xCB, 0xF5, 0xFB];

/// Where the heading says that a change was not finished, and that the records are encrypted.
const UNFINISHED: usize = 14;
const ENCRYPTED: usize = 15;

/// What may stand behind the last record.
const FILE_END: u8 = 0x1A;

/// The line of the first record.
const FIRST_LINE: u32 = 2;

/// Bytes looked at in one place to tell the encoding.
const TELLING: usize = 1 << 20;

/// A table's heading: where its records lie and what they hold.
#[derive(Debug)]
pub(super) struct Shape {
    fields: Vec<Field>,
    /// Where the first record begins, the length of each, and their number.
    start: usize,
    length: usize,
    pub(super) records: usize,
    /// Where in a record it is marked which values are null.
    null_marks: Option<Listed>,
    pub(super) encoding: Encoding,
}

#[derive(Debug)]
struct Field {
    listed: Listed,
    holds: Holds,
    /// Bits among the null marks: the value is null; it is shorter than the field and its last byte says how long.
    null_bit: Option<usize>,
    short_bit: Option<usize>,
}

impl Field {
    /// Whether its cells are more than the bytes that lie there.
    fn is_plain(&self) -> bool {
        self.holds == Holds::Text && self.null_bit.is_none() && self.short_bit.is_none()
    }
}

/// Whether a file begins as a table does.
pub(super) fn is_table(head: &[u8]) -> bool {
    let [version, _, month, day, ..] = head else { return false };
    VERSIONS.contains(version) && *month <= 12 && *day <= 31 && fields_of(head).is_some()
}

/// What the listed fields hold; `None` if one is of a type that no table of these versions has.
fn fields_of(heading: &[u8]) -> Option<Vec<Field>> {
    let mut bits = 0;
    let mut bit = |has_one: bool| {
        bits += usize::from(has_one);
        has_one.then(|| bits - 1)
    };
    let field = |listed: Listed| {
        let holds = listed.holds()?;
        let short_bit = bit(matches!(listed.ty, b'V' | b'Q'));
        let null_bit = bit(listed.flags & 2 != 0);
        Some(Field { listed, holds, null_bit, short_bit })
    };
    dbf::fields(heading)?.into_iter().map(field).collect()
}

fn refused(message: Message) -> Error {
    Error::input(message).hint(Message::new("ingest.refused_dbf_hint"))
}

/// Refuses what is no table, or one of a version or in a state that is not read. `head` is longer than a heading's first part.
fn refuse_unreadable(head: &[u8]) -> Result<()> {
    if memchr(0, &head[..dbf::ENTRY]).is_none() {
        let hint = Message::new("ingest.refused_no_table_hint");
        return Err(Error::input(Message::new("ingest.refused_no_table")).hint(hint));
    }
    match head {
        [version, ..] if !VERSIONS.contains(version) => {
            Err(refused(Message::new("ingest.refused_dbf_version").with("version", format!("{version:02X}"))))
        }
        _ if head[UNFINISHED] != 0 => Err(refused(Message::new("ingest.refused_dbf_open"))),
        _ if head[ENCRYPTED] != 0 => Err(refused(Message::new("ingest.refused_dbf_locked"))),
        _ => Ok(()),
    }
}

impl Shape {
    /// Reads a table's heading. The encoding is for the caller to settle ([`Shape::settled`]) or to know.
    ///
    /// # Errors
    /// The disk; kind `Input`: no table of a version that is read, or not all of its records are there.
    fn open(file: &Delivered) -> Result<Self> {
        const LONGEST: usize = 1 << 16;
        let head = file.piece_of(0, LONGEST)?;
        let broken = || refused(Message::new("ingest.refused_dbf"));
        let (start, length) = dbf::places(&head).filter(|_| head.len() > dbf::ENTRY).ok_or_else(broken)?;
        refuse_unreadable(&head)?;
        let ends = |fields: &Vec<Field>| fields.last().map_or(0, |last| last.listed.at + last.listed.length);
        let listed = fields_of(&head[..start.min(head.len())]);
        let mut fields = listed.filter(|fields| ends(fields) == length).ok_or_else(broken)?;
        let is_marks = |field: &Field| field.listed.ty == b'0';
        let null_marks = fields.iter().find(|field| is_marks(field)).map(|field| field.listed.clone());
        fields.retain(|field| !is_marks(field));
        let records = u32::from_le_bytes(head[4..8].try_into().expect("four bytes")) as usize;
        let shape = Self { fields, start, length, records, null_marks, encoding: Encoding::Utf8 };
        shape.check_records(file)?;
        Ok(shape)
    }

    /// Of a file that was not read before: the encoding is the stated one, or told by the texts in it.
    ///
    /// # Errors
    /// As [`Shape::open`], and as [`Encoding::settle`].
    pub(super) fn settled(file: &Delivered, stated: EncodingChoice) -> Result<Self> {
        let shape = Self::open(file)?;
        let texts = shape.texts(file)?;
        let encoding = Encoding::settle(stated, &texts, || Ok(Encoding::detect(&texts).0))?;
        Ok(Self { encoding, ..shape })
    }

    /// Refuses a table that holds fewer or more records than its heading says, or in which they do not begin where it says.
    fn check_records(&self, file: &Delivered) -> Result<()> {
        const FIRST: usize = 16;
        // Some programs fill the last block with marks of the end or zeros.
        let behind = if self.end() < file.len() { file.piece_of(self.end(), self.length)? } else { Vec::new() };
        let has_more = behind.len() == self.length && !matches!(behind[0], FILE_END | 0);
        if self.end() > file.len() || has_more {
            let there = file.len().saturating_sub(self.start) / self.length;
            let message = Message::new("ingest.refused_dbf_records").with("said", self.records).with("there", there);
            return Err(Error::input(message).hint(Message::new("ingest.refused_dbf_records_hint")));
        }
        let first = file.piece_of(self.start, self.records.min(FIRST) * self.length)?;
        match first.is_empty() || first.chunks(self.length).any(|record| matches!(record[0], b' ' | b'*')) {
            true => Ok(()),
            false => Err(refused(Message::new("ingest.refused_dbf"))),
        }
    }

    /// What tells the encoding: names of fields and the first texts that are no ASCII. Binary fields would tell nothing.
    fn texts(&self, file: &Delivered) -> Result<Vec<u8>> {
        let mut texts: Vec<u8> =
            self.fields.iter().flat_map(|field| [&field.listed.name[..], b"\n"].concat()).collect();
        let at_once = (TELLING / self.length).max(1) * self.length;
        for from in (self.start..self.end()).step_by(at_once) {
            if !texts.is_ascii() {
                break;
            }
            let piece = file.piece_of(from, at_once.min(self.end() - from))?;
            let of_text = |field: &&Field| field.holds == Holds::Text;
            for record in piece.chunks_exact(self.length) {
                for field in self.fields.iter().filter(of_text) {
                    texts.extend_from_slice(Encoding::Utf8.trim(field.listed.of(record)));
                    texts.push(b'\n');
                }
            }
        }
        Ok(texts)
    }

    /// Where the records end in the file.
    fn end(&self) -> usize {
        self.start.saturating_add(self.records.saturating_mul(self.length))
    }

    /// Where the first record begins at this place of the file or behind it.
    pub(super) fn record_at(&self, place: usize) -> usize {
        self.start + place.saturating_sub(self.start).div_ceil(self.length) * self.length
    }

    /// A record as people read it.
    pub(super) fn shown(&self, record: &[u8]) -> String {
        let fields: Vec<Listed> = self.fields.iter().map(|field| field.listed.clone()).collect();
        dbf::shown(record, &fields, |bytes| self.encoding.decode(bytes).0.into_owned())
    }

    /// Names of the fields.
    pub(super) fn headings(&self) -> Candidate {
        let texts = self.fields.iter().map(|field| self.encoding.text(&field.listed.name));
        let damaged = texts.clone().any(|(_, damaged)| damaged);
        Candidate { cells: texts.map(|(text, _)| text.into_owned()).collect(), damaged }
    }
}

/// Walks over the records of some bytes of a table.
pub(super) struct TableRecords<'a> {
    shape: &'a Shape,
    pub(super) walk: Walk<'a>,
    /// Of every record that is nothing but padded texts.
    plain: Vec<Cell>,
    /// Of a record that says nothing.
    blank: Vec<Cell>,
    /// Of any other.
    cells: Vec<Cell>,
    /// All fields are plain.
    is_plain: bool,
    /// A record, and behind it what its binary fields say.
    text: Vec<u8>,
}

impl<'a> TableRecords<'a> {
    pub(super) fn new(shape: &'a Shape, walk: Walk<'a>) -> Self {
        let cell = |Field { listed, .. }: &Field| (listed.at as u32, (listed.at + listed.length) as u32);
        let plain: Vec<Cell> = shape.fields.iter().map(cell).collect();
        let (blank, is_plain) = (vec![(0, 0); plain.len()], shape.fields.iter().all(Field::is_plain));
        let (cells, text) = (Vec::new(), Vec::new());
        Self { shape, walk, plain, blank, cells, is_plain, text }
    }

    /// The next record that begins before `until`. Nothing behind the last one is a record.
    pub(super) fn next(&mut self, until: usize) -> Option<Record<'_>> {
        let Walk { bytes, base, at: start, lines: line } = self.walk;
        let until = until.min(bytes.len());
        if start >= until {
            return None;
        }
        if base + start >= self.shape.end() {
            self.walk.at = until;
            return None;
        }
        let end = bytes.len().min(start + self.shape.length);
        let raw = &bytes[start..end];
        (self.walk.at, self.walk.lines) = (end, line + 1);
        let is_cut = raw.len() < self.shape.length;
        let fault = match raw[0] {
            _ if is_cut => Some(Fault::Truncated),
            b' ' | b'*' => None,
            _ => Some(Fault::NoRecord),
        };
        let is_plain = self.is_plain && memchr(0, raw).is_none();
        if fault.is_none() && !is_plain {
            self.put_cells(raw);
        }
        let (text, cells): (&[u8], &[Cell]) = match (fault, raw[0]) {
            (Some(_), _) => (raw, &[]),
            (None, b'*') => (raw, &self.blank),
            (None, _) if is_plain => (raw, &self.plain),
            (None, _) => (&self.text, &self.cells),
        };
        Some(Record { raw, text, cells, line, offset: (base + start) as u64, fault, last: is_cut })
    }

    fn put_cells(&mut self, raw: &[u8]) {
        let Self { shape, cells, text, .. } = self;
        cells.clear();
        text.clear();
        text.extend_from_slice(raw);
        let marks = shape.null_marks.as_ref().map_or(&[][..], |marks| marks.of(raw));
        let is_marked = |bit: Option<usize>| {
            bit.is_some_and(|bit| marks.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1))
        };
        for field in &shape.fields {
            let bytes = field.listed.of(raw);
            let from = text.len();
            cells.push(if is_marked(field.null_bit) {
                (0, 0)
            } else if field.holds == Holds::Text {
                let length = if is_marked(field.short_bit) { usize::from(bytes[bytes.len() - 1]) } else { bytes.len() };
                let length = dbf::text(&bytes[..length.min(bytes.len())]).len();
                (field.listed.at as u32, (field.listed.at + length) as u32)
            } else {
                dbf::write_value(field.holds, bytes, text);
                (from as u32, text.len() as u32)
            });
        }
    }
}

/// A table. `chunk` as for delimited text.
pub(super) struct Dbf {
    pub(super) chunk: usize,
}

impl Connector for Dbf {
    fn read(&self, file: &Delivered, index: u16, job: &Job<'_>) -> Result<ReadFile> {
        let shape = Shape::settled(file, job.source.connector.encoding)?;
        let body = body(&shape, file, index, job)?;
        job.progress.advance(job.code, shape.start as u64, 0);
        let (batch, digest) = body.parse(shape.start, FIRST_LINE, self.chunk)?;
        let (headings, encoding) = (body.rows.into_headings(), shape.encoding);
        Ok(ReadFile { batch, headings, digest, format: format_name(encoding), encoding, sheet: None })
    }

    fn pick(&self, file: &Delivered, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked> {
        let shape = Shape { encoding: known.encoding(), ..Shape::open(file)? };
        body(&shape, file, index, job)?.pick_all(&known.places)
    }
}

/// As a run's record names the format.
pub(super) fn format_name(encoding: Encoding) -> String {
    format!("DBF, {}", encoding.label())
}

fn body<'a>(shape: &'a Shape, file: &'a Delivered, index: u16, job: &'a Job<'a>) -> Result<Body<'a>> {
    let rows = RowReader::of_table(job, mapping(shape, job)?, shape, index);
    Ok(Body { file, form: Form::Table(shape), rows, job })
}

/// Which field of the table holds which field of the kind.
///
/// # Errors
/// Kind `Input`: a heading is missing, stands over two fields (names are cut at ten bytes: nobody knows which was meant), or over texts
/// that lie elsewhere.
pub(super) fn mapping(shape: &Shape, job: &Job<'_>) -> Result<Mapping> {
    let headings = shape.headings();
    let (_, mapping) =
        headings::find(job.source, job.kind, std::slice::from_ref(&headings)).map_err(|miss| miss.error)?;
    let folded: Vec<String> = headings.cells.iter().map(|heading| fold(heading)).collect();
    let refuse = |cell: usize, key, hint| {
        Err(Error::input(Message::new(key).with("heading", &headings.cells[cell])).hint(Message::new(hint)))
    };
    for cell in mapping.cells.iter().flatten().copied() {
        if folded.iter().filter(|heading| **heading == folded[cell]).count() > 1 {
            return refuse(cell, "ingest.refused_twice", "ingest.refused_twice_hint");
        }
        if shape.fields[cell].holds == Holds::Elsewhere {
            return refuse(cell, "ingest.refused_memo", "ingest.refused_memo_hint");
        }
    }
    Ok(mapping)
}
