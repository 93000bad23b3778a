//! The made-up people: households on the register, and the other residents that most of a department's rows are about.
//!
//! Of a register person only numbers are kept (some 20 bytes, so that millions fit); names, addresses and telephones are
//! drawn again from the person's own stream whenever they are written. Other residents are kept nowhere.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::dice::{Dice, Purpose};
use super::places::{self, MOST_COUNTIES, Place};
use super::{Recipe, ids, names};
use crate::kernel::{CitizenId, Date, Division, Sex};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Head,
    Spouse,
    Child,
    Parent,
    /// 赡(抚、扶)养人: a grown child who lives elsewhere; no member of the household.
    Supporter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marital {
    Unmarried,
    Married,
    Divorced,
    Widowed,
}

/// How the register writes the person's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Whole,
    Fifteen,
    Missing,
    /// One digit is wrong: the check character no longer agrees.
    Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mandate {
    Live,
    Expired,
    Missing,
}

/// A person of the register.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The true id, whatever the register writes.
    pub id: CitizenId,
    pub household: u32,
    pub relation: Relation,
    pub marital: Marital,
    pub entry: Entry,
    pub mandate: Mandate,
}

/// A household of the register; its persons stand together, the head first.
#[derive(Debug, Clone, Copy)]
pub struct Household {
    pub first: u32,
    /// Members and supporters.
    pub persons: u8,
    pub members: u8,
    pub programme: &'static str,
    pub recipient: bool,
    pub place: Place,
}

/// Somebody as a row tells of them.
#[derive(Debug, Clone)]
pub struct Party {
    pub id: String,
    pub name: String,
    pub birth: Date,
    pub sex: Sex,
    pub address: String,
    pub phone: String,
}

pub struct People {
    pub persons: Vec<Person>,
    pub households: Vec<Household>,
    /// Persons that are the same citizen: the later enrolment by the first.
    pub enrolled_again: BTreeMap<u32, u32>,
    /// The other way round.
    first_enrolment: BTreeMap<u32, u32>,
    ids: HashSet<u64, FixedState>,
    seed: u64,
    as_of: Date,
    residents: u64,
}

/// Members in a household, with weights that give 1.57 on average, as rural 低保 has it.
const SIZES: [(u8, u32); 5] = [(1, 620), (2, 245), (3, 95), (4, 28), (5, 12)];
const PROGRAMMES: [(&str, u32); 4] = [("低保", 70), ("低保边缘", 15), ("刚性支出", 9), ("临时救助", 6)];

impl People {
    pub fn make(recipe: &Recipe) -> Self {
        let wanted = recipe.people as usize;
        let mut people = Self {
            persons: Vec::with_capacity(wanted),
            households: Vec::with_capacity(wanted / 3 * 2),
            enrolled_again: BTreeMap::new(),
            first_enrolment: BTreeMap::new(),
            ids: HashSet::with_capacity_and_hasher(wanted, FixedState::default()),
            seed: recipe.seed,
            as_of: recipe.as_of,
            residents: (recipe.rows * 2 / 5).max(100),
        };
        while people.persons.len() < wanted {
            people.add_household(recipe.counties, wanted);
        }
        people
    }

    fn add_household(&mut self, counties: u16, wanted: usize) {
        let number = self.households.len() as u32;
        let mut dice = Dice::new(self.seed, Purpose::Household, u64::from(number));
        let room = (wanted - self.persons.len()).min(usize::from(u8::MAX)) as u8;
        let members = dice.weighted(&SIZES).min(room);
        // 特困 is for people without kin: one person, a quarter of the single households.
        let alone = members == 1 && dice.chance(23_000);
        let programme = if alone { "特困" } else { dice.weighted(&PROGRAMMES) };
        let supporter = !alone && members < room && dice.chance(17_500);
        let county = dice.below(u64::from(counties)) as u16;
        let first = self.persons.len() as u32;
        let recipient = dice.chance(84_000);
        let place = Place::draw(&mut dice, county);
        let persons = members + u8::from(supporter);
        self.households.push(Household { first, persons, members, programme, recipient, place });
        let again = if persons == 1 && dice.chance(350) { self.somebody_enrolled_once(&mut dice) } else { None };
        if let Some(earlier) = again {
            self.enrolled_again.insert(earlier, first);
            self.first_enrolment.insert(first, earlier);
            let twin = self.persons[earlier as usize];
            self.persons.push(Person { household: number, mandate: draw_mandate(&mut dice), ..twin });
            return;
        }
        let head_age = dice.between(0, 58).max(dice.between(0, 58)) + 30;
        let spouse = members > 1 && dice.chance(62_000);
        for place_in_house in 0..persons {
            let relation = match place_in_house {
                0 => Relation::Head,
                at if at >= members => Relation::Supporter,
                1 if spouse => Relation::Spouse,
                _ if head_age < 62 && dice.chance(15_000) => Relation::Parent,
                _ => Relation::Child,
            };
            self.add_person(&mut dice, number, relation, head_age, spouse);
        }
    }

    fn somebody_enrolled_once(&self, dice: &mut Dice) -> Option<u32> {
        let earlier = dice.below(self.persons.len().max(1) as u64) as u32;
        let person = self.persons.get(earlier as usize)?;
        let free = !self.enrolled_again.contains_key(&earlier) && !self.first_enrolment.contains_key(&earlier);
        (free
            && person.relation == Relation::Head
            && person.entry == Entry::Whole
            && person.marital != Marital::Married)
            .then_some(earlier)
    }

    fn add_person(&mut self, dice: &mut Dice, household: u32, relation: Relation, head_age: i32, spouse: bool) {
        let age = match relation {
            Relation::Head => head_age,
            Relation::Spouse => head_age + dice.between(-6, 5),
            Relation::Child => (head_age - dice.between(22, 38)).max(1),
            Relation::Parent => (head_age + dice.between(22, 34)).min(97),
            Relation::Supporter => (head_age - dice.between(22, 32)).max(22),
        };
        let head_sex = self.persons.last().map(|person| person.id.sex());
        let sex = match (relation, head_sex) {
            (Relation::Spouse, Some(Sex::Male)) => Sex::Female,
            (Relation::Spouse, _) => Sex::Male,
            _ if dice.chance(52_000) => Sex::Male,
            _ => Sex::Female,
        };
        let birth = Date::from_days(self.as_of.days() - age * 365 - age / 4 - dice.between(1, 364));
        // People are registered where they were born: one in seven in another county.
        let here = self.households[household as usize].place.county;
        let county = if dice.chance(14_000) { dice.below(u64::from(MOST_COUNTIES)) as u16 } else { here };
        let mut id = ids::citizen(dice, places::county(county), birth, sex);
        while !self.ids.insert(id.packed()) {
            id = ids::citizen(dice, places::county(county), birth, sex);
        }
        let marital = draw_marital(dice, relation, age, spouse);
        let entry = draw_entry(dice, birth);
        self.persons.push(Person { id, household, relation, marital, entry, mandate: draw_mandate(dice) });
    }

    /// The person under whom this citizen was first enrolled: identity hangs on that one.
    pub fn citizen(&self, person: u32) -> u32 {
        self.first_enrolment.get(&person).copied().unwrap_or(person)
    }

    pub fn household(&self, person: u32) -> &Household {
        &self.households[self.persons[person as usize].household as usize]
    }

    pub fn age(&self, person: u32) -> i32 {
        self.persons[person as usize].id.birth().map_or(0, |birth| birth.years_until(self.as_of))
    }

    /// Members share the head's dots; children and supporters mostly the surname.
    pub fn name(&self, person: u32) -> String {
        let citizen = self.citizen(person);
        let who = &self.persons[citizen as usize];
        let mut family = Dice::new(self.seed, Purpose::Name, u64::from(who.household) | 1 << 40);
        let dotted = family.chance(1_500);
        let surname = names::surname(&mut family);
        let mut dice = Dice::new(self.seed, Purpose::Name, u64::from(citizen));
        if dotted {
            return names::dotted(&mut dice);
        }
        let inherits = matches!(who.relation, Relation::Child | Relation::Supporter) && dice.chance(70_000);
        let surname = if inherits || who.relation == Relation::Head { surname } else { names::surname(&mut dice) };
        format!("{surname}{}", names::given(&mut dice, who.id.sex()))
    }

    /// Three in a hundred changed their given name once.
    pub fn former_name(&self, person: u32) -> Option<String> {
        let citizen = self.citizen(person);
        let mut dice = Dice::new(self.seed, Purpose::Name, u64::from(citizen) | 1 << 41);
        if !dice.chance(3_000) {
            return None;
        }
        let name = self.name(citizen);
        if name.contains(names::DOT) {
            return None;
        }
        let former =
            format!("{}{}", name.chars().next()?, names::given(&mut dice, self.persons[citizen as usize].id.sex()));
        (former != name).then_some(former)
    }

    pub fn phone(&self, person: u32) -> String {
        ids::phone(&mut Dice::new(self.seed, Purpose::Address, u64::from(self.citizen(person))))
    }

    /// Where the citizen lives: supporters elsewhere.
    pub fn place(&self, person: u32) -> Place {
        let citizen = self.citizen(person);
        let home = self.household(citizen).place;
        if self.persons[citizen as usize].relation != Relation::Supporter {
            return home;
        }
        Place::draw(&mut Dice::new(self.seed, Purpose::Address, u64::from(citizen) | 1 << 40), home.county)
    }

    /// The person as a correct row tells of them.
    pub fn party(&self, person: u32, whole_address: bool) -> Party {
        let id = self.persons[person as usize].id;
        Party {
            id: id.to_string(),
            name: self.name(person),
            birth: id.birth().expect("made-up ids hold real dates"),
            sex: id.sex(),
            address: self.place(person).address(whole_address),
            phone: self.phone(person),
        }
    }

    /// Somebody who is not on the register. The same residents come up again in other feeds.
    pub fn resident(&self, dice: &mut Dice) -> Party {
        let mut own = Dice::new(self.seed, Purpose::Resident, dice.below(self.residents));
        let sex = if own.chance(51_000) { Sex::Male } else { Sex::Female };
        let birth = Date::from_days(self.as_of.days() - 365 * own.between(18, 84) - own.between(0, 364));
        let place = Place::draw(&mut own, 0);
        let place = Place { county: own.below(u64::from(MOST_COUNTIES)) as u16, ..place };
        let id = self.outside(&mut own, places::county(place.county), birth, sex);
        Party {
            id: id.to_string(),
            name: names::anyone(&mut own, sex),
            birth,
            sex,
            address: place.address(true),
            phone: ids::phone(&mut own),
        }
    }

    /// An id that nobody on the register has.
    pub fn outside(&self, dice: &mut Dice, division6: u32, birth: Date, sex: Sex) -> CitizenId {
        loop {
            let id = ids::citizen(dice, division6, birth, sex);
            if !self.ids.contains(&id.packed()) {
                return id;
            }
        }
    }

    pub fn holds(&self, id: CitizenId) -> bool {
        self.ids.contains(&id.packed())
    }

    /// `370141-0000123`.
    pub fn household_code(&self, household: u32) -> String {
        let county = self.households[household as usize].place.division().county();
        format!("{county}-{household:07}")
    }

    /// The id as the register writes it.
    pub fn register_id(&self, person: u32) -> String {
        let who = &self.persons[person as usize];
        let id = who.id.to_string();
        match who.entry {
            Entry::Whole => id,
            Entry::Fifteen => format!("{}{}", &id[..6], &id[8..17]),
            Entry::Missing => String::new(),
            Entry::Wrong => {
                let wrong = (id.as_bytes()[15] - b'0' + 1) % 10;
                format!("{}{wrong}{}", &id[..15], &id[16..])
            }
        }
    }

    /// Any member of this person's household may lack a mandate or a usable id; then nobody can say what a rule finds.
    pub fn fully_checkable(&self, household: u32) -> bool {
        let house = &self.households[household as usize];
        let persons = &self.persons[house.first as usize..house.first as usize + usize::from(house.persons)];
        persons
            .iter()
            .all(|person| person.mandate == Mandate::Live && matches!(person.entry, Entry::Whole | Entry::Fifteen))
    }

    pub fn as_of(&self) -> Date {
        self.as_of
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// The division as the register writes it: mostly twelve digits, some nine or six, a few behind a `#`.
pub fn division_text(division: Division, dice: &mut Dice) -> String {
    let digits = format!("{:012}", division.code());
    match dice.below(100) {
        0..79 => digits,
        79..91 => digits[..9].to_owned(),
        91..99 => digits[..6].to_owned(),
        _ => format!("#{digits}"),
    }
}

fn draw_mandate(dice: &mut Dice) -> Mandate {
    dice.weighted(&[(Mandate::Live, 970), (Mandate::Expired, 15), (Mandate::Missing, 15)])
}

fn draw_entry(dice: &mut Dice, birth: Date) -> Entry {
    let fifteen = if birth.year() < 1960 { 40 } else { 5 };
    let written = [(Entry::Whole, 9_900), (Entry::Fifteen, fifteen), (Entry::Missing, 10), (Entry::Wrong, 10)];
    match dice.weighted(&written) {
        Entry::Fifteen if birth.year() >= 2000 => Entry::Whole,
        entry => entry,
    }
}

fn draw_marital(dice: &mut Dice, relation: Relation, age: i32, spouse: bool) -> Marital {
    match relation {
        Relation::Head | Relation::Spouse if spouse => Marital::Married,
        Relation::Supporter => Marital::Married,
        Relation::Parent => Marital::Widowed,
        Relation::Child => Marital::Unmarried,
        _ if age < 28 => Marital::Unmarried,
        _ => dice.weighted(&[(Marital::Unmarried, 40), (Marital::Divorced, 25), (Marital::Widowed, 35)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        let as_of = Date::from_ymd(2026, 11, 24).unwrap();
        People::make(&Recipe { people: 8_000, rows: 20_000, counties: 5, seed: 3, as_of })
    }

    #[test]
    fn as_many_as_asked_and_shaped_like_a_register() {
        let people = people();
        assert_eq!(people.persons.len(), 8_000);
        let members: usize = people.households.iter().map(|house| usize::from(house.members)).sum();
        let mean = members as f64 / people.households.len() as f64;
        assert!((1.45..1.70).contains(&mean), "{mean}");
        let supporters = (8_000 - members) as f64 / 8_000.0;
        assert!((0.07..0.13).contains(&supporters), "{supporters}");
        assert!(!people.enrolled_again.is_empty());
    }

    #[test]
    fn ids_are_valid_and_only_the_enrolled_again_share_one() {
        let people = people();
        let mut packed: Vec<u64> = people.persons.iter().map(|person| person.id.packed()).collect();
        assert!(people.persons.iter().all(|person| person.id.is_valid()));
        packed.sort_unstable();
        packed.dedup();
        assert_eq!(packed.len() + people.enrolled_again.len(), 8_000);
        for (first, again) in &people.enrolled_again {
            assert_eq!(people.name(*first), people.name(*again));
        }
    }

    #[test]
    fn namesakes_and_rare_names_are_there() {
        let people = people();
        let mut names: Vec<String> = (0..8_000).map(|person| people.name(person)).collect();
        assert!(names.iter().any(|name| name.contains(names::DOT)));
        assert!(names.iter().any(|name| name.contains(names::RARE)));
        names.sort_unstable();
        let shared = names.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(shared > 800, "{shared}");
    }

    #[test]
    fn residents_are_not_on_the_register() {
        let people = people();
        let mut dice = Dice::new(9, Purpose::Feed, 0);
        for _ in 0..500 {
            let id = CitizenId::from_ascii(people.resident(&mut dice).id.as_bytes()).unwrap();
            assert!(id.is_valid() && !people.holds(id));
        }
    }
}
