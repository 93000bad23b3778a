//! Typed columns, built row by row by the readers and handed whole to linking, rules and reports.

use std::fmt::{Display, Write as _};

use rayon::prelude::*;

pub use super::texts::Texts;
pub use super::values::Values;
use crate::kernel::{Date, Fen, Month};

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
    Date(Values<Date>),
    Month(Values<Month>),
    Money(Values<Fen>),
    Count(Values<i64>),
    Decimal(Values<f64>),
    Flag(Values<bool>),
}

/// Does the same with the values of a column, whatever their type.
macro_rules! whatever_type {
    ($column:expr, $values:ident => $then:expr) => {
        match $column {
            Column::Text($values) => $then,
            Column::Date($values) => $then,
            Column::Month($values) => $then,
            Column::Money($values) => $then,
            Column::Count($values) => $then,
            Column::Decimal($values) => $then,
            Column::Flag($values) => $then,
        }
    };
}

impl Column {
    pub fn new(ty: FieldType) -> Self {
        match ty {
            FieldType::Text | FieldType::Code => Self::Text(Texts::default()),
            FieldType::Date => Self::Date(Values::default()),
            FieldType::Month => Self::Month(Values::default()),
            FieldType::Money => Self::Money(Values::default()),
            FieldType::Count => Self::Count(Values::default()),
            FieldType::Decimal => Self::Decimal(Values::default()),
            FieldType::Flag => Self::Flag(Values::default()),
        }
    }

    /// So many rows of "not given".
    pub fn none(ty: FieldType, rows: usize) -> Self {
        let mut column = Self::new(ty);
        (0..rows).for_each(|_| column.push_none());
        column
    }

    pub fn len(&self) -> usize {
        whatever_type!(self, values => values.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds "not given".
    pub fn push_none(&mut self) {
        whatever_type!(self, values => values.push_none());
    }

    /// Adds the last value once more. There must be one.
    pub fn push_again(&mut self) {
        whatever_type!(self, values => values.push_again());
    }

    fn shrink_to_fit(&mut self) {
        whatever_type!(self, values => values.shrink_to_fit());
    }

    /// The values at these rows, in this order.
    fn select(&self, rows: &[usize]) -> Column {
        match self {
            Self::Text(texts) => Self::Text(texts.select(rows)),
            Self::Date(values) => Self::Date(values.select(rows)),
            Self::Month(values) => Self::Month(values.select(rows)),
            Self::Money(values) => Self::Money(values.select(rows)),
            Self::Count(values) => Self::Count(values.select(rows)),
            Self::Decimal(values) => Self::Decimal(values.select(rows)),
            Self::Flag(values) => Self::Flag(values.select(rows)),
        }
    }

    /// Takes over all values of `other`; both must be of one type.
    pub fn append(&mut self, other: &Column) {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.append(b),
            (Self::Date(a), Self::Date(b)) => a.append(b),
            (Self::Month(a), Self::Month(b)) => a.append(b),
            (Self::Money(a), Self::Money(b)) => a.append(b),
            (Self::Count(a), Self::Count(b)) => a.append(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.append(b),
            (Self::Flag(a), Self::Flag(b)) => a.append(b),
            _ => panic!("columns of two types were joined"),
        }
    }

    /// The value as people read it: dates as 2026-11-24, money in yuan, yes/no as true/false; empty if not given.
    pub fn text(&self, row: usize) -> String {
        let mut text = String::new();
        self.push_text(&mut text, row);
        text
    }

    /// [`Column::text`] at the end of another text.
    pub fn push_text(&self, out: &mut String, row: usize) {
        fn show<T: Display>(out: &mut String, value: Option<T>) {
            if let Some(value) = value {
                write!(out, "{value}").expect("a String takes every character");
            }
        }
        match self {
            Self::Text(texts) => out.push_str(texts.get(row)),
            Self::Date(values) => show(out, values.get(row)),
            Self::Month(values) => show(out, values.get(row)),
            Self::Money(values) => show(out, values.get(row)),
            Self::Count(values) => show(out, values.get(row)),
            Self::Decimal(values) => show(out, values.get(row)),
            Self::Flag(values) => show(out, values.get(row)),
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
        self.end_rows(1);
    }

    /// Call after as many values were pushed to every column.
    pub fn end_rows(&mut self, rows: usize) {
        self.rows += rows;
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

    /// Keeps the rows at these indexes, in this order; columns are given up as they are copied.
    pub fn keep(&mut self, rows: &[usize]) {
        self.columns.par_iter_mut().for_each(|column| *column = column.select(rows));
        self.rows = rows.len();
    }

    /// Gives back the room that growing left: for tables that stay as they are for the whole run.
    pub fn shrink_to_fit(&mut self) {
        self.columns.par_iter_mut().for_each(Column::shrink_to_fit);
    }

    /// A row as it was read, for people, where the text that was delivered is not at hand.
    pub fn row_text(&self, row: usize) -> String {
        self.columns.iter().map(|column| column.text(row)).collect::<Vec<_>>().join(" | ")
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
    fn kept_rows_come_in_the_order_asked_for() {
        let numbers: Values<i64> = [Some(7), None, Some(9)].into_iter().collect();
        let texts: Texts = ["甲", "", "乙丙"].into_iter().collect();
        let mut table = Table::of_columns(vec![Column::Count(numbers), Column::Text(texts)]);
        table.keep(&[2, 1]);
        assert_eq!(table.rows(), 2);
        assert_eq!([0, 1].map(|row| table.columns[0].text(row)), ["9", ""]);
        assert_eq!([0, 1].map(|row| table.columns[1].text(row)), ["乙丙", ""]);
    }
}
