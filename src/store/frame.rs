//! Columns from Parquet, and to it where somebody asks for a table of a run: the one place that knows polars' types and
//! errors. A run's own snapshots are written without polars ([`super::parquet`]).
//!
//! Readers take slices of row groups, so that no table is held whole only to be printed.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use polars::prelude::*;

use crate::kernel::{Error, ErrorKind, Message, Result};

/// Rows per row group, about: a slice of this size reads one group or two.
pub(super) const GROUP: usize = 1 << 17;

/// Of exported tables.
const COMPRESSION: ParquetCompression = ParquetCompression::Lz4Raw;

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
