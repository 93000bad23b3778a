//! 分级汇总: the figures of the counties summed to city, province and all, one line each, as those who supervise read them.
//!
//! A division's line is the sum of the lines one level below it; a county's own line is the county's package. Rejected rows
//! stand by source and not here: a row that could not be read has no division. Precision is what the counties' answers in
//! force say; a discrepancy that rests on several sources counts once in each, as in precision.csv.

use std::collections::BTreeMap;

use super::RunView;
use super::county::{Counts, County};
use super::facts::department_of;
use super::listing::{Cell, Column, ColumnKind, Listing};
use super::standing;
use crate::kernel::Division;
use crate::model::coverage::{CoverageState, StateCounts};
use crate::model::trend::percent;

/// With their widths: so many columns fit a page only if each is as wide as its figures.
const FIGURES: [(&str, f64); 9] = [
    ("report.cover_households", 10.0),
    ("report.cover_persons", 10.0),
    ("report.cover_fully_checked", 10.0),
    ("report.cover_flags", 9.0),
    ("report.severity_high", 8.0),
    ("report.severity_medium", 8.0),
    ("report.severity_low", 8.0),
    ("report.cover_flagged_households", 9.0),
    ("report.cover_identity", 8.0),
];

const ANSWERS: [&str; 3] = ["standing.col_confirmed", "standing.col_refuted", "standing.col_precision"];

/// All, then each province, its cities and their counties, in the order of the codes.
pub(super) fn listing(view: &RunView, counties: &[(County, Counts)], total: &Counts) -> Listing {
    let mut columns = vec![
        Column::new(view.word("oversight.col_level"), 9.0, ColumnKind::Text),
        Column::new(view.word("report.col_division"), 11.0, ColumnKind::Code),
        Column::new(view.word("oversight.col_place"), 13.0, ColumnKind::Text),
    ];
    columns.extend(FIGURES.map(|(key, width)| Column::new(view.word(key), width, ColumnKind::Count)));
    columns.extend(ANSWERS.map(|key| Column::new(view.word(key), 9.0, ColumnKind::Count)));
    columns
        .extend(view.evidences.iter().map(|source| Column::new(department_of(view, source), 9.5, ColumnKind::Count)));
    let mut listing = Listing::new(view.word("oversight.sheet_levels"), columns);
    listing.note = Some(view.word("oversight.levels_note").to_owned());
    listing.rows.push(row(view, "oversight.level_all", None, total));
    for (division, counts) in levels(view, counties, total) {
        let level = match division.digits() {
            2 => "oversight.level_province",
            4 => "oversight.level_city",
            _ => "oversight.level_county",
        };
        listing.rows.push(row(view, level, Some(division), &counts));
    }
    listing
}

/// Sums by division. By code a province stands before its cities and a city before its counties, because what is not known
/// of a code is zeros.
fn levels(view: &RunView, counties: &[(County, Counts)], total: &Counts) -> BTreeMap<Division, Counts> {
    let mut sums: BTreeMap<Division, Counts> = BTreeMap::new();
    for (county, counts) in counties {
        let own = county.division;
        let mut places = vec![own.province(), own.city(), own];
        // A register may know somebody only by city: then that line is already the city's.
        places.dedup();
        for place in places {
            sums.entry(place).or_insert_with(|| Counts::nothing(view)).add(counts);
        }
    }
    let mut provinces = Counts::nothing(view);
    sums.iter().filter(|(division, _)| division.digits() == 2).for_each(|(_, counts)| provinces.add(counts));
    assert_eq!(&provinces, total, "the provinces do not add up to the run");
    sums
}

fn row(view: &RunView, level: &str, division: Option<Division>, counts: &Counts) -> Vec<Cell> {
    let code = division.map(|division| division.to_string()).unwrap_or_default();
    let name = division.and_then(|division| view.places.get(&division).cloned()).unwrap_or_default();
    let [high, medium, low] = counts.severity;
    let mut row: Vec<Cell> = vec![view.word(level).into(), code.into(), name.into()];
    let figures: [u64; FIGURES.len()] = [
        counts.households,
        counts.persons,
        counts.fully_checked,
        counts.flags(),
        high,
        medium,
        low,
        counts.flagged_households,
        counts.identity,
    ];
    row.extend(figures.map(Cell::from));
    let [confirmed, refuted, _, share, _] = standing::figures(&standing::tally_within(view, division));
    row.extend([confirmed, refuted, share]);
    row.extend(counts.states.iter().map(|states| Cell::from(checked_share(view, states))));
    row
}

/// Persons the source answered about, of those it applies to.
fn checked_share(view: &RunView, states: &StateCounts) -> String {
    let sum = |wanted: &dyn Fn(CoverageState) -> bool| -> u64 {
        CoverageState::ALL.iter().zip(states).filter(|(state, _)| wanted(**state)).map(|(_, count)| count).sum()
    };
    let applies = sum(&|state| state != CoverageState::NotApplicable);
    percent(sum(&CoverageState::is_checked), applies).unwrap_or_else(|| view.word("oversight.nobody").to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::county;
    use super::super::fixture::Centre;
    use super::*;
    use crate::model::verdict::Tally;

    #[test]
    fn counties_add_up_to_city_province_and_all() {
        let mut centre = Centre::new();
        let county = Division::parse("370102").unwrap();
        let tally = Tally { confirmed: 3, refuted: 1, unverified: 2 };
        centre.history.tallies.insert(("V001".into(), "vehicle".into(), county), tally);
        let view = centre.view();
        let counties = county::counted(&view);
        let mut total = Counts::nothing(&view);
        counties.iter().for_each(|(_, counts)| total.add(counts));
        let csv = String::from_utf8(listing(&view, &counties, &total).to_csv()).unwrap();
        let lines: Vec<&str> = csv.lines().skip(1).collect();
        // Marriage: stale or no mandate for all but the child of household 0; vehicle: four of five answered.
        let sums = "2,5,1,3,2,1,0,2,1,3,1,75.0 %,20.0%,0.0%,80.0%";
        assert_eq!(lines[0], format!("全部,,,{sums}"));
        assert_eq!(lines[1], format!("省级,370000,,{sums}"));
        assert_eq!(lines[2], format!("市级,370100,济南市,{sums}"));
        assert_eq!(lines[3], "县级,370102,历下区,1,3,1,2,1,1,0,1,0,3,1,75.0 %,33.3%,0.0%,66.7%");
        assert_eq!(lines[4], "县级,370103,,1,2,0,1,1,0,0,1,1,0,0,,0.0%,0.0%,100.0%");
    }
}
