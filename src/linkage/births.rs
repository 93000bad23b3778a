//! Persons by birth date, with what else their ids say: who was born that day and has these digits is asked of every row
//! whose id is masked, so that the answer must not read sixty persons all over the register.
//!
//! Shapes: persons in the order of their birthdays, 16 bytes each, and 4 bytes a day from the first birthday to the last.

use rayon::prelude::*;

use super::roll::grouped;
use crate::kernel::Date;
use crate::model::register::{Person, Register};
use crate::standardise::ids::Remains;

/// Persons with a mandate by birth date: those of day `first + d` stand at `starts[d]..starts[d + 1]`.
pub(super) struct Births {
    first: i32,
    starts: Vec<u32>,
    persons: Vec<u32>,
    /// Of each of `persons`.
    besides: Vec<u64>,
}

/// The characters of an id that are no birth date, as [`besides`] packs them, of persons without an id or with one that
/// gives no birth date: agrees with nothing.
const NOTHING: u64 = 1 << 40;

impl Births {
    pub(super) fn of(register: &Register) -> Self {
        let born = |(at, person): (usize, &Person)| {
            let besides = person.id.filter(|id| id.birth().is_some()).map(|id| besides(&id.to_ascii()).0);
            let day = person.birth.filter(|_| person.mandated)?.days();
            Some((day, at as u32, besides.unwrap_or(NOTHING)))
        };
        let born: Vec<(i32, u32, u64)> = register.persons.par_iter().enumerate().filter_map(born).collect();
        let first = born.iter().map(|(day, ..)| *day).min().unwrap_or(0);
        let days = born.iter().map(|(day, ..)| (day - first + 1) as usize).max().unwrap_or(0);
        let (starts, born) = grouped(days, &born, |(day, ..)| (day - first) as usize);
        let (persons, besides) = born.into_iter().map(|(_, person, besides)| (person, besides)).unzip();
        Self { first, starts, persons, besides }
    }

    fn span(&self, day: Date) -> std::ops::Range<usize> {
        let Ok(at) = usize::try_from(i64::from(day.days()) - i64::from(self.first)) else { return 0..0 };
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// Everybody born that day, in register order.
    pub(super) fn on(&self, day: Date) -> &[u32] {
        &self.persons[self.span(day)]
    }

    /// Somebody has an id of this birth date with every other character that is left.
    pub(super) fn any_with(&self, birth: Date, remains: &Remains) -> bool {
        let (left, known) = besides(remains.characters());
        self.besides[self.span(birth)].iter().any(|besides| (besides ^ left) & (known | NOTHING) == 0)
    }

    /// Days on which somebody was born.
    pub(super) fn days(&self) -> impl Iterator<Item = i32> + '_ {
        let born = self.starts.windows(2).zip(self.first..).filter(|(day, _)| day[1] > day[0]);
        born.map(|(_, day)| day)
    }

    /// The chance that two of the persons were born on one day (ages are not even, so it is above 1/25,000).
    pub(super) fn coincidence(&self) -> f64 {
        const DAYS: f64 = 25_000.0; // what is assumed before any person is seen
        let persons = self.persons.len() as f64;
        let pairs: u64 =
            self.starts.windows(2).map(|day| u64::from(day[1] - day[0])).map(|n| n * n.saturating_sub(1)).sum();
        (pairs as f64 + DAYS) / (persons * (persons - 1.0).max(0.0) + DAYS * DAYS)
    }
}

/// Division, sequence and check character, four bits each, and the bits of those that are known.
fn besides(characters: &[u8; 18]) -> (u64, u64) {
    let beside_birth = characters[..6].iter().chain(&characters[14..]);
    beside_birth.fold((0, 0), |(digits, known), character| {
        let (digit, bits) = match character {
            b'?' => (0, 0),
            b'X' => (10, 0xF),
            digit => (u64::from(digit - b'0'), 0xF),
        };
        (digits << 4 | digit, known << 4 | bits)
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Enrolled, Numbers, register};
    use super::*;
    use crate::kernel::CitizenId;
    use crate::standardise::ids::{self, IdReading};

    /// Against the comparison character by character.
    #[test]
    fn who_was_born_that_day_with_these_digits_is_told_by_packed_digits_too() {
        let mut numbers = Numbers(5);
        let mut people: Vec<Enrolled> = (0..400).map(|_| numbers.person()).collect();
        for person in &mut people {
            person.id.replace_range(6..14, "19700101");
            person.id = CitizenId::from_body(&person.id.as_bytes()[..17]).unwrap().to_string();
        }
        people[0].id = "370112197013010011".into(); // no such day: declared as born that day
        people[0].birth = "1970-01-01".into();
        let (known, strangers) = people.split_at(200);
        let register = register(known);
        let births = Births::of(&register);
        let day = Date::from_ymd(1970, 1, 1).unwrap();
        assert_eq!(births.on(day).len(), 200);
        assert_eq!(births.days().collect::<Vec<_>>(), [day.days()]);
        let mut met = 0;
        for person in known.iter().chain(strangers) {
            for mask in [
                "******00000000****",
                "00000000000000****",
                "***00000000000****",
                "000000000000000***",
                "******000000000000",
            ] {
                let hide = |(character, mask): (char, char)| if mask == '*' { '*' } else { character };
                let masked: String = person.id.chars().zip(mask.chars()).map(hide).collect();
                let IdReading::Masked { remains, .. } = ids::read(&masked) else { panic!("{masked}") };
                let Some(birth) = remains.birth() else { continue };
                let slowly = register.persons.iter().any(|person| person.id.is_some_and(|id| remains.agrees(id)));
                assert_eq!(births.any_with(birth, &remains), slowly, "{masked}");
                met += usize::from(slowly);
            }
        }
        assert!(met > 1_100 && met < 1_900, "{met}");
        assert!(births.on(Date::from_ymd(1969, 12, 31).unwrap()).is_empty());
        assert!(births.on(Date::from_ymd(2020, 1, 1).unwrap()).is_empty());
    }
}
