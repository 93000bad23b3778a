//! What a row says of a person beside id and name, and how that agrees with the register. A blank is no evidence.

use std::cell::OnceCell;

use super::index::Index;
use super::places::{Place, PlaceLevel, end_in_other_numbers};
use crate::kernel::{Date, Sex};
use crate::model::evidence::Evidence;
use crate::model::link::NameLevel;
use crate::model::table::Column;

/// How two values agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    Agrees,
    Differs,
    /// One side says nothing.
    Blank,
}

impl Agreement {
    fn of<T: PartialEq>(a: Option<T>, b: Option<T>) -> Self {
        match (a, b) {
            (Some(a), Some(b)) if a == b => Self::Agrees,
            (Some(_), Some(_)) => Self::Differs,
            _ => Self::Blank,
        }
    }
}

/// The facts of one person in a row, as the row gives them.
#[derive(Debug, Clone, Default)]
pub(super) struct PartyFacts<'e> {
    pub(super) birth: Option<Date>,
    pub(super) sex: Option<Sex>,
    pub(super) address: &'e str,
    phone: &'e str,
    /// Name of the other person of a marriage.
    pub(super) spouse: &'e str,
    /// The number in `phone` and the parts of `address`, once somebody asked.
    number: OnceCell<Option<Phone>>,
    place: OnceCell<Place>,
}

impl PartyFacts<'_> {
    fn phone(&self) -> Option<Phone> {
        *self.number.get_or_init(|| phone(self.phone))
    }

    /// Without any of these a name without id and birth date can lead nowhere.
    pub(super) fn has_contact(&self) -> bool {
        self.phone().is_some() || !self.address.is_empty() || !self.spouse.is_empty()
    }
}

/// Reads the facts of party `party`. The parties of a row stand together. The columns of a slot describe its person only
/// if there is one person in it: of several co-owners nobody knows whose address it is.
pub(super) fn party_facts(evidence: &Evidence, party: usize) -> PartyFacts<'_> {
    let parties = &evidence.parties;
    let (row, slot) = (parties.row[party], parties.slot[party]);
    let first = (0..party).rev().take_while(|before| parties.row[*before] == row).last().unwrap_or(party);
    let same_row = || (first..parties.len()).take_while(|other| parties.row[*other] == row);
    let mut others = same_row().filter(|other| parties.slot[*other] != slot);
    let spouse = match (others.next(), others.next()) {
        (Some(other), None) => parties.name.get(other),
        _ => "",
    };
    let alone = same_row().filter(|other| parties.slot[*other] == slot).count() == 1;
    if !alone {
        return PartyFacts::default();
    }
    let fields = &evidence.kind.persons[slot as usize];
    let text = |column: Option<usize>| match column.map(|column| &evidence.table.columns[column]) {
        Some(Column::Text(texts)) => texts.get(row as usize),
        _ => "",
    };
    let birth = match fields.birth.map(|column| &evidence.table.columns[column]) {
        Some(Column::Date(dates)) => dates.get(row as usize),
        _ => None,
    };
    PartyFacts {
        birth,
        sex: sex(text(fields.sex)),
        address: text(fields.address),
        phone: text(fields.phone),
        spouse,
        number: OnceCell::new(),
        place: OnceCell::new(),
    }
}

/// A person of the register beside rows: phone and place are read once, however many rows there are.
pub(super) struct Registered<'a, 'r> {
    index: &'a Index<'r>,
    pub(super) person: u32,
    phone: OnceCell<Option<Phone>>,
    place: OnceCell<Place>,
}

impl<'a, 'r> Registered<'a, 'r> {
    pub(super) fn new(index: &'a Index<'r>, person: u32) -> Self {
        Self { index, person, phone: OnceCell::new(), place: OnceCell::new() }
    }

    fn phone_beside(&self, facts: &PartyFacts) -> Agreement {
        let own = || *self.phone.get_or_init(|| self.index.phone_of(self.person));
        facts.phone().map_or(Agreement::Blank, |given| Agreement::of(Some(given), own()))
    }

    fn spouse_beside(&self, facts: &PartyFacts) -> Agreement {
        let spouse = if facts.spouse.is_empty() { None } else { self.index.spouse_of(self.person) };
        match spouse.map(|spouse| self.index.compare_name(spouse, facts.spouse)) {
            Some(NameLevel::Absent) | None => Agreement::Blank,
            Some(level) if level.is_consistent() => Agreement::Agrees,
            Some(_) => Agreement::Differs,
        }
    }

    fn place_beside(&self, facts: &PartyFacts) -> PlaceLevel {
        if facts.address.is_empty() {
            return PlaceLevel::Unknown;
        }
        let own = self.place.get_or_init(|| {
            let division = self.index.register.persons[self.person as usize].division;
            self.index.gazetteer().place(self.index.address.get(self.person as usize), division)
        });
        own.compare(facts.place.get_or_init(|| Place::parse(facts.address)))
    }

    /// The phone, the husband or wife, or the house is the same: what can lead from a name without a birth date to a person.
    pub(super) fn is_in_contact(&self, facts: &PartyFacts) -> bool {
        self.phone_beside(facts) == Agreement::Agrees
            || self.spouse_beside(facts) == Agreement::Agrees
            || self.lives_there(facts)
    }

    fn lives_there(&self, facts: &PartyFacts) -> bool {
        let own = self.index.address.get(self.person as usize);
        !end_in_other_numbers(own, facts.address) && self.place_beside(facts) == PlaceLevel::Same
    }
}

/// Facts of a row's person against a person of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) birth: Agreement,
    pub(super) sex: Agreement,
    pub(super) phone: Agreement,
    pub(super) spouse: Agreement,
    pub(super) place: PlaceLevel,
}

impl Comparison {
    /// Birth date and sex only: all that grades A and B look at.
    pub(super) fn brief(index: &Index, person: u32, facts: &PartyFacts) -> Self {
        Self {
            birth: Agreement::of(facts.birth, index.register.persons[person as usize].birth),
            sex: Agreement::of(facts.sex, facts.sex.and_then(|_| index.sex_of(person))),
            phone: Agreement::Blank,
            spouse: Agreement::Blank,
            place: PlaceLevel::Unknown,
        }
    }

    pub(super) fn full(registered: &Registered, facts: &PartyFacts) -> Self {
        Self {
            phone: registered.phone_beside(facts),
            spouse: registered.spouse_beside(facts),
            place: registered.place_beside(facts),
            ..Self::brief(registered.index, registered.person, facts)
        }
    }

    /// Facts beside the birth date that agree.
    pub(super) fn further_facts(&self) -> usize {
        let agreements = [self.sex, self.phone, self.spouse];
        agreements.iter().filter(|agreement| **agreement == Agreement::Agrees).count()
            + usize::from(self.place <= PlaceLevel::County)
    }

    /// Birth date or sex contradict: facts that do not change. (Phones, addresses and spouses do.)
    pub(super) fn contradicts(&self) -> bool {
        self.birth == Agreement::Differs || self.sex == Agreement::Differs
    }
}

/// Canonical codes of layouts, and what departments write where no layout turned it (GB/T 2261.1: 1 male, 2 female).
pub(super) fn sex(text: &str) -> Option<Sex> {
    match text {
        "male" | "男" | "男性" | "1" | "M" => Some(Sex::Male),
        "female" | "女" | "女性" | "2" | "F" => Some(Sex::Female),
        _ => None,
    }
}

/// A phone number's digits as one number, with a 1 before them that keeps leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phone(u64);

/// The phone number in a text, without the country's 86; `None` if it is hidden, too short or long, or all one digit.
pub(super) fn phone(text: &str) -> Option<Phone> {
    const LONGEST: usize = 18;
    if text.contains(['*', '＊']) {
        return None;
    }
    let (mut digits, mut length) = ([0u8; LONGEST], 0);
    for digit in text.bytes().filter(u8::is_ascii_digit) {
        *digits.get_mut(length)? = digit - b'0';
        length += 1;
    }
    let national = match &digits[..length] {
        [0, 0, 8, 6, rest @ ..] | [8, 6, rest @ ..] if rest.len() == 11 => rest,
        all => all,
    };
    let varied = national.iter().any(|digit| *digit != national[0]);
    let number = || national.iter().fold(1, |number, digit| number * 10 + u64::from(*digit));
    (national.len() >= 7 && varied).then(number).map(Phone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_sexes() {
        assert_eq!(phone("+86 138-0013-8000"), Some(Phone(113_800_138_000)));
        assert_eq!(phone("0531-86012345"), Some(Phone(1_053_186_012_345)), "an area code's zero stays");
        for nothing in ["", "138****8000", "110", "00000000000", "1234567890123456789"] {
            assert_eq!(phone(nothing), None, "{nothing}");
        }
        assert_eq!(sex("2"), Some(Sex::Female));
        assert_eq!(sex("0"), None, "unknown is no evidence");
    }
}
