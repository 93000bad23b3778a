//! 变化、已答复、已消失与反馈准确率: what changed since the run before, what answers settled, what is not found any more,
//! and how often the answers found a fact to be so.
//!
//! 准确率 is confirmed ÷ (confirmed + refuted), of answers in force; 无法核实 and objections are in neither. It says how
//! good rules and sources are, not what anybody is entitled to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::RunView;
use super::county::County;
use super::facts::{Telling, department_of};
use super::listing::{Cell, Column, ColumnKind, Listing};
use super::worklist::{capped, link_of, match_words, record, sentence, severity_word, whom};
use crate::kernel::{Division, Message};
use crate::model::outcome::Ground;
use crate::model::standing::{Absent, LastAnswer, Objection, Stand};
use crate::model::verdict::{Tally, Verdict};

pub(super) fn verdict_word(view: &RunView, verdict: Verdict) -> &'static str {
    view.word(&format!("report.verdict_{}", verdict.code()))
}

/// 新增; 未变, and what was answered last; 异议待复核 with its day.
pub(super) fn change_words(view: &RunView, stand: &Stand) -> Cow<'static, str> {
    let change = change_word(view, stand);
    let said = said_words(view, stand.answer.as_ref(), stand.objection);
    if said.is_empty() { change.into() } else { [change, &said].join(view.word("report.between_reasons")).into() }
}

pub(super) fn change_word(view: &RunView, stand: &Stand) -> &'static str {
    view.word(&format!("standing.{}", stand.change.code()))
}

/// What was said of a discrepancy so far; blank if nothing was.
pub(super) fn said_words(view: &RunView, answer: Option<&LastAnswer>, objection: Option<Objection>) -> String {
    let answer = answer.map(|last| {
        let key = if last.holds { "standing.answered_so" } else { "standing.answered_before" };
        Message::new(key).with("verdict", verdict_word(view, last.verdict)).with("date", last.on)
    });
    let objection = objection.map(|objection| match objection.due {
        Some(due) => Message::new("standing.objected_due").with("date", objection.on).with("due", due),
        None => Message::new("standing.objected").with("date", objection.on),
    });
    let said: Vec<String> = answer.into_iter().chain(objection).map(|message| view.say(message)).collect();
    said.join(view.word("report.between_reasons"))
}

/// How many of the work list the page leaves to the workbook.
pub(super) fn rest_note(view: &RunView, same: usize, answered: usize) -> String {
    view.say(Message::new("standing.page_note").with("same", same).with("answered", answered))
}

/// The run compared with, or that there is none.
pub(super) fn against(view: &RunView) -> String {
    view.history.against.clone().unwrap_or_else(|| view.word("standing.no_earlier_run").to_owned())
}

fn columns(view: &RunView, columns: &[(&str, f64, ColumnKind)]) -> Vec<Column> {
    columns.iter().map(|(key, width, kind)| Column::new(view.word(key), *width, kind.clone())).collect()
}

/// 已答复: what an answer settled, with the answer.
pub(super) fn answered(view: &RunView, county: &County) -> Listing {
    use ColumnKind::{Code, Count, Text};
    let columns = columns(
        view,
        &[
            ("report.col_number", 6.0, Count),
            ("report.col_discrepancy", 18.0, Code),
            ("report.col_severity", 8.0, Text),
            ("report.col_household", 16.0, Code),
            ("report.col_town", 14.0, Text),
            ("report.col_name", 10.0, Text),
            ("report.col_id", 21.0, Code),
            ("report.col_sentence", 40.0, Text),
            ("standing.col_answer", 20.0, Text),
            ("report.col_clause", 24.0, Text),
            ("report.col_checker", 10.0, Text),
            ("report.col_checked_on", 12.0, Text),
        ],
    );
    let mut listing = Listing::new(view.word("standing.sheet_answered"), columns);
    listing.note = Some(view.word("standing.answered_note").to_owned());
    for &index in &county.answered {
        let found = &view.outcomes.discrepancies[index as usize];
        let last = view.history.stands[index as usize].answer.as_ref().expect("an answer settled it");
        let (name, id, _) = whom(view, found);
        let division = view.register.household(found.household).division;
        listing.rows.push(vec![
            (listing.rows.len() as u64 + 1).into(),
            found.id.as_str().into(),
            severity_word(view, found.severity).into(),
            view.household_code(found.household).into_owned().into(),
            view.town(division).into(),
            name.into_owned().into(),
            id.into(),
            sentence(view.lang, found, &view.cards[usize::from(found.rule)]).into(),
            verdict_word(view, last.verdict).into(),
            last.text.as_str().into(),
            last.by.as_str().into(),
            last.on.to_string().into(),
        ]);
    }
    listing
}

/// 已消失与暂存: discrepancies of the run before that this one did not find, and why.
pub(super) fn absent(view: &RunView, indexes: &[u32]) -> Listing {
    use ColumnKind::{Code, Count, Text};
    let columns = columns(
        view,
        &[
            ("report.col_number", 6.0, Count),
            ("report.col_discrepancy", 18.0, Code),
            ("report.col_household", 16.0, Code),
            ("report.col_name", 10.0, Text),
            ("report.col_id", 21.0, Code),
            ("report.col_town", 14.0, Text),
            ("report.col_severity", 8.0, Text),
            ("report.col_rule", 8.0, Code),
            ("report.col_title", 30.0, Text),
            ("report.col_department", 24.0, Text),
            ("report.col_source", 18.0, Text),
            ("standing.col_why", 44.0, Text),
        ],
    );
    let mut listing = Listing::new(view.word("standing.sheet_absent"), columns);
    for &index in indexes {
        let absent = &view.history.absent[index as usize];
        let earlier = &absent.earlier;
        let id = match absent.whom {
            Some(person) => view.person_id(person),
            None => view.shown_id(&earlier.person).into_owned(),
        };
        listing.rows.push(vec![
            (listing.rows.len() as u64 + 1).into(),
            earlier.id.as_str().into(),
            view.text(&earlier.household).into_owned().into(),
            absent.whom.map(|person| view.person_name(person).into_owned()).unwrap_or_default().into(),
            id.into(),
            view.town(earlier.division).into(),
            view.word(&format!("report.severity_{}", earlier.severity)).into(),
            earlier.rule.as_str().into(),
            earlier.title.as_str().into(),
            departments(view, &earlier.sources).into(),
            earlier.sources.join(view.word("report.between_values")).into(),
            why(view, absent).into(),
        ]);
    }
    listing
}

/// Departments of sources, as far as the plan still has them.
fn departments(view: &RunView, sources: &[String]) -> String {
    let known = sources.iter().filter_map(|code| view.evidences.iter().find(|evidence| evidence.source == *code));
    known.map(|evidence| department_of(view, evidence)).collect::<Vec<_>>().join(view.word("report.between_values"))
}

/// Why it is not there, what keeps it unknown, and what was said of it.
fn why(view: &RunView, absent: &Absent) -> String {
    let mut why = view.word(&format!("standing.absent_{}", absent.why.code())).to_owned();
    if !absent.gaps.is_empty() {
        let states = absent.gaps.iter().map(|state| view.word(&format!("coverage.{}", state.code())));
        let states = states.collect::<Vec<_>>().join(view.word("report.between_values"));
        why = view.say(Message::new("report.reason").with("reason", why).with("sources", states));
    }
    let said = said_words(view, absent.answer.as_ref(), absent.objection);
    if said.is_empty() { why } else { [why, said].join(view.word("report.between_reasons")) }
}

/// Links that a county's answer 不属实-同名或错号 throws doubt on: for the centre's reviewers. No link is changed by it.
pub(super) fn doubted_links(view: &RunView) -> Listing {
    use ColumnKind::{Code, Count, Text};
    let columns = columns(
        view,
        &[
            ("report.col_number", 6.0, Count),
            ("report.col_discrepancy", 18.0, Code),
            ("report.col_county", 14.0, Text),
            ("report.col_household", 16.0, Code),
            ("report.col_name", 10.0, Text),
            ("report.col_id", 21.0, Code),
            ("report.col_records", 46.0, Text),
            ("report.col_grade", 8.0, Text),
            ("report.col_link", 40.0, Text),
            ("standing.col_keys", 24.0, Code),
            ("report.col_clause", 24.0, Text),
            ("report.col_checker", 10.0, Text),
            ("report.col_checked_on", 12.0, Text),
        ],
    );
    let mut listing = Listing::new(view.word("standing.sheet_doubted"), columns);
    listing.note = Some(view.word("standing.doubted_note").to_owned());
    let telling = Telling::new(view);
    let keys: BTreeMap<u32, String> = view.reviews.iter().map(|review| (review.link, review.key.to_string())).collect();
    for (found, stand) in view.outcomes.discrepancies.iter().zip(&view.history.stands) {
        let Some(last) = stand.answer.as_ref().filter(|last| last.holds && last.verdict == Verdict::FalseIdentity)
        else {
            continue;
        };
        let counting: Vec<&Ground> = found.grounds.iter().filter(|ground| ground.innocent.is_none()).collect();
        let (name, id, _) = whom(view, found);
        let (grades, links) = match_words(view, counting.iter().copied());
        let asked: Vec<&str> =
            counting.iter().filter_map(|ground| keys.get(&ground.link?)).map(String::as_str).collect();
        let linked = counting.iter().any(|ground| link_of(view, ground).is_some());
        let division = view.register.household(found.household).division;
        listing.rows.push(vec![
            (listing.rows.len() as u64 + 1).into(),
            found.id.as_str().into(),
            view.place(division.county()).into(),
            view.household_code(found.household).into_owned().into(),
            name.into_owned().into(),
            id.into(),
            capped(view, &counting, |ground| record(view, &telling, ground)).into(),
            grades.into_owned().into(),
            if linked { links } else { view.word("report.register").to_owned() }.into(),
            asked.join("\n").into(),
            last.text.as_str().into(),
            last.by.as_str().into(),
            last.on.to_string().into(),
        ]);
    }
    listing
}

/// Confirmed share of the answers by rule, source and county, with Wilson's interval; the sum last.
pub(super) fn precision(view: &RunView) -> Listing {
    use ColumnKind::{Code, Count, Text};
    let columns = columns(
        view,
        &[
            ("report.col_rule", 8.0, Code),
            ("report.col_source", 18.0, Text),
            ("report.col_division", 12.0, Code),
            ("report.col_county", 18.0, Text),
            ("standing.col_confirmed", 10.0, Count),
            ("standing.col_refuted", 10.0, Count),
            ("standing.col_unverified", 12.0, Count),
            ("standing.col_precision", 12.0, Text),
            ("standing.col_interval", 20.0, Text),
        ],
    );
    let mut listing = Listing::new(view.word("standing.sheet_precision"), columns);
    let mut sum = Tally::default();
    for ((rule, source, county), tally) in &view.history.tallies {
        let source = if source.is_empty() { view.word("report.register") } else { source };
        let name = view.places.get(county).cloned().unwrap_or_default();
        let place: [Cell; 4] = [rule.as_str().into(), source.into(), county.to_string().into(), name.into()];
        listing.rows.push(place.into_iter().chain(figures(tally)).collect());
        sum.add(*tally);
    }
    let place: [Cell; 4] = [view.word("report.col_sum").into(), "".into(), "".into(), "".into()];
    listing.sum = Some(place.into_iter().chain(figures(&sum)).collect());
    listing.note = Some(view.word("standing.precision_note").to_owned());
    listing
}

pub(super) fn figures(tally: &Tally) -> [Cell; 5] {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let interval = tally.interval().map(|(low, high)| format!("{} – {}", percent(low), percent(high)));
    [
        tally.confirmed.into(),
        tally.refuted.into(),
        tally.unverified.into(),
        tally.precision().map(percent).unwrap_or_default().into(),
        interval.unwrap_or_default().into(),
    ]
}

/// What the answers in force say within a division, or of all.
pub(super) fn tally_within(view: &RunView, division: Option<Division>) -> Tally {
    let mut sum = Tally::default();
    let within = |county: Division| division.is_none_or(|division| division.covers(county));
    view.history.tallies.iter().filter(|((.., county), _)| within(*county)).for_each(|(_, one)| sum.add(*one));
    sum
}

/// The same for a division as one line of its cover.
pub(super) fn precision_within(view: &RunView, division: Division) -> String {
    let sum = tally_within(view, Some(division));
    let [confirmed, refuted, _, share, interval] = figures(&sum);
    if sum.precision().is_none() {
        return view.word("standing.no_answers").to_owned();
    }
    let message = Message::new("standing.precision").with("share", share).with("interval", interval);
    view.say(message.with("confirmed", confirmed).with("refuted", refuted))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Centre;
    use super::*;
    use crate::kernel::Date;
    use crate::model::standing::Change;

    fn day(number: u32) -> Date {
        Date::from_ymd(2026, 11, number).unwrap()
    }

    fn answered_with(verdict: Verdict, holds: bool) -> LastAnswer {
        LastAnswer { verdict, by: "王".into(), on: day(20), text: "已过户".into(), holds }
    }

    #[test]
    fn a_settled_discrepancy_leaves_the_work_list_and_an_objection_brings_it_back() {
        let mut centre = Centre::new();
        centre.history.stands[0].answer = Some(answered_with(Verdict::FalseDisposed, true));
        let counties = super::super::county::group(&centre.view());
        assert_eq!(
            (counties[0].discrepancies.as_slice(), counties[0].answered.as_slice()),
            ([1].as_slice(), [0].as_slice())
        );
        let csv = String::from_utf8(answered(&centre.view(), &counties[0]).to_csv()).unwrap();
        assert!(csv.contains("不属实-已处分,已过户,王,2026-11-20"), "{csv}");
        centre.history.stands[0].objection = Some(Objection { on: day(21), due: Some(day(26)) });
        let counties = super::super::county::group(&centre.view());
        assert_eq!(counties[0].discrepancies, [1, 0]);
        let words = change_words(&centre.view(), &centre.history.stands[0]);
        assert!(words.contains("异议待复核") && words.contains("2026-11-26"), "{words}");
        centre.history.stands[0].objection = Some(Objection { on: day(21), due: None });
        assert!(change_words(&centre.view(), &centre.history.stands[0]).contains("按当地规定"));
    }

    #[test]
    fn an_answer_to_another_fact_settles_nothing() {
        let mut centre = Centre::new();
        centre.history.stands[0].answer = Some(answered_with(Verdict::FalseStale, false));
        centre.history.stands[0].change = Change::Changed;
        let counties = super::super::county::group(&centre.view());
        assert!(counties[0].answered.is_empty());
        assert!(change_words(&centre.view(), &centre.history.stands[0]).starts_with("事实有变"));
    }

    #[test]
    fn doubted_links_are_shown_to_the_centre() {
        let mut centre = Centre::new();
        centre.history.stands[0].answer = Some(answered_with(Verdict::FalseIdentity, true));
        let listing = doubted_links(&centre.view());
        assert_eq!(listing.rows.len(), 1);
        assert_eq!(listing.rows[0][7], Cell::from("A"));
    }

    #[test]
    fn precision_counts_what_could_be_told() {
        let mut centre = Centre::new();
        let county = Division::parse("370102").unwrap();
        let tally = Tally { confirmed: 8, refuted: 2, unverified: 5 };
        centre.history.tallies.insert(("V001".into(), "vehicle".into(), county), tally);
        let csv = String::from_utf8(precision(&centre.view()).to_csv()).unwrap();
        assert!(csv.contains("V001,vehicle,370102,历下区,8,2,5,80.0 %,49.0 % – 94.3 %"), "{csv}");
        let line = precision_within(&centre.view(), county);
        assert!(line.contains("80.0 %") && line.contains('8'), "{line}");
        let elsewhere = Division::parse("370103").unwrap();
        assert_eq!(precision_within(&centre.view(), elsewhere), "尚无核查反馈");
    }
}
