//! 授权: whom on the register a mandate covers on a day, whether it stands in the person's own row or is filed apart.
//!
//! Without a live mandate nobody is matched (invariant I-1). A mandate filed apart covers every person of its id.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;

use super::register::{column_of, dates, texts, whole_id};
use crate::kernel::{CitizenId, Date};
use crate::model::evidence::Evidence;
use crate::model::kind;
use crate::model::register::{Mandates, Person, Register};

/// Mandates filed apart as their file has them: citizen, first and last day.
pub(super) type Filed = Vec<(CitizenId, Date, Option<Date>)>;

/// Those that cover somebody at some time. The rows are given up: nothing asks for them again.
pub(super) fn take_filed(mandates: &mut Evidence) -> Filed {
    let table = mandates.take_rows();
    let column = |field| column_of(&mandates.kind, &table, field);
    let (ids, first, last) = (texts(column("person_id")), dates(column("mandate_from")), dates(column("mandate_to")));
    let usable = |row: usize| {
        let from = first.get(row)?;
        Some((whole_id(ids.get(row))?, from, last.get(row)))
    };
    (0..table.rows()).into_par_iter().filter_map(usable).collect()
}

/// Whom on the register each mandate covers: every person of its id, if there are several. In parts that are looked
/// through side by side, each small enough to stay near.
pub(super) fn mandates_of(persons: &[Person], filed: &Filed) -> Mandates {
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
        let mut covered = Vec::new();
        for &(id, first, last) in filed.iter().filter(|(id, ..)| belongs(*id)) {
            let persons = by_id.iter_hash(hash(id)).filter(|(other, _)| *other == id);
            covered.extend(persons.map(|(_, person)| (*person, first, last)));
        }
        covered
    };
    let covered: Vec<(u32, Date, Option<Date>)> = (0..PARTS).into_par_iter().flat_map_iter(part).collect();
    Mandates {
        persons: covered.iter().map(|(person, ..)| *person).collect(),
        first: covered.iter().map(|(_, first, _)| Some(*first)).collect(),
        last: covered.iter().map(|(.., last)| *last).collect(),
    }
}

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
        let filed = vec![(stranger, day(1), None), (twice, day(10), Some(day(20))), (once, day(20), None)];
        let filed = mandates_of(&persons, &filed);
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
