//! 核对报告: the verification report of one household, in the form counties know, as PDF and as HTML.
//!
//! Both forms are made of the same blocks (`document`). A report has a number that holds no personal value: county, run
//! and the household's place on the county's register. How often it was printed is the ledger's to say; the caller hands
//! the count over ([`Print`]). Reading a run back and writing files are not done here.

mod case;
mod page;
mod words;

use super::RunView;
use super::county::County;
use super::document::Document;
use super::listing::CsvText;
use super::pdf::{Imprint, to_pdf};
use crate::kernel::wording::say;
use crate::kernel::{Date, Digest, Division, Lang, Message, Result};
pub(super) use case::Cases;
use words::document;

/// The file of a county package: the reports of all its households with discrepancies.
pub(super) const REPORTS: &str = "reports.pdf";

/// Which time this report is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Print {
    /// For a person, and written to the ledger: the day, how many times by now, and the ledger's entry.
    Counted { on: Date, count: u64, entry: u64 },
    /// With the county's package; not counted, and the report says so.
    Nightly,
}

/// Which forms of a report are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportForms {
    pub pdf: bool,
    pub html: bool,
}

/// A report to be made: its number and its print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub number: String,
    pub print: Print,
}

/// A report as it was made; what an index of many says about it.
#[derive(Debug, Clone)]
pub struct MadeReport {
    pub number: String,
    /// Masked as the run's reports are.
    pub household_code: String,
    pub applicant: String,
    pub discrepancies: u64,
    pub pages: u64,
    /// Characters the PDF's font lacks, printed as code points.
    pub missing: u64,
    pub pdf: Option<Vec<u8>>,
    pub html: Option<Vec<u8>>,
}

/// 核对编号: county, run (day and number), and the household's place (from 1) on the county's register:
/// `370102-20261124-01-000123`. Never a number to a spreadsheet.
pub fn report_number(run: &str, county: Division, place: u32) -> String {
    format!("{county}-{run}-{place:06}")
}

/// One line of the index of many reports.
pub struct IndexLine<'a> {
    pub made: &'a MadeReport,
    /// How many times it was printed by now.
    pub count: u64,
    pub file: &'a str,
    pub digest: Digest,
}

/// Which report is whose, as CSV: the one file beside a county's reports that has names in it, masked as they are.
pub fn reports_index(lang: Lang, lines: &[IndexLine<'_>]) -> Vec<u8> {
    let headings = [
        "household.number",
        "report.col_household",
        "household.applicant",
        "report.col_flags",
        "household.col_pages",
        "household.col_prints",
        "report.col_file",
        "household.col_digest",
    ];
    let mut csv = CsvText::new(headings.iter().map(|key| say(lang, key)));
    for IndexLine { made, count, file, digest } in lines {
        csv.cell(&made.number);
        csv.cell(&made.household_code);
        csv.cell(&made.applicant);
        csv.cell(&made.discrepancies.to_string());
        csv.cell(&made.pages.to_string());
        csv.cell(&count.to_string());
        csv.cell(file);
        csv.cell(&digest.to_string());
        csv.end_row();
    }
    csv.into_bytes()
}

/// Makes the reports of some households of a view; the run's tables are sorted by household once.
pub struct Reports<'a> {
    view: &'a RunView<'a>,
    cases: Cases,
}

impl<'a> Reports<'a> {
    pub fn new(view: &'a RunView<'a>, households: Vec<u32>) -> Self {
        Self { view, cases: Cases::new(view, households) }
    }

    /// The report of one of the households.
    ///
    /// # Errors
    /// A form could not be made.
    pub fn make(&self, household: u32, report: Report, forms: ReportForms) -> Result<MadeReport> {
        let case = self.cases.case(self.view, household);
        let document = document(self.view, &report, &case);
        let html = forms.html.then(|| page::to_bytes(self.view, &document)).transpose()?;
        let made = forms.pdf.then(|| to_pdf(&imprint(self.view, &document.title), std::slice::from_ref(&document)));
        let made = made.transpose()?;
        Ok(MadeReport {
            number: report.number,
            household_code: self.view.household_code(household).into_owned(),
            applicant: document.whose,
            discrepancies: case.discrepancies.len() as u64,
            pages: made.as_ref().map_or(0, |pdf| pdf.pages),
            missing: made.as_ref().map_or(0, |pdf| pdf.missing),
            pdf: made.map(|pdf| pdf.bytes),
            html,
        })
    }
}

fn imprint<'a>(view: &RunView<'a>, title: &'a str) -> Imprint<'a> {
    Imprint { title, author: view.centre, day: view.as_of, lang: view.lang }
}

/// Households of a run with discrepancies.
pub(super) fn flagged(view: &RunView) -> Vec<u32> {
    let mut households: Vec<u32> = view.outcomes.discrepancies.iter().map(|one| one.household).collect();
    households.sort_unstable();
    households.dedup();
    households
}

/// All reports of a county's households with discrepancies in one file, in the order of its work list; `None` if there
/// is none.
pub(super) fn of_county(view: &RunView, county: &County, cases: &Cases) -> Result<Option<Vec<u8>>> {
    let mut done = std::collections::BTreeSet::new();
    let in_order = county.discrepancies.iter().map(|index| view.outcomes.discrepancies[*index as usize].household);
    let documents: Vec<Document> = in_order
        .filter(|household| done.insert(*household))
        .map(|household| {
            let place = county.households.binary_search(&household).expect("a county holds its discrepancies' households");
            let number = report_number(view.run, county.division, place as u32 + 1);
            document(view, &Report { number, print: Print::Nightly }, &cases.case(view, household))
        })
        .collect();
    if documents.is_empty() {
        return Ok(None);
    }
    let title = view.say(Message::new("report.title").with("place", view.place(county.division)));
    to_pdf(&imprint(view, &title), &documents).map(|pdf| Some(pdf.bytes))
}
