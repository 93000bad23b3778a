//! Rows that say something again, and rows that a later one of the same thing replaces: what a rule adds up must not be counted
//! twice, nor as it stood before.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::frame::{Seat, World, evidence_of, fact_text, record};
use crate::kernel::Date;
use crate::model::evidence::Evidence;
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
    let of_person = |rows: &[Seat]| {
        let replaces = |seat: &Seat| rows.iter().any(|later| is_replaced_by(world, seat, later));
        rows.iter().map(|seat| rows.len() > 1 && replaces(seat)).collect::<Vec<_>>()
    };
    of_persons(seats).flat_map(of_person).collect()
}

fn is_replaced_by(world: &World, seat: &Seat, later: &Seat) -> bool {
    let is_later = row_date(world, seat).zip(row_date(world, later)).is_some_and(|(day, later)| day < later);
    let [own, other] = [seat, later].map(|seat| evidence_of(world, seat));
    if !is_later || own.kind.code != other.kind.code {
        return false;
    }
    let text = |evidence: &Evidence, seat: &Seat, field: usize| {
        in_one_writing(&evidence.table.columns[field].text(seat.row as usize))
    };
    let both = |field: usize| (text(own, seat, field), text(other, later, field));
    let agree = |field: usize| {
        let (own, other) = both(field);
        own == other
    };
    let known = |field: usize| identifies(&text(own, seat, field));
    let stands_in =
        STANDS_IN.iter().find(|(kind, _)| *kind == own.kind.code).and_then(|(_, name)| own.kind.field(name));
    let is_stood_in = |field: usize| text(own, seat, field).is_empty() && stands_in.is_some_and(known);
    let identifies_it = |field: &usize| agree(*field) && (known(*field) || is_stood_in(*field));
    let of_the_thing = OF_THE_THING.iter().filter(|(kind, _)| *kind == own.kind.code).flat_map(|(_, fields)| *fields);
    let fields = own.kind.fields.iter().enumerate().filter(|(_, field)| !kind::is_common(&field.name));
    own.kind.fact.iter().any(|field| known(*field))
        && own.kind.fact.iter().all(identifies_it)
        && of_the_thing.filter_map(|name| own.kind.field(name)).all(agree)
        && fields.map(|(field, _)| both(field)).all(|(given, later)| given.is_empty() || !later.is_empty())
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
