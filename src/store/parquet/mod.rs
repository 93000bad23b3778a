//! Tables as Parquet, each column written straight from where its values lie: no copy of a table is built to be written.
//!
//! A file is the format's plainest shape: row groups of [`GROUP`] rows, a chunk per column, pages of [`PAGE`] rows, every
//! column optional, neither statistics nor compression. The encodings do what compression would, in less time: texts as
//! what they add to the one before (DELTA_BYTE_ARRAY), few different texts as codes (RLE_DICTIONARY), whole numbers as
//! differences (DELTA_BINARY_PACKED). The bytes depend on the values alone. Reading is polars' work ([`super::frame`]).

mod encode;
mod thrift;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use self::encode::{differences, hybrid, pack, width};
use self::thrift::Struct;
use super::frame::GROUP;
use super::whole_file::{Written, write_new};
use crate::kernel::{Date, Error, Fen, Month, Result};
use crate::model::table::Column;
use crate::model::texts::{Held, Joined};

/// Rows per page: whoever wants one row decodes these of each column.
const PAGE: usize = 1 << 14;

const MAGIC: &[u8] = b"PAR1";

/// How values of a column are stored, and what they mean: numbers of the format's `Type` and `ConvertedType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Type {
    physical: i32,
    meaning: Option<i32>,
}

const BOOLEAN: Type = Type { physical: 0, meaning: None };
const DATE: Type = Type { physical: INT32, meaning: Some(6) };
const UINT_32: Type = Type { physical: INT32, meaning: Some(13) };
const INT_8: Type = Type { physical: INT32, meaning: Some(15) };
const INT_64: Type = Type { physical: 2, meaning: None };
const UINT_64: Type = Type { physical: 2, meaning: Some(14) };
const FLOAT: Type = Type { physical: 4, meaning: None };
const DOUBLE: Type = Type { physical: 5, meaning: None };
const TEXT: Type = Type { physical: 6, meaning: Some(0) };
const INT32: i32 = 1;

/// Numbers of the format's `Encoding`.
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const DELTA_BINARY_PACKED: i32 = 5;
const DELTA_BYTE_ARRAY: i32 = 7;
const RLE_DICTIONARY: i32 = 8;

/// One column of a row group, as the footer tells of it.
#[derive(Debug)]
struct Chunk {
    name: String,
    ty: Type,
    encoding: i32,
    /// Places in the group's bytes: its beginning, its first page of data, its end.
    begin: usize,
    data: usize,
    end: usize,
}

/// Rows that are written together, column by column, in the order of the calls.
pub(super) struct Group {
    rows: usize,
    bytes: Vec<u8>,
    chunks: Vec<Chunk>,
}

/// Values of a page that are given, and for each row whether it has one.
#[derive(Default)]
struct Page<T> {
    given: Vec<u32>,
    values: Vec<T>,
}

impl Group {
    /// A whole table of texts; an empty one becomes null.
    pub fn text<'t>(&mut self, name: &str, values: impl Iterator<Item = &'t str>) {
        self.drafted(name, values, |text, value| text.push_str(value));
    }

    /// The same where each text is put together for this file only.
    pub fn drafted<T>(&mut self, name: &str, values: impl Iterator<Item = T>, draft: impl Fn(&mut String, T)) {
        let (mut last, mut text) = (String::new(), String::new());
        let mut values = values.peekable();
        self.chunk(name, TEXT, DELTA_BYTE_ARRAY, |group| {
            while values.peek().is_some() {
                let mut page = Page::default();
                let (mut shared, mut added) = (Vec::new(), Vec::new());
                last.clear();
                for value in values.by_ref().take(PAGE) {
                    text.clear();
                    draft(&mut text, value);
                    page.given.push(u32::from(!text.is_empty()));
                    if text.is_empty() {
                        continue;
                    }
                    let alike = alike(last.as_bytes(), text.as_bytes());
                    shared.push(alike as i64);
                    added.push((text.len() - alike) as i64);
                    page.values.extend_from_slice(&text.as_bytes()[alike..]);
                    std::mem::swap(&mut last, &mut text);
                }
                group.page(&page.given, DELTA_BYTE_ARRAY, |body| {
                    differences(body, &shared, i32::BITS);
                    differences(body, &added, i32::BITS);
                    body.extend_from_slice(&page.values);
                });
            }
        });
    }

    /// Few different texts over many rows: each is made and written once, and not at all if it is empty.
    pub fn dictionary<K: Ord + Copy>(&mut self, name: &str, keys: impl Iterator<Item = K>, say: impl Fn(K) -> String) {
        let mut known: BTreeMap<K, Option<u32>> = BTreeMap::new();
        let mut texts: Vec<String> = Vec::new();
        let mut code_of = |key: K| {
            *known.entry(key).or_insert_with(|| {
                let text = say(key);
                (!text.is_empty()).then(|| {
                    texts.push(text);
                    texts.len() as u32 - 1
                })
            })
        };
        let codes: Vec<Option<u32>> = keys.map(&mut code_of).collect();
        self.coded(name, &codes, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn coded(&mut self, name: &str, codes: &[Option<u32>], texts: &[&str]) {
        let width = width(texts.len().saturating_sub(1) as u64).max(1);
        self.chunk(name, TEXT, RLE_DICTIONARY, |group| {
            group.texts_of_codes(texts);
            for codes in codes.chunks(PAGE) {
                let page: Page<u32> = codes.iter().copied().collect();
                group.page(&page.given, RLE_DICTIONARY, |body| {
                    body.push(width as u8);
                    hybrid(body, &page.values, width);
                });
            }
        });
    }

    pub fn u32(&mut self, name: &str, values: impl Iterator<Item = u32>) {
        self.u32_or_none(name, values.map(Some));
    }

    pub fn u32_or_none(&mut self, name: &str, values: impl Iterator<Item = Option<u32>>) {
        // An unsigned number is stored as the signed one of the same bits.
        self.whole(name, UINT_32, values.map(|value| value.map(|value| i64::from(value as i32))));
    }

    pub fn u64(&mut self, name: &str, values: impl Iterator<Item = u64>) {
        self.whole(name, UINT_64, values.map(|value| Some(value as i64)));
    }

    pub fn i64_or_none(&mut self, name: &str, values: impl Iterator<Item = Option<i64>>) {
        self.whole(name, INT_64, values);
    }

    /// One byte per row; for codes below 128.
    pub fn byte(&mut self, name: &str, values: impl Iterator<Item = u8>) {
        let signed = |value| i64::from(i8::try_from(value).expect("a code below 128"));
        self.whole(name, INT_8, values.map(|value| Some(signed(value))));
    }

    pub fn date(&mut self, name: &str, values: impl Iterator<Item = Option<Date>>) {
        self.whole(name, DATE, values.map(|value| value.map(|date| i64::from(date.days()))));
    }

    fn whole(&mut self, name: &str, ty: Type, values: impl Iterator<Item = Option<i64>>) {
        let bits = if ty.physical == INT32 { i32::BITS } else { i64::BITS };
        self.pages(name, ty, DELTA_BINARY_PACKED, values, |body, values| differences(body, values, bits));
    }

    pub fn f32(&mut self, name: &str, values: impl Iterator<Item = f32>) {
        self.pages(name, FLOAT, PLAIN, values.map(Some), |body, values| {
            values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
        });
    }

    fn f64_or_none(&mut self, name: &str, values: impl Iterator<Item = Option<f64>>) {
        self.pages(name, DOUBLE, PLAIN, values, |body, values| {
            values.iter().for_each(|value| body.extend_from_slice(&value.to_le_bytes()));
        });
    }

    pub fn flag(&mut self, name: &str, values: impl Iterator<Item = bool>) {
        self.flag_or_none(name, values.map(Some));
    }

    fn flag_or_none(&mut self, name: &str, values: impl Iterator<Item = Option<bool>>) {
        self.pages(name, BOOLEAN, PLAIN, values, |body, values| {
            pack(body, values.iter().map(|value| u64::from(*value)), values.len(), 1);
        });
    }

    /// Some rows of a typed column of a record. Months become their first day, money whole 分.
    pub fn field(&mut self, name: &str, column: &Column, rows: Range<usize>) {
        match column {
            Column::Text(texts) => match texts.held() {
                Held::Coded { codes, distinct } => self.held_as_codes(name, &codes[rows], distinct),
                Held::Joined(texts) => self.text(name, rows.map(|row| texts.get(row))),
            },
            Column::Date(values) => self.date(name, rows.map(|row| values.get(row))),
            Column::Month(values) => self.date(name, rows.map(|row| values.get(row).map(Month::first_day))),
            Column::Money(values) => self.i64_or_none(name, rows.map(|row| values.get(row).map(|Fen(fen)| fen))),
            Column::Count(values) => self.i64_or_none(name, rows.map(|row| values.get(row))),
            Column::Decimal(values) => self.f64_or_none(name, rows.map(|row| values.get(row))),
            Column::Flag(values) => self.flag_or_none(name, rows.map(|row| values.get(row))),
        }
    }

    /// Those of the texts that these rows name, numbered as they come.
    fn held_as_codes(&mut self, name: &str, codes: &[u16], distinct: &Joined) {
        let blank = distinct.iter().position(str::is_empty);
        let mut numbers: Vec<Option<u32>> = vec![None; distinct.len()];
        let mut texts = Vec::new();
        let number = |code: &u16| {
            let code = usize::from(*code);
            (blank != Some(code)).then(|| {
                *numbers[code].get_or_insert_with(|| {
                    texts.push(distinct.get(code));
                    texts.len() as u32 - 1
                })
            })
        };
        let codes: Vec<Option<u32>> = codes.iter().map(number).collect();
        self.coded(name, &codes, &texts);
    }

    /// A column whose pages hold its values and nothing else.
    fn pages<T: Copy>(
        &mut self,
        name: &str,
        ty: Type,
        encoding: i32,
        values: impl Iterator<Item = Option<T>>,
        encode: impl Fn(&mut Vec<u8>, &[T]),
    ) {
        let mut values = values.peekable();
        self.chunk(name, ty, encoding, |group| {
            while values.peek().is_some() {
                let page: Page<T> = values.by_ref().take(PAGE).collect();
                group.page(&page.given, encoding, |body| encode(body, &page.values));
            }
        });
    }

    fn chunk(&mut self, name: &str, ty: Type, encoding: i32, write: impl FnOnce(&mut Self)) {
        let begin = self.bytes.len();
        self.chunks.push(Chunk { name: name.to_owned(), ty, encoding, begin, data: begin, end: begin });
        write(self);
        let end = self.bytes.len();
        self.chunks.last_mut().expect("the chunk that was pushed").end = end;
    }

    /// The page before the pages of codes: the texts they stand for.
    fn texts_of_codes(&mut self, texts: &[&str]) {
        let mut body = Vec::new();
        for text in texts {
            body.extend_from_slice(&(text.len() as u32).to_le_bytes());
            body.extend_from_slice(text.as_bytes());
        }
        self.put(2, &body, |header| {
            header.inner(7, |page| {
                page.i32(1, texts.len() as i32);
                page.i32(2, PLAIN);
            });
        });
        let data = self.bytes.len();
        self.chunks.last_mut().expect("texts belong to a chunk").data = data;
    }

    /// A page of data: which rows have a value, then the values.
    fn page(&mut self, given: &[u32], encoding: i32, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut body = vec![0; 4];
        hybrid(&mut body, given, 1);
        let length = body.len() as u32 - 4;
        body[..4].copy_from_slice(&length.to_le_bytes());
        encode(&mut body);
        self.put(0, &body, |header| {
            header.inner(5, |page| {
                page.i32(1, given.len() as i32);
                page.i32(2, encoding);
                page.i32(3, RLE);
                page.i32(4, RLE);
            });
        });
    }

    fn put(&mut self, kind: i32, body: &[u8], describe: impl FnOnce(&mut Struct)) {
        let length = i32::try_from(body.len()).expect("a page of texts is shorter than 2 GiB");
        Struct::write(&mut self.bytes, |header| {
            header.i32(1, kind);
            header.i32(2, length);
            header.i32(3, length);
            describe(header);
        });
        self.bytes.extend_from_slice(body);
    }
}

/// How many bytes two texts begin with alike.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let eights = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0).take_while(|(a, b)| a == b).count() * 8;
    eights + a[eights..].iter().zip(&b[eights..]).take_while(|(a, b)| a == b).count()
}

impl<T> FromIterator<Option<T>> for Page<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(iter: I) -> Self {
        let mut page = Self { given: Vec::new(), values: Vec::new() };
        for value in iter {
            page.given.push(u32::from(value.is_some()));
            page.values.extend(value);
        }
        page
    }
}

/// A row group that was written: where it begins in the file, its rows and chunks.
struct Place {
    begin: usize,
    rows: usize,
    chunks: Vec<Chunk>,
}

/// Writes a table of `rows` rows into a folder that nobody sees yet. `fill` gives the same columns for any rows.
pub(super) fn write(path: &Path, rows: usize, fill: &dyn Fn(&mut Group, Range<usize>)) -> Result<Written> {
    write_new(path, |out| {
        let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(|error| Error::io(path, &error));
        put(MAGIC)?;
        let (mut places, mut end, mut bytes) = (Vec::new(), MAGIC.len(), Vec::new());
        // A table without rows has columns all the same.
        for first in (0..rows.max(1)).step_by(GROUP) {
            let range = first..rows.min(first + GROUP);
            let mut group = Group { rows: range.len(), bytes, chunks: Vec::new() };
            group.bytes.clear();
            fill(&mut group, range);
            put(&group.bytes)?;
            places.push(Place { begin: end, rows: group.rows, chunks: group.chunks });
            (end, bytes) = (end + group.bytes.len(), group.bytes);
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
    let has_codes = |chunk: &Chunk| chunk.data > chunk.begin;
    let at = |offset: usize| (place.begin + offset) as u64;
    group.structs(1, &place.chunks, |column, chunk| {
        let length = (chunk.end - chunk.begin) as u64;
        column.i64(2, at(chunk.begin));
        column.inner(3, |data| {
            data.i32(1, chunk.ty.physical);
            let (all, plainest) = ([RLE, chunk.encoding, PLAIN], if has_codes(chunk) { 3 } else { 2 });
            data.numbers(2, &all[..plainest]);
            data.texts(3, &[&chunk.name]);
            data.i32(4, UNCOMPRESSED);
            data.i64(5, place.rows as u64);
            data.i64(6, length);
            data.i64(7, length);
            data.i64(9, at(chunk.data));
            if has_codes(chunk) {
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
    use super::*;
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
        group.f64_or_none("f64", all.iter().map(|row| row.4));
        group.flag_or_none("flag", all.iter().map(|row| row.5));
        group.f32("f32", all.iter().map(|row| row.6));
        group.byte("byte", all.iter().map(|row| row.1));
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
        let i64s = prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>(), -5i64..5];
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
        assert_eq!((frame.height(), frame.width()), (0, 12));
        assert_eq!(frame.column("date").unwrap().dtype(), &DataType::Date);
    }
}
