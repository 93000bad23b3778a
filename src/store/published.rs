//! A published run as its readers open it: its record, and the tables that the record vouches for.
//!
//! Every table is compared with the SHA-256 that `run.json` holds of it before a row of it is shown: a bit turned on the
//! disk would otherwise be somebody's car. Who vouches for `run.json` itself is the ledger (`hedui ledger verify`).

use std::path::{Path, PathBuf};

use super::frame::damaged;
use super::pick::Snapshot;
use super::run_record::RunRecord;
use crate::kernel::{Error, Message, Result};

pub(super) struct Published {
    dir: PathBuf,
    pub record: RunRecord,
}

impl Published {
    /// # Errors
    /// I/O: no such run, a record that is not one.
    pub fn open(dir: &Path) -> Result<Self> {
        Ok(Self { dir: dir.to_owned(), record: RunRecord::load(dir)? })
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

    #[test]
    fn a_table_with_one_bit_turned_is_not_opened() {
        let (_folder, workspace) = published();
        let dir = workspace.run_dir(RUN);
        let run = Published::open(&dir).unwrap();
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
