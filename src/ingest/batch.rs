//! What was read so far: kept rows, counts and rejects. Batches of chunks are joined in file order.

use std::collections::BTreeMap;

use super::held::HeldRows;
use crate::kernel::Date;
use crate::model::evidence::{Bins, Newest, Parties, Reject, RowRef};
use crate::model::extract_keys::{Entry, Place, RecordChange};
use crate::model::kind::Kind;
use crate::model::table::Table;

/// Rejects kept with their text, per source: so many of rows, and as many of fields. A person mends some hundreds; a source
/// with more is broken as a whole and its counts say so. The bound keeps a wrong file from filling memory.
pub const REJECTS_KEPT: usize = 10_000;

/// Characters of a rejected row that are kept.
pub(super) const REJECT_CHARACTERS: usize = 4_000;

/// Rejects by cell (none: the row), reason, and whether the whole row was set aside.
type Counts = BTreeMap<(Option<usize>, &'static str, bool), u64>;

/// The first rejects of rows and of fields. Apart: a column that is wrong throughout leaves the lost rows their room.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    pub(super) rows: Vec<Reject>,
    pub(super) fields: Vec<Reject>,
}

impl Rejects {
    pub(super) fn extend(&mut self, rows: Vec<Reject>, fields: Vec<Reject>) {
        for (mine, more) in [(&mut self.rows, rows), (&mut self.fields, fields)] {
            if !more.is_empty() {
                mine.extend(more);
                mine.sort_by_key(|reject| reject.at);
                mine.truncate(REJECTS_KEPT);
            }
        }
    }

    /// All of them, in file and line order.
    pub(super) fn in_order(self) -> Vec<Reject> {
        let mut all = self.rows;
        all.extend(self.fields);
        all.sort_by_key(|reject| reject.at);
        all
    }
}

#[derive(Debug)]
pub(super) struct Batch {
    pub(super) table: Table,
    /// Of the table's rows and of those held.
    pub(super) refs: Vec<RowRef>,
    /// Kept rows that follow those of the table.
    pub(super) held: HeldRows,
    pub(super) parties: Parties,
    /// As [`crate::model::evidence::Evidence::unread`].
    pub(super) unread: Vec<(u32, u16)>,
    pub(super) bins: Bins,
    pub(super) rejects: Rejects,
    pub(super) reject_counts: Counts,
    pub(super) newest: Option<Date>,
    /// The last `as_of` cell looked at: in most extracts all rows carry the same one, which is then read once.
    pub(super) last_as_of: Vec<u8>,
    /// A row was dated after the day of the reading.
    pub(super) dated_later: bool,
    /// Records that rows delete or change, of sources that number their records.
    pub(super) changes: Vec<RecordChange>,
    /// Keys of all good rows, if they were asked for and every row has a place.
    pub(super) entries: Option<Vec<Entry>>,
}

impl Batch {
    pub(super) fn new(kind: &Kind) -> Self {
        Self {
            table: Table::new(kind.types()),
            refs: Vec::new(),
            held: HeldRows::default(),
            parties: Parties::default(),
            unread: Vec::new(),
            bins: Bins::default(),
            rejects: Rejects::default(),
            reject_counts: BTreeMap::new(),
            newest: None,
            last_as_of: Vec::new(),
            dated_later: false,
            changes: Vec::new(),
            entries: Some(Vec::new()),
        }
    }

    /// Counts a reject, and keeps it if there is room; its text is made only then.
    pub(super) fn reject(&mut self, cell: Option<usize>, reason: &'static str, make: impl FnOnce() -> Reject) {
        let whole_row = cell.is_none();
        *self.reject_counts.entry((cell, reason, whole_row)).or_default() += 1;
        let kept = if whole_row { &mut self.rejects.rows } else { &mut self.rejects.fields };
        if kept.len() < REJECTS_KEPT {
            kept.push(make());
        }
    }

    /// The newest date of the rows, read on this day.
    pub(super) fn newest_on(&self, today: Date) -> Newest {
        Newest { date: self.newest, read_on: today, dated_later: self.dated_later }
    }

    /// Keys a row; a row without a place ends the index of its file.
    pub(super) fn key(&mut self, key: u64, offset: u64, line: u32) {
        match (Place::new(offset, line), &mut self.entries) {
            (Some(place), Some(entries)) => entries.push(Entry { key, place }),
            _ => self.entries = None,
        }
    }

    /// Keeps rows that were counted here as unlinked before they were read.
    pub(super) fn keep(&mut self, kept: Batch) {
        assert!(self.held.is_empty() && kept.held.is_empty(), "rows were left unread");
        self.bins.linked += kept.bins.linked;
        self.bins.unlinked -= kept.bins.linked;
        self.take_rows_of(kept.parties, kept.unread);
        self.table.append(kept.table);
        self.refs.extend(kept.refs);
        for (key, count) in kept.reject_counts {
            *self.reject_counts.entry(key).or_default() += count;
        }
        self.rejects.extend(kept.rejects.rows, kept.rejects.fields);
    }

    /// Keeps these rows of the table, which ascend; the others were withdrawn. What could not be read in those has gone back.
    pub(super) fn keep_only(&mut self, rows: &[usize]) {
        let gone = (self.table.rows() - rows.len()) as u64;
        if gone == 0 {
            return;
        }
        let moved = |row: u32| rows.binary_search(&(row as usize)).ok().map(|row| row as u32);
        let mut parties = Parties::default();
        for at in 0..self.parties.len() {
            if let Some(row) = moved(self.parties.row[at]) {
                parties.push(row, self.parties.slot[at], self.parties.id.get(at), self.parties.name.get(at));
            }
        }
        self.parties = parties;
        self.unread = self.unread.iter().filter_map(|(row, field)| Some((moved(*row)?, *field))).collect();
        self.refs = rows.iter().map(|row| self.refs[*row]).collect();
        self.table.keep(rows);
        self.bins.linked -= gone;
        self.bins.skipped += gone;
    }

    /// What is said of rows that follow those of the table.
    fn take_rows_of(&mut self, parties: Parties, unread: Vec<(u32, u16)>) {
        let rows = self.table.rows() as u32;
        self.parties.append(parties, rows);
        self.unread.extend(unread.into_iter().map(|(row, field)| (row + rows, field)));
    }

    fn take_entries(&mut self, others: Option<Vec<Entry>>, lines: u32) {
        let Some((mine, others)) = self.entries.take().zip(others) else { return };
        let mut mine = mine;
        let moved = |entry: Entry| {
            let place = Place::new(entry.place.offset(), entry.place.line().saturating_add(lines))?;
            Some(Entry { place, ..entry })
        };
        mine.reserve(others.len());
        for entry in others {
            let Some(entry) = moved(entry) else { return };
            mine.push(entry);
        }
        self.entries = Some(mine);
    }

    /// Takes over what follows; `lines` is the number of lines before it.
    pub(super) fn append(&mut self, other: Batch, lines: u32) {
        assert!(self.held.is_empty() && other.held.is_empty(), "rows were left unread");
        let moved = |at: RowRef| RowRef { line: at.line.saturating_add(lines), ..at };
        self.take_rows_of(other.parties, other.unread);
        self.table.append(other.table);
        self.refs.extend(other.refs.into_iter().map(moved));
        self.bins.add(&other.bins);
        let moved = |mut rejects: Vec<Reject>| {
            rejects.iter_mut().for_each(|reject| reject.at = moved(reject.at));
            rejects
        };
        self.rejects.extend(moved(other.rejects.rows), moved(other.rejects.fields));
        for (key, count) in other.reject_counts {
            *self.reject_counts.entry(key).or_default() += count;
        }
        self.changes.extend(other.changes.into_iter().map(|one| one.moved(lines)));
        self.newest = self.newest.max(other.newest);
        self.dated_later |= other.dated_later;
        self.take_entries(other.entries, lines);
    }
}
