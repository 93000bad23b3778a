//! What stages of a run made, kept for the next run: nothing is done twice while everything it was made of is the same.
//!
//! | file below `store/stages/` | what it holds | its key is a digest of |
//! |---|---|---|
//! | `register.stage` | the register as read, with its mandates | the files, their layouts, the program's version |
//! | `source-<code>.stage` | a source's rows and their links | the register with its mandates of the day, the source's files, its layout, how linking is set |
//! | `rules-<kind>.stage` | what the rules reading a kind of evidence found | the register, the kind's sources and how they came, the rules with their parameters, judgements in force, the day if a rule looks at it |
//!
//! One file for each: the newest replaces the one before. The keys are the caller's (`pipeline`), who alone knows what
//! a stage reads. Nothing here is evidence: a stage that is missing, damaged or of another key is done again.

mod columns;
mod image;
mod register;
mod rule_findings;
mod source;

use std::fs;
use std::path::PathBuf;

pub use register::{KeptRegister, OnRegister};

use super::part::sweep;
use super::workspace::Workspace;

/// Beginnings of the names of stages of which there is one for each source, and for each kind of evidence.
const SOURCE: &str = "source-";
const RULES: &str = "rules-";

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

    /// Removes what is kept of sources, and of kinds of evidence, that nobody asks for any more, and what a killed run left.
    pub fn keep_only(&self, sources: &[&str], evidence: &[&str]) {
        sweep(&self.folder);
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            let gone = |prefix: &str, asked: &[&str]| stem.strip_prefix(prefix).is_some_and(|of| !asked.contains(&of));
            if gone(SOURCE, sources) || gone(RULES, evidence) {
                // A stage too many costs disk and nothing else.
                let _ = fs::remove_file(path);
            }
        }
    }

    fn path(&self, stage: &str) -> PathBuf {
        self.folder.join(format!("{stage}.stage"))
    }
}
