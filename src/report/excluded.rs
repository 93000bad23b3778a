//! 已排除: records that an innocent explanation sets aside in households without a discrepancy. One short line each, so
//! that nothing is dropped and everything can be looked up; what the record says in full stands in the run's snapshot.
//!
//! Records set aside in flagged households stand beside the others in grounds.csv.

use super::RunView;
use super::county::County;
use super::facts::department_of;
use super::listing::CsvText;
use crate::model::outcome::Ground;

/// excluded.csv of a county. Hundreds of thousands of lines for a province: words are looked up once.
pub(super) fn csv(view: &RunView, county: &County) -> Vec<u8> {
    let headings = [
        "report.col_rule",
        "report.col_set_aside",
        "report.col_household",
        "report.col_name",
        "report.col_id",
        "report.col_department",
        "report.col_file",
        "report.col_line",
    ];
    let mut csv = CsvText::new(headings.iter().map(|key| view.word(key)));
    let departments: Vec<String> = view.evidences.iter().map(|evidence| department_of(view, evidence)).collect();
    for line in lines(view, county) {
        let (rule, ground) = line.aside;
        let card = &view.cards[usize::from(*rule)];
        let (department, file, number) = place(view, &departments, ground);
        csv.cell(&card.code);
        csv.cell(ground.innocent.map_or("", |innocent| &card.innocent[usize::from(innocent)]));
        csv.cell(&view.text(line.household));
        csv.drafted(|text| view.push_name(text, line.name));
        csv.drafted(|text| view.push_person_id(text, ground.person));
        csv.plain_cell(department);
        csv.plain_cell(file);
        csv.digits(number);
        csv.end_row();
    }
    csv.into_bytes()
}

struct Line<'v> {
    aside: &'v (u16, Ground),
    household: &'v str,
    name: &'v str,
}

/// Whom the lines are about, looked up before any is written, as in coverage.csv.
fn lines<'v>(view: &'v RunView, county: &County) -> Vec<Line<'v>> {
    let names = view.register.texts("name");
    let line = |index: &u32| {
        let aside = &view.outcomes.set_aside[*index as usize];
        let person = aside.1.person;
        Line { aside, household: view.register.household_of(person).code(), name: names.get(person as usize) }
    };
    county.set_aside.iter().map(line).collect()
}

/// Department, file and physical line of a record.
fn place<'v>(view: &'v RunView, departments: &'v [String], ground: &Ground) -> (&'v str, &'v str, u32) {
    let row = ground.row as usize;
    match ground.source.map(usize::from) {
        Some(source) => {
            let at = &view.evidences[source].refs[row];
            (&departments[source], &view.evidences[source].files[usize::from(at.file)].path, at.line)
        }
        None => (view.word("report.register"), "", view.register.lines[row]),
    }
}
