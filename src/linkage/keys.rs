//! Keys: under which numbers a row is kept, so that whoever it may speak of finds it without reading the others.
//!
//! The other side of [`Index::wants`]: if an index wants a row, it wants one of the row's keys. A key is a kind in the
//! upper four bits and a value below. A whole id stands under itself; a damaged one under every id that one repair makes
//! of it; what is left of a masked one under its birth date; anything without a usable id under the name; and what no name
//! could find under `ANYBODY`. Keys cost a few bytes a row and promise nothing: rows found are linked as always.

use std::borrow::Cow;

use super::index::{Index, hash_of, name_hash};
use crate::kernel::{CitizenId, Date};
use crate::model::extract_keys::{Entry, Place};
use crate::standardise::ids::{self, IdReading, Remains};
use crate::standardise::{id_repair, names};

const KIND: u64 = 0xF << 60;
const ID: u64 = 0;
const NAME: u64 = 1 << 60;
const BIRTH: u64 = 2 << 60;
const DOCUMENT: u64 = 3 << 60;

/// Rows whose person only a closer look can tell: a name with unreadable letters and no id.
const ANYBODY: u64 = 4 << 60;

/// Calls `each` with every key of a person in a row. Arguments as for [`Index::wants`].
pub fn of_party<'a>(
    id: &[u8],
    id_text: impl FnOnce() -> Cow<'a, str>,
    name: impl FnOnce() -> Cow<'a, str>,
    each: &mut dyn FnMut(u64),
) {
    if let Some(plain) = ids::read_plain(id) {
        each(of_id(plain));
        if plain.birth().is_some() && id.try_into().is_ok_and(ids::plain_check_holds) {
            return;
        }
    }
    match ids::read(&id_text()) {
        IdReading::Whole { id, .. } => {
            each(of_id(id));
            if !id.is_valid() {
                of_repairs(&id.to_ascii(), each);
            }
        }
        IdReading::Broken { text, .. } => {
            of_repairs(text.as_bytes(), each);
            of_name(&name(), each);
        }
        IdReading::Foreign { text } => {
            each(DOCUMENT | hash_of(&text));
            of_name(&name(), each);
        }
        IdReading::Masked { remains, .. } | IdReading::TailLost { remains, .. } => of_remains(&remains, &name(), each),
        IdReading::Missing | IdReading::Placeholder => of_name(&name(), each),
    }
}

fn of_id(id: CitizenId) -> u64 {
    let packed = id.packed();
    assert!(packed & KIND == 0, "a packed id leaves the upper bits free");
    ID | packed
}

fn of_repairs(text: &[u8], each: &mut dyn FnMut(u64)) {
    id_repair::candidates(text).iter().for_each(|(id, _)| each(of_id(*id)));
}

fn of_name(name: &str, each: &mut dyn FnMut(u64)) {
    let hash = name_hash(name);
    if hash != 0 {
        each(NAME | hash);
        if names::is_damaged(name) {
            each(ANYBODY);
        }
    }
}

fn of_remains(remains: &Remains, name: &str, each: &mut dyn FnMut(u64)) {
    match remains.birth() {
        Some(birth) => each(of_birth(birth)),
        None => {
            each(NAME | name_hash(name));
            if names::is_damaged(name) {
                each(ANYBODY);
            }
        }
    }
}

/// Days from 1800-01-01, the first day there is.
fn of_birth(day: Date) -> u64 {
    BIRTH | (i64::from(day.days()) + DAYS_BEFORE_1970) as u64
}

fn day_of(key: u64) -> Date {
    Date::from_days(((key & !KIND) as i64 - DAYS_BEFORE_1970) as i32)
}

/// From 1800-01-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 62_091;

impl Index<'_> {
    /// People with a mandate.
    pub fn people(&self) -> usize {
        self.register.persons.iter().filter(|person| person.mandated).count()
    }

    /// Whether somebody here may be found under this key.
    fn wants_key(&self, key: u64) -> bool {
        match key & KIND {
            ID => self.holds_packed(key),
            NAME => self.knows_name(key & !KIND),
            BIRTH => !self.births().on(day_of(key)).is_empty(),
            DOCUMENT => self.document_hashes().contains(&(key & !KIND)),
            _ => true,
        }
    }

    /// The rows among many, each under its keys, that may be about somebody here; each once where its keys stand together.
    ///
    /// The register's memory is far larger than the caches. Looked up one by one, every id that passes the sieve waits for
    /// its bucket; the buckets are therefore read together first.
    pub fn wanted_among(&self, entries: &[Entry]) -> Vec<Place> {
        let passes = |entry: &&Entry| entry.key & KIND != ID || self.may_hold(entry.key);
        let passing: Vec<&Entry> = entries.iter().filter(passes).collect();
        self.warm_keys(passing.iter().map(|entry| entry.key));
        let wanted = passing.into_iter().filter(|entry| self.wants_key(entry.key));
        let mut places: Vec<Place> = wanted.map(|entry| entry.place).collect();
        places.dedup();
        places
    }

    /// All keys under which rows about the people here may stand, ascending: for a few people.
    pub fn keys(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.packed_ids().chain([ANYBODY]).collect();
        keys.extend(self.name_hashes().map(|hash| NAME | hash));
        keys.extend(self.document_hashes().iter().map(|hash| DOCUMENT | hash));
        keys.extend(self.births().days().map(|day| of_birth(Date::from_days(day))));
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Delivered, Enrolled, Numbers, register};
    use super::*;

    fn keys_of(row: &Delivered) -> Vec<u64> {
        let mut keys = Vec::new();
        of_party(row.id.as_bytes(), || Cow::Borrowed(&row.id), || Cow::Borrowed(&row.name), &mut |key| keys.push(key));
        keys
    }

    #[test]
    fn the_first_day_is_day_zero() {
        assert_eq!(of_birth(Date::from_ymd(1800, 1, 1).unwrap()), BIRTH);
        let day = Date::from_ymd(1949, 12, 31).unwrap();
        assert_eq!(day_of(of_birth(day)), day);
    }

    /// Whatever an index wants, it wants by one of the row's keys, and lists that key: else a row would be passed over.
    #[test]
    fn a_wanted_row_has_a_wanted_key() {
        let mut numbers = Numbers(11);
        let people: Vec<Enrolled> = (0..300).map(|_| numbers.person()).collect();
        let mut rows = Vec::new();
        for person in &people {
            let (id, name) = (person.id.as_str(), person.name.as_str());
            let mut swapped: Vec<u8> = id.bytes().collect();
            swapped.swap(15, 16);
            let ids = [
                id.to_owned(),
                id.to_lowercase(),
                format!(" {} {}", &id[..6], &id[6..]),
                format!("{}********{}", &id[..6], &id[14..]),
                format!("{}****", &id[..14]),
                format!("{}000", &id[..15]),
                format!("{}9{}", &id[..12], &id[13..]),
                String::from_utf8(swapped).unwrap(),
                format!("{}{}", &id[..6], &id[8..17]),
                String::new(),
                "111111111111111111".to_owned(),
                "E12345678".to_owned(),
            ];
            let first: String = name.chars().take(1).collect();
            for id in ids {
                for name in [name.to_owned(), format!("{first}*"), String::new(), "欧阳明月".to_owned()] {
                    rows.push(Delivered { id: id.clone(), name, ..Delivered::default() });
                }
            }
        }
        let known = register(&people[..150]);
        let index = Index::build(&known);
        let (listed, mut wanted) = (index.keys(), 0);
        let (mut entries, mut expected) = (Vec::new(), Vec::new());
        for (line, row) in (0..).zip(&rows) {
            let wants = index.wants(row.id.as_bytes(), || Cow::Borrowed(&row.id), || Cow::Borrowed(&row.name));
            let keys = keys_of(row);
            assert!(!wants || keys.iter().any(|key| index.wants_key(*key)), "{row:?}");
            assert!(keys.iter().all(|key| index.wants_key(*key) == listed.binary_search(key).is_ok()), "{row:?}");
            wanted += usize::from(wants);
            let place = Place::new(0, line).expect("few lines");
            entries.extend(keys.iter().map(|key| Entry { key: *key, place }));
            expected.extend(keys.iter().any(|key| index.wants_key(*key)).then_some(place));
        }
        assert!(wanted > 1_000 && wanted < rows.len(), "{wanted} of {}", rows.len());
        assert_eq!(index.wanted_among(&entries), expected);
    }
}
