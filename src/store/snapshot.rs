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
//! | `rejects.parquet` | row or field that goes back | the register's files, then sources; file and line |
//!
//! Columns are written from the run's own tables, row group by row group; see [`super::parquet`] for their form.

use std::io::Write as _;
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use super::parquet::{Fill, Group, write};
use super::publish::Output;
use super::run_record::{FileRecord, RunRecord, SourceRecord, column_name, coverage_states, evidence_file};
use super::same::{MadeOf, TableRecord};
use crate::kernel::{Date, Digest, Division, Fen, Result};
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::{Evidence, ExtractFile, Reject};
use crate::model::judgement::{Answer, Review};
use crate::model::kind;
use crate::model::link::{Link, Repairs};
use crate::model::outcome::{Ground, Outcomes, RuleCard};
use crate::model::register::{Register, Role, State, WrittenId};
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
    /// The files that its persons were read from.
    pub register_files: &'a [ExtractFile],
    /// Programmes on it of which no rule thought.
    pub unnamed_programmes: &'a [String],
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
    /// What its tables are made of, and those that may be the same.
    pub made_of: &'a MadeOf,
}

/// A table to be written.
struct Table<'t> {
    name: String,
    rows: usize,
    columns: Box<Fill<'t>>,
}

impl<'t> Table<'t> {
    fn new(name: impl Into<String>, rows: usize, columns: impl Fn(&mut Group, Rows) + Sync + 't) -> Self {
        Self { name: name.into(), rows, columns: Box::new(columns) }
    }

    /// One that the run before made of the same gets a second name.
    fn write(&self, dir: &Path, made_of: &MadeOf) -> Result<Output> {
        match made_of.name_again(&self.name, dir) {
            Some(same) => Ok(same),
            None => Ok(Output::new(self.name.clone(), write(&dir.join(&self.name), self.rows, &self.columns)?)),
        }
    }
}

/// Side by side: each table holds a few groups of rows at a time.
fn write_all(dir: &Path, made_of: &MadeOf, tables: &[Table<'_>]) -> Result<Vec<Output>> {
    tables.par_iter().with_max_len(1).map(|table| table.write(dir, made_of)).collect()
}

/// Writes the tables of what a run read, which nothing that it finds changes, into `dir`. It exists and is empty. `own` are
/// the register's files, whose rejects stand before those of the sources.
///
/// # Errors
/// I/O. A half-written folder is the caller's to drop (see `Staging`).
pub fn save_read<'a>(
    dir: &Path,
    register: &'a Register,
    own: &[&'a Evidence],
    evidences: &'a [Evidence],
    made_of: &MadeOf,
) -> Result<Vec<Output>> {
    let rejects_of = |evidence: &'a Evidence| evidence.rejects.iter().map(move |reject| (evidence, reject));
    let rejects: Vec<(&Evidence, &Reject)> = own.iter().copied().chain(evidences).flat_map(rejects_of).collect();
    let of_source = |evidence: &'a Evidence| {
        let columns = move |group: &mut Group, rows| evidence_columns(group, evidence, rows);
        Table::new(evidence_file(&evidence.source), evidence.table.rows(), columns)
    };
    let mut tables = vec![
        Table::new("register.parquet", register.persons.len(), |group, rows| register_columns(group, register, rows)),
        Table::new("rejects.parquet", rejects.len(), |group, rows| rejects_columns(group, &rejects[rows])),
    ];
    tables.extend(evidences.iter().map(of_source));
    write_all(dir, made_of, &tables)
}

/// Writes the tables of what a run found beside those of [`save_read`]. The run is whole once [`save_record`] is there too.
///
/// # Errors
/// As [`save_read`].
pub fn save_found(dir: &Path, run: &RunTables<'_>) -> Result<Vec<Output>> {
    assert_eq!(run.coverage.sources(), run.evidences.len(), "coverage speaks of other sources");
    let (grounds, reviews, absent) = (all_grounds(run.outcomes), reviews_by_link(run), &run.history.absent);
    let (persons, discrepancies) = (run.register.persons.len(), run.outcomes.discrepancies.len());
    let tables = [
        Table::new("links.parquet", run.links.len(), |group, rows| links_columns(group, run, &reviews, rows)),
        Table::new("coverage.parquet", persons, |group, rows| coverage_columns(group, run, rows)),
        Table::new("grounds.parquet", grounds.len(), |group, rows| grounds_columns(group, &grounds[rows])),
        Table::new("outcomes.parquet", discrepancies, |group, rows| outcomes_columns(group, run, rows)),
        Table::new("absent.parquet", absent.len(), |group, rows| absent_columns(group, &absent[rows])),
    ];
    write_all(dir, run.made_of, &tables)
}

/// Writes `run.json`; `tables` are those that were written, `summary` is whatever else the run counts.
///
/// # Errors
/// I/O.
pub fn save_record(dir: &Path, run: &RunTables<'_>, tables: &[Output], summary: &Value) -> Result<Output> {
    record(run, tables, summary).save(dir)
}

fn record(run: &RunTables<'_>, tables: &[Output], summary: &Value) -> RunRecord {
    let table = |Output { path, bytes, digest }: &Output| {
        (path.clone(), TableRecord { bytes: *bytes, digest: *digest, made_of: run.made_of.of(path) })
    };
    RunRecord {
        run: run.run.to_owned(),
        version: run.version.to_owned(),
        as_of: run.as_of.to_string(),
        profile: run.profile.to_owned(),
        demo: run.demo,
        configuration: run.configuration.to_string(),
        register: run.register_files.iter().map(FileRecord::of).collect(),
        sources: run.evidences.iter().map(SourceRecord::of).collect(),
        coverage_states: coverage_states(),
        unnamed_programmes: Some(run.unnamed_programmes.to_vec()),
        rules: run.cards.to_vec(),
        parameters: run.parameters.clone(),
        summary: summary.clone(),
        tables: tables.iter().map(table).collect(),
    }
}

/// Rows of a table that are written together.
type Rows = std::ops::Range<usize>;

/// The persons of some rows of a table by person.
fn numbers(rows: &Rows) -> impl Iterator<Item = u32> + use<> {
    rows.start as u32..rows.end as u32
}

fn person_ids(group: &mut Group, register: &Register, persons: impl Iterator<Item = u32>) {
    group.codes("person_id", persons.map(|person| register.written_id(person)));
}

fn household_codes(group: &mut Group, register: &Register, households: impl Iterator<Item = u32>) {
    let (codes, ..) = register.households.columns();
    group.text("household_id", households.map(|household| codes.get(household as usize)));
}

fn divisions(group: &mut Group, divisions: impl Iterator<Item = Division>) {
    group.drafted("division", divisions, |text, division| division.write(text));
}

/// First what the run made of each person, then the file's own fields that do not repeat it.
fn register_columns(group: &mut Group, register: &Register, rows: Rows) {
    let persons = &register.persons[rows.clone()];
    person_ids(group, register, numbers(&rows));
    household_codes(group, register, persons.iter().map(|person| person.household));
    group.dictionary("role", persons.iter().map(|person| person.role == Role::Member), |member| {
        if member { "member" } else { "supporter" }.to_owned()
    });
    group.dictionary("state", persons.iter().map(|person| person.state == State::Recipient), |recipient| {
        if recipient { "recipient" } else { "applicant" }.to_owned()
    });
    group.dictionary("programme", persons.iter().map(|person| person.programme), |programme| {
        register.programmes[usize::from(programme)].clone()
    });
    divisions(group, persons.iter().map(|person| person.division));
    group.date("birth", persons.iter().map(|person| person.birth));
    group.flag("mandated", persons.iter().map(|person| person.mandated));
    group.u32("line", register.lines[rows.clone()].iter().copied());
    let taken = ["person_id", "household_id", "role", "state", "programme", "division", "birth"];
    for (field, column) in kind::register_persons().fields.iter().zip(&register.table.columns) {
        if !taken.contains(&field.name.as_str()) {
            group.field(&column_name(&field.name, field.ty), column, rows.clone());
        }
    }
}

/// The eight columns that `hedui export links` promises, then what explains them, then the run's indexes.
fn links_columns(group: &mut Group, run: &RunTables<'_>, reviews: &[Option<&Review>], rows: Rows) {
    let links = &run.links[rows.clone()];
    let evidence = |source: u16| &run.evidences[usize::from(source)];
    let at = |link: &Link| evidence(link.source).refs[link.row as usize];
    // Persons of links lie anywhere: looked up all at once, before anything is written, they wait for memory together.
    let (codes, ..) = run.register.households.columns();
    let person = |link: &Link| &run.register.persons[link.person as usize];
    let persons: Vec<_> = links.iter().map(|link| (person(link).id, person(link).household)).collect();
    let households: Vec<&str> = persons.iter().map(|(_, household)| codes.get(*household as usize)).collect();
    let both = links.iter().zip(&persons);
    group.codes("person_id", both.map(|(link, (id, _))| run.register.written_as(link.person, *id)));
    group.text("household_id", households.into_iter());
    group.dictionary("source", links.iter().map(|link| link.source), |source| evidence(source).source.clone());
    group.dictionary("file", links.iter().map(|link| (link.source, at(link).file)), |(source, file)| {
        evidence(source).files[usize::from(file)].path.clone()
    });
    group.u32("line", links.iter().map(|link| at(link).line));
    group.dictionary("grade", links.iter().map(|link| link.grade), |grade| grade.letter().to_owned());
    group.dictionary("code", links.iter().map(|link| link.code), |code| {
        std::str::from_utf8(&code).expect("outcome codes are ASCII").to_owned()
    });
    group.f32("weight_bits", links.iter().map(|link| link.weight_bits));
    group.flag("accepted", links.iter().map(|link| link.accepted));
    group.dictionary("name_level", links.iter().map(|link| link.name_level), |level| level.letter().to_string());
    group.dictionary("repairs", links.iter().map(|link| link.repairs.0), |bits| {
        Repairs(bits).names().collect::<Vec<_>>().join("+")
    });
    group.u32("slot", links.iter().map(|link| u32::from(link.slot)));
    group.u32("sheet", links.iter().map(|link| u32::from(at(link).sheet)));
    let reviews = &reviews[rows];
    group.drafted("judgement_key", reviews.iter(), |text, review| {
        if let Some(review) = review {
            write!(text, "{}", review.key).expect("a Vec takes every byte");
        }
    });
    let answers = reviews.iter().map(|review| review.and_then(|review| review.answer));
    group.dictionary("judgement", answers, |answer| answer.map_or("", Answer::code).to_owned());
    group.u32("person", links.iter().map(|link| link.person));
    group.u32("row", links.iter().map(|link| link.row));
}

/// Per link: what a person is or was asked about it, if anything.
fn reviews_by_link<'a>(run: &RunTables<'a>) -> Vec<Option<&'a Review>> {
    let mut by_link = vec![None; run.links.len()];
    for review in run.reviews {
        by_link[review.link as usize] = Some(review);
    }
    by_link
}

/// `measure` and `limit` are in `unit`; money is in 分 there.
fn outcomes_columns(group: &mut Group, run: &RunTables<'_>, rows: Rows) {
    let (found, stands) = (&run.outcomes.discrepancies[rows.clone()], &run.history.stands[rows]);
    let card = |rule: u16| &run.cards[rule as usize];
    group.text("id", found.iter().map(|one| one.id.as_str()));
    group.dictionary("rule", found.iter().map(|one| one.rule), |rule| card(rule).code.clone());
    group.dictionary("title", found.iter().map(|one| one.rule), |rule| card(rule).title.clone());
    group.dictionary("severity", found.iter().map(|one| one.severity.code()), str::to_owned);
    household_codes(group, run.register, found.iter().map(|one| one.household));
    let written_id = |person: Option<u32>| person.map_or(WrittenId::AsGiven(""), |it| run.register.written_id(it));
    group.codes("person_id", found.iter().map(|one| written_id(one.person)));
    divisions(group, found.iter().map(|one| run.register.household(one.household).division));
    group.i64_or_none("measure", found.iter().map(|one| Some(one.measure)));
    group.i64_or_none("limit", found.iter().map(|one| one.limit));
    group.dictionary("unit", found.iter().map(|one| one.rule), |rule| {
        if card(rule).money_unit { "分".to_owned() } else { card(rule).unit.clone() }
    });
    group.i64_or_none("amount_fen", found.iter().map(|one| one.amount.map(|Fen(fen)| fen)));
    group.date("as_of", found.iter().map(|one| one.as_of));
    let counting = |grounds: &[Ground]| grounds.iter().filter(|ground| ground.innocent.is_none()).count() as u32;
    group.u32("grounds", found.iter().map(|one| counting(&one.grounds)));
    group.u32("set_aside", found.iter().map(|one| one.grounds.len() as u32 - counting(&one.grounds)));
    group.drafted("sources", stands.iter(), |text, stand| text.extend(stand.sources.join("+").bytes()));
    group.drafted("fact", stands.iter(), |text, stand| text.extend(stand.fact.to_string().bytes()));
    group.drafted("facts", stands.iter(), |text, stand| text.extend(stand.facts.to_string().bytes()));
    group.dictionary("change", stands.iter().map(|stand| stand.change), |change| change.code().to_owned());
    group.flag("answered", stands.iter().map(Stand::is_answered));
    group.u32("rule_index", found.iter().map(|one| u32::from(one.rule)));
}

/// As the columns of `outcomes.parquet`, as far as an earlier run left them.
fn absent_columns(group: &mut Group, absent: &[Absent]) {
    let earlier = || absent.iter().map(|one| &one.earlier);
    group.text("id", earlier().map(|one| one.id.as_str()));
    group.text("rule", earlier().map(|one| one.rule.as_str()));
    group.text("title", earlier().map(|one| one.title.as_str()));
    group.text("severity", earlier().map(|one| one.severity.as_str()));
    group.text("household_id", earlier().map(|one| one.household.as_str()));
    group.text("person_id", earlier().map(|one| one.person.as_str()));
    divisions(group, earlier().map(|one| one.division));
    group.drafted("sources", earlier(), |text, one| text.extend(one.sources.join("+").bytes()));
    group.drafted("fact", earlier(), |text, one| {
        text.extend(one.fact.map(|fact| fact.to_string()).unwrap_or_default().bytes());
    });
    group.drafted("facts", earlier(), |text, one| text.extend(one.facts.to_string().bytes()));
    group.text("why", absent.iter().map(|one| one.why.code()));
}

/// Discrepancy (none: set aside where nothing was flagged), rule, row.
type GroundRow<'a> = (Option<u32>, u16, &'a Ground);

fn all_grounds(outcomes: &Outcomes) -> Vec<GroundRow<'_>> {
    let found = outcomes.discrepancies.iter().enumerate();
    let flagged = found.flat_map(|(at, one)| one.grounds.iter().map(move |ground| (Some(at as u32), one.rule, ground)));
    flagged.chain(outcomes.set_aside.iter().map(|(rule, ground)| (None, *rule, ground))).collect()
}

fn grounds_columns(group: &mut Group, all: &[GroundRow<'_>]) {
    group.u32_or_none("discrepancy", all.iter().map(|(at, ..)| *at));
    group.u32("rule_index", all.iter().map(|(_, rule, _)| u32::from(*rule)));
    group.u32_or_none("source", all.iter().map(|(.., ground)| ground.source.map(u32::from)));
    group.u32("row", all.iter().map(|(.., ground)| ground.row));
    group.u32_or_none("link", all.iter().map(|(.., ground)| ground.link));
    group.u32("person", all.iter().map(|(.., ground)| ground.person));
    group.u32_or_none("innocent", all.iter().map(|(.., ground)| ground.innocent.map(u32::from)));
}

fn coverage_columns(group: &mut Group, run: &RunTables<'_>, rows: Rows) {
    let households = || run.register.persons[rows.clone()].iter().map(|person| person.household);
    person_ids(group, run.register, numbers(&rows));
    household_codes(group, run.register, households());
    divisions(group, households().map(|household| run.register.household(household).division));
    for (at, evidence) in run.evidences.iter().enumerate() {
        let states = numbers(&rows).map(|person| run.coverage.of(person)[at] as u8);
        group.byte(&evidence.source, CoverageState::ALL.len(), states);
    }
}

fn rejects_columns(group: &mut Group, all: &[(&Evidence, &Reject)]) {
    group.text("source", all.iter().map(|(evidence, _)| evidence.source.as_str()));
    group.text("department", all.iter().map(|(evidence, _)| evidence.department.as_str()));
    group.text("file", all.iter().map(|(evidence, reject)| evidence.files[reject.at.file as usize].path.as_str()));
    group.u32("sheet", all.iter().map(|(_, reject)| u32::from(reject.at.sheet)));
    group.u32("line", all.iter().map(|(_, reject)| reject.at.line));
    group.text("column", all.iter().map(|(_, reject)| reject.column.as_str()));
    group.text("reason", all.iter().map(|(_, reject)| reject.reason));
    group.flag("whole_row", all.iter().map(|(_, reject)| reject.whole_row));
    group.text("text", all.iter().map(|(_, reject)| reject.text.as_str()));
}

/// The record's fields, and where it stands in `at_…` (a layout's own field may be called `line`).
fn evidence_columns(group: &mut Group, evidence: &Evidence, rows: Rows) {
    let refs = &evidence.refs[rows.clone()];
    group.u32("at_file", refs.iter().map(|at| u32::from(at.file)));
    group.u32("at_sheet", refs.iter().map(|at| u32::from(at.sheet)));
    group.u32("at_line", refs.iter().map(|at| at.line));
    group.u64("at_offset", refs.iter().map(|at| at.offset));
    for (field, column) in evidence.kind.fields.iter().zip(&evidence.table.columns) {
        group.field(&column_name(&field.name, field.ty), column, rows.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{RUN, Sample, published};
    use super::super::whole_file::tree;
    use super::*;

    /// Files of the sample run as they lie, each with its digest and length.
    fn saved(threads: usize) -> (Vec<Output>, Vec<Output>) {
        let folder = tempfile::tempdir().unwrap();
        let (sample, summary) = (Sample::new(), Value::Null);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut told = pool.install(|| sample.save_tables(folder.path()));
        told.push(save_record(folder.path(), &sample.tables(), &told, &summary).unwrap());
        told.sort_by(|a, b| a.path.cmp(&b.path));
        let lying = |path: String| {
            let bytes = std::fs::read(folder.path().join(&path)).unwrap();
            Output { path, bytes: bytes.len() as u64, digest: Digest::of(&bytes) }
        };
        (told, tree(folder.path()).unwrap().0.into_iter().map(lying).collect())
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_and_they_are_told_as_they_lie() {
        let (first, lying) = saved(1);
        assert_eq!(first, lying);
        assert_eq!((&saved(2).0, &saved(7).0), (&first, &first));
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
        assert!(first.iter().map(|output| output.path.as_str()).eq(names));
    }

    #[test]
    fn the_record_says_what_arrived_and_what_did_not() {
        let (_folder, workspace) = published();
        let record = RunRecord::load(&workspace, RUN).unwrap();
        let [vehicle, housing] = &record.sources[..] else { panic!("two sources") };
        assert_eq!((vehicle.delivery.as_str(), vehicle.as_of.as_deref()), ("arrived", Some("2026-11-24")));
        assert_eq!((vehicle.bins.rejected, vehicle.rejects[0].count), (1, 1));
        assert_eq!((housing.delivery.as_str(), &housing.as_of), ("missing", &None));
        assert_eq!(record.coverage_states[2], "no_mandate");
        assert_eq!(record.rules[0].code, "V001");
    }
}
