//! Record linkage: which person of the register is a person in a department's row, how surely, and why.
//!
//! Pure: a function of the register, one source's evidence and the settings; the same bytes at any thread count. Grades
//! are categories in a fixed order, and the first that holds is given:
//!
//! | grade | what agreed |
//! |---|---|
//! | A | the whole id (after lossless cleaning) and a consistent name |
//! | B | the whole id, but another person's name |
//! | C | a damaged id that one reading repairs, with name and birth date, one candidate only |
//! | D | no id: name, birth date and a third fact, weight over the line and ahead of the second candidate |
//! | E | the name alone: only counted |
//!
//! Rules that hold in every grade: a valid id that is not on the register is somebody else's and is never searched
//! further; a blank is no evidence; a homophone or look-alike name counts only beside a whole id; a name damaged in one
//! character counts beside a damaged id only if it has three letters or more; a birth date that differs, or for grade D
//! another city, ends it. Codes are explained in `decide`, weights in `weights`.

mod decide;
mod explain;
mod facts;
mod index;
mod places;
mod shared;
mod weights;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use explain::{explain, explain_short, repairs};
pub use index::Index;

use crate::kernel::CitizenId;
use crate::model::evidence::Evidence;
use crate::model::link::{Grade, Link, Repairs, SharedId};
use crate::standardise::ids::{self, IdReading};
use decide::{Decider, Open};
use facts::{Comparison, party_facts};
use index::{NameHash, name_hash};
use weights::{Tallies, Weights};

/// What a centre may decide about linking.
#[derive(Debug, Clone, PartialEq)]
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

/// A name that too many rows without id and birth date share with too many persons: not compared, and said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrowdedName {
    pub source: u16,
    /// As one of the rows delivers it.
    pub name: String,
    /// Persons of this name on the register, and persons of this name in the source's rows without id and birth date.
    pub persons: u64,
    pub parties: u64,
}

/// The links of one source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceLinks {
    /// Sorted by row, party, person.
    pub links: Vec<Link>,
    /// Sorted by id.
    pub shared: Vec<SharedId>,
    /// Sorted by name.
    pub crowded: Vec<CrowdedName>,
    /// Persons in rows of whom nothing but a name on the register is known (grade E).
    pub name_only: u64,
}

/// Where a person of a row stands: what every link of it repeats.
#[derive(Debug, Clone, Copy)]
struct PartyRef {
    source: u16,
    row: u32,
    slot: u8,
    party: u32,
}

/// A first look at a party's id, small enough to keep for every party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// On the register.
    Exact(CitizenId, Repairs),
    /// A valid id of somebody not on the register.
    Elsewhere,
    Placeholder,
    /// Damaged, hidden, missing or another document: to be looked at closely.
    Open,
}

/// Links one source's evidence to the register.
pub fn link_source(index: &Index, source: u16, evidence: &Evidence, settings: &LinkSettings) -> SourceLinks {
    let parties = &evidence.parties;
    let reaches: Vec<Reach> =
        (0..parties.len()).into_par_iter().map(|party| reach(index, parties.id.get(party))).collect();
    let weights = Weights::new(index, tallies(index, evidence, &reaches), settings.population_per_person);
    let crowded = crowded_names(index, source, evidence, &reaches, settings);
    let decider = Decider { index, weights: &weights, settings, crowded: crowded.keys().copied().collect() };
    let decided: Vec<Open> = (0..parties.len())
        .into_par_iter()
        .with_min_len(1024)
        .map(|party| decide_party(&decider, source, evidence, party, reaches[party]))
        .collect();
    let name_only = decided.iter().filter(|open| open.name_only).count() as u64;
    let mut links: Vec<Link> = decided.into_iter().flat_map(|open| open.links).collect();
    let (mut exact, mut placeholders) = (Vec::new(), Vec::new());
    for (party, reach) in reaches.iter().enumerate() {
        match reach {
            Reach::Exact(id, _) => exact.push((*id, party as u32)),
            Reach::Placeholder => placeholders.push(party as u32),
            Reach::Elsewhere | Reach::Open => {}
        }
    }
    let mut shared = shared::set_aside(source, evidence, exact, &mut links, settings);
    shared.extend(shared::placeholders(source, evidence, &placeholders));
    shared.sort_by(|a, b| a.id.cmp(&b.id));
    links.sort_by_key(|link| (link.row, link.party, link.person));
    let mut crowded: Vec<CrowdedName> = crowded.into_values().collect();
    crowded.sort_by(|a, b| a.name.cmp(&b.name));
    SourceLinks { links, shared, crowded, name_only }
}

fn reach(index: &Index, raw: &str) -> Reach {
    if let Some(id) = ids::read_plain(raw.as_bytes())
        && index.persons_with(id).next().is_some()
    {
        let repairs = if raw.ends_with('x') { Repairs::CASE } else { Repairs::default() };
        return Reach::Exact(id, repairs);
    }
    match ids::read(raw) {
        IdReading::Whole { id, repairs } if index.persons_with(id).next().is_some() => Reach::Exact(id, repairs),
        IdReading::Whole { id, .. } if id.is_valid() => Reach::Elsewhere,
        IdReading::Placeholder => Reach::Placeholder,
        _ => Reach::Open,
    }
}

fn decide_party(decider: &Decider, source: u16, evidence: &Evidence, party: usize, reach: Reach) -> Open {
    let parties = &evidence.parties;
    let at = PartyRef { source, row: parties.row[party], slot: parties.slot[party], party: party as u32 };
    let name = parties.name.get(party);
    let facts = || party_facts(evidence, party);
    match reach {
        Reach::Elsewhere => Open { links: Vec::new(), name_only: false },
        Reach::Exact(id, repairs) => Open { links: decider.exact(at, id, repairs, name, &facts()), name_only: false },
        Reach::Placeholder | Reach::Open => decider.open(at, &ids::read(parties.id.get(party)), name, &facts()),
    }
}

/// How reliable the source's columns are, counted on its exact links with a consistent name; of a large source on every
/// n-th row, so that the count costs the same for any size.
fn tallies(index: &Index, evidence: &Evidence, reaches: &[Reach]) -> Tallies {
    const SEEN: usize = 20_000;
    let step = (reaches.len() / SEEN).max(1);
    let seen = (0..reaches.len()).into_par_iter().step_by(step).filter_map(|party| {
        let Reach::Exact(id, _) = reaches[party] else { return None };
        let person = index.persons_with(id).next()?;
        let level = index.compare_name(person, evidence.parties.name.get(party));
        level.is_consistent().then(|| Comparison::full(index, person, &party_facts(evidence, party)))
    });
    // Sums of whole numbers: the order in which threads add them does not matter.
    let count = |mut tallies: Tallies, comparison: Comparison| {
        tallies.count(&comparison);
        tallies
    };
    seen.fold(Tallies::default, count).reduce(Tallies::default, Tallies::plus)
}

/// Names whose rows without id and birth date times persons of that name are over the limit.
fn crowded_names(
    index: &Index,
    source: u16,
    evidence: &Evidence,
    reaches: &[Reach],
    settings: &LinkSettings,
) -> BTreeMap<NameHash, CrowdedName> {
    let name = |party: u32| evidence.parties.name.get(party as usize);
    let mut open: Vec<(NameHash, u32)> = (0..reaches.len())
        .into_par_iter()
        .filter(|party| matches!(reaches[*party], Reach::Open | Reach::Placeholder))
        .filter(|party| party_facts(evidence, *party).birth.is_none())
        .map(|party| (name_hash(name(party as u32)), party as u32))
        .filter(|(hash, _)| !index.named(*hash).is_empty())
        .collect();
    open.par_sort_unstable();
    open.chunk_by(|a, b| a.0 == b.0)
        .filter_map(|parties| {
            let (hash, first) = parties[0];
            let (persons, parties) = (index.named(hash).len() as u64, parties.len() as u64);
            let crowded = CrowdedName { source, name: name(first).to_owned(), persons, parties };
            (persons * parties > settings.block_limit).then_some((hash, crowded))
        })
        .collect()
}
