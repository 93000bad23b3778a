//! 已撤回、已更新: what a department delivered of a record before it deleted or changed the record at the source. Only where the
//! layout maps `record_id`, and of kept rows.
//!
//! A row whose `operation` says so is no record itself; under its number it also takes back what came before it: by their days if
//! the two rows have different ones, else by their places (files in the order of their names, then lines). A later row of one
//! number about the same person replaces the earlier one; here days alone tell.
//!
//! What nobody can tell is kept, no rule goes by it, and it goes back to the department: a row that stands behind the one that
//! withdraws it without a later day (its number was given again, or the list is not in the order of time); a withdrawal that
//! names somebody else; two rows of one number that say different things on one day.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use unicode_normalization::UnicodeNormalization;

use super::batch::Batch;
use crate::kernel::Date;
use crate::model::evidence::{Reject, RowRef};
use crate::model::extract_keys::Withdrawn;
use crate::model::kind::{self, Kind, RECORD_ID};
use crate::model::table::{Column, Table};

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
    let is_rounded = usual.split_once("E+").is_some_and(|(digits, exponent)| {
        digits.starts_with(|first: char| first.is_ascii_digit()) && exponent.parse::<u32>().is_ok()
    });
    (!usual.is_empty() && !is_rounded).then(|| FixedState::default().hash_one(usual))
}

/// How a kept row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Holds,
    Gone,
    Doubtful,
}

/// Takes rows that do not hold any more out of those that are kept, and gives what goes back of the others; `heading` is that of
/// the number in a file.
pub(super) fn take_out(
    mut withdrawn: Vec<(u16, Withdrawn)>,
    all: &mut Batch,
    kind: &Kind,
    heading: impl Fn(u16) -> String,
) -> Vec<Reject> {
    let Some(field) = kind.field(RECORD_ID) else { return Vec::new() };
    if all.table.texts(field).iter().all(str::is_empty) {
        return Vec::new();
    }
    withdrawn.sort_unstable_by_key(|(_, one)| one.record);
    let rows = Rows::of(&all.table, &all.refs, kind, field);
    let mut standings: Vec<Standing> = (0..all.refs.len()).map(|row| rows.beside(row, &withdrawn)).collect();
    rows.replace(&mut standings);
    let stay: Vec<usize> = (0..standings.len()).filter(|row| standings[*row] != Standing::Gone).collect();
    let is_doubtful = |row: &u32| standings[stay[*row as usize]] == Standing::Doubtful;
    let doubtful: Vec<u32> = (0..stay.len() as u32).filter(is_doubtful).collect();
    all.keep_only(&stay);
    all.unread.extend(doubtful.iter().map(|row| (*row, field as u16)));
    all.unread.sort_unstable();
    let reject = |row: u32| {
        let at = all.refs[row as usize];
        let text = all.table.columns.iter().map(|column| column.text(row as usize)).collect::<Vec<_>>().join(" | ");
        Reject { at, column: heading(at.file), reason: STANDS_AGAIN, text, whole_row: false }
    };
    doubtful.into_iter().map(reject).collect()
}

/// Kept rows, by what tells whether they hold.
struct Rows<'t> {
    table: &'t Table,
    kind: &'t Kind,
    refs: &'t [RowRef],
    /// Hashes of number and person; `None`: not given, or nothing that tells records apart.
    numbers: Vec<Option<u64>>,
    persons: Vec<Option<u64>>,
    /// The number is given and cannot be used.
    unusable: Vec<bool>,
}

impl<'t> Rows<'t> {
    fn of(table: &'t Table, refs: &'t [RowRef], kind: &'t Kind, field: usize) -> Self {
        let numbers: Vec<Option<u64>> = table.texts(field).iter().map(hash_of).collect();
        let unusable = table.texts(field).iter().zip(&numbers).map(|(text, hash)| !text.is_empty() && hash.is_none());
        let unusable = unusable.collect();
        let persons = table.texts(kind.persons[0].id).iter().map(hash_of).collect();
        Self { table, kind, refs, numbers, persons, unusable }
    }

    fn day(&self, row: usize) -> Option<Date> {
        match self.kind.field("as_of").map(|field| &self.table.columns[field]) {
            Some(Column::Date(days)) => days.get(row),
            _ => None,
        }
    }

    /// How a row stands beside what was withdrawn, which is in order of the records.
    fn beside(&self, row: usize, withdrawn: &[(u16, Withdrawn)]) -> Standing {
        let Some(record) = self.numbers[row] else {
            return if self.unusable[row] && !withdrawn.is_empty() { Standing::Doubtful } else { Standing::Holds };
        };
        let (at, day) = (self.refs[row], self.day(row));
        let first = withdrawn.partition_point(|(_, one)| one.record < record);
        let mut standing = Standing::Holds;
        for (file, one) in withdrawn[first..].iter().take_while(|(_, one)| one.record == record) {
            let is_later = match one.on.zip(day).filter(|(on, day)| on != day) {
                Some((on, day)) => on > day,
                None if (*file, one.line) > (at.file, at.line) => true,
                None => {
                    standing = Standing::Doubtful;
                    continue;
                }
            };
            let is_of_another = one.person.zip(self.persons[row]).is_some_and(|(other, own)| other != own);
            match (is_later, is_of_another) {
                (true, false) => return Standing::Gone,
                (true, true) => standing = Standing::Doubtful,
                (false, _) => {}
            }
        }
        standing
    }

    /// Of two rows of one number about one person the later holds.
    fn replace(&self, standings: &mut [Standing]) {
        let mut newest: HashMap<(u64, Option<u64>), usize, FixedState> = HashMap::default();
        for row in 0..standings.len() {
            let Some(record) = self.numbers[row].filter(|_| standings[row] == Standing::Holds) else { continue };
            match newest.entry((record, self.persons[row])) {
                Entry::Vacant(first) => _ = first.insert(row),
                Entry::Occupied(mut before) => {
                    let other = *before.get();
                    match self.day(other).zip(self.day(row)).filter(|(before, now)| before != now) {
                        Some((before, now)) if before > now => standings[row] = Standing::Gone,
                        Some(_) => standings[before.insert(row)] = Standing::Gone,
                        None if self.are_alike(row, other) => standings[row] = Standing::Gone,
                        None => [row, other].into_iter().for_each(|one| standings[one] = Standing::Doubtful),
                    }
                }
            }
        }
    }

    /// They say the same in every field of their kind.
    fn are_alike(&self, row: usize, other: usize) -> bool {
        let own = self.kind.fields.iter().zip(&self.table.columns).filter(|(field, _)| !kind::is_common(&field.name));
        own.map(|(_, column)| column).all(|column| column.text(row) == column.text(other))
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
