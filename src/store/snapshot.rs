//! Snapshots of a run: tables as Parquet, so that any tool can read them, and `run.json` beside them.
//!
//! | file | one row per | order |
//! |---|---|---|
//! | `register.parquet` | person | register |
//! | `links.parquet` | link | the run's; row number = index of the link |
//! | `outcomes.parquet` | discrepancy | county, household, rule, person |
//! | `grounds.parquet` | row a discrepancy rests on, or that was set aside | discrepancy; those without one last |
//! | `absent.parquet` | discrepancy of the run before that this one did not find, and why | county, household, rule, id |
//! | `coverage.parquet` | person; a byte per source | register |
//! | `evidence-<source>.parquet` | kept record; row number = row of the evidence table | file and line |
//! | `rejects.parquet` | row or field that goes back | source, file and line |
//!
//! Texts that repeat (ids of persons, households, files) are built once and shared by all rows that name them.

use std::path::Path;

use polars::prelude::Series;
use serde_json::Value;

use super::frame::{Frame, text_series, write};
use super::run_record::{RunRecord, SourceRecord, column_name, coverage_states, evidence_file};
use rayon::prelude::*;

use crate::kernel::{Date, Digest, Fen, Result};
use crate::model::coverage::Coverage;
use crate::model::evidence::{Evidence, Reject};
use crate::model::judgement::{Answer, Review};
use crate::model::kind;
use crate::model::link::{Link, Repairs};
use crate::model::outcome::{Ground, Outcomes, RuleCard};
use crate::model::register::{Register, Role, State};
use crate::model::standing::{Absent, History, Stand};

/// All that is kept of a run.
pub struct RunTables<'a> {
    pub run: &'a str,
    pub as_of: Date,
    /// Version of the program.
    pub version: &'a str,
    /// Policy profile.
    pub profile: &'a str,
    /// Made-up people or parameters.
    pub demo: bool,
    /// Digest of the whole configuration.
    pub configuration: Digest,
    pub register: &'a Register,
    /// In the order of the plan: `Link::source` is an index in it.
    pub evidences: &'a [Evidence],
    pub links: &'a [Link],
    /// Ascending by link.
    pub reviews: &'a [Review],
    pub outcomes: &'a Outcomes,
    /// A stand for each of the outcomes' discrepancies.
    pub history: &'a History,
    pub coverage: &'a Coverage,
    /// In the order of the run's rules.
    pub cards: &'a [RuleCard],
    /// Parameter values by name, for `hedui trace`; an object.
    pub parameters: &'a Value,
    /// Whatever else the run counts.
    pub summary: &'a Value,
}

/// Writes all snapshots of a run into `dir`, which exists and is empty.
///
/// # Errors
/// I/O. A half-written folder is the caller's to drop (see `Staging`).
pub fn save(dir: &Path, run: &RunTables<'_>) -> Result<()> {
    assert_eq!(run.coverage.sources(), run.evidences.len(), "coverage speaks of other sources");
    let people = People::of(run.register);
    let persons = run.register.persons.len();
    let rejects: Vec<(&Evidence, &Reject)> = run
        .evidences
        .iter()
        .flat_map(|evidence| evidence.rejects.iter().map(move |reject| (evidence, reject)))
        .collect();
    let (grounds, reviews) = (all_grounds(run.outcomes), reviews_by_link(run));
    let table = |name: &str, rows: usize, frame: &dyn Fn(Rows) -> Frame| write(&dir.join(name), rows, frame);
    let discrepancies = run.outcomes.discrepancies.len();
    // Side by side: each holds one group of rows at a time.
    let tables: [&(dyn Fn() -> Result<()> + Sync); 8] = [
        &|| table("register.parquet", persons, &|rows| register_frame(run.register, &people, rows)),
        &|| table("links.parquet", run.links.len(), &|rows| links_frame(run, &people, &reviews, rows)),
        &|| table("coverage.parquet", persons, &|rows| coverage_frame(run, &people, rows)),
        &|| table("grounds.parquet", grounds.len(), &|rows| grounds_frame(&grounds[rows])),
        &|| table("outcomes.parquet", discrepancies, &|rows| outcomes_frame(run, &people, rows)),
        &|| table("absent.parquet", run.history.absent.len(), &|rows| absent_frame(&run.history.absent[rows])),
        &|| table("rejects.parquet", rejects.len(), &|rows| rejects_frame(&rejects[rows])),
        &|| {
            run.evidences.par_iter().try_for_each(|evidence| {
                let path = dir.join(evidence_file(&evidence.source));
                write(&path, evidence.table.rows(), &|rows| evidence_frame(evidence, rows))
            })
        },
    ];
    tables.par_iter().with_max_len(1).try_for_each(|write| write())?;
    record(run).save(dir)
}

fn record(run: &RunTables<'_>) -> RunRecord {
    RunRecord {
        run: run.run.to_owned(),
        version: run.version.to_owned(),
        as_of: run.as_of.to_string(),
        profile: run.profile.to_owned(),
        demo: run.demo,
        configuration: run.configuration.to_string(),
        sources: run.evidences.iter().map(SourceRecord::of).collect(),
        coverage_states: coverage_states(),
        rules: run.cards.to_vec(),
        parameters: run.parameters.clone(),
        summary: run.summary.clone(),
    }
}

/// Texts that many tables repeat, once per person or household.
struct People {
    /// Per person: 18 characters, or the text as given.
    ids: Series,
    /// Per household: its code as given.
    households: Series,
    /// Per household: division, six, nine or twelve digits.
    divisions: Series,
}

impl People {
    fn of(register: &Register) -> Self {
        let persons = register.persons.len() as u32;
        let households = &register.households;
        Self {
            ids: text_series((0..persons).map(|person| register.id_text(person))),
            households: text_series(households.iter().map(|household| household.code())),
            divisions: text_series(households.iter().map(|household| household.division.to_string())),
        }
    }
}

/// Rows of a table that are written together.
type Rows = std::ops::Range<usize>;

fn household_rows(register: &Register, rows: Rows) -> Vec<u32> {
    register.persons[rows].iter().map(|person| person.household).collect()
}

/// First what the run made of each person, then the file's own fields that do not repeat it.
fn register_frame(register: &Register, people: &People, rows: Rows) -> Frame {
    let persons = &register.persons[rows.clone()];
    let mut frame = Frame::new(persons.len());
    frame.series("person_id", people.ids.slice(rows.start as i64, rows.len()));
    frame.gather("household_id", &people.households, household_rows(register, rows.clone()));
    frame.dictionary("role", persons.iter().map(|person| person.role == Role::Member), |member| {
        if member { "member" } else { "supporter" }.to_owned()
    });
    frame.dictionary("state", persons.iter().map(|person| person.state == State::Recipient), |recipient| {
        if recipient { "recipient" } else { "applicant" }.to_owned()
    });
    let programmes = text_series(register.programmes.iter());
    frame.gather("programme", &programmes, persons.iter().map(|person| u32::from(person.programme)).collect());
    frame.dictionary("division", persons.iter().map(|person| person.division), |division| division.to_string());
    frame.date("birth", persons.iter().map(|person| person.birth));
    frame.flag("mandated", persons.iter().map(|person| person.mandated));
    frame.u32("line", register.lines[rows.clone()].iter().copied());
    let taken = ["person_id", "household_id", "role", "state", "programme", "division", "birth"];
    for (field, column) in kind::register_persons().fields.iter().zip(&register.table.columns) {
        if !taken.contains(&field.name.as_str()) {
            frame.field(&column_name(&field.name, field.ty), column, rows.clone());
        }
    }
    frame
}

/// The eight columns that `hedui export links` promises, then what explains them, then the run's indexes.
fn links_frame(run: &RunTables<'_>, people: &People, reviews: &[Option<&Review>], rows: Rows) -> Frame {
    let links = &run.links[rows.clone()];
    let persons = &run.register.persons;
    let sources = text_series(run.evidences.iter().map(|evidence| evidence.source.as_str()));
    let (files, first_file) = file_names(run.evidences);
    let at = |link: &Link| run.evidences[link.source as usize].refs[link.row as usize];
    let file_rows = links.iter().map(|link| first_file[link.source as usize] + u32::from(at(link).file)).collect();
    let mut frame = Frame::new(links.len());
    frame.gather("person_id", &people.ids, links.iter().map(|link| link.person).collect());
    let households = links.iter().map(|link| persons[link.person as usize].household).collect();
    frame.gather("household_id", &people.households, households);
    frame.gather("source", &sources, links.iter().map(|link| u32::from(link.source)).collect());
    frame.gather("file", &files, file_rows);
    frame.u32("line", links.iter().map(|link| at(link).line));
    frame.dictionary("grade", links.iter().map(|link| link.grade), |grade| grade.letter().to_owned());
    frame.dictionary("code", links.iter().map(|link| link.code), |code| {
        std::str::from_utf8(&code).expect("outcome codes are ASCII").to_owned()
    });
    frame.f32("weight_bits", links.iter().map(|link| link.weight_bits));
    frame.flag("accepted", links.iter().map(|link| link.accepted));
    frame.dictionary("name_level", links.iter().map(|link| link.name_level), |level| level.letter().to_string());
    frame.dictionary("repairs", links.iter().map(|link| link.repairs.0), |bits| {
        Repairs(bits).names().collect::<Vec<_>>().join("+")
    });
    frame.u32("slot", links.iter().map(|link| u32::from(link.slot)));
    frame.u32("sheet", links.iter().map(|link| u32::from(at(link).sheet)));
    let reviews = &reviews[rows];
    frame.text(
        "judgement_key",
        reviews.iter().map(|review| review.map(|review| review.key.to_string()).unwrap_or_default()),
    );
    let answers = reviews.iter().map(|review| review.and_then(|review| review.answer));
    frame.dictionary("judgement", answers, |answer| answer.map_or("", Answer::code).to_owned());
    frame.u32("person", links.iter().map(|link| link.person));
    frame.u32("row", links.iter().map(|link| link.row));
    frame
}

/// Per link: what a person is or was asked about it, if anything.
fn reviews_by_link<'a>(run: &RunTables<'a>) -> Vec<Option<&'a Review>> {
    let mut by_link = vec![None; run.links.len()];
    for review in run.reviews {
        by_link[review.link as usize] = Some(review);
    }
    by_link
}

/// Paths of all delivered files, and where each source's begin in that list.
fn file_names(evidences: &[Evidence]) -> (Series, Vec<u32>) {
    let mut first = Vec::with_capacity(evidences.len());
    let mut paths = Vec::new();
    for evidence in evidences {
        first.push(paths.len() as u32);
        paths.extend(evidence.files.iter().map(|file| file.path.as_str()));
    }
    (text_series(paths.into_iter()), first)
}

/// `measure` and `limit` are in `unit`; money is in 分 there.
fn outcomes_frame(run: &RunTables<'_>, people: &People, rows: Rows) -> Frame {
    let (found, stands) = (&run.outcomes.discrepancies[rows.clone()], &run.history.stands[rows]);
    let card = |rule: u16| &run.cards[rule as usize];
    let mut frame = Frame::new(found.len());
    frame.text("id", found.iter().map(|one| one.id.as_str()));
    frame.dictionary("rule", found.iter().map(|one| one.rule), |rule| card(rule).code.clone());
    frame.dictionary("title", found.iter().map(|one| one.rule), |rule| card(rule).title.clone());
    frame.dictionary("severity", found.iter().map(|one| one.severity.code()), str::to_owned);
    frame.gather("household_id", &people.households, found.iter().map(|one| one.household).collect());
    frame.text(
        "person_id",
        found.iter().map(|one| one.person.map(|person| run.register.id_text(person)).unwrap_or_default()),
    );
    frame.gather("division", &people.divisions, found.iter().map(|one| one.household).collect());
    frame.i64_or_none("measure", found.iter().map(|one| Some(one.measure)));
    frame.i64_or_none("limit", found.iter().map(|one| one.limit));
    frame.dictionary("unit", found.iter().map(|one| one.rule), |rule| {
        if card(rule).money_unit { "分".to_owned() } else { card(rule).unit.clone() }
    });
    frame.i64_or_none("amount_fen", found.iter().map(|one| one.amount.map(|Fen(fen)| fen)));
    frame.date("as_of", found.iter().map(|one| one.as_of));
    let counting = |grounds: &[Ground]| grounds.iter().filter(|ground| ground.innocent.is_none()).count() as u32;
    frame.u32("grounds", found.iter().map(|one| counting(&one.grounds)));
    frame.u32("set_aside", found.iter().map(|one| one.grounds.len() as u32 - counting(&one.grounds)));
    frame.text("sources", stands.iter().map(|stand| stand.sources.join("+")));
    frame.text("fact", stands.iter().map(|stand| stand.fact.to_string()));
    frame.dictionary("change", stands.iter().map(|stand| stand.change), |change| change.code().to_owned());
    frame.flag("answered", stands.iter().map(Stand::is_answered));
    frame.u32("rule_index", found.iter().map(|one| u32::from(one.rule)));
    frame
}

/// As the columns of `outcomes.parquet`, as far as an earlier run left them.
fn absent_frame(absent: &[Absent]) -> Frame {
    let earlier = || absent.iter().map(|one| &one.earlier);
    let mut frame = Frame::new(absent.len());
    frame.text("id", earlier().map(|one| one.id.as_str()));
    frame.text("rule", earlier().map(|one| one.rule.as_str()));
    frame.text("title", earlier().map(|one| one.title.as_str()));
    frame.text("severity", earlier().map(|one| one.severity.as_str()));
    frame.text("household_id", earlier().map(|one| one.household.as_str()));
    frame.text("person_id", earlier().map(|one| one.person.as_str()));
    frame.text("division", earlier().map(|one| one.division.to_string()));
    frame.text("sources", earlier().map(|one| one.sources.join("+")));
    frame.text("fact", earlier().map(|one| one.fact.map(|fact| fact.to_string()).unwrap_or_default()));
    frame.text("why", absent.iter().map(|one| one.why.code()));
    frame
}

/// Discrepancy (none: set aside where nothing was flagged), rule, row.
type GroundRow<'a> = (Option<u32>, u16, &'a Ground);

fn all_grounds(outcomes: &Outcomes) -> Vec<GroundRow<'_>> {
    let found = outcomes.discrepancies.iter().enumerate();
    let flagged = found.flat_map(|(at, one)| one.grounds.iter().map(move |ground| (Some(at as u32), one.rule, ground)));
    flagged.chain(outcomes.set_aside.iter().map(|(rule, ground)| (None, *rule, ground))).collect()
}

fn grounds_frame(all: &[GroundRow<'_>]) -> Frame {
    let mut frame = Frame::new(all.len());
    frame.u32_or_none("discrepancy", all.iter().map(|(at, ..)| *at));
    frame.u32("rule_index", all.iter().map(|(_, rule, _)| u32::from(*rule)));
    frame.u32_or_none("source", all.iter().map(|(.., ground)| ground.source.map(u32::from)));
    frame.u32("row", all.iter().map(|(.., ground)| ground.row));
    frame.u32_or_none("link", all.iter().map(|(.., ground)| ground.link));
    frame.u32("person", all.iter().map(|(.., ground)| ground.person));
    frame.u32_or_none("innocent", all.iter().map(|(.., ground)| ground.innocent.map(u32::from)));
    frame
}

fn coverage_frame(run: &RunTables<'_>, people: &People, rows: Rows) -> Frame {
    let households = household_rows(run.register, rows.clone());
    let mut frame = Frame::new(rows.len());
    frame.series("person_id", people.ids.slice(rows.start as i64, rows.len()));
    frame.gather("household_id", &people.households, households.clone());
    frame.gather("division", &people.divisions, households);
    for (at, evidence) in run.evidences.iter().enumerate() {
        frame.byte(&evidence.source, rows.clone().map(|person| run.coverage.of(person as u32)[at] as u8));
    }
    frame
}

fn rejects_frame(all: &[(&Evidence, &Reject)]) -> Frame {
    let mut frame = Frame::new(all.len());
    frame.text("source", all.iter().map(|(evidence, _)| evidence.source.as_str()));
    frame.text("department", all.iter().map(|(evidence, _)| evidence.department.as_str()));
    frame.text("file", all.iter().map(|(evidence, reject)| evidence.files[reject.at.file as usize].path.as_str()));
    frame.u32("sheet", all.iter().map(|(_, reject)| u32::from(reject.at.sheet)));
    frame.u32("line", all.iter().map(|(_, reject)| reject.at.line));
    frame.text("column", all.iter().map(|(_, reject)| reject.column.as_str()));
    frame.text("reason", all.iter().map(|(_, reject)| reject.reason));
    frame.flag("whole_row", all.iter().map(|(_, reject)| reject.whole_row));
    frame.text("text", all.iter().map(|(_, reject)| reject.text.as_str()));
    frame
}

/// The record's fields, and where it stands in `at_…` (a layout's own field may be called `line`).
fn evidence_frame(evidence: &Evidence, rows: Rows) -> Frame {
    let refs = &evidence.refs[rows.clone()];
    let mut frame = Frame::new(refs.len());
    frame.u32("at_file", refs.iter().map(|at| u32::from(at.file)));
    frame.u32("at_sheet", refs.iter().map(|at| u32::from(at.sheet)));
    frame.u32("at_line", refs.iter().map(|at| at.line));
    frame.u64("at_offset", refs.iter().map(|at| at.offset));
    for (field, column) in evidence.kind.fields.iter().zip(&evidence.table.columns) {
        frame.field(&column_name(&field.name, field.ty), column, rows.clone());
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::super::whole_file::{digest_of_file, tree};
    use super::*;

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        let digests = |_| {
            let folder = tempfile::tempdir().unwrap();
            save(folder.path(), &Sample::new().tables()).unwrap();
            let (files, _) = tree(folder.path()).unwrap();
            let digests: Vec<_> = files.iter().map(|file| digest_of_file(&folder.path().join(file)).unwrap()).collect();
            (files, digests)
        };
        let [first, second] = [0, 1].map(digests);
        assert_eq!(first, second);
        let names = [
            "absent.parquet",
            "coverage.parquet",
            "evidence-housing.parquet",
            "evidence-vehicle.parquet",
            "grounds.parquet",
            "links.parquet",
            "outcomes.parquet",
            "register.parquet",
            "rejects.parquet",
            "run.json",
        ];
        assert_eq!(first.0, names);
    }

    #[test]
    fn the_record_says_what_arrived_and_what_did_not() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &Sample::new().tables()).unwrap();
        let record = RunRecord::load(folder.path()).unwrap();
        let [vehicle, housing] = &record.sources[..] else { panic!("two sources") };
        assert_eq!((vehicle.delivery.as_str(), vehicle.as_of.as_deref()), ("arrived", Some("2026-11-24")));
        assert_eq!((vehicle.bins.rejected, vehicle.rejects[0].count), (1, 1));
        assert_eq!((housing.delivery.as_str(), &housing.as_of), ("missing", &None));
        assert_eq!(record.coverage_states[2], "no_mandate");
        assert_eq!(record.rules[0].code, "V001");
    }
}
