//! `hedui export`: a table of a published run as CSV or Parquet.
//!
//! CSV is UTF-8 without a byte-order mark: programs read it, and a mark would become part of the first heading.
//! Values are written as they are, for programs; sheets for people are `report`'s. Row order is the snapshot's.
//! Tables are read and written a row group at a time, so that sixteen million cells are never held as text.

use std::io::Write;
use std::path::Path;

use polars::prelude::*;

use super::frame::{GROUP, damaged, polars_error, read, text_series, write_stream};
use super::pick::Snapshot;
use super::published::Published;
use super::whole_file::Recorder;
use super::workspace::Workspace;
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
            Self::Outcomes => &["facts", "rule_index"],
            Self::Coverage | Self::Rejects | Self::Register => &[],
        }
    }
}

/// Writes a table of a published run and returns its rows.
///
/// # Errors
/// I/O: no such run, a damaged snapshot, a full disk.
pub fn export(workspace: &Workspace, run: &str, what: Export, format: Format, out: &mut dyn Write) -> Result<u64> {
    let run = Published::open(workspace, run)?;
    let Snapshot { path, rows: count } = run.table(what.file())?;
    let states = match what {
        Export::Coverage => Some(text_series(run.record.coverage_states.into_iter())),
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

#[cfg(test)]
mod tests {
    use super::super::sample::{IDS, RUN, Sample, published};
    use super::*;
    use crate::kernel::Digest;

    fn csv_of(workspace: &Workspace, what: Export) -> (u64, String) {
        let mut out = Vec::new();
        let rows = export(workspace, RUN, what, Format::Csv, &mut out).unwrap();
        (rows, String::from_utf8(out).unwrap())
    }

    #[test]
    fn links_begin_with_the_promised_columns() {
        let (_folder, workspace) = published();
        let (rows, text) = csv_of(&workspace, Export::Links);
        let [first, second, third] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert_eq!(rows, 2);
        assert_eq!(
            first,
            "person_id,household_id,source,file,line,grade,code,weight_bits,accepted,name_level,repairs,slot,sheet,\
             judgement_key,judgement"
        );
        assert_eq!(
            second,
            format!("{},H-1,vehicle,inbox/vehicle/2026-11.csv,2,A,IEN,12.5,true,E,case+blanks,0,0,,", IDS[0])
        );
        assert!(third.contains(",3,A,"), "the physical line of the second record: {third}");
        let end: Vec<&str> = third.rsplit(',').take(2).collect();
        assert!(end[0] == "same" && end[1].starts_with("J-"), "what was judged of it: {third}");
    }

    #[test]
    fn coverage_is_a_column_per_source_in_words() {
        let (_folder, workspace) = published();
        let (_, text) = csv_of(&workspace, Export::Coverage);
        let expected = format!(
            "person_id,household_id,division,vehicle,housing\n\
             {},H-1,330203028,found,source_missing\n\
             {},H-1,330203028,not_found,source_missing\n\
             3702**,H-2,330203028,unusable_id,no_mandate\n",
            IDS[0], IDS[1]
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn outcomes_rejects_and_register() {
        let (_folder, workspace) = published();
        let (_, outcomes) = csv_of(&workspace, Export::Outcomes);
        assert_eq!(
            outcomes.lines().nth(2).unwrap(),
            format!(
                "V001-bbbbbbbbbb,V001,家庭成员名下有机动车,medium,H-1,{},330203028,1,0,辆,,2026-11-24,1,1,vehicle,{},new,false",
                IDS[0],
                Digest::of(b"fact")
            )
        );
        let (_, rejects) = csv_of(&workspace, Export::Rejects);
        assert_eq!(
            rejects.lines().nth(1).unwrap(),
            "vehicle,公安交管,inbox/vehicle/2026-11.csv,0,4,,ingest.reject_fields,true,坏行"
        );
        let (count, register) = csv_of(&workspace, Export::Register);
        assert_eq!(count, 3);
        let mut lines = register.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let heading = lines.next().unwrap();
        let income = heading.iter().position(|name| *name == "declared_income_fen").unwrap();
        let second = lines.nth(1).unwrap();
        assert_eq!((second[0], second[2], second[income]), (IDS[1], "supporter", "123450"));
    }

    #[test]
    fn parquet_reads_back_with_the_same_rows_as_csv() {
        let (folder, workspace) = published();
        let mut bytes = Vec::new();
        let rows = export(&workspace, RUN, Export::Coverage, Format::Parquet, &mut bytes).unwrap();
        let path = folder.path().join("coverage.parquet");
        std::fs::write(&path, bytes).unwrap();
        let frame = read(&path, Some(&["vehicle"]), 0, 10).unwrap();
        let states: Vec<_> = frame.column("vehicle").unwrap().str().unwrap().iter().flatten().collect();
        assert_eq!((rows, states), (3, vec!["found", "not_found", "unusable_id"]));
    }

    #[test]
    fn a_run_without_links_still_has_headings() {
        let mut sample = Sample::new();
        sample.links.clear();
        sample.reviews.clear();
        sample.outcomes.discrepancies.clear();
        sample.history.stands.clear();
        let (_folder, workspace) = sample.published();
        let (rows, text) = csv_of(&workspace, Export::Links);
        assert_eq!((rows, text.lines().count()), (0, 1));
        assert_eq!(csv_of(&workspace, Export::Outcomes).1.lines().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_so_in_both_formats() {
        let (_folder, workspace) = published();
        for format in [Format::Csv, Format::Parquet] {
            let mut full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            let error = export(&workspace, RUN, Export::Links, format, &mut full).unwrap_err();
            assert_eq!(error.message().key, "error.disk_full");
        }
    }

    #[test]
    fn a_damaged_or_missing_snapshot_is_an_error() {
        let (_folder, workspace) = published();
        let path = workspace.run_dir(RUN).join("links.parquet");
        std::fs::write(&path, "PAR1 and then something else").unwrap();
        let error = export(&workspace, RUN, Export::Links, Format::Csv, &mut Vec::new()).unwrap_err();
        assert_eq!(error.message().key, "store.snapshot_damaged");
        std::fs::remove_file(&path).unwrap();
        let error = export(&workspace, RUN, Export::Links, Format::Csv, &mut Vec::new()).unwrap_err();
        assert_eq!(error.message().key, "store.snapshot_damaged");
    }
}
