//! The folder of a centre: where runs, outbox and ledger stand, and which runs are published.
//!
//! A run is named `YYYYMMDD-NN`: the day it speaks for and its number on that day. It is published once
//! `store/runs/<run>` stands without `publish.json` (see `publish`).

use std::fs;
use std::path::{Path, PathBuf};

use super::lock::{Holder, RunLock};
use super::publish::{self, Staging};
use crate::kernel::{Date, Error, Message, Result};

/// A workspace that holds `hedui.toml`. Opening it writes nothing.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// # Errors
    /// A configuration error if the folder is no workspace.
    pub fn open(root: &Path) -> Result<Self> {
        if !root.join("hedui.toml").is_file() {
            let message = Message::new("store.not_a_workspace");
            return Err(Error::config(message).at(root).hint(Message::new("store.not_a_workspace_hint")));
        }
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the right to run, then finishes what a killed run had decided to publish and removes what it had not.
    ///
    /// # Errors
    /// I/O, naming the holder, if another run holds it.
    pub fn lock(&self, holder: &Holder) -> Result<RunLock> {
        for folder in [self.runs_folder(), self.outbox_folder()] {
            fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, &error))?;
        }
        let lock = RunLock::take(&self.root.join("store/run.lock"), holder)?;
        publish::recover(self)?;
        Ok(lock)
    }

    /// The next free name for a run of this day, after all published and all half-made ones.
    pub fn next_run(&self, as_of: Date) -> Result<String> {
        let (year, month, day) = as_of.ymd();
        let prefix = format!("{year:04}{month:02}{day:02}");
        let mut last = 0;
        for folder in [self.runs_folder(), self.outbox_folder()] {
            for name in names_in(&folder)? {
                let run = publish::run_of_part(&name).unwrap_or(&name);
                if let Some((day, number)) = run_key(run)
                    && day == prefix
                {
                    last = last.max(number);
                }
            }
        }
        Ok(format!("{prefix}-{:02}", last + 1))
    }

    /// Folders to write a run into; they become the published run by [`Staging::publish`] and vanish if dropped.
    /// Only the lock's holder may stage.
    pub fn stage(&self, _lock: &RunLock, run: &str) -> Result<Staging> {
        Staging::create(self, run)
    }

    /// Published runs, ascending by day and number.
    pub fn runs(&self) -> Result<Vec<String>> {
        let mut runs = names_in(&self.runs_folder())?;
        runs.retain(|run| run_key(run).is_some() && !publish::is_pending(&self.run_dir(run)));
        runs.sort_unstable_by(|a, b| run_key(a).cmp(&run_key(b)));
        Ok(runs)
    }

    /// The last published run of an earlier day.
    pub fn last_before(&self, day: Date) -> Result<Option<String>> {
        let day = day.to_string().replace('-', "");
        Ok(self.runs()?.into_iter().rfind(|run| run[..day.len()] < day[..]))
    }

    pub fn latest(&self) -> Result<Option<String>> {
        Ok(self.runs()?.pop())
    }

    /// Snapshots of a run: `store/runs/<run>`.
    pub fn run_dir(&self, run: &str) -> PathBuf {
        self.runs_folder().join(run)
    }

    /// What a run sends out: `outbox/<run>`.
    pub fn outbox(&self, run: &str) -> PathBuf {
        self.outbox_folder().join(run)
    }

    /// A place in a published run's packages, whose manifests name every file that may be there.
    pub fn is_published(&self, place: &Path) -> bool {
        let here = Path::new(".");
        let mut above = place.ancestors().map(|above| if above.as_os_str().is_empty() { here } else { above });
        let standing = above.find_map(|above| above.canonicalize().ok());
        let (Some(standing), Ok(outbox)) = (standing, self.outbox_folder().canonicalize()) else { return false };
        let run = standing.strip_prefix(outbox).ok().and_then(|below| below.components().next());
        run.is_some_and(|run| run_key(&run.as_os_str().to_string_lossy()).is_some())
    }

    pub(super) fn runs_folder(&self) -> PathBuf {
        self.root.join("store/runs")
    }

    pub(super) fn keys_folder(&self) -> PathBuf {
        self.root.join("store/keys")
    }

    pub(super) fn stages_folder(&self) -> PathBuf {
        self.root.join("store/stages")
    }

    pub(super) fn outbox_folder(&self) -> PathBuf {
        self.root.join("outbox")
    }
}

/// Day and number of a run's name; `None` for a folder that is no run.
pub(super) fn run_key(run: &str) -> Option<(&str, u32)> {
    let (day, number) = run.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (day.len() == 8 && number.len() >= 2 && digits(day) && digits(number)).then_some(())?;
    Some((day, number.parse().ok()?))
}

/// Names in a folder, ascending; none if there is no such folder yet.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::io(folder, &error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::io(folder, &error))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::kernel::ErrorKind;

    /// A workspace in a temporary folder.
    pub(in crate::store) fn workspace() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hedui.toml"), "").unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        (folder, workspace)
    }

    pub(in crate::store) fn holder() -> Holder {
        Holder { who: "t".into(), host: "h".into(), process: 1, since: "2026-11-24T00:00:00Z".into() }
    }

    #[test]
    fn a_folder_without_configuration_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Workspace::open(folder.path()).unwrap_err();
        assert_eq!((error.kind(), error.message().key), (ErrorKind::Config, "store.not_a_workspace"));
    }

    #[test]
    fn runs_count_on_after_published_and_half_made_ones() {
        let (_folder, workspace) = workspace();
        let day = Date::from_ymd(2026, 11, 24).unwrap();
        assert_eq!(workspace.next_run(day).unwrap(), "20261124-01");
        fs::create_dir_all(workspace.run_dir("20261124-01")).unwrap();
        fs::create_dir_all(workspace.runs_folder().join(".20261124-02.part")).unwrap();
        fs::create_dir_all(workspace.outbox("20261124-03")).unwrap();
        fs::create_dir_all(workspace.outbox("20261125-07")).unwrap();
        assert_eq!(workspace.next_run(day).unwrap(), "20261124-04");
    }

    #[test]
    fn a_place_below_a_run_in_the_outbox_is_published_whether_it_is_there_or_not() {
        let (_folder, workspace) = workspace();
        let package = workspace.outbox("20261124-01");
        assert!(!workspace.is_published(&package), "nothing was sent out yet");
        fs::create_dir_all(package.join("370102")).unwrap();
        for inside in ["", "370102", "370102/new/deeper"] {
            assert!(workspace.is_published(&package.join(inside)), "{inside}");
        }
        let beside = workspace.outbox_folder().join("reports/20261124-01");
        assert!(!workspace.is_published(&beside) && !workspace.is_published(Path::new("reports")));
    }

    #[test]
    fn the_hundredth_run_of_a_day_comes_after_the_ninety_ninth() {
        let (_folder, workspace) = workspace();
        for run in ["20261124-99", "20261124-100", "20261123-01", "notes"] {
            fs::create_dir_all(workspace.run_dir(run)).unwrap();
        }
        assert_eq!(workspace.runs().unwrap(), ["20261123-01", "20261124-99", "20261124-100"]);
        assert_eq!(workspace.latest().unwrap().as_deref(), Some("20261124-100"));
    }

    #[cfg(unix)]
    #[test]
    fn no_right_to_write_is_said_so() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, workspace) = workspace();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        // The super-user may write anywhere; there the test has nothing to see.
        if fs::write(folder.path().join("probe"), "").is_err() {
            assert_eq!(workspace.lock(&holder()).unwrap_err().message().key, "error.no_right");
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
