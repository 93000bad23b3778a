//! One run at a time: an operating-system lock on `store/run.lock`, with the holder's name in the file.
//!
//! The lock ends with the process, however it ends, so a dead holder never blocks; the text left behind by one is
//! overwritten. The file itself stays: deleting a lock file while another opens it would let two in.

use std::fs::{File, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use crate::kernel::{Error, ErrorKind, Message, Result};

/// Who runs: named to whoever is refused. Given by the caller, who alone reads clock and environment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Holder {
    /// Account name of the operator.
    pub who: String,
    pub host: String,
    pub process: u32,
    /// RFC 3339.
    pub since: String,
}

/// The right to write runs in this workspace, until dropped.
#[derive(Debug)]
pub struct RunLock(File);

impl RunLock {
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Self> {
        let io = |error: std::io::Error| Error::io(path, &error);
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(refusal(path)),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        let text = serde_json::to_string(holder).expect("a holder is plain text");
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(io)?;
        Ok(Self(file))
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // The lock goes with the file handle; an emptied file tells a reader that nobody runs.
        let _ = self.0.set_len(0);
    }
}

/// Names the holder, as far as the file can be read (Windows locks keep others from reading it).
fn refusal(path: &Path) -> Error {
    let holder = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Holder>(&bytes).ok());
    let message = match holder {
        Some(holder) => Message::new("store.locked")
            .with("who", holder.who)
            .with("host", holder.host)
            .with("process", holder.process)
            .with("since", holder.since),
        None => Message::new("store.locked_by_unknown"),
    };
    Error::new(ErrorKind::Io, message).at(path).hint(Message::new("store.locked_hint"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Lang;

    fn holder(who: &str) -> Holder {
        Holder { who: who.into(), host: "hd-01".into(), process: 77, since: "2026-11-24T01:00:00+08:00".into() }
    }

    #[test]
    fn the_second_is_refused_and_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        let first = RunLock::take(&path, &holder("night")).unwrap();
        let error = RunLock::take(&path, &holder("day")).unwrap_err();
        let said = error.say(Lang::En);
        for part in ["night", "hd-01", "77", "2026-11-24T01:00:00+08:00"] {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
        assert_eq!(error.exit_code(), 4);
        drop(first);
        assert!(RunLock::take(&path, &holder("day")).is_ok());
    }

    #[test]
    fn what_a_dead_holder_left_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        std::fs::write(&path, serde_json::to_string(&holder("a longer name than the next one")).unwrap()).unwrap();
        let _lock = RunLock::take(&path, &holder("day")).unwrap();
        let left: Holder = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(left, holder("day"));
    }

    #[test]
    fn a_holder_that_cannot_be_read_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        let file = File::create(&path).unwrap();
        file.lock().unwrap();
        let error = RunLock::take(&path, &holder("day")).unwrap_err();
        assert_eq!(error.message().key, "store.locked_by_unknown");
    }
}
