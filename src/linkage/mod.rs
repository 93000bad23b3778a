//! Record linkage: which person of the register is a person in a department's row, how surely, and why.
//!
//! Pure: a function of the register, one source's evidence and the settings; the same bytes at any thread count. Grades
//! are categories in a fixed order, and the first that holds is given:
//!
//! | grade | what agreed |
//! |---|---|
//! | A | the whole id (after lossless cleaning) and a consistent name |
//! | B | the whole id, but another person's name |
//! | C | a damaged id that one reading repairs, with name and birth date (of a masked one, with a further fact, or where no more than a day is hidden), one candidate only |
//! | D | no id: name, birth date and a third fact, weight over the line and ahead of the second candidate |
//! | E | the name alone: only counted |
//!
//! Rules that hold in every grade: a valid id that is not on the register is somebody else's and is never searched
//! further; a blank is no evidence; a homophone or look-alike name counts only beside a whole id; a name damaged in one
//! character counts beside a damaged id only if it has three letters or more; a birth date that differs, or for grade D
//! another city, ends it. Codes are explained in `candidate`, weights in `weights`, their arithmetic in `engine`.

mod births;
mod candidate;
mod decide;
pub mod engine;
mod exact;
mod explain;
mod facts;
mod index;
pub mod keys;
mod places;
mod roll;
mod shared;
mod weights;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use explain::{explain, explain_short, repairs};
pub use index::Index;

use crate::model::evidence::Evidence;
use crate::model::link::{CrowdedName, Grade, SourceLinks};
use crate::standardise::ids;
use candidate::Subject;
use decide::{Decided, Decider, Namesakes};
use exact::{FirstLook, Known, first_look};
use facts::{Comparison, Registered, party_facts};
use index::{NameHash, name_hash};
use weights::{Tallies, Weights};

/// Another number wherever the same persons and rows would be linked otherwise than by the program before: what was made of its links
/// is then made anew.
pub const VERSION: u8 = 2;

/// What a centre may decide about linking.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LinkSettings {
    /// Grades that enter a case without a reviewer. Default A and C.
    pub accept: Vec<Grade>,
    /// People who may stand behind the extracts' rows, for each person on the register: assistance reaches about one in
    /// sixty. Sets how much weight a link needs before it is even likelier than not.
    pub population_per_person: f64,
    /// Bits over even odds that grade D needs, and grade C where no birth date is known. 7 bits: 128 to 1.
    pub line_bits: f32,
    /// The same for grade C with the birth date: the id's remaining digits have already been asked to agree.
    pub repair_line_bits: f32,
    /// Bits over even odds from which a candidate is shown as possible.
    pub possible_bits: f32,
    /// How far the best candidate must be ahead of the second, in bits.
    pub margin_bits: f32,
    /// Other people's names under one id of a source from which the id is listed as shared.
    pub shared_names: usize,
    /// Other people's names from which it is a placeholder: no row of it gets grade A.
    pub placeholder_names: usize,
    /// Comparisons one name may cost in one source where no birth date narrows them; a name over it is listed.
    pub block_limit: u64,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            accept: vec![Grade::A, Grade::C],
            population_per_person: 60.0,
            line_bits: 7.0,
            repair_line_bits: 3.0,
            possible_bits: 0.0,
            margin_bits: 6.0,
            shared_names: 3,
            placeholder_names: 10,
            block_limit: 50_000_000,
        }
    }
}

/// Where a person of a row stands: what every link of it repeats.
#[derive(Debug, Clone, Copy)]
struct PartyRef {
    source: u16,
    row: u32,
    slot: u8,
    party: u32,
}

/// The persons in one source's rows.
#[derive(Clone, Copy)]
struct Rows<'e> {
    source: u16,
    evidence: &'e Evidence,
}

impl<'e> Rows<'e> {
    fn id(self, party: u32) -> &'e str {
        self.evidence.parties.id.get(party as usize)
    }

    fn name(self, party: u32) -> &'e str {
        self.evidence.parties.name.get(party as usize)
    }

    fn subject(self, party: u32) -> Subject<'e> {
        let parties = &self.evidence.parties;
        let (row, slot) = (parties.row[party as usize], parties.slot[party as usize]);
        let at = PartyRef { source: self.source, row, slot, party };
        Subject { at, name: self.name(party), facts: party_facts(self.evidence, party as usize) }
    }
}

/// Links one source's evidence to the register.
pub fn link_source(index: &Index, source: u16, evidence: &Evidence, settings: &LinkSettings) -> SourceLinks {
    let rows = Rows { source, evidence };
    let FirstLook { mut links, known, open, placeholders } = first_look(index, settings, rows);
    let weights = Weights::new(index, tallies(index, rows, &known, &open), settings.population_per_person);
    let mut open: Vec<(NameHash, u32)> =
        open.into_par_iter().map(|party| (name_hash(rows.name(party)), party)).collect();
    open.par_sort_unstable();
    let crowded = crowded_names(index, rows, &open, settings);
    let decider = Decider { index, weights: &weights, settings, crowded: crowded.keys().copied().collect() };
    let decide = |parties: &[(NameHash, u32)]| {
        let mut decided = Decided::default();
        for same_name in parties.chunk_by(|a, b| a.0 == b.0) {
            let named = Namesakes::of(index, same_name[0].0);
            for (_, party) in same_name {
                decider.open(&rows.subject(*party), &ids::read(rows.id(*party)), &named, &mut decided);
            }
        }
        decided
    };
    let decided: Vec<Decided> = open.par_chunks(OPEN_CHUNK).map(decide).collect();
    let name_only = decided.iter().map(|decided| decided.name_only).sum();
    links.extend(decided.into_iter().flat_map(|decided| decided.links));
    links.sort_by_key(|link| (link.party, link.person)); // parties stand by row
    let mut shared = shared::set_aside(rows, &known, &mut links, settings);
    shared.extend(shared::placeholders(rows, &placeholders));
    shared.sort_by(|a, b| a.id.cmp(&b.id));
    let mut crowded: Vec<CrowdedName> = crowded.into_values().collect();
    crowded.sort_by(|a, b| a.name.cmp(&b.name));
    SourceLinks { links, shared, crowded, name_only }
}

/// Parties that one thread looks at closely at a time: each may cost as much as a hundred whole ids.
const OPEN_CHUNK: usize = 128;

/// How reliable the source's columns are, counted on its exact links with a consistent name; of a large source on every
/// n-th party, so that the count costs the same for any size.
fn tallies(index: &Index, rows: Rows, known: &[Known], open: &[u32]) -> Tallies {
    const SEEN: usize = 10_000;
    if open.is_empty() {
        return Tallies::default(); // nobody is weighed by them
    }
    let step = (rows.evidence.parties.len() / SEEN).max(1) as u32;
    let seen = known.par_iter().filter(|known| known.party % step == 0).filter_map(|known| {
        let person = *index.persons_with(known.id).first()?;
        let level = index.compare_name(person, rows.name(known.party));
        level
            .is_consistent()
            .then(|| Comparison::full(&Registered::new(index, person), &rows.subject(known.party).facts))
    });
    // Sums of whole numbers: the order in which threads add them does not matter.
    let count = |mut tallies: Tallies, comparison: Comparison| {
        tallies.count(&comparison);
        tallies
    };
    seen.fold(Tallies::default, count).reduce(Tallies::default, Tallies::plus)
}

/// Names whose rows without id and birth date times persons of that name are over the limit. `open` by name.
fn crowded_names(
    index: &Index,
    rows: Rows,
    open: &[(NameHash, u32)],
    settings: &LinkSettings,
) -> BTreeMap<NameHash, CrowdedName> {
    let crowded = |same_name: &[(NameHash, u32)]| {
        let hash = same_name[0].0;
        let persons = index.named(hash).len() as u64;
        if persons * same_name.len() as u64 <= settings.block_limit {
            return None;
        }
        let undated = || same_name.iter().filter(|(_, party)| rows.subject(*party).facts.birth.is_none());
        let (name, parties) = (rows.name(undated().next()?.1).to_owned(), undated().count() as u64);
        let crowded = CrowdedName { source: rows.source, name, persons, parties };
        (persons * parties > settings.block_limit).then_some((hash, crowded))
    };
    open.chunk_by(|a, b| a.0 == b.0).filter_map(crowded).collect()
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests;
