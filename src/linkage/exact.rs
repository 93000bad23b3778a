//! Grades A and B: the id is one on the register. A first look at all persons in the rows of a source links these and
//! lists the others, which `decide` takes up once it is known how reliable the source's columns are.

use std::ops::Range;

use rayon::prelude::*;

use super::candidate::{Candidate, IdGround, Subject};
use super::facts::{Agreement, Comparison};
use super::index::Index;
use super::weights::Weights;
use super::{LinkSettings, Rows};
use crate::kernel::CitizenId;
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::standardise::ids::{self, IdReading};

/// A person in a row whose id is on the register.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) id: CitizenId,
    pub(super) party: u32,
    /// One of the links is of grade A: the name is not another's.
    pub(super) own_name: bool,
}

/// What a first look at some parties gives; everything by party.
#[derive(Default)]
pub(super) struct FirstLook {
    pub(super) links: Vec<Link>,
    pub(super) known: Vec<Known>,
    /// Damaged, hidden or missing ids, other documents and placeholders: to be looked at closely.
    pub(super) open: Vec<u32>,
    /// Those of `open` that are placeholders.
    pub(super) placeholders: Vec<u32>,
}

/// What an id says at first sight.
#[derive(Clone, Copy)]
enum Reach {
    /// On the register.
    Exact(CitizenId, Repairs),
    /// A valid id of somebody not on the register.
    Elsewhere,
    Placeholder,
    Open,
}

impl FirstLook {
    fn take(&mut self, exact: Exact, rows: Rows, party: u32) {
        match reach(exact.index, rows.id(party)) {
            Reach::Exact(id, repairs) => {
                let first = self.links.len();
                self.links.extend(exact.links(&rows.subject(party), id, repairs));
                let own_name = self.links[first..].iter().any(|link| link.grade == Grade::A);
                self.known.push(Known { id, party, own_name });
            }
            Reach::Elsewhere => {}
            Reach::Placeholder => {
                self.open.push(party);
                self.placeholders.push(party);
            }
            Reach::Open => self.open.push(party),
        }
    }

    fn append(&mut self, mut other: Self) {
        self.links.append(&mut other.links);
        self.known.append(&mut other.known);
        self.open.append(&mut other.open);
        self.placeholders.append(&mut other.placeholders);
    }
}

/// Looks at everybody in the rows of a source.
pub(super) fn first_look(index: &Index, settings: &LinkSettings, rows: Rows) -> FirstLook {
    const CHUNK: u32 = 4096;
    let parties = rows.evidence.parties.len() as u32;
    let look = |chunk: u32| look_at(Exact { index, settings }, rows, chunk * CHUNK..parties.min((chunk + 1) * CHUNK));
    let looks: Vec<FirstLook> = (0..parties.div_ceil(CHUNK)).into_par_iter().map(look).collect();
    let mut all = FirstLook::default();
    looks.into_iter().for_each(|look| all.append(look));
    all
}

fn look_at(exact: Exact, rows: Rows, parties: Range<u32>) -> FirstLook {
    const BATCH: usize = 64;
    let mut look = FirstLook::default();
    for batch in parties.clone().step_by(BATCH).map(|first| first..parties.end.min(first + BATCH as u32)) {
        let plain: Vec<CitizenId> =
            batch.clone().filter_map(|party| ids::read_plain(rows.id(party).as_bytes())).collect();
        exact.index.warm(&plain);
        for party in batch {
            look.take(exact, rows, party);
        }
    }
    look
}

fn reach(index: &Index, raw: &str) -> Reach {
    if let Some(id) = ids::read_plain(raw.as_bytes())
        && !index.persons_with(id).is_empty()
    {
        let repairs = if raw.ends_with('x') { Repairs::CASE } else { Repairs::default() };
        return Reach::Exact(id, repairs);
    }
    match ids::read(raw) {
        IdReading::Whole { id, repairs } if !index.persons_with(id).is_empty() => Reach::Exact(id, repairs),
        IdReading::Whole { id, .. } if id.is_valid() => Reach::Elsewhere,
        IdReading::Placeholder => Reach::Placeholder,
        _ => Reach::Open,
    }
}

/// Links by whole ids and by documents.
#[derive(Clone, Copy)]
pub(super) struct Exact<'a, 'r> {
    pub(super) index: &'a Index<'r>,
    pub(super) settings: &'a LinkSettings,
}

impl<'a> Exact<'a, '_> {
    /// Everybody enrolled under the id gets the link.
    pub(super) fn links(self, subject: &Subject, id: CitizenId, repairs: Repairs) -> impl Iterator<Item = Link> {
        let letter = if repairs == Repairs::default() { b'E' } else { b'C' };
        let ground = IdGround { repairs, bits: Weights::whole_id(), ..IdGround::nothing(letter) };
        self.index.persons_with(id).iter().map(move |person| self.link(subject, *person, ground, Some(id)))
    }

    /// As [`Exact::links`], for a passport or another document that the register holds in place of an id.
    pub(super) fn document(self, subject: &Subject, text: &str) -> impl Iterator<Item = Link> {
        let ground = IdGround { bits: Weights::whole_id(), ..IdGround::nothing(b'F') };
        let persons = self.index.persons_with_document(text).iter();
        persons.map(move |person| self.link(subject, *person, ground, None))
    }

    /// A whole, valid id without a name beside it is grade A: a blank is no evidence against. A document number or an id
    /// whose check character fails needs the name.
    fn link(self, subject: &Subject, person: u32, id: IdGround, whole: Option<CitizenId>) -> Link {
        let level = self.index.compare_name(person, subject.name);
        let comparison = Comparison::brief(self.index, person, &subject.facts);
        let speaks_alone = || whole.is_some_and(CitizenId::is_valid);
        let consistent = level.is_consistent() || level == NameLevel::Absent && speaks_alone();
        let grade = if consistent { Grade::A } else { Grade::B };
        let birth = comparison.birth == Agreement::Agrees;
        let weight = id.bits + Weights::name(self.index, person, level);
        Candidate { person, id, level, comparison, birth, weight }.link(subject, grade, false, self.settings)
    }
}
