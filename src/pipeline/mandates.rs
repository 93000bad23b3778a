//! 授权: whom on the register a mandate covers on a day, whether it stands in the person's own row or is filed apart.
//!
//! Without a live mandate nobody is matched (invariant I-1). A mandate filed apart covers every person of its id who goes by
//! its name.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;

use super::enrolment::Faulty;
use super::register::{column_of, dates, goes_by, texts, whole_id};
use crate::kernel::{CitizenId, Date};
use crate::model::evidence::Evidence;
use crate::model::kind;
use crate::model::register::{Mandates, Person, Register};
use crate::model::table::Texts;

/// A mandate filed apart that covers somebody at some time, and its row in the file.
pub(super) struct Filed {
    id: CitizenId,
    first: Date,
    last: Option<Date>,
    row: u32,
}

/// The usable rows of a file of mandates.
pub(super) fn filed_in(mandates: &Evidence) -> Vec<Filed> {
    let column = |field| column_of(&mandates.kind, &mandates.table, field);
    let (ids, first, last) = (texts(column("person_id")), dates(column("mandate_from")), dates(column("mandate_to")));
    let usable = |row: usize| {
        let first = first.get(row)?;
        Some(Filed { id: whole_id(ids.get(row))?, first, last: last.get(row), row: row as u32 })
    };
    (0..mandates.table.rows()).into_par_iter().filter_map(usable).collect()
}

/// Whose id each mandate bears: every person of it, if there are several, with the mandate's place in `filed`. In parts that
/// are looked through side by side, each small enough to stay near.
pub(super) fn of_same_id(persons: &[Person], filed: &[Filed]) -> Vec<(u32, u32)> {
    const PARTS: u64 = 4;
    let hash = |id: CitizenId| FixedState::default().hash_one(id.packed());
    let part = |part: u64| {
        let belongs = |id: CitizenId| id.packed() % PARTS == part;
        let mut by_id: HashTable<(CitizenId, u32)> = HashTable::with_capacity(persons.len() / PARTS as usize);
        for (number, person) in (0..).zip(persons) {
            if let Some(id) = person.id.filter(|id| belongs(*id)) {
                by_id.insert_unique(hash(id), (id, number), |(id, _)| hash(*id));
            }
        }
        let mut found = Vec::new();
        for (place, mandate) in (0..).zip(filed).filter(|(_, mandate)| belongs(mandate.id)) {
            let persons = by_id.iter_hash(hash(mandate.id)).filter(|(other, _)| *other == mandate.id);
            found.extend(persons.map(|(_, person)| (*person, place)));
        }
        found
    };
    (0..PARTS).into_par_iter().flat_map_iter(part).collect()
}

/// Whom each mandate covers: the persons of its id who go by the name it gives, or all of them if one of the two is blank.
/// Beside it the rows that name nobody of their id.
pub(super) fn mandates_of(
    register: &Register,
    filed: &[Filed],
    names: &Texts,
    of_same_id: Vec<(u32, u32)>,
) -> (Mandates, Vec<Faulty>) {
    let named = |(person, place): &(u32, u32)| {
        let name = names.get(filed[*place as usize].row as usize);
        name.is_empty() || register.name(*person).is_empty() || goes_by(register, *person, name)
    };
    let (covered, others): (Vec<(u32, u32)>, Vec<_>) = of_same_id.into_par_iter().partition(named);
    let mut nobody: BTreeSet<u32> = others.iter().map(|(_, place)| *place).collect();
    if !nobody.is_empty() {
        covered.iter().for_each(|(_, place)| _ = nobody.remove(place));
    }
    let mandates = covered.iter().map(|(_, place)| &filed[*place as usize]);
    let covered = Mandates {
        persons: covered.iter().map(|(person, _)| *person).collect(),
        first: mandates.clone().map(|mandate| Some(mandate.first)).collect(),
        last: mandates.map(|mandate| mandate.last).collect(),
    };
    let row = |place: u32| filed[place as usize].row as usize;
    (covered, nobody.into_iter().map(|place| (row(place), "name", OF_ANOTHER)).collect())
}

/// The reason of a mandate in another name than the register has under its id: one of the two papers is wrong, and nobody
/// is matched on it until somebody looked (invariant I-1).
pub(super) const OF_ANOTHER: &str = "run.reject_mandate_name";

/// Who has a mandate on the register's day: one of the row's own, or one filed apart.
pub(super) fn settle_mandates(register: &mut Register, filed: &Mandates) {
    let day = register.as_of;
    let kind = kind::register_persons();
    let column = |field| dates(column_of(&kind, &register.table, field));
    let (first, last) = (column("mandate_from"), column("mandate_to"));
    let persons = &mut register.persons;
    persons
        .par_iter_mut()
        .enumerate()
        .for_each(|(row, person)| person.mandated = covers(first.get(row), last.get(row), day));
    for (at, person) in filed.persons.iter().enumerate() {
        if covers(filed.first.get(at), filed.last.get(at), day) {
            persons[*person as usize].mandated = true;
        }
    }
    // Whose row cannot be read may not be whom the mandate means.
    register.faulty.iter().for_each(|person| persons[*person as usize].mandated = false);
}

/// A mandate without a first day covers nothing, one without a last day does not end.
fn covers(from: Option<Date>, to: Option<Date>, day: Date) -> bool {
    from.is_some_and(|from| from <= day) && to.is_none_or(|to| day <= to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Division;
    use crate::model::register::{Households, Role, State};
    use crate::model::table::Table;

    /// A citizen enrolled twice is covered in both places; mandates of people who are not on the register cover nobody; a
    /// mandate covers its first day and its last, and one without a last day does not end.
    #[test]
    fn a_mandate_filed_apart_covers_every_person_of_its_id_from_its_first_day_to_its_last() {
        let id = |body: &str| CitizenId::from_body(body.as_bytes()).unwrap();
        let (twice, once, stranger) = (id("37010219491231002"), id("37010219491231004"), id("37010219491231006"));
        let day = |day| Date::from_ymd(2026, 11, day).unwrap();
        let division = Division::parse("370102").unwrap();
        let person = |id| Person {
            id,
            division,
            birth: None,
            household: 0,
            programme: 0,
            role: Role::Member,
            state: State::Recipient,
            mandated: true,
        };
        let persons: Vec<Person> = [Some(twice), None, Some(once), Some(twice)].map(person).into();
        let filed = [(stranger, day(1), None), (twice, day(10), Some(day(20))), (once, day(20), None)];
        let filed = filed.map(|(id, first, last)| Filed { id, first, last, row: 0 });
        let names: Texts = [""].into_iter().collect();
        let mandated_on = |as_of: Date, faulty: &[u32]| {
            let kind = kind::register_persons();
            let mut table = Table::new(kind.types());
            for column in &mut table.columns {
                persons.iter().for_each(|_| column.push_none());
            }
            table.end_rows(persons.len());
            let mut register = Register {
                persons: persons.clone(),
                households: Households::default(),
                programmes: vec!["低保".to_owned()],
                table,
                lines: vec![2, 3, 4, 5],
                faulty: faulty.to_vec(),
                as_of,
            };
            let (filed, others) = mandates_of(&register, &filed, &names, of_same_id(&persons, &filed));
            assert_eq!(others, [], "a mandate without a name is not in another's");
            settle_mandates(&mut register, &filed);
            register.persons.iter().map(|person| person.mandated).collect::<Vec<_>>()
        };
        assert_eq!(mandated_on(day(9), &[]), [false; 4]);
        assert_eq!(mandated_on(day(10), &[]), [true, false, false, true]);
        assert_eq!(mandated_on(day(20), &[]), [true, false, true, true]);
        assert_eq!(mandated_on(day(21), &[]), [false, false, true, false]);
        assert_eq!(mandated_on(day(20), &[3]), [true, false, true, false], "nobody knows what the row says");
    }
}
