//! A household's case in words: the blocks of the 核对报告 in the order counties know.
//!
//! Heading with the boxed number; the family; the result in one computed sentence, and what was not checked; what the
//! rules found; the departments' records in force, one table a source, with 反馈时间; person × source; the notes. Every
//! number is counted from the case. Nothing decides: what is found is 疑似信息，供审核参考 (invariant I-2).

use super::case::{Case, Item, Record};
use super::{Print, Remark, Report};
use crate::kernel::{Date, Division, Message};
use crate::model::coverage::CoverageState;
use crate::model::evidence::{Delivery, Evidence};
use crate::model::outcome::Discrepancy;
use crate::model::register::{Role, State};
use crate::model::standing::Earlier;
use crate::report::RunView;
use crate::report::document::{Block, Document};
use crate::report::facts::{delivery_date, field_text, row_as_of};
use crate::report::worklist::{sentence, whom};

/// Persons in one table of the coverage; a larger family gets several tables.
const PERSONS_IN_A_TABLE: usize = 6;

pub(super) fn document(view: &RunView, report: &Report, case: &Case) -> Document {
    let household = view.register.household(case.household);
    let title = view.say(Message::new("report.title").with("place", view.place(household.division.county())));
    let mut blocks = vec![
        Block::Title { text: title.clone() },
        Block::Boxes {
            label: view.word("household.number").to_owned(),
            characters: report.number.chars().map(String::from).collect(),
        },
        Block::Pairs { pairs: particulars(view, case) },
        heading(view, "household.family"),
    ];
    family(view, case, &mut blocks);
    blocks.push(heading(view, "household.result"));
    result(view, case, &mut blocks);
    blocks.extend(report.remarks.iter().map(|one| Block::Strong { text: remark(view, one) }));
    found(view, case, &mut blocks);
    records(view, case, &mut blocks);
    blocks.push(heading(view, "household.coverage"));
    coverage(view, case, &mut blocks);
    blocks.push(heading(view, "household.notes"));
    notes(view, report, case, &mut blocks);
    let whose = applicant(view, case).map(|person| view.person_name(person).into_owned());
    Document {
        title,
        number: report.number.clone(),
        whose: whose.unwrap_or_default(),
        demo: if view.demo { view.word("report.demo").to_owned() } else { String::new() },
        foot: view.word("report.note_short").to_owned(),
        blocks,
    }
}

fn remark(view: &RunView, remark: &Remark) -> String {
    let text = view.say(remark.message.clone());
    let Some(person) = remark.of else { return text };
    view.say(Message::new("household.remark_of").with("name", view.person_name(person)).with("text", text))
}

fn heading(view: &RunView, key: &str) -> Block {
    Block::Heading { text: view.word(key).to_owned() }
}

fn paragraph(text: String) -> Block {
    Block::Paragraph { text }
}

/// The first member, else the first person.
fn applicant(view: &RunView, case: &Case) -> Option<u32> {
    let persons = view.register.household(case.household).persons;
    let member = |person: &&u32| view.register.persons[**person as usize].role == Role::Member;
    persons.iter().find(member).or(persons.first()).copied()
}

fn particulars(view: &RunView, case: &Case) -> Vec<(String, String)> {
    let household = view.register.household(case.household);
    let label = |key: &str| view.word(key).to_owned();
    let mut pairs = vec![
        (label("household.time"), view.as_of.to_string()),
        (label("household.programme"), view.register.programmes[usize::from(household.programme)].clone()),
    ];
    if let Some(person) = applicant(view, case) {
        let applies = view.register.persons[person as usize].state == State::Applicant;
        let who = if applies { "household.applicant" } else { "household.recipient" };
        pairs.push((label(who), view.person_name(person).into_owned()));
        pairs.push((label("report.col_id"), view.person_id(person)));
    }
    pairs.push((label("household.place"), place(view, household.division)));
    pairs.push((label("report.col_household"), view.household_code(case.household).into_owned()));
    pairs.push((label("report.cover_run"), view.run.to_owned()));
    pairs.push((label("report.cover_profile"), view.profile.to_owned()));
    pairs
}

/// County, town and village by name; of those the centre has no name for, only the deepest, by its code.
fn place(view: &RunView, division: Division) -> String {
    let all = [view.place(division.county()), view.town(division), view.village(division)];
    let mut places: Vec<String> = all.into_iter().filter(|place| !place.is_empty()).collect();
    let deepest = places.pop().unwrap_or_default();
    places.retain(|place| !place.bytes().all(|byte| byte.is_ascii_digit()));
    places.push(deepest);
    places.join(" ")
}

fn family(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    let persons = view.register.household(case.household).persons;
    for (role, caption, nobody) in [
        (Role::Member, "household.members", "household.no_members"),
        (Role::Supporter, "household.supporters", "household.no_supporters"),
    ] {
        let rows: Vec<Vec<String>> = persons
            .iter()
            .filter(|person| view.register.persons[**person as usize].role == role)
            .map(|&person| {
                vec![
                    view.person_name(person).into_owned(),
                    view.person_id(person),
                    view.register.text(person, "relation").to_owned(),
                    view.place(view.register.persons[person as usize].division),
                ]
            })
            .collect();
        if rows.is_empty() {
            // Of people asked about at the window the register says nothing here.
            if !view.register.household(case.household).code().is_empty() {
                blocks.push(paragraph(view.word(nobody).to_owned()));
            }
            continue;
        }
        let head = ["report.col_name", "report.col_id", "report.col_relation", "household.col_home"];
        table(view, view.word(caption).to_owned(), &head, rows, blocks);
    }
}

fn table(view: &RunView, caption: String, head: &[&str], rows: Vec<Vec<String>>, blocks: &mut Vec<Block>) {
    blocks.push(Block::Caption { text: caption });
    blocks.push(Block::Table { head: head.iter().map(|key| view.word(key).to_owned()).collect(), rows });
}

/// 核对了 N 个项目，其中 M 个项目反馈疑似信息：…; and never 无异常: what was not checked stands beside it.
fn result(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    let names: Vec<String> = case.suspected().map(|item| name_of(view, item)).collect();
    let key = match (case.checked(), names.len()) {
        (0, _) => "household.nothing_checked",
        (_, 0) if !is_asked(view, case) => "household.half_asked",
        (_, 0) if !case.answered.is_empty() => "household.nothing_open",
        (_, 0) => "household.nothing_found",
        _ => "household.found",
    };
    let message = Message::new(key).with("checked", case.checked()).with("found", names.len());
    let mut text = view.say(message.with("names", names.join(view.word("report.between_values"))));
    if !case.answered.is_empty() {
        text.push_str(&view.say(Message::new("household.and_answered").with("count", case.answered.len())));
    }
    if case.from_register > 0 {
        text.push_str(&view.say(Message::new("household.from_register").with("count", case.from_register)));
    }
    blocks.push(paragraph(text));
    if !names.is_empty() && !is_asked(view, case) {
        blocks.push(Block::Strong { text: view.word("household.none_half_asked").to_owned() });
    }
    let gaps: Vec<String> = case.items.iter().filter_map(|item| gap(view, item)).collect();
    if !gaps.is_empty() {
        let items = gaps.join(view.word("report.between_reasons"));
        let message = Message::new("household.not_checked").with("count", gaps.len()).with("items", items);
        blocks.push(Block::Strong { text: view.say(message) });
    }
    if case.pending > 0 {
        blocks.push(paragraph(view.say(Message::new("household.pending").with("count", case.pending))));
    }
}

/// Rules that are limited to programmes looked at the household too; else nothing found says little.
fn is_asked(view: &RunView, case: &Case) -> bool {
    let programme = view.register.household(case.household).programme;
    !view.unnamed_programmes.contains(&view.register.programmes[usize::from(programme)])
}

fn evidence<'v>(view: &RunView<'v>, item: &Item) -> &'v Evidence {
    &view.evidences[usize::from(item.source)]
}

fn name_of(view: &RunView, item: &Item) -> String {
    evidence(view, item).kind.label.clone()
}

fn state_word(view: &RunView, state: CoverageState) -> &'static str {
    view.word(&format!("coverage.{}", state.code()))
}

/// 机动车（未授权）; `None` where everything that applies was checked.
fn gap(view: &RunView, item: &Item) -> Option<String> {
    let states: Vec<&str> = item.gaps().into_iter().map(|state| state_word(view, state)).collect();
    if states.is_empty() {
        return None;
    }
    let reasons = states.join(view.word("report.between_values"));
    Some(view.say(Message::new("household.gap").with("item", name_of(view, item)).with("reasons", reasons)))
}

fn found(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    blocks.push(heading(view, "household.discrepancies"));
    if case.discrepancies.is_empty() {
        let key = match (is_asked(view, case), case.answered.is_empty()) {
            (false, _) => "household.none_half_asked",
            (true, true) => "household.none",
            (true, false) => "household.none_open",
        };
        blocks.push(nothing(view, case, key));
    } else {
        findings(view, case, blocks);
    }
    if !case.answered.is_empty() {
        answered(view, case, blocks);
    }
    if !case.kept.is_empty() {
        kept(view, case, blocks);
    }
}

/// The sentence of `key`, that nothing is there, if anything was asked at all.
fn nothing(view: &RunView, case: &Case, key: &str) -> Block {
    let key = if case.checked() == 0 { "household.none_checked" } else { key };
    paragraph(view.word(key).to_owned())
}

/// What an earlier run found and this one could not ask again: 未能核对 is not 未见.
fn kept(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    let head = ["report.col_discrepancy", "report.col_rule", "report.col_title", "household.col_from"];
    let department = |code: &String| {
        let known = view.evidences.iter().find(|evidence| evidence.source == *code);
        known.map_or(code.as_str(), |evidence| &evidence.department).to_owned()
    };
    let row = |earlier: &&Earlier| {
        let from: Vec<String> = earlier.sources.iter().map(department).collect();
        vec![earlier.id.clone(), earlier.rule.clone(), earlier.title.clone(), from.join("\n")]
    };
    table(view, view.word("household.kept").to_owned(), &head, case.kept.iter().map(row).collect(), blocks);
}

fn findings(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    let head = [
        "report.col_discrepancy",
        "report.col_severity",
        "report.col_person",
        "report.col_sentence",
        "household.col_from",
        "report.col_basis",
        "report.col_advice",
    ];
    let rows = case.discrepancies.iter().map(|discrepancy| finding(view, discrepancy)).collect();
    table(view, view.word("household.reference").to_owned(), &head, rows, blocks);
}

fn finding(view: &RunView, discrepancy: &Discrepancy) -> Vec<String> {
    let card = &view.cards[usize::from(discrepancy.rule)];
    let (name, _, relation) = whom(view, discrepancy);
    vec![
        discrepancy.id.clone(),
        view.word(&format!("report.severity_{}", discrepancy.severity.code())).to_owned(),
        format!("{name}\n{relation}"),
        sentence(view.lang, discrepancy, card),
        departments(view, discrepancy),
        card.basis.clone(),
        card.advice.clone(),
    ]
}

/// Whose records count in it, a line each.
fn departments(view: &RunView, discrepancy: &Discrepancy) -> String {
    let mut departments: Vec<&str> = Vec::new();
    for ground in discrepancy.grounds.iter().filter(|ground| ground.innocent.is_none()) {
        let department = match ground.source {
            Some(source) => view.evidences[usize::from(source)].department.as_str(),
            None => view.word("report.register"),
        };
        if !departments.contains(&department) {
            departments.push(department);
        }
    }
    departments.join("\n")
}

/// What somebody looked into and found to be otherwise, or covered by a clause: it is not asked about again.
fn answered(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    let head = [
        "report.col_discrepancy",
        "report.col_person",
        "report.col_sentence",
        "household.col_from",
        "standing.col_answer",
    ];
    let row = |(discrepancy, answer): &(&Discrepancy, &Message)| {
        let (name, _, relation) = whom(view, discrepancy);
        let card = &view.cards[usize::from(discrepancy.rule)];
        vec![
            discrepancy.id.clone(),
            format!("{name}\n{relation}"),
            sentence(view.lang, discrepancy, card),
            departments(view, discrepancy),
            view.say((*answer).clone()),
        ]
    };
    table(view, view.word("household.answered").to_owned(), &head, case.answered.iter().map(row).collect(), blocks);
}

fn records(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    blocks.push(heading(view, "household.records"));
    let with_records: Vec<&Item> = case.items.iter().filter(|item| !item.records.is_empty()).collect();
    if with_records.is_empty() {
        blocks.push(nothing(view, case, "household.no_records"));
    }
    for item in with_records {
        source_table(view, item, blocks);
    }
}

/// One source: whose record, the kind's fields that were given, 反馈时间, and what became of the record.
fn source_table(view: &RunView, item: &Item, blocks: &mut Vec<Block>) {
    let evidence = evidence(view, item);
    let texts: Vec<Vec<String>> = item.records.iter().map(|record| field_texts(view, evidence, record)).collect();
    let given: Vec<usize> =
        (0..evidence.kind.fields.len()).filter(|field| texts.iter().any(|row| !row[*field].is_empty())).collect();
    let mut head = vec![view.word("report.col_name").to_owned()];
    head.extend(given.iter().map(|field| evidence.kind.fields[*field].label.clone()));
    head.extend(["report.col_as_of", "household.col_standing"].map(|key| view.word(key).to_owned()));
    let rows = item.records.iter().zip(&texts).map(|(record, texts)| {
        let mut row = vec![view.person_name(record.person).into_owned()];
        row.extend(given.iter().map(|field| texts[*field].clone()));
        row.push(row_as_of(view, Some(item.source), record.row));
        let at_fault = view.coverage.of(record.person)[usize::from(item.source)] == CoverageState::RecordFault;
        row.push(standing(view, record, at_fault));
        row
    });
    let caption = Message::new("household.source").with("item", &evidence.kind.label);
    let caption = caption.with("department", &evidence.department).with("count", item.records.len());
    blocks.push(Block::Caption { text: view.say(caption) });
    blocks.push(Block::Table { head, rows: rows.collect() });
}

/// By the kind's fields; blank for what is not given and for what a report does not show.
fn field_texts(view: &RunView, evidence: &Evidence, record: &Record) -> Vec<String> {
    let text = |index: usize| field_text(view, evidence, index, record.row, record.slot);
    (0..evidence.kind.fields.len()).map(text).collect()
}

/// 疑似信息 with its numbers, 已排除 with the reason, or a record and no more. `at_fault`: rules could not go by some record that the
/// source has of the person.
fn standing(view: &RunView, record: &Record, at_fault: bool) -> String {
    let mut lines = Vec::new();
    let counts = [("household.counts", &record.counts_in), ("household.counts_answered", &record.answered_in)];
    for (key, ids) in counts.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        let ids = ids.join(view.word("report.between_values"));
        lines.push(view.say(Message::new(key).with("ids", ids)));
    }
    // What one rule counts, another set aside: that it counts is what the household is asked about.
    if lines.is_empty() {
        let aside = |reason: &&str| view.say(Message::new("household.set_aside").with("reason", reason));
        lines.extend(record.innocent.iter().map(aside));
    }
    if lines.is_empty() {
        lines.push(view.word(if at_fault { "household.record_at_fault" } else { "household.record_only" }).to_owned());
    }
    lines.join("\n")
}

/// Sources down, persons across: what each source could say about each person, and the day it speaks for.
fn coverage(view: &RunView, case: &Case, blocks: &mut Vec<Block>) {
    let persons = view.register.household(case.household).persons;
    for (at, some) in persons.chunks(PERSONS_IN_A_TABLE).enumerate() {
        let first = at * PERSONS_IN_A_TABLE;
        let columns = ["household.col_item", "report.col_department", "report.col_source_as_of"];
        let mut head: Vec<String> = columns.iter().map(|key| view.word(key).to_owned()).collect();
        head.extend(some.iter().map(|person| view.person_name(*person).into_owned()));
        let row = |item: &Item| {
            let evidence = evidence(view, item);
            let delivered = delivered(view, &evidence.delivery);
            let mut row = vec![evidence.kind.label.clone(), evidence.department.clone(), delivered];
            let states = &item.states[first..first + some.len()];
            row.extend(states.iter().map(|state| state_word(view, *state).to_owned()));
            row
        };
        blocks.push(Block::Table { head, rows: case.items.iter().map(row).collect() });
    }
    blocks.push(paragraph(view.word("household.coverage_note").to_owned()));
}

fn delivered(view: &RunView, delivery: &Delivery) -> String {
    match delivery {
        Delivery::Arrived { .. } => delivery_date(view, delivery),
        Delivery::Missing => view.word("report.delivery_missing").to_owned(),
        Delivery::Refused(_) => view.word("report.delivery_refused").to_owned(),
    }
}

fn notes(view: &RunView, report: &Report, case: &Case, blocks: &mut Vec<Block>) {
    let county = view.register.household(case.household).division.county();
    let objection = match view.objection_days.get(&county) {
        Some(days) => view.say(Message::new("household.objection").with("days", days)),
        None => view.word("household.objection_by_place").to_owned(),
    };
    let mut notes = vec![
        view.word("report.note_reference").to_owned(),
        view.word("household.not_covered").to_owned(),
        objection,
        view.word("report.note_use").to_owned(),
        printed(view, &report.print),
    ];
    if view.demo {
        notes.push(view.word("report.demo_note").to_owned());
    }
    let numbered = notes.into_iter().enumerate();
    blocks.extend(numbered.map(|(at, note)| paragraph(format!("{}. {note}", at + 1))));
    blocks.push(Block::Signature { lines: vec![view.centre.to_owned(), day_of(view, view.as_of)] });
}

fn printed(view: &RunView, print: &Print) -> String {
    match print {
        Print::Counted { on, count, entry } => {
            let message = Message::new("household.printed").with("date", on).with("count", count);
            view.say(message.with("entry", entry))
        }
        Print::Nightly => view.word("household.printed_at_night").to_owned(),
    }
}

fn day_of(view: &RunView, day: Date) -> String {
    let (year, month, day) = day.ymd();
    view.say(Message::new("household.day").with("year", year).with("month", month).with("day", day))
}
