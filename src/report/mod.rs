//! 报告包: what a run sends out. For each county a work list, its grounds, who was checked and who was not, a page to
//! print, and a manifest; above them a summary, and the records that go back to the departments.
//!
//! ```text
//! <out>/370102/  worklist.xlsx worklist.csv grounds.csv coverage.csv identity.csv rules.csv index.html manifest.json
//! <out>/         summary.xlsx summary.csv summary.html rejects/<source>.csv manifest.json
//! ```
//!
//! File names are fixed and hold no personal value. A county's folder holds only its own households. Nothing is
//! decided here: what is written is 疑似信息，供审核参考. Durability is the caller's: it syncs and renames `out` when
//! everything is in it.

mod chart;
mod county;
mod cover;
mod coverage;
mod facts;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture;
mod folder;
mod identity;
mod listing;
mod manifest;
mod page;
mod rejects;
mod rules;
mod shown;
mod summary;
mod workbook;
mod worklist;

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

pub use identity::JUDGEMENTS;
pub use manifest::{Fault, FaultKind, MANIFEST, verify};
pub use worklist::VERDICTS;

use self::county::{Counts, County};
use self::folder::Folder;
use crate::kernel::{Cancel, Date, Digest, Division, Lang, Progress, Result};
use crate::model::coverage::Coverage;
use crate::model::evidence::Evidence;
use crate::model::link::Link;
use crate::model::outcome::{Outcomes, RuleCard};
use crate::model::register::Register;

/// Everything a report is made of; nothing in it is changed.
pub struct RunView<'a> {
    /// Name of the run.
    pub run: &'a str,
    /// Name of the centre.
    pub centre: &'a str,
    /// The centre's own division.
    pub division: Division,
    /// The day the run speaks for.
    pub as_of: Date,
    pub register: &'a Register,
    /// By source index, as in `links` and `coverage`.
    pub evidences: &'a [Evidence],
    pub links: &'a [Link],
    pub outcomes: &'a Outcomes,
    pub coverage: &'a Coverage,
    /// By rule index.
    pub cards: &'a [RuleCard],
    /// Name of the policy profile.
    pub profile: &'a str,
    /// Made-up parameters or people: every page says 演示.
    pub demo: bool,
    /// Ids and names are masked; what a centre sends out by default.
    pub masked: bool,
    pub lang: Lang,
    /// Names of divisions where they are known.
    pub places: &'a BTreeMap<Division, String>,
    /// Why a link is one, in a short sentence without personal values.
    pub explain: &'a (dyn Fn(&Link) -> String + Sync),
}

/// Which forms are written; manifests and rejects always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats {
    pub xlsx: bool,
    pub csv: bool,
    pub html: bool,
}

/// One county's folder as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub division: Division,
    /// Name of its folder: the six-digit code.
    pub folder: String,
    /// Name, digest and bytes of each file, by name, the manifest among them.
    pub files: Vec<(String, Digest, u64)>,
    pub households: u64,
    pub persons: u64,
    /// Discrepancies on its work list.
    pub flagged: u64,
}

/// Writes all packages and the summary into `out`, which must be empty or not there yet.
///
/// # Errors
/// The disk, or somebody asked to stop; then `out` is incomplete and must not be published.
pub fn write(
    out: &Path,
    view: &RunView,
    formats: &Formats,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<Package>> {
    let stage = view.word("report.stage");
    progress.begin(stage, 0);
    let counties: Vec<(County, Counts)> = county::group(view)
        .into_par_iter()
        .map(|county| {
            let counts = Counts::of(view, &county);
            (county, counts)
        })
        .collect();
    let packages = counties
        .par_iter()
        .map(|(county, counts)| {
            cancel.check()?;
            let package = write_county(out, view, formats, county, counts)?;
            progress.advance(stage, package.files.iter().map(|file| file.2).sum(), counts.persons);
            Ok(package)
        })
        .collect::<Result<Vec<Package>>>()?;
    cancel.check()?;
    write_summary(out, view, formats, &counties, &packages)?;
    progress.end(stage, &view.say(crate::kernel::Message::new("report.stage_done").with("count", packages.len())));
    Ok(packages)
}

fn write_county(out: &Path, view: &RunView, formats: &Formats, county: &County, counts: &Counts) -> Result<Package> {
    let name = county.division.to_string();
    let mut folder = Folder::create(&out.join(&name))?;
    let worklist = worklist::listings(view, county);
    let incomplete = coverage::incomplete(view, county, counts);
    let cover = cover::cover(view, county.division, counts, Vec::new());
    if formats.csv {
        folder.put("worklist.csv", &worklist.full.to_csv())?;
        folder.put("grounds.csv", &worklist::grounds_csv(view, county))?;
        folder.put("coverage.csv", &coverage::csv(view, county))?;
        folder.put("identity.csv", &identity::all(view, county).to_csv())?;
        folder.put("rules.csv", &rules::listing(view).to_csv())?;
    }
    if formats.html {
        folder.put("index.html", &page::to_bytes(view, &cover, counts, &[&worklist.page, &incomplete])?)?;
    }
    if formats.xlsx {
        let listings = [
            worklist.full,
            identity::same_id_other_name(view, county),
            identity::awaiting_judgement(view, county),
            incomplete,
            rules::listing(view),
        ];
        folder.put("worklist.xlsx", &workbook::to_bytes(view, folder.path(), &cover, &listings)?)?;
    }
    folder.seal(view, county.division)?;
    Ok(Package {
        division: county.division,
        folder: name,
        files: folder.into_files(),
        households: counts.households,
        persons: counts.persons,
        flagged: counts.flags(),
    })
}

fn write_summary(
    out: &Path,
    view: &RunView,
    formats: &Formats,
    counties: &[(County, Counts)],
    packages: &[Package],
) -> Result<()> {
    let mut total = Counts::nothing(view);
    counties.iter().for_each(|(_, counts)| total.add(counts));
    reconcile(view, &total);
    let listings = [
        summary::by_county(view, counties, &total),
        summary::by_rule(view, &total),
        summary::by_source(view),
        summary::by_grade(view),
    ];
    let cover = cover::cover(view, view.division, &total, Vec::new());
    let mut folder = Folder::create(out)?;
    if formats.csv {
        folder.put("summary.csv", &listings[0].to_csv())?;
    }
    if formats.xlsx {
        folder.put("summary.xlsx", &workbook::to_bytes(view, folder.path(), &cover, &listings)?)?;
    }
    if formats.html {
        let lists: Vec<_> = listings.iter().collect();
        folder.put("summary.html", &page::to_bytes(view, &cover, &total, &lists)?)?;
    }
    for evidence in view.evidences {
        if let Some(csv) = rejects::csv(view, evidence) {
            folder.put(&format!("rejects/{}.csv", evidence.source), &csv)?;
        }
    }
    for package in packages {
        let manifest = package.files.iter().find(|file| file.0 == MANIFEST).expect("every package is sealed");
        folder.list(format!("{}/{MANIFEST}", package.folder), manifest.1, manifest.2);
    }
    folder.seal(view, view.division)
}

/// The packages together hold every person, discrepancy and state of the run once. Anything else is a bug, and a run
/// whose reports do not add up must not be published.
fn reconcile(view: &RunView, total: &Counts) {
    assert_eq!(total.persons, view.register.persons.len() as u64, "a person stands in no package or in two");
    assert_eq!(total.flags(), view.outcomes.discrepancies.len() as u64, "a discrepancy was lost");
    assert_eq!(total.states_in_all(), total.persons * view.coverage.sources() as u64, "a person's coverage was lost");
}
