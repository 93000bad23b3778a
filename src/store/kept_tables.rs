//! The tables of the runs that are kept, beside what the ledger says of them (`hedui ledger verify`).
//!
//! Of runs in which nothing changed they are one file under many names, which is read once. `run.json` is the ledger's own to
//! compare.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::run_record::FILE as RECORD;
use super::whole_file::digest_of_file;
use crate::kernel::Digest;

/// Those that were looked through.
#[derive(Default)]
pub(super) struct KeptTables {
    known: BTreeSet<(u64, u64, Digest)>,
}

impl KeptTables {
    /// Whether the tables in a run's folder are those that its entry names (an object of names and digests), byte for byte.
    pub(super) fn stand(&mut self, named: &Value, folder: &Path) -> bool {
        let named = named.as_object().into_iter().flatten().filter(|(name, _)| *name != RECORD);
        let mut tables = named.map(|(name, digest)| (folder.join(name), digest.as_str().and_then(Digest::parse_hex)));
        tables.all(|(path, digest)| digest.is_some_and(|digest| self.stands(&path, digest)))
    }

    fn stands(&mut self, path: &Path, digest: Digest) -> bool {
        let file = place_of(path).map(|(device, number)| (device, number, digest));
        let stands = file.is_some_and(|file| self.known.contains(&file))
            || digest_of_file(path).is_ok_and(|found| found == digest);
        self.known.extend(file.filter(|_| stands));
        stands
    }
}

/// What tells a file from others under whatever name; `None` where the system does not say.
#[cfg(unix)]
fn place_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn place_of(_: &Path) -> Option<(u64, u64)> {
    None
}
