//! Lines of a filled-in list that could not be taken, on their way back: where, why, and what they said.
//!
//! The columns of the answer stand under the headings of the list, so that a mended file can be imported as it is.

use super::listing::{Cell, Column, ColumnKind, Listing};
use crate::kernel::{Lang, wording};

/// Wording keys of the columns that an answer is read from: key, answer, who judged, when, note.
pub const ANSWER_HEADINGS: [&str; 5] =
    ["report.col_key", "report.col_judgement", "report.col_judge", "report.col_judged_on", "report.col_note"];

/// The same for the work list: discrepancy, answer, clause or evidence, who looked into it, when.
pub const VERDICT_HEADINGS: [&str; 5] = [
    "report.col_discrepancy",
    "report.col_verdict",
    "report.col_clause",
    "report.col_checker",
    "report.col_checked_on",
];

/// One line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedLine {
    /// Sheet of a workbook; blank for a text file.
    pub sheet: String,
    /// Physical line of the imported file, or row of its sheet.
    pub line: u32,
    /// Wording key.
    pub reason: &'static str,
    /// As [`ANSWER_HEADINGS`] or [`VERDICT_HEADINGS`], as far as they could be read.
    pub answer: [String; 5],
    /// The whole line as it came, where the columns do not show what was wrong.
    pub text: String,
}

/// The lines as CSV under the headings they came with.
pub fn returned_csv(lines: &[ReturnedLine], answer: [&'static str; 5], lang: Lang) -> Vec<u8> {
    let headings = ["report.col_sheet", "report.col_line", "report.col_reason"]
        .into_iter()
        .chain(answer)
        .chain(["report.col_text"]);
    let columns = headings.map(|key| Column::new(wording::say(lang, key), 0.0, ColumnKind::Text));
    let mut listing = Listing::new("", columns.collect());
    for line in lines {
        let mut row: Vec<Cell> =
            vec![line.sheet.as_str().into(), u64::from(line.line).into(), wording::say(lang, line.reason).into()];
        row.extend(line.answer.iter().map(|text| Cell::from(text.as_str())));
        row.push(line.text.as_str().into());
        listing.rows.push(row);
    }
    listing.to_csv()
}
