//! The key index of one delivered file, as it lies on the disk: filled while the file is read, in runs of bounded size, so
//! that a file of any length costs no more memory than one run.
//!
//! A file: [`MAGIC`]; the runs, each its keys ascending and then their places in the same order; a spreadsheet's rows as
//! text; the summary as JSON padded to eight bytes; the entries of each run; and at the very end where rows and summary begin,
//! where the summary ends, and how many runs there are. All numbers u64 in the machine's own byte order, which the magic number would
//! not survive. The end is written last, so that half a file is none.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use rayon::prelude::*;

use super::part::PartFile;
use crate::kernel::Result;
use crate::model::extract_keys::{Entry, FileSummary, Place};

/// Changes whenever keys, places or what rows are read into change their meaning.
const MAGIC: u64 = u64::from_le_bytes(*b"HDKEYS03");

/// Numbers at the end.
const TAIL: usize = 4;

/// An index being filled, under another name until it is whole.
#[derive(Debug)]
pub struct KeyIndexWriter {
    out: PartFile,
    /// Entries of each run.
    runs: Vec<u64>,
    column: Vec<u64>,
}

impl KeyIndexWriter {
    /// `path` tells those apart that are filled at the same time.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut out = PartFile::create(path)?;
        out.put(bytemuck::bytes_of(&MAGIC))?;
        Ok(Self { out, runs: Vec::new(), column: Vec::new() })
    }

    fn numbers(&mut self, numbers: impl Iterator<Item = u64>) -> Result<()> {
        let mut column = std::mem::take(&mut self.column);
        column.clear();
        column.extend(numbers);
        let put = self.out.put(bytemuck::cast_slice(&column));
        self.column = column;
        put
    }

    /// Adds a run of entries, ascending.
    ///
    /// # Errors
    /// The disk.
    pub fn run(&mut self, entries: &[Entry]) -> Result<()> {
        self.runs.push(entries.len() as u64);
        self.numbers(entries.iter().map(|entry| entry.key))?;
        self.numbers(entries.iter().map(|entry| entry.place.to_bits()))
    }

    /// Closes the index and gives it its name.
    pub(super) fn finish(mut self, summary: &FileSummary, rows: &[u8], path: &Path) -> Result<()> {
        let begin = 8 + self.runs.iter().sum::<u64>() * 16;
        self.out.put(rows)?;
        self.out.put(&[b' '; 8][..rows.len().next_multiple_of(8) - rows.len()])?;
        let rows_end = begin + rows.len().next_multiple_of(8) as u64;
        let mut text = serde_json::to_vec(summary).expect("texts and numbers");
        text.resize(text.len().next_multiple_of(8), b' ');
        self.out.put(&text)?;
        self.out.put(bytemuck::cast_slice(&self.runs))?;
        let tail: [u64; TAIL] = [begin, begin + rows.len() as u64, rows_end, self.runs.len() as u64];
        self.out.put(bytemuck::cast_slice(&tail))?;
        self.out.finish(path)
    }
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

/// Where a run lies.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: usize,
    entries: usize,
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
        let [begin, rows_end, text, count] = *numbers(&map[last..])? else { return None };
        let place = |number: u64| usize::try_from(number).ok();
        let (begin, rows_end, text) = (place(begin)?, place(rows_end)?, place(text)?);
        let directory = place(count)?.checked_mul(8).and_then(|bytes| last.checked_sub(bytes))?;
        let mut runs = Vec::new();
        let mut first = 8usize;
        for &entries in numbers(&map[directory..last])? {
            let entries = place(entries)?;
            runs.push(Run { first, entries });
            first = first.checked_add(entries.checked_mul(16)?)?;
        }
        let rows = begin..rows_end;
        map.get(rows.clone())?;
        let summary = serde_json::from_slice(map.get(text..directory)?).ok()?;
        (first == begin).then_some(Self { summary, map, runs, rows })
    }

    /// The summary, and the rows that the file itself does not hold as text.
    pub fn into_parts(self) -> (FileSummary, SheetText) {
        (self.summary, SheetText { map: self.map, rows: self.rows })
    }

    /// Rows under these keys, which ascend; the rows ascending, each once. For a few keys: each is looked up.
    pub fn rows_under(&self, keys: &[u64]) -> Vec<Place> {
        let mut rows = Vec::new();
        for run in &self.runs {
            let (own, places) = (self.keys(run), self.places(run));
            let mut at = 0;
            for key in keys {
                at += first_at_least(&own[at..], *key);
                let same = own[at..].iter().take_while(|other| *other == key).count();
                rows.extend(places[at..at + same].iter().map(|bits| Place::from_bits(*bits)));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Rows under all keys that are wanted, ascending, each once. `wanted` is asked about every entry, many at once and on
    /// all cores, and gives the places it wants.
    pub fn rows_where(&self, wanted: &(dyn Fn(&[Entry]) -> Vec<Place> + Sync)) -> Vec<Place> {
        const AT_A_TIME: usize = 1 << 14;
        let parts: Vec<(&[u64], &[u64])> = self
            .runs
            .iter()
            .flat_map(|run| self.keys(run).chunks(AT_A_TIME).zip(self.places(run).chunks(AT_A_TIME)))
            .collect();
        let some = |(keys, places): &(&[u64], &[u64])| {
            let entries = keys.iter().zip(*places);
            let entries = entries.map(|(key, bits)| Entry { key: *key, place: Place::from_bits(*bits) });
            wanted(&entries.collect::<Vec<Entry>>())
        };
        let mut rows: Vec<Place> = parts.par_iter().flat_map_iter(some).collect();
        rows.par_sort_unstable();
        rows.dedup();
        rows
    }

    fn keys(&self, run: &Run) -> &[u64] {
        numbers(&self.map[run.first..][..run.entries * 8]).expect("runs lie at multiples of eight")
    }

    fn places(&self, run: &Run) -> &[u64] {
        numbers(&self.map[run.first + run.entries * 8..][..run.entries * 8]).expect("as the keys")
    }
}

/// `None` if the bytes are no whole numbers, or do not lie where numbers lie.
fn numbers(bytes: &[u8]) -> Option<&[u64]> {
    bytemuck::try_cast_slice(bytes).ok()
}

/// In growing steps from the front, then by halves: keys asked for one after the other lie close together, or far away.
fn first_at_least(keys: &[u64], key: u64) -> usize {
    let mut step = 1;
    while step < keys.len() && keys[step] < key {
        step *= 2;
    }
    let from = step / 2;
    from + keys[from..keys.len().min(step + 1)].partition_point(|other| *other < key)
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
        };
        let newest = Newest { date: None, read_on: Date::from_days(20_000), dated_later: false };
        let (rejects, reject_counts) = (Vec::new(), Vec::new());
        FileSummary { file, bins: Bins::default(), gb18030: false, sheet: None, newest, rejects, reject_counts }
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
            prop_assert_eq!(index.rows_under(&asked.iter().copied().collect::<Vec<u64>>()), expected.clone());
            prop_assert_eq!(index.rows_where(&wanted), expected);
        }
    }

    #[test]
    fn what_was_written_is_read_and_no_part_is_left() {
        let (folder, path) = written(&[vec![entry((1, 2)), entry((5, 3))], vec![entry((4, 9))]], b"five,");
        let index = KeyIndex::open(&path).unwrap();
        assert_eq!(index.rows_under(&[4, 5]), [entry((5, 3)).place, entry((4, 9)).place]);
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
}
