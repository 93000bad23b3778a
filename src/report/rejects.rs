//! 退回记录: what goes back to each department to be mended, with file, line, column and reason.
//!
//! The record's text is the department's own and goes back whole; it never enters a county's package. Beside it, what the
//! centre itself has to mend: codes to which no layout gives a meaning.

use super::RunView;
use super::listing::CsvText;
use crate::kernel::{Message, wording};
use crate::model::evidence::{Evidence, Scope};

/// The rejects of one source as CSV; `None` if there are none. Ends with the counts where the list was cut.
pub(super) fn csv(view: &RunView, evidence: &Evidence) -> Option<Vec<u8>> {
    if evidence.reject_counts.is_empty() && evidence.rejects.is_empty() {
        return None;
    }
    let headings = [
        "report.col_file",
        "report.col_sheet",
        "report.col_line",
        "report.col_column",
        "report.col_reason",
        "report.col_scope",
        "report.col_text",
    ];
    let mut csv = CsvText::new(headings.iter().map(|key| view.word(key)));
    let scope = |whole_row: bool, reason: &str| {
        view.word(match Scope::of(reason, whole_row) {
            Scope::Row => "report.whole_row",
            Scope::Person => "report.person_unmatched",
            Scope::Field => "report.field_only",
        })
    };
    for reject in &evidence.rejects {
        csv.cell(&evidence.files[usize::from(reject.at.file)].path);
        csv.cell(&if reject.at.sheet == 0 { String::new() } else { reject.at.sheet.to_string() });
        csv.cell(&reject.at.line.to_string());
        csv.cell(&reject.column);
        csv.cell(wording::say(view.lang, reject.reason));
        csv.cell(scope(reject.whole_row, reject.reason));
        csv.cell(&reject.text);
        csv.end_row();
    }
    let counted: u64 = evidence.reject_counts.values().sum();
    if counted > evidence.rejects.len() as u64 {
        for ((column, reason, whole_row), count) in &evidence.reject_counts {
            (0..3).for_each(|_| csv.cell(""));
            csv.cell(column);
            csv.cell(wording::say(view.lang, reason));
            csv.cell(scope(*whole_row, reason));
            csv.cell(&view.say(Message::new("report.rejects_in_all").with("count", count)));
            csv.end_row();
        }
    }
    Some(csv.into_bytes())
}

/// unmapped.csv: department's codes without a meaning, by source and field; `None` if there are none.
pub(super) fn unmapped(view: &RunView) -> Option<Vec<u8>> {
    let headings = [
        "report.col_source",
        "report.col_department",
        "report.col_column",
        "report.col_raw_code",
        "report.col_row_count",
    ];
    let mut csv = CsvText::new(headings.iter().map(|key| view.word(key)));
    let all = || view.register_files.iter().copied().chain(view.evidences);
    for evidence in all() {
        for one in &evidence.unmapped {
            csv.cell(&evidence.source);
            csv.cell(&evidence.department);
            csv.cell(&evidence.kind.fields[one.field].label);
            csv.cell(&one.value);
            csv.cell(&one.rows.to_string());
            csv.end_row();
        }
    }
    all().any(|evidence| !evidence.unmapped.is_empty()).then(|| csv.into_bytes())
}
