//! A made-up centre of two counties for this module's tests: five people, two sources that came and one that did not.
//!
//! Ids are computed from invented sequence numbers; nobody is meant.

use std::collections::BTreeMap;

use super::{Formats, RunView};
use crate::kernel::{CitizenId, Date, Digest, Division, Fen, Lang};
use crate::model::coverage::{Coverage, CoverageState};
use crate::model::evidence::{Bins, Delivery, Evidence, ExtractFile, Reject, RowRef};
use crate::model::judgement::{JudgementKey, Review};
use crate::model::kind::{self, Kind};
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::model::outcome::{Discrepancy, Ground, OutcomeCounts, Outcomes, RuleCard, Severity};
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::standing::{Change, Facts, History, Stand};
use crate::model::table::{Column, Table};

pub(super) const ALL_FORMATS: Formats = Formats { xlsx: true, csv: true, html: true, pdf: true };

/// The id of an invented person: division, birth date and sequence as 17 digits.
pub(super) fn id(body: &str) -> CitizenId {
    CitizenId::from_body(body.as_bytes()).expect("17 digits")
}

pub(super) fn date(text: &str) -> Date {
    Date::parse_iso(text).expect("a day")
}

/// Owns what a [`RunView`] borrows.
pub(super) struct Centre {
    pub register: Register,
    pub evidences: Vec<Evidence>,
    pub links: Vec<Link>,
    pub reviews: Vec<Review>,
    pub outcomes: Outcomes,
    pub history: History,
    pub coverage: Coverage,
    pub cards: Vec<RuleCard>,
    pub places: BTreeMap<Division, String>,
    pub objection_days: BTreeMap<Division, i64>,
}

fn explain(link: &Link) -> String {
    format!("证件号码一致，{}", link.code_text())
}

/// Nobody has judged it yet.
pub(super) fn review(link: u32) -> Review {
    Review { link, key: JudgementKey::of(&Digest::of(&link.to_le_bytes())), answer: None }
}

/// (body of the id, name, household, role)
pub(super) const PEOPLE: [(&str, &str, u32, Role); 5] = [
    ("37010219700101003", "张建国", 0, Role::Member),
    ("37010219720202004", "李秀英", 0, Role::Member),
    ("37010219950303005", "张小明", 0, Role::Supporter),
    ("37010319480404006", "王德福", 1, Role::Member),
    ("37010319500505007", "赵桂兰", 1, Role::Member),
];

impl Centre {
    pub fn new() -> Self {
        let mut centre = Self {
            register: register(),
            evidences: vec![marriage(), pension(), vehicle()],
            links: links(),
            reviews: vec![review(1), review(4)],
            outcomes: Outcomes::default(),
            history: history(),
            coverage: coverage(),
            cards: vec![vehicle_card(), death_card()],
            places: BTreeMap::new(),
            objection_days: BTreeMap::new(),
        };
        centre.outcomes = outcomes();
        for (code, name) in [("370100", "济南市"), ("370102", "历下区"), ("370103001", "某某街道")] {
            centre.places.insert(Division::parse(code).expect("a division"), name.to_owned());
        }
        centre
    }

    pub fn view(&self) -> RunView<'_> {
        RunView {
            unnamed_programmes: &[],
            run: "20261124-01",
            centre: "济南市核对中心",
            division: Division::parse("370100").expect("a division"),
            as_of: self.register.as_of,
            register: &self.register,
            evidences: &self.evidences,
            register_files: &[],
            shared: &[],
            crowded: &[],
            links: &self.links,
            reviews: &self.reviews,
            outcomes: &self.outcomes,
            history: &self.history,
            coverage: &self.coverage,
            trend: &[],
            filings: None,
            cards: &self.cards,
            profile: "演示",
            demo: true,
            masked: true,
            review_masked: true,
            lang: Lang::Zh,
            places: &self.places,
            objection_days: &self.objection_days,
            explain: &explain,
            explain_fully: &explain,
        }
    }
}

/// A row of texts, dates and amounts by field name; what is not named is not given.
pub(super) fn push_row(table: &mut Table, kind: &Kind, values: &[(&str, &str)]) {
    for (field, column) in kind.fields.iter().zip(&mut table.columns) {
        let Some((_, text)) = values.iter().find(|(name, _)| *name == field.name) else {
            column.push_none();
            continue;
        };
        match column {
            Column::Text(texts) => texts.push(text),
            Column::Date(dates) => dates.push(Date::parse_iso(text)),
            Column::Money(amounts) => amounts.push(text.parse().ok().map(Fen)),
            _ => panic!("the fixture has no values of this type"),
        }
    }
    table.end_row();
}

fn register() -> Register {
    let kind = kind::register_persons();
    let mut table = Table::new(kind.types());
    let divisions = ["370102005003", "370103001"].map(|code| Division::parse(code).expect("a division"));
    let mut persons = Vec::new();
    for (index, (body, name, household, role)) in PEOPLE.into_iter().enumerate() {
        let relation = ["户主", "配偶", "子", "户主", "配偶"][index];
        let id = id(body);
        push_row(&mut table, &kind, &[("person_id", &id.to_string()), ("name", name), ("relation", relation)]);
        persons.push(Person {
            id: Some(id),
            household,
            role,
            state: State::Recipient,
            programme: 0,
            division: divisions[household as usize],
            birth: id.birth(),
            mandated: true,
        });
    }
    // The second household's code is its head's id, as many registers have it.
    let codes = ["H0001", &id(PEOPLE[3].0).to_string()].into_iter().collect();
    Register {
        households: Households::new(codes, vec![0; 2], divisions.to_vec(), &persons),
        persons,
        programmes: vec!["低保".to_owned()],
        table,
        lines: vec![2, 3, 4, 5, 6],
        faulty: Vec::new(),
        as_of: date("2026-11-24"),
    }
}

fn evidence(source: &str, department: &str, kind: &str, delivery: Delivery) -> Evidence {
    Evidence::absent(source, department, kind::builtin(kind).expect("a built-in kind"), delivery)
}

fn extract(path: &str) -> ExtractFile {
    let digest = Digest::of(path.as_bytes());
    ExtractFile { path: path.to_owned(), digest, bytes: 10, format: "GB18030, |".to_owned(), rows: 1 }
}

fn row(evidence: &mut Evidence, line: u32, values: &[(&str, &str)]) {
    push_row(&mut evidence.table, &evidence.kind.clone(), values);
    evidence.refs.push(RowRef { file: 0, sheet: 0, line, offset: 0 });
}

/// A couple registered in both counties: the husband of household 0 and the wife of household 1.
fn marriage() -> Evidence {
    let mut marriage = evidence(
        "civil",
        "民政",
        "marriage",
        Delivery::Arrived { as_of: Some(date("2026-11-01")), stale: true, short: None },
    );
    marriage.files.push(extract("inbox/civil/2026-11.csv"));
    let (husband, wife) = (id(PEOPLE[0].0).to_string(), id(PEOPLE[4].0).to_string());
    let values =
        [("owner_id", husband.as_str()), ("owner_name", "张建国"), ("spouse_id", &wife), ("spouse_name", "赵桂兰")];
    row(&mut marriage, 9, &values);
    marriage.parties.push(0, 0, &husband, "张建国");
    marriage.parties.push(0, 1, &wife, "赵桂兰");
    marriage.bins = Bins { read: 1, linked: 1, ..Bins::default() };
    marriage
}

fn pension() -> Evidence {
    evidence("pension", "人社", "pension", Delivery::Missing)
}

fn vehicle() -> Evidence {
    let mut vehicle = evidence(
        "vehicle",
        "公安交管",
        "vehicle",
        Delivery::Arrived { as_of: Some(date("2026-11-02")), stale: false, short: None },
    );
    vehicle.files.push(extract("inbox/vehicle/2026-11.csv"));
    let owners = [(0, "张建国"), (0, "张建国"), (3, "王大力")];
    let plates = [("鲁A12345", "normal"), ("鲁A54321", "cancelled"), ("=鲁A99999", "normal")];
    for (line, ((person, name), (plate, state))) in owners.into_iter().zip(plates).enumerate() {
        let owner: &str = PEOPLE[person].0;
        let owner = id(owner).to_string();
        let values = [("owner_id", owner.as_str()), ("owner_name", name), ("plate", plate), ("state", state)];
        row(&mut vehicle, line as u32 + 2, &values);
        vehicle.parties.push(line as u32, 0, &owner, name);
    }
    vehicle.bins = Bins { read: 6, linked: 3, unlinked: 1, rejected: 1, skipped: 1 };
    let at = RowRef { file: 0, sheet: 0, line: 5, offset: 99 };
    let text = "不是身份证号|某某".to_owned();
    vehicle.rejects.push(Reject { at, column: String::new(), reason: "report.whole_row", text, whole_row: true });
    vehicle.reject_counts.insert((String::new(), "report.whole_row", true), 1);
    vehicle
}

fn links() -> Vec<Link> {
    let link = |person, source, row, slot, party, grade, code: &[u8; 3]| Link {
        person,
        source,
        row,
        slot,
        party,
        grade,
        code: *code,
        repairs: Repairs::default(),
        name_level: if grade == Grade::B { NameLevel::Different } else { NameLevel::Equal },
        weight_bits: 31.5,
        accepted: grade == Grade::A,
    };
    vec![
        link(0, 0, 0, 0, 0, Grade::A, b"IEN"),
        link(4, 0, 0, 1, 1, Grade::D, b"NEN"),
        link(0, 2, 0, 0, 0, Grade::A, b"IEN"),
        link(0, 2, 1, 0, 1, Grade::A, b"IEN"),
        link(3, 2, 2, 0, 2, Grade::B, b"IXN"),
    ]
}

fn coverage() -> Coverage {
    use CoverageState::{Found, NoMandate, NotApplicable, NotFound, SourceMissing, SourceStale};
    let states = [
        [SourceStale, SourceMissing, Found],
        [NoMandate, NoMandate, NoMandate],
        [NotFound, NotApplicable, NotFound],
        [SourceStale, SourceMissing, NotFound],
        [SourceStale, SourceMissing, NotFound],
    ];
    Coverage::new(3, states.concat())
}

/// Nothing to compare with: all three are new.
fn history() -> History {
    let stand = Stand {
        fact: Digest::of(b"fact"),
        facts: Facts::default(),
        sources: vec!["vehicle".to_owned()],
        change: Change::New,
        answer: None,
        objection: None,
    };
    History { stands: vec![stand; 3], ..History::default() }
}

fn outcomes() -> Outcomes {
    let ground = |source, row, link, person, innocent| Ground { source, row, link, person, innocent };
    let vehicle = Discrepancy {
        id: "V001-0123456789".to_owned(),
        rule: 0,
        household: 0,
        person: None,
        severity: Severity::Medium,
        measure: 1,
        limit: Some(0),
        amount: None,
        grounds: vec![ground(Some(2), 0, Some(2), 0, None), ground(Some(2), 1, Some(3), 0, Some(0))],
        as_of: Some(date("2026-11-02")),
    };
    let married = Discrepancy {
        id: "D002-abcdef0123".to_owned(),
        rule: 1,
        household: 0,
        person: Some(0),
        severity: Severity::High,
        measure: 120_000,
        limit: None,
        amount: Some(Fen(120_000)),
        grounds: vec![ground(Some(0), 0, Some(0), 0, None), ground(None, 0, None, 0, None)],
        as_of: None,
    };
    let other = Discrepancy {
        id: "D002-ffff000000".to_owned(),
        household: 1,
        person: Some(3),
        grounds: vec![ground(None, 3, None, 3, None)],
        ..married.clone()
    };
    let county = |code: &str| Division::parse(code).expect("a division");
    let one_flagged = OutcomeCounts { clear: 0, flagged: 1, not_checked: 0 };
    let counts = [
        ((0, county("370102")), one_flagged),
        ((0, county("370103")), OutcomeCounts { clear: 1, flagged: 0, not_checked: 0 }),
        ((1, county("370102")), one_flagged),
        ((1, county("370103")), one_flagged),
    ];
    Outcomes { discrepancies: vec![vehicle, married, other], set_aside: Vec::new(), counts: counts.into() }
}

fn vehicle_card() -> RuleCard {
    RuleCard {
        code: "V001".to_owned(),
        title: "家庭成员名下有机动车".to_owned(),
        severity: Severity::Medium,
        evidence: "vehicle".to_owned(),
        programmes: vec!["低保".to_owned()],
        unit: "辆".to_owned(),
        money_unit: false,
        basis: "演示：某办法第一条".to_owned(),
        advice: "查看行驶证和车辆实际使用人".to_owned(),
        innocent: vec!["已注销、报废或转出".to_owned()],
        rows: "state = 'normal'".to_owned(),
        measure: "count(distinct plate)".to_owned(),
        flag: "measure > vehicle_max".to_owned(),
        parameters: vec!["vehicle_max".to_owned()],
        supporters: false,
    }
}

fn death_card() -> RuleCard {
    RuleCard {
        code: "D002".to_owned(),
        title: "登记死亡后仍在发放".to_owned(),
        severity: Severity::High,
        evidence: "enrolment".to_owned(),
        programmes: Vec::new(),
        unit: "元".to_owned(),
        money_unit: true,
        innocent: Vec::new(),
        parameters: Vec::new(),
        ..vehicle_card()
    }
}
