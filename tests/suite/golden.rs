//! The centre in `fixtures/`, run: what goes out is, byte for byte, what stands beside it and was read by a person, and what is
//! flagged is what the truth says. `scripts/fixtures` makes both anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::world::{World, files_below, records, text};

/// Topics of `truth_flags.csv` and the rules of the demo profile that answer them.
const RULES: [(&str, &[&str]); 10] = [
    ("vehicle", &["V001"]),
    ("dwelling", &["H001"]),
    ("provident", &["G001"]),
    ("pension", &["P001", "P002"]),
    ("business", &["B001"]),
    ("deposits", &["D001", "D002"]),
    ("death", &["T001"]),
    ("marriage", &["M001"]),
    ("payroll", &["W001"]),
    ("duplicate", &["E001", "E002", "E003"]),
];

#[test]
fn what_goes_out_is_what_was_read_before() {
    let world = World::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/centre"));
    let output = world.run_with(&["--formats", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lists = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, String> {
        let lists = files.into_iter().filter(|(name, _)| name.ends_with(".csv"));
        lists.map(|(name, bytes)| (name, text(&bytes))).collect()
    };
    let expected = lists(files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/outbox")));
    let found = lists(world.files("outbox/20261124-01"));
    assert!(expected.len() > 15, "{:?}", expected.keys());
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, expected) in &expected {
        for (number, (expected, found)) in (1..).zip(expected.lines().zip(found[name].lines())) {
            assert_eq!(expected, found, "{name}, line {number}");
        }
        assert_eq!(expected.len(), found[name].len(), "{name}");
    }
    agrees_with_the_truth(&world);
}

#[test]
fn households_are_flagged_as_the_truth_says() {
    let world = World::made(4_000, 30_000, 51);
    world.summary();
    let flagged = agrees_with_the_truth(&world);
    assert!(flagged > 60, "{flagged}");
}

/// Gives how many households and topics should be flagged.
fn agrees_with_the_truth(world: &World) -> usize {
    let found: BTreeSet<(String, String)> =
        world.export("outcomes").into_iter().map(|one| (one["household_id"].clone(), one["rule"].clone())).collect();
    let truth = records(&std::fs::read(world.path("truth_flags.csv")).unwrap());
    let rules: BTreeMap<&str, &[&str]> = RULES.into();
    let mut wrong = Vec::new();
    for flag in &truth {
        let household = &flag["household_id"];
        let is_found =
            rules[flag["rule"].as_str()].iter().any(|rule| found.contains(&(household.clone(), (*rule).to_owned())));
        if is_found != (flag["expected"] == "flagged") {
            wrong.push(format!("{household} {} {}", flag["rule"], flag["expected"]));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    truth.iter().filter(|flag| flag["expected"] == "flagged").count()
}
