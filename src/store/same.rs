//! Tables that the run before made of the same: this run gives the same file a second name instead of writing it again.
//!
//! A table is the same if what it was made of is; the caller says that in a digest. A second name costs nothing and holds the
//! file however many runs are removed. Where the file system knows no second names, the table is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::publish::Output;
use super::run_record::RunRecord;
use super::whole_file::digest_of_file;
use super::workspace::Workspace;
use crate::kernel::Digest;

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

/// What the tables of a run are made of, and the run before, whose tables may be the same.
#[derive(Debug, Default)]
pub struct MadeOf {
    /// By file name, as far as it is known before the table is made.
    digests: BTreeMap<String, Digest>,
    folder: PathBuf,
    before: BTreeMap<String, TableRecord>,
}

impl MadeOf {
    /// `before` is the run to compare with: none, or one whose record cannot be read, has nothing to take over.
    pub fn new(workspace: &Workspace, before: Option<&str>) -> Self {
        let Some(before) = before else { return Self::default() };
        let folder = workspace.run_dir(before);
        let before = RunRecord::load(workspace, before).map(|record| record.tables).unwrap_or_default();
        Self { digests: BTreeMap::new(), folder, before }
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
        let named = table.is_of(&path) && fs::hard_link(&path, folder.join(name)).is_ok();
        named.then(|| Output { path: name.to_owned(), bytes: table.bytes, digest: table.digest })
    }
}
