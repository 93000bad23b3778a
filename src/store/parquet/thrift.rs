//! Thrift's compact protocol, as far as a Parquet footer needs it: structures of numbers, texts, lists and structures.

use super::encode::{varint, zigzag};

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A structure being written; fields come by ascending number.
pub(super) struct Struct<'o> {
    out: &'o mut Vec<u8>,
    last: u8,
}

impl<'o> Struct<'o> {
    /// Writes a whole structure.
    pub fn write(out: &'o mut Vec<u8>, fill: impl FnOnce(&mut Struct)) {
        let mut this = Self { out, last: 0 };
        fill(&mut this);
        this.out.push(0);
    }

    fn field(&mut self, number: u8, kind: u8) {
        self.out.push((number - self.last) << 4 | kind);
        self.last = number;
    }

    pub fn i32(&mut self, number: u8, value: i32) {
        self.field(number, I32);
        varint(self.out, zigzag(i64::from(value)));
    }

    pub fn i64(&mut self, number: u8, value: u64) {
        self.field(number, I64);
        varint(self.out, zigzag(value as i64));
    }

    pub fn text(&mut self, number: u8, value: &str) {
        self.field(number, BINARY);
        text(self.out, value);
    }

    pub fn inner(&mut self, number: u8, fill: impl FnOnce(&mut Struct)) {
        self.field(number, STRUCT);
        Struct::write(self.out, fill);
    }

    pub fn numbers(&mut self, number: u8, values: &[i32]) {
        self.list(number, I32, values.len());
        values.iter().for_each(|value| varint(self.out, zigzag(i64::from(*value))));
    }

    pub fn texts(&mut self, number: u8, values: &[&str]) {
        self.list(number, BINARY, values.len());
        values.iter().for_each(|value| text(self.out, value));
    }

    pub fn structs<T>(&mut self, number: u8, values: &[T], fill: impl Fn(&mut Struct, &T)) {
        self.list(number, STRUCT, values.len());
        values.iter().for_each(|value| Struct::write(self.out, |inner| fill(inner, value)));
    }

    fn list(&mut self, number: u8, kind: u8, length: usize) {
        self.field(number, LIST);
        if length < 15 {
            self.out.push((length as u8) << 4 | kind);
        } else {
            self.out.push(0xf0 | kind);
            varint(self.out, length as u64);
        }
    }
}

fn text(out: &mut Vec<u8>, value: &str) {
    varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}
