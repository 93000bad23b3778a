//! The sheet above the counties: the same figures by county, rule, source and grade, each list with its sum.

use super::RunView;
use super::county::{Counts, County};
use super::coverage::delivery_word;
use super::facts::delivery_date;
use super::facts::department_of;
use super::listing::{Cell, Column, ColumnKind, Listing};
use crate::model::evidence::Bins;
use crate::model::link::Grade;
use crate::model::outcome::OutcomeCounts;

fn columns(view: &RunView, texts: &[(&str, f64)], counts: &[&str]) -> Vec<Column> {
    let texts = texts.iter().map(|(key, width)| Column::new(view.word(key), *width, ColumnKind::Text));
    let counts = counts.iter().map(|key| Column::new(view.word(key), 11.0, ColumnKind::Count));
    texts.chain(counts).collect()
}

/// One row per county, then the sum of them all.
pub(super) fn by_county(view: &RunView, counties: &[(County, Counts)], total: &Counts) -> Listing {
    let columns = columns(
        view,
        &[("report.col_division", 12.0), ("report.col_county", 18.0)],
        &[
            "report.cover_households",
            "report.cover_persons",
            "report.cover_fully_checked",
            "report.cover_partly_checked",
            "report.cover_unchecked",
            "report.cover_flags",
            "report.severity_high",
            "report.severity_medium",
            "report.severity_low",
            "report.cover_flagged_households",
            "report.cover_identity",
            "report.cover_pending",
        ],
    );
    let figures = |counts: &Counts| {
        let [high, medium, low] = counts.severity;
        let flags = counts.flags();
        [
            counts.households,
            counts.persons,
            counts.fully_checked,
            counts.persons - counts.fully_checked - counts.unchecked,
            counts.unchecked,
            flags,
            high,
            medium,
            low,
            counts.flagged_households,
            counts.identity,
            counts.pending,
        ]
        .map(Cell::from)
    };
    let mut listing = Listing::new(view.word("report.sheet_counties"), columns);
    for (county, counts) in counties {
        let name = view.places.get(&county.division).cloned().unwrap_or_default();
        let mut row: Vec<Cell> = vec![county.division.to_string().into(), name.into()];
        row.extend(figures(counts));
        listing.rows.push(row);
    }
    let mut sum: Vec<Cell> = vec![view.word("report.col_sum").into(), "".into()];
    sum.extend(figures(total));
    listing.sum = Some(sum);
    listing
}

/// Discrepancies by rule, and households by outcome: each household in scope is in exactly one of the last three.
pub(super) fn by_rule(view: &RunView, total: &Counts) -> Listing {
    let columns = columns(
        view,
        &[("report.col_rule", 10.0), ("report.col_title", 34.0), ("report.col_severity", 10.0)],
        &["report.col_flags", "report.outcome_flagged", "report.outcome_clear", "report.outcome_not_checked"],
    );
    let mut outcomes = vec![OutcomeCounts::default(); view.cards.len()];
    for ((rule, _), counts) in &view.outcomes.counts {
        outcomes[usize::from(*rule)] += *counts;
    }
    let mut listing = Listing::new(view.word("report.sheet_by_rule"), columns);
    for ((card, flags), outcome) in view.cards.iter().zip(&total.rules).zip(outcomes) {
        listing.rows.push(vec![
            card.code.as_str().into(),
            card.title.as_str().into(),
            view.word(&format!("report.severity_{}", card.severity.code())).into(),
            (*flags).into(),
            outcome.flagged.into(),
            outcome.clear.into(),
            outcome.not_checked.into(),
        ]);
    }
    listing
}

/// Rows by bin for each source: read = linked + unlinked + rejected + skipped.
pub(super) fn by_source(view: &RunView) -> Listing {
    let columns = columns(
        view,
        &[
            ("report.col_source", 18.0),
            ("report.col_department", 26.0),
            ("report.col_delivery", 12.0),
            ("report.col_source_as_of", 12.0),
        ],
        &[
            "report.col_files",
            "report.bin_read",
            "report.bin_linked",
            "report.bin_unlinked",
            "report.bin_rejected",
            "report.bin_skipped",
        ],
    );
    let figures = |bins: &Bins| {
        assert!(bins.closes(), "rows were lost between reading and reporting");
        [bins.read, bins.linked, bins.unlinked, bins.rejected, bins.skipped].map(Cell::from)
    };
    let mut listing = Listing::new(view.word("report.sheet_sources"), columns);
    let (mut files, mut sum) = (0, Bins::default());
    for evidence in view.evidences {
        let mut row: Vec<Cell> = vec![
            evidence.source.as_str().into(),
            department_of(view, evidence).into(),
            delivery_word(view, evidence).into(),
            delivery_date(view, &evidence.delivery).into(),
            (evidence.files.len() as u64).into(),
        ];
        row.extend(figures(&evidence.bins));
        listing.rows.push(row);
        files += evidence.files.len() as u64;
        sum.add(&evidence.bins);
    }
    let mut row: Vec<Cell> = vec![view.word("report.col_sum").into(), "".into(), "".into(), "".into(), files.into()];
    row.extend(figures(&sum));
    listing.sum = Some(row);
    listing
}

/// Links by grade, and how many of them may enter a case.
pub(super) fn by_grade(view: &RunView) -> Listing {
    let columns = columns(
        view,
        &[("report.col_grade", 10.0), ("report.col_meaning", 46.0)],
        &["report.col_links", "report.col_accepted_links"],
    );
    let mut counts = [(0u64, 0u64); Grade::ALL.len()];
    for link in view.links {
        let (all, accepted) = &mut counts[link.grade as usize];
        *all += 1;
        *accepted += u64::from(link.accepted);
    }
    let mut listing = Listing::new(view.word("report.sheet_grades"), columns);
    for (grade, (all, accepted)) in Grade::ALL.into_iter().zip(counts) {
        let meaning = view.word(&format!("report.grade_{}", grade.letter().to_ascii_lowercase()));
        listing.rows.push(vec![grade.letter().into(), meaning.into(), all.into(), accepted.into()]);
    }
    listing
}
