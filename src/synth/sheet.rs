//! Writes one extract: delimited text in a department's encoding, or a spreadsheet. Knows the physical line of each row.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::feeds::{Encoding, Line, Shape};
use crate::kernel::{Date, Error, Result};

/// Text is encoded and written in blocks of this many bytes.
const BLOCK: usize = 1 << 20;

pub enum Sheet {
    Text(TextSheet),
    Spreadsheet(Box<Spreadsheet>),
}

impl Sheet {
    pub fn create(path: &Path, shape: Shape, as_of: Date) -> Result<Self> {
        Ok(match shape {
            Shape::Text { encoding, separator, line_end, quote_all } => {
                let file = File::create(path).map_err(|error| Error::io(path, &error))?;
                let block = if encoding == Encoding::Utf8WithMark { "\u{FEFF}".to_owned() } else { String::new() };
                let out = BufWriter::new(file);
                let path = path.to_owned();
                Self::Text(TextSheet { path, out, block, encoding, separator, line_end, quote_all, line: 1 })
            }
            Shape::Spreadsheet => Self::Spreadsheet(Box::new(Spreadsheet::new(path, as_of)?)),
        })
    }

    /// Writes a row; returns the physical line it began on.
    pub fn write(&mut self, line: &Line) -> Result<u32> {
        match self {
            Self::Text(sheet) => sheet.write(line),
            Self::Spreadsheet(sheet) => sheet.write(line),
        }
    }

    /// Writes a row whose cell `at` ends in half a character, as fields cut off by bytes do. Spreadsheets cannot hold one.
    pub fn write_torn(&mut self, line: &Line, at: usize) -> Result<()> {
        match self {
            Self::Text(sheet) => sheet.write_torn(line, at),
            Self::Spreadsheet(sheet) => sheet.write(line).map(|_| ()),
        }
    }

    pub fn finish(self) -> Result<()> {
        match self {
            Self::Text(mut sheet) => {
                sheet.flush()?;
                sheet.out.flush().map_err(|error| Error::io(&sheet.path, &error))
            }
            Self::Spreadsheet(mut sheet) => {
                sheet.workbook.save(&sheet.path).map_err(|error| spreadsheet_error(&sheet.path, error))
            }
        }
    }
}

pub struct TextSheet {
    path: PathBuf,
    out: BufWriter<File>,
    block: String,
    encoding: Encoding,
    separator: char,
    line_end: &'static str,
    quote_all: bool,
    line: u32,
}

impl TextSheet {
    fn write(&mut self, line: &Line) -> Result<u32> {
        let began = self.line;
        let start = self.block.len();
        for (place, cell) in line.cells().enumerate() {
            if place > 0 {
                self.block.push(self.separator);
            }
            self.cell(cell);
        }
        self.line += 1 + memchr::memchr_iter(b'\n', &self.block.as_bytes()[start..]).count() as u32;
        self.block.push_str(self.line_end);
        if self.block.len() >= BLOCK {
            self.flush()?;
        }
        Ok(began)
    }

    fn cell(&mut self, cell: &str) {
        if !self.quote_all && !cell.contains([self.separator, '"', '\n', '\r']) {
            self.block.push_str(cell);
            return;
        }
        self.block.push('"');
        for character in cell.chars() {
            if character == '"' {
                self.block.push('"');
            }
            self.block.push(character);
        }
        self.block.push('"');
    }

    fn write_torn(&mut self, line: &Line, at: usize) -> Result<()> {
        // A control character no cell holds keeps the place until the row is encoded.
        const TORN: char = '\u{1}';
        let half: &[u8] = if self.encoding == Encoding::Gb18030 { &[0xD5] } else { &[0xE5, 0xBC] };
        self.flush()?;
        let mut marked = Line::default();
        for (place, cell) in line.cells().enumerate() {
            match place == at {
                true => marked.show(format_args!("{cell}{TORN}")),
                false => marked.put(cell),
            }
        }
        self.write(&marked)?;
        let encoded = encode(self.encoding, &self.block).into_owned();
        for (place, part) in encoded.split(|byte| *byte == TORN as u8).enumerate() {
            let before = if place == 0 { &[][..] } else { half };
            let written = self.out.write_all(before).and_then(|()| self.out.write_all(part));
            written.map_err(|error| Error::io(&self.path, &error))?;
        }
        self.block.clear();
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let written = self.out.write_all(&encode(self.encoding, &self.block));
        self.block.clear();
        written.map_err(|error| Error::io(&self.path, &error))
    }
}

fn encode(encoding: Encoding, text: &str) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Gb18030 => encoding_rs::GB18030.encode(text).0,
        Encoding::Utf8 | Encoding::Utf8WithMark => Cow::Borrowed(text.as_bytes()),
    }
}

pub struct Spreadsheet {
    path: PathBuf,
    workbook: Workbook,
    row: u32,
}

impl Spreadsheet {
    fn new(path: &Path, as_of: Date) -> Result<Self> {
        let mut workbook = Workbook::new();
        let (year, month, day) = as_of.ymd();
        // A spreadsheet says when it was made; the clock would make each one different.
        let made = ExcelDateTime::from_ymd(year as u16, month as u8, day as u8)
            .map_err(|error| spreadsheet_error(path, error))?;
        workbook.set_properties(&DocProperties::new().set_title("演示").set_creation_datetime(&made));
        workbook.add_worksheet_with_constant_memory().map_err(|error| spreadsheet_error(path, error))?;
        Ok(Self { path: path.to_owned(), workbook, row: 0 })
    }

    fn write(&mut self, line: &Line) -> Result<u32> {
        let path = &self.path;
        let sheet = self.workbook.worksheet_from_index(0).map_err(|error| spreadsheet_error(path, error))?;
        for (column, cell) in line.cells().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(self.row, column as u16, cell).map_err(|error| spreadsheet_error(path, error))?;
        }
        self.row += 1;
        Ok(self.row)
    }
}

fn spreadsheet_error(path: &Path, error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => Error::io(path, &error),
        other => Error::io(path, &std::io::Error::other(other.to_string())),
    }
}
