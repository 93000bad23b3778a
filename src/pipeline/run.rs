//! The nightly batch: everyone on the register against every source, and a package for each county.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::{Value, json};

use super::completeness::{self, Measure, Usual};
use super::extracts::in_use;
use super::filings::{Lists, read_lists};
use super::linking::{Ground, Linked, settle};
use super::outcomes::Judging;
use super::register::{RegisterRead, register_for};
use super::reports::{OBJECTION_DAYS, objection_days};
use super::review::InForce;
use super::same;
use super::seals::seals;
use super::standing::{self, Past};
use super::summary::{
    FilingSummary, PackageSummary, ReviewSummary, RunSummary, SourceSummary, StandingSummary, households_unnamed,
    mandates_at_fault, shared_names, unnamed_programmes, unnamed_values, worst_column,
};
use super::ties;
use super::trend;
use crate::config::{Format, Plan};
use crate::ingest;
use crate::kernel::wording::say;
use crate::kernel::{Cancel, Date, Digest, Lang, Progress, Result};
use crate::linkage;
use crate::model::coverage::Coverage;
use crate::model::evidence::{Delivery, Evidence, Scope};
use crate::model::filing::FilingCheck;
use crate::model::judgement::{Answer, Review};
use crate::model::link::Grade;
use crate::model::outcome::{Outcomes, RuleCard};
use crate::model::standing::History;
use crate::model::trend::TrendPoint;
use crate::policy;
use crate::report::{self, Filed, Formats, Package, Packages, Password, RunView, Seals};
use crate::store::{self, Extracts, Holder, Ledger, MadeOf, Output, RunTables, Stages, Staging, Workspace};

/// What the caller decides: the day, what to read and write, and who asks when (the clock is the caller's).
#[derive(Debug, Clone)]
pub struct RunOptions {
    pub as_of: Date,
    /// Source codes to read; empty means all. The others count as not delivered.
    pub only: Vec<String>,
    /// Read every file in full, whatever is known of it.
    pub reread: bool,
    pub formats: Vec<Format>,
    /// Of sealed packages, where it does not come from the file that hedui.toml names.
    pub password: Option<Password>,
    pub holder: Holder,
    /// RFC 3339, for the ledger.
    pub at: String,
}

/// Runs that a summary's trend shows: a year of monthly ones.
const TREND_RUNS: usize = 12;

/// Makes one run and publishes it whole, or publishes nothing.
///
/// # Errors
/// Another run holds the workspace; the register cannot be read; the disk; cancellation.
pub fn run(plan: &Plan, options: &RunOptions, progress: &dyn Progress, cancel: &Cancel) -> Result<RunSummary> {
    let seals = seals(plan, options.password.as_ref())?;
    let workspace = Workspace::open(&plan.root)?;
    let lock = workspace.lock(&options.holder)?;
    let run = workspace.next_run(options.as_of)?;
    let staging = workspace.stage(&lock, &run)?;
    let ledger = Ledger::open(&workspace)?;
    ledger.check_kept(&workspace)?;
    let in_force = InForce::new(&ledger.judgements()?);
    let statements = ledger.statements()?;
    let earlier = trend::trend(&ledger.entries()?, TREND_RUNS - 1);
    let told = ledger.run_before(options.as_of)?;
    let usual = Usual::of(told.as_deref(), plan, &ledger)?;
    drop(ledger);

    let (extracts, stages) = (Extracts::open(&workspace, options.reread), Stages::open(&workspace, options.reread));
    let (register, past) = rayon::join(
        || register_for(plan, options.as_of, &extracts, &stages, progress, cancel),
        || Past::of(&workspace, options.as_of, statements, told),
    );
    let (mut register, past) = (register?, past?);
    let lists = read_lists(plan, &mut register, progress, cancel)?;
    plan.policy.check_places(register.register.counties(), options.as_of)?;
    let ground = Ground { plan, read: &register, only: &options.only, extracts: &extracts, stages: &stages };
    // The one waits for the disk, the other for memory.
    let (kept, linked) = rayon::join(|| register.keep(&stages), || ground.link(progress, cancel));
    kept?;
    let (mut evidences, mut linked, keys) = linked?;
    extracts.save(&in_use(plan))?;
    stages.keep_only(&plan.source_codes(), &plan.policy.evidence_read());
    let reviews = settle(plan, &register.register, &in_force, &usual, &mut evidences, &mut linked.links);
    list_unmapped(plan, &mut register, &mut evidences);
    let before = workspace.latest()?.filter(|_| !options.reread);
    let mut made_of = MadeOf::new(&workspace, before.as_deref());
    made_of.tell(same::read_tables(plan, register.key, &keys));
    let judging = Judging {
        plan,
        read: &register,
        evidences: &evidences,
        keys: &keys,
        links: &linked.links,
        reviews: &reviews,
        judgements: in_force.digest(),
        stages: &stages,
    };
    // Rules often have work for a single core: what was read is written on the others.
    let (judged, saved) = staging.sync_during(|| {
        rayon::join(
            || judge(&judging, lists, &past, progress, cancel),
            || store::save_read(staging.store(), &register.register, &register.files(), &evidences, &made_of),
        )
    });
    let Judged { filings, coverage, outcomes, history, made_of: found_made_of } = judged?;
    made_of.tell(found_made_of);
    let found = Found {
        plan,
        run: &run,
        unnamed: plan.policy.unnamed(&register.register.programmes),
        register,
        evidences,
        linked,
        reviews,
        in_force,
        earlier,
        usual,
        filings,
        coverage,
        outcomes,
        history,
        made_of,
        saved: saved?,
    };
    let (summary, outputs) = found.write(&staging, &options.formats, &seals, progress, cancel)?;
    staged("publish", progress, || publish(&workspace, staging, outputs, &found, &summary, options))?;
    // The night is over and with it the program: to give back a gigabyte piece by piece takes a quarter of a second.
    std::mem::forget(found);
    Ok(summary)
}

/// Codes that no layout gives a meaning, of the register and of the sources.
fn list_unmapped(plan: &Plan, register: &mut RegisterRead, evidences: &mut [Evidence]) {
    let (own, rows) = (&mut register.persons, &register.register.table);
    own.unmapped = ingest::unmapped(&plan.persons, &own.kind, rows);
    own.unmapped.extend(unnamed_values(&plan.policy, &register.register, &own.kind, &own.unmapped));
    evidences.par_iter_mut().zip(&plan.sources).for_each(|(evidence, source)| {
        evidence.unmapped = ingest::unmapped(&source.layout, &source.kind, &evidence.table);
    });
}

/// What is said of what was read and linked.
struct Judged {
    filings: Option<FilingCheck>,
    coverage: Coverage,
    outcomes: Outcomes,
    history: History,
    /// Of the tables of what was found.
    made_of: [(String, Digest); 2],
}

/// The 备案 check, coverage, rules, and what changed since the run before.
fn judge(
    judging: &Judging<'_>,
    lists: Option<Lists>,
    past: &Past,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Judged> {
    let Judging { plan, evidences, links, .. } = *judging;
    let register = &judging.read.register;
    let (filings, coverage) =
        rayon::join(|| lists.map(|lists| ties::find(lists, register, evidences, links)), || judging.coverage());
    let outcomes = judging.outcomes(&coverage, progress, cancel)?;
    // Of whom half the rules were not asked, nothing is gone either.
    let unasked = households_unnamed(&plan.policy, register);
    let now = standing::Now {
        register,
        at_fault: &judging.read.named_at_fault().into_iter().chain(unasked).collect(),
        evidences,
        coverage: &coverage,
        outcomes: &outcomes,
        cards: &plan.policy.cards(),
        objection_days: &|county, on| plan.policy.whole(OBJECTION_DAYS, county, on),
    };
    let (history, made_of) = rayon::join(
        || standing::settle(past, &now),
        || same::found_tables(plan, judging.read.key, judging.keys, judging.judgements, &coverage),
    );
    Ok(Judged { filings, coverage, outcomes, history: history?, made_of })
}

/// Some work without rows to count, as a stage of its own.
pub(super) fn staged<T>(stage: &str, progress: &dyn Progress, work: impl FnOnce() -> T) -> T {
    progress.begin(stage, 0);
    let done = work();
    progress.end(stage, "");
    done
}

/// Everything a run found, ready to be written.
struct Found<'a> {
    plan: &'a Plan,
    run: &'a str,
    register: RegisterRead,
    /// Programmes on it of which no rule thought.
    unnamed: Vec<String>,
    evidences: Vec<Evidence>,
    linked: Linked,
    reviews: Vec<Review>,
    in_force: InForce,
    /// The runs before this one that its trend shows.
    earlier: Vec<TrendPoint>,
    usual: Usual,
    filings: Option<FilingCheck>,
    coverage: Coverage,
    outcomes: Outcomes,
    history: History,
    made_of: MadeOf,
    /// The snapshots that are written.
    saved: Vec<Output>,
}

impl Found<'_> {
    /// Packages and snapshots at once: while one of them has work for a single core, the other takes the rest.
    fn write(
        &self,
        staging: &Staging,
        formats: &[Format],
        seals: &Seals,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<(RunSummary, Outputs)> {
        let register = &self.register.register;
        let parameters = self.plan.policy.values(register.counties(), register.as_of);
        let cards = self.plan.policy.cards();
        let tables = self.tables(&cards, &parameters);
        let (packages, snapshots) = staging.sync_during(|| {
            rayon::join(
                || self.write_packages(staging, formats, seals, progress, cancel),
                || staged("snapshots", progress, || store::save_found(staging.store(), &tables)),
            )
        });
        let (packages, snapshots) = (packages?, snapshots?);
        let summary = self.summary(&packages.counties);
        let mut snapshots = [&self.saved[..], &snapshots].concat();
        snapshots.push(store::save_record(staging.store(), &tables, &snapshots, &json!(summary))?);
        Ok((summary, Outputs { packages: packages.all_files(), snapshots }))
    }

    fn write_packages(
        &self,
        staging: &Staging,
        formats: &[Format],
        seals: &Seals,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Packages> {
        let lang: Lang = self.plan.centre.language();
        let view = RunView {
            run: self.run,
            centre: &self.plan.centre.name,
            division: self.plan.centre.division(),
            as_of: self.register.register.as_of,
            register: &self.register.register,
            evidences: &self.evidences,
            register_files: &self.register.files(),
            links: &self.linked.links,
            shared: &self.linked.shared,
            crowded: &self.linked.crowded,
            reviews: &self.reviews,
            outcomes: &self.outcomes,
            history: &self.history,
            coverage: &self.coverage,
            trend: &self.trend(),
            filings: self.filings.as_ref(),
            cards: &self.plan.policy.cards(),
            unnamed_programmes: &self.unnamed,
            profile: &self.plan.policy.profile,
            demo: self.plan.is_demo(),
            masked: self.plan.report.masked,
            review_masked: self.plan.report.review_masked(),
            lang,
            places: &self.plan.places,
            objection_days: &objection_days(self.plan, &self.register.register),
            explain: &|link| linkage::explain_short(link).say(lang),
            explain_fully: &|link| {
                let sentences = linkage::explain(link).into_iter().chain(linkage::repairs(link));
                let said: Vec<String> = sentences.map(|sentence| sentence.say(lang)).collect();
                said.join(say(lang, "report.between_reasons"))
            },
        };
        let has = |format| formats.contains(&format);
        let formats =
            Formats { xlsx: has(Format::Xlsx), csv: has(Format::Csv), html: has(Format::Html), pdf: has(Format::Pdf) };
        report::write(staging.outbox(), &view, &formats, seals, progress, cancel)
    }

    /// The earlier runs and this one.
    fn trend(&self) -> Vec<TrendPoint> {
        let this = trend::of_summary(self.register.register.as_of, &json!(self.summary(&[])));
        let this = this.expect("a summary holds what a point of a trend is made of");
        self.earlier.iter().cloned().chain([this]).collect()
    }

    fn tables<'a>(&'a self, cards: &'a [RuleCard], parameters: &'a Value) -> RunTables<'a> {
        RunTables {
            run: self.run,
            as_of: self.register.register.as_of,
            version: env!("CARGO_PKG_VERSION"),
            register: &self.register.register,
            register_files: &self.register.persons.files,
            unnamed_programmes: &self.unnamed,
            evidences: &self.evidences,
            links: &self.linked.links,
            reviews: &self.reviews,
            outcomes: &self.outcomes,
            history: &self.history,
            coverage: &self.coverage,
            cards,
            profile: &self.plan.policy.profile,
            demo: self.plan.is_demo(),
            configuration: self.plan.digest,
            parameters,
            made_of: &self.made_of,
        }
    }

    fn summary(&self, packages: &[Package]) -> RunSummary {
        let register = &self.register.register;
        let mut flagged = [0; 3];
        let mut households: Vec<u32> = Vec::new();
        // As the work lists have them: what an answer settled stands in a figure of its own.
        let open =
            self.outcomes.discrepancies.iter().zip(&self.history.stands).filter(|(_, stand)| !stand.is_answered());
        for (discrepancy, _) in open {
            flagged[discrepancy.severity as usize] += 1;
            households.push(discrepancy.household);
        }
        households.sort_unstable();
        households.dedup();
        let mut grades = [0; 5];
        self.linked.links.iter().for_each(|link| grades[link.grade as usize] += 1);
        grades[Grade::E as usize] += self.linked.name_only;
        let own = self.register.files().into_iter().map(|file| self.own_summary(file));
        let usual = self.usual.after(&self.evidences, &self.linked.links);
        let sources = self.evidences.iter().zip(usual).map(|(source, usual)| self.source_summary(source, usual));
        let unnamed = unnamed_programmes(&self.plan.policy, register);
        let mandated = completeness::mandated(register);
        RunSummary {
            run: self.run.to_owned(),
            persons: register.persons.len() as u64,
            households: register.households.len() as u64,
            mandated,
            fewer_mandated: self.usual.fewer_mandated(mandated),
            counties: packages.len() as u64,
            fully_checked: self.coverage.fully_checked(),
            register_faults: register.faulty.len() as u64,
            mandates_at_fault: self.register.files().into_iter().map(mandates_at_fault).sum(),
            fewer_persons: self.fewer_persons(),
            unnamed_households: unnamed.iter().map(|(_, households)| households).sum(),
            unnamed_programmes: shared_names(register, &unnamed),
            sources: own.chain(sources).collect(),
            flagged,
            flagged_households: households.len() as u64,
            grades,
            reviews: self.review_summary(),
            standing: StandingSummary::of(&self.history, &self.plan.policy.cards()),
            filings: self.filings.as_ref().map(FilingSummary::of),
            packages: packages
                .iter()
                .map(|package| PackageSummary {
                    division: package.division.to_string(),
                    folder: package.folder.clone(),
                    files: package.files.len(),
                    flagged: package.flagged,
                })
                .collect(),
            outbox: format!("outbox/{}", self.run),
        }
    }

    /// People fewer than in the run before, if they are a larger share than may go back unnoticed.
    fn fewer_persons(&self) -> u64 {
        let (before, now) = (self.earlier.last().map_or(0, |run| run.persons), self.register.register.persons.len());
        let fewer = before.saturating_sub(now as u64);
        if self.is_over_limit(fewer, before) { fewer } else { 0 }
    }

    fn review_summary(&self) -> ReviewSummary {
        let mut summary = ReviewSummary { in_force: self.in_force.count(), ..ReviewSummary::default() };
        for review in &self.reviews {
            match review.answer {
                Some(Answer::Same) => summary.same += 1,
                Some(Answer::Other) => summary.other += 1,
                Some(Answer::Unclear) | None => {
                    summary.open += u64::from(review.is_open(&self.linked.links[review.link as usize]));
                }
            }
        }
        summary
    }

    /// Of a file of the centre's own: its cells are the people that are matched, and no rule's grounds.
    fn own_summary(&self, file: &Evidence) -> SourceSummary {
        let cells_over_limit = self.is_over_limit(worst_column(file), file.bins.read);
        SourceSummary { cells_over_limit, ..self.source_summary(file, None) }
    }

    fn is_over_limit(&self, faults: u64, rows: u64) -> bool {
        faults as f64 * 100.0 > self.plan.run.reject_percent * rows as f64
    }

    fn source_summary(&self, evidence: &Evidence, usual: Option<Measure>) -> SourceSummary {
        let fault = match &evidence.delivery {
            Delivery::Refused(fault) => Some(fault.clone()),
            Delivery::Arrived { .. } | Delivery::Missing => None,
        };
        let unmatched = |reason: &str, whole_row: bool| Scope::of(reason, whole_row) == Scope::Person;
        let counts = evidence.reject_counts.iter().filter(|((_, reason, whole_row), _)| unmatched(reason, *whole_row));
        let rejects = evidence.bins.rejected + counts.map(|(_, count)| count).sum::<u64>();
        let unread = policy::faulty_rows(&self.plan.policy, evidence).len() as u64;
        SourceSummary {
            source: evidence.source.clone(),
            department: evidence.department.clone(),
            state: evidence.delivery.state(),
            as_of: evidence.delivery.as_of().map(|date| date.to_string()),
            bins: evidence.bins,
            fault,
            rejects_over_limit: self.is_over_limit(rejects, evidence.bins.read),
            unread_over_limit: self.is_over_limit(unread, evidence.bins.linked),
            cells_over_limit: false,
            short: evidence.short(),
            usual,
            unmapped: evidence.unmapped.len() as u64,
            unread,
        }
    }
}

/// All files of a run, as the ledger names them.
struct Outputs {
    packages: Vec<Filed>,
    snapshots: Vec<Output>,
}

fn publish(
    workspace: &Workspace,
    staging: Staging,
    outputs: Outputs,
    found: &Found<'_>,
    summary: &RunSummary,
    options: &RunOptions,
) -> Result<()> {
    let files = found.register.files().into_iter().chain(&found.evidences);
    let extracts: BTreeMap<&str, String> =
        files.flat_map(|evidence| &evidence.files).map(|file| (file.path.as_str(), file.digest.to_string())).collect();
    let packages = outputs.packages.into_iter().map(|(path, digest, _)| (path, digest.to_string()));
    let snapshots = outputs.snapshots.into_iter().map(|output| (output.path, output.digest.to_string()));
    let body = json!({
        "run": summary.run,
        "as_of": options.as_of.to_string(),
        "program": env!("CARGO_PKG_VERSION"),
        "configuration": found.plan.digest.to_string(),
        "profile": found.plan.policy.profile,
        "only": options.only,
        "extracts": extracts,
        "judgements": { "in_force": found.in_force.count(), "digest": found.in_force.digest().to_string() },
        "summary": summary,
        "shared_ids": found.linked.shared.len(),
        "crowded_names": found.linked.crowded.len(),
        "outputs": packages.collect::<BTreeMap<_, _>>(),
        "snapshots": snapshots.collect::<BTreeMap<_, _>>(),
    });
    let mut ledger = Ledger::open(workspace)?;
    staging.publish(&mut ledger, &options.at, &options.holder.who, &body)?;
    // Published it is; without the note the next run takes longer.
    let _ = store::note_tables(workspace, found.run);
    Ok(())
}
