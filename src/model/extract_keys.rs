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

/// A record that the department has deleted or changed: hash of its number, hash of whom that is about, and day, line and what of
/// the two in one word. Of a department that sends every change there are millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordChange([u64; 3]);

impl RecordChange {
    /// A hash of nothing.
    const NONE: u64 = 0;
    const NO_DAY: i32 = i32::MIN;
    const LAST_LINE: u32 = u32::MAX >> 1;

    /// `record`: `None` without a usable number. `line`: the one that says so; no index is kept of a file
    /// with so many that it would not fit.
    pub fn new(record: Option<u64>, person: Option<u64>, on: Option<Date>, line: u32, deleted: bool) -> Self {
        let day = on.map_or(Self::NO_DAY, Date::days) as u32;
        let bits = u64::from(day) << 32 | u64::from(line.min(Self::LAST_LINE) << 1) | u64::from(deleted);
        Self([record.unwrap_or(Self::NONE), person.unwrap_or(Self::NONE), bits])
    }

    pub fn record(self) -> Option<u64> {
        Some(self.0[0]).filter(|hash| *hash != Self::NONE)
    }

    /// Whom it is about, if it says so.
    pub fn person(self) -> Option<u64> {
        Some(self.0[1]).filter(|hash| *hash != Self::NONE)
    }

    pub fn on(self) -> Option<Date> {
        let day = (self.0[2] >> 32) as u32 as i32;
        (day != Self::NO_DAY).then(|| Date::from_days(day))
    }

    pub fn line(self) -> u32 {
        self.0[2] as u32 >> 1
    }

    pub fn is_deleted(self) -> bool {
        self.0[2] & 1 == 1
    }

    /// So many lines further on.
    pub fn moved(self, lines: u32) -> Self {
        let line = self.line().saturating_add(lines);
        Self::new(self.record(), self.person(), self.on(), line, self.is_deleted())
    }

    pub fn to_bits(self) -> [u64; 3] {
        self.0
    }

    pub fn from_bits(bits: [u64; 3]) -> Self {
        Self(bits)
    }
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
    /// In the order of their lines. Kept as numbers beside the rest.
    #[serde(skip)]
    pub changes: Vec<RecordChange>,
    /// Rows set aside as a whole, up to the number that is kept, and all of them by reason.
    pub rejects: Vec<KeptReject>,
    pub reject_counts: Vec<(String, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_change_keeps_each_of_its_parts() {
        let day = Date::from_ymd(1969, 12, 31);
        for (record, person, on, deleted) in
            [(Some(u64::MAX), None, day, true), (None, Some(1), None, false), (Some(7), Some(9), day, false)]
        {
            let kept = RecordChange::from_bits(RecordChange::new(record, person, on, (1 << 31) - 2, deleted).to_bits());
            let parts = (kept.record(), kept.person(), kept.on(), kept.line(), kept.is_deleted());
            assert_eq!(parts, (record, person, on, (1 << 31) - 2, deleted));
            assert_eq!(kept.moved(1), RecordChange::new(record, person, on, (1 << 31) - 1, deleted));
            assert_eq!(kept.moved(u32::MAX).line(), (1 << 31) - 1);
        }
    }

    #[test]
    fn a_place_keeps_both_its_numbers() {
        let place = Place::new((1 << 36) - 1, (1 << 28) - 1).unwrap();
        assert_eq!((place.offset(), place.line()), ((1 << 36) - 1, (1 << 28) - 1));
        assert_eq!(Place::new(1 << 36, 1), None);
        assert_eq!(Place::new(1, 1 << 28), None);
    }
}
