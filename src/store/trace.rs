//! `hedui trace ID`: from a discrepancy back to rule, parameters, links and the rows as they were delivered.
//!
//! Gives values and wording keys; the sentences are the command line's. It holds personal values: it answers one
//! question of one clerk, and is written nowhere by this module.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use polars::prelude::*;
use serde_json::Value;

use super::findings::absent;
use super::frame::{damaged, polars_error, read};
use super::original::{Inbox, Original};
use super::pick::Snapshot;
use super::published::Published;
use super::run_record::{RunRecord, SourceRecord, column_name, evidence_file};
use super::workspace::Workspace;
use crate::kernel::{Date, Error, Fen, Message, Result, wording};
use crate::model::evidence::RowRef;
use crate::model::kind::register_persons;
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::model::outcome::RuleCard;
use crate::model::table::FieldType;

/// A discrepancy and all it rests on.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Trace {
    pub run: String,
    pub id: String,
    pub rule: RuleCard,
    /// Values of the parameters the rule reads, by name.
    pub parameters: Value,
    pub severity: String,
    pub household_id: String,
    pub person_id: Option<String>,
    pub division: String,
    /// In the rule's unit; 分 if the unit is money.
    pub measure: i64,
    pub limit: Option<i64>,
    pub amount_fen: Option<i64>,
    /// ISO date: the oldest of the sources it rests on.
    pub as_of: Option<String>,
    /// Rows that count, then rows set aside.
    pub grounds: Vec<TracedGround>,
}

/// One row behind a discrepancy.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TracedGround {
    /// `None`: the register itself.
    pub source: Option<String>,
    /// Of evidence.
    pub kind: Option<String>,
    pub department: Option<String>,
    pub person_id: String,
    /// Relative to the workspace; `None` for a register in several files, and for runs that did not record it.
    pub file: Option<String>,
    /// SHA-256 of that file when the run read it.
    pub digest: Option<String>,
    /// Sheet of a spreadsheet, 0 otherwise.
    pub sheet: u32,
    /// Physical line, the heading being 1.
    pub line: u32,
    pub link: Option<TracedLink>,
    /// What the innocent explanation says that set the row aside.
    pub set_aside: Option<String>,
    /// Fields that were given.
    pub fields: Vec<TracedField>,
    /// The record as delivered; `None` without a file.
    pub original: Option<Original>,
}

/// Why the row is this person's.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TracedLink {
    pub grade: String,
    pub code: String,
    pub weight_bits: f32,
    /// One letter, see `NameLevel::letter`.
    pub name_level: String,
    /// Names of repairs; wording keys `linkage.repair_<name>`.
    pub repairs: Vec<String>,
    pub slot: u32,
    pub accepted: bool,
    /// Key under which a person was asked, empty if nobody need be; and the answer, a code of `model::judgement`.
    pub judgement_key: String,
    pub judgement: String,
}

impl TracedLink {
    /// The link again, as far as an explanation needs it; `None` if the snapshot holds a code this version does not know.
    pub fn to_link(&self) -> Option<Link> {
        let mut repairs = Repairs::default();
        for name in &self.repairs {
            repairs.insert(Repairs::NAMES.into_iter().find(|(_, known)| known == name)?.0);
        }
        Some(Link {
            person: 0,
            source: 0,
            row: 0,
            slot: self.slot as u8,
            party: 0,
            grade: Grade::ALL.into_iter().find(|grade| grade.letter() == self.grade)?,
            code: self.code.as_bytes().try_into().ok()?,
            repairs,
            name_level: NameLevel::ALL.into_iter().find(|level| level.letter().to_string() == self.name_level)?,
            weight_bits: self.weight_bits,
            accepted: self.accepted,
        })
    }
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TracedField {
    pub name: String,
    pub label: String,
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// As people read it: money in yuan, dates as 2026-11-24.
    pub value: String,
}

/// Traces one discrepancy of a published run.
///
/// # Errors
/// An input error if the run or the discrepancy is unknown; I/O if a snapshot is damaged. An extract that is gone or
/// changed is no error: the ground says so.
pub fn trace(workspace: &Workspace, run: &str, id: &str) -> Result<Trace> {
    if !workspace.runs()?.iter().any(|published| published == run) {
        return Err(Error::input(Message::new("store.no_such_run")).hint(Message::new("store.no_such_run_hint")));
    }
    let published = Published::open(workspace, run)?;
    let outcomes = published.table("outcomes.parquet")?;
    let ids = outcomes.columns(&["id"])?.texts("id")?;
    let Some(at) = ids.iter().position(|known| known == Some(id)) else { return Err(not_found(&published, id)) };
    let one = Record::of(&outcomes, at)?;
    let rule =
        published.record.rules.get(one.u32("rule_index")? as usize).ok_or_else(|| damaged(&outcomes.path))?.clone();
    let grounds = trace_grounds(workspace, &published, at as u32, &rule)?;
    Ok(Trace {
        run: run.to_owned(),
        id: id.to_owned(),
        parameters: parameters_of(&rule, &published.record.parameters),
        severity: one.text("severity")?,
        household_id: one.text("household_id")?,
        person_id: Some(one.text("person_id")?).filter(|id| !id.is_empty()),
        division: one.text("division")?,
        measure: one.i64("measure")?.ok_or_else(|| damaged(&outcomes.path))?,
        limit: one.i64("limit")?,
        amount_fen: one.i64("amount_fen")?,
        as_of: one.date("as_of")?.map(|date| date.to_string()),
        rule,
        grounds,
    })
}

/// The part of the run's parameters that this rule names.
fn parameters_of(rule: &RuleCard, all: &Value) -> Value {
    let named = rule.parameters.iter().filter_map(|name| Some((name.clone(), all.get(name)?.clone())));
    Value::Object(named.collect())
}

fn trace_grounds(
    workspace: &Workspace,
    run: &Published,
    discrepancy: u32,
    rule: &RuleCard,
) -> Result<Vec<TracedGround>> {
    let grounds = run.table("grounds.parquet")?;
    let links = run.table("links.parquet")?;
    let register = run.table("register.parquet")?;
    let mut evidences: BTreeMap<u32, Snapshot> = BTreeMap::new();
    let mut inbox = Inbox::new(workspace.root());
    let mut traced = Vec::new();
    for at in grounds.rows_where("discrepancy", |number| number == discrepancy)? {
        let ground = Record::of(&grounds, at)?;
        let person = Record::of(&register, ground.u32("person")? as usize)?;
        let mut one = TracedGround {
            source: None,
            kind: None,
            department: None,
            person_id: person.text("person_id")?,
            file: None,
            digest: None,
            sheet: 0,
            line: 0,
            link: None,
            set_aside: None,
            fields: Vec::new(),
            original: None,
        };
        if let Some(index) = ground.u32_or_none("innocent")? {
            one.set_aside = rule.innocent.get(index as usize).cloned();
        }
        if let Some(link) = ground.u32_or_none("link")? {
            one.link = Some(traced_link(&Record::of(&links, link as usize)?)?);
        }
        let row = ground.u32("row")? as usize;
        match ground.u32_or_none("source")? {
            None => describe_enrolment(&mut one, &run.record, &Record::of(&register, row)?, &mut inbox)?,
            Some(index) => {
                let source = run.record.sources.get(index as usize).ok_or_else(|| damaged(&grounds.path))?;
                let evidence = match evidences.entry(index) {
                    Entry::Occupied(opened) => opened.into_mut(),
                    Entry::Vacant(place) => place.insert(run.table(&evidence_file(&source.source))?),
                };
                describe_row(&mut one, source, evidence, row, &mut inbox)?;
            }
        }
        traced.push(one);
    }
    Ok(traced)
}

/// As [`describe_row`], for a row of the register itself.
fn describe_enrolment(
    one: &mut TracedGround,
    run: &RunRecord,
    record: &Record<'_>,
    inbox: &mut Inbox<'_>,
) -> Result<()> {
    let kind = register_persons();
    one.line = record.u32("line")?;
    one.kind = Some(kind.code.clone());
    // Of a register in several files nobody kept in which of them a line stands.
    if let [file] = &run.register[..] {
        one.file = Some(file.path.clone());
        one.digest = Some(file.digest.clone());
        one.original = Some(inbox.record_in_line(file, one.line));
    }
    one.fields = fields(record, kind.fields.iter().map(|field| (&field.name, &field.label, field.ty)))?;
    Ok(())
}

/// The fields that were given: name, label, type.
fn fields<'f>(
    record: &Record<'_>,
    fields: impl Iterator<Item = (&'f String, &'f String, FieldType)>,
) -> Result<Vec<TracedField>> {
    let mut given = Vec::new();
    for (name, label, ty) in fields {
        let value = record.said(&column_name(name, ty), ty)?;
        if !value.is_empty() {
            given.push(TracedField { name: name.clone(), label: label.clone(), ty, value });
        }
    }
    Ok(given)
}

/// Fills in where the row stands, what it says and what the inbox says.
fn describe_row(
    one: &mut TracedGround,
    source: &SourceRecord,
    evidence: &Snapshot,
    row: usize,
    inbox: &mut Inbox<'_>,
) -> Result<()> {
    let record = Record::of(evidence, row)?;
    let at = RowRef {
        file: u16::try_from(record.u32("at_file")?).map_err(|_| damaged(&evidence.path))?,
        sheet: u16::try_from(record.u32("at_sheet")?).map_err(|_| damaged(&evidence.path))?,
        line: record.u32("at_line")?,
        offset: record.u64("at_offset")?,
    };
    let file = source.file_of(at).ok_or_else(|| damaged(&evidence.path))?;
    one.source = Some(source.source.clone());
    one.kind = Some(source.kind.clone());
    one.department = Some(source.department.clone());
    one.file = Some(file.path.clone());
    one.digest = Some(file.digest.clone());
    (one.sheet, one.line) = (u32::from(at.sheet), at.line);
    one.original = Some(inbox.record(file, at.offset));
    one.fields = fields(&record, source.fields.iter().map(|field| (&field.name, &field.label, field.ty)))?;
    Ok(())
}

fn traced_link(link: &Record<'_>) -> Result<TracedLink> {
    Ok(TracedLink {
        grade: link.text("grade")?,
        code: link.text("code")?,
        weight_bits: link.f32("weight_bits")?,
        name_level: link.text("name_level")?,
        repairs: link.text("repairs")?.split('+').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        slot: link.u32("slot")?,
        accepted: link.flag("accepted")?,
        judgement_key: link.text("judgement_key")?,
        judgement: link.text("judgement")?,
    })
}

/// One row of a snapshot.
struct Record<'a> {
    frame: DataFrame,
    path: &'a Path,
}

impl<'a> Record<'a> {
    fn of(snapshot: &'a Snapshot, at: usize) -> Result<Self> {
        if at >= snapshot.rows {
            return Err(damaged(&snapshot.path));
        }
        Ok(Self { frame: read(&snapshot.path, None, at, 1)?, path: &snapshot.path })
    }

    fn cell<T>(&self, name: &str, value: impl FnOnce(&Column) -> PolarsResult<T>) -> Result<T> {
        self.frame.column(name).and_then(value).map_err(|error| polars_error(self.path, &error))
    }

    fn given<T>(&self, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| damaged(self.path))
    }

    /// Empty if null.
    fn text(&self, name: &str) -> Result<String> {
        self.cell(name, |column| Ok(column.str()?.get(0).unwrap_or_default().to_owned()))
    }

    fn u32_or_none(&self, name: &str) -> Result<Option<u32>> {
        self.cell(name, |column| Ok(column.u32()?.get(0)))
    }

    fn u32(&self, name: &str) -> Result<u32> {
        self.given(self.u32_or_none(name)?)
    }

    fn u64(&self, name: &str) -> Result<u64> {
        self.given(self.cell(name, |column| Ok(column.u64()?.get(0)))?)
    }

    fn i64(&self, name: &str) -> Result<Option<i64>> {
        self.cell(name, |column| Ok(column.i64()?.get(0)))
    }

    fn f32(&self, name: &str) -> Result<f32> {
        self.given(self.cell(name, |column| Ok(column.f32()?.get(0)))?)
    }

    fn flag(&self, name: &str) -> Result<bool> {
        self.given(self.cell(name, |column| Ok(column.bool()?.get(0)))?)
    }

    fn date(&self, name: &str) -> Result<Option<Date>> {
        Ok(self.cell(name, |column| Ok(column.date()?.phys.get(0)))?.map(Date::from_days))
    }

    /// The value as people read it; empty if not given.
    fn said(&self, name: &str, ty: FieldType) -> Result<String> {
        fn show(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        Ok(match ty {
            FieldType::Text | FieldType::Code => self.text(name)?,
            FieldType::Date => show(self.date(name)?),
            FieldType::Month => show(self.date(name)?.map(Date::month)),
            FieldType::Money => show(self.i64(name)?.map(Fen)),
            FieldType::Count => show(self.i64(name)?),
            FieldType::Decimal => show(self.cell(name, |column| Ok(column.f64()?.get(0)))?),
            FieldType::Flag => show(self.cell(name, |column| Ok(column.bool()?.get(0)))?),
        })
    }
}

/// Why the run has no such discrepancy: it lists it among those that an earlier one found, or knows nothing of it. The text asked
/// for is not repeated: people type ids of persons here.
fn not_found(published: &Published, id: &str) -> Error {
    let run = &published.record.run;
    let earlier = match absent(published) {
        Ok(all) => all.into_iter().find(|one| one.earlier.id == id),
        Err(fault) => return fault,
    };
    match earlier.and_then(|one| wording::key(&format!("standing.absent_{}", one.why.code()))) {
        Some(why) => Error::input(Message::new("store.discrepancy_absent").with("run", run)).hint(Message::new(why)),
        None => Error::input(Message::new("store.no_such_discrepancy").with("run", run))
            .hint(Message::new("store.no_such_discrepancy_hint")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{EXTRACT, FILE, IDS, PERSONS, RUN, published, write_extract};
    use super::*;
    use crate::kernel::{Digest, ErrorKind};

    #[test]
    fn from_a_discrepancy_to_the_delivered_rows() {
        let (_folder, workspace) = published();
        let trace = trace(&workspace, RUN, "V001-bbbbbbbbbb").unwrap();
        assert_eq!((trace.household_id.as_str(), trace.person_id.as_deref()), ("H-1", Some(IDS[0])));
        assert_eq!((trace.measure, trace.limit, trace.as_of.as_deref()), (1, Some(0), Some("2026-11-24")));
        assert_eq!(trace.rule.code, "V001");
        assert_eq!(trace.parameters, serde_json::json!({"vehicle_max": {"value": 0, "basis": "演示"}}));
        let [counts, aside] = &trace.grounds[..] else { panic!("two rows") };
        assert_eq!((counts.file.as_deref(), counts.line, counts.set_aside.as_deref()), (Some(FILE), 2, None));
        assert_eq!(counts.digest, Some(Digest::of(EXTRACT.as_bytes()).to_string()));
        assert_eq!(counts.original, Some(Original::Text("鲁A10001,11010519491231002X".into())));
        assert_eq!((aside.line, aside.set_aside.as_deref()), (3, Some("已注销")));
        assert_eq!(aside.original, Some(Original::Text("\"鲁A1,0002\",11010519491231002X".into())));
        let link = counts.link.as_ref().unwrap();
        assert_eq!((link.grade.as_str(), link.code.as_str(), link.weight_bits), ("A", "IEN", 12.5));
        assert_eq!(link.repairs, ["case", "blanks"]);
        let fields: Vec<_> = counts.fields.iter().map(|field| (field.label.as_str(), field.value.as_str())).collect();
        assert_eq!(fields, [("号牌号码", "鲁A10001"), ("机动车状态", "normal"), ("初次登记日期", "2020-02-29")]);
    }

    #[test]
    fn a_row_of_the_register_has_its_line() {
        let (_folder, workspace) = published();
        let trace = trace(&workspace, RUN, "V001-aaaaaaaaaa").unwrap();
        assert_eq!(trace.person_id, None, "about the household");
        let [ground] = &trace.grounds[..] else { panic!("one row") };
        assert_eq!((ground.source.as_ref(), ground.line, ground.person_id.as_str()), (None, 3, IDS[1]));
        assert_eq!(ground.original, Some(Original::Text(format!("{},H-1", IDS[1]))));
        assert_eq!(ground.digest, Some(Digest::of(PERSONS.as_bytes()).to_string()));
        let household = ground.fields.iter().find(|field| field.name == "household_id").unwrap();
        assert_eq!((household.label.as_str(), household.value.as_str()), ("家庭编号", "H-1"));
    }

    #[test]
    fn an_extract_changed_since_is_not_shown_as_the_original() {
        let (_folder, workspace) = published();
        write_extract(workspace.root(), &EXTRACT.replace("10001", "10009"));
        let trace = trace(&workspace, RUN, "V001-bbbbbbbbbb").unwrap();
        assert_eq!(trace.grounds[0].original, Some(Original::Changed));
    }

    #[test]
    fn unknown_runs_and_numbers_are_refused_without_repeating_them() {
        let (_folder, workspace) = published();
        let error = trace(&workspace, RUN, IDS[0]).unwrap_err();
        assert_eq!((error.kind(), error.message().key), (ErrorKind::Input, "store.no_such_discrepancy"));
        assert!(!error.to_string().contains(IDS[0]));
        let kept = trace(&workspace, RUN, "V001-gone").unwrap_err();
        assert_eq!(kept.message().key, "store.discrepancy_absent", "an earlier run found it");
        assert_eq!(trace(&workspace, "../..", "x").unwrap_err().message().key, "store.no_such_run");
    }
}
