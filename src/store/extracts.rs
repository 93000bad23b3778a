//! Key indexes of delivered files: what was read once is not read again while it stays the same.
//!
//! `store/keys/` holds one index per file and layout and `seen.json`, which says what lay at each path when it was read:
//! length, time of change, digest. A file whose length and time are the same is taken for the same, as every build tool
//! and backup does; whoever changes a delivery without changing either deletes `store/keys/` or runs with `--reread`.
//! Everything here can be made anew from the inbox: a damaged or foreign index is passed over, never an error.
//!
//! An index file: [`MAGIC`], lengths of the summary and the entries (u64, little endian), the summary as JSON padded to
//! eight bytes, all keys ascending, all places in the order of the keys, a spreadsheet's rows as text.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::UNIX_EPOCH;

use memmap2::Mmap;
use rayon::prelude::*;

use super::whole_file::write_bytes;
use super::workspace::Workspace;
use crate::kernel::{Digest, Error, Result};
use crate::model::evidence::ExtractFile;
use crate::model::extract_keys::{Entry, ExtractKeys, FileSummary, Place};

/// Changes whenever keys, places or what rows are read into change their meaning.
const MAGIC: &[u8; 8] = b"HDKEYS02";

const SEEN: &str = "seen.json";

/// What lay at a path when it was read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Seen {
    bytes: u64,
    /// Nanoseconds since 1970.
    changed: u128,
    digest: Digest,
}

/// The indexes of a workspace.
#[derive(Debug)]
pub struct Extracts {
    root: PathBuf,
    folder: PathBuf,
    seen: Mutex<BTreeMap<String, Seen>>,
    /// Indexes on their way to the disk.
    syncing: Mutex<Vec<JoinHandle<()>>>,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing is known of this path.
    New,
    /// Another file lies there now.
    Changed,
    /// The file that was read.
    Known,
}

impl Extracts {
    /// Opens what is there; nothing yet is an empty store.
    pub fn open(workspace: &Workspace) -> Self {
        let folder = workspace.keys_folder();
        let seen = fs::read(folder.join(SEEN)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let seen = Mutex::new(seen.unwrap_or_default());
        Self { root: workspace.root().to_owned(), folder, seen, syncing: Mutex::default() }
    }

    /// Forgets what was seen: every file is read anew.
    pub fn forget(&self) {
        self.seen().clear();
    }

    /// How the file at `path` (relative to the workspace) stands.
    pub fn standing(&self, path: &str) -> Standing {
        match self.digest(path) {
            Some(_) => Standing::Known,
            None if self.seen().contains_key(path) => Standing::Changed,
            None => Standing::New,
        }
    }

    /// Whether there is an index of the file at `path` for a layout of this digest.
    pub fn has_index(&self, path: &str, layout: Digest) -> bool {
        self.digest(path).is_some_and(|digest| self.index_path(digest, layout).exists())
    }

    /// The digest of the file at `path`, if it has not changed since it was read.
    pub fn digest(&self, path: &str) -> Option<Digest> {
        let seen = self.seen().get(path).cloned()?;
        (self.look(path)? == (seen.bytes, seen.changed)).then_some(seen.digest)
    }

    /// Remembers a file that was just read and of which no index is kept.
    pub fn saw(&self, file: &ExtractFile) {
        if let Some((bytes, changed)) = self.look(&file.path).filter(|now| now.0 == file.bytes) {
            self.seen().insert(file.path.clone(), Seen { bytes, changed, digest: file.digest });
        }
    }

    /// The index of the file at `path`, if it has not changed since it was read.
    pub fn index(&self, path: &str, layout: Digest) -> Option<KeyIndex> {
        let digest = self.digest(path)?;
        KeyIndex::open(&self.index_path(digest, layout)).filter(|index| index.summary.file.digest == digest)
    }

    /// Keeps the index of a file that was just read.
    ///
    /// # Errors
    /// The disk. The caller may go on without the index.
    pub fn keep(&self, keys: &ExtractKeys, layout: Digest) -> Result<()> {
        let file = &keys.summary.file;
        let Some((bytes, changed)) = self.look(&file.path) else { return Ok(()) };
        if bytes != file.bytes {
            return Ok(()); // somebody is writing it: it will be read again
        }
        fs::create_dir_all(&self.folder).map_err(|error| Error::io(&self.folder, &error))?;
        let path = self.index_path(file.digest, layout);
        // Synced before anything names it, while other files are read: a core that waited for the disk here could read on.
        let part = path.with_extension(format!("{}.part", std::process::id()));
        let written =
            File::create(&part).and_then(|out| write_index(keys, out)).and_then(|()| fs::rename(&part, &path));
        written.map_err(|error| Error::io(&path, &error))?;
        let seen = Seen { bytes, changed, digest: file.digest };
        self.seen().insert(file.path.clone(), seen);
        // Another run may have replaced it meanwhile, or it was never needed.
        let sync = move || drop(File::open(&path).and_then(|file| file.sync_all()));
        self.syncing.lock().expect("as for the list").push(std::thread::spawn(sync));
        Ok(())
    }

    /// Whether an index was made since these were opened.
    pub fn has_news(&self) -> bool {
        !self.syncing.lock().expect("as for the list").is_empty()
    }

    /// Writes down what was seen, and removes the indexes that none of `layouts` (path and layout in use) needs.
    ///
    /// # Errors
    /// The disk.
    pub fn save(&self, in_use: &[(String, Digest)]) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(|error| Error::io(&self.folder, &error))?;
        let mut seen = self.seen();
        for sync in self.syncing.lock().expect("as for the list").drain(..) {
            sync.join().expect("opening and syncing a file does not panic");
        }
        seen.retain(|path, _| in_use.iter().any(|(used, _)| used == path));
        let text = serde_json::to_vec_pretty(&*seen).expect("texts and numbers");
        let path = self.folder.join(SEEN);
        write_bytes(&path, &text)?;
        let needed: Vec<PathBuf> =
            in_use.iter().filter_map(|(path, layout)| Some(self.index_path(seen.get(path)?.digest, *layout))).collect();
        for entry in fs::read_dir(&self.folder).map_err(|error| Error::io(&self.folder, &error))? {
            let path = entry.map_err(|error| Error::io(&self.folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "keys") && !needed.contains(&path) {
                // An index too many costs disk and nothing else.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Seen>> {
        self.seen.lock().expect("no thread panics while it holds the list")
    }

    /// Length and time of change.
    fn look(&self, path: &str) -> Option<(u64, u128)> {
        let metadata = fs::metadata(self.root.join(path)).ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some((metadata.len(), changed.as_nanos()))
    }

    fn index_path(&self, extract: Digest, layout: Digest) -> PathBuf {
        let name = Digest::of_parts([&extract.0[..], &layout.0[..]]).short(32);
        self.folder.join(format!("{name}.keys"))
    }
}

fn write_index(keys: &ExtractKeys, mut out: File) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut summary = serde_json::to_vec(&keys.summary).expect("texts and numbers");
    summary.resize(summary.len().next_multiple_of(8), b' ');
    out.write_all(MAGIC)?;
    out.write_all(&(summary.len() as u64).to_le_bytes())?;
    out.write_all(&(keys.entries.len() as u64).to_le_bytes())?;
    out.write_all(&summary)?;
    write_words(&mut out, keys.entries.iter().map(|entry| entry.key))?;
    write_words(&mut out, keys.entries.iter().map(|entry| entry.place.to_bits()))?;
    out.write_all(&keys.rows)
}

fn write_words(out: &mut File, mut words: impl Iterator<Item = u64>) -> std::io::Result<()> {
    use std::io::Write as _;
    const AT_A_TIME: usize = 1 << 15;
    let mut buffer = Vec::with_capacity(8 * AT_A_TIME);
    loop {
        buffer.clear();
        words.by_ref().take(AT_A_TIME).for_each(|word| buffer.extend_from_slice(&word.to_le_bytes()));
        if buffer.is_empty() {
            return Ok(());
        }
        out.write_all(&buffer)?;
    }
}

/// The index of one file, mapped.
#[derive(Debug)]
pub struct KeyIndex {
    pub summary: FileSummary,
    map: Mmap,
    keys: std::ops::Range<usize>,
    places: std::ops::Range<usize>,
}

const HEAD: usize = 24;

impl KeyIndex {
    /// `None` if there is none, or not one that this version wrote.
    fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        // SAFETY: an index is written under another name and renamed, and never written to again; removing it leaves a
        // mapping valid.
        let map = unsafe { Mmap::map(&file) }.ok()?;
        let number = |at: usize| {
            let bytes = map.get(at..at + 8)?;
            usize::try_from(u64::from_le_bytes(bytes.try_into().expect("eight bytes"))).ok()
        };
        if map.get(..8)? != MAGIC {
            return None;
        }
        let (summary, entries) = (number(8)?, number(16)?);
        let column = entries.checked_mul(8)?;
        let first = HEAD.checked_add(summary)?;
        let (keys, places) = (first..first.checked_add(column)?, first + column..first.checked_add(column * 2)?);
        if map.len() < places.end {
            return None;
        }
        let summary = serde_json::from_slice(&map[HEAD..first]).ok()?;
        Some(Self { summary, map, keys, places })
    }

    /// A spreadsheet's rows as text; empty for a text file.
    pub fn rows(&self) -> &[u8] {
        &self.map[self.places.end..]
    }

    /// Rows under these keys, ascending, each once. For a few keys: each is looked up.
    pub fn rows_under(&self, keys: &[u64]) -> Vec<Place> {
        let mut rows = Vec::new();
        for &key in keys {
            let first = self.first_at_least(key);
            rows.extend((first..self.len()).take_while(|at| self.key(*at) == key).map(|at| self.place(at)));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Rows under all keys that are wanted, ascending, each once. `wanted` is asked about every entry, many at once and on
    /// all cores, and gives the places it wants.
    pub fn rows_where(&self, wanted: &(dyn Fn(&[Entry]) -> Vec<Place> + Sync)) -> Vec<Place> {
        const AT_A_TIME: usize = 1 << 14;
        let some = |from: usize| {
            let until = self.len().min(from + AT_A_TIME);
            let entries = (from..until).map(|at| Entry { key: self.key(at), place: self.place(at) });
            wanted(&entries.collect::<Vec<Entry>>())
        };
        let mut rows: Vec<Place> = (0..self.len().div_ceil(AT_A_TIME))
            .into_par_iter()
            .flat_map_iter(|some_of| some(some_of * AT_A_TIME))
            .collect();
        rows.par_sort_unstable();
        rows.dedup();
        rows
    }

    fn len(&self) -> usize {
        self.keys.len() / 8
    }

    fn first_at_least(&self, key: u64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn key(&self, at: usize) -> u64 {
        word(&self.map[self.keys.clone()], at)
    }

    fn place(&self, at: usize) -> Place {
        Place::from_bits(word(&self.map[self.places.clone()], at))
    }
}

fn word(words: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(words[at * 8..at * 8 + 8].try_into().expect("eight bytes"))
}
