//! review.xlsx: every open question of the run, register and record beside each other, for the centre's own reviewers.
//!
//! One line per key: records that say the same (twelve months with one employer) are one question, and the answer holds
//! for all of them. Filled in, the file comes back by `hedui verdict import`.

use std::collections::BTreeMap;

use super::RunView;
use super::facts::{Telling, row_as_of, row_place};
use super::identity::{answer_columns, state};
use super::listing::{Cell, Column, ColumnKind, Listing};
use crate::kernel::Date;
use crate::model::judgement::{JudgementKey, Review};
use crate::model::link::Link;
use crate::model::table;

/// All open questions, household by household in the order of divisions.
pub(super) fn listing(view: &RunView) -> Listing {
    let mut listing = Listing::new(view.word("report.sheet_pending"), columns(view));
    let telling = Telling::new(view);
    let mut open: Vec<&Review> =
        view.reviews.iter().filter(|review| review.is_open(&view.links[review.link as usize])).collect();
    open.sort_by_key(|review| {
        let household = view.register.persons[view.links[review.link as usize].person as usize].household;
        (view.register.household(household).division, household, review.link)
    });
    let mut alike: BTreeMap<JudgementKey, u64> = BTreeMap::new();
    for review in &open {
        *alike.entry(review.key).or_default() += 1;
    }
    for review in open {
        if let Some(rows) = alike.remove(&review.key) {
            listing.rows.push(row(view, &telling, listing.rows.len() as u64 + 1, review, rows));
        }
    }
    listing
}

fn columns(view: &RunView) -> Vec<Column> {
    use ColumnKind::{Code, Count, Text};
    let columns: [(&str, f64, ColumnKind); 21] = [
        ("report.col_number", 6.0, Count),
        ("report.col_county", 12.0, Text),
        ("report.col_town", 14.0, Text),
        ("report.col_household", 16.0, Code),
        ("report.col_register_name", 10.0, Text),
        ("report.col_delivered_name", 10.0, Text),
        ("report.col_register_id", 21.0, Code),
        ("report.col_delivered_id", 21.0, Code),
        ("report.col_register_birth", 12.0, Text),
        ("report.col_delivered_birth", 12.0, Text),
        ("report.col_register_address", 24.0, Text),
        ("report.col_delivered_address", 24.0, Text),
        ("report.col_department", 18.0, Text),
        ("report.col_facts", 40.0, Text),
        ("report.col_as_of", 12.0, Text),
        ("report.col_row", 30.0, Text),
        ("report.col_rows_alike", 8.0, Count),
        ("report.col_grade", 8.0, Text),
        ("report.col_code", 8.0, Code),
        ("report.col_link", 40.0, Text),
        ("report.col_accepted", 10.0, Text),
    ];
    let columns = columns.into_iter().map(|(key, width, kind)| Column::new(view.word(key), width, kind));
    columns.chain(answer_columns(view)).collect()
}

fn row(view: &RunView, telling: &Telling, number: u64, review: &Review, rows: u64) -> Vec<Cell> {
    let link: &Link = &view.links[review.link as usize];
    let evidence = &view.evidences[usize::from(link.source)];
    let (row, party) = (link.row as usize, link.party as usize);
    let person = &view.register.persons[link.person as usize];
    let household = view.register.household(person.household);
    let fields = &evidence.kind.persons[usize::from(link.slot)];
    let delivered_birth = fields.birth.and_then(|column| match &evidence.table.columns[column] {
        table::Column::Date(dates) => dates.get(row),
        _ => None,
    });
    let delivered_address = fields.address.map(|column| evidence.table.columns[column].text(row)).unwrap_or_default();
    let address = view.register.text(link.person, "address");
    vec![
        number.into(),
        view.place(household.division.county()).into(),
        view.town(household.division).into(),
        view.household_code(person.household).into_owned().into(),
        view.person_name(link.person).into_owned().into(),
        view.shown_name(evidence.parties.name.get(party)).into_owned().into(),
        view.person_id(link.person).into(),
        view.shown_id(evidence.parties.id.get(party)).into_owned().into(),
        birth(view, person.birth).into(),
        birth(view, delivered_birth).into(),
        view.text(address).into_owned().into(),
        view.text(&delivered_address).into_owned().into(),
        telling.department(Some(link.source)).into(),
        telling.row_facts(view, link.source, link.row, link.slot).into(),
        row_as_of(view, Some(link.source), link.row).into(),
        row_place(view, Some(link.source), link.row).say(view).into(),
        rows.into(),
        link.grade.letter().into(),
        link.code_text().into(),
        (view.explain_fully)(link).into(),
        state(view, review).into(),
        review.key.to_string().into(),
    ]
}

/// A birth date beside a masked id would give the id away: only its year is left.
fn birth(view: &RunView, date: Option<Date>) -> String {
    match date {
        Some(date) if view.masked => format!("{}-**-**", date.year()),
        Some(date) => date.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Centre, PEOPLE, id, review};
    use super::*;
    use crate::kernel::wording::say;
    use crate::kernel::{Lang, masked::mask_id};
    use crate::model::judgement::Answer;

    fn texts(view: &RunView) -> Vec<Vec<String>> {
        listing(view).rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn both_sides_stand_beside_each_other() {
        let centre = Centre::new();
        let view = RunView { masked: false, ..centre.view() };
        let rows = texts(&view);
        assert_eq!(rows.len(), 2, "grade B and grade D; accepted links are not asked about");
        let other_name = rows.iter().find(|row| row[17] == "B").unwrap();
        let own = id(PEOPLE[3].0).to_string();
        assert_eq!(other_name[4..9], ["王德福", "王大力", &own, &own, "1948-04-04"]);
        assert_eq!(other_name[15], "inbox/vehicle/2026-11.csv 第 4 行");
        assert_eq!(other_name[21], review(4).key.to_string());
        assert_eq!(listing(&view).columns.len(), 21 + 5, "five columns come back, the first of them filled");
    }

    #[test]
    fn masked_it_gives_no_birth_date_away() {
        let centre = Centre::new();
        let rows = texts(&centre.view());
        let other_name = rows.iter().find(|row| row[17] == "B").unwrap();
        assert_eq!(
            other_name[4..9],
            ["王*福", "王*力", &mask_id(&id(PEOPLE[3].0).to_string()), &other_name[6], "1948-**-**"]
        );
    }

    #[test]
    fn what_was_judged_is_not_asked_again_and_one_question_stands_once() {
        let mut centre = Centre::new();
        centre.reviews = vec![
            Review { answer: Some(Answer::Other), ..review(1) },
            Review { answer: Some(Answer::Unclear), ..review(4) },
        ];
        let rows = texts(&centre.view());
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0][16].as_str(), rows[0][20].as_str()), ("1", say(Lang::Zh, "report.judgement_unclear")));
        centre.reviews = vec![review(4), Review { link: 4, ..review(1) }, review(4)];
        let rows = texts(&centre.view());
        assert_eq!(rows.iter().map(|row| row[16].as_str()).collect::<Vec<_>>(), ["2", "1"]);
    }
}
