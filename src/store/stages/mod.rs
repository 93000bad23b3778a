//! What stages of a run made, kept for the next run: nothing is done twice while everything it was made of is the same.
//!
//! | file below `store/stages/` | what it holds | its key is a digest of |
//! |---|---|---|
//! | `register.stage` | the register as read, with its mandates | the files, their layouts, the program's version |
//! | `source-<code>.stage` | a source's rows and their links | the register with its mandates of the day, the source's files, its layout, how linking is set |
//!
//! One file for each: the newest replaces the one before. The keys are the caller's (`pipeline`), who alone knows what
//! a stage reads. Nothing here is evidence: a stage that is missing, damaged or of another key is done again.

mod columns;
mod image;
mod register;
mod source;

use std::fs;
use std::path::PathBuf;

pub use register::KeptRegister;

use super::workspace::Workspace;

/// The kept stages of a workspace.
#[derive(Debug)]
pub struct Stages {
    folder: PathBuf,
    /// Whether what is kept may be used.
    in_use: bool,
}

impl Stages {
    /// With `anew`, nothing kept before is used; what is made is kept all the same.
    pub fn open(workspace: &Workspace, anew: bool) -> Self {
        Self { folder: workspace.stages_folder(), in_use: !anew }
    }

    /// Removes what is kept of sources that there are no more.
    pub fn keep_only(&self, sources: &[&str]) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let of_source = path.file_stem().and_then(|stem| stem.to_str()?.strip_prefix("source-"));
            if of_source.is_some_and(|code| !sources.contains(&code)) {
                // A stage too many costs disk and nothing else.
                let _ = fs::remove_file(path);
            }
        }
    }

    fn path(&self, stage: &str) -> PathBuf {
        self.folder.join(format!("{stage}.stage"))
    }
}
