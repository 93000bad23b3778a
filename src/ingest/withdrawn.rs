//! 已撤回: what a department delivered of a record before it deleted the record at the source.
//!
//! A row whose `operation` says so is no record itself; under its `record_id` it also takes back every row before it, in the same
//! file or in one that comes earlier. A row of that number that stands behind it is nobody's to explain: the number was given
//! again, or the list is not in the order of time. It is kept, no rule goes by it, and it goes back to the department.
//! Only where the layout maps both fields.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::batch::Batch;
use crate::model::evidence::Reject;
use crate::model::extract_keys::Withdrawn;
use crate::model::kind::{Kind, RECORD_ID};

/// Of a record's number; the same in every run, for key indexes keep it.
pub(super) fn hash_of(record: &str) -> u64 {
    FixedState::default().hash_one(record)
}

/// The reason of a row that stands behind the one that withdraws its record.
const STANDS_AGAIN: &str = "ingest.reject_withdrawn";

/// Takes the rows of withdrawn records out of those that are kept; `withdrawn` beside the file that says so.
pub(super) fn take_out(withdrawn: &[(u16, Withdrawn)], all: &mut Batch, kind: &Kind) -> Vec<Reject> {
    let Some(field) = kind.field(RECORD_ID).filter(|_| !withdrawn.is_empty()) else { return Vec::new() };
    let mut last: HashMap<u64, (u16, u32), FixedState> = HashMap::default();
    for (file, Withdrawn { record, line }) in withdrawn {
        let place = last.entry(*record).or_default();
        *place = (*place).max((*file, *line));
    }
    let (mut stay, mut doubtful) = (Vec::new(), Vec::new());
    for (row, (number, at)) in all.table.texts(field).iter().zip(&all.refs).enumerate() {
        let withdrawn = if number.is_empty() { None } else { last.get(&hash_of(number)) };
        match withdrawn {
            Some(by) if (at.file, at.line) < *by => continue,
            Some(_) => doubtful.push((stay.len() as u32, number.to_owned())),
            None => {}
        }
        stay.push(row);
    }
    all.keep_only(&stay);
    all.unread.extend(doubtful.iter().map(|(row, _)| (*row, field as u16)));
    all.unread.sort_unstable();
    let column = &kind.fields[field].label;
    let reject = |(row, text): (u32, String)| {
        let at = all.refs[row as usize];
        Reject { at, column: column.clone(), reason: STANDS_AGAIN, text, whole_row: false }
    };
    doubtful.into_iter().map(reject).collect()
}
