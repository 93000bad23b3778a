//! Files read before: their key index tells which rows are needed, and their summary counts the rest.
//!
//! Without doubt or not at all: a file whose rows do not lie where the index says is read in full again. The evidence is
//! the same either way, which the tests compare.

use std::collections::BTreeMap;

use super::batch::{Batch, Rejects};
use super::delivered::Delivered;
use super::encoding::Encoding;
use super::{Connector, Job, PartyView, ReadFile};
use crate::kernel::{Date, Result, wording};
use crate::model::evidence::{Bins, ExtractFile, Reject, RowRef};
use crate::model::extract_keys::{Entry, FileSummary, KeptReject, Place};

/// Calls back with every key of a person in a row.
type EachKey<'a> = dyn Fn(&PartyView<'_>, &mut dyn FnMut(u64)) + Sync + 'a;

/// How a reading uses and makes key indexes. Paths are relative to the workspace.
pub struct Keys<'a> {
    pub of: &'a EachKey<'a>,
    /// Where rows stand whose person may be wanted: at least those that the reading's `wanted` keeps. Asked about many
    /// entries at once, in the order of their rows; answers in that order, each place once.
    pub places: &'a (dyn Fn(&[Entry]) -> Vec<Place> + Sync),
    /// What is known of the file at this path, if it has not changed since.
    pub known: &'a (dyn Fn(&str) -> Option<Known> + Sync),
    /// Takes entries of a file (its number among the source's) that is being read in full, ascending; the next ones begin
    /// anew.
    pub run: &'a (dyn Fn(u16, &[Entry]) + Sync),
    /// Closes the index of a file that was read in full. The bytes are the rows of a spreadsheet as text, so that one row can be
    /// read without the rest; none for a text file, whose rows stand in the file itself.
    pub made: &'a (dyn Fn(u16, &FileSummary, &[u8]) + Sync),
}

/// A file read before, and which of its rows are needed now.
pub struct Known {
    pub summary: FileSummary,
    /// Ascending, each once.
    pub places: Vec<Place>,
    /// Of a spreadsheet: all its rows as text, wherever they lie.
    pub rows: Box<dyn AsRef<[u8]> + Send + Sync>,
}

impl Known {
    /// The file's, as it was read.
    pub(super) fn encoding(&self) -> Encoding {
        if self.summary.gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 }
    }

    pub(super) fn serves(&self, delivered: &Delivered, today: Date) -> bool {
        self.summary.file.bytes == delivered.len() as u64 && self.summary.newest.holds_on(today)
    }
}

/// A file's part of the evidence.
pub(super) struct ReadPart {
    pub(super) batch: Batch,
    pub(super) headings: Vec<String>,
    pub(super) file: ExtractFile,
}

/// Reads a file in full and hands its index over.
pub(super) fn read(
    connector: &dyn Connector,
    delivered: &Delivered,
    index: u16,
    path: &str,
    job: &Job<'_>,
) -> Result<ReadPart> {
    let ReadFile { mut batch, headings, digest, format, encoding, sheet } = connector.read(delivered, index, job)?;
    delivered.check_unchanged()?;
    let (path, bytes, rows) = (path.to_owned(), delivered.len() as u64, batch.bins.read);
    let file = ExtractFile { path, digest, bytes, format, rows };
    if let (Some(keys), Some(mut entries)) = (job.keys, batch.entries.take()) {
        hand_over(&mut entries, index, keys);
        let (sheet, rows) = sheet.map_or((None, Vec::new()), |(sheet, rows)| (Some((sheet, headings.clone())), rows));
        (keys.made)(index, &summary(&batch, &file, encoding, sheet, job.today), &rows);
    }
    Ok(ReadPart { batch, headings, file })
}

/// So many entries of a text file are held before they are handed over; four megabytes.
pub(super) const RUN: usize = 1 << 18;

/// Gives entries to the index, and forgets them.
pub(super) fn hand_over(entries: &mut Vec<Entry>, file: u16, keys: &Keys<'_>) {
    sort(entries);
    entries.dedup();
    (keys.run)(file, entries);
    entries.clear();
}

/// By key and place. Hardly two rows have one key: comparing keys alone nearly halves the work.
fn sort(entries: &mut [Entry]) {
    entries.sort_unstable_by_key(|entry| entry.key);
    entries.chunk_by_mut(|a, b| a.key == b.key).for_each(|same| same.sort_unstable());
}

/// The part of a file read before; `None` if its rows are not where they were.
pub(super) fn pick(
    connector: &dyn Connector,
    delivered: &Delivered,
    index: u16,
    known: Known,
    job: &Job<'_>,
) -> Result<Option<ReadPart>> {
    let picked = connector.pick(delivered, index, &known, job)?;
    let batch = picked.batch;
    let FileSummary { file, bins, newest, changes, rejects, reject_counts, .. } = known.summary;
    let restored = restore(rejects, index);
    let (Some(restored), 0, 0) = (restored, batch.bins.rejected, batch.bins.skipped) else { return Ok(None) };
    job.progress.advance(job.code, file.bytes, bins.read);
    let mut all = Batch { bins, rejects: Rejects { rows: restored, ..Rejects::default() }, ..Batch::new(job.kind) };
    (all.newest, all.dated_later, all.changes) = (newest.date, newest.dated_later, changes);
    for (reason, count) in &reject_counts {
        if let Some(reason) = wording::key(reason) {
            all.reject_counts.insert((None, reason, true), *count);
        }
    }
    all.keep(batch);
    Ok(Some(ReadPart { batch: all, headings: picked.headings, file }))
}

fn summary(
    batch: &Batch,
    file: &ExtractFile,
    encoding: Encoding,
    sheet: Option<(u16, Vec<String>)>,
    today: Date,
) -> FileSummary {
    let rejects = batch.rejects.rows.iter().map(|reject| KeptReject {
        sheet: reject.at.sheet,
        line: reject.at.line,
        offset: reject.at.offset,
        reason: reject.reason.to_owned(),
        text: reject.text.clone(),
    });
    let mut reject_counts: BTreeMap<String, u64> = BTreeMap::new();
    for ((_, reason, _), count) in batch.reject_counts.iter().filter(|((_, _, whole_row), _)| *whole_row) {
        *reject_counts.entry((*reason).to_owned()).or_default() += count;
    }
    let Bins { linked, unlinked, .. } = batch.bins;
    FileSummary {
        file: file.clone(),
        bins: Bins { linked: 0, unlinked: linked + unlinked, ..batch.bins },
        gb18030: encoding == Encoding::Gb18030,
        sheet,
        newest: batch.newest_on(today),
        changes: batch.changes.clone(),
        rejects: rejects.collect(),
        reject_counts: reject_counts.into_iter().collect(),
    }
}

/// `None` if a reason is none of this version's.
fn restore(rejects: Vec<KeptReject>, file: u16) -> Option<Vec<Reject>> {
    let restored = rejects.into_iter().map(|kept| {
        let at = RowRef { file, sheet: kept.sheet, line: kept.line, offset: kept.offset };
        let reason = wording::key(&kept.reason)?;
        Some(Reject { at, column: String::new(), reason, text: kept.text, whole_row: true })
    });
    restored.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_are_in_order_of_key_and_place(rows in prop::collection::vec((0..20_u64, 0..9_u32), 0..100)) {
            let entry = |(key, line)| Entry { key, place: Place::new(u64::from(line), line).unwrap() };
            let mut entries: Vec<Entry> = rows.into_iter().map(entry).collect();
            let mut expected = entries.clone();
            expected.sort();
            sort(&mut entries);
            prop_assert_eq!(entries, expected);
        }
    }
}
