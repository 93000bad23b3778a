//! Columns to and from Parquet: the one place that knows polars' types and errors.
//!
//! Files are packed with LZ4 in row groups of [`GROUP`] rows, whatever the number of threads, so that the same run gives
//! the same bytes. Readers take slices of row groups, so that no table is held whole only to be printed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use polars::prelude::*;

use super::whole_file::write_whole;
use crate::kernel::{Date, Error, ErrorKind, Message, Month, Result};
use crate::model::table;

/// Rows per row group, about: a slice of this size reads one group or two.
pub(super) const GROUP: usize = 1 << 17;

/// Packing is the larger part of writing a snapshot. Zstandard packed a register a fifth smaller in four times the time.
const COMPRESSION: ParquetCompression = ParquetCompression::Lz4Raw;

/// A table under construction, column by column; all columns have the same length.
pub(super) struct Frame {
    rows: usize,
    columns: Vec<Column>,
}

impl Frame {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    pub(super) fn series(&mut self, name: &str, mut series: Series) {
        assert_eq!(series.len(), self.rows, "column {name} has another length");
        series.rename(name.into());
        self.columns.push(series.into());
    }

    pub(super) fn u32(&mut self, name: &str, values: impl Iterator<Item = u32>) {
        self.series(name, UInt32Chunked::from_iter_values("".into(), values).into_series());
    }

    pub(super) fn u32_or_none(&mut self, name: &str, values: impl Iterator<Item = Option<u32>>) {
        self.series(name, values.collect::<UInt32Chunked>().into_series());
    }

    pub(super) fn u64(&mut self, name: &str, values: impl Iterator<Item = u64>) {
        self.series(name, UInt64Chunked::from_iter_values("".into(), values).into_series());
    }

    pub(super) fn i64_or_none(&mut self, name: &str, values: impl Iterator<Item = Option<i64>>) {
        self.series(name, values.collect::<Int64Chunked>().into_series());
    }

    /// One byte per row; for codes below 128.
    pub(super) fn byte(&mut self, name: &str, values: impl Iterator<Item = u8>) {
        let values = values.map(|value| i8::try_from(value).expect("a code below 128"));
        self.series(name, Int8Chunked::from_iter_values("".into(), values).into_series());
    }

    pub(super) fn f32(&mut self, name: &str, values: impl Iterator<Item = f32>) {
        self.series(name, Float32Chunked::from_iter_values("".into(), values).into_series());
    }

    pub(super) fn flag(&mut self, name: &str, values: impl Iterator<Item = bool>) {
        let values: Vec<bool> = values.collect();
        self.series(name, BooleanChunked::from_slice("".into(), &values).into_series());
    }

    pub(super) fn date(&mut self, name: &str, values: impl Iterator<Item = Option<Date>>) {
        let days: Int32Chunked = values.map(|value| value.map(Date::days)).collect();
        self.series(name, days.into_date().into_series());
    }

    /// An empty text becomes null.
    pub(super) fn text<S: AsRef<str>>(&mut self, name: &str, values: impl Iterator<Item = S>) {
        self.series(name, text_series(values));
    }

    /// Few different texts over many rows: each is built once.
    pub(super) fn dictionary<K: Ord + Copy>(
        &mut self,
        name: &str,
        keys: impl Iterator<Item = K>,
        say: impl Fn(K) -> String,
    ) {
        let mut known = BTreeMap::new();
        let mut texts = Vec::new();
        let rows = keys.map(|key| {
            *known.entry(key).or_insert_with(|| {
                texts.push(say(key));
                texts.len() as u32 - 1
            })
        });
        let rows: Vec<u32> = rows.collect();
        self.gather(name, &text_series(texts.into_iter()), rows);
    }

    /// Values of `from` at these rows. Texts are shared, not copied.
    pub(super) fn gather(&mut self, name: &str, from: &Series, rows: Vec<u32>) {
        let rows = IdxCa::from_vec("".into(), rows);
        self.series(name, from.take(&rows).expect("rows of the table they index"));
    }

    /// Some rows of a typed column of a record. Months become their first day, money whole 分.
    pub(super) fn field(&mut self, name: &str, column: &table::Column, rows: Range<usize>) {
        match column {
            table::Column::Text(texts) => self.text(name, rows.map(|row| texts.get(row))),
            table::Column::Date(values) => self.date(name, rows.map(|row| values.get(row))),
            table::Column::Month(values) => {
                self.date(name, rows.map(|row| values.get(row).map(Month::first_day)));
            }
            table::Column::Money(values) => {
                self.i64_or_none(name, rows.map(|row| values.get(row).map(|fen| fen.0)));
            }
            table::Column::Count(values) => self.i64_or_none(name, rows.map(|row| values.get(row))),
            table::Column::Decimal(values) => {
                self.series(name, rows.map(|row| values.get(row)).collect::<Float64Chunked>().into_series());
            }
            table::Column::Flag(values) => {
                self.series(name, rows.map(|row| values.get(row)).collect::<BooleanChunked>().into_series());
            }
        }
    }

    fn finish(self) -> DataFrame {
        DataFrame::new(self.rows, self.columns).expect("columns of one length and different names")
    }
}

/// Writes a table whole, [`GROUP`] rows at a time: no more of it is held in columns.
pub(super) fn write(path: &Path, rows: usize, frame: &dyn Fn(Range<usize>) -> Frame) -> Result<()> {
    let group = |at: usize| Ok(frame(at * GROUP..rows.min((at + 1) * GROUP)).finish());
    write_whole(path, |out| write_stream(out, path, rows.div_ceil(GROUP).max(1), group)).map(drop)
}

/// A column of texts; an empty one becomes null.
pub(super) fn text_series<S: AsRef<str>>(values: impl Iterator<Item = S>) -> Series {
    StringChunked::from_iter_options("".into(), values.map(|value| (!value.as_ref().is_empty()).then_some(value)))
        .into_series()
}

/// Rows of a Parquet file.
pub(super) fn rows(path: &Path) -> Result<usize> {
    reader(path)?.num_rows().map_err(|error| polars_error(path, &error))
}

/// Some columns (all if `None`) of some rows, in one piece each.
pub(super) fn read(path: &Path, columns: Option<&[&str]>, first: usize, count: usize) -> Result<DataFrame> {
    let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let read = reader(path)?.with_columns(columns).with_slice(Some((first, count))).finish();
    let mut frame = read.map_err(|error| polars_error(path, &error))?;
    frame.rechunk_mut();
    Ok(frame)
}

fn reader(path: &Path) -> Result<ParquetReader<File>> {
    Ok(ParquetReader::new(File::open(path).map_err(|error| Error::io(path, &error))?))
}

/// Writes frames of one schema as one Parquet stream.
pub(super) fn write_stream(
    out: &mut dyn Write,
    place: &Path,
    count: usize,
    frame: impl Fn(usize) -> Result<DataFrame>,
) -> Result<()> {
    let fault = |error: PolarsError| polars_error(place, &error);
    let first = frame(0)?;
    let writer = ParquetWriter::new(out).with_compression(COMPRESSION);
    let mut batches = writer.batched(first.schema()).map_err(fault)?;
    batches.write_batch(&first).map_err(fault)?;
    for at in 1..count {
        batches.write_batch(&frame(at)?).map_err(fault)?;
    }
    batches.finish().map(|_| ()).map_err(fault)
}

/// A fault of the disk is said as such; anything else means that the file is not what this program wrote.
pub(super) fn polars_error(path: &Path, error: &PolarsError) -> Error {
    match error {
        PolarsError::IO { error, .. } => Error::io(path, error),
        PolarsError::Context { error, .. } => polars_error(path, error),
        _ => damaged(path),
    }
}

/// A snapshot that is not what this program wrote.
pub(super) fn damaged(path: &Path) -> Error {
    Error::new(ErrorKind::Io, Message::new("store.snapshot_damaged"))
        .at(path)
        .hint(Message::new("store.snapshot_damaged_hint"))
}
