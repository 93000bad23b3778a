//! 对象名册: everyone who applies for or receives assistance, household by household, with what they declared.
//!
//! One row of the register file is one [`Person`]; one citizen enrolled twice is two persons with one id. Built by
//! `pipeline::register` from the table that `ingest` read; texts as given stay in that table. Millions are held for the
//! whole run, so that what is said once per person or household stands in plain columns.

use std::sync::OnceLock;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::kind::Kind;
use super::table::{Table, Texts, Values};
use crate::kernel::{CitizenId, Date, Division};

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

/// What the run asks of one person most; the rest is in [`Register::table`] at the same row.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// `None`: the register holds no usable id (missing, masked, destroyed).
    pub id: Option<CitizenId>,
    pub division: Division,
    /// From the id, else as declared.
    pub birth: Option<Date>,
    /// Index in [`Register::households`].
    pub household: u32,
    /// Index in [`Register::programmes`].
    pub programme: u16,
    pub role: Role,
    pub state: State,
    /// A mandate covers the run's date. Without one nobody is matched (invariant I-1).
    pub mandated: bool,
}

/// A household: its code as given, its division, and its persons (members and supporters).
#[derive(Clone, Copy)]
pub struct Household<'a> {
    codes: &'a Texts,
    at: usize,
    /// Index in [`Register::programmes`]: the programme of its first member.
    pub programme: u16,
    pub division: Division,
    /// Indexes in [`Register::persons`], in register order.
    pub persons: &'a [u32],
}

impl<'a> Household<'a> {
    /// As given. Looked up when asked for: most passes over all households never do.
    pub fn code(&self) -> &'a str {
        self.codes.get(self.at)
    }
}

/// A person's id as it is written, made from the packed form where there is one.
pub enum WrittenId<'a> {
    Whole([u8; 18]),
    AsGiven(&'a str),
}

impl AsRef<[u8]> for WrittenId<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Whole(characters) => characters,
            Self::AsGiven(text) => text.as_bytes(),
        }
    }
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

/// All households of a register, column by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Households {
    codes: Texts,
    programmes: Vec<u16>,
    divisions: Vec<Division>,
    /// Those of the divisions, ascending, and by household its place there.
    counties: Vec<Division>,
    county_of: Vec<u16>,
    /// Where the persons of each begin in `persons`, and the end.
    starts: Vec<u32>,
    persons: Vec<u32>,
}

impl Households {
    /// Households of these codes, programmes and divisions, which have one length; who lives in them is what
    /// [`Person::household`] says.
    pub fn new(codes: Texts, programmes: Vec<u16>, divisions: Vec<Division>, persons: &[Person]) -> Self {
        assert!(programmes.len() == codes.len() && divisions.len() == codes.len(), "a household without a description");
        let mut starts = vec![0u32; codes.len() + 1];
        for person in persons {
            starts[person.household as usize + 1] += 1;
        }
        (1..starts.len()).for_each(|household| starts[household] += starts[household - 1]);
        let mut next = starts.clone();
        let mut of_households = vec![0u32; persons.len()];
        for (number, person) in (0..).zip(persons) {
            let place = &mut next[person.household as usize];
            of_households[*place as usize] = number;
            *place += 1;
        }
        let counties: HashSet<Division, FixedState> = divisions.iter().map(|division| division.county()).collect();
        let mut counties: Vec<Division> = counties.into_iter().collect();
        counties.sort_unstable();
        let places: HashMap<Division, u16, FixedState> = counties.iter().copied().zip(0..).collect();
        let county_of = divisions.iter().map(|division| places[&division.county()]).collect();
        Self { codes, programmes, divisions, counties, county_of, starts, persons: of_households }
    }

    /// The same households with these persons.
    pub fn with(self, persons: &[Person]) -> Self {
        Self::new(self.codes, self.programmes, self.divisions, persons)
    }

    /// Codes, programmes and divisions, as [`Households::new`] takes them.
    pub fn columns(&self) -> (&Texts, &[u16], &[Division]) {
        (&self.codes, &self.programmes, &self.divisions)
    }

    pub fn len(&self) -> usize {
        self.codes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    #[inline]
    pub fn get(&self, household: u32) -> Household<'_> {
        let at = household as usize;
        Household {
            codes: &self.codes,
            at,
            programme: self.programmes[at],
            division: self.divisions[at],
            persons: self.persons(household),
        }
    }

    /// The place of its county in [`Register::counties`].
    #[inline]
    pub fn county(&self, household: u32) -> usize {
        usize::from(self.county_of[household as usize])
    }

    /// Who lives there, alone.
    #[inline]
    pub fn persons(&self, household: u32) -> &[u32] {
        &self.persons[self.starts[household as usize] as usize..self.starts[household as usize + 1] as usize]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Household<'_>> {
        (0..self.len()).map(|household| self.get(household as u32))
    }
}

/// 授权书 filed apart from the register, column by column: which person of it each covers, from which day, and to which if
/// it ends. One line for each person and mandate, in no order that means something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mandates {
    pub persons: Vec<u32>,
    pub first: Values<Date>,
    pub last: Values<Date>,
}

/// The whole register of a run.
#[derive(Debug, Clone)]
pub struct Register {
    pub persons: Vec<Person>,
    pub households: Households,
    /// Programme names as given: 低保, 特困, 低保边缘, 刚性支出, 临时救助 …
    pub programmes: Vec<String>,
    /// The file's rows, by the fields of `kind::register_persons`; row index = person index. Household codes,
    /// divisions and usable ids are blank in it: persons and households say them.
    pub table: Table,
    /// Physical line of each person in the register file.
    pub lines: Vec<u32>,
    /// Persons, ascending, whose row is at fault (名册有误): they live where it says, and are not matched. Of a record that could
    /// not be read nothing else is known.
    pub faulty: Vec<u32>,
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

    #[inline]
    pub fn household(&self, household: u32) -> Household<'_> {
        self.households.get(household)
    }

    #[inline]
    pub fn household_of(&self, person: u32) -> Household<'_> {
        self.household(self.persons[person as usize].household)
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
        self.written_as(person, self.persons[person as usize].id)
    }

    /// The same of a person whose id was looked up before, with those of others.
    pub fn written_as(&self, person: u32, id: Option<CitizenId>) -> WrittenId<'_> {
        match id {
            Some(id) => WrittenId::Whole(id.to_ascii()),
            None => WrittenId::AsGiven(self.text(person, "person_id")),
        }
    }

    /// Counties with people on the register, ascending.
    pub fn counties(&self) -> &[Division] {
        &self.households.counties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_stand_in_their_households_in_register_order() {
        let division = Division::parse("370102").unwrap();
        let person = |household, role| Person {
            id: None,
            division,
            birth: None,
            household,
            programme: 0,
            role,
            state: State::Recipient,
            mandated: true,
        };
        // Household 1 is interrupted by household 0; 2 has nobody.
        let persons =
            [person(1, Role::Member), person(0, Role::Member), person(1, Role::Supporter), person(0, Role::Member)];
        let codes = ["甲", "乙", "丙"].into_iter().collect();
        let households = Households::new(codes, vec![0, 1, 2], vec![division; 3], &persons);
        let seen: Vec<_> = households.iter().map(|one| (one.code(), one.programme, one.persons)).collect();
        assert_eq!(seen, [("甲", 0, &[1, 3][..]), ("乙", 1, &[0, 2]), ("丙", 2, &[])]);
        assert_eq!(size_of::<Person>(), 32, "a register holds millions");
    }
}
