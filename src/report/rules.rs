//! 规则说明: every rule of the run as its card says it, so that a county can check how a discrepancy came about.

use super::RunView;
use super::listing::{Column, ColumnKind, Listing};
use crate::model::kind;

pub(super) fn listing(view: &RunView) -> Listing {
    let columns = [
        ("report.col_rule", 8.0),
        ("report.col_title", 26.0),
        ("report.col_severity", 8.0),
        ("report.col_kind", 12.0),
        ("report.col_programmes", 18.0),
        ("report.col_unit", 8.0),
        ("report.col_basis", 36.0),
        ("report.col_advice", 36.0),
        ("report.col_innocent", 36.0),
        ("report.col_rows", 36.0),
        ("report.col_measure", 24.0),
        ("report.col_flag", 24.0),
        ("report.col_parameters", 24.0),
    ];
    let columns = columns.into_iter().map(|(key, width)| Column::new(view.word(key), width, ColumnKind::Text));
    let mut listing = Listing::new(view.word("report.sheet_rules"), columns.collect());
    for card in view.cards {
        let programmes = match card.programmes.is_empty() {
            true => view.word("report.all_programmes").to_owned(),
            false => card.programmes.join(view.word("report.between_values")),
        };
        let evidence = match card.evidence.as_str() {
            "enrolment" => view.word("report.register").to_owned(),
            code => kind_label(view, code),
        };
        listing.rows.push(vec![
            card.code.as_str().into(),
            card.title.as_str().into(),
            view.word(&format!("report.severity_{}", card.severity.code())).into(),
            evidence.into(),
            programmes.into(),
            card.unit.as_str().into(),
            card.basis.as_str().into(),
            card.advice.as_str().into(),
            card.innocent.join("\n").into(),
            card.rows.as_str().into(),
            card.measure.as_str().into(),
            card.flag.as_str().into(),
            card.parameters.join(view.word("report.between_values")).into(),
        ]);
    }
    listing
}

/// The label of a kind, built in or declared by one of the run's sources.
fn kind_label(view: &RunView, code: &str) -> String {
    let declared = view.evidences.iter().find(|evidence| evidence.kind.code == code);
    match declared {
        Some(evidence) => evidence.kind.label.clone(),
        None => kind::builtin(code).map_or_else(|| code.to_owned(), |kind| kind.label),
    }
}
