//! Key indexes of delivered files: what was read once is not read again while it stays the same.
//!
//! `store/keys/` holds one index per file and layout and `seen.json`, which says what lay at each path when it was read:
//! length, time of change, digest. A file whose length and time are the same is taken for the same, as every build tool
//! and backup does; whoever changes a delivery without changing either deletes `store/keys/` or runs with `--reread`.
//! Everything here can be made anew from the inbox: a damaged or foreign index is passed over, never an error.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::key_index::{KeyIndex, KeyIndexWriter};
use super::part::sweep;
use super::whole_file::{Looks, looks, write_bytes};
use super::workspace::Workspace;
use crate::kernel::{Digest, Error, Result};
use crate::model::evidence::ExtractFile;
use crate::model::extract_keys::FileSummary;

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
    /// Length and time of change as each path was first looked at, before anything of it was read: a file replaced while it is
    /// read must not be remembered with the time of the one that replaced it.
    looks: Mutex<BTreeMap<String, Option<Looks>>>,
    /// Whether an index was made.
    news: AtomicBool,
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
    /// Opens what is there; nothing yet is an empty store. With `anew`, nothing was seen: every file is read.
    pub fn open(workspace: &Workspace, anew: bool) -> Self {
        let folder = workspace.keys_folder();
        let seen = if anew { None } else { fs::read(folder.join(SEEN)).ok() };
        let seen = seen.and_then(|text| serde_json::from_slice(&text).ok());
        let seen = Mutex::new(seen.unwrap_or_default());
        Self { root: workspace.root().to_owned(), folder, seen, looks: Mutex::default(), news: AtomicBool::new(false) }
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

    /// The digest of the file at `path`, if it has not changed since it was read. To be asked before a file is read that is to
    /// be remembered.
    pub fn digest(&self, path: &str) -> Option<Digest> {
        let now = self.first_look(path)?;
        let seen = self.seen().get(path).cloned()?;
        (now == (seen.bytes, seen.changed)).then_some(seen.digest)
    }

    /// Remembers a file that was just read and of which no index is kept.
    pub fn saw(&self, file: &ExtractFile) {
        if let Some((bytes, changed)) = self.unchanged(file) {
            self.seen().insert(file.path.clone(), Seen { bytes, changed, digest: file.digest });
        }
    }

    /// The index of the file at `path`, if it has not changed since it was read.
    pub fn index(&self, path: &str, layout: Digest) -> Option<KeyIndex> {
        let digest = self.digest(path)?;
        KeyIndex::open(&self.index_path(digest, layout)).filter(|index| index.summary.file.digest == digest)
    }

    /// An index to be filled while a file is read. `name` tells those apart that are filled at the same time.
    ///
    /// # Errors
    /// The disk. The caller may go on without the index.
    pub fn begin(&self, name: &str) -> Result<KeyIndexWriter> {
        KeyIndexWriter::create(&self.folder.join(name))
    }

    /// Keeps the index of a file that was just read. `rows` are those of a spreadsheet as text.
    ///
    /// # Errors
    /// The disk. The caller may go on without the index.
    pub fn keep(&self, index: KeyIndexWriter, summary: &FileSummary, rows: &[u8], layout: Digest) -> Result<()> {
        let file = &summary.file;
        // Else somebody is writing it: it will be read again.
        let Some((bytes, changed)) = self.unchanged(file) else { return Ok(()) };
        let path = self.index_path(file.digest, layout);
        index.finish(summary, rows, &path)?;
        let seen = Seen { bytes, changed, digest: file.digest };
        self.seen().insert(file.path.clone(), seen);
        self.news.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether an index was made since these were opened.
    pub fn has_news(&self) -> bool {
        self.news.load(Ordering::Relaxed)
    }

    /// Writes down what was seen, and removes the indexes that none of `layouts` (path and layout in use) needs.
    ///
    /// # Errors
    /// The disk.
    pub fn save(&self, in_use: &[(String, Digest)]) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(|error| Error::io(&self.folder, &error))?;
        let mut seen = self.seen();
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
        sweep(&self.folder);
        Ok(())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Seen>> {
        self.seen.lock().expect("no thread panics while it holds the list")
    }

    fn first_look(&self, path: &str) -> Option<Looks> {
        let mut looks = self.looks.lock().expect("as for the list");
        *looks.entry(path.to_owned()).or_insert_with(|| self.look(path))
    }

    /// Length and time of change of a file that was read, if they are what they were before.
    fn unchanged(&self, file: &ExtractFile) -> Option<Looks> {
        let before = self.looks.lock().expect("as for the list").get(&file.path).copied().flatten()?;
        (before.0 == file.bytes && self.look(&file.path) == Some(before)).then_some(before)
    }

    /// Length and time of change.
    fn look(&self, path: &str) -> Option<Looks> {
        looks(&self.root.join(path))
    }

    fn index_path(&self, extract: Digest, layout: Digest) -> PathBuf {
        let name = Digest::of_parts([&extract.0[..], &layout.0[..]]).short(32);
        self.folder.join(format!("{name}.keys"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::sample::published;
    use super::*;

    /// By name or in place, in the same length: what was read is not what lies there now.
    #[test]
    fn a_file_replaced_while_it_is_read_is_not_remembered() {
        let (_folder, workspace) = published();
        let write = |path: &str, text: &str, seconds: u64| {
            let file = workspace.root().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds);
            fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
        };
        write("inbox/new/a.csv", "123", 0);
        write("inbox/new/b.csv", "123", 0);
        let extracts = Extracts::open(&workspace, false);
        let paths = ["inbox/new/a.csv", "inbox/new/b.csv"];
        assert_eq!(paths.map(|path| extracts.standing(path)), [Standing::New; 2]);
        write("inbox/new/b.csv", "456", 5);
        for path in paths {
            let digest = Digest::of(b"123");
            extracts.saw(&ExtractFile { path: path.to_owned(), digest, bytes: 3, format: String::new(), rows: 1 });
        }
        extracts.save(&paths.map(|path| (path.to_owned(), Digest::of(b"layout")))).unwrap();
        let next = Extracts::open(&workspace, false);
        assert_eq!(paths.map(|path| next.standing(path)), [Standing::Known, Standing::New]);
    }
}
