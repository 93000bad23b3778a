//! Where one record of a file ends and the next begins: by separators in delimited text ([`super::split`]), by line in a list without them
//! ([`super::fixed`]), by length in a table ([`super::dbf`]). Whoever reads a file in pieces asks here and need not know which.

use memchr::memchr;

use super::dbf::{Shape, TableRecords};
use super::fixed::{RuledLines, Ruler};
use super::split::{Dialect, Record, Splitter};

/// How a file's bytes fall into records.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    Text(Dialect),
    Ruled(&'a Ruler),
    Table(&'a Shape),
}

/// Where somebody who goes over a file's bytes stands.
pub(super) struct Walk<'a> {
    pub(super) bytes: &'a [u8],
    /// Where in the file the bytes lie.
    pub(super) base: usize,
    /// Where in the bytes the next record starts.
    pub(super) at: usize,
    /// Lines, or records of a table, passed so far.
    pub(super) lines: u32,
}

impl<'a> Walk<'a> {
    /// `at` is the start of a record.
    pub(super) fn new(bytes: &'a [u8], base: usize, at: usize) -> Self {
        Self { bytes, base, at, lines: 0 }
    }
}

/// Walks over the records of some bytes.
pub(super) enum Records<'a> {
    Text(Splitter<'a>),
    Ruled(RuledLines<'a>),
    Table(TableRecords<'a>),
}

impl<'a> Form<'a> {
    /// The records of bytes that lie at `base` of the file; one begins at `from` of the file.
    pub(super) fn records(self, bytes: &'a [u8], base: usize, from: usize) -> Records<'a> {
        let walk = Walk::new(bytes, base, from - base);
        match self {
            Self::Text(dialect) => Records::Text(Splitter::new(bytes, from - base, dialect).lying_at(base)),
            Self::Ruled(ruler) => Records::Ruled(RuledLines::new(ruler, walk)),
            Self::Table(shape) => Records::Table(TableRecords::new(shape, walk)),
        }
    }

    /// Where in the file the first record begins behind `base`, as far as the bytes there tell; `none` if none does in them. Of text
    /// a guess: a line end may stand in a quoted cell.
    pub(super) fn begins(self, bytes: &[u8], base: usize, none: usize) -> usize {
        match self {
            Self::Text(_) | Self::Ruled(_) => memchr(b'\n', bytes).map_or(none, |line_end| base + line_end + 1),
            Self::Table(shape) => shape.record_at(base + 1).min(none),
        }
    }
}

impl Records<'_> {
    /// The next record that starts before `until`, a place in the bytes.
    #[inline]
    pub(super) fn next(&mut self, until: usize) -> Option<Record<'_>> {
        match self {
            Self::Text(splitter) => splitter.next(until),
            Self::Ruled(lines) => lines.next(until),
            Self::Table(records) => records.next(until),
        }
    }

    /// Goes to another record's start; lines count from there.
    pub(super) fn go_to(&mut self, at: usize) {
        let walk = match self {
            Self::Text(splitter) => return splitter.go_to(at),
            Self::Ruled(lines) => &mut lines.walk,
            Self::Table(records) => &mut records.walk,
        };
        *walk = Walk::new(walk.bytes, walk.base, at);
    }

    /// Where in the bytes the next record starts.
    pub(super) fn at(&self) -> usize {
        match self {
            Self::Text(splitter) => splitter.at(),
            Self::Ruled(lines) => lines.walk.at,
            Self::Table(records) => records.walk.at,
        }
    }

    /// Line ends, or records of a table, passed so far.
    pub(super) fn lines(&self) -> u32 {
        match self {
            Self::Text(splitter) => splitter.lines(),
            Self::Ruled(lines) => lines.walk.lines,
            Self::Table(records) => records.walk.lines,
        }
    }
}
