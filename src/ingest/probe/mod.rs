//! `hedui probe FILE`: what a delivered file is, before anybody has written a layout for it: encoding, delimiter, heading, which
//! kind of evidence its headings belong to, what each column's cells look like, and a layout to begin with.
//!
//! Nothing is stored and nobody is matched. Headings and codes come from a dictionary (`known.toml`); what a cell looks like
//! comes from the cell, because headings are sometimes swapped. Of a file of over [`WHOLE`] bytes pieces are looked at, of a
//! spreadsheet the sheet with the most known headings. Of cells only words of codes are repeated, never an id or a name.

mod dictionary;
mod layout;
mod looks;

use std::path::Path;

use calamine::Reader as _;

use super::dbf::{self, Shape};
use super::delimited;
use super::delivered::Delivered;
use super::encoding::{Encoding, trimmed};
use super::headings::{LOOK_AT, holds_long_number, unit_named, width};
use super::layout::{Delimiter, EncodingChoice, fold};
use super::records::{Form, Records};
use super::sample::scaled;
use super::split::{Dialect, fits};
use super::xlsx;
use crate::kernel::{Error, Message, Result};
use crate::model::kind::{Kind, is_common, with_common};
use crate::model::table::FieldType;
use looks::Looks;
pub use looks::{Like, Remark};

/// Files up to so many bytes are looked at to their end.
const WHOLE: usize = 32 << 20;

/// Of a larger one, so many bytes at each of [`PIECES`] places.
const PIECE: usize = 4 << 20;
const PIECES: usize = 8;

/// What tells a workbook and a table.
const HEAD: usize = 64 << 10;

/// How layouts name a kind that the centre declares itself.
const CUSTOM: &str = "custom";

/// Rows of a spreadsheet that are looked at.
const ROWS: u64 = 200_000;

/// What a file is.
#[derive(Debug, serde::Serialize)]
pub struct Probed {
    /// `GB18030, “TAB”`; `XLSX, Sheet1`; `DBF, GB18030`.
    pub format: String,
    /// Line or row of the heading, from 1.
    pub heading_line: u32,
    /// Records behind it; estimated where not all were looked at.
    pub rows: u64,
    pub looked_at: u64,
    /// Of these, records with other than the heading's number of cells, and ones that no quote closes.
    pub uneven: u64,
    /// Code and label of the kind of evidence (`register` and `mandate` among them); `None` if too few headings are known.
    pub kind: Option<(String, String)>,
    pub columns: Vec<ProbedColumn>,
    /// Of a workbook: other sheets that hold something.
    pub other_sheets: usize,
    /// A layout to begin with, as TOML.
    pub layout: String,
}

/// One column.
#[derive(Debug, serde::Serialize)]
pub struct ProbedColumn {
    pub heading: String,
    /// Names of the fields that it would be read as.
    pub fields: Vec<String>,
    pub like: Like,
    /// Cells that say something, of those looked at.
    pub filled: u64,
    /// Its cells do not look like the field that its heading names.
    pub misnamed: bool,
    /// Damage, with the number of cells.
    pub remarks: Vec<(Remark, u64)>,
}

/// The first rows of a file and what splits them.
struct Beginning {
    how: How,
    heading: Vec<String>,
    line: u32,
    looks: Vec<Looks>,
    rows: u64,
    looked_at: u64,
    uneven: u64,
    /// The unit of money that a row above the heading names.
    unit: Option<&'static str>,
    other_sheets: usize,
}

/// How cells are found in a file.
enum How {
    Text(Dialect),
    Sheet(String),
    Table(Encoding),
}

/// Looks at a file. `kind_code`: as which kind, where its headings do not tell. `path`: what its layout will say of where
/// deliveries lie, given the kind's code.
///
/// # Errors
/// The disk; kind `Input` if it is no list in a format that this program reads; kind `Config` if there is no such kind.
pub fn probe(file: &Path, kind_code: Option<&str>, path: &dyn Fn(&str) -> String) -> Result<Probed> {
    let asked = kind_code.map(|code| dictionary::kind_of(code).ok_or_else(|| unknown_kind(code))).transpose()?;
    let delivered = Delivered::open(file)?;
    if delivered.len() == 0 {
        return Err(Error::input(Message::new("ingest.refused_empty")).at(file));
    }
    let head = delivered.piece_of(0, HEAD)?;
    let is_called_dbf = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("dbf"));
    let found = match () {
        () if head.starts_with(xlsx::MARK) => of_book(&delivered),
        () if dbf::is_table(&head) || (is_called_dbf && head.contains(&0)) => of_table(&delivered),
        () => of_text(&delivered),
    };
    let found = found.map_err(|error| error.at(file))?;
    let kind = asked.or_else(|| likely_kind(&found.heading)).unwrap_or_else(custom);
    let fields = dictionary::columns(&kind, &found.heading);
    let columns = found.heading.iter().zip(&found.looks).enumerate().map(|(at, (heading, looks))| {
        let read_as =
            || kind.fields.iter().zip(&fields).filter(|(_, column)| **column == Some(at)).map(|(field, _)| field);
        ProbedColumn {
            heading: heading.clone(),
            fields: read_as().map(|field| field.name.clone()).collect(),
            like: looks.like(),
            filled: looks.filled,
            misnamed: read_as().any(|field| is_misnamed(&field.name, field.ty, looks)),
            remarks: looks.remarks(),
        }
    });
    Ok(Probed {
        format: match &found.how {
            How::Text(dialect) => {
                format!("{}, “{}”", dialect.encoding.label(), delimited::shown(dialect.delimiter))
            }
            How::Sheet(name) if is_personal(name) => "XLSX".to_owned(),
            How::Sheet(name) => format!("XLSX, {name}"),
            How::Table(encoding) => dbf::format_name(*encoding),
        },
        heading_line: found.line,
        rows: found.rows,
        looked_at: found.looked_at,
        uneven: found.uneven,
        other_sheets: found.other_sheets,
        columns: columns.collect(),
        layout: layout::written(&found, &kind, &fields, &path(&kind.code)),
        kind: (kind.code != CUSTOM).then_some((kind.code, kind.label)),
    })
}

/// What is known of a file that is of no known kind: whose records they are.
fn custom() -> Kind {
    with_common(CUSTOM, "", Vec::new(), &[])
}

fn unknown_kind(code: &str) -> Error {
    let known: Vec<String> = dictionary::kinds().into_iter().map(|kind| kind.code).collect();
    Error::config(Message::new("ingest.layout_kind").with("kind", code).with("known", known.join(" ")))
}

/// Fields found of a kind that are not those of every list of persons.
fn own_fields(kind: &Kind, columns: &[Option<usize>]) -> usize {
    let person = &kind.persons[0];
    let is_own = |at: &usize| {
        let name = &kind.fields[*at].name;
        ![person.id, person.name].contains(at) && !is_common(name) && !is_common(&format!("owner_{name}"))
    };
    (0..columns.len()).filter(is_own).filter(|at| columns[*at].is_some()).count()
}

/// The kind of which most own fields are among the headings; of two kinds the one that has fewer fields. One field alone tells only
/// where no other kind has it.
fn likely_kind(headings: &[String]) -> Option<Kind> {
    // The police keep households too; what the centre's register has and theirs has not is the programme.
    let is_whole = |kind: &Kind, columns: &[Option<usize>]| {
        kind.field("programme").is_none_or(|programme| columns[programme].is_some())
    };
    let scored = dictionary::kinds().into_iter().filter_map(|kind| {
        let columns = dictionary::columns(&kind, headings);
        is_whole(&kind, &columns).then(|| (own_fields(&kind, &columns), kind))
    });
    let mut scored: Vec<(usize, Kind)> = scored.filter(|(own, _)| *own > 0).collect();
    scored.sort_by_key(|(own, kind)| (std::cmp::Reverse(*own), kind.fields.len()));
    let is_told = match scored.as_slice() {
        [] | [(1, _), (1, _), ..] => false,
        [_, ..] => true,
    };
    is_told.then(|| scored.swap_remove(0).1)
}

/// Whether filled cells look like something else than what the field is for: exports sometimes swap 性别 and 性别代码.
fn is_misnamed(field: &str, ty: FieldType, looks: &Looks) -> bool {
    let is_as_said = match (field, ty) {
        ("owner_id" | "spouse_id" | "person_id", _) => looks.are_ids(),
        (_, FieldType::Date | FieldType::Month) => looks.are_dates(),
        (_, FieldType::Money | FieldType::Decimal | FieldType::Count) => looks.are_numbers(),
        _ => !looks.are_ids(),
    };
    looks.filled > 0 && !is_as_said
}

/// Of the first rows, the one with the most headings that some kind knows; without any, the first of several cells that holds neither
/// a number as long as a date nor anything like a name. `None` if there is none: a record must not be taken for headings and shown.
fn heading_among(rows: &[Vec<String>]) -> Option<(usize, usize)> {
    let kinds = dictionary::kinds();
    let known = |row: &[String]| {
        let found = |kind: &Kind| dictionary::columns(kind, row).iter().flatten().count();
        kinds.iter().map(found).max().unwrap_or_default()
    };
    let scores: Vec<usize> = rows.iter().map(|row| known(row)).collect();
    let best = scores.iter().copied().max().filter(|best| *best > 0);
    if let Some(best) = best {
        return scores.iter().position(|score| *score == best).map(|at| (at, best));
    }
    let is_of_a_record = |cell: &String| holds_long_number(cell) || looks::is_name(trimmed(cell));
    let is_heading = |row: &Vec<String>| {
        row.iter().filter(|cell| !fold(cell).is_empty()).count() > 1 && !row.iter().any(is_of_a_record)
    };
    rows.iter().position(is_heading).map(|at| (at, 0))
}

/// As many digits as a telephone has, or more text than any heading: part of a record, of a person or of the whole file.
fn is_personal(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 9 || text.chars().count() > 100
}

fn no_heading() -> Error {
    Error::input(Message::new("probe.no_heading")).hint(Message::new("probe.no_heading_hint"))
}

/// Cells of a heading without blank ones at its end.
///
/// # Errors
/// Some of it is no heading.
fn bare(mut heading: Vec<String>) -> Result<Vec<String>> {
    if heading.iter().any(|cell| is_personal(cell)) {
        return Err(no_heading());
    }
    let folded: Vec<String> = heading.iter().map(|cell| fold(cell)).collect();
    heading.truncate(width(&folded));
    // Line breaks do not matter where headings are compared.
    heading.iter_mut().for_each(|cell| cell.retain(|letter| !letter.is_control()));
    Ok(heading)
}

fn of_text(file: &Delivered) -> Result<Beginning> {
    let head = file.piece(0, WHOLE)?;
    delimited::refuse_other_formats(&head)?;
    let encoding = file.encoding()?;
    let start = delimited::mark(&head);
    let of_delimiter = |delimiter: &u8| {
        let dialect = Dialect { delimiter: *delimiter, quote: Some(b'"'), encoding, width: 0 };
        let mut rows = delimited::first_rows(&head, start, dialect, None);
        let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells.cells.clone()).collect();
        let (at, known) = heading_among(&cells)?;
        let score = (known, cells[at].len());
        Some((score, dialect, rows.swap_remove(at), unit_above(&cells[..at])))
    };
    // Of delimiters that do as well, the more common one.
    let tried = Delimiter::Auto.candidates().iter().rev().filter_map(of_delimiter);
    let (_, dialect, row, unit) = tried.max_by_key(|(score, ..)| *score).ok_or_else(no_heading)?;
    let heading = bare(row.cells.cells)?;
    let dialect = Dialect { width: heading.len(), ..dialect };
    let mut found = Beginning { unit, ..Beginning::behind(How::Text(dialect), heading, row.next_line - 1) };
    let (form, length) = (Form::Text(dialect), file.len());
    let mut look = |bytes: &[u8]| {
        found.look(form.records(bytes, 0, 0), bytes.len(), encoding);
        bytes.len()
    };
    let mut looked_at = look(&head[row.end..]);
    if head.len() < length {
        for piece in 1..=PIECES {
            let at = head.len() + (length - head.len()) / (PIECES + 1) * piece;
            looked_at += look(&file.lines(at, PIECE)?);
        }
    }
    found.rows = match looked_at {
        0 => 0,
        _ => scaled(found.looked_at, (length - row.end) as u64, looked_at as u64),
    };
    Ok(found)
}

impl Beginning {
    fn behind(how: How, heading: Vec<String>, line: u32) -> Self {
        let looks = heading.iter().map(|_| Looks::default()).collect();
        Self { how, heading, line, looks, rows: 0, looked_at: 0, uneven: 0, unit: None, other_sheets: 0 }
    }

    /// Looks at the records of so many bytes.
    fn look(&mut self, mut records: Records<'_>, bytes: usize, encoding: Encoding) {
        while let Some(record) = records.next(bytes) {
            self.looked_at += 1;
            if record.fault.is_some() || !fits(self.looks.len(), record.text, record.cells) {
                self.uneven += 1;
                continue;
            }
            for (cell, looks) in self.looks.iter_mut().enumerate() {
                let (text, is_damaged) = encoding.text(record.cell(cell));
                looks.take(&text, is_damaged);
            }
        }
    }
}

/// A table tells its fields and the number of its records itself; deleted ones are among them.
fn of_table(file: &Delivered) -> Result<Beginning> {
    let shape = Shape::settled(file, EncodingChoice::Auto)?;
    let mut found = Beginning::behind(How::Table(shape.encoding), bare(shape.headings().cells)?, 1);
    let (form, length) = (Form::Table(&shape), file.len());
    let places = if length <= WHOLE { 1 } else { PIECES };
    for place in 0..places {
        let from = shape.record_at(length / places * place).min(length);
        let until = if places == 1 { length } else { shape.record_at(from + PIECE) };
        let bytes = file.piece_of(from, until - from)?;
        found.look(form.records(&bytes, from, from), bytes.len(), shape.encoding);
    }
    found.rows = shape.records as u64;
    Ok(found)
}

fn of_book(file: &Delivered) -> Result<Beginning> {
    let mut bytes = Vec::new();
    file.read(0..file.len(), &mut bytes)?;
    let mut book = xlsx::open(&bytes)?;
    let (mut best, mut filled): (Option<(usize, String, usize)>, usize) = (None, 0);
    for name in book.sheet_names() {
        let rows = xlsx::texts(&mut book, &name, LOOK_AT as u64)?;
        let cells: Vec<Vec<String>> = rows.into_iter().map(|(_, cells)| cells).collect();
        filled += usize::from(!cells.is_empty());
        if let Some((at, known)) =
            heading_among(&cells).filter(|(_, known)| best.as_ref().is_none_or(|best| *known > best.0))
        {
            best = Some((known, name, at));
        }
    }
    let (_, name, at) = best.ok_or_else(no_heading)?;
    let mut rows = xlsx::texts(&mut book, &name, ROWS)?;
    let (line, heading) = rows.remove(at);
    let above: Vec<Vec<String>> = rows.drain(..at).map(|(_, cells)| cells).collect();
    let mut found = Beginning::behind(How::Sheet(name), bare(heading)?, line);
    (found.unit, found.other_sheets) = (unit_above(&above), filled - 1);
    for (_, cells) in rows {
        found.looked_at += 1;
        for (column, looks) in found.looks.iter_mut().enumerate() {
            let text = trimmed(cells.get(column).map_or("", String::as_str));
            looks.take(text, false);
            looks.take_serial(text);
        }
    }
    found.rows = found.looked_at;
    Ok(found)
}

/// The unit of money that a row above the heading names for all of a list: 单位：万元.
fn unit_above(rows: &[Vec<String>]) -> Option<&'static str> {
    let named = |cell: &String| fold(cell).contains("单位:").then(|| unit_of(cell)).flatten();
    rows.iter().flatten().find_map(named)
}

/// The unit that a heading of money names.
fn unit_of(heading: &str) -> Option<&'static str> {
    unit_named(&fold(heading))
}

/// The encoding as layouts name it.
fn encoding_word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Gb18030 => "gb18030",
    }
}
