//! What a run tells its caller, the ledger and `hedui trend`: counts only, nobody by name.

use std::collections::{BTreeMap, BTreeSet};

use super::completeness::Measure;
use super::mandates;
use crate::ingest;
use crate::kernel::Error;
use crate::model::evidence::{Bins, Evidence, Scope, Shortfall, Unmapped};
use crate::model::filing::{FilingCheck, Standing};
use crate::model::kind::Kind;
use crate::model::outcome::RuleCard;
use crate::model::register::Register;
use crate::model::standing::{Change, History};
use crate::policy::Policy;

/// What a run tells its caller; every number also stands in the ledger and in the summary.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RunSummary {
    pub run: String,
    pub persons: u64,
    pub households: u64,
    /// Persons whom a mandate covers.
    pub mandated: u64,
    /// So many fewer than in the run before; 0 if that is no larger a share than `fewer_rows_percent`.
    pub fewer_mandated: u64,
    pub counties: u64,
    /// Persons about whom every source that applies answered.
    pub fully_checked: u64,
    /// People whom the register keeps from being matched: what it says of them cannot be read.
    pub register_faults: u64,
    /// Mandates that cover nobody because one of their days cannot be read, or because they are in another's name.
    pub mandates_at_fault: u64,
    /// People fewer than in the run before; 0 if that is no larger a share than `reject_percent`.
    pub fewer_persons: u64,
    /// Households of programmes that no rule names: the rules of every programme look at them, and no other.
    pub unnamed_households: u64,
    /// Those programmes as the register writes them, where many households share one.
    pub unnamed_programmes: Vec<String>,
    pub sources: Vec<SourceSummary>,
    /// Discrepancies by severity: high, medium, low.
    pub flagged: [u64; 3],
    pub flagged_households: u64,
    /// Links by grade A to E (E is counted, not kept).
    pub grades: [u64; 5],
    pub reviews: ReviewSummary,
    pub standing: StandingSummary,
    /// Where the centre gave a roster of officials and its lists could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filings: Option<FilingSummary>,
    pub packages: Vec<PackageSummary>,
    /// Relative to the workspace.
    pub outbox: String,
}

/// What people judged and have yet to judge, in links.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct ReviewSummary {
    /// Judgements in force when the run began, each of another key.
    pub in_force: u64,
    /// Links accepted by a judgement.
    pub same: u64,
    /// Links that a judgement keeps out.
    pub other: u64,
    /// Links that wait for a person.
    pub open: u64,
}

/// How the discrepancies stand: new, changed and same add up to those flagged; what was answered stands beside them.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct StandingSummary {
    /// The run compared with.
    pub against: Option<String>,
    /// The run that it should have been compared with and that is not kept any more.
    pub lost: Option<String>,
    pub new: u64,
    pub changed: u64,
    pub same: u64,
    /// Settled by an answer to this very fact: kept, not raised.
    pub answered: u64,
    /// Open objections.
    pub objections: u64,
    /// Of the run before and not found: kept because they could not be looked at, and those in whose place nothing is listed.
    pub kept: u64,
    pub gone: u64,
    /// Rules by which the run before found some of these, and which this run does not have.
    pub rules_gone: BTreeSet<String>,
}

impl StandingSummary {
    pub(super) fn of(history: &History, cards: &[RuleCard]) -> Self {
        let raised = |change| {
            history.stands.iter().filter(|stand| stand.change == change && !stand.is_answered()).count() as u64
        };
        let kept = history.absent.iter().filter(|absent| absent.is_kept()).count() as u64;
        let is_here = |rule: &str| cards.iter().any(|card| card.code == rule);
        let gone = || history.absent.iter().filter(|absent| absent.is_gone());
        let rules = gone().map(|absent| &absent.earlier.rule).filter(|rule| !is_here(rule)).cloned();
        Self {
            against: history.against.clone(),
            lost: history.lost.clone(),
            new: raised(Change::New),
            changed: raised(Change::Changed),
            same: raised(Change::Same),
            answered: history.stands.iter().filter(|stand| stand.is_answered()).count() as u64,
            objections: history.objections(),
            kept,
            gone: gone().count() as u64,
            rules_gone: rules.collect(),
        }
    }
}

/// The 备案 check, in lines of its list: one for each person and official.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct FilingSummary {
    pub officials: u64,
    pub lines: u64,
    /// Filed, for the person or another of the household.
    pub filed: u64,
    pub not_seen: u64,
}

impl FilingSummary {
    pub(super) fn of(check: &FilingCheck) -> Self {
        let mut summary = Self { officials: check.officials.len() as u64, ..Self::default() };
        for tie in &check.ties {
            summary.lines += 1;
            match tie.standing {
                Standing::Filed(_) | Standing::HouseholdFiled(_) => summary.filed += 1,
                Standing::NotSeen => summary.not_seen += 1,
                Standing::NoList => {}
            }
        }
        summary
    }
}

/// One source in the run.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SourceSummary {
    pub source: String,
    pub department: String,
    /// `arrived`, `stale`, `incomplete`, `missing`, `refused`.
    pub state: &'static str,
    pub as_of: Option<String>,
    pub bins: Bins,
    /// Why it was refused.
    #[serde(skip)]
    pub fault: Option<Error>,
    /// For the register, people whose row cannot be read count with the rejected rows.
    pub rejects_over_limit: bool,
    /// Of linked rows too large a share holds something that cannot be read or has no meaning.
    pub unread_over_limit: bool,
    /// Of a file of the centre's own: in one column too large a share of the rows holds nothing that can be read.
    pub cells_over_limit: bool,
    /// Why it is not whole.
    pub short: Option<Shortfall>,
    /// What its last whole delivery held, this one or one before; of departments' sources.
    pub usual: Option<Measure>,
    /// Codes to which its layout gives no meaning.
    pub unmapped: u64,
    /// Rows about people on the register in which something that a rule asks for cannot be read.
    pub unread: u64,
}

impl SourceSummary {
    /// It did not arrive as it should have.
    pub fn needs_attention(&self) -> bool {
        self.state != "arrived" || self.rejects_over_limit || self.unread_over_limit || self.cells_over_limit
    }
}

/// One county's package.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PackageSummary {
    pub division: String,
    pub folder: String,
    pub files: usize,
    pub flagged: u64,
}

impl RunSummary {
    /// Done, but something needs a person: exit code 1.
    pub fn needs_attention(&self) -> bool {
        self.unnamed_households > 0
            || self.fewer_persons > 0
            || self.mandates_at_fault > 0
            || self.fewer_mandated > 0
            || self.standing.lost.is_some()
            || !self.standing.rules_gone.is_empty()
            || self.sources.iter().any(SourceSummary::needs_attention)
    }
}

/// Faults in the column that has the most of them, of rows that were used all the same.
pub(super) fn worst_column(file: &Evidence) -> u64 {
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    let in_cells =
        file.reject_counts.iter().filter(|((_, reason, whole_row), _)| Scope::of(reason, *whole_row) == Scope::Field);
    in_cells.for_each(|((column, ..), count)| *faults.entry(column).or_default() += count);
    faults.into_values().max().unwrap_or_default()
}

/// Mandates in one of the register's own files that cover nobody.
pub(super) fn mandates_at_fault(file: &Evidence) -> u64 {
    let reasons = [ingest::MANDATE_START_UNREAD, ingest::MANDATE_END_UNREAD, mandates::OF_ANOTHER];
    let counts = file.reject_counts.iter().filter(|((_, reason, _), _)| reasons.contains(reason));
    counts.map(|(_, count)| count).sum()
}

/// Programmes of a register, by their place there, that no rule names, each with its households.
pub(super) fn unnamed_programmes(policy: &Policy, register: &Register) -> Vec<(usize, u64)> {
    let (_, programmes, _) = register.households.columns();
    let mut households = vec![0; register.programmes.len()];
    programmes.iter().for_each(|programme| households[usize::from(*programme)] += 1);
    let counted = households.into_iter().enumerate().filter(|(_, households)| *households > 0);
    counted.filter(|(programme, _)| !policy.knows_programme(&register.programmes[*programme])).collect()
}

/// Their names, where many households share one: in a column that slipped by one stands somebody's name or id.
pub(super) fn shared_names(register: &Register, programmes: &[(usize, u64)]) -> Vec<String> {
    const SHARED: u64 = 10;
    let shared = programmes.iter().filter(|(_, households)| *households >= SHARED);
    shared.map(|(programme, _)| register.programmes[*programme].clone()).collect()
}

/// The same as values of the persons' file, beside those `listed` already: for whoever keeps the register to find them.
pub(super) fn unnamed_values(policy: &Policy, register: &Register, kind: &Kind, listed: &[Unmapped]) -> Vec<Unmapped> {
    let field = kind.field("programme").expect("a field of the register's persons");
    let mut persons = vec![0; register.programmes.len()];
    register.persons.iter().for_each(|person| persons[usize::from(person.programme)] += 1);
    let listed: BTreeSet<&str> = listed.iter().filter(|one| one.field == field).map(|one| one.value.as_str()).collect();
    let value = |(programme, _): &(usize, u64)| register.programmes[*programme].as_str();
    let new = unnamed_programmes(policy, register).into_iter().filter(|one| !listed.contains(value(one)));
    new.map(|one| Unmapped { field, value: value(&one).to_owned(), rows: persons[one.0] }).collect()
}

/// Codes of the households of such programmes.
pub(super) fn households_unnamed(policy: &Policy, register: &Register) -> Vec<String> {
    let unnamed = unnamed_programmes(policy, register);
    if unnamed.is_empty() {
        return Vec::new();
    }
    let (codes, programmes, _) = register.households.columns();
    let is_unnamed = |programme: u16| unnamed.iter().any(|(unnamed, _)| *unnamed == usize::from(programme));
    let households = codes.iter().zip(programmes).filter(|(_, programme)| is_unnamed(**programme));
    households.map(|(code, _)| code.to_owned()).collect()
}
