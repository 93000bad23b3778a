//! 部门记录: what one source delivered, as far as it concerns people on the register, with counts of everything else.

use super::kind::Kind;
use super::table::{Table, Texts};
use crate::kernel::{Date, Digest, Message};

/// One delivered file of a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExtractFile {
    /// Relative to the workspace, `/` between parts: `inbox/vehicle/2026-11.csv`.
    pub path: String,
    pub digest: Digest,
    pub bytes: u64,
    /// Encoding and delimiter found, as people read it: `GB18030, |`.
    pub format: String,
    /// Rows read, usable or not; the heading is none.
    pub rows: u64,
}

impl ExtractFile {
    /// As many rows as a sheet of the old or the new kind takes, whoever wrote the file in the end: an export that ran
    /// through a spreadsheet lost the rest without a word. A heading and titles over it take some lines of the sheet.
    fn fills_a_sheet(&self) -> bool {
        const SHEETS: [u64; 2] = [1 << 16, 1 << 20];
        const HEADING_LINES: u64 = 3;
        SHEETS.iter().any(|lines| (lines - HEADING_LINES..=*lines).contains(&self.rows))
    }
}

/// 溯源坐标: where a row stands. Physical line, the heading being line 1; for a spreadsheet the row of its sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RowRef {
    /// Index in [`Evidence::files`].
    pub file: u16,
    /// Sheet number in a spreadsheet, 0 otherwise.
    pub sheet: u16,
    pub line: u32,
    /// Byte offset of the record in a text file, 0 in a spreadsheet.
    pub offset: u64,
}

/// Where every row read ended. Each row is in exactly one of the last four (invariant I-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Bins {
    pub read: u64,
    /// At least one person in the row was linked to the register, in any grade A to D.
    pub linked: u64,
    /// A good row about nobody on the register.
    pub unlinked: u64,
    /// Not usable: goes back to the department with its reason.
    pub rejected: u64,
    /// Not about a person, or withdrawn at the source: footers, companies, deleted rows.
    pub skipped: u64,
}

impl Bins {
    pub fn closes(&self) -> bool {
        self.read == self.linked + self.unlinked + self.rejected + self.skipped
    }

    pub fn add(&mut self, other: &Bins) {
        self.read += other.read;
        self.linked += other.linked;
        self.unlinked += other.unlinked;
        self.rejected += other.rejected;
        self.skipped += other.skipped;
    }
}

/// A row or a field that a department should mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub at: RowRef,
    /// Heading of the field, empty if the row as a whole is at fault.
    pub column: String,
    /// Wording key of the reason, `ingest.reject_…`.
    pub reason: &'static str,
    /// The record's text as it was delivered (decoded; damaged bytes as U+FFFD), cut at 4,000 characters.
    pub text: String,
    /// The whole row was set aside; otherwise only the field was left blank and the row was used.
    pub whole_row: bool,
}

/// What a reject keeps from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Row,
    /// The row stands, and its person is not matched.
    Person,
    Field,
}

impl Scope {
    pub fn of(reason: &str, whole_row: bool) -> Self {
        match reason {
            _ if whole_row => Self::Row,
            // Reasons of the register: what it says of somebody must be known before anybody is matched.
            _ if reason.starts_with("run.") => Self::Person,
            _ => Self::Field,
        }
    }
}

/// A department's code without a meaning in its layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// Index in [`Kind::fields`].
    pub field: usize,
    /// As delivered.
    pub value: String,
    /// Kept rows that hold it.
    pub rows: u64,
}

/// Persons found in the kept rows: one entry per person in a row (owner, co-owner, spouse).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parties {
    /// Row in [`Evidence::table`].
    pub row: Vec<u32>,
    /// Index in [`Kind::persons`].
    pub slot: Vec<u8>,
    /// Id and name of this person as delivered, trimmed; may be empty.
    pub id: Texts,
    pub name: Texts,
}

impl Parties {
    pub fn len(&self) -> usize {
        self.row.len()
    }

    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    pub fn push(&mut self, row: u32, slot: u8, id: &str, name: &str) {
        self.row.push(row);
        self.slot.push(slot);
        self.id.push(id);
        self.name.push(name);
    }

    /// Takes over `other`, whose rows follow `rows` rows already held.
    pub fn append(&mut self, other: Parties, rows: u32) {
        if self.is_empty() && rows == 0 {
            *self = other;
            return;
        }
        self.row.extend(other.row.iter().map(|row| row + rows));
        self.slot.extend_from_slice(&other.slot);
        self.id.append(&other.id);
        self.name.append(&other.name);
    }
}

/// The newest date that rows of a delivery carry, as a reading on some day saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Newest {
    /// Up to the day of the reading; `None`: no row carries a date.
    pub date: Option<Date>,
    pub read_on: Date,
    /// A row was dated after that day.
    pub dated_later: bool,
}

impl Newest {
    /// A reading on `day` would find the same date.
    pub fn holds_on(&self, day: Date) -> bool {
        day == self.read_on || (!self.dated_later && self.date.is_none_or(|date| date <= day))
    }
}

/// Why a delivery that could be read is not whole, as far as anybody can tell: whom it does not name may stand in what is
/// missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Shortfall {
    /// A file ends within a record.
    BrokenOff,
    /// A file ends where a spreadsheet's sheet ends: what did not fit was cut.
    FullSheet,
    /// Fewer usable rows than so many, which are expected.
    FewerRows { rows: u64, expected: u64 },
    /// Fewer links that enter a case than so many: its rows no longer say whose they are, or as many of them are others'.
    FewerLinks { links: u64, expected: u64 },
    /// More numbers of people on the register stand in it under others' names than there are links that enter a case.
    OthersNames { links: u64, others: u64 },
    /// So many usable rows, and nobody of the register in them.
    Nobody { rows: u64 },
    /// So many of the files are gone of which the last whole delivery was read, and others of them are still there.
    PartGone { files: u64 },
    /// It speaks for an earlier day than the last whole delivery did.
    Older {
        #[serde(with = "crate::kernel::iso_date")]
        before: Date,
    },
}

impl Shortfall {
    /// The sentence that tells it.
    pub fn message(self) -> Message {
        match self {
            Self::BrokenOff => Message::new("run.broken_off"),
            Self::FullSheet => Message::new("run.full_sheet"),
            Self::FewerRows { rows, expected } => {
                Message::new("run.fewer_rows").with("rows", rows).with("expected", expected)
            }
            Self::FewerLinks { links, expected } => {
                Message::new("run.fewer_links").with("links", links).with("expected", expected)
            }
            Self::OthersNames { links, others } => {
                Message::new("run.others_names").with("links", links).with("others", others)
            }
            Self::Nobody { rows } => Message::new("run.nobody").with("rows", rows),
            Self::PartGone { files } => Message::new("run.part_gone").with("files", files),
            Self::Older { before } => Message::new("run.older").with("before", before),
        }
    }
}

/// What became of a source in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Read; speaks for this date (the layout's, else the newest `as_of` in it, else the one in the file's name). `None`: nobody
    /// knows, and it counts as stale where the layout sets a cycle.
    Arrived { as_of: Option<Date>, stale: bool, short: Option<Shortfall> },
    /// No file in the inbox.
    Missing,
    /// A file is there but could not be read as this layout says; why.
    Refused(crate::kernel::Error),
}

impl Delivery {
    /// One word for summaries and wording keys.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Arrived { stale: true, .. } => "stale",
            Self::Arrived { short: Some(_), .. } => "incomplete",
            Self::Arrived { .. } => "arrived",
            Self::Missing => "missing",
            Self::Refused(_) => "refused",
        }
    }

    /// The day it speaks for, if it arrived and that is known.
    pub fn as_of(&self) -> Option<Date> {
        match self {
            Self::Arrived { as_of, .. } => *as_of,
            Self::Missing | Self::Refused(_) => None,
        }
    }
}

/// One source's rows about people on the register.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Source code: the name of `sources/<source>.toml`.
    pub source: String,
    /// 公安交管, 不动产登记 … as the layout says.
    pub department: String,
    pub kind: Kind,
    pub delivery: Delivery,
    /// What `delivery` rests on; `None` if nothing was read.
    pub newest: Option<Newest>,
    pub files: Vec<ExtractFile>,
    /// Kept rows, in file and line order.
    pub table: Table,
    pub refs: Vec<RowRef>,
    pub parties: Parties,
    /// `linked` and `unlinked` are final only after linking.
    pub bins: Bins,
    /// In file and line order, at most `REJECTS_KEPT` of rows and as many of fields; the counts are in `reject_counts`.
    pub rejects: Vec<Reject>,
    /// Column heading, reason key, whole row → count. Sorted.
    pub reject_counts: std::collections::BTreeMap<(String, &'static str, bool), u64>,
    /// Of a run's sources, once they are linked.
    pub unmapped: Vec<Unmapped>,
    /// Row in [`Evidence::table`] and index in [`Kind::fields`] of what was given and could not be read, where the table says
    /// what it says of what was not given, and of codes without a meaning. Ascending.
    pub unread: Vec<(u32, u16)>,
}

impl Evidence {
    /// Takes the kept rows out; counts, rejects and files stay.
    pub fn take_rows(&mut self) -> Table {
        self.refs = Vec::new();
        self.parties = Parties::default();
        self.unread = Vec::new();
        std::mem::replace(&mut self.table, Table::new(self.kind.types()))
    }

    /// What its files themselves show of not being whole.
    pub fn files_fall_short(&self) -> Option<Shortfall> {
        if self.reject_counts.keys().any(|(_, reason, _)| *reason == "ingest.reject_truncated") {
            return Some(Shortfall::BrokenOff);
        }
        self.files.iter().any(ExtractFile::fills_a_sheet).then_some(Shortfall::FullSheet)
    }

    /// Why what was read is not whole.
    pub fn short(&self) -> Option<Shortfall> {
        match self.delivery {
            Delivery::Arrived { short, .. } => short,
            Delivery::Missing | Delivery::Refused(_) => None,
        }
    }

    /// Rows that say something, of people on the register or not.
    pub fn usable_rows(&self) -> u64 {
        self.bins.linked + self.bins.unlinked
    }

    /// A source of which nothing was read.
    pub fn absent(source: &str, department: &str, kind: Kind, delivery: Delivery) -> Self {
        Self {
            source: source.to_owned(),
            department: department.to_owned(),
            table: Table::new(kind.types()),
            kind,
            delivery,
            newest: None,
            files: Vec::new(),
            refs: Vec::new(),
            parties: Parties::default(),
            bins: Bins::default(),
            rejects: Vec::new(),
            reject_counts: std::collections::BTreeMap::new(),
            unmapped: Vec::new(),
            unread: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    #[test]
    fn a_file_shows_that_it_is_not_whole_by_where_it_ends() {
        let day = Date::from_ymd(2026, 11, 24).unwrap();
        let with = |rows: &[u64], reason: Option<&'static str>| {
            let delivery = Delivery::Arrived { as_of: Some(day), stale: false, short: None };
            let mut evidence = Evidence::absent("tax", "税务", kind::builtin("tax").unwrap(), delivery);
            let file = |rows: &u64| ExtractFile {
                path: "inbox/tax/1.csv".to_owned(),
                digest: Digest::of(b""),
                bytes: 1,
                format: String::new(),
                rows: *rows,
            };
            evidence.files = rows.iter().map(file).collect();
            evidence.reject_counts = reason.map(|reason| ((String::new(), reason, true), 1)).into_iter().collect();
            evidence.files_fall_short()
        };
        assert_eq!(with(&[500, 65_535], None), Some(Shortfall::FullSheet), "65,536 lines with the heading");
        assert_eq!(with(&[1_048_574], None), Some(Shortfall::FullSheet), "1,048,576 with a title over the heading");
        assert_eq!(with(&[65_537, 1_048_577, 65_532], None), None);
        assert_eq!(with(&[65_535], Some("ingest.reject_truncated")), Some(Shortfall::BrokenOff), "the plainer sign");
        assert_eq!(with(&[3], Some("ingest.reject_no_person")), None);
    }

    #[test]
    fn a_reading_holds_on_other_days_unless_a_date_would_count_otherwise() {
        let day = |day| Date::from_ymd(2026, 11, day).unwrap();
        let newest = |date: Option<Date>, dated_later| Newest { date, read_on: day(20), dated_later };
        assert!(newest(Some(day(18)), false).holds_on(day(21)));
        assert!(newest(None, false).holds_on(day(1)));
        assert!(!newest(Some(day(18)), false).holds_on(day(17)), "it was not yet a date of the past");
        assert!(!newest(Some(day(18)), true).holds_on(day(21)), "the later one may be past by then");
        assert!(newest(Some(day(18)), true).holds_on(day(20)));
    }
}
