//! Lines of a judgement file that could not be taken, on their way back: where, why, and what they said.
//!
//! The columns of the answer stand under the headings of the review list, so that a mended file can be imported as it is.

use super::listing::{Cell, Column, ColumnKind, Listing};
use crate::kernel::{Lang, wording};

/// Wording keys of the columns that an answer is read from: key, answer, who judged, when, note.
pub const ANSWER_HEADINGS: [&str; 5] =
    ["report.col_key", "report.col_judgement", "report.col_judge", "report.col_judged_on", "report.col_note"];

/// One line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedLine {
    /// Physical line of the imported file, or row of its sheet.
    pub line: u32,
    /// Wording key.
    pub reason: &'static str,
    /// As [`ANSWER_HEADINGS`], as far as they could be read.
    pub answer: [String; 5],
    /// The whole line as it came, where the columns do not show what was wrong.
    pub text: String,
}

/// The lines as CSV.
pub fn returned_csv(lines: &[ReturnedLine], lang: Lang) -> Vec<u8> {
    let headings =
        ["report.col_line", "report.col_reason"].into_iter().chain(ANSWER_HEADINGS).chain(["report.col_text"]);
    let columns = headings.map(|key| Column::new(wording::say(lang, key), 0.0, ColumnKind::Text));
    let mut listing = Listing::new("", columns.collect());
    for line in lines {
        let mut row: Vec<Cell> = vec![u64::from(line.line).into(), wording::say(lang, line.reason).into()];
        row.extend(line.answer.iter().map(|text| Cell::from(text.as_str())));
        row.push(line.text.as_str().into());
        listing.rows.push(row);
    }
    listing.to_csv()
}
