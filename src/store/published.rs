//! A published run as its readers open it: its record, and the tables that the record vouches for.
//!
//! Every table is compared with the SHA-256 that `run.json` holds of it before a row of it is shown: a bit turned on the
//! disk would otherwise be somebody's car. `run.json` itself is compared with the ledger.

use std::path::PathBuf;

use super::frame::damaged;
use super::pick::Snapshot;
use super::run_record::RunRecord;
use super::workspace::Workspace;
use crate::kernel::{Error, Message, Result};

pub(super) struct Published {
    dir: PathBuf,
    pub record: RunRecord,
}

impl Published {
    /// # Errors
    /// As [`RunRecord::load`].
    pub fn open(workspace: &Workspace, run: &str) -> Result<Self> {
        Ok(Self { dir: workspace.run_dir(run), record: RunRecord::load(workspace, run)? })
    }

    /// What its record says does not hold together.
    pub fn damaged(&self) -> Error {
        damaged(&self.dir)
    }

    /// A table of the run.
    ///
    /// # Errors
    /// I/O: the run recorded none of this name, it is gone, or not what was recorded.
    pub fn table(&self, name: &str) -> Result<Snapshot> {
        let path = self.dir.join(name);
        match self.record.tables.get(name) {
            Some(recorded) if recorded.is_of(&path) => Snapshot::open(path),
            _ => Err(damaged(&path)),
        }
    }
}

/// Nobody on the run's register is of the part that was asked for; `key` says which. The code is not repeated: it may be
/// an id.
pub(super) fn nobody(key: &'static str) -> Error {
    Error::input(Message::new(key)).hint(Message::new("household.no_such_hint"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::sample::{RUN, published};
    use super::*;

    /// A record is believed by whatever reads a run: the wording of a rule, a delivery's day, a count.
    #[test]
    fn a_record_that_is_not_the_one_published_is_refused() {
        let (_folder, workspace) = published();
        let path = workspace.run_dir(RUN).join("run.json");
        let whole = fs::read_to_string(&path).unwrap();
        for (published, changed) in
            [("2026-11-24", "2026-11-23"), ("\"summary\"", "\"Summary\""), ("V001", "V002"), ("\n", "")]
        {
            fs::write(&path, whole.replacen(published, changed, 1)).unwrap();
            let refused = Published::open(&workspace, RUN).err().unwrap();
            assert_eq!(
                (refused.message().key, refused.file()),
                ("store.snapshot_damaged", Some(path.as_path())),
                "{changed}"
            );
        }
        fs::write(&path, &whole).unwrap();
        assert!(Published::open(&workspace, RUN).is_ok());
        assert!(Published::open(&workspace, "20261124-02").is_err(), "never published");
    }

    #[test]
    fn a_table_with_one_bit_turned_is_not_opened() {
        let (_folder, workspace) = published();
        let dir = workspace.run_dir(RUN);
        let run = Published::open(&workspace, RUN).unwrap();
        assert_eq!(run.record.tables.len(), 9, "{:?}", run.record.tables.keys());
        for name in run.record.tables.keys() {
            let path = dir.join(name);
            let whole = fs::read(&path).unwrap();
            assert!(run.table(name).is_ok(), "{name}");
            let mut turned = whole.clone();
            turned[whole.len() / 2] ^= 4;
            fs::write(&path, &turned).unwrap();
            assert_eq!(run.table(name).err().unwrap().message().key, "store.snapshot_damaged", "{name}");
            fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            assert_eq!(run.table(name).err().unwrap().message().key, "store.snapshot_damaged", "{name}");
            fs::remove_file(&path).unwrap();
            assert_eq!(run.table(name).err().unwrap().message().key, "store.snapshot_damaged", "{name}");
        }
    }
}
