//! 核对覆盖: person × source, all of it in coverage.csv, summed for the cover, and the people whose check is incomplete.
//!
//! The proof of 凡进必核、在保必核. Every person of the county has one line whether or not anything was found; the sums of
//! the states equal persons × sources.

use super::RunView;
use super::county::{Counts, County};
use super::facts::{delivery_date, department_of};
use super::folder::Folder;
use super::listing::{Cell, Column, ColumnKind, CsvText, Listing};
use super::spread::spread;
use crate::kernel::{Cancel, Message, Result};
use crate::model::coverage::{CoverageState, is_fully_checked};
use crate::model::evidence::Evidence;
use crate::model::register::Role;

/// How many people with an incomplete check the workbook and the page name; coverage.csv has them all.
const LISTED: usize = 5_000;

/// Words of the states, in the order of [`CoverageState::ALL`].
pub(super) fn state_words(view: &RunView) -> [&'static str; CoverageState::ALL.len()] {
    CoverageState::ALL.map(|state| view.word(&format!("coverage.{}", state.code())))
}

/// coverage.csv of all counties: one line per person, one column per source. Over a million lines for a province: words are looked up once.
pub(super) fn csvs(view: &RunView, folders: &mut [Folder], cancel: &Cancel) -> Result<()> {
    let states = state_words(view).map(CsvText::following);
    let [member, supporter] =
        ["report.role_member", "report.role_supporter"].map(|key| CsvText::following(view.word(key)));
    let sources: Vec<String> = view.evidences.iter().map(|evidence| department_of(view, evidence)).collect();
    let person_headings =
        ["report.col_household", "report.col_name", "report.col_id", "report.col_role", "report.col_division"];
    let headings = person_headings.iter().map(|key| view.word(key)).chain(sources.iter().map(String::as_str));
    let names = view.register.texts("name");
    let lines = |csv: &mut CsvText, household: usize| {
        let household = view.register.household(household as u32);
        let code = view.text(household.code());
        for &number in household.persons {
            let person = &view.register.persons[number as usize];
            csv.cell(&code);
            csv.drafted(|text| match names.get(number as usize) {
                "" => text.push_str(&view.person_name(number)),
                name => view.push_name(text, name),
            });
            csv.drafted(|text| view.push_person_id(text, number));
            csv.made(if person.role == Role::Member { &member } else { &supporter });
            csv.digits(person.division);
            view.coverage.of(number).iter().for_each(|state| csv.made(&states[*state as usize]));
            csv.end_row();
        }
    };
    let place_of = |household: usize| view.register.households.county(household as u32);
    spread(folders, "coverage.csv", headings, view.register.households.len(), place_of, lines, cancel)
}

fn role(view: &RunView, person: u32) -> &'static str {
    view.word(match view.register.persons[person as usize].role {
        Role::Member => "report.role_member",
        Role::Supporter => "report.role_supporter",
    })
}

/// Sources by state, with the day each speaks for and whether it came: the table on the cover.
pub(super) fn summary(view: &RunView, counts: &Counts) -> Listing {
    let mut columns = vec![
        Column::new(view.word("report.col_department"), 24.0, ColumnKind::Text),
        Column::new(view.word("report.col_delivery"), 12.0, ColumnKind::Text),
        Column::new(view.word("report.col_source_as_of"), 12.0, ColumnKind::Text),
    ];
    columns.extend(state_words(view).map(|word| Column::new(word, 10.0, ColumnKind::Count)));
    columns.push(Column::new(view.word("report.col_sum"), 10.0, ColumnKind::Count));
    let mut listing = Listing::new(view.word("report.table_coverage"), columns);
    for (evidence, states) in view.evidences.iter().zip(&counts.states) {
        let mut row: Vec<Cell> = vec![
            department_of(view, evidence).into(),
            delivery_word(view, evidence).into(),
            delivery_date(view, &evidence.delivery).into(),
        ];
        row.extend(states.iter().map(|count| Cell::from(*count)));
        row.push(states.iter().sum::<u64>().into());
        listing.rows.push(row);
    }
    listing
}

pub(super) fn delivery_word(view: &RunView, evidence: &Evidence) -> &'static str {
    view.word(&format!("report.delivery_{}", evidence.delivery.state()))
}

/// People with a source that could not answer, and why: by source, in register order, up to [`LISTED`].
pub(super) fn incomplete(view: &RunView, county: &County, counts: &Counts) -> Listing {
    let columns = [
        ("report.col_number", 6.0, ColumnKind::Count),
        ("report.col_household", 16.0, ColumnKind::Code),
        ("report.col_town", 14.0, ColumnKind::Text),
        ("report.col_name", 10.0, ColumnKind::Text),
        ("report.col_id", 21.0, ColumnKind::Code),
        ("report.col_role", 14.0, ColumnKind::Text),
        ("report.col_not_checked", 80.0, ColumnKind::Text),
    ];
    let columns = columns.into_iter().map(|(key, width, kind)| Column::new(view.word(key), width, kind)).collect();
    let mut listing = Listing::new(view.word("report.sheet_coverage"), columns);
    let persons = county.persons(view).filter(|&person| !is_fully_checked(view.coverage.of(person)));
    for person in persons.take(LISTED) {
        let household = view.register.persons[person as usize].household;
        listing.rows.push(vec![
            (listing.rows.len() as u64 + 1).into(),
            view.household_code(household).into_owned().into(),
            view.town(view.register.household(household).division).into(),
            view.person_name(person).into_owned().into(),
            view.person_id(person).into(),
            role(view, person).into(),
            reasons(view, person).into(),
        ]);
    }
    let incomplete = counts.persons - counts.fully_checked;
    let message = Message::new("report.coverage_note").with("count", incomplete).with("listed", listing.rows.len());
    listing.note = Some(view.say(message));
    listing
}

/// `未授权：公安交管（机动车）、不动产登记（不动产）；来源未到：…`
fn reasons(view: &RunView, person: u32) -> String {
    let states = view.coverage.of(person);
    let mut parts = Vec::new();
    for (state, word) in CoverageState::ALL.iter().zip(state_words(view)) {
        if state.is_checked() || *state == CoverageState::NotApplicable {
            continue;
        }
        let sources: Vec<String> = view
            .evidences
            .iter()
            .zip(states)
            .filter(|(_, found)| *found == state)
            .map(|(evidence, _)| department_of(view, evidence))
            .collect();
        if !sources.is_empty() {
            let names = sources.join(view.word("report.between_values"));
            parts.push(view.say(Message::new("report.reason").with("reason", word).with("sources", names)));
        }
    }
    if parts.is_empty() {
        parts.push(view.word("report.nothing_applies").to_owned());
    }
    parts.join(view.word("report.between_reasons"))
}
