//! 历次运行 and 部门时效: this run beside those before it, and how often each department's data came in time.

use std::collections::BTreeMap;

use super::RunView;
use super::chart;
use super::listing::{Cell, Column, ColumnKind, Listing};
use crate::model::trend::{SourcePoint, Timeliness, TrendPoint, percent};

/// One row per run, oldest first.
pub(super) fn runs(view: &RunView) -> Listing {
    let mut columns = vec![
        Column::new(view.word("report.cover_run"), 16.0, ColumnKind::Text),
        Column::new(view.word("report.cover_as_of"), 12.0, ColumnKind::Text),
    ];
    let counts = ["persons", "households", "flags", "flagged_households"];
    columns.extend(counts.map(|key| Column::new(view.word(&format!("report.cover_{key}")), 11.0, ColumnKind::Count)));
    columns.push(Column::new(view.word("oversight.col_fully_checked"), 12.0, ColumnKind::Text));
    columns.push(Column::new(view.word("oversight.col_late"), 60.0, ColumnKind::Text));
    let mut listing = Listing::new(view.word("oversight.sheet_trend"), columns);
    listing.rows = view.trend.iter().map(|point| run_row(view, point)).collect();
    listing
}

fn run_row(view: &RunView, point: &TrendPoint) -> Vec<Cell> {
    let share = point.fully_checked.and_then(|checked| percent(checked, point.persons));
    let late: Vec<&str> = point.late().map(|source| source.department.as_str()).collect();
    vec![
        point.run.as_str().into(),
        point.as_of.as_str().into(),
        point.persons.into(),
        point.households.into(),
        point.flags().into(),
        point.flagged_households.into(),
        share.unwrap_or_default().into(),
        late.join(view.word("report.between_values")).into(),
    ]
}

/// One row per source: its last delivery, and its deliveries by state over the runs shown.
pub(super) fn timeliness(view: &RunView) -> Listing {
    let texts = [("report.col_source", 18.0), ("report.col_department", 26.0), ("report.col_source_as_of", 12.0)];
    let counts = [
        "oversight.col_in_time",
        "report.delivery_stale",
        "report.delivery_incomplete",
        "report.delivery_missing",
        "report.delivery_refused",
        "oversight.col_runs",
    ];
    let texts = texts.into_iter().map(|(key, width)| Column::new(view.word(key), width, ColumnKind::Text));
    let counts = counts.into_iter().map(|key| Column::new(view.word(key), 11.0, ColumnKind::Count));
    let mut listing = Listing::new(view.word("oversight.sheet_timeliness"), texts.chain(counts).collect());
    let mut by_source: BTreeMap<&str, (&SourcePoint, [u64; 5])> = BTreeMap::new();
    for source in view.trend.iter().flat_map(|point| &point.sources) {
        let entry = by_source.entry(&source.source).or_insert((source, [0; 5]));
        entry.0 = source;
        entry.1[place(source.state)] += 1;
    }
    for (last, states) in by_source.into_values() {
        let mut row: Vec<Cell> = vec![last.source.as_str().into(), last.department.as_str().into()];
        row.push(last.as_of.clone().unwrap_or_default().into());
        row.extend(states.map(Cell::from));
        row.push(states.iter().sum::<u64>().into());
        listing.rows.push(row);
    }
    listing
}

fn place(state: Timeliness) -> usize {
    match state {
        Timeliness::Arrived => 0,
        Timeliness::Stale => 1,
        Timeliness::Incomplete => 2,
        Timeliness::Missing => 3,
        Timeliness::Refused => 4,
    }
}

/// Discrepancies and flagged households over the runs; nothing to draw from a single run.
pub(super) fn figure(view: &RunView) -> String {
    if view.trend.len() < 2 {
        return String::new();
    }
    let title = view.word("oversight.chart_trend");
    let labels: Vec<&str> = view.trend.iter().map(|point| point.as_of.as_str()).collect();
    let flags = view.trend.iter().map(TrendPoint::flags).collect();
    let households = view.trend.iter().map(|point| point.flagged_households).collect();
    let lines = [(view.word("report.cover_flags"), flags), (view.word("report.cover_flagged_households"), households)];
    format!("<figure><figcaption>{title}</figcaption>{}</figure>", chart::lines(title, &labels, &lines))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Centre;
    use super::*;

    fn point(run: &str, flagged: [u64; 3], state: Timeliness) -> TrendPoint {
        let source = SourcePoint { source: "vehicle".into(), department: "公安交管".into(), state, as_of: None };
        TrendPoint {
            run: run.into(),
            as_of: "2026-11-24".into(),
            persons: 8,
            households: 4,
            fully_checked: Some(6),
            flagged,
            flagged_households: 2,
            sources: vec![source],
        }
    }

    #[test]
    fn runs_and_late_departments_stand_beside_each_other() {
        let centre = Centre::new();
        let trend = [
            point("a", [1, 1, 0], Timeliness::Arrived),
            point("b", [4, 0, 0], Timeliness::Stale),
            point("c", [0, 0, 0], Timeliness::Missing),
            point("d", [0, 0, 0], Timeliness::Incomplete),
        ];
        let view = RunView { trend: &trend, ..centre.view() };
        let csv = String::from_utf8(runs(&view).to_csv()).unwrap();
        assert!(csv.contains("a,2026-11-24,8,4,2,2,75.0%,\n"), "{csv}");
        assert!(csv.contains("b,2026-11-24,8,4,4,2,75.0%,公安交管\n"), "{csv}");
        let csv = String::from_utf8(timeliness(&view).to_csv()).unwrap();
        assert!(csv.ends_with("vehicle,公安交管,,1,1,1,1,0,4\n"), "{csv}");
        assert!(figure(&view).contains("<polyline"));
        assert_eq!(figure(&RunView { trend: &trend[..1], ..view }), "");
    }
}
