//! 备案核查: people on the register who are, or are close to, those who handle social assistance (经办人员, 村居干部), and
//! whether a filing (备案) of that relation is known.
//!
//! Purpose: households of officials and of their close relatives (近亲属) are registered apart and filed, so that somebody
//! else looks at them; where no filing is seen, the list asks for one to be looked up. 供核对备案，不作认定: nothing here says
//! that a filing was owed, and nothing is a discrepancy of a rule. Basis: 民发〔2021〕57号 and what places make of it, such as
//! 重庆市城乡居民最低生活保障条例 (2016) 第三十三条; who counts as a close relative is the place's own list, which is
//! why relations are declared to the program and never guessed.
//!
//! Officials give no mandate, so they are looked up on the register and in links already made for mandated people, never in
//! a department's source (invariant I-1). Built by `pipeline`, written by `report`.

use crate::kernel::{CitizenId, Date, Division};

/// Where a row of the two lists stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// Relative to the workspace.
    pub file: String,
    /// 0 in a text file.
    pub sheet: u16,
    /// Physical line, the heading being line 1.
    pub line: u32,
}

/// Somebody on the roster of officials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Official {
    pub id: CitizenId,
    pub name: String,
    /// Unit and post of each row that names this official, in roster order.
    pub posts: Vec<String>,
    pub division: Option<Division>,
    /// The same citizen on the register, by id and a consistent name; usually nobody.
    pub persons: Vec<u32>,
    pub at: ListRow,
}

/// A declared relation between a person of the register and an official, filed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// The relative on the register, by id and a consistent name; never empty.
    pub persons: Vec<u32>,
    /// As declared; may be empty.
    pub relation: String,
    /// Index of the official in [`FilingCheck::officials`].
    pub official: u32,
    /// 备案号; empty where the relation is declared and nothing is filed.
    pub number: String,
    pub filed_on: Option<Date>,
    pub at: ListRow,
}

impl Filing {
    /// Filed, and not later than this day: a run that speaks for an earlier day does not know it yet.
    pub fn is_filed(&self, as_of: Date) -> bool {
        (!self.number.is_empty() || self.filed_on.is_some()) && self.filed_on.is_none_or(|day| day <= as_of)
    }
}

/// How the relation of a person to an official is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// The person is the official.
    Own,
    /// By the list of filings; its index.
    Declared { filing: u32 },
    /// By an accepted link to a marriage record that names the official as the other spouse.
    Spouse { source: u16, row: u32 },
    /// The official is a member of the person's household.
    Member,
    /// The official is registered as the household's supporter (赡、抚、扶养人).
    Supporter,
}

/// What is known of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// 已备案: this person with this official; index of the filing.
    Filed(u32),
    /// 同户已备案: another person of the household with this official. Many places file by household.
    HouseholdFiled(u32),
    /// 未见备案.
    NotSeen,
    /// The centre gave no list of filings: nothing can be said.
    NoList,
}

/// A person and an official: one line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// Index in the register.
    pub person: u32,
    /// Index in [`FilingCheck::officials`].
    pub official: u32,
    /// Ascending, not empty.
    pub known: Vec<Known>,
    pub standing: Standing,
}

/// The whole check of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilingCheck {
    /// Ascending by id.
    pub officials: Vec<Official>,
    pub filings: Vec<Filing>,
    /// Ascending by person and official.
    pub ties: Vec<Tie>,
}
