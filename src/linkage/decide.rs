//! The decision for one person in a row: which grade, which code, whether it may enter a case.
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

use std::collections::BTreeSet;

use super::facts::{Agreement, Comparison, PartyFacts};
use super::index::{Index, NameHash, name_hash};
use super::places::PlaceLevel;
use super::weights::{Weights, rounded};
use super::{LinkSettings, PartyRef};
use crate::kernel::CitizenId;
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::standardise::ids::{IdReading, Remains};
use crate::standardise::{id_repair, names};

/// A person of the register who may be the person in the row, with the grounds.
struct Candidate {
    person: u32,
    letter: u8,
    repairs: Repairs,
    level: NameLevel,
    comparison: Comparison,
    /// The birth date agrees: in what is left of the id, or in a column.
    birth: bool,
    weight: f64,
}

/// What came of a person in a row without an exact id.
pub(super) struct Open {
    pub(super) links: Vec<Link>,
    /// Somebody on the register bears the name, and nothing more is known: grade E.
    pub(super) name_only: bool,
}

/// Decides for the parties of one source.
pub(super) struct Decider<'a, 'r> {
    pub(super) index: &'a Index<'r>,
    pub(super) weights: &'a Weights,
    pub(super) settings: &'a LinkSettings,
    /// Names not to be searched by alone: see [`super::CrowdedName`].
    pub(super) crowded: BTreeSet<NameHash>,
}

impl Decider<'_, '_> {
    /// Grades A and B: the id is one on the register. Everybody enrolled under it gets the link.
    pub(super) fn exact(
        &self,
        party: PartyRef,
        id: CitizenId,
        repairs: Repairs,
        name: &str,
        facts: &PartyFacts,
    ) -> Vec<Link> {
        let letter = if repairs == Repairs::default() { b'E' } else { b'C' };
        let link = |person| self.exact_link(party, person, letter, repairs, id.is_valid(), name, facts);
        self.index.persons_with(id).map(link).collect()
    }

    /// As [`Decider::exact`], for a passport or another document that the register holds in place of an id.
    fn document(&self, party: PartyRef, text: &str, name: &str, facts: &PartyFacts) -> Vec<Link> {
        let persons = self.index.persons_with_document(text).iter();
        persons.map(|person| self.exact_link(party, *person, b'F', Repairs::default(), false, name, facts)).collect()
    }

    /// A whole, valid id without a name beside it is grade A: a blank is no evidence against. A document number or an id
    /// whose check character fails needs the name.
    #[allow(clippy::too_many_arguments)] // the grounds of one link, each named
    fn exact_link(
        &self,
        party: PartyRef,
        person: u32,
        letter: u8,
        repairs: Repairs,
        speaks_alone: bool,
        name: &str,
        facts: &PartyFacts,
    ) -> Link {
        let level = self.index.compare_name(person, name);
        let comparison = Comparison::brief(self.index, person, facts);
        let consistent = level.is_consistent() || level == NameLevel::Absent && speaks_alone;
        let grade = if consistent { Grade::A } else { Grade::B };
        let candidate = Candidate {
            person,
            letter,
            repairs,
            level,
            comparison,
            birth: comparison.birth == Agreement::Agrees,
            weight: Weights::whole_id() + Weights::name(self.index, person, level),
        };
        self.link(party, &candidate, grade, false)
    }

    /// Grades C, D and E: the id is damaged, hidden or missing.
    pub(super) fn open(&self, party: PartyRef, reading: &IdReading, name: &str, facts: &PartyFacts) -> Open {
        let links = match reading {
            IdReading::Whole { id, .. } if id.is_valid() => Vec::new(), // somebody else's
            IdReading::Whole { id, repairs } => self.repaired(party, &id.to_ascii(), *repairs, name, facts),
            IdReading::Broken { text, repairs } => self.repaired(party, text.as_bytes(), *repairs, name, facts),
            IdReading::Masked { remains, repairs } => self.partial(party, remains, *repairs, b'M', name, facts),
            IdReading::TailLost { remains, repairs } => self.partial(party, remains, *repairs, b'T', name, facts),
            IdReading::Foreign { text } => self.document(party, text, name, facts),
            IdReading::Missing | IdReading::Placeholder => Vec::new(),
        };
        let unusable = match reading {
            IdReading::Missing => Some(b'N'),
            IdReading::Placeholder | IdReading::Broken { .. } | IdReading::Foreign { .. } => Some(b'X'),
            _ => None,
        };
        match unusable {
            Some(letter) if links.is_empty() => {
                let links = self.without_id(party, letter, name, facts);
                let known = || !self.index.named(name_hash(name)).is_empty();
                Open { name_only: links.is_empty() && known(), links }
            }
            _ => Open { links, name_only: false },
        }
    }

    /// One typing error: the readings the check character allows, as far as they are somebody on the register.
    fn repaired(&self, party: PartyRef, text: &[u8], cleaned: Repairs, name: &str, facts: &PartyFacts) -> Vec<Link> {
        let mut candidates = Vec::new();
        for (id, repair) in id_repair::candidates(text) {
            for person in self.index.persons_with(id) {
                let comparison = Comparison::full(self.index, person, facts);
                let mut repairs = cleaned;
                repairs.insert(repair);
                let letter = match repair {
                    Repairs::SWAP => b'S',
                    Repairs::LOOKALIKE => b'L',
                    _ => b'1',
                };
                let id_bits = Weights::repaired(repair);
                let birth = comparison.birth != Agreement::Differs;
                candidates.extend(self.candidate(person, letter, repairs, id_bits, birth, comparison, name));
            }
        }
        self.settle(party, candidates)
    }

    /// A masked id or a lost tail: persons whose ids agree with every character left, found by birth date or by name.
    fn partial(
        &self,
        party: PartyRef,
        remains: &Remains,
        repairs: Repairs,
        letter: u8,
        name: &str,
        facts: &PartyFacts,
    ) -> Vec<Link> {
        let id_bits = Weights::remains(remains);
        let agrees = |person: &u32| self.index.id_of(*person).is_some_and(|id| id.is_valid() && remains.agrees(id));
        let candidates = self
            .block(remains.birth().or(facts.birth), name)
            .iter()
            .copied()
            .filter(agrees)
            .filter_map(|person| {
                let comparison = Comparison::full(self.index, person, facts);
                let birth = comparison.birth == Agreement::Agrees
                    || comparison.birth == Agreement::Blank && remains.birth().is_some();
                self.candidate(person, letter, repairs, id_bits, birth, comparison, name)
            })
            .collect();
        self.settle(party, candidates)
    }

    /// Grade D: name, birth date and a third fact; or, without a birth date, a name with a phone, a house or a spouse.
    fn without_id(&self, party: PartyRef, letter: u8, name: &str, facts: &PartyFacts) -> Vec<Link> {
        if facts.birth.is_none() && !facts.has_contact() {
            return Vec::new();
        }
        let candidates = self
            .block(facts.birth, name)
            .iter()
            .copied()
            .filter_map(|person| {
                let comparison = Comparison::full(self.index, person, facts);
                if comparison.contradicts() || comparison.place == PlaceLevel::OtherCity {
                    return None; // a namesake
                }
                let birth = comparison.birth == Agreement::Agrees;
                let contact = comparison.phone == Agreement::Agrees
                    || comparison.spouse == Agreement::Agrees
                    || comparison.place == PlaceLevel::Same;
                if !birth && !contact {
                    return None;
                }
                self.candidate(person, letter, Repairs::default(), 0.0, birth, comparison, name)
            })
            .collect();
        self.settle(party, candidates)
    }

    /// The persons to look at: those born that day, or those of that name, whichever are fewer. A damaged name can only
    /// be found by the day.
    fn block(&self, birth: Option<crate::kernel::Date>, name: &str) -> &[u32] {
        let hash = name_hash(name);
        let named = self.index.named(hash);
        match birth.map(|day| self.index.born_on(day)) {
            Some(born) if named.is_empty() || born.len() < named.len() => born,
            None if self.crowded.contains(&hash) => &[],
            _ => named,
        }
    }

    /// `None` if the name is not given or another's: a damaged or missing id never stands without a name.
    #[allow(clippy::too_many_arguments)] // the grounds of one candidate, each named
    fn candidate(
        &self,
        person: u32,
        letter: u8,
        repairs: Repairs,
        id_bits: f64,
        birth: bool,
        comparison: Comparison,
        name: &str,
    ) -> Option<Candidate> {
        let level = self.index.compare_name(person, name);
        if !level.is_consistent() {
            return None;
        }
        let beside = if id_bits > 0.0 && birth {
            self.weights.facts_beside_birth(self.index, person, &comparison)
        } else {
            self.weights.facts(self.index, person, &comparison)
        };
        let weight = id_bits + Weights::name(self.index, person, level) + beside;
        Some(Candidate { person, letter, repairs, level, comparison, birth, weight })
    }

    /// The best candidate alone gets the link; if the second is near, or the line is not reached, they are only possible.
    fn settle(&self, party: PartyRef, mut candidates: Vec<Candidate>) -> Vec<Link> {
        candidates.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.person.cmp(&b.person)));
        let Some(best) = candidates.first() else { return Vec::new() };
        let same_citizen = |other: &Candidate| {
            other.person == best.person
                || self.index.id_of(other.person).is_some()
                    && self.index.id_of(other.person) == self.index.id_of(best.person)
        };
        let near = |other: &&Candidate| best.weight - other.weight < f64::from(self.settings.margin_bits);
        let alone = !candidates.iter().filter(near).any(|other| !same_citizen(other));
        let grade = self.grade(best);
        if alone && let Some(grade) = grade {
            let links = candidates.iter().filter(|other| same_citizen(other));
            return links.map(|candidate| self.link(party, candidate, grade, false)).collect();
        }
        const SHOWN: usize = 3;
        let possible = |candidate: &&Candidate| self.surplus(candidate) >= f64::from(self.settings.possible_bits);
        let shown = candidates.iter().filter(near).filter(possible).take(SHOWN);
        shown.map(|candidate| self.link(party, candidate, Grade::D, true)).collect()
    }

    /// Bits over even odds.
    fn surplus(&self, candidate: &Candidate) -> f64 {
        candidate.weight - self.weights.prior
    }

    /// C or D if the best candidate reaches it by itself.
    fn grade(&self, candidate: &Candidate) -> Option<Grade> {
        let name = candidate.level <= NameLevel::Former
            || candidate.level == NameLevel::Damaged
                && names::letters(self.index.name.get(candidate.person as usize)) >= 3;
        if !name || candidate.comparison.birth == Agreement::Differs {
            return None;
        }
        let surplus = self.surplus(candidate);
        let over = surplus >= f64::from(self.settings.line_bits);
        if matches!(candidate.letter, b'N' | b'X') {
            return (over && candidate.comparison.further_facts() > 0).then_some(Grade::D);
        }
        let repaired = candidate.birth && surplus >= f64::from(self.settings.repair_line_bits);
        (over || repaired).then_some(Grade::C)
    }

    fn link(&self, party: PartyRef, candidate: &Candidate, grade: Grade, possible: bool) -> Link {
        let comparison = &candidate.comparison;
        let further = comparison.further_facts() > 0;
        let third = match (candidate.birth, further) {
            _ if possible => b'P',
            _ if comparison.contradicts() => b'X',
            (true, true) => b'F',
            (true, false) => b'B',
            (false, true) => b'T',
            (false, false) => b'N',
        };
        Link {
            person: candidate.person,
            source: party.source,
            row: party.row,
            slot: party.slot,
            party: party.party,
            grade,
            code: [candidate.letter, candidate.level.letter() as u8, third],
            repairs: candidate.repairs,
            name_level: candidate.level,
            weight_bits: rounded(candidate.weight),
            accepted: !possible && self.settings.accept.contains(&grade),
        }
    }
}
