//! 登记: whom the rows of the register's file enrol, household by household.
//!
//! A row without household, or of a household that no other row describes, goes back to whoever keeps the register. Whatever
//! else is at fault, the person stays with the household as 名册有误, because a household that lost a member to a broken row
//! would look richer than it is: a role or state that is a word nobody knows, a missing programme, a division that is none,
//! a record that cannot be read and names a household, a household whose members name two counties. Nobody is matched by
//! such a row, and it never takes a member away.
//!
//! A row that stands in the file twice, cell for cell, is one enrolment: the second goes back. Where two rows enrol a person
//! in one household and say different things of them, the second is at fault. One citizen in two households, or twice under
//! two programmes, is no fault of a row: rules ask about that.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashSet, HashTable};
use rayon::prelude::*;

use super::register::{column_of, dates, texts, whole_id};
use crate::kernel::{CitizenId, Date, Division, alike};
use crate::model::evidence::Evidence;
use crate::model::kind::Kind;
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::table::{Column, Table, Texts, Values};
use crate::standardise::names;

/// The register's persons and households, and the rows that are at fault.
pub(super) struct Enrolment {
    /// Without its table, which [`arrange`] makes of the file's.
    pub(super) register: Register,
    /// By person, the row of the file's table; past its end, of the records that could not be read.
    pub(super) rows: Vec<u32>,
    /// Rows that enrol nobody, in order.
    pub(super) refused: Vec<Faulty>,
    /// Rows that enrol somebody as 名册有误, in order.
    pub(super) unclear: Vec<Faulty>,
}

/// A row at fault: its index, the field, the reason's wording key.
pub(super) type Faulty = (usize, &'static str, &'static str);

/// The field at fault and the reason's wording key.
type Fault = (&'static str, &'static str);

/// A row that stands on the register. Household and programme of its person are numbered in register order, later.
struct Line<'a> {
    household: &'a str,
    /// Of the household's code.
    hash: u64,
    programme: &'a str,
    person: Person,
    /// What it says of the person that nobody knows.
    unclear: Option<Fault>,
}

/// A row, or why it cannot stand on the register by itself.
type Read<'a> = std::result::Result<Line<'a>, Fault>;

/// Whom the file enrols.
pub(super) fn enrol(evidence: &Evidence, as_of: Date) -> Enrolment {
    let columns = Columns::new(&evidence.kind, &evidence.table);
    let mut enrolling = Enrolling::default();
    enrolling.read(&columns, evidence.table.rows());
    enrolling.keep_with_household(&columns);
    enrolling.keep_unread(evidence);
    enrolling.doubt_far_members();
    enrolling.finish(evidence, as_of)
}

/// Puts the file's rows beside their persons. A record that could not be read has a blank row.
pub(super) fn arrange(table: &mut Table, rows: &[u32]) {
    if rows.iter().copied().eq(0..table.rows() as u32) {
        return;
    }
    let unread = rows.iter().filter(|row| **row as usize >= table.rows()).count();
    for column in &mut table.columns {
        (0..unread).for_each(|_| column.push_none());
    }
    table.end_rows(unread);
    table.keep(&rows.iter().map(|row| *row as usize).collect::<Vec<usize>>());
}

#[derive(Default)]
struct Enrolling<'a> {
    persons: Vec<Person>,
    /// By person, as in [`Enrolment::rows`].
    rows: Vec<u32>,
    homes: Homes<'a>,
    programmes: Vec<String>,
    refused: Vec<Faulty>,
    /// Persons, ascending, who are 名册有误, and why if the file's reader did not say it already.
    unclear: Vec<(u32, Option<Fault>)>,
    /// Lines of the records that could not be read.
    unread: Vec<u32>,
}

impl<'a> Enrolling<'a> {
    /// Rows that say of themselves whose household they belong to.
    fn read(&mut self, columns: &Columns<'a>, rows: usize) {
        self.persons.reserve(rows);
        self.rows.reserve(rows);
        self.homes.by_code.reserve(rows, |_| unreachable!("no household stands in it yet"));
        // What depends on one row alone is read on all cores, while the rows before it form households in register order.
        const AT_A_TIME: usize = 1 << 16;
        let (mut read, mut before) = (Vec::with_capacity(AT_A_TIME), Vec::with_capacity(AT_A_TIME));
        for first in (0..rows).step_by(AT_A_TIME) {
            let last = rows.min(first + AT_A_TIME);
            rayon::join(
                || (first..last).into_par_iter().map(|row| columns.line(row)).collect_into_vec(&mut read),
                || self.take(first - before.len(), &before),
            );
            std::mem::swap(&mut read, &mut before);
        }
        self.take(rows - before.len(), &before);
    }

    /// Lines in register order, of which the first stands in row `first`.
    fn take(&mut self, first: usize, lines: &[Read<'a>]) {
        const NEARBY: usize = 32;
        for (nearby, rows) in lines.chunks(NEARBY).zip((first..).step_by(NEARBY)) {
            self.homes.warm(nearby.iter().flatten());
            for (row, line) in (rows..).zip(nearby) {
                match line {
                    Ok(Line { household, hash, programme, person, unclear }) => {
                        let programme = programme_index(&mut self.programmes, programme);
                        let household = self.homes.number(household, *hash, programme, person.division);
                        if unclear.is_some() {
                            self.unclear.push((self.persons.len() as u32, *unclear));
                        }
                        self.persons.push(Person { household, programme, ..person.clone() });
                        self.rows.push(row as u32);
                    }
                    Err((field, reason)) => self.refused.push((row, field, reason)),
                }
            }
        }
    }

    /// A row that names a household which other rows describe stays with it.
    fn keep_with_household(&mut self, columns: &Columns<'a>) {
        for (row, field, reason) in std::mem::take(&mut self.refused) {
            match self.homes.known(columns.household.get(row)) {
                Some(household) => {
                    let (person, _) = columns.person(row, self.homes.divisions[household as usize]);
                    self.keep(person, household, row, Some((field, reason)));
                }
                None => self.refused.push((row, field, reason)),
            }
        }
    }

    /// A record that could not be read, and in which the code of a household stands, is a member of it: once for each line.
    fn keep_unread(&mut self, evidence: &Evidence) {
        for reject in evidence.rejects.iter().filter(|reject| reject.whole_row) {
            // A line that ends otherwise than the others of its file takes the next one with it.
            for line in reject.text.split(['\n', '\r']) {
                let mut named: Vec<u32> = cells(line).filter_map(|cell| self.homes.known(cell)).collect();
                named.sort_unstable();
                named.dedup();
                for household in named {
                    let person = Person {
                        id: None,
                        division: self.homes.divisions[household as usize],
                        birth: None,
                        household,
                        programme: 0,
                        role: Role::Member,
                        state: State::Recipient,
                        mandated: false,
                    };
                    self.keep(person, household, evidence.table.rows() + self.unread.len(), None);
                    self.unread.push(reject.at.line);
                }
            }
        }
    }

    fn keep(&mut self, person: Person, household: u32, row: usize, why: Option<Fault>) {
        self.unclear.push((self.persons.len() as u32, why));
        let programme = self.homes.programmes[household as usize];
        self.persons.push(Person { household, programme, ..person });
        self.rows.push(row as u32);
    }

    /// Members of two counties under one code are two families whose counties number alike, or one with a mistyped division:
    /// nobody can tell, and a stranger's house must not be counted. A supporter may live anywhere.
    fn doubt_far_members(&mut self) {
        let is_far = |person: &&Person| {
            let (own, home) = (person.division, self.homes.divisions[person.household as usize]);
            let apart = |division: Division| division.county() != division.city();
            person.role == Role::Member && own.county() != home.county() && apart(own) && apart(home)
        };
        let doubtful: HashSet<u32, FixedState> =
            self.persons.iter().filter(is_far).map(|person| person.household).collect();
        if doubtful.is_empty() {
            return;
        }
        let mut unclear: BTreeMap<u32, Option<Fault>> = self.unclear.iter().copied().collect();
        for (number, person) in (0..).zip(&self.persons) {
            if doubtful.contains(&person.household) {
                unclear.entry(number).or_insert(Some(("household_id", "run.reject_two_counties")));
            }
        }
        self.unclear = unclear.into_iter().collect();
    }

    fn finish(mut self, evidence: &Evidence, as_of: Date) -> Enrolment {
        let homes = std::mem::take(&mut self.homes);
        let mut households = Households::new(homes.codes, homes.programmes, homes.divisions, &self.persons);
        let repeated = repeated(&households, &self.persons, &self.rows, evidence);
        if !repeated.is_empty() {
            self.take_out(&repeated);
            households = households.with(&self.persons);
        }
        let Self { persons, rows, programmes, mut refused, unclear, unread, .. } = self;
        let told = unclear.iter().filter_map(|(person, why)| Some((rows[*person as usize] as usize, (*why)?)));
        let mut told: Vec<Faulty> = told.map(|(row, (field, reason))| (row, field, reason)).collect();
        told.sort_unstable();
        refused.sort_unstable();
        let line = |row: &u32| match evidence.refs.get(*row as usize) {
            Some(at) => at.line,
            None => unread[*row as usize - evidence.refs.len()],
        };
        let register = Register {
            lines: rows.iter().map(line).collect(),
            faulty: unclear.iter().map(|(person, _)| *person).collect(),
            table: Table::new(evidence.kind.types()),
            persons,
            households,
            programmes,
            as_of,
        };
        Enrolment { register, rows, refused, unclear: told }
    }

    /// Of rows that enrol somebody once more, takes those out that say nothing new; the others are at fault.
    fn take_out(&mut self, repeated: &[(u32, Again)]) {
        let mut unclear: BTreeMap<u32, Option<Fault>> = self.unclear.iter().copied().collect();
        let mut out = Vec::new();
        for (person, again) in repeated {
            match again {
                Again::Alike => {
                    unclear.remove(person);
                    self.refused.push((self.rows[*person as usize] as usize, "person_id", REPEATED));
                    out.push(*person);
                }
                Again::Otherwise => {
                    unclear.entry(*person).or_insert(Some(("person_id", "run.reject_enrolled_otherwise")));
                }
            }
        }
        let moved = |person: u32| person - out.partition_point(|gone| *gone < person) as u32;
        self.unclear = unclear.into_iter().map(|(person, why)| (moved(person), why)).collect();
        let stay: Vec<usize> =
            (0..self.persons.len()).filter(|person| out.binary_search(&(*person as u32)).is_err()).collect();
        self.persons = stay.iter().map(|person| self.persons[*person].clone()).collect();
        self.rows = stay.iter().map(|person| self.rows[*person]).collect();
    }
}

/// The reason of a row that stands in the file a second time. Nothing is unknown of its person.
pub(super) const REPEATED: &str = "run.reject_enrolled_again";

/// How a row enrols somebody who is enrolled in the household already.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    /// It says the same, cell for cell.
    Alike,
    Otherwise,
}

/// Persons, ascending, whom their household has under another row: one id, one programme, and names that are consistent.
/// Two names under one id are two people, of whom one has a mistyped id. Without an id it takes a row that is alike.
fn repeated(households: &Households, persons: &[Person], rows: &[u32], evidence: &Evidence) -> Vec<(u32, Again)> {
    /// Rows of one id in one household that a row is compared with: a register that has more is broken.
    const COMPARED: usize = 16;
    let names = texts(column_of(&evidence.kind, &evidence.table, "name"));
    let fields = evidence.kind.fields.iter().map(|field| field.name.as_str());
    let columns: Vec<(&str, &Column)> = fields.zip(&evidence.table.columns).collect();
    let row = |person: u32| rows[person as usize] as usize;
    let name = |person: u32| if row(person) < names.len() { names.get(row(person)) } else { "" };
    let again = |before: &[(u64, u32)], person: u32| {
        let same = before.iter().map(|(_, other)| *other).filter(|other| {
            persons[*other as usize].programme == persons[person as usize].programme
                && names::compare(name(*other), name(person)).is_consistent()
        });
        let id = |person: u32| persons[person as usize].id;
        let alike = |other: u32| {
            let mut cells = columns.iter().filter(|(field, _)| *field != "person_id" || id(person).is_none());
            cells.all(|(_, column)| column.text(row(other)) == column.text(row(person)))
        };
        let again = same.map(|other| if alike(other) { Again::Alike } else { Again::Otherwise }).min();
        again.filter(|again| id(person).is_some() || *again == Again::Alike)
    };
    // An id, or in the bits that no id has, of somebody without one, the name.
    let key = |person: u32| match (persons[person as usize].id, name(person)) {
        (Some(id), _) => Some(id.packed()),
        (None, "") => None,
        (None, name) => Some(FixedState::default().hash_one(name) | 1 << 63),
    };
    let of_household = |ids: &mut Vec<(u64, u32)>, household: u32| {
        let own = households.persons(household).iter();
        ids.clear();
        ids.extend(own.filter_map(|person| Some((key(*person)?, *person))));
        ids.sort_unstable();
        let mut found = Vec::new();
        for one_id in ids.chunk_by(|a, b| a.0 == b.0) {
            let later = (1..one_id.len()).map(|at| (&one_id[..at.min(COMPARED)], one_id[at].1));
            found.extend(later.filter_map(|(before, person)| Some((person, again(before, person)?))));
        }
        found
    };
    let all = 0..households.len() as u32;
    let mut found: Vec<_> = all.into_par_iter().map_init(Vec::new, of_household).flatten_iter().collect();
    found.sort_unstable();
    found
}

/// The cells of a record that could not be read, as far as they can be told apart. None so short that it could be anything.
pub(super) fn cells(text: &str) -> impl Iterator<Item = &str> {
    const TELLING: usize = 4;
    let cells = text.split([',', '\t', '|', ';', '\n', '\r']).map(|cell| cell.trim_matches(['"', ' ']));
    cells.filter(|cell| cell.len() >= TELLING)
}

/// Households as they come up: a household's first row says its programme and division.
#[derive(Default)]
struct Homes<'a> {
    /// Numbers by the hash of their code. There is room for as many as there are persons, so that it never grows.
    by_code: HashTable<u32>,
    codes: Texts,
    programmes: Vec<u16>,
    divisions: Vec<Division>,
    /// The household of the row before: most rows are of the same one.
    last: Option<(&'a str, u32)>,
}

impl<'a> Homes<'a> {
    /// Reads what numbering these lines will read, all at once: one by one each of these reads would wait for memory.
    fn warm<'l>(&self, lines: impl Iterator<Item = &'l Line<'l>>) {
        let mut touched = 0;
        lines.for_each(|line| {
            self.by_code.find(line.hash, |number| {
                touched ^= number;
                false
            });
        });
        std::hint::black_box(touched);
    }

    fn number(&mut self, code: &'a str, hash: u64, programme: u16, division: Division) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| alike(last.as_bytes(), code.as_bytes())) {
            return number;
        }
        let is_it = |number: &u32| alike(self.codes.get(*number as usize).as_bytes(), code.as_bytes());
        let known = self.by_code.find(hash, is_it).copied();
        let number = known.unwrap_or_else(|| {
            let number = self.codes.len() as u32;
            self.by_code.insert_unique(hash, number, |_| unreachable!("there is room for everybody"));
            self.codes.push(code);
            self.programmes.push(programme);
            self.divisions.push(division);
            number
        });
        self.last = Some((code, number));
        number
    }

    /// The number of a household that has one.
    fn known(&self, code: &str) -> Option<u32> {
        let hash = FixedState::default().hash_one(code);
        self.by_code.find(hash, |number| self.codes.get(*number as usize) == code).copied()
    }
}

/// Programmes are a handful, in order of first appearance.
fn programme_index(programmes: &mut Vec<String>, name: &str) -> u16 {
    let found = programmes.iter().position(|programme| programme == name);
    found.unwrap_or_else(|| {
        programmes.push(name.to_owned());
        programmes.len() - 1
    }) as u16
}

/// The columns of the persons file that make a person, found once for all rows.
struct Columns<'a> {
    id: &'a Texts,
    household: &'a Texts,
    programme: &'a Texts,
    division: &'a Texts,
    role: &'a Texts,
    state: &'a Texts,
    birth: &'a Values<Date>,
}

impl<'a> Columns<'a> {
    fn new(kind: &Kind, table: &'a Table) -> Self {
        let column = |field| column_of(kind, table, field);
        Self {
            id: texts(column("person_id")),
            household: texts(column("household_id")),
            programme: texts(column("programme")),
            division: texts(column("division")),
            role: texts(column("role")),
            state: texts(column("state")),
            birth: dates(column("birth")),
        }
    }

    fn line(&self, row: usize) -> Read<'a> {
        let household = self.household.get(row);
        if household.is_empty() {
            return Err(("household_id", "run.reject_no_household"));
        }
        let programme = self.programme.get(row);
        if programme.is_empty() {
            return Err(("programme", "run.reject_no_programme"));
        }
        let division = Division::parse(self.division.get(row)).ok_or(("division", "run.reject_bad_division"))?;
        let (person, unclear) = self.person(row, division);
        let hash = FixedState::default().hash_one(household);
        Ok(Line { household, hash, programme, person, unclear })
    }

    /// Whom a row enrols, and what it says of them that nobody knows.
    fn person(&self, row: usize, division: Division) -> (Person, Option<Fault>) {
        let mut unclear = None;
        let state = match self.state.get(row) {
            "applicant" => State::Applicant,
            given => {
                unclear = (!matches!(given, "" | "recipient")).then_some(("state", "run.reject_bad_state"));
                State::Recipient
            }
        };
        let role = match self.role.get(row) {
            "supporter" => Role::Supporter,
            given => {
                unclear = (!matches!(given, "" | "member")).then_some(("role", "run.reject_bad_role")).or(unclear);
                Role::Member
            }
        };
        let id = whole_id(self.id.get(row));
        let person = Person {
            id,
            division,
            birth: id.and_then(CitizenId::birth).or(self.birth.get(row)),
            household: 0,
            programme: 0,
            role,
            state,
            mandated: false, // settled for the day, later
        };
        (person, unclear)
    }
}
