//! 核查反馈: what a county answers to a discrepancy, and 异议: what somebody objects to it.
//!
//! Both are statements about one discrepancy as it stood. They only grow: a correction is a new statement, and of each
//! discrepancy the last one counts. What an answer says of the fact never decides about assistance (invariant I-2).

use std::collections::BTreeMap;

use crate::kernel::{Date, Digest, Division};

/// What a county may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// 属实-应调整
    TrueAdjust,
    /// 属实-适用豁免: the clause must be named.
    TrueExempt,
    /// 属实-渐退
    TrueGrace,
    /// 不属实-数据陈旧
    FalseStale,
    /// 不属实-同名或错号: also says something of the link.
    FalseIdentity,
    /// 不属实-已处分
    FalseDisposed,
    /// 转其他救助
    OtherAid,
    /// 无法核实
    Unverifiable,
}

impl Verdict {
    pub const ALL: [Verdict; 8] = [
        Self::TrueAdjust,
        Self::TrueExempt,
        Self::TrueGrace,
        Self::FalseStale,
        Self::FalseIdentity,
        Self::FalseDisposed,
        Self::OtherAid,
        Self::Unverifiable,
    ];

    /// Stable code in files and store; wording key `report.verdict_<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::TrueAdjust => "true_adjust",
            Self::TrueExempt => "true_exempt",
            Self::TrueGrace => "true_grace",
            Self::FalseStale => "false_stale",
            Self::FalseIdentity => "false_identity",
            Self::FalseDisposed => "false_disposed",
            Self::OtherAid => "other_aid",
            Self::Unverifiable => "unverifiable",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }

    /// The same fact need not be asked about again: it is not so, or a named clause covers it.
    pub fn settles(self) -> bool {
        self == Self::TrueExempt || self.confirms() == Some(false)
    }

    /// Whether the fact was found to be so. `None` where nobody could tell. Other aid was given because of the fact.
    pub fn confirms(self) -> Option<bool> {
        match self {
            Self::TrueAdjust | Self::TrueExempt | Self::TrueGrace | Self::OtherAid => Some(true),
            Self::FalseStale | Self::FalseIdentity | Self::FalseDisposed => Some(false),
            Self::Unverifiable => None,
        }
    }
}

/// Answer or objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Answered(Verdict),
    /// 异议: opens the discrepancy again until a later answer.
    Objected,
}

impl Said {
    const OBJECTION: &str = "objection";

    pub fn code(self) -> &'static str {
        match self {
            Self::Answered(verdict) => verdict.code(),
            Self::Objected => Self::OBJECTION,
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        if code == Self::OBJECTION { Some(Self::Objected) } else { Verdict::parse(code).map(Self::Answered) }
    }
}

/// One thing that was said of one discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Id of the discrepancy.
    pub discrepancy: String,
    /// Digest of the fact as it stood when it was looked into; `None` if the run kept none.
    pub fact: Option<Digest>,
    /// Code of its rule.
    pub rule: String,
    /// Division of the household.
    pub division: Division,
    /// Codes of the sources it rested on, ascending; none for the register itself.
    pub sources: Vec<String>,
    pub said: Said,
    /// Who looked into it or objects, as written.
    pub by: String,
    pub on: Date,
    /// Clause, evidence or reason.
    pub text: String,
}

/// What stands of the statements about one discrepancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InForce<'a> {
    pub answer: Option<&'a Statement>,
    /// An objection that no answer followed.
    pub objection: Option<&'a Statement>,
}

/// By discrepancy; `statements` in the order they were stored.
pub fn in_force(statements: &[Statement]) -> BTreeMap<&str, InForce<'_>> {
    let mut latest: BTreeMap<&str, InForce> = BTreeMap::new();
    for statement in statements {
        let stands = latest.entry(&statement.discrepancy).or_default();
        match statement.said {
            Said::Answered(_) => *stands = InForce { answer: Some(statement), objection: None },
            Said::Objected => stands.objection = Some(statement),
        }
    }
    latest
}

/// Answers about one rule × source × county: how often the fact was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Tally {
    pub confirmed: u64,
    pub refuted: u64,
    /// In neither of the two: nobody could tell, or an objection is open.
    pub unverified: u64,
}

impl Tally {
    /// Confirmed of those that could be told; `None` without any.
    pub fn precision(&self) -> Option<f64> {
        let known = self.confirmed + self.refuted;
        (known > 0).then(|| self.confirmed as f64 / known as f64)
    }

    /// Wilson's score interval at 95 %: honest for the few answers a county gives to one rule.
    pub fn interval(&self) -> Option<(f64, f64)> {
        const Z: f64 = 1.959_963_984_540_054;
        let share = self.precision()?;
        let known = (self.confirmed + self.refuted) as f64;
        let scale = 1.0 + Z * Z / known;
        let centre = (share + Z * Z / (2.0 * known)) / scale;
        let half = Z * (share * (1.0 - share) / known + Z * Z / (4.0 * known * known)).sqrt() / scale;
        Some(((centre - half).max(0.0), (centre + half).min(1.0)))
    }

    pub fn add(&mut self, other: Tally) {
        self.confirmed += other.confirmed;
        self.refuted += other.refuted;
        self.unverified += other.unverified;
    }
}

/// Rule, source (empty: the register itself), county.
pub type TallyKey = (String, String, Division);

/// What the answers in force say of rules, sources and counties. A discrepancy that rests on two sources counts for both.
pub fn tallies(statements: &[Statement]) -> BTreeMap<TallyKey, Tally> {
    let mut tallies: BTreeMap<TallyKey, Tally> = BTreeMap::new();
    for InForce { answer, objection } in in_force(statements).into_values() {
        let Some(answer) = answer else { continue };
        let Said::Answered(verdict) = answer.said else { continue };
        let one = match verdict.confirms() {
            Some(true) if objection.is_none() => Tally { confirmed: 1, ..Tally::default() },
            Some(false) if objection.is_none() => Tally { refuted: 1, ..Tally::default() },
            _ => Tally { unverified: 1, ..Tally::default() },
        };
        let register = String::new();
        let sources = if answer.sources.is_empty() { std::slice::from_ref(&register) } else { &answer.sources };
        for source in sources {
            tallies.entry((answer.rule.clone(), source.clone(), answer.division.county())).or_default().add(one);
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(discrepancy: &str, said: Said) -> Statement {
        Statement {
            discrepancy: discrepancy.into(),
            fact: None,
            rule: "V001".into(),
            division: Division::parse("370102001").unwrap(),
            sources: vec!["vehicle".into()],
            said,
            by: "王".into(),
            on: Date::from_ymd(2026, 11, 24).unwrap(),
            text: String::new(),
        }
    }

    #[test]
    fn the_last_answer_counts_and_an_objection_opens_it_again() {
        let (so, not) = (Said::Answered(Verdict::TrueAdjust), Said::Answered(Verdict::FalseStale));
        let statements = [said("a", so), said("a", not), said("b", not), said("b", Said::Objected)];
        let stands = in_force(&statements);
        assert_eq!(stands["a"].answer.map(|answer| answer.said), Some(not));
        assert!(stands["a"].objection.is_none() && stands["b"].objection.is_some());
        let tally = tallies(&statements);
        let key = ("V001".to_owned(), "vehicle".to_owned(), Division::parse("370102").unwrap());
        assert_eq!(tally[&key], Tally { confirmed: 0, refuted: 1, unverified: 1 });
    }

    #[test]
    fn only_refuted_or_exempt_facts_rest() {
        let settling: Vec<&str> = Verdict::ALL.into_iter().filter(|v| v.settles()).map(Verdict::code).collect();
        assert_eq!(settling, ["true_exempt", "false_stale", "false_identity", "false_disposed"]);
    }

    /// 8 of 10: Wilson's interval is 0.4902 to 0.9433 (Wilson 1927, z = 1.96).
    #[test]
    fn the_interval_is_wilsons() {
        let tally = Tally { confirmed: 8, refuted: 2, unverified: 5 };
        let (low, high) = tally.interval().unwrap();
        assert!((low - 0.4902).abs() < 5e-5 && (high - 0.9433).abs() < 5e-5, "{low} {high}");
        assert_eq!(tally.precision(), Some(0.8));
        assert_eq!(Tally::default().interval(), None);
    }
}
