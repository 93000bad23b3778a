//! A list as people get it: headings, widths and rows, the same for CSV, workbook and page.
//!
//! CSV here is UTF-8 with a byte-order mark (so that Excel and WPS read Chinese) and `\n` at line ends. A cell that a
//! spreadsheet would run as a formula gets a leading apostrophe; plain numbers such as `-5.00` stay numbers.

use std::borrow::Cow;

/// What goes into one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Count(u64),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// How a column is shown and whether people write in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Text,
    /// Codes and ids: text format, so that a spreadsheet keeps every digit.
    Code,
    Count,
    /// Left blank for the county to fill in.
    Answer,
    /// Left blank; the workbook offers these words.
    Choice(Vec<&'static str>),
    /// Left blank; the workbook takes only a date.
    Day,
}

/// One column: heading, width in characters of the workbook's font, kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub heading: String,
    pub width: f64,
    pub kind: ColumnKind,
}

impl Column {
    pub fn new(heading: impl Into<String>, width: f64, kind: ColumnKind) -> Self {
        Self { heading: heading.into(), width, kind }
    }
}

/// A choice that the page offers above a list: each option is the first line of a cell in `column`, and what the reader is
/// told it means. Sorting by the column follows the order of the options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facet {
    pub column: usize,
    pub options: Vec<(String, String)>,
}

/// A titled list. A row may be shorter than the headings: what is left out at its end is blank.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listing {
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// The last row, which sums the others and stays last however a reader sorts.
    pub sum: Option<Vec<Cell>>,
    /// A sentence below the list, where it does not show everything.
    pub note: Option<String>,
    pub facets: Vec<Facet>,
}

impl Listing {
    pub fn new(title: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { title: title.into(), columns, rows: Vec::new(), sum: None, note: None, facets: Vec::new() }
    }

    /// The whole list as CSV bytes.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut csv = CsvText::new(self.columns.iter().map(|column| column.heading.as_str()));
        for row in self.rows.iter().chain(&self.sum) {
            row.iter().for_each(|cell| csv.cell(&cell.to_string()));
            (row.len()..self.columns.len()).for_each(|_| csv.cell(""));
            csv.end_row();
        }
        csv.into_bytes()
    }
}

/// CSV written cell by cell into memory.
pub(super) struct CsvText(csv::Writer<Vec<u8>>);

const IN_MEMORY: &str = "a Vec takes every byte, and every row has as many cells as there are headings";

impl CsvText {
    /// Begins with the byte-order mark and the headings.
    pub fn new<'a>(headings: impl Iterator<Item = &'a str>) -> Self {
        let mut csv = Self(csv::WriterBuilder::new().from_writer("\u{feff}".as_bytes().to_vec()));
        headings.for_each(|heading| csv.cell(heading));
        csv.end_row();
        csv
    }

    pub fn cell(&mut self, text: &str) {
        self.0.write_field(harmless(text).as_bytes()).expect(IN_MEMORY);
    }

    /// A word of our own, which no spreadsheet takes for a formula.
    pub fn plain_cell(&mut self, word: &str) {
        self.0.write_field(word.as_bytes()).expect(IN_MEMORY);
    }

    pub fn end_row(&mut self) {
        self.0.write_record(None::<&[u8]>).expect(IN_MEMORY);
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect(IN_MEMORY)
    }
}

/// The cell, with an apostrophe before what a spreadsheet would take for a formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    let starts_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let is_number = || cell.len() > 1 && cell[1..].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b','));
    if starts_formula && !(cell.starts_with('-') && is_number()) {
        return Cow::Owned(format!("'{cell}"));
    }
    Cow::Borrowed(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_opens_in_a_spreadsheet_and_runs_nothing() {
        let columns = vec![
            Column::new("甲", 8.0, ColumnKind::Text),
            Column::new("乙", 8.0, ColumnKind::Count),
            Column::new("丙", 8.0, ColumnKind::Answer),
        ];
        let mut listing = Listing::new("表", columns);
        listing.rows.push(vec!["=HYPERLINK(\"x\")".into(), 7u64.into()]);
        listing.rows.push(vec!["-5.00".into(), 0u64.into()]);
        listing.rows.push(vec!["-5+cmd".into(), 0u64.into()]);
        let text = String::from_utf8(listing.to_csv()).unwrap();
        assert_eq!(text, "\u{feff}甲,乙,丙\n\"'=HYPERLINK(\"\"x\"\")\",7,\n-5.00,0,\n'-5+cmd,0,\n");
    }
}
