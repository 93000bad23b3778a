//! The key index of one delivered file, as it lies on the disk: filled while the file is read, in runs of bounded size, so
//! that a file of any length costs no more memory than one run.
//!
//! A file: [`MAGIC`]; the runs, each its keys ascending and then their places in the same order; a spreadsheet's rows as
//! text; records that were deleted or changed, three numbers each; the summary as JSON padded to eight bytes; of each run's
//! entries, [`BLOCK`] at a time, the first key and the checksums of keys and places; the entries of each run; and at the very
//! end where rows begin and end, where those records and where the summary begins, how many runs there are, and the checksum of
//! everything behind the runs. All numbers u64 in the machine's own byte order, which the magic number would not survive. The
//! end is written last, so that half a file is none.
//!
//! Whatever is looked at is checked first: with one bit turned in a key, somebody's car was once not found, and nothing told.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use rayon::prelude::*;

use super::part::{PartFile, checksum};
use crate::kernel::Result;
use crate::model::extract_keys::{Entry, FileSummary, Place, RecordChange};

/// Changes whenever keys, places or what rows are read into change their meaning.
const MAGIC: u64 = u64::from_le_bytes(*b"HDKEYS07");

/// Numbers at the end.
const TAIL: usize = 6;

/// Entries checked together: a look-up touches a few thousand of them.
const BLOCK: usize = 1 << 11;

/// An index being filled, under another name until it is whole.
#[derive(Debug)]
pub struct KeyIndexWriter {
    out: PartFile,
    /// Entries of each run.
    runs: Vec<u64>,
    /// Of each block of each run: first key, checksums of keys and places.
    blocks: Vec<[u64; 3]>,
    column: Vec<u64>,
}

impl KeyIndexWriter {
    /// `path` tells those apart that are filled at the same time.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut out = PartFile::create(path)?;
        out.put(bytemuck::bytes_of(&MAGIC))?;
        Ok(Self { out, runs: Vec::new(), blocks: Vec::new(), column: Vec::new() })
    }

    /// Writes a column, and gives the checksums of its blocks.
    fn numbers(&mut self, numbers: impl Iterator<Item = u64>) -> Result<Vec<u64>> {
        self.column.clear();
        self.column.extend(numbers);
        self.out.put(bytemuck::cast_slice(&self.column))?;
        Ok(self.column.chunks(BLOCK).map(|block| checksum(bytemuck::cast_slice(block))).collect())
    }

    /// Adds a run of entries, ascending.
    ///
    /// # Errors
    /// The disk.
    pub fn run(&mut self, entries: &[Entry]) -> Result<()> {
        self.runs.push(entries.len() as u64);
        let keys = self.numbers(entries.iter().map(|entry| entry.key))?;
        let places = self.numbers(entries.iter().map(|entry| entry.place.to_bits()))?;
        let blocks = entries.chunks(BLOCK).zip(keys.into_iter().zip(places));
        self.blocks.extend(blocks.map(|(block, (keys, places))| [block[0].key, keys, places]));
        Ok(())
    }

    /// Closes the index and gives it its name.
    pub(super) fn finish(mut self, summary: &FileSummary, rows: &[u8], path: &Path) -> Result<()> {
        let begin = 8 + self.runs.iter().sum::<u64>() * 16;
        self.out.put(rows)?;
        self.out.put(&[b' '; 8][..rows.len().next_multiple_of(8) - rows.len()])?;
        let rows_end = begin + rows.len().next_multiple_of(8) as u64;
        let changes: Vec<[u64; 3]> = summary.changes.iter().map(|one| one.to_bits()).collect();
        let mut end = bytemuck::cast_slice(&changes).to_vec();
        let text = rows_end + end.len() as u64;
        serde_json::to_writer(&mut end, summary).expect("texts and numbers");
        end.resize(end.len().next_multiple_of(8), b' ');
        end.extend_from_slice(bytemuck::cast_slice(&self.blocks));
        end.extend_from_slice(bytemuck::cast_slice(&self.runs));
        let tail = [begin, begin + rows.len() as u64, rows_end, text, self.runs.len() as u64];
        end.extend_from_slice(bytemuck::cast_slice(&tail));
        self.out.put(&end)?;
        self.out.put(bytemuck::bytes_of(&sum_of_end(rows, &end)))?;
        self.out.finish(path)
    }
}

/// Of a spreadsheet's rows and everything behind them.
fn sum_of_end(rows: &[u8], end: &[u8]) -> u64 {
    checksum(bytemuck::cast_slice(&[checksum(rows), checksum(end)]))
}

/// The index of one file, mapped.
#[derive(Debug)]
pub struct KeyIndex {
    pub summary: FileSummary,
    map: Mmap,
    runs: Vec<Run>,
    rows: Range<usize>,
}

/// A spreadsheet's rows as text, where they lie: copied, they cost a look-up a tenth of its time. Empty for a text file.
pub struct SheetText {
    map: Mmap,
    rows: Range<usize>,
}

impl AsRef<[u8]> for SheetText {
    fn as_ref(&self) -> &[u8] {
        &self.map[self.rows.clone()]
    }
}

/// Where a run lies, and its blocks as the writer has them.
#[derive(Debug)]
struct Run {
    first: usize,
    entries: usize,
    blocks: Vec<[u64; 3]>,
}

impl KeyIndex {
    /// `None` if there is none, or not one that this version wrote whole.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        // SAFETY: an index is written under another name and renamed, and never written to again; removing it leaves a
        // mapping valid.
        let map = unsafe { Mmap::map(&file) }.ok()?;
        if map.get(..8)? != bytemuck::bytes_of(&MAGIC) {
            return None;
        }
        let last = map.len().checked_sub(TAIL * 8)?;
        let [begin, rows_end, changes, text, count, sum] = *numbers(&map[last..])? else { return None };
        let place = |number: u64| usize::try_from(number).ok();
        let (begin, rows_end, changes, text) = (place(begin)?, place(rows_end)?, place(changes)?, place(text)?);
        let rows = begin..rows_end;
        if sum_of_end(map.get(rows.clone())?, map.get(changes..map.len() - 8)?) != sum {
            return None;
        }
        let directory = place(count)?.checked_mul(8).and_then(|bytes| last.checked_sub(bytes))?;
        let lengths = numbers(&map[directory..last])?;
        let blocks_of = |entries: u64| entries.div_ceil(BLOCK as u64) as usize;
        let first_block = directory - lengths.iter().map(|entries| blocks_of(*entries) * 24).sum::<usize>();
        let mut blocks: &[[u64; 3]] = bytemuck::try_cast_slice(map.get(first_block..directory)?).ok()?;
        let mut runs = Vec::new();
        let mut first = 8usize;
        for &entries in lengths {
            let (own, rest) = blocks.split_at_checked(blocks_of(entries))?;
            blocks = rest;
            let entries = place(entries)?;
            runs.push(Run { first, entries, blocks: own.to_vec() });
            first = first.checked_add(entries.checked_mul(16)?)?;
        }
        let mut summary: FileSummary = serde_json::from_slice(map.get(text..first_block)?).ok()?;
        let changes: &[[u64; 3]] = bytemuck::try_cast_slice(map.get(changes..text)?).ok()?;
        summary.changes = changes.iter().map(|bits| RecordChange::from_bits(*bits)).collect();
        (first == begin).then_some(Self { summary, map, runs, rows })
    }

    /// The summary, and the rows that the file itself does not hold as text.
    pub fn into_parts(self) -> (FileSummary, SheetText) {
        (self.summary, SheetText { map: self.map, rows: self.rows })
    }

    /// Rows under these keys, which ascend; the rows ascending, each once. For a few keys: each is looked up. `None` if what was
    /// looked at is damaged.
    pub fn rows_under(&self, keys: &[u64]) -> Option<Vec<Place>> {
        let mut rows = Vec::new();
        for run in &self.runs {
            let mut checked: Option<(usize, &[u64], &[u64])> = None;
            for key in keys {
                // The block before the first that begins with the key may end with it.
                let first = run.blocks.partition_point(|block| block[0] < *key).saturating_sub(1);
                for number in (first..run.blocks.len()).take_while(|number| run.blocks[*number][0] <= *key) {
                    let (own, places) = match checked {
                        Some((last, own, places)) if last == number => (own, places),
                        _ => self.block(run, number)?,
                    };
                    checked = Some((number, own, places));
                    let at = own.partition_point(|other| other < key);
                    let same = own[at..].iter().take_while(|other| *other == key).count();
                    rows.extend(places[at..at + same].iter().map(|bits| Place::from_bits(*bits)));
                }
            }
        }
        rows.sort_unstable();
        rows.dedup();
        Some(rows)
    }

    /// Rows under all keys that are wanted, ascending, each once. `wanted` is asked about every entry, many at once and on
    /// all cores, and gives the places it wants. `None` if the index is damaged.
    pub fn rows_where(&self, wanted: &(dyn Fn(&[Entry]) -> Vec<Place> + Sync)) -> Option<Vec<Place>> {
        const AT_A_TIME: usize = 8;
        let parts: Vec<(&Run, Range<usize>)> = self
            .runs
            .iter()
            .flat_map(|run| {
                let last = run.blocks.len();
                (0..last).step_by(AT_A_TIME).map(move |first| (run, first..last.min(first + AT_A_TIME)))
            })
            .collect();
        let some = |(run, blocks): &(&Run, Range<usize>)| {
            let mut entries = Vec::with_capacity(blocks.len() * BLOCK);
            for number in blocks.clone() {
                let (keys, places) = self.block(run, number)?;
                let both = keys.iter().zip(places);
                entries.extend(both.map(|(key, bits)| Entry { key: *key, place: Place::from_bits(*bits) }));
            }
            Some(wanted(&entries))
        };
        let mut rows: Vec<Place> = parts.par_iter().map(some).collect::<Option<Vec<_>>>()?.concat();
        rows.par_sort_unstable();
        rows.dedup();
        Some(rows)
    }

    /// Keys and places of a block of a run; `None` if they are not as they were written.
    fn block(&self, run: &Run, number: usize) -> Option<(&[u64], &[u64])> {
        let entries = BLOCK.min(run.entries - number * BLOCK);
        let column = |begin: usize| self.map.get(begin + number * BLOCK * 8..)?.get(..entries * 8);
        let (keys, places) = (column(run.first)?, column(run.first + run.entries * 8)?);
        let [_, sum_of_keys, sum_of_places] = run.blocks[number];
        let whole = checksum(keys) == sum_of_keys && checksum(places) == sum_of_places;
        whole.then_some((numbers(keys)?, numbers(places)?))
    }
}

/// `None` if the bytes are no whole numbers, or do not lie where numbers lie.
fn numbers(bytes: &[u8]) -> Option<&[u64]> {
    bytemuck::try_cast_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::kernel::{Date, Digest};
    use crate::model::evidence::{Bins, ExtractFile, Newest};

    fn summary() -> FileSummary {
        let file = ExtractFile {
            path: "inbox/a.csv".to_owned(),
            digest: Digest([7; 32]),
            bytes: 9,
            format: "UTF-8".to_owned(),
            rows: 2,
        };
        let newest = Newest { date: None, read_on: Date::from_days(20_000), dated_later: false };
        let on = Some(Date::from_days(20_000));
        let changes = vec![RecordChange::new(Some(u64::MAX), None, on, 2, true)];
        let (rejects, reject_counts, bins) = (Vec::new(), Vec::new(), Bins::default());
        FileSummary { file, bins, gb18030: false, sheet: None, newest, changes, rejects, reject_counts }
    }

    fn entry((key, line): (u64, u32)) -> Entry {
        Entry { key, place: Place::new(u64::from(line) * 40, line).unwrap() }
    }

    /// An index of these runs, and the folder it lies in.
    fn written(runs: &[Vec<Entry>], rows: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.keys");
        let mut index = KeyIndexWriter::create(&folder.path().join("a.part")).unwrap();
        runs.iter().for_each(|run| index.run(run).unwrap());
        index.finish(&summary(), rows, &path).unwrap();
        (folder, path)
    }

    proptest! {
        /// However the entries are cut into runs: what a plain search through all of them finds.
        #[test]
        fn rows_are_found_in_all_runs(
            runs in prop::collection::vec(prop::collection::vec((0..60_u64, 0..99_u32), 0..40), 0..4),
            asked in prop::collection::btree_set(0..70_u64, 0..12),
        ) {
            let runs: Vec<Vec<Entry>> = runs
                .into_iter()
                .map(|run| {
                    let mut run: Vec<Entry> = run.into_iter().map(entry).collect();
                    run.sort();
                    run
                })
                .collect();
            let wanted = |entries: &[Entry]| -> Vec<Place> {
                entries.iter().filter(|entry| asked.contains(&entry.key)).map(|entry| entry.place).collect()
            };
            let mut expected = wanted(&runs.concat());
            expected.sort();
            expected.dedup();
            let (_folder, path) = written(&runs, b"");
            let index = KeyIndex::open(&path).unwrap();
            prop_assert_eq!(index.rows_under(&asked.iter().copied().collect::<Vec<u64>>()), Some(expected.clone()));
            prop_assert_eq!(index.rows_where(&wanted), Some(expected));
        }
    }

    #[test]
    fn what_was_written_is_read_and_no_part_is_left() {
        let (folder, path) = written(&[vec![entry((1, 2)), entry((5, 3))], vec![entry((4, 9))]], b"five,");
        let index = KeyIndex::open(&path).unwrap();
        assert_eq!(index.rows_under(&[4, 5]), Some(vec![entry((5, 3)).place, entry((4, 9)).place]));
        let (told, text) = index.into_parts();
        assert_eq!((text.as_ref(), told), (&b"five,"[..], summary()));
        let given_up = KeyIndexWriter::create(&folder.path().join("b.part")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drop(given_up);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_cut_index_is_none() {
        let (_folder, path) = written(&[vec![entry((1, 2))]], b"rows");
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            // Mapped files are replaced, never written to.
            fs::remove_file(&path).unwrap();
            fs::write(&path, &whole[..length]).unwrap();
            assert!(KeyIndex::open(&path).is_none(), "cut at {length}");
        }
    }

    /// Keys in several blocks, some of them under one key across blocks: found by look-up as by going through all.
    #[test]
    fn keys_are_found_across_blocks() {
        let entries: Vec<Entry> = (0..3 * BLOCK as u32).map(|row| entry((u64::from(row) / 3000, row))).collect();
        let (_folder, path) = written(std::slice::from_ref(&entries), b"");
        let index = KeyIndex::open(&path).unwrap();
        for key in 0..3 {
            let expected: Vec<Place> = entries.iter().filter(|one| one.key == key).map(|one| one.place).collect();
            assert_eq!(index.rows_under(&[key]), Some(expected), "{key}");
        }
        assert_eq!(index.rows_under(&[7]), Some(Vec::new()));
        assert_eq!(index.rows_where(&|all| all.iter().map(|one| one.place).collect()).unwrap().len(), 3 * BLOCK);
    }

    /// Every single byte counts: a changed index is none, or says so where it is looked at.
    #[test]
    fn a_changed_byte_is_found() {
        let runs = [vec![entry((1, 2)), entry((5, 3))], vec![entry((4, 9))]];
        let (_folder, path) = written(&runs, b"five,");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            fs::remove_file(&path).unwrap();
            fs::write(&path, &changed).unwrap();
            let read = KeyIndex::open(&path).and_then(|index| index.rows_where(&|_| Vec::new()));
            // The blanks that pad a spreadsheet's rows say nothing.
            let is_padding = (8 + 3 * 16 + 5..8 + 3 * 16 + 8).contains(&at);
            assert_eq!(read.is_none(), !is_padding, "byte {at}");
        }
    }
}
