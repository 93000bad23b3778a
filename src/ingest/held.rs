//! Kept rows that wait to be read column by column: some hundreds at a time, one column after the other, take a sixth less time
//! than one by one, since the reader of a column then meets nothing but values of one kind.
//!
//! Shapes: the rows' bytes one behind the other, and `width` cells a row. Nothing is decoded here.

use super::split::{Cell, Record};

/// So many rows are held at most: few enough to stay in the cache with the columns they go to.
const ROWS: usize = 256;

/// And so many bytes of them.
const BYTES: usize = 1 << 20;

/// Rows without the bytes of the file they came from.
#[derive(Debug, Default)]
pub(super) struct HeldRows {
    text: Vec<u8>,
    /// Cells of all rows, in [`HeldRows::text`].
    cells: Vec<Cell>,
    /// As delivered: of a row whose quotes were taken out this is another text.
    raws: Vec<Raw>,
    quoted: Vec<u8>,
}

#[derive(Debug)]
enum Raw {
    AsText(Cell),
    Quoted(Cell),
}

impl HeldRows {
    /// Holds a row of at least `width` cells.
    pub(super) fn hold(&mut self, row: &Record<'_>, width: usize) {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(row.text);
        // Half a character at the end of a row must not become a whole one with the next row's beginning.
        self.text.push(b'\n');
        self.cells.extend(row.cells[..width].iter().map(|(from, to)| (start + from, start + to)));
        self.raws.push(if row.text.starts_with(row.raw) {
            Raw::AsText((start, start + row.raw.len() as u32))
        } else {
            let start = self.quoted.len() as u32;
            self.quoted.extend_from_slice(row.raw);
            Raw::Quoted((start, self.quoted.len() as u32))
        });
    }

    pub(super) fn len(&self) -> usize {
        self.raws.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.raws.is_empty()
    }

    /// Whether the rows should be read before another is held.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= ROWS || self.text.len() >= BYTES
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.raws.clear();
        self.quoted.clear();
    }

    /// All rows' bytes, which their cells point into.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether each cell holds whole characters of a text that is whole.
    pub(super) fn cuts_no_character(&self, text: &str) -> bool {
        let is_between = |place: u32| text.is_char_boundary(place as usize);
        self.cells.iter().all(|(start, end)| is_between(*start) && is_between(*end))
    }

    /// The cell at an index of each row, in order.
    pub(super) fn cells(&self, index: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        let width = self.cells.len() / self.len().max(1);
        self.cells[index..].iter().step_by(width).map(|(start, end)| *start as usize..*end as usize)
    }

    /// A row as it was delivered.
    pub(super) fn raw(&self, row: usize) -> &[u8] {
        match &self.raws[row] {
            Raw::AsText((start, end)) => &self.text[*start as usize..*end as usize],
            Raw::Quoted((start, end)) => &self.quoted[*start as usize..*end as usize],
        }
    }
}
