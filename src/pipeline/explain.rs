//! `hedui run --explain`: what a run would do with each delivered file, and why. No delivered file is read, and nothing is
//! locked or written.

use super::linking::Ground;
use super::register::kept_register;
use crate::config::Plan;
use crate::ingest;
use crate::kernel::{Date, Digest, Error, Result};
use crate::store::{Extracts, Stages, Standing, Workspace};

/// What would be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Nothing: nobody can say which of the source's files count, and it is refused.
    Refused,
    /// Read in full: nothing is known of this path.
    New,
    /// Read in full: another file lies there now.
    Changed,
    /// Read in full: the same file, but by another layout, or by another version of the program.
    OtherLayout,
    /// Only the rows that the index names, and linked anew: the register, a mandate or how linking is set has changed.
    Known,
    /// Nothing: what it gave is taken over, links included.
    Kept,
}

/// What a run would do with one delivered file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Intended {
    pub source: String,
    /// Relative to the workspace.
    pub path: String,
    pub bytes: u64,
    pub work: Work,
}

/// What a run for this day would do with the register's own files and the sources'.
///
/// # Errors
/// No workspace here; a folder that cannot be listed.
pub fn explain(plan: &Plan, as_of: Date, only: &[String], reread: bool) -> Result<Vec<Intended>> {
    let workspace = Workspace::open(&plan.root)?;
    let (extracts, stages) = (Extracts::open(&workspace, reread), Stages::open(&workspace, reread));
    let register = kept_register(plan, as_of, &extracts, &stages);
    let mut intended = Vec::new();
    let own = [("register", Some(&plan.persons)), ("mandates", plan.mandates.as_ref())];
    for (name, layout) in own.into_iter().filter_map(|(name, layout)| Some((name, layout?))) {
        let work = |path: &str| work(&extracts, path, register.is_some(), None);
        of_layout(plan, name, layout, as_of, &work, &mut intended)?;
    }
    let ground = register.as_ref().map(|read| Ground { plan, read, only, extracts: &extracts, stages: &stages });
    for source in plan.sources.iter().filter(|source| only.is_empty() || only.contains(&source.code)) {
        let kept = ground.as_ref().is_some_and(|ground| ground.holds(source));
        let work = |path: &str| work(&extracts, path, kept, Some(source.digest));
        of_layout(plan, &source.code, &source.layout, as_of, &work, &mut intended)?;
    }
    Ok(intended)
}

/// `kept`: what the file gave can be taken over. `layout` is the one its index must be of; the register's files have none.
fn work(extracts: &Extracts, path: &str, kept: bool, layout: Option<Digest>) -> Work {
    match extracts.standing(path) {
        Standing::New => Work::New,
        Standing::Changed => Work::Changed,
        Standing::Known if kept => Work::Kept,
        Standing::Known if layout.is_some_and(|layout| extracts.has_index(path, layout)) => Work::Known,
        Standing::Known => Work::OtherLayout,
    }
}

fn of_layout(
    plan: &Plan,
    name: &str,
    layout: &ingest::Source,
    as_of: Date,
    work: &dyn Fn(&str) -> Work,
    intended: &mut Vec<Intended>,
) -> Result<()> {
    let is_refused = ingest::refuse_unclear(&plan.root, layout, Some(as_of)).is_err();
    for file in ingest::deliveries(&plan.root, layout)? {
        let path = ingest::shown(&plan.root, &file);
        let bytes = std::fs::metadata(&file).map_err(|error| Error::io(&file, &error))?.len();
        let work = if is_refused { Work::Refused } else { work(&path) };
        intended.push(Intended { source: name.to_owned(), path, bytes, work });
    }
    Ok(())
}
