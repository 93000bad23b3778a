//! 核对覆盖: for each person and each source, what can be said. The proof of 凡进必核、在保必核.

use rayon::prelude::*;

/// The state of one person × one source. Exactly one holds; silence is never clearance (invariant I-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum CoverageState {
    /// 有记录
    Found = 0,
    /// 无记录
    NotFound = 1,
    /// 未授权
    NoMandate = 2,
    /// 号码不可用
    UnusableId = 3,
    /// 来源未到
    SourceMissing = 4,
    /// 来源过期
    SourceStale = 5,
    /// 不适用
    NotApplicable = 6,
    /// 名册有误: what the register says of the person cannot be read
    RegisterFault = 7,
    /// 来源不全: it came, and what is missing from it nobody knows
    SourceIncomplete = 8,
    /// 待人工判定: no record is found but one that may be the person's, and waits for somebody to judge
    Pending = 9,
    /// 记录有误: a record is found, and something in it that a rule asks for cannot be read
    RecordFault = 10,
}

impl CoverageState {
    pub const ALL: [CoverageState; 11] = [
        Self::Found,
        Self::NotFound,
        Self::NoMandate,
        Self::UnusableId,
        Self::SourceMissing,
        Self::SourceStale,
        Self::NotApplicable,
        Self::RegisterFault,
        Self::SourceIncomplete,
        Self::Pending,
        Self::RecordFault,
    ];

    /// Stable code in exported files; wording key `coverage.<code>`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::NoMandate => "no_mandate",
            Self::UnusableId => "unusable_id",
            Self::SourceMissing => "source_missing",
            Self::SourceStale => "source_stale",
            Self::NotApplicable => "not_applicable",
            Self::RegisterFault => "register_fault",
            Self::SourceIncomplete => "source_incomplete",
            Self::Pending => "pending",
            Self::RecordFault => "record_fault",
        }
    }

    /// The source was asked about this person and could answer.
    pub fn is_checked(self) -> bool {
        matches!(self, Self::Found | Self::NotFound)
    }
}

/// How many are in each state, in the order of [`CoverageState::ALL`].
pub type StateCounts = [u64; CoverageState::ALL.len()];

/// States of all persons × sources, one byte each: person-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    sources: usize,
    states: Vec<CoverageState>,
}

impl Coverage {
    /// `states` holds `sources` entries per person.
    pub fn new(sources: usize, states: Vec<CoverageState>) -> Self {
        assert!(sources == 0 || states.len().is_multiple_of(sources), "a person's coverage is incomplete");
        Self { sources, states }
    }

    pub fn sources(&self) -> usize {
        self.sources
    }

    /// The bytes of all states, as snapshots hold them.
    pub fn codes(&self) -> Vec<u8> {
        self.states.iter().map(|state| *state as u8).collect()
    }

    pub fn of(&self, person: u32) -> &[CoverageState] {
        &self.states[person as usize * self.sources..][..self.sources]
    }

    /// Persons about whom every source that applies answered.
    pub fn fully_checked(&self) -> u64 {
        if self.sources == 0 {
            return 0;
        }
        self.states.par_chunks_exact(self.sources).filter(|states| is_fully_checked(states)).count() as u64
    }
}

/// Every source that applies answered, and at least one does apply.
pub fn is_fully_checked(states: &[CoverageState]) -> bool {
    states.iter().all(|state| state.is_checked() || *state == CoverageState::NotApplicable)
        && states.iter().any(|state| state.is_checked())
}
