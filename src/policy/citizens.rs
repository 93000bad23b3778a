//! Which rows of the register speak of one citizen, and how many members a household has.
//!
//! A citizen may be enrolled twice in one household, under two programmes. Heads are people, not rows: a row more would
//! raise every limit that is counted by head, and a person would look like somebody else in his own household.

use crate::model::register::{Register, Role};
use crate::standardise::names;

/// So many names under one id, and it is nobody's: none of its rows says anything of another.
const NAMES_OF_AN_ID: usize = 16;

/// The rows of one id as the citizens they speak of: an id that a clerk mistyped is somebody else's, and says of neither
/// that he is enrolled twice. Names that are consistent, or were once, are one citizen's; a row without a name is that
/// citizen's if there is no other.
pub fn by_name(register: &Register, persons: Vec<u32>) -> Vec<Vec<u32>> {
    let names = register.texts("name");
    let (mut citizens, mut nameless): (Vec<Vec<u32>>, Vec<u32>) = (Vec::new(), Vec::new());
    for person in &persons {
        if names.get(*person as usize).is_empty() {
            nameless.push(*person);
            continue;
        }
        match citizens.iter().position(|citizen| names_agree(register, citizen[0], *person)) {
            Some(citizen) => citizens[citizen].push(*person),
            None if citizens.len() == NAMES_OF_AN_ID => {
                return persons.into_iter().map(|person| vec![person]).collect();
            }
            None => citizens.push(vec![*person]),
        }
    }
    match &mut citizens[..] {
        [] => vec![nameless],
        [only] => {
            only.extend(nameless);
            citizens
        }
        _ => citizens.into_iter().chain(nameless.into_iter().map(|person| vec![person])).collect(),
    }
}

/// Two rows of the register carry one id, and names of one person.
pub fn is_one_citizen(register: &Register, a: u32, b: u32) -> bool {
    let id = |person: u32| register.persons[person as usize].id;
    a == b || id(a).is_some() && id(a) == id(b) && names_agree(register, a, b)
}

fn names_agree(register: &Register, a: u32, b: u32) -> bool {
    let (names, former) = (register.texts("name"), register.texts("former_name"));
    let of = |person: u32| (names.get(person as usize), former.get(person as usize));
    let ((a, once_a), (b, once_b)) = (of(a), of(b));
    let consistent = |a: &str, b: &str| names::compare(a, b).is_consistent();
    consistent(a, b) || consistent(a, once_b) || consistent(once_a, b)
}

/// How many people live in the household as its members, each counted once however often it is enrolled there.
pub fn members(register: &Register, household: u32) -> usize {
    let id = |person: u32| register.persons[person as usize].id.map(|id| id.packed());
    let of_household = register.households.persons(household).iter().copied();
    let mut rows: Vec<(Option<u64>, u32)> = of_household
        .filter(|person| register.persons[*person as usize].role == Role::Member)
        .map(|person| (id(person), person))
        .collect();
    rows.sort_unstable();
    let of_one_id = rows.chunk_by(|a, b| a.0 == b.0);
    of_one_id
        .map(|rows| match rows {
            [_] => 1,
            [(None, _), ..] => rows.len(),
            _ => by_name(register, rows.iter().map(|(_, person)| *person).collect()).len(),
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::*;
    use crate::kernel::Date;

    #[test]
    fn a_citizen_under_two_programmes_is_one_member_and_two_names_under_one_id_are_two() {
        let persons = [
            "name = '甲'\ncitizen = 1",
            "name = '甲'\ncitizen = 1\nprogramme = '特困'",
            "name = '乙'\ncitizen = 2",
            "name = '丙'\ncitizen = 2\nprogramme = '特困'",
            "name = '丁'\ncitizen = 0",
            "name = '丁'\ncitizen = 0\nprogramme = '特困'",
            "name = '戊'\ncitizen = 3\nrole = 'supporter'",
            "name = '己'\ncitizen = 4\nhousehold = 'H2'",
        ];
        let persons = persons.map(|person| person.parse::<toml::Table>().unwrap());
        let register = cases::register(&persons, Date::parse_iso("2026-11-24").unwrap());
        assert_eq!(members(&register, 0), 5, "甲 once; 乙 and 丙; of rows without an id nobody knows; no supporter");
        assert_eq!(members(&register, 1), 1);
        assert!(is_one_citizen(&register, 0, 1) && !is_one_citizen(&register, 2, 3));
        assert!(!is_one_citizen(&register, 4, 5) && is_one_citizen(&register, 4, 4));
    }
}
