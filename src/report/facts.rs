//! What a record says, in words: the fields that matter with their labels, its date, and where the row stands.
//!
//! Left out are the person's own particulars (the register has them) and what an exchange platform adds. A second
//! person in the record is shown masked, because a county may not need, and another county's people do not expect it.

use super::RunView;
use super::shown::last_four;
use crate::kernel::masked::{mask_id, mask_name};
use crate::kernel::{Message, wording};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::kind::Field;
use crate::model::outcome::Ground;
use crate::model::table::{Column, FieldType};

/// Fields of every kind that say nothing about property, income or status.
const PLATFORM_FIELDS: [&str; 3] = ["owner_id_type", "operation", "as_of"];
/// What the register's own row shows when it is the ground (payments after a death, two enrolments).
const REGISTER_FIELDS: [&str; 5] = ["programme", "state", "monthly_amount", "paid_from", "paid_through"];

/// The record's facts, `号牌号码 鲁A12345，机动车状态 正常`.
pub(super) fn facts(view: &RunView, ground: &Ground) -> String {
    let Some(source) = ground.source else { return register_facts(view, ground.row) };
    let slot = ground.link.map_or(0, |link| view.links[link as usize].slot);
    row_facts(view, &view.evidences[source as usize], ground.row, slot)
}

/// The facts of a row in which the person stands at `slot` of the kind's persons.
pub(super) fn row_facts(view: &RunView, evidence: &Evidence, row: u32, slot: u8) -> String {
    let mut parts = Vec::new();
    for (index, field) in evidence.kind.fields.iter().enumerate() {
        let Some(shown) = field_text(view, evidence, index, field, row as usize, slot) else { continue };
        if !shown.is_empty() {
            parts.push(labelled(view, &field.label, &shown));
        }
    }
    parts.join(view.word("report.between_facts"))
}

/// `None` for a field that is not shown.
pub(super) fn field_text(
    view: &RunView,
    evidence: &Evidence,
    index: usize,
    field: &Field,
    row: usize,
    slot: u8,
) -> Option<String> {
    if PLATFORM_FIELDS.contains(&field.name.as_str()) {
        return None;
    }
    let text = || evidence.table.columns[index].text(row);
    for (place, person) in evidence.kind.persons.iter().enumerate() {
        let third_person = place != usize::from(slot);
        if index == person.id {
            return third_person.then(|| mask_id(&text()));
        }
        if index == person.name {
            return third_person.then(|| mask_name(&text()));
        }
        if [person.birth, person.sex, person.address, person.phone].contains(&Some(index)) {
            return None;
        }
    }
    let text = text();
    Some(match &evidence.table.columns[index] {
        _ if text.is_empty() => text,
        Column::Flag(values) => values.get(row).map_or(text, |yes| yes_or_no(view, yes).to_owned()),
        Column::Money(_) => format!("{text} {}", view.word("report.yuan")),
        _ if field.ty == FieldType::Code => code_words(view, &evidence.kind.code, &text),
        _ if field.name == "account" => last_four(&text),
        _ => view.text(&text).into_owned(),
    })
}

fn register_facts(view: &RunView, person: u32) -> String {
    let kind = crate::model::kind::register_persons();
    let mut parts = Vec::new();
    for name in REGISTER_FIELDS {
        let column = kind.field(name).expect("a field of the register");
        let text = view.register.table.columns[column].text(person as usize);
        if !text.is_empty() {
            parts.push(labelled(view, &kind.fields[column].label, &code_words(view, &kind.code, &text)));
        }
    }
    parts.join(view.word("report.between_facts"))
}

fn labelled(view: &RunView, label: &str, value: &str) -> String {
    view.say(Message::new("report.fact").with("label", label).with("value", value))
}

pub(super) fn yes_or_no(view: &RunView, yes: bool) -> &'static str {
    view.word(if yes { "report.yes" } else { "report.no" })
}

/// Canonical code values in words (`cancelled+overdue_inspection` → 注销、逾期未检验). One value may mean two things in
/// two kinds (`operating`: 营运 of a vehicle, 在业 of a shop), so the kind's own word goes first; a value the catalogue
/// does not know stays as the layout wrote it.
fn code_words(view: &RunView, kind: &str, value: &str) -> String {
    let words = wording::section(view.lang, "report");
    let word_of = |part| {
        let own = words.get(&format!("value_{kind}_{part}"));
        own.or_else(|| words.get(&format!("value_{part}"))).map_or(part, String::as_str)
    };
    let parts: Vec<&str> = value.split('+').map(word_of).collect();
    view.text(&parts.join(view.word("report.between_values"))).into_owned()
}

/// 部门（数据种类）, or the register.
pub(super) fn department(view: &RunView, ground: &Ground) -> String {
    match ground.source {
        Some(source) => department_of(view, &view.evidences[source as usize]),
        None => view.word("report.register").to_owned(),
    }
}

pub(super) fn department_of(view: &RunView, evidence: &Evidence) -> String {
    let message = Message::new("report.department_and_kind");
    view.say(message.with("department", &evidence.department).with("kind", &evidence.kind.label))
}

/// 反馈时间 of the row, else the day its delivery speaks for; blank if neither is known.
pub(super) fn row_as_of(view: &RunView, source: Option<u16>, row: u32) -> String {
    let Some(source) = source else { return view.as_of.to_string() };
    let evidence = &view.evidences[source as usize];
    let own = evidence.kind.field("as_of").map(|column| evidence.table.columns[column].text(row as usize));
    match (own, &evidence.delivery) {
        (Some(date), _) if !date.is_empty() => date,
        (_, Delivery::Arrived { as_of, .. }) => as_of.to_string(),
        _ => String::new(),
    }
}

/// File, sheet and physical line of a row.
pub(super) struct RowPlace {
    pub file: String,
    /// Blank for a text file.
    pub sheet: String,
    pub line: u64,
}

pub(super) fn row_place(view: &RunView, source: Option<u16>, row: u32) -> RowPlace {
    let Some(source) = source else {
        let line = u64::from(view.register.lines[row as usize]);
        return RowPlace { file: view.word("report.register").to_owned(), sheet: String::new(), line };
    };
    let evidence = &view.evidences[source as usize];
    let at = &evidence.refs[row as usize];
    RowPlace {
        file: evidence.files[usize::from(at.file)].path.clone(),
        sheet: if at.sheet == 0 { String::new() } else { at.sheet.to_string() },
        line: u64::from(at.line),
    }
}

impl RowPlace {
    /// `inbox/vehicle/2026-11.csv 第 12 行`
    pub fn say(&self, view: &RunView) -> String {
        let key = if self.sheet.is_empty() { "report.row_place" } else { "report.row_place_in_sheet" };
        let message = Message::new(key).with("file", &self.file).with("line", self.line);
        view.say(message.with("sheet", &self.sheet))
    }
}
