//! Grades C, D and E: the id is damaged, hidden or missing, so that candidates are searched for, weighed and compared.
//!
//! One candidate alone gets the link; where two are near, both are only possible. Codes are explained in `candidate`.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::LinkSettings;
use super::candidate::{Candidate, IdGround, Subject};
use super::exact::Exact;
use super::facts::{Agreement, Comparison, Registered};
use super::index::{Index, NameHash};
use super::places::PlaceLevel;
use super::weights::Weights;
use crate::kernel::{CitizenId, Date};
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::standardise::ids::{IdReading, Remains};
use crate::standardise::{id_repair, names};

/// What came of some persons in rows.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) links: Vec<Link>,
    /// Persons of whom only a name is known that somebody on the register bears: grade E.
    pub(super) name_only: u64,
}

/// The persons of one name, present or former. Rows are decided name by name, so that what a namesake's phone and place
/// are is read once for all of them.
pub(super) struct Namesakes<'a, 'r> {
    hash: NameHash,
    persons: &'a [u32],
    registered: OnceCell<Vec<Registered<'a, 'r>>>,
}

impl<'a, 'r> Namesakes<'a, 'r> {
    pub(super) fn of(index: &'a Index<'r>, hash: NameHash) -> Self {
        Self { hash, persons: index.named(hash), registered: OnceCell::new() }
    }

    fn registered(&self, index: &'a Index<'r>) -> &[Registered<'a, 'r>] {
        self.registered.get_or_init(|| {
            index.warm_contacts(self.persons);
            self.persons.iter().map(|person| Registered::new(index, *person)).collect()
        })
    }
}

/// Whom to look at.
enum Block<'a> {
    Born(&'a [u32]),
    Named,
    /// The name is crowded and no birth date is given.
    Nobody,
}

/// Decides for the parties of one source.
pub(super) struct Decider<'a, 'r> {
    pub(super) index: &'a Index<'r>,
    pub(super) weights: &'a Weights,
    pub(super) settings: &'a LinkSettings,
    /// Names not to be searched by alone: see [`super::CrowdedName`].
    pub(super) crowded: BTreeSet<NameHash>,
}

impl<'a, 'r> Decider<'a, 'r> {
    fn exact(&self) -> Exact<'a, 'r> {
        Exact { index: self.index, settings: self.settings }
    }

    /// Decides for a person in a row, given everybody of that name.
    pub(super) fn open(
        &self,
        subject: &Subject,
        reading: &IdReading,
        named: &Namesakes<'a, 'r>,
        decided: &mut Decided,
    ) {
        let (links, unusable) = match reading {
            IdReading::Whole { id, .. } if id.is_valid() => (Vec::new(), None), // somebody else's
            IdReading::Whole { id, repairs } => (self.repaired(subject, &id.to_ascii(), *repairs), None),
            IdReading::Broken { text, repairs } => (self.repaired(subject, text.as_bytes(), *repairs), Some(b'X')),
            IdReading::Masked { remains, repairs } => (self.partial(subject, remains, *repairs, b'M', named), None),
            IdReading::TailLost { remains, repairs } => (self.tail_lost(subject, remains, *repairs, named), None),
            IdReading::Foreign { text } => (self.exact().document(subject, text).collect(), Some(b'X')),
            IdReading::Placeholder => (Vec::new(), Some(b'X')),
            IdReading::Missing => (Vec::new(), Some(b'N')),
        };
        match unusable {
            Some(letter) if links.is_empty() => {
                let links = self.without_id(subject, letter, named);
                decided.name_only += u64::from(!named.persons.is_empty() && links.is_empty());
                decided.links.extend(links);
            }
            _ => decided.links.extend(links),
        }
    }

    /// One typing error: the readings the check character allows, as far as they are somebody on the register.
    fn repaired(&self, subject: &Subject, text: &[u8], cleaned: Repairs) -> Vec<Link> {
        let mut candidates = Vec::new();
        for (id, repair) in id_repair::candidates(text).into_iter().filter(|(id, _)| self.index.holds(*id)) {
            let mut repairs = cleaned;
            repairs.insert(repair);
            let letter = match repair {
                Repairs::SWAP => b'S',
                Repairs::LOOKALIKE => b'L',
                _ => b'1',
            };
            let birth_digits = Weights::birth_digits(&id.to_ascii());
            let ground = IdGround { letter, repairs, bits: Weights::repaired(repair), birth_digits, kept: WHOLE };
            for person in self.index.persons_with(id) {
                candidates.extend(self.candidate(subject, &Registered::new(self.index, *person), ground, true));
            }
        }
        self.settle(subject, candidates)
    }

    /// One good id in a thousand really ends in three zeros: with its owner's name it is whole, not destroyed.
    fn tail_lost(
        &self,
        subject: &Subject,
        remains: &Remains,
        repairs: Repairs,
        named: &Namesakes<'a, 'r>,
    ) -> Vec<Link> {
        let zeroed = remains.characters().map(|character| if character == b'?' { b'0' } else { character });
        let owners = CitizenId::from_ascii(&zeroed).filter(|id| id.is_valid() && remains.kept() == 15);
        let whole: Vec<Link> =
            owners.into_iter().flat_map(|id| self.exact().links(subject, id, Repairs::default())).collect();
        if whole.iter().any(|link| link.name_level.is_consistent()) {
            return whole;
        }
        let open = self.partial(subject, remains, repairs, b'T', named);
        // Nobody's tail that was lost: then it may be that good id with another person's name, for identity review.
        if open.is_empty() { whole.into_iter().filter(|link| link.grade == Grade::B).collect() } else { open }
    }

    /// A masked id or a lost tail: persons whose ids agree with every character left, found by birth date or by name.
    fn partial(
        &self,
        subject: &Subject,
        remains: &Remains,
        repairs: Repairs,
        letter: u8,
        named: &Namesakes<'a, 'r>,
    ) -> Vec<Link> {
        const FEW: usize = 10; // fewer characters are a division and no more: namesakes are told apart as without an id
        let birth_digits = Weights::birth_digits(remains.characters());
        let is_short = remains.kept() < FEW;
        let ground = IdGround { letter, repairs, bits: Weights::remains(remains), birth_digits, kept: remains.kept() };
        let agrees = |person: &u32| self.index.id_of(*person).is_some_and(|id| remains.agrees(id) && id.is_valid());
        let birth_left = remains.birth();
        let candidate = |person: &u32| {
            let registered = Registered::new(self.index, *person);
            let candidate = self.candidate(subject, &registered, ground, birth_left.is_some())?;
            (!is_short || !is_namesake(&candidate.comparison)).then_some(candidate)
        };
        let block = match self.block(birth_left.or(subject.facts.birth), named) {
            Block::Born(born) => born,
            Block::Named => named.persons,
            Block::Nobody => &[],
        };
        self.settle(subject, block.iter().filter(|person| agrees(person)).filter_map(candidate).collect())
    }

    /// Grade D: name, birth date and a third fact; or, without a birth date, a name with a phone, a house or a spouse.
    fn without_id(&self, subject: &Subject, letter: u8, named: &Namesakes<'a, 'r>) -> Vec<Link> {
        let facts = &subject.facts;
        let searchable = !named.persons.is_empty() || names::is_damaged(subject.name);
        if facts.birth.is_none() && !facts.has_contact() || !searchable {
            return Vec::new();
        }
        let mut candidates = Vec::new();
        let mut consider = |registered: &Registered| {
            // What is cheap to see first: nearly everybody in a block has another birth date, or nothing in common.
            let birth = facts.birth.and_then(|_| self.index.register.persons[registered.person as usize].birth);
            if facts.birth.is_some() && birth.is_some() && facts.birth != birth {
                return;
            }
            if facts.birth.is_some() && birth.is_some() || registered.is_in_contact(facts) {
                let candidate = self.candidate(subject, registered, IdGround::nothing(letter), false);
                candidates.extend(candidate.filter(|candidate| !is_namesake(&candidate.comparison)));
            }
        };
        match self.block(facts.birth, named) {
            Block::Nobody => {}
            Block::Named => named.registered(self.index).iter().for_each(consider),
            Block::Born(born) => {
                let fits = |person: &&u32| named.persons.is_empty() || named.persons.binary_search(person).is_ok();
                born.iter().filter(fits).for_each(|person| consider(&Registered::new(self.index, *person)));
            }
        }
        self.settle(subject, candidates)
    }

    /// The persons to look at: those born that day, or those of that name, whichever are fewer. A damaged name can only
    /// be found by the day.
    fn block(&self, birth: Option<Date>, named: &Namesakes<'a, 'r>) -> Block<'a> {
        match birth.map(|day| self.index.births().on(day)) {
            Some(born) if named.persons.is_empty() || born.len() < named.persons.len() => Block::Born(born),
            None if self.crowded.contains(&named.hash) => Block::Nobody,
            _ => Block::Named,
        }
    }

    /// `None` if the name is not given or another's: a damaged or missing id never stands without a name.
    /// `birth_in_id` says that the id itself carries the birth date that agrees, should no column contradict it.
    fn candidate(
        &self,
        subject: &Subject,
        registered: &Registered,
        id: IdGround,
        birth_in_id: bool,
    ) -> Option<Candidate> {
        let person = registered.person;
        let level = self.index.compare_name(person, subject.name);
        if !level.is_consistent() {
            return None; // before the other facts are read: nearly everybody in a block leaves here
        }
        let comparison = Comparison::full(registered, &subject.facts);
        let birth = match comparison.birth {
            Agreement::Agrees => true,
            Agreement::Blank => birth_in_id,
            Agreement::Differs => false,
        };
        let beside = self.weights.facts_beside(self.index, person, &comparison, id.birth_digits);
        let weight = id.bits + Weights::name(self.index, person, level) + beside;
        Some(Candidate { person, id, level, comparison, birth, weight })
    }

    /// The best candidate alone gets the link; if the second is near, or the line is not reached, they are only possible.
    fn settle(&self, subject: &Subject, mut candidates: Vec<Candidate>) -> Vec<Link> {
        const SHOWN: usize = 3;
        candidates.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.person.cmp(&b.person)));
        let Some(best) = candidates.first() else { return Vec::new() };
        let citizen = |candidate: &Candidate| self.index.id_of(candidate.person);
        let same_citizen = |other: &Candidate| {
            other.person == best.person || citizen(other).is_some() && citizen(other) == citizen(best)
        };
        let near = |other: &&Candidate| best.weight - other.weight < f64::from(self.settings.margin_bits);
        let alone = candidates.iter().filter(near).all(same_citizen);
        if let Some(grade) = self.grade(best).filter(|_| alone) {
            let links = candidates.iter().filter(|other| same_citizen(other));
            return links.map(|candidate| candidate.link(subject, grade, false, self.settings)).collect();
        }
        let possible = |candidate: &&Candidate| self.surplus(candidate) >= f64::from(self.settings.possible_bits);
        let shown = candidates.iter().filter(near).filter(possible).take(SHOWN);
        shown.map(|candidate| candidate.link(subject, Grade::E, true, self.settings)).collect()
    }

    /// Bits over even odds.
    fn surplus(&self, candidate: &Candidate) -> f64 {
        candidate.weight - self.weights.prior
    }

    /// C or D if the candidate reaches it by itself.
    fn grade(&self, candidate: &Candidate) -> Option<Grade> {
        let long_enough = || names::letters(self.index.name.get(candidate.person as usize)) >= 3;
        let name = candidate.level <= NameLevel::Former || candidate.level == NameLevel::Damaged && long_enough();
        if !name || candidate.comparison.birth == Agreement::Differs {
            return None;
        }
        let surplus = self.surplus(candidate);
        let over = surplus >= f64::from(self.settings.line_bits);
        if matches!(candidate.id.letter, b'N' | b'X') {
            return (over && candidate.comparison.further_facts() > 0).then_some(Grade::D);
        }
        let repaired = candidate.birth && surplus >= f64::from(self.settings.repair_line_bits);
        // A division, four digits and a name are nobody yet, however rare the name is on the register at hand.
        let known = candidate.id.kept >= NEARLY_WHOLE || candidate.birth || candidate.comparison.further_facts() > 0;
        (over && known || repaired).then_some(Grade::C)
    }
}

/// Characters of an id; and so many of them that only a day or a sequence number is hidden.
const WHOLE: usize = 18;
const NEARLY_WHOLE: usize = 14;

/// A fact that does not change is another, or it is another city: somebody of the same name.
fn is_namesake(comparison: &Comparison) -> bool {
    comparison.contradicts() || comparison.place == PlaceLevel::OtherCity
}
