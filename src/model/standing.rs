//! 新增、未变、事实有变、已消失: how what a run found stands against the last day's run and against what was answered.
//!
//! An id stays while rule, household, person and facts stay. What else a discrepancy says (its measure, the money) is in
//! its fact digest: under the same id another digest is a changed fact. See `pipeline::standing` for how it is settled.

use super::coverage::CoverageState;
use crate::kernel::{Date, Digest, Division};
use crate::model::verdict::Verdict;

/// Against the run compared with. In the order of a work list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// 新增
    New,
    /// 事实有变: under the same id, or the rule found other facts of the same household or person.
    Changed,
    /// 未变
    Same,
}

impl Change {
    pub const ALL: [Change; 3] = [Self::New, Self::Changed, Self::Same];

    /// Stable code in files and store; wording key `standing.<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
        }
    }
}

/// How one discrepancy of a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Over measure, money and the fact fields of its counting rows; not over dates and places of the delivery.
    pub fact: Digest,
    pub facts: Facts,
    /// Codes of the sources its counting rows stand in, ascending.
    pub sources: Vec<String>,
    pub change: Change,
    /// The last answer to it, whatever fact it was about.
    pub answer: Option<LastAnswer>,
    pub objection: Option<Objection>,
}

/// What a county said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAnswer {
    pub verdict: Verdict,
    pub by: String,
    pub on: Date,
    /// Clause or evidence.
    pub text: String,
    /// It was about the fact as it stands now.
    pub holds: bool,
}

impl LastAnswer {
    /// The fact as it stands now need not be asked about again.
    pub fn settles(&self) -> bool {
        self.holds && self.verdict.settles()
    }
}

/// An open objection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objection {
    pub on: Date,
    /// The day by which it is to be looked into; `None`: as local rules say.
    pub due: Option<Date>,
}

impl Stand {
    /// 已答复: an answer settles this very fact and nobody objects. It is kept and counted, and not raised again.
    pub fn is_answered(&self) -> bool {
        self.objection.is_none() && self.answer.as_ref().is_some_and(LastAnswer::settles)
    }
}

/// A discrepancy as an earlier run left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub id: String,
    /// Code and title of the rule.
    pub rule: String,
    pub title: String,
    /// A code of `Severity`.
    pub severity: String,
    /// Code of the household, as the register writes it.
    pub household: String,
    /// Empty: the household as a whole.
    pub person: String,
    pub division: Division,
    pub sources: Vec<String>,
    /// `None` in runs of versions that kept none.
    pub fact: Option<Digest>,
    /// None in runs of versions that kept none.
    pub facts: Facts,
}

/// The facts of a discrepancy's counting rows, as the first eight bytes of their digests: ascending, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts(Vec<u64>);

impl Facts {
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        Self::new(texts.map(|text| Digest::of(text.as_bytes()).head()).collect())
    }

    fn new(mut heads: Vec<u64>) -> Self {
        heads.sort_unstable();
        heads.dedup();
        Self(heads)
    }

    /// Whether there are any, and all of them are among the others.
    pub fn are_part_of(&self, others: &Self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|fact| others.0.binary_search(fact).is_ok())
    }

    /// As the store writes them; what is none reads as no facts.
    pub fn parse(text: &str) -> Self {
        let heads = text.split('+').map(|head| u64::from_str_radix(head, 16));
        Self::new(heads.collect::<std::result::Result<_, _>>().unwrap_or_default())
    }
}

impl std::fmt::Display for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, head) in self.0.iter().enumerate() {
            write!(f, "{}{head:016x}", if at == 0 { "" } else { "+" })?;
        }
        Ok(())
    }
}

/// Why something of the last run is not among what this one found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Absence {
    /// 未能核对: a source or a mandate it needs is missing, so that nothing can be said. The discrepancy is kept.
    NotChecked,
    /// 已被新的疑点替代: the same rule found other facts there.
    Replaced,
    /// 不在名册
    LeftRegister,
    /// 已转入其他区县: the same discrepancy stands there, as a new one.
    Moved,
    /// 规则已停用
    NoRule,
    /// 已消失: the sources answered, and the condition does not hold any more.
    Gone,
}

impl Absence {
    pub const ALL: [Absence; 6] =
        [Self::NotChecked, Self::Replaced, Self::LeftRegister, Self::Moved, Self::NoRule, Self::Gone];

    /// Stable code in files and store; wording key `standing.absent_<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotChecked => "not_checked",
            Self::Replaced => "replaced",
            Self::LeftRegister => "left_register",
            Self::Moved => "moved",
            Self::NoRule => "no_rule",
            Self::Gone => "gone",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|absence| absence.code() == code)
    }
}

/// A discrepancy of the last run that this one did not find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    pub earlier: Earlier,
    pub why: Absence,
    /// States of coverage that keep it unknown, each once, of a discrepancy that could not be looked at; none where a run is
    /// read back.
    pub gaps: Vec<CoverageState>,
    /// Whom of the register it is about, as [`crate::model::outcome::Discrepancy::whom`]; none who left it, and none where a run
    /// is read back.
    pub whom: Option<u32>,
    /// As of a discrepancy that was found; none where a run is read back.
    pub answer: Option<LastAnswer>,
    pub objection: Option<Objection>,
    /// Told before, and listed again because somebody objects.
    pub again: bool,
    /// What stands in its place shows the objection.
    pub follows: bool,
}

/// A run beside the one before and the answers so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// The run compared with; `None`: there is none of an earlier day.
    pub against: Option<String>,
    /// The run that it should have been compared with, if that is not kept any more: what only it found is lost.
    pub lost: Option<String>,
    /// By index of the run's discrepancies.
    pub stands: Vec<Stand>,
    /// By county, household, rule, id.
    pub absent: Vec<Absent>,
    /// What the answers in force say of rules, sources and counties.
    pub tallies: std::collections::BTreeMap<super::verdict::TallyKey, super::verdict::Tally>,
}

impl History {
    /// Open objections, whatever became of what they are about.
    pub fn objections(&self) -> u64 {
        let found = self.stands.iter().filter(|stand| stand.objection.is_some()).count();
        found as u64 + self.absent.iter().map(|absent| u64::from(absent.is_objected())).sum::<u64>()
    }
}

impl Absent {
    /// Of which nothing else is known yet.
    pub fn new(earlier: Earlier, why: Absence) -> Self {
        Self { earlier, why, gaps: Vec::new(), whom: None, answer: None, objection: None, again: false, follows: false }
    }

    /// 暂存: nothing could be said of it.
    pub fn is_kept(&self) -> bool {
        self.why == Absence::NotChecked
    }

    /// Of the run before, not found any more, and nothing listed in its place.
    pub fn is_gone(&self) -> bool {
        !self.is_kept() && !self.again && self.why != Absence::Replaced
    }

    /// Objected to, and shown nowhere else.
    pub fn is_objected(&self) -> bool {
        self.objection.is_some() && !self.follows
    }
}

/// Of a report that tells no history: an answer at the window, one household of a run recalled.
pub static NO_HISTORY: History = History {
    against: None,
    lost: None,
    stands: Vec::new(),
    absent: Vec::new(),
    tallies: std::collections::BTreeMap::new(),
};
