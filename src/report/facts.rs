//! What a record says, in words: the fields that matter with their labels, its date, and where the row stands.
//!
//! Left out are the person's own particulars (the register has them) and what an exchange platform adds. A second
//! person in the record is shown masked, because a county may not need, and another county's people do not expect it.

use super::RunView;
use super::shown::last_four;
use crate::kernel::masked::{push_masked_id, push_masked_name};
use crate::kernel::wording;
use crate::model::evidence::{Delivery, Evidence};
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
    let (mut facts, mut value) = (String::with_capacity(192), String::new());
    for (index, field) in evidence.kind.fields.iter().enumerate() {
        value.clear();
        push_field(view, &mut value, evidence, index, row, slot);
        push_fact(view, &mut facts, &field.label, &value);
    }
    facts
}

/// A field's value at the end of a text; nothing if it is not given, or not shown.
pub(super) fn push_field(view: &RunView, out: &mut String, evidence: &Evidence, index: usize, row: u32, slot: u8) {
    let (field, column, row) = (&evidence.kind.fields[index], &evidence.table.columns[index], row as usize);
    if PLATFORM_FIELDS.contains(&field.name.as_str()) {
        return;
    }
    for (place, person) in evidence.kind.persons.iter().enumerate() {
        let third_person = place != usize::from(slot);
        if index == person.id || index == person.name {
            if third_person {
                let mask = if index == person.id { push_masked_id } else { push_masked_name };
                mask(out, &column.text(row));
            }
            return;
        }
        if [person.birth, person.sex, person.address, person.phone].contains(&Some(index)) {
            return;
        }
    }
    match column {
        Column::Flag(values) => out.push_str(values.get(row).map_or("", |yes| yes_or_no(view, yes))),
        Column::Money(values) if values.get(row).is_some() => {
            column.push_text(out, row);
            out.push(' ');
            out.push_str(view.word("report.yuan"));
        }
        Column::Text(texts) if texts.get(row).is_empty() => {}
        Column::Text(texts) if field.ty == FieldType::Code => {
            push_code_words(view, out, &evidence.kind.code, texts.get(row));
        }
        Column::Text(texts) if field.name == "account" => out.push_str(&last_four(texts.get(row))),
        Column::Text(_) | Column::Count(_) => out.push_str(&view.text(&column.text(row))),
        _ => column.push_text(out, row),
    }
}

fn register_facts(view: &RunView, person: u32) -> String {
    let kind = crate::model::kind::register_persons();
    let (mut facts, mut value) = (String::new(), String::new());
    for name in REGISTER_FIELDS {
        let column = kind.field(name).expect("a field of the register");
        let text = view.register.table.columns[column].text(person as usize);
        value.clear();
        push_code_words(view, &mut value, &kind.code, &text);
        push_fact(view, &mut facts, &kind.fields[column].label, &value);
    }
    facts
}

/// One more fact; none where there is no value.
fn push_fact(view: &RunView, facts: &mut String, label: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    if !facts.is_empty() {
        facts.push_str(view.word("report.between_facts"));
    }
    view.push(facts, "report.fact", &[("label", label), ("value", value)]);
}

pub(super) fn yes_or_no(view: &RunView, yes: bool) -> &'static str {
    view.word(if yes { "report.yes" } else { "report.no" })
}

/// Canonical code values in words (`cancelled+overdue_inspection` → 注销、逾期未检验). One value may mean two things in
/// two kinds (`operating`: 营运 of a vehicle, 在业 of a shop), so the kind's own word goes first; a value the catalogue
/// does not know stays as the layout wrote it.
fn push_code_words(view: &RunView, out: &mut String, kind: &str, value: &str) {
    let mut key = String::with_capacity(64);
    let mut word = |parts: &[&str]| {
        key.clear();
        key.push_str("report.");
        parts.iter().for_each(|part| key.push_str(part));
        wording::find(view.lang, &key)
    };
    for (place, part) in value.split('+').enumerate() {
        if place > 0 {
            out.push_str(view.word("report.between_values"));
        }
        match word(&["value_", kind, "_", part]).or_else(|| word(&["value_", part])) {
            Some(word) => out.push_str(word),
            None => out.push_str(&view.text(part)),
        }
    }
}

/// 部门（数据种类）.
pub(super) fn department_of(view: &RunView, evidence: &Evidence) -> String {
    let mut said = String::new();
    let values = [("department", evidence.department.as_str()), ("kind", &evidence.kind.label)];
    view.push(&mut said, "report.department_and_kind", &values);
    said
}

/// The departments of all sources, said once for lists of many records.
pub(super) struct Departments {
    of: Vec<String>,
    register: &'static str,
}

impl Departments {
    pub fn new(view: &RunView) -> Self {
        let of = view.evidences.iter().map(|evidence| department_of(view, evidence)).collect();
        Self { of, register: view.word("report.register") }
    }

    /// Of a source, or the register.
    pub fn of(&self, source: Option<u16>) -> &str {
        source.map_or(self.register, |source| &self.of[usize::from(source)])
    }
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
pub(super) struct RowPlace<'v> {
    pub file: &'v str,
    /// Blank for a text file.
    pub sheet: String,
    pub line: u64,
}

pub(super) fn row_place<'v>(view: &'v RunView, source: Option<u16>, row: u32) -> RowPlace<'v> {
    let Some(source) = source else {
        let line = u64::from(view.register.lines[row as usize]);
        return RowPlace { file: view.word("report.register"), sheet: String::new(), line };
    };
    let evidence = &view.evidences[source as usize];
    let at = &evidence.refs[row as usize];
    RowPlace {
        file: &evidence.files[usize::from(at.file)].path,
        sheet: if at.sheet == 0 { String::new() } else { at.sheet.to_string() },
        line: u64::from(at.line),
    }
}

impl RowPlace<'_> {
    /// `inbox/vehicle/2026-11.csv 第 12 行`
    pub fn say(&self, view: &RunView) -> String {
        let key = if self.sheet.is_empty() { "report.row_place" } else { "report.row_place_in_sheet" };
        let mut said = String::new();
        view.push(&mut said, key, &[("file", self.file), ("line", &self.line.to_string()), ("sheet", &self.sheet)]);
        said
    }
}
