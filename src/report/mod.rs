//! 报告包: what a run sends out. For each county a work list, its grounds, who was checked and who was not, a page to
//! print, and a manifest; above them a summary, and the records that go back to the departments.
//!
//! ```text
//! <out>/370102/  worklist.xlsx worklist.csv grounds.csv excluded.csv coverage.csv identity.csv answered.csv absent.csv rules.csv
//!                index.html reports.pdf manifest.json; where the centre has a key or a password for them,
//!                manifest.sig and sealed.zip; with a roster of officials filings.csv, here and above
//! <out>/         summary.xlsx summary.csv levels.csv precision.csv summary.html review.xlsx review.csv
//!                review_answered.csv rejects/<source>.csv manifest.json
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

pub use folder::Filed;
pub use household::{IndexLine, MadeReport, Print, Report, ReportForms, Reports, report_number, reports_index};
pub use manifest::{Expected, Fault, FaultKind, MANIFEST, Verified, verify};
pub use notice::{Notice, NoticeFormat};
pub use returned::{ANSWER_HEADINGS, ReturnedLine, VERDICT_HEADINGS, returned_csv};
pub use sealed::Password;
pub use signature::{PublicKey, Signer};

use self::county::{Counts, County};
use self::cover::Cover;
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
    let write_packages = || -> Result<Vec<Package>> {
        let write_one = |((county, counts), (mut folder, open)): (&(County, Counts), (Folder, Option<Folder>))| {
            cancel.check()?;
            fill(&mut folder, view, formats, county, counts, cases.as_ref())?;
            if let (Some(mut open), Some(password)) = (open, &seals.password) {
                fill(&mut open, &whole, formats, county, counts, cases.as_ref())?;
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

/// Everything a county reads. What only one form shows is made only for it.
fn fill(
    folder: &mut Folder,
    view: &RunView,
    formats: &Formats,
    county: &County,
    counts: &Counts,
    cases: Option<&household::Cases>,
) -> Result<()> {
    let worklist = WorkList::of(view, county);
    let (answered, absent) = (standing::answered(view, county), standing::absent(view, &county.absent));
    if formats.csv {
        folder.put("grounds.csv", &worklist.grounds_csv(view, county))?;
        folder.put("worklist.csv", &worklist.csv(view))?;
        put_csv(folder, view, county, &answered, &absent)?;
    }
    if formats.html || formats.xlsx {
        let incomplete = coverage::incomplete(view, county, counts);
        let cover = cover::cover(view, county.division, counts);
        if formats.html {
            let page = worklist.page(view, county);
            let towns = worklist::by_town(view, county);
            let towns = page::Places { caption: view.word("package.chart_towns"), counts: towns };
            folder.put("index.html", &page::to_bytes(view, &cover, counts, towns, &[&page, &absent, &incomplete])?)?;
        }
        if formats.xlsx {
            let mut listings = worklist::by_severity(view, county, worklist.full(view));
            listings.extend([
                answered,
                absent,
                identity::same_id_other_name(view, county),
                identity::awaiting_judgement(view, county),
                incomplete,
                rules::listing(view),
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

fn put_csv(folder: &mut Folder, view: &RunView, county: &County, answered: &Listing, absent: &Listing) -> Result<()> {
    folder.put("answered.csv", &answered.to_csv())?;
    folder.put("absent.csv", &absent.to_csv())?;
    folder.put("identity.csv", &identity::all(view, county).to_csv())?;
    folder.put("rules.csv", &rules::listing(view).to_csv())?;
    if let Some(check) = view.filings {
        folder.put("filings.csv", &filings::of_county(view, check, county).to_csv())?;
    }
    Ok(())
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
    if let Some(csv) = set_aside::csv(view) {
        folder.put("set_aside.csv", &csv)?;
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
mod tests {
    use super::fixture::{ALL_FORMATS, Centre, PEOPLE, id};
    use super::*;
    use crate::kernel::{Digest, ErrorKind, Silent};

    fn written(view: &RunView) -> (tempfile::TempDir, Vec<Package>) {
        let dir = tempfile::tempdir().unwrap();
        let packages = write(dir.path(), view, &ALL_FORMATS, &Seals::default(), &Silent, &Cancel::default()).unwrap();
        (dir, packages.counties)
    }

    /// All files below a folder with their digests, read again.
    fn lying(top: &Path) -> Vec<Filed> {
        let mut folders = vec![top.to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap();
                let name = path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, Digest::of(&bytes), bytes.len() as u64));
            }
        }
        files.sort();
        files
    }

    /// All text of a file a reader sees: cells of a workbook, else the bytes.
    fn readable(path: &Path) -> String {
        use calamine::Reader;
        if path.extension().is_none_or(|extension| extension != "xlsx") {
            // What a PDF says is checked where it is worded (`household`).
            return String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        }
        let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
        let mut text = String::new();
        for (sheet, range) in workbook.worksheets() {
            text.push_str(&format!("[{sheet}]\n"));
            for row in range.rows() {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                text.push_str(&(cells.join("\t") + "\n"));
            }
        }
        text
    }

    fn texts(dir: &Path, packages: &[Package], county: usize) -> Vec<(String, String)> {
        let folder = dir.join(&packages[county].folder);
        packages[county].files.iter().map(|file| (file.0.clone(), readable(&folder.join(&file.0)))).collect()
    }

    #[test]
    fn packages_add_up_to_the_run() {
        let centre = Centre::new();
        let (dir, packages) = written(&centre.view());
        assert_eq!(packages.iter().map(|package| package.folder.as_str()).collect::<Vec<_>>(), ["370102", "370103"]);
        assert_eq!(packages.iter().map(|package| package.flagged).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(packages.iter().map(|package| package.persons).collect::<Vec<_>>(), [3, 2]);
        // Households, persons, fully checked, unchecked, flags, high, medium, low, flagged households, B, pending.
        let summary = std::fs::read_to_string(dir.path().join("summary.csv")).unwrap();
        assert!(summary.contains("370102,历下区,1,3,1,1,2,1,1,0,1,0,0\n"), "{summary}");
        assert!(summary.contains("370103,,1,2,0,0,1,1,0,0,1,1,1\n"), "{summary}");
        assert!(summary.ends_with("合计,,2,5,1,1,3,2,1,0,2,1,1\n"), "{summary}");
        let cover = readable(&dir.path().join("summary.xlsx"));
        assert!(cover.contains("5 人 × 3 个来源 = 15 项，各状态合计 15 项"), "{cover}");
        let coverage = std::fs::read_to_string(dir.path().join("370102/coverage.csv")).unwrap();
        assert_eq!(coverage.lines().count(), 1 + 3);
        assert!(coverage.contains("未授权,未授权,未授权"));
    }

    #[test]
    fn a_package_holds_only_its_own_people_and_no_whole_id() {
        let centre = Centre::new();
        let (dir, packages) = written(&centre.view());
        for county in 0..2 {
            for (name, text) in texts(dir.path(), &packages, county) {
                for (place, (body, person, household, _)) in PEOPLE.into_iter().enumerate() {
                    let id = id(body).to_string();
                    assert!(!text.contains(&id), "a whole id in {name}");
                    assert!(!text.contains(person), "a whole name in {name}");
                    // The spouse in the record of the other county's wife shows masked; nobody else may show at all.
                    if household as usize != county && ![0, 4].contains(&place) {
                        let masked = crate::kernel::masked::mask_id(&id);
                        assert!(!text.contains(&masked), "person {place} of another county in {name}");
                    }
                }
            }
        }
    }

    #[test]
    fn whole_ids_only_when_asked_for_and_third_persons_never() {
        let centre = Centre::new();
        let view = RunView { masked: false, ..centre.view() };
        let (dir, packages) = written(&view);
        let own = texts(dir.path(), &packages, 0);
        let worklist = &own.iter().find(|file| file.0 == "worklist.csv").unwrap().1;
        assert!(worklist.contains(&id(PEOPLE[0].0).to_string()) && worklist.contains("张建国"));
        for (name, text) in own {
            assert!(!text.contains(&id(PEOPLE[4].0).to_string()) && !text.contains("赵桂兰"), "the wife in {name}");
        }
    }

    #[test]
    fn the_work_list_says_what_was_found_and_what_was_set_aside() {
        let centre = Centre::new();
        let (dir, packages) = written(&centre.view());
        let worklist = std::fs::read_to_string(dir.path().join("370102/worklist.csv")).unwrap();
        for part in [
            "家庭成员名下有机动车：1 辆（对照标准 0 辆），数据截至 2026-11-02。",
            "登记死亡后仍在发放：1,200.00 元，涉及金额 1,200.00 元。",
            "公安交管（机动车）：号牌号码 鲁A12345，机动车状态 正常；反馈时间 2026-11-02",
            "inbox/vehicle/2026-11.csv 第 2 行",
            "已注销、报废或转出：号牌号码 鲁A54321，机动车状态 注销",
            "配偶姓名 赵*兰",
            "整户",
        ] {
            assert!(worklist.contains(part), "{part} is not in {worklist}");
        }
        let high = worklist.find("D002-abcdef0123").unwrap();
        assert!(high < worklist.find("V001-0123456789").unwrap(), "the severe one comes first");
        let first = texts(dir.path(), &packages, 0).pop().unwrap().1;
        assert!(
            first.contains("未授权：民政（婚姻登记）、人社（养老待遇）、公安交管（机动车）"),
            "why the wife is unchecked"
        );
        let workbook = texts(dir.path(), &packages, 1).pop().unwrap().1;
        for sheet in ["封面", "疑点清单-红", "同号异名", "待人工判定", "核对覆盖", "规则说明"] {
            assert!(workbook.contains(&format!("[{sheet}]")), "{sheet}");
        }
        assert!(workbook.contains("王*福\t") && workbook.contains("王*力\t"), "both names of the identity case");
        assert!(workbook.contains("号牌号码 =鲁A99999"), "text in a workbook is text");
        let rejects = std::fs::read_to_string(dir.path().join("rejects/vehicle.csv")).unwrap();
        assert!(rejects.contains("inbox/vehicle/2026-11.csv,,5,,整行退回,整行退回,不是身份证号|某某"), "{rejects}");
    }

    #[test]
    fn every_file_is_vouched_for_down_to_the_packages() {
        let centre = Centre::new();
        let (dir, _) = written(&centre.view());
        assert_eq!(verify(dir.path(), &Expected::default()).unwrap(), Verified::default());
        std::fs::write(dir.path().join("370103/grounds.csv"), b"x").unwrap();
        let fault = Fault { path: "370103/grounds.csv".to_owned(), kind: FaultKind::Changed };
        assert_eq!(verify(dir.path(), &Expected::default()).unwrap().faults, [fault]);
    }

    #[test]
    fn a_signed_run_is_whole_only_with_the_centre_s_own_signatures() {
        let centre = Centre::new();
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::from_seed(&[3; 32]);
        let seals = Seals { signer: Some(signer.clone()), password: None };
        write(dir.path(), &centre.view(), &ALL_FORMATS, &seals, &Silent, &Cancel::default()).unwrap();
        let check = |key: Option<PublicKey>| {
            let found = verify(dir.path(), &Expected { key, password: None }).unwrap();
            let faults = found.faults.into_iter().map(|fault| (fault.path, fault.kind)).collect::<Vec<_>>();
            (faults, found.signer.is_some())
        };
        assert_eq!(check(None), (vec![], true));
        assert_eq!(check(Some(signer.public())), (vec![], true));
        let other = check(Some(Signer::from_seed(&[4; 32]).public())).0;
        assert_eq!(other.len(), 3, "the run and both counties");
        assert!(other.iter().all(|fault| fault.1 == FaultKind::OtherKey));
        // A county's signature taken away, and then a manifest changed together with its file's digest.
        std::fs::remove_file(dir.path().join("370103/manifest.sig")).unwrap();
        assert_eq!(check(None).0, [("370103/manifest.sig".to_owned(), FaultKind::Unsigned)]);
        let manifest = std::fs::read_to_string(dir.path().join("370102/manifest.json")).unwrap();
        std::fs::write(dir.path().join("370102/manifest.json"), manifest.replace("2026-11-24", "2026-11-25")).unwrap();
        let county = verify(&dir.path().join("370102"), &Expected::default()).unwrap();
        assert_eq!(county.faults, [Fault { path: "manifest.sig".to_owned(), kind: FaultKind::Forged }]);
    }

    #[test]
    fn whole_ids_stand_in_the_sealed_archive_only() {
        let centre = Centre::new();
        let dir = tempfile::tempdir().unwrap();
        let password = Password::new("correct horse").unwrap();
        let seals = Seals { signer: Some(Signer::from_seed(&[3; 32])), password: Some(password.clone()) };
        let told = write(dir.path(), &centre.view(), &ALL_FORMATS, &seals, &Silent, &Cancel::default()).unwrap();
        assert_eq!(told.all_files(), lying(dir.path()), "the ledger names every file by its own digest");
        let county = dir.path().join("370102");
        assert!(!county.join(sealed::OPEN).exists(), "nothing open is left");
        let worklist = std::fs::read_to_string(county.join("worklist.csv")).unwrap();
        let id = id(PEOPLE[0].0).to_string();
        assert!(!worklist.contains(&id));
        let archive = std::fs::read(county.join(sealed::SEALED)).unwrap();
        assert!(!archive.windows(id.len()).any(|bytes| bytes == id.as_bytes()));
        let inside = sealed::open(&county.join(sealed::SEALED), &password).unwrap().unwrap();
        assert!(String::from_utf8_lossy(&inside["worklist.csv"]).contains(&id));
        let check = |password: Option<&str>| {
            let password = password.map(|text| Password::new(text).unwrap());
            verify(dir.path(), &Expected { key: None, password }).unwrap()
        };
        assert_eq!((check(None).faults, check(None).unopened), (vec![], 2));
        assert_eq!((check(Some("correct horse")).faults, check(Some("correct horse")).unopened), (vec![], 0));
        assert_eq!(check(Some("another horse")).faults[0].kind, FaultKind::Unopened);
        // Another county's archive under this one's name opens with the same password and is still found out.
        std::fs::copy(dir.path().join("370103/sealed.zip"), county.join("sealed.zip")).unwrap();
        let changed = Fault { path: "370102/sealed.zip".to_owned(), kind: FaultKind::Changed };
        assert_eq!(check(Some("correct horse")).faults, [changed]);
    }

    #[test]
    fn the_same_bytes_at_any_thread_count() {
        let centre = Centre::new();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (dir, _) = pool.install(|| written(&centre.view()));
            std::fs::read_to_string(dir.path().join(MANIFEST)).unwrap()
        };
        let one = run(1);
        assert_eq!(one, run(3));
        assert_eq!(
            one.matches("sha256").count(),
            11,
            "five summaries, three review lists, one of rejects, two packages"
        );
    }

    #[test]
    fn the_page_stands_alone_and_says_demo() {
        let mut centre = Centre::new();
        centre.cards[0].advice = "<script>alert(1)</script>".to_owned();
        let (dir, _) = written(&centre.view());
        let page = std::fs::read_to_string(dir.path().join("370102/index.html")).unwrap();
        assert!(page.contains("<div class=\"demo\">演示</div>"));
        assert!(page.contains("\\u003cscript>alert") && !page.contains("<script>alert"));
        for reference in ["src=", "href=", "@import", "url("] {
            assert!(!page.contains(reference), "{reference} fetches something");
        }
        assert!(!page.contains("{{") && !page.contains("{%"));
    }

    #[test]
    fn english_reports_hold_no_chinese_of_ours() {
        let centre = Centre::new();
        let (dir, _) = written(&RunView { lang: Lang::En, ..centre.view() });
        let worklist = std::fs::read_to_string(dir.path().join("370102/worklist.csv")).unwrap();
        assert!(worklist.contains("1 辆 (held against 0 辆), records as of 2026-11-02."), "{worklist}");
    }

    #[test]
    fn stopping_is_an_error_not_half_a_report() {
        let centre = Centre::new();
        let cancel = Cancel::default();
        cancel.cancel();
        let dir = tempfile::tempdir().unwrap();
        let error = write(dir.path(), &centre.view(), &ALL_FORMATS, &Seals::default(), &Silent, &cancel).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(!dir.path().join(MANIFEST).exists());
    }

    #[test]
    #[should_panic(expected = "rows were lost")]
    fn rows_that_do_not_add_up_stop_the_report() {
        let mut centre = Centre::new();
        centre.evidences[2].bins.read += 1;
        written(&centre.view());
    }

    #[test]
    fn no_sentence_decides() {
        for lang in [Lang::Zh, Lang::En] {
            for (key, sentence) in crate::kernel::wording::section(lang, "report") {
                for banned in ["应退出", "骗保", "不符合", "违规", "fraud", "eligib"] {
                    assert!(!sentence.contains(banned), "{key}: {sentence}");
                }
            }
        }
    }
}
