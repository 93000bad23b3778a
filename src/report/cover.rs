//! 封面: who sends what to whom, the figures, and the line that shows that they add up. One for each county, one above.

use super::RunView;
use super::county::Counts;
use super::coverage;
use super::listing::{Cell, Column, ColumnKind, Listing};
use super::standing;
use crate::kernel::{Division, Message};
use crate::model::outcome::Severity;
use crate::model::standing::Change;

/// The first sheet and the head of the page.
pub(super) struct Cover {
    pub title: String,
    /// Label and value, in reading order.
    pub pairs: Vec<(String, Cell)>,
    pub tables: Vec<Listing>,
    /// One more chart of the page, as HTML; empty on a county's.
    pub figure: String,
    /// Sentences at the foot: what the figures rest on and what they cannot say.
    pub notes: Vec<String>,
}

/// The cover of `division`, with the tables by severity, by rule and by source.
pub(super) fn cover(view: &RunView, division: Division, counts: &Counts) -> Cover {
    Cover {
        title: view.say(Message::new("report.title").with("place", titled(view, division))),
        pairs: pairs(view, division, counts),
        tables: vec![by_severity(view, counts), by_rule(view, counts), coverage::summary(view, counts)],
        figure: String::new(),
        notes: vec![
            reconciliation(view, counts),
            view.word("report.note_reference").to_owned(),
            view.word("report.note_not_covered").to_owned(),
            view.word("report.note_use").to_owned(),
        ],
    }
}

/// Whose report it is: a code says that to nobody, so a centre whose own division has no name stands for it.
fn titled(view: &RunView, division: Division) -> String {
    match view.places.get(&division) {
        None if division == view.division => view.centre.to_owned(),
        _ => view.place(division),
    }
}

fn pairs(view: &RunView, division: Division, counts: &Counts) -> Vec<(String, Cell)> {
    let label = |key: &str| view.word(key).to_owned();
    let mut pairs: Vec<(String, Cell)> = vec![
        (label("report.cover_centre"), view.centre.into()),
        (label("report.cover_division"), view.place_with_code(division).into()),
        (label("report.cover_run"), view.run.into()),
        (label("report.cover_as_of"), view.as_of.to_string().into()),
        (label("report.cover_profile"), view.profile.into()),
    ];
    let masking = if view.masked { "report.masked" } else { "report.not_masked" };
    pairs.push((label("report.cover_masking"), label(masking).into()));
    if view.demo {
        pairs.push((label("report.demo"), label("report.demo_note").into()));
    }
    let figures = [
        ("report.cover_households", counts.households),
        ("report.cover_persons", counts.persons),
        ("report.cover_members", counts.members),
        ("report.cover_supporters", counts.supporters),
        ("report.cover_fully_checked", counts.fully_checked),
        ("report.cover_partly_checked", counts.persons - counts.fully_checked - counts.unchecked),
        ("report.cover_unchecked", counts.unchecked),
        ("report.cover_flags", counts.flags()),
        ("report.cover_flagged_households", counts.flagged_households),
        ("standing.cover_new", counts.changes[Change::New as usize]),
        ("standing.cover_changed", counts.changes[Change::Changed as usize]),
        ("standing.cover_same", counts.changes[Change::Same as usize]),
        ("standing.cover_answered", counts.answered),
        ("standing.cover_objections", counts.objections),
        ("standing.cover_kept", counts.kept),
        ("standing.cover_gone", counts.gone),
        ("report.cover_identity", counts.identity),
        ("report.cover_pending", counts.pending),
        ("report.cover_set_aside", counts.set_aside),
    ];
    pairs.extend(figures.map(|(key, figure)| (label(key), figure.into())));
    pairs.push((label("standing.cover_against"), standing::against(view).into()));
    pairs.push((label("standing.cover_precision"), standing::precision_within(view, division).into()));
    if view.filings.is_some() {
        let figures = [("filing.cover_ties", counts.ties), ("filing.cover_not_seen", counts.ties_not_seen)];
        pairs.extend(figures.map(|(key, figure)| (label(key), figure.into())));
    }
    pairs
}

/// Persons × sources = the sum of all states. That it holds is asserted when the package is written.
fn reconciliation(view: &RunView, counts: &Counts) -> String {
    let message = Message::new("report.reconciliation").with("persons", counts.persons);
    let message = message.with("sources", view.coverage.sources());
    view.say(
        message.with("product", counts.persons * view.coverage.sources() as u64).with("sum", counts.states_in_all()),
    )
}

fn by_severity(view: &RunView, counts: &Counts) -> Listing {
    let columns = vec![
        Column::new(view.word("report.col_severity"), 24.0, ColumnKind::Text),
        Column::new(view.word("report.col_flags"), 12.0, ColumnKind::Count),
    ];
    let mut listing = Listing::new(view.word("report.table_severity"), columns);
    for (severity, count) in Severity::ALL.iter().zip(counts.severity) {
        let word = view.word(&format!("report.severity_{}", severity.code()));
        listing.rows.push(vec![word.into(), count.into()]);
    }
    listing.sum = Some(vec![view.word("report.col_sum").into(), counts.flags().into()]);
    listing
}

fn by_rule(view: &RunView, counts: &Counts) -> Listing {
    let columns = vec![
        Column::new(view.word("report.col_rule"), 24.0, ColumnKind::Code),
        Column::new(view.word("report.col_flags"), 12.0, ColumnKind::Count),
        Column::new(view.word("report.col_title"), 12.0, ColumnKind::Text),
    ];
    let mut listing = Listing::new(view.word("report.table_rules"), columns);
    for (card, count) in view.cards.iter().zip(&counts.rules) {
        listing.rows.push(vec![card.code.as_str().into(), (*count).into(), card.title.as_str().into()]);
    }
    listing.sum = Some(vec![view.word("report.col_sum").into(), counts.flags().into(), "".into()]);
    listing
}
