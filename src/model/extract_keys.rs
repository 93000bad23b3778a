//! What is kept of a delivered file once it was read: a key index, and what every reading of it would count again.
//!
//! A row stands under every key by which somebody on a register could be found in it (`linkage::keys` makes them), so
//! that a night in which the file has not changed, or a question at the window, reads only the rows it needs. The index
//! says where rows are and nothing of what they say: the file itself stays the evidence.

use super::evidence::{Bins, ExtractFile, Newest};
use crate::kernel::Date;

/// Where a row begins: byte offset and physical line in one word. Of a spreadsheet the offset is one into
/// its rows as text, which are kept with the index, and the line is the row of its sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

impl Place {
    const LINE_BITS: u32 = 28;

    /// `None` for a file over 64 GiB or 268 million lines: no index is kept of it.
    pub fn new(offset: u64, line: u32) -> Option<Self> {
        (offset >> (64 - Self::LINE_BITS) == 0 && line >> Self::LINE_BITS == 0)
            .then_some(Self(offset << Self::LINE_BITS | u64::from(line)))
    }

    pub fn offset(self) -> u64 {
        self.0 >> Self::LINE_BITS
    }

    pub fn line(self) -> u32 {
        (self.0 & ((1 << Self::LINE_BITS) - 1)) as u32
    }

    pub fn to_bits(self) -> u64 {
        self.0
    }

    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// One row under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub key: u64,
    pub place: Place,
}

/// A record that the department has deleted or changed, by the hash of its number (`None`: no usable one); the line that says so,
/// its day and (as a hash) whom it is about, if it says so. Changes have all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Recalled {
    pub record: Option<u64>,
    pub line: u32,
    pub on: Option<Date>,
    pub person: Option<u64>,
    pub deleted: bool,
}

/// A row that no reading can use.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeptReject {
    pub sheet: u16,
    pub line: u32,
    pub offset: u64,
    /// Wording key of the reason.
    pub reason: String,
    pub text: String,
}

/// What every reading of the file finds again, whoever is on the register.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileSummary {
    pub file: ExtractFile,
    /// `linked` is zero, `unlinked` are all good rows.
    pub bins: Bins,
    pub gb18030: bool,
    /// Of a spreadsheet: its sheet, and the headings by cell.
    pub sheet: Option<(u16, Vec<String>)>,
    pub newest: Newest,
    /// In the order of their lines.
    pub recalled: Vec<Recalled>,
    /// Rows set aside as a whole, up to the number that is kept, and all of them by reason.
    pub rejects: Vec<KeptReject>,
    pub reject_counts: Vec<(String, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_both_its_numbers() {
        let place = Place::new((1 << 36) - 1, (1 << 28) - 1).unwrap();
        assert_eq!((place.offset(), place.line()), ((1 << 36) - 1, (1 << 28) - 1));
        assert_eq!(Place::new(1 << 36, 1), None);
        assert_eq!(Place::new(1, 1 << 28), None);
    }
}
