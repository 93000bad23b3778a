//! What the rules found: discrepancies (疑点信息) with their grounds, and what was set aside and why.
//!
//! A discrepancy is a hint for people who verify: 疑似信息，供审核参考. Nothing here says who is entitled (invariant I-2).

use super::register::Register;
use crate::kernel::{Date, Fen};

/// How soon a county should look: 红 / 橙 / 黄.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    High,
    Medium,
    Low,
}

impl Severity {
    pub const ALL: [Severity; 3] = [Severity::High, Severity::Medium, Severity::Low];

    pub fn code(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// A row that a discrepancy rests on, or that was looked at and set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// Index of the source in the plan; `None` for a row of the register itself.
    pub source: Option<u16>,
    /// Row in the evidence table (or person index for the register).
    pub row: u32,
    /// Index of the link in the run's links; `None` for the register.
    pub link: Option<u32>,
    pub person: u32,
    /// `None`: counts. `Some(index)`: set aside by the rule's innocent explanation of that index.
    pub innocent: Option<u16>,
}

/// One flagged rule for one household (or one person of it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// Stays the same while the fact stays: rule code and ten characters of a digest over household, person and facts.
    pub id: String,
    /// Index in the run's rules.
    pub rule: u16,
    pub household: u32,
    /// The person it is about; `None` if it is about the household as a whole.
    pub person: Option<u32>,
    pub severity: Severity,
    /// The rule's measure as a number: a count, months, or 分 — see the rule's `unit`.
    pub measure: i64,
    /// What the measure was held against, in the same unit, where the rule's flag names one parameter.
    pub limit: Option<i64>,
    /// Money the rule computes (paid after death, say).
    pub amount: Option<Fen>,
    /// Rows that count, then rows set aside.
    pub grounds: Vec<Ground>,
    /// Oldest date of the sources it rests on.
    pub as_of: Option<Date>,
}

impl Discrepancy {
    /// Whom a clerk visits: the person, or of a household as a whole the first.
    pub fn whom(&self, register: &Register) -> Option<u32> {
        self.person.or_else(|| register.household(self.household).persons.first().copied())
    }
}

/// Households per rule and outcome; every household in scope of the rule is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct OutcomeCounts {
    pub clear: u64,
    pub flagged: u64,
    pub not_checked: u64,
}

impl std::ops::AddAssign for OutcomeCounts {
    fn add_assign(&mut self, other: Self) {
        self.clear += other.clear;
        self.flagged += other.flagged;
        self.not_checked += other.not_checked;
    }
}

/// What one rule found, before the rules of a run are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFindings {
    /// Index in the run's rules.
    pub rule: u16,
    /// By household and person.
    pub discrepancies: Vec<Discrepancy>,
    /// Rows set aside in households that are not flagged, with their households.
    pub set_aside: Vec<(u32, Ground)>,
    /// By index of the register's counties.
    pub counts: Vec<OutcomeCounts>,
}

/// All outcomes of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcomes {
    /// Sorted by county, household, rule, person.
    pub discrepancies: Vec<Discrepancy>,
    /// Rows set aside by an innocent explanation in households that were not flagged for that rule: (rule, ground).
    pub set_aside: Vec<(u16, Ground)>,
    /// By rule index, then county code.
    pub counts: std::collections::BTreeMap<(u16, crate::kernel::Division), OutcomeCounts>,
}

/// What people read about a rule: printed in rule sheets, on discrepancies, and by `hedui trace`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RuleCard {
    /// `V001`
    pub code: String,
    /// 家庭成员名下有机动车
    pub title: String,
    pub severity: Severity,
    /// Kind of evidence it reads; `enrolment` is the register itself.
    pub evidence: String,
    /// Programmes in scope; empty means all.
    pub programmes: Vec<String>,
    /// Unit of the measure, as people read it: 辆 套 个月 元 (the number is in 分 then) 次.
    pub unit: String,
    pub money_unit: bool,
    /// The law, document or standard, or 演示.
    pub basis: String,
    /// What the clerk should ask for or look at.
    pub advice: String,
    /// What innocent explanations say, by index.
    pub innocent: Vec<String>,
    /// Conditions as written, for the rule sheet: rows, measure, flag.
    pub rows: String,
    pub measure: String,
    pub flag: String,
    /// Parameters the rule reads.
    pub parameters: Vec<String>,
    /// Records of supporters (赡养人) count too.
    #[serde(default)]
    pub supporters: bool,
}
