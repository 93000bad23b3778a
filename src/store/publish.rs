//! A run becomes visible whole or not at all (invariant I-11).
//!
//! While it is made, a run lives in `store/runs/.<run>.part` and `outbox/.<run>.part`. Publishing takes these steps:
//!
//! 1. the ledger entry to come is written to `publish.json` in the store part, and both parts are synced;
//! 2. the store part is renamed to `store/runs/<run>`: from here on the run is decided;
//! 3. the outbox part is renamed to `outbox/<run>`;
//! 4. the entry is appended to the ledger, unless it already stands there;
//! 5. `publish.json` is removed: the run counts as published.
//!
//! Killed before step 2, the run leaves parts that the next holder of the lock removes, and the last run stands. Killed
//! after it, the next holder takes the remaining steps from `publish.json`, with the time and name written there. No
//! step needs an earlier one repeated, and each is either done or not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;

use super::ledger::{Entry, Ledger};
use super::whole_file::{Written, hand_over, sync_all, sync_folder, tree, write_bytes};
use super::workspace::{Workspace, names_in, run_key};
use crate::kernel::{Digest, Error, ErrorKind, Message, Result};

const INTENT: &str = "publish.json";
/// Ledger action of a published run; its body holds `run`.
pub(super) const ACTION: &str = "run";

/// A run being made. Dropped without [`Staging::publish`], it takes its folders with it.
#[derive(Debug)]
pub struct Staging {
    workspace: Workspace,
    run: String,
    store: PathBuf,
    outbox: PathBuf,
    ahead: Mutex<SyncedAhead>,
    /// Set once the run is decided (step 2): from then on the parts belong to the published run.
    decided: bool,
}

/// What the disk has taken over while the run was still being written.
#[derive(Debug, Default)]
struct SyncedAhead {
    /// Length of each file when it was synced. Files of a run only grow: of the same length, it is the same file.
    lengths: BTreeMap<PathBuf, u64>,
    /// A fault of the disk. Kept, since the system tells it once: a second sync of the same file would succeed.
    fault: Option<Error>,
}

/// Files with their lengths.
type Lengths = Vec<(PathBuf, u64)>;

/// One file of a run: what the ledger and the manifest say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Relative to the outbox (or store) folder of the run, `/` between parts.
    pub path: String,
    pub bytes: u64,
    pub digest: Digest,
}

impl Output {
    pub(super) fn new(path: String, written: Written) -> Self {
        Self { path, bytes: written.bytes, digest: written.digest }
    }
}

/// The ledger entry to come, kept where a kill cannot lose it.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Intent {
    at: String,
    who: String,
    body: Value,
}

impl Staging {
    pub(super) fn create(workspace: &Workspace, run: &str) -> Result<Self> {
        assert!(run_key(run).is_some(), "a run is named by next_run");
        if workspace.run_dir(run).exists() || workspace.outbox(run).exists() {
            let message = Message::new("store.run_exists").with("run", run);
            return Err(Error::new(ErrorKind::Io, message).at(&workspace.run_dir(run)));
        }
        let name = part_name(run);
        let (store, outbox) = (workspace.runs_folder().join(&name), workspace.outbox_folder().join(&name));
        for folder in [&store, &outbox] {
            fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
        }
        Ok(Self {
            workspace: workspace.clone(),
            run: run.to_owned(),
            store,
            outbox,
            ahead: Mutex::default(),
            decided: false,
        })
    }

    pub fn run(&self) -> &str {
        &self.run
    }

    /// Where snapshots are written before the run is published.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Where packages are written before the run is published.
    pub fn outbox(&self) -> &Path {
        &self.outbox
    }

    /// Does some work and lets the disk take over meanwhile what it writes, so that [`Staging::publish`] finds little to
    /// wait for, and tells the disk's faults.
    pub fn sync_during<T>(&self, work: impl FnOnce() -> T) -> T {
        const PAUSE: Duration = Duration::from_millis(100);
        let (done, until) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut seen = BTreeMap::new();
                while until.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    self.sync_ahead(&mut seen);
                }
            });
            let outcome = work();
            drop(done);
            outcome
        })
    }

    /// Hands what has been added to files since they were `seen` over to the disk, and syncs those that have stopped growing:
    /// whoever still writes to one that is synced waits for it.
    fn sync_ahead(&self, seen: &mut BTreeMap<PathBuf, u64>) {
        let mut ahead = self.ahead.lock().expect("syncing does not panic");
        let Ok((unsynced, _)) = self.unsynced(&ahead) else { return };
        let (whole, growing): (Lengths, Lengths) =
            unsynced.into_iter().partition(|(file, length)| seen.insert(file.clone(), *length) == Some(*length));
        growing.iter().for_each(|(file, _)| hand_over(file));
        let files: Vec<PathBuf> = whole.iter().map(|(file, _)| file.clone()).collect();
        let faults = sync_all(&files, &[]);
        if faults.is_empty() {
            ahead.lengths.extend(whole);
        }
        // A file may come and go while a report is made.
        let of_the_disk = faults.into_iter().find(|fault| fault.message().key != "error.not_found");
        ahead.fault = ahead.fault.take().or(of_the_disk);
    }

    /// Files that were not synced at the length they have now, and all folders.
    fn unsynced(&self, ahead: &SyncedAhead) -> Result<(Lengths, Vec<PathBuf>)> {
        let (mut unsynced, mut all_folders) = (Vec::new(), Vec::new());
        for part in [&self.store, &self.outbox] {
            let (files, folders) = tree(part)?;
            all_folders.extend(folders);
            for file in files.into_iter().map(|file| part.join(file)) {
                // One that is gone again is the next sync's to miss.
                let length = fs::metadata(&file).map_or(0, |file| file.len());
                if ahead.lengths.get(&file) != Some(&length) {
                    unsynced.push((file, length));
                }
            }
        }
        Ok((unsynced, all_folders))
    }

    /// Publishes the run and records it. `body` is an object; `run` is added to it. `at` is RFC 3339.
    ///
    /// # Errors
    /// I/O. Before the run is decided nothing stays behind; after, the next run finishes it.
    pub fn publish(mut self, ledger: &mut Ledger, at: &str, who: &str, body: &Value) -> Result<Entry> {
        ledger.check_head()?;
        self.seal(at, who, body)?;
        self.decide()?;
        finish(&self.workspace, &self.run, ledger)
    }

    fn seal(&self, at: &str, who: &str, body: &Value) -> Result<()> {
        let mut body = body.clone();
        body.as_object_mut()
            .expect("the body of a run's entry is an object")
            .insert("run".into(), self.run.clone().into());
        let intent = Intent { at: at.to_owned(), who: who.to_owned(), body };
        let path = self.store.join(INTENT);
        let text = serde_json::to_vec(&intent).expect("JSON of JSON");
        write_bytes(&path, &text)?;
        let mut ahead = self.ahead.lock().expect("syncing does not panic");
        if let Some(fault) = ahead.fault.take() {
            return Err(fault);
        }
        let (unsynced, folders) = self.unsynced(&ahead)?;
        let files: Vec<PathBuf> = unsynced.into_iter().map(|(file, _)| file).collect();
        sync_all(&files, &folders).into_iter().next().map_or(Ok(()), Err)
    }

    fn decide(&mut self) -> Result<()> {
        rename(&self.store, &self.workspace.run_dir(&self.run))?;
        self.decided = true;
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.decided {
            // Nobody is left to tell; what stays is hidden, and the next holder of the lock removes it.
            let _ = fs::remove_dir_all(&self.store);
            let _ = fs::remove_dir_all(&self.outbox);
        }
    }
}

/// Steps 3 to 5, each only if it is not yet done.
fn finish(workspace: &Workspace, run: &str, ledger: &mut Ledger) -> Result<Entry> {
    let folder = workspace.run_dir(run);
    let path = folder.join(INTENT);
    let text = fs::read(&path).map_err(|error| Error::io(&path, &error))?;
    let damaged = || Error::new(ErrorKind::Io, Message::new("store.snapshot_damaged")).at(&path);
    let intent: Intent = serde_json::from_slice(&text).map_err(|_| damaged())?;
    let part = workspace.outbox_folder().join(part_name(run));
    if part.exists() {
        rename(&part, &workspace.outbox(run))?;
    }
    let entry = match ledger.of_run(ACTION, run)? {
        Some(entry) => entry,
        None => ledger.append(&intent.at, &intent.who, ACTION, &intent.body)?,
    };
    fs::remove_file(&path).map_err(|error| Error::io(&path, &error))?;
    sync_folder(&folder)?;
    Ok(entry)
}

/// Finishes decided runs and removes undecided ones. Call only while holding the lock.
pub(super) fn recover(workspace: &Workspace) -> Result<()> {
    for run in names_in(&workspace.runs_folder())? {
        if run_key(&run).is_some() && is_pending(&workspace.run_dir(&run)) {
            finish(workspace, &run, &mut Ledger::open(workspace)?)?;
        }
    }
    for folder in [workspace.runs_folder(), workspace.outbox_folder()] {
        for name in names_in(&folder)? {
            if run_of_part(&name).is_some() {
                let part = folder.join(name);
                fs::remove_dir_all(&part).map_err(|error| Error::io(&part, &error))?;
            }
        }
    }
    Ok(())
}

/// The run is decided but not yet published.
pub(super) fn is_pending(run_dir: &Path) -> bool {
    run_dir.join(INTENT).exists()
}

fn part_name(run: &str) -> String {
    format!(".{run}.part")
}

/// The run that a half-made folder belongs to.
pub(super) fn run_of_part(name: &str) -> Option<&str> {
    name.strip_prefix('.')?.strip_suffix(".part").filter(|run| run_key(run).is_some())
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::io(to, &error))?;
    sync_folder(to.parent().expect("a run lies in a folder"))
}

#[cfg(test)]
mod tests {
    use super::super::workspace::tests::{holder, workspace};
    use super::*;
    use serde_json::json;

    const RUN: &str = "20261124-01";

    /// A run with a file in each part.
    fn staged(workspace: &Workspace, run: &str) -> Staging {
        let staging = Staging::create(workspace, run).unwrap();
        fs::write(staging.store().join("run.json"), "{}").unwrap();
        fs::create_dir(staging.outbox().join("330203")).unwrap();
        fs::write(staging.outbox().join("330203/report.csv"), "abc").unwrap();
        staging
    }

    /// As a kill does: no destructor runs.
    fn kill(staging: Staging) {
        std::mem::forget(staging);
    }

    fn assert_published_once(workspace: &Workspace, run: &str) {
        assert_eq!(fs::read(workspace.outbox(run).join("330203/report.csv")).unwrap(), b"abc");
        assert!(workspace.run_dir(run).join("run.json").exists());
        let entries = Ledger::open(workspace).unwrap().entries().unwrap();
        let of_run: Vec<_> = entries.iter().filter(|entry| entry.body["run"] == run).collect();
        assert_eq!(of_run.len(), 1);
        assert_eq!((of_run[0].who.as_str(), of_run[0].at.as_str()), ("clerk", "T1"));
        assert_eq!(of_run[0].body["rows"], 7);
        assert_eq!(Ledger::open(workspace).unwrap().verify().unwrap().fault, None);
        let hidden = |folder: PathBuf| names_in(&folder).unwrap().into_iter().any(|name| name.starts_with('.'));
        assert!(!hidden(workspace.runs_folder()) && !hidden(workspace.outbox_folder()), "a part was left");
    }

    #[test]
    fn a_whole_run_is_published_and_recorded() {
        let (_folder, workspace) = workspace();
        let lock = workspace.lock(&holder()).unwrap();
        let staging = staged(&workspace, RUN);
        let late = staging.sync_during(|| {
            let late = staging.outbox().join("late.csv");
            fs::write(&late, "d").unwrap();
            std::thread::sleep(Duration::from_millis(250));
            fs::remove_file(&late)
        });
        assert!(late.is_ok(), "a file that comes and goes is nobody's fault");
        let unsynced = || staging.unsynced(&staging.ahead.lock().unwrap()).unwrap().0;
        assert_eq!(unsynced(), [], "all was synced while there was time");
        let grown = staging.store().join("run.json");
        fs::write(&grown, "{} ").unwrap();
        assert_eq!(unsynced(), [(grown, 3)]);
        let entry =
            staging.publish(&mut Ledger::open(&workspace).unwrap(), "T1", "clerk", &json!({"rows": 7})).unwrap();
        assert_eq!((entry.seq, &entry.body["run"]), (1, &json!(RUN)));
        assert_published_once(&workspace, RUN);
        assert_eq!(workspace.latest().unwrap().as_deref(), Some(RUN));
        drop(lock);
    }

    #[test]
    fn a_fault_of_the_disk_met_ahead_publishes_nothing() {
        let (_folder, workspace) = workspace();
        let staging = staged(&workspace, RUN);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        staging.ahead.lock().unwrap().fault = Some(Error::io(Path::new("report.csv"), &full));
        let error = staging.publish(&mut Ledger::open(&workspace).unwrap(), "T1", "clerk", &json!({})).unwrap_err();
        assert_eq!(error.message().key, "error.disk_full");
        assert!(workspace.runs().unwrap().is_empty() && !workspace.outbox(RUN).exists());
    }

    #[test]
    fn a_run_given_up_leaves_nothing() {
        let (_folder, workspace) = workspace();
        drop(staged(&workspace, RUN));
        assert!(names_in(&workspace.runs_folder()).unwrap().is_empty());
        assert!(names_in(&workspace.outbox_folder()).unwrap().is_empty());
    }

    #[test]
    fn killed_before_it_was_decided_the_old_run_stands() {
        for sealed in [false, true] {
            let (_folder, workspace) = workspace();
            let mut ledger = Ledger::open(&workspace).unwrap();
            staged(&workspace, RUN).publish(&mut ledger, "T1", "clerk", &json!({"rows": 7})).unwrap();
            let next = staged(&workspace, "20261124-02");
            if sealed {
                next.seal("T2", "clerk", &json!({"rows": 8})).unwrap();
            }
            kill(next);
            assert_eq!(workspace.runs().unwrap(), [RUN]);
            let _lock = workspace.lock(&holder()).unwrap();
            assert_eq!(workspace.runs().unwrap(), [RUN]);
            assert_published_once(&workspace, RUN);
            assert_eq!(ledger.entries().unwrap().len(), 1);
        }
    }

    #[test]
    fn killed_after_it_was_decided_the_next_run_finishes_it() {
        for steps in 0..3 {
            let (_folder, workspace) = workspace();
            let mut ledger = Ledger::open(&workspace).unwrap();
            let mut staging = staged(&workspace, RUN);
            staging.seal("T1", "clerk", &json!({"rows": 7})).unwrap();
            staging.decide().unwrap();
            let outbox = staging.outbox().to_owned();
            kill(staging);
            if steps >= 1 {
                rename(&outbox, &workspace.outbox(RUN)).unwrap();
            }
            if steps >= 2 {
                ledger.append("T1", "clerk", ACTION, &json!({"rows": 7, "run": RUN})).unwrap();
            }
            assert!(workspace.runs().unwrap().is_empty(), "not published before the last step");
            assert_eq!(
                workspace.next_run(crate::kernel::Date::from_ymd(2026, 11, 24).unwrap()).unwrap(),
                "20261124-02"
            );
            let _lock = workspace.lock(&holder()).unwrap();
            assert_eq!(workspace.runs().unwrap(), [RUN]);
            assert_published_once(&workspace, RUN);
        }
    }

    #[test]
    fn a_second_lock_does_not_touch_the_first_ones_parts() {
        let (_folder, workspace) = workspace();
        let lock = workspace.lock(&holder()).unwrap();
        let staging = workspace.stage(&lock, RUN).unwrap();
        assert_eq!(workspace.lock(&holder()).unwrap_err().message().key, "store.locked");
        assert!(staging.store().exists() && staging.outbox().exists());
    }

    #[test]
    fn a_broken_ledger_publishes_nothing() {
        let (_folder, workspace) = workspace();
        let mut ledger = Ledger::open(&workspace).unwrap();
        ledger.append("T0", "clerk", "verdict", &json!({})).unwrap();
        fs::remove_file(workspace.root().join("store/ledger.head")).unwrap();
        let error = staged(&workspace, RUN).publish(&mut ledger, "T1", "clerk", &json!({})).unwrap_err();
        assert_eq!(error.message().key, "store.ledger_broken");
        assert!(workspace.runs().unwrap().is_empty() && !workspace.outbox(RUN).exists());
    }

    #[test]
    fn a_taken_number_is_refused() {
        let (_folder, workspace) = workspace();
        fs::create_dir_all(workspace.outbox(RUN)).unwrap();
        assert_eq!(Staging::create(&workspace, RUN).unwrap_err().message().key, "store.run_exists");
    }
}
