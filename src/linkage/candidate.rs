//! A person of the register who may be the person in a row, with the grounds; and the link that is made of the two.
//!
//! The code's three letters:
//!
//! | | 1st: the id | 2nd: the name | 3rd: what else |
//! |---|---|---|---|
//! | | E exact as delivered | E equal | F birth date and a further fact agree |
//! | | C exact after cleaning | F equal after folding | B the birth date agrees |
//! | | F another document, exact | V variant form | T a further fact agrees, no birth date given |
//! | | U exact, but in use under many names | O former name | N nothing else is given |
//! | | 1 one digit repaired · S swap · L letters | D one character damaged | X something else contradicts |
//! | | M masked · T tail lost | H same reading or look | P possible only: below the line, or not alone |
//! | | N no id · X an id nobody can use | N not given · X another's | |

use super::facts::{Comparison, PartyFacts};
use super::weights::rounded;
use super::{LinkSettings, PartyRef};
use crate::model::link::{Grade, Link, NameLevel, Repairs};

/// A person in a row: where, by what name, with which facts.
pub(super) struct Subject<'p> {
    pub(super) at: PartyRef,
    pub(super) name: &'p str,
    pub(super) facts: PartyFacts<'p>,
}

/// What the delivered id says for a person of the register it leads to.
#[derive(Clone, Copy)]
pub(super) struct IdGround {
    /// First letter of the code.
    pub(super) letter: u8,
    pub(super) repairs: Repairs,
    pub(super) bits: f64,
    /// The part of `bits` that the digits of the birth date give.
    pub(super) birth_digits: f64,
    /// Characters of the id that can be read.
    pub(super) kept: usize,
}

impl IdGround {
    /// No id at all, or one that says nothing.
    pub(super) fn nothing(letter: u8) -> Self {
        Self { letter, repairs: Repairs::default(), bits: 0.0, birth_digits: 0.0, kept: 0 }
    }
}

pub(super) struct Candidate {
    pub(super) person: u32,
    pub(super) id: IdGround,
    pub(super) level: NameLevel,
    pub(super) comparison: Comparison,
    /// The birth date agrees: in what is left of the id, or in a column.
    pub(super) birth: bool,
    pub(super) weight: f64,
}

impl Candidate {
    /// A possible link enters no case, whatever its grade.
    pub(super) fn link(&self, subject: &Subject, grade: Grade, possible: bool, settings: &LinkSettings) -> Link {
        let comparison = &self.comparison;
        let third = match (self.birth, comparison.further_facts() > 0) {
            _ if possible => b'P',
            _ if comparison.contradicts() => b'X',
            (true, true) => b'F',
            (true, false) => b'B',
            (false, true) => b'T',
            (false, false) => b'N',
        };
        let PartyRef { source, row, slot, party } = subject.at;
        Link {
            person: self.person,
            source,
            row,
            slot,
            party,
            grade,
            code: [self.id.letter, self.level.letter() as u8, third],
            repairs: self.id.repairs,
            name_level: self.level,
            weight_bits: rounded(self.weight),
            accepted: !possible && settings.accept.contains(&grade),
        }
    }
}
