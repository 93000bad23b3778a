//! 规则说明: every rule of the run, so that a county can check how a discrepancy came about: purpose, sources with their dates,
//! logic as written, legal basis, and known errors. The card says what is the rule's own; the limits of a kind of record
//! stand in the catalogue, since they are the same for every rule that reads it.

use super::RunView;
use super::coverage::delivery_word;
use super::facts::delivery_date;
use super::facts::department_of;
use super::listing::{Column, ColumnKind, Listing};
use crate::kernel::{Message, wording};
use crate::model::kind;
use crate::model::outcome::RuleCard;

/// What a rule's card calls the register, where it reads that and no department's record.
const REGISTER: &str = "enrolment";

pub(super) fn listing(view: &RunView) -> Listing {
    let columns = [
        ("report.col_rule", 8.0),
        ("report.col_title", 26.0),
        ("report.col_severity", 8.0),
        ("package.col_purpose", 30.0),
        ("report.col_kind", 12.0),
        ("package.col_sources", 26.0),
        ("report.col_programmes", 18.0),
        ("report.col_unit", 8.0),
        ("report.col_basis", 36.0),
        ("report.col_advice", 36.0),
        ("report.col_innocent", 36.0),
        ("package.col_limits", 40.0),
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
            REGISTER => view.word("report.register").to_owned(),
            code => kind_label(view, code),
        };
        listing.rows.push(vec![
            card.code.as_str().into(),
            card.title.as_str().into(),
            view.word(&format!("report.severity_{}", card.severity.code())).into(),
            purpose(view, card, &evidence, &programmes).into(),
            evidence.into(),
            sources(view, card).into(),
            programmes.into(),
            card.unit.as_str().into(),
            card.basis.as_str().into(),
            card.advice.as_str().into(),
            card.innocent.join("\n").into(),
            limits(view, card).into(),
            card.rows.as_str().into(),
            card.measure.as_str().into(),
            card.flag.as_str().into(),
            card.parameters.join(view.word("report.between_values")).into(),
        ]);
    }
    listing
}

/// What the rule compares, for whom.
fn purpose(view: &RunView, card: &RuleCard, evidence: &str, programmes: &str) -> String {
    let message = Message::new("package.purpose").with("programmes", programmes).with("kind", evidence);
    // Where it stands in no list, a supporter's pension reads as one below the limit.
    let counts =
        if card.supporters || card.evidence == REGISTER { "" } else { view.word("package.without_supporters") };
    view.say(message.with("title", &card.title).with("supporters", counts))
}

/// The sources of the rule's kind in this run, each with its state and date; a rule without a source says so, since all its
/// households are 未核对 then.
fn sources(view: &RunView, card: &RuleCard) -> String {
    if card.evidence == REGISTER {
        return view.word("report.register").to_owned();
    }
    let own = view.evidences.iter().filter(|evidence| evidence.kind.code == card.evidence);
    let lines: Vec<String> = own
        .map(|evidence| {
            let message = Message::new("package.source").with("department", department_of(view, evidence));
            view.say(
                message
                    .with("state", delivery_word(view, evidence))
                    .with("date", delivery_date(view, &evidence.delivery)),
            )
        })
        .collect();
    match lines.is_empty() {
        true => view.word("package.no_source").to_owned(),
        false => lines.join("\n"),
    }
}

/// Known errors: what records of this kind cannot show, then what none can.
fn limits(view: &RunView, card: &RuleCard) -> String {
    let own = wording::find(view.lang, &format!("package.limit_{}", card.evidence));
    let parts: Vec<&str> = own.into_iter().chain([view.word("package.limit_all")]).collect();
    parts.join("\n")
}

/// The label of a kind, built in or declared by one of the run's sources.
fn kind_label(view: &RunView, code: &str) -> String {
    let declared = view.evidences.iter().find(|evidence| evidence.kind.code == code);
    match declared {
        Some(evidence) => evidence.kind.label.clone(),
        None => kind::builtin(code).map_or_else(|| code.to_owned(), |kind| kind.label),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Centre;
    use super::*;

    #[test]
    fn a_rule_says_what_it_is_for_what_it_rests_on_and_what_it_cannot_see() {
        let mut centre = Centre::new();
        centre.cards[0].evidence = "bank".to_owned();
        let text = |centre: &Centre| String::from_utf8(listing(&centre.view()).to_csv()).unwrap();
        assert!(text(&centre).contains("本次没有这类来源"), "a rule without its source");
        centre.cards[0].evidence = "vehicle".to_owned();
        let sheet = text(&centre);
        for part in ["用机动车记录核对低保对象", "公安交管（机动车）：已到 2026-11-02", "已卖出未过户"]
        {
            assert!(sheet.contains(part), "{part} is not in {sheet}");
        }
    }

    #[test]
    fn every_built_in_kind_has_its_known_errors_in_both_languages() {
        for lang in [wording::Lang::Zh, wording::Lang::En] {
            for code in kind::builtin_codes() {
                assert!(wording::section(lang, "package").contains_key(&format!("limit_{code}")), "{code}");
            }
        }
    }
}
