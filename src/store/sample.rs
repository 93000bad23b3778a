//! A small run for this module's tests: one household of two and one of one, one vehicle source and one that never came.

use std::path::Path;

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::publish::Output;
use super::same::MadeOf;
use super::snapshot::{RunTables, save_found, save_read, save_record};
use super::workspace::{Workspace, tests::workspace};
use crate::kernel::{CitizenId, Date, Digest, Division, Fen};
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::{Bins, Delivery, Evidence, ExtractFile, Parties, Reject, RowRef};
use crate::model::judgement::{Answer, JudgementKey, Review};
use crate::model::kind;
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::model::outcome::{Discrepancy, Ground, Outcomes, RuleCard, Severity};
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::standing::{Absence, Absent, Change, Earlier, Facts, History, Stand};
use crate::model::table::{Column, Table};

pub(super) const RUN: &str = "20261124-01";
/// The examples of GB 11643-1999.
pub(super) const IDS: [&str; 2] = ["11010519491231002X", "440524188001010014"];
pub(super) const FILE: &str = "inbox/vehicle/2026-11.csv";
pub(super) const EXTRACT: &str = "号牌,证件号\n鲁A10001,11010519491231002X\n\"鲁A1,0002\",11010519491231002X\n坏行\n";
const PERSONS_FILE: &str = "inbox/register/persons.csv";
pub(super) const PERSONS: &str = "证件号,家庭编号\n11010519491231002X,H-1\n440524188001010014,H-1\n3702**,H-2\n";

/// What `RunTables` borrows.
pub(super) struct Sample {
    register: Register,
    register_files: Vec<ExtractFile>,
    evidences: Vec<Evidence>,
    pub(super) links: Vec<Link>,
    pub(super) reviews: Vec<Review>,
    pub(super) outcomes: Outcomes,
    pub(super) history: History,
    coverage: Coverage,
    cards: Vec<RuleCard>,
    parameters: Value,
    pub(super) made_of: MadeOf,
}

impl Sample {
    pub(super) fn new() -> Self {
        let states = [CoverageState::Found, CoverageState::SourceMissing, CoverageState::NotFound].into_iter().chain([
            CoverageState::SourceMissing,
            CoverageState::UnusableId,
            CoverageState::NoMandate,
        ]);
        Self {
            register: register(),
            register_files: vec![file(PERSONS_FILE, PERSONS)],
            evidences: vec![vehicle(), missing()],
            links: vec![link(0, 0), link(0, 1)],
            reviews: vec![Review { link: 1, key: JudgementKey::of(&Digest::of(b"asked")), answer: Some(Answer::Same) }],
            outcomes: outcomes(),
            history: history(),
            coverage: Coverage::new(2, states.collect()),
            cards: vec![card()],
            parameters: json!({"vehicle_max": {"value": 0, "basis": "演示"}, "other": 1}),
            made_of: MadeOf::default(),
        }
    }

    pub(super) fn tables(&self) -> RunTables<'_> {
        RunTables {
            run: RUN,
            as_of: day(),
            version: "0.1.0",
            profile: "演示",
            demo: true,
            configuration: Digest::of(b"configuration"),
            register: &self.register,
            register_files: &self.register_files,
            unnamed_programmes: &[],
            evidences: &self.evidences,
            links: &self.links,
            reviews: &self.reviews,
            outcomes: &self.outcomes,
            history: &self.history,
            coverage: &self.coverage,
            cards: &self.cards,
            parameters: &self.parameters,
            made_of: &self.made_of,
        }
    }

    /// All snapshots.
    pub(super) fn save_tables(&self, dir: &Path) -> Vec<Output> {
        let mut tables = save_read(dir, &self.register, &[], &self.evidences, &self.made_of).unwrap();
        tables.extend(save_found(dir, &self.tables()).unwrap());
        tables
    }

    /// The workspace in which it is published.
    pub(super) fn published(&self) -> (tempfile::TempDir, Workspace) {
        let (folder, workspace) = workspace();
        write_extract(workspace.root(), EXTRACT);
        std::fs::create_dir_all(workspace.root().join("inbox/register")).unwrap();
        std::fs::write(workspace.root().join(PERSONS_FILE), PERSONS).unwrap();
        let lock = workspace.lock(&super::workspace::tests::holder()).unwrap();
        let staging = workspace.stage(&lock, RUN).unwrap();
        let tables = self.save_tables(staging.store());
        let record = save_record(staging.store(), &self.tables(), &tables, &json!({"persons": 3})).unwrap();
        let body = json!({ "snapshots": { record.path: record.digest.to_string() } });
        staging.publish(&mut Ledger::open(&workspace).unwrap(), "T1", "clerk", &body).unwrap();
        (folder, workspace)
    }
}

/// A workspace in which the sample is published.
pub(super) fn published() -> (tempfile::TempDir, Workspace) {
    Sample::new().published()
}

pub(super) fn write_extract(root: &Path, text: &str) {
    std::fs::create_dir_all(root.join("inbox/vehicle")).unwrap();
    std::fs::write(root.join(FILE), text).unwrap();
}

fn day() -> Date {
    Date::from_ymd(2026, 11, 24).unwrap()
}

fn register() -> Register {
    let division = Division::parse("330203028").unwrap();
    let person = |id: Option<&str>, household, role| Person {
        id: id.map(|id| CitizenId::from_ascii(id.as_bytes()).unwrap()),
        household,
        role,
        state: State::Recipient,
        programme: 0,
        division,
        birth: None,
        mandated: household == 0,
    };
    let persons = vec![
        person(Some(IDS[0]), 0, Role::Member),
        person(Some(IDS[1]), 0, Role::Supporter),
        person(None, 1, Role::Member),
    ];
    let codes = ["H-1", "H-2"].into_iter().collect();
    let kind = kind::register_persons();
    let mut table = Table::new(kind.types());
    for (id, name) in [(IDS[0], "张三"), (IDS[1], "李四"), ("3702**", "王五")] {
        for (field, column) in kind.fields.iter().zip(&mut table.columns) {
            match (field.name.as_str(), &mut *column) {
                ("person_id", Column::Text(texts)) => texts.push(id),
                ("name", Column::Text(texts)) => texts.push(name),
                ("declared_income", Column::Money(values)) => values.push(Some(Fen(123_450))),
                _ => column.push_none(),
            }
        }
        table.end_row();
    }
    Register {
        households: Households::new(codes, vec![0; 2], vec![division; 2], &persons),
        persons,
        programmes: vec!["低保".into()],
        table,
        lines: vec![2, 3, 4],
        faulty: Vec::new(),
        as_of: day(),
    }
}

fn vehicle() -> Evidence {
    let kind = kind::builtin("vehicle").unwrap();
    let mut table = Table::new(kind.types());
    for (plate, state) in [("鲁A10001", "normal"), ("鲁A1,0002", "cancelled")] {
        for (field, column) in kind.fields.iter().zip(&mut table.columns) {
            match (field.name.as_str(), &mut *column) {
                ("plate", Column::Text(texts)) => texts.push(plate),
                ("state", Column::Text(texts)) => texts.push(state),
                ("registered_on", Column::Date(values)) => values.push(Date::from_ymd(2020, 2, 29)),
                _ => column.push_none(),
            }
        }
        table.end_row();
    }
    let at = |line, record: &str| RowRef { file: 0, sheet: 0, line, offset: EXTRACT.find(record).unwrap() as u64 };
    let reject = Reject {
        at: at(4, "坏行"),
        column: String::new(),
        reason: "ingest.reject_fields",
        text: "坏行".into(),
        whole_row: true,
    };
    Evidence {
        source: "vehicle".into(),
        department: "公安交管".into(),
        kind,
        delivery: Delivery::Arrived { as_of: Some(day()), stale: false, short: None },
        newest: None,
        files: vec![file(FILE, EXTRACT)],
        table,
        refs: vec![at(2, "鲁A10001"), at(3, "\"鲁A1")],
        parties: Parties::default(),
        bins: Bins { read: 3, linked: 2, unlinked: 0, rejected: 1, skipped: 0 },
        rejects: vec![reject],
        reject_counts: [((String::new(), "ingest.reject_fields", true), 1)].into(),
        unmapped: Vec::new(),
        unread: Vec::new(),
    }
}

fn file(path: &str, text: &str) -> ExtractFile {
    ExtractFile {
        path: path.into(),
        digest: Digest::of(text.as_bytes()),
        bytes: text.len() as u64,
        format: "UTF-8, ,".into(),
        rows: 1,
    }
}

fn missing() -> Evidence {
    Evidence::absent("housing", "不动产登记", kind::builtin("housing").unwrap(), Delivery::Missing)
}

fn link(person: u32, row: u32) -> Link {
    Link {
        person,
        source: 0,
        row,
        slot: 0,
        party: row,
        grade: Grade::A,
        code: *b"IEN",
        repairs: Repairs(Repairs::CASE.0 | Repairs::BLANKS.0),
        name_level: NameLevel::Equal,
        weight_bits: 12.5,
        accepted: true,
    }
}

/// Both discrepancies are new; one of the last run could not be looked at.
fn history() -> History {
    let stand = Stand {
        fact: Digest::of(b"fact"),
        facts: Facts::default(),
        sources: vec!["vehicle".into()],
        change: Change::New,
        answer: None,
        objection: None,
    };
    let earlier = Earlier {
        id: "V001-gone".into(),
        rule: "V001".into(),
        title: "机动车".into(),
        severity: "medium".into(),
        household: "H-1".into(),
        person: String::new(),
        division: Division::parse("330203028").unwrap(),
        sources: vec!["housing".into()],
        fact: None,
        facts: Facts::of(["鲁A1", "鲁A2"].into_iter()),
    };
    let absent = vec![Absent::new(earlier, Absence::NotChecked)];
    History { against: None, stands: vec![stand.clone(), stand], absent, ..History::default() }
}

fn outcomes() -> Outcomes {
    let ground = |row, innocent| Ground { source: Some(0), row, link: Some(row), person: 0, innocent };
    let enrolled = Ground { source: None, row: 1, link: None, person: 1, innocent: None };
    let discrepancy = |id: &str, person, grounds| Discrepancy {
        id: id.into(),
        rule: 0,
        household: 0,
        person,
        severity: Severity::Medium,
        measure: 1,
        limit: Some(0),
        amount: None,
        grounds,
        as_of: Some(day()),
    };
    Outcomes {
        discrepancies: vec![
            discrepancy("V001-aaaaaaaaaa", None, vec![enrolled]),
            discrepancy("V001-bbbbbbbbbb", Some(0), vec![ground(0, None), ground(1, Some(0))]),
        ],
        set_aside: Vec::new(),
        counts: Default::default(),
    }
}

fn card() -> RuleCard {
    RuleCard {
        code: "V001".into(),
        title: "家庭成员名下有机动车".into(),
        severity: Severity::Medium,
        evidence: "vehicle".into(),
        programmes: Vec::new(),
        unit: "辆".into(),
        money_unit: false,
        basis: "演示".into(),
        advice: "行驶证".into(),
        innocent: vec!["已注销".into()],
        rows: "state = 'normal'".into(),
        measure: "count(distinct plate)".into(),
        flag: "measure > vehicle_max".into(),
        parameters: vec!["vehicle_max".into()],
        supporters: false,
    }
}
