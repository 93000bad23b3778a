//! `hedui simulate` beside the runs that it speaks of: it says what a run with the other value finds, and keeps nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::known::{edit, works};
use super::world::{AS_OF, World, text};

fn simulated(world: &World, more: &[&str]) -> (Option<i32>, Value) {
    let output = world.hedui(&[&["simulate", "--json", "--no-progress", "--as-of", AS_OF], more].concat());
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr))),
    )
}

/// Households with a discrepancy in the last run, by rule; under a blank code those of all rules, each with its county.
fn flagged(world: &World) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let mut flagged: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for one in world.export("outcomes") {
        let household = (one["household_id"].clone(), one["division"][..6].to_owned());
        flagged.entry(one["rule"].clone()).or_default().insert(household.clone());
        flagged.entry(String::new()).or_default().insert(household);
    }
    flagged
}

fn figures(change: &Value) -> [u64; 4] {
    ["before", "after", "newly", "no_longer"].map(|figure| change[figure].as_u64().unwrap())
}

fn counted<'a>(
    before: impl Iterator<Item = &'a (String, String)>,
    after: impl Iterator<Item = &'a (String, String)>,
) -> [u64; 4] {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.collect(), after.collect());
    [before.len(), after.len(), after.difference(&before).count(), before.difference(&after).count()]
        .map(|count| count as u64)
}

/// Everything of the workspace that a run or a person makes; what was read for the next run may be kept.
fn kept(world: &World) -> Vec<BTreeMap<String, Vec<u8>>> {
    ["policy", "outbox", "store/runs"].map(|folder| world.files(folder)).into()
}

#[test]
fn other_values_find_what_a_run_with_them_finds() {
    let world = World::made(3_000, 24_000, 31);
    world.summary();
    let (before, files) = (flagged(&world), kept(&world));
    // One limit that is raised and frees households, one switch that is set and flags others.
    let (code, told) = simulated(&world, &["--set", "vehicle_max=1", "--set", "motorcycles_count=true"]);
    assert!(matches!(code, Some(0 | 1)));
    assert!(kept(&world) == files, "something was published or changed");

    edit(&world, "policy/parameters.toml", |text| {
        let written = |name: &str, from: &str, to: &str, text: String| {
            let (head, tail) = text.split_once(&format!("name = \"{name}\"")).unwrap();
            format!("{head}name = \"{name}\"{}", tail.replacen(&format!("value = {from}"), &format!("value = {to}"), 1))
        };
        written("motorcycles_count", "false", "true", written("vehicle_max", "0", "1", text))
    });
    world.summary();
    let after = flagged(&world);

    let none = BTreeSet::new();
    let of =
        |found: &BTreeMap<String, BTreeSet<(String, String)>>, rule: &str| found.get(rule).unwrap_or(&none).clone();
    let rules: Vec<&str> =
        told["rules"].as_array().unwrap().iter().map(|rule| rule["code"].as_str().unwrap()).collect();
    assert!(rules.contains(&"V001"), "{rules:?}");
    for rule in told["rules"].as_array().unwrap() {
        let code = rule["code"].as_str().unwrap();
        assert_eq!(figures(rule), counted(of(&before, code).iter(), of(&after, code).iter()), "{code}");
    }
    let all = figures(&told["total"]);
    assert_eq!(all, counted(of(&before, "").iter(), of(&after, "").iter()));
    assert!(all[2] > 0 && all[3] > 0, "a world in which nothing happens shows nothing: {all:?}");
    for county in told["counties"].as_array().unwrap() {
        let code = county["code"].as_str().unwrap();
        let (was, is) = (of(&before, ""), of(&after, ""));
        let inside = |household: &&(String, String)| household.1 == code;
        assert_eq!(figures(county), counted(was.iter().filter(inside), is.iter().filter(inside)), "{code}");
    }
}

#[test]
fn a_night_after_it_sends_and_keeps_the_same_bytes() {
    let world = World::made(600, 5_000, 34);
    let alone = world.copy();
    assert_eq!(simulated(&world, &["--set", "dwelling_max=0", "--set", "deposit_months=1"]).0, Some(0));
    world.summary();
    alone.summary();
    assert!(kept(&world) == kept(&alone));
}

#[test]
fn what_cannot_be_supposed_is_told_before_anything_is_read() {
    let world = World::made(60, 300, 32);
    for (setting, part) in [
        ("vehicle_max", "NAME=VALUE"),
        ("vehicles_max=1", "vehicle_max"),
        ("vehicle_max=-1", "vehicle_max"),
        ("vehicle_max=one", "vehicle_max"),
        ("objection_days=3", "objection_days"),
    ] {
        let output = world.hedui(&["simulate", "--set", setting, "--as-of", AS_OF]);
        assert_eq!(output.status.code(), Some(2), "{setting}");
        assert!(text(&output.stderr).contains(part), "{setting}: {}", text(&output.stderr));
    }
    assert_eq!(world.hedui(&["simulate"]).status.code(), Some(2));
    let twice = world.hedui(&["simulate", "--set", "vehicle_max=1", "--set", "vehicle_max=2"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(!world.path("store").exists());
}

#[test]
fn a_source_that_did_not_come_is_told_with_the_figures() {
    let world = World::made(300, 2_000, 33);
    let (code, told) = simulated(&world, &["--set", "dwelling_max=2"]);
    assert_eq!((code, &told["unanswered"]), (Some(0), &Value::Array(Vec::new())), "vehicles are nothing to this rule");
    let works = works(&world, AS_OF, &[]);
    assert!(works.values().all(|work| work == "kept"), "the night reads nothing again: {works:?}");
    std::fs::remove_file(world.extract("housing")).unwrap();
    let (code, told) = simulated(&world, &["--set", "dwelling_max=2"]);
    assert_eq!((code, told["unanswered"][0].as_str()), (Some(1), Some("housing")));
    assert_eq!(figures(&told["rules"][0])[..2], [0, 0]);
}
