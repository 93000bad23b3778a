//! 报告包: what a run sends out. For each county a work list, its grounds, who was checked and who was not, a page to
//! print, and a manifest; above them a summary, and the records that go back to the departments.
//!
//! ```text
//! <out>/370102/  worklist.xlsx worklist.csv grounds.csv excluded.csv coverage.csv identity.csv answered.csv absent.csv rules.csv
//!                index.html reports.pdf manifest.json; where the centre has a key or a password for them,
//!                manifest.sig and sealed.zip; with a roster of officials filings.csv, here and above
//! <out>/         summary.xlsx summary.csv levels.csv precision.csv summary.html review.xlsx review.csv
//!                review_answered.csv rejects/<source>.csv manifest.json; absent.csv, if a county has nobody on the
//!                register any more
//! ```
//!
//! File names are fixed and hold no personal value. A county's folder holds only its own households. Nothing is
//! decided here: what is written is 疑似信息，供审核参考. Durability is the caller's: it syncs and renames `out` when
//! everything is in it.

mod chart;
mod county;
mod cover;
mod coverage;
mod document;
mod excluded;
mod facts;
mod filings;
#[cfg(test)]
mod fixture;
mod folder;
mod household;
mod identity;
mod levels;
mod listing;
mod manifest;
mod notice;
mod page;
mod pdf;
mod rejects;
mod returned;
mod review;
mod rules;
mod sealed;
mod set_aside;
mod shown;
mod signature;
mod spread;
mod standing;
mod summary;
mod trend;
mod workbook;
mod worklist;

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

pub use facts::value_in_words;
pub use folder::Filed;
pub use household::{
    Answered, IndexLine, MadeReport, Print, Remark, Report, ReportForms, Reports, answer_message, report_number,
    reports_index,
};
pub use manifest::{Expected, Fault, FaultKind, MANIFEST, Verified, verify};
pub use notice::{Notice, NoticeFormat};
pub use returned::{ANSWER_HEADINGS, ReturnedLine, VERDICT_HEADINGS, returned_csv};
pub use sealed::Password;
pub use signature::{PublicKey, Signer};
pub use worklist::sentence;

use self::county::{Counts, County};
use self::cover::Cover;
use self::facts::Telling;
use self::folder::Folder;
use self::listing::Listing;
use self::worklist::WorkList;
use crate::kernel::{Cancel, Date, Division, Lang, Progress, Result};
use crate::model::coverage::Coverage;
use crate::model::evidence::Evidence;
use crate::model::filing::FilingCheck;
use crate::model::judgement::Review;
use crate::model::link::{CrowdedName, Link, SharedId};
use crate::model::outcome::{Outcomes, RuleCard};
use crate::model::register::Register;
use crate::model::standing::History;
use crate::model::trend::TrendPoint;

/// Everything a report is made of; nothing in it is changed.
#[derive(Clone, Copy)]
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
    /// The register's own files: only their rejects are written, for whoever keeps the register.
    pub register_files: &'a [&'a Evidence],
    pub links: &'a [Link],
    /// Ids and names set aside while linking: they cannot tell people apart.
    pub shared: &'a [SharedId],
    pub crowded: &'a [CrowdedName],
    /// Links that need or needed a person, ascending by link.
    pub reviews: &'a [Review],
    pub outcomes: &'a Outcomes,
    /// How they stand against the run before and the answers so far.
    pub history: &'a History,
    pub coverage: &'a Coverage,
    /// The last runs, this one among them, oldest first.
    pub trend: &'a [TrendPoint],
    /// The 备案 check, where there is one.
    pub filings: Option<&'a FilingCheck>,
    /// By rule index.
    pub cards: &'a [RuleCard],
    /// Programmes on the register of which whoever wrote the rules did not think: rules limited to programmes ask nothing of them.
    pub unnamed_programmes: &'a [String],
    /// Name of the policy profile.
    pub profile: &'a str,
    /// Made-up parameters or people: every page says 演示.
    pub demo: bool,
    /// Ids and names are masked; what a centre sends out by default.
    pub masked: bool,
    /// The same for the review list, which stays with the centre's own staff.
    pub review_masked: bool,
    pub lang: Lang,
    /// Names of divisions where they are known.
    pub places: &'a BTreeMap<Division, String>,
    /// By county: days in which a household may object to its report, where a parameter says so.
    pub objection_days: &'a BTreeMap<Division, i64>,
    /// Why a link is one, in a short sentence without personal values.
    pub explain: &'a (dyn Fn(&Link) -> String + Sync),
    /// The same with every comparison in a sentence of its own, for whoever has to judge.
    pub explain_fully: &'a (dyn Fn(&Link) -> String + Sync),
}

/// Which forms are written; manifests and rejects always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats {
    pub xlsx: bool,
    pub csv: bool,
    pub html: bool,
    /// The verification reports of households with discrepancies, one file a county.
    pub pdf: bool,
}

/// What closes a package: the key its manifests are signed with, and the password of the sealed archive beside the open
/// files. Without either it is written as it is.
#[derive(Debug, Clone, Default)]
pub struct Seals {
    pub signer: Option<Signer>,
    pub password: Option<Password>,
}

/// One county's folder as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub division: Division,
    /// Name of its folder: the six-digit code.
    pub folder: String,
    /// By name, the manifest among them.
    pub files: Vec<Filed>,
    pub households: u64,
    pub persons: u64,
    /// Discrepancies on its work list.
    pub flagged: u64,
}

impl Package {
    /// Of a county whose folder is sealed.
    fn of(county: &County, counts: &Counts, folder: Folder) -> Self {
        Self {
            division: county.division,
            folder: county.division.to_string(),
            files: folder.into_files(),
            households: counts.households,
            persons: counts.persons,
            flagged: counts.flags(),
        }
    }
}

/// All that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// By division.
    pub counties: Vec<Package>,
    /// What lies above the counties' folders, by name.
    pub files: Vec<Filed>,
}

impl Packages {
    /// Every file as it lies, by its path from the top.
    pub fn all_files(&self) -> Vec<Filed> {
        let below = |package: &'_ Package| {
            let folder = package.folder.clone();
            package
                .files
                .clone()
                .into_iter()
                .map(move |(name, digest, bytes)| (format!("{folder}/{name}"), digest, bytes))
        };
        let mut all: Vec<Filed> = self.counties.iter().flat_map(below).chain(self.files.iter().cloned()).collect();
        all.sort();
        all
    }
}

/// Writes all packages and the summary into `out`, which must be empty or not there yet.
///
/// # Errors
/// The disk, or somebody asked to stop; then `out` is incomplete and must not be published.
pub fn write(
    out: &Path,
    view: &RunView,
    formats: &Formats,
    seals: &Seals,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Packages> {
    let stage = "packages";
    progress.begin(stage, 0);
    let counties = county::counted(view);
    let cases = formats.pdf.then(|| household::Cases::new(view, household::flagged(view)));
    let (mut folders, mut open) = create_folders(out, &counties, seals)?;
    let whole = RunView { masked: false, ..*view };
    if formats.csv {
        put_lists_of_all(&mut folders, view, cancel)?;
        put_lists_of_all(&mut open, &whole, cancel)?;
    }
    let open = open.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    let folders: Vec<(Folder, Option<Folder>)> = folders.into_iter().zip(open).collect();
    let mut top = Folder::create(out)?;
    let (shown, unmasked) = (Common::new(view), seals.password.as_ref().map(|_| Common::new(&whole)));
    let write_packages = || -> Result<Vec<Package>> {
        let write_one = |((county, counts), (mut folder, open)): (&(County, Counts), (Folder, Option<Folder>))| {
            cancel.check()?;
            let contents = Contents { formats, county, counts, cases: cases.as_ref() };
            contents.put(&mut folder, &shown)?;
            if let (Some(mut open), Some(password), Some(unmasked)) = (open, &seals.password, &unmasked) {
                contents.put(&mut open, unmasked)?;
                open.seal(&whole, county.division, seals.signer.as_ref())?;
                sealed::seal(&mut folder, open, password)?;
            }
            folder.seal(view, county.division, seals.signer.as_ref())?;
            let package = Package::of(county, counts, folder);
            progress.advance(stage, package.files.iter().map(|file| file.2).sum(), counts.persons);
            Ok(package)
        };
        counties.par_iter().zip(folders).map(write_one).collect()
    };
    let (packages, review) = rayon::join(write_packages, || write_review(&mut top, view, formats));
    let packages = packages?;
    review?;
    cancel.check()?;
    write_summary(&mut top, view, formats, &counties, &packages)?;
    top.seal(view, view.division, seals.signer.as_ref())?;
    progress.end(stage, "");
    Ok(Packages { counties: packages, files: top.into_files() })
}

/// Every county's folder, and where packages are sealed the one in it whose files go into the archive.
fn create_folders(out: &Path, counties: &[(County, Counts)], seals: &Seals) -> Result<(Vec<Folder>, Vec<Folder>)> {
    let of_county = |(county, _): &(County, Counts)| Folder::create(&out.join(county.division.to_string()));
    let folders = counties.iter().map(of_county).collect::<Result<Vec<Folder>>>()?;
    let sealed = folders.iter().filter(|_| seals.password.is_some());
    let open = sealed.map(|folder| Folder::create(&folder.path().join(sealed::OPEN))).collect::<Result<_>>()?;
    Ok((folders, open))
}

/// The lists that hold everybody or nearly everything, in all counties' folders at once.
fn put_lists_of_all(folders: &mut [Folder], view: &RunView, cancel: &Cancel) -> Result<()> {
    if folders.is_empty() {
        return Ok(()); // nothing is sealed
    }
    coverage::csvs(view, folders, cancel)?;
    excluded::csvs(view, folders, cancel)
}

/// What is worded alike for all counties, made once for each masking.
struct Common<'v> {
    view: &'v RunView<'v>,
    telling: Telling<'v>,
    rules: Listing,
}

impl<'v> Common<'v> {
    fn new(view: &'v RunView<'v>) -> Self {
        Self { view, telling: Telling::new(view), rules: rules::listing(view) }
    }
}

/// Everything a county reads. What only one form shows is made only for it.
struct Contents<'v> {
    formats: &'v Formats,
    county: &'v County,
    counts: &'v Counts,
    cases: Option<&'v household::Cases>,
}

impl Contents<'_> {
    fn put(&self, folder: &mut Folder, common: &Common<'_>) -> Result<()> {
        let Common { view, telling, rules } = common;
        let Self { formats, county, counts, cases } = *self;
        let worklist = WorkList::of(view, telling, county);
        let (answered, absent) = (standing::answered(view, county), standing::absent(view, &county.absent));
        if formats.csv {
            folder.put("grounds.csv", &worklist.grounds_csv(view, telling, county))?;
            folder.put("worklist.csv", &worklist.csv(view))?;
            folder.put("answered.csv", &answered.to_csv())?;
            folder.put("absent.csv", &absent.to_csv())?;
            folder.put("identity.csv", &identity::all(view, telling, county).to_csv())?;
            folder.put("rules.csv", &rules.to_csv())?;
            if let Some(check) = view.filings {
                folder.put("filings.csv", &filings::of_county(view, check, county).to_csv())?;
            }
        }
        if formats.html || formats.xlsx {
            let incomplete = coverage::incomplete(view, county, counts);
            let cover = cover::cover(view, county.division, counts);
            if formats.html {
                let page = worklist.page(view, county);
                let towns = worklist::by_town(view, county);
                let towns = page::Places { caption: view.word("package.chart_towns"), counts: towns };
                folder
                    .put("index.html", &page::to_bytes(view, &cover, counts, towns, &[&page, &absent, &incomplete])?)?;
            }
            if formats.xlsx {
                let mut listings = worklist::by_severity(view, county, worklist.full(view));
                listings.extend([
                    answered,
                    absent,
                    identity::same_id_other_name(view, telling, county),
                    identity::awaiting_judgement(view, telling, county),
                    incomplete,
                    rules.clone(),
                ]);
                listings.extend(view.filings.map(|check| filings::of_county(view, check, county)));
                folder.put("worklist.xlsx", &workbook::to_bytes(view, folder.path(), Some(&cover), &listings)?)?;
            }
        }
        if let Some(cases) = cases
            && let Some(pdf) = household::of_county(view, county, cases)?
        {
            folder.put(household::REPORTS, &pdf)?;
        }
        Ok(())
    }
}

fn write_summary(
    folder: &mut Folder,
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
        levels::listing(view, counties, &total),
        summary::by_rule(view, &total),
        summary::by_source(view),
        summary::by_grade(view),
        trend::runs(view),
        trend::timeliness(view),
        standing::precision(view),
    ];
    let cover = Cover { figure: trend::figure(view), ..cover::cover(view, view.division, &total) };
    if formats.csv {
        folder.put("summary.csv", &listings[0].to_csv())?;
        folder.put("levels.csv", &listings[1].to_csv())?;
        folder.put("precision.csv", &standing::precision(view).to_csv())?;
    }
    if formats.xlsx {
        folder.put("summary.xlsx", &workbook::to_bytes(view, folder.path(), Some(&cover), &listings)?)?;
    }
    if formats.html {
        let lists: Vec<_> = listings.iter().collect();
        let flags = counties.iter().map(|(county, counts)| (view.place(county.division), counts.flags()));
        let places = page::Places { caption: view.word("package.chart_counties"), counts: flags.collect() };
        folder.put("summary.html", &page::to_bytes(view, &cover, &total, places, &lists)?)?;
    }
    for evidence in view.evidences.iter().chain(view.register_files.iter().copied()) {
        if let Some(csv) = rejects::csv(view, evidence) {
            folder.put(&format!("rejects/{}.csv", evidence.source), &csv)?;
        }
    }
    if let Some(csv) = rejects::unmapped(view) {
        folder.put("unmapped.csv", &csv)?;
    }
    if let Some(csv) = set_aside::csv(view) {
        folder.put("set_aside.csv", &csv)?;
    }
    let left = county::without_package(view);
    if !left.is_empty() {
        folder.put("absent.csv", &standing::absent(view, &left).to_csv())?;
    }
    if let Some(check) = view.filings {
        folder.put("filings.csv", &filings::of_all(view, check, counties).to_csv())?;
    }
    for package in packages {
        let manifest = package.files.iter().find(|file| file.0 == MANIFEST).expect("every package is sealed");
        folder.list(format!("{}/{MANIFEST}", package.folder), manifest.1, manifest.2);
    }
    Ok(())
}

/// The list for the centre's own reviewers, which `hedui verdict import` reads back.
fn write_review(folder: &mut Folder, view: &RunView, formats: &Formats) -> Result<()> {
    let view = &RunView { masked: view.review_masked, ..*view };
    let (listing, doubted) = (review::listing(view), standing::doubted_links(view));
    if formats.csv {
        folder.put("review.csv", &listing.to_csv())?;
        folder.put("review_answered.csv", &doubted.to_csv())?;
    }
    if formats.xlsx {
        folder.put("review.xlsx", &workbook::to_bytes(view, folder.path(), None, &[listing, doubted])?)?;
    }
    Ok(())
}

/// The packages together hold every person, discrepancy and state of the run once. Anything else is a bug, and a run
/// whose reports do not add up must not be published.
fn reconcile(view: &RunView, total: &Counts) {
    assert_eq!(total.persons, view.register.persons.len() as u64, "a person stands in no package or in two");
    let found = view.outcomes.discrepancies.len() as u64;
    assert_eq!(total.flags() + total.answered, found, "a discrepancy was lost");
    assert_eq!(total.changes.iter().sum::<u64>(), total.flags(), "a discrepancy stands nowhere or twice");
    assert_eq!(total.states_in_all(), total.persons * view.coverage.sources() as u64, "a person's coverage was lost");
}

#[cfg(test)]
mod tests;
