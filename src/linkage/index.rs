//! The register as an index: by id, by other document, by name key, by birth date. Built once per run, read by all threads.
//!
//! Only persons with a mandate are in it (invariant I-1): whoever is not here can be matched by no path. Ids whose check
//! character fails are in it too, because a register and a department may be wrong in the same way, but a repair neither
//! starts from nor ends at one. Placeholder ids are left out.
//!
//! Shapes: for N persons about 13 bytes per person and id, 17 per name and 16 per birth date, and 2 MB per million ids for
//! the sieve.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::births::Births;
use super::facts::Phone;
use super::places::Gazetteer;
use super::roll::Roll;
use crate::kernel::{CitizenId, Sex, Sieve};
use crate::model::link::NameLevel;
use crate::model::register::Register;
use crate::model::table::Texts;
use crate::standardise::ids::{self, IdReading, Remains};
use crate::standardise::{id_repair, names};

/// A hash of a name's comparing key; 0 means "no name". Equal keys only: compared by level before anything follows.
pub(super) type NameHash = u64;

/// The register, ready to be asked. Borrows the register it was built from.
pub struct Index<'r> {
    pub(super) register: &'r Register,
    pub(super) name: &'r Texts,
    former: &'r Texts,
    pub(super) address: &'r Texts,
    phone: &'r Texts,
    sex: &'r Texts,
    relation: &'r Texts,
    /// By packed id.
    ids: Roll,
    seen: Sieve,
    /// Passports and other documents, as [`IdReading::Foreign`] writes them.
    foreign: HashMap<String, Vec<u32>, FixedState>,
    document_hashes: HashSet<u64, FixedState>,
    /// By name hash, present and former names.
    names: Roll,
    /// How many have the present name of each person, present or former; 0 without a name or a mandate.
    bearers: Vec<u32>,
    births: Births,
    /// Mandated persons with a name: what name frequencies are shares of.
    pub(super) population: usize,
    /// Sorted, each as often as it is given.
    phones: Vec<Phone>,
    gazetteer: Gazetteer,
}

impl<'r> Index<'r> {
    pub fn build(register: &'r Register) -> Self {
        let name = register.texts("name");
        let former = register.texts("former_name");
        let mandated = |person: usize| register.persons[person].mandated;
        let ids: Vec<(u64, u32)> = (0..register.persons.len())
            .into_par_iter()
            .filter(|person| mandated(*person))
            .filter_map(|person| Some((register.persons[person].id?, person as u32)))
            .filter(|(id, _)| !ids::is_placeholder(&id.to_ascii()))
            .map(|(id, person)| (id.packed(), person))
            .collect();
        let hashes: Vec<NameHash> = (0..register.persons.len())
            .into_par_iter()
            .map(|person| if mandated(person) { name_hash(name.get(person)) } else { 0 })
            .collect();
        let (address, phone) = (register.texts("address"), register.texts("phone"));
        // Side by side: each ends on a single core.
        let ((seen, ids), (names, (births, (phones, gazetteer)))) = rayon::join(
            || (Sieve::of(ids.iter().map(|(id, _)| *id)), Roll::of(&ids)),
            || {
                let contacts = || (sorted_phones(phone), Gazetteer::learn(register, address));
                let births = || rayon::join(|| Births::of(register), contacts);
                rayon::join(|| Roll::of(&by_name(register, &hashes, former)), births)
            },
        );
        let foreign = foreign_documents(register);
        Self {
            register,
            name,
            former,
            address,
            phone,
            sex: register.texts("sex"),
            relation: register.texts("relation"),
            ids,
            seen,
            document_hashes: foreign.keys().map(|text| hash_of(text)).collect(),
            foreign,
            population: hashes.iter().filter(|hash| **hash != 0).count(),
            bearers: bearers(&names, &hashes),
            names,
            births,
            phones,
            gazetteer,
        }
    }

    /// Could this person of a row be somebody on the register? Cheap; never says no to a row that [`super::link_source`]
    /// would link. `id` is trimmed raw bytes in the extract's encoding; the texts are decoded only when needed.
    pub fn wants<'a>(
        &self,
        id: &[u8],
        id_text: impl FnOnce() -> Cow<'a, str>,
        name: impl FnOnce() -> Cow<'a, str>,
    ) -> bool {
        if let Some(plain) = ids::read_plain(id) {
            if self.holds(plain) {
                return true;
            }
            if plain.birth().is_some() && id.try_into().is_ok_and(ids::plain_check_holds) {
                return false; // somebody else's good id: never searched further, or neighbours would meet
            }
        }
        self.wants_closer(ids::read(&id_text()), name)
    }

    fn wants_closer<'a>(&self, reading: IdReading, name: impl FnOnce() -> Cow<'a, str>) -> bool {
        let on_register = |text: &[u8]| id_repair::candidates(text).iter().any(|(id, _)| self.holds(*id));
        match reading {
            IdReading::Whole { id, .. } => self.holds(id) || (!id.is_valid() && on_register(&id.to_ascii())),
            IdReading::Broken { text, .. } => on_register(text.as_bytes()) || self.wants_name(&name()),
            IdReading::Foreign { text } => self.foreign.contains_key(&text) || self.wants_name(&name()),
            IdReading::Masked { remains, .. } | IdReading::TailLost { remains, .. } => {
                self.wants_remains(&remains, &name())
            }
            IdReading::Missing | IdReading::Placeholder => self.wants_name(&name()),
        }
    }

    pub(super) fn holds_packed(&self, packed: u64) -> bool {
        self.seen.may_hold(packed) && self.ids.holds(packed)
    }

    pub(super) fn packed_ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.ids.groups().map(|(packed, _)| packed)
    }

    pub(super) fn knows_name(&self, hash: NameHash) -> bool {
        self.names.holds(hash)
    }

    pub(super) fn name_hashes(&self) -> impl Iterator<Item = NameHash> + '_ {
        self.names.groups().map(|(hash, _)| hash)
    }

    pub(super) fn document_hashes(&self) -> &HashSet<u64, FixedState> {
        &self.document_hashes
    }

    /// A name the register knows, or one so damaged that only a birth date could tell.
    fn wants_name(&self, name: &str) -> bool {
        let hash = name_hash(name);
        hash != 0 && (self.names.holds(hash) || names::is_damaged(name))
    }

    fn wants_remains(&self, remains: &Remains, name: &str) -> bool {
        let agrees = |person: &u32| self.id_of(*person).is_some_and(|id| remains.agrees(id));
        match remains.birth() {
            Some(birth) => self.births.any_with(birth, remains),
            None => self.named(name_hash(name)).iter().any(agrees) || names::is_damaged(name),
        }
    }

    pub(super) fn holds(&self, id: CitizenId) -> bool {
        self.holds_packed(id.packed())
    }

    /// Everybody enrolled under this id, in register order: one citizen may be enrolled twice.
    pub(super) fn persons_with(&self, id: CitizenId) -> &[u32] {
        self.ids.persons(id.packed())
    }

    /// Whether the sieve lets an id pass.
    pub(super) fn may_hold(&self, packed: u64) -> bool {
        self.seen.may_hold(packed)
    }

    /// Reads what looking these ids up will read, all at once.
    pub(super) fn warm_keys(&self, packed: impl Iterator<Item = u64>) {
        let numbers = packed.map(|packed| self.ids.first_in_bucket(packed));
        std::hint::black_box(numbers.fold(0, u64::wrapping_add));
    }

    /// Reads what linking these ids will read, all at once: one by one each of these reads would wait for memory.
    pub(super) fn warm(&self, ids: &[CitizenId]) {
        self.warm_keys(ids.iter().map(|id| id.packed()));
        let persons = ids.iter().filter_map(|id| self.persons_with(*id).first());
        let touched = persons.map(|person| {
            let born = self.register.persons[*person as usize].birth.is_some();
            self.name.get(*person as usize).len() + usize::from(born) + self.bearers[*person as usize] as usize
        });
        std::hint::black_box(touched.sum::<usize>());
    }

    /// As [`Index::warm`], for the phones and addresses of persons.
    pub(super) fn warm_contacts(&self, persons: &[u32]) {
        let touched = persons.iter().map(|person| {
            let person = *person as usize;
            self.phone.get(person).len() + self.address.get(person).len()
        });
        std::hint::black_box(touched.sum::<usize>());
    }

    pub(super) fn persons_with_document(&self, text: &str) -> &[u32] {
        self.foreign.get(text).map_or(&[], Vec::as_slice)
    }

    /// Persons with a name, present or former, of this hash.
    pub(super) fn named(&self, hash: NameHash) -> &[u32] {
        self.names.persons(hash)
    }

    /// How many have this person's present name, or had it.
    pub(super) fn bearers(&self, person: u32) -> u32 {
        self.bearers[person as usize]
    }

    pub(super) fn births(&self) -> &Births {
        &self.births
    }

    pub(super) fn id_of(&self, person: u32) -> Option<CitizenId> {
        self.register.persons[person as usize].id
    }

    /// The better of the levels against the present and the former names.
    pub(super) fn compare_name(&self, person: u32, name: &str) -> NameLevel {
        let level = names::compare(self.name.get(person as usize), name);
        if level <= NameLevel::Variant || level == NameLevel::Absent {
            return level;
        }
        let former = former_names(self.former.get(person as usize))
            .any(|former| names::compare(former, name) <= NameLevel::Variant);
        if former { NameLevel::Former } else { level }
    }

    pub(super) fn sex_of(&self, person: u32) -> Option<Sex> {
        let id = self.id_of(person).filter(|id| id.is_valid());
        id.map(CitizenId::sex).or_else(|| super::facts::sex(self.sex.get(person as usize)))
    }

    pub(super) fn phone_of(&self, person: u32) -> Option<Phone> {
        super::facts::phone(self.phone.get(person as usize))
    }

    /// How many persons on the register give this phone: a village office's number says little.
    pub(super) fn phone_count(&self, phone: Phone) -> u32 {
        let start = self.phones.partition_point(|other| *other < phone);
        self.phones[start..].iter().take_while(|other| **other == phone).count() as u32
    }

    pub(super) fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// The husband or wife within the household, where the register says who that is.
    pub(super) fn spouse_of(&self, person: u32) -> Option<u32> {
        const HEAD: [&str; 5] = ["户主", "户主本人", "本人", "本人或户主", "head"];
        const SPOUSE: [&str; 5] = ["配偶", "妻", "夫", "妻子", "spouse"];
        let wanted = match self.relation.get(person as usize) {
            relation if HEAD.contains(&relation) => SPOUSE,
            relation if SPOUSE.contains(&relation) => HEAD,
            _ => return None,
        };
        let household = self.register.household_of(person);
        household.persons.iter().copied().find(|other| wanted.contains(&self.relation.get(*other as usize)))
    }
}

fn sorted_phones(given: &Texts) -> Vec<Phone> {
    let mut phones: Vec<Phone> = given.par_iter().filter_map(super::facts::phone).collect();
    phones.par_sort_unstable();
    phones
}

/// Name hashes with their persons, in register order: the present name, then former ones, each once.
fn by_name(register: &Register, hashes: &[NameHash], former: &Texts) -> Vec<(NameHash, u32)> {
    let mut named = Vec::with_capacity(hashes.len());
    for (person, (present, enrolled)) in (0u32..).zip(hashes.iter().zip(&register.persons)) {
        let own = named.len();
        let former = if enrolled.mandated { former.get(person as usize) } else { "" };
        for hash in std::iter::once(*present).chain(former_names(former).map(name_hash)) {
            if hash != 0 && !named[own..].contains(&(hash, person)) {
                named.push((hash, person));
            }
        }
    }
    named
}

/// Of each person, how many are on the roll under the person's present name.
fn bearers(names: &Roll, hashes: &[NameHash]) -> Vec<u32> {
    let mut bearers = vec![0; hashes.len()];
    for (hash, persons) in names.groups() {
        for person in persons.iter().filter(|person| hashes[**person as usize] == hash) {
            bearers[*person as usize] = persons.len() as u32;
        }
    }
    bearers
}

fn foreign_documents(register: &Register) -> HashMap<String, Vec<u32>, FixedState> {
    let texts = register.texts("person_id");
    let mut foreign: HashMap<String, Vec<u32>, FixedState> = HashMap::with_hasher(FixedState::default());
    let without_id = |at: &usize| register.persons[*at].mandated && register.persons[*at].id.is_none();
    for at in (0..register.persons.len()).filter(without_id) {
        if let IdReading::Foreign { text } = ids::read(texts.get(at))
            && text.bytes().filter(u8::is_ascii_digit).count() >= 6
        {
            foreign.entry(text).or_default().push(at as u32);
        }
    }
    foreign
}

/// Several former names stand in one cell, separated as people do.
fn former_names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(['、', '，', ',', ';', '；', '/', '|']).map(str::trim).filter(|name| !name.is_empty())
}

/// The hash of a name's comparing key; the same in every run, for key indexes keep it.
pub(super) fn name_hash(name: &str) -> NameHash {
    let key = names::key(name);
    if key.is_empty() { 0 } else { hash_of(&key) }
}

/// Sixty bits that are never all zero.
pub(super) fn hash_of(text: &str) -> u64 {
    (FixedState::default().hash_one(text) >> 4).max(1)
}
