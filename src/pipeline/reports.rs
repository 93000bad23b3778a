//! `hedui report`: 核对报告 out of a published run, for one household or for all of a county.
//!
//! Nothing is checked anew: the run's snapshots are read back and worded. Each report made is a print, and stands in the
//! ledger before its files do. Files are named by the report's number, which holds no personal value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::standing::last_answer;
use crate::config::Plan;
use crate::kernel::{Cancel, Date, Digest, Division, Error, Lang, Message, Progress, Result, wording};
use crate::linkage;
use crate::model::coverage::Coverage;
use crate::model::evidence::Evidence;
use crate::model::judgement::Review;
use crate::model::link::Link;
use crate::model::outcome::{Outcomes, RuleCard};
use crate::model::register::Register;
use crate::model::standing::{Absent, History};
use crate::model::verdict::{self, InForce};
use crate::report::{
    Answered, IndexLine, MadeReport, Print, Remark, Report, ReportForms, Reports, RunView, answer_message,
    report_number, reports_index,
};
use crate::store::{Findings, Ledger, Part, Recalled, Workspace, findings, recall, write_bytes};

/// The parameter that says how many days a household has to object; no rule reads it.
pub(super) const OBJECTION_DAYS: &str = "objection_days";
const INDEX: &str = "index.csv";

/// Whose reports.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Code of the household, as the register writes it.
    Household(String),
    County(Division),
}

/// What the caller decides; the clock and the login name are the caller's.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    pub whose: Whose,
    /// A published run.
    pub run: String,
    pub out: PathBuf,
    pub forms: ReportForms,
    /// The day of the print.
    pub today: Date,
    /// RFC 3339, for the ledger.
    pub at: String,
    pub who: String,
}

/// What was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ReportSummary {
    pub run: String,
    pub reports: u64,
    pub pages: u64,
    /// Characters the PDF's font lacks, printed as code points.
    pub missing_characters: u64,
    /// Number of the ledger's entry.
    pub entry: u64,
    /// How many times the only report was printed by now; `None` for a county.
    pub print: Option<u64>,
    /// Names of the files in `out`.
    pub files: Vec<String>,
}

/// Days to object by county, where a parameter gives them on the register's day.
pub(super) fn objection_days(plan: &Plan, register: &Register) -> BTreeMap<Division, i64> {
    let days = |county: &Division| Some((*county, plan.policy.whole(OBJECTION_DAYS, *county, register.as_of)?));
    register.counties().iter().filter_map(days).collect()
}

/// Makes the reports, writes their files and, for a county, an index.
///
/// # Errors
/// `out` lies in a published package; nobody of that household or county on the run's register; a damaged snapshot or ledger;
/// the disk; cancellation.
pub fn make_reports(
    plan: &Plan,
    options: &ReportOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<ReportSummary> {
    const STAGE: &str = "reports";
    let workspace = Workspace::open(&plan.root)?;
    if workspace.is_published(&options.out) {
        return Err(Error::config(Message::new("household.out_published")).at(&options.out));
    }
    let part = match &options.whose {
        Whose::Household(code) => Part::Household(code),
        Whose::County(county) => Part::County(*county),
    };
    let recalled = recall(&workspace, &options.run, part)?;
    let numbers: Vec<String> = numbers(&recalled, &options.run);
    let facts = facts_of(&workspace, &options.run)?;
    let mut ledger = Ledger::open(&workspace)?;
    let statements = ledger.statements()?;
    let in_force = verdict::in_force(&statements);
    let prints = ledger.record_prints(&options.at, &options.who, &options.run, &numbers)?;

    progress.begin(STAGE, 0);
    let households: Vec<u32> = (0..numbers.len() as u32).collect();
    let lang = plan.centre.language();
    let explain = |link: &_| linkage::explain_short(link).say(lang);
    let days = objection_days(plan, &recalled.register);
    let history = History { absent: recalled.absent, ..History::default() };
    let programmes = || plan.policy.unnamed(&recalled.register.programmes);
    let unnamed = recalled.record.unnamed_programmes.clone().unwrap_or_else(programmes);
    let told = Told {
        run: &options.run,
        register: &recalled.register,
        evidences: &recalled.evidences,
        links: &recalled.links,
        reviews: &recalled.reviews,
        outcomes: &recalled.outcomes,
        coverage: &recalled.coverage,
        history: &history,
        cards: &recalled.record.rules,
        profile: &recalled.record.profile,
        unnamed_programmes: &unnamed,
        demo: recalled.record.demo || plan.is_demo(),
    };
    let view = view(plan, told, &days, &explain);
    let answered = answered(&recalled.outcomes, &facts, &in_force, lang);
    let reports = Reports::new(&view, households.clone());
    std::fs::create_dir_all(&options.out).map_err(|error| Error::io(&options.out, &error))?;
    let written = households
        .par_iter()
        .map(|&household| {
            cancel.check()?;
            let (number, count) = (numbers[household as usize].clone(), prints.counts[household as usize]);
            let print = Print::Counted { on: options.today, count, entry: prints.entry };
            let mut ids = ids_of(told, household, &in_force);
            ids.retain(|id| !answered.contains_key(*id));
            let remarks = remarks(&ids, &facts, &in_force, lang);
            let made =
                reports.make(household, Report { number, print, remarks, answered: &answered }, options.forms)?;
            progress.advance(STAGE, 0, 1);
            write_files(&options.out, made)
        })
        .collect::<Result<Vec<Written>>>()?;
    let mut names: Vec<String> = written.iter().flat_map(|one| one.files.iter().map(|file| file.0.clone())).collect();
    if matches!(options.whose, Whose::County(_)) {
        write_file(&options.out, INDEX, &index(lang, &written, &prints.counts))?;
        names.push(INDEX.to_owned());
    }
    progress.end(STAGE, "");
    Ok(ReportSummary {
        run: options.run.clone(),
        reports: written.len() as u64,
        pages: written.iter().map(|one| one.made.pages).sum(),
        missing_characters: written.iter().map(|one| one.made.missing).sum(),
        entry: prints.entry,
        print: matches!(options.whose, Whose::Household(_)).then(|| prints.counts[0]),
        files: names,
    })
}

/// Of every discrepancy that a run found or kept, the fact as it stood.
fn facts_of(workspace: &Workspace, run: &str) -> Result<BTreeMap<String, Option<Digest>>> {
    let Findings { found, absent } = findings(workspace, run)?;
    // What was found tells, where it stood in another county before.
    let all = absent.into_iter().map(|absent| absent.earlier).chain(found);
    Ok(all.map(|one| (one.id, one.fact)).collect())
}

/// Ids of a household's discrepancies: found, kept, and those that are objected to whatever became of them.
fn ids_of<'a>(told: Told<'a>, household: u32, in_force: &BTreeMap<&str, InForce<'_>>) -> Vec<&'a str> {
    let found = told.outcomes.discrepancies.iter().filter(|found| found.household == household);
    let code = told.register.household(household).code();
    let is_open = |id: &str| in_force.get(id).is_some_and(|stands| stands.objection.is_some());
    let is_told = |absent: &&Absent| {
        absent.earlier.household == code && (absent.is_kept() || is_open(absent.earlier.id.as_str()))
    };
    let kept = told.history.absent.iter().filter(is_told);
    found.map(|found| found.id.as_str()).chain(kept.map(|absent| absent.earlier.id.as_str())).collect()
}

/// Of what the run found, what is settled today: an answer to the very fact, and no objection since.
fn answered(
    outcomes: &Outcomes,
    facts: &BTreeMap<String, Option<Digest>>,
    in_force: &BTreeMap<&str, InForce<'_>>,
    lang: Lang,
) -> Answered {
    let settled = outcomes.discrepancies.iter().filter_map(|found| {
        let InForce { answer, objection } = in_force.get(found.id.as_str())?;
        let answer = last_answer((*answer)?, facts.get(&found.id).copied().flatten())?;
        (objection.is_none() && answer.settles()).then(|| (found.id.clone(), answer_message(lang, &answer)))
    });
    settled.collect()
}

/// What was stated of a household's discrepancies since the run found or kept them, as it stands today: answers and objections.
/// `facts`: of every discrepancy of the run, the fact as it stood.
fn remarks(
    ids: &[&str],
    facts: &BTreeMap<String, Option<Digest>>,
    in_force: &BTreeMap<&str, InForce<'_>>,
    lang: Lang,
) -> Vec<Remark> {
    let of_one = |id: &&str| -> Vec<Remark> {
        let InForce { answer, objection } = in_force.get(id).copied().unwrap_or_default();
        let answer = answer.and_then(|answer| last_answer(answer, facts.get(*id).copied().flatten()));
        let answer = answer.map(|answer| {
            // An answer to another fact must not read as one to what is printed beside it.
            let key = if answer.holds { "household.remark_answer" } else { "household.remark_answer_before" };
            let said = wording::say(lang, &format!("report.verdict_{}", answer.verdict.code()));
            Message::new(key).with("on", answer.on).with("said", said)
        });
        let objection = objection.map(|one| Message::new("household.remark_objection").with("on", one.on));
        let said = answer.into_iter().chain(objection);
        said.map(|message| Remark { of: None, message: message.with("id", id) }).collect()
    };
    ids.iter().flat_map(of_one).collect()
}

fn numbers(recalled: &Recalled, run: &str) -> Vec<String> {
    let households = recalled.register.households.iter().zip(&recalled.places);
    households.map(|(household, place)| report_number(run, household.division.county(), *place)).collect()
}

/// What a report of some households tells: a part of a run read back, or an answer at the window.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) run: &'a str,
    pub(super) register: &'a Register,
    pub(super) evidences: &'a [Evidence],
    pub(super) links: &'a [Link],
    pub(super) reviews: &'a [Review],
    pub(super) outcomes: &'a Outcomes,
    pub(super) coverage: &'a Coverage,
    pub(super) history: &'a History,
    pub(super) cards: &'a [RuleCard],
    pub(super) profile: &'a str,
    pub(super) unnamed_programmes: &'a [String],
    pub(super) demo: bool,
}

/// The same as reports see it: without trend and lists of the centre. Masking and names of places are the
/// centre's of today; the rest is as it was found.
pub(super) fn view<'a>(
    plan: &'a Plan,
    told: Told<'a>,
    objection_days: &'a BTreeMap<Division, i64>,
    explain: &'a (dyn Fn(&Link) -> String + Sync),
) -> RunView<'a> {
    let Told { run, register, evidences, links, reviews, outcomes, coverage, history, cards, profile, demo, .. } = told;
    RunView {
        trend: &[],
        filings: None,
        run,
        centre: &plan.centre.name,
        division: plan.centre.division(),
        as_of: register.as_of,
        register,
        evidences,
        register_files: &[],
        links,
        shared: &[],
        crowded: &[],
        reviews,
        outcomes,
        history,
        coverage,
        cards,
        unnamed_programmes: told.unnamed_programmes,
        profile,
        demo,
        masked: plan.report.masked,
        review_masked: plan.report.review_masked(),
        lang: plan.centre.language(),
        places: &plan.places,
        objection_days,
        explain,
        explain_fully: explain,
    }
}

/// A report whose files stand: name and digest of each.
struct Written {
    made: MadeReport,
    files: Vec<(String, Digest)>,
}

fn write_files(out: &Path, mut made: MadeReport) -> Result<Written> {
    let mut files = Vec::new();
    for (bytes, extension) in [(made.pdf.take(), "pdf"), (made.html.take(), "html")] {
        let Some(bytes) = bytes else { continue };
        let name = format!("{}.{extension}", made.number);
        let digest = write_file(out, &name, &bytes)?;
        files.push((name, digest));
    }
    Ok(Written { made, files })
}

fn write_file(out: &Path, name: &str, bytes: &[u8]) -> Result<Digest> {
    let path = out.join(name);
    write_bytes(&path, bytes)
}

fn index(lang: Lang, written: &[Written], counts: &[u64]) -> Vec<u8> {
    let lines = written.iter().zip(counts).flat_map(|(one, &count)| {
        one.files.iter().map(move |(file, digest)| IndexLine { made: &one.made, count, file, digest: *digest })
    });
    reports_index(lang, &lines.collect::<Vec<_>>())
}
