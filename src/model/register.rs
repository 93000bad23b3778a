//! 对象名册: everyone who applies for or receives assistance, household by household, with what they declared.
//!
//! One row of the register file is one [`Person`]; one citizen enrolled twice is two persons with one id. Built by
//! `pipeline::register` from the table that `ingest` read; texts as given stay in that table.

use std::sync::OnceLock;

use super::kind::Kind;
use super::table::{Table, Texts};
use crate::kernel::{CitizenId, Date, Division, Fen, Month};

/// 共同生活的家庭成员 or 赡(抚、扶)养人. Supporters are checked, but what they own is not the household's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Member,
    Supporter,
}

/// Applies for assistance, or receives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Applicant,
    Recipient,
}

/// What the register says of one person, as numbers; texts are in [`Register::table`] at the same row.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// `None`: the register holds no usable id (missing, masked, destroyed).
    pub id: Option<CitizenId>,
    /// Index in [`Register::households`].
    pub household: u32,
    pub role: Role,
    pub state: State,
    /// Index in [`Register::programmes`].
    pub programme: u16,
    pub division: Division,
    /// From the id, else as declared.
    pub birth: Option<Date>,
    /// A mandate covers the run's date. Without one nobody is matched (invariant I-1).
    pub mandated: bool,
    pub monthly_amount: Option<Fen>,
    pub paid_through: Option<Month>,
}

/// A household: its code as given, its division, and its persons (members and supporters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    pub code: String,
    /// Index in [`Register::programmes`]: the programme of its first member.
    pub programme: u16,
    pub division: Division,
    /// Indexes in [`Register::persons`], in register order.
    pub persons: Vec<u32>,
    /// How many of them are members (the divisor of per-head measures).
    pub members: u32,
}

/// A person's id as it is written, made from the packed form where there is one.
pub enum WrittenId<'a> {
    Whole([u8; 18]),
    AsGiven(&'a str),
}

impl std::ops::Deref for WrittenId<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Whole(characters) => std::str::from_utf8(characters).expect("17 digits and a check character"),
            Self::AsGiven(text) => text,
        }
    }
}

/// The whole register of a run.
#[derive(Debug, Clone)]
pub struct Register {
    pub persons: Vec<Person>,
    pub households: Vec<Household>,
    /// Programme names as given: 低保, 特困, 低保边缘, 刚性支出, 临时救助 …
    pub programmes: Vec<String>,
    /// The file's rows, by the fields of `kind::register_persons`; row index = person index.
    pub table: Table,
    /// Physical line of each person in the register file.
    pub lines: Vec<u32>,
    /// The day the run speaks for.
    pub as_of: Date,
}

impl Register {
    pub fn name(&self, person: u32) -> &str {
        self.text(person, "name")
    }

    /// A text field of the register file, by its field name.
    pub fn text(&self, person: u32, field: &str) -> &str {
        self.texts(field).get(person as usize)
    }

    pub fn texts(&self, field: &str) -> &Texts {
        // Asked once a row: the kind is made once.
        static KIND: OnceLock<Kind> = OnceLock::new();
        let kind = KIND.get_or_init(super::kind::register_persons);
        let column = kind.field(field).expect("a field of the register");
        self.table.texts(column)
    }

    pub fn household_of(&self, person: u32) -> &Household {
        &self.households[self.persons[person as usize].household as usize]
    }

    pub fn programme_of(&self, person: u32) -> &str {
        &self.programmes[self.persons[person as usize].programme as usize]
    }

    /// The 18-character id, or the text as given where there is no usable id.
    pub fn id_text(&self, person: u32) -> String {
        self.written_id(person).to_owned()
    }

    /// [`Register::id_text`] without a text of its own, for whoever writes those of everybody.
    pub fn written_id(&self, person: u32) -> WrittenId<'_> {
        match self.persons[person as usize].id {
            Some(id) => WrittenId::Whole(id.to_ascii()),
            None => WrittenId::AsGiven(self.text(person, "person_id")),
        }
    }

    /// Counties with people on the register, ascending.
    pub fn counties(&self) -> Vec<Division> {
        let mut counties: Vec<Division> = self.households.iter().map(|household| household.division.county()).collect();
        counties.sort_unstable();
        counties.dedup();
        counties
    }
}
