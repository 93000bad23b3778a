//! Whole nights over a made-up centre: what must hold whatever the data are.

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;

#[test]
fn a_night_reconciles_and_can_be_traced() {
    let world = World::made(3_000, 20_000, 1);
    let summary = world.summary();

    for source in summary["sources"].as_array().unwrap() {
        let bin = |name: &str| source["bins"][name].as_u64().unwrap();
        assert_eq!(bin("read"), bin("linked") + bin("unlinked") + bin("rejected") + bin("skipped"), "{source}");
        assert_eq!(source["state"], "arrived", "{source}");
    }
    let packages = summary["packages"].as_array().unwrap();
    let flagged: u64 = packages.iter().map(|package| package["flagged"].as_u64().unwrap()).sum();
    let by_severity: u64 = summary["flagged"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(flagged, by_severity, "packages add up to the run");
    assert!(flagged > 0, "the made-up centre holds planted facts");

    let outcomes = world.export("outcomes");
    assert_eq!(outcomes.len() as u64, flagged);
    let id = &outcomes[0]["id"];
    let trace = world.hedui(&["trace", id.as_str(), "--json"]);
    assert!(trace.status.success());
    let trace: serde_json::Value = serde_json::from_slice(&trace.stdout).unwrap();
    assert!(trace.to_string().contains("inbox/"), "a trace ends at rows of delivered files");

    let verify = world.hedui(&["ledger", "verify"]);
    assert!(verify.status.success());
    let package = format!("{}/{}", summary["outbox"].as_str().unwrap(), packages[0]["folder"].as_str().unwrap());
    assert!(world.hedui(&["package", "verify", &package]).status.success());
    std::fs::write(world.path(&package).join("worklist.csv"), "x").unwrap();
    assert!(!world.hedui(&["package", "verify", &package]).status.success(), "a changed file is noticed");
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let world = World::made(2_000, 12_000, 2);
    let runs: Vec<BTreeMap<String, Vec<u8>>> = ["1", "2", "7"]
        .iter()
        .map(|threads| {
            let world = world.copy();
            let output = world.run_with(&["--threads", threads]);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}", super::world::text(&output.stderr));
            let mut files = world.files("outbox");
            files.extend(world.files("store/runs"));
            files
        })
        .collect();
    for (other, threads) in runs[1..].iter().zip([2, 7]) {
        assert_eq!(runs[0].keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, bytes) in &runs[0] {
            assert!(bytes == &other[name], "{name} differs at {threads} threads");
        }
    }
}

/// The exact grades against the truth beside the made-up centre: every undamaged row is found, and a link that enters a
/// case is a true one.
#[test]
fn links_agree_with_the_truth() {
    let world = World::made(4_000, 30_000, 3);
    world.summary();
    let key = |row: &BTreeMap<String, String>| {
        (row["source"].clone(), row["file"].clone(), row["line"].clone(), row["person_id"].clone())
    };
    let mandated: BTreeSet<String> = world.export("links").iter().map(|link| link["person_id"].clone()).collect();
    let truth = world.truth();
    let expected_a: Vec<_> =
        truth.iter().filter(|row| row["expected"] == "A" && mandated.contains(&row["person_id"])).collect();
    assert!(expected_a.len() > 500, "{} rows", expected_a.len());
    let links = world.export("links");
    let found: BTreeMap<_, &str> = links.iter().map(|link| (key(link), link["grade"].as_str())).collect();
    for row in &expected_a {
        assert_eq!(found.get(&key(row)), Some(&"A"), "{row:?}");
    }
    let true_pairs: BTreeSet<_> =
        truth.iter().filter(|row| row["expected"] != "B" && row["expected"] != "none").map(key).collect();
    let wrong: Vec<_> = links
        .iter()
        .filter(|link| matches!(link["grade"].as_str(), "A" | "C") && !true_pairs.contains(&key(link)))
        .collect();
    assert!(wrong.is_empty(), "{} false links, such as {:?}", wrong.len(), wrong.first());
}

/// The bars of identity on a made-up centre: lossless damage is always found, repairable damage nearly always, another
/// person's name never enters a case. A drop below is a regression, not bad luck: the world is the same every time.
#[test]
fn identity_keeps_its_floors() {
    let world = World::made(12_000, 90_000, 4);
    world.summary();
    let output = world.hedui(&["eval", "--truth", "truth.csv", "--json"]);
    assert!(output.status.success(), "{}", super::world::text(&output.stderr));
    let scores: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |score: &serde_json::Value, name: &str| score[name].as_f64().unwrap();
    let overall = &scores["overall"];
    assert!(count(overall, "found") > 5_000.0);
    assert!(count(overall, "wrong") <= count(overall, "found") * 0.0001, "{overall}");
    let by_damage = scores["by_damage"].as_object().unwrap();
    for (damage, floor) in [
        ("none", 1.0),
        ("case", 1.0),
        ("width", 1.0),
        ("blanks", 1.0),
        ("apostrophe", 1.0),
        ("fifteen", 1.0),
        ("one_digit", 0.99),
        ("swap", 0.99),
        ("lookalike", 0.99),
        ("masked_6_4", 0.99),
        ("masked_10_4", 0.99),
        ("tail_lost", 0.99),
        ("missing_id", 0.97),
    ] {
        let score = &by_damage[damage];
        let (found, missed) = (count(score, "found"), count(score, "missed"));
        assert!(found > 0.0 && found >= floor * (found + missed), "{damage}: {score}");
    }
    let another_name = &scores["another_name"];
    assert!(count(another_name, "found") > 0.0);
    assert_eq!((count(another_name, "wrong"), count(another_name, "missed")), (0.0, 0.0), "{another_name}");
}
