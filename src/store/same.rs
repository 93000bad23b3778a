//! Tables that the run before made of the same: this run gives the same file a second name instead of writing it again.
//!
//! A table is the same if what it was made of is; the caller says that in a digest. A second name costs nothing and holds the
//! file however many runs are removed. Where the file system knows no second names, the table is written.
//!
//! It also has to be what was recorded of it. `store/stages/tables.json` says how long the last run's tables were and when they
//! were last changed, as `seen.json` does of deliveries: of the same length and time, it is not read. Whoever reads a table
//! compares it with its digest all the same, and so does `hedui ledger verify`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::publish::Output;
use super::run_record::RunRecord;
use super::whole_file::{Looks, digest_of_file, looks, write_bytes};
use super::workspace::{Workspace, names_in};
use crate::kernel::{Digest, Result};

/// One table as `run.json` records it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableRecord {
    pub bytes: u64,
    pub digest: Digest,
    /// What it was made of, if that was said.
    pub made_of: Option<Digest>,
}

impl TableRecord {
    /// Whether the file is what was recorded of it, byte for byte.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        let length = fs::metadata(path).map(|file| file.len());
        length.is_ok_and(|length| length == self.bytes)
            && digest_of_file(path).is_ok_and(|digest| digest == self.digest)
    }
}

/// How the tables of a run looked when it had written them.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Seen {
    run: String,
    tables: BTreeMap<String, Looks>,
}

impl Seen {
    fn file(workspace: &Workspace) -> PathBuf {
        workspace.stages_folder().join("tables.json")
    }
}

/// Notes how the tables of a run look that was just published.
///
/// # Errors
/// The disk. The next run reads the tables then.
pub fn note_tables(workspace: &Workspace, run: &str) -> Result<()> {
    let folder = workspace.run_dir(run);
    let names = names_in(&folder)?;
    let tables = names.into_iter().filter_map(|name| Some((name.clone(), looks(&folder.join(name))?)));
    let seen = Seen { run: run.to_owned(), tables: tables.collect() };
    let text = serde_json::to_vec_pretty(&seen).expect("texts and numbers");
    write_bytes(&Seen::file(workspace), &text).map(drop)
}

/// What the tables of a run are made of, and the run before, whose tables may be the same.
#[derive(Debug, Default)]
pub struct MadeOf {
    /// By file name, as far as it is known before the table is made.
    digests: BTreeMap<String, Digest>,
    folder: PathBuf,
    before: BTreeMap<String, TableRecord>,
    /// How the tables of the run before looked when they were written.
    seen: BTreeMap<String, Looks>,
}

impl MadeOf {
    /// `before` is the run to compare with: none, or one whose record cannot be read, has nothing to take over.
    pub fn new(workspace: &Workspace, before: Option<&str>) -> Self {
        let Some(before) = before else { return Self::default() };
        let folder = workspace.run_dir(before);
        let seen = fs::read(Seen::file(workspace)).ok().and_then(|text| serde_json::from_slice::<Seen>(&text).ok());
        let seen = seen.filter(|seen| seen.run == before).unwrap_or_default().tables;
        let before = RunRecord::load(workspace, before).map(|record| record.tables).unwrap_or_default();
        Self { digests: BTreeMap::new(), folder, before, seen }
    }

    /// Tells what tables are made of, by file name.
    pub fn tell(&mut self, digests: impl IntoIterator<Item = (String, Digest)>) {
        self.digests.extend(digests);
    }

    pub(super) fn of(&self, name: &str) -> Option<Digest> {
        self.digests.get(name).copied()
    }

    /// Gives the table of this name a second name in `folder`, if the run before made it of the same and it still is what was
    /// recorded: the new run vouches for it too.
    pub(super) fn name_again(&self, name: &str, folder: &Path) -> Option<Output> {
        let made_of = Some(self.of(name)?);
        let table = self.before.get(name).filter(|table| table.made_of == made_of)?;
        let path = self.folder.join(name);
        let unchanged = |seen: &Looks| looks(&path).as_ref() == Some(seen);
        let is_the_same = self.seen.get(name).is_some_and(unchanged) || table.is_of(&path);
        let named = is_the_same && fs::hard_link(&path, folder.join(name)).is_ok();
        named.then(|| Output { path: name.to_owned(), bytes: table.bytes, digest: table.digest })
    }
}
