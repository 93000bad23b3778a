//! Spreadsheets: one sheet of an `.xlsx`, streamed cell by cell (a stray cell in the last corner must not allocate the
//! whole rectangle), each row handed on as if it were a record of text.
//!
//! Numbers need care. A number of 16 or more digits has lost its tail to the 15 digits a spreadsheet keeps: it is delivered
//! in scientific notation, so that linking sees a destroyed id and not a wrong one. Dates are serial numbers.

use std::fmt::Write as _;
use std::io::Cursor;

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};

use super::batch::Batch;
use super::delivered::Delivered;
use super::encoding::Encoding;
use super::headings::{self, Candidate, LOOK_AT, Mapping};
use super::layout::Source;
use super::rows::RowReader;
use super::split::{Cell, Record};
use super::{Connector, Job, Known, Picked, ReadFile, dbf};
use crate::kernel::digits::Float;
use crate::kernel::{Digest, Error, Message, Result};
use crate::model::extract_keys::Place;
use crate::model::kind::Kind;
use crate::model::table::FieldType;
use crate::standardise::dates;

/// How a workbook's file begins.
pub(super) const MARK: &[u8] = b"PK\x03\x04";

/// Columns looked at; departments' lists have some dozens, a stray cell stands in column XFD.
const COLUMNS: usize = 1_024;

/// Cells read before the file is refused: ten times what a full sheet of a real list holds. Bounds a crafted file.
const CELLS: u64 = 200_000_000;

/// Rows between two looks at the wish to stop.
const ROWS_PER_STEP: u64 = 4_096;

/// The serial number of 2200-01-01; larger numbers in a date column are digits like 20190404.
const SERIAL_END: f64 = 109_575.0;

pub(super) struct Spreadsheet;

/// Names of a workbook's sheets, in order.
///
/// # Errors
/// I/O; not a workbook.
pub fn sheet_names(file: &std::path::Path) -> Result<Vec<String>> {
    let bytes = std::fs::read(file).map_err(|error| Error::io(file, &error))?;
    let book = open(&bytes).map_err(|error| error.at(file))?;
    Ok(book.sheet_names())
}

/// A workbook, if it can be unpacked: one that would be a hundred times as large unpacked, and larger than a full sheet, was made to
/// fill somebody's memory.
pub(super) fn open(bytes: &[u8]) -> Result<Xlsx<Cursor<&[u8]>>> {
    const LARGE: u64 = 256 << 20;
    const TIMES: u64 = 100;
    if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) {
        let sizes = (0..archive.len()).map(|at| archive.by_index_raw(at).map_or(0, |entry| entry.size()));
        let unpacked = sizes.fold(0, u64::saturating_add);
        if unpacked > LARGE && unpacked / TIMES > bytes.len() as u64 {
            let message = Message::new("ingest.refused_xlsx").with("reason", format!("{} MB", unpacked >> 20));
            return Err(Error::input(message).hint(Message::new("ingest.refused_xlsx_hint")));
        }
    }
    if dbf::is_table(bytes) {
        return Err(Error::input(Message::new("ingest.refused_table")).hint(Message::new("ingest.refused_table_hint")));
    }
    Xlsx::new(Cursor::new(bytes)).map_err(|error| refused(&error))
}

impl Connector for Spreadsheet {
    fn read(&self, file: &Delivered, index: u16, job: &Job<'_>) -> Result<ReadFile> {
        let mut bytes = Vec::new();
        file.read(0..file.len(), &mut bytes)?;
        let (reading, name) = read_cells(&bytes, index, job, |_| true)?;
        let sheet = reading.sheet;
        let (batch, headings, kept) = reading.finish()?;
        job.progress.advance(job.code, bytes.len() as u64, 0);
        let format = format!("XLSX, {name}");
        let digest = Digest::of(&bytes);
        Ok(ReadFile { batch, headings, digest, format, encoding: Encoding::Utf8, sheet: Some((sheet, kept)) })
    }

    fn pick(&self, _: &Delivered, index: u16, known: &Known, job: &Job<'_>) -> Result<Picked> {
        let (sheet, headings) = known.summary.sheet.clone().unwrap_or_default();
        let heading = Candidate { cells: headings, damaged: false };
        let (_, mapping) = headings::find(job.source, job.kind, &[heading]).map_err(|miss| miss.error)?;
        let rows = RowReader::of_sheet(job, mapping, index, sheet);
        let batch = pick_rows((*known.rows).as_ref(), &known.places, &rows, job.kind);
        Ok(Picked { batch, headings: rows.into_headings() })
    }
}

/// Looks whether a workbook has the sheet and the heading that its layout says, and reads no further.
///
/// # Errors
/// As reading it.
pub(super) fn look(file: &Delivered, job: &Job<'_>) -> Result<()> {
    let mut bytes = Vec::new();
    file.read(0..file.len(), &mut bytes)?;
    let (reading, _) = read_cells(&bytes, 0, job, |reading| reading.rows.is_none())?;
    reading.finish().map(drop)
}

/// Reads the cells of the layout's sheet, as long as `goes_on` says so; beside it, the sheet's name.
fn read_cells<'a>(
    bytes: &[u8],
    index: u16,
    job: &'a Job<'a>,
    goes_on: impl Fn(&SheetReading<'_>) -> bool,
) -> Result<(SheetReading<'a>, String)> {
    let mut book = open(bytes)?;
    let mut names = book.sheet_names();
    let sheet = sheet_of(job.source, &names)?;
    let mut cells = book.worksheet_cells_reader(&names[sheet]).map_err(|error| refused(&error))?;
    let mut reading = SheetReading::new(index, sheet as u16, job);
    let mut count = 0;
    while goes_on(&reading)
        && let Some(cell) = cells.next_cell().map_err(|error| refused(&error))?
    {
        count += 1;
        if count > CELLS {
            return Err(Error::input(Message::new("ingest.refused_cells").with("limit", CELLS)));
        }
        let (row, column) = cell.get_position();
        reading.cell(row, column as usize, cell.get_value())?;
    }
    Ok((reading, names.swap_remove(sheet)))
}

/// The first rows of a sheet that are not blank, as text: each with its number from 1.
///
/// # Errors
/// As reading it.
pub(super) fn texts(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str, most: u64) -> Result<Vec<(u32, Vec<String>)>> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| refused(&error))?;
    let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|error| refused(&error))? {
        let (row, column) = (cell.get_position().0 + 1, cell.get_position().1 as usize);
        let mut text = String::new();
        write_value(cell.get_value(), false, &mut text);
        if text.is_empty() || column >= COLUMNS {
            continue;
        }
        if rows.last().is_none_or(|(last, _)| *last != row) {
            if rows.len() as u64 == most {
                break;
            }
            rows.push((row, Vec::new()));
        }
        let (_, texts) = rows.last_mut().expect("the row was just begun");
        texts.resize(texts.len().max(column + 1), String::new());
        texts[column] = text;
    }
    Ok(rows)
}

/// Index of the sheet that the layout names, or of the first.
fn sheet_of(source: &Source, names: &[String]) -> Result<usize> {
    let wanted = source.connector.sheet.as_deref();
    let sheet = match wanted {
        None => names.first().map(|_| 0),
        Some(name) => names.iter().position(|found| found.trim() == name.trim()),
    };
    let found = || names.join(" / ");
    let none = || Message::new("ingest.refused_sheet").with("sheet", wanted.unwrap_or_default()).with("found", found());
    sheet.ok_or_else(|| Error::input(none()))
}

/// The rows at these places of a sheet's rows as text.
fn pick_rows(kept: &[u8], places: &[Place], rows: &RowReader<'_>, kind: &Kind) -> Batch {
    let mut batch = Batch::new(kind);
    for place in places {
        match kept_row(kept, place.offset() as usize) {
            Some((text, cells)) => rows.take(&record(text, &cells, place.line(), place.offset()), &mut batch),
            None => batch.bins.skipped += 1, // nothing is there: the caller reads the file in full
        }
    }
    rows.read_held(&mut batch);
    batch
}

fn record<'a>(text: &'a [u8], cells: &'a [Cell], line: u32, offset: u64) -> Record<'a> {
    let raw = text.strip_suffix(b",").unwrap_or(text);
    Record { raw, text, cells, line, offset, fault: None, last: false }
}

/// Appends a row: number of cells, where each begins and ends, length of the text, the text.
fn keep_row(rows: &mut Vec<u8>, text: &[u8], cells: &[Cell]) {
    let mut number = |number: u32| rows.extend_from_slice(&number.to_le_bytes());
    number(cells.len() as u32);
    cells.iter().for_each(|(start, end)| {
        number(*start);
        number(*end);
    });
    number(text.len() as u32);
    rows.extend_from_slice(text);
}

/// The row kept at this place; `None` if none can be.
fn kept_row(rows: &[u8], at: usize) -> Option<(&[u8], Vec<Cell>)> {
    let number = |at: usize| Some(u32::from_le_bytes(rows.get(at..at + 4)?.try_into().expect("four bytes")));
    let count = number(at)? as usize;
    let cells: Vec<Cell> = (0..count.min(COLUMNS))
        .map(|cell| Some((number(at + 4 + cell * 8)?, number(at + 8 + cell * 8)?)))
        .collect::<Option<_>>()?;
    let start = at + 4 + count * 8;
    let text = rows.get(start + 4..start + 4 + number(start)? as usize)?;
    cells.iter().all(|(start, end)| start <= end && *end as usize <= text.len()).then_some((text, cells))
}

/// Why a spreadsheet cannot be read, in words; the library's own text tells the technician more.
pub(super) fn refused(error: &XlsxError) -> Error {
    let (key, hint) = match error {
        XlsxError::Password => ("ingest.refused_password", "ingest.refused_password_hint"),
        _ => ("ingest.refused_xlsx", "ingest.refused_xlsx_hint"),
    };
    Error::input(Message::new(key).with("reason", error)).hint(Message::new(hint))
}

/// A row's cells, written one behind the other.
#[derive(Default)]
struct Row {
    /// From 1.
    number: u32,
    text: String,
    cells: Vec<Cell>,
}

impl Row {
    fn restart(&mut self, number: u32) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
    }

    /// Starts cell `column`; cells that were passed over are blank. The comma only shows in rejects.
    fn start_cell(&mut self, column: usize) -> u32 {
        while self.cells.len() < column {
            let end = self.text.len() as u32;
            self.cells.push((end, end));
            self.text.push(',');
        }
        self.text.len() as u32
    }

    fn end_cell(&mut self, start: u32) {
        self.cells.push((start, self.text.len() as u32));
        self.text.push(',');
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|(start, end)| start == end)
    }

    fn pad(&mut self, width: usize) {
        while self.cells.len() < width {
            let start = self.start_cell(self.cells.len());
            self.end_cell(start);
        }
    }
}

/// A sheet being read: first its heading is looked for, then rows go to their bins.
struct SheetReading<'a> {
    job: &'a Job<'a>,
    file: u16,
    sheet: u16,
    row: Row,
    /// Rows before the heading, until it is found.
    first: Vec<Candidate>,
    /// From the heading on.
    rows: Option<RowReader<'a>>,
    /// Per cell: whether serial numbers in it are dates.
    is_date: Vec<bool>,
    batch: Batch,
    /// Rows as text, if an index is made.
    kept: Vec<u8>,
}

impl<'a> SheetReading<'a> {
    fn new(file: u16, sheet: u16, job: &'a Job<'a>) -> Self {
        let batch = Batch::new(job.kind);
        let (row, first, is_date) = (Row::default(), Vec::new(), Vec::new());
        Self { job, file, sheet, row, first, rows: None, is_date, batch, kept: Vec::new() }
    }

    fn cell(&mut self, row: u32, column: usize, value: &DataRef<'_>) -> Result<()> {
        let number = row + 1;
        if number != self.row.number {
            self.end_row()?;
            self.row.restart(number);
        }
        let limit = self.rows.as_ref().map_or(COLUMNS, RowReader::width);
        if column >= limit || column < self.row.cells.len() {
            return Ok(());
        }
        let start = self.row.start_cell(column);
        let is_date = self.is_date.get(column).copied().unwrap_or(false);
        write_value(value, is_date, &mut self.row.text);
        self.row.end_cell(start);
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        if self.row.is_blank() {
            return Ok(());
        }
        let Some(rows) = &self.rows else { return self.look_for_heading() };
        self.row.pad(rows.width());
        let text = self.row.text.as_bytes();
        let row = record(text, &self.row.cells, self.row.number, self.kept.len() as u64);
        match self.job.keys {
            Some(keys) => {
                rows.key(&row, keys, &mut self.batch);
                keep_row(&mut self.kept, text, &self.row.cells);
            }
            None => rows.take(&row, &mut self.batch),
        }
        if self.batch.bins.read.is_multiple_of(ROWS_PER_STEP) {
            self.job.cancel.check()?;
            self.job.progress.advance(self.job.code, 0, ROWS_PER_STEP);
        }
        Ok(())
    }

    fn look_for_heading(&mut self) -> Result<()> {
        let text = &self.row.text;
        let cells = self.row.cells.iter().map(|(start, end)| text[*start as usize..*end as usize].trim().to_owned());
        let candidate = Candidate { cells: cells.collect(), damaged: false };
        let named = self.job.source.connector.heading_row;
        if named.is_some_and(|named| named != self.row.number) {
            return Ok(());
        }
        match headings::find(self.job.source, self.job.kind, std::slice::from_ref(&candidate)) {
            Ok((_, mapping)) => {
                self.is_date = date_cells(self.job.kind, &mapping);
                self.rows = Some(RowReader::of_sheet(self.job, mapping, self.file, self.sheet));
                Ok(())
            }
            Err(_) => {
                self.first.push(candidate);
                if named.is_some() || self.first.len() == LOOK_AT { Err(self.no_heading()) } else { Ok(()) }
            }
        }
    }

    fn no_heading(&self) -> Error {
        match headings::find(self.job.source, self.job.kind, &self.first) {
            Err(miss) => miss.error,
            Ok(_) => unreachable!("each of these rows was tried by itself"),
        }
    }

    /// What was read, the headings, and the rows as text.
    fn finish(mut self) -> Result<(Batch, Vec<String>, Vec<u8>)> {
        self.end_row()?;
        self.job.progress.advance(self.job.code, 0, self.batch.bins.read % ROWS_PER_STEP);
        let Some(rows) = self.rows else { return Err(self.no_heading()) };
        rows.read_held(&mut self.batch);
        if let Some(keys) = self.job.keys {
            // Without a place is only a row whose number no sheet can have.
            let refused = || Error::input(Message::new("ingest.refused_cells").with("limit", CELLS));
            let places = (keys.places)(self.batch.entries.as_deref().ok_or_else(refused)?);
            self.batch.keep(pick_rows(&self.kept, &places, &rows, self.job.kind));
        }
        Ok((self.batch, rows.into_headings(), self.kept))
    }
}

/// Per cell: whether it holds a date or month.
fn date_cells(kind: &Kind, mapping: &Mapping) -> Vec<bool> {
    let mut is_date = vec![false; mapping.width];
    for (field, cell) in kind.fields.iter().zip(&mapping.cells) {
        if let (FieldType::Date | FieldType::Month, Some(cell)) = (field.ty, cell) {
            is_date[*cell] = true;
        }
    }
    is_date
}

/// A cell's value as text. `is_date`: a bare number in this column counts days.
fn write_value(value: &DataRef<'_>, is_date: bool, out: &mut String) {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => out.push_str(text),
        DataRef::SharedString(text) => out.push_str(text),
        DataRef::Int(number) => write_number(*number as f64, is_date, out),
        DataRef::Float(number) => write_number(*number, is_date, out),
        DataRef::Bool(yes) => out.push_str(if *yes { "1" } else { "0" }),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            write!(out, "{year:04}-{month:02}-{day:02}").expect("a String takes all text");
        }
        DataRef::DateTime(duration) => write_number(duration.as_f64(), false, out),
        // #N/A, #REF! and the like: something should stand there, and what it is nobody can read.
        DataRef::Error(error) => write!(out, "{error}").expect("a String takes all text"),
        DataRef::Empty => {}
    }
}

fn write_number(number: f64, is_date: bool, out: &mut String) {
    let written = match is_date && (1.0..SERIAL_END).contains(&number) {
        true => write!(out, "{}", dates::of_serial(number as i32)),
        false => write!(out, "{}", Float(number)),
    };
    written.expect("a String takes all text");
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A workbook of one sheet with a cell of so many blanks.
    fn with_a_cell_of(megabytes: usize) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
        let megabyte = vec![b' '; 1 << 20];
        (0..megabytes).for_each(|_| archive.write_all(&megabyte).unwrap());
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn a_workbook_that_was_made_to_fill_the_memory_is_not_unpacked() {
        let refusal = |megabytes| open(&with_a_cell_of(megabytes)).err().unwrap().say(crate::kernel::Lang::En);
        assert!(refusal(300).contains("300 MB"));
        // As no workbook it is refused, but not for its size.
        assert!(!refusal(4).contains(" MB"));
    }
}
