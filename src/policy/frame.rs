//! One polars table per kind of evidence: a row for each accepted link, with the columns the rules of that kind read.
//!
//! For `enrolment`, a row for each person of a citizen who stands on the register more than once. A citizen is compared
//! there if any of those persons has a live mandate (the mandate is the citizen's) and the id is a valid one.

use std::borrow::Cow;

use polars::prelude::*;
use rayon::prelude::*;

use super::check::value_dtype;
use super::citizens::{by_name, is_one_citizen, members};
use super::columns::{Fixed, Origin, RuleColumn, small};
use super::dwellings::{Flat, dwelling_keys};
use super::parameters::{Parameter, Value};
use super::repeats::{current, repeated, replaced, stated_again};
use crate::kernel::{CitizenId, Sieve};
use crate::model::evidence::Evidence;
use crate::model::kind;
use crate::model::link::{Link, NameLevel};
use crate::model::register::{Register, Role, State};
use crate::model::table::Column as Field;
use crate::standardise::ids::{self, IdReading};
use crate::standardise::names;

/// All that an evaluation reads.
pub struct World<'a> {
    pub register: &'a Register,
    pub evidences: &'a [Evidence],
    pub links: &'a [Link],
}

/// Whom and which row a table row is about. Sorted by household and person (by citizen first, for `enrolment`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Number of the citizen among those whose id is enrolled more than once; 0 for evidence.
    pub citizen: u32,
    pub household: u32,
    pub person: u32,
    /// `None` for the register's own row.
    pub source: Option<u16>,
    /// Row in the evidence table, or person index.
    pub row: u32,
    pub link: Option<u32>,
}

/// A table and what its rows are about.
pub struct Frame {
    pub seats: Vec<Seat>,
    pub table: DataFrame,
}

/// Seats of all accepted links of a kind.
pub fn evidence_seats(world: &World, kind: &str) -> Vec<Seat> {
    let of_kind = (0u16..).zip(world.evidences).filter(|(_, evidence)| evidence.kind.code == kind);
    let mut order: Vec<u128> = Vec::new();
    for (source, _) in of_kind {
        // Links stand by source and row.
        let first = world.links.partition_point(|link| link.source < source);
        let own = world.links[first..].iter().take_while(|link| link.source == source);
        let place = |(index, link): (u32, &Link)| {
            let household = world.register.persons[link.person as usize].household;
            u128::from(household) << 64 | u128::from(link.person) << 32 | u128::from(index)
        };
        order.extend((first as u32..).zip(own).filter(|(_, link)| link.accepted).map(place));
    }
    order.par_sort_unstable();
    let seat = |place: u128| {
        let link = &world.links[place as u32 as usize];
        Seat {
            citizen: 0,
            household: (place >> 64) as u32,
            person: link.person,
            source: Some(link.source),
            row: link.row,
            link: Some(place as u32),
        }
    };
    order.into_iter().map(seat).collect()
}

/// Seats of the register's own rows, and for each person whether it could be compared.
pub fn enrolment_seats(register: &Register) -> (Vec<Seat>, Vec<bool>) {
    let valid: Vec<Option<u64>> =
        register.persons.par_iter().map(|person| person.id.filter(|id| id.is_valid()).map(CitizenId::packed)).collect();
    let repeated = repeated_ids(&valid);
    let mut compared: Vec<bool> =
        valid.par_iter().zip(&register.persons).map(|(id, person)| id.is_some() && person.mandated).collect();
    let mut enrolled: Vec<(u64, u32)> = (0u32..)
        .zip(&valid)
        .filter_map(|(person, id)| id.filter(|id| repeated.may_hold(*id)).map(|id| (id, person)))
        // Nobody knows what such a row says of its person.
        .filter(|(_, person)| register.faulty.binary_search(person).is_err())
        .collect();
    enrolled.par_sort_unstable();
    let mut seats = Vec::new();
    let mut citizens = 0;
    let of_one_id = enrolled.chunk_by(|a, b| a.0 == b.0).filter(|rows| rows.len() > 1);
    let persons = of_one_id.map(|rows| rows.iter().map(|(_, person)| *person).collect::<Vec<u32>>());
    for citizen in persons.flat_map(|persons| by_name(register, persons)) {
        if !citizen.iter().any(|person| compared[*person as usize]) {
            continue;
        }
        citizens += 1;
        for person in citizen {
            compared[person as usize] = true;
            seats.push(Seat {
                citizen: citizens,
                household: register.persons[person as usize].household,
                person,
                source: None,
                row: person,
                link: None,
            });
        }
    }
    seats.sort_unstable();
    (seats, compared)
}

/// Ids that stand on the register more than once, and a few others: of 1.6 million most need not be sorted then.
fn repeated_ids(ids: &[Option<u64>]) -> Sieve {
    let [mut seen, mut repeated] = [(); 2].map(|()| Sieve::for_numbers(ids.len()));
    for id in ids.iter().flatten() {
        if seen.put(*id) {
            repeated.put(*id);
        }
    }
    repeated
}

/// The table for some columns and parameters.
pub fn build(
    world: &World,
    seats: Vec<Seat>,
    columns: &[RuleColumn],
    parameters: &[&Parameter],
) -> PolarsResult<Frame> {
    let column = |column: &RuleColumn| match column.origin {
        Origin::Field(field) => evidence_column(world, &seats, column, field, false),
        Origin::FieldMonth(field) => evidence_column(world, &seats, column, field, true),
        Origin::Fixed(fixed) => fixed_column(world, &seats, column, fixed),
    };
    let mut filled = columns.par_iter().map(column).collect::<PolarsResult<Vec<Column>>>()?;
    for parameter in parameters {
        let values: Vec<Option<&Value>> =
            world.register.counties().iter().map(|county| parameter.value(*county, world.register.as_of)).collect();
        let dtype = value_dtype(parameter.example());
        let cell = |seat: &Seat| match values[world.register.households.county(seat.household)] {
            Some(Value::Whole(whole)) => Cell::Whole(*whole),
            Some(Value::Decimal(decimal)) => Cell::Decimal(*decimal),
            Some(Value::Flag(flag)) => Cell::Flag(*flag),
            Some(Value::Text(text)) => Cell::Text(Cow::Borrowed(text)),
            None => Cell::Absent,
        };
        filled.push(fill(&parameter.name, &dtype, seats.iter().map(cell))?);
    }
    let table = DataFrame::new(seats.len(), filled)?;
    Ok(Frame { seats, table })
}

/// One value on its way into a column.
enum Cell<'a> {
    Absent,
    /// Empty means absent.
    Text(Cow<'a, str>),
    Whole(i64),
    Decimal(f64),
    Flag(bool),
}

fn fill<'a>(name: &str, dtype: &DataType, cells: impl Iterator<Item = Cell<'a>>) -> PolarsResult<Column> {
    let name = small(name);
    let whole = |cell| match cell {
        Cell::Whole(whole) => Some(whole),
        _ => None,
    };
    let series = match dtype {
        DataType::String => {
            let texts = cells.map(|cell| match cell {
                Cell::Text(text) if !text.is_empty() => Some(text),
                _ => None,
            });
            StringChunked::from_iter_options(name, texts).into_series()
        }
        DataType::Boolean => {
            let flags = cells.map(|cell| match cell {
                Cell::Flag(flag) => Some(flag),
                _ => None,
            });
            BooleanChunked::from_iter_options(name, flags).into_series()
        }
        DataType::Float64 => {
            let decimals = cells.map(|cell| match cell {
                Cell::Decimal(decimal) => Some(decimal),
                _ => None,
            });
            Float64Chunked::from_iter_options(name, decimals).into_series()
        }
        DataType::Date => {
            let days = cells.map(|cell| whole(cell).map(|days| days as i32));
            Int32Chunked::from_iter_options(name, days).into_series().cast(&DataType::Date)?
        }
        _ => Int64Chunked::from_iter_options(name, cells.map(whole)).into_series().cast(dtype)?,
    };
    Ok(series.into())
}

/// A stored value as a cell: dates as days, months as month index, or a date's month.
fn stored(field: &Field, row: usize, month_of_date: bool) -> Cell<'_> {
    match field {
        Field::Text(texts) => Cell::Text(Cow::Borrowed(texts.get(row))),
        Field::Date(dates) => dates.get(row).map_or(Cell::Absent, |date| {
            Cell::Whole(i64::from(if month_of_date { date.month().index() } else { date.days() }))
        }),
        Field::Month(months) => months.get(row).map_or(Cell::Absent, |month| Cell::Whole(month.index().into())),
        Field::Money(amounts) => amounts.get(row).map_or(Cell::Absent, |fen| Cell::Whole(fen.0)),
        Field::Count(counts) => counts.get(row).map_or(Cell::Absent, Cell::Whole),
        Field::Decimal(decimals) => decimals.get(row).map_or(Cell::Absent, Cell::Decimal),
        Field::Flag(flags) => flags.get(row).map_or(Cell::Absent, Cell::Flag),
    }
}

pub(super) fn evidence_of<'a>(world: &World<'a>, seat: &Seat) -> &'a Evidence {
    &world.evidences[usize::from(seat.source.expect("a seat of evidence has a source"))]
}

fn link_of<'a>(world: &World<'a>, seat: &Seat) -> &'a Link {
    &world.links[seat.link.expect("a seat of evidence has a link") as usize]
}

fn evidence_column(
    world: &World,
    seats: &[Seat],
    column: &RuleColumn,
    field: usize,
    month: bool,
) -> PolarsResult<Column> {
    let cell = |seat: &Seat| stored(&evidence_of(world, seat).table.columns[field], seat.row as usize, month);
    fill(&column.name, &column.dtype, seats.iter().map(cell))
}

fn fixed_column(world: &World, seats: &[Seat], column: &RuleColumn, fixed: Fixed) -> PolarsResult<Column> {
    let register = world.register;
    let fill = |cell: &dyn Fn(usize, &Seat) -> Cell<'static>| {
        fill(&column.name, &column.dtype, seats.iter().enumerate().map(|(at, seat)| cell(at, seat)))
    };
    let person = |seat: &Seat| &register.persons[seat.person as usize];
    let owned = |text: String| Cell::Text(Cow::Owned(text));
    let flags = |flags: Vec<bool>| fill(&|at, _| Cell::Flag(flags[at]));
    match fixed {
        Fixed::Register(_) | Fixed::Programme | Fixed::HouseholdProgramme => {
            borrowed_column(world, seats, column, fixed)
        }
        Fixed::Person => fill(&|_, seat| Cell::Whole(seat.person.into())),
        Fixed::Household => fill(&|_, seat| Cell::Whole(seat.household.into())),
        Fixed::Role => fill(&|_, seat| match person(seat).role {
            Role::Member => Cell::Text("member".into()),
            Role::Supporter => Cell::Text("supporter".into()),
        }),
        Fixed::PersonState => fill(&|_, seat| match person(seat).state {
            State::Applicant => Cell::Text("applicant".into()),
            State::Recipient => Cell::Text("recipient".into()),
        }),
        Fixed::Age => fill(&|_, seat| {
            let years = |birth: crate::kernel::Date| birth.years_until(register.as_of);
            person(seat).birth.map_or(Cell::Absent, |birth| Cell::Whole(years(birth).into()))
        }),
        Fixed::Members => {
            let of_household = |rows: &[Seat]| vec![members(register, rows[0].household); rows.len()];
            let members: Vec<usize> =
                seats.chunk_by(|a, b| a.household == b.household).flat_map(of_household).collect();
            fill(&|at, _| Cell::Whole(members[at] as i64))
        }
        Fixed::Division => fill(&|_, seat| owned(person(seat).division.to_string())),
        Fixed::County => fill(&|_, seat| owned(person(seat).division.county().to_string())),
        Fixed::Grade => fill(&|_, seat| Cell::Text(link_of(world, seat).grade.letter().into())),
        Fixed::NameLevel => fill(&|_, seat| Cell::Text(name_letter(link_of(world, seat).name_level).into())),
        Fixed::Record => fill(&|_, seat| owned(record(world, seat))),
        Fixed::Repeated => flags(repeated(world, seats)),
        Fixed::StatedAgain => flags(stated_again(world, seats)),
        Fixed::Current => flags(current(world, seats)),
        Fixed::Replaced => flags(replaced(world, seats)),
        Fixed::OtherInHousehold => flags(others_in_household(world, seats)),
        Fixed::OtherNameGiven => flags(others_named(world, seats)),
        Fixed::SameName => {
            let of_citizen = |rows: &[Seat]| vec![rows.len() > 1; rows.len()];
            flags(seats.chunk_by(|a, b| a.citizen == b.citizen).flat_map(of_citizen).collect())
        }
        Fixed::DwellingKey => {
            let keys = keys_of_dwellings(world, seats);
            fill(&|at, _| owned(keys[at].clone()))
        }
        Fixed::AsOf => fill(&|_, _| Cell::Whole(register.as_of.days().into())),
        Fixed::AsOfMonth => fill(&|_, _| Cell::Whole(register.as_of.month().index().into())),
    }
}

/// Columns whose texts stand in the register, taken without copies.
fn borrowed_column(world: &World, seats: &[Seat], column: &RuleColumn, fixed: Fixed) -> PolarsResult<Column> {
    let register = world.register;
    let programme = |index: u16| Cell::Text(Cow::Borrowed(register.programmes[usize::from(index)].as_str()));
    let seats = seats.iter();
    match fixed {
        Fixed::Register(field) => {
            let index = kind::register_persons().field(field).expect("fixed columns name fields of the register");
            let field = &register.table.columns[index];
            fill(&column.name, &column.dtype, seats.map(|seat| stored(field, seat.person as usize, false)))
        }
        Fixed::Programme => {
            let of_person = |seat: &Seat| programme(register.persons[seat.person as usize].programme);
            fill(&column.name, &column.dtype, seats.map(of_person))
        }
        _ => {
            let of_household = |seat: &Seat| programme(register.household(seat.household).programme);
            fill(&column.name, &column.dtype, seats.map(of_household))
        }
    }
}

fn name_letter(level: NameLevel) -> String {
    level.letter().to_string()
}

pub(super) fn record(world: &World, seat: &Seat) -> String {
    format!("{}:{}", evidence_of(world, seat).source, seat.row)
}

/// Values of the fields that say "the same fact".
pub fn fact_text(evidence: &Evidence, row: u32) -> String {
    let mut facts = String::new();
    for (place, field) in evidence.kind.fact.iter().enumerate() {
        if place > 0 {
            facts.push('\u{1f}');
        }
        evidence.table.columns[*field].push_text(&mut facts, row as usize);
    }
    facts
}

/// The row concerns another person of the same household: one is linked to it, or it names one whom the register has there
/// and who could not be matched, for want of a mandate or for a fault of the register. Nobody is accused of a spouse who is
/// declared.
fn others_in_household(world: &World, seats: &[Seat]) -> Vec<bool> {
    let linked = linked_together(world.register, seats).into_iter().zip(seats);
    linked.map(|(linked, seat)| linked || names_one_who_lives_there(world, seat)).collect()
}

fn names_one_who_lives_there(world: &World, seat: &Seat) -> bool {
    let register = world.register;
    let parties = &evidence_of(world, seat).parties;
    let own = seat.link.map(|link| world.links[link as usize].party);
    let first = parties.row.partition_point(|row| *row < seat.row);
    let of_row = (first..parties.len()).take_while(|party| parties.row[*party] == seat.row);
    let mut others = of_row.filter(|party| Some(*party as u32) != own);
    let living = register.household(seat.household).persons.iter().copied().filter(|person| *person != seat.person);
    others.any(|party| {
        let (id, name) = (parties.id.get(party), parties.name.get(party));
        living.clone().any(|person| may_be(register, person, id, name))
    })
}

/// Two ids decide; where one is missing, the name does. Of whom the register could read nothing may be anybody.
fn may_be(register: &Register, person: u32, id: &str, name: &str) -> bool {
    let (own, own_name) = (register.persons[person as usize].id, register.name(person));
    match (own, ids::read(id)) {
        (Some(own), IdReading::Whole { id, .. }) => own == id,
        (None, _) if own_name.is_empty() => true,
        _ => names::compare(own_name, name).is_consistent(),
    }
}

/// Another person of the same household is linked to the same row.
fn linked_together(register: &Register, seats: &[Seat]) -> Vec<bool> {
    let mut order: Vec<u32> = (0..seats.len() as u32).collect();
    let row = |at: u32| {
        let seat = &seats[at as usize];
        (seat.household, seat.source, seat.row)
    };
    order.sort_unstable_by_key(|at| (row(*at), seats[*at as usize].person));
    let mut flags = vec![false; seats.len()];
    for same in order.chunk_by(|a, b| row(*a) == row(*b)) {
        let person = |at: u32| seats[at as usize].person;
        let several = same.iter().any(|at| !is_one_citizen(register, person(same[0]), person(*at)));
        same.iter().for_each(|at| flags[*at as usize] = several);
    }
    flags
}

/// The row names or numbers a person besides the linked one.
fn others_named(world: &World, seats: &[Seat]) -> Vec<bool> {
    let named: Vec<Vec<u8>> = world.evidences.iter().map(named_parties).collect();
    let other = |seat: &Seat| {
        let source = usize::from(seat.source.expect("a seat of evidence has a source"));
        named[source].get(seat.row as usize).is_some_and(|count| *count > 1)
    };
    seats.iter().map(other).collect()
}

/// How many persons each row names or numbers.
fn named_parties(evidence: &Evidence) -> Vec<u8> {
    let mut counts = vec![0u8; evidence.table.rows()];
    let parties = &evidence.parties;
    for (party, row) in parties.row.iter().enumerate() {
        if !parties.id.get(party).is_empty() || !parties.name.get(party).is_empty() {
            let count = &mut counts[*row as usize];
            *count = count.saturating_add(1);
        }
    }
    counts
}

fn keys_of_dwellings(world: &World, seats: &[Seat]) -> Vec<String> {
    fn text<'a>(evidence: &'a Evidence, field: &str, row: usize) -> &'a str {
        let column = evidence.kind.field(field).expect("the vocabulary offers the key only where this field is");
        evidence.table.texts(column).get(row)
    }
    let flats: Vec<Flat> = seats
        .iter()
        .map(|seat| {
            let (evidence, row) = (evidence_of(world, seat), seat.row as usize);
            let area = evidence.kind.field("area").map(|field| &evidence.table.columns[field]);
            Flat {
                household: seat.household,
                unit_number: text(evidence, "unit_number", row),
                location: text(evidence, "location", row),
                area: area.and_then(|area| if let Field::Decimal(areas) = area { areas.get(row) } else { None }),
                record: record(world, seat),
            }
        })
        .collect();
    dwelling_keys(&flats)
}
