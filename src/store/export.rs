//! `hedui export`: a table of a published run as CSV or Parquet.
//!
//! CSV is UTF-8 without a byte-order mark: programs read it, and a mark would become part of the first heading.
//! Values are written as they are, for programs; sheets for people are `report`'s. Row order is the snapshot's.
//! Tables are read and written a row group at a time, so that sixteen million cells are never held as text.

use std::io::Write;
use std::path::Path;

use polars::prelude::*;

use super::frame::{GROUP, damaged, polars_error, read, rows, text_series, write_stream};
use super::run_record::RunRecord;
use super::whole_file::Recorder;
use crate::kernel::{Date, Error, Result};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// person_id, household_id, source, file, line, grade, code, weight_bits; then accepted, name_level, repairs,
    /// slot, sheet.
    Links,
    Outcomes,
    /// person_id, household_id, division, then one column per source with the code of the state.
    Coverage,
    Rejects,
    Register,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Parquet,
}

impl Export {
    fn file(self) -> &'static str {
        match self {
            Self::Links => "links.parquet",
            Self::Outcomes => "outcomes.parquet",
            Self::Coverage => "coverage.parquet",
            Self::Rejects => "rejects.parquet",
            Self::Register => "register.parquet",
        }
    }

    /// Columns that are indexes of the run's own.
    fn internal(self) -> &'static [&'static str] {
        match self {
            Self::Links => &["person", "row"],
            Self::Outcomes => &["rule_index"],
            Self::Coverage | Self::Rejects | Self::Register => &[],
        }
    }
}

/// Writes a table of the run in `dir` and returns its rows.
///
/// # Errors
/// I/O: no such run, a damaged snapshot, a full disk.
pub fn export(dir: &Path, what: Export, format: Format, out: &mut dyn Write) -> Result<u64> {
    let path = dir.join(what.file());
    let count = rows(&path)?;
    let states = match what {
        Export::Coverage => Some(text_series(RunRecord::load(dir)?.coverage_states.into_iter())),
        _ => None,
    };
    let slices = count.div_ceil(GROUP).max(1);
    let slice = |at: usize| {
        let frame = read(&path, None, at * GROUP, GROUP)?.drop_many(what.internal().iter().copied());
        match &states {
            Some(states) => named_states(frame, states).map_err(|error| polars_error(&path, &error)),
            None => Ok(frame),
        }
    };
    let mut out = Recorder::new(out);
    let written = match format {
        Format::Csv => write_csv(&mut out, &path, slices, slice),
        Format::Parquet => write_stream(&mut out, &path, slices, slice),
    };
    // The place of a failed write is the output, which the caller knows, not the snapshot.
    match out.fault() {
        Some(fault) => Err(Error::io(Path::new("-"), &fault)),
        None => written.map(|()| count as u64),
    }
}

/// Coverage bytes as the codes of their states.
fn named_states(mut frame: DataFrame, states: &Series) -> PolarsResult<DataFrame> {
    let sources: Vec<usize> = (0..frame.width()).filter(|at| frame.columns()[*at].dtype() == &DataType::Int8).collect();
    for at in sources {
        let column = &frame.columns()[at];
        let rows: IdxCa = column.i8()?.iter().map(|code| code.map(|code| code as IdxSize)).collect();
        let mut named = states.take(&rows)?;
        named.rename(column.name().clone());
        frame.replace_column(at, named.into())?;
    }
    Ok(frame)
}

fn write_csv(
    out: &mut dyn Write,
    path: &Path,
    slices: usize,
    slice: impl Fn(usize) -> Result<DataFrame>,
) -> Result<()> {
    let fault = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::io(Path::new("-"), &error),
        other => panic!("rows of one length are CSV: {other:?}"),
    };
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 18).from_writer(out);
    let mut field = String::new();
    for at in 0..slices {
        let frame = slice(at)?;
        if at == 0 {
            writer.write_record(frame.get_column_names().iter().map(|name| name.as_str())).map_err(fault)?;
        }
        let columns: Vec<Cells<'_>> = frame
            .columns()
            .iter()
            .map(|column| Cells::of(column).ok_or_else(|| damaged(path)))
            .collect::<Result<_>>()?;
        for row in 0..frame.height() {
            for cells in &columns {
                field.clear();
                cells.write(row, &mut field);
                writer.write_field(&field).map_err(fault)?;
            }
            writer.write_record(None::<&[u8]>).map_err(fault)?;
        }
    }
    writer.flush().map_err(|error| Error::io(Path::new("-"), &error))
}

/// A column, its type looked up once and not per cell.
enum Cells<'a> {
    Text(&'a StringChunked),
    U32(&'a UInt32Chunked),
    I64(&'a Int64Chunked),
    F32(&'a Float32Chunked),
    F64(&'a Float64Chunked),
    Flag(&'a BooleanChunked),
    Date(&'a DateChunked),
}

impl<'a> Cells<'a> {
    /// `None` for a type that no snapshot holds.
    fn of(column: &'a Column) -> Option<Self> {
        Some(match column.dtype() {
            DataType::String => Self::Text(column.str().ok()?),
            DataType::UInt32 => Self::U32(column.u32().ok()?),
            DataType::Int64 => Self::I64(column.i64().ok()?),
            DataType::Float32 => Self::F32(column.f32().ok()?),
            DataType::Float64 => Self::F64(column.f64().ok()?),
            DataType::Boolean => Self::Flag(column.bool().ok()?),
            DataType::Date => Self::Date(column.date().ok()?),
            _ => return None,
        })
    }

    /// Appends the value; nothing for null. Numbers in the shortest form that reads back the same.
    fn write(&self, row: usize, out: &mut String) {
        fn show(value: Option<impl std::fmt::Display>, out: &mut String) {
            use std::fmt::Write;
            if let Some(value) = value {
                write!(out, "{value}").expect("a string takes all text");
            }
        }
        match self {
            Self::Text(values) => out.push_str(values.get(row).unwrap_or_default()),
            Self::U32(values) => show(values.get(row), out),
            Self::I64(values) => show(values.get(row), out),
            Self::F32(values) => show(values.get(row), out),
            Self::F64(values) => show(values.get(row), out),
            Self::Flag(values) => show(values.get(row), out),
            Self::Date(values) => show(values.phys.get(row).map(Date::from_days), out),
        }
    }
}
