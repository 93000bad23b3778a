//! 同号异名 and 待人工判定: a county's links that need a person's judgement before anything follows from them.

use super::RunView;
use super::county::{County, is_identity};
use super::facts::{Telling, row_as_of, row_place};
use super::listing::{Cell, Column, ColumnKind, Listing};
use super::returned::ANSWER_HEADINGS;
use crate::model::judgement::{Answer, Review};
use crate::model::link::Link;

/// Grade B: the id is this person's, the name in the record is another's.
pub(super) fn same_id_other_name(view: &RunView, telling: &Telling, county: &County) -> Listing {
    listing(view, telling, county, "report.sheet_identity", is_identity)
}

/// Grades C to E that nobody has accepted.
pub(super) fn awaiting_judgement(view: &RunView, telling: &Telling, county: &County) -> Listing {
    listing(view, telling, county, "report.sheet_pending", |link| !is_identity(link))
}

/// Both lists as one, for identity.csv; the grade tells them apart.
pub(super) fn all(view: &RunView, telling: &Telling, county: &County) -> Listing {
    listing(view, telling, county, "report.sheet_identity", |_| true)
}

fn listing(
    view: &RunView,
    telling: &Telling,
    county: &County,
    title: &str,
    belongs: impl Fn(&Link) -> bool,
) -> Listing {
    let mut listing = Listing::new(view.word(title), columns(view));
    for &index in &county.reviews {
        let link = view.review_link(index);
        if belongs(link) {
            listing.rows.push(row(view, telling, listing.rows.len() as u64 + 1, &view.reviews[index as usize], link));
        }
    }
    listing
}

impl RunView<'_> {
    /// The link of a review.
    pub(super) fn review_link(&self, review: u32) -> &Link {
        &self.links[self.reviews[review as usize].link as usize]
    }
}

/// The columns that come back: key, answer, who judged, when, and a note.
pub(super) fn answer_columns(view: &RunView) -> Vec<Column> {
    use ColumnKind::{Answer as Blank, Choice, Code, Day};
    let words = Answer::ALL.map(|answer| view.word(&format!("report.judgement_{}", answer.code()))).to_vec();
    let kinds = [(23.0, Code), (14.0, Choice(words)), (10.0, Blank), (12.0, Day), (24.0, Blank)];
    let columns = ANSWER_HEADINGS.into_iter().zip(kinds);
    columns.map(|(key, (width, kind))| Column::new(view.word(key), width, kind)).collect()
}

/// Waiting, or what was last said of a question that is still open.
pub(super) fn state(view: &RunView, review: &Review) -> &'static str {
    match review.answer {
        Some(answer) => view.word(&format!("report.judgement_{}", answer.code())),
        None => view.word("report.review_open"),
    }
}

fn columns(view: &RunView) -> Vec<Column> {
    use ColumnKind::{Code, Count, Text};
    let columns: [(&str, f64, ColumnKind); 15] = [
        ("report.col_number", 6.0, Count),
        ("report.col_household", 16.0, Code),
        ("report.col_town", 14.0, Text),
        ("report.col_name", 10.0, Text),
        ("report.col_id", 21.0, Code),
        ("report.col_department", 18.0, Text),
        ("report.col_delivered_name", 12.0, Text),
        ("report.col_delivered_id", 21.0, Code),
        ("report.col_facts", 46.0, Text),
        ("report.col_as_of", 12.0, Text),
        ("report.col_row", 36.0, Text),
        ("report.col_grade", 8.0, Text),
        ("report.col_code", 8.0, Code),
        ("report.col_link", 40.0, Text),
        ("report.col_accepted", 10.0, Text),
    ];
    let columns = columns.into_iter().map(|(key, width, kind)| Column::new(view.word(key), width, kind));
    columns.chain(answer_columns(view)).collect()
}

fn row(view: &RunView, telling: &Telling, number: u64, review: &Review, link: &Link) -> Vec<Cell> {
    let evidence = &view.evidences[usize::from(link.source)];
    let party = link.party as usize;
    let household = view.register.persons[link.person as usize].household;
    vec![
        number.into(),
        view.household_code(household).into_owned().into(),
        view.town(view.register.household(household).division).into(),
        view.person_name(link.person).into_owned().into(),
        view.person_id(link.person).into(),
        telling.department(Some(link.source)).into(),
        view.shown_name(evidence.parties.name.get(party)).into_owned().into(),
        view.shown_id(evidence.parties.id.get(party)).into_owned().into(),
        telling.row_facts(view, link.source, link.row, link.slot).into(),
        row_as_of(view, Some(link.source), link.row).into(),
        row_place(view, Some(link.source), link.row).say(view).into(),
        link.grade.letter().into(),
        link.code_text().into(),
        (view.explain)(link).into(),
        state(view, review).into(),
        review.key.to_string().into(),
    ]
}
