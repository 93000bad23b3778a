//! The register as it was read, good for any day: whom a mandate covers on a day is for the caller to settle.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Stages;
use super::columns::{put_table, put_texts, sections_before, sections_of, take_some, take_table, take_texts};
use super::image::{Image, ImageWriter, Sections};
use super::source::Counted;
use crate::kernel::{CitizenId, Date, Digest, Division, Result};
use crate::model::evidence::Evidence;
use crate::model::kind::Kind;
use crate::model::register::{Households, Mandates, Person, Register, Role, State};
use crate::model::values::{Pack, Values};

const STAGE: &str = "register";

#[derive(Serialize, Deserialize)]
struct Small {
    programmes: Vec<String>,
    persons: Counted,
    mandates: Option<Counted>,
}

/// A register as its files say, whatever the day. Nobody is mandated yet.
pub struct KeptRegister {
    pub register: Register,
    /// Filed apart; empty where they stand with the persons.
    pub filed: Mandates,
    /// The files it was read from: counts and rejects, without rows.
    pub persons: Evidence,
    pub mandates: Option<Evidence>,
}

/// Where somebody stands on a register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnRegister {
    pub id: CitizenId,
    pub name: String,
    /// Its code, as given.
    pub household: String,
    pub programme: String,
}

/// What stands between the columns of the register's table and the ids of its persons: lines, rows at fault.
const BEFORE_IDS: usize = 2;

impl Stages {
    /// Keeps a register, the mandates filed apart from it, and what its files counted.
    ///
    /// # Errors
    /// The disk.
    pub fn keep_register(
        &self,
        key: Digest,
        register: &Register,
        filed: &Mandates,
        persons: &Evidence,
        mandates: Option<&Evidence>,
    ) -> Result<()> {
        let mut image = ImageWriter::create(&self.path(STAGE), key)?;
        put_table(&mut image, &register.table)?;
        image.numbers(&register.lines)?;
        image.numbers(&register.faulty)?;
        put_persons(&mut image, &register.persons)?;
        let (codes, programmes, divisions) = register.households.columns();
        put_texts(&mut image, codes)?;
        image.numbers(programmes)?;
        image.numbers(&divisions.iter().map(|division| division.code()).collect::<Vec<u64>>())?;
        image.numbers(&filed.persons)?;
        image.numbers(filed.first.as_raw())?;
        image.numbers(filed.last.as_raw())?;
        image.finish(&Small {
            programmes: register.programmes.clone(),
            persons: Counted::of(persons),
            mandates: mandates.map(Counted::of),
        })
    }

    /// The register kept under this key, for a day. `persons` and `mandates` are those files with nothing read.
    pub fn register(
        &self,
        key: Digest,
        as_of: Date,
        persons: Evidence,
        mandates: Option<Evidence>,
    ) -> Option<KeptRegister> {
        let image = self.in_use.then(|| Image::open(&self.path(STAGE), key)).flatten()?;
        let small: Small = image.small()?;
        let take_rest = || {
            let sections = image.sections_after(sections_of(&persons.kind));
            let (lines, faulty): (Vec<u32>, Vec<u32>) = (sections.numbers()?.to_vec(), sections.numbers()?.to_vec());
            let people = take_persons(&sections)?;
            let households = take_households(&sections, &people)?;
            let filed = take_mandates(&sections, people.len())?;
            Some((lines, faulty, people, households, filed))
        };
        let (table, rest) = rayon::join(|| take_table(&image.sections(), &persons.kind), take_rest);
        let (table, (lines, faulty, people, households, filed)) = (table?, rest?);
        let named = people.iter().all(|person| usize::from(person.programme) < small.programmes.len());
        let even = [lines.len(), people.len()] == [table.rows(); 2]
            && faulty.iter().all(|person| (*person as usize) < people.len());
        let mandates = match (mandates, small.mandates) {
            (Some(empty), Some(counted)) => Some(counted.into_evidence(empty)?),
            (None, None) => None,
            _ => return None,
        };
        let programmes = small.programmes;
        let register = Register { persons: people, households, programmes, table, lines, faulty, as_of };
        let persons = small.persons.into_evidence(persons)?;
        (named && even).then_some(KeptRegister { register, filed, persons, mandates })
    }

    /// Where citizens stand on the register kept under this key; `None` if none is. The rest of it is not read: that of a million
    /// takes longer than a clerk waits. `kind` is that of its persons' file.
    pub fn on_register(&self, key: Digest, kind: &Kind, ids: &[CitizenId]) -> Option<Vec<OnRegister>> {
        let image = self.in_use.then(|| Image::open(&self.path(STAGE), key)).flatten()?;
        let small: Small = image.small()?;
        let wanted: HashSet<u64, FixedState> = ids.iter().map(|id| id.packed()).collect();
        let sections = image.sections_after(sections_of(kind) + BEFORE_IDS);
        let all: &[u64] = sections.numbers()?;
        let found: Vec<usize> = (0..all.len()).filter(|person| wanted.contains(&all[*person])).collect();
        if found.is_empty() {
            return Some(Vec::new());
        }
        let (_divisions, _births) = (sections.next()?, sections.next()?);
        let (households, programmes) = (sections.numbers::<u32>()?, sections.numbers::<u16>()?);
        let _states = sections.next()?;
        let of_found = |person: &usize| usize::try_from(*households.get(*person)?).ok();
        let homes: Vec<usize> = found.iter().map(of_found).collect::<Option<_>>()?;
        let codes = take_some(&sections, &homes)?;
        let names = take_some(&image.sections_after(sections_before(kind, kind.field("name")?)), &found)?;
        let row = |((person, household), name): ((usize, String), String)| {
            let programme = small.programmes.get(usize::from(*programmes.get(person)?))?.clone();
            Some(OnRegister { id: CitizenId::from_packed(all[person]), name, household, programme })
        };
        found.into_iter().zip(codes).zip(names).map(row).collect()
    }
}

fn put_persons(image: &mut ImageWriter, persons: &[Person]) -> Result<()> {
    image.numbers(&persons.iter().map(|person| person.id.map_or(NOBODY, CitizenId::packed)).collect::<Vec<u64>>())?;
    image.numbers(&persons.iter().map(|person| person.division.code()).collect::<Vec<u64>>())?;
    image.numbers(&persons.iter().map(|person| Date::pack(person.birth)).collect::<Vec<i32>>())?;
    image.numbers(&persons.iter().map(|person| person.household).collect::<Vec<u32>>())?;
    image.numbers(&persons.iter().map(|person| person.programme).collect::<Vec<u16>>())?;
    let states = |person: &Person| [u8::from(person.role == Role::Member), u8::from(person.state == State::Applicant)];
    image.numbers(&persons.iter().map(states).collect::<Vec<[u8; 2]>>())
}

/// No packed id: those leave the upper bits free.
const NOBODY: u64 = u64::MAX;

fn take_persons(sections: &Sections) -> Option<Vec<Person>> {
    let (ids, divisions) = (sections.numbers::<u64>()?, sections.numbers::<u64>()?);
    let (births, households) = (sections.numbers::<i32>()?, sections.numbers::<u32>()?);
    let (programmes, states) = (sections.numbers::<u16>()?, sections.numbers::<[u8; 2]>()?);
    let lengths = [divisions.len(), births.len(), households.len(), programmes.len(), states.len()];
    let person = |at: usize| {
        let [member, applicant] = states[at];
        Person {
            id: (ids[at] != NOBODY).then(|| CitizenId::from_packed(ids[at])),
            division: Division::from_code(divisions[at]),
            birth: Date::unpack(births[at]),
            household: households[at],
            programme: programmes[at],
            role: if member == 1 { Role::Member } else { Role::Supporter },
            state: if applicant == 1 { State::Applicant } else { State::Recipient },
            mandated: false,
        }
    };
    (lengths == [ids.len(); 5]).then(|| (0..ids.len()).into_par_iter().map(person).collect())
}

/// Those of `persons` persons.
fn take_mandates(sections: &Sections, persons: usize) -> Option<Mandates> {
    let filed = Mandates {
        persons: sections.numbers()?.to_vec(),
        first: Values::from_raw(sections.numbers()?.to_vec().into()),
        last: Values::from_raw(sections.numbers()?.to_vec().into()),
    };
    let even = [filed.first.len(), filed.last.len()] == [filed.persons.len(); 2];
    (even && filed.persons.iter().all(|person| (*person as usize) < persons)).then_some(filed)
}

fn take_households(sections: &Sections, persons: &[Person]) -> Option<Households> {
    let codes = take_texts(sections)?;
    let programmes: Vec<u16> = sections.numbers()?.to_vec();
    let divisions: Vec<Division> = sections.numbers::<u64>()?.iter().map(|code| Division::from_code(*code)).collect();
    let even = [programmes.len(), divisions.len()] == [codes.len(); 2];
    let housed = persons.iter().all(|person| (person.household as usize) < codes.len());
    (even && housed).then(|| Households::new(codes, programmes, divisions, persons))
}
