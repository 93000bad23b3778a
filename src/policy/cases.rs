//! Runs the case files `tests/cases/rules/<code>.toml` through the public [`evaluate`], with the shipped demo profile.
//!
//! A case is a household (or several) with rows of departments and what the rule's words make of the first one. Shape:
//!
//! ```toml
//! code = "V001"
//! [[case]]
//! sort = "flagged"            # flagged, clear, not_checked, edge, innocent
//! name = "…"
//! expect = "flagged"          # flagged, clear, not_checked, out_of_scope: of the household of the first person
//! measure = 1                 # optional: measure, amount and limit of its discrepancy; money in 分
//! set_aside = ["…"]           # optional: what is said of the rows set aside
//! source = "arrived"          # arrived (default), missing, stale, absent (no such source in the plan)
//! persons = [{ name = "甲", programme = "低保", marital = "married" }]
//! rows = [{ of = ["甲"], state = "normal" }]
//! ```
//! Persons take register fields, and `household`, `division`, `role`, `state`, `mandated`, `citizen` (a number: the same
//! number is the same citizen). Rows take fields of the kind; `of` lists the linked persons by slot, `names` whom the row names
//! besides, if they are others; `unread` the fields that could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Policy, coverage, evaluate, shipped};
use crate::kernel::{Cancel, CitizenId, Date, Division, Fen, Month};
use crate::model::evidence::{Delivery, Evidence, RowRef};
use crate::model::kind::{Kind, builtin, builtin_codes, register_persons};
use crate::model::link::{Grade, Link, NameLevel, Repairs};
use crate::model::outcome::Outcomes;
use crate::model::register::{Households, Person, Register, Role, State};
use crate::model::table::{Column, Table};

/// All built-in kinds by code.
pub fn kinds() -> BTreeMap<String, Kind> {
    builtin_codes().map(|code| (code.to_owned(), builtin(code).expect("a listed code"))).collect()
}

/// The files of a shipped profile as `Policy::load` takes them.
pub fn files(profile: &str) -> Vec<(PathBuf, String)> {
    let files = shipped(profile).expect("a shipped profile");
    files.into_iter().map(|(path, text)| (PathBuf::from(path), text.to_owned())).collect()
}

pub fn demo() -> Policy {
    Policy::load(&files("demo"), &kinds()).expect("the demo profile loads")
}

/// A value of a case file in a column; money in 元.
fn push(column: &mut Column, value: Option<&toml::Value>) {
    let Some(value) = value else { return column.push_none() };
    let text = || value.as_str().expect("a text");
    let number = || value.as_float().or(value.as_integer().map(|whole| whole as f64)).expect("a number");
    match column {
        Column::Text(texts) => texts.push(text()),
        Column::Date(dates) => dates.push(Some(Date::parse_iso(text()).expect("a date"))),
        Column::Month(months) => months.push(Some(month(text()))),
        Column::Money(amounts) => amounts.push(Some(Fen((number() * 100.0).round() as i64))),
        Column::Count(counts) => counts.push(value.as_integer()),
        Column::Decimal(decimals) => decimals.push(Some(number())),
        Column::Flag(flags) => flags.push(value.as_bool()),
    }
}

fn month(text: &str) -> Month {
    let (year, month) = text.split_once('-').expect("YYYY-MM");
    Month::from_ym(year.parse().unwrap(), month.parse().unwrap()).expect("a month")
}

fn table(kind: &Kind, rows: &[toml::Table]) -> Table {
    let mut table = Table::new(kind.types());
    for row in rows {
        for (field, column) in kind.fields.iter().zip(&mut table.columns) {
            push(column, row.get(&field.name));
        }
        table.end_row();
    }
    table
}

/// A register of made-up persons, one per TOML table.
pub fn register(persons: &[toml::Table], as_of: Date) -> Register {
    let mut register = Register {
        persons: Vec::new(),
        households: Households::default(),
        programmes: Vec::new(),
        table: table(&register_persons(), persons),
        lines: (2..).take(persons.len()).collect(),
        faulty: Vec::new(),
        as_of,
    };
    let mut homes: Vec<(String, u16, Division)> = Vec::new();
    for (index, entry) in persons.iter().enumerate() {
        let text = |key: &str, or: &str| entry.get(key).map_or(or, |value| value.as_str().unwrap()).to_owned();
        let programme = text("programme", "低保");
        let programmes = &mut register.programmes;
        let programme = programmes.iter().position(|known| *known == programme).unwrap_or_else(|| {
            programmes.push(programme);
            programmes.len() - 1
        }) as u16;
        let (code, division) = (text("household", "H1"), Division::parse(&text("division", "370102")).unwrap());
        let household = homes.iter().position(|known| known.0 == code).unwrap_or_else(|| {
            homes.push((code, programme, division));
            homes.len() - 1
        });
        let role = if text("role", "member") == "member" { Role::Member } else { Role::Supporter };
        let citizen = entry.get("citizen").map_or(index as i64 + 1, |value| value.as_integer().unwrap());
        let id = CitizenId::from_body(format!("37010219700101{citizen:03}").as_bytes());
        register.persons.push(Person {
            id: id.filter(|_| citizen > 0),
            household: household as u32,
            role,
            state: if text("state", "recipient") == "recipient" { State::Recipient } else { State::Applicant },
            programme,
            division,
            birth: Date::from_ymd(1970, 1, 1),
            mandated: entry.get("mandated").is_none_or(|value| value.as_bool().unwrap()),
        });
    }
    let codes = homes.iter().map(|(code, ..)| code.as_str()).collect();
    let programmes = homes.iter().map(|(_, programme, _)| *programme).collect();
    let divisions = homes.iter().map(|(.., division)| *division).collect();
    register.households = Households::new(codes, programmes, divisions, &register.persons);
    register
}

/// One source of a kind with these rows.
pub fn evidence(kind: &str, rows: &[toml::Table], delivery: Delivery) -> Evidence {
    let kind = builtin(kind).expect("a built-in kind");
    Evidence {
        table: table(&kind, rows),
        refs: (2..).take(rows.len()).map(|line| RowRef { file: 0, sheet: 0, line, offset: 0 }).collect(),
        ..Evidence::absent(kind.code.clone().as_str(), "演示部门", kind, delivery)
    }
}

/// An accepted link of grade A.
pub fn link(person: u32, source: u16, row: u32, slot: u8) -> Link {
    Link {
        person,
        source,
        row,
        slot,
        party: 0,
        grade: Grade::A,
        code: *b"IEN",
        repairs: Repairs::default(),
        name_level: NameLevel::Equal,
        weight_bits: 40.0,
        accepted: true,
    }
}

fn tables(case: &toml::Table, key: &str) -> Vec<toml::Table> {
    let list = case.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    list.into_iter().map(|entry| entry.as_table().expect("a table").clone()).collect()
}

/// Register, sources and links of a case.
fn world(case: &toml::Table, kind: &str, as_of: Date) -> (Register, Vec<Evidence>, Vec<Link>) {
    let persons = tables(case, "persons");
    let rows = tables(case, "rows");
    let register = register(&persons, as_of);
    let delivery = match case.get("source").map_or("arrived", |source| source.as_str().unwrap()) {
        "missing" => Delivery::Missing,
        "stale" => Delivery::Arrived { as_of: Some(as_of), stale: true, short: None },
        _ => Delivery::Arrived { as_of: Some(as_of), stale: false, short: None },
    };
    let absent = kind == "enrolment" || case.get("source").and_then(toml::Value::as_str) == Some("absent");
    if absent {
        return (register, Vec::new(), Vec::new());
    }
    let mut evidence = evidence(kind, &rows, delivery);
    let mut links = Vec::new();
    for (row, entry) in rows.iter().enumerate() {
        let list = |key: &str| entry.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let (linked, others) = (list("of"), list("names"));
        for (slot, name) in linked.iter().chain(&others).enumerate() {
            let party = evidence.parties.len() as u32;
            evidence.parties.push(row as u32, slot as u8, "", name.as_str().expect("a name"));
            let person = persons.iter().position(|person| person["name"] == *name).filter(|_| slot < linked.len());
            let linked = person.map(|person| link(person as u32, 0, row as u32, slot as u8));
            links.extend(linked.map(|link| Link { party, ..link }));
        }
        for name in list("unread") {
            let field = evidence.kind.field(name.as_str().expect("a name")).expect("a field of the kind");
            evidence.unread.push((row as u32, field as u16));
        }
    }
    (register, vec![evidence], links)
}

/// Compares one case with what the rules made of it; the text of the first difference.
fn difference(policy: &Policy, code: &str, case: &toml::Table) -> Option<String> {
    let cards = policy.cards();
    let rule = cards.iter().position(|card| card.code == code).expect("the case file names a rule");
    let as_of = case.get("as_of").map_or("2026-11-24", |day| day.as_str().unwrap());
    let (register, evidences, links) = world(case, &cards[rule].evidence, Date::parse_iso(as_of).unwrap());
    let applies = vec![Vec::new(); evidences.len()];
    let coverage = coverage(policy, &register, &evidences, &links, [].iter(), &applies);
    let outcomes = evaluate(policy, &register, &evidences, &links, &coverage, &Cancel::default()).unwrap();
    let found = outcomes.discrepancies.iter().find(|found| found.rule == rule as u16 && found.household == 0);
    let outcome = match found {
        Some(_) => "flagged",
        None => outcome_of_first(&outcomes, rule as u16, &register),
    };
    let number = |key: &str| case.get(key).map(|value| value.as_integer().unwrap());
    let said: BTreeSet<&str> = outcomes
        .set_aside
        .iter()
        .filter(|(of, _)| *of == rule as u16)
        .map(|(_, ground)| ground)
        .chain(found.iter().flat_map(|found| &found.grounds))
        .filter_map(|ground| Some(cards[rule].innocent[usize::from(ground.innocent?)].as_str()))
        .collect();
    let expected: Option<BTreeSet<&str>> =
        case.get("set_aside").map(|list| list.as_array().unwrap().iter().map(|say| say.as_str().unwrap()).collect());
    let differs = |what: &str, is: String, should: String| Some(format!("{what} is {is}, should be {should}"));
    if case["expect"].as_str() != Some(outcome) {
        return differs("outcome", outcome.to_owned(), case["expect"].to_string());
    }
    for (key, value) in [
        ("measure", found.map(|found| found.measure)),
        ("amount", found.and_then(|found| found.amount).map(|fen| fen.0)),
        ("limit", found.and_then(|found| found.limit)),
    ] {
        if number(key).is_some() && number(key) != value {
            return differs(key, format!("{value:?}"), format!("{:?}", number(key)));
        }
    }
    expected
        .filter(|expected| *expected != said)
        .and_then(|expected| differs("set aside", format!("{said:?}"), format!("{expected:?}")))
}

/// With one household in a county, the counts tell its outcome.
fn outcome_of_first(outcomes: &Outcomes, rule: u16, register: &Register) -> &'static str {
    let county = register.household(0).division.county();
    match outcomes.counts.get(&(rule, county)) {
        None => "out_of_scope",
        Some(counts) if counts.not_checked > 0 => "not_checked",
        Some(_) => "clear",
    }
}

fn case_files() -> Vec<(String, toml::Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/rules");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), file)
    };
    paths.iter().map(read).collect()
}

#[test]
fn every_case_comes_out_as_its_rule_says() {
    let policy = demo();
    let mut wrong = Vec::new();
    for (stem, file) in case_files() {
        let code = file["code"].as_str().unwrap();
        assert_eq!(stem, code, "a case file is named after its rule");
        for case in tables(&file, "case") {
            if let Some(difference) = difference(&policy, code, &case) {
                wrong.push(format!("{code} {}: {difference}", case["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_cases_of_every_sort() {
    let files: BTreeMap<String, toml::Table> = case_files().into_iter().collect();
    for card in demo().cards() {
        let file = files.get(&card.code).unwrap_or_else(|| panic!("no case file for {}", card.code));
        let sorts: BTreeSet<String> =
            tables(file, "case").iter().map(|case| case["sort"].as_str().unwrap().to_owned()).collect();
        for sort in ["flagged", "clear", "not_checked", "edge", "innocent"] {
            assert!(sorts.contains(sort), "{} has no case of sort {sort}", card.code);
        }
    }
}
