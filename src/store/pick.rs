//! Picking rows out of a snapshot: some columns of the rows somebody asks for, read in slices, so that no table is held
//! whole for the sake of a few of its rows.

use std::path::PathBuf;

use polars::prelude::*;

use super::frame::{polars_error, read, rows};
use crate::kernel::{Date, Fen, Result};
use crate::model::table::{Column as Values, FieldType};

/// Rows read at a time.
const SLICE: usize = 1 << 17;

/// A snapshot file.
pub(super) struct Snapshot {
    pub path: PathBuf,
    pub rows: usize,
}

impl Snapshot {
    pub fn open(path: PathBuf) -> Result<Self> {
        Ok(Self { rows: rows(&path)?, path })
    }

    /// Some columns of all rows.
    pub fn columns(&self, names: &[&str]) -> Result<Picked> {
        Ok(Picked { frame: read(&self.path, Some(names), 0, self.rows)?, path: self.path.clone() })
    }

    /// Rows whose number in a column is wanted, ascending.
    pub fn rows_where(&self, column: &str, wanted: impl Fn(u32) -> bool) -> Result<Vec<usize>> {
        let column_read = self.columns(&[column])?;
        let numbers = column_read.numbers(column)?;
        Ok((0..self.rows).filter(|row| numbers.get(*row).is_some_and(&wanted)).collect())
    }

    /// These rows (ascending) of some columns (all if `None`); slices without any of them are not read.
    pub fn pick(&self, columns: Option<&[&str]>, wanted: &[usize]) -> Result<Picked> {
        let fault = |error: PolarsError| polars_error(&self.path, &error);
        let mut rest = wanted;
        let mut picked = read(&self.path, columns, 0, 0)?;
        while let Some(first) = rest.first().copied() {
            let (these, others) = rest.split_at(rest.partition_point(|row| row - first < SLICE));
            let count = these[these.len() - 1] - first + 1;
            let slice = read(&self.path, columns, first, count)?;
            let rows = these.iter().map(|row| (row - first) as IdxSize).collect();
            picked.vstack_mut(&slice.take(&IdxCa::from_vec("".into(), rows)).map_err(fault)?).map_err(fault)?;
            rest = others;
        }
        picked.rechunk_mut();
        Ok(Picked { frame: picked, path: self.path.clone() })
    }
}

/// Rows that were picked; columns by name.
pub(super) struct Picked {
    frame: DataFrame,
    path: PathBuf,
}

impl Picked {
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    fn cells<T>(&self, name: &str, column: impl FnOnce(&Column) -> PolarsResult<T>) -> Result<T> {
        self.frame.column(name).and_then(column).map_err(|error| polars_error(&self.path, &error))
    }

    pub fn texts(&self, name: &str) -> Result<StringChunked> {
        self.cells(name, |column| column.str().cloned())
    }

    pub fn numbers(&self, name: &str) -> Result<UInt32Chunked> {
        self.cells(name, |column| column.u32().cloned())
    }

    pub fn whole(&self, name: &str) -> Result<Int64Chunked> {
        self.cells(name, |column| column.i64().cloned())
    }

    pub fn offsets(&self, name: &str) -> Result<UInt64Chunked> {
        self.cells(name, |column| column.u64().cloned())
    }

    pub fn floats(&self, name: &str) -> Result<Float32Chunked> {
        self.cells(name, |column| column.f32().cloned())
    }

    pub fn bytes(&self, name: &str) -> Result<Int8Chunked> {
        self.cells(name, |column| column.i8().cloned())
    }

    pub fn flags(&self, name: &str) -> Result<BooleanChunked> {
        self.cells(name, |column| column.bool().cloned())
    }

    pub fn dates(&self, name: &str) -> Result<Vec<Option<Date>>> {
        self.cells(name, |column| Ok(column.date()?.phys.iter().map(|days| days.map(Date::from_days)).collect()))
    }

    /// A typed column again, the other way round than it was written.
    pub fn values(&self, name: &str, ty: FieldType) -> Result<Values> {
        Ok(match ty {
            FieldType::Text | FieldType::Code => {
                Values::Text(self.texts(name)?.iter().map(Option::unwrap_or_default).collect())
            }
            FieldType::Date => Values::Date(self.dates(name)?.into_iter().collect()),
            FieldType::Month => Values::Month(self.dates(name)?.into_iter().map(|day| day.map(Date::month)).collect()),
            FieldType::Money => {
                Values::Money(self.cells(name, |column| Ok(column.i64()?.iter().map(|fen| fen.map(Fen)).collect()))?)
            }
            FieldType::Count => Values::Count(self.cells(name, |column| Ok(column.i64()?.iter().collect()))?),
            FieldType::Decimal => Values::Decimal(self.cells(name, |column| Ok(column.f64()?.iter().collect()))?),
            FieldType::Flag => Values::Flag(self.cells(name, |column| Ok(column.bool()?.iter().collect()))?),
        })
    }
}
