//! Tables as Parquet, each column written straight from where its values lie: no copy of a table is built to be written.
//!
//! A file is the format's plainest shape: row groups of [`GROUP`] rows, a chunk per column, pages of some rows, every
//! column optional, neither statistics nor compression. The encodings do what compression would, in less time: texts as
//! what they add to the one before (DELTA_BYTE_ARRAY), ids in full (DELTA_LENGTH_BYTE_ARRAY), few different values as codes
//! (RLE_DICTIONARY), whole numbers as differences (DELTA_BINARY_PACKED). The bytes depend on the values alone. Reading is polars' work ([`super::frame`]).
//!
//! Numbers of fields, types and encodings are those of the format's `parquet.thrift`.

mod encode;
mod group;
mod thrift;

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

pub(super) use self::group::Group;
use self::group::{Chunk, PLAIN, RLE};
use self::thrift::Struct;
use super::frame::GROUP;
use super::whole_file::{Written, write_new};
use crate::kernel::{Error, Result};

const MAGIC: &[u8] = b"PAR1";

/// A row group that was written: where it begins in the file, its rows and chunks.
struct Place {
    begin: usize,
    rows: usize,
    chunks: Vec<Chunk>,
}

/// Row groups that are put together side by side before they are written; some megabytes each.
const WAVE: usize = 4;

/// Gives the columns of some rows, the same ones for any rows.
pub(super) type Fill<'f> = dyn Fn(&mut Group, Range<usize>) + Sync + 'f;

/// Writes a table of `rows` rows into a folder that nobody sees yet.
pub(super) fn write(path: &Path, rows: usize, fill: &Fill<'_>) -> Result<Written> {
    write_new(path, |out| {
        let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(|error| Error::io(path, &error));
        put(MAGIC)?;
        let (mut places, mut end) = (Vec::new(), MAGIC.len());
        let mut rooms: [Vec<u8>; WAVE] = Default::default(); // of the groups written, for the next ones
        // A table without rows has columns all the same.
        for first in (0..rows.max(1)).step_by(GROUP * WAVE) {
            let filled = |(place, room): (usize, &mut Vec<u8>)| {
                let first = first + place * GROUP;
                let range = first..rows.min(first + GROUP);
                (place == 0 || !range.is_empty()).then(|| {
                    let mut group = Group::new(range.len(), std::mem::take(room));
                    fill(&mut group, range);
                    group
                })
            };
            let groups: Vec<Option<Group>> = rooms.par_iter_mut().enumerate().map(filled).collect();
            for (room, group) in rooms.iter_mut().zip(groups.into_iter().flatten()) {
                put(&group.bytes)?;
                places.push(Place { begin: end, rows: group.rows, chunks: group.chunks });
                end += group.bytes.len();
                *room = group.bytes;
            }
        }
        let footer = footer(rows, &places);
        put(&footer)?;
        put(&(footer.len() as u32).to_le_bytes())?;
        put(MAGIC)
    })
}

fn footer(rows: usize, places: &[Place]) -> Vec<u8> {
    let columns = &places[0].chunks;
    let groups = if rows == 0 { &places[..0] } else { places };
    let mut out = Vec::new();
    Struct::write(&mut out, |file| {
        file.i32(1, 1);
        // The schema is a tree, its root first.
        let schema: Vec<Option<&Chunk>> = std::iter::once(None).chain(columns.iter().map(Some)).collect();
        file.structs(2, &schema, |element, chunk| describe(element, *chunk, columns.len()));
        file.i64(3, rows as u64);
        file.structs(4, groups, locate);
        file.text(6, concat!("hedui version ", env!("CARGO_PKG_VERSION")));
    });
    out
}

/// An element of the schema: a column, or the root with its number of columns.
fn describe(element: &mut Struct, chunk: Option<&Chunk>, columns: usize) {
    const OPTIONAL: i32 = 1;
    match chunk {
        None => {
            element.text(4, "root");
            element.i32(5, columns as i32);
        }
        Some(chunk) => {
            element.i32(1, chunk.ty.physical);
            element.i32(3, OPTIONAL);
            element.text(4, &chunk.name);
            if let Some(meaning) = chunk.ty.meaning {
                element.i32(6, meaning);
            }
        }
    }
}

/// A row group and where its chunks lie.
fn locate(group: &mut Struct, place: &Place) {
    const UNCOMPRESSED: i32 = 0;
    let at = |offset: usize| (place.begin + offset) as u64;
    group.structs(1, &place.chunks, |column, chunk| {
        let length = (chunk.end - chunk.begin) as u64;
        column.i64(2, at(chunk.begin));
        column.inner(3, |data| {
            data.i32(1, chunk.ty.physical);
            // What codes mean is plain, levels and codes are runs.
            let encodings = [RLE, chunk.encoding, PLAIN];
            data.numbers(2, if chunk.has_dictionary() { &encodings } else { &encodings[..2] });
            data.texts(3, &[&chunk.name]);
            data.i32(4, UNCOMPRESSED);
            data.i64(5, place.rows as u64);
            data.i64(6, length);
            data.i64(7, length);
            data.i64(9, at(chunk.data));
            if chunk.has_dictionary() {
                data.i64(11, at(chunk.begin));
            }
        });
    });
    group.i64(2, place.chunks.iter().map(|chunk| (chunk.end - chunk.begin) as u64).sum());
    group.i64(3, place.rows as u64);
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, DataType};
    use proptest::prelude::*;

    use super::super::frame::{read, rows};
    use super::group::PAGE;
    use super::*;
    use crate::kernel::Date;
    use crate::model::table::Column;
    use crate::model::texts::Texts;

    /// One row of every kind of column.
    type Row = (String, u8, Option<u32>, Option<i64>, Option<f64>, Option<bool>, f32);

    fn fill(group: &mut Group, all: &[Row]) {
        let texts: Texts = all.iter().map(|row| row.0.as_str()).collect();
        group.field("held", &Column::Text(texts), 0..all.len());
        group.text("text", all.iter().map(|row| row.0.as_str()));
        group.dictionary("few", all.iter().map(|row| row.1), |code| "文".repeat(usize::from(code)));
        group.u32_or_none("u32", all.iter().map(|row| row.2));
        group.u32("line", all.iter().map(|row| row.2.unwrap_or(7)));
        group.i64_or_none("i64", all.iter().map(|row| row.3));
        group.u64("u64", all.iter().map(|row| row.3.unwrap_or(-1) as u64));
        group.field("f64", &Column::Decimal(all.iter().map(|row| row.4).collect()), 0..all.len());
        group.field("flag", &Column::Flag(all.iter().map(|row| row.5).collect()), 0..all.len());
        group.f32("f32", all.iter().map(|row| row.6));
        group.codes("codes", all.iter().map(|row| row.0.as_bytes()));
        group.byte("byte", 5, all.iter().map(|row| row.1));
        group.date("date", all.iter().map(|row| row.2.map(|days| Date::from_days(days as i32 >> 12))));
    }

    fn written(all: &[Row]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        write(&path, all.len(), &|group, rows| fill(group, &all[rows])).unwrap();
        (folder, path)
    }

    /// What polars reads is what was given, an empty text as null.
    fn assert_reads_as(frame: &DataFrame, all: &[Row]) {
        let column = |name: &str| frame.column(name).unwrap();
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let texts = |name: &str| -> Vec<Option<String>> {
            column(name).str().unwrap().iter().map(|text| text.map(str::to_owned)).collect()
        };
        let expected = |row: fn(&Row) -> String| -> Vec<_> { all.iter().map(|one| given(&row(one))).collect() };
        assert_eq!(texts("text"), expected(|row| row.0.clone()));
        assert_eq!(texts("held"), texts("text"));
        assert_eq!(texts("codes"), texts("text"));
        assert_eq!(texts("few"), expected(|row| "文".repeat(usize::from(row.1))));
        assert!(column("u32").u32().unwrap().iter().eq(all.iter().map(|row| row.2)));
        assert!(column("line").u32().unwrap().iter().eq(all.iter().map(|row| Some(row.2.unwrap_or(7)))));
        assert!(column("i64").i64().unwrap().iter().eq(all.iter().map(|row| row.3)));
        assert!(column("u64").u64().unwrap().iter().eq(all.iter().map(|row| Some(row.3.unwrap_or(-1) as u64))));
        assert!(column("f64").f64().unwrap().iter().eq(all.iter().map(|row| row.4)));
        assert!(column("flag").bool().unwrap().iter().eq(all.iter().map(|row| row.5)));
        assert!(column("f32").f32().unwrap().iter().eq(all.iter().map(|row| Some(row.6))));
        assert!(column("byte").i8().unwrap().iter().eq(all.iter().map(|row| Some(row.1 as i8))));
        let days = column("date").date().unwrap();
        assert!(days.phys.iter().eq(all.iter().map(|row| row.2.map(|days| days as i32 >> 12))));
    }

    fn row() -> impl Strategy<Value = Row> {
        // Differences of greater numbers wrap around, as the format says; polars' reader adds them up checked in a debug build.
        const FAR: i64 = 1 << 61;
        let i64s = prop_oneof![Just(-FAR), Just(FAR), -FAR..FAR, -5i64..5];
        (
            "(370102|山东省)?[0-9甲乙é]{0,4}",
            0u8..4,
            prop::option::of(prop_oneof![any::<u32>(), 0u32..9]),
            prop::option::of(i64s),
            prop::option::of(-1e9f64..1e9),
            any::<Option<bool>>(),
            -1e3f32..1e3,
        )
    }

    proptest! {
        #[test]
        fn polars_reads_what_was_written(all in prop::collection::vec(row(), 0..300), repeats in 1usize..4) {
            // Rows that come again make runs.
            let all: Vec<Row> = all.iter().flat_map(|row| std::iter::repeat_n(row.clone(), repeats * repeats)).collect();
            let (_folder, path) = written(&all);
            prop_assert_eq!(rows(&path).unwrap(), all.len());
            assert_reads_as(&read(&path, None, 0, all.len()).unwrap(), &all);
        }
    }

    #[test]
    fn slices_across_pages_and_groups() {
        let all: Vec<Row> = (0..(GROUP + PAGE + 3) as u32)
            .map(|at| {
                let text = if at % 7 == 0 { String::new() } else { format!("{:09}", at.wrapping_mul(2_654_435_761)) };
                let some = (at % 5 != 0).then_some(at);
                let number = some.map(|at| i64::from(at) << 20);
                (text, (at >> 15) as u8, some, number, some.map(f64::from), some.map(|at| at % 2 == 0), at as f32)
            })
            .collect();
        let (_folder, path) = written(&all);
        assert_eq!(rows(&path).unwrap(), all.len());
        for (first, count) in [(0, all.len()), (PAGE - 2, 5), (GROUP - 1, 2), (3 * PAGE + 5, 1), (all.len() - 2, 2)] {
            assert_reads_as(&read(&path, None, first, count).unwrap(), &all[first..first + count]);
        }
    }

    #[test]
    fn a_table_without_rows_has_its_columns() {
        let (_folder, path) = written(&[]);
        let frame = read(&path, None, 0, 0).unwrap();
        assert_eq!((frame.height(), frame.width()), (0, 13));
        assert_eq!(frame.column("date").unwrap().dtype(), &DataType::Date);
    }
}
