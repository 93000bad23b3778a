//! 已排除: records that an innocent explanation sets aside in households without a discrepancy. One short line each, so
//! that nothing is dropped and everything can be looked up; what the record says in full stands in the run's snapshot.
//!
//! Records set aside in flagged households stand beside the others in grounds.csv.

use super::RunView;
use super::facts::department_of;
use super::folder::Folder;
use super::listing::CsvText;
use super::spread::spread;
use crate::kernel::{Cancel, Result};
use crate::model::outcome::Ground;

/// excluded.csv of all counties. Hundreds of thousands of lines for a province: words are looked up once.
pub(super) fn csvs(view: &RunView, folders: &mut [Folder], cancel: &Cancel) -> Result<()> {
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
    let names = view.register.texts("name");
    let departments: Vec<String> =
        view.evidences.iter().map(|evidence| CsvText::following(&department_of(view, evidence))).collect();
    let own = CsvText::following(view.word("report.register"));
    let household_of = |ground: &Ground| view.register.persons[ground.person as usize].household;
    let line = |csv: &mut CsvText, index: usize| {
        let (rule, ground) = &view.outcomes.set_aside[index];
        let card = &view.cards[usize::from(*rule)];
        csv.cell(&card.code);
        csv.cell(ground.innocent.map_or("", |innocent| &card.innocent[usize::from(innocent)]));
        csv.cell(&view.household_code(household_of(ground)));
        csv.drafted(|text| view.push_name(text, names.get(ground.person as usize)));
        csv.drafted(|text| view.push_person_id(text, ground.person));
        let row = ground.row as usize;
        match ground.source.map(usize::from) {
            Some(source) => {
                let at = &view.evidences[source].refs[row];
                csv.made(&departments[source]);
                csv.plain_cell(&view.evidences[source].files[usize::from(at.file)].path);
                csv.digits(at.line);
            }
            None => {
                csv.made(&own);
                csv.plain_cell("");
                csv.digits(view.register.lines[row]);
            }
        }
        csv.end_row();
    };
    let place_of = |index: usize| view.register.households.county(household_of(&view.outcomes.set_aside[index].1));
    let headings = headings.iter().map(|key| view.word(key));
    spread(folders, "excluded.csv", headings, view.outcomes.set_aside.len(), place_of, line, cancel)
}
