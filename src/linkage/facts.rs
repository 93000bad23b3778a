//! What a row says of a person beside id and name, and how that agrees with the register. A blank is no evidence.

use super::index::Index;
use super::places::{Place, PlaceLevel};
use crate::kernel::{Date, Sex};
use crate::model::evidence::Evidence;
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
    /// Digits only; empty if not given or hidden.
    pub(super) phone: String,
    /// Name of the other person of a marriage.
    pub(super) spouse: &'e str,
}

impl PartyFacts<'_> {
    /// Without any of these a name without id and birth date can lead nowhere.
    pub(super) fn has_contact(&self) -> bool {
        !self.phone.is_empty() || !self.address.is_empty() || !self.spouse.is_empty()
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
        Some(Column::Date(dates)) => dates[row as usize],
        _ => None,
    };
    PartyFacts {
        birth,
        sex: sex(text(fields.sex)),
        address: text(fields.address),
        phone: phone(text(fields.phone)),
        spouse,
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

    pub(super) fn full(index: &Index, person: u32, facts: &PartyFacts) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let phone = match given(facts.phone.clone()) {
            Some(phone) => Agreement::of(Some(phone), given(index.phone_of(person))),
            None => Agreement::Blank,
        };
        let spouse = index.spouse_of(person).filter(|_| !facts.spouse.is_empty());
        let spouse = match spouse.map(|spouse| index.compare_name(spouse, facts.spouse)) {
            Some(crate::model::link::NameLevel::Absent) | None => Agreement::Blank,
            Some(level) if level.is_consistent() => Agreement::Agrees,
            Some(_) => Agreement::Differs,
        };
        let place = if facts.address.is_empty() {
            PlaceLevel::Unknown
        } else {
            let division = index.register.persons[person as usize].division;
            let own = index.gazetteer().place(index.address.get(person as usize), division);
            own.compare(&Place::parse(facts.address))
        };
        Self { phone, spouse, place, ..Self::brief(index, person, facts) }
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

/// The digits of a phone number, without the country's 86; empty if hidden, too short, or all one digit.
pub(super) fn phone(text: &str) -> String {
    if text.contains(['*', '＊']) {
        return String::new();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = match digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86")) {
        Some(rest) if rest.len() == 11 => rest.to_owned(),
        _ => digits,
    };
    let varied = national.bytes().any(|digit| Some(digit) != national.bytes().next());
    if national.len() < 7 || !varied { String::new() } else { national }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_and_sexes() {
        assert_eq!(phone("+86 138-0013-8000"), "13800138000");
        for nothing in ["", "138****8000", "110", "00000000000"] {
            assert_eq!(phone(nothing), "", "{nothing}");
        }
        assert_eq!(sex("2"), Some(Sex::Female));
        assert_eq!(sex("0"), None, "unknown is no evidence");
    }
}
