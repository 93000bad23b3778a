//! Rows that say something again, and rows that a later one of the same thing replaces: what a rule adds up must not be counted
//! twice, nor as it stood before.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::frame::{Seat, World, evidence_of, fact_text, record};
use crate::kernel::Date;
use crate::model::kind;
use crate::model::register::Role;
use crate::model::table::Column as Field;
use crate::standardise::numbers::is_rounded;

/// Another row of the household states the same fact, and later or before it in the file: a joint account in two rows, one
/// row linked to two members, last month's balance beside this month's. Members and supporters apart: a supporter's row
/// counts for nobody and must not take a member's away.
pub(super) fn repeated(world: &World, seats: &[Seat]) -> Vec<bool> {
    let fact = |seat: &Seat| {
        let is_member = world.register.persons[seat.person as usize].role == Role::Member;
        (is_member, told_apart(world, seat))
    };
    all_but_last(world, seats.chunk_by(|a, b| a.household == b.household), fact)
}

/// Of the rows of a group that say the same, all but the one that was fed back last.
fn all_but_last<'s, K: Ord>(
    world: &World,
    groups: impl Iterator<Item = &'s [Seat]>,
    said: impl Fn(&Seat) -> K,
) -> Vec<bool> {
    let of_group = |rows: &[Seat]| {
        let mut flags = vec![false; rows.len()];
        let mut last: BTreeMap<K, usize> = BTreeMap::new();
        for (place, seat) in rows.iter().enumerate().filter(|_| rows.len() > 1) {
            let stands = last.entry(said(seat)).or_insert(place);
            // The first of a day stands: whoever reads the file finds it first.
            if row_date(world, seat) > row_date(world, &rows[*stands]) {
                flags[std::mem::replace(stands, place)] = true;
            } else {
                flags[place] = *stands != place;
            }
        }
        flags
    };
    groups.flat_map(of_group).collect()
}

/// Another row of the person says the same in every field of its kind, blanks aside, and bears the same number if it bears one: a
/// list that was exported twice. The one that was fed back last stands, of one day the first; how the person is written makes no
/// second payment.
pub(super) fn stated_again(world: &World, seats: &[Seat]) -> Vec<bool> {
    let all_of = |seat: &Seat| {
        let evidence = evidence_of(world, seat);
        let mut said = evidence.source.clone();
        for (field, column) in evidence.kind.fields.iter().zip(&evidence.table.columns) {
            if field.name == kind::RECORD_ID || !kind::is_common(&field.name) {
                said.push('\u{1f}');
                column.push_text(&mut said, seat.row as usize);
            }
        }
        said.retain(|letter| !letter.is_whitespace());
        said
    };
    all_but_last(world, of_persons(seats), all_of)
}

fn of_persons(seats: &[Seat]) -> impl Iterator<Item = &[Seat]> {
    seats.chunk_by(|a, b| (a.household, a.person) == (b.household, b.person))
}

/// The fact of a row, or the row itself where it lacks what tells facts apart: two accounts without a number at one bank are
/// two.
fn told_apart(world: &World, seat: &Seat) -> String {
    let evidence = evidence_of(world, seat);
    let telling = evidence.kind.fact.last().map(|field| &evidence.table.columns[*field]);
    match telling.is_some_and(|column| identifies(&in_one_writing(&column.text(seat.row as usize)))) {
        true => in_one_writing(&fact_text(evidence, seat.row)),
        false => record(world, seat),
    }
}

/// Numbers of accounts, plates and flats come grouped, in either width, with an apostrophe before them.
fn in_one_writing(text: &str) -> String {
    let counts = |letter: &char| !letter.is_whitespace() && !matches!(letter, '-' | '\'' | '\u{2010}'..='\u{2015}');
    text.nfkc().filter(counts).flat_map(char::to_uppercase).collect()
}

/// Fields in which two rows about one thing agree, beside what makes a kind's fact: a plate may be kept for the next car, a garage
/// stands under the number of its flat, and a certificate that was renewed leaves the old one behind.
const OF_THE_THING: [(&str, &[&str]); 4] = [
    ("vehicle", &["plate_type", "brand", "model", "type_code", "registered_on"]),
    ("housing", &["certificate", "area", "purpose", "registered_on"]),
    ("provident_fund", &["employer"]),
    ("business", &["company", "founded_on"]),
];

/// A number that stands for a blank one among those that make a kind's fact: flats registered before there were numbers of units
/// have that of their certificate.
const STANDS_IN: [(&str, &str); 1] = [("housing", "certificate")];

/// A later row of the person says how the same thing stands now: a car that was given up since, an account that was closed. It gives
/// everything that the earlier one gives, and is of the same thing by all that identifies it; by days, for of one day, or without
/// one, nobody can tell.
pub(super) fn replaced(world: &World, seats: &[Seat]) -> Vec<bool> {
    of_persons(seats).flat_map(|rows| replaced_of_person(world, rows)).collect()
}

/// Somebody may have thousands of rows (a number that many use): each is looked at once, not once for each of the others.
fn replaced_of_person(world: &World, rows: &[Seat]) -> Vec<bool> {
    let mut flags = vec![false; rows.len()];
    let days: Vec<Option<Date>> = rows.iter().map(|seat| row_date(world, seat)).collect();
    let mut known = days.iter().flatten();
    let first = known.next();
    if known.all(|day| Some(day) == first) {
        return flags;
    }
    let mut facts: BTreeMap<String, Vec<(usize, Date)>> = BTreeMap::new();
    for (place, day) in days.iter().enumerate() {
        if let Some(day) = day {
            facts.entry(fact(world, &rows[place])).or_default().push((place, *day));
        }
    }
    for dated in facts.into_values().filter(|dated| dated.len() > 1) {
        // By what else tells the thing, and by what is given of it: the last day.
        let said =
            dated.into_iter().map(|(place, day)| (place, day, beside(world, &rows[place]), given(world, &rows[place])));
        let said: Vec<(usize, Date, String, Vec<bool>)> = said.collect();
        let mut last: BTreeMap<&str, BTreeMap<&[bool], Date>> = BTreeMap::new();
        for (_, day, beside, given) in &said {
            let stands = last.entry(beside).or_default().entry(given).or_insert(*day);
            *stands = (*stands).max(*day);
        }
        for (place, day, beside, own) in said.iter().filter(|(place, ..)| is_identified(world, &rows[*place])) {
            let gives_all = |later: &[bool]| own.iter().zip(later).all(|(own, later)| *later || !*own);
            flags[*place] = last[beside.as_str()].iter().any(|(later, on)| on > day && gives_all(later));
        }
    }
    flags
}

fn field_text(world: &World, seat: &Seat, field: usize) -> String {
    in_one_writing(&evidence_of(world, seat).table.columns[field].text(seat.row as usize))
}

fn texts(world: &World, seat: &Seat, fields: impl Iterator<Item = usize>) -> String {
    fields.map(|field| field_text(world, seat, field)).collect::<Vec<_>>().join("\u{1f}")
}

/// What makes the fact of a row.
fn fact(world: &World, seat: &Seat) -> String {
    let kind = &evidence_of(world, seat).kind;
    format!("{}\u{1f}{}", kind.code, texts(world, seat, kind.fact.iter().copied()))
}

/// What tells one thing from another beside that.
fn beside(world: &World, seat: &Seat) -> String {
    let kind = &evidence_of(world, seat).kind;
    let names = OF_THE_THING.iter().filter(|(code, _)| *code == kind.code).flat_map(|(_, fields)| *fields);
    texts(world, seat, names.filter_map(|name| kind.field(name)))
}

/// By field of the kind's own, whether the row gives it.
fn given(world: &World, seat: &Seat) -> Vec<bool> {
    let fields = evidence_of(world, seat).kind.fields.iter().enumerate();
    let own = fields.filter(|(_, field)| !kind::is_common(&field.name));
    own.map(|(field, _)| !field_text(world, seat, field).is_empty()).collect()
}

/// What makes the fact of a row is known, or what stands in for it.
fn is_identified(world: &World, seat: &Seat) -> bool {
    let kind = &evidence_of(world, seat).kind;
    let is_known = |field: usize| identifies(&field_text(world, seat, field));
    let stands_in = STANDS_IN.iter().find(|(code, _)| *code == kind.code).and_then(|(_, name)| kind.field(name));
    let is_stood_in = |field: usize| field_text(world, seat, field).is_empty() && stands_in.is_some_and(is_known);
    kind.fact.iter().any(|field| is_known(*field))
        && kind.fact.iter().all(|field| is_known(*field) || is_stood_in(*field))
}

/// A number that was masked, rounded by a spreadsheet, or is none, is many things' number.
fn identifies(text: &str) -> bool {
    !is_rounded(text) && !text.contains('*') && text.chars().any(|letter| letter.is_alphanumeric() && letter != '0')
}

/// A day to come is no day.
fn row_date(world: &World, seat: &Seat) -> Option<Date> {
    let evidence = evidence_of(world, seat);
    match &evidence.table.columns[evidence.kind.field("as_of")?] {
        Field::Date(days) => days.get(seat.row as usize).filter(|day| *day <= world.register.as_of),
        _ => None,
    }
}

/// The row says how its item of the person stands: it is of the newest month that is not to come, or where all are, of the
/// nearest; fed back more than once for that month, the last time counts. Whatever its state is: what was stopped since is not
/// paid any more. A row without a month is of the day's; without a scheme it is taken for an employee's, as rules take it. Of
/// kinds without months every row is.
pub(super) fn current(world: &World, seats: &[Seat]) -> Vec<bool> {
    let now = world.register.as_of.month().index();
    // Months to come stand behind all others, the farthest last.
    let nearness = |month: i32| if month <= now { month } else { -month };
    let stand = |seat: &Seat| {
        let evidence = evidence_of(world, seat);
        match &evidence.table.columns[evidence.kind.field("month")?] {
            Field::Month(months) => {
                let month = months.get(seat.row as usize).map_or(now, |month| month.index());
                Some((nearness(month), row_date(world, seat)))
            }
            _ => None,
        }
    };
    let item = |seat: &Seat| {
        let evidence = evidence_of(world, seat);
        let text = |name: &str| {
            let text = evidence.kind.field(name).map(|field| evidence.table.columns[field].text(seat.row as usize));
            text.unwrap_or_default().nfkc().filter(|letter| !letter.is_whitespace()).collect::<String>()
        };
        let scheme = text("scheme");
        (if scheme.is_empty() { "employee".to_owned() } else { scheme }, text("item"))
    };
    let of_person = |rows: &[Seat]| {
        if rows.len() == 1 {
            return vec![true];
        }
        let mut last: BTreeMap<(String, String), (i32, Option<Date>)> = BTreeMap::new();
        for (seat, stand) in rows.iter().filter_map(|seat| Some((seat, stand(seat)?))) {
            last.entry(item(seat)).and_modify(|before| *before = stand.max(*before)).or_insert(stand);
        }
        rows.iter().map(|seat| stand(seat).is_none_or(|stand| last[&item(seat)] == stand)).collect()
    };
    of_persons(seats).flat_map(of_person).collect()
}
