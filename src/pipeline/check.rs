//! The ad-hoc check: a few people, on the register or not (a new applicant at the window), against every source, now.
//!
//! The same reading, linking and rules as the night's, on a register that holds only the people asked about. It reads the
//! extracts as they lie in the inbox, publishes nothing, and is written to the ledger by number, never by name or id.

use std::path::Path;

use serde_json::json;

use super::extracts::{in_use, read_sources};
use super::review::{self, InForce};
use super::run::{link, settle_bins};
use crate::config::Plan;
use crate::kernel::{Cancel, CitizenId, Date, Digest, Error, Message, Progress, Result};
use crate::linkage::Index;
use crate::model::coverage::CoverageState;
use crate::model::evidence::{Delivery, Evidence};
use crate::model::kind;
use crate::model::link::Link;
use crate::model::outcome::{Discrepancy, RuleCard};
use crate::model::register::{Household, Person, Register, Role, State};
use crate::model::table::{Column, Table};
use crate::policy;
use crate::standardise::ids::{self, IdReading};
use crate::store::{Extracts, Ledger, Workspace};

/// One person asked about. All of them are taken as one household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub id: String,
    /// May be empty: then an exact, valid id alone decides.
    pub name: String,
    pub birth: Option<Date>,
}

/// Why somebody may be asked about: a mandate's number or a stated reason (invariant I-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warrant {
    pub mandate: Option<String>,
    pub reason: Option<String>,
}

/// Who asks, when, for which day and programme.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    pub as_of: Date,
    pub programme: String,
    pub warrant: Warrant,
    pub who: String,
    pub at: String,
}

/// What the sources say of the people asked about.
pub struct Answer {
    pub register: Register,
    pub evidences: Vec<Evidence>,
    pub links: Vec<Link>,
    pub coverage: crate::model::coverage::Coverage,
    pub discrepancies: Vec<Discrepancy>,
    pub cards: Vec<RuleCard>,
}

/// Checks the people and records the check.
///
/// # Errors
/// Neither mandate nor reason; an id that is none; the inbox; cancellation.
pub fn check(
    plan: &Plan,
    asked: &[Asked],
    options: &CheckOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Answer> {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    if blank(&options.warrant.mandate) && blank(&options.warrant.reason) {
        return Err(Error::config(Message::new("run.no_warrant")).hint(Message::new("run.no_warrant_hint")));
    }
    let register = register_of(plan, asked, options)?;
    let index = Index::build(&register);
    let workspace = Workspace::open(&plan.root)?;
    let extracts = Extracts::open(&workspace)?;
    let mut evidences = read_sources(plan, options.as_of, &[], &index, &extracts, progress, cancel)?;
    if extracts.has_news() {
        extracts.save(&in_use(plan))?;
    }
    let mut links = link(plan, &index, &mut evidences, progress, cancel)?.links;
    let mut ledger = Ledger::open(&workspace)?;
    let judgements = ledger.judgements()?;
    review::settle(&register, &evidences, &mut links, &InForce::new(&judgements));
    settle_bins(&mut evidences, &links);
    let coverage = policy::coverage(&register, &evidences, &links, &plan.programmes_by_source());
    let outcomes = policy::evaluate(&plan.policy, &register, &evidences, &links, &coverage, cancel)?;
    record(&mut ledger, asked, options, &evidences, outcomes.discrepancies.len())?;
    drop(index);
    let cards = plan.policy.cards();
    Ok(Answer { register, evidences, links, coverage, discrepancies: outcomes.discrepancies, cards })
}

impl Answer {
    /// State of one person in each source, in source order.
    pub fn states(&self, person: u32) -> &[CoverageState] {
        self.coverage.of(person)
    }
}

fn register_of(plan: &Plan, asked: &[Asked], options: &CheckOptions) -> Result<Register> {
    let kind = kind::register_persons();
    let mut table = Table::new(kind.types());
    let mut persons = Vec::with_capacity(asked.len());
    for (number, one) in asked.iter().enumerate() {
        let id = match ids::read(&one.id) {
            IdReading::Whole { id, .. } if id.is_valid() => Some(id),
            IdReading::Missing if !one.name.is_empty() && one.birth.is_some() => None,
            // In a list one wrong line does not stop the others: that person's coverage says 号码不可用.
            _ if asked.len() > 1 => None,
            // The id itself is not repeated: messages carry nothing personal (invariant I-9).
            _ => return Err(Error::input(Message::new("run.bad_asked_id").with("number", number + 1))),
        };
        for (field, column) in kind.fields.iter().zip(&mut table.columns) {
            match (field.name.as_str(), column) {
                ("person_id", Column::Text(texts)) => texts.push(one.id.trim()),
                ("name", Column::Text(texts)) => texts.push(one.name.trim()),
                ("birth", Column::Date(values)) => values.push(one.birth),
                (_, column) => column.push_none(),
            }
        }
        table.end_row();
        persons.push(Person {
            id,
            household: 0,
            role: Role::Member,
            state: State::Applicant,
            programme: 0,
            division: plan.centre.division(),
            birth: id.and_then(CitizenId::birth).or(one.birth),
            mandated: true,
            monthly_amount: None,
            paid_through: None,
        });
    }
    if persons.is_empty() {
        return Err(Error::input(Message::new("run.nobody_asked")));
    }
    let household = Household {
        code: String::new(),
        programme: 0,
        division: plan.centre.division(),
        persons: (0..persons.len() as u32).collect(),
        members: persons.len() as u32,
    };
    Ok(Register {
        lines: (1..=persons.len() as u32).collect(),
        persons,
        households: vec![household],
        programmes: vec![options.programme.clone()],
        table,
        as_of: options.as_of,
    })
}

/// The ledger learns how many were asked about, why, and what was there to ask; the people only as one digest.
fn record(
    ledger: &mut Ledger,
    asked: &[Asked],
    options: &CheckOptions,
    evidences: &[Evidence],
    found: usize,
) -> Result<()> {
    let people = Digest::of_parts(asked.iter().flat_map(|one| [one.id.as_bytes(), one.name.as_bytes()]));
    let sources: serde_json::Map<String, serde_json::Value> = evidences
        .iter()
        .map(|evidence| {
            let state = match &evidence.delivery {
                Delivery::Arrived { as_of, .. } => as_of.to_string(),
                Delivery::Missing => "missing".to_owned(),
                Delivery::Refused(_) => "refused".to_owned(),
            };
            (evidence.source.clone(), state.into())
        })
        .collect();
    let body = json!({
        "people": asked.len(),
        "people_digest": people.to_string(),
        "mandate": options.warrant.mandate,
        "reason": options.warrant.reason,
        "as_of": options.as_of.to_string(),
        "sources": sources,
        "discrepancies": found,
    });
    ledger.append(&options.at, &options.who, "check", &body).map(drop)
}

/// Reads a list of people: CSV with the headings `id`, `name` (or 身份证号, 姓名), in any order.
///
/// # Errors
/// The file, or a heading that is missing.
pub fn read_list(path: &Path) -> Result<Vec<Asked>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes)).into_owned();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let refused = || Error::input(Message::new("run.bad_list")).at(path);
    let headings = reader.headers().map_err(|_| refused())?.clone();
    let column = |names: [&str; 3]| headings.iter().position(|heading| names.contains(&heading.trim()));
    let id = column(["id", "身份证号", "身份证号码"]).ok_or_else(refused)?;
    let name = column(["name", "姓名", "人员姓名"]);
    let mut asked = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|_| refused().line(number as u64 + 2))?;
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim().to_owned();
        asked.push(Asked { id: cell(Some(id)), name: cell(name), birth: None });
    }
    Ok(asked)
}
