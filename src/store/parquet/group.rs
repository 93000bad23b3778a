//! The columns of a row group and their pages. What a value becomes in a page is told by [`super::encode`].

use std::collections::BTreeMap;
use std::ops::Range;

use super::encode::{all_alike, differences, hybrid, pack, width};
use super::thrift::Struct;
use crate::kernel::{Date, Fen, Month};
use crate::model::table::Column;
use crate::model::texts::{Held, Joined};

/// Rows per page: whoever wants one row decodes these of each column.
pub(super) const PAGE: usize = 1 << 14;

/// How values of a column are stored, and what they mean: numbers of the format's `Type` and `ConvertedType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub physical: i32,
    pub meaning: Option<i32>,
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
pub(super) const PLAIN: i32 = 0;
pub(super) const RLE: i32 = 3;
const DELTA_BINARY_PACKED: i32 = 5;
const DELTA_LENGTH_BYTE_ARRAY: i32 = 6;
const DELTA_BYTE_ARRAY: i32 = 7;
pub(super) const RLE_DICTIONARY: i32 = 8;

/// One column of a row group, as the footer tells of it.
#[derive(Debug)]
pub(super) struct Chunk {
    pub name: String,
    pub ty: Type,
    pub encoding: i32,
    rows: usize,
    /// Places in the group's bytes: its beginning, its first page of data, its end.
    pub begin: usize,
    pub data: usize,
    pub end: usize,
}

impl Chunk {
    /// A page of texts stands before those of data.
    pub fn has_dictionary(&self) -> bool {
        self.data > self.begin
    }
}

/// Rows that are written together, column by column, in the order of the calls.
pub(in crate::store) struct Group {
    pub(super) rows: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) chunks: Vec<Chunk>,
}

/// Which rows of a page have a value.
#[derive(Default)]
struct Given {
    rows: usize,
    /// 1 or 0 for each row; empty as long as none is without: most columns have a value in every row.
    flags: Vec<u32>,
}

impl Given {
    #[inline]
    fn push(&mut self, given: bool) {
        if !given && self.flags.is_empty() {
            self.flags.resize(self.rows, 1);
        }
        if !given || !self.flags.is_empty() {
            self.flags.push(u32::from(given));
        }
        self.rows += 1;
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.flags.clear();
    }

    fn encode(&self, body: &mut Vec<u8>) {
        if self.flags.is_empty() {
            all_alike(body, 1, self.rows, 1);
        } else {
            hybrid(body, &self.flags, 1);
        }
    }
}

/// Values of a page that are given, and which rows have one.
struct Page<T> {
    given: Given,
    values: Vec<T>,
}

impl Group {
    /// An empty group; `bytes` is room that another no longer needs.
    pub(super) fn new(rows: usize, mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self { rows, bytes, chunks: Vec::new() }
    }

    /// A column of texts; an empty one becomes null.
    pub fn text<'t>(&mut self, name: &str, values: impl Iterator<Item = &'t str>) {
        let mut last: &[u8] = &[];
        self.texts(name, values, |page, value| {
            if page.push(last, value.as_bytes()) {
                last = value.as_bytes();
            }
        });
    }

    /// The same where each text is put together for this file only.
    pub fn drafted<T>(&mut self, name: &str, values: impl Iterator<Item = T>, draft: impl Fn(&mut Vec<u8>, T)) {
        let (mut last, mut text) = (Vec::new(), Vec::new());
        self.texts(name, values, |page, value| {
            text.clear();
            draft(&mut text, value);
            if page.push(&last, &text) {
                std::mem::swap(&mut last, &mut text);
            }
        });
    }

    /// Codes that begin alike by chance only, such as ids: each in full. What the one before begins with is not looked for.
    pub fn codes<C: AsRef<[u8]>>(&mut self, name: &str, values: impl Iterator<Item = C>) {
        let mut values = values.peekable();
        let (mut given, mut lengths, mut bytes) = (Given::default(), Vec::new(), Vec::new());
        self.chunk(name, TEXT, DELTA_LENGTH_BYTE_ARRAY, |group| {
            while values.peek().is_some() {
                given.clear();
                lengths.clear();
                bytes.clear();
                for value in values.by_ref().take(PAGE) {
                    let code = value.as_ref();
                    given.push(!code.is_empty());
                    if !code.is_empty() {
                        lengths.push(code.len() as i64);
                        bytes.extend_from_slice(code);
                    }
                }
                group.page(&given, DELTA_LENGTH_BYTE_ARRAY, |body| {
                    differences(body, &lengths, i32::BITS);
                    body.extend_from_slice(&bytes);
                });
            }
        });
    }

    fn texts<T>(&mut self, name: &str, values: impl Iterator<Item = T>, mut push: impl FnMut(&mut TextPage, T)) {
        let mut values = values.peekable();
        let mut page = TextPage::default();
        self.chunk(name, TEXT, DELTA_BYTE_ARRAY, |group| {
            while values.peek().is_some() {
                page.clear();
                values.by_ref().take(PAGE).for_each(|value| push(&mut page, value));
                group.page(&page.given, DELTA_BYTE_ARRAY, |body| page.encode(body));
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
        // Rows often say what the one before said.
        let mut last: Option<(K, Option<u32>)> = None;
        let code = |key: K| match last {
            Some((before, code)) if before == key => code,
            _ => last.insert((key, code_of(key))).1,
        };
        let codes: Vec<Option<u32>> = keys.map(code).collect();
        let mut meanings = Vec::new();
        texts.iter().for_each(|text| push_text(&mut meanings, text));
        self.coded(name, TEXT, &meanings, texts.len(), codes.into_iter());
    }

    /// Codes below `count`, and before them what they mean: values of the type, plain, one behind the other.
    fn coded(&mut self, name: &str, ty: Type, meanings: &[u8], count: usize, codes: impl Iterator<Item = Option<u32>>) {
        let width = width(count.saturating_sub(1) as u64).max(1);
        let mut codes = codes.peekable();
        self.chunk(name, ty, RLE_DICTIONARY, |group| {
            group.meanings(meanings, count);
            while codes.peek().is_some() {
                let page: Page<u32> = codes.by_ref().take(PAGE).collect();
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

    /// One byte per row; for codes below `count`, which is at most 128.
    pub fn byte(&mut self, name: &str, count: usize, values: impl Iterator<Item = u8>) {
        let meanings: Vec<u8> = (0..count as i32).flat_map(i32::to_le_bytes).collect();
        let code = |value| {
            assert!(usize::from(value) < count, "column {name} has a code without a meaning");
            Some(u32::from(value))
        };
        self.coded(name, INT_8, &meanings, count, values.map(code));
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
        let (mut meanings, mut count) = (Vec::new(), 0);
        for code in codes {
            let code = usize::from(*code);
            if numbers[code].is_none() && blank != Some(code) {
                push_text(&mut meanings, distinct.get(code));
                numbers[code] = Some(count);
                count += 1;
            }
        }
        self.coded(name, TEXT, &meanings, count as usize, codes.iter().map(|code| numbers[usize::from(*code)]));
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
        self.chunks.push(Chunk { name: name.to_owned(), ty, encoding, rows: 0, begin, data: begin, end: begin });
        write(self);
        let end = self.bytes.len();
        let rows = self.rows;
        let chunk = self.last_chunk();
        chunk.end = end;
        assert_eq!(chunk.rows, rows, "column {name} has another length");
    }

    fn last_chunk(&mut self) -> &mut Chunk {
        self.chunks.last_mut().expect("pages belong to a chunk")
    }

    /// The page before the pages of codes.
    fn meanings(&mut self, plain: &[u8], count: usize) {
        self.put(2, plain, |header| {
            header.inner(7, |page| {
                page.i32(1, count as i32);
                page.i32(2, PLAIN);
            });
        });
        let data = self.bytes.len();
        self.last_chunk().data = data;
    }

    /// A page of data: which rows have a value, then the values.
    fn page(&mut self, given: &Given, encoding: i32, encode: impl FnOnce(&mut Vec<u8>)) {
        self.last_chunk().rows += given.rows;
        let mut body = vec![0; 4];
        given.encode(&mut body);
        let length = body.len() as u32 - 4;
        body[..4].copy_from_slice(&length.to_le_bytes());
        encode(&mut body);
        self.put(0, &body, |header| {
            header.inner(5, |page| {
                page.i32(1, given.rows as i32);
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

/// A text as the format writes it plainly: its length, then its bytes.
fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Texts of a page: each as the length it shares with the one before and what it adds.
#[derive(Default)]
struct TextPage {
    given: Given,
    shared: Vec<i64>,
    added: Vec<i64>,
    bytes: Vec<u8>,
}

impl TextPage {
    fn clear(&mut self) {
        self.given.clear();
        self.shared.clear();
        self.added.clear();
        self.bytes.clear();
    }

    /// Adds a text behind the `last` one that was given; the first of a page shares nothing with another page's. Whether it is
    /// given.
    #[inline]
    fn push(&mut self, last: &[u8], text: &[u8]) -> bool {
        self.given.push(!text.is_empty());
        if text.is_empty() {
            return false;
        }
        let shared = if self.shared.is_empty() { 0 } else { alike(last, text) };
        let added = &text[shared..];
        self.shared.push(shared as i64);
        self.added.push(added.len() as i64);
        self.bytes.extend_from_slice(added);
        true
    }

    fn encode(&self, body: &mut Vec<u8>) {
        differences(body, &self.shared, i32::BITS);
        differences(body, &self.added, i32::BITS);
        body.extend_from_slice(&self.bytes);
    }
}

/// How many bytes two texts begin with alike.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let eights = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0).take_while(|(a, b)| a == b).count() * 8;
    eights + a[eights..].iter().zip(&b[eights..]).take_while(|(a, b)| a == b).count()
}

impl<T> FromIterator<Option<T>> for Page<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(iter: I) -> Self {
        let iter = iter.into_iter();
        let mut page = Self { given: Given::default(), values: Vec::with_capacity(iter.size_hint().0) };
        for value in iter {
            page.given.push(value.is_some());
            page.values.extend(value);
        }
        page
    }
}
