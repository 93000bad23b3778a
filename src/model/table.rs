//! Typed columns, built row by row by the readers and handed whole to linking, rules and reports.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::kernel::{Date, Fen, Month};

/// Many short texts in one buffer, at most 4 GiB. An empty text means "not given": departments' blanks are no evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    /// Where each text ends; four bytes each, for a register has forty million of them.
    ends: Vec<u32>,
}

const TOO_LONG: &str = "a column of texts about people on the register is shorter than 4 GiB";

impl Texts {
    #[inline]
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(u32::try_from(self.bytes.len()).expect(TOO_LONG));
    }

    #[inline]
    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start as usize..self.ends[row] as usize]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }

    pub fn par_iter(&self) -> impl IndexedParallelIterator<Item = &str> {
        (0..self.len()).into_par_iter().map(|row| self.get(row))
    }

    fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Takes over all texts of `other`, in order.
    pub fn append(&mut self, other: &Texts) {
        let shift = self.bytes.len();
        self.bytes.push_str(&other.bytes);
        u32::try_from(self.bytes.len()).expect(TOO_LONG);
        self.ends.extend(other.ends.iter().map(|end| end + shift as u32));
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(iter: I) -> Self {
        let mut texts = Self::default();
        iter.into_iter().for_each(|text| texts.push(text));
        texts
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Free text as given, trimmed.
    Text,
    /// A department's code turned into the canonical value of the layout; several at once are joined with `+`.
    Code,
    Date,
    Month,
    /// 分.
    Money,
    /// A whole number.
    Count,
    /// A measure that is not money: area in m², a share in percent.
    Decimal,
    /// Yes or no.
    Flag,
}

/// One column. `None` and the empty text both mean "not given".
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    Text(Texts),
    Date(Vec<Option<Date>>),
    Month(Vec<Option<Month>>),
    Money(Vec<Option<Fen>>),
    Count(Vec<Option<i64>>),
    Decimal(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
}

impl Column {
    pub fn new(ty: FieldType) -> Self {
        match ty {
            FieldType::Text | FieldType::Code => Self::Text(Texts::default()),
            FieldType::Date => Self::Date(Vec::new()),
            FieldType::Month => Self::Month(Vec::new()),
            FieldType::Money => Self::Money(Vec::new()),
            FieldType::Count => Self::Count(Vec::new()),
            FieldType::Decimal => Self::Decimal(Vec::new()),
            FieldType::Flag => Self::Flag(Vec::new()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.len(),
            Self::Date(values) => values.len(),
            Self::Month(values) => values.len(),
            Self::Money(values) => values.len(),
            Self::Count(values) => values.len(),
            Self::Decimal(values) => values.len(),
            Self::Flag(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds "not given".
    pub fn push_none(&mut self) {
        match self {
            Self::Text(texts) => texts.push(""),
            Self::Date(values) => values.push(None),
            Self::Month(values) => values.push(None),
            Self::Money(values) => values.push(None),
            Self::Count(values) => values.push(None),
            Self::Decimal(values) => values.push(None),
            Self::Flag(values) => values.push(None),
        }
    }

    fn shrink_to_fit(&mut self) {
        match self {
            Self::Text(texts) => texts.shrink_to_fit(),
            Self::Date(values) => values.shrink_to_fit(),
            Self::Month(values) => values.shrink_to_fit(),
            Self::Money(values) => values.shrink_to_fit(),
            Self::Count(values) => values.shrink_to_fit(),
            Self::Decimal(values) => values.shrink_to_fit(),
            Self::Flag(values) => values.shrink_to_fit(),
        }
    }

    /// The values at these rows, in this order.
    pub fn select(&self, rows: &[usize]) -> Column {
        fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| values[row]).collect()
        }
        match self {
            Self::Text(texts) => Self::Text(rows.iter().map(|&row| texts.get(row)).collect()),
            Self::Date(values) => Self::Date(take(values, rows)),
            Self::Month(values) => Self::Month(take(values, rows)),
            Self::Money(values) => Self::Money(take(values, rows)),
            Self::Count(values) => Self::Count(take(values, rows)),
            Self::Decimal(values) => Self::Decimal(take(values, rows)),
            Self::Flag(values) => Self::Flag(take(values, rows)),
        }
    }

    /// Takes over all values of `other`; both must be of one type.
    pub fn append(&mut self, other: &Column) {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.append(b),
            (Self::Date(a), Self::Date(b)) => a.extend_from_slice(b),
            (Self::Month(a), Self::Month(b)) => a.extend_from_slice(b),
            (Self::Money(a), Self::Money(b)) => a.extend_from_slice(b),
            (Self::Count(a), Self::Count(b)) => a.extend_from_slice(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.extend_from_slice(b),
            (Self::Flag(a), Self::Flag(b)) => a.extend_from_slice(b),
            _ => panic!("columns of two types were joined"),
        }
    }

    /// The value as people read it: dates as 2026-11-24, money in yuan, yes/no as true/false; empty if not given.
    pub fn text(&self, row: usize) -> String {
        fn show<T: ToString>(value: Option<T>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        match self {
            Self::Text(texts) => texts.get(row).to_owned(),
            Self::Date(values) => show(values[row]),
            Self::Month(values) => show(values[row]),
            Self::Money(values) => show(values[row]),
            Self::Count(values) => show(values[row]),
            Self::Decimal(values) => show(values[row]),
            Self::Flag(values) => show(values[row]),
        }
    }
}

/// Columns of equal length, in the order of the kind's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// An empty table with a column for each field type.
    pub fn new(types: impl IntoIterator<Item = FieldType>) -> Self {
        Self { columns: types.into_iter().map(Column::new).collect(), rows: 0 }
    }

    /// A table of whole columns, all of one length.
    pub fn of_columns(columns: Vec<Column>) -> Self {
        let rows = columns.first().map_or(0, Column::len);
        assert!(columns.iter().all(|column| column.len() == rows), "columns of two lengths make no table");
        Self { columns, rows }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Call after one value was pushed to every column.
    pub fn end_row(&mut self) {
        self.rows += 1;
        debug_assert!(self.columns.iter().all(|column| column.len() == self.rows), "a column was left out of a row");
    }

    /// Takes over all rows of `other`; both must be of one kind.
    pub fn append(&mut self, other: Table) {
        assert_eq!(self.columns.len(), other.columns.len(), "tables of two kinds were joined");
        if self.rows == 0 {
            *self = other; // the only file of a source is not copied once more
            return;
        }
        self.columns.iter_mut().zip(&other.columns).for_each(|(mine, theirs)| mine.append(theirs));
        self.rows += other.rows;
    }

    /// The rows at these indexes, in this order.
    pub fn select(&self, rows: &[usize]) -> Table {
        Self { columns: self.columns.iter().map(|column| column.select(rows)).collect(), rows: rows.len() }
    }

    /// Gives back the room that growing left: for tables that stay as they are for the whole run.
    pub fn shrink_to_fit(&mut self) {
        self.columns.iter_mut().for_each(Column::shrink_to_fit);
    }

    pub fn texts(&self, column: usize) -> &Texts {
        match &self.columns[column] {
            Column::Text(texts) => texts,
            _ => panic!("column {column} is not text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_append_keeps_order_and_blanks() {
        let mut texts: Texts = ["甲", "", "乙丙"].into_iter().collect();
        texts.append(&["丁"].into_iter().collect());
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["甲", "", "乙丙", "丁"]);
    }
}
