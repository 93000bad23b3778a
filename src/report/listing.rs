//! A list as people get it: headings, widths and rows, the same for CSV, workbook and page.
//!
//! CSV here is UTF-8 with a byte-order mark (so that Excel and WPS read Chinese) and `\n` at line ends. A cell that a
//! spreadsheet would run as a formula gets a leading apostrophe; plain numbers such as `-5.00` stay numbers.

use std::fmt::{Display, Write as _};

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

impl Display for Cell {
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
            for cell in row {
                match cell {
                    Cell::Text(text) => csv.cell(text),
                    Cell::Count(count) => csv.digits(count),
                }
            }
            csv.blank_rest();
            csv.end_row();
        }
        csv.into_bytes()
    }
}

/// CSV written cell by cell into memory, quoted where it must be: as the `csv` crate writes it, without its step through a
/// buffer for each cell.
#[derive(Clone)]
pub(super) struct CsvText {
    text: String,
    columns: usize,
    /// Cells of the row that is being written, and where it begins.
    cells: usize,
    row: usize,
    /// A cell being put together before it is known whether it needs quotes.
    draft: String,
}

const MARK: &str = "\u{feff}";

impl CsvText {
    /// Begins with the byte-order mark and the headings.
    pub fn new<'a>(headings: impl Iterator<Item = &'a str>) -> Self {
        let mut csv = Self { text: MARK.to_owned(), columns: 0, cells: 0, row: MARK.len(), draft: String::new() };
        headings.for_each(|heading| csv.cell(heading));
        csv.columns = csv.cells;
        csv.end_row();
        csv
    }

    /// Lines that come below these headings somewhere else, none yet.
    pub fn below(&self) -> Self {
        Self { text: String::new(), columns: self.columns, cells: 0, row: 0, draft: String::new() }
    }

    /// Forgets all lines; what they stood in is used again.
    pub fn clear(&mut self) {
        self.text.clear();
        self.row = 0;
    }

    pub fn cell(&mut self, text: &str) {
        self.separate();
        push_cell(&mut self.text, if starts_formula(text) { "'" } else { "" }, text);
    }

    /// A cell that is put together for this row only.
    pub fn drafted(&mut self, draft: impl FnOnce(&mut String)) {
        let mut text = std::mem::take(&mut self.draft);
        text.clear();
        draft(&mut text);
        self.cell(&text);
        self.draft = text;
    }

    /// A word of our own, which no spreadsheet takes for a formula.
    pub fn plain_cell(&mut self, word: &str) {
        self.separate();
        push_cell(&mut self.text, "", word);
    }

    /// A plain cell as it stands behind another, for words of millions of rows.
    pub fn following(word: &str) -> String {
        let mut cell = ",".to_owned();
        push_cell(&mut cell, "", word);
        cell
    }

    /// A cell that [`CsvText::following`] made.
    pub fn made(&mut self, cell: &str) {
        self.cells += 1;
        self.text.push_str(cell);
    }

    /// A number or a code of digits, which needs neither quotes nor an apostrophe.
    pub fn digits(&mut self, digits: impl Display) {
        self.separate();
        write!(self.text, "{digits}").expect("a String takes every character");
    }

    /// Leaves the rest of the row to be filled in.
    pub fn blank_rest(&mut self) {
        (self.cells..self.columns).for_each(|_| self.cell(""));
    }

    pub fn end_row(&mut self) {
        assert_eq!(self.cells, self.columns, "a row has as many cells as there are headings");
        if self.text.len() == self.row {
            self.text.push_str("\"\""); // a line of one blank cell is not a blank line
        }
        self.text.push('\n');
        (self.cells, self.row) = (0, self.text.len());
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    fn separate(&mut self) {
        if self.cells > 0 {
            self.text.push(',');
        }
        self.cells += 1;
    }
}

/// `mark` and the text, in quotes if a reader would split the text.
fn push_cell(out: &mut String, mark: &str, text: &str) {
    // All bytes, not up to the first: sixteen are then looked at in one step.
    if !text.bytes().fold(false, |splits, byte| splits | matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.push_str(mark);
        out.push_str(text);
        return;
    }
    out.push('"');
    out.push_str(mark);
    for (place, piece) in text.split('"').enumerate() {
        out.push_str(if place == 0 { "" } else { "\"\"" });
        out.push_str(piece);
    }
    out.push('"');
}

/// A spreadsheet would take the cell for a formula; an apostrophe before it keeps it a text.
fn starts_formula(cell: &str) -> bool {
    let is_number = || cell.len() > 1 && cell[1..].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b','));
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !(cell.starts_with('-') && is_number())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The `csv` crate's writer, cell by cell, is what quoting is held against.
        #[test]
        fn quoted_as_the_csv_crate_quotes(
            rows in (1usize..4).prop_flat_map(|width| {
                prop::collection::vec(prop::collection::vec("[甲=+,\"\\-5. \r\n'#@\t]{0,5}", width), 1..6)
            })
        ) {
            let mut csv = csv::Writer::from_writer(MARK.as_bytes().to_vec());
            let mut ours = CsvText::new(rows[0].iter().map(String::as_str));
            for (place, row) in rows.iter().enumerate() {
                let marked = row.iter().map(|cell| format!("{}{cell}", if starts_formula(cell) { "'" } else { "" }));
                csv.write_record(marked).unwrap();
                if place > 0 {
                    row.iter().for_each(|cell| ours.drafted(|text| text.push_str(cell)));
                    ours.end_row();
                }
            }
            prop_assert_eq!(ours.into_bytes(), csv.into_inner().unwrap());
        }
    }

    #[test]
    #[should_panic(expected = "as many cells as there are headings")]
    fn a_row_that_is_too_short_is_no_row() {
        let mut csv = CsvText::new(["甲", "乙"].into_iter());
        csv.cell("1");
        csv.end_row();
    }

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
