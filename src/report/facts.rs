//! What a record says, in words: the fields that matter with their labels, its date, and where the row stands.
//!
//! Left out are the person's own particulars (the register has them) and what an exchange platform adds. A second
//! person in the record is shown masked, because a county may not need, and another county's people do not expect it.

use std::borrow::Cow;

use super::RunView;
use super::shown::last_four;
use crate::kernel::masked::{push_masked_id, push_masked_name};
use crate::kernel::{Lang, wording};
use crate::model::evidence::{Delivery, Evidence};
use crate::model::kind::{self, Field};
use crate::model::outcome::Ground;
use crate::model::table::{Column, FieldType, Texts, Values};
use crate::model::texts::Held;

/// Fields of every kind that say nothing about property, income or status.
const PLATFORM_FIELDS: [&str; 4] = ["owner_id_type", "operation", "as_of", kind::RECORD_ID];
/// What the register's own row shows when it is the ground (payments after a death, two enrolments).
const REGISTER_FIELDS: [&str; 5] = ["programme", "state", "monthly_amount", "paid_from", "paid_through"];

/// How a field's values are shown in words.
enum Shown<'v> {
    /// Id or name of another person than the one the record is told about.
    Masked(&'v Texts, fn(&mut String, &str)),
    Flag(&'v Values<bool>),
    /// 元 behind the amount.
    Money(&'v Column),
    /// In words; those of each code, if they were said ahead.
    Code(&'v Texts, Vec<String>),
    /// The last four digits.
    Account(&'v Texts),
    /// May hold an id.
    Text(&'v Texts),
    Plain(&'v Column),
}

impl<'v> Shown<'v> {
    /// How a field is shown where the person stands at `slot` of the kind's persons; `None` if it is not.
    fn of(evidence: &'v Evidence, index: usize, slot: u8) -> Option<Self> {
        let (field, column) = (&evidence.kind.fields[index], &evidence.table.columns[index]);
        if PLATFORM_FIELDS.contains(&field.name.as_str()) {
            return None;
        }
        for (place, person) in evidence.kind.persons.iter().enumerate() {
            if index == person.id || index == person.name {
                let mask = if index == person.id { push_masked_id } else { push_masked_name };
                return (place != usize::from(slot)).then(|| Self::Masked(evidence.table.texts(index), mask));
            }
            if [person.birth, person.sex, person.address, person.phone].contains(&Some(index)) {
                return None;
            }
        }
        Some(match column {
            Column::Flag(values) => Self::Flag(values),
            Column::Money(_) => Self::Money(column),
            Column::Text(texts) if field.ty == FieldType::Code => Self::Code(texts, Vec::new()),
            Column::Text(texts) if field.name == "account" => Self::Account(texts),
            Column::Text(texts) => Self::Text(texts),
            _ => Self::Plain(column),
        })
    }

    /// The same with the words of each code, where there are few codes: for lists of many rows.
    fn said_ahead(self, view: &RunView, kind: &str) -> Self {
        match self {
            Self::Code(texts, _) => Self::Code(texts, words_of_codes(view, kind, texts)),
            other => other,
        }
    }

    /// A row's value at the end of a text; nothing if it is not given.
    fn push(&self, view: &RunView, kind: &str, out: &mut String, row: usize) {
        match self {
            Self::Masked(texts, mask) => mask(out, texts.get(row)),
            Self::Flag(values) => out.push_str(values.get(row).map_or("", |yes| yes_or_no(view.lang, yes))),
            Self::Money(column) => {
                let before = out.len();
                column.push_text(out, row);
                if out.len() > before {
                    out.push(' ');
                    out.push_str(view.word("report.yuan"));
                }
            }
            Self::Code(texts, words) => match texts.held() {
                Held::Coded { codes, .. } if !words.is_empty() => out.push_str(&words[usize::from(codes[row])]),
                _ => push_code_words(view, out, kind, texts.get(row)),
            },
            Self::Account(texts) => match texts.get(row) {
                "" => {}
                account => out.push_str(&last_four(account)),
            },
            Self::Text(texts) => out.push_str(&view.text(texts.get(row))),
            Self::Plain(column) => column.push_text(out, row),
        }
    }
}

/// What a field's value says in words, nothing left out, of a value as people read it ([`Column::text`]): for the centre's own
/// staff.
pub fn value_in_words(lang: Lang, kind: &str, ty: FieldType, value: &str) -> String {
    match (ty, value) {
        (_, "") => String::new(),
        (FieldType::Flag, "true") => yes_or_no(lang, true).to_owned(),
        (FieldType::Flag, "false") => yes_or_no(lang, false).to_owned(),
        (FieldType::Money, _) => format!("{value} {}", wording::say(lang, "report.yuan")),
        (FieldType::Code, _) => {
            let mut words = String::new();
            push_words(lang, &mut words, kind, value, |code| code.into());
            words
        }
        _ => value.to_owned(),
    }
}

fn words_of_codes(view: &RunView, kind: &str, texts: &Texts) -> Vec<String> {
    let Held::Coded { distinct, .. } = texts.held() else { return Vec::new() };
    let words = |code| {
        let mut words = String::new();
        push_code_words(view, &mut words, kind, code);
        words
    };
    distinct.iter().map(words).collect()
}

/// A field's value in a row in which the person stands at `slot` of the kind's persons; blank if it is not given, or not
/// shown.
pub(super) fn field_text(view: &RunView, evidence: &Evidence, index: usize, row: u32, slot: u8) -> String {
    let mut text = String::new();
    if let Some(shown) = Shown::of(evidence, index, slot) {
        shown.push(view, &evidence.kind.code, &mut text, row as usize);
    }
    text
}

/// A value with its label, `号牌号码 鲁A12345`: what stands before it, and behind it.
struct Labelled {
    before: String,
    behind: String,
}

impl Labelled {
    fn new(view: &RunView, label: &str) -> Self {
        const VALUE: &str = "\u{0}"; // in no label
        let mut said = String::new();
        view.push(&mut said, "report.fact", &[("label", label), ("value", VALUE)]);
        let (before, behind) = said.split_once(VALUE).expect("a fact says its value");
        Self { before: before.to_owned(), behind: behind.to_owned() }
    }

    /// One more fact; none where there is no value.
    fn push(&self, view: &RunView, facts: &mut String, value: impl FnOnce(&mut String)) {
        let end = facts.len();
        if end > 0 {
            facts.push_str(view.word("report.between_facts"));
        }
        facts.push_str(&self.before);
        let begin = facts.len();
        value(facts);
        if facts.len() == begin {
            facts.truncate(end);
        } else {
            facts.push_str(&self.behind);
        }
    }
}

/// The fields of a kind's records that are shown where the person stands at one of its slots.
type Fields<'v> = Vec<(Labelled, Shown<'v>)>;

/// Departments and fields of all sources, looked up once for lists of many records.
pub(super) struct Telling<'v> {
    evidences: &'v [Evidence],
    departments: Vec<String>,
    /// By source and slot.
    fields: Vec<Vec<Fields<'v>>>,
    register: &'static str,
    register_kind: String,
    /// County and household: where else a citizen is enrolled.
    enrolled_at: [Labelled; 2],
    /// With their columns.
    register_fields: Vec<(Labelled, usize)>,
}

impl<'v> Telling<'v> {
    pub fn new(view: &'v RunView) -> Self {
        let fields_at = |evidence: &'v Evidence, slot: usize| {
            let fields = evidence.kind.fields.iter().enumerate();
            let labelled = |(index, field): (usize, &Field)| {
                let shown = Shown::of(evidence, index, slot as u8)?;
                Some((Labelled::new(view, &field.label), shown.said_ahead(view, &evidence.kind.code)))
            };
            fields.filter_map(labelled).collect()
        };
        let fields =
            |evidence: &'v Evidence| (0..evidence.kind.persons.len()).map(|slot| fields_at(evidence, slot)).collect();
        let kind = kind::register_persons();
        let register_field = |name| {
            let column = kind.field(name).expect("a field of the register");
            (Labelled::new(view, &kind.fields[column].label), column)
        };
        Self {
            evidences: view.evidences,
            departments: view.evidences.iter().map(|evidence| department_of(view, evidence)).collect(),
            fields: view.evidences.iter().map(fields).collect(),
            register: view.word("report.register"),
            register_fields: REGISTER_FIELDS.into_iter().map(register_field).collect(),
            register_kind: kind.code,
            enrolled_at: ["report.col_county", "report.col_household"].map(|key| Labelled::new(view, view.word(key))),
        }
    }

    /// Of a source, or the register.
    pub fn department(&self, source: Option<u16>) -> &str {
        source.map_or(self.register, |source| &self.departments[usize::from(source)])
    }

    /// The record's facts, `号牌号码 鲁A12345，机动车状态 正常`.
    pub fn facts(&self, view: &RunView, ground: &Ground) -> String {
        let Some(source) = ground.source else { return self.register_facts(view, ground.row) };
        let slot = ground.link.map_or(0, |link| view.links[link as usize].slot);
        self.row_facts(view, source, ground.row, slot)
    }

    /// The facts of a row in which the person stands at `slot` of the kind's persons.
    pub fn row_facts(&self, view: &RunView, source: u16, row: u32, slot: u8) -> String {
        let mut facts = String::with_capacity(192);
        let kind = &self.evidences[usize::from(source)].kind.code;
        for (labelled, shown) in &self.fields[usize::from(source)][usize::from(slot)] {
            labelled.push(view, &mut facts, |out| shown.push(view, kind, out, row as usize));
        }
        facts
    }

    fn register_facts(&self, view: &RunView, person: u32) -> String {
        let mut facts = String::new();
        let household = view.register.household_of(person);
        let [county, code] = &self.enrolled_at;
        county.push(view, &mut facts, |out| out.push_str(&view.place_with_code(household.division.county())));
        code.push(view, &mut facts, |out| out.push_str(&view.text(household.code())));
        for (labelled, column) in &self.register_fields {
            let text = view.register.table.columns[*column].text(person as usize);
            labelled.push(view, &mut facts, |out| push_code_words(view, out, &self.register_kind, &text));
        }
        facts
    }
}

fn yes_or_no(lang: Lang, yes: bool) -> &'static str {
    wording::say(lang, if yes { "report.yes" } else { "report.no" })
}

fn push_code_words(view: &RunView, out: &mut String, kind: &str, value: &str) {
    push_words(view.lang, out, kind, value, |code| view.text(code));
}

/// Canonical code values in words (`cancelled+overdue_inspection` → 注销、逾期未检验). One value may mean two things in
/// two kinds (`operating`: 营运 of a vehicle, 在业 of a shop), so the kind's own word goes first; a value the catalogue
/// does not know stays as the layout wrote it, as `unknown` shows it.
fn push_words<'t>(lang: Lang, out: &mut String, kind: &str, value: &'t str, unknown: impl Fn(&'t str) -> Cow<'t, str>) {
    let mut key = String::with_capacity(64);
    let mut word = |parts: &[&str]| {
        key.clear();
        key.push_str("report.");
        parts.iter().for_each(|part| key.push_str(part));
        wording::find(lang, &key)
    };
    for (place, part) in value.split('+').enumerate() {
        if place > 0 {
            out.push_str(wording::say(lang, "report.between_values"));
        }
        match word(&["value_", kind, "_", part]).or_else(|| word(&["value_", part])) {
            Some(word) => out.push_str(word),
            None => out.push_str(&unknown(part)),
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

/// The day a source speaks for; blank if nothing came.
pub(super) fn delivery_date(view: &RunView, delivery: &Delivery) -> String {
    match delivery {
        Delivery::Arrived { as_of: Some(as_of), .. } => as_of.to_string(),
        Delivery::Arrived { as_of: None, .. } => view.word("report.date_unknown").to_owned(),
        Delivery::Missing | Delivery::Refused(_) => String::new(),
    }
}

/// 反馈时间 of the row, else the day its delivery speaks for; blank if neither is known.
pub(super) fn row_as_of(view: &RunView, source: Option<u16>, row: u32) -> String {
    let Some(source) = source else { return view.as_of.to_string() };
    let evidence = &view.evidences[source as usize];
    let own = evidence.kind.field("as_of").map(|column| evidence.table.columns[column].text(row as usize));
    own.filter(|date| !date.is_empty()).unwrap_or_else(|| delivery_date(view, &evidence.delivery))
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
