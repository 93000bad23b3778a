//! 已撤回、已更新: what a department delivered of a record before it deleted or changed the record at the source. Only where the
//! layout maps `record_id`, and of kept rows.
//!
//! A row whose `operation` says so is no record itself; under its number it also takes back what came before it: by their days if
//! the two rows have different ones, else by their places (files in the order of their names, then lines). A later row of one
//! number about the same person replaces the earlier one; here days alone tell.
//!
//! What nobody can tell is kept, no rule goes by it, and it goes back to the department: a row that stands behind the one that
//! withdraws it without a later day (its number was given again, or the list is not in the order of time); a withdrawal that
//! names somebody else, or has no usable number; rows of one number and day that say different things; a row of a number that
//! has passed to somebody else since: of somebody on the register any row tells, of others (a company, too) those whose operation
//! is an update. A day to come is no day.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use unicode_normalization::UnicodeNormalization;

use super::batch::{Batch, REJECT_CHARACTERS, REJECTS_KEPT};
use super::layout::UPDATE;
use crate::kernel::Date;
use crate::model::evidence::{Reject, RowRef};
use crate::model::extract_keys::RecordChange;
use crate::model::kind::{self, Kind, RECORD_ID};
use crate::model::table::{Column, Table};
use crate::standardise::numbers::is_rounded;

/// The reason of a row that withdraws and does not say what.
pub(super) const WITHOUT_NUMBER: &str = "ingest.reject_withdrawal";

/// The reason of a row of which nobody can tell whether it is withdrawn.
const STANDS_AGAIN: &str = "ingest.reject_withdrawn";

/// Of a record's number, however its letters are written; the same in every run, for key indexes keep it. `None`: nothing, or
/// a number that a spreadsheet has rounded, under which many records would be one.
pub(super) fn hash_of(number: &str) -> Option<u64> {
    let usual: String = number
        .nfkc()
        .filter(|letter| !letter.is_whitespace() && *letter != '\'')
        .flat_map(char::to_uppercase)
        .collect();
    (!usual.is_empty() && !is_rounded(&usual)).then(|| FixedState::default().hash_one(usual).max(1))
}

/// Under a number that so many rows withdraw, such as 0, stands no record.
const PLACEHOLDER: usize = 64;

/// What becomes of a kept row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Holds,
    Gone,
    Doubtful,
}

/// By column heading, reason and whole row, as [`crate::model::evidence::Evidence::reject_counts`].
type Counts = BTreeMap<(String, &'static str, bool), u64>;

/// Takes rows that do not hold any more out of those that are kept, and gives what goes back of the others, the first so many and
/// all in `counts`. `heading` is that of the number in a file.
pub(super) fn take_out(
    changes: Vec<(u16, RecordChange)>,
    all: &mut Batch,
    kind: &Kind,
    today: Date,
    heading: impl Fn(u16) -> String,
    counts: &mut Counts,
) -> Vec<Reject> {
    let field = kind.field(RECORD_ID).expect("a layout maps fields that its kind has");
    let rows = Rows::of(&all.table, &all.refs, kind, field, today);
    let changes = Changes::of(changes);
    let mut fates: Vec<Fate> = (0..all.refs.len()).map(|row| rows.beside(row, &changes)).collect();
    rows.replace(&mut fates);
    let stay: Vec<usize> = (0..fates.len()).filter(|row| fates[*row] != Fate::Gone).collect();
    let is_doubtful = |row: &u32| fates[stay[*row as usize]] == Fate::Doubtful;
    let doubtful: Vec<u32> = (0..stay.len() as u32).filter(is_doubtful).collect();
    all.keep_only(&stay);
    all.unread.extend(doubtful.iter().map(|row| (*row, field as u16)));
    all.unread.sort_unstable();
    let column_of = |row: u32| heading(all.refs[row as usize].file);
    doubtful.iter().for_each(|row| *counts.entry((column_of(*row), STANDS_AGAIN, false)).or_default() += 1);
    let reject = |row: &u32| {
        let text = all.table.row_text(*row as usize).chars().take(REJECT_CHARACTERS).collect();
        Reject { at: all.refs[*row as usize], column: column_of(*row), reason: STANDS_AGAIN, text, whole_row: false }
    };
    doubtful.iter().take(REJECTS_KEPT).map(reject).collect()
}

/// What was deleted or changed, in all files of a source.
struct Changes {
    /// In the order of the records.
    all: Vec<(u16, RecordChange)>,
    /// Whom deletions without a usable number are about.
    nameless: HashSet<u64, FixedState>,
    deletes: bool,
}

impl Changes {
    fn of(mut all: Vec<(u16, RecordChange)>) -> Self {
        all.sort_unstable_by_key(|(_, one)| one.record());
        let nameless =
            all.iter().filter(|(_, one)| one.record().is_none()).filter_map(|(_, one)| one.person()).collect();
        let deletes = all.iter().any(|(_, one)| one.is_deleted());
        Self { all, nameless, deletes }
    }

    fn of_record(&self, record: u64) -> &[(u16, RecordChange)] {
        let own = &self.all[self.all.partition_point(|(_, one)| one.record() < Some(record))..];
        &own[..own.partition_point(|(_, one)| one.record() == Some(record))]
    }
}

/// Kept rows, by what tells whether they hold.
struct Rows<'t> {
    table: &'t Table,
    kind: &'t Kind,
    refs: &'t [RowRef],
    /// Hash of the number; `None`: not given, or nothing that tells records apart.
    numbers: Vec<Option<u64>>,
    /// Whom the row is about: hash of the id, without one of the name.
    persons: Vec<Option<u64>>,
    /// The number is given and cannot be used.
    unusable: Vec<bool>,
    /// Day of each row, none to come.
    days: Vec<Option<Date>>,
    /// The row's own operation is an update.
    updates: Vec<bool>,
}

impl<'t> Rows<'t> {
    fn of(table: &'t Table, refs: &'t [RowRef], kind: &'t Kind, field: usize, today: Date) -> Self {
        let texts = |field: usize| table.texts(field).iter();
        let numbers: Vec<Option<u64>> = texts(field).map(hash_of).collect();
        let unusable = texts(field).zip(&numbers).map(|(text, hash)| !text.is_empty() && hash.is_none());
        let unusable = unusable.collect();
        let person = &kind.persons[0];
        let persons = texts(person.id).zip(texts(person.name)).map(|(id, name)| hash_of(id).or_else(|| hash_of(name)));
        let persons = persons.collect();
        let days = match kind.field("as_of").map(|field| &table.columns[field]) {
            Some(Column::Date(days)) => days.iter().map(|day| day.filter(|day| *day <= today)).collect(),
            _ => vec![None; refs.len()],
        };
        let updates = match kind.field("operation") {
            Some(field) => texts(field).map(|operation| operation == UPDATE).collect(),
            None => vec![false; refs.len()],
        };
        Self { table, kind, refs, numbers, persons, unusable, days, updates }
    }

    /// What becomes of a row beside what was deleted or changed.
    fn beside(&self, row: usize, changes: &Changes) -> Fate {
        let is_named = self.persons[row].is_some_and(|person| changes.nameless.contains(&person));
        let Some(record) = self.numbers[row] else {
            let is_doubtful = is_named || self.unusable[row] && changes.deletes;
            return if is_doubtful { Fate::Doubtful } else { Fate::Holds };
        };
        let own = changes.of_record(record);
        if own.len() > PLACEHOLDER {
            return Fate::Doubtful;
        }
        let (at, day) = (self.refs[row], self.days[row]);
        let mut fate = if is_named { Fate::Doubtful } else { Fate::Holds };
        for (file, one) in own {
            let is_of_another = one.person().zip(self.persons[row]).is_some_and(|(other, own)| other != own);
            let days = one.on().zip(day).filter(|(on, day)| on != day);
            let is_behind = (*file, one.line()) > (at.file, at.line);
            if !one.is_deleted() {
                // In the same person's name it is a row as any other. Co-owners of a record are changed together, and no record is
                // added after it was changed, in whatever order they stand.
                let is_later = days.map_or(!self.updates[row], |(on, day)| on > day);
                let may_be_anothers = is_of_another || one.person().is_none();
                fate = if is_later && may_be_anothers { Fate::Doubtful } else { fate };
                continue;
            }
            let is_later = match days {
                Some((on, day)) => on > day,
                None if is_behind => true,
                None => {
                    fate = Fate::Doubtful;
                    continue;
                }
            };
            match (is_later, is_of_another) {
                (true, false) => return Fate::Gone,
                (true, true) => fate = Fate::Doubtful,
                (false, _) => {}
            }
        }
        fate
    }

    /// Of the rows of one number, those of its newest day hold; whatever the order in which they stand.
    fn replace(&self, fates: &mut [Fate]) {
        let numbered = (0..fates.len()).filter(|row| fates[*row] != Fate::Gone && self.numbers[*row].is_some());
        let mut rows: Vec<usize> = numbered.collect();
        // By number and person, the newest first.
        rows.sort_by_key(|row| (self.numbers[*row], self.persons[*row], Reverse(self.days[*row])));
        for record in rows.chunk_by(|a, b| self.numbers[*a] == self.numbers[*b]).filter(|rows| rows.len() > 1) {
            let newest = record.iter().filter_map(|row| self.days[*row]).max();
            for of_person in record.chunk_by(|a, b| self.persons[*a] == self.persons[*b]) {
                self.replace_of_person(of_person, fates);
            }
            // It has passed to somebody else, or only the other owner's row was renewed.
            let older = record.iter().filter(|row| self.days[**row].is_some_and(|day| Some(day) < newest));
            older.for_each(|row| fates[*row] = if fates[*row] == Fate::Gone { Fate::Gone } else { Fate::Doubtful });
        }
    }

    /// The rows of one number about one person, the newest first.
    fn replace_of_person(&self, rows: &[usize], fates: &mut [Fate]) {
        let (first, others) = rows.split_first().expect("a group holds a row");
        for row in others {
            let is_older = self.days[*first].zip(self.days[*row]).is_some_and(|(newest, day)| day < newest);
            if is_older || self.are_alike(*row, *first) {
                fates[*row] = Fate::Gone;
            } else {
                (fates[*row], fates[*first]) = (Fate::Doubtful, Fate::Doubtful);
            }
        }
    }

    /// They say the same in every field of their kind, and of the person's name.
    fn are_alike(&self, row: usize, other: usize) -> bool {
        let fields = self.kind.fields.iter().zip(&self.table.columns).enumerate();
        let own =
            fields.filter(|(index, (field, _))| *index == self.kind.persons[0].name || !kind::is_common(&field.name));
        own.map(|(_, (_, column))| column).all(|column| column.text(row) == column.text(other))
    }
}

#[cfg(test)]
mod tests {
    use super::hash_of;

    #[test]
    fn a_number_is_one_however_it_is_written() {
        assert_eq!(hash_of("'ｒ 001"), hash_of("R001"));
        assert_ne!(hash_of("R001"), hash_of("R1"));
        for nothing in ["", " ", "2.02611E+17", "２.02611Ｅ+17"] {
            assert_eq!(hash_of(nothing), None, "{nothing}");
        }
        assert!(hash_of("E+17").is_some() && hash_of("7E+x").is_some());
    }
}
